//! Logistic regression with a ridge.

use std::collections::BTreeMap;

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::{Cases, Explanation, Feature, Scorer, Values, check_features, check_row};
use crate::error::parameter;
use crate::special::{logistic, softplus_and_slope};
use crate::{Error, Result};

/// Categories of fewer cases are all one: "other".
const CATEGORY_CASES_MIN: usize = 5;
/// The most frequent categories have a coefficient each, the rest are "other".
const CATEGORIES_MAX: usize = 60;
/// Rows that are added up together, always in the same order.
const PIECE: usize = 4_096;
/// A standardised weight that is less certain than this is not known at all.
const UNCERTAIN: f64 = 1e3;
const MODEL: &str = "logistic regression";

/// How a feature becomes numbers.
#[derive(Debug, Clone, PartialEq)]
enum Encoding {
    /// (value − mean) / scale, and 1 where it is missing, if that ever happened.
    Number { mean: f64, scale: f64, with_missing: bool },
    /// 1 in the place of the category; unknown ones nowhere.
    Category { places: BTreeMap<Option<u32>, usize> },
}

impl Encoding {
    fn of(feature: &Feature) -> Self {
        match &feature.values {
            Values::Numbers(values) => {
                let known: Vec<f64> =
                    values.iter().copied().filter(|value| !value.is_nan()).collect();
                let (mean, deviation) = crate::moments::mean_and_deviation(&known);
                let scale = if deviation > 0.0 { deviation } else { 1.0 };
                Self::Number { mean, scale, with_missing: known.len() < values.len() }
            }
            Values::Categories(values) => {
                let mut counts: BTreeMap<Option<u32>, usize> = BTreeMap::new();
                values.iter().for_each(|value| *counts.entry(*value).or_default() += 1);
                let mut frequent: Vec<(usize, Option<u32>)> = counts
                    .into_iter()
                    .filter(|(_, count)| *count >= CATEGORY_CASES_MIN)
                    .map(|(value, count)| (count, value))
                    .collect();
                frequent.sort_by_key(|(count, value)| (std::cmp::Reverse(*count), *value));
                frequent.truncate(CATEGORIES_MAX);
                let places = frequent.into_iter().enumerate();
                Self::Category { places: places.map(|(at, (_, value))| (value, at)).collect() }
            }
        }
    }

    fn width(&self) -> usize {
        match self {
            Self::Number { with_missing, .. } => 1 + usize::from(*with_missing),
            Self::Category { places } => places.len(),
        }
    }

    fn write(&self, values: &Values, row: usize, to: &mut [f64]) {
        match (self, values) {
            (Self::Number { mean, scale, with_missing }, Values::Numbers(values)) => {
                let missing = values[row].is_nan();
                to[0] = if missing { 0.0 } else { (values[row] - mean) / scale };
                if *with_missing {
                    to[1] = f64::from(u8::from(missing));
                }
            }
            (Self::Category { places }, Values::Categories(values)) => {
                to.fill(0.0);
                if let Some(place) = places.get(&values[row]) {
                    to[*place] = 1.0;
                }
            }
            // The kinds were compared before.
            _ => to.fill(0.0),
        }
    }
}

/// What moves the log-odds.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficient {
    /// The feature.
    pub feature: String,
    /// Its category, if it has categories and this is of one; none in it is "missing".
    pub category: Option<Option<u32>>,
    /// Whether this is for a number that is missing.
    pub missing: bool,
    /// By how much a case with one unit more, or with this category, has higher log-odds.
    pub value: f64,
    /// Its standard error; with a ridge it leaves out what the ridge itself pulls to 0.
    pub standard_error: f64,
}

/// A logistic regression: the log-odds of yes are a weighted sum of the features.
///
/// Numbers are standardised and a gap has a weight of its own, categories have a weight each; a
/// ridge keeps the weights small where there are few cases (Hoerl & Kennard 1970; le Cessie & van
/// Houwelingen, *Applied Statistics* 41, 1992). The fit is Newton's method.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    names: Vec<(String, bool)>,
    encodings: Vec<Encoding>,
    /// The intercept first.
    weights: Vec<f64>,
    errors: Vec<f64>,
    means: Vec<f64>,
    /// The logarithm of the likelihood of the cases, without the ridge.
    pub log_likelihood: f64,
}

