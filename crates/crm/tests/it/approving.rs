//! What an approval allows, and what whoever decides is shown of it.

use guanxi_base::{Id, Percent, RawId};
use guanxi_crm::access::{
    AuthorityLimit, FieldRight, LimitedAccess, RightPurpose, RightScope, Role, RoleRight, User,
    actor_of,
};
use guanxi_crm::authority::{ApprovalRequest, ApprovalTask, Decision, ask, decide, waiting_for};
use guanxi_crm::people::Customer;
use guanxi_crm::sales::{Order, OrderLine};
use guanxi_record::{Filter, Query, Record as _, Stored, Value};
use guanxi_store::{Actor, Origin, Purpose};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::{Value as Json, json};

use crate::house::{create, customer, line, refusals, user};
use crate::selling::{House, house, yuan};

both_databases!(
    an_approval_of_a_trifle_allows_no_more,
    an_approval_holds_for_the_values_that_were_asked_for,
    an_approval_is_for_its_customer,
    what_is_hidden_from_who_decides_is_in_no_request,
    a_request_tells_nothing_to_who_sees_not_what_it_is_about,
);

async fn limit(house: &House, record_type: &str, (field, at_most): (&str, &str), condition: &str) {
    let limit = AuthorityLimit {
        role: house.role,
        record_type: record_type.into(),
        field: field.into(),
        at_most: at_most.into(),
        condition: Some(condition.into()),
    };
    create(&house.store, &house.system, &limit).await;
}

async fn owe_at_most(house: &House, of: Id<Customer>, whole: i64) {
    let mut tx = house.store.write(&house.system).await.unwrap();
    let mut buyer: Stored<Customer> = tx.fetch(Purpose::Change, of).await.unwrap();
    buyer.credit_limit = Some(yuan(whole));
    tx.update(&buyer).await.unwrap();
    tx.commit().await.unwrap();
}

/// Asks for one field of an order, and has it approved; the request.
async fn approved(house: &House, order: Id<Order>, (field, value): (&str, Value)) -> Json {
    let described = house.store.catalog().get("order").unwrap().clone();
    let fields = vec![(described.position(field).unwrap(), value)];
    let mut view = house.store.read(&house.system).await.unwrap();
    let version = view.fetch(Purpose::Read, order).await.unwrap().version;
    drop(view);
    let seller = house.actor(0).await;
    let place = (order.raw(), version);
    let (request, _) = ask(&house.store, &seller, "order", place, fields, "").await.unwrap();
    let decider = house.actor(1).await;
    let task = waiting_for(&house.store, decider.user.unwrap()).await.unwrap()[0].id.raw();
    decide(&house.store, &decider, task, &Decision::Approve, "").await.unwrap();
    serde_json::to_value(request.beyond()).unwrap()
}

