//! Files as rows of cells: CSV in any common encoding and delimiter, XLSX, plain or gzipped.
//! How a file is written is found in the file, said as decisions, and may be told by the mapping.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use encoding_rs::Encoding;
use flate2::read::MultiGzDecoder;
use guanxi_base::{Error, Refusal, Result};

use super::decisions::{Certainty, Decision, Example, Matter, Reading};
use super::decoding::Decoding;
use super::encoding::{self, FoundEncoding};
use super::header::{self, Header};
use super::other_programs;
use super::row::{FileRow, RowFault};
use super::separated::{Separated, swallows_rows};
use super::units::Unit;
use super::unpacked::{TEXT_BYTES_MAX, Unpacked, unread};
use super::workbook::Workbook;

/// A table with more columns is refused.
pub(crate) const COLUMNS_MAX: usize = 500;
/// How a gzipped file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// A workbook within a gzipped file has no more bytes than an upload may have.
const WORKBOOK_BYTES_MAX: u64 = 200 << 20;
/// So much of a text file is looked at to find its delimiter.
const SAMPLE_BYTES: usize = 256 << 10;

/// How a file is written, as found or as told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The encoding of a text file.
    pub encoding: &'static Encoding,
    /// The delimiter of a text file.
    pub delimiter: u8,
    /// Whether it is a workbook.
    pub is_workbook: bool,
}

/// What the mapping says about the file; the rest is found.
#[derive(Debug, Clone, Default)]
pub struct LayoutHints {
    /// A label of the WHATWG encoding standard, such as `gbk`.
    pub encoding: Option<String>,
    /// One character.
    pub delimiter: Option<String>,
    /// The name of a workbook's sheet; of those that are not hidden the first with a table when
    /// absent.
    pub sheet: Option<String>,
    /// The row that names the columns, as a person counts it in the file, 0 where none does; found
    /// when absent.
    pub header_row: Option<u64>,
    /// Names of columns that the header has.
    pub columns: Vec<String>,
}

/// An open file: its columns, and its rows one after the other.
pub struct Source {
    /// How it is written.
    pub layout: Layout,
    /// The names of its columns.
    pub headers: Vec<String>,
    /// What was decided about how it is written.
    pub decisions: Vec<Decision>,
    /// What stands above the table about what its numbers count in.
    pub(crate) titles: Vec<Unit>,
    /// Whether it has lines that an import refused, and nothing else.
    pub(crate) is_of_refused: bool,
    /// Rows that were read to find the header, and stand below it.
    pending: VecDeque<FileRow>,
    rows: Rows,
}

enum Rows {
    Text(Box<Separated<Decoding<Box<dyn Read + Send>>>>),
    Workbook(Workbook),
}

impl Rows {
    fn next(&mut self) -> Result<Option<FileRow>> {
        match self {
            Self::Text(rows) => rows.next_row(),
            Self::Workbook(rows) => rows.next_row(),
        }
    }
}

/// Where a file's bytes are.
#[derive(Clone)]
enum Place {
    Path(PathBuf),
    Memory(Arc<[u8]>),
}

enum Bytes {
    File(BufReader<File>),
    Memory(Cursor<Arc<[u8]>>),
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Memory(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Bytes {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Memory(bytes) => bytes.seek(to),
        }
    }
}

impl Place {
    fn open(&self) -> Result<Bytes> {
        Ok(match self {
            Self::Path(path) => {
                let file = File::open(path).map_err(|error| unreadable(&error))?;
                Bytes::File(BufReader::with_capacity(1 << 16, file))
            }
            Self::Memory(bytes) => Bytes::Memory(Cursor::new(bytes.clone())),
        })
    }

    /// The first bytes.
    fn start(&self, length: usize) -> Result<Vec<u8>> {
        let mut start = Vec::new();
        let opened = self.open()?.take(length as u64).read_to_end(&mut start);
        opened.map_err(|error| unreadable(&error))?;
        Ok(start)
    }

    fn is_packed(&self) -> Result<bool> {
        Ok(self.start(GZIP.len())? == GZIP)
    }

    /// The bytes one after the other, unpacked.
    fn bytes(&self) -> Result<Box<dyn Read + Send>> {
        let bytes = self.open()?;
        let is_packed = self.is_packed()?;
        Ok(if is_packed {
            Box::new(Unpacked::new(MultiGzDecoder::new(bytes), TEXT_BYTES_MAX))
        } else {
            Box::new(bytes)
        })
    }

