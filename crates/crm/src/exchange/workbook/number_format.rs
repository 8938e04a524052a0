//! Number formats of a workbook, such as `[<=99999]00000;00000\-0000`: whether a number is a
//! moment, how a number that stands for a text is shown, and what its words say of an amount.

use super::format_words::FormatWords;

/// What a format makes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FormatKind {
    Number,
    Moment,
    Duration,
}

/// A number format.
#[derive(Debug, Clone)]
pub(super) struct NumberFormat {
    sections: Vec<Section>,
    /// What each of them says of an amount in words.
    words: Vec<FormatWords>,
}

/// What holds for some numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Section {
    pub(super) tokens: Vec<Token>,
    condition: Option<Condition>,
    is_duration: bool,
    /// Whether it is for texts.
    is_text: bool,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// `0`, `#` or `?`.
    Digit(char),
    Point,
    /// A comma.
    Group,
    Percent,
    /// Shown as it stands.
    Literal(char),
    /// As wide as a letter that is not shown.
    Blank,
    /// `[$€-407]`: a sign and where it is used.
    Currency(String, String),
    /// A letter that stands for a part of a date, unless it stands among digits.
    Date(char),
    /// What makes a number no row of digits: powers of ten, `General`, text.
    Other,
}

#[derive(Debug, Clone, Copy)]
enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Unequal,
}

#[derive(Debug, Clone, Copy)]
struct Condition {
    comparison: Comparison,
    with: f64,
}

impl Condition {
    fn of(text: &str) -> Option<Self> {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Unequal};
        let signs = [
            ("<=", LessOrEqual),
            (">=", GreaterOrEqual),
            ("<>", Unequal),
            ("<", Less),
            (">", Greater),
            ("=", Equal),
        ];
        signs.into_iter().find_map(|(sign, comparison)| {
            let with = text.trim().strip_prefix(sign)?.trim().parse().ok()?;
            Some(Self { comparison, with })
        })
    }

    #[expect(clippy::float_cmp, reason = "a spreadsheet compares just so")]
    fn holds(self, number: f64) -> bool {
        match self.comparison {
            Comparison::Less => number < self.with,
            Comparison::LessOrEqual => number <= self.with,
            Comparison::Greater => number > self.with,
            Comparison::GreaterOrEqual => number >= self.with,
            Comparison::Equal => number == self.with,
            Comparison::Unequal => number != self.with,
        }
    }
}

impl NumberFormat {
    /// Reads a format.
    pub(super) fn read(code: &str) -> Self {
        let mut sections = sections(code);
        if sections.len() > 1 {
            sections.pop_if(|last| last.is_text);
        }
        let words = sections.iter().map(FormatWords::of).collect();
        Self { sections, words }
    }

    /// What it makes of a number: some formats are a date, or per cent, for some numbers alone.
    pub(super) fn kind(&self, number: f64) -> FormatKind {
        self.section_for(number).map_or(FormatKind::Number, Section::kind)
    }

    /// Whether a number is shown per cent.
    pub(super) fn is_percent(&self, number: f64) -> bool {
        let section = self.section_for(number);
        section.is_some_and(|section| section.tokens.contains(&Token::Percent))
    }

    /// What the words beside a number say of an amount. A section that names no currency, as that
    /// of zero, is of the one that others name.
    pub(super) fn words(&self, number: f64) -> FormatWords {
        let own = self.place_for(number).and_then(|at| self.words.get(at));
        let own = own.copied().unwrap_or_default();
        let sign = own.sign.or_else(|| self.words.iter().find_map(|words| words.sign));
        FormatWords { sign, ..own }
    }

    /// A number as a text where the format makes one of it: zeros before, letters within. None
    /// where the plain digits say the same.
    pub(super) fn shown(&self, number: f64, plain: &str) -> Option<String> {
        if number < 0.0 {
            return None;
        }
        self.section_for(number)?.shown(plain, self.words(number).sign.is_some())
    }

    fn section_for(&self, number: f64) -> Option<&Section> {
        self.sections.get(self.place_for(number)?)
    }

