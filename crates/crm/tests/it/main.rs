//! Behaviour of the store with the product's record types, on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod authority;
mod drawing;
mod file_reading;
mod house;
mod importing;
mod insights;
mod mirroring;
mod organising;
mod pricing;
mod privacy;
mod reading;
mod resolving;
mod scheduling;
mod segments;
mod standing;
mod undoing;
mod upgrading;
mod workbooks;
mod writing;
