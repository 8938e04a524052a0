//! Workbooks: what was written into cells is read from them, and broken ones are refused.

use guanxi_crm::exchange::LayoutHints;
use rust_xlsxwriter::Workbook;

use crate::corpus;
use crate::memory::peak_bytes;
use crate::tables::read;

/// Cells stand in so many rows.
const ROWS: u32 = 300;
/// And in so many columns.
const COLUMNS: u16 = 12;
/// A workbook may take so much to read, whatever little is in it.
const HELD_MAX: usize = 64 << 20;

const WORDS: &[&str] = &["a", " ", "7", "007", "\u{5f20}", "=1+1", "'", "\"", "<", "&", "x\ty"];

/// A table with a header, texts and whole numbers, here and there nothing.
fn filled(bytes: &[u8]) -> (Vec<u8>, Vec<Vec<String>>) {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let mut rows = vec![(0..COLUMNS).map(|column| format!("Column {column}")).collect()];
    for (column, name) in (0..).zip(&rows[0]) {
        let name: &String = name;
        sheet.write_string(0, column, name).unwrap();
    }
    let text = String::from_utf8_lossy(bytes);
    let plain = |c: &char| c.is_alphanumeric() || *c == ' ' || *c == '&' || *c == '<';
    let cells = text.split([',', '\n', ';', '\t']);
    let cells = cells.map(|cell| cell.chars().filter(plain).collect::<String>().trim().to_owned());
    let cells: Vec<String> = cells.take((ROWS * u32::from(COLUMNS)) as usize).collect();
    for (row, line) in (1..).zip(cells.chunks(usize::from(COLUMNS))) {
        let mut line = line.to_vec();
        line.resize(usize::from(COLUMNS), String::new());
        // A row of nothing is none.
        line[0] = format!("Row {row}");
        for (column, cell) in (0..).zip(&line) {
            match cell.parse::<u32>() {
                Ok(number) if number.to_string() == *cell => {
                    sheet.write_number(row, column, number).unwrap();
                }
                _ => drop(sheet.write_string(row, column, cell).unwrap()),
            }
        }
        rows.push(line);
    }
    (workbook.save_to_buffer().unwrap(), rows)
}

fn written(bytes: &[u8]) {
    let (book, rows) = filled(bytes);
    let (found, held) = peak_bytes(|| read(&book, &LayoutHints::default()));
    assert!(held < HELD_MAX, "{held} bytes");
    assert_eq!(found, Ok(rows));
}

/// A workbook of which some bytes are others, or are missing.
fn broken(bytes: &[u8]) {
    let (mut book, _) = filled(b"a,b\n7,007");
    for pair in bytes.chunks_exact(3).take(20) {
        let at = (usize::from(pair[0]) << 8 | usize::from(pair[1])) % book.len();
        book[at] = pair[2];
    }
    if bytes.len() % 2 == 1 {
        book.truncate(book.len() - bytes.len() % book.len());
    }
    if let Err(codes) = read(&book, &LayoutHints::default()) {
        assert!(!codes.is_empty());
    }
}

crate::fuzz! {
    1_500 inputs;
    a_workbook_is_read_as_it_was_written: corpus("tables", WORDS) => written;
    broken_workbooks_are_refused: corpus("tables", WORDS) => broken;
}
