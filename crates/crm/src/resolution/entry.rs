//! Whether a customer that somebody is about to enter is there already: among those whom they may
//! see, so that the answer tells nothing of others.

use std::collections::HashSet;

use guanxi_analytics::matching::{Level, Model, Scored, customers};
use guanxi_base::{Error, RawId, Result};
use guanxi_record::{Catalog, Choice as _, Filter, Query, Record as _, Row};
use guanxi_store::View;

use super::alike::{reasons, word};
use super::known::{self, COMPARED, Known, columns};
use crate::people::{Customer, CustomerKind};

/// So many are shown.
const SHOWN: usize = 5;
/// So many are looked at for each thing that is known.
const LOOKED_AT: usize = 25;
/// Less likely ones are not shown.
const CERTAINTY_MIN: f64 = 0.5;
/// Fewer customers than these do not say how rare a likeness is.
const AMONG_MIN: i64 = 100;

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
    let asked = asked.filter(|name| view_reads(view, name));
    let asked: Vec<String> = asked.flat_map(|name| searched(name, &text(name))).collect();
    let mut ids: Vec<RawId> = Vec::new();
    for words in &asked {
        let hits = view.search_some(words, &[Customer::NAME], LOOKED_AT).await?;
        ids.extend(hits.into_iter().map(|hit| hit.id));
    }
    let mut seen: HashSet<RawId> = besides.into_iter().collect();
    ids.retain(|id| seen.insert(*id));
    let rows = view.rows_by_ids(described, &ids, guanxi_store::Purpose::Read).await?;
    let hidden: Vec<&str> = COMPARED.into_iter().filter(|name| !view_reads(view, name)).collect();
    let there = rows.into_iter().filter(|row| row.archived_at.is_none());
    let mut there: Vec<(Row, Known)> = there
        .map(|row| {
            let mut there = Known::of(described, &row);
            // What they may not see, they may not find out by trying.
            hidden.iter().for_each(|name| there.forget(name));
            (row, there)
        })
        .collect();
    let among = view.total(Customer::NAME, &Query::of(Filter::everything())).await?.number;
    let mut found = Vec::new();
    for kind in [CustomerKind::Organisation, CustomerKind::Person] {
        let is_person = kind == CustomerKind::Person;
        // A form says a kind before anybody has chosen one: whoever is there is compared as of theirs.
        let text = |name: &str| match name {
            "kind" => kind.code().to_owned(),
            name => text(name),
        };
        let of_kind: Vec<(Row, Known)> =
            there.extract_if(.., |(_, known)| known.is_person == is_person).collect();
        found.extend(alike(&Known::from_texts(RawId(0), &text), of_kind, among)?);
    }
    found.sort_by(|a, b| b.certainty.total_cmp(&a.certainty).then(a.row.id.cmp(&b.row.id)));
    found.truncate(SHOWN);
    Ok(found)
}

/// What a field is looked for by.
fn searched(name: &str, text: &str) -> Vec<String> {
    let texts = match name {
        "name" => known::names_searched(text),
        _ => vec![text.to_owned()],
    };
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}

/// Those of them who are likely the one that is entered.
fn alike(entered: &Known, there: Vec<(Row, Known)>, among: i64) -> Result<Vec<LikelyThere>> {
    if there.is_empty() {
        return Ok(Vec::new());
    }
    let all = std::iter::once(entered).chain(there.iter().map(|(_, known)| known));
    let model = Model::believed(&customers::fields(columns(all)), among.max(AMONG_MIN) as f64);
    let model = model.map_err(Error::internal)?;
    let mut found = Vec::new();
    for (at, (row, _)) in (1..).zip(there) {
        let scored = model.score(0, at).map_err(Error::internal)?;
        let certainty = scored.probability;
        if certainty >= CERTAINTY_MIN || shares_what_is_entered(&scored) {
            let reasons = reasons(scored).into_iter().map(|(field, level, _)| (field, word(level)));
            found.push(LikelyThere { row, certainty, reasons: reasons.collect() });
        }
    }
    Ok(found)
}

/// Whether both have something whole of their own in common and nothing speaks against them: a common name
/// or a shared telephone alone makes nobody one, but whoever is about to enter it wants to see who has it.
fn shares_what_is_entered(scored: &Scored) -> bool {
    let levels = || COMPARED.into_iter().zip(scored.parts.iter().map(|(level, _)| *level));
    let is_against = |(_, level)| matches!(level, Level::Different | Level::Related);
    let is_shared = |(field, level)| {
        matches!(field, "name" | "phone" | "email" | "tax_number") && level == Level::Equal
    };
    levels().any(is_shared) && !levels().any(is_against)
}

fn view_reads(view: &View, name: &str) -> bool {
    view.actor().rights.reads(Customer::NAME, name)
}
