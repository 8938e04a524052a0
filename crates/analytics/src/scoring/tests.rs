//! Scores by hand, and what trees can that a line cannot.

use proptest::prelude::*;
use rand::Rng;

use super::tree::{BinSet, Node, Split, Tree};
use super::*;
use crate::chance::generator;
use crate::special::logistic;
use crate::testing::near;

/// Yes by a number, a category and both together, each with gaps.
fn cases(count: usize) -> (Vec<Feature>, Vec<f64>) {
    let mut random = generator(5);
    let (mut number, mut kind, mut noise, mut yes) = (vec![], vec![], vec![], vec![]);
    for _ in 0..count {
        let x: f64 = random.random_range(-2.0..2.0);
        let k = random.random_range(0..4_u32);
        let odds = x + if k == 2 { 2.0 } else { 0.0 } - if k == 1 { 2.0 * x } else { 0.0 };
        yes.push(f64::from(u8::from(random.random::<f64>() < logistic(odds))));
        number.push(if random.random::<f64>() < 0.05 { f64::NAN } else { x });
        kind.push((random.random::<f64>() >= 0.05).then_some(k));
        noise.push(random.random());
    }
    let features = vec![
        Feature::numbers("number", number),
        Feature::categories("kind", kind),
        Feature::numbers("noise", noise),
    ];
    (features, yes)
}

#[test]
fn areas_and_losses_by_hand() {
    let (scores, outcome) = ([0.1, 0.4, 0.35, 0.8], [0.0, 0.0, 1.0, 1.0]);
    near(area_under_curve(&scores, &outcome).unwrap(), 0.75, 1e-12);
    near(area_under_curve(&[0.5; 4], &outcome).unwrap(), 0.5, 1e-12);
    let quality = Quality::of(&scores, &outcome).unwrap();
    near(quality.brier, (0.01 + 0.16 + 0.4225 + 0.04) / 4.0, 1e-12);
    let loss = -(0.9_f64.ln() + 0.6_f64.ln() + 0.35_f64.ln() + 0.8_f64.ln()) / 4.0;
    near(quality.log_loss, loss, 1e-12);
    // Groups of a tenth: each score is alone.
    near(quality.calibration_error, (0.1 + 0.4 + 0.65 + 0.2) / 4.0, 1e-12);
    assert!(area_under_curve(&scores, &[1.0; 4]).is_err());
    assert!(brier(&[1.5], &[1.0]).is_err());
}

#[test]
fn trees_find_what_belongs_together_and_a_line_does_not() {
    let (features, outcome) = cases(6_000);
    let cases = Cases::new(&features, &outcome);
    let line = cross_validate(&cases, 3, 1, |cases| Logistic::fit(cases, 1.0)).unwrap();
    let settings = Boosting { trees: 150, rate: 0.1, ..Boosting::new(Loss::Logistic) };
    let trees = cross_validate(&cases, 3, 1, |cases| Boosted::fit(cases, &settings)).unwrap();
    assert!(trees.quality.area_under_curve > line.quality.area_under_curve + 0.02);
    assert!(trees.quality.log_loss < line.quality.log_loss);
    assert!(trees.quality.calibration_error < 0.03);
    assert_eq!(trees.by_fold.len(), 3);
    assert!(trees.is_better_than_guessing(&outcome));
    // Nothing can be told from noise, and it is said.
    let noise = Cases::new(&features[2..], &outcome);
    let guessed = cross_validate(&noise, 3, 1, |cases| Logistic::fit(cases, 1.0)).unwrap();
    assert!(!guessed.is_better_than_guessing(&outcome), "{:?}", guessed.quality);
    let model = Boosted::fit(&cases, &settings).unwrap();
    let importance = model.importance();
    assert!(importance[2].1 < 0.25 && importance[0].1 > 0.2, "{importance:?}");
    assert!(model.trees() < 150, "held-out cases end the search");
}

