//! Sharing of single records with people and teams: what somebody may see or change beyond what
//! their roles give them, until a day. It is noted in the record's history.

use std::collections::BTreeSet;

use guanxi_base::{Date, Error, RawId, Refusal, Result};
use guanxi_record::Filter;
use serde_json::json;

use crate::actor::{Purpose, Rights};
use crate::audit::Operation;
use crate::hold::Hold;
use crate::sql::SqlValue;
use crate::tx::Tx;
use crate::view::View;

/// A record is shared with so many at most.
const SHARES_MAX: usize = 100;
/// What a record follows is looked up so far.
const FOLLOWED_MAX: usize = 5;

/// That a record is shared with somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// A user or a team.
    pub with: RawId,
    /// Whether they may change it too.
    pub may_change: bool,
    /// The last day of it; for ever when there is none.
    pub until: Option<Date>,
    /// Who shared it.
    pub by: Option<RawId>,
}

impl Share {
    fn access(&self) -> &'static str {
        if self.may_change { "change" } else { "read" }
    }

    /// Whether it gives as much as another, for as long.
    fn gives(&self, other: &Self) -> bool {
        let is_long = match (self.until, other.until) {
            (None, _) => true,
            (Some(mine), Some(other)) => mine >= other,
            (Some(_), None) => false,
        };
        is_long && (self.may_change || !other.may_change)
    }

    fn outlasts(&self, other: &Self) -> bool {
        other.until.is_some_and(|other| self.until.is_none_or(|mine| mine > other))
    }

    /// As history has it, without with whom.
    fn noted(&self) -> serde_json::Value {
        let until = self.until.map(|day| day.to_string());
        json!({ "access": self.access(), "until": until, "by": self.by.map(|by| by.to_string()) })
    }

    /// Reads what history has; `None` where it was not shared.
    fn read(with: RawId, noted: &serde_json::Value) -> Option<Self> {
        Some(Self {
            with,
            may_change: noted.get("access")?.as_str()? == "change",
            until: noted["until"].as_str().and_then(|day| day.parse().ok()),
            by: noted["by"].as_str().and_then(|by| by.parse().ok()),
        })
    }
}

/// That somebody was given a record, whatever their roles say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharing {
    /// Its type.
    pub record_type: String,
    /// Which one.
    pub record: RawId,
    /// A user or a team.
    pub with: RawId,
}

impl View {
    /// All that is shared today: for rules, never for eyes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sharings(&mut self) -> Result<Vec<Sharing>> {
        let today = self.now.to_zoned(self.actor.time_zone.clone()).date();
        let mut sql = self
            .session
            .sql("SELECT type, record, grantee FROM share WHERE until IS NULL OR until >= ");
        sql.bind(SqlValue::Date(today));
        let rows = self.session.long_rows(&sql).await?;
        let read = |row: crate::sql::SqlRow| -> Result<Sharing> {
            let (record, with) = (RawId(row[1].integer()?), RawId(row[2].integer()?));
            Ok(Sharing { record_type: row[0].clone().into_text()?, record, with })
        };
        rows.into_iter().map(read).collect()
    }

    /// Where the Actor may change a record only because it was shared with them, or what it is part of:
    /// how it was. `None` where they may without.
    async fn shared_only(&mut self, record_type: &str, id: RawId) -> Result<Option<Vec<Share>>> {
        let Some(scope) = self.actor.rights.scope(record_type, Purpose::Change).cloned() else {
            return Ok(Some(Vec::new()));
        };
        let mut with = BTreeSet::new();
        let unshared = without_shares(scope, &mut with);
        if with.is_empty() || self.passes(record_type, id, &unshared).await? {
            return Ok(None);
        }
        let rights = self.act_with(Rights::All);
        let shares = self.shares_up(record_type, id).await;
        self.act_with(rights);
        let today = self.now.to_zoned(self.actor.time_zone.clone()).date();
        let mut mine = shares?;
        mine.retain(|one| with.contains(&one.with) && one.until.is_none_or(|day| day >= today));
        Ok(Some(mine))
    }

    /// How a record is shared, and what it follows.
    async fn shares_up(&mut self, record_type: &str, id: RawId) -> Result<Vec<Share>> {
        let (mut name, mut id) = (record_type.to_owned(), id);
        let mut found = Vec::new();
        for _ in 0..FOLLOWED_MAX {
            found.extend(self.shares(&name, id).await?);
            let described = self.catalog.get(&name)?.clone();
            let row = self.row(&name, id, Purpose::Read).await?;
            let Some(link) = described.followed() else { break };
            let target = described.field(link).and_then(|field| field.kind.link_target());
            let (Some(target), Some(next)) = (target, row.value(&described, link).as_link()) else {
                break;
            };
            (name, id) = (target.to_owned(), next);
        }
        Ok(found)
    }

    /// With whom a record is shared that the Actor may see.
    ///
    /// # Errors
    /// `NotFound` when they may not.
    pub async fn shares(&mut self, record_type: &str, id: RawId) -> Result<Vec<Share>> {
        self.row(record_type, id, Purpose::Read).await?;
        let mut sql = self
            .session
            .sql("SELECT grantee, access, until, granted_by FROM share WHERE record = ");
        sql.bind(SqlValue::Integer(id.0)).push(" ORDER BY grantee");
        let rows = self.session.rows(&sql).await?;
        rows.into_iter()
            .map(|row| {
                let access = row[1].clone().into_text()?;
                let until = match &row[2] {
                    SqlValue::Date(day) => Some(*day),
                    SqlValue::Text(text) => text.parse().ok(),
                    _ => None,
                };
                Ok(Share {
                    with: RawId(row[0].integer()?),
                    may_change: access == "change",
                    until,
                    by: row[3].integer().ok().map(RawId),
                })
            })
            .collect()
    }
}

