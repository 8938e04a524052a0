//! What the page of a customer has beyond those of other records: the headline numbers, and one
//! timeline of everything that happened.

use guanxi_base::{Date, Money, RawId, Result, Timestamp};
use guanxi_record::{Aggregate, Filter, Kind, Measure, Op, Query, RecordType, Row, Sort, Value};
use guanxi_store::{Group, Purpose, View};
use maud::{Markup, html};
use serde_json::json;

use super::format;
use super::layout::icon;
use crate::signed_in::SignedIn;

/// So many events are shown.
const TIMELINE_SHOWN: usize = 20;
/// The types whose records are events of a customer, and the field that says when.
const EVENTS: [(&str, &str); 6] = [
    ("interaction", "at"),
    ("order", "date"),
    ("invoice", "date"),
    ("payment", "date"),
    ("case", "opened_at"),
    ("task", "due_date"),
];

/// What stands above the page's columns, and what beside its fields.
pub(crate) async fn sections(
    view: &mut View,
    signed: &SignedIn,
    row: &Row,
) -> Result<(Markup, Markup)> {
    let numbers = numbers(view, signed, row.id).await?;
    let timeline = timeline(view, signed, row.id).await?;
    Ok((numbers, timeline))
}

/// The sums of one currency.
#[derive(Debug, Default)]
struct Totals {
    orders: i64,
    cancellations: i64,
    gross: Option<Money>,
    returned: Option<Money>,
    average: Option<Money>,
    first: Option<Date>,
    last: Option<Date>,
}

async fn groups(
    view: &mut View,
    of: &str,
    filter: Filter,
    measures: &[&str],
) -> Result<Vec<Group>> {
    let measures = measures.iter().map(|word| Measure::parse(word)).collect::<Result<_>>()?;
    let wanted = Aggregate { filter, group_by: Vec::new(), measures, with_archived: false };
    view.aggregate(of, &wanted).await
}

fn money(value: Option<&Value>) -> Option<Money> {
    match value {
        Some(Value::Money(money)) => Some(*money),
        _ => None,
    }
}

fn date(value: Option<&Value>) -> Option<Date> {
    match value {
        Some(Value::Date(date)) => Some(*date),
        _ => None,
    }
}

fn count(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Integer(number)) => *number,
        _ => 0,
    }
}

async fn numbers(view: &mut View, signed: &SignedIn, id: RawId) -> Result<Markup> {
    let mine = || Filter::eq("customer", id.to_string());
    // What is only planned, or was given up, is no business done.
    let done = || mine().and(Filter::compare("status", Op::NotIn, json!(["draft", "void"])));
    let may = |of: &str| signed.actor.rights.scope(of, Purpose::Read).is_some();
    let mut totals = Totals::default();
    if may("order") {
        let sales = done().and(Filter::eq("kind", "sale"));
        let measures = ["count", "sum:total", "avg:total", "min:date", "max:date"];
        if let Some(group) = groups(view, "order", sales, &measures).await?.first() {
            let at = |place: usize| group.measures.get(place);
            (totals.orders, totals.gross, totals.average) =
                (count(at(0)), money(at(1)), money(at(2)).map(Money::rounded));
            (totals.first, totals.last) = (date(at(3)), date(at(4)));
        }
        let back = done().and(Filter::compare("kind", Op::Ne, "sale"));
        if let Some(group) = groups(view, "order", back, &["count", "sum:total"]).await?.first() {
            totals.cancellations = count(group.measures.first());
            totals.returned = money(group.measures.get(1));
        }
    }
    let unpaid = if may("invoice") && may("payment") {
        let asked = groups(view, "invoice", done(), &["sum:total"]).await?;
        let paid = groups(view, "payment", mine(), &["sum:amount"]).await?;
        let asked = money(asked.first().and_then(|group| group.measures.first()));
        let paid = money(paid.first().and_then(|group| group.measures.first()));
        match (asked, paid) {
            (Some(asked), Some(paid)) => asked.checked_add(Money::new(-paid.units, paid.currency)),
            (asked, _) => asked,
        }
    } else {
        None
    };
    Ok(cards(signed, &totals, unpaid))
}

