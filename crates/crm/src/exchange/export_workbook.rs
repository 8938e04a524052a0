//! A worksheet that is written: numbers are numbers, dates are dates, amounts know their currency,
//! so that a spreadsheet can add them up; what a cell cannot hold is cut, and told.

use std::collections::HashMap;
use std::io::Write;

use guanxi_base::{Currency, Date, Error, Refusal, Result, Timestamp};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::export::Cell;

/// A cell holds so many units of UTF-16.
const CELL_UNITS_MAX: usize = 32_767;
/// A worksheet has so many columns.
const COLUMNS_MAX: usize = 16_384;
/// A spreadsheet keeps so many digits of a number.
const DIGITS_MAX: usize = 15;

/// A text that was cut because no cell holds so much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutCell {
    /// The id of its record.
    pub id: String,
    /// The column.
    pub column: String,
    /// How many characters it has; the first 32,766 are in the file.
    pub characters: usize,
}

/// A workbook with one sheet of rows, and one that tells what was cut.
pub(crate) struct SheetWriter<'a> {
    workbook: Box<Workbook>,
    row: u32,
    headers: Vec<String>,
    shapes: Shapes,
    cut: Vec<CutCell>,
    out: &'a mut (dyn Write + Send),
}

/// Formats by what they are for: making one for every cell would take most of the time.
#[derive(Default)]
struct Shapes {
    by_code: HashMap<String, Format>,
}

impl Shapes {
    fn of(&mut self, code: String) -> &Format {
        self.by_code.entry(code).or_insert_with_key(|code| Format::new().set_num_format(code))
    }
}

impl<'a> SheetWriter<'a> {
    /// Begins a workbook with this header.
    ///
    /// # Errors
    /// A refusal when there are more columns than a worksheet has.
    pub(crate) fn new(headers: Vec<String>, out: &'a mut (dyn Write + Send)) -> Result<Self> {
        if headers.len() > COLUMNS_MAX {
            return Err(Refusal::new("too-many-columns").with("limit", COLUMNS_MAX).into());
        }
        let mut workbook = Box::new(Workbook::new());
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(Error::internal)?;
        sheet.set_freeze_panes(1, 0).map_err(Error::internal)?;
        header(sheet, &headers)?;
        Ok(Self { workbook, row: 1, headers, shapes: Shapes::default(), cut: Vec::new(), out })
    }

    /// Writes a row. The first cell is the id of its record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write_row(&mut self, cells: &[Cell]) -> Result<()> {
        let sheet = self.workbook.worksheet_from_index(0).map_err(Error::internal)?;
        for (at, cell) in cells.iter().enumerate() {
            let place = (self.row, u16::try_from(at).map_err(Error::internal)?);
            let mut written = write(sheet, &mut self.shapes, place, cell);
            if let (Err(XlsxError::MaxStringLengthExceeded), Cell::Text(text)) = (&written, cell) {
                written = sheet.write_string(place.0, place.1, cut(text)).map(drop);
                self.cut.push(CutCell {
                    id: cells.first().map(Cell::text).unwrap_or_default(),
                    column: self.headers.get(at).cloned().unwrap_or_default(),
                    characters: text.chars().count(),
                });
            }
            written.map_err(Error::internal)?;
        }
        self.row += 1;
        Ok(())
    }

    /// Ends the workbook; says what was cut.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn finish(mut self) -> Result<Vec<CutCell>> {
        if !self.cut.is_empty() {
            let sheet = self.workbook.add_worksheet_with_constant_memory();
            let sheet = sheet.map_err(Error::internal)?;
            sheet.set_name("cut").map_err(Error::internal)?;
            header(sheet, &["id", "column", "characters"].map(ToOwned::to_owned))?;
            for (at, cell) in (1..).zip(&self.cut) {
                sheet.write_string(at, 0, &cell.id).map_err(Error::internal)?;
                sheet.write_string(at, 1, &cell.column).map_err(Error::internal)?;
                let characters = u32::try_from(cell.characters).unwrap_or(u32::MAX);
                sheet.write_number(at, 2, characters).map_err(Error::internal)?;
            }
        }
        let bytes = self.workbook.save_to_buffer().map_err(Error::internal)?;
        self.out.write_all(&bytes).map_err(Error::internal)?;
        Ok(self.cut)
    }
}

