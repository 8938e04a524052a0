//! Conditions as a person reads them.

use guanxi_base::{RawId, Result};
use guanxi_crm::segments::Segment;
use guanxi_record::{CURRENCY, Field, Filter, Kind, Op, Record as _, RecordType, Value, read_list};
use guanxi_store::View;
use serde_json::Value as Json;

use super::format;
use crate::signed_in::SignedIn;

/// What a filter of records of a type says.
pub(crate) async fn of(
    view: &mut View,
    signed: &SignedIn,
    described: &RecordType,
    filter: &Filter,
) -> Result<String> {
    let texts = signed.texts;
    Ok(match filter {
        Filter::All(all) => joined(view, signed, described, (all, "words-and")).await?,
        Filter::Any(any) => joined(view, signed, described, (any, "words-or")).await?,
        Filter::Not(inner) => {
            let inner = Box::pin(of(view, signed, described, inner)).await?;
            texts.format("words-not", &[("condition", &inner)])
        }
        Filter::Compare { field, op, value } => {
            comparison(view, signed, described, (field, *op, value)).await?
        }
        Filter::Related { record_type, count, filter, .. } => {
            let related = view.catalog().get(record_type)?.clone();
            let count = count.map_or_else(
                || "\u{2265} 1".to_owned(),
                |count| {
                    format!(
                        "{} {}",
                        sign(count.op),
                        format::number(texts.locale(), &count.number.to_string())
                    )
                },
            );
            let plural = texts.type_plural(record_type);
            if filter.is_everything() {
                format!("{plural} {count}")
            } else {
                let inner = Box::pin(of(view, signed, &related, filter)).await?;
                format!("{plural} ({inner}) {count}")
            }
        }
        Filter::Linked { .. } | Filter::Shared { .. } => texts.get("ui-filter"),
    })
}

async fn joined(
    view: &mut View,
    signed: &SignedIn,
    described: &RecordType,
    (all, word): (&[Filter], &str),
) -> Result<String> {
    let mut parts = Vec::new();
    for one in all {
        let words = Box::pin(of(view, signed, described, one)).await?;
        let is_group = matches!(one, Filter::All(inner) | Filter::Any(inner) if inner.len() > 1);
        parts.push(if is_group { format!("({words})") } else { words });
    }
    if parts.is_empty() {
        return Ok(signed.texts.get("ui-all"));
    }
    Ok(parts.join(&format!(" {} ", signed.texts.get(word))))
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

async fn comparison(
    view: &mut View,
    signed: &SignedIn,
    described: &RecordType,
    (path, op, value): (&str, Op, &Json),
) -> Result<String> {
    let texts = signed.texts;
    // `customer.country`: the labels along the links.
    let mut labels = Vec::new();
    let mut of = Some(std::sync::Arc::new(described.clone()));
    let mut last: Option<(std::sync::Arc<RecordType>, Field)> = None;
    for step in path.split('.') {
        let field = of.as_ref().and_then(|of| of.field(step).cloned());
        let label = match (&of, &field) {
            (Some(of), Some(field)) => texts.field_label(of, field),
            _ if step == "segment" => texts.type_label(step),
            (None, None) => last.as_ref().map_or_else(
                || step.to_owned(),
                |(_, field)| match field.kind {
                    Kind::Address => texts.get(&format!("address.{step}")),
                    Kind::Money if step == CURRENCY => texts.get("ui-currency"),
                    _ => step.to_owned(),
                },
            ),
            _ => step.to_owned(),
        };
        labels.push(label);
        let target = field.as_ref().and_then(|field| field.kind.link_target().map(str::to_owned));
        let next = target.and_then(|target| view.catalog().get(&target).ok().cloned());
        if let (Some(of), Some(field)) = (of, field) {
            last = Some((of, field));
        }
        of = next;
    }
    let label = labels.join(": ");
    if op == Op::Empty {
        let key = if *value == Json::Bool(false) { "op-filled" } else { "op-empty" };
        return Ok(format!("{label} {}", texts.get(key)));
    }
    let values: Vec<&Json> =
        value.as_array().map_or_else(|| vec![value], |all| all.iter().collect());
    let mut shown = Vec::new();
    for value in values {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        shown.push(one_value(view, signed, (path, last.as_ref()), &text).await?);
    }
    Ok(format!("{label} {} {}", sign(op), shown.join(", ")))
}

async fn one_value(
    view: &mut View,
    signed: &SignedIn,
    (path, field): (&str, Option<&(std::sync::Arc<RecordType>, Field)>),
    text: &str,
) -> Result<String> {
    let texts = signed.texts;
    let target = match field {
        _ if path == "segment" => Some(Segment::NAME),
        Some((_, field)) => field.kind.link_target(),
        None => None,
    };
    if let (Some(target), Ok(id)) = (target, text.parse::<RawId>()) {
        let titles = view.titles(target, &[id]).await?;
        return Ok(titles.get(&id).cloned().unwrap_or_else(|| texts.get("ui-no-permission")));
    }
    let Some((of, field)) = field else { return Ok(text.to_owned()) };
    Ok(match &field.kind {
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
            let key = format!("period-{}", text.replace('_', "-"));
            let known = texts.get(&key);
            if known == key { text.to_owned() } else { known }
        }
        Kind::Owner if text == "me" => texts.get("ui-mine"),
        _ => text.to_owned(),
    })
}
