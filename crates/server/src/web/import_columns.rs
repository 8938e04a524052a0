//! The mapping step of the import wizard: a table of the file's columns, each with the field that
//! it fills; for what a table cannot say, the mapping as text.

use std::path::Path;

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::exchange::{
    Decision, FOUND_BY, FileRow, Layout, LayoutHints, Mapping, Mode, RecordMapping, Source,
    asks_for_twins, choice_of, found_by, required_not_mapped, status_to_ask, without_customer,
};
use guanxi_record::{Address, Field, Kind, RecordType};
use maud::{Markup, html};

use super::fields::Entries;
use super::import_choices::{ARCHIVED, MODES, REPEATS, Simple, simple};
use super::import_decisions::{OF_THE_LAYOUT, layout_decisions};
use super::import_preview::TWINS;
use crate::app::App;
use crate::signed_in::SignedIn;

/// So many rows are looked at to guess what a column holds.
const SAMPLE_ROWS: usize = 50;
/// So many are shown below each column's name.
const SHOWN_ROWS: usize = 3;

/// What the step shows.
pub(crate) struct MappingStep {
    pub(crate) headers: Vec<String>,
    pub(crate) sample: Vec<FileRow>,
    layout: Layout,
    /// How the file is read, each with what else could have been.
    decisions: Vec<Decision>,
    name: String,
    toml: String,
    /// What a table can say; none when the mapping says more.
    simple: Option<Simple>,
    /// What was chosen for each column, where that is no mapping yet.
    chosen: Vec<String>,
}

/// A field, or a part of one, that a column may fill.
struct Choice {
    name: String,
    label: String,
}

impl MappingStep {
    /// Reads the head of a file and its first rows.
    pub(crate) fn read(path: &Path, hints: LayoutHints) -> Result<Self> {
        let mut source = Source::open(path, &hints)?;
        let mut sample = Vec::new();
        let mut row = FileRow::default();
        while sample.len() < SAMPLE_ROWS && source.next_row(&mut row)? {
            sample.push(row.clone());
        }
        let (headers, layout) = (source.headers.clone(), source.layout.clone());
        let is_of_it = |one: &&Decision| OF_THE_LAYOUT.contains(&one.what.code());
        let decisions = source.decisions.iter().filter(is_of_it).cloned().collect();
        let (name, toml) = (String::new(), String::new());
        let (simple, chosen) = (None, Vec::new());
        Ok(Self { headers, layout, decisions, sample, name, toml, simple, chosen })
    }

    /// Shows what a form chose, though it cannot be.
    pub(crate) fn keep(&mut self, entries: &Entries) {
        let columns = 0..self.headers.len();
        self.chosen = columns.map(|at| entries.text(&format!("column.{at}")).to_owned()).collect();
    }

    /// What the file is called, and the mapping that is shown.
    pub(crate) fn say(&mut self, app: &App, name: &str, toml: String) {
        self.simple = simple(app, &toml);
        (self.name, self.toml) = (name.to_owned(), toml);
    }

    pub(crate) fn markup(
        &self,
        app: &App,
        signed: &SignedIn,
        file: RawId,
        problem: Option<&Error>,
    ) -> Markup {
        let texts = signed.texts;
        let delimiter = match self.layout.delimiter {
            b'\t' => "tab".to_owned(),
            other => char::from(other).to_string(),
        };
        html! {
            form class="card" method="post" action="/import/preview" {
                div class="card-body gx-stack" {
                    input type="hidden" name="file" value=(file);
                    input type="hidden" name="name" value=(self.name);
                    p class="m-0" {
                        strong { (self.name) } " "
                        @if !self.layout.is_workbook {
                            span class="gx-muted" {
                                (texts.format("import-layout", &[
                                    ("encoding", self.layout.encoding.name()),
                                    ("delimiter", &delimiter)]))
                            }
                        }
                    }
                    (layout_decisions(signed, &self.decisions))
                    (problems(app, signed, problem))
                    @if let Some(simple) = &self.simple {
                        @if problem.is_none() { (warning(app, signed, &simple.mapping)) }
                        (self.table(signed, simple))
                        (self.choices(signed, simple))
                    }
                    details open[self.simple.is_none()] {
                        summary class="btn" { (texts.get("import-as-text")) }
                        label class="form-label mt-3" for="mapping" { (texts.get("import-mapping")) }
                        textarea class="form-control font-monospace" id="mapping" name="mapping"
                            rows="18" spellcheck="false" { (self.toml) }
                        p class="gx-muted" { (texts.get("import-mapping-help")) }
                        @if self.simple.is_some() {
                            button class="btn" type="submit" name="use" value="text" {
                                (texts.get("import-use-text"))
                            }
                        }
                    }
                }
                div class="card-footer" {
                    @let way = if self.simple.is_some() { "table" } else { "text" };
                    button class="btn btn-primary" type="submit" name="use" value=(way) {
                        (texts.get("import-next"))
                    }
                }
            }
        }
    }

