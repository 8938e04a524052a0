//! What is known about the customers that somebody sees: the same figures as the overview of all,
//! counted over what their rights show, and over nothing else.

use guanxi_base::{Date, Money, Result, Timestamp};
use guanxi_record::{Aggregate, Filter, GroupKey, Measure, Query, Record as _, Row, Sort, Value};
use guanxi_store::{Actor, Group, Purpose, View};

use super::counting::count;
use super::life::LIKELY;
use super::run::last_of_customers;
use super::since::{Changed, changed_since, told_of};
use crate::access::conditions;
use crate::exact_sum::Summed;
use crate::people::Customer;

/// Who has bought and is not lost yet, but of whom nobody can tell whether they have left.
pub const RISK_UNKNOWN: &str = "churn_risk.empty=true&purchases.ge=1&life_stage.ne=lost";
/// Of whom it can be told.
const RISK_KNOWN: &str = "churn_risk.empty=false&purchases.ge=1&life_stage.ne=lost";
/// The stages and classes that customers are counted by.
pub const COUNTED: [&str; 4] = ["life_stage", "relationship", "abc", "payment_record"];
/// What somebody must be able to ask for.
const NEEDED: [&str; 5] =
    ["life_stage", "churn_risk", "last_purchase", "revenue", "lifetime_value"];

/// Who may have left but is not lost yet, as the address of a list says it.
#[must_use]
pub fn at_risk() -> String {
    format!("churn_risk.ge={LIKELY}&life_stage.ne=lost")
}

/// Those of [`RISK_UNKNOWN`] who buy in other currencies than one.
#[must_use]
pub fn risk_unknown_elsewhere(currency: &str) -> String {
    format!("{RISK_UNKNOWN}&revenue.currency.ne={currency}")
}

/// Figures over the customers that somebody sees.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnFigures {
    /// As of when, by which run.
    pub as_of: Option<Timestamp>,
    /// How many of those whose orders they see have been analysed.
    pub customers: i64,
    /// How many of them may have left; see [`at_risk`].
    pub at_risk: i64,
    /// Of how many of them nobody can tell it; see [`RISK_UNKNOWN`].
    pub risk_unknown: i64,
    /// How many of those buy in another currency than most, so that nothing compares them; see
    /// [`risk_unknown_elsewhere`].
    pub risk_unknown_elsewhere: i64,
    /// How many of them are at a risk that can be told, and not lost.
    pub risk_known: i64,
    /// The currency of most purchases.
    pub currency: Option<String>,
    /// The days over which there are purchases, and the days from which on it is told who has left,
    /// where those are too few.
    pub too_short: Option<(i64, i64)>,
    /// What they have bought for, in each currency.
    pub revenue: Vec<Money>,
    /// What they will still be worth, in each currency.
    pub lifetime_value: Vec<Money>,
    /// The sums that are more than any number that is kept, by their field.
    pub too_large: Vec<&'static str>,
    /// The day as of which it is told.
    pub told_of: Option<Date>,
    /// What happened since with the records that they may see.
    pub changed: Vec<Changed>,
    /// For each of [`COUNTED`] that they may ask for: how many there are of each.
    pub counts: Vec<(&'static str, Vec<(String, i64)>)>,
    /// Those at risk who are worth most.
    pub to_call: Vec<Row>,
}

/// Whether somebody is shown what analyses found out about some customers.
#[must_use]
pub fn reads_what_is_known(actor: &Actor) -> bool {
    actor.rights.may(Customer::NAME, Purpose::Read)
        && NEEDED.iter().all(|field| actor.rights.asks(Customer::NAME, field))
}

/// When the last analysis of customer value was, whoever asked for it; `None` before the first.
///
/// # Errors
/// When the database fails.
pub async fn analysed_at(view: &mut View) -> Result<Option<Timestamp>> {
    Ok(last_of_customers(view).await?.and_then(|run| run.as_of))
}

/// The figures, with the rights of the view.
///
/// # Errors
/// When the database fails; a refusal for who may not ask.
pub async fn own_figures(view: &mut View, shown: usize) -> Result<OwnFigures> {
    let analysed = Filter::compare("life_stage", guanxi_record::Op::Empty, false);
    let at_risk = conditions::parse(&at_risk())?;
    let mut too_large = Vec::new();
    let mut sums = [const { Vec::new() }; 2];
    for (at, field) in ["revenue", "lifetime_value"].into_iter().enumerate() {
        match Summed::of(view, Customer::NAME, analysed.clone(), field).await? {
            Summed::Exactly(amounts) => sums[at] = amounts,
            Summed::TooLarge => too_large.push(field),
        }
    }
    let [revenue, lifetime_value] = sums;
    let risk_unknown = conditions::parse(RISK_UNKNOWN)?;
    let risk_known = conditions::parse(RISK_KNOWN)?;
    let run = last_of_customers(view).await?;
    let changed = match &run {
        Some(run) => changed_since(view, run).await?,
        None => Vec::new(),
    };
    let card = run.as_ref().and_then(|run| run.card.as_ref()).map(|card| &card.0);
    let currency = card.and_then(|card| card["currency"].as_str()).map(str::to_owned);
    let short = card.map(|card| &card["value"]["too_short"]);
    let too_short = short.and_then(|of| Some((of["days"].as_i64()?, of["least"].as_i64()?)));
    let elsewhere = match &currency {
        Some(currency) => {
            let elsewhere = conditions::parse(&risk_unknown_elsewhere(currency))?;
            count(view, Customer::NAME, Query::of(elsewhere)).await?
        }
        None => 0,
    };
    let mut counts = Vec::new();
    for field in COUNTED {
        if !view.actor().rights.asks(Customer::NAME, field) {
            continue;
        }
        let groups = groups(view, analysed.clone(), field).await?;
        let each = groups.iter().filter_map(|group| {
            let code = group.keys.first().and_then(Value::as_text)?;
            Some((code.to_owned(), number(group)))
        });
        counts.push((field, each.collect()));
    }
    let first = Query::of(at_risk.clone()).sorted(vec![Sort::down("lifetime_value")]);
    Ok(OwnFigures {
        as_of: run.as_ref().and_then(|run| run.as_of),
        told_of: run.as_ref().and_then(|run| told_of(run)),
        changed,
        customers: count(view, Customer::NAME, Query::of(analysed)).await?,
        at_risk: count(view, Customer::NAME, Query::of(at_risk)).await?,
        risk_unknown: count(view, Customer::NAME, Query::of(risk_unknown)).await?,
        risk_unknown_elsewhere: elsewhere,
        risk_known: count(view, Customer::NAME, Query::of(risk_known)).await?,
        currency,
        too_short,
        revenue,
        lifetime_value,
        too_large,
        counts,
        to_call: view.list(Customer::NAME, &first.limited(shown)).await?.rows,
    })
}

fn number(group: &Group) -> i64 {
    match group.measures.first() {
        Some(Value::Integer(number)) => *number,
        _ => 0,
    }
}

/// How many there are of each value of a field.
async fn groups(view: &mut View, filter: Filter, field: &str) -> Result<Vec<Group>> {
    let (group_by, measures) = (vec![GroupKey::parse(field)?], vec![Measure::count()]);
    let wanted = Aggregate { filter, group_by, measures, with_archived: false };
    view.aggregate(Customer::NAME, &wanted).await
}