    /// The section that shows a number: by its condition, or those above zero, below, and zero.
    fn place_for(&self, number: f64) -> Option<usize> {
        if self.sections.iter().any(|section| section.condition.is_some()) {
            let holds = |section: &Section| section.condition.is_some_and(|one| one.holds(number));
            let other = || self.sections.iter().rposition(|one| one.condition.is_none());
            return self.sections.iter().position(holds).or_else(other);
        }
        let place = match () {
            () if number == 0.0 => 2,
            () if number < 0.0 => 1,
            () => 0,
        };
        Some(if place < self.sections.len() { place } else { 0 })
    }
}

impl Section {
    /// What it makes of a number.
    pub(super) fn kind(&self) -> FormatKind {
        match () {
            () if self.is_duration => FormatKind::Duration,
            () if self.is_moment() => FormatKind::Moment,
            () => FormatKind::Number,
        }
    }

    /// Whether it shows the digits of a number; a word alone says nothing of it.
    pub(super) fn shows_digits(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Digit(_) | Token::Other))
    }

    /// Whether a number is a date or a time here. Seconds may have decimals.
    fn is_moment(&self) -> bool {
        let parts =
            |token: &Token| matches!(token, Token::Date(letter) if "dmyhsDMYHS".contains(*letter));
        let Some(first) = self.tokens.iter().position(parts) else { return false };
        let is_digit = |token: &Token| matches!(token, Token::Digit(_));
        let is_free = |token: &Token| matches!(token, Token::Digit('#' | '?'));
        !self.tokens[..first].iter().any(is_digit) && !self.tokens.iter().any(is_free)
    }

    fn shown(&self, plain: &str, has_sign: bool) -> Option<String> {
        let tokens = &self.tokens;
        let is_odd =
            |token: &Token| matches!(token, Token::Percent | Token::Date(_) | Token::Other);
        if tokens.iter().any(is_odd) || self.scaling() > 0 {
            return None;
        }
        let point = tokens.iter().position(|token| *token == Token::Point);
        let (before, after) = tokens.split_at(point.unwrap_or(tokens.len()));
        let first = before.iter().position(|token| matches!(token, Token::Digit(_)))?;
        let last = before.iter().rposition(|token| matches!(token, Token::Digit(_)))?;
        let zeros = before.iter().filter(|token| **token == Token::Digit('0')).count();
        let is_word = |token: &Token| matches!(token, Token::Literal(c) if c.is_alphanumeric());
        let has_words = !has_sign && before[..last].iter().any(is_word);
        if zeros < 2 && !(zeros == 1 && has_words) {
            return None;
        }
        let is_fraction = |at: usize| {
            before[at] == Token::Literal('/')
                && before.iter().any(|token| matches!(token, Token::Digit('#' | '?')))
        };
        if (first..last).any(is_fraction) {
            return None;
        }
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        let whole = whole_shown(before, first, whole);
        let fraction = fraction_shown(after, fraction)?;
        Some(format!("{whole}{fraction}").trim().to_owned())
    }

    /// How many commas divide the number by a thousand: those that no digit follows.
    pub(super) fn scaling(&self) -> usize {
        let mut is_followed = false;
        let mut count = 0;
        for token in self.tokens.iter().rev() {
            match token {
                Token::Group if !is_followed => count += 1,
                Token::Group => {}
                Token::Digit(_) => is_followed = true,
                _ => is_followed = false,
            }
        }
        let has_digits = self.tokens.iter().any(|token| matches!(token, Token::Digit(_)));
        if has_digits { count } else { 0 }
    }
}

