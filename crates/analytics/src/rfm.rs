//! Recency, frequency and money as scores.
//!
//! Hughes, *Strategic Database Marketing* (1994): customers are ordered by each of the three and cut
//! into groups of equal size; or, with thresholds of one's own, by what the numbers are.
//!
//! ```
//! use guanxi_analytics::rfm::by_quantiles;
//! // Days since the last purchase, purchases, money.
//! let scores = by_quantiles(&[3.0, 200.0], &[9.0, 1.0], &[700.0, 30.0], 2)?;
//! assert_eq!((scores[0].recency, scores[0].frequency, scores[0].money), (2, 2, 2));
//! assert_eq!((scores[1].recency, scores[1].frequency, scores[1].money), (1, 1, 1));
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

use crate::Error;
use crate::Result;
use crate::error::{each, parameter, same_length};
use crate::moments::mean_ranks;

/// The scores of one customer: 1 is worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scores {
    /// How lately they bought.
    pub recency: u8,
    /// How often.
    pub frequency: u8,
    /// For how much.
    pub money: u8,
}

/// Cuts each number into `groups` of equal size. `recency` is the time since the last purchase, so
/// that the smallest scores best. Equal numbers score alike: each gets the group of its mean rank.
///
/// # Errors
/// When columns have different lengths, a number is none, or there are fewer than 2 or more than
/// 10 groups.
pub fn by_quantiles(
    recency: &[f64],
    frequency: &[f64],
    money: &[f64],
    groups: u8,
) -> Result<Vec<Scores>> {
    check(recency, frequency, money)?;
    parameter("groups", f64::from(groups), "must be from 2 to 10", |n| (2.0..=10.0).contains(&n))?;
    let recency: Vec<u8> = quantiles(recency, groups).iter().map(|g| groups + 1 - g).collect();
    let (frequency, money) = (quantiles(frequency, groups), quantiles(money, groups));
    Ok((0..recency.len())
        .map(|at| Scores { recency: recency[at], frequency: frequency[at], money: money[at] })
        .collect())
}

/// Scores by thresholds, ascending: a number reaches one more than the thresholds that it is at or
/// above. For `recency` the other way round: below the first threshold scores best.
///
/// # Errors
/// When columns have different lengths, a number is none, or thresholds do not ascend.
pub fn by_thresholds(
    [recency, frequency, money]: [&[f64]; 3],
    thresholds: [&[f64]; 3],
) -> Result<Vec<Scores>> {
    check(recency, frequency, money)?;
    for list in thresholds {
        each("thresholds", list, "must be numbers", |_| true)?;
        if let Some(row) = list.windows(2).position(|pair| pair[1] <= pair[0]) {
            let (column, wanted) = ("thresholds", "must be more than the one before");
            return Err(Error::Value { column, row: row + 1, value: list[row + 1], wanted });
        }
        parameter("thresholds", list.len() as f64, "must be at most 9", |n| n <= 9.0)?;
    }
    let reached = |value: f64, list: &[f64]| list.iter().filter(|t| value >= **t).count() as u8;
    Ok((0..recency.len())
        .map(|at| Scores {
            recency: thresholds[0].len() as u8 + 1 - reached(recency[at], thresholds[0]),
            frequency: 1 + reached(frequency[at], thresholds[1]),
            money: 1 + reached(money[at], thresholds[2]),
        })
        .collect())
}

fn check(recency: &[f64], frequency: &[f64], money: &[f64]) -> Result<()> {
    same_length("recency", recency.len(), recency.len())?;
    same_length("frequency", frequency.len(), recency.len())?;
    same_length("money", money.len(), recency.len())?;
    each("recency", recency, "must be 0 or more", |t| t >= 0.0)?;
    each("frequency", frequency, "must be 0 or more", |n| n >= 0.0)?;
    each("money", money, "must be a number", |_| true)
}

fn quantiles(values: &[f64], groups: u8) -> Vec<u8> {
    let group = |rank: f64| {
        let share = (rank + 0.5) / values.len() as f64;
        ((share * f64::from(groups)).floor() as u8 + 1).min(groups)
    };
    mean_ranks(values).into_iter().map(group).collect()
}

/// What to do about a customer who has been away: whether they have lapsed by their own measure,
/// "no order for `factor` times their usual interval".
///
/// `since_last` is the time since the last purchase, `interval` the mean time between purchases
/// (`None` for who bought once: they lapse after `usual` × `factor`).
#[must_use]
pub fn has_lapsed(since_last: f64, interval: Option<f64>, usual: f64, factor: f64) -> bool {
    since_last > factor * interval.unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_equal_size_and_equals_alike() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let scores = by_quantiles(&values, &values, &values, 5).unwrap();
        assert_eq!(scores[0], Scores { recency: 5, frequency: 1, money: 1 });
        assert_eq!(scores[99], Scores { recency: 1, frequency: 5, money: 5 });
        assert_eq!(scores.iter().filter(|s| s.money == 3).count(), 20);
        let ones = vec![1.0; 7];
        let same = by_quantiles(&ones, &ones, &ones, 5).unwrap();
        assert!(same.iter().all(|scores| *scores == same[0]));
    }

    #[test]
    fn thresholds_of_ones_own() {
        let columns: [&[f64]; 3] = [&[5.0, 40.0], &[1.0, 9.0], &[10.0, 500.0]];
        let scores =
            by_thresholds(columns, [&[30.0, 90.0], &[2.0, 5.0], &[100.0, 1000.0]]).unwrap();
        assert_eq!(scores[0], Scores { recency: 3, frequency: 1, money: 1 });
        assert_eq!(scores[1], Scores { recency: 2, frequency: 3, money: 2 });
        assert!(by_thresholds(columns, [&[90.0, 30.0], &[], &[]]).is_err());
    }
}
