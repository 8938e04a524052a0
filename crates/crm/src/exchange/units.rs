//! What the numbers of a column count in, by its name and by what stands above the table: thousands,
//! ten thousands, millions, of which currency. A number that was read without it is a wrong one.

use std::collections::HashSet;
use std::sync::LazyLock;

use guanxi_record::{Kind, half_width};

use super::decisions::Certainty;
use super::powers::{Sure, is_letter, powers_of};
use super::signs::{Sign, agreed, joined_sign, sign_of, signs_of};

/// What is longer says more than what its numbers count in.
const TEXT_BYTES_MAX: usize = 480;
/// So many words say it.
const WORDS_MAX: usize = 6;
/// Letters of East Asia from this power on are a unit of amounts.
const LETTERS_MIN: usize = 3;
/// Of letters without a currency only those from this power on can be one.
const BARE_LETTERS_MIN: usize = 4;

#[derive(Default)]
struct Words {
    labels: Vec<&'static str>,
    led: HashSet<&'static str>,
    fillers: HashSet<&'static str>,
    things: HashSet<&'static str>,
    per: Vec<&'static str>,
    prices: Vec<&'static str>,
    words: HashSet<&'static str>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    let lines = include_str!("../../data/table-words.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let mut all = line.split_whitespace();
        match all.next().unwrap_or_default() {
            "label" => words.labels.extend(all),
            "led" => words.led.extend(all),
            "filler" => words.fillers.extend(all),
            "thing" => words.things.extend(all),
            "per" => words.per.extend(all),
            "price" => words.prices.extend(all),
            "word" => words.words.extend(all),
            _ => {}
        }
    }
    // The longest first: it may begin with a shorter one.
    words.labels.sort_by_key(|label| std::cmp::Reverse(label.len()));
    words
});

/// What a name or a title says that numbers count in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Unit {
    /// The power of ten; 0 where it says none.
    pub(crate) power: usize,
    /// The currency, or a sign for several.
    pub(crate) sign: Option<Sign>,
    /// Whether it is of things that are counted, and of no amounts.
    of_things: bool,
    /// How sure it is that it is meant so.
    sure: Sure,
}

/// What the numbers of a column count in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CountsIn {
    /// The power of ten by which they are multiplied.
    pub(crate) power: usize,
    /// What else may be meant.
    pub(crate) others: Vec<usize>,
    /// How sure it is; `Assumed` where nothing says anything.
    pub(crate) certainty: Certainty,
}

impl Default for CountsIn {
    fn default() -> Self {
        Self { power: 0, others: Vec::new(), certainty: Certainty::Assumed }
    }
}

impl CountsIn {
    /// Whether anybody says that the numbers are no plain ones.
    pub(crate) fn says_anything(&self) -> bool {
        self.certainty != Certainty::Assumed
    }

    /// What the mapping tells, whatever the file says.
    pub(crate) fn told(self, power: usize) -> Self {
        let all = self.others.into_iter().chain([self.power, 0]);
        let mut others: Vec<usize> = all.filter(|other| *other != power).collect();
        others.sort_unstable();
        others.dedup();
        Self { power, others, certainty: Certainty::Told }
    }

    /// What the name of a column and the titles above the table say together.
    pub(crate) fn said(kind: &Kind, name: Option<&Unit>, titles: &[Unit]) -> Self {
        let is_money = *kind == Kind::Money;
        if !kind.is_number() || *kind == Kind::Percent {
            return Self::default();
        }
        let is_of_it = |unit: &&Unit| !(is_money && unit.of_things);
        // A letter may be a unit of measurement where no amounts are.
        let name = name.filter(is_of_it).filter(|one| is_money || one.sure != Sure::WithCurrency);
        let mut open: Vec<(usize, bool)> = Vec::new();
        for title in titles.iter().filter(is_of_it) {
            // What is said of amounts says nothing of other numbers.
            let is_other = !is_money && title.sign.is_some();
            // A title that says a currency alone is against thousands of one in the name.
            let is_against = title.power > 0 || name.is_some_and(|unit| unit.sign.is_some());
            if !is_other && is_against {
                open.push((title.power, is_money && title.sure == Sure::Always));
            }
        }
        let by_name = name.filter(|unit| unit.power > 0 || says_ones(unit, titles));
        open.extend(by_name.map(|unit| (unit.power, unit.sure == Sure::Always)));
        let mut powers: Vec<usize> = open.iter().map(|(power, _)| *power).collect();
        powers.sort_unstable();
        powers.dedup();
        match powers[..] {
            [] | [0] => Self::default(),
            [power] if open.iter().any(|(_, is_sure)| *is_sure) => {
                Self { power, others: vec![0], certainty: Certainty::Clear }
            }
            _ => {
                let others = [0].into_iter().filter(|zero| !powers.contains(zero));
                let others = others.chain(powers.iter().copied()).collect();
                Self { power: 0, others, certainty: Certainty::Ambiguous }
            }
        }
    }
}

