//! Which customers of the whole base may be one, or belong together.

use std::collections::{BTreeMap, HashSet};

use guanxi_analytics::Error::{NotConverged, TooFew};
use guanxi_analytics::matching::{Model, Pair, customers, group};
use guanxi_base::{Error, RawId, Result};
use guanxi_record::{Catalog, Record as _};
use guanxi_warehouse::{Manifest, NO_NUMBER, Warehouse};
use serde_json::{Value as Json, json};

use super::alike::{Reasons, reasons, word};
use super::known::{ADDRESS_PARTS, COMPARED, Known, columns};
use super::records::Relation;
use crate::people::Customer;

/// Less likely pairs are not shown to anybody.
const CERTAINTY_MIN: f64 = 0.5;
/// Fewer customers teach next to nothing: what is believed of each field weighs them.
const LEARNED_FROM_MIN: usize = 50;
/// Households and groups of more are companies' canteens and hosting providers.
const TOGETHER_MAX: usize = 20;
/// So many pairs are kept for people to decide; the most likely ones.
const PAIRS_MAX: usize = 100_000;
/// The same pairs are drawn to learn from each time.
const SEED: u64 = 7;

/// Two customers, by their ids, and what speaks for it that they are one or belong together.
#[derive(Debug, Clone)]
pub(super) struct Likely {
    pub(super) first: RawId,
    pub(super) second: RawId,
    pub(super) relation: Relation,
    pub(super) certainty: f64,
    pub(super) reasons: Reasons,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Pairs, the most likely first.
    pub(super) pairs: Vec<Likely>,
    /// Customers that are one each, as certainly as was asked for.
    pub(super) certain: Vec<Vec<RawId>>,
    /// How many customers were compared.
    pub(super) customers: usize,
    /// Whether there was too little to learn from, so that what is believed stands in.
    pub(super) falls_back: bool,
    pub(super) card: Json,
}

/// The customers that are not put away, as they are compared.
pub(super) async fn known(
    warehouse: &Warehouse,
    manifest: &Manifest,
    catalog: &Catalog,
) -> Result<Vec<Known>> {
    let described = catalog.get(Customer::NAME)?;
    let mut names = vec!["id", "archived_at", "kind"];
    names
        .extend(COMPARED.into_iter().filter(|name| !matches!(*name, "kind" | "address" | "place")));
    let parts = ADDRESS_PARTS.map(|part| format!("address.{part}"));
    names.extend(parts.iter().map(String::as_str));
    let frame = warehouse.frame(manifest, described, &names).await?;
    let made = tokio::task::spawn_blocking(move || {
        let (ids, archived) = (frame.numbers("id"), frame.numbers("archived_at"));
        let there = (0..frame.rows).filter(|at| archived[*at] == NO_NUMBER);
        let known = there.map(|at| {
            let word = |column: &str| {
                let (codes, words) = frame.codes(column);
                words.get(codes[at] as usize).cloned().unwrap_or_default()
            };
            Known::from_texts(RawId(ids[at]), &word)
        });
        known.collect::<Vec<_>>()
    });
    made.await.map_err(Error::internal)
}

/// Compares them. `certain` is how likely those must be that are given as one.
pub(super) fn find(known: &[Known], certain: Option<f64>) -> Result<Found> {
    let mut found = Found { customers: known.len(), card: json!({}), ..Found::default() };
    let fields = customers::fields(columns(known.iter()));
    let blocking = customers::blocking(&fields);
    found.falls_back = known.len() < LEARNED_FROM_MIN;
    if !blocking.rules.is_empty() {
        match Model::learn(&fields, &blocking, SEED) {
            Ok(model) => learned(known, &model, certain, &mut found)?,
            Err(TooFew { .. } | NotConverged { .. }) => found.falls_back = true,
            Err(error) => return Err(Error::internal(error)),
        }
    }
    let same: HashSet<(RawId, RawId)> =
        found.pairs.iter().map(|pair| (pair.first, pair.second)).collect();
    found.pairs.extend(
        together(known).into_iter().filter(|pair| !same.contains(&(pair.first, pair.second))),
    );
    found.pairs.sort_by(|a, b| {
        b.certainty.total_cmp(&a.certainty).then((a.first, a.second).cmp(&(b.first, b.second)))
    });
    found.card["pairs"] = json!(found.pairs.len());
    found.pairs.truncate(PAIRS_MAX);
    found.card["kept"] = json!(found.pairs.len());
    Ok(found)
}

