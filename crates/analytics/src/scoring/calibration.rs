//! Scores that mean what they say: of the cases with .3, three in ten are a yes.

use super::check_binary;
use crate::Result;
use crate::error::{each, same_length};
use crate::special::logistic;

/// How a calibration bends the scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalibrationKind {
    /// A logistic curve over the log-odds of the score; for few cases (Platt 1999).
    Platt,
    /// The best rising steps; for a thousand cases and more (Zadrozny & Elkan 2002, by the
    /// pool-adjacent-violators algorithm of Ayer et al. 1955).
    Isotonic,
}

/// What turns scores into chances. Fit it on scores of cases that the model has not seen.
#[derive(Debug, Clone, PartialEq)]
pub enum Calibration {
    /// The chance is logistic(slope · log-odds + shift).
    Platt {
        /// 1 where nothing is to be bent.
        slope: f64,
        /// 0 where nothing is to be moved.
        shift: f64,
    },
    /// The chance between the scores of steps is on the line between them.
    Isotonic {
        /// Score and chance, both rising.
        steps: Vec<(f64, f64)>,
    },
}

fn log_odds(score: f64) -> f64 {
    let score = score.clamp(1e-12, 1.0 - 1e-12);
    (score / (1.0 - score)).ln()
}

impl Calibration {
    /// Fits a calibration.
    ///
    /// # Errors
    /// When columns are empty or of different lengths, a score is not from 0 to 1, an outcome not
    /// 0 or 1, or all outcomes are the same.
    pub fn fit(kind: CalibrationKind, scores: &[f64], outcome: &[f64]) -> Result<Self> {
        check_binary(outcome)?;
        same_length("scores", scores.len(), outcome.len())?;
        each("scores", scores, "must be from 0 to 1", |score| (0.0..=1.0).contains(&score))?;
        Ok(match kind {
            CalibrationKind::Platt => platt(scores, outcome),
            CalibrationKind::Isotonic => isotonic(scores, outcome),
        })
    }

    /// The chance that a score stands for.
    #[must_use]
    pub fn chance(&self, score: f64) -> f64 {
        match self {
            Self::Platt { slope, shift } => logistic(slope * log_odds(score) + shift),
            Self::Isotonic { steps } => {
                let above = steps.partition_point(|(step, _)| *step < score);
                match (above.checked_sub(1).map(|below| steps[below]), steps.get(above)) {
                    (Some((low, from)), Some((high, to))) => {
                        (from + (to - from) * (score - low) / (high - low)).min(*to)
                    }
                    (Some((_, chance)), None) => chance,
                    (None, Some((_, chance))) => *chance,
                    (None, None) => score,
                }
            }
        }
    }
}

/// Newton's method; the outcomes are drawn in a little, as Platt does, so that no score is sure.
fn platt(scores: &[f64], outcome: &[f64]) -> Calibration {
    let yes: f64 = outcome.iter().sum();
    let no = outcome.len() as f64 - yes;
    let (high, low) = ((yes + 1.0) / (yes + 2.0), 1.0 / (no + 2.0));
    let (mut slope, mut shift) = (1.0, 0.0);
    for _ in 0..100 {
        let (mut gradient, mut curve) = ([0.0; 2], [1e-9, 0.0, 1e-9]);
        for (score, yes) in scores.iter().zip(outcome) {
            let x = log_odds(*score);
            let chance = logistic(slope * x + shift);
            let error = if *yes == 1.0 { high } else { low } - chance;
            let weight = chance * (1.0 - chance);
            gradient[0] += error * x;
            gradient[1] += error;
            curve[0] += weight * x * x;
            curve[1] += weight * x;
            curve[2] += weight;
        }
        let determinant = curve[0] * curve[2] - curve[1] * curve[1];
        let step = [
            (curve[2] * gradient[0] - curve[1] * gradient[1]) / determinant,
            (curve[0] * gradient[1] - curve[1] * gradient[0]) / determinant,
        ];
        let longest = step[0].abs().max(step[1].abs());
        if !longest.is_finite() {
            break;
        }
        let reach = (2.0 / longest).min(1.0);
        slope += reach * step[0];
        shift += reach * step[1];
        if longest < 1e-10 {
            break;
        }
    }
    Calibration::Platt { slope, shift }
}

fn isotonic(scores: &[f64], outcome: &[f64]) -> Calibration {
    /// Neighbours that share one chance.
    struct Pool {
        yes: f64,
        cases: f64,
        low: f64,
        high: f64,
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_unstable_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let mut pools: Vec<Pool> = Vec::new();
    for same in order.chunk_by(|a, b| scores[*a] == scores[*b]) {
        let score = scores[same[0]];
        let yes = same.iter().map(|row| outcome[*row]).sum();
        pools.push(Pool { yes, cases: same.len() as f64, low: score, high: score });
        while let [.., before, last] = pools.as_slice() {
            if before.yes / before.cases < last.yes / last.cases {
                break;
            }
            let Some(last) = pools.pop() else { break };
            if let Some(before) = pools.last_mut() {
                before.yes += last.yes;
                before.cases += last.cases;
                before.high = last.high;
            }
        }
    }
    let mut steps = Vec::new();
    for pool in pools {
        let chance = pool.yes / pool.cases;
        steps.push((pool.low, chance));
        if pool.high > pool.low {
            steps.push((pool.high, chance));
        }
    }
    Calibration::Isotonic { steps }
}
