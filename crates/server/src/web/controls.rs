//! A control for every kind of field. Each works without a script; with one, records are suggested.

use guanxi_base::{Refusal, Timestamp};
use guanxi_crm::catalog::Product;
use guanxi_crm::trading::is_taken;
use guanxi_record::{Address, Field, Kind, Meaning, Record as _, RecordType};
use maud::{Markup, html};

use super::fields::{Entries, has_three_states, local_text};
use super::form::URL_ENCODED;
use super::form_parts::meaning_control;
use super::format;
use super::options::{Options, options_of};
use crate::signed_in::SignedIn;

/// A browser takes the first line end within a control of several lines for none of its text.
pub(super) const LINE_BEFORE: &str = "\n";

/// The control of a field in its place in a form.
pub(crate) fn control(
    signed: &SignedIn,
    described: &RecordType,
    field: &Field,
    entries: &Entries,
    refusal: Option<&Refusal>,
) -> Markup {
    let wide = matches!(field.kind, Kind::LongText | Kind::Address | Kind::Json | Kind::Choices(_))
        || matches!(field.kind, Kind::Links { .. })
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
        @if !grouped && (field.kind != Kind::Boolean || has_three_states(field)) {
            label class={ "form-label" @if required { " gx-required" } } for=(id) { (label) }
        }
        (bare_control(signed, described, field, entries, &Marks {
            id: &id, label: &label, required,
            message: refusal.map(|_| message.as_str()),
        }))
        (choice(signed, field, entries, &label))
        @if is_taken(described, &field.name) && refusal.is_none() {
            div class="gx-muted" { small { (signed.texts.get("line-taken")) } }
        }
        @if let Some(refusal) = refusal {
            div class="text-danger" id=(message) {
                (format::sentence(&signed.texts.refusal_of(described, refusal)))
            }
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

/// Between what a person is to choose, where what they wrote means several.
fn choice(signed: &SignedIn, field: &Field, entries: &Entries, label: &str) -> Markup {
    let name = field.name.as_ref();
    let offered = entries.offered(name);
    html! {
        @if !offered.is_empty() {
            input type="hidden" name=(format!("{name}.asked")) value=(entries.text(&format!("{name}.asked")));
            select class="form-select mt-1" name=(format!("{name}.which"))
                aria-label=(format!("{label}: {}", signed.texts.get("ui-which"))) {
                option value="" { (signed.texts.get("ui-which")) }
                @for (value, label) in offered { option value=(value) { (label) } }
            }
        }
    }
}

struct Marks<'a> {
    id: &'a str,
    label: &'a str,
    required: bool,
    message: Option<&'a str>,
}

impl Marks<'_> {
    fn invalid(&self) -> Option<&'static str> {
        self.message.map(|_| "true")
    }

    fn input(&self, name: &str, kind: &str, value: &str) -> Markup {
        html! {
            input class="form-control" id=(self.id) name=(name) type=(kind) value=(value)
                required[self.required] aria-invalid=[self.invalid()] aria-describedby=[self.message];
        }
    }

    fn number(&self, name: &str, value: &str) -> Markup {
        html! {
            input class="form-control" id=(self.id) name=(name) inputmode="decimal" value=(value)
                required[self.required] aria-invalid=[self.invalid()] aria-describedby=[self.message];
        }
    }

    /// One of some values, or none where none is allowed or chosen yet; one that is not offered stays.
    fn select(&self, name: &str, current: &str, options: &[(String, String)]) -> Markup {
        let is_offered = options.iter().any(|(value, _)| value == current);
        html! {
            select class="form-select" id=(self.id) name=(name) required[self.required]
                aria-invalid=[self.invalid()] aria-describedby=[self.message] {
                @if !self.required || current.is_empty() { option value="" { "\u{2014}" } }
                @if !current.is_empty() && !is_offered { option value=(current) selected { (current) } }
                @for (value, label) in options {
                    option value=(value) selected[value == current] { (label) }
                }
            }
        }
    }
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
    let marked = (id, required, message);
    if let Some(control) = meaning_control(signed, described, (field, entries), marked) {
        return control;
    }
    match &field.kind {
        Kind::LongText | Kind::Json => html! {
            textarea class="form-control" id=(id) name=(name) rows="4" required[required]
                aria-invalid=[marks.invalid()] aria-describedby=[message] { (LINE_BEFORE) (text) }
        },
        Kind::Boolean if has_three_states(field) => {
            marks.select(name, text, &options_of(signed.texts, described, field))
        }
        Kind::Boolean => html! {
            label class="form-check" {
                input class="form-check-input" type="checkbox" id=(id) name=(name) value="true"
                    checked[text == "true"] aria-describedby=[message];
                span class="form-check-label" { (label) }
            }
        },
        Kind::Choice(_) => marks.select(name, text, &options_of(signed.texts, described, field)),
        Kind::Choices(_) => html! {
            fieldset aria-describedby=[message] {
                legend { (label) }
                @for (code, label) in with_others(options_of(signed.texts, described, field), entries.all(name)) {
                    label class="form-check form-check-inline" {
                        input class="form-check-input" type="checkbox" name=(name) value=(code)
                            checked[entries.has(name, &code)];
                        span class="form-check-label" { (label) }
                    }
                }
            }
        },
        Kind::Money => money(signed, name, entries, marks),
        Kind::Address => address(signed, name, entries, marks),
        Kind::File => file(signed, name, entries, marks),
        Kind::Date => marks.input(name, "date", text),
        Kind::Instant => instant(signed, name, entries, marks),
        Kind::Email => marks.input(name, "email", text),
        Kind::Phone => marks.input(name, "tel", text),
        Kind::Integer | Kind::Decimal | Kind::Percent => marks.number(name, text),
        Kind::Links { to } => links(signed, name, to, entries, marks),
        kind => match kind.link_target() {
            None => marks.input(name, "text", text),
            Some(target) => link(described, name, target, entries, marks),
        },
    }
}

