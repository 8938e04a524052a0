//! Values as columns and columns as values.

use guanxi_base::{Currency, Decimal, Error, Money, Percent, RawId, Result, Timestamp};
use guanxi_record::{Address, Field, Kind, RecordType, Row, Value};
use serde_json::{Map, Value as Json, json};

use crate::dialect::Dialect;
use crate::schema::{ColumnType, column_type, currency_column};
use crate::sql::{SqlRow, SqlValue, quoted, unexpected};
use crate::sqlite;

/// The names of the columns of a type's table, in the order in which rows are read and written.
pub(crate) fn column_names(record_type: &RecordType) -> Vec<String> {
    let mut names: Vec<String> =
        ["id", "version", "created_at", "updated_at", "archived_at"].map(str::to_owned).into();
    for field in record_type.built_in() {
        names.push(field.name.to_string());
        if field.kind == Kind::Money {
            names.push(currency_column(&field.name));
        }
    }
    names.push("custom".to_owned());
    names
}

/// The columns that a change of a record writes, with their values, but for those of custom fields:
/// what is computed from other records is left as it is, lest a change writes back what it read a
/// while ago.
pub(crate) fn changed_columns(record_type: &RecordType, row: &Row) -> Vec<(String, SqlValue)> {
    let computed: Vec<&str> =
        record_type.fields.iter().filter(|one| one.is_computed()).map(|one| &*one.name).collect();
    let is_kept = |(name, _): &(String, SqlValue)| {
        let is_computed = |one: &&str| name == *one || *name == currency_column(one);
        name != "id" && name != "custom" && !computed.iter().any(is_computed)
    };
    let columns = column_names(record_type).into_iter().zip(write_row(record_type, row));
    columns.filter(is_kept).collect()
}

/// The columns of a type as a SQL list; explicit, because columns are added at run time.
pub(crate) fn select_list(record_type: &RecordType, alias: &str) -> String {
    let columns = column_names(record_type);
    columns.iter().map(|name| format!("{alias}.{}", quoted(name))).collect::<Vec<_>>().join(", ")
}

/// A row as the values of its columns, in the order of `column_names`.
pub(crate) fn write_row(record_type: &RecordType, row: &Row) -> SqlRow {
    let mut columns = vec![
        SqlValue::Integer(row.id.0),
        SqlValue::Integer(row.version),
        SqlValue::Instant(row.created_at),
        SqlValue::Instant(row.updated_at),
        SqlValue::or_null(row.archived_at, SqlValue::Instant),
    ];
    let custom = custom_json(record_type, row);
    for (field, value) in record_type.fields.iter().zip(&row.values) {
        if field.is_custom() {
            continue;
        }
        if let Value::Money(money) = value {
            columns.push(SqlValue::Integer(money.units));
            columns.push(SqlValue::Text(money.currency.code().to_owned()));
        } else {
            columns.push(write_value(value));
            if field.kind == Kind::Money {
                columns.push(SqlValue::Null);
            }
        }
    }
    columns.push(if custom.is_empty() {
        SqlValue::Null
    } else {
        SqlValue::Json(Json::Object(custom).to_string())
    });
    columns
}

/// The values of a record's custom fields as they are kept.
pub(crate) fn custom_json(record_type: &RecordType, row: &Row) -> Map<String, Json> {
    let pairs = record_type.fields.iter().zip(&row.values);
    let held = pairs.filter(|(field, value)| field.is_custom() && !value.is_null());
    held.map(|(field, value)| (field.name.to_string(), stored_json(value))).collect()
}

/// A value as its main column; of money, the amount.
pub(crate) fn write_value(value: &Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Text(text) => SqlValue::Text(text.clone()),
        Value::Integer(number) => SqlValue::Integer(*number),
        Value::Decimal(number) => SqlValue::Integer(number.units()),
        Value::Percent(number) => SqlValue::Integer(number.units()),
        Value::Money(money) => SqlValue::Integer(money.units),
        Value::Boolean(yes) => SqlValue::Boolean(*yes),
        Value::Date(date) => SqlValue::Date(*date),
        Value::Instant(instant) => SqlValue::Instant(*instant),
        Value::Link(id) => SqlValue::Integer(id.0),
        Value::Choices(_) | Value::Links(_) | Value::Address(_) | Value::Json(_) => {
            SqlValue::Json(stored_json(value).to_string())
        }
    }
}