/// The same records without those that were only shared; with whom is told.
fn without_shares(filter: Filter, shared: &mut BTreeSet<RawId>) -> Filter {
    match filter {
        Filter::Shared { with, .. } => {
            shared.extend(with);
            Filter::Any(Vec::new())
        }
        Filter::Linked { link, filter } => {
            Filter::Linked { link, filter: Box::new(without_shares(*filter, shared)) }
        }
        Filter::All(all) => {
            Filter::All(all.into_iter().map(|one| without_shares(one, shared)).collect())
        }
        Filter::Any(any) => {
            Filter::Any(any.into_iter().map(|one| without_shares(one, shared)).collect())
        }
        Filter::Not(_) | Filter::Compare { .. } | Filter::Related { .. } => filter,
    }
}

impl Tx {
    /// Shares a record with a user or a team, or changes how it is shared with them. Nobody gives
    /// more than they have: who reaches it only because it was shared with them.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` when the Actor may not change the record; `too-many-shares`;
    /// `more-than-was-shared`; `not-with-oneself`.
    pub async fn share(&mut self, record_type: &str, id: RawId, share: &Share) -> Result<()> {
        self.hold(record_type, [id], Hold::Link).await?;
        self.unmasked_row(record_type, id, Purpose::Change).await?;
        if let Some(mine) = self.shared_only(record_type, id).await? {
            if Some(share.with) == self.actor.user {
                return Err(Refusal::field("not-with-oneself", "with").into());
            }
            if !mine.iter().any(|one| one.gives(share)) {
                return Err(Refusal::field("more-than-was-shared", "until").into());
            }
        }
        let known = self.shares(record_type, id).await?;
        if known.len() >= SHARES_MAX && !known.iter().any(|one| one.with == share.with) {
            return Err(Refusal::new("too-many-shares").with("limit", SHARES_MAX).into());
        }
        self.write_share(record_type, id, &Share { by: self.actor.user, ..share.clone() }).await?;
        let mut note = share.noted();
        note["with"] = json!(share.with.to_string());
        self.note_share(record_type, id, Operation::Share, note).await
    }

    async fn write_share(&mut self, record_type: &str, id: RawId, share: &Share) -> Result<()> {
        let mut sql = self
            .view
            .session
            .sql("INSERT INTO share (record, grantee, type, access, until, granted_by) VALUES (");
        sql.bind_all([
            SqlValue::Integer(id.0),
            SqlValue::Integer(share.with.0),
            SqlValue::Text(record_type.to_owned()),
            SqlValue::Text(share.access().to_owned()),
            SqlValue::or_null(share.until, SqlValue::Date),
            SqlValue::or_null(share.by, |user| SqlValue::Integer(user.0)),
        ]);
        sql.push(") ON CONFLICT (record, grantee) DO UPDATE SET access = excluded.access, ");
        sql.push("until = excluded.until, granted_by = excluded.granted_by");
        self.view.session.execute(&sql).await.map(drop)
    }

