//! One field of every row, tested.

use std::collections::{BTreeSet, HashSet};

use guanxi_base::folded;
use guanxi_record::{Op, TelephonePattern, Value};
use rayon::prelude::*;

use crate::columns::day_number;
use crate::frame::{Column, NO_CODE, NO_NUMBER};

/// What a row's value must be.
#[derive(Debug, Clone)]
pub(crate) struct Test {
    passes: Passes,
    /// Whether rows without a value pass.
    empty: bool,
    negated: bool,
}

#[derive(Debug, Clone)]
enum Passes {
    /// Whatever it is.
    Any,
    /// A number between these, both included.
    Numbers(i64, i64),
    /// One of these numbers.
    Among(HashSet<i64>),
    /// One of these texts.
    Words(HashSet<String>),
    /// A text that stands so to this one.
    Ordered(Op, String),
    /// A text with this in it, or at its start, folded.
    Contains(String, bool),
    /// A telephone of one of these forms.
    Telephone(Vec<TelephonePattern>),
    /// A mail address that is one of these in small letters.
    Addresses(BTreeSet<String>),
    /// Nothing.
    Never,
}

impl Test {
    fn of(passes: Passes) -> Self {
        Self { passes, empty: false, negated: false }
    }

    /// That there is no value; or that there is one.
    pub(crate) fn is_empty(yes: bool) -> Self {
        Self { passes: Passes::Any, empty: false, negated: yes }
    }

    /// One of these ids.
    pub(crate) fn one_of(ids: HashSet<i64>) -> Self {
        Self::of(Passes::Among(ids))
    }

    /// This text.
    pub(crate) fn word(word: &str) -> Self {
        Self::of(Passes::Words([word.to_owned()].into()))
    }

    /// Text that holds another, or starts with it.
    pub(crate) fn text(text: &str, at_start: bool) -> Self {
        Self::of(Passes::Contains(folded(text), at_start))
    }

    /// A telephone of one of these forms.
    pub(crate) fn telephone(forms: Vec<TelephonePattern>) -> Self {
        Self::of(Passes::Telephone(forms))
    }

    /// A mail address that is one of these in small letters of ASCII.
    pub(crate) fn addresses(forms: BTreeSet<String>) -> Self {
        Self::of(Passes::Addresses(forms))
    }

    /// From the first value up to, not including, the second.
    pub(crate) fn between([start, end]: &[Value; 2]) -> Self {
        Self::of(match (number(start), number(end)) {
            (Some(start), Some(end)) => Passes::Numbers(start, end - 1),
            _ => Passes::Never,
        })
    }

    /// A time that stands so to a whole day.
    pub(crate) fn day(op: Op, day: &[Value; 2]) -> Self {
        match op {
            Op::Lt | Op::Ge => Self::compared(op, &day[0]),
            Op::Le => Self::compared(Op::Lt, &day[1]),
            Op::Gt => Self::compared(Op::Ge, &day[1]),
            _ => Self::between(day).negated_if(op == Op::Ne),
        }
    }

    /// One of these values.
    pub(crate) fn among(values: &[Value]) -> Self {
        let texts = values.iter().filter_map(Value::as_text).map(str::to_owned);
        let lists = values.iter().filter_map(|value| match value {
            Value::Choices(codes) => Some(codes.clone()),
            _ => None,
        });
        let words: HashSet<String> = texts.chain(lists.flatten()).collect();
        if !words.is_empty() {
            return Self::of(Passes::Words(words));
        }
        let links = values.iter().flat_map(Value::links).map(|id| id.0);
        Self::of(Passes::Among(values.iter().filter_map(number).chain(links).collect()))
    }

    /// A value that stands so to this one.
    pub(crate) fn compared(op: Op, value: &Value) -> Self {
        if let Some(text) = value.as_text() {
            let plain = if op == Op::Ne { Op::Eq } else { op };
            return Self::of(Passes::Ordered(plain, text.to_owned())).negated_if(op == Op::Ne);
        }
        let Some(number) = number(value) else {
            return Self::of(Passes::Never).negated_if(op == Op::Ne);
        };
        let least = NO_NUMBER + 1;
        let passes = match op {
            Op::Lt => Passes::Numbers(least, number.saturating_sub(1)),
            Op::Le => Passes::Numbers(least, number),
            Op::Gt => Passes::Numbers(number.saturating_add(1), i64::MAX),
            Op::Ge => Passes::Numbers(number, i64::MAX),
            _ => Passes::Numbers(number, number),
        };
        Self::of(passes).negated_if(op == Op::Ne)
    }

