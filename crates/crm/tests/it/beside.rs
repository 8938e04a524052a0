//! Work on many records beside people who write at the same time: it comes to its end, theirs is kept, and
//! a record that somebody holds stops nobody but who wants that very record.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use guanxi_base::{Error, Id, Rng};
use guanxi_crm::people::Customer;
use guanxi_record::{LongText, Record, Stored};
use guanxi_store::{Actor, Hold, Origin, Purpose, Store, is_met};
use guanxi_testkit::{TestDatabase, both_databases};
use tokio::task::JoinSet;

use crate::house::{create, customer, open, refusals};
use crate::importing::{counts, import};
use crate::resolving::of;

both_databases!(
    an_import_ends_beside_who_changes_one_of_its_records,
    an_import_ends_beside_ten_who_write_at_once,
    two_imports_of_the_same_records_both_end,
    a_held_record_stops_nobody_else,
    who_waits_for_a_held_record_is_told,
);

const MAPPING: &str = r#"
    [[records]]
    type = "customer"
    match = ["name"]
    [records.fields]
    name = "Name"
    employees = "Employees"
"#;

async fn firms(store: &Store, actor: &Actor, count: usize) -> Vec<Stored<Customer>> {
    let mut tx = store.write(actor).await.unwrap();
    let mut firms = Vec::new();
    for at in 0..count {
        firms.push(tx.create(&customer(&format!("Firm {at}"))).await.unwrap());
    }
    tx.commit().await.unwrap();
    firms
}

fn lines(firms: usize, employees: usize) -> String {
    let lines = (0..firms).map(|at| format!("Firm {at},{}\n", employees + at));
    format!("Name,Employees\n{}", lines.collect::<String>())
}

/// Notes something on a customer, as somebody at a form does.
async fn note(store: &Store, id: Id<Customer>, text: &str) -> Result<(), Error> {
    let mut tx = store.write(&Actor::system(Origin::Web)).await?;
    let mut now: Stored<Customer> = tx.fetch(Purpose::Change, id).await?;
    now.notes = Some(LongText(text.to_owned()));
    tx.update(&now).await?;
    tx.commit().await.map(drop)
}

