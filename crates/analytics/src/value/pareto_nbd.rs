//! The Pareto/NBD model.

use std::sync::LazyLock;

use super::histories::{Histories, History, purchase_boundary};
use super::penalty::Penalised;
use super::{Boundary, Fit, PARAMETER_MAX, PARAMETER_MIN, PurchaseModel};
use crate::Result;
use crate::minimise::Likelihood;
use crate::special::{digamma, gauss_legendre, ln_gamma, logistic, softplus_and_slope};

/// Points of the quadrature in each panel.
const POINTS: usize = 12;
/// No integral needs more panels.
const PANELS_MAX: f64 = 12.0;
/// Where the integrand has fallen by this power of e, nothing is left to add.
const DEPTH: f64 = 34.0;
static RULE: LazyLock<[(f64, f64); POINTS]> = LazyLock::new(gauss_legendre);

/// Purchases are Poisson with a rate that is gamma distributed over customers (shape r, rate α);
/// a customer leaves at a rate that is gamma distributed (shape s, rate β).
///
/// Schmittlein, Morrison & Colombo, *Management Science* 33 (1987); Fader & Hardie, A Note on
/// Deriving the Pareto/NBD Model (2005).
#[derive(Debug, Clone, PartialEq)]
pub struct ParetoNbd {
    r: f64,
    alpha: f64,
    s: f64,
    beta: f64,
    fit: Fit,
}

/// The chance of having left between the last purchase and now against that of still being there:
/// s K with K = ∫ ((α+t)/(α+T))^−(r+x) ((β+t)/(β+T))^−s / (β+t) dt from tₓ to T, and the means of
/// what the gradient needs under the integrand.
struct Left {
    /// ln(s K).
    ln_odds: f64,
    ln_alpha_t: f64,
    ln_beta_t: f64,
    one_by_alpha_t: f64,
    one_by_beta_t: f64,
}

/// The literature writes K with hypergeometric functions of arguments near 1. With u = ln(γ+t), γ the
/// smaller of α and β and δ the larger, the integrand is e^−E, E = (m−1) u + n ln(δ+t) with their
/// exponents m and n, smooth and falling ever faster, so that a few panels of Gauss–Legendre
/// quadrature, as many as E asks for, give it to some ten digits.
fn left([r, alpha, s, beta]: [f64; 4], row: &History) -> Option<Left> {
    let p = r + row.repeats;
    let beta_first = beta < alpha;
    let (near, far, m, n) =
        if beta_first { (beta, alpha, s + 1.0, p) } else { (alpha, beta, p, s + 1.0) };
    let (start, end) = (near + row.recency, near + row.age);
    let far_start = far + row.recency;
    let (ln_start, ln_far_start) = (start.ln(), far_start.ln());
    let whole = (end / start).ln();
    if whole <= 0.0 {
        return None;
    }
    // E rises by this much at first, and more later.
    let slope = m - 1.0 + n * start / far_start;
    let length = if slope * whole > DEPTH { DEPTH / slope } else { whole };
    let depth_at = |u: f64, ln_far_t: f64| (m - 1.0) * u + n * (ln_far_t - ln_far_start);
    let last_ln_far = (start * length.exp() + (far - near)).ln();
    let depth = depth_at(length, last_ln_far).abs();
    let panels = (1.0 + (depth / 10.0 + length / 5.0).floor()).min(PANELS_MAX);
    let width = length / panels;
    let mut sums = [0.0; 5];
    for panel in 0..panels as usize {
        for (node, weight) in RULE.iter() {
            let u = (panel as f64 + node) * width;
            let near_t = start * u.exp();
            let far_t = near_t + (far - near);
            let ln_far_t = far_t.ln();
            let height = weight * (-depth_at(u, ln_far_t)).exp();
            sums[0] += height;
            sums[1] += height * u;
            sums[2] += height * ln_far_t;
            sums[3] += height / near_t;
            sums[4] += height / far_t;
        }
    }
    let scale = (1.0 - m) * ln_start - n * ln_far_start + width.ln();
    let ln_stays = -p * (alpha + row.age).ln() - s * (beta + row.age).ln();
    let mean = |at: usize| sums[at] / sums[0];
    let ln_odds = s.ln() + sums[0].ln() + scale - ln_stays;
    let (near_log, far_log, one_by_near, one_by_far) =
        (ln_start + mean(1), mean(2), mean(3), mean(4));
    Some(if beta_first {
        Left {
            ln_odds,
            ln_alpha_t: far_log,
            ln_beta_t: near_log,
            one_by_alpha_t: one_by_far,
            one_by_beta_t: one_by_near,
        }
    } else {
        Left {
            ln_odds,
            ln_alpha_t: near_log,
            ln_beta_t: far_log,
            one_by_alpha_t: one_by_near,
            one_by_beta_t: one_by_far,
        }
    })
}

