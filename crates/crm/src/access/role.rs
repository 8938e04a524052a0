//! A role: what people of one sort of work may do. A user may have several; each adds to the
//! others.

use guanxi_base::{Id, Refusal};
use guanxi_record::{Choice, LongText, Record};
use guanxi_store::{FieldAccess, Purpose};

/// What people of one sort of work may do.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "organisation", icon = "shield")]
pub struct Role {
    /// Its name.
    #[field(search, unique)]
    pub name: String,
    /// For whom it is.
    pub description: Option<LongText>,
    /// Whether people of this role must sign in with a second factor.
    #[field(default = "false")]
    pub needs_second_factor: bool,
}

/// What may be done with records of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum RightPurpose {
    /// See them.
    Read,
    /// Make new ones.
    Create,
    /// Change them.
    Change,
    /// Put them away or bring them back.
    Archive,
    /// Take them out as a file.
    Export,
    /// Bring them in as a file.
    Import,
    /// Change many at once.
    Bulk,
    /// Say who answers for them.
    Assign,
}

impl RightPurpose {
    /// As the store knows it.
    #[must_use]
    pub fn purpose(self) -> Purpose {
        match self {
            Self::Read => Purpose::Read,
            Self::Create => Purpose::Create,
            Self::Change => Purpose::Change,
            Self::Archive => Purpose::Archive,
            Self::Export => Purpose::Export,
            Self::Import => Purpose::Import,
            Self::Bulk => Purpose::Bulk,
            Self::Assign => Purpose::Assign,
        }
    }
}

/// On which records; each includes those before it but for the territory and the company, which
/// include one's own only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum RightScope {
    /// Those that the user answers for.
    Own,
    /// Those that somebody of their team answers for.
    Team,
    /// Those that somebody of their team or a team below it answers for.
    TeamAndBelow,
    /// Those in their territories and in the territories below them.
    Territory,
    /// Those of their company.
    Company,
    /// Those of all companies of their group.
    Group,
    /// All.
    All,
}

/// One line of a role: which purposes, on which records of a type.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "record_type", area = "organisation", icon = "key", part_of = "role", settle)]
pub struct RoleRight {
    /// The role.
    #[field(on_delete = "cascade")]
    pub role: Id<Role>,
    /// The record type, or `*` for every type of the business.
    #[field(means = "any_record_type")]
    pub record_type: String,
    /// What may be done.
    pub purposes: Vec<RightPurpose>,
    /// On which records.
    #[field(default = "own")]
    pub scope: RightScope,
    /// Of these only those that pass: conditions as the address of a list has them, such as
    /// `status=confirmed&total.lt=5000`.
    #[field(means = "condition")]
    pub condition: Option<String>,
}

/// Every type of the business.
pub const EVERY_TYPE: &str = "*";

impl RoleRight {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        if self.purposes.is_empty() {
            refusals.push(Refusal::field("required", "purposes"));
        }
        if self.record_type == EVERY_TYPE {
            if self.condition.is_some() {
                refusals.push(Refusal::field("condition-needs-a-type", "condition"));
            }
            return;
        }
        let Some(described) = known_type(&self.record_type, refusals) else { return };
        if let Some(text) = &self.condition {
            refusals.extend(super::conditions::check(text, described));
        }
    }
}

/// How far a field may be seen by those who may not change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum LimitedAccess {
    /// Not at all.
    Hidden,
    /// Its ends only; the whole one at a time, on record.
    Masked,
    /// Whole, but not to be changed.
    Read,
}

impl LimitedAccess {
    /// As the store knows it.
    #[must_use]
    pub fn access(self) -> FieldAccess {
        match self {
            Self::Hidden => FieldAccess::Hidden,
            Self::Masked => FieldAccess::Masked,
            Self::Read => FieldAccess::Read,
        }
    }
}

/// One field that a role may not change. Of several roles that may see the type, the one that may
/// do most with the field decides.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "field",
    area = "organisation",
    icon = "lock",
    part_of = "role",
    unique("role, record_type, field"),
    settle
)]
pub struct FieldRight {
    /// The role.
    #[field(on_delete = "cascade")]
    pub role: Id<Role>,
    /// The record type.
    #[field(means = "record_type")]
    pub record_type: String,
    /// The field.
    #[field(means = "field")]
    pub field: String,
    /// How far it may be seen.
    pub access: LimitedAccess,
}

impl FieldRight {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        let Some(described) = known_type(&self.record_type, refusals) else { return };
        let is_custom = self.field.starts_with("x_");
        if !is_custom && described.position(&self.field).is_none() {
            let refusal = Refusal::field("unknown-field", "field").with("name", &self.field);
            refusals.push(refusal.with("type", &self.record_type));
        }
    }
}

pub(super) fn known_type(
    name: &str,
    refusals: &mut Vec<Refusal>,
) -> Option<&'static guanxi_record::RecordType> {
    let found = crate::RECORD_TYPES.iter().find(|one| one.name == name);
    if found.is_none() {
        refusals.push(Refusal::field("unknown-type", "record_type").with("name", name));
    }
    found.copied()
}
