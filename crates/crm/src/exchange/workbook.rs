//! Rows of a worksheet, one after the other: a sheet is never held whole, however far apart its
//! cells stand. Numbers stay numbers, with what their formats say about them.

use std::collections::HashMap;
use std::io::{Read, Seek};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{
    DataRef, Dimensions, Reader as _, SheetType, SheetVisible, Style, Xlsx, XlsxCellReader,
};
use guanxi_base::{Refusal, Result};

use super::numbers::fifteen_digits;
use super::row::{CellKind, FileRow, NumberCell};
use super::signs::{Sign, sign_of_format};
use super::source::COLUMNS_MAX;
use super::workbook_parts::{MERGED_MAX, broken, look_through};

/// Rows that are handed over at once.
const BATCH_ROWS: usize = 256;
/// From here on a number has more than the 15 digits that a spreadsheet keeps.
const LONG_NUMBER: f64 = 1e15;

/// The day after the last that a spreadsheet knows, the end of the year 9999.
const DAYS_MAX: f64 = 2_958_466.0;

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

fn ended() -> guanxi_base::Error {
    broken(&"it cannot be understood")
}

/// Reads a workbook to its end, as long as somebody takes its rows. The last batch is empty.
fn read<R: Read + Seek>(
    mut file: R,
    sheet: Option<String>,
    say: &SyncSender<Opened>,
    send: &SyncSender<Result<Vec<FileRow>>>,
) {
    let opened = look_through(&mut file).and_then(|parts| {
        file.rewind().map_err(|error| broken(&error))?;
        let workbook = Xlsx::new(file).map_err(|error| broken(&error))?;
        let (sheet, sheets) = chosen(&workbook, sheet)?;
        Ok((workbook, sheet, sheets, parts))
    });
    let (mut workbook, sheet, parts) = match opened {
        Ok((workbook, sheet, sheets, parts)) => {
            if say.send(Ok((sheet.clone(), sheets))).is_err() {
                return;
            }
            (workbook, sheet, parts)
        }
        Err(error) => {
            say.send(Err(error)).ok();
            return;
        }
    };
    let merged = if parts.has_merged { merged(&mut workbook, &sheet) } else { Ok(Vec::new()) };
    let outcome = merged.and_then(|merged| {
        let cells = workbook.worksheet_cells_reader(&sheet).map_err(|error| broken(&error))?;
        Rows::new(cells, merged).send_all(send)
    });
    // Nobody who has gone needs to hear it.
    send.send(outcome.map(|()| Vec::new())).ok();
}

fn chosen<R: Read + Seek>(
    workbook: &Xlsx<R>,
    wanted: Option<String>,
) -> Result<(String, Vec<String>)> {
    let sheets = workbook.sheets_metadata().iter().filter(|s| s.typ == SheetType::WorkSheet);
    let (seen, hidden): (Vec<_>, Vec<_>) =
        sheets.partition(|sheet| sheet.visible == SheetVisible::Visible);
    let names: Vec<String> = seen.iter().map(|sheet| sheet.name.clone()).collect();
    let name = match wanted {
        Some(name) if seen.iter().chain(&hidden).any(|sheet| sheet.name == name) => name,
        Some(name) => {
            let refusal = Refusal::field("unknown-sheet", "sheet").with("name", name);
            return Err(refusal.with("sheets", names.join(", ")).into());
        }
        None => names.first().cloned().ok_or_else(|| Refusal::new("file-empty"))?,
    };
    Ok((name, names))
}

/// The ranges of merged cells, from top to bottom.
fn merged<R: Read + Seek>(workbook: &mut Xlsx<R>, sheet: &str) -> Result<Vec<Dimensions>> {
    let found = workbook.merge_cells_by_sheet_name(sheet).map_err(|error| broken(&error))?;
    if found.len() > MERGED_MAX {
        return Err(Refusal::new("too-many-merged").with("limit", MERGED_MAX).into());
    }
    let mut found: Vec<Dimensions> =
        found.into_iter().filter(|range| (range.start.1 as usize) < COLUMNS_MAX).collect();
    found.sort_by_key(|range| range.start);
    Ok(found)
}

