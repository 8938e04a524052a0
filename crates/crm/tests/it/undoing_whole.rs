//! Undo takes nothing of others with it: what was built upon a new record keeps it, and a job is
//! undone whole or not at all.

use guanxi_base::{Id, RawId};
use guanxi_crm::access::SavedView;
use guanxi_crm::exchange::undo_import;
use guanxi_crm::people::{Contact, Customer, CustomerGroup, GroupKind};
use guanxi_crm::resolution::{CustomerMerge, PairState, merge, unmerge};
use guanxi_crm::work::{Interaction, Task};
use guanxi_record::{Filter, Query, Record as _, Stored, Value};
use guanxi_store::{Actor, Origin, Purpose, Rights, Share, Store, Tx};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, open, order, refusals, segment, user};
use crate::importing::{import, total};
use crate::resolving::{merging, pairs, run};

both_databases!(
    a_creation_on_which_others_built_is_not_undone,
    what_the_product_found_out_goes_with_its_record,
    an_import_is_undone_whole_or_not_at_all,
    an_undo_that_was_cut_off_goes_on,
    what_one_may_not_see_is_not_named,
    a_merge_that_was_taken_back_stands_against_nothing,
    all_that_stands_against_an_undo_is_counted_and_told_whence_it_came,
    a_condition_that_names_a_record_keeps_it,
    what_is_done_for_somebody_is_refused_in_what_they_see,
);

/// A record of a type of which only the link to a customer and the required fields matter.
async fn linked(tx: &mut Tx, name: &str, to: RawId, required: &[(&str, Value)]) -> RawId {
    let described = tx.catalog().get(name).unwrap().clone();
    let mut values = vec![Value::Null; described.fields.len()];
    let link = described.link_to(Customer::NAME).unwrap().name.to_string();
    values[described.position(&link).unwrap()] = Value::Link(to);
    for (field, value) in required {
        values[described.position(field).unwrap()] = value.clone();
    }
    tx.create_row(&described, values).await.unwrap().id
}

async fn made(store: &Store, actor: &Actor) -> (Stored<Customer>, RawId) {
    let mut tx = store.write(actor).await.unwrap();
    let stored = tx.create(&customer("Undo Ltd")).await.unwrap();
    (stored, tx.commit().await.unwrap())
}

async fn is_there(store: &Store, actor: &Actor, id: Id<Customer>) -> bool {
    let mut view = store.read(actor).await.unwrap();
    view.fetch(Purpose::Read, id).await.is_ok()
}

async fn a_creation_on_which_others_built_is_not_undone(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = |text: &str| Value::Text(text.to_owned());
    let cases: [(&str, Vec<(&str, Value)>); 3] = [
        (Contact::NAME, vec![("name", text("Li"))]),
        (Interaction::NAME, vec![("subject", text("Call"))]),
        (Task::NAME, vec![("subject", text("Call again"))]),
    ];
    for (name, required) in cases {
        let (stored, creation) = made(&store, &actor).await;
        let mut tx = store.write(&actor).await.unwrap();
        linked(&mut tx, name, stored.id.raw(), &required).await;
        tx.commit().await.unwrap();
        assert_eq!(refusals(store.undo(&actor, creation).await), ["still-linked -"], "{name}");
        assert_eq!(total(&store, &actor, name).await, 1);
        assert!(is_there(&store, &actor, stored.id).await);
    }
    // A parent is linked to by a field that would be cleared, a share by none at all.
    let (parent, creation) = made(&store, &actor).await;
    let mut child = customer("Child");
    child.parent = Some(parent.id);
    create(&store, &actor, &child).await;
    assert_eq!(refusals(store.undo(&actor, creation).await), ["still-linked -"]);
    let (shared, creation) = made(&store, &actor).await;
    let with = create(&store, &actor, &user("li@x.example")).await.id.raw();
    let mut tx = store.write(&actor).await.unwrap();
    let share = Share { with, may_change: false, until: None, by: None };
    tx.share(Customer::NAME, shared.id.raw(), &share).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(refusals(store.undo(&actor, creation).await), ["still-shared -"]);
    // One that was there before and was led to it.
    let (led_to, creation) = made(&store, &actor).await;
    let old = create(&store, &actor, &order(&parent, "2026-01-01")).await;
    let mut moved = old.clone();
    moved.customer = Some(led_to.id);
    let mut tx = store.write(&actor).await.unwrap();
    tx.update(&moved).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(refusals(store.undo(&actor, creation).await), ["still-linked -"]);
}

async fn what_the_product_found_out_goes_with_its_record(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (stored, creation) = made(&store, &actor).await;
    let mut tx = store.write(&Actor::system(Origin::Job)).await.unwrap();
    let subject = ("subject", Value::Text("Computed".to_owned()));
    linked(&mut tx, Task::NAME, stored.id.raw(), &[subject]).await;
    tx.commit().await.unwrap();
    store.undo(&actor, creation).await.unwrap();
    assert_eq!(total(&store, &actor, Task::NAME).await, 0);
    assert_eq!(total(&store, &actor, Customer::NAME).await, 0);
}

