//! The words that demo data is made of, from `demo/`.

use std::collections::HashMap;

type Lists = HashMap<&'static str, Vec<&'static str>>;

/// The words of both languages.
pub(super) struct Words {
    chinese: Lists,
    english: Lists,
    places: Vec<Vec<&'static str>>,
    products: Vec<Vec<&'static str>>,
}

fn rows(text: &'static str) -> Vec<Vec<&'static str>> {
    text.lines().map(|line| line.split(' ').collect()).collect()
}

fn lists(text: &'static str) -> Lists {
    rows(text).into_iter().map(|mut row| (row.remove(0), row)).collect()
}

impl Words {
    pub(super) fn load() -> Self {
        Self {
            chinese: lists(include_str!("../../demo/chinese.txt")),
            english: lists(include_str!("../../demo/english.txt")),
            places: rows(include_str!("../../demo/places.txt")),
            products: rows(include_str!("../../demo/products.txt")),
        }
    }

    pub(super) fn chinese(&self, list: &str) -> &[&'static str] {
        self.chinese.get(list).map(Vec::as_slice).unwrap_or_default()
    }

    /// The words of a list, in Chinese or in English.
    pub(super) fn of(&self, is_chinese: bool, list: &str) -> &[&'static str] {
        let lists = if is_chinese { &self.chinese } else { &self.english };
        lists.get(list).map(Vec::as_slice).unwrap_or_default()
    }

    /// Country, province, city, district.
    pub(super) fn places(&self) -> &[Vec<&'static str>] {
        &self.places
    }

    /// Category, category in English, name, name in English, price, cost.
    pub(super) fn products(&self) -> &[Vec<&'static str>] {
        &self.products
    }
}
