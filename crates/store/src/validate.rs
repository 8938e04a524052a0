//! What the description alone decides: nothing required is missing, links lead to records that are
//! there and in use, trees have no cycles.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guanxi_base::{Error, RawId, Refusal, Result, says_nothing};
use guanxi_record::{Field, Kind, RecordType, Row, Value};

use crate::columns::Expression;
use crate::dialect::Dialect;
use crate::hold::Hold;
use crate::objections::UNSEEN;
use crate::sql::SqlValue;
use crate::tx::Tx;
use crate::view::View;

/// A tree deeper than this is taken for a cycle.
const TREE_DEPTH_MAX: usize = 64;

/// The required fields that are empty, or hold nothing that anybody could see.
pub(crate) fn missing(record_type: &RecordType, values: &[Value]) -> Vec<Refusal> {
    let says_nothing = |field: &Field, value: &Value| match (&field.kind, value) {
        (_, Value::Null) => true,
        // The address of a whole list is a text without a letter.
        (Kind::Text | Kind::LongText, Value::Text(text)) => {
            says_nothing(text) && (!text.is_empty() || field.name == record_type.title)
        }
        _ => false,
    };
    let pairs = record_type.fields.iter().zip(values);
    pairs
        .filter(|(field, value)| {
            field.required && field.rollup.is_none() && says_nothing(field, value)
        })
        .map(|(field, _)| Refusal::field("required", field.name.as_ref()))
        .collect()
}

impl Tx {
    /// Links that lead nowhere the Actor can see, or to a record that was put away, and links by
    /// which a record would be above itself. Links that did not change are not asked about again.
    /// What is linked to is held: nobody puts it away before this transaction ends.
    pub(crate) async fn broken_links(
        &mut self,
        record_type: &RecordType,
        values: &[Value],
        old: Option<&Row>,
    ) -> Result<Vec<Refusal>> {
        let mut wanted: BTreeMap<&str, BTreeSet<RawId>> = BTreeMap::new();
        let mut known: BTreeMap<&str, BTreeSet<RawId>> = BTreeMap::new();
        let mut asked = Vec::new();
        for (at, (field, value)) in record_type.fields.iter().zip(values).enumerate() {
            let Some(target) = field.kind.leads_to() else { continue };
            // Everybody is there for themselves, whoever else they see.
            let me = self.actor.user;
            let others: Vec<RawId> =
                value.links().iter().copied().filter(|id| Some(*id) != me).collect();
            if others.is_empty() || old.is_some_and(|old| old.values.get(at) == Some(value)) {
                continue;
            }
            for id in &others {
                match self.known_links.contains(id) {
                    true => known.entry(target).or_default().insert(*id),
                    false => wanted.entry(target).or_default().insert(*id),
                };
            }
            asked.push((field, target, others));
        }
        let mut found = HashMap::new();
        for (target, ids) in wanted {
            let ids: Vec<RawId> = ids.into_iter().collect();
            found.extend(self.archived_among(target, &ids, Seen::ByActor(Some(Hold::Link))).await?);
            self.held_links.extend(ids);
        }
        for (target, ids) in known {
            // New records have theirs looked at together, when they are stored.
            let away = match old {
                Some(_) => self.held_away(target, &ids).await?,
                None => BTreeSet::new(),
            };
            found.extend(ids.into_iter().map(|id| (id, away.contains(&id))));
        }
        let mut refusals = Vec::new();
        for (field, target, links) in asked {
            // What the product itself writes, as of a merge, may speak of what was put away.
            let is_away = |id: &&RawId| !field.read_only && found.get(*id) == Some(&true);
            if let Some(lost) = links.iter().find(|id| !found.contains_key(id)) {
                refusals.push(
                    Refusal::field("link-to-nothing", field.name.as_ref())
                        .with("type", target)
                        .with("value", lost),
                );
            } else if let Some(away) = links.iter().find(is_away) {
                refusals.push(self.link_to_archived(field, target, *away).await?);
            } else if let (Some(old), Kind::Link { .. }, [up]) = (old, &field.kind, &links[..])
                && target == record_type.name
                && self.is_above(record_type, &field.name, old.id, *up).await?
            {
                refusals.push(Refusal::field("cycle", field.name.as_ref()));
            }
        }
        Ok(refusals)
    }

    /// Of records that are linked to and whose being there is known: those that were put away
    /// meanwhile. The others are held.
    async fn held_away(&mut self, target: &str, ids: &BTreeSet<RawId>) -> Result<BTreeSet<RawId>> {
        let new = ids.iter().copied().filter(|id| !self.held_links.contains(id));
        let new: Vec<RawId> = new.collect();
        let found = self.archived_among(target, &new, Seen::ByAll(Hold::Link)).await?;
        let away: BTreeSet<RawId> =
            found.into_iter().filter_map(|(id, is_away)| is_away.then_some(id)).collect();
        self.held_links.extend(new.into_iter().filter(|id| !away.contains(id)));
        Ok(away)
    }

    /// That what new records link to, as whoever prepared them knew, was not put away meanwhile.
    ///
    /// # Errors
    /// `link-to-archived`, `link-to-merged`.
    pub(crate) async fn hold_links_of(
        &mut self,
        record_type: &RecordType,
        rows: &[Row],
    ) -> Result<()> {
        for (place, field) in record_type.fields.iter().enumerate() {
            let Some(target) = field.kind.leads_to().filter(|_| !field.read_only) else { continue };
            let links = rows.iter().filter_map(|row| row.values.get(place));
            let links = links.flat_map(|value| value.links().iter().copied());
            let me = self.actor.user;
            let ids: BTreeSet<RawId> = links.filter(|id| Some(*id) != me).collect();
            if let Some(away) = self.held_away(target, &ids).await?.first() {
                return Err(self.link_to_archived(field, target, *away).await?.into());
            }
        }
        Ok(())
    }