fn cards(signed: &SignedIn, totals: &Totals, unpaid: Option<Money>) -> Markup {
    let texts = signed.texts;
    let locale = texts.locale();
    let net = match (totals.gross, totals.returned) {
        (Some(gross), Some(returned)) => gross.checked_add(returned),
        (gross, returned) => gross.or(returned),
    };
    let amount = |money: Option<Money>| {
        money.map_or("\u{2014}".to_owned(), |money| format::money(locale, money))
    };
    let day =
        |day: Option<Date>| day.map_or("\u{2014}".to_owned(), |day| format::date(locale, day));
    let number = |number: i64| format::number(locale, &number.to_string());
    let since = totals.last.map(|last| {
        let days = last.until(signed.today).map_or(0, |span| i64::from(span.get_days()));
        number(days)
    });
    let cards = [
        ("number-orders", number(totals.orders)),
        ("number-cancellations", number(totals.cancellations)),
        ("number-revenue", amount(net)),
        ("number-gross", amount(totals.gross)),
        ("number-average", amount(totals.average)),
        ("number-first", day(totals.first)),
        ("number-last", day(totals.last)),
        ("number-since", since.unwrap_or_else(|| "\u{2014}".to_owned())),
        ("number-unpaid", amount(unpaid)),
    ];
    html! {
        dl class="gx-numbers" {
            @for (key, value) in &cards {
                div class="card" data-number=(key) { dt { (texts.get(key)) } dd { (value) } }
            }
        }
    }
}

struct Happened {
    at: Timestamp,
    /// A day without a time.
    is_day: bool,
    record_type: std::sync::Arc<RecordType>,
    row: Row,
}

async fn timeline(view: &mut View, signed: &SignedIn, id: RawId) -> Result<Markup> {
    let mut events = Vec::new();
    for (name, when) in EVENTS {
        if signed.actor.rights.scope(name, Purpose::Read).is_none() {
            continue;
        }
        let record_type = view.catalog().get(name)?.clone();
        let filter =
            Filter::eq("customer", id.to_string()).and(Filter::compare(when, Op::Empty, false));
        let query = Query::of(filter).sorted(vec![Sort::down(when)]).limited(TIMELINE_SHOWN);
        for row in view.list(name, &query).await?.rows {
            let (at, is_day) = match row.value(&record_type, when) {
                Value::Instant(at) => (at, false),
                Value::Date(day) => match day.to_zoned(signed.actor.time_zone.clone()) {
                    Ok(start) => (start.timestamp(), true),
                    Err(_) => continue,
                },
                _ => continue,
            };
            events.push(Happened { at, is_day, record_type: record_type.clone(), row });
        }
    }
    events.sort_by_key(|event| std::cmp::Reverse((event.at, event.row.id)));
    events.truncate(TIMELINE_SHOWN);
    let texts = signed.texts;
    Ok(html! {
        section class="card" aria-label=(texts.get("ui-timeline")) {
            div class="gx-card-head" { (icon("timeline")) h2 { (texts.get("ui-timeline")) } }
            div class="card-body" {
                @if events.is_empty() { p class="gx-muted m-0" { (texts.get("ui-none-yet")) } }
                ol class="gx-timeline" {
                    @for event in &events { (entry(signed, event)) }
                }
            }
        }
    })
}

fn entry(signed: &SignedIn, event: &Happened) -> Markup {
    let texts = signed.texts;
    let locale = texts.locale();
    let described = &event.record_type;
    let zone = &signed.actor.time_zone;
    let when = if event.is_day {
        format::date(locale, event.at.to_zoned(zone.clone()).date())
    } else {
        format::instant(locale, event.at, zone)
    };
    let choice = |name: &str| {
        let field = described.field(name)?;
        let value = event.row.value(described, name);
        matches!(field.kind, Kind::Choice(_))
            .then(|| texts.option_label(described, field, value.as_text().unwrap_or_default()))
    };
    let amount =
        ["total", "amount"].iter().find_map(|name| match event.row.value(described, name) {
            Value::Money(money) => Some(format::money(locale, money)),
            _ => None,
        });
    html! {
        li {
            (icon(described.icon))
            div {
                a href=(format!("/{}/{}", described.name, event.row.id)) { (event.row.title(described)) }
                @if let Some(amount) = amount { " " strong { (amount) } }
                div class="gx-muted" {
                    time { (when) } " \u{b7} " (texts.type_label(&described.name))
                    @for name in ["kind", "status"] {
                        @if let Some(label) = choice(name) { " \u{b7} " (label) }
                    }
                }
            }
        }
    }
}