/// What is offered, and what was chosen when other things were.
fn with_others(mut offered: Options, chosen: &[String]) -> Options {
    for code in chosen {
        if !offered.iter().any(|(known, _)| known == code) {
            offered.push((code.clone(), code.clone()));
        }
    }
    offered
}

fn money(signed: &SignedIn, name: &str, entries: &Entries, marks: &Marks<'_>) -> Markup {
    let currency = format!("{name}.currency");
    let code = match entries.text(&currency) {
        "" => "CNY",
        code => code,
    };
    html! {
        div class="gx-pair" {
            (marks.number(name, entries.text(name)))
            input class="form-control" name=(currency) value=(code) maxlength="3"
                aria-label=(format!("{}: {}", marks.label, signed.texts.get("ui-currency")));
        }
    }
}

fn address(signed: &SignedIn, name: &str, entries: &Entries, marks: &Marks<'_>) -> Markup {
    let id = marks.id;
    html! {
        fieldset class="gx-fields gx-address" aria-describedby=[marks.message] {
            legend class="gx-wide" { (marks.label) }
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
    }
}

fn file(signed: &SignedIn, name: &str, entries: &Entries, marks: &Marks<'_>) -> Markup {
    let known = entries.text(&format!("{name}.id"));
    html! {
        @if !known.is_empty() {
            input type="hidden" name=(format!("{name}.id")) value=(known);
            label class="form-check" {
                input class="form-check-input" type="checkbox" name=(format!("{name}.remove")) value="true";
                span class="form-check-label" {
                    (signed.texts.format("ui-take-away", &[("name", entries.text(name))]))
                }
            }
        }
        input class="form-control" id=(marks.id) name=(format!("{name}.file")) type="file"
            required[marks.required && known.is_empty()] aria-invalid=[marks.invalid()]
            aria-describedby=[marks.message];
    }
}

/// A time in the reader's zone; beside it the instant that it was, to its last digit.
fn instant(signed: &SignedIn, name: &str, entries: &Entries, marks: &Marks<'_>) -> Markup {
    let zone = &signed.actor.time_zone;
    let local = |text: &str| text.parse::<Timestamp>().ok().map(|one| local_text(one, zone));
    let text = entries.text(name);
    let was = entries.text(&format!("{name}.was"));
    let shown = match entries.text(&format!("{name}.shown")) {
        "" => local(was).unwrap_or_default(),
        shown => shown.to_owned(),
    };
    html! {
        (marks.input(name, "datetime-local", local(text).as_deref().unwrap_or(text)))
        @if !was.is_empty() {
            input type="hidden" name=(format!("{name}.was")) value=(was);
            input type="hidden" name=(format!("{name}.shown")) value=(shown);
        }
    }
}

/// The name of a record, its id beside it: the id counts for as long as the name stands there.
fn link(
    described: &RecordType,
    name: &str,
    target: &str,
    entries: &Entries,
    marks: &Marks<'_>,
) -> Markup {
    // A line is filled in from the product as soon as one is chosen.
    let brings = (target == Product::NAME && is_taken(described, "unit_price"))
        .then(|| format!("/{}/fill", described.name));
    html! {
        div class="gx-suggest" data-type=(target) {
            input class="form-control" id=(marks.id) name=(name) type="text" value=(entries.text(name))
                autocomplete="off" required[marks.required] aria-invalid=[marks.invalid()]
                aria-describedby=[marks.message];
            input type="hidden" name=(format!("{name}.id"))
                value=(entries.text(&format!("{name}.id")))
                hx-post=[&brings] hx-encoding=[brings.as_ref().map(|_| URL_ENCODED)]
                hx-trigger=[brings.as_ref().map(|_| "change")] hx-swap=[brings.as_ref().map(|_| "none")];
            input type="hidden" name=(format!("{name}.shown")) data-shown
                value=(entries.text(&format!("{name}.shown")));
        }
    }
}

/// The records that are linked to, each to be unticked, and a field for the name of one more.
fn links(
    signed: &SignedIn,
    name: &str,
    target: &str,
    entries: &Entries,
    marks: &Marks<'_>,
) -> Markup {
    let add = signed.texts.format("ui-add-another", &[("name", marks.label)]);
    html! {
        div class="gx-chips" data-chips=(name) {
            @for id in entries.all(&format!("{name}.id")) {
                @let title_name = format!("{name}.title.{id}");
                @let title = entries.text(&title_name);
                label class="form-check form-check-inline" {
                    input class="form-check-input" type="checkbox" name=(format!("{name}.id")) value=(id) checked;
                    @if title.is_empty() {
                        span class="form-check-label" { (signed.texts.get("ui-no-permission")) }
                    } @else {
                        input type="hidden" name=(title_name) value=(title);
                        span class="form-check-label" { (title) }
                    }
                }
            }
        }
        div class="gx-suggest" data-type=(target) data-many=(name) {
            input class="form-control" id=(marks.id) name=(name) type="text" value=(entries.text(name))
                autocomplete="off" placeholder=(add) aria-invalid=[marks.invalid()]
                aria-describedby=[marks.message];
            input type="hidden";
        }
    }
}
