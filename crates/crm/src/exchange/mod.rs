//! Files in and out: imports with their mappings, exports.

mod answers;
mod cell;
mod export;
mod import;
mod import_job;
mod import_mapping;
mod look_up;
mod mapping;
mod plan;
mod progress;
mod read_lines;
mod run_import;
mod source;
mod suggest;

pub use answers::{Archived, Twins};
pub use cell::{DateOrder, Formats};
pub use export::{ExportFormat, export, neutralised};
pub use import::{Run, import};
pub use import_job::{ImportJob, ImportStatus};
pub use import_mapping::ImportMapping;
pub use mapping::{FieldSource, FileOptions, Mapping, Mode, RecordMapping, Repeat, Rule, When};
pub use plan::Plan;
pub use progress::{Counts, Notice, Progress, RefusedLine};
pub use run_import::{
    ImportInput, begin_import, give_up_imports, may_import, may_import_anything, note_stopped,
    run_import, undo_import, why_failed, write_error_file,
};
pub use source::{Layout, LayoutHints, Source};
pub use suggest::{IMPORTED_TYPES, asks_for_twins, required_not_mapped, suggest};
