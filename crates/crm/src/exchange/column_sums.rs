//! The sums of the columns of a table while its rows are read: a row with the sums of those above is
//! no record, whatever it is called.

use super::numbers::{DecimalMark, read_number};
use super::row::{CellKind, FileRow};

/// Digits behind the decimal mark that count.
const DECIMALS: usize = 9;

/// What the numbers of a row are among the sums of those above.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Agreeing {
    /// Its numbers in columns that have nothing but numbers.
    pub(crate) numbers: usize,
    /// How many of them are sums.
    pub(crate) columns: usize,
    /// Of so many rows.
    pub(crate) rows: u64,
}

/// A sum by either decimal mark; none where a number is none by that, or beyond all bounds.
pub(crate) type Sum = [Option<i128>; 2];

#[derive(Debug, Clone)]
struct Column {
    /// Whether a text stands in it, so that it has no sum.
    has_texts: bool,
    all: Sum,
    /// Since the last sum that stood in the table.
    block: Sum,
    rows: u64,
    block_rows: u64,
}

/// The sums of all columns.
pub(crate) struct ColumnSums {
    columns: Vec<Column>,
}

impl ColumnSums {
    pub(crate) fn new(width: usize) -> Self {
        let nothing = [Some(0); 2];
        let column =
            Column { has_texts: false, all: nothing, block: nothing, rows: 0, block_rows: 0 };
        Self { columns: vec![column; width] }
    }

    /// What stands in the columns that have had nothing but numbers, each with its column: read once.
    pub(crate) fn numbers(
        &self,
        row: &FileRow,
        own: &[(usize, &str)],
    ) -> Vec<(usize, Option<Sum>)> {
        let is_open = |at: usize| self.columns.get(at).is_some_and(|column| !column.has_texts);
        let cells = own.iter().filter(|(at, _)| is_open(*at));
        cells.map(|(at, text)| (*at, number(row.kind(*at), text))).collect()
    }

    /// Adds the numbers of a record.
    pub(crate) fn add(&mut self, numbers: Vec<(usize, Option<Sum>)>) {
        for (at, number) in numbers {
            let column = &mut self.columns[at];
            let Some(number) = number else {
                column.has_texts = true;
                continue;
            };
            for sum in [&mut column.all, &mut column.block] {
                for (sum, number) in sum.iter_mut().zip(number) {
                    *sum = sum.zip(number).and_then(|(sum, number)| sum.checked_add(number));
                }
            }
            (column.rows, column.block_rows) = (column.rows + 1, column.block_rows + 1);
        }
    }

    /// Notes that a sum stands here: the next may be of the rows below it only.
    pub(crate) fn end_block(&mut self) {
        for column in &mut self.columns {
            (column.block, column.block_rows) = ([Some(0); 2], 0);
        }
    }

    /// Which numbers of a row are sums of those above.
    pub(crate) fn agreeing(&self, numbers: &[(usize, Option<Sum>)]) -> Agreeing {
        let mut found = Agreeing::default();
        for (at, number) in numbers {
            let (column, Some(number)) = (&self.columns[*at], number) else { continue };
            found.numbers += 1;
            let is_sum = |sum: &Sum| {
                let mut pairs = sum.iter().zip(number);
                pairs.any(|(sum, number)| number.is_some_and(|n| n != 0) && sum == number)
            };
            let rows = match (is_sum(&column.all), is_sum(&column.block)) {
                (true, _) => column.rows,
                (false, true) => column.block_rows,
                (false, false) => continue,
            };
            found.columns += 1;
            found.rows = found.rows.max(rows);
        }
        found
    }
}

/// A number by either decimal mark; none of what is none by any.
fn number(kind: &CellKind, text: &str) -> Option<Sum> {
    let read = match kind {
        CellKind::Number(number) => [fixed(&number.plain); 2],
        CellKind::Text if text.contains(char::is_numeric) => {
            DecimalMark::ALL.map(|mark| fixed(&read_number(text, mark).ok()?.plain))
        }
        _ => return None,
    };
    read.iter().any(Option::is_some).then_some(read)
}

/// Plain digits as a whole number of the smallest unit that counts.
fn fixed(plain: &str) -> Option<i128> {
    let (whole, decimals) = plain.split_once('.').unwrap_or((plain, ""));
    let is_longer = decimals.len() > DECIMALS;
    let digits = format!("{whole}{decimals:0<DECIMALS$}");
    digits.parse().ok().filter(|_| !is_longer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_sums_are_told_by_either_decimal_mark() {
        let row = |cells: &[&str]| FileRow::new(cells.iter().copied().collect(), 1);
        let mut sums = ColumnSums::new(3);
        let check = |sums: &ColumnSums, cells: &[&str]| {
            let row = row(cells);
            let own: Vec<(usize, &str)> = row.own().collect();
            let found = sums.agreeing(&sums.numbers(&row, &own));
            (found.columns, found.rows)
        };
        for cells in [["A", "1.234,50", "3"], ["B", "0,5", "4"], ["C", "2", "5"]] {
            let row = row(&cells);
            let own: Vec<(usize, &str)> = row.own().collect();
            sums.add(sums.numbers(&row, &own));
        }
        assert_eq!(check(&sums, &["", "1.237,00", "12"]), (2, 3));
        assert_eq!(check(&sums, &["", "1237", "13"]), (1, 3));
        sums.end_block();
        let next = row(&["D", "10", "1"]);
        sums.add(sums.numbers(&next, &next.own().collect::<Vec<_>>()));
        assert_eq!(check(&sums, &["", "10,00", "1"]), (2, 1));
        assert_eq!(check(&sums, &["", "1.247,00", "13"]), (2, 4));
        assert_eq!(check(&sums, &["", "", "0"]), (0, 0));
    }
}
