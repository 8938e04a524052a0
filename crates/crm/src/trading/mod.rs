//! What sales, products and invoices have to do with one another: what a line takes from its product, to whom
//! nothing more is promised, what an order earns. Above all of them, so that none of them knows the others.

mod deliveries;
mod from_product;
mod invoiced;
mod lowered;
mod margin;
mod ordered;
mod owed;
mod promised;

pub use deliveries::held;
pub(crate) use deliveries::{allowed_amount, held_orders, is_within};
pub(crate) use from_product::take_from_product;
pub use from_product::{TAKEN, is_taken, taken};
pub(crate) use invoiced::goes_to_who_ordered;
pub(crate) use lowered::makes_no_room;
pub use margin::{Margin, margin};
pub use owed::{Unpaid, unpaid};
pub(crate) use promised::promises_more;
