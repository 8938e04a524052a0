//! How often records agree: those of one customer, and strangers.

use std::collections::HashMap;

use rand::Rng;
use rayon::prelude::*;

use super::comparing::Column;
use super::level::Level;
use super::{Beliefs, KINDS};
use crate::chance::generator;

/// Random pairs, from which it is learned how often records agree by chance.
const RANDOM_PAIRS: usize = 500_000;
const LEVELS: usize = Level::ALL.len();
/// What is believed of strangers counts as if it had been seen of so many pairs.
const OTHERS_STRENGTH: f64 = 200.0;
/// Values that are equal are told apart by how many records have them: two, up to these, more.
const EQUAL_UP_TO: [u32; 3] = [2, 5, 20];
/// What a pattern tells of a field: its level, and of equal values how common they are.
pub(super) const CODES: usize = LEVELS + EQUAL_UP_TO.len();
/// Bits of a code in a pattern.
const BITS: usize = 4;

/// How often pairs of a kind are so alike, for each level; 0 for one that cannot be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shares(pub(super) [f64; LEVELS]);

impl Shares {
    /// From a list.
    pub(super) fn of(list: &[(Level, f64)]) -> Self {
        let mut shares = [0.0; LEVELS];
        list.iter().for_each(|(level, share)| shares[*level as usize] = *share);
        Self(shares)
    }

    /// From counts; a level that was never seen counts half a pair, and what is believed so much.
    fn counted(
        levels: &[Level],
        believed: Option<(&Self, f64)>,
        count: impl Fn(Level) -> f64,
    ) -> Self {
        let prior = |level: Level| match believed {
            Some((shares, strength)) => shares.0[level as usize] * strength,
            None => 0.5,
        };
        let counts: Vec<(Level, f64)> =
            levels.iter().map(|level| (*level, count(*level) + prior(*level))).collect();
        let total: f64 = counts.iter().map(|(_, count)| count).sum();
        let mut shares = [0.0; LEVELS];
        for (level, count) in counts {
            shares[level as usize] = count / total;
        }
        Self(shares)
    }

    /// Those of pairs of one customer: what a name itself says of being another is not learned from
    /// pairs that are none.
    fn of_matches(
        levels: &[Level],
        beliefs: Option<&Beliefs>,
        count: impl Fn(Level) -> f64,
    ) -> Self {
        let believed = beliefs.map(|beliefs| (Self::of(&beliefs.of_matches), beliefs.strength));
        let counted = believed.as_ref().map(|(shares, strength)| (shares, *strength));
        let Self(mut shares) = Self::counted(levels, counted, count);
        if let (Some((believed, _)), at) = (believed, Level::Related as usize) {
            let said = shares[at].min(believed.0[at]);
            let rest = (1.0 - said) / (1.0 - shares[at]).max(1e-9);
            shares.iter_mut().for_each(|share| *share *= rest);
            shares[at] = said;
        }
        Self(shares)
    }
}

fn code(column: &Column, a: u32, b: u32) -> usize {
    match column.level(a, b) {
        Level::Equal => {
            let count = column.count_of(a).0.max(column.count_of(b).0);
            let more = EQUAL_UP_TO.iter().filter(|up_to| count > **up_to).count();
            Level::Equal as usize + more
        }
        level => level as usize,
    }
}

/// Codes of all fields in one number.
fn pattern(columns: &[Column], a: u32, b: u32) -> u64 {
    let all = columns.iter().enumerate();
    all.fold(0, |bits, (at, column)| bits | (code(column, a, b) as u64) << (BITS * at))
}

fn code_of(pattern: u64, field: usize) -> usize {
    (pattern >> (BITS * field)) as usize & ((1 << BITS) - 1)
}

/// The level of a field in a pattern.
pub(super) fn level_of(pattern: u64, field: usize) -> usize {
    code_of(pattern, field).min(Level::Equal as usize)
}

