//! Authority equals responsibility: how far each role decides alone, and who decides beyond it.

mod ask;
mod decide;
mod guard;
mod request;

pub use ask::{ask, waiting_for};
pub use decide::{Decided, Decision, decide, withdraw};
pub use guard::guard;
pub use request::{ApprovalRequest, ApprovalTask, RequestState, TaskState};
