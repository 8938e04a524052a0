//! One customer goes into another: values by survivorship, everything that linked to the one links
//! to the other, the one is put away. It is one set of changes, and undo takes it back.

use std::collections::BTreeMap;

use guanxi_base::{Error, Id, Percent, RawId, Refusal, Result};
use guanxi_record::{
    Choice as _, Filter, Json as JsonField, Kind, Op, Query, Record as _, RecordType, Row, Sort,
    Stored, Value,
};
use guanxi_store::{Actor, Hold, Purpose, Rights, Store, Tx};
use serde_json::json;

use super::follow::follow;
use super::keep::PAIRING;
use super::records::{CustomerMerge, CustomerPair, PairState, Relation};
use super::survivorship::Survivorship;
use crate::all_records::all;
use crate::people::Customer;

/// Links that are moved between two looks.
const BATCH: usize = 500;
/// So many changes of a pair are looked through for whether it was merged and parted.
const HISTORY_READ: usize = 200;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Merging {
    /// The customer that stays.
    pub survivor: RawId,
    /// The one that goes into it.
    pub merged: RawId,
    /// For fields where a person chose: from which of the two.
    pub chosen: BTreeMap<String, RawId>,
    /// Whether a run does it by itself.
    pub is_automatic: bool,
}

/// Merges two customers; the record that says so.
///
/// # Errors
/// `Forbidden` unless the Actor may change both and put the merged one away; `not-found`;
/// `merge-with-itself`, `already-merged`; `read-only`, `field-not-yours` and `not-of-the-pair` for what
/// cannot be chosen so; whatever refuses a change of what is moved, as an approval
/// that it waits for.
pub async fn merge(
    store: &Store,
    actor: &Actor,
    wanted: &Merging,
) -> Result<Stored<CustomerMerge>> {
    if wanted.survivor == wanted.merged {
        return Err(Refusal::new("merge-with-itself").into());
    }
    let mut tx = store.write(actor).await?;
    let note = merge_in(&mut tx, wanted).await?;
    tx.commit().await?;
    Ok(note)
}

/// As [`merge`], by a run: none where people have said that the one that goes and any of some others,
/// with which it would be one, are two; or took back that they are one, by parting them, or by
/// undoing the change or the job that had merged them.
///
/// # Errors
/// As [`merge`].
pub(super) async fn merge_unless_two(
    store: &Store,
    actor: &Actor,
    wanted: &Merging,
    joined: &[RawId],
) -> Result<Option<Stored<CustomerMerge>>> {
    let mut tx = store.write(actor).await?;
    let rights = tx.act_with(Rights::All);
    let are_two = are_said_to_be_two(&mut tx, wanted.merged, joined).await;
    tx.act_with(rights);
    if are_two? {
        return Ok(None);
    }
    let note = merge_in(&mut tx, wanted).await?;
    tx.commit().await?;
    Ok(Some(note))
}

/// Whether people said of a customer and any of some others that they are two.
async fn are_said_to_be_two(tx: &mut Tx, one: RawId, others: &[RawId]) -> Result<bool> {
    let with = |this: &str, other: &str| {
        let others = Filter::one_of(other, others.iter().copied());
        Filter::eq(this, one.to_string()).and(others)
    };
    let either = with("first", "second").or(with("second", "first"));
    let query = || Query { with_archived: true, ..Query::of(either.clone()) };
    // Whoever decides about one of them comes before, and is seen, or after, and sees the merge.
    let ids: Vec<RawId> =
        all::<CustomerPair>(tx, query()).await?.iter().map(|pair| pair.id.raw()).collect();
    tx.hold(CustomerPair::NAME, ids, Hold::Change).await?;
    for pair in all::<CustomerPair>(tx, query()).await? {
        match pair.state {
            PairState::Different => return Ok(true),
            PairState::Open if pair.archived_at.is_none() => {
                let history = tx.history(CustomerPair::NAME, pair.id.raw(), HISTORY_READ).await?;
                let mut changes = history.iter().flat_map(|entry| &entry.changes.0);
                let merged = Some(PairState::Merged.code());
                if changes.any(|one| one.field == "state" && one.old.as_text() == merged) {
                    return Ok(true);
                }
            }
            _ => {}
        }
    }
    Ok(false)
}

