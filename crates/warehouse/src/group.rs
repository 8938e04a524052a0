//! Groups over columns, as a database makes them with GROUP BY: exact, in one pass over the rows.

use std::collections::HashMap;
use std::sync::Arc;

use guanxi_base::{TimeZone, Timestamp};
use guanxi_record::{Bucket, ZoneOffsets};
use rayon::prelude::*;

use crate::choose::Mask;
use crate::columns::{day_number, day_of};
use crate::frame::{Column, NO_CODE, NO_NUMBER};
use crate::held::{NO_PLACE, places_in};

/// Rows that one task reads.
const CHUNK: usize = 1 << 16;
const MICROS_OF_DAY: i64 = 86_400_000_000;

/// What groups are made by: a column of the rows, or of rows that links lead to.
#[derive(Debug)]
pub struct GroupBy {
    /// Where each link on the way leads.
    pub links: Vec<Arc<Column>>,
    /// Of which rows all that the links lead to is seen; without links of all.
    pub seen: Option<Mask>,
    /// The values at the end of the way.
    pub column: Arc<Column>,
    /// Whether they are microseconds in UTC; of the others only days have buckets.
    pub is_instant: bool,
    /// Days and times are put together by it, and named by its first day.
    pub bucket: Option<Bucket>,
    /// How many seconds the clock of whoever asks was before UTC's at each instant.
    pub offsets: Option<ZoneOffsets>,
}

/// What is computed of each group.
#[derive(Debug)]
pub struct Measured {
    /// The numbers.
    pub column: Arc<Column>,
    /// The currencies of amounts, which make groups of their own.
    pub currency: Option<Arc<Column>>,
}

/// One group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// How many rows have a number; without a measure how many there are.
    pub count: i64,
    /// Their sum.
    pub sum: i128,
    /// The smallest.
    pub min: i64,
    /// The largest.
    pub max: i64,
}

/// What makes a group: the number or the place of the word of each key, and of its currency.
pub type GroupKeys = (Vec<i64>, u32);

impl Tally {
    const NONE: Self = Self { count: 0, sum: 0, min: i64::MAX, max: i64::MIN };

    fn add(&mut self, number: i64) {
        self.count += 1;
        self.sum += i128::from(number);
        self.min = self.min.min(number);
        self.max = self.max.max(number);
    }

    fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// The offsets of a zone over all the instants of a column.
#[must_use]
pub fn offsets_over(zone: &TimeZone, column: &Column) -> ZoneOffsets {
    let known = column.numbers().par_iter().copied().filter(|number| *number != NO_NUMBER);
    let ends = known.map(|number| (number, number));
    let ends = ends.reduce_with(|one, other| (one.0.min(other.0), one.1.max(other.1)));
    let (first, last) = ends.unwrap_or_default();
    let at = |micros| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
    ZoneOffsets::between(zone, at(first), at(last))
}

impl GroupBy {
    /// The number or the place of the word of a row; [`NO_NUMBER`] where there is none.
    fn at(&self, row: usize) -> i64 {
        if self.seen.as_ref().is_some_and(|seen| !seen[row]) {
            return NO_NUMBER;
        }
        let mut at = row;
        for link in &self.links {
            match places_in(link).get(at) {
                Some(&place) if place != NO_PLACE => at = place as usize,
                _ => return NO_NUMBER,
            }
        }
        match &*self.column {
            Column::Numbers(numbers) => numbers.get(at).copied().unwrap_or(NO_NUMBER),
            Column::Codes { codes, .. } => match codes.get(at) {
                Some(&code) if code != NO_CODE => i64::from(code),
                _ => NO_NUMBER,
            },
            Column::Lists { .. } => NO_NUMBER,
        }
    }

