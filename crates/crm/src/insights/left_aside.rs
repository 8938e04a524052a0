//! What cannot be: a day that has not come yet, an amount that nobody pays. One such record must not
//! end an analysis, nor bend it in silence: it is left aside, counted and named. What is counted
//! otherwise than one might think is named too.

use std::collections::{BTreeMap, HashMap};

use guanxi_base::{Currency, RawId, Result};
use guanxi_store::Store;
use serde_json::{Value as Json, json};

use crate::exact_sum::ExactSum;

/// So many of each sort are named.
const NAMED: usize = 20;
/// 1900-01-01: nobody's business reaches further back.
const FIRST_DAY: i64 = -25_567;
/// Days that programs write for nothing: 1900-01-01 and 1904-01-01 of spreadsheets, 1970-01-01 of
/// clocks.
const ZERO_DAYS: [i64; 3] = [FIRST_DAY, -24_107, 0];
/// Ten thousand thousand million of a currency's unit: sums of more do not hold.
const UNITS_MAX: i64 = 100_000_000_000_000_000;
/// Longer than this nobody stops buying of us altogether: what stands before such a hole was
/// mistyped.
const HOLE_DAYS: i64 = 30 * 365;
/// From fewer nothing is told about what stands out.
const COMPARED_MIN: usize = 20;
/// What is so many times larger than the others stands out.
const STANDS_OUT: i64 = 1_000;
/// What is said of records that stand by a rule, not by a mistake.
const BY_RULE: [&str; 6] = [
    "customer-archived",
    "sale-below-nothing",
    "stands-out",
    "without-amount",
    "without-customer",
    "worth-nothing",
];

/// Records that were left aside, by their type and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftAside(BTreeMap<(&'static str, &'static str), Sort>);

/// Those of one sort.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Sort {
    count: usize,
    ids: Vec<RawId>,
    amounts: BTreeMap<String, i128>,
}

/// Records of one sort that were left aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Their type.
    pub record_type: &'static str,
    /// Why, as the words for it are called.
    pub why: &'static str,
    /// How many.
    pub count: usize,
    /// The first of them.
    pub ids: Vec<RawId>,
    /// What they are worth, in each currency.
    pub amounts: Vec<ExactSum>,
    /// Whether that is by a rule, and no mistake.
    pub is_by_rule: bool,
}

