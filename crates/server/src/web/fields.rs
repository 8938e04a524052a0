//! A control for every kind of field, and the way back from what a form sends.

use std::collections::HashMap;

use guanxi_base::{Refusal, Result};
use guanxi_crm::access::conditions;
use guanxi_crm::catalog::Product;
use guanxi_crm::trading::is_taken;
use guanxi_record::{Address, Field, Kind, Meaning, Record as _, RecordType, Value};
use guanxi_store::{Titles, View};
use maud::{Markup, html};

use super::conditions::Group;
use super::form_parts::{self, meaning_control};
use crate::params::Params;
use crate::signed_in::SignedIn;

/// What a form holds: the texts of its controls, by name.
#[derive(Debug, Default)]
pub(crate) struct Entries(HashMap<String, Vec<String>>);

impl Entries {
    /// What the browser sent.
    pub(crate) fn sent(params: Params) -> Self {
        let mut entries: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in params {
            entries.entry(name).or_default().push(value);
        }
        Self(entries)
    }

    /// What a record holds.
    pub(crate) fn of(described: &RecordType, values: &[Value], titles: &Titles) -> Self {
        let mut entries = Self::default();
        for (field, value) in described.fields.iter().zip(values) {
            let name = field.name.as_ref();
            match value {
                Value::Null => {}
                Value::Money(money) => {
                    entries.set(name, money.amount_text());
                    entries.set(&format!("{name}.currency"), money.currency.to_string());
                }
                Value::Address(address) => {
                    for part in Address::PARTS {
                        let text = address.part(part).unwrap_or_default().to_owned();
                        entries.set(&format!("{name}.{part}"), text);
                    }
                }
                Value::Link(id) => {
                    entries.set(&format!("{name}.id"), id.to_string());
                    let title = titles.get(id).cloned();
                    entries.set(name, title.unwrap_or_else(|| id.to_string()));
                }
                Value::Links(ids) => {
                    let names = ids.iter().map(|id| titles.get(id).cloned().unwrap_or_default());
                    entries.set(name, names.collect::<Vec<_>>().join("; "));
                }
                Value::Choices(codes) => drop(entries.0.insert(name.to_owned(), codes.clone())),
                // A browser's control for times knows no zone; the page's is the reader's.
                other => entries.set(name, other.to_text()),
            }
        }
        entries
    }

    pub(crate) fn set(&mut self, name: &str, text: String) {
        self.0.insert(name.to_owned(), vec![text]);
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(|texts| texts.first()).map(String::as_str).unwrap_or_default()
    }

    /// All texts of this name, with commas between.
    pub(crate) fn joined(&self, name: &str) -> String {
        self.0.get(name).map(|texts| texts.join(",")).unwrap_or_default()
    }

    /// Takes away all that begins so.
    pub(crate) fn clear(&mut self, start: &str) {
        self.0.retain(|name, _| !name.starts_with(start));
    }

    fn has(&self, name: &str, code: &str) -> bool {
        self.0.get(name).is_some_and(|texts| texts.iter().any(|text| text == code))
    }
}

/// Reads a form: every field that it shows, all mistakes at once.
pub(crate) async fn read(
    view: &mut View,
    described: &RecordType,
    entries: &Entries,
) -> Result<std::result::Result<Vec<(usize, Value)>, Vec<Refusal>>> {
    let mut values = Vec::new();
    let mut refusals = Vec::new();
    for (place, field) in described.fields.iter().enumerate() {
        if field.read_only || !view.actor().rights.writes(&described.name, &field.name) {
            continue;
        }
        match read_one(view, field, entries).await? {
            Ok(value) => values.push((place, value)),
            // The product says what is in it, or else the store that it lacks.
            Err(refusal) if refusal.code == "required" && is_brought(described, field, entries) => {
                values.push((place, Value::Null));
            }
            Err(refusal) => refusals.push(refusal),
        }
    }
    Ok(if refusals.is_empty() { Ok(values) } else { Err(refusals) })
}

/// Whether what a field lacks comes with the product that is chosen.
fn is_brought(described: &RecordType, field: &Field, entries: &Entries) -> bool {
    is_taken(described, &field.name) && !entries.text("product").trim().is_empty()
}

