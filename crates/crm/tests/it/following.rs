//! What names a merged customer leads to the survivor: conditions, shares, what is stopped and what waits.

use std::collections::BTreeMap;

use guanxi_base::RawId;
use guanxi_crm::access::{
    ApprovalRule, AuthorityLimit, FieldRight, LimitedAccess, RightPurpose, RightScope, Role,
    RoleRight, SavedView, User, actor_of,
};
use guanxi_crm::authority::{Decision, ask, decide, waiting_for};
use guanxi_crm::dashboards::{Chart, ChartKind, Dashboard};
use guanxi_crm::delivery::Subscription;
use guanxi_crm::people::{Customer, TermsRule};
use guanxi_crm::resolution::{Merging, merge, unmerge};
use guanxi_crm::sales::{Order, OrderStatus};
use guanxi_crm::segments::{Segment, expand};
use guanxi_record::{Filter, LongText, Op, Query, Record, Stored};
use guanxi_store::{Actor, Origin, Purpose, Share, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, open, order, refusals, segment, user};
use crate::resolving::of;

both_databases!(
    conditions_that_name_a_merged_customer_name_the_survivor,
    a_right_that_hides_a_merged_customer_goes_on_hiding,
    shares_go_to_the_survivor_and_back,
    what_was_copied_before_a_merge_still_finds,
    a_merge_sells_nothing_and_tells_nobody,
    who_is_brought_back_went_into_no_other,
    what_cannot_be_taken_is_refused,
    what_waits_is_done_to_the_survivor,
);

fn into(survivor: RawId, merged: RawId) -> Merging {
    Merging { survivor, merged, chosen: BTreeMap::new(), is_automatic: false }
}

/// Two customers, each with an order: the one that stays, the one that goes.
async fn two(store: &Store, actor: &Actor) -> ([RawId; 2], [RawId; 2]) {
    let mut ids = ([RawId(0); 2], [RawId(0); 2]);
    for (at, name) in ["Stays", "Goes"].into_iter().enumerate() {
        let one = create(store, actor, &customer(name)).await;
        let sold = Order { status: OrderStatus::Confirmed, ..order(&one, "2026-03-01") };
        ids.0[at] = one.id.raw();
        ids.1[at] = create(store, actor, &sold).await.id.raw();
    }
    ids
}

async fn role(store: &Store, system: &Actor, name: &str) -> guanxi_base::Id<Role> {
    let role = Role { name: name.into(), description: None, needs_second_factor: false };
    create(store, system, &role).await.id
}

fn right(
    role: guanxi_base::Id<Role>,
    record_type: &str,
    (purposes, scope): (Vec<RightPurpose>, RightScope),
    condition: Option<String>,
) -> RoleRight {
    RoleRight { role, record_type: record_type.into(), purposes, scope, condition }
}

