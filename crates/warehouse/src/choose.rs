//! Filters over columns: the same words that lists of the database understand, answered for all
//! records at once from memory. What a reader may not see is left out as it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{
    Address, CURRENCY, Catalog, Compared, Count, Filter, Kind, OnDelete, Op, RecordType, about,
    email_forms, not_comparable, telephone_patterns, unknown_field,
};
use rayon::prelude::*;
use serde_json::Value as Json;

use crate::columns::{ID, currency_column};
use crate::frame::Column;
use crate::held::{NO_PLACE, Table, places_in};
use crate::manifest::Manifest;
use crate::test::Test;
use crate::warehouse::Warehouse;

/// For each row of a table whether it is chosen.
pub type Mask = Vec<bool>;

/// Who chooses, and from what they see.
pub struct Chooser<'a> {
    /// The types of records.
    pub catalog: &'a Catalog,
    /// When and for whom words such as `today` and `me` are read.
    pub compared: Compared,
    /// Which records of a type are seen; `None` for none.
    pub scope: &'a (dyn Fn(&str) -> Option<Filter> + Sync),
    /// Whether a field of a type is seen.
    pub reads: &'a (dyn Fn(&str, &str) -> bool + Sync),
    /// The records on which a field is shown that is shown on some only.
    pub told: &'a (dyn Fn(&str, &str) -> Option<Filter> + Sync),
    /// The records of a type that are shared with one of these.
    pub shared: &'a (dyn Fn(&str, &[RawId]) -> Vec<RawId> + Sync),
    /// The tables that stand beside those of a type.
    pub beside: &'a (dyn Fn(&str) -> Option<&'static RecordType> + Sync),
}

/// A filter that is ready to be answered.
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Test(Need, Test),
    /// The record that a link leads to passes.
    Linked(Need, Box<Node>),
    /// So many records that link to this one pass.
    Related(Need, Box<Node>, Option<Count>),
}

/// What must be in memory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    Column { table: String, name: String },
    Places { table: String, link: String, to: String },
}

impl Need {
    fn column(table: &RecordType, name: &str) -> Self {
        Self::Column { table: table.name.to_string(), name: name.to_owned() }
    }
}

impl Chooser<'_> {
    /// The records of a type that pass a filter, that are not put away, and that are seen: for each
    /// row of its table whether it does.
    ///
    /// # Errors
    /// The refusals that a list would give; `not-in-warehouse` for fields that it does not keep;
    /// when a file cannot be read.
    pub async fn choose(
        &self,
        warehouse: &Warehouse,
        manifest: &Manifest,
        (record_type, filter): (&str, &Filter),
    ) -> Result<Mask> {
        let described = self.catalog.get(record_type)?;
        let mut reading = Reading { chooser: self, needs: BTreeSet::new(), comparisons: 0 };
        let asked = reading.node(described, filter, false)?;
        let seen = reading.seen(described, false)?;
        let node = Node::All(vec![asked, seen]);
        let rows = |name: &str| manifest.rows(name);
        let held = self.fetch(warehouse, manifest, reading.needs).await?;
        let sizes: BTreeMap<String, usize> =
            self.catalog.types().map(|one| (one.name.to_string(), rows(&one.name))).collect();
        let table = record_type.to_owned();
        let answer = move || Answering { held, sizes }.mask(&table, &node);
        tokio::task::spawn_blocking(answer).await.map_err(Error::internal)
    }

    /// All that is needed; the columns of a table are read at once.
    async fn fetch(
        &self,
        warehouse: &Warehouse,
        manifest: &Manifest,
        needs: BTreeSet<Need>,
    ) -> Result<BTreeMap<Need, Arc<Column>>> {
        let mut held = BTreeMap::new();
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for need in needs {
            match &need {
                Need::Column { table, name } => {
                    tables.entry(table.clone()).or_default().push(name.clone());
                }
                Need::Places { table, link, to } => {
                    let (of, to) = (self.catalog.get(table)?, self.catalog.get(to)?);
                    let places = warehouse.places(manifest, (of, link), to).await?;
                    held.insert(need, places);
                }
            }
        }
        for (table, names) in tables {
            let of: &RecordType = self.catalog.get(&table)?;
            let asked: Vec<&str> = names.iter().map(String::as_str).collect();
            let beside = (self.beside)(&of.name);
            let mut found = warehouse.columns(manifest, Table { of, beside }, &asked).await?;
            for name in names {
                let column = found.remove(&name).ok_or_else(|| not_kept(&name, of))?;
                held.insert(Need::Column { table: table.clone(), name }, column);
            }
        }
        Ok(held)
    }
}

/// Whether the warehouse has a table for a type: who works here, and how the product is set up, is
/// the database's alone.
#[must_use]
pub fn is_kept(described: &RecordType) -> bool {
    described.is_business()
}

