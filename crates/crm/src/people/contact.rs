//! A person at a customer.

use guanxi_base::Id;
use guanxi_record::{Choice, Email, LongText, Phone, Record};

use super::Customer;

/// The part that a person plays when the customer buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ContactRole {
    /// Decides.
    DecisionMaker,
    /// Holds the budget.
    Economic,
    /// Judges the technique.
    Technical,
    /// Works with what was bought.
    User,
    /// Buys.
    Purchasing,
    /// Pays.
    Finance,
    /// Speaks for us.
    Champion,
    /// Keeps the door.
    Gatekeeper,
}

/// How a person stands to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Influence {
    /// Helps us.
    Supporter,
    /// Neither helps nor hinders.
    Neutral,
    /// Prefers somebody else.
    Opponent,
}

/// A person at a customer.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "customers", icon = "address-book", follows = "customer")]
pub struct Contact {
    /// Their name.
    #[field(search, index, personal)]
    pub name: String,
    /// Where they work.
    #[field(on_delete = "cascade")]
    pub customer: Id<Customer>,
    /// Their job title.
    pub job_title: Option<String>,
    /// The parts that they play when the customer buys.
    pub roles: Vec<ContactRole>,
    /// How they stand to us.
    pub influence: Option<Influence>,
    /// Who they report to.
    #[field(on_delete = "clear")]
    pub reports_to: Option<Id<Contact>>,
    /// Their telephone.
    #[field(search, personal)]
    pub phone: Option<Phone>,
    /// Their e-mail address.
    #[field(search, personal)]
    pub email: Option<Email>,
    /// Their day of birth.
    #[field(personal, folded)]
    pub birthday: Option<guanxi_base::Date>,
    /// What else is worth knowing.
    #[field(personal, folded)]
    pub notes: Option<LongText>,
}
