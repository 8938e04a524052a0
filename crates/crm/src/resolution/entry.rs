//! Whether a customer that somebody is about to enter is there already: among those whom they may
//! see, so that the answer tells nothing of others.

use std::collections::HashSet;

use guanxi_base::{RawId, Result};
use guanxi_record::{Catalog, Choice as _, Record as _, Row};
use guanxi_store::View;

use super::alike::{alike, word};
use super::known::{self, COMPARED, Known};
use crate::people::{Customer, CustomerKind};

/// So many are shown.
const SHOWN: usize = 5;
/// So many are looked at for each thing that is known.
const LOOKED_AT: usize = 25;

/// A customer who is likely the one that is entered.
#[derive(Debug, Clone, PartialEq)]
pub struct LikelyThere {
    /// Who.
    pub row: Row,
    /// How likely it is.
    pub certainty: f64,
    /// Why: the field, and how alike it is.
    pub reasons: Vec<(&'static str, &'static str)>,
}

/// The customers who are likely the one of these texts, the most likely first. `text` gives what was
/// entered into a field so far, `besides` is the record that is changed.
///
/// # Errors
/// When the database fails.
pub async fn likely_there(
    view: &mut View,
    text: &(dyn Fn(&str) -> String + Sync),
    besides: Option<RawId>,
) -> Result<Vec<LikelyThere>> {
    let catalog: std::sync::Arc<Catalog> = view.catalog().clone();
    let described = catalog.get(Customer::NAME)?;
    let asked = ["name", "tax_number", "phone", "email"].into_iter();
    // Of a company its own name: region and legal form are written in many ways.
    let words = |name: &str| match name {
        "name" => known::name_searched(&text(name)),
        name => text(name),
    };
    let asked = asked.filter(|name| view_reads(view, name)).map(words);
    let asked: Vec<String> = asked.filter(|text| !text.is_empty()).collect();
    let mut ids: Vec<RawId> = Vec::new();
    for words in &asked {
        let hits = view.search_some(words, &[Customer::NAME], LOOKED_AT).await?;
        ids.extend(hits.into_iter().map(|hit| hit.id));
    }
    let mut seen: HashSet<RawId> = besides.into_iter().collect();
    ids.retain(|id| seen.insert(*id));
    let rows = view.rows_by_ids(described, &ids, guanxi_store::Purpose::Read).await?;
    let hidden: Vec<&str> = COMPARED.into_iter().filter(|name| !view_reads(view, name)).collect();
    let entered = |kind: CustomerKind| {
        let text = |name: &str| match name {
            "kind" => kind.code().to_owned(),
            "address" => String::new(),
            name => text(name),
        };
        Known::from_texts(RawId(0), &text)
    };
    let mut found = Vec::new();
    let there = rows.into_iter().filter(|row| row.archived_at.is_none());
    let mut there: Vec<(Row, Known)> = there
        .map(|row| {
            let mut there = Known::of(described, &row);
            // What they may not see, they may not find out by trying.
            hidden.iter().for_each(|name| there.forget(name));
            (row, there)
        })
        .collect();
    known::forget_shared(there.iter_mut().map(|(_, known)| known));
    for (row, there) in there {
        let kind = if there.is_person { CustomerKind::Person } else { CustomerKind::Organisation };
        if let Some((certainty, reasons)) = alike(&entered(kind), &there) {
            let reasons = reasons.into_iter().map(|(field, level, _)| (field, word(level)));
            found.push(LikelyThere { row, certainty, reasons: reasons.collect() });
        }
    }
    found.sort_by(|a, b| b.certainty.total_cmp(&a.certainty).then(a.row.id.cmp(&b.row.id)));
    found.truncate(SHOWN);
    Ok(found)
}

fn view_reads(view: &View, name: &str) -> bool {
    view.actor().rights.reads(Customer::NAME, name)
}
