//! Finding records by words: an index in the same transaction as the record, so that what was
//! just written is found at once.

use std::collections::{BTreeSet, HashMap, HashSet};

use guanxi_base::{RawId, Result};
use guanxi_record::{Catalog, Field, Kind, RecordType, Row, Value};

use crate::actor::{Actor, Purpose, Rights};
use crate::condition::Conditions;
use crate::dialect::Dialect;
use crate::session::Session;
use crate::sql::{Sql, SqlRow, SqlValue};
use crate::terms;
use crate::titles::Archived;
use crate::view::View;
use crate::wanted::{self, Wanted};

/// So many candidates are ranked; whoever finds more must say more.
const CANDIDATES_MAX: usize = 200;

/// A record that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The name of its type.
    pub record_type: String,
    /// Its id.
    pub id: RawId,
    /// What people call it.
    pub title: String,
}

/// The values of a record that are searched: its name first, empty where that is not.
pub(crate) fn searched<'a>(
    record_type: &'a RecordType,
    values: &[Value],
) -> Vec<(&'a Kind, String)> {
    let title = record_type.title_position();
    let named = record_type.fields.get(title).filter(|field| field.searchable);
    let name = named.and(values.get(title)).map(Value::to_text).unwrap_or_default();
    let mut found = vec![(named.map_or(&Kind::Text, |field| &field.kind), name)];
    let fields = record_type.fields.iter().zip(values).enumerate().filter(|(at, (field, _))| {
        *at != title && field.searchable && !matches!(field.kind, Kind::Json)
    });
    let besides = fields.map(|(_, (field, value))| (&field.kind, value.to_text()));
    found.extend(besides.filter(|(_, text)| !text.is_empty()));
    found
}

/// A record as it is searched.
struct Document {
    /// Each value on a line, folded, the name first: some may search by nothing else.
    body: String,
    /// The terms of the name as they are, and those of all else marked: whoever may not see each
    /// field that is searched finds records by their names only.
    terms: String,
}

impl Document {
    fn of(record_type: &RecordType, values: &[Value]) -> Option<Self> {
        let searched = searched(record_type, values);
        let line = |text: &str| terms::fold(text).replace(['\n', '\r'], " ");
        let lines: Vec<String> = searched.iter().map(|(_, text)| line(text)).collect();
        let body = lines.join("\n");
        if body.trim().is_empty() {
            return None;
        }
        let mut all = BTreeSet::new();
        for (at, (kind, text)) in searched.iter().enumerate() {
            let of = terms::of_value(kind, text);
            match at {
                0 => all.extend(of),
                _ => all.extend(of.iter().map(|term| format!("{}{term}", terms::BESIDES_MARK))),
            }
        }
        Some(Self { body, terms: all.into_iter().collect::<Vec<_>>().join(" ") })
    }
}

/// By which fields of a type somebody may search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    All,
    NameOnly,
    Nothing,
}

impl Reach {
    fn of(rights: &Rights, record_type: &RecordType) -> Self {
        let reads = |field: &Field| rights.reads(&record_type.name, &field.name);
        let mut searched = record_type.fields.iter().filter(|field| field.searchable);
        if searched.clone().all(reads) {
            return Self::All;
        }
        let name = searched.find(|field| field.name == record_type.title);
        if name.is_some_and(reads) { Self::NameOnly } else { Self::Nothing }
    }
}

/// Enters records that are not in the index yet.
pub(crate) async fn add(
    session: &mut Session,
    record_type: &RecordType,
    rows: &[Row],
) -> Result<()> {
    if !record_type.fields.iter().any(|field| field.searchable) {
        return Ok(());
    }
    let found =
        rows.iter().filter_map(|row| Some((row.id, Document::of(record_type, &row.values)?)));
    let mut documents: Vec<SqlRow> = Vec::new();
    let mut terms: Vec<SqlRow> = Vec::new();
    for (id, Document { body, terms: all }) in found {
        let id = SqlValue::Integer(id.0);
        let text = SqlValue::Text(all);
        let name = SqlValue::Text(record_type.name.to_string());
        match session.dialect() {
            Dialect::Sqlite => {
                documents.push(vec![id.clone(), name, SqlValue::Text(body)]);
                terms.push(vec![id, text]);
            }
            // A tsvector's text form: words without quotes need none.
            Dialect::Postgres => documents.push(vec![id, name, SqlValue::Text(body), text]),
        }
    }
    if documents.is_empty() {
        return Ok(());
    }
    match session.dialect() {
        Dialect::Sqlite => {
            session.insert_rows("search_document", &["id", "type", "body"], &documents).await?;
            session.insert_rows("search_index", &["rowid", "terms"], &terms).await
        }
        Dialect::Postgres => {
            let columns = ["id", "type", "body", "terms"];
            session.insert_rows("search_document", &columns, &documents).await
        }
    }
}

