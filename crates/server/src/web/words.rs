//! Conditions as a person reads them.

use std::collections::BTreeMap;

use guanxi_base::{RawId, Result};
use guanxi_crm::access::conditions;
use guanxi_crm::segments::Segment;
use guanxi_crm::text::Texts;
use guanxi_record::{
    CURRENCY, Catalog, Field, Filter, Kind, Meaning, Op, Record as _, RecordType, Row, Value,
    read_list,
};
use guanxi_store::{Titles, View};
use serde_json::Value as Json;

use super::format;
use super::options::period;
use crate::signed_in::SignedIn;

/// What a filter of records of a type says, with the names of the records that it names.
pub(crate) async fn of(
    view: &mut View,
    signed: &SignedIn,
    described: &RecordType,
    filter: &Filter,
) -> Result<String> {
    let catalog = view.catalog().clone();
    let mut named = BTreeMap::new();
    links(&catalog, described, filter, &mut named);
    let titles = titles_of(view, named).await?;
    Ok(said(signed, &catalog, described, filter, &titles))
}

/// The names of the records that conditions name which these rows hold.
pub(super) async fn titles_in(
    view: &mut View,
    described: &RecordType,
    rows: &[Row],
) -> Result<Titles> {
    let catalog = view.catalog().clone();
    let mut named = BTreeMap::new();
    for field in described.fields.iter() {
        let Some(Meaning::Condition(of)) = field.means else { continue };
        for row in rows {
            let beside = row.value(described, "record_type");
            let Some(of) = of.or_else(|| beside.as_text()) else { continue };
            let Ok(of) = catalog.get(of) else { continue };
            let text = row.value(described, &field.name);
            if let Some(Ok(filter)) = text.as_text().map(conditions::parse) {
                links(&catalog, of, &filter, &mut named);
            }
        }
    }
    titles_of(view, named).await
}

async fn titles_of(view: &mut View, named: BTreeMap<String, Vec<RawId>>) -> Result<Titles> {
    let mut titles = Titles::new();
    for (target, ids) in named.iter().filter(|(_, ids)| !ids.is_empty()) {
        titles.extend(view.titles(target, ids).await?);
    }
    Ok(titles)
}

/// The same with names that are known already.
pub(crate) fn said(
    signed: &SignedIn,
    catalog: &Catalog,
    described: &RecordType,
    filter: &Filter,
    titles: &Titles,
) -> String {
    let texts = signed.texts;
    let joined = |all: &[Filter], word: &str| {
        let parts = all.iter().map(|one| {
            let words = said(signed, catalog, described, one, titles);
            let is_group = matches!(one, Filter::All(of) | Filter::Any(of) if of.len() > 1);
            if is_group { format!("({words})") } else { words }
        });
        let parts: Vec<String> = parts.collect();
        match parts.is_empty() {
            true => texts.get("ui-all"),
            false => parts.join(&format!(" {} ", texts.get(word))),
        }
    };
    match filter {
        Filter::All(all) => joined(all, "words-and"),
        // None of no conditions is met by nobody.
        Filter::Any(any) if any.is_empty() => texts.get("words-none"),
        Filter::Any(any) => joined(any, "words-or"),
        Filter::Not(inner) => {
            let inner = said(signed, catalog, described, inner, titles);
            texts.format("words-not", &[("condition", &inner)])
        }
        Filter::Compare { field, op, value } => {
            comparison(signed, catalog, described, (field, *op, value), titles)
        }
        Filter::Related { record_type, count, filter, .. } => {
            let number = |number: i64| format::number(texts.locale(), &number.to_string());
            let count = count.map_or_else(
                || "\u{2265} 1".to_owned(),
                |count| format!("{} {}", sign(count.op), number(count.number)),
            );
            let plural = texts.type_plural(record_type);
            match catalog.get(record_type) {
                Ok(related) if !filter.is_everything() => {
                    let inner = said(signed, catalog, related, filter, titles);
                    format!("{plural} ({inner}) {count}")
                }
                _ => format!("{plural} {count}"),
            }
        }
        Filter::Linked { .. } | Filter::Shared { .. } => texts.get("ui-filter"),
    }
}

/// The types and fields along a path: `customer.country`.
fn along<'a>(
    catalog: &'a Catalog,
    described: &'a RecordType,
    path: &str,
) -> Vec<(&'a RecordType, &'a Field)> {
    let mut found = Vec::new();
    let mut of = Some(described);
    for step in path.split('.') {
        let Some((here, field)) = of.and_then(|of| Some((of, of.field(step)?))) else { break };
        found.push((here, field));
        of = field.kind.link_target().and_then(|target| catalog.get(target).ok()).map(|of| &**of);
    }
    found
}

