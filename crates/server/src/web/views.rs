//! Saved views and the choice of columns: what a list shows, kept and changed.

use axum::Form as Posted;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{Error, Refusal, Result};
use guanxi_crm::access::SavedView;
use guanxi_record::{
    Field, Filter, LongText, Query, Record, RecordType, SYSTEM_FIELDS, Sort, Stored,
};
use guanxi_store::{Purpose, View};
use maud::{Markup, html};

use super::fields::Entries;
use super::layout::{error_page, icon};
use super::list::columns;
use super::once::{self, Begun, Once, key_control};
use crate::api::parse_id;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// So many saved views of a type are offered.
const VIEWS_SHOWN: usize = 50;
/// What an address has besides what a view keeps.
const NOT_KEPT: [&str; 4] = ["view", "saved", "after", "limit"];

/// The saved views of a list, and which of them it shows.
pub(crate) struct Views {
    all: Vec<Stored<SavedView>>,
    chosen: Option<usize>,
    /// What the list shows now.
    address: String,
}

fn address_of(params: &Params) -> String {
    let kept = |(name, _): &&(String, String)| !NOT_KEPT.contains(&name.as_str());
    let pairs: Params = params.iter().filter(kept).cloned().collect();
    params::to_url("", &pairs).trim_start_matches('?').to_owned()
}

impl Views {
    pub(crate) async fn read(view: &mut View, of: &str, params: &Params) -> Result<Self> {
        let filter = Filter::eq("record_type", of).and(SavedView::visible());
        let query = Query::of(filter).sorted(vec![Sort::up("name")]).limited(VIEWS_SHOWN);
        let rows = view.list(SavedView::NAME, &query).await?.rows;
        let all = rows.into_iter().map(TryInto::try_into).collect::<Result<Vec<_>>>()?;
        let wanted = params::one(params, "view").unwrap_or_default();
        let chosen = all.iter().position(|one: &Stored<SavedView>| one.id.to_string() == wanted);
        Ok(Self { all, chosen, address: address_of(params) })
    }

    fn link(one: &Stored<SavedView>) -> String {
        let between = if one.address.is_empty() { "" } else { "&" };
        format!("/{}?{}{between}view={}", one.record_type, &*one.address, one.id)
    }

    /// The views to choose from, and the form that keeps what is shown as a new one.
    pub(crate) fn menu(&self, signed: &SignedIn, described: &RecordType) -> Markup {
        let texts = signed.texts;
        let chosen = self.chosen.map(|at| self.all[at].name.clone());
        html! {
            details class="gx-menu" {
                summary class="btn" {
                    (icon("layout-list")) (chosen.unwrap_or_else(|| texts.get("ui-views")))
                }
                div class="card gx-menu-body" {
                    a href=(format!("/{}", described.name)) { (texts.get("ui-all")) }
                    @for (at, one) in self.all.iter().enumerate() {
                        a href=(Self::link(one)) aria-current=[(self.chosen == Some(at)).then_some("true")] {
                            (one.name)
                            @if one.is_shared { " " span class="gx-muted" { (texts.get("ui-shared")) } }
                        }
                    }
                    form method="post" action=(format!("/{}/views", described.name)) {
                        (key_control(&signed.form_key.to_string()))
                        input type="hidden" name="address" value=(self.address);
                        label class="form-label" for="view-name" { (texts.get("ui-view-save-as")) }
                        input class="form-control" id="view-name" name="name" required maxlength="200";
                        label class="form-check mt-2" {
                            input class="form-check-input" type="checkbox" name="is_shared" value="true";
                            span class="form-check-label" { (texts.get("ui-view-share")) }
                        }
                        button class="btn btn-primary" type="submit" { (texts.get("ui-save")) }
                    }
                }
            }
        }
    }

