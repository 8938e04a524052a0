//! Demand that comes now and then.

use super::{Forecast, Forecaster, check};
use crate::Result;
use crate::error::each;
use crate::interval::half_width;

/// How the rate of demand is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntermittentMethod {
    /// Smoothed size over smoothed interval (Croston, *Operational Research Quarterly* 23, 1972).
    Croston,
    /// The same less its bias (Syntetos & Boylan, *International Journal of Forecasting* 21, 2005).
    SyntetosBoylan,
    /// Smoothed size times smoothed chance, which falls while nothing is asked for (Teunter, Syntetos &
    /// Babai, *European Journal of Operational Research* 214, 2011).
    TeunterSyntetosBabai,
}

/// A model of demand with many zeros: how often something is asked for, and how much then.
#[derive(Debug, Clone, PartialEq)]
pub struct Intermittent {
    /// How the rate is found.
    pub method: IntermittentMethod,
    /// How fast sizes and intervals follow.
    pub smoothing: f64,
    /// The demand to expect of each period.
    pub rate: f64,
    /// The chance that anything is asked for in a period.
    pub chance: f64,
    /// The sizes that were, ascending.
    sizes: Vec<f64>,
}

/// Rate, chance and the sum of squared one-step errors for one smoothing.
fn run(series: &[f64], method: IntermittentMethod, smoothing: f64) -> (f64, f64, f64) {
    let demands = || series.iter().filter(|value| **value > 0.0);
    let count = demands().count() as f64;
    let mut size = demands().next().copied().unwrap_or(0.0);
    let mut chance = count / series.len() as f64;
    let mut interval = 1.0 / chance.max(f64::MIN_POSITIVE);
    let mut since = 1.0;
    let mut squares = 0.0;
    let bias = match method {
        IntermittentMethod::SyntetosBoylan => 1.0 - smoothing / 2.0,
        _ => 1.0,
    };
    let by_chance = method == IntermittentMethod::TeunterSyntetosBabai;
    for value in series {
        let rate = if by_chance { chance * size } else { bias * size / interval };
        squares += (value - rate).powi(2);
        let asked = *value > 0.0;
        if asked {
            size += smoothing * (value - size);
            interval += smoothing * (since - interval);
            since = 1.0;
        } else {
            since += 1.0;
        }
        chance += smoothing * (f64::from(u8::from(asked)) - chance);
    }
    if by_chance {
        (chance * size, chance, squares)
    } else {
        (bias * size / interval, 1.0 / interval, squares)
    }
}

impl Intermittent {
    /// Fits the model, with the smoothing of the least squared errors.
    ///
    /// # Errors
    /// When a value is negative or no number, or there was never any demand.
    pub fn fit(series: &[f64], method: IntermittentMethod) -> Result<Self> {
        const STEPS: u8 = 60;
        check(series, 2)?;
        each("series", series, "must be 0 or more", |value| value >= 0.0)?;
        let mut sizes: Vec<f64> = series.iter().copied().filter(|value| *value > 0.0).collect();
        if sizes.is_empty() {
            let (what, found, wanted) = ("periods with demand", 0, 1);
            return Err(crate::Error::TooFew { what, found, wanted });
        }
        sizes.sort_unstable_by(f64::total_cmp);
        let squares = |smoothing: &f64| run(series, method, *smoothing).2;
        let grid = (0..STEPS).map(|step| 0.01 + 0.005 * f64::from(step));
        let best = grid.min_by(|a, b| squares(a).total_cmp(&squares(b)));
        let smoothing = best.unwrap_or(0.1);
        let (rate, chance, _) = run(series, method, smoothing);
        Ok(Self { method, smoothing, rate, chance: chance.clamp(0.0, 1.0), sizes })
    }

    /// The size that a period stays below with this chance.
    fn quantile(&self, share: f64) -> f64 {
        let without = 1.0 - self.chance;
        if share <= without || self.chance <= 0.0 {
            return 0.0;
        }
        let within = (share - without) / self.chance;
        self.sizes[((self.sizes.len() - 1) as f64 * within).round() as usize]
    }
}

impl Forecaster for Intermittent {
    fn name(&self) -> String {
        match self.method {
            IntermittentMethod::Croston => "Croston",
            IntermittentMethod::SyntetosBoylan => "Syntetos–Boylan",
            IntermittentMethod::TeunterSyntetosBabai => "TSB",
        }
        .to_owned()
    }

    /// The range of a period: nothing with the chance of no demand, else as the sizes were.
    fn forecast(&self, horizon: usize, confidence: f64) -> Result<Forecast> {
        half_width(confidence)?;
        Ok(Forecast {
            expected: vec![self.rate; horizon],
            low: vec![self.quantile(0.5 - confidence / 2.0); horizon],
            high: vec![self.quantile(0.5 + confidence / 2.0); horizon],
        })
    }

    fn explanation(&self) -> Vec<(String, f64)> {
        vec![
            ("smoothing".to_owned(), self.smoothing),
            ("chance of demand".to_owned(), self.chance),
            ("mean size".to_owned(), self.sizes.iter().sum::<f64>() / self.sizes.len() as f64),
        ]
    }
}
