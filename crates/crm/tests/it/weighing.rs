//! What authority weighs: the whole that a part is in, that it leaves, and all that is said of parts.

use guanxi_base::{Currency, Decimal, Money, Percent, RawId};
use guanxi_crm::access::{AuthorityLimit, RightPurpose, RightScope, RoleRight};
use guanxi_crm::authority::{ask, withdraw};
use guanxi_crm::catalog::Product;
use guanxi_crm::sales::{Order, OrderKind, OrderLine, OrderStatus};
use guanxi_record::{Stored, Value};
use guanxi_store::{Actor, Purpose};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, line, order, product, refusals};
use crate::selling::{House, house, yuan};

both_databases!(
    what_waits_for_approval_loses_no_part,
    a_confirmed_order_does_not_grow_by_what_leaves_it,
    an_order_in_credit_does_not_grow_by_what_leaves_it,
    a_limit_on_lines_is_asked_of_their_order,
    what_has_no_list_price_to_compare_is_below_it,
);

/// A limit of the sellers for confirmed orders.
async fn limit(house: &House, record_type: &str, field: &str, at_most: &str, condition: &str) {
    let limit = AuthorityLimit {
        role: house.role,
        record_type: record_type.into(),
        field: field.into(),
        at_most: at_most.into(),
        condition: Some(condition.into()),
    };
    create(&house.store, &house.system, &limit).await;
}

/// A draft with a line of so much, and one that takes so much off; the second of them.
async fn less(house: &House, much: i64, less: i64) -> (Stored<Order>, Stored<OrderLine>) {
    let draft = house.draft(much).await;
    let off = create(&house.store, &house.system, &line(&draft, 1, -less)).await;
    (draft, off)
}

async fn move_to(house: &House, actor: &Actor, part: &Stored<OrderLine>, to: RawId) -> Vec<String> {
    let described = house.store.catalog().get("order_line").unwrap().clone();
    let fields = vec![(described.position("order").unwrap(), Value::Link(to))];
    let mut tx = house.store.write(actor).await.unwrap();
    let now = tx.row("order_line", part.id.raw(), Purpose::Read).await.unwrap();
    tx.update_fields(&described, now.id, now.version, fields).await.unwrap();
    done(tx.commit().await)
}

async fn put_away(house: &House, actor: &Actor, part: &Stored<OrderLine>) -> Vec<String> {
    let mut tx = house.store.write(actor).await.unwrap();
    let now = tx.row("order_line", part.id.raw(), Purpose::Read).await.unwrap();
    tx.archive("order_line", now.id, now.version).await.unwrap();
    done(tx.commit().await)
}

fn done<T: std::fmt::Debug>(outcome: guanxi_base::Result<T>) -> Vec<String> {
    outcome.map_or_else(|error| refusals::<()>(Err(error)), |_| Vec::new())
}

async fn total(house: &House, order: &Stored<Order>) -> Option<Money> {
    let mut view = house.store.read(&house.system).await.unwrap();
    view.fetch::<Order>(Purpose::Read, order.id).await.unwrap().total
}

async fn what_waits_for_approval_loses_no_part(database: TestDatabase) {
    let house = house(&database).await;
    limit(&house, "order", "total", "1000 CNY", "status=confirmed").await;
    let (draft, off) = less(&house, 2_500, 400).await;
    let elsewhere = house.draft(1).await;
    let seller = house.actor(0).await;
    let described = house.store.catalog().get("order").unwrap().clone();
    let status = (described.position("status").unwrap(), Value::Text("confirmed".into()));
    let version = {
        let mut view = house.store.read(&house.system).await.unwrap();
        view.row("order", draft.id.raw(), Purpose::Read).await.unwrap().version
    };
    let place = (draft.id.raw(), version);
    let (request, _) =
        ask(&house.store, &seller, "order", place, vec![status], "Big").await.unwrap();
    let waits = ["waits-for-approval -"];
    assert_eq!(move_to(&house, &seller, &off, elsewhere.id.raw()).await, waits);
    // Nor does anything come to it.
    let other = create(&house.store, &house.system, &line(&elsewhere, 1, 5)).await;
    assert_eq!(move_to(&house, &seller, &other, draft.id.raw()).await, waits);
    assert_eq!(total(&house, &draft).await, Some(yuan(2_100)));
    withdraw(&house.store, &seller, request.id.raw()).await.unwrap();
    assert!(move_to(&house, &seller, &off, elsewhere.id.raw()).await.is_empty());
}

