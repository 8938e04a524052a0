//! Who is likely to buy soon: learnt from who, as of some time ago, bought in the time after it, and
//! tried on customers that were not learnt from.
//!
//! What moves the score of a customer is told by the share of each feature in its log-odds, against
//! an average customer: of a sum these are the Shapley values (Lundberg & Lee, NeurIPS 2017).

use guanxi_analytics::scoring::{
    Cases, Feature, Logistic, Scorer as _, area_under_curve, cross_validate,
};
use guanxi_base::{Error, Result, Rng};
use serde_json::{Value as Json, json};

use super::purchases::{Purchase, Purchases};
use super::worth::number;

/// Within so many days.
pub const HORIZON: i32 = 90;
/// So many customers are learnt from.
const CASES_MAX: usize = 20_000;
/// From fewer who bought, or did not, nothing is learnt.
const CASES_MIN: usize = 50;
/// Folds of the trial.
const FOLDS: usize = 5;
/// How strongly coefficients are held back.
const RIDGE: f64 = 1.0;
const YEAR: i32 = 365;

/// What is known of a buyer as of a day.
const FEATURES: [&str; 6] = ["purchases", "this_year", "recency", "tenure", "mean", "overdue"];

/// How likely each buyer is to buy within the horizon.
pub(super) struct Propensity {
    /// For each buyer; none where no model is better than guessing.
    pub(super) chances: Option<Vec<f64>>,
    /// What there is to know about the model.
    pub(super) card: Json,
}

/// What speaks for a purchase soon, and what against it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The feature.
    pub feature: &'static str,
    /// By how much the log-odds are higher than those of an average buyer.
    pub adds: f64,
}

/// The features of a buyer as of a day, from what they bought before it, ascending by day; none
/// before the first purchase. `gap` is the usual number of days between purchases of all.
fn features_of(of: &[Purchase], day: i32, gap: f64) -> Option<[f64; FEATURES.len()]> {
    let before = &of[..of.partition_point(|one| one.day < day)];
    let (first, last) = (before.first()?, before.last()?);
    let count = before.len() as f64;
    let year = before.iter().filter(|one| one.day >= day - YEAR).count() as f64;
    let days = |since: i32| f64::from(day - since);
    let own = if before.len() > 1 { days(first.day) / count } else { gap };
    let units: f64 = before.iter().map(|one| one.units as f64).sum();
    Some([
        count.ln_1p(),
        year.ln_1p(),
        days(last.day).ln_1p(),
        days(first.day).ln_1p(),
        (units / count / 1e4).max(0.0).ln_1p(),
        ((days(last.day) + 1.0) / (own + 1.0)).ln(),
    ])
}

/// The days between purchases of all buyers who bought again, before a day.
fn usual_gap(purchases: &Purchases, buyers: &[usize], day: i32) -> f64 {
    let (mut days, mut gaps) = (0.0, 0.0);
    for place in buyers {
        let of = purchases.of(*place);
        let before = &of[..of.partition_point(|one| one.day < day)];
        if let [first, .., last] = before {
            days += f64::from(last.day - first.day);
            gaps += (before.len() - 1) as f64;
        }
    }
    if gaps > 0.0 { days / gaps } else { f64::from(YEAR) }
}

/// Rows as features, each by its name.
fn columns(rows: &[[f64; FEATURES.len()]]) -> Vec<Feature> {
    let column = |at: usize| rows.iter().map(|row| row[at]).collect();
    FEATURES.iter().enumerate().map(|(at, name)| Feature::numbers(*name, column(at))).collect()
}

impl Propensity {
    pub(super) fn of(purchases: &Purchases, buyers: &[usize]) -> Result<Self> {
        let cut = purchases.as_of - HORIZON;
        let gap = usual_gap(purchases, buyers, cut);
        let (mut rows, mut outcome) = (Vec::new(), Vec::new());
        for place in drawn(buyers) {
            let of = purchases.of(place);
            let Some(row) = features_of(of, cut, gap) else { continue };
            rows.push(row);
            outcome.push(f64::from(u8::from(of.last().is_some_and(|last| last.day >= cut))));
        }
        let bought = outcome.iter().filter(|one| **one > 0.0).count();
        let mut card = json!({ "horizon": HORIZON, "cases": rows.len(), "bought": bought });
        if bought.min(rows.len() - bought) < CASES_MIN {
            card["falls_back"] = "too-few".into();
            return Ok(Self { chances: None, card });
        }
        let known = columns(&rows);
        let cases = Cases::new(&known, &outcome);
        let fit = |cases: &Cases<'_>| Logistic::fit(cases, RIDGE);
        let Ok(trial) = cross_validate(&cases, FOLDS, 1, fit) else {
            card["falls_back"] = "all-alike".into();
            return Ok(Self { chances: None, card });
        };
        // The naive rule: whoever bought last buys next.
        let recent: Vec<f64> = rows.iter().map(|row| -row[2]).collect();
        let naive = area_under_curve(&recent, &outcome).map_err(Error::internal)?;
        let share = bought as f64 / rows.len() as f64;
        card["area"] = number(trial.quality.area_under_curve);
        card["area_naive"] = number(naive);
        card["brier"] = number(trial.quality.brier);
        card["brier_naive"] = number(share * (1.0 - share));
        if !trial.is_better_than_guessing(&outcome) || trial.quality.brier >= share * (1.0 - share)
        {
            card["falls_back"] = "no-better-than-guessing".into();
            return Ok(Self { chances: None, card });
        }
        let model = fit(&cases).map_err(Error::internal)?;
        let means = (0..FEATURES.len())
            .map(|at| rows.iter().map(|row| row[at]).sum::<f64>() / rows.len() as f64);
        let told = model.coefficients().into_iter().zip(means).map(|(one, mean)| {
            json!({ "feature": one.feature, "value": number(one.value), "error": number(one.standard_error),
                "mean": number(mean) })
        });
        card["coefficients"] = told.collect();
        let gap_now = usual_gap(purchases, buyers, purchases.as_of);
        card["gap"] = number(gap_now);
        let now: Vec<_> = buyers
            .iter()
            .map(|place| {
                let of = purchases.of(*place);
                features_of(of, purchases.as_of, gap_now).unwrap_or_default()
            })
            .collect();
        let chances = model.scores(&columns(&now)).map_err(Error::internal)?;
        Ok(Self { chances: Some(chances), card })
    }
}

