//! Files that come with forms, and files that go out.

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Path, State};
use axum::http::{Request, header};
use axum::response::{IntoResponse, Response};
use axum::{Form as Posted, RequestExt};
use guanxi_base::{Error, Refusal, Result};
use guanxi_crm::access::Locale;
use guanxi_crm::text::Texts;
use guanxi_record::{Kind, RecordType};
use guanxi_store::{Actor, File, Purpose, Store};

use super::fields::Entries;
use super::layout::error_page;
use crate::api::parse_id;
use crate::app::App;
use crate::once::fingerprint;
use crate::params::Params;
use crate::problem;
use crate::signed_in::SignedIn;

/// A form as a browser sends it, with files or without.
pub(crate) struct Sent {
    pub(crate) entries: Entries,
    files: Vec<SentFile>,
}

struct SentFile {
    field: String,
    name: String,
    media_type: String,
    content: Vec<u8>,
}

impl FromRequest<App> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, app: &App) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let with_files = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
        if !with_files {
            let Posted(params) = Posted::<Params>::from_request(request, app)
                .await
                .map_err(IntoResponse::into_response)?;
            return Ok(Self { entries: Entries::sent(params), files: Vec::new() });
        }
        let parts = request.extract::<Multipart, _>().await.map_err(IntoResponse::into_response)?;
        Self::read(parts).await.map_err(|error| problem::answer(&error, Texts::of(Locale::En), ""))
    }
}

impl Sent {
    async fn read(mut parts: Multipart) -> Result<Self> {
        let wrong = |error: axum::extract::multipart::MultipartError| {
            Error::from(Refusal::new("wrong-body").with("reason", error.body_text()))
        };
        let (mut params, mut files) = (Params::new(), Vec::new());
        while let Some(part) = parts.next_field().await.map_err(wrong)? {
            let field = part.name().unwrap_or_default().to_owned();
            let Some(name) = part.file_name().map(str::to_owned) else {
                params.push((field, part.text().await.map_err(wrong)?));
                continue;
            };
            let media_type = part.content_type().unwrap_or("application/octet-stream").to_owned();
            let content = part.bytes().await.map_err(wrong)?.to_vec();
            if !name.is_empty() && !content.is_empty() {
                // By what is in it, it is told whether a form is sent again.
                params.push((field.clone(), fingerprint(&name, &content)));
                files.push(SentFile { field, name, media_type, content });
            }
        }
        Ok(Self { entries: Entries::sent(params), files })
    }

    pub(crate) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// Stores the files that were sent; their fields then name them. On their own: a form that is refused
    /// comes back with them, and nobody sends them twice. What no record names in the end is removed.
    pub(crate) async fn keep_files(
        &mut self,
        store: &Store,
        actor: &Actor,
        described: &RecordType,
    ) -> Result<()> {
        let is_of_field = |sent: &SentFile| {
            let field = sent.field.strip_suffix(".file").and_then(|name| described.field(name));
            field.filter(|field| {
                field.kind == Kind::File && actor.rights.writes(&described.name, &field.name)
            })
        };
        let files = std::mem::take(&mut self.files);
        let files: Vec<_> =
            files.into_iter().filter_map(|sent| Some((is_of_field(&sent)?, sent))).collect();
        if files.is_empty() {
            return Ok(());
        }
        let mut tx = store.write(actor).await?;
        for (field, sent) in files {
            let file = tx.create_file(&sent.name, &sent.media_type, sent.content).await?;
            self.entries.set(&format!("{}.id", field.name), file.id.to_string());
            self.entries.set(&field.name, file.record.name);
        }
        tx.commit().await.map(drop)
    }
}

/// A file of one's own.
pub(crate) async fn file(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Response> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let (file, content) = view.file(parse_id(&id)?).await?;
        Ok(download(&file.record, content))
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// The file in a field of a record: for everybody who may read the record.
pub(crate) async fn file_of(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id, field)): Path<(String, String, String)>,
) -> Response {
    let outcome: Result<Response> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let mut view = app.store.read(&signed.actor).await?;
        let row = view.row(&record_type, parse_id(&id)?, Purpose::Read).await?;
        let is_file = described.field(&field).is_some_and(|field| field.kind == Kind::File);
        let id = row.value(&described, &field).as_link().filter(|_| is_file);
        let (file, content) = view.attached_file(id.ok_or(Error::NotFound)?).await?;
        Ok(download(&file.record, content))
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// Never shown in place: what others upload must not run as a page of ours.
fn download(file: &File, content: Vec<u8>) -> Response {
    let plain: String = file.name.chars().filter(|c| c.is_ascii_graphic() && *c != '"').collect();
    let name = crate::params::encoded(&file.name);
    let headers = [
        ("content-type", "application/octet-stream".to_owned()),
        (
            "content-disposition",
            format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{name}"),
        ),
    ];
    (headers, content).into_response()
}
