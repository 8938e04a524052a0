//! An open database with its catalog of record types.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use guanxi_base::{Clock, Error, IdMaker, RawId, Refusal, Result};
use guanxi_record::{Catalog, Field, RecordType, Row, Value};
use serde_json::Value as Json;

use crate::actor::{Actor, Origin};
use crate::audit::Operation;
use crate::counter;
use crate::custom_field;
use crate::ledger;
use crate::log_order;
use crate::migration::Migration;
use crate::postgres::Postgres;
use crate::session::Session;
use crate::sqlite::Sqlite;
use crate::tx::Tx;
use crate::view::View;

/// So long somebody who waits for an answer waits for their turn to write, from when they asked.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// What a database is opened with.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// The record types of the product.
    pub types: &'static [&'static RecordType],
    /// All migrations, from the first.
    pub migrations: Vec<Migration>,
    /// Tells the time.
    pub clock: Clock,
    /// What every transaction passes before it is committed.
    pub guard: Option<Guard>,
    /// What records take from others.
    pub complete: Option<Complete>,
}

/// A record that a transaction changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its type.
    pub record_type: String,
    /// Its id.
    pub record: RawId,
    /// The record that it is part of.
    pub whole: Option<RawId>,
    /// What was done.
    pub operation: Operation,
    /// Old and new values, as the log keeps them; none of a new record.
    pub diff: Option<Json>,
}

impl Changed {
    /// Whether a field says something else than before: of a new record every field does.
    #[must_use]
    pub fn changes(&self, field: &str) -> bool {
        match self.operation {
            Operation::Create | Operation::Restore => true,
            Operation::Update => self.diff.as_ref().is_some_and(|diff| diff.get(field).is_some()),
            _ => false,
        }
    }
}

/// What every transaction passes before it is committed: a refusal rolls all of it back.
pub type Guard =
    for<'a> fn(&'a mut Tx, &'a [Changed]) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// Fills in what a record takes from others where nobody says, before its own rule is asked: by
/// whatever face it is made or changed. `old` is the record as it was.
pub type Complete = for<'a> fn(
    &'a mut Tx,
    &'a RecordType,
    &'a mut Vec<Value>,
    Option<&'a Row>,
) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    backend: Backend,
    types: &'static [&'static RecordType],
    catalog: RwLock<Arc<Catalog>>,
    ids: IdMaker,
    clock: Clock,
    pub(crate) guard: Option<Guard>,
    pub(crate) complete: Option<Complete>,
    kept: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// Jobs that this process claimed and has not begun on, and the worker of each claim.
    claimed_jobs: Mutex<HashMap<RawId, RawId>>,
}

enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Backend {
    async fn reader(&self) -> Result<Session> {
        Ok(match self {
            Self::Sqlite(sqlite) => Session::SqliteReader(sqlite.reader().await?),
            Self::Postgres(postgres) => postgres.session().await?,
        })
    }

    async fn writer(&self) -> Result<Session> {
        Ok(match self {
            Self::Sqlite(sqlite) => Session::SqliteWriter(sqlite.writer.clone().lock_owned().await),
            Self::Postgres(postgres) => postgres.session().await?,
        })
    }

    /// The turn to write records.
    async fn turn(&self) -> Result<Session> {
        match self {
            Self::Sqlite(_) => self.writer().await,
            Self::Postgres(postgres) => postgres.transaction().await,
        }
    }

    /// Until when somebody who waits for an answer waits for what others hold.
    fn wait_until(&self, until: Instant) -> Instant {
        match self {
            Self::Sqlite(_) => until,
            Self::Postgres(postgres) => postgres.wait_until(until),
        }
    }
}

