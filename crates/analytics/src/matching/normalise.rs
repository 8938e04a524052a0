//! What two spellings of the same thing have in common.
//!
//! Each function gives the text that is to be compared; nothing of it is for people to read.
//! What people type where they know nothing gives nothing.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use guanxi_base::{Telephone, folded};
use pinyin::ToPinyin;

pub use super::company::{Company, company};
use super::company::{is_han, region_of};
pub use super::place::place;
use super::place::without_regions;

/// The lines of a list that are not remarks.
pub(super) fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.starts_with('#'))
}

static ADDRESS_WORDS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let words = lines(include_str!("../../data/address-words.txt")).filter_map(|line| {
        let (word, short) = line.split_once(' ')?;
        Some(short.split(' ').map(move |short| (short, word)))
    });
    words.flatten().collect()
});
static PLACEHOLDERS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let words = lines(include_str!("../../data/placeholders.txt")).flat_map(|line| line.split(' '));
    words.map(|word| word.replace('_', " ")).collect()
});
/// Registered numbers have more digits than this.
const REGISTERED_DIGITS_MIN: usize = 4;
static TITLES: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    lines(include_str!("../../data/titles.txt")).flat_map(|line| line.split(' ')).collect()
});
/// Owners and houses of mail addresses that are nobody's.
static NOBODYS_MAIL: LazyLock<[HashSet<&str>; 2]> = LazyLock::new(|| {
    ["owner ", "house "].map(|kind| {
        let list = lines(include_str!("../../data/placeholder-mail.txt"));
        list.filter_map(|line| line.strip_prefix(kind)).flat_map(|line| line.split(' ')).collect()
    })
});

/// Small letters of ordinary width without accents, simplified characters, single spaces.
///
/// ```
/// use guanxi_analytics::matching::normalise::fold;
/// assert_eq!(fold(" Ｃａｆé  MÜLLER "), "cafe muller");
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    let plain = folded(text);
    let plain = if plain.is_ascii() { plain } else { fast2s::convert(&plain) };
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether people type this where they know nothing.
///
/// ```
/// use guanxi_analytics::matching::normalise::is_placeholder;
/// assert!(is_placeholder(" N/A ") && is_placeholder("--") && is_placeholder("\u{6682}\u{65e0}"));
/// assert!(!is_placeholder("Nona"));
/// ```
#[must_use]
pub fn is_placeholder(text: &str) -> bool {
    let folded = fold(text);
    let bare = folded.trim_matches(|c: char| !c.is_alphanumeric());
    bare.is_empty() || PLACEHOLDERS.contains(bare) || PLACEHOLDERS.contains(&folded)
}

/// Whether digits are those that a finger types when nobody knows better: one or two over and over,
/// or one after the other.
fn are_idle(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    if bytes.len() >= 8 && bytes.iter().zip(&bytes[2..]).all(|(digit, next)| digit == next) {
        return true;
    }
    let steps = |step: i16| {
        bytes.windows(2).all(|two| {
            let (one, next) = (i16::from(two[0] - b'0'), i16::from(two[1] - b'0'));
            (one + step).rem_euclid(10) == next
        })
    };
    bytes.len() > 3 && (steps(0) || steps(1) || steps(-1))
}

/// The words of a text: letters and digits, folded; each run of Chinese characters is one, and so
/// are single letters with points or strokes between them.
pub(super) fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words = Vec::new();
    for chunk in folded.split(' ') {
        let parts = chunk.split(|c: char| !c.is_alphanumeric() && c != '\'');
        let parts: Vec<String> =
            parts.map(|word| word.replace('\'', "")).filter(|word| !word.is_empty()).collect();
        let is_one = |word: &String| word.len() == 1 && word.as_bytes()[0].is_ascii_alphabetic();
        match parts.len() > 1 && parts.iter().all(is_one) {
            true => words.push(parts.concat()),
            false => words.extend(parts),
        }
    }
    words
}

