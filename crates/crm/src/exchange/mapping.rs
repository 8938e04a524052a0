//! How a file becomes records: which column fills which field of which type. Written as TOML in
//! mapping files, kept as TOML in saved mappings, edited as a table in the wizard.

use std::collections::BTreeMap;

use guanxi_base::{Date, Error, Refusal, Result};
use guanxi_record::{Field, Kind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::answers::{Archived, Identical, Twins};
use super::dates::{DateOrder, TwoDigitYears};
use super::percent::PlainPercent;
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

/// What to do with a record of which a line says something, but not the fields by which it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutKey {
    /// It is a mistake.
    #[default]
    Refuse,
    /// The line has no such record: a sale to nobody in particular, with the country it was made in.
    Absent,
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

/// What years of two digits mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum YearRule {
    /// None after this year, as for birthdays.
    Past,
    /// From 79 years ago to 20 years from now, as for deadlines.
    Around,
}

impl YearRule {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Past, Self::Around];

    /// As a mapping states it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Past => "past",
            Self::Around => "around",
        }
    }

    /// The years that it means on a day.
    pub(crate) fn years(self, today: Date) -> TwoDigitYears {
        match self {
            Self::Past => TwoDigitYears::past(today),
            Self::Around => TwoDigitYears::around(today),
        }
    }
}

/// Where the value of a field comes from, in words.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// The column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The place of the column, from 1: for columns without a name, or of one name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
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
    /// `.` or `,`, where this column differs from the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal_mark: Option<char>,
    /// Where the dates of this column differ from those of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// What years of two digits mean in this column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub two_digit_years: Option<YearRule>,
    /// What numbers without a sign are, where this column in per cent differs from the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plain_percent: Option<PlainPercent>,
    /// What plain numbers of this column count in: 1000 for thousands; 1 if they are in full,
    /// whatever the name of the column says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<u64>,
    /// The zone of the times of this column, where it differs from the file's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
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
#[expect(clippy::large_enum_variant, reason = "a mapping has few fields; a box helps nobody")]
pub enum FieldSource {
    /// A column by its name.
    Column(String),
    /// In words.
    Rule(Rule),
}

impl FieldSource {
    /// A column of a file as the source of a field: a link is looked up by what names its
    /// records, an amount has its currency in the column that exports write beside it, and of
    /// several columns of one name it is the one at this place.
    #[must_use]
    pub fn of_column(field: &Field, headers: &[String], at: usize) -> Self {
        let header = headers.get(at).cloned().unwrap_or_default();
        let target = field.kind.link_target();
        let target = target.and_then(|name| crate::RECORD_TYPES.iter().find(|t| t.name == name));
        let is_repeated = headers.iter().filter(|other| **other == header).count() > 1;
        let beside = currency_column(&header);
        let has_currency = field.kind == Kind::Money && headers.contains(&beside);
        let rule = Rule {
            position: (is_repeated || header.is_empty()).then_some(at + 1),
            find_by: target.map(|target| target.title.to_string()),
            currency_column: has_currency.then_some(beside),
            column: Some(header.clone()).filter(|header| !header.is_empty()),
            ..Rule::default()
        };
        if rule == (Rule { column: rule.column.clone(), ..Rule::default() }) {
            return Self::Column(header);
        }
        Self::Rule(rule)
    }

    /// Just what a column has, for a part of a field.
    #[must_use]
    pub fn part_of_column(headers: &[String], at: usize) -> Self {
        let header = headers.get(at).cloned().unwrap_or_default();
        let is_repeated = headers.iter().filter(|other| **other == header).count() > 1;
        if !is_repeated && !header.is_empty() {
            return Self::Column(header);
        }
        let column = Some(header).filter(|header| !header.is_empty());
        Self::Rule(Rule { position: Some(at + 1), column, ..Rule::default() })
    }

    /// Whether it is the column at this place.
    #[must_use]
    pub fn is_from(&self, at: usize, header: &str) -> bool {
        match self.rule() {
            Rule { position: Some(position), .. } => position == at + 1,
            rule => rule.column.as_deref() == Some(header),
        }
    }

