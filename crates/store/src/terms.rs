//! The words by which a text is found: folded Latin words, pairs of Chinese characters, pinyin
//! and its initials, the ends of telephone numbers. Made here, so that both databases find the same.

mod pinyin;

use std::collections::BTreeSet;

use guanxi_base::{
    Telephone, composed, folded, is_invisible, is_of_word, telephone_digits, with_plain_digits,
};
use guanxi_record::Kind;

/// Counts up whenever other terms are made of a text: an index of an older version is made anew
/// when the database is opened.
pub(crate) const VERSION: i64 = 4;

/// Longer words are cut here, in documents and in queries alike: no number of the world is longer,
/// so that who types all of one finds no other. The index has the starts of terms up to twelve
/// letters (`prefix=` in the migration).
pub(crate) const WORD_CHARACTERS_MAX: usize = 36;
/// Longer pinyin is cut here.
pub(crate) const PINYIN_LETTERS_MAX: usize = 12;
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

/// Full width to half, capitals to small, accents off, traditional characters to simplified.
pub(crate) fn fold(text: &str) -> String {
    let text: String = text.chars().take(TEXT_CHARACTERS_MAX).collect();
    // A blank that nobody sees stands between words; what else nobody sees stands inside them.
    let is_left_out =
        |c: char| c == BESIDES_MARK || is_point(c) || (is_invisible(c) && c != '\u{200b}');
    let plain = with_plain_digits(&folded(&text));
    let plain: String = plain.chars().filter(|c| !is_left_out(*c)).collect();
    if plain.is_ascii() { plain } else { fast2s::convert(&plain) }
}

/// The points of Hebrew letters that only tell how they sound: most people write none of them.
fn is_point(c: char) -> bool {
    matches!(c, '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}')
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
        match (runs.last_mut(), is_chinese(c), is_of_word(c)) {
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

/// Whether SQLite's tokenizer takes a letter for one, and leaves it as it is: it knows those of 2012
/// only, and takes apart words with vowel signs.
fn is_plain(c: char) -> bool {
    matches!(
        c,
        'a'..='z'
            | '0'..='9'
            | '\u{3b1}'..='\u{3c1}'
            | '\u{3c3}'..='\u{3c9}'
            | '\u{430}'..='\u{45f}'
            | '\u{5d0}'..='\u{5ea}'
            | '\u{621}'..='\u{63a}'
            | '\u{641}'..='\u{64a}'
            | '\u{3041}'..='\u{3096}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{3400}'..='\u{4db5}'
            | '\u{4e00}'..='\u{9fcc}'
            | '\u{ac00}'..='\u{d7a3}'
            | BESIDES_MARK
    )
}

/// A term in letters that both databases keep together: any other is written as two, of which the
/// first stands in no term otherwise. What starts with another does so still.
pub(crate) fn spelled(term: &str) -> String {
    if term.chars().all(is_plain) {
        return term.to_owned();
    }
    const LOW_BITS: u32 = 11;
    let letter = |start: u32, number: u32| {
        char::from_u32(start + number).expect("both blocks of letters have that many")
    };
    let mut spelled = String::with_capacity(term.len() * 2);
    for c in term.chars() {
        if is_plain(c) {
            spelled.push(c);
            continue;
        }
        let code = u32::from(c);
        // Syllables of the Yi, which are spelled so themselves, and of Korea.
        spelled.push(letter(0xa000, code >> LOW_BITS));
        spelled.push(letter(0xac00, code & ((1 << LOW_BITS) - 1)));
    }
    spelled
}

/// The terms under which a value is found.
pub(crate) fn of_value(kind: &Kind, text: &str) -> BTreeSet<String> {
    let plain = fold(text);
    let mut terms = of_document(&plain);
    match kind {
        Kind::Phone => {
            for digits in telephone_digits(text) {
                ends(&digits, &mut terms);
            }
            terms.extend(whole_numbers(text));
        }
        _ => terms.extend(in_two_letters(text).iter().flat_map(|plain| of_document(plain))),
    }
    terms.insert(whole(&plain));
    terms.iter().map(|term| spelled(term)).collect()
}

/// The terms that stand for a whole telephone number, by all that may be left out of it.
fn whole_numbers(text: &str) -> BTreeSet<String> {
    let read = Telephone::read(text);
    let nationals = read.iter().flat_map(Telephone::all_significant).map(whole);
    nationals.chain(telephone_digits(text).iter().map(|digits| whole(digits))).collect()
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
        pinyin::terms(&run[start..], terms);
    }
}

/// The one term that stands for a whole value.
fn whole(folded: &str) -> String {
    let letters: String = folded.chars().filter(|c| is_of_word(*c)).take(60).collect();
    format!("{WHOLE_MARK}{letters}")
}

/// The terms of which a value has one that is this as a whole.
pub(crate) fn wholes(words: &str) -> Vec<String> {
    let mut all = whole_numbers(words);
    all.insert(whole(&fold(words)));
    all.iter().map(|term| spelled(term)).collect()
}
