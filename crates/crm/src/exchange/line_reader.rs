//! The lines of an import, a batch at a time, with what is told of each: whether one that is wholly
//! equal to it came before.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use guanxi_base::Result;

use super::row::FileRow;
use super::source::Source;

/// Reads the lines of a file.
pub(super) struct LineReader {
    source: Source,
    /// Where each line came first, by a hash of its cells, if that is asked for.
    places: Option<HashMap<u128, u64>>,
}

impl LineReader {
    /// A reader that looks for no equal lines.
    pub(super) fn new(source: Source) -> Self {
        Self { source, places: None }
    }

    /// A reader that tells which lines are equal to an earlier one.
    pub(super) fn telling_identical(source: Source) -> Self {
        Self { source, places: Some(HashMap::new()) }
    }

    /// Passes over lines that are done.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn skip(&mut self, lines: u64) -> Result<()> {
        let mut row = FileRow::default();
        for _ in 0..lines {
            self.next(&mut row)?;
        }
        Ok(())
    }

    /// The next lines, so many at most.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn batch(&mut self, most: usize) -> Result<Vec<FileRow>> {
        let mut lines = Vec::with_capacity(most);
        let mut row = FileRow::default();
        while lines.len() < most && self.next(&mut row)? {
            lines.push(row.clone());
        }
        Ok(lines)
    }

    fn next(&mut self, row: &mut FileRow) -> Result<bool> {
        if !self.source.next_row(row)? {
            return Ok(false);
        }
        if let Some(places) = &mut self.places {
            let first = *places.entry(hash(row)).or_insert(row.place());
            row.note_same(Some(first).filter(|first| *first != row.place()));
        }
        Ok(true)
    }
}

/// Two rows of one hash are equal: it is long enough for more lines than any file has.
fn hash(row: &FileRow) -> u128 {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        row.iter().for_each(|cell| cell.trim().hash(&mut hasher));
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}
