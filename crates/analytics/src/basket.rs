//! What is bought together: frequent item sets, association rules, similar items, next best offers.
//!
//! Item sets are found depth-first over the sets of baskets that hold them, as bit vectors (Zaki,
//! *IEEE Transactions on Knowledge and Data Engineering* 12, 2000: Eclat); the measures of rules are
//! those of Agrawal, Imieliński & Swami (1993) and Piatetsky-Shapiro (1991).

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use crate::Result;
use crate::error::{parameter, same_length};

/// Items that are in at least so many baskets together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ItemSet {
    /// Ascending.
    pub items: Vec<u64>,
    /// How many baskets hold all of them.
    pub count: usize,
}

/// Whoever has `given` has `then` as well.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Ascending.
    pub given: Vec<u64>,
    /// Ascending.
    pub then: Vec<u64>,
    /// The share of all baskets that hold both.
    pub support: f64,
    /// The share of the baskets with `given` that hold `then`.
    pub confidence: f64,
    /// The confidence against the share of all baskets that hold `then`: 1 is chance.
    pub lift: f64,
    /// The support against what it would be by chance: 0 is chance.
    pub leverage: f64,
}

/// The frequent item sets of some baskets.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemSets {
    /// How many baskets there are.
    pub baskets: usize,
    /// By their items.
    pub sets: Vec<ItemSet>,
}

/// The baskets that hold an item, a bit each.
type Bits = Vec<u64>;

fn both(a: &Bits, b: &Bits) -> (Bits, usize) {
    let bits: Bits = a.iter().zip(b).map(|(a, b)| a & b).collect();
    let count = bits.iter().map(|word| word.count_ones() as usize).sum();
    (bits, count)
}

/// The baskets of each item, items ascending.
fn by_item(basket: &[u64], item: &[u64]) -> (usize, BTreeMap<u64, Bits>) {
    let mut places: HashMap<u64, usize> = HashMap::new();
    for name in basket {
        let next = places.len();
        places.entry(*name).or_insert(next);
    }
    let words = places.len().div_ceil(64);
    let mut items: BTreeMap<u64, Bits> = BTreeMap::new();
    for (name, item) in basket.iter().zip(item) {
        let place = places[name];
        items.entry(*item).or_insert_with(|| vec![0; words])[place / 64] |= 1 << (place % 64);
    }
    (places.len(), items)
}

/// Finds all sets of at most `size_max` items that at least the share `support` of all baskets
/// hold. One row for each item of a basket; an item twice in a basket counts once.
///
/// # Errors
/// When columns are empty or of different lengths, or the support is not between 0 and 1.
pub fn item_sets(basket: &[u64], item: &[u64], support: f64, size_max: usize) -> Result<ItemSets> {
    same_length("basket", basket.len(), basket.len())?;
    same_length("item", item.len(), basket.len())?;
    parameter("support", support, "must be more than 0 and at most 1", |s| s > 0.0 && s <= 1.0)?;
    let (baskets, items) = by_item(basket, item);
    let least = (support * baskets as f64).ceil().max(1.0) as usize;
    let count = |bits: &Bits| bits.iter().map(|word| word.count_ones() as usize).sum::<usize>();
    let frequent: Vec<(u64, Bits, usize)> = items
        .into_iter()
        .map(|(item, bits)| {
            let count = count(&bits);
            (item, bits, count)
        })
        .filter(|(_, _, count)| *count >= least)
        .collect();
    let sets = (0..frequent.len())
        .into_par_iter()
        .flat_map_iter(|at| {
            let mut found = Vec::new();
            let (item, bits, count) = &frequent[at];
            found.push(ItemSet { items: vec![*item], count: *count });
            let others: Vec<(u64, &Bits)> =
                frequent[at + 1..].iter().map(|(item, bits, _)| (*item, bits)).collect();
            extend(&[*item], bits, &others, least, size_max, &mut found);
            found
        })
        .collect::<Vec<_>>();
    let mut sets: Vec<ItemSet> =
        sets.into_iter().filter(|set| set.items.len() <= size_max).collect();
    sets.sort();
    Ok(ItemSets { baskets, sets })
}

/// All frequent sets that start with these items and go on with some of the others.
fn extend(
    items: &[u64],
    bits: &Bits,
    others: &[(u64, &Bits)],
    least: usize,
    size_max: usize,
    found: &mut Vec<ItemSet>,
) {
    if items.len() >= size_max {
        return;
    }
    let longer: Vec<(u64, Bits, usize)> = others
        .iter()
        .filter_map(|(item, other)| {
            let (both, count) = both(bits, other);
            (count >= least).then_some((*item, both, count))
        })
        .collect();
    for (at, (item, bits, count)) in longer.iter().enumerate() {
        let mut items = items.to_vec();
        items.push(*item);
        found.push(ItemSet { items: items.clone(), count: *count });
        let rest: Vec<(u64, &Bits)> =
            longer[at + 1..].iter().map(|(item, bits, _)| (*item, bits)).collect();
        extend(&items, bits, &rest, least, size_max, found);
    }
}

