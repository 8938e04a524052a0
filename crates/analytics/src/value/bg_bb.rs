//! The beta-geometric/beta-Bernoulli model.

use super::histories::{Histories, History};
use super::{Boundary, Fit, PARAMETER_MAX, PARAMETER_MIN, PurchaseModel};
use crate::error::Error;
use crate::minimise::Likelihood;
use crate::special::{digamma, ln_beta};
use crate::{Result, minimise::Estimates};

/// For customers who may buy at certain times only, once each: a yearly fair, a monthly appeal for
/// donations, a weekly delivery. Of the [histories](Histories), `repeats` counts the times that were
/// used, `recency` is the number of the last of these, and `age` how many times there were; all whole
/// numbers.
///
/// While there, a customer uses each time with a chance that is beta distributed (α, β); before each
/// time they leave with a chance that is beta distributed (γ, δ). Fader, Hardie & Shang,
/// Customer-Base Analysis in a Discrete-Time Noncontractual Setting, *Marketing Science* 29 (2010).
#[derive(Debug, Clone, PartialEq)]
pub struct BetaGeoBetaBernoulli {
    parameters: [f64; 4],
    fit: Fit,
}

struct Sum<'a>(&'a Histories);

/// ln B(a + i, b + j) − ln B(a, b) and its slope by a and b.
fn ln_ratio([a, b]: [f64; 2], i: f64, j: f64) -> [f64; 3] {
    let [all, of_all] = [digamma(a + b + i + j), digamma(a + b)];
    [
        ln_beta(a + i, b + j) - ln_beta(a, b),
        digamma(a + i) - all - digamma(a) + of_all,
        digamma(b + j) - all - digamma(b) + of_all,
    ]
}

/// What each way to have this history adds to its likelihood, as a logarithm: still there, or left
/// after the last use and i times more that were not used; each with its slopes.
fn ways([alpha, beta, gamma, delta]: [f64; 4], row: &History) -> Vec<[f64; 5]> {
    let History { repeats: x, recency, age, .. } = *row;
    let way = |unused: f64, left: f64, stayed: f64| {
        let uses = ln_ratio([alpha, beta], x, unused);
        let stays = ln_ratio([gamma, delta], left, stayed);
        [uses[0] + stays[0], uses[1], uses[2], stays[1], stays[2]]
    };
    let mut ways = vec![way(age - x, 0.0, age)];
    let gone = (age - recency) as usize;
    ways.extend((0..gone).map(|i| way(recency - x + i as f64, 1.0, recency + i as f64)));
    ways
}

/// The logarithm of the sum, and the share of each way in it.
fn summed(ways: &[[f64; 5]]) -> (f64, Vec<f64>) {
    let most = ways.iter().map(|way| way[0]).fold(f64::NEG_INFINITY, f64::max);
    let parts: Vec<f64> = ways.iter().map(|way| (way[0] - most).exp()).collect();
    let sum: f64 = parts.iter().sum();
    (most + sum.ln(), parts.into_iter().map(|part| part / sum).collect())
}

impl Likelihood<4> for Sum<'_> {
    /// Equation 6 of the source.
    fn at(&self, parameters: &[f64; 4]) -> (f64, [f64; 4]) {
        let total = self.0.sum(|row, _| {
            let ways = ways(*parameters, row);
            let (value, shares) = summed(&ways);
            let mut sums = [value, 0.0, 0.0, 0.0, 0.0];
            for (way, share) in ways.iter().zip(shares) {
                (1..5).for_each(|at| sums[at] += share * way[at]);
            }
            sums
        });
        (total[0], [total[1], total[2], total[3], total[4]])
    }
}

impl BetaGeoBetaBernoulli {
    /// The estimates of maximum likelihood.
    ///
    /// # Errors
    /// When times are no whole numbers or more were used than there were until the last, there are
    /// too few customers, or the search does not end.
    pub fn estimate(histories: &Histories) -> Result<Self> {
        check(histories)?;
        histories.enough()?;
        let starts = [[1.0, 1.0, 0.5, 2.0], [1.0, 2.0, 1.0, 10.0], [0.5, 0.5, 0.5, 5.0]];
        let found: Estimates<4> =
            histories.maximise("BG/BB", &starts, |histories| Box::new(Sum(histories)))?;
        let mut model = Self::of(found.parameters)?;
        let boundary = model.boundary(found.standard_errors.is_some());
        model.fit.note(&found, boundary);
        Ok(model)
    }

