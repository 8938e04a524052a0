//! A mapping made ready for one file: names become places, and whatever does not fit is said
//! before the first line is read.

use std::sync::Arc;

use csv::StringRecord;
use guanxi_base::{Currency, Error, RawId, Refusal, Result, TimeZone};
use guanxi_record::{Catalog, Kind, RecordType, Stored, Value};

use super::answers::{Archived, Twins};
use super::cell::{self, DateOrder, Formats};
use super::mapping::{Mapping, Mode, Repeat, When};
use super::source::Source;
use crate::people::{CollectionPoint, Formats as CollectedAs};

/// So many rows are looked at to find the formats of dates and numbers.
const SAMPLE_ROWS: usize = 500;

/// Where a field's value comes from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// A cell, or what stands for it.
    Cell {
        column: Option<usize>,
        default: Option<String>,
        when: Vec<When>,
        otherwise: Option<String>,
        whole_number: bool,
        currency: Option<Currency>,
        currency_column: Option<usize>,
    },
    /// The record that an earlier part of the same line made.
    SameLine { part: usize },
    /// A record that is looked up by one of its fields; `later` when the file itself makes it.
    Find { column: usize, to: String, by: String, later: bool },
    /// Always this.
    Fixed(Value),
}

/// The records of one type that each line makes.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) record_type: Arc<RecordType>,
    /// Places of the fields by which a record is known.
    pub(crate) match_places: Vec<usize>,
    pub(crate) mode: Mode,
    pub(crate) on_repeat: Repeat,
    pub(crate) archived: Archived,
    pub(crate) twins: Twins,
    /// Place of the field, and where it comes from.
    pub(crate) fields: Vec<(usize, Origin)>,
    /// Parts of addresses: place of the field, name of the part, and where it comes from.
    pub(crate) address_parts: Vec<(usize, &'static str, Origin)>,
    /// What the collection point of the file asks of new records.
    pub(crate) asked: CollectedAs,
}

/// A mapping made ready for one file.
#[derive(Debug)]
pub struct Plan {
    pub(crate) parts: Vec<Part>,
    /// How dates, numbers and money are read.
    pub formats: Formats,
    /// Whether the order of day and month, or the decimal mark, could not be told from the file.
    pub is_ambiguous: bool,
    /// How many columns a line has.
    pub(crate) width: usize,
    /// The rows that were looked at, for a preview.
    pub sample: Vec<StringRecord>,
}