type CellText = (String, CellKind);

struct Rows<'a, R: Read + Seek> {
    cells: XlsxCellReader<'a, R>,
    formats: Formats,
    merged: std::iter::Peekable<std::vec::IntoIter<Dimensions>>,
    /// Merged ranges that the row is in, with the value of their first cell.
    active: Vec<(Dimensions, Option<CellText>)>,
    batch: Vec<FileRow>,
}

impl<'a, R: Read + Seek> Rows<'a, R> {
    fn new(cells: XlsxCellReader<'a, R>, merged: Vec<Dimensions>) -> Self {
        Self {
            cells,
            formats: Formats::default(),
            merged: merged.into_iter().peekable(),
            active: Vec::new(),
            batch: Vec::new(),
        }
    }

    fn send_all(mut self, send: &SyncSender<Result<Vec<FileRow>>>) -> Result<()> {
        let mut row: Option<(u32, Vec<CellText>)> = None;
        loop {
            let next = self.cells.next_cell_with_style_id().map_err(|error| broken(&error))?;
            let place = next.as_ref().map(|(cell, _)| cell.get_position().0);
            if let Some((at, _)) = &row
                && place != Some(*at)
            {
                if place.is_some_and(|place| place < *at) {
                    return Err(broken(&"its rows are not in order"));
                }
                let (at, cells) = row.take().unwrap_or_default();
                self.keep(at, cells)?;
                if self.batch.len() >= BATCH_ROWS
                    && send.send(Ok(std::mem::take(&mut self.batch))).is_err()
                {
                    return Ok(());
                }
            }
            let Some((cell, style)) = next else { break };
            let (at, column) = cell.get_position();
            let read = self.formats.read(cell.get_value(), style, self.cells.styles());
            let Some(read) = read else { continue };
            if column as usize >= COLUMNS_MAX {
                return Err(Refusal::new("too-many-columns").with("limit", COLUMNS_MAX).into());
            }
            let (_, cells) = row.get_or_insert_with(|| (at, Vec::new()));
            let column = column as usize;
            if cells.len() <= column {
                cells.resize(column + 1, (String::new(), CellKind::Text));
            }
            cells[column] = read;
        }
        if !self.batch.is_empty() {
            send.send(Ok(std::mem::take(&mut self.batch))).ok();
        }
        Ok(())
    }

    /// Keeps a row, with the values of merged cells in each of their places.
    fn keep(&mut self, at: u32, mut cells: Vec<CellText>) -> Result<()> {
        self.active.retain(|(range, _)| range.end.0 >= at);
        while let Some(range) = self.merged.next_if(|range| range.start.0 <= at) {
            if range.end.0 >= at {
                let is_first = range.start.0 == at;
                let value = cells.get(range.start.1 as usize).filter(|_| is_first).cloned();
                self.active.push((range, value.filter(|(text, _)| !text.is_empty())));
            }
        }
        if self.active.len() > COLUMNS_MAX {
            return Err(broken(&"merged cells lie over one another"));
        }
        for (range, value) in &self.active {
            let Some(value) = value else { continue };
            let last = (range.end.1 as usize).min(COLUMNS_MAX - 1);
            for column in range.start.1 as usize..=last {
                if cells.len() <= column {
                    cells.resize(column + 1, (String::new(), CellKind::Text));
                }
                if cells[column].0.is_empty() {
                    cells[column] = value.clone();
                }
            }
        }
        if cells.iter().any(|(text, _)| !text.trim().is_empty()) {
            self.batch.push(FileRow::typed(cells, u64::from(at) + 1));
        }
        Ok(())
    }
}

/// What the formats of cells say about numbers, by style.
#[derive(Default)]
struct Formats {
    known: HashMap<usize, NumberShape>,
}

#[derive(Clone, Copy, Default)]
struct NumberShape {
    is_percent: bool,
    /// So many digits at least, with zeros before: `00000`.
    digits: usize,
    sign: Option<Sign>,
}

