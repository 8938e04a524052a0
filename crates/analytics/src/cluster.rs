//! Groups of cases that are alike, found, counted and described so that a person can name them.
//!
//! [`KMeans`] finds a given number of clusters, [`choose_k`] how many there are,
//! [`profiles`] what each cluster has more or less of than all, and [`Rules`] says who is in which
//! in a few conditions.
//!
//! ```
//! use guanxi_analytics::cluster::{KMeans, Rules, choose_k, profiles};
//! // What was spent, and how often: two who buy much and seldom, three who buy little and often.
//! let spent = [900.0, 950.0, 40.0, 55.0, 48.0];
//! let often = [1.0, 2.0, 11.0, 12.0, 10.0];
//! let columns = [spent.as_slice(), often.as_slice()];
//! let (clusters, tried) = choose_k(&columns, 3, &KMeans::new(2))?;
//! assert_eq!(clusters.assignment, [1, 1, 0, 0, 0]);
//! assert!(tried[0].silhouette > 0.8);
//! let rules = Rules::of(&columns, &clusters.assignment, 2)?;
//! assert_eq!(rules.accuracy, 1.0);
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

mod profile;
mod rules;

use rand::Rng;
use rayon::prelude::*;

use crate::chance::{Pcg64, generator, sample};
use crate::error::{each, parameter, same_length};
use crate::moments::mean_and_deviation;
use crate::{Error, Result};

pub use profile::{Profile, Trait, profiles};
pub use rules::{Condition, Rule, Rules};

/// Cases whose distances are computed together: their columns fit the fastest cache.
const BLOCK: usize = 256;
/// Cases whose sums are added up together, always in the same order.
const PIECE: usize = 64 * BLOCK;

/// How to find clusters.
///
/// Lloyd, *IEEE Transactions on Information Theory* 28 (1982), from centres that are drawn by
/// Arthur & Vassilvitskii's k-means++ (2007), of several tries each time the one that helps most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KMeans {
    /// How many clusters.
    pub clusters: usize,
    /// Whether each column counts by its standard deviations, whatever its unit.
    pub standardise: bool,
    /// From how many draws of centres; the best is kept.
    pub starts: usize,
    /// Rounds of one start at most.
    pub rounds: usize,
    /// What the draws depend on.
    pub seed: u64,
}

impl KMeans {
    /// So many clusters of standardised columns, from three starts.
    #[must_use]
    pub fn new(clusters: usize) -> Self {
        Self { clusters, standardise: true, starts: 3, rounds: 300, seed: 0 }
    }
}

/// Clusters that were found.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// The cluster of each case, from 0, the largest first.
    pub assignment: Vec<usize>,
    /// The means of each cluster, in the units of the columns.
    pub centres: Vec<Vec<f64>>,
    /// How many cases each holds.
    pub sizes: Vec<usize>,
    /// The sum of squared distances of all cases to their centres, in what they were measured in.
    pub inertia: f64,
    /// Whether the last round changed nothing more.
    pub converged: bool,
}

/// Columns on one scale.
struct Points {
    columns: Vec<Vec<f64>>,
    mean: Vec<f64>,
    scale: Vec<f64>,
}

pub(crate) fn check_columns(columns: &[&[f64]]) -> Result<usize> {
    let Some(first) = columns.first() else { return Err(Error::Empty { column: "columns" }) };
    for column in columns {
        same_length("columns", column.len(), first.len())?;
        each("columns", column, "must be a number", |_| true)?;
    }
    Ok(first.len())
}

impl Points {
    fn of(columns: &[&[f64]], standardise: bool) -> Result<Self> {
        check_columns(columns)?;
        let mut points = Self { columns: Vec::new(), mean: Vec::new(), scale: Vec::new() };
        for column in columns {
            let (mean, deviation) = mean_and_deviation(column);
            let scale = if standardise && deviation > 0.0 { deviation } else { 1.0 };
            points.columns.push(column.iter().map(|value| (value - mean) / scale).collect());
            points.mean.push(mean);
            points.scale.push(scale);
        }
        Ok(points)
    }

    fn count(&self) -> usize {
        self.columns[0].len()
    }

