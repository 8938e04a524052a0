//! What people put into cells: dates and numbers in their own formats, labels instead of codes.

use std::sync::LazyLock;

use guanxi_base::{Currency, Date, Money, Refusal, TimeZone};
use guanxi_record::{Field, Kind, RecordType, Value};
use jiff::civil::{DateTime, Time};
use serde::{Deserialize, Serialize};

use crate::access::Locale;
use crate::text::Texts;

/// The order of day, month and year where the year does not come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 31/12/2026.
    DayFirst,
    /// 12/31/2026.
    MonthFirst,
}

/// How a file writes what can be written in several ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Formats {
    /// For dates that do not start with the year.
    pub date_order: DateOrder,
    /// Between the whole and the fraction of a number.
    pub decimal_mark: char,
    /// The zone of times without one.
    pub time_zone: TimeZone,
    /// The currency of amounts without one.
    pub currency: Currency,
}

/// Reads a cell as the field's kind.
///
/// # Errors
/// A refusal without its field.
pub(crate) fn read_cell(
    record_type: &RecordType,
    field: &Field,
    text: &str,
    formats: &Formats,
) -> Result<Value, Refusal> {
    let text = unquoted(text.trim());
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let refuse = |code| Refusal::new(code).with("value", text);
    let kind = &field.kind;
    match kind {
        Kind::Integer => {
            let number =
                number(text, formats.decimal_mark).ok_or_else(|| refuse("not-a-number"))?;
            let whole = number.split_once('.').map_or(number.as_str(), |(whole, fraction)| {
                if fraction.trim_matches('0').is_empty() { whole } else { &number }
            });
            Value::from_text(kind, whole)
        }
        Kind::Decimal | Kind::Percent => {
            let number = number(text.trim_end_matches('%'), formats.decimal_mark);
            Value::from_text(kind, &number.ok_or_else(|| refuse("not-a-number"))?)
        }
        Kind::Money => money(text, formats),
        Kind::Date => date(text, formats.date_order)
            .map(|(date, _)| Value::Date(date))
            .ok_or_else(|| refuse("not-a-date")),
        Kind::Instant => {
            if let Ok(value) = Value::from_text(kind, text) {
                return Ok(value);
            }
            let (date, time) =
                date(text, formats.date_order).ok_or_else(|| refuse("not-a-time"))?;
            let zoned = DateTime::from_parts(date, time).to_zoned(formats.time_zone.clone());
            zoned.map(|zoned| Value::Instant(zoned.timestamp())).map_err(|_| refuse("not-a-time"))
        }
        Kind::Boolean => match YES_NO.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
            Some((_, yes)) => Ok(Value::Boolean(*yes)),
            None => Value::from_text(kind, text),
        },
        Kind::Choice(_) => Value::from_text(kind, &code_of(record_type, field, text)),
        Kind::Choices(_) => {
            let codes = text.split([';', ',', '\u{ff0c}', '\u{ff1b}', '\u{3001}']);
            let codes = codes.map(|word| code_of(record_type, field, word.trim()));
            Value::from_text(kind, &codes.collect::<Vec<_>>().join(";"))
        }
        _ => Value::from_text(kind, text),
    }
}

/// An apostrophe before a formula sign is how exports keep a text from being run as a formula.
fn unquoted(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest,
        _ => text,
    }
}

static YES_NO: LazyLock<Vec<(String, bool)>> = LazyLock::new(|| {
    let mut words = Vec::new();
    for locale in [Locale::En, Locale::ZhCn] {
        for (key, meaning) in [("words-yes", true), ("words-no", false)] {
            let list = Texts::of(locale).get(key);
            words.extend(list.split_whitespace().map(|word| (word.to_owned(), meaning)));
        }
    }
    words
});

