//! The second factor: codes that change every half minute (RFC 6238), as authenticator apps make
//! them, and codes on paper for the day when the telephone is lost.

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_store::Store;
use totp_rs::{Algorithm, TOTP};

use super::vault::{Vault, random};

/// A new code comes every so many seconds.
const STEP_SECONDS: u64 = 30;
/// A code is good so many steps early or late: clocks differ.
const SKEW_STEPS: u64 = 1;
const DIGITS: usize = 6;
const SECRET_BYTES: usize = 20;
const RECOVERY_CODES: usize = 10;

/// A second factor that somebody is about to set up.
#[derive(Debug, Clone)]
pub struct SecondFactor {
    secret: Vec<u8>,
}

fn purpose(user: RawId) -> String {
    format!("second factor of {user}")
}

impl SecondFactor {
    /// A new one.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn random() -> Result<Self> {
        let mut secret = vec![0; SECRET_BYTES];
        random(&mut secret)?;
        Ok(Self { secret })
    }

    /// One whose secret the browser brought back.
    ///
    /// # Errors
    /// `wrong-code` when it is none.
    pub fn of(secret: Vec<u8>) -> Result<Self> {
        if secret.len() == SECRET_BYTES {
            return Ok(Self { secret });
        }
        Err(Refusal::new("wrong-code").into())
    }

    /// The secret: for the person who sets it up, once.
    #[must_use]
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// Sealed for a user.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn seal(&self, vault: &Vault, user: RawId) -> Result<String> {
        vault.seal(&purpose(user), &self.secret)
    }

    /// Opened again.
    ///
    /// # Errors
    /// `second-factor-lost` when the key of the vault is another.
    pub fn open(vault: &Vault, user: RawId, sealed: &str) -> Result<Self> {
        let secret = vault.open(&purpose(user), sealed);
        let secret = secret.ok_or_else(|| Refusal::new("second-factor-lost"))?;
        Ok(Self { secret })
    }

    fn totp(&self, account: &str) -> Result<TOTP> {
        let (issuer, account) = (Some("Guanxi".to_owned()), account.replace(':', " "));
        TOTP::new(Algorithm::SHA1, DIGITS, 0, STEP_SECONDS, self.secret.clone(), issuer, account)
            .map_err(|error| Error::internal(error.to_string()))
    }

    /// What an authenticator app reads as a picture.
    ///
    /// # Errors
    /// Never in practice: the secret has the right length.
    pub fn url(&self, account: &str) -> Result<String> {
        Ok(self.totp(account)?.get_url())
    }

    /// What a person types where there is no camera.
    ///
    /// # Errors
    /// As `url`.
    pub fn text(&self) -> Result<String> {
        Ok(self.totp("")?.get_secret_base32())
    }

    /// The code at a time, in seconds since 1970.
    ///
    /// # Errors
    /// As `url`.
    pub fn code_at(&self, seconds: u64) -> Result<String> {
        Ok(self.totp("")?.generate(seconds))
    }

    /// The time step whose code this is, if it is that of now or a neighbour.
    ///
    /// # Errors
    /// As `url`.
    pub fn step_of(&self, code: &str, seconds: u64) -> Result<Option<i64>> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let now = seconds / STEP_SECONDS;
        for step in now.saturating_sub(SKEW_STEPS)..=now + SKEW_STEPS {
            if self.code_at(step * STEP_SECONDS)? == code {
                return Ok(i64::try_from(step).ok());
            }
        }
        Ok(None)
    }
}

/// New codes to sign in without the second factor, each once.
///
/// # Errors
/// When the machine has no randomness.
pub fn recovery_codes() -> Result<Vec<String>> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; RECOVERY_CODES * 10];
    random(&mut bytes)?;
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let code = |bytes: &[u8]| {
        let text: String = bytes.iter().map(letter).collect();
        format!("{}-{}", &text[..5], &text[5..])
    };
    Ok(bytes.chunks(10).map(code).collect())
}

/// Whether a code proves the second factor of a user: each code is good once.
///
/// # Errors
/// `second-factor-lost`; when the database fails.
pub async fn prove_second_factor(
    store: &Store,
    vault: &Vault,
    user: RawId,
    code: &str,
) -> Result<bool> {
    let credential = store.credential(user).await?;
    let Some(sealed) = credential.second_factor else { return Ok(false) };
    let typed = code.trim().to_lowercase();
    if typed.contains('-') {
        return store.use_recovery_code(user, &typed).await;
    }
    let factor = SecondFactor::open(vault, user, &sealed)?;
    let seconds = u64::try_from(store.clock().now().as_second()).unwrap_or(0);
    match factor.step_of(&typed, seconds)? {
        Some(step) => store.use_second_factor_step(user, step).await,
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, with six digits of the eight.
        let factor = SecondFactor { secret: b"12345678901234567890".to_vec() };
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(factor.code_at(seconds).unwrap(), code);
            assert_eq!(factor.step_of(code, seconds + 30).unwrap(), Some((seconds / 30) as i64));
            assert_eq!(factor.step_of(code, seconds + 61).unwrap(), None);
        }
        assert!(factor.url("li@example.com").unwrap().starts_with("otpauth://totp/Guanxi:li"));
    }

    #[test]
    fn recovery_codes_differ() {
        let codes = recovery_codes().unwrap();
        let different: std::collections::BTreeSet<&String> = codes.iter().collect();
        assert_eq!((different.len(), codes[0].len()), (10, 11));
    }
}