fn not_kept(name: &str, of: &RecordType) -> Refusal {
    Refusal::field("not-in-warehouse", name).with("name", name).with("type", &of.name)
}

/// Reads a filter: what it means, and what it needs.
struct Reading<'a, 'b> {
    chooser: &'a Chooser<'b>,
    needs: BTreeSet<Need>,
    comparisons: usize,
}

impl Reading<'_, '_> {
    fn need(&mut self, need: Need) -> Need {
        self.needs.insert(need.clone());
        need
    }

    fn kept<'c>(&self, described: &'c RecordType) -> Result<&'c RecordType> {
        match is_kept(described) {
            true => Ok(described),
            false => Err(not_kept(&described.name, described).into()),
        }
    }

    /// The records of a type that count: not put away, and seen by who asks.
    fn seen(&mut self, described: &RecordType, rule: bool) -> Result<Node> {
        let there = self.need(Need::column(self.kept(described)?, "archived_at"));
        let there = Node::Test(there, Test::is_empty(true));
        if rule {
            return Ok(there);
        }
        let scope = match (self.chooser.scope)(&described.name) {
            Some(scope) => self.node(described, &scope, true)?,
            None => Node::Any(Vec::new()),
        };
        Ok(Node::All(vec![there, scope]))
    }

    fn may_ask(&self, described: &RecordType, name: &str, rule: bool) -> Result<()> {
        if rule || (self.chooser.reads)(&described.name, name) {
            return Ok(());
        }
        let refusal = Refusal::field("field-not-readable", name).with("name", name);
        Err(refusal.with("field_of", format!("{}.{name}", described.name)).into())
    }

    fn node(&mut self, described: &RecordType, filter: &Filter, rule: bool) -> Result<Node> {
        let mut list = |all: &[Filter]| -> Result<Vec<Node>> {
            all.iter().map(|filter| self.node(described, filter, rule)).collect()
        };
        match filter {
            Filter::All(all) => list(all).map(Node::All),
            Filter::Any(any) => list(any).map(Node::Any),
            Filter::Not(inner) => {
                self.node(described, inner, rule).map(|inner| Node::Not(Box::new(inner)))
            }
            Filter::Compare { field, op, value } => {
                self.comparisons += 1;
                if self.comparisons > Filter::COMPARISONS_MAX && !rule {
                    let refusal = Refusal::new("filter-too-large");
                    return Err(refusal.with("limit", Filter::COMPARISONS_MAX).into());
                }
                self.compare(described, field, (*op, value), rule)
            }
            Filter::Related { record_type, via, count, filter } => {
                let related = self.chooser.catalog.named(record_type)?.clone();
                if related.expect_field(via)?.kind.link_target() != Some(&described.name) {
                    return Err(Refusal::field("not-a-link-here", via.as_str())
                        .with("name", via)
                        .with("type", &described.name)
                        .into());
                }
                self.may_ask(&related, via, rule)?;
                let place = self.link(&related, via, described)?;
                let inner = self.node(&related, filter, rule)?;
                let inner = Node::All(vec![inner, self.seen(&related, rule)?]);
                Ok(Node::Related(place, Box::new(inner), *count))
            }
            Filter::Linked { link, filter } => {
                let (place, linked) = self.follow(described, (link, link), rule)?;
                let inner = self.node(&linked, filter, rule)?;
                self.linked(place, &linked, inner, rule)
            }
            Filter::Shared { with, .. } => {
                let ids = (self.chooser.shared)(&described.name, with);
                let test = Test::one_of(ids.into_iter().map(|id| id.0).collect());
                Ok(Node::Test(self.need(Need::column(described, ID)), test))
            }
        }
    }

    fn link(&mut self, of: &RecordType, link: &str, to: &RecordType) -> Result<Need> {
        let (of, to) = (self.kept(of)?, self.kept(to)?);
        let (table, to) = (of.name.to_string(), to.name.to_string());
        Ok(self.need(Need::Places { table, link: link.to_owned(), to }))
    }

    fn follow(
        &mut self,
        described: &RecordType,
        (link, path): (&str, &str),
        rule: bool,
    ) -> Result<(Need, Arc<RecordType>)> {
        self.may_ask(described, link, rule)?;
        let target = described.expect_field(link)?.kind.link_target();
        let target = target.ok_or_else(|| unknown_field(path, described))?;
        let linked = self.chooser.catalog.named(target)?.clone();
        Ok((self.link(described, link, &linked)?, linked))
    }

    /// A condition on a linked record, which must be seen; one that is put away is still it.
    fn linked(&mut self, place: Need, to: &RecordType, inner: Node, rule: bool) -> Result<Node> {
        let mut all = vec![inner];
        if !rule {
            all.push(match (self.chooser.scope)(&to.name) {
                Some(scope) => self.node(to, &scope, true)?,
                None => Node::Any(Vec::new()),
            });
        }
        Ok(Node::Linked(place, Box::new(Node::All(all))))
    }

    /// "Not" and "empty" are asked of the whole path: a record without the link has no such value.
    fn compare(
        &mut self,
        described: &RecordType,
        path: &str,
        (op, value): (Op, &Json),
        rule: bool,
    ) -> Result<Node> {
        let Some((link, rest)) = path.split_once('.') else {
            let kind = match path {
                ID => Kind::Link { to: described.name.clone(), on_delete: OnDelete::Refuse },
                _ => described.expect_field(path)?.kind.clone(),
            };
            if path != ID {
                self.may_ask(described, path, rule)?;
            }
            let test = self.test(described, (path, &kind), (op, value), rule)?;
            let told = (self.chooser.told)(&described.name, path).filter(|_| !rule);
            return Ok(match told {
                Some(on) => Node::All(vec![test, self.node(described, &on, true)?]),
                None => test,
            });
        };
        if described.expect_field(link)?.kind == Kind::Address {
            self.may_ask(described, link, rule)?;
            if !Address::PARTS.contains(&rest) {
                return Err(unknown_field(path, described).into());
            }
            return self.test(described, (path, &Kind::Text), (op, value), rule);
        }
        if described.expect_field(link)?.kind == Kind::Money && rest == CURRENCY {
            self.may_ask(described, link, rule)?;
            let column = currency_column(link);
            return self.test(described, (&column, &Kind::Text), (op, value), rule);
        }
        let positive = match op {
            Op::Ne => Some((Op::Eq, value.clone())),
            Op::NotIn => Some((Op::In, value.clone())),
            Op::Empty if *value != Json::Bool(false) => Some((Op::Empty, Json::Bool(false))),
            _ => None,
        };
        if let Some((op, value)) = positive {
            let node = self.compare(described, path, (op, &value), rule)?;
            return Ok(Node::Not(Box::new(node)));
        }
        let (place, linked) = self.follow(described, (link, path), rule)?;
        let inner = self.compare(&linked, rest, (op, value), rule)?;
        self.linked(place, &linked, inner, rule)
    }

    /// A field of the row itself.
    fn test(
        &mut self,
        described: &RecordType,
        (name, kind): (&str, &Kind),
        (op, value): (Op, &Json),
        rule: bool,
    ) -> Result<Node> {
        if matches!(kind, Kind::LongText | Kind::Json | Kind::File | Kind::Address) {
            return Err(not_kept(name, described).into());
        }
        if !rule {
            self.chooser.compared.asks_something(name, op, value)?;
            self.chooser.compared.asks_for_few(name, value)?;
        }
        let written = match kind {
            Kind::Phone => telephone_patterns(op, value).map(Test::telephone),
            Kind::Email => email_forms(op, value).map(Test::addresses),
            _ => None,
        };
        if let Some(test) = written {
            let has_null = value.as_array().is_some_and(|items| items.iter().any(Json::is_null));
            let test = test.or_empty_if(has_null);
            let column = self.need(Need::column(self.kept(described)?, name));
            return Ok(Node::Test(column, test.negated_if(matches!(op, Op::Ne | Op::NotIn))));
        }
        if matches!(op, Op::In | Op::NotIn) {
            return self.among(described, (name, kind), (op, value), rule);
        }
        let column = self.need(Need::column(self.kept(described)?, name));
        let compared = &self.chooser.compared;
        let test = match op {
            Op::Empty => Test::is_empty(*value != Json::Bool(false)),
            Op::Within => Test::between(&compared.period(name, kind, value)?),
            _ if value.is_null() => Test::is_empty(op != Op::Ne),
            _ if matches!(kind, Kind::Choices(_) | Kind::Links { .. }) => {
                if !matches!(op, Op::Eq | Op::Ne | Op::Contains) {
                    return Err(not_comparable(name, op).into());
                }
                let one = Json::Array(vec![value.clone()]);
                let one = guanxi_record::Value::from_json(kind, &one);
                Test::among(&[one.map_err(|refusal| about(refusal, name))?])
                    .negated_if(op == Op::Ne)
            }
            Op::Contains | Op::Starts => {
                Test::text(compared.text(name, (op, kind), value)?, op == Op::Starts)
            }
            _ if op != Op::Eq && op != Op::Ne && !kind.is_ordered() => {
                return Err(not_comparable(name, op).into());
            }
            _ => match compared.day(name, (op, kind), value)? {
                Some(day) => Test::day(op, &day),
                None => {
                    let value = compared.value(name, kind, value)?;
                    return Ok(self.signed(described, (name, column), op, &value));
                }
            },
        };
        Ok(Node::Test(column, test))
    }

    /// A value on one side of another, or the same; amounts of different currencies never are.
    fn signed(
        &mut self,
        described: &RecordType,
        (name, column): (&str, Need),
        op: Op,
        value: &guanxi_record::Value,
    ) -> Node {
        let units = Node::Test(column, Test::compared(op, value));
        let guanxi_record::Value::Money(money) = value else { return units };
        if money.currency == guanxi_record::ANY_CURRENCY {
            return units;
        }
        let code = self.need(Need::column(described, &currency_column(name)));
        let code = Node::Test(code, Test::word(money.currency.code()).negated_if(op == Op::Ne));
        let both = vec![units, code];
        if op == Op::Ne { Node::Any(both) } else { Node::All(both) }
    }

    /// One of several values, or none of them.
    fn among(
        &mut self,
        described: &RecordType,
        (name, kind): (&str, &Kind),
        (op, value): (Op, &Json),
        rule: bool,
    ) -> Result<Node> {
        let items = value.as_array().ok_or_else(|| Refusal::field("needs-a-list", name))?;
        let by_one =
            matches!(kind, Kind::Choices(_) | Kind::Links { .. } | Kind::Money | Kind::Instant);
        let any = match by_one {
            true => {
                let each = items.iter();
                let each =
                    each.map(|item| self.test(described, (name, kind), (Op::Eq, item), rule));
                Node::Any(each.collect::<Result<_>>()?)
            }
            false => {
                let compared = &self.chooser.compared;
                let values = items.iter().map(|item| compared.value(name, kind, item));
                let test = Test::among(&values.collect::<Result<Vec<_>>>()?);
                let test = test.or_empty_if(items.iter().any(Json::is_null));
                Node::Test(self.need(Need::column(self.kept(described)?, name)), test)
            }
        };
        Ok(if op == Op::NotIn { Node::Not(Box::new(any)) } else { any })
    }
}

