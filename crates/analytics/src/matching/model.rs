//! How much each agreement says.

use std::collections::HashMap;

use rand::Rng;
use rayon::prelude::*;

use super::comparing::{Column, Level};
use super::{Blocking, Field, check};
use crate::chance::generator;
use crate::error::parameter;
use crate::{Error, Result};

const MODEL: &str = "the matching model";
/// Random pairs, from which it is learned how often records agree by chance.
const RANDOM_PAIRS: usize = 500_000;
/// Pairs of one rule that are learned from.
const PAIRS_OF_RULE: usize = 500_000;
const LEVELS: usize = Level::ALL.len();
/// Bits of a level in a pattern.
const BITS: usize = 3;

/// What a field says, by how alike its values are.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldWeights {
    /// The field.
    pub name: String,
    /// How often pairs of one customer are so alike, for each level from [`Level::Different`].
    pub of_matches: Vec<(Level, f64)>,
    /// How often other pairs are.
    pub of_others: Vec<(Level, f64)>,
}

/// A pair, and what speaks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The chance that both are of one customer.
    pub probability: f64,
    /// The sum of all weights, in bits, without what two random records have.
    pub weight: f64,
    /// How alike each field is, and how many bits that adds.
    pub parts: Vec<(Level, f64)>,
}

/// A pair that may be one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The smaller of the two records.
    pub a: u32,
    /// The other one.
    pub b: u32,
    /// The chance that both are of one customer.
    pub probability: f64,
}

/// What agreement is worth, learned from the records themselves.
///
/// How often records agree by chance comes from random pairs; how often those of one customer do
/// comes from the pairs of each blocking rule, by the expectation–maximisation algorithm (Winkler,
/// *Using the EM Algorithm for Weight Computation in the Fellegi–Sunter Model*, 1988) over the fields
/// that the rule does not fix. Agreement in a value counts by how rare it is (Winkler, *Frequency-Based
/// Matching in Fellegi–Sunter Model of Record Linkage*, 2000).
pub struct Model {
    columns: Vec<Column>,
    names: Vec<String>,
    by_frequency: Vec<bool>,
    known: Vec<f64>,
    matches: Vec<[f64; LEVELS]>,
    others: Vec<[f64; LEVELS]>,
    /// The share of all pairs that are of one customer.
    pub prior: f64,
    /// How many keys too many records shared, for each blocking rule: what they would have found is
    /// not found by it.
    pub left_out: Vec<usize>,
    candidates: Vec<(u32, u32)>,
    /// Of each candidate.
    weights: Vec<f64>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("weights", &self.weights()).finish_non_exhaustive()
    }
}

/// Levels of all fields in one number.
fn pattern(columns: &[Column], a: u32, b: u32) -> u64 {
    let levels = columns.iter().enumerate();
    levels.fold(0, |bits, (at, column)| bits | (column.level(a, b) as u64) << (BITS * at))
}

fn level_of(pattern: u64, field: usize) -> usize {
    (pattern >> (BITS * field)) as usize & ((1 << BITS) - 1)
}

