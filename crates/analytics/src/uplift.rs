//! Whom does it move? The effect of a treatment on each customer, from a trial in which chance
//! decided who was treated.
//!
//! Two customers with the same chance to buy are not worth the same letter: one would buy anyway.
//! [`Uplift`] estimates the difference that the letter makes, [`cross_fitted`] for cases that the
//! model has not seen, and [`qini`] says what it would bring to treat by these estimates.
//!
//! ```
//! use guanxi_analytics::scoring::{Cases, Feature, Logistic, Scorer};
//! use guanxi_analytics::uplift::{Method, Trial, Uplift, qini};
//! // Every second of 400 customers got a letter. It moved those who had been away, and nobody else.
//! let away: Vec<f64> = (0..400).map(|n| f64::from(u8::from(n % 4 < 2))).collect();
//! let treated: Vec<bool> = (0..400).map(|n| n % 2 == 0).collect();
//! let bought = |n: usize| n % 5 == 0 || (n % 4 == 0 && n % 3 > 0);
//! let outcome: Vec<f64> = (0..400).map(|n| f64::from(u8::from(bought(n)))).collect();
//! let features = [Feature::numbers("away", away)];
//! let trial = Trial { features: &features, treated: &treated, outcome: &outcome };
//! let learner = |cases: &Cases<'_>| -> guanxi_analytics::Result<Box<dyn Scorer>> {
//!     Ok(Box::new(Logistic::fit(cases, 1.0)?))
//! };
//! let model = Uplift::fit(&trial, Method::TwoModels, &learner)?;
//! let effects = model.effects(&features)?;
//! assert!(effects[0] > 0.4 && effects[2].abs() < 0.15);
//! assert!(qini(&effects, &treated, &outcome, 0.95, 1)?.coefficient.low > 0.0);
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

use rand::Rng;
use rayon::prelude::*;

use crate::chance::{generator, shuffled};
use crate::error::{each, parameter, same_length};
use crate::scoring::{Boosted, Boosting, Cases, Explanation, Feature, Loss, Scorer, of_rows};
use crate::{Error, Interval, Result};

/// Cases of a trial.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// What was known of each before.
    pub features: &'a [Feature],
    /// Whether it was treated, as chance decided, with the same chance for all.
    pub treated: &'a [bool],
    /// What came of it: 0 or 1, or a number.
    pub outcome: &'a [f64],
}

/// How the effect is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A model of the treated less a model of the others (Hansotia & Rukstales 2002).
    TwoModels,
    /// One model of "treated and yes, or not treated and no" (Jaskowski & Jaroszewicz 2012), weighted
    /// so that any share may be treated. For outcomes of 0 and 1.
    ClassTransformation,
    /// Models of what each case would have done in the other arm, then models of the differences
    /// (Künzel, Sekhon, Bickel & Yu, *PNAS* 116, 2019: the X-learner).
    CrossLearner,
}

/// What a model of an arm is made by.
pub type Learner<'a> = &'a (dyn Fn(&Cases<'_>) -> Result<Box<dyn Scorer>> + Sync);

/// A model of the effect of a treatment.
pub struct Uplift {
    parts: Parts,
    /// A model of the estimates, which explains them.
    surrogate: Boosted,
    /// The share of the variance of the estimates that the explanations account for.
    pub fidelity: f64,
}

enum Parts {
    TwoModels { treated: Box<dyn Scorer>, control: Box<dyn Scorer> },
    ClassTransformation { same: Box<dyn Scorer> },
    CrossLearner { of_treated: Boosted, of_control: Boosted, share: f64 },
}

impl std::fmt::Debug for Uplift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uplift").field("fidelity", &self.fidelity).finish_non_exhaustive()
    }
}

/// Cases that were picked, which `Cases` borrows.
struct Picked {
    features: Vec<Feature>,
    outcome: Vec<f64>,
    rows: Vec<usize>,
}

