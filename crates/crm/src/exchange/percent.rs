//! Numbers in fields in per cent that do not say whether they are per cent: 0.07 beside 19 % may
//! be 7 % as well, since a spreadsheet keeps 19 % as 0.19. Such a column is asked about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::decisions::{Certainty, Decision, Example, Matter, Reading};
use super::numbers::{DecimalMark, read_number, times_ten};
use super::row::{CellKind, FileRow};

/// What a number without a sign of per cent is in a field in per cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlainPercent {
    /// 0.07 is 0.07 %.
    Percent,
    /// 0.07 is 7 %.
    Fraction,
}

impl PlainPercent {
    const ALL: [Self; 2] = [Self::Percent, Self::Fraction];

    fn code(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::Fraction => "fraction",
        }
    }

    /// A plain number in per cent.
    pub(crate) fn of(self, plain: &str) -> String {
        match self {
            Self::Percent => plain.to_owned(),
            Self::Fraction => times_ten(plain, 2),
        }
    }
}

/// What the columns of a file say about per cent, each for itself.
#[derive(Debug, Default)]
pub(crate) struct PercentSurvey {
    columns: BTreeMap<usize, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// What the mapping says of the column, or of all.
    told: Option<PlainPercent>,
    /// The first number that may be a fraction.
    small: Option<Example>,
    /// The first that says per cent.
    shown: Option<Example>,
    /// Whether a plain number is too large for a fraction: then they are all per cent.
    has_large: bool,
}

impl PercentSurvey {
    /// Notes a cell of a field in per cent.
    pub(crate) fn note(
        &mut self,
        row: &FileRow,
        column: usize,
        text: &str,
        told: Option<PlainPercent>,
    ) {
        let seen = self.columns.entry(column).or_insert(Seen { told, ..Seen::default() });
        if seen.small.is_some() && seen.shown.is_some() {
            return;
        }
        let read: Vec<(String, bool)> = match row.kind(column) {
            CellKind::Number(number) => vec![(number.plain.clone(), number.per_cent.is_some())],
            CellKind::Text => {
                let read = DecimalMark::ALL.into_iter().filter_map(|m| read_number(text, m).ok());
                read.map(|number| (number.plain, number.is_percent)).collect()
            }
            CellKind::Error | CellKind::NotComputed => return,
        };
        let size = |plain: &str| plain.parse::<f64>().map_or(0.0, f64::abs);
        let example = |readings| Example { line: row.place(), text: text.to_owned(), readings };
        if read.iter().any(|(_, is_percent)| *is_percent) {
            seen.shown.get_or_insert_with(|| example(Vec::new()));
        } else if let Some((plain, _)) = read.iter().find(|(plain, _)| is_small(size(plain))) {
            let reading = |one: PlainPercent| Reading {
                choice: one.code().to_owned(),
                meaning: format!("{} %", one.of(plain)),
            };
            let readings = || PlainPercent::ALL.map(reading).to_vec();
            seen.small.get_or_insert_with(|| example(readings()));
        } else {
            seen.has_large |= read.iter().any(|(plain, _)| size(plain) > 1.0);
        }
    }

    /// The decisions about columns where it matters.
    pub(crate) fn decided(self, columns: &[String]) -> Vec<Decision> {
        let of_column = |(column, seen): (usize, Seen)| {
            let is_open =
                seen.shown.is_some() || !(seen.has_large || says_percent(columns, column));
            let small = seen.small.filter(|_| is_open || seen.told.is_some())?;
            let others = PlainPercent::ALL.into_iter().filter(|one| Some(*one) != seen.told);
            let certainty = match seen.told {
                Some(_) => Certainty::Told,
                None => Certainty::Ambiguous,
            };
            let decision = Decision::new(Matter::PlainPercent, "", certainty)
                .with_alternatives(others.map(|one| one.code().to_owned()).collect())
                .with_examples([small].into_iter().chain(seen.shown).collect());
            let chosen = seen.told.map(|told| told.code().to_owned());
            Some(Decision { chosen, ..decision }.of_column(column, columns))
        };
        self.columns.into_iter().filter_map(of_column).collect()
    }
}

/// Whether a number may be a fraction of one.
fn is_small(size: f64) -> bool {
    size != 0.0 && size <= 1.0
}

/// Whether the name of a column says that its numbers are per cent.
fn says_percent(columns: &[String], column: usize) -> bool {
    columns.get(column).is_some_and(|name| name.contains(['%', '\u{ff05}']))
}
