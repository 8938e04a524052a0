//! Files in and out: imports with their mappings, exports.

mod cell;
mod date_words;
mod dates;
mod decisions;
mod encoding;
mod export;
mod header;
mod import;
mod import_job;
mod import_mapping;
mod mapping;
mod numbers;
mod origin;
mod plan;
mod read_lines;
mod row;
mod run_import;
mod separated;
mod signs;
mod source;
mod survey;
mod workbook;
mod workbook_parts;
mod worksheet;

pub use cell::{AmountCurrency, Formats};
pub use dates::{DateOrder, DateReading, ReadDate, TwoDigitYears, read_date};
pub use decisions::{Certainty, Decision, Example, Matter, Reading};
pub use export::{CutCell, ExportFormat, Exported, export, neutralised};
pub use import::{Counts, Progress, RefusedLine, Run, import};
pub use import_job::{ImportJob, ImportStatus};
pub use import_mapping::ImportMapping;
pub use mapping::{
    FieldSource, FileOptions, Mapping, Mode, RecordMapping, Repeat, Rule, When, YearRule,
};
pub use numbers::{DecimalMark, NumberFault, ReadNumber, read_number};
pub use plan::{Plan, examine};
pub use row::FileRow;
pub use run_import::{ImportInput, begin_import, run_import, undo_import, write_error_file};
pub use source::{Layout, LayoutHints, Source, read_table};
