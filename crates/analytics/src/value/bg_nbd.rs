//! The beta-geometric/NBD model and its modified form.

use super::histories::{Histories, History, purchase_boundary};
use super::penalty::Penalised;
use super::{Boundary, Fit, PARAMETER_MAX, PARAMETER_MIN, PurchaseModel};
use crate::Result;
use crate::minimise::Likelihood;
use crate::special::{digamma, hypergeometric, ln_gamma, logistic, softplus_and_slope};

/// Purchases are Poisson with a rate that is gamma distributed over customers (shape r, rate α);
/// after each purchase a customer leaves with a chance that is beta distributed (a, b).
///
/// Fader, Hardie & Lee, "Counting Your Customers" the Easy Way, *Marketing Science* 24 (2005); the
/// modified form, in which a customer may leave after the very first purchase, is of Batislam,
/// Denizel & Filiztekin, *International Journal of Research in Marketing* 24 (2007).
#[derive(Debug, Clone, PartialEq)]
pub struct BetaGeoNbd {
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
    is_modified: bool,
    fit: Fit,
}

struct Sum<'a> {
    histories: &'a Histories,
    is_modified: bool,
}

/// ln of the odds that a customer left after the last purchase: a/(b+x−1) ((α+T)/(α+tₓ))^(r+x),
/// with b+x in place of b+x−1 in the modified form.
fn ln_odds_of_having_left(
    [r, alpha, a, b]: [f64; 4],
    is_modified: bool,
    History { repeats: x, recency, age, .. }: &History,
) -> f64 {
    if *x == 0.0 && !is_modified {
        return f64::NEG_INFINITY;
    }
    let chances = if is_modified { b + x } else { b + x - 1.0 };
    (a / chances).ln() + (r + x) * ((alpha + age) / (alpha + recency)).ln()
}

impl Likelihood<4> for Sum<'_> {
    /// ln L = ln Γ(r+x) − ln Γ(r) + r ln α − (r+x) ln(α+T) + ln B(a, b+x) − ln B(a, b) + ln(1 + odds);
    /// in the modified form with x+1 for x in the beta function.
    fn at(&self, &[r, alpha, a, b]: &[f64; 4]) -> (f64, [f64; 4]) {
        let shift = if self.is_modified { 1.0 } else { 0.0 };
        let (gamma_r, gamma_ab) = (ln_gamma(r), ln_gamma(a + b) - ln_gamma(b));
        let (psi_r, psi_ab, psi_b) = (digamma(r), digamma(a + b), digamma(b));
        let mut sums = [0.0; 5];
        // What depends on the repeats alone is computed once for each number of them.
        for (x, weight) in &self.histories.repeats {
            let n = x + shift;
            let psi_abn = digamma(a + b + n);
            sums[0] += weight
                * (ln_gamma(r + x) - gamma_r + gamma_ab + ln_gamma(b + n) - ln_gamma(a + b + n)
                    + r * alpha.ln());
            sums[1] += weight * (digamma(r + x) - psi_r + alpha.ln());
            sums[2] += weight * (r / alpha);
            sums[3] += weight * (psi_ab - psi_abn);
            sums[4] += weight * (psi_ab - psi_abn + digamma(b + n) - psi_b);
        }
        let chances = |x: f64| b + x + shift - 1.0;
        let repeats = &self.histories.repeats;
        let ln_chance: Vec<f64> = repeats.iter().map(|(x, _)| (a / chances(*x)).ln()).collect();
        let rows = self.histories.sum(|row, place| {
            let x = row.repeats;
            let ln_age = (alpha + row.age).ln();
            if x == 0.0 && !self.is_modified {
                return [-r * ln_age, -ln_age, -r / (alpha + row.age), 0.0, 0.0];
            }
            let ln_recency = (alpha + row.recency).ln();
            let odds = ln_chance[place] + (r + x) * (ln_age - ln_recency);
            let (more, left) = softplus_and_slope(odds);
            let stays = 1.0 - left;
            [
                more - (r + x) * ln_age,
                -(stays * ln_age + left * ln_recency),
                -(r + x) * (stays / (alpha + row.age) + left / (alpha + row.recency)),
                left / a,
                -left / chances(x),
            ]
        });
        let total: [f64; 5] = std::array::from_fn(|at| sums[at] + rows[at]);
        (total[0], [total[1], total[2], total[3], total[4]])
    }
}

/// Where searches begin; the first is what is common.
fn starts(histories: &Histories) -> [[f64; 4]; 3] {
    let rate = histories.mean_rate();
    let start = |r: f64, a: f64, b: f64| [r, r / rate, a, b];
    [start(0.5, 0.8, 2.5), start(1.0, 1.0, 1.0), start(0.2, 0.1, 5.0)]
}

/// Whether customers may leave after the very first purchase too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Only after one that came back.
    Plain,
    /// After each (MBG/NBD).
    Modified,
}

impl BetaGeoNbd {
    /// The estimates of maximum likelihood.
    ///
    /// # Errors
    /// When there are too few customers or the search does not end.
    pub fn estimate(histories: &Histories) -> Result<Self> {
        Self::estimate_form(histories, false)
    }

