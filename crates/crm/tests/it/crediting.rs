//! What makes room under a credit limit, and what does not.

use guanxi_base::{Id, Money};
use guanxi_crm::access::{User, actor_of, make_standard_roles, standard_role};
use guanxi_crm::billing::{Invoice, InvoiceStatus};
use guanxi_crm::people::Customer;
use guanxi_crm::sales::{Order, OrderKind, OrderStatus};
use guanxi_record::{Stored, Value};
use guanxi_store::{Actor, Origin, Purpose};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, line, order, refusals, user};
use crate::importing::import;
use crate::owing::{bill, limited};
use crate::selling::{House, house, invoice, yuan};

both_databases!(
    many_orders_of_one_customer_are_weighed_together,
    what_came_back_lowers_what_is_owed,
    nothing_that_was_never_sold_makes_room,
    an_invoice_goes_to_who_ordered,
    a_salesperson_says_not_how_much_may_be_owed,
    a_credit_limit_is_whole_coins_and_not_negative,
);

const BEYOND: [&str; 1] = ["credit-limit-exceeded status"];

/// An agreed order of another kind than a sale, or one of which less than nothing is asked.
async fn agreed(
    house: &House,
    of: &Stored<Customer>,
    kind: OrderKind,
    price: i64,
) -> Stored<Order> {
    let new = Order { status: OrderStatus::Draft, kind, ..order(of, "2026-03-01") };
    let draft = create(&house.store, &house.system, &new).await;
    create(&house.store, &house.system, &line(&draft, 1, price)).await;
    assert!(house.set(&house.system, draft.id, "completed").await.is_empty());
    draft
}

async fn many_orders_of_one_customer_are_weighed_together(database: TestDatabase) {
    let house = house(&database).await;
    limited(&house, yuan(1_000)).await;
    let administrator = house.actor(1).await.with_all_rights();
    let mapping = r#"
        [[records]]
        type = "order"
        match = ["number"]
        [records.fields]
        number = "No"
        status = "State"
        customer = { column = "Who", find_by = "name" }
        [[records]]
        type = "order_line"
        [records.fields]
        order = { record = "order" }
        description = "What"
        quantity = { default = "1" }
        unit_price = "Price"
    "#;
    let lines = |from: usize, number: usize| {
        let rows = (from..from + number).map(|at| format!("{at},Buyer,confirmed,Nail,1 CNY\n"));
        format!("No,Who,State,What,Price\n{}", rows.collect::<String>())
    };
    let outcome = import(&house.store, &administrator, &lines(1, 900), mapping).await.unwrap();
    assert!(outcome.refused.is_empty());
    // Of those that come in together as many as fit, each counts for the next.
    let outcome = import(&house.store, &administrator, &lines(901, 110), mapping).await.unwrap();
    assert_eq!(outcome.refused.len(), 10);
    // In one transaction all of them count.
    let mut tx = house.store.write(&administrator).await.unwrap();
    for _ in 0..2 {
        let new = Order { status: OrderStatus::Confirmed, ..order(&house.buyer, "2026-03-01") };
        let new = tx.create(&new).await.unwrap();
        tx.create(&line(&new, 1, 1)).await.unwrap();
    }
    assert_eq!(refusals(tx.commit().await), BEYOND);
}

async fn what_came_back_lowers_what_is_owed(database: TestDatabase) {
    let house = house(&database).await;
    let seller = limited(&house, yuan(1_000)).await;
    agreed(&house, &house.buyer, OrderKind::Sale, 900).await;
    let next = house.draft(500).await;
    assert_eq!(house.set(&seller, next.id, "confirmed").await, BEYOND);
    agreed(&house, &house.buyer, OrderKind::Cancellation, -900).await;
    assert!(house.set(&seller, next.id, "confirmed").await.is_empty());
    // 500 are owed. Of 400 that were asked for 300 come back: 700 are left.
    let asked = house.draft(400).await;
    assert!(house.set(&seller, asked.id, "confirmed").await.is_empty());
    bill(&house, asked.id, 400).await;
    let more = house.draft(400).await;
    assert_eq!(house.set(&seller, more.id, "confirmed").await, BEYOND);
    let back = agreed(&house, &house.buyer, OrderKind::Return, -300).await;
    assert!(house.set(&seller, more.id, "confirmed").await.is_empty());
    // It counts once, whether it was credited in part or whole.
    for credited in [-100, -200] {
        bill(&house, back.id, credited).await;
        let one = house.draft(1).await;
        assert_eq!(house.set(&seller, one.id, "confirmed").await, BEYOND, "{credited}");
    }
}

