//! The optimised Theta method.

use super::season::{Season, is_seasonal};
use super::{Forecast, Forecaster, check, check_period};
use crate::Result;
use crate::error::parameter;
use crate::interval::half_width;

/// The smoothing that is searched.
const SMOOTHING: (f64, f64) = (0.1, 0.99);
/// Errors at the start that do not count: they tell of the start.
const WARM_UP: usize = 3;

/// The optimised Theta model: the mean of the straight line through a series and of its
/// exponentially smoothed exaggeration, with the weight between them and the smoothing found by
/// least squares; seasons are taken out before and put in again. The line is either one for the whole
/// series (OTM), or at each time the one through what was known by then (the dynamic model, DOTM).
///
/// Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler, *International Journal of Forecasting* 32
/// (2016), equations 13 to 24. For each smoothing the errors are linear in the start and in the
/// weight of the line, 1 − 1/θ, so that only the smoothing has to be searched.
#[derive(Debug, Clone, PartialEq)]
pub struct Theta {
    /// How fast the level follows the series, .1 to .99.
    pub smoothing: f64,
    /// The weight of the straight line, 1 − 1/θ: 0 is simple exponential smoothing.
    pub line_weight: f64,
    /// The straight line at the end: its value before the first period and its slope.
    pub line: (f64, f64),
    /// Whether the line moves with what is known.
    pub is_dynamic: bool,
    mean: f64,
    level: f64,
    deviation: f64,
    season: Season,
    periods: usize,
}

/// A start and a weight, and the squared errors with them.
struct Fit {
    squares: f64,
    start: f64,
    weight: f64,
}

/// The squared errors for one smoothing, by start and weight: sums of the products of what is left of
/// the start, the line, and the rest of the value.
struct Products {
    left_left: f64,
    left_line: f64,
    line_line: f64,
    left_rest: f64,
    line_rest: f64,
    rest_rest: f64,
}

impl Products {
    fn with(&self, start: f64, weight: f64) -> Fit {
        let squares = self.rest_rest - 2.0 * (start * self.left_rest + weight * self.line_rest)
            + start * start * self.left_left
            + 2.0 * start * weight * self.left_line
            + weight * weight * self.line_line;
        Fit { squares: squares.max(0.0), start, weight }
    }

    /// Least squares, the weight from 0 to 1.
    fn best(&self) -> Fit {
        let (a, b, c) = (self.left_left, self.left_line, self.line_line);
        let determinant = a * c - b * b;
        let free = (a * self.line_rest - b * self.left_rest) / determinant;
        let weight = if determinant > 1e-12 * a * c { free.clamp(0.0, 1.0) } else { 0.0 };
        let start = if a > 0.0 { (self.left_rest - weight * b) / a } else { 0.0 };
        self.with(start, weight)
    }
}

impl Theta {
    /// Fits the dynamic model (DOTM); `period` is the length of the season, 1 without.
    ///
    /// # Errors
    /// When there are fewer than 5 periods, or a value is no number.
    pub fn fit(series: &[f64], period: usize) -> Result<Self> {
        Self::with_line(series, period, true)
    }

    /// Fits the model with one line for the whole series (OTM).
    ///
    /// # Errors
    /// As [`Theta::fit`].
    pub fn fit_static(series: &[f64], period: usize) -> Result<Self> {
        Self::with_line(series, period, false)
    }

    /// The dynamic model with parameters that are known: the level before the first period, the
    /// smoothing, and θ.
    ///
    /// # Errors
    /// As [`Theta::fit`]; also when the smoothing is not between 0 and 1 or θ is less than 1.
    pub fn of(series: &[f64], period: usize, [start, smoothing, theta]: [f64; 3]) -> Result<Self> {
        let between = |smoothing: f64| smoothing > 0.0 && smoothing < 1.0;
        parameter("smoothing", smoothing, "must be between 0 and 1", between)?;
        parameter("theta", theta, "must be 1 or more", |theta| theta >= 1.0)?;
        parameter("start", start, "must be a number", |_| true)?;
        let (season, plain) = without_season(series, period)?;
        let lines = moving_lines(&plain);
        let found = errors(&plain, &lines, smoothing).with(start, 1.0 - 1.0 / theta);
        Ok(Self::ended(&plain, season, (smoothing, found), (lines[plain.len()], true)))
    }

