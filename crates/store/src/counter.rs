//! Numbers under a name that the store keeps beside its records: series, marks, versions.

use guanxi_base::Result;

use crate::session::Session;
use crate::sql::SqlValue;

/// What stands under a name; 0 when nothing ever did.
pub(crate) async fn value(session: &mut Session, name: &str) -> Result<i64> {
    let mut sql = session.sql("SELECT value FROM counter WHERE name = ");
    sql.bind(SqlValue::Text(name.to_owned()));
    session.value(&sql).await?.map_or(Ok(0), |value| value.integer())
}

/// Puts a number under a name, in place of what stood there.
pub(crate) async fn set(session: &mut Session, name: &str, value: i64) -> Result<()> {
    write(session, name, value, "excluded.value").await.map(drop)
}

/// Adds to what stands under a name; what it is then. Whoever adds at the same time waits for the
/// end of this transaction.
pub(crate) async fn add(session: &mut Session, name: &str, more: i64) -> Result<i64> {
    write(session, name, more, "counter.value + excluded.value").await
}

async fn write(session: &mut Session, name: &str, value: i64, becomes: &str) -> Result<i64> {
    let mut sql = session.sql("INSERT INTO counter (name, value) VALUES (");
    sql.bind_all([SqlValue::Text(name.to_owned()), SqlValue::Integer(value)]);
    sql.push(") ON CONFLICT (name) DO UPDATE SET value = ").push(becomes);
    sql.push(" RETURNING value");
    session.value(&sql).await?.unwrap_or(SqlValue::Null).integer()
}
