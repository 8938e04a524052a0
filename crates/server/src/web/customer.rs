//! What the page of a customer has beyond those of other records: the headline numbers, and one
//! timeline of everything that happened.

use std::cmp::Reverse;

use guanxi_base::{Currency, Date, Money, RawId, Result, Timestamp};
use guanxi_crm::insights::{Life, NextOffer, Reason, Since};
use guanxi_crm::text::Texts;
use guanxi_record::{Aggregate, Filter, GroupKey, Kind, Measure, Op, RecordType, Row, Value};
use guanxi_store::{Group, View};
use maud::{Markup, html};
use serde_json::json;

use super::format;
use super::layout::icon;
use super::record::{Related, newest_first};
use crate::signed_in::SignedIn;

/// So many events are shown.
pub(crate) const TIMELINE_SHOWN: usize = 20;
/// So many offers are proposed.
const OFFERS_SHOWN: usize = 3;
/// What moves a chance by less is not worth a word.
const SPEAKS_MIN: f64 = 0.05;
/// What is found out about purchases that the numbers above the page count as they are now.
const LIVE: [&str; 4] = ["purchases", "revenue", "first_purchase", "last_purchase"];
/// So many reasons are given why somebody buys soon, or does not.
const SOON_SHOWN: usize = 3;
/// The types whose records are events of a customer.
const EVENTS: [&str; 6] = ["interaction", "order", "invoice", "payment", "case", "task"];

/// What stands above the page's columns, and what beside its fields.
pub(crate) async fn sections(
    view: &mut View,
    signed: &SignedIn,
    row: &Row,
    related: &[Related],
) -> Result<(Markup, Markup)> {
    let numbers = numbers(view, signed, row.id).await?;
    let known = known_card(view, signed, row).await?;
    let offers = offers_card(view, signed, row).await?;
    let terms = super::standing_cards::terms_card(view, signed, row).await?;
    let merges = super::resolution::merges_card(view, signed, row).await?;
    let held = super::deliveries::banner_of_customer(view, signed, row.id).await?;
    Ok((
        html! { (held) (numbers) },
        html! { (known) (terms) (offers) (merges) (timeline(signed, related)) },
    ))
}

/// What to offer next, and why.
async fn offers_card(view: &mut View, signed: &SignedIn, row: &Row) -> Result<Markup> {
    let texts = signed.texts;
    let offers = guanxi_crm::insights::offers(view, row, OFFERS_SHOWN).await?;
    let ids: Vec<_> =
        offers.iter().flat_map(|one| one.given.iter().copied().chain([one.product])).collect();
    let names = view.titles("product", &ids).await?;
    let shown: Vec<_> = offers.iter().filter(|one| names.contains_key(&one.product)).collect();
    if shown.is_empty() {
        return Ok(html! {});
    }
    let title = texts.get("insights-offers");
    let why = |one: &NextOffer| {
        let given = one.given.iter().filter_map(|id| names.get(id).map(String::as_str));
        let given = given.collect::<Vec<_>>().join(", ");
        let share = format::estimated_share(texts.locale(), one.confidence);
        let lift = format::estimate(texts.locale(), one.lift);
        let gaps = [("given", given.as_str()), ("share", &share), ("lift", &lift)];
        texts.format("insights-offer-why", &gaps)
    };
    Ok(html! {
        section class="card" aria-label=(title) {
            div class="gx-card-head" { (icon("gift")) h2 { (title) } }
            ul class="list-unstyled card-body mb-0" {
                @for one in shown {
                    li class="mb-2" {
                        a href=(format!("/product/{}", one.product)) { (names[&one.product]) }
                        div class="gx-muted" { (why(one)) }
                    }
                }
            }
        }
    })
}

