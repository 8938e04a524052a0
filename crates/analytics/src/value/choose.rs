//! Which model to believe: fit on the past, compare on a hold-out, fall back where none fits.

use super::{BetaGeoNbd, Boundary, Histories, Naive, ParetoNbd, PurchaseModel};
use crate::Result;
use crate::error::{each, same_length};

/// How well a model foretold a hold-out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Mean absolute error, in purchases per customer.
    pub mean_absolute_error: f64,
    /// Root of the mean squared error.
    pub root_mean_squared_error: f64,
    /// The sum of what was expected against the sum of what came: 1 is right.
    pub total_ratio: f64,
}

/// Compares what a model expects of each customer with what they did afterwards.
///
/// # Errors
/// When the columns have different lengths or a number makes no sense.
pub fn evaluate(expected: &[f64], happened: &[f64]) -> Result<Evaluation> {
    same_length("expected", expected.len(), expected.len())?;
    same_length("happened", happened.len(), expected.len())?;
    each("expected", expected, "must be 0 or more", |n| n >= 0.0)?;
    each("happened", happened, "must be 0 or more", |n| n >= 0.0)?;
    let count = expected.len() as f64;
    let errors = || expected.iter().zip(happened).map(|(a, b)| a - b);
    let total = |column: &[f64]| column.iter().sum::<f64>();
    Ok(Evaluation {
        mean_absolute_error: errors().map(f64::abs).sum::<f64>() / count,
        root_mean_squared_error: (errors().map(|e| e * e).sum::<f64>() / count).sqrt(),
        total_ratio: total(expected) / total(happened),
    })
}

/// A model that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// What the literature calls it.
    pub name: &'static str,
    /// How it did on the hold-out; none where it could not be fitted.
    pub evaluation: Option<Evaluation>,
    /// Why it does not fit, if it does not.
    pub boundary: Option<Boundary>,
    /// Why it could not be fitted at all.
    pub error: Option<crate::Error>,
}

/// The model that was chosen, and why.
pub struct Choice {
    /// The model, fitted to the calibration period.
    pub model: Box<dyn PurchaseModel>,
    /// All that were looked at; the naive one is the last.
    pub candidates: Vec<Candidate>,
}

impl std::fmt::Debug for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Choice")
            .field("model", &self.model.name())
            .field("candidates", &self.candidates)
            .finish()
    }
}

/// Fits Pareto/NBD, BG/NBD and MBG/NBD to a calibration period, compares each with what the same
/// customers did in the `horizon` after it, and chooses the one of the smallest mean absolute
/// error among those that fit. Where none fits, it is the naive model; the candidates say why.
///
/// # Errors
/// When the columns have different lengths.
pub fn choose(histories: &Histories, happened: &[f64], horizon: f64) -> Result<Choice> {
    same_length("happened", happened.len(), histories.len())?;
    type Estimated = Result<Box<dyn PurchaseModel>>;
    let models: [(&'static str, Estimated); 4] = [
        ("Pareto/NBD", ParetoNbd::estimate(histories).map(|model| Box::new(model) as _)),
        ("BG/NBD", BetaGeoNbd::estimate(histories).map(|model| Box::new(model) as _)),
        ("MBG/NBD", BetaGeoNbd::modified(histories).map(|model| Box::new(model) as _)),
        ("naive", Ok(Box::new(Naive::of(histories)) as _)),
    ];
    let mut candidates = Vec::new();
    let mut best: Option<(f64, Box<dyn PurchaseModel>)> = None;
    for (name, model) in models {
        let mut candidate = Candidate { name, evaluation: None, boundary: None, error: None };
        match model {
            Err(error) => candidate.error = Some(error),
            Ok(model) => {
                let expected = model.expected_purchases(histories, horizon);
                let evaluation = evaluate(&expected, happened)?;
                candidate.boundary = model.fit().boundary;
                candidate.evaluation = Some(evaluation);
                // The naive model is for when no other fits.
                let is_fallback = name == "naive" && best.is_some();
                let error = evaluation.mean_absolute_error;
                let better = best.as_ref().is_none_or(|(known, _)| error < *known);
                if candidate.boundary.is_none() && !is_fallback && better {
                    best = Some((error, model));
                }
            }
        }
        candidates.push(candidate);
    }
    let model = match best {
        Some((_, model)) => model,
        None => Box::new(Naive::of(histories)),
    };
    Ok(Choice { model, candidates })
}
