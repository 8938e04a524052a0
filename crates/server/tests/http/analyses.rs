//! Pages that tell what analyses found: sentences first, as of when, what changed since, and where each
//! analysis stands after its button was pressed.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_base::SignedDuration;
use guanxi_crm::demo::{Demo, make_demo};
use guanxi_crm::insights::run_next;
use guanxi_record::{Filter, Query};
use guanxi_store::{Actor, NewSignIn, Origin, SignInKind};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;
use serde_json::{Value as Json, json};

use crate::house::{Answer, House};

both_databases!(
    pressing_a_button_says_what_comes_of_it,
    a_page_that_watched_a_run_is_told_anew_when_it_ends,
    the_overview_says_sentences_first_and_models_last,
    a_customers_page_does_not_contradict_itself,
    charts_begin_with_the_day_when_things_happened,
);

pub(crate) struct Browser {
    pub(crate) house: House,
    session: String,
    warehouse: Warehouse,
    _folder: tempfile::TempDir,
}

impl Browser {
    pub(crate) async fn open(database: &TestDatabase, customers: usize) -> Self {
        let house = House::open(database).await;
        let system = Actor::system(Origin::Cli);
        if customers > 0 {
            let demo = Demo { seed: 1, customers, orders_per_customer: 6.0 };
            make_demo(&house.store, &system, demo, |_| {}).await.unwrap();
        }
        let mut view = house.store.read(&system).await.unwrap();
        let user = view.find_by("user", "email", "admin@example.com").await.unwrap().unwrap();
        drop(view);
        let session = NewSignIn::of(SignInKind::Session);
        let session = house.store.create_sign_in(user.id, session).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let warehouse = Warehouse::open(folder.path().to_str().unwrap()).unwrap();
        Self { house, session, warehouse, _folder: folder }
    }

    pub(crate) async fn get_in(&self, locale: &str, path: &str) -> String {
        let cookie = format!("guanxi_session={}; guanxi_locale={locale}", self.session);
        let request = Request::get(path).header(header::COOKIE, cookie);
        let answer = self.house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.text
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        self.get_in("en", path).await
    }

    async fn press(&self, analysis: &str) -> Answer {
        let request = Request::post("/insights/run")
            .header(header::COOKIE, format!("guanxi_session={}; guanxi_locale=en", self.session))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = Body::from(format!("analysis={analysis}"));
        self.house.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn analyse(&self) {
        assert_eq!(self.press("customer_value").await.status, StatusCode::SEE_OTHER);
        // On PostgreSQL other tests' transactions hold the end of the log back for a moment.
        let catalog = self.house.store.catalog();
        let mut all = Vec::new();
        for name in ["customer", "order"] {
            let of = catalog.get(name).unwrap();
            let rows = self.house.store.rows_after(of, guanxi_base::RawId(i64::MIN), 100_000);
            all.push((name, rows.await.unwrap().len()));
        }
        for _ in 0..2_000 {
            guanxi_crm::insights::catch_up(&self.house.store, &self.warehouse).await.unwrap();
            let manifest = self.warehouse.manifest().await.unwrap();
            if all.iter().all(|(name, count)| manifest.rows(name) == *count) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        run_next(&self.house.store, &self.warehouse).await.unwrap().unwrap();
    }

    pub(crate) async fn total(&self, address: &str) -> i64 {
        let (path, condition) = address.split_once('?').unwrap();
        let path = format!("{path}?{condition}&total=true&limit=1");
        let answer = self.house.call("GET", &path, Json::Null).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.json()["total"]["number"].as_i64().unwrap()
    }
}

/// What stands between two marks.
pub(crate) fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to}")).0
}

