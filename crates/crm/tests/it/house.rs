//! What the tests share: an open store, an Actor, a few customers.

use guanxi_base::{Clock, Currency, Date, Decimal, Error, Money};
use guanxi_crm::access::{Locale, User};
use guanxi_crm::catalog::{Product, ProductKind};
use guanxi_crm::people::Customer;
use guanxi_crm::sales::{Order, OrderKind, OrderLine, OrderStatus};
use guanxi_crm::segments::{Segment, SegmentKind};
use guanxi_crm::service::{Case, CaseKind, CaseStatus, Priority};
use guanxi_record::{Email, Filter, Json as JsonField, Record, Stored};
use guanxi_store::{Actor, Origin, Store};
use guanxi_testkit::TestDatabase;

pub(crate) const NOW: &str = "2026-03-18T08:00:00Z";

pub(crate) async fn open(database: &TestDatabase) -> (Store, Actor) {
    let clock = Clock::at(NOW.parse().unwrap());
    let opened = async |url| {
        Store::open(guanxi_crm::store_config(url, clock.clone()).unwrap()).await.unwrap()
    };
    let url = database.prepared("product", async |url| drop(opened(url).await)).await;
    (opened(url).await, Actor::system(Origin::Api))
}

pub(crate) fn customer(name: &str) -> Customer {
    Customer::named(name)
}

pub(crate) fn user(email: &str) -> User {
    User {
        name: email.to_owned(),
        email: Email(email.to_owned()),
        phone: None,
        job_title: None,
        team: None,
        roles: Vec::new(),
        is_administrator: false,
        is_active: true,
        locale: Locale::En,
        time_zone: "UTC".to_owned(),
    }
}

pub(crate) async fn create<T: Record>(store: &Store, actor: &Actor, record: &T) -> Stored<T> {
    let mut tx = store.write(actor).await.unwrap();
    let stored = tx.create(record).await.unwrap();
    tx.commit().await.unwrap();
    stored
}

pub(crate) fn order(customer: &Stored<Customer>, date: &str) -> Order {
    Order {
        number: None,
        customer: Some(customer.id),
        date: date.parse::<Date>().unwrap(),
        kind: OrderKind::Sale,
        status: OrderStatus::Completed,
        total: None,
        channel: None,
        contact: None,
        company: None,
        owner: None,
        customer_reference: None,
        notes: None,
    }
}

pub(crate) fn line(order: &Stored<Order>, quantity: i32, price: i64) -> OrderLine {
    OrderLine {
        order: order.id,
        product: None,
        description: Some("Widget".to_owned()),
        quantity: Decimal::from(quantity),
        unit_price: Money::new(price * Money::ONE, Currency::CNY),
        unit: None,
        discount: None,
        tax_rate: None,
        amount: None,
        list_price: None,
        below_list: None,
    }
}

pub(crate) fn product(name: &str) -> Product {
    Product {
        name: name.to_owned(),
        code: None,
        kind: ProductKind::Goods,
        category: None,
        list_price: None,
        unit_cost: None,
        unit: None,
        tax_rate: None,
        is_active: true,
        description: None,
    }
}

pub(crate) fn segment(name: &str, condition: &Filter) -> Segment {
    Segment {
        name: name.to_owned(),
        kind: SegmentKind::Dynamic,
        condition: Some(JsonField(condition.to_json())),
        description: None,
        owner: None,
    }
}

pub(crate) fn case(customer: &Stored<Customer>, cost: Money) -> Case {
    Case {
        subject: "It broke".to_owned(),
        number: None,
        customer: customer.id,
        contact: None,
        kind: CaseKind::Fault,
        priority: Priority::Normal,
        status: CaseStatus::New,
        opened_at: NOW.parse().unwrap(),
        due_at: None,
        closed_at: None,
        order: None,
        product: None,
        owner: None,
        cost: Some(cost),
        description: None,
        resolution: None,
    }
}

/// The codes and fields of a refusal; what else went wrong as it says itself.
pub(crate) fn refusals<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Vec<String> {
    match outcome {
        Err(Error::Refused(refusals)) => refusals
            .iter()
            .map(|r| format!("{} {}", r.code, r.field.as_deref().unwrap_or("-")))
            .collect(),
        other => vec![format!("{other:?}")],
    }
}
