//! Telling people what they subscribed to: each with their own eyes, in their own language.

use guanxi_base::{Date, Error, Id, Money, RawId, Result, Timestamp};
use guanxi_record::{Filter, LongText, Op, Owner, Query, Record, Sort, Stored};
use guanxi_store::{Actor, Origin, Purpose, Store, View};
use guanxi_warehouse::Warehouse;

use super::records::{Notice, Rhythm, Subscription};
use crate::access::{Organisation, User, actor_of, conditions};
use crate::people::Customer;
use crate::segments::{Choosing, Segment, expand, moves};
use crate::text::Texts;

/// So many names stand in a notice.
const NAMED: usize = 10;
/// Moves that are looked through.
const MOVES_READ: usize = 10_000;

/// What one person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Who.
    pub user: RawId,
    /// Where mail reaches them, when it is to.
    pub email: Option<String>,
    /// In a few words.
    pub title: String,
    /// All of it.
    pub text: String,
    /// Where it is, from the root.
    pub address: String,
}

/// The subscriptions of which somebody is to be told now.
///
/// # Errors
/// When the database fails.
pub async fn due(store: &Store) -> Result<Vec<Stored<Subscription>>> {
    let actor = Actor::system(Origin::Job);
    let organisation = Organisation::of(store).await?;
    let mut view = store.read(&actor).await?;
    let mut query = Query::of(Filter::everything()).limited(Query::LIMIT_MAX);
    let now = view.now();
    let mut due = Vec::new();
    loop {
        let page = view.list(Subscription::NAME, &query).await?;
        for row in page.rows {
            let one: Stored<Subscription> = row.try_into()?;
            let zone = match one.subscriber {
                Some(user) => organisation.time_zone_of(user.raw()),
                None => one
                    .owner
                    .map_or(guanxi_base::TimeZone::UTC, |owner| organisation.time_zone_of(owner.0)),
            };
            let last = one.told_until.unwrap_or(one.created_at);
            let is_due = match next_after(&one, last.to_zoned(zone.clone()).datetime()) {
                None => true,
                Some(next) => next.to_zoned(zone).is_ok_and(|next| next.timestamp() <= now),
            };
            if is_due {
                due.push(one);
            }
        }
        query.after = page.next;
        if query.after.is_none() {
            return Ok(due);
        }
    }
}

/// The first moment after another at which somebody is told; `None` for at once.
fn next_after(one: &Subscription, last: guanxi_base::DateTime) -> Option<guanxi_base::DateTime> {
    let hour = i8::try_from(one.hour).unwrap_or(8);
    let fits = |day: Date| match one.rhythm {
        Rhythm::AtOnce | Rhythm::Daily => true,
        Rhythm::Weekly => day.weekday() == guanxi_base::Weekday::Monday,
        Rhythm::Monthly => day.day() == 1,
    };
    if one.rhythm == Rhythm::AtOnce {
        return None;
    }
    let days = last.date().series(guanxi_base::Span::new().days(1)).take(40);
    days.filter(|day| fits(*day)).map(|day| day.at(hour, 0, 0, 0)).find(|moment| *moment > last)
}

