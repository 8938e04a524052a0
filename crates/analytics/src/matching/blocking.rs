//! Which records are compared at all.

use rayon::prelude::*;

use super::company::Company;
use super::comparing::kernel_of;
use super::{Comparison, Field, normalise};
use crate::Result;
use crate::error::parameter;

/// What two records must share of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// So many characters at its start.
    Start(usize),
    /// So many characters at its end.
    End(usize),
    /// Its letters, in any order, Chinese by pinyin.
    Letters,
    /// Of a company the house, Chinese by pinyin; of a person nothing.
    House,
}

/// A part of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The place of the field.
    pub field: usize,
    /// What of it.
    pub part: Part,
}

impl Key {
    /// A part of the field in this place.
    #[must_use]
    pub fn new(field: usize, part: Part) -> Self {
        Self { field, part }
    }

    /// What the record shares with others, hashed into what went before.
    fn hash(self, fields: &[Field], record: usize, hash: u64) -> Option<u64> {
        let field = &fields[self.field];
        let all = field.values[record].as_deref()?;
        // What stands beside a name or a number is not shared.
        let value = kernel_of(field.comparison, all);
        let mixed = |text: &str| {
            // FNV-1a, of which a collision only costs one comparison.
            let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
            text.bytes().fold(step(hash, 0xff), step)
        };
        match self.part {
            Part::Whole => Some(mixed(value)),
            Part::Start(count) => {
                let end = value.char_indices().nth(count).map_or(value.len(), |(at, _)| at);
                Some(mixed(&value[..end]))
            }
            Part::End(count) => {
                let skipped = value.chars().count().saturating_sub(count);
                let start = value.char_indices().nth(skipped).map_or(0, |(at, _)| at);
                Some(mixed(&value[start..]))
            }
            Part::Letters => Some(mixed(&normalise::letters(value))),
            Part::House => {
                let is_company = field.comparison == Comparison::Company && Company::is_key(all);
                let house = is_company.then(|| Company::of_key(all).house)?;
                Some(mixed(&normalise::letters(&house)))
            }
        }
    }
}

/// Records are compared when they share all keys of any rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocking {
    /// The rules; several, so that one wrong field does not hide a pair.
    pub rules: Vec<Vec<Key>>,
    /// Records that share a key with more than so many others are not compared by that rule: such a
    /// key says nothing.
    pub most: usize,
}

impl Blocking {
    /// Rules, with at most 500 records for a key.
    #[must_use]
    pub fn new(rules: Vec<Vec<Key>>) -> Self {
        Self { rules, most: 500 }
    }

    pub(super) fn check(&self, fields: &[Field]) -> Result<()> {
        parameter("rules", self.rules.len() as f64, "must be 1 or more", |rules| rules >= 1.0)?;
        for rule in &self.rules {
            parameter("keys", rule.len() as f64, "must be 1 or more", |keys| keys >= 1.0)?;
            for key in rule {
                let there = key.field < fields.len();
                parameter("field", key.field as f64, "must be one of the fields", |_| there)?;
            }
        }
        Ok(())
    }

    /// The pairs of one rule, each with how many records share its key, and how many keys it left
    /// out.
    pub(super) fn pairs_of(
        &self,
        fields: &[Field],
        records: usize,
        rule: usize,
    ) -> (Vec<(u32, u32, u32)>, usize) {
        let hash = |record: usize| {
            let keys = self.rules[rule].iter();
            let start = 0xcbf2_9ce4_8422_2325_u64;
            keys.copied().try_fold(start, |hash, key| key.hash(fields, record, hash))
        };
        let mut keyed: Vec<(u64, u32)> = (0..records)
            .into_par_iter()
            .filter_map(|record| Some((hash(record)?, u32::try_from(record).ok()?)))
            .collect();
        keyed.par_sort_unstable();
        let blocks: Vec<&[(u64, u32)]> = keyed.chunk_by(|a, b| a.0 == b.0).collect();
        let left_out = blocks.iter().filter(|block| block.len() > self.most + 1).count();
        let pairs = blocks
            .into_par_iter()
            .filter(|block| (2..=self.most + 1).contains(&block.len()))
            .flat_map_iter(|block| {
                let size = u32::try_from(block.len()).unwrap_or(u32::MAX);
                block.iter().enumerate().flat_map(move |(at, (_, a))| {
                    block[at + 1..].iter().map(move |(_, b)| (*a, *b, size))
                })
            })
            .collect();
        (pairs, left_out)
    }
}
