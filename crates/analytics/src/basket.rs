//! What is bought together: frequent item sets, association rules, similar items, next best offers.
//!
//! Item sets are found depth-first over the sets of baskets that hold them, as bit vectors (Zaki,
//! *IEEE Transactions on Knowledge and Data Engineering* 12, 2000: Eclat); the measures of rules are
//! those of Agrawal, Imieliński & Swami (1993) and Piatetsky-Shapiro (1991).
//!
//! ```
//! use guanxi_analytics::basket::{item_sets, next_best_offers};
//! // Four baskets; who buys 1 buys 2.
//! let basket = [1, 1, 2, 2, 3, 3, 3, 4];
//! let item = [1, 2, 1, 2, 1, 2, 3, 3];
//! let sets = item_sets(&basket, &item, 0.5, 3)?;
//! let rules = sets.rules(0.9)?;
//! assert_eq!((rules[0].confidence, rules[0].lift), (1.0, 4.0 / 3.0));
//! // Who owns 1 is offered 2; who owns both is offered nothing that the rules know.
//! assert_eq!(next_best_offers(&rules, &[1], 5)[0].item, 2);
//! assert!(next_best_offers(&rules, &[1, 2], 5).is_empty());
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};

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
    /// One item: what several rules lead to is several offers.
    pub then: u64,
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
    /// So many baskets hold each of the sets, at least.
    pub least: usize,
    /// Whether that is more than was asked for, because there would have been too many sets.
    pub is_raised: bool,
    /// By their items.
    pub sets: Vec<ItemSet>,
}

/// What one basket alone holds is no pattern: every part of it would be one.
const BASKETS_MIN: usize = 2;
/// More sets than this nobody looks through. Of a basket of `n` items that comes twice all parts are
/// frequent, which are 2ⁿ.
pub const SETS_MAX: usize = 100_000;

/// The baskets that hold an item, a bit each.
type Bits = Vec<u64>;

/// The baskets by what of the frequent items is in them, items by their rank: the rarest first.
struct Ranked {
    /// The ranks in each basket, ascending.
    baskets: Vec<Vec<u32>>,
    /// For each rank the item.
    items: Vec<u64>,
    /// For each rank the baskets.
    places: Vec<Vec<u32>>,
}

/// Which items are in which baskets, by item and basket.
struct Lines {
    /// How many baskets there are.
    all: usize,
    lines: Vec<(u64, u32)>,
}

impl Lines {
    fn of(basket: &[u64], item: &[u64]) -> Self {
        let mut known: HashMap<u64, u32> = HashMap::new();
        let mut lines: Vec<(u64, u32)> = basket
            .iter()
            .zip(item)
            .map(|(name, item)| {
                let next = known.len() as u32;
                (*item, *known.entry(*name).or_insert(next))
            })
            .collect();
        lines.par_sort_unstable();
        lines.dedup();
        Self { all: known.len(), lines }
    }

    /// The items that at least so many baskets hold.
    fn ranked(&self, least: usize) -> Ranked {
        let of_item = self.lines.chunk_by(|a, b| a.0 == b.0);
        let mut frequent: Vec<&[(u64, u32)]> =
            of_item.filter(|lines| lines.len() >= least).collect();
        frequent.sort_by_key(|lines| (lines.len(), lines[0].0));
        let mut baskets = vec![Vec::new(); self.all];
        let mut places = Vec::new();
        for (rank, lines) in frequent.iter().enumerate() {
            lines.iter().for_each(|(_, place)| baskets[*place as usize].push(rank as u32));
            places.push(lines.iter().map(|(_, place)| *place).collect());
        }
        let items = frequent.iter().map(|lines| lines[0].0).collect();
        Ranked { baskets, items, places }
    }
}

/// Which sets are looked for, and how many have been found.
struct Wanted {
    least: usize,
    size_max: usize,
    found: AtomicUsize,
}

impl Wanted {
    /// Takes a set in, if there are not too many.
    fn take(&self, sets: &mut Vec<ItemSet>, set: ItemSet) -> Option<()> {
        let before = self.found.fetch_add(1, Ordering::Relaxed);
        (before < SETS_MAX).then(|| sets.push(set))
    }
}

impl Ranked {
    /// All frequent sets of at most so many items; none where there are too many.
    fn sets(&self, least: usize, size_max: usize) -> Option<Vec<ItemSet>> {
        let wanted = Wanted { least, size_max, found: AtomicUsize::new(0) };
        let ranks = 0..if size_max == 0 { 0 } else { self.items.len() as u32 };
        let parts: Option<Vec<Vec<ItemSet>>> =
            ranks.into_par_iter().map(|rank| self.sets_from(rank, &wanted)).collect();
        let mut sets = parts?.concat();
        sets.par_sort_unstable();
        Some(sets)
    }

