//! A cell as the value of a field: dates and numbers in the formats of the file, labels instead
//! of codes. What does not fit the formats is refused.

use std::sync::LazyLock;

use guanxi_base::{Currency, Money, Refusal, TimeZone};
use guanxi_record::{Field, Kind, RecordType, Value};

use super::choices::{choices, code_of};
use super::dates::{DateOrder, DateReading, ReadDate, TwoDigitYears, read_date};
use super::numbers::{DecimalMark, NumberFault, ReadNumber, read_number, times_ten};
use super::percent::PlainPercent;
use super::row::{CellKind, NumberCell, UnclearFormat};
use super::signs::Sign;
use super::unit_survey::unit_code;
use crate::access::Locale;
use crate::text::Texts;

/// How a file writes what can be written in several ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Formats {
    /// For dates whose order does not show.
    pub date_order: DateOrder,
    /// For years of two digits.
    pub years: TwoDigitYears,
    /// Between the whole and the fraction of a number.
    pub decimal_mark: DecimalMark,
    /// The zone of times without one.
    pub time_zone: TimeZone,
    /// The currency of amounts without one.
    pub currency: AmountCurrency,
    /// What numbers without a sign are in fields in per cent.
    pub plain_percent: PlainPercent,
    /// The power of ten by which plain numbers are multiplied.
    pub power: usize,
    /// The sign of amounts that have none themselves.
    pub(crate) sign: Option<Sign>,
}

/// The currency of amounts, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountCurrency {
    /// The mapping: a sign beside an amount must agree, a code says its own.
    Told(Currency),
    /// A column beside the amount: whatever stands with the amount must agree.
    Beside(Currency),
    /// Nobody: it is the usual one, unless the format of a workbook's cell says another.
    Usual(Currency),
}

impl AmountCurrency {
    /// The currency of an amount without any sign.
    #[must_use]
    pub fn plain(self) -> Currency {
        match self {
            Self::Told(currency) | Self::Beside(currency) | Self::Usual(currency) => currency,
        }
    }

    /// The currency of an amount that a person wrote with this sign; none if the two disagree.
    /// A code says its own.
    fn with(self, sign: Option<Sign>) -> Option<Currency> {
        match sign {
            None => Some(self.plain()),
            Some(sign) if sign.can_mean(self.plain()) => Some(self.plain()),
            Some(_) if matches!(self, Self::Beside(_)) => None,
            Some(Sign { currencies: [one], is_code: true }) => Some(*one),
            Some(_) => None,
        }
    }

    /// The currency of a number in a currency format of a workbook, which says it where nobody
    /// else does.
    fn with_format(self, sign: Option<Sign>) -> Option<Currency> {
        match (self, sign) {
            (Self::Usual(_), Some(Sign { currencies: [one], .. })) => Some(*one),
            _ => self.with(sign),
        }
    }
}

