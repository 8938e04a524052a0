//! Reading: the one layer through which every face of the product sees records. It adds what the
//! Actor may see to every statement, so that no list, count, link or chart can leak.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use guanxi_base::{Error, Id, RawId, Refusal, Result, Timestamp};
use guanxi_record::{
    Catalog, Cursor, Direction, Filter, Query, Record, RecordType, Row, Sort, Stored, Value,
};
use serde_json::Value as Json;

use crate::actor::{Actor, Purpose};
use crate::columns::{Expression, read_row, select_list};
use crate::condition::Conditions;
use crate::search::Archived;
use crate::session::Session;
use crate::sql::{Sql, SqlRow, SqlValue, quoted};

/// What one Actor sees of one database at one time.
pub struct View {
    pub(crate) session: Session,
    pub(crate) actor: Actor,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) now: Timestamp,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The records.
    pub rows: Vec<Row>,
    /// Where the next page starts, if there is one.
    pub next: Option<Cursor>,
}

/// How many records there are, counted up to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// Counted so far.
    pub number: i64,
    /// Whether there are more.
    pub more: bool,
}

/// Counting stops here: nobody needs more digits before the rows.
pub const TOTAL_MAX: i64 = 10_000;

/// The names of linked records.
pub type Titles = HashMap<RawId, String>;

impl View {
    /// Who looks.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// What there is to see.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// One record.
    ///
    /// # Errors
    /// `NotFound` when it is not there or not the Actor's to see; `Forbidden` when the Actor may
    /// see it but not for this purpose.
    pub async fn row(&mut self, record_type: &str, id: RawId, purpose: Purpose) -> Result<Row> {
        let record_type = self.catalog.get(record_type)?.clone();
        if let Some(row) = self.row_for(&record_type, id, purpose).await? {
            return Ok(row);
        }
        let readable = purpose != Purpose::Read
            && self.row_for(&record_type, id, Purpose::Read).await?.is_some();
        Err(if readable { Error::Forbidden } else { Error::NotFound })
    }

    /// One record as its Rust type.
    ///
    /// # Errors
    /// As `row`.
    pub async fn fetch<T: Record>(&mut self, purpose: Purpose, id: Id<T>) -> Result<Stored<T>> {
        self.row(T::NAME, id.raw(), purpose).await?.try_into()
    }

    async fn row_for(
        &mut self,
        record_type: &RecordType,
        id: RawId,
        purpose: Purpose,
    ) -> Result<Option<Row>> {
        let columns = select_list(record_type, "t0");
        let mut sql = self.session.sql(format!("SELECT {columns} FROM "));
        sql.name(&record_type.name).push(" t0 WHERE t0.\"id\" = ");
        sql.bind(SqlValue::Integer(id.0)).push(" AND ");
        let catalog = self.catalog.clone();
        let mut conditions = Conditions::new(&catalog, &self.actor, self.now);
        conditions.scope(&mut sql, record_type, "t0", purpose)?;
        let row = self.session.rows(&sql).await?.into_iter().next();
        row.map(|columns| read_row(record_type, columns)).transpose()
    }

    /// A page of records.
    ///
    /// # Errors
    /// A refusal when the query does not fit the type.
    pub async fn list(&mut self, record_type: &str, query: &Query) -> Result<Page> {
        let record_type = self.catalog.get(record_type)?.clone();
        if query.sort.len() > Query::SORTS_MAX {
            return Err(Refusal::new("too-many-sorts").with("limit", Query::SORTS_MAX).into());
        }
        let limit = query.limit.clamp(1, Query::LIMIT_MAX);
        let order = Order::of(self, &record_type, &query.sort)?;
        let mut rows = Vec::new();
        for part in order.parts(self.session.dialect(), query.after.as_ref())? {
            if rows.len() > limit {
                break;
            }
            let more = limit + 1 - rows.len();
            for columns in self.list_part(&record_type, query, &order, part, more).await? {
                rows.push(read_row(&record_type, columns)?);
            }
        }
        let next = (rows.len() > limit).then(|| {
            rows.truncate(limit);
            order.cursor(&record_type, &rows[limit - 1])
        });
        Ok(Page { rows, next })
    }