async fn set(house: &House, actor: &Actor, order: Id<Order>, what: (&str, Value)) -> Vec<String> {
    let described = house.store.catalog().get("order").unwrap().clone();
    let mut tx = house.store.write(actor).await.unwrap();
    let version = tx.fetch(Purpose::Read, order).await.unwrap().version;
    let fields = vec![(described.position(what.0).unwrap(), what.1)];
    match tx.update_fields(&described, order.raw(), version, fields).await {
        Ok(_) => match tx.commit().await {
            Ok(_) => Vec::new(),
            Err(error) => refusals::<()>(Err(error)),
        },
        Err(error) => refusals::<()>(Err(error)),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn percent(whole: i64) -> Option<Percent> {
    Some(Percent::from_units(whole * Percent::ONE))
}

async fn an_approval_of_a_trifle_allows_no_more(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    limit(&house, "order", ("total", "2000 CNY"), "status=confirmed").await;
    limit(&house, "order", ("order_line.discount", "10"), "status=confirmed").await;
    owe_at_most(&house, house.buyer.id, 1_000).await;
    let draft = house.draft(0).await;
    create(store, system, &OrderLine { discount: percent(70), ..line(&draft, 1, 9_000) }).await;
    let seller = house.actor(0).await;
    assert_eq!(approved(&house, draft.id, ("notes", text("Deliver on Monday"))).await, json!([]));
    let confirm = || ("status", text("confirmed"));
    let refused = set(&house, &seller, draft.id, confirm()).await;
    assert_eq!(refused, ["over-your-limit -"]);
    // Asked for what it is about, it is allowed, and stays so after another trifle.
    let beyond = approved(&house, draft.id, confirm()).await;
    let fields = [&beyond[0]["field"], &beyond[1]["field"]];
    assert_eq!(fields, ["order_line.discount", "total"]);
    approved(&house, draft.id, ("notes", text("On Tuesday"))).await;
    assert!(set(&house, &seller, draft.id, ("notes", text("On Friday"))).await.is_empty());
    assert!(set(&house, &seller, draft.id, ("status", text("shipped"))).await.is_empty());
    // Deliveries are allowed by who agrees to a promise.
    owe_at_most(&house, house.buyer.id, 4_000).await;
    let other = house.draft(1_500).await;
    approved(&house, other.id, ("notes", text("Deliver on Monday"))).await;
    let refused = set(&house, &seller, other.id, confirm()).await;
    assert_eq!(refused, ["credit-limit-exceeded status"]);
}

async fn an_approval_holds_for_the_values_that_were_asked_for(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    limit(&house, "order_line", ("discount", "10"), "quantity.ge=5").await;
    let draft = house.draft(0).await;
    create(store, system, &OrderLine { discount: percent(20), ..line(&draft, 5, 100) }).await;
    let few = OrderLine { discount: percent(90), ..line(&draft, 1, 100) };
    let mut few = create(store, system, &few).await;
    let beyond = approved(&house, draft.id, ("notes", text("A good customer"))).await;
    assert_eq!((beyond.as_array().unwrap().len(), &beyond[0]["value"]), (1, &json!("20")));
    // The discount of few was not limited, and was not approved for many.
    let seller = house.actor(0).await;
    let mut tx = store.write(&seller).await.unwrap();
    few.quantity = guanxi_base::Decimal::from(5);
    tx.update(&few).await.unwrap();
    assert_eq!(refusals(tx.commit().await), ["over-your-limit -"]);
    let mut tx = store.write(&seller).await.unwrap();
    few.discount = percent(20);
    tx.update(&few).await.unwrap();
    tx.commit().await.unwrap();
}

async fn an_approval_is_for_its_customer(database: TestDatabase) {
    let house = house(&database).await;
    let seller = house.actor(0).await;
    let other = create(&house.store, &house.system, &customer("Other")).await;
    owe_at_most(&house, house.buyer.id, 100).await;
    owe_at_most(&house, other.id, 0).await;
    let confirm = || ("status", text("confirmed"));
    let draft = house.draft(800).await;
    approved(&house, draft.id, confirm()).await;
    let moved = || ("customer", Value::Link(other.id.raw()));
    let refused = set(&house, &seller, draft.id, moved()).await;
    assert_eq!(refused, ["credit-limit-exceeded status"]);
    // So it is with limits of authority.
    owe_at_most(&house, other.id, 10_000).await;
    limit(&house, "order", ("total", "500 CNY"), "status=confirmed").await;
    let draft = house.draft(800).await;
    approved(&house, draft.id, confirm()).await;
    assert!(set(&house, &seller, draft.id, ("notes", text("Soon"))).await.is_empty());
    assert_eq!(set(&house, &seller, draft.id, moved()).await, ["over-your-limit total"]);
}

async fn what_is_hidden_from_who_decides_is_in_no_request(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    limit(&house, "order", ("total", "500 CNY"), "status=confirmed").await;
    owe_at_most(&house, house.buyer.id, 100).await;
    let draft = house.draft(800).await;
    approved(&house, draft.id, ("notes", text("SECRETNOTE"))).await;
    approved(&house, draft.id, ("status", text("confirmed"))).await;
    let told = async || {
        let actor = house.actor(1).await;
        let mut view = store.read(&actor).await.unwrap();
        let everything = Query::of(Filter::everything());
        let rows = view.list(ApprovalRequest::NAME, &everything).await.unwrap().rows;
        let mut told = format!("{rows:?}");
        for row in &rows {
            let one = view.row(ApprovalRequest::NAME, row.id, Purpose::Read).await.unwrap();
            let history = view.history(ApprovalRequest::NAME, row.id, 100).await.unwrap();
            told.push_str(&format!("{one:?} {history:?}"));
        }
        (rows.len(), ["SECRETNOTE", "800.00", "confirmed"].map(|word| told.contains(word)))
    };
    assert_eq!(told().await, (2, [true; 3]));
    for field in ["notes", "total"] {
        let hidden = FieldRight {
            role: house.role,
            record_type: "order".into(),
            field: field.into(),
            access: LimitedAccess::Hidden,
        };
        create(store, system, &hidden).await;
    }
    assert_eq!(told().await, (2, [false, false, true]));
}

async fn a_request_tells_nothing_to_who_sees_not_what_it_is_about(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let role = Role { name: "Clerk".into(), description: None, needs_second_factor: false };
    let role = create(store, system, &role).await.id;
    for of in [ApprovalRequest::NAME, ApprovalTask::NAME] {
        let right = RoleRight {
            role,
            record_type: of.into(),
            purposes: vec![RightPurpose::Read],
            scope: RightScope::All,
            condition: None,
        };
        create(store, system, &right).await;
    }
    let clerk = create(store, system, &User { roles: vec![role], ..user("c@x.example") }).await;
    let draft = house.draft(800).await;
    let number = draft.number.clone().unwrap();
    let described = store.catalog().get("order").unwrap().clone();
    let status = (described.position("status").unwrap(), text("confirmed"));
    let seller = house.actor(0).await;
    let place = (draft.id.raw(), draft.version);
    ask(store, &seller, "order", place, vec![status], "SECRETREASON").await.unwrap();
    let told = async |who: RawId| {
        let (actor, _) = actor_of(store, who, Origin::Api, None).await.unwrap();
        let mut view = store.read(&actor).await.unwrap();
        let (mut told, mut found) = (String::new(), Vec::new());
        for of in [ApprovalRequest::NAME, ApprovalTask::NAME] {
            let rows = view.list(of, &Query::of(Filter::everything())).await.unwrap().rows;
            assert_eq!(rows.len(), 1, "{of}");
            let one = view.row(of, rows[0].id, Purpose::Read).await.unwrap();
            let history = view.history(of, rows[0].id, 100).await.unwrap();
            let titles = view.titles(of, &[rows[0].id]).await.unwrap();
            told.push_str(&format!("{rows:?} {one:?} {history:?} {titles:?}"));
            let named = Query::of(Filter::eq("subject", number.as_str()));
            found.push(view.list(of, &named).await.unwrap().rows.len());
        }
        let query = Query { search: Some(number.clone()), ..Query::of(Filter::everything()) };
        found.push(view.list(ApprovalRequest::NAME, &query).await.unwrap().rows.len());
        ([number.as_str(), "SECRETREASON", "confirmed"].map(|word| told.contains(word)), found)
    };
    let decider = house.actor(1).await.user.unwrap();
    for who in [seller.user.unwrap(), decider] {
        assert_eq!(told(who).await, ([true; 3], vec![1, 1, 1]));
    }
    assert_eq!(told(clerk.id.raw()).await, ([false; 3], vec![0, 0, 0]));
    // Whoever sees the record is told what is said of it.
    let right = RoleRight {
        role,
        record_type: "order".into(),
        purposes: vec![RightPurpose::Read],
        scope: RightScope::All,
        condition: None,
    };
    create(store, system, &right).await;
    assert_eq!(told(clerk.id.raw()).await.0, [true; 3]);
}
