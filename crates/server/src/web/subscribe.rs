//! Having somebody told of what is at an address: a segment, a dashboard, a chart.

use axum::Form as Posted;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use guanxi_base::{Decimal, Error, Id, Refusal, Result};
use guanxi_crm::access::{Role, User};
use guanxi_crm::dashboards::{Chart, Dashboard};
use guanxi_crm::delivery::{Alert, Audience, Subscription};
use guanxi_crm::segments::Segment;
use guanxi_crm::work::Rhythm;
use guanxi_record::{Choice, Filter, LongText, Owner, Query, Record};
use guanxi_store::{Purpose, View};
use maud::{Markup, html};

use super::controls::LINE_BEFORE;
use super::fields::Entries;
use super::layout::{answer, go_to, icon, refused};
use super::once::{self, Begun, Once, key_control, key_of};
use super::shown::long_text;
use crate::api::parse_id;
use crate::app::App;
use crate::params::Params;
use crate::signed_in::SignedIn;

/// So many colleagues are offered.
const PEOPLE_OFFERED: usize = 500;
/// Before the id of a role, where a person or a role may be chosen.
const OF_ROLE: &str = "role:";
const RHYTHMS: [Rhythm; 4] = [Rhythm::AtOnce, Rhythm::Daily, Rhythm::Weekly, Rhythm::Monthly];

/// The empty form.
pub(super) async fn subscribe_card(view: &mut View, signed: &SignedIn, of: &str) -> Result<Markup> {
    let mut entries = Entries::default();
    let me = signed.actor.user.map(|user| user.to_string());
    entries.set("subscriber", me.unwrap_or_default());
    entries.set("rhythm", Rhythm::Daily.code().to_owned());
    card(view, signed, of, &entries, &[]).await
}

/// The form as it was sent, with what is wrong with it.
async fn card(
    view: &mut View,
    signed: &SignedIn,
    of: &str,
    entries: &Entries,
    refusals: &[Refusal],
) -> Result<Markup> {
    let texts = signed.texts;
    let rights = &signed.actor.rights;
    if !rights.may(Subscription::NAME, Purpose::Create) || !rights.may(User::NAME, Purpose::Read) {
        return Ok(html! {});
    }
    let label = |name: &str| {
        let field = Subscription::TYPE.field(name);
        field.map(|field| texts.field_label(Subscription::TYPE, field)).unwrap_or_default()
    };
    let labels = ["rhythm", "alert", "alert_at", "proposal"].map(label);
    let [rhythm, alert, alert_at, proposal] = &labels;
    let is_chart = of.starts_with("/chart/");
    // The numbers of a whole dashboard have no moment of their own.
    let rhythms = &RHYTHMS[usize::from(of.starts_with("/dashboard/"))..];
    let title = texts.get("subscribe-title");
    let subscribers = subscribers(view, signed, entries.text("subscriber")).await?;
    Ok(html! {
        section class="card" aria-label=(title) {
            div class="gx-card-head" { (icon("bell")) h2 { (title) } }
            form class="card-body gx-stack" method="post" action=(format!("{of}/subscribe"))
                hx-post=(format!("{of}/subscribe")) hx-target="closest section" hx-swap="outerHTML" {
                (key_control(&key_of(signed, entries)))
                @if !refusals.is_empty() {
                    p class="alert alert-danger m-0" role="alert" { (refused(texts, Subscription::TYPE, refusals)) }
                }
                div {
                    label class="form-label" for="subscriber" { (texts.get("subscribe-who")) }
                    (subscribers)
                }
                div {
                    label class="form-label" for="rhythm" { (rhythm) }
                    (choices(signed, "rhythm", rhythms, entries, None))
                }
                @if is_chart {
                    div {
                        label class="form-label" for="alert" { (alert) }
                        (choices(signed, "alert", &[Alert::Above, Alert::Below], entries, Some("subscribe-always")))
                    }
                    div {
                        label class="form-label" for="alert_at" { (alert_at) }
                        input class="form-control" id="alert_at" name="alert_at" inputmode="decimal" maxlength="30"
                            autocomplete="off" value=(entries.text("alert_at"));
                    }
                }
                div {
                    label class="form-label" for="proposal" { (proposal) }
                    textarea class="form-control" id="proposal" name="proposal" rows="2" maxlength="2000" { (LINE_BEFORE) (entries.text("proposal")) }
                }
                button class="btn" type="submit" { (icon("bell")) (texts.get("subscribe-save")) }
            }
        }
    })
}

