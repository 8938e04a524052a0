//! Every call of the API on records.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use crate::house::House;

both_databases!(
    a_record_lives,
    mistakes_are_named_at_once,
    a_stale_version_is_a_conflict,
    a_key_makes_a_write_happen_once,
    many_at_once_or_none,
    lists_filter_sort_page_and_count,
    groups_and_sums,
    groups_are_of_what_the_words_find,
    custom_fields_are_there_at_once,
    files_go_out_and_come_in,
);

async fn a_record_lives(database: TestDatabase) {
    let house = House::open(&database).await;
    let made = house.customer("华为技术有限公司").await;
    let path = format!("/customer/{}", made["id"].as_str().unwrap());
    assert_eq!((made["version"].clone(), made["code"].clone()), (json!(1), json!("CU-000001")));

    let changed = house
        .call("PATCH", &path, json!({ "version": 1, "country": "China", "employees": 195000 }))
        .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let archived = house.call("POST", &format!("{path}/archive"), json!({ "version": 2 })).await;
    assert!(archived.json()["archived_at"].is_string());
    assert_eq!(house.call("GET", "/customer", Json::Null).await.json()["items"], json!([]));
    house.call("POST", &format!("{path}/restore"), json!({ "version": 3 })).await;
    let found = house.call("GET", "/search?q=hwjs", Json::Null).await.json();
    assert_eq!(found["items"][0]["title"], "华为技术有限公司");

    let history = house.call("GET", &format!("{path}/history"), Json::Null).await.json();
    let operations: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["operation"].as_str().unwrap())
        .collect();
    assert_eq!(operations, ["restore", "archive", "update", "create"]);
    let change = changed.json()["change_set"].clone();
    let undone = house.call("POST", "/undo", json!({ "change_set": change })).await;
    assert_eq!(undone.json()["changes"], 1, "{}", undone.text);
    let now = house.call("GET", &path, Json::Null).await.json();
    assert_eq!((now["country"].clone(), now["version"].clone()), (Json::Null, json!(5)));
}

