//! Nothing new is hung on what was put away: whoever writes a link is told, and where it leads now.

use std::collections::BTreeMap;

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::people::Customer;
use guanxi_crm::resolution::{Merging, merge};
use guanxi_crm::sales::Order;
use guanxi_crm::segments::SegmentKind;
use guanxi_record::{Filter, Record, Stored, Value};
use guanxi_store::{Actor, Purpose, Rights, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, line, open, order, product, refusals, segment, user};

both_databases!(
    nothing_is_hung_on_what_was_put_away,
    a_merged_customer_is_told_by_its_survivor,
    a_survivor_that_one_may_not_see_is_not_named,
    what_was_put_away_is_not_changed,
    nothing_comes_back_to_hang_on_what_was_put_away,
);

pub(crate) async fn put_away<T: Record>(store: &Store, actor: &Actor, stored: &Stored<T>) {
    let mut tx = store.write(actor).await.unwrap();
    let row = tx.row(T::NAME, stored.id.raw(), Purpose::Read).await.unwrap();
    tx.archive(T::NAME, row.id, row.version).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) async fn tried<T: Record>(
    store: &Store,
    actor: &Actor,
    record: &T,
) -> Result<Stored<T>> {
    let mut tx = store.write(actor).await?;
    let stored = tx.create(record).await?;
    tx.commit().await?;
    Ok(stored)
}

async fn nothing_is_hung_on_what_was_put_away(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let away = create(&store, &actor, &customer("Away")).await;
    let kept = create(&store, &actor, &customer("Kept")).await;
    let sold = create(&store, &actor, &order(&away, "2026-01-01")).await;
    let bought = create(&store, &actor, &order(&kept, "2026-01-01")).await;
    let goods = create(&store, &actor, &product("Goods")).await;
    let owner = create(&store, &actor, &user("li@x.example")).await;
    put_away(&store, &actor, &away).await;
    put_away(&store, &actor, &goods).await;
    put_away(&store, &actor, &owner).await;
    put_away(&store, &actor, &bought).await;
    let made = tried(&store, &actor, &order(&away, "2026-01-02")).await;
    assert_eq!(refusals(made), ["link-to-archived customer"]);
    let made = tried(&store, &actor, &line(&bought, 1, 1)).await;
    assert_eq!(refusals(made), ["link-to-archived order"]);
    let mut of_goods = line(&sold, 1, 1);
    of_goods.product = Some(goods.id);
    assert_eq!(refusals(tried(&store, &actor, &of_goods).await), ["link-to-archived product"]);
    let mut child = customer("Child");
    child.parent = Some(away.id);
    assert_eq!(refusals(tried(&store, &actor, &child).await), ["link-to-archived parent"]);
    let mut owned = customer("Owned");
    owned.owner = Some(guanxi_record::Owner(owner.id.raw()));
    assert_eq!(refusals(tried(&store, &actor, &owned).await), ["link-to-archived owner"]);
    // Every other type that hangs on a customer.
    let catalog = store.catalog();
    let mut asked = 0;
    for (other, field, _) in catalog.links_to(Customer::NAME).filter(|(_, f, _)| !f.read_only) {
        let mut values = vec![Value::Null; other.fields.len()];
        values[other.position(&field.name).unwrap()] = Value::Link(away.id.raw());
        let mut tx = store.write(&actor).await.unwrap();
        let Err(Error::Refused(told)) = tx.create_row(other, values).await else {
            panic!("{} took it", other.name)
        };
        let is_it =
            |r: &Refusal| r.code == "link-to-archived" && r.field.as_deref() == Some(&field.name);
        assert!(told.iter().any(is_it), "{}.{}: {told:?}", other.name, field.name);
        asked += 1;
    }
    assert!(asked > 8, "{asked}");
    // What hung there before stays, and may be changed in other ways.
    let mut tx = store.write(&actor).await.unwrap();
    let mut changed = sold.clone();
    changed.customer_reference = Some("X".to_owned());
    tx.update(&changed).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(segment("S", &Filter::everything()).kind, SegmentKind::Dynamic);
}

async fn merged(store: &Store, actor: &Actor) -> (Stored<Customer>, Stored<Customer>) {
    let kept = create(store, actor, &customer("Kept")).await;
    let gone = create(store, actor, &customer("Gone")).await;
    let (survivor, away) = (kept.id.raw(), gone.id.raw());
    let wanted = Merging { survivor, merged: away, chosen: BTreeMap::new(), is_automatic: false };
    merge(store, actor, &wanted).await.unwrap();
    (kept, gone)
}

async fn a_merged_customer_is_told_by_its_survivor(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (kept, gone) = merged(&store, &actor).await;
    let made = tried(&store, &actor, &order(&gone, "2026-01-02")).await;
    let Err(Error::Refused(told)) = &made else { panic!("{made:?}") };
    let id = kept.id.raw().to_string();
    for arg in [("survivor", "Kept"), ("survivor_id", id.as_str()), ("title", "Gone")] {
        assert!(told[0].args.contains(&(arg.0, arg.1.to_owned())), "{told:?}");
    }
    assert_eq!(refusals(made), ["link-to-merged customer"]);
    // And where that one was merged in turn, the last.
    let last = create(&store, &actor, &customer("Last")).await;
    let (survivor, away) = (last.id.raw(), kept.id.raw());
    let wanted = Merging { survivor, merged: away, chosen: BTreeMap::new(), is_automatic: false };
    merge(&store, &actor, &wanted).await.unwrap();
    let made = tried(&store, &actor, &order(&gone, "2026-01-02")).await;
    let Err(Error::Refused(told)) = &made else { panic!("{made:?}") };
    assert!(told[0].args.contains(&("survivor", "Last".to_owned())), "{told:?}");
}