/// So many of the buyers at most, drawn at random.
fn drawn(buyers: &[usize]) -> Vec<usize> {
    let mut rng = Rng::seeded(buyers.len() as u64);
    let mut drawn = buyers.to_vec();
    let wanted = drawn.len().min(CASES_MAX);
    for at in 0..wanted {
        let other = at + rng.below(drawn.len() - at);
        drawn.swap(at, other);
    }
    drawn.truncate(wanted);
    drawn
}

/// What moves the chance of somebody who bought this, by the card of a run as of a day; the
/// strongest first.
pub(super) fn reasons(card: &Json, of: &[Purchase], day: i32) -> Vec<Reason> {
    let (Some(told), Some(gap)) = (card["coefficients"].as_array(), card["gap"].as_f64()) else {
        return Vec::new();
    };
    let Some(features) = features_of(of, day, gap) else { return Vec::new() };
    let reasons = FEATURES.iter().zip(features).filter_map(|(feature, value)| {
        let one = told.iter().find(|one| one["feature"] == *feature)?;
        let adds = one["value"].as_f64()? * (value - one["mean"].as_f64()?);
        Some(Reason { feature, adds })
    });
    let mut reasons: Vec<Reason> = reasons.collect();
    reasons.sort_by(|one, other| other.adds.abs().total_cmp(&one.adds.abs()));
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_look_only_at_what_was_before() {
        let bought = |day| Purchase { day, units: 1_000_000 };
        let of = [bought(10), bought(40), bought(100)];
        assert_eq!(features_of(&of, 10, 30.0), None);
        let then = features_of(&of, 70, 30.0).unwrap();
        assert_eq!(then[0], 2_f64.ln_1p());
        assert_eq!(then[2], 30_f64.ln_1p());
        assert_eq!(then[4], 100_f64.ln_1p());
        assert_eq!(then[5], (31_f64 / 31.0).ln());
    }

    /// Half of the customers buy every twenty days until the end, the others stopped long ago or
    /// buy at random.
    fn shop(regular: bool) -> Purchases {
        let mut rng = Rng::seeded(7);
        let of = (0..400).map(|at| {
            let until = if at % 2 == 0 || !regular { 1_000 } else { 500 };
            let days = (0..until).step_by(20).filter(|_| regular || rng.below(20) == 0);
            days.map(|day| Purchase { day: day + at % 20, units: 1_000_000 }).collect()
        });
        Purchases::made(&of.collect::<Vec<_>>(), 1_021)
    }

    #[test]
    fn who_comes_back_is_told_from_who_stopped() {
        let purchases = shop(true);
        let found = Propensity::of(&purchases, &purchases.buyers()).unwrap();
        let chances = found.chances.unwrap();
        let mean = |rest: usize| {
            let of = chances.iter().skip(rest).step_by(2);
            of.sum::<f64>() / (chances.len() / 2) as f64
        };
        assert!(mean(0) > 0.9 && mean(1) < 0.1, "{} {}", mean(0), mean(1));
        assert!(found.card["area"].as_f64().unwrap() > 0.99);
        assert!(
            found.card["brier"].as_f64().unwrap() < found.card["brier_naive"].as_f64().unwrap()
        );
        let said = reasons(&found.card, purchases.of(1), purchases.as_of);
        assert!(said[0].adds < 0.0, "{said:?}");
    }

    #[test]
    fn where_there_is_nothing_to_learn_nobody_is_told() {
        let few = Purchases::made(&[vec![Purchase { day: 1, units: 1 }]], 200);
        let found = Propensity::of(&few, &few.buyers()).unwrap();
        assert_eq!((found.chances, &found.card["falls_back"]), (None, &json!("too-few")));
        let purchases = shop(false);
        let found = Propensity::of(&purchases, &purchases.buyers()).unwrap();
        let area = found.card["area"].as_f64().unwrap();
        assert!(area < 0.65, "{area}");
    }

    #[test]
    fn reasons_are_the_parts_of_the_sum() {
        let card = json!({ "gap": 30.0, "coefficients": [
            { "feature": "recency", "value": -0.5, "mean": 3.0 },
            { "feature": "purchases", "value": 2.0, "mean": 1.0 },
        ] });
        let of = [Purchase { day: 10, units: 10_000 }];
        let found = reasons(&card, &of, 20);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].feature, "purchases");
        assert!((found[0].adds - 2.0 * (2_f64.ln() - 1.0)).abs() < 1e-12);
        assert!((found[1].adds + 0.5 * (11_f64.ln() - 3.0)).abs() < 1e-12);
    }
}
