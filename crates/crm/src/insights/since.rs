//! What happened with a customer since the last analysis: what that found may not hold any more.

use guanxi_base::{Date, RawId, Result, Timestamp};
use guanxi_record::{Filter, Op, Query, Record as _, Row, Stored, Value};
use guanxi_store::{Place, View};
use guanxi_warehouse::{Manifest, day_of};
use serde_json::{Value as Json, json};

use super::counting::count;
use super::dealings::TheirOrders;
use super::life::LifeRule;
use super::records::AnalysisRun;
use super::run::last_of_customers;
use crate::access::conditions;
use crate::billing::{Invoice, Payment};
use crate::people::Customer;
use crate::sales::Order;

/// The types of which the records tell what is known of a customer.
const THEIRS: [&str; 3] = [Order::NAME, Invoice::NAME, Payment::NAME];
/// The types of which the records tell what is known of all: who there is, and by which rules.
pub(super) const TELLING: [&str; 5] =
    [Customer::NAME, Order::NAME, Invoice::NAME, Payment::NAME, LifeRule::NAME];

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
    pub changed: Vec<Changed>,
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
    for record_type in THEIRS {
        if !view.actor().rights.reads_all(record_type, &["customer"]) {
            continue;
        }
        let Some(after) = After::of(view, &run, record_type).await? else { continue };
        let theirs = Filter::eq("customer", customer.id.to_string()).and(after.filter());
        let count = count(view, record_type, with_archived(theirs)).await?;
        if count > 0 {
            changed.push(Changed { record_type, changed: count, gone: 0, since: after.words() });
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

/// From when on records of a type changed that a run has not taken in.
#[derive(Debug, Clone, Copy)]
struct After {
    op: Op,
    at: Timestamp,
    /// As of when the run is, and how many it has not taken in that were made before.
    as_of: Timestamp,
    made: i64,
}

impl After {
    /// By the place in the log up to which the run knows everything: the stamp of a change is older
    /// than its end, so that some stand behind that place that seem to have been before it. Then
    /// all are told from the first of them on, rather one too many than one too few.
    async fn of(
        view: &mut View,
        run: &Stored<AnalysisRun>,
        record_type: &str,
    ) -> Result<Option<Self>> {
        let Some(as_of) = run.as_of else { return Ok(None) };
        let late = match place_of(run) {
            Some(place) => view.late(record_type, place, as_of).await?,
            None => None,
        };
        Ok(Some(match late {
            Some(late) => Self { op: Op::Ge, at: late.from, as_of, made: late.made },
            None => Self { op: Op::Gt, at: as_of, as_of, made: 0 },
        }))
    }

    fn filter(self) -> Filter {
        Filter::compare("updated_at", self.op, self.at.to_string())
    }

    /// The same as the address of a list says it.
    fn words(self) -> String {
        conditions::written(&self.filter())
    }
}

/// For the card of a run: how far in the log it knows everything.
pub(super) fn place_card(manifest: &Manifest) -> Json {
    // Longer than numbers that every reader of JSON knows.
    json!([manifest.log.position.to_string(), manifest.log.change_set.to_string()])
}

/// How far in the log a run knows everything; none of a release that did not keep it.
fn place_of(run: &AnalysisRun) -> Option<Place> {
    let place = &run.card.as_ref()?.0["log"];
    let number = |at: usize| place[at].as_str()?.parse().ok();
    Some(Place { position: number(0)?, change_set: RawId(number(1)?), seq: i64::MAX })
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
    /// Since when, as the address of a list of those says it.
    pub since: String,
}

/// What became of the records that tell about customers since a run, as far as the reader may see
/// them; what is gone is told to who sees all of them only. Types with nothing to tell are left
/// out.
///
/// # Errors
/// When the database fails.
pub async fn changed_since(view: &mut View, run: &Stored<AnalysisRun>) -> Result<Vec<Changed>> {
    let mut all = Vec::new();
    for record_type in TELLING {
        let Some(scope) = view.actor().rights.scope(record_type, guanxi_store::Purpose::Read)
        else {
            continue;
        };
        let sees_all = scope.is_everything();
        let Some(after) = After::of(view, run, record_type).await? else { continue };
        let changed = count(view, record_type, with_archived(after.filter())).await?;
        let then = run.card.as_ref().and_then(|card| card.0["records"][record_type].as_i64());
        let gone = match then.filter(|_| sees_all) {
            Some(then) => {
                let later = Filter::compare("created_at", Op::Gt, after.as_of.to_string());
                let made = count(view, record_type, with_archived(later)).await?;
                let now = count(view, record_type, with_archived(Filter::everything())).await?;
                (then + made + after.made - now).max(0)
            }
            None => 0,
        };
        if changed + gone > 0 {
            all.push(Changed { record_type, changed, gone, since: after.words() });
        }
    }
    Ok(all)
}
