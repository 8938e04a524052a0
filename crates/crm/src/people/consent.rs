//! That a person agreed to something, or does not agree any more: for what, since when, and from
//! where we know.

use guanxi_base::{Date, Id};
use guanxi_record::{Choice, Record};

use super::{CollectionPoint, Contact, Customer};

/// What a person agrees to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ConsentPurpose {
    /// Offers by e-mail.
    Email,
    /// Offers by text message.
    Sms,
    /// Offers by telephone.
    Phone,
    /// Offers on paper.
    Post,
    /// That we compute what they may want.
    Profiling,
    /// That partners learn of them.
    Sharing,
}

/// Whether they agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ConsentState {
    /// They do.
    Given,
    /// They did not, or do not any more.
    Withdrawn,
}

/// That a person agreed to something, or not.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "purpose",
    area = "customers",
    icon = "writing-sign",
    follows = "customer",
    index("customer, date")
)]
pub struct Consent {
    /// Which customer.
    #[field(on_delete = "cascade")]
    pub customer: Id<Customer>,
    /// Which person there; the customer themself when nobody is named.
    #[field(on_delete = "cascade")]
    pub contact: Option<Id<Contact>>,
    /// What they agree to.
    #[field(index)]
    pub purpose: ConsentPurpose,
    /// Whether they do.
    #[field(default = "given")]
    pub state: ConsentState,
    /// Since when.
    #[field(index, default = "now")]
    pub date: Date,
    /// Where we heard it.
    pub source: Option<Id<CollectionPoint>>,
    /// The words that they agreed to, or where the proof is.
    pub proof: Option<String>,
}
