//! Where a customer is: by the address, and where that says nothing by the name. That two are in one
//! city says little, and that they are in two says much.

use std::sync::LazyLock;

use super::company::{Company, is_municipality, province_of, region_before, region_of};
use super::level::Level;
use super::normalise::{fold, lines};

static STREETS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    lines(include_str!("../../data/street-words.txt")).flat_map(|line| line.split(' ')).collect()
});
/// Between the places of the address and those of the name.
const SEPARATOR: char = '\u{1f}';
/// Between words of one place.
const JOINT: &str = "_";

/// Where a customer is, as it is compared: from province and city of the address, from the places
/// that its line starts with, and from those in the name of a company as
/// [`Company::key`] gives it. Empty where nothing is known.
///
/// ```
/// use guanxi_analytics::matching::normalise::place;
/// assert_eq!(place(["Kent", "Dover"], "12 Castle Street", ""), "dover\u{1f}");
/// assert_eq!(place(["", ""], "12 Castle Street", ""), "");
/// ```
#[must_use]
pub fn place([province, city]: [&str; 2], line: &str, name: &str) -> String {
    let mut address: Vec<String> = Vec::new();
    for (part, is_city) in [(province, false), (city, true), (line, false)] {
        let folded = fold(part);
        let before = address.len();
        let (regions, rest) = without_regions(&folded);
        address.extend(regions.into_iter().map(str::to_owned));
        match region_of(rest) {
            Some(region) => address.push(region.to_owned()),
            // Of what is no place of China only cities are compared.
            None if is_city && address.len() == before && !rest.is_empty() => {
                address.push(rest.replace(' ', JOINT));
            }
            None => {}
        }
    }
    address.dedup();
    let named = Company::of_key(name).regions;
    let named: Vec<&str> = named.into_iter().filter(|place| province_of(place).is_some()).collect();
    match address.is_empty() && named.is_empty() {
        true => String::new(),
        false => format!("{}{SEPARATOR}{}", address.join(" "), named.join(" ")),
    }
}

/// The regions that a text starts with, and what follows them.
pub(super) fn without_regions(text: &str) -> (Vec<&'static str>, &str) {
    let mut regions = Vec::new();
    let mut rest = text;
    while let Some((region, after)) = region_before(rest) {
        // A street that is called after a city.
        if STREETS.iter().any(|word| after.starts_with(word)) {
            break;
        }
        regions.push(region);
        rest = after;
    }
    (regions, rest)
}

/// Provinces and cities of a text.
fn parts(places: &str) -> (Vec<&str>, Vec<&str>) {
    let all: Vec<&str> = places.split([' ', SEPARATOR]).filter(|one| !one.is_empty()).collect();
    let is_city = |place: &str| match province_of(place) {
        Some(province) => province != place || is_municipality(place),
        None => true,
    };
    let cities = all.iter().copied().filter(|place| is_city(place)).collect();
    let provinces = all.iter().filter_map(|place| province_of(place)).collect();
    (provinces, cities)
}

/// Whether two are in one place, as far as both say.
pub(super) fn level(a: &str, b: &str) -> Level {
    let address = |text: &str| text.split(SEPARATOR).next().is_some_and(|one| !one.is_empty());
    let of = |text: &'_ str| -> String {
        match address(a) && address(b) {
            true => text.split(SEPARATOR).next().unwrap_or_default().to_owned(),
            false => text.to_owned(),
        }
    };
    let (a, b) = (of(a), of(b));
    let ((provinces, cities), (other_provinces, other_cities)) = (parts(&a), parts(&b));
    let share = |one: &[&str], other: &[&str]| one.iter().any(|place| other.contains(place));
    if !cities.is_empty() && !other_cities.is_empty() {
        return if share(&cities, &other_cities) { Level::Equal } else { Level::Different };
    }
    match provinces.is_empty() || other_provinces.is_empty() {
        true => Level::Missing,
        false if share(&provinces, &other_provinces) => Level::Similar,
        false => Level::Different,
    }
}
