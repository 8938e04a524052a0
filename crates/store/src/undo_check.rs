//! What stands against an undo: records that were changed again since, and what others built upon
//! new ones. All of it is found before anything is taken back: a job is undone whole or not at all.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{Changes, Field, Kind, Meaning, RecordType, Row, Value};

use crate::actor::Purpose;
use crate::audit::{Operation, UNDONE};
use crate::columns::{Expression, read_row, select_list};
use crate::objections::{Objections, Own, changed_since};
use crate::sql::{Sql, SqlRow, SqlValue};
use crate::undo::Item;
use crate::view::View;

/// Records of one statement.
const CHUNK: usize = 500;
/// The operations that change a record, for statements.
const CHANGES: &str = "('create', 'update', 'archive', 'restore', 'remove')";

/// What is taken back, and how a statement says that a set stands.
#[derive(Debug, Clone, Copy)]
struct Taken<'a> {
    own: Own,
    stands: &'a str,
}

/// What links to records: of one type, what is linked and the id of what links.
type Linking = (Arc<RecordType>, Vec<(RawId, RawId)>);

impl View {
    /// What stands against taking back one set of changes.
    pub(crate) async fn object(
        &mut self,
        set: RawId,
        own: Own,
        objections: &mut Objections,
    ) -> Result<()> {
        let stands = self.stands().await?;
        let own = Taken { own, stands: &stands };
        let mut made: Vec<(String, Vec<Item>)> = Vec::new();
        let mut changed: Vec<(String, Vec<Item>)> = Vec::new();
        for item in self.items_of(set).await? {
            let name = item.record_type.clone();
            let list = match item.operation {
                Operation::Create => &mut made,
                // What was removed is made again under its own id.
                Operation::Remove => continue,
                _ => &mut changed,
            };
            match list.last_mut().filter(|(known, _)| *known == name) {
                Some((_, items)) => items.push(item),
                None => list.push((name, vec![item])),
            }
        }
        for (name, items) in made {
            let record_type = self.catalog.named(&name)?.clone();
            for chunk in items.chunks(CHUNK) {
                self.object_to_removal(&record_type, chunk, own, objections).await?;
            }
        }
        for (name, items) in changed {
            let record_type = self.catalog.named(&name)?.clone();
            for chunk in items.chunks(CHUNK) {
                self.object_to_change(&record_type, chunk, own, objections).await?;
            }
        }
        Ok(())
    }

    /// That the set `s` is not undone, for statements about many: those that were undone and redone are
    /// few, and looked up once. Asked in full of each row, it misleads the plans of PostgreSQL.
    async fn stands(&mut self) -> Result<String> {
        let sql = self.session.sql(format!(
            "SELECT s.id FROM change_set s WHERE s.id IN (SELECT u.undoes FROM change_set u \
             JOIN change_set v ON v.undoes = u.id WHERE u.undoes IS NOT NULL) AND NOT {UNDONE}"
        ));
        let never = "NOT EXISTS (SELECT 1 FROM change_set u WHERE u.undoes = s.id)";
        let mut redone = Vec::new();
        for row in self.session.rows(&sql).await? {
            redone.push(row[0].integer()?.to_string());
        }
        Ok(match redone.is_empty() {
            true => never.to_owned(),
            false => format!("({never} OR s.id IN ({}))", redone.join(", ")),
        })
    }

