//! What tells two names of one house apart: a number, a letter, a side, a stem. Firms that are numbered
//! share all else, and a slip of the finger looks the same.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::company::is_han;
use super::normalise::lines;

/// What a word that tells apart is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    Number(u32),
    Stem,
    Side,
    Unit,
}

/// Words and what they tell.
static WORDS: LazyLock<HashMap<&str, Telling>> = LazyLock::new(|| {
    let list = lines(include_str!("../../data/telling-words.txt"));
    let entries = list.filter_map(|line| line.split_once(' '));
    let of = |kind: &str, word: &'static str| {
        let (word, number) = word.split_once('=').unwrap_or((word, ""));
        let telling = match kind {
            "number" | "number-word" => Telling::Number(number.parse().unwrap_or_default()),
            "stem" => Telling::Stem,
            "unit" => Telling::Unit,
            _ => Telling::Side,
        };
        (word, telling)
    };
    entries.flat_map(|(kind, words)| words.split(' ').map(move |word| of(kind, word))).collect()
});
static SIDES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let sides = WORDS
        .iter()
        .filter(|(word, telling)| **telling == Telling::Side && word.is_ascii() && word.len() > 3);
    sides.map(|(word, _)| *word).collect()
});

fn of_character(character: char) -> Option<Telling> {
    WORDS.get(character.encode_utf8(&mut [0; 4]) as &str).copied()
}

/// Whether two Chinese names differ only in what tells companies of one house apart.
pub(super) fn characters_tell_apart(a: &[char], b: &[char]) -> bool {
    let both = || a.iter().zip(b);
    let start = both().take_while(|(a, b)| a == b).count();
    let rest = || a[start..].iter().rev().zip(b[start..].iter().rev());
    let end = rest().take_while(|(a, b)| a == b).count();
    // A number, and a letter, is a whole.
    let is_of_one = |c: &char| {
        c.is_ascii_alphanumeric() || matches!(of_character(*c), Some(Telling::Number(_)))
    };
    let before = a[..start].iter().rev().take_while(|c| is_of_one(c)).count();
    let after = a[a.len() - end..].iter().take_while(|c| is_of_one(c)).count();
    let (start, end) = (start - before, end - after);
    // What is left must name the house.
    if start + end < 2 {
        return false;
    }
    let (one, other) = (&a[start..a.len() - end], &b[start..b.len() - end]);
    match (mark(one), mark(other)) {
        (Some(one), Some(other)) => one != other && one.is_as(&other),
        (Some(one), None) if other.is_empty() => one.tells_alone(),
        (None, Some(other)) if one.is_empty() => other.tells_alone(),
        _ => false,
    }
}

/// What tells one apart.
#[derive(Debug, PartialEq, Eq)]
enum Mark {
    Number(u64),
    Letter(char),
    Stem(String),
    Side(String),
}

impl Mark {
    fn is_as(&self, other: &Self) -> bool {
        // A firm is numbered in one way only.
        let counts = |one: &Self| !matches!(one, Self::Side(_));
        counts(self) == counts(other)
    }

    /// Whether it tells from a name that has none.
    fn tells_alone(&self) -> bool {
        !matches!(self, Self::Side(_))
    }
}

/// What characters mark, if they are nothing but a mark and what stands around one.
fn mark(characters: &[char]) -> Option<Mark> {
    let is_unit = |c: &char| of_character(*c) == Some(Telling::Unit);
    let bare: Vec<char> = characters.iter().copied().filter(|c| !is_unit(c)).collect();
    let text: String = bare.iter().collect();
    if !bare.is_empty() && bare.iter().all(char::is_ascii_digit) {
        return text.parse().ok().map(Mark::Number);
    }
    if bare.iter().all(char::is_ascii_alphabetic) {
        return match (&bare[..], WORDS.get(text.as_str())) {
            ([letter], _) => Some(Mark::Letter(*letter)),
            (_, Some(Telling::Number(number))) => Some(Mark::Number(u64::from(*number))),
            _ => None,
        };
    }
    let told: Option<Vec<Telling>> = bare.iter().map(|c| of_character(*c)).collect();
    let told = told?;
    if told.iter().all(|one| matches!(one, Telling::Number(_))) {
        return Some(Mark::Number(number(&told)));
    }
    match told[..] {
        [Telling::Stem] => Some(Mark::Stem(text)),
        [Telling::Side, ..] if told.iter().all(|one| *one == Telling::Side) => {
            Some(Mark::Side(text))
        }
        _ => None,
    }
}

