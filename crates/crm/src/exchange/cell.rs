//! A cell as the value of a field: dates and numbers in the formats of the file, labels instead
//! of codes. What does not fit the formats is refused.

use std::sync::LazyLock;

use guanxi_base::{Currency, Money, Refusal, TimeZone};
use guanxi_record::{Field, Kind, RecordType, Value};

use super::choices::{choices, code_of};
use super::dates::{DateOrder, DateReading, ReadDate, TwoDigitYears, read_date};
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

fn instant(text: &str, formats: &Formats) -> Result<Value, Refusal> {
    if let Ok(value) = Value::from_text(&Kind::Instant, text) {
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
            ("USD 5", AmountCurrency::Beside(Currency::EUR), "! currency-disagrees"),
            ("EUR 5", AmountCurrency::Beside(Currency::EUR), "5.00 EUR"),
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
            ("2026-03-08 02:30 America/New_York", "! time-not-once"),
            ("2026-11-01 01:30 America/New_York", "! time-not-once"),
            ("2026-11-01 03:30 America/New_York", "2026-11-01T08:30:00Z"),
            ("2026-03-08", "2026-03-07T16:00:00Z"),
        ] {
            assert_eq!(read(Kind::Instant, text, &CellKind::Text, usual), expected, "{text}");
        }
    }

    #[test]
    fn a_day_with_an_offset_is_the_day_where_the_file_is() {
        let usual = AmountCurrency::Usual(Currency::CNY);
        for (text, expected) in [
            ("2026-03-07T16:00:00Z", "2026-03-08"),
            ("2026-03-07T15:59:59Z", "2026-03-07"),
            ("2026-03-08 00:00:00 +08:00", "2026-03-08"),
            ("2026-03-08 23:00:00 -0500", "2026-03-09"),
            ("2026-03-08 23:00", "2026-03-08"),
            ("2026年3月8日15时30分20秒", "2026-03-08"),
        ] {
            assert_eq!(read(Kind::Date, text, &CellKind::Text, usual), expected, "{text}");
        }
    }

    #[test]
    fn what_a_spreadsheet_lost_is_no_text() {
        let usual = AmountCurrency::Usual(Currency::CNY);
        for (kind, text, expected) in [
            (Kind::Text, "#N/A", "! cell-error"),
            (Kind::Text, "#REF!", "! cell-error"),
            (Kind::Text, "########", "! cell-error"),
            (Kind::Integer, "#NAME?", "! cell-error"),
            (Kind::Text, "1.10101E+17", "! digits-rounded"),
            (Kind::Phone, "1.38001E+10", "! digits-rounded"),
            (Kind::Text, "4.5E+03", "! digits-rounded"),
            (Kind::Text, "1,10101e+17", "! digits-rounded"),
            (Kind::Text, "4E3", "4E3"),
            (Kind::Text, "#1", "#1"),
            (Kind::Text, "E+S", "E+S"),
            (Kind::Email, "mailto:a@b.example", "a@b.example"),
            (Kind::Email, "MailTo:a@b.example?subject=x", "a@b.example"),
        ] {
            assert_eq!(read(kind, text, &CellKind::Text, usual), expected, "{text}");
        }
    }
}
