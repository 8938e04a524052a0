//! Lists as files: CSV and XLSX, with what the reader's spreadsheet could run as a formula
//! made harmless.

use std::io::Write;

use guanxi_base::{Error, Refusal, Result};
use guanxi_record::{Kind, Query, RecordType, Row, SYSTEM_FIELDS, Value};
use guanxi_store::{Purpose, Titles, View};
use rust_xlsxwriter::{Format, Workbook};

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

/// Writes all records that a query means; columns are named as in the API, so that the file can
/// be imported again. Links are written as the names of their records, and as ids beside them.
///
/// # Errors
/// A refusal when the query does not fit, or there are too many records for a worksheet.
pub async fn export(
    view: &mut View,
    record_type: &RecordType,
    query: &Query,
    format: ExportFormat,
    out: &mut (dyn Write + Send),
) -> Result<u64> {
    view.restrict_to(Purpose::Export);
    let mut query = query.clone().limited(Query::LIMIT_MAX);
    let mut sheet = match format {
        ExportFormat::Csv => {
            out.write_all(b"\xef\xbb\xbf").map_err(Error::internal)?;
            Sheet::Csv(Box::new(csv::Writer::from_writer(out)))
        }
        ExportFormat::Xlsx => Sheet::xlsx(out)?,
    };
    sheet.write_row(&header(record_type).map(Cell::Text).collect::<Vec<_>>())?;
    let mut count = 0;
    loop {
        let page = view.list(&record_type.name, &query).await?;
        let titles = view.link_titles(record_type, &page.rows).await?;
        for row in &page.rows {
            count += 1;
            if format == ExportFormat::Xlsx && count > WORKBOOK_ROWS_MAX as u64 {
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
    sheet.finish()?;
    Ok(count)
}

fn is_link(kind: &Kind) -> bool {
    kind.link_target().is_some() || matches!(kind, Kind::Links { .. })
}

fn header(record_type: &RecordType) -> impl Iterator<Item = String> {
    let fields = record_type.fields.iter().flat_map(|field| {
        let id = is_link(&field.kind).then(|| format!("{}_id", field.name));
        std::iter::once(field.name.to_string()).chain(id)
    });
    let system = SYSTEM_FIELDS.iter().map(|field| field.name.to_string());
    std::iter::once("id".to_owned()).chain(fields).chain(system)
}

enum Cell {
    Text(String),
    Number(String),
}

fn cells(record_type: &RecordType, row: &Row, titles: &Titles) -> Vec<Cell> {
    let mut cells = vec![Cell::Text(row.id.to_string())];
    for (field, value) in record_type.fields.iter().zip(&row.values) {
        let text = value.to_text();
        if is_link(&field.kind) {
            let names = value.links().iter().filter_map(|id| titles.get(id).map(String::as_str));
            cells.push(Cell::Text(names.collect::<Vec<_>>().join("; ")));
            cells.push(Cell::Text(text));
        } else {
            cells.push(match value {
                Value::Integer(_) | Value::Decimal(_) | Value::Percent(_) => Cell::Number(text),
                _ => Cell::Text(text),
            });
        }
    }
    let system = SYSTEM_FIELDS.iter().map(|field| row.value(record_type, &field.name).to_text());
    cells.extend(system.map(Cell::Text));
    cells
}

/// A text that a spreadsheet would run as a formula gets an apostrophe before it; the import
/// takes it away again.
#[must_use]
pub fn neutralised(text: &str) -> std::borrow::Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

enum Sheet<'a> {
    Csv(Box<csv::Writer<&'a mut (dyn Write + Send)>>),
    Xlsx { workbook: Box<Workbook>, row: u32, out: &'a mut (dyn Write + Send) },
}

impl<'a> Sheet<'a> {
    fn xlsx(out: &'a mut (dyn Write + Send)) -> Result<Self> {
        let mut workbook = Box::new(Workbook::new());
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(Error::internal)?;
        sheet.set_freeze_panes(1, 0).map_err(Error::internal)?;
        Ok(Self::Xlsx { workbook, row: 0, out })
    }

    fn write_row(&mut self, cells: &[Cell]) -> Result<()> {
        match self {
            Self::Csv(writer) => {
                let texts = cells.iter().map(|cell| match cell {
                    Cell::Text(text) => neutralised(text),
                    Cell::Number(number) => number.as_str().into(),
                });
                let texts: Vec<_> = texts.collect();
                writer.write_record(texts.iter().map(|t| t.as_ref())).map_err(Error::internal)
            }
            Self::Xlsx { workbook, row, .. } => {
                let sheet = workbook.worksheet_from_index(0).map_err(Error::internal)?;
                let bold = Format::new().set_bold();
                for (column, cell) in cells.iter().enumerate() {
                    let column = u16::try_from(column).map_err(Error::internal)?;
                    let written = match cell {
                        // A worksheet keeps text as text; a formula must be asked for.
                        Cell::Text(text) if *row == 0 => {
                            sheet.write_string_with_format(*row, column, text, &bold)
                        }
                        Cell::Text(text) => sheet.write_string(*row, column, text),
                        // Only numbers that a spreadsheet's floats hold exactly stay numbers.
                        Cell::Number(text) => match text.parse::<f64>() {
                            Ok(number) if number.to_string() == *text => {
                                sheet.write_number(*row, column, number)
                            }
                            _ => sheet.write_string(*row, column, text),
                        },
                    };
                    written.map_err(Error::internal)?;
                }
                *row += 1;
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::Csv(mut writer) => writer.flush().map_err(Error::internal),
            Self::Xlsx { mut workbook, out, .. } => {
                let bytes = workbook.save_to_buffer().map_err(Error::internal)?;
                out.write_all(&bytes).map_err(Error::internal)
            }
        }
    }
}
