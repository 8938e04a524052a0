//! The warehouse follows the database, and what analyses find reaches the customers.

use guanxi_base::{Currency, Id, Money, RawId, Rng};
use guanxi_crm::access::{
    FieldRight, LimitedAccess, RightPurpose, RightScope, Role, RoleRight, User, actor_of,
};
use guanxi_crm::insights::{
    Analysis, AnalysisRun, LifeRule, Playbook, PlaybookStep, RunState, Since, Stage, StageChange,
    TheirOrders, Why, catch_up, offers, repeat, run_next, since, why,
};
use guanxi_crm::people::{AbcClass, Customer, LifeStage};
use guanxi_crm::sales::{Order, OrderKind, OrderLine};
use guanxi_crm::work::Task;
use guanxi_record::{Filter, LongText, Owner, Query, Record, Row, Stored, Value};
use guanxi_store::{Actor, Origin, Purpose, Store, View};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::{Warehouse, batch_of, is_kept};

use crate::house::{create, customer, line, open, order, product, user};

both_databases!(
    the_warehouse_follows_every_change,
    two_writers_of_the_warehouse_lose_nothing,
    what_customers_are_worth_reaches_them,
    what_to_offer_is_what_others_bought_with_it,
    who_moves_is_followed,
    sums_over_all_are_for_who_sees_all,
    what_orders_tell_is_for_who_sees_the_orders,
);

/// What a customer's page says of why they are where they are.
pub(crate) async fn why_of(view: &mut View, row: &Row) -> guanxi_base::Result<Option<Why>> {
    match TheirOrders::read(view, row.id).await? {
        Some(orders) => why(view, row, &orders).await,
        None => Ok(None),
    }
}

/// What a customer's page says of what happened since the analysis.
pub(crate) async fn since_of(view: &mut View, row: &Row) -> guanxi_base::Result<Option<Since>> {
    let orders = TheirOrders::read(view, row.id).await?;
    since(view, row, orders.as_ref()).await
}

pub(crate) fn warehouse() -> (tempfile::TempDir, Warehouse) {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = Warehouse::open(folder.path().to_str().unwrap()).unwrap();
    (folder, warehouse)
}

/// Whether the warehouse holds what the database holds, and no more.
pub(crate) async fn is_same(store: &Store, warehouse: &Warehouse) -> bool {
    let manifest = warehouse.manifest().await.unwrap();
    for described in store.catalog().types().filter(|one| is_kept(one)) {
        let rows = store.rows_after(described, RawId(i64::MIN), 100_000).await.unwrap();
        let expected = batch_of(described, &rows).unwrap();
        let found = warehouse.batch(&manifest, described).await.unwrap();
        if found != expected {
            return false;
        }
    }
    true
}

