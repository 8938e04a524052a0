//! What is entered is not lost, hints come however long a form is, and what stands on a page is called by its
//! name.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use crate::forms::{Browser, form, made, record, session, set};
use crate::house::{Answer, House};

both_databases!(
    a_file_of_a_refused_form_is_there_when_it_is_sent_again,
    hints_come_beside_the_longest_form,
    a_history_names_what_several_links_lead_to,
    a_group_is_not_taken_for_none_by_its_name,
    nobody_makes_a_file_by_its_address,
    what_a_customer_has_not_paid_stands_on_their_page,
    a_leaver_is_handed_over_and_the_rest_is_told,
);

const BOUNDARY: &str = "b0undary";

/// Sends a form as a browser sends one that may carry files.
pub(crate) async fn send(
    browser: &Browser<'_>,
    path: &str,
    fields: &[(String, String)],
    file: Option<(&str, &str)>,
) -> Answer {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    if let Some((name, content)) = file {
        body.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; \
             filename=\"contract.txt\"\r\nContent-Type: text/plain\r\n\r\n{content}\r\n"
        ));
    }
    body.push_str(&format!("--{BOUNDARY}--\r\n"));
    let request = Request::post(path)
        .header(header::COOKIE, browser.cookie())
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
    browser.house.send(request.body(Body::from(body)).unwrap()).await
}

async fn with_a_file(house: &House) {
    let body = json!({ "record_type": "customer", "name": "x_contract", "kind": "file",
                       "label_en": "Contract", "label_zh_cn": "合同" });
    made(house, "custom_field", body).await;
}

async fn a_file_of_a_refused_form_is_there_when_it_is_sent_again(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    with_a_file(&house).await;
    let file = Some(("x_contract.file", "signed"));
    let attached = async |id: &str| {
        let kept = record(&house, &format!("/customer/{id}")).await;
        assert!(kept["x_contract"].is_string(), "{kept}");
        let answer = browser.get(&format!("/customer/{id}/file/x_contract")).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "signed"));
    };
    // A new record without its name, then with it; the file is not chosen again.
    let fields = form(&browser.get("/customer/new").await.text);
    let refused = send(&browser, "/customer", &fields, file).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.text.contains("contract.txt"), "{}", refused.text);
    let mut fields = form(&refused.text);
    set(&mut fields, "name", "Acme");
    let answer = send(&browser, "/customer", &fields, None).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let all = record(&house, "/customer?name=Acme").await;
    attached(all["items"][0]["id"].as_str().unwrap()).await;
    // One that is there, refused for a field and for what somebody else changed meanwhile.
    let id = house.customer("Other").await["id"].as_str().unwrap().to_owned();
    let path = format!("/customer/{id}");
    let stale = form(&browser.get(&format!("{path}/edit")).await.text);
    let mut wrong = stale.clone();
    set(&mut wrong, "email", "no address");
    let refused = send(&browser, &path, &wrong, file).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    let version = record(&house, &path).await["version"].clone();
    let body = json!({ "version": version, "country": "France" });
    assert_eq!(house.call("PATCH", &path, body).await.status, StatusCode::OK);
    let mut fields = form(&refused.text);
    set(&mut fields, "email", "a@example.com");
    let conflict = send(&browser, &path, &fields, None).await;
    assert_eq!(conflict.status, StatusCode::CONFLICT, "{}", conflict.text);
    let answer = send(&browser, &path, &form(&conflict.text), None).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    attached(&id).await;
}

async fn hints_come_beside_the_longest_form(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let there = json!({ "name": "Acme Trading", "kind": "organisation", "phone": "13800001111" });
    made(&house, "customer", there).await;
    let page = browser.get("/customer/new").await.text;
    assert!(page.contains("hx-post=\"/customer/alike\""), "{page}");
    let mut fields = form(&page);
    set(&mut fields, "name", "Acme Trading");
    set(&mut fields, "phone", "13800001111");
    set(&mut fields, "notes", &"很长的备注".repeat(4_000));
    let hint = browser.post("/customer/alike", &fields).await;
    assert_eq!(hint.status, StatusCode::OK);
    assert!(hint.text.contains("Acme Trading"), "{}", hint.text);
    // Nobody is like themselves.
    let id = record(&house, "/customer?name=Acme+Trading").await["items"][0]["id"].clone();
    let id = id.as_str().unwrap();
    let edit = browser.get(&format!("/customer/{id}/edit")).await.text;
    assert!(edit.contains("besides") && edit.contains(id), "{edit}");
    set(&mut fields, "besides", id);
    let hint = browser.post("/customer/alike", &fields).await;
    assert!(!hint.text.contains("Acme Trading"), "{}", hint.text);
    // An order's form and a line's ask in the same way.
    let page = browser.get("/order/new").await.text;
    assert!(page.contains("hx-post=\"/order/deliveries\""), "{page}");
    let mut fields = form(&page);
    set(&mut fields, "customer.id", id);
    set(&mut fields, "notes", &"很长的备注".repeat(4_000));
    assert_eq!(browser.post("/order/deliveries", &fields).await.status, StatusCode::OK);
    let product = made(&house, "product", json!({ "name": "Ladder", "unit": "piece" })).await;
    let fields = [("product.id", product.as_str()), ("description", ""), ("unit", "")];
    let mut fields: Vec<(String, String)> =
        fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    fields.push(("x_words".to_owned(), "很长的备注".repeat(4_000)));
    let brought = browser.post("/order_line/fill", &fields).await;
    assert!(brought.text.contains("value=\"Ladder\""), "{}", brought.text);
}

