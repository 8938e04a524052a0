//! Imports over HTTP: who may not bring in files has nothing read or kept, and the wizard loses no
//! column and no line.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_crm::exchange::run_import;
use guanxi_store::{Actor, NewSignIn, Origin, Purpose, Rights, SignInKind, TokenScopes};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use crate::house::{Answer, House};

both_databases!(
    who_may_not_import_leaves_nothing_behind,
    nothing_is_hung_on_an_archived_record,
    what_was_put_away_is_changed_by_no_face,
    an_import_under_one_key_is_begun_once,
    an_import_that_cannot_be_undone_says_what_to_undo_first,
    an_import_that_failed_can_go_on,
    the_wizard_says_what_is_required_and_goes_back,
    the_wizard_asks_about_names_that_are_there,
    a_preview_that_refuses_all_does_not_start,
    errors_name_options_as_people_do,
    the_wizard_asks_which_row_names_the_columns,
);

const BOUNDARY: &str = "b0undary";

fn form(fields: &[(&str, &str)], file: &str) -> Body {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str(&format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"c.csv\"\r\n\r\n\
         {file}\r\n--{BOUNDARY}--\r\n"
    ));
    Body::from(body)
}

fn multipart() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// A browser's session of the administrator, or of the clerk.
pub(crate) async fn session(house: &House, email: &str) -> String {
    let system = Actor::system(Origin::Cli);
    let mut view = house.store.read(&system).await.unwrap();
    let user = view.find_by("user", "email", email).await.unwrap().unwrap().id;
    drop(view);
    house.store.create_sign_in(user, NewSignIn::of(SignInKind::Session)).await.unwrap()
}

async fn browse(house: &House, session: &str, path: &str, kind: &str, body: Body) -> Answer {
    let request = Request::post(path)
        .header(header::COOKIE, format!("guanxi_session={session}; guanxi_locale=en"))
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, kind);
    let answer = house.send(request.body(body).unwrap()).await;
    // Each step is a page with an address.
    match answer.headers.get(header::LOCATION).and_then(|to| to.to_str().ok()) {
        Some(to) if to.contains("?state=") => read(house, session, to).await,
        _ => answer,
    }
}

pub(crate) async fn read(house: &House, session: &str, path: &str) -> Answer {
    let request = Request::get(path)
        .header(header::COOKIE, format!("guanxi_session={session}; guanxi_locale=en"));
    house.send(request.body(Body::empty()).unwrap()).await
}

pub(crate) async fn upload(house: &House, session: &str, record_type: &str, file: &str) -> Answer {
    let body = form(&[("record_type", record_type)], file);
    browse(house, session, "/import/file", &multipart(), body).await
}

pub(crate) async fn submit(
    house: &House,
    session: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let kind = "application/x-www-form-urlencoded";
    browse(house, session, path, kind, Body::from(pairs.join("&"))).await
}

/// The value of a hidden control of a page.
/// The preview of an uploaded file by the table of columns, as the wizard proposed it but for these answers.
pub(crate) async fn preview(
    house: &House,
    session: &str,
    (file, record_type): (&str, &str),
    answers: &[(&str, &str)],
) -> Answer {
    let mapping = format!("[[records]]\ntype = \"{record_type}\"\nfields = {{}}");
    let mut fields = vec![
        ("file", file),
        ("name", "file.csv"),
        ("record_type", record_type),
        ("use", "table"),
        ("mapping", &mapping),
    ];
    fields.extend(answers);
    submit(house, session, "/import/preview", &fields).await
}

pub(crate) fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let at = page.find(&start).unwrap_or_else(|| panic!("no {name} in {page}")) + start.len();
    let value = &page[at..at + page[at..].find('"').unwrap()];
    value.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
}

pub(crate) fn chosen(page: &str, column: usize) -> String {
    let start = format!("name=\"column.{column}\"");
    let Some(at) = page.find(&start) else { return String::new() };
    let select = &page[at..at + page[at..].find("</select>").unwrap()];
    let Some(selected) = select.find(" selected") else { return String::new() };
    let value = select[..selected].rfind("value=\"").unwrap() + 7;
    select[value..value + select[value..].find('"').unwrap()].to_owned()
}

async fn files(house: &House) -> usize {
    let mut view = house.store.read(&Actor::system(Origin::Cli)).await.unwrap();
    let all = guanxi_record::Query::of(guanxi_record::Filter::everything());
    view.list("file", &all).await.unwrap().rows.len()
}

