//! What stands before and behind amounts: signs and codes of currencies, in any writing.
//! A sign can mean several currencies; it never changes which one an amount is in.

use std::collections::HashMap;
use std::sync::LazyLock;

use guanxi_base::Currency;

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

/// What two signs beside one amount mean together, as in `US$ 5 USD`; none if they disagree. What leaves
/// open which of several currencies is meant is no agreement.
pub(crate) fn agreed(one: Sign, other: Sign) -> Option<Sign> {
    if one.is_code || other.is_code {
        let (code, sign) = if one.is_code { (one, other) } else { (other, one) };
        return sign.can_mean(code.currencies[0]).then_some(code);
    }
    let is_within = |one: Sign, other: Sign| one.currencies.iter().all(|c| other.can_mean(*c));
    if is_within(one, other) {
        return Some(one);
    }
    if is_within(other, one) {
        return Some(other);
    }
    let mut common = one.currencies.iter().filter(|currency| other.can_mean(**currency));
    match (common.next(), common.next()) {
        (Some(only), None) => Some(Sign { is_code: false, ..sign_of(only.code())? }),
        _ => None,
    }
}

/// What a word means that is one sign, or two that agree, as in `RMB¥`.
pub(crate) fn signs_of(word: &str) -> Option<Sign> {
    sign_of(word).or_else(|| {
        let mut cuts = word.char_indices().skip(1).map(|(at, _)| word.split_at(at));
        cuts.find_map(|(one, other)| agreed(sign_of(one)?, sign_of(other)?))
    })
}

/// As [`signs_of`], of the rest of a word with a power of ten: letters that are more often a part
/// of another word are no sign there.
pub(crate) fn joined_sign(rest: &str) -> Option<Sign> {
    const WORDS: [&str; 4] = ["rmb", "kr", "euro", "euros"];
    let is_letters = rest.bytes().all(|byte| byte.is_ascii_alphabetic());
    signs_of(rest).filter(|sign| sign.is_code || !is_letters || WORDS.contains(&rest))
}

/// A sign as it is meant in a country: `$` is the dollar of Canada there.
pub(crate) fn in_region(sign: Sign, region: &str) -> Sign {
    let here = REGIONS.iter().find(|(known, _)| *known == region);
    let exact = here.and_then(|(_, code)| sign_of(code));
    match exact {
        Some(exact) if exact.currencies.iter().all(|currency| sign.can_mean(*currency)) => {
            Sign { is_code: sign.is_code, ..exact }
        }
        _ => sign,
    }
}

/// The country that a number format names beside a sign: `en-CA`, or a number such as `1009`.
pub(crate) fn region_of(place: &str) -> Option<String> {
    let place = place.split(',').next().unwrap_or_default();
    if let Some((_, region)) = place.rsplit_once(['-', '_']) {
        let is_region = region.len() == 2 && region.bytes().all(|b| b.is_ascii_alphabetic());
        return is_region.then(|| region.to_ascii_uppercase());
    }
    let number = u32::from_str_radix(place, 16).ok()? & 0xffff;
    let found = PLACES.iter().find(|(known, _)| *known == number);
    found.map(|(_, region)| (*region).to_owned())
}

/// The numbers of languages and countries whose signs mean several currencies.
const PLACES: &[(u32, &str)] = &[
    (0x0404, "TW"),
    (0x0406, "DK"),
    (0x0409, "US"),
    (0x040f, "IS"),
    (0x0411, "JP"),
    (0x0412, "KR"),
    (0x0414, "NO"),
    (0x0418, "RO"),
    (0x041d, "SE"),
    (0x0420, "PK"),
    (0x0439, "IN"),
    (0x045b, "LK"),
    (0x0461, "NP"),
    (0x0804, "CN"),
    (0x0807, "CH"),
    (0x0809, "GB"),
    (0x080a, "MX"),
    (0x0814, "NO"),
    (0x0818, "MD"),
    (0x081d, "FI"),
    (0x0c04, "HK"),
    (0x0c09, "AU"),
    (0x0c0c, "CA"),
    (0x1004, "SG"),
    (0x1009, "CA"),
    (0x100c, "CH"),
    (0x1404, "MO"),
    (0x1409, "NZ"),
    (0x1c0a, "DO"),
    (0x2009, "JM"),
    (0x240a, "CO"),
    (0x2809, "BZ"),
    (0x2c09, "TT"),
    (0x2c0a, "AR"),
    (0x340a, "CL"),
    (0x380a, "UY"),
    (0x4009, "IN"),
    (0x4809, "SG"),
    (0x540a, "US"),
];

