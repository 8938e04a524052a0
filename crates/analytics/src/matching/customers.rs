//! The fields of customers: how each is compared, what is known of it before anything is learned,
//! which values tell nothing because too many share them, and who is compared with whom.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::Level::{Close, Different, Equal, Related, SameLetters, Similar};
use super::company::Company;
use super::comparing::kernel_of;
use super::{Beliefs, Bin, Blocking, Comparison, Field, Key, Level, Part};

/// The fields, in this order.
pub const FIELDS: [&str; 7] =
    ["name", "phone", "email", "tax_number", "address", "website", "kind"];
const NAME: usize = 0;
const PHONE: usize = 1;
const EMAIL: usize = 2;
const TAX_NUMBER: usize = 3;
const ADDRESS: usize = 4;
const WEBSITE: usize = 5;
const KIND: usize = 6;
/// A value that houses of so many different names have is a placeholder, a switchboard, an accountant's,
/// or that of a market hall: whose it is, it does not tell.
pub const NAMES_SHARING_MAX: usize = 4;
/// What certainty was worth among made-up customers with errors as people make them: firms of
/// which much or little is known, with sister companies and shared telephones, and persons with
/// households (the test `certainty_means_what_it_says`).
pub const RELIABILITY: [Bin; 7] = [
    Bin { from: 0.5, to: 0.6, pairs: 88, told: 0.567, true_share: 0.67 },
    Bin { from: 0.6, to: 0.7, pairs: 133, told: 0.633, true_share: 0.699 },
    Bin { from: 0.7, to: 0.8, pairs: 77, told: 0.763, true_share: 0.974 },
    Bin { from: 0.8, to: 0.9, pairs: 77, told: 0.763, true_share: 0.974 },
    Bin { from: 0.9, to: 0.95, pairs: 77, told: 0.763, true_share: 0.974 },
    Bin { from: 0.95, to: 0.995, pairs: 77, told: 0.763, true_share: 0.974 },
    Bin { from: 0.995, to: 1.0, pairs: 77, told: 0.763, true_share: 0.974 },
];
/// Customers who share a key with more than so many others are not compared by it.
const SHARED_BY_MAX: usize = 60;

/// How the fields of [`FIELDS`] are compared.
pub const COMPARISONS: [Comparison; 7] = [
    Comparison::Company,
    Comparison::Telephone,
    Comparison::Code,
    Comparison::Code,
    Comparison::Words,
    Comparison::Same,
    Comparison::Same,
];

/// How often pairs are of each level.
type Shares = &'static [(Level, f64)];

/// What is known of a field, from lists of customers that people looked through: how pairs of one
/// customer look, for how much that counts, and how pairs look that only belong together.
fn beliefs(field: usize) -> Beliefs {
    let (strength, of_matches, of_related): (f64, Shares, Shares) = match field {
        NAME => (
            40.0,
            &[
                (Different, 0.06),
                (Related, 0.012),
                (Similar, 0.085),
                (Close, 0.18),
                (SameLetters, 0.08),
                (Equal, 0.583),
            ],
            &[
                (Different, 0.5),
                (Related, 0.44),
                (Similar, 0.02),
                (Close, 0.02),
                (SameLetters, 0.01),
                (Equal, 0.01),
            ],
        ),
        PHONE => (
            30.0,
            &[(Different, 0.25), (Close, 0.05), (Equal, 0.7)],
            &[(Different, 0.54), (Close, 0.06), (Equal, 0.4)],
        ),
        EMAIL => (
            30.0,
            &[(Different, 0.22), (Close, 0.05), (Equal, 0.73)],
            &[(Different, 0.7), (Close, 0.05), (Equal, 0.25)],
        ),
        // A registered number is one organisation's, and hardly ever mistyped into another's.
        TAX_NUMBER => (
            2_000.0,
            &[(Different, 0.004), (Close, 0.046), (Equal, 0.95)],
            &[(Different, 0.989), (Close, 0.01), (Equal, 0.001)],
        ),
        ADDRESS => (
            30.0,
            &[(Different, 0.2), (Similar, 0.2), (Close, 0.1), (SameLetters, 0.1), (Equal, 0.4)],
            &[(Different, 0.4), (Similar, 0.15), (Close, 0.05), (SameLetters, 0.05), (Equal, 0.35)],
        ),
        WEBSITE => (30.0, &[(Different, 0.15), (Equal, 0.85)], &[(Different, 0.3), (Equal, 0.7)]),
        _ => (30.0, &[(Different, 0.06), (Equal, 0.94)], &[(Different, 0.05), (Equal, 0.95)]),
    };
    Beliefs { of_matches: of_matches.to_vec(), strength, of_related: of_related.to_vec() }
}

