//! How good scores are, once the outcomes are known.

use super::check_binary;
use crate::Result;
use crate::error::{each, same_length};

/// How good scores are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// The chance that a yes scores above a no: .5 is guessing.
    pub area_under_curve: f64,
    /// The mean of −ln of the chance given to what came: lower is better.
    pub log_loss: f64,
    /// The mean squared distance of chance and outcome: lower is better.
    pub brier: f64,
    /// How far the chances lie from the shares that came, by ten groups: 0 is best.
    pub calibration_error: f64,
}

impl Quality {
    /// Measures scores against outcomes.
    ///
    /// # Errors
    /// When columns are empty or of different lengths, a score is not from 0 to 1, an outcome not
    /// 0 or 1, or all outcomes are the same.
    pub fn of(scores: &[f64], outcome: &[f64]) -> Result<Self> {
        Ok(Self {
            area_under_curve: area_under_curve(scores, outcome)?,
            log_loss: log_loss(scores, outcome)?,
            brier: brier(scores, outcome)?,
            calibration_error: calibration_error(scores, outcome, 10)?,
        })
    }
}

fn check(scores: &[f64], outcome: &[f64]) -> Result<()> {
    check_binary(outcome)?;
    same_length("scores", scores.len(), outcome.len())?;
    each("scores", scores, "must be from 0 to 1", |score| (0.0..=1.0).contains(&score))
}

/// The area under the receiver operating characteristic: the chance that the score of a yes is
/// above that of a no; equal scores count half. The scores may be any numbers.
///
/// Hanley & McNeil, *Radiology* 143 (1982).
///
/// # Errors
/// When columns are empty or of different lengths, or all outcomes are the same.
pub fn area_under_curve(scores: &[f64], outcome: &[f64]) -> Result<f64> {
    check_binary(outcome)?;
    same_length("scores", scores.len(), outcome.len())?;
    each("scores", scores, "must be a number", |_| true)?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_unstable_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let (mut no_below, mut pairs, mut yes_all) = (0.0, 0.0, 0.0);
    for same in order.chunk_by(|a, b| scores[*a] == scores[*b]) {
        let yes: f64 = same.iter().map(|row| outcome[*row]).sum();
        let no = same.len() as f64 - yes;
        pairs += yes * (no_below + no / 2.0);
        no_below += no;
        yes_all += yes;
    }
    Ok(pairs / (yes_all * no_below))
}

/// The mean of −ln of the chance that was given to what came. A chance of 0 or 1 counts as 1e-15
/// from it.
///
/// # Errors
/// As [`Quality::of`].
pub fn log_loss(scores: &[f64], outcome: &[f64]) -> Result<f64> {
    check(scores, outcome)?;
    let loss = scores.iter().zip(outcome).map(|(score, yes)| {
        let score = score.clamp(1e-15, 1.0 - 1e-15);
        if *yes == 1.0 { -score.ln() } else { -(1.0 - score).ln() }
    });
    Ok(loss.sum::<f64>() / scores.len() as f64)
}

/// The mean squared distance of score and outcome (Brier, *Monthly Weather Review* 78, 1950).
///
/// # Errors
/// As [`Quality::of`].
pub fn brier(scores: &[f64], outcome: &[f64]) -> Result<f64> {
    check(scores, outcome)?;
    let squares = scores.iter().zip(outcome).map(|(score, yes)| (score - yes).powi(2));
    Ok(squares.sum::<f64>() / scores.len() as f64)
}

/// The expected calibration error: the cases in groups of equal width by score, the distance of mean
/// score and share of yes in each, weighted by size.
///
/// Naeini, Cooper & Hauskrecht, *AAAI* (2015).
///
/// # Errors
/// As [`Quality::of`]; also when there are no groups.
pub fn calibration_error(scores: &[f64], outcome: &[f64], groups: usize) -> Result<f64> {
    check(scores, outcome)?;
    crate::error::parameter("groups", groups as f64, "must be 1 or more", |n| n >= 1.0)?;
    let mut sums = vec![(0.0, 0.0); groups];
    for (score, yes) in scores.iter().zip(outcome) {
        let group = ((score * groups as f64) as usize).min(groups - 1);
        sums[group].0 += score;
        sums[group].1 += yes;
    }
    let distance: f64 = sums.iter().map(|(score, yes)| (score - yes).abs()).sum();
    Ok(distance / scores.len() as f64)
}
