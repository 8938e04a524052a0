//! A run over the whole base: what it finds waits for people, what is certain enough is merged.

use std::collections::{BTreeMap, HashMap, HashSet};

use guanxi_analytics::matching::{customers, reliability};
use guanxi_base::{Error, Id, Percent, RawId, Result};
use guanxi_record::{Choice as _, Filter, Json as JsonField, Query, Record as _, Stored, Value};
use guanxi_store::{Actor, Hold, Purpose, Store, Tx};
use guanxi_warehouse::{Manifest, NO_NUMBER, Warehouse};
use serde_json::{Value as Json, json};
use tokio::sync::watch;

use super::alike::word;
use super::find::{Found, Likely, find, known};
use super::merge::{Merging, merge};
use super::records::{CustomerMerge, CustomerPair, PairState, Relation};
use crate::people::Customer;

/// Pairs of one transaction.
const BATCH: usize = 2_000;
/// So many changes of a pair are looked through for whether it was merged and parted.
const HISTORY_READ: usize = 200;
/// In per cent: the base has been read, likely pairs are found, certain ones are merged.
const READ: usize = 20;
const FOUND: usize = 60;
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
    let merged = merge_certain(store, actor, certain, &before, &done).await?;
    let gone = |id: &RawId| merged.contains(id);
    let open = pairs.iter().filter(|pair| !gone(&pair.first) && !gone(&pair.second));
    let open: Vec<&Likely> = open.collect();
    card["found"] = counted(&open);
    card["reliability"] = trusted;
    card["merged"] = json!(merged.len());
    card["new"] = json!(open.iter().filter(|pair| before.known(pair).is_none()).count());
    Ok(Resolved { customers, falls_back, card })
}

fn counted(pairs: &[&Likely]) -> Json {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    pairs.iter().for_each(|pair| *counts.entry(pair.relation.code()).or_default() += 1);
    json!(counts)
}

/// A pair that is known already.
struct Known {
    id: RawId,
    /// What became of it; none where somebody put it away.
    state: Option<PairState>,
    relation: String,
    certainty: i64,
}

/// Two customers, the one that came first first.
type Two = (RawId, RawId);

/// What is known already.
struct Before {
    pairs: HashMap<Two, Known>,
    /// Those that a run merged by itself.
    automatic: HashSet<Two>,
}

impl Before {
    async fn read(warehouse: &Warehouse, manifest: &Manifest, store: &Store) -> Result<Self> {
        let pairs = Self::read_pairs(warehouse, manifest, store).await?;
        let catalog = store.catalog();
        let described = catalog.get(CustomerMerge::NAME)?;
        let names = ["survivor", "merged", "is_automatic", "archived_at"];
        let frame = warehouse.frame(manifest, described, &names).await?;
        let holds = |at: &usize| {
            // A merge that was put away says nothing any more.
            frame.numbers("is_automatic")[*at] == 1
                && frame.numbers("archived_at")[*at] == NO_NUMBER
        };
        let automatic = (0..frame.rows).filter(holds).map(|at| {
            let id = |name: &str| RawId(frame.numbers(name)[at]);
            let (one, other) = (id("survivor"), id("merged"));
            (one.min(other), one.max(other))
        });
        let automatic = automatic.collect();
        Ok(Self { pairs, automatic })
    }

    async fn read_pairs(
        warehouse: &Warehouse,
        manifest: &Manifest,
        store: &Store,
    ) -> Result<HashMap<Two, Known>> {
        let catalog = store.catalog();
        let described = catalog.get(CustomerPair::NAME)?;
        let names = ["id", "first", "second", "state", "relation", "certainty", "archived_at"];
        let frame = warehouse.frame(manifest, described, &names).await?;
        let pairs = (0..frame.rows).map(|at| {
            let id = |name: &str| RawId(frame.numbers(name)[at]);
            let word = |name: &str| {
                let (codes, words) = frame.codes(name);
                words.get(codes[at] as usize).cloned().unwrap_or_default()
            };
            let certainty = frame.numbers("certainty")[at];
            let relation = word("relation");
            let state = PairState::from_code(&word("state"));
            let is_away = frame.numbers("archived_at")[at] != NO_NUMBER;
            // What people said about it holds, wherever they keep it.
            let state = state.filter(|state| !is_away || *state == PairState::Different);
            ((id("first"), id("second")), Known { id: id("id"), state, relation, certainty })
        });
        Ok(pairs.collect())
    }

    fn known(&self, pair: &Likely) -> Option<&Known> {
        self.pairs.get(&(pair.first, pair.second))
    }

    /// Whether people said that these are different, or took back that they are one: by parting
    /// them, or by undoing the change or the job that had merged them.
    async fn are_different(&self, store: &Store, one: RawId, other: RawId) -> Result<bool> {
        let Some(known) = self.pairs.get(&(one.min(other), one.max(other))) else {
            return Ok(false);
        };
        if known.state != Some(PairState::Open) {
            return Ok(known.state == Some(PairState::Different));
        }
        let mut view = store.read(&Actor::system(guanxi_store::Origin::Job)).await?;
        let history = view.history(CustomerPair::NAME, known.id, HISTORY_READ).await?;
        let mut changes = history.iter().flat_map(|entry| &entry.changes.0);
        let merged = Some(PairState::Merged.code());
        Ok(changes.any(|change| change.field == "state" && change.old.as_text() == merged))
    }

