//! Controls that choose by labels what the product keeps as code: record types, fields, conditions; and the
//! forms that change while they are filled in.

use axum::Form as Posted;
use axum::extract::{Path, State};
use axum::response::{Html, Response};
use guanxi_base::{RawId, Refusal, Result};
use guanxi_crm::access::{EVERY_TYPE, conditions};
use guanxi_crm::insights::{COMPLAINTS, measures};
use guanxi_crm::text::Texts;
use guanxi_crm::trading::taken;
use guanxi_record::{Field, Meaning, RecordType};
use guanxi_store::Titles;
use maud::{Markup, html};

use super::condition_form::Builder;
use super::conditions::Group;
use super::controls::labelled;
use super::fields::Entries;
use super::layout::{answer, error_page};
use super::options::Options;
use super::save::{Edit, show_new};
use crate::api::parse_id;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// Whether the form of a type changes while it is filled in.
pub(super) fn changes(described: &RecordType) -> bool {
    described.fields.iter().any(|field| {
        matches!(
            field.means,
            Some(Meaning::Field(None) | Meaning::NumberField | Meaning::Condition(_))
        )
    })
}

/// The type that a field's text speaks of.
fn type_of<'a>(signed: &'a SignedIn, field: &Field, entries: &Entries) -> Option<&'a RecordType> {
    let of = field.means?.of().unwrap_or_else(|| entries.text("record_type"));
    signed.catalog.get(of).ok().map(|of| &**of)
}

/// The choices of a field that names a type or a field; `None` where nothing can be offered.
fn offered(signed: &SignedIn, field: &Field, entries: &Entries) -> Option<Options> {
    let texts = signed.texts;
    let types = || -> Options {
        let all = signed.catalog.types().filter(|one| one.name != "file");
        let mut all: Options =
            all.map(|one| (one.name.to_string(), texts.type_label(&one.name))).collect();
        all.sort_by(|one, other| one.1.cmp(&other.1));
        all
    };
    let own = |of: &RecordType, numbers: bool| -> Options {
        let fields = of.fields.iter().filter(|field| !numbers || field.kind.is_number());
        fields.map(|field| (field.name.to_string(), texts.field_label(of, field))).collect()
    };
    Some(match field.means? {
        Meaning::RecordType => types(),
        Meaning::AnyRecordType => {
            let every = (EVERY_TYPE.to_owned(), texts.get("ui-every-type"));
            std::iter::once(every).chain(types()).collect()
        }
        Meaning::Field(_) => own(type_of(signed, field, entries)?, false),
        Meaning::NumberField => {
            let of = type_of(signed, field, entries)?;
            let mut all = own(of, true);
            let parts = signed.catalog.types();
            for part in parts.filter(|part| part.whole().is_some_and(|(whole, _)| whole == of.name))
            {
                let before = texts.type_label(&part.name);
                all.extend(own(part, true).into_iter().map(|(name, label)| {
                    (format!("{}.{name}", part.name), format!("{before}: {label}"))
                }));
            }
            all
        }
        Meaning::Measure(_) => {
            let of = type_of(signed, field, entries)?;
            let labelled = |name: &str| (name.to_owned(), measure_label(texts, of, name));
            measures(of).map(labelled).collect()
        }
        Meaning::Condition(_) | Meaning::List(_) | Meaning::FieldValues => return None,
    })
}

/// What records of a type are measured by, as people say it.
pub(super) fn measure_label(texts: &Texts, of: &RecordType, name: &str) -> String {
    match of.field(name) {
        Some(field) => texts.field_label(of, field),
        None if name == COMPLAINTS => texts.get("measure-complaints"),
        None => name.to_owned(),
    }
}

/// How the rest of a form follows what is chosen in it.
pub(super) struct Follows(Option<String>);

impl Follows {
    pub(super) fn of(described: &RecordType) -> Self {
        Self(changes(described).then(|| format!("/{}/form", described.name)))
    }

