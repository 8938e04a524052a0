//! Relative dates: `last_30_days`, `this_month`, `7_days_ago`. They are kept as words, so that a
//! saved view means the same tomorrow.

use guanxi_base::Date;
use jiff::civil::Weekday;
use jiff::{Span, ToSpan};

/// A period of whole days: from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub start: Date,
    /// The day after the last.
    pub end: Date,
}

/// No period reaches further than this: it would leave the calendar.
const COUNT_MAX: i64 = 10_000;

impl Period {
    /// The period that these words mean on this day; `None` if they mean nothing.
    /// `last_3_months` ends today and includes it; `next_7_days` starts tomorrow.
    #[must_use]
    pub fn parse(words: &str, today: Date) -> Option<Self> {
        Self::read(words, today).filter(|period| is_kept(period.start) && is_kept(period.end))
    }

    fn read(words: &str, today: Date) -> Option<Self> {
        match words {
            "today" => return Self::days(today, 0, 1),
            "yesterday" => return Self::days(today, -1, 0),
            "tomorrow" => return Self::days(today, 1, 2),
            // All that was due before today.
            "overdue" => return Some(Self { start: Date::new(1, 1, 1).ok()?, end: today }),
            _ => {}
        }
        let (which, unit) = words.split_once('_')?;
        if let Some((count, unit)) = unit.split_once('_') {
            let count: i64 = count.parse().ok().filter(|count| (1..=COUNT_MAX).contains(count))?;
            let span = span(unit.strip_suffix('s').unwrap_or(unit), count)?;
            let tomorrow = today.tomorrow().ok()?;
            return match which {
                "last" => Some(Self { start: tomorrow.checked_sub(span).ok()?, end: tomorrow }),
                "next" => Some(Self { start: tomorrow, end: tomorrow.checked_add(span).ok()? }),
                _ => None,
            };
        }
        let start = start_of(unit, today)?;
        let step = span(unit, 1)?;
        let start = match which {
            "this" => start,
            "last" => start.checked_sub(step).ok()?,
            "next" => start.checked_add(step).ok()?,
            _ => return None,
        };
        Some(Self { start, end: start.checked_add(step).ok()? })
    }

    fn days(today: Date, from: i64, to: i64) -> Option<Self> {
        let day = |offset: i64| today.checked_add(offset.days()).ok();
        Some(Self { start: day(from)?, end: day(to)? })
    }
}

/// The day that words such as `today`, `7_days_ago` or `in_2_months` mean.
pub fn relative_day(words: &str, today: Date) -> Option<Date> {
    let is_day = !words.contains('_') && words != "overdue";
    if let Some(period) = Period::parse(words, today).filter(|_| is_day) {
        return Some(period.start);
    }
    let amount = |text: &str| {
        let (count, unit) = text.split_once('_')?;
        let count: i64 = count.parse().ok().filter(|count| (0..=COUNT_MAX).contains(count))?;
        span(unit.strip_suffix('s').unwrap_or(unit), count)
    };
    let day = match words.strip_suffix("_ago") {
        Some(past) => today.checked_sub(amount(past)?).ok(),
        None => today.checked_add(amount(words.strip_prefix("in_")?)?).ok(),
    };
    day.filter(|day| is_kept(*day))
}

/// The day that `2026-03-18` means. Other forms of a date are read where files are read; years before
/// the first, which databases count differently, are none.
#[must_use]
pub fn plain_day(text: &str) -> Option<Date> {
    const LETTERS: usize = "2026-03-18".len();
    let day: Date = text.parse().ok().filter(|_| text.len() == LETTERS)?;
    is_kept(day).then_some(day)
}

/// Whether both databases keep this day in its order.
pub(crate) fn is_kept(day: Date) -> bool {
    day.year() >= 1
}

fn span(unit: &str, count: i64) -> Option<Span> {
    Some(match unit {
        "day" => count.days(),
        "week" => count.weeks(),
        "month" => count.months(),
        "quarter" => (count * 3).months(),
        "year" => count.years(),
        _ => return None,
    })
}

fn start_of(unit: &str, today: Date) -> Option<Date> {
    match unit {
        "week" => today.checked_sub(i64::from(days_since_monday(today)).days()).ok(),
        "month" => Some(today.first_of_month()),
        "quarter" => Date::new(today.year(), (today.month() - 1) / 3 * 3 + 1, 1).ok(),
        "year" => Some(today.first_of_year()),
        _ => None,
    }
}

fn days_since_monday(day: Date) -> i8 {
    day.weekday().since(Weekday::Monday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_days() {
        let today: Date = "2026-03-18".parse().unwrap();
        let show = |words| match Period::parse(words, today) {
            Some(period) => format!("{}..{}", period.start, period.end),
            None => "none".to_owned(),
        };
        for (words, expected) in [
            ("today", "2026-03-18..2026-03-19"),
            ("last_30_days", "2026-02-17..2026-03-19"),
            ("last_1_day", "2026-03-18..2026-03-19"),
            ("next_7_days", "2026-03-19..2026-03-26"),
            ("tomorrow", "2026-03-19..2026-03-20"),
            ("overdue", "0001-01-01..2026-03-18"),
            ("next_14_days", "2026-03-19..2026-04-02"),
            ("next_week", "2026-03-23..2026-03-30"),
            ("this_week", "2026-03-16..2026-03-23"),
            ("last_month", "2026-02-01..2026-03-01"),
            ("this_quarter", "2026-01-01..2026-04-01"),
            ("next_year", "2027-01-01..2028-01-01"),
            ("last_0_days", "none"),
            ("last_99999_days", "none"),
            // Before the first year, after the last: no calendar of a database has them.
            ("last_9999_years", "none"),
            ("next_9999_years", "none"),
            ("last_2000_years", "0026-03-19..2026-03-19"),
            ("soon", "none"),
        ] {
            assert_eq!(show(words), expected, "{words}");
        }
        let day = |words| relative_day(words, today).map(|day| day.to_string());
        assert_eq!(day("7_days_ago").as_deref(), Some("2026-03-11"));
        assert_eq!(day("in_1_month").as_deref(), Some("2026-04-18"));
        assert_eq!(day("today").as_deref(), Some("2026-03-18"));
        assert_eq!(day("2026-01-01"), None);
        assert_eq!((day("9999_years_ago"), day("in_9999_years")), (None, None));
    }
}
