//! How good a model is on cases that it has not seen.

use rayon::prelude::*;

use super::{Cases, Feature, Quality, Scorer, Values, area_under_curve, check_binary, of_rows};
use crate::Result;
use crate::chance::shuffled;
use crate::error::parameter;

/// What cross-validation found.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// The score of each case by the model that did not see it.
    pub scores: Vec<f64>,
    /// How good these scores are, all together.
    pub quality: Quality,
    /// The area under the curve of each fold: how much chance there is in it.
    pub by_fold: Vec<f64>,
}

impl Validation {
    /// Whether the scores are better than guessing for sure: by two standard errors of the area under
    /// the curve (Hanley & McNeil, *Radiology* 143, 1982).
    #[must_use]
    pub fn is_better_than_guessing(&self, outcome: &[f64]) -> bool {
        let yes: f64 = outcome.iter().sum();
        let no = outcome.len() as f64 - yes;
        let area = self.quality.area_under_curve;
        let (one, two) = (area / (2.0 - area), 2.0 * area * area / (1.0 + area));
        let variance = area * (1.0 - area)
            + (yes - 1.0) * (one - area * area)
            + (no - 1.0) * (two - area * area);
        area - 2.0 * (variance / (yes * no)).sqrt() > 0.5
    }
}

/// The fold of each case, from 0: each holds as many cases, and as many of each outcome, as the
/// others, to within one.
///
/// # Errors
/// When there are fewer than 2 folds, or fewer cases of an outcome than folds.
pub fn folds(outcome: &[f64], count: usize, seed: u64) -> Result<Vec<usize>> {
    check_binary(outcome)?;
    parameter("folds", count as f64, "must be 2 or more", |count| count >= 2.0)?;
    let yes = outcome.iter().filter(|value| **value == 1.0).count();
    let fewest = yes.min(outcome.len() - yes);
    if fewest < count {
        let what = "cases of each outcome";
        return Err(crate::Error::TooFew { what, found: fewest, wanted: count });
    }
    let mut fold = vec![0; outcome.len()];
    let mut dealt = 0;
    let order = shuffled(outcome.len(), seed);
    for wanted in [1.0, 0.0] {
        for row in order.iter().filter(|row| outcome[**row] == wanted) {
            fold[*row] = dealt % count;
            dealt += 1;
        }
    }
    Ok(fold)
}

/// Fits the model on all folds but one and scores that, for each fold in turn.
///
/// # Errors
/// What `fit` refuses; also when outcomes are not 0 and 1 or there are too few of one.
pub fn cross_validate<S: Scorer>(
    cases: &Cases<'_>,
    count: usize,
    seed: u64,
    fit: impl Fn(&Cases<'_>) -> Result<S> + Sync,
) -> Result<Validation> {
    cases.check_binary()?;
    let fold = folds(cases.outcome, count, seed)?;
    let rows_of = |wanted: &dyn Fn(usize) -> bool| -> Vec<usize> {
        (0..fold.len()).filter(|row| wanted(fold[*row])).collect()
    };
    let pick = |column: &[f64], rows: &[usize]| -> Vec<f64> {
        rows.iter().map(|row| column[*row]).collect()
    };
    let parts = (0..count)
        .into_par_iter()
        .map(|out| {
            let (seen, unseen) = (rows_of(&|fold| fold != out), rows_of(&|fold| fold == out));
            let features = of_rows(cases.features, &seen);
            let outcome = pick(cases.outcome, &seen);
            let weight = cases.weight.map(|weight| pick(weight, &seen));
            let seen = Cases { features: &features, outcome: &outcome, weight: weight.as_deref() };
            let scores = fit(&seen)?.scores(&of_rows(cases.features, &unseen))?;
            let area = area_under_curve(&scores, &pick(cases.outcome, &unseen))?;
            Ok((unseen, scores, area))
        })
        .collect::<Result<Vec<_>>>()?;
    let mut scores = vec![0.0; fold.len()];
    let mut by_fold = Vec::new();
    for (rows, part, area) in parts {
        rows.into_iter().zip(part).for_each(|(row, score)| scores[row] = score);
        by_fold.push(area);
    }
    let quality = Quality::of(&scores, cases.outcome)?;
    Ok(Validation { scores, quality, by_fold })
}

/// A feature that alone gives the answer away.
#[derive(Debug, Clone, PartialEq)]
pub struct Leak {
    /// The feature.
    pub name: String,
    /// The area under the curve that it reaches alone.
    pub area_under_curve: f64,
}

/// Features that alone tell the outcomes apart nearly perfectly (an area under the curve of
/// `limit`, say .98): as a rule they were written after the outcome was known, and a model that
/// uses them is worthless for what is still to come.
///
/// A number is judged by its order and by being there at all, a category by the shares of yes
/// among the other half of its cases.
///
/// # Errors
/// As [`cross_validate`].
pub fn leaks(cases: &Cases<'_>, limit: f64) -> Result<Vec<Leak>> {
    cases.check_binary()?;
    parameter("limit", limit, "must be from .5 to 1", |limit| (0.5..=1.0).contains(&limit))?;
    let fold = folds(cases.outcome, 2, 0)?;
    let mut found = Vec::new();
    for feature in cases.features {
        let area = alone(feature, cases.outcome, &fold)?;
        if area >= limit {
            found.push(Leak { name: feature.name.clone(), area_under_curve: area });
        }
    }
    Ok(found)
}

fn alone(feature: &Feature, outcome: &[f64], fold: &[usize]) -> Result<f64> {
    let either_way =
        |scores: &[f64]| area_under_curve(scores, outcome).map(|area| area.max(1.0 - area));
    match &feature.values {
        Values::Numbers(values) => {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let filled: Vec<f64> = values
                .iter()
                .map(|value| if value.is_nan() { low.min(f64::MAX) - 1.0 } else { *value })
                .collect();
            let known: Vec<f64> =
                values.iter().map(|value| f64::from(u8::from(value.is_nan()))).collect();
            Ok(either_way(&filled)?.max(either_way(&known)?))
        }
        Values::Categories(values) => {
            let mean = outcome.iter().sum::<f64>() / outcome.len() as f64;
            let mut seen = std::collections::HashMap::<(usize, Option<u32>), (f64, f64)>::new();
            for ((value, yes), fold) in values.iter().zip(outcome).zip(fold) {
                let sums = seen.entry((*fold, *value)).or_default();
                sums.0 += yes;
                sums.1 += 1.0;
            }
            let shares: Vec<f64> = values
                .iter()
                .zip(fold)
                .map(|(value, fold)| {
                    let (yes, cases) = seen.get(&(1 - fold, *value)).copied().unwrap_or_default();
                    (yes + mean) / (cases + 1.0)
                })
                .collect();
            either_way(&shares)
        }
    }
}
