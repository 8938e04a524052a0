//! A chart as numbers: what its marks are called, how large they are, and which records they stand
//! for.

use std::cmp::Ordering;
use std::sync::Arc;

use guanxi_base::{Currency, Date, Decimal, Money, Percent, RawId, Result, Timestamp};
use guanxi_record::{
    Address, Bucket, CURRENCY, Catalog, Field, Function, GroupKey, Kind, Measure, Op, RecordType,
    SYSTEM_FIELDS, Value, param_name,
};
use guanxi_store::View;
use jiff::ToSpan as _;

use super::columns::Grouped;
use super::records::Chart;
use super::table::{LeftOut, Table};
use crate::access::conditions;
use crate::groups::groups;
use crate::insights::analysed_at;
use crate::segments::expand;
use crate::text::Texts;

/// So many of the groups that are not shown are named.
const NAMED: usize = 3;

/// A chart whose numbers are there.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// What the marks are: the label of the field that groups are made by.
    pub keys: String,
    /// What is computed.
    pub measure: String,
    /// What each column of numbers is called; without a split the measure, or a currency.
    pub series: Vec<String>,
    /// The marks, in their order.
    pub shapes: Vec<Shape>,
    /// Which groups are not shown, or are put together.
    pub unseen: Unseen,
    /// So many columns are not shown.
    pub series_left_out: usize,
    /// The list of all the records.
    pub address: String,
    /// As of when the numbers are, where they are not of this moment.
    pub as_of: Option<Timestamp>,
}

/// The groups that are not shown one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unseen {
    /// So many times before the first that is shown.
    pub earlier: usize,
    /// So many times after the last that is shown.
    pub later: usize,
    /// The first and the last time that are shown, as they are called.
    pub shown: (String, String),
    /// So many others: the smallest, or the last in their order.
    pub others: usize,
    /// What the first of them are called.
    pub names: Vec<String>,
}

impl Unseen {
    /// How many groups that are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.earlier + self.later + self.others
    }
}

/// What stands at one value of the field that groups are made by.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// What it is called.
    pub label: String,
    /// Why its records have no value there, if they have none.
    pub lacking: Option<Lacking>,
    /// The list of its records; none for what is put together of several.
    pub address: Option<String>,
    /// For each series what there is.
    pub marks: Vec<Option<Mark>>,
}

/// Why records have no value at what groups are made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// Nothing has been analysed yet.
    Analysis,
    /// The analysis does not know it.
    Knowledge,
    /// Nobody has said.
    Entry,
}

impl Lacking {
    /// The key of what such records are called.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Analysis => "chart-not-analysed",
            Self::Knowledge => "chart-unknown",
            Self::Entry => "chart-none",
        }
    }
}

/// One number.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// The number, amount or time.
    pub value: Value,
    /// The list of its records; none for what is put together of several.
    pub address: Option<String>,
}

impl Mark {
    /// As a number on an axis: of money its units of the currency, of days and times their number.
    #[must_use]
    pub fn number(&self) -> f64 {
        number(&self.value)
    }
}

/// A value as a number on an axis; see [`Mark::number`].
pub(crate) fn number(value: &Value) -> f64 {
    match value {
        Value::Integer(number) => *number as f64,
        Value::Decimal(number) => number.units() as f64 / Decimal::ONE as f64,
        Value::Percent(number) => number.units() as f64 / Percent::ONE as f64,
        Value::Money(money) => money.units as f64 / Money::ONE as f64,
        Value::Date(date) => f64::from(guanxi_warehouse::day_number(*date)),
        Value::Instant(at) => at.as_second() as f64,
        _ => 0.0,
    }
}

