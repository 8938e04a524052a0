//! The form of conditions: every state of it is in its fields, so that it works without a script.

use std::sync::Arc;

use guanxi_record::{
    Address, CURRENCY, Catalog, Filter, Kind, Op, RecordType, read_list, write_list,
};
use guanxi_store::{Purpose, Titles};
use maud::{Markup, html};

use super::conditions::{DEPTH_MAX, Group, Item, Join, KEPT};
use super::layout::icon;
use super::options::{PERIODS, options_of, period};
use super::words;
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

    /// What a condition is about that is not offered, by its path; `None` where there is no such field.
    fn choice_at(&self, of: &RecordType, path: &str) -> Option<Choice> {
        let (kind, options) = self.end_of(of, path)?;
        let label = words::label(self.signed.texts, &self.catalog, of, path);
        Some(Choice { path: path.to_owned(), label, kind, options })
    }

    /// The kind of what a path leads to, and the values to choose from.
    fn end_of(&self, of: &RecordType, path: &str) -> Option<(Kind, Vec<(String, String)>)> {
        if path == "segment" && of.name == "customer" {
            return Some((Kind::Text, Vec::new()));
        }
        let (name, rest) = path.split_once('.').map_or((path, None), |(n, r)| (n, Some(r)));
        if name == "id" {
            return rest.is_none().then_some((Kind::Text, Vec::new()));
        }
        let field = of.field(name)?;
        let Some(rest) = rest else {
            return Some((field.kind.clone(), options_of(self.signed.texts, of, field)));
        };
        match &field.kind {
            Kind::Address if Address::PARTS.contains(&rest) => Some((Kind::Text, Vec::new())),
            Kind::Money if rest == CURRENCY => Some((Kind::Text, Vec::new())),
            kind => self.end_of(self.catalog.get(kind.link_target()?).ok()?, rest),
        }
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

    /// The form of all conditions on records of a type.
    pub(crate) fn whole(&self, of: &RecordType, group: &Group) -> Markup {
        html! {
            @if let Some(was) = group.was() { (carried("c", was)) }
            (self.group(of, group, "c"))
        }
    }

    /// The form's part for a group at a path.
    fn group(&self, of: &RecordType, group: &Group, path: &str) -> Markup {
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
        let what =
            |what: &str| html! { input type="hidden" name=(format!("{path}.what")) value=(what); };
        let was = html! { @if let Some(was) = item.was() { (carried(path, was)) } };
        match item {
            Item::Kept(filter) => self.kept(of, filter, path),
            Item::Field { field, op, value, was: Some(kept) }
                if !field.is_empty() && self.end_of(of, field).is_none() =>
            {
                // Another field was never chosen here: it is as it was.
                let hidden = [("field", field), ("op", op), ("value", value)];
                html! {
                    (what("field")) (was)
                    @for (name, text) in hidden {
                        input type="hidden" name=(format!("{path}.{name}")) value=(text);
                    }
                    (self.in_words(of, kept))
                }
            }
            Item::Field { field, op, value, was: kept } => {
                html! { (what("field")) (was) (self.field(of, (field, op, value), kept.as_ref(), path)) }
            }
            Item::Group(group) => {
                html! { (what("group")) (self.group(of, group, &format!("{path}.g"))) }
            }
            Item::Related { of: related, was: Some(kept), .. }
                if self.catalog.get(related.split('.').next().unwrap_or_default()).is_err() =>
            {
                self.kept(of, kept, path)
            }
            Item::Related { of: related, op, number, group, .. } => {
                html! { (what("related")) (was) (self.related_item(of, (related, op, number), group, path)) }
            }
        }
    }

    /// What no control shows: in words, and as it is.
    fn kept(&self, of: &RecordType, filter: &Filter, path: &str) -> Markup {
        html! {
            input type="hidden" name=(format!("{path}.what")) value=(KEPT);
            (carried(path, filter))
            (self.in_words(of, filter))
        }
    }

    fn in_words(&self, of: &RecordType, filter: &Filter) -> Markup {
        let said = words::said(self.signed, &self.catalog, of, filter, &Titles::new());
        html! { span class="gx-kept" { (said) } }
    }

    fn related_item(
        &self,
        of: &RecordType,
        (related, op, number): (&str, &str, &str),
        group: &Group,
        path: &str,
    ) -> Markup {
        let texts = self.signed.texts;
        let known = self.related(of);
        let (chosen, via) = related.split_once('.').unwrap_or_default();
        let chosen = self.catalog.get(chosen).ok();
        let other = chosen.filter(|_| !known.iter().any(|(name, _)| name == related));
        let offered = html! {
            option value="" { (texts.get("segment-choose")) }
            @for (name, label) in &known { option value=(name) selected[name == related] { (label) } }
            @if let Some(other) = other {
                option value=(related) selected {
                    (texts.type_plural(&other.name)) " ("
                    (words::label(texts, &self.catalog, other, via)) ")"
                }
            }
        };
        html! {
            div class="gx-related" {
                div class="d-flex gap-2 flex-wrap" {
                    (self.select(&format!("{path}.of"), &texts.get("segment-related"), &offered))
                    (self.ops(&["ge", "le", "eq", "gt", "lt", "ne"], op, (path, false)))
                    input class="form-control gx-number" type="number" min="0" name=(format!("{path}.number"))
                        value=(number) aria-label=(texts.get("segment-how-many"));
                }
                @if let Some(other) = chosen { (self.group(other, group, &format!("{path}.g"))) }
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

    fn field(
        &self,
        of: &RecordType,
        (field, op, value): (&str, &str, &str),
        was: Option<&Filter>,
        path: &str,
    ) -> Markup {
        let texts = self.signed.texts;
        let mut choices = self.choices(of);
        if !choices.iter().any(|one| one.path == field) {
            choices.extend(self.choice_at(of, field));
        }
        let known = choices.iter().find(|one| one.path == field);
        let mut names = known.map_or_else(Vec::new, |one| ops_of(&one.kind));
        // What was said in another way than the form would is kept.
        let is_as_said = match was {
            Some(Filter::Compare { field: of, op: by, .. }) => of == field && by.name() == op,
            _ => false,
        };
        let as_said = Op::from_name(op).map(Op::name).filter(|name| {
            !names.contains(name) && (is_as_said || known.is_some_and(|one| fits(&one.kind, name)))
        });
        names.extend(as_said);
        let op = if names.contains(&op) { op } else { names.first().copied().unwrap_or("eq") };
        let is_time = known.is_some_and(|one| matches!(one.kind, Kind::Date | Kind::Instant));
        let fields = html! {
            option value="" { (texts.get("segment-choose")) }
            @for one in &choices { option value=(one.path) selected[one.path == field] { (one.label) } }
        };
        html! {
            (self.select(&format!("{path}.field"), &texts.get("segment-field"), &fields))
            @if let Some(one) = known {
                (self.ops(&names, op, (path, is_time)))
                @if !matches!(op, "empty" | "filled") { (self.value(one, op, value, path)) }
            }
        }
    }

    fn value(&self, choice: &Choice, op: &str, value: &str, path: &str) -> Markup {
        let texts = self.signed.texts;
        let (name, label) = (format!("{path}.value"), texts.get("segment-value"));
        let words = |word: &str| period(texts, word);
        let is_several = matches!(op, "in" | "not_in");
        let chosen: Vec<String> = match is_several {
            true => read_list(value),
            false => vec![value.to_owned()],
        };
        // Of several each is sent as one of a list.
        let sent = |code: &str| match is_several {
            true => write_list([code]),
            false => code.to_owned(),
        };
        let mut options: Vec<(String, String)> = match (op, &choice.kind) {
            ("within", _) => PERIODS.iter().map(|word| words(word)).collect(),
            ("lt" | "ge", Kind::Date | Kind::Instant) => {
                DAYS.iter().map(|word| words(word)).collect()
            }
            _ => choice.options.clone(),
        };
        // What was chosen elsewhere is not lost for not being offered.
        let offered = |one: &str| options.iter().any(|(code, _)| code == one);
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
                        option value=(sent(code)) selected[chosen.contains(code)] { (word) }
                    }
                }
            }
        }
    }
}

fn joined(step: &str, at: usize) -> String {
    if step.is_empty() { at.to_string() } else { format!("{step}.{at}") }
}

/// What a part of a form was when it was opened, as the form carries it.
fn carried(path: &str, was: &Filter) -> Markup {
    html! { input type="hidden" name=(format!("{path}.was")) value=(was.to_json()); }
}

/// Whether what a field holds may be compared so, though it is not offered.
fn fits(kind: &Kind, op: &str) -> bool {
    match op {
        "eq" | "ne" | "in" | "not_in" => true,
        "lt" | "le" | "gt" | "ge" => kind.is_ordered(),
        "contains" | "starts" => kind.is_text(),
        "within" => matches!(kind, Kind::Date | Kind::Instant),
        _ => false,
    }
}

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
