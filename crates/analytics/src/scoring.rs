//! How likely is it? Scores for a yes or no that is not known yet, from cases where it is.
//!
//! [`Logistic`] is the model that one can read, [`Boosted`] the one that finds more where there is
//! more; both take numbers and categories, with gaps, and explain each score by its features.
//! [`cross_validate`] says how good a model is on cases that it has not seen, [`leaks`] which
//! feature gives the answer away, and [`Calibration`] makes a score mean what it says.
//!
//! ```
//! use guanxi_analytics::scoring::{Cases, Feature, Logistic, Scorer};
//! let months: Vec<f64> = (0..60).map(|n| f64::from(n % 12)).collect();
//! let left: Vec<f64> = (0..60).map(|n| f64::from(u8::from(n % 12 + n % 5 < 6))).collect();
//! let features = [Feature::numbers("months since the last order", months)];
//! let model = Logistic::fit(&Cases::new(&features, &left), 1.0)?;
//! let chances = model.scores(&features)?;
//! assert!(chances[0] > 0.9 && chances[11] < 0.1);
//! let why = model.explain(&features, 0)?;
//! assert!(why.contributions[0] > 0.0);
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

mod boosted;
mod calibration;
mod grow;
mod logistic;
mod quality;
mod tree;
mod validation;

use crate::error::{each, same_length};
use crate::{Error, Result};

pub use boosted::{Boosted, Boosting, Loss};
pub use calibration::{Calibration, CalibrationKind};
pub use logistic::{Coefficient, Logistic};
pub use quality::{Quality, area_under_curve, brier, calibration_error, log_loss};
pub use validation::{Leak, Validation, cross_validate, folds, leaks};

/// What is known of each case in one respect.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// By which explanations name it.
    pub name: String,
    /// One for each case.
    pub values: Values,
}

/// The values of a feature.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Amounts, times, counts; NaN where it is not known.
    Numbers(Vec<f64>),
    /// Kinds without an order; none where it is not known.
    Categories(Vec<Option<u32>>),
}

impl Feature {
    /// A feature of numbers.
    pub fn numbers(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self { name: name.into(), values: Values::Numbers(values) }
    }

    /// A feature of categories.
    pub fn categories(name: impl Into<String>, values: Vec<Option<u32>>) -> Self {
        Self { name: name.into(), values: Values::Categories(values) }
    }

    /// How many cases it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Numbers(values) => values.len(),
            Values::Categories(values) => values.len(),
        }
    }

    /// Whether it has no case.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same of some cases, in their order.
    #[must_use]
    pub fn of_rows(&self, rows: &[usize]) -> Self {
        let values = match &self.values {
            Values::Numbers(values) => {
                Values::Numbers(rows.iter().map(|row| values[*row]).collect())
            }
            Values::Categories(values) => {
                Values::Categories(rows.iter().map(|row| values[*row]).collect())
            }
        };
        Self { name: self.name.clone(), values }
    }
}

/// Some rows of all features.
#[must_use]
pub fn of_rows(features: &[Feature], rows: &[usize]) -> Vec<Feature> {
    features.iter().map(|feature| feature.of_rows(rows)).collect()
}

/// Why a case has its score.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What an average case has, before its probability is taken (in log-odds, or in the unit of
    /// the outcome).
    pub base: f64,
    /// What each feature adds to that; with the base they sum to the score of the case.
    pub contributions: Vec<f64>,
}

/// A model that gives scores.
pub trait Scorer: Send + Sync {
    /// The score of each case: the chance of yes, or the expected number.
    ///
    /// # Errors
    /// When the features are others than those of the fit.
    fn scores(&self, features: &[Feature]) -> Result<Vec<f64>>;

    /// Why one case has its score.
    ///
    /// # Errors
    /// When the features are others than those of the fit, or there is no such row.
    fn explain(&self, features: &[Feature], row: usize) -> Result<Explanation>;
}

/// Cases whose outcome is known.
#[derive(Debug, Clone, Copy)]
pub struct Cases<'a> {
    /// What is known of them.
    pub features: &'a [Feature],
    /// What came of them: 1 for yes and 0 for no, or a number.
    pub outcome: &'a [f64],
    /// How much each counts; all alike where none.
    pub weight: Option<&'a [f64]>,
}

impl<'a> Cases<'a> {
    /// Cases that all count alike.
    #[must_use]
    pub fn new(features: &'a [Feature], outcome: &'a [f64]) -> Self {
        Self { features, outcome, weight: None }
    }

    /// Refuses what no model can work with.
    fn check(&self) -> Result<()> {
        if self.features.is_empty() {
            return Err(Error::Empty { column: "features" });
        }
        same_length("outcome", self.outcome.len(), self.outcome.len())?;
        for feature in self.features {
            same_length("features", feature.len(), self.outcome.len())?;
            if let Values::Numbers(values) = &feature.values
                && values.iter().any(|value| value.is_infinite())
            {
                let wanted = "must be finite or missing";
                return Err(Error::Feature { name: feature.name.clone(), wanted });
            }
        }
        if let Some(weight) = self.weight {
            same_length("weight", weight.len(), self.outcome.len())?;
            each("weight", weight, "must be 0 or more", |weight| weight >= 0.0)?;
        }
        each("outcome", self.outcome, "must be a number", |_| true)
    }

    /// Also refuses outcomes other than 0 and 1, and those of which there is only one.
    fn check_binary(&self) -> Result<()> {
        self.check()?;
        check_binary(self.outcome)
    }

    fn weight(&self, row: usize) -> f64 {
        self.weight.map_or(1.0, |weight| weight[row])
    }
}

fn check_binary(outcome: &[f64]) -> Result<()> {
    same_length("outcome", outcome.len(), outcome.len())?;
    each("outcome", outcome, "must be 0 or 1", |value| value == 0.0 || value == 1.0)?;
    let yes = outcome.iter().filter(|value| **value == 1.0).count();
    if yes == 0 || yes == outcome.len() {
        return Err(Error::TooFew { what: "outcomes", found: 1, wanted: 2 });
    }
    Ok(())
}

/// Refuses features that are not those of a fit, by number and name.
fn check_features<'a>(
    features: &[Feature],
    known: impl ExactSizeIterator<Item = (&'a str, bool)>,
) -> Result<usize> {
    same_length("features", features.len(), known.len())?;
    let count = features[0].len();
    for (feature, (name, is_number)) in features.iter().zip(known) {
        let same_kind = matches!(feature.values, Values::Numbers(_)) == is_number;
        if feature.name != name || !same_kind {
            let wanted = "must be the feature of this place in the fit, of the same kind";
            return Err(Error::Feature { name: feature.name.clone(), wanted });
        }
        if feature.len() != count {
            let (found, wanted) = (feature.len(), count);
            return Err(Error::Length { column: "features", found, wanted });
        }
    }
    Ok(count)
}

fn check_row(row: usize, count: usize) -> Result<()> {
    crate::error::parameter("row", row as f64, "must be one of the cases", |_| row < count)
}

#[cfg(test)]
mod tests;