    /// The bytes of a workbook in any order, unpacked into a file of their own if need be.
    fn seekable(&self) -> Result<Bytes> {
        if !self.is_packed()? {
            return self.open();
        }
        let mut file = tempfile::tempfile().map_err(Error::internal)?;
        let mut bytes = self.bytes()?.take(WORKBOOK_BYTES_MAX + 1);
        let length = io::copy(&mut bytes, &mut file).map_err(|error| unreadable(&error))?;
        if length > WORKBOOK_BYTES_MAX {
            let limit = WORKBOOK_BYTES_MAX >> 20;
            return Err(Refusal::new("unpacks-too-large").with("limit", limit).into());
        }
        file.rewind().map_err(Error::internal)?;
        Ok(Bytes::File(BufReader::with_capacity(1 << 16, file)))
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({:?}, {:?})", self.layout, self.headers)
    }
}

/// Reads a table that is in memory: its header and its rows.
///
/// # Errors
/// A refusal that says what is wrong with the file.
pub fn read_table(bytes: &[u8], hints: &LayoutHints) -> Result<(Vec<String>, Vec<FileRow>)> {
    let mut source = Source::of_bytes(bytes, hints)?;
    let (mut rows, mut row) = (Vec::new(), FileRow::default());
    while source.next_row(&mut row)? {
        rows.push(row.clone());
    }
    Ok((source.headers, rows))
}

impl Source {
    /// Opens a file and finds its header.
    ///
    /// # Errors
    /// A refusal that says what is wrong with the file.
    pub fn open(path: &Path, hints: &LayoutHints) -> Result<Self> {
        Self::of(&Place::Path(path.to_owned()), hints)
    }

    /// Opens a file that is in memory.
    ///
    /// # Errors
    /// A refusal that says what is wrong with the file.
    pub fn of_bytes(bytes: &[u8], hints: &LayoutHints) -> Result<Self> {
        Self::of(&Place::Memory(bytes.into()), hints)
    }

