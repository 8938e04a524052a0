//! The purchases of all customers as columns: what every analysis of customers begins with. What came
//! back lessens them, and what cannot be is left aside and named.

use std::collections::HashMap;

use guanxi_base::{Currency, Date, Error, RawId, Result};
use guanxi_record::{Catalog, Choice as _, Record as _};
use guanxi_warehouse::{Frame, Manifest, NO_CODE, NO_NUMBER, Warehouse, currency_column, day_of};

use super::left_aside::LeftAside;
use super::returns::{Net, net};
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
    /// By place, all purchases of those who buy in several currencies, each worth one: when and how
    /// often somebody buys needs no currency.
    pub mixed: HashMap<usize, Vec<Purchase>>,
    /// What cannot be, and what counts otherwise than one might think.
    pub left_aside: LeftAside,
    /// The first day that holds: what is before it was mistyped.
    pub from: i64,
    /// The first day of which nothing is known: tomorrow, or, where nobody has bought for so long
    /// that the data must have ended, the day after the last purchase.
    pub as_of: i32,
    starts: Vec<usize>,
    purchases: Vec<Purchase>,
}

/// What somebody bought: when and how often needs no currency, amounts do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bought<'a> {
    /// All of it by day, in whatever currency.
    pub(super) lived: &'a [Purchase],
    /// What of it is in the currency that amounts are told in, by day.
    pub(super) told: &'a [Purchase],
}

impl Bought<'_> {
    /// Which share of the purchases is told in that currency: what is to come in it is as much of all
    /// that is to come.
    pub(super) fn share(self) -> f64 {
        if self.lived.is_empty() { 0.0 } else { self.told.len() as f64 / self.lived.len() as f64 }
    }

    /// What was bought before a day.
    pub(super) fn before(self, day: i32) -> Self {
        Self { lived: until(self.lived, day - 1), told: until(self.told, day - 1) }
    }
}

/// Those of some purchases, by day, that are not later than a day.
pub(super) fn until(all: &[Purchase], day: i32) -> &[Purchase] {
    &all[..all.partition_point(|one| one.day <= day)]
}

/// For so many days nobody has to buy: then either nobody does any more, or the data have ended.
const SILENT_DAYS: i32 = 90;
/// Fewer purchases than this tell nothing about how long nobody buys at times.
const PACE_MIN: usize = 20;

