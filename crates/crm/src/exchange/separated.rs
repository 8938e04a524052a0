//! Rows of a text file with delimiters, as spreadsheets and other programs write them. The usual
//! readers take an open quotation mark for the rest of the file and say nothing; this one tells.

use std::io::{BufRead, BufReader, ErrorKind, Read};

use csv::StringRecord;
use encoding_rs::Encoding;
use guanxi_base::{Error, Refusal, Result};

use super::decoding::{is_unreadable, recovered};
use super::numbers::{DecimalMark, read_number};
use super::row::{FileRow, RowFault};
use super::source::COLUMNS_MAX;
use super::unpacked::unread;

/// A row longer than this is refused: it is no table.
pub(crate) const ROW_BYTES_MAX: usize = 1 << 20;

/// The rows of a text file, from its decoded bytes.
pub(crate) struct Separated<R> {
    input: BufReader<R>,
    encoding: &'static Encoding,
    delimiter: u8,
    /// The line that is read, from 1.
    line: u64,
    /// Whether the last byte was a carriage return: a line feed behind it is the same line end.
    after_return: bool,
    /// So many cells at the end of each row are left out.
    left_out: usize,
    row: Building,
}

/// Stands between the cells of a line whose bytes are looked at together.
const CELL_MARK: &str = "\u{1f}";

/// Where in a cell the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// At its start; only blanks came.
    Start,
    /// Behind an equals sign at its start, as in `="00123"`.
    Equals,
    Plain,
    Quoted,
    /// Behind a quotation mark within quotes: the end, or a doubled one.
    Closing,
    /// Behind the end of the quotes.
    Closed,
}

#[derive(Default)]
struct Building {
    cells: StringRecord,
    cell: Vec<u8>,
    bytes: usize,
    fault: Option<RowFault>,
}

impl<R: Read> Separated<R> {
    pub(crate) fn new(input: R, encoding: &'static Encoding, delimiter: u8) -> Self {
        let input = BufReader::with_capacity(1 << 16, input);
        let (line, after_return, row) = (1, false, Building::default());
        Self { input, encoding, delimiter, line, after_return, left_out: 0, row }
    }

    /// What it reads from.
    pub(crate) fn input(&self) -> &R {
        self.input.get_ref()
    }

    /// Leaves out so many cells at the end of each row.
    pub(crate) fn leave_out(&mut self, cells: usize) {
        self.left_out = cells;
    }

    /// Skips a line that is none of the table.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn skip_line(&mut self) -> Result<()> {
        while let Some(byte) = self.byte()? {
            if matches!(byte, b'\r' | b'\n') {
                break;
            }
        }
        Ok(())
    }

    /// The next row that is not empty; none at the end.
    ///
    /// # Errors
    /// A refusal that says what is wrong with the file, and where.
    pub(crate) fn next_row(&mut self) -> Result<Option<FileRow>> {
        loop {
            match self.any_row()? {
                Some(row) if row.is_blank() => {}
                other => return Ok(other),
            }
        }
    }

    fn any_row(&mut self) -> Result<Option<FileRow>> {
        self.row = Building::default();
        // A line feed that belongs to the line end before.
        let (mut began, mut opened) = (self.line, self.line);
        let mut within = Within::Start;
        let mut is_empty = true;
        loop {
            let was_return = self.after_return;
            let Some(byte) = self.byte()? else {
                if within == Within::Quoted {
                    return Err(Refusal::new("quote-not-closed").with("line", opened).into());
                }
                if is_empty {
                    return Ok(None);
                }
                return Ok(Some(self.finish(within, began)));
            };
            if byte == b'\n' && was_return && within != Within::Quoted {
                (began, opened) = (self.line, self.line);
                continue;
            }
            is_empty = false;
            self.row.bytes += 1;
            if self.row.bytes > ROW_BYTES_MAX {
                let refusal = Refusal::new("line-too-long").with("limit", ROW_BYTES_MAX >> 10);
                return Err(refusal.with("line", began).into());
            }
            if within != Within::Quoted && matches!(byte, b'\r' | b'\n') {
                return Ok(Some(self.finish(within, began)));
            }
            within = self.take(within, byte);
            if within != Within::Quoted {
                opened = self.line;
            }
        }
    }

    /// Takes one byte that ends no row.
    fn take(&mut self, within: Within, byte: u8) -> Within {
        let is_delimiter = byte == self.delimiter;
        match within {
            Within::Quoted if byte == b'"' => Within::Closing,
            Within::Quoted => {
                self.row.cell.push(byte);
                Within::Quoted
            }
            _ if is_delimiter => {
                if within == Within::Equals {
                    self.row.cell.push(b'=');
                }
                self.row.end_cell();
                Within::Start
            }
            Within::Start if byte == b' ' => {
                self.row.cell.push(byte);
                Within::Start
            }
            Within::Start if byte == b'"' => self.open(),
            Within::Start if byte == b'=' => Within::Equals,
            Within::Equals if byte == b'"' => self.open(),
            Within::Equals => {
                self.row.cell.extend([b'=', byte]);
                Within::Plain
            }
            Within::Start | Within::Plain => {
                self.row.cell.push(byte);
                Within::Plain
            }
            Within::Closing if byte == b'"' => {
                self.row.cell.push(byte);
                Within::Quoted
            }
            Within::Closing | Within::Closed if byte == b' ' => Within::Closed,
            Within::Closing | Within::Closed => {
                self.row.fault = Some(RowFault::TextAfterQuote);
                self.row.cell.push(byte);
                Within::Plain
            }
        }
    }

    /// Begins a quoted cell: blanks before the mark are none of it.
    fn open(&mut self) -> Within {
        self.row.cell.clear();
        Within::Quoted
    }

    fn finish(&mut self, within: Within, began: u64) -> FileRow {
        if within == Within::Equals {
            self.row.cell.push(b'=');
        }
        self.row.end_cell();
        let Building { mut cells, mut fault, .. } = std::mem::take(&mut self.row);
        cells.truncate(cells.len().saturating_sub(self.left_out));
        if cells.iter().any(is_unreadable) {
            fault = Some(RowFault::Unreadable);
            // A line is in one encoding: a cell alone tells too little of it.
            let line = cells.iter().collect::<Vec<_>>().join(CELL_MARK);
            cells = recovered(&line, self.encoding).split(CELL_MARK).collect();
        }
        FileRow::new(cells, began).with_fault(fault)
    }

    fn byte(&mut self) -> Result<Option<u8>> {
        let byte = loop {
            match self.input.fill_buf() {
                Ok(buffer) => break buffer.first().copied(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(&error)),
            }
        };
        let Some(byte) = byte else { return Ok(None) };
        self.input.consume(1);
        if byte == b'\r' || (byte == b'\n' && !self.after_return) {
            self.line += 1;
        }
        self.after_return = byte == b'\r';
        Ok(Some(byte))
    }
}

