//! The shifted-beta-geometric model of customers under contract.

use super::{Boundary, Fit, PARAMETER_MAX, PARAMETER_MIN};
use crate::error::{each, parameter, same_length};
use crate::minimise::{Likelihood, maximise};
use crate::special::{digamma, ln_beta};
use crate::{Error, Result};

/// At the end of each period a customer does not renew with a chance that is beta distributed over
/// customers (α, β). Those of a high chance leave first, so that retention rises with time.
///
/// Fader & Hardie, How to Project Customer Retention, *Journal of Interactive Marketing* 21 (2007).
#[derive(Debug, Clone, PartialEq)]
pub struct RetentionCurve {
    alpha: f64,
    beta: f64,
    fit: Fit,
}

struct Sum<'a> {
    /// How many did not renew at the end of each period.
    lost: &'a [f64],
    /// How many were there to the end.
    left: f64,
}

impl Likelihood<2> for Sum<'_> {
    /// P(T = t) = B(α+1, β+t−1) / B(α, β); S(t) = B(α, β+t) / B(α, β).
    fn at(&self, &[alpha, beta]: &[f64; 2]) -> (f64, [f64; 2]) {
        let base = ln_beta(alpha, beta);
        let psi = |a: f64, b: f64| [digamma(a) - digamma(a + b), digamma(b) - digamma(a + b)];
        let base_slope = psi(alpha, beta);
        let mut sums = [0.0; 3];
        let mut add = |weight: f64, a: f64, b: f64| {
            let slope = psi(a, b);
            sums[0] += weight * (ln_beta(a, b) - base);
            sums[1] += weight * (slope[0] - base_slope[0]);
            sums[2] += weight * (slope[1] - base_slope[1]);
        };
        for (period, lost) in self.lost.iter().enumerate() {
            add(*lost, alpha + 1.0, beta + period as f64);
        }
        add(self.left, alpha, beta + self.lost.len() as f64);
        (sums[0], [sums[1], sums[2]])
    }
}

impl RetentionCurve {
    /// The estimates of maximum likelihood from how many of one group were there at the start and
    /// after each period.
    ///
    /// # Errors
    /// When there are fewer than three numbers, one is more than the one before, or none makes sense.
    pub fn estimate(survivors: &[f64]) -> Result<Self> {
        same_length("survivors", survivors.len(), survivors.len())?;
        each("survivors", survivors, "must be 0 or more", |n| n >= 0.0)?;
        if survivors.len() < 3 {
            return Err(Error::TooFew { what: "periods", found: survivors.len(), wanted: 3 });
        }
        if let Some(row) = survivors.windows(2).position(|pair| pair[1] > pair[0]) {
            let (column, wanted) = ("survivors", "must not be more than before");
            return Err(Error::Value { column, row: row + 1, value: survivors[row + 1], wanted });
        }
        let lost: Vec<f64> = survivors.windows(2).map(|pair| pair[0] - pair[1]).collect();
        let left = survivors[survivors.len() - 1];
        if lost.iter().all(|lost| *lost == 0.0) {
            return Err(Error::TooFew { what: "customers who left", found: 0, wanted: 1 });
        }
        let starts = [[1.0, 1.0], [0.5, 3.0], [2.0, 8.0]];
        let sum = Sum { lost: &lost, left };
        let found = maximise("sBG", &sum, &starts, survivors[0].max(1.0))?;
        let mut model = Self::of(found.parameters)?;
        let boundary = if model.alpha + model.beta > PARAMETER_MAX {
            Some(Boundary::AllLeaveAlike)
        } else {
            let tiny = model.alpha.min(model.beta) < PARAMETER_MIN;
            (tiny || found.standard_errors.is_none()).then_some(Boundary::NotIdentified)
        };
        model.fit.note(&found, boundary);
        Ok(model)
    }

    /// The model with parameters that are known: α, β.
    ///
    /// # Errors
    /// When one of them is not positive.
    pub fn of(parameters: [f64; 2]) -> Result<Self> {
        let fit = Fit::known(["alpha", "beta"], parameters)?;
        let [alpha, beta] = parameters;
        Ok(Self { alpha, beta, fit })
    }

    /// The estimates.
    #[must_use]
    pub fn fit(&self) -> &Fit {
        &self.fit
    }

    /// The share of customers who are there after so many periods.
    #[must_use]
    pub fn survival(&self, periods: usize) -> f64 {
        // The quotient of beta functions, without the digits that these lose where α and β are huge.
        (1..=periods).map(|period| self.retention(period)).product()
    }

    /// The share of those who were there before period t (from 1) and renew at its end:
    /// (β + t − 1) / (α + β + t − 1).
    #[must_use]
    pub fn retention(&self, period: usize) -> f64 {
        let before = period.max(1) as f64 - 1.0;
        (self.beta + before) / (self.alpha + self.beta + before)
    }

    /// What the renewals of a customer are worth who has renewed `renewals` times and must say now
    /// whether they do again, in units of the margin of one period, `rate` being the discount of one
    /// period (the discounted expected residual lifetime, DERL).
    ///
    /// # Errors
    /// When the rate is not more than 0.
    pub fn residual_lifetime(&self, renewals: usize, rate: f64) -> Result<f64> {
        parameter("rate", rate, "must be more than 0", |rate| rate > 0.0)?;
        let now = self.survival(renewals);
        let (mut sum, mut period) = (0.0, 0_u32);
        loop {
            let there = self.survival(renewals + 1 + period as usize) / now;
            let worth = there * (1.0 + rate).powf(-f64::from(period));
            sum += worth;
            period += 1;
            // What is left out is less than a geometric series of this term.
            if worth / rate < 1e-12 * sum || period > 100_000 {
                return Ok(sum);
            }
        }
    }
}
