//! The words that every other crate speaks: money, decimals, ids, time, randomness, errors, and
//! when two texts or telephones are the same.
//! No I/O and no async, so that anything may use it and nothing here can fail for outside reasons.

mod clock;
mod currency;
mod error;
mod fixed;
mod id;
mod money;
mod rng;
mod telephone;
mod text;

pub use clock::Clock;
pub use currency::{Currency, CurrencyError};
pub use error::{Error, Refusal, Result};
pub use fixed::{Decimal, FixedError, Percent, divide_half_even};
pub use id::{Id, IdError, IdMaker, RawId};
pub use jiff::civil::{Date, DateTime, Weekday};
pub use jiff::{SignedDuration, Span, Timestamp, tz::TimeZone};
pub use money::Money;
pub use rng::Rng;
pub use telephone::{Sameness, Telephone, never_before_zero, telephone_digits};
pub use text::{
    compatible, composed, folded, is_invisible, is_of_word, says_nothing, with_plain_digits,
};