    /// All frequent sets whose rarest item has this rank.
    fn sets_from(&self, rank: u32, wanted: &Wanted) -> Option<Vec<ItemSet>> {
        let own = &self.places[rank as usize];
        let mut found = Vec::new();
        let alone = ItemSet { items: vec![self.items[rank as usize]], count: own.len() };
        wanted.take(&mut found, alone)?;
        if wanted.size_max < 2 {
            return Some(found);
        }
        let after = |place: &u32| {
            let ranks = &self.baskets[*place as usize];
            &ranks[ranks.partition_point(|other| *other <= rank)..]
        };
        let mut counts = vec![0_u32; self.items.len()];
        own.iter().flat_map(after).for_each(|other| counts[*other as usize] += 1);
        // Among the baskets of this item alone, each other one is a short row of bits.
        let words = own.len().div_ceil(64);
        let mut rows = vec![None; self.items.len()];
        let mut others: Vec<(u32, Bits)> = Vec::new();
        for (other, count) in counts.iter().enumerate() {
            if *count as usize >= wanted.least {
                rows[other] = Some(others.len());
                others.push((other as u32, vec![0; words]));
            }
        }
        for (bit, place) in own.iter().enumerate() {
            for other in after(place) {
                if let Some(row) = rows[*other as usize] {
                    others[row].1[bit / 64] |= 1 << (bit % 64);
                }
            }
        }
        self.extend(&mut vec![rank], &others, wanted, &mut found)?;
        Some(found)
    }

    /// All frequent sets that start with these ranks and go on with some of the others.
    fn extend(
        &self,
        ranks: &mut Vec<u32>,
        others: &[(u32, Bits)],
        wanted: &Wanted,
        found: &mut Vec<ItemSet>,
    ) -> Option<()> {
        for (at, (other, bits)) in others.iter().enumerate() {
            ranks.push(*other);
            let mut items: Vec<u64> = ranks.iter().map(|rank| self.items[*rank as usize]).collect();
            items.sort_unstable();
            wanted.take(found, ItemSet { items, count: ones(bits.iter().copied()) })?;
            if ranks.len() < wanted.size_max {
                let both = |other: &Bits| bits.iter().zip(other).map(|(a, b)| a & b).collect();
                let longer: Vec<(u32, Bits)> = others[at + 1..]
                    .iter()
                    .filter(|(_, other)| {
                        ones(bits.iter().zip(other).map(|(a, b)| a & b)) >= wanted.least
                    })
                    .map(|(rank, other)| (*rank, both(other)))
                    .collect();
                self.extend(ranks, &longer, wanted, found)?;
            }
            ranks.pop();
        }
        Some(())
    }
}

fn ones(words: impl Iterator<Item = u64>) -> usize {
    words.map(|word| word.count_ones() as usize).sum()
}

/// Finds all sets of at most `size_max` items that at least the share `support` of all baskets
/// hold, and two of them. One row for each item of a basket; an item twice in a basket counts once.
/// Where there would be more than [`SETS_MAX`] sets, more baskets must hold each: so many that they
/// are no more than that.
///
/// # Errors
/// When columns are empty or of different lengths, or the support is not between 0 and 1.
pub fn item_sets(basket: &[u64], item: &[u64], support: f64, size_max: usize) -> Result<ItemSets> {
    same_length("basket", basket.len(), basket.len())?;
    same_length("item", item.len(), basket.len())?;
    parameter("support", support, "must be more than 0 and at most 1", |s| s > 0.0 && s <= 1.0)?;
    let lines = Lines::of(basket, item);
    let asked = ((support * lines.all as f64).ceil() as usize).max(BASKETS_MIN);
    let mut least = asked;
    loop {
        if let Some(sets) = lines.ranked(least).sets(least, size_max) {
            return Ok(ItemSets { baskets: lines.all, least, is_raised: least > asked, sets });
        }
        // No set is in more baskets than there are: then there is none.
        least += (least / 4).max(1);
    }
}

