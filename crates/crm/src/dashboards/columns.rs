//! Charts over many records: the columns of the warehouse answer at once what a database would have
//! to read through.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use guanxi_base::{
    Currency, Decimal, Error, Money, Percent, RawId, Result, SignedDuration, Timestamp,
};
use guanxi_record::{Address, Aggregate, CURRENCY, Filter, Function, GroupKey, Kind, Value};
use guanxi_store::{Actor, Group, Store, average};
use guanxi_warehouse::{
    Column, GroupBy, GroupKeys, Measured, NO_NUMBER, Tally, Warehouse, currency_column, day_of,
    group, is_kept,
};

use super::draw::field_of;
use super::records::Chart;
use crate::segments::Choosing;
use crate::wording::in_english;

/// Tables of fewer rows than this are the database's: it is quick enough, and never late.
const MANY: usize = 200_000;
/// Columns that are older than this are not shown.
const OLD: SignedDuration = SignedDuration::from_mins(5);

/// Groups as the warehouse has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouped {
    pub(super) groups: Vec<Group>,
    pub(super) as_of: Timestamp,
}

/// The groups of a chart over more records than a database counts at once; `None` where it is the
/// database's to answer, or to refuse.
///
/// # Errors
/// When the database fails.
pub async fn group_ahead(
    store: &Store,
    warehouse: &Warehouse,
    actor: &Actor,
    chart: &Chart,
) -> Result<Option<Grouped>> {
    let outcome = async {
        let manifest = warehouse.shown().await?;
        let is_old = manifest.as_of + OLD < store.clock().now();
        if manifest.rows(&chart.record_type) < MANY || is_old {
            return Ok(None);
        }
        grouped(&Choosing::begin(store, warehouse, actor).await?, chart).await
    };
    match outcome.await {
        // The database says it in its own words.
        Err(Error::Refused(_) | Error::NotFound | Error::Forbidden) => Ok(None),
        // A file is damaged: until it is made anew the database answers.
        Err(_) if warehouse.is_suspect() => Ok(None),
        other => other,
    }
}

/// The groups of a chart, by the columns of the warehouse; `None` where it does not keep them.
///
/// # Errors
/// The refusals of a list; when the database or the warehouse fails.
pub async fn grouped(choosing: &Choosing, chart: &Chart) -> Result<Option<Grouped>> {
    let wanted = chart.aggregate()?;
    let of = &*chart.record_type;
    let filter = choosing.expanded(of, &wanted.filter).await?;
    let Some(mask) = choosing.kept_mask(of, &filter).await? else { return Ok(None) };
    let (mut keys, mut kinds) = (Vec::new(), Vec::new());
    for key in &wanted.group_by {
        let Some((key, kind)) = key_of(choosing, of, key).await? else { return Ok(None) };
        keys.push(key);
        kinds.push(kind);
    }
    let Some(measure) = Computed::of(choosing, of, &wanted).await? else { return Ok(None) };
    let done = tokio::task::spawn_blocking(move || {
        let most = Aggregate::GROUPS_MAX;
        let found = group(&mask, &keys, measure.measured.as_ref(), most)?;
        let groups = found.iter().map(|(at, tally)| {
            let keys = keys.iter().zip(&kinds).zip(&at.0);
            let keys = keys.map(|((key, kind), number)| value(&key.column, kind, *number, None));
            let currency = measure.currency(at);
            let value = measure.value(tally, currency)?;
            Some(Group { keys: keys.collect(), measures: vec![value], currency })
        });
        groups.collect::<Option<Vec<Group>>>()
    });
    let groups = done.await.map_err(Error::internal)?;
    Ok(groups.map(|groups| Grouped { groups, as_of: choosing.manifest.as_of }))
}

/// The column of a key, and what its values are.
async fn key_of(
    choosing: &Choosing,
    record_type: &str,
    key: &GroupKey,
) -> Result<Option<(GroupBy, Kind)>> {
    let mut of = choosing.catalog().get(record_type)?.clone();
    let (mut links, mut names) = (Vec::new(), Vec::new());
    let mut path = key.field.split('.').peekable();
    let (name, kind) = loop {
        let Some(name) = path.next() else { return Ok(None) };
        let Some(field) = field_of(&of, name) else { return Ok(None) };
        if !choosing.actor().rights.reads(&of.name, name) {
            return Ok(None);
        }
        let Some(&next) = path.peek() else { break (name.to_owned(), field.kind.clone()) };
        if field.kind == Kind::Address && Address::PARTS.contains(&next) {
            path.next();
            break (format!("{name}.{next}"), Kind::Text);
        }
        if field.kind == Kind::Money && next == CURRENCY {
            path.next();
            break (currency_column(name), Kind::Text);
        }
        let Some(target) = field.kind.link_target() else { return Ok(None) };
        let target = choosing.catalog().get(target)?.clone();
        if !is_kept(&target) {
            return Ok(None);
        }
        links.push(choosing.places((&of.name, name), &target.name).await?);
        names.push(name);
        of = target;
    };
    let is_instant = kind == Kind::Instant;
    let is_time = is_instant || kind == Kind::Date;
    let fits = match kind {
        Kind::Money | Kind::Choices(_) | Kind::Links { .. } | Kind::Address => false,
        _ => key.bucket.is_some() == is_time || kind == Kind::Date,
    };
    if !fits || path.next().is_some() {
        return Ok(None);
    }
    let Some(column) = choosing.kept_column(&of.name, &name).await? else { return Ok(None) };
    let column = with_one_name(&of.name, &name, column);
    // What the reader does not see of linked records is as if it were empty.
    let all_seen =
        names.iter().rev().fold(Filter::everything(), |inner, link| Filter::linked(*link, inner));
    let seen = match links.is_empty() {
        true => None,
        false => match choosing.kept_mask(record_type, &all_seen).await? {
            Some(seen) => Some(seen),
            None => return Ok(None),
        },
    };
    let kind = if key.bucket.is_some() { Kind::Date } else { kind };
    let zone = choosing.time_zone();
    let offsets =
        (is_instant && key.bucket.is_some()).then(|| guanxi_warehouse::offsets_over(zone, &column));
    Ok(Some((GroupBy { links, seen, column, is_instant, bucket: key.bucket, offsets }, kind)))
}