/// Computes a chart with the rights of a view, from groups that are there already or by the database.
///
/// # Errors
/// A refusal when the chart asks what there is not, or what the Actor may not ask.
pub async fn draw(
    view: &mut View,
    texts: &Texts,
    chart: &Chart,
    ahead: Option<Grouped>,
) -> Result<Drawn> {
    let described = view.catalog().get(&chart.record_type)?.clone();
    let mut wanted = chart.aggregate()?;
    let as_of = ahead.as_ref().map(|ahead| ahead.as_of);
    let groups = match ahead {
        Some(ahead) => ahead.groups,
        None => {
            wanted.filter = expand(view, &described.name, wanted.filter).await?;
            groups(view, &described.name, &wanted, None).await?
        }
    };
    let keys = wanted.group_by.iter().map(|key| Key::of(view.catalog(), &described, key));
    let keys: Vec<Key> = keys.collect();
    let measure = wanted.measures.first().cloned().unwrap_or_else(Measure::count);
    let place = Place { record_type: &described.name, condition: &condition_of(chart)? };
    let mut table = Table::of(chart, &wanted, &measure, groups);
    let label = measure_label(texts, &described, &measure);
    let Some(key) = keys.first() else {
        return Ok(Drawn { as_of, ..table.number(&place, &measure, label) });
    };
    table.sort(key, keys.get(1));
    let today = view.now().to_zoned(view.actor().time_zone.clone()).date();
    table.fill(key, &measure, (today, usize::try_from(chart.marks).unwrap_or(0)));
    let all_series = table.series.len();
    let left = table.cut(chart, &measure, (key, today));
    let series_left_out = all_series - table.series.len();
    let apart = has_several_currencies(&table.series);
    let mut shapes = Vec::new();
    let splits = table.split_labels(view, texts, keys.get(1)).await?;
    let labels = key.labels(view, texts, &table.rows).await?;
    let lacking = key.lacking(view, &table.rows).await?;
    for (at, (row, label)) in table.rows.iter().zip(labels).enumerate() {
        let here = key.stated(row);
        let marks = table.series.iter().zip(&table.cells[at]).map(|((split, currency), cell)| {
            let mut both = keys.get(1).map(|by| by.stated(split)).unwrap_or_default();
            both.extend(apart.then(|| in_currency(&measure, *currency)).flatten());
            let address = place.list(here.iter().chain(&both));
            cell.clone().map(|value| Mark { value, address: Some(address) })
        });
        let address = Some(place.list(here.iter()));
        let lacking = lacking.filter(|_| row.is_null());
        shapes.push(Shape { label, lacking, address, marks: marks.collect() });
    }
    let unseen = unseen(view, texts, key, &left).await?;
    if let Some(sums) = left.earlier_sum {
        let before = left.shown.map(|(first, _)| place.list([key.before(first)].iter()));
        let label = texts.format("chart-before", &[("day", &unseen.shown.0)]);
        shapes.insert(0, together(label, before.as_ref(), sums));
    }
    if let Some(sums) = left.others_sum {
        shapes.push(together(texts.get("chart-others"), None, sums));
    }
    let series = series_names(&label, splits, &table.series);
    let address = place.list([].iter());
    let keys = key.label(texts);
    Ok(Drawn { keys, measure: label, series, shapes, unseen, series_left_out, address, as_of })
}

/// What is put together of several groups.
fn together(label: String, address: Option<&String>, sums: Vec<Option<Value>>) -> Shape {
    let mark = |value| Mark { value, address: address.cloned() };
    let marks = sums.into_iter().map(|cell| cell.map(mark)).collect();
    Shape { label, lacking: None, address: address.cloned(), marks }
}

/// What is not shown one by one, by its names.
async fn unseen(view: &mut View, texts: &Texts, key: &Key, left: &LeftOut) -> Result<Unseen> {
    let named = &left.others[..left.others.len().min(NAMED)];
    let names = key.labels(view, texts, named).await?;
    let shown = left.shown.map(|(first, last)| (key.date(first), key.date(last)));
    let (earlier, later) = (left.earlier, left.later);
    let (shown, others) = (shown.unwrap_or_default(), left.others.len());
    Ok(Unseen { earlier, later, shown, others, names })
}

fn condition_of(chart: &Chart) -> Result<String> {
    conditions::as_address(chart.condition.as_ref().map_or("", |condition| condition.0.as_str()))
}

/// Whether there are amounts of more than one currency.
pub(super) fn has_several_currencies(series: &[(Value, Option<Currency>)]) -> bool {
    let mut currencies = series.iter().filter_map(|(_, currency)| *currency);
    currencies.next().is_some_and(|first| currencies.any(|other| other != first))
}

/// The condition that leaves records with an amount of this currency.
pub(super) fn in_currency(
    measure: &Measure,
    currency: Option<Currency>,
) -> Option<(String, String)> {
    let path = format!("{}.{CURRENCY}", measure.field);
    Some((param_name(&path, Op::Eq), currency?.code().to_owned()))
}