async fn conditions_that_name_a_merged_customer_name_the_survivor(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let ([stays, goes], _) = two(&store, &system).await;
    let other = create(&store, &system, &customer("Other")).await.id.raw();
    let sellers = role(&store, &system, "Seller").await;
    let read = (vec![RightPurpose::Read], RightScope::All);
    let of_goes = Some(format!("customer.in={goes},{other}&status=confirmed"));
    let right = create(&store, &system, &right(sellers, "order", read, of_goes)).await;
    let limit = AuthorityLimit {
        role: sellers,
        record_type: "order".into(),
        field: "total".into(),
        at_most: "5 CNY".into(),
        condition: Some(format!("customer={goes}")),
    };
    let limit = create(&store, &system, &limit).await;
    let rule = ApprovalRule {
        name: "Chain".into(),
        record_type: "order".into(),
        position: 1,
        condition: Some(format!("customer.id={}", goes.to_string().to_uppercase())),
        description: None,
    };
    let rule = create(&store, &system, &rule).await;
    let filter = Filter::Not(Box::new(Filter::eq("customer.parent", goes.to_string())));
    let filter = guanxi_crm::access::conditions::encoded(&filter.to_json().to_string());
    let view = SavedView {
        name: "Theirs".into(),
        record_type: "order".into(),
        address: LongText(format!("?customer={goes}&sort=-date&filter={filter}&columns=total")),
        owner: None,
        is_shared: false,
        is_locked: true,
    };
    let view = create(&store, &system, &view).await;
    let board = Dashboard {
        name: "Board".into(),
        description: None,
        role: None,
        is_shared: true,
        owner: None,
    };
    let board = create(&store, &system, &board).await;
    let chart = Chart {
        dashboard: board.id,
        name: "Orders".into(),
        kind: ChartKind::Number,
        record_type: "order".into(),
        condition: Some(LongText(format!("customer={goes}"))),
        group_by: None,
        split_by: None,
        measure: "count".into(),
        target: None,
        marks: 12,
        place: 0,
    };
    let chart = create(&store, &system, &chart).await;
    let told = create(&store, &system, &user("told@x.example")).await;
    let subscription = Subscription {
        record_type: Some("order".into()),
        condition: Some(LongText(format!("customer={goes}&note={goes}"))),
        subscriber: Some(told.id),
        ..Subscription::named("News".into())
    };
    let subscription = create(&store, &system, &subscription).await;
    let orders = Filter::Related {
        record_type: "order".into(),
        via: "customer".into(),
        count: None,
        filter: Box::new(Filter::eq("customer", goes.to_string())),
    };
    let daughters = Filter::eq("parent", goes.to_string()).or(orders);
    let daughters = create(&store, &system, &segment("Daughters", &daughters)).await;
    // What was put away is looked after too.
    let mut tx = store.write(&system).await.unwrap();
    tx.archive("approval_rule", rule.id.raw(), rule.version).await.unwrap();
    tx.commit().await.unwrap();

    let texts = async || -> Vec<String> {
        let long = |text: &Option<LongText>| text.as_ref().unwrap().0.clone();
        let right: Stored<RoleRight> = of(&store, &system, right.id.raw()).await;
        let limit: Stored<AuthorityLimit> = of(&store, &system, limit.id.raw()).await;
        let rule: Stored<ApprovalRule> = of(&store, &system, rule.id.raw()).await;
        let view: Stored<SavedView> = of(&store, &system, view.id.raw()).await;
        let chart: Stored<Chart> = of(&store, &system, chart.id.raw()).await;
        let told: Stored<Subscription> = of(&store, &system, subscription.id.raw()).await;
        let segment: Stored<Segment> = of(&store, &system, daughters.id.raw()).await;
        let texts = [right.condition.clone(), limit.condition.clone(), rule.condition.clone()];
        let texts = texts.into_iter().flatten();
        let json = segment.condition.as_ref().unwrap().0.to_string();
        let rest = [view.address.0.clone(), long(&chart.condition), long(&told.condition), json];
        texts.chain(rest).collect()
    };
    let before = texts().await;
    let note = merge(&store, &system, &into(stays, goes)).await.unwrap();
    // Of a text that is no condition on customers nothing is taken.
    let named = |text: &String| text.to_lowercase().replace(&goes.to_string(), &stays.to_string());
    let expected: Vec<String> = before
        .iter()
        .map(|text| match text.split_once("&note=") {
            Some((condition, note)) => format!("{}&note={note}", named(&condition.to_owned())),
            None => text.replace(&goes.to_string(), &stays.to_string()),
        })
        .collect();
    let after = texts().await;
    assert_eq!(after[2], format!("customer.id={stays}"));
    for at in [0, 1, 3, 4, 5, 6] {
        assert_eq!(after[at], expected[at]);
    }
    unmerge(&store, &system, note.id.raw()).await.unwrap();
    assert_eq!(texts().await, before);
}

async fn a_right_that_hides_a_merged_customer_goes_on_hiding(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let ([stays, goes], [own, hidden]) = two(&store, &system).await;
    let outsiders = role(&store, &system, "Outsider").await;
    let read = (vec![RightPurpose::Read], RightScope::All);
    let but = Some(format!("customer.ne={goes}"));
    create(&store, &system, &right(outsiders, "order", read, but)).await;
    let one = User { roles: vec![outsiders], ..user("o@x.example") };
    let one = create(&store, &system, &one).await.id.raw();
    let sees = async || {
        let (actor, _) = actor_of(&store, one, Origin::Api, None).await.unwrap();
        let mut view = store.read(&actor).await.unwrap();
        [
            view.row("order", own, Purpose::Read).await.is_ok(),
            view.row("order", hidden, Purpose::Read).await.is_ok(),
        ]
    };
    assert_eq!(sees().await, [true, false]);
    let note = merge(&store, &system, &into(stays, goes)).await.unwrap();
    assert_eq!(sees().await, [false, false]);
    unmerge(&store, &system, note.id.raw()).await.unwrap();
    assert_eq!(sees().await, [true, false]);
}

