//! What the tests of the models share.

use crate::value::{Histories, PurchaseModel};

/// Fails where a number is not near enough to another.
pub(crate) fn near(found: f64, wanted: f64, within: f64) {
    assert!((found - wanted).abs() <= within, "{found} instead of {wanted}");
}

/// Histories from repeats, the share of the age at which the last one was, and age.
pub(crate) fn histories(rows: &[(u8, f64, f64)]) -> Histories {
    let x: Vec<f64> = rows.iter().map(|(x, _, _)| f64::from(*x)).collect();
    let recency = |(x, share, age): &(u8, f64, f64)| if *x > 0 { share * age } else { 0.0 };
    let recency: Vec<f64> = rows.iter().map(recency).collect();
    let age: Vec<f64> = rows.iter().map(|(_, _, age)| *age).collect();
    Histories::new(&x, &recency, &age).expect("they are histories")
}

/// A chance is one, more is expected of a longer time, and nobody buys more than at their own rate
/// without leaving.
pub(crate) fn assert_sensible(model: &dyn PurchaseModel, row: (u8, f64, f64), rate: f64) {
    let one = histories(&[row]);
    let alive = model.probability_alive(&one)[0];
    assert!((0.0..=1.0).contains(&alive), "{alive}");
    let expected = |horizon| model.expected_purchases(&one, horizon)[0];
    let (soon, late) = (expected(4.0), expected(40.0));
    assert!(soon >= 0.0 && late >= soon * (1.0 - 1e-9), "{soon} {late}");
    assert!(late <= rate * 40.0 * (1.0 + 1e-6), "{late} {rate}");
}
