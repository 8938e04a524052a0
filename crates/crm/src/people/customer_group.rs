//! Customers that belong together: a household, a group of companies.

use guanxi_record::{Choice, LongText, Owner, Record};

/// What holds customers together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum GroupKind {
    /// They live together.
    Household,
    /// They are owned or led together.
    Companies,
}

/// Customers that belong together.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "customers", icon = "home-heart")]
pub struct CustomerGroup {
    /// What people call it.
    #[field(search, index, personal)]
    pub name: String,
    /// What holds them together.
    #[field(default = "companies")]
    pub kind: GroupKind,
    /// Who answers for it.
    #[field(default = "actor")]
    pub owner: Option<Owner>,
    /// What else is worth knowing.
    pub notes: Option<LongText>,
}
