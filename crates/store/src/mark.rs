//! Marks: numbers under a name that the product keeps beside its records, such as that something is
//! still to be done. They are written in a transaction with what they are about.

use guanxi_base::Result;

use crate::sql::SqlValue;
use crate::tx::Tx;
use crate::view::View;

/// Series of numbers never begin so.
const SIGN: &str = "#mark ";

impl View {
    /// What is marked under a name; 0 when nothing ever was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mark(&mut self, name: &str) -> Result<i64> {
        let mut sql = self.session.sql("SELECT value FROM counter WHERE name = ");
        sql.bind(SqlValue::Text(format!("{SIGN}{name}")));
        self.session.value(&sql).await?.map_or(Ok(0), |value| value.integer())
    }
}

impl Tx {
    /// Marks a number under a name, in place of what was marked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_mark(&mut self, name: &str, value: i64) -> Result<()> {
        let mut sql = self.view.session.sql("INSERT INTO counter (name, value) VALUES (");
        sql.bind_all([SqlValue::Text(format!("{SIGN}{name}")), SqlValue::Integer(value)]);
        sql.push(") ON CONFLICT (name) DO UPDATE SET value = excluded.value");
        self.view.session.execute(&sql).await.map(drop)
    }
}
