//! What the warehouse consists of at one moment: which files, and how far in the log they reach.
//! A manifest is published whole or not at all, and by one writer only; files that no manifest
//! names are nobody's and are swept.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt as _;
use guanxi_base::{Error, Result, SignedDuration, Timestamp};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use serde::{Deserialize, Serialize};

/// Filling a large warehouse takes no longer than this; files of a maker that died are then swept.
const MAKING_MAX: SignedDuration = SignedDuration::from_hours(24);

/// How far in the log of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct LogPlace {
    /// The place of the set of changes in the order of commits.
    pub position: i64,
    /// Its id.
    pub change_set: i64,
    /// The change in it.
    pub seq: i64,
}

/// A file of rows of one table, sorted by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Where it lies, from the root of the warehouse.
    pub file: String,
    /// How many rows.
    pub rows: usize,
    /// How many bytes.
    pub bytes: u64,
    /// The CRC-32 of them all.
    pub checksum: u32,
    /// The first id in it.
    pub first: i64,
    /// The last id in it.
    pub last: i64,
}

/// What the warehouse consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Counts the manifests from 1; 0 before the first.
    pub number: u64,
    /// How far in the log its files reach.
    pub log: LogPlace,
    /// When that was.
    pub as_of: Timestamp,
    /// The files of each table, in the order of their ids, which do not overlap.
    pub tables: BTreeMap<String, Vec<Segment>>,
}

impl Manifest {
    /// The warehouse before anything is in it.
    #[must_use]
    pub fn empty() -> Self {
        let (log, as_of) = (LogPlace::default(), Timestamp::UNIX_EPOCH);
        Self { number: 0, log, as_of, tables: BTreeMap::new() }
    }

    /// How many rows a table has.
    #[must_use]
    pub fn rows(&self, table: &str) -> usize {
        self.segments(table).iter().map(|segment| segment.rows).sum()
    }

    /// The files of a table.
    #[must_use]
    pub fn segments(&self, table: &str) -> &[Segment] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }
}

/// A manifest as it lies in the warehouse: with the CRC-32 of what it says. What can be read and says
/// something else than was published would be believed.
#[derive(Serialize, Deserialize)]
struct Published {
    checksum: u32,
    #[serde(flatten)]
    manifest: Manifest,
}

/// The CRC-32 of what a manifest says. What was read is written again for it: nothing that makes no
/// difference to the reader counts.
fn checksum(manifest: &Manifest) -> Result<u32> {
    serde_json::to_vec(manifest).map(|said| crc32fast::hash(&said)).map_err(Error::internal)
}

fn place_of(number: u64) -> Path {
    // Zeros, so that the order of names is that of numbers.
    Path::from(format!("manifest/{number:012}.json"))
}

/// The numbers of the manifests that there are, ascending, and when each was put, in microseconds.
async fn numbers(store: &dyn ObjectStore) -> Result<Vec<(u64, i64)>> {
    let listed = store.list(Some(&Path::from("manifest"))).try_collect::<Vec<_>>().await;
    let mut numbers: Vec<(u64, i64)> = listed
        .map_err(Error::internal)?
        .iter()
        .filter_map(|object| {
            let number = object.location.filename()?.strip_suffix(".json")?.parse().ok()?;
            Some((number, object.last_modified.timestamp_micros()))
        })
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The newest manifest that says what was published; an empty one when there is none. Whether its
/// files are whole is another question (see `trust.rs`).
pub(crate) async fn newest(store: &dyn ObjectStore) -> Result<Manifest> {
    let numbers = numbers(store).await?;
    // What comes next must not take the number of a broken one.
    let number = numbers.last().map_or(0, |(number, _)| *number);
    for (known, _) in numbers.iter().rev() {
        if let Some(manifest) = read(store, *known).await? {
            return Ok(Manifest { number, ..manifest });
        }
        tracing::warn!(number = known, "a manifest of the warehouse is damaged");
    }
    Ok(Manifest { number, ..Manifest::empty() })
}

/// A manifest; `None` where there is none of this number, or it does not say what was published.
/// That it cannot be read at this moment is neither: it may well be there.
async fn read(store: &dyn ObjectStore, number: u64) -> Result<Option<Manifest>> {
    let bytes = match store.get(&place_of(number)).await {
        Ok(found) => found.bytes().await.map_err(Error::internal)?,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(Error::internal(error)),
    };
    let Ok(Published { checksum: told, manifest }) = serde_json::from_slice(&bytes) else {
        return Ok(None);
    };
    Ok((checksum(&manifest)? == told).then_some(manifest))
}

/// Publishes a manifest after another: false when somebody else was first.
pub(crate) async fn publish(store: &dyn ObjectStore, manifest: &Manifest) -> Result<bool> {
    let published = Published { checksum: checksum(manifest)?, manifest: manifest.clone() };
    let content = serde_json::to_vec(&published).map_err(Error::internal)?;
    let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    match store.put_opts(&place_of(manifest.number), content.into(), options).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
        Err(error) => Err(Error::internal(error)),
    }
}

