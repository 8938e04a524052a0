//! What a document must have to be found by the words that somebody types: with the punctuation of
//! a name or without, a telephone with its country or without.

use guanxi_base::{is_of_word, telephone_digits};

use crate::terms::{
    NAME_WORDS_MAX, PINYIN_LETTERS_MAX, Run, WORD_CHARACTERS_MAX, cut, fold, in_two_letters, runs,
    spelled,
};

/// Only so many words of a query count.
const QUERY_TERMS_MAX: usize = 12;

/// One word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryTerm {
    pub(crate) text: String,
    /// Whether longer terms that start so are meant too.
    pub(crate) prefix: bool,
}

/// What a document must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    Term(QueryTerm),
    All(Vec<Wanted>),
    Any(Vec<Wanted>),
}

impl QueryTerm {
    /// A term that is this, or one that starts so.
    fn start(word: &str) -> Wanted {
        let text = cut(word);
        let length = text.chars().count();
        // What is as long as a term can be is the start of none.
        let one = |text: &str, longest| {
            Wanted::Term(Self { text: spelled(text), prefix: text.chars().count() < longest })
        };
        let whole = one(&text, WORD_CHARACTERS_MAX);
        if length <= PINYIN_LETTERS_MAX || !text.bytes().all(|c| c.is_ascii_lowercase()) {
            return whole;
        }
        Wanted::Any(vec![whole, one(&text[..PINYIN_LETTERS_MAX], PINYIN_LETTERS_MAX)])
    }
}

fn run_terms(run: Run) -> Vec<Wanted> {
    match run {
        Run::Word(word) => vec![QueryTerm::start(&word)],
        Run::Chinese(run) if run.len() == 1 => vec![QueryTerm::start(&run[0].to_string())],
        Run::Chinese(run) => run
            .windows(2)
            .map(|pair| {
                let text = spelled(&pair.iter().collect::<String>());
                Wanted::Term(QueryTerm { text, prefix: false })
            })
            .collect(),
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| is_of_word(*c)).collect()
}

fn are_words(runs: &[Run]) -> bool {
    runs.iter().all(|run| matches!(run, Run::Word(_)))
}

/// What a document must have to be found by these words. None when there is nothing to search for.
pub(crate) fn of_query(words: &str) -> Option<Wanted> {
    let folded = fold(words);
    let mut any = vec![of_words(&folded)?];
    let all = runs(&folded);
    let is_several = folded.split_whitespace().nth(1).is_some();
    if is_several && all.len() <= NAME_WORDS_MAX && are_words(&all) {
        any.push(QueryTerm::start(&letters(&folded)));
    }
    any.extend(telephone_digits(words).iter().map(|digits| QueryTerm::start(digits)));
    // As passports write what keyboards lack.
    if folded.contains("lyu") || folded.contains("nyu") {
        any.extend(of_words(&folded.replace("lyu", "lv").replace("nyu", "nv")));
    }
    any.extend(in_two_letters(words).and_then(|plain| of_words(&plain)));
    any.dedup();
    let one = (any.len() == 1).then(|| any.pop()).flatten();
    Some(one.unwrap_or(Wanted::Any(any)))
}

/// All of the words, each with its punctuation or as if it had none.
fn of_words(folded: &str) -> Option<Wanted> {
    let mut left = QUERY_TERMS_MAX;
    let mut all = Vec::new();
    for chunk in folded.split_whitespace() {
        let runs = runs(chunk);
        let is_joined = runs.len() > 1 && are_words(&runs);
        let parts: Vec<Wanted> = runs.into_iter().flat_map(run_terms).take(left).collect();
        left -= parts.len();
        match is_joined && !parts.is_empty() {
            true => {
                let joined = QueryTerm::start(&letters(chunk));
                all.push(Wanted::Any(vec![Wanted::All(parts), joined]));
            }
            false => all.extend(parts),
        }
    }
    (!all.is_empty()).then_some(Wanted::All(all))
}

#[cfg(test)]
mod tests;
