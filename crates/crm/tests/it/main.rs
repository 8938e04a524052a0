//! Behaviour of the store with the product's record types, on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod analysing;
mod authority;
mod beginning;
mod counting;
mod customising;
mod damage;
mod demonstrating;
mod doubles;
mod drawing;
mod file_reading;
mod finding;
mod following;
mod house;
mod importing;
mod importing_jobs;
mod importing_lines;
mod importing_tables;
mod insights;
mod linking;
mod meanwhile;
mod mirroring;
mod one_rule;
mod organising;
mod owing;
mod pricing;
mod privacy;
mod racing;
mod reading;
mod resolving;
mod running;
mod scheduling;
mod segments;
mod selling;
mod standing;
mod taking;
mod telling;
mod undoing;
mod undoing_whole;
mod upgrading;
mod weighing;
mod workbooks;
mod writing;
mod zones;
