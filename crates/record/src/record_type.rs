//! The description of a record type, and the trait that ties it to a Rust struct.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

use guanxi_base::{Error, Id, RawId, Refusal, Result, Timestamp};

use crate::{Field, Kind, Row, SYSTEM_FIELDS, Value};

/// Computes what a record derives from its own fields and says which rules it breaks.
pub type Settle = fn(&mut [Value]) -> Vec<Refusal>;

/// The description of a record type.
#[derive(Debug, Clone)]
pub struct RecordType {
    /// In code, tables, URLs and the API.
    pub name: Cow<'static, str>,
    /// Built-in fields in the order of the struct, then those added at run time.
    pub fields: Cow<'static, [Field]>,
    /// The field that names a record to people.
    pub title: Cow<'static, str>,
    /// Which part of the menu it belongs to.
    pub area: &'static str,
    /// The name of its icon.
    pub icon: &'static str,
    /// The link to the record that this one is a part of, as a line is of its order.
    pub part_of: Option<&'static str>,
    /// The link to the record whose people also answer for this one, as for a customer's orders.
    pub follows: Option<&'static str>,
    /// The link to a second record that one must reach too, as for a pair of customers.
    pub and_follows: Option<&'static str>,
    /// The link of an archived record to the one that stands in its place, as of a customer that
    /// was merged.
    pub succeeded_by: Option<&'static str>,
    /// Sets of fields of which no two records may have the same values.
    pub unique: &'static [&'static [&'static str]],
    /// Lists that stay fast at any size: filtered by the first fields, in the order of the last.
    pub indexes: &'static [&'static [&'static str]],
    /// The rule of the type, if it has one.
    pub settle: Option<Settle>,
}

impl RecordType {
    /// The place and the description of a field of the type itself.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// A field of the type, or one that the store keeps about every record.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().chain(&SYSTEM_FIELDS).find(|field| field.name == name)
    }

    /// A field of the type; a refusal that names what there is not.
    ///
    /// # Errors
    /// `unknown-field`.
    pub fn expect_field(&self, name: &str) -> Result<&Field> {
        self.field(name).ok_or_else(|| {
            Refusal::field("unknown-field", name).with("name", name).with("type", &self.name).into()
        })
    }

    /// What this is part of: the type of the whole, and the link to it.
    #[must_use]
    pub fn whole(&self) -> Option<(&str, &'static str)> {
        let link = self.part_of?;
        Some((self.field(link)?.kind.link_target()?, link))
    }

    /// The fields without those added at run time.
    pub fn built_in(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !field.is_custom())
    }

    /// The field that says who answers for a record.
    #[must_use]
    pub fn owner_field(&self) -> Option<&Field> {
        self.field("owner").filter(|field| field.kind == Kind::Owner)
    }

    /// Whether it is part of the business, not of who works here or of how the product is set up.
    #[must_use]
    pub fn is_business(&self) -> bool {
        !matches!(self.area, "organisation" | "settings")
    }

    /// The first single link to another type.
    #[must_use]
    pub fn link_to(&self, target: &str) -> Option<&Field> {
        self.built_in().find(|field| field.kind.link_target() == Some(target))
    }

    /// The link to the record whose people also answer for this one: that of which it is a part,
    /// or another that the description names.
    #[must_use]
    pub fn followed(&self) -> Option<&'static str> {
        self.part_of.or(self.follows)
    }

    /// The place of the field that names a record.
    #[must_use]
    pub fn title_position(&self) -> usize {
        self.position(&self.title).unwrap_or(0)
    }
}

/// A Rust struct that carries its description. Derived; never written by hand.
pub trait Record: Sized + Send + Sync + 'static {
    /// The description.
    const TYPE: &'static RecordType;
    /// The name in the description, on its own because links to oneself need it first.
    const NAME: &'static str;

    /// The values, in the order of the built-in fields.
    fn values(&self) -> Vec<Value>;

    /// The struct of these values; `None` when they are not of the type.
    fn from_values(values: &[Value]) -> Option<Self>;
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored<T> {
    /// Its id.
    pub id: Id<T>,
    /// Counts its changes from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was put away, if it was.
    pub archived_at: Option<Timestamp>,
    /// The record itself.
    pub record: T,
}

impl<T: Record> TryFrom<Row> for Stored<T> {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        let RawId(id) = row.id;
        let record = T::from_values(&row.values).ok_or_else(|| {
            Error::internal(format!("{} {id} does not hold what its type says", T::TYPE.name))
        })?;
        Ok(Self {
            id: Id::new(row.id),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            archived_at: row.archived_at,
            record,
        })
    }
}

impl<T> Deref for Stored<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.record
    }
}

impl<T> DerefMut for Stored<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.record
    }
}
