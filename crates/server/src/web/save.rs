//! Forms on their way in and out: new records, changes, archiving.

use axum::Form as Posted;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::people::create_collected;
use guanxi_record::{Changes, Default as FieldDefault, Kind, RecordType, Row, Value};
use guanxi_store::{Purpose, Titles, View};
use maud::{Markup, html};

use super::empty::is_made_by_hand;
use super::fields::{Entries, Reading};
use super::files::Sent;
use super::form::Form;
use super::layout::{Notice, error_page, page};
use super::once::{self, Begun, Once};
use super::shown::Shown;
use super::{cells, deliveries};
use crate::api::parse_id;
use crate::app::App;
use crate::once::Write;
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
        let mut write = match begin_to_make(&app, &signed, &described, &mut sent).await? {
            Ok(write) => write,
            Err(answered) => return Ok(answered),
        };
        let mut entries = sent.entries;
        let (view, wording) = (&mut *write.tx, signed.actor.wording);
        let mut reading = Reading { view, wording, shown: None };
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
        let made = match create_collected(&mut write.tx, &described, values).await {
            Ok(row) => {
                let whole =
                    described.part_of.and_then(|link| row.value(&described, link).as_link());
                // What a button says counts more than what the form came with.
                let then = entries.joined("then");
                let then = then.rsplit(',').next().unwrap_or_default();
                let to = after_making(&described, (row.id, whole), then, write.tx.change_set());
                let answer = once::led(&to, &described.name, row.id);
                write.commit(&answer).await.map(|_| to)
            }
            Err(error) => Err(error),
        };
        match made {
            Ok(to) => Ok(Redirect::to(&to).into_response()),
            Err(Error::Refused(refusals)) => {
                Ok(show_new(&app, &signed, &described, (&entries, &html! {}), &refusals))
            }
            Err(error) => Err(error),
        }
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// Begins to make what a form holds, with the files that came with it; or the answer where the form was sent
/// before.
async fn begin_to_make(
    app: &App,
    signed: &SignedIn,
    described: &RecordType,
    sent: &mut Sent,
) -> Result<std::result::Result<Box<Write>, Response>> {
    let once = Once::of(&format!("create {}", described.name), &sent.entries);
    let mut begun = once.begin(app, signed).await?;
    // Files are kept on their own, and not another time for a form that is sent again.
    if sent.has_files() && !matches!(begun, Begun::Again(_)) {
        drop(begun);
        sent.keep_files(&app.store, &signed.actor, described).await?;
        begun = once.begin(app, signed).await?;
    }
    match begun {
        Begun::New(write) => Ok(Ok(write)),
        Begun::Again(to) => Ok(Err(Redirect::to(&to).into_response())),
        Begun::Before(before) => {
            once::renew(&mut sent.entries);
            let notices = before.notice(signed.texts);
            let mut answer = show_new(app, signed, described, (&sent.entries, &notices), &[]);
            *answer.status_mut() = StatusCode::CONFLICT;
            Ok(Err(answer))
        }
    }
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

/// Where one is after a record was changed: at the record, with the way back where there is one.
fn after_changing(described: &RecordType, (old, new): (&Row, &Row), change: RawId) -> String {
    let place = format!("/{}/{}", described.name, new.id);
    if old.version == new.version { place } else { format!("{place}?saved={change}") }
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
        let once = Once::of(&format!("update {record_type} {id}"), &sent.entries);
        sent.keep_files(&app.store, &signed.actor, &described).await?;
        let mut write = match once.begin_change(&app, &signed).await? {
            Begun::New(write) => write,
            Begun::Again(to) => return Ok(Redirect::to(&to).into_response()),
            Begun::Before(before) => return Err(before.refusal().into()),
        };
        let tx = &mut write.tx;
        let mut entries = sent.entries;
        let version: i64 = entries.text("version").parse().unwrap_or(0);
        let row = tx.row(&record_type, id, Purpose::Change).await?;
        let title = row.title(&described);
        let edit = Edit { described: &described, id, title, version, notices: html! {} };
        let titles = tx.link_titles(&described, std::slice::from_ref(&row)).await?;
        let shown = Shown::of(&described, &row, &titles);
        let wording = signed.actor.wording;
        let mut reading = Reading { view: tx, wording, shown: Some(&shown) };
        let fields = match reading.all(&described, &mut entries).await? {
            Ok(fields) => fields,
            Err(refusals) => return Ok(edit.show(&app, &signed, &entries, &refusals, None)),
        };
        let saved = match tx.update_fields(&described, id, version, fields.clone()).await {
            Ok(new) => {
                let to = after_changing(&described, (&row, &new), tx.change_set());
                write.commit(&once::led(&to, &described.name, id)).await.map(|_| to)
            }
            Err(error) => Err(error),
        };
        match saved {
            Ok(to) => Ok(Redirect::to(&to).into_response()),
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