fn counted(columns: &[Column], pairs: &[(u32, u32)]) -> Vec<(u64, f64)> {
    let pieces: Vec<HashMap<u64, f64>> = pairs
        .par_chunks(16_384)
        .map(|pairs| {
            let mut counts = HashMap::new();
            for (a, b) in pairs {
                *counts.entry(pattern(columns, *a, *b)).or_insert(0.0) += 1.0;
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

/// What one rule taught: the shares of the levels among its matches, where it does not fix them, and
/// how many matches it has.
struct Lesson {
    matches: Vec<Option<[f64; LEVELS]>>,
    count: f64,
}

impl Model {
    /// Learns from the records which agreements count, and which pairs to compare by the blocking
    /// rules. Several rules that fix different fields are needed: what a rule fixes is learned from the
    /// others.
    ///
    /// # Errors
    /// When there are too few records, no rule, or no rule from which anything can be learned.
    pub fn learn(fields: &[Field], blocking: &Blocking, seed: u64) -> Result<Self> {
        let records = check(fields)?;
        blocking.check(fields)?;
        let columns: Vec<Column> = fields.par_iter().map(Column::of).collect();
        let others = of_chance(&columns, records, seed);
        let mut lessons = Vec::new();
        let (mut candidates, mut left_out) = (Vec::new(), Vec::new());
        for (rule, keys) in blocking.rules.iter().enumerate() {
            let (pairs, too_common) = blocking.pairs_of(fields, records, rule);
            left_out.push(too_common);
            let fixed: Vec<usize> = keys.iter().map(|key| key.field).collect();
            let learned = if pairs.len() > PAIRS_OF_RULE {
                let rows = crate::chance::sample(pairs.len(), PAIRS_OF_RULE, seed);
                let some: Vec<(u32, u32)> = rows.into_iter().map(|row| pairs[row]).collect();
                lesson(&counted(&columns, &some), &fixed, &others)
            } else {
                lesson(&counted(&columns, &pairs), &fixed, &others)
            };
            lessons.extend(learned);
            candidates.extend(pairs);
        }
        candidates.par_sort_unstable();
        candidates.dedup();
        let matches = (0..fields.len())
            .map(|field| averaged(&lessons, field).unwrap_or_else(|| first_guess(&others[field])))
            .collect();
        if lessons.is_empty() {
            let what = "blocking rules with pairs of one customer";
            return Err(Error::TooFew { what, found: 0, wanted: 1 });
        }
        let mut model = Self {
            names: fields.iter().map(|field| field.name.clone()).collect(),
            by_frequency: fields.iter().map(|field| field.by_frequency).collect(),
            known: columns.iter().map(|column| column.count_known() as f64).collect(),
            columns,
            matches,
            others,
            prior: 1.0 / records as f64,
            left_out,
            weights: Vec::new(),
            candidates,
        };
        model.weights = model.candidates.par_iter().map(|(a, b)| model.weight(*a, *b)).collect();
        model.find_prior(records);
        if !(model.prior.is_finite() && model.prior > 0.0) {
            return Err(Error::NotConverged { model: MODEL });
        }
        Ok(model)
    }

    /// The share of all pairs that are matches: what the candidates say with it must give it again.
    fn find_prior(&mut self, records: usize) {
        const ROUNDS: usize = 30;
        let all = records as f64 * (records as f64 - 1.0) / 2.0;
        // Of the hopeless ones nothing depends.
        let likely: Vec<f64> = self.weights.iter().copied().filter(|bits| *bits > 0.0).collect();
        for _ in 0..ROUNDS {
            let expected: f64 = likely.iter().map(|weight| self.probability(*weight)).sum();
            let next = (expected / all).clamp(1e-12, 0.5);
            let done = (next / self.prior - 1.0).abs() < 1e-6;
            self.prior = next;
            if done {
                break;
            }
        }
    }

    fn part(&self, field: usize, a: u32, b: u32) -> (Level, f64) {
        let level = self.columns[field].level(a, b);
        let at = level as usize;
        if level == Level::Missing {
            return (level, 0.0);
        }
        let mut by_chance = self.others[field][at];
        if level == Level::Equal && self.by_frequency[field] {
            by_chance = f64::from(self.columns[field].count_of(a)) / self.known[field];
        }
        (level, (self.matches[field][at] / by_chance).log2())
    }

    fn weight(&self, a: u32, b: u32) -> f64 {
        (0..self.columns.len()).map(|field| self.part(field, a, b).1).sum()
    }

    /// The chance of a match that a pair of this weight has.
    fn probability(&self, weight: f64) -> f64 {
        1.0 / (1.0 + (-weight).exp2() * (1.0 - self.prior) / self.prior)
    }

    /// Whether two records are of one customer, and why.
    ///
    /// # Errors
    /// When there is no such record.
    pub fn score(&self, a: u32, b: u32) -> Result<Scored> {
        let records = self.columns[0].len();
        for record in [a, b] {
            let there = (record as usize) < records;
            parameter("record", f64::from(record), "must be one of the records", |_| there)?;
        }
        let fields = 0..self.columns.len();
        let parts: Vec<(Level, f64)> = fields.map(|field| self.part(field, a, b)).collect();
        let weight = parts.iter().map(|(_, weight)| weight).sum();
        Ok(Scored { probability: self.probability(weight), weight, parts })
    }

    /// All compared pairs with at least this chance, the most certain first.
    ///
    /// # Errors
    /// When the chance is not from 0 to 1.
    pub fn pairs(&self, least: f64) -> Result<Vec<Pair>> {
        parameter("least", least, "must be from 0 to 1", |least| (0.0..=1.0).contains(&least))?;
        let mut pairs: Vec<Pair> = self
            .candidates
            .par_iter()
            .zip(&self.weights)
            .map(|((a, b), weight)| Pair { a: *a, b: *b, probability: self.probability(*weight) })
            .filter(|pair| pair.probability >= least)
            .collect();
        pairs.par_sort_unstable_by(|x, y| {
            y.probability.total_cmp(&x.probability).then((x.a, x.b).cmp(&(y.a, y.b)))
        });
        Ok(pairs)
    }

    /// How many pairs are compared.
    #[must_use]
    pub fn candidates(&self) -> usize {
        self.candidates.len()
    }

    /// What each field says.
    #[must_use]
    pub fn weights(&self) -> Vec<FieldWeights> {
        let list = |shares: &[f64; LEVELS]| {
            let levels = Level::ALL.into_iter().zip(*shares).skip(1);
            levels.filter(|(_, share)| *share > 0.0).collect()
        };
        let fields = self.names.iter().zip(self.matches.iter().zip(&self.others));
        fields
            .map(|(name, (matches, others))| FieldWeights {
                name: name.clone(),
                of_matches: list(matches),
                of_others: list(others),
            })
            .collect()
    }
}

/// How often random records are so alike.
fn of_chance(columns: &[Column], records: usize, seed: u64) -> Vec<[f64; LEVELS]> {
    let mut random = generator(seed);
    let count = RANDOM_PAIRS.min(records * (records - 1) * 4);
    let pairs: Vec<(u32, u32)> = (0..count)
        .map(|_| {
            let a = random.random_range(0..records);
            let b = random.random_range(0..records - 1);
            (a as u32, if b >= a { b + 1 } else { b } as u32)
        })
        .collect();
    let counts = counted(columns, &pairs);
    (0..columns.len())
        .map(|field| {
            shares(columns[field].comparison.levels(), |level| {
                let of = counts
                    .iter()
                    .filter(|(pattern, _)| level_of(*pattern, field) == level as usize);
                of.map(|(_, count)| count).sum()
            })
        })
        .collect()
}

/// The shares of levels; a level that was never seen counts half a pair, one that cannot be has none.
fn shares(levels: &[Level], count: impl Fn(Level) -> f64) -> [f64; LEVELS] {
    let counts: Vec<(Level, f64)> =
        levels.iter().map(|level| (*level, count(*level) + 0.5)).collect();
    let total: f64 = counts.iter().map(|(_, count)| count).sum();
    let mut shares = [0.0; LEVELS];
    for (level, count) in counts {
        shares[level as usize] = count / total;
    }
    shares
}

/// Before anything is learned: matches are mostly equal.
fn first_guess(others: &[f64; LEVELS]) -> [f64; LEVELS] {
    let mut shares = [0.0; LEVELS];
    let possible = others.iter().skip(1).filter(|share| **share > 0.0).count() as f64;
    for level in Level::ALL.into_iter().skip(1) {
        let at = level as usize;
        if others[at] > 0.0 {
            shares[at] = if level == Level::Equal { 0.9 } else { 0.1 / (possible - 1.0).max(1.0) };
        }
    }
    shares
}

/// Expectation and maximisation over the pairs of one rule; none where they are all alike.
fn lesson(counts: &[(u64, f64)], fixed: &[usize], others: &[[f64; LEVELS]]) -> Option<Lesson> {
    const ROUNDS: usize = 200;
    const MATCHES_MIN: f64 = 5.0;
    let total: f64 = counts.iter().map(|(_, count)| count).sum();
    let free: Vec<usize> = (0..others.len()).filter(|field| !fixed.contains(field)).collect();
    if total < MATCHES_MIN || free.is_empty() {
        return None;
    }
    let mut matches: Vec<[f64; LEVELS]> = others.iter().map(first_guess).collect();
    let mut share = 0.1;
    for _ in 0..ROUNDS {
        let mut sums = vec![[0.0; LEVELS]; others.len()];
        let mut expected = 0.0;
        for (pattern, count) in counts {
            let mut odds = share / (1.0 - share);
            for field in &free {
                let level = level_of(*pattern, *field);
                if level != Level::Missing as usize {
                    odds *= matches[*field][level] / others[*field][level];
                }
            }
            let weight = count * odds / (1.0 + odds);
            expected += weight;
            for field in &free {
                sums[*field][level_of(*pattern, *field)] += weight;
            }
        }
        let next = (expected / total).clamp(1e-9, 1.0 - 1e-9);
        let moved = (next - share).abs();
        share = next;
        for field in &free {
            let levels: Vec<Level> = Level::ALL
                .into_iter()
                .skip(1)
                .filter(|level| others[*field][*level as usize] > 0.0)
                .collect();
            matches[*field] = shares(&levels, |level| sums[*field][level as usize]);
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
fn averaged(lessons: &[Lesson], field: usize) -> Option<[f64; LEVELS]> {
    let mut sums = [0.0; LEVELS];
    let mut total = 0.0;
    for lesson in lessons {
        if let Some(shares) = &lesson.matches[field] {
            sums.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share * lesson.count);
            total += lesson.count;
        }
    }
    (total > 0.0).then(|| sums.map(|sum| sum / total))
}
