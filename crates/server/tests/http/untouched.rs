//! A form that nobody touched changes nothing: no field, no version, no entry in the history, whatever letters
//! its texts have and whatever a browser makes of them.

use axum::http::{StatusCode, header};
use guanxi_base::Rng;
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use crate::forms::{Browser, form, form_with, made, record, session, set};
use crate::house::House;

both_databases!(
    every_kind_of_field_comes_back_as_it_was,
    every_record_of_the_product_comes_back_as_it_was,
    the_cell_of_a_list_comes_back_as_it_was,
    segments_and_charts_come_back_as_they_were,
    what_somebody_changes_is_changed_and_nothing_beside_it,
    options_may_have_any_letters,
    a_rule_keeps_its_condition_when_its_type_is_changed_in_the_form,
    nothing_that_nobody_sees_is_a_name,
);

const TEXTS: [&str; 16] = [
    "plain",
    "a\r\nb\r\n\r\nc",
    "a\nb\n\n\nc",
    "a\rb",
    "\n\nfirst line is empty",
    "\r\n\tand begins with a tab",
    "\t\tleading tabs",
    "    leading blanks",
    "inner  blanks \t and tabs",
    "quotes \" ' ` < > & &amp; &lt;b&gt; &#10;",
    "a; b, c | d；e，f、g",
    "华为技术（中国）\u{3000}有限公司",
    "\u{200f}שָׁלוֹם\u{200e} A\u{308}rger é e\u{301}",
    "</textarea><script>alert(1)</script>",
    "{ $name } {{ x }} %0A %20 + \\n \\",
    "👩‍👩‍👧 𠀀 \u{ad}soft",
];

const OPTIONS: [&str; 9] =
    ["a;b", "a", "b", "x, y", "p|q", "say \"yes\"", "\"quoted\"", "<b>&amp;", "甲；乙、丙"];

async fn fields_of_every_kind(house: &House) {
    let options = OPTIONS.join("\n");
    for kind in [
        "text",
        "long_text",
        "integer",
        "decimal",
        "percent",
        "money",
        "boolean",
        "date",
        "instant",
        "choice",
        "choices",
        "link",
        "links",
        "owner",
        "phone",
        "email",
        "url",
        "address",
        "json",
    ] {
        let mut body = json!({ "record_type": "customer", "name": format!("x_{kind}"), "kind": kind,
            "label_en": kind, "label_zh_cn": kind });
        if kind.starts_with("choice") {
            body["options"] = json!(options);
        }
        if kind.starts_with("link") {
            body["link_to"] = json!("customer");
        }
        made(house, "custom_field", body).await;
    }
}

/// Values of all kinds, by chance.
fn values(rng: &mut Rng, others: &[String], me: &Json) -> Json {
    let mut any = |all: &[&str]| (*rng.pick(all)).to_owned();
    let text = |text: String| text.replace(['\r', '\n'], " ").trim().to_owned();
    let street =
        any(&["广东省深圳市南山区科技园路1号", "Main Street 5 / 7", "/ a", "北京市朝阳区"]);
    let address = match any(&["street", "all", "city"]).as_str() {
        "street" => json!({ "street": street }),
        "city" => json!({ "city": "上海 / Shanghai", "postal_code": "00100" }),
        _ => {
            json!({ "province": "a / b", "city": "c", "district": "\\d", "street": street, "postal_code": "/" })
        }
    };
    json!({
        "x_text": text(any(&TEXTS)),
        "x_long_text": any(&TEXTS),
        "notes": any(&TEXTS),
        "x_integer": -12,
        "x_decimal": any(&["0.5", "-1234567.890123", "0"]),
        "x_percent": any(&["12.5", "-0.0001"]),
        "x_money": { "amount": any(&["0", "-12.50", "1234567.89"]), "currency": any(&["EUR", "JPY", "CNY"]) },
        "x_boolean": any(&["t", "f"]) == "t",
        "x_date": any(&["2024-02-29", "9999-12-31", "0001-01-01"]),
        "x_instant": any(&["2026-03-01T10:00:00.123456Z", "2026-10-25T00:30:00Z", "1900-01-01T00:00:01Z"]),
        "x_choice": any(&OPTIONS),
        "x_choices": [any(&OPTIONS), any(&OPTIONS)],
        "x_link": others[0],
        "x_links": others,
        "x_owner": me,
        "x_phone": any(&["+86 138 0013 8000", "0755-26001234 转 801"]),
        "x_email": any(&["A.B@Example.com", "用户@例子.cn"]),
        "x_url": any(&["https://example.com/a?b=c&d=%20#e", "http://例子.cn/路"]),
        "x_address": address,
        "address": address,
        "x_json": any(&["1", "x"]) == "1",
    })
}