const BY_CODE: &str = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
                       fields = { code = \"code\", name = \"name\" }";

fn lines(count: usize) -> String {
    let lines = (0..count).map(|number| format!("C{number},N{number}\n"));
    format!("code,name\n{}", lines.collect::<String>())
}

async fn an_import_is_undone_whole_or_not_at_all(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let outcome = import(&store, &actor, &lines(9_000), BY_CODE).await.unwrap();
    let job = outcome.job.id.raw();
    let mut view = store.read(&actor).await.unwrap();
    let row = view.find_by(Customer::NAME, "code", "C17").await.unwrap().unwrap();
    drop(view);
    let mut changed: Stored<Customer> = row.try_into().unwrap();
    changed.name = "Changed since".to_owned();
    let mut tx = store.write(&actor).await.unwrap();
    tx.update(&changed).await.unwrap();
    tx.commit().await.unwrap();
    let refused = store.undo_job(&actor, job, |_, _| {}).await;
    let Err(guanxi_base::Error::Refused(told)) = &refused else { panic!("{refused:?}") };
    assert_eq!(told[0].args, [("count", "1".to_owned())]);
    assert!(told[1].args.contains(&("title", "Changed since".to_owned())), "{told:?}");
    assert_eq!(refusals(refused), ["undo-nothing-done -", "changed-since -"]);
    assert_eq!(total(&store, &actor, Customer::NAME).await, 9_000);
    // What was built upon one of them stands against it as well.
    let undone = {
        let mut view = store.read(&actor).await.unwrap();
        let history = view.history(Customer::NAME, changed.id.raw(), 1).await.unwrap();
        history[0].change_set
    };
    store.undo(&actor, undone).await.unwrap();
    let mut tx = store.write(&actor).await.unwrap();
    let name = ("name", Value::Text("Li".to_owned()));
    let contact = linked(&mut tx, Contact::NAME, changed.id.raw(), &[name]).await;
    let built = tx.commit().await.unwrap();
    let refused = store.undo_job(&actor, job, |_, _| {}).await;
    assert_eq!(refusals(refused), ["undo-nothing-done -", "still-linked -"]);
    assert_eq!(total(&store, &actor, Customer::NAME).await, 9_000);
    assert_ne!(contact, RawId(0));
    store.undo(&actor, built).await.unwrap();
    store.undo_job(&actor, job, |_, _| {}).await.unwrap();
    assert_eq!(total(&store, &actor, Customer::NAME).await, 0);
}

async fn an_undo_that_was_cut_off_goes_on(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let outcome = import(&store, &actor, &lines(9_000), BY_CODE).await.unwrap();
    let job = outcome.job.id.raw();
    let sets = store.changes_of_job(&actor, job).await.unwrap();
    assert_eq!(sets.len(), 3);
    store.undo(&actor, sets[0]).await.unwrap();
    assert_eq!(total(&store, &actor, Customer::NAME).await, 8_000);
    let mut told = Vec::new();
    store.undo_job(&actor, job, |done, all| told.push((done, all))).await.unwrap();
    assert_eq!(told, [(0, 2), (1, 2), (2, 2)]);
    assert_eq!(total(&store, &actor, Customer::NAME).await, 0);
}

async fn what_one_may_not_see_is_not_named(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let (stored, creation) = made(&store, &system).await;
    let mut tx = store.write(&system).await.unwrap();
    let subject = ("subject", Value::Text("Secret".to_owned()));
    linked(&mut tx, Task::NAME, stored.id.raw(), &[subject]).await;
    tx.commit().await.unwrap();
    let purposes = [Purpose::Read, Purpose::Create, Purpose::Change, Purpose::Archive];
    let may = |purpose| ((Customer::NAME.to_owned(), purpose), Filter::everything());
    let actor = Actor { rights: Rights::listed(purposes.map(may)), ..system.clone() };
    let refused = store.undo(&actor, creation).await;
    let Err(guanxi_base::Error::Refused(told)) = &refused else { panic!("{refused:?}") };
    assert!(!format!("{told:?}").contains("Secret"));
    assert_eq!(refusals(refused), ["still-linked-unseen -"]);
    let mut view = store.read(&system).await.unwrap();
    let all = Query::of(Filter::everything());
    assert_eq!(view.total(Task::NAME, &all).await.unwrap().number, 1);
}

async fn a_merge_that_was_taken_back_stands_against_nothing(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mapping = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
                   fields = { code = \"code\", name = \"name\", phone = \"phone\" }";
    let text = "code,name,phone\nA,Acme Ltd.,13800001111\nB,ACME Limited,13800001111\n";
    let job = import(&store, &actor, text, mapping).await.unwrap().job.id.raw();
    run(&store, &actor, None).await;
    let found = pairs(&store, &actor, PairState::Open).await;
    assert_eq!(found.len(), 1);
    let (one, other) = (found[0].first.raw(), found[0].second.raw());
    let note = merge(&store, &actor, &merging(one, other)).await.unwrap();
    unmerge(&store, &actor, note.id.raw()).await.unwrap();
    store.undo_job(&actor, job, |_, _| {}).await.unwrap();
    assert_eq!(total(&store, &actor, Customer::NAME).await, 0);
}

async fn all_that_stands_against_an_undo_is_counted_and_told_whence_it_came(
    database: TestDatabase,
) {
    let (store, actor) = open(&database).await;
    let customers = import(&store, &actor, &lines(60), BY_CODE).await.unwrap();
    let mapping = "[[records]]\ntype = \"order\"\n[records.fields]\ndate = \"date\"\n\
                   customer = { column = \"code\", find_by = \"code\" }";
    let orders: String =
        (0..150).map(|at| format!("2026-01-0{},C{}\n", 1 + at / 50, at % 50)).collect();
    let orders = import(&store, &actor, &format!("date,code\n{orders}"), mapping).await.unwrap();
    assert!(orders.refused.is_empty(), "{:?}", orders.refused);
    let job = customers.job.id.raw();
    let refused = undo_import(&store, &actor, job, |_, _| {}).await;
    let Err(guanxi_base::Error::Refused(told)) = &refused else { panic!("{refused:?}") };
    assert_eq!(told[0].args, [("count", "150".to_owned())]);
    assert_eq!(told[1].code, "undo-job-first");
    let first = orders.job.id.raw();
    let args = [("job", first.to_string()), ("file", "test.csv".to_owned())];
    assert_eq!(told[1].args, args);
    undo_import(&store, &actor, first, |_, _| {}).await.unwrap();
    undo_import(&store, &actor, job, |_, _| {}).await.unwrap();
    assert_eq!(total(&store, &actor, Customer::NAME).await, 0);
}

async fn a_condition_that_names_a_record_keeps_it(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (parent, creation) = made(&store, &actor).await;
    let (other, unnamed) = made(&store, &actor).await;
    let daughters = segment("Daughters", &Filter::eq("parent", parent.id.to_string()));
    create(&store, &actor, &daughters).await;
    assert_eq!(refusals(store.undo(&actor, creation).await), ["still-linked -"]);
    assert!(is_there(&store, &actor, parent.id).await);
    store.undo(&actor, unnamed).await.unwrap();
    assert!(!is_there(&store, &actor, other.id).await);
    // An address of a list names it as well.
    let view = SavedView {
        name: "Daughters".to_owned(),
        record_type: Customer::NAME.to_owned(),
        address: guanxi_record::LongText(format!("parent={}&sort=name", parent.id)),
        owner: None,
        is_shared: false,
        is_locked: false,
    };
    let (another, creation) = made(&store, &actor).await;
    let address = view.address.0.replace(&parent.id.to_string(), &another.id.to_string());
    create(&store, &actor, &SavedView { address: guanxi_record::LongText(address), ..view }).await;
    assert_eq!(refusals(store.undo(&actor, creation).await), ["still-linked -"]);
}

/// The product parts customers with all rights, for somebody who sees less.
async fn what_is_done_for_somebody_is_refused_in_what_they_see(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let group = |name: &str| CustomerGroup {
        name: name.to_owned(),
        kind: GroupKind::Companies,
        owner: None,
        notes: None,
    };
    let old = create(&store, &actor, &group("SECRETGROUP")).await;
    let new = create(&store, &actor, &group("New")).await;
    let of = |name: &str, group: &Stored<CustomerGroup>| Customer {
        group: Some(group.id),
        ..customer(name)
    };
    let stays = create(&store, &actor, &of("Stays", &old)).await.id.raw();
    let goes = create(&store, &actor, &of("Goes", &new)).await.id.raw();
    let mut wanted = merging(stays, goes);
    wanted.chosen.insert("group".to_owned(), goes);
    let note = merge(&store, &actor, &wanted).await.unwrap().id.raw();
    let mut tx = store.write(&actor).await.unwrap();
    tx.archive(CustomerGroup::NAME, old.id.raw(), old.version).await.unwrap();
    tx.commit().await.unwrap();
    let told = async |actor: &Actor| {
        let refused = unmerge(&store, actor, note).await;
        let said = format!("{refused:?}").contains("SECRETGROUP");
        (refusals(refused), said)
    };
    let refused = vec!["link-to-archived group".to_owned()];
    assert_eq!(told(&actor).await, (refused.clone(), true));
    let everything = Filter::everything;
    let sees_less = Rights::listed([
        ((Customer::NAME.to_owned(), Purpose::Read), everything()),
        ((Customer::NAME.to_owned(), Purpose::Change), everything()),
        ((CustomerMerge::NAME.to_owned(), Purpose::Read), everything()),
    ]);
    let sees_less = Actor { rights: sees_less, ..actor.clone() };
    assert_eq!(told(&sees_less).await, (refused, false));
}