fn header(sheet: &mut Worksheet, names: &[String]) -> Result<()> {
    let bold = Format::new().set_bold();
    for (at, name) in (0..).zip(names) {
        sheet.write_string_with_format(0, at, name, &bold).map_err(Error::internal)?;
    }
    Ok(())
}

fn write(
    sheet: &mut Worksheet,
    shapes: &mut Shapes,
    (row, column): (u32, u16),
    cell: &Cell,
) -> Result<(), XlsxError> {
    let moment = match cell {
        Cell::Date(date) => excel_date(*date).map(|moment| (moment, "yyyy-mm-dd")),
        Cell::Instant(instant) => excel_time(*instant).map(|m| (m, "yyyy-mm-dd hh:mm:ss")),
        _ => None,
    };
    if let Some((moment, code)) = moment {
        let format = shapes.of(code.to_owned());
        return sheet.write_datetime_with_format(row, column, &moment, format).map(drop);
    }
    match (cell, number(cell)) {
        (Cell::Boolean(yes), _) => sheet.write_boolean(row, column, *yes).map(drop),
        (_, Some((number, Some(code)))) => {
            sheet.write_number_with_format(row, column, number, shapes.of(code)).map(drop)
        }
        (_, Some((number, None))) => sheet.write_number(row, column, number).map(drop),
        // A worksheet keeps text as text; a formula must be asked for.
        (Cell::Text(text), _) => sheet.write_string(row, column, text).map(drop),
        (other, None) => sheet.write_string(row, column, other.text()).map(drop),
    }
}

/// A number with its format, if a spreadsheet keeps all of its digits.
fn number(cell: &Cell) -> Option<(f64, Option<String>)> {
    let (text, code) = match cell {
        Cell::Number(text) => (text.clone(), None),
        Cell::Amount { amount, currency } => (amount.clone(), Some(amount_code(amount, *currency))),
        Cell::Percent(text) => {
            let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            let zeros = "0".repeat(decimals);
            let point = if decimals > 0 { "." } else { "" };
            (hundredth(text), Some(format!("0{point}{zeros}%")))
        }
        _ => return None,
    };
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let number: f64 = text.parse().ok()?;
    (digits <= DIGITS_MAX).then_some((number, code))
}

/// As many decimals as the currency has, more where the amount has more.
fn amount_code(amount: &str, currency: Currency) -> String {
    let decimals = amount.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let point = if decimals > 0 { "." } else { "" };
    format!("#,##0{point}{}\\ [${currency}]", "0".repeat(decimals))
}

/// A plain number divided by a hundred, in digits: 12.5 becomes 0.125.
fn hundredth(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = format!("{whole:0>3}");
    let (front, back) = whole.split_at(whole.len() - 2);
    format!("{sign}{front}.{back}{fraction}")
}

fn excel_date(date: Date) -> Option<ExcelDateTime> {
    let part = |number: i8| u8::try_from(number).ok();
    let year = u16::try_from(date.year()).ok().filter(|year| *year >= 1900)?;
    ExcelDateTime::from_ymd(year, part(date.month())?, part(date.day())?).ok()
}

fn excel_time(instant: Timestamp) -> Option<ExcelDateTime> {
    let moment = instant.to_zoned(guanxi_base::TimeZone::UTC).datetime();
    let (hour, minute) = (u16::try_from(moment.hour()).ok()?, u8::try_from(moment.minute()).ok()?);
    let second = f64::from(moment.second()) + f64::from(moment.subsec_nanosecond()) / 1e9;
    excel_date(moment.date())?.and_hms(hour, minute, second).ok()
}

fn cut(text: &str) -> String {
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units < CELL_UNITS_MAX
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.push('\u{2026}');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn per_cent_is_divided_exactly() {
        for (text, expected) in
            [("15", "0.15"), ("12.5", "0.125"), ("0.07", "0.0007"), ("-250", "-2.50")]
        {
            assert_eq!(hundredth(text), expected);
        }
    }

    #[test]
    fn long_texts_are_cut_to_what_a_cell_holds() {
        let units = |text: &str| text.encode_utf16().count();
        for text in ["x".repeat(40_000), "\u{1f600}".repeat(20_000)] {
            let cut = cut(&text);
            assert!(units(&cut) <= CELL_UNITS_MAX && units(&cut) > CELL_UNITS_MAX - 3);
            assert!(cut.ends_with('\u{2026}'));
        }
    }
}
