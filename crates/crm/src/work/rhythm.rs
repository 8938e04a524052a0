//! How often something is done by itself.

use guanxi_base::{Date, DateTime, Span, Weekday};
use guanxi_record::Choice;

/// How often something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Rhythm {
    /// As soon as something has happened.
    AtOnce,
    /// Every day.
    Daily,
    /// Every Monday.
    Weekly,
    /// On the first of every month.
    Monthly,
}

impl Rhythm {
    /// The first moment after another, at this hour of the day; `None` for at once.
    #[must_use]
    pub fn next(self, hour: i64, last: DateTime) -> Option<DateTime> {
        let hour = i8::try_from(hour).unwrap_or(8);
        let fits = |day: Date| match self {
            Self::AtOnce | Self::Daily => true,
            Self::Weekly => day.weekday() == Weekday::Monday,
            Self::Monthly => day.day() == 1,
        };
        if self == Self::AtOnce {
            return None;
        }
        let days = last.date().series(Span::new().days(1)).take(40);
        days.filter(|day| fits(*day)).map(|day| day.at(hour, 0, 0, 0)).find(|moment| *moment > last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rhythm_has_its_moment() {
        let last: DateTime = "2026-03-18T08:00:00".parse().unwrap();
        let next = |rhythm: Rhythm| rhythm.next(8, last).map(|moment| moment.to_string());
        assert_eq!(next(Rhythm::AtOnce), None);
        assert_eq!(next(Rhythm::Daily).unwrap(), "2026-03-19T08:00:00");
        assert_eq!(next(Rhythm::Weekly).unwrap(), "2026-03-23T08:00:00");
        assert_eq!(next(Rhythm::Monthly).unwrap(), "2026-04-01T08:00:00");
    }
}
