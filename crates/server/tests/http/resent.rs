//! Forms that are sent twice: what comes again leads where the first led, what else comes with the same form is
//! told and not saved, and nothing is made two times.

use axum::http::{StatusCode, header};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use crate::entering::send;
use crate::forms::{Browser, form, form_with, made, record, session, set};
use crate::house::{Answer, House};
use crate::importing::upload;

both_databases!(
    a_form_that_is_sent_twice_makes_one_record,
    of_two_at_once_the_second_gets_the_first_one_s_answer,
    what_else_is_sent_with_the_same_form_is_told_and_can_be_saved_as_another,
    what_was_taken_back_is_made_anew_only_by_a_second_press,
    a_change_that_is_sent_twice_is_one_change,
    a_file_comes_once_with_a_form_that_is_sent_twice,
    forms_that_put_something_together_make_it_once,
    an_import_that_is_started_twice_is_one,
    an_undo_says_before_what_it_takes_back,
);

type Fields = Vec<(String, String)>;

async fn count(house: &House, of: &str) -> Json {
    let all = house.call("GET", &format!("/{of}?limit=200"), Json::Null).await.json();
    json!(all["items"].as_array().unwrap().len())
}

fn to(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.headers[header::LOCATION].to_str().unwrap().to_owned()
}

async fn new_customer(browser: &Browser<'_>, name: &str) -> Fields {
    let mut fields = form(&browser.get("/customer/new").await.text);
    set(&mut fields, "name", name);
    fields
}

async fn a_form_that_is_sent_twice_makes_one_record(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    for name in ["Müller & Söhne", "华为技术", "O'Brien <b>", "  spaced  ", "😀 \u{200f}שלום"]
    {
        let before = count(&house, "customer").await.as_u64().unwrap();
        let fields = new_customer(&browser, name).await;
        let first = to(&browser.post("/customer", &fields).await);
        for _ in 0..3 {
            assert_eq!(to(&browser.post("/customer", &fields).await), first, "{name}");
        }
        assert_eq!(count(&house, "customer").await, json!(before + 1), "{name}");
        // A form that is opened anew is another one, whatever it says.
        let fields = new_customer(&browser, name).await;
        assert_ne!(to(&browser.post("/customer", &fields).await), first);
        assert_eq!(count(&house, "customer").await, json!(before + 2), "{name}");
    }
    // A line of an order, by the form below the others, and by its own with "and another".
    let customer = house.customer("Buyer").await["id"].clone();
    let order = made(&house, "order", json!({ "customer": customer, "date": "2026-03-01" })).await;
    let page = browser.get(&format!("/order/{order}")).await.text;
    let mut fields = form_with(&page, "id=\"add\"");
    set(&mut fields, "description", "Ladder");
    set(&mut fields, "unit_price", "10");
    let first = to(&browser.post("/order_line", &fields).await);
    assert_eq!(to(&browser.post("/order_line", &fields).await), first);
    assert_eq!(count(&house, "order_line").await, json!(1));
    let page = browser.get(&format!("/order_line/new?order={order}")).await.text;
    let mut fields = form(&page);
    set(&mut fields, "description", "Rope");
    set(&mut fields, "unit_price", "5");
    let first = to(&browser.post("/order_line", &fields).await);
    set(&mut fields, "then", "again");
    assert_eq!(to(&browser.post("/order_line", &fields).await), first);
    assert_eq!(count(&house, "order_line").await, json!(2));
    // A form that was refused is the same form: it makes one record when it is right.
    let fields = form(&browser.get("/customer/new").await.text);
    let refused = browser.post("/customer", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut fields = form(&refused.text);
    set(&mut fields, "name", "In the end");
    let first = to(&browser.post("/customer", &fields).await);
    assert_eq!(to(&browser.post("/customer", &fields).await), first);
}

async fn of_two_at_once_the_second_gets_the_first_one_s_answer(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    for round in 0..5 {
        let fields = new_customer(&browser, &format!("At once {round}")).await;
        let post = || browser.post("/customer", &fields);
        let (one, two, three) = tokio::join!(post(), post(), post());
        assert_eq!(to(&one), to(&two));
        assert_eq!(to(&one), to(&three));
    }
    assert_eq!(count(&house, "customer").await, json!(5));
    // Answers are remembered for three months.
    let fields = new_customer(&browser, "Long ago").await;
    let first = to(&browser.post("/customer", &fields).await);
    house.store.forget_old_answers().await.unwrap();
    assert_eq!(to(&browser.post("/customer", &fields).await), first);
    house.clock.advance(guanxi_base::SignedDuration::from_hours(24 * 91));
    house.store.forget_old_answers().await.unwrap();
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let anew = to(&browser.post("/customer", &fields).await);
    assert!(anew.starts_with("/customer/") && anew != first, "{anew}");
}

async fn what_else_is_sent_with_the_same_form_is_told_and_can_be_saved_as_another(
    database: TestDatabase,
) {
    let house = House::open(&database).await;
    for (locale, said) in [("en", "This form was saved before, as"), ("zh_cn", "此表单已保存为")]
    {
        let browser = Browser { house: &house, session: session(&house).await, locale };
        let before = count(&house, "customer").await.as_u64().unwrap();
        let mut fields = new_customer(&browser, "First").await;
        let first = to(&browser.post("/customer", &fields).await);
        set(&mut fields, "name", "Second");
        set(&mut fields, "notes", "not to be lost");
        let told = browser.post("/customer", &fields).await;
        assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.text);
        assert!(told.text.contains(said), "{}", told.text);
        let record = first.split('?').next().unwrap();
        assert!(told.text.contains(&format!("href=\"{record}\"")), "{}", told.text);
        assert_eq!(count(&house, "customer").await, json!(before + 1));
        // What was entered stands there, and is another record once it is saved again.
        let fields = form(&told.text);
        let has = |name: &str, value: &str| fields.iter().any(|(n, v)| n == name && v == value);
        assert!(has("name", "Second") && has("notes", "not to be lost"), "{fields:?}");
        let second = to(&browser.post("/customer", &fields).await);
        assert_ne!(second, first);
        assert_eq!(to(&browser.post("/customer", &fields).await), second);
        assert_eq!(count(&house, "customer").await, json!(before + 2));
    }
}

