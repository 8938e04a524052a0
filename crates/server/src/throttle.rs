//! Slows down who guesses passwords and codes. A try is counted before it is made and given back
//! when it was right, so that many at once are counted as one after the other.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use guanxi_base::{Clock, RawId, Refusal, Result, Timestamp};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use crate::place;

/// So many failures for one account from one place are free: people mistype.
const FREE_OF_ACCOUNT: u32 = 5;
/// So many from one place for whatever accounts: an office stands behind one address.
const FREE_OF_PLACE: u32 = 30;
/// No wait is longer.
const WAIT_MINUTES_MAX: i64 = 30;
/// After so long without a failure it is begun anew.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(1);
/// More than this are not kept apart; the oldest and those that wait for nothing are forgotten.
const COUNTED_MAX: usize = 10_000;

/// What failures are counted for. Only a hash of it is kept: strangers write the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    name: [u8; 32],
    free: u32,
}

impl Counted {
    fn of(parts: &[&str], free: u32) -> Self {
        // Lengths keep ("ab", "c") and ("a", "bc") apart.
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Self { name: digest.finalize().into(), free }
    }

    /// One account from one address of the network.
    pub(crate) fn account_from(account: &str, address: &str) -> Self {
        Self::of(&["account from", account, &place::of_text(address)], FREE_OF_ACCOUNT)
    }

    /// One account on a browser that it was used on before.
    pub(crate) fn account_on(account: &str, device: &str) -> Self {
        Self::of(&["account on", account, device], FREE_OF_ACCOUNT)
    }

    /// Whatever account from one address of the network.
    pub(crate) fn place(address: &str) -> Self {
        Self::of(&["place", &place::of_text(address)], FREE_OF_PLACE)
    }

    /// The current password, asked of somebody who is signed in.
    pub(crate) fn password_of(user: RawId) -> Self {
        Self::of(&["password of", &user.to_string()], FREE_OF_ACCOUNT)
    }

    /// The second factor of a user, from wherever; on a browser that they used before apart.
    pub(crate) fn second_factor(user: RawId, device: Option<&str>) -> Self {
        Self::of(&["second", &user.to_string(), device.unwrap_or_default()], FREE_OF_ACCOUNT)
    }

    /// Links for a new password asked for from one address of the network.
    pub(crate) fn links_from(address: &str) -> Self {
        Self::of(&["links from", &place::of_text(address)], FREE_OF_PLACE)
    }

    /// Links for a new password of one account.
    pub(crate) fn links_for(account: &str) -> Self {
        Self::of(&["links for", account], FREE_OF_ACCOUNT)
    }
}

#[derive(Debug)]
pub(crate) struct Throttle {
    clock: Clock,
    failures: Mutex<HashMap<[u8; 32], (u32, Timestamp)>>,
}

