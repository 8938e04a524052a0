//! Rows of a workbook that is read, one after the other: a sheet is never held whole, however far apart its
//! cells stand. What its parts, its rows and what waits to be taken use is counted in bytes.

mod cells;
mod contents;
mod format_words;
mod merged;
mod moments;
mod number_format;
mod package;
mod row_being_read;
mod shared_texts;
mod styles;
mod xml;

use std::io::{Read, Seek};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use guanxi_base::{Error, Refusal, Result};

use self::cells::{Cell, Cells, Content};
use self::contents::{Contents, Sheet};
use self::merged::MergedCells;
use self::moments::Calendar;
use self::package::{Package, Part, broken, unpacks_too_large};
use self::row_being_read::{CellText, RowBeingRead};
use self::shared_texts::SharedTexts;
use self::styles::Styles;
use self::xml::must_fit_a_cell;
use super::row::{CellKind, FileRow};
use super::source::COLUMNS_MAX;

/// The sheet that is read may unpack to so much.
const SHEET_BYTES_MAX: u64 = 400 << 20;
/// The texts of all its cells together, each as often as it stands there.
const TEXTS_BYTES_MAX: u64 = 1 << 30;
/// Rows that are handed over at once, and what they may take until then.
const BATCH_ROWS: usize = 256;
const BATCH_BYTES: usize = 1 << 20;

/// A worksheet that is being read.
pub(crate) struct Workbook {
    /// The sheet that is read.
    pub(crate) sheet: String,
    /// The sheets that a person sees.
    pub(crate) sheets: Vec<String>,
    rows: Receiver<Result<Vec<FileRow>>>,
    ready: std::vec::IntoIter<FileRow>,
    is_done: bool,
}

/// What the reading thread says first.
type Opened = Result<(String, Vec<String>)>;

impl Workbook {
    /// Opens a workbook: the sheet of this name, or the first that is not hidden.
    ///
    /// # Errors
    /// A refusal that says what is wrong with the file.
    pub(crate) fn open<R>(file: R, sheet: Option<String>) -> Result<Self>
    where
        R: Read + Seek + Send + 'static,
    {
        let (say, opened) = sync_channel::<Opened>(1);
        let (send, rows) = sync_channel(2);
        // The reader of cells borrows the workbook, and both must live on between two rows.
        std::thread::spawn(move || read(file, sheet, &say, &send));
        let (sheet, sheets) = opened.recv().unwrap_or_else(|_| Err(ended()))?;
        Ok(Self { sheet, sheets, rows, ready: Vec::new().into_iter(), is_done: false })
    }

    /// The next row that is not empty; none at the end.
    ///
    /// # Errors
    /// A refusal that says what is wrong with the file.
    pub(crate) fn next_row(&mut self) -> Result<Option<FileRow>> {
        loop {
            if let Some(row) = self.ready.next() {
                return Ok(Some(row));
            }
            if self.is_done {
                return Ok(None);
            }
            let batch = self.rows.recv().unwrap_or_else(|_| Err(ended()))?;
            self.is_done = batch.is_empty();
            self.ready = batch.into_iter();
        }
    }
}

fn ended() -> Error {
    broken(&"it cannot be understood")
}

/// Reads a workbook to its end, as long as somebody takes its rows. The last batch is empty.
fn read<R: Read + Seek>(
    file: R,
    sheet: Option<String>,
    say: &SyncSender<Opened>,
    send: &SyncSender<Result<Vec<FileRow>>>,
) {
    let opened = Package::open(file).and_then(|mut package| {
        let contents = Contents::read(&mut package)?;
        let (sheet, names) = chosen(&contents.sheets, sheet)?;
        let (name, part) = (sheet.name.clone(), sheet.part.clone());
        let has_merged = package.look_through(&part, SHEET_BYTES_MAX, "mergeCell")?;
        Ok((package, contents, part, has_merged, (name, names)))
    });
    let (mut package, contents, part, has_merged) = match opened {
        Ok((package, contents, part, has_merged, told)) => {
            if say.send(Ok(told)).is_err() {
                return;
            }
            (package, contents, part, has_merged)
        }
        Err(error) => {
            say.send(Err(error)).ok();
            return;
        }
    };
    let rows = Rows::new(&mut package, &contents, &part, has_merged);
    let outcome = rows.and_then(|rows| rows.send_all(send));
    // Nobody who has gone needs to hear it.
    send.send(outcome.map(|()| Vec::new())).ok();
}

/// The sheet that is meant, and the names of those that a person sees.
fn chosen(sheets: &[Sheet], wanted: Option<String>) -> Result<(&Sheet, Vec<String>)> {
    let seen = || sheets.iter().filter(|sheet| !sheet.is_hidden);
    let names: Vec<String> = seen().map(|sheet| sheet.name.clone()).collect();
    let sheet = match wanted {
        Some(name) => sheets.iter().find(|sheet| sheet.name == name).ok_or_else(|| {
            let refusal = Refusal::field("unknown-sheet", "sheet").with("name", name);
            refusal.with("sheets", names.join(", "))
        })?,
        None => seen().next().ok_or_else(|| Refusal::new("file-empty"))?,
    };
    Ok((sheet, names))
}

