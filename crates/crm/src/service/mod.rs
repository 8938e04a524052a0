//! What customers need help with.

mod case;

pub use case::{Case, CaseKind, CaseStatus, Priority};
