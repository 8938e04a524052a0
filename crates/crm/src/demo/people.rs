//! Who the customers of the demo company are: names, telephones and addresses that fit their
//! countries.

use std::collections::HashSet;

use guanxi_base::{Id, Rng};
use guanxi_record::{Address, Email, Owner, Phone};

use super::House;
use super::words::{Place, Words, filled, picked, spaced};
use crate::access::{CustomerClass, Territory};
use crate::people::{Customer, CustomerKind};

/// Countries where the family name comes first.
const FAMILY_FIRST: [&str; 3] = ["China", "Singapore", "Vietnam"];
/// A name that is taken is made up anew so often.
const TRIES: usize = 8;
/// A province of China, a state of America: how much of a city's name firms bear.
const CITY_CHARACTERS: usize = 2;

/// Makes up customers whose names differ.
#[derive(Default)]
pub(super) struct Crowd {
    taken: HashSet<String>,
}

/// The name of a person.
pub(super) fn person(rng: &mut Rng, words: &Words, country: &str) -> String {
    let family = picked(rng, words.of(country, "family"));
    let given = picked(rng, words.of(country, "given"));
    match country {
        "China" => format!("{family}{given}"),
        _ if FAMILY_FIRST.contains(&country) => format!("{family} {given}"),
        _ => format!("{given} {family}"),
    }
}

/// A number of a mobile telephone.
pub(super) fn mobile(rng: &mut Rng, words: &Words, country: &str) -> Phone {
    let pattern = *rng.pick(words.of(country, "mobile"));
    Phone(filled(rng, pattern))
}

impl Crowd {
    /// The name of a firm: where it is, what it calls itself, what it does, what it is.
    fn firm(&mut self, rng: &mut Rng, words: &Words, place: &Place, trade: usize) -> String {
        let mut name = String::new();
        for _ in 0..TRIES {
            let brand = picked(rng, words.of(place.country, "brand"));
            let suffix = picked(rng, words.of(place.country, "suffix"));
            let trade = spaced(words.of(place.country, "trade")[trade]);
            let whole = match place.country {
                "China" => {
                    let city: String = place.city.chars().take(CITY_CHARACTERS).collect();
                    format!("{city}{brand}{trade}")
                }
                _ => format!("{brand} {trade}"),
            };
            let between = if place.country == "China" { "" } else { " " };
            name = format!("{whole}{between}{suffix}");
            if self.taken.insert(whole) {
                break;
            }
        }
        name
    }

    /// A customer of a place.
    pub(super) fn customer(
        &mut self,
        rng: &mut Rng,
        words: &Words,
        house: &House,
        place: &Place,
    ) -> Customer {
        let is_person = rng.chance(0.08);
        let trades = words.chinese("trade");
        let trade = rng.below(trades.len());
        let name = match is_person {
            true => person(rng, words, place.country),
            false => self.firm(rng, words, place, trade),
        };
        let phone = match is_person || rng.chance(0.3) {
            true => mobile(rng, words, place.country),
            false => Phone(filled(rng, place.phone)),
        };
        let street = *rng.pick(words.of(place.country, "street"));
        let class = match rng.below(20) {
            0 => CustomerClass::Key,
            1..=13 => CustomerClass::Standard,
            _ => CustomerClass::Small,
        };
        let territory: Option<Id<Territory>> = house.territory(place.province);
        Customer {
            kind: if is_person { CustomerKind::Person } else { CustomerKind::Organisation },
            industry: (!is_person).then(|| trades[trade].to_owned()),
            country: Some(place.country.replace('-', " ")),
            address: Some(Address {
                province: place.province.to_owned(),
                city: place.city.to_owned(),
                district: place.district.to_owned(),
                street: filled(rng, street),
                postal_code: filled(rng, place.postal_code),
            }),
            phone: Some(phone),
            email: Some(Email(format!("info{}@customer.example", rng.below(1_000_000_000)))),
            employees: (!is_person).then(|| (3.0 + rng.exponential(120.0)) as i64),
            owner: Some(Owner(*rng.pick(&house.sellers))),
            territory,
            class: Some(class),
            source: Some(*rng.pick(&house.points)),
            ..Customer::named(name)
        }
    }
}
