//! Hillstrom's mailings: what they did, and to whom.

use std::collections::BTreeMap;

use guanxi_analytics::scoring::{Boosted, Boosting, Cases, Feature, Loss, Scorer};
use guanxi_analytics::uplift::{Method, Trial, cross_fitted, qini};

use crate::{data, near};

/// The arms of the trial with the features that were known before.
struct Arms {
    segment: Vec<String>,
    features: Vec<Feature>,
    visit: Vec<f64>,
    spend: Vec<f64>,
}

fn hillstrom() -> Option<Arms> {
    let mut reader = csv::Reader::from_path(data("hillstrom/hillstrom.csv")?).unwrap();
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let place = |name: &str| headers.iter().position(|known| known == name).unwrap();
    let text = |name: &str| -> Vec<String> {
        rows.iter().map(|row| row[place(name)].to_owned()).collect()
    };
    let numbers = |name: &str| -> Vec<f64> {
        rows.iter().map(|row| row[place(name)].parse().unwrap()).collect()
    };
    let kinds = |name: &str| {
        let cells = text(name);
        let all: std::collections::BTreeSet<&String> = cells.iter().collect();
        let code = |cell: &String| all.iter().position(|known| *known == cell).map(|at| at as u32);
        Feature::categories(name, cells.iter().map(code).collect())
    };
    let features = ["recency", "history", "mens", "womens", "newbie"]
        .map(|name| Feature::numbers(name, numbers(name)))
        .into_iter()
        .chain(["zip_code", "channel"].map(kinds))
        .collect();
    Some(Arms {
        segment: text("segment"),
        features,
        visit: numbers("visit"),
        spend: numbers("spend"),
    })
}

#[test]
fn the_mailings_of_hillstrom() {
    let Some(arms) = hillstrom() else { return };
    let mut outcomes: BTreeMap<&str, [Vec<f64>; 2]> = BTreeMap::new();
    for (row, segment) in arms.segment.iter().enumerate() {
        let [visit, spend] = outcomes.entry(segment).or_default();
        visit.push(arms.visit[row]);
        spend.push(arms.spend[row]);
    }
    let control = &outcomes["No E-Mail"];
    for (segment, outcome, value, error) in [
        ("Mens E-Mail", 0, 0.076_590, 0.003_386),
        ("Mens E-Mail", 1, 0.769_827, 0.145_247),
        ("Womens E-Mail", 0, 0.045_233, 0.003_234),
        ("Womens E-Mail", 1, 0.424_412, 0.130_333),
    ] {
        let found = guanxi_analytics::experiment::difference(
            &outcomes[segment][outcome],
            &control[outcome],
            0.95,
        )
        .unwrap();
        near(found.value, value, 5e-7);
        near(found.standard_error, error, 5e-6);
    }
}

/// The mailing for women moves those who bought for women before; that is known of this trial
/// (Radcliffe, *Hillstrom's MineThatData Email Analytics Challenge*, 2008).
#[test]
fn whom_the_mailing_for_women_moves() {
    let Some(arms) = hillstrom() else { return };
    let rows: Vec<usize> =
        (0..arms.visit.len()).filter(|row| arms.segment[*row] != "Mens E-Mail").collect();
    let features = guanxi_analytics::scoring::of_rows(&arms.features, &rows);
    let treated: Vec<bool> = rows.iter().map(|row| arms.segment[*row] != "No E-Mail").collect();
    let outcome: Vec<f64> = rows.iter().map(|row| arms.visit[*row]).collect();
    let trial = Trial { features: &features, treated: &treated, outcome: &outcome };
    let learner = |cases: &Cases<'_>| -> guanxi_analytics::Result<Box<dyn Scorer>> {
        let settings =
            Boosting { leaves: 4, rate: 0.1, trees: 60, ..Boosting::new(Loss::Logistic) };
        Ok(Box::new(Boosted::fit(cases, &settings)?))
    };
    for method in [Method::TwoModels, Method::ClassTransformation, Method::CrossLearner] {
        let effects = cross_fitted(&trial, method, &learner, 2, 0).unwrap();
        let judged = qini(&effects, &treated, &outcome, 0.95, 0).unwrap();
        eprintln!("{method:?}: area {:?}, Qini {:?}", judged.area, judged.coefficient);
        near(judged.effect, 0.045_233, 1e-4);
        assert!(judged.coefficient.low > 0.0);
        let guanxi_analytics::scoring::Values::Numbers(womens) = &features[3].values else {
            return;
        };
        let mean = |bought: f64| {
            let of = effects.iter().zip(womens).filter(|(_, w)| **w == bought).map(|(e, _)| *e);
            of.clone().sum::<f64>() / of.count() as f64
        };
        assert!(mean(1.0) > mean(0.0) + 0.03, "{} {}", mean(1.0), mean(0.0));
    }
}
