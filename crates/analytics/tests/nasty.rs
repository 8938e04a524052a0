//! No model panics, whatever it is given: it refuses, or it answers.

use guanxi_analytics::allocation::{Action, Group, Resource, Target, allocate, assign, greedy};
use guanxi_analytics::basket::{item_sets, similar_items};
use guanxi_analytics::cluster::{KMeans, Rules, choose_k, k_means, profiles, silhouette};
use guanxi_analytics::cohort::cohorts;
use guanxi_analytics::composite::{
    Criterion, Missing, Normalisation, scores, sensitivity, two_sided,
};
use guanxi_analytics::concentration::Concentration;
use guanxi_analytics::elasticity::{Sales, elasticities, elasticity};
use guanxi_analytics::experiment::{Arm, difference, difference_with_covariate};
use guanxi_analytics::experiment::{power_for_means, power_for_rates, sample_size_for_means};
use guanxi_analytics::forecast::{
    Ets, Form, Hierarchy, How, IntermittentMethod, Method, Reconciliation, Trend, choose, reconcile,
};
use guanxi_analytics::matching::{Blocking, Comparison, Field, Key, Model, Part, group};
use guanxi_analytics::response::{Channel, responses};
use guanxi_analytics::rfm::{by_quantiles, by_thresholds};
use guanxi_analytics::satisfaction::{
    csat, customer_value, importance_performance, net_promoter_score, servqual,
};
use guanxi_analytics::scoring::{
    Boosted, Boosting, Calibration, CalibrationKind, Cases, Feature, Logistic, Loss, Quality,
    Scorer, cross_validate, leaks,
};
use guanxi_analytics::simulation::{Input, simulate};
use guanxi_analytics::uplift::{Method as UpliftMethod, Trial, Uplift, qini};
use guanxi_analytics::value::{
    BetaGeoBetaBernoulli, BetaGeoNbd, GammaGamma, Histories, Naive, ParetoNbd, PurchaseModel,
    RetentionCurve, discounted_value, evaluate, explain,
};
use proptest::prelude::*;

/// Numbers as files have them: small whole ones mostly, and then what nobody expects.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => (0_i8..20).prop_map(f64::from),
        6 => 0.0_f64..1.0,
        2 => -1e3_f64..1e6,
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, -1e308, 1e308, 1e-308, -0.0]),
    ]
}

/// Two thirds of the columns are harmless, so that the models themselves are reached.
fn column() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        2 => prop::collection::vec((0_i8..12).prop_map(f64::from), 0..60),
        1 => prop::collection::vec(0.01_f64..50.0, 0..60),
        1 => prop::collection::vec(number(), 0..60),
    ]
}

