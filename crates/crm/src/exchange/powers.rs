//! Words for powers of ten in many languages: in number formats, beside numbers, in the names of
//! columns. What may mean something else is known as such, so that nothing is multiplied by chance.

use std::sync::LazyLock;

/// How sure it is that a word means its power of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sure {
    /// It means several.
    Never,
    /// It means something else as well where no currency stands beside it.
    WithCurrency,
    /// It can mean nothing else.
    Always,
}

/// A word for a power of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Power<'a> {
    /// The power.
    pub(crate) exponent: usize,
    pub(crate) sure: Sure,
    /// Whether it is made of letters of East Asia, which stand beside one another.
    pub(crate) is_letters: bool,
    /// What stands before or behind it in the same word.
    pub(crate) rest: &'a str,
}

struct Powers {
    words: Vec<(&'static str, usize, Sure)>,
    letters: Vec<(char, usize)>,
}

static POWERS: LazyLock<Powers> = LazyLock::new(|| {
    let (mut words, mut letters) = (Vec::new(), Vec::new());
    let lines = include_str!("../../data/number-powers.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let Some((name, exponent)) = line.split_once(' ') else { continue };
        let Ok(exponent) = exponent.parse() else { continue };
        if let Some(letter) = name.strip_prefix('+') {
            letters.extend(letter.chars().map(|letter| (letter, exponent)));
            continue;
        }
        let plain = name.trim_start_matches('?');
        let sure = match name.len() - plain.len() {
            0 => Sure::Always,
            1 => Sure::WithCurrency,
            _ => Sure::Never,
        };
        words.push((plain, exponent, sure));
    }
    Powers { words, letters }
});

fn exponent_of(letter: char) -> Option<usize> {
    POWERS.letters.iter().find(|(one, _)| *one == letter).map(|(_, exponent)| *exponent)
}

/// Whether a letter is one for a power of ten by itself.
pub(crate) fn is_letter(letter: char) -> bool {
    exponent_of(letter).is_some()
}

/// The powers of ten that a word in small letters may begin or end with, the likeliest first.
pub(crate) fn powers_of(word: &str) -> impl Iterator<Item = Power<'_>> {
    let rest = word.trim_start_matches(is_letter);
    let letters = &word[..word.len() - rest.len()];
    let exponent = letters.chars().filter_map(exponent_of).sum();
    let by_letters = (!letters.is_empty()).then_some(Power {
        exponent,
        sure: Sure::Always,
        is_letters: true,
        rest,
    });
    let whole = POWERS.words.iter().filter(move |(name, ..)| *name == word).map(|one| (one, ""));
    let parts = POWERS.words.iter().filter_map(move |one| {
        let rest = word.strip_prefix(one.0).or_else(|| word.strip_suffix(one.0))?;
        let rest = rest.trim_matches(['.', '-']);
        (!rest.is_empty()).then_some((one, rest))
    });
    by_letters.into_iter().chain(whole.chain(parts).map(|((_, exponent, sure), rest)| Power {
        exponent: *exponent,
        sure: *sure,
        is_letters: false,
        rest,
    }))
}

/// A word that can mean nothing but this power of ten.
pub(crate) fn word_for(exponent: usize) -> Option<String> {
    let is_it = |one: &&(&str, usize, Sure)| one.1 == exponent && one.2 == Sure::Always;
    let letter = || POWERS.letters.iter().find(|(_, one)| *one == exponent);
    let word = POWERS.words.iter().find(is_it).map(|(word, ..)| (*word).to_owned());
    word.or_else(|| letter().map(|(letter, _)| letter.to_string()))
}
