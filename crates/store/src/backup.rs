//! A copy of an embedded database while others write to it, and a look at such a copy before it is
//! put in a database's place.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use guanxi_base::{Error, Refusal, Result};

use crate::constraint::of_disk;
use crate::sqlite;
use crate::store::Store;

impl Store {
    /// Copies the database to a new file, readable by its owner alone, as it is at one moment.
    /// Those who write are not held up.
    ///
    /// # Errors
    /// `backup-not-embedded` on PostgreSQL, which has its own way; `file-exists`; `disk-full`.
    pub async fn back_up(&self, file: &Path) -> Result<()> {
        let Some(database) = self.embedded_file() else {
            return Err(Refusal::new("backup-not-embedded").into());
        };
        let (database, file) = (database.to_owned(), file.to_owned());
        let copy = move || copy(&database, &file);
        tokio::task::spawn_blocking(copy).await.map_err(Error::internal)?
    }
}

fn copy(database: &Path, file: &Path) -> Result<()> {
    refuse_known(file)?;
    let unfinished = PathBuf::from(format!("{}.part", file.display()));
    // What an earlier try left is nothing.
    std::fs::remove_file(&unfinished).ok();
    let made = make_private(&unfinished)
        .and_then(|()| sqlite::copy_into(database, &unfinished))
        .and_then(|()| check_backup(&unfinished))
        .and_then(|()| finish(&unfinished, file));
    if made.is_err() {
        std::fs::remove_file(&unfinished).ok();
    }
    made
}

/// Puts a copy in the place of a database that is not there.
///
/// # Errors
/// `file-exists` when there is one, `not-a-backup` when the copy is none or is damaged.
pub fn put_back(backup: &Path, database: &Path) -> Result<()> {
    check_backup(backup)?;
    // The log of another database would be read into this one.
    for rest in ["", "-wal", "-shm"] {
        refuse_known(Path::new(&format!("{}{rest}", database.display())))?;
    }
    let unfinished = PathBuf::from(format!("{}.part", database.display()));
    std::fs::remove_file(&unfinished).ok();
    let put = make_private(&unfinished)
        .and_then(|()| told(&unfinished, std::fs::copy(backup, &unfinished).map(drop)))
        .and_then(|()| check_backup(&unfinished))
        .and_then(|()| finish(&unfinished, database));
    if put.is_err() {
        std::fs::remove_file(&unfinished).ok();
    }
    put
}

/// Whether a file is a whole database of this product.
fn check_backup(file: &Path) -> Result<()> {
    let wrong = |reason: String| {
        let refusal = Refusal::new("not-a-backup").with("file", file.display());
        Error::from(refusal.with("reason", reason))
    };
    match sqlite::examine(file) {
        Ok(None) => Ok(()),
        Ok(Some(reason)) => Err(wrong(reason)),
        Err(error) => Err(wrong(error.to_string())),
    }
}

fn refuse_known(file: &Path) -> Result<()> {
    match file.try_exists() {
        Ok(false) => Ok(()),
        _ => Err(Refusal::new("file-exists").with("file", file.display()).into()),
    }
}

fn make_private(file: &Path) -> Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    told(file, made.map(drop))
}

/// Makes a file last under its name.
fn finish(unfinished: &Path, file: &Path) -> Result<()> {
    refuse_known(file)?;
    let finish = || {
        File::open(unfinished)?.sync_all()?;
        std::fs::rename(unfinished, file)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    told(file, finish())
}

fn told(file: &Path, outcome: std::io::Result<()>) -> Result<()> {
    outcome.map_err(|error| of_disk(&error, &file.display().to_string()))
}
