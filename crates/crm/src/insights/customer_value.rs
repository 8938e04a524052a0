//! The analysis of what each customer is worth: recency, frequency and money, classes, value still
//! to come, stage of life; and what is set off where a customer has moved.

use std::collections::{HashMap, HashSet};

use guanxi_analytics::cluster::{KMeans, SILHOUETTE_MIN, choose_k, profiles};
use guanxi_analytics::cohort::cohorts;
use guanxi_analytics::concentration::{Class, Concentration};
use guanxi_analytics::rfm::{Scores, by_quantiles};
use guanxi_base::{Currency, Decimal, Error, Money, Percent, RawId, Result};
use guanxi_record::{Choice as _, Record as _, Value};
use guanxi_warehouse::day_of;
use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _,
};
use serde_json::{Value as Json, json};

use super::exact_sum::ExactSum;
use super::left_aside::LeftAside;
use super::life::{Known, Life, life_of};
use super::life_rules::LifeRules;
use super::propensity::Propensity;
use super::purchases::{Bought, Purchase, Purchases, until};
use super::standing::FIELDS as STANDING;
use super::worth::{SPAN_MIN, Worth, number, span, worth};
use crate::people::{AbcClass, Customer, LifeStage};

/// The shares of the business at which classes A and B end.
const ABC_LIMITS: (f64, f64) = (0.8, 0.95);
/// Scores are from 1 to this.
const RFM_GROUPS: u8 = 5;
/// More groups of customers than this nobody keeps apart.
const CLUSTERS_MOST: usize = 8;
/// Fewer buyers than this have no groups.
const CLUSTERED_MIN: usize = 50;
const DAYS_OF_YEAR: i32 = 365;
/// So many months of first purchases are told of, the last ones.
const COHORTS_KEPT: usize = 60;
/// Points of a curve that is shown.
const CURVE_POINTS: usize = 100;

/// The derived fields of a customer that are written, in this order.
pub(super) const FIELDS: [&str; 22] = [
    "life_stage",
    "relationship",
    "relation_level",
    "purchases",
    "revenue",
    "first_purchase",
    "last_purchase",
    "abc",
    "rfm",
    "churn_risk",
    "expected_purchases",
    "lifetime_value",
    "cluster",
    "chance_of_return",
    "value_lost",
    "buys_soon",
    "payment_record",
    "days_late",
    "terms",
    "value_score",
    "fit_score",
    "fit",
];

/// What was found out about all customers.
pub(super) struct Found {
    purchases: Purchases,
    /// Where the customer at each place is in their life with us.
    lives: Vec<Life>,
    /// The place of each customer among the buyers.
    buyer_of: Vec<Option<u32>>,
    scores: Vec<Scores>,
    classes: Vec<Class>,
    worth: Option<Worth>,
    buys_soon: Option<Vec<f64>>,
    buys_in_a_year: Option<Vec<f64>>,
    clusters: Vec<usize>,
    /// What there is to know about the models.
    pub(super) card: Json,
}

/// By which rule each customer's life is told.
pub(super) struct Rules {
    /// By line of business.
    pub(super) life: LifeRules,
    /// Who meets the standard of a prospect.
    pub(super) prospects: HashSet<RawId>,
}

