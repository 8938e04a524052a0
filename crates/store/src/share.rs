//! Sharing of single records with people and teams: what somebody may see or change beyond what
//! their roles give them, until a day. It is noted in the record's history.

use guanxi_base::{Date, Error, RawId, Refusal, Result};
use serde_json::json;

use crate::actor::Purpose;
use crate::audit::Operation;
use crate::hold::Hold;
use crate::sql::SqlValue;
use crate::tx::Tx;
use crate::view::View;

/// A record is shared with so many at most.
const SHARES_MAX: usize = 100;

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

impl Tx {
    /// Shares a record with a user or a team, or changes how it is shared with them. Nobody gives
    /// more than they have.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` when the Actor may not change the record; `too-many-shares`.
    pub async fn share(&mut self, record_type: &str, id: RawId, share: &Share) -> Result<()> {
        self.hold(record_type, [id], Hold::Link).await?;
        self.unmasked_row(record_type, id, Purpose::Change).await?;
        let known = self.shares(record_type, id).await?;
        if known.len() >= SHARES_MAX && !known.iter().any(|one| one.with == share.with) {
            return Err(Refusal::new("too-many-shares").with("limit", SHARES_MAX).into());
        }
        let access = if share.may_change { "change" } else { "read" };
        let mut sql = self
            .view
            .session
            .sql("INSERT INTO share (record, grantee, type, access, until, granted_by) VALUES (");
        sql.bind_all([
            SqlValue::Integer(id.0),
            SqlValue::Integer(share.with.0),
            SqlValue::Text(record_type.to_owned()),
            SqlValue::Text(access.to_owned()),
            SqlValue::or_null(share.until, SqlValue::Date),
            SqlValue::or_null(self.actor.user, |user| SqlValue::Integer(user.0)),
        ]);
        sql.push(") ON CONFLICT (record, grantee) DO UPDATE SET access = excluded.access, ");
        sql.push("until = excluded.until, granted_by = excluded.granted_by");
        self.view.session.execute(&sql).await?;
        let until = share.until.map(|day| day.to_string());
        let note = json!({ "with": share.with.to_string(), "access": access, "until": until });
        self.note_share(record_type, id, Operation::Share, note).await
    }

    /// Ends the sharing of a record with a user or a team.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` when the Actor may not change the record.
    pub async fn unshare(&mut self, record_type: &str, id: RawId, with: RawId) -> Result<()> {
        self.unmasked_row(record_type, id, Purpose::Change).await?;
        let mut sql = self.view.session.sql("DELETE FROM share WHERE record = ");
        sql.bind(SqlValue::Integer(id.0)).push(" AND grantee = ").bind(SqlValue::Integer(with.0));
        if self.view.session.execute(&sql).await? == 0 {
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
