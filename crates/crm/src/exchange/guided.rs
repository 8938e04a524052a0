//! What a person who is led through an import is offered and asked: a mapping suggested anew where a file is
//! read otherwise, links by number where the file has numbers, and the status of sales that say none.

use std::collections::BTreeSet;

use guanxi_base::Result;
use guanxi_record::{
    Catalog, Default as FieldDefault, Field, Filter, Kind, Op, Query, RecordType, Value,
};
use guanxi_store::View;
use serde_json::json;

use super::mapping::{FieldSource, Mapping, Mode, RecordMapping, Rule};
use super::origin::Origin;
use super::plan::{Part, Plan};
use super::row::FileRow;
use super::suggest::{known_names, plain, suggest};

/// Stands between a link and the field by which its record is found: `customer#code`.
pub const FOUND_BY: char = '#';

/// The fields besides its name by which a linked record may be found: what only it has.
#[must_use]
pub fn found_by(field: &Field) -> Vec<&'static Field> {
    let Some(target) = target(field) else { return Vec::new() };
    let only = |one: &&Field| {
        one.unique && one.name != target.title && matches!(one.kind, Kind::Text | Kind::Email)
    };
    target.fields.iter().filter(only).collect()
}

/// The type that a field links to.
#[must_use]
pub fn target(field: &Field) -> Option<&'static RecordType> {
    let name = field.kind.link_target()?;
    crate::RECORD_TYPES.iter().find(|one| one.name == name).copied()
}

/// The source of a field that a person chose for a column: `name`, `address.city`, `customer#code`.
#[must_use]
pub fn chosen_source(
    described: &RecordType,
    headers: &[String],
    (at, choice): (usize, &str),
) -> Option<(String, FieldSource)> {
    let (name, by) = match choice.split_once(FOUND_BY) {
        Some((name, by)) => (name, Some(by)),
        None => (choice, None),
    };
    let Some(field) = described.field(name) else {
        let source = FieldSource::part_of_column(headers, at);
        return name.contains('.').then(|| (name.to_owned(), source));
    };
    let source = FieldSource::of_column(field, headers, at);
    Some((
        name.to_owned(),
        match by {
            Some(by) => FieldSource::Rule(Rule { find_by: Some(by.to_owned()), ..source.rule() }),
            None => source,
        },
    ))
}

/// The choice of a person that a source is.
#[must_use]
pub fn choice_of(described: &RecordType, name: &str, source: &FieldSource) -> String {
    let by = source.rule().find_by;
    let title = described.field(name).and_then(target).map(|target| target.title.as_ref());
    match by {
        Some(by) if Some(by.as_str()) != title => format!("{name}{FOUND_BY}{by}"),
        _ => name.to_owned(),
    }
}

/// How columns of a type are called, in either language: a row that has such names is the header.
#[must_use]
pub fn column_names(described: &RecordType) -> Vec<String> {
    known_names(described)
}

/// Whether a file with these columns has all that a mapping names, which names some.
#[must_use]
pub fn fits(mapping: &Mapping, headers: &[String]) -> bool {
    let sources = mapping.records.iter().flat_map(|record| record.fields.values());
    let named: Vec<String> = sources.filter_map(|source| source.rule().column).collect();
    !named.is_empty() && named.iter().all(|name| headers.contains(name))
}

/// A mapping for a file that is read otherwise than before: what was said of the file and of what is there
/// already stays; columns that are still there keep their fields, for the others it is suggested anew.
#[must_use]
pub fn suggest_again(
    catalog: &Catalog,
    mapping: &Mapping,
    headers: &[String],
    sample: &[FileRow],
) -> Mapping {
    if fits(mapping, headers) {
        return mapping.clone();
    }
    let mut again = mapping.clone();
    for record in &mut again.records {
        let Ok(described) = catalog.get(&record.record_type) else { continue };
        record.fields.retain(|_, source| {
            source.rule().column.is_none_or(|column| headers.contains(&column))
                && source.rule().position.is_none()
        });
        let taken: BTreeSet<String> =
            record.fields.values().filter_map(|source| source.rule().column).collect();
        let fresh = suggest(described, headers, sample);
        for suggested in fresh.records {
            if record.match_fields.is_empty() {
                record.match_fields = suggested.match_fields;
            }
            for (name, source) in suggested.fields {
                let is_free = source.rule().column.is_none_or(|column| !taken.contains(&column));
                if is_free && !record.fields.contains_key(&name) {
                    record.fields.insert(name, source);
                }
            }
        }
        let filled: Vec<String> = record.fields.keys().cloned().collect();
        record.match_fields.retain(|name| filled.contains(name));
    }
    again
}

