//! How one signs in: second factor, locks, tokens with scopes, links by mail, one's own sessions.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_crm::access::{Role, SecondFactor, Vault};
use guanxi_store::{Actor, Look, NewSignIn, Operation, Origin, Purpose, SignInKind, TokenScopes};
use guanxi_testkit::{TestDatabase, both_databases};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::house::{Answer, House, PASSWORD};
use crate::shutting_out::from;

both_databases!(
    a_second_factor_is_asked_for,
    a_role_can_ask_for_a_second_factor,
    an_account_waits_after_many_failures,
    a_token_does_what_it_is_for,
    sessions_are_ended_one_by_one,
    a_link_gives_a_new_password_once,
    the_log_says_who_did_what_and_cannot_be_changed,
);

async fn post(house: &House, path: &str, cookies: &str, form: &str) -> Answer {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header(header::COOKIE, format!("guanxi_locale=en; {cookies}"));
    house.send(request.body(Body::from(form.to_owned())).unwrap()).await
}

async fn get(house: &House, path: &str, cookies: &str) -> Answer {
    let request = Request::get(path).header(header::COOKIE, format!("guanxi_locale=en; {cookies}"));
    house.send(request.body(Body::empty()).unwrap()).await
}

async fn password(house: &House, email: &str, password: &str) -> Answer {
    let email = email.replace('@', "%40");
    let form = format!("email={email}&password={}&to=%2Fcustomer", password.replace(' ', "+"));
    post(house, "/login", "", &form).await
}

/// The cookie that an answer sets, as `name=value`.
fn cookie(answer: &Answer) -> String {
    let line = answer.headers[header::SET_COOKIE].to_str().unwrap();
    line.split(';').next().unwrap().to_owned()
}

fn code(house: &House, factor: &SecondFactor) -> String {
    factor.code_at(house.clock.now().as_second() as u64).unwrap()
}

async fn a_second_factor_is_asked_for(database: TestDatabase) {
    let house = House::open(&database).await;
    let session = cookie(&password(&house, "clerk@example.com", PASSWORD).await);
    let page = post(&house, "/account/second-factor/begin", &session, "").await.text;
    let secret = page.split("name=\"secret\" value=\"").nth(1).unwrap();
    let secret = secret.split('"').next().unwrap().to_owned();
    assert!(page.contains("<svg") && !page.contains("otpauth"));
    let factor = SecondFactor::of(guanxi_crm::access::unhex(&secret).unwrap()).unwrap();
    let form = format!("secret={secret}&code=1");
    let wrong = post(&house, "/account/second-factor", &session, &form).await;
    assert!(wrong.text.contains("This code is not right"));
    let form = format!("secret={secret}&code={}", code(&house, &factor));
    let done = post(&house, "/account/second-factor", &session, &form).await.text;
    let recovery = done.split("<pre class=\"m-0\">").nth(1).unwrap();
    let recovery = recovery.split('\n').next().unwrap().to_owned();

    // An open session does not put another in its place.
    let form = format!("secret={secret}&code={}", code(&house, &factor));
    let again = post(&house, "/account/second-factor", &session, &form).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);

    // The password alone leads to the code, not in.
    let answer = password(&house, "clerk@example.com", PASSWORD).await;
    assert_eq!(answer.headers[header::LOCATION], "/login/code?to=%2Fcustomer");
    let second = cookie(&answer);
    assert!(second.starts_with("guanxi_second="));
    let as_session = second.replace("guanxi_second", "guanxi_session");
    assert_eq!(get(&house, "/customer", &as_session).await.status, StatusCode::SEE_OTHER);
    let try_code = async |code: &str| {
        post(&house, "/login/code", &second, &format!("code={code}&to=%2Fcustomer")).await
    };
    assert_eq!(try_code("000000").await.status, StatusCode::UNAUTHORIZED);
    let now = code(&house, &factor);
    let answer = try_code(&now).await;
    assert_eq!(answer.headers[header::LOCATION], "/customer", "{}", answer.text);
    assert_eq!(get(&house, "/customer", &cookie(&answer)).await.status, StatusCode::OK);
    // The same code is good once, in the same half minute too.
    let second = cookie(&password(&house, "clerk@example.com", PASSWORD).await);
    let again = post(&house, "/login/code", &second, &format!("code={now}")).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    // A recovery code is good once, whatever the time.
    house.clock.advance(SignedDuration::from_mins(3));
    for expected in [StatusCode::SEE_OTHER, StatusCode::UNAUTHORIZED] {
        let second = cookie(&password(&house, "clerk@example.com", PASSWORD).await);
        let answer = post(&house, "/login/code", &second, &format!("code={recovery}")).await;
        assert_eq!(answer.status, expected, "{}", answer.text);
    }
    // Whoever takes too long begins anew.
    let second = cookie(&password(&house, "clerk@example.com", PASSWORD).await);
    house.clock.advance(SignedDuration::from_mins(6));
    let late = post(&house, "/login/code", &second, "code=1").await;
    assert!(late.headers[header::LOCATION].to_str().unwrap().starts_with("/login?"));
    // An administrator helps who lost the telephone; a clerk cannot.
    let system = Actor::system(Origin::Cli);
    let mut view = house.store.read(&system).await.unwrap();
    let clerk = view.find_by("user", "email", "clerk@example.com").await.unwrap().unwrap().id;
    let admin = view.find_by("user", "email", "admin@example.com").await.unwrap().unwrap().id;
    drop(view);
    let path = format!("/user/{clerk}/help/second-factor-off");
    let session_of = async |user| {
        let new = NewSignIn::of(SignInKind::Session);
        format!("guanxi_session={}", house.store.create_sign_in(user, new).await.unwrap())
    };
    let by_clerk = post(&house, &path, &session_of(clerk).await, "").await;
    assert_eq!(by_clerk.status, StatusCode::FORBIDDEN);
    let by_admin = post(&house, &path, &session_of(admin).await, "").await;
    assert_eq!(by_admin.status, StatusCode::SEE_OTHER, "{}", by_admin.text);
    let answer = password(&house, "clerk@example.com", PASSWORD).await;
    assert_eq!(answer.headers[header::LOCATION], "/customer");
    // What is kept is sealed.
    let vault = Vault::new(&[0; guanxi_crm::access::KEY_BYTES]);
    assert!(SecondFactor::open(&vault, clerk, &secret).is_err());
}

