//! What a customer is asked to pay.

use guanxi_base::{Date, Id, Money, Refusal};
use guanxi_record::{Choice, LongText, Record};

use crate::access::Company;
use crate::people::Customer;
use crate::sales::Order;

/// Where an invoice stands. Whether it is paid or overdue follows from payments and dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum InvoiceStatus {
    /// Not sent yet.
    Draft,
    /// Sent, to be paid.
    Issued,
    /// Paid in full.
    Paid,
    /// Taken back.
    Void,
    /// Not expected to be paid any more.
    WrittenOff,
}

/// What a customer is asked to pay.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "number",
    area = "billing",
    icon = "file-invoice",
    follows = "customer",
    settle,
    index("status, due_date"),
    index("customer, date")
)]
pub struct Invoice {
    /// Its number.
    #[field(search, unique, default = "number:IN")]
    pub number: Option<String>,
    /// Who is to pay.
    pub customer: Id<Customer>,
    /// What it is for.
    pub order: Option<Id<Order>>,
    /// When it was written.
    #[field(index, default = "now")]
    pub date: Date,
    /// When it is to be paid.
    #[field(index)]
    pub due_date: Option<Date>,
    /// Where it stands.
    #[field(index, default = "draft")]
    pub status: InvoiceStatus,
    /// The sum of its lines.
    #[field(index, sum = "invoice_line.amount")]
    pub total: Option<Money>,
    /// Which of our companies asks for it.
    #[field(folded)]
    pub company: Option<Id<Company>>,
    /// What else is worth knowing.
    #[field(folded)]
    pub notes: Option<LongText>,
}

impl Invoice {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        if self.due_date.is_some_and(|due| due < self.date) {
            refusals.push(Refusal::field("due-before-date", "due_date"));
        }
    }
}