    fn at(&self, row: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column[row]).collect()
    }

    /// Squared distances of the block from `from` to one centre.
    fn distances(&self, from: usize, centre: &[f64], distances: &mut [f64]) {
        let to = from + distances.len();
        let mut columns = self.columns.iter().zip(centre);
        if let Some((column, centre)) = columns.next() {
            for (distance, value) in distances.iter_mut().zip(&column[from..to]) {
                *distance = (value - centre) * (value - centre);
            }
        }
        for (column, centre) in columns {
            for (distance, value) in distances.iter_mut().zip(&column[from..to]) {
                *distance += (value - centre) * (value - centre);
            }
        }
    }

    /// Squared distances of all to one centre, where that is nearer than what is known.
    fn nearer(&self, known: &[f64], centre: &[f64]) -> (Vec<f64>, f64) {
        let pieces: Vec<(Vec<f64>, f64)> = known
            .par_chunks(PIECE)
            .enumerate()
            .map(|(piece, known)| {
                let mut nearest = vec![0.0; known.len()];
                self.distances(piece * PIECE, centre, &mut nearest);
                let mut sum = 0.0;
                for (distance, known) in nearest.iter_mut().zip(known) {
                    *distance = if *known < *distance { *known } else { *distance };
                    sum += *distance;
                }
                (nearest, sum)
            })
            .collect();
        let sum = pieces.iter().map(|(_, sum)| sum).sum();
        (pieces.into_iter().flat_map(|(nearest, _)| nearest).collect(), sum)
    }
}

/// What a piece of the cases adds to the next centres.
struct Sums {
    sums: Vec<f64>,
    counts: Vec<usize>,
    inertia: f64,
    farthest: (f64, usize),
}

/// Finds clusters of cases; one column for each of their features.
///
/// # Errors
/// When columns are empty, of different lengths or hold what is no number; when there are no
/// clusters asked for, or more than there are distinct cases.
pub fn k_means(columns: &[&[f64]], settings: &KMeans) -> Result<Clusters> {
    parameter("clusters", settings.clusters as f64, "must be 1 or more", |k| k >= 1.0)?;
    let points = Points::of(columns, settings.standardise)?;
    let mut random = generator(settings.seed);
    let mut best: Option<Search> = None;
    for _ in 0..settings.starts.max(1) {
        let centres = draw_centres(&points, settings.clusters, &mut random)?;
        let found = search(&points, centres, settings.rounds.max(1));
        if best.as_ref().is_none_or(|known| found.inertia < known.inertia) {
            best = Some(found);
        }
    }
    let Some(best) = best else { return Err(Error::Empty { column: "starts" }) };
    Ok(named(&points, best))
}

/// Centres far from each other: each next one is drawn by the squared distance to those before.
fn draw_centres(points: &Points, clusters: usize, random: &mut Pcg64) -> Result<Vec<Vec<f64>>> {
    let tries = 2 + (clusters as f64).ln() as usize;
    let first = points.at(random.random_range(0..points.count()));
    let (mut nearest, mut sum) = points.nearer(&vec![f64::INFINITY; points.count()], &first);
    let mut centres = vec![first];
    while centres.len() < clusters {
        if sum <= 0.0 {
            let (found, wanted) = (centres.len(), clusters);
            return Err(Error::TooFew { what: "distinct cases", found, wanted });
        }
        let mut best: Option<(f64, Vec<f64>, Vec<f64>)> = None;
        let mut marks: Vec<f64> = (0..tries).map(|_| random.random::<f64>() * sum).collect();
        for row in drawn_by(&nearest, &mut marks) {
            let centre = points.at(row);
            let (with, sum) = points.nearer(&nearest, &centre);
            if best.as_ref().is_none_or(|(known, _, _)| sum < *known) {
                best = Some((sum, with, centre));
            }
        }
        let Some((with_sum, with, centre)) = best else { break };
        (nearest, sum) = (with, with_sum);
        centres.push(centre);
    }
    Ok(centres)
}

/// The rows where the running sum of the weights passes each mark.
fn drawn_by(weights: &[f64], marks: &mut [f64]) -> Vec<usize> {
    marks.sort_unstable_by(f64::total_cmp);
    let mut rows = Vec::new();
    let (mut sum, mut last) = (0.0, 0);
    for (row, weight) in weights.iter().enumerate() {
        if *weight <= 0.0 {
            continue;
        }
        (sum, last) = (sum + weight, row);
        while rows.len() < marks.len() && marks[rows.len()] < sum {
            rows.push(row);
        }
        if rows.len() == marks.len() {
            return rows;
        }
    }
    // Rounding may leave the last marks beyond the sum.
    rows.resize(marks.len(), last);
    rows
}

/// Where a start ended.
struct Search {
    centres: Vec<Vec<f64>>,
    assignment: Vec<u32>,
    inertia: f64,
    converged: bool,
}

