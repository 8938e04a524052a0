//! Clocks that are set back, in the middle of work, between two starts or on another machine: what is
//! written afterwards stands behind what was written before, for all that follow the log.

use guanxi_base::{Clock, RawId, SignedDuration};
use guanxi_crm::people::Customer;
use guanxi_crm::privacy;
use guanxi_record::Stored;
use guanxi_store::{Actor, Deed, NewJob, Operation, Origin, Place, Purpose, Store, Verified};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::json;

use crate::house::{NOW, create, customer};
use crate::importing::import;
use crate::insights::{follow, warehouse};

both_databases!(
    what_is_written_after_the_clock_was_set_back_is_followed_and_sealed,
    two_programs_of_different_clocks_write_one_log,
    what_is_purged_at_the_end_of_the_log_makes_no_room,
    a_dump_that_another_server_took_over_goes_on,
    an_import_after_the_clock_was_set_back_knows_what_was_there,
    a_job_waits_for_no_clock,
);

fn clock() -> Clock {
    Clock::at(NOW.parse().unwrap())
}

/// As a program that starts now, with this clock.
async fn start(database: &TestDatabase, clock: &Clock) -> Store {
    let config = guanxi_crm::store_config(database.url(), clock.clone()).unwrap();
    Store::open(config).await.unwrap()
}

fn actor() -> Actor {
    Actor::system(Origin::Api)
}

/// Seals the log to its end, and compares it with its seals. On PostgreSQL other tests' transactions
/// hold the end back for a moment.
async fn sealed(store: &Store) -> Verified {
    for _ in 0..100_000 {
        store.seal().await.unwrap();
        let verified = store.verify_seals(None).await.unwrap();
        if verified.unsealed == 0 || verified.broken.is_some() {
            return verified;
        }
        tokio::task::yield_now().await;
    }
    panic!("the log is not sealed to its end");
}

async fn end(store: &Store, after: Place) -> (Vec<RawId>, Place) {
    sealed(store).await;
    let events = store.events_after(after, 1_000).await.unwrap();
    let place = events.last().map_or(after, |event| event.place);
    (events.into_iter().map(|event| event.record).collect(), place)
}

async fn rename(store: &Store, one: &Stored<Customer>, name: &str) -> Stored<Customer> {
    let mut tx = store.write(&actor()).await.unwrap();
    let mut now = tx.fetch::<Customer>(Purpose::Change, one.id).await.unwrap();
    name.clone_into(&mut now.name);
    let now = tx.update(&now).await.unwrap();
    tx.commit().await.unwrap();
    now
}

async fn what_is_written_after_the_clock_was_set_back_is_followed_and_sealed(
    database: TestDatabase,
) {
    let clock = clock();
    let mut store = start(&database, &clock).await;
    let (_folder, warehouse) = warehouse();
    let kept = create(&store, &actor(), &customer("Kept")).await;
    follow(&store, &warehouse).await;
    let (_, mut place) = end(&store, Place::START).await;
    let mut latest = kept.id.raw();
    let day = SignedDuration::from_hours(24);
    for (round, set_back) in
        [day, day * 400, -day, day * 3, SignedDuration::ZERO].iter().enumerate()
    {
        clock.advance(-*set_back);
        // In the middle of work, and after a start.
        for starts in [false, true] {
            if starts {
                store = start(&database, &clock).await;
            }
            let made = create(&store, &actor(), &customer(&format!("New {round}"))).await;
            rename(&store, &kept, &format!("Kept {round} {starts}")).await;
            assert!(made.id.raw() > latest, "{round}: ids go on");
            latest = made.id.raw();
            let (records, now) = end(&store, place).await;
            assert_eq!(records, [made.id.raw(), kept.id.raw()], "{round}");
            place = now;
            follow(&store, &warehouse).await;
            let verified = sealed(&store).await;
            assert_eq!((verified.broken, verified.unsealed), (None, 0), "{round}");
        }
    }
    // History is told in the order of what happened.
    let mut view = store.read(&actor()).await.unwrap();
    let history = view.history("customer", kept.id.raw(), 100).await.unwrap();
    let versions: Vec<i64> = history.iter().map(|entry| entry.version).collect();
    assert!(versions.is_sorted_by(|one, next| one > next), "{versions:?}");
}

async fn two_programs_of_different_clocks_write_one_log(database: TestDatabase) {
    let behind = clock();
    behind.advance(-SignedDuration::from_hours(9));
    let (first, second) = (start(&database, &clock()).await, start(&database, &behind).await);
    let mut place = Place::START;
    for round in 0..4 {
        for store in [&first, &second] {
            let made = create(store, &actor(), &customer(&format!("New {round}"))).await;
            let (records, now) = end(store, place).await;
            assert_eq!(records, [made.id.raw()], "{round}");
            place = now;
        }
    }
    let verified = sealed(&first).await;
    assert_eq!((verified.broken, verified.unsealed), (None, 0));
}