/// Whether the name of a column says a currency without thousands, though a title says them with one.
fn says_ones(name: &Unit, titles: &[Unit]) -> bool {
    name.sign.is_some() && titles.iter().any(|title| title.power > 0 && title.sign.is_some())
}

/// The currency that the name of a column says, or else a title; or the sign of several.
pub(crate) fn currency_of(name: Option<&Unit>, titles: &[Unit]) -> Option<Sign> {
    let of_titles = || titles.iter().filter_map(|unit| unit.sign);
    let exact = || of_titles().find(|sign| sign.currencies.len() == 1);
    name.and_then(|unit| unit.sign).or_else(exact).or_else(|| of_titles().next())
}

/// What the name of a column says that its numbers count in, and the name without that.
pub(crate) fn unit_of(name: &str) -> (Option<Unit>, String) {
    let text = half_width(name.trim());
    let none = (None, text.clone());
    if text.len() > TEXT_BYTES_MAX {
        return none;
    }
    let brackets = brackets(&text);
    let end = brackets.first().map_or(text.len(), |(at, _)| *at);
    for (_, inside) in &brackets {
        if let Some(unit) = behind_label(inside).or_else(|| phrase(before_stroke(inside))) {
            return (Some(unit), text[..end].trim_end().to_owned());
        }
    }
    if let Some((at, unit)) = tail(&text[..end]) {
        return (Some(unit), text[..at].to_owned());
    }
    match within(&text[..end]) {
        Some(unit) => (Some(unit), text),
        None => none,
    }
}

/// Thousands of a currency somewhere in a name: `TEUR Umsatz`, `Umsatz in k€ 2025`.
fn within(name: &str) -> Option<Unit> {
    let text = name.replace('_', " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut units = (0..words.len()).filter_map(|at| beginning(&words[at..]));
    units.find(|unit| unit.power > 0 && unit.sign.is_some() && unit.sure == Sure::Always)
}

/// What stands in brackets behind the first letter, each with its place.
fn brackets(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, open) in text.match_indices(['(', '[', '\u{3010}']).filter(|(at, _)| *at > 0) {
        let inside = &text[at + open.len()..];
        let end = inside.find([')', ']', '\u{3011}']).unwrap_or(inside.len());
        found.push((at, &inside[..end]));
    }
    found
}

/// What stands before a stroke: behind it is what one pays for.
fn before_stroke(text: &str) -> &str {
    text.split('/').next().unwrap_or_default()
}

/// What the end of a name says without brackets: `Limit in k€`, `Amount USD k`. And where it begins.
fn tail(name: &str) -> Option<(usize, Unit)> {
    let mut before: Option<char> = None;
    for (at, letter) in name.char_indices() {
        let last = before.replace(letter);
        let Some(last) = last.filter(|_| name[..at].contains(char::is_alphabetic)) else {
            continue;
        };
        let rest = &name[at..];
        if is_per(&name[..at]) {
            continue;
        }
        let unit = match last {
            ' ' | ':' | ',' | '_' | '-' | '|' => behind_blank(rest),
            '/' => phrase(rest).filter(|unit| is_sure_behind_stroke(unit, &name[..at])),
            // Glued to a name that is written without blanks.
            _ if is_letter(letter) && !is_letter(last) => glued(rest),
            _ if is_east_asian(last) && !is_east_asian(letter) && !letter.is_whitespace() => {
                behind_blank(rest).filter(|unit| unit.sure == Sure::Always)
            }
            _ => None,
        };
        if let Some(unit) = unit {
            let cut = name[..at].trim_end_matches([' ', ':', ',', '_', '-', '|', '/']).len();
            return Some((cut, unit));
        }
    }
    None
}

/// Whether a name ends with a word that says for how much a price is.
fn is_per(before: &str) -> bool {
    let before = before.trim_end().to_lowercase();
    let word = before.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    WORDS.per.iter().any(|per| *per == word || (!per.is_ascii() && word.ends_with(per)))
}

fn is_east_asian(letter: char) -> bool {
    u32::from(letter) >= 0x2e80
}

fn behind_blank(rest: &str) -> Option<Unit> {
    let text = before_stroke(rest).replace('_', " ");
    let unit = phrase(&text)?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_led = words.first().is_some_and(|word| WORDS.led.contains(&*word.to_lowercase()));
    let is_bare = unit.power > 0 && unit.sign.is_none() && !unit.of_things;
    match unit.sure {
        // A letter alone is part of a name as often.
        Sure::WithCurrency if is_bare && !is_led && !text.trim().eq_ignore_ascii_case("k") => None,
        // A currency alone, where it can be no other word.
        _ if unit.power == 0 => {
            Some(unit).filter(|_| words.iter().all(|word| is_currency(word, is_led)))
        }
        _ => Some(unit),
    }
}