    async fn remove_share(&mut self, id: RawId, with: RawId) -> Result<u64> {
        let mut sql = self.view.session.sql("DELETE FROM share WHERE record = ");
        sql.bind(SqlValue::Integer(id.0)).push(" AND grantee = ").bind(SqlValue::Integer(with.0));
        self.view.session.execute(&sql).await
    }

    /// With whom one record is shared, another is shared too from now on, as far and as long. Where both say
    /// something, one of them holds, that which gives more; of two that give more in one thing each, that
    /// which lasts longer. Undo of this set of changes takes it back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn carry_shares(&mut self, record_type: &str, from: RawId, to: RawId) -> Result<()> {
        let today = self.now.to_zoned(self.actor.time_zone.clone()).date();
        let known = self.shares(record_type, to).await?;
        for carried in self.shares(record_type, from).await? {
            if carried.until.is_some_and(|until| until < today) {
                continue;
            }
            let was = known.iter().find(|one| one.with == carried.with).cloned();
            let given = match was.clone().filter(|was| was.until.is_none_or(|day| day >= today)) {
                Some(was)
                    if carried.gives(&was) || (!was.gives(&carried) && carried.outlasts(&was)) =>
                {
                    carried
                }
                Some(was) => was,
                None => carried,
            };
            if was.as_ref() != Some(&given) {
                self.set_share(record_type, to, (was, Some(given))).await?;
            }
        }
        Ok(())
    }

    /// Shares a record as it is to be shared, and notes how it was.
    async fn set_share(
        &mut self,
        record_type: &str,
        id: RawId,
        (was, given): (Option<Share>, Option<Share>),
    ) -> Result<()> {
        let Some(with) = given.as_ref().or(was.as_ref()).map(|share| share.with) else {
            return Ok(());
        };
        let mut note = given.as_ref().map_or_else(|| json!({}), Share::noted);
        note["with"] = json!(with.to_string());
        note["was"] = was.as_ref().map_or(serde_json::Value::Null, Share::noted);
        let operation = match &given {
            Some(share) => {
                self.write_share(record_type, id, share).await?;
                Operation::Share
            }
            None => {
                self.remove_share(id, with).await?;
                Operation::Unshare
            }
        };
        self.note_share(record_type, id, operation, note).await
    }

    /// Takes back what a set of changes carried over from one record to another, where nobody has shared
    /// it anew since.
    pub(crate) async fn undo_carried_shares(&mut self, change_set: RawId) -> Result<()> {
        let mut sql =
            self.view.session.sql("SELECT type, record, diff FROM change_item WHERE change_set = ");
        sql.bind(SqlValue::Integer(change_set.0));
        sql.push(" AND operation IN ('share', 'unshare') ORDER BY seq DESC");
        for row in self.view.session.rows(&sql).await? {
            let (record_type, id) = (row[0].clone().into_text()?, RawId(row[1].integer()?));
            let note = row[2].clone().into_text().ok();
            let note: Option<serde_json::Value> =
                note.and_then(|text| serde_json::from_str(&text).ok());
            let Some(note) = note else { continue };
            let (Some(was), Some(with)) = (note.get("was"), note["with"].as_str()) else {
                continue;
            };
            let Ok(with) = with.parse() else { continue };
            let known = self.shares(&record_type, id).await?;
            let now = known.into_iter().find(|one| one.with == with);
            let given = Share::read(with, &note);
            if now.as_ref().map(Share::noted) == given.as_ref().map(Share::noted) {
                let before = Share::read(with, was);
                self.set_share(&record_type, id, (now, before)).await?;
            }
        }
        Ok(())
    }

    /// Ends the sharing of a record with a user or a team.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` when the Actor may not change the record.
    pub async fn unshare(&mut self, record_type: &str, id: RawId, with: RawId) -> Result<()> {
        self.unmasked_row(record_type, id, Purpose::Change).await?;
        if self.remove_share(id, with).await? == 0 {
            return Err(Error::NotFound);
        }
        let note = json!({ "with": with.to_string() });
        self.note_share(record_type, id, Operation::Unshare, note).await
    }

    async fn note_share(
        &mut self,
        record_type: &str,
        id: RawId,
        operation: Operation,
        detail: serde_json::Value,
    ) -> Result<()> {
        let described = self.catalog.get(record_type)?.clone();
        let row = self.unmasked_row(record_type, id, Purpose::Read).await?;
        self.note(&described, &row, operation, Some(detail));
        Ok(())
    }
}
