//! From pairs to customers.

use std::collections::HashMap;

use super::{Model, Pair};
use crate::Result;

/// Records that are one customer each.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// Groups of at least two records, ascending.
    pub groups: Vec<Vec<u32>>,
    /// Pairs that look alike but whose groups do not fit together: for a person to decide.
    pub held_back: Vec<Pair>,
}

/// Groups of more records are not compared as wholes.
const COMPARISONS_MAX: usize = 2_500;

/// Joins pairs to groups, the most certain first. Two groups are joined only when all their records
/// together fit, by the mean of their chances: a chain whose ends have nothing in common, as of father
/// and son with one telephone, is held back.
///
/// Average linkage (Sokal & Michener 1958) over the given pairs.
///
/// # Errors
/// When a pair names a record that is not there.
pub fn group(model: &Model, pairs: &[Pair], least: f64) -> Result<Groups> {
    let known: HashMap<(u32, u32), f64> =
        pairs.iter().map(|pair| ((pair.a, pair.b), pair.probability)).collect();
    let chance = |a: u32, b: u32| match known.get(&(a.min(b), a.max(b))) {
        Some(chance) => Ok(*chance),
        None => model.score(a, b).map(|scored| scored.probability),
    };
    let mut place: HashMap<u32, usize> = HashMap::new();
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let mut held_back = Vec::new();
    for pair in pairs.iter().filter(|pair| pair.probability >= least) {
        let mut of = |record: u32| {
            *place.entry(record).or_insert_with(|| {
                groups.push(vec![record]);
                groups.len() - 1
            })
        };
        let (one, other) = (of(pair.a), of(pair.b));
        if one == other {
            continue;
        }
        let comparisons = groups[one].len() * groups[other].len();
        let mut sum = 0.0;
        if comparisons <= COMPARISONS_MAX {
            for a in &groups[one] {
                for b in &groups[other] {
                    sum += chance(*a, *b)?;
                }
            }
        }
        if sum / (comparisons as f64) < 0.5 {
            held_back.push(*pair);
            continue;
        }
        let (into, from) =
            if groups[one].len() >= groups[other].len() { (one, other) } else { (other, one) };
        for record in std::mem::take(&mut groups[from]) {
            place.insert(record, into);
            groups[into].push(record);
        }
    }
    groups.retain(|group| group.len() > 1);
    groups.iter_mut().for_each(|group| group.sort_unstable());
    groups.sort_unstable();
    Ok(Groups { groups, held_back })
}
