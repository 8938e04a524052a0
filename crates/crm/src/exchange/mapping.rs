//! How a file becomes records: which column fills which field of which type. Written as TOML in
//! mapping files, kept as TOML in saved mappings, edited as a table in the wizard.

use std::collections::BTreeMap;

use guanxi_base::{Error, Refusal, Result};
use guanxi_record::Field;
use serde::{Deserialize, Serialize};

use super::answers::{Archived, Twins};
use super::cell::DateOrder;
use super::source::LayoutHints;

/// What to do with a record that is, or is not, there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Make it; it must not be there.
    Create,
    /// Change it; it must be there.
    Update,
    /// Change it if it is there, else make it.
    #[default]
    Upsert,
}

/// What to do when the same key comes again in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// The first line says what the record is.
    #[default]
    First,
    /// The last line does.
    Last,
    /// It is a mistake.
    Refuse,
}

/// A value by what a cell says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The cell is this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
    /// The cell starts with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<String>,
    /// Then the field is this.
    pub value: String,
}

/// Where the value of a field comes from, in words.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// The column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// When the column is empty, or there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Cells that stand for something else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<When>,
    /// When none of `when` fits; the cell itself if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
    /// The cell is a whole number, whatever a spreadsheet made of it: `17850.0` is `17850`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub whole_number: bool,
    /// The currency of an amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The column with the currency of an amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency_column: Option<String>,
    /// A link to the record of this type that the same line makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// A link to the record whose field of this name is what the cell says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub find_by: Option<String>,
}

/// Where the value of a field comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldSource {
    /// A column by its name.
    Column(String),
    /// In words.
    Rule(Rule),
}

impl FieldSource {
    /// A column as the source of a field: a link is looked up by what names its records.
    #[must_use]
    pub fn of_column(field: &Field, header: &str) -> Self {
        let target = field.kind.link_target();
        let target = target.and_then(|name| crate::RECORD_TYPES.iter().find(|t| t.name == name));
        match target {
            Some(target) => Self::Rule(Rule {
                column: Some(header.to_owned()),
                find_by: Some(target.title.to_string()),
                ..Rule::default()
            }),
            None => Self::Column(header.to_owned()),
        }
    }

    /// As a rule.
    #[must_use]
    pub fn rule(&self) -> Rule {
        match self {
            Self::Column(name) => Rule { column: Some(name.clone()), ..Rule::default() },
            Self::Rule(rule) => rule.clone(),
        }
    }
}

/// The records of one type that each line makes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordMapping {
    /// The type.
    #[serde(rename = "type")]
    pub record_type: String,
    /// The fields by which a record is known; each line makes a new one when there are none.
    #[serde(default, rename = "match", skip_serializing_if = "Vec::is_empty")]
    pub match_fields: Vec<String>,
    /// What to do with one that is there already.
    #[serde(default)]
    pub mode: Mode,
    /// What to do when the same key comes again.
    #[serde(default)]
    pub on_repeat: Repeat,
    /// What to do with one that was put away.
    #[serde(default)]
    pub archived: Archived,
    /// What to do when a new customer has the name of one that is there.
    #[serde(default)]
    pub twins: Twins,
    /// Which field comes from where.
    pub fields: BTreeMap<String, FieldSource>,
}

/// How the file is written, where that is not to be found out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileOptions {
    /// A label of the WHATWG encoding standard, such as `gbk`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// One character, or `tab`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// The name of a workbook's sheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// For dates that do not start with the year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// `.` or `,`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal_mark: Option<char>,
    /// The zone of times without one; UTC when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The currency of amounts without one; CNY when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

impl FileOptions {
    /// What it says about reading the file at all.
    #[must_use]
    pub fn hints(&self) -> LayoutHints {
        LayoutHints {
            encoding: self.encoding.clone(),
            delimiter: self.delimiter.clone(),
            sheet: self.sheet.clone(),
        }
    }
}

/// How a file becomes records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// The collection point that the file comes from, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// How the file is written.
    #[serde(default)]
    pub file: FileOptions,
    /// What each line makes, in this order.
    pub records: Vec<RecordMapping>,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// `wrong-mapping` with the place and the reason.
    pub fn parse(toml: &str) -> Result<Self> {
        toml::from_str(toml)
            .map_err(|error| Refusal::new("wrong-mapping").with("reason", error).into())
    }

    /// As a mapping file.
    ///
    /// # Errors
    /// When it cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(Error::internal)
    }
}
