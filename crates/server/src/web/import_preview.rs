//! The preview of the import wizard: what would come of a file, which lines would be refused and why,
//! and what a person is to decide before anything is written.

use std::collections::BTreeSet;

use axum::response::Html;
use guanxi_base::{Refusal, Result};
use guanxi_crm::exchange::{
    self, Decision, FileRow, Given, Mapping, Notice, Plan, Progress, RecordMapping, RefusedLine,
    Run, Source, Twins, WithoutKey, Written, lacks_status, status_to_ask,
};
use guanxi_record::RecordType;
use guanxi_store::Titles;
use maud::{Markup, html};

use super::fields::Entries;
use super::import_columns::nobody_s;
use super::import_decisions::decisions;
use super::import_refused::Refused;
use super::imports::wizard;
use super::layout::icon;
use super::once::key_control;
use super::{cells, format};
use crate::app::App;
use crate::signed_in::SignedIn;
use crate::upload::OnDisk;

/// So many lines are shown as they would be written.
const LINES_WRITTEN: usize = 3;
/// So many customers of names that are there are named.
const TWINS_NAMED: usize = 10;
/// The answers to "there is a customer of this name".
pub(super) const TWINS: [(&str, Twins); 4] = [
    ("ask", Twins::Ask),
    ("update", Twins::Update),
    ("make", Twins::Make),
    ("leave_out", Twins::LeaveOut),
];

/// What would come of an import.
pub(super) struct Preview {
    mapping: Mapping,
    progress: Progress,
    refused: Refused,
    decisions: Vec<Decision>,
    /// What a person must decide before anything can be said about the lines.
    unsettled: Vec<Refusal>,
    /// Names of customers that are there.
    twins: Vec<String>,
    /// The first lines as they would be written.
    first: Vec<Written>,
}

impl Preview {
    /// How many lines would make a customer of a name that is there.
    fn twins(&self) -> u64 {
        self.progress.reasons.get("twin-there").copied().unwrap_or(0)
    }

    /// The first record of the mapping of which nothing says whether it counts.
    fn without_status(&self, app: &App) -> Option<&RecordMapping> {
        let catalog = app.store.catalog();
        self.mapping.records.iter().find(|record| lacks_status(&catalog, record))
    }
}

pub(super) async fn preview(
    app: &App,
    signed: &SignedIn,
    file: &OnDisk,
    mapping: Mapping,
) -> Result<Preview> {
    let (catalog, hints, known) = (app.store.catalog(), mapping.hints(), mapping.clone());
    let today = app.store.clock().now().to_zoned(guanxi_base::TimeZone::UTC).date();
    let plan = file.look(move |path| {
        let plan = Plan::new(&catalog, &known, Source::open(path, &hints)?, None, today)?;
        let (mut source, mut rows) = (Source::open(path, &hints)?, Vec::new());
        let mut row = FileRow::default();
        while rows.len() < LINES_WRITTEN && source.next_row(&mut row)? {
            rows.push(row.clone());
        }
        let first = plan.written(&rows);
        Ok((plan, first))
    });
    let (plan, first) = plan.await?;
    let (decisions, unsettled) = (plan.decisions.clone(), plan.unsettled());
    let mut refused = Refused::default();
    let mut twins = Vec::new();
    if !unsettled.is_empty() {
        let progress = Progress { lines: plan.lines, ..Progress::default() };
        return Ok(Preview { mapping, progress, refused, decisions, unsettled, twins, first });
    }
    let watch = |_: &Progress, lines: &[RefusedLine]| {
        for line in lines {
            refused.add(line);
        }
        let some =
            lines.iter().flat_map(|line| &line.refusals).filter(|one| one.code == "twin-there");
        let names = some.flat_map(|twin| twin.args.iter().filter(|(name, _)| *name == "value"));
        let mut seen: BTreeSet<String> = twins.iter().cloned().collect();
        let new = names.map(|(_, value)| value.clone()).filter(|name| seen.insert(name.clone()));
        let room = TWINS_NAMED - twins.len().min(TWINS_NAMED);
        let new: Vec<String> = new.take(room).collect();
        twins.extend(new);
    };
    let job = app.store.new_id();
    let (store, actor) = (&app.store, &signed.actor);
    let progress =
        exchange::import(store, actor, job, file.path(), &mapping, Run::Dry, watch).await?;
    let decisions = decisions.into_iter().chain(progress.identical()).collect();
    Ok(Preview { mapping, progress, refused, decisions, unsettled, twins, first })
}