/// The code of an option, which a file may call by its code or by its label in any language.
fn code_of(record_type: &RecordType, field: &Field, text: &str) -> String {
    let options = field.kind.options();
    let is = |code: &&std::borrow::Cow<'static, str>| {
        code.eq_ignore_ascii_case(text)
            || [Locale::En, Locale::ZhCn].iter().any(|locale| {
                let label = Texts::of(*locale).option_label(record_type, field, code);
                label.eq_ignore_ascii_case(text)
            })
    };
    options.iter().find(is).map_or_else(|| text.to_owned(), ToString::to_string)
}

/// A number as people write it, as plain digits: thousands marks and currency signs go,
/// parentheses mean less than nothing.
pub(crate) fn number(text: &str, decimal_mark: char) -> Option<String> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    let mut plain = String::with_capacity(text.len() + 1);
    if negative {
        plain.push('-');
    }
    for c in text.chars() {
        match c {
            '0'..='9' => plain.push(c),
            '-' | '\u{2212}' if plain.is_empty() => plain.push('-'),
            '+' if plain.is_empty() => {}
            c if c == decimal_mark => plain.push('.'),
            ',' | '.' | '\'' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2019}' => {}
            '$' | '\u{20ac}' | '\u{a3}' | '\u{a5}' | '\u{ffe5}' => {}
            _ => return None,
        }
    }
    plain.ends_with(|c: char| c.is_ascii_digit()).then_some(plain)
}

fn money(text: &str, formats: &Formats) -> Result<Value, Refusal> {
    let refuse = |code| Refusal::new(code).with("value", text);
    let (amount, currency) = match text.rsplit_once(' ') {
        Some((amount, code)) if code.parse::<Currency>().is_ok() => {
            (amount, code.parse().unwrap_or(formats.currency))
        }
        _ => (text, formats.currency),
    };
    let amount = number(amount, formats.decimal_mark).ok_or_else(|| refuse("not-a-number"))?;
    Money::parse(&amount, currency).map(Value::Money).map_err(|e| refuse(e.code()))
}

/// A date and perhaps a time, by its groups of digits: what stands between them differs from
/// country to country, their order hardly does.
pub(crate) fn date(text: &str, order: DateOrder) -> Option<(Date, Time)> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = text.to_ascii_lowercase();
    let mut groups: Vec<i64> = Vec::new();
    let mut widths = Vec::new();
    let mut named = None;
    let mut afternoon = None;
    let mut rest = lower.as_str();
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            groups.push(rest[..end].parse().ok()?);
            widths.push(end);
            rest = &rest[end..];
        } else if first.is_ascii_alphabetic() {
            let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let word = &rest[..end];
            match word {
                "t" | "z" => {}
                "am" => afternoon = Some(false),
                "pm" => afternoon = Some(true),
                _ => {
                    let month = MONTHS.iter().position(|name| word.starts_with(name))?;
                    named = Some((month as i64 + 1, groups.len()));
                }
            }
            rest = &rest[end..];
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    if groups.len() == 1 && widths[0] == 8 {
        let whole = groups[0];
        groups = vec![whole / 10_000, whole / 100 % 100, whole % 100];
        widths = vec![4, 2, 2];
    }
    if let Some((month, at)) = named {
        groups.insert(at, month);
        widths.insert(at, 2);
    }
    let [a, b, c, ..] = groups[..] else { return None };
    let (year, month, day) = match (widths[0], named, order) {
        (4, _, _) => (a, b, c),
        (_, Some((month, 0)), _) => (c, month, b),
        (_, Some((month, _)), _) => (c, month, a),
        (_, None, DateOrder::DayFirst) => (c, b, a),
        (_, None, DateOrder::MonthFirst) => (c, a, b),
    };
    let year = if year < 100 { year + if year < 70 { 2_000 } else { 1_900 } } else { year };
    let small = |number: i64| i8::try_from(number).ok();
    let date = Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
    let hour = groups.get(3).copied().unwrap_or(0);
    let hour = match (afternoon, hour) {
        (Some(true), 1..=11) => hour + 12,
        (Some(false), 12) => 0,
        (_, hour) => hour,
    };
    let part = |at: usize| small(groups.get(at).copied().unwrap_or(0));
    Some((date, Time::new(small(hour)?, part(4)?, part(5)?, 0).ok()?))
}

