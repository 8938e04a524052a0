//! Duplicates: who sees a pair, who decides, and that the hint at entry tells nothing of others.

use axum::http::StatusCode;
use guanxi_base::{Id, RawId};
use guanxi_crm::access::{User, set_account};
use guanxi_crm::resolution::{CustomerPair, PairState, Relation};
use guanxi_store::{Actor, Look, NewSignIn, Operation, Origin, Purpose, SignInKind};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use crate::analyses::{Browser, between};
use crate::house::{House, PASSWORD};

both_databases!(
    a_pair_is_shown_to_who_sees_both,
    two_become_one_and_two_again,
    a_decision_that_is_sent_twice_is_made_once,
    what_is_found_is_noted,
    a_place_that_names_tell_is_shown_without_an_address,
);

/// Somebody who sees and changes what they answer for, with their token.
async fn seller(house: &House) -> (RawId, String) {
    let system = Actor::system(Origin::Cli);
    let user =
        set_account(&house.store, &system, "s@example.com", Some("S"), PASSWORD, false).await;
    let id = user.unwrap().id;
    let roles = house.call("GET", "/role?name=Salesperson", Json::Null).await.json();
    let role = roles["items"][0]["id"].as_str().unwrap().parse().unwrap();
    let mut tx = house.store.write(&system).await.unwrap();
    let mut user = tx.fetch::<User>(Purpose::Change, id).await.unwrap();
    user.roles = vec![Id::new(role)];
    tx.update(&user).await.unwrap();
    tx.commit().await.unwrap();
    let sign_in = NewSignIn::of(SignInKind::ApiToken);
    (id.raw(), house.store.create_sign_in(id.raw(), sign_in).await.unwrap())
}

async fn pair(house: &House, one: &Json, other: &Json) -> RawId {
    pair_for(house, [one, other], json!([["phone", "equal", 9.5]])).await
}

async fn pair_for(house: &House, [one, other]: [&Json; 2], reasons: Json) -> RawId {
    let id = |json: &Json| Id::new(json["id"].as_str().unwrap().parse().unwrap());
    let pair = CustomerPair {
        number: None,
        first: id(one),
        second: id(other),
        relation: Relation::Same,
        certainty: guanxi_base::Percent::parse("95").unwrap(),
        state: PairState::Open,
        reasons: Some(guanxi_record::Json(reasons)),
        found_by: None,
    };
    let mut tx = house.store.write(&Actor::system(Origin::Job)).await.unwrap();
    let id = tx.create(&pair).await.unwrap().id.raw();
    tx.commit().await.unwrap();
    id
}

