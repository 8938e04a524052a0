//! How customers stand: payment record, terms, composite scores and whether both sides fit.

use guanxi_base::{Currency, Date, Decimal, Id, Money, Percent};
use guanxi_crm::billing::{Invoice, InvoiceLine, InvoiceStatus, Payment};
use guanxi_crm::insights::{
    Analysis, AnalysisRun, RunState, ScoreCriterion, ScoreMissing, ScoreModel, ScoreScale,
    ScoreSide, run_next,
};
use guanxi_crm::people::{AbcClass, Customer, Fit, LifeStage, PaymentRecord, TermsRule};
use guanxi_record::Stored;
use guanxi_store::{Actor, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;

use crate::house::{create, customer, line, open, order, refusals};

both_databases!(
    how_they_paid_decides_the_terms,
    both_sides_are_scored,
    weights_total_a_hundred,
    the_thousand_and_first_rule_holds_too,
    what_was_lost_is_told
);

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn yuan(amount: i64) -> Money {
    Money::new(amount * Money::ONE, Currency::CNY)
}

/// An invoice over 100, due on a day, with what was paid when.
async fn invoice(
    store: &Store,
    actor: &Actor,
    of: &Stored<Customer>,
    (due, status): (&str, InvoiceStatus),
    paid: &[(&str, i64)],
) {
    let made = Invoice {
        number: None,
        customer: of.id,
        order: None,
        date: day("2025-10-01"),
        due_date: Some(day(due)),
        status,
        total: None,
        company: None,
        notes: None,
    };
    let made = create(store, actor, &made).await;
    let line = InvoiceLine {
        invoice: made.id,
        product: None,
        description: Some("Widget".to_owned()),
        quantity: Decimal::from(1),
        unit: None,
        unit_price: yuan(100),
        tax_rate: None,
        amount: None,
    };
    create(store, actor, &line).await;
    for (date, amount) in paid {
        let payment = Payment {
            number: None,
            customer: of.id,
            invoice: Some(made.id),
            date: day(date),
            amount: yuan(*amount),
            method: None,
            reference: None,
        };
        create(store, actor, &payment).await;
    }
}

async fn analysed(store: &Store, actor: &Actor) -> Stored<AnalysisRun> {
    let warehouse = Warehouse::open("memory:///").unwrap();
    let run = create(store, actor, &AnalysisRun::of(Analysis::CustomerValue, None)).await;
    run_next(store, &warehouse).await.unwrap();
    let mut view = store.read(actor).await.unwrap();
    let run: Stored<AnalysisRun> = view.fetch(Purpose::Read, run.id).await.unwrap();
    assert_eq!(run.state, RunState::Done, "{:?}", run.problem);
    run
}

async fn now(store: &Store, actor: &Actor, id: Id<Customer>) -> Stored<Customer> {
    store.read(actor).await.unwrap().fetch(Purpose::Read, id).await.unwrap()
}

/// Customers who bought for so much, all but the last lately.
async fn buyers(store: &Store, actor: &Actor, amounts: &[i64]) -> Vec<Stored<Customer>> {
    let mut made = Vec::new();
    for (at, amount) in amounts.iter().enumerate() {
        let one = create(store, actor, &customer(&format!("Buyer {at}"))).await;
        let sold = create(store, actor, &order(&one, "2026-03-01")).await;
        create(store, actor, &line(&sold, 1, *amount)).await;
        made.push(one);
    }
    made
}

fn rule(name: &str, abc: Option<AbcClass>, paid: Option<PaymentRecord>) -> TermsRule {
    TermsRule {
        name: name.to_owned(),
        abc,
        class: None,
        payment_record: paid,
        discount: None,
        credit_limit: None,
        payment_days: Some(30),
        stops: paid == Some(PaymentRecord::Bad),
        notes: None,
    }
}

async fn how_they_paid_decides_the_terms(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let all = buyers(&store, &actor, &[8_000, 900, 500, 300, 200, 100]).await;
    let issued = InvoiceStatus::Issued;
    // On the day; ten and none days late, the one in two parts; overdue by more than sixty days
    // today.
    invoice(&store, &actor, &all[0], ("2026-01-10", InvoiceStatus::Paid), &[("2026-01-10", 100)])
        .await;
    invoice(
        &store,
        &actor,
        &all[1],
        ("2026-01-10", issued),
        &[("2026-01-05", 60), ("2026-01-20", 40)],
    )
    .await;
    invoice(&store, &actor, &all[1], ("2026-01-10", issued), &[("2026-01-02", 100)]).await;
    invoice(&store, &actor, &all[2], ("2025-12-01", issued), &[("2025-12-01", 99)]).await;
    invoice(&store, &actor, &all[3], ("2026-01-10", InvoiceStatus::WrittenOff), &[]).await;
    // Not due yet, a draft, and paid on a day that nobody noted: nothing is known.
    invoice(&store, &actor, &all[4], ("2026-06-01", issued), &[]).await;
    invoice(&store, &actor, &all[4], ("2025-12-01", InvoiceStatus::Draft), &[]).await;
    invoice(&store, &actor, &all[4], ("2025-12-01", InvoiceStatus::Paid), &[]).await;
    let everybody = create(&store, &actor, &rule("All", None, None)).await;
    let good =
        create(&store, &actor, &rule("Good", Some(AbcClass::A), Some(PaymentRecord::Prompt))).await;
    let large = create(&store, &actor, &rule("Large", Some(AbcClass::A), None)).await;
    let bad = create(&store, &actor, &rule("Bad", None, Some(PaymentRecord::Bad))).await;
    let run = analysed(&store, &actor).await;
    let mut found = Vec::new();
    for one in &all {
        let known = now(&store, &actor, one.id).await;
        found.push((
            known.payment_record,
            known.days_late.map(|days| days.to_string()),
            known.terms,
        ));
    }
    let days = |text: &str| Some(text.to_owned());
    assert_eq!(found[0], (Some(PaymentRecord::Prompt), days("0"), Some(good.id)));
    assert_eq!(found[1], (Some(PaymentRecord::Late), days("5"), Some(everybody.id)));
    assert_eq!(found[2], (Some(PaymentRecord::Bad), days("107"), Some(bad.id)));
    assert_eq!(found[3].0, Some(PaymentRecord::Bad));
    assert_eq!(found[4], (None, None, Some(everybody.id)));
    let card = &run.card.as_ref().unwrap().0["standing"];
    assert_eq!(card["payment"]["bad"], 2);
    let counts = card["terms"].as_array().unwrap();
    let of = |id: Id<TermsRule>| counts.iter().find(|one| one["rule"] == id.to_string()).unwrap();
    assert_eq!(of(large.id)["customers"], 0);
    assert_eq!(of(bad.id)["customers"], 2);
}

async fn model(
    store: &Store,
    actor: &Actor,
    (name, side): (&str, ScoreSide),
    criteria: &[(&str, &str, bool)],
) -> Stored<ScoreModel> {
    let made =
        ScoreModel { name: name.to_owned(), side, is_used: true, total_weight: None, notes: None };
    let made = create(store, actor, &made).await;
    for (measure, weight, less_is_better) in criteria {
        let criterion = ScoreCriterion {
            score_model: made.id,
            measure: (*measure).to_owned(),
            weight: Percent::parse(weight).unwrap(),
            less_is_better: *less_is_better,
            scale: ScoreScale::MinMax,
            missing: ScoreMissing::Reweight,
        };
        create(store, actor, &criterion).await;
    }
    made
}

async fn the_thousand_and_first_rule_holds_too(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let who = create(&store, &actor, &customer("Somebody")).await;
    let mut tx = store.write(&actor).await.unwrap();
    for at in 0..1_000 {
        let nobody = rule(&format!("Rule {at}"), Some(AbcClass::A), Some(PaymentRecord::Bad));
        tx.create(&nobody).await.unwrap();
    }
    let fits = tx.create(&rule("For all", None, None)).await.unwrap();
    tx.commit().await.unwrap();
    let run = analysed(&store, &actor).await;
    assert_eq!(now(&store, &actor, who.id).await.terms, Some(fits.id));
    let told = run.card.as_ref().unwrap().0["standing"]["terms"].as_array().unwrap().len();
    assert_eq!(told, 1_001);
}

async fn both_sides_are_scored(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let all = buyers(&store, &actor, &[1_000, 500, 200, 0]).await;
    for (at, employees) in [(0, 10), (1, 90), (2, 100)] {
        let mut tx = store.write(&actor).await.unwrap();
        let mut one = tx.fetch::<Customer>(Purpose::Change, all[at].id).await.unwrap();
        one.employees = Some(employees);
        tx.update(&one).await.unwrap();
        tx.commit().await.unwrap();
    }
    let value = [("revenue", "75", false), ("purchases", "25", false)];
    model(&store, &actor, ("Value", ScoreSide::Value), &value).await;
    let capability = [("employees", "100", true)];
    model(&store, &actor, ("Capability", ScoreSide::Capability), &capability).await;
    let run = analysed(&store, &actor).await;
    let mut found = Vec::new();
    for one in &all {
        let known = now(&store, &actor, one.id).await;
        let text = |score: Option<Decimal>| score.map(|score| score.to_string());
        found.push((text(known.value_score), text(known.fit_score), known.fit));
    }
    // All have bought once: that lies in the middle. 12.5 + 75 x (1,000 - 200) / 800, and so on.
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(found[0], (text("87.5"), text("100"), Some(Fit::Match)));
    assert_eq!(found[1], (text("40.63"), text("11.11"), Some(Fit::Apart)));
    assert_eq!(found[2], (text("12.5"), text("0"), Some(Fit::Apart)));
    assert_eq!(found[3].2, None);
    let card = &run.card.as_ref().unwrap().0["standing"];
    assert_eq!(card["scores"]["value"]["criteria"][0]["measure"], "revenue");
    let cells = card["matrix"]["cells"].as_array().unwrap();
    let filled: Vec<_> = cells.iter().filter(|cell| cell["customers"] != 0).collect();
    assert_eq!(filled.len(), 3);
    assert_eq!(cells[8]["revenue"], 1_000.0);
}

async fn weights_total_a_hundred(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let all = buyers(&store, &actor, &[1_000, 500]).await;
    let made = model(&store, &actor, ("Half", ScoreSide::Value), &[("revenue", "50", false)]).await;
    let run = analysed(&store, &actor).await;
    let card = &run.card.as_ref().unwrap().0["standing"];
    assert_eq!(card["scores"]["value"]["problem"][0], "weights-not-100");
    assert_eq!(now(&store, &actor, all[0].id).await.value_score, None);
    let wrong = |measure: &str, weight: &str| ScoreCriterion {
        score_model: made.id,
        measure: measure.to_owned(),
        weight: Percent::parse(weight).unwrap(),
        less_is_better: false,
        scale: ScoreScale::Rank,
        missing: ScoreMissing::Worst,
    };
    let mut tx = store.write(&actor).await.unwrap();
    assert_eq!(refusals(tx.create(&wrong("name", "50")).await), ["not-a-measure measure"]);
    // A score is known only after all are computed.
    for score in ["value_score", "fit_score"] {
        assert_eq!(refusals(tx.create(&wrong(score, "50")).await), ["score-of-scores measure"]);
    }
    assert_eq!(refusals(tx.create(&wrong("revenue", "150")).await), ["weight-out-of-range weight"]);
    drop(tx);
    create(&store, &actor, &wrong("purchases", "50")).await;
    let run = analysed(&store, &actor).await;
    let card = &run.card.as_ref().unwrap().0["standing"];
    assert!(card["scores"]["value"]["problem"].is_null(), "{card}");
    assert!(now(&store, &actor, all[0].id).await.value_score.is_some());
}

/// Who stays away for too long took with them what they bought in their last year.
async fn what_was_lost_is_told(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let stays = buyers(&store, &actor, &[1_000]).await.remove(0);
    let gone = create(&store, &actor, &customer("Gone")).await;
    for (date, amount) in [("2018-01-01", 9_000), ("2020-02-01", 300), ("2020-12-31", 200)] {
        let sold = create(&store, &actor, &order(&gone, date)).await;
        create(&store, &actor, &line(&sold, 1, amount)).await;
    }
    analysed(&store, &actor).await;
    let gone = now(&store, &actor, gone.id).await;
    assert_eq!(gone.life_stage, Some(LifeStage::Lost));
    assert_eq!(gone.value_lost, Some(yuan(500)));
    assert_eq!(gone.chance_of_return, None, "too few were ever away");
    assert_eq!(now(&store, &actor, stays.id).await.value_lost, None);
}
