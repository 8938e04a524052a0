//! Every schema that was ever released upgrades to the newest, and keeps what was in it.

use guanxi_base::Clock;
use guanxi_crm::{RECORD_TYPES, migrations};
use guanxi_record::{Filter, Query};
use guanxi_store::{Actor, Origin, Store, StoreConfig};
use guanxi_testkit::{TestDatabase, both_databases};
use tokio::task::JoinSet;

use crate::house::{NOW, create, customer, refusals};

both_databases!(
    every_released_schema_upgrades,
    a_newer_schema_is_refused,
    servers_that_start_together_share_the_migrations,
);

/// The number of the last migration of each release; a release adds its own here.
const RELEASED: [usize; 1] = [1];

fn config(database: &TestDatabase, count: usize) -> StoreConfig {
    let mut migrations = migrations().unwrap();
    migrations.truncate(count);
    let clock = Clock::at(NOW.parse().unwrap());
    let (url, types) = (database.url(), RECORD_TYPES);
    StoreConfig { url, types, migrations, clock, guard: None, complete: None }
}

async fn every_released_schema_upgrades(database: TestDatabase) {
    // Each release in turn on one database: its data must outlive all that come after.
    let actor = Actor::system(Origin::Cli);
    let newest = migrations().unwrap().len();
    for released in RELEASED {
        drop(Store::open(config(&database, released)).await.unwrap());
    }
    let store = Store::open(config(&database, newest)).await.unwrap();
    create(&store, &actor, &customer("Kept")).await;
    drop(store);
    let store = Store::open(config(&database, newest)).await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    let everything = Query::of(Filter::everything());
    assert_eq!(view.total("customer", &everything).await.unwrap().number, 1);
    for record_type in RECORD_TYPES {
        view.list(&record_type.name, &everything).await.unwrap();
    }
}

/// On an empty database, and on one that has taken a part already.
async fn servers_that_start_together_share_the_migrations(database: TestDatabase) {
    let newest = migrations().unwrap().len();
    for begun in [0, RELEASED[0], newest] {
        let fresh = match database.is_postgres() {
            true => TestDatabase::postgres(),
            false => TestDatabase::sqlite(),
        };
        if begun > 0 {
            drop(Store::open(config(&fresh, begun)).await.unwrap());
        }
        let mut starting = JoinSet::new();
        for _ in 0..6 {
            starting.spawn(Store::open(config(&fresh, newest)));
        }
        let stores = starting.join_all().await;
        let actor = Actor::system(Origin::Cli);
        for (at, store) in stores.into_iter().enumerate() {
            let store = store.unwrap_or_else(|error| panic!("{begun}, {at}: {error}"));
            create(&store, &actor, &customer("By one of them")).await;
            let mut view = store.read(&actor).await.unwrap();
            let everything = Query::of(Filter::everything());
            let there = view.total("customer", &everything).await.unwrap().number;
            assert_eq!(there, at as i64 + 1);
        }
    }
}

async fn a_newer_schema_is_refused(database: TestDatabase) {
    let newest = migrations().unwrap().len();
    drop(Store::open(config(&database, newest)).await.unwrap());
    // A program whose last migration is an earlier one than the database has taken.
    let mut older = config(&database, newest);
    older.migrations.iter_mut().for_each(|migration| migration.number -= 1);
    let outcome = Store::open(older).await.map(drop);
    assert!(refusals(outcome)[0].contains("schema-newer"));
}
