//! Customers that may be one: both side by side with what speaks for it, to be merged by a person,
//! or left as they are; and merges that are taken back.

use std::collections::BTreeMap;

use axum::Form as Posted;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::people::Customer;
use guanxi_crm::resolution::{
    CustomerMerge, CustomerPair, PairState, Relation, Survivorship, decide, likely_there,
    may_be_chosen, merge_pair, unmerge,
};
use guanxi_crm::text::Texts;
use guanxi_record::{
    Choice as _, Field, Filter, Query, Record as _, RecordType, Row, Sort, Stored,
};
use guanxi_store::{Purpose, View};
use maud::{Markup, html};

use super::cells;
use super::format;
use super::insight_cards::percent;
use super::layout::{error_page, icon};
use super::pair_reasons::{ADDRESS, level_key, place_alone, reason};
use crate::api::parse_id;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// Fields begin so when somebody chooses whose value stays.
const TAKE: &str = "take-";
/// What hangs on a customer and is counted.
const COUNTED: [&str; 6] = ["contact", "order", "invoice", "case", "interaction", "task"];
/// So many merges are shown on a customer's page.
const MERGES_SHOWN: usize = 10;

/// The two customers of a pair, and what can be decided.
pub(crate) async fn pair_sections(
    app: &App,
    view: &mut View,
    signed: &SignedIn,
    row: &Row,
) -> Result<Markup> {
    let described = view.catalog().get(Customer::NAME)?.clone();
    let pair: Stored<CustomerPair> = row.clone().try_into()?;
    let mut rows = Vec::new();
    for id in [pair.first, pair.second] {
        rows.push(view.row(Customer::NAME, id.raw(), Purpose::Read).await?);
    }
    let [first, second] =
        <[Row; 2]>::try_from(rows).map_err(|_| Error::internal("a pair has two"))?;
    signed.looked_at_some(app, &described, [first.id, second.id].into_iter());
    let mut may = pair.state == PairState::Open;
    for row in [&first, &second] {
        may &= view.may(Customer::NAME, row.id, Purpose::Change).await?;
    }
    let bought = |row: &Row| row.value(&described, "purchases").to_json().as_i64().unwrap_or(0);
    let second_stays = bought(&second) > bought(&first);
    let (stays, goes) = if second_stays { (&second, &first) } else { (&first, &second) };
    let rules = Survivorship::read(view).await?;
    let taken = rules.taken(&described, stays, goes, &BTreeMap::new());
    let taken: Vec<usize> = taken.iter().map(|one| one.place).collect();
    let counts = counts(view, [first.id, second.id]).await?;
    let titles = view.link_titles(&described, &[first.clone(), second.clone()]).await?;
    // Field by field: of what they see they may also be told how alike it is.
    let of = view.catalog().get(CustomerPair::NAME)?.clone();
    let kept = view.rows_by_ids(&of, &[row.id], Purpose::Read).await?;
    let kept: Option<Stored<CustomerPair>> =
        kept.into_iter().next().map(TryInto::try_into).transpose()?;
    let reasons = kept.and_then(|pair| pair.record.reasons).map(|reasons| reasons.0);
    let side = Side { signed, described: &described, titles: &titles };
    let texts = signed.texts;
    let merges = may && pair.relation == Relation::Same;
    let title = texts.get("pair-compare");
    Ok(html! {
        section class="card gx-compare" aria-label=(title) {
            div class="gx-card-head" {
                (icon("arrows-join")) h2 { (title) }
                span class="badge" { (percent(texts, share(&pair))) }
            }
            form method="post" action=(format!("/customer_pair/{}/decide", row.id)) {
                div class="table-responsive" tabindex="0" role="region" aria-label=(title) {
                    table class="table table-sm" {
                        (side.head([&first, &second], merges.then_some(stays.id)))
                        tbody {
                            @for (place, field) in described.fields.iter().enumerate() {
                                @let chosen = if taken.contains(&place) { goes.id } else { stays.id };
                                @let reason = reason(signed, field, reasons.as_ref());
                                (side.line(field, place, [&first, &second], merges.then_some(chosen), &reason))
                                @if field.name == ADDRESS && [&first, &second].iter().all(|row| row.values[place].is_null()) {
                                    (place_alone(signed, &described, reasons.as_ref()))
                                }
                            }
                            @for (name, [one, other]) in &counts {
                                tr {
                                    th scope="row" { (texts.type_plural(name)) }
                                    td class="gx-number" { (one) }
                                    td class="gx-number" { (other) }
                                    td {}
                                }
                            }
                        }
                    }
                }
                @if may { (decisions(texts, pair.relation)) }
            }
        }
    })
}

