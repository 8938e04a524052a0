//! One comparison of a field with a value, as a SQL condition.

use std::collections::BTreeSet;

use super::*;
use crate::condition::telephone::telephones;

impl Conditions<'_> {
    pub(super) fn compare_one(
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
            self.compared().asks_for_few(name, value)?;
        }
        if expression.kind == Kind::Phone
            && let Some(patterns) = telephone_patterns(op, value)
        {
            telephones(sql, left, (op, value), &patterns);
            return Ok(());
        }
        if expression.kind == Kind::Email
            && let Some(forms) = email_forms(op, value)
        {
            addresses(sql, left, (op, value), &forms);
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
        if let Some(day) = self.compared().day(name, (op, &expression.kind), value)? {
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

/// Mail addresses, whatever the case of their letters.
fn addresses(sql: &mut Sql, left: &str, (op, value): (Op, &Json), forms: &BTreeSet<String>) {
    sql.push(if matches!(op, Op::Ne | Op::NotIn) { "NOT COALESCE((" } else { "((" });
    let small = sql.dialect.small_ascii(left);
    sql.push(&small).push(" IN ").texts(forms.iter().map(String::as_str));
    or_empty(sql, left, value);
    sql.push(if matches!(op, Op::Ne | Op::NotIn) { "), FALSE)" } else { "))" });
}

/// Adds: or there is no value, where that is one of those of a list.
pub(super) fn or_empty(sql: &mut Sql, left: &str, value: &Json) {
    if value.as_array().is_some_and(|items| items.iter().any(Json::is_null)) {
        sql.push(" OR ").push(left).push(" IS NULL");
    }
}

pub(super) fn comparison_sign(op: Op) -> Option<&'static str> {
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
