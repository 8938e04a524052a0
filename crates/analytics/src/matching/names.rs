//! How alike two names are: of companies, of persons.

use super::company::is_han;
use super::comparing::Text;
use super::level::Level;
use super::similarity::similarity;
use super::telling::{are_two_given_names, characters_tell_apart, words_tell_apart};

/// Two companies of one house that are numbered, lettered or told apart by a side.
pub(super) fn are_two_names(a: &Text, b: &Text) -> bool {
    let is_han = |text: &Text| text.characters.iter().any(|c| is_han(*c));
    match is_han(a) && is_han(b) {
        // Without what both do, which may stand in one name only.
        true => {
            characters_tell_apart(a.house(), b.house())
                || characters_tell_apart(&a.characters, &b.characters)
        }
        false if is_han(a) || is_han(b) => false,
        false => words_tell_apart(&a.characters, &b.characters),
    }
}

/// Two persons: of one family with other given names they are two, however alike the whole is.
pub(super) fn persons(a: &Text, b: &Text, are_same_letters: bool) -> Level {
    let is_of_letters = |text: &Text| text.characters.iter().all(|c| !is_han(*c));
    let (one, other) = (&a.characters, &b.characters);
    if are_same_letters {
        // What sounds the same is written by mistake as often as it is another's.
        return match is_of_letters(a) == is_of_letters(b) && !is_of_letters(a) {
            true => Level::Similar,
            false => Level::SameLetters,
        };
    }
    if is_of_letters(a) && is_of_letters(b) && words_tell_apart(one, other) {
        return Level::Related;
    }
    let level = similarity(a, b);
    let (one, other) = (family_and_given(one), family_and_given(other));
    let (Some((family, given)), Some((other_family, other_given))) = (one, other) else {
        return level;
    };
    let (short, long) = match given.len() <= other_given.len() {
        true => (given, other_given),
        false => (other_given, given),
    };
    // An initial, or without the second name.
    let is_short_form = is_of_letters(a)
        && long.starts_with(short)
        && (short.len() <= 1 || long.get(short.len()).is_none_or(|next| *next == ' '));
    let are_two = family == other_family
        && !short.is_empty()
        && !is_short_form
        && are_two_given_names(given, other_given);
    if are_two { Level::Related } else { level }
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
    if short < 2 || one[..short] != other[..short] {
        return Level::Different;
    }
    // One house, of which one says a trade and the other something else.
    let (shorter, rest) =
        if one.len() < other.len() { (a, &other[short..]) } else { (b, &one[short..]) };
    let says_else = shorter.has_trade() && !rest.is_empty();
    if says_else { Level::Related } else { Level::Similar }
}

/// Two mail addresses: with other numbers behind a name they are two, as those of namesakes.
pub(super) fn mails(a: &[char], b: &[char]) -> Level {
    /// A longer number is all that the owner goes by, and is mistyped as others are.
    const NUMBER_MAX: usize = 4;
    if !is_one_slip(a, b) {
        return Level::Different;
    }
    let parts = |text: &[char]| {
        let owner = text.iter().take_while(|c| **c != '@');
        let (digits, name): (Vec<char>, Vec<char>) = owner.partition(|c| c.is_ascii_digit());
        (digits, name)
    };
    let ((one, name), (other, of_other)) = (parts(a), parts(b));
    let is_number = one != other && name == of_other && !name.is_empty();
    let is_short = one.len().max(other.len()) <= NUMBER_MAX;
    if is_number && is_short { Level::Different } else { Level::Close }
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