async fn what_is_purged_at_the_end_of_the_log_makes_no_room(database: TestDatabase) {
    let clock = clock();
    let store = start(&database, &clock).await;
    create(&store, &actor(), &customer("Kept")).await;
    let look = Deed {
        actor: actor(),
        operation: Operation::View,
        record_type: "customer".to_owned(),
        record: RawId(0),
        detail: None,
    };
    store.note_deeds(&[look]).await.unwrap();
    sealed(&store).await;
    clock.advance(SignedDuration::from_hours(1));
    let purged = store.purge_deeds(&actor(), Operation::View, clock.now()).await.unwrap();
    assert_eq!(purged, 1);
    sealed(&store).await;
    // The last of all were a look and the note of its removal: neither is where what follows comes.
    database
        .execute(
            "DELETE FROM change_item WHERE operation = 'purge'; \
         UPDATE seal SET purged_by = 0 WHERE number = (SELECT MAX(number) FROM seal); \
         DELETE FROM change_set WHERE id NOT IN (SELECT change_set FROM change_item)",
            "DELETE FROM change_item WHERE operation = 'purge'; \
         UPDATE seal SET purged_by = 0 WHERE number = (SELECT MAX(number) FROM seal); \
         DELETE FROM change_set WHERE id NOT IN (SELECT change_set FROM change_item)",
        )
        .await;
    clock.advance(-SignedDuration::from_hours(500));
    let store = start(&database, &clock).await;
    create(&store, &actor(), &customer("Next")).await;
    let verified = sealed(&store).await;
    assert_eq!((verified.broken, verified.unsealed), (None, 0));
    assert_eq!(verified.sealed, 4);
}

/// PostgreSQL numbers transactions by server: that of a dump was far ahead of this one.
async fn a_dump_that_another_server_took_over_goes_on(database: TestDatabase) {
    let clock = clock();
    let store = start(&database, &clock).await;
    let (_folder, warehouse) = warehouse();
    create(&store, &actor(), &customer("Kept")).await;
    drop(store);
    let far = "UPDATE change_set SET position = position + 900000000000";
    database.execute("SELECT 1", far).await;
    let mut store = start(&database, &clock).await;
    let (records, mut place) = end(&store, Place::START).await;
    assert_eq!(records.len(), 1);
    follow(&store, &warehouse).await;
    for round in 0..3 {
        // As it came from there: what this server had to know of it is not in it.
        database.execute("SELECT 1", "DELETE FROM counter WHERE name = '#log'").await;
        clock.advance(-SignedDuration::from_hours(5));
        store = start(&database, &clock).await;
        let other = start(&database, &clock).await;
        for (at, store) in [&store, &other].into_iter().enumerate() {
            let made = create(store, &actor(), &customer(&format!("New {round} {at}"))).await;
            let (records, now) = end(store, place).await;
            assert_eq!(records, [made.id.raw()], "{round} {at}");
            place = now;
        }
        follow(&store, &warehouse).await;
        let verified = sealed(&store).await;
        assert_eq!((verified.broken, verified.unsealed), (None, 0), "{round}");
    }
}

/// Whether a record was there before an import is told by ids.
async fn an_import_after_the_clock_was_set_back_knows_what_was_there(database: TestDatabase) {
    let clock = clock();
    let store = start(&database, &clock).await;
    let there = create(&store, &actor(), &customer("Acme")).await;
    drop(store);
    clock.advance(-SignedDuration::from_hours(48));
    let store = start(&database, &clock).await;
    let mapping = r#"
        [[records]]
        type = "customer"
        match = ["code"]
        [records.fields]
        code = "Code"
        name = "Name"
    "#;
    let outcome = import(&store, &actor(), "Code,Name\nC1,Acme\nC2,Other\n", mapping).await;
    let outcome = outcome.unwrap();
    let refused: Vec<&str> = outcome.refused.iter().map(|line| line.refusals[0].code).collect();
    assert_eq!(refused, ["twin-there"]);
    let mapping = r#"
        [[records]]
        type = "customer"
        match = ["name"]
        [records.fields]
        name = "Name"
        notes = "Note"
    "#;
    let lines = "Name,Note\nAcme,Pays late\n";
    let outcome = import(&store, &actor(), lines, mapping).await.unwrap();
    let changed = store.changed_by_job(outcome.job.id.raw()).await.unwrap();
    assert_eq!(changed.into_iter().collect::<Vec<_>>(), [there.id.raw()]);
}

async fn a_job_waits_for_no_clock(database: TestDatabase) {
    let clock = clock();
    let store = start(&database, &clock).await;
    let id = store.new_id();
    let job = NewJob { queue: privacy::QUEUE, payload: json!({}), actor: None };
    store.enqueue(id, job).await.unwrap();
    clock.advance(-SignedDuration::from_hours(30));
    let claimed = store.claim_job(privacy::QUEUE).await.unwrap();
    assert_eq!(claimed.map(|job| job.id), Some(id));
}