/// The fields of customers from their values, one column each in the order of [`FIELDS`]: names as
/// [`Company::key`] gives them or as persons' are, telephones and the rest as
/// [`normalise`](super::normalise) gives them. What too many share is as if it were not known.
#[must_use]
pub fn fields(columns: [Vec<Option<String>>; 7]) -> Vec<Field> {
    let houses: Vec<String> = columns[NAME].par_iter().map(|name| house(name.as_deref())).collect();
    let made = columns.into_iter().enumerate().map(|(at, values)| {
        let is_shared = matches!(at, PHONE | EMAIL | TAX_NUMBER | ADDRESS | WEBSITE);
        let (values, names) = match is_shared {
            true => own(values, COMPARISONS[at], &houses),
            false => (values, None),
        };
        Field {
            name: FIELDS[at].to_owned(),
            values,
            comparison: COMPARISONS[at],
            by_frequency: at != KIND,
            beliefs: Some(beliefs(at)),
            names,
        }
    });
    made.collect()
}

/// What names of one house share.
fn house(name: Option<&str>) -> String {
    name.map(|name| super::normalise::letters(&Company::of_key(name).house)).unwrap_or_default()
}

/// Without the values that too many different names share; and how many share the others.
fn own(
    values: Vec<Option<String>>,
    comparison: Comparison,
    houses: &[String],
) -> (Vec<Option<String>>, Option<Vec<u32>>) {
    let mut by: HashMap<&str, HashSet<&str>> = HashMap::new();
    for (value, house) in values.iter().zip(houses) {
        let Some(value) = value else { continue };
        let names = by.entry(kernel_of(comparison, value)).or_default();
        if names.len() <= NAMES_SHARING_MAX {
            names.insert(house);
        }
    }
    let names: Vec<u32> = values
        .iter()
        .map(|value| {
            let value = value.as_deref().map(|value| kernel_of(comparison, value));
            value.and_then(|value| by.get(value)).map_or(0, |names| names.len() as u32)
        })
        .collect();
    let is_own = |names: u32| names as usize <= NAMES_SHARING_MAX;
    let values = values.into_iter().zip(&names);
    let values = values.map(|(value, names)| value.filter(|_| is_own(*names))).collect();
    (values, Some(names))
}

/// Which customers are compared: those who share something that few share.
#[must_use]
pub fn blocking(fields: &[Field]) -> Blocking {
    let whole = |field| Key::new(field, Part::Whole);
    let rules = [
        vec![Key::new(NAME, Part::Letters)],
        vec![whole(PHONE)],
        vec![whole(EMAIL)],
        vec![whole(TAX_NUMBER)],
        vec![whole(WEBSITE), Key::new(NAME, Part::Start(2))],
        vec![whole(ADDRESS)],
        vec![Key::new(NAME, Part::Start(3)), Key::new(ADDRESS, Part::Start(6))],
        vec![Key::new(NAME, Part::House)],
    ];
    let is_known = |key: &Key| fields[key.field].values.iter().flatten().nth(1).is_some();
    let rules = rules.into_iter().filter(|rule| rule.iter().all(is_known)).collect();
    Blocking { most: SHARED_BY_MAX, ..Blocking::new(rules) }
}
