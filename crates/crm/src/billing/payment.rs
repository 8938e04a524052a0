//! What a customer paid.

use guanxi_base::{Date, Id, Money, Refusal};
use guanxi_record::{Choice, Record};

use super::Invoice;
use crate::people::Customer;

/// How it was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum PaymentMethod {
    /// Bank transfer.
    Transfer,
    /// Banker's draft or acceptance bill.
    Bill,
    /// Card.
    Card,
    /// A wallet on the telephone.
    Wallet,
    /// Cash.
    Cash,
}

/// What a customer paid; negative when we paid back.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "number",
    area = "billing",
    icon = "cash",
    follows = "customer",
    settle,
    index("customer, date")
)]
pub struct Payment {
    /// Its number.
    #[field(search, unique, default = "number:PA")]
    pub number: Option<String>,
    /// Who paid.
    pub customer: Id<Customer>,
    /// What for.
    pub invoice: Option<Id<Invoice>>,
    /// When.
    #[field(index, default = "now")]
    pub date: Date,
    /// How much.
    #[field(index)]
    pub amount: Money,
    /// How.
    pub method: Option<PaymentMethod>,
    /// The bank's own number for it.
    #[field(search, folded)]
    pub reference: Option<String>,
}

impl Payment {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        // Nobody pays in less than a coin.
        if !self.amount.is_rounded() {
            let refusal = Refusal::field("finer-than-a-coin", "amount").with("value", self.amount);
            refusals.push(refusal.with("rounded", self.amount.rounded()));
        }
    }
}
