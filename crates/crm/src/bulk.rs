//! The same done to many records at once: in steps, each a transaction of its own, under one job by which all
//! of it can be taken back.

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::Query;
use guanxi_store::{Actor, Purpose, Store, View};

/// So many at once at most.
pub const BULK_MAX: usize = 100_000;
/// So many in one transaction: others write meanwhile.
pub const STEP: usize = 1_000;

/// The records that a query means, for one who may archive many at once.
///
/// # Errors
/// `too-many-records`; a refusal when the query does not fit the type.
pub async fn chosen(view: &mut View, record_type: &str, query: Query) -> Result<Vec<RawId>> {
    view.restrict_to(Purpose::Bulk);
    let query = Query { after: None, ..query };
    let ids = view.ids(record_type, &query, Purpose::Archive, BULK_MAX + 1).await?;
    if ids.len() > BULK_MAX {
        return Err(Refusal::new("too-many-records").with("limit", BULK_MAX).into());
    }
    Ok(ids)
}

/// Archives records, all or none: what was done before one of them is refused is taken back. The job under
/// which it was done.
///
/// # Errors
/// `Forbidden`; the refusals of the first that may not be archived.
pub async fn archive_all(
    store: &Store,
    actor: &Actor,
    record_type: &str,
    ids: &[RawId],
) -> Result<RawId> {
    let job = store.new_id();
    let actor = actor.clone().for_job(job);
    for (at, step) in ids.chunks(STEP).enumerate() {
        if let Err(error) = archive_some(store, &actor, record_type, step).await {
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
    record_type: &str,
    ids: &[RawId],
) -> Result<()> {
    let mut tx = store.write(actor).await?;
    tx.restrict_to(Purpose::Bulk);
    for id in ids {
        let version = tx.row(record_type, *id, Purpose::Bulk).await?.version;
        tx.archive(record_type, *id, version).await?;
    }
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
