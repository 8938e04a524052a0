//! Sums over parts: an order's total is the sum of its lines, kept true by the store whenever a
//! line changes, in the same transaction.

use std::collections::BTreeMap;

use guanxi_base::{RawId, Refusal, Result};
use guanxi_record::{Field, Kind, RecordType, Row};

use crate::hold::Hold;
use crate::schema::currency_column;
use crate::sql::{SqlValue, quoted};
use crate::tx::Tx;

impl Tx {
    /// Notes that the sums of the whole that this row is a part of are to be made anew.
    pub(crate) fn whole_is_stale(&mut self, part: &RecordType, row: &Row) {
        let Some(link) = part.part_of else { return };
        let Some(place) = part.position(link) else { return };
        let target = part.fields[place].kind.link_target();
        if let (Some(target), Some(id)) = (target, row.values[place].as_link()) {
            self.stale_sums.insert((target.to_owned(), id));
        }
    }

    pub(crate) async fn renew_sums(&mut self) -> Result<()> {
        let mut stale: BTreeMap<String, Vec<RawId>> = BTreeMap::new();
        for (whole, id) in std::mem::take(&mut self.stale_sums) {
            stale.entry(whole).or_default().push(id);
        }
        let catalog = self.catalog.clone();
        for (whole, ids) in stale {
            let whole = catalog.get(&whole)?;
            // Whoever changes another part meanwhile sums after this, and sees it.
            self.hold(&whole.name, ids.iter().copied(), Hold::Change).await?;
            for field in whole.fields.iter() {
                let Some(rollup) = &field.rollup else { continue };
                let part = catalog.get(&rollup.part)?;
                if let Some(summed) = part.field(&rollup.field) {
                    for chunk in ids.chunks(400) {
                        self.renew(whole, field, part, summed, chunk).await?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn renew(
        &mut self,
        whole: &RecordType,
        field: &Field,
        part: &RecordType,
        summed: &Field,
        ids: &[RawId],
    ) -> Result<()> {
        let Some(link) = part.part_of else { return Ok(()) };
        let (link, amount) = (quoted(link), quoted(&summed.name));
        let currency = match summed.kind {
            Kind::Money => quoted(&currency_column(&summed.name)),
            _ => "NULL".to_owned(),
        };
        let mut sql = self.view.session.sql(format!(
            "SELECT {link}, CAST(SUM({amount}) AS BIGINT), MIN({currency}), MAX({currency}) FROM "
        ));
        sql.name(&part.name).push(&format!(" WHERE \"archived_at\" IS NULL AND {link} IN ("));
        sql.bind_all(ids.iter().map(|id| SqlValue::Integer(id.0)));
        sql.push(&format!(") GROUP BY {link}"));
        let mut sums: BTreeMap<i64, (SqlValue, SqlValue)> = BTreeMap::new();
        for row in self.view.session.rows(&sql).await? {
            let [id, sum, least, most] = <[SqlValue; 4]>::try_from(row).unwrap_or([
                SqlValue::Null,
                SqlValue::Null,
                SqlValue::Null,
                SqlValue::Null,
            ]);
            if least != most {
                return Err(Refusal::new("mixed-currencies").with("type", &whole.name).into());
            }
            sums.insert(id.integer()?, (sum, least));
        }
        for id in ids {
            let (sum, code) = sums.remove(&id.0).unwrap_or((SqlValue::Null, SqlValue::Null));
            let mut sql = self.view.session.sql("UPDATE ");
            sql.name(&whole.name).push(" SET ").name(&field.name).push(" = ").bind(sum);
            if field.kind == Kind::Money {
                sql.push(", ").name(&currency_column(&field.name)).push(" = ").bind(code);
            }
            sql.push(" WHERE \"id\" = ").bind(SqlValue::Integer(id.0));
            self.view.session.execute(&sql).await?;
        }
        Ok(())
    }
}
