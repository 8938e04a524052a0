//! Ids: 64-bit, time-ordered, made by the program, written as short text.
//! A database sequence would be a hot spot on a cluster, and JavaScript loses 64-bit integers.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use jiff::Timestamp;

use crate::Clock;

const WRITER_BITS: u32 = 10;
const SEQUENCE_BITS: u32 = 12;
/// 2025-01-01T00:00:00Z in milliseconds: 41 bits of milliseconds from here reach the year 2094.
const EPOCH_MS: i64 = 1_735_689_600_000;
/// Crockford's base 32 has no letters that are read as digits.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TEXT_LENGTH: usize = 13;

/// The id of a record of any type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RawId(pub i64);

/// The text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdError;

impl RawId {
    /// When the id was made, to the millisecond.
    #[must_use]
    pub fn made_at(self) -> Timestamp {
        let ms = (self.0 >> (WRITER_BITS + SEQUENCE_BITS)) + EPOCH_MS;
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for RawId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0_u8; TEXT_LENGTH];
        let mut rest = self.0.unsigned_abs();
        for place in text.iter_mut().rev() {
            *place = ALPHABET[(rest % 32) as usize];
            rest /= 32;
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for RawId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RawId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != TEXT_LENGTH {
            return Err(IdError);
        }
        let mut id: i64 = 0;
        for byte in text.bytes() {
            let byte = byte.to_ascii_lowercase();
            let digit = ALPHABET.iter().position(|&letter| letter == byte).ok_or(IdError)?;
            id = id
                .checked_mul(32)
                .and_then(|id| id.checked_add(i64::try_from(digit).ok()?))
                .ok_or(IdError)?;
        }
        Ok(Self(id))
    }
}

/// The id of a record of type `T`.
pub struct Id<T>(RawId, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// Says that a raw id is one of a `T`.
    #[must_use]
    pub const fn new(raw: RawId) -> Self {
        Self(raw, PhantomData)
    }

    /// Without its type.
    #[must_use]
    pub const fn raw(self) -> RawId {
        self.0
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Makes ids: milliseconds, writer, sequence. One per process; shared by all threads.
#[derive(Debug)]
pub struct IdMaker {
    clock: Clock,
    writer: i64,
    last: AtomicI64,
}

impl IdMaker {
    /// How many writers ids can tell apart.
    pub const WRITERS: i64 = 1 << WRITER_BITS;

    /// `writer` tells apart the processes that write to one database; its lowest 10 bits count.
    #[must_use]
    pub fn new(clock: Clock, writer: u16) -> Self {
        let writer = i64::from(writer) % Self::WRITERS;
        Self { clock, writer, last: AtomicI64::new(0) }
    }

    /// From now on every id is greater than this one, whoever made it and whatever the clock says.
    pub fn start_after(&self, id: RawId) {
        // Of the same millisecond the id of another writer may be greater than one of this: what
        // follows is of a later one.
        let ms = id.0 >> (WRITER_BITS + SEQUENCE_BITS);
        self.last.fetch_max((ms << SEQUENCE_BITS) | ((1 << SEQUENCE_BITS) - 1), Relaxed);
    }

    /// The next id: greater than every one that this maker made before.
    pub fn make(&self) -> RawId {
        // `last` counts milliseconds and sequence together: a burst borrows from the next
        // millisecond, a clock that steps back is waited out without waiting.
        let now = (self.clock.now().as_millisecond() - EPOCH_MS).max(0) << SEQUENCE_BITS;
        let step = |last: i64| Some(now.max(last + 1));
        let before = match self.last.fetch_update(Relaxed, Relaxed, step) {
            Ok(before) | Err(before) => before,
        };
        let tick = now.max(before + 1);
        let (ms, sequence) = (tick >> SEQUENCE_BITS, tick & ((1 << SEQUENCE_BITS) - 1));
        RawId((ms << WRITER_BITS | self.writer) << SEQUENCE_BITS | sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_ascend_even_when_the_clock_stands_still() {
        let maker = IdMaker::new(Clock::at("2026-03-01T08:00:00Z".parse().unwrap()), 7);
        let ids: Vec<RawId> = (0..10_000).map(|_| maker.make()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert_eq!(ids[0].made_at().to_string(), "2026-03-01T08:00:00Z");
    }

    #[test]
    fn ids_go_on_after_those_of_others_whatever_the_clock_says() {
        let now = "2026-03-01T08:00:00Z".parse().unwrap();
        let later = IdMaker::new(Clock::at(now), 900).make();
        for before in [0, 1, 3_600_000, 40_000_000_000] {
            let now = now - jiff::SignedDuration::from_millis(before);
            for writer in [0, 3, 901, 1_023] {
                let maker = IdMaker::new(Clock::at(now), writer);
                maker.start_after(later);
                assert!(maker.make() > later, "{before} {writer}");
            }
        }
        // What is older holds nobody up.
        let maker = IdMaker::new(Clock::at(now), 7);
        maker.start_after(RawId(0));
        assert_eq!(maker.make().made_at(), now);
    }

    #[test]
    fn refuses_what_is_no_id() {
        for text in ["", "abc", "zzzzzzzzzzzzz", "00000000000u0", "0000000000000000"] {
            assert!(text.parse::<RawId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_round_trips_and_sorts_like_the_number(a in 0..i64::MAX, b in 0..i64::MAX) {
            prop_assert_eq!(RawId(a).to_string().parse(), Ok(RawId(a)));
            prop_assert_eq!(RawId(a).to_string().cmp(&RawId(b).to_string()), a.cmp(&b));
        }
    }
}
