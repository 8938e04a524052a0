//! Which migrations a database has taken, each with a hash of what it was. At every start the
//! database is compared with them, so that nobody works on one that is not what the program
//! believes it to be.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_base::{Refusal, Result};
use sha2::{Digest, Sha256};

use crate::dialect::Dialect;
use crate::hold::lock_number;
use crate::migration::{Migration, schema_after, statements};
use crate::session::Session;
use crate::sql::SqlValue;

/// PostgreSQL cuts longer names.
const POSTGRES_NAME_BYTES: usize = 63;

/// Takes all migrations that this database has not taken yet; each in a transaction of its own. Of
/// several programs that start at once one goes after the other, and each looks anew at what the
/// others took meanwhile.
///
/// # Errors
/// `schema-newer`, `schema-edited`, `schema-lacks` when the database is not what the migrations
/// lead to; nothing is changed then.
pub(crate) async fn bring_up_to_date(
    session: &mut Session,
    migrations: &[Migration],
) -> Result<()> {
    begin_alone(session).await?;
    for ledger in [
        "CREATE TABLE IF NOT EXISTS \"migration\" \
         (\"number\" BIGINT PRIMARY KEY, \"name\" TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS \"migration_hash\" \
         (\"number\" BIGINT PRIMARY KEY, \"hash\" TEXT NOT NULL)",
    ] {
        session.execute(&session.sql(ledger)).await?;
    }
    let taken = newest_taken(session).await?;
    compare(session, migrations, taken).await?;
    session.commit().await?;
    loop {
        begin_alone(session).await?;
        let taken = newest_taken(session).await?;
        let next = migrations.iter().find(|migration| migration.number > taken);
        if let Some(migration) = next {
            take(session, migration).await?;
        }
        session.commit().await?;
        if next.is_none() {
            return Ok(());
        }
    }
}

/// Begins a transaction that no other program begins so before it ends. SQLite has one writer.
pub(crate) async fn begin_alone(session: &mut Session) -> Result<()> {
    session.begin_patiently().await?;
    if session.dialect() == Dialect::Postgres {
        let mut lock = session.sql("SELECT CAST(pg_advisory_xact_lock(");
        lock.bind(SqlValue::Integer(lock_number("migrations"))).push(") AS TEXT)");
        session.rows(&lock).await?;
    }
    Ok(())
}

async fn newest_taken(session: &mut Session) -> Result<i64> {
    let newest = session.sql("SELECT COALESCE(MAX(\"number\"), 0) FROM \"migration\"");
    session.rows(&newest).await?[0][0].integer()
}

/// Takes one migration.
async fn take(session: &mut Session, migration: &Migration) -> Result<()> {
    for statement in statements(session.dialect(), migration) {
        session.execute(&session.sql(statement)).await?;
    }
    let mut note = session.sql("INSERT INTO \"migration\" VALUES (");
    note.bind_all([SqlValue::Integer(migration.number), SqlValue::Text(migration.name.clone())]);
    note.push(")");
    session.execute(&note).await?;
    note_hash(session, migration).await
}

