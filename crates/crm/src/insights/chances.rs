//! One chance of a purchase for each span of time, and they never contradict each other: that of a
//! year is put together from those of ninety days, one after the other. How far they can be believed
//! is told by what came of those that would have been said earlier.

use guanxi_analytics::scoring::Scorer;
use guanxi_base::{Error, Result};
use serde_json::{Value as Json, json};

use super::propensity::{FEATURES, HORIZON, columns, features_of};
use super::purchases::Purchases;
use super::worth::number;

/// What "within a year" means, in days.
pub const YEAR: i32 = 365;
/// Groups of the table that compares what was said with what came.
const GROUPS: usize = 10;
/// From fewer absences nothing is told.
const ABSENCES_MIN: usize = 30;
/// So many, at least, who were away as long tell about one.
const ALIKE_MIN: usize = 10;
/// The share of all weighs as much as so many customers.
const SHRUNK_BY: f64 = 5.0;

/// How alike people are of whom the same is known: whoever did not come when they might have is
/// less likely to come than others who look like them, as in a beta-binomial model with this
/// concentration. Without it what is said of half a year and longer is a fifth too much on two
/// published logs of purchases; the value was chosen on those logs, and is proved on no other.
const ALIKENESS: f64 = 1.5;

/// By how much less somebody comes who did not come for so many spans before.
fn passed_over(spans: i32) -> f64 {
    ALIKENESS / (ALIKENESS + f64::from(spans))
}

/// The chances of buying within so many days from a day on: within the first ninety, and if not, within
/// the next, as somebody who has been away for so much longer and did not come.
pub(super) fn within(
    model: &dyn Scorer,
    purchases: &Purchases,
    buyers: &[usize],
    (day, gap): (i32, f64),
    days: i32,
) -> Result<Vec<f64>> {
    let mut stays_away = vec![1.0; buyers.len()];
    let mut from = 0;
    while from < days {
        let rows: Vec<[f64; FEATURES.len()]> = buyers
            .iter()
            .map(|place| {
                // Only what was bought before the day is known on it.
                let known = purchases.told(*place).before(day);
                features_of(known, day + from, gap).unwrap_or_default()
            })
            .collect();
        let scores = model.scores(&columns(&rows)).map_err(Error::internal)?;
        // The last part may be shorter.
        let share = f64::from((days - from).min(HORIZON)) / f64::from(HORIZON);
        for (stays, score) in stays_away.iter_mut().zip(scores) {
            *stays *= (1.0 - score.clamp(0.0, 1.0) * passed_over(from / HORIZON)).powf(share);
        }
        from += HORIZON;
    }
    Ok(stays_away.into_iter().map(|stays| 1.0 - stays).collect())
}

/// By tenths of the chances that were said, the least first: how many there were, what was said of
/// them on average, and which share of them bought.
pub(super) fn compared(said: &[f64], came: &[f64]) -> Json {
    let mut order: Vec<usize> = (0..said.len()).collect();
    order.sort_unstable_by(|a, b| said[*a].total_cmp(&said[*b]).then(a.cmp(b)));
    let size = order.len().div_ceil(GROUPS).max(1);
    let mean = |of: &[f64], rows: &[usize]| {
        rows.iter().map(|row| of[*row]).sum::<f64>() / rows.len() as f64
    };
    let groups: Vec<Json> = order
        .chunks(size)
        .map(|rows| json!([rows.len(), number(mean(said, rows)), number(mean(came, rows))]))
        .collect();
    let all: Vec<usize> = (0..said.len()).collect();
    json!({
        "customers": said.len(), "said": number(mean(said, &all)), "came": number(mean(came, &all)),
        "groups": groups,
    })
}

/// Where no model can be learnt: of those who were away as long, ninety days before, how many came
/// within them. Shares of few are drawn to that of all.
#[derive(Debug, Clone)]
pub(super) struct Absences {
    /// How long each was away then, and whether they came; the longest first.
    away: Vec<(i32, bool)>,
    all: f64,
}

impl Absences {
    pub(super) fn of(purchases: &Purchases, buyers: &[usize]) -> Option<Self> {
        let cut = purchases.as_of - HORIZON;
        let mut away: Vec<(i32, bool)> = buyers
            .iter()
            .filter_map(|place| {
                let of = purchases.lived(*place);
                let known = of.partition_point(|one| one.day < cut);
                let last = of.get(known.checked_sub(1)?)?;
                Some((cut - last.day, known < of.len()))
            })
            .collect();
        if away.len() < ABSENCES_MIN {
            return None;
        }
        away.sort_unstable_by_key(|one| std::cmp::Reverse(*one));
        let came = away.iter().filter(|(_, came)| *came).count();
        let all = (came as f64 + 0.5) / (away.len() as f64 + 1.0);
        Some(Self { away, all })
    }

    /// The chance of who has been away for so many days to buy within so many more: within the
    /// first ninety, and if not, within the next, as somebody who has been away for so much longer.
    pub(super) fn chance(&self, away: i32, days: i32) -> f64 {
        let (mut stays, mut from) = (1.0, 0);
        while from < days {
            let share = f64::from((days - from).min(HORIZON)) / f64::from(HORIZON);
            let soon = self.soon(away.saturating_add(from)) * passed_over(from / HORIZON);
            stays *= (1.0 - soon).powf(share);
            from += HORIZON;
        }
        1.0 - stays
    }

    /// The share of those away as long, or longer, who came within ninety days.
    fn soon(&self, away: i32) -> f64 {
        let longer = self.away.partition_point(|(known, _)| *known >= away);
        let alike = &self.away[..longer.max(ALIKE_MIN).min(self.away.len())];
        let came = alike.iter().filter(|(_, came)| *came).count() as f64;
        (came + SHRUNK_BY * self.all) / (alike.len() as f64 + SHRUNK_BY)
    }
}

#[cfg(test)]
mod tests {
    use super::super::purchases::Purchase;
    use super::*;

    #[test]
    fn what_was_said_is_set_against_what_came() {
        let said: Vec<f64> = (0..100).map(|at| f64::from(at) / 100.0).collect();
        let came: Vec<f64> = (0..100).map(|at| f64::from(u8::from(at >= 50))).collect();
        let found = compared(&said, &came);
        assert_eq!(found["groups"].as_array().unwrap().len(), 10);
        assert_eq!((&found["groups"][0][2], &found["groups"][9][2]), (&json!(0.0), &json!(1.0)));
        assert!((found["said"].as_f64().unwrap() - 0.495).abs() < 1e-9);
        assert_eq!(found["came"], json!(0.5));
    }

    #[test]
    fn who_is_away_for_longer_comes_less_and_nobody_never() {
        // Who bought within the last year before the cut came again, the others did not.
        let of = |at: i32| {
            let last = 1_000 - at * 10;
            let again = (at < 36).then_some(Purchase { day: 1_050, units: 1 });
            [Some(Purchase { day: last, units: 1 }), again].into_iter().flatten().collect()
        };
        let purchases = Purchases::made(&(1..90).map(of).collect::<Vec<Vec<_>>>(), 1_091);
        let found = Absences::of(&purchases, &purchases.buyers()).unwrap();
        let (near, far) = (found.chance(20, HORIZON), found.chance(800, HORIZON));
        assert!(near > far && far > 0.0, "{near} {far}");
        assert!(found.chance(800, YEAR) > far);
        let few = Purchases::made(&[vec![Purchase { day: 1, units: 1 }]], 200);
        assert!(Absences::of(&few, &few.buyers()).is_none());
    }
}
