//! Who may do what, and how one signs in.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_testkit::{TestDatabase, both_databases};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::house::{House, PASSWORD};

both_databases!(
    nobody_gets_nothing,
    many_at_once_do_not_wait_for_each_other,
    a_clerk_cannot_change_the_organisation,
    guessing_passwords_is_slowed_down,
    sessions_are_safe,
    a_file_is_its_uploaders,
    an_import_is_stopped_by_who_began_it,
    a_view_that_is_not_shared_is_private,
);

async fn nobody_gets_nothing(database: TestDatabase) {
    let house = House::open(&database).await;
    for path in ["/customer", "/customer/0000000000001", "/describe", "/search?q=a", "/user"] {
        for token in ["", "gx_nonsense"] {
            let answer = house.call_as(token, "GET", path, &[], Json::Null).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        }
    }
    for path in ["/", "/customer", "/customer/new", "/import", "/user"] {
        let answer = house.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.headers[header::LOCATION].to_str().unwrap().starts_with("/login?to="));
    }
}

/// More at once than there are connections: whoever held one and asked for a second would wait for
/// ever.
async fn many_at_once_do_not_wait_for_each_other(database: TestDatabase) {
    let house = std::sync::Arc::new(House::open(&database).await);
    let customer = house.customer("Asked about").await;
    let pages = [
        "/".to_owned(),
        "/account".to_owned(),
        "/approvals".to_owned(),
        format!("/customer/{}", customer["id"].as_str().unwrap()),
        format!("/customer/{}/access", customer["id"].as_str().unwrap()),
    ];
    let session = sessions(&house).await.remove(1).1;
    let mut tasks = tokio::task::JoinSet::new();
    for at in 0..60 {
        let (house, session) = (house.clone(), session.clone());
        let page = pages[at % pages.len()].clone();
        tasks.spawn(async move {
            let body = json!({ "name": format!("Customer {at}") });
            let (clerk, path) = (house.clerk.clone(), "/customer");
            let made = house.call_as(&clerk, "POST", path, &[], body).await;
            let seen = house.send(browser("GET", &page, &session, "")).await;
            (made.status, seen.status)
        });
    }
    let all = async {
        while let Some(done) = tasks.join_next().await {
            assert_eq!(done.unwrap(), (StatusCode::CREATED, StatusCode::OK));
        }
    };
    let minute = std::time::Duration::from_secs(60);
    tokio::time::timeout(minute, all).await.expect("nobody waits for ever");
}

async fn a_clerk_cannot_change_the_organisation(database: TestDatabase) {
    let house = House::open(&database).await;
    let clerk = async |method: &str, path: &str, body: Json| {
        house.call_as(&house.clerk, method, path, &[], body).await
    };
    assert_eq!(
        clerk("POST", "/customer", json!({ "name": "Mine" })).await.status,
        StatusCode::CREATED
    );
    let users = clerk("GET", "/user?sort=id", Json::Null).await.json();
    let path = format!("/user/{}", users["items"][0]["id"].as_str().unwrap());
    let grab = json!({ "version": 1, "is_administrator": true });
    assert_eq!(clerk("PATCH", &path, grab.clone()).await.status, StatusCode::FORBIDDEN);
    let me = format!("/user/{}", users["items"][1]["id"].as_str().unwrap());
    assert_eq!(clerk("PATCH", &me, grab).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        clerk("POST", &format!("{path}/archive"), json!({ "version": 1 })).await.status,
        StatusCode::FORBIDDEN
    );
    let team = json!({ "name": "x" });
    assert_eq!(clerk("POST", "/team", team).await.status, StatusCode::FORBIDDEN);
    assert_eq!(clerk("GET", "/user/export", Json::Null).await.status, StatusCode::FORBIDDEN);
    let body = json!({ "action": "archive", "filter": { "all": [] } });
    let answer = clerk("POST", "/user/bulk", body).await;
    assert_eq!(answer.json()["changed"], 0, "{}", answer.text);
    assert_eq!(clerk("GET", "/file", Json::Null).await.json()["items"], json!([]));
    // What somebody else did to what a clerk may not change, a clerk cannot undo.
    let version = &users["items"][1]["version"];
    let changed =
        house.call("PATCH", &me, json!({ "version": version, "job_title": "Boss" })).await.json();
    let undo = json!({ "change_set": changed["change_set"] });
    assert_eq!(clerk("POST", "/undo", undo).await.status, StatusCode::FORBIDDEN);
}

