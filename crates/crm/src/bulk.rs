//! The same done to many records at once: all or none of what somebody chose; or each that may be changed,
//! where the product moves what there is.

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{Query, RecordType, Row, Value};
use guanxi_store::{Actor, Hold, Purpose, Store, Tx, View, is_machine_failure};

use crate::patience::Patience;

/// So many at once at most.
pub const BULK_MAX: usize = 100_000;
/// So many in one transaction: others write meanwhile.
pub const STEP: usize = 1_000;

/// What is done to each.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// These fields get these values, by their places.
    Update(Vec<(usize, Value)>),
    /// It is put away.
    Archive,
    /// It is brought back.
    Restore,
}

impl Act {
    /// What one must be allowed for it, besides doing it to many.
    fn purpose(&self) -> Purpose {
        match self {
            Self::Update(_) => Purpose::Change,
            Self::Archive | Self::Restore => Purpose::Archive,
        }
    }
}

/// The records that a query means, for one who may do this to many at once; at most so many.
///
/// # Errors
/// `too-many-records`; a refusal when the query does not fit the type.
pub async fn chosen(
    view: &mut View,
    record_type: &str,
    query: Query,
    (act, most): (&Act, usize),
) -> Result<Vec<RawId>> {
    view.restrict_to(Purpose::Bulk);
    let with_archived = query.with_archived || *act == Act::Restore;
    let query = Query { after: None, with_archived, ..query };
    let ids = view.ids(record_type, &query, act.purpose(), most + 1).await?;
    in_turn(ids, most)
}

/// Records that somebody named, at most so many, in the order in which they are done.
///
/// # Errors
/// `too-many-records`.
pub fn in_turn(mut ids: Vec<RawId>, most: usize) -> Result<Vec<RawId>> {
    if ids.len() > most {
        return Err(Refusal::new("too-many-records").with("limit", most).into());
    }
    // Of two who change the same ones none waits for the other for ever.
    ids.sort_unstable();
    Ok(ids)
}

/// Does it to each of some records, within a transaction.
///
/// # Errors
/// `Forbidden`; the refusals of the first to which it may not be done.
pub async fn act_on(tx: &mut Tx, described: &RecordType, ids: &[RawId], act: &Act) -> Result<()> {
    let name = &described.name;
    let hold = if *act == Act::Archive { Hold::PutAway } else { Hold::Change };
    tx.hold(name, ids.iter().copied(), hold).await?;
    for id in ids {
        let version = tx.row(name, *id, Purpose::Bulk).await?.version;
        match act {
            Act::Update(set) => {
                drop(tx.update_fields(described, *id, version, set.clone()).await?);
            }
            Act::Archive => drop(tx.archive(name, *id, version).await?),
            Act::Restore => drop(tx.restore(name, *id, version).await?),
        }
    }
    Ok(())
}

/// What became of records that the product moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// How many changed.
    pub records: usize,
    /// Those that stayed as they were.
    pub left: Vec<Left>,
    /// The job under which all of it can be undone.
    pub job: RawId,
}

/// A record that stayed as it was, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// Its type.
    pub record_type: String,
    /// The record.
    pub record: RawId,
    /// What it is called.
    pub title: String,
    /// Why it may not be changed.
    pub why: Vec<Refusal>,
}

/// New values of a record, by the places of their fields; none where it stays as it is.
pub(crate) type Change<'a> = dyn Fn(&Row) -> Option<Vec<(usize, Value)>> + Sync + 'a;

/// Changes those records of a query for which there are new values, step by step. What one record is
/// refused for keeps no other from being changed: it is left as it is, and told.
///
/// # Errors
/// When the database fails, or somebody else is in the way for too long; what was done before stays.
pub(crate) async fn change_each(
    store: &Store,
    actor: &Actor,
    (described, mut query): (&RecordType, Query),
    change: &Change<'_>,
    moved: &mut Moved,
) -> Result<()> {
    let mut patience = Patience::new(store);
    // So many of the next go one by one: one of them is refused.
    let mut alone = 0;
    // Records that somebody else was at are held before they are read again.
    let mut met: Vec<RawId> = Vec::new();
    loop {
        // Whoever waits for an answer comes in between.
        tokio::task::yield_now().await;
        let mut tx = store.write(actor).await?;
        tx.hold(&described.name, met.drain(..), Hold::Change).await?;
        if query.with_archived {
            tx.reach_put_away();
        }
        let step = if alone > 0 { query.clone().limited(1) } else { query.clone() };
        let page = tx.list(&described.name, &step).await?;
        let wanted: Vec<(&Row, Vec<(usize, Value)>)> =
            page.rows.iter().filter_map(|row| Some((row, change(row)?))).collect();
        let outcome = write(tx, described, &wanted).await;
        if patience.tries_again(&outcome).await {
            met = wanted.iter().map(|(row, _)| row.id).collect();
            continue;
        }
        match outcome {
            Ok(()) => moved.records += wanted.len(),
            Err(error) if is_machine_failure(&error) => return Err(error),
            Err(Error::Refused(_)) if page.rows.len() > 1 => {
                alone = page.rows.len();
                continue;
            }
            Err(Error::Refused(why)) => moved.left.extend(left(described, &wanted, &why)),
            Err(error) => return Err(error),
        }
        alone = alone.saturating_sub(page.rows.len());
        patience = Patience::new(store);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(()),
        }
    }
}

async fn write(
    mut tx: Tx,
    described: &RecordType,
    wanted: &[(&Row, Vec<(usize, Value)>)],
) -> Result<()> {
    for (row, fields) in wanted {
        tx.update_fields(described, row.id, row.version, fields.clone()).await?;
    }
    if wanted.is_empty() {
        return Ok(());
    }
    tx.commit().await.map(drop)
}

fn left<'a>(
    described: &'a RecordType,
    rows: &'a [(&Row, Vec<(usize, Value)>)],
    why: &'a [Refusal],
) -> impl Iterator<Item = Left> + 'a {
    rows.iter().map(move |(row, _)| Left {
        record_type: described.name.to_string(),
        record: row.id,
        title: row.title(described),
        why: why.to_vec(),
    })
}
