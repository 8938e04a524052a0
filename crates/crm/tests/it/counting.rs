//! One count behind every figure: what is a purchase and which day it is, for analyses, pages and
//! sentences; what is left out is counted and named, and what is not known is not told as nothing.

use guanxi_base::{Clock, Currency, Date, Money, Rng, SignedDuration};
use guanxi_crm::insights::{
    Analysis, AnalysisRun, Since, TheirOrders, changed_since, dealings, run_next,
};
use guanxi_crm::people::{AbcClass, Customer, LifeStage, RelationshipStage};
use guanxi_crm::sales::{Order, OrderKind, OrderLine};
use guanxi_record::{Filter, Query, Record, Row, Stored};
use guanxi_store::{Actor, Origin, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;
use serde_json::{Value as Json, json};

use crate::house::{NOW, create, customer, line, open, order};
use crate::insights::{follow, since_of, warehouse, why_of};

both_databases!(
    sales_beyond_64_bits_have_all_their_digits,
    what_is_a_thousand_times_all_others_is_named,
    nobody_is_lost_who_is_likely_to_come_back,
    the_page_counts_as_the_analysis_counts,
    what_came_back_beyond_sales_is_counted_and_named,
    everything_is_told_as_of_the_company_s_day,
    what_went_away_since_the_run_is_told,
    of_the_first_days_nothing_is_foretold,
    the_zero_day_of_a_spreadsheet_is_no_day,
    a_life_in_two_currencies_is_one_life,
    who_buys_alike_is_of_one_class,
);

struct Shop {
    store: Store,
    warehouse: Warehouse,
    clock: Clock,
    _folder: tempfile::TempDir,
}

impl Shop {
    async fn open(database: &TestDatabase) -> Self {
        let clock = Clock::at(NOW.parse().unwrap());
        let config = guanxi_crm::store_config(database.url(), clock.clone()).unwrap();
        let store = Store::open(config).await.unwrap();
        let (folder, warehouse) = warehouse();
        Self { store, warehouse, clock, _folder: folder }
    }

    fn actor(&self) -> Actor {
        Actor::system(Origin::Api)
    }

    async fn make<T: Record>(&self, one: &T) -> Stored<T> {
        create(&self.store, &self.actor(), one).await
    }

    async fn customer(&self, name: &str) -> Stored<Customer> {
        self.make(&customer(name)).await
    }

    /// An order of so much, in yuan.
    async fn ordered(
        &self,
        who: &Stored<Customer>,
        date: &str,
        kind: OrderKind,
        amount: i64,
    ) -> Stored<Order> {
        self.in_money(who, date, kind, Money::new(amount * Money::ONE, Currency::CNY)).await
    }

    async fn in_money(
        &self,
        who: &Stored<Customer>,
        date: &str,
        kind: OrderKind,
        amount: Money,
    ) -> Stored<Order> {
        let mut tx = self.store.write(&self.actor()).await.unwrap();
        let one = tx.create(&Order { kind, ..order(who, date) }).await.unwrap();
        let price = Money::new(amount.units.abs(), amount.currency);
        let quantity = if amount.units < 0 { -1 } else { 1 };
        let of = OrderLine { unit_price: price, ..line(&one, quantity, 1) };
        tx.create(&of).await.unwrap();
        tx.commit().await.unwrap();
        one
    }

    async fn sold(&self, who: &Stored<Customer>, date: &str, amount: i64) -> Stored<Order> {
        self.ordered(who, date, OrderKind::Sale, amount).await
    }

    async fn analysed(&self) -> Stored<AnalysisRun> {
        follow(&self.store, &self.warehouse).await;
        let run = self.make(&AnalysisRun::of(Analysis::CustomerValue, None)).await;
        run_next(&self.store, &self.warehouse).await.unwrap();
        let run = self.again(&run).await;
        assert_eq!(run.problem, None);
        run
    }

    async fn again<T: Record>(&self, one: &Stored<T>) -> Stored<T> {
        let mut view = self.store.read(&self.actor()).await.unwrap();
        view.fetch(Purpose::Read, one.id).await.unwrap()
    }

    async fn row(&self, who: &Stored<Customer>) -> Row {
        let mut view = self.store.read(&self.actor()).await.unwrap();
        view.row("customer", who.id.raw(), Purpose::Read).await.unwrap()
    }

    async fn since(&self, who: &Stored<Customer>) -> Since {
        let row = self.row(who).await;
        let mut view = self.store.read(&self.actor()).await.unwrap();
        since_of(&mut view, &row).await.unwrap().unwrap()
    }
}

fn card(run: &Stored<AnalysisRun>) -> &Json {
    &run.card.as_ref().unwrap().0
}

/// Those of one sort that a run named.
fn named<'a>(run: &'a Stored<AnalysisRun>, key: &str, why: &str) -> &'a Json {
    let all = card(run)[key].as_array().unwrap();
    all.iter().find(|one| one["why"] == why).unwrap_or(&Json::Null)
}

