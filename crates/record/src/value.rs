//! One value of one field.

use guanxi_base::{Date, Decimal, Money, Percent, RawId, Timestamp};

use crate::Address;

/// One value; which variant a field holds follows from its kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// Text, long text, choice, phone, e-mail, URL.
    Text(String),
    /// Integer.
    Integer(i64),
    /// Decimal.
    Decimal(Decimal),
    /// Percent.
    Percent(Percent),
    /// Money.
    Money(Money),
    /// Boolean.
    Boolean(bool),
    /// Date.
    Date(Date),
    /// Instant.
    Instant(Timestamp),
    /// Choices.
    Choices(Vec<String>),
    /// Link, owner, file.
    Link(RawId),
    /// Links.
    Links(Vec<RawId>),
    /// Address; boxed because most values are small.
    Address(Box<Address>),
    /// JSON; boxed because most values are small.
    Json(Box<serde_json::Value>),
}

impl Value {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The linked record, if it is a link.
    #[must_use]
    pub fn as_link(&self) -> Option<RawId> {
        match self {
            Self::Link(id) => Some(*id),
            _ => None,
        }
    }

    /// All linked records, of one link or of several.
    #[must_use]
    pub fn links(&self) -> &[RawId] {
        match self {
            Self::Link(id) => std::slice::from_ref(id),
            Self::Links(ids) => ids,
            _ => &[],
        }
    }
}
