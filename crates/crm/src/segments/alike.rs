//! Customers like those of a segment, among those who have not bought yet: told apart by what is
//! known of everybody from the beginning, by a model that is tried on customers it has not seen.

use std::collections::{BTreeSet, HashMap};

use guanxi_analytics::scoring::{Cases, Feature, Logistic, Scorer as _, cross_validate, of_rows};
use guanxi_base::{Error, RawId, Result, Rng};
use guanxi_record::{Filter, Kind, Record as _};
use guanxi_warehouse::{Column, NO_CODE, NO_NUMBER};

use super::bought::{Bought, ORDER_FIELDS};
use super::choosing::Choosing;
use crate::people::Customer;
use crate::sales::{Order, agreed_sales};

/// What is known before anybody has bought.
const KNOWN: [&str; 9] = [
    "kind",
    "industry",
    "country",
    "address.province",
    "territory",
    "class",
    "product_line",
    "source",
    "employees",
];
/// So many of each side are learnt from.
const CASES_MAX: usize = 5_000;
/// From fewer than so many nothing is learnt.
const CASES_MIN: usize = 30;
/// So many kinds of a field are told apart, the commonest; the others are one.
const KINDS_MAX: usize = 30;
/// Folds of the trial.
const FOLDS: usize = 5;
/// How strongly coefficients are held back.
const RIDGE: f64 = 1.0;
/// So many reasons are given.
const REASONS: usize = 3;

/// Customers like those of a segment.
#[derive(Debug, Clone, PartialEq)]
pub struct Alike {
    /// How many of the segment and of others it was learnt from.
    pub learnt_from: (usize, usize),
    /// How many were looked through.
    pub among: usize,
    /// How well it tells them apart on customers it has not seen: the area under the curve. Nothing
    /// where there are too few.
    pub area: Option<f64>,
    /// Whether that is better than guessing; else nobody is named.
    pub is_better_than_guessing: bool,
    /// The likest first.
    pub found: Vec<Likeness>,
}

/// How like the segment a customer is.
#[derive(Debug, Clone, PartialEq)]
pub struct Likeness {
    /// Who.
    pub customer: RawId,
    /// From 0 to 1.
    pub score: f64,
    /// The fields that speak for it most.
    pub reasons: Vec<&'static str>,
}

/// Finds so many customers who have not bought yet and are like those who meet a condition. What the
/// condition itself asks is not learnt from: nobody else meets it.
///
/// # Errors
/// As asking the condition; when the warehouse fails.
pub async fn alike(choosing: &Choosing, condition: &Filter, limit: usize) -> Result<Alike> {
    let condition = &choosing.expanded(Customer::NAME, condition).await?;
    let chosen = &choosing.mask(Customer::NAME, condition).await?;
    let bought = Filter::Related {
        record_type: "order".to_owned(),
        via: "customer".to_owned(),
        count: None,
        filter: Box::new(agreed_sales("")),
    };
    let everyone = choosing.mask(Customer::NAME, &Filter::everything()).await?;
    let mut buyers = choosing.mask(Customer::NAME, &bought).await?;
    if choosing.actor().rights.reads_all(Order::NAME, &ORDER_FIELDS) {
        // Whose orders all came back, or are still to come, has not bought yet.
        buyers = Bought::read(choosing).await?.buyers(everyone.len());
    }
    let rows = |fits: &dyn Fn(usize) -> bool| -> Vec<usize> {
        (0..everyone.len()).filter(|row| everyone[*row] && fits(*row)).collect()
    };
    let members = rows(&|row| chosen[row]);
    let mut others = rows(&|row| !chosen[row] && buyers[row]);
    if others.len() < CASES_MIN {
        others = rows(&|row| !chosen[row]);
    }
    let candidates = rows(&|row| !chosen[row] && !buyers[row]);
    let features = features(choosing, everyone.len(), &fields_of(condition)).await?;
    let ids = choosing.column(Customer::NAME, "id").await?;
    let found = tokio::task::spawn_blocking(move || {
        learn(&features, [&members, &others, &candidates], limit)
    });
    let (mut found, named) = found.await.map_err(Error::internal)??;
    found.found = named
        .into_iter()
        .map(|(row, score, reasons)| Likeness {
            customer: RawId(ids.numbers()[row]),
            score,
            reasons,
        })
        .collect();
    Ok(found)
}