/// Reads a cell as the field's kind.
///
/// # Errors
/// A refusal without its field.
pub(crate) fn read_cell(
    record_type: &RecordType,
    field: &Field,
    text: &str,
    cell: &CellKind,
    formats: &Formats,
) -> Result<Value, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let refuse = |code| Refusal::new(code).with("value", text);
    let kind = &field.kind;
    match cell {
        CellKind::Error => return Err(refuse("cell-error")),
        CellKind::NotComputed => return Err(refuse("cell-not-computed")),
        CellKind::Number(number) if kind.is_number() => {
            return number_cell(kind, text, number, formats);
        }
        CellKind::Number(number) if number.has_lost_digits => return Err(refuse("digits-lost")),
        CellKind::Number(_) => {}
        CellKind::Text if is_error(text) => return Err(refuse("cell-error")),
        CellKind::Text if kind.is_text() && is_rounded(text) => {
            return Err(refuse("digits-rounded"));
        }
        CellKind::Text => {}
    }
    match kind {
        Kind::Integer | Kind::Decimal | Kind::Percent | Kind::Money => {
            let number = read_number(text, formats.decimal_mark).map_err(|fault| match fault {
                NumberFault::NotANumber => refuse("not-a-number"),
                NumberFault::Unit => refuse("unit-unclear"),
                NumberFault::Marks => {
                    refuse("marks-disagree").with("mark", formats.decimal_mark.sign())
                }
            })?;
            number_text(kind, text, &number, formats)
        }
        Kind::Date => {
            let read = read_date(text, formats.dates()).ok_or_else(|| refuse("not-a-date"))?;
            let (Some(_), Some(zone)) = (read.time, &read.zone) else {
                return Ok(Value::Date(read.date));
            };
            // The day where the file is, not where somebody wrote the time down.
            let moment = moment(text, &read, zone)?;
            Ok(Value::Date(moment.to_zoned(formats.time_zone.clone()).date()))
        }
        Kind::Instant => instant(text, formats),
        Kind::Boolean => match YES_NO.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
            Some((_, yes)) => Ok(Value::Boolean(*yes)),
            None => Value::from_text(kind, text),
        },
        Kind::Choice(_) => Value::from_text(kind, &code_of(record_type, field, text)),
        Kind::Choices(_) => choices(record_type, field, text),
        Kind::Email => {
            let (start, rest) = text.split_at_checked(7).unwrap_or(("", text));
            let is_link = start.eq_ignore_ascii_case("mailto:");
            let address = if is_link { rest.split('?').next().unwrap_or_default() } else { text };
            Value::from_text(kind, address)
        }
        _ => Value::from_text(kind, text),
    }
}

impl Formats {
    fn dates(&self) -> DateReading {
        DateReading { order: self.date_order, years: self.years }
    }
}

/// A number that a person wrote.
fn number_text(
    kind: &Kind,
    text: &str,
    number: &ReadNumber,
    formats: &Formats,
) -> Result<Value, Refusal> {
    let refuse = |code| Refusal::new(code).with("value", text);
    if number.is_percent && *kind != Kind::Percent {
        return Err(refuse("percent-not-here"));
    }
    let Some(plain) = in_full(&number.plain, number.power, formats) else {
        return Err(refuse("unit-disagrees").with("unit", unit_code(formats.power)));
    };
    if *kind == Kind::Money {
        return money(&plain, formats.currency.with(number.sign.or(formats.sign)), text, formats);
    }
    if number.sign.is_some() {
        return Err(refuse("not-a-number"));
    }
    let plain = match kind {
        Kind::Integer => whole(&plain).to_owned(),
        Kind::Percent if !number.is_percent => formats.plain_percent.of(&plain),
        _ => plain,
    };
    Value::from_text(kind, &plain).map_err(|refusal| refuse(refusal.code))
}

/// A number in full, where the column counts in thousands; none where the number says another unit.
fn in_full(plain: &str, own: Option<usize>, formats: &Formats) -> Option<String> {
    match own {
        None if formats.power > 0 => Some(times_ten(plain, formats.power)),
        Some(own) if formats.power > 0 && own != formats.power => None,
        _ => Some(plain.to_owned()),
    }
}

/// A number of a workbook: its value counts, not how it is shown; but per cent is as shown.
fn number_cell(
    kind: &Kind,
    text: &str,
    number: &NumberCell,
    formats: &Formats,
) -> Result<Value, Refusal> {
    let refuse = |code| Refusal::new(code).with("value", text);
    if number.has_lost_digits {
        return Err(refuse("digits-lost"));
    }
    let is_unclear = |format: &&UnclearFormat| format.of_any_number || *kind == Kind::Money;
    if let Some(format) = number.unclear.as_ref().filter(is_unclear) {
        return Err(refuse("format-unclear").with("format", &format.code));
    }
    // What is shown in thousands is kept in full.
    let shown_in = Some(number.shown_in).filter(|shown| *shown > 0);
    let Some(plain) = in_full(&number.plain, shown_in, formats) else {
        return Err(refuse("unit-disagrees").with("unit", unit_code(formats.power)));
    };
    match kind {
        Kind::Money => {
            money(&plain, formats.currency.with_format(number.sign.or(formats.sign)), text, formats)
        }
        Kind::Percent => {
            let in_percent = || formats.plain_percent.of(&plain);
            let plain = number.per_cent.clone().unwrap_or_else(in_percent);
            Value::from_text(kind, &plain).map_err(|refusal| refuse(refusal.code))
        }
        Kind::Integer => {
            Value::from_text(kind, whole(&plain)).map_err(|refusal| refuse(refusal.code))
        }
        _ => Value::from_text(kind, &plain).map_err(|refusal| refuse(refusal.code)),
    }
}

