//! `guanxi user` and `guanxi token`: accounts from the command line.

use clap::Args;
use guanxi_base::{Error, Refusal, Result};
use guanxi_crm::access;
use guanxi_record::Record;
use guanxi_store::{Actor, NewSignIn, SignInKind, Store};

use crate::say::say;

/// A user to make, or whose password to set.
#[derive(Debug, Args)]
pub(crate) struct User {
    /// What they sign in with.
    email: String,
    /// What people call them; makes the user if there is none.
    #[arg(long)]
    name: Option<String>,
    /// Whether they may do everything.
    #[arg(long)]
    administrator: bool,
}

/// A token to make.
#[derive(Debug, Args)]
pub(crate) struct Token {
    /// Whom it stands for, by e-mail.
    email: String,
    /// What it is for.
    #[arg(long, default_value = "command line")]
    name: String,
}

/// The password comes by the environment, never by the command line, which others can see.
pub(crate) async fn user(store: &Store, actor: &Actor, options: &User) -> Result<()> {
    let password = std::env::var("GUANXI_PASSWORD")
        .map_err(|_| Error::internal("set GUANXI_PASSWORD to the password"))?;
    let name = options.name.as_deref();
    let user =
        access::set_account(store, actor, &options.email, name, &password, options.administrator)
            .await?;
    say!("{} {}", user.id, &*user.email);
    Ok(())
}

pub(crate) async fn token(store: &Store, actor: &Actor, options: &Token) -> Result<()> {
    let mut view = store.read(actor).await?;
    let email = options.email.as_str();
    let user = access::user_by_address(&mut view, email).await?.ok_or_else(|| {
        Refusal::new("link-to-nothing").with("type", access::User::NAME).with("value", email)
    })?;
    drop(view);
    let name = Some(options.name.clone());
    say!(
        "{}",
        store
            .create_sign_in(user.id, NewSignIn { name, ..NewSignIn::of(SignInKind::ApiToken) })
            .await?
    );
    Ok(())
}
