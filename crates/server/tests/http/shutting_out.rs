//! Nobody shuts another out by guessing, nobody gets more tries by making them at once, and nobody
//! is led elsewhere after signing in.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use guanxi_testkit::{TestDatabase, both_databases};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;

use crate::house::{Answer, House, PASSWORD};

both_databases!(
    many_tries_at_once_are_counted_one_after_the_other,
    who_is_known_is_never_shut_out,
    many_sign_ins_leave_the_server_to_others,
    one_key_at_once_is_done_once,
    after_signing_in_one_stays_here,
    an_address_signs_in_whatever_its_case,
    a_session_has_a_limit_and_a_stranger_no_bucket,
);

/// Tries a password from an address of the network.
pub(crate) async fn from(
    house: &House,
    address: &str,
    email: &str,
    password: &str,
    cookies: &str,
) -> Answer {
    let form = format!(
        "email={}&password={}&to=%2Fcustomer",
        email.replace('@', "%40"),
        password.replace(' ', "+")
    );
    post(house, address, form, cookies).await
}

async fn post(house: &House, address: &str, form: String, cookies: &str) -> Answer {
    let mut request = Request::post("/login")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header(header::COOKIE, format!("guanxi_locale=en; {cookies}"))
        .body(Body::from(form))
        .unwrap();
    let address = SocketAddr::new(address.parse().unwrap(), 40_000);
    request.extensions_mut().insert(ConnectInfo(address));
    house.send(request).await
}

/// A cookie that an answer sets, as `name=value`.
fn set_cookie(answer: &Answer, name: &str) -> String {
    let all = answer.headers.get_all(header::SET_COOKIE).iter();
    let mut lines = all.map(|line| line.to_str().unwrap());
    let line = lines.find(|line| line.starts_with(&format!("{name}="))).unwrap();
    line.split(';').next().unwrap().to_owned()
}