/// Links by number where a column has numbers: by what is there already, and where nothing is, by how the
/// column is called.
///
/// # Errors
/// When the database fails.
pub async fn choose_keys(
    view: &mut View,
    described: &RecordType,
    mapping: &mut Mapping,
    (headers, sample): (&[String], &[FileRow]),
) -> Result<()> {
    let [record] = mapping.records.as_mut_slice() else { return Ok(()) };
    note_numbers(described, record, headers);
    for (name, source) in &mut record.fields {
        let Some(field) = described.field(name) else { continue };
        let (Some(target), rule) = (target(field), source.rule()) else { continue };
        if rule.find_by.is_none() {
            continue;
        }
        let at = rule
            .position
            .map(|position| position - 1)
            .or_else(|| headers.iter().position(|header| Some(header) == rule.column.as_ref()));
        let Some(at) = at else { continue };
        let cells = sample.iter().filter_map(|row| row.get(at)).map(str::trim);
        let cells: BTreeSet<String> =
            cells.filter(|cell| !cell.is_empty()).map(str::to_owned).collect();
        let now = rule.find_by.clone().unwrap_or_default();
        let mut best = (known(view, target, &now, &cells).await?, now.clone());
        for by in
            [target.title.as_ref()].into_iter().chain(found_by(field).iter().map(|f| &*f.name))
        {
            let number = known(view, target, by, &cells).await?;
            if number > best.0 {
                best = (number, by.to_owned());
            }
        }
        if best.1 != now {
            *source = FieldSource::Rule(Rule { find_by: Some(best.1), ..rule });
        }
    }
    Ok(())
}

/// A column that is called as the number of what a link leads to fills the link, if nothing else does.
fn note_numbers(described: &RecordType, record: &mut RecordMapping, headers: &[String]) {
    let is_used = |record: &RecordMapping, header: &String| {
        record.fields.values().any(|source| source.rule().column.as_ref() == Some(header))
    };
    for field in described.fields.iter().filter(|field| !field.read_only) {
        let Some(target) = target(field) else { continue };
        if record.fields.contains_key(&*field.name) {
            continue;
        }
        let words: Vec<String> =
            known_names(target).iter().map(|word| plain(word)).filter(|w| !w.is_empty()).collect();
        let of_target = [target.name.to_string(), known_label(target)];
        for by in found_by(field) {
            let names = super::suggest::names_of(target, &by.name);
            let column = headers.iter().position(|header| {
                let header_plain = plain(header);
                let says_whose = of_target.iter().any(|of| header_plain.contains(&plain(of)));
                says_whose
                    && names.contains(&header_plain)
                    && words.contains(&header_plain)
                    && !is_used(record, header)
            });
            if let Some(at) = column {
                let choice = format!("{}{FOUND_BY}{}", field.name, by.name);
                if let Some((name, source)) = chosen_source(described, headers, (at, &choice)) {
                    record.fields.insert(name, source);
                    break;
                }
            }
        }
    }
}

fn known_label(target: &RecordType) -> String {
    crate::text::Texts::of(crate::access::Locale::ZhCn).type_label(&target.name)
}

/// How many of these cells a field of a type has.
async fn known(
    view: &mut View,
    target: &RecordType,
    field: &str,
    cells: &BTreeSet<String>,
) -> Result<usize> {
    if cells.is_empty() || !view.actor().rights.asks(&target.name, field) {
        return Ok(0);
    }
    let all: Vec<&String> = cells.iter().collect();
    let query = Query::of(Filter::compare(field, Op::In, json!(all))).limited(Query::LIMIT_MAX);
    let described = view.catalog().named(&target.name)?.clone();
    let rows = view.list(&target.name, &query).await?.rows;
    let has: BTreeSet<String> =
        rows.iter().map(|row| row.value(&described, field).to_text()).collect();
    Ok(cells.intersection(&has).count())
}