/// How many pairs there are of each pattern. Of records that share something with many, each pair
/// counts less: as if each record had one partner.
pub(super) fn counted(columns: &[Column], pairs: &[(u32, u32, u32)]) -> Vec<(u64, f64)> {
    let pieces: Vec<HashMap<u64, f64>> = pairs
        .par_chunks(16_384)
        .map(|pairs| {
            let mut counts = HashMap::new();
            for (a, b, sharing) in pairs {
                let share = 2.0 / f64::from(*sharing).max(2.0);
                *counts.entry(pattern(columns, *a, *b)).or_insert(0.0) += share;
            }
            counts
        })
        .collect();
    let mut all: HashMap<u64, f64> = HashMap::new();
    for (pattern, count) in pieces.into_iter().flatten() {
        *all.entry(pattern).or_insert(0.0) += count;
    }
    let mut list: Vec<(u64, f64)> = all.into_iter().collect();
    list.sort_unstable_by_key(|(pattern, _)| *pattern);
    list
}

/// Pairs of records by chance: all, where there are not too many.
pub(super) fn patterns_of_chance(columns: &[Column], records: usize, seed: u64) -> Vec<(u64, f64)> {
    let all = records * (records - 1) / 2;
    let pairs: Vec<(u32, u32, u32)> = if all <= RANDOM_PAIRS {
        let records = records as u32;
        (0..records).flat_map(|a| (a + 1..records).map(move |b| (a, b, 2))).collect()
    } else {
        let mut random = generator(seed);
        let mut one = || {
            let a = random.random_range(0..records);
            let b = random.random_range(0..records - 1);
            (a as u32, if b >= a { b + 1 } else { b } as u32, 2)
        };
        (0..RANDOM_PAIRS).map(|_| one()).collect()
    };
    counted(columns, &pairs)
}

/// How often these pairs are so alike.
pub(super) fn of_chance(
    columns: &[Column],
    beliefs: &[Option<&Beliefs>],
    counts: &[(u64, f64)],
) -> Vec<Shares> {
    without_matches(columns, beliefs, counts, |_| 0.0)
}

/// How often strangers are so alike: each pair counts as far as it is none of one customer.
pub(super) fn without_matches(
    columns: &[Column],
    beliefs: &[Option<&Beliefs>],
    counts: &[(u64, f64)],
    chance: impl Fn(u64) -> f64,
) -> Vec<Shares> {
    let strangers: Vec<(u64, f64)> = counts
        .iter()
        .map(|(pattern, count)| (*pattern, count * (1.0 - chance(*pattern))))
        .collect();
    (0..columns.len())
        .map(|field| {
            let believed = beliefs[field].map(|beliefs| Shares::of(&beliefs.of_others));
            let believed = believed.as_ref().map(|shares| (shares, OTHERS_STRENGTH));
            Shares::counted(columns[field].comparison.levels(), believed, |level| {
                let of = strangers
                    .iter()
                    .filter(|(pattern, _)| level_of(*pattern, field) == level as usize);
                of.map(|(_, count)| count).sum()
            })
        })
        .collect()
}

/// The shares of levels as those of codes.
pub(super) fn by_level(shares: &Shares) -> [f64; CODES] {
    let mut chances = [0.0; CODES];
    for (code, chance) in chances.iter_mut().enumerate() {
        *chance = shares.0[code.min(Level::Equal as usize)];
    }
    chances
}

/// For each code of equal values the chance that a stranger has the same, on average over records.
pub(super) fn by_count(column: &Column, chance: impl Fn(u32, f64) -> f64) -> Vec<(usize, f64)> {
    let mut sums = [(0.0, 0.0); EQUAL_UP_TO.len() + 1];
    for (count, by_parts) in column.kernels().filter(|(count, _)| *count > 1) {
        let more = EQUAL_UP_TO.iter().filter(|up_to| count > **up_to).count();
        let records = f64::from(count);
        sums[more].0 += records * chance(count, by_parts);
        sums[more].1 += records;
    }
    let codes = sums.iter().enumerate().filter(|(_, (_, records))| *records > 0.0);
    codes.map(|(more, (sum, records))| (Level::Equal as usize + more, sum / records)).collect()
}

/// Before anything is learned: matches are mostly equal.
pub(super) fn first_guess(others: &Shares) -> Shares {
    let others = &others.0;
    let mut shares = [0.0; LEVELS];
    let possible = others.iter().skip(1).filter(|share| **share > 0.0).count() as f64;
    for level in Level::ALL.into_iter().skip(1) {
        let at = level as usize;
        if others[at] > 0.0 {
            shares[at] = if level == Level::Equal { 0.9 } else { 0.1 / (possible - 1.0).max(1.0) };
        }
    }
    Shares(shares)
}

