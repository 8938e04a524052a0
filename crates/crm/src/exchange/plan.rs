//! A mapping made ready for one file: names become places, and whatever does not fit is said
//! before the first line is read.

use std::path::Path;
use std::sync::Arc;

use guanxi_base::{Currency, Date, Error, RawId, Refusal, Result};
use guanxi_record::{Catalog, Kind, RecordType, Stored, Value};

use super::answers::{Archived, Identical, Twins};
use super::cell::Formats;
use super::columns::Columns;
use super::decisions::{Decision, Matter};
use super::mapping::{FieldSource, Mapping, Mode, Repeat, WithoutKey};
use super::origin::Origin;
use super::row::FileRow;
use super::source::Source;
use super::survey::Survey;
use super::table_rows::{self, Looking, TableRows};
use crate::people::{CollectionPoint, Formats as CollectedAs};

/// The records of one type that each line makes.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) record_type: Arc<RecordType>,
    /// Places of the fields by which a record is known.
    pub(crate) match_places: Vec<usize>,
    pub(crate) mode: Mode,
    pub(crate) on_repeat: Repeat,
    pub(crate) without_key: WithoutKey,
    pub(crate) archived: Archived,
    pub(crate) twins: Twins,
    pub(crate) identical: Identical,
    /// The first part of records of the same type that are known by the same fields.
    pub(crate) alike: usize,
    /// Place of the field, and where it comes from.
    pub(crate) fields: Vec<(usize, Origin)>,
    /// Parts of addresses: place of the field, name of the part, and where it comes from.
    pub(crate) address_parts: Vec<(usize, &'static str, Origin)>,
    /// What the collection point of the file asks of new records.
    pub(crate) asked: CollectedAs,
}

impl Part {
    /// Whether it links to records of the file itself, which may come later in it.
    pub(crate) fn has_later_links(&self) -> bool {
        self.fields.iter().any(|(_, origin)| matches!(origin, Origin::Find { later: true, .. }))
    }
}

/// A mapping made ready for one file.
#[derive(Debug)]
pub struct Plan {
    pub(crate) parts: Vec<Part>,
    /// How dates, numbers and money are read, where a column has no formats of its own.
    pub formats: Formats,
    /// What was decided about the file, from all of it.
    pub decisions: Vec<Decision>,
    /// How many rows it has below its header.
    pub lines: u64,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Rows that are no records.
    pub(crate) rows: TableRows,
    /// How it is encoded, if it is a text.
    pub(crate) encoding: Option<&'static encoding_rs::Encoding>,
}

/// What a file would be read as.
///
/// # Errors
/// As `Plan::new`, and for a file that cannot be read.
pub fn examine(catalog: &Catalog, mapping: &Mapping, path: &Path, today: Date) -> Result<Plan> {
    let source = Source::open(path, &mapping.hints())?;
    Plan::new(catalog, mapping, source, None, today)
}

impl Plan {
    /// Makes a mapping ready, and reads the whole file once: what is broken is refused before
    /// anything is written, and what can be read in several ways is decided. `today` says what
    /// years of two digits mean.
    ///
    /// # Errors
    /// Refusals for everything in the mapping that does not fit the file or the record types, and
    /// for what is wrong with the file. What must be told is no error here: see `unsettled`.
    pub fn new(
        catalog: &Catalog,
        mapping: &Mapping,
        mut source: Source,
        collection_point: Option<&Stored<CollectionPoint>>,
        today: Date,
    ) -> Result<Self> {
        let titles = std::mem::take(&mut source.titles);
        let columns = Columns { headers: source.headers.clone(), titles, today };
        let mut refusals = Vec::new();
        let mut parts: Vec<Part> = Vec::new();
        for record in &mapping.records {
            match part(catalog, record, &columns, &parts, mapping) {
                Ok(part) => parts.push(part),
                Err(Error::Refused(more)) => refusals.extend(more),
                Err(other) => return Err(other),
            }
        }
        if mapping.records.is_empty() {
            refusals.push(Refusal::new("mapping-empty"));
        }
        if !refusals.is_empty() {
            return Err(Error::Refused(refusals));
        }
        for part in &mut parts {
            if let Some(point) = collection_point {
                note_source(part, point.id.raw());
                if point.record_type == part.record_type.name {
                    part.asked = point.formats(&part.record_type)?;
                }
            }
        }
        let mut survey = Survey::new(&mapping.file, today)?;
        let (mut lines, mut row) = (0, FileRow::default());
        let mut looking = Looking::new(columns.headers.len(), source.is_of_refused);
        while source.next_row(&mut row)? {
            lines += 1;
            let is_whole = row.refusal(columns.headers.len()).is_none()
                && !table_rows::names_columns(&row, &columns.headers);
            if is_whole && looking.row(&row) {
                survey.row(&parts, &row);
            }
        }
        let rows = looking.found();
        let (formats, decided) = survey.decided(&columns.headers);
        let against = source.against_encoding();
        let encoding = (!source.layout.is_workbook).then_some(source.layout.encoding);
        let mut decisions = source.decisions;
        if let Some(against) = against {
            decisions.retain(|one| one.what != Matter::Encoding);
            decisions.insert(0, against);
        }
        decisions.extend(columns.repeated());
        decisions.extend(columns.currencies(&parts, mapping));
        decisions.extend(decided);
        Ok(Self { parts, formats, decisions, lines, columns: columns.headers, rows, encoding })
    }

