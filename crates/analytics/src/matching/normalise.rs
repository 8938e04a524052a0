//! What two spellings of the same thing have in common.
//!
//! Each function gives the text that is to be compared; nothing of it is for people to read.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use pinyin::ToPinyin;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The lines of a list that are not remarks.
fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.starts_with('#'))
}

static REGIONS: LazyLock<Vec<&str>> =
    LazyLock::new(|| longest_first(lines(include_str!("../../data/regions.txt"))));
static ENDINGS: LazyLock<Vec<&str>> =
    LazyLock::new(|| longest_first(lines(include_str!("../../data/company-endings.txt"))));
static DIVISIONS: LazyLock<Vec<&str>> =
    LazyLock::new(|| longest_first(lines(include_str!("../../data/division-endings.txt"))));
static ADDRESS_WORDS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let words = lines(include_str!("../../data/address-words.txt")).filter_map(|line| {
        let (word, short) = line.split_once(' ')?;
        Some(short.split(' ').map(move |short| (short, word)))
    });
    words.flatten().collect()
});
static LATIN_ENDINGS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| ENDINGS.iter().copied().filter(|ending| ending.is_ascii()).collect());

fn longest_first(lines: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut words: Vec<&str> = lines.flat_map(|line| line.split(' ')).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    words
}

fn is_han(character: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&character)
        || ('\u{20000}'..='\u{323af}').contains(&character)
}

/// Small letters of ordinary width without accents, simplified characters, single spaces.
///
/// ```
/// use guanxi_analytics::matching::normalise::fold;
/// assert_eq!(fold(" Ｃａｆé  MÜLLER "), "cafe muller");
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    let plain: String = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        let wide = text.nfkc().flat_map(char::to_lowercase);
        let letters: String = wide.nfd().filter(|c| !is_combining_mark(*c)).nfc().collect();
        fast2s::convert(&letters)
    };
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of a text: letters and digits, folded; each run of Chinese characters is one.
fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    folded
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .map(|word| word.replace('\'', ""))
        .filter(|word| !word.is_empty())
        .collect()
}

/// A person's name: its words, folded.
#[must_use]
pub fn person(name: &str) -> String {
    words(name).join(" ")
}

/// The letters of a name in their order, Chinese ones by their pinyin: the same for a name in
/// characters and in letters, with the family name first or last.
///
/// ```
/// use guanxi_analytics::matching::normalise::letters;
/// assert_eq!(letters("Zhang Wei"), letters("WEI Zhang"));
/// assert_eq!(letters("\u{5f20}\u{4f1f}"), letters("Zhang Wei"));
/// ```
#[must_use]
pub fn letters(name: &str) -> String {
    let mut letters: Vec<char> = Vec::new();
    for character in fold(name).chars() {
        match character.to_pinyin() {
            Some(sound) => letters.extend(sound.plain().chars()),
            None if character.is_alphanumeric() => letters.push(character),
            None => {}
        }
    }
    letters.sort_unstable();
    letters.into_iter().collect()
}

/// A company's name in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// What is its own: without region and legal form, unless nothing else is left.
    pub core: String,
    /// The province or city that its name says, if any.
    pub region: Option<String>,
}

/// Takes region and legal form off a company's name.
#[must_use]
pub fn company(name: &str) -> Company {
    let words = words(name);
    let all = words.concat();
    if !all.chars().any(is_han) {
        return latin_company(&words);
    }
    let mut region = None;
    // A region in brackets became a word of its own.
    let others: Vec<&String> = words
        .iter()
        .filter(|word| {
            let is_region = REGIONS.contains(&without_division(word));
            if is_region && words.len() > 1 {
                region = Some(without_division(word).to_owned());
            }
            !is_region || words.len() == 1
        })
        .collect();
    let joined: String = others.into_iter().map(String::as_str).collect();
    let mut core = joined.as_str();
    while let Some(found) =
        ENDINGS.iter().find_map(|ending| core.strip_suffix(ending)).filter(|rest| is_enough(rest))
    {
        core = found;
    }
    while let Some((before, found)) = region_before(core) {
        region.get_or_insert_with(|| before.to_owned());
        core = found;
    }
    Company { core: core.to_owned(), region }
}

