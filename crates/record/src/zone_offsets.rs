//! How far the clocks of a zone were from UTC at each moment of a stretch of time.
//! Days and months of instants are counted by the offset that held then, not by that of today, so
//! that a chart counts what the lists behind its marks show.

use guanxi_base::{TimeZone, Timestamp};

/// Before this nothing is counted on: a zone with summer time would need two spans for each year.
const SPANS_MAX: usize = 1_000;
const MICROS: i64 = 1_000_000;
const SECONDS_OF_DAY: i64 = 86_400;

/// The offsets of a zone, from span to span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneOffsets {
    /// From when on, in microseconds since 1970 in UTC, and how many seconds before UTC; ascending,
    /// the first from ever on.
    spans: Vec<(i64, i32)>,
}

impl ZoneOffsets {
    /// Those of a zone between two moments; outside the nearest holds.
    #[must_use]
    pub fn between(zone: &TimeZone, first: Timestamp, last: Timestamp) -> Self {
        // A change may reach into the day after it.
        let from = Timestamp::from_microsecond(
            first.as_microsecond().saturating_sub(2 * SECONDS_OF_DAY * MICROS),
        );
        let from = from.unwrap_or(Timestamp::MIN);
        let mut spans = vec![(i64::MIN, zone.to_offset(from).seconds())];
        let changes = zone.following(from).take_while(|change| change.timestamp() <= last);
        for change in changes.take(SPANS_MAX) {
            let (at, after) = (change.timestamp().as_second(), change.offset().seconds());
            let before = spans.last().map_or(after, |(_, offset)| *offset);
            if before == after {
                continue;
            }
            spans.push((day_begins(at, before, after).saturating_mul(MICROS), after));
        }
        Self { spans }
    }

    /// The offset at a moment, in microseconds since 1970.
    #[must_use]
    pub fn at(&self, micros: i64) -> i32 {
        let after = self.spans.partition_point(|(from, _)| *from <= micros);
        self.spans[after.saturating_sub(1)].1
    }

    /// From when on which offset holds; the first from ever on.
    #[must_use]
    pub fn spans(&self) -> &[(i64, i32)] {
        &self.spans
    }
}

/// From when on the new offset names the day. Where clocks are put back over midnight, the day that
/// had begun does not end again: lists begin a day once.
fn day_begins(at: i64, before: i32, after: i32) -> i64 {
    let day = |seconds: i64, offset: i32| (seconds + i64::from(offset)).div_euclid(SECONDS_OF_DAY);
    let begun = day(at - 1, before);
    match day(at, after) < begun {
        true => begun * SECONDS_OF_DAY - i64::from(after),
        false => at,
    }
}

#[cfg(test)]
mod tests {
    use guanxi_base::Date;

    use super::*;

    fn day_at(zone: &str, instant: &str) -> Date {
        let zone = TimeZone::get(zone).unwrap();
        let at: Timestamp = instant.parse().unwrap();
        let ends = ["1960-01-01T00:00Z", "2060-01-01T00:00Z"].map(|end| end.parse().unwrap());
        let offset = ZoneOffsets::between(&zone, ends[0], ends[1]).at(at.as_microsecond());
        let shifted = at + guanxi_base::SignedDuration::from_secs(offset.into());
        shifted.to_zoned(TimeZone::UTC).date()
    }

    /// The day whose start by the zone, as lists know it, is the last one not after the instant.
    fn day_of_lists(zone: &str, instant: &str) -> Date {
        let zone = TimeZone::get(zone).unwrap();
        let at: Timestamp = instant.parse().unwrap();
        let near = at.to_zoned(TimeZone::UTC).date();
        let mut days: Vec<Date> = vec![near.yesterday().unwrap(), near, near.tomorrow().unwrap()];
        days.retain(|day| day.to_zoned(zone.clone()).unwrap().timestamp() <= at);
        *days.last().unwrap()
    }

    #[test]
    fn each_instant_is_of_the_day_by_its_own_offset() {
        for (zone, instant, wanted) in [
            ("Europe/Berlin", "2026-03-31T22:30:00Z", "2026-04-01"),
            ("Europe/Berlin", "2026-02-28T22:30:00Z", "2026-02-28"),
            ("Europe/Berlin", "2026-07-31T22:15:00Z", "2026-08-01"),
            // Half an hour of summer time.
            ("Australia/Lord_Howe", "2026-01-31T13:10:00Z", "2026-02-01"),
            ("Australia/Lord_Howe", "2026-06-30T13:10:00Z", "2026-06-30"),
            // Changed by law: Moscow, São Paulo, a day that was left out, China's summer time.
            ("Europe/Moscow", "2012-06-30T20:30:00Z", "2012-07-01"),
            ("Europe/Moscow", "2015-06-30T20:30:00Z", "2015-06-30"),
            ("America/Sao_Paulo", "2018-12-01T02:30:00Z", "2018-12-01"),
            ("America/Sao_Paulo", "2020-12-01T02:30:00Z", "2020-11-30"),
            ("Pacific/Apia", "2011-12-30T09:30:00Z", "2011-12-29"),
            ("Pacific/Apia", "2011-12-30T10:30:00Z", "2011-12-31"),
            ("Asia/Shanghai", "1988-06-30T15:30:00Z", "1988-07-01"),
            ("Asia/Shanghai", "2026-06-30T15:30:00Z", "2026-06-30"),
            // Clocks went back over midnight: the first of November had begun already.
            ("America/St_Johns", "2009-11-01T02:31:30Z", "2009-11-01"),
            ("America/St_Johns", "2009-11-01T03:00:00Z", "2009-11-01"),
        ] {
            assert_eq!(day_at(zone, instant).to_string(), wanted, "{zone} {instant}");
            assert_eq!(day_at(zone, instant), day_of_lists(zone, instant), "{zone} {instant}");
        }
    }
}