fn search(points: &Points, mut centres: Vec<Vec<f64>>, rounds: usize) -> Search {
    let mut assignment = vec![u32::MAX; points.count()];
    let mut converged = false;
    let mut inertia = f64::INFINITY;
    for _ in 0..rounds {
        let (changed, sums) = assign(points, &centres, &mut assignment);
        inertia = sums.inertia;
        if changed == 0 {
            converged = true;
            break;
        }
        let dimensions = centres[0].len();
        for (at, centre) in centres.iter_mut().enumerate() {
            let count = sums.counts[at];
            if count == 0 {
                // A centre that nobody is near to takes the case that is served worst.
                *centre = points.at(sums.farthest.1);
                continue;
            }
            for (dimension, value) in centre.iter_mut().enumerate() {
                *value = sums.sums[at * dimensions + dimension] / count as f64;
            }
        }
    }
    Search { centres, assignment, inertia, converged }
}

/// Gives each case to its nearest centre; how many went elsewhere, and the sums for new centres.
fn assign(points: &Points, centres: &[Vec<f64>], assignment: &mut [u32]) -> (usize, Sums) {
    let pieces: Vec<(usize, Sums)> = assignment
        .par_chunks_mut(PIECE)
        .enumerate()
        .map(|(piece, assigned)| assign_piece(points, centres, piece * PIECE, assigned))
        .collect();
    let mut changed = 0;
    let mut all = Sums::new(centres);
    for (moved, piece) in pieces {
        changed += moved;
        all.inertia += piece.inertia;
        if piece.farthest.0 > all.farthest.0 {
            all.farthest = piece.farthest;
        }
        all.sums.iter_mut().zip(piece.sums).for_each(|(sum, more)| *sum += more);
        all.counts.iter_mut().zip(piece.counts).for_each(|(count, more)| *count += more);
    }
    (changed, all)
}

impl Sums {
    fn new(centres: &[Vec<f64>]) -> Self {
        let length = centres.len() * centres[0].len();
        let counts = vec![0; centres.len()];
        Self { sums: vec![0.0; length], counts, inertia: 0.0, farthest: (-1.0, 0) }
    }
}

fn assign_piece(
    points: &Points,
    centres: &[Vec<f64>],
    from: usize,
    assigned: &mut [u32],
) -> (usize, Sums) {
    let dimensions = points.columns.len();
    let mut sums = Sums::new(centres);
    let mut changed = 0;
    let (mut distances, mut nearest, mut best) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
    for (block, assigned) in assigned.chunks_mut(BLOCK).enumerate() {
        let from = from + block * BLOCK;
        let count = assigned.len();
        nearest[..count].fill(f64::INFINITY);
        for (at, centre) in centres.iter().enumerate() {
            points.distances(from, centre, &mut distances[..count]);
            // Whole arrays and no branch: several cases at once.
            for place in 0..BLOCK {
                let closer = distances[place] < nearest[place];
                nearest[place] = if closer { distances[place] } else { nearest[place] };
                best[place] = if closer { at as f64 } else { best[place] };
            }
        }
        for (place, old) in assigned.iter_mut().enumerate() {
            let cluster = best[place] as usize;
            changed += usize::from(*old != cluster as u32);
            *old = cluster as u32;
            sums.counts[cluster] += 1;
            sums.inertia += nearest[place];
            if nearest[place] > sums.farthest.0 {
                sums.farthest = (nearest[place], from + place);
            }
            let own = &mut sums.sums[cluster * dimensions..(cluster + 1) * dimensions];
            for (sum, column) in own.iter_mut().zip(&points.columns) {
                *sum += column[from + place];
            }
        }
    }
    (changed, sums)
}

/// Clusters by size, centres in the units of the caller.
fn named(points: &Points, found: Search) -> Clusters {
    let mut sizes = vec![0; found.centres.len()];
    found.assignment.iter().for_each(|cluster| sizes[*cluster as usize] += 1);
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|cluster| (std::cmp::Reverse(sizes[*cluster]), *cluster));
    let mut place = vec![0; order.len()];
    order.iter().enumerate().for_each(|(new, old)| place[*old] = new);
    let unit = |centre: &[f64]| -> Vec<f64> {
        let scales = points.mean.iter().zip(&points.scale);
        centre.iter().zip(scales).map(|(value, (mean, scale))| value * scale + mean).collect()
    };
    Clusters {
        assignment: found.assignment.iter().map(|cluster| place[*cluster as usize]).collect(),
        centres: order.iter().map(|cluster| unit(&found.centres[*cluster])).collect(),
        sizes: order.iter().map(|cluster| sizes[*cluster]).collect(),
        inertia: found.inertia,
        converged: found.converged,
    }
}

