//! What differs between SQLite and PostgreSQL, and nothing else.

use guanxi_record::{Bucket, Direction, Kind, ZoneOffsets};

use crate::schema::ColumnType;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    pub(crate) fn parameter_sign(self) -> char {
        match self {
            Self::Sqlite => '?',
            Self::Postgres => '$',
        }
    }

    pub(crate) fn column_type(self, column_type: ColumnType) -> &'static str {
        match (column_type, self) {
            (ColumnType::Text, _) => "TEXT",
            (ColumnType::Integer, Self::Sqlite) => "INTEGER",
            (ColumnType::Integer, Self::Postgres) => "BIGINT",
            (ColumnType::Boolean, Self::Sqlite) => "INTEGER",
            (ColumnType::Boolean, Self::Postgres) => "BOOLEAN",
            (ColumnType::Date, Self::Sqlite) => "TEXT",
            (ColumnType::Date, Self::Postgres) => "DATE",
            (ColumnType::Instant, Self::Sqlite) => "INTEGER",
            (ColumnType::Instant, Self::Postgres) => "TIMESTAMPTZ",
            (ColumnType::Json, Self::Sqlite) => "TEXT",
            (ColumnType::Json, Self::Postgres) => "JSONB",
            (ColumnType::Bytes, Self::Sqlite) => "BLOB",
            (ColumnType::Bytes, Self::Postgres) => "BYTEA",
        }
    }

    /// A part of a JSON column as a value of the kind's column type. `path` comes from
    /// descriptions, never from a person.
    pub(crate) fn json_part(self, column: &str, path: &[&str], column_type: ColumnType) -> String {
        match self {
            Self::Sqlite => {
                let path: String = path.iter().map(|name| format!(".{name}")).collect();
                format!("json_extract({column}, '${path}')")
            }
            Self::Postgres => {
                let inner: String =
                    path[..path.len() - 1].iter().map(|name| format!("->'{name}'")).collect();
                let last = path[path.len() - 1];
                match column_type {
                    ColumnType::Json => format!("({column}{inner}->'{last}')"),
                    ColumnType::Text => format!("({column}{inner}->>'{last}')"),
                    // Neither cast is immutable in PostgreSQL, so an index could not hold it;
                    // ISO text compares and sorts like the date, microseconds like the instant.
                    ColumnType::Date => format!("({column}{inner}->>'{last}')"),
                    _ => {
                        let name = match column_type {
                            ColumnType::Boolean => "BOOLEAN",
                            _ => "BIGINT",
                        };
                        format!("(({column}{inner}->>'{last}')::{name})")
                    }
                }
            }
        }
    }

    /// Whether a JSON array column holds an element.
    pub(crate) fn json_has(self, column: &str, parameter: &str) -> String {
        match self {
            Self::Sqlite => {
                format!("EXISTS (SELECT 1 FROM json_each({column}) WHERE value = {parameter})")
            }
            Self::Postgres => format!("({column} @> {parameter})"),
        }
    }

    /// The elements of a JSON array column as rows of one column, `value`; one empty row where there
    /// are none.
    pub(crate) fn json_elements(self, column: &str, alias: &str) -> String {
        match self {
            Self::Sqlite => format!(" LEFT JOIN json_each({column}) {alias} ON TRUE"),
            Self::Postgres => format!(
                " LEFT JOIN LATERAL jsonb_array_elements_text({column}) {alias}(value) ON TRUE"
            ),
        }
    }

    /// An element of those, as the one value that it is.
    pub(crate) fn json_element(self, alias: &str, kind: &Kind) -> String {
        match (self, kind) {
            (Self::Postgres, Kind::Link { .. }) => format!("({alias}.value)::BIGINT"),
            _ => format!("{alias}.value"),
        }
    }

    /// What of a text stands before the first such sign; all of it where there is none.
    pub(crate) fn text_before(self, text: &str, sign: char) -> String {
        match self {
            Self::Sqlite => format!("substr({text}, 1, instr({text} || '{sign}', '{sign}') - 1)"),
            Self::Postgres => format!("split_part({text}, '{sign}', 1)"),
        }
    }

    /// So many of the last characters of a text.
    pub(crate) fn text_end(self, text: &str, length: usize) -> String {
        match self {
            Self::Sqlite => format!("substr({text}, -{length})"),
            Self::Postgres => format!("right({text}, {length})"),
        }
    }

    /// What of a text stands before so many of its last characters.
    pub(crate) fn text_before_end(self, text: &str, length: usize) -> String {
        match self {
            Self::Sqlite => format!("substr({text}, 1, max(length({text}) - {length}, 0))"),
            Self::Postgres => format!("left({text}, -{length})"),
        }
    }

    /// A text without what two writings of one key may differ by, and a little more: its form
    /// (`text_form`), without blanks, dashes, apostrophes and what nobody sees.
    pub(crate) fn bare_form(self, text: &str) -> String {
        match self {
            Self::Sqlite => format!("bare_form({text})"),
            Self::Postgres => format!(
                r"regexp_replace(text_form({text}), '[\s''\-\u00ad\u02bc\u061c\u180e\u2000-\u206f\u2212\ufeff]+', '', 'g')"
            ),
        }
    }

    /// A text whose letters of ASCII, and no others, are small.
    pub(crate) fn small_ascii(self, text: &str) -> String {
        match self {
            Self::Sqlite => format!("lower({text})"),
            Self::Postgres => format!("lower({text} COLLATE \"C\")"),
        }
    }

    /// Nothing sorts first going up and last going down, in both databases.
    pub(crate) fn order(self, direction: Direction) -> &'static str {
        match (direction, self) {
            (Direction::Ascending, Self::Sqlite) => " ASC",
            (Direction::Descending, Self::Sqlite) => " DESC",
            (Direction::Ascending, Self::Postgres) => " ASC NULLS FIRST",
            (Direction::Descending, Self::Postgres) => " DESC NULLS LAST",
        }
    }

    /// An instant of a number of microseconds, as JSON has it.
    pub(crate) fn instant_of_micros(self, micros: &str) -> String {
        match self {
            Self::Sqlite => micros.to_owned(),
            Self::Postgres => {
                format!("(TIMESTAMPTZ 'epoch' + {micros} * INTERVAL '1 microsecond')")
            }
        }
    }

    /// The first day of the bucket that a date or instant falls into, as ISO text. Instants are of
    /// the day by the offset that held then.
    pub(crate) fn bucket(
        self,
        expression: &str,
        kind: &Kind,
        bucket: Bucket,
        offsets: Option<&ZoneOffsets>,
    ) -> String {
        let seconds = match (kind, offsets) {
            (Kind::Instant, Some(offsets)) => self.offset(expression, offsets.spans()),
            _ => "0".to_owned(),
        };
        match self {
            Self::Sqlite => {
                let day = match kind {
                    // Rounded down, before 1970 too.
                    Kind::Instant => format!(
                        "({expression} - (({expression} % 1000000) + 1000000) % 1000000) / 1000000 \
                         + ({seconds}), 'unixepoch'"
                    ),
                    _ => expression.to_owned(),
                };
                match bucket {
                    Bucket::Day => format!("date({day})"),
                    Bucket::Month => format!("date({day}, 'start of month')"),
                    Bucket::Year => format!("date({day}, 'start of year')"),
                    Bucket::Quarter => format!(
                        "date({day}, 'start of month', '-' || \
                         ((CAST(strftime('%m', {day}) AS INTEGER) - 1) % 3) || ' months')"
                    ),
                }
            }
            Self::Postgres => {
                let day = match kind {
                    Kind::Instant => format!(
                        "(({expression} AT TIME ZONE 'UTC') + ({seconds}) * INTERVAL '1 second')"
                    ),
                    _ => expression.to_owned(),
                };
                let unit = match bucket {
                    Bucket::Day => "day",
                    Bucket::Month => "month",
                    Bucket::Quarter => "quarter",
                    Bucket::Year => "year",
                };
                format!("to_char(date_trunc('{unit}', {day}::timestamp), 'YYYY-MM-DD')")
            }
        }
    }

    /// How many seconds a zone's clocks were before UTC's at an instant: halves of the spans, again
    /// and again.
    fn offset(self, expression: &str, spans: &[(i64, i32)]) -> String {
        match spans {
            [] => "0".to_owned(),
            [(_, seconds)] => seconds.to_string(),
            _ => {
                let (before, after) = spans.split_at(spans.len() / 2);
                let from = match (self, after[0].0) {
                    (Self::Sqlite, micros) => micros.to_string(),
                    (Self::Postgres, micros) => {
                        format!("to_timestamp({})", micros.div_euclid(1_000_000))
                    }
                };
                let (before, after) =
                    (self.offset(expression, before), self.offset(expression, after));
                format!("CASE WHEN {expression} < {from} THEN {before} ELSE {after} END")
            }
        }
    }
}
