//! Whom one may have told of something, how whoever is told ends it, and what a saved view may be.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_crm::access::{Team, User, set_account};
use guanxi_record::{Filter, Query, Record};
use guanxi_store::{Actor, NewSignIn, Origin, Purpose, SignInKind, TokenScopes};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use crate::house::{House, PASSWORD};

both_databases!(
    one_tells_ones_own_team_and_no_stranger,
    whoever_is_told_may_end_it,
    a_saved_view_leads_to_a_list,
    only_the_owner_closes_a_view,
);

/// Somebody who sells, in a team; their id, a token and a session.
async fn seller(house: &House, name: &str, team: &Team) -> (String, String, String) {
    let system = Actor::system(Origin::Cli);
    let email = format!("{name}@example.com");
    let made = set_account(&house.store, &system, &email, Some(name), PASSWORD, false);
    let id = made.await.unwrap().id;
    let mut tx = house.store.write(&system).await.unwrap();
    let known = tx.find_by(Team::NAME, "name", team.name.as_str()).await.unwrap();
    let team = match known {
        Some(row) => guanxi_base::Id::new(row.id),
        None => tx.create(team).await.unwrap().id,
    };
    let rows = tx.list("role", &Query::of(Filter::everything())).await.unwrap().rows;
    let sells = rows.iter().find(|row| row.values.iter().any(|v| v.to_text() == "Salesperson"));
    let mut user = tx.fetch::<User>(Purpose::Change, id).await.unwrap();
    user.roles = sells.map(|row| guanxi_base::Id::new(row.id)).into_iter().collect();
    assert_eq!(user.roles.len(), 1);
    user.team = Some(team);
    tx.update(&user).await.unwrap();
    tx.commit().await.unwrap();
    let new = NewSignIn::of(SignInKind::ApiToken);
    let token = house.store.create_sign_in(id.raw(), new).await.unwrap();
    let new = NewSignIn::of(SignInKind::Session);
    let session = house.store.create_sign_in(id.raw(), new).await.unwrap();
    (id.to_string(), token, session)
}

fn team(name: &str) -> Team {
    Team { name: name.to_owned(), parent: None, company: None, leader: None }
}

fn told(who: &str, id: &str) -> Json {
    json!({ "name": "News", "record_type": "customer", "condition": "country=China", who: id })
}

