//! The server as its callers see it, on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod coverage;
mod deciding;
mod house;
mod pages;
mod proof;
mod records;
mod resolution;
mod rights;
mod signing_in;
mod surface;
