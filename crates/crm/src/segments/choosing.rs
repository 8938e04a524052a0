//! Choosing customers: by the warehouse where it keeps what is asked for, else by the database;
//! always with the eyes of whoever asks.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use guanxi_base::{Currency, Error, RawId, Refusal, Result, TimeZone, Timestamp};
use guanxi_record::{Catalog, Compared, Filter, Op, Query, Record as _, RecordType, Stored};
use guanxi_store::{Actor, Purpose, Rights, Sharing, Store, View};
use guanxi_warehouse::{
    Chooser, Column, Manifest, Mask, NO_CODE, NO_NUMBER, Table, Warehouse, count, currency_column,
};

use super::records::{Segment, SegmentKind, SegmentMember};
use crate::access::Organisation;
use crate::insights::{Counted, counting_until, knowledge_of};
use crate::kept_condition::in_every_language;
use crate::people::{Customer, followed};

/// Segments within segments, so deep at most.
const DEPTH_MAX: usize = 5;

/// A filter as what is kept has it: texts that the product wrote by each of their names, links by the names
/// of records too, and the conditions of segments in the place of their names: `segment`, compared with their
/// ids, stands for being in one of them. What was merged is named by what it went into.
///
/// # Errors
/// `unknown-segment` when there is none that the Actor may see; `segment-cycle` when one leads to
/// itself; when the database fails.
pub async fn expand(view: &mut View, record_type: &str, filter: Filter) -> Result<Filter> {
    let filter = in_every_language(view, record_type, filter).await?;
    if record_type != Customer::NAME || !names_segment(&filter) {
        return followed(view, record_type, filter).await;
    }
    let mut known: BTreeMap<String, Filter> = BTreeMap::new();
    let mut waiting: Vec<(String, Vec<String>)> =
        segments_in(&filter).into_iter().map(|id| (id, Vec::new())).collect();
    let mut order = Vec::new();
    while let Some((id, path)) = waiting.pop() {
        if path.contains(&id) || path.len() >= DEPTH_MAX {
            return Err(Refusal::field("segment-cycle", "segment").into());
        }
        let raw: RawId = id.parse().map_err(|_| unknown(&id))?;
        let row = match view.row(Segment::NAME, raw, Purpose::Read).await {
            Ok(row) => row,
            Err(Error::NotFound | Error::Forbidden) => return Err(unknown(&id).into()),
            Err(error) => return Err(error),
        };
        let segment: Stored<Segment> = row.try_into()?;
        let inner = match segment.kind {
            SegmentKind::Dynamic => {
                in_every_language(view, Customer::NAME, segment.filter()?).await?
            }
            SegmentKind::Static => Filter::Related {
                record_type: SegmentMember::NAME.to_owned(),
                via: "customer".to_owned(),
                count: None,
                filter: Box::new(Filter::eq("segment", id.clone())),
            },
        };
        let mut deeper = path;
        deeper.push(id.clone());
        waiting.extend(segments_in(&inner).into_iter().map(|id| (id, deeper.clone())));
        order.retain(|one| *one != id);
        order.push(id.clone());
        known.insert(id, inner);
    }
    // Those that others name stand behind them.
    for id in order.iter().rev() {
        let replaced = replaced(known[id].clone(), &known);
        known.insert(id.clone(), replaced);
    }
    followed(view, record_type, replaced(filter, &known)).await
}

fn unknown(id: &str) -> Refusal {
    Refusal::field("unknown-segment", "segment").with("value", id)
}

fn named(filter: &Filter) -> Option<Vec<String>> {
    match filter {
        Filter::Compare { field, op: Op::Eq | Op::Ne | Op::In | Op::NotIn, value }
            if field == "segment" =>
        {
            let one = |value: &serde_json::Value| value.as_str().map(str::to_owned);
            Some(match value.as_array() {
                Some(all) => all.iter().filter_map(one).collect(),
                None => one(value).into_iter().collect(),
            })
        }
        _ => None,
    }
}

fn segments_in(filter: &Filter) -> Vec<String> {
    match filter {
        Filter::All(all) | Filter::Any(all) => all.iter().flat_map(segments_in).collect(),
        Filter::Not(inner) => segments_in(inner),
        one => named(one).unwrap_or_default(),
    }
}

fn names_segment(filter: &Filter) -> bool {
    match filter {
        Filter::All(all) | Filter::Any(all) => all.iter().any(names_segment),
        Filter::Not(inner) => names_segment(inner),
        one => named(one).is_some(),
    }
}

