//! Files in and out: imports with their mappings, exports.

mod cell;
mod export;
mod import;
mod import_job;
mod import_mapping;
mod mapping;
mod plan;
mod read_lines;
mod run_import;
mod source;

pub use cell::{DateOrder, Formats};
pub use export::{ExportFormat, export, neutralised};
pub use import::{Counts, Progress, RefusedLine, Run, import};
pub use import_job::{ImportJob, ImportStatus};
pub use import_mapping::ImportMapping;
pub use mapping::{FieldSource, FileOptions, Mapping, Mode, RecordMapping, Repeat, Rule, When};
pub use plan::Plan;
pub use run_import::{ImportInput, begin_import, run_import, undo_import, write_error_file};
pub use source::{Layout, LayoutHints, Source};
