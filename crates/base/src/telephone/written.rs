//! The digits that somebody writes as a telephone number, whatever stands between them.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::countries::is_chinese_mobile;
use crate::text::{folded, is_invisible, is_of_word, with_plain_digits};

/// A number of so many digits may have got decimals by mistake; what is shorter is a part of one.
const WHOLE_MIN: usize = 7;

/// What stands before an extension.
static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("../../data/telephone-words.txt").lines();
    lines.filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
});

/// So many stars, or other marks in a row, stand for digits that are not shown.
const STARS_MASK: usize = 2;
const MARKS_MASK: usize = 3;
/// So many digits has a Chinese mobile.
const MOBILE: usize = 11;
/// An extension without a word before it has no more digits: more are another number.
const EXTENSION_MAX: usize = 5;

/// The digits, whether a country stands before them, and the extension.
pub(super) struct Written {
    pub(super) digits: String,
    pub(super) with_country: bool,
    pub(super) extension: String,
}

/// Reads what is written; none where it is no telephone, nor part of one.
pub(super) fn written(text: &str) -> Option<Written> {
    let text = with_plain_digits(&folded(text));
    let text: String = text.chars().filter(|c| !is_invisible(*c)).map(plain_mark).collect();
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let text = without_decimals(text);
    let end = text.find(|c: char| c.is_alphabetic() || matches!(c, '#' | ';' | ','));
    let (main, rest) = text.split_at(end.unwrap_or(text.len()));
    if is_masked(text) || has_gap(main) || are_several(main) {
        return None;
    }
    let (main, by_dash) = without_dashed_extension(main);
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
    let extension = extension(rest)?;
    if !(extension.is_empty() || by_dash.is_empty()) {
        return None;
    }
    let extension = if extension.is_empty() { by_dash.to_owned() } else { extension };
    Some(Written { digits, with_country, extension })
}

/// Whether some of the digits are not shown, as shops and exports write numbers.
fn is_masked(text: &str) -> bool {
    let is_hidden = |c: char| is_between(c) && !c.is_whitespace() && !"()/".contains(c) || c == '#';
    let mut run = 0;
    let has_run = text.chars().any(|c| {
        run = if is_hidden(c) { run + 1 } else { 0 };
        run >= MARKS_MASK
    });
    has_run || text.chars().filter(|c| *c == '*').count() >= STARS_MASK || text.contains("##")
}

/// Whether two marks in a row stand for digits in the middle, as in `138--8000`: what is behind them
/// is no number of its own, and all of it is no Chinese mobile.
fn has_gap(main: &str) -> bool {
    let marks = |c: char| is_between(c) && !c.is_whitespace() && !"()/".contains(c);
    let tight: String = main.chars().filter(|c| !c.is_whitespace()).collect();
    let mut letters = tight.char_indices().zip(tight.chars().skip(1));
    let gap = letters.find(|((_, one), two)| marks(*one) && marks(*two));
    let Some(((at, _), _)) = gap.filter(|((at, _), _)| digits_in(&tight[..*at]) > 0) else {
        return false;
    };
    let digits: String = tight.chars().filter(char::is_ascii_digit).collect();
    let is_mobile =
        digits.get(digits.len().saturating_sub(MOBILE)..).is_some_and(is_chinese_mobile);
    digits_in(&tight[at..]) < WHOLE_MIN && !is_mobile
}

fn digits_in(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// Whether there are several numbers. A stroke may stand behind the digits of an area.
fn are_several(main: &str) -> bool {
    let is_whole = |piece: &&str| digits_in(piece) >= WHOLE_MIN;
    let by_blanks = main.split_whitespace().filter(is_whole).count();
    let by_marks = main.split(|c: char| !c.is_ascii_digit()).filter(is_whole).count();
    let pieces: Vec<&str> = main.split('/').filter(|piece| digits_in(piece) > 0).collect();
    let before = pieces.split_last().map_or(&[][..], |(_, before)| before);
    let area: usize = before.iter().map(|piece| digits_in(piece)).sum();
    let start = main.trim_start_matches(['(', ' ']);
    let area_max = match () {
        () if start.starts_with('+') || start.starts_with("00") => 9,
        () if start.starts_with('0') => 6,
        () => 3 * before.len(),
    };
    by_blanks > 1 || by_marks > 1 || area > area_max
}

/// A number and the extension behind its last dash, as in China: `010-12345678-123`.
fn without_dashed_extension(main: &str) -> (&str, &str) {
    let none = (main, "");
    let Some((number, extension)) = main.trim_end().rsplit_once('-') else { return none };
    let is_extension = (1..=EXTENSION_MAX).contains(&extension.len())
        && extension.bytes().all(|c| c.is_ascii_digit());
    let is_of_china = ["+86", "86-", "0086"].iter().any(|start| number.starts_with(start));
    let is_plain = |c: char| c.is_ascii_digit() || matches!(c, '-' | '(' | ')');
    let is_plain = is_of_china || number.chars().all(is_plain);
    let last = number.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    if is_extension && is_plain && last.len() >= WHOLE_MIN { (number, extension) } else { none }
}

/// Dashes of every width, and what keyboards in Japan and China write for one, as the plain one; brackets as
/// round ones.
fn plain_mark(c: char) -> char {
    match c {
        '[' | '\u{3010}' | '\u{3014}' => '(',
        ']' | '\u{3011}' | '\u{3015}' => ')',
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2500}' | '\u{30fc}' => '-',
        c => c,
    }
}

/// What may stand between the digits of a number.
fn is_between(c: char) -> bool {
    matches!(c, ' ' | '-' | '(' | ')' | '.' | '/' | '*' | '\u{b7}' | '\u{a0}' | '\u{30fb}')
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
    let number = number.trim_end_matches([' ', ')']);
    let is_number = number.chars().all(|c| c.is_ascii_digit()) && number.len() <= 8;
    let is_short = word.chars().any(is_of_word) || number.len() <= EXTENSION_MAX;
    if !is_told(word) || !is_short || !is_number || number.is_empty() {
        return None;
    }
    Some(number.to_owned())
}

/// Whether what stands before the digits of an extension says that they are one, or nothing: words for it,
/// with punctuation between them or without.
fn is_told(before: &str) -> bool {
    let is_mark = |c: char| " .:=-#()".contains(c);
    let mut pieces = before.split(is_mark).filter(|piece| !piece.is_empty());
    pieces.all(|piece| {
        let mut rest = piece;
        // Chinese words stand together.
        while !rest.is_empty() {
            let known = WORDS.iter().filter(|word| rest.starts_with(**word));
            let Some(word) = known.max_by_key(|word| word.len()) else { return false };
            let is_whole = word.len() == rest.len() || !word.is_ascii();
            if !is_whole {
                return false;
            }
            rest = &rest[word.len()..];
        }
        true
    })
}
