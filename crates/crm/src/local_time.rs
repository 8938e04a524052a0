//! A time as people write it, without an offset, in their zone: it may be one instant, two, or none.

use guanxi_base::{TimeZone, Timestamp};
use jiff::civil::DateTime;
use jiff::tz::AmbiguousOffset;

/// What a time without an offset means in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalTime {
    /// This instant.
    At(Timestamp),
    /// Either of these: the clocks are put back then.
    Twice([Timestamp; 2]),
    /// None: the clocks are put forward then.
    Never,
}

impl LocalTime {
    /// What a time means in a zone; nothing where it is beyond all times.
    #[must_use]
    pub fn read(local: DateTime, zone: &TimeZone) -> Option<Self> {
        Some(match zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => Self::At(offset.to_timestamp(local).ok()?),
            AmbiguousOffset::Gap { .. } => Self::Never,
            AmbiguousOffset::Fold { before, after } => {
                Self::Twice([before.to_timestamp(local).ok()?, after.to_timestamp(local).ok()?])
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_instant_or_two_or_none() {
        let zone = TimeZone::get("America/St_Johns").unwrap();
        let read = |text: &str| LocalTime::read(text.parse().unwrap(), &zone).unwrap();
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        assert_eq!(read("2026-06-01T10:04"), LocalTime::At(at("2026-06-01T12:34:00Z")));
        assert_eq!(read("2026-03-08T02:30"), LocalTime::Never);
        let both = [at("2026-11-01T03:45:00Z"), at("2026-11-01T04:45:00Z")];
        assert_eq!(read("2026-11-01T01:15"), LocalTime::Twice(both));
    }
}
