//! Experiments: how many cases they need, what came of them, and looking while they run.
//!
//! ```
//! use guanxi_analytics::experiment::{difference, power_for_rates, sample_size_for_rates};
//! // To tell 12 % from 10 % takes some 3,800 in each arm; 500 would mostly miss it.
//! assert!((3_700.0..3_900.0).contains(&sample_size_for_rates(0.10, 0.12, 0.05, 0.8)?));
//! assert!(power_for_rates(0.10, 0.12, 0.05, 500.0)? < 0.2);
//! let treated: Vec<f64> = (0..4_000).map(|n| f64::from(u8::from(n % 8 == 0))).collect();
//! let control: Vec<f64> = (0..4_000).map(|n| f64::from(u8::from(n % 10 == 0))).collect();
//! let found = difference(&treated, &control, 0.95)?;
//! assert!(found.low > 0.0 && found.p_value < 0.01);
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::error::{each, parameter, same_length};
use crate::interval::{half_width, normal_quantile};
use crate::special::{gauss_legendre, ln_gamma};
use crate::{Error, Result};

fn normal() -> Normal {
    Normal::standard()
}

fn between_0_and_1(name: &'static str, value: f64) -> Result<()> {
    parameter(name, value, "must be between 0 and 1", |value| value > 0.0 && value < 1.0)
}

/// The chance that a two-sided test at level `alpha` tells two rates apart, with so many cases in
/// each arm, by the arcsine transformation.
///
/// Cohen, *Statistical Power Analysis for the Behavioral Sciences* (1988), chapter 6.
///
/// # Errors
/// When a rate or level is not between 0 and 1, or there are fewer than two cases.
pub fn power_for_rates(usual: f64, wanted: f64, alpha: f64, cases: f64) -> Result<f64> {
    for (name, value) in [("usual", usual), ("wanted", wanted), ("alpha", alpha)] {
        between_0_and_1(name, value)?;
    }
    parameter("cases", cases, "must be more than 1", |cases| cases > 1.0)?;
    let effect = 2.0 * (wanted.sqrt().asin() - usual.sqrt().asin()).abs();
    let critical = normal_quantile(1.0 - alpha / 2.0);
    let shift = effect * (cases / 2.0).sqrt();
    Ok(normal().sf(critical - shift) + normal().cdf(-critical - shift))
}

/// The chance that a two-sided t-test at level `alpha` finds a difference of means of `effect`
/// standard deviations, with so many cases in each arm.
///
/// # Errors
/// When the level is not between 0 and 1, the effect no number, or there are fewer than two cases.
pub fn power_for_means(effect: f64, alpha: f64, cases: f64) -> Result<f64> {
    parameter("effect", effect, "must be a number", |_| true)?;
    between_0_and_1("alpha", alpha)?;
    parameter("cases", cases, "must be more than 1", |cases| cases > 1.0)?;
    let freedom = 2.0 * cases - 2.0;
    let critical = t_quantile(1.0 - alpha / 2.0, freedom)?;
    let shift = effect.abs() * (cases / 2.0).sqrt();
    let below = |critical: f64| noncentral_t(critical, freedom, shift);
    Ok(1.0 - below(critical) + below(-critical))
}

/// How many cases each arm needs for [`power_for_rates`] to be `power`. Not rounded.
///
/// # Errors
/// When a rate, level or power is not between 0 and 1, or the rates are the same.
pub fn sample_size_for_rates(usual: f64, wanted: f64, alpha: f64, power: f64) -> Result<f64> {
    power_for_rates(usual, wanted, alpha, 2.0)?;
    between_0_and_1("power", power)?;
    parameter("wanted", wanted, "must differ from the usual rate", |wanted| wanted != usual)?;
    Ok(smallest(power, |n| power_for_rates(usual, wanted, alpha, n).unwrap_or(0.0)))
}

/// How many cases each arm needs for [`power_for_means`] to be `power`. Not rounded.
///
/// # Errors
/// When the effect is 0, or level or power are not between 0 and 1.
pub fn sample_size_for_means(effect: f64, alpha: f64, power: f64) -> Result<f64> {
    power_for_means(effect, alpha, 2.0)?;
    between_0_and_1("power", power)?;
    parameter("effect", effect, "must not be 0", |effect| effect != 0.0)?;
    Ok(smallest(power, |n| power_for_means(effect, alpha, n).unwrap_or(0.0)))
}

/// From so many degrees of freedom on, t is so near the normal distribution that its expansions around
/// that are exact to nine digits; the ways for few get slow there, or lose digits.
const FREEDOM_MANY: f64 = 1e4;