impl ItemSets {
    /// All rules of at least this confidence that lead to one item, the highest lift first.
    ///
    /// # Errors
    /// When the confidence is not between 0 and 1.
    pub fn rules(&self, confidence: f64) -> Result<Vec<Rule>> {
        parameter("confidence", confidence, "must be from 0 to 1", |c| (0.0..=1.0).contains(&c))?;
        let counts: HashMap<&[u64], usize> =
            self.sets.iter().map(|set| (set.items.as_slice(), set.count)).collect();
        let all = self.baskets as f64;
        let mut rules = Vec::new();
        for set in self.sets.iter().filter(|set| set.items.len() > 1) {
            for (at, then) in set.items.iter().enumerate() {
                let given = [&set.items[..at], &set.items[at + 1..]].concat();
                // Every part of a frequent set is frequent.
                let (Some(with_given), Some(with_then)) =
                    (counts.get(given.as_slice()), counts.get([*then].as_slice()))
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
                        then: *then,
                    });
                }
            }
        }
        rules.sort_by(|a, b| {
            b.lift.total_cmp(&a.lift).then_with(|| (&a.given, a.then).cmp(&(&b.given, b.then)))
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
        if !rule.given.iter().all(owns) || rule.lift <= 1.0 || owns(&rule.then) {
            continue;
        }
        let offer = Offer { item: rule.then, score: rule.confidence, rule: place };
        let known = best.entry(rule.then).or_insert_with(|| offer.clone());
        if offer.score > known.score {
            *known = offer;
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
    let ranked = Lines::of(basket, item).ranked(1);
    let sizes: Vec<f64> = ranked.places.iter().map(|places| places.len() as f64).collect();
    let similar = ranked.places.par_iter().enumerate().map(|(rank, places)| {
        let mut counts = vec![0_u32; sizes.len()];
        let within = places.iter().flat_map(|place| &ranked.baskets[*place as usize]);
        within.for_each(|other| counts[*other as usize] += 1);
        let mut others: Vec<(u64, f64)> = (0..sizes.len())
            .filter(|other| *other != rank && counts[*other] > 0)
            .map(|other| {
                let scale = (sizes[rank] * sizes[other]).sqrt();
                (ranked.items[other], f64::from(counts[other]) / scale)
            })
            .collect();
        others.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        others.truncate(limit);
        (ranked.items[rank], others)
    });
    Ok(similar.collect())
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
                if count > 1 && count as f64 >= least - 1e-9 {
                    let items = (0..6).filter(|item| chosen >> item & 1 == 1).collect();
                    wanted.push(ItemSet { items, count });
                }
            }
            wanted.sort();
            prop_assert_eq!(found.sets, wanted);
        }
    }

    /// So many baskets of one item each, and some with these items.
    fn with_alike(others: u64, alike: u64, items: u64) -> (Vec<u64>, Vec<u64>) {
        let own = (0..others).map(|basket| (basket, 1_000 + basket % 7));
        let same =
            (others..others + alike).flat_map(|basket| (0..items).map(move |at| (basket, at)));
        own.chain(same).unzip()
    }

    #[test]
    fn one_large_basket_makes_no_sets() {
        // All parts of one order of 25 products are in 1 % of fifty: but in one order only.
        let (basket, item) = with_alike(50, 1, 25);
        let found = item_sets(&basket, &item, 0.01, 8).unwrap();
        assert_eq!((found.baskets, found.least, found.is_raised), (51, 2, false));
        assert_eq!(found.sets.len(), 7, "{:?}", found.sets);
        assert_eq!(found.rules(0.5).unwrap(), []);
    }

    #[test]
    fn too_many_sets_are_those_that_more_baskets_hold() {
        // Ten times the same 25 products: 2²⁵ sets in 10 of 1,000 baskets. And a pair in 30.
        let (mut basket, mut item) = with_alike(960, 10, 25);
        for (at, product) in (970..1_000).flat_map(|basket| [(basket, 501), (basket, 502)]) {
            basket.push(at);
            item.push(product);
        }
        let found = item_sets(&basket, &item, 0.01, 25).unwrap();
        assert!(found.is_raised && found.least > 10 && found.least <= 30, "{}", found.least);
        let rules = found.rules(0.5).unwrap();
        let told: Vec<_> = rules.iter().map(|rule| (rule.given.as_slice(), rule.then)).collect();
        assert_eq!(told, [([501].as_slice(), 502), ([502].as_slice(), 501)]);
        // Sets of four of them fit.
        let found = item_sets(&basket, &item, 0.01, 4).unwrap();
        assert_eq!((found.least, found.is_raised), (10, false));
        assert_eq!(found.sets.len(), 25 + 300 + 2_300 + 12_650 + 7 + 3);
        let to_one = 300 * 2 + 2_300 * 3 + 12_650 * 4 + 2;
        assert_eq!(found.rules(0.5).unwrap().len(), to_one);
    }

    #[test]
    fn offers_are_what_one_does_not_own() {
        let basket = [1, 1, 2, 2, 3, 3, 4, 5, 6, 6, 7, 7, 8, 8, 9, 10];
        let item = [10, 20, 10, 20, 10, 30, 20, 40, 10, 20, 10, 20, 10, 30, 20, 40];
        let sets = item_sets(&basket, &item, 0.1, 3).unwrap();
        let rules = sets.rules(0.1).unwrap();
        let offers = next_best_offers(&rules, &[10], 5);
        assert_eq!(offers.iter().map(|offer| offer.item).collect::<Vec<_>>(), [20, 30]);
        assert!((offers[0].score - 2.0 / 3.0).abs() < 1e-12);
        let similar = similar_items(&basket, &item, 1).unwrap();
        assert_eq!(similar[&20][0].0, 10);
    }
}
