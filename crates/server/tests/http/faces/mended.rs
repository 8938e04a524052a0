//! Questions that faces once answered differently, or not as a person means them, with their right
//! answers.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_crm::insights::{catch_up, warm};
use guanxi_crm::segments::Choosing;
use guanxi_record::{Filter, Op};
use guanxi_server::AppConfig;
use guanxi_store::{Actor, NewSignIn, Origin, SignInKind};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;
use serde_json::{Value as Json, json};

use super::ask::encoded;
use crate::house::{Answer, House};

both_databases!(
    an_empty_parameter_is_no_condition,
    a_field_named_like_a_parameter_is_asked_for,
    several_choices_are_any_or_none_of_them,
    a_whole_day_of_a_time_is_that_day,
    what_no_database_has_is_refused,
    a_value_with_a_comma_stands_in_quotation_marks,
    amounts_are_looked_for_with_their_currency,
    a_chart_by_several_choices_has_a_mark_for_each,
    each_mark_has_the_list_of_its_own_currency,
    a_sum_that_no_number_holds_is_refused,
);

/// A house with the browser of its administrator.
pub(super) struct Rooms {
    pub(super) house: House,
    pub(super) session: String,
}

impl Rooms {
    pub(super) async fn open(database: &TestDatabase) -> Self {
        let house = House::open(database).await;
        let users = house.call("GET", "/user?email=admin@example.com", Json::Null).await.json();
        let id = users["items"][0]["id"].as_str().unwrap().parse().unwrap();
        let session = NewSignIn::of(SignInKind::Session);
        let session = house.store.create_sign_in(id, session).await.unwrap();
        Self { house, session }
    }

    pub(super) async fn make(&self, record_type: &str, fields: Json) -> String {
        let answer = self.house.call("POST", &format!("/{record_type}"), fields).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.house.call("GET", path, Json::Null).await
    }

    /// A field of the records that a list has, sorted.
    pub(super) async fn found(&self, path: &str, field: &str) -> Vec<String> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        let json = answer.json();
        let items = json["items"].as_array().unwrap().iter();
        let text = |item: &Json| match &item[field] {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut found: Vec<String> = items.map(text).collect();
        found.sort();
        found
    }

    async fn refused(&self, path: &str) -> Vec<String> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", answer.text);
        answer.problems()
    }

    pub(super) async fn page(&self, path: &str) -> Answer {
        self.page_in("en", path).await
    }

    pub(super) async fn page_in(&self, locale: &str, path: &str) -> Answer {
        let cookie = format!("guanxi_session={}; guanxi_locale={locale}", self.session);
        let request = Request::get(path).header(header::COOKIE, cookie);
        self.house.send(request.body(Body::empty()).unwrap()).await
    }

    /// A chart's marks: label, number and list.
    pub(super) async fn marks(&self, chart: Json) -> Vec<(String, Json, String)> {
        let on = self.make("dashboard", json!({ "name": "All" })).await;
        let mut chart = chart;
        (chart["name"], chart["dashboard"]) = (json!("Drawn"), json!(on));
        let id = self.make("chart", chart).await;
        let drawn = self.get(&format!("/chart/{id}/numbers")).await.json();
        let mut marks = Vec::new();
        for item in drawn["items"].as_array().unwrap() {
            for mark in item["marks"].as_array().unwrap().iter().filter(|mark| !mark.is_null()) {
                let label = item["label"].as_str().unwrap().to_owned();
                let list = mark["list"].as_str().unwrap().to_owned();
                marks.push((label, mark["value"].clone(), list));
            }
        }
        marks
    }
}

fn filter(json: &Json) -> String {
    format!("filter={}", encoded(&json.to_string()))
}

