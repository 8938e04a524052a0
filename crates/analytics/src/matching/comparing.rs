//! How alike two values are.

use std::collections::HashMap;

use rayon::prelude::*;

use super::company::{Company, is_han};
use super::level::{Comparison, Level};
use super::names::{
    KnownWords, are_same_sounds, are_two_names, han, is_one_slip, is_one_trade, mails, persons,
    words,
};
use super::rarity::chances;
use super::similarity::{shared_words, similarity};
use super::{Field, normalise, place};

const UNKNOWN: u32 = u32::MAX;
/// Parents do not draw the parts of names by lot: whole names are so much more common than their parts
/// make them.
const PERSONS_ALIKE: f32 = 3.0;

/// A field with each distinct value once.
pub(super) struct Column {
    pub(super) comparison: Comparison,
    /// The place of each record's value, or [`UNKNOWN`].
    ids: Vec<u32>,
    pub(super) texts: Vec<Text>,
    /// How many records have each kernel: the core of a name, the line of a telephone, all of others.
    counts: Vec<u32>,
    /// Those of names with the same letters.
    letter_counts: Vec<u32>,
    /// How likely a name is by the parts that it is made of; empty for what is no name.
    chances: Vec<f32>,
    /// What stands around the cores of companies, each once, and the share of companies that are
    /// where it says.
    around: Vec<Company>,
    place_shares: Vec<f32>,
    /// For each house how much more common it is than houses are; empty for what is no name.
    house_factors: Vec<f32>,
    /// Country and extension of telephones, each once.
    tails: Vec<String>,
    /// The words of names in letters that several names have.
    known_words: KnownWords,
}

pub(super) struct Text {
    pub(super) characters: Vec<char>,
    /// A bit for each character that occurs, some share one.
    pub(super) letter_mask: u64,
    /// The place of its letters among all.
    pub(super) letters: u32,
    pub(super) words: Vec<u32>,
    /// The place of what counts of it among all.
    pub(super) kernel: u32,
    /// Of companies the house and the trade, and how many characters the house has.
    house: u32,
    pub(super) trade: u32,
    house_characters: u32,
    /// Of companies what stands around the core, of telephones country and extension.
    around: u32,
    /// Of words the numbers among them, `0` for none.
    numbers: u32,
}

/// Gives each distinct value a number.
#[derive(Default)]
struct Numbers<'a>(HashMap<std::borrow::Cow<'a, str>, u32>);

impl<'a> Numbers<'a> {
    fn of(&mut self, value: impl Into<std::borrow::Cow<'a, str>>) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(UNKNOWN);
        *self.0.entry(value.into()).or_insert(next)
    }

    /// The values in the order of their numbers.
    fn in_order(self) -> Vec<std::borrow::Cow<'a, str>> {
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_unstable_by_key(|(_, number)| *number);
        all.into_iter().map(|(value, _)| value).collect()
    }
}

/// What of a value counts, and what stands beside it.
fn kernel(comparison: Comparison, value: &str) -> (&str, &str) {
    let end = match comparison {
        Comparison::Company => value.find('\u{1f}'),
        Comparison::Telephone => value.find(['+', 'x']),
        _ => None,
    };
    value.split_at(end.unwrap_or(value.len()))
}

/// The kernel of a value for who blocks by it.
pub(super) fn kernel_of(comparison: Comparison, value: &str) -> &str {
    kernel(comparison, value).0
}