impl LeftAside {
    /// Why something of this day and amount is left aside; none where it counts.
    pub(super) fn why(day: i64, units: i64, today: i32) -> Option<&'static str> {
        if day > i64::from(today) {
            Some("after-today")
        } else if day < FIRST_DAY {
            Some("before-1900")
        } else if ZERO_DAYS.contains(&day) {
            Some("zero-day")
        } else if units.unsigned_abs() > UNITS_MAX.unsigned_abs() {
            Some("beyond-counting")
        } else {
            None
        }
    }

    /// How many of some may be mistyped without bending what is told of all: one in a hundred, but
    /// three of however few.
    pub(super) fn few(all: usize) -> usize {
        (all / 100).max(3)
    }

    /// The first of some days that holds: a few that stand many years before all others were
    /// mistyped.
    pub(super) fn first_day(days: &mut [i64]) -> i64 {
        days.sort_unstable();
        let few = Self::few(days.len());
        if days.len() < COMPARED_MIN {
            return i64::MIN;
        }
        let mut holes = (1..=few).filter(|at| days[*at] - days[*at - 1] > HOLE_DAYS);
        holes.next_back().map_or(i64::MIN, |at| days[at])
    }

    /// From which amount on one stands out among some: a thousand times as large as all others, but
    /// for the few that are as large.
    pub(super) fn stands_out(units: &mut [i64]) -> Option<i64> {
        units.sort_unstable_by_key(|units| std::cmp::Reverse(*units));
        let few = Self::few(units.len());
        let usual = *units.get(few).filter(|_| units.len() >= COMPARED_MIN)?;
        Some(usual.max(1).saturating_mul(STANDS_OUT))
    }

    /// Notes one.
    pub(super) fn note(&mut self, record_type: &'static str, why: &'static str, id: i64) {
        let sort = self.0.entry((record_type, why)).or_default();
        sort.count += 1;
        if sort.ids.len() < NAMED {
            sort.ids.push(RawId(id));
        }
    }

    /// Notes one with what it is worth.
    pub(super) fn note_amount(
        &mut self,
        (record_type, why): (&'static str, &'static str),
        id: i64,
        (units, currency): (i64, &str),
    ) {
        self.note(record_type, why, id);
        let sort = self.0.entry((record_type, why)).or_default();
        *sort.amounts.entry(currency.to_owned()).or_default() += i128::from(units);
    }

    /// Adds those of another.
    pub(super) fn extend(&mut self, other: Self) {
        for (key, sort) in other.0 {
            let known = self.0.entry(key).or_default();
            known.count += sort.count;
            let free = NAMED.saturating_sub(known.ids.len());
            known.ids.extend(sort.ids.into_iter().take(free));
            for (currency, units) in sort.amounts {
                *known.amounts.entry(currency).or_default() += units;
            }
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.values().map(|sort| sort.count).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each sort of them.
    #[must_use]
    pub fn named(&self) -> Vec<Named> {
        let sorts = self.0.iter().map(|((record_type, why), sort)| {
            let amounts = sort.amounts.iter().filter_map(|(code, units)| {
                let currency: Currency = code.parse().ok()?;
                Some(ExactSum::new(*units, currency))
            });
            let (count, ids) = (sort.count, sort.ids.clone());
            let (amounts, is_by_rule) = (amounts.collect(), BY_RULE.contains(why));
            Named { record_type, why, count, ids, amounts, is_by_rule }
        });
        sorts.collect()
    }

    /// For the card: of each type and reason how many, what they are worth, and the first of them
    /// by number and name; first those that cannot be, then those that stand by a rule.
    pub(super) async fn cards(&self, store: &Store) -> Result<[Json; 2]> {
        let catalog = store.catalog();
        let mut told = [Vec::new(), Vec::new()];
        for sort in self.named() {
            let described = catalog.get(sort.record_type)?;
            let rows = store.rows_now(described, &sort.ids).await?;
            let names: HashMap<RawId, String> =
                rows.iter().map(|row| (row.id, row.title(described))).collect();
            let records = sort.ids.iter().map(|id| {
                json!([id.to_string(), names.get(id).cloned().unwrap_or_else(|| id.to_string())])
            });
            let amounts =
                sort.amounts.iter().map(|sum| json!([sum.currency.code(), sum.amount_text()]));
            told[usize::from(sort.is_by_rule)].push(json!({
                "record_type": sort.record_type, "why": sort.why, "count": sort.count,
                "records": records.collect::<Vec<_>>(), "amounts": amounts.collect::<Vec<_>>(),
            }));
        }
        Ok(told.map(Json::from))
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
        let orders = &other.0[&("order", "after-today")];
        assert_eq!((other.len(), orders.ids.len()), (51, NAMED));
    }

    #[test]
    fn the_zero_days_of_programs_are_no_days() {
        for day in ["1900-01-01", "1904-01-01", "1970-01-01"] {
            let day: guanxi_base::Date = day.parse().unwrap();
            let day = guanxi_warehouse::day_number(day).into();
            assert_eq!(LeftAside::why(day, 1, 20_000), Some("zero-day"));
            assert_eq!(LeftAside::why(day + 1, 1, 20_000), None);
        }
    }

    #[test]
    fn a_few_days_long_before_all_others_are_mistyped() {
        let with = |early: &[i64]| -> Vec<i64> { (20_000..20_050).chain(early.to_vec()).collect() };
        assert_eq!(LeftAside::first_day(&mut with(&[])), i64::MIN);
        assert_eq!(LeftAside::first_day(&mut with(&[-16_000])), 20_000);
        assert_eq!(LeftAside::first_day(&mut with(&[-16_000, -2_000])), 20_000);
        // A firm that is older than its other orders; and too few to say.
        assert_eq!(LeftAside::first_day(&mut with(&[15_000])), i64::MIN);
        assert_eq!(LeftAside::first_day(&mut [-16_000, 20_000]), i64::MIN);
    }

    #[test]
    fn what_is_a_thousand_times_all_others_stands_out() {
        let with = |large: &[i64]| -> Vec<i64> { (100..150).chain(large.to_vec()).collect() };
        let out = |large: &[i64]| {
            let least = LeftAside::stands_out(&mut with(large)).unwrap();
            large.iter().filter(|units| **units >= least).count()
        };
        assert_eq!((out(&[]), out(&[100_000]), out(&[1_000_000])), (0, 0, 1));
        assert_eq!(out(&[1_000_000, i64::MAX, 900_000_000]), 3);
        assert_eq!(LeftAside::stands_out(&mut [1, 1, 5_000_000]), None);
    }
}
