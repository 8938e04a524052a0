//! How good a forecast would have been, and which model to take.

use super::{
    Ets, Forecast, Forecaster, Intermittent, IntermittentMethod, SeasonalNaive, Theta, check,
    check_period,
};
use crate::Result;
use crate::error::{parameter, same_length};

/// How far forecasts were off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    /// The mean absolute error.
    pub mean_absolute_error: f64,
    /// The root of the mean squared error.
    pub root_mean_squared_error: f64,
    /// The mean of errors by what came, in percent; none where that was ever 0.
    pub percentage_error: Option<f64>,
    /// The mean absolute error by that of the seasonal naive forecast one step ahead, on the past:
    /// below 1 is better than it (Hyndman & Koehler, *International Journal of Forecasting* 22,
    /// 2006). None where the past repeats itself exactly.
    pub scaled_error: Option<f64>,
    /// The share of what came that was in the range.
    pub coverage: f64,
}

/// Compares a forecast with what came; `past` is what the model was fitted to.
///
/// # Errors
/// When columns have different lengths.
pub fn accuracy(
    forecast: &Forecast,
    came: &[f64],
    past: &[f64],
    period: usize,
) -> Result<Accuracy> {
    check_period(period)?;
    check(came, 1)?;
    same_length("forecast", forecast.expected.len(), came.len())?;
    let errors: Vec<f64> = forecast.expected.iter().zip(came).map(|(a, b)| a - b).collect();
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / came.len() as f64;
    let absolute = mean(&mut errors.iter().map(|error| error.abs()));
    let positive = came.iter().all(|value| *value != 0.0);
    let percent = || mean(&mut errors.iter().zip(came).map(|(e, value)| (e / value).abs())) * 100.0;
    let steps = past.iter().zip(past.get(period..).unwrap_or_default());
    let (count, sum) = steps.fold((0.0, 0.0), |(n, sum), (a, b)| (n + 1.0, sum + (a - b).abs()));
    let within = forecast.low.iter().zip(&forecast.high).zip(came);
    Ok(Accuracy {
        mean_absolute_error: absolute,
        root_mean_squared_error: mean(&mut errors.iter().map(|error| error * error)).sqrt(),
        percentage_error: positive.then(percent),
        scaled_error: (sum > 0.0).then(|| absolute / (sum / count)),
        coverage: mean(
            &mut within
                .map(|((low, high), value)| f64::from(u8::from((*low..=*high).contains(value)))),
        ),
    })
}

/// A model that can be fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// [`SeasonalNaive`].
    SeasonalNaive,
    /// [`Theta`].
    Theta,
    /// [`Ets`] of one form; none takes the best one.
    Ets(Option<super::Form>),
    /// [`Intermittent`].
    Intermittent(IntermittentMethod),
}

impl Method {
    /// Fits the model to a series whose season is so long.
    ///
    /// # Errors
    /// What the model refuses.
    pub fn fit(self, series: &[f64], period: usize) -> Result<Box<dyn Forecaster>> {
        Ok(match self {
            Self::SeasonalNaive => Box::new(SeasonalNaive::fit(series, period)?),
            Self::Theta => Box::new(Theta::fit(series, period)?),
            Self::Ets(Some(form)) => Box::new(Ets::fit(series, period, form)?),
            Self::Ets(None) => Box::new(Ets::choose(series, period)?),
            Self::Intermittent(method) => Box::new(Intermittent::fit(series, method)?),
        })
    }
}