    /// New records that others changed since, linked to or shared: they are not to be removed.
    async fn object_to_removal(
        &mut self,
        record_type: &RecordType,
        items: &[Item],
        own: Taken<'_>,
        objections: &mut Objections,
    ) -> Result<()> {
        let versions = versions(items);
        let ids: &[RawId] = &items.iter().map(|item| item.record).collect::<Vec<_>>();
        let rows = self.rows_by_ids(record_type, ids, Purpose::Change).await?;
        if rows.len() < ids.len() {
            let found: HashSet<RawId> = rows.iter().map(|row| row.id).collect();
            for id in ids.iter().filter(|id| !found.contains(id)) {
                self.object_to_absence(record_type, *id, objections).await?;
            }
        }
        let changed = self.changed_by_others(&versions, own).await?;
        for row in rows.iter().filter(|row| changed.contains(&row.id)) {
            let title = self.own_title(record_type, row).await?;
            objections.add(row.id, changed_since(record_type, &title));
        }
        let mut titles: HashMap<RawId, String> = HashMap::new();
        for row in &rows {
            titles.insert(row.id, self.own_title(record_type, row).await?);
        }
        let title = |id: RawId| titles.get(&id).map_or("?", String::as_str);
        for (other, pairs) in self.built_upon(record_type, ids, own).await? {
            if let Own::Job(_) = own.own {
                let linking: Vec<RawId> = pairs.iter().map(|(_, linking)| *linking).collect();
                objections.jobs.extend(self.jobs_that_made(&linking).await?);
            }
            for (id, linking) in pairs {
                if !objections.has_room() {
                    objections.against.insert(linking);
                    continue;
                }
                let refusal = self.still_linked(title(id), other.as_ref(), linking).await?;
                objections.add(linking, refusal);
            }
        }
        for id in self.shared_by_others(ids).await? {
            objections.add(id, Refusal::new("still-shared").with("title", title(id)));
        }
        Ok(())
    }

    /// That a record called so is not removed, because another links to it.
    pub(crate) async fn still_linked(
        &mut self,
        title: &str,
        other: &RecordType,
        linking: RawId,
    ) -> Result<Refusal> {
        let refusal = match self.title_told(&other.name, linking).await? {
            Some(by) => Refusal::new("still-linked").with("by", by),
            None => Refusal::new("still-linked-unseen"),
        };
        Ok(refusal.with("title", title).with("type", &other.name))
    }

    /// A record that the Actor may not change, or that is gone.
    ///
    /// # Errors
    /// `Forbidden` when they may see it.
    async fn object_to_absence(
        &mut self,
        record_type: &RecordType,
        id: RawId,
        objections: &mut Objections,
    ) -> Result<()> {
        match self.unmasked_row(&record_type.name, id, Purpose::Change).await {
            Err(Error::NotFound) => objections.add(id, changed_since(record_type, "?")),
            other => drop(other?),
        }
        Ok(())
    }

    /// Which of these records, each with its version after the set, have changes since that are not its
    /// own and stand: neither undone, nor the undo of what came after the set as well. What came after
    /// is told by versions: ids of sets are made by several clocks, and before their transaction waits.
    async fn changed_by_others(
        &mut self,
        versions: &HashMap<RawId, i64>,
        own: Taken<'_>,
    ) -> Result<HashSet<RawId>> {
        let Some(least) = versions.values().min() else { return Ok(HashSet::new()) };
        // What was done is looked at here: all that changes records is no help to an index.
        let mut sql = self.session.sql(
            "SELECT i.record, i.version, i.operation, (SELECT MAX(x.version) FROM change_item x \
             WHERE x.change_set = s.undoes AND x.record = i.record) \
             FROM change_item i JOIN change_set s ON s.id = i.change_set WHERE i.record IN (",
        );
        sql.bind_all(versions.keys().map(|id| SqlValue::Integer(id.0)));
        sql.push(") AND i.version > ").bind(SqlValue::Integer(*least)).push(" AND NOT (");
        own.own.write(&mut sql);
        sql.push(&format!(") AND {}", own.stands));
        let mut changed = HashSet::new();
        for row in self.session.rows(&sql).await? {
            let [record, version, operation, undone] = <[SqlValue; 4]>::try_from(row)
                .map_err(|_| Error::internal("a column is missing"))?;
            let record = RawId(record.integer()?);
            let is_since = |version: i64| versions.get(&record).is_some_and(|set| version > *set);
            let takes_back = undone.integer().is_ok_and(is_since);
            if is_since(version.integer()?) && !takes_back && is_change(operation)? {
                changed.insert(record);
            }
        }
        Ok(changed)
    }

    /// Records that link to these, or speak of them in a condition, and that others made or led there.
    async fn built_upon(
        &mut self,
        record_type: &RecordType,
        ids: &[RawId],
        own: Taken<'_>,
    ) -> Result<Vec<Linking>> {
        let catalog = self.catalog.clone();
        let mut found = Vec::new();
        for other in catalog.types() {
            for field in other.fields.iter() {
                let of = record_type.name.as_ref();
                let pairs = if field.kind.link_target() == Some(of) {
                    self.linking(other, field, ids, own).await?
                } else if field.kind.leads_to() == Some(of) || names_records(other, field) {
                    self.linking_among_others(other, field, ids, own).await?
                } else {
                    Vec::new()
                };
                if !pairs.is_empty() {
                    found.push((other.clone(), pairs));
                }
            }
        }
        Ok(found)
    }

