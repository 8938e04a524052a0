//! Reading: the one layer through which every face of the product sees records. It adds what the
//! Actor may see to every statement, so that no list, count, link or chart can leak.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use guanxi_base::{Error, Id, RawId, Refusal, Result, Timestamp};
use guanxi_record::{Catalog, Cursor, Filter, Query, Record, RecordType, Row, Stored, Value};
use serde_json::Value as Json;

use crate::actor::{Actor, Purpose, Rights};
use crate::columns::{read_row, select_list};
use crate::condition::Conditions;
use crate::dialect::Dialect;
use crate::order::{Order, Start};
use crate::session::Session;
use crate::sql::{Sql, SqlRow, SqlValue};
use crate::titles::Archived;

/// What one Actor sees of one database at one time.
pub struct View {
    pub(crate) session: Session,
    pub(crate) actor: Actor,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) now: Timestamp,
    /// What lists must be allowed for besides reading.
    pub(crate) besides: Option<Purpose>,
    /// To whom refusals tell names, where what is done is done with other rights than theirs.
    pub(crate) told_to: Option<Rights>,
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

    /// When it began to look.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// From now on the Actor has these rights; what they had. For rules that look at more than who
    /// asked may see: give them back before anything is shown.
    pub fn act_with(&mut self, rights: Rights) -> Rights {
        std::mem::replace(&mut self.actor.rights, rights)
    }

    /// From now on everything is done with all rights, for whoever asked for it: what that is refused for
    /// is told as far as they see.
    pub fn act_for_them(&mut self) {
        let theirs = self.act_with(Rights::All);
        self.told_to.get_or_insert(theirs);
    }

    /// The rights by which it is told what is refused.
    #[must_use]
    pub fn told_to(&self) -> &Rights {
        self.told_to.as_ref().unwrap_or(&self.actor.rights)
    }

    /// From now on lists, counts and groups have only records that may be used for this too.
    pub fn restrict_to(&mut self, purpose: Purpose) {
        self.besides = Some(purpose);
    }

    /// Whether the Actor may use a record for a purpose.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn may(&mut self, record_type: &str, id: RawId, purpose: Purpose) -> Result<bool> {
        let scopes = [purpose, Purpose::Read].map(|one| self.actor.rights.scope(record_type, one));
        if scopes.iter().any(Option::is_none) {
            return Ok(false);
        }
        if scopes.iter().flatten().all(|scope| scope.is_everything()) {
            return Ok(true);
        }
        let record_type = self.catalog.get(record_type)?.clone();
        Ok(self.row_for(&record_type, id, purpose).await?.is_some())
    }

    /// Whether a record passes a filter of a rule, which looks at what the Actor may not see.
    ///
    /// # Errors
    /// A refusal when the filter does not fit the type.
    pub async fn passes(&mut self, record_type: &str, id: RawId, rule: &Filter) -> Result<bool> {
        let record_type = self.catalog.get(record_type)?.clone();
        let mut sql = self.session.sql("SELECT 1 FROM ");
        sql.name(&record_type.name).push(" t0 WHERE t0.\"id\" = ");
        sql.bind(SqlValue::Integer(id.0)).push(" AND ");
        Conditions::new(&self.catalog, &self.actor, self.now).rule(
            &mut sql,
            &record_type,
            "t0",
            rule,
        )?;
        Ok(!self.session.rows(&sql).await?.is_empty())
    }

    /// Whether the Actor is shown a field of a record that they see: of those that are shown on some
    /// records only, whether on this one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tells(&mut self, record_type: &str, id: RawId, field: &str) -> Result<bool> {
        let rights = self.actor.rights.clone();
        match rights.told_on(record_type, field) {
            Some(on) => self.passes(record_type, id, on).await,
            None => Ok(rights.reads(record_type, field)),
        }
    }

    /// One record.
    ///
    /// # Errors
    /// `NotFound` when it is not there or not the Actor's to see; `Forbidden` when the Actor may
    /// see it but not for this purpose.
    pub async fn row(&mut self, record_type: &str, id: RawId, purpose: Purpose) -> Result<Row> {
        let row = self.unmasked_row(record_type, id, purpose).await?;
        let described = self.catalog.get(record_type)?.clone();
        self.withheld(&described, row).await
    }

    /// One record with all that it holds: for rules, never for eyes.
    ///
    /// # Errors
    /// As `row`.
    pub(crate) async fn unmasked_row(
        &mut self,
        record_type: &str,
        id: RawId,
        purpose: Purpose,
    ) -> Result<Row> {
        let record_type = self.catalog.get(record_type)?.clone();
        if let Some(row) = self.row_for(&record_type, id, purpose).await? {
            return Ok(row);
        }
        let readable = purpose != Purpose::Read
            && self.row_for(&record_type, id, Purpose::Read).await?.is_some();
        Err(if readable { Error::Forbidden } else { Error::NotFound })
    }

    /// One record as its Rust type, with all that it holds: for rules, never for eyes.
    ///
    /// # Errors
    /// As `row`.
    pub async fn fetch<T: Record>(&mut self, purpose: Purpose, id: Id<T>) -> Result<Stored<T>> {
        self.unmasked_row(T::NAME, id.raw(), purpose).await?.try_into()
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
        let (mut rows, mut told) = (Vec::new(), Vec::new());
        for part in order.parts(self.session.dialect(), query.after.as_ref())? {
            if rows.len() > limit {
                break;
            }
            let more = limit + 1 - rows.len();
            let rows_of_part = self.list_part(&record_type, query, &order, part.as_ref(), more);
            for mut columns in rows_of_part.await? {
                told.push(self.take_told(&record_type, &mut columns));
                rows.push(read_row(&record_type, columns)?);
            }
        }
        let next = (rows.len() > limit).then(|| {
            rows.truncate(limit);
            order.cursor(&record_type, &rows[limit - 1])
        });
        for (row, told) in rows.iter_mut().zip(&told) {
            crate::withhold::withhold(&self.actor, &record_type, row, told);
        }
        self.withhold_about_others(&record_type, &mut rows, &told).await?;
        Ok(Page { rows, next })
    }

    /// One statement of a list. SQLite weighs an index of the filter against the index of the
    /// order without knowing how common the value is: rare, the filter finds all at once; common,
    /// the order fills a page at once. So what SQLite would do is tried for a moment, then the
    /// order for a longer one; what neither finds gets all the time that it needs, elsewhere.
    async fn list_part(
        &mut self,
        record_type: &RecordType,
        query: &Query,
        order: &Order,
        part: Option<&Start>,
        limit: usize,
    ) -> Result<Vec<SqlRow>> {
        const MOMENT: i32 = 30_000;
        const WHILE: i32 = Session::INLINE_STEPS_MAX;
        let free = self.list_statement(record_type, query, order, part, limit, None)?;
        let sqlite = self.session.dialect() == Dialect::Sqlite;
        let hint = order.index(record_type, query).filter(|_| sqlite && query.search.is_none());
        let Some((index, serves_filter)) = hint else {
            return self.session.rows_anywhere(&free).await;
        };
        let by_index = self.list_statement(record_type, query, order, part, limit, Some(&index))?;
        let tries: &[(&Sql, i32)] = if serves_filter {
            &[(&by_index, WHILE)]
        } else {
            &[(&free, MOMENT), (&by_index, WHILE)]
        };
        for (sql, steps_max) in tries {
            if let Some(rows) = self.session.quick_rows(sql, *steps_max).await? {
                return Ok(rows);
            }
        }
        self.session.long_rows(&free).await
    }

    /// A statement of a list that reads by this index, or as the database chooses.
    fn list_statement(
        &self,
        record_type: &RecordType,
        query: &Query,
        order: &Order,
        part: Option<&Start>,
        limit: usize,
        index: Option<&String>,
    ) -> Result<Sql> {
        let columns = select_list(record_type, "t0");
        let mut sql = self.session.sql(format!("SELECT {columns}"));
        self.select_told(&mut sql, record_type)?;
        sql.push(" FROM ").name(&record_type.name).push(" t0");
        let mut conditions = Conditions::new(&self.catalog, &self.actor, self.now);
        if let Some(index) = index {
            sql.push(" INDEXED BY ").name(index);
            conditions = conditions.row_by_row();
        }
        sql.push(" WHERE ");
        restrict(conditions, &mut sql, record_type, query, &self.purposes(Purpose::Read))?;
        if let Some(part) = part {
            sql.push(" AND ");
            part.write(&mut sql);
        }
        let by = order.sql(sql.dialect);
        sql.push(&format!(" ORDER BY {by} LIMIT {limit}"));
        Ok(sql)
    }

    /// Writes which records a query means: archived or not, the Actor's, filtered, found.
    fn restrict(
        &self,
        sql: &mut Sql,
        record_type: &RecordType,
        query: &Query,
        purpose: Purpose,
    ) -> Result<()> {
        let conditions = Conditions::new(&self.catalog, &self.actor, self.now);
        restrict(conditions, sql, record_type, query, &self.purposes(purpose))
    }

    /// What records must be allowed for.
    pub(crate) fn purposes(&self, purpose: Purpose) -> Vec<Purpose> {
        std::iter::once(purpose).chain(self.besides).collect()
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
        let rows = self.session.rows_anywhere(&sql).await?;
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
        let rows = self.session.rows_anywhere(&sql).await?;
        rows.iter().map(|row| row[0].integer().map(RawId)).collect()
    }

    /// The names of all records that these rows link to, as far as the Actor may see them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn link_titles(&mut self, record_type: &RecordType, rows: &[Row]) -> Result<Titles> {
        self.link_titles_of(&[(record_type, rows)]).await
    }

    /// The same of several lists at once: one question for each type that they link to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn link_titles_of(&mut self, lists: &[(&RecordType, &[Row])]) -> Result<Titles> {
        let mut wanted: BTreeMap<String, BTreeSet<RawId>> = BTreeMap::new();
        for (record_type, rows) in lists {
            for (at, field) in record_type.fields.iter().enumerate() {
                let Some(target) = field.kind.leads_to() else { continue };
                let ids = rows.iter().filter_map(|row| row.values.get(at)).flat_map(Value::links);
                wanted.entry(target.to_owned()).or_default().extend(ids);
            }
        }
        let mut titles = Titles::new();
        for (target, ids) in wanted {
            let ids: Vec<RawId> = ids.into_iter().collect();
            titles.extend(match target.as_str() {
                crate::File::NAME => self.attached_names(&ids).await?,
                _ => self.titles_among(&target, &ids, Archived::Show).await?,
            });
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

fn restrict(
    mut conditions: Conditions<'_>,
    sql: &mut Sql,
    record_type: &RecordType,
    query: &Query,
    purposes: &[Purpose],
) -> Result<()> {
    sql.push(if query.with_archived { "TRUE" } else { "t0.\"archived_at\" IS NULL" });
    // What is asked stands before the rights: it is cheap and leaves few rows to look at closely.
    if !query.filter.is_everything() {
        sql.push(" AND (");
        conditions.write(sql, record_type, "t0", &query.filter)?;
        sql.push(")");
    }
    // The order would tell of the others what they hold.
    for sort in &query.sort {
        conditions.and_told(sql, record_type, "t0", &sort.field)?;
    }
    for purpose in purposes {
        sql.push(" AND ");
        conditions.scope(sql, record_type, "t0", *purpose)?;
    }
    if let Some(words) = query.search.as_deref().filter(|words| !words.trim().is_empty()) {
        sql.push(" AND ");
        conditions.matches(sql, record_type, "t0", words);
        conditions.and_told(sql, record_type, "t0", &record_type.title)?;
    }
    Ok(())
}
