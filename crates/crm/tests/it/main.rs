//! Behaviour of the store with the product's record types, on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod authority;
mod customising;
mod drawing;
mod house;
mod importing;
mod importing_jobs;
mod importing_lines;
mod insights;
mod linking;
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
mod undoing_whole;
mod upgrading;
mod writing;
