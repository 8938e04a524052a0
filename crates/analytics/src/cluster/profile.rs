//! What a cluster has more or less of than all cases together.

use super::check_columns;
use crate::Result;
use crate::error::same_length;
use crate::moments::mean_and_deviation;

/// What sets a cluster apart in one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Trait {
    /// The place of the column.
    pub column: usize,
    /// The mean of the cluster.
    pub mean: f64,
    /// How many standard deviations of all cases that lies above their mean.
    pub difference: f64,
}

/// A cluster against all cases.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// How many cases it holds.
    pub size: usize,
    /// Which share of all cases that is.
    pub share: f64,
    /// One for each column, the most striking first.
    pub traits: Vec<Trait>,
}

/// Describes each cluster by how far its means lie from those of all cases.
///
/// # Errors
/// When columns are empty, of different lengths or hold what is no number.
pub fn profiles(columns: &[&[f64]], assignment: &[usize]) -> Result<Vec<Profile>> {
    let count = check_columns(columns)?;
    same_length("assignment", assignment.len(), count)?;
    let clusters = assignment.iter().max().map_or(0, |most| most + 1);
    let mut sizes = vec![0_usize; clusters];
    assignment.iter().for_each(|cluster| sizes[*cluster] += 1);
    let mut profiles: Vec<Profile> = sizes
        .iter()
        .map(|size| Profile { size: *size, share: *size as f64 / count as f64, traits: Vec::new() })
        .collect();
    for (place, column) in columns.iter().enumerate() {
        let (all, deviation) = mean_and_deviation(column);
        let mut sums = vec![0.0; clusters];
        column.iter().zip(assignment).for_each(|(value, cluster)| sums[*cluster] += value);
        for (cluster, profile) in profiles.iter_mut().enumerate() {
            let mean = if sizes[cluster] > 0 { sums[cluster] / sizes[cluster] as f64 } else { all };
            let difference = if deviation > 0.0 { (mean - all) / deviation } else { 0.0 };
            profile.traits.push(Trait { column: place, mean, difference });
        }
    }
    for profile in &mut profiles {
        profile.traits.sort_by(|a, b| b.difference.abs().total_cmp(&a.difference.abs()));
    }
    Ok(profiles)
}
