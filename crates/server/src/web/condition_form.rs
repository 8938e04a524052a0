//! The form of conditions: every state of it is in its fields, so that it works without a script.

use std::sync::Arc;

use guanxi_record::{Address, Catalog, Kind, RecordType};
use guanxi_store::Purpose;
use maud::{Markup, html};

use super::conditions::{DEPTH_MAX, Group, Item, Join};
use super::layout::icon;
use super::options::{PERIODS, options_of, period};
use crate::signed_in::SignedIn;

/// The part of a form that is put in the place of what is there when it changes.
const FORM_BODY: &str = "closest .card-body";
/// The same in the answer.
const FORM_SELECT: &str = "form[data-draft] > .card-body";

/// What one may choose by: a path and how it is called.
struct Choice {
    path: String,
    label: String,
    kind: Kind,
    /// Values to choose from, with their words.
    options: Vec<(String, String)>,
}

/// The form of a condition.
pub(crate) struct Builder<'a> {
    signed: &'a SignedIn,
    catalog: Arc<Catalog>,
    segments: Vec<(String, String)>,
    /// Where its buttons send it, when that is not where its form goes.
    sent_to: Option<String>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(
        signed: &'a SignedIn,
        catalog: Arc<Catalog>,
        segments: Vec<(String, String)>,
    ) -> Self {
        Self { signed, catalog, segments, sent_to: None }
    }

    /// As a part of a form about more than conditions: what a button does is asked of this address.
    pub(crate) fn sent_to(self, address: String) -> Self {
        Self { sent_to: Some(address), ..self }
    }

    /// A button that changes the conditions.
    fn button(
        &self,
        class: &str,
        (value, label): (&str, Option<&str>),
        content: &Markup,
    ) -> Markup {
        let by = self.sent_to.as_deref();
        html! {
            button class=(class) name="do" value=(value) aria-label=[label]
                formaction=[by] hx-post=[by] hx-include=[by.map(|_| "closest form")]
                hx-target=[by.map(|_| FORM_BODY)] hx-select=[by.map(|_| FORM_SELECT)]
                hx-swap=[by.map(|_| "outerHTML")] { (content) }
        }
    }

    /// A list of choices upon which the rest of the form follows.
    fn select(&self, name: &str, label: &str, options: &Markup) -> Markup {
        let by = self.sent_to.as_deref();
        html! {
            select class="form-select w-auto" name=(name) aria-label=(label)
                hx-post=[by] hx-trigger=[by.map(|_| "change")] hx-include=[by.map(|_| "closest form")]
                hx-target=[by.map(|_| FORM_BODY)] hx-select=[by.map(|_| FORM_SELECT)]
                hx-swap=[by.map(|_| "outerHTML")] { (options) }
        }
    }

    fn reads(&self, of: &RecordType, field: &str) -> bool {
        let rights = &self.signed.actor.rights;
        rights.may(&of.name, Purpose::Read) && rights.asks(&of.name, field)
    }

    /// The fields of a type, and the names of what it links to.
    fn choices(&self, of: &RecordType) -> Vec<Choice> {
        let texts = self.signed.texts;
        let mut choices = Vec::new();
        let hidden = |kind: &Kind| matches!(kind, Kind::LongText | Kind::Json | Kind::File);
        for field in of.fields.iter().filter(|field| !hidden(&field.kind)) {
            if !self.reads(of, &field.name) {
                continue;
            }
            let label = texts.field_label(of, field);
            match &field.kind {
                Kind::Address => choices.extend(Address::PARTS.iter().map(|part| Choice {
                    path: format!("{}.{part}", field.name),
                    label: format!("{label}: {}", texts.get(&format!("address.{part}"))),
                    kind: Kind::Text,
                    options: Vec::new(),
                })),
                Kind::Link { to, .. } => {
                    let Ok(linked) = self.catalog.get(to) else { continue };
                    let Some(title) = linked.field(&linked.title) else { continue };
                    if self.reads(linked, &title.name) && linked.name != of.name {
                        let path = format!("{}.{}", field.name, title.name);
                        choices.push(Choice { path, label, kind: Kind::Text, options: Vec::new() });
                    }
                }
                _ => {
                    let options = options_of(texts, of, field);
                    let (path, kind) = (field.name.to_string(), field.kind.clone());
                    choices.push(Choice { path, label, kind, options });
                }
            }
        }
        if of.name == "customer" && !self.segments.is_empty() {
            let label = texts.type_label("segment");
            let options = self.segments.clone();
            let kind = Kind::Choice(std::borrow::Cow::Borrowed(&[]));
            choices.insert(0, Choice { path: "segment".to_owned(), label, kind, options });
        }
        choices.sort_by(|a, b| a.label.cmp(&b.label));
        choices
    }

    /// The types whose records link to one of this type, and by which link.
    fn related(&self, of: &RecordType) -> Vec<(String, String)> {
        let texts = self.signed.texts;
        let mut related = Vec::new();
        for (other, field, _) in self.catalog.links_to(&of.name) {
            if other.is_business() && self.reads(other, &field.name) && other.name != of.name {
                let label = format!(
                    "{} ({})",
                    texts.type_plural(&other.name),
                    texts.field_label(other, field)
                );
                related.push((format!("{}.{}", other.name, field.name), label));
            }
        }
        related
    }

    /// The form's part for a group at a path.
    pub(crate) fn group(&self, of: &RecordType, group: &Group, path: &str) -> Markup {
        let texts = self.signed.texts;
        let depth = path.split('.').filter(|step| *step == "g").count();
        let step =
            path.trim_start_matches('c').replace(".g", "").trim_start_matches('.').to_owned();
        let deed = |verb: &str| format!("{verb}:{step}");
        let legend = texts.get("segment-group");
        let add = |verb: &str, key: &str| {
            let content = html! { (icon("plus")) (texts.get(key)) };
            self.button("btn btn-sm", (&deed(verb), None), &content)
        };
        html! {
            fieldset class="gx-conditions" {
                legend class="visually-hidden" { (legend) }
                select class="form-select w-auto" name=(format!("{path}.join")) aria-label=(legend) {
                    @for (join, name) in Join::ALL {
                        option value=(name) selected[group.join == join] { (texts.get(&format!("segment-{name}"))) }
                    }
                }
                @for (at, item) in group.items.iter().enumerate() {
                    div class="gx-condition" {
                        (self.item(of, item, &format!("{path}.{at}")))
                        (self.button(
                            "btn btn-icon",
                            (&format!("remove:{}", joined(&step, at)),
                                Some(&texts.format("ui-take-away", &[("name", &(at + 1).to_string())]))),
                            &icon("x"),
                        ))
                    }
                }
                div class="d-flex gap-2 flex-wrap" {
                    (add("add-field", "segment-add-field"))
                    @if !self.related(of).is_empty() && depth + 1 < DEPTH_MAX {
                        (add("add-related", "segment-add-related"))
                    }
                    @if depth + 1 < DEPTH_MAX {
                        (add("add-group", "segment-add-group"))
                    }
                }
            }
        }
    }

    fn item(&self, of: &RecordType, item: &Item, path: &str) -> Markup {
        let texts = self.signed.texts;
        let what =
            |what: &str| html! { input type="hidden" name=(format!("{path}.what")) value=(what); };
        match item {
            Item::Field { field, op, value } => {
                html! { (what("field")) (self.field(of, (field, op, value), path)) }
            }
            Item::Group(group) => {
                html! { (what("group")) (self.group(of, group, &format!("{path}.g"))) }
            }
            Item::Related { of: related, op, number, group } => {
                let known = self.related(of);
                let chosen = related.split('.').next().unwrap_or_default();
                let offered = html! {
                    option value="" { (texts.get("segment-choose")) }
                    @for (name, label) in &known { option value=(name) selected[name == related] { (label) } }
                };
                html! {
                    (what("related"))
                    div class="gx-related" {
                        div class="d-flex gap-2 flex-wrap" {
                            (self.select(&format!("{path}.of"), &texts.get("segment-related"), &offered))
                            (self.ops(&["ge", "le", "eq", "gt", "lt", "ne"], op, (path, false)))
                            input class="form-control gx-number" type="number" min="0" name=(format!("{path}.number"))
                                value=(number) aria-label=(texts.get("segment-how-many"));
                        }
                        @if let Ok(other) = self.catalog.get(chosen) { (self.group(other, group, &format!("{path}.g"))) }
                    }
                }
            }
        }
    }

    fn ops(&self, names: &[&str], chosen: &str, (path, is_time): (&str, bool)) -> Markup {
        let texts = self.signed.texts;
        let word = |name: &str| match (name, is_time) {
            ("lt", true) => texts.get("op-before"),
            ("ge", true) => texts.get("op-since"),
            _ => texts.get(&format!("op-{}", name.replace('_', "-"))),
        };
        let options = html! {
            @for name in names { option value=(name) selected[*name == chosen] { (word(name)) } }
        };
        self.select(&format!("{path}.op"), &texts.get("segment-how"), &options)
    }

    fn field(&self, of: &RecordType, (field, op, value): (&str, &str, &str), path: &str) -> Markup {
        let texts = self.signed.texts;
        let choices = self.choices(of);
        let known = choices.iter().find(|one| one.path == field);
        let names = known.map_or_else(Vec::new, |one| ops_of(&one.kind));
        let is_time = known.is_some_and(|one| matches!(one.kind, Kind::Date | Kind::Instant));
        let mut names = names;
        // What an address says in another way than the form would is kept.
        let as_stated = ALWAYS.into_iter().find(|name| *name == op && !names.contains(name));
        names.extend(as_stated);
        let op = if names.contains(&op) { op } else { names.first().copied().unwrap_or("eq") };
        let fields = html! {
            option value="" { (texts.get("segment-choose")) }
            @for one in &choices { option value=(one.path) selected[one.path == field] { (one.label) } }
            @if !field.is_empty() && known.is_none() { option value=(field) selected { (field) } }
        };
        html! {
            (self.select(&format!("{path}.field"), &texts.get("segment-field"), &fields))
            @if !field.is_empty() { (self.ops(if known.is_some() { &names } else { &["eq", "ne", "in", "ge", "le"] }, op, (path, is_time))) }
            @if let Some(one) = known.filter(|_| !matches!(op, "empty" | "filled")) { (self.value(one, op, value, path)) }
            @else if known.is_none() && !field.is_empty() {
                input class="form-control w-auto" name=(format!("{path}.value")) value=(value) aria-label=(texts.get("segment-value"));
            }
        }
    }

    fn value(&self, choice: &Choice, op: &str, value: &str, path: &str) -> Markup {
        let texts = self.signed.texts;
        let (name, label) = (format!("{path}.value"), texts.get("segment-value"));
        let words = |word: &str| period(texts, word);
        let is_several = matches!(op, "in" | "not_in");
        let chosen: Vec<&str> = match is_several {
            true => value.split(',').map(str::trim).collect(),
            false => vec![value],
        };
        let mut options: Vec<(String, String)> = match (op, &choice.kind) {
            ("within", _) => PERIODS.iter().map(|word| words(word)).collect(),
            ("lt" | "ge", Kind::Date | Kind::Instant) => {
                DAYS.iter().map(|word| words(word)).collect()
            }
            _ => choice.options.clone(),
        };
        // What was chosen elsewhere is not lost for not being offered.
        let offered = |one: &&str| options.iter().any(|(code, _)| code == one);
        let own: Vec<_> = chosen.iter().filter(|one| !one.is_empty() && !offered(one)).collect();
        let own: Vec<_> = own.into_iter().map(|one| words(one)).collect();
        let is_free = options.is_empty();
        options.extend(own);
        let is_number = choice.kind.is_number();
        html! {
            @if is_free {
                input class="form-control w-auto" name=(name) value=(value) aria-label=(label)
                    inputmode=[is_number.then_some("decimal")] autocomplete="off";
            } @else {
                select class="form-select w-auto" name=(name) aria-label=(label) multiple[is_several] {
                    @if !is_several { option value="" { (texts.get("segment-choose")) } }
                    @for (code, word) in &options {
                        option value=(code) selected[chosen.contains(&code.as_str())] { (word) }
                    }
                }
            }
        }
    }
}

