//! Every route there is, read from the table of routes, asked by nobody and by somebody without a
//! role: what each answers is a snapshot, and none of them shows or changes a thing. A new route is
//! in it without anybody thinking of it.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_store::{Actor, NewSignIn, Origin, Purpose, SignInKind};
use guanxi_testkit::TestDatabase;
use serde_json::json;

use crate::house::{Answer, House};

const ROUTES: &str = include_str!("../../src/routes.rs");
/// A word that only the records have which are not theirs to see.
const SECRET: &str = "zqsecret";
const PHONE: &str = "13987650000";

/// What nobody needs to sign in for: the way in, and what it is made of.
const PUBLIC: &[&str] = &[
    "GET /login",
    "POST /login",
    "GET /login/code",
    "POST /login/code",
    "GET /login/forgot",
    "POST /login/forgot",
    "GET /login/password",
    "POST /login/password",
    "GET /login/oidc",
    "GET /login/oidc/back",
    "POST /logout",
    "POST /language",
    "POST /theme",
    "GET /assets/{name}",
    // The frame of the description; the description itself asks who reads it.
    "GET /api/docs",
];

/// The routes of the table: method and path.
fn routes() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in ROUTES.split(".route(").skip(1) {
        let path = part.split('"').nth(1).unwrap().to_owned();
        let handlers = &part[..part.find("\n        .").unwrap_or(part.len())];
        for method in ["get", "post", "patch", "delete", "put"] {
            if handlers.contains(&format!("{method}(web::"))
                || handlers.contains(&format!("{method}(api::"))
            {
                found.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    found.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    found
}

struct Asked {
    customer: String,
    user: String,
    change_set: String,
}

impl Asked {
    fn request(&self, method: &str, path: &str, session: Option<&str>) -> Request<Body> {
        let is_user = path.starts_with("/user/");
        let path = path
            .replace("/{type}", "/customer")
            .replace("{id}", if is_user { &self.user } else { &self.customer })
            .replace("{field}", "phone")
            .replace("{action}", if is_user { "end-all" } else { "stop" })
            .replace("{name}", "app.css");
        let is_api = path.starts_with("/api/");
        let mut request = Request::builder().method(method).uri(&path);
        request = request.header("sec-fetch-site", "same-origin");
        if let Some(session) = session {
            request = request.header(header::COOKIE, format!("guanxi_session={session}"));
        }
        let body = match method {
            "GET" => Body::empty(),
            _ if is_api => {
                let body = json!({
                    "version": 1, "name": "changed", "action": "archive",
                    "ids": [self.customer], "change_set": self.change_set,
                });
                let body = match (method, path.ends_with("/bulk"), path.ends_with("/undo")) {
                    (_, true, _) => json!({ "action": "archive", "ids": [self.customer] }),
                    (_, _, true) => json!({ "change_set": self.change_set }),
                    ("PATCH", _, _) => json!({ "version": 1, "name": "changed" }),
                    _ if path.ends_with("/customer") => json!({ "name": "changed" }),
                    _ => body,
                };
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            _ => {
                request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                let form = format!(
                    "version=1&name=changed&phone=13900000001&action=archive&ids={0}&all=\
                     &change_set={1}&with={2}&to={2}&what=erase&confirm={SECRET}&decision=approve\
                     &address=a&file={0}&mapping=&use=text&locale=en&theme=dark&email=a%40b.example\
                     &password=x&link=x&code=1&secret=00&days=1&scopes=read",
                    self.customer, self.change_set, self.user
                );
                Body::from(form)
            }
        };
        request.body(body).unwrap()
    }
}

fn in_words(answer: &Answer) -> String {
    let to = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    match to {
        Some(to) => format!("{} to {}", answer.status.as_u16(), to.split('?').next().unwrap()),
        None => answer.status.as_u16().to_string(),
    }
}

#[tokio::test]
async fn every_route_refuses_whom_it_must() {
    let database = TestDatabase::sqlite();
    let house = House::open(&database).await;
    let body = json!({ "name": SECRET, "phone": PHONE });
    let made = house.call("POST", "/customer", body).await.json();
    let system = Actor::system(Origin::Cli);
    let stranger = guanxi_crm::access::set_account(
        &house.store,
        &system,
        "stranger@example.com",
        Some("Stranger"),
        crate::house::PASSWORD,
        false,
    )
    .await
    .unwrap();
    let mut view = house.store.read(&system).await.unwrap();
    let admin = view.find_by("user", "email", "admin@example.com").await.unwrap().unwrap().id;
    drop(view);
    let asked = Asked {
        customer: made["id"].as_str().unwrap().to_owned(),
        user: admin.to_string(),
        change_set: made["change_set"].as_str().unwrap().to_owned(),
    };
    let customer = asked.customer.parse().unwrap();
    let mut lines = Vec::new();
    for (method, path) in routes() {
        let name = format!("{method} {path}");
        let new = NewSignIn::of(SignInKind::Session);
        let session = house.store.create_sign_in(stranger.id.raw(), new).await.unwrap();
        let nobody = house.send(asked.request(&method, &path, None)).await;
        let without_role = house.send(asked.request(&method, &path, Some(&session))).await;
        let to_login = nobody
            .headers
            .get(header::LOCATION)
            .is_some_and(|to| to.to_str().unwrap().starts_with("/login?to="));
        let refused = nobody.status == StatusCode::UNAUTHORIZED || to_login;
        assert!(
            refused || PUBLIC.contains(&name.as_str()),
            "{name} answers nobody: {}",
            nobody.text
        );
        for answer in [&nobody, &without_role] {
            assert!(answer.status.as_u16() < 500, "{name}: {}", answer.text);
            // What was sent comes back in forms; what was not must not.
            assert!(!answer.text.contains(PHONE), "{name} tells: {}", answer.text);
            let sent_it = name.contains("privacy");
            assert!(sent_it || !answer.text.contains(SECRET), "{name} tells: {}", answer.text);
        }
        let mut view = house.store.read(&system).await.unwrap();
        let row = view.row("customer", customer, Purpose::Read).await.unwrap();
        assert_eq!((row.version, row.archived_at), (1, None), "{name} changed a record");
        lines.push(format!(
            "{name}: nobody {}, without a role {}",
            in_words(&nobody),
            in_words(&without_role).replace(&asked.customer, "{id}").replace(&asked.user, "{id}")
        ));
    }
    insta::assert_snapshot!(lines.join("\n"));
}
