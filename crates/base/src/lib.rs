//! The words that every other crate speaks: money, decimals, ids, time, randomness, errors.
//! No I/O and no async, so that anything may use it and nothing here can fail for outside reasons.

mod clock;
mod error;
mod fixed;
mod id;
mod money;
mod rng;

pub use clock::Clock;
pub use error::{Error, Refusal, Result};
pub use fixed::{Decimal, FixedError, Percent, divide_half_even};
pub use id::{Id, IdError, IdMaker, RawId};
pub use jiff::civil::{Date, DateTime, Weekday};
pub use jiff::{SignedDuration, Span, Timestamp, tz::TimeZone};
pub use money::{Currency, CurrencyError, Money};
pub use rng::Rng;
