//! What comes next: the next months of a series, with the range they will lie in.
//!
//! | model | for | source |
//! |---|---|---|
//! | [`SeasonalNaive`] | the yardstick: as in the last season | |
//! | [`Theta`] | trend and season, few data, robust | Assimakopoulos & Nikolopoulos 2000; Fiorucci et al. 2016 |
//! | [`Ets`] | level, trend and season that change slowly | Hyndman, Koehler, Ord & Snyder 2008 |
//! | [`Intermittent`] | demand with many zeros | Croston 1972; Syntetos & Boylan 2005; Teunter, Syntetos & Babai 2011 |
//!
//! [`rolling`] tells how good a model was at several points of the past, [`choose`] takes the best
//! and says so when none beats the yardstick, and [`reconcile`] makes the forecasts of a whole and
//! its parts add up.
//!
//! ```
//! use guanxi_analytics::forecast::{Forecaster, Theta};
//! let sold: Vec<f64> = (0..36).map(|month| 100.0 + f64::from(month) + [0.0, 9.0, 20.0, 9.0][month as usize % 4]).collect();
//! let forecast = Theta::fit(&sold, 4)?.forecast(4, 0.9)?;
//! assert!((forecast.expected[2] - (100.0 + 38.0 + 20.0)).abs() < 3.0);
//! assert!(forecast.low[2] < forecast.expected[2]);
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

mod ets;
mod hierarchy;
mod intermittent;
mod season;
mod theta;
mod validation;

use crate::Result;
use crate::error::{each, parameter, same_length};
use crate::interval::half_width;

pub use ets::{Ets, Form, How, Trend};
pub use hierarchy::{Hierarchy, Reconciliation, reconcile};
pub use intermittent::{Intermittent, IntermittentMethod};
pub use theta::Theta;
pub use validation::{Accuracy, Choice, Method, Tried, accuracy, choose, rolling};

/// The next values of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// What to expect of each of the next periods.
    pub expected: Vec<f64>,
    /// It will be above this,
    pub low: Vec<f64>,
    /// and below this, with the confidence asked for.
    pub high: Vec<f64>,
}

/// A model that was fitted to a series.
pub trait Forecaster: Send + Sync {
    /// What the literature calls it.
    fn name(&self) -> String;

    /// The next `horizon` periods; each will lie in its range with this confidence, if the future is
    /// like the past.
    ///
    /// # Errors
    /// When the confidence is not between 0 and 1.
    fn forecast(&self, horizon: usize, confidence: f64) -> Result<Forecast>;

    /// What the model made of the series: its parameters and the state at the end, by name.
    fn explanation(&self) -> Vec<(String, f64)>;
}

fn check(series: &[f64], least: usize) -> Result<()> {
    same_length("series", series.len(), series.len())?;
    each("series", series, "must be a number", |_| true)?;
    if series.len() < least {
        let (what, found) = ("periods", series.len());
        return Err(crate::Error::TooFew { what, found, wanted: least });
    }
    Ok(())
}

fn check_period(period: usize) -> Result<()> {
    parameter("period", period as f64, "must be 1 or more", |period| period >= 1.0)
}

/// As in the last season: the yardstick that a model must beat. With a period of 1, as in the last
/// period.
///
/// Its range grows with the root of the seasons ahead (Hyndman & Athanasopoulos, *Forecasting:
/// Principles and Practice*, 3rd ed. (2021), section 5.5).
#[derive(Debug, Clone, PartialEq)]
pub struct SeasonalNaive {
    last: Vec<f64>,
    deviation: f64,
}

impl SeasonalNaive {
    /// Takes the last season; `period` is its length.
    ///
    /// # Errors
    /// When the series is not longer than a season, or holds what is no number.
    pub fn fit(series: &[f64], period: usize) -> Result<Self> {
        check_period(period)?;
        check(series, period + 1)?;
        let steps = series[period..].iter().zip(series);
        let squares: f64 = steps.map(|(now, before)| (now - before).powi(2)).sum();
        let deviation = (squares / (series.len() - period) as f64).sqrt();
        Ok(Self { last: series[series.len() - period..].to_vec(), deviation })
    }
}

impl Forecaster for SeasonalNaive {
    fn name(&self) -> String {
        "seasonal naive".to_owned()
    }

    fn forecast(&self, horizon: usize, confidence: f64) -> Result<Forecast> {
        let half = half_width(confidence)? * self.deviation;
        let period = self.last.len();
        let expected: Vec<f64> = (0..horizon).map(|step| self.last[step % period]).collect();
        let width = |step: usize| half * ((step / period + 1) as f64).sqrt();
        let low = expected.iter().enumerate().map(|(step, value)| value - width(step)).collect();
        let high = expected.iter().enumerate().map(|(step, value)| value + width(step)).collect();
        Ok(Forecast { expected, low, high })
    }

    fn explanation(&self) -> Vec<(String, f64)> {
        vec![("standard deviation of a season's change".to_owned(), self.deviation)]
    }
}

#[cfg(test)]
mod tests;