    /// Rows without a value pass too.
    pub(crate) fn or_empty_if(mut self, yes: bool) -> Self {
        self.empty |= yes;
        self
    }

    /// The contrary, which rows without a value pass too.
    pub(crate) fn negated_if(mut self, yes: bool) -> Self {
        self.negated ^= yes;
        self
    }

    fn number_passes(&self, number: i64) -> bool {
        let passes = match &self.passes {
            _ if number == NO_NUMBER => self.empty,
            Passes::Any => true,
            Passes::Numbers(from, to) => (*from..=*to).contains(&number),
            Passes::Among(numbers) => numbers.contains(&number),
            _ => false,
        };
        passes ^ self.negated
    }

    fn word_passes(&self, word: &str) -> bool {
        let passes = match &self.passes {
            Passes::Any => true,
            Passes::Words(words) => words.contains(word),
            Passes::Ordered(op, with) => op.holds(word.cmp(with)),
            Passes::Contains(text, true) => folded(word).starts_with(text),
            Passes::Contains(text, false) => folded(word).contains(text),
            Passes::Telephone(forms) => forms.iter().any(|form| form.is_of(word)),
            Passes::Addresses(forms) => forms.contains(&word.to_ascii_lowercase()),
            _ => false,
        };
        passes ^ self.negated
    }

    /// For each row whether it passes.
    pub(crate) fn mask(&self, column: &Column) -> Vec<bool> {
        match column {
            Column::Numbers(numbers) => {
                let numbers = numbers.par_iter().with_min_len(1 << 16);
                match &self.passes {
                    // Tight, because most tests are so.
                    Passes::Numbers(from, to) => {
                        let (from, to, negated) = (*from, *to, self.negated);
                        numbers.map(|one| (*one >= from && *one <= to) ^ negated).collect()
                    }
                    _ => numbers.map(|one| self.number_passes(*one)).collect(),
                }
            }
            Column::Codes { codes, words } => {
                let words: Vec<bool> = words
                    .par_iter()
                    .with_min_len(1 << 10)
                    .map(|one| self.word_passes(one))
                    .collect();
                let none = self.empty ^ self.negated;
                let passes = |code: &u32| match *code {
                    NO_CODE => none,
                    code => words[code as usize],
                };
                codes.par_iter().with_min_len(1 << 16).map(passes).collect()
            }
            Column::Lists { starts, values, words } => {
                // The test is of one in the list; the contrary is of none.
                let plain = Self { negated: false, ..self.clone() };
                let words: Vec<bool> = words.iter().map(|one| plain.word_passes(one)).collect();
                let one = |value: &i64| match words.is_empty() {
                    true => plain.number_passes(*value),
                    false => words.get(*value as usize).copied().unwrap_or(false),
                };
                let row = |pair: &[u32]| {
                    values[pair[0] as usize..pair[1] as usize].iter().any(one) ^ self.negated
                };
                starts.windows(2).map(row).collect()
            }
        }
    }
}

/// A value as columns have it.
fn number(value: &Value) -> Option<i64> {
    Some(match value {
        Value::Integer(number) => *number,
        Value::Decimal(number) => number.units(),
        Value::Percent(number) => number.units(),
        Value::Money(money) => money.units,
        Value::Link(id) => id.0,
        Value::Boolean(yes) => i64::from(*yes),
        Value::Date(day) => i64::from(day_number(*day)),
        Value::Instant(at) => at.as_microsecond(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_no_value_and_no_other_value() {
        let numbers = Column::Numbers(vec![1, 2, NO_NUMBER]);
        let is = |op| Test::compared(op, &Value::Integer(2)).mask(&numbers);
        assert_eq!(is(Op::Eq), [false, true, false]);
        assert_eq!(is(Op::Ne), [true, false, true]);
        assert_eq!(is(Op::Lt), [true, false, false]);
        assert_eq!(Test::is_empty(true).mask(&numbers), [false, false, true]);
        assert_eq!(Test::is_empty(false).mask(&numbers), [true, true, false]);
    }

    #[test]
    fn a_list_has_one_of_its_values() {
        let lists = Column::Lists {
            starts: vec![0, 2, 2, 3],
            values: vec![0, 1, 1],
            words: vec!["red".to_owned(), "blue".to_owned()],
        };
        let red = Test::among(&[Value::Choices(vec!["red".to_owned()])]);
        assert_eq!(red.mask(&lists), [true, false, false]);
        assert_eq!(red.negated_if(true).mask(&lists), [false, true, true]);
        assert_eq!(Test::is_empty(true).mask(&lists), [false, true, false]);
    }
}