impl Picked {
    fn of(trial: &Trial<'_>, wanted: impl Fn(usize) -> bool) -> Self {
        let rows: Vec<usize> = (0..trial.outcome.len()).filter(|row| wanted(*row)).collect();
        let outcome = rows.iter().map(|row| trial.outcome[*row]).collect();
        Self { features: of_rows(trial.features, &rows), outcome, rows }
    }

    fn cases(&self) -> Cases<'_> {
        Cases::new(&self.features, &self.outcome)
    }
}

impl Trial<'_> {
    fn check(&self) -> Result<()> {
        const CASES_MIN: usize = 20;
        let count = self.outcome.len();
        same_length("outcome", count, count)?;
        same_length("treated", self.treated.len(), count)?;
        each("outcome", self.outcome, "must be a number", |_| true)?;
        for feature in self.features {
            same_length("features", feature.len(), count)?;
        }
        let treated = self.treated.iter().filter(|treated| **treated).count();
        let found = treated.min(count - treated);
        if found < CASES_MIN {
            return Err(Error::TooFew { what: "cases of each arm", found, wanted: CASES_MIN });
        }
        Ok(())
    }

    fn share(&self) -> f64 {
        let treated = self.treated.iter().filter(|treated| **treated).count();
        treated as f64 / self.treated.len() as f64
    }

    fn arm(&self, treated: bool) -> Picked {
        Picked::of(self, |row| self.treated[row] == treated)
    }
}

impl Uplift {
    /// Fits the model. `learner` makes the models of the arms, for instance a
    /// [`Boosted`] or a [`Logistic`](crate::scoring::Logistic).
    ///
    /// # Errors
    /// When an arm has fewer than twenty cases, columns do not fit together, or the learner refuses
    /// an arm (for instance because all its outcomes are the same).
    pub fn fit(trial: &Trial<'_>, method: Method, learner: Learner<'_>) -> Result<Self> {
        let parts = Parts::fit(trial, method, learner)?;
        let effects = parts.effects(trial.features)?;
        let settings =
            Boosting { trees: 60, rate: 0.1, patience: None, ..Boosting::new(Loss::Squared) };
        let surrogate = Boosted::fit(&Cases::new(trial.features, &effects), &settings)?;
        let explained = surrogate.scores(trial.features)?;
        let mean = effects.iter().sum::<f64>() / effects.len() as f64;
        let all: f64 = effects.iter().map(|effect| (effect - mean).powi(2)).sum();
        let left: f64 = effects.iter().zip(explained).map(|(a, b)| (a - b).powi(2)).sum();
        let fidelity = if all > 0.0 { 1.0 - left / all } else { 1.0 };
        Ok(Self { parts, surrogate, fidelity })
    }

    /// What the treatment adds to the outcome of each case.
    ///
    /// # Errors
    /// When the features are others than those of the fit.
    pub fn effects(&self, features: &[Feature]) -> Result<Vec<f64>> {
        self.parts.effects(features)
    }

    /// Why a case has its effect, in the unit of the outcome: by a model of the estimates, which
    /// accounts for the [fidelity](Self::fidelity).
    ///
    /// # Errors
    /// When the features are others than those of the fit, or there is no such row.
    pub fn explain(&self, features: &[Feature], row: usize) -> Result<Explanation> {
        self.surrogate.explain(features, row)
    }
}

fn class_transformation(trial: &Trial<'_>, learner: Learner<'_>) -> Result<Parts> {
    each("outcome", trial.outcome, "must be 0 or 1", |value| value == 0.0 || value == 1.0)?;
    let share = trial.share();
    let pairs = || trial.treated.iter().zip(trial.outcome);
    let same: Vec<f64> =
        pairs().map(|(treated, yes)| f64::from(u8::from(*treated == (*yes == 1.0)))).collect();
    let weight: Vec<f64> = trial
        .treated
        .iter()
        .map(|treated| if *treated { 0.5 / share } else { 0.5 / (1.0 - share) })
        .collect();
    let cases = Cases { features: trial.features, outcome: &same, weight: Some(&weight) };
    Ok(Parts::ClassTransformation { same: learner(&cases)? })
}