/// The digits before the point in their places, from the right; what has none stands in front.
fn whole_shown(tokens: &[Token], first: usize, whole: &str) -> String {
    let digits = if whole == "0" { "" } else { whole };
    let is_grouped = tokens.contains(&Token::Group);
    let mut digits = digits.chars().rev();
    let (mut shown, mut count) = (Vec::new(), 0);
    let mut push = |shown: &mut Vec<char>, digit: char| {
        if is_grouped && count > 0 && count % 3 == 0 {
            shown.push(',');
        }
        count += 1;
        shown.push(digit);
    };
    for (at, token) in tokens.iter().enumerate().rev() {
        match token {
            Token::Digit(place) => {
                match (digits.next(), place) {
                    (Some(digit), _) => push(&mut shown, digit),
                    (None, '0') => push(&mut shown, '0'),
                    (None, '?') => shown.push(' '),
                    (None, _) => {}
                }
                if at == first {
                    digits.by_ref().for_each(|digit| push(&mut shown, digit));
                }
            }
            Token::Literal(letter) => shown.push(*letter),
            Token::Blank => shown.push(' '),
            Token::Currency(sign, _) => shown.extend(sign.chars().rev()),
            _ => {}
        }
    }
    shown.into_iter().rev().collect()
}

/// The point and the digits behind it; none where the format has no place for all of them.
fn fraction_shown(tokens: &[Token], fraction: &str) -> Option<String> {
    let mut digits = fraction.chars();
    let mut shown = String::new();
    for token in tokens {
        match token {
            Token::Point => shown.push('.'),
            Token::Digit(place) => match (digits.next(), place) {
                (Some(digit), _) => shown.push(digit),
                (None, '0') => shown.push('0'),
                (None, _) => {}
            },
            Token::Literal(letter) => shown.push(*letter),
            Token::Blank => shown.push(' '),
            Token::Currency(sign, _) => shown.push_str(sign),
            _ => {}
        }
    }
    digits.next().is_none().then_some(shown)
}

/// The sections of a format: for numbers above zero, below, zero itself, and texts.
fn sections(code: &str) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut letters = code.chars().peekable();
    let mut is_general = 0;
    while let Some(letter) = letters.next() {
        if letter == ';' {
            sections.push(Section::default());
            continue;
        }
        let Some(section) = sections.last_mut() else { break };
        if is_general > 0 {
            is_general -= 1;
            continue;
        }
        let token = match letter {
            '\\' | '!' => match letters.next() {
                Some(next) => Token::Literal(next),
                None => continue,
            },
            '"' => {
                let quoted = letters.by_ref().take_while(|next| *next != '"');
                section.tokens.extend(quoted.map(Token::Literal));
                continue;
            }
            // What is as wide as the next letter, or is filled with it, does not show it.
            '_' => {
                letters.next();
                Token::Blank
            }
            '*' => {
                letters.next();
                continue;
            }
            '[' => {
                let inside: String = letters.by_ref().take_while(|next| *next != ']').collect();
                section.bracket(&inside);
                continue;
            }
            '0' | '#' | '?' => Token::Digit(letter),
            '.' if !section.tokens.contains(&Token::Point) => Token::Point,
            ',' => Token::Group,
            '%' => Token::Percent,
            '@' => {
                section.is_text = true;
                Token::Other
            }
            'E' | 'e' if letters.next_if(|next| matches!(next, '+' | '-')).is_some() => {
                Token::Other
            }
            'G' | 'g' if begins_with(&letters, "eneral") => {
                is_general = "eneral".len();
                Token::Other
            }
            letter if "dmyhsgbeDMYHSGBE".contains(letter) => Token::Date(letter),
            letter => Token::Literal(letter),
        };
        section.tokens.push(token);
    }
    sections
}

fn begins_with(letters: &std::iter::Peekable<std::str::Chars<'_>>, word: &str) -> bool {
    let mut letters = letters.clone();
    word.chars().all(|wanted| letters.next().is_some_and(|c| c.eq_ignore_ascii_case(&wanted)))
}

impl Section {
    /// Takes what stands in square brackets; colours say nothing.
    fn bracket(&mut self, inside: &str) {
        if let Some(currency) = inside.strip_prefix('$') {
            let (sign, place) = currency.split_once('-').unwrap_or((currency, ""));
            self.tokens.push(Token::Currency(sign.to_owned(), place.to_owned()));
        } else if let Some(condition) = Condition::of(inside) {
            self.condition = Some(condition);
        } else {
            let lower = inside.to_ascii_lowercase();
            let is_time = |letter| !lower.is_empty() && lower.chars().all(|one| one == letter);
            self.is_duration |= "hms".chars().any(is_time);
        }
    }
}

#[cfg(test)]
mod tests;
