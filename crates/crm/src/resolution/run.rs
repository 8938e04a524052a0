//! A run over the whole base: what it finds waits for people, what is certain enough is merged.

use std::collections::{BTreeMap, HashSet};

use guanxi_analytics::matching::{customers, reliability};
use guanxi_base::{Error, Id, Percent, RawId, Result};
use guanxi_record::{Choice as _, Filter, Query, Record as _, Stored, Value};
use guanxi_store::{Actor, Hold, Purpose, Store, Tx};
use guanxi_warehouse::{Manifest, Warehouse};
use serde_json::{Value as Json, json};
use tokio::sync::watch;

use super::find::{Found, Likely, find, known};
use super::keep::keep;
use super::known_pairs::Before;
use super::merge::{Merging, merge_unless_two};
use super::records::{CustomerPair, PairState, Relation};
use crate::people::Customer;

/// In per cent: the base has been read, likely pairs are found, certain ones are merged.
const READ: usize = 20;
pub(crate) const FOUND: usize = 60;
const MERGED: usize = 95;

/// What a run did.
#[derive(Debug)]
pub struct Resolved {
    /// How many customers were compared.
    pub customers: usize,
    /// Whether there was too little to learn from.
    pub falls_back: bool,
    /// What there is to know about it.
    pub card: Json,
}

/// Looks for customers that stand in the base more than once. Those that are one at least as
/// certainly as `merge_above` are merged, as `actor`; the others wait for people. How much is done
/// is said in per cent.
///
/// # Errors
/// When the warehouse or the database fails.
pub async fn resolve(
    store: &Store,
    warehouse: &Warehouse,
    manifest: &Manifest,
    (actor, run, merge_above): (&Actor, &str, Option<Percent>),
    done: watch::Sender<usize>,
) -> Result<Resolved> {
    let catalog = store.catalog();
    let customers = known(warehouse, manifest, &catalog).await?;
    let before = Before::read(warehouse, manifest, store).await?;
    let trusted = trust(before.decided())?;
    done.send_replace(READ);
    let least = merge_above.map(Percent::share);
    let found = tokio::task::spawn_blocking(move || find(&customers, least));
    let Found { pairs, certain, customers, falls_back, mut card } =
        found.await.map_err(Error::internal)??;
    done.send_replace(FOUND);
    // Before anything is merged: what is merged is a pair that was decided, and who parts them again
    // decides otherwise about it.
    keep(store, &before, &pairs, run).await?;
    let merged = merge_certain(store, actor, certain, &done).await?;
    let gone = |id: &RawId| merged.contains(id);
    let open = pairs.iter().filter(|pair| !gone(&pair.first) && !gone(&pair.second));
    let open: Vec<&Likely> = open.collect();
    card["found"] = counted(&open);
    card["reliability"] = trusted;
    // Those too that it merged before its process was ended.
    card["merged"] = json!(merged_by(store, actor).await?);
    card["new"] = json!(open.iter().filter(|pair| before.known(pair).is_none()).count());
    Ok(Resolved { customers, falls_back, card })
}

/// How many customers the job of an Actor has merged.
///
/// # Errors
/// When the database fails.
pub(crate) async fn merged_by(store: &Store, actor: &Actor) -> Result<usize> {
    let Some(job) = actor.job else { return Ok(0) };
    Ok(store.changes_of_job(&Actor::system(guanxi_store::Origin::Job), job).await?.len())
}

fn counted(pairs: &[&Likely]) -> Json {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    pairs.iter().for_each(|pair| *counts.entry(pair.relation.code()).or_default() += 1);
    json!(counts)
}

/// What the certainty of pairs is worth: by what people decided, where that is enough, else as it was
/// measured on made-up customers.
fn trust((told, are_one): (Vec<f64>, Vec<bool>)) -> Result<Json> {
    const DECIDED_MIN: usize = 100;
    let is_enough = told.len() >= DECIDED_MIN;
    let bins = match is_enough {
        true => reliability(&told, &are_one).map_err(Error::internal)?,
        false => customers::RELIABILITY.to_vec(),
    };
    let bins = bins.iter().map(|bin| {
        json!({ "from": bin.from, "to": bin.to, "pairs": bin.pairs, "told": bin.told,
            "true": bin.true_share })
    });
    let source = if is_enough { "decided" } else { "made_up" };
    Ok(json!({ "source": source, "decided": told.len(), "bins": bins.collect::<Vec<_>>() }))
}

