//! Which records are meant: comparisons, conditions on linked records, and, or, not.

use std::cmp::Ordering;

use guanxi_base::{Error, RawId, Refusal, Result};
use serde_json::{Map, Value as Json, json};

use crate::filter_text::MAX_FILTER_DEPTH;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// The same.
    Eq,
    /// Another, or nothing.
    Ne,
    /// Less or earlier.
    Lt,
    /// At most.
    Le,
    /// More or later.
    Gt,
    /// At least.
    Ge,
    /// One of several.
    In,
    /// None of several.
    NotIn,
    /// Text that contains this, whatever its case; choices and links that include this.
    Contains,
    /// Text that starts with this, whatever its case.
    Starts,
    /// `true`: nothing is in it; `false`: something is.
    Empty,
    /// A date or time inside a period such as `last_30_days`.
    Within,
}

impl Op {
    const NAMES: [(&'static str, Self); 12] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("lt", Self::Lt),
        ("le", Self::Le),
        ("gt", Self::Gt),
        ("ge", Self::Ge),
        ("in", Self::In),
        ("not_in", Self::NotIn),
        ("contains", Self::Contains),
        ("starts", Self::Starts),
        ("empty", Self::Empty),
        ("within", Self::Within),
    ];

    /// In URLs and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, op)| *op == self).map_or("", |(name, _)| name)
    }

    /// Whether something that stands so to a value passes, where the operation compares.
    #[must_use]
    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Eq => ordering.is_eq(),
            Self::Ne => ordering.is_ne(),
            Self::Lt => ordering.is_lt(),
            Self::Le => ordering.is_le(),
            Self::Gt => ordering.is_gt(),
            Self::Ge => ordering.is_ge(),
            _ => false,
        }
    }

    /// The operation of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, op)| *op)
    }
}

/// How many related records there must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// `Eq`, `Ne`, `Lt`, `Le`, `Gt` or `Ge`.
    pub op: Op,
    /// The number compared with.
    pub number: i64,
}

/// A condition on records of one type.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these; all records if there are none.
    All(Vec<Filter>),
    /// At least one of these.
    Any(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// A field, perhaps of a linked record (`customer.country`), compared with a value.
    Compare {
        /// Names separated by dots.
        field: String,
        /// How.
        op: Op,
        /// With what, as JSON that the field's kind gives its meaning.
        value: Json,
    },
    /// Records of another type that link to this one exist, or are so many.
    Related {
        /// The other type.
        record_type: String,
        /// Its link to this one.
        via: String,
        /// How many of them; at least one when absent.
        count: Option<Count>,
        /// Which of them count.
        filter: Box<Filter>,
    },
    /// The record that a link leads to passes. Rights are made of it; nobody asks by it.
    Linked {
        /// The link of this type.
        link: String,
        /// What the linked record must pass.
        filter: Box<Filter>,
    },
    /// The record was shared with one of these. Rights are made of it; nobody asks by it.
    Shared {
        /// People and teams.
        with: Vec<RawId>,
        /// Whether to be read only does not do.
        to_change: bool,
    },
}

impl Filter {
    /// More comparisons than this are refused.
    pub const COMPARISONS_MAX: usize = 200;
    /// More values than this to compare with at once are refused.
    pub const VALUES_MAX: usize = 1_000;

    /// The record that this link leads to passes.
    #[must_use]
    pub fn linked(link: impl Into<String>, filter: Self) -> Self {
        Self::Linked { link: link.into(), filter: Box::new(filter) }
    }

    /// A field that has one of these links.
    #[must_use]
    pub fn one_of(field: impl Into<String>, ids: impl IntoIterator<Item = RawId>) -> Self {
        let ids: Vec<Json> = ids.into_iter().map(|id| id.to_string().into()).collect();
        Self::compare(field, Op::In, ids)
    }

    /// At least one of these; nothing passes if there are none, everything if one lets all pass.
    #[must_use]
    pub fn any(filters: Vec<Self>) -> Self {
        match filters.iter().position(Self::is_everything) {
            Some(_) => Self::everything(),
            None if filters.len() == 1 => filters.into_iter().next().unwrap_or(Self::Any(vec![])),
            None => Self::Any(filters),
        }
    }

