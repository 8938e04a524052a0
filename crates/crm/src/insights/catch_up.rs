//! Brings the warehouse up to the log of the database: all of a type the first time and where a file
//! is damaged, later what the log names. It may be killed at any moment; the next time goes on from
//! what was published.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_base::{Error, RawId, Result, SignedDuration};
use guanxi_record::{RecordType, Row};
use guanxi_store::{Actor, Origin, Place, Store};
use guanxi_warehouse::{LogPlace, Manifest, Table, Update, Warehouse, batch_of, is_kept};
use serde::Serialize;

use super::knowledge::{self, knowledge_of};
use super::since::TELLING;

/// Rows that are read from the database at once.
const ROWS_AT_ONCE: usize = 32_768;
/// Records that are written anew at once: what is held in memory.
const CHANGED_AT_ONCE: usize = 200_000;
/// Somebody else may be first a few times.
const TRIES: usize = 5;
/// So often, and so long each time, it is waited for transactions that are open.
const SETTLING_TRIES: usize = 50;
const SETTLING: std::time::Duration = std::time::Duration::from_millis(100);
/// Whoever reads what has been replaced meanwhile has so much time; what was erased is gone then.
const SWEPT: SignedDuration = SignedDuration::from_mins(10);

/// What was brought over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct CaughtUp {
    /// Records written, new ones and changed ones.
    pub facts: usize,
    /// Records taken out.
    pub gone: usize,
    /// Whether a table was filled from nothing.
    pub filled: bool,
}

/// Brings the warehouse up to date, and removes what it replaced a while ago.
///
/// # Errors
/// When the database or the warehouse fails.
pub async fn catch_up(store: &Store, warehouse: &Warehouse) -> Result<CaughtUp> {
    let done = keep_up(store, warehouse).await?;
    // What cannot be swept now is swept another time.
    if let Err(error) = warehouse.sweep(store.clock().now() - SWEPT).await {
        tracing::warn!(%error, "what the warehouse replaced cannot be removed");
    }
    Ok(done)
}

/// Brings the warehouse up to date, and leaves all that it replaced: while an analysis reads that.
///
/// # Errors
/// When the database or the warehouse fails.
pub async fn keep_up(store: &Store, warehouse: &Warehouse) -> Result<CaughtUp> {
    let mut was_damaged = false;
    for _ in 0..TRIES {
        match try_once(store, warehouse).await {
            Ok(None) => {}
            Ok(Some(done)) => {
                warm(store, warehouse).await?;
                return Ok(done);
            }
            // A file was found to be damaged: looking again tells which, and makes it anew.
            Err(_) if warehouse.is_suspect() && !was_damaged => was_damaged = true,
            Err(error) => return Err(error),
        }
    }
    Err(Error::internal("other processes keep changing the warehouse"))
}

/// Brings the warehouse up to date, and waits a little for what is being written: as long as a
/// transaction is open the log is not settled behind it, and what others committed before this
/// began is to be in it. What is in it then and what is not, its place in the log tells.
///
/// # Errors
/// As [`catch_up`].
pub(super) async fn catch_up_settled(store: &Store, warehouse: &Warehouse) -> Result<()> {
    for _ in 0..SETTLING_TRIES {
        catch_up(store, warehouse).await?;
        let place = place_of(&*warehouse.known().await?);
        let mut view = store.read(&Actor::system(Origin::Job)).await?;
        let now = view.now();
        let mut is_behind = false;
        for of in TELLING {
            is_behind |= view.late(of, place, now).await?.is_some();
        }
        drop(view);
        if !is_behind {
            return Ok(());
        }
        tokio::time::sleep(SETTLING).await;
    }
    Ok(())
}

/// Has in memory what readers will ask for, before they see what has changed.
///
/// # Errors
/// When the warehouse fails.
pub async fn warm(store: &Store, warehouse: &Warehouse) -> Result<()> {
    let catalog = store.catalog();
    let tables: Vec<Table<'_>> = catalog
        .types()
        .filter(|one| is_kept(one))
        .map(|one| Table { of: one, beside: knowledge_of(&one.name) })
        .collect();
    warehouse.warm(&tables).await
}

