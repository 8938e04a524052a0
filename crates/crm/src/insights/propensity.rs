//! Who is likely to buy soon: learnt from who, as of some time ago, bought in the time after it, and
//! tried on customers that were not learnt from.
//!
//! What moves the score of a customer is told by the share of each feature in its log-odds, against
//! an average customer: of a sum these are the Shapley values (Lundberg & Lee, NeurIPS 2017).

use guanxi_analytics::scoring::{Cases, Feature, Logistic, area_under_curve, cross_validate};
use guanxi_base::{Error, Result, Rng};
use serde_json::{Value as Json, json};

use super::chances::{self, Absences, YEAR};
use super::purchases::{Bought, Purchases};
use super::worth::number;

/// Within so many days.
pub const HORIZON: i32 = 90;
/// On so many days, at most, they are looked at, one horizon from the next.
const DAYS_LEARNT: i32 = 4;
/// So many customers are learnt from.
const CASES_MAX: usize = 20_000;
/// From fewer who bought, or did not, nothing is learnt.
const CASES_MIN: usize = 50;
/// Folds of the trial.
const FOLDS: usize = 5;
/// How strongly coefficients are held back.
const RIDGE: f64 = 1.0;

/// What is known of a buyer as of a day.
pub(super) const FEATURES: [&str; 6] =
    ["purchases", "this_year", "recency", "tenure", "mean", "overdue"];

/// How likely each buyer is to buy.
pub(super) struct Propensity {
    /// Within the horizon; none where no model is better than guessing.
    pub(super) soon: Option<Vec<f64>>,
    /// Within a year, never less than within the horizon; none where too little is known.
    pub(super) year: Option<Vec<f64>>,
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

/// The features of a buyer as of a day, from what they bought before it; none before the first
/// purchase. `gap` is the usual number of days between purchases of all.
pub(super) fn features_of(of: Bought<'_>, day: i32, gap: f64) -> Option<[f64; FEATURES.len()]> {
    let Bought { lived, told } = of.before(day);
    let (first, last) = (lived.first()?, lived.last()?);
    let count = lived.len() as f64;
    let year = lived.iter().filter(|one| one.day >= day - YEAR).count() as f64;
    let days = |since: i32| f64::from(day - since);
    let own = if lived.len() > 1 { days(first.day) / count } else { gap };
    let units: f64 = told.iter().map(|one| one.units as f64).sum();
    let mean = units / told.len().max(1) as f64;
    Some([
        count.ln_1p(),
        year.ln_1p(),
        days(last.day).ln_1p(),
        days(first.day).ln_1p(),
        (mean / 1e4).max(0.0).ln_1p(),
        ((days(last.day) + 1.0) / (own + 1.0)).ln(),
    ])
}

/// The days between purchases of all buyers who bought again, before a day.
fn usual_gap(purchases: &Purchases, buyers: &[usize], day: i32) -> f64 {
    let (mut days, mut gaps) = (0.0, 0.0);
    for place in buyers {
        let of = purchases.lived(*place);
        let before = &of[..of.partition_point(|one| one.day < day)];
        if let [first, .., last] = before {
            days += f64::from(last.day - first.day);
            gaps += (before.len() - 1) as f64;
        }
    }
    if gaps > 0.0 { days / gaps } else { f64::from(YEAR) }
}

/// Rows as features, each by its name.
pub(super) fn columns(rows: &[[f64; FEATURES.len()]]) -> Vec<Feature> {
    let column = |at: usize| rows.iter().map(|row| row[at]).collect();
    FEATURES.iter().enumerate().map(|(at, name)| Feature::numbers(*name, column(at))).collect()
}

/// What is learnt from: those who had bought before a day, and whether they did after it.
struct Lessons {
    day: i32,
    gap: f64,
    places: Vec<usize>,
    rows: Vec<[f64; FEATURES.len()]>,
    outcome: Vec<f64>,
}

impl Lessons {
    /// Those of a day, from some of the buyers.
    fn of(purchases: &Purchases, buyers: &[usize], some: &[usize], day: i32) -> Self {
        let gap = usual_gap(purchases, buyers, day);
        let (mut places, mut rows, mut outcome) = (Vec::new(), Vec::new(), Vec::new());
        for place in some {
            let Some(row) = features_of(purchases.told(*place), day, gap) else { continue };
            places.push(*place);
            rows.push(row);
            outcome.push(came(purchases, *place, day, HORIZON));
        }
        Self { day, gap, places, rows, outcome }
    }

    fn bought(&self) -> usize {
        self.outcome.iter().filter(|one| **one > 0.0).count()
    }