impl Found {
    /// Finds out.
    pub(super) fn out(
        purchases: Purchases,
        rules: &Rules,
        calibration: Option<i32>,
        in_use: Option<&str>,
    ) -> Result<Self> {
        let buyers = purchases.buyers();
        let mut buyer_of = vec![None; purchases.customers.len()];
        buyers.iter().enumerate().for_each(|(at, place)| buyer_of[*place] = Some(at as u32));
        let [recency, frequency, revenue, mean] = columns(&purchases, &buyers);
        let (mut scores, mut classes, mut clusters) = (Vec::new(), Vec::new(), Vec::new());
        let (mut buys_soon, mut buys_in_a_year) = (None, None);
        let (mut found, mut card) = (None, json!({ "buyers": buyers.len() }));
        let currency = purchases.currency.unwrap_or(Currency::NONE);
        if !buyers.is_empty() {
            scores = by_quantiles(&recency, &frequency, &revenue, RFM_GROUPS)
                .map_err(Error::internal)?;
            let concentration = Concentration::of(&revenue).map_err(Error::internal)?;
            classes = concentration.classes(ABC_LIMITS.0, ABC_LIMITS.1).map_err(Error::internal)?;
            // Long parts of each of them keep one processor busy only.
            let is_long_enough = span(&purchases) >= SPAN_MIN;
            let (worth, (groups, propensity)) = rayon::join(
                || {
                    let worth = || worth(&purchases, &buyers, calibration, in_use);
                    is_long_enough.then(worth).transpose()
                },
                || {
                    let groups = clustered([&recency, &frequency, &revenue, &mean]);
                    (groups, Propensity::of(&purchases, &buyers))
                },
            );
            let (mut worth, propensity) = (worth?, propensity?);
            if let Some(worth) = &mut worth {
                worth.raise(propensity.year.as_deref().unwrap_or_default());
            }
            let clusters_card;
            (clusters, clusters_card) = groups?;
            (buys_soon, buys_in_a_year) = (propensity.soon, propensity.year);
            card = json!({
                "buyers": buyers.len(),
                "revenue": number(revenue.iter().sum::<f64>() / 1e4),
                "revenue_exact": sum_of(purchases.all(), currency).amount_text(),
                "currency": purchases.currency.map(|currency| currency.code().to_owned()),
                "in_other_currencies": purchases.in_other_currencies,
                "customers_elsewhere": purchases.elsewhere.len(),
                "value": value_card(worth.as_ref(), &purchases),
                "propensity": propensity.card,
                "concentration": concentration_card(&concentration, &classes)?,
                "rfm": rfm_card(&scores, &revenue),
                "cohorts": cohorts_card(&purchases)?,
                "clusters": clusters_card,
            });
            found = worth;
        }
        let mut this = Self {
            purchases,
            lives: Vec::new(),
            buyer_of,
            scores,
            classes,
            worth: found,
            buys_soon,
            buys_in_a_year,
            clusters,
            card,
        };
        this.lives = this.lives(rules);
        this.card["stages"] = this.stages_card();
        Ok(this)
    }

    fn lives(&self, rules: &Rules) -> Vec<Life> {
        let all = self.purchases.customers.par_iter().enumerate();
        all.map(|(place, id)| {
            let rule = rules.life.of(self.purchases.product_lines[place]);
            let churn_risk = self.buyer_of[place].and_then(|at| self.churn_risk(at as usize));
            let is_prospect = rules.prospects.contains(id);
            let known = Known { abc: self.abc(place), is_prospect, churn_risk };
            life_of(rule, self.purchases.lived(place), known, self.purchases.day())
        })
        .collect()
    }

    /// How many customers there are.
    pub(super) fn len(&self) -> usize {
        self.purchases.customers.len()
    }

    /// All purchases that were looked at.
    pub(super) fn purchases(&self) -> &Purchases {
        &self.purchases
    }

    /// The model of what customers will be worth.
    pub(super) fn worth(&self) -> Option<&Worth> {
        self.worth.as_ref()
    }

    /// The class of the customer at a place, if they have bought.
    pub(super) fn abc(&self, place: usize) -> Option<AbcClass> {
        self.buyer_of[place].map(|at| abc_of(self.classes[at as usize]))
    }

    /// The customer at a place.
    pub(super) fn customer(&self, place: usize) -> RawId {
        self.purchases.customers[place]
    }

    /// The stages of the customer at a place, by their codes; empty where there is none.
    pub(super) fn stages(&self, place: usize) -> [&'static str; 3] {
        let life = &self.lives[place];
        [
            life.stage.code(),
            life.relationship.map_or("", |stage| stage.code()),
            life.level.map_or("", |level| level.code()),
        ]
    }

