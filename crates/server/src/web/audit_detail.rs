//! What an entry of the audit log says besides who and when: fields by their labels with old and new values,
//! the records that were looked at by their names; never ids and code, where there are words.

use std::collections::BTreeMap;

use guanxi_base::{RawId, Result};
use guanxi_crm::access::conditions;
use guanxi_crm::authority::ApprovalTask;
use guanxi_record::{Changes, Kind, Record as _};
use guanxi_store::{Titles, Trace, View};
use maud::{Markup, html};
use serde_json::Value as Json;

use super::{cells, words};
use crate::params;
use crate::signed_in::SignedIn;

/// So many records of a page of a list are named.
const NAMED: usize = 10;
/// So many changed fields are shown.
const CHANGES_SHOWN: usize = 30;

/// The names of all records that entries speak of besides those that they are about.
pub(super) async fn names(view: &mut View, signed: &SignedIn, traces: &[Trace]) -> Result<Titles> {
    let mut wanted: BTreeMap<String, Vec<RawId>> = BTreeMap::new();
    for trace in traces {
        let Ok(described) = signed.catalog.get(&trace.record_type) else { continue };
        let records = records(&trace.detail).take(NAMED);
        wanted.entry(trace.record_type.clone()).or_default().extend(records);
        for change in Changes::from_json(described, &trace.detail).0 {
            let field = described.field(&change.field);
            if let Some(target) = field.and_then(|field| field.kind.leads_to()) {
                let ids = [change.old.links(), change.new.links()].concat();
                wanted.entry(target.to_owned()).or_default().extend(ids);
            }
        }
    }
    let mut names = Titles::new();
    for (of, ids) in wanted {
        names.extend(view.titles(&of, &ids).await?);
    }
    Ok(names)
}

fn records(detail: &Json) -> impl Iterator<Item = RawId> {
    let ids = detail["records"].as_array().into_iter().flatten();
    ids.filter_map(|id| id.as_str()?.parse().ok())
}

/// What an entry says.
pub(super) fn detail(signed: &SignedIn, trace: &Trace, names: &Titles) -> Markup {
    let texts = signed.texts;
    let Json::Object(pairs) = &trace.detail else { return html! {} };
    let described = signed.catalog.get(&trace.record_type).ok();
    let changes = described.map(|of| Changes::from_json(of, &trace.detail)).unwrap_or_default();
    if let Some(of) = described.filter(|_| !changes.is_empty()) {
        return html! {
            @for change in changes.0.iter().take(CHANGES_SHOWN) {
                @if let Some(field) = of.field(&change.field) {
                    div class="text-break" {
                        span class="gx-muted" { (texts.field_label(of, field)) }
                        // Nobody reads two pages of JSON side by side.
                        @if field.kind != Kind::Json {
                            ": "
                            @if change.old.is_null() { "\u{2014}" } @else { (cells::value(signed, of, field, &change.old, names)) }
                            " \u{2192} "
                            @if change.new.is_null() { "\u{2014}" } @else { (cells::value(signed, of, field, &change.new, names)) }
                        }
                    }
                }
            }
        };
    }
    let all: Vec<RawId> = records(&trace.detail).collect();
    if !all.is_empty() {
        let known: Vec<&str> =
            all.iter().take(NAMED).filter_map(|id| names.get(id).map(String::as_str)).collect();
        let more = if all.len() > NAMED { " \u{2026}" } else { "" };
        let (count, known) = (all.len().to_string(), format!("{}{more}", known.join(", ")));
        return html! { (texts.format("audit-records", &[("count", &count), ("names", &known)])) };
    }
    html! {
        @for (key, value) in pairs {
            @if let Some(said) = said(signed, trace, key, value) { div class="text-break" { (said) } }
        }
    }
}

/// One fact of a deed, in words where there are some.
fn said(signed: &SignedIn, trace: &Trace, key: &str, value: &Json) -> Option<String> {
    let texts = signed.texts;
    let described = signed.catalog.get(&trace.record_type).ok();
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match key {
        // It is a link beside it already.
        "request" => None,
        "decision" => {
            let field = ApprovalTask::TYPE.field("state")?;
            Some(texts.option_label(ApprovalTask::TYPE, field, &text))
        }
        "field" => Some(texts.field_label(described?, described?.field(&text)?)),
        "query" if text.is_empty() => None,
        "records" => Some(texts.format("ui-total", &[("number", &text)])),
        "query" => {
            let filter = conditions::parse(&params::stated(&text))
                .ok()
                .filter(|one| !one.is_everything())?;
            let said = words::said(signed, &signed.catalog, described?, &filter, &Titles::new());
            Some(texts.format("audit-filter", &[("condition", &said)]))
        }
        _ => Some(format!("{key}: {text}")),
    }
}
