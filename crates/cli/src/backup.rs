//! `guanxi backup` and `guanxi restore`: a copy of the embedded database while it is in use, and the
//! way back.

use std::path::{Path, PathBuf};

use clap::Args;
use guanxi_base::{Error, Refusal, Result};
use guanxi_store::{Store, put_back};

use crate::private;
use crate::say::say;

/// What a copy is written to.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file to make; it must not be there yet.
    file: PathBuf,
}

/// What is put back.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// A file that `guanxi backup` made.
    file: PathBuf,
}

/// The key that seals secrets, beside the database.
fn key_file(data: &Path) -> PathBuf {
    data.join("secret.key")
}

pub(crate) async fn backup(store: &Store, data: &Path, options: &Backup) -> Result<()> {
    store.back_up(&options.file).await?;
    say!("{}", options.file.display());
    let key = key_file(data);
    say!(
        "The key is not in it, so that a stolen copy tells no secrets: keep {} (or GUANXI_KEY) in \
         another place. Without it second factors must be set up anew.",
        key.display()
    );
    Ok(())
}

/// Puts a copy in the place of the data folder's database, which must not be there.
pub(crate) fn restore(database: Option<&str>, data: &Path, options: &Restore) -> Result<()> {
    let place = match database {
        None => data.join("guanxi.db"),
        Some(url) => match url.strip_prefix("sqlite:") {
            Some(path) => PathBuf::from(path.trim_start_matches("//")),
            None => return Err(Refusal::new("backup-not-embedded").into()),
        },
    };
    private::make_folder(data)?;
    put_back(&options.file, &place)?;
    forget_warehouse(data)?;
    say!("{}", place.display());
    if !key_file(data).exists() {
        say!(
            "Put the key back too, as {} or GUANXI_KEY: without it second factors must be set up \
             anew.",
            key_file(data).display()
        );
    }
    Ok(())
}

/// The warehouse is a copy of a database that may have been further: it is made anew.
fn forget_warehouse(data: &Path) -> Result<()> {
    let folder = data.join("warehouse");
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::internal(format!("{}: {error}", folder.display())))
        }
        _ => Ok(()),
    }
}
