//! Secrets that must be read again, such as those of second factors: sealed with a key that is kept
//! outside the database, so that a stolen backup does not hold them.

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use guanxi_base::{Error, Result};

/// Bytes of the key.
pub const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Vault(XChaCha20Poly1305);

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// A vault with this key.
    #[must_use]
    pub fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// A key that nobody can guess.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn random_key() -> Result<[u8; KEY_BYTES]> {
        let mut key = [0; KEY_BYTES];
        random(&mut key)?;
        Ok(key)
    }

    /// Seals a secret for one purpose: opened for another, it is nothing.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<String> {
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce)?;
        let payload = chacha20poly1305::aead::Payload { msg: secret, aad: purpose.as_bytes() };
        let sealed = self.0.encrypt(XNonce::from_slice(&nonce), payload);
        let sealed = sealed.map_err(|_| Error::internal("a secret cannot be sealed"))?;
        Ok(hex(&[nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what `seal` made; nothing when it was sealed with another key or tampered with.
    #[must_use]
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = unhex(sealed)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
        let payload = chacha20poly1305::aead::Payload { msg: sealed, aad: purpose.as_bytes() };
        self.0.decrypt(XNonce::from_slice(nonce), payload).ok()
    }
}

pub(super) fn random(bytes: &mut [u8]) -> Result<()> {
    use argon2::password_hash::rand_core::{OsRng, RngCore};
    OsRng.try_fill_bytes(bytes).map_err(|error| Error::internal(error.to_string()))
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hexadecimal digits as bytes.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pair = |pair: &[u8]| {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()
    };
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(pair).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_opened_with_its_key_and_for_its_purpose_only() {
        let vault = Vault::new(&Vault::random_key().unwrap());
        let sealed = vault.seal("totp 1", b"secret").unwrap();
        assert_eq!(vault.open("totp 1", &sealed).unwrap(), b"secret");
        assert_eq!(vault.open("totp 2", &sealed), None);
        assert_eq!(Vault::new(&[7; KEY_BYTES]).open("totp 1", &sealed), None);
        assert_ne!(vault.seal("totp 1", b"secret").unwrap(), sealed);
        for broken in ["", "zz", "00", &sealed[2..], &format!("{sealed}00")] {
            assert_eq!(vault.open("totp 1", broken), None);
        }
    }
}
