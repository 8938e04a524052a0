//! Conditions that name a merged customer name the survivor from then on: of rights, limits, chains, views,
//! charts, subscriptions, segments. It is part of the merge, and is taken back with it.

use guanxi_base::{RawId, Result};
use guanxi_record::{
    Catalog, Filter, Kind, Meaning, Op, Query, Record as _, RecordType, Sort, Value,
};
use guanxi_store::Tx;

use crate::access::conditions;
use crate::people::{Customer, renamed};

/// Records that are looked at between two changes.
const BATCH: usize = 500;

/// A field that holds conditions.
struct Place<'a> {
    described: &'a RecordType,
    field: &'a str,
    /// The type of the records that they are about, where the record beside them does not say.
    of: Option<&'static str>,
}

/// Which customer went into which.
#[derive(Clone, Copy)]
struct Following<'a> {
    catalog: &'a Catalog,
    merged: RawId,
    survivor: RawId,
}

/// Lets all conditions that name the one name the other, those of archived records too.
pub(super) async fn follow(tx: &mut Tx, survivor: RawId, merged: RawId) -> Result<()> {
    let catalog = tx.catalog().clone();
    let following = Following { catalog: &catalog, merged, survivor };
    for place in places(&catalog) {
        follow_in(tx, following, &place).await?;
    }
    Ok(())
}

/// Where conditions stand: the description says it.
fn places(catalog: &Catalog) -> impl Iterator<Item = Place<'_>> {
    catalog.types().flat_map(|described| {
        described.fields.iter().filter_map(|field| {
            let Some(Meaning::Condition(of) | Meaning::List(of)) = field.means else {
                return None;
            };
            Some(Place { described, field: &field.name, of })
        })
    })
}

async fn follow_in(tx: &mut Tx, following: Following<'_>, place: &Place<'_>) -> Result<()> {
    let Place { described, field, of } = place;
    let Some(at) = described.position(field) else { return Ok(()) };
    let holds = match described.fields[at].kind {
        // Nobody searches in what is no text; there are few of these.
        Kind::Json => Filter::compare(*field, Op::Empty, false),
        _ => Filter::compare(*field, Op::Contains, following.merged.to_string()),
    };
    let mut query = Query::of(holds).sorted(vec![Sort::up("id")]).limited(BATCH);
    query.with_archived = true;
    loop {
        let page = tx.list(&described.name, &query).await?;
        for row in &page.rows {
            let about = of
                .map(str::to_owned)
                .or_else(|| row.value(described, "record_type").as_text().map(str::to_owned));
            let about = about.and_then(|name| following.catalog.get(&name).ok());
            let renamed = about.and_then(|about| following.value(about, &row.values[at]));
            if let Some(value) = renamed {
                let fields = vec![(at, value)];
                tx.update_fields(described, row.id, row.version, fields).await?;
            }
        }
        query.after = page.next;
        if query.after.is_none() {
            return Ok(());
        }
    }
}

impl Following<'_> {
    /// Whether a filter names the merged one.
    fn names(&self, about: &RecordType, filter: &Filter) -> bool {
        let mut is_named = false;
        renamed(self.catalog, about, filter.clone(), &mut |one| {
            is_named |= one.record_type == Customer::NAME && one.id == self.merged;
            None
        });
        is_named
    }

    /// Conditions that name the survivor instead; `None` where they do not name the merged one.
    fn value(&self, about: &RecordType, value: &Value) -> Option<Value> {
        match value {
            Value::Text(text) => self.conditions(about, text).map(Value::Text),
            Value::Json(json) => {
                let filter = Filter::from_json(json).ok()?;
                let renamed = || Value::Json(Box::new(self.json(json)));
                self.names(about, &filter).then(renamed)
            }
            _ => None,
        }
    }

    /// Part by part, so that all else stays as it was written.
    fn conditions(&self, about: &RecordType, text: &str) -> Option<String> {
        let names =
            |part: &str| conditions::parse(part).is_ok_and(|filter| self.names(about, &filter));
        let mut is_renamed = false;
        let parts = text.split('&').map(|part| match names(part) {
            true => {
                is_renamed = true;
                self.text(part)
            }
            false => part.to_owned(),
        });
        let parts: Vec<String> = parts.collect();
        is_renamed.then(|| parts.join("&"))
    }

    /// An id is the same in any writing, and is nothing else.
    fn text(&self, text: &str) -> String {
        let (from, to) = (self.merged.to_string(), self.survivor.to_string());
        let mut written = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.to_ascii_lowercase().find(&from) {
            written.push_str(&rest[..at]);
            written.push_str(&to);
            rest = &rest[at + from.len()..];
        }
        written + rest
    }

    fn json(&self, json: &serde_json::Value) -> serde_json::Value {
        // Letters and digits stand in JSON as they are.
        serde_json::from_str(&self.text(&json.to_string())).unwrap_or_else(|_| json.clone())
    }
}
