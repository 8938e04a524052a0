//! The data of authority: limits of roles, and chains of approval beyond them; how long the log of
//! what people did is kept.

use guanxi_base::{Id, Refusal};
use guanxi_record::{Choice, Kind, LongText, Record, RecordType, Value};

use super::{Role, User, conditions};

/// How far a role decides alone.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "field", area = "organisation", icon = "scale", part_of = "role", settle)]
pub struct AuthorityLimit {
    /// The role.
    #[field(on_delete = "cascade")]
    pub role: Id<Role>,
    /// The record type.
    #[field(means = "record_type")]
    pub record_type: String,
    /// The field, such as `total`; or one of the parts, such as `order_line.discount`, whose
    /// largest value counts.
    #[field(means = "number_field")]
    pub field: String,
    /// The largest value that the role decides, as the field is written: `50000 CNY`, `10`.
    pub at_most: String,
    /// Only records that pass: conditions as the address of a list has them, such as
    /// `status=confirmed`. What is only planned needs no approval.
    #[field(means = "condition")]
    pub condition: Option<String>,
}

impl AuthorityLimit {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        let Some(described) = super::role::known_type(&self.record_type, refusals) else { return };
        match self.limited_field(described) {
            Some(kind) => {
                if let Err(refusal) = Value::from_text(&kind, &self.at_most) {
                    refusals.push(Refusal { field: Some("at_most".to_owned()), ..refusal });
                }
            }
            None => {
                let refusal = Refusal::field("not-a-number-field", "field");
                refusals.push(refusal.with("name", &self.field));
            }
        }
        if let Some(text) = &self.condition {
            refusals.extend(conditions::check(text, described));
        }
    }

    /// The kind of the field, if it is a number of the type or of its parts.
    fn limited_field(&self, described: &RecordType) -> Option<Kind> {
        let kind = match self.field.split_once('.') {
            None => described.field(&self.field)?.kind.clone(),
            Some((part, field)) => {
                let part = crate::RECORD_TYPES.iter().find(|one| one.name == part)?;
                let link = part.field(part.part_of?)?;
                (link.kind.link_target() == Some(&described.name)).then_some(())?;
                part.field(field)?.kind.clone()
            }
        };
        kind.is_number().then_some(kind)
    }
}

/// A chain of approval for records of a type. Of several that fit the one that stands first
/// counts.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "organisation", icon = "route", settle)]
pub struct ApprovalRule {
    /// Its name.
    #[field(search, unique)]
    pub name: String,
    /// The record type.
    #[field(index, means = "record_type")]
    pub record_type: String,
    /// Those that stand first are tried first.
    #[field(default = "100")]
    pub position: i64,
    /// Only records that pass, as they would be: conditions as the address of a list has them,
    /// such as `total.ge=100000&customer.class=key`.
    #[field(means = "condition")]
    pub condition: Option<String>,
    /// For whom it is.
    pub description: Option<LongText>,
}

impl ApprovalRule {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        let Some(described) = super::role::known_type(&self.record_type, refusals) else { return };
        if let Some(text) = &self.condition {
            refusals.extend(conditions::check(text, described));
        }
    }
}

/// Who approves at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ApproverKind {
    /// The leader above whoever asks, so many levels up.
    Manager,
    /// People of a role.
    Role,
    /// These people.
    People,
}

/// How many of them it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Quorum {
    /// Any one.
    Any,
    /// All, at the same time.
    All,
}

/// One step of a chain; steps come one after another.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "position",
    area = "organisation",
    icon = "stairs",
    part_of = "approval_rule",
    settle
)]
pub struct ApprovalStep {
    /// The chain.
    #[field(on_delete = "cascade")]
    pub approval_rule: Id<ApprovalRule>,
    /// The order of steps.
    #[field(default = "1")]
    pub position: i64,
    /// Who approves.
    #[field(default = "manager")]
    pub approver: ApproverKind,
    /// How many levels up the manager is, from 1.
    pub levels_up: Option<i64>,
    /// The role.
    pub role: Option<Id<Role>>,
    /// The people.
    pub people: Vec<Id<User>>,
    /// How many of them it takes.
    #[field(default = "any")]
    pub quorum: Quorum,
}

impl ApprovalStep {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        let lacking = match self.approver {
            ApproverKind::Manager => None,
            ApproverKind::Role => self.role.is_none().then_some("role"),
            ApproverKind::People => self.people.is_empty().then_some("people"),
        };
        refusals.extend(lacking.map(|field| Refusal::field("required", field)));
    }
}
