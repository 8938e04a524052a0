//! Files in and out: imports with their mappings, exports.

mod answers;
mod cell;
mod choices;
mod column_sums;
mod columns;
mod date_pieces;
mod date_words;
mod dates;
mod decisions;
mod decoding;
mod encoding;
mod export;
mod export_workbook;
mod first_rows;
mod guided;
mod header;
mod import;
mod import_job;
mod import_mapping;
mod import_state;
mod keeping;
mod line_reader;
mod look_up;
mod mapping;
mod named;
mod numbers;
mod origin;
mod other_programs;
mod percent;
mod plan;
mod powers;
mod progress;
mod read_lines;
mod refused_texts;
mod row;
mod run_import;
mod separated;
mod settled;
mod signs;
mod source;
mod step;
mod suggest;
mod survey;
mod table_rows;
mod table_words;
mod take_up;
mod unit_survey;
mod units;
mod unpacked;
mod workbook;

pub use answers::{Archived, Identical, Twins};
pub use cell::{AmountCurrency, Formats};
pub use dates::{DateOrder, DateReading, ReadDate, TwoDigitYears, read_date};
pub use decisions::{Certainty, Decision, Example, Matter, Reading};
pub use export::{CutCell, ExportFormat, Exported, export, neutralised};
pub use guided::{
    FOUND_BY, Given, Written, choice_of, choose_keys, chosen_source, column_names, fits, found_by,
    is_of_column, lacks_status, state_status, status_to_ask, suggest_again, target,
    without_customer,
};
pub use import::{Run, import};
pub use import_job::{ImportJob, ImportStatus};
pub use import_mapping::ImportMapping;
pub use import_state::{GoesOn, resume_import, stop_import};
pub use keeping::keeping;
pub use mapping::{
    FieldSource, FileOptions, Mapping, Mode, RecordMapping, Repeat, Rule, When, WithoutKey,
    YearRule,
};
pub use numbers::{DecimalMark, NumberFault, ReadNumber, read_number};
pub use percent::PlainPercent;
pub use plan::{Plan, examine};
pub use progress::{Counts, Notice, Progress, RefusedLine};
pub use row::FileRow;
pub use run_import::{
    ImportInput, UNDO_QUEUE, begin_import, give_up_import_of_leaver, give_up_imports,
    go_on_undoing, may_import, may_import_anything, note_import, run_import, undo_import,
    why_failed, write_error_file,
};
pub use source::{Layout, LayoutHints, Source, read_table};
pub use suggest::{IMPORTED_TYPES, asks_for_twins, required_not_mapped, suggest};