fn replaced(filter: Filter, known: &BTreeMap<String, Filter>) -> Filter {
    let each = |all: Vec<Filter>| all.into_iter().map(|one| replaced(one, known)).collect();
    match filter {
        Filter::All(all) => Filter::All(each(all)),
        Filter::Any(any) => Filter::Any(each(any)),
        Filter::Not(inner) => Filter::Not(Box::new(replaced(*inner, known))),
        one => match (named(&one), &one) {
            (Some(ids), Filter::Compare { op, .. }) => {
                let any = ids.iter().filter_map(|id| known.get(id).cloned()).collect();
                match op {
                    Op::Ne | Op::NotIn => Filter::Not(Box::new(Filter::Any(any))),
                    _ => Filter::Any(any),
                }
            }
            _ => one,
        },
    }
}

/// What there is to choose from, at one moment, for one Actor.
pub struct Choosing {
    /// The warehouse.
    pub warehouse: Warehouse,
    /// As it is now.
    pub manifest: Arc<Manifest>,
    pub(super) catalog: Arc<Catalog>,
    store: Store,
    actor: Actor,
    now: Timestamp,
    shared: Vec<Sharing>,
}

/// A few words about chosen customers.
#[derive(Debug, Clone, PartialEq)]
pub struct Glance {
    /// How many they are.
    pub count: usize,
    /// As of when.
    pub as_of: Timestamp,
    /// What they bought for, in the currency of most; `None` where the Actor may not know.
    pub revenue: Option<(i64, Currency)>,
    /// What they will still be worth, in the same.
    pub lifetime_value: Option<(i64, Currency)>,
    /// The ids of those who bought for most.
    pub best: Vec<RawId>,
}

impl Choosing {
    /// Begins to choose.
    ///
    /// # Errors
    /// When the database or the warehouse fails.
    pub async fn begin(store: &Store, warehouse: &Warehouse, actor: &Actor) -> Result<Self> {
        let manifest = warehouse.shown().await?;
        let mut view = store.read(actor).await?;
        let shared = match actor.rights {
            Rights::All => Vec::new(),
            _ => view.sharings().await?,
        };
        let now = view.now();
        Ok(Self {
            warehouse: warehouse.clone(),
            manifest,
            catalog: store.catalog(),
            store: store.clone(),
            actor: actor.clone(),
            now,
            shared,
        })
    }

    /// The types of records.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// In which zone a day is a day.
    pub(crate) fn time_zone(&self) -> &TimeZone {
        &self.actor.time_zone
    }

    /// Who chooses.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Of each record of a type whether it passes; in the order of the table's rows.
    ///
    /// # Errors
    /// The refusals of a list; when the database or the warehouse fails.
    pub async fn mask(&self, record_type: &str, filter: &Filter) -> Result<Mask> {
        match self.kept_mask(record_type, filter).await? {
            Some(mask) => Ok(mask),
            None => self.by_database(record_type, filter).await,
        }
    }