/// Answers a filter.
struct Answering {
    held: BTreeMap<Need, Arc<Column>>,
    sizes: BTreeMap<String, usize>,
}

impl Answering {
    fn rows(&self, table: &str) -> usize {
        self.sizes.get(table).copied().unwrap_or(0)
    }

    fn mask(&self, table: &str, node: &Node) -> Mask {
        match node {
            Node::All(all) => self.joined(table, all, true),
            Node::Any(any) => self.joined(table, any, false),
            Node::Not(inner) => {
                let mut mask = self.mask(table, inner);
                mask.par_iter_mut().with_min_len(1 << 16).for_each(|one| *one = !*one);
                mask
            }
            Node::Test(need, test) => match self.held.get(need) {
                Some(column) => test.mask(column),
                None => vec![false; self.rows(table)],
            },
            Node::Linked(need, inner) => {
                let Some((places, _, to)) = self.places(need) else {
                    return vec![false; self.rows(table)];
                };
                let inner = self.mask(to, inner);
                let passes = |place: &u32| inner.get(*place as usize).copied().unwrap_or(false);
                places.par_iter().with_min_len(1 << 16).map(passes).collect()
            }
            Node::Related(need, inner, count) => {
                let Some((places, of, _)) = self.places(need) else {
                    return vec![false; self.rows(table)];
                };
                let inner = self.mask(of, inner);
                let mut counts = vec![0_u32; self.rows(table)];
                for (place, _) in places.iter().zip(&inner).filter(|(_, passes)| **passes) {
                    if *place != NO_PLACE {
                        counts[*place as usize] += 1;
                    }
                }
                let fits = |number: u32| match count {
                    None => number > 0,
                    Some(Count { op, number: with }) => op.holds(i64::from(number).cmp(with)),
                };
                counts.par_iter().with_min_len(1 << 16).map(|number| fits(*number)).collect()
            }
        }
    }

    fn places<'a>(&'a self, need: &'a Need) -> Option<(&'a [u32], &'a str, &'a str)> {
        let Need::Places { table, to, .. } = need else { return None };
        Some((places_in(self.held.get(need)?), table, to))
    }

    /// All of these, or any.
    fn joined(&self, table: &str, nodes: &[Node], all: bool) -> Mask {
        let mut masks = nodes.iter().map(|node| self.mask(table, node));
        let mut joined = masks.next().unwrap_or_else(|| vec![all; self.rows(table)]);
        for mask in masks {
            let both = joined.par_iter_mut().with_min_len(1 << 16).zip(&mask);
            both.for_each(|(one, other)| *one = if all { *one & other } else { *one | other });
        }
        joined
    }
}

/// How many are chosen.
#[must_use]
pub fn count(mask: &[bool]) -> usize {
    mask.par_iter().with_min_len(1 << 16).filter(|one| **one).count()
}
