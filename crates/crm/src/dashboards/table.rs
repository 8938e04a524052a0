//! Groups as rows and columns: in their order, without gaps, no more than are read.

use std::ops::Range;

use guanxi_base::{Currency, Date, Decimal, Money, Result};
use guanxi_record::{Aggregate, Bucket, Function, Measure, Value};
use guanxi_store::{Group, View};

use super::draw::{
    Drawn, Key, Mark, Place, Shape, Unseen, after, has_several_currencies, in_currency, number,
    series_names,
};
use super::records::{Chart, ChartKind};
use crate::text::Texts;

/// More lines than this are not told apart by their colours.
const SERIES_MAX: usize = 8;
/// Columns of numbers are.
const COLUMNS_MAX: usize = 24;

/// Groups as rows and columns.
pub(super) struct Table {
    pub(super) rows: Vec<Value>,
    pub(super) series: Vec<(Value, Option<Currency>)>,
    /// For each row and each series.
    pub(super) cells: Vec<Vec<Option<Value>>>,
}

impl Table {
    pub(super) fn of(
        chart: &Chart,
        wanted: &Aggregate,
        measure: &Measure,
        groups: Vec<Group>,
    ) -> Self {
        let mut table = Self { rows: Vec::new(), series: Vec::new(), cells: Vec::new() };
        let is_split = wanted.group_by.len() > 1;
        for group in groups {
            let mut keys = group.keys.into_iter();
            let row = keys.next().unwrap_or(Value::Null);
            let split = if is_split { keys.next().unwrap_or(Value::Null) } else { Value::Null };
            let Some(value) = group.measures.into_iter().next().filter(|v| !v.is_null()) else {
                continue;
            };
            let currency = match &value {
                Value::Money(money) => Some(money.currency),
                _ => None,
            };
            table.put(row, (split, currency), value);
        }
        if table.cells.is_empty() && chart.kind == ChartKind::Number {
            let nothing = matches!(measure.function, Function::Count).then_some(Value::Integer(0));
            table.rows.push(Value::Null);
            table.series.push((Value::Null, None));
            table.cells.push(vec![nothing]);
        }
        table
    }

    fn put(&mut self, row: Value, series: (Value, Option<Currency>), value: Value) {
        let at = self.rows.iter().rposition(|known| *known == row).unwrap_or_else(|| {
            self.rows.push(row);
            self.cells.push(vec![None; self.series.len()]);
            self.rows.len() - 1
        });
        let column = self.series.iter().position(|known| *known == series).unwrap_or_else(|| {
            self.series.push(series);
            self.cells.iter_mut().for_each(|row| row.push(None));
            self.series.len() - 1
        });
        self.cells[at][column] = Some(value);
    }

    /// One number; of amounts one for each currency.
    pub(super) fn number(&self, place: &Place<'_>, of: &Measure, measure: String) -> Drawn {
        let address = place.list([].iter());
        let cells = self.cells.first().map(Vec::as_slice).unwrap_or_default();
        let apart = has_several_currencies(&self.series);
        let marks = self.series.iter().zip(cells).map(|((_, currency), cell)| {
            let stated = apart.then(|| in_currency(of, *currency)).flatten();
            let address = Some(place.list(stated.iter()));
            cell.clone().map(|value| Mark { value, address })
        });
        let shape = Shape {
            label: measure.clone(),
            lacking: None,
            address: Some(address.clone()),
            marks: marks.collect(),
        };
        let series = series_names(&measure, vec![None; self.series.len()], &self.series);
        let (keys, shapes) = (String::new(), vec![shape]);
        let (unseen, series_left_out) = (Unseen::default(), 0);
        Drawn { keys, measure, series, shapes, unseen, series_left_out, address, as_of: None }
    }

