//! The cells of a worksheet as its part has them, in the order in which they stand there.

use std::io::Read;

use guanxi_base::Result;
use quick_xml::events::{BytesStart, Event};

use super::package::broken;
use super::xml::{Xml, attribute, unescaped};

/// A worksheet has so many rows and columns.
const ROWS_MAX: u32 = 1_048_576;
const COLUMNS_MAX: u32 = 16_384;

/// The cells of a sheet.
pub(super) struct Cells<R: Read> {
    xml: Xml<R>,
    is_within: bool,
    /// The place of the next cell that does not say where it stands, from 0.
    row: u32,
    column: u32,
}

/// One cell.
#[derive(Debug)]
pub(super) struct Cell {
    /// From 0.
    pub(super) row: u32,
    pub(super) column: u32,
    /// The number of its format.
    pub(super) style: usize,
    pub(super) content: Content,
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Empty,
    Number(String),
    /// The number of a text that cells share.
    Shared(usize),
    Text(String),
    Boolean(bool),
    Error(String),
    /// A formula whose result was not saved.
    NotComputed(String),
}

/// How the value of a cell is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueType {
    Number,
    Shared,
    Text,
    Boolean,
    Error,
}

impl<R: Read> Cells<R> {
    pub(super) fn new(xml: Xml<R>) -> Self {
        Self { xml, is_within: false, row: 0, column: 0 }
    }

    /// The next cell; none at the end of the part.
    ///
    /// # Errors
    /// A refusal when the part is broken.
    pub(super) fn next(&mut self) -> Result<Option<Cell>> {
        loop {
            let begun = match self.xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "sheetData" => {
                        self.is_within = true;
                        continue;
                    }
                    "row" if self.is_within => {
                        if let Some(row) = attribute(&tag, "r")? {
                            self.row = row_number(&row)?;
                        }
                        self.column = 0;
                        continue;
                    }
                    "c" if self.is_within => Begun::read(&tag)?,
                    _ => continue,
                },
                Event::End(tag) => {
                    match tag.local_name().as_ref() {
                        "sheetData" => self.is_within = false,
                        "row" if self.is_within => self.row += 1,
                        _ => {}
                    }
                    continue;
                }
                Event::Eof => return Ok(None),
                _ => continue,
            };
            let (row, column) = begun.place.unwrap_or((self.row, self.column));
            if row >= ROWS_MAX || column >= COLUMNS_MAX {
                return Err(broken(&"a cell stands outside of every worksheet"));
            }
            self.column = column + 1;
            let content = self.content(begun.value_type)?;
            return Ok(Some(Cell { row, column, style: begun.style, content }));
        }
    }

    /// What the cell holds that was just begun.
    fn content(&mut self, value_type: ValueType) -> Result<Content> {
        enum Element {
            Value,
            Inline,
            Formula,
            Other,
        }
        let within = self.xml.depth();
        let (mut value, mut inline, mut formula) = (None, None, None);
        while self.xml.depth() >= within {
            let element = match self.xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "v" => Element::Value,
                    "is" => Element::Inline,
                    "f" => Element::Formula,
                    _ => Element::Other,
                },
                _ => continue,
            };
            match element {
                Element::Value => value = Some(self.xml.text()?),
                Element::Inline => inline = Some(self.xml.rich_text()?),
                Element::Formula => formula = Some(self.xml.text()?),
                Element::Other => self.xml.skip()?,
            }
        }
        if let Some(text) = inline {
            return Ok(Content::Text(text));
        }
        let is_empty = value.as_ref().is_none_or(|value| value.trim().is_empty());
        match (value, formula) {
            // The result of a formula may be an empty text, which is saved as such.
            (value, Some(formula))
                if is_empty && (value.is_none() || value_type != ValueType::Text) =>
            {
                Ok(Content::NotComputed(formula))
            }
            (None, _) => Ok(Content::Empty),
            (Some(_), _) if is_empty && value_type != ValueType::Error => Ok(Content::Empty),
            (Some(value), _) => value_type.content(value),
        }
    }
}

impl ValueType {
    fn content(self, value: String) -> Result<Content> {
        let plain = value.trim();
        Ok(match self {
            Self::Shared => {
                Content::Shared(plain.parse().map_err(|_| broken(&"a shared text is missing"))?)
            }
            Self::Number => Content::Number(value),
            Self::Text => Content::Text(unescaped(&value).into_owned()),
            // Spreadsheets add kinds of errors as they go.
            Self::Error if plain.is_empty() => Content::Error("#ERROR!".to_owned()),
            Self::Error => Content::Error(plain.to_owned()),
            Self::Boolean if plain == "1" || plain.eq_ignore_ascii_case("true") => {
                Content::Boolean(true)
            }
            Self::Boolean if plain == "0" || plain.eq_ignore_ascii_case("false") => {
                Content::Boolean(false)
            }
            Self::Boolean => Content::Error(plain.to_owned()),
        })
    }
}

/// What the tag of a cell says.
struct Begun {
    place: Option<(u32, u32)>,
    style: usize,
    value_type: ValueType,
}

impl Begun {
    fn read(tag: &BytesStart<'_>) -> Result<Self> {
        let mut begun = Self { place: None, style: 0, value_type: ValueType::Number };
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| broken(&error))?;
            let value = &*attribute.value;
            match attribute.key.as_ref() {
                "r" => begun.place = Some(cell_place(value)?),
                // A format that is none leaves the cell without one.
                "s" => begun.style = value.parse().unwrap_or(usize::MAX),
                "t" => {
                    begun.value_type = match value {
                        "n" => ValueType::Number,
                        "s" => ValueType::Shared,
                        "str" | "inlineStr" | "is" | "d" => ValueType::Text,
                        "b" => ValueType::Boolean,
                        "e" => ValueType::Error,
                        other => {
                            return Err(broken(&format!("{other:.40} is no type of cell")));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(begun)
    }
}

/// A row by its number from 1, as a place from 0.
fn row_number(text: &str) -> Result<u32> {
    let number = text.parse().ok().filter(|number| (1..=ROWS_MAX).contains(number));
    number.map(|number| number - 1).ok_or_else(|| broken(&format!("{text:.40} is no row")))
}

/// The row and the column of `B7`, from 0.
pub(super) fn cell_place(text: &str) -> Result<(u32, u32)> {
    let wrong = || broken(&format!("{text:.40} is no cell"));
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    if !(1..=3).contains(&letters) {
        return Err(wrong());
    }
    let (column, row) = text.split_at(letters);
    let place = |letter: u8| u32::from(letter.to_ascii_uppercase() - b'A') + 1;
    let column = column.bytes().fold(0, |sum, letter| sum * 26 + place(letter));
    if column > COLUMNS_MAX {
        return Err(wrong());
    }
    Ok((row_number(row)?, column - 1))
}
