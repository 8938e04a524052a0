//! Segments: put together from conditions, with who is in them, how many, what they are worth, what
//! they are like, and who came and went.

use super::condition_form::Builder;
use super::conditions::Group;
use super::fields::Entries;
use super::layout::{Notice, answer, go_to, icon, page};
use super::{format, segment_cards, words};
use crate::api::parse_id;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;
use axum::Form as Posted;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse as _, Response};
use guanxi_base::{Currency, Error, Id, Money, RawId, Refusal, Result};
use guanxi_crm::insights::catch_up;
use guanxi_crm::people::Customer;
use guanxi_crm::segments::{
    Choosing, Glance, Segment, SegmentKind, SegmentMember, alike, moves, parts, profile,
};
use guanxi_crm::text::Texts;
use guanxi_record::{Filter, Json as JsonField, LongText, Query, Record, Row, Sort, Stored};
use guanxi_store::{Purpose, View};
use maud::{Markup, html};

/// So many who are like them are shown.
const ALIKE_SHOWN: usize = 50;
/// Of the chosen customers so many are shown.
const SHOWN: usize = 10;
/// Segments of more customers than this are told by a condition, not one by one.
const MEMBERS_MAX: usize = 10_000;
/// So many moves are shown.
const MOVES_SHOWN: usize = 20;
/// So many other segments are compared with.
const OTHERS_COMPARED: usize = 8;
/// So many segments may be named in a condition.
const SEGMENTS_OFFERED: usize = 200;

