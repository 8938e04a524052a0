//! Which records are of one and the same customer?
//!
//! 1. [`normalise`]: what does not tell anything is taken away: width, case, accents, old characters,
//!    what people type where they know nothing; names of companies are taken apart;
//!    [`credit_code`] checks the numbers of Chinese companies.
//! 2. [`Blocking`]: only records that share something are compared.
//! 3. [`Model`]: how much each agreement and disagreement says is learned from the records
//!    themselves, without examples (Fellegi & Sunter, *Journal of the American Statistical
//!    Association* 64, 1969); agreement in a rare value says more than in a common one, and what
//!    two companies of one house share as well says nothing.
//! 4. [`group`]: pairs become customers, all of whose records fit each other.
//!
//! [`customers`] has the fields of customers and what is known of them before anything is learned.
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
//!         names.push(company(&name).key());
//!         phones.push(phone(&number).unwrap_or_default());
//!     }
//! }
//! let fields = [
//!     Field::new("name", names, Comparison::Company),
//!     Field::new("phone", phones, Comparison::Telephone),
//! ];
//! let rules = vec![vec![Key::new(0, Part::Whole)], vec![Key::new(1, Part::Whole)]];
//! let model = Model::learn(&fields, &Blocking::new(rules), 0)?;
//! let pairs = model.pairs(0.9)?;
//! assert_eq!(pairs.len(), 30);
//! let why = model.score(pairs[0].a, pairs[0].b)?;
//! assert!(why.parts.iter().all(|(_, bits)| *bits > 1.0));
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

mod blocking;
mod company;
mod comparing;
pub mod credit_code;
pub mod customers;
mod grouping;
mod learning;
mod level;
mod model;
mod names;
pub mod normalise;
mod place;
mod rarity;
mod reliability;
mod similarity;
mod telling;

use crate::error::same_length;
use crate::{Error, Result};

pub use blocking::{Blocking, Key, Part};

pub use grouping::{Groups, group};
pub use level::{Comparison, Level};
pub use model::{FieldWeights, Model, Pair, Scored};
pub use reliability::{Bin, reliability};

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
    /// What is known of it before anything is learned.
    pub beliefs: Option<Beliefs>,
    /// For each record how many different names have its value, where that is counted: how common a
    /// value is then goes by names, not by records.
    pub names: Option<Vec<u32>>,
}

/// What is known of a field before anything is learned.
#[derive(Debug, Clone, PartialEq)]
pub struct Beliefs {
    /// How often pairs of one customer are so alike.
    pub of_matches: Vec<(Level, f64)>,
    /// As if that had been seen of so many pairs.
    pub strength: f64,
    /// How often pairs are so alike that belong together and are two: companies of one house, and
    /// those under one roof, as a household or an office, who share what is there at once.
    pub of_related: [Vec<(Level, f64)>; KINDS],
    /// How often strangers are so alike, where there are too few records to tell.
    pub of_others: Vec<(Level, f64)>,
}

/// How pairs may belong together and be two.
const KINDS: usize = 2;

impl Field {
    /// A field; empty values are not known.
    pub fn new(
        name: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
        comparison: Comparison,
    ) -> Self {
        let known = |value: String| (!value.is_empty()).then_some(value);
        let values = values.into_iter().map(|value| known(value.into())).collect();
        let by_frequency = comparison != Comparison::Same;
        Self { name: name.into(), values, comparison, by_frequency, beliefs: None, names: None }
    }
}

/// How alike two normalised values are.
#[must_use]
pub fn compare(comparison: Comparison, one: &str, other: &str) -> Level {
    comparing::Column::of(&Field::new("", [one, other], comparison)).level(0, 1)
}

/// What of a normalised value counts: the own part of a company's name, the line of a telephone, all
/// of others.
#[must_use]
pub fn kernel(comparison: Comparison, value: &str) -> &str {
    comparing::kernel_of(comparison, value)
}

/// Fields in one row pattern of bits: more would not fit.
const FIELDS_MAX: usize = 16;

fn check(fields: &[Field]) -> Result<usize> {
    let Some(first) = fields.first() else { return Err(Error::Empty { column: "fields" }) };
    let most = FIELDS_MAX as f64;
    crate::error::parameter("fields", fields.len() as f64, "must be at most 16", |n| n <= most)?;
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
