//! Exponential smoothing in state-space form.

use argmin::core::{CostFunction, Executor, Gradient, State as _};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::season::Season;
use super::{Forecast, Forecaster, check, check_period};
use crate::chance::generator;
use crate::interval::half_width;
use crate::{Error, Result};

/// How a part acts on the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is added.
    Additive,
    /// It is a factor; for series above 0.
    Multiplicative,
}

/// How the level moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// Not by itself.
    None,
    /// By as much each period.
    Additive,
    /// By less each period.
    Damped,
}

/// Which model of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// How the error acts.
    pub error: How,
    /// How the level moves.
    pub trend: Trend,
    /// How the season acts, if there is one.
    pub season: Option<How>,
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = |how: How| if how == How::Additive { "A" } else { "M" };
        let trend = match self.trend {
            Trend::None => "N",
            Trend::Additive => "A",
            Trend::Damped => "Ad",
        };
        write!(f, "ETS({},{trend},{})", how(self.error), self.season.map_or("N", how))
    }
}

/// The parts of a series at one time.
#[derive(Debug, Clone, PartialEq)]
struct State {
    level: f64,
    trend: f64,
    /// The season of the next period first.
    season: std::collections::VecDeque<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Smoothing {
    level: f64,
    trend: f64,
    season: f64,
    damping: f64,
}

/// A model of error, trend and season (Hyndman, Koehler, Ord & Snyder, *Forecasting with Exponential
/// Smoothing: The State Space Approach*, 2008), its smoothing and first state by maximum likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct Ets {
    /// Which model of the family.
    pub form: Form,
    /// The logarithm of the likelihood.
    pub log_likelihood: f64,
    /// Akaike's criterion, corrected for few data: the lower the better.
    pub aicc: f64,
    smoothing: Smoothing,
    state: State,
    /// Of the errors: relative ones where they multiply.
    deviation: f64,
}

/// The likelihood of a series by unbounded parameters.
struct Problem<'a> {
    form: Form,
    series: &'a [f64],
    period: usize,
    scale: f64,
}

/// A share from any number, neither all nor nothing.
fn bounded(free: f64) -> f64 {
    const LEAST: f64 = 1e-4;
    // Unlike the logistic curve, this reaches its ends, where the best smoothing often is.
    LEAST + (1.0 - 2.0 * LEAST) * f64::midpoint(1.0, free.sin())
}

