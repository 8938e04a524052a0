//! A mail address is one, however it is written: who signs in, is invited or is told by another
//! system who they are is found whatever the case, and no two users have the same.

use std::collections::BTreeMap;

use guanxi_base::{Error, Result};
use guanxi_record::{Filter, Query, Record as _, Row, Sort, Stored};
use guanxi_store::{Actor, Purpose, Store, View};

use super::{Organisation, User, folded_address};
use crate::all_records::all;

/// Users who differ by the case of their address only. No new user can: it is how they were kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedAddress {
    /// What each of them has, the oldest first.
    pub addresses: Vec<String>,
}

impl Organisation {
    /// The user of an address who may sign in. Of users who differ by case only, the one who is
    /// written as it was typed, else the oldest.
    #[must_use]
    pub fn user_of_address(&self, address: &str) -> Option<&Stored<User>> {
        let (typed, folded) = (address.trim(), folded_address(address));
        let users = self.users.values().filter(|user| user.is_active);
        let of = users.filter(|user| folded_address(&user.email) == folded);
        of.min_by_key(|user| (user.email.0 != typed, user.id.raw()))
    }
}

/// The user of an address, whether they may sign in or not. Of users who differ by case only, the one
/// who is written as it was typed, else in small letters, else the oldest.
///
/// # Errors
/// When the database fails.
pub async fn user_by_address(view: &mut View, address: &str) -> Result<Option<Row>> {
    let (typed, folded) = (address.trim(), folded_address(address));
    let any = [typed, folded.as_str()].map(|written| Filter::eq("email", written));
    let mut query = Query::of(Filter::Any(any.into())).sorted(vec![Sort::up("id")]);
    query.with_archived = true;
    let rows = match view.list(User::NAME, &query).await {
        Ok(page) => page.rows,
        // What is no address is nobody's.
        Err(Error::Refused(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let described = view.catalog().get(User::NAME)?.clone();
    let is_not = |row: &Row, written: &str| row.value(&described, "email").to_text() != written;
    let one = rows.into_iter().min_by_key(|row| (is_not(row, typed), is_not(row, &folded), row.id));
    Ok(one)
}

/// Writes the addresses of users in one way, where they were kept as they were typed. Those whom
/// only the case keeps apart stay as they are, but for the oldest: somebody has to decide.
///
/// # Errors
/// When the database fails.
pub async fn keep_one_address(store: &Store, actor: &Actor) -> Result<Vec<SharedAddress>> {
    let mut groups: BTreeMap<String, Vec<Stored<User>>> = BTreeMap::new();
    let mut view = store.read(actor).await?;
    let query = Query { with_archived: true, ..Query::of(Filter::everything()) };
    for user in all::<User>(&mut view, query).await? {
        groups.entry(folded_address(&user.email)).or_default().push(user);
    }
    drop(view);
    let mut shared = Vec::new();
    for (folded, users) in groups {
        if users.iter().all(|user| user.email.0 != folded) {
            let mut tx = store.write(actor).await?;
            tx.reach_put_away();
            // The address is folded as the record is written.
            let oldest = tx.fetch::<User>(Purpose::Change, users[0].id).await?;
            tx.update(&oldest).await?;
            tx.commit().await?;
        }
        if users.len() > 1 {
            let addresses = users.into_iter().map(|user| user.record.email.0).collect();
            shared.push(SharedAddress { addresses });
        }
    }
    Ok(shared)
}