async fn an_import_ends_beside_who_changes_one_of_its_records(database: TestDatabase) {
    const FIRMS: usize = 300;
    let (store, actor) = open(&database).await;
    let firms = firms(&store, &actor, FIRMS).await;
    let (ends, noted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let colleague = {
        let (store, ends, noted) = (store.clone(), ends.clone(), noted.clone());
        let id = firms[FIRMS - 1].id;
        tokio::spawn(async move {
            while !ends.load(Relaxed) {
                match note(&store, id, &format!("Note {}", noted.load(Relaxed))).await {
                    Ok(()) => drop(noted.fetch_add(1, Relaxed)),
                    Err(error) => assert!(is_met(&error), "{error:?}"),
                }
                tokio::task::yield_now().await;
            }
        })
    };
    while noted.load(Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    for round in 1..=3 {
        let outcome = import(&store, &actor, &lines(FIRMS, round * 1_000), MAPPING).await;
        let outcome = outcome.unwrap();
        assert!(outcome.refused.is_empty(), "{:?}", outcome.refused);
        assert_eq!(counts(&outcome.job)["customer"].updated, FIRMS as u64);
    }
    ends.store(true, Relaxed);
    colleague.await.unwrap();
    for (at, firm) in firms.iter().enumerate() {
        let now: Stored<Customer> = of(&store, &actor, firm.id.raw()).await;
        assert_eq!(now.employees, Some((3_000 + at) as i64));
    }
    let last: Stored<Customer> = of(&store, &actor, firms[FIRMS - 1].id.raw()).await;
    let told = last.notes.as_ref().map(|notes| notes.0.clone());
    assert_eq!(told, Some(format!("Note {}", noted.load(Relaxed) - 1)));
}

async fn an_import_ends_beside_ten_who_write_at_once(database: TestDatabase) {
    const FIRMS: usize = 120;
    let (store, actor) = open(&database).await;
    let firms = Arc::new(firms(&store, &actor, FIRMS).await);
    let ends = Arc::new(AtomicBool::new(false));
    let mut sellers = JoinSet::new();
    for seller in 0..10 {
        let (store, firms, ends) = (store.clone(), firms.clone(), ends.clone());
        sellers.spawn(async move {
            let mut rng = Rng::seeded(seller);
            let actor = Actor::system(Origin::Web);
            while !ends.load(Relaxed) {
                let outcome = async {
                    // Several in no order: they meet one another, and the import.
                    let mut tx = store.write(&actor).await?;
                    for _ in 0..3 {
                        let id = rng.pick(&firms).id;
                        let mut now: Stored<Customer> = tx.fetch(Purpose::Change, id).await?;
                        now.notes = Some(LongText(format!("{seller} {}", rng.below(1_000))));
                        tx.update(&now).await?;
                    }
                    tx.commit().await
                };
                if let Err(error) = outcome.await {
                    assert!(is_met(&error), "{error:?}");
                }
                tokio::task::yield_now().await;
            }
        });
    }
    for round in 1..=3 {
        let outcome = import(&store, &actor, &lines(FIRMS, round * 1_000), MAPPING).await;
        let outcome = outcome.unwrap();
        assert!(outcome.refused.is_empty(), "{:?}", outcome.refused);
    }
    ends.store(true, Relaxed);
    while let Some(ended) = sellers.join_next().await {
        ended.unwrap();
    }
    for (at, firm) in firms.iter().enumerate() {
        let now: Stored<Customer> = of(&store, &actor, firm.id.raw()).await;
        assert_eq!(now.employees, Some((3_000 + at) as i64));
    }
}

async fn two_imports_of_the_same_records_both_end(database: TestDatabase) {
    const FIRMS: usize = 200;
    let (store, actor) = open(&database).await;
    let firms = firms(&store, &actor, FIRMS).await;
    let forwards = lines(FIRMS, 1_000);
    let (header, rest) = forwards.split_once('\n').unwrap();
    let mut backwards: Vec<&str> = rest.lines().collect();
    backwards.reverse();
    let backwards = format!("{header}\n{}\n", backwards.join("\n"));
    let mut imports = JoinSet::new();
    for text in [forwards, backwards] {
        let (store, actor) = (store.clone(), actor.clone());
        imports.spawn(async move { import(&store, &actor, &text, MAPPING).await.map(|_| ()) });
    }
    while let Some(ended) = imports.join_next().await {
        ended.unwrap().unwrap();
    }
    for (at, firm) in firms.iter().enumerate() {
        let now: Stored<Customer> = of(&store, &actor, firm.id.raw()).await;
        assert_eq!(now.employees, Some((1_000 + at) as i64));
    }
}

/// On SQLite one writes at a time: whoever holds a record holds all, but holds up nobody who reads.
async fn a_held_record_stops_nobody_else(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let firms = firms(&store, &actor, 2).await;
    let mut holder = store.write(&actor).await.unwrap();
    holder.hold(Customer::NAME, [firms[0].id.raw()], Hold::Change).await.unwrap();
    let mut waiting = JoinSet::new();
    for at in 0..30 {
        let (store, id) = (store.clone(), firms[0].id);
        waiting.spawn(async move { note(&store, id, &format!("Waits {at}")).await });
    }
    while !database.somebody_waits().await {
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    for _ in 0..40 {
        let mut view = store.read(&actor).await.unwrap();
        view.fetch::<Customer>(Purpose::Read, firms[0].id).await.unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(2), "who reads waits for nobody");
    if database.is_postgres() {
        note(&store, firms[1].id, "Written").await.unwrap();
        let other: Stored<Customer> = of(&store, &actor, firms[1].id.raw()).await;
        assert!(other.notes.is_some());
    }
    drop(holder);
    let mut written = 0;
    while let Some(ended) = waiting.join_next().await {
        match ended.unwrap() {
            Ok(()) => written += 1,
            Err(Error::Conflict { .. }) => {}
            Err(error) => assert!(matches!(&error, Error::Refused(_)), "{error:?}"),
        }
    }
    assert!(written > 0);
    create(&store, &actor, &customer("Next")).await;
}

async fn who_waits_for_a_held_record_is_told(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let firms = firms(&store, &actor, 1).await;
    let id = firms[0].id;
    let mut holder = store.write(&actor).await.unwrap();
    holder.hold(Customer::NAME, [id.raw()], Hold::Change).await.unwrap();
    let began = Instant::now();
    let told = refusals(note(&store, id, "Waits").await);
    // Which of the two it is depends on whether others may write meanwhile.
    let expected = if database.is_postgres() { "record-held -" } else { "database-busy -" };
    assert_eq!(told, [expected]);
    assert!(began.elapsed() < Duration::from_secs(20));
    drop(holder);
    note(&store, id, "Written").await.unwrap();
}
