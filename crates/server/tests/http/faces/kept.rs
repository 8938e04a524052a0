//! Conditions that are kept: a form that nobody changed keeps what it was opened with, and rules mean what
//! lists mean by the same words.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_base::{RawId, Rng};
use guanxi_crm::access::conditions;
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use super::ask::{Asking, encoded, with_ids};
use super::mended::Rooms;
use super::sent::untouched;
use crate::house::Answer;

both_databases!(
    a_form_that_nobody_changed_keeps_its_condition,
    what_no_control_shows_is_kept,
    what_is_not_complete_is_refused,
    rules_find_a_country_by_each_of_its_names,
    rules_name_records_by_their_ids,
    a_country_is_one_whatever_it_is_called,
    all_that_are_called_so_are_meant,
    words_make_no_segment,
);

/// So many random conditions are opened and saved.
const CONDITIONS: usize = 60;

impl Rooms {
    async fn post(&self, path: &str, form: &[(String, String)]) -> Answer {
        let form = form.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let cookie = format!("guanxi_session={}; guanxi_locale=en", self.session);
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = Body::from(form.collect::<Vec<_>>().join("&"));
        self.house.send(request.body(body).unwrap()).await
    }

    /// Opens the form of a record and saves it, with this besides; the record then.
    async fn saved(&self, of: &str, id: &str, besides: &[(&str, &str)]) -> Json {
        let (form, to) = match of {
            "chart" => ("action=\"/chart/build\"".to_owned(), "/chart/build".to_owned()),
            "segment" => ("action=\"/segment/build\"".to_owned(), "/segment/build".to_owned()),
            _ => (format!("action=\"/{of}/{id}\" data-draft"), format!("/{of}/{id}")),
        };
        let page = self.page(&format!("/{of}/{id}/edit")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let mut sent = untouched(&page.text, &form);
        sent.extend(besides.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        sent.push(("do".to_owned(), "save".to_owned()));
        let answer = self.post(&to, &sent).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{sent:?} {}", answer.text);
        self.get(&format!("/{of}/{id}")).await.json()
    }

    async fn role(&self, name: &str) -> String {
        self.make("role", json!({ "name": name })).await
    }

    /// What the clerk may do from now on is what this role says.
    async fn clerk_is(&self, role: &str) {
        let found = self.get("/user?email=clerk@example.com").await.json();
        let clerk = &found["items"][0];
        let body = json!({ "roles": [role], "version": clerk["version"] });
        let path = format!("/user/{}", clerk["id"].as_str().unwrap());
        let answer = self.house.call("PATCH", &path, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }

    async fn right(&self, role: &str, of: &str, condition: &str) -> Answer {
        let purposes = ["read", "create", "change"];
        let right = json!({ "role": role, "record_type": of, "purposes": purposes,
            "scope": "all", "condition": Some(condition).filter(|text| !text.is_empty()) });
        self.house.call("POST", "/role_right", right).await
    }

    async fn clerk(&self, method: &str, path: &str, body: Json) -> Answer {
        self.house.call_as(&self.house.clerk, method, path, &[], body).await
    }

    async fn clerk_sees(&self, path: &str) -> usize {
        let answer = self.clerk("GET", path, Json::Null).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.json()["items"].as_array().unwrap().len()
    }
}

async fn a_form_that_nobody_changed_keeps_its_condition(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    let catalog = rooms.house.store.catalog();
    let ids: Vec<RawId> = (1..9).map(|at| RawId(at * 1_000_003)).collect();
    let mut asking = Asking { rng: Rng::seeded(20), catalog: &catalog, places: ids.len() };
    let dashboard = rooms.make("dashboard", json!({ "name": "All" })).await;
    let role = rooms.role("Some").await;
    let mut kept = [0; 3];
    for at in 0..CONDITIONS {
        let question = asking.question();
        let filter = with_ids(&question.filter, &ids);
        let text = conditions::written(&filter);
        let of = question.record_type;
        let json = filter.to_json().to_string();
        let asked = rooms.get(&format!("/{of}?limit=1&filter={}", encoded(&json))).await;
        if asked.status != StatusCode::OK {
            continue;
        }
        let chart = json!({ "name": "Drawn", "kind": "number", "record_type": of,
            "condition": text, "dashboard": dashboard });
        let id = rooms.make("chart", chart).await;
        let saved = rooms.saved("chart", &id, &[]).await;
        assert_eq!(saved["condition"].as_str().unwrap_or_default(), text, "chart {filter:?}");
        kept[0] += 1;
        let right = rooms.right(&role, of, &text).await;
        if right.status == StatusCode::CREATED {
            let id = right.json()["id"].as_str().unwrap().to_owned();
            let saved = rooms.saved("role_right", &id, &[("purposes", "export")]).await;
            assert_eq!(saved["condition"].as_str().unwrap_or_default(), text, "right {filter:?}");
            assert_eq!(saved["purposes"].as_array().unwrap().len(), 4);
            kept[1] += 1;
        }
        if of == "customer" {
            let body = json!({ "name": format!("Segment {at}"), "condition": filter.to_json() });
            let id = rooms.make("segment", body).await;
            let saved = rooms.saved("segment", &id, &[]).await;
            assert_eq!(saved["condition"], filter.to_json(), "segment {filter:?}");
            kept[2] += 1;
        }
    }
    assert!(kept[0] > CONDITIONS / 2 && kept[1] > CONDITIONS / 4 && kept[2] > 2, "{kept:?}");
}

/// Nothing among several, nobody, more and deeper than is put together in a form; paths and ways to
/// compare that are not offered.
async fn what_no_control_shows_is_kept(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    let country = |name: &str| json!({ "field": "country", "op": "eq", "value": name });
    let many: Vec<Json> = (0..45).map(|at| country(&format!("Land {at}"))).collect();
    let deep = (0..6).fold(country("Peru"), |inner, at| match at % 2 {
        0 => json!({ "any": [inner, country("Chile")] }),
        _ => json!({ "all": [inner, country("China")] }),
    });
    let conditions = [
        json!({ "field": "country", "op": "in", "value": ["Chile", null] }),
        json!({ "field": "country", "op": "eq", "value": null }),
        json!({ "any": many }),
        deep,
        json!({ "any": [] }),
        json!({ "all": [{ "any": [] }, { "not": { "any": [] } }, { "all": [] }] }),
        json!({ "field": "parent.name", "op": "empty", "value": true }),
        json!({ "field": "credit_limit", "op": "ge", "value": 1000 }),
        json!({ "related": "customer", "via": "parent", "where": { "any": [] } }),
        json!({ "related": "order", "via": "customer", "where": { "all": [] } }),
    ];
    for (at, condition) in conditions.into_iter().enumerate() {
        let body = json!({ "name": format!("Segment {at}"), "condition": condition });
        let id = rooms.make("segment", body).await;
        let saved = rooms.saved("segment", &id, &[]).await;
        assert_eq!(saved["condition"], condition);
    }
    let role = rooms.role("Some").await;
    for condition in [
        "customer.industry.empty=true",
        "customer.country.not_in=Chile,Peru",
        "customer.created_at.within=this_year",
        "customer.email.contains=@acme",
        "notes.contains=secret",
        "customer.address.city.contains=Ber",
        "customer.group.empty=false",
        "customer.parent.country.starts=Ch",
        "total.currency.in=EUR,USD",
        "?status=confirmed&date.lt=2026-01-01",
        "owner.team.empty=true",
    ] {
        let right = rooms.right(&role, "order", condition).await;
        assert_eq!(right.status, StatusCode::CREATED, "{condition}: {}", right.text);
        let id = right.json()["id"].as_str().unwrap().to_owned();
        let saved = rooms.saved("role_right", &id, &[("purposes", "export")]).await;
        assert_eq!(saved["condition"], json!(condition));
    }
}

/// A condition without a value would be dropped, and more be granted than was meant.
async fn what_is_not_complete_is_refused(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    let role = rooms.role("Some").await;
    let right = rooms.right(&role, "order", "status=confirmed").await.json();
    let id = right["id"].as_str().unwrap();
    let page = rooms.page(&format!("/role_right/{id}/edit")).await.text;
    let mut sent = untouched(&page, &format!("action=\"/role_right/{id}\" data-draft"));
    for (_, value) in sent.iter_mut().filter(|(name, _)| name == "c.0.value") {
        value.clear();
    }
    let answer = rooms.post(&format!("/role_right/{id}"), &sent).await;
    assert_ne!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert!(answer.text.contains("is compared with nothing yet"), "{}", answer.text);
    let stored = rooms.get(&format!("/role_right/{id}")).await.json();
    assert_eq!(stored["condition"], json!("status=confirmed"));
    // To take it away is to say so.
    let sent: Vec<_> = sent.into_iter().filter(|(name, _)| !name.starts_with("c.0.")).collect();
    let answer = rooms.post(&format!("/role_right/{id}"), &sent).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
}

async fn rules_find_a_country_by_each_of_its_names(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    let mut of_one = String::new();
    for (name, country) in [("A", "China"), ("B", "中国"), ("C", "中国"), ("D", "Chile")] {
        let id = rooms.make("customer", json!({ "name": name, "country": country })).await;
        of_one = if name == "B" { id } else { of_one };
    }
    for (condition, seen) in [
        ("country=China", 3),
        ("country=中国", 3),
        ("country.ne=China", 1),
        ("country.in=China,Peru", 3),
        ("country.not_in=中国", 1),
        ("country.starts=Chi", 4),
        ("country.contains=国", 3),
    ] {
        let role = rooms.role(condition).await;
        let right = rooms.right(&role, "customer", condition).await;
        assert_eq!(right.status, StatusCode::CREATED, "{}", right.text);
        rooms.clerk_is(&role).await;
        assert_eq!(rooms.clerk_sees("/customer").await, seen, "{condition}");
    }
    // A seller decides so far for customers of one country, whatever it is called.
    let role = rooms.role("Seller").await;
    for of in ["customer", "order"] {
        assert_eq!(rooms.right(&role, of, "").await.status, StatusCode::CREATED);
    }
    let limit = json!({ "role": role, "record_type": "order", "field": "total",
        "at_most": "100 EUR", "condition": "status=confirmed&customer.country=China" });
    rooms.make("authority_limit", limit).await;
    rooms.clerk_is(&role).await;
    let order = rooms.make("order", json!({ "number": "SO-9", "customer": of_one })).await;
    let price = json!({ "amount": "500", "currency": "EUR" });
    let line = json!({ "order": order, "description": "Crane", "quantity": "1",
        "unit_price": price });
    rooms.make("order_line", line).await;
    let path = format!("/order/{order}");
    let version = rooms.get(&path).await.json()["version"].clone();
    let confirmed = json!({ "status": "confirmed", "version": version });
    let refused = rooms.clerk("PATCH", &path, confirmed).await;
    assert_eq!(refused.problems(), ["over-your-limit total"], "{}", refused.text);
}

async fn rules_name_records_by_their_ids(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    let one = rooms.make("customer", json!({ "name": "One Co" })).await;
    let other = rooms.make("customer", json!({ "name": "Other Co" })).await;
    for (number, customer) in [("SO-1", &one), ("SO-2", &other)] {
        rooms.make("order", json!({ "number": number, "customer": customer })).await;
    }
    let role = rooms.role("Of one").await;
    let right = rooms.right(&role, "order", "customer=One Co").await;
    assert_eq!(right.status, StatusCode::CREATED, "{}", right.text);
    assert_eq!(right.json()["condition"], json!(format!("customer.in={one}")));
    rooms.clerk_is(&role).await;
    assert_eq!(rooms.clerk_sees("/order").await, 1);
    // Whoever is called so later is not meant.
    let late = rooms.make("customer", json!({ "name": "One Co" })).await;
    rooms.make("order", json!({ "number": "SO-3", "customer": late })).await;
    assert_eq!(rooms.clerk_sees("/order").await, 1);
    for (wrong, code) in [
        ("customer=Nobody Co", "link-to-nothing condition"),
        ("customer.in=One Co,Nobody Co", "link-to-nothing condition"),
        ("total.ge=much", "money-needs-currency condition"),
        ("customer.colour=red", "unknown-field condition"),
        ("date.within=whenever", "not-a-period condition"),
    ] {
        let right = rooms.right(&role, "order", wrong).await;
        assert_eq!(right.problems(), [code], "{wrong}");
        let limit = json!({ "role": role, "record_type": "order", "field": "total",
            "at_most": "100 EUR", "condition": wrong });
        let limit = rooms.house.call("POST", "/authority_limit", limit).await;
        assert_eq!(limit.problems(), [code], "{wrong}");
    }
}

async fn a_country_is_one_whatever_it_is_called(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    for (name, country) in [("A", "China"), ("B", "中国"), ("C", "中国"), ("D", "Chile")] {
        let body = json!({ "name": name, "country": country, "employees": 10 });
        rooms.make("customer", body).await;
    }
    for (asked, found) in [
        ("country=China", "ABC"),
        ("country=中国", "ABC"),
        ("country.ne=中国", "D"),
        ("country.ne=China", "D"),
        ("country.in=中国", "ABC"),
        ("country.not_in=China", "D"),
        ("country.contains=hin", "ABC"),
        ("country.contains=国", "ABC"),
        ("country.starts=中", "ABC"),
        ("country.starts=Chil", "D"),
    ] {
        let (name, value) = asked.split_once('=').unwrap();
        let asked = format!("{name}={}", encoded(value));
        let path = format!("/customer?{asked}&sort=name");
        assert_eq!(rooms.found(&path, "name").await.concat(), found, "{asked}");
        let file = rooms.get(&format!("/customer/export?{asked}&format=csv&columns=name")).await;
        assert_eq!(file.text.lines().count(), found.len() + 1, "{asked}: {}", file.text);
        let count = rooms.get(&format!("/customer/aggregate?{asked}")).await.json();
        assert_eq!(count["groups"][0]["count"], json!(found.len()), "{asked}");
        for locale in ["en", "zh_cn"] {
            let page = rooms.page_in(locale, &format!("/customer?{asked}")).await;
            let rows = page.text.matches("href=\"/customer/0").count();
            assert!(rows > 0, "{}", page.text);
            for name in ["A", "B", "C", "D"] {
                let is_there = page.text.contains(&format!(">{name}</a>"));
                assert_eq!(is_there, found.contains(name), "{locale} {asked} {name}");
            }
        }
    }
    let path = "/customer/aggregate?group_by=country&measures=count,sum:employees,avg:employees";
    let groups = rooms.get(path).await.json()["groups"].clone();
    let group = |country: &str, count: i64| {
        json!({ "country": country, "count": count, "sum:employees": count * 10,
            "avg:employees": "10" })
    };
    assert_eq!(groups, json!([group("Chile", 1), group("China", 3)]));
    let chart = json!({ "kind": "bar", "record_type": "customer", "group_by": "country" });
    for (label, number, list) in rooms.marks(chart).await {
        let rows = rooms.found(&list, "name").await.len();
        assert_eq!(number, json!(rows), "{label}");
    }
}

async fn all_that_are_called_so_are_meant(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    let customer = rooms.make("customer", json!({ "name": "Of all" })).await;
    for at in 0..60 {
        let body = json!({ "name": "王伟", "customer": customer });
        let contact = rooms.make("contact", body).await;
        rooms.make("task", json!({ "subject": format!("Call {at}"), "contact": contact })).await;
    }
    let name = encoded("王伟");
    for (asked, number) in [
        (format!("contact={name}"), 60),
        (format!("contact.name={name}"), 60),
        (format!("contact.ne={name}"), 0),
        (format!("contact.not_in={name}"), 0),
    ] {
        let found = rooms.found(&format!("/task?{asked}&limit=200"), "subject").await;
        assert_eq!(found.len(), number, "{asked}");
    }
}

async fn words_make_no_segment(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    rooms.make("customer", json!({ "name": "Steel", "country": "Chile" })).await;
    let offers = |text: &str| text.contains("/segment/new?");
    assert!(offers(&rooms.page("/customer?country=Chile").await.text));
    assert!(!offers(&rooms.page("/customer?country=Chile&q=Steel").await.text));
    let refused = rooms.page("/segment/new?country=Chile&q=Steel").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
}
