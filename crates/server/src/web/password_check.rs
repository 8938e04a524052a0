//! Whose password it is. Guessing is slow, whoever is asked for cannot be shut out by it, and no
//! number of tries at once takes the machine from others.

use guanxi_base::{RawId, Refusal, Result};
use guanxi_crm::access::{folded_address, verify_password};
use guanxi_store::{Credential, Operation};
use jiff::SignedDuration;

use super::login::{Credentials, Visitor, user_of};
use crate::app::App;
use crate::gate::Passing;
use crate::identity::knows_password;
use crate::throttle::Counted;

/// After so many failures in a row, wherever they came from, an account waits before it takes
/// another try from a place that it does not know.
const FAILURES_MAX: i64 = 20;
/// For so long; a new password by mail, or an administrator, ends it before.
const WAIT_MINUTES: i64 = 30;

/// Whose password it is.
///
/// # Errors
/// `sign-in-throttled`, `server-busy`, `wrong-sign-in`.
pub(super) async fn whose_password(
    app: &App,
    visitor: &Visitor,
    sent: &Credentials,
) -> Result<RawId> {
    let account = folded_address(&sent.email);
    // Nothing is looked up for strangers before they pass the gate.
    let device = match visitor.device(app) {
        Some(device) => {
            user_of(app, &sent.email).await?.filter(|one| device.knows(*one)).map(|_| device)
        }
        None => None,
    };
    // A browser that knows them has failures of its own: those of others do not hold it up.
    let counted = match &device {
        Some(device) => vec![Counted::account_on(&account, &device.name)],
        None => vec![
            Counted::account_from(&account, &visitor.address),
            Counted::place(&visitor.address),
        ],
    };
    app.throttle.begin(&counted)?;
    let gate = if device.is_some() { &app.known_gate } else { &app.gate };
    let passing = match gate.enter().await {
        Ok(passing) => passing,
        Err(busy) => {
            app.throttle.give_back(&counted);
            return Err(busy);
        }
    };
    let user = user_of(app, &sent.email).await?;
    let is_known = match (user, &device) {
        (_, Some(_)) => true,
        (Some(user), None) => app.store.is_signed_in_from(user, &visitor.address).await?,
        (None, None) => false,
    };
    let waits = match user.filter(|_| !is_known) {
        Some(user) => {
            let wait = SignedDuration::from_mins(WAIT_MINUTES);
            !app.store.count_sign_in(user, FAILURES_MAX, wait).await?
        }
        None => false,
    };
    let known = match user {
        Some(user) => app.store.credential(user).await?,
        None => Credential::default(),
    };
    let right = is_right(app, passing, sent, user.filter(|_| !waits), &known).await?;
    // An account that waits looks like a wrong password: it must not tell which ones there are.
    let Some(user) = user.filter(|_| right && !waits) else {
        if let Some(user) = user {
            let how = if waits { "locked" } else { "password" };
            app.note(visitor.deed(user, Operation::SignInFailed, how)).await?;
        }
        return Err(Refusal::new("wrong-sign-in").into());
    };
    app.throttle.forget(counted[0]);
    app.throttle.give_back(&counted[1..]);
    if known.failures > 0 || known.locked_until.is_some() {
        app.store.unlock(user).await?;
    }
    Ok(user)
}

/// Whether the password is right, as we or the directory know it. It takes as long for nobody.
async fn is_right(
    app: &App,
    passing: Passing,
    sent: &Credentials,
    user: Option<RawId>,
    known: &Credential,
) -> Result<bool> {
    let directory = app.config.ldap.as_ref().filter(|_| known.password.is_none());
    match directory.filter(|_| user.is_some()) {
        Some(directory) => {
            let right = knows_password(directory, sent.email.trim(), &sent.password).await;
            drop(passing);
            right
        }
        None => {
            let (password, hash) = (sent.password.clone(), known.password.clone());
            passing.run(move || verify_password(&password, hash.as_deref())).await
        }
    }
}
