//! How many requests one place and one session may send: a bucket for each, refilled every
//! second. It keeps one caller from taking the place of all others, and cannot be filled itself:
//! nothing that a stranger writes is ever the name of a bucket.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use guanxi_base::RawId;

/// A bucket holds what comes in so many seconds: pages ask for several things at once.
const BURST_SECONDS: f64 = 10.0;
/// More buckets than this are not kept apart: whoever comes then shares one with all such.
pub(crate) const BUCKETS_MAX: usize = 50_000;
/// So often full buckets are forgotten: whoever sent nothing for a while has no bucket.
const SWEEP: Duration = Duration::from_secs(10);

/// Who sends requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    /// An address of the network, as `place::of` gives it.
    Place(IpAddr),
    /// A session or token that is known.
    Session(RawId),
    /// All for whom there is no bucket of their own left.
    Others,
}

#[derive(Debug)]
pub(crate) struct Rate {
    per_second: f64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    buckets: HashMap<Caller, (f64, Instant)>,
    swept: Option<Instant>,
}

impl Rate {
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second: f64::from(per_second), kept: Mutex::default() }
    }

    /// Takes a request out of a bucket; the seconds to wait when it is empty.
    pub(crate) fn take(&self, caller: Caller, now: Instant) -> Option<u64> {
        if self.per_second == 0.0 {
            return None;
        }
        let full = self.per_second * BURST_SECONDS;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let refilled = |(left, since): (f64, Instant)| {
            (left + now.saturating_duration_since(since).as_secs_f64() * self.per_second).min(full)
        };
        let swept = *kept.swept.get_or_insert(now);
        if now.saturating_duration_since(swept) >= SWEEP {
            kept.buckets.retain(|_, bucket| refilled(*bucket) < full);
            let left = kept.buckets.len();
            kept.buckets.shrink_to(left * 2);
            kept.swept = Some(now);
        }
        let has_room = kept.buckets.len() < BUCKETS_MAX || kept.buckets.contains_key(&caller);
        let caller = if has_room { caller } else { Caller::Others };
        let bucket = kept.buckets.entry(caller).or_insert((full, now));
        let left = refilled(*bucket);
        if left < 1.0 {
            *bucket = (left, now);
            return Some(((1.0 - left) / self.per_second).ceil() as u64);
        }
        *bucket = (left - 1.0, now);
        None
    }

    #[cfg(test)]
    fn buckets(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).buckets.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn place(number: u32) -> Caller {
        Caller::Place(IpAddr::V4(Ipv4Addr::from_bits(number)))
    }

    #[test]
    fn a_bucket_empties_and_fills() {
        let rate = Rate::new(2);
        let start = Instant::now();
        assert!((0..20).all(|_| rate.take(place(1), start).is_none()));
        assert_eq!(rate.take(place(1), start), Some(1));
        assert_eq!(rate.take(place(2), start), None);
        assert_eq!(rate.take(place(1), start + Duration::from_secs(1)), None);
        assert!(Rate::new(0).take(place(1), start).is_none());
    }

    #[test]
    fn buckets_cannot_be_made_without_end() {
        let rate = Rate::new(1);
        let start = Instant::now();
        let many = u32::try_from(BUCKETS_MAX).unwrap() + 1_000;
        let refused = (0..many).filter(|at| rate.take(place(*at), start).is_some()).count();
        // Those beyond share one bucket, which is empty after ten.
        assert_eq!((rate.buckets(), refused), (BUCKETS_MAX + 1, 990));
        assert_eq!(rate.take(place(1), start), None, "who has a bucket keeps it");
        // Full ones are forgotten by time.
        let later = start + Duration::from_secs(15);
        assert_eq!(rate.take(place(7), later), None);
        assert_eq!(rate.buckets(), 1);
    }
}
