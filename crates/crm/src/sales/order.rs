//! What a customer ordered at one time.

use guanxi_base::{Date, Id, Money, Result};
use guanxi_record::{Choice, Filter, LongText, Op, Owner, Query, Record};
use guanxi_store::{Total, View};

use crate::access::Company;
use crate::people::{Contact, Customer};

/// Whether goods go out or come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OrderKind {
    /// We deliver.
    Sale,
    /// An earlier order is taken back; its lines are negative.
    Cancellation,
    /// Goods come back; its lines are negative.
    Return,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OrderStatus {
    /// Not agreed yet.
    Draft,
    /// Agreed.
    Confirmed,
    /// On its way.
    Shipped,
    /// Done.
    Completed,
    /// Given up before anything was delivered.
    Void,
}

impl OrderStatus {
    /// Whether it was agreed and not given up: it counts as sold.
    #[must_use]
    pub const fn is_agreed(self) -> bool {
        !matches!(self, Self::Draft | Self::Void)
    }
}

/// Agreed sales: orders that count as bought. `path` leads to the order: nothing, or `order.`.
#[must_use]
pub fn agreed_sales(path: &str) -> Filter {
    Filter::eq(format!("{path}kind"), OrderKind::Sale.code()).and(agreed_orders(path))
}

/// How many sales are drafts: no figure and no analysis counts them.
///
/// # Errors
/// When the database fails.
pub async fn uncounted(view: &mut View) -> Result<Total> {
    let drafts = Filter::eq("kind", "sale").and(Filter::eq("status", "draft"));
    view.total(Order::NAME, &Query::of(drafts)).await
}

/// Agreed orders of every kind, what came back too. `path` as of [`agreed_sales`].
#[must_use]
pub fn agreed_orders(path: &str) -> Filter {
    let agreed = |code: &String| OrderStatus::from_code(code).is_some_and(OrderStatus::is_agreed);
    let codes: Vec<String> =
        OrderStatus::OPTIONS.iter().map(ToString::to_string).filter(agreed).collect();
    Filter::compare(format!("{path}status"), Op::In, codes)
}

/// The way by which an order came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum SalesChannel {
    /// Our own salespeople.
    Direct,
    /// Our web shop.
    Web,
    /// A shop of ours.
    Retail,
    /// An agent or dealer.
    Agent,
    /// The telephone.
    Phone,
}

/// What a customer ordered at one time.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "number",
    area = "sales",
    icon = "shopping-cart",
    follows = "customer",
    index("status, date"),
    index("owner, date"),
    index("customer, date"),
    index("customer.country, date")
)]
pub struct Order {
    /// Its number.
    #[field(search, unique, default = "number:SO")]
    pub number: Option<String>,
    /// Who ordered; nobody in particular when it was sold over the counter.
    pub customer: Option<Id<Customer>>,
    /// When.
    #[field(index, default = "now")]
    pub date: Date,
    /// Whether goods go out or come back.
    #[field(default = "sale")]
    pub kind: OrderKind,
    /// Where it stands.
    #[field(index, default = "draft")]
    pub status: OrderStatus,
    /// The sum of its lines.
    #[field(index, sum = "order_line.amount")]
    pub total: Option<Money>,
    /// The way by which it came.
    pub channel: Option<SalesChannel>,
    /// Which person at the customer ordered.
    #[field(folded, on_delete = "clear")]
    pub contact: Option<Id<Contact>>,
    /// Which of our companies sells.
    #[field(folded)]
    pub company: Option<Id<Company>>,
    /// Who answers for it.
    #[field(default = "actor")]
    pub owner: Option<Owner>,
    /// The customer's own number for it.
    #[field(search, folded)]
    pub customer_reference: Option<String>,
    /// What else is worth knowing.
    #[field(folded)]
    pub notes: Option<LongText>,
}