/// The records that a filter names, by their types.
fn links(
    catalog: &Catalog,
    described: &RecordType,
    filter: &Filter,
    named: &mut BTreeMap<String, Vec<RawId>>,
) {
    match filter {
        Filter::All(all) | Filter::Any(all) => {
            all.iter().for_each(|one| links(catalog, described, one, named));
        }
        Filter::Not(inner) => links(catalog, described, inner, named),
        Filter::Related { record_type, filter, .. } => {
            if let Ok(related) = catalog.get(record_type) {
                links(catalog, related, filter, named);
            }
        }
        Filter::Compare { field, value, .. } => {
            if let Some(target) = target(field, along(catalog, described, field).last()) {
                let ids = texts_of(value).into_iter().filter_map(|text| text.parse::<RawId>().ok());
                named.entry(target.to_owned()).or_default().extend(ids);
            }
        }
        Filter::Linked { .. } | Filter::Shared { .. } => {}
    }
}

fn target<'a>(path: &str, last: Option<&(&RecordType, &'a Field)>) -> Option<&'a str> {
    match last {
        _ if path == "segment" => Some(Segment::NAME),
        Some((_, field)) => field.kind.leads_to(),
        None => None,
    }
}

fn text_of(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn texts_of(value: &Json) -> Vec<String> {
    value.as_array().map_or_else(|| vec![text_of(value)], |all| all.iter().map(text_of).collect())
}

fn sign(op: Op) -> &'static str {
    match op {
        Op::Eq | Op::In | Op::Within => "=",
        Op::Ne | Op::NotIn => "\u{2260}",
        Op::Lt => "<",
        Op::Le => "\u{2264}",
        Op::Gt => ">",
        Op::Ge => "\u{2265}",
        Op::Contains | Op::Starts => "\u{2248}",
        Op::Empty => "\u{2205}",
    }
}

/// What a path is called: `customer.country`.
pub(super) fn label(
    texts: &Texts,
    catalog: &Catalog,
    described: &RecordType,
    path: &str,
) -> String {
    let known = along(catalog, described, path);
    let last = known.last();
    let labels = path.split('.').enumerate().map(|(at, step)| match (known.get(at), last) {
        (Some((of, field)), _) => texts.field_label(of, field),
        _ if step == "segment" => texts.type_label(step),
        (None, Some((_, field))) if field.kind == Kind::Money && step == CURRENCY => {
            texts.get("ui-currency")
        }
        (None, Some((_, field))) if field.kind == Kind::Address => {
            texts.get(&format!("address.{step}"))
        }
        _ => step.to_owned(),
    });
    labels.collect::<Vec<_>>().join(": ")
}

fn comparison(
    signed: &SignedIn,
    catalog: &Catalog,
    described: &RecordType,
    (path, op, value): (&str, Op, &Json),
    titles: &Titles,
) -> String {
    let texts = signed.texts;
    let known = along(catalog, described, path);
    let last = known.last();
    let label = label(texts, catalog, described, path);
    let empty = match (op, value) {
        (Op::Empty, Json::Bool(false)) | (Op::Ne, Json::Null) => Some("op-filled"),
        (Op::Empty, _) | (Op::Eq, Json::Null) => Some("op-empty"),
        _ => None,
    };
    if let Some(key) = empty {
        return format!("{label} {}", texts.get(key));
    }
    // Among several, nothing is one of them.
    let one = |value: &Json| match value {
        Json::Null => texts.get("words-nothing"),
        value => one_value(signed, (path, last), &text_of(value), titles),
    };
    let shown =
        value.as_array().map_or_else(|| vec![one(value)], |all| all.iter().map(one).collect());
    format!("{label} {} {}", sign(op), shown.join(", "))
}

fn one_value(
    signed: &SignedIn,
    (path, last): (&str, Option<&(&RecordType, &Field)>),
    text: &str,
    titles: &Titles,
) -> String {
    let texts = signed.texts;
    if let (Some(_), Ok(id)) = (target(path, last), text.parse::<RawId>()) {
        return titles.get(&id).cloned().unwrap_or_else(|| texts.get("ui-no-permission"));
    }
    let Some((of, field)) = last else { return text.to_owned() };
    match &field.kind {
        Kind::Choice(_) | Kind::Choices(_) => {
            let is_one = field.kind.options().iter().any(|option| option == text);
            let codes = if is_one { vec![text.to_owned()] } else { read_list(text) };
            let labels = codes.iter().map(|code| texts.option_label(of, field, code));
            labels.collect::<Vec<_>>().join(", ")
        }
        Kind::Boolean => match Value::from_text(&field.kind, text) {
            Ok(Value::Boolean(yes)) => texts.get(if yes { "ui-yes" } else { "ui-no" }),
            _ => text.to_owned(),
        },
        Kind::Date | Kind::Instant if text.contains('_') || !text.contains('-') => {
            period(texts, text).1
        }
        Kind::Owner if text == "me" => texts.get("ui-mine"),
        // As this reader is shown it on the records themselves.
        _ => match signed.actor.wording {
            Some(wording) => wording.shown(&of.name, &field.name, text).to_owned(),
            None => text.to_owned(),
        },
    }
}
