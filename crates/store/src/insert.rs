//! Making new records, one or many: prepared one by one, so that each has its own refusals, and
//! inserted together, so that a million is no different from one.

use guanxi_base::{Error, Refusal, Result, Timestamp};
use guanxi_record::{Default as FieldDefault, Kind, RecordType, Row, Value};

use crate::actor::Purpose;
use crate::audit::Operation;
use crate::columns::{column_names, write_row};
use crate::custom_field;
use crate::search;
use crate::sql::SqlRow;
use crate::tx::Tx;

impl Tx {
    /// Whether the Actor may make records of this type.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn may_create(&self, record_type: &RecordType) -> Result<()> {
        let scope = self.actor.rights.scope(&record_type.name, Purpose::Create);
        scope.map(drop).ok_or(Error::Forbidden)
    }

    /// A new row of these values, checked but not stored yet.
    ///
    /// # Errors
    /// Refusals of the type's rules.
    pub async fn prepare(&mut self, record_type: &RecordType, values: Vec<Value>) -> Result<Row> {
        self.may_write(record_type, None, &values).await?;
        let values = self.settled(record_type, values, None).await?;
        let id = self.store.new_id();
        let now = self.view.now;
        Ok(Row { id, version: 1, created_at: now, updated_at: now, archived_at: None, values })
    }

    /// Stores prepared rows of one type.
    ///
    /// # Errors
    /// A refusal when the database knows better, as with two that want the same number;
    /// `link-to-archived` and `link-to-merged` when what they hang on was put away meanwhile.
    pub async fn insert(&mut self, record_type: &RecordType, rows: Vec<Row>) -> Result<()> {
        self.hold_links_of(record_type, &rows).await?;
        self.insert_without_history(record_type, &rows).await?;
        for row in &rows {
            self.whole_is_stale(record_type, row);
            self.note(record_type, row, Operation::Create, None);
        }
        self.are_ones_own(record_type, &rows).await
    }

    /// That new records are such as the Actor may make: one's own, where only that is allowed.
    async fn are_ones_own(&mut self, record_type: &RecordType, rows: &[Row]) -> Result<()> {
        let scope = self.actor.rights.scope(&record_type.name, Purpose::Create);
        if scope.is_none_or(guanxi_record::Filter::is_everything) {
            return Ok(());
        }
        for chunk in rows.chunks(500) {
            let ids: Vec<_> = chunk.iter().map(|row| row.id).collect();
            if self.rows_by_ids(record_type, &ids, Purpose::Create).await?.len() < ids.len() {
                return Err(Refusal::new("outside-your-scope").into());
            }
        }
        Ok(())
    }

    pub(crate) async fn insert_without_history(
        &mut self,
        record_type: &RecordType,
        rows: &[Row],
    ) -> Result<()> {
        if record_type.name == custom_field::TYPE_NAME {
            self.definitions_have_room(rows.len()).await?;
        }
        self.hold_definitions(record_type, None, rows).await?;
        let names = column_names(record_type);
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut columns: Vec<SqlRow> = rows.iter().map(|row| write_row(record_type, row)).collect();
        let (mirrors, copies) = self.mirrored(record_type, rows).await?;
        names.extend(mirrors);
        columns.iter_mut().zip(copies).for_each(|(row, copies)| row.extend(copies));
        self.view.session.insert_rows(&record_type.name, &names, &columns).await?;
        search::add(&mut self.view.session, record_type, rows).await
    }

    pub(crate) async fn fill_defaults(
        &mut self,
        record_type: &RecordType,
        values: &mut [Value],
    ) -> Result<()> {
        for (field, value) in record_type.fields.iter().zip(values.iter_mut()) {
            let Some(default) = field.default.as_ref().filter(|_| value.is_null()) else {
                continue;
            };
            *value = match default {
                FieldDefault::Text(text) => {
                    Value::from_text(&field.kind, text).map_err(Error::from)?
                }
                FieldDefault::Now => now(&field.kind, self.view.now, &self.view.actor),
                FieldDefault::Actor => self.actor.user.map_or(Value::Null, Value::Link),
                FieldDefault::Number(prefix) => Value::Text(self.next_number(prefix).await?),
            };
        }
        Ok(())
    }
}

fn now(kind: &Kind, now: Timestamp, actor: &crate::actor::Actor) -> Value {
    match kind {
        Kind::Date => Value::Date(now.to_zoned(actor.time_zone.clone()).date()),
        _ => Value::Instant(now),
    }
}
