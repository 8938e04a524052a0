//! Numbers as people of many countries write them, and texts that only look like numbers.
//! A wrong amount that nobody notices is worse than a refusal.

use super::*;

fn read(text: &str, mark: DecimalMark) -> String {
    match read_number(text, mark) {
        Ok(number) => {
            let currencies = number.sign.map_or(&[][..], |sign| sign.currencies);
            let codes: Vec<&str> = currencies.iter().map(|currency| currency.code()).collect();
            let percent = if number.is_percent { " %" } else { "" };
            format!("{}{percent} {}", number.plain, codes.join("/")).trim_end().to_owned()
        }
        Err(NumberFault::NotANumber) => "!".to_owned(),
        Err(NumberFault::Marks) => "! marks".to_owned(),
        Err(NumberFault::Unit) => "! unit".to_owned(),
    }
}

#[test]
fn numbers_of_many_countries() {
    use DecimalMark::{Comma, Point};
    for (text, mark, expected) in [
        ("1,234.50", Point, "1234.50"),
        ("1.234,50", Comma, "1234.50"),
        ("12,34,567.5", Point, "1234567.5"),
        ("1'234.50", Point, "1234.50"),
        ("1’234’567", Comma, "1234567"),
        ("1 234,50", Comma, "1234.50"),
        ("1\u{a0}234\u{202f}567,5", Comma, "1234567.5"),
        ("１，２３４．５０", Point, "1234.50"),
        ("－５", Point, "-5"),
        ("(12.5)", Point, "-12.5"),
        ("（１２．５）", Point, "-12.5"),
        ("-3", Point, "-3"),
        ("3-", Point, "-3"),
        ("3 -", Point, "-3"),
        ("\u{2212}3", Point, "-3"),
        ("+3", Point, "3"),
        ("-0", Point, "0"),
        (".5", Point, "0.5"),
        ("-,5", Comma, "-0.5"),
        ("007", Point, "007"),
        ("15 %", Point, "15 %"),
        ("12,5%", Comma, "12.5 %"),
    ] {
        assert_eq!(read(text, mark), expected, "{text}");
    }
}

#[test]
fn currencies_stand_on_either_side() {
    use DecimalMark::{Comma, Point};
    for (text, mark, expected) in [
        ("9.00 USD", Point, "9.00 USD"),
        ("9.00USD", Point, "9.00 USD"),
        ("USD 9.00", Point, "9.00 USD"),
        ("usd9", Point, "9 USD"),
        ("US$ -9.00", Point, "-9.00 USD"),
        ("-US$9.00", Point, "-9.00 USD"),
        ("US-$ 9.00", Point, "9.00 USD"),
        ("(€ 2.000)", Comma, "-2000 EUR"),
        ("1.000 €", Comma, "1000 EUR"),
        ("1.000 €-", Comma, "-1000 EUR"),
        ("CHF 1'000", Point, "1000 CHF"),
        ("¥ 1 234", Point, "1234 CNY/JPY"),
        ("￥１００", Point, "100 CNY/JPY"),
        ("¥100 CNY", Point, "100 CNY"),
        ("100元", Point, "100 CNY/TWD/HKD/MOP"),
        ("人民币100.00", Point, "100.00 CNY"),
        ("Rs. 500", Point, "500 INR/PKR/LKR/NPR/MUR/SCR"),
        ("Rs.500", Point, "500 INR/PKR/LKR/NPR/MUR/SCR"),
        ("R$ 1.000,00", Comma, "1000.00 BRL"),
        ("£100 EUR", Point, "!"),
        ("¥1,234.50元", Point, "1234.50 CNY"),
        ("人民币¥8元", Point, "8 CNY"),
        ("¥500円", Point, "500 JPY"),
        ("US$5美元", Point, "5 USD"),
        ("1234元整", Point, "1234 CNY/TWD/HKD/MOP"),
        ("€5美元", Point, "!"),
    ] {
        assert_eq!(read(text, mark), expected, "{text}");
    }
}

#[test]
fn thousands_beside_a_number_are_multiplied_where_they_can_mean_nothing_else() {
    use DecimalMark::{Comma, Point};
    for (text, mark, expected) in [
        ("12.5万", Point, "125000"),
        ("12.5万元", Point, "125000 CNY/TWD/HKD/MOP"),
        ("１２万元", Point, "120000 CNY/TWD/HKD/MOP"),
        ("¥1.25亿", Point, "125000000 CNY/JPY"),
        ("3百万美元", Point, "3000000 USD"),
        ("1,234万", Point, "12340000"),
        ("5千", Point, "5000"),
        ("8 萬 元", Point, "80000 CNY/TWD/HKD/MOP"),
        ("12万元人民币", Point, "120000 CNY"),
        ("3k", Point, "3000"),
        ("3.5K", Point, "3500"),
        ("US$1.2m", Point, "1200000 USD"),
        ("EUR 1.2 m", Point, "1200000 EUR"),
        ("1,2 Mio. €", Comma, "1200000 EUR"),
        ("3 Tsd. EUR", Comma, "3000 EUR"),
        ("4 TEUR", Comma, "4000 EUR"),
        ("-2,5 T€", Comma, "-2500 EUR"),
        ("(1.5k)", Point, "-1500"),
        ("2 million USD", Point, "2000000 USD"),
        ("1,5 Mrd", Comma, "1500000000"),
        ("5 lakh", Point, "500000"),
        ("0.00012345万", Point, "1.2345"),
    ] {
        assert_eq!(read(text, mark), expected, "{text}");
    }
    for text in ["1.2m", "1.2M", "5 t", "7 mm", "3b", "2 mil", "2 mil €", "4 th"] {
        let fault = read_number(text, Point).unwrap_err();
        assert_eq!(fault, NumberFault::Unit, "{text}");
    }
    assert_eq!(read("12,5万", Point), "! marks");
}

