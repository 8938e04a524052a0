//! What a customer owes, as their credit limit weighs it.

use guanxi_base::{Id, Money};
use guanxi_crm::billing::{Invoice, InvoiceStatus, Payment};
use guanxi_crm::sales::{Order, OrderLine, OrderStatus};
use guanxi_crm::trading::{Unpaid, unpaid};
use guanxi_record::{Stored, Value};
use guanxi_store::{Actor, Purpose};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, line, order, refusals};
use crate::selling::{House, house, invoice, make, yuan};

both_databases!(
    another_currency_is_beyond_the_credit_limit,
    what_was_delivered_is_owed_until_it_is_asked_for_and_paid,
    what_is_unpaid_is_what_of_a_debt_was_asked_for,
    nobody_pays_in_less_than_a_coin,
);

fn money(whole: i64, code: &str) -> Money {
    Money::new(whole * Money::ONE, code.parse().unwrap())
}

pub(crate) async fn limited(house: &House, limit: Money) -> Actor {
    let mut buyer = house.buyer.clone();
    buyer.credit_limit = Some(limit);
    let mut tx = house.store.write(&house.system).await.unwrap();
    tx.update(&buyer).await.unwrap();
    tx.commit().await.unwrap();
    house.actor(0).await
}

/// Asks for so much of an order.
pub(crate) async fn bill(house: &House, of: Id<Order>, whole: i64) -> Stored<Invoice> {
    let draft = Invoice { order: Some(of), ..invoice(&house.buyer, InvoiceStatus::Draft) };
    let draft = create(&house.store, &house.system, &draft).await;
    let of = ("invoice", Value::Link(draft.id.raw()));
    let price = ("unit_price", Value::Money(yuan(whole)));
    let words = ("description", Value::Text("Widget".into()));
    make(house, &house.system, "invoice_line", &[of, price, words]).await.unwrap();
    let mut tx = house.store.write(&house.system).await.unwrap();
    let mut issued: Stored<Invoice> = tx.fetch(Purpose::Change, draft.id).await.unwrap();
    issued.status = InvoiceStatus::Issued;
    let issued = tx.update(&issued).await.unwrap();
    tx.commit().await.unwrap();
    issued
}

async fn another_currency_is_beyond_the_credit_limit(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let seller = limited(&house, money(10_000, "JPY")).await;
    let draft = Order { status: OrderStatus::Draft, ..order(&house.buyer, "2026-03-01") };
    let draft = create(store, system, &draft).await;
    let unit_price = money(9_000, "JPY");
    let mut of = create(store, system, &OrderLine { unit_price, ..line(&draft, 1, 1) }).await;
    assert!(house.set(&seller, draft.id, "confirmed").await.is_empty());
    let beyond = ["credit-limit-exceeded status"];
    for price in [money(9_000, "KWD"), money(1, "KWD"), money(10_001, "JPY")] {
        let mut tx = store.write(&seller).await.unwrap();
        of.unit_price = price;
        tx.update(&of).await.unwrap();
        assert_eq!(refusals(tx.commit().await), beyond, "{price}");
    }
    let mut tx = store.write(&seller).await.unwrap();
    of.unit_price = money(10_000, "JPY");
    tx.update(&of).await.unwrap();
    tx.commit().await.unwrap();
}

async fn what_was_delivered_is_owed_until_it_is_asked_for_and_paid(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let seller = limited(&house, yuan(100)).await;
    let first = house.draft(80).await;
    assert!(house.set(&seller, first.id, "confirmed").await.is_empty());
    assert!(house.set(&seller, first.id, "completed").await.is_empty());
    let next = house.draft(90).await;
    let beyond = ["credit-limit-exceeded status"];
    // Delivered is not paid.
    assert_eq!(house.set(&seller, next.id, "confirmed").await, beyond);
    // Nor is the rest of what a small invoice asks for.
    let one = bill(&house, first.id, 1).await;
    assert_eq!(house.set(&seller, next.id, "confirmed").await, beyond);
    let rest = bill(&house, first.id, 79).await;
    assert_eq!(house.set(&seller, next.id, "confirmed").await, beyond);
    // What is asked for too much pays for no other order.
    let over = bill(&house, first.id, 500).await;
    let paid = |of: &Stored<Invoice>, whole: i64| Payment {
        number: None,
        customer: house.buyer.id,
        invoice: Some(of.id),
        date: "2026-03-02".parse().unwrap(),
        amount: yuan(whole),
        method: None,
        reference: None,
    };
    create(store, system, &paid(&over, 500)).await;
    create(store, system, &paid(&rest, 79)).await;
    create(store, system, &paid(&one, 1)).await;
    let third = house.draft(11).await;
    assert!(house.set(&seller, next.id, "confirmed").await.is_empty());
    assert_eq!(house.set(&seller, third.id, "confirmed").await, beyond);
    // What is asked for already is owed once: 90 asked, and 5 more ordered.
    bill(&house, next.id, 90).await;
    let mut tx = store.write(&seller).await.unwrap();
    tx.create(&line(&next, 1, 5)).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.write(&seller).await.unwrap();
    tx.create(&line(&next, 1, 6)).await.unwrap();
    assert_eq!(refusals(tx.commit().await), beyond);
}