/// Texts that are names of the same as one of them.
fn with_one_name(of: &str, name: &str, column: Arc<Column>) -> Arc<Column> {
    let Column::Codes { codes, words } = &*column else { return column };
    let mut first: BTreeMap<&str, &String> = BTreeMap::new();
    for word in words {
        let known = first.entry(in_english(of, name, word)).or_insert(word);
        *known = (*known).min(word);
    }
    if first.len() == words.len() {
        return column;
    }
    let places: HashMap<&String, u32> = words.iter().zip(0..).collect();
    let instead: Vec<u32> =
        words.iter().map(|word| places[first[in_english(of, name, word)]]).collect();
    let one = |code: &u32| instead.get(*code as usize).copied().unwrap_or(*code);
    Arc::new(Column::Codes { codes: codes.iter().map(one).collect(), words: words.clone() })
}

/// What is computed, and of what.
struct Computed {
    function: Function,
    kind: Kind,
    measured: Option<Measured>,
}

impl Computed {
    async fn of(choosing: &Choosing, of: &str, wanted: &Aggregate) -> Result<Option<Self>> {
        let [measure] = &*wanted.measures else { return Ok(None) };
        let function = measure.function;
        if function == Function::Count && measure.field.is_empty() {
            return Ok(Some(Self { function, kind: Kind::Integer, measured: None }));
        }
        let described = choosing.catalog().get(of)?.clone();
        let Some(field) = field_of(&described, &measure.field) else { return Ok(None) };
        let fits = match function {
            Function::Count => false,
            Function::Sum | Function::Average => field.kind.is_number(),
            Function::Min | Function::Max => {
                field.kind.is_number() || matches!(field.kind, Kind::Date | Kind::Instant)
            }
        };
        if !fits || !choosing.actor().rights.reads(of, &field.name) {
            return Ok(None);
        }
        let Some(column) = choosing.kept_column(of, &field.name).await? else { return Ok(None) };
        let currency = match field.kind {
            Kind::Money => choosing.kept_column(of, &currency_column(&field.name)).await?,
            _ => None,
        };
        let measured = Some(Measured { column, currency });
        Ok(Some(Self { function, kind: field.kind.clone(), measured }))
    }

    fn currency(&self, (_, code): &GroupKeys) -> Option<Currency> {
        let words = self.measured.as_ref()?.currency.as_ref()?.codes().1;
        Currency::kept(words.get(*code as usize)?)
    }

    /// None for what no number holds: the database refuses it.
    fn value(&self, tally: &Tally, currency: Option<Currency>) -> Option<Value> {
        let sum = || i64::try_from(tally.sum).ok();
        let number = match self.function {
            Function::Count => return Some(Value::Integer(tally.count)),
            Function::Average => return Some(average(&self.kind, sum()?, tally.count, currency)),
            Function::Sum => sum()?,
            Function::Min => tally.min,
            Function::Max => tally.max,
        };
        Some(value(&Arc::new(Column::Numbers(Vec::new())), &self.kind, number, currency))
    }
}

/// A number of a column, or the place of a word in it, as what it stands for.
fn value(column: &Column, kind: &Kind, number: i64, currency: Option<Currency>) -> Value {
    if number == NO_NUMBER {
        return Value::Null;
    }
    match (kind, currency) {
        (Kind::Integer, _) => Value::Integer(number),
        (Kind::Decimal, _) => Value::Decimal(Decimal::from_units(number)),
        (Kind::Percent, _) => Value::Percent(Percent::from_units(number)),
        (Kind::Boolean, _) => Value::Boolean(number != 0),
        (Kind::Link { .. } | Kind::Owner, _) => Value::Link(RawId(number)),
        (Kind::Money, Some(currency)) => Value::Money(Money::new(number, currency)),
        (Kind::Date, _) => {
            i32::try_from(number).map_or(Value::Null, |day| Value::Date(day_of(day)))
        }
        (Kind::Instant, _) => {
            Timestamp::from_microsecond(number).map_or(Value::Null, Value::Instant)
        }
        _ => {
            let word = usize::try_from(number).ok().and_then(|at| column.codes().1.get(at));
            word.map_or(Value::Null, |word| Value::Text(word.clone()))
        }
    }
}