/// What everybody whom a subscription concerns is to be told: nobody of what they may not see, and
/// at once only when something has happened.
///
/// # Errors
/// When the database or the warehouse fails.
pub async fn prepare(
    store: &Store,
    warehouse: &Warehouse,
    one: &Stored<Subscription>,
) -> Result<Vec<Told>> {
    let organisation = Organisation::of(store).await?;
    let mut people: Vec<RawId> = one.subscriber.iter().map(|user| user.raw()).collect();
    if let Some(role) = one.role {
        people.extend(organisation.people_of_role(role.raw()));
    }
    people.sort_unstable();
    people.dedup();
    let mut told = Vec::new();
    for user in people {
        let (actor, user) = match actor_of(store, user, Origin::Job, None).await {
            // Gone, or not at work any more.
            Err(Error::NotFound) => continue,
            other => other?,
        };
        let teller = Teller { store, warehouse, one, actor, user };
        let outcome = match one.segment {
            Some(segment) => teller.segment(segment).await,
            None => teller.list().await,
        };
        match outcome {
            Ok(one) => told.extend(one),
            // What they may not ask they are not told.
            Err(Error::Refused(_) | Error::Forbidden | Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(told)
}

/// Tells one person of one subscription.
struct Teller<'a> {
    store: &'a Store,
    warehouse: &'a Warehouse,
    one: &'a Stored<Subscription>,
    actor: Actor,
    user: Stored<User>,
}

impl Teller<'_> {
    fn since(&self) -> Timestamp {
        self.one.told_until.unwrap_or(self.one.created_at)
    }

    fn told(&self, title: String, mut text: String, address: String) -> Told {
        if let Some(proposal) = &self.one.proposal {
            let texts = Texts::of(self.user.locale);
            text.push('\n');
            text.push_str(&texts.format("notice-proposal", &[("proposal", &proposal.0)]));
        }
        let email = self.one.by_mail.then(|| self.user.email.0.clone());
        Told { user: self.user.id.raw(), email, title, text, address }
    }

    async fn segment(&self, segment: Id<Segment>) -> Result<Option<Told>> {
        let texts = Texts::of(self.user.locale);
        let mut view = self.store.read(&self.actor).await?;
        let segment: Stored<Segment> =
            view.row(Segment::NAME, segment.raw(), Purpose::Read).await?.try_into()?;
        drop(view);
        let choosing = Choosing::begin(self.store, self.warehouse, &self.actor).await?;
        let moves = moves(&choosing, &segment, MOVES_READ).await?;
        let fresh: Vec<_> = moves.into_iter().filter(|one| one.at > self.since()).collect();
        if fresh.is_empty() && self.one.rhythm == Rhythm::AtOnce {
            return Ok(None);
        }
        let own = Filter::eq("segment", segment.id.to_string());
        let glance = choosing.glance(&choosing.customers(&own).await?, 0).await?;
        let mut view = self.store.read(&self.actor).await?;
        let mut text = match glance.revenue {
            Some((units, currency)) => texts.format(
                "notice-segment-worth",
                &[
                    ("count", &glance.count.to_string()),
                    ("revenue", &Money { units, currency }.to_string()),
                ],
            ),
            None => texts.format("notice-segment", &[("count", &glance.count.to_string())]),
        };
        for (came, key) in [(true, "notice-came"), (false, "notice-left")] {
            let ids: Vec<RawId> =
                fresh.iter().filter(|one| one.came == came).map(|one| one.customer).collect();
            if !ids.is_empty() {
                let names = names(&mut view, Customer::NAME, &ids).await?;
                let given = [("count", ids.len().to_string()), ("names", names)];
                let given = given.each_ref().map(|(name, value)| (*name, value.as_str()));
                text.push('\n');
                text.push_str(&texts.format(key, &given));
            }
        }
        let title = texts.format(
            "notice-segment-title",
            &[("name", &self.one.name), ("moves", &fresh.len().to_string())],
        );
        Ok(Some(self.told(title, text, format!("/segment/{}", segment.id))))
    }

    async fn list(&self) -> Result<Option<Told>> {
        let texts = Texts::of(self.user.locale);
        let Some(of) = &self.one.record_type else { return Ok(None) };
        let mut view = self.store.read(&self.actor).await?;
        let condition = self.one.condition.as_ref().map_or("", |condition| condition.0.as_str());
        let filter = expand(&mut view, of, conditions::parse(condition)?).await?;
        let total = view.total(of, &Query::of(filter.clone())).await?;
        let new = filter.and(Filter::compare("created_at", Op::Gt, self.since().to_string()));
        let query = Query::of(new).sorted(vec![Sort::down("id")]).limited(Query::LIMIT_MAX);
        let rows = view.list(of, &query).await?.rows;
        if rows.is_empty() && self.one.rhythm == Rhythm::AtOnce {
            return Ok(None);
        }
        let ids: Vec<RawId> = rows.iter().map(|row| row.id).collect();
        let names = names(&mut view, of, &ids).await?;
        let (count, new) = (total.number.to_string(), ids.len().to_string());
        let given = [("count", count.as_str()), ("new", &new), ("names", &names)];
        let text = texts.format("notice-list", &given);
        let title = texts.format("notice-list-title", &[("name", &self.one.name), ("new", &new)]);
        let between = if condition.is_empty() { "" } else { "?" };
        Ok(Some(self.told(title, text, format!("/{of}{between}{condition}"))))
    }
}

/// The names of the first of these records.
async fn names(view: &mut View, of: &str, ids: &[RawId]) -> Result<String> {
    let first = &ids[..ids.len().min(NAMED)];
    let titles = view.titles(of, first).await?;
    let names: Vec<String> = first.iter().filter_map(|id| titles.get(id).cloned()).collect();
    let more = if ids.len() > NAMED { " \u{2026}" } else { "" };
    Ok(format!("{}{more}", names.join(", ")))
}

/// Notes what was told, and until when; false when another process was first.
///
/// # Errors
/// When the database fails.
pub async fn done(
    store: &Store,
    one: &Stored<Subscription>,
    told: &[Told],
    until: Timestamp,
) -> Result<bool> {
    let mut tx = store.write(&Actor::system(Origin::Job)).await?;
    for each in told {
        let notice = Notice {
            name: each.title.clone(),
            text: Some(LongText(each.text.clone())),
            address: Some(each.address.clone()),
            subscription: Some(one.id),
            read_at: None,
            owner: Some(Owner(each.user)),
        };
        tx.create(&notice).await?;
    }
    let mut one = one.clone();
    one.told_until = Some(until);
    match tx.update(&one).await {
        Ok(_) => tx.commit().await.map(|_| true),
        // Somebody has changed it meanwhile, or another process has told.
        Err(Error::Conflict { .. } | Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rhythm_has_its_moment() {
        let at = |rhythm| Subscription {
            name: String::new(),
            segment: None,
            record_type: None,
            condition: None,
            subscriber: None,
            role: None,
            rhythm,
            hour: 8,
            by_mail: true,
            proposal: None,
            told_until: None,
            owner: None,
        };
        let last: guanxi_base::DateTime = "2026-03-18T08:00:00".parse().unwrap();
        let next = |rhythm| next_after(&at(rhythm), last).map(|moment| moment.to_string());
        assert_eq!(next(Rhythm::AtOnce), None);
        assert_eq!(next(Rhythm::Daily).unwrap(), "2026-03-19T08:00:00");
        assert_eq!(next(Rhythm::Weekly).unwrap(), "2026-03-23T08:00:00");
        assert_eq!(next(Rhythm::Monthly).unwrap(), "2026-04-01T08:00:00");
    }
}