/// The currency of each country whose sign means several.
const REGIONS: &[(&str, &str)] = &[
    ("AE", "AED"),
    ("AR", "ARS"),
    ("AU", "AUD"),
    ("BB", "BBD"),
    ("BM", "BMD"),
    ("BN", "BND"),
    ("BS", "BSD"),
    ("BZ", "BZD"),
    ("CA", "CAD"),
    ("CH", "CHF"),
    ("CL", "CLP"),
    ("CN", "CNY"),
    ("CO", "COP"),
    ("CR", "CRC"),
    ("CU", "CUP"),
    ("DK", "DKK"),
    ("DO", "DOP"),
    ("FJ", "FJD"),
    ("GY", "GYD"),
    ("HK", "HKD"),
    ("IN", "INR"),
    ("IS", "ISK"),
    ("JM", "JMD"),
    ("JP", "JPY"),
    ("KP", "KPW"),
    ("KR", "KRW"),
    ("KY", "KYD"),
    ("LK", "LKR"),
    ("LR", "LRD"),
    ("MA", "MAD"),
    ("MD", "MDL"),
    ("MO", "MOP"),
    ("MU", "MUR"),
    ("MX", "MXN"),
    ("NA", "NAD"),
    ("NO", "NOK"),
    ("NP", "NPR"),
    ("NZ", "NZD"),
    ("PK", "PKR"),
    ("RO", "RON"),
    ("SB", "SBD"),
    ("SC", "SCR"),
    ("SE", "SEK"),
    ("SG", "SGD"),
    ("SR", "SRD"),
    ("SV", "SVC"),
    ("TT", "TTD"),
    ("TW", "TWD"),
    ("US", "USD"),
    ("UY", "UYU"),
];

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
    fn two_signs_of_one_amount_agree_or_mean_nothing() {
        for (word, expected) in [
            ("人民币¥", "CNY"),
            ("元人民币", "CNY"),
            ("¥元", "CNY"),
            ("¥円", "JPY"),
            ("US$美元", "USD"),
            ("$元", ""),
            ("€£", ""),
            ("USD¥", ""),
            ("CNY¥", "CNY"),
            ("元整", "CNY TWD HKD MOP"),
        ] {
            assert_eq!(codes(signs_of(word)), expected, "{word}");
        }
    }

    #[test]
    fn a_country_says_which_of_the_currencies_of_a_sign_is_meant() {
        for (sign, place, expected) in [
            ("$", "409", "USD"),
            ("$", "0409", "USD"),
            ("$", "en-CA", "CAD"),
            ("$", "fr-CA", "CAD"),
            ("$", "en_AU", "AUD"),
            ("$", "zh-Hant-HK", "HKD"),
            ("¥", "ja-JP", "JPY"),
            ("¥", "804", "CNY"),
            ("kr", "nb-NO", "NOK"),
            ("Rs", "4009", "INR"),
            // A country that has no such sign leaves open what it means.
            ("¥", "de-DE", "CNY JPY"),
            ("¥", "en-US", "CNY JPY"),
            ("€", "x-euro2", "EUR"),
            ("€", "1", "EUR"),
        ] {
            let known = sign_of(sign).unwrap();
            let meant = region_of(place).map_or(known, |region| in_region(known, &region));
            assert_eq!(codes(Some(meant)), expected, "{sign} {place}");
        }
    }
}