    fn table(&self, signed: &SignedIn, simple: &Simple) -> Markup {
        let texts = signed.texts;
        let record = &simple.mapping.records[0];
        let fields = fillable(signed, &simple.described);
        let filled_by = |at: usize, header: &str| -> String {
            if let Some(chosen) = self.chosen.get(at) {
                return chosen.clone();
            }
            let mut pairs = record.fields.iter();
            let found = pairs.find(|(_, source)| source.is_from(at, header));
            found
                .map(|(name, source)| choice_of(&simple.described, name, source))
                .unwrap_or_default()
        };
        let shown = |at: usize| {
            let cells = self.sample.iter().take(SHOWN_ROWS).filter_map(|row| row.get(at));
            cells.filter(|cell| !cell.trim().is_empty()).collect::<Vec<_>>().join(" \u{b7} ")
        };
        html! {
            input type="hidden" name="record_type" value=(record.record_type);
            div class="table-responsive" { table class="table gx-table" {
                thead { tr {
                    th { (texts.get("import-column")) }
                    th { (texts.get("import-sample")) }
                    th { (texts.get("import-field")) }
                } }
                tbody {
                    @for (at, header) in self.headers.iter().enumerate() {
                        @let chosen = filled_by(at, header);
                        tr {
                            td data-label=(texts.get("import-column")) { (header) }
                            td data-label=(texts.get("import-sample")) class="gx-muted" { (shown(at)) }
                            td data-label=(texts.get("import-field")) {
                                select class="form-select" name=(format!("column.{at}"))
                                    aria-label=(format!("{}: {header}", texts.get("import-field"))) {
                                    option value="" { (texts.get("import-ignore")) }
                                    @for field in &fields {
                                        option value=(field.name)
                                            selected[chosen == field.name] {
                                            (field.label)
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            } }
        }
    }

    fn choices(&self, signed: &SignedIn, simple: &Simple) -> Markup {
        let texts = signed.texts;
        let described = &simple.described;
        let record = &simple.mapping.records[0];
        let keys =
            described.fields.iter().filter(|field| is_fillable(field) && field.kind.is_text());
        html! {
            div class="gx-form" {
                div {
                    label class="form-label" for="match" { (texts.get("import-match")) }
                    select class="form-select" id="match" name="match" aria-describedby="match-help" {
                        option value="" { (texts.get("import-match-none")) }
                        @for field in keys {
                            option value=(field.name) selected[record.match_fields.iter().any(|n| *n == field.name)] {
                                (texts.field_label(described, field))
                            }
                        }
                    }
                    p class="gx-muted mt-1" id="match-help" { (texts.get("import-match-help")) }
                }
                (select(signed, "mode", "import-mode", MODES.map(|(code, one)| (code, record.mode == one))))
                (select(signed, "archived", "import-archived", ARCHIVED.map(|(code, one)| (code, record.archived == one))))
                (select(signed, "on_repeat", "import-on-repeat", REPEATS.map(|(code, one)| (code, record.on_repeat == one))))
                (status(signed, record))
                @if asks_for_twins(record) {
                    div {
                        label class="form-label" for="twins" { (texts.get("import-twins-label")) }
                        select class="form-select" id="twins" name="twins" {
                            @for (code, twins) in TWINS {
                                option value=(code) selected[record.twins == twins] {
                                    (texts.get(&format!("import-twins-{code}")))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A choice of one of some codes, each with the text of its key.
fn select(
    signed: &SignedIn,
    name: &str,
    key: &str,
    options: impl IntoIterator<Item = (&'static str, bool)>,
) -> Markup {
    let texts = signed.texts;
    html! {
        div {
            label class="form-label" for=(name) { (texts.get(key)) }
            select class="form-select" id=(name) name=(name) {
                @for (code, is_chosen) in options {
                    option value=(code) selected[is_chosen] { (texts.get(&format!("{key}-{code}"))) }
                }
            }
        }
    }
}

/// What all the records are, where no column says it and they would else be drafts.
fn status(signed: &SignedIn, record: &RecordMapping) -> Markup {
    let Some(field) = status_to_ask(&signed.catalog, record) else { return html! {} };
    let stated = record.fields.get("status").map(|source| source.rule());
    let is_by_column = stated.as_ref().is_some_and(|rule| rule.column.is_some());
    let Ok(described) = signed.catalog.get(&record.record_type) else { return html! {} };
    let stated = stated.and_then(|rule| rule.default).unwrap_or_default();
    html! {
        @if !is_by_column {
            div {
                label class="form-label" for="status" { (signed.texts.field_label(described, field)) }
                select class="form-select" id="status" name="status" {
                    option value="" { (signed.texts.get("import-decide-which")) }
                    @for code in field.kind.options() {
                        option value=(code) selected[*code == stated] {
                            (signed.texts.option_label(described, field, code))
                        }
                    }
                }
            }
        }
    }
}

fn is_fillable(field: &Field) -> bool {
    !field.read_only && !field.derived && field.kind != Kind::File
}

/// What a column may fill: the fields, and the parts of an address each on its own.
fn fillable(signed: &SignedIn, described: &RecordType) -> Vec<Choice> {
    let texts = signed.texts;
    let mut choices = Vec::new();
    for field in described.fields.iter().filter(|field| is_fillable(field)) {
        let mut label = texts.field_label(described, field);
        if field.kind == Kind::Address {
            for part in Address::PARTS.into_iter().filter(|part| *part != "street") {
                let of = texts.get(&format!("address.{part}"));
                let part_label = texts.format("ui-type-field", &[("type", &label), ("field", &of)]);
                choices.push(Choice { name: format!("{}.{part}", field.name), label: part_label });
            }
        }
        for by in found_by(field) {
            let Some(target) = guanxi_crm::exchange::target(field) else { continue };
            let of = texts.field_label(target, by);
            let label = texts.format("ui-type-field", &[("type", &label), ("field", &of)]);
            choices.push(Choice { name: format!("{}{FOUND_BY}{}", field.name, by.name), label });
        }
        if field.required && field.default.is_none() {
            label.push_str(" *");
        }
        choices.push(Choice { name: field.name.to_string(), label });
    }
    choices
}

/// Required fields without a column, where nothing could be made without them.
pub(crate) fn lacking(app: &App, mapping: &Mapping) -> Option<Vec<Refusal>> {
    let makes_only = |name: &str| {
        let is_it = |record: &&RecordMapping| record.record_type == name;
        let record = mapping.records.iter().find(is_it);
        record.is_some_and(|record| record.mode == Mode::Create || record.match_fields.is_empty())
    };
    let open = required_not_mapped(&app.store.catalog(), mapping);
    let open = open.into_iter().filter(|(name, _)| makes_only(name));
    let refusals: Vec<Refusal> = open.map(|(name, field)| not_mapped(&name, &field)).collect();
    (!refusals.is_empty()).then_some(refusals)
}

fn not_mapped(record_type: &str, field: &str) -> Refusal {
    let path = format!("{record_type}.{field}");
    Refusal::new("required-not-mapped").with("name", field).with("field_of", path)
}

/// What will be said of a mapping as it stands, before anybody goes on with it.
fn warning(app: &App, signed: &SignedIn, mapping: &Mapping) -> Markup {
    let open = required_not_mapped(&app.store.catalog(), mapping);
    html! {
        @for (name, field) in &open {
            p class="alert alert-warning m-0" {
                (signed.texts.refusal(&not_mapped(name, field)))
            }
        }
        (nobody_s(app, signed, mapping))
    }
}

/// That records will be nobody's: no column says whose they are.
pub(super) fn nobody_s(app: &App, signed: &SignedIn, mapping: &Mapping) -> Markup {
    html! {
        @for of in without_customer(&app.store.catalog(), mapping) {
            p class="alert alert-warning m-0" {
                (signed.texts.format("import-without-customer", &[("type", &signed.texts.type_plural(of))]))
            }
        }
    }
}

/// What a field, or an option of the file, is called.
pub(super) fn field_words(app: &App, signed: &SignedIn, field: &str) -> String {
    let texts = signed.texts;
    let of_the_file = super::import_decisions::DECIDED.contains(&field);
    match of_the_file || super::import_decisions::DECIDED_OF_COLUMNS.contains(&field) {
        true => texts.get(&format!("import-decision-{}", field.replace('_', "-"))),
        false => texts.typed_field(&app.store.catalog(), field),
    }
}

fn problems(app: &App, signed: &SignedIn, problem: Option<&Error>) -> Markup {
    let Some(Error::Refused(refusals)) = problem else { return html! {} };
    html! {
        div class="alert alert-danger" role="alert" {
            @for refusal in refusals {
                p class="m-0" {
                    @if let Some(field) = &refusal.field {
                        strong { (field_words(app, signed, field)) ": " }
                    }
                    (signed.texts.typed_refusal(&app.store.catalog(), refusal))
                }
            }
        }
    }
}
