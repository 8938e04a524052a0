//! Growing a tree: histograms of the gradients by bin, and always the leaf that gains most first.
//!
//! Ke et al., *LightGBM*, NeurIPS 2017: binned features, leaf-wise growth, the histogram of the
//! larger child as the difference of its parent's and its sibling's.

use rayon::prelude::*;

use super::tree::{BinSet, Node, Split, Tree};

pub(super) const BINS: usize = 256;
/// Cases of which one histogram is made, always in the same order.
const PIECE: usize = 32_768;
/// What keeps categories of few cases from going first (LightGBM's `cat_smooth`).
const CATEGORY_SMOOTHING: f64 = 10.0;

/// Gradient and curvature of the loss, summed over the cases of a bin.
pub(super) type Sum = [f64; 2];
/// The sums of each bin of each feature.
type Histogram = Vec<[Sum; BINS]>;

/// The features as bins, row after row.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    pub(super) rows: Vec<u8>,
    pub(super) features: usize,
}

impl Codes {
    pub(super) fn row(&self, row: usize) -> &[u8] {
        &self.rows[row * self.features..(row + 1) * self.features]
    }
}

/// When a tree ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) leaves: usize,
    pub(super) weight_min: f64,
    pub(super) ridge: f64,
}

/// What a tree is grown from.
pub(super) struct Grower<'a> {
    pub(super) codes: &'a Codes,
    pub(super) is_number: &'a [bool],
    /// Bins that are in use, of each feature.
    pub(super) bins: &'a [usize],
    pub(super) limits: Limits,
}

/// A leaf that may still be split: its cases are a range of the order.
struct Open {
    node: usize,
    from: usize,
    to: usize,
    sum: Sum,
    histogram: Histogram,
    best: Option<Found>,
}

/// A split that was found.
#[derive(Clone)]
struct Found {
    gain: f64,
    feature: usize,
    left_bins: BinSet,
    left: Sum,
}

fn added(a: Sum, b: Sum) -> Sum {
    [a[0] + b[0], a[1] + b[1]]
}

fn less(a: Sum, b: Sum) -> Sum {
    [a[0] - b[0], a[1] - b[1]]
}