    /// As `at`; of days and times the first day of their bucket. Neighbours are mostly of one.
    fn bucketed(&self, row: usize, last: &mut (i64, i64)) -> i64 {
        let number = self.at(row);
        let Some(bucket) = self.bucket.filter(|_| number != NO_NUMBER) else { return number };
        let day = match self.is_instant {
            true => {
                let offset = self.offsets.as_ref().map_or(0, |offsets| offsets.at(number));
                (number + i64::from(offset) * 1_000_000).div_euclid(MICROS_OF_DAY)
            }
            false => number,
        };
        if last.0 != day {
            *last = (day, first_day(day, bucket));
        }
        last.1
    }
}

fn first_day(day: i64, bucket: Bucket) -> i64 {
    let Ok(number) = i32::try_from(day) else { return day };
    let date = day_of(number);
    let first = match bucket {
        Bucket::Day => return day,
        Bucket::Month => date.first_of_month(),
        Bucket::Quarter => jiff::civil::date(date.year(), (date.month() - 1) / 3 * 3 + 1, 1),
        Bucket::Year => date.first_of_year(),
    };
    i64::from(day_number(first))
}

/// Groups the rows of a mask; `None` when there are more groups than `most`. Rows without a number
/// to measure make no group.
#[must_use]
pub fn group(
    mask: &[bool],
    keys: &[GroupBy],
    measured: Option<&Measured>,
    most: usize,
) -> Option<HashMap<GroupKeys, Tally>> {
    let numbers = measured.map(|measured| measured.column.numbers());
    let currencies = measured.and_then(|measured| Some(measured.currency.as_ref()?.codes().0));
    let tally = |(chunk, mask): (usize, &[bool])| -> Option<HashMap<GroupKeys, Tally>> {
        let mut found: HashMap<GroupKeys, Tally> = HashMap::new();
        let mut last = vec![(NO_NUMBER, NO_NUMBER); keys.len()];
        let mut here: GroupKeys = (vec![NO_NUMBER; keys.len()], NO_CODE);
        for (at, _) in mask.iter().enumerate().filter(|(_, chosen)| **chosen) {
            let row = chunk * CHUNK + at;
            let number = numbers.map_or(0, |numbers| numbers[row]);
            let currency = currencies.map_or(NO_CODE, |codes| codes[row]);
            if number == NO_NUMBER {
                continue;
            }
            for ((slot, key), last) in here.0.iter_mut().zip(keys).zip(&mut last) {
                *slot = key.bucketed(row, last);
            }
            here.1 = currency;
            if let Some(known) = found.get_mut(&here) {
                known.add(number);
            } else if found.len() < most {
                found.entry(here.clone()).or_insert(Tally::NONE).add(number);
            } else {
                return None;
            }
        }
        Some(found)
    };
    let parts = mask.par_chunks(CHUNK).enumerate().map(tally);
    parts.try_reduce(HashMap::new, |mut all, part| {
        for (keys, tally) in part {
            all.entry(keys).or_insert(Tally::NONE).join(&tally);
        }
        (all.len() <= most).then_some(all)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(numbers: Vec<i64>) -> Arc<Column> {
        Arc::new(Column::Numbers(numbers))
    }

    fn days(column: Vec<i64>, bucket: Option<Bucket>) -> GroupBy {
        let column = numbers(column);
        GroupBy { links: Vec::new(), seen: None, column, is_instant: false, bucket, offsets: None }
    }

    fn day(year: i16, month: i8, day: i8) -> i64 {
        i64::from(day_number(jiff::civil::date(year, month, day)))
    }

    #[test]
    fn times_are_of_the_first_day_of_their_bucket() {
        let at = day(2026, 8, 17);
        assert_eq!(first_day(at, Bucket::Month), day(2026, 8, 1));
        assert_eq!(first_day(at, Bucket::Quarter), day(2026, 7, 1));
        assert_eq!(first_day(at, Bucket::Year), day(2026, 1, 1));
        // A quarter past eleven in the evening of UTC is the next day eight hours further east.
        let late = at * MICROS_OF_DAY + 23 * 3_600_000_000;
        let of = |zone: &str, instant: i64| {
            let zone = TimeZone::get(zone).unwrap();
            let key = days(vec![instant], Some(Bucket::Day));
            let offsets = Some(offsets_over(&zone, &key.column));
            let key = GroupBy { is_instant: true, offsets, ..key };
            key.bucketed(0, &mut (NO_NUMBER, NO_NUMBER))
        };
        assert_eq!(of("Asia/Shanghai", late), at + 1);
        // In summer Berlin is two hours further east, in winter one.
        let winter = day(2026, 1, 17);
        let half_past_ten = 45 * 1_800 * 1_000_000;
        assert_eq!(of("Europe/Berlin", at * MICROS_OF_DAY + half_past_ten), at + 1);
        assert_eq!(of("Europe/Berlin", winter * MICROS_OF_DAY + half_past_ten), winter);
    }

    #[test]
    fn groups_are_added_up_exactly() {
        let key = days(
            vec![day(2026, 1, 3), day(2026, 1, 9), day(2026, 2, 1), NO_NUMBER],
            Some(Bucket::Month),
        );
        let column = numbers(vec![i64::MAX, i64::MAX, NO_NUMBER, 5]);
        let measured = Measured { column, currency: None };
        let found = group(&[true; 4], &[key], Some(&measured), 10).unwrap();
        let max = i64::MAX;
        let january = Tally { count: 2, sum: 2 * i128::from(max), min: max, max };
        assert_eq!(found.get(&(vec![day(2026, 1, 1)], NO_CODE)), Some(&january));
        let none = Tally { count: 1, sum: 5, min: 5, max: 5 };
        assert_eq!(found.get(&(vec![NO_NUMBER], NO_CODE)), Some(&none));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn too_many_groups_are_told() {
        let rows = 3 * CHUNK;
        let key = || days((0..rows as i64).collect(), None);
        assert_eq!(group(&vec![true; rows], &[key()], None, rows - 1), None);
        assert_eq!(group(&vec![true; rows], &[key()], None, rows).map(|all| all.len()), Some(rows));
    }
}
