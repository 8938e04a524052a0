//! Writes: validation, versions, numbers, sums, trees, custom fields.

use guanxi_base::{Currency, Error, Money};
use guanxi_crm::people::Customer;
use guanxi_crm::sales::Order;
use guanxi_record::{Changes, Record, Stored, Value};
use guanxi_store::{Actor, Operation, Origin, Purpose, Rights};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, line, open, order, refusals};

both_databases!(
    a_record_is_stored_as_it_was_given,
    rules_are_told_on_their_fields,
    a_stale_write_changes_nothing,
    an_orders_total_is_the_sum_of_its_lines,
    a_tree_has_no_cycles,
    custom_fields_behave_like_built_in_ones,
    rights_hold,
    every_change_is_an_event,
);

async fn a_record_is_stored_as_it_was_given(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut acme = customer("Acme\t\u{1F600} 'quoted' \\ 100%");
    acme.address = Some(guanxi_record::Address {
        province: "广东省".to_owned(),
        city: "深圳市".to_owned(),
        ..Default::default()
    });
    acme.employees = Some(i64::MAX);
    let stored = create(&store, &actor, &acme).await;
    let mut view = store.read(&actor).await.unwrap();
    let read = view.fetch(Purpose::Read, stored.id).await.unwrap();
    assert_eq!(read, stored);
    assert_eq!(read.code.as_deref(), Some("CU-000001"));
    assert_eq!((read.version, read.employees), (1, Some(i64::MAX)));
    assert_eq!(read.address, acme.address);
}

async fn rules_are_told_on_their_fields(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let catalog = store.catalog();
    let order_type = catalog.get("order_line").unwrap();
    let mut tx = store.write(&actor).await.unwrap();
    let blank = vec![Value::Null; order_type.fields.len()];
    let outcome = tx.create_row(order_type, blank).await;
    assert_eq!(refusals(outcome), ["required order", "required unit_price"]);

    let mut twin = customer("Twin");
    twin.code = Some("T-1".to_owned());
    tx.create(&twin).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.write(&actor).await.unwrap();
    assert_eq!(refusals(tx.create(&twin).await), ["already-taken code"]);
    drop(tx);

    let mut tx = store.write(&actor).await.unwrap();
    let mut lost = customer("Lost");
    lost.parent = Some(guanxi_base::Id::new(guanxi_base::RawId(42)));
    assert_eq!(refusals(tx.create(&lost).await), ["link-to-nothing parent"]);
}

async fn a_stale_write_changes_nothing(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let stored = create(&store, &actor, &customer("First")).await;
    let rename = async |name: &str, from: &Stored<Customer>| {
        let mut changed = from.clone();
        changed.name = name.to_owned();
        let mut tx = store.write(&actor).await.unwrap();
        let outcome = tx.update(&changed).await;
        if outcome.is_ok() {
            tx.commit().await.unwrap();
        }
        outcome
    };
    rename("Second", &stored).await.unwrap();
    let outcome = rename("Third", &stored).await;
    assert!(matches!(outcome, Err(Error::Conflict { current_version: 2 })), "{outcome:?}");
    let mut view = store.read(&actor).await.unwrap();
    assert_eq!(view.fetch(Purpose::Read, stored.id).await.unwrap().name, "Second");
    let history = view.history("customer", stored.id.raw(), 10).await.unwrap();
    let operations: Vec<Operation> = history.iter().map(|entry| entry.operation).collect();
    assert_eq!(operations, [Operation::Update, Operation::Create]);
    let Changes(changes) = &history[0].changes;
    assert_eq!(changes[0].old, Value::Text("First".to_owned()));
    assert_eq!(changes[0].new, Value::Text("Second".to_owned()));
}

