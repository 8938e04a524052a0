//! Files as rows of text: CSV in any common encoding and delimiter, XLSX, plain or gzipped.
//! A file is read through once before anything is imported, so that one that is broken or
//! hostile is refused whole.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use calamine::{Data, Reader as _, Xlsx};
use csv::StringRecord;
use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;
use guanxi_base::{Error, Refusal, Result};

/// A line longer than this is refused: it is no table.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// A table with more columns is refused.
const COLUMNS_MAX: usize = 500;
/// An XLSX file may unpack to so much in all; more is taken for an attack.
const XLSX_BYTES_MAX: u64 = 600 << 20;
/// So much of a file is looked at to find out how it is written.
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
    /// The name of a workbook's sheet; the first when absent.
    pub sheet: Option<String>,
}

/// An open file: its columns, and its rows one after the other.
pub struct Source {
    /// How it is written.
    pub layout: Layout,
    /// The names of its columns.
    pub headers: Vec<String>,
    rows: Rows,
    rows_read: u64,
}

enum Rows {
    Csv { reader: Box<csv::Reader<Box<dyn Read + Send>>>, taken: Arc<AtomicU64> },
    Workbook(std::vec::IntoIter<StringRecord>),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({:?}, {:?})", self.layout, self.headers)
    }
}

impl Source {
    /// Opens a file and reads its first line.
    ///
    /// # Errors
    /// A refusal that says what is wrong with the file.
    pub fn open(path: &Path, hints: &LayoutHints) -> Result<Self> {
        let mut start = [0_u8; 4];
        let mut file = File::open(path).map_err(|error| unreadable(&error))?;
        let length = file.read(&mut start).map_err(|error| unreadable(&error))?;
        let source = if start[..length].starts_with(b"PK\x03\x04") {
            Self::workbook(path, hints)?
        } else {
            Self::text(path, hints)?
        };
        if source.headers.iter().all(|header| header.trim().is_empty()) {
            return Err(Refusal::new("file-empty").into());
        }
        if source.headers.len() > COLUMNS_MAX {
            return Err(Refusal::new("too-many-columns").with("limit", COLUMNS_MAX).into());
        }
        Ok(source)
    }

    fn text(path: &Path, hints: &LayoutHints) -> Result<Self> {
        let mut sample = vec![0_u8; SAMPLE_BYTES];
        let mut length = 0;
        let mut reader = bytes_of(path)?;
        while length < sample.len() {
            match reader.read(&mut sample[length..]).map_err(|error| unreadable(&error))? {
                0 => break,
                count => length += count,
            }
        }
        sample.truncate(length);
        let encoding = match &hints.encoding {
            Some(label) => Encoding::for_label(label.as_bytes())
                .ok_or_else(|| Refusal::new("unknown-encoding").with("value", label))?,
            None => detect_encoding(&sample),
        };
        let (text, _, _) = encoding.decode(&sample);
        let delimiter = match hints.delimiter.as_deref().map(str::as_bytes) {
            Some([one]) => *one,
            Some(b"\\t" | b"tab") => b'\t',
            _ => detect_delimiter(&text),
        };
        let taken = Arc::new(AtomicU64::new(0));
        let decoded = DecodeReaderBytesBuilder::new()
            .encoding(Some(encoding))
            .bom_override(true)
            .build(bytes_of(path)?);
        let limited = Limited { inner: decoded, taken: taken.clone() };
        let boxed: Box<dyn Read + Send> = Box::new(limited);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(boxed);
        let mut headers = StringRecord::new();
        reader.read_record(&mut headers).map_err(|error| broken(&error))?;
        let headers = headers.iter().map(|h| h.trim_start_matches('\u{feff}').trim().to_owned());
        Ok(Self {
            layout: Layout { encoding, delimiter, is_workbook: false },
            headers: headers.collect(),
            rows: Rows::Csv { reader: Box::new(reader), taken },
            rows_read: 0,
        })
    }

    fn workbook(path: &Path, hints: &LayoutHints) -> Result<Self> {
        refuse_bomb(path)?;
        let broken = |error: &dyn std::fmt::Display| {
            Error::from(Refusal::new("workbook-broken").with("reason", error))
        };
        let file = BufReader::new(File::open(path).map_err(|error| unreadable(&error))?);
        let mut workbook = Xlsx::new(file).map_err(|error| broken(&error))?;
        let names = workbook.sheet_names();
        let name = match &hints.sheet {
            Some(name) => name.clone(),
            None => names.first().cloned().ok_or_else(|| Refusal::new("file-empty"))?,
        };
        let range = workbook.worksheet_range(&name).map_err(|error| broken(&error))?;
        let mut rows: Vec<StringRecord> = range
            .rows()
            .map(|row| row.iter().map(cell_text).collect())
            .filter(|row: &StringRecord| row.iter().any(|cell| !cell.is_empty()))
            .collect();
        if rows.is_empty() {
            return Err(Refusal::new("file-empty").into());
        }
        let headers = rows.remove(0).iter().map(|header| header.trim().to_owned()).collect();
        Ok(Self {
            layout: Layout { encoding: encoding_rs::UTF_8, delimiter: b',', is_workbook: true },
            headers,
            rows: Rows::Workbook(rows.into_iter()),
            rows_read: 0,
        })
    }

