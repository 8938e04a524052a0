//! Runs of analyses: asked for at once they are one, an edit does not fail them, and what a run noted
//! that died is not noted twice.

use guanxi_base::SignedDuration;
use guanxi_crm::insights::{Analysis, AnalysisRun, RunState, StageChange, ask, repeat, run_next};
use guanxi_crm::work::Task;
use guanxi_record::{Filter, Query, Record, Stored};
use guanxi_store::{Actor, Origin, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;

use crate::house::{create, line, open, order};
use crate::insights::{analyse, follow, shop, thank_who_comes_back, warehouse};

both_databases!(
    what_is_asked_for_at_once_is_one_run,
    an_edit_does_not_fail_a_run,
    what_a_dead_run_noted_is_not_noted_twice,
);

async fn number_of(store: &Store, of: &str) -> i64 {
    let mut view = store.read(&Actor::system(Origin::Job)).await.unwrap();
    view.total(of, &Query::of(Filter::everything())).await.unwrap().number
}

async fn what_is_asked_for_at_once_is_one_run(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let wanted = AnalysisRun::of(Analysis::Baskets, None);
    let (one, other) = tokio::join!(ask(&store, &actor, &wanted), ask(&store, &actor, &wanted));
    assert_eq!(one.unwrap().id, other.unwrap().id);
    assert_eq!(number_of(&store, AnalysisRun::NAME).await, 1);
    // Another analysis is another thing.
    ask(&store, &actor, &AnalysisRun::of(Analysis::Duplicates, None)).await.unwrap();
    assert_eq!(number_of(&store, AnalysisRun::NAME).await, 2);
    let (_folder, warehouse) = warehouse();
    while run_next(&store, &warehouse).await.unwrap().is_some() {}
    // Two servers find at once that both are to be done again.
    store.clock().advance(SignedDuration::from_hours(25));
    let day = SignedDuration::from_hours(24);
    let (one, other) = tokio::join!(repeat(&store, day), repeat(&store, day));
    assert_eq!(one.unwrap() + other.unwrap(), 2);
    assert_eq!(number_of(&store, AnalysisRun::NAME).await, 4);
}

async fn an_edit_does_not_fail_a_run(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    shop(&store, &actor).await;
    let (_folder, warehouse) = warehouse();
    follow(&store, &warehouse).await;
    let run = create(&store, &actor, &AnalysisRun::of(Analysis::CustomerValue, None)).await;
    let fetch = async || -> Stored<AnalysisRun> {
        let mut view = store.read(&actor).await.unwrap();
        view.fetch(Purpose::Read, run.id).await.unwrap()
    };
    let edits = async {
        // As soon as it is being done.
        loop {
            let mut now = fetch().await;
            if now.state == RunState::Running {
                now.counts_free = true;
                let mut tx = store.write(&actor).await.unwrap();
                if tx.update(&now).await.is_ok() && tx.commit().await.is_ok() {
                    return;
                }
            }
            assert_ne!(now.state, RunState::Done, "it was too fast to be edited");
            tokio::task::yield_now().await;
        }
    };
    let (done, ()) = tokio::join!(run_next(&store, &warehouse), edits);
    assert_eq!(done.unwrap(), Some(run.id.raw()));
    let now = fetch().await;
    assert_eq!((now.state, now.problem.as_ref()), (RunState::Done, None));
    // What was written holds for the next run, what was found out is there.
    assert!(now.counts_free && now.customers == Some(101) && now.progress == Some(100));
}

fn copied(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match from.is_dir() {
            true => copied(&from, &to),
            false => drop(std::fs::copy(from, to).unwrap()),
        }
    }
}

async fn what_a_dead_run_noted_is_not_noted_twice(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (folder, warehouse) = warehouse();
    let buyers = shop(&store, &actor).await;
    thank_who_comes_back(&store, &actor).await;
    analyse(&store, &warehouse, &actor, Analysis::CustomerValue).await;
    store.clock().advance(SignedDuration::from_mins(1));
    let sold = create(&store, &actor, &order(&buyers[95], "2025-12-29")).await;
    create(&store, &actor, &line(&sold, 1, 10)).await;
    follow(&store, &warehouse).await;
    let before = tempfile::tempdir().unwrap();
    copied(folder.path(), before.path());
    let died = analyse(&store, &warehouse, &actor, Analysis::CustomerValue).await;
    let noted = number_of(&store, StageChange::NAME).await;
    assert!(noted > 0 && number_of(&store, Task::NAME).await == 1);
    // As if it had been ended before its last step: what it found is not known to the warehouse.
    let mut tx = store.write(&actor).await.unwrap();
    let mut lost: Stored<AnalysisRun> = tx.fetch(Purpose::Change, died.id).await.unwrap();
    lost.state = RunState::Failed;
    tx.update(&lost).await.unwrap();
    tx.commit().await.unwrap();
    let warehouse = Warehouse::open(before.path().to_str().unwrap()).unwrap();
    let again = analyse(&store, &warehouse, &actor, Analysis::CustomerValue).await;
    let moves = again.card.as_ref().unwrap().0["moves"].as_array().unwrap().len();
    assert!(moves > 0, "it sees the moves, for they are against what was known");
    assert_eq!(number_of(&store, StageChange::NAME).await, noted);
    assert_eq!(number_of(&store, Task::NAME).await, 1);
    // And nothing moves any more.
    let next = analyse(&store, &warehouse, &actor, Analysis::CustomerValue).await;
    assert_eq!(next.card.as_ref().unwrap().0["moves"].as_array().unwrap().len(), 0);
}
