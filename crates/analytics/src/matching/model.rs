//! How much each agreement says.

use rayon::prelude::*;

use super::comparing::{Column, Level};
use super::learning::{
    Lesson, Shares, averaged, first_guess, lesson, of_chance, patterns_of_chance, without_matches,
};
use super::{Blocking, Field, check};
use crate::error::parameter;
use crate::{Error, Result};

const MODEL: &str = "the matching model";
/// Pairs of one rule that are learned from.
const PAIRS_OF_RULE: usize = 500_000;
/// Among more records than these a random pair is hardly ever one customer.
const WITH_MATCHES_MAX: usize = 50_000;
/// So many pairs that belong together, as companies of one house or persons of one household,
/// stand beside each pair of one customer, where nothing else is known.
const RELATED_PER_MATCH: f64 = 0.3;

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

/// The fields that a rule fixes, and how often its pairs agree in each way.
type Counted = (Vec<usize>, Vec<(u64, f64)>);

/// What agreement is worth, learned from the records themselves.
///
/// How often records agree by chance comes from random pairs; how often those of one customer do
/// comes from the pairs of each blocking rule, by the expectation–maximisation algorithm (Winkler,
/// *Using the EM Algorithm for Weight Computation in the Fellegi–Sunter Model*, 1988) over the fields
/// that the rule does not fix, starting from what is [believed](super::Beliefs) of a field. Agreement
/// in a value counts by how rare it is among others than the two (Winkler, *Frequency-Based Matching
/// in Fellegi–Sunter Model of Record Linkage*, 2000).
///
/// Where it is said how pairs look that only belong together, as companies of one house, those are a
/// third kind besides pairs of one customer and strangers: agreement that they have as well proves
/// nothing.
pub struct Model {
    columns: Vec<Column>,
    names: Vec<String>,
    by_frequency: Vec<bool>,
    known: Vec<f64>,
    matches: Vec<Shares>,
    others: Vec<Shares>,
    related: Vec<Option<Shares>>,
    /// The share of all pairs that are of one customer.
    pub prior: f64,
    /// How many keys too many records shared, for each blocking rule: what they would have found is
    /// not found by it.
    pub left_out: Vec<usize>,
    candidates: Vec<(u32, u32)>,
    /// Of each candidate: that it is one customer, and that it belongs together.
    weights: Vec<[f32; 2]>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("weights", &self.weights()).finish_non_exhaustive()
    }
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
        let by_chance = patterns_of_chance(&columns, records, seed);
        let others = of_chance(&columns, &by_chance);
        let related = fields.iter().map(|field| {
            let beliefs = field.beliefs.as_ref()?;
            Some(Shares::of(&beliefs.of_related))
        });
        let related: Vec<Option<Shares>> = related.collect();
        let (mut candidates, mut left_out, mut learned) = (Vec::new(), Vec::new(), Vec::new());
        for (rule, keys) in blocking.rules.iter().enumerate() {
            let (mut pairs, too_common) = blocking.pairs_of(fields, records, rule);
            left_out.push(too_common);
            candidates.extend(pairs.iter().map(|(a, b, _)| (*a, *b)));
            if pairs.len() > PAIRS_OF_RULE {
                let rows = crate::chance::sample(pairs.len(), PAIRS_OF_RULE, seed);
                pairs = rows.into_iter().map(|row| pairs[row]).collect();
            }
            let fixed: Vec<usize> = keys.iter().map(|key| key.field).collect();
            learned.push((fixed, super::learning::counted(&columns, &pairs)));
        }
        candidates.par_sort_unstable();
        candidates.dedup();
        let mut model = Self {
            names: fields.iter().map(|field| field.name.clone()).collect(),
            by_frequency: fields.iter().map(|field| field.by_frequency).collect(),
            known: columns.iter().map(|column| column.count_known() as f64).collect(),
            matches: others.iter().map(first_guess).collect(),
            columns,
            others,
            related,
            prior: 1.0 / records as f64,
            left_out,
            weights: Vec::new(),
            candidates,
        };
        model.learn_from(fields, &learned)?;
        model.weigh(records);
        if records <= WITH_MATCHES_MAX {
            // Of pairs by chance some are of one customer: strangers are those that are left.
            model.others = without_matches(&model.columns, &by_chance, |pattern| {
                let (matches, related) = model.weight_of_pattern(pattern);
                model.probability(matches, related)
            });
            model.learn_from(fields, &learned)?;
            model.weigh(records);
        }
        if !(model.prior.is_finite() && model.prior > 0.0) {
            return Err(Error::NotConverged { model: MODEL });
        }
        Ok(model)
    }

    fn learn_from(&mut self, fields: &[Field], learned: &[Counted]) -> Result<()> {
        let beliefs: Vec<_> = fields.iter().map(|field| field.beliefs.as_ref()).collect();
        let by_chance: Vec<_> = (0..fields.len()).map(|field| self.by_code(field)).collect();
        let lessons: Vec<Lesson> = learned
            .iter()
            .filter_map(|(fixed, counts)| {
                lesson(counts, fixed, (&by_chance, &self.others), (&beliefs, &self.related))
            })
            .collect();
        let believed = beliefs.iter().all(Option::is_some);
        if lessons.is_empty() && !believed {
            let what = "blocking rules with pairs of one customer";
            return Err(Error::TooFew { what, found: 0, wanted: 1 });
        }
        for (field, others) in self.others.iter().enumerate() {
            let guess = beliefs[field].map(|beliefs| Shares::of(&beliefs.of_matches));
            let guess = guess.unwrap_or_else(|| first_guess(others));
            self.matches[field] = averaged(&lessons, field).unwrap_or(guess);
        }
        Ok(())
    }

    /// The chance that two strangers agree, for each code of a pattern.
    fn by_code(&self, field: usize) -> [f64; super::learning::CODES] {
        let others = &self.others[field];
        let mut chances = super::learning::by_level(others);
        if self.by_frequency[field] {
            let column = &self.columns[field];
            let equal = super::learning::by_count(column, |count, chance| {
                self.chance_of_value(field, count, chance)
            });
            for (code, chance) in equal {
                chances[code] = chance;
            }
        }
        chances
    }

    /// The chance that a stranger has a value which so many records have, the two besides. Of those
    /// others some are the same customer once more: the more so, the rarer the name is by its parts.
    fn chance_of_value(&self, field: usize, count: u32, by_parts: f64) -> f64 {
        /// So many more than were counted: what is rare here may be common elsewhere.
        const UNSEEN: f64 = 0.05;
        const UNSEEN_NAME: f64 = 0.005;
        let known = self.known[field].max(1.0);
        let others = f64::from(count.saturating_sub(2));
        if !self.columns[field].is_of_names() {
            return ((others + UNSEEN) / known).min(1.0);
        }
        let again = (self.prior * self.columns[field].len() as f64).clamp(0.02, 1.0);
        let strangers = known * by_parts;
        let others = others * strangers / (strangers + again);
        ((others + UNSEEN_NAME) / known).max(by_parts).min(1.0)
    }

    /// Weighs all candidates, and finds the share of all pairs that are matches: what the
    /// candidates say with it must give it again.
    fn weigh(&mut self, records: usize) {
        const ROUNDS: usize = 30;
        let weigh = |(a, b): &(u32, u32)| {
            let (matches, related) = self.weight(*a, *b);
            [matches as f32, related as f32]
        };
        let weights: Vec<[f32; 2]> = self.candidates.par_iter().map(weigh).collect();
        self.weights = weights;
        let all = records as f64 * (records as f64 - 1.0) / 2.0;
        // Of the hopeless ones nothing depends.
        let likely: Vec<[f32; 2]> =
            self.weights.iter().copied().filter(|bits| bits[0] > 0.0).collect();
        for _ in 0..ROUNDS {
            let expected: f64 = likely
                .iter()
                .map(|[matches, related]| {
                    self.probability(f64::from(*matches), f64::from(*related))
                })
                .sum();
            let next = (expected / all).clamp(1e-12, 0.5);
            let done = (next / self.prior - 1.0).abs() < 1e-6;
            self.prior = next;
            if done {
                break;
            }
        }
    }

    /// What a field says for one customer, and for two that belong together.
    fn part(&self, field: usize, a: u32, b: u32) -> (Level, f64, f64) {
        let column = &self.columns[field];
        let level = column.level(a, b);
        if level == Level::Missing {
            return (level, 0.0, 0.0);
        }
        let mut by_chance = self.others[field].0[level as usize];
        if self.by_frequency[field] && level == Level::Equal {
            let ((count, by_parts), (other, _)) = (column.count_of(a), column.count_of(b));
            by_chance = self.chance_of_value(field, count.max(other), by_parts);
        } else if self.by_frequency[field] && level == Level::SameLetters && column.is_of_names() {
            let by_parts = column.count_of(a).1.max(column.count_of(b).1);
            let counted = self.chance_of_value(field, column.count_of_letters(a), by_parts);
            by_chance = by_chance.max(counted);
        }
        // Where hardly any strangers differ, to differ still speaks for nobody.
        let most = if level == Level::Different { 0.0 } else { f64::INFINITY };
        let bits = |shares: &Shares| (shares.0[level as usize] / by_chance).log2().min(most);
        let related = self.related[field].as_ref().map_or(0.0, bits);
        (level, bits(&self.matches[field]), related)
    }

    fn weight(&self, a: u32, b: u32) -> (f64, f64) {
        (0..self.columns.len()).fold((0.0, 0.0), |(matches, related), field| {
            let (_, one, other) = self.part(field, a, b);
            (matches + one, related + other)
        })
    }

    /// As of a pair of this pattern, without how common its values are.
    fn weight_of_pattern(&self, pattern: u64) -> (f64, f64) {
        (0..self.columns.len()).fold((0.0, 0.0), |(matches, related), field| {
            let level = super::learning::level_of(pattern, field);
            if level == Level::Missing as usize {
                return (matches, related);
            }
            let bits = |shares: &Shares| (shares.0[level] / self.others[field].0[level]).log2();
            let other = self.related[field].as_ref().map_or(0.0, bits);
            (matches + bits(&self.matches[field]), related + other)
        })
    }

    /// The chance of a match that a pair of these weights has.
    fn probability(&self, matches: f64, related: f64) -> f64 {
        let strangers = (1.0 - self.prior) / self.prior;
        let belong = match self.related.iter().any(Option::is_some) {
            true => RELATED_PER_MATCH * (related - matches).exp2(),
            false => 0.0,
        };
        1.0 / (1.0 + (-matches).exp2() * strangers + belong)
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
        let parts: Vec<(Level, f64, f64)> =
            (0..self.columns.len()).map(|field| self.part(field, a, b)).collect();
        let weight = parts.iter().map(|(_, weight, _)| weight).sum();
        let related = parts.iter().map(|(_, _, related)| related).sum();
        let probability = self.probability(weight, related);
        let parts = parts.into_iter().map(|(level, weight, _)| (level, weight)).collect();
        Ok(Scored { probability, weight, parts })
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
            .map(|((a, b), [matches, related])| Pair {
                a: *a,
                b: *b,
                probability: self.probability(f64::from(*matches), f64::from(*related)),
            })
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
        let list = |shares: &Shares| {
            let levels = Level::ALL.into_iter().zip(shares.0).skip(1);
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
