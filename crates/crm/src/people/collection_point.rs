//! A collection point (信息采集点): where information about customers comes in, in which form,
//! and who answers for it.

use guanxi_base::{Id, Refusal};
use guanxi_record::{Choice, Json, LongText, Owner, Record};
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
    #[field(default = "customer")]
    pub record_type: String,
    /// What is collected in which format: `{"phone": {"required": true, "format": "phone"}}`.
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
        let Some(Json(fields)) = &self.fields else { return };
        let Value::Object(fields) = fields else {
            refusals.push(Refusal::field("not-a-collection-format", "fields").with("name", "{}"));
            return;
        };
        for (name, format) in fields {
            let words = ["required", "choices", "help"];
            let fits = format
                .as_object()
                .is_some_and(|format| format.keys().all(|word| words.contains(&word.as_str())));
            let is_custom = name.starts_with("x_");
            if !fits || (record_type.field(name).is_none() && !is_custom) {
                refusals
                    .push(Refusal::field("not-a-collection-format", "fields").with("name", name));
            }
        }
    }
}