struct Sum<'a>(&'a Histories);

impl Likelihood<4> for Sum<'_> {
    /// L = Γ(r+x)/Γ(r) α^r β^s [(α+T)^−(r+x) (β+T)^−s + s ∫ (α+t)^−(r+x) (β+t)^−(s+1) dt].
    fn at(&self, &[r, alpha, s, beta]: &[f64; 4]) -> (f64, [f64; 4]) {
        let (gamma_r, psi_r) = (ln_gamma(r), digamma(r));
        let mut sums = [0.0; 5];
        for (x, weight) in &self.0.repeats {
            sums[0] += weight * (ln_gamma(r + x) - gamma_r + r * alpha.ln() + s * beta.ln());
            sums[1] += weight * (digamma(r + x) - psi_r + alpha.ln());
            sums[2] += weight * (r / alpha);
            sums[3] += weight * beta.ln();
            sums[4] += weight * (s / beta);
        }
        let rows = self.0.sum(|row, _| {
            let p = r + row.repeats;
            let (end, beta_end) = (alpha + row.age, beta + row.age);
            let (ln_end, ln_beta_end) = (end.ln(), beta_end.ln());
            let stays =
                [-p * ln_end - s * ln_beta_end, -ln_end, -p / end, -ln_beta_end, -s / beta_end];
            let Some(left) = left([r, alpha, s, beta], row) else { return stays };
            let (more, share) = softplus_and_slope(left.ln_odds);
            let gone = [
                0.0,
                -left.ln_alpha_t,
                -p * left.one_by_alpha_t,
                1.0 / s - left.ln_beta_t,
                -(s + 1.0) * left.one_by_beta_t,
            ];
            let mix = |at: usize| (1.0 - share) * stays[at] + share * gone[at];
            [stays[0] + more, mix(1), mix(2), mix(3), mix(4)]
        });
        let total: [f64; 5] = std::array::from_fn(|at| sums[at] + rows[at]);
        (total[0], [total[1], total[2], total[3], total[4]])
    }
}

fn mean_age(histories: &Histories) -> f64 {
    let ages: f64 = histories.rows.iter().map(|row| row.weight * row.age).sum();
    ages / histories.len() as f64
}

/// Where searches begin; the first is what is common.
fn starts(histories: &Histories, age: f64) -> [[f64; 4]; 3] {
    let rate = histories.mean_rate();
    let start = |r: f64, s: f64| [r, r / rate, s, s * age / 2.0];
    [start(0.5, 0.6), start(1.0, 1.0), start(0.3, 0.2)]
}

impl ParetoNbd {
    /// The estimates of maximum likelihood.
    ///
    /// # Errors
    /// When there are too few customers or the search does not end.
    pub fn estimate(histories: &Histories) -> Result<Self> {
        histories.enough()?;
        let age = mean_age(histories);
        let starts = starts(histories, age);
        let found =
            histories.maximise("Pareto/NBD", &starts, |histories| Box::new(Sum(histories)))?;
        let mut model = Self::of(found.parameters)?;
        let boundary = model.boundary(age, found.standard_errors.is_some());
        model.fit.note(&found, boundary);
        Ok(model)
    }