impl Problem<'_> {
    fn has(&self, trend: bool) -> bool {
        if trend { self.form.trend != Trend::None } else { self.form.season.is_some() }
    }

    /// Level, trend, season and damping of smoothing, then of the first state. Smoothing keeps to the
    /// usual bounds: β < α, γ < 1 − α, .8 ≤ φ ≤ .98.
    fn read(&self, free: &[f64]) -> (Smoothing, State) {
        let mut free = free.iter().copied();
        let mut next = || free.next().unwrap_or(0.0);
        let level = bounded(next());
        let trend = if self.has(true) { level * bounded(next()) } else { 0.0 };
        let season = if self.has(false) { (1.0 - level) * bounded(next()) } else { 0.0 };
        let damping = match self.form.trend {
            Trend::Damped => 0.8 + 0.18 * bounded(next()),
            _ => 1.0,
        };
        let smoothing = Smoothing { level, trend, season, damping };
        let level = self.scale * next();
        let trend = if self.has(true) { self.scale * next() } else { 0.0 };
        let mut places = std::collections::VecDeque::new();
        if let Some(how) = self.form.season {
            // They sum to 0; as factors they do so by their logarithms.
            let mut rest = 0.0;
            for place in 0..self.period {
                let value = if place + 1 < self.period { next() } else { -rest };
                rest += value;
                places.push_back(match how {
                    How::Additive => self.scale * value,
                    How::Multiplicative => value.exp(),
                });
            }
        }
        (smoothing, State { level, trend, season: places })
    }

    /// Where to begin: the classical decomposition and the line through its first seasons.
    fn start(&self) -> Vec<f64> {
        let season = self
            .form
            .season
            .map(|how| Season::with(self.series, self.period, how == How::Multiplicative));
        let plain = season.as_ref().map_or(self.series.to_vec(), |s| s.taken_out(self.series));
        let first = &plain[..plain.len().min(2 * self.period.max(5))];
        let count = first.len() as f64;
        let mean = first.iter().sum::<f64>() / count;
        let middle = (count - 1.0) / 2.0;
        let (mut both, mut spread) = (0.0, 0.0);
        for (at, value) in first.iter().enumerate() {
            both += (at as f64 - middle) * (value - mean);
            spread += (at as f64 - middle).powi(2);
        }
        let slope = both / spread.max(f64::MIN_POSITIVE);
        let free_of = |share: f64| (2.0 * share - 1.0).asin();
        let mut free = vec![free_of(0.3)];
        if self.has(true) {
            free.push(free_of(0.1));
        }
        if self.has(false) {
            free.push(free_of(0.1));
        }
        if self.form.trend == Trend::Damped {
            free.push(free_of(0.9));
        }
        let begin = if self.has(true) { mean - slope * (middle + 1.0) } else { mean };
        free.push(begin / self.scale);
        if self.has(true) {
            free.push(slope / self.scale);
        }
        if let Some(season) = season {
            let values: Vec<f64> = match self.form.season {
                Some(How::Multiplicative) => {
                    season.factors.iter().map(|factor| factor.max(1e-3).ln()).collect()
                }
                _ => season.factors.iter().map(|amount| amount / self.scale).collect(),
            };
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            free.extend(values.iter().take(self.period - 1).map(|value| value - mean));
        }
        free
    }

    /// The log-likelihood, the sum of squared errors and the last state.
    fn run(&self, free: &[f64]) -> (f64, f64, Smoothing, State) {
        let (smoothing, mut state) = self.read(free);
        let (mut squares, mut logs) = (0.0, 0.0);
        for value in self.series {
            let expected = state.expected(&self.form, &smoothing);
            let error = match self.form.error {
                How::Additive => value - expected,
                How::Multiplicative => {
                    logs += expected.abs().ln();
                    (value - expected) / expected
                }
            };
            if !(error.is_finite() && (self.form.error == How::Additive || expected > 0.0)) {
                return (f64::NEG_INFINITY, f64::INFINITY, smoothing, state);
            }
            squares += error * error;
            state.step(&self.form, &smoothing, expected, error);
        }
        let count = self.series.len() as f64;
        let variance = (squares / count).max(f64::MIN_POSITIVE);
        let likelihood = -count / 2.0 * ((std::f64::consts::TAU * variance).ln() + 1.0) - logs;
        (likelihood, squares, smoothing, state)
    }

    fn cost_at(&self, free: &[f64]) -> f64 {
        let cost = -self.run(free).0 / self.series.len() as f64;
        if cost.is_finite() { cost } else { 1e10 }
    }
}

impl CostFunction for &Problem<'_> {
    type Param = Vec<f64>;
    type Output = f64;
    fn cost(&self, free: &Vec<f64>) -> std::result::Result<f64, argmin::core::Error> {
        Ok(self.cost_at(free))
    }
}

impl Gradient for &Problem<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;
    fn gradient(&self, free: &Vec<f64>) -> std::result::Result<Vec<f64>, argmin::core::Error> {
        const STEP: f64 = 1e-6;
        let mut moved = free.clone();
        Ok((0..free.len())
            .map(|at| {
                let mut there = |by: f64| {
                    moved[at] = free[at] + by;
                    self.cost_at(&moved)
                };
                let slope = (there(STEP) - there(-STEP)) / (2.0 * STEP);
                moved[at] = free[at];
                slope
            })
            .collect())
    }
}

