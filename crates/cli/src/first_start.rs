//! What a new company starts with: roles, an administrator, the way in. Each is there as a whole or
//! not at all, so that a start that was interrupted is made good by the next.

use std::path::{Path, PathBuf};

use guanxi_base::{Error, Result};
use guanxi_crm::access::{self, Passwords, first_administrator};
use guanxi_crm::dashboards::make_role_dashboards;
use guanxi_crm::demo::DemoData;
use guanxi_crm::text::Texts;
use guanxi_record::{Filter, Query, Record};
use guanxi_store::{Actor, Store};

use crate::private;

/// Where the password of the first administrator is kept.
pub(crate) fn password_file(data: &Path) -> PathBuf {
    data.join("first-password.txt")
}

/// A new company starts with roles that fit most; those of an older one are brought up to date.
pub(crate) async fn standard_roles(store: &Store, actor: &Actor) -> Result<()> {
    let mut tx = store.write(actor).await?;
    let mut any = Query::of(Filter::everything()).limited(1);
    any.with_archived = true;
    if tx.list(access::Role::NAME, &any).await?.rows.is_empty() {
        let texts = Texts::of(crate::locale());
        let text = |key: &str| texts.get(key);
        let roles = access::make_standard_roles(&mut tx, &text).await?;
        make_role_dashboards(&mut tx, &roles, &text).await?;
        return tx.commit().await.map(drop);
    }
    match access::renew_standard_roles(&mut tx).await? {
        0 => Ok(()),
        _ => tx.commit().await.map(drop),
    }
}

/// Makes the first administrator if there is none, or gives them the password that an interrupted
/// start did not; the address and the password then.
pub(crate) async fn administrator(
    store: &Store,
    actor: &Actor,
    data: &Path,
    passwords: Passwords,
    demo: DemoData,
) -> Result<Option<(String, String)>> {
    let password = match std::env::var("GUANXI_PASSWORD") {
        Ok(password) => password,
        Err(_) => store.random_password()?,
    };
    let keep = |address: &str| {
        private::make_folder(data)?;
        private::write(&password_file(data), &format!("{address} {password}\n"))
    };
    match first_administrator(store, actor, &password, passwords, demo, keep).await {
        Ok(made) => Ok(made.map(|first| (first.address, password))),
        // Another process that started at the same moment was first.
        Err(Error::Refused(why)) if why.iter().all(|one| one.code == "already-taken") => Ok(None),
        Err(error) => Err(error),
    }
}
