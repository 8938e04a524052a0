//! Uploaded files: their description is a record, their bytes lie beside it in the database, so
//! that a backup of the database is whole.

use std::collections::{BTreeSet, HashSet};

use guanxi_base::{Error, Id, RawId, Refusal, Result, Timestamp};
use guanxi_record::{Owner, Record, Stored};
use sha2::{Digest, Sha256};

use crate::actor::{Actor, Origin, Purpose, Rights};
use crate::columns::Expression;
use crate::sql::SqlValue;
use crate::store::Store;
use crate::titles::Archived;
use crate::tx::Tx;
use crate::view::View;

/// A larger upload is refused.
pub const MAX_FILE_BYTES: usize = 200 << 20;

/// So many files that nothing names are removed at once.
const SWEPT_MAX: usize = 1_000;
/// Jobs of one statement.
const JOBS: usize = 500;

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

impl Store {
    /// Removes files that neither a record nor a job names, made before this moment: those of
    /// uploads that came to nothing, the oldest first, up to a thousand at once; how many. `awaited` are
    /// named by what is still to be decided.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_unnamed_files(
        &self,
        before: Timestamp,
        awaited: &BTreeSet<RawId>,
    ) -> Result<usize> {
        let actor = Actor::system(Origin::Job);
        let mut tx = self.write(&actor).await?;
        let described = tx.catalog.get(File::NAME)?.clone();
        let mut ids = Vec::new();
        let named = tx.named_by_jobs().await?;
        let is_named = |id: &RawId| named.contains(id) || awaited.contains(id);
        let mut last = RawId(i64::MIN);
        while ids.len() < SWEPT_MAX {
            let next = tx.files_of_no_record(before, last).await?;
            let Some(newest) = next.last() else { break };
            last = *newest;
            ids.extend(next.into_iter().filter(|id| !is_named(id)));
        }
        ids.truncate(SWEPT_MAX);
        let files = tx.view.rows_by_ids(&described, &ids, Purpose::Read).await?;
        tx.remove_rows(&described, files).await?;
        for id in &ids {
            let mut sql = tx.view.session.sql("DELETE FROM file_content WHERE id = ");
            sql.bind(SqlValue::Integer(id.0));
            tx.view.session.execute(&sql).await?;
        }
        tx.commit().await?;
        Ok(ids.len())
    }
}

impl Tx {
    /// Files that no record names, made before a moment, in the order of their ids after one.
    async fn files_of_no_record(&mut self, before: Timestamp, after: RawId) -> Result<Vec<RawId>> {
        let catalog = self.catalog.clone();
        let dialect = self.view.session.dialect();
        let mut sql = self.view.session.sql("SELECT t0.\"id\" FROM \"file\" t0 WHERE ");
        sql.push("t0.\"id\" > ").bind(SqlValue::Integer(after.0));
        sql.push(" AND t0.\"created_at\" < ").bind(SqlValue::Instant(before));
        for (other, field, _) in catalog.links_to(File::NAME) {
            let link = Expression::of(dialect, "t1", field).sql;
            sql.push(" AND NOT EXISTS (SELECT 1 FROM ").name(&other.name);
            sql.push(&format!(" t1 WHERE {link} = t0.\"id\")"));
        }
        sql.push(&format!(" ORDER BY t0.\"id\" LIMIT {SWEPT_MAX}"));
        let rows = self.view.session.long_rows(&sql).await?;
        rows.iter().map(|row| row[0].integer().map(RawId)).collect()
    }

    /// All ids that jobs name, as what they are to do or what they report: a file of what a person
    /// was told of themselves is named nowhere else.
    async fn named_by_jobs(&mut self) -> Result<HashSet<RawId>> {
        let mut named = HashSet::new();
        let mut last = i64::MIN;
        loop {
            let mut sql = self.view.session.sql(
                "SELECT id, CAST(payload AS TEXT), CAST(progress AS TEXT) FROM job WHERE id > ",
            );
            sql.bind(SqlValue::Integer(last)).push(&format!(" ORDER BY id LIMIT {JOBS}"));
            let rows = self.view.session.long_rows(&sql).await?;
            let Some(newest) = rows.last() else { return Ok(named) };
            last = newest[0].integer()?;
            for text in rows.into_iter().flat_map(|row| row.into_iter().skip(1)) {
                let text = text.into_text().unwrap_or_default();
                let words = text.split(|c: char| !c.is_ascii_alphanumeric());
                named.extend(words.filter_map(|word| word.parse::<RawId>().ok()));
            }
        }
    }
}

impl View {
    /// A file with its bytes, if the Actor may see it.
    ///
    /// # Errors
    /// `NotFound`, also when it is somebody else's.
    pub async fn file(&mut self, id: RawId) -> Result<(Stored<File>, Vec<u8>)> {
        let file = self.fetch::<File>(Purpose::Read, Id::new(id)).await?;
        let content = self.file_content(id).await?;
        Ok((file, content))
    }

    /// A file with its bytes that a record names which the Actor may read. Whoever put it there
    /// could see the file, and shares it with the record.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn attached_file(&mut self, id: RawId) -> Result<(Stored<File>, Vec<u8>)> {
        let rights = self.act_with(Rights::All);
        let file = self.file(id).await;
        self.act_with(rights);
        file
    }

    /// The names of files that records name which the Actor may read.
    pub(crate) async fn attached_names(&mut self, ids: &[RawId]) -> Result<Vec<(RawId, String)>> {
        let rights = self.act_with(Rights::All);
        let names = self.titles_among(File::NAME, ids, Archived::Show).await;
        self.act_with(rights);
        names
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
