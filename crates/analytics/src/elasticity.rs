//! How much less is sold when it costs more.
//!
//! ln(quantity) = ε ln(price) + product + period: the fixed effects take away what makes products dear
//! and periods busy, so that ε is what a change of the price does to the same product at the same time
//! (Wooldridge, *Econometric Analysis of Cross Section and Panel Data*, 2nd ed. (2010), chapter 10). The
//! effects are taken out by turns (Guimarães & Portugal, *Stata Journal* 10, 2010), standard errors hold
//! however the errors of one product hang together (Liang & Zeger, *Biometrika* 73, 1986).
//!
//! Prices that were set because demand was foreseen still mislead: only prices changed by chance, or
//! for reasons of cost, tell the truth. [`Elasticity::is_usable`] says no where prices hardly moved.
//!
//! ```
//! use guanxi_analytics::elasticity::{Sales, elasticity};
//! // Two products in three weeks; the price of the first fell in the second week, and twice as many of
//! // it were sold.
//! let sales = Sales {
//!     product: &[1, 1, 1, 2, 2, 2],
//!     period: &[1, 2, 3, 1, 2, 3],
//!     price: &[10.0, 7.0, 10.0, 5.0, 5.0, 5.0],
//!     quantity: &[40.0, 80.0, 40.0, 90.0, 90.0, 90.0],
//! };
//! let found = elasticity(&sales, 0.95)?;
//! assert!((found.value - 2_f64.ln() / 0.7_f64.ln()).abs() < 1e-9);
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

use std::collections::BTreeMap;

use crate::error::{each, parameter, same_length};
use crate::interval::half_width;
use crate::{Error, Result};

/// What was sold, a row for each product and period.
#[derive(Debug, Clone, Copy)]
pub struct Sales<'a> {
    /// Whose sales hang together: product, or product and shop.
    pub product: &'a [u32],
    /// When.
    pub period: &'a [u32],
    /// The price of one, more than 0.
    pub price: &'a [f64],
    /// How many were sold, more than 0; leave out or add up rows without any.
    pub quantity: &'a [f64],
}

/// A price elasticity of demand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elasticity {
    /// By how many percent the quantity changes when the price rises by 1 %.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// It lies from here
    pub low: f64,
    /// to here, with the confidence asked for.
    pub high: f64,
    /// The share of the variance within products and periods that the price accounts for.
    pub within_r_squared: f64,
    /// The standard deviation of the logarithm of the price within products and periods.
    pub price_spread: f64,
    /// How many rows it is from.
    pub rows: usize,
}

impl Elasticity {
    /// Whether prices moved enough (by 1 % at least) and demand falls with them for sure.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.price_spread >= 0.01 && self.high < 0.0
    }

    /// The price that brings the most profit at this cost of one, if demand keeps this elasticity;
    /// none where a higher price always brings more (an elasticity from −1 up).
    #[must_use]
    pub fn best_price(&self, cost: f64) -> Option<f64> {
        (self.value < -1.0).then(|| cost * self.value / (self.value + 1.0))
    }
}

/// Takes the means of groups out of a column, of two groupings by turns, until nothing moves.
fn within(column: &mut [f64], groupings: [&[usize]; 2], counts: [&[f64]; 2]) {
    const ROUNDS: usize = 10_000;
    for _ in 0..ROUNDS {
        let mut moved = 0.0_f64;
        for (groups, counts) in groupings.into_iter().zip(counts) {
            let mut means = vec![0.0; counts.len()];
            column.iter().zip(groups).for_each(|(value, group)| means[*group] += value);
            means.iter_mut().zip(counts).for_each(|(mean, count)| *mean /= count);
            moved = means.iter().fold(moved, |most, mean| most.max(mean.abs()));
            column.iter_mut().zip(groups).for_each(|(value, group)| *value -= means[*group]);
        }
        if moved < 1e-12 {
            break;
        }
    }
}

/// The places of names, and how often each occurs.
fn places(names: &[u32]) -> (Vec<usize>, Vec<f64>) {
    let mut known: BTreeMap<u32, usize> = BTreeMap::new();
    let mut counts = Vec::new();
    let places = names
        .iter()
        .map(|name| {
            let place = *known.entry(*name).or_insert(counts.len());
            if place == counts.len() {
                counts.push(0.0);
            }
            counts[place] += 1.0;
            place
        })
        .collect();
    (places, counts)
}

impl Sales<'_> {
    fn check(&self) -> Result<()> {
        let count = self.price.len();
        same_length("price", count, count)?;
        same_length("product", self.product.len(), count)?;
        same_length("period", self.period.len(), count)?;
        same_length("quantity", self.quantity.len(), count)?;
        each("price", self.price, "must be more than 0", |price| price > 0.0)?;
        each("quantity", self.quantity, "must be more than 0", |quantity| quantity > 0.0)
    }
}

