//! A request for approval and who is asked: written by the engine only, read by those whom it
//! concerns.

use guanxi_base::{Id, Timestamp};
use guanxi_record::{Choice, Filter, Json, LongText, Owner, Record};

use super::limits::Beyond;
use crate::access::ApprovalRule;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum RequestState {
    /// Somebody is asked.
    Open,
    /// Approved, and done.
    Approved,
    /// Given back: not like this.
    Returned,
    /// Taken back by whoever asked.
    Withdrawn,
}

/// A change that somebody else must allow.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "subject",
    area = "settings",
    icon = "file-check",
    index("record, state"),
    index("owner, state")
)]
pub struct ApprovalRequest {
    /// What the record is called.
    #[field(read_only, search)]
    pub subject: String,
    /// The type of the record.
    #[field(read_only, means = "record_type")]
    pub record_type: String,
    /// The record's id, as text.
    #[field(read_only)]
    pub record: String,
    /// The fields that are to change, with their new values.
    #[field(read_only, means = "field_values")]
    pub change: Json,
    /// Who asks.
    #[field(read_only)]
    pub owner: Option<Owner>,
    /// Why.
    #[field(read_only)]
    pub reason: Option<LongText>,
    /// The chain.
    #[field(read_only)]
    pub approval_rule: Option<Id<ApprovalRule>>,
    /// At which step it is, from 0.
    #[field(read_only)]
    pub step: i64,
    /// Where it stands.
    #[field(read_only)]
    pub state: RequestState,
    /// What goes beyond the authority of whoever asks, and how far they decide.
    #[field(read_only, means = "field_values")]
    pub beyond: Option<Json>,
    /// What was allowed by that: what went beyond, for as long as it does not grow.
    #[field(read_only, means = "field_values")]
    pub allowed: Option<Json>,
}

impl ApprovalRequest {
    /// What goes beyond the authority of whoever asked.
    #[must_use]
    pub fn beyond(&self) -> Vec<Beyond> {
        let known = self.beyond.as_ref().map(|beyond| beyond.0.clone());
        known.and_then(|known| serde_json::from_value(known).ok()).unwrap_or_default()
    }
}

/// What somebody who was asked did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum TaskState {
    /// Nothing yet.
    Waiting,
    /// Agreed.
    Approved,
    /// Gave it back.
    Returned,
    /// Asked somebody else instead.
    Forwarded,
    /// Is not needed any more.
    Closed,
}

/// That somebody is asked.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "subject",
    area = "settings",
    icon = "user-check",
    part_of = "approval_request",
    index("owner, state")
)]
pub struct ApprovalTask {
    /// The request.
    #[field(read_only, on_delete = "cascade")]
    pub approval_request: Id<ApprovalRequest>,
    /// What the record is called.
    #[field(read_only)]
    pub subject: String,
    /// Who is asked.
    #[field(read_only)]
    pub owner: Option<Owner>,
    /// At which step, from 0.
    #[field(read_only)]
    pub step: i64,
    /// What they did.
    #[field(read_only)]
    pub state: TaskState,
    /// Who decided: they, or who stood in for them.
    #[field(read_only)]
    pub decided_by: Option<Owner>,
    /// When.
    #[field(read_only)]
    pub decided_at: Option<Timestamp>,
    /// What they said.
    #[field(read_only)]
    pub comment: Option<LongText>,
}

/// The open request about a record.
#[must_use]
pub(super) fn open_about(record: guanxi_base::RawId) -> Filter {
    Filter::eq("record", record.to_string()).and(Filter::eq("state", "open"))
}