/// F02: what says nothing is refused; a control of the page that was left empty is left out.
async fn an_empty_parameter_is_no_condition(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    for (name, industry) in [("One", "mining"), ("Two", "trade")] {
        rooms.make("customer", json!({ "name": name, "industry": industry })).await;
    }
    rooms.make("customer", json!({ "name": "None" })).await;
    for parameter in ["industry=", "industry.in=", "industry.not_in=", "industry.ne=%20"] {
        let name = parameter.split('=').next().unwrap();
        let refused = rooms.refused(&format!("/customer?{parameter}")).await;
        assert_eq!(refused, [format!("nothing-compared {name}")]);
        let refused = rooms.refused(&format!("/customer/export?{parameter}")).await;
        assert_eq!(refused, [format!("nothing-compared {name}")]);
    }
    let of = |op: &str, value: Json| json!({ "field": "industry", "op": op, "value": value });
    for (asked, names) in [
        (of("in", json!([])), vec![]),
        (of("not_in", json!([])), vec!["None", "One", "Two"]),
        (of("in", json!(["mining", null])), vec!["None", "One"]),
        (of("not_in", json!(["mining", null])), vec!["Two"]),
    ] {
        assert_eq!(rooms.found(&format!("/customer?{}", filter(&asked)), "name").await, names);
    }
    for asked in [
        of("eq", json!("")),
        of("contains", json!(" ")),
        of("in", json!(["a", ""])),
        of("lt", Json::Null),
    ] {
        let refused = rooms.refused(&format!("/customer?{}", filter(&asked))).await;
        assert_eq!(refused, ["nothing-compared industry"], "{asked}");
    }
    let sent = rooms.page("/customer?q=&industry.contains=&country=Chile&kind=").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert_eq!(sent.headers[header::LOCATION], "/customer?country=Chile");
    let shown = rooms.page("/customer?industry.in=").await;
    assert!(shown.text.contains("compared with nothing") && !shown.text.contains("data-href"));
}

/// F05: a field is asked for by its name and operation, whatever else its name means.
async fn a_field_named_like_a_parameter_is_asked_for(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    for price in ["500", "20"] {
        let order = rooms.make("order", json!({ "customer_reference": price })).await;
        let amount = json!({ "amount": price, "currency": "EUR" });
        let line =
            json!({ "order": order, "description": "It", "quantity": "1", "unit_price": amount });
        rooms.make("order_line", line).await;
    }
    let list = "total.eq=500%20EUR";
    let found = rooms.found(&format!("/order?{list}&total=true"), "customer_reference").await;
    assert_eq!(found, ["500"]);
    // The control of the page sets the same parameter, and shows what it is set to.
    let shown = rooms.page(&format!("/order?{list}")).await.text;
    assert!(shown.contains("name=\"total.eq\" value=\"500 EUR\""), "{shown}");
    assert_eq!(shown.matches("data-href=\"/order/").count(), 1);
    let number = rooms.page(&format!("/order/total?{list}")).await.text;
    assert!(number.starts_with('1'), "{number}");
    let chart = json!({ "kind": "bar", "record_type": "order", "group_by": "total" });
    let marks = rooms.marks(chart).await;
    assert_eq!(marks.len(), 2);
    for (label, _, list) in marks {
        let found = rooms.found(&list, "customer_reference").await;
        assert_eq!(format!("{}.00 EUR", found[0]), label, "{list}");
    }
    // A chart's own condition that was written without the operation.
    let chart = json!({ "kind": "number", "record_type": "order", "condition": "total=500+EUR" });
    let marks = rooms.marks(chart).await;
    assert_eq!(marks[0].1, json!(1));
    assert_eq!(rooms.found(&marks[0].2, "customer_reference").await, ["500"]);
    // Fields that were added are never mistaken.
    for name in ["limit", "sort", "q"] {
        let field = json!({ "record_type": "customer", "name": name, "kind": "text",
            "label_en": name });
        rooms.make("custom_field", field).await;
    }
    rooms
        .make("customer", json!({ "name": "One", "x_limit": "7", "x_sort": "a", "x_q": "b" }))
        .await;
    rooms.make("customer", json!({ "name": "Two", "x_limit": "8" })).await;
    for parameter in ["x_limit=7", "x_sort=a", "x_q=b"] {
        assert_eq!(rooms.found(&format!("/customer?{parameter}"), "name").await, ["One"]);
    }
}

