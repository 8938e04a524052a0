//! Files and folders that only their owner can read: whoever reads the data folder is the operator.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use guanxi_base::{Error, Result};

/// Makes a folder for its owner alone; one that is there stays as it is.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| {
        Error::internal(format!("the folder {} cannot be made: {error}", path.display()))
    })
}

/// Writes a file for its owner alone, in place of one that is there: all of it, or nothing.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    let unfinished = path.with_extension("part");
    let write = || {
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut new = OpenOptions::new();
        let mut file = new.write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(|error| Error::internal(format!("{}: {error}", path.display())))
}
