//! Dates and times as people write them. The order of day and month is decided for a whole file
//! or column; whatever is not known is refused, never skipped.

use guanxi_base::{Date, TimeZone};
use jiff::civil::Time;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use super::date_pieces::{Piece, Unit, ordered};
use super::date_words::{DayPart, Token, Word, tokens};

/// The order of day, month and year where it does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 31/12/2026.
    DayFirst,
    /// 12/31/2026.
    MonthFirst,
    /// 26/12/31. A year of four digits shows by itself.
    YearFirst,
}

impl DateOrder {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::DayFirst, Self::MonthFirst, Self::YearFirst];
}

/// The years that two digits can mean: a hundred of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoDigitYears {
    /// The last of them.
    pub last: i16,
}

impl TwoDigitYears {
    /// Up to twenty years from now, as for deadlines and contracts.
    #[must_use]
    pub fn around(today: Date) -> Self {
        Self { last: today.year() + 20 }
    }

    /// None after this one, as for birthdays.
    #[must_use]
    pub fn past(today: Date) -> Self {
        Self { last: today.year() }
    }

    pub(super) fn year(self, digits: i16) -> i16 {
        let year = self.last - self.last.rem_euclid(100) + digits;
        if year > self.last { year - 100 } else { year }
    }
}

/// How dates are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateReading {
    /// Where the order does not show.
    pub order: DateOrder,
    /// Where the year has two digits.
    pub years: TwoDigitYears,
}

/// A date as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadDate {
    /// The day.
    pub date: Date,
    /// The time of day, if there is one.
    pub time: Option<Time>,
    /// The zone, if there is one.
    pub zone: Option<TimeZone>,
    /// Whether the year had two digits.
    pub has_two_digit_year: bool,
}

/// Reads a date, with or without a time, in any order that shows or else in this one; none if any
/// of it is not known. A day of the week beside it must be right.
#[must_use]
pub fn read_date(text: &str, reading: DateReading) -> Option<ReadDate> {
    // Nothing so long is a date.
    if text.len() > 120 {
        return None;
    }
    let mut reader = Reader { tokens: tokens(text), at: 0 };
    let before = reader.weekday();
    let (date, has_two_digit_year, compact) = reader.date(reading)?;
    let mut time = compact;
    let mut zone = None;
    let mut after = None;
    if !reader.is_done() {
        let is_spaced = reader.between();
        after = reader.weekday();
        if time.is_none() && !reader.is_done() && !reader.is_zone() {
            if !(is_spaced || after.is_some() || reader.is_behind_day()) {
                return None;
            }
            time = Some(reader.time()?);
        }
        if !reader.is_done() {
            // 09:00-10:00 is a span of time more often than a time with an offset.
            if reader.may_end_a_span() {
                return None;
            }
            zone = Some(reader.zone().filter(|_| time.is_some())?);
        }
    }
    let weekday = date.weekday().to_monday_one_offset();
    let agree = [before, after].into_iter().flatten().all(|said| said == weekday);
    (reader.is_done() && agree).then_some(ReadDate { date, time, zone, has_two_digit_year })
}