    /// At least one of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::Any(vec![self, other])
    }

    /// Whether all that pass have the same value in this field.
    #[must_use]
    pub fn fixes(&self, name: &str) -> bool {
        match self {
            Self::All(all) => all.iter().any(|filter| filter.fixes(name)),
            Self::Compare { field, op: Op::Eq, value } => {
                field == name && !value.is_null() && !value.is_array()
            }
            _ => false,
        }
    }

    /// All records.
    #[must_use]
    pub fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// A field that has this value.
    #[must_use]
    pub fn eq(field: impl Into<String>, value: impl Into<Json>) -> Self {
        Self::compare(field, Op::Eq, value)
    }

    /// A field compared with a value.
    #[must_use]
    pub fn compare(field: impl Into<String>, op: Op, value: impl Into<Json>) -> Self {
        Self::Compare { field: field.into(), op, value: value.into() }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All(mut all), Self::All(more)) => {
                all.extend(more);
                Self::All(all)
            }
            (Self::All(mut all), other) => {
                all.push(other);
                Self::All(all)
            }
            (one, Self::All(mut all)) => {
                all.insert(0, one);
                Self::All(all)
            }
            (one, other) => Self::All(vec![one, other]),
        }
    }

    /// Whether it lets every record through.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::All(all) if all.iter().all(Self::is_everything))
    }

    /// As JSON, for URLs and storage.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let list = |filters: &[Self]| filters.iter().map(Self::to_json).collect::<Json>();
        match self {
            Self::All(all) => json!({ "all": list(all) }),
            Self::Any(any) => json!({ "any": list(any) }),
            Self::Not(inner) => json!({ "not": inner.to_json() }),
            Self::Compare { field, op, value } => {
                json!({ "field": field, "op": op.name(), "value": value })
            }
            Self::Related { record_type, via, count, filter } => {
                let mut related = json!({
                    "related": record_type, "via": via, "where": filter.to_json()
                });
                if let Some(count) = count {
                    related["count"] = json!({ "op": count.op.name(), "number": count.number });
                }
                related
            }
            Self::Linked { link, filter } => json!({ "link": link, "where": filter.to_json() }),
            Self::Shared { with, to_change } => {
                let with: Vec<String> = with.iter().map(ToString::to_string).collect();
                json!({ "shared_with": with, "to_change": to_change })
            }
        }
    }

    /// Reads `to_json`.
    ///
    /// # Errors
    /// `wrong-filter`, `unknown-operation`, `filter-too-deep`.
    pub fn from_json(json: &Json) -> Result<Self> {
        Self::read(json, MAX_FILTER_DEPTH)
    }

    fn read(json: &Json, depth: usize) -> Result<Self> {
        if depth == 0 {
            return Err(Refusal::new("filter-too-deep").with("limit", MAX_FILTER_DEPTH).into());
        }
        let object = json.as_object().ok_or_else(|| wrong(json))?;
        let list = |json: &Json| -> Result<Vec<Self>> {
            let items = json.as_array().ok_or_else(|| wrong(json))?;
            items.iter().map(|item| Self::read(item, depth - 1)).collect()
        };
        if let Some(all) = object.get("all") {
            return list(all).map(Self::All);
        }
        if let Some(any) = object.get("any") {
            return list(any).map(Self::Any);
        }
        if let Some(inner) = object.get("not") {
            return Self::read(inner, depth - 1).map(|inner| Self::Not(Box::new(inner)));
        }
        if let Some(related) = object.get("related") {
            let filter = match object.get("where") {
                Some(filter) => Self::read(filter, depth - 1)?,
                None => Self::everything(),
            };
            return Ok(Self::Related {
                record_type: related.as_str().ok_or_else(|| wrong(json))?.to_owned(),
                via: text(object, "via").ok_or_else(|| wrong(json))?,
                count: object.get("count").map(read_count).transpose()?,
                filter: Box::new(filter),
            });
        }
        let field = text(object, "field").ok_or_else(|| wrong(json))?;
        let op = read_op(object.get("op").and_then(Json::as_str).unwrap_or("eq"))?;
        Ok(Self::Compare { field, op, value: object.get("value").cloned().unwrap_or(Json::Null) })
    }
}

fn text(object: &Map<String, Json>, name: &str) -> Option<String> {
    object.get(name).and_then(Json::as_str).map(str::to_owned)
}

fn read_op(name: &str) -> Result<Op> {
    Op::from_name(name).ok_or_else(|| Refusal::new("unknown-operation").with("name", name).into())
}

fn read_count(json: &Json) -> Result<Count> {
    let op = read_op(json.get("op").and_then(Json::as_str).unwrap_or("ge"))?;
    let compares = matches!(op, Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge);
    match json.get("number").and_then(Json::as_i64) {
        Some(number) if compares => Ok(Count { op, number }),
        _ => Err(wrong(json)),
    }
}

fn wrong(json: &Json) -> Error {
    Refusal::new("wrong-filter").with("value", crate::value_json::shown(&json.to_string())).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_round_trips_and_refuses() {
        let filter = Filter::Any(vec![
            Filter::eq("customer.country", "China"),
            Filter::Not(Box::new(Filter::compare("amount", Op::Ge, 5))),
            Filter::Related {
                record_type: "order".to_owned(),
                via: "customer".to_owned(),
                count: Some(Count { op: Op::Ge, number: 3 }),
                filter: Box::new(Filter::compare("date", Op::Within, "last_90_days")),
            },
        ]);
        assert_eq!(Filter::from_json(&filter.to_json()).unwrap(), filter);
        for wrong in [json!(1), json!({}), json!({"any": 1}), json!({"field": "a", "op": "like"})] {
            assert!(Filter::from_json(&wrong).is_err(), "{wrong}");
        }
        let deep = (0..100).fold(json!({"all": []}), |inner, _| json!({ "not": inner }));
        assert!(Filter::from_json(&deep).is_err());
    }
}
