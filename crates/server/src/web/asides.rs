//! What an analysis or a number leaves aside, and what it counts otherwise than one might think:
//! how many records, what they are worth, and which.

use guanxi_base::{Date, Result};
use guanxi_crm::insights::{LeftAside, Named};
use guanxi_crm::text::Texts;
use guanxi_store::View;
use maud::{Markup, html};
use serde_json::Value as Json;

use super::format;

/// Records of one sort.
struct Aside {
    record_type: String,
    why: String,
    count: i64,
    amounts: Vec<String>,
    /// The first of them: id and name.
    records: Vec<(String, String)>,
}

impl Aside {
    /// As the card of a run keeps it.
    fn of_card(texts: &Texts, one: &Json) -> Self {
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let list = |key: &str| one[key].as_array().map(Vec::as_slice).unwrap_or_default();
        let amounts = list("amounts").iter().filter_map(|pair| {
            let currency = pair[0].as_str()?.parse().ok()?;
            Some(format::plain_amount(texts.locale(), pair[1].as_str()?, currency))
        });
        Self {
            record_type: text(&one["record_type"]),
            why: text(&one["why"]),
            count: one["count"].as_i64().unwrap_or(0),
            amounts: amounts.collect(),
            records: list("records").iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
        }
    }

    fn line(&self, texts: &Texts, today: &str) -> Markup {
        let count = format::number(texts.locale(), &self.count.to_string());
        let of = &self.record_type;
        let given = [
            ("count", count.as_str()),
            ("type", &texts.type_counted(of, self.count)),
            ("today", today),
        ];
        let amount = self.amounts.join(" + ");
        html! {
            (format::sentence(&texts.format(&format!("insights-aside-{}", self.why), &given))) " "
            @for (at, (id, name)) in self.records.iter().enumerate() {
                @if at > 0 { ", " }
                a href=(format!("/{of}/{id}")) { (name) }
            }
            @if self.count > self.records.len() as i64 { " \u{2026}" }
            @if !amount.is_empty() {
                @let together = texts.format("insights-aside-amount", &[("amount", &amount)]);
                " " (format::sentence(&together))
            }
        }
    }
}

/// The records that a run left aside, by why, with the first of them; those that stand by a rule
/// are no warning.
pub(super) fn of_run(texts: &Texts, card: &Json) -> Markup {
    let all = |key: &str| -> Vec<Aside> {
        let all = card[key].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().map(|one| Aside::of_card(texts, one)).collect()
    };
    let today = card["today"].as_str().and_then(|day| day.parse().ok());
    let today = today.map(|day| format::date(texts.locale(), day)).unwrap_or_default();
    shown(texts, &today, (&all("left_aside"), &all("noted")))
}

/// What the numbers of a customer leave aside.
pub(super) async fn of_customer(
    view: &mut View,
    texts: &Texts,
    (left_aside, today): (&LeftAside, Date),
) -> Result<Markup> {
    let (mut wrong, mut by_rule) = (Vec::new(), Vec::new());
    for sort in left_aside.named() {
        let Named { record_type, why, count, ids, amounts, is_by_rule } = sort;
        let names = view.titles(record_type, &ids).await?;
        let records =
            ids.iter().filter_map(|id| Some((id.to_string(), names.get(id)?.clone()))).collect();
        let amounts = amounts.into_iter().map(|sum| format::exact_sum(texts.locale(), sum));
        let one = Aside {
            record_type: record_type.to_owned(),
            why: why.to_owned(),
            count: i64::try_from(count).unwrap_or(i64::MAX),
            amounts: amounts.collect(),
            records,
        };
        if is_by_rule { by_rule.push(one) } else { wrong.push(one) }
    }
    let today = format::date(texts.locale(), today);
    Ok(shown(texts, &today, (&wrong, &by_rule)))
}

fn shown(texts: &Texts, today: &str, (wrong, by_rule): (&[Aside], &[Aside])) -> Markup {
    html! {
        @if !wrong.is_empty() {
            div class="alert alert-warning" role="note" {
                @for one in wrong { p class="mb-1" { (one.line(texts, today)) } }
            }
        }
        @for one in by_rule { p class="gx-muted mb-1" { (one.line(texts, today)) } }
    }
}
