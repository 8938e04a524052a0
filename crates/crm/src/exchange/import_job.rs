//! One import: which file, by which mapping, for whom, and what came of it.

use guanxi_base::{Id, Timestamp};
use guanxi_record::{Choice, FileId, Json, LongText, Owner, Record};

use crate::people::CollectionPoint;

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ImportStatus {
    /// Waits for its turn.
    Queued,
    /// Is being read.
    Running,
    /// A person stopped it; it can go on.
    Paused,
    /// Done; bad rows are in the error file.
    Done,
    /// It could not be read.
    Failed,
    /// All that it did was undone.
    Undone,
}

/// One import.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "file_name", area = "settings", icon = "file-import")]
pub struct ImportJob {
    /// The file's own name.
    #[field(search)]
    pub file_name: String,
    /// Where it stands.
    #[field(read_only, index)]
    pub status: ImportStatus,
    /// The mapping that it was read by.
    #[field(read_only)]
    pub mapping: LongText,
    /// Where the information comes from.
    pub source: Option<Id<CollectionPoint>>,
    /// For whom.
    #[field(read_only)]
    pub owner: Option<Owner>,
    /// The file, when it was uploaded.
    #[field(read_only)]
    pub file: Option<FileId>,
    /// The rows that were refused, with the reasons.
    #[field(read_only)]
    pub error_file: Option<FileId>,
    /// How many lines were read.
    #[field(read_only)]
    pub lines_read: Option<i64>,
    /// How many lines were refused.
    #[field(read_only)]
    pub lines_refused: Option<i64>,
    /// How many records of which type were created, updated, and left as they were.
    #[field(read_only)]
    pub counts: Option<Json>,
    /// When it began.
    #[field(read_only)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[field(read_only)]
    pub finished_at: Option<Timestamp>,
}