/// Tells the processes that write to one database apart in the ids that they make: each that
/// opens it takes the next number, so that only the 1,024th after it has the same again.
async fn next_writer(session: &mut Session) -> Result<u16> {
    let number = counter::add(session, "#writer", 1).await?;
    Ok((number % IdMaker::WRITERS) as u16)
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0.backend {
            Backend::Sqlite(_) => "Store(SQLite)",
            Backend::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}

impl Store {
    /// Opens the database, makes it if it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be opened; `schema-newer`, `schema-edited`, `schema-lacks` when it is not what
    /// the migrations lead to.
    pub async fn open(config: StoreConfig) -> Result<Self> {
        let backend = match config.url.strip_prefix("sqlite:") {
            Some(path) => Backend::Sqlite(Sqlite::open(Path::new(path.trim_start_matches("//")))?),
            None if config.url.starts_with("postgres") => {
                Backend::Postgres(Postgres::open(&config.url)?)
            }
            None => {
                return Err(Error::internal(format!(
                    "{} is not a database address: use sqlite:PATH or postgres://…",
                    config.url
                )));
            }
        };
        let mut session = backend.writer().await?;
        ledger::bring_up_to_date(&mut session, &config.migrations).await?;
        let ids = IdMaker::new(config.clock.clone(), next_writer(&mut session).await?);
        // Without record types there is no log.
        if !config.types.is_empty() {
            log_order::go_on(&mut session).await?;
            ids.start_after(log_order::latest_id(&mut session).await?);
        }
        drop(session);
        let catalog = RwLock::new(Arc::new(Catalog::new(config.types, &[])));
        let (types, clock) = (config.types, config.clock);
        let (kept, guard, complete) = (RwLock::default(), config.guard, config.complete);
        let claimed_jobs = Mutex::default();
        let inner =
            Inner { backend, types, catalog, ids, clock, guard, complete, kept, claimed_jobs };
        let store = Self(Arc::new(inner));
        store.reload_catalog().await?;
        crate::reindex::renew(&store).await?;
        Ok(store)
    }

    /// All record types with their custom fields, as they are now.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        self.0.catalog.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn complete(&self) -> Option<Complete> {
        self.0.complete
    }

    pub(crate) fn guard(&self) -> Option<Guard> {
        self.0.guard
    }

    /// The clock that the store was opened with.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// A new id.
    #[must_use]
    pub fn new_id(&self) -> RawId {
        self.0.ids.make()
    }

    /// Whether this is the embedded database, which only this process may write to.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        matches!(self.0.backend, Backend::Sqlite(_))
    }

    /// The file of an embedded database.
    pub(crate) fn embedded_file(&self) -> Option<&Path> {
        match &self.0.backend {
            Backend::Sqlite(sqlite) => Some(&sqlite.path),
            Backend::Postgres(_) => None,
        }
    }

    /// What this Actor sees.
    ///
    /// # Errors
    /// When there is no connection.
    pub async fn read(&self, actor: &Actor) -> Result<View> {
        Ok(self.view(self.reader().await?, actor))
    }

    /// Begins a transaction of this Actor. Dropped without `commit`, it changes nothing.
    ///
    /// # Errors
    /// When there is no connection; `database-busy` when somebody who waits for an answer has
    /// waited too long for their turn. From then on whatever waits too long for what another holds is
    /// refused as `record-held`.
    pub async fn write(&self, actor: &Actor) -> Result<Tx> {
        let session = match actor.origin {
            Origin::Web | Origin::Api => {
                let until = Instant::now() + ANSWER_WAIT;
                let turn = tokio::time::timeout(ANSWER_WAIT, self.0.backend.turn()).await;
                let mut session = turn.map_err(|_| Refusal::new("database-busy"))??;
                session.begin_before(self.0.backend.wait_until(until)).await?;
                session
            }
            _ => {
                let mut session = self.0.backend.turn().await?;
                session.begin().await?;
                session
            }
        };
        let view = self.view(session, actor);
        Ok(Tx::new(self.clone(), view))
    }

    fn view(&self, session: Session, actor: &Actor) -> View {
        let (actor, catalog, now) = (actor.clone(), self.catalog(), self.0.clock.now());
        View { session, actor, catalog, now, besides: None, told_to: None }
    }

    pub(crate) async fn reader(&self) -> Result<Session> {
        self.0.backend.reader().await
    }

    pub(crate) async fn writer(&self) -> Result<Session> {
        self.0.backend.writer().await
    }

    /// The same for what can wait for another time; none while somebody else writes to the embedded
    /// database.
    pub(crate) async fn writer_if_free(&self) -> Result<Option<Session>> {
        Ok(match &self.0.backend {
            Backend::Sqlite(sqlite) => {
                sqlite.writer.clone().try_lock_owned().ok().map(Session::SqliteWriter)
            }
            Backend::Postgres(postgres) => Some(postgres.session().await?),
        })
    }

    pub(crate) fn claimed_jobs(&self) -> &Mutex<HashMap<RawId, RawId>> {
        &self.0.claimed_jobs
    }

    /// Reads the custom fields anew.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reload_catalog(&self) -> Result<()> {
        let built_in = Catalog::new(self.0.types, &[]);
        let mut fields: Vec<(String, Field)> = Vec::new();
        if built_in.get(custom_field::TYPE_NAME).is_ok() {
            let mut view = self.read(&Actor::system(Origin::Job)).await?;
            fields = custom_field::load(&mut view).await?;
        }
        let catalog = Arc::new(Catalog::new(self.0.types, &fields));
        *self.0.catalog.write().unwrap_or_else(PoisonError::into_inner) = catalog;
        Ok(())
    }

    /// How often it changed who may do what. Whoever keeps anything derived from that compares.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn access_version(&self) -> Result<i64> {
        let mut session = self.reader().await?;
        counter::value(&mut session, crate::tx::ACCESS_COUNTER).await
    }

    /// What somebody kept here of this type: derived from records, and made anew at will.
    #[must_use]
    pub fn kept<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let kept = self.0.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(&TypeId::of::<T>())?.clone().downcast().ok()
    }

    /// Keeps something with the store, in place of what was kept of this type.
    pub fn keep<T: Any + Send + Sync>(&self, value: Arc<T>) {
        let mut kept = self.0.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.insert(TypeId::of::<T>(), value);
    }

    /// Lets the database look at its tables, so that it plans well after many changes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn analyze(&self) -> Result<()> {
        let mut session = self.writer().await?;
        let sql = session.sql("ANALYZE");
        session.execute(&sql).await?;
        Ok(())
    }
}
