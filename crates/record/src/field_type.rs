//! Which Rust type holds which kind of field. `#[derive(Record)]` asks this trait, so the type
//! of a struct's field *is* its kind and the two cannot disagree.

use std::borrow::Cow;

use guanxi_base::{Date, Decimal, Id, Money, Percent, RawId, Refusal, Timestamp};
use serde_json::{Map, Value as JsonValue};

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

/// A postal address, aware of 省/市/区.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Province, municipality, autonomous region, or state.
    pub province: String,
    /// City or prefecture.
    pub city: String,
    /// District or county.
    pub district: String,
    /// Street, house, floor.
    pub street: String,
    /// Postal code.
    pub postal_code: String,
}

impl Address {
    /// The names of the parts, from large to small; each can be filtered as `address.city`.
    pub const PARTS: [&'static str; 5] = ["province", "city", "district", "street", "postal_code"];

    /// A part by its name.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&str> {
        Some(match name {
            "province" => &self.province,
            "city" => &self.city,
            "district" => &self.district,
            "street" => &self.street,
            "postal_code" => &self.postal_code,
            _ => return None,
        })
    }

    /// The place of a part by its name.
    pub fn part_mut(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "province" => &mut self.province,
            "city" => &mut self.city,
            "district" => &mut self.district,
            "street" => &mut self.street,
            "postal_code" => &mut self.postal_code,
            _ => return None,
        })
    }

    pub(crate) fn to_json(&self) -> JsonValue {
        let parts = Self::PARTS.iter().filter_map(|&name| {
            let part = self.part(name).filter(|part| !part.is_empty())?;
            Some((name.to_owned(), part.into()))
        });
        JsonValue::Object(parts.collect())
    }

    pub(crate) fn from_json(parts: &Map<String, JsonValue>) -> Result<Self, Refusal> {
        let mut address = Self::default();
        for (name, text) in parts {
            let unknown =
                || Refusal::new("unknown-field").with("name", name).with("type", "address");
            let place = address.part_mut(name).ok_or_else(unknown)?;
            match Value::from_json(&Kind::Text, text)? {
                Value::Text(text) => *place = text,
                _ => place.clear(),
            }
        }
        Ok(address)
    }

    /// One line, parts separated by ` / `, so that it can be read back: a stroke within a part that
    /// would be taken for such a mark has a backslash before it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let parts = Self::PARTS.map(|name| written_part(name, self.part(name).unwrap_or_default()));
        let Some(last) = parts.iter().rposition(|part| !part.is_empty()) else {
            return String::new();
        };
        // A street with such a mark in it is told from a postal code by the mark behind it.
        let end = if self.street.contains(" / ") { parts.len() - 1 } else { last };
        let line = parts[..=end].join(" / ");
        // Without any mark it would be a street.
        if end == 0 { format!("{line} /") } else { line }
    }

    /// The parts of a Chinese address written in one line; none of any other line.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        crate::address::split(line)
    }

    /// Reads `to_text`, and a Chinese address written in one line; any other line is the street.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        // The blank before the first mark is lost where a cell is trimmed.
        let mut marked = if text.starts_with('/') { format!(" {text}") } else { text.to_owned() };
        if marked.ends_with('/') {
            marked.push(' ');
        }
        let mut parts: Vec<String> = marked.split(" / ").map(ToOwned::to_owned).collect();
        if parts.len() == 1 {
            let street = || Self { street: text.trim().to_owned(), ..Self::default() };
            let mut address = Self::from_line(text).unwrap_or_else(street);
            address.street = address.street.trim().to_owned();
            return address;
        }
        if parts.len() > Self::PARTS.len() {
            let street: Vec<String> = parts.drain(3..parts.len() - 1).collect();
            parts.insert(3, street.join(" / "));
        }
        let mut address = Self::default();
        for (name, part) in Self::PARTS.iter().zip(parts) {
            if let Some(place) = address.part_mut(name) {
                *place = read_part(&part);
            }
        }
        address
    }
}

/// A part of an address in a line of all of them. Between the parts of a street a stroke stands
/// as it is.
fn written_part(name: &str, part: &str) -> String {
    let part = part.trim();
    let mut written = String::with_capacity(part.len());
    let mut backslashes = 0;
    for (at, c) in part.char_indices() {
        let before = written.chars().next_back().is_none_or(char::is_whitespace);
        let after = part[at + c.len_utf8()..].chars().next();
        let is_edge = at == 0 || after.is_none();
        let is_mark = before || after.is_none_or(char::is_whitespace);
        if c == '/' && (backslashes > 0 || is_edge || (is_mark && name != "street")) {
            written.push('\\');
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        written.push(c);
    }
    written
}

/// A part of an address as it was before `written_part`.
fn read_part(written: &str) -> String {
    written.trim().replace("\\/", "/")
}

impl FieldType for Address {
    const KIND: Kind = Kind::Address;
    fn to_value(&self) -> Value {
        Value::Address(Box::new(self.clone()))
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Address(address) => Some((**address).clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of these letters, up to a length.
    fn texts(letters: &[char], length: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut from = 0;
        for _ in 0..length {
            let longer = all[from..].iter();
            let longer = longer.flat_map(|text| letters.iter().map(move |c| format!("{text}{c}")));
            let longer: Vec<String> = longer.collect();
            from = all.len();
            all.extend(longer);
        }
        all.into_iter().map(|text| text.trim().to_owned()).collect()
    }

    #[test]
    fn every_part_of_an_address_stays_in_its_place() {
        let texts = texts(&['/', ' ', '\\', 'a'], 5);
        let check = |address: Address| {
            let text = address.to_text();
            // Forms and files trim what they read.
            assert_eq!(Address::from_text(text.trim()), address, "{text:?}");
        };
        for (at, text) in texts.iter().enumerate() {
            let other = &texts[(at * 7 + 5) % texts.len()];
            for one in 0..Address::PARTS.len() {
                let mut address = Address::default();
                if let Some(place) = address.part_mut(Address::PARTS[one]) {
                    place.clone_from(text);
                }
                check(address.clone());
                for two in (0..Address::PARTS.len()).filter(|two| *two != one) {
                    let mut address = address.clone();
                    if let Some(place) = address.part_mut(Address::PARTS[two]) {
                        place.clone_from(other);
                    }
                    check(address);
                }
            }
        }
        let city = "上海 / Shanghai".to_owned();
        check(Address { city, street: "南京路1号".to_owned(), ..Address::default() });
        check(Address { province: "Bavaria".to_owned(), ..Address::default() });
    }
}