impl Formats {
    /// A cell as text, and what it is; none if it is empty.
    fn read(&mut self, value: &DataRef<'_>, style: usize, styles: &[Style]) -> Option<CellText> {
        let text = |text: &str| Some((text.trim().to_owned(), CellKind::Text));
        match value {
            DataRef::Empty => None,
            DataRef::String(one) => text(one).filter(|(text, _)| !text.is_empty()),
            DataRef::SharedString(one) => text(one).filter(|(text, _)| !text.is_empty()),
            DataRef::DateTimeIso(one) | DataRef::DurationIso(one) => text(one),
            DataRef::Bool(yes) => text(if *yes { "true" } else { "false" }),
            DataRef::Error(error) => Some((error.to_string(), CellKind::Error)),
            DataRef::Int(number) => {
                #[expect(clippy::cast_precision_loss, reason = "what is too long is marked so")]
                let number = *number as f64;
                Some(self.number(number, style, styles))
            }
            DataRef::Float(number) => Some(self.number(*number, style, styles)),
            DataRef::DateTime(moment) if !(0.0..DAYS_MAX).contains(&moment.as_f64()) => {
                Some(("#NUM!".to_owned(), CellKind::Error))
            }
            DataRef::DateTime(moment) if moment.is_datetime() => {
                text(&moment_text(moment.as_f64(), moment.to_ymd_hms_milli()))
            }
            DataRef::DateTime(duration) => text(&duration_text(duration.as_f64())),
        }
    }

    fn number(&mut self, number: f64, style: usize, styles: &[Style]) -> CellText {
        let shape = *self.known.entry(style).or_insert_with(|| shape(styles.get(style)));
        let Some(plain) = fifteen_digits(number) else {
            return ("#NUM!".to_owned(), CellKind::Error);
        };
        let per_cent = shape.is_percent.then(|| fifteen_digits(number * 100.0)).flatten();
        let text = match &per_cent {
            Some(per_cent) => format!("{per_cent}%"),
            None if number >= 0.0 && !plain.contains('.') => {
                format!("{plain:0>width$}", width = shape.digits)
            }
            None => plain.clone(),
        };
        let has_lost_digits = number.abs() >= LONG_NUMBER;
        (text, CellKind::Number(NumberCell { plain, per_cent, sign: shape.sign, has_lost_digits }))
    }
}

fn shape(style: Option<&Style>) -> NumberShape {
    let Some(format) = style.and_then(|style| style.number_format.as_ref()) else {
        return NumberShape::default();
    };
    let code = format.format_code.as_str();
    let first = code.split(';').next().unwrap_or_default();
    let mut is_percent = false;
    let mut characters = first.chars();
    let mut is_quoted = false;
    while let Some(c) = characters.next() {
        match c {
            '\\' => drop(characters.next()),
            '"' => is_quoted = !is_quoted,
            '%' if !is_quoted => is_percent = true,
            _ => {}
        }
    }
    let is_padded = first.len() > 1 && first.bytes().all(|byte| byte == b'0');
    // The built-in formats of money are shown in the currency of whoever looks.
    let is_built_in = format.format_id.is_some_and(|id| id < 164);
    let sign = if is_built_in { None } else { sign_of_format(code) };
    NumberShape { is_percent, digits: if is_padded { first.len() } else { 0 }, sign }
}

/// A date, a time of day or both, as the field would be written.
fn moment_text(serial: f64, parts: (u16, u8, u8, u8, u8, u8, u16)) -> String {
    let (year, month, day, hour, minute, second, milli) = parts;
    let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    let time = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
    if serial < 1.0 {
        return time;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second, milli) == (0, 0, 0, 0) { date } else { format!("{date} {time}") }
}

/// Hours, minutes and seconds, beyond a day too.
fn duration_text(days: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "beyond that nothing is a duration")]
    let seconds = (days * 86_400.0).round() as i64;
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.unsigned_abs();
    format!("{sign}{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests;
