//! The conditions of a chart's form: put together there, or brought along as a list's address has them.

use guanxi_crm::dashboards::Chart;

use super::conditions::Group;
use super::fields::Entries;
use super::form_parts;
use crate::params;

/// The text of the conditions that a form sent, after what its button does to them.
pub(super) fn sent(entries: &Entries, group: &mut Group) -> String {
    if form_parts::is_put_together(entries) {
        group.act(entries.text("do"));
        return form_parts::condition_text(group, form_parts::kept_text(entries, "condition"));
    }
    // A whole address may be pasted, as the browser shows it.
    let pasted = entries.text("condition").trim();
    params::stated(pasted.split_once('?').map_or(pasted, |(_, after)| after))
}

/// The conditions of a chart, as the form shows them.
pub(super) fn group_of(chart: &Chart) -> Group {
    match chart.filter() {
        Ok(filter) if chart.condition.is_some() => Group::of(&filter),
        _ => Group::default(),
    }
}

/// Their text, as it is kept.
pub(super) fn text_of(chart: &Chart) -> String {
    chart.condition.as_ref().map(|condition| condition.0.clone()).unwrap_or_default()
}
