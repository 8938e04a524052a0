//! Telling people what they subscribed to: each with their own eyes, in their own language.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_base::{Error, Id, Money, RawId, Result, SignedDuration, TimeZone, Timestamp};
use guanxi_record::{Filter, Json as JsonField, LongText, Op, Owner, Query, Record, Sort, Stored};
use guanxi_store::{Actor, Origin, Purpose, Store, View};
use guanxi_warehouse::Warehouse;
use serde::{Deserialize, Serialize};

use super::audience::declined;
use super::records::{Notice, Subscription};
use crate::access::{Locale, Organisation, User, actor_of, conditions};
use crate::dashboards::{Chart, Drawn};
use crate::people::Customer;
use crate::segments::{Choosing, Segment, expand, moves};
use crate::text::Texts;
use crate::wording::wording;
use crate::work::Rhythm;

/// So many names stand in a notice.
const NAMED: usize = 10;
/// Whoever writes for longer than this may be missed by those who look at times.
const LAG: SignedDuration = SignedDuration::from_secs(30);
/// Moves that are looked through.
const MOVES_READ: usize = 10_000;

/// What one person is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Who.
    pub user: RawId,
    /// The language that they read.
    pub locale: Locale,
    /// Where their days begin.
    pub time_zone: TimeZone,
    /// Where mail reaches them, when it is to.
    pub email: Option<String>,
    /// In a few words.
    pub title: String,
    /// What there is to say besides.
    pub text: String,
    /// Which records it is about.
    pub about: Vec<About>,
    /// The charts that it is about, as the reader sees them.
    pub charts: Vec<(Stored<Chart>, Drawn)>,
    /// Where it is, from the root.
    pub address: String,
}

/// What is to be told by a subscription.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prepared {
    /// To each.
    pub told: Vec<Told>,
    /// Of which marks each knows then, where an alert is wanted.
    pub alerted: Alerted,
}

/// For each person the marks of which they have been told.
pub type Alerted = BTreeMap<String, BTreeSet<String>>;

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
        let (mut actor, user) = actor_of(store, self.user, Origin::Job, None).await?;
        actor.wording = Some(wording(user.locale));
        let mut view = store.read(&actor).await?;
        let mut lines = Vec::new();
        for about in &self.about {
            lines.push(about.sentence(&mut view, Texts::of(user.locale)).await?);
        }
        lines.push(self.text.clone());
        Ok(lines.join("\n"))
    }
}

/// The subscriptions of which somebody is to be told now; those that wait for a number to be above
/// or below another only when `numbers` are to be looked at.
///
/// # Errors
/// When the database fails.
pub async fn due(store: &Store, numbers: bool) -> Result<Vec<Stored<Subscription>>> {
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
            let is_due = match one.rhythm.next(one.hour, last.to_zoned(zone.clone()).datetime()) {
                None => last < now,
                Some(next) => next.to_zoned(zone).is_ok_and(|next| next.timestamp() <= now),
            };
            let is_alert = one.alert.is_some() && one.rhythm == Rhythm::AtOnce;
            if is_due && (numbers || !is_alert) {
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
) -> Result<Prepared> {
    let organisation = Organisation::of(store).await?;
    let mut people: Vec<RawId> = one.subscriber.iter().map(|user| user.raw()).collect();
    if let Some(role) = one.role {
        people.extend(organisation.people_of_role(role.raw()));
    }
    people.sort_unstable();
    people.dedup();
    let declined = declined(one);
    people.retain(|user| !declined.contains(&user.to_string()));
    let known = known(one);
    let mut prepared = Prepared::default();
    for user in people {
        let (mut actor, user) = match actor_of(store, user, Origin::Job, None).await {
            // Gone, or not at work any more.
            Err(Error::NotFound) => continue,
            other => other?,
        };
        actor.wording = Some(wording(user.locale));
        let teller = Teller { store, warehouse, one, until, actor, user };
        let outcome = match one.segment {
            Some(segment) => teller.segment(segment).await,
            None if one.record_type.is_some() => teller.list().await,
            None => {
                let key = teller.user.id.to_string();
                let told = known.get(&key).cloned().unwrap_or_default();
                teller.charts(told).await.map(|(told, marks)| {
                    prepared.alerted.insert(key, marks);
                    told
                })
            }
        };
        match outcome {
            Ok(one) => prepared.told.extend(one),
            // What they may not ask they are not told.
            Err(Error::Refused(_) | Error::Forbidden | Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    prepared.alerted.retain(|_, marks| !marks.is_empty());
    Ok(prepared)
}

/// Of which marks everybody has been told.
fn known(one: &Subscription) -> Alerted {
    let json = one.alerted.as_ref().map(|known| known.0.clone());
    json.and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default()
}

/// Tells one person of one subscription.
pub(super) struct Teller<'a> {
    pub(super) store: &'a Store,
    pub(super) warehouse: &'a Warehouse,
    pub(super) one: &'a Stored<Subscription>,
    until: Timestamp,
    pub(super) actor: Actor,
    pub(super) user: Stored<User>,
}

impl Teller<'_> {
    fn since(&self) -> Timestamp {
        self.one.told_until.unwrap_or(self.one.created_at)
    }

    pub(super) fn told(
        &self,
        title: String,
        mut text: String,
        about: Vec<About>,
        address: String,
    ) -> Told {
        if let Some(proposal) = &self.one.proposal {
            let texts = Texts::of(self.user.locale);
            text.push('\n');
            text.push_str(&texts.format("notice-proposal", &[("proposal", &proposal.0)]));
        }
        let email = self.one.by_mail.then(|| self.user.email.0.clone());
        let charts = Vec::new();
        let (user, locale) = (self.user.id.raw(), self.user.locale);
        let time_zone = self.actor.time_zone.clone();
        Told { user, locale, time_zone, email, title, text, about, charts, address }
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

impl Prepared {
    /// Whether it changes anything: somebody is told, or a number is not above or below any more.
    #[must_use]
    pub fn is_news(&self, one: &Subscription) -> bool {
        !self.told.is_empty() || one.rhythm != Rhythm::AtOnce || self.alerted != known(one)
    }
}

/// Notes what was told, and until when; false when another process was first.
///
/// # Errors
/// When the database fails.
pub async fn done(
    store: &Store,
    one: &Stored<Subscription>,
    prepared: &Prepared,
    until: Timestamp,
) -> Result<bool> {
    let mut tx = store.write(&Actor::system(Origin::Job)).await?;
    for each in &prepared.told {
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
    let marks = serde_json::to_value(&prepared.alerted).map_err(Error::internal)?;
    one.alerted = (!prepared.alerted.is_empty()).then_some(JsonField(marks));
    match tx.update(&one).await {
        Ok(_) => tx.commit().await.map(|_| true),
        // Somebody has changed it meanwhile, or another process has told.
        Err(Error::Conflict { .. } | Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}
