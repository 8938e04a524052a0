//! The words by which a text is found: folded Latin words, pairs of Chinese characters, pinyin
//! and its initials, the ends of telephone numbers. Made here, so that both databases find the same.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use guanxi_base::{composed, folded, telephone_digits};
use guanxi_record::Kind;
use pinyin::ToPinyin;

/// Counts up whenever other terms are made of a text: an index of an older version is made anew
/// when the database is opened.
pub(crate) const VERSION: i64 = 2;

/// Longer words and pinyin are cut here, in documents and in queries alike. The index has all
/// shorter starts of terms (`prefix=` in the migration).
pub(crate) const WORD_CHARACTERS_MAX: usize = 12;
/// So many ways to read the start of a run of characters are kept.
const READINGS_MAX: usize = 4;
/// Only so much of a text is indexed.
const TEXT_CHARACTERS_MAX: usize = 2_000;
/// Parts of a name between punctuation are also written as one, up to so many.
const JOINED_MAX: usize = 8;
/// In texts of more words neighbours are not also written as one.
pub(crate) const NAME_WORDS_MAX: usize = 8;
/// The end of a number is found from so many digits on.
const END_DIGITS_MIN: usize = 4;
/// Marks the terms of all that is not a record's name: a letter that no text here has, because
/// folding takes it out.
pub(crate) const BESIDES_MARK: char = '\u{a66e}';
/// Marks the term that stands for a whole name.
const WHOLE_MARK: &str = "xqx";

static HETERONYMS: LazyLock<HashMap<char, Vec<&'static str>>> = LazyLock::new(|| {
    let lines = include_str!("../data/heteronyms.txt").lines().filter(|l| !l.starts_with('#'));
    let entry = |line: &'static str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.chars().next()?, words.collect()))
    };
    lines.filter_map(entry).collect()
});

/// Full width to half, capitals to small, accents off, traditional characters to simplified.
pub(crate) fn fold(text: &str) -> String {
    let text: String = text.chars().take(TEXT_CHARACTERS_MAX).collect();
    let plain: String = folded(&text).chars().filter(|c| *c != BESIDES_MARK).collect();
    if plain.is_ascii() { plain } else { fast2s::convert(&plain) }
}

/// As people without these letters write them: with an e or a second a after the plain letter.
/// None where there is no such letter.
pub(crate) fn in_two_letters(text: &str) -> Option<String> {
    let text: String = composed(text).chars().take(TEXT_CHARACTERS_MAX).collect();
    let two = |c: char| {
        Some(match c {
            'ä' | 'Ä' => "ae",
            'ö' | 'Ö' | 'ø' | 'Ø' => "oe",
            'ü' | 'Ü' => "ue",
            'å' | 'Å' => "aa",
            _ => return None,
        })
    };
    text.chars().any(|c| two(c).is_some()).then(|| {
        let mut plain = String::with_capacity(text.len());
        for c in text.chars() {
            match two(c) {
                Some(letters) => plain.push_str(letters),
                None => plain.push(c),
            }
        }
        fold(&plain)
    })
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A stretch of characters of one sort.
pub(crate) enum Run {
    Word(String),
    Chinese(Vec<char>),
}

pub(crate) fn runs(folded: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    for c in folded.chars() {
        match (runs.last_mut(), is_chinese(c), c.is_alphanumeric()) {
            (Some(Some(Run::Chinese(run))), true, _) => run.push(c),
            (Some(Some(Run::Word(word))), false, true) => word.push(c),
            (_, true, _) => runs.push(Some(Run::Chinese(vec![c]))),
            (_, false, true) => runs.push(Some(Run::Word(c.to_string()))),
            _ => runs.push(None),
        }
    }
    runs.into_iter().flatten().collect()
}

pub(crate) fn cut(word: &str) -> String {
    word.chars().take(WORD_CHARACTERS_MAX).collect()
}

/// The terms under which a value is found.
pub(crate) fn of_value(kind: &Kind, text: &str) -> BTreeSet<String> {
    let plain = fold(text);
    let mut terms = of_document(&plain);
    match kind {
        Kind::Phone => {
            for digits in telephone_digits(text) {
                ends(&digits, &mut terms);
                terms.insert(whole(&digits));
            }
        }
        _ => terms.extend(in_two_letters(text).iter().flat_map(|plain| of_document(plain))),
    }
    terms.insert(whole(&plain));
    terms
}

/// Each end of a number, of which somebody may type the last digits only.
fn ends(digits: &str, terms: &mut BTreeSet<String>) {
    terms.insert(cut(digits));
    let starts = 1..=digits.len().saturating_sub(END_DIGITS_MIN);
    terms.extend(starts.map(|start| cut(&digits[start..])));
}

/// The terms under which a text is found.
fn of_document(folded: &str) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    let mut chinese: Vec<char> = Vec::new();
    // Punctuation inside a name is left out as often as not: what stands around it is also one.
    for run in runs(folded) {
        match run {
            Run::Chinese(run) => chinese.extend(run),
            Run::Word(_) => chinese_terms(&std::mem::take(&mut chinese), &mut terms),
        }
    }
    chinese_terms(&chinese, &mut terms);
    let mut before: Option<String> = None;
    let is_name = folded.split_whitespace().count() <= NAME_WORDS_MAX;
    for chunk in folded.split_whitespace() {
        let mut words: Vec<String> = Vec::new();
        for run in runs(chunk) {
            match run {
                Run::Word(word) => words.push(word),
                Run::Chinese(_) => joined_terms(&std::mem::take(&mut words), &mut terms),
            }
        }
        if let (Some(before), Some(first), true) = (&before, words.first(), is_name) {
            terms.insert(cut(&format!("{before}{first}")));
        }
        joined_terms(&words, &mut terms);
        // A number in blanks is one up to its end.
        let is_number = |word: &String| word.chars().all(|c| c.is_ascii_alphanumeric());
        before = match (before, words.len()) {
            (Some(before), 1) if is_number(&words[0]) && before.len() < WORD_CHARACTERS_MAX => {
                Some(format!("{before}{}", words[0]))
            }
            _ => words.pop(),
        };
    }
    terms
}

