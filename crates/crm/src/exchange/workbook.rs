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
use super::header;
use super::row::{CellKind, FileRow};
use super::source::COLUMNS_MAX;

/// The sheet that is read may unpack to so much.
const SHEET_BYTES_MAX: u64 = 400 << 20;
/// The texts of all its cells together, each as often as it stands there.
const TEXTS_BYTES_MAX: u64 = 1 << 30;
/// So many sheets are looked at for the one with the table.
const SHEETS_LOOKED_AT: usize = 50;
/// Rows that are handed over at once, and what they may take until then.
const BATCH_ROWS: usize = 256;
const BATCH_BYTES: usize = 1 << 20;

/// A worksheet that is being read.
pub(crate) struct Workbook {
    /// The sheet that is read.
    pub(crate) sheet: String,
    /// The sheets that a person sees.
    pub(crate) sheets: Vec<String>,
    /// Those that are hidden.
    pub(crate) hidden: Vec<String>,
    rows: Receiver<Result<Vec<FileRow>>>,
    ready: std::vec::IntoIter<FileRow>,
    is_done: bool,
}

/// What the reading thread says first: the sheet that it reads, those that are seen, and those that
/// are hidden.
type Opened = Result<(String, Vec<String>, Vec<String>)>;

/// Which sheet is to be read.
struct Wanted {
    sheet: Option<String>,
    columns: Vec<String>,
}

impl Workbook {
    /// Opens a workbook: the sheet of this name, or of those that are not hidden the first that
    /// has a table, with columns of these names where one has.
    ///
    /// # Errors
    /// A refusal that says what is wrong with the file.
    pub(crate) fn open<R>(file: R, sheet: Option<String>, columns: &[String]) -> Result<Self>
    where
        R: Read + Seek + Send + 'static,
    {
        let (say, opened) = sync_channel::<Opened>(1);
        let (send, rows) = sync_channel(2);
        let wanted = Wanted { sheet, columns: columns.to_vec() };
        // The reader of cells borrows the workbook, and both must live on between two rows.
        std::thread::spawn(move || read(file, wanted, &say, &send));
        let (sheet, sheets, hidden) = opened.recv().unwrap_or_else(|_| Err(ended()))?;
        let (ready, is_done) = (Vec::new().into_iter(), false);
        Ok(Self { sheet, sheets, hidden, rows, ready, is_done })
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
    wanted: Wanted,
    say: &SyncSender<Opened>,
    send: &SyncSender<Result<Vec<FileRow>>>,
) {
    let opened = Package::open(file).and_then(|mut package| {
        let contents = Contents::read(&mut package)?;
        let mut book = Book::read(&mut package, &contents)?;
        let sheet = chosen(&mut package, &mut book, &contents.sheets, wanted)?;
        let has_merged = package.look_through(&sheet.part, SHEET_BYTES_MAX, "mergeCell")?;
        let [seen, hidden] = [false, true].map(|hidden| names(&contents.sheets, hidden));
        let told = (sheet.name.clone(), seen, hidden);
        Ok((package, book, sheet.part.clone(), has_merged, told))
    });
    let (mut package, mut book, part, has_merged) = match opened {
        Ok((package, book, part, has_merged, told)) => {
            if say.send(Ok(told)).is_err() {
                return;
            }
            (package, book, part, has_merged)
        }
        Err(error) => {
            say.send(Err(error)).ok();
            return;
        }
    };
    let rows = Rows::new(&mut package, &mut book, &part, has_merged);
    let outcome = rows.and_then(|rows| send_all(rows, send));
    // Nobody who has gone needs to hear it.
    send.send(outcome.map(|()| Vec::new())).ok();
}

fn names(sheets: &[Sheet], is_hidden: bool) -> Vec<String> {
    let sheets = sheets.iter().filter(|sheet| sheet.is_hidden == is_hidden);
    sheets.map(|sheet| sheet.name.clone()).collect()
}

/// The sheet that is meant. Where nobody tells, the first rows of each that is seen are looked at.
fn chosen<'s, R: Read + Seek>(
    package: &mut Package<R>,
    book: &mut Book,
    sheets: &'s [Sheet],
    wanted: Wanted,
) -> Result<&'s Sheet> {
    let names = |is_hidden: bool| names(sheets, is_hidden).join(", ");
    if let Some(name) = wanted.sheet {
        return sheets.iter().find(|sheet| sheet.name == name).ok_or_else(|| {
            let refusal = Refusal::field("unknown-sheet", "sheet").with("name", name);
            refusal.with("sheets", names(false)).into()
        });
    }
    let seen: Vec<&Sheet> = sheets.iter().filter(|sheet| !sheet.is_hidden).collect();
    if let ([only], true) = (&seen[..], sheets.len() == 1) {
        return Ok(only);
    }
    let mut looks = Vec::new();
    for sheet in seen.iter().take(SHEETS_LOOKED_AT) {
        // A sheet that is broken matters only if it is the one that is meant.
        let rows = first_rows(package, book, &sheet.part).unwrap_or_default();
        looks.push(header::look(&rows, &wanted.columns));
    }
    match header::best(&looks) {
        Some(best) => Ok(seen[best]),
        None if !names(true).is_empty() => {
            Err(Refusal::field("sheets-hidden", "sheet").with("sheets", names(true)).into())
        }
        None => Err(Refusal::new("file-empty").into()),
    }
}

