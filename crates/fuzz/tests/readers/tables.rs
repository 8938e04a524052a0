//! Text files of rows. Whatever bytes they are: they are read or refused with a reason, twice the
//! same, in memory that is in proportion; and a table that was written is read as it was.

use std::io::Write as _;

use encoding_rs::Encoding;
use guanxi_base::Error;
use guanxi_crm::exchange::{LayoutHints, Source};

use crate::corpus;
use crate::memory::peak_bytes;

const WORDS: &[&str] = &[
    "\"",
    "\"\"",
    ",",
    ";",
    "\t",
    "|",
    "\r\n",
    "\n",
    "\r",
    "\n\n",
    ",,,,",
    "sep=;\n",
    "=\"007\"",
    "\u{feff}",
    "\u{a0}",
    " \"a\"",
    "\u{0}",
    "1,234.50",
    "1.234,50",
    "2026-03-18",
    "\u{5f20}",
    "\u{fffd}",
    "a",
    "total",
];

/// A reader may hold so much whatever the file: samples, buffers, tables of encodings.
const HELD_MAX: usize = 24 << 20;
/// And so many times what the file has.
const TIMES_MAX: usize = 200;

/// The one door to the reader of tables: its header and its rows, or the codes of the refusal.
pub(crate) fn read(bytes: &[u8], hints: &LayoutHints) -> Result<Vec<Vec<String>>, Vec<String>> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let rows = || -> guanxi_base::Result<Vec<Vec<String>>> {
        let mut source = Source::open(file.path(), hints)?;
        let mut rows = vec![source.headers.clone()];
        let mut row = Default::default();
        while source.next_row(&mut row)? {
            rows.push(row.iter().map(str::to_owned).collect());
        }
        Ok(rows)
    };
    rows().map_err(|error| match error {
        Error::Refused(refusals) => refusals.iter().map(|one| one.code.to_owned()).collect(),
        other => panic!("no refusal: {other}"),
    })
}

fn any_bytes(bytes: &[u8]) {
    let hints = LayoutHints::default();
    let (found, held) = peak_bytes(|| read(bytes, &hints));
    assert!(held < HELD_MAX + TIMES_MAX * bytes.len(), "{held} bytes for {}", bytes.len());
    assert_eq!(read(bytes, &hints), found);
    if let Err(codes) = found {
        assert!(!codes.is_empty());
    }
}

/// A table of plain cells, in some encoding, with some delimiter.
fn written(bytes: &[u8]) {
    const ENCODINGS: [&str; 4] = ["utf-8", "gb18030", "utf-16le", "windows-1252"];
    const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
    let text = String::from_utf8_lossy(bytes);
    let choice = bytes.iter().fold(0_usize, |sum, byte| sum * 31 % 65_521 + usize::from(*byte));
    let encoding = ENCODINGS[choice % 4];
    let delimiter = DELIMITERS[choice / 4 % 4];
    let plain = |c: &char| !c.is_control() && *c != '\u{feff}' && *c != '\u{fffd}';
    let latin =
        |c: &char| encoding != "windows-1252" || ('\u{a0}'..='\u{ff}').contains(c) || c.is_ascii();
    let cells = text.split(['\n', ',', ';']).map(|cell| {
        let cell: String = cell.chars().filter(|c| plain(c) && latin(c)).collect();
        // What spreadsheets write about a cell is not the cell.
        cell.trim().trim_start_matches(['=', '\'', '"', '#']).trim().to_owned()
    });
    let cells: Vec<String> = cells.filter(|cell| !cell.is_empty()).take(60).collect();
    let mut rows = vec![["First", "Second", "Third"].map(str::to_owned).to_vec()];
    rows.extend(cells.chunks_exact(3).map(<[String]>::to_vec));
    let mut writer = csv::WriterBuilder::new()
        .delimiter(u8::try_from(delimiter).unwrap())
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    let content = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    let content = encoded(&content, encoding);
    let hints = LayoutHints {
        encoding: Some(encoding.to_owned()),
        delimiter: Some(if delimiter == '\t' { "tab".to_owned() } else { delimiter.to_string() }),
        ..LayoutHints::default()
    };
    assert_eq!(read(&content, &hints), Ok(rows), "{encoding} {delimiter:?}");
}

fn encoded(text: &str, label: &str) -> Vec<u8> {
    if label == "utf-16le" {
        return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }
    let encoding = Encoding::for_label(label.as_bytes()).unwrap();
    encoding.encode(text).0.into_owned()
}

crate::fuzz! {
    8_000 inputs;
    any_bytes_are_a_table_or_refused: corpus("tables", WORDS) => any_bytes;
    a_table_is_read_as_it_was_written: corpus("tables", WORDS) => written;
}