/// What a migration is, whatever the layout of its file.
fn hash(migration: &Migration) -> Result<String> {
    let digest = Sha256::digest(migration.to_json()?);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

async fn note_hash(session: &mut Session, migration: &Migration) -> Result<()> {
    let mut note = session.sql("INSERT INTO \"migration_hash\" VALUES (");
    note.bind_all([SqlValue::Integer(migration.number), SqlValue::Text(hash(migration)?)]);
    note.push(") ON CONFLICT (\"number\") DO NOTHING");
    session.execute(&note).await.map(drop)
}

/// Compares what the database has taken with the migrations, and what is in it with what they lead
/// to. One from before hashes were kept is taken over when it has all that it should have.
async fn compare(session: &mut Session, migrations: &[Migration], taken: i64) -> Result<()> {
    if let Some(last) = migrations.last().filter(|last| last.number < taken) {
        let refusal = Refusal::new("schema-newer").with("taken", taken);
        return Err(refusal.with("known", last.number).into());
    }
    let known = session.sql("SELECT \"number\", \"hash\" FROM \"migration_hash\"");
    let mut hashes = BTreeMap::new();
    for row in session.rows(&known).await? {
        hashes.insert(row[0].integer()?, row[1].clone().into_text()?);
    }
    let old: Vec<Migration> =
        migrations.iter().filter(|one| one.number <= taken).cloned().collect();
    for migration in &old {
        let expected = hash(migration)?;
        if hashes.get(&migration.number).is_some_and(|known| *known != expected) {
            let refusal = Refusal::new("schema-edited").with("number", migration.number);
            return Err(refusal.with("name", &migration.name).into());
        }
    }
    if let Some(what) = missing(session, &old).await? {
        return Err(Refusal::new("schema-lacks").with("what", what).with("number", taken).into());
    }
    for migration in old.iter().filter(|one| !hashes.contains_key(&one.number)) {
        note_hash(session, migration).await?;
    }
    Ok(())
}

/// The first table, column or unique index that these migrations made and that is not there.
async fn missing(session: &mut Session, migrations: &[Migration]) -> Result<Option<String>> {
    let dialect = session.dialect();
    let columns = match dialect {
        Dialect::Sqlite => {
            "SELECT m.name, p.name, lower(p.type) FROM sqlite_master m \
             JOIN pragma_table_info(m.name) p WHERE m.type = 'table'"
        }
        Dialect::Postgres => {
            "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod) \
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
             JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() \
             AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped"
        }
    };
    let indexes = match dialect {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'index'",
        Dialect::Postgres => {
            "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n \
             ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind = 'i'"
        }
    };
    let mut there: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in session.rows(&session.sql(columns)).await? {
        let mut texts = row.into_iter().map(SqlValue::into_text);
        let mut next = || texts.next().unwrap_or(Ok(String::new()));
        let (table, column, kind) = (next()?, next()?, next()?);
        there.entry(table).or_default().insert(column, kind);
    }
    let mut known = BTreeSet::new();
    for mut row in session.rows(&session.sql(indexes)).await? {
        known.insert(row.remove(0).into_text()?);
    }
    for table in schema_after(migrations).tables {
        let Some(columns) = there.get(&table.name) else { return Ok(Some(table.name)) };
        for column in &table.columns {
            let kind = match dialect.column_type(column.column_type) {
                "TIMESTAMPTZ" => "timestamp with time zone".to_owned(),
                other => other.to_lowercase(),
            };
            if columns.get(&column.name) != Some(&kind) {
                return Ok(Some(format!("{}.{}", table.name, column.name)));
            }
        }
        for index in table.indexes.iter().filter(|index| index.unique) {
            let name = index.name(&table.name);
            let cut = match dialect {
                Dialect::Sqlite => name.as_str(),
                Dialect::Postgres => &name[..name.floor_char_boundary(POSTGRES_NAME_BYTES)],
            };
            if !known.contains(cut) {
                return Ok(Some(name));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use guanxi_base::{Clock, Error};
    use guanxi_testkit::{TestDatabase, both_databases};

    use super::*;
    use crate::migration::Step;
    use crate::schema::{Column, ColumnType, Index, Table};
    use crate::store::{Store, StoreConfig};

    both_databases!(
        a_database_that_lacks_something_is_refused,
        an_edited_migration_is_refused,
        a_database_from_before_hashes_is_taken_over,
        a_newer_database_is_refused,
    );

    fn column(name: &str, column_type: ColumnType) -> Column {
        let required = name == "id";
        Column { name: name.to_owned(), column_type, required, references: None, copies: None }
    }

    /// Two migrations of a small schema, and the tables that every store asks for.
    fn migrations() -> Vec<Migration> {
        let counter = Table {
            name: "counter".to_owned(),
            columns: vec![column("name", ColumnType::Text), column("value", ColumnType::Integer)],
            primary_key: vec!["name".to_owned()],
            indexes: Vec::new(),
        };
        let bird = Table {
            name: "bird".to_owned(),
            columns: vec![
                column("id", ColumnType::Integer),
                column("name", ColumnType::Text),
                column("seen", ColumnType::Instant),
                column("rare", ColumnType::Boolean),
                column("day", ColumnType::Date),
                column("song", ColumnType::Bytes),
                column("more", ColumnType::Json),
            ],
            primary_key: vec!["id".to_owned()],
            indexes: vec![Index { columns: vec!["name".to_owned()], unique: true }],
        };
        let first = vec![Step::CreateTable(counter), Step::CreateTable(bird)];
        let wing = column("wing", ColumnType::Integer);
        let second = vec![Step::AddColumn { table: "bird".to_owned(), column: wing }];
        [("first", first), ("second", second)]
            .into_iter()
            .zip(1..)
            .map(|((name, steps), number)| Migration { number, name: name.to_owned(), steps })
            .collect()
    }

    async fn open(database: &TestDatabase, migrations: Vec<Migration>) -> Result<Store> {
        let clock = Clock::at("2026-03-18T08:00:00Z".parse().unwrap());
        let url = database.url();
        Store::open(StoreConfig { url, types: &[], migrations, clock, guard: None, complete: None })
            .await
    }

    async fn run(store: &Store, statements: &[&str]) {
        let mut session = store.writer().await.unwrap();
        for statement in statements {
            session.execute(&session.sql(*statement)).await.unwrap();
        }
    }

    /// The code and what it names.
    fn refused(outcome: Result<Store>) -> String {
        match outcome.map(drop) {
            Err(Error::Refused(why)) => why[0].to_string(),
            other => panic!("{other:?}"),
        }
    }

    async fn a_database_that_lacks_something_is_refused(database: TestDatabase) {
        let store = open(&database, migrations()).await.unwrap();
        run(&store, &["ALTER TABLE bird DROP COLUMN wing"]).await;
        let outcome = open(&database, migrations()).await;
        assert_eq!(refused(outcome), "schema-lacks what=bird.wing number=2");
        run(&store, &["ALTER TABLE bird ADD COLUMN wing TEXT"]).await;
        let outcome = open(&database, migrations()).await;
        assert_eq!(refused(outcome), "schema-lacks what=bird.wing number=2", "another shape");
        let mended =
            ["ALTER TABLE bird DROP COLUMN wing", "ALTER TABLE bird ADD COLUMN wing BIGINT"];
        run(&store, &mended[..1]).await;
        match store.is_embedded() {
            true => run(&store, &["ALTER TABLE bird ADD COLUMN wing INTEGER"]).await,
            false => run(&store, &mended[1..]).await,
        }
        drop(open(&database, migrations()).await.unwrap());
        run(&store, &["DROP INDEX \"bird.name.key\""]).await;
        let outcome = open(&database, migrations()).await;
        assert_eq!(refused(outcome), "schema-lacks what=bird.name.key number=2");
        run(&store, &["DROP TABLE bird"]).await;
        let outcome = open(&database, migrations()).await;
        assert_eq!(refused(outcome), "schema-lacks what=bird number=2");
    }

    async fn an_edited_migration_is_refused(database: TestDatabase) {
        drop(open(&database, migrations()[..1].to_vec()).await.unwrap());
        let mut edited = migrations();
        // What was taken is not what the program knows, though all that it made is there.
        let Step::CreateTable(bird) = &mut edited[0].steps[1] else { unreachable!() };
        bird.columns.pop();
        let outcome = open(&database, edited).await;
        assert_eq!(refused(outcome), "schema-edited number=1 name=first");
        // What was not taken yet may say what it likes.
        let mut next = migrations();
        next[1].name = "another".to_owned();
        drop(open(&database, next).await.unwrap());
        let outcome = open(&database, migrations()).await;
        assert_eq!(refused(outcome), "schema-edited number=2 name=second");
    }

    async fn a_database_from_before_hashes_is_taken_over(database: TestDatabase) {
        let old = open(&database, migrations()[..1].to_vec()).await.unwrap();
        run(&old, &["INSERT INTO bird (id, name) VALUES (1, 'Wren')", "DROP TABLE migration_hash"])
            .await;
        let store = open(&database, migrations()).await.unwrap();
        let mut session = store.reader().await.unwrap();
        let hashes = session.sql("SELECT COUNT(*) FROM migration_hash");
        assert_eq!(session.value(&hashes).await.unwrap().unwrap().integer().unwrap(), 2);
        let kept = session.sql("SELECT name FROM bird WHERE wing IS NULL");
        assert_eq!(session.value(&kept).await.unwrap().unwrap().into_text().unwrap(), "Wren");
        drop(session);
        // Without hashes, what is in it decides.
        run(&store, &["DROP TABLE migration_hash", "ALTER TABLE bird DROP COLUMN rare"]).await;
        let outcome = open(&database, migrations()).await;
        assert_eq!(refused(outcome), "schema-lacks what=bird.rare number=2");
    }

    async fn a_newer_database_is_refused(database: TestDatabase) {
        drop(open(&database, migrations()).await.unwrap());
        let outcome = open(&database, migrations()[..1].to_vec()).await;
        assert_eq!(refused(outcome), "schema-newer taken=2 known=1");
    }
}