/// Catches up, and again for as long as other tests' transactions on the same server hold the end
/// of the log back.
pub(crate) async fn follow(store: &Store, warehouse: &Warehouse) {
    for _ in 0..2_000 {
        catch_up(store, warehouse).await.unwrap();
        if is_same(store, warehouse).await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("the warehouse does not follow");
}

async fn the_warehouse_follows_every_change(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    follow(&store, &warehouse).await;
    let mut rng = Rng::seeded(7);
    let mut known: Vec<RawId> = Vec::new();
    for round in 0..12 {
        let job = store.new_id();
        let worker = actor.clone().for_job(job);
        let mut tx = store.write(&worker).await.unwrap();
        for _ in 0..rng.below(6) {
            let buyer = tx.create(&customer(&format!("Buyer {}", rng.below(1_000)))).await.unwrap();
            let sold = tx.create(&order(&buyer, "2026-03-01")).await.unwrap();
            for _ in 0..rng.below(4) {
                tx.create(&line(&sold, 1, rng.below(9) as i64 + 1)).await.unwrap();
            }
            known.push(sold.id.raw());
        }
        // The total of an order changes with a line of it, which is another record.
        if !known.is_empty() {
            let id = known[rng.below(known.len())];
            let sold = tx.fetch::<Order>(Purpose::Change, Id::new(id)).await.unwrap();
            if sold.archived_at.is_none() {
                tx.create(&line(&sold, 2, 5)).await.unwrap();
            }
            let row = tx.row("order", id, Purpose::Change).await.unwrap();
            if row.archived_at.is_none() && rng.chance(0.3) {
                tx.archive("order", id, row.version).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
        if round % 3 == 0 {
            follow(&store, &warehouse).await;
        }
        if rng.chance(0.4) {
            store.undo_job(&actor, job, |_, _| {}).await.unwrap();
            let mut view = store.read(&actor).await.unwrap();
            let mut query = Query::of(Filter::everything()).limited(1_000);
            query.with_archived = true;
            let rows: Vec<Row> = view.list("order", &query).await.unwrap().rows;
            known = rows.iter().map(|row| row.id).collect();
        }
    }
    follow(&store, &warehouse).await;
    // What is erased leaves the warehouse too.
    let person = create(&store, &actor, &customer("Xerxes")).await;
    follow(&store, &warehouse).await;
    let described = store.catalog().get("customer").unwrap().clone();
    let mut tx = store.write(&actor).await.unwrap();
    let nameless = (described.position("name").unwrap(), Value::Text("#".to_owned()));
    tx.erase(&described, person.id.raw(), &[nameless]).await.unwrap();
    tx.commit().await.unwrap();
    follow(&store, &warehouse).await;
    // Files that nothing names are swept; those that are named stay.
    assert_eq!(warehouse.sweep(guanxi_base::Timestamp::MIN).await.unwrap(), 0);
    assert!(warehouse.sweep(guanxi_base::Timestamp::MAX).await.unwrap() > 0);
    assert_eq!(warehouse.sweep(guanxi_base::Timestamp::MAX).await.unwrap(), 0);
    assert!(is_same(&store, &warehouse).await);
    // A warehouse of another database is filled anew.
    let other = TestDatabase::sqlite();
    let (other, system) = open(&other).await;
    create(&other, &system, &customer("Another")).await;
    follow(&other, &warehouse).await;
}

async fn two_writers_of_the_warehouse_lose_nothing(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let writers = async {
        for at in 0..20 {
            create(&store, &actor, &customer(&format!("Number {at}"))).await;
        }
    };
    let again = async {
        for _ in 0..10 {
            catch_up(&store, &warehouse).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(writers, again, async {
        for _ in 0..10 {
            catch_up(&store, &warehouse).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    follow(&store, &warehouse).await;
}

/// A hundred customers: the first buys most and often, the last ones nothing any more.
pub(crate) async fn shop(store: &Store, actor: &Actor) -> Vec<Stored<Customer>> {
    let mut rng = Rng::seeded(3);
    let mut tx = store.write(actor).await.unwrap();
    let mut buyers = Vec::new();
    for at in 0..100_i64 {
        let buyer = tx.create(&customer(&format!("Buyer {at:02}"))).await.unwrap();
        for _ in 0..(1 + (100 - at) / 12) {
            // Who comes later in the row has bought longer ago.
            let month = 1 + rng.below(12) as i64;
            let year = if at < 80 { 2025 } else { 2023 };
            let date = format!("{year}-{month:02}-{:02}", 1 + rng.below(28));
            let sold = tx.create(&order(&buyer, &date)).await.unwrap();
            tx.create(&line(&sold, 1, 1 + (100 - at))).await.unwrap();
        }
        buyers.push(buyer);
    }
    let potential = tx.create(&customer("Potential")).await.unwrap();
    buyers.push(potential);
    tx.commit().await.unwrap();
    buyers
}

pub(crate) async fn analyse(
    store: &Store,
    warehouse: &Warehouse,
    actor: &Actor,
    analysis: Analysis,
) -> Stored<AnalysisRun> {
    follow(store, warehouse).await;
    let run = create(store, actor, &AnalysisRun::of(analysis, None)).await;
    assert_eq!(run_next(store, warehouse).await.unwrap(), Some(run.id.raw()));
    assert_eq!(run_next(store, warehouse).await.unwrap(), None);
    let mut view = store.read(&Actor { user: None, ..actor.with_all_rights() }).await.unwrap();
    view.fetch(Purpose::Read, run.id).await.unwrap()
}

async fn again(store: &Store, actor: &Actor, one: &Stored<Customer>) -> Stored<Customer> {
    store.read(actor).await.unwrap().fetch(Purpose::Read, one.id).await.unwrap()
}

async fn what_customers_are_worth_reaches_them(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let buyers = shop(&store, &actor).await;
    // What came back is taken off; what is in another currency is not added.
    let mut returned = order(&buyers[0], "2025-12-30");
    returned.kind = OrderKind::Return;
    let returned = create(&store, &actor, &returned).await;
    create(&store, &actor, &line(&returned, -1, 50)).await;
    let foreign = create(&store, &actor, &order(&buyers[0], "2025-12-30")).await;
    let mut dear = line(&foreign, 1, 1);
    dear.unit_price = Money::new(9_000 * Money::ONE, Currency::EUR);
    create(&store, &actor, &dear).await;
    let run = analyse(&store, &warehouse, &actor, Analysis::CustomerValue).await;
    assert_eq!((run.state, run.problem.clone()), (RunState::Done, None));
    let card = &run.card.as_ref().unwrap().0;
    assert_eq!(card["currency"], "CNY");
    assert_eq!(card["in_other_currencies"], 1);
    assert_eq!(run.customers, Some(101));
    let best = again(&store, &actor, &buyers[0]).await;
    assert_eq!(best.purchases, Some(9));
    assert_eq!(best.revenue, Some(Money::new((9 * 101 - 50) * Money::ONE, Currency::CNY)));
    assert_eq!(best.abc, Some(AbcClass::A));
    assert!(best.lifetime_value.is_some() && best.churn_risk.is_some());
    // What is derived is no change of the record.
    assert_eq!(best.version, buyers[0].version);
    let gone = again(&store, &actor, &buyers[95]).await;
    assert_eq!((gone.life_stage, gone.abc), (Some(LifeStage::Lost), Some(AbcClass::C)));
    let potential = again(&store, &actor, &buyers[100]).await;
    assert_eq!((potential.life_stage, potential.purchases), (Some(LifeStage::Potential), None));
    // Whoever changes what they read before it leaves what was found out.
    let mut stale = buyers[0].clone();
    stale.notes = Some(LongText("A note".into()));
    let mut tx = store.write(&actor).await.unwrap();
    tx.update(&stale).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(again(&store, &actor, &buyers[0]).await.revenue, best.revenue);
    // Lists are filtered and sorted by it.
    let mut view = store.read(&actor).await.unwrap();
    let query = Query::of(Filter::eq("life_stage", "lost"))
        .sorted(guanxi_record::Sort::parse_list("-revenue"));
    let lost = view.list("customer", &query).await.unwrap().rows;
    assert!(lost.len() >= 20, "{}", lost.len());
    drop(view);
    // What was asked for once is done again after a while, not before.
    let hour = guanxi_base::SignedDuration::from_hours(1);
    assert_eq!(repeat(&store, hour).await.unwrap(), 0);
    assert_eq!(repeat(&store, guanxi_base::SignedDuration::ZERO).await.unwrap(), 1);
    assert_eq!(repeat(&store, guanxi_base::SignedDuration::ZERO).await.unwrap(), 0);
    assert!(run_next(&store, &warehouse).await.unwrap().is_some());
    let baskets = analyse(&store, &warehouse, &actor, Analysis::Baskets).await;
    assert_eq!(baskets.state, RunState::Done);
}

async fn what_to_offer_is_what_others_bought_with_it(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let mut products = Vec::new();
    for name in ["Lamp", "Bulb", "Chair"] {
        products.push(create(&store, &actor, &product(name)).await);
    }
    // Of ten lamps eight came with a bulb; chairs go alone.
    let baskets: Vec<Vec<usize>> = (0..30)
        .map(|at| match at {
            0..8 => vec![0, 1],
            8..10 => vec![0],
            _ => vec![2],
        })
        .collect();
    let mut buyers = Vec::new();
    for (at, items) in baskets.iter().enumerate() {
        let buyer = create(&store, &actor, &customer(&format!("Buyer {at}"))).await;
        let sold = create(&store, &actor, &order(&buyer, "2026-01-05")).await;
        for item in items {
            let product = Some(products[*item].id);
            create(&store, &actor, &OrderLine { product, ..line(&sold, 1, 10) }).await;
        }
        buyers.push(buyer);
    }
    let described = store.catalog().get("customer").unwrap().clone();
    let offered = async |actor: &Actor, at: usize| {
        let mut view = store.read(actor).await.unwrap();
        let id = buyers[at].id.raw();
        let row = view.row(&described.name, id, Purpose::Read).await.unwrap();
        offers(&mut view, &row, 3).await.unwrap()
    };
    assert_eq!(offered(&actor, 9).await, []);
    let run = analyse(&store, &warehouse, &actor, Analysis::Baskets).await;
    assert_eq!(run.state, RunState::Done);
    let found = offered(&actor, 9).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].product, &*found[0].given),
        (products[1].id.raw(), &[products[0].id.raw()][..])
    );
    assert!((found[0].confidence - 0.8).abs() < 1e-6 && (found[0].lift - 3.0).abs() < 1e-6);
    // Who has it is not offered it; who bought what leads nowhere is offered nothing.
    assert_eq!((offered(&actor, 0).await, offered(&actor, 20).await), (vec![], vec![]));
    // What all bought is not for who sees only the customers.
    let role = Role { name: "Reader".into(), description: None, needs_second_factor: false };
    let role = create(&store, &actor, &role).await.id;
    let right = RoleRight {
        role,
        record_type: "customer".into(),
        purposes: vec![RightPurpose::Read],
        scope: RightScope::All,
        condition: None,
    };
    create(&store, &actor, &right).await;
    let reader = create(&store, &actor, &User { roles: vec![role], ..user("r@x.example") }).await;
    let (reader, _) = actor_of(&store, reader.id.raw(), Origin::Web, None).await.unwrap();
    assert_eq!(offered(&reader, 9).await, []);
}

/// A playbook for who was won back: call them within three days.
pub(crate) async fn thank_who_comes_back(store: &Store, actor: &Actor) {
    let (name, stage) = ("Thank them".to_owned(), Stage::WonBack);
    let play = Playbook { name, stage, is_active: true, description: None };
    let play = create(store, actor, &play).await;
    let step = PlaybookStep {
        playbook: play.id,
        position: 1,
        subject: "Call and thank".into(),
        due_days: 3,
        role: None,
        notes: None,
    };
    create(store, actor, &step).await;
}

async fn who_moves_is_followed(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let buyers = shop(&store, &actor).await;
    let seller = create(&store, &actor, &user("seller@x.example")).await;
    let mut owned = buyers[95].clone();
    owned.owner = Some(guanxi_record::Owner(seller.id.raw()));
    let mut tx = store.write(&actor).await.unwrap();
    let owned = tx.update(&owned).await.unwrap();
    tx.commit().await.unwrap();
    let rule = LifeRule {
        name: "All".into(),
        prospect_condition: Some(LongText("name=Potential".into())),
        ..LifeRule::usual()
    };
    create(&store, &actor, &rule).await;
    thank_who_comes_back(&store, &actor).await;
    analyse(&store, &warehouse, &actor, Analysis::CustomerValue).await;
    let prospect = again(&store, &actor, &buyers[100]).await;
    assert_eq!(prospect.life_stage, Some(LifeStage::Prospect));
    // Nobody has moved who is seen for the first time.
    let all = Query::of(Filter::everything()).limited(1_000);
    let mut view = store.read(&actor).await.unwrap();
    assert_eq!(view.list(StageChange::NAME, &all).await.unwrap().rows, []);
    drop(view);
    let sold = create(&store, &actor, &order(&owned, "2025-12-29")).await;
    create(&store, &actor, &line(&sold, 1, 10)).await;
    let run = analyse(&store, &warehouse, &actor, Analysis::CustomerValue).await;
    let mut view = store.read(&actor).await.unwrap();
    let mine = Query::of(Filter::eq("customer", owned.id.to_string())).limited(100);
    let changes = view.list(StageChange::NAME, &mine).await.unwrap().rows;
    let changes: Vec<Stored<StageChange>> =
        changes.into_iter().map(|row| row.try_into().unwrap()).collect();
    let back = changes.iter().find(|change| change.to_stage == Stage::WonBack).unwrap();
    assert_eq!((back.from_stage, back.analysis_run), (Stage::Lost, Some(run.id)));
    let tasks = view.list(Task::NAME, &mine).await.unwrap().rows;
    let task: Stored<Task> = tasks.into_iter().next().unwrap().try_into().unwrap();
    assert_eq!(task.subject, "Call and thank");
    assert_eq!(task.owner.map(|owner| owner.0), Some(seller.id.raw()));
    // Three days from today.
    assert_eq!(task.due_date, Some("2026-03-21".parse().unwrap()));
}

async fn what_orders_tell_is_for_who_sees_the_orders(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let role = Role { name: "Reader".into(), description: None, needs_second_factor: false };
    let role = create(&store, &actor, &role).await.id;
    let reads = |record_type: &str, scope| RoleRight {
        role,
        record_type: record_type.into(),
        purposes: vec![RightPurpose::Read],
        scope,
        condition: None,
    };
    create(&store, &actor, &reads("customer", RightScope::All)).await;
    let reader = User { roles: vec![role], ..user("reader@x.example") };
    let reader = create(&store, &actor, &reader).await.id.raw();
    let sees = async || {
        let (actor, _) = actor_of(&store, reader, Origin::Web, None).await.unwrap();
        ["revenue", "life_stage"].map(|field| actor.rights.reads("customer", field))
    };
    assert_eq!(sees().await, [false, false]);
    let own = create(&store, &actor, &reads("order", RightScope::Own)).await;
    assert_eq!(sees().await, [false, false]);
    let mut all = own.clone();
    all.scope = RightScope::All;
    let mut tx = store.write(&actor).await.unwrap();
    let mut all = tx.update(&all).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(sees().await, [true, true]);
    let hidden = FieldRight {
        role,
        record_type: "order".into(),
        field: "total".into(),
        access: LimitedAccess::Hidden,
    };
    create(&store, &actor, &hidden).await;
    assert_eq!(sees().await, [false, true]);
    // What is told of runs and moves comes from orders too: also from those of other people's
    // customers, where the run is one's own.
    let told = async || {
        let (actor, _) = actor_of(&store, reader, Origin::Web, None).await.unwrap();
        let fields = [("analysis_run", "purchases"), ("stage_change", "to_stage")];
        fields.map(|(of, field)| actor.rights.reads(of, field))
    };
    create(&store, &actor, &reads("analysis_run", RightScope::Own)).await;
    create(&store, &actor, &reads("stage_change", RightScope::Own)).await;
    assert_eq!(told().await, [true, true]);
    all.scope = RightScope::Own;
    let mut tx = store.write(&actor).await.unwrap();
    let mut all = tx.update(&all).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(told().await, [false, true]);
    all.condition = Some("status=completed".into());
    let mut tx = store.write(&actor).await.unwrap();
    tx.update(&all).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(sees().await, [false, false]);
}

async fn sums_over_all_are_for_who_sees_all(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    shop(&store, &actor).await;
    let seller = create(&store, &actor, &user("seller@x.example")).await;
    // As if they might have seen all when they asked.
    let owner = Some(Owner(seller.id.raw()));
    let run = AnalysisRun { owner, ..AnalysisRun::of(Analysis::CustomerValue, None) };
    let run = create(&store, &actor, &run).await;
    follow(&store, &warehouse).await;
    assert_eq!(run_next(&store, &warehouse).await.unwrap(), Some(run.id.raw()));
    let mut view = store.read(&actor).await.unwrap();
    let run: Stored<AnalysisRun> = view.fetch(Purpose::Read, run.id).await.unwrap();
    assert_eq!((run.state, run.card.clone()), (RunState::Failed, None));
    assert!(run.problem.as_ref().unwrap().0.contains("asked for this analysis"), "{run:?}");
}