async fn a_role_can_ask_for_a_second_factor(database: TestDatabase) {
    let house = House::open(&database).await;
    let system = Actor::system(Origin::Cli);
    let mut tx = house.store.write(&system).await.unwrap();
    let row = tx.find_by("role", "name", "All business").await.unwrap().unwrap();
    let id = guanxi_base::Id::<Role>::new(row.id);
    let mut role = tx.fetch(Purpose::Change, id).await.unwrap();
    role.needs_second_factor = true;
    tx.update(&role).await.unwrap();
    tx.commit().await.unwrap();
    let answer = password(&house, "clerk@example.com", PASSWORD).await;
    assert_eq!(answer.headers[header::LOCATION], "/account?second=needed");
    let session = cookie(&answer);
    let page = get(&house, "/account?second=needed", &session).await;
    assert!(page.text.contains("asks for a second factor"), "{}", page.text);
    // Nothing else until it is set up.
    for path in ["/customer", "/user", "/saved_view"] {
        assert_eq!(get(&house, path, &session).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let token = post(&house, "/account/token", &session, "name=x&days=1&scopes=read").await;
    assert_eq!(token.status, StatusCode::FORBIDDEN);
}

async fn an_account_waits_after_many_failures(database: TestDatabase) {
    let house = House::open(&database).await;
    // Slowly enough for the throttle, twenty failures in a row make the account wait.
    for at in 0..20 {
        let answer = password(&house, "clerk@example.com", "wrong password").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        if at < 19 {
            house.clock.advance(SignedDuration::from_mins(31));
        }
    }
    house.clock.advance(SignedDuration::from_mins(29));
    let waits = from(&house, "192.0.2.1", "clerk@example.com", PASSWORD, "").await;
    let wrong = from(&house, "192.0.2.1", "nobody@example.com", PASSWORD, "").await;
    assert_eq!(waits.status, StatusCode::UNAUTHORIZED);
    // It looks like an account that is not there.
    let sentence = |answer: &Answer| {
        answer.text.split("role=\"alert\"").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    assert_eq!(sentence(&waits), sentence(&wrong));
    house.clock.advance(SignedDuration::from_mins(2));
    let answer = from(&house, "192.0.2.1", "clerk@example.com", PASSWORD, "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

async fn a_token_does_what_it_is_for(database: TestDatabase) {
    let house = House::open(&database).await;
    house.customer("Seen").await;
    let session = cookie(&password(&house, "clerk@example.com", PASSWORD).await);
    for (form, sentence) in [
        ("name=x&days=0&scopes=read", "1 to 366 days"),
        ("name=x&days=1&scopes=fly", "is no purpose"),
        ("name=x&days=1&scopes=planet:read", "planet"),
    ] {
        let answer = post(&house, "/account/token", &session, form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains(sentence), "{form}: {}", answer.text);
    }
    let form = "name=reports&days=2&scopes=customer:read+order:read,create";
    let page = post(&house, "/account/token", &session, form).await.text;
    let at = page.find("gx_").unwrap();
    let token = page[at..].split_whitespace().next().unwrap().to_owned();
    let call = async |method: &str, path: &str, body: Json| {
        house.call_as(&token, method, path, &[], body).await.status
    };
    assert_eq!(call("GET", "/customer", Json::Null).await, StatusCode::OK);
    let list = house.call_as(&token, "GET", "/customer", &[], Json::Null).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let made = call("POST", "/customer", json!({ "name": "New" })).await;
    assert_eq!(made, StatusCode::FORBIDDEN);
    assert_eq!(call("POST", "/order", json!({})).await, StatusCode::CREATED);
    let tasks = house.call_as(&token, "GET", "/task", &[], Json::Null).await.json();
    assert_eq!(tasks["items"], json!([]));
    house.clock.advance(SignedDuration::from_hours(49));
    assert_eq!(call("GET", "/customer", Json::Null).await, StatusCode::UNAUTHORIZED);
    // An administrator's token for reading is no administrator.
    let system = Actor::system(Origin::Cli);
    let mut view = house.store.read(&system).await.unwrap();
    let admin = view.find_by("user", "email", "admin@example.com").await.unwrap().unwrap().id;
    drop(view);
    let scopes = Some(TokenScopes::from_text("read").unwrap());
    let new = NewSignIn { scopes, ..NewSignIn::of(SignInKind::Session) };
    let limited = house.store.create_sign_in(admin, new).await.unwrap();
    let answer = get(&house, "/audit", &format!("guanxi_session={limited}")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

async fn sessions_are_ended_one_by_one(database: TestDatabase) {
    let house = House::open(&database).await;
    let [one, two] = [
        cookie(&password(&house, "clerk@example.com", PASSWORD).await),
        cookie(&password(&house, "clerk@example.com", PASSWORD).await),
    ];
    let other = cookie(&password(&house, "admin@example.com", PASSWORD).await);
    let page = get(&house, "/account", &one).await.text;
    // The newest first: the second session.
    let end = page.split("action=\"/account/sign-in/").nth(1).unwrap();
    let id = end.split('/').next().unwrap();
    let path = format!("/account/sign-in/{id}/end");
    // Nobody ends another's.
    assert_eq!(post(&house, &path, &other, "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&house, "/customer", &two).await.status, StatusCode::OK);
    assert_eq!(post(&house, &path, &one, "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(get(&house, "/customer", &two).await.status, StatusCode::SEE_OTHER);
    assert_eq!(get(&house, "/customer", &one).await.status, StatusCode::OK);
    // A new password ends them all.
    let form = "current=wrong&password=plough-lantern-71-quay";
    let answer = post(&house, "/account/password", &one, form).await;
    assert!(answer.text.contains("current password is not right"));
    let form = format!("current={}&password=password123", PASSWORD.replace(' ', "+"));
    let answer = post(&house, "/account/password", &one, &form).await;
    assert!(answer.text.contains("easy to guess"), "{}", answer.text);
    let form = format!("current={}&password=plough-lantern-71-quay", PASSWORD.replace(' ', "+"));
    let answer = post(&house, "/account/password", &one, &form).await;
    assert_eq!(answer.headers[header::LOCATION], "/login");
    assert_eq!(get(&house, "/customer", &one).await.status, StatusCode::SEE_OTHER);
    let answer = password(&house, "clerk@example.com", "plough-lantern-71-quay").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

async fn a_link_gives_a_new_password_once(database: TestDatabase) {
    let house = House::open(&database).await;
    let admin = cookie(&password(&house, "admin@example.com", PASSWORD).await);
    let clerk = cookie(&password(&house, "clerk@example.com", PASSWORD).await);
    let system = Actor::system(Origin::Cli);
    let mut view = house.store.read(&system).await.unwrap();
    let id = view.find_by("user", "email", "clerk@example.com").await.unwrap().unwrap().id;
    drop(view);
    let path = format!("/user/{id}/invite");
    assert_eq!(post(&house, &path, &clerk, "").await.status, StatusCode::FORBIDDEN);
    // Without a mail server the administrator is given the link.
    let page = post(&house, &path, &admin, "").await.text;
    let link = page.split("link=").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let choose = async |password: &str| {
        post(&house, "/login/password", "", &format!("link={link}&password={password}")).await
    };
    assert!(choose("1234567890").await.text.contains("easy to guess"));
    assert_eq!(choose("walrus-ninety-teapot-grey").await.status, StatusCode::SEE_OTHER);
    let again = choose("another-ninety-teapot-grey").await;
    assert!(again.text.contains("not good any more"), "{}", again.text);
    let answer = password(&house, "clerk@example.com", "walrus-ninety-teapot-grey").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    // Without a mail server nobody can ask for a link, and it looks the same for everybody.
    let form = |email: &str| format!("email={}", email.replace('@', "%40"));
    let known = post(&house, "/login/forgot", "", &form("clerk@example.com")).await.text;
    let unknown = post(&house, "/login/forgot", "", &form("nobody@example.com")).await.text;
    assert_eq!(known, unknown);
}

async fn the_log_says_who_did_what_and_cannot_be_changed(database: TestDatabase) {
    let house = House::open(&database).await;
    let store = &house.store;
    let system = Actor::system(Origin::Cli);
    let seen = house.customer("Seen by somebody").await;
    let id = seen["id"].as_str().unwrap().to_owned();
    let path = format!("/customer/{id}");
    house.call_as(&house.clerk, "GET", &path, &[], Json::Null).await;
    house.call_as(&house.clerk, "GET", "/customer/export?country=China", &[], Json::Null).await;
    password(&house, "admin@example.com", "wrong password").await;
    let admin = cookie(&password(&house, "admin@example.com", PASSWORD).await);
    house.flush().await;
    let found = async |operation: Operation| {
        let look = Look { operation: Some(operation), ..Look::default() };
        store.trail(&system, &look).await.unwrap()
    };
    let looks = found(Operation::View).await;
    // A page of a list is a look at each of its records.
    house.call_as(&house.clerk, "GET", "/customer", &[], Json::Null).await;
    house.flush().await;
    let look = Look { record: Some(id.parse().unwrap()), ..Look::default() };
    let about = store.trail(&system, &look).await.unwrap();
    assert_eq!(about.iter().filter(|l| l.operation == Operation::View).count(), 2);
    assert_eq!(looks.iter().map(|l| l.record.to_string()).collect::<Vec<_>>(), [id]);
    assert_eq!(found(Operation::Export).await[0].detail["query"], "country=China");
    assert_eq!(found(Operation::SignIn).await.len(), 1);
    assert_eq!(found(Operation::SignInFailed).await.len(), 1);
    let page = get(&house, "/audit?operation=view", &admin).await;
    assert!(page.text.contains("Seen by somebody"), "{}", page.text);
    let clerk = cookie(&password(&house, "clerk@example.com", PASSWORD).await);
    assert_eq!(get(&house, "/audit", &clerk).await.status, StatusCode::FORBIDDEN);
    // Nor does the history of a colleague tell when and from where they sign in.
    let mut view = store.read(&system).await.unwrap();
    let user = view.find_by("user", "email", "admin@example.com").await.unwrap().unwrap().id;
    drop(view);
    let path = format!("/user/{user}/history");
    let history = house.call_as(&house.clerk, "GET", &path, &[], Json::Null).await;
    assert!(history.text.contains("create") && !history.text.contains("sign_in"));

    house.seal_all().await;
    let verified = store.verify_seals(None).await.unwrap();
    assert_eq!((verified.broken, verified.unsealed), (None, 0));
    assert!(verified.sealed > 5);
    // What the rule removes leaves its seals.
    house.clock.advance(SignedDuration::from_hours(24));
    let before = house.clock.now();
    assert_eq!(store.purge_deeds(&system, Operation::View, before).await.unwrap(), 2);
    assert_eq!(store.purge_deeds(&system, Operation::Create, before).await.unwrap(), 0);
    assert!(found(Operation::View).await.is_empty());
    house.seal_all().await;
    let head = verified.head;
    let verified = store.verify_seals(Some(&head)).await.unwrap();
    assert_eq!((verified.broken, verified.purged, verified.head_seen), (None, 2, true));
    assert!(!store.verify_seals(Some("00")).await.unwrap().head_seen);
}