fn first_rows<R: Read + Seek>(
    package: &mut Package<R>,
    book: &mut Book,
    part: &str,
) -> Result<Vec<FileRow>> {
    let mut rows = Rows::new(package, book, part, false)?;
    let mut first = Vec::new();
    while first.len() < header::ROWS_MAX {
        let Some((row, _)) = rows.next_row()? else { break };
        first.push(row);
    }
    Ok(first)
}

/// What all sheets of a workbook share.
struct Book {
    texts: SharedTexts,
    styles: Styles,
}

impl Book {
    fn read<R: Read + Seek>(package: &mut Package<R>, contents: &Contents) -> Result<Self> {
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
        Ok(Self { texts, styles })
    }
}

/// Hands the rows over, some at once, as long as somebody takes them.
fn send_all(mut rows: Rows<'_>, send: &SyncSender<Result<Vec<FileRow>>>) -> Result<()> {
    let (mut batch, mut batch_bytes) = (Vec::new(), 0);
    while let Some((row, bytes)) = rows.next_row()? {
        batch.push(row);
        batch_bytes += bytes;
        if batch.len() >= BATCH_ROWS || batch_bytes >= BATCH_BYTES {
            if send.send(Ok(std::mem::take(&mut batch))).is_err() {
                return Ok(());
            }
            batch_bytes = 0;
        }
    }
    if !batch.is_empty() {
        send.send(Ok(batch)).ok();
    }
    Ok(())
}

/// The rows of a sheet.
struct Rows<'a> {
    cells: Cells<Part<'a>>,
    book: &'a mut Book,
    merged: MergedCells,
    /// The row whose cells come in, and a cell of the next one.
    row: Option<RowBeingRead>,
    ahead: Option<Cell>,
    is_at_end: bool,
    /// What the texts of all cells may still take.
    left: u64,
}

impl<'a> Rows<'a> {
    fn new<R: Read + Seek>(
        package: &'a mut Package<R>,
        book: &'a mut Book,
        part: &str,
        has_merged: bool,
    ) -> Result<Self> {
        let merged = if has_merged {
            MergedCells::read(package, part, SHEET_BYTES_MAX)?
        } else {
            MergedCells::default()
        };
        let cells = Cells::new(package.xml(part, SHEET_BYTES_MAX)?);
        let (row, ahead, is_at_end, left) = (None, None, false, TEXTS_BYTES_MAX);
        Ok(Self { cells, book, merged, row, ahead, is_at_end, left })
    }

    /// The next row that is not empty, and what it takes; none at the end.
    fn next_row(&mut self) -> Result<Option<(FileRow, usize)>> {
        loop {
            let next = match self.ahead.take() {
                Some(cell) => Some(cell),
                None if self.is_at_end => None,
                None => self.cells.next()?,
            };
            self.is_at_end = next.is_none();
            let at = next.as_ref().map(|cell| cell.row);
            if let Some(done) = self.row.take_if(|row| at != Some(row.at)) {
                if at.is_some_and(|at| at < done.at) {
                    return Err(broken(&"its rows are not in order"));
                }
                self.ahead = next;
                match self.finished(done)? {
                    Some(row) => return Ok(Some(row)),
                    None => continue,
                }
            }
            let Some(cell) = next else { return Ok(None) };
            if cell.content != Content::Empty {
                self.put(cell)?;
            }
        }
    }

    /// Puts a cell into its row, unless it is empty.
    fn put(&mut self, cell: Cell) -> Result<()> {
        let (column, line) = (cell.column as usize, cell.row + 1);
        let Book { texts, styles } = &mut *self.book;
        let text = match &cell.content {
            Content::Shared(at) => {
                texts.get(*at).ok_or_else(|| broken(&"a shared text is missing"))?
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
        let row = self.row.get_or_insert_with(|| RowBeingRead::new(cell.row));
        row.must_have_room(text)?;
        let read: CellText = match cell.content {
            Content::Number(_) => match text.parse() {
                Ok(number) => styles.number(number, cell.style),
                Err(_) => (text.to_owned(), CellKind::Text),
            },
            Content::Error(_) => (text.to_owned(), CellKind::Error),
            Content::NotComputed(_) => (format!("={text}"), CellKind::NotComputed),
            _ => (text.to_owned(), CellKind::Text),
        };
        row.put(column, read);
        Ok(())
    }

    /// A row with the values of merged cells in each of their places, and what it takes.
    fn finished(&mut self, mut row: RowBeingRead) -> Result<Option<(FileRow, usize)>> {
        self.merged.fill(&mut row)?;
        let left = self.left.checked_sub(row.bytes as u64);
        self.left = left.ok_or_else(|| unpacks_too_large(TEXTS_BYTES_MAX))?;
        let bytes = row.size_bytes();
        Ok(row.finish().map(|row| (row, bytes)))
    }
}

#[cfg(test)]
mod tests;