/// The status that a person is asked for: of sales and the like that would else be drafts, which count
/// nowhere, though no column says what they are.
#[must_use]
pub fn status_to_ask<'a>(catalog: &'a Catalog, record: &RecordMapping) -> Option<&'a Field> {
    let described = catalog.get(&record.record_type).ok()?;
    let status = described.field("status")?;
    let is_draft = matches!(&status.default, Some(FieldDefault::Text(text)) if *text == "draft");
    (is_draft && record.mode != Mode::Update).then_some(status)
}

/// Whether nothing says what the records of a mapping are, of those that would else be drafts.
#[must_use]
pub fn lacks_status(catalog: &Catalog, record: &RecordMapping) -> bool {
    status_to_ask(catalog, record).is_some() && !record.fields.contains_key("status")
}

/// All records of a mapping have this status, as a person says.
pub fn state_status(catalog: &Catalog, mapping: &mut Mapping, code: &str) {
    for record in &mut mapping.records {
        let Some(status) = status_to_ask(catalog, record) else { continue };
        let is_known = status.kind.options().iter().any(|option| option == code);
        let source = record.fields.get("status").map(FieldSource::rule);
        let is_by_column = source.is_some_and(|rule| is_of_column(&rule));
        if is_known && !is_by_column {
            let rule = Rule { default: Some(code.to_owned()), ..Rule::default() };
            record.fields.insert("status".to_owned(), FieldSource::Rule(rule));
        }
    }
}

/// Whether a rule takes what a column has.
#[must_use]
pub fn is_of_column(rule: &Rule) -> bool {
    rule.column.is_some() || rule.position.is_some()
}

/// The types of a mapping whose records would be nobody's: sales and calls without a customer.
#[must_use]
pub fn without_customer<'a>(catalog: &Catalog, mapping: &'a Mapping) -> Vec<&'a str> {
    let lacks = |record: &&RecordMapping| {
        let described = catalog.get(&record.record_type);
        let link = described.ok().and_then(|described| described.field("customer"));
        link.is_some_and(|link| !link.read_only && !link.required)
            && record.mode != Mode::Update
            && !record.fields.contains_key("customer")
    };
    mapping.records.iter().filter(lacks).map(|record| record.record_type.as_str()).collect()
}

/// What a line gives to a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// This value.
    Value(Value),
    /// The record that is called so, or a part of an address.
    Text(String),
    /// Nothing: the line will be refused for it.
    Refused,
}

/// A record as a line would write it.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Where the line stands in the file.
    pub line: u64,
    /// Its type.
    pub record_type: String,
    /// Fields and parts of addresses, by name.
    pub fields: Vec<(String, Given)>,
}

impl Plan {
    /// Some lines as the records that they would write, before anything is looked up.
    #[must_use]
    pub fn written(&self, rows: &[FileRow]) -> Vec<Written> {
        let of_row = |row: &FileRow| -> Vec<Written> {
            let parts = self.parts.iter();
            parts.map(|part| self.written_by(part, row)).collect()
        };
        let readable = rows.iter().filter(|row| self.refusal(row).is_none());
        readable.flat_map(of_row).collect()
    }

    fn written_by(&self, part: &Part, row: &FileRow) -> Written {
        let text = |column: usize| row.get(column).unwrap_or_default().trim().to_owned();
        let mut fields = Vec::new();
        for (place, origin) in &part.fields {
            let given = match origin {
                Origin::Find { column, .. } => Given::Text(text(*column)),
                Origin::SameLine { .. } => continue,
                cell => match cell.value(part, *place, row, &self.formats) {
                    Ok(value) => Given::Value(value),
                    Err(_) => Given::Refused,
                },
            };
            fields.push((part.record_type.fields[*place].name.to_string(), given));
        }
        for (place, name, origin) in &part.address_parts {
            if let Origin::Cell { column: Some(column), .. } = origin {
                let field = &part.record_type.fields[*place].name;
                fields.push((format!("{field}.{name}"), Given::Text(text(*column))));
            }
        }
        let record_type = part.record_type.name.to_string();
        Written { line: row.place(), record_type, fields }
    }
}