fn yuan(amount: i64) -> Option<Money> {
    Some(Money::new(amount * Money::ONE, Currency::CNY))
}

async fn sales_beyond_64_bits_have_all_their_digits(database: TestDatabase) {
    let shop = Shop::open(&database).await;
    let giant = shop.customer("Giant").await;
    for _ in 0..100 {
        shop.sold(&giant, "2026-01-05", 9_900_000_000_000).await;
    }
    let small = shop.customer("Small").await;
    shop.sold(&small, "2026-01-06", 7).await;
    let run = shop.analysed().await;
    assert_eq!(card(&run)["revenue_exact"], "990000000000007.00");
    // Of one customer it is more than any field holds: it is not told, and that is.
    assert_eq!(shop.again(&giant).await.revenue, None);
    assert_eq!(shop.again(&small).await.revenue, yuan(7));
    let beyond = named(&run, "left_aside", "sales-beyond-counting");
    assert_eq!(beyond["records"], json!([[giant.id.to_string(), "Giant"]]));
}

async fn what_is_a_thousand_times_all_others_is_named(database: TestDatabase) {
    let shop = Shop::open(&database).await;
    for at in 0..30 {
        let who = shop.customer(&format!("Buyer {at}")).await;
        shop.sold(&who, "2026-01-05", 100 + at).await;
    }
    let run = shop.analysed().await;
    assert_eq!(card(&run)["noted"], json!([]));
    let who = shop.customer("Mistyped").await;
    let mistyped = shop.sold(&who, "2026-01-05", 9_999_999_999_999).await;
    let run = shop.analysed().await;
    let noted = named(&run, "noted", "stands-out");
    let number = mistyped.number.clone().unwrap();
    assert_eq!(noted["records"], json!([[mistyped.id.to_string(), number]]));
    assert_eq!(noted["amounts"], json!([["CNY", "9999999999999.00"]]));
}

