//! Databases that are written once and copied for each test: what a hundred tests begin with need
//! not be written a hundred times.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::cluster::{address, folder, run};

/// Forgets the templates of a PostgreSQL server that is gone.
pub(crate) fn forget_postgres() {
    fs::remove_dir_all(marks()).ok();
}

/// The name of a template of the PostgreSQL server, which is made if it is not there.
pub(crate) async fn postgres(name: &str, prepare: impl AsyncFnOnce(String)) -> String {
    let (admin, template) = (address("postgres"), format!("template_{}", key(name)));
    let _lock = lock(&template);
    let mark = marks().join(&template);
    if !mark.exists() {
        // Somebody may have begun and not come to the end.
        run(&admin, &format!("DROP DATABASE IF EXISTS {template} (FORCE)")).await;
        run(&admin, &format!("CREATE DATABASE {template} STRATEGY file_copy")).await;
        prepare(address(&template)).await;
        // It is copied only while nobody is connected to it.
        run(&admin, &format!("ALTER DATABASE {template} ALLOW_CONNECTIONS false")).await;
        let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity";
        run(&admin, &format!("{end} WHERE datname = '{template}'")).await;
        fs::create_dir_all(marks()).expect("a temporary folder can be made");
        fs::write(&mark, "").expect("a file can be written");
    }
    template
}

/// Copies a SQLite template to a file.
pub(crate) async fn copy_sqlite(name: &str, prepare: impl AsyncFnOnce(String), to: &Path) {
    let template = format!("template-{}.db", key(name));
    let lock = lock(&template);
    let file = folder().join(&template);
    if !file.exists() {
        let begun = tempfile::tempdir_in(folder()).expect("a temporary folder can be made");
        let begun = begun.path().join("begun.db");
        prepare(format!("sqlite:{}", begun.display())).await;
        // What the last writes left beside the file goes into it.
        let connection = rusqlite::Connection::open(&begun).expect("the file can be opened");
        connection.execute("VACUUM INTO ?1", [file.to_str()]).expect("SQLite copies");
    }
    drop(lock);
    fs::copy(file, to).expect("a file can be copied");
}

fn marks() -> PathBuf {
    folder().join("templates")
}

/// One makes a template, the others wait for it.
fn lock(name: &str) -> File {
    fs::create_dir_all(folder()).expect("a temporary folder can be made");
    let lock = File::create(folder().join(format!("{name}.lock"))).expect("a file can be made");
    lock.lock().expect("a file can be locked");
    lock
}

/// The same for the same program: another build of it may write something else.
fn key(name: &str) -> String {
    let program = std::env::current_exe().expect("a program knows where it lies");
    let built = fs::metadata(&program).and_then(|found| found.modified());
    let mut hasher = DefaultHasher::new();
    (name, program, built.expect("a file has a time")).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
