//! The negative binomial model: what is left of the others where nobody is seen to leave, and what
//! stands in where there is too little to fit any of them.

use super::histories::{Histories, purchase_boundary};
use super::{Boundary, Fit, PARAMETER_MIN, PurchaseModel};
use crate::Result;
use crate::minimise::{Estimates, Likelihood, maximise};
use crate::special::{digamma, ln_gamma};

/// Purchases are Poisson with a rate that is gamma distributed over customers (shape r, rate α), and
/// nobody leaves. What is expected of a customer lies between their own rate and that of all, nearer
/// to their own the longer they are known: never nothing, also for who bought once.
///
/// Ehrenberg, The Pattern of Consumer Purchases, *Applied Statistics* 8 (1959); as an empirical
/// Bayes estimate Robbins (1956).
#[derive(Debug, Clone, PartialEq)]
pub struct Nbd {
    r: f64,
    alpha: f64,
    fit: Fit,
}

struct Sum<'a>(&'a Histories);

impl Likelihood<2> for Sum<'_> {
    /// ln L = ln Γ(r+x) − ln Γ(r) + r ln α − (r+x) ln(α+T).
    fn at(&self, &[r, alpha]: &[f64; 2]) -> (f64, [f64; 2]) {
        let (gamma_r, psi_r) = (ln_gamma(r), digamma(r));
        let mut sums = [0.0; 3];
        for (x, weight) in &self.0.repeats {
            sums[0] += weight * (ln_gamma(r + x) - gamma_r + r * alpha.ln());
            sums[1] += weight * (digamma(r + x) - psi_r + alpha.ln());
            sums[2] += weight * (r / alpha);
        }
        let rows = self.0.sum(|row, _| {
            let (end, p) = (alpha + row.age, r + row.repeats);
            let ln_end = end.ln();
            [-p * ln_end, -ln_end, -p / end]
        });
        let total: [f64; 3] = std::array::from_fn(|at| sums[at] + rows[at]);
        (total[0], [total[1], total[2]])
    }
}

impl Nbd {
    /// The estimates of maximum likelihood.
    ///
    /// # Errors
    /// When there are too few customers or the search does not end.
    pub fn estimate(histories: &Histories) -> Result<Self> {
        histories.enough()?;
        let rate = histories.mean_rate();
        let starts = [0.5, 1.0, 0.2].map(|r: f64| [r, r / rate]);
        let scale = histories.len() as f64;
        let found: Estimates<2> = maximise("NBD", &Sum(histories), &starts, scale)?;
        let mut model = Self::of(found.parameters)?;
        let boundary = purchase_boundary(model.r, model.alpha).or_else(|| {
            let is_tiny = model.r < PARAMETER_MIN || found.standard_errors.is_none();
            is_tiny.then_some(Boundary::NotIdentified)
        });
        model.fit.note(&found, boundary);
        Ok(model)
    }

    /// The model with parameters that are known: r, α.
    ///
    /// # Errors
    /// When one of them is not positive.
    pub fn of(parameters: [f64; 2]) -> Result<Self> {
        let fit = Fit::known(["r", "alpha"], parameters)?;
        let [r, alpha] = parameters;
        Ok(Self { r, alpha, fit })
    }

    /// Where there are too few customers to fit anything to: a shape as is common, and the mean rate
    /// of those there are, as if half a purchase more had been seen in twice their mean time.
    #[must_use]
    pub fn shrunk(histories: &Histories) -> Self {
        const SHAPE: f64 = 0.5;
        let sum = |of: fn(&super::histories::History) -> f64| -> f64 {
            histories.rows.iter().map(|row| row.weight * of(row)).sum()
        };
        let (repeats, age) = (sum(|row| row.repeats), sum(|row| row.age));
        let known = age + 2.0 * age / (histories.len() as f64).max(1.0);
        // Where no time has passed nothing is known, and next to nothing is expected.
        let rate = if known > 0.0 { (repeats + 0.5) / known } else { 1e-9 };
        let (r, alpha) = (SHAPE, SHAPE / rate);
        let fit = Fit {
            parameters: vec![("r", r), ("alpha", alpha)],
            standard_errors: None,
            log_likelihood: f64::NAN,
            boundary: Some(Boundary::NotIdentified),
            is_penalised: true,
        };
        Self { r, alpha, fit }
    }
}

impl PurchaseModel for Nbd {
    fn name(&self) -> &'static str {
        "NBD"
    }

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn probability_alive(&self, histories: &Histories) -> Vec<f64> {
        vec![1.0; histories.len()]
    }

    fn expected_purchases(&self, histories: &Histories, horizon: f64) -> Vec<f64> {
        histories.each(|row| (self.r + row.repeats) / (self.alpha + row.age) * horizon)
    }

    fn expected_purchases_of_new(&self, horizon: f64) -> f64 {
        self.r / self.alpha * horizon
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::minimise::assert_gradient;
    use crate::testing::{assert_sensible, histories};

    proptest! {
        #[test]
        fn the_gradient_is_the_slope(
            r in 0.05_f64..5.0, alpha in 0.5_f64..50.0,
            rows in prop::collection::vec((0_u8..30, 0.01_f64..1.0, 1.0_f64..80.0), 1..20),
        ) {
            assert_gradient(&Sum(&histories(&rows)), [r, alpha]);
        }

        #[test]
        fn what_is_expected_makes_sense(
            r in 0.05_f64..5.0, alpha in 0.5_f64..50.0, x in 0_u8..30, share in 0.01_f64..1.0,
            age in 1.0_f64..80.0,
        ) {
            let model = Nbd::of([r, alpha]).expect("all positive");
            assert_sensible(&model, (x, share, age), (r + f64::from(x)) / (alpha + age));
        }

        /// However few there are, nobody is worth nothing.
        #[test]
        fn too_few_to_fit_are_shrunk_to_all(
            rows in prop::collection::vec((0_u8..3, 0.01_f64..1.0, 0.1_f64..80.0), 1..9),
        ) {
            let histories = histories(&rows);
            let expected = Nbd::shrunk(&histories).expected_purchases(&histories, 52.0);
            prop_assert!(expected.iter().all(|one| *one > 0.0 && one.is_finite()));
        }
    }

    #[test]
    fn who_bought_once_is_worth_more_the_more_others_come_back() {
        let of = |once_in: u8| {
            let repeats = |at: u8| u8::from(at.is_multiple_of(once_in)) * (1 + at % 3);
            let rows: Vec<_> = (0..120).map(|at| (repeats(at), 0.5, 50.0)).collect();
            let histories = histories(&rows);
            let expected = Nbd::estimate(&histories).unwrap().expected_purchases(&histories, 50.0);
            expected[1]
        };
        assert!(of(8) > 0.0 && of(2) > of(8), "{} {}", of(2), of(8));
    }
}
