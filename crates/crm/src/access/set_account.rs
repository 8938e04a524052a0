//! Makes a user, or sets the password of one that is there.

use guanxi_base::{Refusal, Result};
use guanxi_record::{Email, Record, Stored};
use guanxi_store::{Actor, Purpose, Store};

use super::{Locale, User, hash_password, user_by_address};

/// Makes the user of this e-mail address if there is none, and sets the password.
///
/// # Errors
/// `link-to-nothing` when there is none and no name is given; `password-too-short`.
pub async fn set_account(
    store: &Store,
    actor: &Actor,
    email: &str,
    name: Option<&str>,
    password: &str,
    is_administrator: bool,
) -> Result<Stored<User>> {
    let hash = hash_password(password)?;
    let mut tx = store.write(actor).await?;
    let user: Stored<User> = match user_by_address(&mut tx, email).await? {
        Some(row) => tx.row(User::NAME, row.id, Purpose::Change).await?.try_into()?,
        None => {
            let Some(name) = name else {
                let refusal = Refusal::field("link-to-nothing", "email").with("type", User::NAME);
                return Err(refusal.with("value", email).into());
            };
            tx.create(&User {
                name: name.to_owned(),
                email: Email(email.to_owned()),
                phone: None,
                job_title: None,
                team: None,
                roles: Vec::new(),
                is_administrator,
                is_active: true,
                locale: Locale::ZhCn,
                time_zone: "Asia/Shanghai".to_owned(),
            })
            .await?
        }
    };
    tx.set_password_hash(user.id.raw(), &hash).await?;
    tx.commit().await?;
    Ok(user)
}
