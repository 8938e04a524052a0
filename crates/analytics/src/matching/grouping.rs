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
/// Two records with less of a chance speak against each other.
const FITS: f64 = 0.5;

/// Joins pairs to groups, the most certain first. Two groups are joined only when every record of
/// one fits every record of the other: a record that fits two strangers, as an old entry with the
/// name of one and the telephone of the other, does not make one of them, nor does a chain of such.
///
/// Complete linkage (Sørensen 1948) over the given pairs.
///
/// # Errors
/// When a pair names a record that is not there.
pub fn group(model: &Model, pairs: &[Pair], least: f64) -> Result<Groups> {
    let known: HashMap<(u32, u32), f64> =
        pairs.iter().map(|pair| ((pair.a, pair.b), pair.probability)).collect();
    let fits = |a: u32, b: u32| match known.get(&(a.min(b), a.max(b))) {
        Some(chance) => Ok(*chance >= FITS),
        None => model.score(a, b).map(|scored| scored.probability >= FITS),
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
        let mut all_fit = groups[one].len() * groups[other].len() <= COMPARISONS_MAX;
        'all: for a in &groups[one] {
            for b in &groups[other] {
                all_fit = all_fit && fits(*a, *b)?;
                if !all_fit {
                    break 'all;
                }
            }
        }
        if !all_fit {
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