/// Merges what is certain; who is gone since.
async fn merge_certain(
    store: &Store,
    actor: &Actor,
    certain: Vec<Vec<RawId>>,
    done: &watch::Sender<usize>,
) -> Result<HashSet<RawId>> {
    let described = store.catalog().get(Customer::NAME)?.clone();
    let mut gone = HashSet::new();
    let all = certain.len();
    for (at, group) in certain.into_iter().enumerate() {
        done.send_replace(FOUND + (MERGED - FOUND) * at / all);
        let mut view = store.read(actor).await?;
        let mut rows = view.rows_by_ids(&described, &group, Purpose::Change).await?;
        drop(view);
        rows.retain(|row| row.archived_at.is_none());
        // Who has bought most stays, and among equals who was there first.
        let bought = |row: &guanxi_record::Row| match row.value(&described, "purchases") {
            Value::Integer(count) => count,
            _ => 0,
        };
        rows.sort_by_key(|row| (-bought(row), row.id));
        let Some((survivor, others)) = rows.split_first() else { continue };
        let mut joined = vec![survivor.id];
        for other in others {
            let wanted = Merging {
                survivor: survivor.id,
                merged: other.id,
                chosen: BTreeMap::new(),
                is_automatic: true,
            };
            match merge_unless_two(store, actor, &wanted, &joined).await {
                Ok(Some(_)) => {
                    gone.insert(other.id);
                    joined.push(other.id);
                }
                Ok(None) => {}
                // One that waits for approval, or is changed at this moment, waits for people.
                Err(Error::Refused(_) | Error::Conflict { .. } | Error::Forbidden) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(gone)
}

/// What people decide about a pair that is not merged.
///
/// # Errors
/// `Forbidden` unless the Actor may change both customers; `not-open` when it was decided already.
pub async fn decide(
    store: &Store,
    actor: &Actor,
    pair: RawId,
    state: PairState,
) -> Result<Stored<CustomerPair>> {
    let mut tx = store.write(actor).await?;
    let decided = decide_in(&mut tx, pair, state).await?;
    tx.commit().await?;
    Ok(decided)
}

/// The same in a transaction.
///
/// # Errors
/// As [`decide`].
pub async fn decide_in(tx: &mut Tx, pair: RawId, state: PairState) -> Result<Stored<CustomerPair>> {
    // Of two who decide at once the second sees what the first decided.
    tx.hold(CustomerPair::NAME, [pair], Hold::Change).await?;
    let stored: Stored<CustomerPair> = tx.fetch(Purpose::Read, Id::new(pair)).await?;
    for customer in [stored.first, stored.second] {
        if !tx.may(Customer::NAME, customer.raw(), Purpose::Change).await? {
            return Err(Error::Forbidden);
        }
    }
    if stored.state != PairState::Open {
        return Err(guanxi_base::Refusal::new("not-open").into());
    }
    if state == PairState::Joined {
        super::join::join(tx, &stored).await?;
    }
    let rights = tx.act_with(guanxi_store::Rights::All);
    let mut decided: Stored<CustomerPair> = tx.fetch(Purpose::Change, Id::new(pair)).await?;
    decided.state = state;
    let decided = tx.update(&decided).await?;
    tx.act_with(rights);
    Ok(decided)
}

/// How many pairs wait for somebody who may see both customers.
///
/// # Errors
/// When the database fails.
pub async fn waiting(view: &mut guanxi_store::View) -> Result<guanxi_store::Total> {
    let open = Query::of(Filter::eq("state", PairState::Open.code()));
    view.total(CustomerPair::NAME, &open).await
}

/// Whether a relation is settled by merging.
#[must_use]
pub fn is_merged(relation: Relation) -> bool {
    relation == Relation::Same
}
