//! Gradient-boosted trees.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::grow::{Codes, Grower, Limits};
use super::tree::Tree;
use super::{Cases, Explanation, Feature, Scorer, Values, check_features, check_row};
use crate::Result;
use crate::bins::{Bins, MISSING};
use crate::chance::shuffled;
use crate::error::parameter;
use crate::special::{logistic, softplus_and_slope};

/// What is to be foretold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The chance of yes.
    Logistic,
    /// A number.
    Squared,
}

/// How to boost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Boosting {
    /// What is to be foretold.
    pub loss: Loss,
    /// Trees at most.
    pub trees: usize,
    /// Leaves of a tree at most.
    pub leaves: usize,
    /// The share of what a tree says that is believed.
    pub rate: f64,
    /// The curvature of the loss that a leaf needs: cases for numbers, about a quarter of the cases
    /// for even chances.
    pub weight_min: f64,
    /// What keeps leaves of few cases small.
    pub ridge: f64,
    /// After so many trees that did not help on a tenth of the cases, which are held out, it ends.
    pub patience: Option<usize>,
    /// What the held-out cases depend on.
    pub seed: u64,
}

impl Boosting {
    /// Usual settings: at most 400 small trees, ended by a tenth of the cases.
    #[must_use]
    pub fn new(loss: Loss) -> Self {
        Self {
            loss,
            trees: 400,
            leaves: 15,
            rate: 0.05,
            weight_min: 5.0,
            ridge: 1.0,
            patience: Some(30),
            seed: 0,
        }
    }
}

/// How the values of a feature became bins.
#[derive(Debug, Clone, PartialEq)]
enum Encoding {
    Number(Bins),
    /// The most frequent have a bin each; the others are as if missing.
    Category(BTreeMap<u32, u8>),
}

impl Encoding {
    fn of(feature: &Feature) -> Self {
        match &feature.values {
            Values::Numbers(values) => Self::Number(Bins::of(values, usize::MAX)),
            Values::Categories(values) => {
                let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
                values.iter().flatten().for_each(|value| *counts.entry(*value).or_default() += 1);
                let mut frequent: Vec<(u32, usize)> = counts.into_iter().collect();
                frequent.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
                let bins = (1..=u8::MAX).zip(frequent);
                Self::Category(bins.map(|(bin, (value, _))| (value, bin)).collect())
            }
        }
    }

    fn bins(&self) -> usize {
        1 + match self {
            Self::Number(bins) => bins.cuts.len() + 1,
            Self::Category(places) => places.len(),
        }
    }

    fn code(&self, values: &Values, row: usize) -> u8 {
        match (self, values) {
            (Self::Number(bins), Values::Numbers(values)) => bins.code(values[row]),
            (Self::Category(places), Values::Categories(values)) => {
                values[row].and_then(|value| places.get(&value).copied()).unwrap_or(MISSING)
            }
            // The kinds were compared before.
            _ => MISSING,
        }
    }
}

/// Boosted trees: each next tree corrects what those before it left (Friedman, *Annals of Statistics*
/// 29, 2001), by first and second derivatives of the loss (Chen & Guestrin, *XGBoost*, KDD 2016).
#[derive(Debug, Clone, PartialEq)]
pub struct Boosted {
    loss: Loss,
    names: Vec<String>,
    encodings: Vec<Encoding>,
    base: f64,
    rate: f64,
    trees: Vec<Tree>,
}

impl Boosted {
    /// Fits the model.
    ///
    /// # Errors
    /// When columns do not fit together, or settings make no sense; for chances also when outcomes
    /// are not 0 and 1 or all the same.
    pub fn fit(cases: &Cases<'_>, settings: &Boosting) -> Result<Self> {
        match settings.loss {
            Loss::Logistic => cases.check_binary()?,
            Loss::Squared => cases.check()?,
        }
        parameter("leaves", settings.leaves as f64, "must be 2 or more", |n| n >= 2.0)?;
        parameter("rate", settings.rate, "must be over 0 and at most 1", |r| r > 0.0 && r <= 1.0)?;
        parameter("ridge", settings.ridge, "must be 0 or more", |ridge| ridge >= 0.0)?;
        parameter("weight_min", settings.weight_min, "must be more than 0", |w| w > 0.0)?;
        let count = cases.outcome.len();
        let total: f64 = (0..count).map(|row| cases.weight(row)).sum();
        parameter("weight", total, "must sum to more than 0", |total| total > 0.0)?;
        let mean =
            (0..count).map(|row| cases.weight(row) * cases.outcome[row]).sum::<f64>() / total;
        let base = match settings.loss {
            Loss::Logistic => {
                let chance = mean.clamp(1e-9, 1.0 - 1e-9);
                (chance / (1.0 - chance)).ln()
            }
            Loss::Squared => mean,
        };
        let mut model = Self {
            loss: settings.loss,
            names: cases.features.iter().map(|feature| feature.name.clone()).collect(),
            encodings: cases.features.par_iter().map(Encoding::of).collect(),
            base,
            rate: settings.rate,
            trees: Vec::new(),
        };
        model.boost(cases, settings);
        Ok(model)
    }

    fn codes(&self, features: &[Feature], count: usize) -> Codes {
        let mut rows = vec![0; count * features.len()];
        rows.par_chunks_mut(features.len()).enumerate().for_each(|(row, codes)| {
            for ((code, encoding), feature) in codes.iter_mut().zip(&self.encodings).zip(features) {
                *code = encoding.code(&feature.values, row);
            }
        });
        Codes { rows, features: features.len() }
    }

