//! How long the log keeps what people did. Changes of records are kept for ever.

use guanxi_base::{Refusal, Result};
use guanxi_record::{Choice, Record};
use guanxi_store::{Actor, Operation, Origin, Store};
use jiff::SignedDuration;

use super::Organisation;

/// What is removed from the log when it is old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OldDeed {
    /// Looks at records of people.
    View,
    /// Masked fields that were shown.
    Reveal,
    /// Exports.
    Export,
    /// Sign-ins.
    SignIn,
    /// Sign-ins that failed.
    SignInFailed,
    /// Sign-outs.
    SignOut,
}

/// How long one sort of entries is kept.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "deed", area = "organisation", icon = "calendar-x", unique("deed"), settle)]
pub struct RetentionRule {
    /// Which entries.
    pub deed: OldDeed,
    /// For so many days.
    pub days: i64,
}

impl RetentionRule {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        if self.days < 1 {
            refusals.push(Refusal::field("too-small", "days").with("limit", 1));
        }
    }
}

/// Removes from the log what its rules say; how many entries.
///
/// # Errors
/// When the database fails.
pub async fn keep_log_short(store: &Store) -> Result<usize> {
    let organisation = Organisation::of(store).await?;
    let mut removed = 0;
    for rule in organisation.retention_rules() {
        let Some(operation) = Operation::from_name(rule.deed.code()) else { continue };
        let before = store.clock().now() - SignedDuration::from_hours(24 * rule.days.max(1));
        removed += store.purge_deeds(&Actor::system(Origin::Job), operation, before).await?;
    }
    Ok(removed)
}
