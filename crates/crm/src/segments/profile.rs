//! What chosen customers are like, against all: what they buy and how, what they are worth, what
//! service they need. Told from the orders, lines and cases that the reader may see.

use guanxi_base::{Currency, RawId, Result};
use guanxi_record::{Filter, Record as _};
use guanxi_warehouse::{Mask, NO_CODE, NO_NUMBER, NO_PLACE, count, currency_column, day_of};

use super::bought::{Bought, ORDER_FIELDS};
use super::choosing::Choosing;
use super::prices::Prices;
use crate::catalog::{Product, ProductCategory};
use crate::people::Customer;
use crate::sales::{Order, OrderLine};
use crate::service::Case;

/// So many months of a trend.
const MONTHS: usize = 12;
/// So many categories and products are told.
const TOLD: usize = 10;
/// What must be seen of the lines of orders.
const LINE_FIELDS: [&str; 5] = ["order", "product", "quantity", "amount", "discount"];

/// A part of the whole, of the chosen customers and of all.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// What it is of: a code, or an id.
    pub of: String,
    /// Of the chosen, from 0 to 1.
    pub chosen: f64,
    /// Of all.
    pub all: f64,
}

/// What customers are like.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// How many, with how many buyers.
    pub customers: (usize, usize),
    /// The same of all.
    pub all_customers: (usize, usize),
    /// The currency of most purchases: amounts of others are left out.
    pub currency: Option<Currency>,
    /// Named figures of the chosen and of all; `None` where there is nothing to tell it from.
    pub figures: Vec<(&'static str, Option<f64>, Option<f64>)>,
    /// Shares of what they spend, by product category (its id), the largest first.
    pub categories: Vec<Share>,
    /// The same by product.
    pub products: Vec<Share>,
    /// Shares of their orders, by sales channel.
    pub channels: Vec<Share>,
    /// Shares of what they spent in each of the last months, the first day of each.
    pub months: Vec<Share>,
}

/// Sums over some rows and over all.
#[derive(Default)]
struct Sums(Vec<[f64; 2]>);

impl Sums {
    fn add(&mut self, place: usize, value: f64, chosen: bool) {
        if self.0.len() <= place {
            self.0.resize(place + 1, [0.0; 2]);
        }
        self.0[place][1] += value;
        if chosen {
            self.0[place][0] += value;
        }
    }

    fn at(&self, place: usize) -> [f64; 2] {
        self.0.get(place).copied().unwrap_or_default()
    }

    fn shares(&self, name: &dyn Fn(usize) -> String) -> Vec<Share> {
        let totals = [0, 1].map(|side| self.0.iter().map(|sums| sums[side]).sum::<f64>());
        let part = |sum: f64, total: f64| if total > 0.0 { sum / total } else { 0.0 };
        let share = |(place, sums): (usize, &[f64; 2])| Share {
            of: name(place),
            chosen: part(sums[0], totals[0]),
            all: part(sums[1], totals[1]),
        };
        self.0.iter().enumerate().map(share).filter(|one| one.all > 0.0).collect()
    }
}

/// Which of these rows have a field of money in a currency.
async fn in_one_currency(
    choosing: &Choosing,
    (of, field): (&str, &str),
    rows: &Mask,
    wanted: Option<Currency>,
) -> Result<Mask> {
    let column = choosing.column(of, &currency_column(field)).await?;
    let (codes, words) = column.codes();
    let place = wanted.and_then(|wanted| words.iter().position(|word| word == wanted.code()));
    let code = place.and_then(|place| u32::try_from(place).ok());
    Ok(codes.iter().zip(rows).map(|(one, row)| *row && Some(*one) == code).collect())
}

/// A mean where there is something to take it of.
fn mean(sum: f64, number: f64) -> Option<f64> {
    (number > 0.0).then(|| sum / number)
}

/// Compares chosen customers with all whom the Actor may see.
///
/// # Errors
/// `Forbidden` without a right to see orders and products; when the warehouse fails.
pub async fn profile(choosing: &Choosing, chosen: &Mask) -> Result<Profile> {
    let rights = &choosing.actor().rights;
    if !rights.reads_all(Order::NAME, &ORDER_FIELDS)
        || !rights.reads_all(OrderLine::NAME, &LINE_FIELDS)
    {
        return Err(guanxi_base::Error::Forbidden);
    }
    let everyone = choosing.mask(Customer::NAME, &Filter::everything()).await?;
    let mut found = Profile {
        customers: (count(chosen), 0),
        all_customers: (count(&everyone), 0),
        ..Profile::default()
    };
    let bought = Bought::read(choosing).await?;
    found.currency = bought.currency;
    let buyers = bought.buyers(everyone.len());
    let few = chosen.iter().zip(&buyers).filter(|(chosen, buys)| **chosen && **buys).count();
    (found.customers.1, found.all_customers.1) = (few, count(&buyers));
    let is_chosen = |row: usize| chosen.get(bought.customer(row)).copied().unwrap_or(false);
    let of_chosen: Vec<bool> = (0..bought.counts.len()).map(is_chosen).collect();
    purchases(choosing, (&bought, &of_chosen), &mut found).await?;
    lines(choosing, (&bought, &of_chosen), &mut found).await?;
    service(choosing, chosen, &mut found).await?;
    Ok(found)
}