/// The digits of a whole number without a fraction of zeros.
fn whole(plain: &str) -> &str {
    match plain.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        _ => plain,
    }
}

fn money(
    plain: &str,
    currency: Option<Currency>,
    text: &str,
    formats: &Formats,
) -> Result<Value, Refusal> {
    let refuse = |code| Refusal::new(code).with("value", text);
    let Some(currency) = currency else {
        return Err(refuse("currency-disagrees").with("currency", formats.currency.plain()));
    };
    Money::parse(plain, currency).map(Value::Money).map_err(|error| refuse(error.code()))
}

fn instant(text: &str, formats: &Formats) -> Result<Value, Refusal> {
    // As programs write it; what people write may be a span: 2026-03-08 09:00-10:00.
    let is_of_machines = matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    if is_of_machines && let Ok(value) = Value::from_text(&Kind::Instant, text) {
        return Ok(value);
    }
    let refuse = || Refusal::new("not-a-time").with("value", text);
    let read = read_date(text, formats.dates()).ok_or_else(refuse)?;
    let zone = read.zone.as_ref().unwrap_or(&formats.time_zone);
    let instant = moment(text, &read, zone)?;
    // Databases keep microseconds.
    let instant = guanxi_base::Timestamp::from_microsecond(instant.as_microsecond());
    instant.map(Value::Instant).map_err(|_| refuse())
}

/// The moment of a time on the clock of a zone, which may show it twice or never.
fn moment(text: &str, read: &ReadDate, zone: &TimeZone) -> Result<guanxi_base::Timestamp, Refusal> {
    let local = read.date.to_datetime(read.time.unwrap_or_default());
    let moment = zone.to_ambiguous_timestamp(local);
    let is_clear = !moment.is_ambiguous();
    // A day without a time begins when its clock does.
    let moment = match (is_clear, read.time) {
        (true, _) => moment.unambiguous().ok(),
        (false, None) => moment.compatible().ok(),
        (false, Some(_)) => None,
    };
    moment.ok_or_else(|| {
        let code = if is_clear { "not-a-time" } else { "time-not-once" };
        let name = zone.iana_name().unwrap_or("UTC");
        Refusal::new(code).with("value", text).with("zone", name)
    })
}

/// What stands for an error of another name in a file of refused lines.
pub(super) const ERROR: &str = "#ERROR!";
/// What stands there for a formula without a result.
pub(super) const NOT_COMPUTED: &str = "#NOT-COMPUTED";
/// A cell that its line does not have, as the file of refused lines tells it.
pub(super) const MISSING: &str = "#MISSING!";

/// Whether a text is what a spreadsheet shows for a computed cell that failed, or for a column
/// that was too narrow.
pub(super) fn is_error(text: &str) -> bool {
    const ERRORS: [&str; 13] = [
        "#N/A",
        "#REF!",
        "#NAME?",
        "#VALUE!",
        "#DIV/0!",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        ERROR,
        NOT_COMPUTED,
        MISSING,
    ];
    ERRORS.iter().any(|error| text.eq_ignore_ascii_case(error))
        || (text.len() >= 3 && text.bytes().all(|byte| byte == b'#'))
}

/// Whether a text is a number as spreadsheets write long ones, without most of its digits.
fn is_rounded(text: &str) -> bool {
    let Some((digits, power)) = text.split_once(['E', 'e']) else { return false };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    let power = power.strip_prefix(['+', '-']).unwrap_or_default();
    whole.len() == 1 && is_digits(whole) && is_digits(fraction) && is_digits(power)
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

#[cfg(test)]
mod tests;
