//! Who we deal with: customers, the people there, and where we learn about them.

mod assign_territory;
mod collection_point;
mod consent;
mod contact;
mod customer;
mod customer_group;
mod knowledge;
mod merges;
mod succession;
mod terms_rule;

pub use assign_territory::assign_territories;
pub use collection_point::{Channel, CollectionPoint, Formats, create_collected};
pub use consent::{Consent, ConsentPurpose, ConsentState};
pub use contact::{Contact, ContactRole, Influence};
pub use customer::{Customer, CustomerKind};
pub use customer_group::{CustomerGroup, GroupKind};
pub use knowledge::{AbcClass, Fit, LifeStage, LossReason, RelationLevel, RelationshipStage};
pub(crate) use merges::Merges;
pub(crate) use succession::{followed, renamed};
pub use terms_rule::{PaymentRecord, TermsRule};
