//! Who came into a segment and who left it, and why: told by comparing the customers who meet its
//! condition now with those of last time. It is kept in the warehouse, one pair of tables for each
//! segment, and shown only to who may ask the condition.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use guanxi_base::{Error, RawId, Result, Timestamp};
use guanxi_record::{Filter, Query, Record, RecordType, Row, Stored, Value};
use guanxi_store::{Actor, Origin, Store};
use guanxi_warehouse::{Manifest, Warehouse, batch_of};

use super::choosing::Choosing;
use super::records::Segment;
use crate::all_records::all;
use crate::insights::warm;
use crate::people::Customer;

/// A condition of more parts than this is told as a whole.
const PARTS_MAX: usize = 60;
/// The tables of who meets which parts begin so.
const MEMBERS: &str = "segment-met-";
/// The tables of who moved begin so.
const MOVES: &str = "segment-moves-";
/// Publishing is tried again so often when somebody else was first.
const TRIES: usize = 5;

/// A customer who meets some part of a condition; the row's id is theirs.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "parts", area = "insights")]
struct Met {
    /// A bit for each part that they meet.
    parts: i64,
}

/// That somebody came in or left.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "customer", area = "insights")]
struct Moving {
    customer: i64,
    at: Timestamp,
    came: bool,
    /// A bit for each part that they began to meet, or ceased to.
    parts: i64,
}

/// That a customer came into a segment or left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Who.
    pub customer: RawId,
    /// When it was noticed.
    pub at: Timestamp,
    /// Whether they came in.
    pub came: bool,
    /// The places, among the parts of the condition, of those that they began to meet, or ceased to.
    pub parts: Vec<usize>,
}

/// The parts of a condition, of which each must be met.
#[must_use]
pub fn parts(filter: &Filter) -> Vec<Filter> {
    match filter {
        Filter::All(all) if all.len() <= PARTS_MAX && !all.is_empty() => all.clone(),
        whole => vec![whole.clone()],
    }
}