/// With all rights to the end: what is moved was within somebody's authority before. What waits for
/// approval is refused all the same.
async fn merge_in(tx: &mut Tx, wanted: &Merging) -> Result<Stored<CustomerMerge>> {
    let described = tx.catalog().get(Customer::NAME)?.clone();
    for (id, purpose) in [
        (wanted.survivor, Purpose::Change),
        (wanted.merged, Purpose::Change),
        (wanted.merged, Purpose::Archive),
    ] {
        tx.row(Customer::NAME, id, Purpose::Read).await?;
        if !tx.may(Customer::NAME, id, purpose).await? {
            return Err(Error::Forbidden);
        }
    }
    theirs_to_choose(tx, &described, wanted)?;
    // What hangs on a customer follows it, whoever may see that.
    tx.act_for_them();
    tx.reach_put_away();
    // Nobody links to either before all that links to the one links to the other.
    tx.hold(Customer::NAME, [wanted.survivor, wanted.merged], Hold::PutAway).await?;
    let survivor = tx.row(Customer::NAME, wanted.survivor, Purpose::Read).await?;
    let merged = tx.row(Customer::NAME, wanted.merged, Purpose::Read).await?;
    if survivor.archived_at.is_some() || merged.archived_at.is_some() {
        return Err(Refusal::new("already-merged").into());
    }
    let rules = Survivorship::read(tx).await?;
    let taken = rules.taken(&described, &survivor, &merged, &wanted.chosen);
    let moved = move_links(tx, survivor.id, merged.id).await?;
    follow(tx, survivor.id, merged.id).await?;
    tx.carry_shares(Customer::NAME, merged.id, survivor.id).await?;
    let survivor = tx.row(Customer::NAME, survivor.id, Purpose::Read).await?;
    let values = taken.iter().map(|one| (one.place, merged.values[one.place].clone()));
    let mut values: Vec<(usize, Value)> = values.collect();
    no_own_parent(&described, &survivor, &merged, &mut values);
    tx.update_fields(&described, survivor.id, survivor.version, values).await?;
    put_away(tx, &described, merged.id, survivor.id).await?;
    decide_pairs(tx, survivor.id, merged.id).await?;
    let provenance: serde_json::Map<String, serde_json::Value> = taken
        .iter()
        .map(|one| (described.fields[one.place].name.to_string(), json!(one.rule)))
        .collect();
    let now = tx.now().to_zoned(tx.actor().time_zone.clone());
    let note = CustomerMerge {
        number: None,
        survivor: Id::new(survivor.id),
        merged: Id::new(merged.id),
        date: now.date(),
        is_automatic: wanted.is_automatic,
        provenance: Some(JsonField(provenance.into())),
        moved,
        change_set: tx.change_set().to_string(),
    };
    tx.create(&note).await
}

/// Merges the customers of an open pair, of which one stays.
///
/// # Errors
/// `not-open` when it was decided already, `not-of-the-pair` for another customer; as [`merge`].
pub async fn merge_pair(
    store: &Store,
    actor: &Actor,
    pair: RawId,
    wanted: (RawId, BTreeMap<String, RawId>),
) -> Result<Stored<CustomerMerge>> {
    let mut tx = store.write(actor).await?;
    let note = merge_pair_in(&mut tx, pair, wanted).await?;
    tx.commit().await?;
    Ok(note)
}

/// The same in a transaction, which is to be committed and used for nothing else: it has all rights
/// from now on.
///
/// # Errors
/// As [`merge_pair`].
pub async fn merge_pair_in(
    tx: &mut Tx,
    pair: RawId,
    (survivor, chosen): (RawId, BTreeMap<String, RawId>),
) -> Result<Stored<CustomerMerge>> {
    // Of two who decide at once the second sees what the first decided.
    tx.hold(CustomerPair::NAME, [pair], Hold::Change).await?;
    let pair: Stored<CustomerPair> =
        tx.row(CustomerPair::NAME, pair, Purpose::Read).await?.try_into()?;
    if pair.state != PairState::Open {
        return Err(Refusal::new("not-open").into());
    }
    let merged = match (pair.first.raw(), pair.second.raw()) {
        (first, second) if survivor == first => second,
        (first, second) if survivor == second => first,
        _ => return Err(Refusal::field("not-of-the-pair", "survivor").into()),
    };
    merge_in(tx, &Merging { survivor, merged, chosen, is_automatic: false }).await
}