/// What analyses found out about the customer, and why.
async fn known_card(view: &mut View, signed: &SignedIn, row: &Row) -> Result<Markup> {
    let texts = signed.texts;
    let described = view.catalog().get("customer")?.clone();
    // What the numbers above say as it is now is not said again as it was.
    let is_live = signed.actor.rights.reads_all("order", &["status", "kind", "total", "date"]);
    let known: Vec<_> = described
        .fields
        .iter()
        .filter(|field| field.derived && !row.value(&described, &field.name).is_null())
        .filter(|field| !(is_live && LIVE.contains(&&*field.name)))
        .collect();
    if known.is_empty() {
        return unknown_card(view, signed, row).await;
    }
    let (why, soon) = match guanxi_crm::insights::why(view, row).await? {
        Some(why) => (reason(signed, &why.life), why.soon),
        None => (None, Vec::new()),
    };
    let soon = soon_reasons(texts, &soon);
    let since = guanxi_crm::insights::since(view, row).await?;
    let titles = view.link_titles(&described, std::slice::from_ref(row)).await?;
    let title = texts.get("insights-known");
    Ok(html! {
        section class="card" aria-label=(title) {
            div class="gx-card-head" { (icon("bulb")) h2 { (title) } }
            div class="card-body" {
                @if let Some(since) = &since { (since_line(signed, row.id, since)) }
                dl class="gx-fields" {
                    @for field in known {
                        div {
                            dt { (texts.field_label(&described, field)) }
                            dd { (super::cells::field(signed, &described, field, row, &titles)) }
                        }
                    }
                }
                @if let Some(why) = why { p class="gx-muted mb-0 mt-2" { (why) } }
                @if !row.value(&described, "buys_soon").is_null() {
                    @for sentence in soon { p class="gx-muted mb-0 mt-2" { (sentence) } }
                }
            }
        }
    })
}

/// Why nothing is known: it is not theirs to see, or nothing has been found out yet.
async fn unknown_card(view: &mut View, signed: &SignedIn, row: &Row) -> Result<Markup> {
    let is_told = view.tells("customer", row.id, "life_stage").await?;
    let is_analysed = guanxi_crm::insights::analysed_at(view).await?.is_some();
    let key = match (is_told, is_analysed) {
        (false, _) => "insights-known-locked",
        (true, false) => "insights-known-never",
        (true, true) => "insights-known-not-yet",
    };
    let content = html! {
        p class="card-body gx-muted mb-0" {
            @if !is_told { (super::cells::lock(signed)) " " }
            (signed.texts.get(key))
        }
    };
    Ok(super::insight_cards::card(signed.texts, "insights-known", icon("bulb"), &content))
}

/// The sentence that says why a customer is at their stage.
fn reason(signed: &SignedIn, life: &Life) -> Option<String> {
    let texts = signed.texts;
    let known = life.reason?;
    let given = [
        ("purchases", known.purchases),
        ("days", known.days.into()),
        ("away", known.away.into()),
        ("interval", known.interval.into()),
        ("lost", known.lost_after.into()),
    ];
    let given = given.map(|(name, n)| (name, format::number(texts.locale(), &n.to_string())));
    let given = given.each_ref().map(|(name, n)| (*name, n.as_str()));
    Some(texts.format("insights-why-life-stage", &given))
}

/// What speaks for a purchase soon, and what against it, the strongest first.
fn soon_reasons(texts: &Texts, reasons: &[Reason]) -> Vec<String> {
    let said = |key: &str, speaks: &dyn Fn(f64) -> bool| {
        let names = reasons.iter().filter(|one| speaks(one.adds)).take(SOON_SHOWN);
        let names = names.map(|one| texts.get(&format!("insights-soon-{}", one.feature)));
        let names = names.collect::<Vec<_>>().join(texts.get("insights-soon-and").as_str());
        (!names.is_empty()).then(|| texts.format(key, &[("why", &names)]))
    };
    let both = [
        said("insights-soon-for", &|adds| adds > SPEAKS_MIN),
        said("insights-soon-against", &|adds| adds < -SPEAKS_MIN),
    ];
    both.into_iter().flatten().collect()
}