    pub(super) fn sort(&mut self, key: &Key, split: Option<&Key>) {
        let size = |cells: &[Option<Value>]| cells.iter().flatten().map(number).sum::<f64>();
        let mut rows: Vec<usize> = (0..self.rows.len()).collect();
        let by_size = |one: f64, other: f64| other.total_cmp(&one);
        rows.sort_by(|one, other| {
            let (one_is, other_is) = (&self.rows[*one], &self.rows[*other]);
            // What is of one size is in one order, whoever grouped it: of many the last are cut.
            key.order(one_is, other_is)
                .unwrap_or_else(|| by_size(size(&self.cells[*one]), size(&self.cells[*other])))
                .then_with(|| one_is.to_text().cmp(&other_is.to_text()))
        });
        let mut columns: Vec<usize> = (0..self.series.len()).collect();
        let total = |column: usize| {
            self.cells.iter().filter_map(|row| row[column].as_ref()).map(number).sum::<f64>()
        };
        columns.sort_by(|one, other| {
            let ((one_is, money), (other_is, other_money)) =
                (&self.series[*one], &self.series[*other]);
            let code = |of: &Option<Currency>| of.map(|one| one.to_string());
            let ordered = split.and_then(|by| by.order(one_is, other_is));
            ordered
                .unwrap_or_else(|| by_size(total(*one), total(*other)))
                .then_with(|| one_is.to_text().cmp(&other_is.to_text()))
                .then_with(|| code(money).cmp(&code(other_money)))
        });
        self.take(&rows, &columns);
    }

    fn take(&mut self, rows: &[usize], columns: &[usize]) {
        let cells = rows
            .iter()
            .map(|row| columns.iter().map(|column| self.cells[*row][*column].clone()).collect());
        self.cells = cells.collect();
        self.rows = rows.iter().map(|row| self.rows[*row].clone()).collect();
        self.series = columns.iter().map(|column| self.series[*column].clone()).collect();
    }

    /// Times between the first and the last of which there is nothing are none of what is counted; from
    /// today on, where there is something soon.
    pub(super) fn fill(&mut self, key: &Key, measure: &Measure, (today, most): (Date, usize)) {
        let Some(bucket) = key.bucket.filter(|_| adds_up(measure)) else { return };
        let dates: Vec<Date> = self.rows.iter().filter_map(as_date).collect();
        let (Some(first), Some(last)) = (dates.first().copied(), dates.last().copied()) else {
            return;
        };
        let nothing: Vec<Option<Value>> = self
            .series
            .iter()
            .map(|(_, currency)| {
                Some(match currency {
                    Some(currency) => Value::Money(Money::new(0, *currency)),
                    None => Value::Integer(0),
                })
            })
            .collect();
        let today = floor(today, bucket);
        let soon = (0..most / 2).fold(today, |day, _| after(day, bucket));
        let mut next = if today < first && first <= soon { today } else { first };
        let mut at = 0;
        while next < last && self.rows.len() < Aggregate::GROUPS_MAX {
            if self.rows.get(at) != Some(&Value::Date(next)) {
                self.rows.insert(at, Value::Date(next));
                self.cells.insert(at, nothing.clone());
            }
            (next, at) = (after(next, bucket), at + 1);
        }
    }

    /// Leaves so many marks as were asked for: of times those around today, of others the first; and the
    /// others put together where they add up. What is left out.
    pub(super) fn cut(
        &mut self,
        chart: &Chart,
        measure: &Measure,
        (key, today): (&Key, Date),
    ) -> LeftOut {
        let most = match chart.kind {
            ChartKind::HeatMap | ChartKind::Table => COLUMNS_MAX,
            _ => SERIES_MAX,
        };
        let columns: Vec<usize> = (0..self.series.len().min(most)).collect();
        let wanted = usize::try_from(chart.marks).unwrap_or(usize::MAX);
        let dates: Vec<Date> = self.rows.iter().map_while(as_date).collect();
        let mut left = LeftOut::default();
        let kept: Vec<usize> = if dates.is_empty() {
            let (kept, cut) = self.rows.split_at(self.rows.len().min(wanted));
            left.others = cut.to_vec();
            let cut: Vec<usize> = (kept.len()..self.rows.len()).collect();
            left.others_sum =
                (!cut.is_empty() && adds_up(measure)).then(|| self.sums(&cut, &columns));
            (0..kept.len()).collect()
        } else {
            let bucket = key.bucket.unwrap_or(Bucket::Day);
            let split = dates.partition_point(|day| *day < floor(today, bucket));
            let shown = window(dates.len(), split, wanted);
            let rows = |range: Range<usize>| range.filter(|at| self.has_something(*at)).collect();
            let earlier: Vec<usize> = rows(0..shown.start);
            let later: Vec<usize> = rows(shown.end..dates.len());
            // Of what is still to come the past is what is late: it stands in one mark.
            let is_ahead = dates.len() - split > 1;
            left.earlier_sum = (!earlier.is_empty() && is_ahead && adds_up(measure))
                .then(|| self.sums(&earlier, &columns));
            (left.earlier, left.later) = (earlier.len(), later.len());
            left.shown = dates.get(shown.start).copied().zip(dates.get(shown.end - 1).copied());
            // What has no date is no part of the axis, and stays.
            shown.chain(dates.len()..self.rows.len()).collect()
        };
        self.take(&kept, &columns);
        left
    }