/// What one rule taught: the shares of the levels among its matches, where it does not fix them, and
/// how many matches it has.
pub(super) struct Lesson {
    matches: Vec<Option<Shares>>,
    count: f64,
}

/// Expectation and maximisation over the pairs of one rule; none where they are all alike. Pairs that
/// belong together are a third kind, where it is said how they look.
pub(super) fn lesson(
    counts: &[(u64, f64)],
    fixed: &[usize],
    (by_chance, others): (&[[f64; CODES]], &[Shares]),
    (beliefs, related): (&[Option<&Beliefs>], &[Option<[Shares; KINDS]>]),
) -> Option<Lesson> {
    const ROUNDS: usize = 200;
    const MATCHES_MIN: f64 = 5.0;
    let total: f64 = counts.iter().map(|(_, count)| count).sum();
    let free: Vec<usize> = (0..others.len()).filter(|field| !fixed.contains(field)).collect();
    if total < MATCHES_MIN || free.is_empty() {
        return None;
    }
    let believed = |field: usize| beliefs[field].map(|beliefs| Shares::of(&beliefs.of_matches));
    let mut matches: Vec<Shares> = (0..others.len())
        .map(|field| believed(field).unwrap_or_else(|| first_guess(&others[field])))
        .collect();
    let of_related = free.iter().any(|field| related[*field].is_some());
    let (mut share, mut belonging) = (0.1, [if of_related { 0.05 } else { 0.0 }; KINDS]);
    for _ in 0..ROUNDS {
        let mut sums = vec![[0.0; LEVELS]; others.len()];
        let (mut expected, mut expected_related) = (0.0, [0.0; KINDS]);
        for (pattern, count) in counts {
            let strangers = 1.0_f64 - share - belonging.iter().sum::<f64>();
            let mut odds = share / strangers;
            let mut odds_related = belonging.map(|share| share / strangers);
            for field in &free {
                let code = code_of(*pattern, *field);
                let level = code.min(Level::Equal as usize);
                if level == Level::Missing as usize {
                    continue;
                }
                let by_chance = by_chance[*field][code];
                odds *= matches[*field].0[level] / by_chance;
                if let Some(kinds) = &related[*field] {
                    let kinds = odds_related.iter_mut().zip(kinds);
                    kinds.for_each(|(odds, shares)| *odds *= shares.0[level] / by_chance);
                }
            }
            let all = 1.0 + odds + odds_related.iter().sum::<f64>();
            let weight = if all.is_finite() { count * odds / all } else { *count };
            expected += weight;
            if all.is_finite() {
                let sums = expected_related.iter_mut().zip(odds_related);
                sums.for_each(|(sum, odds)| *sum += count * odds / all);
            }
            for field in &free {
                sums[*field][level_of(*pattern, *field)] += weight;
            }
        }
        let next = (expected / total).clamp(1e-9, 0.98);
        let moved = (next - share).abs();
        share = next;
        if of_related {
            let most = ((0.999 - share) / KINDS as f64).max(1e-3);
            belonging = expected_related.map(|expected| (expected / total).clamp(1e-3, most));
        }
        for field in &free {
            let levels: Vec<Level> = Level::ALL
                .into_iter()
                .skip(1)
                .filter(|level| others[*field].0[*level as usize] > 0.0)
                .collect();
            let count = |level: Level| sums[*field][level as usize];
            matches[*field] = Shares::of_matches(&levels, beliefs[*field], count);
        }
        if moved < 1e-7 {
            break;
        }
    }
    let count = share * total;
    let matches = (0..others.len()).map(|field| free.contains(&field).then(|| matches[field]));
    (count >= MATCHES_MIN).then(|| Lesson { matches: matches.collect(), count })
}

/// What the rules together say of a field, by how many matches each has; nothing where all fix it.
pub(super) fn averaged(lessons: &[Lesson], field: usize) -> Option<Shares> {
    let mut sums = [0.0; LEVELS];
    let mut total = 0.0;
    for lesson in lessons {
        if let Some(shares) = &lesson.matches[field] {
            sums.iter_mut().zip(shares.0).for_each(|(sum, share)| *sum += share * lesson.count);
            total += lesson.count;
        }
    }
    (total > 0.0).then(|| Shares(sums.map(|sum| sum / total)))
}
