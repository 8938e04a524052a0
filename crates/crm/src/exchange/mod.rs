//! Files in and out: imports with their mappings, exports.

mod answers;
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
mod look_up;
mod mapping;
mod numbers;
mod origin;
mod percent;
mod plan;
mod progress;
mod read_lines;
mod row;
mod run_import;
mod separated;
mod signs;
mod source;
mod suggest;
mod survey;
mod workbook;
mod worksheet;

pub use answers::{Archived, Twins};
pub use cell::{AmountCurrency, Formats};
pub use dates::{DateOrder, DateReading, ReadDate, TwoDigitYears, read_date};
pub use decisions::{Certainty, Decision, Example, Matter, Reading};
pub use export::{CutCell, ExportFormat, Exported, export, neutralised};
pub use import::{Run, import};
pub use import_job::{ImportJob, ImportStatus};
pub use import_mapping::ImportMapping;
pub use mapping::{
    FieldSource, FileOptions, Mapping, Mode, RecordMapping, Repeat, Rule, When, YearRule,
};
pub use numbers::{DecimalMark, NumberFault, ReadNumber, read_number};
pub use percent::PlainPercent;
pub use plan::{Plan, examine};
pub use progress::{Counts, Notice, Progress, RefusedLine};
pub use row::FileRow;
pub use run_import::{
    ImportInput, begin_import, give_up_imports, may_import, may_import_anything, note_stopped,
    run_import, undo_import, why_failed, write_error_file,
};
pub use source::{Layout, LayoutHints, Source, read_table};
pub use suggest::{IMPORTED_TYPES, asks_for_twins, required_not_mapped, suggest};
