//! The form of a chart: what it is made of, and beside it what comes of that.

use axum::Form as Posted;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse as _, Response};
use guanxi_base::{Decimal, Error, Id, Refusal, Result};
use guanxi_crm::access::conditions;
use guanxi_crm::dashboards::{Chart, ChartKind, Dashboard};
use guanxi_record::{Choice as _, Field, Kind, LongText, Owner, Record, Stored};
use guanxi_store::{Purpose, View};
use maud::{Markup, html};

use super::chart_condition::{self, group_of, text_of};
use super::chart_options::{dashboards, groups, measures};
use super::condition_form::Builder;
use super::conditions::Group;
use super::fields::Entries;
use super::layout::{Notice, answer, go_to, icon, page, refused};
use super::once::{self, Begun, Once, key_control};
use super::options::{Options, options_of};
use super::record::newest_first;
use super::{charts, form_parts, words};
use crate::api::{drawn, parse_id};
use crate::app::App;
use crate::params::Params;
use crate::signed_in::SignedIn;

/// The type of the records of a chart that begins with nothing.
const USUAL_TYPE: &str = "order";

/// What the form holds.
struct Draft {
    /// The key of the form.
    once: String,
    id: String,
    version: String,
    new_dashboard: String,
    dashboard: String,
    chart: Chart,
    /// Its conditions, as they are being put together.
    group: Group,
    /// Their text, as it is kept.
    kept: String,
    target: String,
    marks: String,
    problem: Option<String>,
}

impl Draft {
    fn sent(signed: &SignedIn, entries: &Entries) -> Self {
        let text = |name: &str| entries.text(name).trim().to_owned();
        let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
        let or = |name: &str, usual: &str| some(name).unwrap_or_else(|| usual.to_owned());
        let mut group = Group::sent(entries);
        let condition = chart_condition::sent(entries, &mut group);
        let chart = Chart {
            dashboard: Id::new(guanxi_base::RawId(0)),
            name: text("name"),
            kind: ChartKind::from_code(&text("kind")).unwrap_or(ChartKind::Bar),
            record_type: or("record_type", USUAL_TYPE),
            condition: Some(LongText(condition)).filter(|text| !text.0.is_empty()),
            group_by: some("group_by"),
            split_by: some("split_by"),
            measure: or("measure", "count"),
            target: None,
            marks: 12,
            place: text("place").parse().unwrap_or(0),
        };
        let kept = match form_parts::is_put_together(entries) {
            true => form_parts::kept_text(entries, "condition").to_owned(),
            false => {
                group = group_of(&chart);
                text_of(&chart)
            }
        };
        Self {
            once: once::key_of(signed, entries),
            kept,
            id: text("id"),
            version: text("version"),
            new_dashboard: text("new_dashboard"),
            dashboard: text("dashboard"),
            group,
            chart,
            target: text("target"),
            marks: or("marks", "12"),
            problem: None,
        }
    }

    fn of(signed: &SignedIn, chart: &Stored<Chart>) -> Self {
        Self {
            once: signed.form_key.to_string(),
            id: chart.id.to_string(),
            version: chart.version.to_string(),
            new_dashboard: String::new(),
            dashboard: chart.dashboard.to_string(),
            group: group_of(&chart.record),
            kept: text_of(&chart.record),
            target: chart.target.map(|target| target.to_string()).unwrap_or_default(),
            marks: chart.marks.to_string(),
            chart: chart.record.clone(),
            problem: None,
        }
    }

    /// The chart with the numbers that were typed.
    fn chart(&self) -> Result<Chart> {
        let wrong =
            |field: &str, text: &str| Refusal::field("not-a-number", field).with("value", text);
        let mut chart = self.chart.clone();
        if !self.target.is_empty() {
            let target = Decimal::parse(&self.target);
            chart.target = Some(target.map_err(|_| wrong("target", &self.target))?);
        }
        let marks = self.marks.parse();
        chart.marks = marks.map_err(|_| wrong("marks", &self.marks))?;
        if chart.kind == ChartKind::Number {
            (chart.group_by, chart.split_by) = (None, None);
        }
        Ok(chart)
    }
}

