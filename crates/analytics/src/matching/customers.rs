//! The fields of customers: how each is compared, what is known of it before anything is learned,
//! which values tell nothing because too many share them, and who is compared with whom.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::Level::{Close, Different, Equal, Related, SameLetters, Similar};
use super::company::Company;
use super::comparing::kernel_of;
use super::{Beliefs, Bin, Blocking, Comparison, Field, Key, Level, Part};

/// The fields, in this order.
pub const FIELDS: [&str; 8] =
    ["name", "phone", "email", "tax_number", "address", "website", "kind", "place"];
/// A value of each field, where it is known.
pub type Values = [Option<String>; FIELDS.len()];
/// A column of each field.
pub type Columns = [Vec<Option<String>>; FIELDS.len()];
const NAME: usize = 0;
const PHONE: usize = 1;
const EMAIL: usize = 2;
const TAX_NUMBER: usize = 3;
const ADDRESS: usize = 4;
const WEBSITE: usize = 5;
const KIND: usize = 6;
const PLACE: usize = 7;
/// A value that houses of so many different names have is a placeholder, a switchboard, an accountant's,
/// or that of a market hall: whose it is, it does not tell.
pub const NAMES_SHARING_MAX: usize = 4;
/// What certainty was worth among made-up customers with errors as people make them: firms of
/// which much or little is known, with sister companies, numbered ones and shared telephones, and
/// persons with households and siblings (the test `certainty_means_what_it_says`).
pub const RELIABILITY: [Bin; 7] = [
    Bin { from: 0.5, to: 0.6, pairs: 48, told: 0.551, true_share: 0.833 },
    Bin { from: 0.6, to: 0.7, pairs: 49, told: 0.64, true_share: 0.776 },
    Bin { from: 0.7, to: 0.8, pairs: 61, told: 0.751, true_share: 0.885 },
    Bin { from: 0.8, to: 0.9, pairs: 120, told: 0.857, true_share: 0.908 },
    Bin { from: 0.9, to: 0.95, pairs: 263, told: 0.931, true_share: 0.924 },
    Bin { from: 0.95, to: 0.995, pairs: 811, told: 0.988, true_share: 0.984 },
    Bin { from: 0.995, to: 1.0, pairs: 889, told: 0.998, true_share: 0.999 },
];
/// Customers who share a key with more than so many others are not compared by it.
const SHARED_BY_MAX: usize = 60;

/// How the fields of [`FIELDS`] are compared.
pub const COMPARISONS: [Comparison; FIELDS.len()] = [
    Comparison::Company,
    Comparison::Telephone,
    Comparison::Mail,
    Comparison::Code,
    Comparison::Words,
    Comparison::Same,
    Comparison::Same,
    Comparison::Place,
];

/// What is known of a field, from lists of customers that people looked through: how pairs of one
/// customer look, for how much that counts; how pairs look that only belong together, by their house
/// and by their roof; and how strangers do.
fn beliefs(field: usize) -> Beliefs {
    let (strength, levels, shares): (f64, &[Level], [&[f64]; 4]) = match field {
        NAME => (
            40.0,
            &[Different, Related, Similar, Close, SameLetters, Equal],
            [
                &[0.06, 0.012, 0.085, 0.18, 0.08, 0.583],
                &[0.02, 0.865, 0.03, 0.06, 0.01, 0.015],
                &[0.55, 0.386, 0.03, 0.02, 0.01, 0.004],
                &[0.998_7, 0.000_9, 0.000_2, 0.000_1, 0.000_05, 0.000_05],
            ],
        ),
        PHONE => (
            30.0,
            &[Different, Close, Equal],
            [
                &[0.25, 0.05, 0.7],
                &[0.8, 0.02, 0.18],
                &[0.15, 0.02, 0.83],
                &[0.999, 0.000_5, 0.000_5],
            ],
        ),
        EMAIL => (
            30.0,
            &[Different, Close, Equal],
            [
                &[0.22, 0.05, 0.73],
                &[0.85, 0.02, 0.13],
                &[0.23, 0.02, 0.75],
                &[0.999, 0.000_5, 0.000_5],
            ],
        ),
        // A registered number is one organisation's, and hardly ever mistyped into another's.
        TAX_NUMBER => (
            4_000.0,
            &[Different, Close, Equal],
            [
                &[0.000_5, 0.049_5, 0.95],
                &[0.979, 0.02, 0.001],
                &[0.979, 0.02, 0.001],
                &[0.999_8, 0.000_1, 0.000_1],
            ],
        ),
        ADDRESS => (
            30.0,
            &[Different, Similar, Close, SameLetters, Equal],
            [
                &[0.2, 0.2, 0.1, 0.1, 0.4],
                &[0.8, 0.08, 0.02, 0.02, 0.08],
                &[0.1, 0.1, 0.08, 0.05, 0.67],
                &[0.984, 0.014, 0.000_7, 0.000_3, 0.001],
            ],
        ),
        WEBSITE => (
            30.0,
            &[Different, Equal],
            [&[0.15, 0.85], &[0.4, 0.6], &[0.15, 0.85], &[0.999, 0.001]],
        ),
        PLACE => (
            30.0,
            &[Different, Similar, Equal],
            [&[0.04, 0.05, 0.91], &[0.6, 0.05, 0.35], &[0.03, 0.03, 0.94], &[0.88, 0.02, 0.1]],
        ),
        _ => {
            (30.0, &[Different, Equal], [&[0.06, 0.94], &[0.05, 0.95], &[0.1, 0.9], &[0.35, 0.65]])
        }
    };
    let [of_matches, of_house, of_roof, of_others] =
        shares.map(|shares| levels.iter().copied().zip(shares.iter().copied()).collect());
    Beliefs { of_matches, strength, of_related: [of_house, of_roof], of_others }
}

/// The fields of customers from their values, one column each in the order of [`FIELDS`]: names as
/// [`Company::key`] gives them or as persons' are, telephones and the rest as
/// [`normalise`](super::normalise) gives them. What too many share is as if it were not known.
#[must_use]
pub fn fields(columns: Columns) -> Vec<Field> {
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
            by_frequency: !matches!(at, KIND | PLACE),
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