/// F06: any of them, or none of them; the same from columns and for fields that were added.
async fn several_choices_are_any_or_none_of_them(database: TestDatabase) {
    let warehouse = Warehouse::open("memory:///").unwrap();
    let config = AppConfig { warehouse: Some(warehouse.clone()), ..AppConfig::default() };
    let house = House::open_with(&database, config).await;
    let rooms = Rooms { house, session: String::new() };
    let field = json!({ "record_type": "contact", "name": "likes", "kind": "choices",
        "label_en": "Likes", "options": "tea\ncake\nboth, please" });
    rooms.make("custom_field", field).await;
    let at = rooms.make("customer", json!({ "name": "Firm" })).await;
    for (name, roles, likes) in [
        ("A", json!(["finance", "user"]), json!(["tea", "both, please"])),
        ("B", json!(["user"]), json!(["cake"])),
        ("C", json!(["technical"]), json!(["tea"])),
        ("D", json!([]), Json::Null),
    ] {
        let contact = json!({ "name": name, "customer": at, "roles": roles, "x_likes": likes });
        rooms.make("contact", contact).await;
    }
    let cases: [(&str, Op, &[&str], &[&str]); 9] = [
        ("roles", Op::In, &["finance", "technical"], &["A", "C"]),
        ("roles", Op::NotIn, &["finance"], &["B", "C", "D"]),
        ("roles", Op::NotIn, &["finance", "user"], &["C", "D"]),
        ("roles", Op::In, &["champion"], &[]),
        ("x_likes", Op::In, &["both, please", "cake"], &["A", "B"]),
        ("x_likes", Op::NotIn, &["tea"], &["B", "D"]),
        ("roles", Op::Eq, &["user"], &["A", "B"]),
        ("roles", Op::Ne, &["user"], &["C", "D"]),
        ("x_likes", Op::Contains, &["tea"], &["A", "C"]),
    ];
    for _ in 0..10_000 {
        catch_up(&rooms.house.store, &warehouse).await.unwrap();
        if warehouse.manifest().await.unwrap().rows("contact") == 4 {
            break;
        }
        tokio::task::yield_now().await;
    }
    warm(&rooms.house.store, &warehouse).await.unwrap();
    let actor = Actor::system(Origin::Api);
    let choosing = Choosing::begin(&rooms.house.store, &warehouse, &actor).await.unwrap();
    for (field, op, values, names) in cases {
        let value = if matches!(op, Op::In | Op::NotIn) { json!(values) } else { json!(values[0]) };
        let asked = Filter::compare(field, op, value);
        let path = format!("/contact?{}", filter(&asked.to_json()));
        assert_eq!(rooms.found(&path, "name").await, names, "{asked:?}");
        let parameter = encoded(&guanxi_record::write_list(values.iter().copied()));
        let path = format!("/contact?{field}.{}={parameter}", op.name());
        if matches!(op, Op::In | Op::NotIn) {
            assert_eq!(rooms.found(&path, "name").await, names, "{path}");
        }
        let mask = choosing.mask("contact", &asked).await.unwrap();
        assert_eq!(mask.iter().filter(|one| **one).count(), names.len(), "{asked:?}");
    }
}

/// F08: a day names all of its moments, in the zone of who asks, for every way to compare.
async fn a_whole_day_of_a_time_is_that_day(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    let at = rooms.make("customer", json!({ "name": "Firm" })).await;
    for (subject, time) in [
        ("before", "2026-11-27T15:59:59.999999Z"),
        ("first", "2026-11-27T16:00:00Z"),
        ("last", "2026-11-28T15:59:59.999999Z"),
        ("after", "2026-11-28T16:00:00Z"),
    ] {
        rooms.make("interaction", json!({ "subject": subject, "customer": at, "at": time })).await;
    }
    for (asked, subjects) in [
        ("at=2026-11-28", vec!["first", "last"]),
        ("at.ne=2026-11-28", vec!["after", "before"]),
        ("at.le=2026-11-28", vec!["before", "first", "last"]),
        ("at.gt=2026-11-28", vec!["after"]),
        ("at.lt=2026-11-28", vec!["before"]),
        ("at.ge=2026-11-28", vec!["after", "first", "last"]),
        ("at.in=2026-11-27,2026-11-29", vec!["after", "before"]),
        ("at.not_in=2026-11-28", vec!["after", "before"]),
        ("at=2026-11-28T00:00:00%2B08:00", vec!["first"]),
        ("at.in=2026-11-27T16:00:00Z,2026-11-29", vec!["after", "first"]),
    ] {
        assert_eq!(
            rooms.found(&format!("/interaction?{asked}"), "subject").await,
            subjects,
            "{asked}"
        );
    }
    // A date with a time but no zone is no day.
    let refused = rooms.refused("/interaction?at=2026-11-28%2010:00").await;
    assert_eq!(refused, ["not-a-time at"]);
}

