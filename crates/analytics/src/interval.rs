//! Estimates and the ranges that they lie in.

use statrs::function::erf::erf_inv;

use crate::Result;
use crate::error::parameter;

/// An estimate with the range that it lies in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// From here.
    pub low: f64,
    /// To here.
    pub high: f64,
}

/// The quantile of the standard normal distribution.
pub(crate) fn normal_quantile(share: f64) -> f64 {
    std::f64::consts::SQRT_2 * erf_inv(2.0 * share - 1.0)
}

/// How many standard errors to either side hold a normal estimate with this confidence.
pub(crate) fn half_width(confidence: f64) -> Result<f64> {
    let between = |share: f64| share > 0.0 && share < 1.0;
    parameter("confidence", confidence, "must be between 0 and 1", between)?;
    Ok(normal_quantile(0.5 + confidence / 2.0))
}