/// How often they bought, for how much, by which channel and when.
async fn purchases(
    choosing: &Choosing,
    (bought, of_chosen): (&Bought, &[bool]),
    found: &mut Profile,
) -> Result<()> {
    let days = choosing.column(Order::NAME, "date").await?;
    let channels = choosing.column(Order::NAME, "channel").await?;
    let (codes, words) = channels.codes();
    let last = bought.rows().map(|row| days.numbers()[row]).max();
    let month = |day: i64| i32::try_from(day).ok().map(|day| day_of(day).first_of_month());
    let last_month = last.and_then(month);
    let (mut by_channel, mut by_month) = (Sums::default(), Sums::default());
    let (mut orders, mut sold, mut revenue) = ([0.0; 2], [0.0; 2], [0.0; 2]);
    for row in bought.rows() {
        let (is_known, chosen) = (bought.in_currency[row], of_chosen[row]);
        let units = if is_known { bought.units[row] as f64 / 1e4 } else { 0.0 };
        for side in [0, 1].into_iter().filter(|side| *side == 1 || chosen) {
            orders[side] += 1.0;
            sold[side] += f64::from(u8::from(is_known));
            revenue[side] += units;
        }
        if codes[row] != NO_CODE {
            by_channel.add(codes[row] as usize, 1.0, chosen);
        }
        if let (Some(last), Some(of)) = (last_month, month(days.numbers()[row])) {
            let back = (i32::from(last.year()) - i32::from(of.year())) * 12
                + i32::from(last.month())
                - i32::from(of.month());
            if let Ok(back) = usize::try_from(back)
                && back < MONTHS
            {
                by_month.add(MONTHS - 1 - back, units, chosen);
            }
        }
    }
    let buyers = [found.customers.1, found.all_customers.1];
    let [few, all] = [0, 1]
        .map(|side| (mean(orders[side], buyers[side] as f64), mean(revenue[side], sold[side])));
    found.figures.push(("orders", few.0, all.0));
    found.figures.push(("order-value", few.1, all.1));
    found.channels = by_channel.shares(&|place| words[place].clone());
    if let Some(last) = last_month {
        found.months = by_month.shares(&|place| {
            let back = guanxi_base::Span::new().months((MONTHS - 1 - place) as i64);
            last.saturating_sub(back).to_string()
        });
    }
    Ok(())
}

/// What they buy, how much of it at a discount, and how they look at prices.
async fn lines(
    choosing: &Choosing,
    (bought, of_chosen): (&Bought, &[bool]),
    found: &mut Profile,
) -> Result<()> {
    let counts = choosing.mask(OrderLine::NAME, &Filter::everything()).await?;
    let of_order = choosing.places((OrderLine::NAME, "order"), Order::NAME).await?;
    let of_product = choosing.places((OrderLine::NAME, "product"), Product::NAME).await?;
    let categories = choosing.column(Product::NAME, "category").await?;
    let places = choosing.places((Product::NAME, "category"), ProductCategory::NAME).await?;
    let amounts = choosing.column(OrderLine::NAME, "amount").await?;
    let discounts = choosing.column(OrderLine::NAME, "discount").await?;
    let quantities = choosing.column(OrderLine::NAME, "quantity").await?;
    let days = choosing.column(Order::NAME, "date").await?;
    let amount_of = (OrderLine::NAME, "amount");
    let in_currency = in_one_currency(choosing, amount_of, &counts, bought.currency).await?;
    let (mut by_category, mut by_product) = (Sums::default(), Sums::default());
    let (mut reduced, mut prices) = (Sums::default(), Prices::default());
    let products = choosing.column(Product::NAME, "id").await?;
    let mut ids: Vec<i64> = Vec::new();
    for row in (0..counts.len()).filter(|row| counts[*row]) {
        let order = of_order.codes().0[row] as usize;
        if !bought.counts.get(order).copied().unwrap_or(false) {
            continue;
        }
        let (chosen, amount) = (of_chosen[order], amounts.numbers()[row]);
        let is_known = in_currency[row] && amount != NO_NUMBER;
        let amount = if is_known { amount as f64 } else { 0.0 };
        let is_reduced = discounts.numbers()[row] > 0;
        reduced.add(usize::from(is_reduced), 1.0, chosen);
        let product = of_product.codes().0[row] as usize;
        if product < products.numbers().len() {
            by_product.add(product, amount, chosen);
            let line = (quantities.numbers()[row] as f64, amount);
            prices.add(of_product.codes().0[row], days.numbers()[order], line, chosen);
        }
        if let Some(place) = places.codes().0.get(product).filter(|place| **place != NO_PLACE) {
            let place = *place as usize;
            if ids.len() <= place {
                ids.resize(place + 1, NO_NUMBER);
            }
            ids[place] = categories.numbers()[product];
            by_category.add(place, amount, chosen);
        }
    }
    let [few, all] =
        [0, 1].map(|side| mean(reduced.at(1)[side], reduced.at(0)[side] + reduced.at(1)[side]));
    found.figures.push(("reduced", few, all));
    let [few, all] = prices.elasticities();
    found.figures.push(("price-elasticity", few, all));
    let category = |place: usize| ids.get(place).copied().unwrap_or(NO_NUMBER);
    found.categories = most(by_category.shares(&|place| RawId(category(place)).to_string()));
    let id = |place: usize| RawId(products.numbers()[place]).to_string();
    found.products = most(by_product.shares(&id));
    Ok(())
}