    /// As `mask`; `None` where the warehouse does not keep what the filter asks for.
    ///
    /// # Errors
    /// As `mask`.
    pub async fn kept_mask(&self, record_type: &str, filter: &Filter) -> Result<Option<Mask>> {
        let scope = |name: &str| self.actor.rights.scope(name, Purpose::Read).cloned();
        let reads = |name: &str, field: &str| self.actor.rights.asks(name, field);
        let told = |name: &str, field: &str| self.actor.rights.told_on(name, field).cloned();
        let shared = |name: &str, with: &[RawId]| {
            let fits = |one: &&Sharing| one.record_type == name && with.contains(&one.with);
            self.shared.iter().filter(fits).map(|one| one.record).collect()
        };
        let chooser = Chooser {
            catalog: &self.catalog,
            compared: Compared {
                now: self.now,
                time_zone: self.actor.time_zone.clone(),
                user: self.actor.user,
            },
            scope: &scope,
            reads: &reads,
            told: &told,
            shared: &shared,
            beside: &knowledge_of,
        };
        match chooser.choose(&self.warehouse, &self.manifest, (record_type, filter)).await {
            Err(Error::Refused(refusals))
                if refusals.iter().any(|one| one.code == "not-in-warehouse") =>
            {
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    async fn by_database(&self, record_type: &str, filter: &Filter) -> Result<Mask> {
        let mut view = self.store.read(&self.actor).await?;
        let query = Query::of(filter.clone());
        let ids = view.ids(record_type, &query, Purpose::Read, i32::MAX as usize).await?;
        let ids: HashSet<i64> = ids.into_iter().map(|id| id.0).collect();
        let all = self.column(record_type, "id").await?;
        Ok(all.numbers().iter().map(|id| ids.contains(id)).collect())
    }

    /// A column of a table, in the order of its rows.
    ///
    /// # Errors
    /// When the warehouse cannot be read, or has no such column.
    pub async fn column(&self, record_type: &str, name: &str) -> Result<Arc<Column>> {
        let missing = || Error::internal(format!("the warehouse has no {record_type}.{name}"));
        self.kept_column(record_type, name).await?.ok_or_else(missing)
    }

    /// As `column`; `None` where the warehouse does not keep it.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub async fn kept_column(&self, record_type: &str, name: &str) -> Result<Option<Arc<Column>>> {
        let of: &RecordType = self.catalog.get(record_type)?;
        let table = Table { of, beside: knowledge_of(record_type) };
        let mut found = self.warehouse.columns(&self.manifest, table, &[name]).await?;
        Ok(found.remove(name))
    }

    /// For each row of a table the row of another one that a link leads to, as codes.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub(crate) async fn places(&self, (of, link): (&str, &str), to: &str) -> Result<Arc<Column>> {
        let (of, to) = (self.catalog.get(of)?, self.catalog.get(to)?);
        self.warehouse.places(&self.manifest, (of, link), to).await
    }

    /// By which rule purchases are counted, as of the company's day.
    pub(super) async fn counting(&self) -> Result<(Counted, i64)> {
        let today = Organisation::of(&self.store).await?.today(self.now);
        counting_until(&mut self.store.read(&self.actor).await?, today).await
    }

    /// A filter with the conditions of segments in the place of their names.
    pub(crate) async fn expanded(&self, record_type: &str, filter: &Filter) -> Result<Filter> {
        let mut view = self.store.read(&self.actor).await?;
        expand(&mut view, record_type, filter.clone()).await
    }

    /// The customers who pass a filter, with the segments that it names.
    ///
    /// # Errors
    /// As `expand` and `mask`.
    pub async fn customers(&self, filter: &Filter) -> Result<Mask> {
        let filter = self.expanded(Customer::NAME, filter).await?;
        self.mask(Customer::NAME, &filter).await
    }

    /// How many customers a mask has, what they are worth, and who of them bought for most.
    ///
    /// # Errors
    /// When the warehouse fails.
    pub async fn glance(&self, mask: &[bool], best: usize) -> Result<Glance> {
        let ids = self.column(Customer::NAME, "id").await?;
        let revenue = self.money(mask, "revenue").await?;
        let worth = self.money(mask, "lifetime_value").await?;
        let mut ranked: Vec<(i64, i64)> = match self.actor.rights.reads(Customer::NAME, "revenue") {
            true => {
                let column = self.column(Customer::NAME, "revenue").await?;
                let chosen = column.numbers().iter().zip(ids.numbers()).zip(mask);
                chosen
                    .filter(|(_, one)| **one)
                    .map(|((units, id), _)| (-units.max(&0), *id))
                    .collect()
            }
            false => ids
                .numbers()
                .iter()
                .zip(mask)
                .filter(|(_, one)| **one)
                .map(|(id, _)| (0, *id))
                .collect(),
        };
        if ranked.len() > best {
            ranked.select_nth_unstable(best);
            ranked.truncate(best);
        }
        ranked.sort_unstable();
        Ok(Glance {
            count: count(mask),
            as_of: self.manifest.as_of,
            revenue,
            lifetime_value: worth,
            best: ranked.into_iter().map(|(_, id)| RawId(id)).collect(),
        })
    }

    /// The sum of a field of money of chosen customers, in the currency that most of them have.
    pub(super) async fn money(&self, mask: &[bool], name: &str) -> Result<Option<(i64, Currency)>> {
        if !self.actor.rights.reads(Customer::NAME, name) {
            return Ok(None);
        }
        let units = self.column(Customer::NAME, name).await?;
        let codes = self.column(Customer::NAME, &currency_column(name)).await?;
        let (codes, words) = codes.codes();
        let mut sums = vec![(0_usize, 0_i64); words.len()];
        for ((units, code), _) in
            units.numbers().iter().zip(codes).zip(mask).filter(|(_, chosen)| **chosen)
        {
            if *code != NO_CODE && *units != NO_NUMBER {
                let sum = &mut sums[*code as usize];
                *sum = (sum.0 + 1, sum.1.saturating_add(*units));
            }
        }
        let most = sums.into_iter().zip(words).max_by_key(|((number, _), _)| *number);
        Ok(most.and_then(|((_, units), word)| Some((units, Currency::kept(word)?))))
    }
}
