//! What the tests share: a server without a network, an administrator, a clerk.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_base::Clock;
use guanxi_crm::access::{Locale, make_standard_roles, set_account, standard_role};
use guanxi_crm::text::Texts;
use guanxi_server::{App, AppConfig, router};
use guanxi_store::{Actor, NewSignIn, Origin, Purpose, SignInKind, Store};
use guanxi_testkit::TestDatabase;
use http_body_util::BodyExt;
use serde_json::{Value as Json, json};
use tower::ServiceExt;

pub(crate) const PASSWORD: &str = "a long password";

/// Who has an account, and whether they administer.
const PEOPLE: [(&str, bool); 2] = [("admin@example.com", true), ("clerk@example.com", false)];

/// Roles and accounts, as they lie in the database of each test.
async fn furnish(store: &Store) {
    let system = Actor::system(Origin::Cli);
    let mut tx = store.write(&system).await.unwrap();
    let text = |key: &str| Texts::of(Locale::En).get(key);
    let roles = make_standard_roles(&mut tx, &text).await.unwrap();
    tx.commit().await.unwrap();
    for (email, administrator) in PEOPLE {
        let name = Some("Somebody");
        let user = set_account(store, &system, email, name, PASSWORD, administrator).await.unwrap();
        let mut tx = store.write(&system).await.unwrap();
        let mut user = tx.fetch(Purpose::Change, user.id).await.unwrap();
        user.roles = standard_role(&roles, "all_business").into_iter().collect();
        tx.update(&user).await.unwrap();
        tx.commit().await.unwrap();
    }
}

pub(crate) struct House {
    pub(crate) store: Store,
    app: App,
    pub(crate) router: Router,
    pub(crate) administrator: String,
    pub(crate) clerk: String,
    pub(crate) clock: Clock,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The codes and fields of a problem.
    pub(crate) fn problems(&self) -> Vec<String> {
        let json = self.json();
        let one = |e: &Json| {
            let field = e["field"].as_str().unwrap_or("-");
            format!("{} {field}", e["code"].as_str().unwrap_or("?"))
        };
        match json["errors"].as_array() {
            Some(errors) => errors.iter().map(one).collect(),
            None => vec![json["code"].as_str().unwrap_or("?").to_owned()],
        }
    }
}

impl House {
    pub(crate) async fn open(database: &TestDatabase) -> Self {
        Self::open_with(database, AppConfig::default()).await
    }

    pub(crate) async fn open_with(database: &TestDatabase, app_config: AppConfig) -> Self {
        let clock = Clock::at("2026-03-18T08:00:00Z".parse().unwrap());
        let opened = async |url| {
            Store::open(guanxi_crm::store_config(url, clock.clone()).unwrap()).await.unwrap()
        };
        let url = database.prepared("house", async |url| furnish(&opened(url).await).await).await;
        let store = opened(url).await;
        let mut tokens = Vec::new();
        for (email, _) in PEOPLE {
            let mut view = store.read(&Actor::system(Origin::Cli)).await.unwrap();
            let id = view.find_by("user", "email", email).await.unwrap().unwrap().id;
            drop(view);
            let token =
                store.create_sign_in(id, NewSignIn::of(SignInKind::ApiToken)).await.unwrap();
            tokens.push(token);
        }
        let app = App::new(store.clone(), app_config).unwrap();
        let router = router(app.clone());
        let clerk = tokens.pop().unwrap();
        let administrator = tokens.pop().unwrap();
        Self { store, app, router, administrator, clerk, clock }
    }

    /// Serves on a port of this machine until the test ends.
    pub(crate) async fn listen(&self) -> std::net::SocketAddr {
        self.listen_until(std::future::pending()).await.0
    }

    /// Serves until `stop` is ready; the address, and what is ready when it has ended.
    pub(crate) async fn listen_until(
        &self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = self.app.clone();
        let served = tokio::spawn(async move {
            guanxi_server::serve(listener, app, stop).await.unwrap();
        });
        (address, served)
    }

    /// Writes down who looked at what.
    pub(crate) async fn flush(&self) {
        self.app.write_looks().await;
    }

    /// Seals the log to its end: on PostgreSQL other tests' transactions hold it back for a moment.
    pub(crate) async fn seal_all(&self) {
        for _ in 0..100_000 {
            self.store.seal().await.unwrap();
            if self.store.verify_seals(None).await.unwrap().unsealed == 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// A file, byte by byte.
    pub(crate) async fn fetch(&self, request: Request<Body>) -> (StatusCode, Vec<u8>) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (status, response.into_body().collect().await.unwrap().to_bytes().to_vec())
    }

    /// A call of the API as the administrator.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Json) -> Answer {
        self.call_as(&self.administrator, method, path, &[], body).await
    }

    pub(crate) async fn call_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Json,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        request = request.header(header::ACCEPT_LANGUAGE, "en");
        request = request.header(header::COOKIE, "guanxi_locale=en");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request.body(body).unwrap()).await
    }

    /// A customer that the API made.
    pub(crate) async fn customer(&self, name: &str) -> Json {
        let answer = self.call("POST", "/customer", json!({ "name": name })).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()
    }
}
