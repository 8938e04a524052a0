//! Figures on pages: one count behind numbers, sentences and lists; what is not known is said to be
//! so.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_base::{Currency, Decimal, Money, SignedDuration};
use guanxi_crm::access::{Company, Locale, User, standard_role};
use guanxi_crm::people::Customer;
use guanxi_crm::sales::{Order, OrderKind, OrderLine, OrderStatus};
use guanxi_record::{Email, Filter, Owner, Query, Record, Sort, Stored};
use guanxi_store::{Actor, NewSignIn, Origin, SignInKind};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use crate::analyses::{Browser, between};

both_databases!(
    what_is_not_known_is_not_told_as_nothing,
    every_figure_leads_to_a_list_of_as_many,
    a_customer_s_numbers_are_those_of_the_sentences,
    who_sees_some_customers_is_told_what_is_not_known,
    who_buys_in_another_currency_is_unknown_for_that,
    figures_of_one_overview_are_of_one_moment,
    who_could_not_be_told_asks_for_no_analysis,
    the_overview_marks_what_changed_since,
    sentences_of_one_are_of_one,
);

async fn make<T: Record>(browser: &Browser, one: &T) -> Stored<T> {
    let mut tx = browser.house.store.write(&Actor::system(Origin::Cli)).await.unwrap();
    let made = tx.create(one).await.unwrap();
    tx.commit().await.unwrap();
    made
}

/// A sale of so much on a day.
async fn sold(browser: &Browser, who: &Stored<Customer>, date: &str, amount: Money) {
    let mut tx = browser.house.store.write(&Actor::system(Origin::Cli)).await.unwrap();
    let order = Order {
        number: None,
        customer: Some(who.id),
        date: date.parse().unwrap(),
        kind: OrderKind::Sale,
        status: OrderStatus::Completed,
        total: None,
        channel: None,
        contact: None,
        company: None,
        owner: None,
        customer_reference: None,
        notes: None,
    };
    let order = tx.create(&order).await.unwrap();
    let line = OrderLine {
        order: order.id,
        product: None,
        description: Some("Widget".to_owned()),
        quantity: Decimal::from(1),
        unit_price: amount,
        unit: None,
        discount: None,
        tax_rate: None,
        amount: None,
        list_price: None,
        below_list: None,
    };
    tx.create(&line).await.unwrap();
    tx.commit().await.unwrap();
}

fn yuan(amount: i64) -> Money {
    Money::new(amount * Money::ONE, Currency::CNY)
}

/// Each link of a part of a page: where it leads, and its text.
fn links(part: &str) -> Vec<(String, String)> {
    let all = part.split("<a ").skip(1);
    let link = |one: &str| {
        let address = between(one, "href=\"", "\"").replace("&amp;", "&");
        (address, between(one, ">", "</a>").trim().to_owned())
    };
    all.map(link).collect()
}

/// The number with which a sentence begins.
pub(crate) fn leading(text: &str) -> i64 {
    match text.split(' ').next().unwrap() {
        "Nobody" | "None" => 0,
        number => number.replace(',', "").parse().unwrap(),
    }
}

async fn what_is_not_known_is_not_told_as_nothing(database: TestDatabase) {
    let browser = Browser::open(&database, 0).await;
    let first = make(&browser, &Customer::named("First")).await;
    sold(&browser, &first, "2026-03-15", yuan(20)).await;
    browser.analyse().await;
    let page = browser.get("/insights").await;
    let said = between(&page, "class=\"gx-said\"", "</ul>");
    assert!(!said.contains("0 of the largest") && !said.contains("0 customers are"), "{said}");
    for (address, text) in links(said) {
        assert_eq!(browser.total(&address).await, leading(&text), "{address} {text}");
    }
    let unknown = "1 of the largest customers (class A): whether they have left is not known.";
    assert!(said.contains(unknown), "{said}");
    assert!(said.contains("1 who has bought: whether they buy within 90 days is not known."));
    assert!(page.contains("The purchases reach back 3 days"), "{page}");
    assert!(browser.get_in("zh_cn", "/insights").await.contains("尚不可知"));
    // Nearly all bought in the last ninety days: whoever did not teaches nothing.
    for at in 0..60 {
        let who = make(&browser, &Customer::named(format!("Buyer {at}"))).await;
        for date in ["2025-11-01", "2026-03-01"] {
            sold(&browser, &who, date, yuan(10 + at)).await;
        }
    }
    browser.analyse().await;
    let page = browser.get("/insights").await;
    let said = between(&page, "class=\"gx-said\"", "</ul>");
    assert!(said.contains("61 who have bought: whether they buy"), "{said}");
    assert!(said.contains("nobody's chance is told") || said.contains("nobody&#39;s"), "{said}");
    assert!(!said.contains("customers are likely to buy"), "{said}");
    for (address, text) in links(said) {
        assert_eq!(browser.total(&address).await, leading(&text), "{address} {text}");
    }
}

