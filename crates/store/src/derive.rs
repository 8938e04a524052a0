//! Fields that are computed from other records, time and again: written in bulk, without version,
//! history or log. What they were computed from, and why, is told where it was computed.

use guanxi_base::{Error, RawId, Result};
use guanxi_record::{Kind, RecordType, Value};

use crate::columns::write_value;
use crate::dialect::Dialect;
use crate::schema::{column_type, currency_column};
use crate::sql::{SqlValue, quoted};
use crate::tx::Tx;

/// Values in one statement; PostgreSQL takes no more than 65,535.
const VALUES_MAX: usize = 16_000;

impl Tx {
    /// Writes values of derived fields, by their places in the type, where they differ from what
    /// is there; how many records that were.
    ///
    /// # Errors
    /// When a field is none that is derived, or the database fails.
    pub async fn derive(
        &mut self,
        record_type: &RecordType,
        places: &[usize],
        rows: &[(RawId, Vec<Value>)],
    ) -> Result<u64> {
        let mut columns = vec![("id".to_owned(), crate::schema::ColumnType::Integer)];
        for place in places {
            let field = record_type.fields.get(*place).filter(|field| field.derived);
            let field = field.ok_or_else(|| Error::internal("a field is not derived"))?;
            columns.push((field.name.to_string(), column_type(&field.kind)));
            if field.kind == Kind::Money {
                let code = currency_column(&field.name);
                columns.push((code, crate::schema::ColumnType::Text));
            }
        }
        let mut written = 0;
        for chunk in rows.chunks((VALUES_MAX / columns.len()).max(1)) {
            let dialect = self.view.session.dialect();
            let mut sql = self.view.session.sql("UPDATE ");
            sql.name(&record_type.name).push(" SET ");
            for (at, (name, _)) in columns.iter().enumerate().skip(1) {
                sql.push(if at > 1 { ", " } else { "" }).name(name);
                sql.push(&format!(" = v.column{}", at + 1));
            }
            sql.push(" FROM (VALUES ");
            for (row, (id, values)) in chunk.iter().enumerate() {
                let mut cells = vec![SqlValue::Integer(id.0)];
                for (place, value) in places.iter().zip(values) {
                    match value {
                        Value::Money(money) => {
                            cells.push(SqlValue::Integer(money.units));
                            cells.push(SqlValue::Text(money.currency.code().to_owned()));
                        }
                        value => cells.push(write_value(value)),
                    }
                    let is_money = record_type.fields[*place].kind == Kind::Money;
                    if is_money && value.is_null() {
                        cells.push(SqlValue::Null);
                    }
                }
                sql.push(if row > 0 { ", (" } else { "(" });
                for (at, (cell, (_, column_type))) in cells.into_iter().zip(&columns).enumerate() {
                    sql.push(if at > 0 { ", " } else { "" });
                    // The first row tells PostgreSQL what the others hold.
                    let cast = row == 0 && dialect == Dialect::Postgres;
                    sql.push(if cast { "CAST(" } else { "" }).bind(cell);
                    if cast {
                        sql.push(&format!(" AS {})", dialect.column_type(*column_type)));
                    }
                }
                sql.push(")");
            }
            let table = quoted(&record_type.name);
            sql.push(&format!(") v WHERE {table}.\"id\" = v.column1 AND ("));
            for (at, (name, _)) in columns.iter().enumerate().skip(1) {
                sql.push(if at > 1 { " OR " } else { "" });
                let name = quoted(name);
                sql.push(&format!("{table}.{name} IS DISTINCT FROM v.column{}", at + 1));
            }
            sql.push(")");
            written += self.view.session.execute(&sql).await?;
        }
        Ok(written)
    }
}