async fn one_tells_ones_own_team_and_no_stranger(database: TestDatabase) {
    let house = House::open(&database).await;
    let (me, token, session) = seller(&house, "me", &team("North")).await;
    let (mate, ..) = seller(&house, "mate", &team("North")).await;
    let (stranger, ..) = seller(&house, "stranger", &team("South")).await;
    let role = house.call("GET", "/role", Json::Null).await.json();
    let role = role["items"][0]["id"].as_str().unwrap().to_owned();
    let call = async |body: Json| house.call_as(&token, "POST", "/subscription", &[], body).await;
    for (who, id, problem) in [
        ("subscriber", &stranger, "may-not-tell subscriber"),
        ("role", &role, "may-not-tell-role role"),
    ] {
        let answer = call(told(who, id)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        assert_eq!(answer.problems(), [problem]);
    }
    let mut kept = Json::Null;
    for id in [&me, &mate] {
        let answer = call(told("subscriber", id)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        kept = answer.json();
    }
    // Nor by changing one that is there, one at a time or many.
    let path = format!("/subscription/{}", kept["id"].as_str().unwrap());
    let body = json!({ "version": kept["version"], "subscriber": stranger });
    let answer = house.call_as(&token, "PATCH", &path, &[], body).await;
    assert_eq!(answer.problems(), ["may-not-tell subscriber"]);
    let body = json!({ "version": kept["version"], "name": "Another name" });
    let answer = house.call_as(&token, "PATCH", &path, &[], body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    // Nor what somebody else points at them, whatever is changed of it.
    let version = answer.json()["version"].clone();
    let body = json!({ "version": version, "subscriber": stranger });
    let mut known = house.call("PATCH", &path, body).await.json();
    for (field, value) in [
        ("proposal", json!("Call me")),
        ("condition", json!("country=France")),
        ("name", json!("Read this")),
        ("rhythm", json!("at_once")),
        ("hour", json!(3)),
        ("by_mail", json!(false)),
    ] {
        let body = json!({ "version": known["version"], field: value });
        let answer = house.call_as(&token, "PATCH", &path, &[], body).await;
        assert_eq!(answer.problems(), ["may-not-tell subscriber"], "{field}");
    }
    let body = json!({ "version": known["version"], "subscriber": mate });
    known = house.call_as(&token, "PATCH", &path, &[], body).await.json();
    let body = json!({ "version": known["version"], "proposal": "Call me" });
    let answer = house.call_as(&token, "PATCH", &path, &[], body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    // An administrator tells anybody.
    for (who, id) in [("subscriber", &stranger), ("role", &role)] {
        let answer = house.call("POST", "/subscription", told(who, id)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    }
    // A subscription leads to a list, too.
    for (of, condition) in [("evil", ""), ("customer", "colour=red"), ("customer", "country")] {
        let body = json!({ "name": "News", "record_type": of, "condition": condition,
            "subscriber": me });
        let answer = call(body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{of} {condition}");
    }
    // Only those are offered who may be chosen.
    let system = Actor::system(Origin::Cli);
    let mut tx = house.store.write(&system).await.unwrap();
    let dashboard = guanxi_crm::dashboards::Dashboard {
        name: "Mine".into(),
        description: None,
        owner: Some(guanxi_record::Owner(me.parse().unwrap())),
        is_shared: false,
        role: None,
    };
    let dashboard = tx.create(&dashboard).await.unwrap().id;
    tx.commit().await.unwrap();
    let request = Request::get(format!("/dashboard/{dashboard}"))
        .header(header::COOKIE, format!("guanxi_session={session}; guanxi_locale=en"));
    let page = house.send(request.body(Body::empty()).unwrap()).await.text;
    let offered =
        page.split("id=\"subscriber\"").nth(1).unwrap().split("</select>").next().unwrap();
    assert!(offered.contains(&me) && offered.contains(&mate), "{offered}");
    assert!(!offered.contains(&stranger) && !offered.contains(&role), "{offered}");
}

async fn whoever_is_told_may_end_it(database: TestDatabase) {
    let house = House::open(&database).await;
    let (me, token, session) = seller(&house, "me", &team("North")).await;
    let (other_id, other, _) = seller(&house, "other", &team("North")).await;
    let roles = house.call("GET", &format!("/user/{me}"), Json::Null).await.json();
    let role = roles["roles"][0].as_str().unwrap().to_owned();
    let mut made = Vec::new();
    for (who, id) in [("subscriber", &me), ("role", &role)] {
        let answer = house.call("POST", "/subscription", told(who, id)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        made.push(answer.json()["id"].as_str().unwrap().to_owned());
    }
    let decline = async |token: &str, id: &str| {
        let path = format!("/subscription/{id}/decline");
        house.call_as(token, "POST", &path, &[], Json::Null).await.status
    };
    assert_eq!(decline(&other, &made[0]).await, StatusCode::NOT_FOUND, "it does not tell them");
    for (scopes, expected) in [
        ("customer:read", StatusCode::FORBIDDEN),
        ("subscription:read", StatusCode::FORBIDDEN),
        ("subscription:change", StatusCode::NOT_FOUND),
    ] {
        let scopes = Some(TokenScopes::from_text(scopes).unwrap());
        let new = NewSignIn { scopes, ..NewSignIn::of(SignInKind::ApiToken) };
        let who = if expected == StatusCode::FORBIDDEN { &me } else { &other_id };
        let token = house.store.create_sign_in(who.parse().unwrap(), new).await.unwrap();
        assert_eq!(decline(&token, &made[0]).await, expected);
    }
    for id in &made {
        assert_eq!(decline(&token, id).await, StatusCode::OK);
        assert_eq!(decline(&token, id).await, StatusCode::OK, "once is enough");
        let kept = house.call("GET", &format!("/subscription/{id}"), Json::Null).await.json();
        assert_eq!(kept["declined"], json!([me]));
    }
    // Nobody declines for others by writing the field.
    let body = json!({ "version": 1, "declined": [] });
    let path = format!("/subscription/{}", made[0]);
    assert_eq!(house.call("PATCH", &path, body).await.problems(), ["read-only declined"]);
    // They are told no more; others of the role are.
    let warehouse = guanxi_warehouse::Warehouse::open("memory:///").unwrap();
    let system = Actor::system(Origin::Cli);
    let mut people = Vec::new();
    for id in &made {
        let mut view = house.store.read(&system).await.unwrap();
        let id = guanxi_base::Id::new(id.parse().unwrap());
        let one = view.fetch(Purpose::Read, id).await.unwrap();
        drop(view);
        let until = house.store.clock().now();
        let prepared = guanxi_crm::delivery::prepare(&house.store, &warehouse, &one, until).await;
        people.push(prepared.unwrap().told.into_iter().map(|one| one.user.to_string()).collect());
    }
    let [alone, of_role]: [Vec<String>; 2] = people.try_into().unwrap();
    assert!(alone.is_empty() && of_role.len() == 1 && !of_role.contains(&me), "{of_role:?}");
    // By the notice itself, in the browser.
    let mut tx = house.store.write(&system).await.unwrap();
    let notice = guanxi_crm::delivery::Notice {
        name: "News".into(),
        text: None,
        about: None,
        address: None,
        subscription: Some(guanxi_base::Id::new(made[1].parse().unwrap())),
        read_at: None,
        owner: Some(guanxi_record::Owner(me.parse().unwrap())),
    };
    let notice = tx.create(&notice).await.unwrap().id;
    tx.commit().await.unwrap();
    let ask = async |method: &str, path: &str, session: &str| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("sec-fetch-site", "same-origin");
        let cookies = format!("guanxi_session={session}; guanxi_locale=en");
        house.send(request.header(header::COOKIE, cookies).body(Body::empty()).unwrap()).await
    };
    let page = ask("GET", "/notices", &session).await.text;
    assert!(page.contains(&format!("/notices/{notice}/decline")), "{page}");
    let path = format!("/notices/{notice}/decline");
    assert_eq!(ask("POST", &path, &session).await.status, StatusCode::SEE_OTHER);
}

async fn a_saved_view_leads_to_a_list(database: TestDatabase) {
    let house = House::open(&database).await;
    let (_, token, _) = seller(&house, "me", &team("North")).await;
    let view = |of: &str, address: &str| json!({ "name": "View", "record_type": of, "address": address, "is_shared": true });
    for (of, address) in [
        ("customer", "https://evil.example/"),
        ("customer", "javascript:alert(1)"),
        ("customer", "colour=red"),
        ("customer", "name.near=a"),
        ("customer", "created_at.ge=nonsense"),
        ("customer", "filter=%7B%22a%22"),
        ("customer", "sort=colour"),
        ("customer", "segment=7"),
        ("/evil.example", "name=a"),
        ("planet", ""),
    ] {
        let answer = house.call_as(&token, "POST", "/saved_view", &[], view(of, address)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{of} {address}");
    }
    let good = [
        "country=China&sort=-name&columns=name,country",
        "q=li&archived=true&limit=20",
        "name.contains=a+b&created_at.within=this_month",
        "filter=%7B%22field%22%3A%22country%22%2C%22op%22%3A%22eq%22%2C%22value%22%3A%22China%22%7D",
    ];
    for address in good {
        let body = view("customer", address);
        let answer = house.call_as(&token, "POST", "/saved_view", &[], body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{address}: {}", answer.text);
    }
}

async fn only_the_owner_closes_a_view(database: TestDatabase) {
    let house = House::open(&database).await;
    let (_, owner, _) = seller(&house, "owner", &team("North")).await;
    let (_, other, _) = seller(&house, "other", &team("North")).await;
    let body = json!({ "name": "Open", "record_type": "customer", "address": "country=China",
        "is_shared": true, "is_locked": false });
    let made = house.call_as(&owner, "POST", "/saved_view", &[], body).await.json();
    let path = format!("/saved_view/{}", made["id"].as_str().unwrap());
    let change = async |token: &str, version: i64, field: &str, value: Json| {
        let body = json!({ "version": version, field: value });
        house.call_as(token, "PATCH", &path, &[], body).await
    };
    let named = change(&other, 1, "name", json!("Better")).await;
    assert_eq!(named.status, StatusCode::OK, "{}", named.text);
    let locked = change(&other, 2, "is_locked", json!(true)).await;
    assert_eq!(locked.problems(), ["owner-decides is_locked"]);
    let hidden = change(&other, 2, "is_shared", json!(false)).await;
    assert_eq!(hidden.problems(), ["owner-decides is_shared"]);
    assert_eq!(change(&owner, 2, "is_locked", json!(true)).await.status, StatusCode::OK);
    let closed = change(&other, 3, "name", json!("Mine now")).await;
    assert_ne!(closed.status, StatusCode::OK);
    // Nobody makes a view in somebody else's name.
    let me = house.call("GET", "/user?email=owner%40example.com", Json::Null).await.json();
    let body = json!({ "name": "Theirs", "record_type": "customer", "address": "",
        "owner": me["items"][0]["id"] });
    let answer = house.call_as(&other, "POST", "/saved_view", &[], body).await;
    assert_ne!(answer.status, StatusCode::CREATED, "{}", answer.text);
}
