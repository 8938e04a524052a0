//! The mapping step of the import wizard: a table of the file's columns, each with the field that
//! it fills; for what a table cannot say, the mapping as text.

use std::path::Path;
use std::sync::Arc;

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::exchange::{FieldSource, FileRow, Mapping, Mode, Repeat, Rule, Source};
use guanxi_record::{Kind, RecordType};
use maud::{Markup, html};

use super::fields::Entries;
use crate::app::App;
use crate::signed_in::SignedIn;

/// So many rows are shown below each column's name.
const SAMPLE_ROWS: usize = 3;

/// What the step shows.
pub(crate) struct MappingStep {
    headers: Vec<String>,
    layout: guanxi_crm::exchange::Layout,
    sample: Vec<FileRow>,
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

impl MappingStep {
    pub(crate) fn of(app: &App, mut source: Source, name: &str, toml: String) -> Result<Self> {
        let mut sample = Vec::new();
        let mut row = FileRow::default();
        while sample.len() < SAMPLE_ROWS && source.next_row(&mut row)? {
            sample.push(row.clone());
        }
        let simple = simple(app, &toml);
        let (headers, layout) = (source.headers.clone(), source.layout.clone());
        Ok(Self { headers, layout, sample, name: name.to_owned(), toml, simple })
    }

    pub(crate) fn markup(&self, signed: &SignedIn, file: RawId, problem: Option<&Error>) -> Markup {
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
                    (problems(signed, problem))
                    @if let Some(simple) = &self.simple { (self.table(signed, simple)) }
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
        let described = &simple.described;
        let record = &simple.mapping.records[0];
        let fields: Vec<_> = described
            .fields
            .iter()
            .filter(|field| !field.read_only && field.kind != Kind::File)
            .collect();
        let filled_by = |at: usize, header: &str| {
            let is_here = |source: &FieldSource| match source.rule() {
                Rule { position: Some(position), .. } => position == at + 1,
                rule => rule.column.as_deref() == Some(header),
            };
            let mut pairs = record.fields.iter();
            pairs.find(|(_, source)| is_here(source)).map(|(name, _)| name)
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
                            td data-label=(texts.get("import-sample")) class="gx-muted" {
                                (self.sample.iter().filter_map(|row| row.get(at))
                                    .collect::<Vec<_>>().join(" \u{b7} "))
                            }
                            td data-label=(texts.get("import-field")) {
                                select class="form-select" name=(format!("column.{at}"))
                                    aria-label=(format!("{}: {header}", texts.get("import-field"))) {
                                    option value="" { (texts.get("import-ignore")) }
                                    @for field in &fields {
                                        option value=(field.name)
                                            selected[chosen.is_some_and(|name| *name == field.name)] {
                                            (texts.field_label(described, field))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            div class="gx-form" {
                div {
                    label class="form-label" for="match" { (texts.get("import-match")) }
                    select class="form-select" id="match" name="match" {
                        option value="" { (texts.get("import-match-none")) }
                        @for field in fields.iter().filter(|field| field.kind.is_text()) {
                            option value=(field.name) selected[record.match_fields.iter().any(|n| *n == field.name)] {
                                (texts.field_label(described, field))
                            }
                        }
                    }
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
            }
        }
    }
}

const MODES: [(&str, Mode); 3] =
    [("upsert", Mode::Upsert), ("create", Mode::Create), ("update", Mode::Update)];

fn problems(signed: &SignedIn, problem: Option<&Error>) -> Markup {
    let Some(Error::Refused(refusals)) = problem else { return html! {} };
    html! {
        div class="alert alert-danger" role="alert" {
            @for refusal in refusals {
                p class="m-0" {
                    @if let Some(field) = &refusal.field { strong { (field) ": " } }
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

/// The mapping that a person chose: by the table, or as text.
pub(crate) fn chosen_mapping(app: &App, entries: &Entries, file: &Path) -> Result<String> {
    let text = entries.text("mapping").to_owned();
    if entries.text("use") != "table" {
        return Ok(text);
    }
    let described = app.store.catalog().named(entries.text("record_type"))?.clone();
    // What the table does not show stays as the text has it.
    let mut mapping = Mapping::parse(&text)?;
    let headers = Source::open(file, &mapping.hints())?.headers;
    let Some(record) = mapping.records.first_mut() else {
        return Err(Refusal::new("mapping-empty").into());
    };
    record.fields.clear();
    for at in 0..headers.len() {
        let name = entries.text(&format!("column.{at}"));
        let Some(place) = described.position(name) else { continue };
        let source = FieldSource::of_column(&described.fields[place], &headers, at);
        record.fields.insert(name.to_owned(), source);
    }
    let key = entries.text("match");
    record.match_fields = if key.is_empty() { Vec::new() } else { vec![key.to_owned()] };
    let mode = MODES.iter().find(|(code, _)| *code == entries.text("mode"));
    record.mode = mode.map_or(Mode::Upsert, |(_, mode)| *mode);
    record.on_repeat = Repeat::First;
    mapping.to_toml()
}