async fn shares_go_to_the_survivor_and_back(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let ([stays, goes], [_, sold]) = two(&store, &system).await;
    let sellers = role(&store, &system, "Seller").await;
    for record_type in ["customer", "order"] {
        let own = (vec![RightPurpose::Read, RightPurpose::Change], RightScope::Own);
        create(&store, &system, &right(sellers, record_type, own, None)).await;
    }
    let mut people = Vec::new();
    for email in ["a@x.example", "b@x.example", "c@x.example"] {
        let one = User { roles: vec![sellers], ..user(email) };
        people.push(create(&store, &system, &one).await.id.raw());
    }
    let day = |text: &str| Some(text.parse().unwrap());
    let share = |with, may_change, until| Share { with, may_change, until, by: None };
    let mut tx = store.write(&system).await.unwrap();
    for (record, share) in [
        (goes, share(people[0], true, None)),
        (goes, share(people[1], false, day("2026-05-01"))),
        (stays, share(people[1], true, day("2026-04-01"))),
        // This one is over.
        (goes, share(people[2], true, day("2026-03-01"))),
    ] {
        tx.share("customer", record, &share).await.unwrap();
    }
    tx.commit().await.unwrap();
    let shares = async || {
        let mut view = store.read(&system).await.unwrap();
        let all = view.shares("customer", stays).await.unwrap();
        all.into_iter().map(|one| (one.with, one.may_change, one.until)).collect::<Vec<_>>()
    };
    let sees = async |id: RawId, of: &str| {
        let (actor, _) = actor_of(&store, people[0], Origin::Api, None).await.unwrap();
        store.read(&actor).await.unwrap().row(of, id, Purpose::Read).await.is_ok()
    };
    assert!(!sees(stays, "customer").await && sees(sold, "order").await);
    let before = shares().await;
    let note = merge(&store, &system, &into(stays, goes)).await.unwrap();
    assert!(sees(stays, "customer").await && sees(sold, "order").await);
    let after = vec![(people[0], true, None), (people[1], false, day("2026-05-01"))];
    assert_eq!(shares().await, after);
    unmerge(&store, &system, note.id.raw()).await.unwrap();
    assert_eq!(shares().await, before);
    assert!(!sees(stays, "customer").await && sees(goes, "customer").await);
    // Whoever shared anew meanwhile has the last word.
    let note = merge(&store, &system, &into(stays, goes)).await.unwrap();
    let mut tx = store.write(&system).await.unwrap();
    tx.share("customer", stays, &share(people[0], false, None)).await.unwrap();
    tx.commit().await.unwrap();
    unmerge(&store, &system, note.id.raw()).await.unwrap();
    assert_eq!(shares().await[0], (people[0], false, None));
}

async fn what_was_copied_before_a_merge_still_finds(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let ([stays, goes], _) = two(&store, &system).await;
    let third = create(&store, &system, &customer("Third")).await.id.raw();
    merge(&store, &system, &into(stays, goes)).await.unwrap();
    merge(&store, &system, &into(third, stays)).await.unwrap();
    let found = async |filter: Filter| {
        let mut view = store.read(&system).await.unwrap();
        let filter = expand(&mut view, "order", filter).await.unwrap();
        view.list("order", &Query::of(filter)).await.unwrap().rows.len()
    };
    let id = goes.to_string();
    assert_eq!(found(Filter::eq("customer", id.clone())).await, 2);
    assert_eq!(found(Filter::eq("customer.id", id.clone())).await, 2);
    assert_eq!(found(Filter::one_of("customer", [goes, stays, third])).await, 2);
    assert_eq!(found(Filter::compare("customer", Op::Ne, id.clone())).await, 0);
    assert_eq!(found(Filter::Not(Box::new(Filter::eq("customer", id.clone())))).await, 0);
    // Whoever asks for itself means itself.
    let mut view = store.read(&system).await.unwrap();
    let itself = Filter::eq("id", id);
    assert_eq!(expand(&mut view, "customer", itself.clone()).await.unwrap(), itself);
}