async fn a_confirmed_order_does_not_grow_by_what_leaves_it(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    limit(&house, "order", "total", "1000 CNY", "status=confirmed").await;
    let archives = RoleRight {
        role: house.role,
        record_type: "*".into(),
        purposes: vec![RightPurpose::Archive],
        scope: RightScope::All,
        condition: None,
    };
    create(store, system, &archives).await;
    let seller = house.actor(0).await;
    let draft = house.draft(1_500).await;
    let mut tx = store.write(&seller).await.unwrap();
    let off = tx.create(&line(&draft, 1, -600)).await.unwrap();
    let made = tx.commit().await.unwrap();
    assert!(house.set(&seller, draft.id, "confirmed").await.is_empty());
    let elsewhere = house.draft(1).await;
    let over = ["over-your-limit total"];
    assert_eq!(put_away(&house, &seller, &off).await, over);
    assert_eq!(done(store.undo(&seller, made).await), over);
    assert_eq!(move_to(&house, &seller, &off, elsewhere.id.raw()).await, over);
    assert_eq!(total(&house, &draft).await, Some(yuan(900)));
    // What makes it smaller is theirs, and so is the order as a whole.
    let more = create(store, system, &line(&draft, 1, 50)).await;
    assert!(put_away(&house, &seller, &more).await.is_empty());
    let mut tx = store.write(&seller).await.unwrap();
    let now = tx.row("order", draft.id.raw(), Purpose::Read).await.unwrap();
    tx.archive("order", now.id, now.version).await.unwrap();
    assert!(done(tx.commit().await).is_empty());
}

async fn an_order_in_credit_does_not_grow_by_what_leaves_it(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let mut buyer = house.buyer.clone();
    buyer.credit_limit = Some(yuan(100));
    let mut tx = store.write(system).await.unwrap();
    tx.update(&buyer).await.unwrap();
    tx.commit().await.unwrap();
    // Whoever may do everything is asked too.
    let person = house.actor(0).await.with_all_rights();
    let draft = house.draft(190).await;
    let mut tx = store.write(&person).await.unwrap();
    let off = tx.create(&line(&draft, 1, -100)).await.unwrap();
    let made = tx.commit().await.unwrap();
    assert!(house.set(&person, draft.id, "confirmed").await.is_empty());
    let elsewhere = house.draft(1).await;
    let beyond = ["credit-limit-exceeded status"];
    assert_eq!(put_away(&house, &person, &off).await, beyond);
    assert_eq!(done(store.undo(&person, made).await), beyond);
    assert_eq!(move_to(&house, &person, &off, elsewhere.id.raw()).await, beyond);
    // A swap that leaves it as it is promises nothing more.
    let mut tx = store.write(&person).await.unwrap();
    let now = tx.row("order_line", off.id.raw(), Purpose::Read).await.unwrap();
    tx.archive("order_line", now.id, now.version).await.unwrap();
    tx.create(&line(&draft, 1, -100)).await.unwrap();
    assert!(done(tx.commit().await).is_empty());
}

