//! How much each agreement says.

use rayon::prelude::*;

use super::comparing::Column;
use super::learning::{
    Lesson, Shares, averaged, first_guess, lesson, of_chance, patterns_of_chance, without_matches,
};
use super::level::Level;
use super::{Beliefs, Blocking, Field, KINDS, check};
use crate::error::parameter;
use crate::{Error, Result};

const MODEL: &str = "the matching model";
/// Pairs of one rule that are learned from.
const PAIRS_OF_RULE: usize = 500_000;
/// Among more records than these a random pair is hardly ever one customer.
const WITH_MATCHES_MAX: usize = 50_000;
/// So many pairs that belong together, in one house and under one roof, stand beside each pair of one
/// customer, as if that had been seen of so many pairs.
const RELATED_PER_MATCH: [f64; KINDS] = [0.15, 0.15];
const RELATED_STRENGTH: f64 = 20.0;
/// Such a share of customers is there twice, where nothing is learned.
const TWICE: f64 = 0.1;
/// Of fewer records it is not known how rare a value is.
const KNOWN_MIN: f64 = 1_000.0;
/// Fewer names do not tell which parts of names are common.
const NAMES_MIN: usize = 200;

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

/// What speaks for one customer, and for two that belong together in each way, in bits.
#[derive(Debug, Clone, Copy)]
struct Bits {
    matches: f64,
    related: [f64; KINDS],
}

impl Bits {
    const NOTHING: Self = Self { matches: 0.0, related: [0.0; KINDS] };

    fn and(self, other: Self) -> Self {
        let mut related = self.related;
        related.iter_mut().zip(other.related).for_each(|(sum, bits)| *sum += bits);
        Self { matches: self.matches + other.matches, related }
    }
}