    /// What the file does not settle and the mapping must tell before anything is imported.
    #[must_use]
    pub fn unsettled(&self) -> Vec<Refusal> {
        self.decisions.iter().filter_map(Decision::refusal).collect()
    }

    /// Refuses a file that could be read in several ways.
    ///
    /// # Errors
    /// What must be told.
    pub(crate) fn must_be_settled(&self) -> Result<()> {
        let unsettled = self.unsettled();
        if unsettled.is_empty() { Ok(()) } else { Err(Error::Refused(unsettled)) }
    }

    /// Why a row cannot be read as a record at all, if so.
    pub(crate) fn refusal(&self, row: &FileRow) -> Option<Refusal> {
        row.refusal(self.columns.len()).or_else(|| self.rows.refusal(row, &self.columns))
    }

    /// Goes by the record types of another catalog: custom fields come, go and change.
    ///
    /// # Errors
    /// `unknown-field` for one that is mapped and gone.
    pub(crate) fn resolve(&mut self, catalog: &Catalog) -> Result<()> {
        for part in &mut self.parts {
            let now = catalog.named(&part.record_type.name)?.clone();
            let before = std::mem::replace(&mut part.record_type, now.clone());
            let moved = |place: &mut usize| match now.position(&before.fields[*place].name) {
                Some(found) => {
                    *place = found;
                    Ok(())
                }
                None => {
                    let name = &before.fields[*place].name;
                    let refusal = Refusal::field("unknown-field", name.as_ref());
                    Err(refusal.with("name", name).with("type", &now.name))
                }
            };
            part.fields.iter_mut().try_for_each(|(place, _)| moved(place))?;
            part.address_parts.iter_mut().try_for_each(|(place, ..)| moved(place))?;
            part.match_places.iter_mut().try_for_each(moved)?;
        }
        Ok(())
    }

    /// Parts of records of the same type, known by the same fields, but this one.
    pub(crate) fn others_alike(&self, at: usize) -> impl Iterator<Item = usize> {
        let alike = self.parts[at].alike;
        let parts = self.parts.iter().enumerate();
        parts.filter(move |(other, part)| part.alike == alike && *other != at).map(|(at, _)| at)
    }

    /// Whether a line that is in the file twice is told. Where a record is known by its key its own
    /// rule holds.
    pub(crate) fn tells_identical(&self) -> bool {
        let mut known = self.parts.iter().filter(|part| !part.match_places.is_empty());
        self.makes_new().next().is_some() && known.all(|part| part.on_repeat == Repeat::First)
    }

    /// Whether such a line makes nothing the second time.
    pub(crate) fn leaves_out_identical(&self) -> bool {
        self.tells_identical() && self.makes_new().all(|one| one.identical == Identical::LeaveOut)
    }

    /// The parts of which every line makes a new record.
    fn makes_new(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.match_places.is_empty())
    }
}