    /// Where a control asks for the form anew.
    pub(super) fn address(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// The control of a field whose text stands for more than words; `None` where it is an ordinary one.
pub(super) fn meaning_control(
    signed: &SignedIn,
    described: &RecordType,
    (field, entries): (&Field, &Entries),
    (id, required, message): (&str, bool, Option<&str>),
) -> Option<Markup> {
    let meaning = field.means?;
    let text = entries.text(&field.name);
    if let Meaning::Condition(_) = meaning {
        let of = type_of(signed, field, entries);
        return Some(match of {
            Some(of) => condition(signed, described, of, (field, entries)),
            None => without_type(signed, (id, message), described, (field, entries)),
        });
    }
    let offered = offered(signed, field, entries)?;
    let is_known = text.is_empty() || offered.iter().any(|(value, _)| value == text);
    let follows = Follows::of(described);
    let by = follows
        .address()
        .filter(|_| matches!(meaning, Meaning::RecordType | Meaning::AnyRecordType));
    Some(html! {
        select class="form-select" id=(id) name=(field.name) required[required]
            aria-invalid=[message.map(|_| "true")] aria-describedby=[message]
            hx-post=[by] hx-trigger=[by.map(|_| "change")] hx-include="closest form"
            hx-target="closest .card-body" hx-select="form[data-draft] > .card-body" hx-swap="outerHTML" {
            option value="" { "\u{2014}" }
            @if !is_known { option value=(text) selected { (text) } }
            @for (value, label) in &offered { option value=(value) selected[value == text] { (label) } }
        }
    })
}

/// Conditions put together as those of a segment.
fn condition(
    signed: &SignedIn,
    described: &RecordType,
    of: &RecordType,
    (field, entries): (&Field, &Entries),
) -> Markup {
    let label = signed.texts.field_label(described, field);
    let form = Builder::new(signed, signed.catalog.clone(), Vec::new());
    let form = form.sent_to(format!("/{}/form", described.name));
    html! {
        fieldset {
            legend { (label) }
            @match group_of(entries, &field.name) {
                Ok(group) => {
                    input type="hidden" name=(kept_name(&field.name)) value=(kept_text(entries, &field.name));
                    (form.whole(of, &group))
                }
                // Whoever cannot read it must not lose it either.
                Err(_) => input class="form-control" name=(field.name) value=(entries.text(&field.name)) aria-label=(label);
            }
        }
    }
}

/// Conditions where no type, or every one, is chosen: what they say stays until somebody takes it away.
fn without_type(
    signed: &SignedIn,
    (id, message): (&str, Option<&str>),
    described: &RecordType,
    (field, entries): (&Field, &Entries),
) -> Markup {
    let text = match is_put_together(entries) {
        true => condition_text(&Group::sent(entries), kept_text(entries, &field.name)),
        false => entries.text(&field.name).to_owned(),
    };
    let hint = html! { p class="gx-muted mb-0" { (signed.texts.get("form-type-first")) } };
    html! {
        @if text.is_empty() { div id=(id) { (hint) } }
        @else {
            label class="form-label" for=(id) { (signed.texts.field_label(described, field)) }
            input class="form-control" id=(id) name=(field.name) value=(text)
                aria-invalid=[message.map(|_| "true")] aria-describedby=[message];
            (hint)
        }
    }
}

/// The conditions that a form holds: as they are being put together, or as they are kept.
fn group_of(entries: &Entries, name: &str) -> Result<Group> {
    if is_put_together(entries) {
        return Ok(Group::sent(entries));
    }
    let text = entries.text(name);
    let filter = conditions::parse(text)?;
    Ok(if text.is_empty() { Group::default() } else { Group::of(&filter) })
}

/// Under which name a form of conditions carries their text as it is kept.
pub(super) fn kept_name(name: &str) -> String {
    format!("{name}.kept")
}

/// The text of the conditions of a form as it is kept.
pub(super) fn kept_text<'a>(entries: &'a Entries, name: &str) -> &'a str {
    match is_put_together(entries) {
        true => entries.text(&kept_name(name)),
        false => entries.text(name),
    }
}

