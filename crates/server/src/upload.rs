//! A file that somebody sends in to be imported. It is on the disk as it comes, and looked at there:
//! however often that is, it is not in memory.

use std::path::Path;
use std::sync::Arc;

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use guanxi_base::{Error, Refusal, Result};
use guanxi_store::of_disk;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;

/// What an upload holds.
pub(crate) struct Upload {
    /// The name of the file, and the file.
    pub(crate) file: Option<(String, OnDisk)>,
    fields: Vec<(String, String)>,
}

impl Upload {
    pub(crate) async fn read(mut parts: Multipart) -> Result<Self> {
        let mut upload = Self { file: None, fields: Vec::new() };
        while let Some(part) = parts.next_field().await.map_err(wrong)? {
            let name = part.name().unwrap_or_default().to_owned();
            if name == "file" {
                let file_name = part.file_name().unwrap_or("file").to_owned();
                if let Some(file) = OnDisk::sent(part).await? {
                    upload.file = Some((file_name, file));
                }
            } else {
                upload.fields.push((name, part.text().await.map_err(wrong)?));
            }
        }
        Ok(upload)
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn wrong(error: MultipartError) -> Error {
    Refusal::new("wrong-body").with("reason", error.body_text()).into()
}

fn on_disk(error: std::io::Error) -> Error {
    of_disk(&error, "an upload")
}

/// A file on the disk for as long as anybody keeps this.
#[derive(Clone)]
pub(crate) struct OnDisk {
    file: Arc<NamedTempFile>,
    digest: [u8; 32],
}

impl OnDisk {
    /// Takes a file in, piece by piece; none when it is empty.
    async fn sent(mut part: Field<'_>) -> Result<Option<Self>> {
        let file = NamedTempFile::new().map_err(on_disk)?;
        let mut written = tokio::fs::File::from_std(file.reopen().map_err(on_disk)?);
        let (mut hasher, mut length) = (Sha256::new(), 0);
        while let Some(piece) = part.chunk().await.map_err(wrong)? {
            hasher.update(&piece);
            length += piece.len();
            written.write_all(&piece).await.map_err(on_disk)?;
        }
        written.flush().await.map_err(on_disk)?;
        let digest = hasher.finalize().into();
        Ok((length > 0).then(|| Self { file: Arc::new(file), digest }))
    }

    /// Puts on the disk what was kept in the database.
    pub(crate) async fn of(content: Vec<u8>) -> Result<Self> {
        let work = move || {
            let mut file = NamedTempFile::new().map_err(on_disk)?;
            std::io::Write::write_all(&mut file, &content).map_err(on_disk)?;
            Ok(Self { file: Arc::new(file), digest: Sha256::digest(&content).into() })
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// What its content comes to.
    pub(crate) fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// All of it, to be kept.
    pub(crate) async fn content(&self) -> Result<Vec<u8>> {
        tokio::fs::read(self.path()).await.map_err(Error::internal)
    }

    /// Looks at it where that holds up nobody.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Path) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let file = self.clone();
        tokio::task::spawn_blocking(move || look(file.path())).await.map_err(Error::internal)?
    }
}