    /// The same for the modified form (MBG/NBD).
    ///
    /// # Errors
    /// As `estimate`.
    pub fn modified(histories: &Histories) -> Result<Self> {
        Self::estimate_form(histories, true)
    }

    /// The estimates with parameters held near common ones, for data that do not settle them alone;
    /// `boundary` is what those hold nothing of.
    ///
    /// # Errors
    /// As `estimate`.
    pub fn penalised(histories: &Histories, form: Form, boundary: Boundary) -> Result<Self> {
        histories.enough()?;
        let is_modified = form == Form::Modified;
        let starts = starts(histories);
        let found = histories.maximise("BG/NBD", &starts, |histories| {
            Box::new(Penalised { of: Box::new(Sum { histories, is_modified }), common: starts[0] })
        })?;
        let mut model = Self::of(found.parameters, is_modified)?;
        model.fit.note(&found, Some(boundary));
        model.fit.is_penalised = true;
        Ok(model)
    }

    fn estimate_form(histories: &Histories, is_modified: bool) -> Result<Self> {
        histories.enough()?;
        let starts = starts(histories);
        let name = if is_modified { "MBG/NBD" } else { "BG/NBD" };
        let found = histories
            .maximise(name, &starts, |histories| Box::new(Sum { histories, is_modified }))?;
        let mut model = Self::of(found.parameters, is_modified)?;
        let boundary = model.boundary(found.standard_errors.is_some());
        model.fit.note(&found, boundary);
        Ok(model)
    }

    /// The model with parameters that are known: r, α, a, b.
    ///
    /// # Errors
    /// When one of them is not positive.
    pub fn of(parameters: [f64; 4], is_modified: bool) -> Result<Self> {
        let fit = Fit::known(["r", "alpha", "a", "b"], parameters)?;
        let [r, alpha, a, b] = parameters;
        Ok(Self { r, alpha, a, b, is_modified, fit })
    }

    fn boundary(&self, is_curved: bool) -> Option<Boundary> {
        let Self { r, alpha, a, b, .. } = *self;
        // Of the mean a/(a+b) and the spread, which falls as a+b grows, the mean comes first.
        if a / (a + b) < PARAMETER_MIN {
            Some(Boundary::NobodyLeaves)
        } else if a + b > PARAMETER_MAX {
            Some(Boundary::AllLeaveAlike)
        } else if let Some(boundary) = purchase_boundary(r, alpha) {
            Some(boundary)
        } else {
            let tiny = [r, a, b].iter().any(|value| *value < PARAMETER_MIN);
            (tiny || !is_curved).then_some(Boundary::NotIdentified)
        }
    }

    fn alive(&self, row: &History) -> f64 {
        let parameters = [self.r, self.alpha, self.a, self.b];
        logistic(-ln_odds_of_having_left(parameters, self.is_modified, row))
    }

    /// a, kept off 1, where the formulas have a gap that their values do not.
    fn a_off_one(&self) -> f64 {
        if (self.a - 1.0).abs() < 1e-6 { 1.0 + 1e-6 } else { self.a }
    }
}

impl PurchaseModel for BetaGeoNbd {
    fn name(&self) -> &'static str {
        if self.is_modified { "MBG/NBD" } else { "BG/NBD" }
    }

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn probability_alive(&self, histories: &Histories) -> Vec<f64> {
        histories.each(|row| self.alive(row))
    }

    /// Fader, Hardie & Lee (2005), equation 10; of the modified form after Batislam et al.
    fn expected_purchases(&self, histories: &Histories, horizon: f64) -> Vec<f64> {
        let Self { r, alpha, b, is_modified, .. } = *self;
        let (a, shift) = (self.a_off_one(), if is_modified { 1.0 } else { 0.0 });
        histories.each(|row| {
            let x = row.repeats;
            let (n, c) = (b + x + shift, a + b + x + shift - 1.0);
            let z = horizon / (alpha + row.age + horizon);
            let left = (1.0 - z).powf(r + x) * hypergeometric(r + x, n, c, z);
            c / (a - 1.0) * (1.0 - left) * self.alive(row)
        })
    }

    fn expected_purchases_of_new(&self, horizon: f64) -> f64 {
        let Self { r, alpha, b, is_modified, .. } = *self;
        let a = self.a_off_one();
        let z = horizon / (alpha + horizon);
        let (n, c, factor) =
            if is_modified { (b + 1.0, a + b, b) } else { (b, a + b - 1.0, a + b - 1.0) };
        factor / (a - 1.0) * (1.0 - (1.0 - z).powf(r) * hypergeometric(r, n, c, z))
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
            for is_modified in [false, true] {
                assert_gradient(&Sum { histories: &histories, is_modified }, [r, alpha, a, b]);
            }
        }

        #[test]
        fn what_is_expected_makes_sense(
            r in 0.05_f64..5.0, alpha in 0.5_f64..50.0, a in 0.05_f64..5.0, b in 0.5_f64..50.0,
            x in 0_u8..30, share in 0.01_f64..1.0, age in 1.0_f64..80.0,
        ) {
            let model = BetaGeoNbd::of([r, alpha, a, b], false).expect("all positive");
            let rate = (r + f64::from(x)) / (alpha + age);
            assert_sensible(&model, (x, share, age), rate);
        }
    }
}