async fn a_survivor_that_one_may_not_see_is_not_named(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let (_, gone) = merged(&store, &system).await;
    let only = |purpose| ((Customer::NAME.to_owned(), purpose), Filter::eq("name", "Gone"));
    let orders = |purpose| (("order".to_owned(), purpose), Filter::everything());
    let purposes = [Purpose::Read, Purpose::Create];
    let rights = Rights::listed(purposes.map(only).into_iter().chain(purposes.map(orders)));
    let clerk = Actor { rights, ..system.clone() };
    let made = tried(&store, &clerk, &order(&gone, "2026-01-02")).await;
    assert!(!format!("{made:?}").contains("Kept"));
    assert_eq!(refusals(made), ["link-to-archived customer"]);
}

async fn renamed(store: &Store, actor: &Actor, id: RawId, name: &str) -> Result<RawId> {
    let described = store.catalog().get(Customer::NAME)?.clone();
    let mut tx = store.write(actor).await?;
    let version = tx.row(Customer::NAME, id, Purpose::Read).await?.version;
    let fields = vec![(described.position("name").unwrap(), Value::Text(name.to_owned()))];
    tx.update_fields(&described, id, version, fields).await?;
    tx.commit().await
}

async fn brought_back<T: Record>(store: &Store, actor: &Actor, id: RawId) -> Result<RawId> {
    let mut tx = store.write(actor).await?;
    let version = tx.row(T::NAME, id, Purpose::Read).await?.version;
    tx.restore(T::NAME, id, version).await?;
    tx.commit().await
}

async fn what_was_put_away_is_not_changed(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let away = create(&store, &actor, &customer("Away")).await;
    put_away(&store, &actor, &away).await;
    let changed = renamed(&store, &actor, away.id.raw(), "Still here").await;
    assert_eq!(refusals(changed), ["is-archived -"]);
    let mut tx = store.write(&actor).await.unwrap();
    let mut fetched: Stored<Customer> = tx.fetch(Purpose::Change, away.id).await.unwrap();
    fetched.name = "Still here".to_owned();
    assert_eq!(refusals(tx.update(&fetched).await), ["is-archived -"]);
    drop(tx);
    brought_back::<Customer>(&store, &actor, away.id.raw()).await.unwrap();
    renamed(&store, &actor, away.id.raw(), "Back").await.unwrap();
    let (_, goes) = merged(&store, &actor).await;
    let changed = renamed(&store, &actor, goes.id.raw(), "Not gone").await;
    assert_eq!(refusals(changed), ["is-merged -"]);
}

async fn nothing_comes_back_to_hang_on_what_was_put_away(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let first = create(&store, &actor, &customer("First")).await;
    let second = create(&store, &actor, &customer("Second")).await;
    let sold = create(&store, &actor, &order(&first, "2026-01-01")).await;
    let moved = {
        let mut moved = create(&store, &actor, &order(&first, "2026-01-02")).await;
        moved.customer = Some(second.id);
        let mut tx = store.write(&actor).await.unwrap();
        tx.update(&moved).await.unwrap();
        tx.commit().await.unwrap()
    };
    // Both in one transaction, the customer first: undone together they come back together.
    let mut tx = store.write(&actor).await.unwrap();
    tx.archive(Customer::NAME, first.id.raw(), first.version).await.unwrap();
    tx.archive(Order::NAME, sold.id.raw(), sold.version).await.unwrap();
    let both = tx.commit().await.unwrap();
    let hangs = ["link-to-archived customer"];
    let back = brought_back::<Order>(&store, &actor, sold.id.raw()).await;
    assert_eq!(refusals(back), hangs);
    assert_eq!(refusals(store.undo(&actor, moved).await), hangs);
    store.undo(&actor, both).await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    let row = view.row(Order::NAME, sold.id.raw(), Purpose::Read).await.unwrap();
    assert_eq!(row.archived_at, None);
    drop(view);
    store.undo(&actor, moved).await.unwrap();
    // Alone the order stays where it is until the customer is back.
    let mut tx = store.write(&actor).await.unwrap();
    let version = tx.row(Order::NAME, sold.id.raw(), Purpose::Read).await.unwrap().version;
    tx.archive(Order::NAME, sold.id.raw(), version).await.unwrap();
    let alone = tx.commit().await.unwrap();
    put_away(&store, &actor, &first).await;
    assert_eq!(refusals(store.undo(&actor, alone).await), hangs);
    brought_back::<Customer>(&store, &actor, first.id.raw()).await.unwrap();
    store.undo(&actor, alone).await.unwrap();
}
