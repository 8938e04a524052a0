//! What is done to many records in several transactions comes to its end, whole or not at all, also where
//! the program ends on the way: whoever takes the job up goes on.

use std::future::Future;

use guanxi_base::{Error, RawId, SignedDuration};
use guanxi_crm::archive_many::{self, archive_all, undo_all};
use guanxi_crm::catalog::ProductCategory;
use guanxi_crm::exchange::{ImportJob, ImportStatus, UNDO_QUEUE, go_on_undoing, undo_import};
use guanxi_crm::hand_over::{self, belongings, hand_over};
use guanxi_crm::people::Customer;
use guanxi_record::{Owner, Record, Stored};
use guanxi_store::{Actor, Job, JobState, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, open, refusals, user};
use crate::importing::{import, total};
use crate::resolving::of;

both_databases!(
    archiving_goes_on_after_the_program_ended,
    what_cannot_be_archived_whole_is_taken_back,
    what_was_begun_to_be_taken_back_is_taken_back,
    a_hand_over_goes_on_after_the_program_ended,
    what_a_leaver_had_begun_is_taken_back,
    an_import_that_was_begun_to_be_undone_is_undone,
);

/// Three transactions.
const MANY: usize = 2_100;

async fn categories(store: &Store, actor: &Actor) -> Vec<RawId> {
    let mut tx = store.write(actor).await.unwrap();
    let mut ids = Vec::new();
    for number in 0..MANY {
        let name = format!("Category {number}");
        let made = tx.create(&ProductCategory { name, parent: None }).await.unwrap();
        ids.push(made.id.raw());
    }
    tx.commit().await.unwrap();
    ids
}

async fn left(store: &Store, actor: &Actor) -> usize {
    total(store, actor, ProductCategory::NAME).await as usize
}

/// Does some work until a part of it is done; then its program ends.
async fn cut<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
    mut is_begun: impl AsyncFnMut() -> bool,
) {
    let work = tokio::spawn(work);
    while !is_begun().await {
        assert!(!work.is_finished(), "it was not cut");
        tokio::task::yield_now().await;
    }
    work.abort();
    assert!(work.await.is_err(), "it was not cut");
}

/// As a worker that finds the job when its lease is over.
async fn taken_up(store: &Store, queue: &str) -> Job {
    assert!(store.claim_job(queue).await.unwrap().is_none(), "somebody has it");
    store.clock().advance(SignedDuration::from_mins(2));
    store.claim_job(queue).await.unwrap().unwrap()
}

async fn cut_archiving(store: &Store, actor: &Actor, ids: Vec<RawId>) -> Job {
    let all = left(store, actor).await;
    let (of_work, of_actor) = (store.clone(), actor.clone());
    let work = async move {
        let described = of_work.catalog().get(ProductCategory::NAME).unwrap().clone();
        archive_all(&of_work, &of_actor, &described, &ids).await
    };
    cut(work, async || left(store, actor).await < all).await;
    let now = left(store, actor).await;
    assert!(now > 0 && now < all, "{now}");
    taken_up(store, archive_many::QUEUE).await
}

async fn archiving_goes_on_after_the_program_ended(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let ids = categories(&store, &actor).await;
    let job = cut_archiving(&store, &actor, ids).await;
    assert_eq!(refusals(undo_all(&store, &actor, job.id).await), ["archiving-goes-on -"]);
    archive_many::go_on(&store, &actor, job.id).await.unwrap();
    assert_eq!(left(&store, &actor).await, 0);
    assert_eq!(store.job(job.id).await.unwrap().state, JobState::Done);
    assert!(store.job_rows(job.id, -1, 10).await.unwrap().is_empty());
    // All of it is one job, by which it is taken back.
    undo_all(&store, &actor, job.id).await.unwrap();
    assert_eq!(left(&store, &actor).await, MANY);
    assert!(matches!(undo_all(&store, &actor, job.id).await, Err(Error::NotFound)));
}

