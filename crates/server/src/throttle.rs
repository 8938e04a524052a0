//! Slows down who guesses passwords: after a few failures every further attempt for that account
//! or from that address waits, longer each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use guanxi_base::{Clock, Timestamp};
use jiff::SignedDuration;

/// So many failures are free: people mistype.
const FREE_FAILURES: u32 = 5;
/// No wait is longer.
const WAIT_MINUTES_MAX: i64 = 30;
/// More names than this are not kept apart; the oldest are forgotten.
const NAMES_MAX: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Throttle {
    clock: Clock,
    failures: Mutex<HashMap<String, (u32, Timestamp)>>,
}

impl Throttle {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, failures: Mutex::new(HashMap::new()) }
    }

    /// How many minutes this account or address still has to wait.
    pub(crate) fn wait_minutes(&self, names: &[&str]) -> Option<i64> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let wait = |name: &&str| {
            let (count, last) = failures.get(*name)?;
            let over = count.checked_sub(FREE_FAILURES)?;
            let minutes = (1_i64 << over.min(10)).min(WAIT_MINUTES_MAX);
            let left = (*last + SignedDuration::from_mins(minutes)).duration_since(now);
            (left > SignedDuration::ZERO).then(|| left.as_mins() + 1)
        };
        names.iter().filter_map(wait).max()
    }

    pub(crate) fn failed(&self, names: &[&str]) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        if failures.len() > NAMES_MAX {
            failures
                .retain(|_, (_, last)| now.duration_since(*last) < SignedDuration::from_hours(1));
        }
        for name in names {
            let entry = failures.entry((*name).to_owned()).or_insert((0, now));
            *entry = (entry.0 + 1, now);
        }
    }

    pub(crate) fn succeeded(&self, names: &[&str]) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            failures.remove(*name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let clock = Clock::at("2026-03-18T08:00:00Z".parse().unwrap());
        let throttle = Throttle::new(clock.clone());
        let names = ["li@example.com", "10.0.0.1"];
        for _ in 0..4 {
            throttle.failed(&names);
            assert_eq!(throttle.wait_minutes(&names), None);
        }
        throttle.failed(&names);
        assert_eq!(throttle.wait_minutes(&["li@example.com"]), Some(2));
        assert_eq!(throttle.wait_minutes(&["other"]), None);
        throttle.failed(&names);
        clock.advance(SignedDuration::from_secs(61));
        assert_eq!(throttle.wait_minutes(&names), Some(1));
        clock.advance(SignedDuration::from_secs(61));
        assert_eq!(throttle.wait_minutes(&names), None);
        throttle.succeeded(&names);
        throttle.failed(&names);
        assert_eq!(throttle.wait_minutes(&names), None);
    }
}