async fn every_figure_leads_to_a_list_of_as_many(database: TestDatabase) {
    let browser = Browser::open(&database, 0).await;
    let dollars = |amount: i64| Money::new(amount * Money::ONE, Currency::USD);
    for at in 0..12 {
        let who = make(&browser, &Customer::named(format!("Buyer {at}"))).await;
        // Four of each currency left years ago.
        let date = if at % 3 == 0 { "2023-05-01" } else { "2026-02-01" };
        let amount = if at < 6 { yuan(100) } else { dollars(30) };
        sold(&browser, &who, date, amount).await;
    }
    let giant = make(&browser, &Customer::named("Giant")).await;
    for _ in 0..100 {
        sold(&browser, &giant, "2026-02-01", yuan(9_900_000_000_000)).await;
    }
    browser.analyse().await;
    let page = browser.get("/insights").await;
    let numbers = between(&page, "class=\"gx-numbers\"", "</dl>");
    let figures = links(numbers);
    let buyers = figures.iter().find(|(to, _)| to.contains("purchases.ge=1")).unwrap();
    assert_eq!((buyers.1.as_str(), browser.total(&buyers.0).await), ("13", 13));
    assert!(numbers.contains("\u{a5}990,000,000,000,600.00"), "{numbers}");
    // One row for one reason, whatever the currencies.
    let lost = between(&page, "aria-label=\"Lost customers\"", "</section>");
    let rows = links(between(lost, "<tbody>", "</tbody>"));
    assert_eq!(rows.len(), 1, "{lost}");
    assert_eq!((rows[0].1.as_str(), browser.total(&rows[0].0).await), ("4", 4));
    for amount in ["\u{a5}200.00", "$60.00", "not known"] {
        assert!(lost.contains(amount), "{amount}: {lost}");
    }
    let said = between(&page, "class=\"gx-said\"", "</ul>");
    for amount in ["4 customers have left", "\u{a5}200.00", "$60.00"] {
        assert!(said.contains(amount), "{amount}: {said}");
    }
}

async fn a_customer_s_numbers_are_those_of_the_sentences(database: TestDatabase) {
    let browser = Browser::open(&database, 0).await;
    let company = Company {
        name: "House".into(),
        parent: None,
        short_name: None,
        tax_number: None,
        currency: "CNY".into(),
        time_zone: "Pacific/Auckland".into(),
        address: None,
    };
    make(&browser, &company).await;
    // Noon in London is tomorrow in Auckland.
    browser.house.clock.advance(SignedDuration::from_hours(4));
    let who = make(&browser, &Customer::named("Dates")).await;
    sold(&browser, &who, "2026-01-01", yuan(100)).await;
    sold(&browser, &who, "2026-03-19", yuan(200)).await;
    sold(&browser, &who, "9999-12-31", yuan(10)).await;
    sold(&browser, &who, "2026-02-01", Money::new(7 * Money::ONE, Currency::EUR)).await;
    let path = format!("/customer/{}", who.id);
    let number = |page: &str, key: &str| {
        let part = between(page, &format!("data-number=\"{key}\""), "</div>").to_owned();
        between(&part, "<dd>", "</dd>").to_owned()
    };
    // Before the first analysis the numbers are counted so, too.
    for _ in 0..2 {
        let page = browser.get(&path).await;
        assert_eq!(number(&page, "number-orders"), "3");
        assert_eq!(number(&page, "number-last"), "19 Mar 2026");
        assert_eq!(number(&page, "number-since"), "0");
        assert_eq!(number(&page, "number-revenue"), "\u{a5}300.00");
        let aside = between(&page, "role=\"note\"", "</div>");
        assert!(aside.contains("1 Order dated after today (19 Mar 2026) is left aside"), "{aside}");
        assert!(aside.contains("(together \u{a5}10.00)"), "{aside}");
        browser.analyse().await;
    }
    let page = browser.get(&path).await;
    let known = between(&page, "aria-label=\"What is known\"", "</section>");
    assert!(known.contains("3 purchases in 77 days, the last purchase on 19 Mar 2026"), "{known}");
    assert!(known.contains("1 of the purchases is in another currency"), "{known}");
    assert!(known.contains("told as of 19 Mar 2026"), "{known}");
}

