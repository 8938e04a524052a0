//! Works through the queue: one import after the other, for whoever asked for it.

use std::time::{Duration, Instant};

use guanxi_base::{Error, Result, SignedDuration};
use guanxi_crm::access::{actor_of, keep_log_short};
use guanxi_crm::delivery;
use guanxi_crm::exchange::{give_up_import_of_leaver, give_up_imports, run_import};
use guanxi_crm::insights::{catch_up, repeat, run_next};
use guanxi_crm::privacy;
use guanxi_crm::segments::refresh_all;
use guanxi_store::{Actor, Job, Origin, Store};
use guanxi_warehouse::Warehouse;

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
        if let Err(error) = store.reload_catalog().await {
            tracing::error!(%error, "the custom fields cannot be read");
        }
    }
}

/// Seals the log, notes who looked at what and sends mail, for ever.
pub async fn run_housekeeping(app: App) {
    let looks = app.deeds.follow(&app.store);
    let seals = async {
        loop {
            tokio::time::sleep(SEAL).await;
            if let Err(error) = app.store.seal().await {
                tracing::error!(%error, "the log cannot be sealed");
            }
        }
    };
    let mails = async {
        let Some(mailer) = &app.mailer else { return };
        loop {
            match mail::send_next(&app.store, &app.vault, mailer).await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(IDLE).await,
                Err(error) => {
                    tracing::error!(%error, "the queue of mails cannot be read");
                    tokio::time::sleep(IDLE * 10).await;
                }
            }
        }
    };
    let short = async {
        loop {
            if let Err(error) = keep_log_short(&app.store).await {
                tracing::error!(%error, "the log cannot be kept short");
            }
            let before = app.store.clock().now() - UNNAMED;
            if let Err(error) = app.store.remove_unnamed_files(before).await {
                tracing::error!(%error, "files that nothing names cannot be removed");
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
            // On its own: what a file brings down must not take the queue with it.
            Ok(Some(job)) => {
                let store = store.clone();
                let done = tokio::spawn(async move { run_job(&store, &job).await }).await;
                done.map_err(Error::internal).flatten().map(|()| true)
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
    let (store, warehouse) = (app.store.clone(), app.warehouse.clone());
    let mut fresh_until = Instant::now();
    let mut looked_until = Instant::now();
    let mut told_until = Instant::now();
    let mut numbers_until = Instant::now();
    loop {
        let done = match run_next(&store, &warehouse).await {
            Ok(done) => done.is_some(),
            Err(error) => {
                tracing::error!(%error, "analyses cannot be taken up");
                false
            }
        };
        if !done && Instant::now() >= fresh_until {
            if let Err(error) = keep_warehouse(&store, &warehouse).await {
                tracing::error!(%error, "the warehouse cannot be brought up to date");
            }
            fresh_until = Instant::now() + FRESH;
        }
        if done || Instant::now() >= looked_until {
            if let Err(error) = refresh_all(&store, &warehouse).await {
                tracing::error!(%error, "segments cannot be looked at");
            }
            looked_until = Instant::now() + LOOKED;
        }
        if done || Instant::now() >= told_until {
            // After the segments were looked at, so that nothing of that is missed.
            let numbers = done || Instant::now() >= numbers_until;
            if let Err(error) = deliver(&app, numbers).await {
                tracing::error!(%error, "subscriptions cannot be delivered");
            }
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

/// Tells everybody of what they subscribed to and is due.
async fn deliver(app: &App, numbers: bool) -> Result<()> {
    for one in delivery::due(&app.store, numbers).await? {
        let until = delivery::told_until(&app.store);
        let prepared = delivery::prepare(&app.store, &app.warehouse, &one, until).await?;
        if !prepared.is_news(&one) {
            continue;
        }
        // Whoever notes it first tells it: two servers may be at it.
        if !delivery::done(&app.store, &one, &prepared, until).await? || app.mailer.is_none() {
            continue;
        }
        for each in prepared.told {
            let Some(to) = each.email.clone() else { continue };
            let mail = digest::mail(app, &each, to).await?;
            mail::enqueue(&app.store, &app.vault, &mail).await?;
        }
    }
    Ok(())
}

async fn keep_warehouse(store: &Store, warehouse: &Warehouse) -> Result<()> {
    catch_up(store, warehouse).await?;
    repeat(store, REPEATED).await.map(drop)
}

async fn next_job(store: &Store) -> Result<Option<Job>> {
    give_up_imports(store).await?;
    if let Some(job) = store.claim_fragile_job("import").await? {
        return Ok(Some(job));
    }
    store.claim_job(privacy::QUEUE).await
}

async fn run_job(store: &Store, job: &Job) -> Result<()> {
    let actor = match job.actor {
        Some(user) => match actor_of(store, user, Origin::Job, None).await {
            Err(Error::NotFound) if job.queue != privacy::QUEUE => {
                return give_up_import_of_leaver(store, job.id).await;
            }
            known => known?.0,
        },
        None => Actor::system(Origin::Job),
    };
    if job.queue == privacy::QUEUE {
        return privacy::run(store, &actor, job.id).await.map(drop);
    }
    run_import(store, &actor, job.id, |_, _| {}).await?;
    store.analyze().await.ok();
    Ok(())
}
