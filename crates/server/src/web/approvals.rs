//! Requests for approval: asking from a form, deciding, taking back; and the notices to those whom
//! they concern.

use axum::Form as Posted;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::access::{Organisation, User};
use guanxi_crm::authority::{
    ApprovalRequest, ApprovalTask, Decision, RequestState, ask, decide, waiting_for, withdraw,
};
use guanxi_crm::text::Texts;
use guanxi_record::{Choice, Filter, Query, Record, Stored};
use guanxi_store::{Purpose, Titles};
use maud::{Markup, html};

use super::approval_cards;
use super::fields::{Entries, Reading, find};
use super::files::Sent;
use super::layout::{Notice, error_page, icon, page};
use super::shown::Shown;
use crate::api::parse_id;
use crate::app::App;
use crate::mail::{self, Mail};
use crate::params::Params;
use crate::signed_in::SignedIn;

/// Asks for approval of what a form holds.
pub(crate) async fn ask_approval(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
    mut sent: Sent,
) -> Response {
    let outcome: Result<Response> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let id = parse_id(&id)?;
        let mut view = app.store.read(&signed.actor).await?;
        let row = view.row(&record_type, id, Purpose::Change).await?;
        let titles = view.link_titles(&described, std::slice::from_ref(&row)).await?;
        let shown = Shown::of(&described, &row, &titles);
        sent.keep_files(&app.store, &signed.actor, &described).await?;
        let mut entries = sent.entries;
        let wording = signed.actor.wording;
        let mut reading = Reading { view: &mut view, wording, shown: Some(&shown) };
        let fields = reading.all(&described, &mut entries).await?.map_err(Error::Refused)?;
        drop(view);
        let version = entries.text("version").parse().unwrap_or(0);
        let place = (id, version);
        let reason = entries.text("approval_reason");
        let (request, asked) =
            ask(&app.store, &signed.actor, &record_type, place, fields, reason).await?;
        tell_asked(&app, &signed, &request, &asked).await?;
        Ok(Redirect::to("/approvals").into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// Tells by mail those who are asked.
async fn tell_asked(
    app: &App,
    signed: &SignedIn,
    request: &Stored<ApprovalRequest>,
    asked: &[RawId],
) -> Result<()> {
    let organisation = Organisation::of(&app.store).await?;
    for user in asked.iter().filter_map(|user| organisation.user(*user)) {
        let texts = Texts::of(user.locale);
        let given = [("name", signed.user.name.as_str()), ("title", request.subject.as_str())];
        tell(app, user, texts, "mail-approval", &given).await?;
    }
    Ok(())
}

async fn tell(
    app: &App,
    user: &Stored<User>,
    texts: &Texts,
    key: &str,
    given: &[(&str, &str)],
) -> Result<()> {
    if app.mailer.is_none() {
        return Ok(());
    }
    let url = format!("{}/approvals", app.config.public_url.trim_end_matches('/'));
    let mut all = given.to_vec();
    all.push(("url", &url));
    let (subject, text) =
        (texts.format(&format!("{key}-subject"), &all), texts.format(&format!("{key}-text"), &all));
    let mail = Mail::plain(user.email.0.clone(), subject, text);
    mail::enqueue(&app.store, &app.vault, &mail).await.map(drop)
}

/// What waits for one's decision, and what one asked for.
pub(crate) async fn approvals(State(app): State<App>, signed: SignedIn) -> Response {
    match approvals_page(&app, &signed).await {
        Ok(html) => html.into_response(),
        Err(error) => error_page(&app, &signed, &error),
    }
}

async fn approvals_page(app: &App, signed: &SignedIn) -> Result<Html<String>> {
    let user = signed.user.id.raw();
    if signed.is_limited() {
        return Err(Error::Forbidden);
    }
    let waiting = waiting_for(&app.store, user).await?;
    let mut view = app.store.read(&signed.actor.with_all_rights()).await?;
    let mut requests = Vec::new();
    for task in &waiting {
        let row =
            view.row(ApprovalRequest::NAME, task.approval_request.raw(), Purpose::Read).await?;
        let request: Stored<ApprovalRequest> = row.try_into()?;
        requests.push((task, request));
    }
    let mine = Query::of(Filter::eq("owner", "me")).limited(20);
    let mine: Vec<Stored<ApprovalRequest>> = view
        .list(ApprovalRequest::NAME, &mine)
        .await?
        .rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<Result<_>>()?;
    let people: Vec<RawId> = requests
        .iter()
        .flat_map(|(task, request)| [task.owner, request.owner])
        .flatten()
        .map(|owner| owner.0)
        .collect();
    let titles = view.titles(User::NAME, &people).await?;
    // What is asked is shown with the decider's own eyes.
    view.act_with(signed.actor.rights.clone());
    let mut cards = Vec::new();
    for (task, request) in &requests {
        let asked = approval_cards::asked(&mut view, signed, request).await?;
        cards.push(decision_card(signed, task, request, (&titles, &asked)));
    }
    let texts = signed.texts;
    let title = texts.get("approval-title");
    let content = html! {
        div class="gx-head" { h1 { (title) } }
        div class="gx-columns" {
            section class="gx-stack" aria-label=(texts.get("approval-waiting")) {
                h2 { (texts.get("approval-waiting")) }
                @if requests.is_empty() { p class="gx-muted" { (texts.get("approval-none")) } }
                @for card in &cards { (card) }
            }
            section class="gx-stack" aria-label=(texts.get("approval-mine")) {
                h2 { (texts.get("approval-mine")) }
                @for request in &mine { (request_card(signed, request)) }
            }
        }
    };
    Ok(page(app, signed, &title, &Notice::default(), &content))
}

fn decision_card(
    signed: &SignedIn,
    task: &Stored<ApprovalTask>,
    request: &Stored<ApprovalRequest>,
    (titles, asked): (&Titles, &Markup),
) -> Markup {
    let texts = signed.texts;
    let name = |owner: Option<guanxi_record::Owner>| {
        owner.and_then(|owner| titles.get(&owner.0).cloned()).unwrap_or_default()
    };
    html! {
        div class="card" id=(format!("request-{}", request.id)) {
            div class="gx-card-head" {
                (icon("user-check"))
                h3 {
                    (texts.type_label(&request.record_type)) " "
                    a href=(format!("/{}/{}", request.record_type, request.record.record)) { (request.subject) }
                }
            }
            div class="card-body" {
                p {
                    (approval_cards::asked_since(signed, request, &name(request.owner)))
                    @if task.owner.map(|owner| owner.0) != signed.actor.user {
                        " (" (texts.format("approval-on-behalf", &[("name", &name(task.owner))])) ")"
                    }
                }
                @if let Some(reason) = &request.reason { blockquote { (**reason) } }
                (asked)
                (approval_cards::decision_form(signed, task.id, "approvals"))
            }
        }
    }
}

/// How many wait for one's decision: what the menu says.
pub(crate) async fn count_waiting(State(app): State<App>, signed: SignedIn) -> Response {
    let waiting = match signed.is_limited() {
        true => Vec::new(),
        false => waiting_for(&app.store, signed.user.id.raw()).await.unwrap_or_default(),
    };
    let number = waiting.len().to_string();
    let said = signed.texts.format("approval-count", &[("count", &number)]);
    let badge = html! {
        @if !waiting.is_empty() { span class="badge" title=(said) { (number) } }
    };
    Html(badge.into_string()).into_response()
}

fn request_card(signed: &SignedIn, request: &Stored<ApprovalRequest>) -> Markup {
    let texts = signed.texts;
    html! {
        div class="card" { div class="card-body d-flex gap-2 align-items-center" {
            a href=(format!("/approval_request/{}", request.id)) { (request.subject) }
            span class="badge bg-secondary-lt" {
                (texts.get(&format!("approval-request.state-{}", request.state.code())))
            }
            span class="gx-grow" {}
            @if request.state == RequestState::Open {
                form method="post" action=(format!("/approvals/{}/withdraw", request.id)) {
                    button class="btn btn-sm" type="submit" { (texts.get("approval-withdraw")) }
                }
            }
        } }
    }
}

pub(crate) async fn decide_task(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let outcome: Result<Response> = async {
        if signed.is_limited() {
            return Err(Error::Forbidden);
        }
        let decision = match entries.text("decision") {
            "approve" => Decision::Approve,
            "return" => Decision::Return,
            "forward" => {
                let mut view = app.store.read(&signed.actor).await?;
                let (wording, to) = (signed.actor.wording, entries.text("to").trim());
                Decision::Forward(find(&mut view, wording, User::NAME, to).await??)
            }
            other => return Err(Refusal::new("unknown-action").with("name", other).into()),
        };
        let task = parse_id(&id)?;
        let comment = entries.text("comment");
        let decided = decide(&app.store, &signed.actor, task, &decision, comment).await?;
        tell_asked(&app, &signed, &decided.request, &decided.asked).await?;
        if decided.request.state != RequestState::Open {
            let organisation = Organisation::of(&app.store).await?;
            let owner = decided.request.owner.and_then(|owner| organisation.user(owner.0));
            if let Some(user) = owner {
                let texts = Texts::of(user.locale);
                let code = decided.request.state.code();
                let state = texts.get(&format!("approval-request.state-{code}"));
                let given = [("title", decided.request.subject.as_str()), ("state", &state)];
                tell(&app, user, texts, "mail-decided", &given).await?;
            }
        }
        let back = match entries.text("then") {
            "record" => {
                format!("/{}/{}", decided.request.record_type, decided.request.record.record)
            }
            _ => "/approvals".to_owned(),
        };
        Ok(Redirect::to(&back).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

pub(crate) async fn withdraw_request(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Response> = async {
        withdraw(&app.store, &signed.actor, parse_id(&id)?).await?;
        Ok(Redirect::to("/approvals").into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}