/// What the form of a segment holds.
#[derive(Default)]
struct Draft {
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
    fn sent(entries: &Entries) -> Self {
        let text = |name: &str| entries.text(name).to_owned();
        Self {
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
        builder_page(&app, &signed, Draft { group, ..Draft::default() }).await
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
    let mut draft = Draft::sent(&entries);
    let by_script = headers.contains_key("hx-request");
    let outcome: Result<Response> = async {
        let kind = match entries.text("do") {
            "save" => Some(SegmentKind::Dynamic),
            "freeze" => Some(SegmentKind::Static),
            _ => None,
        };
        if let Some(kind) = kind {
            match keep(&app, &signed, &draft, kind).await {
                Ok(id) => return Ok(go_to(&format!("/segment/{id}"), by_script)),
                Err(Error::Refused(refusals)) => {
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
async fn keep(app: &App, signed: &SignedIn, draft: &Draft, kind: SegmentKind) -> Result<RawId> {
    let filter = draft.group.filter();
    let named = draft.name.trim();
    if named.is_empty() {
        return Err(Refusal::field("required", "name").into());
    }
    super::form_parts::is_complete(&draft.group, "condition", Customer::NAME)?;
    // What cannot be asked cannot be kept.
    let choosing = Choosing::begin(&app.store, &app.warehouse, &signed.actor).await?;
    let mask = choosing.customers(&filter).await?;
    let mut members = Vec::new();
    if kind == SegmentKind::Static {
        let ids = choosing.column(Customer::NAME, "id").await?;
        let chosen = ids.numbers().iter().zip(&mask).filter(|(_, chosen)| **chosen);
        members.extend(chosen.map(|(id, _)| Id::<Customer>::new(RawId(*id))));
        if members.len() > MEMBERS_MAX {
            return Err(Refusal::new("too-many-items").with("limit", MEMBERS_MAX).into());
        }
    }
    let description = Some(draft.description.trim()).filter(|text| !text.is_empty());
    let description = description.map(|text| LongText(text.to_owned()));
    let condition = (kind == SegmentKind::Dynamic).then(|| JsonField(filter.to_json()));
    let mut tx = app.store.write(&signed.actor).await?;
    let id = if draft.id.is_empty() || kind == SegmentKind::Static {
        let segment = Segment {
            name: named.to_owned(),
            kind,
            condition,
            description,
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
        segment.description = description;
        tx.update(&segment).await?.id.raw()
    };
    tx.commit().await?;
    if kind == SegmentKind::Static {
        // Whoever has just put them in looks at them next.
        catch_up(&app.store, &app.warehouse).await?;
    }
    Ok(id)
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
                        textarea class="form-control" id="segment-description" name="description" rows="2" { (draft.description) }
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

/// The records of the best, as the reader may see them, with what they bought for.
async fn best(app: &App, signed: &SignedIn, glance: &Glance) -> Result<(Vec<Row>, Vec<String>)> {
    let mut view = app.store.read(&signed.actor).await?;
    let described = view.catalog().get(Customer::NAME)?.clone();
    let ids = glance.best.iter().copied();
    let query = Query::of(Filter::one_of("id", ids)).limited(SHOWN);
    let mut rows = view.list(Customer::NAME, &query).await?.rows;
    rows.sort_by_key(|row| glance.best.iter().position(|id| *id == row.id));
    let shown = |row: &Row| match row.value(&described, "revenue") {
        guanxi_record::Value::Money(money) => format::money(signed.texts.locale(), money),
        _ => String::new(),
    };
    let revenue = rows.iter().map(shown).collect();
    Ok((rows, revenue))
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

async fn others(view: &mut View, except: &str, limit: usize) -> Result<Vec<Stored<Segment>>> {
    let query = Query::of(Filter::everything()).sorted(vec![Sort::up("name")]).limited(limit);
    let rows = view.list(Segment::NAME, &query).await?.rows;
    let all = rows.into_iter().map(TryInto::try_into).collect::<Result<Vec<Stored<Segment>>>>()?;
    Ok(all.into_iter().filter(|one| one.id.to_string() != except).collect())
}

/// What a segment's page shows besides its record.
pub(crate) async fn sections(app: &App, signed: &SignedIn, row: &Row) -> Result<(Markup, Markup)> {
    let texts = signed.texts;
    let segment: Stored<Segment> = row.clone().try_into()?;
    let own = Filter::eq("segment", segment.id.to_string());
    let choosing = Choosing::begin(&app.store, &app.warehouse, &signed.actor).await?;
    let mask = match choosing.customers(&own).await {
        Ok(mask) => mask,
        Err(Error::Refused(refusals)) => {
            let said = refusals.iter().map(|one| texts.refusal(one)).collect::<Vec<_>>();
            return Ok((html! { p class="alert alert-warning" { (said.join(" ")) } }, html! {}));
        }
        Err(error) => return Err(error),
    };
    let glance = choosing.glance(&mask, SHOWN).await?;
    let (rows, revenue) = best(app, signed, &glance).await?;
    let filter = segment.filter()?;
    // Whoever holds a connection must not ask for another: first all that is chosen.
    let mut view = app.store.read(&signed.actor).await?;
    let others = others(&mut view, &segment.id.to_string(), OTHERS_COMPARED).await?;
    drop(view);
    let mut overlaps = Vec::new();
    for other in others {
        match choosing.customers(&Filter::eq("segment", other.id.to_string())).await {
            Ok(theirs) => {
                let both = mask.iter().zip(&theirs).filter(|(a, b)| **a && **b).count();
                overlaps.push((other, both));
            }
            Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let compared = match profile(&choosing, &mask).await {
        Ok(compared) => Some(compared),
        Err(Error::Forbidden) => None,
        Err(error) => return Err(error),
    };
    let moves = match segment.kind {
        SegmentKind::Dynamic => moves(&choosing, &segment, MOVES_SHOWN).await?,
        SegmentKind::Static => Vec::new(),
    };
    let mut view = app.store.read(&signed.actor).await?;
    let described = view.catalog().get(Customer::NAME)?.clone();
    let condition = words::of(&mut view, signed, &described, &filter).await?;
    let ids: Vec<RawId> = moves.iter().map(|one| one.customer).collect();
    let titles = view.titles(Customer::NAME, &ids).await?;
    let mut told = Vec::new();
    let parts = parts(&filter);
    for one in moves {
        let Some(name) = titles.get(&one.customer).cloned() else { continue };
        let mut why = Vec::new();
        for part in one.parts.iter().filter_map(|at| parts.get(*at)) {
            why.push(words::of(&mut view, signed, &described, part).await?);
        }
        told.push((one, name, why.join("; ")));
    }
    let subscribe =
        super::subscribe::subscribe_card(&mut view, signed, &format!("/segment/{}", segment.id))
            .await?;
    let list = format!("/customer?segment={}", segment.id);
    let mut names = guanxi_store::Titles::new();
    if let Some(compared) = &compared {
        for (of, shares) in
            [("product_category", &compared.categories), ("product", &compared.products)]
        {
            let ids: Vec<RawId> = shares.iter().filter_map(|one| one.of.parse().ok()).collect();
            names.extend(view.titles(of, &ids).await?);
        }
    }
    let is_dynamic = segment.kind == SegmentKind::Dynamic;
    let above = html! {
        @if is_dynamic { p class="gx-muted" { (condition) } }
        (segment_cards::glance(signed, &glance, &list))
        p { a class="btn" href=(format!("/segment/{}/alike", segment.id)) { (icon("user-search")) (texts.get("segment-alike")) } }
        div class="gx-cards" {
            (segment_cards::best(texts, &rows, &revenue))
            @if let Some(compared) = &compared { (segment_cards::profile(signed, compared, &names, &list)) }
            (segment_cards::overlaps(texts, &overlaps, (segment.id.raw(), glance.count)))
        }
    };
    let beside = html! {
        @if is_dynamic { (segment_cards::moves(signed, &told)) (subscribe) }
        script type="module" src=(format!("/assets/chart.js?v={}", super::assets::VERSION)) {}
    };
    Ok((above, beside))
}

/// Customers like those of a segment, among those who have not bought yet.
pub(crate) async fn alike_segment(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Html<String>> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let row = view.row(Segment::NAME, parse_id(&id)?, Purpose::Read).await?;
        drop(view);
        let segment: Stored<Segment> = row.try_into()?;
        let choosing = Choosing::begin(&app.store, &app.warehouse, &signed.actor).await?;
        let own = Filter::eq("segment", segment.id.to_string());
        let found = alike(&choosing, &own, ALIKE_SHOWN).await?;
        let mut view = app.store.read(&signed.actor).await?;
        let ids: Vec<RawId> = found.found.iter().map(|one| one.customer).collect();
        let names = view.titles(Customer::NAME, &ids).await?;
        let title = signed.texts.get("segment-alike");
        let content = segment_cards::alike(&signed, &segment, &found, &names);
        Ok(page(&app, &signed, &title, &Notice::default(), &content))
    }
    .await;
    answer(&app, &signed, outcome)
}

/// An amount, or a dash where the reader may not know it.
pub(super) fn money(texts: &Texts, sum: Option<(i64, Currency)>) -> String {
    sum.map_or_else(
        || "\u{2013}".to_owned(),
        |(units, currency)| {
            // Sums of estimates are told to the smallest coin.
            format::money(texts.locale(), Money { units, currency }.rounded())
        },
    )
}

/// Whether a field stands on its record's page in words, not as it is kept.
pub(crate) fn is_shown_in_words(of: &str, field: &str) -> bool {
    [
        (Segment::NAME, "condition"),
        ("analysis_run", "card"),
        ("customer_pair", "reasons"),
        ("customer_merge", "provenance"),
        ("customer_merge", "change_set"),
    ]
    .contains(&(of, field))
}