/// How well the cases lie in their clusters: the mean of (b − a) / max(a, b), where a is the mean
/// distance to the others of the own cluster and b that to the nearest other cluster. 1 is best, 0
/// says that the clusters touch. At most `limit` cases are compared with each other, drawn by `seed`.
///
/// Rousseeuw, *Journal of Computational and Applied Mathematics* 20 (1987).
///
/// # Errors
/// When columns are empty, of different lengths or hold what is no number.
pub fn silhouette(
    columns: &[&[f64]],
    assignment: &[usize],
    standardise: bool,
    limit: usize,
    seed: u64,
) -> Result<f64> {
    let points = Points::of(columns, standardise)?;
    same_length("assignment", assignment.len(), points.count())?;
    parameter("limit", limit as f64, "must be 2 or more", |limit| limit >= 2.0)?;
    let rows = sample(points.count(), limit, seed);
    let cases: Vec<Vec<f64>> = rows.iter().map(|row| points.at(*row)).collect();
    let groups: Vec<usize> = rows.iter().map(|row| assignment[*row]).collect();
    let clusters = groups.iter().max().map_or(0, |most| most + 1);
    let mut sizes = vec![0_usize; clusters];
    groups.iter().for_each(|group| sizes[*group] += 1);
    let widths: Vec<f64> = (0..cases.len())
        .into_par_iter()
        .map(|case| {
            let mut sums = vec![0.0; clusters];
            for (other, group) in cases.iter().zip(&groups) {
                let squares = cases[case].iter().zip(other).map(|(a, b)| (a - b) * (a - b));
                sums[*group] += squares.sum::<f64>().sqrt();
            }
            let own = groups[case];
            let others = (0..clusters).filter(|group| *group != own && sizes[*group] > 0);
            let nearest =
                others.map(|group| sums[group] / sizes[group] as f64).min_by(f64::total_cmp);
            match nearest {
                Some(b) if sizes[own] > 1 => {
                    let a = sums[own] / (sizes[own] - 1) as f64;
                    if a.max(b) > 0.0 { (b - a) / a.max(b) } else { 0.0 }
                }
                // Of a cluster alone nothing can be said.
                _ => 0.0,
            }
        })
        .collect();
    Ok(widths.iter().sum::<f64>() / widths.len() as f64)
}

/// A number of clusters that was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// How many.
    pub clusters: usize,
    /// How well the cases lie in them.
    pub silhouette: f64,
    /// The sum of squared distances to the centres.
    pub inertia: f64,
}

/// Below this silhouette, clusters are hardly more than slices of one cloud (Kaufman & Rousseeuw,
/// *Finding Groups in Data* (1990), table 4: no substantial structure up to .25).
pub const SILHOUETTE_MIN: f64 = 0.25;

/// Finds the number of clusters, from 2 to `most`, in which the cases lie best, and the clusters.
/// Look at the silhouette of the best against [`SILHOUETTE_MIN`]: there may be no clusters at all.
///
/// The number is chosen on 50,000 cases drawn at random where there are more: it does not depend on
/// the rest, and every number tried costs as much as the clusters themselves.
///
/// # Errors
/// As [`k_means`]; also when `most` is less than 2.
pub fn choose_k(
    columns: &[&[f64]],
    most: usize,
    settings: &KMeans,
) -> Result<(Clusters, Vec<Tried>)> {
    const LIMIT: usize = 3_000;
    const CHOSEN_ON: usize = 50_000;
    parameter("most", most as f64, "must be 2 or more", |most| most >= 2.0)?;
    let cases = check_columns(columns)?;
    if cases > CHOSEN_ON {
        let rows = sample(cases, CHOSEN_ON, settings.seed);
        let drawn = |column: &&[f64]| rows.iter().map(|row| column[*row]).collect::<Vec<f64>>();
        let drawn: Vec<Vec<f64>> = columns.iter().map(drawn).collect();
        let slices: Vec<&[f64]> = drawn.iter().map(Vec::as_slice).collect();
        let (found, tried) = choose_k(&slices, most, settings)?;
        let chosen = KMeans { clusters: found.sizes.len(), ..*settings };
        return Ok((k_means(columns, &chosen)?, tried));
    }
    let mut tried: Vec<Tried> = Vec::new();
    let mut best: Option<(f64, Clusters)> = None;
    for clusters in 2..=most {
        let found = match k_means(columns, &KMeans { clusters, ..*settings }) {
            // More clusters than distinct cases: those that were tried are all there are.
            Err(Error::TooFew { .. }) if best.is_some() => break,
            found => found?,
        };
        let silhouette =
            silhouette(columns, &found.assignment, settings.standardise, LIMIT, settings.seed)?;
        tried.push(Tried { clusters, silhouette, inertia: found.inertia });
        if best.as_ref().is_none_or(|(known, _)| silhouette > *known) {
            best = Some((silhouette, found));
        }
    }
    match best {
        Some((_, clusters)) => Ok((clusters, tried)),
        None => Err(Error::Empty { column: "columns" }),
    }
}

#[cfg(test)]
mod tests;