/// F09: refused with a reason, on both databases, wherever it comes from.
async fn what_no_database_has_is_refused(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    rooms.make("customer", json!({ "name": "One" })).await;
    for (path, code) in [
        ("/customer?name.contains=%00", "control-character name"),
        ("/customer?name.starts=a%00", "control-character name"),
        ("/customer?name=a%00", "control-character name"),
        ("/customer?name.in=a,b%00", "control-character name"),
        ("/order?date.within=last_9999_years", "not-a-period date"),
        ("/order?date.ge=9999_years_ago", "not-a-date date"),
        ("/order?date=-000043-03-15", "not-a-date date"),
        ("/interaction?at.within=last_9999_years", "not-a-period at"),
        ("/interaction?at.within=next_9999_years", "not-a-period at"),
        ("/interaction?at=9999-12-31", "not-a-time at"),
        ("/interaction?at.ge=-000043-03-15T00:00:00Z", "not-a-time at"),
    ] {
        assert_eq!(rooms.refused(path).await, [code], "{path}");
    }
    assert_eq!(rooms.found("/customer?q=%00", "name").await, Vec::<String>::new());
    for (field, value) in [("name", json!("a\u{0}b")), ("notes", json!("a\u{0}"))] {
        let made = json!({ "name": "Two", field: value });
        let answer = rooms.house.call("POST", "/customer", made).await;
        assert_eq!(answer.problems(), [format!("control-character {field}")]);
    }
    let answer = rooms.house.call("POST", "/order", json!({ "date": "-000043-03-15" })).await;
    assert_eq!(answer.problems(), ["not-a-date date"]);
    let json = json!({ "name": "S", "condition": { "all": [], "x": "\u{0}" } });
    let answer = rooms.house.call("POST", "/segment", json).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
}

/// F10: as in a CSV file.
async fn a_value_with_a_comma_stands_in_quotation_marks(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    for industry in ["STRASSE, Gro\u{df}e", "STRASSE", "say \"yes\", no", "other"] {
        rooms.make("customer", json!({ "name": industry, "industry": industry })).await;
    }
    for (list, names) in [
        ("\"STRASSE, Gro\u{df}e\"", vec!["STRASSE, Gro\u{df}e"]),
        ("\"STRASSE, Gro\u{df}e\",other", vec!["STRASSE, Gro\u{df}e", "other"]),
        ("\"say \"\"yes\"\", no\" , STRASSE", vec!["STRASSE", "say \"yes\", no"]),
        ("STRASSE,,other", vec!["STRASSE", "other"]),
    ] {
        let path = format!("/customer?industry.in={}", encoded(list));
        assert_eq!(rooms.found(&path, "name").await, names, "{list}");
    }
}

/// Amounts among several: the currency counts where it is named, and can be asked for alone.
async fn amounts_are_looked_for_with_their_currency(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    for (name, amount, currency) in [("A", "5", "EUR"), ("B", "5", "JPY"), ("C", "7", "EUR")] {
        let limit = json!({ "amount": amount, "currency": currency });
        rooms.make("customer", json!({ "name": name, "credit_limit": limit })).await;
    }
    rooms.make("customer", json!({ "name": "D" })).await;
    for (asked, names) in [
        ("credit_limit.in=5%20EUR,7%20JPY", vec!["A"]),
        ("credit_limit.not_in=5%20EUR,7%20JPY", vec!["B", "C", "D"]),
        ("credit_limit.in=5", vec!["A", "B"]),
        ("credit_limit.currency=EUR", vec!["A", "C"]),
        ("credit_limit.currency.ne=EUR", vec!["B", "D"]),
        ("credit_limit.currency.in=JPY,KWD", vec!["B"]),
        ("credit_limit.currency.empty=true", vec!["D"]),
    ] {
        assert_eq!(rooms.found(&format!("/customer?{asked}"), "name").await, names, "{asked}");
    }
}

