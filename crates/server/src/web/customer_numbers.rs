//! The headline numbers of a customer: what they bought, counted as every analysis counts it, and
//! what of it is not paid. What does not count is named below them.

use guanxi_base::{Currency, Date, Money, RawId, Result};
use guanxi_crm::insights::{Dealings, Dealt, ExactSum, Summed};
use guanxi_record::{Filter, Op};
use guanxi_store::View;
use maud::{Markup, html};
use serde_json::json;

use super::{asides, format};
use crate::signed_in::SignedIn;

/// What is asked for and what is paid, in one currency.
#[derive(Debug, Clone)]
struct Billed {
    currency: Currency,
    /// In 1/10,000 of the unit.
    asked: i128,
    paid: i128,
}

/// The numbers as of a day of the company; `bought` is what the reader may know of the orders.
pub(super) async fn numbers(
    view: &mut View,
    signed: &SignedIn,
    id: RawId,
    (bought, today): (Option<&Dealings>, Date),
) -> Result<Markup> {
    let may = |of: &str, fields: &[&str]| {
        let linking = signed.actor.rights.reads_all(of, &["customer"]);
        linking && signed.actor.rights.reads_all(of, fields)
    };
    let mut billed = Unpaid::Sums(Vec::new());
    if may("invoice", &["status", "total"]) && may("payment", &["amount"]) {
        billed = unpaid(view, id).await?;
    }
    let aside = match bought {
        Some(bought) => asides(view, signed, (bought, today)).await?,
        None => html! {},
    };
    Ok(html! { (cards(signed, bought, &billed, today)) (aside) })
}

/// What is asked for and not paid.
enum Unpaid {
    /// In each currency in which something was asked for.
    Sums(Vec<ExactSum>),
    /// More than any number that is kept.
    TooLarge,
}

async fn unpaid(view: &mut View, id: RawId) -> Result<Unpaid> {
    let mine = || Filter::eq("customer", id.to_string());
    // What is only planned, or was given up, asks for nothing.
    let done = mine().and(Filter::compare("status", Op::NotIn, json!(["draft", "void"])));
    let mut billed: Vec<Billed> = Vec::new();
    for (of, filter, field) in [("invoice", done, "total"), ("payment", mine(), "amount")] {
        let Some(sums) = sums(view, of, filter, field).await? else { return Ok(Unpaid::TooLarge) };
        for sum in sums {
            let known = billed.iter().position(|one| one.currency == sum.currency);
            match (known, of) {
                (Some(at), "payment") => billed[at].paid = sum.units.into(),
                (None, "invoice") => {
                    let (currency, asked) = (sum.currency, sum.units.into());
                    billed.push(Billed { currency, asked, paid: 0 });
                }
                _ => {}
            }
        }
    }
    let rest = billed.iter().map(|one| ExactSum::new(one.asked - one.paid, one.currency));
    Ok(Unpaid::Sums(rest.collect()))
}

/// The sums of a field in each currency; none where one is more than any number that is kept.
async fn sums(
    view: &mut View,
    of: &str,
    filter: Filter,
    field: &str,
) -> Result<Option<Vec<Money>>> {
    Ok(match Summed::of(view, of, filter, field).await? {
        Summed::Exactly(sums) => Some(sums),
        Summed::TooLarge => None,
    })
}

/// What does not count, and what is no purchase.
async fn asides(
    view: &mut View,
    signed: &SignedIn,
    (bought, today): (&Dealings, Date),
) -> Result<Markup> {
    let texts = signed.texts;
    let aside = asides::of_customer(view, texts, (&bought.left_aside, today)).await?;
    let count = format::number(texts.locale(), &bought.came_back_whole.to_string());
    let newest = bought.only_newest.map(|count| format::number(texts.locale(), &count.to_string()));
    Ok(html! {
        @if let Some(newest) = newest {
            p class="mb-1" { strong { (texts.format("number-only-newest", &[("count", &newest)])) } }
        }
        (aside)
        @if bought.came_back_whole > 0 {
            p class="gx-muted mb-1" { (texts.format("number-came-back-whole", &[("count", &count)])) }
        }
    })
}

fn cards(signed: &SignedIn, bought: Option<&Dealings>, billed: &Unpaid, today: Date) -> Markup {
    let texts = signed.texts;
    let locale = texts.locale();
    let dealt = || bought.into_iter().flat_map(|bought| &bought.dealt);
    let amounts = |of: fn(&Dealt) -> Option<ExactSum>| -> Vec<String> {
        dealt().filter_map(of).map(|sum| format::exact_sum(locale, sum)).collect()
    };
    let day = |day: fn(&Dealings) -> Option<Date>| bought.and_then(day);
    let shown = |day: Option<Date>| -> Vec<String> {
        day.map(|day| format::date(locale, day)).into_iter().collect()
    };
    let count = |of: fn(&Dealt) -> i64| -> Vec<String> {
        let all: Option<i64> = bought.map(|bought| bought.dealt.iter().map(of).sum());
        all.map(|all| format::number(locale, &all.to_string())).into_iter().collect()
    };
    let (first, last) = (day(|bought| bought.first), day(|bought| bought.last));
    let since = last.map(|last| last.until(today).map_or(0, |span| i64::from(span.get_days())));
    let since = since.map(|days| format::number(locale, &days.to_string()));
    let unpaid = match billed {
        Unpaid::Sums(sums) => sums.iter().map(|sum| format::exact_sum(locale, *sum)).collect(),
        Unpaid::TooLarge => vec![texts.get("insights-too-large")],
    };
    let cards: [(&str, Vec<String>); 9] = [
        ("number-orders", count(|dealt| dealt.orders)),
        ("number-cancellations", count(|dealt| dealt.returns)),
        ("number-revenue", amounts(|dealt| Some(dealt.net))),
        ("number-gross", amounts(|dealt| (dealt.orders > 0).then_some(dealt.gross))),
        ("number-average", amounts(|dealt| dealt.average.map(ExactSum::rounded))),
        ("number-first", shown(first)),
        ("number-last", shown(last)),
        ("number-since", since.into_iter().collect()),
        ("number-unpaid", unpaid),
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
