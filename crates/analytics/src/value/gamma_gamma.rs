//! The gamma-gamma model of spending.

use super::{Boundary, Fit, PARAMETER_MAX, PARAMETER_MIN};
use crate::error::{each, same_length};
use crate::minimise::{Likelihood, maximise};
use crate::special::{digamma, ln_gamma};
use crate::{Error, Result};

/// Fewer customers who came back tell nothing.
const REPEATERS_MIN: usize = 10;

/// What one customer spends at once varies by a gamma distribution (shape p) around a mean that
/// is itself inverse-gamma distributed over customers (q, v), independent of how often they buy.
///
/// Colombo & Jiang, *Journal of Interactive Marketing* 13 (1999); Fader & Hardie, The Gamma-Gamma
/// Model of Monetary Value (2013).
#[derive(Debug, Clone, PartialEq)]
pub struct GammaGamma {
    p: f64,
    q: f64,
    v: f64,
    fit: Fit,
}

struct Sum<'a> {
    /// Repeats and their mean value, of customers who came back.
    rows: &'a [(f64, f64)],
}

impl Likelihood<3> for Sum<'_> {
    /// L = Γ(px+q) / (Γ(px) Γ(q)) v^q m^(px−1) x^px / (xm+v)^(px+q).
    fn at(&self, &[p, q, v]: &[f64; 3]) -> (f64, [f64; 3]) {
        let (gamma_q, psi_q) = (ln_gamma(q), digamma(q));
        let mut sums = [0.0; 4];
        for (x, m) in self.rows {
            let (shape, all) = (p * x, p * x + q);
            let spread = x * m + v;
            let (psi_all, psi_shape) = (digamma(all), digamma(shape));
            sums[0] += ln_gamma(all) - ln_gamma(shape) - gamma_q
                + q * v.ln()
                + (shape - 1.0) * m.ln()
                + shape * x.ln()
                - all * spread.ln();
            sums[1] += x * (psi_all - psi_shape + m.ln() + x.ln() - spread.ln());
            sums[2] += psi_all - psi_q + v.ln() - spread.ln();
            sums[3] += q / v - all / spread;
        }
        (sums[0], [sums[1], sums[2], sums[3]])
    }
}

impl GammaGamma {
    /// The estimates of maximum likelihood, from customers who came back.
    ///
    /// - `repeats`: purchases after the first;
    /// - `mean_value`: the mean of what each of *those* purchases was worth (0 without repeats).
    ///
    /// # Errors
    /// When columns have different lengths, a number makes no sense, or too few came back.
    pub fn estimate(repeats: &[f64], mean_value: &[f64]) -> Result<Self> {
        let rows = checked(repeats, mean_value)?;
        if rows.len() < REPEATERS_MIN {
            let (what, found) = ("customers who came back", rows.len());
            return Err(Error::TooFew { what, found, wanted: REPEATERS_MIN });
        }
        let mean = rows.iter().map(|(_, m)| m).sum::<f64>() / rows.len() as f64;
        let starts = [[4.0, 4.0, mean * 3.0 / 4.0], [1.0, 2.0, mean], [8.0, 3.0, mean / 4.0]];
        let found = maximise("gamma-gamma", &Sum { rows: &rows }, &starts, rows.len() as f64)?;
        let mut model = Self::of(found.parameters)?;
        let extreme = |value: &f64| *value < PARAMETER_MIN || *value > PARAMETER_MAX;
        // Without a mean of the means there is no expected value either.
        let flat = found.standard_errors.is_none() || model.q <= 1.0;
        let at_boundary = flat || [model.p, model.q].iter().any(extreme);
        model.fit.note(&found, at_boundary.then_some(Boundary::NotIdentified));
        Ok(model)
    }

    /// The model with parameters that are known: p, q, v.
    ///
    /// # Errors
    /// When one of them is not positive.
    pub fn of(parameters: [f64; 3]) -> Result<Self> {
        let fit = Fit::known(["p", "q", "v"], parameters)?;
        let [p, q, v] = parameters;
        Ok(Self { p, q, v, fit })
    }

    /// The estimates.
    #[must_use]
    pub fn fit(&self) -> &Fit {
        &self.fit
    }

    /// What each customer will spend at once, on average: between their own mean and that of all,
    /// nearer to their own the more often they came: p (v + x m) / (p x + q − 1).
    ///
    /// # Errors
    /// As `estimate`.
    pub fn expected_value(&self, repeats: &[f64], mean_value: &[f64]) -> Result<Vec<f64>> {
        checked(repeats, mean_value)?;
        let pairs = repeats.iter().zip(mean_value);
        let Self { p, q, v, .. } = *self;
        Ok(pairs.map(|(x, m)| p * (v + x * m) / (p * x + q - 1.0)).collect())
    }
}

/// The customers who came back.
fn checked(repeats: &[f64], mean_value: &[f64]) -> Result<Vec<(f64, f64)>> {
    same_length("repeats", repeats.len(), repeats.len())?;
    same_length("mean_value", mean_value.len(), repeats.len())?;
    each("repeats", repeats, "must be 0 or more", |x| x >= 0.0)?;
    each("mean_value", mean_value, "must be 0 or more", |m| m >= 0.0)?;
    let pairs = repeats.iter().copied().zip(mean_value.iter().copied());
    let free = pairs.clone().position(|(x, m)| x > 0.0 && m == 0.0);
    if let Some(row) = free {
        let wanted = "must be more than 0 where there are repeats";
        return Err(Error::Value { column: "mean_value", row, value: 0.0, wanted });
    }
    Ok(pairs.filter(|(x, _)| *x > 0.0).collect())
}