/// Takes records out of the index.
pub(crate) async fn remove(session: &mut Session, ids: &[RawId]) -> Result<()> {
    for chunk in ids.chunks(500) {
        let tables: &[(&str, &str)] = match session.dialect() {
            Dialect::Sqlite => &[("search_index", "rowid"), ("search_document", "id")],
            Dialect::Postgres => &[("search_document", "id")],
        };
        for (table, id) in tables {
            let mut sql = session.sql(format!("DELETE FROM {table} WHERE {id} IN ("));
            sql.bind_all(chunk.iter().map(|id| SqlValue::Integer(id.0))).push(")");
            session.execute(&sql).await?;
        }
    }
    Ok(())
}

/// The words as the database's own query language. Terms hold letters and digits only, so
/// nothing that a person types can be an operator.
fn native_query(dialect: Dialect, words: &str, reach: Reach) -> Option<String> {
    let wanted = wanted::of_query(words).filter(|_| reach != Reach::Nothing)?;
    Some(native(dialect, &wanted, reach))
}

fn native(dialect: Dialect, wanted: &Wanted, reach: Reach) -> String {
    let (and, or) = match dialect {
        Dialect::Sqlite => (" AND ", " OR "),
        Dialect::Postgres => (" & ", " | "),
    };
    let join = |list: &[Wanted], between: &str| {
        let all = list.iter().map(|one| native(dialect, one, reach)).collect::<Vec<_>>();
        format!("({})", all.join(between))
    };
    match wanted {
        Wanted::Term(term) => native_term(dialect, &term.text, term.prefix, reach),
        Wanted::All(all) => join(all, and),
        Wanted::Any(any) => join(any, or),
    }
}

fn native_whole(dialect: Dialect, words: &str, reach: Reach) -> String {
    let all = terms::wholes(words);
    let all = all.iter().map(|term| native_term(dialect, term, false, reach));
    all.collect::<Vec<_>>().join(if dialect == Dialect::Sqlite { " OR " } else { " | " })
}

fn native_term(dialect: Dialect, term: &str, prefix: bool, reach: Reach) -> String {
    let one = |mark: &str| match (dialect, prefix) {
        (Dialect::Sqlite, true) => format!("\"{mark}{term}\"*"),
        (Dialect::Sqlite, false) => format!("\"{mark}{term}\""),
        (Dialect::Postgres, true) => format!("'{mark}{term}':*"),
        (Dialect::Postgres, false) => format!("'{mark}{term}'"),
    };
    if reach == Reach::NameOnly {
        return one("");
    }
    let or = if dialect == Dialect::Sqlite { "OR" } else { "|" };
    format!("({} {or} {})", one(""), one(&terms::BESIDES_MARK.to_string()))
}

/// Restricts a list to the records that the words find, or that are shown in them.
pub(crate) fn condition(
    sql: &mut Sql,
    record_type: &RecordType,
    alias: &str,
    words: &str,
    (actor, catalog): (&Actor, &Catalog),
) {
    let reach = Reach::of(&actor.rights, record_type);
    let mut asked: Vec<String> = native_query(sql.dialect, words, reach).into_iter().collect();
    if let Some(wording) = actor.wording {
        let kept = wording.searched(catalog, &[&record_type.name], words);
        asked.extend(kept.iter().filter_map(|(_, text, _)| native_query(sql.dialect, text, reach)));
    }
    sql.push(if asked.is_empty() { "FALSE" } else { "(" });
    for (at, query) in asked.iter().enumerate() {
        sql.push(if at > 0 { " OR " } else { "" });
        sql.push(alias);
        let query = SqlValue::Text(query.clone());
        match sql.dialect {
            Dialect::Sqlite => {
                sql.push(".\"id\" IN (SELECT rowid FROM search_index WHERE search_index MATCH ");
                sql.bind(query).push(")");
            }
            Dialect::Postgres => {
                sql.push(".\"id\" IN (SELECT id FROM search_document WHERE terms @@ (");
                sql.bind(query).push("::text)::tsquery AND type = ");
                sql.bind(SqlValue::Text(record_type.name.to_string())).push(")");
            }
        }
    }
    sql.push(if asked.is_empty() { "" } else { ")" });
}

