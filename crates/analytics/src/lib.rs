//! Models of customer value: columns in, numbers out.
//!
//! Nothing here knows a database, a clock or a network. Every model takes columns of numbers,
//! checks them, and gives numbers back; the same input gives the same output, whatever the number
//! of threads, and where chance is needed, the seed is an input.
//!
//! Times are in one unit of the caller's choice (weeks, as a rule); the rates and horizons of a
//! model are in that unit too. Amounts of money are plain numbers of one currency.
//!
//! - [`value`]: how often a customer will buy, whether they still do, and what that is worth.
//! - [`rfm`]: recency, frequency and money as scores.
//! - [`concentration`]: ABC classes, the Lorenz curve, Gini.
//! - [`basket`]: what is bought together, and what to offer next.
//! - [`cluster`]: groups of customers that are alike, and what sets them apart.
//! - [`cohort`]: who comes back how long after their first purchase.
//! - [`composite`]: several criteria in one score, and the two-sided matrix.
//! - [`experiment`]: how many cases are needed, what came of them.
//! - [`scoring`]: how likely it is that a customer buys, leaves, pays, and why.
//! - [`uplift`]: whom a treatment moves, and what it brings to treat them first.
//! - [`forecast`]: the next months of a series, and of a whole and its parts.
//! - [`matching`]: which records are of one and the same customer.
//! - [`elasticity`]: how much less is sold when it costs more.
//! - [`response`]: what a budget brings.
//! - [`simulation`]: what may come of a plan, with everything that is uncertain.
//! - [`allocation`]: who gets how much of what is scarce.
//! - [`satisfaction`]: CSAT, NPS, SERVQUAL, importance and performance, V = Q/P.

pub mod allocation;
pub mod basket;
mod bins;
mod chance;
pub mod cluster;
pub mod cohort;
pub mod composite;
pub mod concentration;
pub mod elasticity;
mod error;
pub mod experiment;
pub mod forecast;
mod interval;
pub mod matching;
mod minimise;
mod moments;
pub mod response;
pub mod rfm;
pub mod satisfaction;
pub mod scoring;
pub mod simulation;
mod special;
pub mod uplift;
pub mod value;

pub use error::{Error, Result};
pub use interval::Interval;