#[test]
fn contributions_sum_to_the_score() {
    let (features, outcome) = cases(1_000);
    let cases = Cases::new(&features, &outcome);
    let settings = Boosting { trees: 20, ..Boosting::new(Loss::Logistic) };
    let models: [Box<dyn Scorer>; 2] = [
        Box::new(Logistic::fit(&cases, 1.0).unwrap()),
        Box::new(Boosted::fit(&cases, &settings).unwrap()),
    ];
    for model in models {
        let scores = model.scores(&features).unwrap();
        for (row, score) in scores.iter().enumerate().take(50) {
            let why = model.explain(&features, row).unwrap();
            let sum = why.base + why.contributions.iter().sum::<f64>();
            near(logistic(sum), *score, 1e-9);
        }
        assert!(model.explain(&features, 1_000).is_err());
        assert!(model.scores(&features[..2]).is_err());
    }
}

/// The Shapley values by their definition: each feature's mean gain over all orders of knowing, where
/// an unknown feature goes both ways by the shares of the cases.
#[test]
fn explanations_are_shapley_values() {
    let leaf = |value, cover| Node { split: None, value, cover };
    let set = |bins: &[u8]| {
        let mut set = BinSet::default();
        bins.iter().for_each(|bin| set.insert(*bin));
        set
    };
    let fork = |feature, bins: &[u8], children, cover| Node {
        split: Some(Split { feature, left_bins: set(bins), children, gain: 1.0 }),
        value: 0.0,
        cover,
    };
    let tree = Tree {
        nodes: vec![
            fork(0, &[1], [1, 2], 10.0),
            fork(1, &[1, 3], [3, 4], 6.0),
            fork(2, &[1], [5, 6], 4.0),
            leaf(1.0, 1.0),
            // The same feature again, further down.
            fork(0, &[2], [7, 8], 5.0),
            leaf(-3.0, 3.0),
            leaf(2.0, 1.0),
            leaf(5.0, 2.0),
            leaf(7.0, 3.0),
        ],
    };
    fn expected(tree: &Tree, at: usize, codes: &[u8], known: u32) -> f64 {
        let node = &tree.nodes[at];
        let Some(split) = &node.split else { return node.value };
        if known >> split.feature & 1 == 1 {
            let left = split.left_bins.contains(codes[split.feature]);
            return expected(tree, split.children[usize::from(!left)], codes, known);
        }
        let part = |child: usize| {
            tree.nodes[child].cover / node.cover * expected(tree, child, codes, known)
        };
        part(split.children[0]) + part(split.children[1])
    }
    for codes in [[1, 1, 1], [1, 2, 2], [2, 3, 1], [2, 2, 2]] {
        let mut found = [0.0; 3];
        tree.explain(&codes, &mut found);
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let mut wanted = [0.0; 3];
        for order in orders {
            let mut known = 0;
            for feature in order {
                let with = known | 1 << feature;
                wanted[feature as usize] +=
                    (expected(&tree, 0, &codes, with) - expected(&tree, 0, &codes, known)) / 6.0;
                known = with;
            }
        }
        for (found, wanted) in found.iter().zip(wanted) {
            near(*found, wanted, 1e-12);
        }
        near(tree.mean(), expected(&tree, 0, &codes, 0), 1e-12);
    }
}

/// Of one yes or no by one kind the weights are known: the log-odds of the shares.
#[test]
fn a_logistic_line_by_hand() {
    let number: Vec<f64> = (0..200).map(|row| f64::from(row % 2)).collect();
    // 30 of 100 where it is 0, 60 of 100 where it is 1.
    let yes: Vec<f64> = (0..200)
        .map(|row| f64::from(u8::from(row / 2 < if row % 2 == 0 { 30 } else { 60 })))
        .collect();
    let features = [Feature::numbers("number", number)];
    let model = Logistic::fit(&Cases::new(&features, &yes), 0.0).unwrap();
    near(model.intercept(), (0.3_f64 / 0.7).ln(), 1e-8);
    let coefficient = &model.coefficients()[0];
    near(coefficient.value, (0.6_f64 / 0.4).ln() - (0.3_f64 / 0.7).ln(), 1e-8);
    let variance = 1.0 / 30.0 + 1.0 / 70.0 + 1.0 / 60.0 + 1.0 / 40.0;
    near(coefficient.standard_error, f64::sqrt(variance), 1e-6);
    let likelihood =
        30.0 * 0.3_f64.ln() + 70.0 * 0.7_f64.ln() + 60.0 * 0.6_f64.ln() + 40.0 * 0.4_f64.ln();
    near(model.log_likelihood, likelihood, 1e-8);
    // What tells them apart perfectly has no best weight without a ridge.
    let perfect = [Feature::numbers("perfect", yes.clone())];
    assert!(Logistic::fit(&Cases::new(&perfect, &yes), 0.0).is_err());
    let leaks = leaks(&Cases::new(&perfect, &yes), 0.98).unwrap();
    assert_eq!(leaks.len(), 1);
    near(leaks[0].area_under_curve, 1.0, 1e-12);
}