fn table(
    described: &'static RecordType,
    word: &str,
    segment: &Stored<Segment>,
) -> Result<RecordType> {
    // Another condition is another table: who met the one says nothing about the other. A database
    // may give its JSON back in another order.
    let condition = segment.filter()?.to_json().to_string();
    let mark = condition.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |mark, byte| {
        (mark ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let name = Cow::Owned(format!("{word}{}-{mark:016x}", segment.id));
    Ok(RecordType { name, ..described.clone() })
}

/// Looks at all segments that have a condition, and notes who came and who left; how many moved.
///
/// # Errors
/// When the database or the warehouse fails.
pub async fn refresh_all(store: &Store, warehouse: &Warehouse) -> Result<usize> {
    let actor = Actor::system(Origin::Job);
    let mut view = store.read(&actor).await?;
    let dynamic = Filter::eq("kind", "dynamic");
    let segments = all::<Segment>(&mut view, Query::of(dynamic)).await?;
    drop(view);
    let choosing = Choosing::begin(store, warehouse, &actor).await?;
    let mut moved = 0;
    let mut current = HashSet::new();
    for segment in segments {
        for (described, word) in [(Met::TYPE, MEMBERS), (Moving::TYPE, MOVES)] {
            current.insert(table(described, word, &segment)?.name.into_owned());
        }
        match refresh(&choosing, &segment, store.clock().now()).await {
            Ok(moves) => moved += moves,
            // A field that is gone, a segment that leads to itself: the others are looked at.
            Err(Error::Refused(refusals)) => {
                tracing::warn!(segment = %segment.id, ?refusals, "a segment cannot be chosen");
            }
            Err(error) => tracing::error!(segment = %segment.id, %error, "a segment fails"),
        }
    }
    forget(warehouse, &current).await?;
    warm(store, warehouse).await?;
    Ok(moved)
}

/// Takes away what was kept of segments that are gone, and of conditions that they had before.
async fn forget(warehouse: &Warehouse, current: &HashSet<String>) -> Result<()> {
    for _ in 0..TRIES {
        let manifest = warehouse.manifest().await?;
        let is_ours = |name: &&String| name.starts_with(MEMBERS) || name.starts_with(MOVES);
        let old = manifest.tables.keys().filter(is_ours).filter(|name| !current.contains(*name));
        let old: Vec<&String> = old.collect();
        if old.is_empty() {
            return Ok(());
        }
        let mut update = warehouse.update(&manifest);
        old.into_iter().for_each(|name| update.remove(name));
        if update.publish(manifest.log, manifest.as_of).await?.is_some() {
            return Ok(());
        }
    }
    // The next time will do.
    Ok(())
}

async fn refresh(choosing: &Choosing, segment: &Stored<Segment>, at: Timestamp) -> Result<usize> {
    let mut masks = Vec::new();
    for part in parts(&segment.filter()?) {
        masks.push(choosing.customers(&part).await?);
    }
    let ids = choosing.column(Customer::NAME, "id").await?;
    let all = (1_i64 << masks.len()) - 1;
    let now: Vec<(i64, i64)> = (0..ids.numbers().len())
        .map(|row| {
            let bits = masks.iter().enumerate().map(|(at, mask)| i64::from(mask[row]) << at);
            (ids.numbers()[row], bits.sum())
        })
        .filter(|(_, parts)| *parts != 0)
        .collect();
    let members = table(Met::TYPE, MEMBERS, segment)?;
    let history = table(Moving::TYPE, MOVES, segment)?;
    let warehouse = &choosing.warehouse;
    for _ in 0..TRIES {
        let manifest = warehouse.manifest().await?;
        let before = read(warehouse, &manifest, &members).await?;
        let moves = before.as_ref().map_or_else(Vec::new, |before| changes(before, &now, all));
        let is_same = before.as_ref().is_some_and(|before| {
            before.len() == now.len() && now.iter().all(|(id, parts)| before.get(id) == Some(parts))
        });
        if is_same {
            return Ok(0);
        }
        let mut update = warehouse.update(&manifest);
        update.clear(&members.name);
        let rows: Vec<Row> =
            now.iter().map(|(id, parts)| row(*id, at, vec![Value::Integer(*parts)])).collect();
        update.append_batches(&members.name, vec![batch_of(&members, &rows)?]).await?;
        let first = manifest.rows(&history.name) as i64 + 1;
        let rows: Vec<Row> = moves
            .iter()
            .zip(first..)
            .map(|((customer, came, parts), id)| {
                let came = Value::Boolean(*came);
                let values = vec![
                    Value::Integer(*customer),
                    Value::Instant(at),
                    came,
                    Value::Integer(*parts),
                ];
                row(id, at, values)
            })
            .collect();
        update.append_batches(&history.name, vec![batch_of(&history, &rows)?]).await?;
        if update.publish(manifest.log, manifest.as_of).await?.is_some() {
            return Ok(moves.len());
        }
    }
    Err(Error::internal("other processes keep changing the warehouse"))
}

fn row(id: i64, at: Timestamp, values: Vec<Value>) -> Row {
    Row { id: RawId(id), version: 1, created_at: at, updated_at: at, archived_at: None, values }
}

/// Which parts each customer met last time; `None` before the first time.
async fn read(
    warehouse: &Warehouse,
    manifest: &Manifest,
    members: &RecordType,
) -> Result<Option<HashMap<i64, i64>>> {
    if !manifest.tables.contains_key(members.name.as_ref()) {
        return Ok(None);
    }
    let frame = warehouse.frame(manifest, members, &["id", "parts"]).await?;
    let (ids, parts) = (frame.numbers("id"), frame.numbers("parts"));
    Ok(Some(ids.iter().copied().zip(parts.iter().copied()).collect()))
}

/// Who came and who left: the customer, whether they came, the parts that changed so.
fn changes(before: &HashMap<i64, i64>, now: &[(i64, i64)], all: i64) -> Vec<(i64, bool, i64)> {
    let mut moves = Vec::new();
    let mut seen = HashSet::with_capacity(now.len());
    for (id, parts) in now {
        seen.insert(*id);
        let was = before.get(id).copied().unwrap_or(0);
        if (was == all) != (*parts == all) {
            let came = *parts == all;
            moves.push((*id, came, if came { parts & !was } else { was & !parts }));
        }
    }
    let gone = before.iter().filter(|(id, parts)| **parts == all && !seen.contains(id));
    let mut gone: Vec<(i64, bool, i64)> = gone.map(|(id, parts)| (*id, false, *parts)).collect();
    gone.sort_unstable();
    moves.extend(gone);
    moves
}

/// Who came into a segment and who left it, the latest first, so many at most, as far as the Actor
/// may see the customers and ask the condition.
///
/// # Errors
/// As asking the condition.
pub async fn moves(
    choosing: &Choosing,
    segment: &Stored<Segment>,
    limit: usize,
) -> Result<Vec<Move>> {
    // Whoever may not ask the condition learns nothing from those who began to meet it.
    choosing.customers(&segment.filter()?).await?;
    let visible = choosing.mask(Customer::NAME, &Filter::everything()).await?;
    let ids = choosing.column(Customer::NAME, "id").await?;
    let history = table(Moving::TYPE, MOVES, segment)?;
    let names = ["customer", "at", "came", "parts"];
    let frame = choosing.warehouse.frame(&choosing.manifest, &history, &names).await?;
    let [customers, at, came, parts] = names.map(|name| frame.numbers(name));
    let is_seen = |id: i64| ids.numbers().binary_search(&id).is_ok_and(|place| visible[place]);
    let rows = (0..frame.rows).rev().filter(|row| is_seen(customers[*row])).take(limit);
    let read = |row: usize| -> Result<Move> {
        Ok(Move {
            customer: RawId(customers[row]),
            at: Timestamp::from_microsecond(at[row]).map_err(Error::internal)?,
            came: came[row] == 1,
            parts: (0..PARTS_MAX).filter(|part| parts[row] >> part & 1 == 1).collect(),
        })
    };
    rows.map(read).collect()
}
