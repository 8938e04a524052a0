//! What stands before and behind amounts: signs and codes of currencies, in any writing.
//! A sign can mean several currencies; it never changes which one an amount is in.

use std::collections::HashMap;
use std::sync::LazyLock;

use guanxi_base::Currency;
use guanxi_record::half_width;

/// What stands beside an amount.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sign {
    /// The currencies that it can mean.
    pub(crate) currencies: &'static [Currency],
    /// Whether it is a code of ISO 4217, which means one and says so.
    pub(crate) is_code: bool,
}

impl Sign {
    /// Whether it can mean this currency.
    pub(crate) fn can_mean(self, currency: Currency) -> bool {
        self.currencies.contains(&currency)
    }
}

static SIGNS: LazyLock<HashMap<String, (Vec<Currency>, bool)>> = LazyLock::new(|| {
    let mut signs: HashMap<String, (Vec<Currency>, bool)> = HashMap::new();
    for currency in Currency::all() {
        signs.insert(currency.code().to_lowercase(), (vec![currency], true));
    }
    let lines = include_str!("../../data/currency-signs.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let Some(sign) = words.next() else { continue };
        let currencies = words.filter_map(|code| code.parse().ok()).collect();
        signs.insert(sign.to_lowercase(), (currencies, false));
    }
    signs
});

/// What a sign, a code or a name of a currency means; none if it is not known as one.
pub(crate) fn sign_of(sign: &str) -> Option<Sign> {
    let plain = sign.trim().trim_end_matches('.').to_lowercase();
    SIGNS.get(&plain).map(|(currencies, is_code)| Sign { currencies, is_code: *is_code })
}

/// The currency of a number format of a workbook, such as `[$EUR]` or `#,##0.00 "EUR"`.
pub(crate) fn sign_of_format(code: &str) -> Option<Sign> {
    if let Some((_, rest)) = code.split_once("[$") {
        let inside = rest.split_once(']').map_or(rest, |(inside, _)| inside);
        let (sign, country) = inside.rsplit_once('-').unwrap_or((inside, ""));
        let known = sign_of(&half_width(sign))?;
        let here = match country.to_ascii_lowercase().trim_start_matches('0') {
            "409" => "USD",
            "804" => "CNY",
            "411" => "JPY",
            "809" => "GBP",
            "404" => "TWD",
            "c04" => "HKD",
            "1404" => "MOP",
            "1004" | "4809" => "SGD",
            "1009" | "c0c" => "CAD",
            "c09" => "AUD",
            "1409" => "NZD",
            "80a" => "MXN",
            "41d" => "SEK",
            "414" | "814" => "NOK",
            "406" => "DKK",
            _ => return Some(known),
        };
        let exact = sign_of(here)?;
        let is_meant = exact.currencies.iter().all(|currency| known.can_mean(*currency));
        return Some(if is_meant { Sign { is_code: known.is_code, ..exact } } else { known });
    }
    // Without brackets: text in quotation marks or behind backslashes, or a sign as it stands.
    let first = code.split(';').next().unwrap_or_default();
    let mut word = String::new();
    let mut words = Vec::new();
    let mut inside_brackets = false;
    for c in first.chars() {
        match c {
            '[' => inside_brackets = true,
            ']' => inside_brackets = false,
            _ if inside_brackets => {}
            '"' | '\\' => {}
            '#' | '0' | '?' | ',' | '.' | ' ' | '_' | '*' | '-' | '+' | '(' | ')' | '/' | '%' => {
                words.push(std::mem::take(&mut word));
            }
            other => word.push(other),
        }
    }
    words.push(word);
    words.iter().filter(|word| !word.is_empty()).find_map(|word| sign_of(&half_width(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(found: Option<Sign>) -> String {
        let found = found.map_or(&[][..], |sign| sign.currencies);
        let codes = found.iter().map(|one| one.code().to_owned());
        codes.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn signs_mean_what_they_can_mean() {
        for (sign, expected) in [
            ("EUR", "EUR"),
            ("eur", "EUR"),
            ("Rs.", "INR PKR LKR NPR MUR SCR"),
            ("¥", "CNY JPY"),
            ("人民币", "CNY"),
            ("US$", "USD"),
            ("万", ""),
            ("pcs", ""),
        ] {
            assert_eq!(codes(sign_of(sign)), expected, "{sign}");
        }
    }

    #[test]
    fn formats_of_workbooks_tell_the_currency() {
        for (code, expected) in [
            ("#,##0.00 [$€-407]", "EUR"),
            ("[$$-409]#,##0.00", "USD"),
            ("[$¥-804]#,##0.00", "CNY"),
            ("[$￥-411]#,##0", "JPY"),
            ("[$EUR] #,##0.00", "EUR"),
            ("\"£\"#,##0.00;[Red]-\"£\"#,##0.00", "GBP"),
            ("#,##0.00\\ \"CHF\"", "CHF"),
            ("_-* #,##0.00\\ €_-", "EUR"),
            ("[$-409]d-mmm-yy", ""),
            ("#,##0.00", ""),
            ("[Red]0.0", ""),
        ] {
            assert_eq!(codes(sign_of_format(code)), expected, "{code}");
        }
    }
}
