//! Delivery: what somebody subscribed to comes to whom it concerns, with what is proposed.

mod records;
mod telling;

pub use records::{Notice, Rhythm, Subscription};
pub use telling::{About, Told, done, due, prepare, told_until};