fn share(pair: &CustomerPair) -> f64 {
    pair.certainty.units() as f64 / (100 * guanxi_base::Percent::ONE) as f64
}

fn decisions(texts: &Texts, relation: Relation) -> Markup {
    html! {
        div class="card-footer d-flex gap-2 flex-wrap" {
            @if relation == Relation::Same {
                button class="btn btn-primary" name="decision" value="merge" {
                    (icon("git-merge")) (texts.get("pair-merge"))
                }
            } @else {
                button class="btn btn-primary" name="decision" value="join" {
                    (icon("home-heart")) (texts.get(if relation == Relation::Household { "pair-household" } else { "pair-group" }))
                }
            }
            button class="btn" name="decision" value="different" { (texts.get("pair-different")) }
        }
    }
}

/// How two customers are shown beside each other.
struct Side<'a> {
    signed: &'a SignedIn,
    described: &'a RecordType,
    titles: &'a guanxi_store::Titles,
}

impl Side<'_> {
    fn head(&self, rows: [&Row; 2], stays: Option<RawId>) -> Markup {
        let texts = self.signed.texts;
        html! {
            thead { tr {
                th scope="col" { (texts.get("ui-field")) }
                @for row in rows {
                    th scope="col" {
                        a href=(format!("/customer/{}", row.id)) { (row.title(self.described)) }
                        @if let Some(stays) = stays {
                            label class="d-block fw-normal" {
                                input class="form-check-input" type="radio" name="survivor" value=(row.id)
                                    checked[row.id == stays];
                                " " (texts.get("pair-stays"))
                            }
                        }
                    }
                }
                th scope="col" { (texts.get("pair-why")) }
            } }
        }
    }

    /// A field of both; whose value stays can be chosen where they differ.
    fn line(
        &self,
        field: &Field,
        place: usize,
        rows: [&Row; 2],
        chosen: Option<RawId>,
        reason: &Markup,
    ) -> Markup {
        let rights = &self.signed.actor.rights;
        let values = rows.map(|row| &row.values[place]);
        let is_shown = rights.reads(Customer::NAME, &field.name) && field.name != "merged_into";
        if !is_shown || values.iter().all(|value| value.is_null()) {
            return html! {};
        }
        let differs = values[0] != values[1];
        let choose = differs
            && may_be_chosen(self.described, place)
            && rights.writes(Customer::NAME, &field.name)
            && values.iter().all(|value| !value.is_null());
        let label = self.signed.texts.field_label(self.described, field);
        html! {
            tr class=[differs.then_some("gx-differs")] {
                th scope="row" { (label) }
                @for row in rows {
                    td {
                        @match chosen.filter(|_| choose) {
                            Some(chosen) => label {
                                input class="form-check-input" type="radio" name=(format!("{TAKE}{}", field.name))
                                    value=(row.id) checked[row.id == chosen]
                                    aria-label=(format!("{label}: {}", row.title(self.described)));
                                " " (cells::field(self.signed, self.described, field, row, self.titles))
                            },
                            None => (cells::field(self.signed, self.described, field, row, self.titles)),
                        }
                    }
                }
                td class="gx-muted" { (reason) }
            }
        }
    }
}

/// How many records hang on each of the two, as far as the reader sees them.
async fn counts(view: &mut View, ids: [RawId; 2]) -> Result<Vec<(&'static str, [String; 2])>> {
    let mut found = Vec::new();
    for name in COUNTED {
        if !view.actor().rights.reads_all(name, &["customer"]) {
            continue;
        }
        let mut both = [String::new(), String::new()];
        for (count, id) in both.iter_mut().zip(ids) {
            let query = Query::of(Filter::eq("customer", id.to_string()));
            let total = view.total(name, &query).await?;
            *count = format!("{}{}", total.number, if total.more { "+" } else { "" });
        }
        if both.iter().any(|count| count != "0") {
            found.push((name, both));
        }
    }
    Ok(found)
}