    fn of(place: &Place, hints: &LayoutHints) -> Result<Self> {
        let mut start = Vec::new();
        let read = place.bytes()?.take(4_096).read_to_end(&mut start);
        read.map_err(|error| unreadable(&error))?;
        let is_archive = [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"];
        let is_archive = is_archive.iter().any(|head| start.starts_with(*head));
        let is_of_refused = is_of_refused(&start);
        let (layout, mut rows, mut decisions, hints) = if is_archive {
            let (layout, rows, decisions) = workbook(place, hints)?;
            (layout, rows, decisions, hints.clone())
        } else {
            other_programs::refuse(&start, || place.bytes())?;
            text(place, hints, is_of_refused)?
        };
        let Header { names, decision, titles, below } = header::find(|| rows.next(), &hints)?;
        decisions.extend(decision);
        Ok(Self { layout, headers: names, decisions, titles, is_of_refused, pending: below, rows })
    }

    /// What its lines said so far against an encoding that was told.
    pub(crate) fn against_encoding(&self) -> Option<Decision> {
        let Rows::Text(rows) = &self.rows else { return None };
        let lines = rows.input().lines();
        let told = self.decisions.iter().find(|one| one.what == Matter::Encoding)?;
        if told.certainty != Certainty::Told || lines.contradicting == 0 {
            return None;
        }
        let found = FoundEncoding {
            encoding: encoding_rs::UTF_8,
            certainty: Certainty::Clear,
            example: lines.example.clone(),
        };
        let told = self.layout.encoding;
        // A file of which nothing is in the encoding that was told is not read at all.
        let chosen = (lines.fitting > 0).then(|| told.name().to_owned());
        Some(Decision { chosen, ..contradicted(told, &found) })
    }

    /// Reads the next row that is not empty into `row`; false at the end.
    ///
    /// # Errors
    /// A refusal that says what is wrong with the file.
    pub fn next_row(&mut self, row: &mut FileRow) -> Result<bool> {
        let next = match self.pending.pop_front() {
            Some(row) => Some(row),
            None => self.rows.next()?,
        };
        let Some(mut next) = next else { return Ok(false) };
        next.fit(self.headers.len());
        let is_text = !self.layout.is_workbook;
        if is_text && swallows_rows(&next, self.layout.delimiter, self.headers.len()) {
            next = next.with_fault(Some(RowFault::SwallowsRows));
        }
        next.note_missing();
        *row = next;
        Ok(true)
    }
}

/// A text file: its layout, its rows from the first line, and the hints that hold for it.
fn text(
    place: &Place,
    hints: &LayoutHints,
    is_ours: bool,
) -> Result<(Layout, Rows, Vec<Decision>, LayoutHints)> {
    let start = first_of(place.bytes()?)?;
    if encoding::is_utf_32(&start) {
        return Err(Refusal::new("encoding-not-read").with("value", "UTF-32").into());
    }
    // A file of refused lines is ours, whatever the file was that they come from.
    let hints = if is_ours {
        LayoutHints {
            columns: hints.columns.clone(),
            header_row: Some(1),
            ..LayoutHints::default()
        }
    } else {
        hints.clone()
    };
    let (encoding, in_encoding) = encoding_of(place, &start, &hints)?;
    let (sample, _) = encoding.decode_without_bom_handling(&start);
    let sample = sample.trim_start_matches('\u{feff}');
    let said = said_delimiter(sample);
    let told = hints.delimiter.as_deref().map(told_delimiter).transpose()?;
    let delimiter = told.or(said).unwrap_or_else(|| find_delimiter(sample));
    let certainty = if told.is_some() { Certainty::Told } else { Certainty::Clear };
    let others = [b',', b';', b'\t', b'|'].into_iter().filter(|other| *other != delimiter);
    let by_delimiter = Decision::new(Matter::Delimiter, delimiter_text(delimiter), certainty)
        .with_alternatives(others.map(delimiter_text).collect());
    let bytes = Decoding::new(place.bytes()?, encoding);
    let mut rows = Separated::new(bytes, encoding, delimiter);
    if is_ours {
        rows.leave_out(header::ERROR_COLUMNS);
    }
    if said.is_some() {
        rows.skip_line()?;
    }
    let layout = Layout { encoding, delimiter, is_workbook: false };
    Ok((layout, Rows::Text(Box::new(rows)), vec![in_encoding, by_delimiter], hints))
}

/// Whether a file is one of refused lines, by how it begins.
fn is_of_refused(start: &[u8]) -> bool {
    start.strip_prefix(b"\xef\xbb\xbf").is_some_and(header::is_error_file)
}

fn first_of(mut bytes: Box<dyn Read + Send>) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    let read = bytes.by_ref().take(SAMPLE_BYTES as u64).read_to_end(&mut start);
    read.map_err(|error| unreadable(&error))?;
    Ok(start)
}

fn encoding_of(
    place: &Place,
    start: &[u8],
    hints: &LayoutHints,
) -> Result<(&'static Encoding, Decision)> {
    let told =
        match &hints.encoding {
            Some(label) => Some(Encoding::for_label(label.as_bytes()).ok_or_else(|| {
                Refusal::field("unknown-encoding", "encoding").with("value", label)
            })?),
            None => None,
        };
    if let Some((encoding, _)) = Encoding::for_bom(start) {
        return Ok((encoding, Decision::new(Matter::Encoding, encoding.name(), Certainty::Clear)));
    }
    if let Some(encoding) = told {
        let decision = Decision::new(Matter::Encoding, encoding.name(), Certainty::Told);
        if !encoding::is_impossible(encoding, start) {
            return Ok((encoding, decision));
        }
        let found = encoding::find(place.bytes()?).map_err(|error| unreadable(&error))?;
        let is_told = found.encoding == encoding;
        return Ok((encoding, if is_told { decision } else { contradicted(encoding, &found) }));
    }
    let found = encoding::find(place.bytes()?).map_err(|error| unreadable(&error))?;
    let mut decision = Decision::new(Matter::Encoding, found.encoding.name(), found.certainty);
    if found.certainty != Certainty::Clear {
        let others = ["utf-8", "windows-1252", "gb18030", "big5", "shift_jis", "macintosh"];
        let others = others.map(|label| Encoding::for_label(label.as_bytes()));
        let others: Vec<&'static Encoding> =
            others.into_iter().flatten().filter(|other| *other != found.encoding).collect();
        let reading = |encoding: &'static Encoding| Reading {
            choice: encoding.name().to_owned(),
            meaning: encoding::shown(encoding, &found.example),
        };
        let readings = std::iter::once(found.encoding).chain(others.iter().copied()).map(reading);
        let text = encoding::shown(found.encoding, &found.example);
        let example = Example { line: 0, text, readings: readings.collect() };
        decision = decision
            .with_alternatives(others.iter().map(|other| other.name().to_owned()).collect())
            .with_examples(vec![example]);
    }
    Ok((found.encoding, decision))
}

