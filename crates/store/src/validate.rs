//! What the description alone decides: nothing required is missing, links lead somewhere, trees
//! have no cycles.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_base::{RawId, Refusal, Result};
use guanxi_record::{Kind, RecordType, Row, Value};

use crate::search::Archived;
use crate::sql::SqlValue;
use crate::tx::Tx;

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
    /// Links that lead nowhere the Actor can see, and links by which a record would be above
    /// itself. Links that did not change are not asked about again.
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
        let mut found = BTreeSet::new();
        for (target, ids) in wanted {
            let ids: Vec<RawId> = ids.into_iter().collect();
            let titles = self.titles_among(target, &ids, Archived::Show).await?;
            found.extend(titles.into_iter().map(|(id, _)| id));
        }
        let mut refusals = Vec::new();
        for (field, target, value) in asked {
            if let Some(lost) = value.links().iter().find(|id| !found.contains(id)) {
                refusals.push(
                    Refusal::field("link-to-nothing", field.name.as_ref())
                        .with("type", target)
                        .with("value", lost),
                );
            } else if let (Some(old), true, Value::Link(up)) =
                (old, target == record_type.name, value)
                && self.is_above(record_type, &field.name, old.id, *up).await?
            {
                refusals.push(Refusal::field("cycle", field.name.as_ref()));
            }
        }
        Ok(refusals)
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