/// As of when the card is, and a mark where something happened since.
fn since_line(signed: &SignedIn, customer: RawId, since: &Since) -> Markup {
    let texts = signed.texts;
    let at = format::instant(texts.locale(), since.as_of, &signed.actor.time_zone);
    let until = since.until.map(|day| format::date(texts.locale(), day)).unwrap_or_default();
    let given = [("at", at.as_str()), ("run", &since.run), ("until", &until)];
    html! {
        p class="gx-muted mb-2" {
            (texts.format("insights-known-as-of", &given))
            @for (of, count) in &since.changed {
                @let list = format!("/{of}?customer={customer}&updated_at.gt={}&archived=true", since.as_of);
                @let count = format::number(texts.locale(), &count.to_string());
                " " a class="badge bg-warning-lt" href=(list) {
                    (texts.format("insights-changed-since", &[("count", &count), ("type", &texts.type_plural(of))]))
                }
            }
        }
    }
}

/// The numbers of one currency.
#[derive(Debug, Default, Clone)]
struct Totals {
    orders: i64,
    cancellations: i64,
    gross: Option<Money>,
    returned: Option<Money>,
    average: Option<Money>,
    asked: Option<Money>,
    paid: Option<Money>,
}

/// What the customer did, in each currency, the one of most orders first.
#[derive(Debug, Default)]
struct Business {
    totals: Vec<(Option<Currency>, Totals)>,
    first: Option<Date>,
    last: Option<Date>,
}

impl Business {
    fn of(&mut self, currency: Option<Currency>) -> &mut Totals {
        let at = self.totals.iter().position(|(known, _)| *known == currency);
        let at = at.unwrap_or_else(|| {
            self.totals.push((currency, Totals::default()));
            self.totals.len() - 1
        });
        &mut self.totals[at].1
    }

    fn count(&self, of: fn(&Totals) -> i64) -> i64 {
        self.totals.iter().map(|(_, totals)| of(totals)).sum()
    }

    fn amounts(&self, of: fn(&Totals) -> Option<Money>) -> Vec<Money> {
        self.totals.iter().filter_map(|(_, totals)| of(totals)).collect()
    }
}

