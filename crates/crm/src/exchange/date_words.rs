//! The words of dates and times in several languages, and a text cut into them.
//! A text of anything else is no date: what is not known is never skipped.

use std::collections::HashMap;
use std::sync::LazyLock;

use guanxi_record::half_width;

/// What a word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// A month by its number.
    Month(i8),
    /// A day of the week, Monday first.
    Weekday(i8),
    /// A part of the day.
    Part(DayPart),
    /// Stands behind the year.
    Year,
    /// Stands behind the month.
    OfMonth,
    /// Stands behind the day.
    Day,
    /// Stands behind the hour.
    Hour,
    /// Stands behind the minute.
    Minute,
    /// Stands behind the second.
    Second,
    /// Makes a day of a number: 8th.
    Ordinal,
    /// Between day and month: 8 de marzo.
    Of,
    /// Between date and time.
    Begin,
    /// No offset from universal time.
    Zero,
}

/// A part of the day, which says which of two hours is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayPart {
    /// Before noon.
    Morning,
    /// After noon.
    Afternoon,
    /// Around noon.
    Noon,
    /// Before midnight.
    Evening,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// Digits.
    Number(String),
    /// A word that is known.
    Word(Word),
    /// A word that is not known, such as the name of a time zone.
    Unknown(String),
    /// Anything else.
    Sign(char),
    /// Blanks.
    Blank,
}

struct Words {
    known: HashMap<String, Word>,
    /// Words without blanks around them, the longest first.
    glued: Vec<(String, Word)>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words { known: HashMap::new(), glued: Vec::new() };
    let lines = include_str!("../../data/date-words.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let mut all = line.split_whitespace();
        let kind = all.next().unwrap_or_default();
        for text in all {
            let Some(word) = meaning(kind) else { continue };
            words.known.insert(text.to_owned(), word);
            if !text.is_ascii() {
                words.glued.push((text.to_owned(), word));
            }
        }
    }
    words.glued.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    words
});

fn meaning(kind: &str) -> Option<Word> {
    if let Some((name, number)) = kind.split_once('-') {
        let number = number.parse().ok()?;
        return Some(if name == "month" { Word::Month(number) } else { Word::Weekday(number) });
    }
    Some(match kind {
        "am" => Word::Part(DayPart::Morning),
        "pm" => Word::Part(DayPart::Afternoon),
        "noon" => Word::Part(DayPart::Noon),
        "evening" => Word::Part(DayPart::Evening),
        "year" => Word::Year,
        "month" => Word::OfMonth,
        "day" => Word::Day,
        "hour" => Word::Hour,
        "minute" => Word::Minute,
        "second" => Word::Second,
        "ordinal" => Word::Ordinal,
        "of" => Word::Of,
        "begin" => Word::Begin,
        "zero" => Word::Zero,
        _ => return None,
    })
}

/// Cuts a text into its pieces.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let text = half_width(text).to_lowercase();
    let text = text.replace("a.m.", "am").replace("p.m.", "pm");
    let mut rest = text.trim();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let while_is = |is: fn(char) -> bool| rest.find(|c| !is(c)).unwrap_or(rest.len());
        let length = if first.is_ascii_digit() {
            let length = while_is(|c| c.is_ascii_digit());
            tokens.push(Token::Number(rest[..length].to_owned()));
            length
        } else if first == ' ' {
            tokens.push(Token::Blank);
            while_is(|c| c == ' ')
        } else if let Some((text, word)) = glued(rest) {
            tokens.push(Token::Word(word));
            text.len()
        } else if first.is_alphabetic() {
            let length = while_is(|c| c.is_alphabetic() || c == '_');
            let word = &rest[..length];
            tokens.push(match WORDS.known.get(word) {
                Some(word) => Token::Word(*word),
                None => Token::Unknown(word.to_owned()),
            });
            length
        } else {
            tokens.push(Token::Sign(first));
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// A word of a writing without blanks; of the others only whole words count.
fn glued(rest: &str) -> Option<(&'static str, Word)> {
    let first = rest.chars().next().filter(|c| u32::from(*c) >= 0x2e80)?;
    let mut starting = WORDS.glued.iter().filter(|(text, _)| text.starts_with(first));
    starting.find(|(text, _)| rest.starts_with(text.as_str())).map(|(t, word)| (t.as_str(), *word))
}