async fn who_may_not_import_leaves_nothing_behind(database: TestDatabase) {
    let house = House::open(&database).await;
    let system = Actor::system(Origin::Cli);
    let mut tx = house.store.write(&system).await.unwrap();
    let row = tx.find_by("user", "email", "clerk@example.com").await.unwrap().unwrap();
    let mut user: guanxi_record::Stored<guanxi_crm::access::User> = row.try_into().unwrap();
    user.roles = Vec::new();
    tx.update(&user).await.unwrap();
    tx.commit().await.unwrap();
    let clerk = session(&house, "clerk@example.com").await;
    let mapping = "[[records]]\ntype = \"customer\"\nfields = { name = \"name\" }";
    // It is no table at all: whoever had it read would say so.
    for file in ["name\nA\n", "PK\u{3}\u{4} no workbook"] {
        let answer = upload(&house, &clerk, "customer", file).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
        let request = Request::post("/api/v1/imports")
            .header(header::AUTHORIZATION, format!("Bearer {}", house.clerk))
            .header(header::CONTENT_TYPE, multipart());
        let body = form(&[("mapping", mapping)], file);
        let answer = house.send(request.body(body).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    }
    // Nor does a token that is for reading only bring in anything.
    let mut view = house.store.read(&system).await.unwrap();
    let administrator = view.find_by("user", "email", "admin@example.com").await.unwrap().unwrap();
    drop(view);
    let scopes = TokenScopes(vec![(Some("customer".to_owned()), vec![Purpose::Read])]);
    let sign_in = NewSignIn { scopes: Some(scopes), ..NewSignIn::of(SignInKind::ApiToken) };
    let token = house.store.create_sign_in(administrator.id, sign_in).await.unwrap();
    let request = Request::post("/api/v1/imports")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, multipart());
    let body = form(&[("mapping", mapping)], "name\nA\n");
    let answer = house.send(request.body(body).unwrap()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    assert_eq!(files(&house).await, 0);
}

async fn what_was_put_away_is_changed_by_no_face(database: TestDatabase) {
    let house = House::open(&database).await;
    let id = house.customer("Away").await["id"].as_str().unwrap().to_owned();
    let path = format!("/customer/{id}");
    let answer = house.call("POST", &format!("{path}/archive"), json!({ "version": 1 })).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let refused = ["is-archived -"];
    let patch = json!({ "version": 2, "industry": "steel" });
    assert_eq!(house.call("PATCH", &path, patch).await.problems(), refused);
    let bulk = json!({ "action": "update", "ids": [id], "set": { "industry": "steel" } });
    assert_eq!(house.call("POST", "/customer/bulk", bulk).await.problems(), refused);
    let administrator = session(&house, "admin@example.com").await;
    let cell = [("version", "2"), ("value", "steel")];
    submit(&house, &administrator, &format!("{path}/cell/industry"), &cell).await;
    let now = house.call("GET", &path, Json::Null).await.json();
    assert_eq!((now["industry"].clone(), now["version"].clone()), (Json::Null, json!(2)));
    let answer = house.call("POST", &format!("{path}/restore"), json!({ "version": 2 })).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let patch = json!({ "version": 3, "industry": "steel" });
    assert_eq!(house.call("PATCH", &path, patch).await.status, StatusCode::OK);
}

async fn begun(house: &House, key: Option<&str>, mapping: &str, file: &str) -> Answer {
    let request = Request::post("/api/v1/imports")
        .header(header::AUTHORIZATION, format!("Bearer {}", house.administrator))
        .header(header::CONTENT_TYPE, multipart());
    let request = match key {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    };
    house.send(request.body(form(&[("mapping", mapping)], file)).unwrap()).await
}

async fn an_import_under_one_key_is_begun_once(database: TestDatabase) {
    let house = std::sync::Arc::new(House::open(&database).await);
    let mapping = "[[records]]\ntype = \"customer\"\nfields = { name = \"name\" }";
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let house = house.clone();
        calls.spawn(async move { begun(&house, Some("one"), mapping, "name\nA\n").await });
    }
    let answers = calls.join_all().await;
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        assert_eq!(answer.text, answers[0].text);
    }
    let jobs = house.call("GET", "/import_job", Json::Null).await.json();
    assert_eq!(jobs["items"].as_array().unwrap().len(), 1);
    assert_eq!(files(&house).await, 1);
    let other = begun(&house, Some("one"), mapping, "name\nB\n").await;
    assert_eq!(other.problems(), ["key-reused -"]);
    assert_eq!(begun(&house, None, mapping, "name\nA\n").await.status, StatusCode::ACCEPTED);
}

