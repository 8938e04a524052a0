//! What one was told, and telling others of a segment.

use axum::Form as Posted;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{Error, Id, Refusal, Result};
use guanxi_crm::access::User;
use guanxi_crm::delivery::{About, Notice, Rhythm, Subscription};
use guanxi_crm::segments::Segment;
use guanxi_record::{Choice as _, Filter, LongText, Op, Query, Record, Stored};
use guanxi_store::{Purpose, Rights, View};
use maud::{Markup, html};

use super::fields::Entries;
use super::format;
use super::layout::{self, error_page, icon, page};
use crate::api::parse_id;
use crate::app::App;
use crate::params::Params;
use crate::signed_in::SignedIn;

/// So many notices are shown.
const SHOWN: usize = 100;
/// So many colleagues are offered.
const PEOPLE_OFFERED: usize = 500;

/// One's own notices: everybody reads those, whatever their roles say.
fn own() -> Filter {
    Filter::eq("owner", "me")
}

/// What one was told.
pub(crate) async fn notices(State(app): State<App>, signed: SignedIn) -> Response {
    let outcome: Result<Response> = async {
        let texts = signed.texts;
        let mut view = app.store.read(&signed.actor).await?;
        let rights = view.act_with(Rights::All);
        let rows = view.list(Notice::NAME, &Query::of(own()).limited(SHOWN)).await;
        view.act_with(rights);
        let all: Vec<Stored<Notice>> =
            rows?.rows.into_iter().map(TryInto::try_into).collect::<Result<_>>()?;
        let mut told = Vec::new();
        for one in &all {
            told.push(sentences(&mut view, &signed, one).await?);
        }
        let title = texts.get("notice-title");
        let unread = all.iter().any(|one| one.read_at.is_none());
        let content = html! {
            div class="gx-head" {
                (icon("bell")) h1 { (title) }
                span class="gx-grow" {}
                @if unread {
                    form method="post" action="/notices/read" { button class="btn" { (icon("checks")) (texts.get("notice-read")) } }
                }
            }
            @if all.is_empty() { p class="gx-empty" { (texts.get("notice-none")) } }
            div class="gx-stack" { @for (one, told) in all.iter().zip(&told) { (notice(&signed, one, told)) } }
        };
        Ok(page(&app, &signed, &title, &layout::Notice::default(), &content).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// What happened to whom, by the names that they have now.
async fn sentences(
    view: &mut View,
    signed: &SignedIn,
    one: &Stored<Notice>,
) -> Result<Vec<String>> {
    let about = one.about.as_ref().map(|about| about.0.clone()).unwrap_or_default();
    let about: Vec<About> = serde_json::from_value(about).unwrap_or_default();
    let mut sentences = Vec::new();
    for each in &about {
        sentences.push(each.sentence(view, signed.texts).await?);
    }
    Ok(sentences)
}

fn notice(signed: &SignedIn, one: &Stored<Notice>, told: &[String]) -> Markup {
    let at = format::instant(signed.texts.locale(), one.created_at, &signed.actor.time_zone);
    let text = one.text.as_ref().map_or("", |text| text.0.as_str());
    html! {
        section class="card" aria-label=(one.name) {
            div class="card-body" {
                h2 class="h4" {
                    @match &one.address { Some(address) => a href=(address) { (one.name) }, None => (one.name) }
                    @if one.read_at.is_none() { " " span class="badge" { (icon("point")) } }
                }
                @for line in told { p class="mb-1" { (line) } }
                @for line in text.lines() { p class="mb-1" { (line) } }
                span class="gx-muted" { (at) }
            }
        }
    }
}

/// How many one has not read: what the bell says.
pub(crate) async fn unread_notices(State(app): State<App>, signed: SignedIn) -> Response {
    let outcome: Result<String> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let rights = view.act_with(Rights::All);
        let unread = own().and(Filter::compare("read_at", Op::Empty, true));
        let total = view.total(Notice::NAME, &Query::of(unread)).await;
        view.act_with(rights);
        let number = total?.number;
        let said = signed.texts.format("notice-unread", &[("count", &number.to_string())]);
        Ok(match number {
            0 => String::new(),
            _ => html! { span class="badge" title=(said) { (number) } }.into_string(),
        })
    }
    .await;
    axum::response::Html(outcome.unwrap_or_default()).into_response()
}

/// Marks all as read.
pub(crate) async fn read_notices(State(app): State<App>, signed: SignedIn) -> Response {
    let outcome: Result<Response> = async {
        let mut tx = app.store.write(&signed.actor.with_all_rights()).await?;
        let unread = own().and(Filter::compare("read_at", Op::Empty, true));
        let rows = tx.list(Notice::NAME, &Query::of(unread).limited(Query::LIMIT_MAX)).await?.rows;
        let now = tx.now();
        for row in rows {
            let mut one: Stored<Notice> = row.try_into()?;
            one.read_at = Some(now);
            tx.update(&one).await?;
        }
        tx.commit().await?;
        Ok(Redirect::to("/notices").into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// The form by which somebody is told of a segment.
pub(super) async fn subscribe_card(
    view: &mut View,
    signed: &SignedIn,
    segment: &Stored<Segment>,
) -> Result<Markup> {
    let texts = signed.texts;
    let rights = &signed.actor.rights;
    if !rights.may(Subscription::NAME, Purpose::Create) || !rights.may(User::NAME, Purpose::Read) {
        return Ok(html! {});
    }
    let query = Query::of(Filter::eq("is_active", true)).limited(PEOPLE_OFFERED);
    let people = view.list(User::NAME, &query).await?.rows;
    let described = view.catalog().get(User::NAME)?.clone();
    let of = Subscription::TYPE;
    let label =
        |name: &str| of.field(name).map(|field| texts.field_label(of, field)).unwrap_or_default();
    let option = |rhythm: Rhythm| {
        let field = of.field("rhythm");
        field.map(|field| texts.option_label(of, field, rhythm.code())).unwrap_or_default()
    };
    let title = texts.get("subscribe-title");
    Ok(html! {
        section class="card" aria-label=(title) {
            div class="gx-card-head" { (icon("bell")) h2 { (title) } }
            form class="card-body gx-stack" method="post" action=(format!("/segment/{}/subscribe", segment.id)) {
                div {
                    label class="form-label" for="subscriber" { (texts.get("subscribe-who")) }
                    select class="form-select" id="subscriber" name="subscriber" required {
                        @for row in &people {
                            option value=(row.id) selected[Some(row.id) == signed.actor.user] { (row.title(&described)) }
                        }
                    }
                }
                div {
                    label class="form-label" for="rhythm" { (label("rhythm")) }
                    select class="form-select" id="rhythm" name="rhythm" {
                        @for rhythm in [Rhythm::AtOnce, Rhythm::Daily, Rhythm::Weekly, Rhythm::Monthly] {
                            option value=(rhythm.code()) selected[rhythm == Rhythm::Daily] { (option(rhythm)) }
                        }
                    }
                }
                div {
                    label class="form-label" for="proposal" { (label("proposal")) }
                    textarea class="form-control" id="proposal" name="proposal" rows="2" maxlength="2000" {}
                }
                button class="btn" type="submit" { (icon("bell")) (texts.get("subscribe-save")) }
            }
        }
    })
}

/// Has somebody told of a segment.
pub(crate) async fn subscribe(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let outcome: Result<Response> = async {
        let mut tx = app.store.write(&signed.actor).await?;
        let id = Id::<Segment>::new(parse_id(&id)?);
        let segment: Stored<Segment> = tx.fetch(Purpose::Read, id).await?;
        let subscriber = Id::<User>::new(parse_id(entries.text("subscriber"))?);
        let user: Stored<User> =
            tx.fetch(Purpose::Read, subscriber).await.map_err(|error| match error {
                Error::NotFound => Refusal::field("required", "subscriber").into(),
                other => other,
            })?;
        let rhythm = Rhythm::from_code(entries.text("rhythm"));
        let proposal = Some(entries.text("proposal").trim()).filter(|text| !text.is_empty());
        let one = Subscription {
            name: segment.name.clone(),
            segment: Some(segment.id),
            record_type: None,
            condition: None,
            subscriber: Some(user.id),
            role: None,
            rhythm: rhythm.ok_or_else(|| Refusal::field("required", "rhythm"))?,
            hour: 8,
            by_mail: true,
            proposal: proposal.map(|text| LongText(text.to_owned())),
            told_until: None,
            owner: signed.actor.user.map(guanxi_record::Owner),
        };
        let one = tx.create(&one).await?;
        tx.commit().await?;
        Ok(Redirect::to(&format!("/subscription/{}", one.id)).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}