impl State {
    fn expected(&self, form: &Form, smoothing: &Smoothing) -> f64 {
        let base = self.level + smoothing.damping * self.trend;
        match (form.season, self.season.front()) {
            (Some(How::Additive), Some(season)) => base + season,
            (Some(How::Multiplicative), Some(season)) => base * season,
            _ => base,
        }
    }

    /// Moves on by one period, in which the error was this much off what was expected.
    fn step(&mut self, form: &Form, smoothing: &Smoothing, expected: f64, error: f64) {
        let amount = if form.error == How::Multiplicative { error * expected } else { error };
        let base = self.level + smoothing.damping * self.trend;
        let season = self.season.pop_front();
        let (of_base, of_season) = match (form.season, season) {
            (Some(How::Multiplicative), Some(season)) => (amount / season, amount / base),
            _ => (amount, amount),
        };
        self.level = base + smoothing.level * of_base;
        self.trend = smoothing.damping * self.trend + smoothing.trend * of_base;
        if let Some(season) = season {
            self.season.push_back(season + smoothing.season * of_season);
        }
    }
}

impl Ets {
    /// Fits a model of this form; `period` is the length of the season.
    ///
    /// # Errors
    /// When there are too few periods for its parameters, a value is no number, or not above 0 where
    /// something multiplies, or the search does not end.
    pub fn fit(series: &[f64], period: usize, form: Form) -> Result<Self> {
        check_period(period)?;
        let season = if form.season.is_some() { period } else { 0 };
        check(series, (2 * season).max(4) + 4)?;
        if form.season.is_some() {
            let wanted = "must be 2 or more for a season";
            crate::error::parameter("period", period as f64, wanted, |period| period >= 2.0)?;
        }
        let multiplies =
            form.error == How::Multiplicative || form.season == Some(How::Multiplicative);
        if multiplies {
            let wanted = "must be more than 0 where something multiplies";
            crate::error::each("series", series, wanted, |value| value > 0.0)?;
        }
        let size = series.iter().map(|value| value.abs()).sum::<f64>() / series.len() as f64;
        let scale = if size > 0.0 { size } else { 1.0 };
        let problem = Problem { form, series, period, scale };
        let failed = Error::NotConverged { model: "ETS" };
        let mut best = problem.start();
        // A line search may give up where the slope is rough; from there a new search goes on.
        for _ in 0..5 {
            let solver = LBFGS::new(MoreThuenteLineSearch::new(), 20)
                .with_tolerance_grad(1e-10)
                .and_then(|solver| solver.with_tolerance_cost(1e-15))
                .map_err(|_| failed.clone())?;
            let before = problem.cost_at(&best);
            let found = Executor::new(&problem, solver)
                .configure(|state| state.param(best.clone()).max_iters(400))
                .run();
            let better = found.ok().and_then(|found| found.state().get_best_param().cloned());
            let Some(better) = better else { break };
            let gained = before - problem.cost_at(&better);
            if gained > 0.0 {
                best = better;
            }
            if gained < 1e-11 {
                break;
            }
        }
        let (log_likelihood, squares, smoothing, state) = problem.run(&best);
        if !log_likelihood.is_finite() {
            return Err(failed);
        }
        // The variance is one more.
        let (count, free) = (series.len() as f64, best.len() as f64 + 1.0);
        let correction = if count > free + 1.0 {
            2.0 * free * (free + 1.0) / (count - free - 1.0)
        } else {
            f64::INFINITY
        };
        let aicc = 2.0 * free - 2.0 * log_likelihood + correction;
        let deviation = (squares / count).sqrt();
        Ok(Self { form, log_likelihood, aicc, smoothing, state, deviation })
    }

