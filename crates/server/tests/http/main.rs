//! The server as its callers see it, on both databases.

mod house;
mod pages;
mod records;
mod rights;
mod surface;