/// Value, slope and curvature of a piece of the cases.
struct Sums {
    value: f64,
    slope: DVector<f64>,
    curve: DMatrix<f64>,
}

impl Logistic {
    /// Fits the model; `ridge` is what half the sum of squared weights costs (1 is usual, 0 is
    /// none).
    ///
    /// # Errors
    /// When columns do not fit together, outcomes are not 0 and 1 or all the same, or without a
    /// ridge the features tell the outcomes apart perfectly or each other.
    pub fn fit(cases: &Cases<'_>, ridge: f64) -> Result<Self> {
        cases.check_binary()?;
        parameter("ridge", ridge, "must be 0 or more", |ridge| ridge >= 0.0)?;
        let encodings: Vec<Encoding> = cases.features.iter().map(Encoding::of).collect();
        let names = cases
            .features
            .iter()
            .map(|feature| (feature.name.clone(), matches!(feature.values, Values::Numbers(_))))
            .collect();
        let width = 1 + encodings.iter().map(Encoding::width).sum::<usize>();
        let mut model = Self {
            names,
            encodings,
            weights: vec![0.0; width],
            errors: vec![0.0; width],
            means: vec![0.0; width],
            log_likelihood: f64::NAN,
        };
        let design = model.design(cases.features, cases.outcome.len());
        let total: f64 = (0..cases.outcome.len()).map(|row| cases.weight(row)).sum();
        for (row, encoded) in design.chunks(width).enumerate() {
            let weight = cases.weight(row) / total;
            model.means.iter_mut().zip(encoded).for_each(|(mean, x)| *mean += weight * x);
        }
        model.search(cases, &design, ridge)?;
        Ok(model)
    }

    /// The encoded cases, row after row, each with a 1 for the intercept.
    fn design(&self, features: &[Feature], count: usize) -> Vec<f64> {
        let width = self.weights.len();
        let mut design = vec![0.0; width * count];
        design.par_chunks_mut(width).enumerate().for_each(|(row, to)| {
            to[0] = 1.0;
            let mut at = 1;
            for (encoding, feature) in self.encodings.iter().zip(features) {
                let next = at + encoding.width();
                encoding.write(&feature.values, row, &mut to[at..next]);
                at = next;
            }
        });
        design
    }

    fn search(&mut self, cases: &Cases<'_>, design: &[f64], ridge: f64) -> Result<()> {
        const ROUNDS: usize = 100;
        let width = self.weights.len();
        let failed = Error::NotConverged { model: MODEL };
        let mut weights = DVector::zeros(width);
        let mut here = sums(cases, design, &weights, ridge);
        for _ in 0..ROUNDS {
            let curve = here.curve.clone().cholesky().ok_or(failed.clone())?;
            let step = curve.solve(&here.slope);
            let gain = step.dot(&here.slope);
            let mut share = 1.0;
            loop {
                let next = &weights + share * &step;
                let there = sums(cases, design, &next, ridge);
                if there.value >= here.value - 1e-12 * here.value.abs() || share < 1e-6 {
                    (weights, here) = (next, there);
                    break;
                }
                share /= 2.0;
            }
            if gain < 1e-12 * (1.0 + here.value.abs()) {
                let inverse = here.curve.cholesky().ok_or(failed.clone())?.inverse();
                self.errors = (0..width).map(|at| inverse[(at, at)].sqrt()).collect();
                // Without a ridge the weights of features that tell all apart grow for ever.
                if self.errors.iter().any(|error| *error > UNCERTAIN) {
                    return Err(failed);
                }
                let norm: f64 = weights.iter().skip(1).map(|weight| weight * weight).sum();
                self.log_likelihood = here.value + ridge * norm / 2.0;
                self.weights = weights.iter().copied().collect();
                return Ok(());
            }
        }
        Err(failed)
    }

    fn log_odds(&self, encoded: &[f64]) -> f64 {
        self.weights.iter().zip(encoded).map(|(weight, x)| weight * x).sum()
    }

    fn check(&self, features: &[Feature]) -> Result<usize> {
        check_features(features, self.names.iter().map(|(name, number)| (name.as_str(), *number)))
    }

