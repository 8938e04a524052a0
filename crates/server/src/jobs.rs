//! Works through the queue: one import after the other, for whoever asked for it.

use std::time::Duration;

use guanxi_crm::access::actor_of;
use guanxi_crm::exchange::run_import;
use guanxi_store::{Actor, Origin, Store};

use crate::app::App;
use crate::mail;

/// So long the queue is left alone when it was found empty.
const IDLE: Duration = Duration::from_millis(500);

/// So often the custom fields are read anew: another process may have changed them.
const CATALOG: Duration = Duration::from_secs(5);

/// So often the log is sealed: what is younger can still be changed unseen.
const SEAL: Duration = Duration::from_secs(2);

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
    tokio::join!(looks, seals, mails);
}

/// Does what is in the queue, for ever.
pub async fn run_jobs(store: Store) {
    loop {
        match store.claim_job("import").await {
            Ok(Some(job)) => {
                let actor = match job.actor {
                    Some(user) => actor_of(&store, user, Origin::Job, None).await.map(|(a, _)| a),
                    None => Ok(Actor::system(Origin::Job)),
                };
                let outcome = match actor {
                    Ok(actor) => run_import(&store, &actor, job.id, |_, _| {}).await.map(drop),
                    Err(error) => Err(error),
                };
                match outcome {
                    Ok(()) => {
                        store.analyze().await.ok();
                    }
                    Err(error) => tracing::warn!(job = %job.id, %error, "an import failed"),
                }
            }
            Ok(None) => tokio::time::sleep(IDLE).await,
            Err(error) => {
                tracing::error!(%error, "the queue cannot be read");
                tokio::time::sleep(IDLE * 10).await;
            }
        }
    }
}