    async fn linking(
        &mut self,
        other: &RecordType,
        field: &Field,
        ids: &[RawId],
        own: Taken<'_>,
    ) -> Result<Vec<(RawId, RawId)>> {
        let link = Expression::of(self.session.dialect(), "t0", field).sql;
        let mut sql = self.session.sql(format!("SELECT {link}, t0.\"id\" FROM "));
        sql.name(&other.name).push(&format!(" t0 WHERE {link} IN ("));
        sql.bind_all(ids.iter().map(|id| SqlValue::Integer(id.0))).push(")");
        others_work(&mut sql, field, own);
        sql.push(" ORDER BY t0.\"id\"");
        let pair = |row: &SqlRow| Ok((RawId(row[0].integer()?), RawId(row[1].integer()?)));
        self.session.rows(&sql).await?.iter().map(pair).collect()
    }

    /// The same of a field with several links, or with a condition, which no index serves.
    async fn linking_among_others(
        &mut self,
        other: &RecordType,
        field: &Field,
        ids: &[RawId],
        own: Taken<'_>,
    ) -> Result<Vec<(RawId, RawId)>> {
        let held = Expression::of(self.session.dialect(), "t0", field).sql;
        let mut sql = self.session.sql(format!("SELECT {} FROM ", select_list(other, "t0")));
        sql.name(&other.name).push(&format!(" t0 WHERE {held} IS NOT NULL"));
        others_work(&mut sql, field, own);
        let mut found = Vec::new();
        for columns in self.session.rows(&sql).await? {
            let row = read_row(other, columns)?;
            let named = records_named(&row.value(other, &field.name));
            found.extend(named.iter().filter(|id| ids.contains(id)).map(|id| (*id, row.id)));
        }
        Ok(found)
    }

    /// The jobs that made these records.
    async fn jobs_that_made(&mut self, ids: &[RawId]) -> Result<BTreeSet<RawId>> {
        let mut jobs = BTreeSet::new();
        for chunk in ids.chunks(CHUNK) {
            let mut sql = self.session.sql(
                "SELECT DISTINCT s.job FROM change_item i JOIN change_set s ON s.id = i.change_set \
                 WHERE s.job IS NOT NULL AND i.operation = 'create' AND i.record IN (",
            );
            sql.bind_all(chunk.iter().map(|id| SqlValue::Integer(id.0))).push(")");
            for row in self.session.rows(&sql).await? {
                jobs.insert(RawId(row[0].integer()?));
            }
        }
        Ok(jobs)
    }

    async fn shared_by_others(&mut self, ids: &[RawId]) -> Result<Vec<RawId>> {
        let mut sql = self.session.sql("SELECT DISTINCT record FROM share WHERE record IN (");
        sql.bind_all(ids.iter().map(|id| SqlValue::Integer(id.0))).push(")");
        self.session.rows(&sql).await?.iter().map(|row| row[0].integer().map(RawId)).collect()
    }

    /// Records whose fields do not hold any more what the set gave them.
    async fn object_to_change(
        &mut self,
        record_type: &RecordType,
        items: &[Item],
        own: Taken<'_>,
        objections: &mut Objections,
    ) -> Result<()> {
        let ids: Vec<RawId> = items.iter().map(|item| item.record).collect();
        let rows = self.rows_by_ids(record_type, &ids, Purpose::Change).await?;
        let rows: HashMap<RawId, Row> = rows.into_iter().map(|row| (row.id, row)).collect();
        let changed = self.changed_by_others(&versions(items), own).await?;
        for item in items {
            let Some(row) = rows.get(&item.record) else {
                match own.own {
                    // As everywhere: what one may not see is not there.
                    Own::Set(_) => {
                        self.unmasked_row(&record_type.name, item.record, Purpose::Change).await?;
                    }
                    Own::Job(_) => {
                        self.object_to_absence(record_type, item.record, objections).await?;
                    }
                }
                continue;
            };
            if changed.contains(&item.record)
                && !self.holds_still(record_type, row, item, own).await?
            {
                let title = self.own_title(record_type, row).await?;
                objections.add(row.id, changed_since(record_type, &title));
            }
        }
        Ok(())
    }