async fn groups(
    view: &mut View,
    of: &str,
    filter: Filter,
    group_by: &[&str],
    measures: &[&str],
) -> Result<Vec<Group>> {
    let measures = measures.iter().map(|word| Measure::parse(word)).collect::<Result<_>>()?;
    let group_by = group_by.iter().map(|word| GroupKey::parse(word)).collect::<Result<_>>()?;
    view.aggregate(of, &Aggregate { filter, group_by, measures, with_archived: false }).await
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

fn plus(sum: Option<Money>, more: Option<Money>) -> Option<Money> {
    match (sum, more) {
        (Some(sum), Some(more)) => sum.checked_add(more),
        (sum, more) => sum.or(more),
    }
}

async fn numbers(view: &mut View, signed: &SignedIn, id: RawId) -> Result<Markup> {
    let mine = || Filter::eq("customer", id.to_string());
    // What is only planned, or was given up, is no business done.
    let done = || mine().and(Filter::compare("status", Op::NotIn, json!(["draft", "void"])));
    let may = |of: &str, fields: &[&str]| {
        let linking = signed.actor.rights.reads_all(of, &["customer"]);
        linking && signed.actor.rights.reads_all(of, fields)
    };
    let mut business = Business::default();
    if may("order", &["status", "kind", "total", "date"]) {
        let measures = ["count", "sum:total", "avg:total", "min:date", "max:date"];
        for group in groups(view, "order", done(), &["kind"], &measures).await? {
            let at = |place: usize| group.measures.get(place);
            let (orders, sum) = (count(at(0)), money(at(1)));
            let is_sale = group.keys.first().and_then(Value::as_text) == Some("sale");
            let totals = business.of(group.currency);
            if is_sale {
                (totals.orders, totals.gross) = (orders, sum);
                totals.average = money(at(2)).map(Money::rounded);
                business.first = [business.first, date(at(3))].into_iter().flatten().min();
                business.last = business.last.max(date(at(4)));
            } else {
                totals.cancellations += orders;
                totals.returned = plus(totals.returned, sum);
            }
        }
    }
    if may("invoice", &["status", "total"]) && may("payment", &["amount"]) {
        for group in groups(view, "invoice", done(), &[], &["sum:total"]).await? {
            business.of(group.currency).asked = money(group.measures.first());
        }
        for group in groups(view, "payment", mine(), &[], &["sum:amount"]).await? {
            business.of(group.currency).paid = money(group.measures.first());
        }
    }
    business.totals.sort_by_key(|(_, totals)| Reverse(totals.orders));
    Ok(cards(signed, &business))
}

fn cards(signed: &SignedIn, business: &Business) -> Markup {
    let texts = signed.texts;
    let locale = texts.locale();
    let amounts = |of: fn(&Totals) -> Option<Money>| -> Vec<String> {
        business.amounts(of).into_iter().map(|money| format::money(locale, money)).collect()
    };
    let day = |day: Option<Date>| day.map(|day| format::date(locale, day)).into_iter().collect();
    let number = |number: i64| vec![format::number(locale, &number.to_string())];
    let since = business
        .last
        .map(|last| last.until(signed.today).map_or(0, |span| i64::from(span.get_days())));
    let unpaid = |totals: &Totals| {
        let paid = totals.paid.map(|paid| Money::new(-paid.units, paid.currency));
        totals.asked.and(plus(totals.asked, paid))
    };
    let cards: [(&str, Vec<String>); 9] = [
        ("number-orders", number(business.count(|totals| totals.orders))),
        ("number-cancellations", number(business.count(|totals| totals.cancellations))),
        ("number-revenue", amounts(|totals| plus(totals.gross, totals.returned))),
        ("number-gross", amounts(|totals| totals.gross)),
        ("number-average", amounts(|totals| totals.average)),
        ("number-first", day(business.first)),
        ("number-last", day(business.last)),
        ("number-since", since.map(number).unwrap_or_default()),
        ("number-unpaid", amounts(unpaid)),
    ];
    html! {
        dl class="gx-numbers" {
            @for (key, values) in &cards {
                div class="card" data-number=(key) {
                    dt { (texts.get(key)) }
                    @if values.is_empty() { dd { "\u{2014}" } }
                    @for value in values { dd { (value) } }
                }
            }
        }
    }
}

struct Happened<'a> {
    at: Timestamp,
    /// A day without a time.
    is_day: bool,
    record_type: &'a RecordType,
    row: &'a Row,
}

fn timeline(signed: &SignedIn, related: &[Related]) -> Markup {
    let is_event =
        |list: &&Related| list.link == "customer" && EVENTS.contains(&&*list.record_type.name);
    let mut events = Vec::new();
    for list in related.iter().filter(is_event) {
        let Some(when) = newest_first(&signed.actor.rights, &list.record_type).pop() else {
            continue;
        };
        for row in &list.rows {
            let (at, is_day) = match row.value(&list.record_type, &when.field) {
                Value::Instant(at) => (at, false),
                Value::Date(day) => match day.to_zoned(signed.actor.time_zone.clone()) {
                    Ok(start) => (start.timestamp(), true),
                    Err(_) => continue,
                },
                _ => continue,
            };
            events.push(Happened { at, is_day, record_type: &list.record_type, row });
        }
    }
    events.sort_by_key(|event| Reverse((event.at, event.row.id)));
    events.truncate(TIMELINE_SHOWN);
    let texts = signed.texts;
    html! {
        section class="card" aria-label=(texts.get("ui-timeline")) {
            div class="gx-card-head" { (icon("timeline")) h2 { (texts.get("ui-timeline")) } }
            div class="card-body" {
                @if events.is_empty() { p class="gx-muted m-0" { (texts.get("ui-none-yet")) } }
                ol class="gx-timeline" {
                    @for event in &events { (entry(signed, event)) }
                }
            }
        }
    }
}

fn entry(signed: &SignedIn, event: &Happened<'_>) -> Markup {
    let texts = signed.texts;
    let locale = texts.locale();
    let described = event.record_type;
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
                a href=(format!("/{}/{}", described.name, event.row.id)) { (super::cells::title(signed, described, event.row, &guanxi_store::Titles::new())) }
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
