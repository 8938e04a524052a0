//! What names a customer that was merged names the one that it went into: conditions, wherever they
//! stand. A link leads on by itself, it is moved; a condition is text.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_base::{RawId, Result};
use guanxi_record::{Catalog, Filter, Op, RecordType};
use guanxi_store::View;
use serde_json::Value as Json;

/// A record that a condition names: by which path, of which type, which one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    /// The field that is compared, perhaps behind links.
    pub(crate) path: &'a str,
    /// The type of the record.
    pub(crate) record_type: &'a str,
    /// Its id.
    pub(crate) id: RawId,
}

/// A filter of records of a type with other records in the place of those that it names; those of which
/// `instead` says nothing stay. What the product itself writes about a record speaks of that one.
pub(crate) fn renamed(
    catalog: &Catalog,
    described: &RecordType,
    filter: Filter,
    instead: &mut dyn FnMut(Named<'_>) -> Option<RawId>,
) -> Filter {
    let mut each = |all: Vec<Filter>| -> Vec<Filter> {
        all.into_iter().map(|one| renamed(catalog, described, one, instead)).collect()
    };
    match filter {
        Filter::All(all) => Filter::All(each(all)),
        Filter::Any(any) => Filter::Any(each(any)),
        Filter::Not(inner) => Filter::Not(Box::new(renamed(catalog, described, *inner, instead))),
        Filter::Related { record_type, via, count, filter } => {
            let filter = match catalog.get(&record_type) {
                Ok(related) => Box::new(renamed(catalog, related, *filter, instead)),
                Err(_) => filter,
            };
            Filter::Related { record_type, via, count, filter }
        }
        Filter::Compare { field, op, value } => {
            let value = match target(catalog, described, &field).filter(|_| names_records(op)) {
                Some(record_type) => renamed_value(value, &mut |id| {
                    instead(Named { path: &field, record_type: &record_type, id })
                }),
                None => value,
            };
            Filter::Compare { field, op, value }
        }
        // Rights are made of these; nobody writes them.
        Filter::Linked { .. } | Filter::Shared { .. } => filter,
    }
}

fn names_records(op: Op) -> bool {
    matches!(op, Op::Eq | Op::Ne | Op::In | Op::NotIn | Op::Contains)
}

/// The type of the records that are named where this path is compared.
fn target(catalog: &Catalog, described: &RecordType, path: &str) -> Option<String> {
    let (link, rest) = path.split_once('.').unwrap_or((path, ""));
    if link == "id" {
        return rest.is_empty().then(|| described.name.to_string());
    }
    let field = described.field(link)?;
    let to = field.kind.leads_to()?;
    match rest {
        "" => (!field.read_only).then(|| to.to_owned()),
        rest => target(catalog, catalog.get(to).ok()?, rest),
    }
}

fn renamed_value(value: Json, instead: &mut dyn FnMut(RawId) -> Option<RawId>) -> Json {
    let mut one = |value: Json| {
        let id = value.as_str().and_then(|text| text.trim().parse::<RawId>().ok());
        id.and_then(&mut *instead).map_or(value, |id| Json::String(id.to_string()))
    };
    match value {
        Json::Array(all) => {
            let mut kept: Vec<Json> = Vec::with_capacity(all.len());
            for value in all {
                let value = one(value);
                if !kept.contains(&value) {
                    kept.push(value);
                }
            }
            Json::Array(kept)
        }
        value => one(value),
    }
}

/// A filter that somebody asks by, with those in the place of merged ones that these went into: what was
/// copied before the merge, an address or a program, still finds what there is.
///
/// # Errors
/// When the database fails.
pub(crate) async fn followed(view: &mut View, record_type: &str, filter: Filter) -> Result<Filter> {
    let catalog = view.catalog().clone();
    let Ok(described) = catalog.get(record_type) else { return Ok(filter) };
    let mut named: BTreeMap<String, BTreeSet<RawId>> = BTreeMap::new();
    let is_asked = |one: &Named<'_>| {
        // Who asks for a record by its own id means that one.
        let is_itself = one.path == "id";
        !is_itself && catalog.get(one.record_type).is_ok_and(|of| of.succeeded_by.is_some())
    };
    let filter = renamed(&catalog, described, filter, &mut |one| {
        if is_asked(&one) {
            named.entry(one.record_type.to_owned()).or_default().insert(one.id);
        }
        None
    });
    let mut successors = BTreeMap::new();
    for (name, ids) in named {
        let of = catalog.get(&name)?;
        let ids: Vec<RawId> = ids.into_iter().collect();
        successors.extend(view.successors_of(of, &ids).await?);
    }
    if successors.is_empty() {
        return Ok(filter);
    }
    Ok(renamed(&catalog, described, filter, &mut |one| {
        is_asked(&one).then(|| successors.get(&one.id).copied()).flatten()
    }))
}
