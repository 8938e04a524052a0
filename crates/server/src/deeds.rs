//! Who looked at what: noted a moment later and many at once, so that looking costs no write.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use guanxi_store::{Deed, Store};

/// So long a look may wait before it is on the disk.
const WAIT: Duration = Duration::from_millis(500);

/// What waits to be noted.
#[derive(Debug, Default)]
pub(crate) struct Deeds(Mutex<Vec<Deed>>);

impl Deeds {
    pub(crate) fn later(&self, deed: Deed) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(deed);
    }

    /// Writes what waits.
    pub(crate) async fn flush(&self, store: &Store) {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if let Err(error) = store.note_deeds(&waiting).await {
            tracing::error!(%error, "looks cannot be noted; they are tried again");
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(waiting);
        }
    }

    /// Writes what waits, again and again, for ever.
    pub(crate) async fn follow(&self, store: &Store) {
        loop {
            tokio::time::sleep(WAIT).await;
            self.flush(store).await;
        }
    }
}
