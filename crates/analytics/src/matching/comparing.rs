//! How alike two values are.

use std::collections::HashMap;

use rapidfuzz::distance::jaro_winkler;
use rayon::prelude::*;

use super::{Field, normalise};

/// How two values of a field are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal or different.
    Same,
    /// Names: also by their letters, and by Jaro and Winkler's similarity.
    Name,
    /// Numbers, dates, telephones: also one slip away.
    Code,
    /// Several words, as of addresses: also by how many they share.
    Words,
}

impl Comparison {
    /// The levels that it tells apart.
    pub(super) fn levels(self) -> &'static [Level] {
        match self {
            Self::Same => &[Level::Different, Level::Equal],
            Self::Code => &[Level::Different, Level::Close, Level::Equal],
            Self::Name | Self::Words => {
                &[Level::Different, Level::Similar, Level::Close, Level::SameLetters, Level::Equal]
            }
        }
    }
}

/// How alike two values are, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// One of them is not known.
    Missing,
    /// Nothing in common.
    Different,
    /// Some: a similarity of .8, or half of the words.
    Similar,
    /// Much: a similarity of .92, or one slip.
    Close,
    /// The same letters in another order or script.
    SameLetters,
    /// The same.
    Equal,
}

impl Level {
    pub(super) const ALL: [Self; 6] = [
        Self::Missing,
        Self::Different,
        Self::Similar,
        Self::Close,
        Self::SameLetters,
        Self::Equal,
    ];
}

/// From here on two texts are close (Winkler 1990; the steps are those in use with splink).
const CLOSE: f64 = 0.92;
/// From here on they are similar.
const SIMILAR: f64 = 0.80;
const UNKNOWN: u32 = u32::MAX;

/// A field with each distinct value once.
pub(super) struct Column {
    pub(super) comparison: Comparison,
    /// The place of each record's value, or [`UNKNOWN`].
    ids: Vec<u32>,
    texts: Vec<Text>,
    counts: Vec<u32>,
}

struct Text {
    characters: Vec<char>,
    /// A bit for each character that occurs, some share one.
    letter_mask: u64,
    /// The place of its letters among all.
    letters: u32,
    words: Vec<u32>,
}

/// Gives each distinct value a number.
#[derive(Default)]
struct Numbers<'a>(HashMap<std::borrow::Cow<'a, str>, u32>);

impl<'a> Numbers<'a> {
    fn of(&mut self, value: impl Into<std::borrow::Cow<'a, str>>) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(UNKNOWN);
        *self.0.entry(value.into()).or_insert(next)
    }
}

