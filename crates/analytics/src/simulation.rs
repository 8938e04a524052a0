//! What may come of it: a plan run thousands of times with everything that is uncertain drawn anew.
//!
//! An [`Input`] is a number that is not sure; [`simulate`] carries all of them through any model, and
//! says which of them the outcome hangs on. [`compare`] runs several plans through the same draws
//! (common random numbers: Law, *Simulation Modeling and Analysis*, 5th ed. (2015), section 11.2), so
//! that what differs between them is the plans and not the luck. [`Promotion`] is the model most asked
//! for.
//!
//! ```
//! use guanxi_analytics::simulation::{Input, simulate};
//! // A price of 20, about 500 buyers, costs between 8,000 and 10,000.
//! let inputs = [
//!     Input::Normal { mean: 500.0, deviation: 50.0 },
//!     Input::Uniform { low: 8_000.0, high: 10_000.0 },
//! ];
//! let found = simulate(&inputs, 2_000, 1, |x| 20.0 * x[0] - x[1])?;
//! assert!((found.mean - 1_000.0).abs() < 20.0);
//! assert!(found.chance_of_loss > 0.1 && found.chance_of_loss < 0.3);
//! assert_eq!(found.influences[0].input, 0);
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

mod promotion;

use rand::Rng;
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, LogNormal, Normal, Triangular};

use crate::chance::generator;
use crate::error::parameter;
use crate::moments::{correlation, mean_and_deviation, mean_ranks};
use crate::{Error, Result};

pub use promotion::{INPUTS as PROMOTION_INPUTS, Promotion, promotion_profit};

/// A number that is not sure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input {
    /// It is sure after all.
    Known(f64),
    /// An estimate with its standard error.
    Normal {
        /// The estimate.
        mean: f64,
        /// Its standard error, more than 0.
        deviation: f64,
    },
    /// An amount above 0: the logarithm is normal.
    LogNormal {
        /// Half of the draws are below it.
        median: f64,
        /// The standard deviation of the logarithm, more than 0.
        spread: f64,
    },
    /// What three questions give: at least, most likely, at most.
    Triangular {
        /// At least.
        low: f64,
        /// Most likely.
        likely: f64,
        /// At most.
        high: f64,
    },
    /// Anything between alike.
    Uniform {
        /// At least.
        low: f64,
        /// At most.
        high: f64,
    },
    /// A share that was seen: so many of so many, as Bayes and Laplace estimate it.
    Share {
        /// Of those
        yes: u64,
        /// among these.
        of: u64,
    },
}

/// The inverse of a distribution function: draws by a number between 0 and 1.
enum Draw {
    Known(f64),
    Normal(Normal),
    LogNormal(LogNormal),
    Triangular(Triangular),
    Uniform(f64, f64),
    /// Quantiles, evenly from 0 to 1.
    Table(Vec<f64>),
}

impl Input {
    fn draw(self) -> Result<Draw> {
        let wrong = |value, wanted| Error::Parameter { name: "input", value, wanted };
        let ordered = "must be finite and in order";
        Ok(match self {
            Self::Known(value) => {
                parameter("input", value, "must be a number", |_| true)?;
                Draw::Known(value)
            }
            Self::Normal { mean, deviation } => Draw::Normal(
                Normal::new(mean, deviation)
                    .map_err(|_| wrong(deviation, "needs a deviation of more than 0"))?,
            ),
            Self::LogNormal { median, spread } => {
                parameter("median", median, "must be more than 0", |median| median > 0.0)?;
                let distribution = LogNormal::new(median.ln(), spread);
                Draw::LogNormal(
                    distribution.map_err(|_| wrong(spread, "needs a spread of more than 0"))?,
                )
            }
            Self::Triangular { low, likely, high } => Draw::Triangular(
                Triangular::new(low, high, likely).map_err(|_| wrong(likely, ordered))?,
            ),
            Self::Uniform { low, high } => {
                parameter("input", high - low, ordered, |width| width >= 0.0)?;
                Draw::Uniform(low, high)
            }
            Self::Share { yes, of } => {
                const MOST: f64 = 1e12;
                parameter("yes", yes as f64, "must be at most all", |_| yes <= of)?;
                parameter("of", of as f64, "must be at most a trillion", |of| of <= MOST)?;
                Draw::Table(share_quantiles(yes as f64, (of - yes) as f64))
            }
        })
    }
}

