//! Which Rust type holds which kind of field. `#[derive(Record)]` asks this trait, so the type
//! of a struct's field *is* its kind and the two cannot disagree.

use std::borrow::Cow;

use guanxi_base::{Date, Decimal, Id, Money, Percent, RawId, Timestamp};
use serde_json::Value as JsonValue;

use crate::{Kind, OnDelete, Options, Record, Value};

/// A Rust type that a field of a record can have.
pub trait FieldType: Sized {
    /// The kind of such a field.
    const KIND: Kind;
    /// Whether there must be a value; `Option` says no.
    const REQUIRED: bool = true;
    /// As a value.
    fn to_value(&self) -> Value;
    /// From a value of the right kind.
    fn from_value(value: &Value) -> Option<Self>;
}

/// An enum without data whose variants are the options of a choice. Derived.
pub trait Choice: Copy + 'static {
    /// The codes, in the order that people see them.
    const OPTIONS: Options;
    /// This option's code.
    fn code(self) -> &'static str;
    /// The option of this code.
    fn from_code(code: &str) -> Option<Self>;
}

macro_rules! plain_fields {
    ($($rust:ty => $variant:ident, $kind:expr;)*) => {$(
        impl FieldType for $rust {
            const KIND: Kind = $kind;
            fn to_value(&self) -> Value {
                Value::$variant(self.clone())
            }
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::$variant(inner) => Some(inner.clone()),
                    _ => None,
                }
            }
        }
    )*};
}

plain_fields! {
    String => Text, Kind::Text;
    i64 => Integer, Kind::Integer;
    Decimal => Decimal, Kind::Decimal;
    Percent => Percent, Kind::Percent;
    Money => Money, Kind::Money;
    bool => Boolean, Kind::Boolean;
    Date => Date, Kind::Date;
    Timestamp => Instant, Kind::Instant;
}

macro_rules! text_fields {
    ($($(#[$doc:meta])* $rust:ident => $kind:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
        pub struct $rust(pub String);

        impl FieldType for $rust {
            const KIND: Kind = $kind;
            fn to_value(&self) -> Value {
                Value::Text(self.0.clone())
            }
            fn from_value(value: &Value) -> Option<Self> {
                value.as_text().map(|text| Self(text.to_owned()))
            }
        }

        impl std::ops::Deref for $rust {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
    )*};
}

text_fields! {
    /// Several lines of text.
    LongText => Kind::LongText;
    /// A phone number: `+` and digits, or digits.
    Phone => Kind::Phone;
    /// An e-mail address.
    Email => Kind::Email;
    /// A web address with its scheme.
    Url => Kind::Url;
}

/// Any JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Json(pub JsonValue);

impl FieldType for Json {
    const KIND: Kind = Kind::Json;
    fn to_value(&self) -> Value {
        Value::Json(Box::new(self.0.clone()))
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Json(json) => Some(Self((**json).clone())),
            _ => None,
        }
    }
}

macro_rules! link_fields {
    ($($(#[$doc:meta])* $rust:ident => $kind:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $rust(pub RawId);

        impl FieldType for $rust {
            const KIND: Kind = $kind;
            fn to_value(&self) -> Value {
                Value::Link(self.0)
            }
            fn from_value(value: &Value) -> Option<Self> {
                value.as_link().map(Self)
            }
        }
    )*};
}

link_fields! {
    /// The user who answers for a record.
    Owner => Kind::Owner;
    /// A file that was uploaded.
    FileId => Kind::File;
}

impl<T: Record> FieldType for Id<T> {
    const KIND: Kind =
        Kind::Link { to: Cow::Borrowed(type_name::<T>()), on_delete: OnDelete::Refuse };
    fn to_value(&self) -> Value {
        Value::Link(self.raw())
    }
    fn from_value(value: &Value) -> Option<Self> {
        value.as_link().map(Self::new)
    }
}

impl<T: Record> FieldType for Vec<Id<T>> {
    const KIND: Kind = Kind::Links { to: Cow::Borrowed(type_name::<T>()) };
    const REQUIRED: bool = false;
    fn to_value(&self) -> Value {
        if self.is_empty() {
            return Value::Null;
        }
        Value::Links(self.iter().map(|id| id.raw()).collect())
    }
    fn from_value(value: &Value) -> Option<Self> {
        Some(value.links().iter().copied().map(Id::new).collect())
    }
}

impl<C: Choice> FieldType for Vec<C> {
    const KIND: Kind = Kind::Choices(C::OPTIONS);
    const REQUIRED: bool = false;
    fn to_value(&self) -> Value {
        if self.is_empty() {
            return Value::Null;
        }
        Value::Choices(self.iter().map(|choice| choice.code().to_owned()).collect())
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::new()),
            Value::Choices(codes) => codes.iter().map(|code| C::from_code(code)).collect(),
            _ => None,
        }
    }
}

impl<T: FieldType> FieldType for Option<T> {
    const KIND: Kind = T::KIND;
    const REQUIRED: bool = false;
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
    fn from_value(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::from_value(value).map(Some) }
    }
}

const fn type_name<T: Record>() -> &'static str {
    T::NAME
}
