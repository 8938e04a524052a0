//! Who sends a request: a browser session by cookie, or a program by token.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{Date, Error, RawId, Refusal};
use guanxi_crm::access::{Locale, Organisation, User, actor_of};
use guanxi_crm::text::Texts;
use guanxi_record::{Catalog, Field, Record, RecordType, Row, Stored};
use guanxi_store::{Actor, Deed, Operation, Origin, Rights, SignInKind};
use serde_json::{Value as Json, json};

use crate::app::App;
use crate::params::encoded;
use crate::problem;
use crate::rate::Caller;
use crate::security::{ClientAddress, RequestId, too_many};

pub(crate) const SESSION_COOKIE: &str = "guanxi_session";

/// Somebody who may work here, and the words to answer them with.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) actor: Actor,
    pub(crate) user: Stored<User>,
    pub(crate) texts: &'static Texts,
    pub(crate) request_id: String,
    /// What the forms are known by that this request is answered with.
    pub(crate) form_key: RawId,
    /// The session or token.
    pub(crate) session: RawId,
    /// All record types, with their custom fields.
    pub(crate) catalog: Arc<Catalog>,
    /// The day that it is where the person is.
    pub(crate) today: Date,
    /// `light`, `dark`, or whatever the system says.
    pub(crate) theme: Option<String>,
    /// The organisation in which they have their rights.
    pub(crate) organisation: Option<Arc<Organisation>>,
}

impl SignedIn {
    /// Whether the session or token may not do all that its user may.
    pub(crate) fn is_limited(&self) -> bool {
        matches!(self.actor.rights, Rights::Within(..))
    }

    /// Something that this person did to how a user signs in.
    pub(crate) fn deed(&self, user: RawId, operation: Operation, how: &str) -> Deed {
        self.did(operation, User::NAME, user, Some(json!({ "how": how })))
    }

    /// That this person looked at a record which says something about a living person.
    pub(crate) fn looked_at(&self, app: &App, described: &RecordType, record: RawId) {
        if described.fields.iter().any(|field| field.personal) {
            app.deeds.later(self.did(Operation::View, &described.name, record, None));
        }
    }

    /// That this person looked at a page of a list which says something about living people.
    pub(crate) fn looked_at_list(&self, app: &App, described: &RecordType, rows: &[Row]) {
        self.looked_at_some(app, described, rows.iter().map(|row| row.id));
    }

    /// The same of records that were found in another way.
    pub(crate) fn looked_at_some(
        &self,
        app: &App,
        described: &RecordType,
        records: impl Iterator<Item = RawId>,
    ) {
        let reads =
            |field: &Field| field.personal && self.actor.rights.reads(&described.name, &field.name);
        let ids: Vec<String> = records.map(|id| id.to_string()).collect();
        if !ids.is_empty() && described.fields.iter().any(reads) {
            let detail = Some(json!({ "records": ids }));
            app.deeds.later(self.did(Operation::View, &described.name, RawId(0), detail));
        }
    }

    /// Something that this person did with a record or a list.
    pub(crate) fn did(
        &self,
        operation: Operation,
        record_type: &str,
        record: RawId,
        detail: Option<Json>,
    ) -> Deed {
        let (actor, record_type) = (self.actor.clone(), record_type.to_owned());
        Deed { actor, operation, record_type, record, detail }
    }

    /// An error as this face answers it.
    pub(crate) fn problem(&self, error: Error) -> Response {
        problem::answer(&error, self.texts, &self.request_id)
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// The language of somebody who is not signed in: what they chose, else what the browser asks for.
pub(crate) fn locale_of(headers: &HeaderMap) -> Locale {
    match cookie(headers, "guanxi_locale") {
        Some("en") => Locale::En,
        Some("zh_cn") => Locale::ZhCn,
        _ => {
            let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
            Locale::preferred(wanted.unwrap_or("zh"))
        }
    }
}

/// The token of a program.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let request_id =
            parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let is_api = parts.uri.path().starts_with("/api/");
        let (token, kind, origin) = match (bearer(&parts.headers), is_api) {
            (Some(token), true) => (Some(token), SignInKind::ApiToken, Origin::Api),
            (_, is_api) => {
                let origin = if is_api { Origin::Api } else { Origin::Web };
                (cookie(&parts.headers, SESSION_COOKIE), SignInKind::Session, origin)
            }
        };
        let texts = Texts::of(locale_of(&parts.headers));
        let fail = |error: Error| problem::answer(&error, texts, &request_id);
        let Some(token) = token else { return Err(unknown(is_api, &parts.uri, &fail)) };
        let sign_in = app.store.sign_in(token, kind).await.map_err(&fail)?;
        let Some(sign_in) = sign_in else { return Err(unknown(is_api, &parts.uri, &fail)) };
        let address = parts.extensions.get::<ClientAddress>().map(|address| address.0.clone());
        // Only now it is known to be one: a stranger's words are never counted by themselves.
        let caller = address.as_ref().map(|_| Caller::Session(sign_in.id));
        if let Some(refusal) = caller.and_then(|caller| too_many(app, caller)) {
            return Err(fail(refusal.into()));
        }
        let (mut actor, user) = match actor_of(&app.store, sign_in.user, origin, address).await {
            Ok(known) => known,
            Err(Error::NotFound) => return Err(unknown(is_api, &parts.uri, &fail)),
            Err(error) => return Err(fail(error)),
        };
        if let Some(scopes) = sign_in.scopes {
            actor.rights = Rights::Within(Arc::new(actor.rights), Arc::new(scopes));
        }
        let session = sign_in.id;
        let texts = Texts::of(match cookie(&parts.headers, "guanxi_locale") {
            Some("en") => Locale::En,
            Some("zh_cn") => Locale::ZhCn,
            _ => user.locale,
        });
        // Programs are given what is kept; people read it in their language, in what a page suggests too.
        let suggests = kind == SignInKind::Session && parts.uri.path() == "/api/v1/search";
        if origin == Origin::Web || suggests {
            actor.wording = Some(guanxi_crm::wording::wording(texts.locale()));
        }
        let theme = cookie(&parts.headers, "guanxi_theme").map(str::to_owned);
        let today = app.store.clock().now().to_zoned(actor.time_zone.clone()).date();
        let (catalog, organisation) = (app.store.catalog(), app.store.kept());
        Ok(Self {
            form_key: app.store.new_id(),
            actor,
            session,
            user,
            texts,
            request_id,
            catalog,
            today,
            theme,
            organisation,
        })
    }
}

fn unknown(is_api: bool, uri: &Uri, fail: &impl Fn(Error) -> Response) -> Response {
    if is_api {
        return fail(Refusal::new("not-signed-in").into());
    }
    let target = uri.path_and_query().map_or("/", |path| path.as_str());
    Redirect::to(&format!("/login?to={}", encoded(target))).into_response()
}