    /// What people decided about pairs that were told to be the same: how certain they were told,
    /// and whether it was so. What a run merged by itself proves nothing, unless somebody parted
    /// them; what nobody told (two who were merged and parted by people alone) neither.
    fn decided(&self) -> (Vec<f64>, Vec<bool>) {
        let same = self.pairs.iter().filter(|(pair, known)| {
            known.relation == Relation::Same.code()
                && known.certainty > 0
                && !self.automatic.contains(*pair)
        });
        let decided = same.filter_map(|(_, known)| {
            let is_one = match known.state? {
                PairState::Merged => true,
                PairState::Different => false,
                _ => return None,
            };
            Some((Percent::from_units(known.certainty).share(), is_one))
        });
        decided.unzip()
    }
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
    before: &Before,
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
            let mut is_another = false;
            for one in &joined {
                is_another |= before.are_different(store, *one, other.id).await?;
            }
            if is_another {
                continue;
            }
            let wanted = Merging {
                survivor: survivor.id,
                merged: other.id,
                chosen: BTreeMap::new(),
                is_automatic: true,
            };
            match merge(store, actor, &wanted).await {
                Ok(_) => {
                    gone.insert(other.id);
                    joined.push(other.id);
                }
                // One that waits for approval, or is changed at this moment, waits for people.
                Err(Error::Refused(_) | Error::Conflict { .. } | Error::Forbidden) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(gone)
}

/// Keeps what was found: new pairs, and how certain those are now that were open; those that
/// nothing speaks for any more are closed.
async fn keep(store: &Store, before: &Before, found: &[Likely], run: &str) -> Result<()> {
    let system = Actor::system(guanxi_store::Origin::Job);
    let told: HashSet<Two> = found.iter().map(|pair| (pair.first, pair.second)).collect();
    let (new, old): (Vec<&Likely>, Vec<&Likely>) =
        found.iter().partition(|pair| before.known(pair).is_none());
    for chunk in new.chunks(BATCH) {
        let mut tx = store.write(&system).await?;
        insert(&mut tx, chunk, run).await?;
        tx.commit().await?;
    }
    let is_open =
        |known: &&Known| matches!(known.state, Some(PairState::Open | PairState::Outdated));
    for chunk in old.chunks(BATCH) {
        let mut tx = store.write(&system).await?;
        for pair in chunk {
            let Some(known) = before.known(pair).filter(is_open) else { continue };
            let id = Id::new(known.id);
            let mut stored: Stored<CustomerPair> = tx.fetch(Purpose::Change, id).await?;
            (stored.relation, stored.certainty) =
                (pair.relation, Percent::of_share(pair.certainty));
            (stored.reasons, stored.state) = (Some(reasons(pair)), PairState::Open);
            tx.update(&stored).await?;
        }
        tx.commit().await?;
    }
    let stale = before
        .pairs
        .iter()
        .filter(|(pair, known)| known.state == Some(PairState::Open) && !told.contains(pair));
    let stale: Vec<RawId> = stale.map(|(_, known)| known.id).collect();
    for chunk in stale.chunks(BATCH) {
        let mut tx = store.write(&system).await?;
        for id in chunk {
            let mut stored: Stored<CustomerPair> = tx.fetch(Purpose::Change, Id::new(*id)).await?;
            if stored.state == PairState::Open {
                stored.state = PairState::Outdated;
                tx.update(&stored).await?;
            }
        }
        tx.commit().await?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx, pairs: &[&Likely], run: &str) -> Result<()> {
    let described = tx.catalog().get(CustomerPair::NAME)?.clone();
    let ids: Vec<RawId> = pairs.iter().flat_map(|pair| [pair.first, pair.second]).collect();
    let customers = tx.catalog().get(Customer::NAME)?.clone();
    let there = tx.rows_by_ids(&customers, &ids, Purpose::Read).await?;
    let there: HashSet<RawId> = there.iter().map(|row| row.id).collect();
    tx.know_links(there.iter().copied());
    let number = tx.reserve_numbers("CP", pairs.len() as i64).await?;
    let mut rows = Vec::with_capacity(pairs.len());
    for (pair, number) in pairs.iter().zip(number..) {
        // Somebody may have been removed since.
        if !there.contains(&pair.first) || !there.contains(&pair.second) {
            continue;
        }
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
    tx.insert(&described, rows).await
}

fn reasons(pair: &Likely) -> JsonField {
    let one = |(field, level, bits): &(&str, _, Option<f64>)| {
        json!([field, word(*level), bits.map(|bits| (bits * 100.0).round() / 100.0)])
    };
    JsonField(pair.reasons.iter().map(one).collect())
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
        super::join::join(&mut tx, &stored).await?;
    }
    let rights = tx.act_with(guanxi_store::Rights::All);
    let mut decided: Stored<CustomerPair> = tx.fetch(Purpose::Change, Id::new(pair)).await?;
    decided.state = state;
    let decided = tx.update(&decided).await?;
    tx.act_with(rights);
    tx.commit().await?;
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