/// D04: a record stands at each of its choices, and each mark leads to those that have it.
async fn a_chart_by_several_choices_has_a_mark_for_each(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    let field = json!({ "record_type": "contact", "name": "partners", "kind": "links",
        "label_en": "Partners", "link_to": "customer" });
    rooms.make("custom_field", field).await;
    let at = rooms.make("customer", json!({ "name": "Firm" })).await;
    let other = rooms.make("customer", json!({ "name": "Other" })).await;
    for (name, roles, partners) in [
        ("A", json!(["finance", "user"]), json!([at, other])),
        ("B", json!(["user"]), json!([other])),
        ("C", json!([]), Json::Null),
    ] {
        let contact =
            json!({ "name": name, "customer": at, "roles": roles, "x_partners": partners });
        rooms.make("contact", contact).await;
    }
    for (group, wanted) in [
        ("roles", [("User", vec!["A", "B"]), ("Finance", vec!["A"]), ("Not set", vec!["C"])]),
        ("x_partners", [("Other", vec!["A", "B"]), ("Firm", vec!["A"]), ("Not set", vec!["C"])]),
    ] {
        let chart = json!({ "kind": "bar", "record_type": "contact", "group_by": group });
        let marks = rooms.marks(chart).await;
        assert_eq!(marks.len(), wanted.len(), "{marks:?}");
        for (label, names) in wanted {
            let mark = marks.iter().find(|(one, _, _)| one == label);
            let (_, number, list) = mark.unwrap_or_else(|| panic!("{label}: {marks:?}"));
            assert_eq!(*number, json!(names.len()), "{label}");
            assert_eq!(rooms.found(list, "name").await, names, "{list}");
        }
    }
}

/// D06: sums of several currencies lead to the records of each.
async fn each_mark_has_the_list_of_its_own_currency(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    for (name, amount, currency) in
        [("A", "5", "EUR"), ("B", "500", "JPY"), ("C", "7", "EUR"), ("D", "1.234", "KWD")]
    {
        let limit = json!({ "amount": amount, "currency": currency });
        let customer = json!({ "name": name, "country": "Chile", "credit_limit": limit });
        rooms.make("customer", customer).await;
    }
    rooms.make("customer", json!({ "name": "E", "country": "Chile" })).await;
    for chart in [
        json!({ "kind": "bar", "record_type": "customer", "group_by": "country",
            "measure": "sum:credit_limit" }),
        json!({ "kind": "number", "record_type": "customer", "measure": "sum:credit_limit" }),
    ] {
        let marks = rooms.marks(chart).await;
        assert_eq!(marks.len(), 3);
        for (_, value, list) in marks {
            let names = rooms.found(&list, "name").await;
            let wanted = match value["currency"].as_str().unwrap() {
                "EUR" => ("12.00", vec!["A", "C"]),
                "JPY" => ("500", vec!["B"]),
                _ => ("1.234", vec!["D"]),
            };
            assert_eq!(value["amount"], wanted.0, "{list}");
            assert_eq!(names, wanted.1, "{list}");
        }
    }
}

/// Two of the largest amounts: each is kept, their sum is none.
async fn a_sum_that_no_number_holds_is_refused(database: TestDatabase) {
    let rooms = Rooms::open(&database).await;
    for name in ["A", "B"] {
        let limit = json!({ "amount": "900000000000000", "currency": "EUR" });
        rooms.make("customer", json!({ "name": name, "credit_limit": limit })).await;
    }
    let sum = "/customer/aggregate?measures=sum:credit_limit";
    assert_eq!(rooms.refused(sum).await, ["sum-too-large -"]);
    let one = rooms.get(&format!("{sum}&name=A")).await.json();
    assert_eq!(one["groups"][0]["sum:credit_limit"]["amount"], "900000000000000.00");
}
