//! What customers will still be worth: the model of purchases that foretold a hold-out best, what
//! is spent at once, and the chance that they are still there.

use guanxi_analytics::value::{
    Candidate, Family, GammaGamma, Histories, Nbd, PurchaseModel, choose_over, discounted_value,
};
use guanxi_base::{Error, Result};
use serde_json::{Value as Json, json};

use super::left_aside::LeftAside;
use super::purchases::{self, Purchase, Purchases};

/// The models count in weeks.
const WEEK: f64 = 7.0;
/// What is expected is told for a year.
const YEAR_WEEKS: f64 = 52.0;
/// What comes later than this many half years counts for nothing.
const HALF_YEARS: usize = 6;
/// What money costs in half a year: 10 % a year.
const HALF_YEAR_RATE: f64 = 0.048_808_848;
/// The hold-out is this share of the time that there is, but not more than a year.
const HELD_OUT: f64 = 1.0 / 3.0;
/// Nobody spends less at once, in whole units of money.
const LEAST_SPENT: f64 = 1e-4;
/// Fewer buyers than this tell nothing about a model.
const BUYERS_MIN: usize = 30;

/// Over fewer days than this nothing is told of what is to come: of a week nobody knows the year.
pub(super) const SPAN_MIN: i32 = 90;

/// Over how many days there are purchases, until the day as of which everything is said.
pub(super) fn span(purchases: &Purchases) -> i32 {
    first_day(purchases).map_or(0, |first| purchases.day() - first)
}

/// The first day of the purchases but for a few: two of a mistyped year make no firm older. Of few
/// altogether only as many are left out as leave most of them.
fn first_day(purchases: &Purchases) -> Option<i32> {
    let mut days: Vec<i32> = purchases.days().collect();
    let few = LeftAside::few(days.len()).min(days.len() / 4);
    if days.is_empty() {
        return None;
    }
    Some(*days.select_nth_unstable(few).1)
}

/// What is expected of every buyer, in their order.
#[derive(Debug, Clone)]
pub(super) struct Worth {
    /// How likely they are to buy again; none where no model of leaving fits.
    pub(super) alive: Option<Vec<f64>>,
    /// Purchases in a year.
    pub(super) expected: Vec<f64>,
    /// What their purchases will be worth today, in 1/10,000 of the unit.
    pub(super) value: Vec<f64>,
    /// The model and how it came about, for its card.
    pub(super) card: Json,
    /// The name of the model.
    pub(super) model: &'static str,
}

/// What is known of a buyer at a day: repeats, recency and age in weeks; purchases on one day
/// count once.
fn history(purchases: &[Purchase], until: i32) -> Option<([f64; 3], usize)> {
    let known = purchases::until(purchases, until);
    let (first, last) = (known.first()?.day, known.last()?.day);
    let days = known.windows(2).filter(|pair| pair[0].day != pair[1].day).count();
    let weeks = |days: i32| f64::from(days) / WEEK;
    Some(([days as f64, weeks(last - first), weeks(until - first)], known.len()))
}

fn histories(rows: &[[f64; 3]]) -> Result<Histories> {
    let column = |at: usize| rows.iter().map(|row| row[at]).collect::<Vec<f64>>();
    Histories::new(&column(0), &column(1), &column(2)).map_err(Error::internal)
}

