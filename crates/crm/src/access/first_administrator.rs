//! The first administrator of a new company: there with a password, or not there at all, whatever
//! moment the first start is interrupted at.

use guanxi_base::{Id, Result};
use guanxi_record::{Email, Filter, Query, Record, Stored};
use guanxi_store::{Actor, Store, Tx};

use super::{Locale, User, hash_password};
use crate::demo::{DemoData, want_demo};

/// What the first administrator signs in with.
pub const FIRST_ADDRESS: &str = "admin@guanxi.local";

/// Where people prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passwords {
    /// Here alone: an administrator without a password cannot sign in.
    Here,
    /// A directory or an identity provider knows them too.
    AlsoElsewhere,
}

/// Somebody who can sign in now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstAdministrator {
    /// With this address.
    pub address: String,
}

/// Makes the first administrator if there is none, or gives a password to one whom nobody gave
/// one. All of it is one transaction; `keep` keeps the password for the operator before it is
/// committed, so that there is no password that nobody knows.
///
/// # Errors
/// When the database or `keep` fails; nothing is changed then.
pub async fn first_administrator(
    store: &Store,
    actor: &Actor,
    password: &str,
    passwords: Passwords,
    demo: DemoData,
    keep: impl FnOnce(&str) -> Result<()>,
) -> Result<Option<FirstAdministrator>> {
    let mut tx = store.write(actor).await?;
    let wanted = Filter::eq("is_administrator", true).and(Filter::eq("is_active", true));
    let query = Query::of(wanted).limited(Query::LIMIT_MAX);
    let rows = tx.list(User::NAME, &query).await?.rows;
    let known: Vec<Stored<User>> =
        rows.into_iter().map(TryInto::try_into).collect::<Result<_>>()?;
    let ids: Vec<_> = known.iter().map(|user| user.id.raw()).collect();
    let is_entered = passwords == Passwords::AlsoElsewhere || store.can_sign_in(&ids).await?;
    if !known.is_empty() && is_entered {
        return Ok(None);
    }
    let first = known.iter().find(|user| user.email.0 == FIRST_ADDRESS).or(known.first());
    let (id, address) = match first {
        Some(user) => (user.id, user.email.0.clone()),
        None => {
            if demo == DemoData::Wanted {
                want_demo(&mut tx).await?;
            }
            (make(&mut tx).await?, FIRST_ADDRESS.to_owned())
        }
    };
    tx.set_password_hash(id.raw(), &hash_password(password)?).await?;
    keep(&address)?;
    tx.commit().await?;
    Ok(Some(FirstAdministrator { address }))
}

async fn make(tx: &mut Tx) -> Result<Id<User>> {
    let user = User {
        name: "Admin".to_owned(),
        email: Email(FIRST_ADDRESS.to_owned()),
        phone: None,
        job_title: None,
        team: None,
        roles: Vec::new(),
        is_administrator: true,
        is_active: true,
        locale: Locale::ZhCn,
        time_zone: "Asia/Shanghai".to_owned(),
    };
    Ok(tx.create(&user).await?.id)
}
