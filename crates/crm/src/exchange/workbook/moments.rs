//! Dates and times of a spreadsheet, which are numbers of days.

use guanxi_base::Date;
use jiff::ToSpan as _;

/// The day after the last that a spreadsheet knows, the end of the year 9999.
const DAYS_MAX: f64 = 2_958_466.0;
const DAY_MILLISECONDS: i64 = 86_400_000;
/// The 29th of February 1900, which spreadsheets count and nobody has seen.
const NO_DAY: i64 = 60;
/// From the one first day to the other.
const DAYS_TO_1904: i64 = 1_462;

/// Which day is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calendar {
    From1900,
    From1904,
}

/// A date, a time of day or both, as a field would have it; none beyond the calendar.
pub(super) fn moment_text(days: f64, calendar: Calendar) -> Option<String> {
    if !(0.0..DAYS_MAX).contains(&days) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the calendar")]
    let milliseconds = (days * DAY_MILLISECONDS as f64).round() as i64;
    let (day, within) = (milliseconds / DAY_MILLISECONDS, milliseconds % DAY_MILLISECONDS);
    let (seconds, milli) = (within / 1_000, within % 1_000);
    let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let time = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
    if days < 1.0 && day == 0 {
        return Some(time);
    }
    let date = date_text(day, calendar)?;
    Some(if within == 0 { date } else { format!("{date} {time}") })
}

fn date_text(day: i64, calendar: Calendar) -> Option<String> {
    let day = match calendar {
        Calendar::From1900 => day,
        Calendar::From1904 => day + DAYS_TO_1904,
    };
    let from = match day {
        NO_DAY => return Some("1900-02-29".to_owned()),
        ..NO_DAY => Date::new(1899, 12, 31).ok()?,
        _ => Date::new(1899, 12, 30).ok()?,
    };
    from.checked_add(day.days()).ok().map(|date| date.to_string())
}

/// Hours, minutes and seconds, beyond a day too; none beyond the calendar.
pub(super) fn duration_text(days: f64) -> Option<String> {
    if !(-DAYS_MAX..DAYS_MAX).contains(&days) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the calendar")]
    let seconds = (days * 86_400.0).round() as i64;
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.unsigned_abs();
    Some(format!("{sign}{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60))
}
