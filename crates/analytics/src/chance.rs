//! Chance that can be repeated: the seed is an input, and the same seed draws the same numbers.

use rand::SeedableRng;
use rand::seq::SliceRandom;
pub(crate) use rand_pcg::Pcg64;

/// A generator that draws the same numbers for the same seed, on every machine.
pub(crate) fn generator(seed: u64) -> Pcg64 {
    Pcg64::seed_from_u64(seed)
}

/// The numbers below `count` in a random order.
pub(crate) fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut generator(seed));
    order
}

/// At most `size` of the numbers below `count`, ascending.
pub(crate) fn sample(count: usize, size: usize, seed: u64) -> Vec<usize> {
    let mut rows =
        rand::seq::index::sample(&mut generator(seed), count, size.min(count)).into_vec();
    rows.sort_unstable();
    rows
}