    /// Reads the next row into `row`; false at the end.
    ///
    /// # Errors
    /// A refusal that says what is wrong with the file.
    pub fn next_row(&mut self, row: &mut StringRecord) -> Result<bool> {
        self.rows_read += 1;
        match &mut self.rows {
            Rows::Csv { reader, taken } => {
                taken.store(0, Relaxed);
                reader.read_record(row).map_err(|error| broken(&error))
            }
            Rows::Workbook(rows) => match rows.next() {
                Some(next) => {
                    *row = next;
                    Ok(true)
                }
                None => Ok(false),
            },
        }
    }

    /// The number of the row that was read last, as a spreadsheet shows it: the header is 1.
    #[must_use]
    pub fn row_number(&self) -> u64 {
        self.rows_read + 1
    }

    /// Reads the file to its end: how many rows it has.
    ///
    /// # Errors
    /// A refusal that says what is wrong with the file.
    pub fn count_rows(mut self) -> Result<u64> {
        let mut row = StringRecord::new();
        let mut count = 0;
        while self.next_row(&mut row)? {
            count += 1;
        }
        Ok(count)
    }
}

fn cell_text(cell: &Data) -> String {
    match cell {
        Data::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        Data::Empty | Data::Error(_) => String::new(),
        other => other.to_string().trim().to_owned(),
    }
}

/// Unpacks every part of a workbook into nothing, counting: what a ZIP says about its own sizes
/// is not to be trusted.
fn refuse_bomb(path: &Path) -> Result<()> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let broken = |error: &dyn std::fmt::Display| {
        Error::from(Refusal::new("workbook-broken").with("reason", error))
    };
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|e| broken(&e))?;
    let mut left = XLSX_BYTES_MAX;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| broken(&error))?;
        let count = io::copy(&mut part.take(left + 1), &mut io::sink()).map_err(|e| broken(&e))?;
        left = left
            .checked_sub(count)
            .ok_or_else(|| Refusal::new("unpacks-too-large").with("limit", XLSX_BYTES_MAX >> 20))?;
    }
    Ok(())
}

fn bytes_of(path: &Path) -> Result<Box<dyn Read + Send>> {
    let mut file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut start = [0_u8; 2];
    let length = file.read(&mut start).map_err(|error| unreadable(&error))?;
    let file = BufReader::with_capacity(1 << 16, File::open(path).map_err(|e| unreadable(&e))?);
    let gzipped = length == 2 && start == [0x1f, 0x8b];
    Ok(if gzipped { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(file) })
}

fn detect_encoding(sample: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(sample) {
        return encoding;
    }
    // Without a mark, UTF-16 shows by its zeros: Latin letters have one in every pair of bytes.
    let zeros = |offset: usize| sample.iter().skip(offset).step_by(2).filter(|b| **b == 0).count();
    let many = sample.len() / 8;
    if sample.len() > 8 && zeros(1) > many && zeros(0) < many / 8 {
        return encoding_rs::UTF_16LE;
    }
    if sample.len() > 8 && zeros(0) > many && zeros(1) < many / 8 {
        return encoding_rs::UTF_16BE;
    }
    let valid = match std::str::from_utf8(sample) {
        Ok(_) => true,
        // The sample may end inside a character.
        Err(error) => error.error_len().is_none(),
    };
    if valid {
        return encoding_rs::UTF_8;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guess = detector.guess(None, chardetng::Utf8Detection::Deny);
    if guess == encoding_rs::GBK { encoding_rs::GB18030 } else { guess }
}

fn detect_delimiter(text: &str) -> u8 {
    let mut best = (0, b',');
    for delimiter in [b',', b';', b'\t', b'|'] {
        let counts: Vec<usize> =
            text.lines().take(10).map(|l| outside_quotes(l, delimiter)).collect();
        // The header counts most: free text further down may hold anything.
        let header = counts.first().copied().unwrap_or(0);
        let alike = counts.iter().filter(|count| **count == header).count();
        if header > 0 && (header * alike) > best.0 {
            best = (header * alike, delimiter);
        }
    }
    best.1
}

fn outside_quotes(line: &str, delimiter: u8) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for byte in line.bytes() {
        if byte == b'"' {
            quoted = !quoted;
        } else if byte == delimiter && !quoted {
            count += 1;
        }
    }
    count
}

