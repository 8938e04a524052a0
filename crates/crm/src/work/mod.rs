//! What our people did with customers, and what they are to do.

mod interaction;
mod rhythm;
mod task;

pub use interaction::{Direction, Interaction, InteractionKind};
pub use rhythm::Rhythm;
pub use task::{Task, TaskStatus};