    fn boost(&mut self, cases: &Cases<'_>, settings: &Boosting) {
        let count = cases.outcome.len();
        let codes = self.codes(cases.features, count);
        let is_number: Vec<bool> =
            self.encodings.iter().map(|encoding| matches!(encoding, Encoding::Number(_))).collect();
        let bins: Vec<usize> = self.encodings.iter().map(Encoding::bins).collect();
        let limits = Limits {
            leaves: settings.leaves,
            weight_min: settings.weight_min,
            ridge: settings.ridge,
        };
        let grower = Grower { codes: &codes, is_number: &is_number, bins: &bins, limits };
        let mut learn = shuffled(count, settings.seed);
        // Of a few cases none can be spared.
        let held_out = if settings.patience.is_some() && count >= 100 { count / 10 } else { 0 };
        let test = learn.split_off(count - held_out);
        learn.sort_unstable();
        let learn: Vec<u32> = learn.into_iter().map(|row| row as u32).collect();
        let mut scores = vec![self.base; count];
        let mut order = learn.clone();
        let (mut best, mut best_at) = (f64::INFINITY, 0);
        for _ in 0..settings.trees {
            let gradients = self.gradients(cases, &scores);
            order.copy_from_slice(&learn);
            let tree = grower.grow(&gradients, &mut order, |value, rows| {
                rows.iter().for_each(|row| scores[*row as usize] += self.rate * value);
            });
            if tree.nodes.len() == 1 {
                break;
            }
            for row in &test {
                scores[*row] += self.rate * tree.predict(codes.row(*row));
            }
            self.trees.push(tree);
            let Some(patience) = settings.patience.filter(|_| held_out > 0) else { continue };
            let loss: f64 = test.iter().map(|row| self.loss_of(cases, *row, scores[*row])).sum();
            if loss < best {
                (best, best_at) = (loss, self.trees.len());
            } else if self.trees.len() - best_at >= patience {
                break;
            }
        }
        if held_out > 0 {
            self.trees.truncate(best_at);
        }
    }

    fn gradients(&self, cases: &Cases<'_>, scores: &[f64]) -> Vec<[f32; 2]> {
        let of = |(row, score): (usize, &f64)| {
            let (weight, outcome) = (cases.weight(row), cases.outcome[row]);
            let (error, curve) = match self.loss {
                Loss::Logistic => {
                    let chance = logistic(*score);
                    (chance - outcome, (chance * (1.0 - chance)).max(1e-12))
                }
                Loss::Squared => (score - outcome, 1.0),
            };
            [(weight * error) as f32, (weight * curve) as f32]
        };
        scores.par_iter().with_min_len(4_096).enumerate().map(of).collect()
    }

    fn loss_of(&self, cases: &Cases<'_>, row: usize, score: f64) -> f64 {
        let outcome = cases.outcome[row];
        cases.weight(row)
            * match self.loss {
                Loss::Logistic => softplus_and_slope(score).0 - outcome * score,
                Loss::Squared => (score - outcome).powi(2),
            }
    }

    fn check(&self, features: &[Feature]) -> Result<usize> {
        let known = self.names.iter().zip(&self.encodings);
        let known: Vec<(&str, bool)> = known
            .map(|(name, encoding)| (name.as_str(), matches!(encoding, Encoding::Number(_))))
            .collect();
        check_features(features, known.into_iter())
    }

    fn raw(&self, codes: &[u8]) -> f64 {
        self.base + self.rate * self.trees.iter().map(|tree| tree.predict(codes)).sum::<f64>()
    }

    /// How many trees there are.
    #[must_use]
    pub fn trees(&self) -> usize {
        self.trees.len()
    }

    /// The share of each feature in what all splits gained.
    #[must_use]
    pub fn importance(&self) -> Vec<(String, f64)> {
        let mut gains = vec![0.0; self.names.len()];
        let splits =
            self.trees.iter().flat_map(|tree| &tree.nodes).filter_map(|n| n.split.as_ref());
        splits.for_each(|split| gains[split.feature] += split.gain);
        let total = gains.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        self.names.iter().cloned().zip(gains.into_iter().map(|gain| gain / total)).collect()
    }
}

impl Scorer for Boosted {
    fn scores(&self, features: &[Feature]) -> Result<Vec<f64>> {
        let count = self.check(features)?;
        let codes = self.codes(features, count);
        let score = |row: usize| {
            let raw = self.raw(codes.row(row));
            if self.loss == Loss::Logistic { logistic(raw) } else { raw }
        };
        Ok((0..count).into_par_iter().with_min_len(1_024).map(score).collect())
    }

    fn explain(&self, features: &[Feature], row: usize) -> Result<Explanation> {
        let count = self.check(features)?;
        check_row(row, count)?;
        let codes = self.codes(&super::of_rows(features, &[row]), 1);
        let mut contributions = vec![0.0; features.len()];
        let mut base = 0.0;
        for tree in &self.trees {
            tree.explain(codes.row(0), &mut contributions);
            base += tree.mean();
        }
        contributions.iter_mut().for_each(|part| *part *= self.rate);
        Ok(Explanation { base: self.base + self.rate * base, contributions })
    }
}
