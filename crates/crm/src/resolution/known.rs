//! What tells one customer from another, in the form in which it is compared.

use guanxi_analytics::matching::{customers, normalise};
use guanxi_base::RawId;
use guanxi_record::{Choice as _, RecordType, Row, Value};

use crate::people::CustomerKind;

/// The fields that are compared, in the order of [`Known::values`].
pub(super) const COMPARED: [&str; 7] = customers::FIELDS;
/// The parts of an address that are compared.
pub(super) const ADDRESS_PARTS: [&str; 4] = ["province", "city", "district", "street"];
/// Mail of these is not of one's own house.
const FREE_MAIL: &str = include_str!("../../data/free-mail.txt");

/// What is known of a customer, normalised; empty where nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) id: RawId,
    pub(super) is_person: bool,
    pub(super) name: String,
    pub(super) phone: String,
    pub(super) email: String,
    pub(super) tax_number: String,
    pub(super) address: String,
    pub(super) website: String,
}

impl Known {
    /// From a row of customers.
    pub(super) fn of(described: &RecordType, row: &Row) -> Self {
        let text = |name: &str| match row.value(described, name) {
            Value::Address(address) => {
                address_text(&|part| address.part(part).unwrap_or_default().to_owned())
            }
            value => value.as_text().unwrap_or_default().to_owned(),
        };
        Self::from_texts(row.id, &text)
    }

    /// From the texts of its fields; of the address, as [`address_text`] gives it.
    pub(super) fn from_texts(id: RawId, text: &dyn Fn(&str) -> String) -> Self {
        let is_person = text("kind") == CustomerKind::Person.code();
        Self {
            id,
            is_person,
            name: name(&text("name"), is_person),
            phone: phone(&text("phone")),
            email: normalise::email(&text("email")).unwrap_or_default(),
            tax_number: normalise::registered(&text("tax_number")).unwrap_or_default(),
            address: normalise::address(&text("address")),
            website: website(&text("website")),
        }
    }

    /// As if a field were not known.
    pub(super) fn forget(&mut self, name: &str) {
        let field = match name {
            "name" => &mut self.name,
            "phone" => &mut self.phone,
            "email" => &mut self.email,
            "tax_number" => &mut self.tax_number,
            "address" => &mut self.address,
            "website" => &mut self.website,
            _ => return,
        };
        field.clear();
    }

    pub(super) fn values(&self) -> [&str; 7] {
        let Self { name, phone, email, tax_number, address, website, .. } = self;
        let kind =
            if self.is_person { CustomerKind::Person } else { CustomerKind::Organisation }.code();
        let [name, phone, email, tax_number, address, website] =
            [name, phone, email, tax_number, address, website].map(String::as_str);
        [name, phone, email, tax_number, address, website, kind]
    }

    /// The host of a mail address that is nobody's but of its owner's house.
    pub(super) fn own_host(&self) -> Option<&str> {
        let (_, host) = self.email.split_once('@')?;
        (!FREE_MAIL.lines().any(|free| free == host)).then_some(host)
    }

    /// What persons of one family share: the first character of a Chinese name, the last word of
    /// another.
    pub(super) fn family_name(&self) -> Option<&str> {
        let first = self.name.chars().next()?;
        if !first.is_ascii() && !self.name.contains(' ') {
            return Some(&self.name[..first.len_utf8()]);
        }
        self.name.rsplit(' ').next()
    }
}

/// Forgets the values that customers of too many different names share: placeholders,
/// switchboards, the mail of who keeps the books of many.
pub(super) fn forget_shared<'a>(known: impl Iterator<Item = &'a mut Known>) {
    let mut all: Vec<&mut Known> = known.collect();
    let columns = columns(all.iter().map(|one| &**one));
    for (field, name) in customers::fields(columns).iter().zip(COMPARED) {
        for (one, value) in all.iter_mut().zip(&field.values) {
            if value.is_none() {
                one.forget(name);
            }
        }
    }
}

/// What is known of customers, field by field.
pub(super) fn columns<'a>(known: impl Iterator<Item = &'a Known>) -> [Vec<Option<String>>; 7] {
    let mut columns: [Vec<Option<String>>; 7] = Default::default();
    for one in known {
        for (column, value) in columns.iter_mut().zip(one.values()) {
            column.push((!value.is_empty()).then(|| value.to_owned()));
        }
    }
    columns
}

/// A word as a name is written.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A name as it is compared: of a company with its parts.
pub(super) fn name(text: &str, is_person: bool) -> String {
    if is_person { normalise::person(text) } else { normalise::company(text).key() }
}

/// What a name is looked for by: of a company its own name, because region and legal form are
/// written in many ways.
pub(super) fn name_searched(text: &str) -> String {
    normalise::company(text).core
}

/// A telephone as it is compared.
pub(super) fn phone(text: &str) -> String {
    normalise::phone(text).unwrap_or_default()
}

fn website(text: &str) -> String {
    let plain = normalise::fold(text);
    let host = plain.split("://").last().unwrap_or_default().split('/').next();
    let host = host.unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    if normalise::is_placeholder(text) { String::new() } else { host.to_owned() }
}

/// The parts of an address as one text; a city alone says nothing.
pub(super) fn address_text(part: &dyn Fn(&str) -> String) -> String {
    if part("street").is_empty() {
        return String::new();
    }
    let parts = ADDRESS_PARTS.map(part);
    parts.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_differently_is_known_as_the_same() {
        let of = |name: &'static str, phone: &'static str, site: &'static str| {
            let text = |field: &str| match field {
                "name" => name.to_owned(),
                "phone" => phone.to_owned(),
                "website" => site.to_owned(),
                _ => String::new(),
            };
            Known::from_texts(RawId(1), &text)
        };
        let one = of("Acme Ltd.", "+86 138 0000 1111", "https://www.acme.com/shop");
        assert_eq!(one, of("ACME Limited", "13800001111", "acme.com"));
        let person = |name: &str| Known { name: name.to_owned(), ..Known::default() };
        assert_eq!(person("maria da silva").family_name(), Some("silva"));
        assert_eq!(person("\u{738b}\u{5c0f}\u{660e}").family_name(), Some("\u{738b}"));
        assert_eq!(person("").family_name(), None);
    }
}
