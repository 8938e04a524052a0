//! A saved way to read a kind of file, to be used again.

use guanxi_record::{LongText, Record};

/// A saved way to read a kind of file.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "settings", icon = "arrows-exchange")]
pub struct ImportMapping {
    /// Its name.
    #[field(search, unique)]
    pub name: String,
    /// The mapping, as in a mapping file.
    pub mapping: LongText,
}