/// A person's name: its words, folded, without titles; what stands before a comma is the family's.
///
/// ```
/// use guanxi_analytics::matching::normalise::person;
/// assert_eq!(person("Weber, Anna"), person("Anna Weber"));
/// ```
#[must_use]
pub fn person(name: &str) -> String {
    if is_placeholder(name) {
        return String::new();
    }
    let is_title = |word: &String| TITLES.contains(word.as_str());
    let mut all = words(name);
    if let Some((family, given)) = name.split_once([',', '\u{ff0c}']) {
        let mut given = words(given);
        if !given.iter().all(|word| is_title(word) || matches!(word.as_str(), "jr" | "sr")) {
            given.extend(words(family));
            all = given;
        }
    }
    if !all.iter().all(is_title) {
        all.retain(|word| !is_title(word));
    }
    // Of a Chinese name it follows at once.
    let title = |word: &String| {
        let rest = TITLES.iter().find_map(|title| word.strip_suffix(title))?;
        (rest.chars().count() >= 2 && rest.chars().all(is_han)).then(|| rest.to_owned())
    };
    if let [word] = &mut all[..]
        && let Some(rest) = title(word)
    {
        *word = rest;
    }
    all.join(" ")
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
    let mut letters: Vec<char> = sounds(name).chars().collect();
    letters.sort_unstable();
    letters.into_iter().collect()
}

/// The letters of a text as they follow each other, Chinese ones by their pinyin.
#[must_use]
pub fn sounds(name: &str) -> String {
    let mut letters = String::new();
    for character in fold(name).chars() {
        match character.to_pinyin() {
            Some(sound) => letters.push_str(sound.plain()),
            None if character.is_alphanumeric() => letters.push(character),
            None => {}
        }
    }
    letters
}

/// A telephone as the digits that count, then `+` and its country where it is known, then `x` and
/// its extension: numbers of one line are the same up to the `+`.
///
/// ```
/// use guanxi_analytics::matching::normalise::phone;
/// assert_eq!(phone("+1 (415) 555-0123"), Some("4155550123+1".to_owned()));
/// assert_eq!(phone("0086 138 0013 8000"), phone("138-0013-8000"));
/// assert_eq!(phone("n/a"), None);
/// assert_eq!(phone("11111111111"), None);
/// ```
#[must_use]
pub fn phone(text: &str) -> Option<String> {
    let telephone = Telephone::read(text)?;
    let digits = telephone.significant();
    let line = digits.get(3..).unwrap_or_default();
    if are_idle(digits) || (line.len() >= 7 && are_idle(line)) {
        return None;
    }
    let country = telephone.country().map(|code| format!("+{code}")).unwrap_or_default();
    let extension = match telephone.extension() {
        "" => String::new(),
        extension => format!("x{extension}"),
    };
    Some(format!("{digits}{country}{extension}"))
}

/// An e-mail address without the tag that its owner may add.
///
/// ```
/// use guanxi_analytics::matching::normalise::email;
/// assert_eq!(email(" Li.Wei+News@Example.COM "), Some("li.wei@example.com".to_owned()));
/// assert_eq!(email("nobody"), None);
/// assert_eq!(email("test@firm.example"), None);
/// ```
#[must_use]
pub fn email(text: &str) -> Option<String> {
    let folded = fold(text);
    let (owner, host) = folded.rsplit_once('@')?;
    let owner = owner.split('+').next().unwrap_or(owner);
    let [owners, houses] = &*NOBODYS_MAIL;
    let is_idle = owner.len() <= 3 && owner.bytes().all(|byte| byte.is_ascii_digit());
    let is_nobodys = owners.contains(owner) || houses.contains(host) || is_idle;
    let good = !owner.is_empty() && host.contains('.') && !folded.contains(' ') && !is_nobodys;
    good.then(|| format!("{owner}@{host}"))
}

/// A registered number: its letters and digits, in capitals. What has hardly any digits is a word
/// about it, such as that it is being applied for.
///
/// ```
/// use guanxi_analytics::matching::normalise::registered;
/// assert_eq!(registered("de 123 456 788"), Some("DE123456788".to_owned()));
/// assert_eq!(registered("000000"), None);
/// ```
#[must_use]
pub fn registered(text: &str) -> Option<String> {
    let folded = fold(text);
    let number: String = folded.to_uppercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let is_idle = is_placeholder(&folded) || (digits.len() == number.len() && are_idle(&digits));
    (!is_idle && digits.len() >= REGISTERED_DIGITS_MIN).then_some(number)
}

/// An address: its words with one form each, without the Chinese regions that [`place`] tells.
#[must_use]
pub fn address(text: &str) -> String {
    if is_placeholder(text) {
        return String::new();
    }
    let shortened = |word: String| match ADDRESS_WORDS.get(word.as_str()) {
        Some(long) => (*long).to_owned(),
        None => word,
    };
    let mut parts = Vec::new();
    for word in words(text) {
        // Where that is, is compared by itself.
        let (_, rest) = without_regions(&word);
        if !rest.is_empty() && region_of(rest).is_none() {
            parts.push(shortened(rest.to_owned()));
        }
    }
    parts.join(" ")
}
