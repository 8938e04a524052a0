//! SQL text with its parameters, and the few shapes that values have in both databases.

use guanxi_base::{Date, Error, Result, Timestamp};

use crate::dialect::Dialect;

/// A value on its way into or out of a database.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SqlValue {
    Null,
    Integer(i64),
    Text(String),
    Boolean(bool),
    Date(Date),
    Instant(Timestamp),
    /// JSON text.
    Json(String),
    Bytes(Vec<u8>),
}

impl SqlValue {
    pub(crate) fn integer(&self) -> Result<i64> {
        match self {
            Self::Integer(number) => Ok(*number),
            other => Err(unexpected("integer", other)),
        }
    }

    pub(crate) fn into_text(self) -> Result<String> {
        match self {
            Self::Text(text) | Self::Json(text) => Ok(text),
            other => Err(unexpected("text", &other)),
        }
    }

    /// SQLite keeps instants as microseconds.
    pub(crate) fn instant(&self) -> Result<Timestamp> {
        match self {
            Self::Instant(instant) => Ok(*instant),
            Self::Integer(micros) => {
                Timestamp::from_microsecond(*micros).map_err(|_| unexpected("instant", self))
            }
            other => Err(unexpected("instant", other)),
        }
    }

    pub(crate) fn optional_instant(&self) -> Result<Option<Timestamp>> {
        if *self == Self::Null { Ok(None) } else { self.instant().map(Some) }
    }

    pub(crate) fn or_null<T>(value: Option<T>, make: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Null, make)
    }
}

pub(crate) fn unexpected(wanted: &str, found: &SqlValue) -> Error {
    Error::internal(format!("the database gave {found:?} where {wanted} was expected"))
}

/// One result row.
pub(crate) type SqlRow = Vec<SqlValue>;

/// A statement under construction. Identifiers come from descriptions only; everything that a
/// person wrote is bound as a parameter.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    pub(crate) dialect: Dialect,
    pub(crate) text: String,
    pub(crate) params: Vec<SqlValue>,
}

impl Sql {
    pub(crate) fn new(dialect: Dialect, text: impl Into<String>) -> Self {
        Self { dialect, text: text.into(), params: Vec::new() }
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a quoted identifier.
    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        self.text.push_str(&quoted(name));
        self
    }

    /// Adds a parameter.
    pub(crate) fn bind(&mut self, value: SqlValue) -> &mut Self {
        self.params.push(value);
        let sign = self.dialect.parameter_sign();
        self.text.push_str(&format!("{sign}{}", self.params.len()));
        self
    }

    /// Adds several, separated by commas.
    pub(crate) fn bind_all(&mut self, values: impl IntoIterator<Item = SqlValue>) -> &mut Self {
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            self.bind(value);
        }
        self
    }

    /// Adds the texts of a JSON list as rows of one column, `value`: one parameter, however many they are.
    pub(crate) fn texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> &mut Self {
        let list: serde_json::Value = texts.into_iter().collect();
        let (start, end) = match self.dialect {
            Dialect::Sqlite => ("(SELECT value FROM json_each(", "))"),
            Dialect::Postgres => ("(SELECT jsonb_array_elements_text(", ") AS value)"),
        };
        self.push(start).bind(SqlValue::Json(list.to_string())).push(end)
    }
}

/// An identifier in double quotes, which both databases take.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Identifiers in double quotes, separated by commas.
pub(crate) fn quoted_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}
