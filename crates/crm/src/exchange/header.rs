//! Which row of a file names its columns: the first, or one below a title. Two columns of one
//! name are told apart by where they stand.

use std::collections::{BTreeSet, VecDeque};

use guanxi_base::{Refusal, Result};

use super::decisions::{Certainty, Decision, Example, Matter};
use super::row::{CellKind, FileRow};
use super::source::{COLUMNS_MAX, LayoutHints};
use super::suggest::plain;
use super::units::{Unit, stated_unit};
use crate::access::Locale;
use crate::text::Texts;

/// So many rows are looked at for the header.
const ROWS_MAX: usize = 30;
/// So many rows above the header are told.
const PASSED_OVER_TOLD: usize = 3;
/// A header that is told stands no further down.
const TOLD_ROW_MAX: u64 = 1_000;

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
    let mut rows = VecDeque::new();
    let mut titles = Vec::new();
    let (at, certainty) = match hints.header_row {
        Some(told) => {
            let refusal = || Refusal::field("no-header-row", "header_row").with("value", told);
            loop {
                let row = next()?.filter(|_| told <= TOLD_ROW_MAX).ok_or_else(refusal)?;
                let place = row.place();
                if place < told {
                    note_units(&row, &mut titles);
                }
                // Of what stands above, the first rows are told; the rest is not kept.
                rows.truncate(PASSED_OVER_TOLD);
                rows.push_back(row);
                if place == told {
                    break;
                }
                if place > told {
                    return Err(refusal().into());
                }
            }
            (rows.len() - 1, Certainty::Told)
        }
        None => {
            while rows.len() < ROWS_MAX {
                let Some(row) = next()? else { break };
                rows.push_back(row);
            }
            let rows = rows.make_contiguous();
            let at = guess(rows, &hints.columns);
            rows[..at].iter().for_each(|row| note_units(row, &mut titles));
            // A row above all others is the header, unless it has fewer names than they have cells.
            let is_clear = at == 0 && rows.first().map_or(0, texts) >= usual(rows);
            (at, if is_clear { Certainty::Clear } else { Certainty::Assumed })
        }
    };
    let below = rows.split_off((at + 1).min(rows.len()));
    let Some(header) = rows.pop_back() else { return Err(Refusal::new("file-empty").into()) };
    let mut names: Vec<String> = header.iter().map(name).collect();
    while names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    if names.is_empty() {
        return Err(Refusal::new("file-empty").into());
    }
    if names.len() > COLUMNS_MAX {
        return Err(Refusal::new("too-many-columns").with("limit", COLUMNS_MAX).into());
    }
    let passed_over = rows.iter().take(PASSED_OVER_TOLD).map(|row| Example {
        line: row.place(),
        text: row.iter().filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" | "),
        readings: Vec::new(),
    });
    let decision = Decision::new(Matter::HeaderRow, header.place().to_string(), certainty)
        .with_examples(passed_over.collect());
    Ok(Header { names, decision: Some(decision), titles, below })
}

/// Notes what a row above the header says that numbers count in, once.
fn note_units(row: &FileRow, titles: &mut Vec<Unit>) {
    for unit in row.iter().filter_map(stated_unit) {
        if !titles.contains(&unit) {
            titles.push(unit);
        }
    }
}

/// A column's name without line ends, blanks of other kinds, and marks that nobody sees.
pub(crate) fn name(text: &str) -> String {
    let is_seen = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{2060}');
    let text: String = text.chars().filter(is_seen).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many texts a row has: a title over merged cells is one, however many cells it covers.
fn texts(row: &FileRow) -> usize {
    row.iter().map(str::trim).filter(|text| !text.is_empty()).collect::<BTreeSet<_>>().len()
}

/// How many texts the rows below the first usually have.
fn usual(rows: &[FileRow]) -> usize {
    let mut counts: Vec<usize> = rows.iter().skip(1).map(texts).collect();
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or(0)
}

/// The row that most likely names the columns: the one with the names that are known, else the
/// first unless it has far fewer cells than the rows below, as a title has.
fn guess(rows: &[FileRow], columns: &[String]) -> usize {
    let columns: BTreeSet<String> = columns.iter().map(|column| plain(column)).collect();
    let known = |row: &FileRow| {
        let names: BTreeSet<String> = row.iter().map(plain).collect();
        names.iter().filter(|name| !name.is_empty() && columns.contains(*name)).count()
    };
    if !columns.is_empty() {
        let best = (0..rows.len()).rev().max_by_key(|at| known(&rows[*at]));
        if let Some(best) = best.filter(|best| known(&rows[*best]) > 0) {
            return best;
        }
    }
    let usual = usual(rows);
    let Some(first) = rows.first().map(texts) else { return 0 };
    if usual < 2 || first > (usual / 3).max(1) {
        return 0;
    }
    let is_header = |row: &FileRow| {
        let is_word = |(at, text): (usize, &str)| {
            *row.kind(at) == CellKind::Text
                && (text.trim().is_empty() || text.contains(char::is_alphabetic))
        };
        let has_words = row.iter().enumerate().all(is_word);
        has_words && texts(row) >= 2 && texts(row) * 2 > usual
    };
    rows.iter().position(is_header).unwrap_or(0)
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