/// The first day of which nothing is known, after purchases on these days.
fn as_of(mut days: Vec<i32>, today: i32) -> i32 {
    days.sort_unstable();
    let longest = days.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
    match days.last() {
        // Longer than ever before.
        Some(last) if days.len() >= PACE_MIN && today - last > longest.max(SILENT_DAYS) => last + 1,
        _ => today.saturating_add(1),
    }
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
        let orders = Orders::read(warehouse, manifest, catalog).await?;
        // All orders there are: not on a processor that serves people.
        let sorted = tokio::task::spawn_blocking(move || Self::of_orders(&frame, &orders, counted));
        sorted.await.map_err(Error::internal)
    }

    fn of_orders(frame: &Frame, orders: &Orders, counted: Counted) -> Self {
        let (ids, archived) = (frame.numbers("id"), frame.numbers("archived_at"));
        let lines = frame.numbers("product_line");
        let there: Vec<usize> = (0..frame.rows).filter(|at| archived[*at] == NO_NUMBER).collect();
        let customers: Vec<RawId> = there.iter().map(|at| RawId(ids[*at])).collect();
        let product_lines =
            there.iter().map(|at| Some(RawId(lines[*at])).filter(|id| id.0 != NO_NUMBER)).collect();
        let places: HashMap<i64, u32> =
            customers.iter().enumerate().map(|(at, id)| (id.0, at as u32)).collect();
        let from = orders.first_day(counted);
        let mut left_aside = LeftAside::default();
        let mut by_currency = orders.by_currency(&places, (counted, from), &mut left_aside);
        // Of two with as many the one that comes first by its code.
        by_currency.sort_by_key(|(currency, of)| {
            (std::cmp::Reverse(of.len()), currency.code().to_owned())
        });
        let days = by_currency.iter().flat_map(|(_, of)| of).map(|(_, one)| one.day).collect();
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
        let purchases: Vec<Purchase> = most.into_iter().map(|(_, purchase)| purchase).collect();
        let mut this = Self {
            customers,
            product_lines,
            currency,
            in_other_currencies: 0,
            elsewhere: HashMap::new(),
            mixed: HashMap::new(),
            left_aside,
            from,
            as_of: as_of(days, counted.today),
            starts,
            purchases,
        };
        this.add_others(by_currency);
        this
    }

    /// Adds the purchases in other currencies than that of most.
    fn add_others(&mut self, others: impl Iterator<Item = (Currency, Placed)>) {
        for (currency, of) in others {
            self.in_other_currencies += of.len();
            for theirs in of.chunk_by(|one, other| one.0 == other.0) {
                let place = theirs[0].0 as usize;
                let purchases: Vec<Purchase> = theirs.iter().map(|(_, one)| *one).collect();
                let known =
                    self.mixed.get(&place).map_or_else(|| self.alone(place), |all| &all[..]);
                if !known.is_empty() {
                    let all = worth_one(known.iter().chain(&purchases));
                    self.mixed.insert(place, all);
                }
                if self.of(place).is_empty() {
                    self.elsewhere.entry(place).or_insert(Elsewhere { currency, purchases });
                }
            }
        }
    }

    /// The purchases of the customer at a place in the one currency that is told of them.
    fn alone(&self, place: usize) -> &[Purchase] {
        match self.elsewhere.get(&place) {
            Some(other) => &other.purchases,
            None => self.of(place),
        }
    }

    /// When and how often the customer at a place bought, in whatever currency, by day.
    #[must_use]
    pub fn lived(&self, place: usize) -> &[Purchase] {
        self.mixed.get(&place).map_or_else(|| self.alone(place), |all| &all[..])
    }

    /// What the customer at a place bought, told in the currency of most purchases.
    pub(super) fn told(&self, place: usize) -> Bought<'_> {
        Bought { lived: self.lived(place), told: self.of(place) }
    }

    /// The days of all purchases, in whatever currency; some more than once.
    pub(super) fn days(&self) -> impl Iterator<Item = i32> {
        let elsewhere = self.elsewhere.values().flat_map(|one| &one.purchases);
        let others = elsewhere.chain(self.mixed.values().flatten());
        self.purchases.iter().chain(others).map(|purchase| purchase.day)
    }

    /// The day as of which everything is said: the company's today, or the day of the last purchase
    /// where the data have ended.
    #[must_use]
    pub fn day(&self) -> i32 {
        self.as_of - 1
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
            mixed: HashMap::new(),
            left_aside: LeftAside::default(),
            from: i64::MIN,
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
        Some((day_of(self.days().min()?), day_of(self.days().max()?)))
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

    /// The first day that holds, among those that can be.
    fn first_day(&self, counted: Counted) -> i64 {
        let days = self.frame.numbers("date").iter().zip(&self.kinds);
        let days = days.filter(|(_, kind)| kind.is_some()).map(|(day, _)| *day);
        let can_be = |day: &i64| LeftAside::why(*day, 0, counted.today).is_none();
        LeftAside::first_day(&mut days.filter(can_be).collect::<Vec<_>>())
    }

    /// The purchases of each currency, by customer, each ascending by day.
    fn by_currency(
        &self,
        places: &HashMap<i64, u32>,
        (counted, from): (Counted, i64),
        left_aside: &mut LeftAside,
    ) -> Vec<(Currency, Placed)> {
        let frame = &self.frame;
        let (ids, customers) = (frame.numbers("id"), frame.numbers("customer"));
        let (days, units) = (frame.numbers("date"), frame.numbers("total"));
        let (codes, words) = frame.codes(&currency_column("total"));
        let word = |code: u32| words.get(code as usize).map_or("", String::as_str);
        let mut found: Vec<Found> = Vec::new();
        for at in 0..frame.rows {
            let Some(kind) = self.kinds[at] else { continue };
            let (id, code) = (ids[at], codes[at]);
            let amount = Some(units[at]).filter(|units| code != NO_CODE && *units != NO_NUMBER);
            let worth = (amount.unwrap_or_default(), word(code));
            let Some(place) = places.get(&customers[at]).copied() else {
                let why = match customers[at] {
                    NO_NUMBER => "without-customer",
                    _ => "customer-archived",
                };
                left_aside.note_amount((Order::NAME, why), id, worth);
                continue;
            };
            match counted.part(kind, (days[at], from), amount) {
                Part::Aside(why) => left_aside.note_amount((Order::NAME, why), id, worth),
                Part::Sold(one) => found.push(Found { code, place, came_back: false, one, id }),
                Part::CameBack(one) => {
                    if kind == OrderKind::Sale {
                        left_aside.note_amount((Order::NAME, "sale-below-nothing"), id, worth);
                    }
                    found.push(Found { code, place, came_back: true, one, id });
                }
            }
        }
        found.sort_unstable();
        for of in found.chunk_by(|one, other| one.code == other.code) {
            stand_out(of, word(of[0].code), left_aside);
        }
        let mut by_code: HashMap<u32, Placed> = HashMap::new();
        for theirs in
            found.chunk_by(|one, other| (one.code, one.place) == (other.code, other.place))
        {
            let (code, place) = (theirs[0].code, theirs[0].place);
            // Sales come first.
            let (sales, returns) = theirs.split_at(theirs.partition_point(|one| !one.came_back));
            let those = |of: &[Found]| of.iter().map(|found| found.one).collect::<Vec<_>>();
            let net = counted.net(those(sales), &those(returns));
            for (at, units) in net.beyond {
                let beyond = (Order::NAME, "return-beyond-sales");
                left_aside.note_amount(beyond, returns[at].id, (-units, word(code)));
            }
            let placed = net.purchases.into_iter().map(|purchase| (place, purchase));
            by_code.entry(code).or_default().extend(placed);
        }
        let currency = |code: u32| word(code).parse().ok();
        by_code.into_iter().filter_map(|(code, of)| Some((currency(code)?, of))).collect()
    }
}

