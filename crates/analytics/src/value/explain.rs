//! Why a customer is expected to buy so much.

use super::{Histories, PurchaseModel};
use crate::error::parameter;
use crate::{Error, Result};

/// What is expected of a customer, against one who is in the middle of all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueExplanation {
    /// What is expected of the customer in the middle.
    pub middle: f64,
    /// What it adds to have come back so often,
    pub by_repeats: f64,
    /// to have been away so long, as a share of the time since the first purchase,
    pub by_absence: f64,
    /// and to be a customer for so long.
    pub by_age: f64,
}

impl ValueExplanation {
    /// What is expected of the customer: the sum of all.
    #[must_use]
    pub fn expected(&self) -> f64 {
        self.middle + self.by_repeats + self.by_absence + self.by_age
    }
}

/// Explains the purchases that a model expects of some customers in the next `horizon`, by Shapley's
/// values (1953): what each of the three numbers that the model sees adds, averaged over all orders in
/// which the middle customer could become this one. The middle is that of all histories.
///
/// # Errors
/// When there is no such customer.
pub fn explain(
    model: &dyn PurchaseModel,
    histories: &Histories,
    customers: &[usize],
    horizon: f64,
) -> Result<Vec<ValueExplanation>> {
    for customer in customers {
        let there = *customer < histories.len();
        parameter("customer", *customer as f64, "must be one of the customers", |_| there)?;
    }
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let all: Vec<[f64; 3]> = (0..histories.len()).map(|one| seen(histories, one)).collect();
    let middle: [f64; 3] = std::array::from_fn(|at| {
        let mut column: Vec<f64> = all.iter().map(|row| row[at]).collect();
        let (_, middle, _) = column.select_nth_unstable_by(all.len() / 2, f64::total_cmp);
        *middle
    });
    // Each is mixed with the middle one in the eight ways of knowing some of the three.
    let mix = |customer: &usize, known: usize| -> [f64; 3] {
        let own = all[*customer];
        std::array::from_fn(|at| if known >> at & 1 == 1 { own[at] } else { middle[at] })
    };
    let mixed: Vec<[f64; 3]> = customers
        .iter()
        .flat_map(|customer| (0..8).map(move |known| mix(customer, known)))
        .collect();
    Ok(expected_of(model, &mixed, horizon)?.chunks(8).map(shapley).collect())
}

/// Shapley's values from what is expected with each of the eight sets of known numbers.
fn shapley(expected: &[f64]) -> ValueExplanation {
    let value = |at: usize| -> f64 {
        let without = (0..8_usize).filter(|known| known >> at & 1 == 0);
        // The shares of the orders in which so many others come before.
        let share = |known: usize| [1.0 / 3.0, 1.0 / 6.0, 1.0 / 3.0][known.count_ones() as usize];
        without.map(|known| share(known) * (expected[known | 1 << at] - expected[known])).sum()
    };
    ValueExplanation {
        middle: expected[0],
        by_repeats: value(0),
        by_absence: value(1),
        by_age: value(2),
    }
}

/// Repeats, the share of the age since the last purchase, and age.
fn seen(histories: &Histories, customer: usize) -> [f64; 3] {
    let row = histories.of_customer(customer);
    let absence = if row.age > 0.0 { 1.0 - row.recency / row.age } else { 1.0 };
    [row.repeats, absence, row.age]
}

fn expected_of(model: &dyn PurchaseModel, mixed: &[[f64; 3]], horizon: f64) -> Result<Vec<f64>> {
    let column = |of: fn(&[f64; 3]) -> f64| mixed.iter().map(of).collect::<Vec<f64>>();
    // Who came back was there last some time after the first; who did not, at the first.
    let recency =
        column(
            |[repeats, absence, age]| {
                if *repeats > 0.0 { (age * (1.0 - absence)).max(1e-6 * age) } else { 0.0 }
            },
        );
    let age = column(|row| row[2]);
    let repeats: Vec<f64> = mixed
        .iter()
        .zip(&recency)
        .map(|(row, recency)| if *recency > 0.0 { row[0] } else { 0.0 })
        .collect();
    let histories = Histories::new(&repeats, &recency, &age)?;
    let expected = model.expected_purchases(&histories, horizon);
    if expected.iter().all(|one| one.is_finite()) {
        Ok(expected)
    } else {
        Err(Error::NotConverged { model: model.name() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::BetaGeoNbd;
    use super::*;

    #[test]
    fn what_speaks_for_a_customer_and_what_against() {
        let model = BetaGeoNbd::of([0.2426, 4.4136, 0.7929, 2.4259], false).unwrap();
        // A frequent one who is there, one who has been away, and some in the middle.
        let histories = Histories::new(
            &[12.0, 12.0, 2.0, 2.0, 2.0],
            &[30.0, 10.0, 15.0, 15.0, 15.0],
            &[32.0, 32.0, 30.0, 30.0, 30.0],
        )
        .unwrap();
        let all = explain(&model, &histories, &[0, 1, 2, 3, 4], 20.0).unwrap();
        let of = |customer: usize| all[customer];
        let expected = model.expected_purchases(&histories, 20.0);
        for (customer, wanted) in expected.iter().enumerate() {
            assert!((of(customer).expected() - wanted).abs() < 1e-9);
        }
        assert!(of(0).by_repeats > 1.0 && of(0).by_absence > 0.5);
        assert!(of(1).by_absence < 0.0 && of(0).by_absence > of(1).by_absence);
        assert_eq!(of(3).by_repeats, 0.0);
        assert!(explain(&model, &histories, &[9], 20.0).is_err());
    }
}
