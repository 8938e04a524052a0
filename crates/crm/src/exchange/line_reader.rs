//! The lines of an import, a batch at a time, with what is told of each: whether one that is wholly
//! equal to it came before.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use guanxi_base::Result;

use super::row::FileRow;
use super::source::Source;

/// So many different lines are remembered: what is equal to a later one is not told.
const REMEMBERED_MAX: usize = 4_000_000;

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

    /// The next lines, so many and of so many bytes at most but for the last, and whether the file
    /// ends with them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn batch(&mut self, lines: usize, bytes: usize) -> Result<(Vec<FileRow>, bool)> {
        let (mut batch, mut held) = (Vec::new(), 0);
        let mut row = FileRow::default();
        while batch.len() < lines && held < bytes {
            if !self.next(&mut row)? {
                return Ok((batch, true));
            }
            held += row.as_slice().len();
            batch.push(row.clone());
        }
        Ok((batch, false))
    }

    fn next(&mut self, row: &mut FileRow) -> Result<bool> {
        if !self.source.next_row(row)? {
            return Ok(false);
        }
        if let Some(places) = &mut self.places {
            let hash = hash(row);
            let first = places.get(&hash).copied();
            if first.is_none() && places.len() < REMEMBERED_MAX {
                places.insert(hash, row.place());
            }
            row.note_same(first);
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
