//! Series with known ends.

use proptest::prelude::*;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::Error;
use crate::chance::generator;
use crate::testing::near;

/// A line with a season of four, with noise.
fn seasons(count: usize, noise: f64) -> Vec<f64> {
    let mut random = generator(3);
    (0..count)
        .map(|at| {
            let error: f64 = StandardNormal.sample(&mut random);
            (100.0 + at as f64) * [0.8, 1.0, 1.3, 0.9][at % 4] + noise * error
        })
        .collect()
}

#[test]
fn what_has_no_noise_goes_on() {
    let series = seasons(48, 1e-6);
    let next: Vec<f64> = (48..56)
        .map(|at| (100.0 + f64::from(at)) * [0.8, 1.0, 1.3, 0.9][at as usize % 4])
        .collect();
    let form = Form {
        error: How::Multiplicative,
        trend: Trend::Additive,
        season: Some(How::Multiplicative),
    };
    for (method, within) in
        [(Method::Theta, 3.0), (Method::Ets(Some(form)), 0.1), (Method::Ets(None), 0.1)]
    {
        let forecast = method.fit(&series, 4).unwrap().forecast(8, 0.9).unwrap();
        for (found, wanted) in forecast.expected.iter().zip(&next) {
            near(*found, *wanted, within);
        }
    }
}

#[test]
fn ranges_hold_what_they_promise() {
    let series = seasons(160, 6.0);
    for method in [Method::SeasonalNaive, Method::Theta, Method::Ets(None)] {
        let found = rolling(&series, 4, 6, 20, method).unwrap();
        assert!((0.75..=1.0).contains(&found.coverage), "{method:?} {found:?}");
    }
    let choice = choose(&series, 4, 6).unwrap();
    assert!(!choice.is_fallback);
    assert!(choice.tried.iter().all(|one| one.accuracy.is_ok()));
}

#[test]
fn chance_falls_back_to_the_yardstick() {
    // Exactly as in the last season: nothing can be better.
    let series: Vec<f64> = (0..40).map(|at| [5.0, 9.0, 2.0, 7.0][at % 4]).collect();
    let choice = choose(&series, 4, 4).unwrap();
    assert!(choice.is_fallback);
    let forecast = choice.model.forecast(4, 0.9).unwrap();
    assert_eq!(forecast.expected, [5.0, 9.0, 2.0, 7.0]);
    let explained = choice.model.explanation();
    assert_eq!(explained[0].1, 0.0);
}

/// Demand of 6 every third period: the rate is 2 a period, however it is found.
#[test]
fn intermittent_demand() {
    let series: Vec<f64> = (0..300).map(|at| if at % 3 == 2 { 6.0 } else { 0.0 }).collect();
    for (method, bias) in [
        (IntermittentMethod::Croston, 0.0),
        // 1 − α/2 with a small α.
        (IntermittentMethod::SyntetosBoylan, 0.02),
        (IntermittentMethod::TeunterSyntetosBabai, 0.05),
    ] {
        let model = Intermittent::fit(&series, method).unwrap();
        near(model.rate, 2.0, 2.0 * bias + 1e-9);
        let forecast = model.forecast(2, 0.9).unwrap();
        assert_eq!((forecast.low[0], forecast.high[0]), (0.0, 6.0));
    }
    assert!(Intermittent::fit(&[0.0; 5], IntermittentMethod::Croston).is_err());
    let choice = choose(&series, 1, 3).unwrap();
    assert_eq!(choice.tried.len(), 4);
}

#[test]
fn nonsense_is_refused() {
    assert!(matches!(Theta::fit(&[], 12), Err(Error::Empty { .. })));
    assert!(matches!(Theta::fit(&[1.0; 4], 12), Err(Error::TooFew { .. })));
    assert!(matches!(SeasonalNaive::fit(&[1.0, f64::NAN], 1), Err(Error::Value { .. })));
    assert!(matches!(SeasonalNaive::fit(&[1.0, 2.0], 0), Err(Error::Parameter { .. })));
    let form = Form { error: How::Multiplicative, trend: Trend::None, season: None };
    assert!(matches!(Ets::fit(&[0.0; 20], 1, form), Err(Error::Value { .. })));
    assert!(Theta::fit(&[1.0; 20], 1).unwrap().forecast(2, 1.0).is_err());
    assert!(Hierarchy::new(2, vec![vec![0, 1], vec![0]]).is_err());
    assert!(Hierarchy::new(1, vec![vec![]]).is_err());
}

/// A flat series is forecast as itself by each model, at no width.
#[test]
fn nothing_moves() {
    let series = [7.0; 30];
    for method in [Method::SeasonalNaive, Method::Theta, Method::Ets(None)] {
        let forecast = method.fit(&series, 6).unwrap().forecast(3, 0.95).unwrap();
        near(forecast.expected[2], 7.0, 1e-6);
        near(forecast.high[2] - forecast.low[2], 0.0, 1e-3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The whole is the sum of the parts, and what adds up already is left alone.
    #[test]
    fn reconciled_forecasts_add_up(
        values in prop::collection::vec(-100.0_f64..100.0, 7 * 3),
        errors in prop::collection::vec(-10.0_f64..10.0, 7 * 12),
    ) {
        // A total, two groups, four parts.
        let members = vec![vec![0, 1, 2, 3], vec![0, 1], vec![2, 3], vec![0], vec![1], vec![2], vec![3]];
        let hierarchy = Hierarchy::new(4, members.clone()).unwrap();
        let forecasts: Vec<Vec<f64>> = values.chunks(3).map(<[f64]>::to_vec).collect();
        let errors: Vec<Vec<f64>> = errors.chunks(12).map(<[f64]>::to_vec).collect();
        for how in [
            Reconciliation::BottomUp,
            Reconciliation::LeastSquares,
            Reconciliation::ByParts,
            Reconciliation::ByErrors(&errors),
        ] {
            let found = reconcile(&hierarchy, &forecasts, how).unwrap();
            for (series, of) in found.iter().zip(&members) {
                for (step, value) in series.iter().enumerate() {
                    let sum: f64 = of.iter().map(|part| found[3 + part][step]).sum();
                    prop_assert!((value - sum).abs() < 1e-8);
                }
            }
            let again = reconcile(&hierarchy, &found, how).unwrap();
            for (a, b) in found.iter().flatten().zip(again.iter().flatten()) {
                prop_assert!((a - b).abs() < 1e-6);
            }
        }
    }

    /// A series in another unit is forecast in that unit.
    #[test]
    fn forecasts_keep_the_unit(
        values in prop::collection::vec(10.0_f64..100.0, 30..60),
        unit in 0.01_f64..100.0,
    ) {
        let other: Vec<f64> = values.iter().map(|value| value * unit).collect();
        let one = Theta::fit(&values, 4).unwrap().forecast(4, 0.9).unwrap();
        let two = Theta::fit(&other, 4).unwrap().forecast(4, 0.9).unwrap();
        for (one, two) in one.expected.iter().zip(two.expected) {
            prop_assert!((one * unit - two).abs() < 1e-3 * unit);
        }
        prop_assert!(one.low.iter().zip(&one.high).all(|(low, high)| low <= high));
    }
}
