//! How customers look at prices: how much less of the same product they buy when it costs more.

use std::collections::HashMap;

use guanxi_analytics::elasticity::{Sales, elasticity};

/// Sales are added up over so many days; prices are compared from one such period to the next.
const PERIOD: i64 = 28;
const CONFIDENCE: f64 = 0.95;

/// How many were sold, and for how much.
#[derive(Debug, Clone, Copy, Default)]
struct Sold {
    quantity: f64,
    amount: f64,
}

/// What was sold of each product in each period: to the chosen, and to all.
#[derive(Debug, Default)]
pub(super) struct Prices(HashMap<(u32, u32), [Sold; 2]>);

impl Prices {
    /// Adds a line of an order; what was given away or taken back says nothing of prices.
    pub(super) fn add(&mut self, product: u32, day: i64, line: (f64, f64), chosen: bool) {
        let (quantity, amount) = line;
        let Ok(period) = u32::try_from(day / PERIOD) else { return };
        if quantity <= 0.0 || amount <= 0.0 {
            return;
        }
        let sold = self.0.entry((product, period)).or_default();
        for one in sold.iter_mut().skip(usize::from(!chosen)) {
            one.quantity += quantity;
            one.amount += amount;
        }
    }

    /// The price elasticities of the chosen and of all; none where prices hardly moved, or it is not
    /// sure that less was bought for it.
    pub(super) fn elasticities(self) -> [Option<f64>; 2] {
        let mut cells: Vec<_> = self.0.into_iter().collect();
        // In the same order each time: sums of fractions depend on it.
        cells.sort_unstable_by_key(|(of, _)| *of);
        [0, 1].map(|side| {
            let (mut product, mut period) = (Vec::new(), Vec::new());
            let (mut price, mut quantity) = (Vec::new(), Vec::new());
            for ((of, when), sold) in cells.iter().filter(|(_, sold)| sold[side].quantity > 0.0) {
                product.push(*of);
                period.push(*when);
                price.push(sold[side].amount / sold[side].quantity);
                quantity.push(sold[side].quantity);
            }
            let sales =
                Sales { product: &product, period: &period, price: &price, quantity: &quantity };
            // Too little to tell it from is no failure.
            let found = elasticity(&sales, CONFIDENCE).ok()?;
            found.is_usable().then_some(found.value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sales of five products in twenty periods; who looks at prices buys by the square of them, the
    /// others as much as ever.
    fn sold(of_chosen: f64, of_others: f64) -> Prices {
        let mut prices = Prices::default();
        for product in 0..5_u32 {
            for period in 0..20_u32 {
                let price = 10.0 + f64::from((period * 7 + product * 3) % 5);
                let much = |elasticity: f64| 1_000.0 * (price / 10.0).powf(elasticity);
                let day = i64::from(period) * PERIOD;
                for (elasticity, chosen) in [(of_chosen, true), (of_others, false)] {
                    let quantity = much(elasticity);
                    prices.add(product, day, (quantity, quantity * price), chosen);
                }
            }
        }
        prices
    }

    #[test]
    fn who_looks_at_prices_is_told_from_who_does_not() {
        let [chosen, all] = sold(-2.0, 0.0).elasticities();
        assert!((chosen.unwrap() + 2.0).abs() < 1e-6, "{chosen:?}");
        let all = all.unwrap();
        assert!(all > -2.0 && all < -0.5, "{all}");
        // Who buys as much as ever has none that is sure, and nobody has where nothing was sold.
        assert_eq!(sold(0.0, -2.0).elasticities()[0], None);
        assert_eq!(Prices::default().elasticities(), [None, None]);
    }

    #[test]
    fn what_was_given_away_or_came_back_says_nothing() {
        let mut prices = sold(-2.0, 0.0);
        let before = prices.0.len();
        prices.add(99, 0, (-3.0, -30.0), true);
        prices.add(99, 0, (3.0, 0.0), true);
        prices.add(99, -1_000, (3.0, 30.0), true);
        assert_eq!(prices.0.len(), before);
    }
}
