//! What customers bought, order by order: the purchases of the analyses, as far as somebody may see
//! them. What came back whole, is dated after today or is worth nothing is no purchase here either.

use std::sync::Arc;

use guanxi_base::{Currency, Result};
use guanxi_record::{Choice as _, Filter, Op, Record as _};
use guanxi_warehouse::{Column, Mask, NO_CODE, NO_NUMBER, currency_column};

use super::choosing::Choosing;
use crate::insights::{TableOrder, sold};
use crate::people::Customer;
use crate::sales::{Order, OrderKind, agreed_orders};

/// What must be seen of orders.
pub(super) const ORDER_FIELDS: [&str; 6] =
    ["customer", "date", "status", "kind", "total", "channel"];

/// The purchases that somebody may see.
pub(super) struct Bought {
    /// Whether the order in each row is a purchase.
    pub(super) counts: Mask,
    /// What is left of it, in 1/10,000 of the unit.
    pub(super) units: Vec<i64>,
    /// The currency of most of them, and which are in it.
    pub(super) currency: Option<Currency>,
    pub(super) in_currency: Mask,
    /// The customer's row.
    customers: Arc<Column>,
}

impl Bought {
    /// Reads them.
    ///
    /// # Errors
    /// When the database or the warehouse fails.
    pub(super) async fn read(choosing: &Choosing) -> Result<Self> {
        let agreed = agreed_orders("").and(Filter::compare("customer", Op::Empty, false));
        let seen = choosing.mask(Order::NAME, &agreed).await?;
        // Purchases of who was put away count nowhere.
        let there = choosing.mask(Customer::NAME, &Filter::everything()).await?;
        let customers = choosing.places((Order::NAME, "customer"), Customer::NAME).await?;
        let days = choosing.column(Order::NAME, "date").await?;
        let totals = choosing.column(Order::NAME, "total").await?;
        let code = currency_column("total");
        let currencies = choosing.column(Order::NAME, &code).await?;
        let kinds = choosing.column(Order::NAME, "kind").await?;
        let (kinds, words) = kinds.codes();
        let words: Vec<_> = words.iter().map(|word| OrderKind::from_code(word)).collect();
        let (codes, currency_words) = currencies.codes();
        let order = |row: usize| {
            let customer = customers.codes().0[row];
            let is_there = there.get(customer as usize).copied().unwrap_or(false);
            let units = totals.numbers()[row];
            Some(TableOrder {
                row,
                customer: Some(customer).filter(|_| is_there && seen[row])?,
                currency: codes[row],
                kind: words.get(kinds[row] as usize).copied().flatten()?,
                day: days.numbers()[row],
                units: Some(units).filter(|units| codes[row] != NO_CODE && *units != NO_NUMBER),
            })
        };
        let found = sold((0..seen.len()).filter_map(order), choosing.counting().await?);
        let (mut counts, mut units) = (vec![false; seen.len()], vec![0; seen.len()]);
        let mut of_currency = vec![0_usize; currency_words.len()];
        for (row, left) in found {
            (counts[row], units[row]) = (true, left);
            of_currency[codes[row] as usize] += 1;
        }
        // Of two with as many the one that comes first by its code, as everywhere.
        let most = (0..of_currency.len())
            .filter(|place| of_currency[*place] > 0)
            .min_by_key(|place| (std::cmp::Reverse(of_currency[*place]), &currency_words[*place]));
        let in_most = |row: usize| counts[row] && Some(codes[row] as usize) == most;
        let in_currency = (0..counts.len()).map(in_most).collect();
        let currency = most.and_then(|place| currency_words[place].parse().ok());
        Ok(Self { counts, units, currency, in_currency, customers })
    }

    /// The rows of the purchases.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        (0..self.counts.len()).filter(|row| self.counts[*row])
    }

    /// Whose the order in a row is, by the row of the customer.
    pub(super) fn customer(&self, row: usize) -> usize {
        self.customers.codes().0[row] as usize
    }

    /// Of each of so many customers whether they have bought.
    pub(super) fn buyers(&self, customers: usize) -> Mask {
        let mut buyers = vec![false; customers];
        self.rows().for_each(|row| {
            if let Some(one) = buyers.get_mut(self.customer(row)) {
                *one = true;
            }
        });
        buyers
    }
}