/// The quantile of the t distribution; of many degrees of freedom by Cornish and Fisher's expansion
/// (Abramowitz & Stegun, *Handbook of Mathematical Functions* (1964), 26.7.5).
fn t_quantile(share: f64, freedom: f64) -> Result<f64> {
    if freedom > FREEDOM_MANY {
        let z = normal_quantile(share);
        let first = (z.powi(3) + z) / 4.0;
        let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
        return Ok(z + first / freedom + second / freedom / freedom);
    }
    let t = StudentsT::new(0.0, 1.0, freedom);
    Ok(t.map_err(|_| Error::NotConverged { model: "the t-test" })?.inverse_cdf(share))
}

/// The smallest n from 2 that has this power, which grows with n.
fn smallest(power: f64, of: impl Fn(f64) -> f64) -> f64 {
    let mut high = 4.0;
    while of(high) < power && high < 1e15 {
        high *= 2.0;
    }
    let mut low = 1.000_001;
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if of(middle) < power {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// P(T ≤ t) of the noncentral t distribution: the normal chance averaged over the chi distribution
/// of the standard deviation, of which ten standard deviations around its mode are enough. Of many
/// degrees of freedom it is nearly normal (Abramowitz & Stegun, 26.7.10).
fn noncentral_t(t: f64, freedom: f64, shift: f64) -> f64 {
    if freedom > FREEDOM_MANY {
        let spread = (1.0 + t * t / (2.0 * freedom)).sqrt();
        return normal().cdf((t * (1.0 - 1.0 / (4.0 * freedom)) - shift) / spread);
    }
    const PANELS: usize = 8;
    let rule = gauss_legendre::<16>();
    let mode = (freedom - 1.0).max(0.0).sqrt();
    let (low, high) = ((mode - 8.0).max(0.0), mode + 8.0);
    let width = (high - low) / PANELS as f64;
    let half = freedom / 2.0;
    let ln_norm = (1.0 - half) * std::f64::consts::LN_2 - ln_gamma(half);
    let mut sum = 0.0;
    for panel in 0..PANELS {
        for (node, weight) in rule {
            let x = low + (panel as f64 + node) * width;
            let density = (ln_norm + (freedom - 1.0) * x.ln() - x * x / 2.0).exp();
            sum += weight * width * density * normal().cdf(t * x / freedom.sqrt() - shift);
        }
    }
    sum
}

/// A difference between two arms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Treated less control.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// It lies from here
    pub low: f64,
    /// to here, with the confidence asked for.
    pub high: f64,
    /// The chance of such a difference, or a larger one, if there were none.
    pub p_value: f64,
}

impl Difference {
    fn of(value: f64, standard_error: f64, confidence: f64) -> Result<Self> {
        let half = half_width(confidence)? * standard_error;
        let p_value = if standard_error > 0.0 {
            2.0 * normal().sf((value / standard_error).abs())
        } else {
            f64::from(u8::from(value == 0.0))
        };
        Ok(Self { value, standard_error, low: value - half, high: value + half, p_value })
    }
}

/// The mean and the variance of the mean.
fn mean_and_variance(column: &'static str, values: &[f64]) -> Result<(f64, f64)> {
    each(column, values, "must be a number", |_| true)?;
    if values.len() < 2 {
        return Err(Error::TooFew { what: "cases of each arm", found: values.len(), wanted: 2 });
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Ok((mean, squares / (n - 1.0) / n))
}

/// The difference of the means of two arms, whose variances may differ (Welch), with the interval of
/// the normal distribution. Rates are means of 0 and 1.
///
/// # Errors
/// When an arm has fewer than two cases or a number is none.
pub fn difference(treated: &[f64], control: &[f64], confidence: f64) -> Result<Difference> {
    let (mean, variance) = mean_and_variance("treated", treated)?;
    let (usual, usual_variance) = mean_and_variance("control", control)?;
    Difference::of(mean - usual, (variance + usual_variance).sqrt(), confidence)
}

/// An outcome with what was known of the same case before the experiment.
#[derive(Debug, Clone, Copy)]
pub struct Arm<'a> {
    /// What came of it.
    pub outcome: &'a [f64],
    /// The same measure, or another that goes with it, from before.
    pub before: &'a [f64],
}

/// The difference of means with what was known before taken out of the variance (CUPED):
/// y − θ (x − x̄), θ = cov(x, y) / var(x) over both arms.
///
/// Deng, Xu, Kohavi & Walker, *WSDM* (2013).
///
/// # Errors
/// As `difference`, and when outcome and before have different lengths.
pub fn difference_with_covariate(
    treated: Arm<'_>,
    control: Arm<'_>,
    confidence: f64,
) -> Result<Difference> {
    for arm in [treated, control] {
        same_length("before", arm.before.len(), arm.outcome.len())?;
        each("before", arm.before, "must be a number", |_| true)?;
        each("outcome", arm.outcome, "must be a number", |_| true)?;
    }
    let pairs = || {
        let of = |arm: Arm<'_>| -> Vec<(f64, f64)> {
            arm.before.iter().copied().zip(arm.outcome.iter().copied()).collect()
        };
        of(treated).into_iter().chain(of(control))
    };
    let n = pairs().count() as f64;
    let mean_x = pairs().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = pairs().map(|(_, y)| y).sum::<f64>() / n;
    let spread: f64 = pairs().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let both: f64 = pairs().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let theta = if spread > 0.0 { both / spread } else { 0.0 };
    let adjusted = |arm: Arm<'_>| -> Vec<f64> {
        arm.outcome.iter().zip(arm.before).map(|(y, x)| y - theta * (x - mean_x)).collect()
    };
    difference(&adjusted(treated), &adjusted(control), confidence)
}

