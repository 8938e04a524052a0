//! What a gzipped text unpacks to, up to a limit: a small file may be made to unpack to any length.

use std::io::{self, Read};

use guanxi_base::{Error, Refusal};

/// A gzipped text unpacks to no more.
pub(super) const TEXT_BYTES_MAX: u64 = 1 << 30;

/// Bytes that are unpacked, up to a limit: an error beyond it.
pub(super) struct Unpacked<R> {
    bytes: R,
    left: u64,
    limit: u64,
}

impl<R> Unpacked<R> {
    pub(super) fn new(bytes: R, limit: u64) -> Self {
        Self { bytes, left: limit, limit }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.bytes.read(buffer)?;
        match self.left.checked_sub(length as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(UnpacksTooLarge(self.limit))),
        }
        Ok(length)
    }
}

/// That a file unpacks to more bytes than these.
#[derive(Debug)]
struct UnpacksTooLarge(u64);

impl std::fmt::Display for UnpacksTooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "it unpacks to more than {} bytes", self.0)
    }
}

impl std::error::Error for UnpacksTooLarge {}

/// The refusal of a file whose bytes cannot be read: `code`, unless it unpacks to too much.
pub(super) fn unread(error: &io::Error, code: &'static str) -> Error {
    let too_large = error.get_ref().and_then(|reason| reason.downcast_ref::<UnpacksTooLarge>());
    match too_large {
        Some(UnpacksTooLarge(limit)) => {
            Refusal::new("unpacks-too-large").with("limit", limit >> 20).into()
        }
        None => Refusal::new(code).with("reason", error).into(),
    }
}
