//! What a field is compared with: relative days, periods, amounts without a currency, "me". A list
//! of the database and a choice from the warehouse mean the same by it.

use guanxi_base::{Currency, Date, Error, Money, RawId, Refusal, Result, TimeZone, Timestamp};
use serde_json::Value as Json;

use crate::period::relative_day;
use crate::{Kind, Op, Period, RecordType, Value};

/// Stands for "whatever the currency"; ISO 4217 has XXX for no currency.
pub const ANY_CURRENCY: Currency = Currency::NONE;

/// When and for whom words such as `today` and `me` are read.
#[derive(Debug, Clone)]
pub struct Compared {
    /// When.
    pub now: Timestamp,
    /// In which zone a day is a day.
    pub time_zone: TimeZone,
    /// Who `me` is.
    pub user: Option<RawId>,
}

impl Compared {
    /// The day of whoever asks.
    #[must_use]
    pub fn today(&self) -> Date {
        self.now.to_zoned(self.time_zone.clone()).date()
    }

    /// A value to compare with: what the field holds, and besides it relative days, days for
    /// instants, and amounts of [`ANY_CURRENCY`].
    ///
    /// # Errors
    /// A refusal that names the field when it is none.
    pub fn value(&self, name: &str, kind: &Kind, json: &Json) -> Result<Value> {
        if let Some(text) = json.as_str() {
            let day = || relative_day(text, self.today()).or_else(|| text.parse().ok());
            match kind {
                Kind::Date => {
                    if let Some(day) = day() {
                        return Ok(Value::Date(day));
                    }
                }
                Kind::Instant => {
                    if let Some(day) = day().filter(|_| !text.contains('T')) {
                        return self.start_of_day(day);
                    }
                }
                Kind::Money => {
                    if let Ok(money) = Money::parse(text, ANY_CURRENCY) {
                        return Ok(Value::Money(money));
                    }
                }
                Kind::Owner if text == "me" => {
                    return Ok(self.user.map_or(Value::Null, Value::Link));
                }
                _ => {}
            }
            return Value::from_text(kind, text).map_err(|refusal| about(refusal, name));
        }
        if let (Kind::Money, Json::Number(number)) = (kind, json)
            && let Ok(money) = Money::parse(&number.to_string(), ANY_CURRENCY)
        {
            return Ok(Value::Money(money));
        }
        Value::from_json(kind, json).map_err(|refusal| about(refusal, name))
    }

    /// The first value of a period and the first after it.
    ///
    /// # Errors
    /// `not-a-period`; `not-comparable` where the field holds no time.
    pub fn period(&self, name: &str, kind: &Kind, json: &Json) -> Result<[Value; 2]> {
        let words = json.as_str().unwrap_or_default();
        let period = Period::parse(words, self.today())
            .ok_or_else(|| Refusal::field("not-a-period", name).with("value", words))?;
        match kind {
            Kind::Date => Ok([Value::Date(period.start), Value::Date(period.end)]),
            Kind::Instant => Ok([self.start_of_day(period.start)?, self.start_of_day(period.end)?]),
            _ => Err(not_comparable(name, Op::Within).into()),
        }
    }

    fn start_of_day(&self, day: Date) -> Result<Value> {
        let zoned = day.to_zoned(self.time_zone.clone());
        Ok(Value::Instant(zoned.map_err(Error::internal)?.timestamp()))
    }
}

/// A refusal that names the field that it is about.
#[must_use]
pub fn about(refusal: Refusal, name: &str) -> Error {
    Refusal { field: Some(name.to_owned()), ..refusal }.into()
}

/// There is no such field.
#[must_use]
pub fn unknown_field(path: &str, record_type: &RecordType) -> Refusal {
    Refusal::field("unknown-field", path).with("name", path).with("type", &record_type.name)
}

/// A field of this kind is not compared so.
#[must_use]
pub fn not_comparable(name: &str, op: Op) -> Refusal {
    Refusal::field("not-comparable", name).with("name", name).with("operation", op.name())
}