/// A value as it is kept inside JSON: exact numbers as integers, ids as integers.
fn stored_json(value: &Value) -> Json {
    match value {
        Value::Decimal(number) => json!(number.units()),
        Value::Percent(number) => json!(number.units()),
        Value::Money(money) => json!({ "units": money.units, "currency": money.currency.code() }),
        Value::Instant(instant) => json!(instant.as_microsecond()),
        Value::Link(id) => json!(id.0),
        Value::Links(ids) => ids.iter().map(|id| id.0).collect(),
        other => other.to_json(),
    }
}

fn from_stored_json(kind: &Kind, json: &Json) -> Option<Value> {
    let integer = || json.as_i64();
    Some(match kind {
        _ if json.is_null() => Value::Null,
        Kind::Integer => Value::Integer(integer()?),
        Kind::Decimal => Value::Decimal(Decimal::from_units(integer()?)),
        Kind::Percent => Value::Percent(Percent::from_units(integer()?)),
        Kind::Money => Value::Money(Money::new(
            json.get("units")?.as_i64()?,
            Currency::kept(json.get("currency")?.as_str()?)?,
        )),
        Kind::Boolean => Value::Boolean(json.as_bool()?),
        Kind::Date => Value::Date(json.as_str()?.parse().ok()?),
        Kind::Instant => Value::Instant(Timestamp::from_microsecond(integer()?).ok()?),
        Kind::Choices(_) => {
            let codes = json.as_array()?.iter().map(|code| code.as_str().map(str::to_owned));
            Value::Choices(codes.collect::<Option<_>>()?)
        }
        Kind::Link { .. } | Kind::Owner | Kind::File => Value::Link(RawId(integer()?)),
        Kind::Links { .. } => {
            let ids = json.as_array()?.iter().map(|id| id.as_i64().map(RawId));
            Value::Links(ids.collect::<Option<_>>()?)
        }
        Kind::Address => {
            let mut address = Address::default();
            for (name, part) in json.as_object()? {
                part.as_str()?.clone_into(address.part_mut(name)?);
            }
            Value::Address(Box::new(address))
        }
        Kind::Json => Value::Json(Box::new(json.clone())),
        _ => Value::Text(json.as_str()?.to_owned()),
    })
}

/// A value from its column, and of money from that of its currency.
pub(crate) fn read_value(kind: &Kind, main: SqlValue, currency: Option<SqlValue>) -> Result<Value> {
    if main == SqlValue::Null {
        return Ok(Value::Null);
    }
    Ok(match kind {
        Kind::Integer => Value::Integer(main.integer()?),
        Kind::Decimal => Value::Decimal(Decimal::from_units(main.integer()?)),
        Kind::Percent => Value::Percent(Percent::from_units(main.integer()?)),
        Kind::Money => {
            let code = currency.unwrap_or(SqlValue::Null).into_text()?;
            let code = Currency::kept(&code)
                .ok_or_else(|| Error::internal(format!("{code} is stored as a currency")))?;
            Value::Money(Money::new(main.integer()?, code))
        }
        Kind::Boolean => match main {
            SqlValue::Boolean(yes) => Value::Boolean(yes),
            SqlValue::Integer(number) => Value::Boolean(number != 0),
            other => return Err(unexpected("boolean", &other)),
        },
        Kind::Date => match main {
            SqlValue::Date(date) => Value::Date(date),
            SqlValue::Text(text) => Value::Date(sqlite::date(&text)?),
            other => return Err(unexpected("date", &other)),
        },
        Kind::Instant => Value::Instant(main.instant()?),
        Kind::Link { .. } | Kind::Owner | Kind::File => Value::Link(RawId(main.integer()?)),
        Kind::Choices(_) | Kind::Links { .. } | Kind::Address | Kind::Json => {
            let text = main.into_text()?;
            let json: Json = serde_json::from_str(&text).map_err(Error::internal)?;
            from_stored_json(kind, &json)
                .ok_or_else(|| Error::internal(format!("{text} is stored as {}", kind.name())))?
        }
        _ => Value::Text(main.into_text()?),
    })
}