/// The terms of words between which stands punctuation: of each, and of those that follow as one.
fn joined_terms(words: &[String], terms: &mut BTreeSet<String>) {
    for (at, word) in words.iter().enumerate() {
        terms.insert(cut(word));
        terms.insert(cut(&words[at..words.len().min(at + JOINED_MAX)].concat()));
        if !word.chars().all(|c| c.is_ascii_digit()) {
            continue;
        }
        // So that the last digits of a number find it too, and a number without its zeros.
        if word.len() > 6 {
            ends(word, terms);
        }
        let plain = word.trim_start_matches('0');
        if !plain.is_empty() && plain.len() < word.len() {
            terms.insert(cut(plain));
        }
    }
}

fn chinese_terms(run: &[char], terms: &mut BTreeSet<String>) {
    terms.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
    terms.extend(run.last().map(ToString::to_string));
    for start in 0..run.len() {
        pinyin_terms(&run[start..], terms);
    }
}

/// The one term that stands for a whole value.
fn whole(folded: &str) -> String {
    let letters: String = folded.chars().filter(|c| c.is_alphanumeric()).take(60).collect();
    format!("{WHOLE_MARK}{letters}")
}

/// The terms of which a value has one that is this as a whole.
pub(crate) fn wholes(words: &str) -> Vec<String> {
    let mut all = vec![whole(&fold(words))];
    all.extend(telephone_digits(words).iter().map(|digits| whole(digits)));
    all.dedup();
    all
}

fn pinyin_terms(run: &[char], terms: &mut BTreeSet<String>) {
    let mut readings = vec![(String::new(), String::new())];
    for c in run {
        if readings.iter().all(|(full, _)| full.len() >= WORD_CHARACTERS_MAX)
            && readings.iter().all(|(_, initials)| initials.len() >= 6)
        {
            break;
        }
        let syllables: Vec<&str> = match HETERONYMS.get(c) {
            Some(readings) => readings.clone(),
            None => c.to_pinyin().map(pinyin::Pinyin::plain).into_iter().collect(),
        };
        if syllables.is_empty() {
            break;
        }
        let mut extended = Vec::with_capacity(readings.len());
        for (at, syllable) in syllables.iter().enumerate() {
            if at > 0 && extended.len() + readings.len() > READINGS_MAX {
                break;
            }
            // The keyboard's way to write it.
            let plain = syllable.replace('ü', "v");
            extended.extend(readings.iter().map(|(full, initials)| {
                (format!("{full}{plain}"), format!("{initials}{}", &plain[..1]))
            }));
        }
        readings = extended;
    }
    for (full, initials) in readings.into_iter().filter(|(full, _)| !full.is_empty()) {
        terms.insert(cut(&full));
        if initials.len() > 1 {
            terms.insert(cut(&initials));
        }
    }
}