/// The form of a new chart; from a list it begins with what the list shows.
pub(crate) async fn new_chart(
    State(app): State<App>,
    signed: SignedIn,
    Parameters(params): Parameters<Params>,
) -> Response {
    let outcome: Result<Html<String>> = async {
        if !signed.actor.rights.may(Chart::NAME, Purpose::Create) {
            return Err(Error::Forbidden);
        }
        let mut draft = Draft::sent(&signed, &Entries::sent(params));
        if draft.chart.group_by.is_none() {
            draft.chart.group_by = usual_group(&app, &signed, &draft.chart.record_type);
        }
        form_page(&app, &signed, draft).await
    }
    .await;
    answer(&app, &signed, outcome)
}

/// By what a chart begins: the months in which things happened, which are not those in which rows were
/// made.
fn usual_group(app: &App, signed: &SignedIn, record_type: &str) -> Option<String> {
    let catalog = app.store.catalog();
    let described = catalog.get(record_type).ok()?;
    let by = newest_first(&signed.actor.rights, described).pop()?;
    let is_time = |field: &&Field| matches!(field.kind, Kind::Date | Kind::Instant);
    described.field(&by.field).filter(is_time).map(|field| format!("{}:month", field.name))
}

/// The form of a chart that is there.
pub(crate) async fn edit_chart(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Html<String>> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let chart: Stored<Chart> = view.fetch(Purpose::Change, Id::new(parse_id(&id)?)).await?;
        drop(view);
        form_page(&app, &signed, Draft::of(&signed, &chart)).await
    }
    .await;
    answer(&app, &signed, outcome)
}