/// Reads one field of a form.
pub(crate) async fn read_one(
    view: &mut View,
    field: &Field,
    entries: &Entries,
) -> Result<std::result::Result<Value, Refusal>> {
    let name = field.name.as_ref();
    Ok(match read_field(view, field, entries).await? {
        Ok(Value::Null) if field.required && field.default.is_none() => {
            Err(Refusal::field("required", name))
        }
        Ok(value) => Ok(value),
        Err(refusal) => Err(Refusal { field: Some(name.to_owned()), ..refusal }),
    })
}

async fn read_field(
    view: &mut View,
    field: &Field,
    entries: &Entries,
) -> Result<std::result::Result<Value, Refusal>> {
    let name = field.name.as_ref();
    let text = entries.text(name).trim();
    if matches!(field.means, Some(Meaning::Condition(_))) && form_parts::is_put_together(entries) {
        let written = conditions::written(&Group::sent(entries).filter());
        return Ok(Value::from_text(&field.kind, &written));
    }
    Ok(match &field.kind {
        Kind::Boolean => Ok(Value::Boolean(!text.is_empty())),
        Kind::Money if text.is_empty() => Ok(Value::Null),
        Kind::Money => {
            let code = entries.text(&format!("{name}.currency")).trim().to_uppercase();
            Value::from_text(&field.kind, &format!("{text} {code}"))
        }
        Kind::Address => {
            let mut address = Address::default();
            for part in Address::PARTS {
                if let Some(slot) = address.part_mut(part) {
                    entries.text(&format!("{name}.{part}")).trim().clone_into(slot);
                }
            }
            // Whoever pastes the whole address into one field means all of it.
            let only_street = Address { street: address.street.clone(), ..Address::default() };
            if let Some(whole) =
                Address::from_line(&address.street).filter(|_| address == only_street)
            {
                address = whole;
            }
            let empty = address == Address::default();
            Ok(if empty { Value::Null } else { Value::Address(Box::new(address)) })
        }
        Kind::Choices(_) => {
            let codes = entries.0.get(name).cloned().unwrap_or_default().join(";");
            Value::from_text(&field.kind, &codes)
        }
        Kind::File if entries.text(&format!("{name}.remove")) == "true" => Ok(Value::Null),
        Kind::File => match entries.text(&format!("{name}.id")) {
            "" => Ok(Value::Null),
            id => Value::from_text(&field.kind, id),
        },
        Kind::Links { to } => {
            let mut ids = Vec::new();
            for word in text.split(';').map(str::trim).filter(|word| !word.is_empty()) {
                match find(view, to, word).await? {
                    Ok(id) => ids.push(id.to_string()),
                    Err(refusal) => return Ok(Err(refusal)),
                }
            }
            Value::from_text(&field.kind, &ids.join(";"))
        }
        Kind::Instant if !text.is_empty() && !text.ends_with('Z') => {
            let zone = view.actor().time_zone.clone();
            let local = text.parse::<jiff::civil::DateTime>().ok();
            let instant = local.and_then(|local| local.to_zoned(zone).ok());
            match instant {
                Some(zoned) => Ok(Value::Instant(zoned.timestamp())),
                None => Err(Refusal::new("not-a-time").with("value", text)),
            }
        }
        kind => match kind.link_target() {
            None => Value::from_text(kind, text),
            Some(_) if text.is_empty() => Ok(Value::Null),
            Some(target) => {
                let id = entries.text(&format!("{name}.id"));
                match id.parse() {
                    Ok(id) => Ok(Value::Link(id)),
                    Err(_) => find(view, target, text).await?.map(Value::Link),
                }
            }
        },
    })
}

/// The one record that a person means by a name or number.
pub(crate) async fn find(
    view: &mut View,
    target: &str,
    words: &str,
) -> Result<std::result::Result<guanxi_base::RawId, Refusal>> {
    if let Ok(id) = words.parse() {
        return Ok(Ok(id));
    }
    let hits = view.search(words, &[target], 2).await?;
    Ok(match hits.as_slice() {
        [one] => Ok(one.id),
        [first, ..] if first.title == words => Ok(first.id),
        _ => Err(Refusal::new("link-to-nothing").with("type", target).with("value", words)),
    })
}

