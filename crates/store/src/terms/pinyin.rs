//! The terms of Chinese characters as people type their sound: pinyin and its initials.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use pinyin::ToPinyin;

use super::PINYIN_LETTERS_MAX;

/// So many ways to read the start of a run of characters are kept.
const READINGS_MAX: usize = 4;
/// Characters, and how they are read.
type Read = (Vec<char>, Vec<&'static str>);

/// The lines of the list of what is read in its own way.
fn lines() -> impl Iterator<Item = Read> {
    let lines = include_str!("../../data/heteronyms.txt").lines().filter(|l| !l.starts_with('#'));
    lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?.chars().collect(), words.collect()))
    })
}

/// Characters with several readings.
static HETERONYMS: LazyLock<HashMap<char, Vec<&'static str>>> = LazyLock::new(|| {
    let single = lines().filter(|(characters, _)| characters.len() == 1);
    single.map(|(characters, readings)| (characters[0], readings)).collect()
});

/// Names whose characters are read otherwise than elsewhere, by the first of them.
static NAMES: LazyLock<HashMap<char, Vec<Read>>> = LazyLock::new(|| {
    let mut names: HashMap<char, Vec<_>> = HashMap::new();
    for (characters, readings) in lines().filter(|(characters, _)| characters.len() > 1) {
        names.entry(characters[0]).or_default().push((characters, readings));
    }
    names
});

/// Adds the terms of what starts with these characters.
pub(super) fn terms(run: &[char], terms: &mut BTreeSet<String>) {
    let run = &run[..run.len().min(PINYIN_LETTERS_MAX)];
    let syllables: Vec<Vec<String>> = run.iter().map(|c| syllables(*c)).collect();
    terms_of(&syllables, terms);
    let mut as_names = syllables;
    let mut has_name = false;
    for start in 0..run.len() {
        let named = NAMES.get(&run[start]).into_iter().flatten();
        for (_, readings) in named.filter(|(characters, _)| run[start..].starts_with(characters)) {
            has_name = true;
            for (at, reading) in readings.iter().enumerate() {
                as_names[start + at] = spellings(reading);
            }
        }
    }
    if has_name {
        terms_of(&as_names, terms);
    }
}

fn syllables(c: char) -> Vec<String> {
    match HETERONYMS.get(&c) {
        Some(readings) => readings.iter().flat_map(|reading| spellings(reading)).collect(),
        None => c.to_pinyin().map(|sound| spellings(sound.plain())).unwrap_or_default(),
    }
}

/// A syllable as people type it: the letter that keyboards lack by the one that pinyin lacks, or
/// without its points.
fn spellings(syllable: &str) -> Vec<String> {
    match syllable.contains(['ü', 'v']) {
        true => ["v", "u"].map(|letter| syllable.replace(['ü', 'v'], letter)).into(),
        false => vec![syllable.to_owned()],
    }
}

fn terms_of(syllables: &[Vec<String>], terms: &mut BTreeSet<String>) {
    let mut readings = vec![(String::new(), String::new())];
    for syllables in syllables {
        if readings.iter().all(|(_, initials)| initials.len() >= PINYIN_LETTERS_MAX) {
            break;
        }
        if syllables.is_empty() {
            break;
        }
        let mut extended = Vec::with_capacity(readings.len());
        for (at, syllable) in syllables.iter().enumerate() {
            if at > 0 && extended.len() + readings.len() > READINGS_MAX {
                break;
            }
            extended.extend(readings.iter().map(|(full, initials)| {
                (format!("{full}{syllable}"), format!("{initials}{}", &syllable[..1]))
            }));
        }
        readings = extended;
    }
    let cut = |letters: &str| letters.chars().take(PINYIN_LETTERS_MAX).collect::<String>();
    for (full, initials) in readings.into_iter().filter(|(full, _)| !full.is_empty()) {
        terms.insert(cut(&full));
        if initials.len() > 1 {
            terms.insert(cut(&initials));
        }
    }
}
