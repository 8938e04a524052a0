//! Composite scores: several criteria in one number whose weights total 100 %, and the two-sided
//! matrix of the customer's value and our capability to serve (门当户对).
//!
//! ```
//! use guanxi_analytics::composite::{Criterion, Missing, Normalisation, scores};
//! let criterion = |values, weight| Criterion {
//!     values,
//!     weight,
//!     more_is_better: true,
//!     normalisation: Normalisation::MinMax,
//!     missing: Missing::Reweight,
//! };
//! // Turnover and loyalty of three customers; of the last the loyalty is not known.
//! let (turnover, loyalty) = ([100.0, 300.0, 200.0], [1.0, 0.0, f64::NAN]);
//! let found = scores(&[criterion(&turnover, 60.0), criterion(&loyalty, 40.0)])?;
//! let found: Vec<f64> = found.iter().filter_map(|score| score.score).collect();
//! assert_eq!(found, [40.0, 60.0, 50.0]);
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

use crate::error::{each, parameter, same_length};
use crate::moments::{correlation, mean_ranks};
use crate::{Error, Result};

/// How numbers of different units are made comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalisation {
    /// The smallest is 0, the largest 1.
    MinMax,
    /// The share of the others that are smaller, equals counting half: robust against outliers.
    Rank,
    /// Standard deviations from the mean, cut at three and moved to 0 … 1.
    ZScore,
}

/// What to do where a number is missing (NaN).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Missing {
    /// The other criteria count for it, in proportion to their weights.
    Reweight,
    /// It counts as this normalised value, such as 0.
    Value(f64),
}

/// One criterion of a composite score.
#[derive(Debug, Clone, Copy)]
pub struct Criterion<'a> {
    /// A number for each case; NaN where it is missing.
    pub values: &'a [f64],
    /// In percent; all together 100.
    pub weight: f64,
    /// Whether more is better.
    pub more_is_better: bool,
    /// How it is made comparable.
    pub normalisation: Normalisation,
    /// Where it is missing.
    pub missing: Missing,
}

/// A composite score and what it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// From 0 to 100; none where every criterion is missing.
    pub score: Option<f64>,
    /// What each criterion adds to it.
    pub contributions: Vec<f64>,
}