/// That a file is not in the encoding that is told: what it is in is asked.
fn contradicted(told: &'static Encoding, found: &FoundEncoding) -> Decision {
    let readings = [told, found.encoding].map(|encoding| Reading {
        choice: encoding.name().to_owned(),
        meaning: encoding::shown(encoding, &found.example),
    });
    let text = readings[1].meaning.clone();
    let example = Example { line: 0, text, readings: readings.into() };
    let decision = Decision::new(Matter::Encoding, "", Certainty::Contradictory)
        .with_alternatives(vec![found.encoding.name().to_owned()])
        .with_examples(vec![example]);
    Decision { chosen: None, ..decision }
}

fn workbook(place: &Place, hints: &LayoutHints) -> Result<(Layout, Rows, Vec<Decision>)> {
    let rows = Workbook::open(place.seekable()?, hints.sheet.clone(), &hints.columns)?;
    let certainty = match (&hints.sheet, rows.sheets.len()) {
        (Some(_), _) => Certainty::Told,
        (None, 1) => Certainty::Clear,
        _ => Certainty::Assumed,
    };
    let others = rows.sheets.iter().chain(&rows.hidden);
    let others = others.filter(|sheet| **sheet != rows.sheet).cloned();
    let decision = Decision::new(Matter::Sheet, rows.sheet.clone(), certainty)
        .with_alternatives(others.collect());
    let layout = Layout { encoding: encoding_rs::UTF_8, delimiter: b',', is_workbook: true };
    Ok((layout, Rows::Workbook(rows), vec![decision]))
}

fn told_delimiter(told: &str) -> Result<u8> {
    match told.as_bytes() {
        b"\\t" | b"tab" => Ok(b'\t'),
        [one] if one.is_ascii() && !matches!(one, b'"' | b'\r' | b'\n' | 0) => Ok(*one),
        _ => Err(Refusal::field("not-a-delimiter", "delimiter").with("value", told).into()),
    }
}

fn delimiter_text(delimiter: u8) -> String {
    if delimiter == b'\t' { "tab".to_owned() } else { char::from(delimiter).to_string() }
}

/// The delimiter that a first line `sep=;` says, as spreadsheets write and obey it.
fn said_delimiter(text: &str) -> Option<u8> {
    let line = text.split(['\r', '\n']).next()?.trim_matches('"');
    let (word, said) = line.split_at_checked(4)?;
    match said.as_bytes() {
        [one] if word.eq_ignore_ascii_case("sep=") && one.is_ascii() => Some(*one),
        _ => None,
    }
}

/// The delimiter that most lines have equally often, and the first line with any of them has.
fn find_delimiter(text: &str) -> u8 {
    let lines: Vec<&str> =
        text.split(['\r', '\n']).filter(|line| !line.trim().is_empty()).take(50).collect();
    let delimiters = [b',', b';', b'\t', b'|'];
    let counted = |line: &&&str| delimiters.iter().any(|one| outside_quotes(line, *one) > 0);
    let header = lines.iter().find(counted).copied().unwrap_or_default();
    let score = |delimiter: u8| {
        let counts = lines.iter().map(|line| outside_quotes(line, delimiter));
        let mut often = std::collections::BTreeMap::<usize, usize>::new();
        for count in counts.filter(|count| *count > 0) {
            *often.entry(count).or_default() += 1;
        }
        let header = outside_quotes(header, delimiter);
        let scores = often.into_iter().map(|(count, lines)| {
            let in_header = if count == header { 4 } else { 1 };
            lines * lines * count.min(20) * in_header
        });
        scores.max().unwrap_or(0)
    };
    let best = delimiters.into_iter().rev().max_by_key(|delimiter| score(*delimiter));
    best.filter(|delimiter| score(*delimiter) > 0).unwrap_or(b',')
}

fn outside_quotes(line: &str, delimiter: u8) -> usize {
    let mut is_quoted = false;
    let mut count = 0;
    for byte in line.bytes() {
        if byte == b'"' {
            is_quoted = !is_quoted;
        } else if byte == delimiter && !is_quoted {
            count += 1;
        }
    }
    count
}

fn unreadable(error: &io::Error) -> Error {
    unread(error, "file-unreadable")
}

#[cfg(test)]
mod tests;
