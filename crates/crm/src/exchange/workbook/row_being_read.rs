//! A row of a worksheet while its cells come in: what it takes is counted before it is taken.

use guanxi_base::{Refusal, Result};

use crate::exchange::row::{CellKind, FileRow};
use crate::exchange::separated::ROW_BYTES_MAX;

/// A cell as text, and what it is.
pub(super) type CellText = (String, CellKind);

/// A row to which cells are added.
#[derive(Debug)]
pub(super) struct RowBeingRead {
    /// From 0.
    pub(super) at: u32,
    pub(super) cells: Vec<CellText>,
    /// Columns in which stands what a merged cell to their left holds.
    pub(super) copies: Vec<usize>,
    /// The bytes of its texts.
    pub(super) bytes: usize,
}

impl RowBeingRead {
    pub(super) fn new(at: u32) -> Self {
        Self { at, cells: Vec::new(), copies: Vec::new(), bytes: 0 }
    }

    /// Asks before a text is copied into the row.
    ///
    /// # Errors
    /// `line-too-long`, as of a text file.
    pub(super) fn must_have_room(&self, text: &str) -> Result<()> {
        if self.bytes + text.len() > ROW_BYTES_MAX {
            let refusal = Refusal::new("line-too-long").with("limit", ROW_BYTES_MAX >> 10);
            return Err(refusal.with("line", self.at + 1).into());
        }
        Ok(())
    }

    /// Puts a cell in its place.
    pub(super) fn put(&mut self, column: usize, cell: CellText) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, (String::new(), CellKind::Text));
        }
        self.bytes += cell.0.len();
        self.cells[column] = cell;
    }

    /// What the row takes in memory, at most.
    pub(super) fn size_bytes(&self) -> usize {
        2 * self.bytes + self.cells.len() * size_of::<CellText>()
    }

    /// The row; none if all its cells are empty.
    pub(super) fn finish(self) -> Option<FileRow> {
        let is_blank = self.cells.iter().all(|(text, _)| text.trim().is_empty());
        (!is_blank).then(|| FileRow::typed(self.cells, self.copies, u64::from(self.at) + 1))
    }
}
