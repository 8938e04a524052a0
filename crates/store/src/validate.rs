//! What the description alone decides: nothing required is missing, links lead to records that are
//! there and in use, trees have no cycles.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guanxi_base::{RawId, Refusal, Result};
use guanxi_record::{Field, Kind, RecordType, Row, Value};

use crate::columns::Expression;
use crate::sql::SqlValue;
use crate::tx::Tx;
use crate::view::View;

/// A tree deeper than this is taken for a cycle.
const TREE_DEPTH_MAX: usize = 64;

/// The required fields that are empty.
pub(crate) fn missing(record_type: &RecordType, values: &[Value]) -> Vec<Refusal> {
    let pairs = record_type.fields.iter().zip(values);
    pairs
        .filter(|(field, value)| field.required && value.is_null() && field.rollup.is_none())
        .map(|(field, _)| Refusal::field("required", field.name.as_ref()))
        .collect()
}

impl Tx {
    /// Links that lead nowhere the Actor can see, or to a record that was put away, and links by
    /// which a record would be above itself. Links that did not change are not asked about again.
    pub(crate) async fn broken_links(
        &mut self,
        record_type: &RecordType,
        values: &[Value],
        old: Option<&Row>,
    ) -> Result<Vec<Refusal>> {
        let mut wanted: BTreeMap<&str, BTreeSet<RawId>> = BTreeMap::new();
        let mut asked = Vec::new();
        for (at, (field, value)) in record_type.fields.iter().zip(values).enumerate() {
            let target = match &field.kind {
                Kind::Links { to } => to.as_ref(),
                kind => match kind.link_target() {
                    Some(target) => target,
                    None => continue,
                },
            };
            let unchanged = old.is_some_and(|old| old.values.get(at) == Some(value));
            // Everybody is there for themselves, whoever else they see.
            let me = self.actor.user;
            let known = |id: &RawId| self.known_links.contains(id) || Some(*id) == me;
            if unchanged || value.links().iter().all(known) {
                continue;
            }
            wanted.entry(target).or_default().extend(value.links());
            asked.push((field, target, value));
        }
        let mut found = HashMap::new();
        for (target, ids) in wanted {
            let ids: Vec<RawId> = ids.into_iter().collect();
            found.extend(self.archived_among(target, &ids).await?);
        }
        let mut refusals = Vec::new();
        for (field, target, value) in asked {
            // What the product itself writes, as of a merge, may speak of what was put away.
            let is_away = |id: &&RawId| !field.read_only && found.get(*id) == Some(&true);
            if let Some(lost) = value.links().iter().find(|id| !found.contains_key(id)) {
                refusals.push(
                    Refusal::field("link-to-nothing", field.name.as_ref())
                        .with("type", target)
                        .with("value", lost),
                );
            } else if let Some(away) = value.links().iter().find(is_away) {
                refusals.push(self.link_to_archived(field, target, *away).await?);
            } else if let (Some(old), true, Value::Link(up)) =
                (old, target == record_type.name, value)
                && self.is_above(record_type, &field.name, old.id, *up).await?
            {
                refusals.push(Refusal::field("cycle", field.name.as_ref()));
            }
        }
        Ok(refusals)
    }

    /// That a link leads to a record that was put away; to which it leads instead, if somebody
    /// merged it and the Actor may see that.
    async fn link_to_archived(
        &mut self,
        field: &Field,
        target: &str,
        away: RawId,
    ) -> Result<Refusal> {
        let title = self.titles(target, &[away]).await?.remove(&away).unwrap_or_default();
        let refusal = |code| {
            Refusal::field(code, field.name.as_ref()).with("type", target).with("title", &title)
        };
        let described = self.catalog.get(target)?.clone();
        let Some(survivor) = self.successor_of(&described, away).await? else {
            return Ok(refusal("link-to-archived"));
        };
        let named = self.titles(target, &[survivor]).await?.remove(&survivor);
        let named = named.unwrap_or_default();
        Ok(refusal("link-to-merged").with("survivor", named).with("survivor_id", survivor))
    }