/// Stage, risk and chance of return are of one estimate.
async fn nobody_is_lost_who_is_likely_to_come_back(database: TestDatabase) {
    let shop = Shop::open(&database).await;
    let mut rng = Rng::seeded(11);
    let mut buyers = Vec::new();
    for at in 0..120 {
        buyers.push(shop.customer(&format!("Buyer {at:03}")).await);
    }
    let first: Date = "2025-03-20".parse().unwrap();
    for at in 0..500 {
        // Twenty of them stopped long ago.
        let who = rng.below(if at < 150 { 120 } else { 100 });
        let day = if at < 150 { rng.below(60) } else { rng.below(360) };
        let day = first + SignedDuration::from_hours(24 * day as i64);
        shop.sold(&buyers[who], &day.to_string(), 10 + at).await;
    }
    shop.analysed().await;
    let mut lost = 0;
    for who in &buyers {
        let one = shop.again(who).await;
        let is_lost = one.life_stage == Some(LifeStage::Lost);
        lost += usize::from(is_lost);
        assert_eq!(is_lost, one.relationship == Some(RelationshipStage::Ended), "{one:?}");
        assert_eq!(is_lost, one.value_lost.is_some(), "{one:?}");
        let half = guanxi_base::Percent::from_units(50 * guanxi_base::Percent::ONE);
        if is_lost {
            assert!(one.churn_risk.unwrap() >= half, "{one:?}");
            assert!(one.chance_of_return.unwrap() <= half, "{one:?}");
        } else {
            assert_eq!(one.chance_of_return, None, "{one:?}");
        }
        // The page says the same.
        let row = shop.row(who).await;
        let mut view = shop.store.read(&shop.actor()).await.unwrap();
        let told = why_of(&mut view, &row).await.unwrap().unwrap();
        assert_eq!(Some(told.life.stage), one.life_stage);
        let Some(reason) = told.life.reason else { continue };
        let is_overdue = reason.away > reason.lost_after;
        assert_eq!(reason.is_expected_back, is_overdue && !is_lost, "{one:?} {reason:?}");
    }
    assert!((10..=30).contains(&lost), "{lost}");
}

async fn the_page_counts_as_the_analysis_counts(database: TestDatabase) {
    let shop = Shop::open(&database).await;
    let who = shop.customer("Dates").await;
    shop.sold(&who, "2025-10-01", 100).await;
    shop.sold(&who, "2025-12-01", 200).await;
    shop.ordered(&who, "2025-12-02", OrderKind::Return, -50).await;
    for date in ["9999-12-31", "2026-03-19", "1900-01-01", "1970-01-01", "0001-01-01"] {
        shop.sold(&who, date, 10).await;
    }
    // One without a line, one worth nothing, one that takes back and is above nothing.
    shop.make(&order(&who, "2025-12-03")).await;
    shop.sold(&who, "2025-12-04", 0).await;
    shop.ordered(&who, "2025-12-05", OrderKind::Return, 5).await;
    let run = shop.analysed().await;
    let known = shop.again(&who).await;
    assert_eq!((known.purchases, known.revenue), (Some(2), yuan(250)));
    let today: Date = "2026-03-18".parse().unwrap();
    let mut view = shop.store.read(&shop.actor()).await.unwrap();
    let orders = TheirOrders::read(&mut view, who.id.raw()).await.unwrap().unwrap();
    let page = dealings(&mut view, &orders, today).await.unwrap();
    let dealt = &page.dealt[0];
    assert_eq!((dealt.orders, dealt.returns), (2, 1));
    assert_eq!((dealt.net.money(), dealt.gross.money()), (yuan(250), yuan(300)));
    assert_eq!((page.first, page.last), (known.first_purchase, known.last_purchase));
    let count = |why: &str| {
        let sort = page.left_aside.named().into_iter().find(|one| one.why == why);
        sort.map_or(0, |one| one.count)
    };
    for (why, number) in [
        ("after-today", 2),
        ("zero-day", 2),
        ("before-1900", 1),
        ("without-amount", 1),
        ("worth-nothing", 1),
        ("return-above-nothing", 1),
    ] {
        assert_eq!(count(why), number, "{why}");
        let by_run = ["left_aside", "noted"].map(|key| named(&run, key, why)["count"].as_u64());
        assert_eq!(by_run.into_iter().flatten().next(), Some(number as u64), "{why}");
    }
}