/// Stops a row that never ends. The counter is set back for every row; what the reader holds in
/// its buffer counts towards the next.
struct Limited<R> {
    inner: R,
    taken: Arc<AtomicU64>,
}

/// Marks the error among others that readers make.
const LINE_TOO_LONG: &str = "a line is too long";

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if self.taken.fetch_add(count as u64, Relaxed) > LINE_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, LINE_TOO_LONG));
        }
        Ok(count)
    }
}

fn unreadable(error: &io::Error) -> Error {
    Refusal::new("file-unreadable").with("reason", error).into()
}

fn broken(error: &csv::Error) -> Error {
    let text = error.to_string();
    if text.contains(LINE_TOO_LONG) {
        return Refusal::new("line-too-long").with("limit", LINE_BYTES_MAX >> 10).into();
    }
    Refusal::new("file-broken").with("reason", text).into()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn rows_of(bytes: &[u8]) -> std::result::Result<(Layout, Vec<Vec<String>>), String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let mut source =
            Source::open(file.path(), &LayoutHints::default()).map_err(|e| e.to_string())?;
        let mut rows = vec![source.headers.clone()];
        let mut row = StringRecord::new();
        while source.next_row(&mut row).map_err(|e| e.to_string())? {
            rows.push(row.iter().map(str::to_owned).collect());
        }
        Ok((source.layout, rows))
    }

    #[test]
    fn encodings_and_delimiters_are_found() {
        let text = "名称;城市\n华为技术有限公司;深圳\n\"中兴;通讯\";深圳\n腾讯科技;深圳\n";
        let expected = rows_of(text.as_bytes()).unwrap().1;
        assert_eq!(expected[2], ["中兴;通讯", "深圳"]);
        let (gbk, _, _) = encoding_rs::GB18030.encode(text);
        let utf16 = |bom: &[u8], unit: fn(u16) -> [u8; 2]| {
            [bom.to_vec(), text.encode_utf16().flat_map(unit).collect()].concat()
        };
        for (bytes, encoding) in [
            (gbk.to_vec(), encoding_rs::GB18030),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), encoding_rs::UTF_8),
            (utf16(b"\xff\xfe", u16::to_le_bytes), encoding_rs::UTF_16LE),
            (utf16(b"\xfe\xff", u16::to_be_bytes), encoding_rs::UTF_16BE),
        ] {
            let (layout, rows) = rows_of(&bytes).unwrap();
            assert_eq!((layout.encoding, layout.delimiter), (encoding, b';'));
            assert_eq!(rows, expected);
        }
    }

    #[test]
    fn broken_files_are_refused_with_a_reason() {
        assert!(rows_of(b"").unwrap_err().contains("file-empty"));
        assert!(rows_of(b"\n\n").unwrap_err().contains("file-empty"));
        assert!(rows_of(b"PK\x03\x04 not a workbook").unwrap_err().contains("workbook-broken"));
        let endless = [b"a,b\n\"".to_vec(), vec![b'x'; 3 << 20]].concat();
        assert!(rows_of(&endless).unwrap_err().contains("line-too-long"));
        let lines = [b"a,b\n\"".to_vec(), b"x\n".repeat(2 << 20)].concat();
        assert!(rows_of(&lines).unwrap_err().contains("line-too-long"));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        for number in 0..20_000 {
            writeln!(gzip, "{number},{}", number * 7919).unwrap();
        }
        let whole = gzip.finish().unwrap();
        assert_eq!(rows_of(&whole).unwrap().1.len(), 20_000);
        assert!(rows_of(&whole[..whole.len() / 2]).unwrap_err().contains("file-"));
    }

    #[test]
    fn a_zip_bomb_is_refused_before_it_is_unpacked() {
        let mut bytes = io::Cursor::new(Vec::new());
        let mut zip = zip::ZipWriter::new(&mut bytes);
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file("xl/worksheets/sheet1.xml", options).unwrap();
        let zeros = vec![b'0'; 1 << 20];
        for _ in 0..700 {
            zip.write_all(&zeros).unwrap();
        }
        zip.finish().unwrap();
        assert!(bytes.get_ref().len() < 2 << 20);
        assert!(rows_of(bytes.get_ref()).unwrap_err().contains("unpacks-too-large"));
    }
}
