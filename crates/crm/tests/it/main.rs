//! Behaviour of the store with the product's record types, on both databases.

mod house;
mod importing;
mod reading;
mod undoing;
mod writing;
