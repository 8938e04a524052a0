//! A list as somebody wants to see it again.

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{Filter, LongText, Owner, Record, Stored};
use guanxi_store::{Changed, Purpose, Tx};

use super::{Organisation, check_list};

/// A list as somebody wants to see it again.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "settings", icon = "layout-list", index("record_type, name"))]
pub struct SavedView {
    /// Its name.
    #[field(search)]
    pub name: String,
    /// The record type of the list, such as `customer`.
    #[field(means = "record_type")]
    pub record_type: String,
    /// Filters, order and columns, as the address of the list states them.
    pub address: LongText,
    /// Whose it is.
    #[field(default = "actor")]
    pub owner: Option<Owner>,
    /// Whether everybody sees it.
    #[field(default = "false")]
    pub is_shared: bool,
    /// Whether only its owner may change it.
    #[field(default = "true")]
    pub is_locked: bool,
}

impl SavedView {
    /// Those that concern a user: their own and what others share.
    #[must_use]
    pub fn visible() -> Filter {
        Filter::eq("owner", "me").or(Filter::eq("is_shared", true))
    }

    /// Those that a user may change.
    #[must_use]
    pub fn changeable() -> Filter {
        let open = Filter::eq("is_shared", true).and(Filter::eq("is_locked", false));
        Filter::eq("owner", "me").or(open)
    }
}

/// Refuses a view that leads to no list, and that somebody closes a view of another to others.
pub(crate) async fn check_saved_view(
    tx: &mut Tx,
    organisation: &Organisation,
    user: RawId,
    changed: &Changed,
) -> Result<()> {
    let leads = changed.changes("address") || changed.changes("record_type");
    let closes = changed.changes("is_locked") || changed.changes("is_shared");
    if !leads && !closes {
        return Ok(());
    }
    let one: Stored<SavedView> = match tx.row(SavedView::NAME, changed.record, Purpose::Read).await
    {
        Ok(row) => row.try_into()?,
        // Removed in the same transaction.
        Err(Error::NotFound) => return Ok(()),
        Err(error) => return Err(error),
    };
    if leads {
        check_list(tx, &one.record_type, &one.address.0, "address").await?;
    }
    let is_mine = one.owner.is_some_and(|owner| owner.0 == user);
    let is_administrator = organisation.user(user).is_some_and(|user| user.is_administrator);
    if closes && !is_mine && !is_administrator {
        let field = if changed.changes("is_locked") { "is_locked" } else { "is_shared" };
        return Err(Refusal::field("owner-decides", field).into());
    }
    Ok(())
}
