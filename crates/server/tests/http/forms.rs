//! Forms as a browser without a script sends them: what was not touched stays, nobody is guessed, and names
//! are found in the words in which they are shown.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_store::{Actor, NewSignIn, Origin, SignInKind};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use crate::house::{Answer, House};

both_databases!(
    forms_carry_links_by_id_and_ask_about_a_name_of_two,
    what_only_some_words_find_is_offered,
    a_number_that_looks_like_an_id_is_a_number,
    forms_find_what_the_product_wrote_in_the_reader_s_language,
    forms_leave_times_exactly_and_guess_none,
    forms_keep_an_empty_yes_or_no_empty,
    lists_find_countries_by_their_shown_names_with_every_operator,
    many_records_are_archived_at_once_and_taken_back,
);

pub(crate) async fn session(house: &House) -> String {
    let system = Actor::system(Origin::Cli);
    let mut view = house.store.read(&system).await.unwrap();
    let user = view.find_by("user", "email", "admin@example.com").await.unwrap().unwrap().id;
    drop(view);
    house.store.create_sign_in(user, NewSignIn::of(SignInKind::Session)).await.unwrap()
}

pub(crate) struct Browser<'a> {
    pub(crate) house: &'a House,
    pub(crate) session: String,
    pub(crate) locale: &'static str,
}

impl Browser<'_> {
    pub(crate) fn cookie(&self) -> String {
        format!("guanxi_session={}; guanxi_locale={}", self.session, self.locale)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, self.cookie());
        self.house.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(String, String)]) -> Answer {
        let encoded = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let request = Request::post(path)
            .header(header::COOKIE, self.cookie())
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.house.send(request.body(Body::from(pairs.join("&"))).unwrap()).await
    }
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&amp;", "&")
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = format!(" {name}=\"");
    let at = tag.find(&start)? + start.len();
    Some(unescaped(&tag[at..at + tag[at..].find('"')?]))
}

/// A text as a browser sends it: each line ends with two letters, and in a control of one line there is no end.
fn sent(text: &str, has_lines: bool) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if has_lines { text.replace('\n', "\r\n") } else { text.replace('\n', "") }
}

/// What a browser would send of the form of a record, nothing touched.
pub(crate) fn form(page: &str) -> Vec<(String, String)> {
    form_with(page, "data-draft")
}

/// What a browser would send of the form with this in its tag or its controls.
pub(crate) fn form_with(page: &str, mark: &str) -> Vec<(String, String)> {
    let at = page.find(mark).unwrap_or_else(|| panic!("no form: {page}"));
    let at = page[..at].rfind("<form").unwrap();
    let form = &page[at..at + page[at..].find("</form>").unwrap()];
    let mut fields = Vec::new();
    for part in form.split('<').skip(1) {
        let tag = &part[..part.find('>').unwrap_or(part.len())];
        let Some(name) = attribute(tag, "name") else { continue };
        let value = attribute(tag, "value").unwrap_or_default();
        if tag.starts_with("input") {
            let ticks = tag.contains("type=\"checkbox\"");
            if !ticks || tag.contains(" checked") {
                fields.push((name, sent(&value, tag.contains("type=\"hidden\""))));
            }
        } else if tag.starts_with("textarea") {
            // The first line end of a control is none of its text.
            let text = &part[tag.len() + 1..];
            fields.push((name, sent(&unescaped(text.strip_prefix('\n').unwrap_or(text)), true)));
        } else if tag.starts_with("select") {
            let at = form.find(part).unwrap();
            let all = &form[at..at + form[at..].find("</select>").unwrap()];
            let chosen = all.split('<').find(|one| one.contains(" selected"));
            let chosen = chosen.or_else(|| all.split('<').find(|one| one.starts_with("option")));
            fields.push((name, chosen.and_then(|one| attribute(one, "value")).unwrap_or_default()));
        }
    }
    fields
}

pub(crate) fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.retain(|(known, _)| known != name);
    fields.push((name.to_owned(), value.to_owned()));
}