/// The preview: one form, so that what is chosen in it goes with whatever button is pressed.
pub(super) fn preview_step(
    app: &App,
    signed: &SignedIn,
    entries: &Entries,
    toml: &str,
    preview: &Preview,
) -> Html<String> {
    let texts = signed.texts;
    let number = |count: u64| format::number(texts.locale(), &count.to_string());
    let (lines, refused) = (number(preview.progress.lines), number(preview.progress.refused));
    let without_status = preview.without_status(app);
    let may_start = preview.progress.writes_anything() && without_status.is_none();
    let content = html! {
        form class="card" method="post" action="/import/preview" {
            (carried(entries, toml))
            (key_control(&signed.form_key.to_string()))
            input type="hidden" name="use" value="decide";
            div class="card-body gx-stack" {
                // What Enter in a field means.
                button class="visually-hidden" type="submit" tabindex="-1" aria-hidden="true" { (texts.get("import-decide")) }
                @if entries.text("again") == "true" {
                    p class="alert alert-info" role="status" { (texts.get("import-decided-now")) }
                }
                @for question in &preview.unsettled {
                    p class="alert alert-danger" role="alert" { (asked(signed, question)) }
                }
                @if preview.unsettled.is_empty() {
                    p { (texts.format("import-preview", &[("lines", &lines), ("refused", &refused)])) }
                    (counts_table(signed, &preview.progress))
                }
                (nobody_s(app, signed, &preview.mapping))
                (first_records(signed, &preview.first))
                (decisions(signed, &preview.decisions))
                (told(signed, &preview.progress))
                @if let Some(record) = without_status { (status_question(signed, record)) }
                (without_key_question(signed, preview))
                (twins_question(signed, preview))
                (preview.refused.markup(app, signed))
                @if preview.unsettled.is_empty() && !preview.progress.writes_anything() {
                    p class="alert alert-warning" role="alert" { (texts.get("import-nothing-to-do")) }
                }
            }
            div class="card-footer d-flex gap-2 flex-wrap" {
                button class="btn" type="submit" formaction="/import/columns" { (icon("arrow-left")) (texts.get("import-back")) }
                @if may_start {
                    input class="form-control w-auto flex-fill" name="save_as" aria-label=(texts.get("import-save-as"))
                        placeholder=(texts.get("import-save-as"));
                    button class="btn btn-primary" type="submit" formaction="/import/start" { (icon("file-import")) (texts.get("import-start")) }
                }
                a class="btn" href="/import" { (texts.get("ui-cancel")) }
            }
        }
    };
    wizard(app, signed, 2, &content)
}

