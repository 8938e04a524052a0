//! What records are called, as far as the Actor may see them: search, links and files name records
//! by it.

use guanxi_base::{Error, RawId, Result};

use crate::actor::Purpose;
use crate::condition::Conditions;
use crate::sql::SqlValue;
use crate::view::View;

/// Whether archived records are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Archived {
    Show,
    Hide,
}

impl View {
    /// The names of records of one type that the Actor may see.
    pub(crate) async fn titles_among(
        &mut self,
        record_type: &str,
        ids: &[RawId],
        archived: Archived,
    ) -> Result<Vec<(RawId, String)>> {
        let Ok(record_type) = self.catalog.get(record_type).cloned() else { return Ok(Vec::new()) };
        let Some(field) = record_type.field(&record_type.title) else { return Ok(Vec::new()) };
        let mut found = Vec::with_capacity(ids.len());
        let about_others = self.actor.rights.about_others(&record_type.name);
        if about_others.is_some_and(|fields| fields.contains(&*record_type.title)) {
            for id in ids {
                match self.row(&record_type.name, *id, Purpose::Read).await {
                    Ok(row) if archived == Archived::Show || row.archived_at.is_none() => {
                        found.push((*id, row.title(&record_type)));
                    }
                    Ok(_) | Err(Error::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            return Ok(found);
        }
        for chunk in ids.chunks(500) {
            let mut sql = self.session.sql("SELECT t0.\"id\", ");
            let title = crate::columns::Expression::of(sql.dialect, "t0", field).sql;
            sql.push(&title)
                .push(" FROM ")
                .name(&record_type.name)
                .push(" t0 WHERE t0.\"id\" IN (");
            sql.bind_all(chunk.iter().map(|id| SqlValue::Integer(id.0))).push(") AND ");
            if archived == Archived::Hide {
                sql.push("t0.\"archived_at\" IS NULL AND ");
            }
            let catalog = self.catalog.clone();
            let mut conditions = Conditions::new(&catalog, &self.actor, self.now);
            conditions.scope(&mut sql, &record_type, "t0", Purpose::Read)?;
            for row in self.session.rows(&sql).await? {
                let id = RawId(row[0].integer()?);
                let value = crate::columns::read_value(&field.kind, row[1].clone(), None)?;
                let access = self.actor.rights.field(&record_type.name, &field.name);
                let value = crate::withhold::shown(&field.kind, value, access);
                let title = if value.is_null() { id.to_string() } else { value.to_text() };
                let title = match self.actor.wording {
                    Some(wording) => {
                        wording.shown(&record_type.name, &field.name, &title).to_owned()
                    }
                    None => title,
                };
                found.push((id, title));
            }
        }
        Ok(found)
    }
}