pub(crate) async fn made(house: &House, of: &str, body: Json) -> String {
    let answer = house.call("POST", &format!("/{of}"), body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn record(house: &House, path: &str) -> Json {
    house.call("GET", path, Json::Null).await.json()
}

async fn what_only_some_words_find_is_offered(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let body = json!({ "name": "Northwind Traders South", "email": "bruno.keller@example.com" });
    let south = made(&house, "customer", body).await;
    for words in ["Traders", "Bruno Keller", "Northwind Traders"] {
        let mut fields = form(&browser.get("/order/new").await.text);
        set(&mut fields, "customer", words);
        set(&mut fields, "date", "2026-03-01");
        let answer = browser.post("/order", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        let said =
            format!("is called \u{201c}{words}\u{201d}. Like it are: Northwind Traders South");
        assert!(answer.text.contains(&said), "{words}: {}", answer.text);
        // It is there to be chosen.
        let mut fields = form(&answer.text);
        set(&mut fields, "customer.which", &south);
        let answer = browser.post("/order", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{words}: {}", answer.text);
    }
}

async fn a_number_that_looks_like_an_id_is_a_number(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "zh-CN" };
    let body = json!({ "name": "One", "code": "6901234567892" });
    let one = made(&house, "customer", body).await;
    let mut fields = form(&browser.get("/order/new").await.text);
    set(&mut fields, "customer", "6901234567892");
    set(&mut fields, "date", "2026-03-01");
    let answer = browser.post("/order", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(record(&house, "/order").await["items"][0]["customer"], json!(one));
}

async fn forms_carry_links_by_id_and_ask_about_a_name_of_two(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let mut people = Vec::new();
    for email in ["kim1@example.com", "kim2@example.com"] {
        let body = json!({ "name": "Kim Lee", "email": email });
        people.push(made(&house, "user", body).await);
    }
    let body = json!({ "name": "North", "members": [people[0]] });
    let team = made(&house, "territory", body).await;
    let path = format!("/territory/{team}");
    let mut fields = form(&browser.get(&format!("{path}/edit")).await.text);
    set(&mut fields, "name", "North again");
    let answer = browser.post(&path, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let known = record(&house, &path).await;
    assert_eq!(known["name"], "North again");
    assert_eq!(known["members"], json!([people[0]]), "{known}");
    // A name that two have is asked about; then both are in.
    let mut fields = form(&browser.get(&format!("{path}/edit")).await.text);
    set(&mut fields, "members", "Kim Lee");
    let answer = browser.post(&path, &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("Kim Lee (kim2@example.com"), "{}", answer.text);
    let mut fields = form(&answer.text);
    set(&mut fields, "members.which", &people[1]);
    let answer = browser.post(&path, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let known = record(&house, &path).await;
    assert_eq!(known["members"], json!([people[0], people[1]]), "{known}");
    // So is a customer of an order, by one link.
    let twins = [house.customer("Twin Name").await, house.customer("Twin Name").await];
    let mut fields = form(&browser.get("/order/new").await.text);
    set(&mut fields, "customer", "Twin Name");
    set(&mut fields, "date", "2026-03-01");
    let answer = browser.post("/order", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains(twins[0]["code"].as_str().unwrap()), "{}", answer.text);
    let second = twins[1]["id"].as_str().unwrap();
    let mut fields = form(&answer.text);
    set(&mut fields, "customer.which", second);
    let answer = browser.post("/order", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let orders = record(&house, "/order").await;
    assert_eq!(orders["items"][0]["customer"], second);
    // Another name written over the one that stood there counts, not the id that came with it.
    let other = house.customer("Another One").await;
    let path = format!("/order/{}", orders["items"][0]["id"].as_str().unwrap());
    let mut fields = form(&browser.get(&format!("{path}/edit")).await.text);
    set(&mut fields, "customer", "Another One");
    let answer = browser.post(&path, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(record(&house, &path).await["customer"], other["id"]);
}

async fn forms_find_what_the_product_wrote_in_the_reader_s_language(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "zh_cn" };
    let roles = record(&house, "/role?name=Salesperson").await;
    let role = roles["items"][0]["id"].as_str().unwrap();
    let body = json!({ "name": "王", "email": "w@example.com", "roles": [role] });
    let user = made(&house, "user", body).await;
    let path = format!("/user/{user}");
    let page = browser.get(&format!("{path}/edit")).await.text;
    assert!(page.contains("销售员") && !page.contains("Salesperson"));
    let answer = browser.post(&path, &form(&page)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(record(&house, &path).await["roles"], json!([role]));
    let mut fields = form(&browser.get("/user/new").await.text);
    set(&mut fields, "name", "李");
    set(&mut fields, "email", "l@example.com");
    set(&mut fields, "roles", "销售员");
    let answer = browser.post("/user", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let users = record(&house, &format!("/user?roles={role}")).await;
    assert_eq!(users["items"].as_array().unwrap().len(), 2);
    // Suggestions, the palette, the keyword and the filter find it too.
    let encoded = "%E9%94%80%E5%94%AE%E5%91%98";
    let hits = browser.get(&format!("/api/v1/search?q={encoded}&type=role")).await;
    assert_eq!(hits.json()["items"][0]["id"], role, "{}", hits.text);
    let page = browser.get(&format!("/role?q={encoded}")).await.text;
    assert!(page.contains(&format!("/role/{role}")), "{page}");
    let page = browser.get(&format!("/user?roles={encoded}")).await.text;
    assert!(page.contains(&path) && page.contains("w@example.com"), "{page}");
    let users = record(&house, "/user?roles=Salesperson").await;
    assert_eq!(users["items"].as_array().unwrap().len(), 2, "{users}");
}

async fn forms_leave_times_exactly_and_guess_none(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let system = Actor::system(Origin::Cli);
    let mut view = house.store.read(&system).await.unwrap();
    let admin = view.find_by("user", "email", "admin@example.com").await.unwrap().unwrap();
    drop(view);
    let body = json!({ "time_zone": "America/St_Johns", "version": admin.version });
    let answer = house.call("PATCH", &format!("/user/{}", admin.id), body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let customer = house.customer("A").await["id"].clone();
    for at in ["2026-06-01T12:34:56.789Z", "2026-11-01T04:45:00Z", "2026-11-01T03:45:00Z"] {
        let body = json!({ "kind": "call", "subject": "A", "at": at, "customer": customer });
        let id = made(&house, "interaction", body).await;
        let path = format!("/interaction/{id}");
        let mut fields = form(&browser.get(&format!("{path}/edit")).await.text);
        set(&mut fields, "subject", "B");
        let answer = browser.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let known = record(&house, &path).await;
        assert_eq!((&known["subject"], &known["at"]), (&json!("B"), &json!(at)));
        // The clocks are put forward: there is no such time.
        let mut fields = form(&browser.get(&format!("{path}/edit")).await.text);
        set(&mut fields, "at", "2026-03-08T02:30");
        let answer = browser.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains("There is no 2026-03-08 02:30"), "{}", answer.text);
        // They are put back: it comes twice.
        set(&mut fields, "at", "2026-11-01T01:20");
        let answer = browser.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains("2026-11-01 01:20 comes twice"), "{}", answer.text);
        let mut fields = form(&answer.text);
        set(&mut fields, "at.which", "2026-11-01T04:50:00Z");
        let answer = browser.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        assert_eq!(record(&house, &path).await["at"], "2026-11-01T04:50:00Z");
    }
}

async fn forms_keep_an_empty_yes_or_no_empty(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let body = json!({ "record_type": "customer", "name": "x_exports", "kind": "boolean",
                       "label_en": "Exports", "label_zh_cn": "出口" });
    made(&house, "custom_field", body).await;
    let id = house.customer("A").await["id"].as_str().unwrap().to_owned();
    let path = format!("/customer/{id}");
    for (choice, expected) in [("", Json::Null), ("false", json!(false)), ("", Json::Null)] {
        let mut fields = form(&browser.get(&format!("{path}/edit")).await.text);
        let kept = fields.iter().find(|(name, _)| name == "x_exports").cloned();
        assert!(kept.is_some(), "{fields:?}");
        set(&mut fields, "x_exports", choice);
        let answer = browser.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        assert_eq!(record(&house, &path).await["x_exports"], expected);
        // Nothing touched, nothing changed.
        let fields = form(&browser.get(&format!("{path}/edit")).await.text);
        browser.post(&path, &fields).await;
        assert_eq!(record(&house, &path).await["x_exports"], expected);
    }
}

async fn lists_find_countries_by_their_shown_names_with_every_operator(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "zh_cn" };
    for (name, country) in [("A", "China"), ("B", "中国"), ("C", "Germany")] {
        made(&house, "customer", json!({ "name": name, "country": country })).await;
    }
    let china = "%E4%B8%AD%E5%9B%BD";
    for (asked, expected) in [
        (format!("country={china}"), 2),
        (format!("country.in={china}"), 2),
        (format!("country.ne={china}"), 1),
        (format!("country.not_in={china}"), 1),
        (format!("country.contains={china}"), 2),
        (format!("country.starts={china}"), 2),
        (
            format!(
                "filter=%7B%22field%22:%22country%22,%22op%22:%22eq%22,%22value%22:%22{china}%22%7D"
            ),
            2,
        ),
    ] {
        let answer = house.call("GET", &format!("/customer?{asked}"), Json::Null).await;
        assert_eq!(answer.status, StatusCode::OK, "{asked}: {}", answer.text);
        let number = answer.json()["items"].as_array().unwrap().len();
        assert_eq!(number, expected, "{asked}: {}", answer.text);
        let page = browser.get(&format!("/customer?{asked}")).await.text;
        assert_eq!(page.matches("data-href=\"/customer/").count(), expected, "{asked}");
        let answer = house.call("GET", &format!("/customer/aggregate?{asked}"), Json::Null).await;
        assert_eq!(answer.json()["groups"][0]["count"], expected, "{asked}: {}", answer.text);
    }
    let body = json!({ "name": "S", "kind": "dynamic", "condition": { "field": "country", "op": "eq", "value": "中国" } });
    let segment = made(&house, "segment", body).await;
    let path = format!("/customer?segment={segment}");
    assert_eq!(record(&house, &path).await["items"].as_array().unwrap().len(), 2);
}

async fn many_records_are_archived_at_once_and_taken_back(database: TestDatabase) {
    let house = House::open(&database).await;
    let browser = Browser { house: &house, session: session(&house).await, locale: "en" };
    let mut tx = house.store.write(&Actor::system(Origin::Cli)).await.unwrap();
    for number in 0..1_205 {
        let name = format!("P{number}");
        tx.create(&guanxi_crm::catalog::ProductCategory { name, parent: None }).await.unwrap();
    }
    tx.commit().await.unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut fields =
        vec![pair("all", "true"), pair("query", ""), pair("ids", ""), pair("action", "archive")];
    let answer = browser.post("/product_category/bulk", &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(answer.text.contains("These 1,205 records will be archived"), "{}", answer.text);
    fields.push(pair("confirmed", "1205"));
    let answer = browser.post("/product_category/bulk", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let to = answer.headers["location"].to_str().unwrap().to_owned();
    let left = record(&house, "/product_category").await;
    assert_eq!(left["items"], json!([]));
    let page = browser.get(&to).await.text;
    let start = "name=\"job\" value=\"";
    let at = page.find(start).unwrap() + start.len();
    let job = &page[at..at + page[at..].find('"').unwrap()];
    let answer = browser.post("/undo", &[pair("job", job)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let total = browser.get("/product_category/total").await.text;
    assert!(total.contains("1,205"), "{total}");
}