async fn a_history_names_what_several_links_lead_to(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let role = |name: &'static str| made(&house, "role", json!({ "name": name }));
    let (first, second) = (role("Night watch").await, role("Day watch").await);
    let body = json!({ "name": "Kim", "email": "kim@example.com", "roles": [first] });
    let id = made(&house, "user", body).await;
    let version = record(&house, &format!("/user/{id}")).await["version"].clone();
    let body = json!({ "version": version, "roles": [second] });
    let answer = house.call("PATCH", &format!("/user/{id}"), body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let page = browser.get(&format!("/user/{id}")).await.text;
    let history = page.split("gx-timeline").nth(1).unwrap();
    assert!(history.contains("Night watch") && history.contains("Day watch"), "{history}");
    assert!(!history.contains('\u{1f512}'), "{history}");
}

async fn a_group_is_not_taken_for_none_by_its_name(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let dashboard = made(&house, "dashboard", json!({ "name": "Mine" })).await;
    let drawn = async |condition: &str| {
        let body = json!({ "dashboard": dashboard, "name": "Countries", "kind": "bar",
            "record_type": "customer", "group_by": "country", "measure": "count",
            "condition": condition });
        let chart = made(&house, "chart", body).await;
        browser.get(&format!("/chart/{chart}/body")).await.text
    };
    for name in ["Not set", "Not known", "Not analysed yet"] {
        made(&house, "customer", json!({ "name": name, "country": name })).await;
        let shown = drawn(&format!("name={}", name.replace(' ', "+"))).await;
        assert!(shown.contains("<table"), "{name}: {shown}");
    }
    made(&house, "customer", json!({ "name": "Nowhere" })).await;
    let shown = drawn("name=Nowhere").await;
    assert!(!shown.contains("<table") && shown.contains("/customer?name=Nowhere"), "{shown}");
}

async fn nobody_makes_a_file_by_its_address(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    for of in ["file", "import_job", "approval_request", "approval_task", "stage_change"] {
        let answer = browser.get(&format!("/{of}/new")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{of}");
        assert_eq!(answer.headers[header::LOCATION], format!("/{of}"));
    }
    assert_eq!(browser.get("/customer/new").await.status, StatusCode::OK);
}

async fn what_a_customer_has_not_paid_stands_on_their_page(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let customer = house.customer("Buyer").await["id"].clone();
    let id = customer.as_str().unwrap();
    let price = |amount: &str| json!({ "amount": amount, "currency": "CNY" });
    for (status, amount) in
        [("issued", "100"), ("paid", "1000"), ("written_off", "500"), ("void", "70")]
    {
        let invoice = made(&house, "invoice", json!({ "customer": customer })).await;
        let line = json!({ "invoice": invoice, "description": "x", "unit_price": price(amount) });
        made(&house, "invoice_line", line).await;
        let path = format!("/invoice/{invoice}");
        let version = record(&house, &path).await["version"].clone();
        let body = json!({ "version": version, "status": status });
        let answer = house.call("PATCH", &path, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    made(&house, "payment", json!({ "customer": customer, "amount": price("25") })).await;
    let page = browser.get(&format!("/customer/{id}")).await.text;
    let number = page.split("data-number=\"number-unpaid\"").nth(1).unwrap();
    let number = number.split("</div>").next().unwrap();
    assert!(number.contains("\u{a5}75.00") && number.matches("<dd>").count() == 1, "{number}");
}

async fn a_leaver_is_handed_over_and_the_rest_is_told(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let mut people = Vec::new();
    for email in ["kim@example.com", "lee@example.com"] {
        people.push(made(&house, "user", json!({ "name": email, "email": email })).await);
    }
    for name in ["First", "Second"] {
        made(&house, "customer", json!({ "name": name, "owner": people[0] })).await;
    }
    let body = json!({ "record_type": "customer", "name": "x_branch", "kind": "text",
        "label_en": "Branch", "label_zh_cn": "行业", "is_required": true });
    made(&house, "custom_field", body).await;
    let first = record(&house, "/customer?name=First").await["items"][0].clone();
    let path = format!("/customer/{}", first["id"].as_str().unwrap());
    let body = json!({ "version": first["version"], "x_branch": "Steel" });
    assert_eq!(house.call("PATCH", &path, body).await.status, StatusCode::OK);
    let path = format!("/user/{}/hand-over", people[0]);
    let to = [("to".to_owned(), "lee@example.com".to_owned())];
    let answer = browser.post(&path, &to).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let told = answer.text.split("role=\"status\"").nth(1).unwrap_or_default();
    assert!(told.contains("1 record was handed over") && told.contains("Second"), "{told}");
    assert!(!told.contains(">First<"), "{told}");
    let moved = record(&house, &format!("/customer?owner={}", people[1])).await;
    assert_eq!(moved["items"].as_array().unwrap().len(), 1);
    // With the reason out of the way the rest goes, and one is back at the person.
    let second = record(&house, "/customer?name=Second").await["items"][0].clone();
    let body = json!({ "version": second["version"], "x_branch": "Steel" });
    let at = format!("/customer/{}", second["id"].as_str().unwrap());
    assert_eq!(house.call("PATCH", &at, body).await.status, StatusCode::OK);
    let answer = browser.post(&path, &to).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let none = record(&house, &format!("/customer?owner={}", people[0])).await;
    assert_eq!(none["items"], Json::Array(Vec::new()));
}
