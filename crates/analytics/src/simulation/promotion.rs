//! The profit of a promotion.

use super::{Input, Simulation, simulate};
use crate::Result;

/// A promotion to customers who are told of it; amounts in one currency.
///
/// What makes promotions lose money is in it: customers who would have bought anyway get the discount,
/// too, and some only buy now what they would have bought later (Blattberg & Neslin, *Sales Promotion:
/// Concepts, Methods, and Strategies*, 1990).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promotion {
    /// How many customers are told.
    pub customers: Input,
    /// The share that would buy without it.
    pub usual_rate: Input,
    /// By how much that share rises: its effect, as a trial found it.
    pub uplift: Input,
    /// What a purchase is worth before the discount.
    pub basket: Input,
    /// The share of that which is left when its costs are paid, before the discount.
    pub margin: Input,
    /// The share of the price that is given off.
    pub discount: Input,
    /// The share of the additional purchases that are missing later.
    pub pulled_forward: Input,
    /// What it costs to tell one customer.
    pub contact_cost: Input,
    /// What it costs besides.
    pub fixed_cost: Input,
}

/// The inputs of a promotion, in the order of [`Promotion::inputs`].
pub const INPUTS: [&str; 9] = [
    "customers",
    "usual_rate",
    "uplift",
    "basket",
    "margin",
    "discount",
    "pulled_forward",
    "contact_cost",
    "fixed_cost",
];

/// What a promotion brings over doing nothing: the margin of the additional purchases that are not
/// missing later, less the discount for all who buy, less what it costs.
#[must_use]
pub fn promotion_profit(inputs: &[f64]) -> f64 {
    let &[customers, usual, uplift, basket, margin, discount, pulled, contact, fixed] = inputs
    else {
        return f64::NAN;
    };
    let usual = usual.clamp(0.0, 1.0);
    let rate = (usual + uplift).clamp(0.0, 1.0);
    let buyers = customers.max(0.0);
    let gained = buyers * (rate - usual) * (1.0 - pulled) * basket * margin;
    let given_off = buyers * rate * basket * discount;
    gained - given_off - buyers * contact - fixed
}

impl Promotion {
    /// The inputs in order, for [`compare`](super::compare) with [`promotion_profit`].
    #[must_use]
    pub fn inputs(&self) -> Vec<Input> {
        vec![
            self.customers,
            self.usual_rate,
            self.uplift,
            self.basket,
            self.margin,
            self.discount,
            self.pulled_forward,
            self.contact_cost,
            self.fixed_cost,
        ]
    }

    /// What may come of it.
    ///
    /// # Errors
    /// As [`simulate`].
    pub fn simulate(&self, draws: usize, seed: u64) -> Result<Simulation> {
        simulate(&self.inputs(), draws, seed, promotion_profit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promotion(uplift: Input) -> Promotion {
        Promotion {
            customers: Input::Known(10_000.0),
            usual_rate: Input::Known(0.10),
            uplift,
            basket: Input::Known(80.0),
            margin: Input::Known(0.4),
            discount: Input::Known(0.1),
            pulled_forward: Input::Known(0.25),
            contact_cost: Input::Known(0.2),
            fixed_cost: Input::Known(500.0),
        }
    }

    #[test]
    fn profit_by_hand() {
        let found = promotion(Input::Known(0.05)).simulate(100, 0).unwrap();
        // 500 more purchases, 375 of them for good, at 32: 12,000. 1,500 purchases at 8 off: 12,000.
        assert!((found.mean - (12_000.0 - 12_000.0 - 2_000.0 - 500.0)).abs() < 1e-6);
        assert_eq!(found.chance_of_loss, 1.0);
    }

    #[test]
    fn what_is_unsure_shows() {
        let unsure = Input::Normal { mean: 0.12, deviation: 0.03 };
        let found = promotion(unsure).simulate(5_000, 0).unwrap();
        assert_eq!(INPUTS[found.influences[0].input], "uplift");
        assert!(found.chance_of_loss > 0.0 && found.chance_of_loss < 0.5);
        assert!(found.quantile(0.05) < found.mean && found.mean < found.quantile(0.95));
    }
}
