//! The rights of a person whose data we hold: to be told all of it, and to be forgotten. Both are
//! jobs whose report stays.

use std::collections::HashSet;

use guanxi_base::{Error, Id, RawId, Refusal, Result};
use guanxi_record::{Choice as _, Filter, Kind, Query, Record, RecordType, Row, Sort, Value};
use guanxi_store::{
    Actor, File, JobState, Look, NewJob, Purpose, Store, Tx, View, is_machine_failure,
};
use serde_json::{Map, Value as Json, json};

use crate::authority::{ApprovalRequest, ApprovalTask, RequestState, TaskState};
use crate::exchange::ImportJob;
use crate::people::{Contact, Customer};

/// The queue of these jobs.
pub const QUEUE: &str = "privacy";
/// More records of one type than this are not one person's.
const RECORDS_MAX: usize = 100_000;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivacyRequest {
    /// All that is held, as a file.
    Export,
    /// That it is forgotten, as far as books allow.
    Erase,
}

impl PrivacyRequest {
    /// As the queue keeps it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Erase => "erase",
        }
    }

    /// The request of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Export, Self::Erase].into_iter().find(|request| request.name() == name)
    }
}

/// Puts a request into the queue; the id of its job.
///
/// # Errors
/// `not-a-person` for records that are of no person; `NotFound`, `Forbidden`.
pub async fn request(
    store: &Store,
    actor: &Actor,
    what: PrivacyRequest,
    record_type: &str,
    id: RawId,
) -> Result<RawId> {
    let mut view = store.read(actor).await?;
    let row = view.row(record_type, id, Purpose::Change).await?;
    if ![Customer::NAME, Contact::NAME].contains(&record_type) {
        return Err(Refusal::new("not-a-person").into());
    }
    let payload = json!({
        "what": what.name(), "type": record_type, "id": row.id.to_string(),
    });
    drop(view);
    let job = store.new_id();
    store.enqueue(job, NewJob { queue: QUEUE, payload, actor: actor.user }).await?;
    Ok(job)
}

/// Does what a job of the queue asks for; its report is kept with it.
///
/// # Errors
/// When the record is not there any more, or the database fails.
pub async fn run(store: &Store, actor: &Actor, job: RawId) -> Result<Json> {
    let known = store.job(job).await?;
    let text = |name: &str| known.payload[name].as_str().unwrap_or_default().to_owned();
    let what = PrivacyRequest::from_name(&text("what")).ok_or(Error::NotFound)?;
    let id: RawId = text("id").parse().map_err(|_| Error::NotFound)?;
    let actor = actor.with_all_rights().for_job(job);
    let report = match what {
        PrivacyRequest::Export => export(store, &actor, &text("type"), id).await,
        PrivacyRequest::Erase => erase(store, &actor, &text("type"), id).await,
    };
    match report {
        Ok(report) => {
            store.set_job_progress(job, report.clone()).await?;
            store.set_job_state(job, JobState::Done, None).await?;
            Ok(report)
        }
        // It is taken up again when its lease is over.
        Err(error) if is_machine_failure(&error) => Err(error),
        Err(error) => {
            store.set_job_state(job, JobState::Failed, Some(error.to_string())).await?;
            Err(error)
        }
    }
}

/// A person's record and all that hangs on it: what links to it, and the parts of that.
async fn about(view: &mut View, record_type: &str, id: RawId) -> Result<Vec<(String, Vec<Row>)>> {
    let catalog = view.catalog().clone();
    let described = catalog.get(record_type)?.clone();
    let first = view.row(record_type, id, Purpose::Read).await?;
    let mut found = vec![(record_type.to_owned(), vec![first])];
    for (other, field, _) in catalog.links_to(&described.name) {
        if other.name == described.name {
            continue;
        }
        let rows = linking(view, other, &field.name, &[id]).await?;
        for (part, link) in catalog.parts_of(&other.name) {
            let wholes: Vec<RawId> = rows.iter().map(|row| row.id).collect();
            let parts = linking(view, part, link, &wholes).await?;
            merge(&mut found, &part.name, parts);
        }
        merge(&mut found, &other.name, rows);
    }
    Ok(found)
}

fn merge(found: &mut Vec<(String, Vec<Row>)>, name: &str, rows: Vec<Row>) {
    if rows.is_empty() {
        return;
    }
    match found.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => {
            let there: HashSet<RawId> = known.iter().map(|row| row.id).collect();
            known.extend(rows.into_iter().filter(|row| !there.contains(&row.id)));
        }
        None => found.push((name.to_owned(), rows)),
    }
}

