//! The name of a company in its parts: region, house name, trade, legal form, branch.
//! Companies of one house in two places, or of two trades, are two: the parts are told apart.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::normalise::{is_placeholder, lines, words};

/// A company's name in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// What is its own: without region and legal form, unless nothing else is left.
    pub core: String,
    /// The start of it that names the house, without what the house does.
    pub house: String,
    /// What the house does, as its name says.
    pub trade: String,
    /// Province and city that its name says, as far as it does.
    pub regions: Vec<&'static str>,
    /// Its legal form, as the list of forms calls it; empty where the name says none.
    pub form: &'static str,
    /// Whether it calls itself a group.
    pub is_group: bool,
    /// Of a branch, where that is; `-` where it does not say.
    pub branch: String,
}

/// Regions and the province that each is in; a province is in itself.
static REGIONS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let list = lines(include_str!("../../data/regions.txt"));
    let places = list.flat_map(|line| {
        let province = line.split(' ').next().unwrap_or_default();
        line.split(' ').map(move |place| (place, province))
    });
    places.collect()
});
static MUNICIPALITIES: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    lines(include_str!("../../data/regions.txt")).filter(|line| !line.contains(' ')).collect()
});
static DIVISIONS: LazyLock<Vec<&str>> =
    LazyLock::new(|| longest_first(lines(include_str!("../../data/division-endings.txt"))));
static TRADES: LazyLock<HashMap<&str, ()>> = LazyLock::new(|| {
    let list = lines(include_str!("../../data/trades.txt"));
    list.flat_map(|line| line.split(' ')).map(|word| (word, ())).collect()
});
/// Endings and the line that each stands on, longest first.
static FORMS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let list = lines(include_str!("../../data/company-forms.txt"));
    let entries = list.filter_map(|line| line.split_once(' '));
    let mut all: Vec<(&str, &str)> =
        entries.flat_map(|(name, words)| words.split(' ').map(move |word| (word, name))).collect();
    all.sort_by_key(|(word, _)| std::cmp::Reverse(word.chars().count()));
    all
});
static LATIN_FORMS: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| FORMS.iter().copied().filter(|(word, _)| !word.chars().any(is_han)).collect());
/// Forms of several words.
static LATIN_PHRASES: LazyLock<Vec<(Vec<&str>, &str)>> = LazyLock::new(|| {
    let phrases = FORMS.iter().filter(|(word, _)| word.contains('_'));
    phrases.map(|(words, form)| (words.split('_').collect(), *form)).collect()
});
/// Forms that stand before a name as often as behind it.
const BEFORE: [&str; 6] = ["kabushiki", "yugen", "godo", "jusik", "ooo", "ao"];
/// China, in which all its provinces are.
const NATION: &str = "\u{4e2d}\u{56fd}";
/// Characters of the longest region.
const REGION_CHARACTERS_MAX: usize = 4;
/// Characters of the longest trade.
const TRADE_CHARACTERS_MAX: usize = 8;

fn longest_first(lines: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut words: Vec<&str> = lines.flat_map(|line| line.split(' ')).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    words
}

pub(super) fn is_han(character: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&character)
        || ('\u{20000}'..='\u{323af}').contains(&character)
}

/// Parts that fit in a text stand between these.
const SEPARATOR: char = '\u{1f}';

impl Company {
    fn empty() -> Self {
        Self {
            core: String::new(),
            house: String::new(),
            trade: String::new(),
            regions: Vec::new(),
            form: "",
            is_group: false,
            branch: String::new(),
        }
    }

    /// All of it as one text, from which [`Company::of_key`] makes it again: the same for two
    /// spellings of one name. It starts with the core, alone up to the first separator.
    #[must_use]
    pub fn key(&self) -> String {
        if self.core.is_empty() {
            return String::new();
        }
        let Self { core, house, trade, regions, form, is_group, branch } = self;
        let regions = regions.join(" ");
        let form = format!("{form}{}", if *is_group { " group" } else { "" });
        [core, house, trade, &regions, &form, branch].map(String::as_str).join("\u{1f}")
    }

    /// The parts of a key; a text that is none is all of a name.
    #[must_use]
    pub fn of_key(key: &str) -> Self {
        let mut parts = key.split(SEPARATOR);
        let core = parts.next().unwrap_or_default().to_owned();
        let house = parts.next().map_or_else(|| core.clone(), str::to_owned);
        let trade = parts.next().unwrap_or_default().to_owned();
        let regions = parts.next().unwrap_or_default().split(' ');
        let known = |name| REGIONS.get_key_value(name).map(|(name, _)| *name);
        let regions = regions.filter_map(known).collect();
        let said = parts.next().unwrap_or_default();
        let (said, group) = said.split_once(' ').unwrap_or((said, ""));
        let form = FORMS.iter().find(|(_, form)| *form == said).map_or("", |(_, form)| *form);
        let is_group = !group.is_empty();
        let branch = parts.next().unwrap_or_default().to_owned();
        Self { core, house, trade, regions, form, is_group, branch }
    }

