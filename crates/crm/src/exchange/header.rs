//! Which row of a file names its columns: the first, or one below a title. Names may stand in two
//! rows, one of groups above one of columns. A record is not taken for names without a word.

use std::collections::VecDeque;

use guanxi_base::{Refusal, Result};

use super::decisions::{Certainty, Decision, Example, Matter};
use super::first_rows::FirstRows;
use super::row::FileRow;
use super::source::{COLUMNS_MAX, LayoutHints};
use super::units::{Unit, stated_unit};
use crate::access::Locale;
use crate::text::Texts;

/// So many rows are looked at for the header.
pub(super) const ROWS_MAX: usize = 30;
/// So many rows above the header are told.
const PASSED_OVER_TOLD: usize = 3;
/// A header that is told stands no further down.
const TOLD_ROW_MAX: u64 = 1_000;
/// What is told where no row names the columns.
pub(crate) const NO_HEADER: u64 = 0;

/// A header as it was found.
pub(crate) struct Header {
    /// The names of the columns.
    pub(crate) names: Vec<String>,
    /// What was decided.
    pub(crate) decision: Option<Decision>,
    /// What the rows above it say that numbers count in.
    pub(crate) titles: Vec<Unit>,
    /// Rows below it that were read to find it.
    pub(crate) below: VecDeque<FileRow>,
}

/// Finds the header among the first rows.
///
/// # Errors
/// A refusal when there is none, or the file is broken.
pub(crate) fn find(
    mut next: impl FnMut() -> Result<Option<FileRow>>,
    hints: &LayoutHints,
) -> Result<Header> {
    let mut rows = Vec::new();
    let mut titles = Vec::new();
    let (at, certainty) = match hints.header_row {
        Some(told) if told != NO_HEADER => {
            let refusal = || Refusal::field("no-header-row", "header_row").with("value", told);
            loop {
                let row = next()?.filter(|_| told <= TOLD_ROW_MAX).ok_or_else(refusal)?;
                let place = row.place();
                if place < told {
                    note_units(&row, &mut titles);
                }
                // Of what stands above, a few rows are told; the rest is not kept.
                if rows.len() > PASSED_OVER_TOLD {
                    rows.remove(PASSED_OVER_TOLD - 1);
                }
                rows.push(row);
                if place == told {
                    break;
                }
                if place > told {
                    return Err(refusal().into());
                }
            }
            (rows.len() - 1, Certainty::Told)
        }
        told => {
            while rows.len() < ROWS_MAX {
                let Some(row) = next()? else { break };
                rows.push(row);
            }
            if told.is_some() {
                return without_names(rows);
            }
            let guessed = FirstRows::new(&rows, &hints.columns).guess();
            rows.iter().take(guessed.0).for_each(|row| note_units(row, &mut titles));
            guessed
        }
    };
    let names = FirstRows::new(&rows, &hints.columns).names(at, certainty == Certainty::Told);
    let below = rows.split_off((at + 1).min(rows.len()));
    let Some(header) = rows.pop() else { return Err(Refusal::new("file-empty").into()) };
    must_be_some(&names)?;
    let shown = |row: &FileRow| Example {
        line: row.place(),
        text: row.iter().filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" | "),
        readings: Vec::new(),
    };
    let passed_over = rows.iter().take(PASSED_OVER_TOLD).map(shown);
    let decision = Decision::new(Matter::HeaderRow, header.place().to_string(), certainty);
    let decision = match certainty {
        Certainty::Ambiguous => {
            let above = rows.iter().map(|row| row.place().to_string());
            let choices = std::iter::once(header.place().to_string()).chain(above);
            Decision { chosen: None, ..decision }
                .with_examples(std::iter::once(shown(&header)).chain(passed_over).collect())
                .with_alternatives(choices.chain([NO_HEADER.to_string()]).collect())
        }
        _ => decision.with_examples(passed_over.collect()),
    };
    Ok(Header { names, decision: Some(decision), titles, below: below.into() })
}

fn must_be_some(names: &[String]) -> Result<()> {
    if names.iter().all(String::is_empty) {
        return Err(Refusal::new("file-empty").into());
    }
    if names.len() > COLUMNS_MAX {
        return Err(Refusal::new("too-many-columns").with("limit", COLUMNS_MAX).into());
    }
    Ok(())
}

/// Notes what a row above the header says that numbers count in, once.
fn note_units(row: &FileRow, titles: &mut Vec<Unit>) {
    for unit in row.iter().filter_map(stated_unit) {
        if !titles.contains(&unit) {
            titles.push(unit);
        }
    }
}

/// A table whose first row is a record: its columns are called as spreadsheets call them.
fn without_names(rows: Vec<FileRow>) -> Result<Header> {
    let width = rows.iter().map(FileRow::filled).max().unwrap_or(0);
    let names: Vec<String> = (0..width.min(COLUMNS_MAX + 1)).map(letters).collect();
    must_be_some(&names)?;
    let decision = Decision::new(Matter::HeaderRow, NO_HEADER.to_string(), Certainty::Told);
    Ok(Header { names, decision: Some(decision), titles: Vec::new(), below: rows.into() })
}

/// The column of this place from 0, by letters: A to Z, then AA.
fn letters(at: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(at % 26).unwrap_or(0));
    match at / 26 {
        0 => letter.to_string(),
        before => format!("{}{letter}", letters(before - 1)),
    }
}

/// A column's name without line ends, blanks of other kinds, and marks that nobody sees.
pub(crate) fn name(text: &str) -> String {
    let is_seen = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{2060}');
    let text: String = text.chars().filter(is_seen).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the first rows of a sheet show.
pub(super) struct Look {
    /// So many names of columns that are known.
    known: usize,
    is_table: bool,
    is_filled: bool,
}

/// Looks at the first rows of a sheet for names of columns that are known.
pub(super) fn look(rows: &[FileRow], columns: &[String]) -> Look {
    let first = FirstRows::new(rows, columns);
    Look { known: first.most_known(), is_table: first.is_table(), is_filled: !rows.is_empty() }
}

/// The sheet that is most likely meant: the first that is a table, unless others have far more of
/// the names that are known. None where nothing stands in any.
pub(super) fn best(looks: &[Look]) -> Option<usize> {
    let is_any_table = looks.iter().any(|look| look.is_table);
    let is_possible = |look: &Look| look.is_filled && (look.is_table || !is_any_table);
    let most = looks.iter().filter(|look| is_possible(look)).map(|look| look.known).max()?;
    looks.iter().position(|look| is_possible(look) && look.known * 3 >= most * 2)
}

/// So many columns a file of refused lines has behind those of the file that they come from.
pub(crate) const ERROR_COLUMNS: usize = 2;

/// Whether a file begins like one of refused lines, as the import writes it and spreadsheets save
/// it.
pub(crate) fn is_error_file(start: &[u8]) -> bool {
    let end = start.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(start.len());
    let line = String::from_utf8_lossy(&start[..end]).into_owned();
    [Locale::En, Locale::ZhCn].iter().any(|locale| {
        let texts = Texts::of(*locale);
        let last = [texts.get("import-error-line"), texts.get("import-error-reason")];
        [",", ";", "\t"].iter().any(|one| line.ends_with(&format!("{one}{}", last.join(one))))
    })
}