/// Whether a word of a name is a currency, and nothing but one.
fn is_currency(word: &str, is_led: bool) -> bool {
    let word = word.trim_matches(['.', ',', ':', ';']);
    let lower = word.to_lowercase();
    let is_letters = word.chars().all(|c| c.is_ascii_alphabetic());
    let is_code = sign_of(word).is_some_and(|sign| sign.is_code);
    let is_capital = is_led || !word.chars().any(char::is_lowercase);
    (is_led && WORDS.led.contains(&*lower))
        || WORDS.fillers.contains(&*lower)
        || (is_code && is_capital && !WORDS.words.contains(&*lower))
        || matches!(&*lower, "rmb" | "euro" | "euros")
        || (!is_letters && (word.chars().count() > 1 || !word.contains(char::is_alphabetic)))
}

/// Behind a stroke stands what amounts are counted in, or what a price is for.
fn is_sure_behind_stroke(unit: &Unit, before: &str) -> bool {
    let before = before.trim_end_matches(['/', ' ']).to_lowercase();
    let is_price = WORDS.prices.iter().any(|word| before.ends_with(word));
    !unit.of_things && !is_price && unit.sure == Sure::Always
}

/// Letters for a power of ten at the end of a name without blanks: `额度万元`.
fn glued(rest: &str) -> Option<Unit> {
    let unit = phrase(rest).filter(|unit| unit.power >= LETTERS_MIN)?;
    match unit.sign.is_some() || unit.of_things {
        true => Some(unit),
        false => {
            Some(Unit { sure: Sure::Never, ..unit }).filter(|_| unit.power >= BARE_LETTERS_MIN)
        }
    }
}