    /// Whether a text is a key.
    pub(super) fn is_key(text: &str) -> bool {
        text.contains(SEPARATOR)
    }

    /// Whether what stands around the core says that both are two: other places, other legal
    /// forms, a branch and its house.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        let related = |one: &&str, two: &&str| {
            one == two || REGIONS.get(one) == Some(two) || REGIONS.get(two) == Some(one)
        };
        let regions = (&self.regions, &other.regions);
        let places = !regions.0.is_empty()
            && !regions.1.is_empty()
            && !regions.0.iter().any(|one| regions.1.iter().any(|two| related(one, two)));
        // A city is more than its province: two cities of one are two.
        let cities = |one: &Self| -> Vec<&'static str> {
            one.regions.iter().copied().filter(|place| REGIONS.get(place) != Some(place)).collect()
        };
        let (mine, theirs) = (cities(self), cities(other));
        let cities = !mine.is_empty()
            && !theirs.is_empty()
            && !mine.iter().any(|city| theirs.contains(city));
        let forms = !self.form.is_empty() && !other.form.is_empty();
        let said = |one: &Self| !one.form.is_empty() || one.is_group;
        let groups = said(self) && said(other) && self.is_group != other.is_group;
        places
            || cities
            || (forms && self.form != other.form)
            || groups
            || self.branch != other.branch
    }

    /// Whether one of them says more closely where it is.
    #[must_use]
    pub fn says_less(&self, other: &Self) -> bool {
        let says = |one: &Self| {
            let is_city =
                |place: &&'static str| REGIONS.get(*place) != Some(place) || is_municipality(place);
            (!one.regions.is_empty(), one.regions.iter().any(is_city))
        };
        says(self) != says(other)
    }
}

/// Takes a company's name apart.
#[must_use]
pub fn company(name: &str) -> Company {
    if is_placeholder(name) {
        return Company::empty();
    }
    let words = words(name);
    if !words.iter().any(|word| word.chars().any(is_han)) {
        return latin(&words);
    }
    let mut company = Company::empty();
    let alone = words.len() == 1;
    let others: Vec<&String> = words
        .iter()
        .filter(|word| {
            let bare = without_division(word);
            let Some((region, _)) = REGIONS.get_key_value(bare).filter(|_| !alone) else {
                return true;
            };
            company.regions.push(region);
            false
        })
        .collect();
    let joined: String = others.into_iter().map(String::as_str).collect();
    let (main, branch) = split_branch(&joined);
    company.branch = branch;
    let mut core = main;
    while let Some((rest, form)) = ending(core).or_else(|| beginning(core)) {
        company.say(form);
        core = rest;
    }
    while let Some((region, rest)) = region_before(core) {
        // A city follows its province; what follows a city is a name, such as Ankang in Wuhan. And a
        // trade alone is no name.
        let within = |before: &&str| REGIONS.get(region) == Some(before) || *before == NATION;
        let inside = company.regions.last().is_none_or(within);
        if !inside || TRADES.contains_key(without_trades(rest)) {
            break;
        }
        company.regions.push(region);
        core = rest;
    }
    company.regions.dedup();
    core.clone_into(&mut company.core);
    let house = without_trades(core);
    house.clone_into(&mut company.house);
    core[house.len()..].clone_into(&mut company.trade);
    company
}

impl Company {
    fn say(&mut self, form: &'static str) {
        match form {
            "group" => self.is_group = true,
            "unsaid" => {}
            form if self.form.is_empty() => self.form = form,
            _ => {}
        }
    }
}

/// A legal form that a name ends with, and what stands before it.
fn ending(name: &str) -> Option<(&str, &'static str)> {
    FORMS.iter().filter(|(_, form)| *form != "branch").find_map(|(word, form)| {
        let rest = name.strip_suffix(word).filter(|rest| is_enough(rest))?;
        Some((rest, *form))
    })
}

/// A legal form of Japan that a name starts with, and what follows it.
fn beginning(name: &str) -> Option<(&str, &'static str)> {
    let forms = FORMS.iter().filter(|(_, form)| BEFORE.contains(form));
    forms.into_iter().find_map(|(word, form)| {
        let rest = name.strip_prefix(word).filter(|rest| is_enough(rest))?;
        Some((rest, *form))
    })
}