/// Columns cut to one length, as a rule.
fn columns() -> impl Strategy<Value = Vec<Vec<f64>>> {
    (prop::collection::vec(column(), 3..5), any::<prop::sample::Index>()).prop_map(
        |(mut all, odd)| {
            let shortest = all.iter().map(Vec::len).min().unwrap_or(0);
            if odd.index(8) > 0 {
                all.iter_mut().for_each(|column| column.truncate(shortest));
            }
            all
        },
    )
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

fn names(column: &[f64]) -> Vec<u32> {
    column.iter().map(|value| *value as u32 % 7).collect()
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn value(columns in columns(), horizon in number()) {
        let [a, b, c] = [&columns[0], &columns[1], &columns[2]];
        let _ = GammaGamma::estimate(a, b).map(|model| model.expected_value(a, b));
        let _ = RetentionCurve::estimate(a);
        let mut falling = a.clone();
        falling.sort_by(|x, y| y.total_cmp(x));
        let _ = RetentionCurve::estimate(&falling).map(|curve| curve.survival(30));
        let _ = evaluate(&names(a).into_iter().map(u64::from).collect::<Vec<_>>(), b, 20.0, horizon);
        // Recency within the age and only with repeats, so that the models are reached.
        let age: Vec<f64> = c.iter().map(|age| age.abs() + 1.0).collect();
        let x: Vec<f64> = a.iter().map(|x| x.abs().round()).collect();
        let recency: Vec<f64> = x.iter().zip(&age).map(|(x, age)| if *x > 0.0 { age * 0.5 } else { 0.0 }).collect();
        for histories in [Histories::new(a, b, c), Histories::new(&x, &recency, &age)].into_iter().flatten() {
            let models: Vec<Box<dyn PurchaseModel>> = [
                ParetoNbd::estimate(&histories).map(|model| Box::new(model) as Box<dyn PurchaseModel>),
                BetaGeoNbd::estimate(&histories).map(|model| Box::new(model) as _),
                BetaGeoNbd::modified(&histories).map(|model| Box::new(model) as _),
                BetaGeoBetaBernoulli::estimate(&histories).map(|model| Box::new(model) as _),
                Ok(Box::new(Naive::of(&histories))),
            ]
            .into_iter()
            .flatten()
            .collect();
            for model in &models {
                let _ = model.probability_alive(&histories);
                let _ = discounted_value(&**model, &histories, b, 3, 4.0, 0.01);
                let _ = explain(&**model, &histories, &[0], 10.0);
            }
        }
    }

    #[test]
    fn describing(columns in columns(), share in number()) {
        let [a, b, c] = [&columns[0], &columns[1], &columns[2]];
        let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let _ = by_quantiles(a, b, c, 5);
        let _ = by_thresholds([a, b, c], [&[1.0, 5.0], b, &[2.0]]);
        let _ = Concentration::of(a).map(|found| (found.top(share), found.classes(share, 0.9)));
        let (who, when) = (names(a), names(b));
        let who: Vec<u64> = who.into_iter().map(u64::from).collect();
        let _ = cohorts(&who, &when.iter().map(|month| *month as i32).collect::<Vec<_>>(), c);
        let item: Vec<u64> = names(b).into_iter().map(u64::from).collect();
        let _ = item_sets(&who, &item, share, 4).map(|sets| sets.rules(0.5));
        let _ = similar_items(&who, &item, 3);
        let _ = csat(a, share, 0.9);
        let _ = net_promoter_score(a, share);
        let _ = servqual(&[(a, b), (b, c)], &[1.0, share]);
        let _ = importance_performance(a, b);
        let _ = customer_value(a, b);
        let criterion = |values| Criterion {
            values,
            weight: 50.0,
            more_is_better: true,
            normalisation: Normalisation::ZScore,
            missing: Missing::Reweight,
        };
        let _ = scores(&[criterion(a), criterion(b)]);
        let _ = sensitivity(&[criterion(a), criterion(b)], share);
        let _ = two_sided(a, b, share, share);
        let settings = KMeans { starts: 1, ..KMeans::new(3) };
        if let Ok(found) = k_means(&slices, &settings) {
            let _ = profiles(&slices, &found.assignment);
            let _ = Rules::of(&slices, &found.assignment, 4);
            let _ = silhouette(&slices, &found.assignment, true, 20, 1);
        }
        let _ = choose_k(&slices, 4, &settings);
    }

    #[test]
    fn experiments_and_decisions(columns in columns(), one in number(), two in number()) {
        let [a, b, c] = [&columns[0], &columns[1], &columns[2]];
        let _ = difference(a, b, 0.9);
        let arm = |outcome, before| Arm { outcome, before };
        let _ = difference_with_covariate(arm(a, b), arm(b, c), one);
        let _ = (power_for_rates(one, two, 0.05, 50.0), power_for_means(one, 0.05, two));
        let _ = sample_size_for_means(one, 0.05, 0.8);
        let (product, period) = (names(a), names(b));
        let sales = Sales { product: &product, period: &period, price: b, quantity: c };
        let _ = (elasticity(&sales, 0.9), elasticities(&sales, &product, 0.9));
        let inputs = [
            Input::Normal { mean: one, deviation: two },
            Input::Triangular { low: one, likely: two, high: 20.0 },
            Input::LogNormal { median: one, spread: two },
            Input::Uniform { low: one, high: two },
            Input::Share { yes: one as u64, of: two as u64 },
        ];
        for input in inputs {
            let _ = simulate(&[input], 100, 1, |x| x[0]);
        }
        let target = |at: usize| Target {
            at_least: one,
            at_most: two,
            whole: at == 1,
            or_nothing: at == 2,
            uses: vec![c.get(at).copied().unwrap_or(1.0)],
            ..Target::new("target", a.iter().copied().zip(b.iter().copied()).take(4).collect())
        };
        let good = |at: usize| Target {
            at_least: one,
            whole: at == 1,
            ..Target::new("good", vec![(0.0, 0.0), (3.0, 6.0), (5.0, 7.0)])
        };
        let money = [Resource { name: "money".to_owned(), capacity: two }];
        let half = Group { name: "half".to_owned(), members: vec![0], share_min: one, share_max: two };
        for targets in [[target(0), target(1), target(2)], [good(0), good(1), good(2)]] {
            let _ = allocate(&targets, &money, &[]);
            let _ = allocate(&targets, &money, std::slice::from_ref(&half));
            let _ = greedy(&targets, one);
        }
        let action = |values: &[f64]| Action {
            name: "action".to_owned(),
            capacity: two,
            values: values.to_vec(),
            uses: vec![one],
        };
        let _ = assign(&[action(a), action(b)], &money);
    }
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn foretelling(columns in columns(), period in 0_usize..8, horizon in 0_usize..5) {
        let [a, b, c] = [&columns[0], &columns[1], &columns[2]];
        let yes: Vec<f64> = a.iter().map(|value| f64::from(u8::from(*value > 4.0))).collect();
        let kinds = b.iter().map(|value| (*value > 1.0).then_some(*value as u32)).collect();
        let features = [Feature::numbers("number", c.clone()), Feature::categories("kind", kinds)];
        let settings = Boosting { trees: 5, ..Boosting::new(Loss::Squared) };
        for outcome in [&yes, a] {
            let cases = Cases { weight: Some(c), ..Cases::new(&features, outcome) };
            for cases in [Cases::new(&features, outcome), cases] {
                let _ = Logistic::fit(&cases, 0.5).map(|model| model.explain(&features, 0));
                let _ = Boosted::fit(&cases, &settings).map(|model| model.explain(&features, 0));
                let _ = leaks(&cases, 0.95);
            }
            let _ = cross_validate(&Cases::new(&features, outcome), 2, 0, |cases| Logistic::fit(cases, 1.0));
            let _ = Quality::of(b, outcome);
            for kind in [CalibrationKind::Platt, CalibrationKind::Isotonic] {
                let _ = Calibration::fit(kind, b, outcome).map(|found| found.chance(0.3));
            }
            let treated: Vec<bool> = b.iter().map(|value| *value > 3.0).collect();
            let trial = Trial { features: &features, treated: &treated, outcome };
            let learner = |cases: &Cases<'_>| -> guanxi_analytics::Result<Box<dyn Scorer>> {
                Ok(Box::new(Logistic::fit(cases, 1.0)?))
            };
            for method in [UpliftMethod::TwoModels, UpliftMethod::ClassTransformation, UpliftMethod::CrossLearner] {
                let _ = Uplift::fit(&trial, method, &learner).map(|model| model.effects(&features));
            }
            let _ = qini(c, &treated, outcome, 0.9, 0);
        }
        let _ = choose(a, period, horizon);
        let form = Form { error: How::Multiplicative, trend: Trend::Damped, season: Some(How::Additive) };
        let _ = Ets::fit(b, period, form).map(|model| model.log_likelihood);
        for method in [
            Method::SeasonalNaive,
            Method::Theta,
            Method::Intermittent(IntermittentMethod::Croston),
            Method::Intermittent(IntermittentMethod::TeunterSyntetosBabai),
        ] {
            let _ = method.fit(c, period).map(|model| model.forecast(horizon, 0.9));
        }
        if let Ok(hierarchy) = Hierarchy::new(2, vec![vec![0, 1], vec![0], vec![1]]) {
            let forecasts = [a.clone(), b.clone(), c.clone()];
            let _ = reconcile(&hierarchy, &forecasts, Reconciliation::ByErrors(&forecasts));
            let _ = reconcile(&hierarchy, &forecasts, Reconciliation::LeastSquares);
        }
        let channels = [Channel { name: "channel", spend: b }];
        let _ = responses(&channels, &[c], a);
    }

    #[test]
    fn matching(texts in prop::collection::vec(("[a-c ]{0,4}|\\PC{0,6}", "[0-2]{0,3}"), 0..40), most in 0_usize..9) {
        let (words, codes): (Vec<String>, Vec<String>) = texts.into_iter().unzip();
        let fields = [
            Field::new("name", words.clone(), Comparison::Name),
            Field::new("words", words, Comparison::Words),
            Field::new("code", codes, Comparison::Code),
        ];
        let rules = vec![
            vec![Key::new(2, Part::Whole)],
            vec![Key::new(0, Part::Letters)],
            vec![Key::new(0, Part::Start(1)), Key::new(2, Part::End(1))],
        ];
        if let Ok(model) = Model::learn(&fields, &Blocking { rules, most }, 1) {
            let pairs = model.pairs(0.1).unwrap_or_default();
            prop_assert!(pairs.iter().all(|pair| (0.0..=1.0).contains(&pair.probability)));
            let _ = group(&model, &pairs, 0.5);
            let _ = model.score(0, 100);
        }
    }
}