/// The first lines as they would be written: whoever sees names where numbers should be goes back.
fn first_records(signed: &SignedIn, first: &[Written]) -> Markup {
    let texts = signed.texts;
    let types: BTreeSet<&str> = first.iter().map(|one| one.record_type.as_str()).collect();
    html! {
        @for of in types {
            @if let Ok(described) = signed.catalog.get(of) {
                @let rows: Vec<&Written> = first.iter().filter(|one| one.record_type == of).collect();
                @let names: Vec<&String> = rows.iter().take(1).flat_map(|one| &one.fields).map(|(name, _)| name).collect();
                @let label = texts.format("import-first-records", &[("type", &texts.type_plural(of))]);
                h2 { (label) }
                div class="table-responsive" tabindex="0" role="region" aria-label=(label) {
                    table class="table gx-table" data-first-records {
                        thead { tr {
                            th { (texts.get("import-error-line")) }
                            @for name in &names { th { (column_label(signed, described, name)) } }
                        } }
                        tbody {
                            @for row in rows {
                                tr {
                                    td data-label=(texts.get("import-error-line")) { (row.line) }
                                    @for (name, given) in &row.fields {
                                        td data-label=(column_label(signed, described, name)) {
                                            (given_value(signed, described, name, given))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a field, or a part of an address, is called.
fn column_label(signed: &SignedIn, described: &RecordType, name: &str) -> String {
    let texts = signed.texts;
    match (described.field(name), name.split_once('.')) {
        (Some(field), _) => texts.field_label(described, field),
        (None, Some((_, part))) => texts.get(&format!("address.{part}")),
        _ => name.to_owned(),
    }
}

fn given_value(signed: &SignedIn, described: &RecordType, name: &str, given: &Given) -> Markup {
    match (given, described.field(name)) {
        (Given::Value(value), Some(field)) => {
            cells::value(signed, described, field, value, &Titles::new())
        }
        (Given::Text(text), _) => html! { (text) },
        _ => html! { "\u{2014}" },
    }
}

/// What must be decided, as a person is asked who has the control before them.
fn asked(signed: &SignedIn, question: &Refusal) -> String {
    let key = format!("import-asked-{}", question.code);
    let args: Vec<(&str, &str)> =
        question.args.iter().map(|(name, text)| (*name, text.as_str())).collect();
    match signed.texts.format(&key, &args) {
        unknown if unknown == key => signed.texts.refusal(question),
        said => said,
    }
}

/// What all the records are, where no column says it and they would else be drafts: those count nowhere.
fn status_question(signed: &SignedIn, record: &RecordMapping) -> Markup {
    let texts = signed.texts;
    let Some(field) = status_to_ask(&signed.catalog, record) else { return html! {} };
    let Ok(described) = signed.catalog.get(&record.record_type) else { return html! {} };
    let label = texts.field_label(described, field);
    let given = [("type", texts.type_plural(&described.name)), ("field", label)];
    let given = [("type", given[0].1.as_str()), ("field", given[1].1.as_str())];
    html! {
        div class="alert alert-warning" role="group" aria-label=(given[1].1) id="status-question" {
            p { (texts.format("import-status-asked", &given)) }
            div class="d-flex gap-2 flex-wrap" {
                @for code in field.kind.options() {
                    button class="btn" type="submit" name="status" value=(code) {
                        (texts.option_label(described, field, code))
                    }
                }
            }
        }
    }
}

/// What the next step needs to know.
pub(super) fn carried(entries: &Entries, toml: &str) -> Markup {
    html! {
        @for name in ["file", "name"] {
            input type="hidden" name=(name) value=(entries.text(name));
        }
        input type="hidden" name="mapping" value=(toml);
    }
}

fn counts_table(signed: &SignedIn, progress: &Progress) -> Markup {
    let texts = signed.texts;
    html! {
        @let heads = ["import-created", "import-updated", "import-unchanged", "import-repeated"].map(|key| texts.get(key));
        div class="table-responsive" { table class="table gx-table" {
            thead { tr {
                th { (texts.get("import-type")) }
                @for head in &heads { th class="gx-number" { (head) } }
            } }
            tbody {
                @for (name, counts) in &progress.counts {
                    @let left = counts.repeated + counts.left_out;
                    tr {
                        td data-label=(texts.get("import-type")) { (texts.type_plural(name)) }
                        @for (number, head) in [counts.created, counts.updated, counts.as_they_were(), left].iter().zip(&heads) {
                            td class="gx-number" data-label=(head) { (format::number(texts.locale(), &number.to_string())) }
                        }
                    }
                }
            }
        } }
    }
}

/// What is done otherwise than a line says.
pub(super) fn told(signed: &SignedIn, progress: &Progress) -> Markup {
    let texts = signed.texts;
    html! {
        @for (code, count) in &progress.told {
            @let of_code = progress.notices.iter().filter(|notice| notice.code == *code);
            @let some = of_code.take(5).map(|Notice { value, line, .. }| match code.as_str() {
                // The line that makes nothing, and the first that is equal to it.
                "identical" | "identical-made" => format!("{line} ({value})"),
                _ => format!("{value} ({line})"),
            });
            p class="alert alert-info" {
                (texts.format(&format!("import-told-{code}"), &[
                    ("count", &count.to_string()),
                    ("some", &some.collect::<Vec<_>>().join(", "))]))
            }
        }
    }
}

/// Customers of names that are there: a person says once for all what is to be done.
fn twins_question(signed: &SignedIn, preview: &Preview) -> Markup {
    let texts = signed.texts;
    let count = preview.twins();
    let names = preview.twins.join(", ");
    html! {
        @if count > 0 {
            div class="alert alert-warning" role="group" {
                p { (texts.format("import-twins", &[("count", &count.to_string()), ("names", &names)])) }
                div class="d-flex gap-2 flex-wrap" {
                    @for (code, twins) in TWINS {
                        @if twins != Twins::Ask {
                            button class="btn" type="submit" name="twins" value=(code) {
                                (texts.get(&format!("import-twins-{code}")))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Lines that lack the field by which a record is known: they are refused, or have no such record.
fn without_key_question(signed: &SignedIn, preview: &Preview) -> Markup {
    let texts = signed.texts;
    let lacking = preview.progress.reasons.get("match-empty").copied().unwrap_or(0);
    html! {
        @for (at, record) in preview.mapping.records.iter().enumerate() {
            @let is_absent = record.without_key == WithoutKey::Absent;
            @if !record.match_fields.is_empty() && (is_absent || lacking > 0) {
                @let described = signed.catalog.get(&record.record_type).ok();
                @let labels = record.match_fields.iter().map(|name| described.map_or_else(|| name.clone(), |of| column_label(signed, of, name)));
                @let fields = labels.collect::<Vec<_>>().join(" + ");
                @let kind = texts.type_label(&record.record_type);
                @let given = [("field", fields.as_str()), ("type", kind.as_str())];
                @let (said, answer, class) = match is_absent {
                    true => ("import-without-key-is-absent", "refuse", "alert-info"),
                    false => ("import-without-key", "absent", "alert-warning"),
                };
                div class={ "alert " (class) } role="group" {
                    p { (texts.format(said, &given)) }
                    button class="btn" type="submit" name="without_key" value=(format!("{at}={answer}")) {
                        (texts.format(&format!("import-without-key-{answer}"), &given))
                    }
                }
            }
        }
    }
}