async fn pressing_a_button_says_what_comes_of_it(database: TestDatabase) {
    let browser = Browser::open(&database, 0).await;
    let before = browser.get("/insights").await;
    assert!(!before.contains("waits for its turn") && !before.contains("every 2s"));
    assert_eq!(browser.press("customer_value").await.status, StatusCode::SEE_OTHER);
    let waiting = browser.get("/insights").await;
    let card = between(&waiting, "id=\"analyses\"", "</div>");
    assert!(
        card.contains("Customer value: waits for its turn, asked for on 18 Mar 2026"),
        "{card}"
    );
    assert!(card.contains("every 2s") && card.contains("/analysis_run/"), "{card}");
    // It cannot be asked for twice.
    let buttons = between(&waiting, "action=\"/insights/run\"", "</form>");
    assert_eq!(buttons.matches("disabled").count(), 1, "{buttons}");
    run_next(&browser.house.store, &browser.warehouse).await.unwrap().unwrap();
    let done = browser.get("/insights").await;
    let card = between(&done, "id=\"analyses\"", "</div>");
    assert!(card.contains("Customer value: done on 18 Mar 2026") && !card.contains("every 2s"));
    // Without a purchase nothing is counted from nowhere to nowhere.
    assert!(done.contains("no purchases yet") && !done.contains("from  to"), "{done}");
    assert!(!done.contains("null"), "{done}");
    assert!(browser.get_in("zh_cn", "/insights").await.contains("完成"));
}

async fn the_overview_says_sentences_first_and_models_last(database: TestDatabase) {
    let browser = Browser::open(&database, 90).await;
    // One order of tomorrow is left aside and named.
    let buyer = browser.house.customer("Tomorrow").await;
    let order = json!({ "customer": buyer["id"], "date": "2026-03-20", "status": "confirmed" });
    let order = browser.house.call("POST", "/order", order).await.json();
    let line = json!({ "order": order["id"], "description": "Thing", "quantity": "1",
        "unit_price": { "amount": "10.00", "currency": "CNY" } });
    let answer = browser.house.call("POST", "/order_line", line).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    browser.analyse().await;
    let page = browser.get("/insights").await;
    let (told, how) = page.split_once("How we know").unwrap();
    for word in ["log-odds", "beta", "LL ", "Area under", "Gini", "Pareto/NBD"] {
        assert!(!told.contains(word), "{word}");
    }
    assert!(how.contains("Model of customer value") && how.contains("Who buys soon"));
    // Each sentence leads to a list with as many as it says.
    let said = between(told, "class=\"gx-said\"", "</ul>");
    assert_eq!(said.matches("<li>").count(), 3, "{said}");
    for sentence in said.split("<li>").skip(1) {
        let address = between(sentence, "href=\"", "\"").replace("&amp;", "&");
        let text = between(sentence, "\">", "<");
        let number = crate::figures::leading(text);
        assert_eq!(browser.total(&address).await, number, "{text} {address}");
    }
    let aside = between(told, "role=\"note\"", "</div>");
    assert!(aside.contains(order["number"].as_str().unwrap()), "{aside}");
    assert!(aside.contains("1 Order dated after today (18 Mar 2026)"), "{aside}");
    assert!(browser.get_in("zh_cn", "/insights").await.contains("晚于今天"));
}

