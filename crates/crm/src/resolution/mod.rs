//! Who is who: customers that stand in the base more than once are found, shown to people, merged
//! and, when that was wrong, parted again.

mod alike;
mod entry;
mod find;
mod follow;
mod join;
mod keep;
mod known;
mod known_pairs;
mod merge;
mod records;
mod run;
mod survivorship;

pub use entry::{LikelyThere, likely_there};
pub use merge::{Merging, merge, merge_pair, merge_pair_in, unmerge, unmerge_in};
pub use records::{CustomerMerge, CustomerPair, PairState, Relation, Survives, SurvivorshipRule};
pub(crate) use run::{FOUND, merged_by};
pub use run::{Resolved, decide, decide_in, is_merged, resolve, waiting};
pub use survivorship::{Survivorship, Taken, may_be_chosen};