async fn a_limit_on_lines_is_asked_of_their_order(database: TestDatabase) {
    let house = house(&database).await;
    let store = &house.store;
    limit(&house, "order_line", "discount", "10", "order.status=confirmed").await;
    let seller = house.actor(0).await;
    let share = |whole: i64| Some(Percent::from_units(whole * Percent::ONE));
    let draft = house.draft(100).await;
    let half = OrderLine { discount: share(50), ..line(&draft, 1, 100) };
    let half = create(store, &seller, &half).await;
    let over = ["over-your-limit -"];
    assert_eq!(house.set(&seller, draft.id, "confirmed").await, over);
    // Confirmed without it, it does not come in.
    let elsewhere = house.draft(1).await;
    assert!(move_to(&house, &seller, &half, elsewhere.id.raw()).await.is_empty());
    assert!(house.set(&seller, draft.id, "confirmed").await.is_empty());
    assert_eq!(move_to(&house, &seller, &half, draft.id.raw()).await, over);
    let mut tx = store.write(&seller).await.unwrap();
    tx.create(&OrderLine { discount: share(11), ..line(&draft, 1, 5) }).await.unwrap();
    assert_eq!(done(tx.commit().await), over);
    let mut tx = store.write(&seller).await.unwrap();
    tx.create(&OrderLine { discount: share(10), ..line(&draft, 1, 5) }).await.unwrap();
    assert!(done(tx.commit().await).is_empty());
    // Somebody allows it, and so far it stays allowed.
    assert!(move_to(&house, &seller, &half, elsewhere.id.raw()).await.is_empty());
    house.allow(elsewhere.id).await;
    let mut tx = store.write(&seller).await.unwrap();
    tx.create(&OrderLine { discount: share(50), ..line(&elsewhere, 1, 5) }).await.unwrap();
    assert!(done(tx.commit().await).is_empty());
    let mut tx = store.write(&seller).await.unwrap();
    tx.create(&OrderLine { discount: share(51), ..line(&elsewhere, 1, 5) }).await.unwrap();
    assert_eq!(done(tx.commit().await), over);
}

async fn what_has_no_list_price_to_compare_is_below_it(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    limit(&house, "order", "order_line.below_list", "10", "status=confirmed").await;
    let ladder = Product {
        list_price: Some(Money::new(380 * Money::ONE, Currency::USD)),
        ..product("Ladder")
    };
    let ladder = create(store, system, &ladder).await;
    let seller = house.actor(0).await;
    let whole = Some(Percent::from_units(100 * Percent::ONE));
    let money = |units: i64, code: &str| Money::new(units * Money::ONE, code.parse().unwrap());
    let sold = |draft: &Stored<Order>, quantity: i32, unit_price| OrderLine {
        product: Some(ladder.id),
        quantity: Decimal::from(quantity),
        unit_price,
        ..line(draft, 1, 1)
    };
    let kinds: [(&str, i32, Money, Option<Percent>, bool); 6] = [
        ("another currency", 1, money(1, "KWD"), whole, true),
        ("list price", 1, money(380, "USD"), None, true),
        ("paid back dearer", -1, money(760, "USD"), whole, true),
        ("paid back as sold", -1, money(380, "USD"), None, true),
        ("a sum off", 1, money(-300, "USD"), whole, false),
        ("taken back", -1, money(300, "USD"), whole, false),
    ];
    for (what, quantity, price, expected, is_product) in kinds {
        let draft = Order { status: OrderStatus::Draft, ..order(&house.buyer, "2026-03-01") };
        let draft = create(store, system, &draft).await;
        let one = sold(&draft, quantity, price);
        let one = OrderLine { product: one.product.filter(|_| is_product), ..one };
        let made = create(store, system, &one).await;
        assert_eq!(made.below_list, expected, "{what}");
        let over: &[&str] = if expected.is_some() { &["over-your-limit -"] } else { &[] };
        assert_eq!(house.set(&seller, draft.id, "confirmed").await, over, "{what}");
    }
    // What comes back is sold at no price.
    let back = Order { kind: OrderKind::Return, ..order(&house.buyer, "2026-03-01") };
    let back = Order { status: OrderStatus::Draft, ..back };
    let back = create(store, system, &back).await;
    create(store, system, &line(&back, -1, 5)).await;
    assert!(house.set(&seller, back.id, "confirmed").await.is_empty());
}