async fn what_came_back_beyond_sales_is_counted_and_named(database: TestDatabase) {
    let shop = Shop::open(&database).await;
    for at in 0..10 {
        let who = shop.customer(&format!("Buyer {at}")).await;
        shop.sold(&who, "2025-12-01", 100).await;
    }
    let much = shop.customer("Much").await;
    shop.sold(&much, "2025-12-01", 300).await;
    let large = shop.ordered(&much, "2025-12-02", OrderKind::Return, -1_000).await;
    // In another currency than anything that was bought; and without a sale at all.
    let euro = shop.customer("Euro").await;
    shop.sold(&euro, "2025-12-01", 100).await;
    let in_euro = Money::new(-70 * Money::ONE, Currency::EUR);
    shop.in_money(&euro, "2025-12-03", OrderKind::Return, in_euro).await;
    let only = shop.customer("Only").await;
    shop.ordered(&only, "2025-12-03", OrderKind::Cancellation, -40).await;
    let below = shop.ordered(&euro, "2025-12-04", OrderKind::Sale, -30).await;
    let run = shop.analysed().await;
    let beyond = named(&run, "left_aside", "return-beyond-sales");
    assert_eq!(beyond["count"], 3, "{beyond}");
    assert!(beyond["records"].to_string().contains(&large.id.to_string()), "{beyond}");
    assert_eq!(beyond["amounts"], json!([["CNY", "-740.00"], ["EUR", "-70.00"]]));
    let negative = named(&run, "noted", "sale-below-nothing");
    assert_eq!(negative["records"][0][0], below.id.to_string());
    // What is told and what is not add up to all orders.
    assert_eq!(card(&run)["revenue_exact"], "1070.00");
    let mut view = shop.store.read(&shop.actor()).await.unwrap();
    let today: Date = "2026-03-18".parse().unwrap();
    let orders = TheirOrders::read(&mut view, much.id.raw()).await.unwrap().unwrap();
    let page = dealings(&mut view, &orders, today).await.unwrap();
    assert_eq!((page.dealt[0].net.money(), page.came_back_whole), (yuan(0), 1));
    assert_eq!(page.left_aside.named()[0].amounts[0].money(), yuan(-700));
    assert_eq!(shop.again(&much).await.life_stage, Some(LifeStage::Potential));
}

async fn everything_is_told_as_of_the_company_s_day(database: TestDatabase) {
    let shop = Shop::open(&database).await;
    let mut buyers = Vec::new();
    for at in 0..40 {
        let who = shop.customer(&format!("Buyer {at}")).await;
        for month in 1..=12 {
            shop.sold(&who, &format!("2025-{month:02}-{:02}", 1 + at % 28), 10).await;
        }
        buyers.push(who);
    }
    // The last purchase of anybody is of 28 December: eighty days ago.
    let told = async |who: &Stored<Customer>| {
        let row = shop.row(who).await;
        let mut view = shop.store.read(&shop.actor()).await.unwrap();
        why_of(&mut view, &row).await.unwrap().unwrap()
    };
    let run = shop.analysed().await;
    assert_eq!(
        (&card(&run)["told_of"], &card(&run)["today"]),
        (&json!("2026-03-18"), &json!("2026-03-18"))
    );
    let last = told(&buyers[27]).await;
    assert_eq!(last.life.reason.unwrap().away, 80);
    assert_eq!(last.last, Some("2025-12-28".parse().unwrap()));
    // After half a year without anybody the data have ended: then it is told as of when that is.
    shop.clock.advance(SignedDuration::from_hours(24 * 150));
    let run = shop.analysed().await;
    assert_eq!(
        (&card(&run)["told_of"], &card(&run)["today"]),
        (&json!("2025-12-28"), &json!("2026-08-15"))
    );
    assert_eq!(told(&buyers[27]).await.life.reason.unwrap().away, 0);
    assert_eq!(shop.since(&buyers[27]).await.told_of, Some("2025-12-28".parse().unwrap()));
}

