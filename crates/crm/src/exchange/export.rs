//! Lists as files: CSV and XLSX, with what the reader's spreadsheet could run as a formula
//! made harmless.

use std::borrow::Cow;
use std::io::Write;

use guanxi_base::{Currency, Date, Error, Refusal, Result, Timestamp};
use guanxi_record::{Kind, Query, RecordType, Row, SYSTEM_FIELDS, Value};
use guanxi_store::{Purpose, Titles, View};

use super::choices::written_choices;
pub use super::export_workbook::CutCell;
use super::export_workbook::SheetWriter;
use super::mapping::currency_column;

/// More rows do not fit a worksheet.
const WORKBOOK_ROWS_MAX: usize = 1_048_575;

/// The form of an exported file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Comma-separated text in UTF-8 with its mark, which Excel needs.
    Csv,
    /// A workbook.
    Xlsx,
}

impl ExportFormat {
    /// The format of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }

    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// How many records.
    pub records: u64,
    /// Texts that are longer than a cell of a workbook can be, and are cut there.
    pub cut: Vec<CutCell>,
}

/// Writes all records that a query means; columns are named as in the API, so that the file can
/// be imported again. Links are written as the names of their records, and as ids beside them;
/// amounts as numbers, and their currencies beside them. Times are in universal time.
///
/// # Errors
/// A refusal when the query does not fit, or there are too many records for a worksheet.
pub async fn export(
    view: &mut View,
    record_type: &RecordType,
    query: &Query,
    format: ExportFormat,
    out: &mut (dyn Write + Send),
) -> Result<Exported> {
    view.restrict_to(Purpose::Export);
    let mut query = query.clone().limited(Query::LIMIT_MAX);
    let headers: Vec<String> = header(record_type).collect();
    let mut sheet = match format {
        ExportFormat::Csv => {
            out.write_all(b"\xef\xbb\xbf").map_err(Error::internal)?;
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(&headers).map_err(Error::internal)?;
            Sheet::Csv(Box::new(writer))
        }
        ExportFormat::Xlsx => Sheet::Xlsx(Box::new(SheetWriter::new(headers, out)?)),
    };
    let mut records = 0;
    loop {
        let page = view.list(&record_type.name, &query).await?;
        let titles = view.link_titles(record_type, &page.rows).await?;
        for row in &page.rows {
            records += 1;
            if format == ExportFormat::Xlsx && records > WORKBOOK_ROWS_MAX as u64 {
                let refusal = Refusal::new("too-many-rows").with("limit", WORKBOOK_ROWS_MAX);
                return Err(refusal.into());
            }
            sheet.write_row(&cells(record_type, row, &titles))?;
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    Ok(Exported { records, cut: sheet.finish()? })
}

fn is_link(kind: &Kind) -> bool {
    kind.link_target().is_some() || matches!(kind, Kind::Links { .. })
}

fn header(record_type: &RecordType) -> impl Iterator<Item = String> {
    let fields = record_type.fields.iter().flat_map(|field| {
        let beside = match &field.kind {
            kind if is_link(kind) => Some(format!("{}_id", field.name)),
            Kind::Money => Some(currency_column(&field.name)),
            _ => None,
        };
        std::iter::once(field.name.to_string()).chain(beside)
    });
    let system = SYSTEM_FIELDS.iter().map(|field| field.name.to_string());
    std::iter::once("id".to_owned()).chain(fields).chain(system)
}

/// What a cell of an exported file holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    Number(String),
    Amount { amount: String, currency: Currency },
    Percent(String),
    Boolean(bool),
    Date(Date),
    Instant(Timestamp),
}

impl Cell {
    fn of(value: &Value) -> Self {
        match value {
            Value::Integer(_) | Value::Decimal(_) => Self::Number(value.to_text()),
            Value::Percent(_) => Self::Percent(value.to_text()),
            Value::Boolean(yes) => Self::Boolean(*yes),
            Value::Date(date) => Self::Date(*date),
            Value::Instant(instant) => Self::Instant(*instant),
            Value::Money(money) => {
                Self::Amount { amount: money.amount_text(), currency: money.currency }
            }
            Value::Choices(codes) => Self::Text(written_choices(codes)),
            other => Self::Text(other.to_text()),
        }
    }

    /// As plain text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Percent(text) => text.clone(),
            Self::Amount { amount, .. } => amount.clone(),
            Self::Boolean(yes) => yes.to_string(),
            Self::Date(date) => date.to_string(),
            Self::Instant(instant) => instant.to_string(),
        }
    }
}

fn cells(record_type: &RecordType, row: &Row, titles: &Titles) -> Vec<Cell> {
    let mut cells = vec![Cell::Text(row.id.to_string())];
    for (field, value) in record_type.fields.iter().zip(&row.values) {
        if is_link(&field.kind) {
            let names = value.links().iter().filter_map(|id| titles.get(id).map(String::as_str));
            cells.push(Cell::Text(names.collect::<Vec<_>>().join("; ")));
            cells.push(Cell::Text(value.to_text()));
            continue;
        }
        cells.push(Cell::of(value));
        if field.kind == Kind::Money {
            cells.push(Cell::Text(match value {
                Value::Money(money) => money.currency.to_string(),
                _ => String::new(),
            }));
        }
    }
    cells.extend(SYSTEM_FIELDS.iter().map(|field| Cell::of(&row.value(record_type, &field.name))));
    cells
}

