//! A random organisation with roles and records, told twice: stored, and as plain lists that the
//! reference evaluator walks.

use guanxi_base::RawId;
use guanxi_crm::access::{LimitedAccess, RightPurpose, RightScope};

/// The day of all worlds.
pub(crate) const TODAY: &str = "2026-03-18";

/// The types of which a world has records.
pub(crate) const TYPES: [&str; 6] =
    ["customer", "contact", "order", "order_line", "invoice", "task"];

/// A line of a role: type or `*`, purposes, scope, and perhaps a condition on the status.
#[derive(Debug, Clone)]
pub(crate) struct Right {
    pub(crate) record_type: String,
    pub(crate) purposes: Vec<RightPurpose>,
    pub(crate) scope: RightScope,
    pub(crate) condition: Option<(&'static str, &'static str)>,
}

#[derive(Debug, Default)]
pub(crate) struct RoleOf {
    pub(crate) rights: Vec<Right>,
    pub(crate) fields: Vec<(&'static str, &'static str, LimitedAccess)>,
}

#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) id: RawId,
    pub(crate) team: Option<usize>,
    pub(crate) roles: Vec<usize>,
    pub(crate) token: String,
    pub(crate) session: String,
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: RawId,
    pub(crate) parent: Option<usize>,
    pub(crate) company: Option<usize>,
    pub(crate) leader: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct Area {
    pub(crate) id: RawId,
    pub(crate) parent: Option<usize>,
    pub(crate) members: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct Thing {
    pub(crate) id: RawId,
    pub(crate) record_type: &'static str,
    /// A word that only its name has.
    pub(crate) word: String,
    pub(crate) owner: Option<usize>,
    pub(crate) territory: Option<usize>,
    pub(crate) company: Option<usize>,
    /// The record that it follows.
    pub(crate) follows: Option<usize>,
    /// What conditions look at: `(field, value)`.
    pub(crate) state: (&'static str, &'static str),
    /// Digits that only it has, where it has a telephone.
    pub(crate) phone: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) thing: usize,
    pub(crate) person: Option<usize>,
    pub(crate) team: Option<usize>,
    pub(crate) may_change: bool,
    pub(crate) holds: bool,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) people: Vec<Person>,
    pub(crate) teams: Vec<Group>,
    /// Each company's parent.
    pub(crate) companies: Vec<(RawId, Option<usize>)>,
    pub(crate) areas: Vec<Area>,
    pub(crate) roles: Vec<RoleOf>,
    pub(crate) role_ids: Vec<RawId>,
    /// Who is away, who stands in, whether today.
    pub(crate) substitutions: Vec<(usize, usize, bool)>,
    pub(crate) things: Vec<Thing>,
    pub(crate) shares: Vec<Shared>,
}
