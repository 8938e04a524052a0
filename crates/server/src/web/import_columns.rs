//! The mapping step of the import wizard: a table of the file's columns, each with the field that
//! it fills; for what a table cannot say, the mapping as text.

use std::path::Path;
use std::sync::Arc;

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::exchange::{
    Archived, FieldSource, FileRow, Layout, LayoutHints, Mapping, Mode, RecordMapping, Repeat,
    Rule, Source, asks_for_twins, required_not_mapped,
};
use guanxi_record::{Address, Field, Kind, RecordType};
use maud::{Markup, html};

use super::fields::Entries;
use super::import_decisions::DECIDED;
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
    name: String,
    toml: String,
    /// What a table can say; none when the mapping says more.
    simple: Option<Simple>,
}

/// A mapping of one record type by columns alone.
struct Simple {
    described: Arc<RecordType>,
    mapping: Mapping,
}

/// A field, or a part of one, that a column may fill.
struct Choice {
    name: String,
    label: String,
}

impl MappingStep {
    /// Reads the head of a file and its first rows.
    pub(crate) fn read(path: &Path, hints: Option<LayoutHints>) -> Result<Self> {
        let mut source = Source::open(path, &hints.unwrap_or_default())?;
        let mut sample = Vec::new();
        let mut row = FileRow::default();
        while sample.len() < SAMPLE_ROWS && source.next_row(&mut row)? {
            sample.push(row.clone());
        }
        let (headers, layout) = (source.headers.clone(), source.layout.clone());
        let (name, toml) = (String::new(), String::new());
        Ok(Self { headers, layout, sample, name, toml, simple: None })
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
        let filled_by = |at: usize, header: &str| {
            let is_here = |source: &FieldSource| match source.rule() {
                Rule { position: Some(position), .. } => position == at + 1,
                rule => rule.column.as_deref() == Some(header),
            };
            let mut pairs = record.fields.iter();
            pairs.find(|(_, source)| is_here(source)).map(|(name, _)| name)
        };
        let shown = |at: usize| {
            let cells = self.sample.iter().take(SHOWN_ROWS).filter_map(|row| row.get(at));
            cells.collect::<Vec<_>>().join(" \u{b7} ")
        };
        html! {
            input type="hidden" name="record_type" value=(record.record_type);
            table class="table gx-table" {
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
                                            selected[chosen.is_some_and(|name| *name == field.name)] {
                                            (field.label)
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
                div {
                    label class="form-label" for="mode" { (texts.get("import-mode")) }
                    select class="form-select" id="mode" name="mode" {
                        @for (code, mode) in MODES {
                            option value=(code) selected[record.mode == mode] {
                                (texts.get(&format!("import-mode-{code}")))
                            }
                        }
                    }
                }
                div {
                    label class="form-label" for="archived" { (texts.get("import-archived")) }
                    select class="form-select" id="archived" name="archived" {
                        @for (code, archived) in ARCHIVED {
                            option value=(code) selected[record.archived == archived] {
                                (texts.get(&format!("import-archived-{code}")))
                            }
                        }
                    }
                }
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

const MODES: [(&str, Mode); 3] =
    [("upsert", Mode::Upsert), ("create", Mode::Create), ("update", Mode::Update)];
const ARCHIVED: [(&str, Archived); 2] =
    [("refuse", Archived::Refuse), ("restore", Archived::Restore)];

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
    }
}

fn problems(app: &App, signed: &SignedIn, problem: Option<&Error>) -> Markup {
    let Some(Error::Refused(refusals)) = problem else { return html! {} };
    html! {
        div class="alert alert-danger" role="alert" {
            @for refusal in refusals {
                p class="m-0" {
                    @if let Some(field) = &refusal.field {
                        strong { (signed.texts.typed_field(&app.store.catalog(), field)) ": " }
                    }
                    (signed.texts.refusal(refusal))
                }
            }
        }
    }
}

/// The mapping as a table, if a table can say all of it.
fn simple(app: &App, toml: &str) -> Option<Simple> {
    let mapping = Mapping::parse(toml).ok()?;
    let [record] = mapping.records.as_slice() else { return None };
    let described = app.store.catalog().get(&record.record_type).ok()?.clone();
    let is_plain = |rule: &Rule| {
        let bare = Rule {
            column: rule.column.clone(),
            position: rule.position,
            find_by: rule.find_by.clone(),
            currency_column: rule.currency_column.clone(),
            ..Rule::default()
        };
        *rule == bare && (rule.column.is_some() || rule.position.is_some())
    };
    let plain = record.fields.values().all(|source| is_plain(&source.rule()));
    (plain && record.match_fields.len() < 2).then_some(Simple { described, mapping })
}

/// The mapping that a person chose: by the table, or as text; with their answer about customers
/// of names that are there.
pub(crate) fn chosen_mapping(app: &App, entries: &Entries, headers: &[String]) -> Result<String> {
    let text = entries.text("mapping").to_owned();
    if entries.text("use") == "decide" {
        return decided(entries, &text);
    }
    if entries.text("use") != "table" {
        return answered(entries, text);
    }
    let described = app.store.catalog().named(entries.text("record_type"))?.clone();
    // What the table does not show stays as the text has it.
    let mut mapping = Mapping::parse(&text)?;
    let Some(record) = mapping.records.first_mut() else {
        return Err(Refusal::new("mapping-empty").into());
    };
    record.fields.clear();
    for at in 0..headers.len() {
        let name = entries.text(&format!("column.{at}"));
        let source = match described.position(name) {
            Some(place) => FieldSource::of_column(&described.fields[place], headers, at),
            None if name.contains('.') => FieldSource::part_of_column(headers, at),
            None => continue,
        };
        record.fields.insert(name.to_owned(), source);
    }
    let key = entries.text("match");
    record.match_fields = if key.is_empty() { Vec::new() } else { vec![key.to_owned()] };
    let mode = MODES.iter().find(|(code, _)| *code == entries.text("mode"));
    record.mode = mode.map_or(Mode::Upsert, |(_, mode)| *mode);
    let archived = ARCHIVED.iter().find(|(code, _)| *code == entries.text("archived"));
    record.archived = archived.map_or(Archived::Refuse, |(_, archived)| *archived);
    record.on_repeat = Repeat::First;
    answer(entries, record);
    mapping.to_toml()
}

/// The mapping with what a person decided about the file.
fn decided(entries: &Entries, text: &str) -> Result<String> {
    let mut mapping = Mapping::parse(text)?;
    for matter in DECIDED {
        let choice = entries.text(&format!("decide.{matter}"));
        if entries.text(&format!("decided.{matter}")) != choice {
            mapping = mapping.stating(matter, choice)?;
        }
    }
    mapping.to_toml()
}

fn answered(entries: &Entries, text: String) -> Result<String> {
    if entries.text("twins").is_empty() {
        return Ok(text);
    }
    let Ok(mut mapping) = Mapping::parse(&text) else { return Ok(text) };
    mapping.records.iter_mut().for_each(|record| answer(entries, record));
    mapping.to_toml()
}

fn answer(entries: &Entries, record: &mut RecordMapping) {
    let twins = TWINS.iter().find(|(code, _)| *code == entries.text("twins"));
    if let Some((_, twins)) = twins.filter(|_| asks_for_twins(record)) {
        record.twins = *twins;
    }
}
