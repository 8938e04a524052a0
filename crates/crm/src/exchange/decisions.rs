//! What was decided about a file where it could be read in several ways: once for all of it, from
//! all of it. What it does not tell is asked, never guessed in silence.

use std::collections::BTreeMap;

use guanxi_base::Refusal;
use serde::{Deserialize, Serialize};

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// How the bytes of a text file are letters.
    Encoding,
    /// What stands between its cells.
    Delimiter,
    /// Which sheet of a workbook is read.
    Sheet,
    /// Which row names the columns.
    HeaderRow,
    /// A column whose name others have too.
    RepeatedColumn,
    /// Whether the day or the month comes first.
    DateOrder,
    /// What a year of two digits means.
    TwoDigitYears,
    /// What stands before the decimals.
    DecimalMark,
    /// The currency of amounts without one.
    Currency,
    /// The zone of times without one.
    TimeZone,
    /// What numbers without a sign are in fields in per cent.
    PlainPercent,
    /// What the plain numbers of a column count in.
    Unit,
    /// What a line makes that is in the file twice.
    Identical,
}

impl Matter {
    /// Its code, which is the name by which a mapping states it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::Delimiter => "delimiter",
            Self::Sheet => "sheet",
            Self::HeaderRow => "header_row",
            Self::RepeatedColumn => "position",
            Self::DateOrder => "date_order",
            Self::TwoDigitYears => "two_digit_years",
            Self::DecimalMark => "decimal_mark",
            Self::Currency => "currency",
            Self::TimeZone => "time_zone",
            Self::PlainPercent => "plain_percent",
            Self::Unit => "unit",
            Self::Identical => "identical",
        }
    }
}

/// How sure a decision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The mapping says so.
    Told,
    /// The file says so.
    Clear,
    /// Nothing says so; it is what is usual, and stated.
    Assumed,
    /// The file says both; nearly all of it says what was chosen, and the rest is refused.
    Contradictory,
    /// Nothing settles it: the mapping must say.
    Ambiguous,
}

/// A text of the file that a decision is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Where its row stands in the file.
    pub line: u64,
    /// The text.
    pub text: String,
    /// What each choice would make of it.
    pub readings: Vec<Reading>,
}

/// What a choice makes of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The choice, as a mapping states it.
    pub choice: String,
    /// What it makes of the text.
    pub meaning: String,
}

/// Something that was decided about a file, or must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What it is about.
    pub what: Matter,
    /// The column that it is for, where that has a name; the whole file if none.
    pub column: Option<String>,
    /// The place of that column, from 1, where a mapping can state it for the column alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    /// What was chosen, as a mapping states it; none if it must be told.
    pub chosen: Option<String>,
    /// What else could have been.
    pub alternatives: Vec<String>,
    /// Texts that show it.
    pub examples: Vec<Example>,
    /// How sure it is.
    pub certainty: Certainty,
}

impl Decision {
    /// A decision about the whole file.
    pub(crate) fn new(what: Matter, chosen: impl Into<String>, certainty: Certainty) -> Self {
        Self {
            what,
            column: None,
            position: None,
            chosen: Some(chosen.into()),
            alternatives: Vec::new(),
            examples: Vec::new(),
            certainty,
        }
    }

    /// The same with examples.
    pub(crate) fn with_examples(self, examples: Vec<Example>) -> Self {
        Self { examples, ..self }
    }

    /// The same with what else could have been.
    pub(crate) fn with_alternatives(self, alternatives: Vec<String>) -> Self {
        Self { alternatives, ..self }
    }

    /// The same about one column, by its place from 0.
    pub(crate) fn of_column(self, column: usize, columns: &[String]) -> Self {
        let name = columns.get(column).filter(|name| !name.is_empty()).cloned();
        Self { column: name, position: Some(column + 1), ..self }
    }

    /// Why nothing can be imported before the mapping says more; none if it is settled.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        if self.chosen.is_some() {
            return None;
        }
        let code = match (self.what, self.certainty) {
            (Matter::DateOrder, Certainty::Contradictory) => "date-order-contradictory",
            (Matter::DateOrder, _) => "date-order-ambiguous",
            (Matter::DecimalMark, Certainty::Contradictory) => "decimal-mark-contradictory",
            (Matter::DecimalMark, _) => "decimal-mark-ambiguous",
            (Matter::Encoding, _) => "encoding-contradicted",
            (Matter::PlainPercent, _) if self.examples.len() < 2 => "percent-unsaid",
            (Matter::PlainPercent, _) => "percent-ambiguous",
            (Matter::Unit, _) => "unit-ambiguous",
            (Matter::HeaderRow, _) => "header-unclear",
            _ => "currency-ambiguous",
        };
        let mut refusal = Refusal::field(code, self.what.code());
        let names = [["line", "value", "first", "second"], ["line2", "value2", "third", "fourth"]];
        for (example, [line, value, first, second]) in self.examples.iter().zip(names) {
            refusal = refusal.with(line, example.line).with(value, &example.text);
            for (name, reading) in [first, second].into_iter().zip(&example.readings) {
                refusal = refusal.with(name, &reading.meaning);
            }
        }
        let place = || self.position.map(|position| position.to_string());
        let column = self.column.clone().or_else(place).unwrap_or_default();
        Some(refusal.with("choices", self.alternatives.join(", ")).with("column", column))
    }
}