fn part(
    catalog: &Catalog,
    record: &super::mapping::RecordMapping,
    columns: &Columns,
    earlier: &[Part],
    mapping: &Mapping,
) -> Result<Part> {
    let record_type = catalog.named(&record.record_type)?.clone();
    let mut refusals = Vec::new();
    let mut fields = Vec::new();
    let mut address_parts = Vec::new();
    for (name, source) in &record.fields {
        if let Some((place, part)) = address_part(&record_type, name) {
            match columns.of(&source.rule()) {
                Ok(column) => address_parts.push((place, part, Origin::of_column(column))),
                Err(refusal) => refusals.push(refusal),
            }
            continue;
        }
        match origin(catalog, &record_type, name, source, columns, earlier, mapping) {
            Ok(field) => fields.push(field),
            Err(Error::Refused(more)) => refusals.extend(more),
            Err(other) => return Err(other),
        }
    }
    let mut match_places = Vec::new();
    for name in &record.match_fields {
        match record_type.position(name).filter(|p| fields.iter().any(|(place, _)| place == p)) {
            Some(place) => match_places.push(place),
            None => refusals.push(Refusal::field("match-not-mapped", name.as_str())),
        }
    }
    if refusals.is_empty() {
        let (mode, on_repeat) = (record.mode, record.on_repeat);
        let (archived, twins, identical) = (record.archived, record.twins, record.identical);
        let is_alike = |one: &Part| {
            one.record_type.name == record_type.name && one.match_places == match_places
        };
        let alike = earlier.iter().position(is_alike).unwrap_or(earlier.len());
        let asked = CollectedAs::default();
        Ok(Part {
            record_type,
            match_places,
            mode,
            on_repeat,
            without_key: record.without_key,
            archived,
            twins,
            identical,
            alike,
            fields,
            address_parts,
            asked,
        })
    } else {
        Err(Error::Refused(refusals))
    }
}

/// The place of a field, and where its value comes from.
fn origin(
    catalog: &Catalog,
    record_type: &RecordType,
    name: &str,
    source: &FieldSource,
    columns: &Columns,
    earlier: &[Part],
    mapping: &Mapping,
) -> Result<(usize, Origin)> {
    let unknown = |field: &str, of: &str| {
        Refusal::field("unknown-field", name).with("name", field).with("type", of)
    };
    let Some(place) = record_type.position(name) else {
        return Err(unknown(name, &record_type.name).into());
    };
    let field = &record_type.fields[place];
    if field.read_only {
        return Err(Refusal::field("read-only", name).with("name", name).into());
    }
    let rule = source.rule();
    let target = field.kind.link_target();
    if let Some(same) = &rule.record {
        let part = earlier.iter().position(|part| part.record_type.name == *same);
        let refusal = || Refusal::field("not-made-before", name).with("type", same);
        let part = part.filter(|_| target == Some(same)).ok_or_else(refusal)?;
        return Ok((place, Origin::SameLine { part }));
    }
    if let (Some(by), Some(target)) = (&rule.find_by, target) {
        if catalog.named(target)?.field(by).is_none() {
            return Err(unknown(by, target).into());
        }
        let refusal = || Refusal::field("column-missing", name).with("name", name);
        let column = columns.of(&rule)?.ok_or_else(refusal)?;
        let later = mapping.records.iter().any(|made| made.record_type == target);
        return Ok((place, Origin::Find { column, to: target.to_owned(), by: by.clone(), later }));
    }
    let currency = rule.currency.as_deref().map(|code| {
        let refusal = |_| Refusal::field("not-a-currency", name).with("value", code);
        code.parse::<Currency>().map_err(refusal)
    });
    let by_column = rule.currency_column.as_deref().map(|column| columns.named(column));
    let column = columns.of(&rule)?;
    let by_name = columns.currency(column, field);
    let is_told = rule.currency_column.is_some();
    let cell = Origin::Cell {
        column,
        own: columns.own_formats(column, field, &rule)?,
        currency: currency.transpose()?.or(by_name.filter(|_| !is_told)),
        currency_column: by_column.transpose()?,
        default: rule.default,
        when: rule.when,
        otherwise: rule.otherwise,
        whole_number: rule.whole_number,
    };
    Ok((place, cell))
}

/// `address.city`: the place of the address, and which part of it.
fn address_part(record_type: &RecordType, name: &str) -> Option<(usize, &'static str)> {
    let (field, part) = name.split_once('.')?;
    let place = record_type.position(field)?;
    let part = guanxi_record::Address::PARTS.into_iter().find(|known| *known == part)?;
    (record_type.fields[place].kind == Kind::Address).then_some((place, part))
}

/// Where a record came from is kept with it, if it has a place for that and nothing else fills it.
fn note_source(part: &mut Part, point: RawId) {
    let Some(place) = part.record_type.position("source") else { return };
    let is_link = part.record_type.fields[place].kind.link_target() == Some("collection_point");
    if is_link && !part.fields.iter().any(|(known, _)| *known == place) {
        part.fields.push((place, Origin::Fixed(Value::Link(point))));
    }
}