/// The composite score of every case.
///
/// # Errors
/// When columns have different lengths, a weight is negative, or the weights do not total 100 %.
pub fn scores(criteria: &[Criterion<'_>]) -> Result<Vec<Score>> {
    let normalised = checked(criteria)?;
    let weights: Vec<f64> = criteria.iter().map(|criterion| criterion.weight).collect();
    let cases = normalised.first().map_or(0, Vec::len);
    Ok((0..cases).map(|case| score(criteria, &normalised, &weights, case)).collect())
}

fn checked(criteria: &[Criterion<'_>]) -> Result<Vec<Vec<f64>>> {
    let Some(first) = criteria.first() else { return Err(Error::Empty { column: "criteria" }) };
    let weights: Vec<f64> = criteria.iter().map(|criterion| criterion.weight).collect();
    each("weights", &weights, "must be 0 or more", |weight| weight >= 0.0)?;
    let total: f64 = weights.iter().sum();
    parameter("weights", total, "must total 100", |total| (total - 100.0).abs() < 1e-6)?;
    for criterion in criteria {
        same_length("values", criterion.values.len(), first.values.len())?;
        if let Some(row) = criterion.values.iter().position(|value| value.is_infinite()) {
            let (column, value) = ("values", criterion.values[row]);
            return Err(Error::Value { column, row, value, wanted: "must be finite" });
        }
    }
    Ok(criteria.iter().map(normalise).collect())
}

/// 0 is worst, 1 best, NaN missing; where all are alike each is in the middle.
fn normalise(criterion: &Criterion<'_>) -> Vec<f64> {
    let known: Vec<f64> = criterion.values.iter().copied().filter(|v| !v.is_nan()).collect();
    let count = known.len() as f64;
    let mean = known.iter().sum::<f64>() / count;
    let spread = (known.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
    let low = known.iter().copied().fold(f64::INFINITY, f64::min);
    let high = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sorted = known;
    sorted.sort_by(f64::total_cmp);
    let place = |value: f64| -> f64 {
        if value.is_nan() {
            return f64::NAN;
        }
        if high <= low {
            return 0.5;
        }
        let share = match criterion.normalisation {
            Normalisation::MinMax => (value - low) / (high - low),
            Normalisation::ZScore => ((value - mean) / spread).clamp(-3.0, 3.0) / 6.0 + 0.5,
            Normalisation::Rank => {
                let below = sorted.partition_point(|known| *known < value) as f64;
                let same = sorted.partition_point(|known| *known <= value) as f64 - below;
                (below + (same - 1.0) / 2.0) / (count - 1.0)
            }
        };
        if criterion.more_is_better { share } else { 1.0 - share }
    };
    criterion.values.iter().map(|value| place(*value)).collect()
}

fn score(
    criteria: &[Criterion<'_>],
    normalised: &[Vec<f64>],
    weights: &[f64],
    case: usize,
) -> Score {
    let value = |at: usize| match (normalised[at][case], criteria[at].missing) {
        (value, Missing::Value(instead)) if value.is_nan() => Some(instead),
        (value, _) if value.is_nan() => None,
        (value, _) => Some(value),
    };
    let known: f64 =
        (0..criteria.len()).filter(|at| value(*at).is_some()).map(|at| weights[at]).sum();
    if known <= 0.0 {
        return Score { score: None, contributions: vec![0.0; criteria.len()] };
    }
    let contributions: Vec<f64> = (0..criteria.len())
        .map(|at| value(at).map_or(0.0, |value| 100.0 * value * weights[at] / known))
        .collect();
    Score { score: Some(contributions.iter().sum()), contributions }
}

/// How much the order of the cases hangs on the weights: for each criterion the rank correlation
/// (Spearman) of the order with that of its weight raised by `points` percentage points, taken from
/// the others in proportion. 1 means that the order stays.
///
/// # Errors
/// As `scores`, and when `points` is not between 0 and 100.
pub fn sensitivity(criteria: &[Criterion<'_>], points: f64) -> Result<Vec<f64>> {
    parameter("points", points, "must be more than 0 and less than 100", |p| p > 0.0 && p < 100.0)?;
    let normalised = checked(criteria)?;
    let weights: Vec<f64> = criteria.iter().map(|criterion| criterion.weight).collect();
    let cases = normalised[0].len();
    let order = |weights: &[f64]| -> Vec<f64> {
        let score = |case| score(criteria, &normalised, weights, case).score.unwrap_or(0.0);
        mean_ranks(&(0..cases).map(score).collect::<Vec<_>>())
    };
    let usual = order(&weights);
    let raised = |at: usize| -> Vec<f64> {
        let others = 100.0 - weights[at];
        let more = points.min(others);
        let keep = if others > 0.0 { (others - more) / others } else { 1.0 };
        (0..weights.len())
            .map(|other| if other == at { weights[at] + more } else { weights[other] * keep })
            .collect()
    };
    let kept = |at: usize| {
        let now = order(&raised(at));
        if now == usual { 1.0 } else { correlation(&usual, &now) }
    };
    Ok((0..criteria.len()).map(kept).collect())
}

/// Where a customer stands in the two-sided matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Match {
    /// Worth much, and we can serve them well: invest.
    Invest,
    /// Worth much, but we cannot serve them well: build the capability, or leave them.
    Build,
    /// Worth little, though we could serve them well: serve at low cost, develop.
    Maintain,
    /// Worth little, and we cannot serve them well: do not pursue.
    Leave,
}

/// The two-sided choice of customers and supplier: each customer by the composite score of their
/// value and of our capability to serve them, against a threshold of each.
///
/// # Errors
/// When columns have different lengths or a number is none.
pub fn two_sided(
    value: &[f64],
    capability: &[f64],
    value_from: f64,
    capability_from: f64,
) -> Result<Vec<Match>> {
    same_length("value", value.len(), value.len())?;
    same_length("capability", capability.len(), value.len())?;
    each("value", value, "must be a number", |_| true)?;
    each("capability", capability, "must be a number", |_| true)?;
    let place = |(value, capability): (&f64, &f64)| match (
        *value >= value_from,
        *capability >= capability_from,
    ) {
        (true, true) => Match::Invest,
        (true, false) => Match::Build,
        (false, true) => Match::Maintain,
        (false, false) => Match::Leave,
    };
    Ok(value.iter().zip(capability).map(place).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn criterion(values: &[f64], weight: f64) -> Criterion<'_> {
        Criterion {
            values,
            weight,
            more_is_better: true,
            normalisation: Normalisation::MinMax,
            missing: Missing::Reweight,
        }
    }

    #[test]
    fn weights_total_a_hundred_and_parts_total_the_score() {
        let (size, late) = ([10.0, 20.0, 30.0], [0.0, 5.0, 10.0]);
        let found = scores(&[
            criterion(&size, 60.0),
            Criterion { more_is_better: false, ..criterion(&late, 40.0) },
        ])
        .unwrap();
        let numbers: Vec<f64> = found.iter().filter_map(|one| one.score).collect();
        assert_eq!(numbers, [40.0, 50.0, 60.0]);
        assert_eq!(found[1].contributions, [30.0, 20.0]);
        assert!(scores(&[criterion(&size, 60.0)]).is_err());
    }

    #[test]
    fn what_is_missing_and_what_is_alike() {
        let (known, gaps, same) = ([1.0, 3.0], [f64::NAN, 5.0], [7.0, 7.0]);
        let found =
            scores(&[criterion(&known, 50.0), criterion(&gaps, 25.0), criterion(&same, 25.0)]);
        let found = found.unwrap();
        // 50 of the 75 known points at 0, 25 in the middle.
        assert!((found[0].score.unwrap() - 100.0 * 12.5 / 75.0).abs() < 1e-12);
        let zero = Criterion { missing: Missing::Value(0.0), ..criterion(&gaps, 100.0) };
        assert_eq!(scores(&[zero]).unwrap()[0].score, Some(0.0));
        assert_eq!(scores(&[criterion(&gaps, 100.0)]).unwrap()[0].score, None);
    }

    #[test]
    fn an_order_that_hangs_on_a_weight() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]);
        let found = sensitivity(&[criterion(&a, 55.0), criterion(&b, 45.0)], 20.0).unwrap();
        assert!((found[0] - 1.0).abs() < 1e-12 && (found[1] + 1.0).abs() < 1e-12);
        let place = two_sided(&[90.0, 90.0, 10.0], &[80.0, 20.0, 20.0], 50.0, 50.0).unwrap();
        assert_eq!(place, [Match::Invest, Match::Build, Match::Leave]);
    }
}
