//! Databases of their own for tests. `both_databases!` runs a test on SQLite and on PostgreSQL.
//! It names no other crate of the product, so that each of them can use it.

mod cluster;
mod template;

use std::sync::OnceLock;

use tempfile::TempDir;

/// A database that is made when somebody asks for it, and gone when it is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    /// Set as soon as it is made.
    made: OnceLock<()>,
    _folder: Option<TempDir>,
    _database: Option<cluster::Database>,
}

impl TestDatabase {
    /// A fresh SQLite database in a folder of its own.
    ///
    /// # Panics
    /// When the machine has no room for it.
    #[must_use]
    pub fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self { url, made: OnceLock::new(), _folder: Some(folder), _database: None }
    }

    /// A fresh database of a PostgreSQL server that is started when the first test asks for it.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn postgres() -> Self {
        let database = cluster::Database::new();
        let url = database.url.clone();
        Self { url, made: OnceLock::new(), _folder: None, _database: Some(database) }
    }

    /// What `Store::open` takes; an empty database if nobody has asked for it before.
    ///
    /// # Panics
    /// When the server does not obey.
    pub fn url(&self) -> String {
        if self.made.set(()).is_ok()
            && let Some(database) = &self._database
        {
            database.make(None);
        }
        self.url.clone()
    }

    /// The same, and where nobody has asked for it before, with what `prepare` writes into a
    /// database: it writes once for all tests of a program that give it this name.
    ///
    /// # Panics
    /// When the copy cannot be made.
    pub async fn prepared(&self, name: &str, prepare: impl AsyncFnOnce(String)) -> String {
        if self.made.set(()).is_ok() {
            match (&self._database, self.url.strip_prefix("sqlite:")) {
                (Some(database), _) => {
                    database.make(Some(&template::postgres(name, prepare).await))
                }
                (None, Some(file)) => template::copy_sqlite(name, prepare, file.as_ref()).await,
                (None, None) => unreachable!("a test database is one of the two"),
            }
        }
        self.url.clone()
    }

    /// Whether it is one of the PostgreSQL server.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self._database.is_some()
    }

    /// Whether a transaction of this database waits for another one. On SQLite, where they come one
    /// after the other anyway, as soon as it is asked.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn somebody_waits(&self) -> bool {
        match self._database {
            Some(_) => cluster::somebody_waits(&self.url).await,
            None => true,
        }
    }

    /// Runs statements behind the store's back, each in the words of its database.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn execute(&self, sqlite: &str, postgres: &str) {
        let url = self.url();
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let connection = rusqlite::Connection::open(path).expect("the file can be opened");
                connection.execute_batch(sqlite).expect("SQLite obeys");
            }
            None => cluster::run(&url, postgres).await,
        }
    }
}

/// Makes two tests of `async fn name(database: TestDatabase)`: `name::sqlite` and
/// `name::postgres`.
#[macro_export]
macro_rules! both_databases {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::$name($crate::TestDatabase::sqlite()).await;
            }
            #[tokio::test]
            async fn postgres() {
                super::$name($crate::TestDatabase::postgres()).await;
            }
        }
    )*};
}