impl Building {
    fn end_cell(&mut self) {
        let text = String::from_utf8_lossy(&self.cell);
        let text = unwrapped(&text);
        // Empty cells far beyond any table say nothing.
        if self.cells.len() <= COLUMNS_MAX || !text.is_empty() {
            self.cells.push_field(&text);
        }
        self.cell.clear();
    }
}

/// A text that a program kept from being read as a number, `="00123"`, without that.
fn unwrapped(text: &str) -> std::borrow::Cow<'_, str> {
    match text.trim().strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        Some(inside) => inside.replace("\"\"", "\"").into(),
        None => text.into(),
    }
}

/// Whether a quoted cell holds a row of the table, which has so many columns: its mark belongs
/// elsewhere. Behind the delimiters of a row no blank stands, as in a sentence, and not only digits
/// stand around them, as in numbers.
pub(crate) fn swallows_rows(cells: &StringRecord, delimiter: u8, columns: usize) -> bool {
    if columns < 2 || !cells.iter().any(|cell| cell.contains(['\n', '\r'])) {
        return false;
    }
    // The lines of the file as they were, but for quotation marks.
    let text = cells.iter().collect::<Vec<_>>().join(&char::from(delimiter).to_string());
    text.split(['\n', '\r']).skip(1).any(|line| {
        let at: Vec<usize> =
            line.bytes().enumerate().filter(|(_, b)| *b == delimiter).map(|(at, _)| at).collect();
        let is_digit = |at: usize| line.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        let has_blank = |at: &usize| line.as_bytes().get(at + 1) == Some(&b' ');
        let in_number = |at: &usize| *at > 0 && is_digit(at - 1) && is_digit(at + 1);
        let is_number = || read_number(line, DecimalMark::Point).is_ok();
        let is_numbers = at.iter().all(in_number) && (columns == 2 || is_number());
        at.len() == columns - 1 && !at.iter().any(has_blank) && !is_numbers
    })
}

