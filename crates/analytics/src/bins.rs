//! Numbers cut into at most 255 bins of about equal size, which trees search instead of every
//! number.

use crate::chance;

/// The bin of a number that is missing.
pub(crate) const MISSING: u8 = 0;
/// Bins of numbers that are there, at most.
const BINS_MAX: usize = 254;
/// The cuts are found on a sample of so many.
const SAMPLE: usize = 200_000;

/// The cuts of a column: bin b + 1 holds what is below `cuts[b]` and not below the cut before it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bins {
    pub(crate) cuts: Vec<f64>,
}

impl Bins {
    /// Cuts between distinct numbers, so that each bin holds about as many. With few distinct
    /// numbers each has its own bin.
    pub(crate) fn of(values: &[f64], bins_max: usize) -> Self {
        let bins_max = bins_max.clamp(2, BINS_MAX);
        let mut known: Vec<f64> = if values.len() > SAMPLE {
            chance::sample(values.len(), SAMPLE, 0).into_iter().map(|row| values[row]).collect()
        } else {
            values.to_vec()
        };
        known.retain(|value| !value.is_nan());
        known.sort_unstable_by(f64::total_cmp);
        let mut distinct: Vec<(f64, usize)> = Vec::new();
        for value in known.iter().copied() {
            match distinct.last_mut() {
                Some((last, count)) if *last == value => *count += 1,
                _ => distinct.push((value, 1)),
            }
        }
        let mut cuts = Vec::new();
        let (mut seen, mut rest) = (0, known.len());
        for pair in distinct.windows(2) {
            let ((value, count), (next, _)) = (pair[0], pair[1]);
            seen += count;
            let bins_left = bins_max - cuts.len();
            if bins_left <= 1 {
                break;
            }
            if distinct.len() <= bins_max || seen * bins_left >= rest {
                cuts.push(between(value, next));
                rest -= seen;
                seen = 0;
            }
        }
        Self { cuts }
    }

    /// The bin of a number.
    pub(crate) fn code(&self, value: f64) -> u8 {
        if value.is_nan() {
            return MISSING;
        }
        // At most 253 cuts.
        self.cuts.partition_point(|cut| *cut <= value) as u8 + 1
    }
}

/// A number above `low` and at most `high`, halfway where there is room.
fn between(low: f64, high: f64) -> f64 {
    let middle = f64::midpoint(low, high);
    if middle > low { middle } else { high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bins_keep_the_order(
            mut values in prop::collection::vec(-1e6_f64..1e6, 1..600),
            bins in 2_usize..40,
        ) {
            let cut = Bins::of(&values, bins);
            prop_assert!(cut.cuts.len() < bins);
            values.sort_unstable_by(f64::total_cmp);
            let codes: Vec<u8> = values.iter().map(|value| cut.code(*value)).collect();
            prop_assert!(codes.is_sorted());
            prop_assert!(codes.iter().all(|code| *code >= 1));
            prop_assert_eq!(cut.code(f64::NAN), MISSING);
        }
    }
}