impl View {
    /// The records that the words find, best first, of all types or of these.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search(&mut self, words: &str, types: &[&str], limit: usize) -> Result<Vec<Hit>> {
        let mut candidates = self.all_candidates(words, types, CANDIDATES_MAX).await?;
        let wanted = terms::fold(words.trim());
        let wanted = wanted.trim();
        // What the product wrote is found by the words in which this reader is shown it.
        let mut worded = HashMap::new();
        if let Some(wording) = self.actor.wording {
            for (of, text, shown) in wording.searched(&self.catalog.clone(), types, words) {
                candidates.extend(self.all_candidates(text, &[&of], CANDIDATES_MAX).await?);
                worded.insert(terms::fold(text), terms::fold(shown));
            }
            let mut seen = HashSet::new();
            candidates.retain(|(id, _, _)| seen.insert(*id));
        }
        candidates.sort_by_key(|(id, _, body)| {
            let kept = body.lines().next().unwrap_or_default();
            let name = worded.get(kept).map_or(kept, String::as_str);
            let rank = match name {
                name if name == wanted => 0,
                name if name.starts_with(wanted) => 1,
                name if name.contains(wanted) => 2,
                _ if body.contains(wanted) => 3,
                _ => 4,
            };
            (rank, name.len(), std::cmp::Reverse(*id))
        });
        self.visible_hits(candidates, limit).await
    }

    /// Some records that the words find, in no order: those that have them as the whole of a field
    /// before others. For who compares them anyway.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search_some(
        &mut self,
        words: &str,
        types: &[&str],
        limit: usize,
    ) -> Result<Vec<Hit>> {
        let candidates = self.all_candidates(words, types, limit).await?;
        self.visible_hits(candidates, limit).await
    }

    /// The ids of the records of a type that have one of these terms, archived ones too, whoever may
    /// see them: for who asks for the records afterwards.
    pub(crate) async fn ids_of_terms(
        &mut self,
        record_type: &RecordType,
        terms: &[String],
    ) -> Result<Vec<RawId>> {
        let dialect = self.session.dialect();
        let reach = Reach::of(&self.actor.rights, record_type);
        if terms.is_empty() || reach == Reach::Nothing {
            return Ok(Vec::new());
        }
        let written = terms.iter().map(|term| native_term(dialect, term, false, reach));
        let or = if dialect == Dialect::Sqlite { " OR " } else { " | " };
        let query = SqlValue::Text(written.collect::<Vec<_>>().join(or));
        let mut sql = self.session.sql("SELECT ");
        match dialect {
            Dialect::Sqlite => {
                sql.push("t0.\"id\" FROM ").name(&record_type.name).push(" t0 WHERE t0.\"id\" IN ");
                sql.push("(SELECT rowid FROM search_index WHERE search_index MATCH ");
                sql.bind(query).push(")");
            }
            // Not told beforehand how many terms there are, PostgreSQL asks the index: it believes
            // that hundreds of them find most of the table, and would read all of that.
            Dialect::Postgres => {
                sql.push("id FROM search_document WHERE terms @@ (SELECT (");
                sql.bind(query).push("::text)::tsquery) AND type = ");
                sql.bind(SqlValue::Text(record_type.name.to_string()));
            }
        }
        let rows = self.session.rows_anywhere(&sql).await?;
        rows.iter().map(|row| row[0].integer().map(RawId)).collect()
    }

    /// Puts into its place what PostgreSQL keeps for later of the index of words: until then every
    /// question reads all of that. For who is about to ask many.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn tidy_index(&mut self) -> Result<()> {
        if self.session.dialect() == Dialect::Postgres {
            let sql = self.session.sql(
                "SELECT CASE WHEN pg_has_role(relowner, 'USAGE') \
                 THEN gin_clean_pending_list(oid::regclass) END \
                 FROM pg_class WHERE oid = to_regclass('search_document_terms')",
            );
            self.session.rows(&sql).await?;
        }
        Ok(())
    }

    /// Up to `limit` candidates for each way to search.
    async fn all_candidates(
        &mut self,
        words: &str,
        types: &[&str],
        limit: usize,
    ) -> Result<Vec<(RawId, String, String)>> {
        let dialect = self.session.dialect();
        let mut candidates = Vec::new();
        for reach in [Reach::All, Reach::NameOnly] {
            let Some(query) = native_query(dialect, words, reach) else { return Ok(Vec::new()) };
            for native in [native_whole(dialect, words, reach), query] {
                candidates.extend(self.candidates(native, types, (reach, limit)).await?);
            }
        }
        let mut seen = HashSet::new();
        candidates.retain(|(id, _, _)| seen.insert(*id));
        Ok(candidates)
    }

    async fn candidates(
        &mut self,
        native: String,
        types: &[&str],
        (reach, limit): (Reach, usize),
    ) -> Result<Vec<(RawId, String, String)>> {
        let mut sql = self.session.sql(match self.session.dialect() {
            Dialect::Sqlite => {
                "SELECT d.id, d.type, d.body FROM search_index i \
                 JOIN search_document d ON d.id = i.rowid WHERE search_index MATCH "
            }
            Dialect::Postgres => {
                "SELECT d.id, d.type, d.body FROM search_document d WHERE d.terms @@ ("
            }
        });
        sql.bind(SqlValue::Text(native));
        if self.session.dialect() == Dialect::Postgres {
            sql.push("::text)::tsquery");
        }
        if !self.restrict_types(&mut sql, types, reach)? {
            return Ok(Vec::new());
        }
        sql.push(&format!(" LIMIT {limit}"));
        let rows = self.session.rows_anywhere(&sql).await?;
        rows.into_iter()
            .map(|row| {
                let mut row = row.into_iter();
                let mut next = || row.next().unwrap_or(SqlValue::Null);
                let (id, name, mut body) =
                    (RawId(next().integer()?), next().into_text()?, next().into_text()?);
                if reach == Reach::NameOnly {
                    // Nor must the order of what is found tell what else is in it.
                    body.truncate(body.find('\n').unwrap_or(body.len()));
                }
                Ok((id, name, body))
            })
            .collect()
    }

    /// Only types that are wanted and may be read, and of those that may be read in part, that part:
    /// the candidates of others must not take the places. False where nothing is left.
    fn restrict_types(&self, sql: &mut Sql, types: &[&str], reach: Reach) -> Result<bool> {
        let catalog = self.catalog.clone();
        let (mut whole, mut parts, mut all) = (Vec::new(), Vec::new(), types.is_empty());
        for record_type in catalog.types() {
            if !types.is_empty() && !types.contains(&&*record_type.name) {
                continue;
            }
            if Reach::of(&self.actor.rights, record_type) != reach {
                all = false;
                continue;
            }
            let told = self.actor.rights.told_on(&record_type.name, &record_type.title);
            match self.actor.rights.scope(&record_type.name, Purpose::Read) {
                Some(scope) if scope.is_everything() && told.is_none() => {
                    whole.push(record_type);
                    continue;
                }
                Some(_) => parts.push(record_type),
                None => {}
            }
            all = false;
        }
        if all {
            return Ok(true);
        }
        sql.push(" AND (FALSE");
        if !whole.is_empty() {
            sql.push(" OR d.type IN (");
            sql.bind_all(whole.iter().map(|one| SqlValue::Text(one.name.to_string()))).push(")");
        }
        let mut conditions = Conditions::new(&catalog, &self.actor, self.now);
        for record_type in &parts {
            sql.push(" OR (d.type = ").bind(SqlValue::Text(record_type.name.to_string()));
            sql.push(" AND EXISTS (SELECT 1 FROM ").name(&record_type.name);
            sql.push(" t0 WHERE t0.\"id\" = d.id AND ");
            conditions.scope(sql, record_type, "t0", Purpose::Read)?;
            conditions.and_told(sql, record_type, "t0", &record_type.title)?;
            sql.push("))");
        }
        sql.push(")");
        Ok(!whole.is_empty() || !parts.is_empty())
    }

    /// Keeps what the Actor may see, in order, with its name.
    async fn visible_hits(
        &mut self,
        candidates: Vec<(RawId, String, String)>,
        limit: usize,
    ) -> Result<Vec<Hit>> {
        let mut hits = Vec::with_capacity(limit);
        for chunk in candidates.chunks(limit.max(20)) {
            let mut by_type: std::collections::BTreeMap<&str, Vec<RawId>> =
                std::collections::BTreeMap::new();
            for (id, record_type, _) in chunk {
                by_type.entry(record_type).or_default().push(*id);
            }
            let mut titles = std::collections::HashMap::new();
            for (record_type, ids) in by_type {
                titles.extend(self.titles_among(record_type, &ids, Archived::Hide).await?);
            }
            for (id, record_type, _) in chunk {
                if let Some(title) = titles.remove(id) {
                    let record_type = record_type.clone();
                    hits.push(Hit { record_type, id: *id, title });
                }
            }
            if hits.len() >= limit {
                break;
            }
        }
        hits.truncate(limit);
        Ok(hits)
    }
}
