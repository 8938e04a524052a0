//! Works through the queues: one job after the other, for whoever asked for it.

use std::time::{Duration, Instant};

use guanxi_base::{Error, Result, SignedDuration};
use guanxi_crm::access::{actor_of, keep_log_short};
use guanxi_crm::authority::awaited_files;
use guanxi_crm::delivery::{self, Subscription};
use guanxi_crm::exchange::{
    UNDO_QUEUE, give_up_import_of_leaver, give_up_imports, go_on_undoing, run_import,
};
use guanxi_crm::insights::{catch_up, keep_up, repeat, run_next};
use guanxi_crm::segments::refresh_all;
use guanxi_crm::{archive_many, hand_over, privacy};
use guanxi_record::Stored;
use guanxi_store::{Actor, Job, Origin, Store};

use crate::app::App;
use crate::{digest, mail};

/// So long the queue is left alone when it was found empty.
const IDLE: Duration = Duration::from_millis(500);

/// So often the custom fields are read anew: another process may have changed them.
const CATALOG: Duration = Duration::from_secs(5);

/// So often the log is sealed: what is younger can still be changed unseen.
const SEAL: Duration = Duration::from_secs(2);

/// So often the rules of the log are applied.
const SHORT: Duration = Duration::from_secs(3_600);

/// So long a file is kept that no record names: an upload may still be on its way.
const UNNAMED: SignedDuration = SignedDuration::from_hours(24);

/// So often the warehouse is brought up to date.
const FRESH: Duration = Duration::from_secs(30);

/// So often an analysis is done again that somebody asked for once.
const REPEATED: SignedDuration = SignedDuration::from_hours(24);

/// So often segments are looked at for who has come and who has gone; after an analysis too.
const LOOKED: Duration = Duration::from_mins(10);

/// So often it is asked whether somebody is to be told of something.
const TOLD: Duration = Duration::from_secs(10);

/// So often the numbers of charts are looked at of which somebody wants to be told at once.
const NUMBERS: Duration = Duration::from_mins(1);

/// Follows what other processes change in the description of record types, for ever.
pub async fn follow_catalog(store: Store) {
    loop {
        tokio::time::sleep(CATALOG).await;
        let store = store.clone();
        if let Err(error) = apart(async move { store.reload_catalog().await.map(drop) }).await {
            tracing::error!(%error, "the custom fields cannot be read");
        }
    }
}

/// Does one piece of work on its own: what brings it down must not take the loop with it.
async fn apart<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(work).await.map_err(Error::internal).flatten()
}

/// Seals the log, notes who looked at what and sends mail, for ever.
pub async fn run_housekeeping(app: App) {
    let looks = async {
        loop {
            let app = app.clone();
            let noted = apart(async move {
                app.deeds.follow(&app.store).await;
                Ok(())
            });
            if let Err(error) = noted.await {
                tracing::error!(%error, "looks cannot be noted");
            }
        }
    };
    let seals = async {
        loop {
            tokio::time::sleep(SEAL).await;
            let store = app.store.clone();
            if let Err(error) = apart(async move { store.seal().await.map(drop) }).await {
                tracing::error!(%error, "the log cannot be sealed");
            }
        }
    };
    let mails = async {
        loop {
            let app = app.clone();
            let sent = apart(async move {
                let Some(mailer) = &app.mailer else { return Ok(None) };
                mail::send_next(&app.store, &app.vault, mailer).await.map(Some)
            });
            match sent.await {
                Ok(Some(true)) => {}
                Ok(Some(false)) => tokio::time::sleep(IDLE).await,
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "the queue of mails cannot be read");
                    tokio::time::sleep(IDLE * 10).await;
                }
            }
        }
    };
    let short = async {
        loop {
            let store = app.store.clone();
            if let Err(error) = apart(async move { keep_log_short(&store).await.map(drop) }).await {
                tracing::error!(%error, "the log cannot be kept short");
            }
            let (store, before) = (app.store.clone(), app.store.clock().now() - UNNAMED);
            let removed = apart(async move {
                let awaited = awaited_files(&store).await?;
                store.remove_unnamed_files(before, &awaited).await.map(drop)
            });
            if let Err(error) = removed.await {
                tracing::error!(%error, "files that nothing names cannot be removed");
            }
            let store = app.store.clone();
            if let Err(error) = apart(async move { store.forget_old_answers().await }).await {
                tracing::error!(%error, "old answers cannot be forgotten");
            }
            tokio::time::sleep(SHORT).await;
        }
    };
    tokio::join!(looks, seals, mails, short);
}

/// Does what is in the queues, for ever.
pub async fn run_jobs(store: Store) {
    loop {
        let outcome = match next_job(&store).await {
            Ok(Some(job)) => {
                let store = store.clone();
                apart(async move { run_job(&store, &job).await }).await.map(|()| true)
            }
            Ok(None) => Ok(false),
            Err(error) => {
                tracing::error!(%error, "the queue cannot be read");
                tokio::time::sleep(IDLE * 10).await;
                continue;
            }
        };
        match outcome {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(IDLE).await,
            Err(error) => tracing::warn!(%error, "a job failed"),
        }
    }
}