    /// That a record which comes back hangs on nothing that was put away. Who answers for it is
    /// another matter: somebody else can.
    ///
    /// # Errors
    /// `link-to-archived`, `link-to-merged`.
    pub(crate) async fn must_hang_on_what_is_there(
        &mut self,
        record_type: &RecordType,
        row: &Row,
    ) -> Result<()> {
        let all = (0..record_type.fields.len()).collect();
        self.must_lead_to_what_is_there(record_type, row, &all).await
    }

    /// The same of some fields, by their places.
    ///
    /// # Errors
    /// As `must_hang_on_what_is_there`.
    pub(crate) async fn must_lead_to_what_is_there(
        &mut self,
        record_type: &RecordType,
        row: &Row,
        places: &BTreeSet<usize>,
    ) -> Result<()> {
        let mut refusals = Vec::new();
        for place in places {
            let Some(field) = record_type.fields.get(*place) else { continue };
            let is_asked = !field.read_only && field.kind != Kind::Owner;
            let Some(target) = field.kind.leads_to().filter(|_| is_asked) else { continue };
            let links = row.values.get(*place).map(Value::links).unwrap_or_default();
            let ids: BTreeSet<RawId> = links.iter().copied().collect();
            if let Some(away) = self.held_away(target, &ids).await?.first() {
                refusals.push(self.link_to_archived(field, target, *away).await?);
            } else if let (Kind::Link { .. }, [up]) = (&field.kind, links)
                && target == record_type.name
                && self.is_above(record_type, &field.name, row.id, *up).await?
            {
                refusals.push(Refusal::field("cycle", field.name.as_ref()));
            }
        }
        if refusals.is_empty() { Ok(()) } else { Err(Error::Refused(refusals)) }
    }

    /// That a link leads to a record that was put away; to which it leads instead, if somebody
    /// merged it and the Actor may see that.
    async fn link_to_archived(
        &mut self,
        field: &Field,
        target: &str,
        away: RawId,
    ) -> Result<Refusal> {
        let described = self.catalog.get(target)?.clone();
        let codes = ("link-to-archived", "link-to-merged");
        let refusal = self.put_away(&described, away, codes).await?;
        Ok(Refusal { field: Some(field.name.to_string()), ..refusal })
    }

    /// That a record is changed which was put away.
    pub(crate) async fn put_away_refusal(
        &mut self,
        record_type: &RecordType,
        id: RawId,
    ) -> Result<Refusal> {
        self.put_away(record_type, id, ("is-archived", "is-merged")).await
    }

    async fn put_away(
        &mut self,
        described: &RecordType,
        away: RawId,
        (archived, merged): (&'static str, &'static str),
    ) -> Result<Refusal> {
        let title = self.title_told(&described.name, away).await?;
        let title = title.unwrap_or_else(|| UNSEEN.to_owned());
        let refusal = |code| Refusal::new(code).with("type", &described.name).with("title", &title);
        let Some(survivor) = self.successor_of(described, away).await? else {
            return Ok(refusal(archived));
        };
        let named = self.title_told(&described.name, survivor).await?;
        let named = named.unwrap_or_else(|| UNSEEN.to_owned());
        Ok(refusal(merged).with("survivor", named).with("survivor_id", survivor))
    }

    /// Whether `id` is `from` or above it, going up by this link.
    async fn is_above(
        &mut self,
        record_type: &RecordType,
        link: &str,
        id: RawId,
        from: RawId,
    ) -> Result<bool> {
        // Two who each add a piece must not close a circle between them.
        self.take_turn(&format!("tree {} {link}", record_type.name)).await?;
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

/// Of which records it is asked whether they were put away.
#[derive(Debug, Clone, Copy)]
enum Seen {
    /// Of those that the Actor may see, which may be held.
    ByActor(Option<Hold>),
    /// Of all that are there; they are held.
    ByAll(Hold),
}

impl View {
    /// Which of these records there are, and whether each was put away.
    async fn archived_among(
        &mut self,
        target: &str,
        ids: &[RawId],
        seen: Seen,
    ) -> Result<HashMap<RawId, bool>> {
        let Ok(described) = self.catalog.get(target).cloned() else { return Ok(HashMap::new()) };
        let mut found = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(500) {
            let mut sql = self.session.sql("SELECT t0.\"id\", t0.\"archived_at\" FROM ");
            sql.name(&described.name).push(" t0 WHERE t0.\"id\" IN (");
            sql.bind_all(chunk.iter().map(|id| SqlValue::Integer(id.0))).push(")");
            if let Seen::ByActor(_) = seen {
                sql.push(" AND ");
                let catalog = self.catalog.clone();
                let mut conditions =
                    crate::condition::Conditions::new(&catalog, &self.actor, self.now);
                conditions.scope(&mut sql, &described, "t0", crate::actor::Purpose::Read)?;
            }
            if let Seen::ByActor(Some(hold)) | Seen::ByAll(hold) = seen
                && sql.dialect == Dialect::Postgres
            {
                sql.push(&format!(" ORDER BY t0.\"id\" {} OF t0", hold.clause()));
            }
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
        let seen = self.archived_among(&described.name, &[at], Seen::ByActor(None)).await?;
        Ok((at != id && seen.get(&at) == Some(&false)).then_some(at))
    }
}