fn broken(error: &std::io::Error) -> Error {
    unread(error, "file-broken")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> std::result::Result<Vec<String>, String> {
        let mut reader = Separated::new(text.as_bytes(), encoding_rs::UTF_8, b',');
        let mut rows = Vec::new();
        while let Some(row) = reader.next_row().map_err(|error| error.to_string())? {
            let cells = row.iter().collect::<Vec<_>>().join("|");
            let fault = row.refusal(row.len()).map(|r| format!(" ! {}", r.code));
            rows.push(format!("{}: {cells}{}", row.place(), fault.unwrap_or_default()));
        }
        Ok(rows)
    }

    #[test]
    fn rows_are_read_as_spreadsheets_write_them() {
        for (text, expected) in [
            ("a,b\nc,d\n", vec!["1: a|b", "2: c|d"]),
            ("a,b\r\nc,d", vec!["1: a|b", "2: c|d"]),
            ("a,b\rc,d\r", vec!["1: a|b", "2: c|d"]),
            ("a,b\n\n,,\n \n\"\"\nc,d\n", vec!["1: a|b", "6: c|d"]),
            ("\"a,1\",\"b\"\"c\"\n", vec!["1: a,1|b\"c"]),
            ("a, \"b, c\" ,d\n", vec!["1: a|b, c|d"]),
            ("=\"00123\",\"=\"\"0042\"\"\",=1+1,=\n", vec!["1: 00123|0042|=1+1|="]),
            ("a,\"b\nc\",d\ne,f,g\n", vec!["1: a|b\nc|d", "3: e|f|g"]),
            ("a,\"b\r\nc\",d\r\ne,f,g\r\n", vec!["1: a|b\r\nc|d", "3: e|f|g"]),
            ("6\" pipe,b\n", vec!["1: 6\" pipe|b"]),
            ("a,\"b\"c,d\ne,f,g\n", vec!["1: a|bc|d ! text-after-quote", "2: e|f|g"]),
            ("a,,\n", vec!["1: a||"]),
            ("", vec![]),
            ("\n\n", vec![]),
        ] {
            assert_eq!(rows(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_quotation_mark_that_stays_open_is_refused_with_its_line() {
        let text = "a,b\n1,x\n2,\"open\n3,y\n4,z\n";
        assert!(rows(text).unwrap_err().contains("quote-not-closed line=3"));
        assert!(rows("a,b\n1,\"").unwrap_err().contains("quote-not-closed line=2"));
        // One that another cell's mark closes by chance swallows rows, and shows by that.
        let lines: String = (3..20).map(|n| format!("{n},y,z\n")).collect();
        let text = format!("a,b,c\n1,\"open,z\n{lines}20,\"said\",z\n21,y,z\n");
        assert_eq!(rows(&text).unwrap().last().unwrap(), "21: 21|y|z");
        assert!(rows(&text).unwrap()[1].ends_with("! text-after-quote"));
        let text = format!("a,b,c\n1,\"open,z\n{lines}20,pipe of 6\",z\n21,y,z\n");
        assert_eq!(rows(&text).unwrap().len(), 3);
    }

    #[test]
    fn a_quoted_cell_that_holds_a_row_of_the_table_is_told() {
        let swallows = |text: &str, columns: usize| {
            let mut reader = Separated::new(text.as_bytes(), encoding_rs::UTF_8, b',');
            let row = reader.next_row().unwrap().unwrap();
            swallows_rows(&row, b',', columns)
        };
        for (text, columns, expected) in [
            ("2,B,\"5 inch pipe\n3,N3,n3\n4,N4,n4\n5,Z,pipe 6\"\n", 3, true),
            ("2,B,\"5 inch pipe\n5,Z,pipe 6\"\n", 3, true),
            ("2,B,\"5 inch pipe\r\n3,N3,n3\r\n5,Z,pipe 6\"\r\n", 3, true),
            ("2,\"5 inch,x\n3,pipe 6\",n3\n", 3, true),
            ("2,B,\"Called, left a message,\nwill retry, maybe, soon\"\n", 3, false),
            ("2,\"first\nsecond\",C\n", 3, false),
            ("2,\"sizes\n12,50\"\n", 2, false),
            ("2,B,\"a\nb,c\"\n", 3, false),
            ("2,3,\"4\n5,6,7\"\n", 3, true),
            ("2,B,\"a total of\n1,234,567\"\n", 3, false),
            ("2,B,C\n", 3, false),
        ] {
            assert_eq!(swallows(text, columns), expected, "{text:?}");
        }
    }

    #[test]
    fn rows_without_an_end_are_refused() {
        let endless = format!("a,b\n1,\"{}", "x".repeat(3 << 20));
        assert!(rows(&endless).unwrap_err().contains("line-too-long"));
        let delimiters = format!("a,b\n1,2{}\n", ",".repeat(3 << 20));
        assert!(rows(&delimiters).unwrap_err().contains("line-too-long"));
        let trailing = format!("a,b\n1,2{}\n", ",".repeat(100_000));
        assert!(rows(&trailing).unwrap()[1].len() < 2_000);
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(cells in proptest::collection::vec(
            proptest::collection::vec("[a-z\"=,\n ;]{0,6}", 3), 1..6)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &cells {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let mut reader = Separated::new(text.as_bytes(), encoding_rs::UTF_8, b',');
            let mut read = Vec::new();
            while let Some(row) = reader.next_row().unwrap() {
                read.push(row.iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
            }
            let plain = |cell: &String| unwrapped(cell).trim().to_owned();
            let rows: Vec<Vec<String>> =
                cells.iter().map(|row| row.iter().map(plain).collect()).collect();
            let filled = |row: &Vec<String>| row.iter().any(|cell| !cell.is_empty());
            let expected: Vec<Vec<String>> = rows.into_iter().filter(filled).collect();
            proptest::prop_assert_eq!(read, expected);
        }

        #[test]
        fn no_text_breaks_the_reader(text in "[a\",\r\n= ]{0,60}") {
            let _ = rows(&text);
        }
    }
}
