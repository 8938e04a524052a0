//! Filters as SQL conditions. Every condition is true or false, never unknown, so that "not"
//! means what a person means by it.

use guanxi_base::{Date, Refusal, Result, Timestamp, folded};
use guanxi_record::{
    ANY_CURRENCY, CURRENCY, Catalog, Compared, Filter, Kind, Op, RecordType, TelephonePattern,
    Value, about, not_comparable, telephone_forms, unknown_field,
};
use serde_json::Value as Json;

use crate::actor::{Actor, Purpose};
use crate::columns::Expression;
use crate::mirror::mirrors;
use crate::search;
use crate::sql::{Sql, SqlValue, quoted};

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
        search::condition(sql, record_type, alias, words, &self.actor.rights);
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

    fn compare_one(
        &self,
        sql: &mut Sql,
        name: &str,
        expression: &Expression,
        op: Op,
        value: &Json,
    ) -> Result<()> {
        let left = &expression.sql;
        if op == Op::Empty {
            sql.push(left).push(if *value == Json::Bool(false) {
                " IS NOT NULL"
            } else {
                " IS NULL"
            });
            return Ok(());
        }
        if op == Op::Within {
            return self.within(sql, name, expression, value);
        }
        if !self.is_rule {
            self.compared().asks_something(name, op, value)?;
        }
        if expression.kind == Kind::Phone
            && let Some(forms) = telephone_forms(op, value)
        {
            telephones(sql, left, op, forms);
            return Ok(());
        }
        if matches!(op, Op::In | Op::NotIn) {
            return self.among(sql, name, expression, op == Op::NotIn, value);
        }
        if value.is_null() {
            sql.push(left).push(if op == Op::Ne { " IS NOT NULL" } else { " IS NULL" });
            return Ok(());
        }
        if let Kind::Choices(_) | Kind::Links { .. } = expression.kind {
            return self.has(sql, name, expression, op, value);
        }
        if matches!(op, Op::Contains | Op::Starts) {
            let text = folded(self.compared().text(name, (op, &expression.kind), value)?);
            let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            let lead = if op == Op::Contains { "%" } else { "" };
            // Both databases have this function: SQLite from us, PostgreSQL by a migration.
            sql.push("text_form(").push(left).push(") LIKE ");
            sql.bind(SqlValue::Text(format!("{lead}{escaped}%"))).push(" ESCAPE '\\'");
            return Ok(());
        }
        if matches!(op, Op::Lt | Op::Le | Op::Gt | Op::Ge) && !expression.kind.is_ordered() {
            return Err(not_comparable(name, op).into());
        }
        if let Some(day) = self.compared().day(name, &expression.kind, value)? {
            return Self::in_day(sql, expression, op, &day);
        }
        let value = self.compared().value(name, &expression.kind, value)?;
        if value.is_null() {
            sql.push(if op == Op::Ne { "TRUE" } else { "FALSE" });
            return Ok(());
        }
        Self::signed(sql, name, expression, op, &value)
    }

    /// A value on one side of another, or the same; amounts of different currencies never are.
    fn signed(
        sql: &mut Sql,
        name: &str,
        expression: &Expression,
        op: Op,
        value: &Value,
    ) -> Result<()> {
        let bound = expression.comparable(sql.dialect, value);
        let sign = comparison_sign(op).ok_or_else(|| not_comparable(name, op))?;
        let currency = match (value, &expression.currency) {
            (Value::Money(money), Some(currency)) if money.currency != ANY_CURRENCY => {
                Some((currency, SqlValue::Text(money.currency.code().to_owned())))
            }
            _ => None,
        };
        sql.push("(").push(&expression.sql).push(&format!(" {sign} ")).bind(bound);
        if let Some((expression, code)) = currency {
            let (join, sign) =
                if op == Op::Ne { (" OR ", "IS DISTINCT FROM") } else { (" AND ", "=") };
            sql.push(join).push(expression).push(&format!(" {sign} ")).bind(code);
        }
        sql.push(")");
        Ok(())
    }

    /// One of several values, or none of them.
    fn among(
        &self,
        sql: &mut Sql,
        name: &str,
        expression: &Expression,
        negated: bool,
        value: &Json,
    ) -> Result<()> {
        let items = value.as_array().ok_or_else(|| Refusal::field("needs-a-list", name))?;
        if items.len() > Filter::VALUES_MAX && !self.is_rule {
            let refusal = Refusal::field("too-many-items", name);
            return Err(refusal.with("limit", Filter::VALUES_MAX).into());
        }
        if items.is_empty() {
            sql.push(if negated { "TRUE" } else { "FALSE" });
            return Ok(());
        }
        // Without COALESCE an index serves the list; unknown is as good as false there.
        sql.push(if negated { "NOT COALESCE(" } else { "" });
        match expression.kind {
            // Of these no column holds the one value that would be compared.
            Kind::Choices(_) | Kind::Links { .. } | Kind::Money | Kind::Instant => {
                sql.push("(");
                for (at, item) in items.iter().enumerate() {
                    sql.push(if at > 0 { " OR " } else { "" });
                    self.compare_one(sql, name, expression, Op::Eq, item)?;
                }
                sql.push(")");
            }
            _ => {
                let compared = self.compared();
                let values = items.iter().filter(|item| !item.is_null());
                let values = values
                    .map(|item| compared.value(name, &expression.kind, item))
                    .map(|value| value.map(|value| expression.comparable(sql.dialect, &value)))
                    .collect::<Result<Vec<_>>>()?;
                let or_empty = items.iter().any(Json::is_null);
                sql.push(if or_empty { "(" } else { "" });
                if values.is_empty() {
                    sql.push("FALSE");
                } else {
                    sql.push(&expression.sql).push(" IN (").bind_all(values).push(")");
                }
                if or_empty {
                    sql.push(" OR ").push(&expression.sql).push(" IS NULL)");
                }
            }
        }
        sql.push(if negated { ", FALSE)" } else { "" });
        Ok(())
    }

    /// A time compared with a whole day.
    fn in_day(sql: &mut Sql, expression: &Expression, op: Op, day: &[Value; 2]) -> Result<()> {
        let [start, end] = day.each_ref().map(|value| expression.comparable(sql.dialect, value));
        let left = &expression.sql;
        match op {
            Op::Lt | Op::Ge => {
                sql.push(left).push(if op == Op::Lt { " < " } else { " >= " }).bind(start);
            }
            Op::Le | Op::Gt => {
                sql.push(left).push(if op == Op::Le { " < " } else { " >= " }).bind(end);
            }
            _ => {
                sql.push(if op == Op::Ne { "NOT COALESCE(" } else { "(" });
                sql.push(left).push(" >= ").bind(start);
                sql.push(" AND ").push(left).push(" < ").bind(end);
                sql.push(if op == Op::Ne { ", FALSE)" } else { ")" });
            }
        }
        Ok(())
    }

    /// Choices and links that include a value.
    fn has(
        &self,
        sql: &mut Sql,
        name: &str,
        expression: &Expression,
        op: Op,
        value: &Json,
    ) -> Result<()> {
        let negated = op == Op::Ne;
        if !matches!(op, Op::Eq | Op::Ne | Op::Contains) {
            return Err(not_comparable(name, op).into());
        }
        let one = Json::Array(vec![value.clone()]);
        let read =
            Value::from_json(&expression.kind, &one).map_err(|refusal| about(refusal, name))?;
        let json = crate::columns::write_value(&read).into_text()?;
        let element: Vec<Json> = serde_json::from_str(&json).unwrap_or_default();
        let bound = match (sql.dialect, element.first()) {
            (crate::dialect::Dialect::Postgres, _) => SqlValue::Json(json),
            (_, Some(Json::Number(number))) => SqlValue::Integer(number.as_i64().unwrap_or(0)),
            (_, Some(Json::String(text))) => SqlValue::Text(text.clone()),
            _ => SqlValue::Null,
        };
        let mut parameter = Sql::new(sql.dialect, "");
        parameter.params = std::mem::take(&mut sql.params);
        parameter.bind(bound);
        sql.params = parameter.params;
        let has = sql.dialect.json_has(&expression.sql, &parameter.text);
        sql.push(if negated { "NOT COALESCE(" } else { "COALESCE(" }).push(&has).push(", FALSE)");
        Ok(())
    }

    fn within(
        &self,
        sql: &mut Sql,
        name: &str,
        expression: &Expression,
        value: &Json,
    ) -> Result<()> {
        let [start, end] = self.compared().period(name, &expression.kind, value)?;
        let dialect = sql.dialect;
        sql.push(&expression.sql).push(" >= ").bind(expression.comparable(dialect, &start));
        sql.push(" AND ").push(&expression.sql).push(" < ");
        sql.bind(expression.comparable(dialect, &end));
        Ok(())
    }
}

