//! Models of customer value: columns in, numbers out.
//!
//! A business learns by a loop: know what customers are worth → form groups → decide what to do with
//! each → do it → see what it did → know better. The modules of this library are the steps of that loop,
//! in its order; each says what question it answers, from which source, what it needs and what it
//! cannot tell.
//!
//! # Know
//!
//! - [`value`]: how often a customer will buy, whether they still do, and what that is worth.
//! - [`rfm`]: recency, frequency and money as scores; who has lapsed.
//! - [`concentration`]: ABC classes, the Lorenz curve, Gini.
//! - [`cohort`]: who comes back how long after their first purchase.
//! - [`satisfaction`]: CSAT, NPS, SERVQUAL, importance and performance, V = Q/P.
//! - [`matching`]: which records are of one and the same customer; before all others, really.
//!
//! # Form groups
//!
//! - [`cluster`]: groups of customers that are alike, and what sets them apart.
//! - [`composite`]: several criteria in one score, and the two-sided matrix.
//!
//! # Foretell
//!
//! - [`scoring`]: how likely it is that a customer buys, leaves, pays, and why.
//! - [`basket`]: what is bought together, and what to offer next.
//! - [`forecast`]: the next months of a series, and of a whole and its parts.
//! - [`elasticity`]: how much less is sold when it costs more.
//! - [`response`]: what a budget brings.
//!
//! # Decide
//!
//! - [`uplift`]: whom a treatment moves, and what it brings to treat them first.
//! - [`simulation`]: what may come of a plan, with everything that is uncertain.
//! - [`allocation`]: who gets how much of what is scarce.
//!
//! # See what it did
//!
//! - [`experiment`]: how many cases are needed, what came of them, and looking while they run.
//!
//! # What all have in common
//!
//! Nothing here knows a database, a clock or a network. A model takes columns of numbers, a row for each
//! customer, purchase or period, checks them, and gives numbers back. The same input gives the same
//! output, whatever the number of threads; where chance is needed, its seed is an input.
//!
//! *Units.* Times are in one unit of the caller's choice (weeks, as a rule); the rates and horizons of a
//! model are in that unit, too. Amounts of money are plain numbers of one currency.
//!
//! *What is missing.* A number that is not known is NaN, and only where a model says that it may be;
//! [`scoring`] and [`composite`] do.
//!
//! *What makes no sense is refused*, with the column and the row ([`Error`]): nothing is guessed, and no
//! model panics. What makes sense but tells nothing is not refused, but said: a value model names the
//! [boundary](value::Boundary) that it ran into, clusters have a
//! [silhouette](cluster::SILHOUETTE_MIN), a forecast [falls back](forecast::Choice::is_fallback) to the last season, scores may be
//! [no better than guessing](scoring::Validation::is_better_than_guessing).
//!
//! *Each result has its why.* What moved a customer's [value](value::explain) and their
//! [score](scoring::Scorer::explain), what [sets a cluster apart](cluster::profiles), what spoke for a
//! [pair](matching::Scored) and against it, what a plan's outcome [hangs on](simulation::Influence), what one more
//! of a scarce resource [would bring](allocation::Scarcity).
//!
//! # An example: the loop in a few lines
//!
//! ```
//! use guanxi_analytics::concentration::Concentration;
//! use guanxi_analytics::experiment::{difference, sample_size_for_rates};
//! use guanxi_analytics::value::{BetaGeoNbd, Histories, PurchaseModel};
//!
//! // Know: three customers, in weeks. The second was frequent and has been away for long.
//! let histories = Histories::new(&[8.0, 8.0, 1.0], &[36.0, 12.0, 20.0], &[38.0, 38.0, 38.0])?;
//! let model = BetaGeoNbd::of([0.24, 4.4, 0.79, 2.4], false)?;
//! let alive = model.probability_alive(&histories);
//! assert!(alive[0] > 0.8 && alive[1] < 0.1);
//!
//! // Form groups: who makes the business of the next year?
//! let expected = model.expected_purchases(&histories, 52.0);
//! let concentration = Concentration::of(&expected)?;
//! assert_eq!(concentration.order[0], 0);
//!
//! // See: how many letters tell whether 11 % answer instead of 10 %, and did they?
//! let needed = sample_size_for_rates(0.10, 0.11, 0.05, 0.8)?;
//! assert_eq!(needed.ceil(), 14_745.0);
//! let found = difference(&[1.0, 0.0, 1.0, 1.0], &[0.0, 0.0, 1.0, 0.0], 0.95)?;
//! assert!(found.low < 0.0, "four letters tell nothing");
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

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
#[cfg(test)]
mod testing;
pub mod uplift;
pub mod value;

pub use error::{Error, Result};
pub use interval::Interval;
