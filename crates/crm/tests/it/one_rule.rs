//! One rule for all that is told: a few orders of a mistyped year make no firm old, segments count the
//! purchases of the analyses, and a reason follows the rule by which the stage was told.

use guanxi_base::SignedDuration;
use guanxi_crm::insights::{
    Analysis, AnalysisRun, LifeRule, TheirOrders, changed_since, run_next, why,
};
use guanxi_crm::people::{Customer, LifeStage};
use guanxi_crm::sales::{Order, OrderKind};
use guanxi_crm::segments::{Choosing, alike, profile};
use guanxi_record::{Filter, Record, Stored};
use guanxi_store::{Actor, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;
use serde_json::Value as Json;

use crate::house::{create, customer, line, open, order};
use crate::insights::{follow, shop, warehouse};
use crate::resolving::of;

both_databases!(
    two_orders_of_a_wrong_year_make_no_old_firm,
    a_segment_counts_the_purchases_of_the_analyses,
    a_reason_follows_the_rule_of_the_run,
);

async fn analysed(store: &Store, warehouse: &Warehouse, actor: &Actor) -> Stored<AnalysisRun> {
    follow(store, warehouse).await;
    let run = create(store, actor, &AnalysisRun::of(Analysis::CustomerValue, None)).await;
    run_next(store, warehouse).await.unwrap();
    let run: Stored<AnalysisRun> = of(store, actor, run.id.raw()).await;
    assert_eq!(run.problem, None);
    run
}

fn card(run: &Stored<AnalysisRun>) -> &Json {
    &run.card.as_ref().unwrap().0
}

/// An order of so much; of nothing where the price is nothing.
async fn ordered(
    store: &Store,
    actor: &Actor,
    who: &Stored<Customer>,
    (date, kind): (&str, OrderKind),
    price: i64,
) {
    let one = create(store, actor, &Order { kind, ..order(who, date) }).await;
    let quantity = if price < 0 { -1 } else { 1 };
    create(store, actor, &line(&one, quantity, price.abs())).await;
}

async fn two_orders_of_a_wrong_year_make_no_old_firm(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let mut buyers = Vec::new();
    let mut tx = store.write(&actor).await.unwrap();
    for at in 0..60 {
        let who = tx.create(&customer(&format!("Buyer {at}"))).await.unwrap();
        for day in [15 + at % 3, 15 + (at + 1) % 3] {
            let sold = tx.create(&order(&who, &format!("2026-03-{day}"))).await.unwrap();
            tx.create(&line(&sold, 1, 10 + i64::from(at))).await.unwrap();
        }
        buyers.push(who);
    }
    tx.commit().await.unwrap();
    let young = analysed(&store, &warehouse, &actor).await;
    assert_eq!(card(&young)["value"]["too_short"]["days"], 3);
    for (who, date) in buyers.iter().zip(["2025-03-15", "2024-03-15"]) {
        ordered(&store, &actor, who, (date, OrderKind::Sale), 10).await;
    }
    let mistyped = analysed(&store, &warehouse, &actor).await;
    assert_eq!(card(&mistyped)["value"]["too_short"]["days"], 3);
    for who in [&buyers[0], &buyers[9]] {
        let told: Stored<Customer> = of(&store, &actor, who.id.raw()).await;
        assert_eq!((told.expected_purchases, told.lifetime_value), (None, None), "{}", told.name);
    }
}

async fn a_segment_counts_the_purchases_of_the_analyses(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let mut who = Vec::new();
    for name in ["Buys", "Of the future", "All came back", "For nothing", "Put away", "Never"] {
        who.push(create(&store, &actor, &customer(name)).await);
    }
    let sale = |date: &'static str| (date, OrderKind::Sale);
    ordered(&store, &actor, &who[0], sale("2026-01-10"), 100).await;
    ordered(&store, &actor, &who[0], sale("2026-02-10"), 300).await;
    ordered(&store, &actor, &who[0], ("2026-02-20", OrderKind::Return), -100).await;
    ordered(&store, &actor, &who[1], sale("2062-11-01"), 900).await;
    ordered(&store, &actor, &who[2], sale("2026-02-01"), 50).await;
    ordered(&store, &actor, &who[2], ("2026-02-03", OrderKind::Return), -50).await;
    ordered(&store, &actor, &who[3], sale("2026-02-01"), 0).await;
    ordered(&store, &actor, &who[4], sale("2026-02-01"), 70).await;
    let mut tx = store.write(&actor).await.unwrap();
    tx.archive(Customer::NAME, who[4].id.raw(), who[4].version).await.unwrap();
    tx.commit().await.unwrap();
    let run = analysed(&store, &warehouse, &actor).await;
    assert_eq!(card(&run)["buyers"], 1);
    let choosing = Choosing::begin(&store, &warehouse, &actor).await.unwrap();
    let everybody = choosing.customers(&Filter::everything()).await.unwrap();
    let found = profile(&choosing, &everybody).await.unwrap();
    assert_eq!((found.customers, found.all_customers), ((5, 1), (5, 1)));
    let figure = |name: &str| found.figures.iter().find(|one| one.0 == name).unwrap().1;
    // What came back is taken off the sale of just that amount.
    assert_eq!((figure("orders"), figure("order-value")), (Some(1.0), Some(300.0)));
    let months: Vec<_> = found.months.iter().map(|one| (one.of.as_str(), one.all)).collect();
    assert_eq!(months, [("2026-02-01", 1.0)]);
    // Whose orders all came back, or are still to come, has not bought yet.
    let found = alike(&choosing, &Filter::eq("name", "Buys"), 5).await.unwrap();
    assert_eq!(found.among, 4);
}

async fn a_reason_follows_the_rule_of_the_run(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let buyers = shop(&store, &actor).await;
    let rule = LifeRule { lost_days: 2_000, name: "All".into(), ..LifeRule::usual() };
    let rule = create(&store, &actor, &rule).await;
    store.clock().advance(SignedDuration::from_mins(5));
    let run = analysed(&store, &warehouse, &actor).await;
    let told: Stored<Customer> = of(&store, &actor, buyers[99].id.raw()).await;
    let stage = told.life_stage;
    assert_ne!(stage, Some(LifeStage::Lost));
    let reason = async || {
        let mut view = store.read(&actor).await.unwrap();
        let row = view.row(Customer::NAME, buyers[99].id.raw(), Purpose::Read).await.unwrap();
        let orders = TheirOrders::read(&mut view, row.id).await.unwrap().unwrap();
        why(&mut view, &row, &orders).await.unwrap().unwrap().life
    };
    let before = reason().await;
    assert_eq!((Some(before.stage), before.reason.unwrap().lost_after), (stage, 2_000));
    store.clock().advance(SignedDuration::from_mins(5));
    let mut other: Stored<LifeRule> = of(&store, &actor, rule.id.raw()).await;
    (other.lost_days, other.lost_interval) = (5, guanxi_base::Percent::from_units(1));
    let mut tx = store.write(&actor).await.unwrap();
    tx.update(&other).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(reason().await, before);
    // That the rule is another one now is marked, and the next run tells by it.
    let mut view = store.read(&actor).await.unwrap();
    let changed = changed_since(&mut view, &run).await.unwrap();
    assert_eq!((changed.len(), changed[0].record_type, changed[0].changed), (1, LifeRule::NAME, 1));
    drop(view);
    analysed(&store, &warehouse, &actor).await;
    let now = reason().await;
    assert_eq!((now.stage, now.reason.unwrap().lost_after), (LifeStage::Lost, 5));
}