impl Column {
    pub(super) fn of(field: &Field) -> Self {
        let mut values = Numbers::default();
        let mut distinct: Vec<&str> = Vec::new();
        let mut counts: Vec<u32> = Vec::new();
        let ids = field
            .values
            .iter()
            .map(|value| {
                let Some(value) = value else { return UNKNOWN };
                let id = values.of(value.as_str());
                if id as usize == distinct.len() {
                    distinct.push(value);
                    counts.push(0);
                }
                counts[id as usize] += 1;
                id
            })
            .collect();
        let with_letters = field.comparison == Comparison::Name;
        let sorted: Vec<String> = distinct
            .par_iter()
            .map(|text| if with_letters { normalise::letters(text) } else { String::new() })
            .collect();
        let (mut letters, mut words) = (Numbers::default(), Numbers::default());
        let texts = distinct
            .into_iter()
            .zip(sorted)
            .map(|(text, sorted)| {
                let mut of_words: Vec<u32> = text.split(' ').map(|word| words.of(word)).collect();
                of_words.sort_unstable();
                of_words.dedup();
                let mask = |mask: u64, c: char| mask | 1 << (c as u32 % 64);
                Text {
                    characters: text.chars().collect(),
                    letter_mask: text.chars().fold(0, mask),
                    letters: letters.of(sorted),
                    words: of_words,
                }
            })
            .collect();
        Self { comparison: field.comparison, ids, texts, counts }
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// How many of them have a value.
    pub(super) fn count_known(&self) -> usize {
        self.ids.iter().filter(|id| **id != UNKNOWN).count()
    }

    /// How often the value of a record occurs.
    pub(super) fn count_of(&self, record: u32) -> u32 {
        let id = self.ids[record as usize];
        self.counts.get(id as usize).copied().unwrap_or(0)
    }

    pub(super) fn level(&self, a: u32, b: u32) -> Level {
        let (a, b) = (self.ids[a as usize], self.ids[b as usize]);
        if a == UNKNOWN || b == UNKNOWN {
            return Level::Missing;
        }
        if a == b {
            return Level::Equal;
        }
        let (a, b) = (&self.texts[a as usize], &self.texts[b as usize]);
        match self.comparison {
            Comparison::Same => Level::Different,
            Comparison::Code => {
                let slip = is_one_slip(&a.characters, &b.characters);
                if slip { Level::Close } else { Level::Different }
            }
            Comparison::Name if a.letters == b.letters => Level::SameLetters,
            Comparison::Name => similarity(a, b),
            Comparison::Words => similarity(a, b).max(shared_words(a, b)),
        }
    }
}

/// Whether one character more, less, other or swapped with its neighbour makes one text the other.
fn is_one_slip(a: &[char], b: &[char]) -> bool {
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

/// The highest similarity that two texts can have by their lengths, their letters and their start:
/// tells most pairs apart without looking for what they share.
fn similarity_bound(a: &Text, b: &Text) -> f64 {
    let there = |text: &Text, other: u64| {
        text.characters.iter().filter(|c| other >> (**c as u32 % 64) & 1 == 1).count()
    };
    let shared = there(a, b.letter_mask).min(there(b, a.letter_mask)) as f64;
    let share = |text: &Text| shared / text.characters.len() as f64;
    let jaro = (share(a) + share(b) + 1.0) / 3.0;
    let pairs = a.characters.iter().zip(&b.characters).take(4);
    let start = pairs.take_while(|(a, b)| a == b).count() as f64;
    jaro + 0.1 * start * (1.0 - jaro)
}

fn similarity(a: &Text, b: &Text) -> Level {
    if similarity_bound(a, b) < SIMILAR {
        return Level::Different;
    }
    let found = jaro_winkler::similarity_with_args(
        a.characters.iter().copied(),
        b.characters.iter().copied(),
        &jaro_winkler::Args::default().score_cutoff(SIMILAR),
    );
    match found {
        Some(found) if found >= CLOSE => Level::Close,
        Some(_) => Level::Similar,
        None => Level::Different,
    }
}

/// Words in common by all words of both (Jaccard).
fn shared_words(a: &Text, b: &Text) -> Level {
    let shared = a.words.iter().filter(|word| b.words.binary_search(word).is_ok()).count();
    let all = a.words.len() + b.words.len() - shared;
    if shared == all {
        Level::SameLetters
    } else if 2 * shared >= all {
        Level::Similar
    } else {
        Level::Different
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rapidfuzz::distance::osa;

    use super::*;

    proptest! {
        #[test]
        fn slips_and_bounds_are_those_of_the_library(a in "[ab1]{0,6}", b in "[ab1]{0,6}") {
            let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            let distance = osa::distance(a.chars(), b.chars());
            prop_assert_eq!(is_one_slip(&x, &y), distance <= 1, "{} {}", a, b);
            prop_assume!(!a.is_empty() && !b.is_empty());
            let field = Field::new("x", [a.clone(), b.clone()], Comparison::Name);
            let column = Column::of(&field);
            let texts = (&column.texts[0], &column.texts[column.texts.len() - 1]);
            let found = jaro_winkler::similarity(a.chars(), b.chars());
            prop_assert!(found <= similarity_bound(texts.0, texts.1) + 1e-12);
        }
    }
}
