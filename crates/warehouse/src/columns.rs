//! Records as Arrow columns: one for each field that somebody counts, sums or chooses by. Long
//! texts, JSON and files stay in the database.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Int64Builder, ListBuilder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use guanxi_base::{Date, Error, RawId, Result, Timestamp};
use guanxi_record::{Address, Kind, RecordType, Row, Value};

/// The column of the ids, by which every table is sorted.
pub(crate) const ID: &str = "id";

/// What a column holds of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The value; of money its units.
    Whole,
    /// The code of an amount's currency.
    Currency,
    /// A part of an address, by its place.
    Address(usize),
}

/// The columns of a field: names, types, and what they hold. None for what is not counted,
/// and for what is computed from the warehouse itself.
fn columns_of(field: &guanxi_record::Field) -> Vec<(String, DataType, Part)> {
    let name = field.name.to_string();
    if field.derived {
        return Vec::new();
    }
    let one = |data_type| vec![(name.clone(), data_type, Part::Whole)];
    match &field.kind {
        Kind::LongText | Kind::Json | Kind::File => Vec::new(),
        Kind::Text | Kind::Choice(_) | Kind::Phone | Kind::Email | Kind::Url => one(DataType::Utf8),
        Kind::Integer | Kind::Decimal | Kind::Percent => one(DataType::Int64),
        Kind::Link { .. } | Kind::Owner => one(DataType::Int64),
        Kind::Boolean => one(DataType::Boolean),
        Kind::Date => one(DataType::Date32),
        Kind::Instant => one(instant()),
        Kind::Choices(_) => one(list_of(DataType::Utf8)),
        Kind::Links { .. } => one(list_of(DataType::Int64)),
        Kind::Money => vec![
            (name.clone(), DataType::Int64, Part::Whole),
            (currency_column(&name), DataType::Utf8, Part::Currency),
        ],
        Kind::Address => {
            let parts = Address::PARTS.iter().enumerate();
            parts
                .map(|(at, part)| (format!("{name}.{part}"), DataType::Utf8, Part::Address(at)))
                .collect()
        }
    }
}

/// The column of the currency of a field of money.
#[must_use]
pub fn currency_column(field: &str) -> String {
    format!("{field}.currency")
}

fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

/// The columns of a record type: its id, when it came and changed, and its fields.
///
/// Amounts are integers in 1/10,000 of the unit with their currency beside them, decimals in
/// 1/1,000,000, per cents in 1/10,000; dates are days, instants microseconds in UTC.
#[must_use]
pub fn schema_of(record_type: &RecordType) -> SchemaRef {
    let mut fields = vec![
        Field::new(ID, DataType::Int64, false),
        Field::new("version", DataType::Int64, false),
        Field::new("created_at", instant(), false),
        Field::new("updated_at", instant(), false),
        Field::new("archived_at", instant(), true),
    ];
    for field in record_type.fields.iter() {
        let columns = columns_of(field).into_iter();
        fields.extend(columns.map(|(name, data_type, _)| Field::new(name, data_type, true)));
    }
    Arc::new(Schema::new(fields))
}

/// Rows as columns, in the order of the rows.
///
/// # Errors
/// When a value is not of its field's kind.
pub fn batch_of(record_type: &RecordType, rows: &[Row]) -> Result<RecordBatch> {
    let instants = |of: &dyn Fn(&Row) -> Option<Timestamp>| -> ArrayRef {
        let mut column = TimestampMicrosecondBuilder::with_capacity(rows.len());
        rows.iter().for_each(|row| column.append_option(of(row).map(Timestamp::as_microsecond)));
        Arc::new(column.finish().with_timezone("UTC"))
    };
    let integers = |of: &dyn Fn(&Row) -> i64| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(of(row))).collect::<arrow_array::Int64Array>())
    };
    let mut arrays: Vec<ArrayRef> = vec![
        integers(&|row| row.id.0),
        integers(&|row| row.version),
        instants(&|row| Some(row.created_at)),
        instants(&|row| Some(row.updated_at)),
        instants(&|row| row.archived_at),
    ];
    for (place, field) in record_type.fields.iter().enumerate() {
        for (_, data_type, part) in columns_of(field) {
            let values = rows.iter().map(|row| row.values.get(place).unwrap_or(&Value::Null));
            arrays.push(array_of(&data_type, part, values)?);
        }
    }
    RecordBatch::try_new(schema_of(record_type), arrays).map_err(Error::internal)
}

fn array_of<'a>(
    data_type: &DataType,
    part: Part,
    values: impl Iterator<Item = &'a Value>,
) -> Result<ArrayRef> {
    Ok(match data_type {
        DataType::Utf8 => {
            let mut column = StringBuilder::new();
            values.for_each(|value| column.append_option(text(value, part)));
            Arc::new(column.finish())
        }
        DataType::Int64 => {
            let mut column = Int64Builder::new();
            values.for_each(|value| column.append_option(integer(value)));
            Arc::new(column.finish())
        }
        DataType::Boolean => {
            let mut column = BooleanBuilder::new();
            values.for_each(|value| {
                column.append_option(match value {
                    Value::Boolean(yes) => Some(*yes),
                    _ => None,
                });
            });
            Arc::new(column.finish())
        }
        DataType::Date32 => {
            let mut column = Date32Builder::new();
            values.for_each(|value| {
                column.append_option(match value {
                    Value::Date(date) => Some(day_number(*date)),
                    _ => None,
                });
            });
            Arc::new(column.finish())
        }
        DataType::Timestamp(..) => {
            let mut column = TimestampMicrosecondBuilder::new();
            values.for_each(|value| {
                column.append_option(match value {
                    Value::Instant(at) => Some(at.as_microsecond()),
                    _ => None,
                });
            });
            Arc::new(column.finish().with_timezone("UTC"))
        }
        DataType::List(item) if item.data_type() == &DataType::Int64 => {
            let mut column = ListBuilder::new(Int64Builder::new());
            for value in values {
                value.links().iter().for_each(|id| column.values().append_value(id.0));
                column.append(!value.is_null());
            }
            Arc::new(column.finish())
        }
        DataType::List(_) => {
            let mut column = ListBuilder::new(StringBuilder::new());
            for value in values {
                if let Value::Choices(codes) = value {
                    codes.iter().for_each(|code| column.values().append_value(code));
                }
                column.append(!value.is_null());
            }
            Arc::new(column.finish())
        }
        other => return Err(Error::internal(format!("no column holds {other}"))),
    })
}

fn text(value: &Value, part: Part) -> Option<&str> {
    match (value, part) {
        (Value::Text(text), Part::Whole) => Some(text),
        (Value::Money(money), Part::Currency) => Some(money.currency.code()),
        (Value::Address(address), Part::Address(at)) => {
            address.part(Address::PARTS[at]).filter(|text| !text.is_empty())
        }
        _ => None,
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::Decimal(number) => Some(number.units()),
        Value::Percent(number) => Some(number.units()),
        Value::Money(money) => Some(money.units),
        Value::Link(RawId(id)) => Some(*id),
        _ => None,
    }
}

/// A date as the days since 1970-01-01.
#[must_use]
pub fn day_number(date: Date) -> i32 {
    let since = jiff::civil::date(1970, 1, 1).until(date);
    since.map_or(0, |span| span.get_days())
}

/// The date that is so many days after 1970-01-01.
#[must_use]
pub fn day_of(number: i32) -> Date {
    let start = jiff::civil::date(1970, 1, 1);
    start.saturating_add(jiff::Span::new().days(number))
}