    /// What to do with a saved view that one changed.
    pub(crate) fn bar(&self, signed: &SignedIn) -> Markup {
        let texts = signed.texts;
        let Some(one) = self.chosen.map(|at| &self.all[at]) else { return html! {} };
        if *one.address == self.address {
            return html! {};
        }
        let is_mine = one.owner.map(|owner| owner.0) == signed.actor.user;
        html! {
            div class="alert alert-info gx-view-bar" role="status" {
                span { (texts.format("ui-view-changed", &[("name", &one.name)])) }
                @if is_mine || !one.is_locked {
                    form method="post" action=(format!("/{}/views/{}", one.record_type, one.id)) {
                        input type="hidden" name="address" value=(self.address);
                        input type="hidden" name="version" value=(one.version);
                        button class="btn btn-primary" type="submit" { (texts.get("ui-save")) }
                    }
                }
                button class="btn" type="button" data-open=".gx-menu" { (texts.get("ui-view-save-new")) }
                a class="btn" href=(Self::link(one)) { (texts.get("ui-view-discard")) }
            }
        }
    }
}

/// Keeps what a list shows as a new view.
pub(crate) async fn create_view(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let outcome: Result<Response> = async {
        app.store.catalog().get(&record_type)?;
        let name = entries.text("name").trim();
        if name.is_empty() {
            return Err(Refusal::field("required", "name").into());
        }
        let view = SavedView {
            name: name.to_owned(),
            record_type: record_type.clone(),
            address: LongText(entries.text("address").to_owned()),
            owner: signed.actor.user.map(guanxi_record::Owner),
            is_shared: entries.text("is_shared") == "true",
            is_locked: true,
        };
        let mut write = match Once::of("view", &entries).begin(&app, &signed).await? {
            Begun::New(write) => write,
            Begun::Again(to) => return Ok(Redirect::to(&to).into_response()),
            Begun::Before(before) => return Err(before.refusal().into()),
        };
        let stored = write.tx.create(&view).await?;
        let to = Views::link(&stored);
        write.commit(&once::led(&to, SavedView::NAME, stored.id.raw())).await?;
        Ok(Redirect::to(&to).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// Keeps what a list shows as the view that it came from.
pub(crate) async fn update_view(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let outcome: Result<Response> = async {
        let id = guanxi_base::Id::<SavedView>::new(parse_id(&id)?);
        let mut tx = app.store.write(&signed.actor).await?;
        let mut view: Stored<SavedView> = tx.fetch(Purpose::Change, id).await?;
        if view.record_type != record_type {
            return Err(Error::NotFound);
        }
        view.version = entries.text("version").parse().unwrap_or(0);
        view.address = LongText(entries.text("address").to_owned());
        let stored = tx.update(&view).await?;
        tx.commit().await?;
        Ok(Redirect::to(&Views::link(&stored)).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// A dialog that chooses the columns of a list and their order.
pub(crate) fn columns_dialog(signed: &SignedIn, described: &RecordType, params: &Params) -> Markup {
    let texts = signed.texts;
    let shown = columns(described, params);
    let is_shown = |field: &Field| shown.iter().any(|one| one.name == field.name);
    let others = described.fields.iter().chain(&SYSTEM_FIELDS);
    let others: Vec<&Field> = others.filter(|field| !is_shown(field)).collect();
    let all = shown.iter().map(|field| (*field, true));
    let all = all.chain(others.into_iter().map(|field| (field, false)));
    html! {
        dialog class="gx-dialog" id="columns" aria-labelledby="columns-title" {
            form method="get" action=(format!("/{}", described.name)) {
                h2 id="columns-title" { (texts.get("ui-columns")) }
                (params::hidden(params, &["columns", "after", "saved"]))
                ol class="gx-order" {
                    @for (field, checked) in all {
                        @let label = texts.field_label(described, field);
                        li {
                            label class="form-check" {
                                input class="form-check-input" type="checkbox" name="columns"
                                    value=(field.name) checked[checked];
                                span class="form-check-label" { (label) }
                            }
                            @for (step, key, sign) in [("-1", "ui-up", "arrow-up"), ("1", "ui-down", "arrow-down")] {
                                button class="btn btn-icon btn-sm" type="button" data-move=(step)
                                    aria-label=(texts.format(key, &[("name", &label)])) {
                                    @if sign == "arrow-up" { (icon("arrow-up")) } @else { (icon("arrow-down")) }
                                }
                            }
                        }
                    }
                }
                div class="d-flex gap-2" {
                    button class="btn btn-primary" type="submit" { (texts.get("ui-apply")) }
                    button class="btn" type="button" data-close { (texts.get("ui-cancel")) }
                }
            }
        }
    }
}
