//! Records that are removed for good, with their parts and what links to them.

use super::*;

impl Tx {
    /// Removes records for good, with their parts; links to them are cleared, or keep them. Only
    /// undo and erasure do this: people archive.
    ///
    /// # Errors
    /// `still-linked`.
    pub(crate) async fn remove(&mut self, record_type: &RecordType, rows: Vec<Row>) -> Result<()> {
        let catalog = self.catalog.clone();
        let ids: Vec<RawId> = rows.iter().map(|row| row.id).collect();
        self.hold(&record_type.name, ids.iter().copied(), Hold::PutAway).await?;
        for (other, field, rule) in catalog.links_to(&record_type.name) {
            let Some(place) = other.position(&field.name) else { continue };
            let linked = self.rows_linking(other, field, &ids).await?;
            match rule {
                OnDelete::Cascade if !linked.is_empty() => {
                    Box::pin(self.remove(other, linked)).await?;
                }
                OnDelete::Cascade => {}
                OnDelete::Refuse => {
                    let Some(row) = linked.first() else { continue };
                    let to = row.values[place].as_link();
                    let kept = rows.iter().find(|row| Some(row.id) == to);
                    let kept = match kept {
                        Some(row) => self.own_title(record_type, row).await?,
                        None => String::new(),
                    };
                    return Err(self.still_linked(&kept, other, row.id).await?.into());
                }
                OnDelete::Clear => {
                    for row in linked {
                        let mut values = row.values.clone();
                        values[place] = Value::Null;
                        let version = row.version;
                        Box::pin(self.change_row(other, row, version, values)).await?;
                    }
                }
            }
        }
        self.remove_rows(record_type, rows).await
    }

    async fn rows_linking(
        &mut self,
        other: &RecordType,
        field: &Field,
        ids: &[RawId],
    ) -> Result<Vec<Row>> {
        let columns = crate::columns::select_list(other, "t0");
        let mut sql = self.view.session.sql(format!("SELECT {columns} FROM "));
        let link = crate::columns::Expression::of(self.view.session.dialect(), "t0", field).sql;
        sql.name(&other.name).push(&format!(" t0 WHERE {link} IN ("));
        sql.bind_all(ids.iter().map(|id| SqlValue::Integer(id.0))).push(")");
        let rows = self.view.session.rows(&sql).await?;
        let rows = rows.into_iter().map(|columns| crate::columns::read_row(other, columns));
        // Those that go together do not keep one another.
        rows.filter(|row| row.as_ref().map_or(true, |row| !ids.contains(&row.id))).collect()
    }

    /// Removes rows that nothing links to; the database itself refuses if something does.
    pub(crate) async fn remove_rows(
        &mut self,
        record_type: &RecordType,
        rows: Vec<Row>,
    ) -> Result<()> {
        let ids: Vec<RawId> = rows.iter().map(|row| row.id).collect();
        for row in rows.iter().filter(|_| record_type.name == custom_field::TYPE_NAME) {
            self.definition_may_go(row).await?;
        }
        let mut carried = self.carried(record_type, &ids).await?;
        for chunk in ids.chunks(500) {
            let mut sql = self.view.session.sql("DELETE FROM ");
            sql.name(&record_type.name).push(" WHERE \"id\" IN (");
            sql.bind_all(chunk.iter().map(|id| SqlValue::Integer(id.0))).push(")");
            self.view.session.execute(&sql).await?;
        }
        if record_type.fields.iter().any(|field| field.searchable) {
            search::remove(&mut self.view.session, &ids).await?;
        }
        for row in rows {
            let blank = vec![Value::Null; row.values.len()];
            let mut diff = Changes::between(record_type, &row.values, &blank).to_json();
            Self::note_carried(&mut diff, carried.remove(&row.id));
            self.whole_is_stale(record_type, &row);
            let gone = Row { version: row.version + 1, ..row };
            self.note(record_type, &gone, Operation::Remove, Some(diff));
        }
        Ok(())
    }
}