/// A p-value that holds however often one looks (mixture sequential probability ratio test): the
/// chance that the evidence ever gets this strong without a difference is at most it. `spread` is
/// the standard deviation of the differences that one expects, in units of the outcome.
///
/// Johari, Koomen, Pekelis & Walsh, *Operations Research* 70 (2022).
///
/// # Errors
/// When the spread is not positive.
pub fn always_valid_p(difference: &Difference, spread: f64) -> Result<f64> {
    parameter("spread", spread, "must be more than 0", |spread| spread > 0.0)?;
    let variance = difference.standard_error.powi(2);
    if variance <= 0.0 {
        return Ok(1.0);
    }
    let mixed = variance + spread * spread;
    let ln_ratio = 0.5 * (variance / mixed).ln()
        + difference.value.powi(2) * spread * spread / (2.0 * variance * mixed);
    Ok((-ln_ratio).exp().min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::near;

    /// Published figures.
    #[test]
    fn how_many_are_needed() {
        near(sample_size_for_rates(0.10, 0.11, 0.05, 0.8).unwrap(), 14_744.1, 0.05);
        near(sample_size_for_means(0.2, 0.05, 0.8).unwrap(), 393.406, 5e-4);
        near(sample_size_for_means(0.5, 0.05, 0.8).unwrap(), 63.766, 5e-4);
        near(power_for_means(0.5, 0.05, 63.766).unwrap(), 0.8, 1e-5);
        near(power_for_rates(0.1, 0.1, 0.05, 500.0).unwrap(), 0.05, 1e-9);
        // The ways for few and for many meet.
        let [few, many] =
            [5_000.9, 5_001.1].map(|cases| power_for_means(0.05, 0.05, cases).unwrap());
        near(many, few + 0.2 * 5e-5, 2e-5);
        let huge = sample_size_for_means(1e-4, 0.05, 0.8).unwrap();
        near(huge / 1.569_77e9, 1.0, 1e-4);
        assert!(sample_size_for_rates(0.1, 0.1, 0.05, 0.8).is_err());
        assert!(sample_size_for_means(0.0, 0.05, 0.8).is_err());
    }

    #[test]
    fn what_was_known_before_takes_variance_away() {
        let before: Vec<f64> = (0..200).map(|n| f64::from(n * 37 % 100)).collect();
        let noise = |n: usize| (n * 53 % 17) as f64 / 17.0;
        let outcome = |lift: f64| -> Vec<f64> {
            before.iter().enumerate().map(|(at, x)| 2.0 * x + noise(at) + lift).collect()
        };
        let (treated, control) = (outcome(1.0), outcome(0.0));
        let plain = difference(&treated, &control, 0.95).unwrap();
        let arm = |outcome| Arm { outcome, before: before.as_slice() };
        let sharp = difference_with_covariate(arm(&treated), arm(&control), 0.95).unwrap();
        near(sharp.value, 1.0, 1e-9);
        assert!(sharp.standard_error < plain.standard_error / 50.0);
        assert!(sharp.p_value < 1e-6 && plain.p_value > 0.5);
        // Who looks all the time must see more.
        let always = always_valid_p(&sharp, 1.0).unwrap();
        assert!(always > sharp.p_value && always < 0.01);
    }
}
