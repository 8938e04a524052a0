//! Filters as SQL conditions. Every condition is true or false, never unknown, so that "not"
//! means what a person means by it.

mod comparison;
mod telephone;

use guanxi_base::{Date, Refusal, Result, Timestamp, folded};
use guanxi_record::{
    ANY_CURRENCY, CURRENCY, Catalog, Compared, Filter, Kind, Op, RecordType, Value, about,
    email_forms, not_comparable, telephone_patterns, unknown_field,
};
use serde_json::Value as Json;

use crate::actor::{Actor, Purpose};
use crate::columns::Expression;
use crate::mirror::mirrors;
use crate::search;
use crate::sql::{Sql, SqlValue, quoted};
use comparison::comparison_sign;

/// Writes conditions into a statement.
pub(crate) struct Conditions<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) actor: &'a Actor,
    pub(crate) now: Timestamp,
    aliases: usize,
    comparisons: usize,
    row_by_row: bool,
    /// A rule of ours is written, not what somebody asks: it looks at what they may not see.
    pub(crate) is_rule: bool,
}

impl<'a> Conditions<'a> {
    pub(crate) fn new(catalog: &'a Catalog, actor: &'a Actor, now: Timestamp) -> Self {
        Self { catalog, actor, now, aliases: 0, comparisons: 0, row_by_row: false, is_rule: false }
    }

    /// For a statement that reads in the order of an index until a page is full: linked records
    /// are looked up for each row. SQLite would else collect all that match first; a limit keeps
    /// it from turning EXISTS into a join.
    pub(crate) fn row_by_row(self) -> Self {
        Self { row_by_row: true, ..self }
    }

    /// Ends a condition on other records: only those that the Actor may see count.
    fn end_exists(&mut self, sql: &mut Sql, record_type: &RecordType, alias: &str) -> Result<()> {
        sql.push(" AND ");
        self.scope(sql, record_type, alias, Purpose::Read)?;
        sql.push(if self.row_by_row { " LIMIT 1)" } else { ")" });
        Ok(())
    }

