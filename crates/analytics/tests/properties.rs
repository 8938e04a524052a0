//! What holds of each model whatever it is given.

use std::collections::BTreeSet;

use guanxi_analytics::cluster::{KMeans, k_means};
use guanxi_analytics::cohort::cohorts;
use guanxi_analytics::composite::{Criterion, Missing, Normalisation, scores};
use guanxi_analytics::concentration::{Class, Concentration};
use guanxi_analytics::elasticity::{Sales, elasticity};
use guanxi_analytics::experiment::{difference, sample_size_for_rates};
use guanxi_analytics::response::{Channel, responses};
use guanxi_analytics::rfm::by_quantiles;
use guanxi_analytics::satisfaction::{csat, customer_value, net_promoter_score};
use guanxi_analytics::scoring::{Boosted, Boosting, Cases, Feature, Logistic, Loss};
use guanxi_analytics::simulation::{Input, simulate};
use guanxi_analytics::uplift::qini;
use guanxi_analytics::value::{
    BetaGeoNbd, GammaGamma, Histories, Naive, PurchaseModel, RetentionCurve,
};
use proptest::prelude::*;

/// Failures are kept by the seed that is printed, not in a file.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

fn amounts(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.01_f64..1e5, count)
}

fn alike(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

proptest! {
    #![proptest_config(config(64))]

    /// More money never scores less, equals score alike, and every group is there when all differ.
    #[test]
    fn rfm_keeps_the_order(money in amounts(10..200), groups in 2_u8..10) {
        let scores = by_quantiles(&money, &money, &money, groups).unwrap();
        for (one, a) in scores.iter().zip(&money) {
            for (other, b) in scores.iter().zip(&money) {
                prop_assert!(a > b || one.money <= other.money || a == b && one == other);
            }
            prop_assert_eq!(one.recency + one.money, groups + 1);
        }
        let distinct: BTreeSet<u64> = money.iter().map(|amount| amount.to_bits()).collect();
        if distinct.len() == money.len() && money.len() >= groups.into() {
            let found: BTreeSet<u8> = scores.iter().map(|one| one.money).collect();
            prop_assert_eq!(found.len(), usize::from(groups));
        }
    }

    /// Gini and the curve do not depend on the unit or the order; classes follow the curve.
    #[test]
    fn concentration_has_no_unit(values in amounts(1..200), unit in 0.01_f64..100.0) {
        let one = Concentration::of(&values).unwrap();
        let other: Vec<f64> = values.iter().rev().map(|value| value * unit).collect();
        let other = Concentration::of(&other).unwrap();
        prop_assert!((one.gini - other.gini).abs() < 1e-9);
        prop_assert!((-1e-12..1.0).contains(&one.gini));
        prop_assert!(one.cumulative.is_sorted());
        prop_assert!(alike(one.top(1.0).unwrap(), 1.0));
        let classes = one.classes(0.8, 0.95).unwrap();
        let of_a = values.iter().zip(&classes).filter(|(_, class)| **class == Class::A);
        let smallest = of_a.map(|(value, _)| *value).fold(f64::INFINITY, f64::min);
        let of_c = values.iter().zip(&classes).filter(|(_, class)| **class == Class::C);
        prop_assert!(of_c.map(|(value, _)| *value).all(|value| value <= smallest));
    }

    /// Each customer is in one cohort, and all revenue is somewhere.
    #[test]
    fn cohorts_lose_nothing(rows in prop::collection::vec((0_u64..30, 0_i32..12, 0.0_f64..100.0), 1..200)) {
        let customer: Vec<u64> = rows.iter().map(|row| row.0).collect();
        let period: Vec<i32> = rows.iter().map(|row| row.1).collect();
        let revenue: Vec<f64> = rows.iter().map(|row| row.2).collect();
        let found = cohorts(&customer, &period, &revenue).unwrap();
        let sizes: usize = found.iter().map(|cohort| cohort.customers[0]).sum();
        prop_assert_eq!(sizes, customer.iter().collect::<BTreeSet<_>>().len());
        let total: f64 = found.iter().flat_map(|cohort| &cohort.revenue).sum();
        prop_assert!(alike(total, revenue.iter().sum()));
        for cohort in &found {
            prop_assert!(cohort.customers.iter().all(|count| *count <= cohort.customers[0]));
        }
    }

    /// Scores are from 0 to 100, their parts sum to them, and a better number never scores less.
    #[test]
    fn composite_scores_are_monotone(
        a in amounts(2..50),
        weight in 1.0_f64..99.0,
        case in any::<prop::sample::Index>(),
        gain in 0.0_f64..1e5,
    ) {
        let criterion = |values, weight, normalisation| Criterion {
            values,
            weight,
            more_is_better: true,
            normalisation,
            missing: Missing::Reweight,
        };
        let b: Vec<f64> = a.iter().map(|value| (value * 7.0) % 100.0).collect();
        let case = case.index(a.len());
        let mut better = a.clone();
        better[case] += gain;
        for normalisation in [Normalisation::MinMax, Normalisation::Rank, Normalisation::ZScore] {
            let of = |a| {
                let of_a = criterion(a, weight, normalisation);
                scores(&[of_a, criterion(&b, 100.0 - weight, normalisation)]).unwrap()
            };
            let before = of(&a);
            for score in &before {
                let total = score.score.unwrap();
                prop_assert!((-1e-9..=100.0 + 1e-9).contains(&total));
                prop_assert!(alike(total, score.contributions.iter().sum()));
            }
            let (before, after) = (before[case].score.unwrap(), of(&better)[case].score.unwrap());
            // Against the mean the spread may grow faster than the lead of a few.
            prop_assert!(normalisation == Normalisation::ZScore || after >= before - 1e-9);
        }
    }

    #[test]
    fn what_customers_say_lies_in_its_interval(answers in prop::collection::vec(0_u8..=10, 1..100)) {
        let answers: Vec<f64> = answers.into_iter().map(f64::from).collect();
        let recommend = net_promoter_score(&answers, 0.95).unwrap();
        prop_assert!(-100.0 <= recommend.low && recommend.low <= recommend.value);
        prop_assert!(recommend.value <= recommend.high && recommend.high <= 100.0);
        let satisfied = csat(&answers, 8.0, 0.95).unwrap();
        prop_assert!(0.0 <= satisfied.low && satisfied.low <= satisfied.value + 1e-12);
        prop_assert!(satisfied.value <= satisfied.high + 1e-12 && satisfied.high <= 1.0);
    }

    /// V = Q/P has no unit: other currencies do not change who offers more.
    #[test]
    fn value_for_money_has_no_unit(
        offers in prop::collection::vec((1.0_f64..10.0, 1.0_f64..1e4), 2..10),
        rate in 0.01_f64..100.0,
    ) {
        let (quality, price): (Vec<f64>, Vec<f64>) = offers.into_iter().unzip();
        let other: Vec<f64> = price.iter().map(|price| price * rate).collect();
        let (one, two) = (customer_value(&quality, &price).unwrap(), customer_value(&quality, &other).unwrap());
        for (one, two) in one.iter().zip(two) {
            prop_assert!(alike(one.value, two.value));
        }
    }

    /// Swapping the arms turns the difference around; smaller differences need more cases.
    #[test]
    fn experiments_are_symmetric(
        a in prop::collection::vec(-100.0_f64..100.0, 2..60),
        b in prop::collection::vec(-100.0_f64..100.0, 2..60),
        rate in 0.05_f64..0.4,
        gain in 0.01_f64..0.2,
    ) {
        let (one, two) = (difference(&a, &b, 0.9).unwrap(), difference(&b, &a, 0.9).unwrap());
        prop_assert!(alike(one.value, -two.value) && alike(one.low, -two.high));
        prop_assert!(alike(one.p_value, two.p_value));
        let needed = |gain: f64| sample_size_for_rates(rate, rate + gain, 0.05, 0.8).unwrap();
        prop_assert!(needed(gain) > needed(gain * 1.5));
    }

    /// Only the order of the estimated effects counts.
    #[test]
    fn qini_knows_only_the_order(
        cases in prop::collection::vec((0.0_f64..1.0, any::<bool>(), any::<bool>()), 100..200),
    ) {
        let effects: Vec<f64> = cases.iter().map(|case| case.0).collect();
        let treated: Vec<bool> = cases.iter().map(|case| case.1).collect();
        let outcome: Vec<f64> = cases.iter().map(|case| f64::from(u8::from(case.2))).collect();
        let arm = treated.iter().filter(|treated| **treated).count();
        prop_assume!(arm >= 20 && arm + 20 <= treated.len());
        let bent: Vec<f64> = effects.iter().map(|effect| effect.powi(3) * 10.0 - 4.0).collect();
        let one = qini(&effects, &treated, &outcome, 0.9, 1).unwrap();
        let two = qini(&bent, &treated, &outcome, 0.9, 1).unwrap();
        prop_assert_eq!(&one, &two);
        // The best first is the worst last.
        let turned: Vec<f64> = effects.iter().map(|effect| -effect).collect();
        let turned = qini(&turned, &treated, &outcome, 0.9, 1).unwrap();
        prop_assert!(alike(one.effect, turned.effect));
    }

    /// An elasticity has no unit, neither of money nor of goods.
    #[test]
    fn elasticities_have_no_unit(
        rows in prop::collection::vec((0.5_f64..2.0, 1.0_f64..100.0), 40),
        money in 0.01_f64..100.0,
        goods in 0.01_f64..100.0,
    ) {
        let product: Vec<u32> = (0..40).map(|row| row / 8).collect();
        let period: Vec<u32> = (0..40).map(|row| row % 8).collect();
        let of = |money: f64, goods: f64| {
            let price: Vec<f64> = rows.iter().map(|row| row.0 * money).collect();
            let quantity: Vec<f64> = rows.iter().map(|row| row.1 * goods).collect();
            let sales =
                Sales { product: &product, period: &period, price: &price, quantity: &quantity };
            elasticity(&sales, 0.9).unwrap()
        };
        let (one, two) = (of(1.0, 1.0), of(money, goods));
        prop_assert!((one.value - two.value).abs() < 1e-7);
        prop_assert!((one.standard_error - two.standard_error).abs() < 1e-7);
    }

    /// What is added to every outcome is added to the mean and every quantile.
    #[test]
    fn simulations_shift(mean in -10.0_f64..10.0, shift in -100.0_f64..100.0, seed in any::<u64>()) {
        let inputs = [Input::Normal { mean, deviation: 2.0 }];
        let one = simulate(&inputs, 500, seed, |x| x[0]).unwrap();
        let two = simulate(&inputs, 500, seed, |x| x[0] + shift).unwrap();
        prop_assert!((one.mean + shift - two.mean).abs() < 1e-9);
        for share in [0.05, 0.5, 0.95] {
            prop_assert!((one.quantile(share) + shift - two.quantile(share)).abs() < 1e-9);
        }
        // Evenly spread draws have the mean almost exactly.
        prop_assert!((one.mean - mean).abs() < 0.02);
    }

    /// Fewer are left each time; spending is expected between the customer's mean and that of all.
    #[test]
    fn curves_fall_and_means_shrink(
        survivors in prop::collection::vec(0.5_f64..0.95, 4..8),
        value in 1.0_f64..500.0,
        repeats in 1_u8..50,
    ) {
        let mut left = 1_000.0;
        let mut known = vec![left];
        known.extend(survivors.iter().map(|kept| {
            left = (left * kept).floor();
            left
        }));
        if let Ok(curve) = RetentionCurve::estimate(&known) {
            let shares: Vec<f64> = (0..20).map(|period| curve.survival(period)).collect();
            prop_assert!(shares.windows(2).all(|pair| pair[1] <= pair[0] + 1e-12));
        }
        let model = GammaGamma::of([6.25, 3.74, 15.45]).unwrap();
        let all = model.expected_value(&[0.0], &[0.0]).unwrap()[0];
        let one = model.expected_value(&[f64::from(repeats)], &[value]).unwrap()[0];
        prop_assert!(one >= value.min(all) - 1e-9 && one <= value.max(all) + 1e-9);
    }

    /// The naive model goes on as before, for any horizon.
    #[test]
    fn naive_is_linear(x in 1_u8..50, age in 1.0_f64..100.0, horizon in 0.1_f64..100.0) {
        let one = Histories::new(&[f64::from(x)], &[age / 2.0], &[age]).unwrap();
        let model = Naive::of(&one);
        let expected = |horizon| model.expected_purchases(&one, horizon)[0];
        prop_assert!(alike(expected(2.0 * horizon), 2.0 * expected(horizon)));
    }
}

proptest! {
    #![proptest_config(config(6))]

    /// More spent never brings less, and no channel takes sales away.
    #[test]
    fn responses_rise_and_flatten(spend in prop::collection::vec(0.0_f64..10.0, 60), seed in 0_u8..100) {
        let sales: Vec<f64> = spend
            .iter()
            .enumerate()
            .map(|(at, spend)| 50.0 + 3.0 * spend.sqrt() + ((at * 37 + usize::from(seed)) % 11) as f64)
            .collect();
        let found = responses(&[Channel { name: "one", spend: &spend }], &[], &sales).unwrap();
        let response = &found.channels[0];
        prop_assert!(response.most >= 0.0);
        let curve: Vec<f64> = (0..40).map(|spend| response.steady(f64::from(spend))).collect();
        prop_assert!(curve.is_sorted());
        prop_assert!(curve.iter().all(|value| *value <= response.most + 1e-9));
    }
}

/// The number of threads changes no digit.
#[test]
fn threads_change_nothing() {
    let columns: Vec<Vec<f64>> = (1..5_u64)
        .map(|seed| {
            (0..70_000_u64).map(|row| ((row * seed * 7_919 + row * row) % 10_007) as f64).collect()
        })
        .collect();
    let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let outcome: Vec<f64> =
        columns[0].iter().map(|value| f64::from(u8::from(*value > 3_000.0))).collect();
    let features: Vec<Feature> =
        columns[1..].iter().map(|column| Feature::numbers("feature", column.clone())).collect();
    let age: Vec<f64> = columns[0].iter().map(|value| 30.0 + value % 50.0).collect();
    let repeats: Vec<f64> = columns[1].iter().map(|value| value % 4.0).collect();
    let recency: Vec<f64> = repeats
        .iter()
        .zip(&age)
        .map(|(x, age)| if *x > 0.0 { age * x / 5.0 } else { 0.0 })
        .collect();
    let all = || {
        let settings = Boosting { trees: 5, ..Boosting::new(Loss::Logistic) };
        let cases = Cases::new(&features, &outcome);
        (
            k_means(&slices, &KMeans::new(4)).unwrap(),
            Boosted::fit(&cases, &settings).unwrap(),
            Logistic::fit(&cases, 1.0).unwrap(),
            simulate(&[Input::Uniform { low: 0.0, high: 1.0 }], 5_000, 3, |x| x[0]).unwrap(),
            BetaGeoNbd::estimate(&Histories::new(&repeats, &recency, &age).unwrap())
                .map(|model| model.fit().clone()),
        )
    };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(all)
    };
    assert_eq!(with(1), with(5));
}