impl Throttle {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, failures: Mutex::default() }
    }

    /// Counts a try that is about to be made.
    ///
    /// # Errors
    /// `sign-in-throttled` while one of these has to wait; then it is not counted.
    pub(crate) fn begin(&self, all: &[Counted]) -> Result<()> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        // A clock that was set back makes nobody wait longer: what is to come is taken for now.
        for one in all {
            if let Some((_, last)) = failures.get_mut(&one.name) {
                *last = (*last).min(now);
            }
        }
        let wait = |one: &Counted| {
            let (count, last) = failures.get(&one.name)?;
            let over = count.checked_sub(one.free)?;
            let minutes = (1_i64 << over.min(10)).min(WAIT_MINUTES_MAX);
            let left = (*last + SignedDuration::from_mins(minutes)).duration_since(now);
            (left > SignedDuration::ZERO).then(|| left.as_mins() + 1)
        };
        if let Some(minutes) = all.iter().filter_map(wait).max() {
            return Err(Refusal::new("sign-in-throttled").with("minutes", minutes).into());
        }
        if failures.len() + all.len() > COUNTED_MAX {
            failures.retain(|_, (_, last)| now.duration_since(*last) < FORGOTTEN);
        }
        if failures.len() + all.len() > COUNTED_MAX {
            failures.retain(|_, (count, _)| *count >= FREE_OF_ACCOUNT);
        }
        if failures.len() + all.len() > COUNTED_MAX {
            failures.clear();
        }
        for one in all {
            let (count, last) = failures.entry(one.name).or_insert((0, now));
            if now.duration_since(*last) >= FORGOTTEN {
                *count = 0;
            }
            (*count, *last) = (*count + 1, now);
        }
        Ok(())
    }

    /// Gives a try back that was right, or was not made.
    pub(crate) fn give_back(&self, all: &[Counted]) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for one in all {
            if let Some((count, _)) = failures.get_mut(&one.name) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    failures.remove(&one.name);
                }
            }
        }
    }

    /// Forgets the failures before one that was right.
    pub(crate) fn forget(&self, one: Counted) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(&one.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use guanxi_base::Error;

    fn minutes(outcome: Result<()>) -> Option<String> {
        match outcome {
            Ok(()) => None,
            Err(Error::Refused(why)) => Some(why[0].args[0].1.clone()),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn waits_grow_and_end() {
        let clock = Clock::at("2026-03-18T08:00:00Z".parse().unwrap());
        let throttle = Throttle::new(clock.clone());
        let li = Counted::account_from("li@example.com", "10.0.0.1");
        let office = Counted::place("10.0.0.1");
        for _ in 0..5 {
            assert_eq!(minutes(throttle.begin(&[li, office])), None);
        }
        assert_eq!(minutes(throttle.begin(&[li, office])).as_deref(), Some("2"));
        let others = [
            Counted::account_from("li@example.com", "10.0.0.2"),
            Counted::account_from("wang@example.com", "10.0.0.1"),
            Counted::account_on("li@example.com", "known"),
        ];
        assert_eq!(minutes(throttle.begin(&others)), None);
        clock.advance(SignedDuration::from_secs(61));
        assert_eq!(minutes(throttle.begin(&[li])), None);
        assert_eq!(minutes(throttle.begin(&[li])).as_deref(), Some("3"));
        clock.advance(SignedDuration::from_secs(121));
        assert_eq!(minutes(throttle.begin(&[li])), None);
        throttle.forget(li);
        assert_eq!(minutes(throttle.begin(&[li])), None);
    }

    #[test]
    fn nobody_waits_longer_because_the_clock_was_set_back() {
        let noon: Timestamp = "2026-03-18T12:00:00Z".parse().unwrap();
        for (failures, longest) in [(6, "3"), (7, "5"), (20, "31")] {
            let clock = Clock::at(noon);
            let throttle = Throttle::new(clock.clone());
            let li = Counted::account_from("li@example.com", "10.0.0.1");
            for _ in 0..failures {
                while minutes(throttle.begin(&[li])).is_some() {
                    clock.advance(SignedDuration::from_mins(1));
                }
            }
            clock.advance(-SignedDuration::from_hours(24));
            let waits = minutes(throttle.begin(&[li])).unwrap();
            let most: i64 = longest.parse().unwrap();
            assert!(waits.parse::<i64>().unwrap() <= most, "{failures}: {waits}");
            clock.advance(SignedDuration::from_mins(most));
            assert_eq!(minutes(throttle.begin(&[li])), None, "{failures}");
        }
    }

    #[test]
    fn a_place_waits_after_many_and_right_ones_are_given_back() {
        let throttle = Throttle::new(Clock::at("2026-03-18T08:00:00Z".parse().unwrap()));
        let office = Counted::place("10.0.0.1");
        for _ in 0..1_000 {
            assert_eq!(minutes(throttle.begin(&[office])), None);
            throttle.give_back(&[office]);
        }
        for _ in 0..FREE_OF_PLACE {
            assert_eq!(minutes(throttle.begin(&[office])), None);
        }
        assert!(minutes(throttle.begin(&[office])).is_some());
    }

    #[test]
    fn names_cannot_be_made_without_end() {
        let throttle = Throttle::new(Clock::at("2026-03-18T08:00:00Z".parse().unwrap()));
        let li = Counted::account_from("li@example.com", "10.0.0.1");
        while minutes(throttle.begin(&[li])).is_none() {}
        for at in 0..2 * COUNTED_MAX {
            let account = format!("{at}{}", "x".repeat(1_000));
            throttle.begin(&[Counted::account_from(&account, "10.0.0.9")]).unwrap();
        }
        assert!(throttle.failures.lock().unwrap().len() <= COUNTED_MAX);
        assert!(minutes(throttle.begin(&[li])).is_some(), "who has to wait is not forgotten");
    }
}
