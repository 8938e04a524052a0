//! The purchases of all customers as columns: what every analysis of customers begins with. What came
//! back lessens them, and what cannot be is left aside and named.

use std::collections::HashMap;

use guanxi_base::{Currency, Date, RawId, Result};
use guanxi_record::{Catalog, Choice as _, Record as _};
use guanxi_warehouse::{Frame, Manifest, NO_CODE, NO_NUMBER, Warehouse, currency_column, day_of};

use super::left_aside::LeftAside;
use super::returns::net;
use crate::people::Customer;
use crate::sales::{Order, OrderKind, OrderStatus};

/// One purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purchase {
    /// On which day since 1970-01-01.
    pub day: i32,
    /// For how much, in 1/10,000 of the unit.
    pub units: i64,
}

/// What counts as a purchase, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The company's day: nothing has happened after it.
    pub today: i32,
    /// Whether orders that are worth nothing count.
    pub free: bool,
    /// Whether what came back counts all the same.
    pub returned: bool,
}

/// The purchases of customers in another currency than that of most.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// Theirs.
    pub currency: Currency,
    /// By day.
    pub purchases: Vec<Purchase>,
}

/// The purchases of all customers, in one currency.
///
/// A purchase is an order that is a sale, agreed, and worth more than nothing, unless free ones are
/// asked for too; less what of it came back, unless that is to count (see `returns.rs`).
#[derive(Debug, Clone)]
pub struct Purchases {
    /// All customers that are not archived, ascending.
    pub customers: Vec<RawId>,
    /// The product line of each, if any.
    pub product_lines: Vec<Option<RawId>>,
    /// The currency of most purchases: amounts of others cannot be added to it.
    pub currency: Option<Currency>,
    /// Purchases in other currencies, which are left out.
    pub in_other_currencies: usize,
    /// By place, those who buy in other currencies only: they are told by themselves.
    pub elsewhere: HashMap<usize, Elsewhere>,
    /// What cannot be.
    pub left_aside: LeftAside,
    /// The day as of which everything is said: after the last purchase, but not after today.
    pub as_of: i32,
    starts: Vec<usize>,
    purchases: Vec<Purchase>,
}

/// The purchases in one currency, each with the place of the customer, by place and day.
type Placed = Vec<(u32, Purchase)>;

impl Purchases {
    /// Reads them from the warehouse.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub async fn read(
        warehouse: &Warehouse,
        manifest: &Manifest,
        catalog: &Catalog,
        counted: Counted,
    ) -> Result<Self> {
        let described = catalog.get(Customer::NAME)?;
        let names = ["id", "archived_at", "product_line"];
        let frame = warehouse.frame(manifest, described, &names).await?;
        let (ids, archived) = (frame.numbers("id"), frame.numbers("archived_at"));
        let lines = frame.numbers("product_line");
        let there: Vec<usize> = (0..frame.rows).filter(|at| archived[*at] == NO_NUMBER).collect();
        let customers: Vec<RawId> = there.iter().map(|at| RawId(ids[*at])).collect();
        let product_lines =
            there.iter().map(|at| Some(RawId(lines[*at])).filter(|id| id.0 != NO_NUMBER)).collect();
        let places: HashMap<i64, u32> =
            customers.iter().enumerate().map(|(at, id)| (id.0, at as u32)).collect();
        let orders = Orders::read(warehouse, manifest, catalog).await?;
        let mut left_aside = LeftAside::default();
        let mut by_currency = orders.by_currency(&places, counted, &mut left_aside);
        // Of two with as many the one that comes first by its code.
        by_currency.sort_by_key(|(currency, of)| {
            (std::cmp::Reverse(of.len()), currency.code().to_owned())
        });
        let mut by_currency = by_currency.into_iter();
        let (currency, most) = by_currency.next().unzip();
        let most: Placed = most.unwrap_or_default();
        let mut starts = Vec::with_capacity(customers.len() + 1);
        let mut at = 0;
        for place in 0..customers.len() as u32 {
            starts.push(at);
            at += most[at..].partition_point(|(customer, _)| *customer == place);
        }
        starts.push(at);
        let (mut elsewhere, mut in_other_currencies) = (HashMap::new(), 0);
        for (currency, of) in by_currency {
            in_other_currencies += of.len();
            for theirs in of.chunk_by(|one, other| one.0 == other.0) {
                let place = theirs[0].0 as usize;
                if starts[place] == starts[place + 1] {
                    let purchases = theirs.iter().map(|(_, purchase)| *purchase).collect();
                    elsewhere.entry(place).or_insert(Elsewhere { currency, purchases });
                }
            }
        }
        let purchases: Vec<Purchase> = most.into_iter().map(|(_, purchase)| purchase).collect();
        let all = purchases.iter().chain(elsewhere.values().flat_map(|one| &one.purchases));
        let last = all.map(|purchase| purchase.day).max();
        Ok(Self {
            customers,
            product_lines,
            currency,
            in_other_currencies,
            elsewhere,
            left_aside,
            as_of: last.map_or(counted.today, |last| counted.today.min(last.saturating_add(1))),
            starts,
            purchases,
        })
    }

    /// Customers who bought this, each ascending by day.
    #[cfg(test)]
    pub(super) fn made(of: &[Vec<Purchase>], as_of: i32) -> Self {
        let mut starts = vec![0];
        starts.extend(of.iter().scan(0, |end, one| {
            *end += one.len();
            Some(*end)
        }));
        Self {
            customers: (1..).map(RawId).take(of.len()).collect(),
            product_lines: vec![None; of.len()],
            currency: Some(Currency::CNY),
            in_other_currencies: 0,
            elsewhere: HashMap::new(),
            left_aside: LeftAside::default(),
            as_of,
            starts,
            purchases: of.concat(),
        }
    }

    /// The purchases of the customer at a place, by day.
    #[must_use]
    pub fn of(&self, place: usize) -> &[Purchase] {
        &self.purchases[self.starts[place]..self.starts[place + 1]]
    }

    /// All purchases.
    #[must_use]
    pub fn all(&self) -> &[Purchase] {
        &self.purchases
    }

    /// The places of those who have bought.
    #[must_use]
    pub fn buyers(&self) -> Vec<usize> {
        (0..self.customers.len()).filter(|place| !self.of(*place).is_empty()).collect()
    }

    /// The first and the last day of a purchase.
    #[must_use]
    pub fn range(&self) -> Option<(Date, Date)> {
        let elsewhere = || self.elsewhere.values().flat_map(|one| &one.purchases);
        let days = || self.purchases.iter().chain(elsewhere()).map(|purchase| purchase.day);
        Some((day_of(days().min()?), day_of(days().max()?)))
    }
}

