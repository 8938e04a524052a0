//! Lists as files: CSV and XLSX, with what the reader's spreadsheet could run as a formula
//! made harmless.

use std::io::Write;

use guanxi_base::{Currency, Date, Error, Refusal, Result, Timestamp};
use guanxi_record::{Kind, Query, RecordType, Row, SYSTEM_FIELDS, Value};
use guanxi_store::{Purpose, Titles, View};

use super::mapping::currency_column;
pub use super::worksheet::CutCell;
use super::worksheet::SheetWriter;

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

/// A text that a spreadsheet would run as a formula gets an apostrophe before it; the import
/// takes it away again.
#[must_use]
pub fn neutralised(text: &str) -> std::borrow::Cow<'_, str> {
    if runs_as_formula(text) { format!("'{text}").into() } else { text.into() }
}

/// Whether a spreadsheet would take a text for a formula, in wide letters too.
pub(crate) fn runs_as_formula(text: &str) -> bool {
    let wide = ['\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) || text.starts_with(wide)
}

enum Sheet<'a> {
    Csv(Box<csv::Writer<&'a mut (dyn Write + Send)>>),
    Xlsx(Box<SheetWriter<'a>>),
}

impl Sheet<'_> {
    fn write_row(&mut self, cells: &[Cell]) -> Result<()> {
        let writer = match self {
            Self::Csv(writer) => writer,
            Self::Xlsx(sheet) => return sheet.write_row(cells),
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
