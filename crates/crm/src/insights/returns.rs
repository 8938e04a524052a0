//! What came back lessens what was bought: net purchases, of which everything else is told.

use std::collections::{BTreeSet, HashMap};

use super::purchases::Purchase;

/// What is left of purchases, and what came back beyond them.
pub(super) struct Net {
    /// By day.
    pub(super) purchases: Vec<Purchase>,
    /// By the place of a return among those given: how much of it there was nothing to take off
    /// from.
    pub(super) beyond: Vec<(usize, i64)>,
}

/// Purchases of a customer, by day, less what came back (with amounts below nothing). What came back
/// is taken off the purchase that it most likely was: the last one before it of just that amount,
/// else the last ones before it, else the first ones after it. A purchase of which nothing is left
/// was none. More than all of them nothing can take.
pub(super) fn net(mut sales: Vec<Purchase>, returns: &[Purchase]) -> Net {
    if returns.is_empty() {
        return Net { purchases: sales, beyond: Vec::new() };
    }
    let (left, beyond) = left(&sales, returns);
    let mut left = left.into_iter();
    sales.retain_mut(|sale| {
        let was_free = sale.units == 0;
        sale.units = left.next().unwrap_or_default();
        was_free || sale.units > 0
    });
    Net { purchases: sales, beyond }
}

