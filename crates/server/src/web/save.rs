//! Forms on their way in and out: new records, changes, archiving, undo.

use axum::Form as Posted;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::archive_many::undo_all;
use guanxi_crm::people::create_collected;
use guanxi_record::{Changes, Default as FieldDefault, Kind, RecordType, Value};
use guanxi_store::{Purpose, Titles, View};
use maud::{Markup, html};

use super::empty::is_made_by_hand;
use super::fields::{Entries, Reading};
use super::files::Sent;
use super::form::Form;
use super::layout::{Notice, error_page, page};
use super::{cells, deliveries};
use crate::api::parse_id;
use crate::app::App;
use crate::own_page::page_before;
use crate::params::Params;
use crate::signed_in::SignedIn;

pub(crate) async fn new_form(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    Parameters(given): Parameters<Params>,
) -> Response {
    let outcome: Result<Response> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        signed.actor.rights.scope(&record_type, Purpose::Create).ok_or(Error::Forbidden)?;
        // Its list says where they come from.
        if !is_made_by_hand(&described) {
            return Ok(Redirect::to(&format!("/{record_type}")).into_response());
        }
        let mut values = vec![Value::Null; described.fields.len()];
        let mut titles = Titles::new();
        let mut view = app.store.read(&signed.actor).await?;
        for (place, field) in described.fields.iter().enumerate() {
            let given = given.iter().find(|(name, _)| *name == field.name).map(|(_, value)| value);
            let text = match (&field.default, given) {
                (_, Some(given)) => Some(given.clone()),
                (Some(FieldDefault::Text(text)), None) => Some(text.to_string()),
                _ => None,
            };
            if let Some(value) = text.and_then(|text| Value::from_text(&field.kind, &text).ok()) {
                if let Some(target) = field.kind.leads_to() {
                    titles.extend(view.titles(target, value.links()).await?);
                }
                values[place] = value;
            }
        }
        let customer = described.position("customer").and_then(|at| values[at].as_link());
        let notices = match &*described.name {
            "order" => deliveries::banner(&mut view, &signed, customer, None).await?,
            _ => html! {},
        };
        let mut entries = Entries::of(&described, &values, &titles);
        enter_currency(&mut view, &described, &values, &mut entries).await?;
        Ok(show_new(&app, &signed, &described, (&entries, &notices), &[]))
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// Amounts of a part are in the currency of its whole, until somebody says another.
async fn enter_currency(
    view: &mut View,
    described: &RecordType,
    values: &[Value],
    entries: &mut Entries,
) -> Result<()> {
    let Some((target, link)) = described.whole() else { return Ok(()) };
    let id = described.position(link).and_then(|at| values[at].as_link());
    let Some(id) = id else { return Ok(()) };
    let of = view.catalog().get(target)?.clone();
    let Ok(whole) = view.row(target, id, Purpose::Read).await else { return Ok(()) };
    if let Value::Money(total) = whole.value(&of, "total") {
        for field in described.fields.iter().filter(|field| field.kind == Kind::Money) {
            entries.set(&format!("{}.currency", field.name), total.currency.to_string());
        }
    }
    Ok(())
}

pub(super) fn show_new(
    app: &App,
    signed: &SignedIn,
    described: &RecordType,
    (entries, notices): (&Entries, &Markup),
    refusals: &[Refusal],
) -> Response {
    let texts = signed.texts;
    let title = texts.format("ui-new", &[("type", &texts.type_label(&described.name))]);
    let path = format!("/{}", described.name);
    let form = Form {
        described,
        entries,
        refusals,
        action: path.clone(),
        back: path,
        version: None,
        notices,
        conflict: None,
    };
    let status =
        if refusals.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let html = page(app, signed, &title, &Notice::default(), &form.markup(signed, &title));
    (status, html).into_response()
}

pub(crate) async fn create(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    mut sent: Sent,
) -> Response {
    let outcome: Result<Response> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        signed.actor.rights.scope(&record_type, Purpose::Create).ok_or(Error::Forbidden)?;
        sent.keep_files(&app.store, &signed.actor, &described).await?;
        let mut tx = app.store.write(&signed.actor).await?;
        let mut entries = sent.entries;
        let mut reading = Reading { view: &mut tx, wording: signed.actor.wording };
        let fields = match reading.all(&described, &mut entries).await? {
            Ok(fields) => fields,
            Err(refusals) => {
                return Ok(show_new(&app, &signed, &described, (&entries, &html! {}), &refusals));
            }
        };
        let mut values = vec![Value::Null; described.fields.len()];
        for (place, value) in fields {
            values[place] = value;
        }
        let made = match create_collected(&mut tx, &described, values).await {
            Ok(row) => {
                let whole =
                    described.part_of.and_then(|link| row.value(&described, link).as_link());
                tx.commit().await.map(|change_set| (row.id, whole, change_set))
            }
            Err(error) => Err(error),
        };
        match made {
            Ok((id, whole, change)) => {
                // What a button says counts more than what the form came with.
                let then = entries.joined("then");
                let then = then.rsplit(',').next().unwrap_or_default();
                let to = after_making(&described, (id, whole), then, change);
                Ok(Redirect::to(&to).into_response())
            }
            Err(Error::Refused(refusals)) => {
                Ok(show_new(&app, &signed, &described, (&entries, &html! {}), &refusals))
            }
            Err(error) => Err(error),
        }
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// Where one is after a record was made: at the record; after a part of another one at that, to add the
/// next.
fn after_making(
    described: &RecordType,
    (id, whole): (RawId, Option<RawId>),
    then: &str,
    change: RawId,
) -> String {
    let name = &described.name;
    match (described.whole(), whole, then) {
        (Some((target, _)), Some(whole), "add") => {
            format!("/{target}/{whole}?saved={change}&add=again")
        }
        (Some((_, link)), Some(whole), "again") => format!("/{name}/new?{link}={whole}"),
        (Some((target, _)), Some(whole), _) => format!("/{target}/{whole}?saved={change}#parts"),
        _ => format!("/{name}/{id}?saved={change}"),
    }
}

/// The form of a record that is there.
pub(super) struct Edit<'a> {
    pub(super) described: &'a RecordType,
    pub(super) id: RawId,
    pub(super) title: String,
    pub(super) version: i64,
    pub(super) notices: Markup,
}

impl Edit<'_> {
    pub(super) fn show(
        &self,
        app: &App,
        signed: &SignedIn,
        entries: &Entries,
        refusals: &[Refusal],
        conflict: Option<&Changes>,
    ) -> Response {
        let path = format!("/{}/{}", self.described.name, self.id);
        let form = Form {
            described: self.described,
            entries,
            refusals,
            action: path.clone(),
            back: path,
            version: Some(self.version),
            notices: &self.notices,
            conflict,
        };
        let title = signed.texts.format("ui-edit-title", &[("title", &self.title)]);
        let status = match (refusals.is_empty(), conflict) {
            (_, Some(_)) => StatusCode::CONFLICT,
            (false, None) => StatusCode::UNPROCESSABLE_ENTITY,
            (true, None) => StatusCode::OK,
        };
        let html = page(app, signed, &title, &Notice::default(), &form.markup(signed, &title));
        (status, html).into_response()
    }
}

