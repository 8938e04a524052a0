//! The cards of a segment's page.

use guanxi_base::{Money, RawId};
use guanxi_crm::people::Customer;
use guanxi_crm::sales::Order;
use guanxi_crm::segments::{Alike, Glance, Move, Profile, Segment, Share};
use guanxi_crm::text::Texts;
use guanxi_record::{Record as _, Row, Stored};
use guanxi_store::Titles;
use maud::{Markup, html};

use super::format;
use super::insight_cards::{card, chart, percent, plain};
use super::layout::icon;
use super::segments::money;
use crate::signed_in::SignedIn;

/// How many they are and what they are worth.
pub(super) fn glance(signed: &SignedIn, glance: &Glance, list: &str) -> Markup {
    let texts = signed.texts;
    let at = format::instant(texts.locale(), glance.as_of, &signed.actor.time_zone);
    let count = format::number(texts.locale(), &glance.count.to_string());
    html! {
        dl class="gx-numbers" {
            div class="card" { dt { (texts.get("insights-customers")) } dd { a href=(list) { (count) } } }
            div class="card" { dt { (texts.get("insights-revenue")) } dd { (money(texts, glance.revenue)) } }
            div class="card" { dt { (texts.get("segment-to-come")) } dd { (money(texts, glance.lifetime_value)) } }
        }
        p class="gx-muted" { (texts.format("segment-as-of", &[("at", &at)])) }
    }
}