async fn versions(house: &House, path: &str) -> (Json, usize) {
    let kept = record(house, path).await;
    let history = record(house, &format!("{path}/history")).await;
    (kept, history["items"].as_array().map_or(0, Vec::len))
}

/// Opens the form of a record and saves it as it is.
async fn save_untouched(browser: &Browser<'_>, path: &str) {
    let before = versions(browser.house, path).await;
    let page = browser.get(&format!("{path}/edit")).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
    let answer = browser.post(path, &form(&page.text)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text);
    assert_eq!(versions(browser.house, path).await, before, "{path}");
    // Nothing was done, so nothing is offered to be undone.
    assert_eq!(answer.headers[header::LOCATION], path);
}

async fn every_kind_of_field_comes_back_as_it_was(database: TestDatabase) {
    let house = House::open(&database).await;
    let session = session(&house).await;
    fields_of_every_kind(&house).await;
    let mut others = Vec::new();
    for name in ["A & B; \"C\"", "\u{200f}שָׁלוֹם", "Twin", "Twin"] {
        others.push(house.customer(name).await["id"].as_str().unwrap().to_owned());
    }
    let users = record(&house, "/user?email=admin@example.com").await;
    let mut rng = Rng::seeded(7);
    for round in 0..40 {
        let mut body = values(&mut rng, &others, &users["items"][0]["id"]);
        body["name"] = json!(format!("Round {round}"));
        let json = ["\"a\\nb\"", "{\"b\":[1.5,1e300,null],\"a\":\"\\u2028\"}", "0.1"];
        body["x_json"] = serde_json::from_str(json[round % json.len()]).unwrap();
        let id = made(&house, "customer", body).await;
        let locale = if round % 2 == 0 { "en" } else { "zh_cn" };
        let browser = Browser { house: &house, session: session.clone(), locale };
        save_untouched(&browser, &format!("/customer/{id}")).await;
    }
    // A text for each field of several lines, and one of one line.
    let browser = Browser { house: &house, session, locale: "en" };
    for text in TEXTS {
        let id =
            made(&house, "customer", json!({ "name": "T", "x_long_text": text, "x_text": text }))
                .await;
        save_untouched(&browser, &format!("/customer/{id}")).await;
    }
}

