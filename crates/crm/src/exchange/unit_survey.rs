//! What the cells of a column say about what its numbers count in: 12.5万 beside 80 leaves open
//! whether those are eighty or eight hundred thousand. Such a column is asked about.

use std::collections::{BTreeMap, BTreeSet};

use super::decisions::{Certainty, Decision, Example, Matter, Reading};
use super::numbers::{DecimalMark, read_number, times_ten};
use super::row::{CellKind, FileRow, NumberCell};
use super::units::{CountsIn, stated_unit};

/// What a plain number below this shows as well as any other.
const SMALL: f64 = 1_000.0;

/// What the columns of a file say about what they count in, each for itself.
#[derive(Debug, Default)]
pub(crate) struct UnitSurvey {
    columns: BTreeMap<usize, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// What the mapping, the name and the titles say.
    said: CountsIn,
    /// A plain number, as small as there is one but for zero.
    plain: Option<Found>,
    /// By the power of ten that they say themselves: the first number that does.
    in_units: BTreeMap<usize, Found>,
    /// What a row of units below the names says.
    below: BTreeSet<usize>,
}

#[derive(Debug)]
struct Found {
    line: u64,
    text: String,
    /// Its digits, where a workbook says them.
    digits: Option<String>,
    size: f64,
}

impl Found {
    fn digits(&self, mark: DecimalMark) -> Option<String> {
        let of_text = || {
            let marks = [mark].into_iter().chain(DecimalMark::ALL);
            let mut read = marks.filter_map(|mark| read_number(&self.text, mark).ok());
            read.next().map(|number| number.plain)
        };
        self.digits.clone().or_else(of_text)
    }

    fn example(&self, readings: Vec<Reading>) -> Example {
        Example { line: self.line, text: self.text.clone(), readings }
    }
}

/// What a power of ten is called in a mapping: 1000.
pub(crate) fn unit_code(power: usize) -> String {
    format!("1{}", "0".repeat(power))
}

impl UnitSurvey {
    /// Notes a cell of a column of numbers.
    pub(crate) fn note(&mut self, row: &FileRow, column: usize, text: &str, said: &CountsIn) {
        let seen = self
            .columns
            .entry(column)
            .or_insert_with(|| Seen { said: said.clone(), ..Seen::default() });
        let is_small = seen.plain.as_ref().is_some_and(|plain| plain.size < SMALL);
        let (plain, power, digits) = match row.kind(column) {
            CellKind::Number(NumberCell { plain, shown_in, .. }) => {
                let power = Some(*shown_in).filter(|shown| *shown > 0 && said.says_anything());
                (plain.clone(), power, Some(plain.clone()))
            }
            CellKind::Text if is_small && !text.contains(char::is_alphabetic) => return,
            CellKind::Text => {
                let mut read = DecimalMark::ALL.iter().filter_map(|m| read_number(text, *m).ok());
                let Some(number) = read.next() else {
                    let unit = stated_unit(text).filter(|_| !text.contains(char::is_numeric));
                    seen.below.extend(unit.map(|unit| unit.power).filter(|power| *power > 0));
                    return;
                };
                (number.plain, number.power, None)
            }
            CellKind::Error | CellKind::NotComputed => return,
        };
        let size = plain.parse::<f64>().map_or(0.0, f64::abs);
        let found = || Found { line: row.place(), text: text.to_owned(), digits, size };
        match power {
            Some(power) => {
                seen.in_units.entry(power).or_insert_with(found);
            }
            None if size > 0.0 && seen.plain.as_ref().is_none_or(|least| size < least.size) => {
                seen.plain = Some(found());
            }
            None => {}
        }
    }

    /// The decisions about columns where it matters.
    pub(crate) fn decided(self, mark: DecimalMark, columns: &[String]) -> Vec<Decision> {
        let of_column =
            |(column, seen): (usize, Seen)| Some(seen.decided(mark)?.of_column(column, columns));
        self.columns.into_iter().filter_map(of_column).collect()
    }
}

impl Seen {
    fn decided(&self, mark: DecimalMark) -> Option<Decision> {
        let largest = self.in_units.keys().next_back().copied();
        let is_open = |power: usize| {
            let size = self.plain.as_ref().map_or(f64::MAX, |plain| plain.size);
            size < unit_code(power).parse().unwrap_or(f64::MAX)
        };
        let mut powers: BTreeSet<usize> = self.said.others.iter().copied().collect();
        let (chosen, certainty) = match (self.said.certainty, largest) {
            (Certainty::Assumed, None) if self.below.is_empty() => return None,
            (Certainty::Assumed, Some(largest)) if self.below.is_empty() && !is_open(largest) => {
                (Some(0), Certainty::Clear)
            }
            (Certainty::Assumed | Certainty::Ambiguous, _) => (None, Certainty::Ambiguous),
            (certainty, _) => (Some(self.said.power), certainty),
        };
        if self.plain.is_none() && (largest.is_none() || chosen.is_none()) {
            return None;
        }
        if certainty != Certainty::Clear {
            powers.extend(self.below.iter().chain(self.in_units.keys()).chain([&0]));
        }
        powers.extend(chosen);
        let readings = |found: &Found, powers: &BTreeSet<usize>| -> Vec<Reading> {
            let Some(digits) = found.digits(mark) else { return Vec::new() };
            let reading = |power: &usize| Reading {
                choice: unit_code(*power),
                meaning: times_ten(&digits, *power),
            };
            powers.iter().map(reading).collect()
        };
        let as_they_are = BTreeSet::from([0]);
        let plain = self.plain.as_ref().map(|found| found.example(readings(found, &powers)));
        let in_units = self.in_units.values().take(1);
        let in_units = in_units.map(|found| found.example(readings(found, &as_they_are)));
        let others = powers.iter().filter(|power| Some(**power) != chosen);
        let decision = Decision::new(Matter::Unit, "", certainty)
            .with_alternatives(others.map(|power| unit_code(*power)).collect())
            .with_examples(plain.into_iter().chain(in_units).collect());
        Some(Decision { chosen: chosen.map(unit_code), ..decision })
    }
}