/// The largest shares.
fn most(mut shares: Vec<Share>) -> Vec<Share> {
    shares.sort_by(|a, b| b.chosen.total_cmp(&a.chosen));
    shares.truncate(TOLD);
    shares
}

/// How often they need service, and what analyses expect of them.
async fn service(choosing: &Choosing, chosen: &Mask, found: &mut Profile) -> Result<()> {
    let rights = &choosing.actor().rights;
    if rights.reads_all(Case::NAME, &["customer"]) {
        let cases = choosing.mask(Case::NAME, &Filter::everything()).await?;
        let places = choosing.places((Case::NAME, "customer"), Customer::NAME).await?;
        let mut sums = [0.0; 2];
        for (place, _) in places.codes().0.iter().zip(&cases).filter(|(_, seen)| **seen) {
            sums[1] += 1.0;
            let is_chosen = chosen.get(*place as usize).copied().unwrap_or(false);
            sums[0] += f64::from(u8::from(is_chosen));
        }
        let few = mean(sums[0] * 100.0, found.customers.0 as f64);
        found.figures.push(("cases", few, mean(sums[1] * 100.0, found.all_customers.0 as f64)));
    }
    if rights.reads_all(Case::NAME, &["customer", "cost"]) {
        cost(choosing, chosen, found).await?;
    }
    let everyone = choosing.mask(Customer::NAME, &Filter::everything()).await?;
    for (field, figure, unit) in
        [("churn_risk", "risk", 1e6), ("expected_purchases", "expected", 1e6)]
    {
        if rights.reads(Customer::NAME, field) {
            let column = choosing.column(Customer::NAME, field).await?;
            let mean_of = |mask: &Mask| {
                let known = column.numbers().iter().zip(mask);
                let known = known.filter(|(value, one)| **one && **value != NO_NUMBER);
                let (sum, number) = known.fold((0.0, 0.0), |(sum, number), (value, _)| {
                    (sum + *value as f64 / unit, number + 1.0)
                });
                mean(sum, number)
            };
            found.figures.push((figure, mean_of(chosen), mean_of(&everyone)));
        }
    }
    Ok(())
}

/// What serving them cost, for each customer, in the currency of the sales.
async fn cost(choosing: &Choosing, chosen: &Mask, found: &mut Profile) -> Result<()> {
    let cases = choosing.mask(Case::NAME, &Filter::everything()).await?;
    let cost_of = (Case::NAME, "cost");
    let known = in_one_currency(choosing, cost_of, &cases, found.currency).await?;
    let places = choosing.places((Case::NAME, "customer"), Customer::NAME).await?;
    let costs = choosing.column(Case::NAME, "cost").await?;
    let mut sums = [0.0; 2];
    for row in (0..known.len()).filter(|row| known[*row]) {
        let units = costs.numbers()[row] as f64 / 1e4;
        sums[1] += units;
        let place = places.codes().0[row] as usize;
        sums[0] += if chosen.get(place).copied().unwrap_or(false) { units } else { 0.0 };
    }
    let customers = [found.customers.0 as f64, found.all_customers.0 as f64];
    // Where no case says what it cost, nothing is known, which is not nothing.
    let [few, all] = [0, 1].map(|side| mean(sums[side], customers[side]).filter(|_| sums[1] > 0.0));
    found.figures.push(("service-cost", few, all));
    Ok(())
}