async fn many_tries_at_once_are_counted_one_after_the_other(database: TestDatabase) {
    let house = Arc::new(House::open(&database).await);
    let mut tries = JoinSet::new();
    for _ in 0..60 {
        let house = house.clone();
        tries.spawn(async move {
            from(&house, "192.0.2.1", "clerk@example.com", "wrong password", "").await
        });
    }
    let mut tried = 0;
    while let Some(answer) = tries.join_next().await {
        let answer = answer.unwrap();
        match answer.status {
            StatusCode::UNAUTHORIZED => tried += 1,
            other => {
                assert_eq!(other, StatusCode::TOO_MANY_REQUESTS);
                assert_eq!(answer.headers[header::RETRY_AFTER], "120");
            }
        }
    }
    assert_eq!(tried, 5);
    // Somebody else, and the same person from elsewhere, are not held up.
    for (address, email) in [("192.0.2.1", "admin@example.com"), ("192.0.2.2", "clerk@example.com")]
    {
        let answer = from(&house, address, email, PASSWORD, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    }
    // From thirty addresses at once: no more than twenty are looked at, whatever is sent.
    let mut tries = JoinSet::new();
    for at in 10..40 {
        let house = house.clone();
        tries.spawn(async move {
            from(&house, &format!("192.0.2.{at}"), "clerk@example.com", "wrong password", "").await
        });
    }
    while let Some(answer) = tries.join_next().await {
        let status = answer.unwrap().status;
        assert!([StatusCode::UNAUTHORIZED, StatusCode::SERVICE_UNAVAILABLE].contains(&status));
    }
    let id = clerk(&house).await;
    assert!(house.store.credential(id).await.unwrap().failures <= 20);
}

async fn clerk(house: &House) -> guanxi_base::RawId {
    let me = house.call("GET", "/user?email=clerk%40example.com", Json::Null).await.json();
    me["items"][0]["id"].as_str().unwrap().parse().unwrap()
}

async fn who_is_known_is_never_shut_out(database: TestDatabase) {
    let house = House::open(&database).await;
    let email = "admin@example.com";
    let first = from(&house, "192.0.2.1", email, PASSWORD, "").await;
    let device = set_cookie(&first, "guanxi_device");
    // Strangers guess from everywhere, also from behind the same address, until all must wait.
    for at in 0..40 {
        from(&house, &format!("198.51.100.{at}"), email, "wrong password", "").await;
        from(&house, "192.0.2.1", email, "wrong password", "").await;
        from(&house, "192.0.2.1", &format!("other{at}@example.com"), "wrong password", "").await;
    }
    let stranger = from(&house, "203.0.113.1", email, PASSWORD, "").await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED, "a place that is not known waits");
    let here = from(&house, "192.0.2.1", email, PASSWORD, "").await;
    assert_eq!(here.status, StatusCode::TOO_MANY_REQUESTS, "the address of the guesser waits");
    // The browser is known: from wherever, at once.
    for address in ["192.0.2.1", "203.0.113.1", "2001:db8::1"] {
        let answer = from(&house, address, email, PASSWORD, &device).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{address}: {}", answer.text);
    }
    // That was a proof too: strangers begin to count anew, and those who are signed in from a
    // place are known there.
    for at in 0..30 {
        from(&house, &format!("198.51.100.{}", 100 + at), email, "wrong password", "").await;
    }
    let known_place = from(&house, "203.0.113.1", email, PASSWORD, "").await;
    assert_eq!(known_place.status, StatusCode::SEE_OTHER, "{}", known_place.text);
    // A stolen browser guesses no faster, and holds up nobody else.
    for _ in 0..5 {
        from(&house, "203.0.113.7", email, "wrong password", &device).await;
    }
    let guesser = from(&house, "203.0.113.7", email, PASSWORD, &device).await;
    assert_eq!(guesser.status, StatusCode::TOO_MANY_REQUESTS);
    // A note of one's own making, or about somebody else, is none.
    for note in ["guanxi_device=00", &device.replace("guanxi_device=", "guanxi_device=0")] {
        let answer = from(&house, "203.0.113.9", email, "wrong password", note).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let other = from(&house, "192.0.2.1", "clerk@example.com", PASSWORD, &device).await;
    assert_eq!(other.status, StatusCode::TOO_MANY_REQUESTS, "the place still waits for others");
    house.clock.advance(SignedDuration::from_hours(2));
    let later = from(&house, "192.0.2.1", "clerk@example.com", PASSWORD, "").await;
    assert_eq!(later.status, StatusCode::SEE_OTHER, "{}", later.text);
}

async fn many_sign_ins_leave_the_server_to_others(database: TestDatabase) {
    let house = Arc::new(House::open(&database).await);
    let mut tries = JoinSet::new();
    for at in 0..600 {
        let house = house.clone();
        tries.spawn(async move {
            let (address, email) = (format!("10.1.{}.{}", at / 200, at % 200), "nobody@x.example");
            from(&house, &address, email, "wrong password", "").await
        });
    }
    let mut slowest = Duration::ZERO;
    let mut statuses = Vec::new();
    while !tries.is_empty() {
        let asked = Instant::now();
        let answer = house.call("GET", "/customer", Json::Null).await;
        assert_eq!(answer.status, StatusCode::OK);
        slowest = slowest.max(asked.elapsed());
        while let Some(ended) = tries.try_join_next() {
            let answer = ended.unwrap();
            if answer.status == StatusCode::SERVICE_UNAVAILABLE {
                assert_eq!(answer.headers[header::RETRY_AFTER], "2");
            }
            statuses.push(answer.status);
        }
        tokio::task::yield_now().await;
    }
    let busy = statuses.iter().filter(|status| **status == StatusCode::SERVICE_UNAVAILABLE).count();
    assert_eq!(statuses.len(), 600);
    assert!(busy > 400, "{busy} of 600 were told to come again");
    assert!(slowest < Duration::from_secs(1), "somebody else waited for {slowest:?}");
}

async fn one_key_at_once_is_done_once(database: TestDatabase) {
    let house = Arc::new(House::open(&database).await);
    let mut calls = JoinSet::new();
    for _ in 0..16 {
        let house = house.clone();
        calls.spawn(async move {
            let body = json!({ "name": "Once", "code": "ONCE-1" });
            let key = [("idempotency-key", "one")];
            house.call_as(&house.administrator, "POST", "/customer", &key, body).await
        });
    }
    let mut answers = Vec::new();
    while let Some(answer) = calls.join_next().await {
        let answer = answer.unwrap();
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answers.push(answer.text);
    }
    assert_eq!(answers.len(), 16);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    // What was refused is not remembered: it may be tried again under its key.
    let call = async |body: Json| {
        let key = [("idempotency-key", "two")];
        house.call_as(&house.administrator, "POST", "/customer", &key, body).await
    };
    let taken = json!({ "name": "Twice", "code": "ONCE-1" });
    assert_eq!(call(taken).await.problems(), ["already-taken code"]);
    let free = json!({ "name": "Twice", "code": "TWICE-1" });
    assert_eq!(call(free.clone()).await.status, StatusCode::CREATED);
    assert_eq!(call(free).await.status, StatusCode::CREATED);
    let other = json!({ "name": "Thrice" });
    assert_eq!(call(other).await.problems(), ["key-reused -"]);
    let list = house.call("GET", "/customer", Json::Null).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}

async fn after_signing_in_one_stays_here(database: TestDatabase) {
    let house = House::open(&database).await;
    for (to, place) in [
        ("%2Fcustomer%3Fname%3Da", "/customer?name=a"),
        ("%2F%09%2Fevil.example", "/"),
        ("%2F%2Fevil.example", "/"),
        ("%2F.%2F%2Fevil.example", "/"),
        ("%2F%0B%2Fevil.example", "/"),
        ("%2F%5Cevil.example", "/"),
        ("https%3A%2F%2Fevil.example", "/"),
        ("", "/"),
    ] {
        let password = PASSWORD.replace(' ', "+");
        let form = format!("email=clerk%40example.com&password={password}&to={to}");
        let answer = post(&house, "192.0.2.1", form, "").await;
        assert_eq!(answer.headers[header::LOCATION], place, "{to}");
    }
    for (referer, place) in [
        ("http://crm.example/customer?sort=name", "/customer?sort=name"),
        ("http://crm.example//evil.example/", "/"),
        ("http://crm.example/.//evil.example/", "/"),
        ("nonsense", "/"),
    ] {
        let request = Request::post("/language")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .header(header::REFERER, referer);
        let answer = house.send(request.body(Body::from("locale=en")).unwrap()).await;
        assert_eq!(answer.headers[header::LOCATION], place, "{referer}");
    }
}

async fn an_address_signs_in_whatever_its_case(database: TestDatabase) {
    let house = House::open(&database).await;
    let role = house.call("GET", "/user?email=clerk%40example.com", Json::Null).await.json();
    let role = role["items"][0]["roles"].clone();
    let user = json!({ "name": "Plain", "email": "Plain@Example.COM", "roles": role });
    let made = house.call("POST", "/user", user.clone()).await;
    assert_eq!(made.json()["email"], "plain@example.com", "{}", made.text);
    let again = json!({ "name": "Other", "email": "PLAIN@example.com" });
    assert_eq!(house.call("POST", "/user", again).await.problems(), ["already-taken email"]);
    for email in ["clerk@example.com", "Clerk@Example.com", "+CLERK@EXAMPLE.COM+"] {
        let answer = from(&house, "192.0.2.1", email, PASSWORD, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{email}");
    }
    // Another way to write it is not another account to guess at.
    for email in
        ["clerk@example.com", "CLERK@example.com", "clerk@EXAMPLE.com"].iter().cycle().take(5)
    {
        from(&house, "192.0.2.1", email, "wrong password", "").await;
    }
    let answer = from(&house, "192.0.2.1", "cLERK@example.com", PASSWORD, "").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}

async fn a_session_has_a_limit_and_a_stranger_no_bucket(database: TestDatabase) {
    let config = guanxi_server::AppConfig { requests_per_second: 1, ..Default::default() };
    let house = House::open_with(&database, config).await;
    let call = async |address: &str, token: &str| {
        let mut request = Request::get("/api/v1/customer?limit=1")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        let address = SocketAddr::new(address.parse().unwrap(), 40_000);
        request.extensions_mut().insert(ConnectInfo(address));
        house.send(request).await.status
    };
    // One token from many places: ten at once, then no more.
    let mut statuses = Vec::new();
    for at in 0..20 {
        statuses.push(call(&format!("192.0.2.{at}"), &house.administrator).await);
    }
    assert!(statuses[..10].iter().all(|status| *status == StatusCode::OK), "{statuses:?}");
    assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
    // Words that are no token count for their place only, whatever they are.
    let long = "x".repeat(10_000);
    for at in 0..8 {
        assert_eq!(call("198.51.100.1", &format!("{long}{at}")).await, StatusCode::UNAUTHORIZED);
    }
}
