//! Authority equals responsibility: how far each role decides alone, and who decides beyond it.

mod allowed;
mod ask;
mod decide;
mod guard;
mod limits;
mod notify;
mod request;
mod sight;

pub use ask::{ask, awaited_files, open_request, waiting_for};
pub(crate) use decide::hand_on;
pub use decide::{Decided, Decision, decide, withdraw};
pub use guard::guard;
pub use limits::Beyond;
pub use request::{ApprovalRequest, ApprovalTask, RequestState, TaskState};
pub use sight::sight_of_asked;

/// Whether somebody else may allow what was refused with this code.
#[must_use]
pub fn may_be_allowed(code: &str) -> bool {
    matches!(
        code,
        "over-your-limit"
            | "deliveries-stopped"
            | "credit-limit-exceeded"
            | "lowers-what-is-owed"
            | "payer-not-yours"
    )
}
