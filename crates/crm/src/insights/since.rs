//! What happened with a customer since the last analysis: what that found may not hold any more.

use guanxi_base::{Date, Result, Timestamp};
use guanxi_record::{Aggregate, Filter, Measure, Op, Record as _, Row, Value};
use guanxi_store::{Rights, View};

use super::records::Analysis;
use super::run::last_run;
use crate::billing::{Invoice, Payment};
use crate::sales::Order;

/// The last analysis of a customer, and what happened since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// The number of the run.
    pub run: String,
    /// As of when its data were.
    pub as_of: Timestamp,
    /// The last day of its data.
    pub until: Option<Date>,
    /// Of the records that the reader may see, those that are new or changed since, by their type.
    pub changed: Vec<(&'static str, i64)>,
}

/// What happened with a customer since the last analysis of customers; none before the first.
///
/// # Errors
/// When the database fails.
pub async fn since(view: &mut View, customer: &Row) -> Result<Option<Since>> {
    let rights = view.act_with(Rights::All);
    let last = last_run(view, Analysis::CustomerValue, true).await;
    view.act_with(rights);
    let Some(run) = last? else { return Ok(None) };
    let Some(as_of) = run.as_of else { return Ok(None) };
    let mut changed = Vec::new();
    for of in [Order::NAME, Invoice::NAME, Payment::NAME] {
        if !view.actor().rights.reads_all(of, &["customer"]) {
            continue;
        }
        let theirs = Filter::eq("customer", customer.id.to_string());
        let wanted = Aggregate {
            filter: theirs.and(Filter::compare("updated_at", Op::Gt, as_of.to_string())),
            group_by: Vec::new(),
            measures: vec![Measure::count()],
            // What was put away counts no longer: that is a change too.
            with_archived: true,
        };
        let groups = view.aggregate(of, &wanted).await?;
        let count = groups.first().and_then(|group| group.measures.first());
        if let Some(Value::Integer(count)) = count.filter(|count| **count != Value::Integer(0)) {
            changed.push((of, *count));
        }
    }
    let run = run.record;
    let (number, until) = (run.number.unwrap_or_default(), run.data_until);
    Ok(Some(Since { run: number, as_of, until, changed }))
}