/// What the columns are called: by the split, and by the currency where there are several.
pub(super) fn series_names(
    measure: &str,
    splits: Vec<Option<String>>,
    series: &[(Value, Option<Currency>)],
) -> Vec<String> {
    let apart = has_several_currencies(series);
    let named = splits.into_iter().zip(series).map(|(split, (_, currency))| {
        let code = currency.filter(|_| apart).map(|one| one.code().to_owned());
        match (split, code) {
            (Some(split), Some(code)) => format!("{split} {code}"),
            (Some(name), None) | (None, Some(name)) => name,
            (None, None) => measure.to_owned(),
        }
    });
    named.collect()
}

/// What is computed, in words.
fn measure_label(texts: &Texts, described: &RecordType, measure: &Measure) -> String {
    let plural = texts.type_plural(&described.name);
    let field = field_of(described, &measure.field);
    let field = field.map(|field| texts.field_label(described, field)).unwrap_or_default();
    let key = match measure.function {
        Function::Count => return texts.format("chart-count", &[("type", &plural)]),
        Function::Sum => "chart-sum",
        Function::Average => "chart-average",
        Function::Min => "chart-min",
        Function::Max => "chart-max",
    };
    texts.format(key, &[("field", &field)])
}

pub(super) fn field_of<'a>(described: &'a RecordType, name: &str) -> Option<&'a Field> {
    described.field(name).or_else(|| SYSTEM_FIELDS.iter().find(|field| field.name == name))
}

/// Where the lists of the marks are.
pub(super) struct Place<'a> {
    record_type: &'a str,
    condition: &'a str,
}

impl Place<'_> {
    pub(super) fn list<'a>(
        &self,
        stated: impl IntoIterator<Item = &'a (String, String)>,
    ) -> String {
        let mut parts: Vec<String> = Vec::new();
        if !self.condition.is_empty() {
            parts.push(self.condition.to_owned());
        }
        let stated = stated.into_iter();
        parts.extend(stated.map(|(name, value)| format!("{name}={}", conditions::encoded(value))));
        let between = if parts.is_empty() { "" } else { "?" };
        format!("/{}{between}{}", self.record_type, parts.join("&"))
    }
}

/// What groups are made by.
pub(super) struct Key {
    path: String,
    pub(super) bucket: Option<Bucket>,
    /// The types and fields along the path.
    steps: Vec<(Arc<RecordType>, Field)>,
    /// The part of an address or an amount that the path ends in.
    part: Option<String>,
}

impl Key {
    fn of(catalog: &Catalog, described: &Arc<RecordType>, key: &GroupKey) -> Self {
        let (mut steps, mut part) = (Vec::new(), None);
        let mut of = Some(described.clone());
        for name in key.field.split('.') {
            let Some(here) = of.take() else {
                let is_part = name == CURRENCY || Address::PARTS.contains(&name);
                part = is_part.then(|| name.to_owned());
                break;
            };
            let Some(field) = field_of(&here, name).cloned() else { break };
            let target = field.kind.link_target();
            of = target.and_then(|target| catalog.get(target).ok().cloned());
            steps.push((here, field));
        }
        Self { path: key.field.clone(), bucket: key.bucket, steps, part }
    }

    fn last(&self) -> Option<&(Arc<RecordType>, Field)> {
        self.steps.last().filter(|_| self.part.is_none())
    }

    fn label(&self, texts: &Texts) -> String {
        let labels = self.steps.iter().map(|(of, field)| texts.field_label(of, field));
        let part = self.part.iter().map(|part| match part.as_str() {
            CURRENCY => texts.get("ui-currency"),
            part => texts.get(&format!("address.{part}")),
        });
        labels.chain(part).collect::<Vec<_>>().join(": ")
    }

