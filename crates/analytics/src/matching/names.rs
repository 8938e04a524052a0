//! How alike two names are: of companies, of persons.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use pinyin::ToPinyin;

use super::company::is_han;
use super::comparing::Text;
use super::level::Level;
use super::normalise::lines;
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

/// The words of names in letters that several names have: two of them are two words, and no slip.
#[derive(Default)]
pub(super) struct KnownWords(HashMap<Box<[char]>, u32>);

/// Given names that many have.
static GIVEN_NAMES: LazyLock<HashSet<Vec<char>>> = LazyLock::new(|| {
    let words = lines(include_str!("../../data/given-names.txt")).flat_map(|line| line.split(' '));
    words.map(|word| word.chars().collect()).collect()
});

impl KnownWords {
    /// From distinct texts, of which several may be one name.
    pub(super) fn of(texts: &[Text]) -> Self {
        let mut seen = HashSet::new();
        let mut counts: HashMap<Box<[char]>, u32> = HashMap::new();
        for text in texts.iter().filter(|text| seen.insert(text.kernel)) {
            for word in text.characters.split(|c| *c == ' ').filter(|word| word.len() > 2) {
                match counts.get_mut(word) {
                    Some(count) => *count += 1,
                    None if word.iter().any(|c| is_han(*c)) => {}
                    None => drop(counts.insert(word.into(), 1)),
                }
            }
        }
        Self(counts)
    }

    /// Whether both are words of their own.
    fn are_two(&self, a: &[char], b: &[char]) -> bool {
        let is_known = |word: &[char]| {
            self.0.get(word).is_some_and(|names| *names > 1) || GIVEN_NAMES.contains(word)
        };
        a != b && is_known(a) && is_known(b)
    }
}

fn is_of_letters(text: &Text) -> bool {
    text.characters.iter().all(|c| !is_han(*c))
}

/// Whether two names sound the same: in characters and in letters, with the family name first or last,
/// with its words in another order, with or without blanks.
pub(super) fn are_same_sounds(a: &Text, b: &Text) -> bool {
    if a.letters != b.letters {
        return false;
    }
    let words = |text: &Text| -> Vec<String> {
        text.text().split(' ').map(super::normalise::sounds).collect()
    };
    let (mut one, mut other) = (words(a), words(b));
    let whole = other.concat();
    for _ in 0..one.len() {
        if one.concat() == whole {
            return true;
        }
        one.rotate_left(1);
    }
    let whole = one.concat();
    for _ in 0..other.len() {
        if other.concat() == whole {
            return true;
        }
        other.rotate_left(1);
    }
    one.sort_unstable();
    other.sort_unstable();
    one == other
}

/// Two persons: of one family with other given names they are two, however alike the whole is.
pub(super) fn persons(a: &Text, b: &Text, known: &KnownWords) -> Level {
    let (one, other) = (&a.characters, &b.characters);
    let are_of_letters = is_of_letters(a) && is_of_letters(b);
    if are_same_sounds(a, b) {
        // What sounds the same is written by mistake as often as it is another's.
        return match is_of_letters(a) == is_of_letters(b) && !are_of_letters {
            true => Level::Similar,
            false => Level::SameLetters,
        };
    }
    if are_of_letters && words_tell_apart(one, other) {
        return Level::Related;
    }
    let level = similarity(a, b);
    let are_two = match (one.first(), other.first()) {
        (Some(first), Some(other_first)) if is_han(*first) && is_han(*other_first) => {
            first == other_first && one.len() > 1 && other.len() > 1 && one != other
        }
        _ if !are_of_letters => false,
        _ => are_two_of_one_family(one, other, level, known),
    };
    if are_two { Level::Related } else { level }
}

/// Whether two names in letters have one family name, the last word or the first, and two given names.
fn are_two_of_one_family(a: &[char], b: &[char], level: Level, known: &KnownWords) -> bool {
    let last = |name: &[char]| name.iter().rposition(|c| *c == ' ');
    let first = |name: &[char]| name.iter().position(|c| *c == ' ');
    let (Some(one), Some(other)) = (last(a), last(b)) else { return false };
    if a[one..] == b[other..] {
        return are_two_given(&a[..one], &b[..other], known);
    }
    let (Some(one), Some(other)) = (first(a), first(b)) else { return false };
    // A name that a marriage changed is another's as a whole.
    a[..one] == b[..other]
        && level > Level::Different
        && are_two_given(&a[one + 1..], &b[other + 1..], known)
}

