//! Telling people what they subscribed to: each with their own eyes, in their own language.

use guanxi_base::{Date, Error, Id, Money, RawId, Result, SignedDuration, Timestamp};
use guanxi_record::{Filter, Json as JsonField, LongText, Op, Owner, Query, Record, Sort, Stored};
use guanxi_store::{Actor, Origin, Purpose, Store, View};
use guanxi_warehouse::Warehouse;
use serde::{Deserialize, Serialize};

use super::records::{Notice, Rhythm, Subscription};
use crate::access::{Organisation, User, actor_of, conditions};
use crate::people::Customer;
use crate::segments::{Choosing, Segment, expand, moves};
use crate::text::Texts;

/// So many names stand in a notice.
const NAMED: usize = 10;
/// Whoever writes for longer than this may be missed by those who look at times.
const LAG: SignedDuration = SignedDuration::from_secs(30);
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
    /// What there is to say besides.
    pub text: String,
    /// Which records it is about.
    pub about: Vec<About>,
    /// Where it is, from the root.
    pub address: String,
}

/// Records that something happened to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The text that says what.
    pub key: String,
    /// How many.
    pub count: usize,
    /// Their type.
    pub of: String,
    /// The ids of the first of them.
    pub ids: Vec<String>,
}

impl About {
    fn new(key: &str, of: &str, ids: &[RawId]) -> Self {
        let first = ids.iter().take(NAMED).map(ToString::to_string).collect();
        Self { key: key.to_owned(), count: ids.len(), of: of.to_owned(), ids: first }
    }

    /// What happened to whom, as far as the reader may see them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sentence(&self, view: &mut View, texts: &Texts) -> Result<String> {
        let ids: Vec<RawId> = self.ids.iter().filter_map(|id| id.parse().ok()).collect();
        let titles = view.titles(&self.of, &ids).await?;
        let names = ids.iter().filter_map(|id| titles.get(id).cloned());
        let mut names = names.collect::<Vec<_>>().join(", ");
        if self.count > self.ids.len() {
            names.push_str(" \u{2026}");
        }
        Ok(texts.format(&self.key, &[("count", &self.count.to_string()), ("names", &names)]))
    }
}

impl Told {
    /// All of it, as a mail says it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn whole(&self, store: &Store) -> Result<String> {
        let (actor, user) = actor_of(store, self.user, Origin::Job, None).await?;
        let mut view = store.read(&actor).await?;
        let mut lines = Vec::new();
        for about in &self.about {
            lines.push(about.sentence(&mut view, Texts::of(user.locale)).await?);
        }
        lines.push(self.text.clone());
        Ok(lines.join("\n"))
    }
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
    let now = told_until(store);
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
                None => last < now,
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

/// Until when people are told: what is younger may not be there yet, though it says that it is.
#[must_use]
pub fn told_until(store: &Store) -> Timestamp {
    store.clock().now() - LAG
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
    until: Timestamp,
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
        let teller = Teller { store, warehouse, one, until, actor, user };
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
    until: Timestamp,
    actor: Actor,
    user: Stored<User>,
}

impl Teller<'_> {
    fn since(&self) -> Timestamp {
        self.one.told_until.unwrap_or(self.one.created_at)
    }

    fn told(&self, title: String, mut text: String, about: Vec<About>, address: String) -> Told {
        if let Some(proposal) = &self.one.proposal {
            let texts = Texts::of(self.user.locale);
            text.push('\n');
            text.push_str(&texts.format("notice-proposal", &[("proposal", &proposal.0)]));
        }
        let email = self.one.by_mail.then(|| self.user.email.0.clone());
        Told { user: self.user.id.raw(), email, title, text, about, address }
    }

    async fn segment(&self, segment: Id<Segment>) -> Result<Option<Told>> {
        let texts = Texts::of(self.user.locale);
        let mut view = self.store.read(&self.actor).await?;
        let segment: Stored<Segment> =
            view.row(Segment::NAME, segment.raw(), Purpose::Read).await?.try_into()?;
        drop(view);
        let choosing = Choosing::begin(self.store, self.warehouse, &self.actor).await?;
        let moves = moves(&choosing, &segment, MOVES_READ).await?;
        let fresh: Vec<_> =
            moves.into_iter().filter(|one| one.at > self.since() && one.at <= self.until).collect();
        if fresh.is_empty() && self.one.rhythm == Rhythm::AtOnce {
            return Ok(None);
        }
        let own = Filter::eq("segment", segment.id.to_string());
        let glance = choosing.glance(&choosing.customers(&own).await?, 0).await?;
        let text = match glance.revenue {
            Some((units, currency)) => texts.format(
                "notice-segment-worth",
                &[
                    ("count", &glance.count.to_string()),
                    ("revenue", &Money { units, currency }.to_string()),
                ],
            ),
            None => texts.format("notice-segment", &[("count", &glance.count.to_string())]),
        };
        let mut about = Vec::new();
        for (came, key) in [(true, "notice-came"), (false, "notice-left")] {
            let ids: Vec<RawId> =
                fresh.iter().filter(|one| one.came == came).map(|one| one.customer).collect();
            if !ids.is_empty() {
                about.push(About::new(key, Customer::NAME, &ids));
            }
        }
        let title = texts.format(
            "notice-segment-title",
            &[("name", &self.one.name), ("moves", &fresh.len().to_string())],
        );
        Ok(Some(self.told(title, text, about, format!("/segment/{}", segment.id))))
    }

    async fn list(&self) -> Result<Option<Told>> {
        let texts = Texts::of(self.user.locale);
        let Some(of) = &self.one.record_type else { return Ok(None) };
        let mut view = self.store.read(&self.actor).await?;
        let condition = self.one.condition.as_ref().map_or("", |condition| condition.0.as_str());
        let filter = expand(&mut view, of, conditions::parse(condition)?).await?;
        let total = view.total(of, &Query::of(filter.clone())).await?;
        let new = filter
            .and(Filter::compare("created_at", Op::Gt, self.since().to_string()))
            .and(Filter::compare("created_at", Op::Le, self.until.to_string()));
        let query = Query::of(new).sorted(vec![Sort::down("id")]).limited(Query::LIMIT_MAX);
        let rows = view.list(of, &query).await?.rows;
        if rows.is_empty() && self.one.rhythm == Rhythm::AtOnce {
            return Ok(None);
        }
        let ids: Vec<RawId> = rows.iter().map(|row| row.id).collect();
        let (count, new) = (total.number.to_string(), ids.len().to_string());
        let text = texts.format("notice-list", &[("count", &count)]);
        let title = texts.format("notice-list-title", &[("name", &self.one.name), ("new", &new)]);
        let about = match ids.is_empty() {
            true => Vec::new(),
            false => vec![About::new("notice-new", of, &ids)],
        };
        let between = if condition.is_empty() { "" } else { "?" };
        Ok(Some(self.told(title, text, about, format!("/{of}{between}{condition}"))))
    }
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
            about: Some(JsonField(serde_json::to_value(&each.about).map_err(Error::internal)?)),
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