    /// Whether a record holds what an item gave it, once all that the job itself did later is
    /// taken back.
    async fn holds_still(
        &mut self,
        record_type: &RecordType,
        row: &Row,
        item: &Item,
        own: Taken<'_>,
    ) -> Result<bool> {
        let mut sql = self.session.sql(
            "SELECT i.operation, i.diff FROM change_item i JOIN change_set s ON s.id = i.change_set \
             WHERE i.record = ",
        );
        sql.bind(SqlValue::Integer(row.id.0)).push(" AND i.version > ");
        sql.bind(SqlValue::Integer(item.version));
        sql.push(&format!(" AND {} AND ", own.stands));
        own.own.write(&mut sql);
        sql.push(" ORDER BY i.version DESC");
        let mut taken_back: HashMap<String, Value> = HashMap::new();
        for columns in self.session.rows(&sql).await? {
            let mut columns = columns.into_iter();
            if !is_change(columns.next().unwrap_or(SqlValue::Null))? {
                continue;
            }
            let diff = columns.next().and_then(|value| value.into_text().ok());
            let diff = diff.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
            for change in Changes::from_json(record_type, &diff).0 {
                taken_back.insert(change.field, change.old);
            }
        }
        let changes = Changes::from_json(record_type, &item.diff);
        Ok(changes.0.iter().all(|change| match taken_back.get(&change.field) {
            Some(value) => *value == change.new,
            None => row.value(record_type, &change.field) == change.new,
        }))
    }
}

/// The records of a set, each with its version after it.
fn versions(items: &[Item]) -> HashMap<RawId, i64> {
    let mut versions = HashMap::new();
    for item in items {
        let version: &mut i64 = versions.entry(item.record).or_insert(item.version);
        *version = item.version.max(*version);
    }
    versions
}

/// Whether what was done, as the log says it, changed the record itself.
fn is_change(operation: SqlValue) -> Result<bool> {
    Ok(Operation::from_name(&operation.into_text()?).is_some_and(Operation::is_change))
}

/// Whether a field names records by their ids without being a link: as conditions do, and the texts
/// of what speaks of a record type, as the address of a list. What the product notes on its own
/// stands against nothing.
fn names_records(of: &RecordType, field: &Field) -> bool {
    let speaks_of_a_type = || of.fields.iter().any(|one| one.means == Some(Meaning::RecordType));
    let may_name = match field.kind {
        Kind::Json => true,
        Kind::LongText => speaks_of_a_type(),
        _ => matches!(field.means, Some(Meaning::Condition(_))),
    };
    may_name && !field.read_only && !field.derived
}

/// The records that a value leads to, or names by their ids.
fn records_named(value: &Value) -> Vec<RawId> {
    let links = value.links();
    if !links.is_empty() {
        return links.to_vec();
    }
    let text = value.to_text();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter_map(|word| word.parse().ok()).collect()
}

/// That the row `t0` was linked by others: not by what is taken back, and not by the product on
/// its own, whose findings go with what they are about.
fn others_work(sql: &mut Sql, field: &Field, own: Taken<'_>) {
    let items = "(SELECT 1 FROM change_item i JOIN change_set s ON s.id = i.change_set \
                 WHERE i.record = t0.\"id\"";
    let computed = "s.actor IS NULL AND s.job IS NULL AND s.origin = 'job'";
    let stands = own.stands;
    sql.push(&format!(" AND NOT EXISTS {items} AND {stands} AND "));
    own.own.write(sql);
    sql.push(" AND (i.operation = 'create' OR CAST(i.diff AS TEXT) LIKE ");
    sql.bind(SqlValue::Text(format!("%\"{}\"%", field.name)));
    sql.push(&format!(
        ")) AND NOT (EXISTS {items} AND i.operation = 'create' AND {computed}) \
         AND NOT EXISTS {items} AND i.operation IN {CHANGES} AND s.undoes IS NULL \
         AND {stands} AND NOT ({computed})))"
    ));
}
