//! Whoever is asked to approve sees what is asked, whichever records they see otherwise.

use axum::http::StatusCode;
use guanxi_crm::access::actor_of;
use guanxi_crm::authority::ask;
use guanxi_record::Value;
use guanxi_store::Origin;
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use crate::deciding::{Browser, id, made, stored_user, yuan};
use crate::house::House;

both_databases!(who_is_asked_sees_a_record_that_is_not_theirs,);

async fn who_is_asked_sees_a_record_that_is_not_theirs(database: TestDatabase) {
    let house = House::open(&database).await;
    let role = made(&house, "/role", json!({ "name": "Own only" })).await;
    for record_type in ["customer", "order"] {
        let right = json!({ "role": id(&role), "record_type": record_type, "purposes": ["read"],
            "scope": "own" });
        made(&house, "/role_right", right).await;
    }
    let hidden = json!({ "role": id(&role), "record_type": "order", "field": "channel",
        "access": "hidden" });
    made(&house, "/field_right", hidden).await;
    let boss = json!({ "name": "Boss", "email": "boss@example.com", "roles": [id(&role)] });
    let boss = made(&house, "/user", boss).await;
    let chain = json!({ "name": "Large", "record_type": "order" });
    let chain = made(&house, "/approval_rule", chain).await;
    let step = json!({ "approval_rule": id(&chain), "approver": "people", "people": [id(&boss)] });
    made(&house, "/approval_step", step).await;
    let customer = house.customer("Good buyer").await;
    let order = json!({ "customer": id(&customer), "number": "SO-7", "channel": "retail" });
    let order = made(&house, "/order", order).await;
    let line = json!({ "order": id(&order), "description": "Ladder", "unit_price": yuan("480") });
    made(&house, "/order_line", line).await;
    let asker = stored_user(&house).await.as_str().unwrap().parse().unwrap();
    let (asker, _) = actor_of(&house.store, asker, Origin::Web, None).await.unwrap();
    let described = house.store.catalog().get("order").unwrap().clone();
    let status = (described.position("status").unwrap(), Value::Text("confirmed".into()));
    let path = format!("/order/{}", id(&order));
    let version = house.call("GET", &path, Json::Null).await.json()["version"].as_i64().unwrap();
    let place = (id(&order).parse().unwrap(), version);
    ask(&house.store, &asker, "order", place, vec![status], "A good customer").await.unwrap();
    let decider = Browser::of(&house, "boss@example.com", "en").await;
    assert_eq!(decider.ask("GET", &path, &[]).await.status, StatusCode::NOT_FOUND);
    let page = decider.get("/approvals").await;
    for said in ["Good buyer", "480.00", "Draft", "Confirmed", "value=\"approve\""] {
        assert!(page.contains(said), "{said}: {page}");
    }
    for hidden in ["Retail", "A shop of ours", "You may not see this record"] {
        assert!(!page.contains(hidden), "{hidden}: {page}");
    }
}