/// That a person chose only of fields that may be chosen and that they may write, and only between the two.
fn theirs_to_choose(tx: &Tx, described: &RecordType, wanted: &Merging) -> Result<()> {
    let rights = &tx.actor().rights;
    let mut refused = Vec::new();
    for (name, from) in &wanted.chosen {
        let refusal = |code| Refusal::field(code, name.as_str()).with("name", name);
        match described.fields.iter().find(|field| field.name == *name) {
            None => refused.push(refusal("unknown-field").with("type", &described.name)),
            Some(field) if field.read_only || field.derived => refused.push(refusal("read-only")),
            // Its own number names the survivor.
            Some(field) if field.unique || !rights.writes(&described.name, name) => {
                let field_of = format!("{}.{name}", described.name);
                refused.push(refusal("field-not-yours").with("field_of", field_of));
            }
            Some(_) if ![wanted.survivor, wanted.merged].contains(from) => {
                refused.push(refusal("not-of-the-pair"));
            }
            Some(_) => {}
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(Error::Refused(refused)) }
}

/// Whoever is merged into its parent does not become its own.
fn no_own_parent(
    described: &RecordType,
    survivor: &Row,
    merged: &Row,
    values: &mut Vec<(usize, Value)>,
) {
    let Some(place) = described.position("parent") else { return };
    if survivor.values[place].as_link() == Some(merged.id)
        || survivor.values[place].as_link() == Some(survivor.id)
    {
        values.retain(|(at, _)| *at != place);
        let of_merged = merged.values[place].clone();
        let is_itself = of_merged.as_link() == Some(survivor.id);
        values.push((place, if is_itself { Value::Null } else { of_merged }));
    }
}

/// Moves every link from one customer to the other, those of archived records too; how many.
async fn move_links(tx: &mut Tx, survivor: RawId, merged: RawId) -> Result<i64> {
    let catalog = tx.catalog().clone();
    let mut moved = 0;
    for described in catalog.types() {
        // What was decided about pairs stays as it was decided.
        let is_own = [CustomerPair::NAME, CustomerMerge::NAME].contains(&described.name.as_ref());
        for field in described.fields.iter().filter(|_| !is_own) {
            // Nobody's parent becomes their own child: that is settled with the values.
            if field.kind.leads_to() != Some(Customer::NAME) || field.read_only {
                continue;
            }
            let is_multiple = matches!(field.kind, Kind::Links { .. });
            let op = if is_multiple { Op::Contains } else { Op::Eq };
            let links = Filter::compare(&*field.name, op, merged.to_string());
            let others = Filter::compare("id", Op::NotIn, vec![survivor.to_string()]);
            let others = if described.name == Customer::NAME { links.and(others) } else { links };
            let mut query = Query::of(others).sorted(vec![Sort::up("id")]).limited(BATCH);
            query.with_archived = true;
            loop {
                let page = tx.list(&described.name, &query).await?;
                for row in &page.rows {
                    move_link(tx, described, &field.name, row, (survivor, merged)).await?;
                }
                moved += page.rows.len() as i64;
                query.after = page.next;
                if query.after.is_none() {
                    break;
                }
            }
        }
    }
    Ok(moved)
}

async fn move_link(
    tx: &mut Tx,
    described: &RecordType,
    field: &str,
    row: &Row,
    (survivor, merged): (RawId, RawId),
) -> Result<()> {
    let Some(place) = described.position(field) else { return Ok(()) };
    let value = match &row.values[place] {
        Value::Links(ids) => {
            let kept = ids.iter().copied().filter(|id| *id != merged && *id != survivor);
            Value::Links(kept.chain([survivor]).collect())
        }
        _ => Value::Link(survivor),
    };
    // Both were in the same segment: one membership is enough.
    for unique in described.unique.iter().filter(|unique| unique.contains(&field)) {
        let others = unique.iter().filter(|name| **name != field);
        let same = others.fold(Filter::eq(field, survivor.to_string()), |all, name| {
            all.and(Filter::eq(*name, row.value(described, name).to_json()))
        });
        let mut query = Query::of(same).limited(1);
        query.with_archived = true;
        if !tx.list(&described.name, &query).await?.rows.is_empty() {
            return tx.archive(&described.name, row.id, row.version).await.map(drop);
        }
    }
    tx.update_fields(described, row.id, row.version, vec![(place, value)]).await.map(drop)
}

async fn put_away(
    tx: &mut Tx,
    described: &RecordType,
    merged: RawId,
    survivor: RawId,
) -> Result<()> {
    let row = tx.row(Customer::NAME, merged, Purpose::Read).await?;
    let place = described.position("merged_into").ok_or_else(|| Error::internal("no field"))?;
    let fields = vec![(place, Value::Link(survivor))];
    let row = tx.update_fields(described, merged, row.version, fields).await?;
    tx.archive(Customer::NAME, merged, row.version).await.map(drop)
}

/// The pair is merged; other pairs with the merged customer are found anew.
async fn decide_pairs(tx: &mut Tx, survivor: RawId, merged: RawId) -> Result<()> {
    let of =
        |id: RawId| Filter::eq("first", id.to_string()).or(Filter::eq("second", id.to_string()));
    let open = Filter::eq("state", PairState::Open.code()).and(of(merged));
    for mut pair in all::<CustomerPair>(tx, Query::of(open)).await? {
        let is_this = [pair.first.raw(), pair.second.raw()].contains(&survivor);
        pair.state = if is_this { PairState::Merged } else { PairState::Outdated };
        tx.update(&pair).await?;
    }
    Ok(())
}

/// Takes a merge back: both customers are as they were, and are not proposed again.
///
/// # Errors
/// `Forbidden` unless the Actor may change the survivor; `changed-since` when what was moved or taken
/// over has been changed meanwhile.
pub async fn unmerge(store: &Store, actor: &Actor, merge: RawId) -> Result<RawId> {
    let mut tx = store.write(actor).await?;
    unmerge_in(&mut tx, merge).await?;
    tx.commit().await
}

/// The same in a transaction, which is to be committed and used for nothing else: it has all rights
/// from now on.
///
/// # Errors
/// As [`unmerge`].
pub async fn unmerge_in(tx: &mut Tx, merge: RawId) -> Result<()> {
    let note: Stored<CustomerMerge> = tx.fetch(Purpose::Read, Id::new(merge)).await?;
    if !tx.may(Customer::NAME, note.survivor.raw(), Purpose::Change).await? {
        return Err(Error::Forbidden);
    }
    // What was moved may be others' to change.
    tx.act_for_them();
    let change_set: RawId = note.change_set.parse().map_err(|_| Error::NotFound)?;
    // A run may be keeping what it found of them.
    tx.take_turn(PAIRING).await?;
    tx.undo(change_set).await?;
    are_two(tx, note.survivor.raw(), note.merged.raw()).await
}

/// Keeps that people said of two customers that they are not one, whether a run had told so or not.
async fn are_two(tx: &mut Tx, one: RawId, other: RawId) -> Result<()> {
    tx.reach_put_away();
    let (first, second) = (one.min(other), one.max(other));
    let pair = Filter::eq("first", first.to_string()).and(Filter::eq("second", second.to_string()));
    let mut query = Query::of(pair).limited(1);
    query.with_archived = true;
    if let Some(row) = tx.list(CustomerPair::NAME, &query).await?.rows.into_iter().next() {
        let mut pair: Stored<CustomerPair> = row.try_into()?;
        pair.state = PairState::Different;
        return tx.update(&pair).await.map(drop);
    }
    let pair = CustomerPair {
        number: None,
        first: Id::new(first),
        second: Id::new(second),
        relation: Relation::Same,
        // Nobody had told that they might be one.
        certainty: Percent::from_units(0),
        state: PairState::Different,
        reasons: None,
        found_by: None,
    };
    tx.create(&pair).await.map(drop)
}