/// A number as it is written in characters.
fn number(told: &[Telling]) -> u64 {
    let is_in_places = !told.iter().any(|one| matches!(one, Telling::Number(10..)));
    let mut all = 0_u64;
    let mut digit = 0_u64;
    for one in told {
        let Telling::Number(worth) = one else { continue };
        match u64::from(*worth) {
            worth if is_in_places => all = all.saturating_mul(10).saturating_add(worth),
            worth if worth >= 10 => {
                all = all.saturating_add(digit.max(1).saturating_mul(worth));
                digit = 0;
            }
            worth => digit = worth,
        }
    }
    all.saturating_add(digit)
}

/// Whether two names in letters differ only in what tells companies, or persons, of one house apart.
pub(super) fn words_tell_apart(a: &[char], b: &[char]) -> bool {
    let of = |text: &[char]| -> Vec<String> {
        text.split(|c| *c == ' ').map(|word| word.iter().collect()).collect()
    };
    let (one, other) = (of(a), of(b));
    if one.len() == other.len() {
        let mut differ = one.iter().zip(&other).filter(|(a, b)| a != b).peekable();
        return one.len() > 1
            && differ.peek().is_some()
            && differ.all(|(a, b)| two_words_tell_apart(a, b));
    }
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let mut rest = short.iter().peekable();
    let more: Vec<&String> = long.iter().filter(|word| rest.next_if_eq(word).is_none()).collect();
    let counts = |word: &&String| {
        word.chars().all(|c| c.is_ascii_digit())
            || (word.len() > 1 && matches!(WORDS.get(word.as_str()), Some(Telling::Number(_))))
            || matches!(word.as_str(), "junior" | "senior" | "jr" | "sr")
    };
    rest.peek().is_none() && more.len() == long.len() - short.len() && more.iter().any(counts)
}

fn two_words_tell_apart(a: &str, b: &str) -> bool {
    let number = |word: &str| match WORDS.get(word) {
        Some(Telling::Number(number)) => Some(u64::from(*number)),
        _ => word.parse::<u64>().ok(),
    };
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return a != b;
    }
    let is_letter = |word: &str| word.len() == 1;
    if is_letter(a) && is_letter(b) {
        return true;
    }
    // Such as unit 4a and unit 4b.
    let digits = |word: &str| word.bytes().filter(u8::is_ascii_digit).count();
    if digits(a) > 0 && digits(b) > 0 {
        return true;
    }
    let side = |word: &str| {
        let sides = SIDES.iter().filter_map(|side| Some((*side, word.strip_prefix(side)?)));
        let longest = sides.max_by_key(|(side, _)| side.len());
        longest.map(|(side, rest)| (side.to_owned(), rest.to_owned()))
    };
    match (side(a), side(b)) {
        (Some((one, rest)), Some((other, of_other))) => one != other && rest == of_other,
        _ => {
            let is_side = |word: &str| WORDS.get(word) == Some(&Telling::Side);
            is_side(a) && is_side(b)
        }
    }
}

/// Whether two persons' given names are two names, and not one with a slip: other at their start or end,
/// or in a letter.
pub(super) fn are_two_given_names(a: &[char], b: &[char]) -> bool {
    if a.iter().chain(b).any(|c| is_han(*c)) {
        return a != b;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let start = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let end = short[start..].iter().rev().zip(long.iter().rev()).take_while(|(a, b)| a == b);
    let end = end.count();
    let is_inside = start > 0 && end > 0 && short.len() >= 4;
    match (short.len() - start - end, long.len() - start - end) {
        // One letter less, or doubled.
        (0, 1) => !is_inside,
        // Another letter in a long name.
        (1, 1) => !(is_inside && short.len() >= 7),
        (2, 2) => {
            let is_swapped = short[start] == long[start + 1] && short[start + 1] == long[start];
            !is_swapped
        }
        _ => true,
    }
}
