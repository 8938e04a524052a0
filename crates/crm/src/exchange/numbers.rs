//! Numbers and amounts as people write them. What stands before decimals is decided for a whole
//! file or column; a number that does not fit is refused, never read another way.

use guanxi_record::half_width;

use super::signs::{Sign, sign_of};

/// What stands between the whole and the fraction of a number.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// 1,234.50
    Point,
    /// 1.234,50
    Comma,
}

impl DecimalMark {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Point, Self::Comma];

    /// The mark.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    /// The mark of this sign.
    #[must_use]
    pub fn of_sign(sign: char) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.sign() == sign)
    }

    /// The mark that can stand between thousands then.
    fn other(self) -> char {
        match self {
            Self::Point => ',',
            Self::Comma => '.',
        }
    }
}

impl std::fmt::Display for DecimalMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.sign())
    }
}

/// A number as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadNumber {
    /// In plain digits with a point, such as `-1234.5`.
    pub plain: String,
    /// Whether it was written per cent.
    pub is_percent: bool,
    /// The sign or code of a currency beside it.
    pub(crate) sign: Option<Sign>,
}

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberFault {
    /// It is none in any writing.
    NotANumber,
    /// Its marks do not fit the decimal mark: `10,00` where the point stands before decimals.
    Marks,
}

/// A text cut into its digits with their marks, and what stands around them.
struct Parts<'a> {
    digits: &'a str,
    is_negative: bool,
    is_percent: bool,
    sign: Option<Sign>,
}

/// Reads a number by its decimal mark. Thousands stand in groups of three (or as in India of
/// two), between marks that are not the decimal one; the minus may stand before or behind, or
/// brackets around; a currency may stand on either side.
///
/// # Errors
/// `NotANumber`, or `Marks` where the other decimal mark would make it one.
pub fn read_number(text: &str, mark: DecimalMark) -> Result<ReadNumber, NumberFault> {
    let text = half_width(text);
    let parts = parts(&text).ok_or(NumberFault::NotANumber)?;
    let Some(mut plain) = plain(parts.digits, mark) else {
        let fits_another = DecimalMark::ALL.iter().any(|m| plain(parts.digits, *m).is_some());
        let marks = [NumberFault::NotANumber, NumberFault::Marks];
        return Err(marks[usize::from(fits_another || has_marks_only(parts.digits))]);
    };
    if parts.is_negative && plain.bytes().any(|digit| matches!(digit, b'1'..=b'9')) {
        plain.insert(0, '-');
    }
    Ok(ReadNumber { plain, is_percent: parts.is_percent, sign: parts.sign })
}

/// Which decimal marks a text allows, and whether they would make different numbers of it.
pub(crate) fn marks_of(text: &str) -> Evidence {
    if !text.contains(['.', ',', '\u{ff0c}', '\u{ff0e}']) {
        return Evidence::Nothing;
    }
    let text = half_width(text);
    let Some(parts) = parts(&text) else { return Evidence::Nothing };
    match DecimalMark::ALL.map(|mark| plain(parts.digits, mark)) {
        [Some(_), None] => Evidence::Is(DecimalMark::Point),
        [None, Some(_)] => Evidence::Is(DecimalMark::Comma),
        [Some(point), Some(comma)] if !same(&point, &comma) => Evidence::Either,
        _ => Evidence::Nothing,
    }
}

/// What one text says about the decimal mark of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Nothing: it has no marks, or is no number.
    Nothing,
    /// It is a number with this mark only.
    Is(DecimalMark),
    /// It is another number with either.
    Either,
}

fn same(point: &str, comma: &str) -> bool {
    let significant = |text: &str| {
        let text = if text.contains('.') { text.trim_end_matches('0') } else { text };
        text.trim_end_matches('.').trim_start_matches('0').to_owned()
    };
    significant(point) == significant(comma)
}

fn has_marks_only(digits: &str) -> bool {
    digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | ' '))
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let text = text.trim();
    let mut first = text.find(|c: char| c.is_ascii_digit())?;
    let last = text.rfind(|c: char| c.is_ascii_digit())?;
    // A fraction without its zero: the mark belongs to the digits, unless a word ends with it.
    let before = &text[..first];
    if before.ends_with(['.', ',']) {
        let rest = &before[..before.len() - 1];
        if !rest.ends_with(|c: char| c.is_alphabetic()) {
            first -= 1;
        }
    }
    let (prefix, suffix) = (affix(&text[..first])?, affix(&text[last + 1..])?);
    if !has_marks_only(&text[first..=last]) {
        return None;
    }
    let signs = prefix.minus + suffix.minus + prefix.plus + suffix.plus;
    let is_bracketed = match (prefix.opens, suffix.closes, prefix.closes + suffix.opens) {
        (0, 0, 0) => false,
        (1, 1, 0) if signs == 0 => true,
        _ => return None,
    };
    if signs > 1 || prefix.percent + suffix.percent > 1 {
        return None;
    }
    let is_percent = prefix.percent + suffix.percent == 1;
    let sign = match (prefix.sign, suffix.sign) {
        (None, one) | (one, None) => one,
        // Twice said, it must be said the same way.
        (Some(a), Some(b)) if a.is_code && b.can_mean(a.currencies[0]) => Some(a),
        (Some(a), Some(b)) if b.is_code && a.can_mean(b.currencies[0]) => Some(b),
        _ => return None,
    };
    if is_percent && sign.is_some() {
        return None;
    }
    let is_negative = is_bracketed || prefix.minus + suffix.minus == 1;
    Some(Parts { digits: &text[first..=last], is_negative, is_percent, sign })
}

