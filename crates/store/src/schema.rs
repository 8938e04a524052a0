//! Tables, columns and indexes in words that fit both databases, made from descriptions.

use guanxi_record::{Catalog, Field, Kind, RecordType};
use serde::{Deserialize, Serialize};

use crate::mirror::mirrors;

/// The shape of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Text.
    Text,
    /// 64 bits.
    Integer,
    /// Yes or no.
    Boolean,
    /// A calendar date.
    Date,
    /// A point in time, to the microsecond.
    Instant,
    /// JSON.
    Json,
    /// Bytes.
    Bytes,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its shape.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// Whether the database itself insists on a value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// The table whose `id` it must be one of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<String>,
    /// What it is a copy of, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<Source>,
}

/// What a column is a copy of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The column of the same table that leads to the other row.
    pub link: String,
    /// The other table.
    pub table: String,
    /// Its column.
    pub column: String,
}

/// One index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Its columns.
    pub columns: Vec<String>,
    /// Whether no two rows may have the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
}

impl Index {
    fn of(columns: &[&str], unique: bool) -> Self {
        Self { columns: columns.iter().map(ToString::to_string).collect(), unique }
    }

    /// Its name; a broken unique index is told to a person by it.
    pub(crate) fn name(&self, table: &str) -> String {
        let kind = if self.unique { "key" } else { "idx" };
        format!("{table}.{}.{kind}", self.columns.join("."))
    }
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The columns of its primary key.
    pub primary_key: Vec<String>,
    /// Its other indexes.
    #[serde(default)]
    pub indexes: Vec<Index>,
}

/// All tables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// In the order of their creation.
    pub tables: Vec<Table>,
}

impl Schema {
    /// The tables of these record types and of the store itself.
    #[must_use]
    pub fn of(catalog: &Catalog) -> Self {
        let mut tables = system_tables();
        tables.extend(catalog.types().map(|record_type| {
            let mut table = table_of(record_type);
            for mirror in mirrors(catalog, record_type) {
                table.columns.push(mirror.column(record_type));
            }
            table
        }));
        Self { tables }
    }

    /// The table of this name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    pub(crate) fn table_mut(&mut self, name: &str) -> Option<&mut Table> {
        self.tables.iter_mut().find(|table| table.name == name)
    }
}

/// The shape of a kind's main column.
pub(crate) fn column_type(kind: &Kind) -> ColumnType {
    match kind {
        Kind::Integer | Kind::Decimal | Kind::Percent | Kind::Money => ColumnType::Integer,
        Kind::Link { .. } | Kind::Owner | Kind::File => ColumnType::Integer,
        Kind::Boolean => ColumnType::Boolean,
        Kind::Date => ColumnType::Date,
        Kind::Instant => ColumnType::Instant,
        Kind::Choices(_) | Kind::Links { .. } | Kind::Address | Kind::Json => ColumnType::Json,
        Kind::Text | Kind::LongText | Kind::Choice(_) => ColumnType::Text,
        Kind::Phone | Kind::Email | Kind::Url => ColumnType::Text,
    }
}

/// The column of the currency beside an amount of money.
pub(crate) fn currency_column(name: &str) -> String {
    format!("{name}_currency")
}

pub(crate) fn column(name: &str, column_type: ColumnType, required: bool) -> Column {
    Column { name: name.to_owned(), column_type, required, references: None, copies: None }
}

fn columns_of(field: &Field) -> Vec<Column> {
    let mut main = column(&field.name, column_type(&field.kind), false);
    main.references = field.kind.link_target().map(str::to_owned);
    if field.kind == Kind::Money {
        return vec![main, column(&currency_column(&field.name), ColumnType::Text, false)];
    }
    vec![main]
}

pub(crate) fn table_of(record_type: &RecordType) -> Table {
    let mut columns = vec![
        column("id", ColumnType::Integer, true),
        column("version", ColumnType::Integer, true),
        column("created_at", ColumnType::Instant, true),
        column("updated_at", ColumnType::Instant, true),
        column("archived_at", ColumnType::Instant, false),
    ];
    columns.extend(record_type.built_in().flat_map(columns_of));
    columns.push(column("custom", ColumnType::Json, false));
    let declared = |sets: &[&[&str]], unique| -> Vec<Index> {
        sets.iter().map(|columns| Index::of(columns, unique)).collect()
    };
    let mut indexes = declared(record_type.unique, true);
    let lists = declared(record_type.indexes, false);
    let lead = |indexes: &[Index], name: &str| indexes.iter().any(|i| i.columns[0] == name);
    for field in record_type.built_in() {
        let led = lead(&indexes, &field.name);
        let linked = field.kind.link_target().is_some() && !lead(&lists, &field.name);
        if field.unique {
            indexes.push(Index::of(&[&field.name], true));
        } else if !led && (field.indexed || linked) {
            indexes.push(Index::of(&[&field.name], false));
        }
    }
    indexes.extend(lists);
    Table {
        name: record_type.name.to_string(),
        columns,
        primary_key: vec!["id".to_owned()],
        indexes,
    }
}