    /// Why the customer at a place is where they are.
    pub(super) fn reason(&self, place: usize) -> Json {
        let Some(known) = self.lives[place].reason else { return json!({}) };
        let mut reason = json!(known);
        if let (Some(worth), Some(at)) = (&self.worth, self.buyer_of[place]) {
            reason["value"] = number(worth.value[at as usize] / 1e4);
            let year = self.buys_in_a_year.as_ref().map(|chances| chances[at as usize]);
            reason["chance_of_return"] = year.map_or(Json::Null, number);
        }
        reason
    }

    /// The values of `FIELDS` of the customer at a place, but for those of how they stand.
    pub(super) fn values(&self, place: usize) -> Vec<Value> {
        let text = |text: &str| match text {
            "" => Value::Null,
            text => Value::Text(text.to_owned()),
        };
        let [stage, relationship, level] = self.stages(place).map(text);
        let mut values = vec![stage, relationship, level];
        let is_lost = self.lives[place].stage == LifeStage::Lost;
        let Some(at) = self.buyer_of[place] else {
            if let Some(other) = self.purchases.elsewhere.get(&place) {
                values.extend(self.bought(place, &other.purchases, other.currency));
                // Nothing compares them with others.
                values.resize(FIELDS.len() - STANDING.len(), Value::Null);
                let lost = field_at("value_lost");
                let of = Bought { lived: self.purchases.lived(place), told: &other.purchases };
                values[lost] = value_lost(of, other.currency, is_lost);
            }
            values.resize(FIELDS.len() - STANDING.len(), Value::Null);
            return values;
        };
        let (at, of) = (at as usize, self.purchases.of(place));
        let currency = self.purchases.currency.unwrap_or(Currency::NONE);
        let Scores { recency, frequency, money: spent } = self.scores[at];
        let worth = self.worth.as_ref();
        values.extend(self.bought(place, of, currency));
        values.extend([
            Value::Text(abc_of(self.classes[at]).code().to_owned()),
            Value::Text(format!("{recency}{frequency}{spent}")),
            self.churn_risk(at).map_or(Value::Null, Value::Percent),
            worth.map_or(Value::Null, |worth| {
                Value::Decimal(Decimal::from_units((worth.expected[at] * 1e6).round() as i64))
            }),
            worth.map_or(Value::Null, |worth| estimated(worth.value[at], currency)),
            self.clusters.get(at).map_or(Value::Null, |one| Value::Text((one + 1).to_string())),
        ]);
        let told = |chances: &Option<Vec<f64>>| {
            chances
                .as_ref()
                .map_or(Value::Null, |chances| Value::Percent(Percent::of_share(chances[at])))
        };
        let soon = told(&self.buys_soon);
        let returns = if is_lost { told(&self.buys_in_a_year) } else { Value::Null };
        values.extend([returns, value_lost(self.purchases.told(place), currency, is_lost), soon]);
        values
    }

    /// How often and for how much somebody bought in a currency, and when in whatever currency.
    fn bought(&self, place: usize, of: &[Purchase], currency: Currency) -> [Value; 4] {
        let day =
            |one: Option<&Purchase>| one.map_or(Value::Null, |one| Value::Date(day_of(one.day)));
        let lived = self.purchases.lived(place);
        [
            Value::Integer(i64::try_from(of.len()).unwrap_or(i64::MAX)),
            sum_of(of, currency).money().map_or(Value::Null, Value::Money),
            day(lived.first()),
            day(lived.last()),
        ]
    }

    /// The customers whose sales are more than any field holds: theirs are not told.
    pub(super) fn beyond_counting(&self) -> LeftAside {
        let mut beyond = LeftAside::default();
        for place in 0..self.len() {
            let units = self.purchases.of(place).iter().map(|one| i128::from(one.units));
            if i64::try_from(units.sum::<i128>()).is_err() {
                beyond.note(Customer::NAME, "sales-beyond-counting", self.customer(place).0);
            }
        }
        beyond
    }

    /// How likely a buyer is to have left, by the model, or, where it knows of no leaving, to stay away
    /// for a year. Whoever buys within a year has not left: it is never more than that leaves.
    fn churn_risk(&self, buyer: usize) -> Option<Percent> {
        let alive = self.worth.as_ref().and_then(|worth| worth.alive.as_ref());
        let year = self.buys_in_a_year.as_ref().map(|chances| chances[buyer]);
        let stays = match (alive.map(|alive| alive[buyer]), year) {
            (Some(alive), Some(year)) => Some(alive.max(year)),
            (alive, year) => alive.or(year),
        };
        stays.map(|stays| Percent::of_share(1.0 - stays))
    }