#[test]
fn powers_of_ten_are_exact() {
    for (plain, power, expected) in [
        ("0.07", 2, "7"),
        ("0.190", 2, "19"),
        ("0.0725", 2, "7.25"),
        ("-0.5", 2, "-50"),
        ("1", 2, "100"),
        ("12.345", 2, "1234.5"),
        ("0.001", 2, "0.1"),
        ("0", 4, "0"),
    ] {
        assert_eq!(times_ten(plain, power), expected, "{plain}");
    }
    for (plain, power, expected) in
        [("1234567", 3, "1234.567"), ("-5", 3, "-0.005"), ("120.5", 1, "12.05"), ("0", 4, "0")]
    {
        assert_eq!(by_ten(plain, power), expected, "{plain}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for text in [
        "", "-", "1e5", "3 pcs", "--3", "-3-", "(-3)", "(3", "3)", "5 % USD", "1/2", "½", "12:30",
        "1 2 3 x", "$", "5.", "5%%", "100+", "12万件", "5千克", "万12", "3k 2m", "12万%", "$100元",
        "12 ttl", "-(-5)", "1_000", "0x10",
    ] {
        assert_eq!(read(text, DecimalMark::Point), "!", "{text}");
    }
    for (text, mark) in [
        ("10,00", DecimalMark::Point),
        ("1,5", DecimalMark::Point),
        ("1.000,50", DecimalMark::Point),
        ("1,234.50", DecimalMark::Comma),
        ("1,2345", DecimalMark::Point),
        ("0,123", DecimalMark::Point),
        ("1.5.2", DecimalMark::Point),
        ("1 23", DecimalMark::Point),
        ("1,234 567", DecimalMark::Point),
        ("1234,567", DecimalMark::Point),
    ] {
        assert_eq!(read(text, mark), "! marks", "{text}");
    }
}

#[test]
fn texts_tell_their_decimal_mark_or_not() {
    use DecimalMark::{Comma, Point};
    for (text, expected) in [
        ("5", Evidence::Nothing),
        ("1 234", Evidence::Nothing),
        ("0.0", Evidence::Is(Point)),
        ("1,234.5", Evidence::Is(Point)),
        ("1.234,5", Evidence::Is(Comma)),
        ("0,5", Evidence::Is(Comma)),
        ("10,00", Evidence::Is(Comma)),
        ("1,234,567", Evidence::Is(Point)),
        ("0.500", Evidence::Is(Point)),
        ("1234.567", Evidence::Is(Point)),
        ("1,234", Evidence::Either),
        ("1.000 €", Evidence::Either),
        ("12.500 EUR", Evidence::Either),
        ("(2.000)", Evidence::Either),
        ("2.000-", Evidence::Either),
        ("１，０００", Evidence::Either),
        ("about 1.000", Evidence::Nothing),
        ("12.5万", Evidence::Is(Point)),
        ("1,234万", Evidence::Either),
    ] {
        assert_eq!(marks_of(text), expected, "{text}");
    }
}

#[test]
fn numbers_of_workbooks_have_fifteen_digits() {
    for (number, expected) in [
        (7.000_000_000_000_001, "7"),
        (0.1 + 0.2, "0.3"),
        (-12.5, "-12.5"),
        (1_234_567.0, "1234567"),
        (0.000_123, "0.000123"),
        (100.0, "100"),
        (1e20, "100000000000000000000"),
        (-0.0, "0"),
    ] {
        assert_eq!(fifteen_digits(number).as_deref(), Some(expected));
    }
    assert_eq!(fifteen_digits(f64::NAN), None);
}

proptest::proptest! {
    #[test]
    fn what_is_written_is_read(units in proptest::prelude::any::<i32>(), comma in 0..2_usize) {
        let mark = DecimalMark::ALL[comma];
        let (whole, cents) = (units.unsigned_abs() / 100, units.unsigned_abs() % 100);
        let mut written = String::new();
        for (at, digit) in whole.to_string().chars().rev().enumerate() {
            if at > 0 && at % 3 == 0 {
                written.insert(0, mark.other());
            }
            written.insert(0, digit);
        }
        let sign = if units < 0 { "-" } else { "" };
        let expected = format!("{sign}{whole}.{cents:02}");
        let read = read_number(&format!("{sign}{written}{}{cents:02}", mark.sign()), mark);
        proptest::prop_assert_eq!(read.unwrap().plain, expected);
        // The other mark never makes another number of it in silence.
        let text = format!("{written}{}{cents:02}", mark.sign());
        let other = DecimalMark::ALL[1 - comma];
        proptest::prop_assert!(read_number(&text, other).is_err());
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,20}") {
        for mark in DecimalMark::ALL {
            let _ = read_number(&text, mark);
        }
        let _ = marks_of(&text);
    }
}