/// The people and the roles that may be chosen.
async fn subscribers(view: &mut View, signed: &SignedIn, chosen: &str) -> Result<Markup> {
    let audience = match &signed.organisation {
        Some(organisation) => organisation.audience_of(&signed.user, signed.today),
        None => Audience::People(signed.actor.user.into_iter().collect()),
    };
    let active = Filter::eq("is_active", true);
    let offered = match &audience {
        Audience::Everybody => active,
        Audience::People(people) => active.and(Filter::one_of("id", people.iter().copied())),
    };
    let query = Query::of(offered).limited(PEOPLE_OFFERED);
    let people = view.list(User::NAME, &query).await?.rows;
    let reads_roles = signed.actor.rights.may(Role::NAME, Purpose::Read);
    let roles = if reads_roles && audience == Audience::Everybody {
        let query = Query::of(Filter::everything()).limited(PEOPLE_OFFERED);
        view.list(Role::NAME, &query).await?.rows
    } else {
        Vec::new()
    };
    let person = view.catalog().get(User::NAME)?;
    let role = view.catalog().get(Role::NAME)?;
    let people = people.iter().map(|row| (row.id.to_string(), row.title(person)));
    let roles: Vec<_> =
        roles.iter().map(|row| (format!("{OF_ROLE}{}", row.id), row.title(role))).collect();
    let option = |(id, name): (String, String)| {
        html! { option value=(id) selected[id == chosen] { (name) } }
    };
    Ok(html! {
        select class="form-select" id="subscriber" name="subscriber" required {
            @for one in people { (option(one)) }
            @if !roles.is_empty() {
                optgroup label=(signed.texts.get("subscribe-role")) { @for one in roles { (option(one)) } }
            }
        }
    })
}

/// What a field may hold, and perhaps nothing, by the text of this key.
fn choices<C: Choice>(
    signed: &SignedIn,
    name: &str,
    offered: &[C],
    entries: &Entries,
    nothing: Option<&str>,
) -> Markup {
    let label = |one: &C| {
        let field = Subscription::TYPE.field(name);
        field.map(|field| signed.texts.option_label(Subscription::TYPE, field, one.code()))
    };
    html! {
        select class="form-select" id=(name) name=(name) {
            @if let Some(nothing) = nothing { option value="" { (signed.texts.get(nothing)) } }
            @for one in offered {
                option value=(one.code()) selected[one.code() == entries.text(name)] { (label(one).unwrap_or_default()) }
            }
        }
    }
}

/// Has somebody told of a segment, a dashboard or a chart.
pub(crate) async fn subscribe(
    State(app): State<App>,
    signed: SignedIn,
    headers: HeaderMap,
    Path((of, id)): Path<(String, String)>,
    Posted(sent): Posted<Params>,
) -> Response {
    let mut entries = Entries::sent(sent);
    let by_script = headers.contains_key("hx-request");
    let outcome: Result<Response> = async {
        match keep(&app, &signed, &of, &id, &entries).await {
            Ok(to) => Ok(go_to(&to, by_script)),
            Err(Error::Refused(refusals)) if by_script => {
                if once::was_sent_before(&refusals) {
                    once::renew(&mut entries);
                }
                let mut view = app.store.read(&signed.actor).await?;
                let of = format!("/{of}/{id}");
                let card = card(&mut view, &signed, &of, &entries, &refusals).await?;
                Ok(Html(card.into_string()).into_response())
            }
            Err(error) => Err(error),
        }
    }
    .await;
    answer(&app, &signed, outcome)
}

/// Keeps the subscription; where it is then.
async fn keep(
    app: &App,
    signed: &SignedIn,
    of: &str,
    id: &str,
    entries: &Entries,
) -> Result<String> {
    let once = Once::of(&format!("subscribe {of} {id}"), entries);
    let mut write = match once.begin(app, signed).await? {
        Begun::New(write) => write,
        Begun::Again(to) => return Ok(to),
        Begun::Before(before) => return Err(before.refusal().into()),
    };
    let tx = &mut write.tx;
    let row = tx.row(of, parse_id(id)?, Purpose::Read).await?;
    let name = row.title(&tx.catalog().get(of)?.clone());
    let mut one = Subscription { owner: signed.actor.user.map(Owner), ..Subscription::named(name) };
    match of {
        Segment::NAME => one.segment = Some(Id::new(row.id)),
        Dashboard::NAME => one.dashboard = Some(Id::new(row.id)),
        Chart::NAME => one.chart = Some(Id::new(row.id)),
        _ => return Err(Error::NotFound),
    }
    let who = entries.text("subscriber");
    let id = parse_id(who.trim_start_matches(OF_ROLE));
    let id = id.map_err(|_| Refusal::field("required", "subscriber"))?;
    match who.starts_with(OF_ROLE) {
        true => one.role = Some(Id::new(id)),
        false => one.subscriber = Some(Id::new(id)),
    }
    let rhythm = Rhythm::from_code(entries.text("rhythm"));
    one.rhythm = rhythm.ok_or_else(|| Refusal::field("required", "rhythm"))?;
    one.alert = Alert::from_code(entries.text("alert"));
    let limit = entries.text("alert_at").trim();
    if one.alert.is_some() && !limit.is_empty() {
        let wrong = || Refusal::field("not-a-number", "alert_at").with("value", limit);
        one.alert_at = Some(Decimal::parse(limit).map_err(|_| wrong())?);
    }
    one.proposal = long_text(entries.text("proposal"), None).map(LongText);
    let id = tx.create(&one).await?.id;
    let to = format!("/subscription/{id}");
    write.commit(&once::led(&to, Subscription::NAME, id.raw())).await?;
    Ok(to)
}
