//! Whom one may have told of something: notices and mails go out under the company's name, so
//! nobody writes to whom they have nothing to do with; and whoever is told may end it.

use std::collections::BTreeSet;

use guanxi_base::{Date, Error, Id, RawId, Result};
use guanxi_record::{Json as JsonField, Record, Stored};
use guanxi_store::{Actor, Purpose, Rights, Store};

use super::records::Subscription;
use crate::access::{Organisation, RightScope, User};

/// Whom somebody may have told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Everybody, and everybody of a role.
    Everybody,
    /// These people alone.
    People(BTreeSet<RawId>),
}

impl Audience {
    /// Whether a person is among them.
    #[must_use]
    pub fn has(&self, user: RawId) -> bool {
        match self {
            Self::Everybody => true,
            Self::People(people) => people.contains(&user),
        }
    }
}

impl Organisation {
    /// Whom a user may have told on a day: themselves, their own teams and whom they lead; others
    /// as far as they may give subscriptions to others.
    #[must_use]
    pub fn audience_of(&self, user: &Stored<User>, day: Date) -> Audience {
        if user.is_administrator {
            return Audience::Everybody;
        }
        let position = self.position(user.id.raw(), day);
        let mut teams = position.teams.clone();
        for scope in self.assigning(user, Subscription::TYPE) {
            match scope {
                RightScope::All => return Audience::Everybody,
                RightScope::TeamAndBelow => teams.extend(&position.teams_below),
                RightScope::Company => teams.extend(self.teams_of_companies(&position.companies)),
                RightScope::Group => teams.extend(self.teams_of_companies(&position.group)),
                RightScope::Own | RightScope::Team | RightScope::Territory => {}
            }
        }
        let mut people = self.people_of(&teams);
        people.extend(position.led);
        people.insert(user.id.raw());
        Audience::People(people)
    }
}

/// Those who do not want to be told any more.
pub(super) fn declined(one: &Subscription) -> BTreeSet<String> {
    let known = one.declined.as_ref().map(|declined| declined.0.clone()).unwrap_or_default();
    serde_json::from_value(known).unwrap_or_default()
}

/// Ends a subscription for whoever is told by it, whoever made it.
///
/// # Errors
/// `NotFound` for who is not told by it; `Forbidden` for a token that is not for changes of subscriptions.
pub async fn decline(store: &Store, actor: &Actor, subscription: Id<Subscription>) -> Result<()> {
    let user = actor.user.ok_or(Error::NotFound)?;
    if !actor.rights.token_allows(Subscription::NAME, Purpose::Change) {
        return Err(Error::Forbidden);
    }
    let organisation = Organisation::of(store).await?;
    let mut tx = store.write(actor).await?;
    // Whom it tells it is nobody's secret to, and nobody else's to end.
    let rights = tx.act_with(Rights::All);
    let mut one: Stored<Subscription> = tx.fetch(Purpose::Change, subscription).await?;
    let of_role = |role: Id<_>| organisation.people_of_role(role.raw()).contains(&user);
    let is_told = one.subscriber.is_some_and(|subscriber| subscriber.raw() == user)
        || one.role.is_some_and(of_role);
    if !is_told {
        return Err(Error::NotFound);
    }
    let mut all = declined(&one);
    if all.insert(user.to_string()) {
        one.declined = Some(JsonField(serde_json::to_value(all).map_err(Error::internal)?));
        tx.update(&one).await?;
        tx.act_with(rights);
        tx.commit().await?;
    }
    Ok(())
}
