//! One row of a file: its cells as text, where it stands in the file, and what a workbook says
//! about its cells beyond their text.

use std::ops::Deref;
use std::sync::Arc;

use csv::StringRecord;
use guanxi_base::Refusal;

use super::cell::MISSING;
use super::decoding::{is_unreadable, recovered};
use super::export::as_before;
use super::signs::Sign;

/// What a cell is, beyond its text.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum CellKind {
    /// Text, to be read as people write.
    #[default]
    Text,
    /// A number of a workbook: it has no marks that could be misread.
    Number(NumberCell),
    /// A computed cell whose result is an error, such as `#N/A`.
    Error,
    /// A formula whose result was not saved.
    NotComputed,
}

/// What a workbook says about a number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NumberCell {
    /// Its plain digits, 15 at most, as a spreadsheet shows them.
    pub(crate) plain: String,
    /// The same per cent, if it is shown so: 0.15 is 15 %.
    pub(crate) per_cent: Option<String>,
    /// The currency of its format.
    pub(crate) sign: Option<Sign>,
    /// Its format, where words in it may say what is not known.
    pub(crate) unclear: Option<UnclearFormat>,
    /// The power of ten by which it is larger than what its format shows: 3 where it shows thousands.
    pub(crate) shown_in: usize,
    /// Whether it has more digits than a spreadsheet keeps, so that the last may be wrong.
    pub(crate) has_lost_digits: bool,
}

/// A number format that may say more of a number than is understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UnclearFormat {
    /// As the workbook has it.
    pub(crate) code: Arc<str>,
    /// Whether it says so of every number, not of amounts alone: ten thousands are shown as ones.
    pub(crate) of_any_number: bool,
}

/// What is wrong with a row as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowFault {
    /// Bytes that mean nothing in the encoding of the file.
    Unreadable,
    /// Text after the quotation mark that ends a cell.
    TextAfterQuote,
    /// A quoted cell that holds rows of the table.
    SwallowsRows,
    /// So many cells are missing, as the file of refused lines tells.
    Lacks(usize),
}

/// One row of a file. It is its cells, and knows where it stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileRow {
    cells: StringRecord,
    kinds: Vec<CellKind>,
    /// Columns in which stands what a merged cell to their left holds.
    copies: Vec<usize>,
    place: u64,
    fault: Option<RowFault>,
    same_as: Option<u64>,
}

impl FileRow {
    /// A row of text that begins on this line of the file.
    pub(crate) fn new(cells: StringRecord, place: u64) -> Self {
        Self { cells: without_guards(cells), place, ..Self::default() }
    }

    /// A row of a workbook. In some columns stands what a merged cell to their left holds.
    pub(crate) fn typed(cells: Vec<(String, CellKind)>, copies: Vec<usize>, place: u64) -> Self {
        let (mut texts, kinds): (Vec<String>, Vec<CellKind>) = cells.into_iter().unzip();
        let mut fault = None;
        for text in texts.iter_mut().filter(|text| is_unreadable(text)) {
            *text = recovered(text, encoding_rs::UTF_8);
            fault = Some(RowFault::Unreadable);
        }
        let cells = without_guards(StringRecord::from(texts));
        Self { cells, kinds, copies, place, fault, ..Self::default() }
    }

    /// What stands in its cells, each with its column; a merged cell counts once, and a sign that
    /// stands for nothing not at all.
    pub(crate) fn own(&self) -> impl Iterator<Item = (usize, &str)> {
        let cells = self.cells.iter().map(str::trim).enumerate();
        let is_own = move |(at, text): &(usize, &str)| {
            text.contains(char::is_alphanumeric) && !self.is_copy(*at)
        };
        cells.filter(is_own)
    }

    /// Whether in a column stands what a merged cell to its left holds.
    pub(crate) fn is_copy(&self, column: usize) -> bool {
        self.copies.contains(&column)
    }

    /// Whether a cell of it reaches over several columns.
    pub(crate) fn has_wide_cells(&self) -> bool {
        !self.copies.is_empty()
    }

    /// Notes cells that the file of refused lines tells to be missing.
    pub(crate) fn note_missing(&mut self) {
        let missing = self.cells.iter().filter(|cell| cell.trim() == MISSING).count();
        if missing > 0 {
            self.fault = self.fault.or(Some(RowFault::Lacks(missing)));
        }
    }

    /// The same row with something wrong about it.
    pub(crate) fn with_fault(self, fault: Option<RowFault>) -> Self {
        Self { fault: self.fault.or(fault), ..self }
    }

    /// Where it stands in the file as a person sees it: the line of a text file on which it
    /// begins, the row of a worksheet; counted from 1, header and all.
    #[must_use]
    pub fn place(&self) -> u64 {
        self.place
    }

    /// Notes the place of an earlier row that is wholly equal to it.
    pub(crate) fn note_same(&mut self, place: Option<u64>) {
        self.same_as = place;
    }

    /// The place of an earlier row that is wholly equal to it, where that was looked for.
    pub(crate) fn same_as(&self) -> Option<u64> {
        self.same_as
    }

    /// Whether all its cells are empty.
    pub(crate) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }

    /// How many cells it has up to the last that is not empty.
    pub(crate) fn filled(&self) -> usize {
        let filled = self.cells.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
        filled.last().map_or(0, |(at, _)| at + 1)
    }

    /// What a cell is.
    pub(crate) fn kind(&self, column: usize) -> &CellKind {
        self.kinds.get(column).unwrap_or(&CellKind::Text)
    }

    /// Brings a row to the width of the header: empty cells beyond it say nothing; a worksheet
    /// leaves empty cells at its end out, and has remarks beside its table.
    pub(crate) fn fit(&mut self, width: usize) {
        let is_typed = !self.kinds.is_empty();
        if self.cells.len() > width && (is_typed || self.filled() <= width) {
            self.cells.truncate(width);
            self.kinds.truncate(width);
        }
        while is_typed && self.cells.len() < width {
            self.cells.push_field("");
            self.kinds.push(CellKind::Text);
        }
    }

    /// Why the row cannot be read at all, if so.
    pub(crate) fn refusal(&self, width: usize) -> Option<Refusal> {
        match self.fault {
            Some(RowFault::Unreadable) => Some(Refusal::new("unreadable-characters")),
            Some(RowFault::TextAfterQuote) => Some(Refusal::new("text-after-quote")),
            Some(RowFault::SwallowsRows) => Some(Refusal::new("quote-swallows-rows")),
            Some(RowFault::Lacks(cells)) => Some(wrong_count(width, self.cells.len() - cells)),
            None if self.cells.len() != width => Some(wrong_count(width, self.cells.len())),
            None => None,
        }
    }
}

fn wrong_count(wanted: usize, found: usize) -> Refusal {
    Refusal::new("wrong-column-count").with("wanted", wanted).with("found", found)
}

/// Cells without the apostrophes that keep a spreadsheet from running them, as exports write them:
/// whatever reads a cell finds what was exported.
fn without_guards(cells: StringRecord) -> StringRecord {
    if !cells.iter().any(|cell| cell.contains('\'')) {
        return cells;
    }
    cells.iter().map(|cell| as_before(cell.trim())).collect()
}

impl Deref for FileRow {
    type Target = StringRecord;
    fn deref(&self) -> &StringRecord {
        &self.cells
    }
}
