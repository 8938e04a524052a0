//! Delivery: what somebody subscribed to comes to whom it concerns, with what is proposed.

mod audience;
mod numbers;
mod records;
mod telling;

pub use audience::{Audience, decline};
pub use records::{Alert, Notice, Subscription};
pub use telling::{About, Alerted, Prepared, Told, done, due, prepare, told_until};
