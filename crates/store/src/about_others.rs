//! What a record says of another that it names, as a request for approval of an order: shown to those
//! whose own it is, and to whoever sees the other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use guanxi_base::{RawId, Result};
use guanxi_record::{Meaning, RecordType, Row, Value};

use crate::actor::{Purpose, Rights};
use crate::condition::Conditions;
use crate::sql::SqlValue;
use crate::view::View;

/// The field by which a record names another, beside the one with its type.
const NAMED: &str = "record";
/// Records of one statement.
const CHUNK: usize = 500;

/// The type and the id of a record.
type Named = (String, RawId);

impl View {
    /// Takes from rows what they say of others that the reader neither is told nor sees. `told` says of
    /// each row which of the fields that are shown on some records are shown on it.
    pub(crate) async fn withhold_about_others(
        &mut self,
        record_type: &RecordType,
        rows: &mut [Row],
        told: &[Vec<bool>],
    ) -> Result<()> {
        let rights = self.actor.rights.clone();
        let Some(fields) = rights.about_others(&record_type.name) else { return Ok(()) };
        let named = self.named_by(record_type, rows).await?;
        let seen = self.seen_of(named.iter().flatten()).await?;
        let all = rights.told(&record_type.name);
        for ((row, named), told) in rows.iter_mut().zip(&named).zip(told) {
            let sees = named.as_ref().is_some_and(|(_, id)| seen.contains(id));
            let reads_name = named.as_ref().is_some_and(|(of, _)| {
                self.catalog.get(of).is_ok_and(|described| rights.reads(of, &described.title))
            });
            for field in fields {
                let tells = |(one, is_told): (&crate::actor::Told, &bool)| {
                    *is_told && one.fields.contains(field)
                };
                let is_told = all.iter().zip(told).any(tells);
                // It is called as what it names is called.
                let is_hidden = *field == record_type.title && !reads_name;
                let place = record_type.position(field).filter(|_| is_hidden || !(is_told || sees));
                if let Some(value) = place.and_then(|place| row.values.get_mut(place)) {
                    *value = Value::Null;
                }
            }
        }
        Ok(())
    }

    /// The record that each of some rows names, itself or through its whole.
    async fn named_by(
        &mut self,
        record_type: &RecordType,
        rows: &[Row],
    ) -> Result<Vec<Option<Named>>> {
        if record_type.field(NAMED).is_some() {
            return Ok(rows.iter().map(|row| named(record_type, row)).collect());
        }
        let Some((whole, link)) = record_type.whole() else { return Ok(vec![None; rows.len()]) };
        let described = self.catalog.get(whole)?.clone();
        let wholes: Vec<Option<RawId>> =
            rows.iter().map(|row| row.value(record_type, link).as_link()).collect();
        let ids: BTreeSet<RawId> = wholes.iter().flatten().copied().collect();
        let ids: Vec<RawId> = ids.into_iter().collect();
        let mut known: HashMap<RawId, Named> = HashMap::new();
        for chunk in ids.chunks(CHUNK) {
            let rights = self.act_with(Rights::All);
            let found = self.rows_by_ids(&described, chunk, Purpose::Read).await;
            self.act_with(rights);
            let found = found?;
            known.extend(found.iter().filter_map(|row| Some((row.id, named(&described, row)?))));
        }
        Ok(wholes.into_iter().map(|whole| known.get(&whole?).cloned()).collect())
    }

    /// Which of some records the reader sees.
    async fn seen_of(&mut self, named: impl Iterator<Item = &Named>) -> Result<HashSet<RawId>> {
        let mut by_type: BTreeMap<&str, BTreeSet<RawId>> = BTreeMap::new();
        for (of, id) in named {
            by_type.entry(of).or_default().insert(*id);
        }
        let mut seen = HashSet::new();
        for (of, ids) in by_type {
            let Ok(described) = self.catalog.get(of).cloned() else { continue };
            let ids: Vec<RawId> = ids.into_iter().collect();
            for chunk in ids.chunks(CHUNK) {
                let mut sql = self.session.sql("SELECT t0.\"id\" FROM ");
                sql.name(&described.name).push(" t0 WHERE t0.\"id\" IN (");
                sql.bind_all(chunk.iter().map(|id| SqlValue::Integer(id.0))).push(") AND ");
                let catalog = self.catalog.clone();
                let mut conditions = Conditions::new(&catalog, &self.actor, self.now);
                conditions.scope(&mut sql, &described, "t0", Purpose::Read)?;
                for row in self.session.rows(&sql).await? {
                    seen.insert(RawId(row[0].integer()?));
                }
            }
        }
        Ok(seen)
    }
}

/// The record that a row names.
fn named(record_type: &RecordType, row: &Row) -> Option<Named> {
    let of = record_type.fields.iter().find(|field| field.means == Some(Meaning::RecordType))?;
    let of = row.value(record_type, &of.name).as_text()?.to_owned();
    Some((of, row.value(record_type, NAMED).as_text()?.parse().ok()?))
}