/// The tables that the store keeps for itself.
fn system_tables() -> Vec<Table> {
    use ColumnType::{Bytes, Date, Instant, Integer, Json, Text};
    let table = |name: &str, columns: &[(&str, ColumnType, bool)], key: &[&str]| Table {
        name: name.to_owned(),
        columns: columns
            .iter()
            .map(|(name, kind, required)| column(name, *kind, *required))
            .collect(),
        primary_key: key.iter().map(ToString::to_string).collect(),
        indexes: Vec::new(),
    };
    let with = |mut table: Table, indexes: &[&[&str]]| {
        table.indexes = indexes.iter().map(|columns| Index::of(columns, false)).collect();
        table
    };
    vec![
        with(
            table(
                "change_set",
                &[
                    ("id", Integer, true),
                    ("position", Integer, true),
                    ("at", Instant, true),
                    ("actor", Integer, false),
                    ("origin", Text, true),
                    ("address", Text, false),
                    ("job", Integer, false),
                    ("undoes", Integer, false),
                ],
                &["id"],
            ),
            &[&["position", "id"], &["job"], &["undoes"], &["actor", "id"]],
        ),
        with(
            table(
                "change_item",
                &[
                    ("change_set", Integer, true),
                    ("seq", Integer, true),
                    ("type", Text, true),
                    ("record", Integer, true),
                    ("version", Integer, true),
                    ("operation", Text, true),
                    ("diff", Json, false),
                ],
                &["change_set", "seq"],
            ),
            &[&["record", "change_set"], &["operation", "change_set"]],
        ),
        with(
            table(
                "search_document",
                &[("id", Integer, true), ("type", Text, true), ("body", Text, true)],
                &["id"],
            ),
            &[],
        ),
        table("counter", &[("name", Text, true), ("value", Integer, true)], &["name"]),
        table(
            "idempotency",
            &[
                ("actor", Integer, true),
                ("key", Text, true),
                ("request", Text, true),
                ("status", Integer, true),
                ("response", Text, true),
                ("at", Instant, true),
            ],
            &["actor", "key"],
        ),
        with(
            table(
                "job",
                &[
                    ("id", Integer, true),
                    ("queue", Text, true),
                    ("payload", Json, true),
                    ("actor", Integer, false),
                    ("run_at", Instant, true),
                    ("locked_until", Instant, false),
                    ("locked_by", Integer, false),
                    ("attempts", Integer, true),
                    ("state", Text, true),
                    ("progress", Json, false),
                    ("error", Text, false),
                ],
                &["id"],
            ),
            &[&["queue", "state", "run_at"]],
        ),
        table(
            "job_row",
            &[("job", Integer, true), ("number", Integer, true), ("content", Json, true)],
            &["job", "number"],
        ),
        with(
            table(
                "seal",
                &[
                    ("number", Integer, true),
                    ("change_set", Integer, true),
                    ("position", Integer, true),
                    ("digest", Text, true),
                    ("hash", Text, true),
                    ("purged_by", Integer, false),
                ],
                &["number"],
            ),
            &[&["change_set"]],
        ),
        with(
            table(
                "share",
                &[
                    ("record", Integer, true),
                    ("grantee", Integer, true),
                    ("type", Text, true),
                    ("access", Text, true),
                    ("until", Date, false),
                    ("granted_by", Integer, false),
                ],
                &["record", "grantee"],
            ),
            &[&["grantee", "type"]],
        ),
        table(
            "credential",
            &[
                ("user", Integer, true),
                ("password", Text, false),
                ("second_factor", Text, false),
                ("second_factor_step", Integer, false),
                ("recovery", Json, false),
                ("failures", Integer, false),
                ("locked_until", Instant, false),
            ],
            &["user"],
        ),
        table(
            "identity",
            &[("issuer", Text, true), ("subject", Text, true), ("user", Integer, true)],
            &["issuer", "subject"],
        ),
        with(
            table(
                "session",
                &[
                    ("token_hash", Text, true),
                    ("id", Integer, true),
                    ("user", Integer, true),
                    ("kind", Text, true),
                    ("name", Text, false),
                    ("created_at", Instant, true),
                    ("seen_at", Instant, true),
                    ("expires_at", Instant, false),
                    ("address", Text, false),
                    ("agent", Text, false),
                    ("scopes", Text, false),
                ],
                &["token_hash"],
            ),
            &[&["user"], &["id"]],
        ),
        table("file_content", &[("id", Integer, true), ("content", Bytes, true)], &["id"]),
    ]
}