fn cross_learner(trial: &Trial<'_>, learner: Learner<'_>) -> Result<Parts> {
    let (treated, control) = (trial.arm(true), trial.arm(false));
    let difference = |own: &Picked, other: &Picked, sign: f64| -> Result<Boosted> {
        let would_have = learner(&other.cases())?.scores(&own.features)?;
        let pairs = own.outcome.iter().zip(would_have);
        let effects: Vec<f64> = pairs.map(|(is, would)| sign * (is - would)).collect();
        let settings = Boosting { weight_min: 50.0, leaves: 8, ..Boosting::new(Loss::Squared) };
        Boosted::fit(&Cases::new(&own.features, &effects), &settings)
    };
    Ok(Parts::CrossLearner {
        of_treated: difference(&treated, &control, 1.0)?,
        of_control: difference(&control, &treated, -1.0)?,
        share: trial.share(),
    })
}

impl Parts {
    fn fit(trial: &Trial<'_>, method: Method, learner: Learner<'_>) -> Result<Self> {
        trial.check()?;
        match method {
            Method::TwoModels => Ok(Self::TwoModels {
                treated: learner(&trial.arm(true).cases())?,
                control: learner(&trial.arm(false).cases())?,
            }),
            Method::ClassTransformation => class_transformation(trial, learner),
            Method::CrossLearner => cross_learner(trial, learner),
        }
    }

    fn effects(&self, features: &[Feature]) -> Result<Vec<f64>> {
        let (plus, minus, weights) = match self {
            Self::TwoModels { treated, control } => {
                (treated.scores(features)?, control.scores(features)?, (1.0, -1.0))
            }
            Self::ClassTransformation { same } => {
                let same = same.scores(features)?;
                return Ok(same.into_iter().map(|chance| 2.0 * chance - 1.0).collect());
            }
            // The larger arm knows better what its own would have done in the other.
            Self::CrossLearner { of_treated, of_control, share } => {
                (of_control.scores(features)?, of_treated.scores(features)?, (*share, 1.0 - *share))
            }
        };
        Ok(plus.into_iter().zip(minus).map(|(a, b)| weights.0 * a + weights.1 * b).collect())
    }
}

/// The effect on each case by a model that was fitted without it: for [`qini`], which would else
/// praise what was learned by heart.
///
/// # Errors
/// As [`Uplift::fit`]; also when there are fewer than 2 folds.
pub fn cross_fitted(
    trial: &Trial<'_>,
    method: Method,
    learner: Learner<'_>,
    folds: usize,
    seed: u64,
) -> Result<Vec<f64>> {
    trial.check()?;
    parameter("folds", folds as f64, "must be 2 or more", |folds| folds >= 2.0)?;
    let mut fold = vec![0; trial.outcome.len()];
    shuffled(fold.len(), seed).into_iter().enumerate().for_each(|(at, row)| fold[row] = at % folds);
    let parts = (0..folds)
        .into_par_iter()
        .map(|out| {
            let seen = Picked::of(trial, |row| fold[row] != out);
            let unseen = Picked::of(trial, |row| fold[row] == out);
            let treated: Vec<bool> = seen.rows.iter().map(|row| trial.treated[*row]).collect();
            let trial =
                Trial { features: &seen.features, treated: &treated, outcome: &seen.outcome };
            let model = Parts::fit(&trial, method, learner)?;
            Ok((model.effects(&unseen.features)?, unseen.rows))
        })
        .collect::<Result<Vec<_>>>()?;
    let mut effects = vec![0.0; fold.len()];
    for (part, rows) in parts {
        rows.into_iter().zip(part).for_each(|(row, effect)| effects[row] = effect);
    }
    Ok(effects)
}