/// A record from the columns of `select_list`.
pub(crate) fn read_row(record_type: &RecordType, columns: SqlRow) -> Result<Row> {
    let mut columns = columns.into_iter();
    let mut next = || columns.next().ok_or_else(|| Error::internal("a column is missing"));
    let id = RawId(next()?.integer()?);
    let version = next()?.integer()?;
    let (created_at, updated_at) = (next()?.instant()?, next()?.instant()?);
    let archived_at = next()?.optional_instant()?;
    let mut values = Vec::with_capacity(record_type.fields.len());
    for field in record_type.built_in() {
        let main = next()?;
        let currency = if field.kind == Kind::Money { Some(next()?) } else { None };
        values.push(read_value(&field.kind, main, currency)?);
    }
    let custom = match next()? {
        SqlValue::Null => Json::Null,
        text => serde_json::from_str(&text.into_text()?).map_err(Error::internal)?,
    };
    for field in record_type.fields.iter().filter(|field| field.is_custom()) {
        let stored = custom.get(field.name.as_ref());
        values.push(stored.and_then(|j| from_stored_json(&field.kind, j)).unwrap_or_default());
    }
    Ok(Row { id, version, created_at, updated_at, archived_at, values })
}

/// A field as a SQL expression.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    pub(crate) sql: String,
    pub(crate) kind: Kind,
    /// Of money: the expression of its currency.
    pub(crate) currency: Option<String>,
    /// Kept inside JSON, where PostgreSQL has dates as text and instants as microseconds.
    pub(crate) in_json: bool,
}

impl Expression {
    /// A field of the row that `alias` stands for.
    pub(crate) fn of(dialect: Dialect, alias: &str, field: &Field) -> Self {
        let kind = field.kind.clone();
        if !field.is_custom() {
            let column = |name: &str| format!("{alias}.{}", quoted(name));
            let currency = (kind == Kind::Money).then(|| column(&currency_column(&field.name)));
            return Self { sql: column(&field.name), kind, currency, in_json: false };
        }
        let custom = format!("{alias}.\"custom\"");
        let name = field.name.as_ref();
        if kind == Kind::Money {
            let part = |part, shape| dialect.json_part(&custom, &[name, part], shape);
            let currency = Some(part("currency", ColumnType::Text));
            return Self { sql: part("units", ColumnType::Integer), kind, currency, in_json: true };
        }
        let sql = dialect.json_part(&custom, &[name], column_type(&kind));
        Self { sql, kind, currency: None, in_json: true }
    }

    /// A part of an address.
    pub(crate) fn part(&self, dialect: Dialect, part: &str) -> Self {
        let sql = dialect.json_part(&self.sql, &[part], ColumnType::Text);
        Self { sql, kind: Kind::Text, currency: None, in_json: true }
    }

    /// Of money: its currency.
    pub(crate) fn of_currency(self) -> Option<Self> {
        let sql = self.currency?;
        Some(Self { sql, kind: Kind::Text, currency: None, in_json: self.in_json })
    }

    /// A value in the shape in which this expression can be compared with it.
    pub(crate) fn comparable(&self, dialect: Dialect, value: &Value) -> SqlValue {
        match (write_value(value), self.in_json, dialect) {
            (SqlValue::Date(date), true, _) => SqlValue::Text(date.to_string()),
            (SqlValue::Instant(instant), true, _) => SqlValue::Integer(instant.as_microsecond()),
            (other, _, _) => other,
        }
    }
}
