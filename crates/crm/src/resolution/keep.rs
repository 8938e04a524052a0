//! Keeps the pairs that a run found. What people decided while it looked holds: a run changes only what
//! nobody has touched since it began.

use std::collections::HashSet;

use guanxi_base::{Error, Id, Percent, RawId, Result};
use guanxi_record::{Filter, Json as JsonField, Query, Record as _, Stored, Value};
use guanxi_store::{Actor, Hold, Origin, Purpose, Store, Tx};
use serde_json::json;

use super::alike::word;
use super::find::Likely;
use super::known_pairs::{Before, Two};
use super::records::{CustomerPair, PairState};
use crate::all_records::all;
use crate::patience::Patience;
use crate::people::Customer;

/// Pairs of one transaction, and fewer of those that people may be at.
const INSERTED: usize = 2_000;
const CHANGED: usize = 200;
/// So many are asked for at once.
const ASKED: usize = 500;
/// The rule by which one after the other keeps pairs that may not be there yet.
pub(super) const PAIRING: &str = "keep a pair of customers";

/// Keeps what was found: new pairs, and how certain those are now that were open; those that
/// nothing speaks for any more are closed.
pub(super) async fn keep(
    store: &Store,
    before: &Before,
    found: &[Likely],
    run: &str,
) -> Result<()> {
    let told: HashSet<Two> = found.iter().map(|pair| (pair.first, pair.second)).collect();
    let (new, old): (Vec<&Likely>, Vec<&Likely>) =
        found.iter().partition(|pair| before.known(pair).is_none());
    for chunk in new.chunks(INSERTED) {
        let mut patience = Patience::new(store);
        let mut kept = insert(store, chunk, run).await;
        while patience.tries_again(&kept).await {
            kept = insert(store, chunk, run).await;
        }
        kept?;
    }
    let known = old.into_iter().filter_map(|pair| Some((before.open(pair)?, Some(pair))));
    let stale = before.open_without(&told).map(|known| (known, None));
    let mut changes: Vec<Change<'_>> = known.chain(stale).collect();
    changes.retain(|((_, state), found)| found.is_some() || *state == PairState::Open);
    for chunk in changes.chunks(CHANGED) {
        let mut patience = Patience::new(store);
        let mut changed = change(store, chunk).await;
        while patience.tries_again(&changed).await {
            changed = change(store, chunk).await;
        }
        changed?;
    }
    Ok(())
}

/// A pair that was open or outdated, and what was found of it now.
type Change<'a> = ((RawId, PairState), Option<&'a Likely>);

/// Changes pairs as they were found now, unless somebody has decided about them meanwhile.
async fn change(store: &Store, changes: &[Change<'_>]) -> Result<()> {
    let mut tx = store.write(&Actor::system(Origin::Job)).await?;
    // Whoever decides about one comes before or after.
    tx.hold(CustomerPair::NAME, changes.iter().map(|((id, _), _)| *id), Hold::Change).await?;
    let there = there(&mut tx, changes.iter().filter_map(|(_, found)| *found)).await?;
    for ((id, state), found) in changes {
        let mut stored: Stored<CustomerPair> = match tx.fetch(Purpose::Change, Id::new(*id)).await {
            Ok(stored) => stored,
            // It went with one of the customers.
            Err(Error::NotFound) => continue,
            Err(error) => return Err(error),
        };
        if stored.state != *state || stored.archived_at.is_some() {
            continue;
        }
        match found {
            Some(pair) if [pair.first, pair.second].iter().all(|id| there.contains(id)) => {
                stored.relation = pair.relation;
                stored.certainty = Percent::of_share(pair.certainty);
                (stored.reasons, stored.state) = (Some(reasons(pair)), PairState::Open);
            }
            // One of the two was put away or merged meanwhile: that decides.
            Some(_) => continue,
            None => stored.state = PairState::Outdated,
        }
        tx.update(&stored).await?;
    }
    tx.commit().await.map(drop)
}

/// Which of the customers of pairs are there still, and not put away.
async fn there<'a>(tx: &mut Tx, pairs: impl Iterator<Item = &'a Likely>) -> Result<HashSet<RawId>> {
    let ids: Vec<RawId> = pairs.flat_map(|pair| [pair.first, pair.second]).collect();
    let customers = tx.catalog().get(Customer::NAME)?.clone();
    let rows = tx.rows_by_ids(&customers, &ids, Purpose::Read).await?;
    Ok(rows.iter().filter(|row| row.archived_at.is_none()).map(|row| row.id).collect())
}

/// Which of some pairs are kept already, put away or not.
async fn kept(tx: &mut Tx, pairs: &[&Likely]) -> Result<HashSet<Two>> {
    let mut found = HashSet::new();
    for chunk in pairs.chunks(ASKED) {
        let firsts: HashSet<RawId> = chunk.iter().map(|pair| pair.first).collect();
        let mut query = Query::of(Filter::one_of("first", firsts));
        query.with_archived = true;
        let known = all::<CustomerPair>(tx, query).await?;
        found.extend(known.iter().map(|pair| (pair.first.raw(), pair.second.raw())));
    }
    Ok(found)
}

async fn insert(store: &Store, pairs: &[&Likely], run: &str) -> Result<()> {
    let mut tx = store.write(&Actor::system(Origin::Job)).await?;
    // Whoever parts two keeps a pair of them too.
    tx.take_turn(PAIRING).await?;
    let described = tx.catalog().get(CustomerPair::NAME)?.clone();
    let kept = kept(&mut tx, pairs).await?;
    // Somebody may have been removed, put away or merged since.
    let ids = pairs.iter().flat_map(|pair| [pair.first, pair.second]);
    tx.hold(Customer::NAME, ids, Hold::Link).await?;
    let there = there(&mut tx, pairs.iter().copied()).await?;
    let pairs = pairs.iter().filter(|pair| {
        there.contains(&pair.first)
            && there.contains(&pair.second)
            && !kept.contains(&(pair.first, pair.second))
    });
    let pairs: Vec<&&Likely> = pairs.collect();
    tx.know_links(there.iter().copied());
    let number = tx.reserve_numbers("CP", pairs.len() as i64).await?;
    let mut rows = Vec::with_capacity(pairs.len());
    for (pair, number) in pairs.iter().zip(number..) {
        let record = CustomerPair {
            number: Some(format!("CP-{number:06}")),
            first: Id::new(pair.first),
            second: Id::new(pair.second),
            relation: pair.relation,
            certainty: Percent::of_share(pair.certainty),
            state: PairState::Open,
            reasons: Some(reasons(pair)),
            found_by: Some(run.to_owned()),
        };
        let mut values = guanxi_record::Record::values(&record);
        values.resize(described.fields.len(), Value::Null);
        rows.push(tx.prepare(&described, values).await?);
    }
    tx.insert(&described, rows).await?;
    tx.commit().await.map(drop)
}

fn reasons(pair: &Likely) -> JsonField {
    let one = |(field, level, bits): &(&str, _, Option<f64>)| {
        json!([field, word(*level), bits.map(|bits| (bits * 100.0).round() / 100.0)])
    };
    JsonField(pair.reasons.iter().map(one).collect())
}