/// Shows what comes of the form, or keeps the chart.
pub(crate) async fn build_chart(
    State(app): State<App>,
    signed: SignedIn,
    headers: HeaderMap,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let mut draft = Draft::sent(&signed, &entries);
    let by_script = headers.contains_key("hx-request");
    let outcome: Result<Response> = async {
        if entries.text("do") == "save" {
            match keep(&app, &signed, &draft, &Once::of("chart", &entries)).await {
                Ok(to) => return Ok(go_to(&to, by_script)),
                Err(Error::Refused(refusals)) => {
                    if once::was_sent_before(&refusals) {
                        draft.once = signed.form_key.to_string();
                    }
                    draft.problem = Some(refused(signed.texts, Chart::TYPE, &refusals));
                }
                Err(Error::Conflict { .. }) => {
                    draft.problem = Some(signed.texts.get("segment-changed-meanwhile"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(match by_script {
            true => Html(form(&app, &signed, &draft).await?.into_string()).into_response(),
            false => form_page(&app, &signed, draft).await?.into_response(),
        })
    }
    .await;
    answer(&app, &signed, outcome)
}

/// Keeps the chart, on a dashboard that is there or on a new one; where it is then.
async fn keep(app: &App, signed: &SignedIn, draft: &Draft, once: &Once) -> Result<String> {
    let mut chart = draft.chart()?;
    if chart.name.is_empty() {
        return Err(Refusal::field("required", "name").into());
    }
    form_parts::is_complete(&draft.group, "condition", &chart.record_type)?;
    // What cannot be asked cannot be kept.
    drawn(app, signed, &chart).await?;
    let begun = match draft.id.is_empty() {
        true => once.begin(app, signed).await?,
        false => once.begin_change(app, signed).await?,
    };
    let mut write = match begun {
        Begun::New(write) => write,
        Begun::Again(to) => return Ok(to),
        Begun::Before(before) => return Err(before.refusal().into()),
    };
    let tx = &mut write.tx;
    chart.dashboard = match (draft.dashboard.is_empty(), draft.new_dashboard.is_empty()) {
        (false, _) => Id::new(parse_id(&draft.dashboard)?),
        (true, false) => {
            let (name, owner) = (draft.new_dashboard.clone(), signed.actor.user.map(Owner));
            let new = Dashboard { name, description: None, role: None, is_shared: false, owner };
            tx.create(&new).await?.id
        }
        (true, true) => return Err(Refusal::field("required", "dashboard").into()),
    };
    let dashboard = chart.dashboard;
    let id = if draft.id.is_empty() {
        tx.create(&chart).await?.id
    } else {
        let id = Id::<Chart>::new(parse_id(&draft.id)?);
        let mut known: Stored<Chart> = tx.fetch(Purpose::Change, id).await?;
        known.version = draft.version.parse().unwrap_or(known.version);
        // By what a number would be grouped is not shown.
        if (known.kind, chart.kind) == (ChartKind::Number, ChartKind::Number) {
            chart.group_by.clone_from(&known.group_by);
            chart.split_by.clone_from(&known.split_by);
        }
        known.record = chart;
        tx.update(&known).await?.id
    };
    let to = format!("/dashboard/{dashboard}");
    write.commit(&once::led(&to, Chart::NAME, id.raw())).await?;
    Ok(to)
}

async fn form_page(app: &App, signed: &SignedIn, draft: Draft) -> Result<Html<String>> {
    let title = signed.texts.get(if draft.id.is_empty() { "chart-new" } else { "chart-edit" });
    let content = html! {
        (charts::script())
        div class="gx-head" { (icon("chart-bar")) h1 { (title) } }
        (form(app, signed, &draft).await?)
    };
    Ok(page(app, signed, &title, &Notice::default(), &content))
}

async fn form(app: &App, signed: &SignedIn, draft: &Draft) -> Result<Markup> {
    let texts = signed.texts;
    let preview = preview(app, signed, draft).await?;
    let mut view = app.store.read(&signed.actor).await?;
    let words = condition_words(&mut view, signed, &draft.chart).await;
    let fields = fields(&mut view, signed, draft).await?;
    let title = texts.get("chart-preview");
    Ok(html! {
        form id="chart-form" class="gx-columns" method="post" action="/chart/build" hx-post="/chart/build"
            hx-trigger="submit, change delay:150ms" hx-swap="outerHTML" novalidate {
            (key_control(&draft.once))
            input type="hidden" name="id" value=(draft.id);
            input type="hidden" name="version" value=(draft.version);
            div class="gx-stack" {
                @if let Some(problem) = &draft.problem { p class="alert alert-danger m-0" role="alert" { (problem) } }
                section class="card" aria-label=(title) aria-live="polite" {
                    div class="gx-card-head" { (icon("eye")) h2 { (title) } }
                    @if let Some(words) = &words { p class="gx-muted px-3 pt-2 mb-0" { (words) } }
                    (preview)
                }
            }
            section class="card" aria-label=(texts.get("chart-made-of")) {
                div class="card-body gx-stack" {
                    // What Enter in a field means.
                    button class="visually-hidden" name="do" value="show" tabindex="-1" { (title) }
                    (fields)
                    div class="d-flex gap-2" {
                        button class="btn btn-primary" name="do" value="save" { (texts.get("ui-save")) }
                        a class="btn" href="/dashboard" { (texts.get("ui-cancel")) }
                    }
                }
            }
        }
    })
}

/// The chart as it would be; what is missing yet is said.
async fn preview(app: &App, signed: &SignedIn, draft: &Draft) -> Result<Markup> {
    let said = |sentence: String| html! { p class="gx-empty m-0" { (sentence) } };
    let chart = match draft.chart() {
        Ok(chart) => chart,
        Err(Error::Refused(refusals)) => {
            return Ok(said(refused(signed.texts, Chart::TYPE, &refusals)));
        }
        Err(error) => return Err(error),
    };
    if chart.kind != ChartKind::Number && chart.group_by.is_none() {
        return Ok(said(signed.texts.get("chart-choose-group")));
    }
    if chart.kind == ChartKind::HeatMap && chart.split_by.is_none() {
        return Ok(said(signed.texts.get("chart-choose-split")));
    }
    charts::shown(app, signed, &chart).await
}

/// Which records it is about, in words.
async fn condition_words(view: &mut View, signed: &SignedIn, chart: &Chart) -> Option<String> {
    let described = view.catalog().get(&chart.record_type).ok()?.clone();
    let filter = conditions::parse(&chart.condition.as_ref()?.0).ok()?;
    words::of(view, signed, &described, &filter).await.ok()
}

async fn fields(view: &mut View, signed: &SignedIn, draft: &Draft) -> Result<Markup> {
    let texts = signed.texts;
    let catalog = view.catalog().clone();
    let chart = &draft.chart;
    let readable = catalog.types().filter(|one| signed.actor.rights.may(&one.name, Purpose::Read));
    let types: Options = readable
        .filter(|one| one.name != "file")
        .map(|one| (one.name.to_string(), texts.type_plural(&one.name)))
        .collect();
    let kinds = Chart::TYPE.field("kind");
    let kinds = kinds.map(|field| options_of(texts, Chart::TYPE, field)).unwrap_or_default();
    let (groups, measures) = match catalog.get(&chart.record_type) {
        Ok(described) => (groups(view, signed, described), measures(signed, described)),
        Err(_) => (Vec::new(), Vec::new()),
    };
    let dashboards = dashboards(view).await?;
    let none = texts.get("chart-nothing");
    let is_number = chart.kind == ChartKind::Number;
    let group = chart.group_by.as_deref().unwrap_or_default();
    let split = chart.split_by.as_deref().unwrap_or_default();
    Ok(html! {
        (input(texts, "name", &chart.name))
        (select(texts, "kind", &kinds, chart.kind.code(), None))
        (select(texts, "record_type", &types, &chart.record_type, None))
        (select(texts, "measure", &measures, &chart.measure, None))
        @if !is_number {
            (select(texts, "group_by", &groups, group, Some(&none)))
            (select(texts, "split_by", &groups, split, Some(&none)))
        }
        @if let Ok(described) = catalog.get(&chart.record_type) {
            fieldset {
                legend class="form-label" { (label(texts, "condition")) }
                input type="hidden" name=(form_parts::kept_name("condition")) value=(draft.kept);
                (Builder::new(signed, catalog.clone(), Vec::new()).whole(described, &draft.group))
            }
        }
        @if is_number { (input(texts, "target", &draft.target)) (aside("marks", &draft.marks)) }
        @else { (input(texts, "marks", &draft.marks)) (aside("target", &draft.target)) }
        (select(texts, "dashboard", &dashboards, &draft.dashboard, Some(&texts.get("chart-new-dashboard"))))
        @if draft.dashboard.is_empty() {
            div {
                label class="form-label" for="chart-new_dashboard" { (texts.get("chart-dashboard-name")) }
                input class="form-control" id="chart-new_dashboard" name="new_dashboard"
                    value=(draft.new_dashboard) maxlength="250" autocomplete="off";
            }
        }
        (input(texts, "place", &chart.place.to_string()))
    })
}

/// What another kind of chart says is not lost for not being shown.
fn aside(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

fn label(texts: &guanxi_crm::text::Texts, name: &str) -> String {
    let field = Chart::TYPE.field(name);
    field.map(|field| texts.field_label(Chart::TYPE, field)).unwrap_or_default()
}

fn input(texts: &guanxi_crm::text::Texts, name: &str, value: &str) -> Markup {
    html! {
        div {
            label class="form-label" for=(format!("chart-{name}")) { (label(texts, name)) }
            input class="form-control" id=(format!("chart-{name}")) name=(name) value=(value)
                maxlength="250" autocomplete="off";
        }
    }
}

/// One of several; what is chosen but not offered stays, and is refused where it must be.
fn select(
    texts: &guanxi_crm::text::Texts,
    name: &str,
    offered: &Options,
    chosen: &str,
    none: Option<&str>,
) -> Markup {
    let is_offered = chosen.is_empty() || offered.iter().any(|(code, _)| code == chosen);
    html! {
        div {
            label class="form-label" for=(format!("chart-{name}")) { (label(texts, name)) }
            select class="form-select" id=(format!("chart-{name}")) name=(name) {
                @if let Some(none) = none { option value="" { (none) } }
                @if !is_offered { option value=(chosen) selected { (chosen) } }
                @for (code, label) in offered {
                    option value=(code) selected[code == chosen] { (label) }
                }
            }
        }
    }
}