/// The columns of the orders of which [`are_agreed_sales`] asks.
pub(super) const SALE_COLUMNS: [&str; 3] = ["archived_at", "kind", "status"];

/// Whether the order in each row is a sale that was agreed and not put away.
pub(super) fn are_agreed_sales(orders: &Frame) -> Vec<bool> {
    agreed_kinds(orders).into_iter().map(|kind| kind == Some(OrderKind::Sale)).collect()
}

/// What the order in each row is; none for one that was not agreed, or was put away.
fn agreed_kinds(orders: &Frame) -> Vec<Option<OrderKind>> {
    let ((kinds, kind_words), (states, state_words)) =
        (orders.codes("kind"), orders.codes("status"));
    let kind_words: Vec<_> = kind_words.iter().map(|word| OrderKind::from_code(word)).collect();
    let agreed = |word: &String| OrderStatus::from_code(word).is_some_and(OrderStatus::is_agreed);
    let state_words: Vec<bool> = state_words.iter().map(agreed).collect();
    let archived = orders.numbers("archived_at").iter();
    let all = kinds.iter().zip(states).zip(archived);
    let kind_of = |((kind, state), archived): ((&u32, &u32), &i64)| {
        let is_agreed = state_words.get(*state as usize).copied().unwrap_or(false);
        let kind = kind_words.get(*kind as usize).copied().flatten();
        kind.filter(|_| is_agreed && *archived == NO_NUMBER)
    };
    all.map(kind_of).collect()
}

/// The columns of the orders that matter.
struct Orders {
    frame: Frame,
    kinds: Vec<Option<OrderKind>>,
}

impl Orders {
    async fn read(warehouse: &Warehouse, manifest: &Manifest, catalog: &Catalog) -> Result<Self> {
        let described = catalog.get(Order::NAME)?;
        let code = currency_column("total");
        let mut names = vec!["id", "customer", "date", "total", &code];
        names.extend(SALE_COLUMNS);
        let frame = warehouse.frame(manifest, described, &names).await?;
        let kinds = agreed_kinds(&frame);
        Ok(Self { frame, kinds })
    }

    /// The purchases of each currency, by customer, each ascending by day.
    fn by_currency(
        &self,
        places: &HashMap<i64, u32>,
        counted: Counted,
        left_aside: &mut LeftAside,
    ) -> Vec<(Currency, Placed)> {
        let frame = &self.frame;
        let (ids, customers) = (frame.numbers("id"), frame.numbers("customer"));
        let (days, units) = (frame.numbers("date"), frame.numbers("total"));
        let (codes, words) = frame.codes(&currency_column("total"));
        let mut found: Vec<(u32, u32, bool, Purchase)> = Vec::new();
        for at in 0..frame.rows {
            let Some(kind) = self.kinds[at] else { continue };
            let Some(place) = places.get(&customers[at]) else { continue };
            if codes[at] == NO_CODE || units[at] == NO_NUMBER {
                continue;
            }
            // A sale of less than nothing gives back, whatever it is called.
            let gives = kind == OrderKind::Sale && units[at] >= 0;
            let wrong = LeftAside::why(days[at], units[at], counted.today)
                .or_else(|| (!gives && units[at] > 0).then_some("return-above-nothing"));
            let Ok(day) = i32::try_from(days[at]) else { continue };
            if let Some(why) = wrong {
                left_aside.note(Order::NAME, why, ids[at]);
            } else {
                found.push((codes[at], *place, gives, Purchase { day, units: units[at] }));
            }
        }
        found.sort_unstable();
        let mut by_code: HashMap<u32, Placed> = HashMap::new();
        for theirs in found.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            let (code, place) = (theirs[0].0, theirs[0].1);
            let those = |gives: bool| -> Vec<Purchase> {
                theirs.iter().filter(|one| one.2 == gives).map(|one| one.3).collect()
            };
            let purchases = counted.of(those(true), those(false));
            let placed = purchases.into_iter().map(|purchase| (place, purchase));
            by_code.entry(code).or_default().extend(placed);
        }
        let currency = |code: u32| words.get(code as usize)?.parse().ok();
        by_code.into_iter().filter_map(|(code, of)| Some((currency(code)?, of))).collect()
    }
}

impl Counted {
    /// What of a customer's sales and returns counts as purchases, by day.
    pub(super) fn of(self, mut sales: Vec<Purchase>, returns: Vec<Purchase>) -> Vec<Purchase> {
        sales.retain(|one| one.units >= i64::from(!self.free));
        sales.sort_unstable();
        if self.returned { sales } else { net(sales, returns) }
    }
}