    /// The model with parameters that are known: α, β, γ, δ.
    ///
    /// # Errors
    /// When one of them is not positive.
    pub fn of(parameters: [f64; 4]) -> Result<Self> {
        let fit = Fit::known(["alpha", "beta", "gamma", "delta"], parameters)?;
        Ok(Self { parameters, fit })
    }

    fn boundary(&self, is_curved: bool) -> Option<Boundary> {
        let [alpha, beta, gamma, delta] = self.parameters;
        if gamma / (gamma + delta) < PARAMETER_MIN {
            Some(Boundary::NobodyLeaves)
        } else if gamma + delta > PARAMETER_MAX {
            Some(Boundary::AllLeaveAlike)
        } else if alpha + beta > PARAMETER_MAX {
            Some(Boundary::AllBuyAlike)
        } else {
            let tiny = self.parameters.iter().any(|value| *value < PARAMETER_MIN);
            (tiny || !is_curved).then_some(Boundary::NotIdentified)
        }
    }

    /// The mean number of uses in the next times: the chance to be there at each, times the chance to
    /// use it then.
    fn ahead(&self, [x, unused, seen]: [f64; 3], horizon: f64) -> f64 {
        let [alpha, beta, gamma, delta] = self.parameters;
        let rate = (alpha + x) / (alpha + beta + x + unused);
        let times = (1..=horizon.floor() as u64).map(|ahead| {
            (ln_beta(gamma, delta + seen + ahead as f64) - ln_beta(gamma, delta + seen)).exp()
        });
        rate * times.sum::<f64>()
    }
}

/// Refuses histories that no times could give.
fn check(histories: &Histories) -> Result<()> {
    for (row, history) in histories.rows.iter().enumerate() {
        let whole = history.recency.fract() == 0.0 && history.age.fract() == 0.0;
        if !whole || history.repeats > history.recency {
            let wanted = "must be a whole number of times, not fewer than were used";
            let (column, value) = ("recency", history.recency);
            return Err(Error::Value { column, row, value, wanted });
        }
    }
    Ok(())
}

impl PurchaseModel for BetaGeoBetaBernoulli {
    fn name(&self) -> &'static str {
        "BG/BB"
    }

    fn fit(&self) -> &Fit {
        &self.fit
    }

    /// At the last time that was; equation 11 of the source is for the next one.
    fn probability_alive(&self, histories: &Histories) -> Vec<f64> {
        histories.each(|row| summed(&ways(self.parameters, row)).1[0])
    }

    /// Equation 13 of the source; part of a time is none.
    fn expected_purchases(&self, histories: &Histories, horizon: f64) -> Vec<f64> {
        histories.each(|row| {
            let alive = summed(&ways(self.parameters, row)).1[0];
            alive * self.ahead([row.repeats, row.age - row.repeats, row.age], horizon)
        })
    }

    fn expected_purchases_of_new(&self, horizon: f64) -> f64 {
        self.ahead([0.0, 0.0, 0.0], horizon)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::minimise::assert_gradient;

    proptest! {
        #[test]
        fn the_gradient_is_the_slope(
            parameters in prop::array::uniform4(0.1_f64..8.0),
            rows in prop::collection::vec((0_u8..10, 0_u8..10, 0_u8..10), 1..12),
        ) {
            let x: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
            let recency = |(x, more, _): &(u8, u8, u8)| if *x > 0 { f64::from(x + more) } else { 0.0 };
            let recency: Vec<f64> = rows.iter().map(recency).collect();
            let age: Vec<f64> =
                rows.iter().zip(&recency).map(|(row, last)| last + f64::from(row.2)).collect();
            let histories = Histories::new(&x, &recency, &age).expect("they are histories");
            assert_gradient(&Sum(&histories), parameters);
            let model = BetaGeoBetaBernoulli::of(parameters).expect("all positive");
            let alive = model.probability_alive(&histories);
            prop_assert!(alive.iter().all(|chance| (0.0..=1.0).contains(chance)));
            let expected = model.expected_purchases(&histories, 7.0);
            prop_assert!(expected.iter().all(|uses| (0.0..=7.0).contains(uses)));
        }

        /// The chances of all histories of five times sum to 1.
        #[test]
        fn all_histories_together_are_certain(parameters in prop::array::uniform4(0.1_f64..8.0)) {
            let mut total = 0.0;
            for uses in 0..32_u32 {
                let (x, recency) = (uses.count_ones(), 32 - uses.leading_zeros());
                let (x, recency) = (f64::from(x), f64::from(recency));
                let row = History { repeats: x, recency, age: 5.0, weight: 1.0 };
                total += summed(&ways(parameters, &row)).0.exp();
            }
            prop_assert!((total - 1.0).abs() < 1e-9, "{total}");
        }
    }
}
