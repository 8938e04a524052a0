//! Telephone numbers: which digits of one count, and whether two are one.
//! One rule for search, filters, keys of an import, duplicates and what is kept.

use crate::text::folded;

/// Shorter ones are of a house or a service; longer ones are none (ITU-T E.164).
const DIGITS_MIN: usize = 5;
const DIGITS_MAX: usize = 17;
/// From so many digits on a national number is one of a kind in the world, more or less.
const NATIONAL_MIN: usize = 7;
/// Who writes no country and no area means this one: the mobile and area codes are told by shape.
const CHINA: &str = "86";
const NORTH_AMERICA: &str = "1";
/// Countries whose code has two digits; 1 and 7 have one, all others three (ITU-T E.164).
const TWO_DIGITS: &str = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 \
                          57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98";

/// A telephone number, by the digits that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telephone {
    /// The calling code of its country, where it is written or told by its shape.
    country: Option<String>,
    /// The number within the country, without what is only dialled before it.
    national: String,
    /// What is dialled after it.
    extension: String,
}

/// The digits, whether a country stands before them, and the extension.
struct Written {
    digits: String,
    with_country: bool,
    extension: String,
}

fn written(text: &str) -> Option<Written> {
    let text = folded(text);
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let words: Vec<&str> = include_str!("../data/telephone-words.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .collect();
    let end = text.find(|c: char| c.is_alphabetic() || matches!(c, '#' | ';' | ','));
    let (main, rest) = text.split_at(end.unwrap_or(text.len()));
    let mut with_country = false;
    let mut digits = String::new();
    let mut main = main.trim();
    // A zero in brackets is dialled at home only.
    let brackets = main.replace("(0)", "");
    if main.trim_start_matches('(').starts_with('+') {
        main = &brackets;
        with_country = true;
    }
    for c in main.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() => {}
            ' '
            | '-'
            | '('
            | ')'
            | '.'
            | '/'
            | '\u{b7}'
            | '\u{2010}'..='\u{2015}'
            | '\u{2212}'
            | '\u{30fb}'
            | '\u{30fc}'
            | '*'
            | '\u{a0}'
            | '\u{200b}'
            | '\u{202a}'..='\u{202e}' => {}
            _ => return None,
        }
    }
    let rest = rest.trim_start_matches([' ', ';', ',', '#', ':']);
    let extension = match rest {
        "" => "",
        rest => {
            let word_end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let (word, number) = rest.split_at(word_end);
            let word = word.trim_matches([' ', '.', ':', '=', '-', '#', '(']);
            let number = number.trim_end_matches([' ', ')']);
            let is_number = number.chars().all(|c| c.is_ascii_digit()) && number.len() <= 8;
            if !(word.is_empty() || words.contains(&word)) || !is_number || number.is_empty() {
                return None;
            }
            number
        }
    };
    Some(Written { digits, with_country, extension: extension.to_owned() })
}

/// The calling code that digits start with, and the rest.
fn country_of(digits: &str) -> Option<(&str, &str)> {
    let length = match digits.get(..2)? {
        start if start.starts_with(['1', '7']) => 1,
        start if TWO_DIGITS.split_whitespace().any(|code| code == start) => 2,
        _ => 3,
    };
    (digits.len() > length).then(|| digits.split_at(length))
}

fn is_chinese_mobile(digits: &str) -> bool {
    let network = digits.get(..3).unwrap_or_default();
    digits.len() == 11
        && match network.as_bytes() {
            [b'1', b'3' | b'8', _] => true,
            [b'1', b'4', b'5'..=b'9'] => true,
            [b'1', b'5', last] => *last != b'4',
            [b'1', b'6', last] => matches!(last, b'2' | b'5' | b'6' | b'7'),
            [b'1', b'7', last] => *last != b'9',
            [b'1', b'9', last] => *last != b'4',
            _ => false,
        }
}

fn is_north_american(national: &str) -> bool {
    let bytes = national.as_bytes();
    bytes.len() == 10 && bytes[0] >= b'2' && bytes[3] >= b'2'
}

