//! The digits that somebody writes as a telephone number, whatever stands between them.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::text::{folded, is_invisible};

/// A number of so many digits may have got decimals by mistake; what is shorter is a part of one.
const WHOLE_MIN: usize = 7;

/// What stands before an extension.
static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("../../data/telephone-words.txt").lines();
    lines.filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
});

/// The digits, whether a country stands before them, and the extension.
pub(super) struct Written {
    pub(super) digits: String,
    pub(super) with_country: bool,
    pub(super) extension: String,
}

/// Reads what is written; none where it is no telephone, nor part of one.
pub(super) fn written(text: &str) -> Option<Written> {
    let text: String = folded(text).chars().filter(|c| !is_invisible(*c)).collect();
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let text = without_decimals(text);
    let end = text.find(|c: char| c.is_alphabetic() || matches!(c, '#' | ';' | ','));
    let (main, rest) = text.split_at(end.unwrap_or(text.len()));
    let mut with_country = false;
    let mut digits = String::new();
    let mut main = main.trim();
    // A zero in brackets is dialled at home only.
    let brackets = main.replace("(0)", "");
    if main.trim_start_matches('(').starts_with('+') {
        main = &brackets;
        with_country = true;
    }
    for c in main.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() => {}
            c if is_between(c) => {}
            _ => return None,
        }
    }
    Some(Written { digits, with_country, extension: extension(rest)? })
}

/// What may stand between the digits of a number.
fn is_between(c: char) -> bool {
    matches!(
        c,
        ' ' | '-' | '(' | ')' | '.' | '/' | '*' | '\u{b7}' | '\u{a0}' | '\u{2010}'
            ..='\u{2015}' | '\u{2212}' | '\u{30fb}' | '\u{30fc}'
    )
}

/// A number of a spreadsheet that took it for an amount: `13800138000.0` is none more digit.
fn without_decimals(text: &str) -> &str {
    match text.split_once(['.', ',']) {
        Some((number, decimals))
            if (1..=2).contains(&decimals.len())
                && decimals.bytes().all(|c| c == b'0')
                && number.len() >= WHOLE_MIN
                && number
                    .strip_prefix('+')
                    .unwrap_or(number)
                    .bytes()
                    .all(|c| c.is_ascii_digit()) =>
        {
            number
        }
        _ => text,
    }
}

/// What is dialled after a number; empty for nothing, none where it is something else.
fn extension(rest: &str) -> Option<String> {
    let rest = rest.trim_start_matches([' ', ';', ',', '#', ':']);
    if rest.is_empty() {
        return Some(String::new());
    }
    let word_end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
    let (word, number) = rest.split_at(word_end);
    let word = word.trim_matches([' ', '.', ':', '=', '-', '#', '(']);
    let number = number.trim_end_matches([' ', ')']);
    let is_number = number.chars().all(|c| c.is_ascii_digit()) && number.len() <= 8;
    if !(word.is_empty() || WORDS.contains(word)) || !is_number || number.is_empty() {
        return None;
    }
    Some(number.to_owned())
}