/// Does the analyses that people ask for, and brings the warehouse up to date, for ever.
pub async fn run_analyses(app: App) {
    let mut fresh_until = Instant::now();
    let mut looked_until = Instant::now();
    let mut told_until = Instant::now();
    let mut numbers_until = Instant::now();
    loop {
        let done = match analyse(&app).await {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(%error, "analyses cannot be taken up");
                false
            }
        };
        if !done && Instant::now() >= fresh_until {
            let (store, warehouse) = (app.store.clone(), app.warehouse.clone());
            let kept = apart(async move { catch_up(&store, &warehouse).await.map(drop) }).await;
            if let Err(error) = kept {
                tracing::error!(%error, "the warehouse cannot be brought up to date");
            }
            let store = app.store.clone();
            if let Err(error) = apart(async move { repeat(&store, REPEATED).await }).await {
                tracing::error!(%error, "analyses cannot be asked for again");
            }
            fresh_until = Instant::now() + FRESH;
        }
        if done || Instant::now() >= looked_until {
            let (store, warehouse) = (app.store.clone(), app.warehouse.clone());
            let looked = apart(async move { refresh_all(&store, &warehouse).await }).await;
            if let Err(error) = looked {
                tracing::error!(%error, "segments cannot be looked at");
            }
            looked_until = Instant::now() + LOOKED;
        }
        if done || Instant::now() >= told_until {
            // After the segments were looked at, so that nothing of that is missed.
            let numbers = done || Instant::now() >= numbers_until;
            deliver(&app, numbers).await;
            if numbers {
                numbers_until = Instant::now() + NUMBERS;
            }
            told_until = Instant::now() + TOLD;
        }
        if !done {
            tokio::time::sleep(IDLE * 4).await;
        }
    }
}

/// Does the analysis that has waited longest; whether there was one. However long it takes, the
/// warehouse follows the database meanwhile: what is erased there is not kept here.
async fn analyse(app: &App) -> Result<bool> {
    let (store, warehouse) = (app.store.clone(), app.warehouse.clone());
    let mut run =
        std::pin::pin!(apart(async move { Ok(run_next(&store, &warehouse).await?.is_some()) }));
    loop {
        if let Ok(done) = tokio::time::timeout(FRESH, &mut run).await {
            return done;
        }
        let (store, warehouse) = (app.store.clone(), app.warehouse.clone());
        // It may still read what is replaced now: that is removed when it is done.
        let kept = apart(async move { keep_up(&store, &warehouse).await.map(drop) }).await;
        if let Err(error) = kept {
            tracing::error!(%error, "the warehouse cannot be brought up to date");
        }
    }
}

/// Tells everybody of what they subscribed to and is due. What of one subscription fails keeps no
/// other from being told.
async fn deliver(app: &App, numbers: bool) {
    let store = app.store.clone();
    let due = match apart(async move { delivery::due(&store, numbers).await }).await {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(%error, "it cannot be read what people subscribed to");
            return;
        }
    };
    for one in due {
        let (app, id) = (app.clone(), one.id);
        if let Err(error) = apart(async move { deliver_one(&app, &one).await }).await {
            tracing::error!(%error, subscription = %id, "a subscription cannot be delivered");
        }
    }
}

async fn deliver_one(app: &App, one: &Stored<Subscription>) -> Result<()> {
    let until = delivery::told_until(&app.store);
    let prepared = delivery::prepare(&app.store, &app.warehouse, one, until).await?;
    if !prepared.is_news(one) {
        return Ok(());
    }
    // Whoever notes it first tells it: two servers may be at it.
    if !delivery::done(&app.store, one, &prepared, until).await? || app.mailer.is_none() {
        return Ok(());
    }
    for each in prepared.told {
        let Some(to) = each.email.clone() else { continue };
        let mail = digest::mail(app, &each, to).await?;
        mail::enqueue(&app.store, &app.vault, &mail).await?;
    }
    Ok(())
}

async fn next_job(store: &Store) -> Result<Option<Job>> {
    give_up_imports(store).await?;
    if let Some(job) = store.claim_fragile_job("import").await? {
        return Ok(Some(job));
    }
    for queue in [UNDO_QUEUE, archive_many::QUEUE, hand_over::QUEUE, privacy::QUEUE] {
        if let Some(job) = store.claim_job(queue).await? {
            return Ok(Some(job));
        }
    }
    Ok(None)
}

async fn run_job(store: &Store, job: &Job) -> Result<()> {
    let actor = match job.actor {
        Some(user) => match actor_of(store, user, Origin::Job, None).await {
            Err(Error::NotFound) => match job.queue.as_str() {
                archive_many::QUEUE => return archive_many::give_up(store, job.id).await,
                // What was begun is not left half done, even where the one who said so has left.
                hand_over::QUEUE | UNDO_QUEUE => Actor::system(Origin::Job),
                privacy::QUEUE => return Err(Error::NotFound),
                _ => return give_up_import_of_leaver(store, job.id).await,
            },
            known => known?.0,
        },
        None => Actor::system(Origin::Job),
    };
    match job.queue.as_str() {
        archive_many::QUEUE => archive_many::go_on(store, &actor, job.id).await,
        hand_over::QUEUE => hand_over::go_on(store, &actor, job.id).await,
        UNDO_QUEUE => go_on_undoing(store, &actor, job.id).await,
        privacy::QUEUE => privacy::run(store, &actor, job.id).await.map(drop),
        _ => {
            run_import(store, &actor, job.id, |_, _| {}).await?;
            store.analyze().await.ok();
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_breaks_down_takes_nothing_with_it() {
        let broken: Result<()> = apart(async { panic!("on purpose") }).await;
        assert!(matches!(broken, Err(Error::Internal(_))), "{broken:?}");
        let refused: Result<()> = apart(async { Err(Error::NotFound) }).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
        assert_eq!(apart(async { Ok(7) }).await.unwrap(), 7);
    }
}
