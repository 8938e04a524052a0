//! Files of the warehouse that a disk changed or lost: no number is wrong because of them, and what
//! they held is made anew.

use std::path::{Path, PathBuf};

use guanxi_crm::insights::{Analysis, AnalysisRun, RunState, catch_up, run_next};
use guanxi_store::{Actor, Origin, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;

use crate::house::{create, customer, line, open, order};
use crate::insights::{follow, is_same, warehouse};

both_databases!(
    a_damaged_file_is_found_and_made_anew,
    an_analysis_goes_on_over_a_file_that_was_damaged,
    a_broken_manifest_stops_nothing,
    a_manifest_that_says_something_else_is_not_believed,
);

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found.sort();
    found
}

/// The files that the newest manifest names of a table.
async fn of_table(folder: &Path, warehouse: &Warehouse, table: &str) -> Vec<PathBuf> {
    let manifest = warehouse.manifest().await.unwrap();
    manifest.segments(table).iter().map(|segment| folder.join(&segment.file)).collect()
}

async fn filled(database: &TestDatabase) -> (Store, Actor) {
    let (store, actor) = open(database).await;
    for at in 0..40 {
        let who = create(&store, &actor, &customer(&format!("Buyer {at}"))).await;
        let sold = create(&store, &actor, &order(&who, "2026-01-05")).await;
        create(&store, &actor, &line(&sold, 1, 10)).await;
    }
    (store, actor)
}

/// Another process that has seen nothing of the warehouse yet.
fn another(folder: &tempfile::TempDir) -> Warehouse {
    Warehouse::open(folder.path().to_str().unwrap()).unwrap()
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = at % bytes.len();
    bytes[at] ^= 0x10;
    std::fs::write(path, bytes).unwrap();
}

async fn a_damaged_file_is_found_and_made_anew(database: TestDatabase) {
    let (store, _) = filled(&database).await;
    let (folder, warehouse) = warehouse();
    follow(&store, &warehouse).await;
    for round in 0..12_usize {
        let before = of_table(folder.path(), &warehouse, "order").await;
        let victim = &before[0];
        match round {
            0 => std::fs::remove_file(victim).unwrap(),
            1 => {
                let bytes = std::fs::read(victim).unwrap();
                std::fs::write(victim, &bytes[..bytes.len() / 2]).unwrap();
            }
            _ => flip(victim, round * 733),
        }
        let other = another(&folder);
        let manifest = other.manifest().await.unwrap();
        let damaged: Vec<String> = other.damaged(&manifest).await.into_iter().collect();
        assert_eq!(damaged, ["order"], "{round}");
        // Nobody gets a number from it.
        let described = store.catalog().get("order").unwrap().clone();
        assert!(other.frame(&manifest, &described, &["total"]).await.is_err(), "{round}");
        let done = catch_up(&store, &other).await.unwrap();
        assert!(done.filled && done.facts >= 40, "{round} {done:?}");
        assert!(is_same(&store, &other).await, "{round}");
        assert!(other.damaged(&other.manifest().await.unwrap()).await.is_empty());
        warehouse.manifest().await.unwrap();
    }
}

async fn an_analysis_goes_on_over_a_file_that_was_damaged(database: TestDatabase) {
    let (store, actor) = filled(&database).await;
    let (folder, warehouse) = warehouse();
    follow(&store, &warehouse).await;
    let analyse = async || {
        let run = AnalysisRun::of(Analysis::CustomerValue, None);
        let run = create(&store, &actor, &run).await;
        run_next(&store, &warehouse).await.unwrap();
        let mut view = store.read(&Actor::system(Origin::Job)).await.unwrap();
        view.fetch::<AnalysisRun>(Purpose::Read, run.id).await.unwrap()
    };
    let whole = analyse().await;
    assert_eq!((whole.state, whole.purchases), (RunState::Done, Some(40)));
    // This process has seen the file before; the damage keeps its size.
    for file in of_table(folder.path(), &warehouse, "order").await {
        flip(&file, 500);
    }
    let again = analyse().await;
    assert_eq!((again.state, again.purchases), (RunState::Done, Some(40)), "{:?}", again.problem);
    // What only analyses know is put together again from what customers keep of it.
    let table = guanxi_crm::insights::knowledge_of("customer").unwrap();
    let before = warehouse.batch(&warehouse.manifest().await.unwrap(), table).await.unwrap();
    assert_eq!(before.num_rows(), 40);
    for file in of_table(folder.path(), &warehouse, &table.name).await {
        std::fs::remove_file(file).unwrap();
    }
    catch_up(&store, &warehouse).await.unwrap();
    let after = warehouse.batch(&warehouse.manifest().await.unwrap(), table).await.unwrap();
    assert_eq!(after, before);
}

async fn a_broken_manifest_stops_nothing(database: TestDatabase) {
    let (store, actor) = filled(&database).await;
    let (folder, warehouse) = warehouse();
    follow(&store, &warehouse).await;
    for content in ["", "{", "garbage"] {
        let newest = files(&folder.path().join("manifest")).pop().unwrap();
        std::fs::write(&newest, content).unwrap();
        create(&store, &actor, &customer("One more")).await;
        let other = another(&folder);
        catch_up(&store, &other).await.unwrap();
        follow(&store, &other).await;
    }
}

async fn a_manifest_that_says_something_else_is_not_believed(database: TestDatabase) {
    let (store, actor) = filled(&database).await;
    let (folder, warehouse) = warehouse();
    follow(&store, &warehouse).await;
    for (said, now) in [
        ("\"rows\":40", "\"rows\":20"),
        ("\"rows\":40", "\"rows\":44"),
        ("\"rows\":40", "\"rows\":93521"),
        ("\"order\":", "\"prder\":"),
        ("\"position\":", "\"position\":1"),
        ("\"first\":", "\"first\":1"),
    ] {
        let newest = files(&folder.path().join("manifest")).pop().unwrap();
        let content = std::fs::read_to_string(&newest).unwrap();
        assert!(content.contains(said), "{content}");
        std::fs::write(&newest, content.replacen(said, now, 1)).unwrap();
        let other = another(&folder);
        follow(&store, &other).await;
        // As many as there were at first, for the next round.
        let one = create(&store, &actor, &customer("One more")).await;
        let mut tx = store.write(&actor).await.unwrap();
        tx.archive("customer", one.id.raw(), one.version).await.unwrap();
        tx.commit().await.unwrap();
        follow(&store, &other).await;
    }
}