    fn with_line(series: &[f64], period: usize, is_dynamic: bool) -> Result<Self> {
        let (season, plain) = without_season(series, period)?;
        let moving = moving_lines(&plain);
        let line = moving[plain.len()];
        let lines = if is_dynamic { moving } else { vec![line; plain.len()] };
        let smoothing = search(|smoothing| errors(&plain, &lines, smoothing).best().squares);
        let best = errors(&plain, &lines, smoothing).best();
        Ok(Self::ended(&plain, season, (smoothing, best), (line, is_dynamic)))
    }

    /// The model at the end of a series.
    fn ended(
        plain: &[f64],
        season: Season,
        (smoothing, found): (f64, Fit),
        (line, is_dynamic): ((f64, f64), bool),
    ) -> Self {
        let smoothed = |level: f64, value: &f64| smoothing * value + (1.0 - smoothing) * level;
        let freedom = (plain.len() - WARM_UP).max(1) as f64;
        Self {
            smoothing,
            line_weight: found.weight,
            line,
            is_dynamic,
            mean: plain.iter().sum::<f64>() / plain.len() as f64,
            level: plain.iter().fold(found.start, smoothed),
            deviation: (found.squares / freedom).sqrt(),
            season,
            periods: plain.len(),
        }
    }

    /// The mean squared error by the mean of the series without its season: what the search makes
    /// least.
    #[must_use]
    pub fn cost(&self) -> f64 {
        self.deviation * self.deviation / self.mean
    }
}

/// The season of a series, and what is left without.
fn without_season(series: &[f64], period: usize) -> Result<(Season, Vec<f64>)> {
    check_period(period)?;
    check(series, WARM_UP + 2)?;
    let season =
        if is_seasonal(series, period) { Season::of(series, period) } else { Season::none() };
    let plain = season.taken_out(series);
    Ok((season, plain))
}

/// The straight line of least squares, intercept before the first period and slope, when one more
/// value is known beyond `known` ones with this mean and slope.
fn line_with(known: usize, mean: f64, slope: f64, value: f64) -> (f64, (f64, f64)) {
    let before = known as f64;
    let next = (before * mean + value) / (before + 1.0);
    let slope = if known == 0 {
        0.0
    } else {
        ((before - 1.0) * slope + 6.0 * (value - mean) / (before + 1.0)) / (before + 2.0)
    };
    (next, (next - slope * (before + 2.0) / 2.0, slope))
}

/// The lines through the first values: none of them, one, two, … all.
fn moving_lines(series: &[f64]) -> Vec<(f64, f64)> {
    let (mut mean, mut line) = (0.0, (0.0, 0.0));
    let mut lines = vec![line];
    for (known, value) in series.iter().enumerate() {
        (mean, line) = line_with(known, mean, line.1, *value);
        lines.push(line);
    }
    lines
}

/// What the line adds to the level after `at` periods.
fn of_line((intercept, slope): (f64, f64), smoothing: f64, left: f64) -> f64 {
    intercept * left + slope * (1.0 - left * (1.0 - smoothing)) / smoothing
}