/// Whether a name could still be told from others.
fn is_enough(rest: &str) -> bool {
    rest.chars().count() >= 2
}

fn without_division(word: &str) -> &str {
    let rest = DIVISIONS.iter().find_map(|ending| word.strip_suffix(ending));
    rest.filter(|rest| is_enough(rest)).unwrap_or(word)
}

/// A region that a name starts with, and what follows it.
fn region_before(name: &str) -> Option<(&'static str, &str)> {
    REGIONS.iter().find_map(|region| {
        let rest = name.strip_prefix(region)?;
        let rest = DIVISIONS.iter().find_map(|ending| rest.strip_prefix(ending)).unwrap_or(rest);
        is_enough(rest).then_some((*region, rest))
    })
}

fn latin_company(words: &[String]) -> Company {
    let mut core = words;
    while let [rest @ .., last] = core {
        if rest.is_empty() || !LATIN_ENDINGS.contains(last.as_str()) {
            break;
        }
        core = rest;
    }
    let core = if let [first, rest @ ..] = core
        && first == "the"
        && !rest.is_empty()
    {
        rest
    } else {
        core
    };
    Company { core: core.join(" "), region: None }
}

/// A telephone number as "+", country and number, without what is dialled only at home; extensions are
/// cut. `country` is that of numbers without one ("86").
///
/// ```
/// use guanxi_analytics::matching::normalise::phone;
/// assert_eq!(phone("(0755) 2600-1234", "86"), Some("+8675526001234".to_owned()));
/// assert_eq!(phone("0086 138 0013 8000", "86"), phone("138-0013-8000", "86"));
/// assert_eq!(phone("n/a", "86"), None);
/// ```
#[must_use]
pub fn phone(text: &str, country: &str) -> Option<String> {
    const DIGITS_MIN: usize = 6;
    const DIGITS_MAX: usize = 15;
    let folded = fold(text);
    let main = folded
        .split(|c: char| c.is_alphabetic() || c == '#' || c == ';' || c == ',')
        .find(|part| part.chars().any(|c| c.is_ascii_digit()))?;
    let is_foreign = main.trim_start().starts_with(['+']) || main.trim_start().starts_with("(+");
    let digits: String = main.chars().filter(char::is_ascii_digit).collect();
    let (own, rest) = match (is_foreign, digits.strip_prefix("00")) {
        (true, _) => (true, digits.as_str()),
        (false, Some(rest)) => (true, rest),
        (false, None) => (false, digits.as_str()),
    };
    // "86138…" without a plus: the country of a number that would be too long.
    let with_country = rest.strip_prefix(country).filter(|rest| own || rest.len() >= 10);
    let number = match with_country {
        Some(rest) => format!("+{country}{}", rest.trim_start_matches('0')),
        None if own => format!("+{rest}"),
        None => format!("+{country}{}", rest.trim_start_matches('0')),
    };
    let count = number.len() - 1;
    (count >= DIGITS_MIN + country.len() && count <= DIGITS_MAX).then_some(number)
}

/// An e-mail address without the tag that its owner may add.
///
/// ```
/// use guanxi_analytics::matching::normalise::email;
/// assert_eq!(email(" Li.Wei+News@Example.COM "), Some("li.wei@example.com".to_owned()));
/// assert_eq!(email("nobody"), None);
/// ```
#[must_use]
pub fn email(text: &str) -> Option<String> {
    let folded = fold(text);
    let (owner, host) = folded.rsplit_once('@')?;
    let owner = owner.split('+').next().unwrap_or(owner);
    let good = !owner.is_empty() && host.contains('.') && !folded.contains(' ');
    good.then(|| format!("{owner}@{host}"))
}

/// An address: its words with one form each, Chinese divisions without their endings.
#[must_use]
pub fn address(text: &str) -> String {
    let shortened = |word: String| match ADDRESS_WORDS.get(word.as_str()) {
        Some(long) => (*long).to_owned(),
        None => word,
    };
    let mut parts = Vec::new();
    for word in words(text) {
        let mut rest = word.as_str();
        while let Some((region, after)) = region_before(rest) {
            parts.push(region.to_owned());
            rest = after;
        }
        parts.push(shortened(rest.to_owned()));
    }
    parts.join(" ")
}
