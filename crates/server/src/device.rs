//! A browser on which somebody signed in before. It keeps a sealed note of that, so that whoever
//! guesses elsewhere slows down everybody but the people who are known where they sit.

use axum::http::HeaderMap;
use guanxi_base::{RawId, Result, Timestamp};
use guanxi_crm::access::{Vault, hex};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::signed_in::cookie;

/// The cookie that holds the note; only the pages of signing in are sent it.
pub(crate) const DEVICE_COOKIE: &str = "guanxi_device";
/// It is good for so many days after somebody last signed in.
pub(crate) const DEVICE_DAYS: i64 = 180;
/// So many people of one browser are known.
const PEOPLE_MAX: usize = 8;
const PURPOSE: &str = "device";

/// What the note says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Device {
    /// Tells it apart from others of the same people.
    pub(crate) name: String,
    /// Who signed in, the latest last.
    people: Vec<String>,
    at: Timestamp,
}

impl Device {
    /// The note that a browser sends, if it is ours and not too old.
    pub(crate) fn of(headers: &HeaderMap, vault: &Vault, now: Timestamp) -> Option<Self> {
        let plain = vault.open(PURPOSE, cookie(headers, DEVICE_COOKIE)?)?;
        let known: Self = serde_json::from_slice(&plain).ok()?;
        let age = now.duration_since(known.at);
        (age < SignedDuration::from_hours(DEVICE_DAYS * 24)).then_some(known)
    }

    pub(crate) fn knows(&self, user: RawId) -> bool {
        self.people.contains(&user.to_string())
    }

    /// The note after somebody signed in, sealed.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub(crate) fn after(
        before: Option<&Self>,
        user: RawId,
        vault: &Vault,
        now: Timestamp,
    ) -> Result<String> {
        let name = match before {
            Some(before) => before.name.clone(),
            None => hex(&Vault::random_key()?[..16]),
        };
        let user = user.to_string();
        let mut people = before.map(|before| before.people.clone()).unwrap_or_default();
        people.retain(|known| *known != user);
        people.push(user);
        people.drain(..people.len().saturating_sub(PEOPLE_MAX));
        let note = serde_json::to_vec(&Self { name, people, at: now });
        vault.seal(PURPOSE, &note.map_err(guanxi_base::Error::internal)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header;

    #[test]
    fn a_browser_is_known_by_a_note_that_nobody_else_can_write() {
        let vault = Vault::new(&[7; 32]);
        let now: Timestamp = "2026-03-18T08:00:00Z".parse().unwrap();
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        let sent = |note: &str| {
            let line = format!("a=b; {DEVICE_COOKIE}={note}").parse().unwrap();
            HeaderMap::from_iter([(header::COOKIE, line)])
        };
        let note = Device::after(None, RawId(1), &vault, now).unwrap();
        let known = Device::of(&sent(&note), &vault, now + days(179)).unwrap();
        assert!(known.knows(RawId(1)) && !known.knows(RawId(2)));
        assert!(Device::of(&sent(&note), &vault, now + days(180)).is_none());
        assert!(Device::of(&sent(&note), &Vault::new(&[8; 32]), now).is_none());
        assert!(Device::of(&sent(&note[2..]), &vault, now).is_none());
        let mut device = known;
        for user in 2..=20 {
            let note = Device::after(Some(&device), RawId(user), &vault, now).unwrap();
            let next = Device::of(&sent(&note), &vault, now).unwrap();
            assert_eq!(next.name, device.name);
            device = next;
        }
        assert!(device.knows(RawId(20)) && device.knows(RawId(13)) && !device.knows(RawId(12)));
    }
}