#[test]
fn nonsense_is_refused() {
    let (features, outcome) = cases(100);
    let ones = vec![1.0; 100];
    for outcome in [&ones, &vec![f64::NAN; 100], &vec![2.0; 100], &vec![]] {
        let cases = Cases::new(&features, outcome);
        assert!(Logistic::fit(&cases, 1.0).is_err());
        assert!(Boosted::fit(&cases, &Boosting::new(Loss::Logistic)).is_err());
    }
    assert!(Logistic::fit(&Cases::new(&[], &outcome), 1.0).is_err());
    let infinite = [Feature::numbers("x", vec![f64::INFINITY; 100])];
    assert!(Boosted::fit(&Cases::new(&infinite, &outcome), &Boosting::new(Loss::Squared)).is_err());
    assert!(folds(&[0.0, 1.0, 0.0], 2, 0).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Isotonic chances rise with the scores and keep the share of yes; Platt's keep the order.
    #[test]
    fn calibrations_rise(cases in prop::collection::vec((0.0_f64..=1.0, any::<bool>()), 10..200)) {
        let (scores, yes): (Vec<f64>, Vec<bool>) = cases.into_iter().unzip();
        let yes: Vec<f64> = yes.into_iter().map(|yes| f64::from(u8::from(yes))).collect();
        prop_assume!(yes.contains(&0.0) && yes.contains(&1.0));
        let isotonic = Calibration::fit(CalibrationKind::Isotonic, &scores, &yes).unwrap();
        let chances: Vec<f64> = scores.iter().map(|score| isotonic.chance(*score)).collect();
        let total: f64 = chances.iter().sum();
        prop_assert!((total - yes.iter().sum::<f64>()).abs() < 1e-6);
        let mut sorted = scores.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        prop_assert!(sorted.iter().map(|score| isotonic.chance(*score)).is_sorted());
        let platt = Calibration::fit(CalibrationKind::Platt, &scores, &yes).unwrap();
        let bent: Vec<f64> = sorted.iter().map(|score| platt.chance(*score)).collect();
        prop_assert!(bent.is_sorted() || bent.iter().rev().is_sorted());
        prop_assert!(bent.iter().all(|chance| (0.0..=1.0).contains(chance)));
    }

    /// A case that counts twice is as good as two cases.
    #[test]
    fn weights_are_repetitions(seed in 0_u64..1_000) {
        let mut random = generator(seed);
        let x: Vec<f64> = (0..80).map(|_| random.random()).collect();
        let yes: Vec<f64> = x.iter().map(|x| f64::from(u8::from(random.random::<f64>() < *x))).collect();
        prop_assume!(yes.contains(&0.0) && yes.contains(&1.0));
        let weight: Vec<f64> = (0..80).map(|_| f64::from(random.random_range(1..4_u8))).collect();
        let rows: Vec<usize> =
            weight.iter().enumerate().flat_map(|(row, n)| std::iter::repeat_n(row, *n as usize)).collect();
        let features = [Feature::categories("half", x.iter().map(|x| Some(u32::from(*x > 0.5))).collect())];
        let repeated = of_rows(&features, &rows);
        let outcome: Vec<f64> = rows.iter().map(|row| yes[*row]).collect();
        let weighted = Cases { weight: Some(&weight), ..Cases::new(&features, &yes) };
        let one = Logistic::fit(&weighted, 1.0).unwrap().scores(&features).unwrap();
        let other = Logistic::fit(&Cases::new(&repeated, &outcome), 1.0).unwrap().scores(&features).unwrap();
        for (one, other) in one.iter().zip(other) {
            prop_assert!((one - other).abs() < 1e-7);
        }
    }
}
