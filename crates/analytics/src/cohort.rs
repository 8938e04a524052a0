//! Cohorts: who comes back how long after their first purchase.
//!
//! ```
//! use guanxi_analytics::cohort::cohorts;
//! // Who, in which month, for how much.
//! let found = cohorts(&[1, 2, 1, 3], &[0, 0, 1, 1], &[10.0, 20.0, 5.0, 8.0])?;
//! assert_eq!(found[0].customers, [2, 1]);
//! assert_eq!(found[0].retention(1), Some(0.5));
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::Result;
use crate::error::{each, same_length};

/// The customers whose first purchase was in one period.
#[derive(Debug, Clone, PartialEq)]
pub struct Cohort {
    /// The period of the first purchase.
    pub start: i32,
    /// How many different customers bought 0, 1, 2 … periods after it; the first is the cohort's size.
    pub customers: Vec<usize>,
    /// What they spent then.
    pub revenue: Vec<f64>,
}

impl Cohort {
    /// The share of the cohort that bought so many periods after its start.
    #[must_use]
    pub fn retention(&self, periods: usize) -> Option<f64> {
        let bought = *self.customers.get(periods)? as f64;
        Some(bought / self.customers[0] as f64)
    }
}

/// Cohorts from one row for each purchase: who, in which period (such as months counted from any
/// start), for how much. Each cohort reaches to the last period that there is.
///
/// # Errors
/// When columns have different lengths or an amount is no number.
pub fn cohorts(customer: &[u64], period: &[i32], revenue: &[f64]) -> Result<Vec<Cohort>> {
    same_length("customer", customer.len(), customer.len())?;
    same_length("period", period.len(), customer.len())?;
    same_length("revenue", revenue.len(), customer.len())?;
    each("revenue", revenue, "must be a number", |_| true)?;
    let mut first: HashMap<u64, i32> = HashMap::new();
    let mut last = i32::MIN;
    for (who, when) in customer.iter().zip(period) {
        let known = first.entry(*who).or_insert(*when);
        *known = (*known).min(*when);
        last = last.max(*when);
    }
    let mut cohorts: BTreeMap<i32, Cohort> = BTreeMap::new();
    let mut seen: HashSet<(u64, i32)> = HashSet::new();
    for (at, who) in customer.iter().enumerate() {
        let start = first[who];
        let length = (last - start) as usize + 1;
        let cohort = cohorts.entry(start).or_insert_with(|| Cohort {
            start,
            customers: vec![0; length],
            revenue: vec![0.0; length],
        });
        let after = (period[at] - start) as usize;
        cohort.revenue[after] += revenue[at];
        if seen.insert((*who, period[at])) {
            cohort.customers[after] += 1;
        }
    }
    Ok(cohorts.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_when() {
        let found =
            cohorts(&[1, 2, 1, 1, 3, 2], &[0, 0, 1, 1, 1, 2], &[5.0, 1.0, 2.0, 3.0, 4.0, 6.0]);
        let found = found.unwrap();
        assert_eq!(found[0].customers, [2, 1, 1]);
        assert_eq!(found[0].revenue, [6.0, 5.0, 6.0]);
        assert_eq!((found[1].start, found[1].customers.clone()), (1, vec![1, 0]));
        assert_eq!(found[0].retention(1), Some(0.5));
    }
}