/// What buyers will be worth. `calibration` is the last day that the models are fitted to before
/// they are compared with what came after it; two thirds of the time when nobody says. `in_use` is
/// the model of the last run, which stays unless another is better for sure.
///
/// # Errors
/// When a model fails on what it should take.
pub(super) fn worth(
    purchases: &Purchases,
    buyers: &[usize],
    calibration: Option<i32>,
    in_use: Option<&str>,
) -> Result<Worth> {
    let until = purchases.as_of;
    let (first, last) = (first_day(purchases), purchases.days().max());
    let (first, last) = (first.unwrap_or(until), last.unwrap_or(until));
    let held_out = (f64::from(last - first) * HELD_OUT).min(YEAR_WEEKS * WEEK) as i32;
    let cut = calibration.unwrap_or(last - held_out);
    let now: Vec<[f64; 3]> = buyers
        .iter()
        .filter_map(|place| Some(history(purchases.lived(*place), until)?.0))
        .collect();
    let all = histories(&now)?;
    let compared = compare(purchases, buyers, (cut, last), in_use.and_then(Family::named))?;
    let ranked = compared.as_ref().map(|compared| compared.ranked.as_slice());
    let model = fitted(ranked.unwrap_or(&Family::ALL), &all);
    // In that model nobody leaves.
    let fell_back = model.name() == Family::Nbd.name();
    let is_shrunk = fell_back && model.fit().log_likelihood.is_nan();
    let alive = (!fell_back).then(|| model.probability_alive(&all));
    let expected = model.expected_purchases(&all, YEAR_WEEKS);
    let (spent, spending) = spent_at_once(purchases, buyers, until)?;
    let half_year = YEAR_WEEKS / 2.0;
    let mut value = discounted_value(&*model, &all, &spent, HALF_YEARS, half_year, HALF_YEAR_RATE)
        .map_err(Error::internal)?;
    for (value, place) in value.iter_mut().zip(buyers) {
        *value *= purchases.told(*place).share();
    }
    let card = json!({
        "model": model.name(),
        "falls_back": fell_back,
        "boundary": model.fit().boundary.map(|boundary| format!("{boundary:?}")),
        "is_penalised": model.fit().is_penalised,
        "is_shrunk": is_shrunk,
        "stayed": in_use == Some(model.name()),
        "unit": "week",
        "parameters": parameters(&model.fit().parameters),
        "log_likelihood": number(model.fit().log_likelihood),
        "calibration": compared.map(|compared| compared.card),
        "spending": spending,
        "discount_a_year": 0.1,
        "years": HALF_YEARS / 2,
        "expected_of_new": number(model.expected_purchases_of_new(YEAR_WEEKS)),
    });
    Ok(Worth { alive, expected, value, card, model: model.name() })
}

impl Worth {
    /// Nobody is expected to buy less often than the chance says that they buy at all: where the
    /// model of purchases says less, what is expected is raised to that, with its value.
    pub(super) fn raise(&mut self, chances: &[f64]) {
        for (at, chance) in chances.iter().enumerate() {
            let (expected, value) = (&mut self.expected[at], &mut self.value[at]);
            if *expected < *chance {
                let times = if *expected > 0.0 { *chance / *expected } else { 1.0 };
                (*expected, *value) = (*chance, *value * times);
            }
        }
    }
}

struct Compared {
    /// The models, the one that was chosen first.
    ranked: Vec<Family>,
    card: Json,
}

/// Fits all models to the time before a day and compares them with what came after it.
fn compare(
    purchases: &Purchases,
    buyers: &[usize],
    (cut, last): (i32, i32),
    in_use: Option<Family>,
) -> Result<Option<Compared>> {
    let (mut rows, mut happened) = (Vec::new(), Vec::new());
    for place in buyers {
        let of = purchases.lived(*place);
        let Some((row, known)) = history(of, cut) else { continue };
        rows.push(row);
        let mut days: Vec<i32> = of[known..].iter().map(|purchase| purchase.day).collect();
        days.dedup();
        happened.push(days.len() as f64);
    }
    let horizon = f64::from(last - cut) / WEEK;
    if rows.len() < BUYERS_MIN || horizon <= 0.0 {
        return Ok(None);
    }
    let choice =
        choose_over(&histories(&rows)?, &happened, horizon, in_use).map_err(Error::internal)?;
    let card = json!({
        "until": guanxi_warehouse::day_of(cut).to_string(),
        "customers": rows.len(),
        "horizon": horizon,
        "candidates": choice.candidates.iter().map(candidate).collect::<Vec<_>>(),
        "spending": spent_at_once(purchases, buyers, cut)?.1,
    });
    Ok(Some(Compared { ranked: choice.ranked, card }))
}