async fn mistakes_are_named_at_once(database: TestDatabase) {
    let house = House::open(&database).await;
    let answer = house
        .call(
            "POST",
            "/customer",
            json!({ "nam": 1, "employees": "x", "kind": "robot", "email": "x" }),
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
    let mut problems = answer.problems();
    problems.sort();
    assert_eq!(
        problems,
        ["not-an-email email", "not-an-option kind", "unknown-field nam", "wrong-shape employees"]
    );
    assert_eq!(house.call("POST", "/customer", json!({})).await.problems(), ["required name"]);
    let line =
        json!({ "order": "0000000000001", "unit_price": { "amount": "1", "currency": "CNY" } });
    let problems = house.call("POST", "/order_line", line).await.problems();
    assert_eq!(problems, ["line-without-product product", "link-to-nothing order"]);
    let computed = json!({ "amount": { "amount": "1", "currency": "CNY" } });
    assert_eq!(house.call("POST", "/order_line", computed).await.problems(), ["read-only amount"]);

    for (body, status) in [
        (Body::from("{"), StatusCode::BAD_REQUEST),
        (Body::from("[]"), StatusCode::BAD_REQUEST),
        (Body::from(vec![0xff, 0xfe, b'{']), StatusCode::BAD_REQUEST),
        (Body::from(vec![b' '; 10 << 20]), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let request = Request::post("/api/v1/customer")
            .header(header::AUTHORIZATION, format!("Bearer {}", house.administrator));
        let answer = house.send(request.body(body).unwrap()).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    for path in ["/robot", "/customer/0000000000000", "/customer/nonsense"] {
        let answer = house.call("GET", path, Json::Null).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(house.call("GET", "/customer", Json::Null).await.json()["items"], json!([]));
}

async fn a_stale_version_is_a_conflict(database: TestDatabase) {
    let house = House::open(&database).await;
    let made = house.customer("Once").await;
    let path = format!("/customer/{}", made["id"].as_str().unwrap());
    house.call("PATCH", &path, json!({ "version": 1, "name": "Twice" })).await;
    let answer = house.call("PATCH", &path, json!({ "version": 1, "name": "Thrice" })).await;
    assert_eq!(
        (answer.status, answer.json()["current_version"].clone()),
        (StatusCode::CONFLICT, json!(2))
    );
    assert_eq!(house.call("PATCH", &path, json!({})).await.problems(), ["version-missing version"]);
    assert_eq!(house.call("GET", &path, Json::Null).await.json()["name"], "Twice");
}

async fn a_key_makes_a_write_happen_once(database: TestDatabase) {
    let house = House::open(&database).await;
    let send = async |name: &str| {
        let key = [("idempotency-key", "k-1")];
        house
            .call_as(&house.administrator, "POST", "/customer", &key, json!({ "name": name }))
            .await
    };
    let (first, again) = (send("Once").await, send("Once").await);
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(first.json(), again.json());
    assert_eq!(send("Another").await.problems(), ["key-reused -"]);
    // Another user's key is another key.
    let key = [("idempotency-key", "k-1")];
    let other =
        house.call_as(&house.clerk, "POST", "/customer", &key, json!({ "name": "Mine" })).await;
    assert_eq!(other.status, StatusCode::CREATED);
    let list = house.call("GET", "/customer?total=true", Json::Null).await.json();
    assert_eq!(list["total"], json!({ "number": 2, "more": false }));
}

async fn many_at_once_or_none(database: TestDatabase) {
    let house = House::open(&database).await;
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        ids.push(house.customer(name).await["id"].clone());
    }
    let body =
        json!({ "action": "update", "ids": [ids[0], ids[1]], "set": { "country": "Japan" } });
    let answer = house.call("POST", "/customer/bulk", body).await;
    assert_eq!(answer.json()["changed"], 2, "{}", answer.text);
    let undo = json!({ "change_set": answer.json()["change_set"] });
    let body = json!({ "action": "archive", "ids": [ids[2], "0000000000001"] });
    assert_eq!(house.call("POST", "/customer/bulk", body).await.status, StatusCode::NOT_FOUND);
    let filter = json!({ "field": "country", "value": "Japan" });
    let body = json!({ "action": "archive", "filter": filter });
    assert_eq!(house.call("POST", "/customer/bulk", body).await.json()["changed"], 2);
    let left = house.call("GET", "/customer", Json::Null).await.json();
    assert_eq!(left["items"][0]["name"], "C");
    assert_eq!(house.call("POST", "/undo", undo).await.status, StatusCode::OK);
    for set in [json!([]), json!([{ "country": "Japan" }]), json!("Japan"), json!(7), json!(true)] {
        let body = json!({ "action": "update", "ids": [ids[0]], "set": set });
        let answer = house.call("POST", "/customer/bulk", body).await;
        assert_eq!(answer.problems(), ["not-an-object set"], "{set}");
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains("must be an object"), "{}", answer.text);
    }
    for set in [json!({}), Json::Null] {
        let body = json!({ "action": "update", "ids": [ids[0]], "set": set });
        let answer = house.call("POST", "/customer/bulk", body).await;
        assert_eq!(answer.problems(), ["required set"], "{set}");
    }
    for wrong in [json!([7]), json!([null]), json!([[ids[0]]])] {
        let body = json!({ "action": "archive", "ids": wrong });
        let answer = house.call("POST", "/customer/bulk", body).await;
        assert_eq!(answer.problems(), ["not-an-id ids"], "{wrong}");
    }
    for wrong in [json!([]), json!("x"), json!({ "all": [] }), json!({ "any": {} })] {
        let body = json!({ "action": "archive", "filter": wrong });
        let answer = house.call("POST", "/customer/bulk", body).await;
        let is_told =
            answer.status == StatusCode::UNPROCESSABLE_ENTITY || answer.status == StatusCode::OK;
        assert!(is_told, "{wrong}: {} {}", answer.status, answer.text);
    }
    let body = json!({ "action": "explode", "ids": [] });
    assert_eq!(
        house.call("POST", "/customer/bulk", body).await.problems(),
        ["unknown-action action"]
    );
}

async fn lists_filter_sort_page_and_count(database: TestDatabase) {
    let house = House::open(&database).await;
    for at in 0..7 {
        let body = json!({ "name": format!("N{at}"), "employees": at * 10,
                           "country": if at % 2 == 0 { "China" } else { "Japan" } });
        house.call("POST", "/customer", body).await;
    }
    let mut names = Vec::new();
    let mut path = "/customer?country=China&sort=-employees&limit=2&total=true".to_owned();
    loop {
        let page = house.call("GET", &path, Json::Null).await.json();
        assert_eq!(page["total"]["number"], 4);
        names.extend(page["items"].as_array().unwrap().iter().map(|item| item["name"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        let next: String = next.bytes().map(|byte| format!("%{byte:02X}")).collect();
        path = format!("/customer?country=China&sort=-employees&limit=2&total=true&after={next}");
    }
    assert_eq!(names, ["N6", "N4", "N2", "N0"]);
    let filter = "%7B%22any%22:%5B%7B%22field%22:%22name%22,%22value%22:%22N1%22%7D%5D%7D";
    let found = house.call("GET", &format!("/customer?filter={filter}"), Json::Null).await.json();
    assert_eq!(found["items"][0]["name"], "N1");
    for (query, problem) in [
        ("color=red", "unknown-field color"),
        ("limit=0", "not-an-integer limit"),
        ("sort=address", "not-sortable address"),
        ("after=x", "wrong-cursor -"),
        ("filter=x", "wrong-filter filter"),
    ] {
        let answer = house.call("GET", &format!("/customer?{query}"), Json::Null).await;
        assert_eq!(answer.problems(), [problem], "{query}");
    }
}

async fn groups_and_sums(database: TestDatabase) {
    let house = House::open(&database).await;
    let buyer = house.customer("Buyer").await;
    for (date, price) in [("2026-01-05", "10.50"), ("2026-01-20", "4.50"), ("2026-02-01", "1")] {
        let order = json!({ "customer": buyer["id"], "date": date });
        let order = house.call("POST", "/order", order).await.json();
        let line = json!({ "order": order["id"], "description": "x", "quantity": "2",
                           "unit_price": { "amount": price, "currency": "CNY" } });
        let line = house.call("POST", "/order_line", line).await;
        assert_eq!(line.status, StatusCode::CREATED, "{}", line.text);
    }
    let path = "/order/aggregate?group_by=date:month&measures=count,sum:total,avg:total";
    let answer = house.call("GET", path, Json::Null).await.json();
    let money = |amount: &str| json!({ "amount": amount, "currency": "CNY" });
    assert_eq!(
        answer["groups"],
        json!([
            { "date:month": "2026-01-01", "count": 2, "sum:total": money("30.00"), "avg:total": money("15.00") },
            { "date:month": "2026-02-01", "count": 1, "sum:total": money("2.00"), "avg:total": money("2.00") },
        ])
    );
}

async fn groups_are_of_what_the_words_find(database: TestDatabase) {
    let house = House::open(&database).await;
    for name in ["North One", "North Two", "South One"] {
        house.customer(name).await;
    }
    for (words, count) in [("q=north", 2), ("q=one", 2), ("q=north%20one", 1), ("q=", 3)] {
        let list = house.call("GET", &format!("/customer?{words}"), Json::Null).await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{words}");
        let path = format!("/customer/aggregate?{words}");
        let groups = house.call("GET", &path, Json::Null).await.json();
        assert_eq!(groups["groups"], json!([{ "count": count }]), "{words}");
    }
}

async fn custom_fields_are_there_at_once(database: TestDatabase) {
    let house = House::open(&database).await;
    let definition = json!({ "record_type": "customer", "name": "rating", "kind": "integer",
        "label_en": "Rating", "label_zh_cn": "评分", "is_required": false, "is_searchable": false,
        "is_personal": false });
    let answer = house.call("POST", "/custom_field", definition).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let made =
        house.call("POST", "/customer", json!({ "name": "Rated", "x_rating": 5 })).await.json();
    assert_eq!(made["x_rating"], 5);
    let found = house.call("GET", "/customer?x_rating.ge=5&sort=x_rating", Json::Null).await.json();
    assert_eq!(found["items"][0]["name"], "Rated");
    let groups =
        house.call("GET", "/customer/aggregate?group_by=x_rating", Json::Null).await.json();
    assert_eq!(groups["groups"], json!([{ "x_rating": 5, "count": 1 }]));
    let describe = house.call("GET", "/describe", Json::Null).await.json();
    let text = describe.to_string();
    assert!(text.contains("\"Rating\"") && text.contains("x_rating"));
    let csv = house.call("GET", "/customer/export", Json::Null).await.text;
    assert!(csv.contains("x_rating"), "{csv}");
}

async fn files_go_out_and_come_in(database: TestDatabase) {
    let house = House::open(&database).await;
    house.customer("=HYPERLINK(\"http://evil\")").await;
    let csv = house.call("GET", "/customer/export?format=csv", Json::Null).await;
    assert!(csv.text.contains("\"'=HYPERLINK"), "{}", csv.text);
    let xlsx = house.call("GET", "/customer/export?format=xlsx", Json::Null).await;
    assert!(xlsx.text.starts_with("PK"), "a workbook");

    let boundary = "b0undary";
    let mapping = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
                   fields = { code = \"code\", name = \"name\" }";
    let body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"mapping\"\r\n\r\n{mapping}\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"c.csv\"\r\n\r\n\
         code,name\nA-1,From file\nA-2,'=1+1\n\r\n--{boundary}--\r\n"
    );
    let post = |path: &str| {
        Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", house.administrator))
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
    };
    // What it would be read as, before anything is kept.
    let asked = post("/api/v1/imports/examine").body(Body::from(body.clone())).unwrap();
    let examined = house.send(asked).await.json();
    assert_eq!((&examined["lines"], &examined["unsettled"]), (&json!(2), &json!([])));
    assert_eq!(examined["columns"], json!(["code", "name"]));
    assert_eq!(examined["decisions"][0]["what"], "encoding");
    let ambiguous = body.replace("name = \"name\"", "name = \"name\", employees = \"n\"");
    let ambiguous =
        ambiguous.replace("code,name\nA-1,From file\n", "code,name,n\nA-1,From,\"1,000\"\n");
    let ambiguous = ambiguous.replace("A-2,'=1+1", "A-2,'=1+1,");
    let asked = post("/api/v1/imports/examine").body(Body::from(ambiguous)).unwrap();
    let examined = house.send(asked).await.json();
    assert_eq!(examined["unsettled"][0]["code"], "decimal-mark-ambiguous", "{examined}");
    let request = post("/api/v1/imports");
    let answer = house.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let job = house.store.claim_job("import").await.unwrap().unwrap();
    assert_eq!(job.id.to_string(), id);
    let actor = guanxi_store::Actor::system(guanxi_store::Origin::Job);
    guanxi_crm::exchange::run_import(&house.store, &actor, job.id, |_, _| {}).await.unwrap();
    let record = house.call("GET", &format!("/import_job/{id}"), Json::Null).await.json();
    assert_eq!((record["status"].clone(), record["lines_read"].clone()), (json!("done"), json!(2)));
    let found = house.call("GET", "/customer?code=A-2", Json::Null).await.json();
    assert_eq!(found["items"][0]["name"], "=1+1");
    let undone = house.call("POST", &format!("/imports/{id}/undo"), Json::Null).await;
    assert_eq!(undone.json()["changes"], 2, "{}", undone.text);
}