    /// One statement of a list. SQLite weighs an index of the filter against the index of the
    /// order without knowing how common the value is: common, the order finds a page at once;
    /// rare, the filter does. So the order is tried for a moment, then SQLite may choose.
    async fn list_part(
        &mut self,
        record_type: &RecordType,
        query: &Query,
        order: &Order,
        part: Option<Start>,
        limit: usize,
    ) -> Result<Vec<SqlRow>> {
        let columns = select_list(record_type, "t0");
        let mut rest = self.session.sql(" WHERE ");
        self.restrict(&mut rest, record_type, query, Purpose::Read)?;
        if let Some(part) = part {
            rest.push(" AND ");
            part.write(&mut rest);
        }
        let by = order.sql(rest.dialect);
        rest.push(&format!(" ORDER BY {by} LIMIT {limit}"));
        let start = format!("SELECT {columns} FROM {} t0", quoted(&record_type.name));
        let statement =
            |hint: &str| Sql { text: format!("{start}{hint}{}", rest.text), ..rest.clone() };
        let searches = query.search.is_some();
        let filters = !query.filter.is_everything();
        if let (Some(index), true, false) = (order.index(record_type), filters, searches) {
            let hinted = statement(&format!(" INDEXED BY {}", quoted(&index)));
            if let Some(rows) = self.session.rows_in_order(&hinted).await? {
                return Ok(rows);
            }
        }
        self.session.rows(&statement("")).await
    }

    /// Writes which records a query means: archived or not, the Actor's, filtered, found.
    fn restrict(
        &self,
        sql: &mut Sql,
        record_type: &RecordType,
        query: &Query,
        purpose: Purpose,
    ) -> Result<()> {
        if !query.with_archived {
            sql.push("t0.\"archived_at\" IS NULL AND ");
        }
        let mut conditions = Conditions::new(&self.catalog, &self.actor, self.now);
        conditions.scope(sql, record_type, "t0", purpose)?;
        if !query.filter.is_everything() {
            sql.push(" AND (");
            conditions.write(sql, record_type, "t0", &query.filter)?;
            sql.push(")");
        }
        if let Some(words) = query.search.as_deref().filter(|words| !words.trim().is_empty()) {
            sql.push(" AND ");
            conditions.matches(sql, record_type, "t0", words);
        }
        Ok(())
    }

    /// How many records a query means, counted up to `TOTAL_MAX`.
    ///
    /// # Errors
    /// A refusal when the query does not fit the type.
    pub async fn total(&mut self, record_type: &str, query: &Query) -> Result<Total> {
        let record_type = self.catalog.get(record_type)?.clone();
        let mut sql = self.session.sql("SELECT COUNT(*) FROM (SELECT 1 FROM ");
        sql.name(&record_type.name).push(" t0 WHERE ");
        self.restrict(&mut sql, &record_type, query, Purpose::Read)?;
        sql.push(&format!(" LIMIT {}) x", TOTAL_MAX + 1));
        let rows = self.session.long_rows(&sql).await?;
        let number = rows[0][0].integer()?;
        Ok(Total { number: number.min(TOTAL_MAX), more: number > TOTAL_MAX })
    }

    /// The ids of the records that pass a filter, for a purpose, at most so many.
    ///
    /// # Errors
    /// A refusal when the filter does not fit the type.
    pub async fn ids(
        &mut self,
        record_type: &str,
        query: &Query,
        purpose: Purpose,
        limit: usize,
    ) -> Result<Vec<RawId>> {
        let record_type = self.catalog.get(record_type)?.clone();
        let mut sql = self.session.sql("SELECT t0.\"id\" FROM ");
        sql.name(&record_type.name).push(" t0 WHERE ");
        self.restrict(&mut sql, &record_type, query, purpose)?;
        sql.push(&format!(" ORDER BY t0.\"id\" LIMIT {limit}"));
        let rows = self.session.long_rows(&sql).await?;
        rows.iter().map(|row| row[0].integer().map(RawId)).collect()
    }

    /// The names of all records that these rows link to, as far as the Actor may see them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn link_titles(&mut self, record_type: &RecordType, rows: &[Row]) -> Result<Titles> {
        let mut wanted: BTreeMap<String, BTreeSet<RawId>> = BTreeMap::new();
        for (at, field) in record_type.fields.iter().enumerate() {
            let target = match &field.kind {
                guanxi_record::Kind::Links { to } => Some(to.as_ref()),
                kind => kind.link_target(),
            };
            let Some(target) = target else { continue };
            let ids = rows.iter().filter_map(|row| row.values.get(at)).flat_map(Value::links);
            wanted.entry(target.to_owned()).or_default().extend(ids);
        }
        let mut titles = Titles::new();
        for (target, ids) in wanted {
            let ids: Vec<RawId> = ids.into_iter().collect();
            titles.extend(self.titles_among(&target, &ids, Archived::Show).await?);
        }
        Ok(titles)
    }

    /// The names of some records of one type, as far as the Actor may see them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn titles(&mut self, record_type: &str, ids: &[RawId]) -> Result<Titles> {
        Ok(self.titles_among(record_type, ids, Archived::Show).await?.into_iter().collect())
    }

    /// The one record with this value in this field, if the Actor may see it.
    ///
    /// # Errors
    /// A refusal when there is no such field.
    pub async fn find_by(
        &mut self,
        record_type: &str,
        field: &str,
        value: impl Into<Json>,
    ) -> Result<Option<Row>> {
        let mut query = Query::of(Filter::eq(field, value)).limited(1);
        query.with_archived = true;
        Ok(self.list(record_type, &query).await?.rows.into_iter().next())
    }
}

