//! What somebody bought, told from the orders that the reader may see by the same rule as every
//! analysis: the numbers above a customer's page and the sentences on it are made of one count.

use guanxi_base::{Currency, Date, RawId, Result};
use guanxi_record::{Choice as _, Filter, Query, Record as _, Sort, Value};
use guanxi_store::View;
use guanxi_warehouse::{day_number, day_of};

use super::left_aside::LeftAside;
use super::purchases::{Counted, Part, Purchase, worth_one};
use super::sold::counting_until;
use crate::exact_sum::ExactSum;
use crate::sales::{Order, OrderKind, agreed_orders};

/// An agreed order of a customer.
#[derive(Debug, Clone, Copy)]
struct TheirOrder {
    id: RawId,
    kind: OrderKind,
    day: i64,
    worth: Option<(i64, Currency)>,
}

/// The agreed orders of a customer that somebody may see: read once for all that a page tells of them.
#[derive(Debug, Clone)]
pub struct TheirOrders {
    /// By day.
    orders: Vec<TheirOrder>,
    /// Whether there are older ones, which were not read.
    is_cut: bool,
}

/// The fields that tell what somebody bought.
const NEEDED: [&str; 5] = ["customer", "date", "kind", "status", "total"];
/// So many orders are looked through for a page: the walk-in customer of a shop has any number.
const ORDERS_READ: usize = 10_000;

/// What somebody bought in one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Dealt {
    /// Which.
    pub currency: Currency,
    /// How many orders are sales that count.
    pub orders: i64,
    /// How many took something back.
    pub returns: i64,
    /// What the sales were worth.
    pub gross: ExactSum,
    /// What is left of them.
    pub net: ExactSum,
    /// On average, before returns; in 1/10,000 of the unit.
    pub average: Option<ExactSum>,
    /// By day, what is left of them.
    pub(super) purchases: Vec<Purchase>,
}

/// What somebody bought, by the orders that the reader may see.
#[derive(Debug, Clone, PartialEq)]
pub struct Dealings {
    /// In each currency, the one of most orders first.
    pub dealt: Vec<Dealt>,
    /// The day of the first sale that counts.
    pub first: Option<Date>,
    /// The day of the last one.
    pub last: Option<Date>,
    /// Orders of which nothing is left, because it all came back: no purchases.
    pub came_back_whole: i64,
    /// What does not count, and why.
    pub left_aside: LeftAside,
    /// Of how many orders this tells, where there are more: of the newest.
    pub only_newest: Option<usize>,
}

/// What somebody bought until a day of the company, by the orders that the reader may see and by
/// the rule of the last analysis.
///
/// # Errors
/// When the database fails.
pub async fn dealings(view: &mut View, orders: &TheirOrders, today: Date) -> Result<Dealings> {
    Ok(orders.dealings(counting_until(view, today).await?))
}