async fn linking(
    view: &mut View,
    other: &RecordType,
    link: &str,
    ids: &[RawId],
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for chunk in ids.chunks(500) {
        let filter = Filter::one_of(link, chunk.iter().copied());
        let mut query = Query::of(filter).sorted(vec![Sort::up("id")]).limited(Query::LIMIT_MAX);
        query.with_archived = true;
        loop {
            let page = view.list(&other.name, &query).await?;
            rows.extend(page.rows);
            if rows.len() > RECORDS_MAX {
                return Err(Refusal::new("too-many-records").with("limit", RECORDS_MAX).into());
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
    }
    Ok(rows)
}

/// All that is held on a person: records, how they changed, who looked at them.
async fn export(store: &Store, actor: &Actor, record_type: &str, id: RawId) -> Result<Json> {
    let mut view = store.read(actor).await?;
    let found = about(&mut view, record_type, id).await?;
    let mut records = Map::new();
    let mut counts = Map::new();
    for (name, rows) in &found {
        let described = view.catalog().get(name)?.clone();
        let titles = view.link_titles(&described, rows).await?;
        let of_type = rows.iter().map(|row| {
            let mut json = row.to_json(&described);
            let names = row.values.iter().flat_map(Value::links);
            let names: Map<String, Json> =
                names.filter_map(|id| Some((id.to_string(), json!(titles.get(id)?)))).collect();
            json.insert("names".to_owned(), Json::Object(names));
            Json::Object(json)
        });
        counts.insert(name.clone(), json!(rows.len()));
        records.insert(name.clone(), of_type.collect());
    }
    drop(view);
    let look = Look { record: Some(id), ..Look::default() };
    let traces = store.trail(actor, &look).await?;
    let log: Vec<Json> = traces
        .iter()
        .map(|trace| {
            json!({
                "at": trace.at.to_string(), "what": trace.operation.name(),
                "by": trace.actor.map(|user| user.to_string()), "detail": trace.detail,
            })
        })
        .collect();
    let whole = json!({ "records": records, "log": log });
    let content = serde_json::to_vec_pretty(&whole).map_err(Error::internal)?;
    let mut tx = store.write(actor).await?;
    let name = told_in(record_type, id);
    let file = tx.create_file(&name, "application/json", content).await?;
    tx.commit().await?;
    Ok(json!({ "file": file.id.to_string(), "records": counts, "log": traces.len() }))
}

/// How the file is called in which a person was told what is held.
fn told_in(record_type: &str, id: RawId) -> String {
    format!("{record_type}-{id}.json")
}

/// Forgets a person: personal fields and free texts go, amounts and dates stay.
async fn erase(store: &Store, actor: &Actor, record_type: &str, id: RawId) -> Result<Json> {
    let mut tx = store.write(actor).await?;
    let found = about(&mut tx, record_type, id).await?;
    let catalog = tx.catalog().clone();
    let mut report = Map::new();
    let mut words = Vec::new();
    for (name, rows) in &found {
        let described = catalog.get(name)?;
        let fields = erased_fields(described);
        let mut erased = 0;
        for row in rows {
            erase_sources(&mut tx, row.id).await?;
            words.extend(telling_words(described, row, &fields));
            erased += usize::from(erase_row(&mut tx, described, row, &fields).await?);
            erase_requests(&mut tx, row.id).await?;
        }
        report.insert(name.clone(), json!({ "records": rows.len(), "erased": erased }));
    }
    let told = Query::of(Filter::eq("name", told_in(record_type, id))).limited(Query::LIMIT_MAX);
    for file in tx.list(File::NAME, &told).await?.rows {
        tx.erase_file(file.id).await?;
    }
    tx.forget_words(&words).await?;
    tx.commit().await?;
    Ok(json!({ "records": report }))
}

/// The files from which a record was imported: whoever is in the base by them is in them too.
async fn erase_sources(tx: &mut Tx, record: RawId) -> Result<()> {
    for job in tx.jobs_of(record).await? {
        tx.forget_job_rows(job).await?;
        let import = Query::of(Filter::eq("id", job.to_string())).limited(1);
        for row in tx.list(ImportJob::NAME, &import).await?.rows {
            let described = tx.catalog().get(ImportJob::NAME)?.clone();
            for field in ["file", "error_file"] {
                if let Some(file) = row.value(&described, field).as_link() {
                    tx.erase_file(file).await?;
                }
            }
        }
    }
    Ok(())
}

/// What a log of exports might hold of a person: their name, telephone, mail.
fn telling_words(described: &RecordType, row: &Row, fields: &[usize]) -> Vec<String> {
    const CHARACTERS_MIN: usize = 2;
    let is_person = [Customer::NAME, Contact::NAME].contains(&described.name.as_ref());
    let texts =
        fields.iter().filter(|_| is_person).filter_map(|place| row.values[*place].as_text());
    let long = texts.filter(|text| text.chars().count() >= CHARACTERS_MIN);
    long.map(str::to_owned).collect()
}

/// The places of the fields that say something about a living person, and of free texts: what
/// somebody wrote down may be about anybody.
fn erased_fields(described: &RecordType) -> Vec<usize> {
    let books = described.whole().map(|(target, _)| target);
    let is_book =
        ["order", "invoice"].iter().any(|book| *book == described.name || books == Some(*book));
    let fields = described.fields.iter().enumerate();
    fields
        .filter(|(_, field)| {
            let is_free = matches!(field.kind, Kind::LongText | Kind::File | Kind::Json);
            field.personal || (is_free && !is_book)
        })
        .map(|(place, _)| place)
        .collect()
}

async fn erase_row(
    tx: &mut Tx,
    described: &RecordType,
    row: &Row,
    fields: &[usize],
) -> Result<bool> {
    let mut new = Vec::new();
    for place in fields {
        if row.values[*place].is_null() {
            continue;
        }
        let field = &described.fields[*place];
        // Whoever must have a name gets one that says what happened.
        let value = match &field.kind {
            Kind::Text if field.required => Value::Text(format!("# {}", row.id)),
            Kind::Email if field.required => Value::Text(format!("{}@erased.invalid", row.id)),
            _ => Value::Null,
        };
        new.push((*place, value));
    }
    if new.is_empty() {
        return Ok(false);
    }
    tx.erase(described, row.id, &new).await?;
    for (place, _) in &new {
        if let (Kind::File, Some(file)) =
            (&described.fields[*place].kind, row.values[*place].as_link())
        {
            tx.erase_file(file).await?;
        }
    }
    Ok(true)
}

/// What requests for approval say about a record: its name, what was to change, what people wrote.
/// One that is open is taken back: it would put back what is forgotten.
async fn erase_requests(tx: &mut Tx, record: RawId) -> Result<()> {
    let catalog = tx.catalog().clone();
    let requests = catalog.get(ApprovalRequest::NAME)?;
    let tasks = catalog.get(ApprovalTask::NAME)?;
    let about = Query::of(Filter::eq("record", record.to_string())).limited(Query::LIMIT_MAX);
    for request in tx.list(&requests.name, &about).await?.rows {
        let of = Query::of(Filter::eq("approval_request", request.id.to_string()));
        for task in tx.list(&tasks.name, &of.limited(Query::LIMIT_MAX)).await?.rows {
            let mut new =
                vec![("subject", Value::Text(format!("# {record}"))), ("comment", Value::Null)];
            if task.value(tasks, "state").as_text() == Some(TaskState::Waiting.code()) {
                new.push(("state", Value::Text(TaskState::Closed.code().to_owned())));
            }
            tx.erase(tasks, task.id, &placed(tasks, new)).await?;
        }
        let mut new = vec![
            ("subject", Value::Text(format!("# {record}"))),
            ("change", Value::Json(Box::new(json!({})))),
            ("reason", Value::Null),
        ];
        if request.value(requests, "state").as_text() == Some(RequestState::Open.code()) {
            new.push(("state", Value::Text(RequestState::Withdrawn.code().to_owned())));
        }
        tx.erase(requests, request.id, &placed(requests, new)).await?;
    }
    Ok(())
}

fn placed(described: &RecordType, values: Vec<(&str, Value)>) -> Vec<(usize, Value)> {
    values
        .into_iter()
        .filter_map(|(name, value)| Some((described.position(name)?, value)))
        .collect()
}

/// A report of a job, for whoever asked for it.
///
/// # Errors
/// `NotFound` when it is another's.
pub async fn report(store: &Store, actor: &Actor, job: RawId) -> Result<guanxi_store::Job> {
    let known = store.job(job).await?;
    let mine = known.queue == QUEUE && known.actor == actor.user;
    if mine { Ok(known) } else { Err(Error::NotFound) }
}

/// The customer or contact that a job is about.
#[must_use]
pub fn subject(job: &guanxi_store::Job) -> Option<(String, Id<Customer>)> {
    let id: RawId = job.payload["id"].as_str()?.parse().ok()?;
    Some((job.payload["type"].as_str()?.to_owned(), Id::new(id)))
}
