//! The passengers of international airlines, 1949 to 1960 (Box & Jenkins 1976, series G).

use guanxi_analytics::forecast::{
    Ets, Forecaster, Form, How, SeasonalNaive, Theta, Trend, accuracy,
};

use crate::near;

const PASSENGERS: [u16; 144] = [
    112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125, 149, 170,
    170, 158, 133, 114, 140, 145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166, 171, 180,
    193, 181, 183, 218, 230, 242, 209, 191, 172, 194, 196, 196, 236, 235, 229, 243, 264, 272, 237,
    211, 180, 201, 204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229, 242, 233, 267, 269,
    270, 315, 364, 347, 312, 274, 237, 278, 284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271,
    306, 315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336, 340, 318, 362, 348, 363, 435,
    491, 505, 404, 359, 310, 337, 360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405, 417,
    391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
];

const FORM: Form =
    Form { error: How::Multiplicative, trend: Trend::Additive, season: Some(How::Multiplicative) };

fn passengers() -> Vec<f64> {
    PASSENGERS.map(f64::from).to_vec()
}

#[test]
fn likelihood_of_ets() {
    assert_eq!(PASSENGERS.iter().map(|n| u32::from(*n)).sum::<u32>(), 40_363);
    let model = Ets::fit(&passengers(), 12, FORM).unwrap();
    // statsmodels, which has −522.48993, updates the season by the new level, a second-order
    // difference.
    near(model.log_likelihood, -522.4899, 1e-4);
}

fn percentage_error(model: &dyn Forecaster) -> f64 {
    let series = passengers();
    let (past, future) = series.split_at(132);
    let forecast = model.forecast(12, 0.95).unwrap();
    accuracy(&forecast, future, past, 12).unwrap().percentage_error.unwrap()
}

#[test]
fn published_hold_out_of_the_last_year() {
    let past = &passengers()[..132];
    near(percentage_error(&SeasonalNaive::fit(past, 12).unwrap()), 9.99, 5e-3);
    // The published 3.90 is of parameters that statsforecast 2.1.1 ends its search at: start, smoothing
    // and θ. Better ones can be had.
    let known = Theta::of(past, 12, [-783.42088785, 0.82029615, 31.85610749]).unwrap();
    near(percentage_error(&known), 3.90, 5e-3);
    assert!(Theta::fit(past, 12).unwrap().cost() < known.cost());
}

/// Of ETS(M,A,M) 4.13 was published. At the highest likelihood, −465.9903, where statsmodels' search
/// ends, too, it is 4.28; the parameters of 4.13 were not published.
#[test]
fn hold_out_at_the_best_parameters() {
    let past = &passengers()[..132];
    near(percentage_error(&Theta::fit(past, 12).unwrap()), 3.84, 5e-3);
    let ets = Ets::fit(past, 12, FORM).unwrap();
    near(ets.log_likelihood, -465.9903, 5e-5);
    near(percentage_error(&ets), 4.28, 5e-3);
}
