//! How many requests one address and one session may send: a bucket for each, refilled every
//! second. It keeps one caller from taking the place of all others.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A bucket holds what comes in so many seconds: pages ask for several things at once.
const BURST_SECONDS: f64 = 10.0;
/// More buckets than this are not kept apart; full ones are forgotten.
const BUCKETS_MAX: usize = 50_000;

#[derive(Debug)]
pub(crate) struct Rate {
    per_second: f64,
    buckets: Mutex<HashMap<String, (f64, Instant)>>,
}

impl Rate {
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second: f64::from(per_second), buckets: Mutex::default() }
    }

    /// Takes a request out of a bucket; the seconds to wait when it is empty.
    pub(crate) fn take(&self, name: &str, now: Instant) -> Option<u64> {
        if self.per_second == 0.0 {
            return None;
        }
        let full = self.per_second * BURST_SECONDS;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let refilled = |(left, since): (f64, Instant)| {
            (left + now.saturating_duration_since(since).as_secs_f64() * self.per_second).min(full)
        };
        if buckets.len() > BUCKETS_MAX {
            buckets.retain(|_, bucket| refilled(*bucket) < full);
        }
        let bucket = buckets.entry(name.to_owned()).or_insert((full, now));
        let left = refilled(*bucket);
        if left < 1.0 {
            *bucket = (left, now);
            return Some(((1.0 - left) / self.per_second).ceil() as u64);
        }
        *bucket = (left - 1.0, now);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_and_fills() {
        let rate = Rate::new(2);
        let start = Instant::now();
        assert!((0..20).all(|_| rate.take("a", start).is_none()));
        assert_eq!(rate.take("a", start), Some(1));
        assert_eq!(rate.take("b", start), None);
        assert_eq!(rate.take("a", start + Duration::from_secs(1)), None);
        assert!(Rate::new(0).take("a", start).is_none());
    }
}