/// A row, its score and the reasons.
type Named = (usize, f64, Vec<&'static str>);

fn learn(
    features: &[(&'static str, Feature)],
    [members, others, candidates]: [&[usize]; 3],
    limit: usize,
) -> Result<(Alike, Vec<Named>)> {
    let mut rng = Rng::seeded(members.len() as u64);
    let (members, others) = (drawn(members, &mut rng), drawn(others, &mut rng));
    let mut alike = Alike {
        learnt_from: (members.len(), others.len()),
        among: candidates.len(),
        area: None,
        is_better_than_guessing: false,
        found: Vec::new(),
    };
    let names: Vec<&'static str> = features.iter().map(|(name, _)| *name).collect();
    let features: Vec<Feature> = features.iter().map(|(_, feature)| feature.clone()).collect();
    if members.len().min(others.len()) < CASES_MIN || features.is_empty() {
        return Ok((alike, Vec::new()));
    }
    let rows: Vec<usize> = members.iter().chain(&others).copied().collect();
    let outcome: Vec<f64> =
        (0..rows.len()).map(|at| f64::from(u8::from(at < members.len()))).collect();
    let seen = of_rows(&features, &rows);
    let cases = Cases::new(&seen, &outcome);
    let fit = |cases: &Cases<'_>| Logistic::fit(cases, RIDGE);
    let Ok(trial) = cross_validate(&cases, FOLDS, 1, fit) else {
        // All alike in everything that is known.
        return Ok((alike, Vec::new()));
    };
    alike.area = Some(trial.quality.area_under_curve);
    alike.is_better_than_guessing = trial.is_better_than_guessing(&outcome);
    if !alike.is_better_than_guessing || candidates.is_empty() {
        return Ok((alike, Vec::new()));
    }
    let model = fit(&cases).map_err(Error::internal)?;
    let unseen = of_rows(&features, candidates);
    let scores = model.scores(&unseen).map_err(Error::internal)?;
    let mut best: Vec<usize> = (0..candidates.len()).collect();
    best.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    best.truncate(limit);
    let mut named = Vec::new();
    for at in best {
        let why = model.explain(&unseen, at).map_err(Error::internal)?;
        let mut parts: Vec<(f64, &'static str)> =
            why.contributions.into_iter().zip(names.iter().copied()).collect();
        parts.sort_by(|a, b| b.0.total_cmp(&a.0));
        let reasons = parts.iter().filter(|(adds, _)| *adds > 0.0).take(REASONS);
        named.push((candidates[at], scores[at], reasons.map(|(_, name)| *name).collect()));
    }
    Ok((alike, named))
}

/// So many of these rows at most, drawn at random.
fn drawn(rows: &[usize], rng: &mut Rng) -> Vec<usize> {
    let mut rows = rows.to_vec();
    for at in 0..rows.len().min(CASES_MAX) {
        let other = at + rng.below(rows.len() - at);
        rows.swap(at, other);
    }
    rows.truncate(CASES_MAX);
    rows
}

/// What the reader may know of all customers.
async fn features(
    choosing: &Choosing,
    rows: usize,
    asked: &BTreeSet<&str>,
) -> Result<Vec<(&'static str, Feature)>> {
    let mut features = Vec::new();
    for name in KNOWN {
        let field = name.split('.').next().unwrap_or(name);
        if asked.contains(field) || !choosing.actor().rights.reads(Customer::NAME, field) {
            continue;
        }
        let column = choosing.column(Customer::NAME, name).await?;
        let is_number = Customer::TYPE.field(name).is_some_and(|one| one.kind == Kind::Integer);
        let feature = match &*column {
            Column::Numbers(numbers) if is_number => Feature::numbers(name, logs(numbers)),
            Column::Numbers(numbers) => {
                let kinds = numbers.iter().map(|one| (*one != NO_NUMBER).then_some(*one));
                Feature::categories(name, commonest(kinds))
            }
            Column::Codes { codes, .. } => {
                let kinds = codes.iter().map(|one| (*one != NO_CODE).then_some(i64::from(*one)));
                Feature::categories(name, commonest(kinds))
            }
            Column::Lists { .. } => continue,
        };
        if feature.len() == rows {
            features.push((name, feature));
        }
    }
    Ok(features)
}

/// The fields of customers that a condition asks about.
fn fields_of(condition: &Filter) -> BTreeSet<&str> {
    match condition {
        Filter::All(all) | Filter::Any(all) => all.iter().flat_map(fields_of).collect(),
        Filter::Not(inner) => fields_of(inner),
        Filter::Compare { field, .. } => field.split('.').take(1).collect(),
        Filter::Related { .. } | Filter::Linked { .. } | Filter::Shared { .. } => BTreeSet::new(),
    }
}

fn logs(numbers: &[i64]) -> Vec<f64> {
    let log = |one: &i64| if *one < 0 { f64::NAN } else { (*one as f64).ln_1p() };
    numbers.iter().map(log).collect()
}

/// Kinds as small numbers, the commonest first; the rare ones are one kind together.
fn commonest(kinds: impl Iterator<Item = Option<i64>> + Clone) -> Vec<Option<u32>> {
    let mut counts: HashMap<i64, usize> = HashMap::new();
    kinds.clone().flatten().for_each(|kind| *counts.entry(kind).or_default() += 1);
    let mut ranked: Vec<(i64, usize)> = counts.into_iter().collect();
    ranked.sort_unstable_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
    let rank = ranked.into_iter().take(KINDS_MAX).zip(0_u32..);
    let rank: HashMap<i64, u32> = rank.map(|((kind, _), at)| (kind, at)).collect();
    kinds
        .map(|kind| kind.map(|kind| rank.get(&kind).copied().unwrap_or(KINDS_MAX as u32)))
        .collect()
}
