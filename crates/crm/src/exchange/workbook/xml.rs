//! XML of a part, one event after the other. Each event, their depth and all of them together have
//! limits, so that no XML takes more memory or time than a workbook does.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use guanxi_base::{Error, Refusal, Result};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::package::{broken, unpacks_too_large};

/// A tag, or the text up to the next one, is no longer than this.
const EVENT_BYTES_MAX: u64 = 1 << 20;
/// Elements within elements.
const DEPTH_MAX: usize = 100;
/// The text of a cell with its escapes is no longer than this.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// A cell holds so many letters, as units of UTF-16.
const LETTERS_MAX: usize = 32_767;

/// XML that is being read.
pub(super) struct Xml<R: Read> {
    reader: Reader<Metered<R>>,
    buffer: Vec<u8>,
    depth: usize,
    limit: u64,
}

impl<R: Read> Xml<R> {
    /// Reads a part that may unpack to so many bytes.
    pub(super) fn new(part: R, limit: u64) -> Self {
        let input = BufReader::with_capacity(64 << 10, part);
        let mut reader = Reader::from_reader(Metered { input, event_left: 0, left: limit });
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), depth: 0, limit }
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// The next event. Elements without content begin and end like others.
    ///
    /// # Errors
    /// A refusal when the part is no XML, damaged, or beyond a limit.
    pub(super) fn next(&mut self) -> Result<Event<'_>> {
        self.reader.get_mut().event_left = EVENT_BYTES_MAX;
        self.buffer.clear();
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(_) if self.reader.get_ref().left == 0 => return Err(unpacks_too_large(self.limit)),
            Err(quick_xml::Error::Io(error)) => return Err(broken(&error)),
            Err(error) => return Err(broken(&error)),
        };
        match &event {
            Event::Start(_) if self.depth >= DEPTH_MAX => {
                return Err(broken(&"its elements lie too deep in one another"));
            }
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth -= 1,
            Event::Eof if self.depth > 0 => return Err(broken(&"a part of it is cut off")),
            _ => {}
        }
        Ok(event)
    }

    /// Passes over the rest of the element that was just begun.
    ///
    /// # Errors
    /// As `next`.
    pub(super) fn skip(&mut self) -> Result<()> {
        let within = self.depth;
        while self.depth >= within {
            self.next()?;
        }
        Ok(())
    }

    /// The text of the element that was just begun.
    ///
    /// # Errors
    /// As `next`, and a refusal of a text that no cell holds.
    pub(super) fn text(&mut self) -> Result<String> {
        let within = self.depth;
        let mut text = String::new();
        while self.depth >= within {
            match self.next()? {
                Event::Text(part) => text.push_str(&part.xml10_content()),
                Event::CData(part) => text.push_str(&part.xml10_content()),
                Event::GeneralRef(reference) => push_reference(&reference, &mut text)?,
                _ => {}
            }
            if text.len() > TEXT_BYTES_MAX {
                return Err(too_long());
            }
        }
        Ok(text)
    }

    /// The text of a cell in the element that was just begun, whose runs may differ in their
    /// looks. How it is spoken is none of it.
    ///
    /// # Errors
    /// As `text`.
    pub(super) fn rich_text(&mut self) -> Result<String> {
        enum Run {
            Text { keeps_blanks: bool },
            Spoken,
            Other,
        }
        let within = self.depth;
        let mut text = String::new();
        while self.depth >= within {
            let run = match self.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "t" => Run::Text {
                        keeps_blanks: attribute(&tag, "space")?.is_some_and(|s| s == "preserve"),
                    },
                    "rPh" => Run::Spoken,
                    _ => Run::Other,
                },
                _ => Run::Other,
            };
            match run {
                Run::Text { keeps_blanks: true } => text.push_str(&unescaped(&self.text()?)),
                Run::Text { keeps_blanks: false } => {
                    text.push_str(&unescaped(self.text()?.trim_matches([' ', '\t', '\r', '\n'])));
                }
                Run::Spoken => self.skip()?,
                Run::Other => {}
            }
            if text.len() > TEXT_BYTES_MAX {
                return Err(too_long());
            }
        }
        Ok(text)
    }
}

/// An attribute of a tag by its name without prefix.
///
/// # Errors
/// A refusal when the tag is no XML.
pub(super) fn attribute<'a>(tag: &'a BytesStart<'_>, name: &str) -> Result<Option<Cow<'a, str>>> {
    // To compare every attribute with every other takes time without end.
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| broken(&error))?;
        if attribute.key.local_name().as_ref() == name {
            let value = attribute.normalized_value(XmlVersion::Explicit1_0);
            return value.map(Some).map_err(|error| broken(&error));
        }
    }
    Ok(None)
}

/// Whether an attribute says yes.
pub(super) fn is_true(value: Option<&str>) -> bool {
    matches!(value, Some("1" | "true"))
}

/// Refuses a text that no cell of a spreadsheet holds.
///
/// # Errors
/// `cell-too-long`.
pub(super) fn must_fit_a_cell(text: &str, line: u32) -> Result<()> {
    if text.len() <= LETTERS_MAX || text.encode_utf16().count() <= LETTERS_MAX {
        return Ok(());
    }
    Err(Refusal::new("cell-too-long").with("limit", LETTERS_MAX).with("line", line).into())
}

fn too_long() -> Error {
    broken(&"a text of it is too long")
}

fn push_reference(reference: &BytesRef<'_>, text: &mut String) -> Result<()> {
    let named = resolve_xml_entity(reference);
    if let Some(letter) = named {
        text.push_str(letter);
        return Ok(());
    }
    match reference.resolve_char_ref().map_err(|error| broken(&error))? {
        Some(letter) => text.push(letter),
        None => return Err(broken(&format!("&{}; is unknown", &**reference))),
    }
    Ok(())
}

/// A text without its escapes: `_x000D_` is a carriage return, in units of UTF-16.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let unit_at = |at: usize| {
        let digits = text.get(at..at + 7)?.strip_prefix("_x")?.strip_suffix('_')?;
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    let (mut plain, mut units, mut at) = (String::with_capacity(text.len()), Vec::new(), 0);
    while at < text.len() {
        if let Some(unit) = unit_at(at) {
            units.push(unit);
            at += 7;
            continue;
        }
        plain.push_str(&String::from_utf16_lossy(&units));
        units.clear();
        let length = text[at..].chars().next().map_or(1, char::len_utf8);
        plain.push_str(&text[at..at + length]);
        at += length;
    }
    plain.push_str(&String::from_utf16_lossy(&units));
    Cow::Owned(plain)
}

/// Bytes of which only so many may be read, and only so many for one event.
struct Metered<R> {
    input: BufReader<R>,
    event_left: u64,
    left: u64,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<R: Read> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let allowed = self.event_left.min(self.left);
        let available = self.input.fill_buf()?;
        if allowed == 0 && !available.is_empty() {
            return Err(io::Error::other("a tag or a text of it is too long"));
        }
        let length = available.len().min(usize::try_from(allowed).unwrap_or(usize::MAX));
        Ok(&available[..length])
    }

    fn consume(&mut self, length: usize) {
        self.event_left -= length as u64;
        self.left -= length as u64;
        self.input.consume(length);
    }
}
