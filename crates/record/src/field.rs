//! The facts about one field. Facts only: what a field does when it changes is Rust in `crm`.

use std::borrow::Cow;

use crate::Kind;

/// What a field holds when nobody says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Default {
    /// This text, read as the field's kind.
    Text(Cow<'static, str>),
    /// The date or the time of creation.
    Now,
    /// The user who creates the record.
    Actor,
    /// The next number of a series with this prefix, such as `SO` in `SO-000123`.
    Number(Cow<'static, str>),
}

/// A field that is the sum of a field of the record's parts; the store keeps it true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollup {
    /// The type of the parts.
    pub part: Cow<'static, str>,
    /// The part's field that is added up.
    pub field: Cow<'static, str>,
}

/// What people call a field that was added at run time.
#[derive(
    Debug, Clone, PartialEq, Eq, std::default::Default, serde::Serialize, serde::Deserialize,
)]
pub struct CustomLabels {
    /// In English.
    pub en: String,
    /// In Chinese.
    #[serde(rename = "zh-CN")]
    pub zh_cn: String,
}

/// What a text stands for beyond its letters, so that people choose it instead of typing code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The name of a record type.
    RecordType,
    /// The name of a record type, or `*` for every one.
    AnyRecordType,
    /// The name of a field: of this type, or of that which the record's `record_type` names.
    Field(Option<&'static str>),
    /// The path of a field of numbers of the type that the record's `record_type` names, or of its
    /// parts: `total`, `order_line.discount`.
    NumberField,
    /// What records of this type are measured by: the name of a field of numbers, or of a measure
    /// that is no field.
    Measure(Option<&'static str>),
    /// Conditions on records, as the address of a list has them: of this type, or of that which
    /// the record's `record_type` names.
    Condition(Option<&'static str>),
    /// Which records a list shows, as its address or, in JSON, as its filter: what a page writes, not a
    /// person. Of this type, or of that which the record's `record_type` names.
    List(Option<&'static str>),
}

impl Meaning {
    /// The type that it speaks of, where the record beside it does not say.
    #[must_use]
    pub const fn of(self) -> Option<&'static str> {
        match self {
            Self::Field(of) | Self::Measure(of) | Self::Condition(of) | Self::List(of) => of,
            _ => None,
        }
    }
}

/// One field of a record type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// In code, columns, URLs and the API; fields that were added at run time start with `x_`.
    pub name: Cow<'static, str>,
    /// What it holds.
    pub kind: Kind,
    /// Whether a record must have it.
    pub required: bool,
    /// Whether no two records may have the same.
    pub unique: bool,
    /// Whether the search finds records by it.
    pub searchable: bool,
    /// Whether lists are filtered and sorted by it so often that it has an index.
    pub indexed: bool,
    /// Whether it says something about a living person.
    pub personal: bool,
    /// Whether only the product itself writes it.
    pub read_only: bool,
    /// Whether it is folded away in forms until asked for.
    pub folded: bool,
    /// Whether it is computed from other records, time and again: what it was is not history.
    pub derived: bool,
    /// The field of other records that it tells about, as `order.total`: who may not read all of
    /// those reads neither.
    pub tells: Option<&'static str>,
    /// What its text stands for, where that is more than words.
    pub means: Option<Meaning>,
    /// What it holds when nobody says.
    pub default: Option<Default>,
    /// The sum that it is, if it is one.
    pub rollup: Option<Rollup>,
    /// Its labels when it was added at run time; built-in fields have theirs in `locales/`.
    pub labels: Option<CustomLabels>,
}

impl Field {
    /// A field with this name and kind and nothing special about it.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind,
            required: false,
            unique: false,
            searchable: false,
            indexed: false,
            personal: false,
            read_only: false,
            folded: false,
            derived: false,
            tells: None,
            means: None,
            default: None,
            rollup: None,
            labels: None,
        }
    }

    const fn written_by_us(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Whether it was added at run time.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.labels.is_some()
    }
}

/// The name of the version that every write must state.
pub const VERSION_FIELD: &str = "version";

/// What the store itself keeps about every record; filtered and sorted like any other field.
pub static SYSTEM_FIELDS: [Field; 4] = [
    Field::new(VERSION_FIELD, Kind::Integer).written_by_us(),
    Field::new("created_at", Kind::Instant).written_by_us(),
    Field::new("updated_at", Kind::Instant).written_by_us(),
    Field::new("archived_at", Kind::Instant).written_by_us(),
];