/// Quantiles of the beta distribution (yes + 1, no + 1), evenly from 0 to 1: its density, summed up over
/// all that is likely. The inverse of the distribution itself is slow to find, and for many cases is not
/// found at all.
fn share_quantiles(yes: f64, no: f64) -> Vec<f64> {
    const STEPS: u32 = 4_000;
    const CELLS: u32 = 2_000;
    let all = yes + no + 2.0;
    let mean = (yes + 1.0) / all;
    let deviation = (mean * (1.0 - mean) / (all + 1.0)).sqrt();
    let (low, high) = ((mean - 9.0 * deviation).max(0.0), (mean + 13.0 * deviation).min(1.0));
    let x = |step: u32| low + (high - low) * f64::from(step) / f64::from(STEPS);
    // Against the mode, so that nothing is too small or too large.
    let mode = if yes + no > 0.0 { yes / (yes + no) } else { 0.5 };
    let part = |count: f64, x: f64, mode: f64| {
        if count > 0.0 { count * ((x - mode) / mode).ln_1p() } else { 0.0 }
    };
    let density = |x: f64| (part(yes, x, mode) + part(no, 1.0 - x, 1.0 - mode)).exp();
    let mut sums = vec![0.0];
    for step in 0..STEPS {
        let last = sums[step as usize];
        sums.push(last + f64::midpoint(density(x(step)), density(x(step + 1))));
    }
    let total = sums[STEPS as usize];
    let quantile = |cell: u32| {
        let mark = total * (f64::from(cell) + 0.5) / f64::from(CELLS);
        let above = sums.partition_point(|sum| *sum < mark).max(1);
        let width = sums[above] - sums[above - 1];
        let part = if width > 0.0 { (mark - sums[above - 1]) / width } else { 0.0 };
        x(above as u32 - 1) + part * (high - low) / f64::from(STEPS)
    };
    (0..CELLS).map(quantile).collect()
}

impl Draw {
    fn at(&self, share: f64) -> f64 {
        match self {
            Self::Known(value) => *value,
            Self::Normal(normal) => normal.inverse_cdf(share),
            Self::LogNormal(normal) => normal.inverse_cdf(share),
            Self::Triangular(triangular) => triangular.inverse_cdf(share),
            Self::Uniform(low, high) => low + share * (high - low),
            Self::Table(values) => {
                let place =
                    (share * values.len() as f64 - 0.5).clamp(0.0, values.len() as f64 - 1.0);
                let below = (place as usize).min(values.len() - 2);
                let part = place - below as f64;
                values[below] * (1.0 - part) + values[below + 1] * part
            }
        }
    }
}

/// What the outcome hangs on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Influence {
    /// The place of the input.
    pub input: usize,
    /// The outcome when this input is such that nine in ten are higher, and all others at their
    /// middle,
    pub at_low: f64,
    /// and when nine in ten are lower.
    pub at_high: f64,
    /// Spearman's rank correlation of input and outcome over all draws.
    pub correlation: f64,
}

/// What may come of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// The outcome of each draw.
    pub outcomes: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// How far the mean itself may be off, for having drawn no more often.
    pub standard_error: f64,
    /// The share of draws with an outcome below 0.
    pub chance_of_loss: f64,
    /// What moves the outcome, the most first.
    pub influences: Vec<Influence>,
    sorted: Vec<f64>,
}

impl Simulation {
    /// What this share of the outcomes stays below.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let last = self.sorted.len() - 1;
        self.sorted[(share.clamp(0.0, 1.0) * last as f64).round() as usize]
    }
}

