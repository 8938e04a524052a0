//! Undo: of one change, of a whole job, and of an undo.

use guanxi_base::{Id, RawId};
use guanxi_crm::people::Customer;
use guanxi_record::{Query, Row};
use guanxi_store::{Actor, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, line, open, order, refusals};

both_databases!(
    a_change_is_undone_and_redone,
    a_job_is_undone_as_if_it_had_never_been,
    later_work_is_not_overwritten,
);

/// All records of all types, without versions and times.
async fn everything(store: &Store, actor: &Actor) -> Vec<(String, RawId, String)> {
    let mut view = store.read(actor).await.unwrap();
    let mut all = Vec::new();
    for record_type in store.catalog().types() {
        let mut query = Query::of(guanxi_record::Filter::everything()).limited(1_000);
        query.with_archived = true;
        let rows: Vec<Row> = view.list(&record_type.name, &query).await.unwrap().rows;
        all.extend(rows.into_iter().map(|row| {
            let state = format!("{:?} {:?}", row.archived_at, row.values);
            (record_type.name.to_string(), row.id, state)
        }));
    }
    all
}

async fn a_change_is_undone_and_redone(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let stored = create(&store, &actor, &customer("Before")).await;
    let before = everything(&store, &actor).await;
    let mut changed = stored.clone();
    changed.name = "After".to_owned();
    changed.employees = Some(7);
    let mut tx = store.write(&actor).await.unwrap();
    tx.update(&changed).await.unwrap();
    let change = tx.commit().await.unwrap();
    let after = everything(&store, &actor).await;

    let undo = store.undo(&actor, change).await.unwrap();
    assert_eq!(everything(&store, &actor).await, before);
    assert_eq!(refusals(store.undo(&actor, change).await), ["already-undone -"]);
    store.undo(&actor, undo.change_set.unwrap()).await.unwrap();
    assert_eq!(everything(&store, &actor).await, after);
    let mut view = store.read(&actor).await.unwrap();
    assert_eq!(view.search("after", &[], 5).await.unwrap().len(), 1);
    assert_eq!(view.history("customer", stored.id.raw(), 10).await.unwrap().len(), 4);
}

async fn a_job_is_undone_as_if_it_had_never_been(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let old = create(&store, &actor, &customer("Old")).await;
    let sold = create(&store, &actor, &order(&old, "2026-01-01")).await;
    create(&store, &actor, &line(&sold, 1, 1)).await;
    let before = everything(&store, &actor).await;

    let job = store.new_id();
    let importer = actor.clone().for_job(job);
    let mut updated = old.clone();
    for round in 0..3 {
        let mut tx = store.write(&importer).await.unwrap();
        updated.employees = Some(round);
        updated = tx.update(&updated).await.unwrap();
        let mut child = customer(&format!("New {round}"));
        child.parent = Some(updated.id);
        let child = tx.create(&child).await.unwrap();
        for _ in 0..3 {
            let bought = tx.create(&order(&child, "2026-02-01")).await.unwrap();
            tx.create(&line(&bought, 2, 2)).await.unwrap();
            tx.create(&line(&bought, 1, 1)).await.unwrap();
        }
        tx.create(&line(&sold, 5, 5)).await.unwrap();
        tx.commit().await.unwrap();
    }
    let after = everything(&store, &actor).await;
    assert_eq!(after.len(), before.len() + 3 * 11);

    let mut told = Vec::new();
    let report = store.undo_job(&actor, job, |done, all| told.push((done, all))).await.unwrap();
    assert_eq!(report.changes, 3 * 12);
    assert_eq!(told, [(0, 3), (1, 3), (2, 3), (3, 3)]);
    assert_eq!(everything(&store, &actor).await, before);
    let mut view = store.read(&actor).await.unwrap();
    assert!(view.search("new", &[], 5).await.unwrap().is_empty());
}

async fn later_work_is_not_overwritten(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut tx = store.write(&actor).await.unwrap();
    let stored = tx.create(&customer("Made")).await.unwrap();
    let creation = tx.commit().await.unwrap();
    let mut changed = stored.clone();
    changed.name = "Changed".to_owned();
    let mut tx = store.write(&actor).await.unwrap();
    let changed = tx.update(&changed).await.unwrap();
    let change = tx.commit().await.unwrap();
    assert_eq!(refusals(store.undo(&actor, creation).await), ["changed-since -"]);

    let mut again = changed.clone();
    again.name = "Again".to_owned();
    let mut tx = store.write(&actor).await.unwrap();
    tx.update(&again).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(refusals(store.undo(&actor, change).await), ["changed-since -"]);

    let mut tx = store.write(&actor).await.unwrap();
    let buyer = tx.create(&customer("Buyer")).await.unwrap();
    let creation = tx.commit().await.unwrap();
    create(&store, &actor, &order(&buyer, "2026-01-01")).await;
    assert_eq!(refusals(store.undo(&actor, creation).await), ["still-linked -"]);
    let id: Id<Customer> = buyer.id;
    let mut view = store.read(&actor).await.unwrap();
    assert!(view.fetch(Purpose::Read, id).await.is_ok());
}