async fn customer(house: &House, owner: Option<RawId>) -> Json {
    let mut body = json!({ "name": "Acme Ltd.", "phone": "13800001111" });
    if let Some(owner) = owner {
        body["owner"] = json!(owner.to_string());
    }
    let made = house.call("POST", "/customer", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()
}

async fn a_pair_is_shown_to_who_sees_both(database: TestDatabase) {
    let house = House::open(&database).await;
    let (id, token) = seller(&house).await;
    let mine = customer(&house, Some(id)).await;
    let others = customer(&house, None).await;
    let also_mine = customer(&house, Some(id)).await;
    let hidden = pair(&house, &mine, &others).await;
    let seen = pair(&house, &mine, &also_mine).await;
    let as_seller = async |method: &str, path: &str, body: Json| {
        house.call_as(&token, method, path, &[], body).await
    };
    let list = as_seller("GET", "/customer_pair", Json::Null).await.json();
    let ids: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [seen.to_string()]);
    let path = format!("/customer_pair/{hidden}");
    assert_eq!(as_seller("GET", &path, Json::Null).await.status, StatusCode::NOT_FOUND);
    for decision in ["merge", "different", "join"] {
        let body = json!({ "decision": decision, "survivor": mine["id"] });
        let answer = as_seller("POST", &format!("{path}/decide"), body).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{decision}: {}", answer.text);
    }
    // What is entered is compared with what the seller sees, and with nothing else.
    let asked = "/customer/alike?name=Acme&phone=13800001111";
    let found = as_seller("GET", asked, Json::Null).await.json();
    let found: Vec<&str> =
        found["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(found.len(), 2);
    assert!(!found.contains(&others["id"].as_str().unwrap()));
    assert_eq!(
        house.call("GET", asked, Json::Null).await.json()["items"].as_array().unwrap().len(),
        3
    );
}

async fn a_place_that_names_tell_is_shown_without_an_address(database: TestDatabase) {
    let browser = Browser::open(&database, 0).await;
    let reasons = json!([["name", "close", 5.0], ["place", "equal", 4.4]]);
    let make = async |city: Option<&str>| {
        let mut body = json!({ "name": "Wuxi Taihu Pumps" });
        if let Some(city) = city {
            body["address"] = json!({ "city": city });
        }
        let made = browser.house.call("POST", "/customer", body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        made.json()
    };
    let shown = async |both: [&Json; 2]| {
        let pair = pair_for(&browser.house, both, reasons.clone()).await;
        browser.get(&format!("/customer_pair/{pair}")).await
    };
    let (one, other) = (make(None).await, make(None).await);
    let page = shown([&one, &other]).await;
    let line = between(&page, "City or province</th>", "</tr>");
    assert!(line.contains("told by the name") && line.contains("the same (4.4 bits)"), "{line}");
    // Beside an address it is said once, with it.
    let page = shown([&make(Some("Wuxi")).await, &make(Some("Wuxi")).await]).await;
    assert!(page.contains("city or province: the same (4.4 bits)"), "{page}");
    assert!(!page.contains("City or province</th>"), "{page}");
}

/// Whoever is shown names by a search or a hint has looked at them.
async fn what_is_found_is_noted(database: TestDatabase) {
    let house = House::open(&database).await;
    let one = customer(&house, None).await;
    for path in ["/search?q=Acme", "/customer/alike?name=Acme&phone=13800001111"] {
        let actor = Actor::system(Origin::Cli);
        let look = Look { operation: Some(Operation::View), ..Look::default() };
        let before = house.store.trail(&actor, &look).await.unwrap().len();
        assert_eq!(house.call("GET", path, Json::Null).await.status, StatusCode::OK);
        house.flush().await;
        let traces = house.store.trail(&actor, &look).await.unwrap();
        assert_eq!(traces.len(), before + 1, "{path}");
        assert_eq!(traces[0].detail["records"][0], one["id"], "{path}");
    }
}

/// An answer that was lost is given again, and nothing is decided or undone a second time.
async fn a_decision_that_is_sent_twice_is_made_once(database: TestDatabase) {
    let house = House::open(&database).await;
    let (one, other) = (customer(&house, None).await, customer(&house, None).await);
    let send = async |path: &str, key: &str, body: Json| {
        let key = [("idempotency-key", key)];
        house.call_as(&house.administrator, "POST", path, &key, body).await
    };
    let merged = pair(&house, &one, &other).await;
    let path = format!("/customer_pair/{merged}/decide");
    let body = json!({ "decision": "merge", "survivor": one["id"] });
    let first = send(&path, "merge", body.clone()).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let again = send(&path, "merge", body).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, first.json()));
    let another = json!({ "decision": "merge", "survivor": other["id"] });
    assert_eq!(send(&path, "merge", another).await.problems(), ["key-reused -"]);

    let merge = first.json()["merge"].as_str().unwrap().to_owned();
    let path = format!("/customer_merge/{merge}/undo");
    let first = send(&path, "undo", Json::Null).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let again = send(&path, "undo", Json::Null).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, first.json()));
    // With another key it is another wish: the merge is gone.
    assert_eq!(send(&path, "another", Json::Null).await.status, StatusCode::NOT_FOUND);
    // What was refused is not remembered: it may be sent again.
    for decision in ["different", "join"] {
        let third = customer(&house, None).await;
        let apart = pair(&house, &one, &third).await;
        let path = format!("/customer_pair/{apart}/decide");
        assert_eq!(send(&path, decision, json!({})).await.problems(), ["required decision"]);
        let body = json!({ "decision": decision });
        let first = send(&path, decision, body.clone()).await;
        assert_eq!(first.status, StatusCode::OK, "{}", first.text);
        let again = send(&path, decision, body).await;
        assert_eq!((again.status, again.json()), (StatusCode::OK, first.json()));
        let decided = house.call("GET", &format!("/customer_pair/{apart}"), Json::Null).await;
        assert_eq!(decided.json()["state"], first.json()["state"]);
    }
}

async fn two_become_one_and_two_again(database: TestDatabase) {
    let house = House::open(&database).await;
    let (one, other) = (customer(&house, None).await, customer(&house, None).await);
    let outsider = customer(&house, None).await;
    let pair = pair(&house, &one, &other).await;
    let decide = format!("/customer_pair/{pair}/decide");
    let call = async |path: &str, body: Json| house.call("POST", path, body).await;
    let wrong = json!({ "decision": "merge", "survivor": outsider["id"] });
    assert_eq!(call(&decide, wrong).await.problems(), ["not-of-the-pair survivor"]);
    assert_eq!(call(&decide, json!({})).await.problems(), ["required decision"]);
    let take = json!({ "name": 7 });
    let wrong = json!({ "decision": "merge", "survivor": one["id"], "take": take });
    assert_eq!(call(&decide, wrong).await.problems(), ["required take"]);

    let merged = call(&decide, json!({ "decision": "merge", "survivor": one["id"] })).await;
    assert_eq!(merged.status, StatusCode::OK, "{}", merged.text);
    let path = format!("/customer/{}", other["id"].as_str().unwrap());
    let gone = house.call("GET", &path, Json::Null).await.json();
    assert_eq!(gone["merged_into"], one["id"]);
    assert!(!gone["archived_at"].is_null());
    let again = call(&decide, json!({ "decision": "different" })).await;
    assert_eq!(again.problems(), ["not-open -"]);

    let merge = merged.json()["merge"].as_str().unwrap().to_owned();
    let undone = call(&format!("/customer_merge/{merge}/undo"), Json::Null).await;
    assert_eq!(undone.status, StatusCode::OK, "{}", undone.text);
    assert!(house.call("GET", &path, Json::Null).await.json()["archived_at"].is_null());
    let state = house.call("GET", &format!("/customer_pair/{pair}"), Json::Null).await.json();
    assert_eq!(state["state"], "different");
}