impl TheirOrders {
    /// Those that the reader may see; none for who may not see what orders tell.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read(view: &mut View, customer: RawId) -> Result<Option<Self>> {
        if !view.actor().rights.reads_all(Order::NAME, &NEEDED) {
            return Ok(None);
        }
        Self::newest(view, customer, ORDERS_READ).await.map(Some)
    }

    /// So many of them, the newest.
    ///
    /// # Errors
    /// When the database fails; a refusal for who may not ask.
    pub async fn newest(view: &mut View, customer: RawId, most: usize) -> Result<Self> {
        let agreed = agreed_orders("").and(Filter::eq("customer", customer.to_string()));
        let mut query = Query::of(agreed).sorted(vec![Sort::down("date")]);
        let described = view.catalog().get(Order::NAME)?.clone();
        let mut orders = Vec::new();
        let mut left = most;
        loop {
            query.limit = left.min(Query::LIMIT_MAX);
            let page = view.list(Order::NAME, &query).await?;
            left = left.saturating_sub(page.rows.len());
            for row in page.rows {
                let kind = row.value(&described, "kind");
                let kind = kind.as_text().and_then(OrderKind::from_code);
                let (Value::Date(day), Some(kind)) = (row.value(&described, "date"), kind) else {
                    continue;
                };
                let worth = match row.value(&described, "total") {
                    Value::Money(money) => Some((money.units, money.currency)),
                    _ => None,
                };
                orders.push(TheirOrder { id: row.id, kind, day: day_number(day).into(), worth });
            }
            query.after = page.next;
            if query.after.is_none() || left == 0 {
                orders.reverse();
                return Ok(Self { orders, is_cut: query.after.is_some() });
            }
        }
    }

    /// Whether these are not all that there are: then nobody's life is told from them.
    pub(super) fn are_cut(&self) -> bool {
        self.is_cut
    }

    /// What they come to.
    pub(super) fn dealings(&self, (counted, from): (Counted, i64)) -> Dealings {
        let mut left_aside = LeftAside::default();
        let mut found: Vec<Sorted> = Vec::new();
        for order in &self.orders {
            let (units, code) = match &order.worth {
                Some((units, currency)) => (Some(*units), currency.code()),
                None => (None, ""),
            };
            let mut aside = |why| {
                let worth = (units.unwrap_or_default(), code);
                left_aside.note_amount((Order::NAME, why), order.id.0, worth);
            };
            let part = counted.part(order.kind, (order.day, from), units);
            match (part, order.worth) {
                (Part::Aside(why), _) => aside(why),
                (_, None) => aside("without-amount"),
                (part, Some((_, currency))) => {
                    let at = found.iter().position(|known| known.currency == currency);
                    let at = at.unwrap_or_else(|| {
                        found.push(Sorted::of(currency));
                        found.len() - 1
                    });
                    match part {
                        Part::Sold(one) => found[at].sales.push(one),
                        Part::CameBack(one) => found[at].returns.push((one, order.id)),
                        Part::Aside(_) => {}
                    }
                }
            }
        }
        let days = || found.iter().flat_map(|one| &one.sales).map(|one| one.day);
        let (first, last) = (days().min().map(day_of), days().max().map(day_of));
        let mut dealt: Vec<Dealt> =
            found.iter().map(|one| one.dealt(counted, &mut left_aside)).collect();
        dealt.sort_by_key(|one| std::cmp::Reverse(one.orders));
        let kept = |one: &Dealt| one.orders - i64::try_from(one.purchases.len()).unwrap_or(0);
        let came_back_whole = dealt.iter().map(kept).sum();
        let only_newest = self.is_cut.then_some(self.orders.len());
        Dealings { dealt, first, last, came_back_whole, left_aside, only_newest }
    }
}

/// Orders in one currency, by what they are.
struct Sorted {
    currency: Currency,
    sales: Vec<Purchase>,
    returns: Vec<(Purchase, RawId)>,
}

impl Sorted {
    fn of(currency: Currency) -> Self {
        Self { currency, sales: Vec::new(), returns: Vec::new() }
    }

    fn dealt(&self, counted: Counted, left_aside: &mut LeftAside) -> Dealt {
        let sum = |of: &[Purchase]| of.iter().map(|one| i128::from(one.units)).sum::<i128>();
        let currency = self.currency;
        let (count, gross) = (self.sales.len() as i128, sum(&self.sales));
        let returns: Vec<Purchase> = self.returns.iter().map(|(one, _)| *one).collect();
        let net = counted.net(self.sales.clone(), &returns);
        for (at, units) in net.beyond {
            let beyond = (Order::NAME, "return-beyond-sales");
            left_aside.note_amount(beyond, self.returns[at].1.0, (-units, currency.code()));
        }
        let average = (count > 0).then(|| guanxi_base::divide_half_even(gross, count));
        Dealt {
            currency,
            orders: self.sales.len() as i64,
            returns: self.returns.len() as i64,
            gross: ExactSum::new(gross, currency),
            net: ExactSum::new(sum(&net.purchases), currency),
            average: average.map(|units| ExactSum::new(units, currency)),
            purchases: net.purchases,
        }
    }
}

impl Dealings {
    /// The purchases in one currency.
    pub(super) fn of(&self, currency: Option<Currency>) -> Option<&Dealt> {
        self.dealt.iter().find(|one| Some(one.currency) == currency)
    }

    /// When and how often they bought, in whatever currency; worth one each where there are
    /// several.
    pub(super) fn lived(&self) -> Vec<Purchase> {
        let bought = || self.dealt.iter().filter(|one| !one.purchases.is_empty());
        match bought().count() {
            0 | 1 => bought().flat_map(|one| one.purchases.iter().copied()).collect(),
            _ => worth_one(bought().flat_map(|one| &one.purchases)),
        }
    }
}