impl Telephone {
    /// Reads what people write: any width, any punctuation, with `+`, `00` or without a country,
    /// with or without what is dialled at home, and an extension. None where it is no number.
    ///
    /// ```
    /// use guanxi_base::Telephone;
    /// let one = Telephone::read("+86 138-0013-8000").unwrap();
    /// assert!(one.is_same(&Telephone::read("１３８ ００１３ ８０００").unwrap()));
    /// assert_eq!(Telephone::read("call me"), None);
    /// ```
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let Written { digits, with_country, extension } = written(text)?;
        if !(DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) {
            return None;
        }
        let abroad = match (with_country, digits.strip_prefix("00")) {
            (true, _) => Some(digits.trim_start_matches('0')),
            (false, Some(rest)) if rest.len() >= 9 => Some(rest.trim_start_matches('0')),
            _ => None,
        };
        let (country, national) = match abroad.and_then(country_of) {
            Some((country, national)) => (Some(country), national),
            None if abroad.is_some() => (None, abroad.unwrap_or_default()),
            None => Self::at_home(&digits),
        };
        // None but Italy's and a few small countries' begin with a zero; it tells nothing there.
        let national = national.trim_start_matches('0');
        let (country, national) = (country.map(str::to_owned), national.to_owned());
        (national.len() >= 3).then_some(Self { country, national, extension })
    }

    /// The country that a number without one has by its shape, and the rest.
    fn at_home(digits: &str) -> (Option<&str>, &str) {
        let rest_of = |code: &str| digits.strip_prefix(code);
        if is_chinese_mobile(digits) {
            return (Some(CHINA), digits);
        }
        if let Some(rest) = rest_of(CHINA).filter(|rest| {
            is_chinese_mobile(rest) || (matches!(rest.len(), 10 | 11) && !rest.starts_with('1'))
        }) {
            return (Some(CHINA), rest);
        }
        if let Some(rest) = rest_of(NORTH_AMERICA).filter(|rest| is_north_american(rest)) {
            return (Some(NORTH_AMERICA), rest);
        }
        // As it is dialled within Russia.
        if digits.len() == 11 && digits.starts_with("8") && !digits.starts_with("80") {
            return (Some("7"), &digits[1..]);
        }
        (None, digits)
    }

    /// The digits that count, without country and extension.
    #[must_use]
    pub fn significant(&self) -> &str {
        &self.national
    }

    /// The calling code of its country, where it is known.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// What is dialled after it; empty where nothing is.
    #[must_use]
    pub fn extension(&self) -> &str {
        &self.extension
    }

    /// Whether both ring at one place: the digits that count are the same, and neither country nor
    /// extension speak against it where both say one.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let agrees = |one: &str, two: &str| one.is_empty() || two.is_empty() || one == two;
        let country = |one: &Self| one.country.clone().unwrap_or_default();
        self.national == other.national
            && self.national.len() >= NATIONAL_MIN.min(other.national.len())
            && agrees(&country(self), &country(other))
            && agrees(&self.extension, &other.extension)
    }

    /// The form in which it is kept: `+` and digits or digits, as it was written, and `x` before
    /// an extension.
    #[must_use]
    pub fn kept(text: &str) -> Option<String> {
        let Written { digits, with_country, extension } = written(text)?;
        if !(DIGITS_MIN..=20).contains(&digits.len()) {
            return None;
        }
        let plus = if with_country { "+" } else { "" };
        let extension = Some(extension).filter(|one| !one.is_empty());
        let after = extension.map(|one| format!("x{one}")).unwrap_or_default();
        Some(format!("{plus}{digits}{after}"))
    }
}

impl Telephone {
    /// The forms in which it may be kept, where its country is known or is one of the usual.
    #[must_use]
    pub fn kept_forms(&self) -> Vec<String> {
        let national = &self.national;
        let mut forms = vec![national.clone(), format!("0{national}")];
        let countries = match self.country.as_deref() {
            Some(country) => vec![country],
            None => vec![CHINA, NORTH_AMERICA],
        };
        for country in countries {
            for before in [format!("+{country}"), country.to_owned(), format!("00{country}")] {
                forms.push(format!("{before}{national}"));
                forms.push(format!("{before}0{national}"));
            }
        }
        // Without its country it may read as a number of another one.
        forms.retain(|form| Self::read(form).is_some_and(|one| one.is_same(self)));
        forms
    }
}