    /// Too few of either teach nothing.
    fn are_enough(&self) -> bool {
        let bought = self.bought();
        bought.min(self.rows.len() - bought) >= CASES_MIN
    }
}

/// What is learnt from the customers as they were on a day, and on days before it, one horizon from the
/// next: of one day alone nobody learns what it means to be a customer for longer, or another season.
/// Nothing where there is too little on that day.
fn learnt(purchases: &Purchases, buyers: &[usize], some: &[usize], day: i32) -> Option<Logistic> {
    let newest = Lessons::of(purchases, buyers, some, day);
    if !newest.are_enough() {
        return None;
    }
    let (mut rows, mut outcome) = (newest.rows.clone(), newest.outcome.clone());
    for before in 1..DAYS_LEARNT {
        let older = Lessons::of(purchases, buyers, some, day - before * HORIZON);
        if !older.are_enough() {
            break;
        }
        rows.extend(older.rows);
        outcome.extend(older.outcome);
    }
    Logistic::fit(&Cases::new(&columns(&rows), &outcome), RIDGE).ok()
}

/// Whether somebody bought within so many days from a day on.
fn came(purchases: &Purchases, place: usize, day: i32, days: i32) -> f64 {
    let of = purchases.lived(place);
    let next = of.get(of.partition_point(|one| one.day < day));
    f64::from(u8::from(next.is_some_and(|next| next.day < day + days)))
}

impl Propensity {
    pub(super) fn of(purchases: &Purchases, buyers: &[usize]) -> Result<Self> {
        let some = drawn(buyers);
        let cut = purchases.as_of - HORIZON;
        let lessons = Lessons::of(purchases, buyers, &some, cut);
        let (cases, bought) = (lessons.rows.len(), lessons.bought());
        let mut card = json!({ "horizon": HORIZON, "cases": cases, "bought": bought });
        if !lessons.are_enough() {
            return Self::without(purchases, buyers, card, "too-few");
        }
        let known = columns(&lessons.rows);
        let trial_of = Cases::new(&known, &lessons.outcome);
        let fit = |cases: &Cases<'_>| Logistic::fit(cases, RIDGE);
        let Ok(trial) = cross_validate(&trial_of, FOLDS, 1, fit) else {
            return Self::without(purchases, buyers, card, "all-alike");
        };
        // The naive rule: whoever bought last buys next.
        let recent: Vec<f64> = lessons.rows.iter().map(|row| -row[2]).collect();
        let naive = area_under_curve(&recent, &lessons.outcome).map_err(Error::internal)?;
        let share = bought as f64 / cases as f64;
        card["area"] = number(trial.quality.area_under_curve);
        card["area_naive"] = number(naive);
        card["brier"] = number(trial.quality.brier);
        card["brier_naive"] = number(share * (1.0 - share));
        if !trial.is_better_than_guessing(&lessons.outcome)
            || trial.quality.brier >= share * (1.0 - share)
        {
            return Self::without(purchases, buyers, card, "no-better-than-guessing");
        }
        let Some(model) = learnt(purchases, buyers, &some, cut) else {
            return Self::without(purchases, buyers, card, "all-alike");
        };
        let means = (0..FEATURES.len())
            .map(|at| lessons.rows.iter().map(|row| row[at]).sum::<f64>() / cases as f64);
        let told = model.coefficients().into_iter().zip(means).map(|(one, mean)| {
            json!({ "feature": one.feature, "value": number(one.value), "error": number(one.standard_error),
                "mean": number(mean) })
        });
        card["coefficients"] = told.collect();
        // As it would have been said earlier, where there is enough before that to learn from.
        card["compared"] = match earlier(purchases, buyers, &some, HORIZON)? {
            Some(found) => found,
            None => {
                let mut found = chances::compared(&trial.scores, &lessons.outcome);
                found["by_folds"] = true.into();
                found
            }
        };
        for days in [YEAR, 3 * HORIZON, 2 * HORIZON] {
            if let Some(mut found) = earlier(purchases, buyers, &some, days)? {
                found["days"] = days.into();
                card["compared_long"] = found;
                break;
            }
        }
        let gap_now = usual_gap(purchases, buyers, purchases.as_of);
        card["gap"] = number(gap_now);
        let now = (purchases.as_of, gap_now);
        let soon = chances::within(&model, purchases, buyers, now, HORIZON)?;
        let year = chances::within(&model, purchases, buyers, now, YEAR)?;
        Ok(Self { soon: Some(soon), year: Some(year), card })
    }