/// The numbers in a text, in order.
fn numbers_in(text: &str) -> String {
    let parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

impl Column {
    pub(super) fn of(field: &Field) -> Self {
        let comparison = field.comparison;
        let mut values = Numbers::default();
        let mut distinct: Vec<&str> = Vec::new();
        let ids: Vec<u32> = field
            .values
            .iter()
            .map(|value| {
                let Some(value) = value else { return UNKNOWN };
                let id = values.of(value.as_str());
                if id as usize == distinct.len() {
                    distinct.push(value);
                }
                id
            })
            .collect();
        drop(values);
        let letters = |text: &&str| match comparison.is_of_names() {
            true => normalise::letters(kernel(comparison, text).0),
            false => String::new(),
        };
        let sorted: Vec<String> = distinct.par_iter().map(letters).collect();
        let mut numbering = Numbering::default();
        let texts: Vec<Text> = distinct
            .into_iter()
            .zip(sorted)
            .map(|(text, sorted)| numbering.text(comparison, text, sorted))
            .collect();
        let mut counts = vec![0; numbering.kernels.0.len()];
        let mut letter_counts = vec![0; numbering.letters.0.len()];
        for (record, id) in ids.iter().enumerate().filter(|(_, id)| **id != UNKNOWN) {
            let text = &texts[*id as usize];
            letter_counts[text.letters as usize] += 1;
            let count = &mut counts[text.kernel as usize];
            // Two records of one name are as two.
            *count = field.names.as_ref().map_or(*count + 1, |names| names[record] + 1);
        }
        let chances = match comparison.is_of_names() {
            true => chances(&numbering.kernels.in_order()),
            false => Vec::new(),
        };
        let house_factors = house_factors(numbering.houses.0.len(), &texts);
        let known_words = match comparison.is_of_names() {
            true => KnownWords::of(&texts),
            false => KnownWords::default(),
        };
        let around = numbering.around.in_order();
        let of_companies = comparison == Comparison::Company;
        let companies = around.iter().filter(|_| of_companies);
        let around_cores: Vec<Company> = companies.map(|tail| Company::of_key(tail)).collect();
        let arounds = ids.iter().filter_map(|id| texts.get(*id as usize)).map(|text| text.around);
        let place_shares = place_shares(&around_cores, arounds);
        let tails = around.iter().filter(|_| !of_companies).map(ToString::to_string).collect();
        Self {
            comparison,
            ids,
            texts,
            counts,
            letter_counts,
            chances,
            around: around_cores,
            place_shares,
            house_factors,
            tails,
            known_words,
        }
    }

    /// Whether its values are names.
    pub(super) fn is_of_names(&self) -> bool {
        self.comparison.is_of_names()
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// How many of them have a value.
    pub(super) fn count_known(&self) -> usize {
        self.ids.iter().filter(|id| **id != UNKNOWN).count()
    }

    fn text(&self, record: u32) -> Option<&Text> {
        self.texts.get(self.ids[record as usize] as usize)
    }

    /// How many records have the kernel of a record's value, and how likely it is by its parts, the
    /// place that it says among them.
    pub(super) fn count_of(&self, record: u32) -> (u32, f64) {
        let Some(text) = self.text(record) else { return (0, 0.0) };
        let chance = self.chances.get(text.kernel as usize).copied().unwrap_or(0.0);
        let chance = if text.is_company() { chance } else { PERSONS_ALIKE * chance };
        let chance = chance * self.place_shares.get(text.around as usize).copied().unwrap_or(1.0);
        (self.counts[text.kernel as usize], f64::from(chance))
    }

    /// How much more likely strangers share the house that two companies share than they share houses;
    /// one where they share none.
    pub(super) fn house_factor(&self, a: u32, b: u32) -> f64 {
        let (Some(a), Some(b)) = (self.text(a), self.text(b)) else { return 1.0 };
        let shared = a.is_company() && a.house == b.house;
        let factor = shared.then(|| self.house_factors.get(a.house as usize)).flatten();
        f64::from(factor.copied().unwrap_or(1.0))
    }

    /// How likely a stranger has a name, where there are too few to tell: by how many parts it has.
    pub(super) fn believed_chance(&self, record: u32) -> f64 {
        const OF_COMPANIES: f64 = 0.000_3;
        const OF_PERSONS: f64 = 0.003;
        self.text(record).map_or(0.0, |text| {
            let of_word = if text.is_company() { OF_COMPANIES } else { OF_PERSONS };
            super::rarity::believed_chance(&text.characters, of_word)
        })
    }

    /// How many records have the letters of a record's name.
    pub(super) fn count_of_letters(&self, record: u32) -> u32 {
        self.text(record).map_or(0, |text| self.letter_counts[text.letters as usize])
    }

    /// How many records have each kernel, and how likely it is by its parts.
    pub(super) fn kernels(&self) -> impl Iterator<Item = (u32, f64)> {
        let chance = |at: usize| self.chances.get(at).copied().unwrap_or(0.0);
        self.counts.iter().enumerate().map(move |(at, count)| (*count, f64::from(chance(at))))
    }

    pub(super) fn level(&self, a: u32, b: u32) -> Level {
        let (a, b) = (self.ids[a as usize], self.ids[b as usize]);
        if a == UNKNOWN || b == UNKNOWN {
            return Level::Missing;
        }
        let same = a == b;
        let (a, b) = (&self.texts[a as usize], &self.texts[b as usize]);
        match self.comparison {
            _ if same && !a.says_the_house_only() => Level::Equal,
            Comparison::Same => Level::Different,
            Comparison::Code => {
                let slip = is_one_slip(&a.characters, &b.characters);
                if slip { Level::Close } else { Level::Different }
            }
            Comparison::Mail => mails(&a.characters, &b.characters),
            Comparison::Place => place::level(&a.text(), &b.text()),
            Comparison::Telephone if a.kernel == b.kernel => self.tails_agree(a, b),
            Comparison::Telephone => {
                let slip = a.characters.len() > 6 && is_one_slip(&a.characters, &b.characters);
                if slip { Level::Close } else { Level::Different }
            }
            Comparison::Company if a.is_company() || b.is_company() => self.companies(a, b),
            Comparison::Company => persons(a, b, &self.known_words),
            Comparison::Name if a.letters == b.letters => Level::SameLetters,
            Comparison::Name => similarity(a, b),
            Comparison::Words => self.addresses(a, b),
        }
    }

    /// One line: another country or another extension is another telephone.
    fn tails_agree(&self, a: &Text, b: &Text) -> Level {
        let parts = |text: &Text| {
            let tail = self.tails.get(text.around as usize).map_or("", String::as_str);
            tail.split_once('x').unwrap_or((tail, ""))
        };
        let (a, b) = (parts(a), parts(b));
        let agree = |one: &str, two: &str| one.is_empty() || two.is_empty() || one == two;
        let same = agree(a.0, b.0) && agree(a.1, b.1);
        if same { Level::Equal } else { Level::Different }
    }

    fn companies(&self, a: &Text, b: &Text) -> Level {
        let (mut contradicts, mut says_less) = (false, false);
        if a.is_company() && b.is_company() && a.around != b.around {
            let (one, other) = (&self.around[a.around as usize], &self.around[b.around as usize]);
            contradicts = one.contradicts(other);
            says_less = one.says_less(other);
        }
        if a.kernel == b.kernel {
            says_less |= a.says_the_house_only() && b.says_the_house_only();
            return match (contradicts, says_less) {
                (true, _) => Level::Related,
                (false, true) => Level::Close,
                (false, false) => Level::Equal,
            };
        }
        let level = if are_two_names(a, b) {
            Level::Related
        } else if are_same_sounds(a, b) {
            Level::SameLetters
        } else if a.house == b.house && a.is_company() && b.is_company() {
            let are_two = a.has_trade() && b.has_trade() && !is_one_trade(a, b, &self.known_words);
            if are_two { Level::Related } else { Level::Close }
        } else if a.characters.iter().chain(&b.characters).any(|c| is_han(*c)) {
            han(a, b)
        } else {
            words(&a.characters, &b.characters, &self.known_words)
        };
        match (contradicts, level) {
            (true, Level::SameLetters | Level::Close | Level::Related) => Level::Related,
            (true, _) => Level::Different,
            (false, level) => level,
        }
    }

    /// Words with other numbers among them are of another house of the street.
    fn addresses(&self, a: &Text, b: &Text) -> Level {
        let level = similarity(a, b).max(shared_words(a, b));
        if a.numbers == b.numbers || a.numbers == 0 || b.numbers == 0 {
            return level;
        }
        let (one, other) = (numbers_in(&a.text()), numbers_in(&b.text()));
        let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
        let mut rest = long.split(' ');
        let is_part = short.split(' ').all(|number| rest.any(|other| other == number));
        if is_part { level.min(Level::Similar) } else { Level::Different }
    }
}

/// For each house how many other names it has, against what a name finds on average.
fn house_factors(houses: usize, texts: &[Text]) -> Vec<f32> {
    /// So many more than were counted, and how far from the average it may be.
    const UNSEEN: f32 = 0.3;
    const LEAST: f32 = 0.25;
    let mut kernels: std::collections::HashSet<(u32, u32)> = std::collections::HashSet::new();
    let companies = || texts.iter().filter(|text| text.is_company());
    kernels.extend(companies().map(|text| (text.house, text.kernel)));
    let mut names = vec![0_u32; houses];
    kernels.iter().for_each(|(house, _)| names[*house as usize] += 1);
    // The two that are compared are none of them.
    let others: Vec<f32> =
        names.iter().map(|names| names.saturating_sub(2) as f32 + UNSEEN).collect();
    let all = kernels.len().max(1) as f32;
    let mean = names.iter().zip(&others).map(|(names, others)| *names as f32 * others).sum::<f32>();
    others.iter().map(|others| (others * all / mean.max(UNSEEN)).max(LEAST)).collect()
}

/// For what stands around each core the share of companies that say the same place; all of them
/// where it says none.
fn place_shares(around: &[Company], records: impl Iterator<Item = u32>) -> Vec<f32> {
    let mut counts = vec![0_usize; around.len()];
    records.for_each(|at| {
        if let Some(count) = counts.get_mut(at as usize) {
            *count += 1;
        }
    });
    let mut places: HashMap<&[&str], usize> = HashMap::new();
    for (company, count) in around.iter().zip(&counts) {
        *places.entry(&company.regions).or_default() += count;
    }
    let all = counts.iter().sum::<usize>().max(1) as f32;
    let share = |company: &Company| match company.regions.is_empty() {
        true => 1.0,
        false => places.get(&company.regions[..]).copied().unwrap_or(0) as f32 / all,
    };
    around.iter().map(share).collect()
}

/// The numbers that a column gives out.
#[derive(Default)]
struct Numbering<'a> {
    kernels: Numbers<'a>,
    letters: Numbers<'a>,
    words: Numbers<'a>,
    houses: Numbers<'a>,
    trades: Numbers<'a>,
    around: Numbers<'a>,
    numbers: Numbers<'a>,
}

impl<'a> Numbering<'a> {
    fn text(&mut self, comparison: Comparison, text: &'a str, sorted: String) -> Text {
        let (kernel, tail) = kernel(comparison, text);
        let mut words: Vec<u32> = match comparison {
            Comparison::Words => text.split(' ').map(|word| self.words.of(word)).collect(),
            _ => Vec::new(),
        };
        words.sort_unstable();
        words.dedup();
        let mask = |mask: u64, c: char| mask | 1 << (c as u32 % 64);
        // The first number is that of nothing.
        self.trades.of("");
        self.numbers.of("");
        let mut parts = tail.splitn(4, '\u{1f}').skip(1);
        let is_company = comparison == Comparison::Company && !tail.is_empty();
        let house = if is_company { parts.next().unwrap_or_default() } else { kernel };
        let trade = if is_company { parts.next().unwrap_or_default() } else { "" };
        let around = match (is_company, comparison) {
            // As a key without the name itself.
            (true, _) => {
                let key = format!("\u{1f}\u{1f}\u{1f}{}", parts.next().unwrap_or_default());
                self.around.of(key)
            }
            (false, Comparison::Telephone) => self.around.of(tail),
            _ => UNKNOWN,
        };
        let numbers = match comparison {
            Comparison::Words => self.numbers.of(numbers_in(text)),
            _ => 0,
        };
        Text {
            characters: kernel.chars().collect(),
            letter_mask: kernel.chars().fold(0, mask),
            letters: self.letters.of(sorted),
            words,
            kernel: self.kernels.of(kernel),
            house: if is_company { self.houses.of(house) } else { UNKNOWN },
            trade: self.trades.of(trade),
            house_characters: u32::try_from(house.chars().count()).unwrap_or(UNKNOWN),
            around,
            numbers,
        }
    }
}

impl Text {
    pub(super) fn text(&self) -> String {
        self.characters.iter().collect()
    }

    pub(super) fn is_company(&self) -> bool {
        self.house != UNKNOWN
    }

    pub(super) fn has_trade(&self) -> bool {
        self.trade != 0
    }

    /// A Chinese name that may be that of any company of its house.
    fn says_the_house_only(&self) -> bool {
        self.is_company() && !self.has_trade() && self.characters.iter().any(|c| is_han(*c))
    }

    pub(super) fn house(&self) -> &[char] {
        &self.characters[..self.house_end()]
    }

    /// What follows the house: its trade, if it has one.
    pub(super) fn trade_characters(&self) -> &[char] {
        &self.characters[self.house_end()..]
    }

    fn house_end(&self) -> usize {
        (self.house_characters as usize).min(self.characters.len())
    }
}
