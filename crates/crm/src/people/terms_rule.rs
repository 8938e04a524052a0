//! On which terms we deal with whom: by size and payment record.

use guanxi_base::{Money, Percent, Refusal};
use guanxi_record::{Choice, LongText, Record};

use super::AbcClass;
use crate::access::CustomerClass;

/// How a customer has paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Choice)]
pub enum PaymentRecord {
    /// When it was due, or within three days.
    Prompt,
    /// Later, by up to thirty days on average.
    Late,
    /// Later than that, or something is overdue for more than sixty days or was written off.
    Bad,
}

/// Terms for customers of a size and a payment record. Of the rules that fit, that which asks most
/// applies; of several of these the oldest.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "insights", icon = "contract", settle)]
pub struct TermsRule {
    /// What people call it.
    #[field(search, unique)]
    pub name: String,
    /// For customers of this class of the business; of any when empty.
    pub abc: Option<AbcClass>,
    /// For customers of this class that people gave them; of any when empty.
    pub class: Option<CustomerClass>,
    /// For those who have paid so; any when empty.
    pub payment_record: Option<PaymentRecord>,
    /// The discount that they get.
    pub discount: Option<Percent>,
    /// So much may be owed.
    pub credit_limit: Option<Money>,
    /// Days until an invoice is to be paid.
    pub payment_days: Option<i64>,
    /// Nothing more is delivered until they have paid.
    #[field(default = "false")]
    pub stops: bool,
    /// Why.
    pub notes: Option<LongText>,
}

impl TermsRule {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        if self.discount.is_some_and(|d| !(0..=100 * Percent::ONE).contains(&d.units())) {
            refusals.push(Refusal::field("discount-out-of-range", "discount"));
        }
        if self.payment_days.is_some_and(|days| days < 0) {
            refusals.push(Refusal::field("must-not-be-negative", "payment_days"));
        }
        refusals.extend(self.credit_limit.and_then(wrong_limit));
    }

    /// How many things it asks of a customer, when it fits one.
    #[must_use]
    pub fn fits(
        &self,
        abc: Option<AbcClass>,
        class: Option<CustomerClass>,
        payment_record: Option<PaymentRecord>,
    ) -> Option<usize> {
        let asks = [
            self.abc.map(|one| Some(one) == abc),
            self.class.map(|one| Some(one) == class),
            self.payment_record.map(|one| Some(one) == payment_record),
        ];
        let asks: Vec<bool> = asks.into_iter().flatten().collect();
        asks.iter().all(|met| *met).then_some(asks.len())
    }
}

/// What is wrong with so much that may be owed: nobody owes less than nothing, or less than a coin.
pub(super) fn wrong_limit(limit: Money) -> Option<Refusal> {
    let field = "credit_limit";
    if limit.units < 0 {
        return Some(Refusal::field("must-not-be-negative", field));
    }
    let refusal = Refusal::field("finer-than-a-coin", field).with("value", limit);
    (!limit.is_rounded()).then(|| refusal.with("rounded", limit.rounded()))
}
