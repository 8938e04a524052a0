//! A cell as the value of a field: dates and numbers in the formats of the file, labels instead
//! of codes. What does not fit the formats is refused.

use std::borrow::Cow;
use std::sync::LazyLock;

use guanxi_base::{Currency, Money, Refusal, TimeZone};
use guanxi_record::{Field, Kind, RecordType, Value, half_width};
use jiff::civil::Time;

use super::dates::{DateOrder, DateReading, TwoDigitYears, read_date};
use super::numbers::{DecimalMark, NumberFault, ReadNumber, read_number};
use super::percent::PlainPercent;
use super::row::{CellKind, NumberCell, UnclearFormat};
use super::signs::Sign;
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
}

/// The currency of amounts, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountCurrency {
    /// The mapping or a column of the file: a sign beside an amount must agree.
    Told(Currency),
    /// Nobody: it is the usual one, unless the format of a workbook's cell says another.
    Usual(Currency),
}

impl AmountCurrency {
    /// The currency of an amount without any sign.
    #[must_use]
    pub fn plain(self) -> Currency {
        match self {
            Self::Told(currency) | Self::Usual(currency) => currency,
        }
    }

    /// The currency of an amount that a person wrote with this sign; none if the two disagree.
    /// A code says its own.
    fn with(self, sign: Option<Sign>) -> Option<Currency> {
        match sign {
            None => Some(self.plain()),
            Some(sign) if sign.can_mean(self.plain()) => Some(self.plain()),
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
    let text = unquoted(text.trim());
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
        _ => {}
    }
    match kind {
        Kind::Integer | Kind::Decimal | Kind::Percent | Kind::Money => {
            let number = read_number(text, formats.decimal_mark).map_err(|fault| match fault {
                NumberFault::NotANumber => refuse("not-a-number"),
                NumberFault::Marks => {
                    refuse("marks-disagree").with("mark", formats.decimal_mark.sign())
                }
            })?;
            number_text(kind, text, &number, formats)
        }
        Kind::Date => {
            let read = read_date(text, formats.dates()).ok_or_else(|| refuse("not-a-date"))?;
            Ok(Value::Date(read.date))
        }
        Kind::Instant => instant(text, formats).ok_or_else(|| refuse("not-a-time")),
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
    if *kind == Kind::Money {
        return money(&number.plain, formats.currency.with(number.sign), text, formats);
    }
    if number.sign.is_some() {
        return Err(refuse("not-a-number"));
    }
    let plain = match kind {
        Kind::Integer => whole(&number.plain).to_owned(),
        Kind::Percent if !number.is_percent => formats.plain_percent.of(&number.plain),
        _ => number.plain.clone(),
    };
    Value::from_text(kind, &plain).map_err(|refusal| refuse(refusal.code))
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
    match kind {
        Kind::Money => {
            money(&number.plain, formats.currency.with_format(number.sign), text, formats)
        }
        Kind::Percent => {
            let plain = || formats.plain_percent.of(&number.plain);
            let plain = number.per_cent.clone().unwrap_or_else(plain);
            Value::from_text(kind, &plain).map_err(|refusal| refuse(refusal.code))
        }
        Kind::Integer => {
            Value::from_text(kind, whole(&number.plain)).map_err(|refusal| refuse(refusal.code))
        }
        _ => Value::from_text(kind, &number.plain).map_err(|refusal| refuse(refusal.code)),
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

fn instant(text: &str, formats: &Formats) -> Option<Value> {
    if let Ok(value) = Value::from_text(&Kind::Instant, text) {
        return Some(value);
    }
    let read = read_date(text, formats.dates())?;
    let zone = read.zone.unwrap_or_else(|| formats.time_zone.clone());
    let moment = read.date.to_datetime(read.time.unwrap_or(Time::midnight()));
    let instant = moment.to_zoned(zone).ok()?.timestamp();
    // Databases keep microseconds.
    guanxi_base::Timestamp::from_microsecond(instant.as_microsecond()).ok().map(Value::Instant)
}

/// An apostrophe before a formula sign is how exports keep a text from being run as a formula.
fn unquoted(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if super::export::runs_as_formula(rest) => rest,
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
    let text = &half_width(text);
    let is = |code: &&Cow<'static, str>| {
        code.eq_ignore_ascii_case(text)
            || [Locale::En, Locale::ZhCn].iter().any(|locale| {
                let label = Texts::of(*locale).option_label(record_type, field, code);
                label.eq_ignore_ascii_case(text)
            })
    };
    options.iter().find(is).map_or_else(|| text.to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(currency: AmountCurrency) -> Formats {
        Formats {
            date_order: DateOrder::DayFirst,
            years: TwoDigitYears { last: 2046 },
            decimal_mark: DecimalMark::Comma,
            time_zone: TimeZone::get("Asia/Shanghai").unwrap(),
            currency,
            plain_percent: PlainPercent::Percent,
        }
    }

    fn read(kind: Kind, text: &str, cell: &CellKind, currency: AmountCurrency) -> String {
        let field = Field::new("name", kind);
        let record_type = crate::RECORD_TYPES[0];
        match read_cell(record_type, &field, text, cell, &formats(currency)) {
            Ok(value) => value.to_text(),
            Err(refusal) => format!("! {}", refusal.code),
        }
    }

    #[test]
    fn a_sign_agrees_with_the_currency_or_the_amount_is_refused() {
        let text = CellKind::Text;
        let jpy = "JPY".parse().unwrap();
        for (amount, currency, expected) in [
            ("100,00", AmountCurrency::Told(Currency::CNY), "100.00 CNY"),
            ("¥100,00", AmountCurrency::Told(Currency::CNY), "100.00 CNY"),
            ("¥100", AmountCurrency::Told(jpy), "100 JPY"),
            ("$100,00", AmountCurrency::Told(Currency::CNY), "! currency-disagrees"),
            ("€ 50,00", AmountCurrency::Told(Currency::CNY), "! currency-disagrees"),
            ("US$5", AmountCurrency::Told(Currency::CNY), "! currency-disagrees"),
            ("¥5", AmountCurrency::Told(Currency::USD), "! currency-disagrees"),
            ("kr 5", AmountCurrency::Told(Currency::EUR), "! currency-disagrees"),
            ("$100", AmountCurrency::Told(Currency::USD), "100.00 USD"),
            ("9,00 USD", AmountCurrency::Told(Currency::CNY), "9.00 USD"),
            ("USD 9,00", AmountCurrency::Told(Currency::CNY), "9.00 USD"),
            ("€ 50,00", AmountCurrency::Usual(Currency::CNY), "! currency-disagrees"),
            ("$ 50,00", AmountCurrency::Usual(Currency::CNY), "! currency-disagrees"),
            ("1.000 €", AmountCurrency::Told(Currency::EUR), "1000.00 EUR"),
            ("10.00", AmountCurrency::Told(Currency::EUR), "! marks-disagree"),
            ("5 %", AmountCurrency::Told(Currency::EUR), "! percent-not-here"),
            ("1.2万", AmountCurrency::Told(Currency::CNY), "! not-a-number"),
        ] {
            assert_eq!(read(Kind::Money, amount, &text, currency), expected, "{amount}");
        }
    }

    #[test]
    fn numbers_of_workbooks_need_no_mark() {
        let number = |plain: &str, per_cent: Option<&str>| {
            CellKind::Number(NumberCell {
                plain: plain.to_owned(),
                per_cent: per_cent.map(ToOwned::to_owned),
                sign: None,
                unclear: None,
                has_lost_digits: plain.len() > 15,
            })
        };
        let currency = AmountCurrency::Told(Currency::EUR);
        for (kind, text, cell, expected) in [
            (Kind::Decimal, "12.5", number("12.5", None), "12.5"),
            (Kind::Money, "0.5", number("0.5", None), "0.50 EUR"),
            (Kind::Percent, "15%", number("0.15", Some("15")), "15"),
            (Kind::Percent, "15", number("15", None), "15"),
            (Kind::Decimal, "15%", number("0.15", Some("15")), "0.15"),
            (Kind::Integer, "7", number("7", None), "7"),
            (Kind::Integer, "7.5", number("7.5", None), "! not-an-integer"),
            (Kind::Text, "123", number("123", None), "123"),
            (Kind::Text, "91310000123456800", number("91310000123456800", None), "! digits-lost"),
            (Kind::Date, "45000", number("45000", None), "! not-a-date"),
            (Kind::Text, "#N/A", CellKind::Error, "! cell-error"),
        ] {
            assert_eq!(read(kind, text, &cell, currency), expected, "{text}");
        }
    }

    #[test]
    fn times_are_of_the_zone_of_the_file_or_their_own() {
        let usual = AmountCurrency::Usual(Currency::CNY);
        for (text, expected) in [
            ("2026/3/8 下午10:00", "2026-03-08T14:00:00Z"),
            ("2026-03-08 10:00 +00:00", "2026-03-08T10:00:00Z"),
            ("2026-03-08 10:00:00 -0500", "2026-03-08T15:00:00Z"),
            ("2026-03-08 10:00 PST", "! not-a-time"),
            ("2026-03-08", "2026-03-07T16:00:00Z"),
        ] {
            assert_eq!(read(Kind::Instant, text, &CellKind::Text, usual), expected, "{text}");
        }
    }
}