/// Merges the customers of a pair, or says that they are two.
pub(crate) async fn decide_pair(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
    Posted(sent): Posted<Params>,
) -> Response {
    let outcome: Result<Response> = async {
        let id = parse_id(&id)?;
        let state = match params::one(&sent, "decision") {
            Some("merge") => PairState::Merged,
            Some("join") => PairState::Joined,
            Some("different") => PairState::Different,
            _ => return Err(Refusal::field("required", "decision").into()),
        };
        if state != PairState::Merged {
            decide(&app.store, &signed.actor, id, state).await?;
            return Ok(Redirect::to(QUEUE).into_response());
        }
        let survivor = params::one(&sent, "survivor");
        let survivor = survivor.ok_or_else(|| Refusal::field("required", "survivor"))?;
        let mut chosen = BTreeMap::new();
        for (name, from) in &sent {
            if let Some(field) = name.strip_prefix(TAKE) {
                chosen.insert(field.to_owned(), parse_id(from)?);
            }
        }
        let wanted = (parse_id(survivor)?, chosen);
        let merged = merge_pair(&app.store, &signed.actor, id, wanted).await?;
        Ok(Redirect::to(&format!("/customer/{}", merged.survivor)).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// The pairs that wait for people, the most certain first.
pub(super) const QUEUE: &str = "/customer_pair?state=open&sort=-certainty";

/// Parts two customers that were merged.
pub(crate) async fn undo_merge(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Response> = async {
        let id = parse_id(&id)?;
        let mut view = app.store.read(&signed.actor).await?;
        let row = view.row(CustomerMerge::NAME, id, Purpose::Read).await?;
        drop(view);
        let note: Stored<CustomerMerge> = row.try_into()?;
        unmerge(&app.store, &signed.actor, id).await?;
        Ok(Redirect::to(&format!("/customer/{}", note.merged)).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// Who went into a customer, which values came from them, and the way back.
pub(crate) async fn merges_card(view: &mut View, signed: &SignedIn, row: &Row) -> Result<Markup> {
    let texts = signed.texts;
    let described = view.catalog().get(Customer::NAME)?.clone();
    let into = row.value(&described, "merged_into").as_link();
    let into = match into {
        Some(id) => view.titles(Customer::NAME, &[id]).await?.into_iter().next(),
        None => None,
    };
    let mut merges = Vec::new();
    if signed.actor.rights.reads_all(CustomerMerge::NAME, &["survivor"]) {
        let query = Query::of(Filter::eq("survivor", row.id.to_string()))
            .sorted(vec![Sort::down("id")])
            .limited(MERGES_SHOWN);
        for row in view.list(CustomerMerge::NAME, &query).await?.rows {
            merges.push(Stored::<CustomerMerge>::try_from(row)?);
        }
    }
    if into.is_none() && merges.is_empty() {
        return Ok(html! {});
    }
    let ids: Vec<RawId> = merges.iter().map(|one| one.merged.raw()).collect();
    let names = view.titles(Customer::NAME, &ids).await?;
    let name = |id: RawId| names.get(&id).cloned().unwrap_or_else(|| texts.get("ui-no-permission"));
    let may = view.may(Customer::NAME, row.id, Purpose::Change).await?;
    let title = texts.get("merge-title");
    Ok(html! {
        section class="card" aria-label=(title) {
            div class="gx-card-head" { (icon("git-merge")) h2 { (title) } }
            div class="card-body gx-stack" {
                @if let Some((id, name)) = into {
                    p { (texts.get("merge-into")) " " a href=(format!("/customer/{id}")) { (name) } }
                }
                @for one in &merges {
                    div {
                        a href=(format!("/customer/{}", one.merged)) { (name(one.merged.raw())) }
                        " " span class="gx-muted" { (format::date(texts.locale(), one.date)) }
                        (provenance(texts, &described, one))
                        @if may {
                            form method="post" action=(format!("/customer_merge/{}/undo", one.id))
                                data-confirm=(texts.get("merge-undo-confirm")) {
                                button class="btn btn-sm" type="submit" { (icon("arrow-back-up")) (texts.get("merge-undo")) }
                            }
                        }
                    }
                }
            }
        }
    })
}

/// Which fields were taken over, and by which rule.
fn provenance(texts: &Texts, described: &RecordType, merge: &CustomerMerge) -> Markup {
    let taken = merge.provenance.as_ref().and_then(|taken| taken.0.as_object());
    let Some(taken) = taken.filter(|taken| !taken.is_empty()) else { return html! {} };
    let rule = |code: &str| match code {
        "empty" | "chosen" => texts.get(&format!("merge-{code}")),
        code => {
            let of = guanxi_crm::resolution::SurvivorshipRule::TYPE;
            of.field("survives")
                .map(|field| texts.option_label(of, field, code))
                .unwrap_or_default()
        }
    };
    html! {
        ul class="mb-1" {
            @for (name, code) in taken {
                @if let Some(field) = described.field(name) {
                    li { (texts.field_label(described, field)) ": " span class="gx-muted" { (rule(code.as_str().unwrap_or_default())) } }
                }
            }
        }
    }
}

/// Customers who are likely the one that somebody is entering; nothing where there is none.
pub(crate) async fn alike_customers(
    State(app): State<App>,
    signed: SignedIn,
    Posted(sent): Posted<Params>,
) -> Response {
    let outcome: Result<Response> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let text = |name: &str| params::one(&sent, name).unwrap_or_default().trim().to_owned();
        let besides = params::one(&sent, "besides").map(parse_id).transpose()?;
        let found = likely_there(&mut view, &text, besides).await?;
        let described = view.catalog().get(Customer::NAME)?.clone();
        signed.looked_at_some(&app, &described, found.iter().map(|one| one.row.id));
        let texts = signed.texts;
        let why = |reasons: &[(&'static str, &'static str)]| {
            let same = reasons.iter().filter(|(_, word)| *word != "different");
            let labels = same.filter_map(|(name, word)| {
                let label = texts.field_label(&described, described.field(name)?);
                Some(format!("{label}: {}", texts.get(&level_key(word))))
            });
            labels.collect::<Vec<_>>().join(" \u{b7} ")
        };
        let html = html! {
            @if !found.is_empty() {
                div class="alert alert-warning" role="status" {
                    p class="mb-1" { (texts.get("alike-there")) }
                    ul class="mb-0" {
                        @for one in &found {
                            li {
                                a href=(format!("/customer/{}", one.row.id)) { (one.row.title(&described)) }
                                " " span class="gx-muted" { (why(&one.reasons)) }
                            }
                        }
                    }
                }
            }
        };
        Ok(Html(html.into_string()).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// Whether the certainty of pairs means what it says: of those told so certain, how many were true.
pub(super) fn reliability(texts: &Texts, table: &serde_json::Value) -> Markup {
    let bins = table["bins"].as_array().filter(|bins| !bins.is_empty());
    let Some(bins) = bins else { return html! {} };
    let is_decided = table["source"] == "decided";
    let title = texts.get("duplicates-reliability");
    let why = if is_decided {
        "duplicates-reliability-decided"
    } else {
        "duplicates-reliability-made-up"
    };
    let share = |value: &serde_json::Value| percent(texts, value.as_f64().unwrap_or(0.0));
    let count = |value: &serde_json::Value| {
        format::number(texts.locale(), &value.as_u64().unwrap_or(0).to_string())
    };
    html! {
        details {
            summary { (title) }
            p class="gx-muted mb-1" { (texts.get(why)) }
            table class="table table-sm mb-0" aria-label=(title) {
                thead { tr {
                    th scope="col" { (texts.get("duplicates-reliability-told")) }
                    th scope="col" class="gx-number" { (texts.get("duplicates-reliability-pairs")) }
                    th scope="col" class="gx-number" { (texts.get("duplicates-reliability-true")) }
                } }
                tbody {
                    @for bin in bins {
                        tr {
                            th scope="row" { (share(&bin["from"])) " \u{2013} " (share(&bin["to"])) }
                            td class="gx-number" { (count(&bin["pairs"])) }
                            td class="gx-number" { (share(&bin["true"])) }
                        }
                    }
                }
            }
        }
    }
}

/// The words of a relation among the numbers of a run.
pub(super) fn relation_label(texts: &Texts, code: &str) -> String {
    let of = CustomerPair::TYPE;
    let known = Relation::from_code(code).is_some();
    let field = of.field("relation").filter(|_| known);
    field.map(|field| texts.option_label(of, field, code)).unwrap_or_default()
}