fn are_two_given(given: &[char], other: &[char], known: &KnownWords) -> bool {
    let (short, long) = if given.len() <= other.len() { (given, other) } else { (other, given) };
    // An initial, or without the second name.
    let is_short_form = long.starts_with(short)
        && (short.len() <= 1 || long.get(short.len()).is_none_or(|next| *next == ' '));
    if short.is_empty() || is_short_form {
        return false;
    }
    let words = |name| <[char]>::split(name, |c| *c == ' ');
    let mut pairs = words(short).zip(words(long));
    pairs.any(|(one, other)| known.are_two(one, other)) || are_two_given_names(given, other)
}

/// Two Chinese names of other houses: of two or three characters one tells them apart.
pub(super) fn han(a: &Text, b: &Text) -> Level {
    if a.has_trade() && b.has_trade() && a.trade != b.trade {
        return Level::Different;
    }
    let (one, other) = (a.house(), b.house());
    let short = one.len().min(other.len());
    if is_one_slip(one, other) {
        // Who types by sound does not mistake one for what sounds quite otherwise.
        let is_other = is_another_character(one, other);
        return match short {
            0..=2 => Level::Different,
            3 if is_other => Level::Different,
            _ if is_other => Level::Related,
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

/// Whether one character stands for another that sounds quite otherwise.
fn is_another_character(a: &[char], b: &[char]) -> bool {
    let mut differ = a.iter().zip(b).filter(|(a, b)| a != b);
    let (Some((one, other)), None) = (differ.next(), differ.next()) else { return false };
    a.len() == b.len() && is_han(*one) && is_han(*other) && sound(*one) != sound(*other)
}

/// The sound of a character as people hear it who do not tell zh from z, or ang from an.
fn sound(character: char) -> String {
    let sound = character.to_pinyin().map_or("", |sound| sound.plain());
    let sound = sound.strip_suffix('g').filter(|rest| rest.ends_with('n')).unwrap_or(sound);
    match (sound.get(..1), sound.get(1..)) {
        (Some("z" | "c" | "s"), Some(rest)) => sound[..1].to_owned() + rest.trim_start_matches('h'),
        (Some("n"), Some(rest)) => format!("l{rest}"),
        _ => sound.to_owned(),
    }
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

/// How words are cut short, each with those that it stands for.
static ABBREVIATIONS: LazyLock<HashMap<Vec<char>, Vec<Vec<char>>>> = LazyLock::new(|| {
    let list = lines(include_str!("../../data/abbreviations.txt"));
    let characters = |word: &str| word.chars().collect::<Vec<char>>();
    let entry = |line: &str| {
        let mut words = line.split(' ').map(characters);
        Some((words.next()?, words.collect()))
    };
    list.filter_map(entry).collect()
});

/// Whether two words are one, mistyped or cut short.
fn is_one_word(a: &[char], b: &[char], known: &KnownWords) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let is_plural =
        long.len() == short.len() + 1 && long.starts_with(short) && long.ends_with(&['s']);
    let is_short_for =
        ABBREVIATIONS.get(short).is_some_and(|all| all.iter().any(|one| one == long));
    if a == b || (is_plural && short.len() > 2) || is_short_for {
        return true;
    }
    // Of four letters another one makes another word.
    let is_slip = is_one_slip(a, b) && short.len() >= if a.len() == b.len() { 5 } else { 4 };
    let is_start = short.len() >= 5 && long.starts_with(short);
    (is_slip || is_start) && !known.are_two(a, b)
}

/// Two names in letters, word by word.
pub(super) fn words(a: &[char], b: &[char], known: &KnownWords) -> Level {
    let of = |text| <[char]>::split(text, |c| *c == ' ').collect::<Vec<&[char]>>();
    let (one, other) = (of(a), of(b));
    if one.len() == other.len() {
        let all = one.iter().zip(&other).all(|(a, b)| is_one_word(a, b, known));
        return if all { Level::Close } else { Level::Different };
    }
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let mut rest = long.iter();
    let all = short.iter().all(|word| rest.any(|other| is_one_word(word, other, known)));
    if all { Level::Similar } else { Level::Different }
}

/// Whether two names of one house in letters say one trade, of which one is cut short.
pub(super) fn is_one_trade(a: &Text, b: &Text, known: &KnownWords) -> bool {
    let (one, other) = (a.trade_characters(), b.trade_characters());
    !one.iter().chain(other).any(|c| is_han(*c)) && words(one, other, known) == Level::Close
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
