//! The form of a segment: put together from conditions, and beside it who they find.

use super::condition_form::Builder;
use super::conditions::Group;
use super::controls::LINE_BEFORE;
use super::fields::Entries;
use super::layout::{Notice, answer, go_to, icon, page};
use super::once::{self, Begun, Once, key_control};
use super::segment_cards;
use super::segments::{SHOWN, best, others};
use super::shown::long_text;
use crate::api::parse_id;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;
use axum::Form as Posted;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse as _, Response};
use guanxi_base::{Error, Id, RawId, Refusal, Result};
use guanxi_crm::insights::catch_up;
use guanxi_crm::people::Customer;
use guanxi_crm::segments::{Choosing, Glance, Segment, SegmentKind, SegmentMember};
use guanxi_record::{Filter, Json as JsonField, LongText, Record, Row, Stored};
use guanxi_store::Purpose;
use maud::{Markup, html};

/// Segments of more customers than this are told by a condition, not one by one.
const MEMBERS_MAX: usize = 10_000;
/// So many segments may be named in a condition.
const SEGMENTS_OFFERED: usize = 200;

/// What the form of a segment holds.
#[derive(Default)]
struct Draft {
    /// The key of the form.
    once: String,
    id: String,
    version: String,
    name: String,
    description: String,
    group: Group,
    problem: Option<String>,
    /// It was to be kept without a name.
    lacks_name: bool,
}

impl Draft {
    fn sent(signed: &SignedIn, entries: &Entries) -> Self {
        let text = |name: &str| entries.text(name).to_owned();
        Self {
            once: once::key_of(signed, entries),
            id: text("id"),
            version: text("version"),
            name: text("name"),
            description: text("description"),
            group: Group::sent(entries),
            problem: None,
            lacks_name: false,
        }
    }
}

/// The form of a new segment; from a list it begins with what the list shows.
pub(crate) async fn new_segment(
    State(app): State<App>,
    signed: SignedIn,
    Parameters(params): Parameters<Params>,
) -> Response {
    let outcome: Result<Html<String>> = async {
        if !signed.actor.rights.may(Segment::NAME, Purpose::Create) {
            return Err(Error::Forbidden);
        }
        // A segment has no words that are searched: it would be of other customers than the list.
        if let Some(words) = params::one(&params, "q").filter(|words| !words.trim().is_empty()) {
            let refusal = Refusal::field("not-a-condition", "condition");
            return Err(refusal.with("value", format!("q={words}")).into());
        }
        let filter = params::conditions(&params)?;
        let group = if filter.is_everything() { Group::new() } else { Group::of(&filter) };
        let once = signed.form_key.to_string();
        builder_page(&app, &signed, Draft { once, group, ..Draft::default() }).await
    }
    .await;
    answer(&app, &signed, outcome)
}

/// The form of a segment that is there.
pub(crate) async fn edit_segment(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Response> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let id = Id::<Segment>::new(parse_id(&id)?);
        let segment: Stored<Segment> = view.fetch(Purpose::Change, id).await?;
        drop(view);
        let draft = Draft {
            once: signed.form_key.to_string(),
            id: segment.id.to_string(),
            version: segment.version.to_string(),
            name: segment.name.clone(),
            description: segment.description.clone().map(|text| text.0).unwrap_or_default(),
            group: Group::of(&segment.filter()?),
            problem: None,
            lacks_name: false,
        };
        Ok(builder_page(&app, &signed, draft).await?.into_response())
    }
    .await;
    answer(&app, &signed, outcome)
}

/// Changes the form as a button of it says, or keeps the segment.
pub(crate) async fn build_segment(
    State(app): State<App>,
    signed: SignedIn,
    headers: HeaderMap,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let mut draft = Draft::sent(&signed, &entries);
    let by_script = headers.contains_key("hx-request");
    let outcome: Result<Response> = async {
        let kind = match entries.text("do") {
            "save" => Some(SegmentKind::Dynamic),
            "freeze" => Some(SegmentKind::Static),
            _ => None,
        };
        if let Some(kind) = kind {
            let once = Once::of("segment", &entries);
            match keep(&app, &signed, (&draft, &once), kind).await {
                Ok(to) => return Ok(go_to(&to, by_script)),
                Err(Error::Refused(refusals)) => {
                    if once::was_sent_before(&refusals) {
                        draft.once = signed.form_key.to_string();
                    }
                    let is_name = |one: &Refusal| one.field.as_deref() == Some("name");
                    draft.lacks_name = refusals.iter().any(is_name);
                    let others = refusals.iter().filter(|one| !is_name(one));
                    let said: Vec<_> = others.map(|one| signed.texts.refusal(one)).collect();
                    draft.problem = Some(said.join(" ")).filter(|said| !said.is_empty());
                }
                Err(Error::Conflict { .. }) => {
                    draft.problem = Some(signed.texts.get("segment-changed-meanwhile"));
                }
                Err(error) => return Err(error),
            }
        } else {
            draft.group.act(entries.text("do"));
        }
        Ok(match by_script {
            true => Html(builder(&app, &signed, &draft).await?.into_string()).into_response(),
            false => builder_page(&app, &signed, draft).await?.into_response(),
        })
    }
    .await;
    answer(&app, &signed, outcome)
}

