//! Cells as values of fields: what agrees with the formats of a file, and what is refused.
//! An amount in another currency or another unit is worse than a refusal.

use super::*;

fn formats(currency: AmountCurrency) -> Formats {
    Formats {
        date_order: DateOrder::DayFirst,
        years: TwoDigitYears { last: 2046 },
        decimal_mark: DecimalMark::Comma,
        time_zone: TimeZone::get("Asia/Shanghai").unwrap(),
        currency,
        plain_percent: PlainPercent::Percent,
        power: 0,
        sign: None,
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
        ("1,2万", AmountCurrency::Told(Currency::CNY), "12000.00 CNY"),
        ("1,2m", AmountCurrency::Told(Currency::CNY), "! unit-unclear"),
        ("¥1.234,50元", AmountCurrency::Usual(Currency::CNY), "1234.50 CNY"),
        ("$100元", AmountCurrency::Usual(Currency::CNY), "! not-a-number"),
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
            shown_in: 0,
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
fn what_counts_in_thousands_is_multiplied_once() {
    let formats = Formats { power: 3, ..formats(AmountCurrency::Told(Currency::EUR)) };
    let of_workbook = |plain: &str, shown_in| {
        CellKind::Number(NumberCell {
            plain: plain.to_owned(),
            per_cent: None,
            sign: None,
            unclear: None,
            shown_in,
            has_lost_digits: false,
        })
    };
    for (kind, text, cell, expected) in [
        (Kind::Money, "12,5", CellKind::Text, "12500.00 EUR"),
        (Kind::Money, "12,5 T€", CellKind::Text, "12500.00 EUR"),
        (Kind::Money, "12,5 Mio", CellKind::Text, "! unit-disagrees"),
        (Kind::Integer, "2,5", CellKind::Text, "2500"),
        (Kind::Decimal, "-0,5", CellKind::Text, "-500"),
        (Kind::Money, "12.5", of_workbook("12.5", 0), "12500.00 EUR"),
        (Kind::Money, "12500", of_workbook("12500", 3), "12500.00 EUR"),
        (Kind::Money, "12500", of_workbook("12500", 6), "! unit-disagrees"),
    ] {
        let field = Field::new("name", kind);
        let read = read_cell(crate::RECORD_TYPES[0], &field, text, &cell, &formats);
        let read = read.map_or_else(|one| format!("! {}", one.code), |one| one.to_text());
        assert_eq!(read, expected, "{text}");
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
        ("2026-03-08T09:00-10:00", "2026-03-08T19:00:00Z"),
        ("2026-03-08 09:00-10:00", "! not-a-time"),
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