    /// The estimates with parameters held near common ones, for data that do not settle them alone;
    /// `boundary` is what those hold nothing of.
    ///
    /// # Errors
    /// As `estimate`.
    pub fn penalised(histories: &Histories, boundary: Boundary) -> Result<Self> {
        histories.enough()?;
        let starts = starts(histories, mean_age(histories));
        let found = histories.maximise("Pareto/NBD", &starts, |histories| {
            Box::new(Penalised { of: Box::new(Sum(histories)), common: starts[0] })
        })?;
        let mut model = Self::of(found.parameters)?;
        model.fit.note(&found, Some(boundary));
        model.fit.is_penalised = true;
        Ok(model)
    }

    /// The model with parameters that are known: r, α, s, β.
    ///
    /// # Errors
    /// When one of them is not positive.
    pub fn of(parameters: [f64; 4]) -> Result<Self> {
        let fit = Fit::known(["r", "alpha", "s", "beta"], parameters)?;
        let [r, alpha, s, beta] = parameters;
        Ok(Self { r, alpha, s, beta, fit })
    }

    fn boundary(&self, age: f64, is_curved: bool) -> Option<Boundary> {
        let Self { r, alpha, s, beta, .. } = *self;
        // The chance that a customer of mean age has left.
        let left = 1.0 - (beta / (beta + age)).powf(s);
        if left < PARAMETER_MIN {
            Some(Boundary::NobodyLeaves)
        } else if s > PARAMETER_MAX || beta > PARAMETER_MAX * age.max(1.0) {
            Some(Boundary::AllLeaveAlike)
        } else if let Some(boundary) = purchase_boundary(r, alpha) {
            Some(boundary)
        } else {
            let tiny = [r, s].iter().any(|value| *value < PARAMETER_MIN);
            (tiny || !is_curved).then_some(Boundary::NotIdentified)
        }
    }

    fn alive(&self, row: &History) -> f64 {
        let left = left([self.r, self.alpha, self.s, self.beta], row);
        left.map_or(1.0, |left| logistic(-left.ln_odds))
    }

    /// ∫ (β/(β+t))^s dt from 0 to the horizon, the time that a customer is there.
    fn time_there(&self, beta: f64, horizon: f64) -> f64 {
        let ratio = (horizon / beta).ln_1p();
        let power = 1.0 - self.s;
        // The limit for s = 1 is a logarithm.
        if (power * ratio).abs() < 1e-8 {
            beta * ratio
        } else {
            beta * (power * ratio).exp_m1() / power
        }
    }
}

impl PurchaseModel for ParetoNbd {
    fn name(&self) -> &'static str {
        "Pareto/NBD"
    }

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn probability_alive(&self, histories: &Histories) -> Vec<f64> {
        histories.each(|row| self.alive(row))
    }

    fn expected_purchases(&self, histories: &Histories, horizon: f64) -> Vec<f64> {
        histories.each(|row| {
            let rate = (self.r + row.repeats) / (self.alpha + row.age);
            rate * self.time_there(self.beta + row.age, horizon) * self.alive(row)
        })
    }

    fn expected_purchases_of_new(&self, horizon: f64) -> f64 {
        self.r / self.alpha * self.time_there(self.beta, horizon)
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
            r in 0.05_f64..5.0, alpha in 0.5_f64..50.0, a in 0.05_f64..5.0, b in 0.5_f64..50.0,
            rows in prop::collection::vec((0_u8..30, 0.01_f64..1.0, 1.0_f64..80.0), 1..20),
        ) {
            let histories = histories(&rows);
            assert_gradient(&Sum(&histories), [r, alpha, a, b]);
        }

        #[test]
        fn what_is_expected_makes_sense(
            r in 0.05_f64..5.0, alpha in 0.5_f64..50.0, a in 0.05_f64..5.0, b in 0.5_f64..50.0,
            x in 0_u8..30, share in 0.01_f64..1.0, age in 1.0_f64..80.0,
        ) {
            let model = ParetoNbd::of([r, alpha, a, b]).expect("all positive");
            let rate = (r + f64::from(x)) / (alpha + age);
            assert_sensible(&model, (x, share, age), rate);
        }
    }
}
