//! The server as its callers see it, on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod analyses;
mod asked;
mod connections;
mod coverage;
mod deciding;
mod entering;
mod faces;
mod figures;
mod first_hour;
mod forms;
mod house;
mod importing;
mod pages;
mod proof;
mod records;
mod resent;
mod resolution;
mod rights;
mod shutting_out;
mod signing_in;
mod surface;
mod telling;
mod untouched;
mod wizard;
