//! `guanxi audit`: whether the log is as it was written, and the removal of what need not be kept.

use clap::{Args, Subcommand};
use guanxi_base::{Error, Refusal, Result};
use guanxi_store::{Actor, Operation, Store};
use jiff::SignedDuration;

use crate::say::say;

/// The log of who did what.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Compares the whole log with its seals.
    Verify {
        /// The last hash of an earlier look, kept elsewhere: says whether all was replaced.
        #[arg(long)]
        head: Option<String>,
    },
    /// Removes entries of what people did, never of what changed; their seals stay.
    Purge {
        /// `view`, `reveal`, `export`, `sign_in`, `sign_in_failed` or `sign_out`.
        operation: String,
        /// Only entries that are older than so many days.
        #[arg(long)]
        days: i64,
    },
}

pub(crate) async fn run(store: &Store, actor: &Actor, options: &Audit) -> Result<()> {
    match &options.what {
        What::Verify { head } => verify(store, head.as_deref()).await,
        What::Purge { operation, days } => {
            let known = Operation::from_name(operation)
                .ok_or_else(|| Refusal::new("unknown-operation").with("name", operation))?;
            let before = store.clock().now() - SignedDuration::from_hours(24 * days.max(&0));
            say!("{} entries removed", store.purge_deeds(actor, known, before).await?);
            Ok(())
        }
    }
}

async fn verify(store: &Store, head: Option<&str>) -> Result<()> {
    store.seal().await?;
    let found = store.verify_seals(head).await?;
    say!(
        "sealed {}, removed by rule {}, not sealed {}",
        found.sealed,
        found.purged,
        found.unsealed
    );
    say!("head {}", found.head);
    if let Some(broken) = found.broken {
        return Err(Error::internal(format!(
            "the log is broken at seal {}, set of changes {}: {}",
            broken.seal, broken.change_set, broken.what
        )));
    }
    if head.is_some() && !found.head_seen {
        return Err(Error::internal("the log was replaced: the hash given is not in its chain"));
    }
    say!("the log is as it was written");
    Ok(())
}