/// Conditions that were put together as a text: as they are kept, where they say the same.
pub(super) fn condition_text(group: &Group, kept: &str) -> String {
    let filter = group.filter();
    match conditions::parse(kept) {
        Ok(known) if known == filter => kept.to_owned(),
        _ => conditions::written(&filter),
    }
}

/// Refuses conditions that are not complete: without them more records would be meant.
pub(super) fn is_complete(
    group: &Group,
    field: &str,
    of: &str,
) -> std::result::Result<(), Refusal> {
    let Some(path) = group.unfinished() else { return Ok(()) };
    let refusal = Refusal::field("condition-not-complete", field).with("name", path);
    Err(refusal.with("field_of", format!("{of}.{path}")))
}

/// Whether a form holds conditions that are put together, not typed.
pub(super) fn is_put_together(entries: &Entries) -> bool {
    !entries.text("c.join").is_empty()
}

/// The form with what was chosen so far, after a button of it was pressed.
pub(crate) async fn refresh_form(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    Posted(sent): Posted<Params>,
) -> Response {
    let outcome: Result<Response> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let mut entries = Entries::sent(sent);
        if is_put_together(&entries) {
            let mut group = Group::sent(&entries);
            group.act(entries.text("do"));
            group.enter(&mut entries);
        }
        let purpose = match entries.text("form_id") {
            "" => guanxi_store::Purpose::Create,
            _ => guanxi_store::Purpose::Change,
        };
        signed.actor.rights.scope(&record_type, purpose).ok_or(guanxi_base::Error::Forbidden)?;
        if entries.text("form_id").is_empty() {
            return Ok(show_new(&app, &signed, &described, (&entries, &html! {}), &[]));
        }
        let id = parse_id(entries.text("form_id"))?;
        let mut view = app.store.read(&signed.actor).await?;
        let title =
            view.row(&record_type, id, guanxi_store::Purpose::Change).await?.title(&described);
        drop(view);
        let version = entries.text("version").parse().unwrap_or(0);
        let edit = Edit { described: &described, id, title, version, notices: html! {} };
        Ok(edit.show(&app, &signed, &entries, &[], None))
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// What a line takes from the product that was chosen: its controls, to be put in place of those that are
/// there.
pub(crate) async fn fill_line(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    Posted(params): Posted<Params>,
) -> Response {
    let outcome: Result<Html<String>> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let id = |name: &str| -> Option<RawId> {
            params::one(&params, &format!("{name}.id")).and_then(|text| text.parse().ok())
        };
        let Some(product) = id("product") else { return Ok(Html(String::new())) };
        let whole = described.part_of.and_then(id);
        let mut view = app.store.read(&signed.actor).await?;
        let brought = taken(&mut view, &described, (product, whole)).await?;
        drop(view);
        let mut values = vec![guanxi_record::Value::Null; described.fields.len()];
        for (name, value) in &brought {
            if let Some(place) = described.position(name) {
                values[place] = value.clone();
            }
        }
        let entries = Entries::of(&described, &values, &Titles::new());
        let shown = described.fields.iter().filter(|field| {
            brought.iter().any(|(name, _)| *name == field.name)
                && signed.actor.rights.writes(&described.name, &field.name)
                && params.iter().any(|(name, _)| *name == field.name)
        });
        let controls = html! {
            @for field in shown {
                div hx-swap-oob=(format!("innerHTML:#control-{}", field.name)) {
                    (labelled(&signed, &described, field, &entries, None))
                }
            }
        };
        Ok(Html(controls.into_string()))
    }
    .await;
    answer(&app, &signed, outcome)
}
