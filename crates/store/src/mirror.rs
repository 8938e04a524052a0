//! Copies of a linked record's fields, so that an index can begin with them: the orders of one
//! country by date. An index of a type that names a field behind a link, as `customer.country`,
//! makes a column of this name, which the store fills and keeps. Nobody reads it: what is shown is
//! asked of the linked record, with the rights to that.

use std::collections::{BTreeSet, HashMap};

use guanxi_base::{RawId, Result};
use guanxi_record::{Catalog, Field, RecordType, Row};

use crate::columns::write_value;
use crate::hold::Turn;
use crate::schema::{Column, Source, column, column_type};
use crate::sql::{SqlRow, SqlValue, quoted};
use crate::tx::Tx;

/// A copy that a type keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mirror<'a> {
    /// The name of its column, which is the path to what is copied.
    pub(crate) path: &'static str,
    /// The place of the link.
    link: usize,
    /// The type and the field that it copies.
    pub(crate) source: (&'a RecordType, &'a Field),
}

impl Mirror<'_> {
    pub(crate) fn column(&self, record_type: &RecordType) -> Column {
        let (table, field) = self.source;
        Column {
            copies: Some(Source {
                link: record_type.fields[self.link].name.to_string(),
                table: table.name.to_string(),
                column: field.name.to_string(),
            }),
            ..column(self.path, column_type(&field.kind), false)
        }
    }
}

/// The copies that a type keeps.
pub(crate) fn mirrors<'a>(catalog: &'a Catalog, record_type: &RecordType) -> Vec<Mirror<'a>> {
    let columns = record_type.indexes.iter().flat_map(|columns| columns.iter().copied());
    let paths: BTreeSet<&'static str> = columns.filter(|column| column.contains('.')).collect();
    let mirror = |path: &'static str| {
        let (link, name) = path.split_once('.')?;
        let link = record_type.position(link)?;
        let target = record_type.fields[link].kind.link_target()?;
        let source = catalog.get(target).ok()?;
        Some(Mirror { path, link, source: (source, source.field(name)?) })
    };
    paths.into_iter().filter_map(mirror).collect()
}

impl Tx {
    /// Whoever copies from a type reads what those left who change what is copied, and they find all
    /// copies.
    async fn lock_mirrors(&mut self, source: &RecordType, turn: Turn) -> Result<()> {
        self.take_turn_of(&format!("mirror {}", source.name), turn).await
    }

    /// The copies that these rows keep: the columns, and for each row their values.
    pub(crate) async fn mirrored(
        &mut self,
        record_type: &RecordType,
        rows: &[Row],
    ) -> Result<(Vec<&'static str>, Vec<SqlRow>)> {
        let catalog = self.catalog.clone();
        let mirrors = mirrors(&catalog, record_type);
        let mut values = vec![SqlRow::new(); rows.len()];
        for mirror in &mirrors {
            let (source, field) = mirror.source;
            let linked = |row: &Row| row.values.get(mirror.link)?.as_link();
            let ids: BTreeSet<RawId> = rows.iter().filter_map(linked).collect();
            if !ids.is_empty() {
                self.lock_mirrors(source, Turn::Together).await?;
            }
            let mut found: HashMap<RawId, SqlValue> = HashMap::new();
            let ids: Vec<RawId> = ids.into_iter().collect();
            for chunk in ids.chunks(500) {
                let name = quoted(&field.name);
                let mut sql = self.view.session.sql(format!("SELECT \"id\", {name} FROM "));
                sql.name(&source.name).push(" WHERE \"id\" IN (");
                sql.bind_all(chunk.iter().map(|id| SqlValue::Integer(id.0))).push(")");
                for row in self.view.session.rows(&sql).await? {
                    found.insert(RawId(row[0].integer()?), row[1].clone());
                }
            }
            for (row, values) in rows.iter().zip(&mut values) {
                let value = linked(row).and_then(|id| found.get(&id)).cloned();
                values.push(value.unwrap_or(SqlValue::Null));
            }
        }
        Ok((mirrors.iter().map(|mirror| mirror.path).collect(), values))
    }

    /// Before a row is written over its older version: what others copy of it is about to change.
    pub(crate) async fn will_change_mirrors(
        &mut self,
        record_type: &RecordType,
        old: &Row,
        new: &Row,
    ) -> Result<()> {
        if self.copies_of(record_type, old, new).is_empty() {
            return Ok(());
        }
        self.lock_mirrors(record_type, Turn::Alone).await
    }

    /// After it: the copies of what changed, and the row's own when its link changed.
    pub(crate) async fn renew_mirrors(
        &mut self,
        record_type: &RecordType,
        old: &Row,
        new: &Row,
    ) -> Result<()> {
        for (other, link, path, value) in self.copies_of(record_type, old, new) {
            let mut sql = self.view.session.sql("UPDATE ");
            sql.name(&other).push(" SET ").name(path).push(" = ").bind(value);
            sql.push(" WHERE ").name(&link).push(" = ").bind(SqlValue::Integer(new.id.0));
            self.view.session.execute(&sql).await?;
        }
        let catalog = self.catalog.clone();
        let moved = |one: &Mirror<'_>| old.values.get(one.link) != new.values.get(one.link);
        if !mirrors(&catalog, record_type).iter().any(moved) {
            return Ok(());
        }
        let (paths, values) = self.mirrored(record_type, std::slice::from_ref(new)).await?;
        let mut sql = self.view.session.sql("UPDATE ");
        sql.name(&record_type.name).push(" SET ");
        for (at, (path, value)) in paths.iter().zip(values.into_iter().flatten()).enumerate() {
            sql.push(if at > 0 { ", " } else { "" }).name(path).push(" = ").bind(value);
        }
        sql.push(" WHERE \"id\" = ").bind(SqlValue::Integer(new.id.0));
        self.view.session.execute(&sql).await.map(drop)
    }

    /// Which copies a change makes stale: their table, its link, their column, the new value.
    fn copies_of(
        &self,
        record_type: &RecordType,
        old: &Row,
        new: &Row,
    ) -> Vec<(String, String, &'static str, SqlValue)> {
        let mut copies = Vec::new();
        for other in self.catalog.types() {
            for mirror in mirrors(&self.catalog, other) {
                let (source, field) = mirror.source;
                let Some(place) = record_type.position(&field.name) else { continue };
                let pair = old.values.get(place).zip(new.values.get(place));
                let Some((_, new)) = pair.filter(|(old, new)| old != new) else { continue };
                if source.name == record_type.name {
                    let link = other.fields[mirror.link].name.to_string();
                    copies.push((other.name.to_string(), link, mirror.path, write_value(new)));
                }
            }
        }
        copies
    }
}