async fn an_import_that_cannot_be_undone_says_what_to_undo_first(database: TestDatabase) {
    let house = House::open(&database).await;
    let mut jobs = Vec::new();
    for (mapping, file) in [
        ("[[records]]\ntype = \"customer\"\nfields = { name = \"name\" }", "name\nAcme\n"),
        (
            "[[records]]\ntype = \"contact\"\n[records.fields]\nname = \"name\"\n\
             customer = { column = \"of\", find_by = \"name\" }",
            "name,of\nLi,Acme\n",
        ),
    ] {
        let answer = begun(&house, None, mapping, file).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        let job = house.store.claim_job("import").await.unwrap().unwrap();
        assert_eq!(job.id.to_string(), id);
        let system = Actor::system(Origin::Cli);
        run_import(&house.store, &system, job.id, |_, _| {}).await.unwrap();
        jobs.push(id);
    }
    let administrator = session(&house, "admin@example.com").await;
    let undo =
        async |job: &str| submit(&house, &administrator, &format!("/import/{job}/undo"), &[]).await;
    let refused = undo(&jobs[0]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains(&format!("href=\"/import/{}\"", jobs[1])), "{}", refused.text);
    for job in jobs.iter().rev() {
        assert_eq!(undo(job).await.status, StatusCode::SEE_OTHER);
    }
}

async fn an_import_that_failed_can_go_on(database: TestDatabase) {
    let house = House::open(&database).await;
    let mapping = "[[records]]\ntype = \"customer\"\nfields = { name = \"name\" }";
    let answer = begun(&house, None, mapping, "name\nAcme\n").await;
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let job = house.store.claim_job("import").await.unwrap().unwrap();
    let administrator = session(&house, "admin@example.com").await;
    let act = async |action: &str| {
        submit(&house, &administrator, &format!("/import/{id}/{action}"), &[]).await
    };
    let page = async || read(&house, &administrator, &format!("/import/{id}")).await.text;
    let goes_on = format!("action=\"/import/{id}/resume\"");
    let system = Actor::system(Origin::Cli);
    // Nobody may do what is not there, and the import says so.
    let nobody = Actor { rights: Rights::listed([]), ..system.clone() };
    assert!(!page().await.contains(&goes_on));
    run_import(&house.store, &nobody, job.id, |_, _| {}).await.unwrap_err();
    assert!(page().await.contains(&goes_on), "{}", page().await);
    assert_eq!(act("resume").await.status, StatusCode::SEE_OTHER);
    assert!(!page().await.contains(&goes_on));
    let done = run_import(&house.store, &system, job.id, |_, _| {}).await.unwrap();
    assert_eq!(done.lines_read, Some(1));
    assert!(!page().await.contains(&goes_on));
    for action in ["stop", "resume"] {
        let refused = act(action).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{action}");
    }
}

async fn nothing_is_hung_on_an_archived_record(database: TestDatabase) {
    let house = House::open(&database).await;
    let id = house.customer("Away").await["id"].as_str().unwrap().to_owned();
    let path = format!("/customer/{id}/archive");
    let answer = house.call("POST", &path, json!({ "version": 1 })).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let order = json!({ "customer": id, "date": "2026-01-05" });
    let answer = house.call("POST", "/order", order).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.problems(), ["link-to-archived customer"]);
    assert!(answer.text.contains("Away"), "{}", answer.text);
    let answer = house.call("GET", "/order", Json::Null).await;
    assert_eq!(answer.json()["items"], json!([]));
}

async fn the_wizard_says_what_is_required_and_goes_back(database: TestDatabase) {
    let house = House::open(&database).await;
    let session = session(&house, "admin@example.com").await;
    let file = "客户名称,联系电话,省,市,区,x\n甲,13800138000,浙江省,杭州市,西湖区,1\n\
                ,13800138001,,,,\n";
    let page = upload(&house, &session, "customer", file).await.text;
    let names: Vec<String> = (0..6).map(|column| chosen(&page, column)).collect();
    let expected = ["name", "phone", "address.province", "address.city", "address.district", ""];
    assert_eq!(names, expected);
    let id = hidden(&page, "file");
    let mut fields = vec![
        ("file", id.as_str()),
        ("name", "c.csv"),
        ("record_type", "customer"),
        ("use", "table"),
        ("mapping", "[[records]]\ntype = \"customer\"\nfields = {}"),
        ("column.1", "phone"),
    ];
    let answer = submit(&house, &session, "/import/preview", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("“Name” must be filled"), "{}", answer.text);
    fields.extend([("column.0", "name"), ("column.3", "address.city"), ("match", "name")]);
    let page = submit(&house, &session, "/import/preview", &fields).await.text;
    assert!(page.contains("2 lines read, 1 would be refused"), "{page}");
    assert!(page.contains("Line 3: "), "as a spreadsheet counts: {page}");
    // Back, and everything is as it was chosen.
    let toml = hidden(&page, "mapping");
    let back = [("file", id.as_str()), ("name", "c.csv"), ("mapping", toml.as_str())];
    let page = submit(&house, &session, "/import/columns", &back).await.text;
    let names: Vec<String> = (0..4).map(|column| chosen(&page, column)).collect();
    assert_eq!(names, ["name", "phone", "", "address.city"]);
    assert!(page.contains("value=\"name\" selected"), "the match field");
}