    pub(crate) fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("t{}", self.aliases)
    }

    fn compared(&self) -> Compared {
        let Actor { user, time_zone, .. } = self.actor;
        Compared { now: self.now, time_zone: time_zone.clone(), user: *user }
    }

    pub(crate) fn today(&self) -> Date {
        self.compared().today()
    }

    /// The records that the words find.
    pub(crate) fn matches(
        &self,
        sql: &mut Sql,
        record_type: &RecordType,
        alias: &str,
        words: &str,
    ) {
        search::condition(sql, record_type, alias, words, (self.actor, self.catalog));
    }

    pub(crate) fn write(
        &mut self,
        sql: &mut Sql,
        record_type: &RecordType,
        alias: &str,
        filter: &Filter,
    ) -> Result<()> {
        match filter {
            Filter::All(all) => self.join(sql, record_type, alias, all, " AND ", "TRUE"),
            Filter::Any(any) => self.join(sql, record_type, alias, any, " OR ", "FALSE"),
            Filter::Not(inner) => {
                sql.push("NOT COALESCE((");
                self.write(sql, record_type, alias, inner)?;
                sql.push("), FALSE)");
                Ok(())
            }
            Filter::Compare { field, op, value } => {
                self.comparisons += 1;
                if self.comparisons > Filter::COMPARISONS_MAX && !self.is_rule {
                    let refusal =
                        Refusal::new("filter-too-large").with("limit", Filter::COMPARISONS_MAX);
                    return Err(refusal.into());
                }
                self.compare(sql, record_type, alias, field, *op, value)
            }
            Filter::Related { record_type: related, via, count, filter } => {
                let related = self.catalog.named(related)?.clone();
                let link = related.expect_field(via)?;
                if link.kind.link_target() != Some(record_type.name.as_ref()) {
                    return Err(Refusal::field("not-a-link-here", via.as_str())
                        .with("name", via)
                        .with("type", &record_type.name)
                        .into());
                }
                self.may_ask(&related, via)?;
                let inner = self.alias();
                sql.push(if count.is_some() {
                    "(SELECT COUNT(*) FROM "
                } else {
                    "EXISTS (SELECT 1 FROM "
                });
                let link = Expression::of(sql.dialect, &inner, link).sql;
                let table = quoted(&related.name);
                sql.push(&format!(
                    "{table} {inner} WHERE {link} = {alias}.\"id\" AND {inner}.\"archived_at\" IS NULL AND "
                ));
                self.write(sql, &related, &inner, filter)?;
                self.end_exists(sql, &related, &inner)?;
                if let Some(count) = count {
                    let sign = comparison_sign(count.op).unwrap_or("=");
                    sql.push(&format!(" {sign} ")).bind(SqlValue::Integer(count.number));
                }
                Ok(())
            }
            Filter::Linked { link, filter } => {
                let inner = self.open_link(sql, record_type, alias, (link, link))?;
                self.write(sql, &inner.0, &inner.1, filter)?;
                self.end_exists(sql, &inner.0, &inner.1)
            }
            Filter::Shared { with, to_change } => {
                self.shared(sql, record_type, alias, with, *to_change);
                Ok(())
            }
        }
    }

    /// Begins a condition on the record that a link leads to: its type and its alias.
    fn open_link(
        &mut self,
        sql: &mut Sql,
        record_type: &RecordType,
        alias: &str,
        (link, path): (&str, &str),
    ) -> Result<(std::sync::Arc<RecordType>, String)> {
        self.may_ask(record_type, link)?;
        let field = record_type.expect_field(link)?;
        let target = field.kind.link_target().ok_or_else(|| unknown_field(path, record_type))?;
        let linked = self.catalog.named(target)?.clone();
        let inner = self.alias();
        let link = Expression::of(sql.dialect, alias, field).sql;
        let table = quoted(&linked.name);
        sql.push(&format!(
            "EXISTS (SELECT 1 FROM {table} {inner} WHERE {inner}.\"id\" = {link} AND "
        ));
        Ok((linked, inner))
    }

    fn join(
        &mut self,
        sql: &mut Sql,
        record_type: &RecordType,
        alias: &str,
        filters: &[Filter],
        between: &str,
        none: &str,
    ) -> Result<()> {
        if filters.is_empty() {
            sql.push(none);
            return Ok(());
        }
        // As one: whatever stands before it, as a link or a right, binds all of them.
        sql.push("(");
        for (at, filter) in filters.iter().enumerate() {
            sql.push(if at > 0 { between } else { "" }).push("(");
            self.write(sql, record_type, alias, filter)?;
            sql.push(")");
        }
        sql.push(")");
        Ok(())
    }

    /// A comparison whose field may lie behind links. "Not" and "empty" are asked of the whole
    /// path: a record without the link has no such value.
    fn compare(
        &mut self,
        sql: &mut Sql,
        record_type: &RecordType,
        alias: &str,
        path: &str,
        op: Op,
        value: &Json,
    ) -> Result<()> {
        let Some((link, rest)) = path.split_once('.') else {
            let expression = self.expression(sql, record_type, alias, path)?;
            sql.push("(");
            self.compare_one(sql, path, &expression, op, value)?;
            self.and_told(sql, record_type, alias, path)?;
            sql.push(")");
            return Ok(());
        };
        let field = record_type.expect_field(link)?;
        if field.kind == Kind::Address {
            self.may_ask(record_type, link)?;
            let part = guanxi_record::Address::PARTS.iter().find(|part| **part == rest);
            let part = part.ok_or_else(|| unknown_field(path, record_type))?;
            let whole = Expression::of(sql.dialect, alias, field);
            return self.compare_one(sql, path, &whole.part(sql.dialect, part), op, value);
        }
        if field.kind == Kind::Money && rest == CURRENCY {
            self.may_ask(record_type, link)?;
            let currency = Expression::of(sql.dialect, alias, field).of_currency();
            let currency = currency.ok_or_else(|| unknown_field(path, record_type))?;
            return self.compare_one(sql, path, &currency, op, value);
        }
        let positive = match op {
            Op::Ne => Some((Op::Eq, value.clone())),
            Op::NotIn => Some((Op::In, value.clone())),
            Op::Empty if *value != Json::Bool(false) => Some((Op::Empty, Json::Bool(false))),
            _ => None,
        };
        if let Some((op, value)) = positive {
            sql.push("NOT (");
            self.compare(sql, record_type, alias, path, op, &value)?;
            sql.push(")");
            return Ok(());
        }
        // The copy only leads an index to the rows; what decides is the linked record itself.
        let mirrors = mirrors(self.catalog, record_type);
        let mirror = mirrors.iter().find(|one| one.path == path).filter(|_| op == Op::Eq);
        if let Some(mirror) = mirror.filter(|_| !value.is_null()) {
            self.may_ask(record_type, link)?;
            let (source, field) = mirror.source;
            self.may_ask(source, rest)?;
            let copy = Expression {
                sql: format!("{alias}.{}", quoted(path)),
                ..Expression::of(sql.dialect, alias, field)
            };
            self.compare_one(sql, path, &copy, op, value)?;
            sql.push(" AND ");
        }
        let (linked, inner) = self.open_link(sql, record_type, alias, (link, path))?;
        self.compare(sql, &linked, &inner, rest, op, value)?;
        self.end_exists(sql, &linked, &inner)
    }

    /// A field of the row itself as an expression; `id` is one too.
    pub(crate) fn expression(
        &self,
        sql: &Sql,
        record_type: &RecordType,
        alias: &str,
        name: &str,
    ) -> Result<Expression> {
        if name == "id" {
            let kind = Kind::Link {
                to: record_type.name.clone(),
                on_delete: guanxi_record::OnDelete::Refuse,
            };
            let sql = format!("{alias}.\"id\"");
            return Ok(Expression { sql, kind, currency: None, in_json: false });
        }
        let field = record_type.expect_field(name)?;
        self.may_ask(record_type, name)?;
        Ok(Expression::of(sql.dialect, alias, field))
    }
}