/// Some customers, with what they bought for.
pub(super) fn customers(texts: &Texts, rows: &[Row], revenue: &[String]) -> Markup {
    html! {
        @if rows.is_empty() {
            p class="gx-muted" { (texts.get("segment-nobody")) }
        } @else {
            div class="table-responsive" tabindex="0" role="region" aria-label=(texts.get("segment-best")) {
                table class="table table-sm" {
                    tbody {
                        @for (row, sum) in rows.iter().zip(revenue) {
                            tr {
                                td { a href=(format!("/customer/{}", row.id)) { (name(row)) } }
                                td class="gx-number" { (sum) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn name(row: &Row) -> String {
    row.values.first().and_then(|value| value.as_text()).unwrap_or_default().to_owned()
}

pub(super) fn best(texts: &Texts, rows: &[Row], revenue: &[String]) -> Markup {
    card(
        texts,
        "segment-best",
        icon("star"),
        &html! { div class="card-body" { (customers(texts, rows, revenue)) } },
    )
}

/// What they are like, beside all customers.
pub(super) fn profile(signed: &SignedIn, found: &Profile, names: &Titles, list: &str) -> Markup {
    let texts = signed.texts;
    let dash = || "\u{2013}".to_owned();
    let figure = |name: &str, value: Option<f64>| match (name, value) {
        (_, None) => dash(),
        ("reduced" | "risk", Some(value)) => percent(texts, value),
        ("order-value" | "service-cost", Some(value)) => {
            let units = (value * 100.0).round() as i64 * (Money::ONE / 100);
            let money = found.currency.map(|currency| Money { units, currency });
            money.map_or_else(dash, |money| format::money(texts.locale(), money))
        }
        (_, Some(value)) => plain(texts, value, 2),
    };
    let share = |(few, all): (usize, usize)| match all {
        0 => dash(),
        all => percent(texts, few as f64 / all as f64),
    };
    let content = html! {
        div class="table-responsive" tabindex="0" role="region" aria-label=(texts.get("segment-profile")) {
            table class="table table-sm" {
                (head(texts, "segment-figure"))
                tbody {
                    tr {
                        td { (texts.get("segment-share-of-customers")) }
                        td class="gx-number" { a href=(list) { (share((found.customers.0, found.all_customers.0))) } }
                        td class="gx-number" { (share((found.all_customers.0, found.all_customers.0))) }
                    }
                    tr {
                        td { (texts.get("segment-buyers")) }
                        td class="gx-number" { (share((found.customers.1, found.customers.0))) }
                        td class="gx-number" { (share((found.all_customers.1, found.all_customers.0))) }
                    }
                    @for (name, few, all) in &found.figures {
                        tr {
                            td { (texts.get(&format!("segment-{name}"))) }
                            td class="gx-number" { (figure(name, *few)) }
                            td class="gx-number" { (figure(name, *all)) }
                        }
                    }
                }
            }
        }
    };
    let category = |one: &Share| {
        let id = one.of.parse::<RawId>().ok();
        id.and_then(|id| names.get(&id).cloned()).unwrap_or_else(|| texts.get("ui-no-permission"))
    };
    let channel = |one: &Share| {
        let described = Order::TYPE;
        match described.field("channel") {
            Some(field) => texts.option_label(described, field, &one.of),
            None => one.of.clone(),
        }
    };
    html! {
        (card(texts, "segment-profile", icon("chart-pie"), &content))
        (shares(texts, "segment-categories", &found.categories, &category))
        (shares(texts, "segment-products", &found.products, &category))
        (shares(texts, "segment-channels", &found.channels, &channel))
        (shares(texts, "segment-months", &found.months, &|one| one.of.get(..7).unwrap_or_default().to_owned()))
    }
}

fn head(texts: &Texts, first: &str) -> Markup {
    html! {
        thead {
            tr {
                th { (texts.get(first)) }
                th class="gx-number" { (texts.get("segment-these")) }
                th class="gx-number" { (texts.get("segment-everyone")) }
            }
        }
    }
}

fn shares(texts: &Texts, key: &str, shares: &[Share], name: &dyn Fn(&Share) -> String) -> Markup {
    if shares.is_empty() {
        return html! {};
    }
    let table = html! {
        table class="table table-sm" {
            (head(texts, key))
            tbody {
                @for one in shares {
                    tr {
                        td { (name(one)) }
                        td class="gx-number" data-value=(format!("{:.4}", one.chosen)) { (percent(texts, one.chosen)) }
                        td class="gx-number" data-value=(format!("{:.4}", one.all)) { (percent(texts, one.all)) }
                    }
                }
            }
        }
    };
    let title = texts.get(key);
    card(
        texts,
        key,
        icon("chart-bar"),
        &html! { div class="card-body" { (chart(texts, "shares", &title, &table)) } },
    )
}

/// How many of them are in other segments too.
pub(super) fn overlaps(
    texts: &Texts,
    others: &[(Stored<Segment>, usize)],
    (own, count): (RawId, usize),
) -> Markup {
    if others.is_empty() {
        return html! {};
    }
    let content = html! {
        div class="table-responsive" tabindex="0" role="region" aria-label=(texts.get("segment-overlap")) {
            table class="table table-sm" {
                tbody {
                    @for (other, both) in others {
                        tr {
                            td { a href=(format!("/segment/{}", other.id)) { (other.name) } }
                            td class="gx-number" {
                                a href=(format!("/customer?segment={own}&segment={}", other.id)) { (format::number(texts.locale(), &both.to_string())) }
                            }
                            td class="gx-number" { @if count > 0 { (percent(texts, *both as f64 / count as f64)) } }
                        }
                    }
                }
            }
        }
    };
    card(texts, "segment-overlap", icon("circles-relation"), &content)
}

/// Who is like them, how well that can be told, and why each is.
pub(super) fn alike(
    signed: &SignedIn,
    segment: &Stored<Segment>,
    found: &Alike,
    names: &Titles,
) -> Markup {
    let texts = signed.texts;
    let count = |number: usize| format::number(texts.locale(), &number.to_string());
    let given = [
        ("members", count(found.learnt_from.0)),
        ("others", count(found.learnt_from.1)),
        ("among", count(found.among)),
        ("area", plain(texts, found.area.unwrap_or(0.5), 3)),
    ];
    let given = given.each_ref().map(|(name, value)| (*name, value.as_str()));
    let said = match (found.area, found.is_better_than_guessing) {
        (None, _) => "segment-alike-too-few",
        (Some(_), false) => "segment-alike-guess",
        (Some(_), true) => "segment-alike-how",
    };
    let label = |name: &str| {
        let (field, part) = name.split_once('.').unwrap_or((name, ""));
        let whole = Customer::TYPE.field(field).map(|one| texts.field_label(Customer::TYPE, one));
        match part {
            "" => whole.unwrap_or_default(),
            part => texts.get(&format!("address.{part}")),
        }
    };
    html! {
        div class="gx-head" {
            a class="btn btn-icon" href=(format!("/segment/{}", segment.id)) aria-label=(texts.get("ui-back")) { (icon("arrow-left")) }
            h1 { (texts.get("segment-alike")) ": " (segment.name) }
        }
        p class="gx-muted" { (texts.format(said, &given)) }
        @if !found.found.is_empty() {
            div class="card table-responsive" tabindex="0" role="region" aria-label=(texts.get("segment-alike")) {
                table class="table" {
                    thead {
                        tr {
                            th { (texts.type_label("customer")) }
                            th class="gx-number" { (texts.get("segment-likeness")) }
                            th { (texts.get("segment-because")) }
                        }
                    }
                    tbody {
                        @for one in &found.found {
                            @if let Some(name) = names.get(&one.customer) {
                                tr {
                                    td { a href=(format!("/customer/{}", one.customer)) { (name) } }
                                    td class="gx-number" { (percent(texts, one.score)) }
                                    td { (one.reasons.iter().map(|name| label(name)).collect::<Vec<_>>().join(", ")) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Who came and who went, and why.
pub(super) fn moves(signed: &SignedIn, told: &[(Move, String, String)]) -> Markup {
    let texts = signed.texts;
    let content = html! {
        @if told.is_empty() {
            p class="card-body gx-muted mb-0" { (texts.get("segment-no-moves")) }
        } @else {
            ul class="list-unstyled card-body mb-0" {
                @for (one, name, why) in told {
                    li {
                        @if one.came { (icon("login-2")) } @else { (icon("logout")) } " "
                        a href=(format!("/customer/{}", one.customer)) { (name) } " "
                        (texts.get(if one.came { "segment-came" } else { "segment-left" }))
                        span class="gx-muted" {
                            " " (format::instant(texts.locale(), one.at, &signed.actor.time_zone))
                            @if !why.is_empty() { ": " (why) }
                        }
                    }
                }
            }
        }
    };
    card(texts, "segment-moves", icon("arrows-exchange"), &content)
}