/// Estimates one elasticity for all rows.
///
/// # Errors
/// When columns are empty or of different lengths, a price or quantity is not more than 0, no price
/// ever differed within a product, or there are fewer than two products or too few rows.
pub fn elasticity(sales: &Sales<'_>, confidence: f64) -> Result<Elasticity> {
    sales.check()?;
    let (product, by_product) = places(sales.product);
    let (period, by_period) = places(sales.period);
    let rows = sales.price.len();
    let used = by_product.len() + by_period.len();
    if rows <= used || by_product.len() < 2 {
        let what = "rows beyond one for each product and period, of two products at least";
        return Err(Error::TooFew { what, found: rows, wanted: used + 1 });
    }
    let mut price: Vec<f64> = sales.price.iter().map(|price| price.ln()).collect();
    let mut quantity: Vec<f64> = sales.quantity.iter().map(|quantity| quantity.ln()).collect();
    for column in [&mut price, &mut quantity] {
        within(column, [&product, &period], [&by_product, &by_period]);
    }
    let spread: f64 = price.iter().map(|x| x * x).sum();
    let price_spread = (spread / rows as f64).sqrt();
    let wanted = "must differ within products, from period to period";
    parameter("price", price_spread, wanted, |spread| spread > 1e-9)?;
    let value = price.iter().zip(&quantity).map(|(x, y)| x * y).sum::<f64>() / spread;
    let mut scores = vec![0.0; by_product.len()];
    let (mut left, mut all) = (0.0, 0.0);
    for ((x, y), product) in price.iter().zip(&quantity).zip(&product) {
        let error = y - value * x;
        scores[*product] += x * error;
        left += error * error;
        all += y * y;
    }
    let clusters = by_product.len() as f64;
    let correction = clusters / (clusters - 1.0);
    let variance = correction * scores.iter().map(|s| s * s).sum::<f64>() / (spread * spread);
    let standard_error = variance.sqrt();
    let half = half_width(confidence)? * standard_error;
    Ok(Elasticity {
        value,
        standard_error,
        low: value - half,
        high: value + half,
        within_r_squared: if all > 0.0 { 1.0 - left / all } else { 1.0 },
        price_spread,
        rows,
    })
}

/// Estimates an elasticity for each segment by itself: whether each can be, and if not, why.
///
/// # Errors
/// When columns are empty or of different lengths, or a price or quantity is not more than 0.
pub fn elasticities(
    sales: &Sales<'_>,
    segment: &[u32],
    confidence: f64,
) -> Result<BTreeMap<u32, Result<Elasticity>>> {
    sales.check()?;
    same_length("segment", segment.len(), sales.price.len())?;
    let mut rows: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    segment
        .iter()
        .enumerate()
        .for_each(|(row, segment)| rows.entry(*segment).or_default().push(row));
    let of = |rows: Vec<usize>| {
        let names = |column: &[u32]| rows.iter().map(|row| column[*row]).collect::<Vec<_>>();
        let numbers = |column: &[f64]| rows.iter().map(|row| column[*row]).collect::<Vec<_>>();
        let (product, period) = (names(sales.product), names(sales.period));
        let (price, quantity) = (numbers(sales.price), numbers(sales.quantity));
        let sales =
            Sales { product: &product, period: &period, price: &price, quantity: &quantity };
        elasticity(&sales, confidence)
    };
    Ok(rows.into_iter().map(|(segment, rows)| (segment, of(rows))).collect())
}

#[cfg(test)]
mod tests {
    use rand::Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::chance::generator;

    /// Products and periods with effects of their own, and an elasticity by segment.
    fn sales(of: [f64; 2], noise: f64) -> [Vec<f64>; 2] {
        let mut random = generator(2);
        let (mut price, mut quantity) = (Vec::new(), Vec::new());
        for product in 0..40_u32 {
            for period in 0..30_u32 {
                let own = f64::from(product) / 10.0;
                let season = (f64::from(period) / 5.0).sin();
                // Dear products are those that are wanted: without effects the sign would turn.
                let ln_price = own + 0.2 * random.random::<f64>();
                let error: f64 = StandardNormal.sample(&mut random);
                let elasticity = of[usize::from(product >= 20)];
                price.push(ln_price.exp());
                quantity
                    .push((5.0 + 3.0 * own + season + elasticity * ln_price + noise * error).exp());
            }
        }
        [price, quantity]
    }

    #[test]
    fn effects_are_taken_out() {
        let product: Vec<u32> = (0..1_200).map(|row| row / 30).collect();
        let period: Vec<u32> = (0..1_200).map(|row| row % 30).collect();
        let segment: Vec<u32> = product.iter().map(|product| u32::from(*product >= 20)).collect();
        let [price, quantity] = sales([-1.8, -1.8], 0.0);
        let sales_of =
            |price, quantity| Sales { product: &product, period: &period, price, quantity };
        let exact = elasticity(&sales_of(&price, &quantity), 0.95).unwrap();
        assert!((exact.value + 1.8).abs() < 1e-9 && exact.within_r_squared > 1.0 - 1e-9);
        assert!((exact.best_price(10.0).unwrap() - 22.5).abs() < 1e-6);
        let [price, quantity] = sales([-2.5, -0.7], 0.3);
        let found = elasticities(&sales_of(&price, &quantity), &segment, 0.99).unwrap();
        for (segment, truth) in [(0, -2.5), (1, -0.7)] {
            let one = found[&segment].as_ref().unwrap();
            assert!(one.low < truth && truth < one.high, "{one:?}");
            assert!(one.is_usable() && one.rows == 600);
        }
        assert_eq!(found[&1].as_ref().unwrap().best_price(10.0), None);
        let fixed = vec![2.0; 1_200];
        let refused = elasticity(&sales_of(&fixed, &quantity), 0.95);
        assert!(matches!(refused, Err(Error::Parameter { name: "price", .. })));
        let none = vec![0.0; 1_200];
        assert!(matches!(elasticity(&sales_of(&price, &none), 0.95), Err(Error::Value { .. })));
    }
}