fn joined(step: &str, at: usize) -> String {
    if step.is_empty() { at.to_string() } else { format!("{step}.{at}") }
}

/// Ways to compare that fit whatever a field holds.
const ALWAYS: [&str; 8] = ["eq", "ne", "in", "not_in", "lt", "le", "gt", "ge"];

/// The days to choose from: before them, or since.
const DAYS: [&str; 6] =
    ["30_days_ago", "60_days_ago", "90_days_ago", "180_days_ago", "365_days_ago", "730_days_ago"];

/// How a field may be compared.
fn ops_of(kind: &Kind) -> Vec<&'static str> {
    match kind {
        Kind::Boolean => vec!["eq", "empty", "filled"],
        Kind::Choice(_) => vec!["eq", "ne", "in", "not_in", "empty", "filled"],
        Kind::Choices(_) => vec!["contains", "ne", "in", "not_in", "empty", "filled"],
        Kind::Date | Kind::Instant => vec!["within", "lt", "ge", "empty", "filled"],
        Kind::Owner => vec!["eq", "empty", "filled"],
        kind if kind.is_number() => vec!["ge", "le", "gt", "lt", "eq", "ne", "empty", "filled"],
        _ => vec!["eq", "ne", "contains", "starts", "in", "not_in", "empty", "filled"],
    }
}
