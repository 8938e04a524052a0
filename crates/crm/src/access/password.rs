//! Passwords: argon2id, with parameters that are stored with each hash; which ones are good enough.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use guanxi_base::{Error, Refusal, Result};
use sha1::{Digest, Sha1};

/// A shorter password is refused.
pub const MIN_PASSWORD_CHARACTERS: usize = 10;
/// A longer one would only cost time.
const MAX_PASSWORD_CHARACTERS: usize = 200;

/// 19 MiB, two passes, one lane: the OWASP password storage cheat sheet's minimum for argon2id.
fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|e| Error::internal(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Which passwords are good enough (NIST SP 800-63B: length, no rules of composition, nothing that
/// is known or easy to guess).
#[derive(Debug, Clone, Default)]
pub struct PasswordPolicy {
    /// A file of passwords that are known to attackers, by their SHA-1 hashes: sorted lines of
    /// `HASH` or `HASH:COUNT`, as "Pwned Passwords" comes.
    pub breached: Option<PathBuf>,
}

impl PasswordPolicy {
    /// Whether a password may be chosen by somebody who is known by these words.
    ///
    /// # Errors
    /// `password-too-short`, `too-long`, `password-too-easy`, `password-breached`.
    pub fn check(&self, password: &str, about: &[&str]) -> Result<()> {
        fits(password)?;
        // It looks at whole words and dates, years, keyboards, and the most common passwords.
        let guess: String = password.chars().take(100).collect();
        if zxcvbn::zxcvbn(&guess, about).score() < zxcvbn::Score::Three {
            return Err(Refusal::field("password-too-easy", "password").into());
        }
        if let Some(file) = &self.breached
            && is_listed(file, &format!("{:X}", Sha1::digest(password.as_bytes())))?
        {
            return Err(Refusal::field("password-breached", "password").into());
        }
        Ok(())
    }
}

/// Whether a sorted file has a line that begins with this; it may be larger than memory.
fn is_listed(file: &Path, hash: &str) -> Result<bool> {
    let wrong = |error: std::io::Error| Error::internal(format!("{}: {error}", file.display()));
    let mut reader = BufReader::new(File::open(file).map_err(wrong)?);
    let (mut low, mut high) = (0, reader.seek(SeekFrom::End(0)).map_err(wrong)?);
    // The first line that begins at or after a place is looked at; lines are short.
    while low < high {
        let middle = (low + high) / 2;
        let mut line = String::new();
        let mut start = middle.saturating_sub(1);
        reader.seek(SeekFrom::Start(start)).map_err(wrong)?;
        if middle > 0 {
            start += reader.read_line(&mut line).map_err(wrong)? as u64;
            line.clear();
        }
        let length = reader.read_line(&mut line).map_err(wrong)? as u64;
        let known = line.split(':').next().unwrap_or_default().trim().to_uppercase();
        match known.as_str().cmp(hash) {
            _ if length == 0 => high = middle,
            std::cmp::Ordering::Equal => return Ok(true),
            std::cmp::Ordering::Less => low = start + length,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Ok(false)
}

fn fits(password: &str) -> Result<()> {
    let length = password.chars().count();
    if length < MIN_PASSWORD_CHARACTERS {
        let refusal = Refusal::field("password-too-short", "password");
        return Err(refusal.with("limit", MIN_PASSWORD_CHARACTERS).into());
    }
    if length > MAX_PASSWORD_CHARACTERS {
        let refusal = Refusal::field("too-long", "password");
        return Err(refusal.with("limit", MAX_PASSWORD_CHARACTERS).into());
    }
    Ok(())
}

/// The hash to store. Takes tens of milliseconds of a processor, on purpose.
///
/// # Errors
/// `password-too-short`, `too-long`.
pub fn hash_password(password: &str) -> Result<String> {
    fits(password)?;
    let salt = SaltString::generate(&mut OsRng);
    let hash = argon2()?.hash_password(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|e| Error::internal(e.to_string()))
}

/// Whether the password is the one that was hashed. Without a hash it takes just as long, so
/// that nobody learns from the time which users there are.
#[must_use]
pub fn verify_password(password: &str, hash: Option<&str>) -> bool {
    static NOBODY: LazyLock<String> =
        LazyLock::new(|| hash_password("nobody knows this").unwrap_or_default());
    let Ok(argon2) = argon2() else { return false };
    let known = PasswordHash::new(hash.unwrap_or(NOBODY.as_str()));
    let right =
        known.is_ok_and(|known| argon2.verify_password(password.as_bytes(), &known).is_ok());
    right && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_is_right() {
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify_password("correct horse", Some(&hash)));
        assert!(!verify_password("correct hors", Some(&hash)));
        assert!(!verify_password("correct horse", None));
        assert!(hash_password("short").is_err());
    }

    #[test]
    fn easy_and_known_passwords_are_refused() {
        use std::io::Write as _;
        let policy = PasswordPolicy::default();
        let code =
            |policy: &PasswordPolicy, password: &str| match policy.check(password, &["liwei"]) {
                Err(Error::Refused(refusals)) => refusals[0].code,
                other => {
                    if other.is_ok() {
                        "good"
                    } else {
                        "failed"
                    }
                }
            };
        assert_eq!(code(&policy, "short"), "password-too-short");
        for easy in ["password123", "1234567890", "qwertyuiop", "aaaaaaaaaaaa", "liwei2024!"] {
            assert_eq!(code(&policy, easy), "password-too-easy", "{easy}");
        }
        assert_eq!(code(&policy, "plough-lantern-71-quay"), "good");
        // Among others, in any place of the list.
        let mut hashes: Vec<String> =
            (0..500).map(|n| format!("{:X}:{n}", Sha1::digest(format!("other {n}")))).collect();
        let known = "plough-lantern-71-quay";
        hashes.push(format!("{:X}:3", Sha1::digest(known)));
        hashes.sort();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(hashes.join("\r\n").as_bytes()).unwrap();
        let policy = PasswordPolicy { breached: Some(file.path().to_owned()) };
        assert_eq!(code(&policy, known), "password-breached");
        for line in &hashes {
            assert!(is_listed(file.path(), line.split(':').next().unwrap()).unwrap());
        }
        assert_eq!(code(&policy, "another-lantern-71-quay"), "good");
        let empty = tempfile::NamedTempFile::new().unwrap();
        let policy = PasswordPolicy { breached: Some(empty.path().to_owned()) };
        assert_eq!(code(&policy, known), "good");
    }
}