    /// The same column with what another source of it says about how it is written.
    #[must_use]
    pub fn with_formats_of(self, other: &Self) -> Self {
        let (Rule { column, position, find_by, currency_column, .. }, known) =
            (self.rule(), other.rule());
        let bare = Rule { column, position, find_by, currency_column, ..Rule::default() };
        let rule = Rule {
            two_digit_years: known.two_digit_years,
            plain_percent: known.plain_percent,
            unit: known.unit,
            ..bare.clone()
        };
        if rule == bare { self } else { Self::Rule(rule) }
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
    /// What to do when the key is empty.
    #[serde(default)]
    pub without_key: WithoutKey,
    /// What to do with one that was put away.
    #[serde(default)]
    pub archived: Archived,
    /// What to do when a new customer has the name of one that is there.
    #[serde(default)]
    pub twins: Twins,
    /// What to do with a line that is in the file twice, where there are no match fields.
    #[serde(default)]
    pub identical: Identical,
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
    /// The name of a workbook's sheet; of those that are not hidden the first with a table when
    /// absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The row that names the columns, as counted in the file, 0 where none does; found when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u64>,
    /// For dates whose order does not show; must be told where the file does not settle it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// `.` or `,`; must be told where the file does not settle it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal_mark: Option<char>,
    /// The zone of times without one; UTC when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The currency of amounts without one; CNY when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// What numbers without a sign are in fields in per cent; must be told where a column has both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plain_percent: Option<PlainPercent>,
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
        toml::from_str(toml).map_err(wrong_mapping)
    }

    /// What it says about reading the file at all.
    #[must_use]
    pub fn hints(&self) -> LayoutHints {
        let fields = self.records.iter().flat_map(|record| record.fields.values());
        let columns = fields.flat_map(|source| {
            let rule = source.rule();
            rule.column.into_iter().chain(rule.currency_column)
        });
        LayoutHints {
            encoding: self.file.encoding.clone(),
            delimiter: self.file.delimiter.clone(),
            sheet: self.file.sheet.clone(),
            header_row: self.file.header_row,
            columns: columns.collect(),
        }
    }

    /// The same mapping with something stated about the file: `date_order`, `day_first`; or no longer
    /// stated, where the choice is empty.
    ///
    /// # Errors
    /// `wrong-mapping` when it cannot be stated so.
    pub fn stating(&self, matter: &str, choice: &str) -> Result<Self> {
        if matter == "identical" {
            let mut mapping = self.clone();
            for record in mapping.records.iter_mut().filter(|one| one.match_fields.is_empty()) {
                let choice = toml::Value::from(choice);
                record.identical = choice.try_into().map_err(wrong_mapping)?;
            }
            return Ok(mapping);
        }
        Ok(Self { file: stated_in(&self.file, matter, choice)?, ..self.clone() })
    }

    /// The same mapping with something stated about one column, by its place from 0.
    ///
    /// # Errors
    /// `wrong-mapping` when it cannot be stated so.
    pub fn stating_of_column(
        &self,
        (at, header): (usize, &str),
        matter: &str,
        choice: &str,
    ) -> Result<Self> {
        let mut mapping = self.clone();
        let sources = mapping.records.iter_mut().flat_map(|record| record.fields.values_mut());
        for source in sources.filter(|source| source.is_from(at, header)) {
            *source = FieldSource::Rule(stated_in(&source.rule(), matter, choice)?);
        }
        Ok(mapping)
    }

    /// As a mapping file.
    ///
    /// # Errors
    /// When it cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(Error::internal)
    }
}

/// A table of a mapping with one of its entries stated, or no longer stated, where the choice is empty.
fn stated_in<T: Serialize + DeserializeOwned>(table: &T, matter: &str, choice: &str) -> Result<T> {
    let mut table = toml::Table::try_from(table).map_err(Error::internal)?;
    match choice.parse::<i64>() {
        _ if choice.is_empty() => drop(table.remove(matter)),
        Ok(number) if matches!(matter, "header_row" | "unit") => {
            table.insert(matter.into(), number.into());
        }
        _ => drop(table.insert(matter.into(), choice.into())),
    }
    table.try_into().map_err(wrong_mapping)
}

fn wrong_mapping(error: toml::de::Error) -> Error {
    Refusal::new("wrong-mapping").with("reason", error).into()
}

/// The column that an export writes beside an amount, with its currency.
pub(crate) fn currency_column(name: &str) -> String {
    format!("{name}_currency")
}