    /// Whether `id` is `from` or above it, going up by this link.
    async fn is_above(
        &mut self,
        record_type: &RecordType,
        link: &str,
        id: RawId,
        from: RawId,
    ) -> Result<bool> {
        let mut at = from;
        for _ in 0..TREE_DEPTH_MAX {
            if at == id {
                return Ok(true);
            }
            let field = record_type.expect_field(link)?;
            let dialect = self.view.session.dialect();
            let up = crate::columns::Expression::of(dialect, "t0", field).sql;
            let mut sql = self.view.session.sql(format!("SELECT {up} FROM "));
            sql.name(&record_type.name).push(" t0 WHERE t0.\"id\" = ");
            sql.bind(SqlValue::Integer(at.0));
            match self.view.session.value(&sql).await? {
                Some(SqlValue::Integer(up)) => at = RawId(up),
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}

impl View {
    /// Which of these records the Actor may see, and whether each was put away.
    async fn archived_among(
        &mut self,
        target: &str,
        ids: &[RawId],
    ) -> Result<HashMap<RawId, bool>> {
        let Ok(described) = self.catalog.get(target).cloned() else { return Ok(HashMap::new()) };
        let mut found = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(500) {
            let mut sql = self.session.sql("SELECT t0.\"id\", t0.\"archived_at\" FROM ");
            sql.name(&described.name).push(" t0 WHERE t0.\"id\" IN (");
            sql.bind_all(chunk.iter().map(|id| SqlValue::Integer(id.0))).push(") AND ");
            let catalog = self.catalog.clone();
            let mut conditions = crate::condition::Conditions::new(&catalog, &self.actor, self.now);
            conditions.scope(&mut sql, &described, "t0", crate::actor::Purpose::Read)?;
            for row in self.session.rows(&sql).await? {
                found.insert(RawId(row[0].integer()?), row[1] != SqlValue::Null);
            }
        }
        Ok(found)
    }

    /// Of some records those that were put away, each with the one that stands in its place, if there is
    /// one, in use, that the Actor may see.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn successors_of(
        &mut self,
        described: &RecordType,
        ids: &[RawId],
    ) -> Result<BTreeMap<RawId, RawId>> {
        let mut found = BTreeMap::new();
        let Some(link) = described.succeeded_by.and_then(|name| described.field(name)) else {
            return Ok(found);
        };
        for chunk in ids.chunks(500) {
            let next = Expression::of(self.session.dialect(), "t0", link).sql;
            let mut sql = self.session.sql("SELECT t0.\"id\" FROM ");
            sql.name(&described.name).push(" t0 WHERE t0.\"archived_at\" IS NOT NULL AND ");
            sql.push(&next).push(" IS NOT NULL AND t0.\"id\" IN (");
            sql.bind_all(chunk.iter().map(|id| SqlValue::Integer(id.0))).push(")");
            for row in self.session.rows(&sql).await? {
                let id = RawId(row[0].integer()?);
                found.extend(self.successor_of(described, id).await?.map(|next| (id, next)));
            }
        }
        Ok(found)
    }

    /// The record that stands in the place of one that was put away, if there is one, in use, that
    /// the Actor may see.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn successor_of(
        &mut self,
        described: &RecordType,
        id: RawId,
    ) -> Result<Option<RawId>> {
        let Some(link) = described.succeeded_by.and_then(|name| described.field(name)) else {
            return Ok(None);
        };
        let mut at = id;
        for _ in 0..TREE_DEPTH_MAX {
            let next = Expression::of(self.session.dialect(), "t0", link).sql;
            let mut sql = self.session.sql(format!("SELECT {next} FROM "));
            sql.name(&described.name).push(" t0 WHERE t0.\"archived_at\" IS NOT NULL AND ");
            sql.push("t0.\"id\" = ").bind(SqlValue::Integer(at.0));
            match self.session.value(&sql).await? {
                Some(SqlValue::Integer(next)) => at = RawId(next),
                _ => break,
            }
        }
        let seen = self.archived_among(&described.name, &[at]).await?;
        Ok((at != id && seen.get(&at) == Some(&false)).then_some(at))
    }
}
