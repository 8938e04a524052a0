//! What the formats of cells say: numbers are dates, per cent, amounts in a currency or codes with
//! zeros before by their format alone.

use std::collections::HashMap;
use std::io::{Read, Seek};
use std::rc::Rc;
use std::sync::Arc;

use guanxi_base::{Refusal, Result};
use quick_xml::events::Event;

use super::format_words::Doubt;
use super::moments::{Calendar, duration_text, moment_text};
use super::number_format::{FormatKind, NumberFormat};
use super::package::{Package, broken};
use super::row_being_read::CellText;
use super::xml::attribute;
use crate::exchange::numbers::fifteen_digits;
use crate::exchange::row::{CellKind, NumberCell, UnclearFormat};

/// The part of the formats may unpack to so much.
const PART_BYTES_MAX: u64 = 64 << 20;
/// A workbook has no more formats than this.
const FORMATS_MAX: usize = 65_490;
/// All elements of their part, with those for the eye.
const ELEMENTS_MAX: usize = 2_000_000;
/// The code of a format is no longer; spreadsheets have 255 letters.
const CODE_BYTES_MAX: usize = 2 << 10;
/// So many formats are kept ready.
const KNOWN_MAX: usize = 1_000;
/// The formats below this number are built in.
const FIRST_OWN: u32 = 164;
/// From here on a number has more than the 15 digits that a spreadsheet keeps.
const LONG_NUMBER: f64 = 1e15;

/// The formats of a workbook.
#[derive(Debug)]
pub(super) struct Styles {
    /// The number format of each style.
    by_style: Vec<u32>,
    /// The codes that the workbook gives to its number formats.
    codes: HashMap<u32, Arc<str>>,
    calendar: Calendar,
    known: HashMap<u32, Rc<(Arc<str>, NumberFormat)>>,
}

impl Styles {
    /// No formats at all.
    pub(super) fn none(calendar: Calendar) -> Self {
        Self { by_style: Vec::new(), codes: HashMap::new(), calendar, known: HashMap::new() }
    }

    /// Reads the formats. What is only for the eye is passed over.
    ///
    /// # Errors
    /// A refusal when the part is broken, or has more formats than a spreadsheet knows.
    pub(super) fn read<R: Read + Seek>(
        package: &mut Package<R>,
        part: &str,
        calendar: Calendar,
    ) -> Result<Self> {
        let mut xml = package.xml(part, PART_BYTES_MAX)?;
        let mut styles = Self::none(calendar);
        // Formats that hold under conditions have numbers of their own, and look alike.
        let (mut is_of_cells, mut is_of_numbers, mut elements) = (false, false, 0);
        loop {
            let event = xml.next()?;
            elements += usize::from(matches!(event, Event::Start(_)));
            match event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "cellXfs" => is_of_cells = true,
                    "numFmts" => is_of_numbers = true,
                    "xf" if is_of_cells => {
                        let format = attribute(&tag, "numFmtId")?;
                        let format = format.and_then(|id| id.parse().ok());
                        styles.by_style.push(format.unwrap_or(0));
                    }
                    "numFmt" if is_of_numbers => {
                        let id = attribute(&tag, "numFmtId")?.and_then(|id| id.parse().ok());
                        let code = attribute(&tag, "formatCode")?;
                        let (Some(id), Some(code)) = (id, code) else { continue };
                        if code.len() > CODE_BYTES_MAX {
                            return Err(broken(&"a number format is too long"));
                        }
                        styles.codes.insert(id, Arc::from(&*code));
                    }
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "cellXfs" => is_of_cells = false,
                    "numFmts" => is_of_numbers = false,
                    _ => {}
                },
                Event::Eof => return Ok(styles),
                _ => {}
            }
            let formats = styles.by_style.len().max(styles.codes.len());
            if formats > FORMATS_MAX || elements > ELEMENTS_MAX {
                return Err(Refusal::new("too-many-formats").with("limit", FORMATS_MAX).into());
            }
        }
    }

    /// A number as text, and what it is.
    pub(super) fn number(&mut self, number: f64, style: usize) -> CellText {
        let id = self.by_style.get(style).copied().unwrap_or(0);
        let format = self.format(id);
        let (code, format) = &*format;
        match format.kind(number) {
            FormatKind::Moment => moment_text(number, self.calendar)
                .map_or_else(no_number, |text| (text, CellKind::Text)),
            FormatKind::Duration => {
                duration_text(number).map_or_else(no_number, |text| (text, CellKind::Text))
            }
            FormatKind::Number => plain_number(number, code, format, id < FIRST_OWN),
        }
    }

    fn format(&mut self, id: u32) -> Rc<(Arc<str>, NumberFormat)> {
        if let Some(known) = self.known.get(&id) {
            return known.clone();
        }
        let code = self.codes.get(&id).cloned().unwrap_or_else(|| Arc::from(built_in(id)));
        let format = Rc::new((code.clone(), NumberFormat::read(&code)));
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(id, format.clone());
        format
    }
}

fn plain_number(
    number: f64,
    code: &Arc<str>,
    format: &NumberFormat,
    is_built_in: bool,
) -> CellText {
    let Some(plain) = fifteen_digits(number) else { return no_number() };
    let per_cent = format.is_percent(number).then(|| fifteen_digits(number * 100.0)).flatten();
    let text = match &per_cent {
        Some(per_cent) => format!("{per_cent}%"),
        None => format.shown(number, &plain).unwrap_or_else(|| plain.clone()),
    };
    let unclear =
        |doubt| UnclearFormat { code: code.clone(), of_any_number: doubt == Doubt::AnyNumber };
    let words = format.words(number);
    let cell = NumberCell {
        plain,
        per_cent,
        // The built-in formats of money are shown in the currency of whoever looks.
        sign: words.sign.filter(|_| !is_built_in),
        unclear: words.doubt.filter(|_| !is_built_in).map(unclear),
        shown_in: if is_built_in { 0 } else { words.shown_in },
        has_lost_digits: number.abs() >= LONG_NUMBER,
    };
    (text, CellKind::Number(cell))
}

/// What a spreadsheet shows where it can show no number.
fn no_number() -> CellText {
    ("#NUM!".to_owned(), CellKind::Error)
}

/// The code of a format that a workbook does not give. Dates of East Asia differ by country, and
/// are dates everywhere.
fn built_in(id: u32) -> &'static str {
    match id {
        9 | 10 => "0%",
        14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58 => "yyyy-mm-dd",
        18..=21 | 32..=35 | 45 | 47 | 55 | 56 => "hh:mm:ss",
        46 => "[h]:mm:ss",
        _ => "General",
    }
}