    fn stages_card(&self) -> Json {
        let mut counts: HashMap<&'static str, usize> = HashMap::new();
        for place in 0..self.len() {
            for stage in self.stages(place).into_iter().filter(|stage| !stage.is_empty()) {
                *counts.entry(stage).or_default() += 1;
            }
        }
        json!(counts)
    }
}

/// Recency and frequency of each buyer, in whatever currency, and money, altogether and on average,
/// in the one that is told.
fn columns(purchases: &Purchases, buyers: &[usize]) -> [Vec<f64>; 4] {
    let column = |of: &dyn Fn(Bought<'_>) -> f64| {
        buyers.iter().map(|place| of(purchases.told(*place))).collect::<Vec<f64>>()
    };
    let last = |of: &[Purchase]| of.last().map_or(0, |one| one.day);
    let sum = |of: &[Purchase]| of.iter().map(|one| one.units as f64).sum::<f64>();
    [
        column(&|of| f64::from(purchases.day() - last(of.lived))),
        column(&|of| of.lived.len() as f64),
        column(&|of| sum(of.told)),
        column(&|of| sum(of.told) / of.told.len() as f64),
    ]
}

/// How what is to come was foretold, or that there is too little time to foretell it.
fn value_card(worth: Option<&Worth>, purchases: &Purchases) -> Json {
    let short = || json!({ "too_short": { "days": span(purchases), "least": SPAN_MIN } });
    worth.map_or_else(short, |worth| worth.card.clone())
}

/// Where a field stands among `FIELDS`.
fn field_at(name: &str) -> usize {
    FIELDS.iter().position(|field| *field == name).unwrap_or(FIELDS.len())
}

fn sum_of(of: &[Purchase], currency: Currency) -> ExactSum {
    ExactSum::new(of.iter().map(|one| i128::from(one.units)).sum(), currency)
}

/// What somebody who is lost bought in the year before their last purchase, of what is told in a
/// currency; none where that was all in others.
fn value_lost(of: Bought<'_>, currency: Currency, is_lost: bool) -> Value {
    let Some(last) = of.lived.last().filter(|_| is_lost) else { return Value::Null };
    let year = &of.told[until(of.told, last.day - DAYS_OF_YEAR).len()..];
    let sum = (!year.is_empty()).then(|| sum_of(year, currency).money()).flatten();
    sum.map_or(Value::Null, Value::Money)
}

/// What was estimated in 1/10,000 of the unit; none where it is more than any field holds.
fn estimated(units: f64, currency: Currency) -> Value {
    match units.round() {
        units if units.abs() < i64::MAX as f64 => Value::Money(Money::new(units as i64, currency)),
        _ => Value::Null,
    }
}

fn abc_of(class: Class) -> AbcClass {
    match class {
        Class::A => AbcClass::A,
        Class::B => AbcClass::B,
        Class::C => AbcClass::C,
    }
}

fn concentration_card(found: &Concentration, classes: &[Class]) -> Result<Json> {
    let count = found.order.len();
    let curve: Vec<Json> = (1..=CURVE_POINTS)
        .map(|point| {
            let at = (count * point).div_ceil(CURVE_POINTS);
            json!([number(at as f64 / count as f64), number(found.cumulative[at - 1])])
        })
        .collect();
    let of = |class: Class| classes.iter().filter(|one| **one == class).count();
    Ok(json!({
        "gini": number(found.gini),
        "top_1": number(found.top(0.01).map_err(Error::internal)?),
        "top_20": number(found.top(0.2).map_err(Error::internal)?),
        "a": of(Class::A), "b": of(Class::B), "c": of(Class::C),
        "limits": [ABC_LIMITS.0, ABC_LIMITS.1],
        "curve": curve,
    }))
}

