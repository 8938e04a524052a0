//! Whether chances mean what they say: of the pairs told as 90 to 95 per cent, some 92 are true.

use crate::Result;
use crate::error::{each, same_length};

/// Pairs of like chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Their chances are from here on.
    pub from: f64,
    /// And below this, but for the last.
    pub to: f64,
    /// How many they are.
    pub pairs: usize,
    /// Their mean chance.
    pub told: f64,
    /// The share of them that is true.
    pub true_share: f64,
}

/// Where one bin ends and the next begins.
const EDGES: [f64; 9] = [0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.995, 1.0];

/// The table of chances and of what came true, from the least; bins without pairs are left out.
///
/// # Errors
/// When the columns are of different lengths, or a chance is not from 0 to 1.
///
/// ```
/// let bins = guanxi_analytics::matching::reliability(&[0.92, 0.94, 0.91], &[true, true, false])?;
/// assert_eq!((bins[0].from, bins[0].pairs), (0.9, 3));
/// assert!((bins[0].true_share - 2.0 / 3.0).abs() < 1e-9);
/// # Ok::<(), guanxi_analytics::Error>(())
/// ```
pub fn reliability(chances: &[f64], are_true: &[bool]) -> Result<Vec<Bin>> {
    same_length("chances", chances.len(), are_true.len())?;
    each("chances", chances, "must be from 0 to 1", |chance| (0.0..=1.0).contains(&chance))?;
    let bins = EDGES.windows(2).map(|edges| {
        let (from, to) = (edges[0], edges[1]);
        let is_in = |chance: f64| chance >= from && (chance < to || to >= 1.0);
        let inside: Vec<(f64, bool)> = chances
            .iter()
            .copied()
            .zip(are_true.iter().copied())
            .filter(|(chance, _)| is_in(*chance))
            .collect();
        let count = inside.len();
        let mean = |sum: f64| sum / (count as f64).max(1.0);
        Bin {
            from,
            to,
            pairs: count,
            told: mean(inside.iter().map(|(chance, _)| chance).sum()),
            true_share: mean(inside.iter().filter(|(_, is_true)| *is_true).count() as f64),
        }
    });
    Ok(bins.filter(|bin| bin.pairs > 0).collect())
}