/// What ends a cell where a spreadsheet divides the file by another sign than we wrote.
const CELL_ENDS: [char; 4] = [';', '\t', '\r', '\n'];

/// A text that a spreadsheet would run as a formula gets an apostrophe before it; so does one
/// that has an apostrophe there already. The import takes one away again.
#[must_use]
pub fn neutralised(text: &str) -> Cow<'_, str> {
    each_cell(text, |at, cell| {
        runs_as_formula(at, cell.trim_start_matches('\'')).then_some(("'", cell))
    })
}

/// A text as it was before `neutralised`.
pub(crate) fn as_before(text: &str) -> Cow<'_, str> {
    each_cell(text, |at, cell| {
        let rest = cell.strip_prefix('\'')?;
        runs_as_formula(at, rest.trim_start_matches('\'')).then_some(("", rest))
    })
}

/// A text with what `change` puts for the beginning of each piece that could become a cell.
fn each_cell<'a>(
    text: &'a str,
    change: impl Fn(usize, &'a str) -> Option<(&'static str, &'a str)>,
) -> Cow<'a, str> {
    let ends = text.match_indices(CELL_ENDS).map(|(at, end)| at + end.len());
    let mut written = String::new();
    let mut from = 0;
    for start in std::iter::once(0).chain(ends) {
        if start < from {
            continue;
        }
        if let Some((before, rest)) = change(start, &text[start..]) {
            written.push_str(&text[from..start]);
            written.push_str(before);
            from = text.len() - rest.len();
        }
    }
    if from == 0 && written.is_empty() {
        return text.into();
    }
    written.push_str(&text[from..]);
    written.into()
}

/// Whether a spreadsheet would take a text for a formula, in wide letters too; at its beginning
/// what ends a cell is none of it.
fn runs_as_formula(at: usize, text: &str) -> bool {
    let wide = ['\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    text.starts_with(['=', '+', '-', '@'])
        || text.starts_with(wide)
        || (at == 0 && text.starts_with(['\t', '\r', '\n']))
}

/// Cells of a workbook, which runs no text: only what the import would take away is doubled.
fn kept_whole(cells: &[Cell]) -> Vec<Cell> {
    let kept = cells.iter().map(|cell| match cell {
        Cell::Text(text) if as_before(text) != *text => Cell::Text(neutralised(text).into_owned()),
        other => other.clone(),
    });
    kept.collect()
}

enum Sheet<'a> {
    Csv(Box<csv::Writer<&'a mut (dyn Write + Send)>>),
    Xlsx(Box<SheetWriter<'a>>),
}

impl Sheet<'_> {
    fn write_row(&mut self, cells: &[Cell]) -> Result<()> {
        let writer = match self {
            Self::Csv(writer) => writer,
            Self::Xlsx(sheet) => return sheet.write_row(&kept_whole(cells)),
        };
        let texts = cells.iter().map(|cell| match cell {
            Cell::Text(text) => neutralised(text).into_owned(),
            // What is no text begins with a digit or a minus before one.
            other => other.text(),
        });
        writer.write_record(texts).map_err(Error::internal)
    }

    fn finish(self) -> Result<Vec<CutCell>> {
        match self {
            Self::Csv(mut writer) => writer.flush().map(|()| Vec::new()).map_err(Error::internal),
            Self::Xlsx(sheet) => sheet.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_text_runs_as_a_formula_and_all_of_it_comes_back() {
        for (text, expected) in [
            ("plain", "plain"),
            ("=1+1", "'=1+1"),
            ("'-tje", "''-tje"),
            ("'+49 30", "''+49 30"),
            ("'s-Hertogenbosch", "'s-Hertogenbosch"),
            ("plain;=cmd|' /C calc'!A0;", "plain;'=cmd|' /C calc'!A0;"),
            ("a\t@x\n=y", "a\t'@x\n'=y"),
            ("a\r\n-b\t\tc", "a\r\n'-b\t\tc"),
            ("a;'=b", "a;''=b"),
            ("a;;=b", "a;;'=b"),
            ("-;-", "'-;'-"),
        ] {
            assert_eq!(neutralised(text), expected);
            assert_eq!(as_before(expected), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_made_harmless_is_read_as_it_was(text in "[='; \\-a\n\r\t]{0,8}") {
            let harmless = neutralised(&text);
            proptest::prop_assert_eq!(as_before(&harmless).into_owned(), text.clone());
            for cell in harmless.split(CELL_ENDS) {
                proptest::prop_assert!(!cell.starts_with(['=', '-']), "{}", harmless);
            }
        }
    }
}