pub(crate) async fn edit_form(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
) -> Response {
    let outcome: Result<Response> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let mut view = app.store.read(&signed.actor).await?;
        let row = view.row(&record_type, parse_id(&id)?, Purpose::Change).await?;
        signed.looked_at(&app, &described, row.id);
        let titles = view.link_titles(&described, std::slice::from_ref(&row)).await?;
        let entries = Entries::of(&described, &row.values, &titles);
        let title = cells::title(&signed, &described, &row, &titles);
        let notices = match &*described.name {
            "order" => super::parts::order_sections(&mut view, &signed, &row).await?.0,
            _ => html! {},
        };
        let version = row.version;
        let edit = Edit { described: &described, id: row.id, title, version, notices };
        Ok(edit.show(&app, &signed, &entries, &[], None))
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

pub(crate) async fn update(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
    mut sent: Sent,
) -> Response {
    let outcome: Result<Response> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let id = parse_id(&id)?;
        let mut view = app.store.read(&signed.actor).await?;
        view.row(&record_type, id, Purpose::Change).await?;
        drop(view);
        sent.keep_files(&app.store, &signed.actor, &described).await?;
        let mut tx = app.store.write(&signed.actor).await?;
        let mut entries = sent.entries;
        let version: i64 = entries.text("version").parse().unwrap_or(0);
        let row = tx.row(&record_type, id, Purpose::Change).await?;
        let title = row.title(&described);
        let edit = Edit { described: &described, id, title, version, notices: html! {} };
        let mut reading = Reading { view: &mut tx, wording: signed.actor.wording };
        let fields = match reading.all(&described, &mut entries).await? {
            Ok(fields) => fields,
            Err(refusals) => return Ok(edit.show(&app, &signed, &entries, &refusals, None)),
        };
        let saved = match tx.update_fields(&described, id, version, fields.clone()).await {
            Ok(_) => tx.commit().await,
            Err(error) => Err(error),
        };
        match saved {
            Ok(change) => {
                Ok(Redirect::to(&format!("/{record_type}/{id}?saved={change}")).into_response())
            }
            Err(Error::Refused(refusals)) => {
                Ok(edit.show(&app, &signed, &entries, &refusals, None))
            }
            Err(Error::Conflict { current_version }) => {
                let mut wanted = row.values.clone();
                for (place, value) in fields {
                    wanted[place] = value;
                }
                let both = Changes::between(&described, &row.values, &wanted);
                // Saving again overwrites knowingly.
                let edit = Edit { version: current_version, ..edit };
                Ok(edit.show(&app, &signed, &entries, &[], Some(&both)))
            }
            Err(error) => Err(error),
        }
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

pub(crate) async fn archive(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
    Posted(sent): Posted<Params>,
) -> Response {
    put_away(&app, &signed, &record_type, &id, sent, Away::Archive).await
}

pub(crate) async fn restore(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
    Posted(sent): Posted<Params>,
) -> Response {
    put_away(&app, &signed, &record_type, &id, sent, Away::Restore).await
}

#[derive(Debug, Clone, Copy)]
enum Away {
    Archive,
    Restore,
}

async fn put_away(
    app: &App,
    signed: &SignedIn,
    record_type: &str,
    id: &str,
    sent: Params,
    away: Away,
) -> Response {
    let outcome: Result<Response> = async {
        let version: i64 = Entries::sent(sent).text("version").parse().unwrap_or(0);
        let id = parse_id(id)?;
        let mut tx = app.store.write(&signed.actor).await?;
        match away {
            Away::Archive => tx.archive(record_type, id, version).await?,
            Away::Restore => tx.restore(record_type, id, version).await?,
        };
        let change = tx.commit().await?;
        let place = match away {
            Away::Archive => format!("/{record_type}?saved={change}"),
            Away::Restore => format!("/{record_type}/{id}?saved={change}"),
        };
        Ok(Redirect::to(&place).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(app, signed, &error))
}

/// The list to go back to when what a page showed went away with what was undone.
async fn gone_with_it(app: &App, signed: &SignedIn, path: &str) -> Result<Option<String>> {
    let mut parts = path.split('/').skip(1);
    let (name, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let catalog = app.store.catalog();
    let (Ok(described), Ok(id)) = (catalog.get(name), id.parse::<RawId>()) else {
        return Ok(None);
    };
    let mut view = app.store.read(&signed.actor).await?;
    let is_there = view.may(&described.name, id, Purpose::Read).await?;
    Ok((!is_there).then(|| format!("/{}", described.name)))
}

pub(crate) async fn undo(
    State(app): State<App>,
    signed: SignedIn,
    headers: axum::http::HeaderMap,
    Posted(sent): Posted<Params>,
) -> Response {
    let outcome: Result<Response> = async {
        let entries = Entries::sent(sent);
        match entries.text("job") {
            "" => {
                let change_set = parse_id(entries.text("change_set"))?;
                app.store.undo(&signed.actor, change_set).await?;
            }
            job => undo_all(&app.store, &signed.actor, parse_id(job)?).await?,
        }
        // Without its question, which may say what was just saved.
        let before = page_before(&headers).unwrap_or_else(|| "/".to_owned());
        let path = before.split(['?', '#']).next().unwrap_or("/");
        let path = match gone_with_it(&app, &signed, path).await? {
            Some(list) => list,
            None => path.to_owned(),
        };
        Ok(Redirect::to(&path).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}
