//! A list as somebody wants to see it again.

use guanxi_record::{Filter, LongText, Owner, Record};

/// A list as somebody wants to see it again.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "settings", icon = "layout-list", index("record_type, name"))]
pub struct SavedView {
    /// Its name.
    #[field(search)]
    pub name: String,
    /// The record type of the list, such as `customer`.
    #[field(means = "record_type")]
    pub record_type: String,
    /// Filters, order and columns, as the address of the list states them.
    #[field(means = "list")]
    pub address: LongText,
    /// Whose it is.
    #[field(default = "actor")]
    pub owner: Option<Owner>,
    /// Whether everybody sees it.
    #[field(default = "false")]
    pub is_shared: bool,
    /// Whether only its owner may change it.
    #[field(default = "true")]
    pub is_locked: bool,
}

impl SavedView {
    /// Those that concern a user: their own and what others share.
    #[must_use]
    pub fn visible() -> Filter {
        Filter::eq("owner", "me").or(Filter::eq("is_shared", true))
    }

    /// Those that a user may change.
    #[must_use]
    pub fn changeable() -> Filter {
        let open = Filter::eq("is_shared", true).and(Filter::eq("is_locked", false));
        Filter::eq("owner", "me").or(open)
    }
}
