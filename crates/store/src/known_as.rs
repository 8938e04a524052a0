//! Records that have a value, however it is written: what keys of an import are looked up by.
//! The search index keeps whole values in one form, so that no table is read.

use std::collections::HashSet;

use guanxi_base::{RawId, Result, Telephone};
use guanxi_record::{Filter, Kind, Op, Query, Row, compared_form};

use crate::actor::Purpose;
use crate::view::View;

/// Values that are asked for at once.
const VALUES_MAX: usize = 50;
/// More records than these never share a value that anybody would look up by.
const RECORDS_MAX: usize = 5_000;

impl View {
    /// The records of a type, archived ones too, that have one of these texts in a field: of
    /// telephones by the digits that count, of other texts whatever their case, width and accents
    /// ([`compared_form`]). Where the field is not searched, those that have exactly such a text.
    ///
    /// # Errors
    /// When there is no such field, the Actor may not ask for it, or the database fails.
    pub async fn known_as(
        &mut self,
        record_type: &str,
        field: &str,
        texts: &[String],
    ) -> Result<Vec<Row>> {
        let described = self.catalog().get(record_type)?.clone();
        let asked = described.expect_field(field)?;
        let place = described.position(field).unwrap_or_default();
        let wanted: HashSet<String> =
            texts.iter().map(|text| compared_form(&asked.kind, text)).collect();
        if !asked.searchable || !self.actor().rights.reads(record_type, field) {
            let mut rows = Vec::new();
            for some in texts.chunks(Filter::VALUES_MAX) {
                let list: serde_json::Value = some.iter().map(String::as_str).collect();
                let filter = Filter::compare(field, Op::In, list);
                let mut query = Query::of(filter).limited(Query::LIMIT_MAX);
                query.with_archived = true;
                rows.extend(self.list(record_type, &query).await?.rows);
            }
            return Ok(rows);
        }
        let mut ids: Vec<RawId> = Vec::new();
        for some in texts.chunks(VALUES_MAX) {
            ids.extend(self.ids_of_wholes(record_type, some, RECORDS_MAX).await?);
        }
        let mut seen = HashSet::new();
        ids.retain(|id| seen.insert(*id));
        let telephones: Vec<Telephone> = match asked.kind {
            Kind::Phone => texts.iter().filter_map(|text| Telephone::read(text)).collect(),
            _ => Vec::new(),
        };
        let has = |row: &Row| {
            let text = row.values[place].to_text();
            let same = wanted.contains(&compared_form(&asked.kind, &text));
            // Other countries have the same digits.
            let one = Telephone::read(&text).filter(|_| !telephones.is_empty());
            let agrees = one.is_none_or(|one| telephones.iter().any(|asked| asked.is_same(&one)));
            !text.is_empty() && same && agrees
        };
        let mut found = Vec::new();
        for some in ids.chunks(RECORDS_MAX) {
            let rows = self.rows_by_ids(&described, some, Purpose::Read).await?;
            found.extend(rows.into_iter().filter(has));
        }
        Ok(found)
    }
}