/// Removes manifests that were replaced before this time, and files that none of the kept ones
/// names and that were there before it: younger ones may belong to a manifest that is being made.
/// So what was erased from the database is gone from here too, a while after. Where a manifest cannot
/// be read nothing is removed: nobody knows what it names.
pub(crate) async fn sweep(store: &dyn ObjectStore, before: Timestamp) -> Result<usize> {
    let numbers = numbers(store).await?;
    // The last that was put before the time was read by until the one after it came.
    let replaced = numbers.partition_point(|(_, put)| *put < before.as_microsecond());
    let (old, kept) = numbers.split_at(replaced.saturating_sub(1));
    let mut named: BTreeSet<String> = BTreeSet::new();
    for (number, _) in kept {
        let Some(manifest) = read(store, *number).await? else { continue };
        named.extend(manifest.tables.into_values().flatten().map(|segment| segment.file));
    }
    let mut swept = 0;
    for (number, _) in old {
        store.delete(&place_of(*number)).await.map_err(Error::internal)?;
    }
    let objects = store.list(Some(&Path::from("table"))).try_collect::<Vec<_>>().await;
    for object in objects.map_err(Error::internal)? {
        let number =
            object.location.filename().and_then(|name| name.split('-').next()?.parse().ok());
        let being_made = number > numbers.last().map(|(number, _)| *number);
        let until = if being_made { before - MAKING_MAX } else { before };
        let is_old = object.last_modified.timestamp_micros() < until.as_microsecond();
        if is_old && !named.contains(object.location.as_ref()) {
            store.delete(&object.location).await.map_err(Error::internal)?;
            swept += 1;
        }
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures_util::future::BoxFuture;
    use futures_util::stream::BoxStream;
    use object_store::memory::InMemory;
    use object_store::{
        CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
        PutMultipartOptions, PutPayload, PutResult,
    };

    use super::*;

    /// A place that cannot be read at times, though all is there.
    #[derive(Debug, Default)]
    struct Flaky {
        objects: InMemory,
        is_away: AtomicBool,
    }

    impl fmt::Display for Flaky {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("flaky")
        }
    }

    type Done<'a, T> = BoxFuture<'a, object_store::Result<T>>;

    impl ObjectStore for Flaky {
        fn put_opts<'a, 'b, 'c>(
            &'a self,
            location: &'b Path,
            payload: PutPayload,
            options: PutOptions,
        ) -> Done<'c, PutResult>
        where
            'a: 'c,
            'b: 'c,
        {
            self.objects.put_opts(location, payload, options)
        }

        fn put_multipart_opts<'a, 'b, 'c>(
            &'a self,
            location: &'b Path,
            options: PutMultipartOptions,
        ) -> Done<'c, Box<dyn MultipartUpload>>
        where
            'a: 'c,
            'b: 'c,
        {
            self.objects.put_multipart_opts(location, options)
        }

        fn get_opts<'a, 'b, 'c>(
            &'a self,
            location: &'b Path,
            options: GetOptions,
        ) -> Done<'c, GetResult>
        where
            'a: 'c,
            'b: 'c,
        {
            if self.is_away.load(Ordering::Relaxed) {
                let source = "timed out".into();
                let error = object_store::Error::Generic { store: "flaky", source };
                return Box::pin(async { Err(error) });
            }
            self.objects.get_opts(location, options)
        }

        fn delete_stream(
            &self,
            locations: BoxStream<'static, object_store::Result<Path>>,
        ) -> BoxStream<'static, object_store::Result<Path>> {
            self.objects.delete_stream(locations)
        }

        fn list(
            &self,
            prefix: Option<&Path>,
        ) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
            self.objects.list(prefix)
        }

        fn list_with_delimiter<'a, 'b, 'c>(
            &'a self,
            prefix: Option<&'b Path>,
        ) -> Done<'c, ListResult>
        where
            'a: 'c,
            'b: 'c,
        {
            self.objects.list_with_delimiter(prefix)
        }

        fn copy_opts<'a, 'b, 'c, 'd>(
            &'a self,
            from: &'b Path,
            to: &'c Path,
            options: CopyOptions,
        ) -> Done<'d, ()>
        where
            'a: 'd,
            'b: 'd,
            'c: 'd,
        {
            self.objects.copy_opts(from, to, options)
        }
    }

    /// A manifest of one table with a file of its own.
    async fn published(store: &Flaky, number: u64) -> String {
        let file = format!("table/customer/{number}-0.parquet");
        store.put(&Path::from(file.as_str()), "rows".into()).await.unwrap();
        let (rows, bytes, checksum, first, last) = (1, 4, 0, 1, 1);
        let segment = Segment { file: file.clone(), rows, bytes, checksum, first, last };
        let tables = BTreeMap::from([("customer".to_owned(), vec![segment])]);
        let manifest = Manifest { number, tables, ..Manifest::empty() };
        assert!(publish(store, &manifest).await.unwrap());
        file
    }

    #[tokio::test]
    async fn what_cannot_be_read_at_this_moment_is_not_gone() {
        let store = Flaky::default();
        published(&store, 1).await;
        let file = published(&store, 2).await;
        let late = Timestamp::MAX;
        store.is_away.store(true, Ordering::Relaxed);
        assert!(sweep(&store, late).await.is_err());
        // An older one is not taken for the newest.
        assert!(newest(&store).await.is_err());
        store.is_away.store(false, Ordering::Relaxed);
        assert_eq!(newest(&store).await.unwrap().segments("customer")[0].file, file);
        assert!(store.head(&Path::from(file.as_str())).await.is_ok());
        // Then what was replaced goes, and nothing else.
        assert_eq!(sweep(&store, late).await.unwrap(), 1);
        assert!(store.head(&Path::from(file.as_str())).await.is_ok());
        // What is damaged is another thing: the one before it is taken.
        published(&store, 3).await;
        store.put(&place_of(3), "{".into()).await.unwrap();
        let known = newest(&store).await.unwrap();
        assert_eq!((known.number, known.segments("customer")[0].file.as_str()), (3, file.as_str()));
    }
}
