//! The way through an import: each step is a page that keeps what was chosen, what a file is read as can be
//! corrected at every step, and what would count nowhere is asked about.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use crate::house::House;
use crate::importing::{chosen, hidden, preview, read, session, submit, upload};

both_databases!(
    each_step_of_the_wizard_is_a_page_that_keeps_what_was_chosen,
    a_page_that_only_takes_forms_leads_to_the_one_above,
    the_wizard_reads_the_head_of_a_file_as_it_is_told,
    a_decision_goes_with_whatever_button_is_pressed,
    orders_without_a_status_or_a_customer_are_asked_about,
    two_columns_for_one_field_are_refused_and_links_go_by_number,
    refused_lines_of_one_reason_stand_together,
    what_figures_of_a_column_mean_is_decided_in_the_preview_and_can_be_taken_back,
    lines_without_a_key_are_refused_or_have_no_such_record,
);

/// Where a form was led to: the address of the step that it shows.
async fn led_to(house: &House, session: &str, path: &str, fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let request = Request::post(path)
        .header(header::COOKIE, format!("guanxi_session={session}; guanxi_locale=en"))
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = house.send(request.body(Body::from(pairs.join("&"))).unwrap()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.headers[header::LOCATION].to_str().unwrap().to_owned()
}

async fn each_step_of_the_wizard_is_a_page_that_keeps_what_was_chosen(database: TestDatabase) {
    let house = House::open(&database).await;
    let admin = session(&house, "admin@example.com").await;
    let page = upload(&house, &admin, "customer", "name,branch\nA,Steel\n").await.text;
    let id = hidden(&page, "file");
    let fields = [
        ("file", id.as_str()),
        ("name", "c.csv"),
        ("record_type", "customer"),
        ("use", "table"),
        ("mapping", "[[records]]\ntype = \"customer\"\non_repeat = \"refuse\"\nfields = {}"),
        ("column.0", "name"),
    ];
    let preview = led_to(&house, &admin, "/import/preview", &fields).await;
    assert!(preview.starts_with("/import/preview?state="), "{preview}");
    for _ in 0..2 {
        let page = read(&house, &admin, &preview).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("1 line read, 0 would be refused"), "{}", page.text);
    }
    // Another language comes back to the same page.
    let request = Request::post("/language")
        .header(header::COOKIE, format!("guanxi_session={admin}"))
        .header("sec-fetch-site", "same-origin")
        .header(header::REFERER, format!("http://localhost{preview}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = house.send(request.body(Body::from("locale=zh_cn")).unwrap()).await;
    assert_eq!(answer.headers[header::LOCATION], preview.as_str());
    let page = read(&house, &admin, &preview).await.text;
    let toml = hidden(&page, "mapping");
    assert!(toml.contains("on_repeat = \"refuse\""), "{toml}");
    let back = [("file", id.as_str()), ("name", "c.csv"), ("mapping", toml.as_str())];
    let columns = led_to(&house, &admin, "/import/columns", &back).await;
    let page = read(&house, &admin, &columns).await.text;
    assert_eq!(chosen(&page, 0), "name");
    // It is nobody else's, and what was never kept begins anew.
    let clerk = session(&house, "clerk@example.com").await;
    for (who, path) in
        [(&clerk, preview.as_str()), (&admin, "/import/preview"), (&admin, "/import/columns")]
    {
        let answer = read(&house, who, path).await;
        assert_eq!(answer.headers[header::LOCATION], "/import", "{path}");
    }
}

async fn a_page_that_only_takes_forms_leads_to_the_one_above(database: TestDatabase) {
    let house = House::open(&database).await;
    let admin = session(&house, "admin@example.com").await;
    let id = house.customer("A").await["id"].as_str().unwrap().to_owned();
    for (path, above) in [
        ("/import/file".to_owned(), "/import".to_owned()),
        (format!("/import/{id}/undo"), format!("/import/{id}")),
        ("/customer/bulk".to_owned(), "/customer".to_owned()),
        (format!("/user/{id}/invite"), format!("/user/{id}")),
        (format!("/customer/{id}/archive"), format!("/customer/{id}")),
        ("/undo".to_owned(), "/".to_owned()),
        ("/language".to_owned(), "/".to_owned()),
    ] {
        let answer = read(&house, &admin, &path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert_eq!(answer.headers[header::LOCATION], above.as_str());
    }
    let answer = house.call("GET", "/undo", Json::Null).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}

async fn the_wizard_reads_the_head_of_a_file_as_it_is_told(database: TestDatabase) {
    let house = House::open(&database).await;
    let admin = session(&house, "admin@example.com").await;
    // A title of several cells is passed over where a row below has names that are known.
    let titled = "客户名单,2026,第一季度,内部\n\n客户编码,客户名称,联系电话,行业,国家,邮箱,备注\n\
                  K1,甲,13800138000,纺织,中国,a@example.com,x\n";
    let page = upload(&house, &admin, "customer", titled).await.text;
    assert_eq!(chosen(&page, 0), "code", "{page}");
    assert_eq!(chosen(&page, 1), "name");
    // Names that nobody knows: the first row is taken, and said not to be sure.
    let titled = "Report of,the year,2026,draft\n\nFoo,Bar,Baz,Qux,Quux,Corge,Grault\n\
                  K1,Acme,3,4,5,6,7\nK2,Best,3,4,5,6,7\n";
    let page = upload(&house, &admin, "customer", titled).await.text;
    assert!(page.contains("not said in the file"), "{page}");
    let id = hidden(&page, "file");
    let told = |row: &'static str| {
        vec![
            ("file", id.as_str()),
            ("name", "c.csv"),
            ("record_type", "customer"),
            ("use", "read"),
            ("mapping", "[[records]]\ntype = \"customer\"\nfields = {}"),
            ("decided.header_row", "1"),
            ("decide.header_row", row),
        ]
    };
    let page = submit(&house, &admin, "/import/preview", &told("three")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("Row with the column names: "), "{}", page.text);
    assert!(page.text.contains("column.0"), "the step is there still");
    let page = submit(&house, &admin, "/import/preview", &told("3")).await.text;
    assert!(
        page.contains("column.6") && page.contains("Grault") && page.contains("Acme"),
        "{page}"
    );
    // So is an encoding that is taken otherwise: the columns are looked for anew.
    let page = upload(&house, &admin, "customer", "名称,行业\n甲,纺织\n").await.text;
    assert_eq!(chosen(&page, 0), "name");
    let id = hidden(&page, "file");
    let mapping =
        "[file]\nencoding = \"windows-1252\"\n[[records]]\ntype = \"customer\"\nfields = {}";
    let fields = [
        ("file", id.as_str()),
        ("name", "c.csv"),
        ("use", "decide"),
        ("mapping", mapping),
        ("decided.encoding", "windows-1252"),
        ("decide.encoding", "UTF-8"),
    ];
    let page = submit(&house, &admin, "/import/columns", &fields).await.text;
    assert_eq!(chosen(&page, 0), "name", "{page}");
}

async fn a_decision_goes_with_whatever_button_is_pressed(database: TestDatabase) {
    let house = House::open(&database).await;
    let admin = session(&house, "admin@example.com").await;
    let page = upload(&house, &admin, "customer", "name\nA\nB\nC\n").await.text;
    let id = hidden(&page, "file");
    let mapping = "[[records]]\ntype = \"customer\"\nfields = { name = \"A\" }";
    let start = [
        ("file", id.as_str()),
        ("name", "c.csv"),
        ("use", "decide"),
        ("mapping", "[[records]]\ntype = \"customer\"\nfields = { name = \"name\" }"),
        ("decided.header_row", "1"),
        ("decide.header_row", "2"),
    ];
    let to = led_to(&house, &admin, "/import/start", &start).await;
    assert!(to.starts_with("/import/preview?state="), "it is looked at first: {to}");
    let page = read(&house, &admin, &to).await.text;
    assert!(page.contains("column.0"), "there are other columns now: {page}");
    let back = led_to(&house, &admin, "/import/columns", &start).await;
    let page = read(&house, &admin, &back).await.text;
    assert!(page.contains("header_row = 2"), "{page}");
    // What fits still is previewed, and said to count now.
    let mut again = start.to_vec();
    again[3] = ("mapping", mapping);
    let to = led_to(&house, &admin, "/import/start", &again).await;
    let page = read(&house, &admin, &to).await.text;
    assert!(page.contains("2 lines read") && page.contains("What you chose counts now"), "{page}");
    let jobs = house.call("GET", "/import_job", Json::Null).await.json();
    assert_eq!(jobs["items"], json!([]));
}

async fn orders_without_a_status_or_a_customer_are_asked_about(database: TestDatabase) {
    let house = House::open(&database).await;
    let id = house.customer("Acme").await["id"].as_str().unwrap().to_owned();
    let admin = session(&house, "admin@example.com").await;
    let file = "单号,单位名称,日期\nS1,Acme,2026-01-05\nS2,Acme,2026-01-06\n";
    let page = upload(&house, &admin, "order", file).await.text;
    let names: Vec<String> = (0..3).map(|column| chosen(&page, column)).collect();
    assert_eq!(names, ["number", "customer", "date"]);
    let file = hidden(&page, "file");
    let mut fields = vec![
        ("file", file.as_str()),
        ("name", "o.csv"),
        ("record_type", "order"),
        ("use", "table"),
        ("mapping", "[[records]]\ntype = \"order\"\nfields = {}"),
        ("column.0", "number"),
        ("column.2", "date"),
    ];
    let page = submit(&house, &admin, "/import/preview", &fields).await.text;
    assert!(page.contains("No column says which customer the Orders are of"), "{page}");
    fields.push(("column.1", "customer"));
    let page = submit(&house, &admin, "/import/preview", &fields).await.text;
    assert!(page.contains("status-question") && !page.contains("Import now"), "{page}");
    let toml = hidden(&page, "mapping");
    let answer = [
        ("file", file.as_str()),
        ("name", "o.csv"),
        ("mapping", toml.as_str()),
        ("use", "decide"),
        ("status", "completed"),
    ];
    let page = submit(&house, &admin, "/import/preview", &answer).await.text;
    assert!(page.contains("Import now") && !page.contains("status-question"), "{page}");
    // The first of them stand there as they would be written.
    assert!(page.contains("data-first-records") && page.contains(">Acme</td>"), "{page}");
    // What a person said is there when they come back, and the table still says all of it.
    let toml = hidden(&page, "mapping");
    assert!(toml.contains("completed"), "{toml}");
    let back = [("file", file.as_str()), ("name", "o.csv"), ("mapping", toml.as_str())];
    let page = submit(&house, &admin, "/import/columns", &back).await.text;
    assert!(page.contains("value=\"completed\" selected") && page.contains("column.0"), "{page}");
    // Drafts are said not to count.
    let order = json!({ "customer": id, "date": "2026-01-05" });
    house.call("POST", "/order", order).await;
    let page = read(&house, &admin, "/insights").await.text;
    assert!(page.contains("data-drafts") && page.contains("/order?kind=sale"), "{page}");
}

async fn two_columns_for_one_field_are_refused_and_links_go_by_number(database: TestDatabase) {
    let house = House::open(&database).await;
    let admin = session(&house, "admin@example.com").await;
    let page = upload(&house, &admin, "customer", "名称,手机,座机\n甲,13800138000,\n").await.text;
    let id = hidden(&page, "file");
    let columns = [("column.0", "name"), ("column.1", "phone"), ("column.2", "phone")];
    let page = preview(&house, &admin, (&id, "customer"), &columns).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("“手机” and “座机”"), "{}", page.text);
    let names: Vec<String> = (0..3).map(|column| chosen(&page.text, column)).collect();
    assert_eq!(names, ["name", "phone", "phone"], "what was chosen is there still");
    // Orders name their customer by number: by what is there, and by how the column is called.
    for (name, code) in [("Twin", "KH1"), ("Twin", "KH2")] {
        let body = json!({ "name": name, "code": code });
        let answer = house.call("POST", "/customer", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    }
    for head in ["客户", "客户编码"] {
        let file = format!("单号,{head},日期\nS1,KH1,2026-01-05\nS2,KH2,2026-01-06\n");
        let page = upload(&house, &admin, "order", &file).await.text;
        assert_eq!(chosen(&page, 1), "customer#code", "{head}: {page}");
        let id = hidden(&page, "file");
        let columns = [
            ("column.0", "number"),
            ("column.1", "customer#code"),
            ("column.2", "date"),
            ("status", "completed"),
        ];
        let page = preview(&house, &admin, (&id, "order"), &columns).await.text;
        assert!(page.contains("2 lines read, 0 would be refused"), "{page}");
    }
}

async fn refused_lines_of_one_reason_stand_together(database: TestDatabase) {
    let house = House::open(&database).await;
    let admin = session(&house, "admin@example.com").await;
    let mut file = "name,employees\n".to_owned();
    for number in 0..30 {
        file.push_str(&format!("N{number},many\n"));
    }
    file.push_str("A,5\nB,few\n");
    let page = upload(&house, &admin, "customer", &file).await.text;
    let id = hidden(&page, "file");
    let columns = [("column.0", "name"), ("column.1", "employees")];
    let page = preview(&house, &admin, (&id, "customer"), &columns).await.text;
    assert!(page.contains("30 × (lines 2, 3, 4, 5, 6, …)"), "{page}");
    assert!(page.contains("Line 33: "), "{page}");
    assert_eq!(page.matches("is not a number").count(), 2, "{page}");
}

async fn what_figures_of_a_column_mean_is_decided_in_the_preview_and_can_be_taken_back(
    database: TestDatabase,
) {
    let house = House::open(&database).await;
    let admin = session(&house, "admin@example.com").await;
    let file = "name,Credit limit (k),birthday\nA,12.5,01/02/40\nB,7,13/02/40\nB,7,13/02/40\n";
    let page = upload(&house, &admin, "contact", file).await.text;
    let id = hidden(&page, "file");
    let mapping = "[[records]]\ntype = \"customer\"\n[records.fields]\nname = \"name\"\n\
                   credit_limit = \"Credit limit (k)\"\n[[records]]\ntype = \"contact\"\n\
                   [records.fields]\nname = \"name\"\nbirthday = \"birthday\"\n\
                   customer = { record = \"customer\" }\n";
    let decide = |toml: &str, decided: &[(&str, &str)]| {
        let mut fields = vec![
            ("file".to_owned(), id.clone()),
            ("name".to_owned(), "c.csv".to_owned()),
            ("use".to_owned(), "decide".to_owned()),
            ("mapping".to_owned(), toml.to_owned()),
        ];
        let decided =
            decided.iter().map(|(name, choice)| ((*name).to_owned(), (*choice).to_owned()));
        fields.extend(decided);
        fields
    };
    let show = async |fields: Vec<(String, String)>| {
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        submit(&house, &admin, "/import/preview", &fields).await.text
    };
    let chosen = |page: &str, control: &str| {
        let start = page.find(&format!("<select class=\"form-select\" name=\"decide.{control}\""));
        let select = &page[start.unwrap_or_else(|| panic!("no {control} in {page}"))..];
        let select = &select[..select.find("</select>").unwrap()];
        let at = select.find(" selected").and_then(|end| select[..end].rfind("value=\""));
        at.map(|at| select[at + 7..].split('"').next().unwrap().to_owned()).unwrap_or_default()
    };
    let page = show(decide(mapping, &[])).await;
    assert!(page.contains("what its numbers count in is not clear. Choose below"), "{page}");
    assert_eq!(chosen(&page, "unit.2"), "");
    assert_eq!(chosen(&page, "two_digit_years.3"), "past");
    assert!(page.contains("1940-02-01 / 2040-02-01"), "{page}");
    let mut toml = hidden(&page, "mapping");
    for (unit, years, same) in [("1000", "around", "make"), ("1", "past", "leave_out")] {
        let decided = [("decide.unit.2", unit), ("decide.two_digit_years.3", years)];
        let page = show(decide(&toml, &decided)).await;
        assert_eq!(chosen(&page, "unit.2"), unit);
        assert_eq!(chosen(&page, "two_digit_years.3"), years);
        assert!(page.contains("12.5 / 12500"), "{page}");
        toml = hidden(&page, "mapping");
        let page = show(decide(&toml, &[("decide.identical", same)])).await;
        assert_eq!(chosen(&page, "identical"), same);
        assert!(page.contains("line 4 is equal to line 3"), "{page}");
        toml = hidden(&page, "mapping");
    }
    assert!(toml.contains("unit = 1\n") && toml.contains("two_digit_years = \"past\""), "{toml}");
    // What is stated of columns stays where the table is shown again.
    let one = "[[records]]\ntype = \"customer\"\n[records.fields]\nname = \"name\"\n\
               credit_limit = { column = \"Credit limit (k)\", unit = 1000 }\n";
    let fields = [
        ("file", id.as_str()),
        ("name", "c.csv"),
        ("record_type", "customer"),
        ("use", "table"),
        ("mapping", one),
        ("column.0", "name"),
        ("column.1", "credit_limit"),
    ];
    let page = submit(&house, &admin, "/import/preview", &fields).await.text;
    assert!(hidden(&page, "mapping").contains("unit = 1000"), "{page}");
    let back = [("file", id.as_str()), ("name", "c.csv"), ("mapping", one)];
    let page = submit(&house, &admin, "/import/columns", &back).await.text;
    assert_eq!(self::chosen(&page, 1), "credit_limit");
}

async fn lines_without_a_key_are_refused_or_have_no_such_record(database: TestDatabase) {
    let house = House::open(&database).await;
    let admin = session(&house, "admin@example.com").await;
    let file = "code,country,number\nK1,China,S1\n,France,S2\n";
    let page = upload(&house, &admin, "order", file).await.text;
    let id = hidden(&page, "file");
    let mapping = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
        fields = { code = \"code\", name = \"code\", country = \"country\" }\n\
        [[records]]\ntype = \"order\"\nmatch = [\"number\"]\n\
        fields = { number = \"number\", customer = { record = \"customer\" }, status = { default = \"confirmed\" } }\n";
    let mut toml = mapping.to_owned();
    for (answer, refused, offered) in
        [("", 1, "0=absent"), ("0=absent", 0, "0=refuse"), ("0=refuse", 1, "0=absent")]
    {
        let fields = [
            ("file", id.as_str()),
            ("name", "s.csv"),
            ("use", "decide"),
            ("mapping", toml.as_str()),
            ("without_key", answer),
        ];
        let preview = led_to(&house, &admin, "/import/preview", &fields).await;
        let page = read(&house, &admin, &preview).await.text;
        assert!(page.contains(&format!("2 lines read, {refused} would be refused")), "{page}");
        assert!(page.contains(&format!("name=\"without_key\" value=\"{offered}\"")), "{page}");
        toml = hidden(&page, "mapping");
    }
}