async fn what_went_away_since_the_run_is_told(database: TestDatabase) {
    let shop = Shop::open(&database).await;
    let (one, other) = (shop.customer("One").await, shop.customer("Other").await);
    let third = shop.customer("Third").await;
    shop.sold(&one, "2025-11-01", 10).await;
    let moved = shop.sold(&one, "2025-12-01", 20).await;
    shop.sold(&other, "2025-12-01", 30).await;
    let job = shop.store.new_id();
    let worker = shop.actor().for_job(job);
    let mut tx = shop.store.write(&worker).await.unwrap();
    for day in 1..=5 {
        let sold = tx.create(&order(&third, &format!("2026-01-{day:02}"))).await.unwrap();
        tx.create(&line(&sold, 1, 10)).await.unwrap();
    }
    tx.commit().await.unwrap();
    shop.clock.advance(SignedDuration::from_mins(5));
    let run = shop.analysed().await;
    for who in [&one, &other, &third] {
        let since = shop.since(who).await;
        assert_eq!((since.is_other, since.changed), (false, vec![]));
    }
    let changed = async || {
        let mut view = shop.store.read(&shop.actor()).await.unwrap();
        changed_since(&mut view, &run).await.unwrap()
    };
    assert_eq!(changed().await, []);
    shop.clock.advance(SignedDuration::from_mins(5));
    // Five are taken back, one goes to another customer.
    shop.store.undo_job(&shop.actor(), job, |_, _| {}).await.unwrap();
    let mut moved = shop.again(&moved).await;
    moved.customer = Some(other.id);
    let mut tx = shop.store.write(&shop.actor()).await.unwrap();
    tx.update(&moved).await.unwrap();
    tx.commit().await.unwrap();
    for who in [&one, &other, &third] {
        assert!(shop.since(who).await.is_other, "{}", who.name);
    }
    let all = changed().await;
    assert_eq!((all.len(), all[0].record_type), (1, "order"));
    // What an undo leaves archived is changed, what it removes is gone: all of it is told.
    assert_eq!(all[0].changed + all[0].gone, 6, "{all:?}");
}

async fn of_the_first_days_nothing_is_foretold(database: TestDatabase) {
    let shop = Shop::open(&database).await;
    let who = shop.customer("First").await;
    shop.sold(&who, "2026-03-15", 20).await;
    let run = shop.analysed().await;
    let known = shop.again(&who).await;
    assert_eq!((known.life_stage, known.purchases), (Some(LifeStage::FirstPurchase), Some(1)));
    assert_eq!((known.expected_purchases, known.lifetime_value), (None, None));
    assert_eq!((known.churn_risk, known.buys_soon), (None, None));
    assert_eq!(card(&run)["value"], json!({ "too_short": { "days": 3, "least": 90 } }));
    assert_eq!(run.model, None);
    // Twelve of one purchase each, in the last two months.
    for at in 0..12 {
        let who = shop.customer(&format!("Buyer {at}")).await;
        shop.sold(&who, &format!("2026-0{}-{:02}", 1 + at % 2, 17 + at), 100).await;
    }
    shop.analysed().await;
    assert_eq!(shop.again(&who).await.lifetime_value, None);
    shop.clock.advance(SignedDuration::from_hours(24 * 40));
    shop.analysed().await;
    assert!(shop.again(&who).await.lifetime_value.is_some());
}

async fn the_zero_day_of_a_spreadsheet_is_no_day(database: TestDatabase) {
    let shop = Shop::open(&database).await;
    let who = shop.customer("Zero").await;
    for (at, date) in ["1900-01-01", "1904-01-01", "1970-01-01"].into_iter().enumerate() {
        shop.sold(&who, date, 1 + at as i64).await;
    }
    shop.sold(&who, "2026-01-05", 50).await;
    for at in 0..25 {
        let buyer = shop.customer(&format!("Buyer {at}")).await;
        shop.sold(&buyer, &format!("2025-11-{:02}", 1 + at), 10).await;
    }
    // A year mistyped by a century.
    let mistyped = shop.sold(&who, "1925-06-01", 9).await;
    let run = shop.analysed().await;
    let known = shop.again(&who).await;
    assert_eq!((known.purchases, known.revenue), (Some(1), yuan(50)));
    assert_eq!(known.life_stage, Some(LifeStage::FirstPurchase));
    assert_eq!(known.first_purchase, Some("2026-01-05".parse().unwrap()));
    assert_eq!(named(&run, "left_aside", "zero-day")["count"], 3);
    let before = named(&run, "left_aside", "long-before");
    assert_eq!(before["records"][0][0], mistyped.id.to_string());
    assert!(card(&run)["cohorts"].to_string().len() < 2_000);
    assert!(!shop.since(&who).await.is_other);
}