async fn every_record_of_the_product_comes_back_as_it_was(database: TestDatabase) {
    let house = House::open(&database).await;
    let session = session(&house).await;
    let customer = house.customer("Buyer").await["id"].clone();
    let order = made(&house, "order", json!({ "customer": customer, "date": "2026-03-01" })).await;
    let price = json!({ "amount": "10", "currency": "EUR" });
    let line = json!({ "order": order, "description": "Ladder", "unit_price": price });
    made(&house, "order_line", line).await;
    made(&house, "task", json!({ "subject": "Call", "customer": customer })).await;
    made(&house, "case", json!({ "subject": "Broken", "customer": customer })).await;
    let body = json!({ "name": "Large", "record_type": "order", "condition": "total.ge=5 EUR&customer.name=Buyer" });
    made(&house, "approval_rule", body).await;
    let mut seen = 0;
    for locale in ["zh_cn", "en"] {
        let browser = Browser { house: &house, session: session.clone(), locale };
        for described in house.store.catalog().types() {
            let all = house.call("GET", &format!("/{}?limit=5", described.name), Json::Null).await;
            if all.status != StatusCode::OK {
                continue;
            }
            for one in all.json()["items"].as_array().unwrap() {
                let path = format!("/{}/{}", described.name, one["id"].as_str().unwrap());
                let page = browser.get(&format!("{path}/edit")).await;
                if page.status == StatusCode::OK && page.text.contains("data-draft") {
                    save_untouched(&browser, &path).await;
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

async fn the_cell_of_a_list_comes_back_as_it_was(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    fields_of_every_kind(&house).await;
    let body = json!({ "name": "A", "x_text": "a  \t b", "x_choice": "a;b", "x_decimal": "0.5",
        "x_phone": "0755-26001234 转 801", "x_money": { "amount": "5", "currency": "JPY" } });
    let id = made(&house, "customer", body).await;
    let path = format!("/customer/{id}");
    let before = versions(&house, &path).await;
    for name in ["x_text", "x_choice", "x_decimal", "x_phone", "x_money"] {
        let cell = format!("{path}/cell/{name}");
        let fields = form_with(&browser.get(&cell).await.text, "gx-cell");
        let answer = browser.post(&cell, &fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.text);
        assert_eq!(versions(&house, &path).await, before, "{name}");
    }
}

async fn segments_and_charts_come_back_as_they_were(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let condition = json!({ "field": "country", "op": "in", "value": ["China", "a, b", "\"q\""] });
    for (at, text) in TEXTS.iter().enumerate() {
        let body = json!({ "name": format!("S {at}"), "kind": "dynamic", "condition": condition, "description": text });
        let id = made(&house, "segment", body).await;
        let path = format!("/segment/{id}");
        let before = versions(&house, &path).await;
        let mut fields =
            form_with(&browser.get(&format!("{path}/edit")).await.text, "id=\"segment-form\"");
        set(&mut fields, "do", "save");
        let answer = browser.post("/segment/build", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        assert_eq!(versions(&house, &path).await, before, "{text:?}");
    }
    let dashboard = made(&house, "dashboard", json!({ "name": "Mine" })).await;
    for more in [
        json!({ "kind": "number", "marks": 20, "target": "5" }),
        json!({ "kind": "bar", "group_by": "country", "target": "7", "marks": 3 }),
        json!({ "kind": "number", "group_by": "country", "split_by": "kind" }),
        json!({ "kind": "line", "group_by": "created_at:month", "condition": "country=a%2Cb" }),
    ] {
        let mut body = json!({ "dashboard": dashboard, "name": "C", "record_type": "customer", "measure": "count" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let id = made(&house, "chart", body).await;
        let path = format!("/chart/{id}");
        let before = versions(&house, &path).await;
        let mut fields =
            form_with(&browser.get(&format!("{path}/edit")).await.text, "id=\"chart-form\"");
        set(&mut fields, "do", "save");
        let answer = browser.post("/chart/build", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        assert_eq!(versions(&house, &path).await, before, "{more}");
    }
}

async fn what_somebody_changes_is_changed_and_nothing_beside_it(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let street = json!({ "street": "广东省深圳市南山区科技园路1号" });
    let body = json!({ "name": "A", "notes": "\tone\r\ntwo", "address": street });
    let id = made(&house, "customer", body).await;
    let path = format!("/customer/{id}");
    let mut fields = form(&browser.get(&format!("{path}/edit")).await.text);
    set(&mut fields, "name", "B");
    browser.post(&path, &fields).await;
    let kept = record(&house, &path).await;
    assert_eq!((&kept["name"], &kept["notes"]), (&json!("B"), &json!("\tone\r\ntwo")));
    assert_eq!(kept["address"], street);
    let mut fields = form(&browser.get(&format!("{path}/edit")).await.text);
    set(&mut fields, "notes", "\tone\r\ntwo\r\nthree\r\n");
    browser.post(&path, &fields).await;
    assert_eq!(record(&house, &path).await["notes"], "\tone\ntwo\nthree");
    // A whole address that somebody pastes is still taken apart, and a text can be emptied.
    let mut fields = form(&browser.get(&format!("{path}/edit")).await.text);
    set(&mut fields, "address.street", "北京市朝阳区建国路88号");
    set(&mut fields, "notes", "");
    browser.post(&path, &fields).await;
    let kept = record(&house, &path).await;
    assert_eq!(kept["address"]["city"], "北京市");
    assert_eq!(kept["notes"], Json::Null);
}

async fn options_may_have_any_letters(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    fields_of_every_kind(&house).await;
    let id = house.customer("A").await["id"].as_str().unwrap().to_owned();
    let path = format!("/customer/{id}");
    for (at, option) in OPTIONS.iter().enumerate() {
        let other = OPTIONS[(at + 1) % OPTIONS.len()];
        let mut fields = form(&browser.get(&format!("{path}/edit")).await.text);
        fields.retain(|(name, _)| name != "x_choices");
        fields.push(("x_choices".to_owned(), (*option).to_owned()));
        fields.push(("x_choices".to_owned(), other.to_owned()));
        set(&mut fields, "x_choice", option);
        let answer = browser.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{option}: {}", answer.text);
        let kept = record(&house, &path).await;
        assert_eq!(kept["x_choice"], **option);
        let chosen = kept["x_choices"].as_array().unwrap();
        assert_eq!(chosen.len(), 2, "{option}");
        assert!(chosen.contains(&json!(option)) && chosen.contains(&json!(other)), "{option}");
    }
    // More than two hundred and fifty letters of names may be linked to.
    let mut fields = form(&browser.get(&format!("{path}/edit")).await.text);
    for at in 0..30 {
        let other = house.customer(&format!("Other {at}")).await["id"].as_str().unwrap().to_owned();
        fields.push(("x_links.id".to_owned(), other));
    }
    let answer = browser.post(&path, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(record(&house, &path).await["x_links"].as_array().unwrap().len(), 30);
}

async fn a_rule_keeps_its_condition_when_its_type_is_changed_in_the_form(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let role = made(&house, "role", json!({ "name": "Night watch" })).await;
    let body = json!({ "role": role, "record_type": "order", "purposes": ["read"], "scope": "all",
        "condition": "status=confirmed" });
    let id = made(&house, "role_right", body).await;
    let path = format!("/role_right/{id}");
    for chosen in ["*", ""] {
        // By a browser without a script, and by one that has the form made anew after the choice.
        let plain = form(&browser.get(&format!("{path}/edit")).await.text);
        let mut changed = plain.clone();
        set(&mut changed, "record_type", chosen);
        let anew = browser.post("/role_right/form", &changed).await.text;
        assert!(anew.contains("value=\"status=confirmed\""), "{anew}");
        for fields in [changed, form(&anew)] {
            let answer = browser.post(&path, &fields).await;
            assert_eq!(
                answer.status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "{chosen}: {}",
                answer.text
            );
            let kept = record(&house, &path).await;
            assert_eq!(
                (&kept["record_type"], &kept["condition"]),
                (&json!("order"), &json!("status=confirmed"))
            );
        }
        // Chosen back, it is as it was.
        let mut back = form(&anew);
        set(&mut back, "record_type", "order");
        let anew = browser.post("/role_right/form", &back).await.text;
        let answer = browser.post(&path, &form(&anew)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        assert_eq!(record(&house, &path).await["version"], json!(1));
    }
    // Whoever takes the condition away says so.
    let mut fields = form(&browser.get(&format!("{path}/edit")).await.text);
    set(&mut fields, "record_type", "*");
    let mut fields = form(&browser.post("/role_right/form", &fields).await.text);
    set(&mut fields, "condition", "");
    let answer = browser.post(&path, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(record(&house, &path).await["condition"], Json::Null);
}

async fn nothing_that_nobody_sees_is_a_name(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    for name in [
        "\u{2066}",
        "\u{200b}",
        " \u{ad} ",
        "\u{3164}",
        "\u{2800}\u{2800}",
        "\u{e0041}",
        "\t\u{200d}\u{fe0f}",
    ] {
        let answer = house.call("POST", "/customer", json!({ "name": name })).await;
        assert_eq!(answer.problems(), ["required name"], "{name:?}");
        let answer = house.call("POST", "/role", json!({ "name": name })).await;
        assert_eq!(answer.problems(), ["required name"], "{name:?}");
        for of in ["customer", "product", "dashboard"] {
            let mut fields = form(&browser.get(&format!("/{of}/new")).await.text);
            set(&mut fields, "name", name);
            let answer = browser.post(&format!("/{of}"), &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{of} {name:?}");
        }
        for (page, mark, path) in [
            ("/segment/new", "id=\"segment-form\"", "/segment/build"),
            ("/chart/new", "id=\"chart-form\"", "/chart/build"),
            ("/customer", "action=\"/customer/views\"", "/customer/views"),
        ] {
            let mut fields = form_with(&browser.get(page).await.text, mark);
            set(&mut fields, "name", name);
            set(&mut fields, "new_dashboard", "D");
            set(&mut fields, "do", "save");
            let answer = browser.post(path, &fields).await;
            assert_ne!(answer.status, StatusCode::SEE_OTHER, "{path} {name:?}");
        }
    }
    for of in ["customer", "role", "segment", "chart", "saved_view"] {
        let all = record(&house, &format!("/{of}?limit=200")).await;
        let seen = |one: &Json| !guanxi_base::says_nothing(one["name"].as_str().unwrap());
        assert!(all["items"].as_array().unwrap().iter().all(seen), "{of}: {all}");
    }
    // A name with such letters in it is one.
    house.customer("\u{200f}\u{5e9}\u{5dc}\u{5d5}\u{5dd}").await;
}
