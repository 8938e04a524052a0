//! The words that demo data is made of, from `demo/`.

use std::collections::HashMap;

use guanxi_base::Rng;

type Lists = HashMap<&'static str, Vec<&'static str>>;

/// The words of both languages, and of each country.
pub(super) struct Words {
    chinese: Lists,
    english: Lists,
    countries: HashMap<&'static str, Lists>,
    places: Vec<Vec<&'static str>>,
    products: Vec<Vec<&'static str>>,
}

/// A place where customers are.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// As the words name it, with dashes for blanks.
    pub(super) country: &'static str,
    pub(super) province: &'static str,
    pub(super) city: &'static str,
    pub(super) district: &'static str,
    /// How numbers of fixed lines look there.
    pub(super) phone: &'static str,
    pub(super) postal_code: &'static str,
}

fn rows(text: &'static str) -> Vec<Vec<&'static str>> {
    text.lines().map(|line| line.split(' ').collect()).collect()
}

fn lists(text: &'static str) -> Lists {
    rows(text).into_iter().map(|mut row| (row.remove(0), row)).collect()
}

/// A word in which blanks are written as lines.
pub(super) fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

/// One of the words.
pub(super) fn picked(rng: &mut Rng, among: &[&str]) -> String {
    spaced(rng.pick::<&str>(among))
}

/// A pattern with its digits: `#` is any, `@` is one from 2 to 9.
pub(super) fn filled(rng: &mut Rng, pattern: &str) -> String {
    let mut digit = |from: usize| char::from(b'0' + (from + rng.below(10 - from)) as u8);
    let letter = |letter: char| match letter {
        '#' => digit(0),
        '@' => digit(2),
        '_' => ' ',
        other => other,
    };
    pattern.chars().map(letter).collect()
}

impl Words {
    pub(super) fn load() -> Self {
        let mut countries: HashMap<&'static str, Lists> = HashMap::new();
        for mut row in rows(include_str!("../../demo/countries.txt")) {
            let (country, list) = (row.remove(0), row.remove(0));
            countries.entry(country).or_default().insert(list, row);
        }
        Self {
            chinese: lists(include_str!("../../demo/chinese.txt")),
            english: lists(include_str!("../../demo/english.txt")),
            countries,
            places: rows(include_str!("../../demo/places.txt")),
            products: rows(include_str!("../../demo/products.txt")),
        }
    }

    /// The words of our own people, who are Chinese.
    pub(super) fn chinese(&self, list: &str) -> &[&'static str] {
        self.chinese.get(list).map(Vec::as_slice).unwrap_or_default()
    }

    /// The words of a country: its own, else those of its language.
    pub(super) fn of(&self, country: &str, list: &str) -> &[&'static str] {
        let own = self.countries.get(country).and_then(|lists| lists.get(list));
        let language = if country == "China" { &self.chinese } else { &self.english };
        own.or_else(|| language.get(list)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The words of a list in Chinese, and what they are in English.
    pub(super) fn pairs(&self, list: &str) -> Vec<(String, String)> {
        let english = self.english.get(list).map(Vec::as_slice).unwrap_or_default();
        let both = self.chinese(list).iter().zip(english);
        both.map(|(chinese, english)| (spaced(chinese), spaced(english))).collect()
    }

    /// Where customers are.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        self.places.iter().filter_map(|row| match row[..] {
            [country, province, city, district, phone, postal_code] => {
                Some(Place { country, province, city, district, phone, postal_code })
            }
            _ => None,
        })
    }

    /// One of them.
    pub(super) fn place(&self, rng: &mut Rng) -> Place {
        let at = rng.below(self.places.len());
        self.places().nth(at).expect("every line of the file has six words, which is tested")
    }

    /// Category, category in English, name, name in English, price, cost.
    pub(super) fn products(&self) -> &[Vec<&'static str>] {
        &self.products
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_whole_and_every_list_stands_in_both_languages() {
        let words = Words::load();
        assert_eq!(words.places().count(), words.places.len());
        for list in ["trade", "job", "case", "talk", "task", "team", "post", "terms", "scores"] {
            assert_eq!(words.chinese[list].len(), words.english[list].len(), "{list}");
        }
        for place in words.places() {
            assert!(!words.of(place.country, "mobile").is_empty(), "{}", place.country);
        }
    }
}