async fn a_life_in_two_currencies_is_one_life(database: TestDatabase) {
    let shop = Shop::open(&database).await;
    for at in 0..10 {
        let buyer = shop.customer(&format!("Buyer {at}")).await;
        shop.sold(&buyer, "2025-12-01", 10).await;
    }
    let both = shop.customer("Both").await;
    shop.sold(&both, "2025-11-01", 70).await;
    let dollars = |amount: i64| Money::new(amount * Money::ONE, Currency::USD);
    shop.in_money(&both, "2026-03-11", OrderKind::Sale, dollars(90)).await;
    // In two currencies, neither that of most; and one who is lost.
    let abroad = shop.customer("Abroad").await;
    shop.in_money(&abroad, "2025-12-01", OrderKind::Sale, dollars(5)).await;
    let yen = Money::new(900 * Money::ONE, "JPY".parse().unwrap());
    shop.in_money(&abroad, "2026-02-01", OrderKind::Sale, yen).await;
    let gone = shop.customer("Gone").await;
    shop.in_money(&gone, "2024-02-01", OrderKind::Sale, dollars(33)).await;
    let run = shop.analysed().await;
    let known = shop.again(&both).await;
    assert_eq!((known.life_stage, known.revenue), (Some(LifeStage::Repeat), yuan(70)));
    assert_eq!(known.last_purchase, Some("2026-03-11".parse().unwrap()));
    let row = shop.row(&both).await;
    let mut view = shop.store.read(&shop.actor()).await.unwrap();
    let told = why_of(&mut view, &row).await.unwrap().unwrap();
    let reason = told.life.reason.unwrap();
    assert_eq!((reason.purchases, reason.away, told.in_others), (2, 7, 1));
    assert_eq!(told.last, known.last_purchase);
    assert_eq!(shop.again(&abroad).await.life_stage, Some(LifeStage::Repeat));
    // What was lost in another currency is told in it.
    let gone = shop.again(&gone).await;
    assert_eq!((gone.life_stage, gone.value_lost), (Some(LifeStage::Lost), Some(dollars(33))));
    // Cohorts count whom their list shows.
    let cohorts = card(&run)["cohorts"].as_array().unwrap();
    let first = cohorts.iter().find(|one| one["start"] == "2025-12").unwrap();
    let list = guanxi_crm::access::conditions::parse(
        "first_purchase.ge=2025-12-01&first_purchase.lt=2026-01-01",
    );
    let rows = view.list("customer", &Query::of(list.unwrap()).limited(50)).await.unwrap().rows;
    assert_eq!(first["customers"][0], rows.len());
}

async fn who_buys_alike_is_of_one_class(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let mut tx = store.write(&actor).await.unwrap();
    for at in 0..150 {
        let who = tx.create(&customer(&format!("Buyer {at}"))).await.unwrap();
        for month in 1..=3 {
            let sold = tx.create(&order(&who, &format!("2025-{month:02}-05"))).await.unwrap();
            tx.create(&line(&sold, 1, 100)).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    follow(&store, &warehouse).await;
    create(&store, &actor, &AnalysisRun::of(Analysis::CustomerValue, None)).await;
    run_next(&store, &warehouse).await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    let of_a = Query::of(Filter::eq("abc", guanxi_record::Choice::code(AbcClass::A)));
    assert_eq!(view.list("customer", &of_a.limited(500)).await.unwrap().rows.len(), 150);
}
