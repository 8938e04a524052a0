//! Segments and the customers that people put into them.

use guanxi_base::{Id, Refusal};
use guanxi_record::{Choice, Filter, Json, LongText, Owner, Record};

use crate::people::Customer;

/// How a segment gets its customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum SegmentKind {
    /// By a condition: who meets it is in it, from moment to moment.
    Dynamic,
    /// People put them in and take them out.
    Static,
}

/// Customers that are looked at and treated together.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "insights", icon = "users-group", settle)]
pub struct Segment {
    /// What people call it.
    #[field(search, unique)]
    pub name: String,
    /// By a condition, or by hand.
    #[field(default = "dynamic")]
    pub kind: SegmentKind,
    /// Who is in it, as a filter of customers: what the builder writes.
    #[field(folded, means = "list:customer")]
    pub condition: Option<Json>,
    /// What it is for.
    pub description: Option<LongText>,
    /// Who answers for it.
    #[field(default = "actor")]
    pub owner: Option<Owner>,
}

impl Segment {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        match (&self.condition, self.kind) {
            (None, SegmentKind::Dynamic) => {
                refusals.push(Refusal::field("required", "condition"));
            }
            (Some(condition), _) => {
                if let Err(guanxi_base::Error::Refused(wrong)) = Filter::from_json(&condition.0) {
                    refusals.extend(
                        wrong.into_iter().map(|refusal| Refusal {
                            field: Some("condition".to_owned()),
                            ..refusal
                        }),
                    );
                }
            }
            (None, SegmentKind::Static) => {}
        }
    }

    /// What its condition says of a customer.
    ///
    /// # Errors
    /// When it says nothing that can be read.
    pub fn filter(&self) -> guanxi_base::Result<Filter> {
        match &self.condition {
            Some(condition) => Filter::from_json(&condition.0),
            None => Ok(Filter::everything()),
        }
    }
}

/// A customer whom somebody put into a segment.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "customer",
    area = "insights",
    icon = "user-check",
    part_of = "segment",
    follows = "customer",
    unique("segment, customer")
)]
pub struct SegmentMember {
    /// Into which segment.
    #[field(on_delete = "cascade")]
    pub segment: Id<Segment>,
    /// Who.
    #[field(index, on_delete = "cascade")]
    pub customer: Id<Customer>,
}