impl Grower<'_> {
    /// Grows a tree over the cases in `order`, and hands each leaf's value and cases to `each_leaf`.
    pub(super) fn grow(
        &self,
        gradients: &[[f32; 2]],
        order: &mut [u32],
        mut each_leaf: impl FnMut(f64, &[u32]),
    ) -> Tree {
        let histogram = self.histogram(gradients, order);
        let sum = histogram[0].iter().copied().fold([0.0; 2], added);
        let mut tree = Tree { nodes: vec![self.node(sum)] };
        let mut open = vec![self.open(0, (0, order.len()), sum, histogram)];
        while open.len() < self.limits.leaves {
            let gain = |leaf: &Open| leaf.best.as_ref().map_or(0.0, |best| best.gain);
            // The first of equal ones.
            let next =
                (0..open.len()).rev().max_by(|a, b| gain(&open[*a]).total_cmp(&gain(&open[*b])));
            let Some(at) = next.filter(|at| gain(&open[*at]) > 0.0) else { break };
            let leaf = open.swap_remove(at);
            let children = self.split(gradients, order, leaf, &mut tree);
            open.extend(children.into_iter().flatten());
        }
        for leaf in &open {
            each_leaf(tree.nodes[leaf.node].value, &order[leaf.from..leaf.to]);
        }
        tree
    }

    fn node(&self, sum: Sum) -> Node {
        Node { split: None, value: -sum[0] / (sum[1] + self.limits.ridge), cover: sum[1] }
    }

    fn open(
        &self,
        node: usize,
        (from, to): (usize, usize),
        sum: Sum,
        histogram: Histogram,
    ) -> Open {
        let best = self.best(sum, &histogram);
        Open { node, from, to, sum, histogram, best }
    }

    fn split(
        &self,
        gradients: &[[f32; 2]],
        order: &mut [u32],
        leaf: Open,
        tree: &mut Tree,
    ) -> Option<[Open; 2]> {
        let found = leaf.best?;
        let rows = &mut order[leaf.from..leaf.to];
        let left_count = self.partition(rows, &found);
        let (left_rows, right_rows) = rows.split_at(left_count);
        let sums = [found.left, less(leaf.sum, found.left)];
        let children = [tree.nodes.len(), tree.nodes.len() + 1];
        tree.nodes.extend(sums.map(|sum| self.node(sum)));
        tree.nodes[leaf.node].split = Some(Split {
            feature: found.feature,
            left_bins: found.left_bins,
            children,
            gain: found.gain,
        });
        // The smaller child is counted, the larger one is the rest.
        let left_is_smaller = left_rows.len() <= right_rows.len();
        let smaller =
            self.histogram(gradients, if left_is_smaller { left_rows } else { right_rows });
        let mut larger = leaf.histogram;
        for (all, part) in larger.iter_mut().zip(&smaller) {
            for (all, part) in all.iter_mut().zip(part) {
                *all = less(*all, *part);
            }
        }
        let [left, right] = if left_is_smaller { [smaller, larger] } else { [larger, smaller] };
        let middle = leaf.from + left_count;
        Some([
            self.open(children[0], (leaf.from, middle), sums[0], left),
            self.open(children[1], (middle, leaf.to), sums[1], right),
        ])
    }

    /// Moves the cases that go left to the front; both sides keep their order.
    fn partition(&self, rows: &mut [u32], found: &Found) -> usize {
        let pieces: Vec<(Vec<u32>, Vec<u32>)> = rows
            .par_chunks(PIECE)
            .map(|rows| {
                let left = |row: &u32| {
                    let code = self.codes.rows[*row as usize * self.codes.features + found.feature];
                    found.left_bins.contains(code)
                };
                rows.iter().partition(|row| left(row))
            })
            .collect();
        let mut at = 0;
        let sides =
            pieces.iter().map(|(left, _)| left).chain(pieces.iter().map(|(_, right)| right));
        for part in sides {
            rows[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        pieces.iter().map(|(left, _)| left.len()).sum()
    }

    fn histogram(&self, gradients: &[[f32; 2]], rows: &[u32]) -> Histogram {
        let features = self.codes.features;
        let count = |rows: &[u32]| {
            let mut histogram = vec![[[0.0; 2]; BINS]; features];
            for row in rows {
                let row = *row as usize;
                let sum = gradients[row].map(f64::from);
                for (bins, code) in histogram.iter_mut().zip(self.codes.row(row)) {
                    let bin = &mut bins[usize::from(*code)];
                    *bin = added(*bin, sum);
                }
            }
            histogram
        };
        let mut pieces = rows.par_chunks(PIECE).map(count).collect::<Vec<_>>().into_iter();
        let mut all = pieces.next().unwrap_or_else(|| vec![[[0.0; 2]; BINS]; features]);
        for piece in pieces {
            for (all, piece) in all.iter_mut().zip(piece) {
                for (all, piece) in all.iter_mut().zip(piece) {
                    *all = added(*all, piece);
                }
            }
        }
        all
    }

    fn score(&self, sum: Sum, ridge: f64) -> f64 {
        sum[0] * sum[0] / (sum[1] + ridge).max(f64::MIN_POSITIVE)
    }

    fn best(&self, sum: Sum, histogram: &Histogram) -> Option<Found> {
        if sum[1] < 2.0 * self.limits.weight_min {
            return None;
        }
        let best = |feature: usize| {
            let bins = &histogram[feature][..self.bins[feature]];
            if self.is_number[feature] {
                self.best_cut(feature, bins, sum)
            } else {
                self.best_set(feature, bins, sum)
            }
        };
        let found = (0..histogram.len()).filter_map(best);
        found.reduce(|known, other| if other.gain > known.gain { other } else { known })
    }

    /// What it gains to send `left` one way and the rest the other.
    fn gain(&self, left: Sum, sum: Sum, ridge: f64) -> Option<f64> {
        let right = less(sum, left);
        let enough = left[1] >= self.limits.weight_min && right[1] >= self.limits.weight_min;
        let gain = self.score(left, ridge) + self.score(right, ridge) - self.score(sum, ridge);
        (enough && gain > 1e-9).then_some(gain)
    }

    /// The best cut of a number; cases without it go where that gains more.
    fn best_cut(&self, feature: usize, bins: &[Sum], sum: Sum) -> Option<Found> {
        let missing = bins[0];
        let mut best: Option<(f64, usize, bool, Sum)> = None;
        let mut below = [0.0; 2];
        for (bin, here) in bins.iter().enumerate().skip(1) {
            below = added(below, *here);
            for missing_left in [true, false] {
                if !missing_left && missing[1] == 0.0 {
                    continue;
                }
                let left = if missing_left { added(below, missing) } else { below };
                if let Some(gain) = self.gain(left, sum, self.limits.ridge)
                    && best.as_ref().is_none_or(|(known, ..)| gain > *known)
                {
                    best = Some((gain, bin, missing_left, left));
                }
            }
        }
        best.map(|(gain, cut, missing_left, left)| {
            let mut left_bins = BinSet::default();
            (usize::from(!missing_left)..=cut).for_each(|bin| left_bins.insert(bin as u8));
            Found { gain, feature, left_bins, left }
        })
    }

    /// The best set of categories: the best cut of them in the order of their gradients (Fisher,
    /// *Journal of the American Statistical Association* 53, 1958).
    fn best_set(&self, feature: usize, bins: &[Sum], sum: Sum) -> Option<Found> {
        let ridge = self.limits.ridge + CATEGORY_SMOOTHING;
        let mut used: Vec<usize> = (0..bins.len()).filter(|bin| bins[*bin][1] > 0.0).collect();
        let order = |bin: &usize| bins[*bin][0] / (bins[*bin][1] + CATEGORY_SMOOTHING);
        used.sort_by(|a, b| order(a).total_cmp(&order(b)));
        let mut best: Option<(f64, usize, Sum)> = None;
        let mut left = [0.0; 2];
        for (place, bin) in used.iter().enumerate() {
            left = added(left, bins[*bin]);
            if let Some(gain) = self.gain(left, sum, ridge)
                && best.is_none_or(|(known, ..)| gain > known)
            {
                best = Some((gain, place, left));
            }
        }
        best.map(|(gain, place, left)| {
            let mut left_bins = BinSet::default();
            used[..=place].iter().for_each(|bin| left_bins.insert(*bin as u8));
            Found { gain, feature, left_bins, left }
        })
    }
}
