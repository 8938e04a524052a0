//! Pages on which somebody is about to sell, decide or set up a rule: they say what they know, by its
//! labels, and to each only what is theirs to see.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_record::Value;
use guanxi_store::{Actor, NewSignIn, Origin, SignInKind};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use crate::house::{Answer, House};

both_databases!(
    a_line_is_filled_in_and_stays_on_its_order,
    an_order_says_that_deliveries_are_stopped,
    whoever_decides_sees_what_is_asked,
    rules_are_chosen_by_labels,
    the_log_tells_fields_by_their_labels,
    dates_to_come_can_be_asked_for,
    a_parameter_means_what_it_says,
);

pub(crate) struct Browser<'a> {
    house: &'a House,
    session: String,
    locale: &'static str,
}

impl<'a> Browser<'a> {
    pub(crate) async fn of(house: &'a House, email: &str, locale: &'static str) -> Self {
        let system = Actor::system(Origin::Cli);
        let mut view = house.store.read(&system).await.unwrap();
        let user = view.find_by("user", "email", email).await.unwrap().unwrap().id;
        drop(view);
        let new = NewSignIn::of(SignInKind::Session);
        let session = house.store.create_sign_in(user, new).await.unwrap();
        Self { house, session, locale }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let cookie = format!("guanxi_session={}; guanxi_locale={}", self.session, self.locale);
        let form = form.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let form = form.collect::<Vec<_>>().join("&");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.house.send(request.body(Body::from(form)).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        let answer = self.ask("GET", path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.text
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> String {
        let answer = self.ask("POST", path, form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text);
        answer.headers[header::LOCATION].to_str().unwrap().to_owned()
    }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

pub(crate) async fn made(house: &House, path: &str, body: Json) -> Json {
    let answer = house.call("POST", path, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{path}: {}", answer.text);
    answer.json()
}

pub(crate) fn id(json: &Json) -> &str {
    json["id"].as_str().unwrap()
}

pub(crate) fn yuan(amount: &str) -> Json {
    json!({ "amount": amount, "currency": "CNY" })
}

async fn a_line_is_filled_in_and_stays_on_its_order(database: TestDatabase) {
    let house = House::open(&database).await;
    let body =
        json!({ "name": "Ladder", "list_price": yuan("380"), "unit": "piece", "tax_rate": "13" });
    let ladder = made(&house, "/product", body).await;
    let order = made(&house, "/order", json!({ "number": "SO-1" })).await;
    let page = Browser::of(&house, "admin@example.com", "en").await;
    let order_page = format!("/order/{}", id(&order));
    let shown = page.get(&order_page).await;
    assert!(
        shown.contains("id=\"add\"") && shown.contains("hx-post=\"/order_line/fill\""),
        "{shown}"
    );
    // Choosing a product brings what it says, before anything is saved.
    let fill = format!(
        "/order_line/fill?product.id={}&order.id={}&description=&unit_price=",
        id(&ladder),
        id(&order)
    );
    let brought = page.get(&fill).await;
    assert!(brought.contains("innerHTML:#control-unit_price"), "{brought}");
    assert!(
        brought.contains("value=\"380.00\"") && brought.contains("value=\"Ladder\""),
        "{brought}"
    );
    assert!(!brought.contains("#control-tax_rate"), "what the form does not show stays away");
    // Left empty, the product says it; one is back at the order, for the next.
    let (ladder, whole) = (id(&ladder), id(&order));
    let line = [
        ("order.id", whole),
        ("order", "SO-1"),
        ("product.id", ladder),
        ("product", "Ladder"),
        ("quantity", "2"),
        ("then", "add"),
    ];
    let to = page.post("/order_line", &line).await;
    assert!(to.starts_with(&format!("{order_page}?saved=")) && to.ends_with("&add=again"), "{to}");
    let again: Vec<_> = line
        .into_iter()
        .map(|(name, value)| (name, if name == "then" { "again" } else { value }))
        .collect();
    let to = page.post("/order_line", &again).await;
    assert_eq!(to, format!("/order_line/new?order={whole}"));
    let lines = house.call("GET", &format!("/order_line?order={whole}"), Json::Null).await.json();
    for line in lines["items"].as_array().unwrap() {
        assert_eq!(
            (&line["unit_price"], &line["description"]),
            (&yuan("380.00"), &json!("Ladder"))
        );
        assert_eq!((&line["unit"], &line["tax_rate"]), (&json!("piece"), &json!("13")));
    }
    // Without a product somebody must say a price, and the form says that it was not saved.
    let bare = [("order.id", whole), ("order", "SO-1"), ("description", "x"), ("quantity", "1")];
    let refused = page.ask("POST", "/order_line", &bare).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    // A price below list is marked on the line and on the order.
    let cheap = json!({ "order": whole, "product": ladder, "unit_price": yuan("95") });
    let cheap = made(&house, "/order_line", cheap).await;
    assert_eq!(cheap["below_list"], json!("75"));
    let shown = page.get(&order_page).await;
    assert!(shown.contains("data-below-list") && shown.contains("by up to 75"), "{shown}");
    assert!(shown.contains("data-edit=\"/order_line/"), "cells are changed where they stand");
    // A line without words is called by its product, never by an id.
    let line_page = page.get(&format!("/order_line/{}", id(&cheap))).await;
    assert!(line_page.contains("<h1>Ladder</h1>"), "{line_page}");
}

/// Writes what an analysis would find out: the terms of a customer.
async fn find_terms(house: &House, customer: &str, rule: &str) {
    let mut tx = house.store.write(&Actor::system(Origin::Cli)).await.unwrap();
    let described = tx.catalog().get("customer").unwrap().clone();
    let fields = ["terms", "payment_record"].map(|name| described.position(name).unwrap());
    let found = vec![Value::Link(rule.parse().unwrap()), Value::Text("bad".into())];
    tx.derive(&described, &fields, &[(customer.parse().unwrap(), found)]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn an_order_says_that_deliveries_are_stopped(database: TestDatabase) {
    let house = House::open(&database).await;
    let customer = house.customer("Late payer").await;
    let rule = made(&house, "/terms_rule", json!({ "name": "Cash first", "stops": true })).await;
    find_terms(&house, id(&customer), id(&rule)).await;
    let order =
        made(&house, "/order", json!({ "customer": id(&customer), "number": "SO-9" })).await;
    let line = json!({ "order": id(&order), "description": "x", "unit_price": yuan("500") });
    made(&house, "/order_line", line).await;
    for (locale, words) in [("en", "Cash first"), ("zh_cn", "停止供货")] {
        let page = Browser::of(&house, "clerk@example.com", locale).await;
        for path in [
            format!("/customer/{}", id(&customer)),
            format!("/order/{}", id(&order)),
            format!("/order/{}/edit", id(&order)),
            format!("/order/new?customer={}", id(&customer)),
            format!("/order/deliveries?customer.id={}", id(&customer)),
        ] {
            let shown = page.get(&path).await;
            assert!(shown.contains("data-held=\"deliveries-stopped\""), "{locale} {path}: {shown}");
            assert!(shown.contains(words), "{locale} {path}: {shown}");
        }
    }
    // Refused by every face, and the form offers to ask somebody else.
    let path = format!("/order/{}", id(&order));
    let version = house.call("GET", &path, Json::Null).await.json()["version"].clone();
    let confirm = json!({ "version": version, "status": "confirmed" });
    let answer = house.call_as(&house.clerk, "PATCH", &path, &[], confirm).await;
    assert_eq!(answer.problems(), ["deliveries-stopped status"]);
    let new = json!({ "customer": id(&customer), "status": "confirmed" });
    let answer = house.call_as(&house.clerk, "POST", "/order", &[], new).await;
    assert_eq!(answer.problems(), ["deliveries-stopped status"]);
    let page = Browser::of(&house, "clerk@example.com", "en").await;
    let version = version.to_string();
    let owner = stored_user(&house).await.as_str().unwrap().to_owned();
    let form = [
        ("version", version.as_str()),
        ("number", "SO-9"),
        ("date", "2026-03-18"),
        ("kind", "sale"),
        ("status", "confirmed"),
        ("customer.id", id(&customer)),
        ("customer", "x"),
        ("owner.id", owner.as_str()),
        ("owner", "Somebody"),
    ];
    let refused = page.ask("POST", &path, &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains(&format!("{path}/ask-approval")), "{}", refused.text);
    assert!(!refused.text.contains("to correct"), "nothing is to be corrected: {}", refused.text);
}

async fn whoever_decides_sees_what_is_asked(database: TestDatabase) {
    let house = House::open(&database).await;
    let roles = house.call("GET", "/role?limit=50", Json::Null).await.json();
    let rights = house.call("GET", "/user?email=clerk@example.com", Json::Null).await.json();
    let role = rights["items"][0]["roles"][0].as_str().unwrap().to_owned();
    let name = roles["items"].as_array().unwrap().iter().find(|one| id(one) == role).unwrap();
    let name = name["name"].as_str().unwrap().to_owned();
    let limit = json!({ "role": role, "record_type": "order", "field": "total",
        "at_most": "100 CNY", "condition": "status=confirmed" });
    made(&house, "/authority_limit", limit).await;
    let admin = house.call("GET", "/user?email=admin@example.com", Json::Null).await.json();
    let chain =
        made(&house, "/approval_rule", json!({ "name": "Large", "record_type": "order" })).await;
    let step = json!({ "approval_rule": id(&chain), "approver": "people", "people": [id(&admin["items"][0])] });
    made(&house, "/approval_step", step).await;
    let customer = house.customer("Good buyer").await;
    let product = json!({ "name": "Ladder", "list_price": yuan("600"), "unit_cost": yuan("300") });
    let product = made(&house, "/product", product).await;
    let order =
        made(&house, "/order", json!({ "customer": id(&customer), "number": "SO-7" })).await;
    let line = json!({ "order": id(&order), "product": id(&product), "unit_price": yuan("480") });
    made(&house, "/order_line", line).await;
    let seller = Browser::of(&house, "clerk@example.com", "en").await;
    let decider = Browser::of(&house, "admin@example.com", "en").await;
    let path = format!("/order/{}", id(&order));
    let version = house.call("GET", &path, Json::Null).await.json()["version"].to_string();
    let owner = stored_user(&house).await.as_str().unwrap().to_owned();
    let form = [
        ("version", version.as_str()),
        ("number", "SO-7"),
        ("date", "2026-03-18"),
        ("kind", "sale"),
        ("status", "confirmed"),
        ("customer.id", id(&customer)),
        ("customer", "Good buyer"),
        ("owner.id", owner.as_str()),
        ("owner", "Somebody"),
        ("approval_reason", "A good customer"),
    ];
    assert!(!decider.get("/approvals/count").await.contains("badge"));
    seller.post(&format!("{path}/ask-approval"), &form).await;
    for (page, controls) in [
        (decider.get("/approvals").await, true),
        (decider.get(&path).await, true),
        (seller.get(&path).await, false),
    ] {
        assert_eq!(page.contains("value=\"approve\""), controls, "{page}");
        if controls {
            for said in [
                "Good buyer",
                "480.00",
                "100.00",
                "Draft",
                "Confirmed",
                name.as_str(),
                "A good customer",
                "180.00",
                "37.5",
                "by up to 20",
            ] {
                assert!(page.contains(said), "{said}: {page}");
            }
        }
    }
    let waiting = seller.get(&path).await;
    assert!(waiting.contains("In approval") && waiting.contains("/withdraw\""), "{waiting}");
    assert!(!waiting.contains(&format!("{path}/edit\"")), "what waits is not edited: {waiting}");
    let zh = Browser::of(&house, "admin@example.com", "zh_cn").await;
    assert!(zh.get(&path).await.contains("审批中"));
    assert!(decider.get("/approvals/count").await.contains(">1<"));
    assert!(!seller.get("/approvals/count").await.contains("badge"));
    assert!(decider.get("/notices").await.contains("“SO-7”等待您审批"));
    // Decided where it was seen.
    let requests = house.call("GET", "/approval_task", Json::Null).await.json();
    let task = id(&requests["items"][0]).to_owned();
    let decision = [("decision", "approve"), ("comment", ""), ("then", "record")];
    assert_eq!(decider.post(&format!("/approvals/{task}"), &decision).await, path);
    assert!(!decider.get("/approvals/count").await.contains("badge"));
    assert!(seller.get("/notices").await.contains("“SO-7”已通过审批"));
    assert!(!seller.get(&path).await.contains("In approval"));
}

async fn rules_are_chosen_by_labels(database: TestDatabase) {
    let house = House::open(&database).await;
    let page = Browser::of(&house, "admin@example.com", "zh_cn").await;
    let form = page.get("/approval_rule/new?record_type=order").await;
    assert!(form.contains("<option value=\"order\" selected>订单</option>"), "{form}");
    assert!(
        form.contains("name=\"c.join\"") && form.contains("formaction=\"/approval_rule/form\""),
        "{form}"
    );
    // Conditions are put together step by step, without a script too.
    let begun = [
        ("record_type", "order"),
        ("name", "大单"),
        ("position", "1"),
        ("c.join", "any"),
        ("do", "add-field:"),
    ];
    let answer = page.ask("POST", "/approval_rule/form", &begun).await;
    assert!(
        answer.text.contains("name=\"c.0.field\"") && answer.text.contains("value=\"大单\""),
        "{}",
        answer.text
    );
    let conditions = [
        ("c.0.what", "field"),
        ("c.0.field", "status"),
        ("c.0.op", "eq"),
        ("c.0.value", "confirmed"),
    ];
    let whole: Vec<_> =
        begun[..3].iter().copied().chain([("c.join", "all")]).chain(conditions).collect();
    let to = page.post("/approval_rule", &whole).await;
    let rule = to.split('?').next().unwrap().to_owned();
    let stored = house.call("GET", &rule, Json::Null).await.json();
    assert_eq!(
        (&stored["condition"], &stored["record_type"]),
        (&json!("status=confirmed"), &json!("order"))
    );
    let shown = page.get(&rule).await;
    assert!(shown.contains("状态 = 已确认") && !shown.contains("status=confirmed"), "{shown}");
    assert!(page.get("/approval_rule").await.contains("状态 = 已确认"));
    let edit = page.get(&format!("{rule}/edit")).await;
    assert!(edit.contains("name=\"c.0.value\"") && edit.contains("name=\"form_id\""), "{edit}");
    // What cannot be said by single conditions is kept all the same.
    let either: Vec<_> = begun[..3]
        .iter()
        .map(|(name, value)| (*name, if *name == "name" { "其他" } else { *value }))
        .chain([
            ("c.join", "any"),
            ("c.1.what", "field"),
            ("c.1.field", "kind"),
            ("c.1.op", "eq"),
            ("c.1.value", "return"),
        ])
        .chain(conditions)
        .collect();
    let to = page.post("/approval_rule", &either).await;
    let other = house.call("GET", to.split('?').next().unwrap(), Json::Null).await.json();
    assert!(other["condition"].as_str().unwrap().starts_with("filter="), "{other}");
    // Fields of a limit, and of the lines, by their labels.
    let form = page.get("/authority_limit/new?record_type=order").await;
    assert!(
        form.contains("<option value=\"order_line.below_list\">订单行: 低于标价</option>"),
        "{form}"
    );
    // A choice that there is not is answered by the labels of those that there are.
    let wrong = [("name", "x"), ("kind", "robot")];
    let refused = page.ask("POST", "/customer", &wrong).await;
    assert!(
        refused.text.contains("组织, 个人") && !refused.text.contains("organisation, person"),
        "{}",
        refused.text
    );
    // A collection point says which records by their label.
    let point =
        json!({ "name": "Stall", "channel": "call", "responsible": stored_user(&house).await });
    let point = made(&house, "/collection_point", point).await;
    let shown = page.get(&format!("/collection_point/{}", id(&point))).await;
    assert!(shown.contains("<dd>客户</dd>"), "{shown}");
    let chart = page.get("/chart/new?record_type=order&condition=status%3Dconfirmed").await;
    assert!(
        chart.contains("name=\"c.0.field\"") && !chart.contains("name=\"condition\""),
        "{chart}"
    );
}

pub(crate) async fn stored_user(house: &House) -> Json {
    let users = house.call("GET", "/user?email=admin@example.com", Json::Null).await.json();
    users["items"][0]["id"].clone()
}

async fn the_log_tells_fields_by_their_labels(database: TestDatabase) {
    let house = House::open(&database).await;
    let customer = house.customer("Logged").await;
    let path = format!("/customer/{}", id(&customer));
    let owner = stored_user(&house).await;
    let change = json!({ "version": 1, "class": "key", "owner": owner, "industry": "Foods" });
    assert_eq!(house.call("PATCH", &path, change).await.status, StatusCode::OK);
    house.call("GET", "/customer?sort=name", Json::Null).await;
    house.flush().await;
    let page = Browser::of(&house, "admin@example.com", "zh_cn").await;
    let log = page.get("/audit?type=customer").await;
    let log = log.split_once("<tbody>").unwrap().1.split_once("</tbody>").unwrap().0;
    assert!(log.contains("大客户") && log.contains("Foods") && log.contains("\u{2192}"), "{log}");
    assert!(log.contains("条记录：Logged") || log.contains("Logged"), "{log}");
    assert!(!log.contains("{&quot;"), "no code: {log}");
}

async fn dates_to_come_can_be_asked_for(database: TestDatabase) {
    let house = House::open(&database).await;
    // It is Wednesday, 18 March 2026.
    for (subject, due) in [
        ("late", "2026-03-17"),
        ("now", "2026-03-18"),
        ("soon", "2026-03-19"),
        ("week", "2026-03-23"),
        ("fortnight", "2026-04-01"),
        ("month", "2026-04-17"),
        ("far", "2026-06-01"),
    ] {
        made(&house, "/task", json!({ "subject": subject, "due_date": due })).await;
    }
    made(&house, "/task", json!({ "subject": "never" })).await;
    for (period, expected) in [
        ("overdue", vec!["late"]),
        ("today", vec!["now"]),
        ("tomorrow", vec!["soon"]),
        ("this_week", vec!["late", "now", "soon"]),
        ("next_week", vec!["week"]),
        ("next_7_days", vec!["soon", "week"]),
        ("next_14_days", vec!["fortnight", "soon", "week"]),
        ("next_30_days", vec!["fortnight", "month", "soon", "week"]),
        ("empty", vec!["never"]),
    ] {
        let path = format!("/task?due_date.within={period}&sort=subject");
        let found = house.call("GET", &path, Json::Null).await.json();
        let subjects: Vec<&str> = found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["subject"].as_str().unwrap())
            .collect();
        assert_eq!(subjects, expected, "{period}");
    }
    let page = Browser::of(&house, "admin@example.com", "zh_cn").await;
    let list = page.get("/task?due_date.within=overdue").await;
    for option in ["overdue", "tomorrow", "next_week", "next_14_days", "empty"] {
        assert!(list.contains(&format!("<option value=\"{option}\"")), "{option}: {list}");
    }
    assert!(
        list.contains("今天之前（逾期）")
            && list.contains(">late</a>")
            && !list.contains(">soon</a>")
    );
}

async fn a_parameter_means_what_it_says(database: TestDatabase) {
    let house = House::open(&database).await;
    for (number, price) in [("SO-1", "1"), ("SO-2", "2")] {
        let order = made(&house, "/order", json!({ "number": number })).await;
        let line = json!({ "order": id(&order), "description": "x", "unit_price": yuan(price) });
        made(&house, "/order_line", line).await;
    }
    let numbers = async |path: &str| -> Vec<String> {
        let found = house.call("GET", path, Json::Null).await.json();
        let items = found["items"].as_array().unwrap().clone();
        items.iter().map(|one| one["number"].as_str().unwrap().to_owned()).collect()
    };
    // What says nothing is no condition, and does not pass for one.
    for nothing in ["/order?number.in=", "/order?number=&sort=number"] {
        let answer = house.call("GET", nothing, Json::Null).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{nothing}");
    }
    // A field that is called like a parameter.
    assert_eq!(numbers("/order?total.eq=2").await, ["SO-2"]);
    let page = Browser::of(&house, "admin@example.com", "en").await;
    let list = page.get("/order?total.eq=2").await;
    assert!(list.contains("name=\"total.eq\" value=\"2\""), "{list}");
    assert!(list.contains(">SO-2</a>") && !list.contains(">SO-1</a>"), "{list}");
}
