//! Forecasts of a whole and its parts that add up.

use nalgebra::{DMatrix, DVector};

use crate::error::{each, parameter, same_length};
use crate::{Error, Result};

/// Which parts each series is the sum of.
#[derive(Debug, Clone, PartialEq)]
pub struct Hierarchy {
    parts: usize,
    /// For each series the parts in it, ascending.
    members: Vec<Vec<usize>>,
}

/// Who gives way when forecasts do not add up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reconciliation<'a> {
    /// Only the forecasts of the parts count.
    BottomUp,
    /// All give way alike (Hyndman, Ahmed, Athanasopoulos & Shang, *Computational Statistics & Data
    /// Analysis* 55, 2011).
    LeastSquares,
    /// The more parts a series has, the more it gives way.
    ByParts,
    /// The less certain one was, the more it gives way: by the covariance of the past one-step errors
    /// of each series, shrunk to its diagonal (Wickramasuriya, Athanasopoulos & Hyndman, *Journal of
    /// the American Statistical Association* 114, 2019: MinT; Schäfer & Strimmer 2005).
    ByErrors(&'a [Vec<f64>]),
}

impl Hierarchy {
    /// A hierarchy of so many parts; `members` are the parts of each series. Each part must be a
    /// series of its own, too.
    ///
    /// # Errors
    /// When a series has no part or one that is not there, or a part is no series.
    pub fn new(parts: usize, members: Vec<Vec<usize>>) -> Result<Self> {
        parameter("parts", parts as f64, "must be 1 or more", |parts| parts >= 1.0)?;
        let mut sorted = members;
        for of in &mut sorted {
            of.sort_unstable();
            of.dedup();
            let last = of.last().copied().ok_or(Error::Empty { column: "members" })?;
            parameter("members", last as f64, "must be one of the parts", |_| last < parts)?;
        }
        for part in 0..parts {
            let there = sorted.iter().any(|of| *of == [part]);
            parameter("parts", part as f64, "must be a series of its own", |_| there)?;
        }
        Ok(Self { parts, members: sorted })
    }

    fn sums(&self) -> DMatrix<f64> {
        let mut sums = DMatrix::zeros(self.members.len(), self.parts);
        for (series, of) in self.members.iter().enumerate() {
            of.iter().for_each(|part| sums[(series, *part)] = 1.0);
        }
        sums
    }
}

/// Makes forecasts add up: one row for each series of the hierarchy, one value for each period ahead.
///
/// # Errors
/// When a row is missing or has another length, or errors of the past are missing.
pub fn reconcile(
    hierarchy: &Hierarchy,
    forecasts: &[Vec<f64>],
    how: Reconciliation<'_>,
) -> Result<Vec<Vec<f64>>> {
    same_length("forecasts", forecasts.len(), hierarchy.members.len())?;
    let horizon = forecasts[0].len();
    for row in forecasts {
        same_length("forecasts", row.len(), horizon)?;
        each("forecasts", row, "must be a number", |_| true)?;
    }
    let sums = hierarchy.sums();
    let series = hierarchy.members.len();
    let values = DMatrix::from_fn(series, horizon, |row, step| forecasts[row][step]);
    let parts = match how {
        Reconciliation::BottomUp => {
            let own = (0..hierarchy.parts)
                .map(|part| hierarchy.members.iter().position(|of| *of == [part]).unwrap_or(0));
            values.select_rows(&own.collect::<Vec<_>>())
        }
        Reconciliation::LeastSquares => {
            project(&sums, &DMatrix::identity(series, series), &values)?
        }
        Reconciliation::ByParts => {
            let counts = hierarchy.members.iter().map(|of| 1.0 / of.len() as f64);
            let weights = DVector::from_iterator(series, counts);
            project(&sums, &DMatrix::from_diagonal(&weights), &values)?
        }
        Reconciliation::ByErrors(errors) => {
            let covariance = shrunk_covariance(errors, series)?;
            let inverse = covariance.cholesky().ok_or(Error::NotConverged { model: "MinT" })?;
            project(&sums, &inverse.inverse(), &values)?
        }
    };
    let coherent = sums * parts;
    Ok(coherent.row_iter().map(|row| row.iter().copied().collect()).collect())
}

/// The parts whose sums come nearest to the forecasts: (SᵀWS)⁻¹SᵀW ŷ.
fn project(
    sums: &DMatrix<f64>,
    weights: &DMatrix<f64>,
    values: &DMatrix<f64>,
) -> Result<DMatrix<f64>> {
    let weighted = sums.transpose() * weights;
    let normal = (&weighted * sums).cholesky();
    let normal = normal.ok_or(Error::NotConverged { model: "reconciliation" })?;
    Ok(normal.solve(&(weighted * values)))
}

/// The covariance of errors of the past, its correlations shrunk by what they are uncertain.
fn shrunk_covariance(errors: &[Vec<f64>], series: usize) -> Result<DMatrix<f64>> {
    const PERIODS_MIN: usize = 4;
    same_length("errors", errors.len(), series)?;
    let periods = errors[0].len();
    if periods < PERIODS_MIN {
        let (what, wanted) = ("periods with errors", PERIODS_MIN);
        return Err(Error::TooFew { what, found: periods, wanted });
    }
    for row in errors {
        same_length("errors", row.len(), periods)?;
        each("errors", row, "must be a number", |_| true)?;
    }
    let count = periods as f64;
    let scales: Vec<f64> = errors
        .iter()
        .map(|row| (row.iter().map(|e| e * e).sum::<f64>() / count).sqrt().max(1e-9))
        .collect();
    let (mut uncertain, mut squares) = (0.0, 0.0);
    let mut correlation = DMatrix::identity(series, series);
    for a in 0..series {
        for b in 0..a {
            let products: Vec<f64> = errors[a]
                .iter()
                .zip(&errors[b])
                .map(|(x, y)| x * y / (scales[a] * scales[b]))
                .collect();
            let mean = products.iter().sum::<f64>() / count;
            let spread: f64 = products.iter().map(|product| (product - mean).powi(2)).sum();
            uncertain += spread / (count * (count - 1.0));
            squares += mean * mean;
            correlation[(a, b)] = mean;
            correlation[(b, a)] = mean;
        }
    }
    let shrink = if squares > 0.0 { (uncertain / squares).clamp(0.0, 1.0) } else { 1.0 };
    // Parts and wholes depend on each other exactly; a trace of shrinkage keeps the inverse.
    let kept = 1.0 - shrink.max(1e-4);
    Ok(DMatrix::from_fn(series, series, |a, b| {
        let own = if a == b { 1.0 } else { kept * correlation[(a, b)] };
        own * scales[a] * scales[b]
    }))
}