/// An error is the value less the smoothed values before it, less the start by what is left of it,
/// less the weighted line.
fn errors(series: &[f64], lines: &[(f64, f64)], smoothing: f64) -> Products {
    let kept = 1.0 - smoothing;
    let (mut smoothed, mut left) = (0.0, 1.0);
    let mut sums = [0.0; 6];
    for (at, (value, line)) in series.iter().zip(lines).enumerate() {
        if at >= WARM_UP {
            let (line, rest) = (of_line(*line, smoothing, left), value - smoothed);
            let products =
                [left * left, left * line, line * line, left * rest, line * rest, rest * rest];
            sums.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
        }
        smoothed = smoothing * value + kept * smoothed;
        left *= kept;
    }
    let [left_left, left_line, line_line, left_rest, line_rest, rest_rest] = sums;
    Products { left_left, left_line, line_line, left_rest, line_rest, rest_rest }
}

/// The smoothing with the least squares: the best of a grid, then golden sections around it.
fn search(squares: impl Fn(f64) -> f64) -> f64 {
    const GRID: usize = 16;
    const SECTIONS: usize = 34;
    let step = (SMOOTHING.1 - SMOOTHING.0) / GRID as f64;
    let on_grid = |at: usize| SMOOTHING.0 + at as f64 * step;
    let best = (0..=GRID).min_by(|a, b| squares(on_grid(*a)).total_cmp(&squares(on_grid(*b))));
    let best = on_grid(best.unwrap_or(0));
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = ((best - step).max(SMOOTHING.0), (best + step).min(SMOOTHING.1));
    let mut inner = [high - golden * (high - low), low + golden * (high - low)];
    let mut values = inner.map(&squares);
    for _ in 0..SECTIONS {
        if values[0] < values[1] {
            (high, inner[1], values[1]) = (inner[1], inner[0], values[0]);
            inner[0] = high - golden * (high - low);
            values[0] = squares(inner[0]);
        } else {
            (low, inner[0], values[0]) = (inner[0], inner[1], values[1]);
            inner[1] = low + golden * (high - low);
            values[1] = squares(inner[1]);
        }
    }
    let ends = [low, high, f64::midpoint(low, high), best];
    ends.into_iter().min_by(|a, b| squares(*a).total_cmp(&squares(*b))).unwrap_or(best)
}

impl Forecaster for Theta {
    fn name(&self) -> String {
        if self.is_dynamic { "dynamic optimised Theta" } else { "optimised Theta" }.to_owned()
    }

    /// The variance of step h is σ²(1 + (h − 1)α²), as for exponential smoothing with drift
    /// (Hyndman & Billah, *International Journal of Forecasting* 19, 2003).
    fn forecast(&self, horizon: usize, confidence: f64) -> Result<Forecast> {
        let half = half_width(confidence)? * self.deviation;
        let kept = 1.0 - self.smoothing;
        let (mut level, mut mean, mut line) = (self.level, self.mean, self.line);
        let (mut expected, mut low, mut high) = (Vec::new(), Vec::new(), Vec::new());
        for step in 0..horizon {
            let at = self.periods + step;
            let left = kept.powf(at as f64);
            let value = level + self.line_weight * of_line(line, self.smoothing, left);
            let width = half * (1.0 + step as f64 * self.smoothing * self.smoothing).sqrt();
            level = self.smoothing * value + kept * level;
            if self.is_dynamic {
                (mean, line) = line_with(at, mean, line.1, value);
            }
            expected.push(self.season.put_in(value, at));
            low.push(self.season.put_in(value - width, at));
            high.push(self.season.put_in(value + width, at));
        }
        Ok(Forecast { expected, low, high })
    }

    fn explanation(&self) -> Vec<(String, f64)> {
        let mut list = vec![
            ("smoothing".to_owned(), self.smoothing),
            ("weight of the line".to_owned(), self.line_weight),
            ("slope of the line".to_owned(), self.line.1),
            ("level".to_owned(), self.level),
            ("standard deviation".to_owned(), self.deviation),
        ];
        let places = self.season.factors.iter().enumerate().skip(usize::from(
            // No season at all.
            self.season.factors.len() == 1,
        ));
        list.extend(places.map(|(place, factor)| (format!("season {place}"), *factor)));
        list
    }
}
