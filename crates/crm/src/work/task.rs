//! Something that one of us is to do.

use guanxi_base::{Date, Id};
use guanxi_record::{Choice, LongText, Owner, Record};

use crate::people::{Contact, Customer};
use crate::service::{Case, Priority};

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum TaskStatus {
    /// To be done.
    Open,
    /// Done.
    Done,
    /// Not to be done any more.
    Dropped,
}

/// Something that one of us is to do.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "subject",
    area = "service",
    icon = "checklist",
    follows = "customer",
    index("owner, due_date"),
    index("customer, due_date")
)]
pub struct Task {
    /// What is to be done.
    #[field(search)]
    pub subject: String,
    /// For which customer.
    #[field(on_delete = "cascade")]
    pub customer: Option<Id<Customer>>,
    /// With which person there.
    #[field(on_delete = "clear")]
    pub contact: Option<Id<Contact>>,
    /// For which case.
    #[field(on_delete = "clear")]
    pub case: Option<Id<Case>>,
    /// By when.
    #[field(index)]
    pub due_date: Option<Date>,
    /// How urgent it is.
    #[field(default = "normal")]
    pub priority: Priority,
    /// Where it stands.
    #[field(index, default = "open")]
    pub status: TaskStatus,
    /// Who is to do it.
    #[field(default = "actor")]
    pub owner: Option<Owner>,
    /// What else is worth knowing.
    #[field(folded)]
    pub notes: Option<LongText>,
}
