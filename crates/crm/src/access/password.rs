//! Passwords: argon2id, with parameters that are stored with each hash.

use std::sync::LazyLock;

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use guanxi_base::{Error, Refusal, Result};

/// A shorter password is refused.
pub const MIN_PASSWORD_CHARACTERS: usize = 10;
/// A longer one would only cost time.
const MAX_PASSWORD_CHARACTERS: usize = 200;

/// 19 MiB, two passes, one lane: the OWASP password storage cheat sheet's minimum for argon2id.
fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|e| Error::internal(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash to store. Takes tens of milliseconds of a processor, on purpose.
///
/// # Errors
/// `password-too-short`, `too-long`.
pub fn hash_password(password: &str) -> Result<String> {
    let length = password.chars().count();
    if length < MIN_PASSWORD_CHARACTERS {
        let refusal = Refusal::field("password-too-short", "password");
        return Err(refusal.with("limit", MIN_PASSWORD_CHARACTERS).into());
    }
    if length > MAX_PASSWORD_CHARACTERS {
        let refusal = Refusal::field("too-long", "password");
        return Err(refusal.with("limit", MAX_PASSWORD_CHARACTERS).into());
    }
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
}