async fn set_status(house: &House, of: &Stored<Invoice>, status: InvoiceStatus) {
    let mut tx = house.store.write(&house.system).await.unwrap();
    let mut one: Stored<Invoice> = tx.fetch(Purpose::Change, of.id).await.unwrap();
    one.status = status;
    tx.update(&one).await.unwrap();
    tx.commit().await.unwrap();
}

async fn what_is_unpaid_is_what_of_a_debt_was_asked_for(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let unpaid_now = async || {
        let mut view = store.read(system).await.unwrap();
        match unpaid(&mut view, house.buyer.id).await.unwrap() {
            Unpaid::Sums(sums) => {
                sums.iter().map(|sum| sum.money().unwrap()).collect::<Vec<Money>>()
            }
            Unpaid::TooLarge => panic!("nobody owes so much"),
        }
    };
    assert_eq!(unpaid_now().await, []);
    let order = house.draft(1).await;
    let pays = async |of: Option<&Stored<Invoice>>, amount: Money| {
        let payment = Payment {
            number: None,
            customer: house.buyer.id,
            invoice: of.map(|of| of.id),
            date: "2026-03-02".parse().unwrap(),
            amount,
            method: None,
            reference: None,
        };
        create(store, system, &payment).await;
    };
    // Paid in full without a word of a payment, given up, taken back, only planned: none asks for more.
    for (whole, status) in [
        (1_000, InvoiceStatus::Paid),
        (200, InvoiceStatus::WrittenOff),
        (300, InvoiceStatus::Void),
        (400, InvoiceStatus::Draft),
    ] {
        let one = bill(&house, order.id, whole).await;
        set_status(&house, &one, status).await;
        // What was paid for it pays for nothing else.
        pays(Some(&one), yuan(7)).await;
    }
    assert_eq!(unpaid_now().await, [yuan(0)]);
    let sent = bill(&house, order.id, 100).await;
    pays(Some(&sent), yuan(30)).await;
    assert_eq!(unpaid_now().await, [yuan(70)]);
    // What was paid for nothing in particular pays for what was sent; what was paid beforehand is less
    // than nothing, each currency by itself.
    pays(None, yuan(10)).await;
    pays(None, money(5, "EUR")).await;
    assert_eq!(unpaid_now().await, [yuan(60), money(-5, "EUR")]);
    // The credit limit weighs the same.
    let seller = limited(&house, yuan(100)).await;
    let [small, more] = [house.draft(40).await, house.draft(41).await];
    assert_eq!(house.set(&seller, more.id, "confirmed").await, ["credit-limit-exceeded status"]);
    assert!(house.set(&seller, small.id, "confirmed").await.is_empty());
}

async fn nobody_pays_in_less_than_a_coin(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let amounts = [("1.5", "JPY"), ("0.0001", "EUR"), ("0.0005", "KWD"), ("-0.001", "CNY")];
    for (amount, code) in amounts {
        let amount = Money::parse(amount, code.parse().unwrap()).unwrap();
        let payment = Payment {
            number: None,
            customer: house.buyer.id,
            invoice: None,
            date: "2026-03-02".parse().unwrap(),
            amount,
            method: None,
            reference: None,
        };
        let mut tx = store.write(system).await.unwrap();
        assert_eq!(refusals(tx.create(&payment).await), ["finer-than-a-coin amount"], "{amount}");
        let amount = amount.rounded();
        tx.create(&Payment { amount, ..payment }).await.unwrap();
        tx.commit().await.unwrap();
    }
    // A line is rounded to it.
    let draft = Order { status: OrderStatus::Draft, ..order(&house.buyer, "2026-03-01") };
    let draft = create(store, system, &draft).await;
    let unit_price = Money::parse("33.33", "EUR".parse().unwrap()).unwrap();
    let discount = Some(guanxi_base::Percent::from_units(33 * guanxi_base::Percent::ONE));
    let of = OrderLine { unit_price, discount, ..line(&draft, 3, 1) };
    let of = create(store, system, &of).await;
    assert_eq!(of.amount.unwrap().to_string(), "66.99 EUR");
}
