//! The same done to many records at once: all or none of what somebody chose, under one job by which all of
//! it can be taken back; or each that may be changed, where the product moves what there is.

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{Query, RecordType, Row, Value};
use guanxi_store::{Actor, Purpose, Store, Tx, View};

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

/// Archives records, all or none: what was done before one of them is refused is taken back. The job under
/// which it was done.
///
/// # Errors
/// `Forbidden`; the refusals of the first that may not be archived.
pub async fn archive_all(
    store: &Store,
    actor: &Actor,
    described: &RecordType,
    ids: &[RawId],
) -> Result<RawId> {
    let job = store.new_id();
    let actor = actor.clone().for_job(job);
    for (at, step) in ids.chunks(STEP).enumerate() {
        if let Err(error) = archive_some(store, &actor, described, step).await {
            if at > 0 {
                store.undo_job(&actor, job, |_, _| {}).await?;
            }
            return Err(error);
        }
    }
    Ok(job)
}

async fn archive_some(
    store: &Store,
    actor: &Actor,
    described: &RecordType,
    ids: &[RawId],
) -> Result<()> {
    let mut tx = store.write(actor).await?;
    tx.restrict_to(Purpose::Bulk);
    act_on(&mut tx, described, ids, &Act::Archive).await?;
    tx.commit().await.map(drop)
}

/// Takes back what was done to many at once.
///
/// # Errors
/// `NotFound` where nothing was done so; as `Store::undo_job`.
pub async fn undo_all(store: &Store, actor: &Actor, job: RawId) -> Result<()> {
    // What stands in the queue has ways of its own to be taken back.
    let is_queued = store.job(job).await.is_ok();
    if is_queued || store.changes_of_job(actor, job).await?.is_empty() {
        return Err(Error::NotFound);
    }
    store.undo_job(actor, job, |_, _| {}).await.map(drop)
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
/// When the database fails, or somebody else changes one at that moment; what was done before stays.
pub(crate) async fn change_each(
    store: &Store,
    actor: &Actor,
    (described, mut query): (&RecordType, Query),
    change: &Change<'_>,
    moved: &mut Moved,
) -> Result<()> {
    loop {
        let mut tx = store.write(actor).await?;
        if query.with_archived {
            tx.reach_put_away();
        }
        let page = tx.list(&described.name, &query).await?;
        let wanted: Vec<(&Row, Vec<(usize, Value)>)> =
            page.rows.iter().filter_map(|row| Some((row, change(row)?))).collect();
        match write(tx, described, &wanted).await {
            Ok(()) => moved.records += wanted.len(),
            Err(Error::Refused(_)) => {
                for one in wanted.chunks(1) {
                    let mut tx = store.write(actor).await?;
                    if query.with_archived {
                        tx.reach_put_away();
                    }
                    match write(tx, described, one).await {
                        Ok(()) => moved.records += 1,
                        Err(Error::Refused(why)) => moved.left.extend(left(described, one, &why)),
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
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