/// The control of a field in its place in a form.
pub(crate) fn control(
    signed: &SignedIn,
    described: &RecordType,
    field: &Field,
    entries: &Entries,
    refusal: Option<&Refusal>,
) -> Markup {
    let wide = matches!(field.kind, Kind::LongText | Kind::Address | Kind::Json | Kind::Choices(_))
        || matches!(field.means, Some(Meaning::Condition(_)));
    html! {
        div class=[wide.then_some("gx-wide")] id=(format!("control-{}", field.name)) {
            (labelled(signed, described, field, entries, refusal))
        }
    }
}

/// The control of a field, with its label and what is wrong with it.
pub(crate) fn labelled(
    signed: &SignedIn,
    described: &RecordType,
    field: &Field,
    entries: &Entries,
    refusal: Option<&Refusal>,
) -> Markup {
    let label = signed.texts.field_label(described, field);
    let id = format!("field-{}", field.name);
    let message = format!("{id}-message");
    let required = is_required(described, field);
    let is_condition = matches!(field.means, Some(Meaning::Condition(_)));
    let grouped = matches!(field.kind, Kind::Address | Kind::Choices(_)) || is_condition;
    html! {
        @if !grouped && field.kind != Kind::Boolean {
            label class={ "form-label" @if required { " gx-required" } } for=(id) { (label) }
        }
        (bare_control(signed, described, field, entries, &Marks {
            id: &id, label: &label, required,
            message: refusal.map(|_| message.as_str()),
        }))
        @if is_taken(described, &field.name) && refusal.is_none() {
            div class="gx-muted" { small { (signed.texts.get("line-taken")) } }
        }
        @if let Some(refusal) = refusal {
            div class="text-danger" id=(message) { (signed.texts.refusal_of(described, refusal)) }
        }
    }
}

/// Whether somebody must fill a field in: a default or a product may do it for them.
pub(crate) fn is_required(described: &RecordType, field: &Field) -> bool {
    field.required && field.default.is_none() && !is_taken(described, &field.name)
}

/// The control of a field in a cell of a list.
pub(crate) fn cell_control(
    signed: &SignedIn,
    described: &RecordType,
    field: &Field,
    entries: &Entries,
    is_wrong: bool,
) -> Markup {
    let label = signed.texts.field_label(described, field);
    let required = is_required(described, field);
    let message = is_wrong.then_some("cell-message");
    html! {
        label class="visually-hidden" for="cell" { (label) }
        (bare_control(signed, described, field, entries, &Marks {
            id: "cell", label: &label, required, message,
        }))
    }
}

struct Marks<'a> {
    id: &'a str,
    label: &'a str,
    required: bool,
    message: Option<&'a str>,
}