    /// What the values are called.
    pub(super) async fn labels(
        &self,
        view: &mut View,
        texts: &Texts,
        values: &[Value],
    ) -> Result<Vec<String>> {
        let ids: Vec<RawId> = values.iter().filter_map(Value::as_link).collect();
        let target = self.last().and_then(|(_, field)| field.kind.leads_to());
        let titles = match target {
            Some(target) if !ids.is_empty() => view.titles(target, &ids).await?,
            _ => Default::default(),
        };
        let wording = view.actor().wording;
        let none = self.lacking(view, values).await?.map(|lacking| texts.get(lacking.key()));
        let name = |value: &Value| match (value, self.last()) {
            (Value::Null, _) => none.clone().unwrap_or_default(),
            (Value::Link(id), _) => {
                titles.get(id).cloned().unwrap_or_else(|| texts.get("ui-no-permission"))
            }
            (Value::Boolean(yes), _) => texts.get(if *yes { "ui-yes" } else { "ui-no" }),
            (Value::Date(date), _) => self.date(*date),
            (Value::Text(code), Some((of, field)))
                if matches!(field.kind, Kind::Choice(_) | Kind::Choices(_)) =>
            {
                texts.option_label(of, field, code)
            }
            (Value::Text(text), Some((of, field))) => match wording {
                Some(wording) => wording.shown(&of.name, &field.name, text).to_owned(),
                None => text.clone(),
            },
            (other, _) => other.to_text(),
        };
        Ok(values.iter().map(name).collect())
    }

    /// Why there is no value where one of these is none; nothing where all are there.
    async fn lacking(&self, view: &mut View, values: &[Value]) -> Result<Option<Lacking>> {
        if !values.contains(&Value::Null) {
            return Ok(None);
        }
        if !self.last().is_some_and(|(_, field)| field.derived) {
            return Ok(Some(Lacking::Entry));
        }
        let is_analysed = analysed_at(view).await?.is_some();
        Ok(Some(if is_analysed { Lacking::Knowledge } else { Lacking::Analysis }))
    }

    fn date(&self, date: Date) -> String {
        match self.bucket {
            None | Some(Bucket::Day) => date.to_string(),
            Some(Bucket::Month) => date.strftime("%Y-%m").to_string(),
            Some(Bucket::Quarter) => format!("{} Q{}", date.year(), (date.month() - 1) / 3 + 1),
            Some(Bucket::Year) => date.year().to_string(),
        }
    }

    /// The conditions by which a list shows the records of a value.
    fn stated(&self, value: &Value) -> Vec<(String, String)> {
        let states = |op: Op, text: String| (param_name(&self.path, op), text);
        match (value, self.bucket) {
            (Value::Null, _) => vec![states(Op::Empty, "true".to_owned())],
            (Value::Date(date), Some(bucket)) => {
                let next = next(*date, bucket).map(|next| states(Op::Lt, next.to_string()));
                std::iter::once(states(Op::Ge, date.to_string())).chain(next).collect()
            }
            (value, _) => vec![states(Op::Eq, value.to_text())],
        }
    }

    /// The condition by which a list shows the records of all times before one.
    fn before(&self, first: Date) -> (String, String) {
        (format!("{}.lt", self.path), first.to_string())
    }

    /// In which order the values stand, where it is not by their numbers.
    pub(super) fn order(&self, one: &Value, other: &Value) -> Option<Ordering> {
        if let Some((_, field)) = self.last()
            && let Kind::Choice(options) | Kind::Choices(options) = &field.kind
        {
            let at = |value: &Value| {
                let code = value.as_text()?;
                options.iter().position(|option| option.as_ref() == code)
            };
            let place = |value| at(value).unwrap_or(usize::MAX);
            return Some(place(one).cmp(&place(other)));
        }
        let is_text = |value: &Value| matches!(value, Value::Text(_) | Value::Link(_));
        if is_text(one) || is_text(other) {
            return None;
        }
        // Nothing comes last.
        let rank = |value: &Value| (value.is_null(), number(value));
        rank(one).partial_cmp(&rank(other))
    }
}

/// The first day of the next one; after the last of the calendar its last day.
pub(super) fn after(date: Date, bucket: Bucket) -> Date {
    next(date, bucket).unwrap_or(Date::MAX)
}

/// The first day of the next one, if the calendar has it.
fn next(date: Date, bucket: Bucket) -> Option<Date> {
    let step = match bucket {
        Bucket::Day => 1.day(),
        Bucket::Month => 1.month(),
        Bucket::Quarter => 3.months(),
        Bucket::Year => 1.year(),
    };
    date.checked_add(step).ok()
}
