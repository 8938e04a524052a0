//! Who was only shared a record gives no more of it than they have, and what was shared with nobody is told
//! to nobody.

use guanxi_base::{Date, RawId};
use guanxi_crm::access::{RightPurpose, RightScope, Role, RoleRight, SavedView, User, actor_of};
use guanxi_crm::people::Customer;
use guanxi_crm::resolution::{Merging, merge, unmerge};
use guanxi_record::{LongText, Owner, Record as _, Stored};
use guanxi_store::{Origin, Purpose, Share};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, open, order, refusals, user};

both_databases!(
    who_was_shared_a_record_gives_no_more_of_it,
    a_merge_adds_no_two_shares_up,
    what_stands_against_parting_customers_is_named_to_who_sees_it,
);

fn share(with: RawId, may_change: bool, until: Option<&str>) -> Share {
    let until: Option<Date> = until.map(|day| day.parse().unwrap());
    Share { with, may_change, until, by: None }
}

async fn who_was_shared_a_record_gives_no_more_of_it(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let role = Role { name: "Seller".into(), description: None, needs_second_factor: false };
    let role = create(&store, &system, &role).await.id;
    for record_type in ["customer", "order"] {
        let right = RoleRight {
            role,
            record_type: record_type.into(),
            purposes: vec![RightPurpose::Read, RightPurpose::Change],
            scope: RightScope::Own,
            condition: None,
        };
        create(&store, &system, &right).await;
    }
    let mut people = Vec::new();
    for email in ["owner@x.example", "mate@x.example", "third@x.example"] {
        let one = User { roles: vec![role], ..user(email) };
        people.push(create(&store, &system, &one).await.id.raw());
    }
    let of = Customer { owner: Some(Owner(people[0])), ..customer("Own") };
    let of = create(&store, &system, &of).await;
    let sold = create(&store, &system, &order(&of, "2026-03-01")).await.id.raw();
    let give = async |person: usize, record: (&str, RawId), share: Share| {
        let (actor, _) = actor_of(&store, people[person], Origin::Api, None).await.unwrap();
        let mut tx = store.write(&actor).await.unwrap();
        tx.share(record.0, record.1, &share).await?;
        tx.commit().await.map(drop)
    };
    let record = (Customer::NAME, of.id.raw());
    give(0, record, share(people[1], true, Some("2026-03-19"))).await.unwrap();
    for record in [record, ("order", sold)] {
        for until in [None, Some("2027-01-01"), Some("2026-03-19")] {
            let refused = give(1, record, share(people[1], true, until)).await;
            assert_eq!(refusals(refused), ["not-with-oneself with"], "{record:?} {until:?}");
        }
        for (may_change, until) in [(true, None), (false, None), (false, Some("2026-03-20"))] {
            let refused = give(1, record, share(people[2], may_change, until)).await;
            assert_eq!(refusals(refused), ["more-than-was-shared until"], "{record:?} {until:?}");
        }
        give(1, record, share(people[2], true, Some("2026-03-19"))).await.unwrap();
        give(1, record, share(people[2], false, Some("2026-03-18"))).await.unwrap();
    }
    // Who has it anyway gives it as they like.
    give(0, record, share(people[1], true, None)).await.unwrap();
    give(1, record, share(people[2], true, None)).await.unwrap();
}

async fn a_merge_adds_no_two_shares_up(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let mate = create(&store, &system, &user("mate@x.example")).await.id.raw();
    for ((stays, goes), expected) in [
        (((true, Some("2026-03-19")), (false, None)), (false, None)),
        (((false, None), (true, Some("2026-03-19"))), (false, None)),
        (((true, Some("2026-03-19")), (true, None)), (true, None)),
        (((true, None), (false, Some("2026-03-19"))), (true, None)),
        (((false, Some("2026-03-19")), (true, Some("2026-03-19"))), (true, Some("2026-03-19"))),
    ] {
        let [to, from] = [
            create(&store, &system, &customer("Stays")).await.id.raw(),
            create(&store, &system, &customer("Goes")).await.id.raw(),
        ];
        let mut tx = store.write(&system).await.unwrap();
        tx.share(Customer::NAME, to, &share(mate, stays.0, stays.1)).await.unwrap();
        tx.share(Customer::NAME, from, &share(mate, goes.0, goes.1)).await.unwrap();
        tx.carry_shares(Customer::NAME, from, to).await.unwrap();
        let given = tx.shares(Customer::NAME, to).await.unwrap().remove(0);
        let wanted = share(mate, expected.0, expected.1);
        assert_eq!((given.may_change, given.until), (wanted.may_change, wanted.until), "{stays:?}");
    }
}

async fn what_stands_against_parting_customers_is_named_to_who_sees_it(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let role = Role { name: "Seller".into(), description: None, needs_second_factor: false };
    let role = create(&store, &system, &role).await.id;
    for record_type in ["customer", "customer_merge"] {
        let right = RoleRight {
            role,
            record_type: record_type.into(),
            purposes: vec![RightPurpose::Read, RightPurpose::Change],
            scope: RightScope::All,
            condition: None,
        };
        create(&store, &system, &right).await;
    }
    let one = User { roles: vec![role], ..user("seller@x.example") };
    let seller = create(&store, &system, &one).await.id.raw();
    let boss = create(&store, &system, &user("boss@x.example")).await.id.raw();
    let [survivor, merged] = [
        create(&store, &system, &customer("Stays")).await.id.raw(),
        create(&store, &system, &customer("Goes")).await.id.raw(),
    ];
    let view = SavedView {
        name: "PRIVATE".into(),
        record_type: "order".into(),
        address: LongText(format!("?customer={merged}")),
        owner: Some(Owner(boss)),
        is_shared: false,
        is_locked: true,
    };
    let view = create(&store, &system, &view).await;
    let wanted = Merging { survivor, merged, chosen: Default::default(), is_automatic: false };
    let note = merge(&store, &system, &wanted).await.unwrap().id.raw();
    let mut tx = store.write(&system).await.unwrap();
    let mut led: Stored<SavedView> = tx.fetch(Purpose::Change, view.id).await.unwrap();
    led.address = LongText(format!("?customer={survivor}&sort=-date"));
    tx.update(&led).await.unwrap();
    tx.commit().await.unwrap();
    let (actor, _) = actor_of(&store, seller, Origin::Api, None).await.unwrap();
    let refused = unmerge(&store, &actor, note).await;
    assert!(!format!("{refused:?}").contains("PRIVATE"), "{refused:?}");
    assert_eq!(refusals(refused), ["changed-since -"]);
    let told = unmerge(&store, &system, note).await;
    assert!(format!("{told:?}").contains("PRIVATE"), "{told:?}");
}