/// The share that input `at` is drawn by, for all draws: each input has its own row of chances, which
/// stays the same whatever else a plan has. The draws are spread evenly (McKay, Beckman & Conover,
/// *Technometrics* 21, 1979: Latin hypercube).
fn shares(at: usize, draws: usize, seed: u64) -> Vec<f64> {
    let own = seed ^ (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let order = crate::chance::shuffled(draws, own);
    let mut random = generator(own.wrapping_add(1));
    order.into_iter().map(|place| (place as f64 + random.random::<f64>()) / draws as f64).collect()
}

/// Draws all inputs `draws` times and runs the model on each.
///
/// # Errors
/// When an input makes no sense, there are fewer than 100 draws, or the model gives no number.
pub fn simulate(
    inputs: &[Input],
    draws: usize,
    seed: u64,
    model: impl Fn(&[f64]) -> f64 + Sync,
) -> Result<Simulation> {
    parameter("draws", draws as f64, "must be 100 or more", |draws| draws >= 100.0)?;
    let ways = inputs.iter().map(|input| input.draw()).collect::<Result<Vec<_>>>()?;
    let drawn: Vec<Vec<f64>> = ways
        .par_iter()
        .enumerate()
        .map(|(at, way)| shares(at, draws, seed).into_iter().map(|share| way.at(share)).collect())
        .collect();
    let outcome = |draw: usize| {
        let values: Vec<f64> = drawn.iter().map(|values| values[draw]).collect();
        model(&values)
    };
    let outcomes: Vec<f64> = (0..draws).into_par_iter().with_min_len(256).map(outcome).collect();
    crate::error::each("outcome", &outcomes, "must be a number for all inputs", |_| true)?;
    let (mean, deviation) = mean_and_deviation(&outcomes);
    let middle: Vec<f64> = ways.iter().map(|way| way.at(0.5)).collect();
    let ranks = mean_ranks(&outcomes);
    let mut influences: Vec<Influence> = (0..inputs.len())
        .map(|input| {
            let with = |share: f64| {
                let mut values = middle.clone();
                values[input] = ways[input].at(share);
                model(&values)
            };
            let correlation = correlation(&mean_ranks(&drawn[input]), &ranks);
            Influence { input, at_low: with(0.1), at_high: with(0.9), correlation }
        })
        .collect();
    let swing = |one: &Influence| (one.at_high - one.at_low).abs();
    influences.sort_by(|a, b| swing(b).total_cmp(&swing(a)).then(a.input.cmp(&b.input)));
    let mut sorted = outcomes.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let losses = outcomes.iter().filter(|outcome| **outcome < 0.0).count();
    Ok(Simulation {
        mean,
        standard_error: deviation / (draws as f64).sqrt(),
        chance_of_loss: losses as f64 / draws as f64,
        influences,
        outcomes,
        sorted,
    })
}

/// One plan against another, over the same draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// The place of the plan that is compared
    pub plan: usize,
    /// with this one.
    pub other: usize,
    /// By how much it is better in the mean.
    pub difference: f64,
    /// How far that may be off.
    pub standard_error: f64,
    /// The share of draws in which it is better.
    pub chance_better: f64,
}

