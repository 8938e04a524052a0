//! Customers that stand in the demo company's base twice, as it happens in every base: entered
//! again by somebody who wrote the name or the telephone in another way.

use guanxi_base::Rng;
use guanxi_record::{Owner, Phone};

use super::House;
use super::words::Words;
use crate::people::{Customer, CustomerKind};

/// One in so many customers is a copy.
const CUSTOMERS_FOR_EACH: usize = 50;
/// More a person does not look through to see how it is done.
const COPIES_MAX: usize = 30;

/// In which way somebody was entered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Without the legal form, the telephone as one dials it at home.
    Short,
    /// A character that sounds the same.
    Homophone,
    /// Traditional characters.
    Traditional,
    /// A person as an organisation, or the other way round.
    OtherKind,
    /// The place in brackets, behind the name.
    Brackets,
    /// Another spelling of the legal form, with the code of the country dialled.
    Form,
    /// Two characters in the wrong order.
    Typing,
}

const WAYS: [Way; 7] = [
    Way::Short,
    Way::Homophone,
    Way::Traditional,
    Way::OtherKind,
    Way::Brackets,
    Way::Form,
    Way::Typing,
];

/// How many of so many customers are copies of others.
pub(super) fn copies_among(customers: usize) -> usize {
    (customers / CUSTOMERS_FOR_EACH).min(COPIES_MAX)
}

/// Copies of some of these customers, each another one's.
pub(super) fn copies(
    rng: &mut Rng,
    words: &Words,
    house: &House,
    originals: &[Customer],
    wanted: usize,
) -> Vec<Customer> {
    let mut made: Vec<Customer> = Vec::new();
    let mut used = vec![false; originals.len()];
    for at in 0..wanted {
        let way = WAYS[at % WAYS.len()];
        let start = rng.below(originals.len().max(1));
        let places = (0..originals.len()).map(|step| (start + step) % originals.len());
        let mut fitting = places.filter(|place| !used[*place]);
        let found =
            fitting.find_map(|place| copy(words, &originals[place], way).map(|copy| (place, copy)));
        let Some((place, mut copy)) = found else { continue };
        used[place] = true;
        if rng.chance(0.5) {
            copy.owner = Some(Owner(*rng.pick(&house.sellers)));
        }
        copy.source = Some(*rng.pick(&house.points));
        made.push(copy);
    }
    made
}

/// The same customer entered in another way; `None` where the way does not fit them.
fn copy(words: &Words, one: &Customer, way: Way) -> Option<Customer> {
    let is_chinese = one.country.as_deref() == Some("China");
    let is_person = one.kind == CustomerKind::Person;
    let phone = one.phone.as_ref()?.0.as_str();
    let mut copy = Customer { class: None, employees: None, ..one.clone() };
    match way {
        Way::Short if is_chinese && !is_person => {
            copy.name = without_form(words, &one.name)?.to_owned();
            (copy.phone, copy.email) = (Some(at_home(phone)?), None);
        }
        Way::Homophone if is_chinese && !is_person => {
            copy.name = replaced(&one.name, words.chinese("homophone"), 1)?;
            copy.email = None;
        }
        Way::Traditional if is_chinese && !is_person => {
            copy.name = replaced(&one.name, words.chinese("traditional"), usize::MAX)?;
            copy.phone = None;
        }
        Way::OtherKind if is_person => {
            copy.kind = CustomerKind::Organisation;
            (copy.phone, copy.email) = (Some(at_home(phone)?), None);
        }
        Way::Brackets if is_chinese && !is_person => {
            let short = without_form(words, &one.name)?;
            let form = one.name.strip_prefix(short)?;
            let (city, before) = short.split_at(short.char_indices().nth(2)?.0);
            copy.name = format!("{before}\u{ff08}{city}\u{ff09}{form}");
            copy.email = None;
        }
        Way::Form if !is_chinese && !is_person => {
            let (name, form) = one.name.rsplit_once(' ')?;
            copy.name = format!("{} {}", name.to_uppercase(), long_form(form));
            copy.phone = Some(Phone(format!("00{}", phone.strip_prefix('+')?)));
        }
        Way::Typing if is_chinese && !is_person => {
            let mut letters: Vec<char> = one.name.chars().collect();
            (letters.len() > 5).then(|| letters.swap(2, 3))?;
            copy.name = letters.into_iter().collect();
        }
        _ => return None,
    }
    Some(copy)
}

/// The name of a Chinese firm without what kind of firm it is.
fn without_form<'a>(words: &Words, name: &'a str) -> Option<&'a str> {
    let suffixes = words.of("China", "suffix").iter();
    suffixes.filter_map(|suffix| name.strip_suffix(suffix)).min_by_key(|name| name.len())
}

/// A number as it is dialled inside China: the trunk's zero before the code of a city.
fn at_home(phone: &str) -> Option<Phone> {
    let national = phone.strip_prefix("+86")?;
    let is_mobile = national.len() == 11 && national.starts_with('1');
    Some(Phone(if is_mobile { national.to_owned() } else { format!("0{national}") }))
}

/// A name with up to so many characters in the place of others; `None` where none fits.
fn replaced(name: &str, pairs: &[&str], most: usize) -> Option<String> {
    let mut left = most;
    // What stands before the second character is the city.
    let letters = name.chars().enumerate().map(|(at, letter)| {
        let mut pairs = pairs.iter().filter_map(|pair| {
            let mut both = pair.chars();
            (both.next()? == letter).then(|| both.next())?
        });
        match pairs.next() {
            Some(other) if at >= 2 && left > 0 => {
                left -= 1;
                other
            }
            _ => letter,
        }
    });
    let made: String = letters.collect();
    (made != name).then_some(made)
}

fn long_form(form: &str) -> &str {
    match form {
        "Ltd" => "Limited",
        "Inc" => "Incorporated",
        "Corp" => "Corporation",
        "GmbH" => "Gesellschaft mbH",
        "BV" => "B.V.",
        "NV" => "N.V.",
        other => other,
    }
}
