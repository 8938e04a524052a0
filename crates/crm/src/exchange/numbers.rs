//! Numbers and amounts as people write them. What stands before decimals is decided for a whole
//! file or column; a number that does not fit is refused, never read another way.

use guanxi_record::half_width;

use super::powers::{Sure, powers_of};
use super::signs::{Sign, agreed, joined_sign, signs_of};

/// What is longer is no number.
const NUMBER_BYTES_MAX: usize = 200;
/// And what is longer beside its digits is no currency or power of ten.
const WORDS_BYTES_MAX: usize = 32;

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
    /// In plain digits with a point, such as `-1234.5`; in full, where thousands are beside it.
    pub plain: String,
    /// Whether it was written per cent.
    pub is_percent: bool,
    /// The sign or code of a currency beside it.
    pub(crate) sign: Option<Sign>,
    /// The power of ten that stands beside it, as in `12.5k`.
    pub(crate) power: Option<usize>,
}

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberFault {
    /// It is none in any writing.
    NotANumber,
    /// Its marks do not fit the decimal mark: `10,00` where the point stands before decimals.
    Marks,
    /// What stands behind it may mean thousands or millions, or something else: `1.2m`.
    Unit,
}

/// A text cut into its digits with their marks, and what stands around them.
struct Parts<'a> {
    digits: &'a str,
    is_negative: bool,
    is_percent: bool,
    sign: Option<Sign>,
    power: Option<(usize, Sure)>,
}

/// Reads a number by its decimal mark. Thousands stand in groups of three (or as in India of
/// two), between marks that are not the decimal one; the minus may stand before or behind, or
/// brackets around; a currency may stand on either side, and a word for thousands behind.
///
/// # Errors
/// `NotANumber`, `Marks` where the other decimal mark would make it one, or `Unit`.
pub fn read_number(text: &str, mark: DecimalMark) -> Result<ReadNumber, NumberFault> {
    if text.len() > NUMBER_BYTES_MAX {
        return Err(NumberFault::NotANumber);
    }
    let text = half_width(text);
    let parts = parts(&text).ok_or(NumberFault::NotANumber)?;
    let Some(mut plain) = plain(parts.digits, mark) else {
        let fits_another = DecimalMark::ALL.iter().any(|m| plain(parts.digits, *m).is_some());
        let marks = [NumberFault::NotANumber, NumberFault::Marks];
        return Err(marks[usize::from(fits_another || has_marks_only(parts.digits))]);
    };
    let power = match parts.power {
        None => None,
        Some((_, Sure::WithCurrency)) if parts.sign.is_none() => return Err(NumberFault::Unit),
        Some((_, Sure::Never)) => return Err(NumberFault::Unit),
        Some((power, _)) => Some(power),
    };
    if let Some(power) = power {
        plain = times_ten(&plain, power);
    }
    if parts.is_negative && plain.bytes().any(|digit| matches!(digit, b'1'..=b'9')) {
        plain.insert(0, '-');
    }
    Ok(ReadNumber { plain, is_percent: parts.is_percent, sign: parts.sign, power })
}

/// Which decimal marks a text allows, and whether they would make different numbers of it.
pub(crate) fn marks_of(text: &str) -> Evidence {
    if text.len() > NUMBER_BYTES_MAX || !text.contains(['.', ',', '\u{ff0c}', '\u{ff0e}']) {
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
    if !has_marks_only(&text[first..=last]) {
        return None;
    }
    let (prefix, suffix) = (affix(&text[..first])?, affix(&text[last + 1..])?);
    // A plus behind a number means that there may be more.
    if suffix.plus > 0 || prefix.power.is_some() {
        return None;
    }
    let signs = prefix.minus + suffix.minus + prefix.plus;
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
        (Some(one), Some(other)) => Some(agreed(one, other)?),
    };
    let power = suffix.power;
    if is_percent && (sign.is_some() || power.is_some()) {
        return None;
    }
    let is_negative = is_bracketed || prefix.minus + suffix.minus == 1;
    Some(Parts { digits: &text[first..=last], is_negative, is_percent, sign, power })
}

#[derive(Default)]
struct Affix {
    minus: u8,
    plus: u8,
    opens: u8,
    closes: u8,
    percent: u8,
    sign: Option<Sign>,
    power: Option<(usize, Sure)>,
}

/// What stands on one side of the digits: signs at its ends, a currency, and a power of ten.
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
            let Affix { sign, power, .. } = words(rest)?;
            return Some(Affix { sign, power, ..found });
        }
        if found.minus + found.plus + found.opens + found.closes + found.percent > 4 {
            return None;
        }
    }
}

/// What words beside a number say: a currency, a power of ten, or both: `€`, `k€`, `Mio. EUR`.
fn words(text: &str) -> Option<Affix> {
    if text.len() > WORDS_BYTES_MAX {
        return None;
    }
    if let Some(sign) = signs_of(text) {
        return Some(Affix { sign: Some(sign), ..Affix::default() });
    }
    let (mut sign, mut power) = (None, None);
    let with = |sign: Option<Sign>, more: Sign| match sign {
        Some(sign) => agreed(sign, more),
        None => Some(more),
    };
    for word in text.to_lowercase().split_whitespace() {
        let word = word.trim_matches('.');
        if let Some(more) = signs_of(word) {
            sign = Some(with(sign, more)?);
            continue;
        }
        let mut powers = powers_of(word);
        let found = powers.find(|one| one.rest.is_empty() || joined_sign(one.rest).is_some())?;
        if power.replace((found.exponent, found.sure)).is_some() {
            return None;
        }
        if !found.rest.is_empty() {
            sign = Some(with(sign, joined_sign(found.rest)?)?);
        }
    }
    Some(Affix { sign, power, ..Affix::default() })
}

/// Plain digits times a power of ten, digit by digit: 0.07 times a hundred becomes 7.
pub(crate) fn times_ten(plain: &str, power: usize) -> String {
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", plain),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (moved, rest) = fraction.split_at(fraction.len().min(power));
    let whole = format!("{whole}{moved:0<power$}");
    signed(sign, &whole, rest)
}

/// Plain digits divided by a power of ten, digit by digit.
pub(crate) fn by_ten(plain: &str, power: usize) -> String {
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", plain),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = format!("{whole:0>width$}", width = power + 1);
    let (whole, moved) = whole.split_at(whole.len() - power);
    signed(sign, whole, &format!("{moved}{fraction}"))
}

/// A number without zeros that say nothing.
fn signed(sign: &str, whole: &str, fraction: &str) -> String {
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
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
