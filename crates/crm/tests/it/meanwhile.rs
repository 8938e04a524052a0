//! What happens while an analysis runs: what people decide holds, what it has not taken in is marked,
//! two runs of one analysis go one after the other, and one that ends early says what it has changed.

use std::collections::BTreeMap;

use guanxi_base::{Clock, Percent, RawId, SignedDuration};
use guanxi_crm::access::conditions;
use guanxi_crm::insights::{
    Analysis, AnalysisRun, RunState, changed_since, count, repeat, run_next, since,
};
use guanxi_crm::people::Customer;
use guanxi_crm::resolution::{Merging, PairState, decide, merge, merge_pair, resolve};
use guanxi_crm::sales::Order;
use guanxi_crm::work::Task;
use guanxi_record::{Email, Filter, Op, Owner, Phone, Query, Record, Stored};
use guanxi_store::{Actor, NewJob, Origin, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::json;

use crate::house::{NOW, create, customer, line, open, order, refusals, user};
use crate::insights::{analyse, follow, shop, thank_who_comes_back, warehouse};
use crate::resolving::{of, pairs};

both_databases!(
    what_people_decide_during_a_run_holds,
    what_people_decide_during_a_run_that_merges_holds,
    runs_of_one_analysis_go_one_after_the_other,
    two_runs_at_once_set_playbooks_off_once,
    a_run_tells_all_that_it_merged,
    who_ended_early_says_what_it_has_changed,
    a_failed_run_does_not_end_the_repetition,
    what_is_committed_after_a_run_with_an_older_stamp_is_marked,
);

/// Four firms that stand in the base twice each.
async fn twins(store: &Store, actor: &Actor) -> Vec<[RawId; 2]> {
    let firms = ["Acme", "Zenith Pumps", "Northern Lights", "Golden Gate"];
    let mut all = Vec::new();
    for (at, name) in firms.iter().enumerate() {
        let phone = Phone(format!("1380000{at}{at}{at}{at}"));
        let email = Email(format!("info@firm{at}.example"));
        let mut both = [RawId(0); 2];
        for (id, kind) in both.iter_mut().zip(["Ltd.", "Limited"]) {
            let one = Customer {
                phone: Some(phone.clone()),
                email: Some(email.clone()),
                ..customer(&format!("{name} {kind}"))
            };
            *id = create(store, actor, &one).await.id.raw();
        }
        all.push(both);
    }
    all
}

/// A run that knows the base as it was before people decided, and what became of the pairs.
async fn decided_meanwhile(
    database: &TestDatabase,
    above: Option<Percent>,
) -> (Store, Vec<[RawId; 2]>, Vec<PairState>) {
    let (store, actor) = open(database).await;
    let twins = twins(&store, &actor).await;
    let (_folder, warehouse) = warehouse();
    analyse(&store, &warehouse, &actor, Analysis::Duplicates).await;
    follow(&store, &warehouse).await;
    let before = warehouse.known().await.unwrap();
    let found = pairs(&store, &actor, PairState::Open).await;
    let pair = |two: [RawId; 2]| {
        found.iter().find(|pair| [pair.first.raw(), pair.second.raw()] == two).unwrap().id.raw()
    };
    let ids: Vec<RawId> = twins.iter().map(|two| pair(*two)).collect();
    decide(&store, &actor, ids[0], PairState::Different).await.unwrap();
    merge_pair(&store, &actor, ids[1], (twins[1][0], BTreeMap::new())).await.unwrap();
    let mut tx = store.write(&actor).await.unwrap();
    let gone: Stored<Customer> =
        tx.fetch(Purpose::Change, guanxi_base::Id::new(twins[2][1])).await.unwrap();
    tx.archive(Customer::NAME, gone.id.raw(), gone.version).await.unwrap();
    tx.commit().await.unwrap();
    let worker = Actor::system(Origin::Job).for_job(store.new_id());
    let (done, _) = tokio::sync::watch::channel(0);
    resolve(&store, &warehouse, &before, (&worker, "AN-1", above), done).await.unwrap();
    let mut states = Vec::new();
    for id in ids {
        let pair: Stored<guanxi_crm::resolution::CustomerPair> = of(&store, &actor, id).await;
        states.push(pair.state);
    }
    (store, twins, states)
}

async fn what_people_decide_during_a_run_holds(database: TestDatabase) {
    let (_, _, states) = decided_meanwhile(&database, None).await;
    assert_eq!(states[..2], [PairState::Different, PairState::Merged]);
    assert_eq!(states[3], PairState::Open);
}

async fn what_people_decide_during_a_run_that_merges_holds(database: TestDatabase) {
    let above = Percent::parse("95").unwrap();
    let (store, twins, states) = decided_meanwhile(&database, Some(above)).await;
    let actor = Actor::system(Origin::Api);
    assert_eq!(states[..2], [PairState::Different, PairState::Merged]);
    // What nobody decided about it merges.
    assert_eq!(states[3], PairState::Merged);
    for (two, is_merged) in twins.iter().zip([false, true, false, true]) {
        let goes: Stored<Customer> = of(&store, &actor, two[1]).await;
        assert_eq!(goes.merged_into.is_some(), is_merged, "{}", goes.name);
    }
    let parted: Stored<Customer> = of(&store, &actor, twins[0][1]).await;
    assert_eq!(parted.archived_at, None);
}

async fn state(store: &Store, run: &Stored<AnalysisRun>) -> RunState {
    let run: Stored<AnalysisRun> = of(store, &Actor::system(Origin::Job), run.id.raw()).await;
    run.state
}

async fn runs_of_one_analysis_go_one_after_the_other(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let wanted = |analysis| AnalysisRun::of(analysis, None);
    let value = create(&store, &actor, &wanted(Analysis::CustomerValue)).await;
    let baskets = create(&store, &actor, &wanted(Analysis::Baskets)).await;
    // Another process is at the analysis of customers.
    let alone = store.alone("analysis-customer_value").await.unwrap().unwrap();
    assert_eq!(run_next(&store, &warehouse).await.unwrap(), Some(baskets.id.raw()));
    assert_eq!(run_next(&store, &warehouse).await.unwrap(), None);
    assert_eq!(state(&store, &value).await, RunState::Waiting);
    alone.give_back().await;
    assert_eq!(run_next(&store, &warehouse).await.unwrap(), Some(value.id.raw()));
    assert_eq!(state(&store, &value).await, RunState::Done);
}

async fn two_runs_at_once_set_playbooks_off_once(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let buyers = shop(&store, &actor).await;
    thank_who_comes_back(&store, &actor).await;
    analyse(&store, &warehouse, &actor, Analysis::CustomerValue).await;
    let sold = create(&store, &actor, &order(&buyers[95], "2025-12-29")).await;
    create(&store, &actor, &line(&sold, 1, 10)).await;
    follow(&store, &warehouse).await;
    for _ in 0..2 {
        create(&store, &actor, &AnalysisRun::of(Analysis::CustomerValue, None)).await;
    }
    let (one, other) = tokio::join!(run_next(&store, &warehouse), run_next(&store, &warehouse));
    let begun = [one.unwrap(), other.unwrap()].into_iter().flatten().count();
    assert!(begun >= 1);
    while run_next(&store, &warehouse).await.unwrap().is_some() {}
    let mut view = store.read(&actor).await.unwrap();
    let tasks = view.total(Task::NAME, &Query::of(Filter::everything())).await.unwrap();
    assert_eq!(tasks.number, 1);
    let done = Query::of(Filter::eq("state", "done"));
    assert_eq!(view.total(AnalysisRun::NAME, &done).await.unwrap().number, 3);
}

async fn a_run_tells_all_that_it_merged(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let twins = twins(&store, &actor).await;
    let (_folder, warehouse) = warehouse();
    let mut wanted = AnalysisRun::of(Analysis::Duplicates, None);
    wanted.merge_above = Some(Percent::parse("95").unwrap());
    let run = create(&store, &actor, &wanted).await;
    // Before its process was ended it had merged one.
    let worker = Actor::system(Origin::Job).for_job(run.id.raw());
    let [survivor, merged] = twins[0];
    let merging = Merging { survivor, merged, chosen: BTreeMap::new(), is_automatic: true };
    merge(&store, &worker, &merging).await.unwrap();
    follow(&store, &warehouse).await;
    run_next(&store, &warehouse).await.unwrap();
    let done: Stored<AnalysisRun> = of(&store, &actor, run.id.raw()).await;
    assert_eq!(done.state, RunState::Done, "{:?}", done.problem);
    assert_eq!(done.card.as_ref().unwrap().0["merged"], 4);
}

async fn who_ended_early_says_what_it_has_changed(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let twins = twins(&store, &actor).await;
    let (_folder, warehouse) = warehouse();
    let [survivor, merged] = twins[0];
    let merging = Merging { survivor, merged, chosen: BTreeMap::new(), is_automatic: true };
    for (analysis, progress, merges, said) in [
        (Analysis::Duplicates, 10, false, "Nothing was changed."),
        (Analysis::Duplicates, 70, true, "it had merged 1 customer, who stays merged"),
        (Analysis::CustomerValue, 10, false, "Nothing was changed."),
        (Analysis::CustomerValue, 80, false, "it may have written to some customers"),
        (Analysis::Baskets, 80, false, "Nothing was changed."),
    ] {
        let run = create(&store, &actor, &AnalysisRun::of(analysis, None)).await;
        let id = run.id.raw();
        let mut tx = store.write(&actor).await.unwrap();
        let mut begun: Stored<AnalysisRun> = tx.fetch(Purpose::Change, run.id).await.unwrap();
        (begun.state, begun.progress) = (RunState::Running, Some(progress));
        tx.update(&begun).await.unwrap();
        tx.commit().await.unwrap();
        if merges {
            let worker = Actor::system(Origin::Job).for_job(id);
            merge(&store, &worker, &merging).await.unwrap();
        }
        // It ended two processes.
        let job = NewJob { queue: "analysis", payload: json!({}), actor: None };
        store.enqueue(id, job).await.unwrap();
        for _ in 0..2 {
            assert!(store.claim_this_job(id).await.unwrap());
            store.clock().advance(SignedDuration::from_mins(2));
        }
        assert_eq!(run_next(&store, &warehouse).await.unwrap(), None);
        let failed: Stored<AnalysisRun> = of(&store, &actor, id).await;
        assert_eq!(failed.state, RunState::Failed);
        let problem = &failed.problem.as_ref().unwrap().0;
        assert!(problem.contains("ended twice") && problem.contains(said), "{problem}");
    }
}

async fn a_failed_run_does_not_end_the_repetition(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let day = SignedDuration::from_hours(24);
    let seller = create(&store, &actor, &user("seller@x.example")).await;
    let owner = Some(Owner(seller.id.raw()));
    let wanted = || AnalysisRun::of(Analysis::CustomerValue, None);
    // Who may not be told what it finds cannot ask for it.
    let asks = Actor { user: Some(seller.id.raw()), ..actor.clone() };
    let mut tx = store.write(&asks).await.unwrap();
    tx.create(&wanted()).await.unwrap();
    assert_eq!(refusals(tx.commit().await), ["needs-all-customers -"]);
    // What nobody could ask for yet is not repeated.
    let failed = create(&store, &actor, &AnalysisRun { owner, ..wanted() }).await;
    run_next(&store, &warehouse).await.unwrap();
    let failed: Stored<AnalysisRun> = of(&store, &actor, failed.id.raw()).await;
    assert_eq!(failed.state, RunState::Failed);
    let problem = &failed.problem.as_ref().unwrap().0;
    assert!(problem.contains("seller@x.example asked for this analysis"), "{problem}");
    store.clock().advance(SignedDuration::from_hours(25));
    assert_eq!(repeat(&store, day).await.unwrap(), 0);
    let done = create(&store, &actor, &AnalysisRun { counts_free: true, ..wanted() }).await;
    run_next(&store, &warehouse).await.unwrap();
    assert_eq!(state(&store, &done).await, RunState::Done);
    let failed = create(&store, &actor, &AnalysisRun { owner, ..wanted() }).await;
    run_next(&store, &warehouse).await.unwrap();
    assert_eq!(state(&store, &failed).await, RunState::Failed);
    assert_eq!(repeat(&store, day).await.unwrap(), 0);
    store.clock().advance(SignedDuration::from_hours(25));
    assert_eq!(repeat(&store, day).await.unwrap(), 1);
    // It is asked for as it was when it was done.
    let next = run_next(&store, &warehouse).await.unwrap().unwrap();
    let next: Stored<AnalysisRun> = of(&store, &actor, next).await;
    assert_eq!((next.state, next.owner, next.counts_free), (RunState::Done, None, true));
}

async fn what_is_committed_after_a_run_with_an_older_stamp_is_marked(database: TestDatabase) {
    let clock = Clock::at(NOW.parse().unwrap());
    let config = guanxi_crm::store_config(database.url(), clock.clone()).unwrap();
    let store = Store::open(config).await.unwrap();
    let actor = Actor::system(Origin::Api);
    let (_folder, warehouse) = warehouse();
    let buyers = shop(&store, &actor).await;
    follow(&store, &warehouse).await;
    clock.advance(SignedDuration::from_mins(5));
    // SQLite has one writer: there nothing is stamped before a run and committed after it.
    let is_sqlite = database.url().starts_with("sqlite");
    let (tx, begun) = match is_sqlite {
        true => (None, None),
        false => {
            let mut tx = store.write(&actor).await.unwrap();
            let sold = tx.create(&order(&buyers[0], "2026-03-18")).await.unwrap();
            tx.create(&line(&sold, 1, 10)).await.unwrap();
            (Some(tx), Some(clock.now()))
        }
    };
    clock.advance(SignedDuration::from_mins(5));
    let run = create(&store, &actor, &AnalysisRun::of(Analysis::CustomerValue, None)).await;
    assert_eq!(run_next(&store, &warehouse).await.unwrap(), Some(run.id.raw()));
    let run: Stored<AnalysisRun> = of(&store, &actor, run.id.raw()).await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.problem);
    match tx {
        Some(tx) => drop(tx.commit().await.unwrap()),
        None => {
            clock.advance(SignedDuration::from_mins(5));
            let sold = create(&store, &actor, &order(&buyers[0], "2026-03-18")).await;
            create(&store, &actor, &line(&sold, 1, 10)).await;
        }
    }
    let mut view = store.read(&actor).await.unwrap();
    let changed = changed_since(&mut view, &run).await.unwrap();
    let orders: Vec<_> = changed.iter().filter(|one| one.record_type == Order::NAME).collect();
    assert_eq!((orders.len(), orders[0].changed, orders[0].gone), (1, 1, 0), "{changed:?}");
    if let Some(begun) = begun {
        assert!(begun < run.as_of.unwrap());
        let from = Filter::compare("updated_at", Op::Ge, begun.to_string());
        assert_eq!(conditions::parse(&orders[0].since).unwrap(), Filter::everything().and(from));
    }
    // It leads to a list of as many.
    let list = Query::of(conditions::parse(&orders[0].since).unwrap());
    assert_eq!(count(&mut view, Order::NAME, list).await.unwrap(), 1);
    for (who, marks) in [(&buyers[0], 1), (&buyers[1], 0)] {
        let row = view.row(Customer::NAME, who.id.raw(), Purpose::Read).await.unwrap();
        let since = since(&mut view, &row, None).await.unwrap().unwrap();
        assert_eq!(since.changed.len(), marks, "{}", who.name);
    }
}