struct Rows<'a, R: Read + Seek> {
    cells: Cells<Part<'a, R>>,
    texts: SharedTexts,
    styles: Styles,
    merged: MergedCells,
    batch: Vec<FileRow>,
    batch_bytes: usize,
    /// What the texts of all cells may still take.
    left: u64,
}

impl<'a, R: Read + Seek> Rows<'a, R> {
    fn new(
        package: &'a mut Package<R>,
        contents: &Contents,
        part: &str,
        has_merged: bool,
    ) -> Result<Self> {
        let calendar =
            if contents.counts_from_1904 { Calendar::From1904 } else { Calendar::From1900 };
        let texts = match &contents.shared_texts {
            Some(part) => SharedTexts::read(package, part)?,
            None => SharedTexts::default(),
        };
        let styles = match &contents.styles {
            Some(part) => Styles::read(package, part, calendar)?,
            None => Styles::none(calendar),
        };
        let merged = if has_merged {
            MergedCells::read(package, part, SHEET_BYTES_MAX)?
        } else {
            MergedCells::default()
        };
        Ok(Self {
            cells: Cells::new(package.xml(part, SHEET_BYTES_MAX)?),
            texts,
            styles,
            merged,
            batch: Vec::new(),
            batch_bytes: 0,
            left: TEXTS_BYTES_MAX,
        })
    }

    fn send_all(mut self, send: &SyncSender<Result<Vec<FileRow>>>) -> Result<()> {
        let mut row: Option<RowBeingRead> = None;
        loop {
            let next = self.cells.next()?;
            let at = next.as_ref().map(|cell| cell.row);
            if let Some(done) = row.take_if(|row| at != Some(row.at)) {
                if at.is_some_and(|at| at < done.at) {
                    return Err(broken(&"its rows are not in order"));
                }
                self.keep(done)?;
                let is_full = self.batch.len() >= BATCH_ROWS || self.batch_bytes >= BATCH_BYTES;
                if is_full && send.send(Ok(self.take_batch())).is_err() {
                    return Ok(());
                }
            }
            let Some(cell) = next else { break };
            if cell.content != Content::Empty {
                self.put(cell, &mut row)?;
            }
        }
        if !self.batch.is_empty() {
            send.send(Ok(self.take_batch())).ok();
        }
        Ok(())
    }

    fn take_batch(&mut self) -> Vec<FileRow> {
        self.batch_bytes = 0;
        std::mem::take(&mut self.batch)
    }

    /// Puts a cell into its row, unless it is empty.
    fn put(&mut self, cell: Cell, row: &mut Option<RowBeingRead>) -> Result<()> {
        let (column, line) = (cell.column as usize, cell.row + 1);
        let text = match &cell.content {
            Content::Shared(at) => {
                self.texts.get(*at).ok_or_else(|| broken(&"a shared text is missing"))?
            }
            Content::Text(text) | Content::Error(text) | Content::NotComputed(text) => text.trim(),
            Content::Number(text) => text.trim(),
            Content::Boolean(yes) => {
                if *yes {
                    "true"
                } else {
                    "false"
                }
            }
            Content::Empty => "",
        };
        let is_said = matches!(cell.content, Content::NotComputed(_));
        if text.is_empty() && !is_said {
            return Ok(());
        }
        if column >= COLUMNS_MAX {
            return Err(Refusal::new("too-many-columns").with("limit", COLUMNS_MAX).into());
        }
        must_fit_a_cell(text, line)?;
        let row = row.get_or_insert_with(|| RowBeingRead::new(cell.row));
        row.must_have_room(text)?;
        let read: CellText = match cell.content {
            Content::Number(_) => match text.parse() {
                Ok(number) => self.styles.number(number, cell.style),
                Err(_) => (text.to_owned(), CellKind::Text),
            },
            Content::Error(_) => (text.to_owned(), CellKind::Error),
            Content::NotComputed(_) => (format!("={text}"), CellKind::NotComputed),
            _ => (text.to_owned(), CellKind::Text),
        };
        row.put(column, read);
        Ok(())
    }

    /// Keeps a row, with the values of merged cells in each of their places.
    fn keep(&mut self, mut row: RowBeingRead) -> Result<()> {
        self.merged.fill(&mut row)?;
        let left = self.left.checked_sub(row.bytes as u64);
        self.left = left.ok_or_else(|| unpacks_too_large(TEXTS_BYTES_MAX))?;
        let bytes = row.size_bytes();
        if let Some(row) = row.finish() {
            self.batch_bytes += bytes;
            self.batch.push(row);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
