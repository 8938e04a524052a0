//! Erasure of what is known about a person: the values go, from the record, its search terms and
//! its history; the record itself stays where books need it. That it was done is noted, what it was
//! is not.

use guanxi_base::{RawId, Result};
use guanxi_record::{Record as _, RecordType, Row, Value};
use serde_json::{Value as Json, json};

use crate::actor::Purpose;
use crate::audit::Operation;
use crate::file::File;
use crate::sql::SqlValue;
use crate::tx::Tx;

impl Tx {
    /// Puts other values in place of what fields held, and takes the old ones out of the history.
    /// It cannot be undone.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`; when the database fails.
    pub async fn erase(
        &mut self,
        record_type: &RecordType,
        id: RawId,
        fields: &[(usize, Value)],
    ) -> Result<()> {
        let old = self.unmasked_row(&record_type.name, id, Purpose::Change).await?;
        let mut values = old.values.clone();
        let mut names = Vec::new();
        for (place, value) in fields {
            if let (Some(slot), Some(field)) =
                (values.get_mut(*place), record_type.fields.get(*place))
            {
                *slot = value.clone();
                names.push(field.name.to_string());
            }
        }
        let (version, updated_at) = (old.version + 1, self.view.now);
        let new = Row { version, updated_at, values, ..old.clone() };
        self.store_row(record_type, &old, &new).await?;
        // What an archived field held nobody sees, and nobody could ask to have erased.
        names.extend(self.forget_carried(record_type, id).await?);
        self.erase_history(id, &names).await?;
        self.forget_answers(id).await?;
        self.note(record_type, &new, Operation::Erase, Some(json!({ "fields": names })));
        Ok(())
    }

    /// Takes away what a file holds and how it was named; that there was one stays.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`; when the database fails.
    pub async fn erase_file(&mut self, id: RawId) -> Result<()> {
        let described = self.catalog.get(File::NAME)?.clone();
        let mut emptied = Vec::new();
        for (name, value) in [
            ("name", Value::Text(format!("# {id}"))),
            ("sha256", Value::Text("-".to_owned())),
            ("size_bytes", Value::Integer(0)),
        ] {
            emptied.extend(described.position(name).map(|place| (place, value)));
        }
        self.erase(&described, id, &emptied).await?;
        let mut sql = self.view.session.sql("UPDATE file_content SET content = ");
        sql.bind(SqlValue::Bytes(Vec::new()));
        sql.push(" WHERE id = ").bind(SqlValue::Integer(id.0));
        self.view.session.execute(&sql).await.map(drop)
    }

    /// Answers to requests that hold the record are not given a second time.
    async fn forget_answers(&mut self, record: RawId) -> Result<()> {
        let mut sql = self.view.session.sql("DELETE FROM idempotency WHERE response LIKE ");
        sql.bind(SqlValue::Text(format!("%\"{record}\"%")));
        self.view.session.execute(&sql).await.map(drop)
    }

    /// Takes fields out of the differences that the log keeps of a record. The seals of these sets
    /// of changes say that something was taken out.
    async fn erase_history(&mut self, record: RawId, names: &[String]) -> Result<()> {
        let mut sql =
            self.view.session.sql("SELECT change_set, seq, diff FROM change_item WHERE record = ");
        sql.bind(SqlValue::Integer(record.0)).push(" AND diff IS NOT NULL");
        for row in self.view.session.rows(&sql).await? {
            let (set, seq) = (row[0].integer()?, row[1].integer()?);
            let text = row[2].clone().into_text()?;
            let Ok(Json::Object(mut diff)) = serde_json::from_str::<Json>(&text) else { continue };
            let before = diff.len();
            diff.retain(|name, _| !names.contains(name) && name != "custom");
            if diff.len() == before {
                continue;
            }
            self.rewrite_item(set, seq, &Json::Object(diff)).await?;
        }
        Ok(())
    }

    /// Puts another detail in place of what the log has, and says so at the seal.
    async fn rewrite_item(&mut self, set: i64, seq: i64, detail: &Json) -> Result<()> {
        let session = &mut self.view.session;
        let mut sql = session.sql("UPDATE change_item SET diff = ");
        sql.bind(SqlValue::Json(detail.to_string()));
        sql.push(" WHERE change_set = ").bind(SqlValue::Integer(set));
        sql.push(" AND seq = ").bind(SqlValue::Integer(seq));
        session.execute(&sql).await?;
        let mut sql = session.sql("UPDATE seal SET purged_by = ");
        sql.bind(SqlValue::Integer(self.view.actor.user.map_or(0, |user| user.0)));
        sql.push(" WHERE change_set = ").bind(SqlValue::Integer(set));
        session.execute(&sql).await.map(drop)
    }

    /// Takes out of the log what somebody asked an export for, where it holds one of these words.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_words(&mut self, words: &[String]) -> Result<usize> {
        let mut sql = self.view.session.sql("SELECT change_set, seq, diff FROM change_item WHERE ");
        sql.push("operation = ").bind(SqlValue::Text(Operation::Export.name().to_owned()));
        sql.push(" AND diff IS NOT NULL");
        let mut forgotten = 0;
        for row in self.view.session.long_rows(&sql).await? {
            let text = row[2].clone().into_text()?;
            if words.iter().any(|word| text.contains(word.as_str())) {
                self.rewrite_item(row[0].integer()?, row[1].integer()?, &json!({})).await?;
                forgotten += 1;
            }
        }
        Ok(forgotten)
    }

    /// The jobs that made or changed a record, as imports.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn jobs_of(&mut self, record: RawId) -> Result<Vec<RawId>> {
        let mut sql = self.view.session.sql(
            "SELECT DISTINCT s.job FROM change_set s JOIN change_item i ON i.change_set = s.id \
             WHERE s.job IS NOT NULL AND i.record = ",
        );
        sql.bind(SqlValue::Integer(record.0));
        let rows = self.view.session.rows(&sql).await?;
        rows.into_iter().map(|row| row[0].integer().map(RawId)).collect()
    }
}