fn bare_control(
    signed: &SignedIn,
    described: &RecordType,
    field: &Field,
    entries: &Entries,
    marks: &Marks<'_>,
) -> Markup {
    let name = field.name.as_ref();
    let text = entries.text(name);
    let Marks { id, label, required, message } = *marks;
    let invalid = message.map(|_| "true");
    let options = |code: &str| signed.texts.option_label(described, field, code);
    let input = |kind: &str, value: &str| {
        html! {
            input class="form-control" id=(id) name=(name) type=(kind) value=(value)
                required[required] aria-invalid=[invalid] aria-describedby=[message];
        }
    };
    let marked = (id, required, message);
    if let Some(control) = meaning_control(signed, described, (field, entries), marked) {
        return control;
    }
    match &field.kind {
        Kind::LongText | Kind::Json => html! {
            textarea class="form-control" id=(id) name=(name) rows="4" required[required]
                aria-invalid=[invalid] aria-describedby=[message] { (text) }
        },
        Kind::Boolean => html! {
            label class="form-check" {
                input class="form-check-input" type="checkbox" id=(id) name=(name) value="true"
                    checked[text == "true"] aria-describedby=[message];
                span class="form-check-label" { (label) }
            }
        },
        Kind::Choice(codes) => html! {
            select class="form-select" id=(id) name=(name) required[required]
                aria-invalid=[invalid] aria-describedby=[message] {
                @if !required { option value="" { "\u{2014}" } }
                @for code in codes.iter() {
                    option value=(code) selected[*code == text] { (options(code)) }
                }
            }
        },
        Kind::Choices(codes) => html! {
            fieldset aria-describedby=[message] {
                legend { (label) }
                @for code in codes.iter() {
                    label class="form-check form-check-inline" {
                        input class="form-check-input" type="checkbox" name=(name) value=(code)
                            checked[entries.has(name, code)];
                        span class="form-check-label" { (options(code)) }
                    }
                }
            }
        },
        Kind::Money => {
            let currency = format!("{name}.currency");
            let code = match entries.text(&currency) {
                "" => "CNY",
                code => code,
            };
            html! {
                div class="gx-pair" {
                    input class="form-control" id=(id) name=(name) inputmode="decimal" value=(text)
                        required[required] aria-invalid=[invalid] aria-describedby=[message];
                    input class="form-control" name=(currency) value=(code) maxlength="3"
                        aria-label=(format!("{label}: {}", signed.texts.get("ui-currency")));
                }
            }
        }
        Kind::Address => html! {
            fieldset class="gx-fields gx-address" aria-describedby=[message] {
                legend class="gx-wide" { (label) }
                @for part in Address::PARTS {
                    @let part_name = format!("{name}.{part}");
                    div {
                        label class="form-label" for=(format!("{id}-{part}")) {
                            (signed.texts.get(&format!("address.{part}")))
                        }
                        input class="form-control" id=(format!("{id}-{part}")) name=(part_name)
                            value=(entries.text(&part_name));
                    }
                }
            }
        },
        Kind::File => {
            let known = entries.text(&format!("{name}.id"));
            html! {
                @if !known.is_empty() {
                    input type="hidden" name=(format!("{name}.id")) value=(known);
                    label class="form-check" {
                        input class="form-check-input" type="checkbox" name=(format!("{name}.remove")) value="true";
                        span class="form-check-label" {
                            (signed.texts.format("ui-take-away", &[("name", text)]))
                        }
                    }
                }
                input class="form-control" id=(id) name=(format!("{name}.file")) type="file"
                    required[required && known.is_empty()] aria-invalid=[invalid] aria-describedby=[message];
            }
        }
        Kind::Date => input("date", text),
        Kind::Instant => {
            // In the reader's zone, as the control wants it.
            let local = text.parse::<guanxi_base::Timestamp>().ok().map(|instant| {
                let zoned = instant.to_zoned(signed.actor.time_zone.clone());
                zoned.strftime("%Y-%m-%dT%H:%M").to_string()
            });
            input("datetime-local", local.as_deref().unwrap_or(text))
        }
        Kind::Email => input("email", text),
        Kind::Phone => input("tel", text),
        Kind::Integer | Kind::Decimal | Kind::Percent => html! {
            input class="form-control" id=(id) name=(name) inputmode="decimal" value=(text)
                required[required] aria-invalid=[invalid] aria-describedby=[message];
        },
        kind => match kind.link_target() {
            None => input("text", text),
            Some(target) => html! {
                div class="gx-suggest" data-type=(target) {
                    input class="form-control" id=(id) name=(name) type="text" value=(text)
                        autocomplete="off" required[required] aria-invalid=[invalid]
                        aria-describedby=[message];
                    // A line is filled in from the product as soon as one is chosen.
                    @let brings = (target == Product::NAME && is_taken(described, "unit_price"))
                        .then(|| format!("/{}/fill", described.name));
                    input type="hidden" name=(format!("{name}.id"))
                        value=(entries.text(&format!("{name}.id")))
                        hx-get=[&brings] hx-trigger=[brings.as_ref().map(|_| "change")]
                        hx-include=[brings.as_ref().map(|_| "closest form")] hx-swap=[brings.as_ref().map(|_| "none")];
                }
            },
        },
    }
}
