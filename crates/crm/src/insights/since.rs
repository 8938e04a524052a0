//! What happened with a customer since the last analysis: what that found may not hold any more.

use guanxi_base::{Date, Result, Timestamp};
use guanxi_record::{Filter, Op, Query, Record as _, Row, Stored, Value};
use guanxi_store::View;
use guanxi_warehouse::day_of;

use super::counting::count;
use super::dealings::TheirOrders;
use super::records::AnalysisRun;
use super::run::last_of_customers;
use crate::billing::{Invoice, Payment};
use crate::people::Customer;
use crate::sales::Order;

/// The types of which the records tell what is known of customers.
pub(super) const TELLING: [&str; 3] = [Order::NAME, Invoice::NAME, Payment::NAME];

/// The last analysis of a customer, and what happened since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// The number of the run.
    pub run: String,
    /// As of when its data were.
    pub as_of: Timestamp,
    /// The last day of its data.
    pub until: Option<Date>,
    /// The day as of which it tells everything.
    pub told_of: Option<Date>,
    /// Of the records that the reader may see, those that are new or changed since, by their type.
    pub changed: Vec<(&'static str, i64)>,
    /// Whether what the analysis counted of their purchases is not what there is to count now:
    /// orders went elsewhere, or are gone.
    pub is_other: bool,
}

/// What happened with a customer since the last analysis of customers; none before the first. Their
/// orders, where the reader may see them, tell whether it counted others.
///
/// # Errors
/// When the database fails.
pub async fn since(
    view: &mut View,
    customer: &Row,
    orders: Option<&TheirOrders>,
) -> Result<Option<Since>> {
    let Some(run) = last_of_customers(view).await? else { return Ok(None) };
    let Some(as_of) = run.as_of else { return Ok(None) };
    let mut changed = Vec::new();
    for of in TELLING {
        if !view.actor().rights.reads_all(of, &["customer"]) {
            continue;
        }
        let theirs = Filter::eq("customer", customer.id.to_string());
        let touched = theirs.and(Filter::compare("updated_at", Op::Gt, as_of.to_string()));
        let count = count(view, of, with_archived(touched)).await?;
        if count > 0 {
            changed.push((of, count));
        }
    }
    let described = view.catalog().get(Customer::NAME)?.clone();
    let value = |name: &str| customer.value(&described, name);
    let is_other = orders.is_some_and(|orders| is_other(value, orders, &run));
    let told_of = told_of(&run);
    let run = run.record;
    let (number, until) = (run.number.unwrap_or_default(), run.data_until);
    Ok(Some(Since { run: number, as_of, until, told_of, changed, is_other }))
}

/// The day as of which a run tells everything.
pub(super) fn told_of(run: &AnalysisRun) -> Option<Date> {
    run.card.as_ref()?.0["told_of"].as_str()?.parse().ok()
}

/// Those that were put away too: what is, counts no longer, and that is a change.
fn with_archived(filter: Filter) -> Query {
    Query { with_archived: true, ..Query::of(filter) }
}

/// Whether what the run counted of a customer's purchases is not what there is to count now, by the
/// same rule and day.
fn is_other(
    value: impl Fn(&str) -> Value,
    orders: &TheirOrders,
    run: &Stored<AnalysisRun>,
) -> bool {
    // Of whom nothing is told nothing can have changed.
    if value("life_stage").is_null() || orders.are_cut() {
        return false;
    }
    let Some((counted, from)) = super::why::counting_of(run) else { return false };
    let now = orders.dealings((counted, from));
    let lived = now.lived();
    let day = |at: Option<&super::purchases::Purchase>| {
        at.map_or(Value::Null, |one| Value::Date(day_of(one.day)))
    };
    if (day(lived.first()), day(lived.last())) != (value("first_purchase"), value("last_purchase"))
    {
        return true;
    }
    let Value::Money(known) = value("revenue") else {
        // They had bought nothing, or for more than is told.
        return false;
    };
    let (count, net) = match now.of(Some(known.currency)) {
        Some(dealt) => (dealt.purchases.len() as i64, dealt.net.money()),
        None => (0, None),
    };
    Value::Integer(count) != value("purchases") || net != Some(known)
}

/// What became of the records of a type since an analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The type.
    pub record_type: &'static str,
    /// How many are new or changed.
    pub changed: i64,
    /// How many are gone.
    pub gone: i64,
}

/// What became of the records that tell about customers since a run, as far as the reader may see
/// them; what is gone is told to who sees all of them only. Types with nothing to tell are left
/// out.
///
/// # Errors
/// When the database fails.
pub async fn changed_since(view: &mut View, run: &Stored<AnalysisRun>) -> Result<Vec<Changed>> {
    let Some(as_of) = run.as_of else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for record_type in TELLING {
        let Some(scope) = view.actor().rights.scope(record_type, guanxi_store::Purpose::Read)
        else {
            continue;
        };
        let sees_all = scope.is_everything();
        let after = |field: &str| Filter::compare(field, Op::Gt, as_of.to_string());
        let changed = count(view, record_type, with_archived(after("updated_at"))).await?;
        let then = run.card.as_ref().and_then(|card| card.0["records"][record_type].as_i64());
        let gone = match then.filter(|_| sees_all) {
            Some(then) => {
                let made = count(view, record_type, with_archived(after("created_at"))).await?;
                let now = count(view, record_type, with_archived(Filter::everything())).await?;
                (then + made - now).max(0)
            }
            None => 0,
        };
        if changed + gone > 0 {
            all.push(Changed { record_type, changed, gone });
        }
    }
    Ok(all)
}