async fn what_was_taken_back_is_made_anew_only_by_a_second_press(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let fields = new_customer(&browser, "Undone").await;
    let first = to(&browser.post("/customer", &fields).await);
    let change = first.split("saved=").nth(1).unwrap().to_owned();
    to(&browser.post("/undo", &[("change_set".to_owned(), change)]).await);
    let told = browser.post("/customer", &fields).await;
    assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.text);
    assert!(told.text.contains("was taken back or put away since"), "{}", told.text);
    to(&browser.post("/customer", &form(&told.text)).await);
    assert_eq!(count(&house, "customer").await, json!(1));
}

async fn a_change_that_is_sent_twice_is_one_change(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let id = house.customer("Before").await["id"].as_str().unwrap().to_owned();
    let path = format!("/customer/{id}");
    let mut fields = form(&browser.get(&format!("{path}/edit")).await.text);
    set(&mut fields, "name", "After");
    let first = to(&browser.post(&path, &fields).await);
    assert_eq!(to(&browser.post(&path, &fields).await), first);
    assert_eq!(record(&house, &path).await["version"], json!(2));
    // Another change with the same form is one of a version that is no longer there.
    set(&mut fields, "name", "Other");
    let answer = browser.post(&path, &fields).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
    assert_eq!(record(&house, &path).await["name"], "After");
}

async fn a_file_comes_once_with_a_form_that_is_sent_twice(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let body = json!({ "record_type": "customer", "name": "x_contract", "kind": "file",
                       "label_en": "Contract", "label_zh_cn": "合同" });
    made(&house, "custom_field", body).await;
    let fields = new_customer(&browser, "With a file").await;
    let file = |content: &'static str| Some(("x_contract.file", content));
    let first = to(&send(&browser, "/customer", &fields, file("signed")).await);
    assert_eq!(to(&send(&browser, "/customer", &fields, file("signed")).await), first);
    assert_eq!(count(&house, "customer").await, json!(1));
    assert_eq!(count(&house, "file").await, json!(1));
    // Another file is something else.
    let told = send(&browser, "/customer", &fields, file("another")).await;
    assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.text);
    assert_eq!(count(&house, "customer").await, json!(1));
}

/// Sends a form twice; both times it leads to the same place.
async fn twice(browser: &Browser<'_>, path: &str, fields: &Fields) -> String {
    let first = to(&browser.post(path, fields).await);
    assert_eq!(to(&browser.post(path, fields).await), first, "{path}");
    first
}

