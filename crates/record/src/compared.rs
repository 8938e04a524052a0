//! What a field is compared with: relative days, periods, amounts without a currency, "me". A list
//! of the database and a choice from the warehouse mean the same by it.

use guanxi_base::{
    Currency, Date, Error, Money, RawId, Refusal, Result, TimeZone, Timestamp, says_nothing,
};
use serde_json::Value as Json;

use crate::period::{plain_day, relative_day};
use crate::value_text::has_control_character;
use crate::{Filter, Kind, Op, Period, RecordType, Value};

/// Stands for "whatever the currency"; ISO 4217 has XXX for no currency.
pub const ANY_CURRENCY: Currency = Currency::NONE;

/// The part of an amount that one may ask for by itself: `total.currency=EUR`.
pub const CURRENCY: &str = "currency";

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

    /// A value to compare with: what the field holds, and besides it relative days and amounts of
    /// [`ANY_CURRENCY`]. Nothing equals `Null`, which is `me` where there is nobody.
    ///
    /// # Errors
    /// A refusal that names the field when it is none.
    pub fn value(&self, name: &str, kind: &Kind, json: &Json) -> Result<Value> {
        if let Some(text) = json.as_str() {
            match kind {
                Kind::Date => {
                    if let Some(day) = self.named_day(text) {
                        return Ok(Value::Date(day));
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

    /// The first moment of the day that an instant is compared with, and the first after it; `None`
    /// where it is compared with something else. What is before or after a day may be asked of the
    /// last of the calendar too: the last moment that is kept stands for what comes after.
    ///
    /// # Errors
    /// `not-a-time` where the day has no end that is kept.
    pub fn day(
        &self,
        name: &str,
        (op, kind): (Op, &Kind),
        json: &Json,
    ) -> Result<Option<[Value; 2]>> {
        let text = json.as_str().map(str::trim).filter(|_| *kind == Kind::Instant);
        let Some(day) = text.and_then(|text| self.named_day(text)) else { return Ok(None) };
        let start = self.start_of_day(name, day);
        let next = day.tomorrow().map_err(|_| not_a_time(name, day).into());
        let next = next.and_then(|next| self.start_of_day(name, next));
        let ends = [start, next].map(|end| match op {
            Op::Lt | Op::Le | Op::Gt | Op::Ge if day.year() == Date::MAX.year() => {
                Ok(end.unwrap_or(Value::Instant(Timestamp::MAX)))
            }
            _ => end,
        });
        let [start, next] = ends;
        Ok(Some([start?, next?]))
    }

    fn named_day(&self, text: &str) -> Option<Date> {
        relative_day(text, self.today()).or_else(|| plain_day(text))
    }

    /// The text that another holds, or begins with.
    ///
    /// # Errors
    /// `not-comparable` where the field holds no text or this is none; `control-character`.
    pub fn text<'a>(&self, name: &str, (op, kind): (Op, &Kind), json: &'a Json) -> Result<&'a str> {
        let text = json.as_str().filter(|_| kind.is_text());
        let text = text.ok_or_else(|| not_comparable(name, op))?;
        if has_control_character(text) {
            return Err(Refusal::field("control-character", name).into());
        }
        Ok(text)
    }

    /// That what somebody asks for says something: a blank text is no value, and no condition; nothing
    /// is neither less nor more than nothing.
    ///
    /// # Errors
    /// `nothing-compared`.
    pub fn asks_something(&self, name: &str, op: Op, json: &Json) -> Result<()> {
        let is_blank = |json: &Json| json.as_str().is_some_and(says_nothing);
        let has_blank = json.as_array().is_some_and(|all| all.iter().any(is_blank));
        let is_less_than_nothing = json.is_null() && !matches!(op, Op::Eq | Op::Ne);
        let blank = op != Op::Empty && (is_blank(json) || has_blank || is_less_than_nothing);
        match blank {
            true => Err(Refusal::field("nothing-compared", name).with("name", name).into()),
            false => Ok(()),
        }
    }

    /// That what somebody asks for compares with no more values than a database takes.
    ///
    /// # Errors
    /// `too-many-items`.
    pub fn asks_for_few(&self, name: &str, json: &Json) -> Result<()> {
        if json.as_array().is_none_or(|items| items.len() <= Filter::VALUES_MAX) {
            return Ok(());
        }
        let refusal = Refusal::field("too-many-items", name);
        Err(refusal.with("limit", Filter::VALUES_MAX).into())
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
            Kind::Instant => {
                Ok([self.start_of_day(name, period.start)?, self.start_of_day(name, period.end)?])
            }
            _ => Err(not_comparable(name, Op::Within).into()),
        }
    }

    fn start_of_day(&self, name: &str, day: Date) -> Result<Value> {
        let zoned = day.to_zoned(self.time_zone.clone()).map_err(|_| not_a_time(name, day))?;
        Ok(Value::Instant(zoned.timestamp()))
    }
}

fn not_a_time(name: &str, day: Date) -> Refusal {
    Refusal::field("not-a-time", name).with("value", day)
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