/// What agreement is worth, learned from the records themselves.
///
/// How often records agree by chance comes from random pairs; how often those of one customer do
/// comes from the pairs of each blocking rule, by the expectation–maximisation algorithm (Winkler,
/// *Using the EM Algorithm for Weight Computation in the Fellegi–Sunter Model*, 1988) over the fields
/// that the rule does not fix, starting from what is [believed](super::Beliefs) of a field. Agreement
/// in a value counts by how rare it is among others than the two (Winkler, *Frequency-Based Matching
/// in Fellegi–Sunter Model of Record Linkage*, 2000).
///
/// Where it is said how pairs look that only belong together, as companies of one house or a household
/// under one roof, those are further kinds besides pairs of one customer and strangers: agreement that
/// they have as well proves nothing, and what those under one roof share at once counts once.
pub struct Model {
    columns: Vec<Column>,
    names: Vec<String>,
    by_frequency: Vec<bool>,
    known: Vec<f64>,
    matches: Vec<Shares>,
    others: Vec<Shares>,
    related: Vec<Option<[Shares; KINDS]>>,
    /// So many pairs of each kind that belong together stand beside each pair of one customer.
    related_per_match: [f64; KINDS],
    /// Whether how rare names are is believed, not counted.
    is_believed: bool,
    /// The share of all pairs that are of one customer.
    pub prior: f64,
    /// How many keys too many records shared, for each blocking rule: what they would have found is
    /// not found by it.
    pub left_out: Vec<usize>,
    candidates: Vec<(u32, u32)>,
    /// Of each candidate.
    weights: Vec<Bits>,
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
        let beliefs: Vec<_> = fields.iter().map(|field| field.beliefs.as_ref()).collect();
        let by_chance = patterns_of_chance(&columns, records, seed);
        let others = of_chance(&columns, &beliefs, &by_chance);
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
        let matches = others.iter().map(first_guess).collect();
        let mut model = Self::of(fields, columns, (matches, others), records as f64);
        (model.left_out, model.candidates) = (left_out, candidates);
        model.is_believed = records < NAMES_MIN;
        model.known = model.columns.iter().map(|column| column.count_known() as f64).collect();
        model.learn_from(fields, &learned)?;
        model.weigh(records);
        if records <= WITH_MATCHES_MAX {
            // Of pairs by chance some are of one customer: strangers are those that are left.
            model.others = without_matches(&model.columns, &beliefs, &by_chance, |pattern| {
                model.probability(model.weight_of_pattern(pattern))
            });
            model.learn_from(fields, &learned)?;
            model.weigh(records);
        }
        if !(model.prior.is_finite() && model.prior > 0.0) {
            return Err(Error::NotConverged { model: MODEL });
        }
        Ok(model)
    }

    /// Learns nothing: what is [believed](super::Beliefs) of each field weighs the records, as of some
    /// out of so many.
    ///
    /// # Errors
    /// When there are too few records, or nothing is believed of a field.
    pub fn believed(fields: &[Field], among: f64) -> Result<Self> {
        check(fields)?;
        parameter("among", among, "must be 2 or more", |among| among >= 2.0)?;
        let beliefs: Option<Vec<&Beliefs>> =
            fields.iter().map(|field| field.beliefs.as_ref()).collect();
        let Some(beliefs) = beliefs else { return Err(Error::Empty { column: "beliefs" }) };
        let columns = fields.iter().map(Column::of).collect();
        let matches = beliefs.iter().map(|one| Shares::of(&one.of_matches)).collect();
        let others = beliefs.iter().map(|one| Shares::of(&one.of_others)).collect();
        let mut model = Self::of(fields, columns, (matches, others), among);
        (model.prior, model.is_believed) = (TWICE / among, true);
        Ok(model)
    }

    fn of(
        fields: &[Field],
        columns: Vec<Column>,
        (matches, others): (Vec<Shares>, Vec<Shares>),
        among: f64,
    ) -> Self {
        let related = fields.iter().map(|field| {
            let beliefs = field.beliefs.as_ref()?;
            Some(std::array::from_fn(|kind| Shares::of(&beliefs.of_related[kind])))
        });
        let related: Vec<Option<[Shares; KINDS]>> = related.collect();
        let has_kinds = related.iter().any(Option::is_some);
        Self {
            names: fields.iter().map(|field| field.name.clone()).collect(),
            by_frequency: fields.iter().map(|field| field.by_frequency).collect(),
            known: vec![among; fields.len()],
            columns,
            matches,
            others,
            related,
            related_per_match: if has_kinds { RELATED_PER_MATCH } else { [0.0; KINDS] },
            is_believed: false,
            prior: 1.0 / among,
            left_out: Vec::new(),
            weights: Vec::new(),
            candidates: Vec::new(),
        }
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
        const UNSEEN_NAME: f64 = 0.015;
        let known = self.known[field].max(1.0);
        let others = f64::from(count.saturating_sub(2));
        let unseen = |share: f64| share / known.max(KNOWN_MIN);
        if !self.columns[field].is_of_names() {
            return (others / known + unseen(UNSEEN)).min(1.0);
        }
        let again = (self.prior * self.columns[field].len() as f64).clamp(0.02, 1.0);
        let strangers = known * by_parts;
        let others = others * strangers / (strangers + again);
        (others / known + unseen(UNSEEN_NAME)).max(by_parts).min(1.0)
    }

    /// Weighs all candidates, and finds the share of all pairs that are matches, and how many belong
    /// together beside them: what the candidates say with it must give it again.
    fn weigh(&mut self, records: usize) {
        const ROUNDS: usize = 30;
        let weigh = |(a, b): &(u32, u32)| self.weight(*a, *b);
        let weights: Vec<Bits> = self.candidates.par_iter().map(weigh).collect();
        self.weights = weights;
        let all = records as f64 * (records as f64 - 1.0) / 2.0;
        // Of the hopeless ones nothing depends.
        let is_likely = |bits: &Bits| bits.matches.max(bits.related[0]).max(bits.related[1]) > 0.0;
        let likely: Vec<Bits> = self.weights.iter().copied().filter(is_likely).collect();
        for _ in 0..ROUNDS {
            let mut related = RELATED_PER_MATCH.map(|share| share * RELATED_STRENGTH);
            let mut expected = 0.0;
            for bits in &likely {
                let (matches, kinds) = self.shares(*bits);
                expected += matches;
                related.iter_mut().zip(kinds).for_each(|(sum, share)| *sum += share);
            }
            if self.related.iter().any(Option::is_some) {
                self.related_per_match = related.map(|sum| sum / (expected + RELATED_STRENGTH));
            }
            let next = (expected / all).clamp(1e-12, 0.5);
            let done = (next / self.prior - 1.0).abs() < 1e-6;
            self.prior = next;
            if done {
                break;
            }
        }
    }

    /// What a field says for one customer, and for two that belong together.
    fn part(&self, field: usize, a: u32, b: u32) -> (Level, Bits) {
        let column = &self.columns[field];
        let level = column.level(a, b);
        if level == Level::Missing {
            return (level, Bits::NOTHING);
        }
        let mut by_chance = self.others[field].0[level as usize];
        if self.by_frequency[field] && level == Level::Equal {
            let (count, by_parts) = self.rarity(column, a);
            by_chance = self.chance_of_value(field, count.max(column.count_of(b).0), by_parts);
        } else if self.by_frequency[field] && level == Level::SameLetters && column.is_of_names() {
            let by_parts = self.rarity(column, a).1.max(self.rarity(column, b).1);
            let counted = self.chance_of_value(field, column.count_of_letters(a), by_parts);
            by_chance = by_chance.max(counted);
        } else if self.by_frequency[field] && column.is_of_names() && level > Level::Different {
            by_chance = (by_chance * column.house_factor(a, b)).min(1.0);
        }
        // Where hardly any strangers differ, to differ still speaks for nobody.
        let most = if level == Level::Different { 0.0 } else { f64::INFINITY };
        let bits = |shares: &Shares| (shares.0[level as usize] / by_chance).log2().min(most);
        let kinds = self.related[field].as_ref();
        let related = kinds.map_or([0.0; KINDS], |kinds| kinds.each_ref().map(bits));
        (level, Bits { matches: bits(&self.matches[field]), related })
    }

    /// How many records have the name or value of one, and how likely a stranger has it by its parts.
    fn rarity(&self, column: &Column, record: u32) -> (u32, f64) {
        let (count, by_parts) = column.count_of(record);
        let by_parts = if self.is_believed { column.believed_chance(record) } else { by_parts };
        (count, by_parts)
    }

    fn weight(&self, a: u32, b: u32) -> Bits {
        let parts = (0..self.columns.len()).map(|field| self.part(field, a, b).1);
        parts.fold(Bits::NOTHING, Bits::and)
    }

    /// As of a pair of this pattern, without how common its values are.
    fn weight_of_pattern(&self, pattern: u64) -> Bits {
        let parts = (0..self.columns.len()).map(|field| {
            let level = super::learning::level_of(pattern, field);
            if level == Level::Missing as usize {
                return Bits::NOTHING;
            }
            let bits = |shares: &Shares| (shares.0[level] / self.others[field].0[level]).log2();
            let kinds = self.related[field].as_ref();
            let related = kinds.map_or([0.0; KINDS], |kinds| kinds.each_ref().map(bits));
            Bits { matches: bits(&self.matches[field]), related }
        });
        parts.fold(Bits::NOTHING, Bits::and)
    }

    /// How likely a pair is one customer, and belongs together in each way.
    fn shares(&self, bits: Bits) -> (f64, [f64; KINDS]) {
        let matches = (bits.matches + self.prior.log2()).exp2();
        let mut related = [0.0; KINDS];
        for (kind, share) in related.iter_mut().enumerate() {
            *share = self.related_per_match[kind] * (bits.related[kind] + self.prior.log2()).exp2();
        }
        let of_strangers = 1.0 - self.prior * (1.0 + self.related_per_match.iter().sum::<f64>());
        let all = matches + related.iter().sum::<f64>() + of_strangers.max(1e-3);
        if matches.is_infinite() {
            return (1.0, [0.0; KINDS]);
        }
        (matches / all, related.map(|share| share / all))
    }

    fn probability(&self, bits: Bits) -> f64 {
        self.shares(bits).0
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
        let parts: Vec<(Level, Bits)> =
            (0..self.columns.len()).map(|field| self.part(field, a, b)).collect();
        let all = parts.iter().fold(Bits::NOTHING, |all, (_, bits)| all.and(*bits));
        let (probability, weight) = (self.probability(all), all.matches);
        let parts = parts.into_iter().map(|(level, bits)| (level, bits.matches)).collect();
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
            .map(|((a, b), bits)| Pair { a: *a, b: *b, probability: self.probability(*bits) })
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