/// Telephones by the digits that count: of one of these forms, or, when that is asked, of none.
fn telephones(sql: &mut Sql, left: &str, op: Op, forms: Vec<TelephonePattern>) {
    sql.push(if matches!(op, Op::Ne | Op::NotIn) { "NOT COALESCE((" } else { "((" });
    let (exact, others): (Vec<_>, Vec<_>) =
        forms.into_iter().partition(|form| matches!(form, TelephonePattern::Is(_)));
    let mut any = "";
    if !exact.is_empty() {
        let texts = exact.into_iter().filter_map(|form| match form {
            TelephonePattern::Is(text) => Some(SqlValue::Text(text)),
            _ => None,
        });
        sql.push(left).push(" IN (").bind_all(texts).push(")");
        any = " OR ";
    }
    for form in others {
        let patterns = match form {
            TelephonePattern::Is(text) => vec![text],
            TelephonePattern::Starts(text) => vec![format!("{text}%")],
            TelephonePattern::Ends(text) => vec![format!("%{text}"), format!("%{text}x%")],
            TelephonePattern::Holds(text) => vec![format!("%{text}%")],
        };
        for pattern in patterns {
            sql.push(any).push(left).push(" LIKE ").bind(SqlValue::Text(pattern));
            any = " OR ";
        }
    }
    sql.push(if matches!(op, Op::Ne | Op::NotIn) { "), FALSE)" } else { "))" });
}

fn comparison_sign(op: Op) -> Option<&'static str> {
    Some(match op {
        Op::Eq => "=",
        Op::Ne => "IS DISTINCT FROM",
        Op::Lt => "<",
        Op::Le => "<=",
        Op::Gt => ">",
        Op::Ge => ">=",
        _ => return None,
    })
}