/// What a title above a table says that its amounts count in, if anything: `单位：万元`,
/// `Angaben in TEUR`, `(in thousands)`.
pub(crate) fn stated_unit(text: &str) -> Option<Unit> {
    let text = half_width(text.trim());
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    if let Some(unit) = behind_label(&text) {
        return Some(unit);
    }
    if let Some(unit) = phrase(&text).filter(|one| one.power > 0 && text.contains(' ')) {
        return Some(unit);
    }
    for (_, inside) in brackets(&format!(" {text}")) {
        let words: Vec<&str> = inside.split_whitespace().collect();
        if let Some(unit) = beginning(&words) {
            return Some(unit);
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    for (at, word) in words.iter().enumerate() {
        if WORDS.led.contains(&*word.to_lowercase())
            && let Some(unit) = beginning(&words[at + 1..])
        {
            let sure = if unit.sign.is_some() { unit.sure } else { Sure::Never };
            return Some(Unit { sure, ..unit });
        }
    }
    // A unit by itself may be of the column that it stands above.
    let unit = phrase(&text).filter(|unit| unit.power > 0)?;
    Some(Unit { sure: Sure::Never, ..unit })
}

/// What the first words of some say, as many of them as possible.
fn beginning(words: &[&str]) -> Option<Unit> {
    let longest = words.len().min(WORDS_MAX);
    (1..=longest).rev().find_map(|count| {
        let text = words[..count].join(" ");
        let unit = phrase(before_stroke(text.trim_end_matches([',', ';', '.', ')'])))?;
        let is_word = unit.power > 0 && unit.sign.is_none() && unit.sure == Sure::WithCurrency;
        let is_currency = || words[..count].iter().all(|word| is_currency(word, true));
        (!is_word && (unit.power > 0 || is_currency())).then_some(unit)
    })
}

/// What stands behind a word such as "unit:".
fn behind_label(text: &str) -> Option<Unit> {
    let lower = text.to_lowercase();
    let found = WORDS.labels.iter().filter_map(|label| {
        let at = lower.find(label)? + label.len();
        // Small letters may be longer or shorter than what they stand for.
        let rest = text.get(at..)?;
        let value = rest.trim_start_matches([' ', ':', '=']);
        let is_told = value.len() < rest.len() || is_east_asian(label.chars().next_back()?);
        is_told.then_some(value)
    });
    let units = found.filter_map(|value| {
        let end = value.find([')', ']', ',', ';', '|', '(', '\u{3011}', '\u{3002}']);
        let value = before_stroke(&value[..end.unwrap_or(value.len())]);
        let first = value.split_whitespace().next()?;
        // Whatever stands behind the unit is of something else.
        phrase(value).or_else(|| phrase(first))
    });
    // One label may say the currency, another that they are thousands.
    let units: Vec<Unit> = units.collect();
    let unit = units.iter().find(|unit| unit.power > 0).or(units.first())?;
    let is_exact = |sign: &Sign| matches!(sign.currencies, [_]);
    let exact = units.iter().filter_map(|unit| unit.sign).find(is_exact);
    Some(Unit { sign: exact.or(unit.sign), ..*unit })
}

/// What words say that are nothing but a unit: `k€`, `USD k`, `in thousands of EUR`, `RMB'000`.
fn phrase(text: &str) -> Option<Unit> {
    let (mut sign, mut power, mut of_things, mut is_led) = (None, None, false, false);
    let with = |sign: Option<Sign>, more: Sign| match sign {
        Some(sign) => agreed(sign, more),
        None => Some(more),
    };
    let text = text.trim();
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let mut is_filled = false;
    for word in text.split_whitespace() {
        let word = word.trim_matches(['.', ',', ':', ';']);
        let lower = word.to_lowercase();
        if WORDS.led.contains(&*lower) {
            is_led = true;
            continue;
        }
        if is_filled && WORDS.fillers.contains(&*lower) {
            continue;
        }
        is_filled = true;
        if let Some(more) = name_sign(word, &lower) {
            sign = Some(with(sign, more)?);
            continue;
        }
        let (exponent, sure, rest) = thousands(&lower, is_led).or_else(|| power_in(&lower))?;
        if power.replace((exponent, sure)).is_some() {
            return None;
        }
        if let Some(more) = joined_sign(&rest) {
            sign = Some(with(sign, more)?);
        } else if !rest.is_empty() {
            of_things = true;
        }
    }
    let sure = match power {
        None => {
            sign?;
            Sure::Always
        }
        // A letter of measurement is none of amounts by itself.
        Some((_, Sure::WithCurrency)) if sign.is_none() && text.to_lowercase().ends_with("mm") => {
            return None;
        }
        Some((_, Sure::WithCurrency)) if sign.is_some() => Sure::Always,
        // What is sure beside a number is a letter in a name.
        Some((_, Sure::Always)) if sign.is_none() && text.to_lowercase().ends_with('k') => {
            Sure::WithCurrency
        }
        Some((_, sure)) => sure,
    };
    Some(Unit { power: power.map_or(0, |(power, _)| power), sign, of_things, sure })
}

/// A sign of a currency in a name: a code that is a word as well stands in capital letters.
fn name_sign(word: &str, lower: &str) -> Option<Sign> {
    let is_word = WORDS.words.contains(lower) && word != word.to_uppercase();
    signs_of(lower).filter(|_| !is_word)
}

/// A word with a power of ten, and what stands in it besides: a currency, or a thing that is counted.
fn power_in(word: &str) -> Option<(usize, Sure, String)> {
    let is_known = |rest: &str, is_letters: bool| {
        rest.is_empty()
            || joined_sign(rest).is_some()
            || (is_letters && WORDS.things.contains(rest))
    };
    let plain = word.replace('-', "");
    if let Some(at) = plain.find(is_letter).filter(|at| *at > 0) {
        let (exponent, sure, rest) = power_in(&plain[at..])?;
        let rest = format!("{}{rest}", &plain[..at]);
        return joined_sign(&rest).is_some().then_some((exponent, sure, rest));
    }
    let mut powers = powers_of(&plain);
    let found = powers.find(|one| is_known(one.rest, one.is_letters))?;
    let is_unit = !found.is_letters || found.exponent >= LETTERS_MIN;
    is_unit.then(|| (found.exponent, found.sure, found.rest.to_owned()))
}

/// A power of ten in digits, with a currency or without: `'000`, `000s`, `1.000`, `RMB'000`.
fn thousands(word: &str, is_led: bool) -> Option<(usize, Sure, String)> {
    let is_of_digits = |c: char| c.is_ascii_digit() || matches!(c, '\'' | ',' | '.');
    let start = word.find(is_of_digits)?;
    let length = word[start..].find(|c| !is_of_digits(c)).unwrap_or(word.len() - start);
    let (before, behind) = (&word[..start], &word[start + length..]);
    let written = word[start..start + length].trim_end_matches(['.', ',']);
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let zeros = digits.trim_start_matches('1');
    let is_power = zeros.len() >= 3
        && zeros.len().is_multiple_of(3)
        && digits.len() - zeros.len() <= 1
        && zeros.bytes().all(|digit| digit == b'0');
    let behind = if matches!(behind, "s" | "'s") { "" } else { behind };
    let is_cut = digits.len() == zeros.len();
    if !is_power || !(before.is_empty() || behind.is_empty()) {
        return None;
    }
    let rest = if before.is_empty() { behind } else { before };
    let is_sign = rest.is_empty() || joined_sign(rest).is_some();
    let sure = if is_led || is_cut { Sure::Always } else { Sure::Never };
    is_sign.then(|| (zeros.len(), sure, rest.to_owned()))
}

#[cfg(test)]
mod tests;
