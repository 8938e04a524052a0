//! What cannot be: a day that has not come yet, an amount that nobody pays. One such record must not
//! end an analysis, nor bend it in silence: it is left aside, counted and named.

use std::collections::{BTreeMap, HashMap};

use guanxi_base::{RawId, Result};
use guanxi_store::Store;
use serde_json::{Value as Json, json};

/// So many of each sort are named.
const NAMED: usize = 20;
/// 1900-01-01: nobody's business reaches further back.
const FIRST_DAY: i64 = -25_567;
/// Ten thousand thousand million of a currency's unit: sums of more do not hold.
const UNITS_MAX: i64 = 100_000_000_000_000_000;

/// Records that were left aside, by their type and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftAside(BTreeMap<(&'static str, &'static str), (usize, Vec<RawId>)>);

impl LeftAside {
    /// Why something of this day and amount is left aside; none where it counts.
    pub(super) fn why(day: i64, units: i64, today: i32) -> Option<&'static str> {
        if day > i64::from(today) {
            Some("after-today")
        } else if day < FIRST_DAY {
            Some("before-1900")
        } else if units.unsigned_abs() > UNITS_MAX.unsigned_abs() {
            Some("beyond-counting")
        } else {
            None
        }
    }

    /// Notes one.
    pub(super) fn note(&mut self, record_type: &'static str, why: &'static str, id: i64) {
        let (count, ids) = self.0.entry((record_type, why)).or_default();
        *count += 1;
        if ids.len() < NAMED {
            ids.push(RawId(id));
        }
    }

    /// Adds those of another.
    pub(super) fn extend(&mut self, other: Self) {
        for (key, (count, ids)) in other.0 {
            let known = self.0.entry(key).or_default();
            known.0 += count;
            let free = NAMED.saturating_sub(known.1.len());
            known.1.extend(ids.into_iter().take(free));
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.values().map(|(count, _)| count).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For the card: of each type and reason how many, and the first of them by number and name.
    pub(super) async fn card(&self, store: &Store) -> Result<Json> {
        let catalog = store.catalog();
        let mut told = Vec::new();
        for ((record_type, why), (count, ids)) in &self.0 {
            let described = catalog.get(record_type)?;
            let rows = store.rows_now(described, ids).await?;
            let names: HashMap<RawId, String> =
                rows.iter().map(|row| (row.id, row.title(described))).collect();
            let records = ids.iter().map(|id| {
                json!([id.to_string(), names.get(id).cloned().unwrap_or_else(|| id.to_string())])
            });
            told.push(json!({
                "record_type": record_type, "why": why, "count": count,
                "records": records.collect::<Vec<_>>(),
            }));
        }
        Ok(json!(told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_told_by_why() {
        let why = |day, units| LeftAside::why(day, units, 20_000);
        assert_eq!(why(20_000, 1), None);
        assert_eq!(why(20_001, 1), Some("after-today"));
        assert_eq!(why(-700_000, 1), Some("before-1900"));
        assert_eq!(why(1, i64::MIN + 1), Some("beyond-counting"));
        let mut one = LeftAside::default();
        (0..50).for_each(|id| one.note("order", "after-today", id));
        let mut other = LeftAside::default();
        other.note("payment", "after-today", 7);
        other.extend(one);
        assert_eq!((other.len(), other.0[&("order", "after-today")].1.len()), (51, NAMED));
    }
}
