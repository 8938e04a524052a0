//! What the page of a customer has beyond those of other records: the headline numbers, and one
//! timeline of everything that happened.

use std::cmp::Reverse;

use guanxi_base::{Date, RawId, Result, Timestamp};
use guanxi_crm::access::Organisation;
use guanxi_crm::insights::{NextOffer, Reason, Since, TheirOrders, Why, dealings};
use guanxi_crm::text::Texts;
use guanxi_record::{Kind, RecordType, Row, Value};
use guanxi_store::View;
use maud::{Markup, html};

use super::layout::icon;
use super::record::{Related, newest_first};
use super::{customer_numbers, format};
use crate::app::App;
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
    app: &App,
    view: &mut View,
    signed: &SignedIn,
    row: &Row,
    related: &[Related],
) -> Result<(Markup, Markup)> {
    // One day and one count for the numbers, and for the sentences on the page.
    let today = Organisation::of(&app.store).await?.today(view.now());
    let orders = TheirOrders::read(view, row.id).await?;
    let bought = match &orders {
        Some(orders) => Some(dealings(view, orders, today).await?),
        None => None,
    };
    let numbers = customer_numbers::numbers(view, signed, row.id, (bought.as_ref(), today)).await?;
    let is_live = bought.is_some_and(|bought| bought.only_newest.is_none());
    let known = known_card(view, signed, row, (orders.as_ref(), is_live)).await?;
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

/// What analyses found out about the customer, and why. What the numbers above say as it is now is not
/// said again as it was.
async fn known_card(
    view: &mut View,
    signed: &SignedIn,
    row: &Row,
    (orders, is_live): (Option<&TheirOrders>, bool),
) -> Result<Markup> {
    let texts = signed.texts;
    let described = view.catalog().get("customer")?.clone();
    let known: Vec<_> = described
        .fields
        .iter()
        .filter(|field| field.derived && !row.value(&described, &field.name).is_null())
        .filter(|field| !(is_live && LIVE.contains(&&*field.name)))
        .collect();
    if known.is_empty() {
        return unknown_card(view, signed, row).await;
    }
    let why = match orders {
        Some(orders) => guanxi_crm::insights::why(view, row, orders).await?,
        None => None,
    };
    let (why, soon) = match why {
        Some(why) => (reasons(signed, &described, row, &why), why.soon),
        None => (Vec::new(), Vec::new()),
    };
    let soon = soon_reasons(texts, &soon);
    let since = guanxi_crm::insights::since(view, row, orders).await?;
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
                @for sentence in why { p class="gx-muted mb-0 mt-2" { (sentence) } }
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

/// The sentences that say why a customer is at their stage.
fn reasons(signed: &SignedIn, of: &RecordType, row: &Row, why: &Why) -> Vec<String> {
    let texts = signed.texts;
    let (Some(known), Some(last)) = (why.life.reason, why.last) else { return Vec::new() };
    let number = |n: i64| format::number(texts.locale(), &n.to_string());
    let given = [
        ("purchases", number(known.purchases)),
        ("days", number(known.days.into())),
        ("interval", number(known.interval.into())),
        ("lost", number(known.lost_after.into())),
        ("last", format::date(texts.locale(), last)),
    ];
    let given = given.each_ref().map(|(name, n)| (*name, n.as_str()));
    // Who bought on one day has no interval of their own.
    let key = match known.days - known.away {
        0 => "insights-why-one-day",
        _ => "insights-why-life-stage",
    };
    let mut said = vec![texts.format(key, &given)];
    if known.is_expected_back
        && let Value::Percent(risk) = row.value(of, "churn_risk")
    {
        let stays = 1.0 - risk.share();
        let chance = format::estimated_share(texts.locale(), stays);
        said.push(texts.format("insights-why-expected-back", &[("chance", &chance)]));
    }
    if why.in_others > 0 {
        let count = number(i64::try_from(why.in_others).unwrap_or(i64::MAX));
        said.push(texts.format("insights-why-other-currencies", &[("count", &count)]));
    }
    said
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
    let day = |day: Option<Date>| day.map(|day| format::date(texts.locale(), day));
    let (until, told_of) = (day(since.until), day(since.told_of));
    let given =
        [("at", at.as_str()), ("run", &since.run), ("until", until.as_deref().unwrap_or_default())];
    let key = match until {
        Some(_) => "insights-known-as-of",
        None => "insights-known-as-of-nothing",
    };
    let has_orders = since.changed.iter().any(|one| one.record_type == "order");
    html! {
        p class="gx-muted mb-2" {
            (texts.format(key, &given))
            @if let Some(day) = &told_of { " " (texts.format("insights-told-of", &[("day", day)])) }
            @for one in &since.changed {
                @let of = one.record_type;
                @let list = format!("/{of}?customer={customer}&{}&archived=true", one.since);
                @let count = format::number(texts.locale(), &one.changed.to_string());
                " " a class="badge bg-warning-lt" href=(list) {
                    (texts.format("insights-changed-since", &[("count", &count), ("type", &texts.type_counted(of, one.changed))]))
                }
            }
            @if since.is_other && !has_orders {
                " " a class="badge bg-warning-lt" href=(format!("/order?customer={customer}")) {
                    (texts.get("insights-changed-orders"))
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
                @if let Some(amount) = amount { " " strong { (format::sentence(&amount)) } }
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