/// An order of a list; the id decides between equals.
struct Order {
    keys: Vec<(String, Expression, Direction)>,
    id_direction: Direction,
}

/// Where a page starts, as a condition.
enum Start {
    /// Simple: the row of one key and id after this one.
    After { key: String, sign: &'static str, value: SqlValue, id: i64 },
    /// The key is, or is not, empty; `id` says where to go on within that.
    Empty { key: String, empty: bool, id: Option<(&'static str, i64)> },
    /// Several keys: one line of the comparison for each.
    Lines(Vec<Vec<(String, SqlValue, Relation)>>),
}

#[derive(Clone, Copy)]
enum Relation {
    Same,
    /// After it in this direction.
    After(Direction),
}

impl Order {
    fn of(view: &View, record_type: &RecordType, sorts: &[Sort]) -> Result<Self> {
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

    /// The index that has this order, if there is one.
    fn index(&self, record_type: &RecordType) -> Option<String> {
        let [(name, _, direction)] = self.keys.as_slice() else { return None };
        let field = record_type.built_in().find(|field| field.name == *name)?;
        let table = crate::schema::table_of(record_type);
        let index = table.indexes.iter().find(|index| index.columns == [field.name.as_ref()])?;
        (*direction == self.id_direction).then(|| index.name(&table.name))
    }

    fn sql(&self, dialect: crate::dialect::Dialect) -> String {
        let keys = self.keys.iter().map(|(_, expression, direction)| {
            format!("{}{}", expression.sql, dialect.order(*direction))
        });
        let id = match self.id_direction {
            Direction::Ascending => "t0.\"id\" ASC",
            Direction::Descending => "t0.\"id\" DESC",
        };
        keys.chain([id.to_owned()]).collect::<Vec<_>>().join(", ")
    }

    fn cursor(&self, record_type: &RecordType, row: &Row) -> Cursor {
        let values = self.keys.iter().map(|(name, _, _)| row.value(record_type, name).to_json());
        Cursor { values: values.collect(), id: row.id.to_string() }
    }

    /// The conditions of the statements that give the page, in their order. An index gives each
    /// of them its rows directly; an "or" over nothing and something would not.
    fn parts(
        &self,
        dialect: crate::dialect::Dialect,
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
    fn write(self, sql: &mut Sql) {
        match self {
            Self::After { key, sign, value, id } if key.is_empty() => {
                let _ = value;
                sql.push(&format!("t0.\"id\" {sign} ")).bind(SqlValue::Integer(id));
            }
            Self::After { key, sign, value, id } => {
                sql.push(&format!("({key}, t0.\"id\") {sign} ("));
                sql.bind_all([value, SqlValue::Integer(id)]).push(")");
            }
            Self::Empty { key, empty, id } => {
                sql.push(&key).push(if empty { " IS NULL" } else { " IS NOT NULL" });
                if let Some((sign, id)) = id {
                    sql.push(&format!(" AND t0.\"id\" {sign} ")).bind(SqlValue::Integer(id));
                }
            }
            Self::Lines(lines) => {
                for (at, line) in lines.into_iter().enumerate() {
                    sql.push(if at == 0 { "((" } else { " OR (" });
                    for (at, (key, value, relation)) in line.into_iter().enumerate() {
                        sql.push(if at == 0 { "" } else { " AND " });
                        relation.write(sql, &key, value);
                    }
                    sql.push(")");
                }
                sql.push(")");
            }
        }
    }
}

impl Relation {
    fn write(self, sql: &mut Sql, key: &str, value: SqlValue) {
        let empty = value == SqlValue::Null;
        match (self, empty) {
            (Self::Same, true) => drop(sql.push(key).push(" IS NULL")),
            (Self::Same, false) => drop(sql.push(key).push(" = ").bind(value)),
            (Self::After(Direction::Ascending), true) => drop(sql.push(key).push(" IS NOT NULL")),
            (Self::After(Direction::Ascending), false) => {
                sql.push(key).push(" > ").bind(value);
            }
            (Self::After(Direction::Descending), true) => drop(sql.push("FALSE")),
            (Self::After(Direction::Descending), false) => {
                sql.push("(").push(key).push(" < ").bind(value);
                sql.push(" OR ").push(key).push(" IS NULL)");
            }
        }
    }
}