/// Somebody who sees what they answer for.
async fn seller(browser: &Browser) -> Stored<User> {
    let system = Actor::system(Origin::Cli);
    let mut view = browser.house.store.read(&system).await.unwrap();
    let query = Query::of(Filter::everything()).sorted(vec![Sort::up("id")]).limited(100);
    let roles = view.list("role", &query).await.unwrap().rows;
    let roles: Vec<_> = roles.iter().map(|row| guanxi_base::Id::new(row.id)).collect();
    drop(view);
    let seller = User {
        name: "Seller".into(),
        email: Email("seller@example.com".into()),
        phone: None,
        job_title: None,
        team: None,
        roles: standard_role(&roles, "salesperson").into_iter().collect(),
        is_administrator: false,
        is_active: true,
        locale: Locale::En,
        time_zone: "UTC".to_owned(),
    };
    make(browser, &seller).await
}

/// A page as somebody sees it.
async fn page_of(browser: &Browser, user: &Stored<User>, path: &str) -> String {
    let session = NewSignIn::of(SignInKind::Session);
    let session = browser.house.store.create_sign_in(user.id.raw(), session).await.unwrap();
    let cookie = format!("guanxi_session={session}; guanxi_locale=en");
    let request = Request::get(path).header(header::COOKIE, cookie);
    let answer = browser.house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    answer.text
}

async fn who_sees_some_customers_is_told_what_is_not_known(database: TestDatabase) {
    let browser = Browser::open(&database, 0).await;
    let seller = seller(&browser).await;
    let owner = Some(Owner(seller.id.raw()));
    for name in ["One", "Two"] {
        let who = make(&browser, &Customer { owner, ..Customer::named(name) }).await;
        sold(&browser, &who, "2026-03-15", yuan(20)).await;
    }
    browser.analyse().await;
    let get = async |path: &str| page_of(&browser, &seller, path).await;
    let page = get("/insights").await;
    let risk = between(&page, "data-number=\"insights-at-risk\"", "</div>");
    let link = links(risk).remove(0);
    assert_eq!(link.1, "not known of 2");
    assert!(get(&link.0).await.contains("Two"));
    assert!(!page.contains("nobody is likely to have left"), "{page}");
}

async fn who_buys_in_another_currency_is_unknown_for_that(database: TestDatabase) {
    let browser = Browser::open(&database, 0).await;
    let seller = seller(&browser).await;
    let euros = |amount: i64| Money::new(amount * Money::ONE, Currency::EUR);
    for at in 0..40 {
        let who = make(&browser, &Customer::named(format!("Buyer {at}"))).await;
        for month in 1..=12 {
            sold(&browser, &who, &format!("2025-{month:02}-{:02}", 1 + at % 28), yuan(30)).await;
        }
    }
    let owner = Some(Owner(seller.id.raw()));
    for name in ["Euro one", "Euro two"] {
        let who = make(&browser, &Customer { owner, ..Customer::named(name) }).await;
        for month in 1..=12 {
            sold(&browser, &who, &format!("2025-{month:02}-15"), euros(20)).await;
        }
        sold(&browser, &who, "2026-03-01", euros(20)).await;
    }
    browser.analyse().await;
    let page = page_of(&browser, &seller, "/insights").await;
    let calls = between(&page, "aria-label=\"Whom to call first\"", "</section>");
    assert!(calls.contains("not known of 2"), "{calls}");
    assert!(calls.contains("They buy in other currencies than most."), "{calls}");
    assert!(!calls.contains("too few purchases"), "{calls}");
    let list = links(calls).into_iter().find(|(_, text)| text == "not known of 2").unwrap();
    assert_eq!(browser.total(&list.0).await, 2);
}