/// `None` when somebody else published first.
async fn try_once(store: &Store, warehouse: &Warehouse) -> Result<Option<CaughtUp>> {
    let manifest = warehouse.manifest().await?;
    let place = place_of(&manifest);
    let known = manifest.number > 0 && store.log_reaches(place).await?;
    let catalog = store.catalog();
    let mut kept: Vec<&RecordType> =
        catalog.types().map(|one| &**one).filter(|one| is_kept(one)).collect();
    kept.sort_by_key(|one| one.whole().is_none());
    let mut update = warehouse.update(&manifest);
    let mut done = CaughtUp::default();
    // What changes from here on is read again by the next time.
    let end = store.log_end().await?;
    let now = store.clock().now();
    let damaged = warehouse.damaged(&manifest).await;
    // What only the warehouse knows begins anew.
    let is_type = |name: &str| kept.iter().any(|described| described.name == name);
    damaged.iter().filter(|name| !is_type(name)).for_each(|name| update.remove(name));
    for described in &kept {
        let name = described.name.as_ref();
        if !known || damaged.contains(name) || !manifest.tables.contains_key(name) {
            update.clear(name);
            done.facts += fill(store, &mut update, described).await?;
            done.filled = true;
        }
    }
    if !known || damaged.contains(knowledge::TABLE) {
        knowledge::refill(store, &mut update).await?;
    }
    let until = match known {
        true => apply(store, &mut update, place, &kept, &mut done).await?,
        false => end,
    };
    if known && damaged.is_empty() && until == place && done == CaughtUp::default() {
        // Nothing has happened: only the time moves on, and nobody needs a file for that.
        warehouse.fresh_until(now);
        return Ok(Some(done));
    }
    let Place { position, change_set, seq } = until;
    let log = LogPlace { position, change_set: change_set.0, seq };
    Ok(update.publish(log, now).await?.map(|_| done))
}

fn place_of(manifest: &Manifest) -> Place {
    let LogPlace { position, change_set, seq } = manifest.log;
    Place { position, change_set: RawId(change_set), seq }
}

/// All records of a type. The next rows are read while these are written.
async fn fill(store: &Store, update: &mut Update, described: &RecordType) -> Result<usize> {
    let (mut facts, mut batches, mut held) = (0, Vec::new(), 0);
    let mut rows = store.rows_after(described, RawId(i64::MIN), ROWS_AT_ONCE).await?;
    while let Some(last) = rows.last().map(|row| row.id) {
        let (store, of) = (store.clone(), described.clone());
        let next = tokio::spawn(async move { store.rows_after(&of, last, ROWS_AT_ONCE).await });
        facts += rows.len();
        held += rows.len();
        batches.push(batch_of(described, &rows)?);
        rows = next.await.map_err(Error::internal)??;
        if rows.is_empty() || held + ROWS_AT_ONCE > Update::rows_at_once() {
            update.append_batches(&described.name, std::mem::take(&mut batches)).await?;
            held = 0;
        }
    }
    Ok(facts)
}

/// What the log names after a place, parts before their wholes; where it ends.
async fn apply(
    store: &Store,
    update: &mut Update,
    from: Place,
    kept: &[&RecordType],
    done: &mut CaughtUp,
) -> Result<Place> {
    let mut until = from;
    loop {
        let mut touched: BTreeMap<String, BTreeSet<RawId>> = BTreeMap::new();
        let mut more = true;
        while more && touched.values().map(BTreeSet::len).sum::<usize>() < CHANGED_AT_ONCE {
            let next = store.touched_since(until).await?;
            (until, more) = (next.until, next.more);
            for (name, ids) in next.records {
                touched.entry(name).or_default().extend(ids);
            }
        }
        for described in kept {
            let Some(ids) = touched.remove(described.name.as_ref()) else { continue };
            let ids: Vec<RawId> = ids.into_iter().collect();
            let rows = store.rows_now(described, &ids).await?;
            if let Some((whole, link)) = described.whole() {
                // Their sums changed with their parts.
                let wholes = rows.iter().filter_map(|row| row.value(described, link).as_link());
                touched.entry(whole.to_owned()).or_default().extend(wholes);
            }
            let there: BTreeSet<RawId> = rows.iter().map(|row: &Row| row.id).collect();
            let gone: Vec<RawId> = ids.into_iter().filter(|id| !there.contains(id)).collect();
            update.change(described, &rows, &gone).await?;
            done.facts += rows.len();
            done.gone += gone.len();
        }
        if !more {
            return Ok(until);
        }
    }
}