async fn an_orders_total_is_the_sum_of_its_lines(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let buyer = create(&store, &actor, &customer("Buyer")).await;
    let sold = create(&store, &actor, &order(&buyer, "2026-01-05")).await;
    let total = async || {
        let mut view = store.read(&actor).await.unwrap();
        view.fetch(Purpose::Read, sold.id).await.unwrap().total
    };
    assert_eq!(total().await, None);
    let first = create(&store, &actor, &line(&sold, 3, 10)).await;
    create(&store, &actor, &line(&sold, 1, 5)).await;
    assert_eq!(total().await, Some(Money::new(35 * Money::ONE, Currency::CNY)));

    let mut tx = store.write(&actor).await.unwrap();
    tx.archive("order_line", first.id.raw(), 1).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(total().await, Some(Money::new(5 * Money::ONE, Currency::CNY)));

    let mut foreign = line(&sold, 1, 1);
    foreign.unit_price.currency = Currency::USD;
    let mut tx = store.write(&actor).await.unwrap();
    tx.create(&foreign).await.unwrap();
    assert_eq!(refusals(tx.commit().await), ["mixed-currencies -"]);
    assert_eq!(total().await, Some(Money::new(5 * Money::ONE, Currency::CNY)));
}

async fn a_tree_has_no_cycles(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let top = create(&store, &actor, &customer("Top")).await;
    let mut middle = customer("Middle");
    middle.parent = Some(top.id);
    let middle = create(&store, &actor, &middle).await;
    let mut changed = top.clone();
    for up in [middle.id, top.id] {
        changed.parent = Some(up);
        let mut tx = store.write(&actor).await.unwrap();
        assert_eq!(refusals(tx.update(&changed).await), ["cycle parent"]);
    }
}

async fn custom_fields_behave_like_built_in_ones(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let catalog = store.catalog();
    let definition = catalog.get("custom_field").unwrap();
    let define = async |pairs: &[(&str, Value)]| {
        let mut values = vec![Value::Null; definition.fields.len()];
        for (name, value) in pairs {
            values[definition.position(name).unwrap()] = value.clone();
        }
        let mut tx = store.write(&actor).await.unwrap();
        let row = tx.create_row(definition, values).await?;
        tx.commit().await?;
        Ok::<_, Error>(row)
    };
    let text = |text: &str| Value::Text(text.to_owned());
    let wrong = [("record_type", text("customer")), ("name", text("1st")), ("label_en", text("x"))];
    assert_eq!(refusals(define(&wrong).await), ["required kind"]);
    let budget = define(&[
        ("record_type", text("customer")),
        ("name", text("budget")),
        ("kind", text("money")),
        ("label_en", text("Budget")),
    ])
    .await
    .unwrap();

    let catalog = store.catalog();
    let customer_type = catalog.get("customer").unwrap();
    let place = customer_type.position("x_budget").unwrap();
    let mut ids = Vec::new();
    for (name, amount) in [("Small", 10), ("Large", 90), ("None", 0)] {
        let mut values = customer(name).values();
        values.resize(customer_type.fields.len(), Value::Null);
        if amount > 0 {
            values[place] = Value::Money(Money::new(amount * Money::ONE, Currency::CNY));
        }
        let mut tx = store.write(&actor).await.unwrap();
        ids.push(tx.create_row(customer_type, values).await.unwrap().id);
        tx.commit().await.unwrap();
    }
    let mut view = store.read(&actor).await.unwrap();
    let filter = guanxi_record::condition_from_param("x_budget.ge", "50");
    let query = guanxi_record::Query::of(filter);
    let names: Vec<String> = view
        .list("customer", &query)
        .await
        .unwrap()
        .rows
        .iter()
        .map(|row| row.title(customer_type))
        .collect();
    assert_eq!(names, ["Large"]);
    let query = guanxi_record::Query::of(guanxi_record::Filter::everything())
        .sorted(vec![guanxi_record::Sort::down("x_budget")]);
    let rows = view.list("customer", &query).await.unwrap().rows;
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [ids[1], ids[0], ids[2]]);
    drop(view);

    // Typed commands keep what they do not know.
    let mut tx = store.write(&actor).await.unwrap();
    let mut large: Stored<Customer> =
        tx.fetch(Purpose::Change, guanxi_base::Id::new(ids[1])).await.unwrap();
    large.name = "Larger".to_owned();
    tx.update(&large).await.unwrap();
    tx.commit().await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    let row = view.row("customer", ids[1], Purpose::Read).await.unwrap();
    assert_eq!(row.values[place], Value::Money(Money::new(90 * Money::ONE, Currency::CNY)));
    drop(view);

    // A retired field is gone from the description; its values come back with it.
    let mut tx = store.write(&actor).await.unwrap();
    tx.archive("custom_field", budget.id, 1).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.catalog().get("customer").unwrap().position("x_budget").is_none());
}

