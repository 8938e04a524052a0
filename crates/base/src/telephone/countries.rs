//! What is known of the numbers of countries: their calling codes, how long their numbers are, what
//! is dialled before them at home, and how those of some look.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

/// The numbers of a country.
#[derive(Debug, Clone, Copy)]
pub(super) struct Country {
    digits_min: usize,
    digits_max: usize,
    zero: bool,
}

impl Country {
    /// Whether a zero is dialled before them at home.
    pub(super) fn dials_zero(&self) -> bool {
        self.zero
    }

    /// Whether these digits are one, as far as their count tells.
    pub(super) fn has(&self, national: &str) -> bool {
        (self.digits_min..=self.digits_max).contains(&national.len()) && !national.starts_with('0')
    }
}

fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.starts_with('#'))
}

static COUNTRIES: LazyLock<BTreeMap<&str, Country>> = LazyLock::new(|| {
    let list = lines(include_str!("../../data/telephone-countries.txt"));
    let read = |line: &'static str| {
        let mut words = line.split_whitespace();
        let code = words.next()?;
        let mut count = || words.next()?.parse().ok();
        let (digits_min, digits_max) = (count()?, count()?);
        Some((code, Country { digits_min, digits_max, zero: words.next() == Some("0") }))
    };
    list.filter_map(read).collect()
});

static CHINESE_AREAS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let list = lines(include_str!("../../data/telephone-areas-cn.txt"));
    list.flat_map(str::split_whitespace).collect()
});

/// The countries of which something is known, by their calling codes.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static Country)> {
    COUNTRIES.iter().map(|(code, country)| (*code, country))
}

/// What is known of the country of a calling code.
pub(super) fn country(code: &str) -> Option<&'static Country> {
    COUNTRIES.get(code)
}

/// The calling code that digits start with, and the rest: 1 and 7 have one digit, those in the list
/// with two have two, all others three.
pub(super) fn abroad(digits: &str) -> Option<(&str, &str)> {
    let is_known =
        |length: &usize| digits.get(..*length).is_some_and(|code| country(code).is_some());
    let length = (1..=2).find(is_known).unwrap_or(3);
    (digits.len() > length).then(|| digits.split_at(length))
}

/// Whether digits are a mobile number of mainland China.
pub(super) fn is_chinese_mobile(digits: &str) -> bool {
    let network = digits.get(..3).unwrap_or_default();
    digits.len() == 11
        && match network.as_bytes() {
            [b'1', b'3' | b'8', _] => true,
            [b'1', b'4', b'5'..=b'9'] => true,
            [b'1', b'5', last] => *last != b'4',
            [b'1', b'6', last] => matches!(last, b'2' | b'5' | b'6' | b'7'),
            [b'1', b'7', last] => *last != b'9',
            [b'1', b'9', last] => *last != b'4',
            _ => false,
        }
}

/// Whether digits are an area and a number of North America.
pub(super) fn is_north_american(national: &str) -> bool {
    let bytes = national.as_bytes();
    bytes.len() == 10 && bytes[0] >= b'2' && bytes[3] >= b'2'
}

/// Whether digits are an area of mainland China and a number in it.
pub(super) fn has_chinese_area(national: &str) -> bool {
    let is_area = |length: usize| national.get(..length).is_some_and(|c| CHINESE_AREAS.contains(c));
    match national.len() {
        10 => is_area(2) || is_area(3),
        11 => is_area(3),
        _ => false,
    }
}

/// Whether digits are an area and a number of Russia or Kazakhstan.
pub(super) fn is_russian(national: &str) -> bool {
    national.len() == 10 && national.starts_with(['3', '4', '6', '7', '8', '9'])
}
