//! What was undone and done again is a change like any other: it stands against an undo of what came
//! before, it belongs to its job, and it can be undone once more.

use guanxi_base::{Clock, Id, RawId, SignedDuration, Timestamp};
use guanxi_crm::people::{Contact, Customer};
use guanxi_record::{Record as _, Stored};
use guanxi_store::{Actor, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{NOW, create, customer, open, refusals};
use crate::importing::{import, total};
use crate::racing::contact;

both_databases!(
    what_was_undone_and_redone_stands_against_an_undo,
    what_was_redone_after_a_redo_stands_against_its_undo,
    a_redo_that_was_undone_is_undone,
    what_was_made_together_goes_and_comes_together,
    a_set_of_a_job_that_was_redone_is_undone_with_it,
    what_a_slow_clock_dates_back_stands_against_an_undo,
    a_batch_that_began_before_a_creation_stands_against_its_undo,
);

async fn made(store: &Store, actor: &Actor) -> (Stored<Customer>, RawId) {
    let mut tx = store.write(actor).await.unwrap();
    let stored = tx.create(&customer("As made")).await.unwrap();
    (stored, tx.commit().await.unwrap())
}

async fn now(store: &Store, actor: &Actor, id: Id<Customer>) -> Stored<Customer> {
    let mut view = store.read(actor).await.unwrap();
    view.fetch(Purpose::Change, id).await.unwrap()
}

async fn renamed(store: &Store, actor: &Actor, id: Id<Customer>, name: &str) -> RawId {
    let mut changed = now(store, actor, id).await;
    changed.name = name.to_owned();
    let mut tx = store.write(actor).await.unwrap();
    tx.update(&changed).await.unwrap();
    tx.commit().await.unwrap()
}

/// Undoes a set; the set that the undo made.
async fn undo(store: &Store, actor: &Actor, set: RawId) -> RawId {
    store.undo(actor, set).await.unwrap().change_set.unwrap()
}

async fn what_was_undone_and_redone_stands_against_an_undo(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (stored, creation) = made(&store, &actor).await;
    let change = renamed(&store, &actor, stored.id, "By others").await;
    let undone = undo(&store, &actor, change).await;
    let redone = undo(&store, &actor, undone).await;
    assert_eq!(refusals(store.undo(&actor, creation).await), ["changed-since -"]);
    assert_eq!(now(&store, &actor, stored.id).await.name, "By others");
    // Once more, and it is as if it had never been.
    undo(&store, &actor, redone).await;
    store.undo(&actor, creation).await.unwrap();
    assert_eq!(total(&store, &actor, Customer::NAME).await, 0);
}

async fn what_was_redone_after_a_redo_stands_against_its_undo(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (stored, creation) = made(&store, &actor).await;
    let change = renamed(&store, &actor, stored.id, "By others").await;
    let unchanged = undo(&store, &actor, change).await;
    let unmade = undo(&store, &actor, creation).await;
    let made_again = undo(&store, &actor, unmade).await;
    // The undo of the others' change came before the record was made again, its redo after.
    undo(&store, &actor, unchanged).await;
    assert_eq!(now(&store, &actor, stored.id).await.name, "By others");
    assert_eq!(refusals(store.undo(&actor, made_again).await), ["changed-since -"]);
    assert_eq!(refusals(store.undo(&actor, creation).await), ["changed-since -"]);
    assert_eq!(now(&store, &actor, stored.id).await.name, "By others");
}

async fn a_redo_that_was_undone_is_undone(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (stored, creation) = made(&store, &actor).await;
    let change = renamed(&store, &actor, stored.id, "Changed").await;
    let mut last = change;
    for at in 1..=5 {
        last = undo(&store, &actor, last).await;
        let is_undone = at % 2 == 1;
        let name = if is_undone { "As made" } else { "Changed" };
        assert_eq!(now(&store, &actor, stored.id).await.name, name);
        if is_undone {
            let twice = store.undo(&actor, change).await;
            assert_eq!(refusals(twice), ["already-undone -"], "{at}");
        }
    }
    store.undo(&actor, creation).await.unwrap();
    assert_eq!(total(&store, &actor, Customer::NAME).await, 0);
}

async fn what_was_made_together_goes_and_comes_together(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut tx = store.write(&actor).await.unwrap();
    let stored = tx.create(&customer("Together")).await.unwrap();
    tx.create(&contact(stored.id, "Li")).await.unwrap();
    let creation = tx.commit().await.unwrap();
    let undone = undo(&store, &actor, creation).await;
    let redone = undo(&store, &actor, undone).await;
    assert_eq!(total(&store, &actor, Contact::NAME).await, 1);
    let undone = undo(&store, &actor, redone).await;
    assert_eq!(total(&store, &actor, Contact::NAME).await, 0);
    assert_eq!(total(&store, &actor, Customer::NAME).await, 0);
    undo(&store, &actor, undone).await;
    // By its first name as well.
    undo(&store, &actor, creation).await;
    assert_eq!(total(&store, &actor, Customer::NAME).await, 0);
}

async fn a_set_of_a_job_that_was_redone_is_undone_with_it(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mapping = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
                   fields = { code = \"code\", name = \"name\" }";
    let lines: String = (0..5_000).map(|number| format!("C{number},N{number}\n")).collect();
    let text = format!("code,name\n{lines}");
    let job = import(&store, &actor, &text, mapping).await.unwrap().job.id.raw();
    let sets = store.changes_of_job(&actor, job).await.unwrap();
    assert_eq!(sets.len(), 2);
    let undone = undo(&store, &actor, sets[0]).await;
    assert_eq!(store.changes_of_job(&actor, job).await.unwrap(), sets[1..]);
    undo(&store, &actor, undone).await;
    assert_eq!(store.changes_of_job(&actor, job).await.unwrap(), sets);
    store.undo_job(&actor, job, |_, _| {}).await.unwrap();
    assert_eq!(total(&store, &actor, Customer::NAME).await, 0);
}

async fn what_a_slow_clock_dates_back_stands_against_an_undo(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let before: Timestamp = NOW.parse().unwrap();
    let clock = Clock::at(before - SignedDuration::from_hours(1));
    let slow = guanxi_crm::store_config(database.url(), clock).unwrap();
    // It was there before: whoever starts later goes on behind what it finds.
    let slow = Store::open(slow).await.unwrap();
    let (stored, creation) = made(&store, &actor).await;
    let change = renamed(&slow, &actor, stored.id, "By others").await;
    assert!(change < creation, "its id is the lower one");
    assert_eq!(refusals(store.undo(&actor, creation).await), ["changed-since -"]);
    assert_eq!(now(&store, &actor, stored.id).await.name, "By others");
    store.undo(&actor, change).await.unwrap();
    store.undo(&actor, creation).await.unwrap();
    assert_eq!(total(&store, &actor, Customer::NAME).await, 0);
}

/// On PostgreSQL two write at once; SQLite has one writer, so that the batch goes on after the creation.
async fn a_batch_that_began_before_a_creation_stands_against_its_undo(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut batch = store.write(&actor).await.unwrap();
    if store.is_embedded() {
        drop(batch);
        let (stored, creation) = made(&store, &actor).await;
        renamed(&store, &actor, stored.id, "By the batch").await;
        assert_eq!(refusals(store.undo(&actor, creation).await), ["changed-since -"]);
        return;
    }
    let (stored, creation) = made(&store, &actor).await;
    let mut changed: Stored<Customer> = batch.fetch(Purpose::Change, stored.id).await.unwrap();
    changed.name = "By the batch".to_owned();
    batch.update(&changed).await.unwrap();
    assert!(batch.commit().await.unwrap() < creation, "it began earlier");
    assert_eq!(refusals(store.undo(&actor, creation).await), ["changed-since -"]);
    assert_eq!(now(&store, &actor, stored.id).await.name, "By the batch");
    // What was made in the meantime by others is not the batch's.
    create(&store, &actor, &contact(stored.id, "Li")).await;
    assert_eq!(refusals(store.undo(&actor, creation).await).len(), 2);
}
