//! Which model to believe: fit on the past, compare on a hold-out, and do not change one's mind
//! without need.

use std::collections::BTreeMap;

use super::{BetaGeoNbd, Boundary, Form, Histories, Naive, Nbd, ParetoNbd, PurchaseModel};
use crate::Result;
use crate::error::{each, parameter, same_length};

/// A mean error that is larger by this share is as good.
const NEAR: f64 = 0.005;

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

/// A way to think of how customers buy and leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the model of its name")]
pub enum Family {
    ParetoNbd,
    BgNbd,
    MbgNbd,
    Nbd,
}

impl Family {
    /// All of them, what is believed first where nothing tells them apart.
    pub const ALL: [Self; 4] = [Self::ParetoNbd, Self::BgNbd, Self::MbgNbd, Self::Nbd];

    /// What the literature calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ParetoNbd => "Pareto/NBD",
            Self::BgNbd => "BG/NBD",
            Self::MbgNbd => "MBG/NBD",
            Self::Nbd => "NBD",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }

    /// Fits it. Where the estimates run into a boundary or the search does not end, parameters are
    /// held near common ones ([`Fit::is_penalised`](super::Fit)); the fit names the boundary.
    ///
    /// # Errors
    /// When there are too few customers or no search ends.
    pub fn fit(self, histories: &Histories) -> Result<Box<dyn PurchaseModel>> {
        let plain: Result<Box<dyn PurchaseModel>> = match self {
            Self::ParetoNbd => ParetoNbd::estimate(histories).map(|model| Box::new(model) as _),
            Self::BgNbd => BetaGeoNbd::estimate(histories).map(|model| Box::new(model) as _),
            Self::MbgNbd => BetaGeoNbd::modified(histories).map(|model| Box::new(model) as _),
            Self::Nbd => return Nbd::estimate(histories).map(|model| Box::new(model) as _),
        };
        let boundary = match &plain {
            Ok(model) => match model.fit().boundary {
                None => return plain,
                Some(boundary) => boundary,
            },
            Err(crate::Error::NotConverged { .. }) => Boundary::NotIdentified,
            Err(_) => return plain,
        };
        let held: Result<Box<dyn PurchaseModel>> = match self {
            Self::ParetoNbd => {
                ParetoNbd::penalised(histories, boundary).map(|model| Box::new(model) as _)
            }
            Self::BgNbd => BetaGeoNbd::penalised(histories, Form::Plain, boundary)
                .map(|model| Box::new(model) as _),
            _ => BetaGeoNbd::penalised(histories, Form::Modified, boundary)
                .map(|model| Box::new(model) as _),
        };
        held.or(plain)
    }
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
    /// What the data hold nothing of, if there is something.
    pub boundary: Option<Boundary>,
    /// Whether its parameters were held near common ones.
    pub is_penalised: bool,
    /// By how much its mean absolute error is above the smallest, in standard errors of the
    /// difference; 0 for the best.
    pub behind: Option<f64>,
    /// Why it could not be fitted at all.
    pub error: Option<crate::Error>,
}

impl Candidate {
    fn of(name: &'static str) -> Self {
        Self {
            name,
            parameters: Vec::new(),
            log_likelihood: f64::NAN,
            evaluation: None,
            boundary: None,
            is_penalised: false,
            behind: None,
            error: None,
        }
    }

    fn note(&mut self, model: &dyn PurchaseModel, evaluation: Evaluation) {
        let fit = model.fit();
        self.parameters.clone_from(&fit.parameters);
        self.log_likelihood = fit.log_likelihood;
        self.boundary = fit.boundary;
        self.is_penalised = fit.is_penalised;
        self.evaluation = Some(evaluation);
    }
}