impl ItemSets {
    /// All rules of at least this confidence, the highest lift first.
    ///
    /// # Errors
    /// When the confidence is not between 0 and 1.
    pub fn rules(&self, confidence: f64) -> Result<Vec<Rule>> {
        parameter("confidence", confidence, "must be from 0 to 1", |c| (0.0..=1.0).contains(&c))?;
        let counts: HashMap<&[u64], usize> =
            self.sets.iter().map(|set| (set.items.as_slice(), set.count)).collect();
        let all = self.baskets as f64;
        let mut rules = Vec::new();
        for set in self.sets.iter().filter(|set| (2..=20).contains(&set.items.len())) {
            for chosen in 1..(1_u32 << set.items.len()) - 1 {
                let part = |wanted: bool| -> Vec<u64> {
                    let items = set.items.iter().enumerate();
                    items
                        .filter(|(at, _)| (chosen >> at & 1 == 1) == wanted)
                        .map(|(_, i)| *i)
                        .collect()
                };
                let (given, then) = (part(true), part(false));
                // Every part of a frequent set is frequent.
                let (Some(with_given), Some(with_then)) =
                    (counts.get(given.as_slice()), counts.get(then.as_slice()))
                else {
                    continue;
                };
                let support = set.count as f64 / all;
                let share = set.count as f64 / *with_given as f64;
                let usual = *with_then as f64 / all;
                if share >= confidence {
                    rules.push(Rule {
                        support,
                        confidence: share,
                        lift: share / usual,
                        leverage: support - *with_given as f64 / all * usual,
                        given,
                        then,
                    });
                }
            }
        }
        rules.sort_by(|a, b| {
            b.lift.total_cmp(&a.lift).then_with(|| (&a.given, &a.then).cmp(&(&b.given, &b.then)))
        });
        Ok(rules)
    }
}

/// An item to offer, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The item.
    pub item: u64,
    /// The confidence of the best rule that leads to it.
    pub score: f64,
    /// The place of that rule.
    pub rule: usize,
}

/// What to offer to who owns these items: what the rules lead to from what they own and what they do
/// not own yet, the most confident first, then the highest lift.
#[must_use]
pub fn next_best_offers(rules: &[Rule], owned: &[u64], limit: usize) -> Vec<Offer> {
    let owns = |item: &u64| owned.contains(item);
    let mut best: BTreeMap<u64, Offer> = BTreeMap::new();
    for (place, rule) in rules.iter().enumerate() {
        if !rule.given.iter().all(owns) || rule.lift <= 1.0 {
            continue;
        }
        for item in rule.then.iter().filter(|item| !owns(item)) {
            let offer = Offer { item: *item, score: rule.confidence, rule: place };
            let known = best.entry(*item).or_insert_with(|| offer.clone());
            if offer.score > known.score {
                *known = offer;
            }
        }
    }
    let mut offers: Vec<Offer> = best.into_values().collect();
    offers.sort_by(|a, b| {
        b.score.total_cmp(&a.score).then(rules[b.rule].lift.total_cmp(&rules[a.rule].lift))
    });
    offers.truncate(limit);
    offers
}

/// How alike two items are by who buys them: the cosine of their baskets, 0 to 1, for each item the
/// `limit` most alike.
///
/// # Errors
/// When columns are empty or of different lengths.
pub fn similar_items(
    basket: &[u64],
    item: &[u64],
    limit: usize,
) -> Result<BTreeMap<u64, Vec<(u64, f64)>>> {
    same_length("basket", basket.len(), basket.len())?;
    same_length("item", item.len(), basket.len())?;
    let (_, items) = by_item(basket, item);
    let items: Vec<(u64, Bits, f64)> = items
        .into_iter()
        .map(|(item, bits)| {
            let count = bits.iter().map(|word| f64::from(word.count_ones())).sum::<f64>();
            (item, bits, count)
        })
        .collect();
    let similar = items.par_iter().map(|(item, bits, count)| {
        let mut others: Vec<(u64, f64)> = items
            .iter()
            .filter(|(other, _, _)| other != item)
            .map(|(other, theirs, their_count)| {
                (*other, both(bits, theirs).1 as f64 / (count * their_count).sqrt())
            })
            .filter(|(_, cosine)| *cosine > 0.0)
            .collect();
        others.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        others.truncate(limit);
        (*item, others)
    });
    Ok(similar.collect::<Vec<_>>().into_iter().collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against counting every set in every basket.
        #[test]
        fn every_frequent_set_and_no_other(
            rows in prop::collection::vec((0_u64..12, 0_u64..6), 1..60), support in 0.05_f64..0.9,
        ) {
            let (basket, item): (Vec<u64>, Vec<u64>) = rows.iter().copied().unzip();
            let found = item_sets(&basket, &item, support, 6).expect("they are baskets");
            let mut contents: BTreeMap<u64, u32> = BTreeMap::new();
            for (basket, item) in &rows {
                *contents.entry(*basket).or_default() |= 1 << item;
            }
            let least = support * contents.len() as f64;
            let mut wanted = Vec::new();
            for chosen in 1_u32..64 {
                let count = contents.values().filter(|items| *items & chosen == chosen).count();
                if count > 0 && count as f64 >= least - 1e-9 {
                    let items = (0..6).filter(|item| chosen >> item & 1 == 1).collect();
                    wanted.push(ItemSet { items, count });
                }
            }
            wanted.sort();
            prop_assert_eq!(found.sets, wanted);
        }
    }

    #[test]
    fn offers_are_what_one_does_not_own() {
        let basket = [1, 1, 2, 2, 3, 3, 4, 5];
        let item = [10, 20, 10, 20, 10, 30, 20, 40];
        let sets = item_sets(&basket, &item, 0.1, 3).unwrap();
        let rules = sets.rules(0.1).unwrap();
        let offers = next_best_offers(&rules, &[10], 5);
        assert_eq!(offers.iter().map(|offer| offer.item).collect::<Vec<_>>(), [20, 30]);
        assert!((offers[0].score - 2.0 / 3.0).abs() < 1e-12);
        let similar = similar_items(&basket, &item, 1).unwrap();
        assert_eq!(similar[&20][0].0, 10);
    }
}