fn candidate(candidate: &Candidate) -> Json {
    let evaluation = candidate.evaluation.as_ref();
    json!({
        "model": candidate.name,
        "parameters": parameters(&candidate.parameters),
        "log_likelihood": number(candidate.log_likelihood),
        "mean_absolute_error": evaluation.map(|found| number(found.mean_absolute_error)),
        "root_mean_squared_error": evaluation.map(|found| number(found.root_mean_squared_error)),
        "total_ratio": evaluation.map(|found| number(found.total_ratio)),
        "behind": candidate.behind.map(number),
        "boundary": candidate.boundary.map(|boundary| format!("{boundary:?}")),
        "is_penalised": candidate.is_penalised,
        "error": candidate.error.as_ref().map(ToString::to_string),
    })
}

/// The first of some models that can be fitted to all that is known; a shrunk one where none can.
fn fitted(families: &[Family], all: &Histories) -> Box<dyn PurchaseModel> {
    let found = families.iter().find_map(|family| family.fit(all).ok());
    found.unwrap_or_else(|| Box::new(Nbd::shrunk(all)))
}

/// What each buyer will spend at once: by the gamma-gamma model from their purchases after the
/// first, or, where that does not fit, the mean of all that they spent.
fn spent_at_once(purchases: &Purchases, buyers: &[usize], until: i32) -> Result<(Vec<f64>, Json)> {
    let (mut repeats, mut means, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    for place in buyers {
        let of = purchases.of(*place);
        let Some((row, known)) = history(of, until) else { continue };
        let of = &of[..known];
        let first_day = of.first().map_or(0, |purchase| purchase.day);
        let sum = |all: &mut dyn Iterator<Item = &Purchase>| {
            all.map(|purchase| purchase.units as f64).sum::<f64>()
        };
        let later = sum(&mut of.iter().filter(|purchase| purchase.day != first_day));
        repeats.push(row[0]);
        means.push(if row[0] > 0.0 { later / row[0] } else { 0.0 });
        plain.push(sum(&mut of.iter()) / (row[0] + 1.0));
    }
    // In whole units of money, in which the published parameters are.
    let scaled: Vec<f64> = means.iter().map(|mean| (mean / 1e4).max(LEAST_SPENT)).collect();
    // Who came back for nothing says nothing about what is spent.
    let paid = repeats.iter().zip(&means).map(|(n, mean)| if *mean > 0.0 { *n } else { 0.0 });
    let model = match GammaGamma::estimate(&paid.collect::<Vec<_>>(), &scaled) {
        Ok(model) if model.fit().boundary.is_none() => model,
        Ok(model) => {
            let card = json!({
                "model": "mean", "falls_back": true,
                "boundary": model.fit().boundary.map(|boundary| format!("{boundary:?}")),
                "parameters": parameters(&model.fit().parameters),
            });
            return Ok((plain, card));
        }
        Err(error) => {
            let card = json!({ "model": "mean", "falls_back": true, "error": error.to_string() });
            return Ok((plain, card));
        }
    };
    let expected = model.expected_value(&repeats, &scaled).map_err(Error::internal)?;
    let card = json!({
        "model": "Gamma-Gamma",
        "falls_back": false,
        "parameters": parameters(&model.fit().parameters),
        "log_likelihood": number(model.fit().log_likelihood),
    });
    Ok((expected.into_iter().map(|value| value * 1e4).collect(), card))
}

fn parameters(all: &[(&'static str, f64)]) -> Json {
    all.iter().map(|(name, value)| json!([name, number(*value)])).collect()
}

/// A number for JSON, which knows no infinity.
pub(super) fn number(value: f64) -> Json {
    if value.is_finite() { json!(value) } else { Json::Null }
}
