//! Merged cells: one value that stands in all of its places.

use std::collections::VecDeque;
use std::io::{Read, Seek};

use guanxi_base::{Refusal, Result};
use quick_xml::events::Event;

use super::cells::cell_place;
use super::package::{Package, broken};
use super::row_being_read::{CellText, RowBeingRead};
use super::xml::attribute;
use crate::exchange::source::COLUMNS_MAX;

/// So many ranges of cells may be merged.
const MERGED_MAX: usize = 100_000;

/// A range of merged cells, its last row and column within it, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Merged {
    first_row: u32,
    first_column: usize,
    last_row: u32,
    last_column: usize,
}

impl Merged {
    fn width(self) -> usize {
        self.last_column - self.first_column + 1
    }
}

/// The merged cells of a sheet, from top to bottom.
#[derive(Debug, Default)]
pub(super) struct MergedCells {
    coming: VecDeque<Merged>,
    /// The ranges that the row is in, with the value of their first cell.
    active: Vec<(Merged, Option<CellText>)>,
}

impl MergedCells {
    /// Reads the merged cells of a sheet's part.
    ///
    /// # Errors
    /// A refusal when the part is broken, or there are too many.
    pub(super) fn read<R: Read + Seek>(
        package: &mut Package<R>,
        part: &str,
        limit: u64,
    ) -> Result<Self> {
        let mut xml = package.xml(part, limit)?;
        let (mut found, mut seen) = (Vec::new(), 0);
        loop {
            match xml.next()? {
                Event::Start(tag) if tag.local_name().as_ref() == "mergeCell" => {
                    seen += 1;
                    if seen > MERGED_MAX {
                        return Err(Refusal::new("too-many-merged")
                            .with("limit", MERGED_MAX)
                            .into());
                    }
                    let range = attribute(&tag, "ref")?.unwrap_or_default();
                    found.extend(merged(&range)?);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        found.sort_unstable();
        Ok(Self { coming: found.into(), active: Vec::new() })
    }

    /// Puts the values of merged cells in each of their places in a row.
    ///
    /// # Errors
    /// A refusal when they lie over one another, or the row becomes too long.
    pub(super) fn fill(&mut self, row: &mut RowBeingRead) -> Result<()> {
        let at = row.at;
        self.active.retain(|(range, _)| range.last_row >= at);
        while let Some(range) = self.coming.pop_front_if(|range| range.first_row <= at) {
            if range.last_row >= at {
                let is_first = range.first_row == at;
                let value = row.cells.get(range.first_column).filter(|_| is_first).cloned();
                self.active.push((range, value.filter(|(text, _)| !text.is_empty())));
            }
        }
        let width: usize = self.active.iter().map(|(range, _)| range.width()).sum();
        if width > COLUMNS_MAX {
            return Err(broken(&"merged cells lie over one another"));
        }
        for (range, value) in &self.active {
            let Some((text, kind)) = value else { continue };
            for column in range.first_column..=range.last_column {
                if row.cells.get(column).is_none_or(|(there, _)| there.is_empty()) {
                    row.must_have_room(text)?;
                    row.put(column, (text.clone(), kind.clone()));
                    if column > range.first_column {
                        row.copies.push(column);
                    }
                }
            }
        }
        Ok(())
    }
}

/// A range such as `A1:C4`; none where it lies beyond the columns that are read.
fn merged(range: &str) -> Result<Option<Merged>> {
    let (first, last) = range.split_once(':').unwrap_or((range, range));
    let (first, last) = (cell_place(first)?, cell_place(last)?);
    let (first_column, last_column) = (first.1 as usize, last.1 as usize);
    if first.0 > last.0 || first_column > last_column {
        return Err(broken(&format!("{range:.40} is no range")));
    }
    Ok((first_column < COLUMNS_MAX).then_some(Merged {
        first_row: first.0,
        first_column,
        last_row: last.0,
        last_column: last_column.min(COLUMNS_MAX - 1),
    }))
}