/// How many customers have which scores of recency and frequency, and what they bought for.
fn rfm_card(scores: &[Scores], revenue: &[f64]) -> Json {
    let groups = usize::from(RFM_GROUPS);
    let mut cells = vec![(0_usize, 0.0); groups * groups];
    for (scores, revenue) in scores.iter().zip(revenue) {
        let at = usize::from(scores.recency - 1) * groups + usize::from(scores.frequency - 1);
        cells[at].0 += 1;
        cells[at].1 += revenue;
    }
    let cells = cells.into_iter().enumerate().map(|(at, (customers, revenue))| {
        json!({
            "recency": at / groups + 1, "frequency": at % groups + 1,
            "customers": customers, "revenue": number(revenue / 1e4),
        })
    });
    cells.collect()
}

/// How many of those who first bought in a month, in whatever currency, bought again so many months
/// later.
fn cohorts_card(purchases: &Purchases) -> Result<Json> {
    let (mut customer, mut period) = (Vec::new(), Vec::new());
    for place in 0..purchases.customers.len() {
        for one in purchases.lived(place) {
            let day = day_of(one.day);
            customer.push(place as u64);
            period.push(i32::from(day.year()) * 12 + i32::from(day.month()) - 1);
        }
    }
    // What was spent is told nowhere by cohorts.
    let spent = vec![0.0; customer.len()];
    let found = cohorts(&customer, &period, &spent).map_err(Error::internal)?;
    let month =
        |period: i32| format!("{:04}-{:02}", period.div_euclid(12), period.rem_euclid(12) + 1);
    let shown = &found[found.len().saturating_sub(COHORTS_KEPT)..];
    let all = shown.iter().map(|cohort| {
        json!({
            "start": month(cohort.start), "end": format!("{}-01", month(cohort.start + 1)),
            "customers": cohort.customers.iter().take(COHORTS_KEPT).collect::<Vec<_>>(),
        })
    });
    Ok(all.collect())
}

/// Groups of customers who are alike in recency, frequency and mean spending. Frequency and money
/// spread over orders of magnitude: their logarithms are compared.
fn clustered([recency, frequency, revenue, mean]: [&[f64]; 4]) -> Result<(Vec<usize>, Json)> {
    if recency.len() < CLUSTERED_MIN {
        return Ok((Vec::new(), Json::Null));
    }
    let logs: Vec<f64> = frequency.iter().map(|count| count.ln()).collect();
    let least = 0.01_f64;
    let mean: Vec<f64> = mean.iter().map(|mean| (mean / 1e4).max(least).ln()).collect();
    let columns: [&[f64]; 3] = [recency, &logs, &mean];
    let (found, tried) = match choose_k(&columns, CLUSTERS_MOST, &KMeans::new(2)) {
        Ok(found) => found,
        // All alike.
        Err(error) => return Ok((Vec::new(), json!({ "error": error.to_string() }))),
    };
    let best = tried.iter().map(|one| one.silhouette).fold(f64::MIN, f64::max);
    let shown: [&[f64]; 3] = [recency, frequency, revenue];
    let groups = profiles(&shown, &found.assignment).map_err(Error::internal)?;
    let names = ["recency", "frequency", "revenue"];
    let groups = groups.iter().enumerate().map(|(at, group)| {
        let traits = group.traits.iter().map(|one| {
            let scale = if one.column == 2 { 1e4 } else { 1.0 };
            json!({
                "field": names[one.column], "mean": number(one.mean / scale),
                "difference": number(one.difference),
            })
        });
        json!({
            "name": (at + 1).to_string(), "customers": group.size, "share": number(group.share),
            "traits": traits.collect::<Vec<_>>(),
        })
    });
    let tried = tried.iter().map(|one| json!([one.clusters, number(one.silhouette)]));
    let is_distinct = best >= SILHOUETTE_MIN;
    let card = json!({
        "groups": groups.collect::<Vec<_>>(), "tried": tried.collect::<Vec<_>>(),
        "is_distinct": is_distinct,
    });
    // Slices of one cloud are no groups.
    Ok((if is_distinct { found.assignment } else { Vec::new() }, card))
}