async fn the_wizard_asks_about_names_that_are_there(database: TestDatabase) {
    let house = House::open(&database).await;
    house.customer("Acme Ltd").await;
    let session = session(&house, "admin@example.com").await;
    let page = upload(&house, &session, "customer", "name,industry\nACME Ltd,Steel\n").await.text;
    let id = hidden(&page, "file");
    let columns = [("column.0", "name"), ("column.1", "industry"), ("match", ""), ("twins", "ask")];
    let page = preview(&house, &session, (&id, "customer"), &columns).await.text;
    assert!(page.contains("such as ACME Ltd"), "{page}");
    assert!(!page.contains("Import now"));
    let toml = hidden(&page, "mapping");
    for (twins, counts) in
        [("update", [0, 1, 0, 0]), ("make", [1, 0, 0, 0]), ("leave_out", [0, 0, 0, 1])]
    {
        let answer = [
            ("file", id.as_str()),
            ("name", "c.csv"),
            ("mapping", toml.as_str()),
            ("use", "text"),
            ("twins", twins),
        ];
        let page = submit(&house, &session, "/import/preview", &answer).await.text;
        let heads = ["New", "Changed", "As they are", "Named again or left out"];
        let cell = |(count, head): (&i32, &&str)| {
            format!("<td class=\"gx-number\" data-label=\"{head}\">{count}</td>")
        };
        let cells: String = counts.iter().zip(&heads).map(cell).collect();
        assert!(page.contains(&cells), "{twins}: {page}");
    }
}

async fn a_preview_that_refuses_all_does_not_start(database: TestDatabase) {
    let house = House::open(&database).await;
    let session = session(&house, "admin@example.com").await;
    let page = upload(&house, &session, "customer", "name,employees\nA,many\n").await.text;
    let id = hidden(&page, "file");
    let columns = [("column.0", "name"), ("column.1", "employees")];
    let page = preview(&house, &session, (&id, "customer"), &columns).await.text;
    assert!(page.contains("1 line read, 1 would be refused"), "{page}");
    assert!(!page.contains("Import now") && page.contains("Back to the mapping"), "{page}");
}

async fn errors_name_options_as_people_do(database: TestDatabase) {
    let house = House::open(&database).await;
    let session = session(&house, "admin@example.com").await;
    let page = upload(&house, &session, "customer", "name,class\nA,VIP\nB,关键客户\n").await.text;
    let id = hidden(&page, "file");
    let columns = [("column.0", "name"), ("column.1", "class")];
    let page = preview(&house, &session, (&id, "customer"), &columns).await.text;
    assert!(page.contains("is not one of: Key"), "{page}");
}

async fn the_wizard_asks_which_row_names_the_columns(database: TestDatabase) {
    let house = House::open(&database).await;
    let session = session(&house, "admin@example.com").await;
    let file = "Acme GmbH,Berlin,030 1234567\nGlobex AG,Bonn,0228 7654321\n";
    let page = upload(&house, &session, "customer", file).await.text;
    assert!(page.contains("name=\"decide.header_row\""), "{page}");
    assert!(page.contains("None: the first row is a record"), "{page}");
    let id = hidden(&page, "file");
    let mapping = hidden_text(&page);
    let step = |decided: &'static str| {
        [
            ("file", id.as_str()),
            ("name", "c.csv"),
            ("record_type", "customer"),
            ("mapping", mapping.as_str()),
            ("use", "table"),
            ("column.0", "name"),
            ("decided.header_row", ""),
            ("decide.header_row", decided),
        ]
    };
    // Who goes on without an answer is asked again.
    let answer = submit(&house, &session, "/import/preview", &step("")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("not answered yet"), "{}", answer.text);
    assert!(answer.text.contains("None: the first row is a record"), "{}", answer.text);
    // Without names the columns have letters, and the first row is a record.
    let page = submit(&house, &session, "/import/preview", &step("0")).await.text;
    let sample = "Acme GmbH \u{b7} Globex AG";
    assert!(page.contains(sample) && page.contains(">A</td>"), "{page}");
}

/// The mapping of the step, as text.
fn hidden_text(page: &str) -> String {
    let at = page.find("name=\"mapping\"").unwrap();
    let begin = at + page[at..].find('>').unwrap() + 1;
    let text = &page[begin..begin + page[begin..].find("</textarea>").unwrap()];
    text.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
}
