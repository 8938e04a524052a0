//! Groups as rows and columns: in their order, without gaps, no more than are read.

use guanxi_base::{Currency, Date, Decimal, Money, Result};
use guanxi_record::{Aggregate, Function, Measure, Value};
use guanxi_store::{Group, View};

use super::draw::{
    Drawn, Key, Mark, Place, Shape, after, has_several_currencies, in_currency, number,
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
            address: Some(address.clone()),
            marks: marks.collect(),
        };
        let series = series_names(&measure, vec![None; self.series.len()], &self.series);
        let (keys, shapes) = (String::new(), vec![shape]);
        let (left_out, series_left_out) = (0, 0);
        Drawn { keys, measure, series, shapes, left_out, series_left_out, address, as_of: None }
    }

    pub(super) fn sort(&mut self, key: &Key, split: Option<&Key>) {
        let size = |cells: &[Option<Value>]| cells.iter().flatten().map(number).sum::<f64>();
        let mut rows: Vec<usize> = (0..self.rows.len()).collect();
        let by_size = |one: f64, other: f64| other.total_cmp(&one);
        rows.sort_by(|one, other| {
            key.order(&self.rows[*one], &self.rows[*other])
                .unwrap_or_else(|| by_size(size(&self.cells[*one]), size(&self.cells[*other])))
        });
        let mut columns: Vec<usize> = (0..self.series.len()).collect();
        let total = |column: usize| {
            self.cells.iter().filter_map(|row| row[column].as_ref()).map(number).sum::<f64>()
        };
        columns.sort_by(|one, other| {
            let ordered =
                split.and_then(|by| by.order(&self.series[*one].0, &self.series[*other].0));
            ordered.unwrap_or_else(|| by_size(total(*one), total(*other)))
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

    /// Times between the first and the last of which there is nothing are none of what is counted.
    pub(super) fn fill(&mut self, key: &Key, measure: &Measure) {
        let Some(bucket) = key.bucket.filter(|_| adds_up(measure)) else { return };
        let dates = self.rows.iter().filter_map(|row| match row {
            Value::Date(date) => Some(*date),
            _ => None,
        });
        let dates: Vec<Date> = dates.collect();
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
        let mut next = first;
        let mut at = 0;
        while next < last && self.rows.len() < Aggregate::GROUPS_MAX {
            if self.rows.get(at) != Some(&Value::Date(next)) {
                self.rows.insert(at, Value::Date(next));
                self.cells.insert(at, nothing.clone());
            }
            (next, at) = (after(next, bucket), at + 1);
        }
    }

    /// Leaves so many marks as were asked for: of times the last ones, of others the first, and
    /// the others put together where they add up. How many rows are left out, and their sum.
    pub(super) fn cut(
        &mut self,
        chart: &Chart,
        measure: &Measure,
    ) -> (usize, Option<Vec<Option<Value>>>) {
        let most = match chart.kind {
            ChartKind::HeatMap | ChartKind::Table => COLUMNS_MAX,
            _ => SERIES_MAX,
        };
        let columns: Vec<usize> = (0..self.series.len().min(most)).collect();
        let wanted = usize::try_from(chart.marks).unwrap_or(usize::MAX);
        let left_out = self.rows.len().saturating_sub(wanted);
        let is_time = self.rows.iter().any(|row| matches!(row, Value::Date(_)));
        let all: Vec<usize> = (0..self.rows.len()).collect();
        let (kept, cut) = match is_time {
            true => (&all[left_out..], &all[..left_out]),
            false => (&all[..all.len() - left_out], &all[all.len() - left_out..]),
        };
        let rest = (left_out > 0 && !is_time && adds_up(measure)).then(|| {
            let sums = columns
                .iter()
                .map(|column| sum(cut.iter().filter_map(|row| self.cells[*row][*column].as_ref())));
            sums.collect()
        });
        self.take(kept, &columns);
        (left_out, rest)
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