async fn forms_that_put_something_together_make_it_once(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let mut fields = form_with(&browser.get("/segment/new").await.text, "id=\"segment-form\"");
    set(&mut fields, "name", "Ours");
    set(&mut fields, "do", "save");
    let segment = twice(&browser, "/segment/build", &fields).await;
    assert_eq!(count(&house, "segment").await, json!(1));
    set(&mut fields, "name", "Theirs");
    let told = browser.post("/segment/build", &fields).await;
    assert!(told.text.contains("This form was saved before"), "{}", told.text);
    let mut fields = form_with(&told.text, "id=\"segment-form\"");
    set(&mut fields, "do", "save");
    twice(&browser, "/segment/build", &fields).await;
    assert_eq!(count(&house, "segment").await, json!(2));
    let mut fields = form_with(&browser.get("/chart/new").await.text, "id=\"chart-form\"");
    for (name, value) in [("name", "Orders"), ("new_dashboard", "Mine"), ("do", "save")] {
        set(&mut fields, name, value);
    }
    twice(&browser, "/chart/build", &fields).await;
    assert_eq!(
        (count(&house, "chart").await, count(&house, "dashboard").await),
        (json!(1), json!(1))
    );
    let mark = format!("action=\"{segment}/subscribe\"");
    let mut fields = form_with(&browser.get(&segment).await.text, &mark);
    let system = guanxi_store::Actor::system(guanxi_store::Origin::Cli);
    let mut view = house.store.read(&system).await.unwrap();
    let admin = view.find_by("user", "email", "admin@example.com").await.unwrap().unwrap().id;
    drop(view);
    set(&mut fields, "subscriber", &admin.to_string());
    set(&mut fields, "rhythm", "daily");
    twice(&browser, &format!("{segment}/subscribe"), &fields).await;
    assert_eq!(count(&house, "subscription").await, json!(1));
    let mark = "action=\"/customer/views\"";
    let mut fields = form_with(&browser.get("/customer?country=China").await.text, mark);
    set(&mut fields, "name", "China");
    twice(&browser, "/customer/views", &fields).await;
    assert_eq!(count(&house, "saved_view").await, json!(1));
}

async fn an_import_that_is_started_twice_is_one(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let page = upload(&house, &browser.session, "customer", "name\nA\n").await.text;
    let fields = form_with(&page, "name=\"mapping\"");
    let preview = to(&browser.post("/import/preview", &fields).await);
    let mut fields = form_with(&browser.get(&preview).await.text, "name=\"mapping\"");
    set(&mut fields, "save_as", "Names");
    twice(&browser, "/import/start", &fields).await;
    assert_eq!(count(&house, "import_job").await, json!(1));
    assert_eq!(count(&house, "import_mapping").await, json!(1));
}

async fn an_undo_says_before_what_it_takes_back(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let id = house.customer("Before").await["id"].as_str().unwrap().to_owned();
    let path = format!("/customer/{id}");
    let body = json!({ "version": 1, "name": "After", "country": "France" });
    let answer = house.call("PATCH", &path, body).await;
    let change = answer.json()["change_set"].as_str().unwrap().to_owned();
    let page = browser.get(&path).await.text;
    let address = format!("{path}/undo/{change}");
    assert!(page.contains(&format!("href=\"{address}\"")), "{page}");
    let asked = browser.get(&address).await;
    assert_eq!(asked.status, StatusCode::OK);
    let now = asked.text.find("<td>After</td>").unwrap();
    assert!(asked.text[now..].contains("<td>Before</td>"), "{}", asked.text);
    assert_eq!(record(&house, &path).await["name"], "After");
    to(&browser.post("/undo", &form_with(&asked.text, "action=\"/undo\"")).await);
    assert_eq!(record(&house, &path).await["name"], "Before");
    // Of many at once the others are named.
    let other = house.customer("Together").await["id"].clone();
    let body = json!({ "action": "update", "ids": [id, other], "set": { "country": "Japan" } });
    let answer = house.call("POST", "/customer/bulk", body).await;
    let change = answer.json()["change_set"].as_str().unwrap().to_owned();
    let asked = browser.get(&format!("{path}/undo/{change}")).await.text;
    assert!(asked.contains("1 other record was changed in the same step"), "{asked}");
    assert!(asked.contains("<li>Together</li>"), "{asked}");
    // What is no change of this record is not there.
    for wrong in [format!("{path}/undo/{id}"), format!("{path}/undo/x")] {
        assert_eq!(browser.get(&wrong).await.status, StatusCode::NOT_FOUND, "{wrong}");
    }
}
