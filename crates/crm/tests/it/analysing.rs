//! Analyses over records as people really leave them: days that have not come yet, amounts that cannot
//! be, other currencies, returns. A run goes on, tells what it left aside, and contradicts nothing.

use guanxi_base::{Clock, Currency, Money};
use guanxi_crm::access::{Company, Organisation};
use guanxi_crm::billing::{Invoice, InvoiceLine, InvoiceStatus, Payment};
use guanxi_crm::insights::{
    Analysis, AnalysisRun, LifeRule, RunState, TheirOrders, dealings, run_next,
};
use guanxi_crm::people::{AbcClass, Customer, LifeStage, PaymentRecord};
use guanxi_crm::sales::{Order, OrderKind, OrderLine};
use guanxi_record::{Record, Stored};
use guanxi_store::{Actor, Origin, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;
use serde_json::{Value as Json, json};

use crate::house::{create, customer, line, open, order};
use crate::insights::{follow, since_of, warehouse, why_of};

both_databases!(
    what_cannot_be_is_left_aside_counted_and_named,
    today_is_the_day_of_the_company,
    what_came_back_is_taken_off_unless_gross_is_asked_for,
    who_pays_in_another_currency_is_told_apart,
    payments_that_cannot_be_change_nobody_s_record,
    what_happened_since_the_run_is_told,
    who_changed_the_currency_is_told_from_all_that_they_bought,
    one_rule_of_life_holds_for_runs_and_pages,
    of_many_orders_the_newest_are_told_and_it_is_said,
);

async fn run(store: &Store, warehouse: &Warehouse, run: AnalysisRun) -> Stored<AnalysisRun> {
    follow(store, warehouse).await;
    let run = create(store, &Actor::system(Origin::Api), &run).await;
    run_next(store, warehouse).await.unwrap();
    let mut view = store.read(&Actor::system(Origin::Job)).await.unwrap();
    let run: Stored<AnalysisRun> = view.fetch(Purpose::Read, run.id).await.unwrap();
    assert_eq!((run.state, &run.problem), (RunState::Done, &None));
    run
}

async fn again<T: Record>(store: &Store, one: &Stored<T>) -> Stored<T> {
    let mut view = store.read(&Actor::system(Origin::Job)).await.unwrap();
    view.fetch(Purpose::Read, one.id).await.unwrap()
}

fn card(run: &Stored<AnalysisRun>) -> &Json {
    &run.card.as_ref().unwrap().0
}

/// A sale of so much on a day.
async fn sold(store: &Store, who: &Stored<Customer>, date: &str, price: i64) -> Stored<Order> {
    let actor = Actor::system(Origin::Api);
    let one = create(store, &actor, &order(who, date)).await;
    create(store, &actor, &line(&one, 1, price)).await;
    one
}

async fn taken_back(
    store: &Store,
    who: &Stored<Customer>,
    date: &str,
    price: i64,
    kind: OrderKind,
) {
    let actor = Actor::system(Origin::Api);
    let one = create(store, &actor, &Order { kind, ..order(who, date) }).await;
    create(store, &actor, &line(&one, -1, price)).await;
}

/// Sixty customers who buy now and then.
async fn shop(store: &Store) -> Vec<Stored<Customer>> {
    let actor = Actor::system(Origin::Api);
    let mut buyers = Vec::new();
    for at in 0..60_i32 {
        let who = create(store, &actor, &customer(&format!("Buyer {at:02}"))).await;
        for month in 1..=(1 + at % 12) {
            sold(store, &who, &format!("2025-{month:02}-{:02}", 1 + at % 28), 10).await;
        }
        buyers.push(who);
    }
    buyers
}

async fn what_cannot_be_is_left_aside_counted_and_named(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let buyers = shop(&store).await;
    let whole = run(&store, &warehouse, AnalysisRun::of(Analysis::CustomerValue, None)).await;
    assert_eq!(card(&whole)["left_aside"], json!([]));
    let tomorrow = sold(&store, &buyers[0], "2026-03-19", 10).await;
    sold(&store, &buyers[1], "2027-01-01", 10).await;
    sold(&store, &buyers[2], "9999-12-31", 10).await;
    let ancient = sold(&store, &buyers[3], "0001-01-01", 10).await;
    let wrong = Order { kind: OrderKind::Return, ..order(&buyers[4], "2025-12-01") };
    let wrong = create(&store, &actor, &wrong).await;
    create(&store, &actor, &line(&wrong, 1, 10)).await;
    for analysis in [Analysis::CustomerValue, Analysis::Baskets] {
        let done = run(&store, &warehouse, AnalysisRun::of(analysis, None)).await;
        let aside = card(&done)["left_aside"].as_array().unwrap();
        let of = |why: &str| aside.iter().find(|one| one["why"] == why);
        assert_eq!(of("after-today").unwrap()["count"], 3, "{aside:?}");
        assert_eq!(of("before-1900").unwrap()["count"], 1);
        let names = of("after-today").unwrap()["records"].to_string();
        assert!(names.contains(tomorrow.number.as_deref().unwrap()), "{names}");
        let old = of("before-1900").unwrap()["records"].to_string();
        assert!(old.contains(&ancient.id.to_string()), "{old}");
        if analysis == Analysis::CustomerValue {
            assert_eq!(of("return-above-nothing").unwrap()["count"], 1);
            // What is known of everybody is what was known before.
            assert_eq!((done.purchases, done.data_until), (whole.purchases, whole.data_until));
        }
    }
    let fine = again(&store, &buyers[0]).await;
    assert_eq!(fine.last_purchase, Some("2025-01-01".parse().unwrap()));
}

async fn today_is_the_day_of_the_company(database: TestDatabase) {
    // Half past ten in the evening of London is the next morning in China.
    let clock = Clock::at("2026-03-18T22:30:00Z".parse().unwrap());
    let config = guanxi_crm::store_config(database.url(), clock).unwrap();
    let store = Store::open(config).await.unwrap();
    let actor = Actor::system(Origin::Api);
    let (_folder, warehouse) = warehouse();
    let company = Company {
        name: "House".into(),
        parent: None,
        short_name: None,
        tax_number: None,
        currency: "CNY".into(),
        time_zone: "Asia/Shanghai".into(),
        address: None,
    };
    let mut company = create(&store, &actor, &company).await;
    let who = create(&store, &actor, &customer("Morning")).await;
    sold(&store, &who, "2026-03-18", 10).await;
    sold(&store, &who, "2026-03-19", 10).await;
    let done = run(&store, &warehouse, AnalysisRun::of(Analysis::CustomerValue, None)).await;
    assert_eq!((done.purchases, &card(&done)["left_aside"]), (Some(2), &json!([])));
    assert_eq!(card(&done)["today"], "2026-03-19");
    let organisation = Organisation::of(&store).await.unwrap();
    assert_eq!(organisation.today(store.clock().now()).to_string(), "2026-03-19");
    // In another zone it is a day that has not come yet.
    company.time_zone = "America/New_York".into();
    let mut tx = store.write(&actor).await.unwrap();
    let mut company = tx.update(&company).await.unwrap();
    tx.commit().await.unwrap();
    let done = run(&store, &warehouse, AnalysisRun::of(Analysis::CustomerValue, None)).await;
    assert_eq!((done.purchases, &card(&done)["left_aside"][0]["count"]), (Some(1), &json!(1)));
    company.time_zone = "China/Peking".into();
    let mut tx = store.write(&actor).await.unwrap();
    let refused = crate::house::refusals(tx.update(&company).await);
    assert_eq!(refused, ["not-a-time-zone time_zone"]);
}

async fn what_came_back_is_taken_off_unless_gross_is_asked_for(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    shop(&store).await;
    // One gave back all that they bought, one nearly all, one a part; one sent a sale below nothing.
    let all = create(&store, &actor, &customer("All")).await;
    sold(&store, &all, "2025-06-01", 77_000).await;
    taken_back(&store, &all, "2025-06-01", 77_000, OrderKind::Cancellation).await;
    let most = create(&store, &actor, &customer("Most")).await;
    sold(&store, &most, "2025-05-18", 3).await;
    sold(&store, &most, "2025-12-09", 168_000).await;
    taken_back(&store, &most, "2025-12-09", 168_000, OrderKind::Return).await;
    let part = create(&store, &actor, &customer("Part")).await;
    sold(&store, &part, "2025-05-18", 100).await;
    taken_back(&store, &part, "2025-05-28", 30, OrderKind::Return).await;
    taken_back(&store, &part, "2025-05-29", 20, OrderKind::Sale).await;
    let net = run(&store, &warehouse, AnalysisRun::of(Analysis::CustomerValue, None)).await;
    let yuan = |amount: i64| Some(Money::new(amount * Money::ONE, Currency::CNY));
    let nothing = again(&store, &all).await;
    assert_eq!((nothing.purchases, nothing.value_lost, nothing.abc), (None, None, None));
    assert_eq!(nothing.life_stage, Some(LifeStage::Potential));
    let little = again(&store, &most).await;
    assert_eq!((little.purchases, little.revenue), (Some(1), yuan(3)));
    assert_ne!(little.abc, Some(AbcClass::A));
    assert!(little.lifetime_value.unwrap().units < 1_000 * Money::ONE, "{little:?}");
    assert_eq!(again(&store, &part).await.revenue, yuan(50));
    assert_eq!(card(&net)["counts_returned"], json!(false));
    // Their page is told from the same orders.
    let described = store.catalog().get("customer").unwrap().clone();
    let mut view = store.read(&actor).await.unwrap();
    let row = view.row(&described.name, most.id.raw(), Purpose::Read).await.unwrap();
    let told = why_of(&mut view, &row).await.unwrap().unwrap();
    assert_eq!(told.life.reason.unwrap().purchases, 1);
    drop(view);
    let gross =
        AnalysisRun { counts_returned: true, ..AnalysisRun::of(Analysis::CustomerValue, None) };
    let gross = run(&store, &warehouse, gross).await;
    assert_eq!(card(&gross)["counts_returned"], json!(true));
    let gross = again(&store, &most).await;
    assert_eq!((gross.purchases, gross.revenue), (Some(2), yuan(168_003)));
    assert_eq!(gross.abc, Some(AbcClass::A));
}

async fn who_pays_in_another_currency_is_told_apart(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    shop(&store).await;
    let yen = create(&store, &actor, &customer("Yen")).await;
    let currency = "JPY".parse::<Currency>().unwrap();
    for date in ["2025-10-01", "2025-12-20"] {
        let one = create(&store, &actor, &order(&yen, date)).await;
        let unit_price = Money::new(50_000 * Money::ONE, currency);
        create(&store, &actor, &OrderLine { unit_price, ..line(&one, 1, 1) }).await;
    }
    let done = run(&store, &warehouse, AnalysisRun::of(Analysis::CustomerValue, None)).await;
    assert_eq!(card(&done)["in_other_currencies"], 2);
    assert_eq!(card(&done)["customers_elsewhere"], 1);
    let told = again(&store, &yen).await;
    assert_eq!((told.life_stage, told.purchases), (Some(LifeStage::Repeat), Some(2)));
    assert_eq!(told.revenue, Some(Money::new(100_000 * Money::ONE, currency)));
    assert_eq!(told.last_purchase, Some("2025-12-20".parse().unwrap()));
    assert_eq!((told.abc, told.lifetime_value), (None, None));
}

async fn payments_that_cannot_be_change_nobody_s_record(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let buyers = shop(&store).await;
    let bill = async |who: &Stored<Customer>, units: i64| {
        let one = Invoice {
            number: None,
            customer: who.id,
            order: None,
            date: "2025-10-10".parse().unwrap(),
            due_date: Some("2025-11-10".parse().unwrap()),
            status: InvoiceStatus::Issued,
            total: None,
            company: None,
            notes: None,
        };
        let one = create(&store, &actor, &one).await;
        let of = InvoiceLine {
            invoice: one.id,
            product: None,
            description: Some("Work".into()),
            quantity: 1.into(),
            unit: None,
            tax_rate: None,
            unit_price: Money::new(units, Currency::CNY),
            amount: None,
        };
        create(&store, &actor, &of).await;
        one
    };
    let pay = async |invoice: &Stored<Invoice>, date: &str, amount: Money| {
        let one = Payment {
            number: None,
            customer: invoice.customer,
            invoice: Some(invoice.id),
            date: date.parse().unwrap(),
            amount,
            method: None,
            reference: None,
        };
        create(&store, &actor, &one).await
    };
    let yuan = |amount: i64| Money::new(amount * Money::ONE, Currency::CNY);
    // Before the invoice was written: prompt. In years to come: not yet. In other money: not at all.
    let before = bill(&buyers[0], 100 * Money::ONE).await;
    pay(&before, "2025-09-01", yuan(100)).await;
    let later = bill(&buyers[1], 100 * Money::ONE).await;
    let later = pay(&later, "2031-01-01", yuan(100)).await;
    let other = bill(&buyers[2], 100 * Money::ONE).await;
    pay(&other, "2025-11-01", Money::new(100 * Money::ONE, Currency::EUR)).await;
    // Nobody can pay a third of a cent.
    let cent = bill(&buyers[3], 669_933).await;
    pay(&cent, "2025-11-01", Money::new(669_900, Currency::CNY)).await;
    let done = run(&store, &warehouse, AnalysisRun::of(Analysis::CustomerValue, None)).await;
    let aside = card(&done)["left_aside"].as_array().unwrap();
    assert_eq!((&aside[0]["record_type"], &aside[0]["count"]), (&json!("payment"), &json!(1)));
    assert!(aside[0]["records"].to_string().contains(later.number.as_deref().unwrap()));
    let record = async |at: usize| again(&store, &buyers[at]).await.payment_record;
    assert_eq!(record(0).await, Some(PaymentRecord::Prompt));
    assert_eq!(record(1).await, Some(PaymentRecord::Bad));
    assert_eq!(record(2).await, Some(PaymentRecord::Bad));
    assert_eq!(record(3).await, Some(PaymentRecord::Prompt));
}

async fn what_happened_since_the_run_is_told(database: TestDatabase) {
    let clock = Clock::at(crate::house::NOW.parse().unwrap());
    let config = guanxi_crm::store_config(database.url(), clock.clone()).unwrap();
    let store = Store::open(config).await.unwrap();
    let actor = Actor::system(Origin::Api);
    let (_folder, warehouse) = warehouse();
    let buyers = shop(&store).await;
    let described = store.catalog().get("customer").unwrap().clone();
    let told = async |who: &Stored<Customer>| {
        let mut view = store.read(&actor).await.unwrap();
        let row = view.row(&described.name, who.id.raw(), Purpose::Read).await.unwrap();
        since_of(&mut view, &row).await.unwrap()
    };
    assert_eq!(told(&buyers[0]).await, None);
    clock.advance(guanxi_base::SignedDuration::from_mins(5));
    let done = run(&store, &warehouse, AnalysisRun::of(Analysis::CustomerValue, None)).await;
    let quiet = told(&buyers[0]).await.unwrap();
    assert_eq!((Some(quiet.run), quiet.changed), (done.number.clone(), vec![]));
    clock.advance(guanxi_base::SignedDuration::from_mins(5));
    sold(&store, &buyers[0], "2026-03-18", 10).await;
    let changed = async |who: &Stored<Customer>| -> Vec<(&str, i64)> {
        let changed = told(who).await.unwrap().changed;
        changed.iter().map(|one| (one.record_type, one.changed)).collect()
    };
    assert_eq!(changed(&buyers[0]).await, [("order", 1)]);
    assert_eq!(changed(&buyers[1]).await, []);
    // What was put away is a change too.
    let mut view = store.read(&actor).await.unwrap();
    let query =
        guanxi_record::Query::of(guanxi_record::Filter::eq("customer", buyers[1].id.to_string()));
    let row = view.list("order", &query.limited(1)).await.unwrap().rows.remove(0);
    drop(view);
    let mut tx = store.write(&actor).await.unwrap();
    tx.archive("order", row.id, row.version).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(changed(&buyers[1]).await, [("order", 1)]);
}

async fn who_changed_the_currency_is_told_from_all_that_they_bought(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    shop(&store).await;
    let who = create(&store, &actor, &customer("Moved abroad")).await;
    for month in 1..=6 {
        sold(&store, &who, &format!("2025-{month:02}-10"), 10).await;
    }
    // From then on each week in dollars, until yesterday.
    let mut day: guanxi_base::Date = "2026-03-17".parse().unwrap();
    for _ in 0..38 {
        let one = create(&store, &actor, &order(&who, &day.to_string())).await;
        let unit_price = Money::new(10 * Money::ONE, Currency::USD);
        create(&store, &actor, &OrderLine { unit_price, ..line(&one, 1, 1) }).await;
        day = day.saturating_sub(jiff::Span::new().days(7));
    }
    let done = run(&store, &warehouse, AnalysisRun::of(Analysis::CustomerValue, None)).await;
    assert_eq!(card(&done)["currency"], "CNY");
    let told = again(&store, &who).await;
    assert_eq!(told.last_purchase, Some("2026-03-17".parse().unwrap()));
    assert_eq!(told.life_stage, Some(LifeStage::Loyal));
    // Nobody who buys each week has left, and nobody buys more recently and more often.
    let risk = told.churn_risk.unwrap();
    assert!(risk < guanxi_base::Percent::parse("20").unwrap(), "{risk}");
    assert!(told.rfm.as_deref().unwrap().starts_with("55"), "{:?}", told.rfm);
    let expected = told.expected_purchases.unwrap();
    assert!(expected > guanxi_base::Decimal::from(6), "{expected}");
    // Amounts are those in the currency of most.
    let yuan = Money::new(60 * Money::ONE, Currency::CNY);
    assert_eq!((told.purchases, told.revenue), (Some(6), Some(yuan)));
    // What is to come in it is as much of all that is to come.
    let other = Money::new(1_500 * Money::ONE, Currency::CNY);
    assert!(told.lifetime_value.unwrap().units < other.units, "{:?}", told.lifetime_value);
}

async fn one_rule_of_life_holds_for_runs_and_pages(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let buyers = shop(&store).await;
    // Two rules for all others: the older one holds.
    for (name, loyal_purchases) in [("First", 3), ("Second", 300)] {
        let rule = LifeRule { name: name.to_owned(), loyal_purchases, ..LifeRule::usual() };
        create(&store, &actor, &rule).await;
    }
    run(&store, &warehouse, AnalysisRun::of(Analysis::CustomerValue, None)).await;
    let described = store.catalog().get("customer").unwrap().clone();
    let mut view = store.read(&actor).await.unwrap();
    let mut loyal = 0;
    for who in &buyers {
        let row = view.row(&described.name, who.id.raw(), Purpose::Read).await.unwrap();
        let why = why_of(&mut view, &row).await.unwrap().unwrap();
        let told: Stored<Customer> = row.try_into().unwrap();
        assert_eq!(Some(why.life.stage), told.life_stage, "{}", told.name);
        loyal += usize::from(why.life.stage == LifeStage::Loyal);
    }
    assert!(loyal > 0, "three purchases are enough by the older rule");
}

async fn of_many_orders_the_newest_are_told_and_it_is_said(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let who = create(&store, &actor, &customer("Walk-in customers")).await;
    for day in 1..=9 {
        sold(&store, &who, &format!("2026-01-0{day}"), 10).await;
    }
    let mut view = store.read(&actor).await.unwrap();
    let today = "2026-03-18".parse().unwrap();
    for (most, told, count) in [(4, Some(4), 4), (9, None, 9), (20, None, 9)] {
        let orders = TheirOrders::newest(&mut view, who.id.raw(), most).await.unwrap();
        let found = dealings(&mut view, &orders, today).await.unwrap();
        assert_eq!((found.only_newest, found.dealt[0].orders), (told, count));
        assert_eq!(found.last, Some("2026-01-09".parse().unwrap()));
        assert_eq!(found.first, Some(format!("2026-01-0{}", 10 - count).parse().unwrap()));
    }
}
