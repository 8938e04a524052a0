//! Telephones by the digits that count, as a SQL condition.

use std::collections::BTreeSet;

use guanxi_base::never_before_zero;
use guanxi_record::{Op, TelephonePattern, TelephoneTexts};
use serde_json::Value as Json;

use super::comparison::or_empty;
use crate::sql::{Sql, SqlValue};

/// A telephone of one of these patterns, or, when that is asked, of none.
pub(super) fn telephones(
    sql: &mut Sql,
    left: &str,
    (op, value): (Op, &Json),
    patterns: &[TelephonePattern],
) {
    sql.push(if matches!(op, Op::Ne | Op::NotIn) { "NOT COALESCE((" } else { "((" });
    for (at, pattern) in patterns.iter().enumerate() {
        sql.push(if at > 0 { " OR " } else { "" });
        match pattern {
            TelephonePattern::Starts(text) => like(sql, left, format!("{text}%")),
            TelephonePattern::Holds(text) => like(sql, left, format!("%{text}%")),
            TelephonePattern::Among(forms) => {
                let number = sql.dialect.text_before(left, 'x');
                sql.push("FALSE");
                texts(sql, &number, &forms.numbers);
                texts(sql, left, &forms.whole);
            }
        }
    }
    or_empty(sql, left, value);
    sql.push(if matches!(op, Op::Ne | Op::NotIn) { "), FALSE)" } else { "))" });
}

fn like(sql: &mut Sql, left: &str, pattern: String) {
    sql.push(left).push(" LIKE ").bind(SqlValue::Text(pattern));
}

/// Adds: or it is one of these texts, or ends with one.
fn texts(sql: &mut Sql, left: &str, wanted: &TelephoneTexts) {
    if !wanted.are.is_empty() {
        sql.push(" OR ");
        among(sql, left, &wanted.are);
    }
    for (length, ends) in &wanted.end {
        sql.push(" OR ");
        among(sql, &sql.dialect.text_end(left, *length), ends);
    }
    for (length, ends) in &wanted.end_after_zero {
        sql.push(" OR (");
        among(sql, &sql.dialect.text_end(left, *length), ends);
        sql.push(" AND NOT ");
        let before = sql.dialect.text_before_end(left, *length);
        among(sql, &before, &never_before_zero().collect());
        sql.push(")");
    }
}

fn among(sql: &mut Sql, left: &str, texts: &BTreeSet<String>) {
    sql.push(left).push(" IN ").texts(texts.iter().map(String::as_str));
}
