//! Something that a customer needs help with.

use guanxi_base::{Id, Money, Refusal, Timestamp};
use guanxi_record::{Choice, LongText, Owner, Record};

use crate::catalog::Product;
use crate::people::{Contact, Customer};
use crate::sales::Order;

/// What sort of help is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum CaseKind {
    /// A question.
    Consultation,
    /// Help with the technique.
    TechnicalSupport,
    /// Something is broken.
    Fault,
    /// The customer is not satisfied.
    Complaint,
    /// Goods are to come back.
    Return,
    /// The customer wants compensation.
    Claim,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum CaseStatus {
    /// Nobody has looked yet.
    New,
    /// Somebody works on it.
    InProgress,
    /// The customer has to do something.
    Waiting,
    /// There is an answer.
    Resolved,
    /// The customer agrees.
    Closed,
}

/// How urgent it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[expect(missing_docs, reason = "each is named by its label")]
pub enum Priority {
    Low,
    Normal,
    High,
    Urgent,
}

/// Something that a customer needs help with.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "subject",
    area = "service",
    icon = "lifebuoy",
    follows = "customer",
    settle,
    index("status, opened_at"),
    index("owner, opened_at"),
    index("customer, opened_at")
)]
pub struct Case {
    /// What it is about.
    #[field(search)]
    pub subject: String,
    /// Its number.
    #[field(search, unique, default = "number:CS")]
    pub number: Option<String>,
    /// Who needs help.
    pub customer: Id<Customer>,
    /// Which person there.
    #[field(on_delete = "clear")]
    pub contact: Option<Id<Contact>>,
    /// What sort of help is needed.
    #[field(index, default = "consultation")]
    pub kind: CaseKind,
    /// How urgent it is.
    #[field(index, default = "normal")]
    pub priority: Priority,
    /// Where it stands.
    #[field(index, default = "new")]
    pub status: CaseStatus,
    /// When we were told.
    #[field(index, default = "now")]
    pub opened_at: Timestamp,
    /// When it is to be solved.
    #[field(index)]
    pub due_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Which order it is about.
    #[field(folded, on_delete = "clear")]
    pub order: Option<Id<Order>>,
    /// Which product it is about.
    #[field(folded)]
    pub product: Option<Id<Product>>,
    /// Who answers for it.
    #[field(default = "actor")]
    pub owner: Option<Owner>,
    /// What solving it cost us.
    #[field(folded)]
    pub cost: Option<Money>,
    /// What happened.
    pub description: Option<LongText>,
    /// What was done.
    #[field(folded)]
    pub resolution: Option<LongText>,
}

impl Case {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        if self.closed_at.is_some_and(|closed| closed < self.opened_at) {
            refusals.push(Refusal::field("closed-before-opened", "closed_at"));
        }
        if self.closed_at.is_some() && self.status != CaseStatus::Closed {
            refusals.push(Refusal::field("closed-but-open", "closed_at"));
        }
    }
}