/// Keeps the condition; or, as a segment of its own, exactly the customers who meet it now.
/// The place to which that leads.
async fn keep(
    app: &App,
    signed: &SignedIn,
    (draft, once): (&Draft, &Once),
    kind: SegmentKind,
) -> Result<String> {
    let filter = draft.group.filter();
    let named = draft.name.trim();
    if named.is_empty() {
        return Err(Refusal::field("required", "name").into());
    }
    super::form_parts::is_complete(&draft.group, "condition", Customer::NAME)?;
    // What cannot be asked cannot be kept.
    let choosing = Choosing::begin(&app.store, &app.warehouse, &signed.actor).await?;
    let mask = choosing.customers(&filter).await?;
    let members = match kind {
        SegmentKind::Static => members(&choosing, &mask).await?,
        SegmentKind::Dynamic => Vec::new(),
    };
    let description = |held: Option<&LongText>| {
        long_text(&draft.description, held.map(|text| text.0.as_str())).map(LongText)
    };
    let condition = (kind == SegmentKind::Dynamic).then(|| JsonField(filter.to_json()));
    let is_new = draft.id.is_empty() || kind == SegmentKind::Static;
    let begun = match is_new {
        true => once.begin(app, signed).await?,
        false => once.begin_change(app, signed).await?,
    };
    let mut write = match begun {
        Begun::New(write) => write,
        Begun::Again(to) => return Ok(to),
        Begun::Before(before) => return Err(before.refusal().into()),
    };
    let tx = &mut write.tx;
    let id = if is_new {
        let segment = Segment {
            name: named.to_owned(),
            kind,
            condition,
            description: description(None),
            owner: signed.actor.user.map(guanxi_record::Owner),
        };
        let segment = tx.create(&segment).await?.id;
        for customer in members {
            tx.create(&SegmentMember { segment, customer }).await?;
        }
        segment.raw()
    } else {
        let id = Id::<Segment>::new(parse_id(&draft.id)?);
        let mut segment: Stored<Segment> = tx.fetch(Purpose::Change, id).await?;
        segment.version = draft.version.parse().unwrap_or(segment.version);
        segment.name = named.to_owned();
        // What says the same stays as it was written.
        if segment.condition.is_none() || segment.filter()? != filter {
            segment.condition = condition;
        }
        segment.description = description(segment.description.as_ref());
        tx.update(&segment).await?.id.raw()
    };
    let to = format!("/segment/{id}");
    write.commit(&once::led(&to, Segment::NAME, id)).await?;
    if kind == SegmentKind::Static {
        // Whoever has just put them in looks at them next.
        catch_up(&app.store, &app.warehouse).await?;
    }
    Ok(to)
}

/// The customers who are in a segment one by one.
async fn members(choosing: &Choosing, mask: &[bool]) -> Result<Vec<Id<Customer>>> {
    let ids = choosing.column(Customer::NAME, "id").await?;
    let chosen = ids.numbers().iter().zip(mask).filter(|(_, chosen)| **chosen);
    let members: Vec<_> = chosen.map(|(id, _)| Id::<Customer>::new(RawId(*id))).collect();
    if members.len() > MEMBERS_MAX {
        return Err(Refusal::new("too-many-items").with("limit", MEMBERS_MAX).into());
    }
    Ok(members)
}

async fn builder_page(app: &App, signed: &SignedIn, draft: Draft) -> Result<Html<String>> {
    let key = if draft.id.is_empty() { "segment-new" } else { "segment-edit" };
    let title = signed.texts.get(key);
    let content = html! {
        div class="gx-head" { (icon("users-group")) h1 { (title) } }
        (builder(app, signed, &draft).await?)
    };
    Ok(page(app, signed, &title, &Notice::default(), &content))
}

