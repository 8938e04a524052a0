//! The optimised Theta method.

use super::season::{Season, is_seasonal};
use super::{Forecast, Forecaster, check, check_period};
use crate::Result;
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

/// The best start and weight for a smoothing.
struct Fit {
    squares: f64,
    start: f64,
    weight: f64,
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

    fn with_line(series: &[f64], period: usize, is_dynamic: bool) -> Result<Self> {
        check_period(period)?;
        check(series, WARM_UP + 2)?;
        let season =
            if is_seasonal(series, period) { Season::of(series, period) } else { Season::none() };
        let plain = season.taken_out(series);
        let moving = moving_lines(&plain);
        let line = moving[plain.len()];
        let lines = if is_dynamic { moving } else { vec![line; plain.len()] };
        let smoothing = search(|smoothing| errors(&plain, &lines, smoothing).squares);
        let best = errors(&plain, &lines, smoothing);
        let kept = 1.0 - smoothing;
        let smoothed = |level: f64, value: &f64| smoothing * value + kept * level;
        let level = plain.iter().fold(best.start, smoothed);
        let freedom = (plain.len() - WARM_UP).max(1) as f64;
        Ok(Self {
            smoothing,
            line_weight: best.weight,
            line,
            is_dynamic,
            mean: plain.iter().sum::<f64>() / plain.len() as f64,
            level,
            deviation: (best.squares / freedom).sqrt(),
            season,
            periods: series.len(),
        })
    }
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

/// Least squares over start and weight for one smoothing. An error is the value less the smoothed
/// values before it, less the start by what is left of it, less the weighted line.
fn errors(series: &[f64], lines: &[(f64, f64)], smoothing: f64) -> Fit {
    let kept = 1.0 - smoothing;
    let (mut smoothed, mut left) = (0.0, 1.0);
    // Products of left, line and rest with each other.
    let (mut ss, mut sl, mut ll, mut sr, mut lr, mut rr) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (at, (value, line)) in series.iter().zip(lines).enumerate() {
        if at >= WARM_UP {
            let (line, rest) = (of_line(*line, smoothing, left), value - smoothed);
            ss += left * left;
            sl += left * line;
            ll += line * line;
            sr += left * rest;
            lr += line * rest;
            rr += rest * rest;
        }
        smoothed = smoothing * value + kept * smoothed;
        left *= kept;
    }
    let determinant = ss * ll - sl * sl;
    let free = if determinant > 1e-12 * ss * ll { (ss * lr - sl * sr) / determinant } else { 0.0 };
    let weight = free.clamp(0.0, 1.0);
    let start = if ss > 0.0 { (sr - weight * sl) / ss } else { 0.0 };
    let squares = rr - 2.0 * (start * sr + weight * lr)
        + start * start * ss
        + 2.0 * start * weight * sl
        + weight * weight * ll;
    Fit { squares: squares.max(0.0), start, weight }
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
