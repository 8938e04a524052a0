//! Analyses are done at the hour of their schedule.

use guanxi_crm::access::User;
use guanxi_crm::insights::{Analysis, AnalysisSchedule, last_run, repeat, run_next};
use guanxi_crm::work::Rhythm;
use guanxi_record::Stored;
use guanxi_store::Purpose;
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, open, refusals, user};
use crate::insights::warehouse;

both_databases!(analyses_are_done_at_their_hour);

async fn analyses_are_done_at_their_hour(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let day = guanxi_base::SignedDuration::from_hours(24);
    let boss = User { is_administrator: true, ..user("boss@x.example") };
    let boss = create(&store, &actor, &boss).await;
    let schedule = AnalysisSchedule {
        analysis: Analysis::CustomerValue,
        rhythm: Rhythm::Weekly,
        hour: 3,
        is_active: true,
        owner: Some(guanxi_record::Owner(boss.id.raw())),
    };
    let schedule = create(&store, &actor, &schedule).await;
    // It is Wednesday; nobody has asked yet, and nobody has to.
    for due in [0, 0, 0, 0, 1] {
        store.clock().advance(day);
        assert_eq!(repeat(&store, day).await.unwrap(), due);
    }
    assert_eq!(repeat(&store, day).await.unwrap(), 0, "it waits already");
    run_next(&store, &warehouse).await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    let run = last_run(&mut view, Analysis::CustomerValue, true).await;
    let run = run.unwrap().unwrap();
    drop(view);
    assert_eq!((run.owner, run.progress), (schedule.owner, Some(100)));
    for due in [0, 0, 0, 0, 0, 0, 1] {
        store.clock().advance(day);
        assert_eq!(repeat(&store, day).await.unwrap(), due);
    }
    run_next(&store, &warehouse).await.unwrap();
    // Whoever stops it stops the daily one too.
    let mut tx = store.write(&actor).await.unwrap();
    let mut off: Stored<AnalysisSchedule> = tx.fetch(Purpose::Change, schedule.id).await.unwrap();
    off.is_active = false;
    tx.update(&off).await.unwrap();
    tx.commit().await.unwrap();
    store.clock().advance(day * 30);
    assert_eq!(repeat(&store, day).await.unwrap(), 0);
    let mut tx = store.write(&actor).await.unwrap();
    let never = AnalysisSchedule {
        analysis: Analysis::Baskets,
        rhythm: Rhythm::AtOnce,
        hour: 24,
        ..off.record
    };
    let refused = refusals(tx.create(&never).await);
    assert_eq!(refused, ["not-an-hour hour", "required rhythm"]);
}