fn learned(known: &[Known], model: &Model, certain: Option<f64>, found: &mut Found) -> Result<()> {
    let pairs: Vec<Pair> = model.pairs(CERTAINTY_MIN).map_err(Error::internal)?;
    if let Some(least) = certain {
        let groups = group(model, &pairs, least).map_err(Error::internal)?;
        let ids = |group: Vec<u32>| group.into_iter().map(|at| known[at as usize].id).collect();
        found.certain = groups.groups.into_iter().map(ids).collect();
    }
    for pair in pairs.iter().take(PAIRS_MAX) {
        let scored = model.score(pair.a, pair.b).map_err(Error::internal)?;
        let (one, other) = (known[pair.a as usize].id, known[pair.b as usize].id);
        found.pairs.push(Likely {
            first: one.min(other),
            second: one.max(other),
            relation: Relation::Same,
            certainty: pair.probability,
            reasons: reasons(scored),
        });
    }
    let share = |list: &[(guanxi_analytics::matching::Level, f64)]| -> BTreeMap<&str, f64> {
        list.iter().map(|(level, share)| (word(*level), *share)).collect()
    };
    let weights = model.weights();
    let weights = weights.iter().map(|field| {
        json!({ "field": field.name, "of_matches": share(&field.of_matches),
            "of_others": share(&field.of_others) })
    });
    found.card = json!({
        "compared": model.candidates(), "prior": model.prior, "left_out": model.left_out,
        "weights": weights.collect::<Vec<_>>(),
    });
    Ok(())
}

/// All pairs of places that share a value which at most so many have.
fn pairs_sharing(
    known: &[Known],
    most: usize,
    value: impl Fn(&Known) -> Option<String>,
) -> Vec<(usize, usize)> {
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, one) in known.iter().enumerate() {
        if let Some(value) = value(one).filter(|value| !value.is_empty()) {
            places.entry(value).or_default().push(at);
        }
    }
    let few = places.into_values().filter(|places| (2..=most).contains(&places.len()));
    few.flat_map(|places| {
        let each = places.clone().into_iter().enumerate();
        each.flat_map(move |(at, one)| {
            places[at + 1..].iter().map(move |other| (one, *other)).collect::<Vec<_>>()
        })
    })
    .collect()
}

/// Households: persons of one family name and address. Groups: organisations of one house's mail or
/// web site, or of one name in several places.
fn together(known: &[Known]) -> Vec<Likely> {
    let household = pairs_sharing(known, TOGETHER_MAX, |one| {
        let family = one.family_name().filter(|_| one.is_person && !one.address.is_empty())?;
        Some(format!("{family}\u{1f}{}", one.address))
    });
    let company = |value: Option<String>, one: &Known| value.filter(|_| !one.is_person);
    let host =
        pairs_sharing(known, TOGETHER_MAX, |one| company(one.own_host().map(str::to_owned), one));
    let site = pairs_sharing(known, TOGETHER_MAX, |one| company(Some(one.website.clone()), one));
    let mut found = Vec::new();
    let mut told: HashSet<(RawId, RawId)> = HashSet::new();
    let equal = guanxi_analytics::matching::Level::Equal;
    for (pairs, relation, field, certainty) in [
        (household, Relation::Household, "address", 0.9),
        (site, Relation::Group, "website", 0.85),
        (host, Relation::Group, "email", 0.8),
    ] {
        for (one, other) in pairs {
            let (one, other) = (known[one].id, known[other].id);
            let (first, second) = (one.min(other), one.max(other));
            if told.insert((first, second)) {
                let reasons = vec![(field, equal, None)];
                found.push(Likely { first, second, relation, certainty, reasons });
            }
        }
    }
    found
}