impl Plan {
    /// Makes a mapping ready.
    ///
    /// # Errors
    /// Refusals for everything in it that does not fit the file or the record types.
    pub fn new(
        catalog: &Catalog,
        mapping: &Mapping,
        mut source: Source,
        collection_point: Option<&Stored<CollectionPoint>>,
    ) -> Result<Self> {
        let headers = source.headers.clone();
        let mut sample = Vec::new();
        let mut row = StringRecord::new();
        while sample.len() < SAMPLE_ROWS && source.next_row(&mut row)? {
            sample.push(row.clone());
        }
        let mut refusals = Vec::new();
        let mut parts: Vec<Part> = Vec::new();
        for record in &mapping.records {
            match part(catalog, record, &headers, &parts, mapping) {
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
        let (formats, is_ambiguous) = formats(mapping, &parts, &sample)?;
        Ok(Self { parts, formats, is_ambiguous, width: headers.len(), sample })
    }
}

fn part(
    catalog: &Catalog,
    record: &super::mapping::RecordMapping,
    headers: &[String],
    earlier: &[Part],
    mapping: &Mapping,
) -> Result<Part> {
    let record_type = catalog.named(&record.record_type)?.clone();
    let mut refusals = Vec::new();
    let mut column = |name: &str| {
        let found = headers.iter().position(|header| header == name);
        if found.is_none() {
            let all = headers.join(", ");
            refusals.push(
                Refusal::field("unknown-column", name).with("name", name).with("columns", all),
            );
        }
        found
    };
    let mut fields = Vec::new();
    let mut address_parts = Vec::new();
    let mut others = Vec::new();
    for (name, source) in &record.fields {
        if let Some((place, part)) = address_part(&record_type, name) {
            let column = source.rule().column.as_deref().and_then(&mut column);
            address_parts.push((place, part, Origin::of_column(column)));
            continue;
        }
        let Some(place) = record_type.position(name) else {
            others.push(
                Refusal::field("unknown-field", name.as_str())
                    .with("name", name)
                    .with("type", &record_type.name),
            );
            continue;
        };
        let field = &record_type.fields[place];
        if field.read_only {
            others.push(Refusal::field("read-only", name.as_str()).with("name", name));
            continue;
        }
        let rule = source.rule();
        let target = field.kind.link_target();
        let origin = if let Some(same) = &rule.record {
            let part = earlier.iter().position(|part| part.record_type.name == *same);
            match part.filter(|_| target == Some(same)) {
                Some(part) => Origin::SameLine { part },
                None => {
                    others
                        .push(Refusal::field("not-made-before", name.as_str()).with("type", same));
                    continue;
                }
            }
        } else if let (Some(by), Some(target)) = (&rule.find_by, target) {
            let to = catalog.named(target)?;
            if to.field(by).is_none() {
                others.push(
                    Refusal::field("unknown-field", name.as_str())
                        .with("name", by)
                        .with("type", target),
                );
                continue;
            }
            let Some(column) = rule.column.as_deref().and_then(&mut column) else { continue };
            let later = mapping.records.iter().any(|made| made.record_type == target);
            Origin::Find { column, to: target.to_owned(), by: by.clone(), later }
        } else {
            let currency = match rule.currency.as_deref().map(str::parse::<Currency>) {
                Some(Err(_)) => {
                    others.push(
                        Refusal::field("not-a-currency", name.as_str())
                            .with("value", rule.currency.as_deref().unwrap_or_default()),
                    );
                    continue;
                }
                other => other.and_then(std::result::Result::ok),
            };
            Origin::Cell {
                column: rule.column.as_deref().and_then(&mut column),
                default: rule.default,
                when: rule.when,
                otherwise: rule.otherwise,
                whole_number: rule.whole_number,
                currency,
                currency_column: rule.currency_column.as_deref().and_then(&mut column),
            }
        };
        fields.push((place, origin));
    }
    let mut match_places = Vec::new();
    for name in &record.match_fields {
        match record_type.position(name).filter(|p| fields.iter().any(|(place, _)| place == p)) {
            Some(place) => match_places.push(place),
            None => others.push(Refusal::field("match-not-mapped", name.as_str())),
        }
    }
    refusals.extend(others);
    if refusals.is_empty() {
        let (mode, on_repeat) = (record.mode, record.on_repeat);
        let (archived, twins) = (record.archived, record.twins);
        let asked = CollectedAs::default();
        Ok(Part {
            record_type,
            match_places,
            mode,
            on_repeat,
            archived,
            twins,
            fields,
            address_parts,
            asked,
        })
    } else {
        Err(Error::Refused(refusals))
    }
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

fn formats(mapping: &Mapping, parts: &[Part], sample: &[StringRecord]) -> Result<(Formats, bool)> {
    let file = &mapping.file;
    let cells = |is_wanted: fn(&Kind) -> bool| {
        let columns: Vec<usize> = parts
            .iter()
            .flat_map(|part| part.fields.iter().map(move |(place, origin)| (part, place, origin)))
            .filter_map(|(part, place, origin)| match origin {
                Origin::Cell { column, .. } if is_wanted(&part.record_type.fields[*place].kind) => {
                    *column
                }
                _ => None,
            })
            .collect();
        sample.iter().flat_map(move |row| {
            let columns = columns.clone();
            columns.into_iter().filter_map(|column| row.get(column)).collect::<Vec<_>>()
        })
    };
    let is_time = |kind: &Kind| matches!(kind, Kind::Date | Kind::Instant);
    let found_order = file.date_order.or_else(|| cell::date_order(cells(is_time)));
    let found_mark = file.decimal_mark.or_else(|| cell::decimal_mark(cells(Kind::is_number)));
    let short_dates = cells(is_time).any(|text| {
        let year_first = text.split(|c: char| !c.is_ascii_digit()).next().map_or(0, str::len);
        (1..4).contains(&year_first)
    });
    let marked = cells(Kind::is_number).any(|text| text.contains([',', '.']));
    let is_ambiguous = (short_dates && found_order.is_none()) || (marked && found_mark.is_none());
    let zone = file.time_zone.as_deref().unwrap_or("UTC");
    let code = file.currency.as_deref().unwrap_or("CNY");
    let formats = Formats {
        date_order: found_order.unwrap_or(DateOrder::DayFirst),
        decimal_mark: found_mark.unwrap_or('.'),
        time_zone: TimeZone::get(zone)
            .map_err(|_| Refusal::field("not-a-time-zone", "time_zone").with("value", zone))?,
        currency: code
            .parse()
            .map_err(|_| Refusal::field("not-a-currency", "currency").with("value", code))?,
    };
    Ok((formats, is_ambiguous))
}

impl Origin {
    /// Just what a column has.
    fn of_column(column: Option<usize>) -> Self {
        Self::Cell {
            column,
            default: None,
            when: Vec::new(),
            otherwise: None,
            whole_number: false,
            currency: None,
            currency_column: None,
        }
    }

    /// The value that a line gives to a field; links to other records are not its business.
    ///
    /// # Errors
    /// A refusal without its field.
    pub(crate) fn value(
        &self,
        part: &Part,
        place: usize,
        row: &StringRecord,
        formats: &Formats,
    ) -> std::result::Result<Value, Refusal> {
        let Self::Cell {
            column,
            default,
            when,
            otherwise,
            whole_number,
            currency,
            currency_column,
        } = self
        else {
            return Ok(match self {
                Self::Fixed(value) => value.clone(),
                _ => Value::Null,
            });
        };
        let cell = column.and_then(|column| row.get(column)).unwrap_or_default().trim();
        let mut text = match when.iter().find(|case| fits(case, cell)) {
            Some(case) => case.value.as_str(),
            None => otherwise.as_deref().unwrap_or(cell),
        };
        if text.is_empty() {
            text = default.as_deref().unwrap_or_default();
        }
        if *whole_number
            && let Some((whole, fraction)) = text.split_once('.')
            && fraction.bytes().all(|digit| digit == b'0')
        {
            text = whole;
        }
        let field = &part.record_type.fields[place];
        let by_column = currency_column.and_then(|column| row.get(column)).map(str::trim);
        let by_column = match by_column.filter(|code| !code.is_empty()) {
            Some(code) => Some(
                code.parse::<Currency>()
                    .map_err(|_| Refusal::new("not-a-currency").with("value", code))?,
            ),
            None => None,
        };
        match by_column.or(*currency) {
            Some(currency) => {
                let formats = Formats { currency, ..formats.clone() };
                cell::read_cell(&part.record_type, field, text, &formats)
            }
            None => cell::read_cell(&part.record_type, field, text, formats),
        }
    }
}

fn fits(case: &When, cell: &str) -> bool {
    case.is.as_ref().is_none_or(|text| text == cell)
        && case.starts.as_ref().is_none_or(|text| cell.starts_with(text.as_str()))
}