/// What the dates of a sample say about their order; `None` if they could be either.
pub(crate) fn date_order<'a>(sample: impl Iterator<Item = &'a str>) -> Option<DateOrder> {
    let mut found = None;
    for text in sample {
        let groups: Vec<&str> =
            text.split(|c: char| !c.is_ascii_digit()).filter(|g| !g.is_empty()).collect();
        let [first, second, ..] = groups[..] else { continue };
        if first.len() > 2 {
            continue;
        }
        let above_twelve = |group: &str| group.parse::<u32>().is_ok_and(|number| number > 12);
        match (above_twelve(first), above_twelve(second)) {
            (true, false) => found = Some(DateOrder::DayFirst),
            (false, true) => return Some(DateOrder::MonthFirst),
            _ => {}
        }
    }
    found
}

/// What the numbers of a sample say about their decimal mark; `None` if they could be either.
pub(crate) fn decimal_mark<'a>(sample: impl Iterator<Item = &'a str>) -> Option<char> {
    for text in sample {
        let marks: Vec<(usize, char)> =
            text.char_indices().filter(|(_, c)| matches!(c, ',' | '.')).collect();
        let (Some((first_at, first)), Some((last_at, last))) = (marks.first(), marks.last()) else {
            continue;
        };
        let digits_after = text.len() - last_at - 1;
        if first != last || (first_at == last_at && digits_after != 3) {
            return Some(*last);
        }
        if first_at != last_at {
            // The same mark twice separates thousands.
            return Some(if *last == ',' { '.' } else { ',' });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_many_countries() {
        let read = |text, order| {
            date(text, order).map(|(date, time)| format!("{date} {time}")).unwrap_or_default()
        };
        for (text, expected) in [
            ("2010-12-01 08:26:00", "2010-12-01 08:26:00"),
            ("2010/1/5", "2010-01-05 00:00:00"),
            ("2010年12月1日", "2010-12-01 00:00:00"),
            ("20101201", "2010-12-01 00:00:00"),
            ("01/12/2010", "2010-12-01 00:00:00"),
            ("1.12.10 3:05 PM", "2010-12-01 15:05:00"),
            ("1 Dec 2010", "2010-12-01 00:00:00"),
            ("December 1, 2010", "2010-12-01 00:00:00"),
            ("31/02/2010", ""),
            ("tomorrow", ""),
            ("12", ""),
        ] {
            assert_eq!(read(text, DateOrder::DayFirst), expected, "{text}");
        }
        assert_eq!(read("12/01/2010", DateOrder::MonthFirst), "2010-12-01 00:00:00");
        let order = |texts: &[&str]| date_order(texts.iter().copied());
        assert_eq!(order(&["01/02/2010", "13/02/2010"]), Some(DateOrder::DayFirst));
        assert_eq!(order(&["01/02/2010", "02/13/2010"]), Some(DateOrder::MonthFirst));
        assert_eq!(order(&["01/02/2010", "2010-01-01"]), None);
    }

    #[test]
    fn numbers_of_many_countries() {
        for (text, mark, expected) in [
            ("1,234.50", '.', Some("1234.50")),
            ("1.234,50", ',', Some("1234.50")),
            ("¥ 1 234", '.', Some("1234")),
            ("(12.5)", '.', Some("-12.5")),
            ("-3", '.', Some("-3")),
            ("1e5", '.', None),
            ("", '.', None),
            ("-", '.', None),
        ] {
            assert_eq!(number(text, mark).as_deref(), expected, "{text}");
        }
        let mark = |texts: &[&str]| decimal_mark(texts.iter().copied());
        assert_eq!(mark(&["5", "1,234", "1,234.5"]), Some('.'));
        assert_eq!(mark(&["1.234,5"]), Some(','));
        assert_eq!(mark(&["0,5"]), Some(','));
        assert_eq!(mark(&["1,234,567"]), Some('.'));
        assert_eq!(mark(&["1,234"]), None);
    }
}
