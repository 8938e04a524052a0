//! Which model to believe: fit on the past, compare on a hold-out, fall back where none fits.

use std::collections::BTreeMap;

use super::{BetaGeoNbd, Boundary, Histories, Naive, ParetoNbd, PurchaseModel};
use crate::Result;
use crate::error::{each, parameter, same_length};

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
pub fn accuracy(expected: &[f64], happened: &[f64]) -> Result<Evaluation> {
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
    /// Its estimates on the calibration period, in the order of the literature.
    pub parameters: Vec<(&'static str, f64)>,
    /// The natural logarithm of their likelihood; no number where there is none.
    pub log_likelihood: f64,
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
        let mut candidate = Candidate {
            name,
            parameters: Vec::new(),
            log_likelihood: f64::NAN,
            evaluation: None,
            boundary: None,
            error: None,
        };
        match model {
            Err(error) => candidate.error = Some(error),
            Ok(model) => {
                let expected = model.expected_purchases(histories, horizon);
                let evaluation = accuracy(&expected, happened)?;
                candidate.parameters = model.fit().parameters.clone();
                candidate.log_likelihood = model.fit().log_likelihood;
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

/// The purchases of many customers, cut in two by time.
#[derive(Debug, Clone)]
pub struct Split {
    /// Who had bought by then, ascending.
    pub customers: Vec<u64>,
    /// What was known of each then.
    pub histories: Histories,
    /// How often each bought afterwards.
    pub happened: Vec<f64>,
}

/// Cuts a log of purchases, a row for each: what was known of the customers at `end`, and what they did
/// in the `horizon` after it. Purchases at one time count once.
///
/// # Errors
/// When columns are empty or of different lengths, a time is no number, nobody had bought by then, or
/// the horizon is not more than 0.
pub fn split(customer: &[u64], time: &[f64], end: f64, horizon: f64) -> Result<Split> {
    same_length("customer", customer.len(), customer.len())?;
    same_length("time", time.len(), customer.len())?;
    each("time", time, "must be a number", |_| true)?;
    parameter("end", end, "must be a number", |_| true)?;
    parameter("horizon", horizon, "must be more than 0", |horizon| horizon > 0.0)?;
    let mut times: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    customer.iter().zip(time).for_each(|(who, when)| times.entry(*who).or_default().push(*when));
    let mut customers = Vec::new();
    let [mut repeats, mut recency, mut age, mut happened]: [Vec<f64>; 4] = Default::default();
    for (who, mut times) in times {
        times.sort_unstable_by(f64::total_cmp);
        times.dedup();
        let (known, later) = times.split_at(times.partition_point(|time| *time <= end));
        let (Some(first), Some(last)) = (known.first(), known.last()) else { continue };
        customers.push(who);
        repeats.push(known.len() as f64 - 1.0);
        recency.push(last - first);
        age.push(end - first);
        happened.push(later.partition_point(|time| *time <= end + horizon) as f64);
    }
    if customers.is_empty() {
        let what = "customers who had bought by the end of the calibration";
        return Err(crate::Error::TooFew { what, found: 0, wanted: 1 });
    }
    Ok(Split { customers, histories: Histories::new(&repeats, &recency, &age)?, happened })
}

/// Evaluates all models on a log of purchases, as they would have done at `end` for the `horizon`
/// after it: [`split`] by time, then [`choose`] against the naive model.
///
/// # Errors
/// As [`split`].
pub fn evaluate(customer: &[u64], time: &[f64], end: f64, horizon: f64) -> Result<Choice> {
    let Split { histories, happened, .. } = split(customer, time, end, horizon)?;
    choose(&histories, &happened, horizon)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_cut_by_time() {
        // The first bought at 0, 2, 2 and 9, the second at 4, 5 and 20, the third only later.
        let customer = [1, 1, 1, 1, 2, 2, 2, 3];
        let time = [2.0, 0.0, 2.0, 9.0, 4.0, 20.0, 5.0, 8.0];
        let found = split(&customer, &time, 7.0, 5.0).unwrap();
        assert_eq!(found.customers, [1, 2]);
        assert_eq!(found.happened, [1.0, 0.0]);
        let first = found.histories.of_customer(0);
        assert_eq!((first.repeats, first.recency, first.age), (1.0, 2.0, 7.0));
        let second = found.histories.of_customer(1);
        assert_eq!((second.repeats, second.recency, second.age), (1.0, 1.0, 3.0));
        assert!(split(&customer, &time, -1.0, 5.0).is_err());
        assert!(split(&customer, &time[1..], 7.0, 5.0).is_err());
        assert!(split(&[], &[], 7.0, 5.0).is_err());
        // Of so few nothing can be told: the naive model is left, and the others say why.
        let choice = evaluate(&customer, &time, 7.0, 5.0).unwrap();
        assert_eq!(choice.model.name(), "naive");
        assert!(choice.candidates[0].error.is_some());
    }
}
