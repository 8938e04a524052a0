//! What a line takes from its product, and what it is worth beside what the product is listed at.

use guanxi_base::{Currency, Decimal, Money, Percent};
use guanxi_crm::access::{AuthorityLimit, FieldRight, LimitedAccess};
use guanxi_crm::billing::InvoiceStatus;
use guanxi_crm::catalog::Product;
use guanxi_crm::sales::{Order, OrderLine, OrderStatus};
use guanxi_crm::trading::margin;
use guanxi_record::{Stored, Value};
use guanxi_store::Purpose;
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, line, order, product, refusals};
use crate::selling::{house, invoice, make, yuan};

both_databases!(
    a_line_takes_from_its_product_what_nobody_says,
    a_price_below_list_is_told_and_weighed,
);

fn percent(whole: i64) -> Percent {
    Percent::from_units(whole * Percent::ONE)
}

async fn a_line_takes_from_its_product_what_nobody_says(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let ladder = Product {
        list_price: Some(yuan(380)),
        unit: Some("piece".into()),
        tax_rate: Some(percent(13)),
        ..product("Ladder")
    };
    let ladder = create(store, system, &ladder).await;
    let paint = Product { list_price: Some(yuan(50)), ..product("Paint") };
    let paint = create(store, system, &paint).await;
    let draft = house.draft(1).await;
    let whole = ("order", Value::Link(draft.id.raw()));
    let chosen = ("product", Value::Link(ladder.id.raw()));
    let seller = house.actor(0).await;
    let row = make(&house, &seller, "order_line", &[whole.clone(), chosen.clone()]).await.unwrap();
    let made: Stored<OrderLine> = row.try_into().unwrap();
    assert_eq!(made.description.as_deref(), Some("Ladder"));
    assert_eq!((made.unit_price, made.unit.as_deref()), (yuan(380), Some("piece")));
    assert_eq!((made.tax_rate, made.list_price), (Some(percent(13)), Some(yuan(380))));
    assert_eq!((made.amount, made.below_list), (Some(yuan(380)), None));
    // What is said stays.
    let said = [
        whole.clone(),
        chosen.clone(),
        ("unit_price", Value::Money(yuan(300))),
        ("description", Value::Text("A long one".into())),
    ];
    let row = make(&house, &seller, "order_line", &said).await.unwrap();
    let own: Stored<OrderLine> = row.try_into().unwrap();
    assert_eq!((own.description.as_deref(), own.unit_price), (Some("A long one"), yuan(300)));
    // Another product brings its own where nobody wrote anything.
    let described = store.catalog().get("order_line").unwrap().clone();
    for (known, expected) in [(&made, ("Paint", yuan(50))), (&own, ("A long one", yuan(300)))] {
        let place = described.position("product").unwrap();
        let mut tx = store.write(&seller).await.unwrap();
        let fields = vec![(place, Value::Link(paint.id.raw()))];
        let row =
            tx.update_fields(&described, known.id.raw(), known.version, fields).await.unwrap();
        tx.commit().await.unwrap();
        let line: Stored<OrderLine> = row.try_into().unwrap();
        assert_eq!((line.description.as_deref().unwrap(), line.unit_price), expected);
        assert_eq!(line.list_price, Some(yuan(50)));
    }
    // A price in another currency than the other lines' is no price here.
    let euros = Money::new(5 * Money::ONE, Currency::EUR);
    let foreign = Product { list_price: Some(euros), ..product("Import") };
    let foreign = create(store, system, &foreign).await;
    let line = [whole.clone(), ("product", Value::Link(foreign.id.raw()))];
    let refused = refusals(make(&house, &seller, "order_line", &line).await);
    assert_eq!(refused, ["list-price-other-currency unit_price"]);
    // Without a list price somebody must say one.
    let bare = create(store, system, &product("Bare")).await;
    let line = [whole, ("product", Value::Link(bare.id.raw()))];
    let refused = refusals(make(&house, &seller, "order_line", &line).await);
    assert_eq!(refused, ["required unit_price"]);
    // An invoice's lines the same.
    let invoice = create(store, system, &invoice(&house.buyer, InvoiceStatus::Draft)).await;
    let whole = ("invoice", Value::Link(invoice.id.raw()));
    let row = make(&house, &seller, "invoice_line", &[whole, chosen.clone()]).await.unwrap();
    let described = store.catalog().get("invoice_line").unwrap().clone();
    assert_eq!(row.value(&described, "amount"), Value::Money(yuan(380)));
    assert_eq!(row.title(&described), "Ladder");
    // Whoever may not see prices takes none.
    let hidden = FieldRight {
        role: house.role,
        record_type: "product".into(),
        field: "list_price".into(),
        access: LimitedAccess::Hidden,
    };
    create(store, system, &hidden).await;
    let seller = house.actor(0).await;
    let line = [("order", Value::Link(draft.id.raw())), chosen];
    let refused = refusals(make(&house, &seller, "order_line", &line).await);
    assert_eq!(refused, ["required unit_price"]);
}

async fn a_price_below_list_is_told_and_weighed(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let ladder =
        Product { list_price: Some(yuan(400)), unit_cost: Some(yuan(90)), ..product("Ladder") };
    let ladder = create(store, system, &ladder).await;
    let limit = AuthorityLimit {
        role: house.role,
        record_type: "order".into(),
        field: "order_line.below_list".into(),
        at_most: "10".into(),
        condition: Some("status=confirmed".into()),
    };
    create(store, system, &limit).await;
    let draft = Order { status: OrderStatus::Draft, ..order(&house.buyer, "2026-03-01") };
    let draft = create(store, system, &draft).await;
    let sold = |price, discount| OrderLine {
        product: Some(ladder.id),
        discount,
        quantity: Decimal::from(2),
        ..line(&draft, 2, price)
    };
    let cheap = create(store, system, &sold(100, None)).await;
    assert_eq!(cheap.below_list, Some(percent(75)));
    let less = create(store, system, &sold(400, Some(percent(5)))).await;
    assert_eq!(less.below_list, Some(percent(5)));
    assert_eq!(create(store, system, &sold(500, None)).await.below_list, None);
    let seller = house.actor(0).await;
    assert_eq!(house.set(&seller, draft.id, "confirmed").await, ["over-your-limit -"]);
    let mut view = store.read(&seller).await.unwrap();
    let found = margin(&mut view, draft.id.raw()).await.unwrap().unwrap();
    // 200 + 760 + 1,000 less 6 × 90.
    assert_eq!(found.amount, yuan(1_420));
    drop(view);
    let mut cheap = cheap;
    cheap.unit_price = yuan(360);
    let mut tx = store.write(system).await.unwrap();
    tx.update(&cheap).await.unwrap();
    tx.commit().await.unwrap();
    assert!(house.set(&seller, draft.id, "confirmed").await.is_empty());
    // What a product is listed at later is another matter.
    let mut ladder = ladder;
    ladder.list_price = Some(yuan(900));
    let mut tx = store.write(system).await.unwrap();
    tx.update(&ladder).await.unwrap();
    let mut cheap: Stored<OrderLine> = tx.fetch(Purpose::Change, cheap.id).await.unwrap();
    cheap.quantity = Decimal::from(1);
    let cheap = tx.update(&cheap).await.unwrap();
    assert_eq!((cheap.list_price, cheap.below_list), (Some(yuan(400)), Some(percent(10))));
}
