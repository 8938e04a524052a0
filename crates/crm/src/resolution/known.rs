//! What tells one customer from another, in the form in which it is compared.

use guanxi_analytics::matching::{customers, normalise};
use guanxi_base::RawId;
use guanxi_record::{Choice as _, RecordType, Row, Value};

use crate::people::CustomerKind;

/// The fields that are compared, in the order of [`Known::values`].
pub(super) const COMPARED: [&str; customers::FIELDS.len()] = customers::FIELDS;
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
    pub(super) place: String,
}

impl Known {
    /// From a row of customers.
    pub(super) fn of(described: &RecordType, row: &Row) -> Self {
        let address = match row.value(described, "address") {
            Value::Address(address) => Some(address),
            _ => None,
        };
        let text = |name: &str| match name.strip_prefix("address.") {
            Some(part) => {
                let part = address.as_ref().and_then(|address| address.part(part));
                part.unwrap_or_default().to_owned()
            }
            None => row.value(described, name).as_text().unwrap_or_default().to_owned(),
        };
        Self::from_texts(row.id, &text)
    }

    /// From the texts of its fields and of the parts of its address.
    pub(super) fn from_texts(id: RawId, text: &dyn Fn(&str) -> String) -> Self {
        let is_person = text("kind") == CustomerKind::Person.code();
        let name = name(&text("name"), is_person);
        let [province, city, district, street] =
            ADDRESS_PARTS.map(|part| text(&format!("address.{part}")));
        // A district without a street says nothing.
        let address = match street.is_empty() {
            true => String::new(),
            false => normalise::address(&format!("{district} {street}")),
        };
        Self {
            id,
            is_person,
            place: normalise::place([&province, &city], &street, &name),
            name,
            phone: phone(&text("phone")),
            email: normalise::email(&text("email")).unwrap_or_default(),
            tax_number: normalise::registered(&text("tax_number")).unwrap_or_default(),
            address,
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
            "address" => {
                self.place = normalise::place(["", ""], "", &self.name);
                &mut self.address
            }
            "place" => &mut self.place,
            "website" => &mut self.website,
            _ => return,
        };
        field.clear();
    }

    pub(super) fn values(&self) -> [&str; customers::FIELDS.len()] {
        let Self { name, phone, email, tax_number, address, website, place, .. } = self;
        let kind =
            if self.is_person { CustomerKind::Person } else { CustomerKind::Organisation }.code();
        let [name, phone, email, tax_number, address, website, place] =
            [name, phone, email, tax_number, address, website, place].map(String::as_str);
        [name, phone, email, tax_number, address, website, kind, place]
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

/// What is known of customers, field by field.
pub(super) fn columns<'a>(known: impl Iterator<Item = &'a Known>) -> customers::Columns {
    let mut columns = customers::Columns::default();
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
/// written in many ways, and its house as it sounds.
pub(super) fn names_searched(text: &str) -> Vec<String> {
    let company = normalise::company(text);
    let sounds = normalise::sounds(&company.house);
    if sounds == company.house { vec![company.core] } else { vec![company.core, sounds] }
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
