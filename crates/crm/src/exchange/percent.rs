//! Numbers in fields in per cent that do not say whether they are per cent: 0.07 beside 19 % may
//! be 7 % as well, since a spreadsheet keeps 19 % as 0.19. Such a file is asked about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::decisions::{Certainty, Decision, Example, Matter, Reading};
use super::numbers::{DecimalMark, read_number};
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
            Self::Fraction => hundredfold(plain),
        }
    }
}

/// What the columns of a file say about per cent.
#[derive(Debug, Default)]
pub(crate) struct PercentSurvey {
    told: Option<PlainPercent>,
    /// By column: the first number that may be a fraction, and the first that says per cent.
    columns: BTreeMap<usize, [Option<Example>; 2]>,
}

impl PercentSurvey {
    pub(crate) fn new(told: Option<PlainPercent>) -> Self {
        Self { told, columns: BTreeMap::new() }
    }

    /// Notes a cell of a field in per cent.
    pub(crate) fn note(&mut self, row: &FileRow, column: usize, text: &str) {
        let seen = self.columns.get(&column);
        if self.told.is_some() || seen.is_some_and(|seen| seen.iter().all(Option::is_some)) {
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
        let says_so = read.iter().any(|(_, is_percent)| *is_percent);
        let is_small = |plain: &str| {
            plain.parse::<f64>().is_ok_and(|number| number != 0.0 && number.abs() <= 1.0)
        };
        let small = read.iter().find(|(plain, _)| is_small(plain));
        let (place, readings) = match small {
            _ if says_so => (1, Vec::new()),
            None => return,
            Some((plain, _)) => {
                let reading = |one: PlainPercent| Reading {
                    choice: one.code().to_owned(),
                    meaning: format!("{} %", one.of(plain)),
                };
                (0, PlainPercent::ALL.map(reading).to_vec())
            }
        };
        let example = Example { line: row.place(), text: text.to_owned(), readings };
        self.columns.entry(column).or_default()[place].get_or_insert(example);
    }

    /// What plain numbers are, and the decision where it matters.
    pub(crate) fn decided(self) -> (PlainPercent, Option<Decision>) {
        let matter = Matter::PlainPercent;
        if let Some(told) = self.told {
            return (told, Some(Decision::new(matter, told.code(), Certainty::Told)));
        }
        let both = self.columns.into_values().find_map(|[plain, shown]| Some([plain?, shown?]));
        let decision = both.map(|examples| Decision {
            chosen: None,
            ..Decision::new(matter, "", Certainty::Ambiguous)
                .with_alternatives(PlainPercent::ALL.map(|one| one.code().to_owned()).to_vec())
                .with_examples(examples.to_vec())
        });
        (PlainPercent::Percent, decision)
    }
}

/// A plain number times a hundred, digit by digit: 0.07 becomes 7.
fn hundredfold(plain: &str) -> String {
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", plain),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (moved, rest) = fraction.split_at(fraction.len().min(2));
    let whole = format!("{whole}{moved:0<2}");
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_times_is_exact() {
        for (plain, expected) in [
            ("0.07", "7"),
            ("0.190", "19"),
            ("0.0725", "7.25"),
            ("-0.5", "-50"),
            ("1", "100"),
            ("12.345", "1234.5"),
            ("0.001", "0.1"),
            ("0", "0"),
        ] {
            assert_eq!(hundredfold(plain), expected, "{plain}");
        }
    }
}
