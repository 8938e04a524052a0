//! Uploaded files: their description is a record, their bytes lie beside it in the database, so
//! that a backup of the database is whole.

use guanxi_base::{Error, Id, RawId, Refusal, Result};
use guanxi_record::{Owner, Record, Stored};
use sha2::{Digest, Sha256};

use crate::actor::{Purpose, Rights};
use crate::sql::SqlValue;
use crate::tx::Tx;
use crate::view::View;

/// A larger upload is refused.
pub const MAX_FILE_BYTES: usize = 200 << 20;

/// A file that was uploaded.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "settings", icon = "paperclip")]
pub struct File {
    /// As its owner named it.
    #[field(search)]
    pub name: String,
    /// What it says that it is.
    #[field(read_only)]
    pub media_type: String,
    /// In bytes.
    #[field(read_only)]
    pub size_bytes: i64,
    /// Of its content, in hexadecimal digits.
    #[field(read_only)]
    pub sha256: String,
    /// Who uploaded it.
    #[field(read_only, default = "actor")]
    pub owner: Option<Owner>,
}

impl Tx {
    /// Stores a file.
    ///
    /// # Errors
    /// `file-too-large`.
    pub async fn create_file(
        &mut self,
        name: &str,
        media_type: &str,
        content: Vec<u8>,
    ) -> Result<Stored<File>> {
        if content.len() > MAX_FILE_BYTES {
            let limit = MAX_FILE_BYTES >> 20;
            return Err(Refusal::new("file-too-large").with("limit", limit).into());
        }
        let digest = Sha256::digest(&content);
        let file = self
            .create(&File {
                name: name.chars().filter(|c| !c.is_control()).take(200).collect(),
                media_type: media_type.to_owned(),
                size_bytes: i64::try_from(content.len()).unwrap_or(i64::MAX),
                sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
                owner: None,
            })
            .await?;
        let row = vec![SqlValue::Integer(file.id.raw().0), SqlValue::Bytes(content)];
        self.view.session.insert_rows("file_content", &["id", "content"], &[row]).await?;
        Ok(file)
    }
}

impl View {
    /// A file with its bytes: for who uploaded it, and for who may see all files.
    ///
    /// # Errors
    /// `NotFound`, also when it is somebody else's.
    pub async fn file(&mut self, id: RawId) -> Result<(Stored<File>, Vec<u8>)> {
        let may_see_all = self.actor.rights.scope(File::NAME, Purpose::Read).is_some();
        let rights = std::mem::replace(&mut self.actor.rights, Rights::All);
        let file = self.fetch::<File>(Purpose::Read, Id::new(id)).await;
        self.actor.rights = rights;
        let file = file?;
        let is_mine = file.owner.map(|Owner(owner)| owner) == self.actor.user;
        if !may_see_all && !is_mine {
            return Err(Error::NotFound);
        }
        let content = self.file_content(id).await?;
        Ok((file, content))
    }

    /// The bytes of a file whose record the Actor was given.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn file_content(&mut self, id: RawId) -> Result<Vec<u8>> {
        let mut sql = self.session.sql("SELECT content FROM file_content WHERE id = ");
        sql.bind(SqlValue::Integer(id.0));
        match self.session.value(&sql).await? {
            Some(SqlValue::Bytes(bytes)) => Ok(bytes),
            _ => Err(Error::NotFound),
        }
    }
}
