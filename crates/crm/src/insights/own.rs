//! What is known about the customers that somebody sees: the same figures as the overview of all,
//! counted over what their rights show, and over nothing else.

use guanxi_base::{Money, Result, Timestamp};
use guanxi_record::{Aggregate, Filter, GroupKey, Measure, Query, Record as _, Row, Sort, Value};
use guanxi_store::{Actor, Group, Purpose, Rights, View};

use super::records::Analysis;
use super::run::last_run;
use crate::access::conditions;
use crate::people::Customer;

/// Who may have left but is not lost yet, as the address of a list says it.
pub const AT_RISK: &str = "churn_risk.ge=50&life_stage.ne=lost";
/// The stages and classes that customers are counted by.
pub const COUNTED: [&str; 4] = ["life_stage", "relationship", "abc", "payment_record"];
/// What somebody must be able to ask for.
const NEEDED: [&str; 5] =
    ["life_stage", "churn_risk", "last_purchase", "revenue", "lifetime_value"];

/// Figures over the customers that somebody sees.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnFigures {
    /// As of when, by which run.
    pub as_of: Option<Timestamp>,
    /// How many of those whose orders they see have been analysed.
    pub customers: i64,
    /// How many of them may have left; see [`AT_RISK`].
    pub at_risk: i64,
    /// What they have bought for, in each currency.
    pub revenue: Vec<Money>,
    /// What they will still be worth, in each currency.
    pub lifetime_value: Vec<Money>,
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
    let rights = view.act_with(Rights::All);
    let run = last_run(view, Analysis::CustomerValue, true).await;
    view.act_with(rights);
    Ok(run?.and_then(|run| run.as_of))
}

/// The figures, with the rights of the view.
///
/// # Errors
/// When the database fails; a refusal for who may not ask.
pub async fn own_figures(view: &mut View, shown: usize) -> Result<OwnFigures> {
    let analysed = Filter::compare("life_stage", guanxi_record::Op::Empty, false);
    let at_risk = conditions::parse(AT_RISK)?;
    let sums = groups(view, analysed.clone(), &[], &["count", "sum:revenue"]).await?;
    let worth = groups(view, analysed.clone(), &[], &["sum:lifetime_value"]).await?;
    let money = |groups: &[Group], at: usize| -> Vec<Money> {
        let sums = groups.iter().filter_map(|group| match group.measures.get(at) {
            Some(Value::Money(money)) => Some(*money),
            _ => None,
        });
        sums.collect()
    };
    let mut counts = Vec::new();
    for field in COUNTED {
        if !view.actor().rights.asks(Customer::NAME, field) {
            continue;
        }
        let groups = groups(view, analysed.clone(), &[field], &["count"]).await?;
        let each = groups.iter().filter_map(|group| {
            let code = group.keys.first().and_then(Value::as_text)?;
            Some((code.to_owned(), number(group)))
        });
        counts.push((field, each.collect()));
    }
    let first = Query::of(at_risk.clone()).sorted(vec![Sort::down("lifetime_value")]);
    Ok(OwnFigures {
        as_of: analysed_at(view).await?,
        customers: count(view, analysed).await?,
        at_risk: count(view, at_risk).await?,
        revenue: money(&sums, 1),
        lifetime_value: money(&worth, 0),
        counts,
        to_call: view.list(Customer::NAME, &first.limited(shown)).await?.rows,
    })
}

async fn count(view: &mut View, filter: Filter) -> Result<i64> {
    Ok(groups(view, filter, &[], &["count"]).await?.first().map_or(0, number))
}

fn number(group: &Group) -> i64 {
    match group.measures.first() {
        Some(Value::Integer(number)) => *number,
        _ => 0,
    }
}

async fn groups(
    view: &mut View,
    filter: Filter,
    group_by: &[&str],
    measures: &[&str],
) -> Result<Vec<Group>> {
    let group_by = group_by.iter().map(|word| GroupKey::parse(word)).collect::<Result<_>>()?;
    let measures = measures.iter().map(|word| Measure::parse(word)).collect::<Result<_>>()?;
    let wanted = Aggregate { filter, group_by, measures, with_archived: false };
    view.aggregate(Customer::NAME, &wanted).await
}