/// The digits by which a number, or the part of one that somebody types, is looked for: as they
/// stand, and without what may be left out before them. Empty where the text is no number.
///
/// ```
/// use guanxi_base::telephone_digits;
/// assert_eq!(telephone_digits("0086 138 0013 8000"), ["8613800138000", "13800138000"]);
/// assert_eq!(telephone_digits("555-0123"), ["5550123"]);
/// assert!(telephone_digits("B-12").is_empty());
/// ```
#[must_use]
pub fn telephone_digits(text: &str) -> Vec<String> {
    let Some(written) = written(text) else { return Vec::new() };
    let plain = written.digits.trim_start_matches('0');
    if written.digits.len() < 3 || plain.is_empty() {
        return Vec::new();
    }
    let mut all = vec![plain.to_owned()];
    // A zero in the middle of a number may be where somebody begins to type.
    if plain.len() < NATIONAL_MIN && plain.len() < written.digits.len() {
        all.insert(0, written.digits.clone());
    }
    // What is left of a number that somebody begins with its country would be found everywhere.
    if let Some(telephone) = Telephone::read(text) {
        let alone = Telephone::read(&telephone.national);
        if alone.is_some_and(|alone| alone.is_same(&telephone)) {
            all.push(telephone.national);
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|digits| seen.insert(digits.clone()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let read = |text: &str| Telephone::read(text).unwrap_or_else(|| panic!("{text}"));
        read(one).is_same(&read(other)) && read(other).is_same(&read(one))
    }

    #[test]
    fn one_telephone_is_written_in_many_ways() {
        for group in [
            &[
                "13800138000",
                "+86 138 0013 8000",
                "8613800138000",
                "0086-138-0013-8000",
                "(+86)138.0013.8000",
                "１３８００１３８０００",
                "tel:+86-138-0013-8000",
            ][..],
            &["0755-26001234", "+86 755 2600 1234", "(0755) 26001234", "00867552600 1234"],
            &["0573-8212345", "+86 573 8212345", "05738212345"],
            &["+14155550123", "(415) 555-0123", "415.555.0123", "1-415-555-0123", "4155550123"],
            &["+49 (0)30 901820", "030 901820", "0049 30 901820", "+49 30 90 18 20"],
            &["+44 20 7946 0000", "+44 (0)20 7946 0000", "020 7946 0000", "+4402079460000"],
            &["+7 495 123-45-67", "8 (495) 123-45-67"],
            &["0755-26001234 转 801", "0755-26001234 ext. 801", "+8675526001234x801"],
        ] {
            for other in group {
                assert!(same(group[0], other), "{} {other}", group[0]);
            }
        }
        assert!(same("0755-26001234 转 801", "0755-26001234"));
    }

    #[test]
    fn other_telephones_are_others() {
        for (one, other) in [
            ("13800138000", "13800138001"),
            ("+86 13800138000", "+1 3800138000"),
            ("+65 6123 4567", "+852 6123 4567"),
            ("0755-26001234 转 801", "0755-26001234 转 802"),
            ("010-26001234", "021-26001234"),
            ("12345", "212345"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
        for text in
            ["", "-", "n/a", "无", "12", "call me", "1234567890123456789", "138x", "a5555555"]
        {
            assert_eq!(Telephone::read(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_kept_is_plain() {
        for (text, kept) in [
            ("+86 (138) 0013-8000", "+8613800138000"),
            ("０７５５－２６００１２３４", "075526001234"),
            ("0755–26001234 转801", "075526001234x801"),
            ("0755-26001234 ext 801", "075526001234x801"),
            ("+44 (0)20 7946 0000", "+442079460000"),
        ] {
            assert_eq!(Telephone::kept(text).as_deref(), Some(kept), "{text}");
            assert_eq!(Telephone::kept(kept).as_deref(), Some(kept), "{text}");
        }
        assert_eq!(Telephone::kept("call me"), None);
        assert_eq!(Telephone::kept("1234"), None);
    }

    #[test]
    fn parts_are_looked_for_by_their_digits() {
        assert_eq!(telephone_digits("+86 139"), ["86139"]);
        assert_eq!(telephone_digits("0573-8212345"), ["5738212345"]);
        assert_eq!(telephone_digits("0123"), ["0123", "123"]);
        assert!(telephone_digits("000").is_empty() && telephone_digits("so-12").is_empty());
    }
}
