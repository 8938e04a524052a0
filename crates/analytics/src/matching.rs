//! Which records are of one and the same customer?
//!
//! 1. [`normalise`]: what does not tell anything is taken away: width, case, accents, old characters,
//!    legal forms, regions; [`credit_code`] checks the numbers of Chinese companies.
//! 2. [`Blocking`]: only records that share something are compared.
//! 3. [`Model`]: how much each agreement and disagreement says is learned from the records
//!    themselves, without examples (Fellegi & Sunter, *Journal of the American Statistical
//!    Association* 64, 1969); agreement in a rare name says more than in a common one.
//! 4. [`group`]: pairs become customers, without chains of which the ends have nothing in common.
//!
//! Every pair comes with its [parts](Scored::parts): what each field said for it and against it.
//!
//! ```
//! use guanxi_analytics::matching::normalise::{company, phone};
//! use guanxi_analytics::matching::{Blocking, Comparison, Field, Key, Model, Part};
//! // Sixty companies, each second one entered twice, once with another spelling.
//! let (mut names, mut phones) = (Vec::new(), Vec::new());
//! for n in 0..60_u64 {
//!     let number = format!("138{:08}", n * 15_485_863 % 100_000_000);
//!     for spelling in 0..1 + n % 2 {
//!         let name = format!("Firm {}{} {}", n % 7, n % 9, ["Ltd.", "Co., LIMITED"][spelling as usize]);
//!         names.push(company(&name).core);
//!         phones.push(phone(&number, "86").unwrap_or_default());
//!     }
//! }
//! let fields =
//!     [Field::new("name", names, Comparison::Name), Field::new("phone", phones, Comparison::Code)];
//! let rules = vec![vec![Key::new(0, Part::Whole)], vec![Key::new(1, Part::Whole)]];
//! let model = Model::learn(&fields, &Blocking::new(rules), 0)?;
//! let pairs = model.pairs(0.9)?;
//! assert_eq!(pairs.len(), 30);
//! let why = model.score(pairs[0].a, pairs[0].b)?;
//! assert!(why.parts.iter().all(|(_, bits)| *bits > 1.0));
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

mod blocking;
mod comparing;
pub mod credit_code;
mod grouping;
mod model;
pub mod normalise;

use crate::error::same_length;
use crate::{Error, Result};

pub use blocking::{Blocking, Key, Part};
pub use comparing::{Comparison, Level};
pub use grouping::{Groups, group};
pub use model::{FieldWeights, Model, Pair, Scored};

/// One thing that is known of the records, normalised.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// By which explanations name it.
    pub name: String,
    /// One for each record; none where it is not known.
    pub values: Vec<Option<String>>,
    /// How two of its values are compared.
    pub comparison: Comparison,
    /// Whether agreement in a rare value says more than in a common one.
    pub by_frequency: bool,
}

impl Field {
    /// A field; empty values are not known.
    pub fn new(
        name: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
        comparison: Comparison,
    ) -> Self {
        let known = |value: String| (!value.is_empty()).then_some(value);
        let values = values.into_iter().map(|value| known(value.into())).collect();
        let by_frequency = matches!(comparison, Comparison::Name | Comparison::Words);
        Self { name: name.into(), values, comparison, by_frequency }
    }
}

/// How alike two normalised values are.
#[must_use]
pub fn compare(comparison: Comparison, one: &str, other: &str) -> Level {
    comparing::Column::of(&Field::new("", [one, other], comparison)).level(0, 1)
}

/// Fields in one row pattern of bits: more would not fit.
const FIELDS_MAX: usize = 20;

fn check(fields: &[Field]) -> Result<usize> {
    let Some(first) = fields.first() else { return Err(Error::Empty { column: "fields" }) };
    let most = FIELDS_MAX as f64;
    crate::error::parameter("fields", fields.len() as f64, "must be at most 20", |n| n <= most)?;
    for field in fields {
        same_length("fields", field.values.len(), first.values.len())?;
    }
    if first.values.len() < 2 {
        let (what, found) = ("records", first.values.len());
        return Err(Error::TooFew { what, found, wanted: 2 });
    }
    Ok(first.values.len())
}

#[cfg(test)]
mod tests;
