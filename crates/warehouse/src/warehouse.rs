//! The warehouse: opened by an address, brought up to date by one writer at a time, read by all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use guanxi_base::{Error, RawId, Refusal, Result, Timestamp};
use guanxi_record::{RecordType, Row};
use object_store::ObjectStore;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use url::Url;

use crate::columns::{batch_of, schema_of};
use crate::held::Held;
use crate::manifest::{self, LogPlace, Manifest};
use crate::segments::{self, SEGMENT_ROWS};
use crate::trust::Trust;

/// Records as columns, in a folder or an S3 bucket.
#[derive(Debug, Clone)]
pub struct Warehouse {
    objects: Arc<dyn ObjectStore>,
    /// The store that the warehouse is a folder of.
    whole: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The address of the whole store.
    root: Url,
    known: Arc<RwLock<Option<Arc<Manifest>>>>,
    pub(crate) held: Arc<Mutex<Held>>,
    trust: Arc<Mutex<Trust>>,
}

impl Warehouse {
    /// Opens the warehouse at an address: a folder, or `s3://bucket/folder` with the settings of
    /// `AWS_*` in the environment.
    ///
    /// # Errors
    /// `not-a-warehouse-address`; `not-built-in` for a bucket in a program without that part; when the place cannot be made.
    pub fn open(address: &str) -> Result<Self> {
        let wrong = || Refusal::new("not-a-warehouse-address").with("value", address);
        let url = match Url::parse(address) {
            Ok(url) if url.scheme().len() > 1 => url,
            _ => {
                std::fs::create_dir_all(address).map_err(Error::internal)?;
                let folder = std::fs::canonicalize(address).map_err(Error::internal)?;
                Url::from_directory_path(folder).map_err(|()| wrong())?
            }
        };
        if url.scheme() == "s3" && !cfg!(feature = "s3") {
            return Err(Refusal::new("not-built-in").with("feature", "s3").into());
        }
        let settings = std::env::vars().filter(|(name, _)| name.starts_with("AWS_"));
        let settings = settings.map(|(name, value)| (name.to_lowercase(), value));
        let (objects, prefix) =
            object_store::parse_url_opts(&url, settings).map_err(|_| wrong())?;
        let whole: Arc<dyn ObjectStore> = Arc::from(objects);
        let objects = Arc::new(PrefixStore::new(whole.clone(), prefix.clone()));
        let mut root = url;
        root.set_path("/");
        root.set_query(None);
        let (known, held, trust) = (Arc::default(), Arc::default(), Arc::default());
        Ok(Self { objects, whole, prefix, root, known, held, trust })
    }

    /// The whole store that its files lie in, and the address of that: for engines that find files
    /// by [their addresses](Self::address_of).
    #[must_use]
    pub fn whole_store(&self) -> (Arc<dyn ObjectStore>, &Url) {
        (self.whole.clone(), &self.root)
    }

    /// The address of a file.
    ///
    /// # Errors
    /// When its name makes no address.
    pub fn address_of(&self, file: &str) -> Result<Url> {
        let file = Path::from(file);
        let path: Path = self.prefix.parts().chain(file.parts()).collect();
        self.root.join(path.as_ref()).map_err(Error::internal)
    }

    /// What it consists of now.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub async fn manifest(&self) -> Result<Arc<Manifest>> {
        let newest = Arc::new(manifest::newest(&*self.objects).await?);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(newest.clone());
        Ok(newest)
    }

    /// What it consisted of when this process last looked: without asking the place.
    ///
    /// # Errors
    /// When it never did and the place cannot be read.
    pub async fn known(&self) -> Result<Arc<Manifest>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(known) => Ok(known),
            None => self.manifest().await,
        }
    }

    /// Begins to bring it up to date.
    #[must_use]
    pub fn update(&self, from: &Manifest) -> Update {
        let next = Manifest { number: from.number + 1, ..from.clone() };
        Update { warehouse: self.clone(), next }
    }

    /// Removes what no manifest names and is older than this.
    ///
    /// # Errors
    /// When the place cannot be written.
    pub async fn sweep(&self, before: Timestamp) -> Result<usize> {
        manifest::sweep(&*self.objects, before).await
    }

    /// All rows of a table with the columns that its type has now.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn batch(
        &self,
        manifest: &Manifest,
        record_type: &RecordType,
    ) -> Result<RecordBatch> {
        let schema = schema_of(record_type);
        let mut parts = Vec::new();
        for segment in manifest.segments(&record_type.name) {
            parts.push(self.trusting(segments::read(&*self.objects, segment, &schema).await)?);
        }
        concat_batches(&schema, &parts).map_err(Error::internal)
    }

    /// Nothing has changed until this time.
    pub fn fresh_until(&self, as_of: Timestamp) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_mut() {
            Arc::make_mut(known).as_of = as_of;
        }
    }

    pub(crate) fn trust(&self) -> MutexGuard<'_, Trust> {
        self.trust.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn objects(&self) -> &Arc<dyn ObjectStore> {
        &self.objects
    }
}

/// A warehouse that is being brought up to date; dropped without `publish`, nothing has changed.
#[derive(Debug)]
pub struct Update {
    warehouse: Warehouse,
    next: Manifest,
}

impl Update {
    /// Begins a table anew.
    pub fn clear(&mut self, table: &str) {
        self.next.tables.insert(table.to_owned(), Vec::new());
    }

    /// Takes a table away.
    pub fn remove(&mut self, table: &str) {
        self.next.tables.remove(table);
    }

    /// Adds rows whose ids come after all that are there: the fast way to fill a table. Best a
    /// file's worth at once.
    ///
    /// # Errors
    /// When the place cannot be written.
    pub async fn append_batches(&mut self, table: &str, rows: Vec<RecordBatch>) -> Result<()> {
        let Some(first) = rows.first() else { return Ok(()) };
        let rows = concat_batches(&first.schema(), &rows).map_err(Error::internal)?;
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let rows = segments::sorted(&rows)?;
        let objects = &*self.warehouse.objects;
        let written = segments::write(objects, table, self.next.number, &rows).await?;
        self.next.tables.entry(table.to_owned()).or_default().extend(written);
        Ok(())
    }

    /// Puts changed rows in place of what was there, and takes those out that are gone.
    ///
    /// # Errors
    /// When a row does not fit its type, or the place cannot be written.
    pub async fn change(
        &mut self,
        record_type: &RecordType,
        rows: &[Row],
        gone: &[RawId],
    ) -> Result<()> {
        let batch = batch_of(record_type, rows)?;
        let table: &str = &record_type.name;
        let segments = self.next.segments(table).to_vec();
        let (objects, place) = (&*self.warehouse.objects, (table, self.next.number));
        let now = segments::changed(objects, place, &segments, (&batch, gone)).await;
        let now = self.warehouse.trusting(now)?;
        self.next.tables.insert(table.to_owned(), now);
        Ok(())
    }

    /// Makes all of it what readers find from now on; `None` when another writer was first: then
    /// begin again from what they published.
    ///
    /// # Errors
    /// When the place cannot be written.
    pub async fn publish(
        mut self,
        log: LogPlace,
        as_of: Timestamp,
    ) -> Result<Option<Arc<Manifest>>> {
        (self.next.log, self.next.as_of) = (log, as_of);
        if !manifest::publish(&*self.warehouse.objects, &self.next).await? {
            return Ok(None);
        }
        let published = Arc::new(self.next);
        let mut known = self.warehouse.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some(published.clone());
        Ok(Some(published))
    }

    /// How many rows are best appended at once.
    #[must_use]
    pub const fn rows_at_once() -> usize {
        SEGMENT_ROWS
    }
}