/// What is left of each of some sales, by day, and what came back beyond them; see [`net`].
pub(super) fn left(sales: &[Purchase], returns: &[Purchase]) -> (Vec<i64>, Vec<(usize, i64)>) {
    let mut order: Vec<usize> = (0..returns.len()).collect();
    order.sort_unstable_by_key(|at| (returns[*at], *at));
    let mut left: Vec<i64> = sales.iter().map(|one| one.units).collect();
    // The places of those of which something is left, and of those of which all is left by amount.
    let mut open: BTreeSet<usize> = (0..left.len()).filter(|at| left[*at] > 0).collect();
    let mut whole: HashMap<i64, BTreeSet<usize>> = HashMap::new();
    for at in &open {
        whole.entry(left[*at]).or_default().insert(*at);
    }
    let (mut rests, mut beyond) = (Vec::new(), Vec::new());
    // Exact ones first: a part of something else must not use them up.
    for which in order {
        let one = &returns[which];
        let amount = one.units.saturating_neg();
        let until = sales.partition_point(|sale| sale.day <= one.day);
        let alike = whole.get_mut(&amount);
        let same = alike.and_then(|alike| {
            let at = *alike.range(..until).next_back()?;
            alike.take(&at)
        });
        match same {
            Some(at) => {
                left[at] = 0;
                open.remove(&at);
            }
            None => rests.push((which, until, amount)),
        }
    }
    for (which, until, mut amount) in rests {
        while amount > 0 {
            let before = open.range(..until).next_back();
            let Some(at) = before.or_else(|| open.range(until..).next()).copied() else { break };
            let taken = amount.min(left[at]);
            left[at] -= taken;
            amount -= taken;
            if left[at] == 0 {
                open.remove(&at);
            }
        }
        if amount > 0 {
            beyond.push((which, amount));
        }
    }
    (left, beyond)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn netted(sales: &[(i32, i64)], returns: &[(i32, i64)]) -> Vec<(i32, i64)> {
        let of = |all: &[(i32, i64)]| {
            all.iter().map(|(day, units)| Purchase { day: *day, units: *units }).collect()
        };
        net(of(sales), &of(returns)).purchases.into_iter().map(|one| (one.day, one.units)).collect()
    }

    #[test]
    fn what_came_back_lessens_the_purchase_that_it_was() {
        assert_eq!(netted(&[(1, 50), (9, 30)], &[]), [(1, 50), (9, 30)]);
        // All of it: there was no purchase.
        assert_eq!(netted(&[(1, 77_000)], &[(1, -77_000)]), []);
        assert_eq!(netted(&[(1, 29), (200, 168_000)], &[(200, -168_000)]), [(1, 29)]);
        // Just that amount, though another came later; a part of the last one else.
        assert_eq!(netted(&[(1, 50), (9, 80)], &[(10, -50)]), [(9, 80)]);
        assert_eq!(netted(&[(1, 50), (9, 80)], &[(10, -20)]), [(1, 50), (9, 60)]);
        assert_eq!(netted(&[(1, 50), (9, 80)], &[(10, -100)]), [(1, 30)]);
        // A part does not use up what came back whole.
        assert_eq!(netted(&[(1, 50), (9, 80)], &[(10, -20), (11, -80)]), [(1, 30)]);
        // What was bought before the data begin is taken off what came after.
        assert_eq!(netted(&[(5, 50)], &[(1, -20)]), [(5, 30)]);
        // No more than there is; what was free stays.
        assert_eq!(netted(&[(1, 50), (2, 0)], &[(3, -90)]), [(2, 0)]);
        assert_eq!(netted(&[], &[(3, -90)]), []);
        assert_eq!(netted(&[(1, 5)], &[(3, i64::MIN)]), []);
    }

    /// What the rule says, sale by sale.
    fn one_by_one(sales: &[(i32, i64)], returns: &[(i32, i64)]) -> Vec<(i32, i64)> {
        let mut left: Vec<i64> = sales.iter().map(|one| one.1).collect();
        let mut order: Vec<&(i32, i64)> = returns.iter().collect();
        order.sort();
        let mut rests = Vec::new();
        for one in order {
            let until = sales.iter().filter(|sale| sale.0 <= one.0).count();
            let same = |at: &usize| sales[*at].1 == -one.1 && left[*at] == -one.1;
            match (0..until).rev().find(same) {
                Some(at) => left[at] = 0,
                None => rests.push((until, -one.1)),
            }
        }
        for (until, mut amount) in rests {
            for at in (0..until).rev().chain(until..sales.len()) {
                let taken = amount.min(left[at]);
                left[at] -= taken;
                amount -= taken;
            }
        }
        let kept = sales.iter().zip(left).filter(|(sale, left)| sale.1 == 0 || *left > 0);
        kept.map(|(sale, left)| (sale.0, left)).collect()
    }

    #[test]
    fn what_came_back_is_found_as_if_each_sale_were_looked_at() {
        let mut rng = guanxi_base::Rng::seeded(11);
        for _ in 0..500 {
            let mut draw = |count: usize, sign: i64, least: i64| -> Vec<(i32, i64)> {
                let mut all: Vec<_> = (0..rng.below(count))
                    .map(|_| (rng.below(30) as i32, sign * (least + rng.below(6) as i64)))
                    .collect();
                all.sort_unstable();
                all
            };
            let (sales, returns) = (draw(25, 1, 0), draw(15, -1, 1));
            assert_eq!(
                netted(&sales, &returns),
                one_by_one(&sales, &returns),
                "{sales:?} {returns:?}"
            );
        }
    }

    #[test]
    fn a_hundred_thousand_of_one_amount_take_a_moment() {
        let sales: Vec<(i32, i64)> = (0..100_000).map(|day| (day, 50)).collect();
        let returns: Vec<(i32, i64)> = (0..100_000).map(|day| (day, -50)).collect();
        assert_eq!(netted(&sales, &returns), []);
        // None of just that amount.
        let returns: Vec<(i32, i64)> = (0..100_000).map(|day| (day, -20)).collect();
        let kept = netted(&sales, &returns);
        assert_eq!(kept.iter().map(|one| one.1).sum::<i64>(), 3_000_000);
    }

    #[test]
    fn the_sum_is_what_was_sold_less_what_came_back() {
        let mut rng = guanxi_base::Rng::seeded(5);
        for _ in 0..200 {
            let mut draw = |count: usize, sign: i64| -> Vec<(i32, i64)> {
                let mut all: Vec<_> = (0..rng.below(count))
                    .map(|_| (rng.below(100) as i32, sign * (1 + rng.below(50) as i64)))
                    .collect();
                all.sort_unstable();
                all
            };
            let (sales, returns) = (draw(12, 1), draw(6, -1));
            let sum = |all: &[(i32, i64)]| all.iter().map(|(_, units)| units).sum::<i64>();
            let all = sum(&sales) + sum(&returns);
            assert_eq!(sum(&netted(&sales, &returns)), all.max(0), "{sales:?} {returns:?}");
            let of = |all: &[(i32, i64)]| -> Vec<Purchase> {
                all.iter().map(|(day, units)| Purchase { day: *day, units: *units }).collect()
            };
            // What there was nothing to take off from is told.
            let beyond = net(of(&sales), &of(&returns)).beyond;
            assert_eq!(beyond.iter().map(|(_, units)| units).sum::<i64>(), (-all).max(0));
        }
    }
}
