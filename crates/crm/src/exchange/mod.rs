//! Files in and out: imports with their mappings, exports.

mod import_job;
mod import_mapping;

pub use import_job::{ImportJob, ImportStatus};
pub use import_mapping::ImportMapping;
