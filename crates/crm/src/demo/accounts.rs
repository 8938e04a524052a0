//! The people of the demo company as people who can sign in: whoever tries the product looks at it
//! with the eyes of each.

use guanxi_base::{RawId, Result};
use guanxi_record::{Filter, Op, Query, Record as _, Stored};
use guanxi_store::{Actor, Origin, Store};

use crate::access::{FIRST_ADDRESS, User, hash_password};

/// Mail addresses of the demo company's people end so; no mail reaches them.
pub const DEMO_MAIL: &str = "@demo.example";
/// More people the demo company does not have.
const STAFF_MAX: usize = 100;

/// Somebody of the demo company who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoAccount {
    /// Who.
    pub user: RawId,
    /// What they sign in with.
    pub email: String,
    /// Their first role.
    pub role: Option<RawId>,
}

/// Lets the people of the demo company sign in with a password: that of whoever made it.
///
/// # Errors
/// A refusal of the password; when the database fails.
pub async fn open_demo_accounts(store: &Store, password: &str) -> Result<()> {
    let hash = hash_password(password)?;
    for user in staff(store).await? {
        store.set_password_hash(user.id.raw(), &hash).await?;
    }
    Ok(())
}

/// Lets them sign in with the password of the first administrator, if there is one.
pub(super) async fn open_with_first_password(store: &Store) -> Result<()> {
    let mut view = store.read(&Actor::system(Origin::Cli)).await?;
    let first = view.find_by(User::NAME, "email", FIRST_ADDRESS).await?;
    drop(view);
    let Some(first) = first else { return Ok(()) };
    let Some(hash) = store.credential(first.id).await?.password else { return Ok(()) };
    for user in staff(store).await? {
        store.set_password_hash(user.id.raw(), &hash).await?;
    }
    Ok(())
}

/// The people of the demo company who can sign in; none where there is no demo data.
///
/// # Errors
/// When the database fails.
pub async fn demo_accounts(store: &Store) -> Result<Vec<DemoAccount>> {
    let mut accounts = Vec::new();
    for user in staff(store).await? {
        if store.credential(user.id.raw()).await?.password.is_some() {
            let role = user.roles.first().map(|role| role.raw());
            let email = user.email.0.clone();
            accounts.push(DemoAccount { user: user.id.raw(), email, role });
        }
    }
    Ok(accounts)
}

async fn staff(store: &Store) -> Result<Vec<Stored<User>>> {
    let mut view = store.read(&Actor::system(Origin::Cli)).await?;
    // Whoever has no demo data pays for one look by an index.
    if view.find_by(User::NAME, "email", format!("staff1{DEMO_MAIL}")).await?.is_none() {
        return Ok(Vec::new());
    }
    let filter =
        Filter::compare("email", Op::Contains, DEMO_MAIL).and(Filter::eq("is_active", true));
    let query = Query::of(filter).sorted(vec![guanxi_record::Sort::up("email")]);
    let rows = view.list(User::NAME, &query.limited(STAFF_MAX)).await?.rows;
    rows.into_iter().map(TryInto::try_into).collect()
}
