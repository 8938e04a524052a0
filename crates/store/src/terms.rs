//! The words by which a text is found: folded Latin words, pairs of Chinese characters, pinyin
//! and its initials. Made here, so that both databases find the same.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use pinyin::ToPinyin;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longer words and pinyin are cut here, in documents and in queries alike. The index has all
/// shorter starts of terms (`prefix=` in the migration).
const WORD_CHARACTERS_MAX: usize = 12;
/// So many ways to read the start of a run of characters are kept.
const READINGS_MAX: usize = 4;
/// Only so much of a text is indexed.
const TEXT_CHARACTERS_MAX: usize = 2_000;
/// Only so many words of a query count.
const QUERY_TERMS_MAX: usize = 12;
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
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c) && *c != BESIDES_MARK);
    let plain: String = plain.flat_map(char::to_lowercase).take(TEXT_CHARACTERS_MAX).collect();
    if plain.is_ascii() { plain } else { fast2s::convert(&plain) }
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A stretch of characters of one sort.
enum Run {
    Word(String),
    Chinese(Vec<char>),
}

fn runs(folded: &str) -> Vec<Run> {
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

fn cut(word: &str) -> String {
    word.chars().take(WORD_CHARACTERS_MAX).collect()
}

/// The terms under which a text is found.
pub(crate) fn of_document(folded: &str) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    for run in runs(folded) {
        match run {
            Run::Word(word) => {
                terms.insert(cut(&word));
                // So that the last digits of a phone or order number find it too.
                let digits = word.chars().all(|c| c.is_ascii_digit());
                if digits && word.len() > 6 {
                    terms.extend([4, 6, 8].iter().filter_map(|n| {
                        word.len().checked_sub(*n).map(|start| word[start..].to_owned())
                    }));
                }
            }
            Run::Chinese(run) => {
                terms.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
                terms.extend(run.last().map(ToString::to_string));
                for start in 0..run.len() {
                    pinyin_terms(&run[start..], &mut terms);
                }
            }
        }
    }
    terms
}

/// The one term that stands for a whole name.
pub(crate) fn whole(folded_name: &str) -> String {
    let letters: String = folded_name.chars().filter(|c| c.is_alphanumeric()).take(60).collect();
    format!("{WHOLE_MARK}{letters}")
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

/// One word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryTerm {
    pub(crate) text: String,
    /// Whether longer terms that start so are meant too.
    pub(crate) prefix: bool,
}

/// The terms that a document must have, all of them. None when there is nothing to search for.
pub(crate) fn of_query(words: &str) -> Vec<QueryTerm> {
    let mut terms = Vec::new();
    for run in runs(&fold(words)) {
        match run {
            Run::Word(word) => {
                let text = cut(&word);
                // What is as long as a term can be is the start of none.
                let prefix = text.chars().count() < WORD_CHARACTERS_MAX;
                terms.push(QueryTerm { text, prefix });
            }
            Run::Chinese(run) if run.len() == 1 => {
                terms.push(QueryTerm { text: run[0].to_string(), prefix: true });
            }
            Run::Chinese(run) => terms.extend(
                run.windows(2).map(|pair| QueryTerm { text: pair.iter().collect(), prefix: false }),
            ),
        }
    }
    terms.truncate(QUERY_TERMS_MAX);
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(words: &str, text: &str) -> bool {
        let terms = of_document(&fold(text));
        let query = of_query(words);
        !query.is_empty()
            && query.iter().all(|term| {
                terms.contains(&term.text)
                    || (term.prefix && terms.iter().any(|known| known.starts_with(&term.text)))
            })
    }

    #[test]
    fn a_name_is_found_as_people_type_it() {
        for words in [
            "华为",
            "huawei",
            "hw",
            "华为技术",
            "Hua Wei",
            "HWJS",
            "技术",
            "jishu",
            "华",
            "司",
            "ＨＵＡＷＥＩ",
        ] {
            assert!(finds(words, "华为技术有限公司"), "{words}");
        }
        for words in ["为华", "weihua", "", "!!", "华为集团"] {
            assert!(!finds(words, "华为技术有限公司"), "{words}");
        }
        assert!(finds("chongqing", "重庆长安") && finds("changan", "重庆长安"));
        assert!(finds("華為技術", "华为技术有限公司") && finds("台积", "臺灣積體電路台積電"));
        assert!(finds("huaweijishuyouxiangongsi", "华为技术有限公司"));
        assert!(finds("yinhang", "招商银行") && finds("zsyh", "招商银行"));
        assert!(finds("muller", "Müller GmbH") && finds("SO-0012", "SO-001234"));
        assert!(finds("8000", "+8613800138000"));
    }

    #[test]
    fn no_text_breaks_it() {
        for text in ["", "\u{0}\u{301}", "😀😀", &"长".repeat(5_000), "ﷺ", "𠀀𠀁"] {
            assert!(of_document(&fold(text)).len() < 40_000);
        }
    }
}
