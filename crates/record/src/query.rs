//! What to read: which records, in which order, which page; or which groups and sums.

use guanxi_base::{Refusal, Result};
use serde_json::{Value as Json, json};

use crate::Filter;

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Small, early, A first. Nothing comes first.
    Ascending,
    /// Large, late, Z first. Nothing comes last.
    Descending,
}

/// One criterion of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// A field of the type itself, or one that the store keeps, or `id`.
    pub field: String,
    /// Up or down.
    pub direction: Direction,
}

impl Sort {
    /// Up.
    #[must_use]
    pub fn up(field: impl Into<String>) -> Self {
        Self { field: field.into(), direction: Direction::Ascending }
    }

    /// Down.
    #[must_use]
    pub fn down(field: impl Into<String>) -> Self {
        Self { field: field.into(), direction: Direction::Descending }
    }

    /// Reads `-amount,name`.
    #[must_use]
    pub fn parse_list(text: &str) -> Vec<Self> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        words
            .map(|word| word.strip_prefix('-').map_or_else(|| Self::up(word), Self::down))
            .collect()
    }

    /// Writes `-amount,name`.
    #[must_use]
    pub fn write_list(sorts: &[Self]) -> String {
        let word = |sort: &Self| match sort.direction {
            Direction::Ascending => sort.field.clone(),
            Direction::Descending => format!("-{}", sort.field),
        };
        sorts.iter().map(word).collect::<Vec<_>>().join(",")
    }
}

/// Where a page ended: the sort values and the id of its last record.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// One JSON value for each criterion of order.
    pub values: Vec<Json>,
    /// The id's text.
    pub id: String,
}

impl Cursor {
    /// As text for URLs.
    #[must_use]
    pub fn to_text(&self) -> String {
        json!([self.id, self.values]).to_string()
    }

    /// Reads `to_text`.
    ///
    /// # Errors
    /// `wrong-cursor`.
    pub fn from_text(text: &str) -> Result<Self> {
        let wrong = || Refusal::new("wrong-cursor");
        let (id, values): (String, Vec<Json>) = serde_json::from_str(text).map_err(|_| wrong())?;
        Ok(Self { values, id })
    }
}

/// A page of records.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Which records.
    pub filter: Filter,
    /// Words to search for, if any.
    pub search: Option<String>,
    /// In which order; ties are broken by id.
    pub sort: Vec<Sort>,
    /// After which record the page starts.
    pub after: Option<Cursor>,
    /// How many records at most.
    pub limit: usize,
    /// Whether archived records are meant too.
    pub with_archived: bool,
}

impl Query {
    /// More than this are not given in one page.
    pub const LIMIT_MAX: usize = 1_000;
    /// So many when nobody says.
    pub const LIMIT_USUAL: usize = 50;
    /// An order by more fields than this is refused.
    pub const SORTS_MAX: usize = 5;

    /// The first page of the records that pass the filter, newest first.
    #[must_use]
    pub fn of(filter: Filter) -> Self {
        Self {
            filter,
            search: None,
            sort: Vec::new(),
            after: None,
            limit: Self::LIMIT_USUAL,
            with_archived: false,
        }
    }

    /// In this order.
    #[must_use]
    pub fn sorted(mut self, sort: Vec<Sort>) -> Self {
        self.sort = sort;
        self
    }

    /// So many at most.
    #[must_use]
    pub fn limited(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

/// How dates and times are put together into groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// By calendar day.
    Day,
    /// By calendar month, named by its first day.
    Month,
    /// By calendar quarter, named by its first day.
    Quarter,
    /// By calendar year, named by its first day.
    Year,
}

/// What groups are made by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupKey {
    /// Names separated by dots: a field, perhaps of a linked record.
    pub field: String,
    /// For dates and times.
    pub bucket: Option<Bucket>,
}

impl GroupKey {
    /// Reads `country` or `date:month`.
    ///
    /// # Errors
    /// `unknown-bucket`.
    pub fn parse(text: &str) -> Result<Self> {
        let (field, bucket) = match text.split_once(':') {
            None => (text, None),
            Some((field, "day")) => (field, Some(Bucket::Day)),
            Some((field, "month")) => (field, Some(Bucket::Month)),
            Some((field, "quarter")) => (field, Some(Bucket::Quarter)),
            Some((field, "year")) => (field, Some(Bucket::Year)),
            Some((_, bucket)) => {
                return Err(Refusal::new("unknown-bucket").with("name", bucket).into());
            }
        };
        Ok(Self { field: field.to_owned(), bucket })
    }
}

/// What is computed of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// How many records.
    Count,
    /// The sum of a number field.
    Sum,
    /// The mean of a number field.
    Average,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
}

/// One number of each group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// What is computed.
    pub function: Function,
    /// Of which field of the type itself; not used by `Count`.
    pub field: String,
}

impl Measure {
    /// How many records.
    #[must_use]
    pub fn count() -> Self {
        Self { function: Function::Count, field: String::new() }
    }

    /// A function of a field.
    #[must_use]
    pub fn of(function: Function, field: &str) -> Self {
        Self { function, field: field.to_owned() }
    }

    /// Reads `count` or `sum:amount`.
    ///
    /// # Errors
    /// `unknown-measure`.
    pub fn parse(text: &str) -> Result<Self> {
        let (function, field) = text.split_once(':').unwrap_or((text, ""));
        let function = match function {
            "count" => Function::Count,
            "sum" => Function::Sum,
            "avg" => Function::Average,
            "min" => Function::Min,
            "max" => Function::Max,
            _ => return Err(Refusal::new("unknown-measure").with("name", text).into()),
        };
        Ok(Self { function, field: field.to_owned() })
    }
}

/// Groups of records and their numbers. Money never mixes currencies: a measure of money adds
/// its currency to the group's keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Which records.
    pub filter: Filter,
    /// By what.
    pub group_by: Vec<GroupKey>,
    /// Which numbers.
    pub measures: Vec<Measure>,
    /// Whether archived records are meant too.
    pub with_archived: bool,
}

impl Aggregate {
    /// More groups than this are refused, not cut.
    pub const GROUPS_MAX: usize = 10_000;
}