/// A choice out of a few, and what each text of a file says about it. Bounded: it counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// By the set of choices that a text allows, as bits: how many, and the first of them.
    sets: BTreeMap<u8, (u64, Option<Example>)>,
}

/// What a tally says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No text is read differently by any choice.
    NoMatter,
    /// It is this choice.
    Clear(usize),
    /// It is this choice but for a few texts.
    Mostly(usize),
    /// Several choices are possible for every text.
    Ambiguous,
    /// No choice fits all texts.
    Contradictory,
}

/// Of so many texts one may contradict the rest and be refused alone.
const SURE_OF: u64 = 20;

impl Tally {
    /// Notes a text that allows these choices only, or reads differently by them.
    pub(crate) fn note(&mut self, set: u8, example: impl FnOnce() -> Example) {
        let entry = self.sets.entry(set).or_default();
        entry.0 += 1;
        if entry.1.is_none() {
            entry.1 = Some(example());
        }
    }

    /// Which of so many choices it is.
    pub(crate) fn verdict(&self, choices: usize) -> Verdict {
        let all = self.sets.values().map(|(count, _)| count).sum::<u64>();
        if all == 0 {
            return Verdict::NoMatter;
        }
        let against = |choice: usize| -> u64 {
            let sets = self.sets.iter().filter(|(set, _)| *set & (1 << choice) == 0);
            sets.map(|(_, (count, _))| count).sum()
        };
        let mut order: Vec<(u64, usize)> = (0..choices).map(|c| (against(c), c)).collect();
        order.sort_unstable();
        match order[..] {
            [(0, _), (0, _), ..] => Verdict::Ambiguous,
            [(0, choice), ..] => Verdict::Clear(choice),
            [(few, choice), (more, _), ..] => {
                // What allows several choices says nothing about which.
                let says = self.sets.iter().filter(|(set, _)| set.count_ones() == 1);
                let says: u64 = says.map(|(_, (count, _))| count).sum();
                let is_sure = few * SURE_OF <= says && few < more;
                if is_sure { Verdict::Mostly(choice) } else { Verdict::Contradictory }
            }
            _ => Verdict::NoMatter,
        }
    }

    /// Texts that show why: one that allows several choices, or one for each.
    pub(crate) fn examples(&self, verdict: &Verdict) -> Vec<Example> {
        let mut examples: Vec<(u32, &Example)> = self
            .sets
            .iter()
            .filter_map(|(set, (_, example))| Some((set.count_ones(), example.as_ref()?)))
            .collect();
        examples.sort_by_key(|(ones, example)| match verdict {
            Verdict::Ambiguous => (u32::from(*ones < 2), example.line),
            _ => (*ones, example.line),
        });
        examples.into_iter().take(2).map(|(_, example)| example.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(counts: &[(u8, u64)]) -> Tally {
        let mut tally = Tally::default();
        for (set, count) in counts {
            for line in 0..*count {
                let text = set.to_string();
                tally.note(*set, || Example { line, text, readings: Vec::new() });
            }
        }
        tally
    }

    #[test]
    fn all_of_the_file_decides() {
        for (counts, expected) in [
            (&[][..], Verdict::NoMatter),
            (&[(0b01, 3)], Verdict::Clear(0)),
            (&[(0b11, 500), (0b10, 1)], Verdict::Clear(1)),
            (&[(0b11, 500)], Verdict::Ambiguous),
            (&[(0b111, 3), (0b011, 1)], Verdict::Ambiguous),
            (&[(0b01, 1), (0b10, 4)], Verdict::Contradictory),
            (&[(0b01, 18), (0b10, 1)], Verdict::Contradictory),
            (&[(0b01, 19), (0b10, 1)], Verdict::Mostly(0)),
            (&[(0b01, 40), (0b10, 2), (0b11, 900)], Verdict::Mostly(0)),
            (&[(0b11, 500), (0b10, 1), (0b01, 1)], Verdict::Contradictory),
        ] {
            assert_eq!(tally(counts).verdict(3), expected, "{counts:?}");
        }
    }
}