/// The model that was chosen, and why.
pub struct Choice {
    /// The model, fitted to the calibration period.
    pub model: Box<dyn PurchaseModel>,
    /// Its family, and after it the others, the one nearest to the hold-out first.
    pub ranked: Vec<Family>,
    /// All that were looked at; the last is the naive one, which they are only compared with.
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

/// As [`choose_over`], where none is in use.
///
/// # Errors
/// As [`choose_over`].
pub fn choose(histories: &Histories, happened: &[f64], horizon: f64) -> Result<Choice> {
    choose_over(histories, happened, horizon, None)
}

/// Fits the model of each family to a calibration period, compares each with what the same customers
/// did in the `horizon` after it, and chooses the one of the smallest mean absolute error. Of those
/// that are no more than a standard error of the difference behind it, or next to nothing, the one in
/// use stays; else one without a boundary, and then the first of [`Family::ALL`]: a few purchases more must not change
/// what everybody is worth. Where none can be fitted it is [`Nbd::shrunk`].
///
/// # Errors
/// When the columns have different lengths.
pub fn choose_over(
    histories: &Histories,
    happened: &[f64],
    horizon: f64,
    in_use: Option<Family>,
) -> Result<Choice> {
    same_length("happened", happened.len(), histories.len())?;
    let mut candidates = Vec::new();
    let mut fitted = Vec::new();
    for family in Family::ALL {
        let mut candidate = Candidate::of(family.name());
        match family.fit(histories) {
            Err(error) => candidate.error = Some(error),
            Ok(model) => {
                let expected = model.expected_purchases(histories, horizon);
                // What cannot be computed is no model.
                if let Ok(evaluation) = accuracy(&expected, happened) {
                    candidate.note(&*model, evaluation);
                    let errors = expected.iter().zip(happened).map(|(a, b)| (a - b).abs());
                    fitted.push((family, model, errors.collect::<Vec<f64>>()));
                } else {
                    candidate.error = Some(crate::Error::NotConverged { model: family.name() });
                }
            }
        }
        candidates.push(candidate);
    }
    let mean = |errors: &[f64]| errors.iter().sum::<f64>() / errors.len() as f64;
    fitted.sort_by(|a, b| mean(&a.2).total_cmp(&mean(&b.2)));
    let behind: Vec<(Family, f64)> =
        fitted.iter().map(|one| (one.0, behind(&one.2, &fitted[0].2))).collect();
    for (family, by) in &behind {
        let one = candidates.iter_mut().find(|one| one.name == family.name());
        one.into_iter().for_each(|one| one.behind = Some(*by));
    }
    let naive = Naive::of(histories);
    let mut baseline = Candidate::of(naive.name());
    baseline.note(&naive, accuracy(&naive.expected_purchases(histories, horizon), happened)?);
    candidates.push(baseline);
    let enough = fitted.first().map_or(0.0, |best| mean(&best.2) * (1.0 + NEAR));
    let is_near = |errors: &[f64], by: f64| by <= 1.0 || mean(errors) <= enough;
    let near = fitted.iter().zip(&behind).filter(|(one, (_, by))| is_near(&one.2, *by));
    let order = |(family, model): (Family, &dyn PurchaseModel)| {
        let place = Family::ALL.iter().position(|one| *one == family);
        (Some(family) != in_use, model.fit().boundary.is_some(), place)
    };
    let chosen = near.map(|(one, _)| (one.0, &*one.1)).min_by_key(|one| order(*one));
    let Some((chosen, _)) = chosen else {
        let model = Box::new(Nbd::shrunk(histories));
        return Ok(Choice { model, ranked: Vec::new(), candidates });
    };
    let mut ranked = vec![chosen];
    ranked.extend(fitted.iter().map(|one| one.0).filter(|one| *one != chosen));
    let model = fitted.into_iter().find(|one| one.0 == chosen).map(|one| one.1);
    let model = model.unwrap_or_else(|| Box::new(Nbd::shrunk(histories)));
    Ok(Choice { model, ranked, candidates })
}

/// How far the mean of some errors is above that of others, of the same customers, in standard
/// errors of the difference.
fn behind(errors: &[f64], best: &[f64]) -> f64 {
    let count = errors.len() as f64;
    let differences = || errors.iter().zip(best).map(|(a, b)| a - b);
    let mean = differences().sum::<f64>() / count;
    let variance = differences().map(|one| (one - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let error = (variance / count).sqrt();
    if error > 0.0 {
        mean / error
    } else if mean > 0.0 {
        f64::INFINITY
    } else {
        0.0
    }
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
        // Of so few nothing can be told: a shrunk model is left, and the others say why.
        let choice = evaluate(&customer, &time, 7.0, 5.0).unwrap();
        assert_eq!((choice.model.name(), choice.ranked.len()), ("NBD", 0));
        assert!(choice.model.fit().is_penalised);
        assert!(choice.candidates[0].error.is_some());
    }
}