async fn what_cannot_be_archived_whole_is_taken_back(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut ids = categories(&store, &actor).await;
    // The last of them is gone by then.
    ids.push(store.new_id());
    let described = store.catalog().get(ProductCategory::NAME).unwrap().clone();
    let refused = archive_all(&store, &actor, &described, &ids).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    assert_eq!(left(&store, &actor).await, MANY);
    let job = cut_archiving(&store, &actor, ids).await;
    let refused = archive_many::go_on(&store, &actor, job.id).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    assert_eq!(left(&store, &actor).await, MANY);
    assert_eq!(store.job(job.id).await.unwrap().state, JobState::Failed);
    assert!(store.claim_job(archive_many::QUEUE).await.unwrap().is_none());
}

async fn what_was_begun_to_be_taken_back_is_taken_back(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let ids = categories(&store, &actor).await;
    let described = store.catalog().get(ProductCategory::NAME).unwrap().clone();
    let job = archive_all(&store, &actor, &described, &ids).await.unwrap();
    let (of_work, of_actor) = (store.clone(), actor.clone());
    let work = async move { undo_all(&of_work, &of_actor, job).await };
    cut(work, async || left(&store, &actor).await > 0).await;
    assert!(left(&store, &actor).await < MANY);
    let known = taken_up(&store, archive_many::QUEUE).await;
    assert_eq!(known.id, job);
    archive_many::go_on(&store, &actor, job).await.unwrap();
    assert_eq!(left(&store, &actor).await, MANY);
    assert_eq!(store.job(job).await.unwrap().state, JobState::Undone);
}

async fn what_a_leaver_had_begun_is_taken_back(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let ids = categories(&store, &actor).await;
    let job = cut_archiving(&store, &actor, ids).await;
    archive_many::give_up(&store, job.id).await.unwrap();
    assert_eq!(left(&store, &actor).await, MANY);
    assert_eq!(store.job(job.id).await.unwrap().state, JobState::Failed);
}

async fn a_hand_over_goes_on_after_the_program_ended(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let from = create(&store, &actor, &user("from@x.example")).await.id.raw();
    let to = create(&store, &actor, &user("to@x.example")).await.id.raw();
    let mut tx = store.write(&actor).await.unwrap();
    for number in 0..MANY {
        let one = Customer { owner: Some(Owner(from)), ..customer(&format!("Firm {number}")) };
        tx.create(&one).await.unwrap();
    }
    tx.commit().await.unwrap();
    let theirs = async |whose: RawId| {
        let mut view = store.read(&actor).await.unwrap();
        let all = belongings(&mut view, whose).await.unwrap();
        all.iter().map(|one| one.records).sum::<i64>()
    };
    let (of_work, of_actor) = (store.clone(), actor.clone());
    let work = async move { hand_over(&of_work, &of_actor, from, to).await };
    cut(work, async || theirs(to).await > 0).await;
    assert!(theirs(from).await > 0);
    let job = taken_up(&store, hand_over::QUEUE).await;
    hand_over::go_on(&store, &actor, job.id).await.unwrap();
    assert_eq!((theirs(from).await, theirs(to).await), (0, MANY as i64));
    assert_eq!(store.job(job.id).await.unwrap().state, JobState::Done);
    store.undo_job(&actor, job.id, |_, _| {}).await.unwrap();
    assert_eq!(theirs(to).await, 0);
}

async fn an_import_that_was_begun_to_be_undone_is_undone(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mapping = "[[records]]\ntype = \"product_category\"\nmatch = [\"name\"]\n\
                   [records.fields]\nname = \"Name\"\n";
    // More than one batch.
    let names = (0..8_100).map(|number| format!("Category {number}\n"));
    let text = format!("Name\n{}", names.collect::<String>());
    let job = import(&store, &actor, &text, mapping).await.unwrap().job;
    let all = left(&store, &actor).await;
    let (of_work, of_actor) = (store.clone(), actor.clone());
    let id = job.id.raw();
    let work = async move { undo_import(&of_work, &of_actor, id, |_, _| {}).await };
    cut(work, async || left(&store, &actor).await < all).await;
    assert!(left(&store, &actor).await > 0);
    let undoing = taken_up(&store, UNDO_QUEUE).await;
    go_on_undoing(&store, &actor, undoing.id).await.unwrap();
    assert_eq!(left(&store, &actor).await, 0);
    let now: Stored<ImportJob> = of(&store, &actor, id).await;
    assert_eq!(now.status, ImportStatus::Undone);
}
