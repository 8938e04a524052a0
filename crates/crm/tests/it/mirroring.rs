//! Copies of a linked record's field, by which lists are found: whatever changes, a list shows what
//! the linked records say.

use guanxi_base::{Clock, Id};
use guanxi_crm::people::Customer;
use guanxi_crm::sales::Order;
use guanxi_crm::{RECORD_TYPES, migrations};
use guanxi_record::{Direction, Filter, Query, Record, RecordType, Sort, Stored};
use guanxi_store::{Actor, Migration, Origin, Purpose, Step, Store, StoreConfig};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{NOW, create, customer, open, order};

both_databases!(
    lists_follow_what_is_copied,
    a_copy_made_while_its_source_changes_is_not_stale,
    an_older_database_gets_its_copies,
);

fn of_country(name: &str, country: &str) -> Customer {
    Customer { country: Some(country.to_owned()), ..customer(name) }
}

async fn move_to(store: &Store, actor: &Actor, id: Id<Customer>, country: Option<&str>) {
    let mut tx = store.write(actor).await.unwrap();
    let mut stored = tx.fetch(Purpose::Change, id).await.unwrap();
    stored.country = country.map(str::to_owned);
    tx.update(&stored).await.unwrap();
    tx.commit().await.unwrap();
}

/// The dates of the orders of a country, as the list gives them and as it counts them.
async fn dates(store: &Store, actor: &Actor, country: &str) -> String {
    let mut query = Query::of(Filter::eq("customer.country", country));
    query.sort = vec![Sort { field: "date".to_owned(), direction: Direction::Descending }];
    let mut view = store.read(actor).await.unwrap();
    let page = view.list("order", &query).await.unwrap();
    let catalog = view.catalog().clone();
    let described = catalog.get("order").unwrap();
    let days: Vec<String> =
        page.rows.iter().map(|row| row.value(described, "date").to_text()).collect();
    let total = view.total("order", &query).await.unwrap().number;
    assert_eq!(usize::try_from(total).unwrap(), days.len());
    days.iter().map(|day| &day[8..]).collect::<Vec<_>>().join(" ")
}

async fn lists_follow_what_is_copied(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let one = create(&store, &actor, &of_country("One", "China")).await;
    let two = create(&store, &actor, &of_country("Two", "Japan")).await;
    let first = create(&store, &actor, &order(&one, "2026-01-01")).await;
    create(&store, &actor, &order(&two, "2026-01-02")).await;
    create(&store, &actor, &order(&one, "2026-01-03")).await;
    assert_eq!(dates(&store, &actor, "China").await, "03 01");

    move_to(&store, &actor, two.id, Some("China")).await;
    assert_eq!(dates(&store, &actor, "China").await, "03 02 01");
    assert_eq!(dates(&store, &actor, "Japan").await, "");
    move_to(&store, &actor, one.id, None).await;
    assert_eq!(dates(&store, &actor, "China").await, "02");

    let mut tx = store.write(&actor).await.unwrap();
    let mut moved: Stored<Order> = tx.fetch(Purpose::Change, first.id).await.unwrap();
    moved.customer = Some(two.id);
    tx.update(&moved).await.unwrap();
    let changes = tx.commit().await.unwrap();
    assert_eq!(dates(&store, &actor, "China").await, "02 01");
    store.undo(&actor, changes).await.unwrap();
    assert_eq!(dates(&store, &actor, "China").await, "02");
}

async fn a_copy_made_while_its_source_changes_is_not_stale(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let one = create(&store, &actor, &of_country("One", "China")).await;
    let mut tx = store.write(&actor).await.unwrap();
    tx.create(&order(&one, "2026-01-01")).await.unwrap();
    let (other, who, id) = (store.clone(), actor.clone(), one.id);
    let moving = tokio::spawn(async move { move_to(&other, &who, id, Some("Japan")).await });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(!moving.is_finished(), "it waits for whoever copies");
    tx.commit().await.unwrap();
    moving.await.unwrap();
    assert_eq!(dates(&store, &actor, "Japan").await, "01");
    assert_eq!(dates(&store, &actor, "China").await, "");
}

/// The record types with no index but these of orders.
fn types_with(indexes: &'static [&'static [&'static str]]) -> &'static [&'static RecordType] {
    let with = |one: &&'static RecordType| -> &'static RecordType {
        let indexes = if one.name == Order::NAME { indexes } else { &[] };
        Box::leak(Box::new(RecordType { indexes, ..(*one).clone() }))
    };
    RECORD_TYPES.iter().map(with).collect::<Vec<_>>().leak()
}

/// Before there were copies of a field, and after: the same records, found by it.
async fn an_older_database_gets_its_copies(database: TestDatabase) {
    let config = |types, migrations| {
        let clock = Clock::at(NOW.parse().unwrap());
        let (guard, complete) = (None, None);
        StoreConfig { url: database.url(), types, migrations, clock, guard, complete }
    };
    let mut migrations = migrations().unwrap();
    let mut steps = Vec::new();
    for step in migrations.iter_mut().flat_map(|migration| &mut migration.steps) {
        let Step::CreateTable(table) = step else { continue };
        table.indexes.retain(|index| !index.columns.iter().any(|name| name.contains('.')));
        let name = table.name.clone();
        let copies = table.columns.extract_if(.., |column| column.copies.is_some());
        steps.extend(copies.map(|column| Step::AddColumn { table: name.clone(), column }));
    }
    assert_eq!(steps.len(), 1);
    let number = migrations.last().unwrap().number + 1;
    let newer = Migration { number, name: "copies".to_owned(), steps };

    let actor = Actor::system(Origin::Cli);
    let store = Store::open(config(types_with(&[]), migrations.clone())).await.unwrap();
    let one = create(&store, &actor, &of_country("One", "China")).await;
    create(&store, &actor, &order(&one, "2026-01-01")).await;
    drop(store);

    migrations.push(newer);
    let types = types_with(&[&["customer.country"]]);
    let store = Store::open(config(types, migrations)).await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    let found = view.list("order", &Query::of(Filter::eq("customer.country", "China"))).await;
    assert_eq!(found.unwrap().rows.len(), 1);
}