async fn sign_in(house: &House, email: &str, password: &str) -> crate::house::Answer {
    let email = email.replace('@', "%40");
    let body = format!("email={email}&password={}&to=%2Fcustomer", password.replace(' ', "+"));
    let request = Request::post("/login")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header(header::ACCEPT_LANGUAGE, "en");
    house.send(request.body(Body::from(body)).unwrap()).await
}

async fn guessing_passwords_is_slowed_down(database: TestDatabase) {
    let house = House::open(&database).await;
    for _ in 0..5 {
        let answer = sign_in(&house, "admin@example.com", "wrong password").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let answer = sign_in(&house, "admin@example.com", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "even the right one waits");
    house.clock.advance(SignedDuration::from_mins(40));
    let answer = sign_in(&house, "admin@example.com", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
}

async fn sessions_are_safe(database: TestDatabase) {
    let house = House::open(&database).await;
    let answer = sign_in(&house, "admin@example.com", PASSWORD).await;
    assert_eq!(answer.headers[header::LOCATION], "/customer");
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let session = cookie.split(';').next().unwrap().to_owned();
    let get = |path: &str| {
        Request::get(path).header(header::COOKIE, &session).body(Body::empty()).unwrap()
    };
    let page = house.send(get("/customer")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");

    // Another site cannot write with the cookie.
    let forged = Request::post("/customer")
        .header(header::COOKIE, &session)
        .header("sec-fetch-site", "cross-site")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = house.send(forged.body(Body::from("name=Forged")).unwrap()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);

    let out = Request::post("/logout")
        .header(header::COOKIE, &session)
        .header("sec-fetch-site", "same-origin");
    house.send(out.body(Body::empty()).unwrap()).await;
    assert_eq!(house.send(get("/customer")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        sign_in(&house, "nobody@example.com", PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
}

async fn a_file_is_its_uploaders(database: TestDatabase) {
    let house = House::open(&database).await;
    let system = guanxi_store::Actor::system(guanxi_store::Origin::Cli);
    let mut view = house.store.read(&system).await.unwrap();
    let mut sessions = Vec::new();
    let mut clerk = system.clone();
    for email in ["admin@example.com", "clerk@example.com"] {
        let user = view.find_by("user", "email", email).await.unwrap().unwrap().id;
        let kind = guanxi_store::SignInKind::Session;
        sessions.push(
            house.store.create_sign_in(user, guanxi_store::NewSignIn::of(kind)).await.unwrap(),
        );
        clerk.user = Some(user);
    }
    drop(view);
    let mut files = Vec::new();
    for actor in [&system, &clerk] {
        let mut tx = house.store.write(actor).await.unwrap();
        files.push(tx.create_file("a.csv", "text/csv", b"secret".to_vec()).await.unwrap().id);
        tx.commit().await.unwrap();
    }
    for (session, file, status) in [
        (&sessions[0], files[0], StatusCode::OK),
        (&sessions[0], files[1], StatusCode::OK),
        (&sessions[1], files[0], StatusCode::NOT_FOUND),
        (&sessions[1], files[1], StatusCode::OK),
    ] {
        let request = Request::get(format!("/files/{file}"))
            .header(header::COOKIE, format!("guanxi_session={session}"));
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.text == "secret"), (status, status == StatusCode::OK));
        let preview = Request::post("/import/preview")
            .header(header::COOKIE, format!("guanxi_session={session}"))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = Body::from(format!("file={file}&name=a.csv&mapping=&use=text"));
        let answer = house.send(preview.body(body).unwrap()).await;
        assert_eq!(answer.status == StatusCode::NOT_FOUND, status == StatusCode::NOT_FOUND);
    }
}

/// Whom the tests sign in: the administrator, then the clerk.
async fn sessions(house: &House) -> Vec<(guanxi_base::RawId, String)> {
    let system = guanxi_store::Actor::system(guanxi_store::Origin::Cli);
    let mut sessions = Vec::new();
    for email in ["admin@example.com", "clerk@example.com"] {
        let mut view = house.store.read(&system).await.unwrap();
        let user = view.find_by("user", "email", email).await.unwrap().unwrap().id;
        drop(view);
        let kind = guanxi_store::SignInKind::Session;
        let token =
            house.store.create_sign_in(user, guanxi_store::NewSignIn::of(kind)).await.unwrap();
        sessions.push((user, token));
    }
    sessions
}

fn browser(method: &str, path: &str, session: &str, form: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::COOKIE, format!("guanxi_session={session}"))
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap()
}

async fn an_import_is_stopped_by_who_began_it(database: TestDatabase) {
    use guanxi_crm::exchange::{ImportInput, Mapping, begin_import};
    let house = House::open(&database).await;
    let sessions = sessions(&house).await;
    let mut actor = guanxi_store::Actor::system(guanxi_store::Origin::Cli);
    let toml = "[[records]]\ntype = \"customer\"\nfields = { name = \"name\" }";
    let mapping = Mapping::parse(toml).unwrap();
    let mut jobs = Vec::new();
    for (user, _) in &sessions {
        actor.user = Some(*user);
        let mut tx = house.store.write(&actor).await.unwrap();
        let file = tx.create_file("a.csv", "text/csv", b"name\nA\n".to_vec()).await.unwrap();
        tx.commit().await.unwrap();
        let input = ImportInput::File(file.id.raw());
        let job = begin_import(&house.store, &actor, input, "a.csv", &mapping).await.unwrap();
        jobs.push(job.id);
    }
    let clerk = &sessions[1].1;
    let answer = house.send(browser("POST", &format!("/import/{}/stop", jobs[0]), clerk, "")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let answer = house.send(browser("POST", &format!("/import/{}/stop", jobs[1]), clerk, "")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    // Nor is the file of another's import to be had through its record.
    for (job, status) in [(jobs[0], StatusCode::NOT_FOUND), (jobs[1], StatusCode::OK)] {
        let path = format!("/import_job/{job}/file/file");
        assert_eq!(house.send(browser("GET", &path, clerk, "")).await.status, status);
    }
}

async fn a_view_that_is_not_shared_is_private(database: TestDatabase) {
    let house = House::open(&database).await;
    let sessions = sessions(&house).await;
    let (admin, clerk) = (&sessions[0].1, &sessions[1].1);
    for (name, shared) in [("Mine", ""), ("Ours", "&is_shared=true")] {
        let form = format!("name={name}&address=kind%3Dperson{shared}");
        let answer = house.send(browser("POST", "/customer/views", admin, &form)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    let list = house.send(browser("GET", "/customer", clerk, "")).await.text;
    assert!(list.contains("Ours") && !list.contains("Mine"));
    let all = house.send(browser("GET", "/saved_view", clerk, "")).await.text;
    assert!(all.contains("Ours") && !all.contains("Mine"));
    // Shared is not changeable: that is the owner's to say.
    let mut view =
        house.store.read(&guanxi_store::Actor::system(guanxi_store::Origin::Cli)).await.unwrap();
    let ours = view.find_by("saved_view", "name", "Ours").await.unwrap().unwrap();
    drop(view);
    let form = "address=kind%3Dorganisation&version=1";
    let path = format!("/customer/views/{}", ours.id);
    let answer = house.send(browser("POST", &path, clerk, form)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let answer = house.send(browser("POST", &path, admin, form)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}