/// The form with what it finds so far.
async fn builder(app: &App, signed: &SignedIn, draft: &Draft) -> Result<Markup> {
    let texts = signed.texts;
    let mut view = app.store.read(&signed.actor).await?;
    let described = view.catalog().get(Customer::NAME)?.clone();
    let segments = match signed.actor.rights.may(Segment::NAME, Purpose::Read) {
        true => others(&mut view, &draft.id, SEGMENTS_OFFERED).await?,
        false => Vec::new(),
    };
    let names: Vec<_> = segments.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
    let form = Builder::new(signed, view.catalog().clone(), names);
    drop(view);
    let found = preview(app, signed, &draft.group.filter()).await?;
    let filter = draft.group.filter().to_json().to_string();
    let list = params::to_url("/customer", &[("filter".to_owned(), filter)]);
    let label = |name: &str| {
        let field = Segment::TYPE.field(name);
        field.map(|field| texts.field_label(Segment::TYPE, field)).unwrap_or_default()
    };
    Ok(html! {
        form id="segment-form" class="gx-stack" method="post" action="/segment/build" hx-post="/segment/build"
            hx-trigger="submit, change delay:150ms" hx-swap="outerHTML" novalidate {
            (key_control(&draft.once))
            input type="hidden" name="id" value=(draft.id);
            input type="hidden" name="version" value=(draft.version);
            @if let Some(problem) = &draft.problem { p class="alert alert-danger" role="alert" { (problem) } }
            section class="card" aria-label=(texts.get("segment-condition")) {
                div class="card-body gx-stack" {
                    // What Enter in a field means.
                    button class="visually-hidden" name="do" value="show" tabindex="-1" { (texts.get("segment-preview")) }
                    (form.whole(&described, &draft.group))
                }
            }
            (preview_card(signed, &found, &list))
            section class="card" aria-label=(texts.get("ui-save")) {
                div class="card-body gx-stack" {
                    div {
                        @let wrong = draft.lacks_name.then_some("segment-name-message");
                        label class="form-label gx-required" for="segment-name" { (label("name")) }
                        input class="form-control" id="segment-name" name="name" value=(draft.name) maxlength="250" autocomplete="off"
                            aria-invalid=[wrong.map(|_| "true")] aria-describedby=[wrong] autofocus[draft.lacks_name];
                        @if let Some(id) = wrong {
                            div class="text-danger" id=(id) role="alert" { (texts.refusal(&Refusal::field("required", "name"))) }
                        }
                    }
                    div {
                        label class="form-label" for="segment-description" { (label("description")) }
                        textarea class="form-control" id="segment-description" name="description" rows="2" { (LINE_BEFORE) (draft.description) }
                    }
                    div class="d-flex gap-2" {
                        button class="btn btn-primary" name="do" value="save" { (texts.get("ui-save")) }
                        button class="btn" name="do" value="freeze" { (texts.get("segment-freeze")) }
                        a class="btn" href="/segment" { (texts.get("ui-cancel")) }
                    }
                }
            }
        }
    })
}

/// What a condition finds: or why it cannot be asked.
struct Found {
    glance: std::result::Result<Glance, String>,
    rows: Vec<Row>,
    revenue: Vec<String>,
    seconds: f64,
}

async fn preview(app: &App, signed: &SignedIn, filter: &Filter) -> Result<Found> {
    let begun = std::time::Instant::now();
    let choosing = Choosing::begin(&app.store, &app.warehouse, &signed.actor).await?;
    let outcome: Result<Glance> = async {
        let mask = choosing.customers(filter).await?;
        choosing.glance(&mask, SHOWN).await
    }
    .await;
    let seconds = begun.elapsed().as_secs_f64();
    let glance = match outcome {
        Ok(glance) => glance,
        Err(Error::Refused(refusals)) => {
            let said = refusals.iter().map(|one| signed.texts.refusal(one)).collect::<Vec<_>>();
            let glance = Err(said.join(" "));
            return Ok(Found { glance, rows: Vec::new(), revenue: Vec::new(), seconds });
        }
        Err(error) => return Err(error),
    };
    let (rows, revenue) = best(app, signed, &glance).await?;
    Ok(Found { glance: Ok(glance), rows, revenue, seconds })
}

fn preview_card(signed: &SignedIn, found: &Found, list: &str) -> Markup {
    let texts = signed.texts;
    let title = texts.get("segment-preview");
    html! {
        section class="card" aria-label=(title) aria-live="polite" {
            div class="gx-card-head" { (icon("users")) h2 { (title) } }
            div class="card-body" {
                @match &found.glance {
                    Err(why) => p class="text-danger mb-0" { (why) },
                    Ok(glance) => {
                        (segment_cards::glance(signed, glance, list))
                        (segment_cards::customers(texts, &found.rows, &found.revenue))
                        p class="gx-muted mb-0" { (texts.format("segment-took", &[("ms", &format!("{:.0}", found.seconds * 1e3))])) }
                    },
                }
            }
        }
    }
}