/// An order that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    code: u32,
    place: u32,
    came_back: bool,
    one: Purchase,
    id: i64,
}

/// Names what is a thousand times as large as all others in its currency: it counts, but it may be
/// mistyped.
fn stand_out(of: &[Found], currency: &str, left_aside: &mut LeftAside) {
    let mut units: Vec<i64> =
        of.iter().filter(|one| !one.came_back).map(|found| found.one.units).collect();
    let Some(least) = LeftAside::stands_out(&mut units) else { return };
    for found in of.iter().filter(|found| found.one.units >= least) {
        let worth = (found.one.units, currency);
        left_aside.note_amount((Order::NAME, "stands-out"), found.id, worth);
    }
}

/// Purchases by day, each worth one.
pub(super) fn worth_one<'a>(all: impl Iterator<Item = &'a Purchase>) -> Vec<Purchase> {
    let mut all: Vec<Purchase> =
        all.map(|one| Purchase { day: one.day, units: guanxi_base::Money::ONE }).collect();
    all.sort_unstable();
    all
}

/// What an agreed order is among the purchases of its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Something was sold.
    Sold(Purchase),
    /// Something came back, with an amount of nothing or below.
    CameBack(Purchase),
    /// It does not count, because of this.
    Aside(&'static str),
}

impl Counted {
    /// What an agreed order of this day and amount is, where days hold from one on.
    pub(super) fn part(self, kind: OrderKind, (day, from): (i64, i64), units: Option<i64>) -> Part {
        if let Some(why) = LeftAside::why(day, units.unwrap_or_default(), self.today) {
            return Part::Aside(why);
        }
        let Ok(day) = i32::try_from(day) else { return Part::Aside("before-1900") };
        let Some(units) = units else { return Part::Aside("without-amount") };
        let one = Purchase { day, units };
        match kind {
            _ if i64::from(day) < from => Part::Aside("long-before"),
            // A sale of less than nothing gives back, whatever it is called.
            OrderKind::Sale if units == 0 && !self.free => Part::Aside("worth-nothing"),
            OrderKind::Sale if units >= 0 => Part::Sold(one),
            _ if units > 0 => Part::Aside("return-above-nothing"),
            _ => Part::CameBack(one),
        }
    }

    /// What of a customer's sales and returns in one currency counts as purchases, and what came
    /// back beyond them.
    pub(super) fn net(self, mut sales: Vec<Purchase>, returns: &[Purchase]) -> Net {
        sales.retain(|one| one.units >= i64::from(!self.free));
        sales.sort_unstable();
        if self.returned {
            return Net { purchases: sales, beyond: Vec::new() };
        }
        net(sales, returns)
    }

    /// What of a customer's sales and returns counts as purchases, by day.
    #[cfg(test)]
    pub(super) fn of(self, sales: Vec<Purchase>, returns: Vec<Purchase>) -> Vec<Purchase> {
        self.net(sales, &returns).purchases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_said_as_of_today_unless_the_data_have_ended() {
        let with = |more: &[i32]| -> Vec<i32> { (1..=25).chain(more.to_vec()).collect() };
        assert_eq!(as_of(vec![], 100), 101);
        assert_eq!(as_of(with(&[]), 115), 116);
        assert_eq!(as_of(with(&[]), 116), 26);
        // Such a time without a purchase there was before.
        assert_eq!(as_of(with(&[225]), 425), 426);
        assert_eq!(as_of(with(&[225]), 426), 226);
        // Of few purchases nobody knows how often they come.
        assert_eq!(as_of(vec![1, 25], 400), 401);
    }
}
