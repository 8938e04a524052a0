//! Numbers, money, dates and times as people of a language write them.

use std::sync::LazyLock;

use fixed_decimal::Decimal as Digits;
use guanxi_base::{Currency, Date, Money, TimeZone, Timestamp};
use guanxi_crm::access::Locale;
use guanxi_crm::insights::ExactSum;
use icu_decimal::DecimalFormatter;
use icu_locale_core::locale;
use maud::{Markup, html};

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

/// A number that is an estimate, in two significant digits: more would be pretended. Whole digits before
/// the mark stay where they are (`310`, `62`, `4.7`, `0.094`).
pub(crate) fn estimate(locale: Locale, value: f64) -> String {
    number(locale, &two_digits(value))
}

fn two_digits(value: f64) -> String {
    if !value.is_finite() {
        return "\u{2013}".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    // Rounding may carry into another place: 9.96 is 10.
    let rounded: f64 = format!("{value:.1e}").parse().unwrap_or(value);
    let place = rounded.abs().log10().floor() as i32;
    let digits = usize::try_from(1 - place).unwrap_or(0);
    let text = format!("{rounded:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A share of one as an estimate, in per cent.
pub(crate) fn estimated_share(locale: Locale, share: f64) -> String {
    // Next to nothing is not nothing, and nearly all is not all.
    match share * 100.0 {
        percent if percent > 0.0 && percent < 0.1 => {
            format!("< {}\u{a0}%", number(locale, "0.1"))
        }
        percent if percent > 99.0 && percent < 100.0 => "> 99\u{a0}%".to_owned(),
        percent => format!("{}\u{a0}%", estimate(locale, percent)),
    }
}

/// An amount with its currency.
pub(crate) fn money(locale: Locale, money: Money) -> String {
    plain_amount(locale, &money.amount_text(), money.currency)
}

/// A sum with its currency, however large it is.
pub(crate) fn exact_sum(locale: Locale, sum: ExactSum) -> String {
    plain_amount(locale, &sum.amount_text(), sum.currency)
}

/// A plain decimal text with its currency.
pub(crate) fn plain_amount(locale: Locale, plain: &str, currency: Currency) -> String {
    let amount = number(locale, plain);
    let code = currency.code();
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

/// The signs that stand before an amount.
const SIGNS: [char; 4] = ['\u{a5}', '\u{a3}', '\u{20ac}', '$'];

/// A sentence whose amounts stay on one line each: a browser breaks them behind a minus, and before a code.
pub(crate) fn sentence(text: &str) -> Markup {
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(letter) = text[at..].chars().next() {
        let before = text[..at].chars().next_back();
        let begins = before.is_none_or(|before| !before.is_ascii_alphanumeric());
        match amount_length(&text[at..]).filter(|_| begins) {
            Some(length) => {
                parts.push((&text[from..at], &text[at..at + length]));
                at += length;
                from = at;
            }
            None => at += letter.len_utf8(),
        }
    }
    html! {
        @for (words, amount) in parts { (words) span class="gx-amount" { (amount) } }
        (text[from..])
    }
}

/// The length of an amount that a text begins with and that a line might break in.
fn amount_length(text: &str) -> Option<usize> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let plain = unsigned.strip_prefix(SIGNS).unwrap_or(unsigned);
    let is_digit = |letter: char| letter.is_ascii_digit();
    if !plain.starts_with(is_digit) {
        return None;
    }
    let after = plain.trim_start_matches(|letter| is_digit(letter) || matches!(letter, ',' | '.'));
    let number = plain[..plain.len() - after.len()].trim_end_matches([',', '.']);
    let end = text.len() - plain.len() + number.len();
    let code = text[end..].strip_prefix(' ').and_then(|code| code.split_at_checked(3));
    let is_code = code.is_some_and(|(code, after)| {
        code.bytes().all(|letter| letter.is_ascii_uppercase())
            && !after.starts_with(|next: char| next.is_ascii_alphanumeric())
    });
    match is_code {
        true => Some(end + " CNY".len()),
        false => (text.starts_with('-') && plain.len() < unsigned.len()).then_some(end),
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
    fn estimates_have_two_digits() {
        for (value, wanted) in [
            (309.300546, "310"),
            (61.7417, "62"),
            (4.7297, "4.7"),
            (0.0943, "0.094"),
            (9.96, "10"),
            (0.999, "1"),
            (99.6, "100"),
            (1234.5, "1,200"),
            (-0.5, "-0.5"),
            (0.0, "0"),
            (0.000001, "0.000001"),
            (f64::NAN, "\u{2013}"),
        ] {
            assert_eq!(estimate(Locale::En, value), wanted);
        }
        let share = |share| estimated_share(Locale::En, share);
        assert_eq!(
            [share(0.617417), share(0.0), share(1.0)],
            ["62\u{a0}%", "0\u{a0}%", "100\u{a0}%"]
        );
        assert_eq!([share(0.00004), share(0.9996)], ["< 0.1\u{a0}%", "> 99\u{a0}%"]);
    }

    #[test]
    fn an_amount_in_a_sentence_does_not_break() {
        let marked = |text: &str| {
            let html = sentence(text).into_string();
            html.replace("<span class=\"gx-amount\">", "[").replace("</span>", "]")
        };
        for (text, wanted) in [
            ("They owe -\u{20ac}5.00.", "They owe [-\u{20ac}5.00]."),
            ("\u{6b20}-\u{a5}1,234.50\u{ff0c}", "\u{6b20}[-\u{a5}1,234.50]\u{ff0c}"),
            ("-$3 + 1,200.5 CHF, 5 JPY", "[-$3] + [1,200.5 CHF], [5 JPY]"),
            ("-0.50 KWD", "[-0.50 KWD]"),
            // What breaks nowhere, and what is no amount.
            ("\u{20ac}5.00 and -5 of 2026-03-08", "\u{20ac}5.00 and -5 of 2026-03-08"),
            ("A-1 SO-000123 5 CNYX & <b>", "A-1 SO-000123 5 CNYX &amp; &lt;b&gt;"),
            ("", ""),
        ] {
            assert_eq!(marked(text), wanted);
        }
    }

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