    /// Fits the forms that suit the series and takes the one of the lowest AICc. A season needs two of
    /// them to be seen; factors need values above 0.
    ///
    /// # Errors
    /// When no form can be fitted, as [`Ets::fit`].
    pub fn choose(series: &[f64], period: usize) -> Result<Self> {
        let positive = series.iter().all(|value| *value > 0.0);
        let seasonal = period >= 2 && series.len() >= 2 * period + 4;
        let mut forms = Vec::new();
        for trend in [Trend::None, Trend::Additive, Trend::Damped] {
            for season in [None, Some(How::Additive), Some(How::Multiplicative)] {
                for error in [How::Additive, How::Multiplicative] {
                    // Additive errors under factors have no finite variance far ahead.
                    let unstable = season == Some(How::Multiplicative) && error == How::Additive;
                    let multiplies =
                        error == How::Multiplicative || season == Some(How::Multiplicative);
                    if !unstable && (positive || !multiplies) && (seasonal || season.is_none()) {
                        forms.push(Form { error, trend, season });
                    }
                }
            }
        }
        let fits: Vec<Result<Self>> =
            forms.into_par_iter().map(|form| Self::fit(series, period, form)).collect();
        let mut last = Error::Empty { column: "series" };
        let mut best: Option<Self> = None;
        for fit in fits {
            match fit {
                Ok(fit) if best.as_ref().is_none_or(|known| fit.aicc < known.aicc) => {
                    best = Some(fit)
                }
                Ok(_) => {}
                Err(error) => last = error,
            }
        }
        best.ok_or(last)
    }
}

impl Forecaster for Ets {
    fn name(&self) -> String {
        self.form.to_string()
    }

    /// The range is that of 2,000 futures with errors as they were.
    fn forecast(&self, horizon: usize, confidence: f64) -> Result<Forecast> {
        const FUTURES: usize = 2_000;
        half_width(confidence)?;
        let run = |errors: &mut dyn FnMut() -> f64| -> Vec<f64> {
            let mut state = self.state.clone();
            (0..horizon)
                .map(|_| {
                    let expected = state.expected(&self.form, &self.smoothing);
                    let error = errors();
                    state.step(&self.form, &self.smoothing, expected, error);
                    match self.form.error {
                        How::Additive => expected + error,
                        How::Multiplicative => expected * (1.0 + error),
                    }
                })
                .collect()
        };
        let mut random = generator(0);
        let mut by_step = vec![Vec::with_capacity(FUTURES); horizon];
        for _ in 0..FUTURES {
            let future = run(&mut || {
                let error: f64 = StandardNormal.sample(&mut random);
                self.deviation * error
            });
            by_step.iter_mut().zip(future).for_each(|(values, value)| values.push(value));
        }
        let quantile = |values: &[f64], share: f64| {
            values[((values.len() - 1) as f64 * share).round() as usize]
        };
        let (mut low, mut high) = (Vec::new(), Vec::new());
        for values in &mut by_step {
            values.sort_unstable_by(f64::total_cmp);
            low.push(quantile(values, 0.5 - confidence / 2.0));
            high.push(quantile(values, 0.5 + confidence / 2.0));
        }
        Ok(Forecast { expected: run(&mut || 0.0), low, high })
    }

    fn explanation(&self) -> Vec<(String, f64)> {
        let mut list = vec![("smoothing of the level".to_owned(), self.smoothing.level)];
        if self.form.trend != Trend::None {
            list.push(("smoothing of the trend".to_owned(), self.smoothing.trend));
            list.push(("damping".to_owned(), self.smoothing.damping));
            list.push(("trend".to_owned(), self.state.trend));
        }
        list.push(("level".to_owned(), self.state.level));
        list.push(("standard deviation".to_owned(), self.deviation));
        if self.form.season.is_some() {
            list.push(("smoothing of the season".to_owned(), self.smoothing.season));
        }
        let places = self.state.season.iter().enumerate();
        list.extend(places.map(|(ahead, value)| (format!("season {ahead} ahead"), *value)));
        list
    }
}
