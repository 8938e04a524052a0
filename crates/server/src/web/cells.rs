//! Values as people read them, wherever they stand: in lists, on pages, in history.

use guanxi_base::Decimal;
use guanxi_record::{Field, Kind, Meaning, RecordType, Row, Value};
use guanxi_store::{FieldAccess, Titles};
use maud::{Markup, html};

use super::form_parts::measure_label;
use super::format;
use crate::signed_in::SignedIn;

/// A field of a record; its files are reached through the record.
pub(crate) fn field(
    signed: &SignedIn,
    described: &RecordType,
    field: &Field,
    row: &Row,
    titles: &Titles,
) -> Markup {
    if !is_shown(signed, described, field, row) {
        return lock(signed);
    }
    if let Some(said) = in_words(signed, described, (field, row), titles) {
        return html! { (said) };
    }
    match (&field.kind, row.value(described, &field.name)) {
        (Kind::File, Value::Link(id)) => html! {
            a href=(format!("/{}/{}/file/{}", described.name, row.id, field.name)) {
                (titles.get(&id).cloned().unwrap_or_else(|| id.to_string()))
            }
        },
        // It is shown on this record, and there is nothing.
        (_, Value::Null) if signed.actor.rights.asks(&described.name, &field.name) => html! {},
        (_, known) => value(signed, described, field, &known, titles),
    }
}

/// Whether a field of a record is shown; of those that are shown on some records, whether it is on
/// this one: something of what is shown together with it is there.
pub(crate) fn is_shown(
    signed: &SignedIn,
    described: &RecordType,
    field: &Field,
    row: &Row,
) -> bool {
    let rights = &signed.actor.rights;
    let told = rights.told(&described.name).iter();
    let mut together = told.filter(|told| told.fields.contains(field.name.as_ref()));
    rights.field(&described.name, &field.name) > FieldAccess::Hidden
        || together.any(|told| told.fields.iter().any(|one| !row.value(described, one).is_null()))
}

/// What a text says that stands for a type, a field or conditions, by their labels.
fn in_words(
    signed: &SignedIn,
    described: &RecordType,
    (field, row): (&Field, &Row),
    titles: &Titles,
) -> Option<String> {
    let meaning = field.means?;
    let text = row.value(described, &field.name).as_text()?.to_owned();
    let of = match meaning.of() {
        Some(of) => of.to_owned(),
        None => row.value(described, "record_type").as_text().unwrap_or_default().to_owned(),
    };
    let of = signed.catalog.get(&of);
    match (meaning, of) {
        (Meaning::RecordType | Meaning::AnyRecordType, _) => Some(type_in_words(signed, &text)),
        (Meaning::Field(_), Ok(of)) => Some(signed.texts.field_label(of, of.field(&text)?)),
        (Meaning::NumberField, Ok(of)) => match text.split_once('.') {
            None => Some(signed.texts.field_label(of, of.field(&text)?)),
            Some(_) => Some(signed.texts.typed_field(&signed.catalog, &text)),
        },
        (Meaning::Measure(_), Ok(of)) => Some(measure_label(signed.texts, of, &text)),
        (Meaning::Condition(_), Ok(of)) => {
            let filter = guanxi_crm::access::conditions::parse(&text).ok()?;
            Some(super::words::said(signed, &signed.catalog, of, &filter, titles))
        }
        (Meaning::List(_), _) | (_, Err(_)) => None,
    }
}

fn type_in_words(signed: &SignedIn, name: &str) -> String {
    match signed.catalog.get(name) {
        Ok(of) => signed.texts.type_label(&of.name),
        Err(_) if name == guanxi_crm::access::EVERY_TYPE => signed.texts.get("ui-every-type"),
        Err(_) => name.to_owned(),
    }
}

/// What people call a record; one without words by its product, or by what it is: never by its id.
pub(crate) fn title(
    signed: &SignedIn,
    described: &RecordType,
    row: &Row,
    titles: &Titles,
) -> String {
    let known = row.value(described, &described.title);
    if !known.is_null() {
        let field = described.field(&described.title);
        let said = field.and_then(|field| in_words(signed, described, (field, row), titles));
        let choice = field.filter(|field| matches!(field.kind, Kind::Choice(_)));
        let choice = choice.map(|field| {
            signed.texts.option_label(described, field, known.as_text().unwrap_or_default())
        });
        return said.or(choice).unwrap_or_else(|| row.title(described));
    }
    let product = row.value(described, "product").as_link().and_then(|id| titles.get(&id));
    product.cloned().unwrap_or_else(|| signed.texts.type_label(&described.name))
}