    fn sums(&self, rows: &[usize], columns: &[usize]) -> Vec<Option<Value>> {
        let of =
            |column: &usize| sum(rows.iter().filter_map(|row| self.cells[*row][*column].as_ref()));
        columns.iter().map(of).collect()
    }

    fn has_something(&self, row: usize) -> bool {
        self.cells[row].iter().flatten().any(|value| number(value) != 0.0)
    }

    pub(super) async fn split_labels(
        &self,
        view: &mut View,
        texts: &Texts,
        split: Option<&Key>,
    ) -> Result<Vec<Option<String>>> {
        let Some(split) = split else { return Ok(vec![None; self.series.len()]) };
        let values: Vec<Value> = self.series.iter().map(|(value, _)| value.clone()).collect();
        Ok(split.labels(view, texts, &values).await?.into_iter().map(Some).collect())
    }
}

/// What a chart does not show one by one.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    /// So many times before the first that is shown.
    pub(super) earlier: usize,
    /// Those put together, where they stand for what is late.
    pub(super) earlier_sum: Option<Vec<Option<Value>>>,
    /// So many times after the last.
    pub(super) later: usize,
    /// The first and the last time that are shown.
    pub(super) shown: Option<(Date, Date)>,
    /// Values that are no times, from the largest on.
    pub(super) others: Vec<Value>,
    /// Those put together.
    pub(super) others_sum: Option<Vec<Option<Value>>>,
}

/// Of so many times in a row, `past` of which are over, those around now: the last ones where all is past
/// or present, the first where all is to come, and of both a quarter of what is past.
fn window(all: usize, past: usize, wanted: usize) -> Range<usize> {
    let ahead = all - past;
    if ahead <= 1 {
        return all.saturating_sub(wanted)..all;
    }
    let before = past.min((wanted / 4).max(wanted.saturating_sub(ahead)));
    let start = past - before;
    start..all.min(start.saturating_add(wanted))
}

fn as_date(value: &Value) -> Option<Date> {
    match value {
        Value::Date(date) => Some(*date),
        _ => None,
    }
}

/// The first day of the bucket that a day is in.
fn floor(day: Date, bucket: Bucket) -> Date {
    match bucket {
        Bucket::Day => day,
        Bucket::Month => day.first_of_month(),
        Bucket::Quarter => {
            let month = (day.month() - 1) / 3 * 3 + 1;
            Date::new(day.year(), month, 1).unwrap_or(day)
        }
        Bucket::Year => day.first_of_year(),
    }
}

fn adds_up(measure: &Measure) -> bool {
    matches!(measure.function, Function::Count | Function::Sum)
}

/// Numbers of one kind added up; none when it is more than a number holds.
fn sum<'a>(values: impl Iterator<Item = &'a Value>) -> Option<Value> {
    let mut sum: Option<Value> = None;
    for value in values {
        sum = Some(match (sum, value) {
            (None, value) => value.clone(),
            (Some(Value::Integer(one)), Value::Integer(other)) => {
                Value::Integer(one.checked_add(*other)?)
            }
            (Some(Value::Money(one)), Value::Money(other)) => {
                Value::Money(Money::new(one.units.checked_add(other.units)?, one.currency))
            }
            (Some(Value::Decimal(one)), Value::Decimal(other)) => {
                Value::Decimal(Decimal::from_units(one.units().checked_add(other.units())?))
            }
            _ => return None,
        });
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_never_cuts_the_near_end() {
        for ((all, past, wanted), expected) in [
            // All is past, or up to today: the last ones.
            ((30, 30, 12), 18..30),
            ((30, 29, 12), 18..30),
            // All is to come: the first ones.
            ((30, 0, 12), 0..12),
            // Both: a quarter is past, the rest begins today.
            ((60, 20, 12), 17..29),
            // Little is to come: the rest is past.
            ((60, 57, 12), 48..60),
            ((5, 2, 12), 0..5),
        ] {
            assert_eq!(window(all, past, wanted), expected, "{all} {past} {wanted}");
        }
    }
}
