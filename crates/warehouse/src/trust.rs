//! Whether the files of the warehouse are what was written: size and checksum of each stand in the
//! manifest. A disk may lose or change what it was given, and no sum may be wrong because of it.

use std::collections::{BTreeSet, HashSet};

use bytes::Bytes;
use guanxi_base::{Error, Result};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::manifest::{Manifest, Segment};
use crate::warehouse::Warehouse;

/// What this process knows of the files.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    /// Those whose content it has seen to be right.
    sound: HashSet<String>,
    /// Whether one was found wrong since all were looked at.
    is_suspect: bool,
}

/// The bytes of a file, which are those that were written.
pub(crate) async fn content(store: &dyn ObjectStore, segment: &Segment) -> Result<Bytes> {
    let got = store.get(&Path::from(segment.file.as_str())).await.map_err(Error::internal)?;
    let bytes = got.bytes().await.map_err(Error::internal)?;
    if bytes.len() as u64 != segment.bytes || crc32fast::hash(&bytes) != segment.checksum {
        return Err(Error::internal(format!("{} is damaged", segment.file)));
    }
    Ok(bytes)
}

/// That a file has as many rows as the manifest says: columns are put together by that number.
pub(crate) fn has_its_rows(segment: &Segment, rows: usize) -> Result<()> {
    match rows == segment.rows {
        true => Ok(()),
        false => {
            let told = format!("{} has {rows} rows, not {}", segment.file, segment.rows);
            Err(Error::internal(told))
        }
    }
}

impl Warehouse {
    /// The tables of which a file is gone or is not what was written. Of files whose content this
    /// process has seen only the size is looked at; reading them looks at all again.
    pub async fn damaged(&self, manifest: &Manifest) -> BTreeSet<String> {
        let mut damaged = BTreeSet::new();
        for (table, segments) in &manifest.tables {
            for segment in segments {
                if !self.is_sound(segment).await {
                    tracing::warn!(file = segment.file, "a file of the warehouse is damaged");
                    damaged.insert(table.clone());
                }
            }
        }
        self.trust().is_suspect = false;
        damaged
    }

    /// Whether reading failed since the files were looked at.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        self.trust().is_suspect
    }

    /// What reading gave; where it failed, all files are looked at again.
    pub(crate) fn trusting<T>(&self, read: Result<T>) -> Result<T> {
        if read.is_err() {
            *self.trust() = Trust { sound: HashSet::new(), is_suspect: true };
        }
        read
    }

    async fn is_sound(&self, segment: &Segment) -> bool {
        if self.trust().sound.contains(&segment.file) {
            let found = self.objects().head(&Path::from(segment.file.as_str())).await;
            return found.is_ok_and(|found| found.size == segment.bytes);
        }
        let is_sound = content(&**self.objects(), segment).await.is_ok();
        if is_sound {
            self.trust().sound.insert(segment.file.clone());
        }
        is_sound
    }
}