/// The company of a branch, and where the branch is.
fn split_branch(name: &str) -> (&str, String) {
    let branches = FORMS.iter().filter(|(_, form)| *form == "branch");
    let Some(rest) = branches
        .filter(|(word, _)| !word.is_ascii())
        .find_map(|(word, _)| name.strip_suffix(word))
        .filter(|rest| is_enough(rest))
    else {
        return (name, String::new());
    };
    let forms = FORMS.iter().filter(|(word, form)| *form != "branch" && !word.is_ascii());
    let ends = forms.filter_map(|(word, _)| {
        let at = rest.find(word).filter(|at| is_enough(&rest[..*at]))?;
        Some(at + word.len())
    });
    if let Some(end) = ends.max() {
        let place = without_division(&rest[end..]);
        return (&rest[..end], if place.is_empty() { "-" } else { place }.to_owned());
    }
    // No form stands between: the place is what the rest ends with.
    let starts = rest.char_indices().map(|(at, _)| at).filter(|at| is_enough(&rest[..*at]));
    for at in starts {
        if REGIONS.contains_key(without_division(&rest[at..])) {
            return (&rest[..at], without_division(&rest[at..]).to_owned());
        }
    }
    (rest, "-".to_owned())
}

/// Whether a name could still be told from others.
fn is_enough(rest: &str) -> bool {
    rest.chars().count() >= 2
}

fn without_division(word: &str) -> &str {
    let rest = DIVISIONS.iter().find_map(|ending| word.strip_suffix(ending));
    rest.filter(|rest| is_enough(rest)).unwrap_or(word)
}

/// The province that a place is in; a province is in itself.
pub(super) fn province_of(place: &str) -> Option<&'static str> {
    REGIONS.get(place).copied().filter(|province| *province != NATION)
}

/// The region that a word is, with or without its division.
pub(super) fn region_of(word: &str) -> Option<&'static str> {
    REGIONS.get_key_value(without_division(word)).map(|(region, _)| *region)
}

/// Whether a place is a province and its only city.
pub(super) fn is_municipality(place: &str) -> bool {
    MUNICIPALITIES.contains(place)
}

/// A region that a name starts with, and what follows it.
pub(super) fn region_before(name: &str) -> Option<(&'static str, &str)> {
    let ends: Vec<usize> =
        name.char_indices().map(|(at, _)| at).skip(2).take(REGION_CHARACTERS_MAX - 1).collect();
    ends.into_iter().rev().find_map(|end| {
        let (region, _) = REGIONS.get_key_value(&name[..end])?;
        let rest = &name[end..];
        let rest = DIVISIONS.iter().find_map(|ending| rest.strip_prefix(ending)).unwrap_or(rest);
        is_enough(rest).then_some((*region, rest))
    })
}

/// The house name: what is left before the trades at the end, of which there may be several.
fn without_trades(core: &str) -> &str {
    let mut house = core;
    loop {
        let starts: Vec<usize> = house.char_indices().map(|(at, _)| at).collect();
        let first = starts.len().saturating_sub(TRADE_CHARACTERS_MAX).max(2);
        let longest = starts.get(first..).unwrap_or_default().iter();
        let Some(at) = longest.copied().find(|at| TRADES.contains_key(&house[*at..])) else {
            return house;
        };
        house = &house[..at];
    }
}

fn latin(words: &[String]) -> Company {
    let mut company = Company::empty();
    let mut core = words;
    for (phrase, form) in LATIN_PHRASES.iter() {
        if core.len() > phrase.len() && core[core.len() - phrase.len()..] == phrase[..] {
            company.say(form);
            core = &core[..core.len() - phrase.len()];
        }
    }
    while let [rest @ .., last] = core {
        let form = LATIN_FORMS.get(last.as_str()).filter(|_| !rest.is_empty());
        let Some(form) = form else { break };
        match *form {
            "branch" => company.branch = "-".to_owned(),
            form => company.say(form),
        }
        core = rest;
    }
    while let [first, rest @ ..] = core {
        let form = LATIN_FORMS.get(first.as_str()).filter(|form| BEFORE.contains(form));
        let Some(form) = form.filter(|_| !rest.is_empty()) else { break };
        company.say(form);
        core = rest;
    }
    // A group says little here: the word stands as often for nothing.
    company.is_group = false;
    if let [first, rest @ ..] = core
        && first == "the"
        && !rest.is_empty()
    {
        core = rest;
    }
    let mut house = core;
    while let [rest @ .., last] = house {
        if rest.is_empty() || !TRADES.contains_key(last.as_str()) {
            break;
        }
        house = rest;
    }
    company.core = core.join(" ");
    company.house = house.join(" ");
    company.trade = core[house.len()..].join(" ");
    company
}
