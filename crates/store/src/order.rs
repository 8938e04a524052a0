//! The order of a list and where a page of it starts: keyset paging, which costs the same on the
//! last page as on the first.

use guanxi_base::{RawId, Refusal, Result};
use guanxi_record::{Cursor, Direction, Query, RecordType, Row, Sort, Value};

use crate::columns::Expression;
use crate::condition::Conditions;
use crate::dialect::Dialect;
use crate::schema::table_of;
use crate::sql::{Sql, SqlValue};
use crate::view::View;

/// An order of a list; the id decides between equals.
pub(crate) struct Order {
    keys: Vec<(String, Expression, Direction)>,
    id_direction: Direction,
}

/// Where a page starts, as a condition.
pub(crate) enum Start {
    /// Simple: the row of one key and id after this one.
    After { key: String, sign: &'static str, value: SqlValue, id: i64 },
    /// The key is, or is not, empty; `id` says where to go on within that.
    Empty { key: String, empty: bool, id: Option<(&'static str, i64)> },
    /// Several keys: one line of the comparison for each.
    Lines(Vec<Vec<(String, SqlValue, Relation)>>),
}

#[derive(Clone, Copy)]
pub(crate) enum Relation {
    Same,
    /// After it in this direction.
    After(Direction),
}

impl Order {
    pub(crate) fn of(view: &View, record_type: &RecordType, sorts: &[Sort]) -> Result<Self> {
        let sql = view.session.sql("");
        let conditions = Conditions::new(&view.catalog, &view.actor, view.now);
        let mut keys = Vec::new();
        let mut id_direction = Direction::Descending;
        for sort in sorts {
            id_direction = sort.direction;
            if sort.field == "id" {
                break;
            }
            let expression = conditions.expression(&sql, record_type, "t0", &sort.field)?;
            if !expression.kind.is_ordered() {
                let refusal = Refusal::field("not-sortable", sort.field.as_str());
                return Err(refusal.with("name", &sort.field).into());
            }
            keys.push((sort.field.clone(), expression, sort.direction));
        }
        Ok(Self { keys, id_direction })
    }

    /// The index that has this order, best one that starts with what the filter fixes, and
    /// whether it does.
    pub(crate) fn index(&self, record_type: &RecordType, query: &Query) -> Option<(String, bool)> {
        let [(name, _, direction)] = self.keys.as_slice() else { return None };
        let table = table_of(record_type);
        let serves = |columns: &[String]| match columns {
            [fixed @ .., last] => last == name && fixed.iter().all(|one| query.filter.fixes(one)),
            [] => false,
        };
        let indexes = table.indexes.iter().filter(|index| serves(&index.columns));
        let best = indexes.max_by_key(|index| index.columns.len())?;
        let serves_filter = best.columns.len() > 1 || query.filter.is_everything();
        (*direction == self.id_direction).then(|| (best.name(&table.name), serves_filter))
    }

    pub(crate) fn sql(&self, dialect: Dialect) -> String {
        let keys = self.keys.iter().map(|(_, expression, direction)| {
            format!("{}{}", expression.sql, dialect.order(*direction))
        });
        let id = match self.id_direction {
            Direction::Ascending => "t0.\"id\" ASC",
            Direction::Descending => "t0.\"id\" DESC",
        };
        keys.chain([id.to_owned()]).collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn cursor(&self, record_type: &RecordType, row: &Row) -> Cursor {
        let values = self.keys.iter().map(|(name, _, _)| row.value(record_type, name).to_json());
        Cursor { values: values.collect(), id: row.id.to_string() }
    }

    /// The conditions of the statements that give the page, in their order. An index gives each
    /// of them its rows directly; an "or" over nothing and something would not.
    pub(crate) fn parts(
        &self,
        dialect: Dialect,
        after: Option<&Cursor>,
    ) -> Result<Vec<Option<Start>>> {
        let Some(cursor) = after else { return Ok(vec![None]) };
        let wrong = || Refusal::new("wrong-cursor");
        let id = cursor.id.parse::<RawId>().map_err(|_| wrong())?.0;
        if cursor.values.len() != self.keys.len() {
            return Err(wrong().into());
        }
        let mut values = Vec::new();
        for ((_, expression, _), json) in self.keys.iter().zip(&cursor.values) {
            let value = Value::from_json(&expression.kind, json).map_err(|_| wrong())?;
            values.push(expression.comparable(dialect, &value));
        }
        let sign = match self.id_direction {
            Direction::Ascending => ">",
            Direction::Descending => "<",
        };
        let key_of = |at: usize| self.keys[at].1.sql.clone();
        Ok(match self.keys.as_slice() {
            [] => vec![Some(Start::After { key: String::new(), sign, value: SqlValue::Null, id })],
            [(_, _, direction)] if *direction == self.id_direction => match (&values[0], direction)
            {
                (SqlValue::Null, Direction::Ascending) => vec![
                    Some(Start::Empty { key: key_of(0), empty: true, id: Some((sign, id)) }),
                    Some(Start::Empty { key: key_of(0), empty: false, id: None }),
                ],
                (SqlValue::Null, Direction::Descending) => {
                    vec![Some(Start::Empty { key: key_of(0), empty: true, id: Some((sign, id)) })]
                }
                (value, Direction::Ascending) => {
                    vec![Some(Start::After { key: key_of(0), sign, value: value.clone(), id })]
                }
                (value, Direction::Descending) => vec![
                    Some(Start::After { key: key_of(0), sign, value: value.clone(), id }),
                    Some(Start::Empty { key: key_of(0), empty: true, id: None }),
                ],
            },
            keys => {
                let all = || keys.iter().zip(&values);
                let mut lines = Vec::new();
                for last in 0..=keys.len() {
                    let mut line: Vec<_> = all()
                        .take(last)
                        .map(|((_, e, _), value)| (e.sql.clone(), value.clone(), Relation::Same))
                        .collect();
                    match all().nth(last) {
                        Some(((_, e, direction), value)) => {
                            line.push((e.sql.clone(), value.clone(), Relation::After(*direction)));
                        }
                        None => line.push((
                            "t0.\"id\"".to_owned(),
                            SqlValue::Integer(id),
                            Relation::After(self.id_direction),
                        )),
                    }
                    lines.push(line);
                }
                vec![Some(Start::Lines(lines))]
            }
        })
    }
}

impl Start {
    pub(crate) fn write(&self, sql: &mut Sql) {
        match self {
            Self::After { key, sign, id, .. } if key.is_empty() => {
                sql.push(&format!("t0.\"id\" {sign} ")).bind(SqlValue::Integer(*id));
            }
            Self::After { key, sign, value, id } => {
                sql.push(&format!("({key}, t0.\"id\") {sign} ("));
                sql.bind_all([value.clone(), SqlValue::Integer(*id)]).push(")");
            }
            Self::Empty { key, empty, id } => {
                sql.push(key).push(if *empty { " IS NULL" } else { " IS NOT NULL" });
                if let Some((sign, id)) = id {
                    sql.push(&format!(" AND t0.\"id\" {sign} ")).bind(SqlValue::Integer(*id));
                }
            }
            Self::Lines(lines) => {
                for (at, line) in lines.iter().enumerate() {
                    sql.push(if at == 0 { "((" } else { " OR (" });
                    for (at, (key, value, relation)) in line.iter().enumerate() {
                        sql.push(if at == 0 { "" } else { " AND " });
                        relation.write(sql, key, value);
                    }
                    sql.push(")");
                }
                sql.push(")");
            }
        }
    }
}

impl Relation {
    fn write(self, sql: &mut Sql, key: &str, value: &SqlValue) {
        let empty = *value == SqlValue::Null;
        match (self, empty) {
            (Self::Same, true) => drop(sql.push(key).push(" IS NULL")),
            (Self::Same, false) => drop(sql.push(key).push(" = ").bind(value.clone())),
            (Self::After(Direction::Ascending), true) => drop(sql.push(key).push(" IS NOT NULL")),
            (Self::After(Direction::Ascending), false) => {
                sql.push(key).push(" > ").bind(value.clone());
            }
            (Self::After(Direction::Descending), true) => drop(sql.push("FALSE")),
            (Self::After(Direction::Descending), false) => {
                sql.push("(").push(key).push(" < ").bind(value.clone());
                sql.push(" OR ").push(key).push(" IS NULL)");
            }
        }
    }
}
