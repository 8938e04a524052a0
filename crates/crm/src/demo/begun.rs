//! Demo data that were begun and not finished: taken back and made anew, so that whoever
//! interrupts the first start finds a whole company at the next.

use guanxi_base::{RawId, Result};
use guanxi_store::{Actor, Store, Tx};

use super::{Demo, make_demo};

/// 0: nothing is wanted. 1: wanted. Else: being made, by the job of this number.
const MARK: &str = "demo";
pub(super) const WANTED: i64 = 1;

/// 1: the analyses of demo data that are there are still to be asked for.
pub(super) const ANALYSES: &str = "demo-analyses";

/// Whether a new company begins with demo data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemoData {
    /// It does.
    Wanted,
    /// It begins empty.
    NotWanted,
}

/// Notes that demo data are wanted: the next `complete_demo` makes them.
///
/// # Errors
/// When the database fails.
pub async fn want_demo(tx: &mut Tx) -> Result<()> {
    tx.set_mark(MARK, WANTED).await
}

/// Makes the demo data that are wanted; takes back first what an earlier try left. The job, if
/// there was anything to do and no other process does it.
///
/// # Errors
/// When the database fails; call it again.
pub async fn complete_demo(
    store: &Store,
    actor: &Actor,
    demo: Demo,
    mut progress: impl FnMut(usize) + Send,
) -> Result<Option<RawId>> {
    let read = async || store.read(actor).await?.mark(MARK).await;
    if read().await? == 0 {
        return Ok(None);
    }
    // What another process is making is not taken back.
    let Some(alone) = store.alone(MARK).await? else { return Ok(None) };
    let mark = read().await?;
    if mark == 0 {
        return Ok(None);
    }
    progress(0);
    match mark {
        WANTED => {}
        job => {
            store.undo_job(actor, RawId(job), |_, _| {}).await?;
        }
    }
    let job = make_demo(store, actor, demo, progress).await?;
    alone.give_back().await;
    Ok(Some(job))
}

/// Notes which job makes what was wanted, in the transaction of its first records.
pub(super) async fn begin(tx: &mut Tx, job: RawId) -> Result<()> {
    match tx.mark(MARK).await? {
        0 => Ok(()),
        _ => tx.set_mark(MARK, job.0).await,
    }
}

/// Notes that all is there, in the transaction of its last records.
pub(super) async fn end(tx: &mut Tx) -> Result<()> {
    match tx.mark(MARK).await? {
        0 => Ok(()),
        _ => {
            tx.set_mark(MARK, 0).await?;
            tx.set_mark(ANALYSES, WANTED).await
        }
    }
}