async fn a_merge_sells_nothing_and_tells_nobody(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let ([stays, goes], _) = two(&store, &system).await;
    let stopped = TermsRule {
        name: "Cash first".into(),
        abc: None,
        class: None,
        payment_record: None,
        discount: None,
        credit_limit: None,
        payment_days: None,
        stops: true,
        notes: None,
    };
    let stopped = create(&store, &system, &stopped).await;
    let mut tx = store.write(&system).await.unwrap();
    let described = tx.catalog().get("customer").unwrap().clone();
    let place = described.position("terms").unwrap();
    let terms = guanxi_record::Value::Link(stopped.id.raw());
    tx.derive(&described, &[place], &[(stays, vec![terms])]).await.unwrap();
    tx.commit().await.unwrap();
    // Somebody who may merge, but tells nobody else.
    let mergers = role(&store, &system, "Merger").await;
    let may = vec![RightPurpose::Read, RightPurpose::Change, RightPurpose::Archive];
    create(&store, &system, &right(mergers, "*", (may, RightScope::All), None)).await;
    let one = User { roles: vec![mergers], ..user("m@x.example") };
    let one = create(&store, &system, &one).await.id.raw();
    let told = create(&store, &system, &user("told@x.example")).await;
    let subscription = Subscription {
        record_type: Some("order".into()),
        condition: Some(LongText(format!("customer.in={goes},{stays}"))),
        subscriber: Some(told.id),
        ..Subscription::named("News".into())
    };
    create(&store, &system, &subscription).await;
    // A view that leads nowhere any more is no reason either.
    let view = SavedView {
        name: "Old".into(),
        record_type: "order".into(),
        address: LongText(format!("customer={goes}&gone=1")),
        owner: None,
        is_shared: false,
        is_locked: true,
    };
    create(&store, &system, &view).await;
    let (actor, _) = actor_of(&store, one, Origin::Api, None).await.unwrap();
    let note = merge(&store, &actor, &into(stays, goes)).await.unwrap();
    unmerge(&store, &actor, note.id.raw()).await.unwrap();
}

async fn who_is_brought_back_went_into_no_other(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let ([stays, goes], _) = two(&store, &system).await;
    merge(&store, &system, &into(stays, goes)).await.unwrap();
    let gone: Stored<Customer> = of(&store, &system, goes).await;
    let mut tx = store.write(&system).await.unwrap();
    tx.restore(Customer::NAME, goes, gone.version).await.unwrap();
    let back = tx.commit().await.unwrap();
    let restored: Stored<Customer> = of(&store, &system, goes).await;
    assert_eq!((restored.archived_at, restored.merged_into), (None, None));
    store.undo(&system, back).await.unwrap();
    let again: Stored<Customer> = of(&store, &system, goes).await;
    assert!(again.archived_at.is_some());
    assert_eq!(again.merged_into.map(guanxi_base::Id::raw), Some(stays));
}

async fn what_cannot_be_taken_is_refused(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let ([stays, goes], _) = two(&store, &system).await;
    let third = create(&store, &system, &customer("Third")).await.id.raw();
    let mergers = role(&store, &system, "Merger").await;
    let may = vec![RightPurpose::Read, RightPurpose::Change, RightPurpose::Archive];
    create(&store, &system, &right(mergers, "*", (may, RightScope::All), None)).await;
    let limited = FieldRight {
        role: mergers,
        record_type: "customer".into(),
        field: "industry".into(),
        access: LimitedAccess::Read,
    };
    create(&store, &system, &limited).await;
    let one = User { roles: vec![mergers], ..user("m@x.example") };
    let one = create(&store, &system, &one).await.id.raw();
    let (actor, _) = actor_of(&store, one, Origin::Api, None).await.unwrap();
    for (field, from, refused) in [
        ("revenue", goes, "read-only revenue"),
        ("merged_into", stays, "read-only merged_into"),
        ("code", goes, "field-not-yours code"),
        ("industry", goes, "field-not-yours industry"),
        ("colour", goes, "unknown-field colour"),
        ("phone", third, "not-of-the-pair phone"),
    ] {
        let chosen = BTreeMap::from([(field.to_owned(), from)]);
        let wanted = Merging { chosen, ..into(stays, goes) };
        assert_eq!(refusals(merge(&store, &actor, &wanted).await), [refused]);
    }
    let chosen = BTreeMap::from([("phone".to_owned(), goes)]);
    merge(&store, &actor, &Merging { chosen, ..into(stays, goes) }).await.unwrap();
}

async fn what_waits_is_done_to_the_survivor(database: TestDatabase) {
    let house = crate::selling::house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let ([stays, goes], _) = two(store, system).await;
    let draft = house.draft(5).await;
    let described = store.catalog().get("order").unwrap().clone();
    let buyer = (described.position("customer").unwrap(), guanxi_record::Value::Link(goes));
    let version = {
        let mut view = store.read(system).await.unwrap();
        view.row("order", draft.id.raw(), Purpose::Read).await.unwrap().version
    };
    let (place, seller) = ((draft.id.raw(), version), house.actor(0).await);
    ask(store, &seller, "order", place, vec![buyer], "Theirs").await.unwrap();
    merge(store, system, &into(stays, goes)).await.unwrap();
    let decider = house.actor(1).await;
    let task = waiting_for(store, decider.user.unwrap()).await.unwrap()[0].id.raw();
    decide(store, &decider, task, &Decision::Approve, "").await.unwrap();
    let done: Stored<Order> = of(store, system, draft.id.raw()).await;
    assert_eq!(done.customer.map(guanxi_base::Id::raw), Some(stays));
}
