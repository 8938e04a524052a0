//! Taking the season out of a series.

/// The season of a series: what each place of the period has more than the mean, as a factor or as
/// an amount.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Season {
    pub(super) factors: Vec<f64>,
    pub(super) multiplies: bool,
}

/// Whether the autocorrelation at the season is more than chance, at a level of a tenth.
pub(super) fn is_seasonal(series: &[f64], period: usize) -> bool {
    const CRITICAL: f64 = 1.645;
    if period < 2 || series.len() < 2 * period + 1 {
        return false;
    }
    let count = series.len() as f64;
    let mean = series.iter().sum::<f64>() / count;
    let all: f64 = series.iter().map(|value| (value - mean).powi(2)).sum();
    if all <= 0.0 {
        return false;
    }
    let correlation = |lag: usize| {
        let pairs = series.iter().zip(&series[lag..]);
        pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / all
    };
    let before: f64 = (1..period).map(|lag| correlation(lag).powi(2)).sum();
    correlation(period).abs() > CRITICAL * ((1.0 + 2.0 * before) / count).sqrt()
}

impl Season {
    /// The classical decomposition: the means of what is left of each place of the period when a
    /// centred moving average is taken out. Factors where the series and they are well above 0.
    pub(super) fn of(series: &[f64], period: usize) -> Self {
        const FACTOR_MIN: f64 = 0.01;
        if series.iter().all(|value| *value > 0.0) {
            let season = Self::with(series, period, true);
            if season.factors.iter().all(|factor| *factor >= FACTOR_MIN) {
                return season;
            }
        }
        Self::with(series, period, false)
    }

    pub(super) fn with(series: &[f64], period: usize, multiplies: bool) -> Self {
        let mut sums = vec![(0.0, 0.0); period];
        let half = period / 2;
        for at in half..series.len().saturating_sub(half) {
            let whole = &series[at - half..=at + half];
            let mut sum: f64 = whole.iter().sum();
            if period.is_multiple_of(2) {
                // The two ends are half in it.
                sum -= (whole[0] + whole[whole.len() - 1]) / 2.0;
            }
            let mean = sum / period as f64;
            let rest = if multiplies { series[at] / mean } else { series[at] - mean };
            sums[at % period].0 += rest;
            sums[at % period].1 += 1.0;
        }
        let neutral = if multiplies { 1.0 } else { 0.0 };
        let mut factors: Vec<f64> = sums
            .into_iter()
            .map(|(sum, count)| if count > 0.0 { sum / count } else { neutral })
            .collect();
        let mean = factors.iter().sum::<f64>() / period as f64;
        for factor in &mut factors {
            if multiplies {
                *factor /= mean;
            } else {
                *factor -= mean;
            }
        }
        Self { factors, multiplies }
    }

    pub(super) fn none() -> Self {
        Self { factors: vec![1.0], multiplies: true }
    }

    fn at(&self, place: usize) -> f64 {
        self.factors[place % self.factors.len()]
    }

    pub(super) fn taken_out(&self, series: &[f64]) -> Vec<f64> {
        let without = |(place, value): (usize, &f64)| {
            if self.multiplies { value / self.at(place) } else { value - self.at(place) }
        };
        series.iter().enumerate().map(without).collect()
    }

    pub(super) fn put_in(&self, value: f64, place: usize) -> f64 {
        if self.multiplies { value * self.at(place) } else { value + self.at(place) }
    }
}
