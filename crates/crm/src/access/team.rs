//! A department or team; teams form a tree.

use guanxi_base::Id;
use guanxi_record::{Owner, Record};

use super::Company;

/// A department or team.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "organisation", icon = "users-group")]
pub struct Team {
    /// Its name.
    #[field(search)]
    pub name: String,
    /// The team above it.
    pub parent: Option<Id<Team>>,
    /// The company that it belongs to.
    pub company: Option<Id<Company>>,
    /// Who leads it.
    pub leader: Option<Owner>,
}