/// Evaluates a method at the last `origins` ends of the past, each with the whole horizon known: the
/// mean of the accuracies (Tashman, *International Journal of Forecasting* 16, 2000: rolling
/// origin).
///
/// # Errors
/// When the series is too short, or the method refuses a part of it.
pub fn rolling(
    series: &[f64],
    period: usize,
    horizon: usize,
    origins: usize,
    method: Method,
) -> Result<Accuracy> {
    const CONFIDENCE: f64 = 0.9;
    parameter("horizon", horizon as f64, "must be 1 or more", |horizon| horizon >= 1.0)?;
    parameter("origins", origins as f64, "must be 1 or more", |origins| origins >= 1.0)?;
    check(series, horizon + origins + 1)?;
    let mut all = Vec::new();
    for back in (0..origins).rev() {
        let end = series.len() - horizon - back;
        let (past, future) = series.split_at(end);
        let forecast = method.fit(past, period)?.forecast(horizon, CONFIDENCE)?;
        all.push(accuracy(&forecast, &future[..horizon], past, period)?);
    }
    let count = all.len() as f64;
    let mean = |of: fn(&Accuracy) -> f64| all.iter().map(of).sum::<f64>() / count;
    let mean_of_known = |of: fn(&Accuracy) -> Option<f64>| {
        let known: Option<Vec<f64>> = all.iter().map(of).collect();
        known.map(|known| known.iter().sum::<f64>() / count)
    };
    Ok(Accuracy {
        mean_absolute_error: mean(|one| one.mean_absolute_error),
        root_mean_squared_error: mean(|one| one.root_mean_squared_error.powi(2)).sqrt(),
        percentage_error: mean_of_known(|one| one.percentage_error),
        scaled_error: mean_of_known(|one| one.scaled_error),
        coverage: mean(|one| one.coverage),
    })
}

/// A method that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The method.
    pub method: Method,
    /// How it did, or why it could not be fitted.
    pub accuracy: Result<Accuracy>,
}

/// The model that was chosen, fitted to the whole series.
pub struct Choice {
    /// The model.
    pub model: Box<dyn Forecaster>,
    /// All that were looked at, the seasonal naive one first.
    pub tried: Vec<Tried>,
    /// Whether none was better than the seasonal naive one.
    pub is_fallback: bool,
}

impl std::fmt::Debug for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Choice")
            .field("model", &self.model.name())
            .field("tried", &self.tried)
            .field("is_fallback", &self.is_fallback)
            .finish()
    }
}

/// From this mean interval between demands on, a series is intermittent (Syntetos, Boylan & Croston,
/// *Journal of the Operational Research Society* 56, 2005).
const INTERVAL_MIN: f64 = 1.32;

/// Evaluates all methods that suit a series at three points of its past, and takes the one of the
/// smallest mean absolute error; the seasonal naive one where none is better.
///
/// # Errors
/// When the series is too short even for the seasonal naive method.
pub fn choose(series: &[f64], period: usize, horizon: usize) -> Result<Choice> {
    const ORIGINS: usize = 3;
    check_period(period)?;
    let demands = series.iter().filter(|value| **value > 0.0).count() as f64;
    let never_negative = series.iter().all(|value| *value >= 0.0);
    let intermittent =
        never_negative && demands > 0.0 && series.len() as f64 / demands >= INTERVAL_MIN;
    let mut methods = vec![Method::SeasonalNaive, Method::Theta];
    if intermittent {
        methods.extend([
            Method::Intermittent(IntermittentMethod::SyntetosBoylan),
            Method::Intermittent(IntermittentMethod::TeunterSyntetosBabai),
        ]);
    } else {
        methods.push(Method::Ets(None));
    }
    let tried: Vec<Tried> = methods
        .into_iter()
        .map(|method| {
            let accuracy = rolling(series, period, horizon, ORIGINS, method);
            Tried { method, accuracy }
        })
        .collect();
    let error =
        |one: &Tried| one.accuracy.as_ref().map_or(f64::INFINITY, |a| a.mean_absolute_error);
    // The first of equal ones, which is the simplest.
    let mut order: Vec<&Tried> = tried.iter().collect();
    order.sort_by(|a, b| error(a).total_cmp(&error(b)));
    for one in order {
        if let Ok(model) = one.method.fit(series, period) {
            let is_fallback = one.method == Method::SeasonalNaive;
            return Ok(Choice { model, tried, is_fallback });
        }
    }
    let model = Method::SeasonalNaive.fit(series, period)?;
    Ok(Choice { model, tried, is_fallback: true })
}