    /// The log-odds of a case whose features are all 0, before standardising.
    #[must_use]
    pub fn intercept(&self) -> f64 {
        let mut at = 1;
        let mut intercept = self.weights[0];
        for encoding in &self.encodings {
            if let Encoding::Number { mean, scale, .. } = encoding {
                intercept -= self.weights[at] * mean / scale;
            }
            at += encoding.width();
        }
        intercept
    }

    /// All coefficients, in the units of the features.
    #[must_use]
    pub fn coefficients(&self) -> Vec<Coefficient> {
        let mut list = Vec::new();
        let mut at = 1;
        for (encoding, (name, _)) in self.encodings.iter().zip(&self.names) {
            let mut push = |place: usize, scale: f64, category, missing| {
                list.push(Coefficient {
                    feature: name.clone(),
                    category,
                    missing,
                    value: self.weights[at + place] / scale,
                    standard_error: self.errors[at + place] / scale,
                });
            };
            match encoding {
                Encoding::Number { scale, with_missing, .. } => {
                    push(0, *scale, None, false);
                    if *with_missing {
                        push(1, 1.0, None, true);
                    }
                }
                Encoding::Category { places } => {
                    for (category, place) in places {
                        push(*place, 1.0, Some(*category), false);
                    }
                }
            }
            at += encoding.width();
        }
        list
    }
}

fn sums(cases: &Cases<'_>, design: &[f64], weights: &DVector<f64>, ridge: f64) -> Sums {
    let width = weights.len();
    let pieces: Vec<Sums> = design
        .par_chunks(PIECE * width)
        .enumerate()
        .map(|(piece, rows)| piece_sums(cases, piece * PIECE, rows, weights))
        .collect();
    let mut all = Sums::zero(width);
    for piece in pieces {
        all.value += piece.value;
        all.slope += piece.slope;
        all.curve += piece.curve;
    }
    for at in 1..width {
        all.value -= ridge * weights[at] * weights[at] / 2.0;
        all.slope[at] -= ridge * weights[at];
        all.curve[(at, at)] += ridge;
    }
    // The lower triangle was summed; a solver may look at both.
    all.curve.fill_upper_triangle_with_lower_triangle();
    all
}

impl Sums {
    fn zero(width: usize) -> Self {
        Self { value: 0.0, slope: DVector::zeros(width), curve: DMatrix::zeros(width, width) }
    }
}

fn piece_sums(cases: &Cases<'_>, from: usize, rows: &[f64], weights: &DVector<f64>) -> Sums {
    let width = weights.len();
    let mut sums = Sums::zero(width);
    let mut present = Vec::with_capacity(width);
    for (at, row) in rows.chunks(width).enumerate() {
        // Categories make most entries 0.
        present.clear();
        present.extend(row.iter().enumerate().filter(|(_, x)| **x != 0.0).map(|(at, x)| (at, *x)));
        let log_odds: f64 = present.iter().map(|(at, x)| weights[*at] * x).sum();
        let (softplus, chance) = softplus_and_slope(log_odds);
        let (yes, weight) = (cases.outcome[from + at], cases.weight(from + at));
        sums.value += weight * (yes * log_odds - softplus);
        let curve = weight * chance * (1.0 - chance);
        for (place, (column, x)) in present.iter().enumerate() {
            sums.slope[*column] += weight * (yes - chance) * x;
            let mut lower = sums.curve.column_mut(*column);
            for (row, other) in &present[place..] {
                lower[*row] += curve * x * other;
            }
        }
    }
    sums
}

impl Scorer for Logistic {
    fn scores(&self, features: &[Feature]) -> Result<Vec<f64>> {
        let count = self.check(features)?;
        let design = self.design(features, count);
        let rows = design.chunks(self.weights.len());
        Ok(rows.map(|row| logistic(self.log_odds(row))).collect())
    }

    fn explain(&self, features: &[Feature], row: usize) -> Result<Explanation> {
        let count = self.check(features)?;
        check_row(row, count)?;
        let one: Vec<Feature> = super::of_rows(features, &[row]);
        let encoded = self.design(&one, 1);
        let mut contributions = Vec::new();
        let mut at = 1;
        for encoding in &self.encodings {
            let next = at + encoding.width();
            let parts = (at..next).map(|at| self.weights[at] * (encoded[at] - self.means[at]));
            contributions.push(parts.sum());
            at = next;
        }
        Ok(Explanation { base: self.log_odds(&self.means), contributions })
    }
}
