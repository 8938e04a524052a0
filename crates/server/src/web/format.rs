//! Numbers, money, dates and times as people of a language write them.

use std::sync::LazyLock;

use fixed_decimal::Decimal as Digits;
use guanxi_base::{Date, Money, TimeZone, Timestamp};
use guanxi_crm::access::Locale;
use icu_decimal::DecimalFormatter;
use icu_locale_core::locale;

static ENGLISH: LazyLock<Option<DecimalFormatter>> =
    LazyLock::new(|| DecimalFormatter::try_new(locale!("en").into(), Default::default()).ok());
static CHINESE: LazyLock<Option<DecimalFormatter>> =
    LazyLock::new(|| DecimalFormatter::try_new(locale!("zh-CN").into(), Default::default()).ok());

/// A plain decimal text with the marks of the language.
pub(crate) fn number(locale: Locale, plain: &str) -> String {
    let formatter = match locale {
        Locale::En => &*ENGLISH,
        Locale::ZhCn => &*CHINESE,
    };
    match (formatter, Digits::try_from_str(plain)) {
        (Some(formatter), Ok(digits)) => formatter.format(&digits).to_string(),
        _ => plain.to_owned(),
    }
}

/// An amount with its currency.
pub(crate) fn money(locale: Locale, money: Money) -> String {
    let amount = number(locale, &money.amount_text());
    let code = money.currency.code();
    let sign = match (code, locale) {
        ("CNY", _) => "\u{a5}",
        ("GBP", _) => "\u{a3}",
        ("EUR", _) => "\u{20ac}",
        ("USD", Locale::En) => "$",
        _ => return format!("{amount} {code}"),
    };
    match amount.strip_prefix('-') {
        Some(rest) => format!("-{sign}{rest}"),
        None => format!("{sign}{amount}"),
    }
}

/// A date.
pub(crate) fn date(locale: Locale, date: Date) -> String {
    match locale {
        Locale::En => date.strftime("%-d %b %Y").to_string(),
        Locale::ZhCn => date.strftime("%Y-%m-%d").to_string(),
    }
}

/// A time in the reader's zone.
pub(crate) fn instant(locale: Locale, instant: Timestamp, zone: &TimeZone) -> String {
    let zoned = instant.to_zoned(zone.clone());
    match locale {
        Locale::En => zoned.strftime("%-d %b %Y %H:%M").to_string(),
        Locale::ZhCn => zoned.strftime("%Y-%m-%d %H:%M").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_of_both_languages_read_it() {
        let amount: Money = Money::new(-123_456_789_000, guanxi_base::Currency::CNY);
        assert_eq!(money(Locale::ZhCn, amount), "-\u{a5}12,345,678.90");
        assert_eq!(number(Locale::En, "1234.5"), "1,234.5");
        let day = "2026-03-08".parse().unwrap();
        assert_eq!(date(Locale::En, day), "8 Mar 2026");
        let moment = "2026-03-08T23:30:00Z".parse().unwrap();
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(instant(Locale::ZhCn, moment, &shanghai), "2026-03-09 07:30");
    }
}