    /// What would be said of some buyers about so many days.
    #[cfg(test)]
    pub(super) fn said(
        purchases: &Purchases,
        buyers: &[usize],
        some: &[usize],
        days: i32,
    ) -> Result<Vec<f64>> {
        let cut = purchases.as_of - HORIZON;
        let model = learnt(purchases, buyers, &drawn(buyers), cut);
        let model = model.ok_or_else(|| Error::internal("nothing is learnt"))?;
        let now = (purchases.as_of, usual_gap(purchases, buyers, purchases.as_of));
        chances::within(&model, purchases, some, now, days)
    }

    /// Where nothing is learnt about who buys soon, those who were away as long tell about a year.
    fn without(purchases: &Purchases, buyers: &[usize], mut card: Json, why: &str) -> Result<Self> {
        card["falls_back"] = why.into();
        let year = Absences::of(purchases, buyers).map(|absences| {
            let away = |place: &usize| {
                purchases.lived(*place).last().map_or(0, |last| purchases.as_of - last.day)
            };
            buyers.iter().map(|place| absences.chance(away(place), YEAR)).collect()
        });
        Ok(Self { soon: None, year, card })
    }
}

/// What would have been said so many days ago about who buys within them, learnt from what was known
/// then, against who did; nothing where there was too little to learn from.
fn earlier(
    purchases: &Purchases,
    buyers: &[usize],
    some: &[usize],
    days: i32,
) -> Result<Option<Json>> {
    let then = purchases.as_of - days;
    let Some(model) = learnt(purchases, buyers, some, then - HORIZON) else {
        return Ok(None);
    };
    let asked = Lessons::of(purchases, buyers, some, then);
    let said = chances::within(&model, purchases, &asked.places, (asked.day, asked.gap), days)?;
    let came: Vec<f64> =
        asked.places.iter().map(|place| came(purchases, *place, then, days)).collect();
    Ok(Some(chances::compared(&said, &came)))
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
pub(super) fn reasons(card: &Json, of: Bought<'_>, day: i32) -> Vec<Reason> {
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
    use super::super::purchases::Purchase;
    use super::*;

    /// All of it in one currency.
    fn bought(of: &[Purchase]) -> Bought<'_> {
        Bought { lived: of, told: of }
    }

    #[test]
    fn features_look_only_at_what_was_before() {
        let of = [10, 40, 100].map(|day| Purchase { day, units: 1_000_000 });
        assert_eq!(features_of(bought(&of), 10, 30.0), None);
        let then = features_of(bought(&of), 70, 30.0).unwrap();
        assert_eq!(then[0], 2_f64.ln_1p());
        assert_eq!(then[2], 30_f64.ln_1p());
        assert_eq!(then[4], 100_f64.ln_1p());
        assert_eq!(then[5], (31_f64 / 31.0).ln());
        // When and how often is told from all that they bought, the mean from one currency.
        let now = features_of(Bought { lived: &of, told: &of[..1] }, 130, 30.0).unwrap();
        assert_eq!((now[0], now[2]), (3_f64.ln_1p(), 30_f64.ln_1p()));
        assert_eq!(now[4], 100_f64.ln_1p());
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
        let chances = found.soon.unwrap();
        let year = found.year.unwrap();
        assert!(chances.iter().zip(&year).all(|(soon, year)| soon <= year && *year <= 1.0));
        let mean = |rest: usize| {
            let of = chances.iter().skip(rest).step_by(2);
            of.sum::<f64>() / (chances.len() / 2) as f64
        };
        assert!(mean(0) > 0.9 && mean(1) < 0.1, "{} {}", mean(0), mean(1));
        assert!(found.card["area"].as_f64().unwrap() > 0.99);
        assert!(
            found.card["brier"].as_f64().unwrap() < found.card["brier_naive"].as_f64().unwrap()
        );
        let said = reasons(&found.card, purchases.told(1), purchases.as_of);
        assert!(said[0].adds < 0.0, "{said:?}");
    }

    #[test]
    fn where_there_is_nothing_to_learn_nobody_is_told() {
        let few = Purchases::made(&[vec![Purchase { day: 1, units: 1 }]], 200);
        let found = Propensity::of(&few, &few.buyers()).unwrap();
        assert_eq!((found.soon, &found.card["falls_back"]), (None, &json!("too-few")));
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
        let found = reasons(&card, bought(&of), 20);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].feature, "purchases");
        assert!((found[0].adds - 2.0 * (2_f64.ln() - 1.0)).abs() < 1e-12);
        assert!((found[1].adds + 0.5 * (11_f64.ln() - 3.0)).abs() < 1e-12);
    }
}