async fn figures_of_one_overview_are_of_one_moment(database: TestDatabase) {
    let browser = Browser::open(&database, 0).await;
    let mut lost = Vec::new();
    for at in 0..8 {
        let who = make(&browser, &Customer::named(format!("Lost {at}"))).await;
        sold(&browser, &who, "2023-05-01", yuan(100)).await;
        lost.push(who);
    }
    for at in 0..30 {
        let who = make(&browser, &Customer::named(format!("Stays {at}"))).await;
        sold(&browser, &who, "2026-02-01", yuan(100)).await;
    }
    browser.house.clock.advance(SignedDuration::from_mins(5));
    browser.analyse().await;
    let page = browser.get("/insights").await;
    assert!(page.contains("8 customers have left.") && !page.contains("changed since"), "{page}");
    browser.house.clock.advance(SignedDuration::from_mins(5));
    let mut tx = browser.house.store.write(&Actor::system(Origin::Cli)).await.unwrap();
    for who in &lost[..3] {
        tx.archive(Customer::NAME, who.id.raw(), who.version).await.unwrap();
    }
    tx.commit().await.unwrap();
    make(&browser, &Customer::named("New")).await;
    let page = browser.get("/insights").await;
    // Sentence and card say what the run found; the page says what has happened since.
    assert!(page.contains("8 customers have left."), "{page}");
    let card = between(&page, "/customer?life_stage=lost\">Lost", "</tr>");
    assert!(card.contains(">8</td>"), "{card}");
    assert!(page.contains("changed since: 4 Customers"), "{page}");
    let list = between(&page, "href=\"/customer?updated_at", "\"").replace("&amp;", "&");
    assert_eq!(browser.total(&format!("/customer?updated_at{list}")).await, 4);
    browser.analyse().await;
    let page = browser.get("/insights").await;
    assert!(page.contains("5 customers have left."), "{page}");
}

async fn who_could_not_be_told_asks_for_no_analysis(database: TestDatabase) {
    let browser = Browser::open(&database, 0).await;
    let seller = seller(&browser).await;
    let token = NewSignIn::of(SignInKind::ApiToken);
    let token = browser.house.store.create_sign_in(seller.id.raw(), token).await.unwrap();
    let wanted = json!({ "analysis": "customer_value" });
    for path in ["/analysis_run", "/analysis_schedule"] {
        let answer = browser.house.call_as(&token, "POST", path, &[], wanted.clone()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", answer.text);
        assert!(answer.text.contains("needs-all-customers"), "{path}: {}", answer.text);
        assert_eq!(browser.total(&format!("{path}?archived=true")).await, 0);
        let answer = browser.house.call("POST", path, wanted.clone()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{path}: {}", answer.text);
    }
}

async fn the_overview_marks_what_changed_since(database: TestDatabase) {
    let browser = Browser::open(&database, 0).await;
    let who = make(&browser, &Customer::named("Buyer")).await;
    sold(&browser, &who, "2025-03-15", yuan(20)).await;
    browser.house.clock.advance(SignedDuration::from_mins(5));
    browser.analyse().await;
    assert!(!browser.get("/insights").await.contains("changed since"));
    browser.house.clock.advance(SignedDuration::from_mins(5));
    let order = json!({ "customer": who.id.to_string(), "date": "2026-03-18" });
    let answer = browser.house.call("POST", "/order", order).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let page = browser.get("/insights").await;
    assert!(page.contains("changed since: 1 Order"), "{page}");
    let list = between(&page, "href=\"/order?updated_at", "\"").replace("&amp;", "&");
    assert_eq!(browser.total(&format!("/order?updated_at{list}")).await, 1);
    let gone = browser.house.call("GET", "/order?limit=1", Json::Null).await;
    assert_eq!(gone.status, StatusCode::OK);
}

async fn sentences_of_one_are_of_one(database: TestDatabase) {
    let browser = Browser::open(&database, 0).await;
    browser.analyse().await;
    let none = make(&browser, &Customer::named("None")).await;
    browser.analyse().await;
    let page = browser.get(&format!("/customer/{}", none.id)).await;
    let known = between(&page, "aria-label=\"What is known\"", "</section>");
    assert!(known.contains("no purchases yet") && !known.contains("until ,"), "{known}");
    let page = browser.get_in("zh_cn", &format!("/customer/{}", none.id)).await;
    assert!(!page.contains("购买截至 ，"), "{page}");
    let once = make(&browser, &Customer::named("Once")).await;
    sold(&browser, &once, "2025-09-15", yuan(20)).await;
    browser.analyse().await;
    let page = browser.get(&format!("/customer/{}", once.id)).await;
    let known = between(&page, "aria-label=\"What is known\"", "</section>");
    assert!(known.contains("1 purchase, on 15 Sep 2025."), "{known}");
    assert!(!known.contains("1 purchases") && !known.contains("usually come"), "{known}");
    let page = browser.get("/insights").await;
    assert!(!page.contains("1 purchases") && !page.contains("1 customers"), "{page}");
    // Of one customer no model is compared with others, and none was in use before.
    assert!(page.contains("There is too little to "), "{page}");
    assert!(!page.contains("in use already") && !page.contains("nearest to what"), "{page}");
}