#[derive(Default)]
struct Affix {
    minus: u8,
    plus: u8,
    opens: u8,
    closes: u8,
    percent: u8,
    sign: Option<Sign>,
}

/// What stands on one side of the digits: signs at its ends, and a currency.
fn affix(text: &str) -> Option<Affix> {
    let mut found = Affix::default();
    let mut rest = text.trim();
    loop {
        let mut note = |c: char| {
            let count = match c {
                '-' => &mut found.minus,
                '+' => &mut found.plus,
                '(' => &mut found.opens,
                ')' => &mut found.closes,
                '%' => &mut found.percent,
                _ => return false,
            };
            *count += 1;
            true
        };
        if rest.is_empty() {
            return Some(found);
        }
        if let Some(c) = rest.chars().next().filter(|c| note(*c)) {
            rest = rest[c.len_utf8()..].trim();
        } else if let Some(c) = rest.chars().next_back().filter(|c| note(*c)) {
            rest = rest[..rest.len() - c.len_utf8()].trim();
        } else {
            found.sign = Some(sign_of(rest)?);
            return Some(found);
        }
        if found.minus + found.plus + found.opens + found.closes + found.percent > 4 {
            return None;
        }
    }
}

/// Digits and marks as plain digits with a point.
fn plain(digits: &str, mark: DecimalMark) -> Option<String> {
    let (whole, fraction) = match digits.split_once(mark.sign()) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !fraction.is_none_or(is_digits) {
        return None;
    }
    let mut plain = if whole.is_empty() && fraction.is_some() {
        "0".to_owned()
    } else if is_digits(whole) {
        whole.to_owned()
    } else {
        grouped(whole, mark)?
    };
    if let Some(fraction) = fraction {
        plain.push('.');
        plain.push_str(fraction);
    }
    Some(plain)
}

/// The digits of a whole number with marks between its thousands.
fn grouped(whole: &str, mark: DecimalMark) -> Option<String> {
    let between = whole.chars().find(|c| !c.is_ascii_digit())?;
    if !(between == mark.other() || matches!(between, '\'' | ' ')) {
        return None;
    }
    let groups: Vec<&str> = whole.split(between).collect();
    let (first, rest) = groups.split_first()?;
    let (last, middle) = rest.split_last()?;
    let is_group = |text: &&str, length: usize| {
        text.len() == length && text.bytes().all(|digit| digit.is_ascii_digit())
    };
    let starts = (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && first.bytes().all(|digit| digit.is_ascii_digit());
    let by_three = middle.iter().all(|group| is_group(group, 3));
    let as_in_india =
        between == ',' && first.len() <= 2 && middle.iter().all(|group| is_group(group, 2));
    (starts && is_group(last, 3) && (by_three || as_in_india)).then(|| groups.concat())
}

/// A number of a workbook in plain digits: 15 of them, as a spreadsheet shows it. None if it is
/// not finite.
pub(crate) fn fifteen_digits(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    if number == 0.0 {
        return Some("0".to_owned());
    }
    let text = format!("{:.14e}", number.abs());
    let (digits, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let digits = digits.replace('.', "");
    let digits = digits.trim_end_matches('0');
    let point = exponent + 1;
    let mut plain = String::new();
    if number < 0.0 {
        plain.push('-');
    }
    let length = i32::try_from(digits.len()).ok()?;
    if point <= 0 {
        plain.push_str("0.");
        plain.extend(std::iter::repeat_n('0', usize::try_from(-point).ok()?));
        plain.push_str(digits);
    } else if point >= length {
        plain.push_str(digits);
        plain.extend(std::iter::repeat_n('0', usize::try_from(point - length).ok()?));
    } else {
        let (whole, fraction) = digits.split_at(usize::try_from(point).ok()?);
        plain.push_str(whole);
        plain.push('.');
        plain.push_str(fraction);
    }
    Some(plain)
}

#[cfg(test)]
mod tests;
