//! How alike two names are: of companies, of persons.

use super::company::is_han;
use super::comparing::{Level, Text};
use super::similarity::similarity;

/// Two persons: of one family with other given names they are two, however alike the whole is.
pub(super) fn persons(a: &Text, b: &Text) -> Level {
    let level = similarity(a, b);
    if level >= Level::Close {
        return level;
    }
    let (one, other) = (family_and_given(&a.characters), family_and_given(&b.characters));
    let (Some((family, given)), Some((other_family, other_given))) = (one, other) else {
        return level;
    };
    let (short, long) = match given.len() <= other_given.len() {
        true => (given, other_given),
        false => (other_given, given),
    };
    let is_short_form = long.starts_with(short);
    match family == other_family && !short.is_empty() && !is_short_form {
        true => Level::Related,
        false => level,
    }
}

/// The family name, and what else there is: of Chinese names the first character, of others the
/// last word.
fn family_and_given(name: &[char]) -> Option<(&[char], &[char])> {
    match name.first() {
        Some(first) if is_han(*first) => Some(name.split_at(1)),
        _ => {
            let at = name.iter().rposition(|c| *c == ' ')?;
            Some((&name[at + 1..], &name[..at]))
        }
    }
}

/// Two Chinese names of other houses: of two or three characters one tells them apart.
pub(super) fn han(a: &Text, b: &Text) -> Level {
    if a.has_trade() && b.has_trade() && a.trade != b.trade {
        return Level::Different;
    }
    let (one, other) = (a.house(), b.house());
    let short = one.len().min(other.len());
    if is_one_slip(one, other) {
        return match short {
            0..=2 => Level::Different,
            3 => Level::Similar,
            _ => Level::Close,
        };
    }
    let starts = short >= 2 && one[..short] == other[..short];
    if starts { Level::Similar } else { Level::Different }
}

/// Whether two words are one, mistyped or cut short.
fn is_one_word(a: &[char], b: &[char]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if a == b || (short.len() >= 4 && is_one_slip(a, b)) {
        return true;
    }
    let mut rest = long.iter();
    short.len() >= 3
        && short.first() == long.first()
        && short.iter().all(|c| rest.any(|other| other == c))
        && long.len() >= short.len() + 3
}

/// Two names in letters, word by word.
pub(super) fn words(a: &[char], b: &[char]) -> Level {
    let of = |text| <[char]>::split(text, |c| *c == ' ').collect::<Vec<&[char]>>();
    let (one, other) = (of(a), of(b));
    if one.len() == other.len() {
        let all = one.iter().zip(&other).all(|(a, b)| is_one_word(a, b));
        return if all { Level::Close } else { Level::Different };
    }
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let mut rest = long.iter();
    let all = short.iter().all(|word| rest.any(|other| is_one_word(word, other)));
    if all { Level::Similar } else { Level::Different }
}

/// Whether one character more, less, other or swapped with its neighbour makes one text the other.
pub(super) fn is_one_slip(a: &[char], b: &[char]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let start = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[start..], &long[start..]);
    match long.len() - short.len() {
        0 => {
            let swapped = |a: &[char], b: &[char]| {
                a.len() > 1 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..]
            };
            short.is_empty() || short[1..] == long[1..] || swapped(short, long)
        }
        1 => *short == long[1..],
        _ => false,
    }
}