/// The orders in which a text is a date, with the day that each makes of it; empty when the order
/// shows, or the text is no date.
pub(crate) fn orders_of(text: &str, years: TwoDigitYears) -> Vec<(DateOrder, Date)> {
    let starts = text.trim_start().chars().take_while(char::is_ascii_digit).count();
    // The name of a month shows it: nobody writes 26-Mar-01 but who says so. So does its mark.
    let is_named = |token: &Token| matches!(token, Token::Word(Word::Month(_) | Word::OfMonth));
    let has_name = |text| tokens(text).iter().any(is_named);
    if starts >= 4 || has_name(text) {
        return Vec::new();
    }
    let read = |order| read_date(text, DateReading { order, years }).map(|read| (order, read));
    let found: Vec<(DateOrder, ReadDate)> = DateOrder::ALL.into_iter().filter_map(read).collect();
    let Some((_, first)) = found.first() else { return Vec::new() };
    if found.len() > 1 && found.iter().all(|(_, read)| read.date == first.date) {
        return Vec::new();
    }
    found.into_iter().map(|(order, read)| (order, read.date)).collect()
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    fn word(&mut self, wanted: Word) -> bool {
        self.take(&Token::Word(wanted))
    }

    fn blank(&mut self) -> bool {
        self.take(&Token::Blank)
    }

    fn number(&mut self) -> Option<(String, usize)> {
        let Some(Token::Number(digits)) = self.peek() else { return None };
        let found = (digits.clone(), digits.len());
        self.at += 1;
        Some(found)
    }

    /// Blanks, a comma or a T between date and time; whether there was any.
    fn between(&mut self) -> bool {
        let start = self.at;
        self.blank();
        if !self.take(&Token::Sign(',')) {
            self.word(Word::Begin);
        }
        self.blank();
        self.at > start || matches!(self.peek(), Some(Token::Word(Word::Part(_))))
    }

    /// Whether the word behind a day stands just before, where a time needs no blank.
    fn is_behind_day(&self) -> bool {
        self.at > 0 && self.tokens.get(self.at - 1) == Some(&Token::Word(Word::Day))
    }

    /// A day of the week, with brackets or a comma.
    fn weekday(&mut self) -> Option<i8> {
        let start = self.at;
        let is_bracketed = self.take(&Token::Sign('('));
        let Some(Token::Word(Word::Weekday(day))) = self.peek().cloned() else {
            self.at = start;
            return None;
        };
        self.at += 1;
        if is_bracketed && !self.take(&Token::Sign(')')) {
            self.at = start;
            return None;
        }
        self.take(&Token::Sign('.'));
        self.take(&Token::Sign(','));
        self.blank();
        Some(day)
    }

    /// The day, whether its year had two digits, and the time when it is written in one with it.
    fn date(&mut self, reading: DateReading) -> Option<(Date, bool, Option<Time>)> {
        if let Some(Token::Number(digits)) = self.peek()
            && matches!(digits.len(), 8 | 14)
        {
            let digits = digits.clone();
            self.at += 1;
            let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i16>().ok();
            let small = |from| i8::try_from(part(from, from + 2)?).ok();
            let date = Date::new(part(0, 4)?, small(4)?, small(6)?).ok()?;
            let time = match digits.len() {
                14 => Some(Time::new(small(8)?, small(10)?, small(12)?, 0).ok()?),
                _ => None,
            };
            return Some((date, false, time));
        }
        let first = self.piece()?;
        let one = self.separator()?;
        let second = self.piece()?;
        let two = self.separator()?;
        let third = self.piece()?;
        let end = self.at;
        self.blank();
        if !self.word(Word::Ordinal) {
            self.at = end;
        }
        let pieces = [first, second, third];
        if one != two && pieces.iter().all(|piece| piece.is.is_none()) {
            return None;
        }
        let (date, is_short) = ordered(pieces, reading)?;
        Some((date, is_short, None))
    }

    fn piece(&mut self) -> Option<Piece> {
        if let Some((digits, width)) = self.number() {
            let number = digits.parse().ok().filter(|_| width <= 4)?;
            return Some(Piece { number, width, is: self.mark() });
        }
        let Some(Token::Word(Word::Month(month))) = self.peek() else { return None };
        let number = i16::from(*month);
        self.at += 1;
        self.take(&Token::Sign('.'));
        Some(Piece { number, width: 2, is: Some(Unit::Month) })
    }

    /// What stands behind a number and says what it is, with a blank between or without.
    fn mark(&mut self) -> Option<Unit> {
        let start = self.at;
        self.blank();
        let unit = match self.peek() {
            Some(Token::Word(Word::Year)) => Unit::Year,
            Some(Token::Word(Word::OfMonth)) => Unit::Month,
            Some(Token::Word(Word::Day)) => Unit::Day,
            _ => {
                self.at = start;
                return None;
            }
        };
        self.at += 1;
        Some(unit)
    }

    /// What stands between two parts of a date: one sign at most.
    fn separator(&mut self) -> Option<char> {
        let mut sign = ' ';
        let start = self.at;
        loop {
            match self.peek() {
                Some(Token::Blank | Token::Word(Word::Of | Word::Ordinal)) => {}
                Some(Token::Sign(c @ ('-' | '/' | '.' | ','))) if sign == ' ' => sign = *c,
                _ => break,
            }
            self.at += 1;
        }
        let is_glued = self.at == start
            && (matches!(self.peek(), Some(Token::Word(Word::Month(_))))
                || matches!(self.tokens.get(start.wrapping_sub(1)), Some(Token::Word(_))));
        (self.at > start || is_glued).then_some(sign)
    }

    fn time(&mut self) -> Option<Time> {
        let mut part = self.day_part();
        let (hour, _) = self.number().filter(|(_, width)| *width <= 2)?;
        let hour: i8 = hour.parse().ok()?;
        let mut is_time = self.word(Word::Hour);
        let (mut minute, mut second, mut nanos) = (0, 0, 0);
        if is_time || self.take(&Token::Sign(':')) {
            let was_hour_marked = is_time;
            self.blank();
            if let Some((digits, _)) = self.number().filter(|(_, width)| *width <= 2) {
                is_time = true;
                minute = digits.parse().ok()?;
                let is_marked = self.word(Word::Minute);
                let has_second = matches!(self.peek(), Some(Token::Number(_))) && is_marked;
                if has_second || self.take(&Token::Sign(':')) {
                    let (digits, _) = self.number().filter(|(_, width)| *width == 2)?;
                    second = digits.parse().ok()?;
                    nanos = self.fraction()?;
                    self.word(Word::Second);
                }
            } else if !was_hour_marked {
                return None;
            }
        }
        self.blank();
        if part.is_none() {
            part = self.day_part();
        }
        if !is_time && part.is_none() {
            return None;
        }
        // "10:00 o'clock" in German is said behind the minutes.
        self.word(Word::Hour);
        self.blank();
        Time::new(hour_of_day(hour, part)?, minute, second, nanos).ok()
    }

    /// The fraction of a second, in billionths.
    fn fraction(&mut self) -> Option<i32> {
        let start = self.at;
        if !(self.take(&Token::Sign('.')) || self.take(&Token::Sign(','))) {
            return Some(0);
        }
        let Some((digits, width)) = self.number() else {
            self.at = start;
            return Some(0);
        };
        if width > 9 {
            return None;
        }
        format!("{digits:0<9}").parse().ok()
    }

    fn day_part(&mut self) -> Option<DayPart> {
        let Some(Token::Word(Word::Part(part))) = self.peek() else { return None };
        let part = *part;
        self.at += 1;
        self.blank();
        Some(part)
    }

    fn is_zone(&self) -> bool {
        matches!(self.peek(), Some(Token::Sign('+' | '-') | Token::Word(Word::Zero)))
    }

    /// Whether a stroke and an hour stand behind an hour and its minutes: the end of a span, where
    /// neither a T before the time nor seconds speak for an offset.
    fn may_end_a_span(&self) -> bool {
        let before = &self.tokens[..self.at];
        let colons = before.iter().filter(|token| **token == Token::Sign(':')).count();
        let is_compact = |token: &Token| matches!(token, Token::Number(digits) if digits.len() > 8);
        let is_of_machines = before.contains(&Token::Word(Word::Begin))
            || before.iter().any(is_compact)
            || colons > 1;
        let rest = self.tokens[self.at..].iter().filter(|token| **token != Token::Blank);
        let is_hour = |token: &Token| matches!(token, Token::Number(digits) if digits.len() <= 2);
        let mut rest = rest.take(2);
        !is_of_machines
            && rest.next() == Some(&Token::Sign('-'))
            && rest.next().is_some_and(is_hour)
    }

    /// An offset, universal time, or the name of a zone as in `Asia/Shanghai`.
    fn zone(&mut self) -> Option<TimeZone> {
        let mut zone = None;
        let is_universal = self.word(Word::Zero);
        if let Some(Token::Sign(sign @ ('+' | '-'))) = self.peek() {
            let sign = if *sign == '-' { -1 } else { 1 };
            self.at += 1;
            zone = Some(TimeZone::fixed(self.offset(sign)?));
        } else if is_universal {
            zone = Some(TimeZone::UTC);
        }
        self.blank();
        if self.is_done() {
            return zone;
        }
        let close = [('[', ']'), ('(', ')')].into_iter().find(|(open, _)| {
            let is_open = self.peek() == Some(&Token::Sign(*open));
            self.at += usize::from(is_open);
            is_open
        });
        let mut name = String::new();
        while let Some(token) = self.peek() {
            match token {
                Token::Unknown(word) => name.push_str(word),
                Token::Sign(sign @ ('/' | '-')) => name.push(*sign),
                Token::Word(Word::Zero) if name.is_empty() => name.push_str("utc"),
                _ => break,
            }
            self.at += 1;
        }
        if let Some((_, close)) = close
            && !self.take(&Token::Sign(close))
        {
            return None;
        }
        // Abbreviations mean several zones: CST is Chicago, Shanghai and Havana.
        if name == "utc" {
            return zone.or(Some(TimeZone::UTC));
        }
        let named = name.contains('/').then(|| TimeZone::get(&name).ok()).flatten()?;
        Some(zone.unwrap_or(named))
    }

    fn offset(&mut self, sign: i32) -> Option<Offset> {
        let (digits, width) = self.number()?;
        let number: i32 = digits.parse().ok()?;
        let (hours, minutes) = match width {
            1 | 2 if self.take(&Token::Sign(':')) => {
                let (minutes, _) = self.number().filter(|(_, width)| *width == 2)?;
                (number, minutes.parse().ok()?)
            }
            1 | 2 => (number, 0),
            4 => (number / 100, number % 100),
            _ => return None,
        };
        if hours > 14 || minutes > 59 {
            return None;
        }
        Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
    }
}

/// The hour of 24 that an hour with a part of the day means; none if the two cannot both be.
fn hour_of_day(hour: i8, part: Option<DayPart>) -> Option<i8> {
    Some(match (part, hour) {
        (None, hour) => hour,
        (Some(DayPart::Morning), 12) => 0,
        (Some(DayPart::Morning), 0..=11) => hour,
        (Some(DayPart::Afternoon), 1..=11) => hour + 12,
        (Some(DayPart::Afternoon), 12..=23) => hour,
        (Some(DayPart::Noon), 11..=14) => hour,
        (Some(DayPart::Noon), 1..=2) => hour + 12,
        (Some(DayPart::Evening), 5..=11) => hour + 12,
        (Some(DayPart::Evening), 17..=23) => hour,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
