//! The purchases of all customers as columns: what every analysis of customers begins with.

use std::collections::HashMap;

use guanxi_base::{Currency, Date, RawId, Result};
use guanxi_record::{Catalog, Choice as _, Record as _};
use guanxi_warehouse::{Frame, Manifest, NO_CODE, NO_NUMBER, Warehouse, currency_column, day_of};

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

/// The purchases of all customers, in one currency.
///
/// A purchase is an order that is a sale, agreed, and worth more than nothing, unless free ones are
/// asked for too; what came back later is another order and does not lessen it.
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
    /// The day as of which everything is said: after the last purchase, but not after today.
    pub as_of: i32,
    starts: Vec<usize>,
    purchases: Vec<Purchase>,
}

impl Purchases {
    /// Reads them from the warehouse.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub async fn read(
        warehouse: &Warehouse,
        manifest: &Manifest,
        catalog: &Catalog,
        (today, counts_free): (i32, bool),
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
        let orders = Orders::read(warehouse, manifest, catalog, counts_free).await?;
        let places: HashMap<i64, u32> =
            customers.iter().enumerate().map(|(at, id)| (id.0, at as u32)).collect();
        let (currency, in_other_currencies) = orders.most_used(&places);
        let mut found: Vec<(u32, Purchase)> = orders
            .all(currency)
            .filter_map(|(customer, purchase)| Some((*places.get(&customer)?, purchase)))
            .collect();
        found.sort_unstable();
        let mut starts = Vec::with_capacity(customers.len() + 1);
        let mut at = 0;
        for place in 0..customers.len() as u32 {
            starts.push(at);
            at += found[at..].partition_point(|(customer, _)| *customer == place);
        }
        starts.push(at);
        let last = found.iter().map(|(_, purchase)| purchase.day).max();
        Ok(Self {
            customers,
            product_lines,
            currency,
            in_other_currencies,
            as_of: last.map_or(today, |last| today.min(last + 1)),
            starts,
            purchases: found.into_iter().map(|(_, purchase)| purchase).collect(),
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
        let days = || self.purchases.iter().map(|purchase| purchase.day);
        Some((day_of(days().min()?), day_of(days().max()?)))
    }
}

/// The columns of the orders of which [`are_agreed_sales`] asks.
pub(super) const SALE_COLUMNS: [&str; 3] = ["archived_at", "kind", "status"];

/// Whether the order in each row is a sale that was agreed and not put away.
pub(super) fn are_agreed_sales(orders: &Frame) -> Vec<bool> {
    let fits = |name: &str, word: &dyn Fn(&str) -> bool| -> Vec<bool> {
        let (codes, words) = orders.codes(name);
        let words: Vec<bool> = words.iter().map(|one| word(one)).collect();
        codes.iter().map(|code| words.get(*code as usize).copied().unwrap_or(false)).collect()
    };
    let is_sale = fits("kind", &|code| code == OrderKind::Sale.code());
    let is_agreed =
        fits("status", &|code| OrderStatus::from_code(code).is_some_and(OrderStatus::is_agreed));
    let is_there = orders.numbers("archived_at").iter().map(|at| *at == NO_NUMBER);
    let all = is_sale.into_iter().zip(is_agreed).zip(is_there);
    all.map(|((sale, agreed), there)| sale && agreed && there).collect()
}

/// The columns of the orders that matter.
struct Orders {
    frame: Frame,
    /// Whether the order in each row is an agreed sale.
    sales: Vec<bool>,
    /// Worth at least this.
    least: i64,
}

impl Orders {
    async fn read(
        warehouse: &Warehouse,
        manifest: &Manifest,
        catalog: &Catalog,
        counts_free: bool,
    ) -> Result<Self> {
        let described = catalog.get(Order::NAME)?;
        let code = currency_column("total");
        let mut names = vec!["customer", "date", "total", &code];
        names.extend(SALE_COLUMNS);
        let frame = warehouse.frame(manifest, described, &names).await?;
        let sales = are_agreed_sales(&frame);
        Ok(Self { frame, sales, least: i64::from(!counts_free) })
    }

    /// Customer, currency code and purchase of every order that is one.
    fn purchases(&self) -> impl Iterator<Item = (i64, u32, Purchase)> {
        let frame = &self.frame;
        let (customers, days) = (frame.numbers("customer"), frame.numbers("date"));
        let (units, currencies) =
            (frame.numbers("total"), frame.codes(&currency_column("total")).0);
        (0..frame.rows).filter_map(move |at| {
            let is_purchase = self.sales[at]
                && customers[at] != NO_NUMBER
                && units[at] >= self.least
                && currencies[at] != NO_CODE;
            let day = i32::try_from(days[at]).ok()?;
            is_purchase.then(|| (customers[at], currencies[at], Purchase { day, units: units[at] }))
        })
    }

    /// The currency of most purchases, and how many are in others.
    fn most_used(&self, places: &HashMap<i64, u32>) -> (Option<Currency>, usize) {
        let words = self.frame.codes(&currency_column("total")).1;
        let mut counts = vec![0_usize; words.len()];
        for (customer, currency, _) in self.purchases() {
            counts[currency as usize] += usize::from(places.contains_key(&customer));
        }
        let most = (0..counts.len()).max_by_key(|code| counts[*code]);
        let all: usize = counts.iter().sum();
        match most {
            Some(most) if counts[most] > 0 => (words[most].parse().ok(), all - counts[most]),
            _ => (None, 0),
        }
    }

    fn all(&self, currency: Option<Currency>) -> impl Iterator<Item = (i64, Purchase)> {
        let words = self.frame.codes(&currency_column("total")).1;
        let wanted = currency.and_then(|currency| {
            words.iter().position(|word| word == currency.code()).map(|at| at as u32)
        });
        self.purchases()
            .filter(move |(_, code, _)| Some(*code) == wanted)
            .map(|(customer, _, purchase)| (customer, purchase))
    }
}