/// Runs several plans through the same draws and compares each with each that comes after it. The
/// inputs of all plans must be in the same order.
///
/// # Errors
/// As [`simulate`]; also when plans have different numbers of inputs.
pub fn compare(
    plans: &[Vec<Input>],
    draws: usize,
    seed: u64,
    model: impl Fn(&[f64]) -> f64 + Sync,
) -> Result<(Vec<Simulation>, Vec<Comparison>)> {
    let Some(first) = plans.first() else { return Err(Error::Empty { column: "plans" }) };
    let mut simulations = Vec::new();
    for plan in plans {
        crate::error::same_length("plans", plan.len(), first.len())?;
        simulations.push(simulate(plan, draws, seed, &model)?);
    }
    let mut comparisons = Vec::new();
    for plan in 0..plans.len() {
        for other in plan + 1..plans.len() {
            let pairs = simulations[plan].outcomes.iter().zip(&simulations[other].outcomes);
            let differences: Vec<f64> = pairs.map(|(a, b)| a - b).collect();
            let (difference, deviation) = mean_and_deviation(&differences);
            let better = differences.iter().filter(|difference| **difference > 0.0).count();
            comparisons.push(Comparison {
                plan,
                other,
                difference,
                standard_error: deviation / (draws as f64).sqrt(),
                chance_better: better as f64 / draws as f64,
            });
        }
    }
    Ok((simulations, comparisons))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::near;

    #[test]
    fn sums_of_normals_are_normal() {
        let inputs = [
            Input::Normal { mean: 10.0, deviation: 3.0 },
            Input::Normal { mean: -4.0, deviation: 4.0 },
            Input::Known(1.0),
        ];
        let found = simulate(&inputs, 20_000, 1, |x| x[0] + x[1] + x[2]).unwrap();
        near(found.mean, 7.0, 0.01);
        near(found.quantile(0.5), 7.0, 0.1);
        // The standard deviation is 5: 8.08 % are below 0.
        near(found.chance_of_loss, 0.0808, 0.006);
        near(found.quantile(0.975), 7.0 + 1.96 * 5.0, 0.3);
        assert_eq!(found.influences[0].input, 1);
        near(found.influences[0].at_high - found.influences[0].at_low, 2.0 * 1.2816 * 4.0, 0.01);
        near(found.influences[0].correlation, 0.8, 0.02);
        assert_eq!(found.influences[2].at_low, found.influences[2].at_high);
        assert_eq!(found, simulate(&inputs, 20_000, 1, |x| x[0] + x[1] + x[2]).unwrap());
    }

    #[test]
    fn inputs_have_the_means_that_they_say() {
        for (input, mean) in [
            (Input::Triangular { low: 0.0, likely: 1.0, high: 5.0 }, 2.0),
            (Input::Uniform { low: 2.0, high: 4.0 }, 3.0),
            (Input::LogNormal { median: 2.0, spread: 0.5 }, 2.0 * 0.125_f64.exp()),
            (Input::Share { yes: 30, of: 98 }, 0.31),
            (Input::Share { yes: 0, of: 0 }, 0.5),
            (Input::Share { yes: 0, of: 98 }, 0.01),
            (Input::Share { yes: 98, of: 98 }, 0.99),
            (Input::Share { yes: 300_000_000, of: 1_000_000_000 }, 0.3),
        ] {
            near(simulate(&[input], 4_000, 2, |x| x[0]).unwrap().mean, mean, 2e-3);
        }
        for wrong in [
            Input::Known(f64::NAN),
            Input::Normal { mean: 0.0, deviation: -1.0 },
            Input::Triangular { low: 3.0, likely: 1.0, high: 2.0 },
            Input::Uniform { low: 3.0, high: 1.0 },
            Input::LogNormal { median: 0.0, spread: 1.0 },
            Input::Share { yes: 3, of: 2 },
        ] {
            assert!(simulate(&[wrong], 1_000, 0, |x| x[0]).is_err(), "{wrong:?}");
        }
        assert!(simulate(&[], 10, 0, |_| 0.0).is_err());
        assert!(simulate(&[Input::Known(1.0)], 1_000, 0, |_| f64::NAN).is_err());
    }

    /// Against the quantiles of beta(31, 69) and beta(1, 20), from the distribution itself.
    #[test]
    fn shares_have_the_quantiles_of_beta() {
        for (yes, of, share) in
            [(30, 98, 0.05), (30, 98, 0.5), (30, 98, 0.95), (0, 19, 0.5), (0, 19, 0.95)]
        {
            let beta = statrs::distribution::Beta::new(yes as f64 + 1.0, (of - yes) as f64 + 1.0);
            let found = simulate(&[Input::Share { yes, of }], 20_000, 1, |x| x[0]).unwrap();
            near(beta.unwrap().cdf(found.quantile(share)), share, 2e-4);
        }
    }

    /// Two plans that differ by 1 in a noise of 10: over the same draws the difference is exact.
    #[test]
    fn plans_share_their_luck() {
        let plan =
            |extra: f64| vec![Input::Normal { mean: 0.0, deviation: 10.0 }, Input::Known(extra)];
        let (_, compared) = compare(&[plan(2.0), plan(1.0)], 1_000, 5, |x| x[0] + x[1]).unwrap();
        near(compared[0].difference, 1.0, 1e-12);
        near(compared[0].standard_error, 0.0, 1e-12);
        assert_eq!(compared[0].chance_better, 1.0);
    }
}
