//! What is found out about customers that stand in the base more than once, and what became of it.

use guanxi_base::{Date, Id, Percent};
use guanxi_record::{Choice, Json, LongText, Record};

use crate::people::Customer;

/// What two customers are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Relation {
    /// One and the same.
    Same,
    /// Persons of one household.
    Household,
    /// Organisations of one group.
    Group,
}

/// What became of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum PairState {
    /// Somebody is to decide.
    Open,
    /// They were merged.
    Merged,
    /// They were put into one household or group.
    Joined,
    /// They have nothing to do with each other.
    Different,
    /// What spoke for it is no longer so.
    Outdated,
}

/// Two customers that may be one, or belong together.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "number",
    area = "insights",
    icon = "arrows-join",
    follows = "first",
    and_follows = "second",
    unique("first, second"),
    index("state, certainty")
)]
pub struct CustomerPair {
    /// Its number.
    #[field(read_only, search, unique, default = "number:CP")]
    pub number: Option<String>,
    /// The one that came first.
    #[field(read_only, on_delete = "cascade")]
    pub first: Id<Customer>,
    /// The other one.
    #[field(read_only, on_delete = "cascade")]
    pub second: Id<Customer>,
    /// What they seem to be to each other.
    #[field(read_only, default = "same")]
    pub relation: Relation,
    /// How likely that is.
    #[field(read_only)]
    pub certainty: Percent,
    /// What became of it.
    #[field(read_only, default = "open")]
    pub state: PairState,
    /// What speaks for it and against it: field, how alike, how many bits that is worth.
    #[field(read_only, folded, tells = "customer.phone")]
    pub reasons: Option<Json>,
    /// The run that found it.
    #[field(read_only, folded)]
    pub found_by: Option<String>,
}

/// A customer that was merged into another, and which of their values stayed.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "number", area = "insights", icon = "git-merge", follows = "survivor")]
pub struct CustomerMerge {
    /// Its number.
    #[field(read_only, search, unique, default = "number:CM")]
    pub number: Option<String>,
    /// The customer that stays.
    #[field(read_only, on_delete = "cascade")]
    pub survivor: Id<Customer>,
    /// The one that was put away.
    #[field(read_only, on_delete = "cascade")]
    pub merged: Id<Customer>,
    /// When.
    #[field(read_only)]
    pub date: Date,
    /// Whether a run did it by itself.
    #[field(read_only)]
    pub is_automatic: bool,
    /// Which fields were taken from the merged customer, each with the rule that said so; `chosen`
    /// when a person did.
    #[field(read_only, folded, tells = "customer.phone")]
    pub provenance: Option<Json>,
    /// How many records went over to the survivor.
    #[field(read_only)]
    pub moved: i64,
    /// The changes that undo takes back.
    #[field(read_only, folded)]
    pub change_set: String,
}

/// Which of two values of a field stays when customers are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Survives {
    /// That of the customer that stays.
    Survivors,
    /// That of the record that was changed last.
    Newest,
    /// That of the record that was there first.
    Oldest,
    /// The longer one.
    Longest,
    /// The larger one.
    Largest,
    /// The smaller one.
    Smallest,
}

/// Which value of a field stays when customers are merged. Where nothing is said, that of the
/// customer that stays; what only one of them has stays always.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "field", area = "insights", icon = "filter-check")]
pub struct SurvivorshipRule {
    /// The name of a customer's field.
    #[field(search, unique, means = "field:customer")]
    pub field: String,
    /// Which value stays.
    #[field(default = "survivors")]
    pub survives: Survives,
    /// Why.
    pub notes: Option<LongText>,
}
