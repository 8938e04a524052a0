//! The clock is passed in, so that a test decides what time it is and never sleeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use jiff::{SignedDuration, Timestamp};

/// Tells the time: the system's, or one that a test sets. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Microseconds since 1970, shared by all clones; the system's clock when absent.
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still at `now` until it is moved.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(now.as_microsecond()))) }
    }

    /// Moves a fixed clock and all its clones; the system's clock does not move.
    pub fn advance(&self, by: SignedDuration) {
        if let Some(fixed) = &self.fixed {
            let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            fixed.fetch_add(micros, Relaxed);
        }
    }

    /// Now, to the microsecond: what both databases can keep.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let micros = match &self.fixed {
            Some(fixed) => fixed.load(Relaxed),
            None => system_now().as_microsecond(),
        };
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
fn system_now() -> Timestamp {
    Timestamp::now()
}