/// Stands where there may be something that this person may not see.
pub(crate) fn lock(signed: &SignedIn) -> Markup {
    let label = signed.texts.get("ui-no-permission");
    html! { span role="img" aria-label=(label) title=(label) { "\u{1f512}" } }
}

/// A value as it stands in a list or on a page.
pub(crate) fn value(
    signed: &SignedIn,
    record_type: &RecordType,
    field: &Field,
    value: &Value,
    titles: &Titles,
) -> Markup {
    let locale = signed.texts.locale();
    let target = match &field.kind {
        Kind::Links { to } => Some(to.as_ref()),
        kind => kind.link_target(),
    };
    let access = signed.actor.rights.field(&record_type.name, &field.name);
    match value {
        Value::Null if access < FieldAccess::Read => lock(signed),
        Value::Null => html! {},
        // It is no number to call and no address to write to.
        Value::Text(text) if access == FieldAccess::Masked => html! { (text) },
        Value::Link(_) | Value::Links(_) => html! {
            @for (at, id) in value.links().iter().enumerate() {
                @if at > 0 { ", " }
                @match (titles.get(id), target) {
                    (Some(title), Some("file")) => (title),
                    (Some(title), Some(target)) => a href=(format!("/{target}/{id}")) { (title) },
                    // There is something that this person may not see.
                    _ => (lock(signed)),
                }
            }
        },
        Value::Text(text) if matches!(field.kind, Kind::Choice(_)) => html! {
            span class="badge bg-secondary-lt" {
                (signed.texts.option_label(record_type, field, text))
            }
        },
        Value::Choices(codes) => html! {
            @for code in codes {
                span class="badge bg-secondary-lt" {
                    (signed.texts.option_label(record_type, field, code))
                }
                " "
            }
        },
        Value::Text(text)
            if matches!(field.means, Some(Meaning::RecordType | Meaning::AnyRecordType)) =>
        {
            html! { (type_in_words(signed, text)) }
        }
        Value::Text(text) => match field.kind {
            Kind::Email => html! { a href=(format!("mailto:{text}")) { (text) } },
            Kind::Phone => {
                html! { a href=(format!("tel:{}", text.replace('x', ";ext="))) { (text) } }
            }
            Kind::Url => html! { a href=(text) rel="noreferrer" { (text) } },
            _ => html! { (text) },
        },
        Value::Boolean(yes) => {
            html! { (signed.texts.get(if *yes { "ui-yes" } else { "ui-no" })) }
        }
        Value::Integer(number) => html! { (format::number(locale, &number.to_string())) },
        Value::Decimal(_) | Value::Percent(_) | Value::Money(_) if field.derived => {
            html! { (estimated(signed, value)) }
        }
        Value::Decimal(number) => html! { (format::number(locale, &number.to_string())) },
        Value::Percent(number) => {
            html! { (format::number(locale, &number.to_string())) "\u{a0}%" }
        }
        Value::Money(money) => html! { (format::money(locale, *money)) },
        Value::Date(date) => html! { time datetime=(date) { (format::date(locale, *date)) } },
        Value::Instant(instant) => html! {
            time datetime=(instant) {
                (format::instant(locale, *instant, &signed.actor.time_zone))
            }
        },
        Value::Address(address) => html! {
            (guanxi_record::Address::PARTS.iter().filter_map(|part| address.part(part))
                .filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
        },
        Value::Json(json) => html! { code { (json) } },
    }
}

/// What is derived is estimated: more digits would be pretended.
fn estimated(signed: &SignedIn, value: &Value) -> String {
    let locale = signed.texts.locale();
    match value {
        Value::Decimal(number) => {
            format::estimate(locale, number.units() as f64 / Decimal::ONE as f64)
        }
        Value::Percent(number) => format::estimated_share(locale, number.share()),
        Value::Money(money) => format::money(locale, money.rounded()),
        other => other.to_text(),
    }
}

/// The class of a column: numbers line up on the right, numbers of records stay on one line.
pub(crate) fn style(field: &Field) -> Option<&'static str> {
    if field.kind.is_number() {
        Some("gx-number")
    } else if field.unique {
        Some("gx-code")
    } else {
        None
    }
}
