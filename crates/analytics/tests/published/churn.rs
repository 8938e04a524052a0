//! The churn of Telco.

use guanxi_analytics::scoring::{
    Boosted, Boosting, Cases, Feature, Logistic, Loss, cross_validate, leaks,
};

use crate::{data, near};

/// The features of the Telco file as anybody would take them: numbers as they are, the rest as kinds.
fn telco() -> Option<(Vec<Feature>, Vec<f64>)> {
    let mut reader = csv::Reader::from_path(data("telco-churn/Telco-Customer-Churn.csv")?).unwrap();
    let names = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let outcome =
        rows.iter().map(|row| f64::from(u8::from(&row[row.len() - 1] == "Yes"))).collect();
    let features = (1..names.len() - 1)
        .map(|at| {
            let cells = rows.iter().map(|row| row[at].trim());
            if ["tenure", "MonthlyCharges", "TotalCharges"].contains(&&names[at]) {
                // Eleven new customers have no total yet.
                let numbers = cells.map(|cell| cell.parse().unwrap_or(f64::NAN)).collect();
                return Feature::numbers(&names[at], numbers);
            }
            let mut kinds: Vec<&str> = Vec::new();
            let codes = cells.map(|cell| {
                let known = kinds.iter().position(|kind| *kind == cell);
                Some(known.unwrap_or_else(|| {
                    kinds.push(cell);
                    kinds.len() - 1
                }) as u32)
            });
            Feature::categories(&names[at], codes.collect())
        })
        .collect();
    Some((features, outcome))
}

#[test]
fn churn_of_telco_customers() {
    let Some((features, outcome)) = telco() else { return };
    near(outcome.iter().sum::<f64>() / outcome.len() as f64, 0.2654, 5e-5);
    let cases = Cases::new(&features, &outcome);
    let line = cross_validate(&cases, 5, 0, |cases| Logistic::fit(cases, 1.0)).unwrap();
    let mean = line.by_fold.iter().sum::<f64>() / 5.0;
    near(mean, 0.845, 1e-3);
    assert!(line.quality.calibration_error < 0.02);
    let settings = Boosting::new(Loss::Logistic);
    let trees = cross_validate(&cases, 5, 0, |cases| Boosted::fit(cases, &settings)).unwrap();
    assert!(trees.quality.area_under_curve > 0.84, "{:?}", trees.quality);
    // Nothing gives the answer away; a copy of it does.
    assert_eq!(leaks(&cases, 0.98).unwrap(), Vec::new());
    let mut with_copy = features.clone();
    with_copy.push(Feature::numbers("reason_code", outcome.iter().map(|yes| yes * 3.0).collect()));
    assert_eq!(leaks(&Cases::new(&with_copy, &outcome), 0.98).unwrap()[0].name, "reason_code");
}
