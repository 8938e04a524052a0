//! Imports and analyses whose program was killed: they are taken up again, given up or undone, and
//! none says for ever that it runs.

use std::collections::BTreeSet;

use guanxi_base::{Clock, SignedDuration, Timestamp};
use guanxi_crm::exchange::{
    ImportInput, ImportJob, ImportStatus, Mapping, begin_import, give_up_import_of_leaver,
    give_up_imports, run_import, undo_import,
};
use guanxi_crm::insights::{Analysis, AnalysisRun, RunState, run_next};
use guanxi_record::Stored;
use guanxi_store::{Actor, JobState, NewJob, Origin, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{NOW, refusals};
use crate::importing::total;
use crate::insights::warehouse;

both_databases!(
    a_job_that_ends_its_program_twice_is_given_up,
    an_import_of_somebody_who_left_says_so,
    a_job_that_comes_further_is_taken_up_again,
    an_import_that_was_cut_off_can_be_undone,
    files_that_nothing_names_go_after_a_while,
    files_that_jobs_name_do_not_keep_others,
    a_killed_analysis_is_taken_up_once_more,
);

const TOML: &str = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
                    fields = { code = \"code\", name = \"name\" }";

/// A store whose clock the test sets.
async fn opened(database: &TestDatabase, at: Timestamp) -> Store {
    let config = guanxi_crm::store_config(database.url(), Clock::at(at)).unwrap();
    Store::open(config).await.unwrap()
}

fn system() -> Actor {
    Actor::system(Origin::Api)
}

async fn begun(store: &Store, lines: usize) -> Stored<ImportJob> {
    let lines: String = (0..lines).map(|number| format!("C{number},N{number}\n")).collect();
    let content = format!("code,name\n{lines}").into_bytes();
    let mapping = Mapping::parse(TOML).unwrap();
    let input = ImportInput::Content(content);
    begin_import(store, &system(), input, "a.csv", &mapping).await.unwrap()
}

async fn status(store: &Store, job: &Stored<ImportJob>) -> ImportStatus {
    let mut view = store.read(&system()).await.unwrap();
    view.fetch(Purpose::Read, job.id).await.unwrap().record.status
}

async fn a_job_that_ends_its_program_twice_is_given_up(database: TestDatabase) {
    let start: Timestamp = NOW.parse().unwrap();
    let store = opened(&database, start).await;
    let job = begun(&store, 3).await;
    let minutes = |count| start + SignedDuration::from_mins(count);
    // Twice it is taken up, and twice nothing is heard of it again.
    assert!(store.claim_fragile_job("import").await.unwrap().is_some());
    assert!(store.claim_fragile_job("import").await.unwrap().is_none());
    let store = opened(&database, minutes(2)).await;
    give_up_imports(&store).await.unwrap();
    assert!(store.claim_fragile_job("import").await.unwrap().is_some());
    give_up_imports(&store).await.unwrap();
    assert_eq!(store.job(job.id.raw()).await.unwrap().state, JobState::Open);
    let store = opened(&database, minutes(4)).await;
    assert!(store.claim_fragile_job("import").await.unwrap().is_none());
    give_up_imports(&store).await.unwrap();
    assert_eq!(status(&store, &job).await, ImportStatus::Failed);
    let given_up = store.job(job.id.raw()).await.unwrap();
    assert_eq!(given_up.state, JobState::Failed);
    assert!(given_up.error.unwrap().contains("import-ends-the-program"));
}

async fn an_import_of_somebody_who_left_says_so(database: TestDatabase) {
    let store = opened(&database, NOW.parse().unwrap()).await;
    let job = begun(&store, 3).await;
    give_up_import_of_leaver(&store, job.id.raw()).await.unwrap();
    assert_eq!(status(&store, &job).await, ImportStatus::Failed);
    let given_up = store.job(job.id.raw()).await.unwrap();
    assert_eq!(given_up.state, JobState::Failed);
    assert!(given_up.error.unwrap().contains("import-of-leaver"));
    assert!(store.claim_fragile_job("import").await.unwrap().is_none());
}

async fn a_job_that_comes_further_is_taken_up_again(database: TestDatabase) {
    let start: Timestamp = NOW.parse().unwrap();
    let store = opened(&database, start).await;
    let job = begun(&store, 3).await;
    for attempt in 0..4 {
        let later = start + SignedDuration::from_mins(2 * attempt);
        let store = opened(&database, later).await;
        assert!(store.claim_fragile_job("import").await.unwrap().is_some(), "{attempt}");
        let held = store.begin_job(job.id.raw()).await.unwrap().unwrap();
        let mut tx = store.write(&system()).await.unwrap();
        assert!(tx.report_job(&held, &serde_json::json!({ "line": attempt })).await.unwrap());
        tx.commit().await.unwrap();
    }
}

async fn an_import_that_was_cut_off_can_be_undone(database: TestDatabase) {
    let start: Timestamp = NOW.parse().unwrap();
    let store = opened(&database, start).await;
    let job = begun(&store, 9_000).await;
    // It is cut off after its first batch: nobody says any more that it runs.
    let cut = {
        let (store, id) = (store.clone(), job.id.raw());
        tokio::spawn(async move { run_import(&store, &system(), id, |_, _| panic!("cut")).await })
    };
    assert!(cut.await.is_err());
    assert_eq!(status(&store, &job).await, ImportStatus::Running);
    assert_eq!(total(&store, &system(), "customer").await, 4_000);
    let undone = undo_import(&store, &system(), job.id.raw(), |_, _| {}).await;
    assert_eq!(refusals(undone), ["import-running -"]);
    let store = opened(&database, start + SignedDuration::from_mins(2)).await;
    undo_import(&store, &system(), job.id.raw(), |_, _| {}).await.unwrap();
    assert_eq!(total(&store, &system(), "customer").await, 0);
    assert_eq!(status(&store, &job).await, ImportStatus::Undone);
    assert!(store.claim_fragile_job("import").await.unwrap().is_none());
}

async fn files_that_nothing_names_go_after_a_while(database: TestDatabase) {
    let start: Timestamp = NOW.parse().unwrap();
    let store = opened(&database, start).await;
    let job = begun(&store, 1).await;
    let mut tx = store.write(&system()).await.unwrap();
    let lost = tx.create_file("lost.csv", "text/csv", b"x".to_vec()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.remove_unnamed_files(start, &BTreeSet::new()).await.unwrap(), 0);
    let later = start + SignedDuration::from_hours(25);
    // What somebody else is still to decide about stays.
    let awaited = BTreeSet::from([lost.id.raw()]);
    assert_eq!(store.remove_unnamed_files(later, &awaited).await.unwrap(), 0);
    assert_eq!(store.remove_unnamed_files(later, &BTreeSet::new()).await.unwrap(), 1);
    let mut view = store.read(&system()).await.unwrap();
    assert!(view.file(lost.id.raw()).await.is_err());
    assert!(view.file_content(lost.id.raw()).await.is_err());
    let kept = view.fetch(Purpose::Read, job.id).await.unwrap().record.file.unwrap();
    assert!(view.file(kept.0).await.is_ok());
}

async fn files_that_jobs_name_do_not_keep_others(database: TestDatabase) {
    let start: Timestamp = NOW.parse().unwrap();
    let store = opened(&database, start).await;
    let mut tx = store.write(&system()).await.unwrap();
    let mut named = Vec::new();
    for _ in 0..1_000 {
        let file = tx.create_file("named.json", "application/json", Vec::new()).await.unwrap();
        named.push(file.id.to_string());
    }
    let lost = tx.create_file("lost.csv", "text/csv", b"x".to_vec()).await.unwrap();
    let payload = serde_json::json!({ "files": named[..600] });
    let job = store.new_id();
    tx.enqueue(job, NewJob { queue: "export", payload, actor: None }).await.unwrap();
    tx.commit().await.unwrap();
    let held = store.begin_job(job).await.unwrap().unwrap();
    let mut tx = store.write(&system()).await.unwrap();
    let told = serde_json::json!({ "made": named[600..] });
    assert!(tx.report_job(&held, &told).await.unwrap());
    tx.commit().await.unwrap();
    let later = start + SignedDuration::from_hours(25);
    assert_eq!(store.remove_unnamed_files(later, &BTreeSet::new()).await.unwrap(), 1);
    assert_eq!(total(&store, &system(), "file").await, 1_000);
    let mut view = store.read(&system()).await.unwrap();
    assert!(view.file(lost.id.raw()).await.is_err());
    drop(view);
    assert_eq!(store.remove_unnamed_files(later, &BTreeSet::new()).await.unwrap(), 0);
}

async fn a_killed_analysis_is_taken_up_once_more(database: TestDatabase) {
    let start: Timestamp = NOW.parse().unwrap();
    let (_folder, warehouse) = warehouse();
    for (attempts, expected) in [(1, RunState::Done), (2, RunState::Failed)] {
        let store = opened(&database, start).await;
        // As a process leaves it that is killed while it does the run.
        let mut run = AnalysisRun::of(Analysis::CustomerValue, None);
        run.state = RunState::Running;
        let mut tx = store.write(&system()).await.unwrap();
        let run = tx.create(&run).await.unwrap();
        let job = NewJob { queue: "analysis", payload: serde_json::json!({}), actor: None };
        tx.enqueue(run.id.raw(), job).await.unwrap();
        tx.commit().await.unwrap();
        for attempt in 0..attempts {
            let later = start + SignedDuration::from_mins(2 * attempt);
            let store = opened(&database, later).await;
            assert!(store.claim_this_job(run.id.raw()).await.unwrap());
            // As long as its lease lasts nobody else takes it.
            assert_eq!(run_next(&store, &warehouse).await.unwrap(), None);
        }
        let store = opened(&database, start + SignedDuration::from_mins(2 * attempts)).await;
        let done = run_next(&store, &warehouse).await.unwrap();
        assert_eq!(done, (expected == RunState::Done).then_some(run.id.raw()));
        let mut view = store.read(&system()).await.unwrap();
        let told = view.fetch(Purpose::Read, run.id).await.unwrap().record;
        assert_eq!(told.state, expected, "{:?}", told.problem);
        assert_eq!(told.problem.is_some(), expected == RunState::Failed);
    }
}