/// What it brings to treat the most promising first.
#[derive(Debug, Clone, PartialEq)]
pub struct Qini {
    /// The share of all that is treated, and what that adds to the outcome, per case of all.
    pub curve: Vec<(f64, f64)>,
    /// The area under the curve (AUUC).
    pub area: Interval,
    /// That area less the one of treating by lot: what the estimates are good for.
    pub coefficient: Interval,
    /// The effect on all.
    pub effect: f64,
}

/// Judges estimated effects by a trial: cases with the highest first, the outcomes of the treated
/// less those of as many others, along the share that is treated. The ranges are by the bootstrap.
///
/// Radcliffe, *Direct Marketing Analytics Journal* (2007).
///
/// # Errors
/// When columns are empty or of different lengths, an arm has fewer than twenty cases, or the
/// confidence is not between 0 and 1.
pub fn qini(
    effects: &[f64],
    treated: &[bool],
    outcome: &[f64],
    confidence: f64,
    seed: u64,
) -> Result<Qini> {
    const RESAMPLES: usize = 400;
    Trial { features: &[], treated, outcome }.check()?;
    same_length("effects", effects.len(), outcome.len())?;
    each("effects", effects, "must be a number", |_| true)?;
    let between = |share: f64| share > 0.0 && share < 1.0;
    parameter("confidence", confidence, "must be between 0 and 1", between)?;
    let mut order: Vec<usize> = (0..effects.len()).collect();
    order.sort_by(|a, b| effects[*b].total_cmp(&effects[*a]));
    let ties: Vec<&[usize]> = order.chunk_by(|a, b| effects[*a] == effects[*b]).collect();
    let curve = |weight: &(dyn Fn(usize) -> f64 + Sync)| gains(&ties, treated, outcome, weight);
    let whole = curve(&|_| 1.0);
    let resampled: Vec<(f64, f64)> = (0..RESAMPLES)
        .into_par_iter()
        .map(|at| {
            let mut random = generator(seed ^ (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mut weight = vec![0.0; effects.len()];
            for _ in 0..weight.len() {
                weight[random.random_range(0..effects.len())] += 1.0;
            }
            areas(&curve(&|row| weight[row]))
        })
        .collect();
    let (area, coefficient) = areas(&whole);
    let estimate = |value: f64, mut values: Vec<f64>| {
        values.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        Interval { value, low: at(0.5 - confidence / 2.0), high: at(0.5 + confidence / 2.0) }
    };
    Ok(Qini {
        area: estimate(area, resampled.iter().map(|(area, _)| *area).collect()),
        coefficient: estimate(coefficient, resampled.iter().map(|(_, own)| *own).collect()),
        effect: whole.last().map_or(0.0, |(_, gain)| *gain),
        curve: whole,
    })
}

/// The curve of a weighted trial; cases of one effect come together.
fn gains(
    ties: &[&[usize]],
    treated: &[bool],
    outcome: &[f64],
    weight: &dyn Fn(usize) -> f64,
) -> Vec<(f64, f64)> {
    let total: f64 = ties.iter().flat_map(|rows| rows.iter()).map(|row| weight(*row)).sum();
    let mut curve = vec![(0.0, 0.0)];
    let (mut seen, mut counts, mut sums) = (0.0, [0.0; 2], [0.0; 2]);
    for rows in ties {
        for row in *rows {
            let arm = usize::from(treated[*row]);
            counts[arm] += weight(*row);
            sums[arm] += weight(*row) * outcome[*row];
            seen += weight(*row);
        }
        if counts[0] > 0.0 && counts[1] > 0.0 {
            let effect = sums[1] / counts[1] - sums[0] / counts[0];
            curve.push((seen / total, effect * seen / total));
        }
    }
    curve
}

/// The area under a curve, and that above the straight line to its end.
fn areas(curve: &[(f64, f64)]) -> (f64, f64) {
    let pieces = curve.windows(2).map(|pair| {
        let [(from, low), (to, high)] = [pair[0], pair[1]];
        (to - from) * f64::midpoint(low, high)
    });
    let area = pieces.sum::<f64>();
    (area, area - curve.last().map_or(0.0, |(share, gain)| share * gain / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::Logistic;

    /// Half are moved by .3 from .2, the others not at all.
    fn trial(count: usize, share: f64) -> (Vec<Feature>, Vec<bool>, Vec<f64>, Vec<f64>) {
        let mut random = generator(9);
        let (mut x, mut noise, mut treated) = (vec![], vec![], vec![]);
        let (mut outcome, mut truth) = (vec![], vec![]);
        for _ in 0..count {
            let moved: f64 = random.random();
            let is_treated = random.random::<f64>() < share;
            let effect = if moved > 0.5 { 0.3 } else { 0.0 };
            let chance = 0.2 + if is_treated { effect } else { 0.0 };
            x.push(moved);
            noise.push(random.random());
            treated.push(is_treated);
            outcome.push(f64::from(u8::from(random.random::<f64>() < chance)));
            truth.push(effect);
        }
        let features = vec![Feature::numbers("moved", x), Feature::numbers("noise", noise)];
        (features, treated, outcome, truth)
    }

    #[test]
    fn each_method_finds_who_is_moved() {
        let (features, treated, outcome, truth) = trial(6_000, 0.3);
        let trial = Trial { features: &features, treated: &treated, outcome: &outcome };
        let learner = |cases: &Cases<'_>| -> Result<Box<dyn Scorer>> {
            let settings = Boosting { leaves: 4, trees: 60, ..Boosting::new(Loss::Logistic) };
            Ok(Box::new(Boosted::fit(cases, &settings)?))
        };
        for method in [Method::TwoModels, Method::ClassTransformation, Method::CrossLearner] {
            let effects = cross_fitted(&trial, method, &learner, 2, 1).unwrap();
            let error = effects.iter().zip(&truth).map(|(a, b)| (a - b).abs()).sum::<f64>();
            assert!(error / 6_000.0 < 0.08, "{method:?}: {}", error / 6_000.0);
            let judged = qini(&effects, &treated, &outcome, 0.95, 3).unwrap();
            // The best curve rises to .15 at one half and stays: .0375 above the line.
            assert!((judged.coefficient.value - 0.0375).abs() < 0.01, "{judged:?}");
            assert!(judged.coefficient.low > 0.02);
            let model = Uplift::fit(&trial, method, &learner).unwrap();
            assert!(model.fidelity > 0.8);
            let row = truth.iter().position(|effect| *effect > 0.0).unwrap();
            let why = model.explain(&features, row).unwrap();
            assert!(why.contributions[0] > why.contributions[1].abs());
        }
    }

    #[test]
    fn a_lot_brings_nothing_and_the_end_is_the_effect() {
        let (features, treated, outcome, _) = trial(4_000, 0.5);
        let lot: Vec<f64> = (0..4_000).map(|row| f64::from(row * 7_919 % 4_001)).collect();
        let judged = qini(&lot, &treated, &outcome, 0.95, 3).unwrap();
        assert!(judged.coefficient.low < 0.0 && judged.coefficient.high > 0.0);
        let mean = |arm: bool| {
            let of = outcome.iter().zip(&treated).filter(|(_, t)| **t == arm).map(|(y, _)| *y);
            of.clone().sum::<f64>() / of.count() as f64
        };
        assert!((judged.effect - (mean(true) - mean(false))).abs() < 1e-12);
        // Effects that are all the same say nothing: a straight line.
        let flat = qini(&vec![0.1; 4_000], &treated, &outcome, 0.95, 3).unwrap();
        assert_eq!(flat.curve.len(), 2);
        assert!(flat.coefficient.value.abs() < 1e-12);
        let none = vec![false; 4_000];
        let trial = Trial { features: &features, treated: &none, outcome: &outcome };
        let learner = |cases: &Cases<'_>| -> Result<Box<dyn Scorer>> {
            Ok(Box::new(Logistic::fit(cases, 1.0)?))
        };
        assert!(matches!(
            Uplift::fit(&trial, Method::TwoModels, &learner),
            Err(Error::TooFew { found: 0, .. })
        ));
    }
}
