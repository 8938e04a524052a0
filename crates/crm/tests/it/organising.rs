//! Territories that fit, and the desk of somebody who leaves.

use guanxi_base::RawId;
use guanxi_crm::access::{CustomerClass, Territory, belongings, hand_over};
use guanxi_crm::people::{Customer, assign_territories};
use guanxi_record::{LongText, Owner, Stored};
use guanxi_store::Purpose;
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, open, refusals, user};

both_databases!(a_customer_belongs_where_it_fits_best, a_leaver_hands_over_everything,);

async fn a_customer_belongs_where_it_fits_best(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let territory = |name: &str, regions: &str, parent, customer_class| Territory {
        name: name.to_owned(),
        parent,
        members: Vec::new(),
        regions: Some(LongText(regions.to_owned())),
        product_line: None,
        customer_class,
    };
    let china = create(&store, &actor, &territory("China", "China\nChine", None, None)).await;
    let wide = territory("Guangdong", " 广东省 ", Some(china.id), None);
    let wide = create(&store, &actor, &wide).await;
    let key = territory("Guangdong key", "广东省", Some(china.id), Some(CustomerClass::Key));
    let key = create(&store, &actor, &key).await;
    let mut made = Vec::new();
    for (country, province, class) in [
        (Some("China"), "浙江省", None),
        (Some("China"), "广东省", Some(CustomerClass::Small)),
        (Some("China"), "广东省", Some(CustomerClass::Key)),
        (Some("Peru"), "", None),
        (None, "", None),
    ] {
        let mut one = customer(&format!("{country:?} {province} {class:?}"));
        one.country = country.map(str::to_owned);
        one.class = class;
        let province = province.to_owned();
        one.address = Some(guanxi_record::Address { province, ..Default::default() });
        made.push(create(&store, &actor, &one).await);
    }
    let (assigned, job) = assign_territories(&store, &actor).await.unwrap();
    assert_eq!(assigned, 3);
    let mut view = store.read(&actor).await.unwrap();
    let mut found = Vec::new();
    for one in &made {
        let now: Stored<Customer> = view.fetch(Purpose::Read, one.id).await.unwrap();
        found.push(now.territory);
    }
    assert_eq!(found, [Some(china.id), Some(wide.id), Some(key.id), None, None]);
    drop(view);
    store.undo_job(&actor, job, |_, _| {}).await.unwrap();
    let (again, _) = assign_territories(&store, &actor).await.unwrap();
    assert_eq!(again, 3);
}

async fn a_leaver_hands_over_everything(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let [from, to] = [
        create(&store, &actor, &user("from@x.example")).await.id.raw(),
        create(&store, &actor, &user("to@x.example")).await.id.raw(),
    ];
    let mut ids: Vec<RawId> = Vec::new();
    for at in 0..3 {
        let mut one = customer(&format!("Customer {at}"));
        one.owner = Some(Owner(from));
        ids.push(create(&store, &actor, &one).await.id.raw());
    }
    let area = Territory {
        name: "Here".to_owned(),
        parent: None,
        members: vec![guanxi_base::Id::new(from), guanxi_base::Id::new(to)],
        regions: None,
        product_line: None,
        customer_class: None,
    };
    let area = create(&store, &actor, &area).await;
    let mut tx = store.write(&actor).await.unwrap();
    tx.archive("customer", ids[2], 1).await.unwrap();
    tx.commit().await.unwrap();
    let new = guanxi_store::NewSignIn::of(guanxi_store::SignInKind::Session);
    let token = store.create_sign_in(from, new).await.unwrap();

    let mut view = store.read(&actor).await.unwrap();
    let preview = belongings(&mut view, from).await.unwrap();
    drop(view);
    let preview: Vec<(&str, i64)> =
        preview.iter().map(|one| (one.record_type.as_str(), one.records)).collect();
    assert_eq!(preview, [("customer", 3), ("territory", 1)]);
    assert_eq!(refusals(hand_over(&store, &actor, from, from).await), ["own-substitute to"]);
    let done = hand_over(&store, &actor, from, to).await.unwrap();
    assert_eq!(done.records, 4);
    let mut view = store.read(&actor).await.unwrap();
    assert!(belongings(&mut view, from).await.unwrap().is_empty());
    // Whoever served a territory already does so once.
    let members = view.fetch(Purpose::Read, area.id).await.unwrap().record.members;
    assert_eq!(members.iter().map(|m| m.raw()).collect::<Vec<_>>(), [to]);
    drop(view);
    let kind = guanxi_store::SignInKind::Session;
    assert!(store.sign_in(&token, kind).await.unwrap().is_none());
    assert!(
        guanxi_crm::access::actor_of(&store, from, guanxi_store::Origin::Web, None).await.is_err()
    );
    store.undo_job(&actor, done.job, |_, _| {}).await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    assert_eq!(belongings(&mut view, from).await.unwrap().len(), 2);
}