async fn nothing_that_was_never_sold_makes_room(database: TestDatabase) {
    let house = house(&database).await;
    let seller = limited(&house, yuan(1_000)).await;
    agreed(&house, &house.buyer, OrderKind::Sale, -5_000).await;
    agreed(&house, &house.buyer, OrderKind::Return, -5_000).await;
    let large = house.draft(1_001).await;
    assert_eq!(house.set(&seller, large.id, "confirmed").await, BEYOND);
    let fits = house.draft(1_000).await;
    assert!(house.set(&seller, fits.id, "confirmed").await.is_empty());
}

async fn an_invoice_goes_to_who_ordered(database: TestDatabase) {
    let house = house(&database).await;
    let seller = limited(&house, yuan(1_000)).await;
    let store = &house.store;
    let first = house.draft(900).await;
    assert!(house.set(&seller, first.id, "confirmed").await.is_empty());
    let other = create(store, &house.system, &customer("Other")).await;
    let astray = Invoice { order: Some(first.id), ..invoice(&other, InvoiceStatus::Draft) };
    let mut tx = store.write(&seller).await.unwrap();
    tx.create(&astray).await.unwrap();
    assert_eq!(refusals(tx.commit().await), ["not-who-ordered customer"]);
    // Nor is one led there later, by either end.
    let right = Invoice { order: Some(first.id), ..invoice(&house.buyer, InvoiceStatus::Draft) };
    let right = create(store, &seller, &right).await;
    let free = create(store, &seller, &invoice(&other, InvoiceStatus::Draft)).await;
    let elsewhere =
        Stored { record: Invoice { customer: other.id, ..right.record.clone() }, ..right };
    let of_order =
        Stored { record: Invoice { order: Some(first.id), ..free.record.clone() }, ..free };
    for wrong in [elsewhere, of_order] {
        let mut tx = store.write(&seller).await.unwrap();
        tx.update(&wrong).await.unwrap();
        assert_eq!(refusals(tx.commit().await), ["not-who-ordered customer"]);
    }
    // One that is there all the same pays for nothing.
    let mut tx = store.write(&house.system).await.unwrap();
    let issued = Invoice { status: InvoiceStatus::Issued, ..astray.clone() };
    tx.create(&issued).await.unwrap();
    tx.commit().await.unwrap();
    let next = house.draft(101).await;
    assert_eq!(house.set(&seller, next.id, "confirmed").await, BEYOND);
    // Who owns the customer may pay for it.
    let mut tx = store.write(&house.system).await.unwrap();
    let mut buyer: Stored<Customer> = tx.fetch(Purpose::Change, house.buyer.id).await.unwrap();
    buyer.parent = Some(other.id);
    tx.update(&buyer).await.unwrap();
    tx.commit().await.unwrap();
    create(store, &seller, &astray).await;
}

async fn a_salesperson_says_not_how_much_may_be_owed(database: TestDatabase) {
    let house = house(&database).await;
    let store = &house.store;
    let mut tx = store.write(&house.system).await.unwrap();
    let made = make_standard_roles(&mut tx, &|key| key.to_owned()).await.unwrap();
    tx.commit().await.unwrap();
    let role = standard_role(&made, "salesperson").unwrap();
    let seller = User { roles: vec![role], ..user("new@x.example") };
    let seller = create(store, &house.system, &seller).await.id.raw();
    let (actor, _) = actor_of(store, seller, Origin::Api, None).await.unwrap();
    let own = create(store, &actor, &customer("Own")).await;
    let described = store.catalog().get("customer").unwrap().clone();
    let set = async |actor: &Actor, id: Id<Customer>, version: i64| {
        let limit = Value::Money(yuan(99_999_999));
        let fields = vec![(described.position("credit_limit").unwrap(), limit)];
        let mut tx = store.write(actor).await.unwrap();
        let changed = tx.update_fields(&described, id.raw(), version, fields).await;
        changed.map(drop)
    };
    let refused = set(&actor, own.id, own.version).await;
    assert_eq!(refusals(refused), ["field-not-yours credit_limit"]);
    set(&house.system, own.id, own.version).await.unwrap();
}

async fn a_credit_limit_is_whole_coins_and_not_negative(database: TestDatabase) {
    let house = house(&database).await;
    for (amount, code, wrong) in [
        ("-5", "EUR", Some("must-not-be-negative credit_limit")),
        ("-0.01", "EUR", Some("must-not-be-negative credit_limit")),
        ("10.0001", "EUR", Some("finer-than-a-coin credit_limit")),
        ("0.5", "JPY", Some("finer-than-a-coin credit_limit")),
        ("0", "EUR", None),
        ("10.01", "EUR", None),
        ("0.001", "KWD", None),
    ] {
        let credit_limit = Some(Money::parse(amount, code.parse().unwrap()).unwrap());
        let mut tx = house.store.write(&house.system).await.unwrap();
        let made = tx.create(&Customer { credit_limit, ..customer("Limited") }).await;
        match wrong {
            Some(wrong) => assert_eq!(refusals(made), [wrong], "{amount} {code}"),
            None => drop(made.unwrap()),
        }
    }
}
