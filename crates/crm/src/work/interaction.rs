//! A contact with a customer: a call, a visit, an e-mail, a note, a meeting.

use guanxi_base::{Id, Timestamp};
use guanxi_record::{Choice, LongText, Owner, Record};

use crate::people::{CollectionPoint, Contact, Customer};
use crate::service::Case;

/// What sort of contact it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[expect(missing_docs, reason = "each is named by its label")]
pub enum InteractionKind {
    Call,
    Visit,
    Email,
    Note,
    Meeting,
}

/// Who began it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Direction {
    /// The customer.
    Inbound,
    /// We.
    Outbound,
}

/// A contact with a customer.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "subject",
    area = "service",
    icon = "message-circle",
    follows = "customer",
    index("customer, at")
)]
pub struct Interaction {
    /// What it was about.
    #[field(search)]
    pub subject: String,
    /// What sort of contact it was.
    #[field(index, default = "note")]
    pub kind: InteractionKind,
    /// With whom.
    #[field(on_delete = "cascade")]
    pub customer: Id<Customer>,
    /// Which person there.
    #[field(on_delete = "clear")]
    pub contact: Option<Id<Contact>>,
    /// When.
    #[field(index, default = "now")]
    pub at: Timestamp,
    /// Who began it.
    pub direction: Option<Direction>,
    /// How long it took, in minutes.
    pub minutes: Option<i64>,
    /// The case that it was about.
    #[field(folded, on_delete = "clear")]
    pub case: Option<Id<Case>>,
    /// Where it came in.
    #[field(folded)]
    pub source: Option<Id<CollectionPoint>>,
    /// Who of us it was.
    #[field(deed, default = "actor")]
    pub owner: Option<Owner>,
    /// What was said.
    pub notes: Option<LongText>,
}
