//! What is sent twice is done once: a write under a key of whoever sends it, a program or a form. The answer is
//! remembered in the transaction that does it, so that of two at once the second gets the first one's.

use guanxi_base::{RawId, Refusal, Result};
use guanxi_store::{Actor, Remembered, Taken, Tx};

use crate::app::App;

/// A write on its way: its transaction, and the key under which its answer is remembered.
pub(crate) struct Write {
    pub(crate) tx: Tx,
    key: Option<String>,
}

/// Whether a write is to be done.
pub(crate) enum Begun {
    New(Box<Write>),
    /// It was done before; this was the answer.
    Known(Remembered),
    /// Something else was done under the same key; this was the answer to that.
    Other(Remembered),
}

/// Begins a write of an Actor, under a key or without one. `request` says what is asked for: the same key
/// with another one is a mistake.
pub(crate) async fn begin(
    app: &App,
    actor: &Actor,
    key: Option<String>,
    request: &str,
) -> Result<Begun> {
    let mut tx = app.store.write(actor).await?;
    // Taken before anything is done: two at once are one after the other.
    if let Some(key) = &key {
        match tx.take_key(key, request).await? {
            Taken::Free => {}
            Taken::Same(answer) => return Ok(Begun::Known(answer)),
            Taken::Other(answer) => return Ok(Begun::Other(answer)),
        }
    }
    Ok(Begun::New(Box::new(Write { tx, key })))
}

impl Begun {
    /// The write; or the answer to a program that asked for the same before.
    ///
    /// # Errors
    /// `key-reused` where the key belongs to another request.
    pub(crate) fn or_known(self) -> Result<std::result::Result<Box<Write>, Remembered>> {
        match self {
            Self::New(write) => Ok(Ok(write)),
            Self::Known(answer) => Ok(Err(answer)),
            Self::Other(_) => Err(Refusal::new("key-reused").into()),
        }
    }
}

impl Write {
    /// Makes it last, and its answer with it; the id of the set of changes.
    pub(crate) async fn commit(mut self, answer: &Remembered) -> Result<RawId> {
        if let Some(key) = &self.key {
            self.tx.remember(key, answer).await?;
        }
        self.tx.commit().await
    }
}

/// What identifies a request for its key.
pub(crate) fn fingerprint(what: &str, body: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(body);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{what} {hex}")
}