async fn a_customers_page_does_not_contradict_itself(database: TestDatabase) {
    let browser = Browser::open(&database, 90).await;
    browser.analyse().await;
    let system = Actor::system(Origin::Cli);
    let mut view = browser.house.store.read(&system).await.unwrap();
    let query = Query::of(Filter::compare("purchases", guanxi_record::Op::Ge, 3)).limited(5);
    let rows = view.list("customer", &query).await.unwrap().rows;
    drop(view);
    let known = async |id: guanxi_base::RawId| {
        let page = browser.get(&format!("/customer/{id}")).await;
        between(&page, "aria-label=\"What is known\"", "</section>").to_owned()
    };
    for row in &rows {
        let card = known(row.id).await;
        assert!(card.contains("As of 18 Mar 2026") && card.contains("analysis AN-"), "{card}");
        assert!(!card.contains("changed since") && !card.contains("log-odds"), "{card}");
        // What the numbers above count as they are now is not said again as it was.
        for label in ["Last purchase", "First purchase"] {
            assert!(!card.contains(label), "{label}: {card}");
        }
        // Estimates have two digits.
        for part in card.split("\u{a0}%").filter(|part| part.len() < card.len()) {
            let digits = part.rsplit(['>', ' ']).next().unwrap_or_default();
            let significant = digits.trim_start_matches(['0', '.']).replace('.', "");
            assert!(significant.len() <= 2 || digits == "100", "{digits}");
        }
    }
    browser.house.clock.advance(SignedDuration::from_mins(5));
    let order = json!({ "customer": rows[0].id.to_string(), "date": "2026-03-18" });
    let answer = browser.house.call("POST", "/order", order).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let card = known(rows[0].id).await;
    assert!(card.contains("changed since: 1 Order"), "{card}");
    let list = between(&card, "href=\"/order?", "\"").replace("&amp;", "&");
    assert_eq!(browser.total(&format!("/order?{list}")).await, 1, "{list}");
    assert!(!known(rows[1].id).await.contains("changed since"));
    // A dashboard says as of when it is.
    let dashboard = json!({ "name": "All" });
    let dashboard = browser.house.call("POST", "/dashboard", dashboard).await.json();
    let chart = json!({ "dashboard": dashboard["id"], "name": "Orders", "kind": "bar",
        "record_type": "order", "group_by": "date:month", "measure": "count" });
    let answer = browser.house.call("POST", "/chart", chart).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let id = dashboard["id"].as_str().unwrap();
    let page = browser.get(&format!("/dashboard/{id}")).await;
    assert!(page.contains("As of 18 Mar 2026"), "{page}");
}

async fn charts_begin_with_the_day_when_things_happened(database: TestDatabase) {
    let browser = Browser::open(&database, 12).await;
    for (of, group) in [("case", "opened_at:month"), ("order", "date:month")] {
        let page = browser.get(&format!("/chart/new?record_type={of}")).await;
        let chosen = format!("value=\"{group}\" selected");
        assert!(page.contains(&chosen), "{of}");
    }
    let answer = browser.house.call("GET", "/chart?record_type=case&limit=100", Json::Null).await;
    let charts = answer.json();
    for chart in charts["items"].as_array().unwrap() {
        let group = chart["group_by"].as_str().unwrap_or_default();
        assert!(!group.starts_with("created_at"), "{chart}");
    }
}

async fn a_page_that_watched_a_run_is_told_anew_when_it_ends(database: TestDatabase) {
    let browser = Browser::open(&database, 0).await;
    assert_eq!(browser.press("customer_value").await.status, StatusCode::SEE_OTHER);
    let page = browser.get("/insights").await;
    let asks = between(&page, "id=\"analyses\"", ">");
    assert!(asks.contains("hx-get=\"/insights?watching=customer_value\""), "{asks}");
    let whole = async |path: &str| {
        let cookie = format!("guanxi_session={}; guanxi_locale=en", browser.session);
        let request =
            Request::get(path).header(header::COOKIE, cookie).header("hx-request", "true");
        let answer = browser.house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
        let told = ["hx-retarget", "hx-reselect", "hx-reswap"]
            .map(|name| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned()));
        told.into_iter().flatten().collect::<Vec<_>>()
    };
    // While it goes on only its line is told anew.
    assert!(whole("/insights?watching=customer_value").await.is_empty());
    assert!(run_next(&browser.house.store, &browser.warehouse).await.unwrap().is_some());
    let anew = ["#main", "#main", "outerHTML"];
    assert_eq!(whole("/insights?watching=customer_value").await, anew);
    // One of two that are watched is enough.
    browser.press("baskets").await;
    assert_eq!(whole("/insights?watching=customer_value,baskets").await, anew);
    assert!(whole("/insights?watching=baskets").await.is_empty());
    assert!(whole("/insights").await.is_empty());
    // Whoever presses twice asks once.
    browser.press("baskets").await;
    assert!(run_next(&browser.house.store, &browser.warehouse).await.unwrap().is_some());
    assert!(run_next(&browser.house.store, &browser.warehouse).await.unwrap().is_none());
}
