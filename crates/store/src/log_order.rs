//! The order of the log: a set of changes stands behind all that was committed before it, whatever the
//! clock says and whichever machine the database lies on now. Whoever follows the log goes by it.

use guanxi_base::{RawId, Result};

use crate::dialect::Dialect;
use crate::ledger::begin_alone;
use crate::session::Session;
use crate::sql::{Sql, SqlValue};

/// The last position that was ever given: what people did may have been purged since, its seal stays.
const LAST: &str = "SELECT MAX(position) AS position FROM (SELECT MAX(position) AS position FROM \
     change_set UNION ALL SELECT position FROM seal WHERE number = (SELECT MAX(number) FROM seal)) ends";

/// What PostgreSQL adds to the number of a transaction: see [`go_on`].
const BASE: &str = "(SELECT COALESCE(MAX(value), 0) FROM counter WHERE name = '#log')";

/// Puts the position of a set of changes that is entered now into a statement.
pub(crate) fn push_position(sql: &mut Sql, id: RawId) {
    match sql.dialect {
        // One writer. An id tells the time of the clock, which may have been set back.
        Dialect::Sqlite => {
            sql.push("MAX(").bind(SqlValue::Integer(id.0));
            sql.push(&format!(", 1 + COALESCE(({LAST}), 0))"))
        }
        Dialect::Postgres => sql.push(&format!("pg_current_xact_id()::text::bigint + {BASE}")),
    };
}

/// Of the sets of changes those that no open transaction can still come before, as a condition.
pub(crate) fn push_settled(sql: &mut Sql) {
    match sql.dialect {
        Dialect::Sqlite => sql.push("TRUE"),
        Dialect::Postgres => sql.push(&format!(
            "position < pg_snapshot_xmin(pg_current_snapshot())::text::bigint + {BASE}"
        )),
    };
}

/// Has the log go on behind its end. A server that has taken over the dump of another numbers its
/// transactions from lower on than the log does: from then on so much is added to their numbers.
///
/// # Errors
/// When the database fails.
pub(crate) async fn go_on(session: &mut Session) -> Result<()> {
    if session.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    begin_alone(session).await?;
    // The first number that no transaction had when this statement looked.
    let next = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
    let sql = session.sql(format!(
        "INSERT INTO counter (name, value) SELECT '#log', ends.position + 1 - {next} \
         FROM ({LAST}) ends WHERE ends.position >= {next} + {BASE} \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    ));
    session.execute(&sql).await?;
    session.commit().await
}

/// The latest id that the log knows, of a set of changes or of a record.
///
/// # Errors
/// When the database fails.
pub(crate) async fn latest_id(session: &mut Session) -> Result<RawId> {
    let sql = session.sql(
        "SELECT COALESCE(MAX(id), 0) FROM (SELECT MAX(id) AS id FROM change_set \
         UNION ALL SELECT MAX(record) FROM change_item) ids",
    );
    let latest = session.value(&sql).await?;
    latest.map_or(Ok(RawId(0)), |latest| latest.integer().map(RawId))
}
