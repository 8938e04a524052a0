//! Territories that fit, and the desk of somebody who leaves.

use guanxi_base::RawId;
use guanxi_crm::access::{CustomerClass, Substitution, Territory};
use guanxi_crm::delivery::Notice;
use guanxi_crm::hand_over::{belongings, hand_over};
use guanxi_crm::people::{Customer, assign_territories};
use guanxi_crm::work::{Interaction, InteractionKind};
use guanxi_record::{LongText, Owner, Record as _, Stored, Value};
use guanxi_store::{Actor, CustomField, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::customising::define;
use crate::house::{NOW, create, customer, open, refusals, user};

both_databases!(
    a_customer_belongs_where_it_fits_best,
    a_leaver_hands_over_everything,
    what_people_did_stays_theirs,
    one_that_may_not_change_keeps_no_other,
);

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
    let moved = assign_territories(&store, &actor).await.unwrap();
    assert_eq!((moved.records, moved.left.len()), (3, 0));
    let mut view = store.read(&actor).await.unwrap();
    let mut found = Vec::new();
    for one in &made {
        let now: Stored<Customer> = view.fetch(Purpose::Read, one.id).await.unwrap();
        found.push(now.territory);
    }
    assert_eq!(found, [Some(china.id), Some(wide.id), Some(key.id), None, None]);
    drop(view);
    store.undo_job(&actor, moved.job, |_, _| {}).await.unwrap();
    let again = assign_territories(&store, &actor).await.unwrap();
    assert_eq!(again.records, 3);
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

async fn what_people_did_stays_theirs(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut people = Vec::new();
    for name in ["from", "to", "away"] {
        people.push(create(&store, &actor, &user(&format!("{name}@x.example"))).await.id.raw());
    }
    let (from, to, away) = (people[0], people[1], people[2]);
    let buyer = create(&store, &actor, &customer("Buyer")).await;
    let talked = Interaction {
        subject: "A call".to_owned(),
        kind: InteractionKind::Call,
        customer: buyer.id,
        contact: None,
        at: NOW.parse().unwrap(),
        direction: None,
        minutes: None,
        case: None,
        source: None,
        owner: Some(Owner(from)),
        notes: None,
    };
    let talked = create(&store, &actor, &talked).await;
    let stood_in = Substitution {
        owner: Some(Owner(away)),
        substitute: Owner(from),
        first_day: "2026-01-01".parse().unwrap(),
        last_day: "2026-02-01".parse().unwrap(),
        reason: None,
    };
    let stood_in = create(&store, &actor, &stood_in).await;
    let told = Notice {
        name: "News".to_owned(),
        text: None,
        about: None,
        address: None,
        subscription: None,
        read_at: None,
        owner: Some(Owner(from)),
    };
    let told = create(&store, &actor, &told).await;
    let moved = hand_over(&store, &actor, from, to).await.unwrap();
    assert_eq!((moved.records, moved.left.len()), (0, 0));
    let mut view = store.read(&actor).await.unwrap();
    assert_eq!(view.fetch(Purpose::Read, talked.id).await.unwrap().owner, Some(Owner(from)));
    assert_eq!(view.fetch(Purpose::Read, told.id).await.unwrap().owner, Some(Owner(from)));
    assert_eq!(view.fetch(Purpose::Read, stood_in.id).await.unwrap().substitute, Owner(from));
    // Whatever the product alone writes of people is what they did.
    let catalog = store.catalog();
    let fields = catalog.types().flat_map(|of| of.fields.iter().map(move |field| (of, field)));
    let deeds = fields.filter(|(_, field)| field.kind.leads_to() == Some("user"));
    let deeds = deeds.filter(|(_, field)| field.read_only || field.deed);
    let deeds: Vec<String> =
        deeds.map(|(of, field)| format!("{}.{}", of.name, field.name)).collect();
    for known in [
        "approval_request.owner",
        "approval_task.decided_by",
        "approval_task.owner",
        "analysis_run.owner",
        "file.owner",
        "import_job.owner",
        "interaction.owner",
        "notice.owner",
        "substitution.owner",
        "substitution.substitute",
    ] {
        assert!(deeds.iter().any(|deed| deed == known), "{known} of {deeds:?}");
    }
}

/// A field of customers that must be filled, which nobody has filled before.
async fn demand(store: &Store, actor: &Actor) {
    let field = define(store, actor, "x_branch", "text", "").await;
    let described = store.catalog().get(CustomField::NAME).unwrap().clone();
    let required = described.position("is_required").unwrap();
    let mut tx = store.write(actor).await.unwrap();
    let fields = vec![(required, Value::Boolean(true))];
    tx.update_fields(&described, field.id, field.version, fields).await.unwrap();
    tx.commit().await.unwrap();
}

async fn one_that_may_not_change_keeps_no_other(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let [from, to] = [
        create(&store, &actor, &user("from@x.example")).await.id.raw(),
        create(&store, &actor, &user("to@x.example")).await.id.raw(),
    ];
    let mut made = Vec::new();
    for at in 0..4 {
        let mut one = customer(&format!("Customer {at}"));
        one.owner = Some(Owner(from));
        one.country = Some("China".to_owned());
        made.push(create(&store, &actor, &one).await.id.raw());
    }
    demand(&store, &actor).await;
    let described = store.catalog().get("customer").unwrap().clone();
    let place = described.position("x_branch").unwrap();
    let fill = async |id: RawId| {
        let mut tx = store.write(&actor).await.unwrap();
        let version = tx.row("customer", id, Purpose::Change).await.unwrap().version;
        let fields = vec![(place, Value::Text("Steel".to_owned()))];
        tx.update_fields(&described, id, version, fields).await.unwrap();
        tx.commit().await.unwrap();
    };
    for id in [made[0], made[2], made[3]] {
        fill(id).await;
    }
    let moved = hand_over(&store, &actor, from, to).await.unwrap();
    let left = moved.left.iter();
    let left: Vec<(RawId, &str, &str)> =
        left.map(|one| (one.record, one.title.as_str(), one.why[0].code)).collect();
    assert_eq!((moved.records, left), (3, vec![(made[1], "Customer 1", "required")]));
    let mut view = store.read(&actor).await.unwrap();
    assert_eq!(belongings(&mut view, from).await.unwrap()[0].records, 1);
    drop(view);
    // Territories go the same way.
    let area = Territory {
        name: "China".to_owned(),
        parent: None,
        members: Vec::new(),
        regions: Some(LongText("China".to_owned())),
        product_line: None,
        customer_class: None,
    };
    create(&store, &actor, &area).await;
    let placed = assign_territories(&store, &actor).await.unwrap();
    assert_eq!((placed.records, placed.left.len()), (3, 1));
    assert_eq!(placed.left[0].record, made[1]);
    // With the reason out of the way the rest goes too.
    fill(made[1]).await;
    let rest = hand_over(&store, &actor, from, to).await.unwrap();
    assert_eq!((rest.records, rest.left.len()), (1, 0));
    // Whoever is filled in by hand has been placed with that already.
    assert_eq!(assign_territories(&store, &actor).await.unwrap().left.len(), 0);
}
