//! A collection point (信息采集点): where information about customers comes in, in which form,
//! and who answers for it.

use guanxi_base::{Error, Id, Refusal};
use guanxi_record::{
    Choice, Field, Json, LongText, Owner, Record, RecordType, Row, Value as RecordValue,
};
use guanxi_store::{Purpose, Tx, View};
use regex_lite::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::access::Team;

/// The way by which information comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[expect(missing_docs, reason = "each is named by its label")]
pub enum Channel {
    WebForm,
    FileImport,
    EmailIn,
    Call,
    FieldVisit,
    Hotline,
    Survey,
    MarketResearch,
    AdvertisingResponse,
    KeyAccountFeedback,
    SalesChannel,
    PointOfSale,
    Api,
}

/// A place where information about customers comes in.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "customers", icon = "antenna", settle)]
pub struct CollectionPoint {
    /// Its name.
    #[field(search, unique)]
    pub name: String,
    /// The way by which information comes in.
    #[field(index)]
    pub channel: Channel,
    /// Who answers for it.
    pub responsible: Owner,
    /// Which teams may collect here; all when empty.
    pub collectors: Vec<Id<Team>>,
    /// The record type that it fills, such as `customer`.
    #[field(default = "customer", means = "record_type")]
    pub record_type: String,
    /// What is collected in which format: `{"phone": {"required": true, "pattern": "\\+86\\d{11}"}}`
    /// or `{"industry": {"choices": ["Foods", "Trading"], "help": "…"}}`.
    pub fields: Option<Json>,
    /// Whether it is in use.
    #[field(default = "true")]
    pub is_active: bool,
    /// What collectors need to know.
    #[field(folded)]
    pub instructions: Option<LongText>,
}

impl CollectionPoint {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        let known =
            |record_type: &&&guanxi_record::RecordType| record_type.name == self.record_type;
        let Some(record_type) = crate::RECORD_TYPES.iter().find(known) else {
            refusals.push(
                Refusal::field("unknown-type", "record_type").with("name", &self.record_type),
            );
            return;
        };
        match Formats::read(record_type, self.fields.as_ref()) {
            Ok(_) => {}
            Err(refusal) => refusals.push(refusal),
        }
    }

    /// What is asked of the records that come in here.
    ///
    /// # Errors
    /// A refusal when the formats do not fit the record type.
    pub fn formats(&self, record_type: &RecordType) -> Result<Formats, Refusal> {
        Formats::read(record_type, self.fields.as_ref())
    }
}

/// What a collection point asks of one field.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Format {
    required: bool,
    /// A regular expression that the whole value must match.
    pattern: Option<String>,
    /// The only values there are.
    choices: Vec<String>,
    /// For the collector; no rule.
    #[serde(rename = "help")]
    _help: Option<String>,
}

/// What a collection point asks of the records that come in there.
#[derive(Debug, Default)]
pub struct Formats(Vec<(String, Format, Option<Regex>)>);

impl Formats {
    fn read(record_type: &RecordType, fields: Option<&Json>) -> Result<Self, Refusal> {
        let wrong =
            |name: &str| Refusal::field("not-a-collection-format", "fields").with("name", name);
        let Some(Json(fields)) = fields else { return Ok(Self::default()) };
        let Value::Object(fields) = fields else { return Err(wrong("{}")) };
        let mut formats = Vec::new();
        for (name, format) in fields {
            // Custom fields come and go; one that is not there asks nothing.
            if record_type.field(name).is_none() && !name.starts_with("x_") {
                return Err(wrong(name));
            }
            let format: Format = serde_json::from_value(format.clone()).map_err(|_| wrong(name))?;
            let pattern = format.pattern.as_ref();
            let pattern = pattern.map(|text| Regex::new(&format!("^(?:{text})$"))).transpose();
            let pattern = pattern.map_err(|_| wrong(name))?;
            formats.push((name.clone(), format, pattern));
        }
        Ok(Self(formats))
    }

    /// What a new record of this type lacks or has in another format.
    #[must_use]
    pub fn broken(&self, record_type: &RecordType, values: &[RecordValue]) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        for (name, format, pattern) in &self.0 {
            let Some(value) = record_type.position(name).and_then(|place| values.get(place)) else {
                continue;
            };
            let text = value.to_text();
            let refusal = |code| Refusal::field(code, name.as_str()).with("value", &text);
            if value.is_null() {
                refusals.extend(format.required.then(|| Refusal::field("required", name.as_str())));
            } else if pattern.as_ref().is_some_and(|pattern| !pattern.is_match(&text)) {
                let asked = format.pattern.as_deref().unwrap_or_default();
                refusals.push(refusal("not-as-collected").with("format", asked));
            } else if !format.choices.is_empty() && !format.choices.contains(&text) {
                let asked = format.choices.join(", ");
                refusals.push(refusal("not-as-collected").with("format", asked));
            }
        }
        refusals
    }
}

/// Makes a record as people make it: a customer gets its territory if it says none, and whatever
/// names a collection point is made as that point asks for it.
///
/// # Errors
/// Refusals of the collection point and of the record type.
pub async fn create_collected(
    tx: &mut Tx,
    record_type: &RecordType,
    mut values: Vec<RecordValue>,
) -> guanxi_base::Result<Row> {
    if record_type.name == super::Customer::NAME {
        let organisation = crate::access::Organisation::within(tx).await?;
        super::assign_territory::fill(&organisation, record_type, &mut values);
    }
    let broken = broken_formats(tx, record_type, &values).await?;
    if broken.is_empty() {
        tx.create_row(record_type, values).await
    } else {
        Err(Error::Refused(broken))
    }
}

async fn broken_formats(
    view: &mut View,
    record_type: &RecordType,
    values: &[RecordValue],
) -> guanxi_base::Result<Vec<Refusal>> {
    let is_source = |field: &&Field| field.kind.link_target() == Some(CollectionPoint::NAME);
    let Some(field) = record_type.fields.iter().find(is_source) else { return Ok(Vec::new()) };
    let place = record_type.position(&field.name).and_then(|place| values.get(place));
    let Some(id) = place.and_then(RecordValue::as_link) else { return Ok(Vec::new()) };
    // A point that is not there, or not to be seen, is refused as a link to nothing.
    let Ok(point) = view.fetch::<CollectionPoint>(Purpose::Read, Id::new(id)).await else {
        return Ok(Vec::new());
    };
    let mut refusals = Vec::new();
    if !point.is_active {
        let refusal = Refusal::field("collection-point-closed", field.name.as_ref());
        refusals.push(refusal.with("name", &point.name));
    }
    if point.record_type == record_type.name {
        refusals.extend(point.formats(record_type)?.broken(record_type, values));
    }
    Ok(refusals)
}
