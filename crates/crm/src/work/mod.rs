//! What our people did with customers, and what they are to do.

mod interaction;
mod task;

pub use interaction::{Direction, Interaction, InteractionKind};
pub use task::{Task, TaskStatus};
