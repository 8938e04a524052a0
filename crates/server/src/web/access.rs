//! Who sees a record and why, with whom it is shared, what is masked.

use axum::Form as Posted;
use axum::extract::{Path, Query as Parameters, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::access::{Explanation, Reason, User, Why, explain, who_sees};
use guanxi_record::{Field, Record, RecordType, Row};
use guanxi_store::{FieldAccess, Purpose, Share, Titles};
use maud::{Markup, html};

use super::cells;
use super::fields::{Entries, find};
use super::format;
use super::layout::{Notice, error_page, icon, page};
use crate::api::parse_id;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// So many of those who see a record are named.
const NAMED_MAX: usize = 100;

/// Shows a masked field whole, on record.
pub(crate) fn reveal_button(
    signed: &SignedIn,
    described: &RecordType,
    field: &Field,
    id: RawId,
) -> Markup {
    let texts = signed.texts;
    let path = format!("/{}/{id}/reveal/{}", described.name, field.name);
    let name = texts.field_label(described, field);
    html! {
        form class="d-inline" method="post" action=(path) hx-post=(path) hx-swap="outerHTML" {
            " "
            button class="btn btn-sm" type="submit"
                aria-label=(texts.format("access-reveal-name", &[("name", &name)])) {
                (icon("eye")) (texts.get("access-reveal"))
            }
        }
    }
}

pub(crate) async fn reveal(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id, field)): Path<(String, String, String)>,
) -> Response {
    let outcome: Result<Response> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let mut tx = app.store.write(&signed.actor).await?;
        let value = tx.reveal(&record_type, parse_id(&id)?, &field).await?;
        tx.commit().await?;
        let field = described.field(&field).ok_or(Error::NotFound)?;
        // As somebody sees it who may: with a link to call or to write.
        let whole = SignedIn { actor: signed.actor.with_all_rights(), ..signed.clone() };
        let shown = cells::value(&whole, &described, field, &value, &Titles::new());
        Ok(Html(html! { " " strong role="status" { (shown) } }.into_string()).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// Who sees a record, and why.
pub(crate) async fn access(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
    Parameters(params): Parameters<Params>,
) -> Response {
    match access_page(&app, &signed, &record_type, &id, &params).await {
        Ok(html) => html.into_response(),
        Err(error) => error_page(&app, &signed, &error),
    }
}

async fn access_page(
    app: &App,
    signed: &SignedIn,
    record_type: &str,
    id: &str,
    params: &Params,
) -> Result<Html<String>> {
    let texts = signed.texts;
    let described = app.store.catalog().get(record_type)?.clone();
    let mut view = app.store.read(&signed.actor).await?;
    let row = view.row(record_type, parse_id(id)?, Purpose::Read).await?;
    let may_share = view.may(record_type, row.id, Purpose::Change).await?;
    let shares = view.shares(record_type, row.id).await?;
    // Whoever holds a connection asks for no second one.
    drop(view);
    let seers = who_sees(&app.store, record_type, row.id, NAMED_MAX).await?;
    let mut view = app.store.read(&signed.actor).await?;
    let asked = match params::one(params, "user") {
        Some(text) => {
            let found = find(&mut view, signed.actor.wording, User::NAME, text);
            found.await?.map_err(Error::from)?
        }
        None => signed.user.id.raw(),
    };
    drop(view);
    let explanation = explain(&app.store, asked, record_type, row.id).await?;
    let mut people: Vec<RawId> = seers.iter().map(|(user, _)| *user).collect();
    people.extend(shares.iter().flat_map(|share| [Some(share.with), share.by]).flatten());
    people.push(asked);
    let mut view = app.store.read(&signed.actor).await?;
    let mut names = view.titles(User::NAME, &people).await?;
    names.extend(view.titles("team", &people).await?);
    let roles: Vec<RawId> =
        explanation.purposes.iter().flat_map(|(_, why)| why).filter_map(|why| why.role).collect();
    names.extend(view.titles("role", &roles).await?);
    let title = texts.format("access-of", &[("title", &row.title(&described))]);
    let path = format!("/{record_type}/{}", row.id);
    let content = html! {
        div class="gx-head" {
            a class="btn btn-icon" href=(path) aria-label=(texts.get("ui-back")) { (icon("arrow-left")) }
            h1 { (title) }
        }
        div class="gx-columns" {
            div class="gx-stack" {
                (why_card(signed, &described, &row, &explanation, asked, &names))
            }
            div class="gx-stack" {
                (shares_card(signed, &path, &shares, &names, may_share))
                (seers_card(signed, &path, &seers, &names))
            }
        }
    };
    let notice = Notice::default();
    Ok(page(app, signed, &title, &notice, &content))
}

fn name(names: &Titles, id: RawId) -> String {
    names.get(&id).cloned().unwrap_or_else(|| id.to_string())
}

fn why_card(
    signed: &SignedIn,
    described: &RecordType,
    row: &Row,
    explanation: &Explanation,
    asked: RawId,
    names: &Titles,
) -> Markup {
    let texts = signed.texts;
    let who = name(names, asked);
    let label = texts.format("access-why", &[("name", &who)]);
    html! {
        section class="card" aria-label=(label) {
            div class="gx-card-head" { (icon("help-circle")) h2 { (label) } }
            div class="card-body" {
                form class="d-flex gap-2 align-items-end mb-3" method="get" {
                    div {
                        label class="form-label" for="user" { (texts.get("access-ask")) }
                        input class="form-control" id="user" name="user" required
                            data-link="user" autocomplete="off" value=(who);
                    }
                    button class="btn" type="submit" { (texts.get("access-explain")) }
                }
                table class="table" {
                    thead { tr {
                        th scope="col" { (texts.get("access-may")) }
                        th scope="col" { (texts.get("access-because")) }
                    } }
                    tbody {
                        @for (purpose, lines) in &explanation.purposes {
                            @let allowed = lines.iter().any(Why::holds);
                            tr {
                                th scope="row" {
                                    (texts.get(&format!("role-right.purposes-{}", purpose.name())))
                                    ": "
                                    (texts.get(if allowed { "ui-yes" } else { "ui-no" }))
                                }
                                td {
                                    @if lines.is_empty() { (texts.get("access-nothing")) }
                                    @for line in lines { div { (because(signed, described, row, line, names)) } }
                                }
                            }
                        }
                    }
                }
                @if !explanation.fields.is_empty() {
                    h3 { (texts.get("access-fields")) }
                    ul {
                        @for (field, access) in &explanation.fields {
                            @if let Some(field) = described.field(field) {
                                li { (texts.field_label(described, field)) ": " (texts.get(access_key(*access))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn access_key(access: FieldAccess) -> &'static str {
    match access {
        FieldAccess::Hidden => "field-right.access-hidden",
        FieldAccess::Masked => "field-right.access-masked",
        FieldAccess::Read | FieldAccess::Write => "field-right.access-read",
    }
}

fn because(
    signed: &SignedIn,
    described: &RecordType,
    row: &Row,
    line: &Why,
    names: &Titles,
) -> Markup {
    let texts = signed.texts;
    let key = match &line.reason {
        None => "reason-administrator",
        Some(Reason::Everybody) => "reason-everybody",
        Some(Reason::All) => "reason-all",
        Some(Reason::Own) => "reason-own",
        Some(Reason::StandsIn) => "reason-stands-in",
        Some(Reason::Leads) => "reason-leads",
        Some(Reason::Team) => "reason-team",
        Some(Reason::Territory) => "reason-territory",
        Some(Reason::Company) => "reason-company",
        Some(Reason::Shared) => "reason-shared",
        Some(Reason::Through(_)) => "reason-through",
    };
    let through = match &line.reason {
        Some(Reason::Through(link)) => described.field(link).map(|field| {
            let target = field.kind.link_target().unwrap_or_default().to_owned();
            (texts.field_label(described, field), target, row.value(described, link).as_link())
        }),
        _ => None,
    };
    let link = through.as_ref().map(|(label, _, _)| label.as_str()).unwrap_or_default();
    html! {
        @if let Some(role) = line.role {
            span class="badge bg-secondary-lt" { (name(names, role)) } " "
        }
        (texts.format(key, &[("link", link)]))
        @if let Some((_, target, Some(id))) = &through {
            " " a href=(format!("/{target}/{id}/access")) { (texts.get("access-explain")) }
        }
        @if let Some((condition, met)) = &line.condition {
            " "
            (texts.get(if *met { "reason-condition" } else { "reason-condition-not" }))
            " " code { (condition) }
        }
    }
}

fn shares_card(
    signed: &SignedIn,
    path: &str,
    shares: &[Share],
    names: &Titles,
    may_share: bool,
) -> Markup {
    let texts = signed.texts;
    let label = texts.get("share-title");
    html! {
        section class="card" aria-label=(label) {
            div class="gx-card-head" { (icon("share")) h2 { (label) } }
            div class="card-body" {
                @if shares.is_empty() { p class="gx-muted" { (texts.get("ui-none-yet")) } }
                @for share in shares {
                    form class="d-flex gap-2 align-items-center mb-2" method="post" action=(format!("{path}/unshare")) {
                        input type="hidden" name="with" value=(share.with);
                        span {
                            strong { (name(names, share.with)) } " \u{b7} "
                            (texts.get(if share.may_change { "share-change" } else { "share-read" }))
                            @if let Some(day) = share.until {
                                " \u{b7} " (texts.format("share-until-day", &[("day", &format::date(texts.locale(), day))]))
                            }
                        }
                        @if may_share {
                            button class="btn btn-sm" type="submit"
                                aria-label=(texts.format("share-end-name", &[("name", &name(names, share.with))])) {
                                (texts.get("share-end"))
                            }
                        }
                    }
                }
                @if may_share {
                    form method="post" action=(format!("{path}/share")) {
                        label class="form-label" for="with" { (texts.get("share-with")) }
                        input class="form-control mb-2" id="with" name="with" required autocomplete="off";
                        label class="form-label" for="until" { (texts.get("share-until")) }
                        input class="form-control mb-2" id="until" name="until" type="date";
                        label class="form-check" {
                            input class="form-check-input" type="checkbox" name="change" value="true";
                            span class="form-check-label" { (texts.get("share-change-too")) }
                        }
                        button class="btn btn-primary" type="submit" { (texts.get("share-do")) }
                    }
                }
            }
        }
    }
}

fn seers_card(signed: &SignedIn, path: &str, seers: &[(RawId, bool)], names: &Titles) -> Markup {
    let texts = signed.texts;
    let label = texts.get("access-who");
    html! {
        section class="card" aria-label=(label) {
            div class="gx-card-head" { (icon("eye")) h2 { (label) } }
            div class="card-body" {
                ul class="m-0" {
                    @for (user, changes) in seers {
                        li {
                            a href=(format!("{path}/access?user={user}")) { (name(names, *user)) }
                            @if *changes { " \u{b7} " (texts.get("share-change")) }
                        }
                    }
                }
            }
        }
    }
}

/// Shares a record with a person or a team, by name.
pub(crate) async fn share(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let outcome: Result<Response> = async {
        let words = entries.text("with").trim();
        let mut tx = app.store.write(&signed.actor).await?;
        let wording = signed.actor.wording;
        let mut with = find(&mut tx, wording, User::NAME, words).await?;
        if with.as_ref().is_err_and(|refusal| refusal.code != "several-of-name") {
            let team = find(&mut tx, wording, "team", words).await?;
            if team.is_ok() || with.as_ref().is_err_and(|one| one.code == "link-to-nothing") {
                with = team;
            }
        }
        let until = match entries.text("until") {
            "" => None,
            text => Some(
                text.parse()
                    .map_err(|_| Refusal::field("not-a-date", "until").with("value", text))?,
            ),
        };
        let may_change = entries.text("change") == "true";
        let with = with.map_err(|refusal| Refusal { field: Some("with".to_owned()), ..refusal })?;
        let share = Share { with, may_change, until, by: signed.actor.user };
        tx.share(&record_type, parse_id(&id)?, &share).await?;
        tx.commit().await?;
        Ok(Redirect::to(&format!("/{record_type}/{id}/access")).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// Ends the sharing of a record with a person or a team.
pub(crate) async fn unshare(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
    Posted(sent): Posted<Params>,
) -> Response {
    let outcome: Result<Response> = async {
        let with = parse_id(Entries::sent(sent).text("with"))?;
        let mut tx = app.store.write(&signed.actor).await?;
        tx.unshare(&record_type, parse_id(&id)?, with).await?;
        tx.commit().await?;
        Ok(Redirect::to(&format!("/{record_type}/{id}/access")).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}