async fn rights_hold(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let mut chinese = customer("In China");
    chinese.country = Some("China".to_owned());
    let seen = create(&store, &system, &chinese).await;
    let hidden = create(&store, &system, &customer("Elsewhere")).await;
    create(&store, &system, &order(&hidden, "2026-01-01")).await;
    let china = guanxi_record::Filter::eq("country", "China");
    let list = [
        (("customer".to_owned(), Purpose::Read), china),
        (("order".to_owned(), Purpose::Read), guanxi_record::Filter::everything()),
    ];
    let rights = Rights::listed(list);
    let actor = Actor { rights, ..Actor::system(Origin::Web) };
    let everything = || guanxi_record::Query::of(guanxi_record::Filter::everything());

    let mut view = store.read(&actor).await.unwrap();
    let rows = view.list("customer", &everything()).await.unwrap().rows;
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [seen.id.raw()]);
    assert_eq!(view.total("customer", &everything()).await.unwrap().number, 1);
    assert!(matches!(view.fetch(Purpose::Read, hidden.id).await, Err(Error::NotFound)));
    assert!(matches!(view.fetch(Purpose::Change, seen.id).await, Err(Error::Forbidden)));
    let history = view.history("customer", hidden.id.raw(), 5).await;
    assert!(matches!(history, Err(Error::NotFound)));
    assert_eq!(view.search("elsewhere", &[], 10).await.unwrap(), []);
    assert_eq!(view.search("in china", &[], 10).await.unwrap().len(), 1);
    // Neither the name nor a field of a hidden customer shows through an order.
    let orders = view.list("order", &everything()).await.unwrap().rows;
    let order_type = store.catalog().get("order").unwrap().clone();
    assert!(view.link_titles(&order_type, &orders).await.unwrap().is_empty());
    let through = guanxi_record::Query::of(guanxi_record::Filter::eq("customer.name", "Elsewhere"));
    assert!(view.list("order", &through).await.unwrap().rows.is_empty());
    drop(view);
    let mut tx = store.write(&actor).await.unwrap();
    assert!(matches!(tx.create(&customer("New")).await, Err(Error::Forbidden)));
}

async fn every_change_is_an_event(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let buyer = create(&store, &actor, &customer("Buyer")).await;
    let mut tx = store.write(&actor).await.unwrap();
    tx.create(&customer("Never")).await.unwrap();
    drop(tx);
    let sold: Stored<Order> = create(&store, &actor, &order(&buyer, "2026-01-05")).await;
    // PostgreSQL shows a change once no older transaction is open; the roll-back may still be.
    let mut events = Vec::new();
    for _ in 0..100_000 {
        events = store.events_after(guanxi_store::Place::START, 10).await.unwrap();
        if events.len() >= 2 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let records: Vec<_> = events.iter().map(|e| (e.record_type.as_str(), e.record)).collect();
    assert_eq!(records, [("customer", buyer.id.raw()), ("order", sold.id.raw())]);
    let rest = store.events_after(events[0].place, 10).await.unwrap();
    assert_eq!(rest, events[1..]);
}
