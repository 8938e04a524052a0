//! Who is in which cluster, in a few conditions: a small classification tree.
//!
//! Breiman, Friedman, Olshen & Stone, *Classification and Regression Trees* (1984), with Gini's
//! impurity; the numbers are cut into bins, and the split that helps most is made first.

use rayon::prelude::*;

use super::check_columns;
use crate::Result;
use crate::bins::Bins;
use crate::error::{parameter, same_length};

/// A column lies in a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    /// The place of the column.
    pub column: usize,
    /// It is at least this, if given.
    pub at_least: Option<f64>,
    /// It is below this, if given.
    pub below: Option<f64>,
}

/// Where all conditions hold, a case is most often in this cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// At most one for each column; none holds for all.
    pub conditions: Vec<Condition>,
    /// The cluster.
    pub cluster: usize,
    /// How many cases meet the conditions.
    pub cases: usize,
    /// Which share of them is in the cluster.
    pub share: f64,
}

/// Rules of which each case meets exactly one.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Those with the most cases first.
    pub rules: Vec<Rule>,
    /// The share of all cases that the rules put into their cluster.
    pub accuracy: f64,
}

/// The cases of a leaf, and how they may be split best.
struct Leaf {
    rows: Vec<u32>,
    conditions: Vec<Condition>,
    counts: Vec<f64>,
    split: Option<(f64, usize, usize)>,
}

/// The sum of squared counts by their total: the higher, the purer.
fn purity(counts: &[f64]) -> f64 {
    let total: f64 = counts.iter().sum();
    if total > 0.0 { counts.iter().map(|count| count * count).sum::<f64>() / total } else { 0.0 }
}

struct Search<'a> {
    codes: Vec<Vec<u8>>,
    bins: Vec<Bins>,
    assignment: &'a [usize],
    clusters: usize,
    cases_min: f64,
}

impl Search<'_> {
    fn leaf(&self, rows: Vec<u32>, conditions: Vec<Condition>) -> Leaf {
        let mut counts = vec![0.0; self.clusters];
        rows.iter().for_each(|row| counts[self.assignment[*row as usize]] += 1.0);
        let best = |column: usize| self.best_cut(column, &rows, &counts);
        let split = (0..self.codes.len()).into_par_iter().filter_map(best).collect::<Vec<_>>();
        // The first of equal ones.
        let split =
            split.into_iter().reduce(|known, other| if other.0 > known.0 { other } else { known });
        Leaf { rows, conditions, counts, split }
    }

    /// What the best cut of a column gains, the column, and the last bin below the cut.
    fn best_cut(&self, column: usize, rows: &[u32], counts: &[f64]) -> Option<(f64, usize, usize)> {
        let bins = self.bins[column].cuts.len() + 2;
        let mut by_bin = vec![0.0; bins * self.clusters];
        for row in rows {
            let row = *row as usize;
            let bin = usize::from(self.codes[column][row]);
            by_bin[bin * self.clusters + self.assignment[row]] += 1.0;
        }
        let (mut below, mut above) = (vec![0.0; self.clusters], counts.to_vec());
        let mut best: Option<(f64, usize, usize)> = None;
        for (bin, counts_here) in by_bin.chunks(self.clusters).enumerate().take(bins - 1) {
            for (cluster, count) in counts_here.iter().enumerate() {
                below[cluster] += count;
                above[cluster] -= count;
            }
            let fewest = below.iter().sum::<f64>().min(above.iter().sum::<f64>());
            let gain = purity(&below) + purity(&above) - purity(counts);
            if fewest >= self.cases_min
                && gain > 1e-9
                && best.is_none_or(|(known, ..)| gain > known)
            {
                best = Some((gain, column, bin));
            }
        }
        best
    }

    fn split(&self, leaf: &Leaf, column: usize, bin: usize) -> [Leaf; 2] {
        let is_below = |row: &u32| usize::from(self.codes[column][*row as usize]) <= bin;
        let (below, above) = leaf.rows.iter().partition(|row| is_below(row));
        let cut = self.bins[column].cuts[bin - 1];
        let narrowed = |is_below: bool| {
            let mut conditions = leaf.conditions.clone();
            let known = conditions.iter().position(|condition| condition.column == column);
            let at = known.unwrap_or_else(|| {
                conditions.push(Condition { column, at_least: None, below: None });
                conditions.len() - 1
            });
            if is_below {
                conditions[at].below = Some(cut);
            } else {
                conditions[at].at_least = Some(cut);
            }
            conditions
        };
        [self.leaf(below, narrowed(true)), self.leaf(above, narrowed(false))]
    }
}

impl Rules {
    /// Finds at most `most` rules that tell the clusters apart, each with at least one case in a
    /// hundred.
    ///
    /// # Errors
    /// When columns are empty, of different lengths or hold what is no number, or no rule may be
    /// made.
    pub fn of(columns: &[&[f64]], assignment: &[usize], most: usize) -> Result<Self> {
        let count = check_columns(columns)?;
        same_length("assignment", assignment.len(), count)?;
        parameter("most", most as f64, "must be 1 or more", |most| most >= 1.0)?;
        let bins: Vec<Bins> = columns.iter().map(|column| Bins::of(column, usize::MAX)).collect();
        let codes = columns
            .iter()
            .zip(&bins)
            .map(|(column, bins)| column.par_iter().map(|value| bins.code(*value)).collect())
            .collect();
        let clusters = assignment.iter().max().map_or(0, |most| most + 1);
        let cases_min = (count as f64 / 100.0).max(1.0);
        let search = Search { codes, bins, assignment, clusters, cases_min };
        let rows = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
        let mut leaves = vec![search.leaf(rows, Vec::new())];
        while leaves.len() < most {
            let best = leaves.iter().enumerate().filter_map(|(at, leaf)| Some((at, leaf.split?)));
            let best = best.max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0));
            let Some((at, (_, column, bin))) = best else { break };
            let leaf = leaves.swap_remove(at);
            leaves.extend(search.split(&leaf, column, bin));
        }
        let mut right = 0.0;
        let mut rules: Vec<Rule> = leaves
            .into_iter()
            .map(|leaf| {
                let top = leaf.counts.iter().copied().enumerate();
                // The first of equal ones.
                let (cluster, count) =
                    top.rev().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0));
                right += count;
                let cases = leaf.rows.len();
                Rule { conditions: leaf.conditions, cluster, cases, share: count / cases as f64 }
            })
            .collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.cases));
        Ok(Self { rules, accuracy: right / count as f64 })
    }

    /// The cluster that the rules put a case into.
    #[must_use]
    pub fn cluster(&self, case: &[f64]) -> Option<usize> {
        let meets = |condition: &Condition| {
            let value = case.get(condition.column).copied().unwrap_or(f64::NAN);
            condition.at_least.is_none_or(|least| value >= least)
                && condition.below.is_none_or(|most| value < most)
        };
        let rule = self.rules.iter().find(|rule| rule.conditions.iter().all(meets));
        rule.map(|rule| rule.cluster)
    }
}
