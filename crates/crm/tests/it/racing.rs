//! Several who write at the same moment: whoever looks before they write sees what the others left.
//! PostgreSQL lets them go on side by side; on SQLite the same tests say that the outcome is one.

use std::future::Future;

use guanxi_base::{Currency, Id, Money, RawId, Result};
use guanxi_crm::people::{Contact, Customer};
use guanxi_crm::resolution::{CustomerPair, PairState, Relation, decide, merge, merge_pair};
use guanxi_crm::sales::{Order, OrderLine};
use guanxi_record::{Filter, Query, Record, Stored, Value};
use guanxi_store::{Actor, CustomField, Purpose, Store, Tx};
use guanxi_testkit::{TestDatabase, both_databases};
use tokio::task::JoinSet;

use crate::customising::{define, get, set};
use crate::house::{create, customer, line, open, order, refusals};
use crate::importing::{import, total};
use crate::linking::tried;
use crate::resolving::{merging, of};
use crate::selling::{house, yuan};

both_databases!(
    lines_that_are_written_at_once_are_all_in_the_sum,
    a_change_of_an_order_leaves_its_sum_to_its_lines,
    an_order_keeps_one_currency_whoever_is_first,
    what_is_being_built_on_a_record_keeps_it,
    what_is_being_undone_takes_nothing_new,
    a_merge_takes_along_what_is_being_hung_on,
    what_is_being_put_away_takes_nothing_new,
    nothing_stays_behind_at_a_merged_customer,
    imports_at_once_make_no_doubles,
    a_field_being_filled_keeps_its_name_and_options,
    a_field_being_changed_takes_no_old_values,
    promises_at_once_stay_within_the_credit_limit,
    parents_at_once_close_no_circle,
    a_pair_is_decided_once,
);

/// Commits a transaction while somebody else is at work, once they wait for it or are done.
async fn commit_before<T: Send + 'static>(
    database: &TestDatabase,
    first: Tx,
    second: impl Future<Output = T> + Send + 'static,
) -> (Result<RawId>, T) {
    let second = tokio::spawn(second);
    loop {
        tokio::task::yield_now().await;
        if second.is_finished() || database.somebody_waits().await {
            break;
        }
    }
    let first = first.commit().await;
    (first, second.await.unwrap())
}

pub(crate) fn contact(customer: Id<Customer>, name: &str) -> Contact {
    Contact {
        name: name.to_owned(),
        customer,
        job_title: None,
        roles: Vec::new(),
        influence: None,
        reports_to: None,
        phone: None,
        email: None,
        birthday: None,
        notes: None,
    }
}

fn line_of(of: &Stored<Order>, units: i64, currency: Currency) -> OrderLine {
    OrderLine { unit_price: Money::new(units, currency), ..line(of, 1, 0) }
}

async fn lines_that_are_written_at_once_are_all_in_the_sum(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let buyer = create(&store, &actor, &customer("Buyer")).await;
    for _ in 0..3 {
        let sold = create(&store, &actor, &order(&buyer, "2026-03-01")).await;
        let mut lines = JoinSet::new();
        for _ in 0..12 {
            let (store, actor) = (store.clone(), actor.clone());
            let line = line_of(&sold, 33_300, Currency::CNY);
            lines.spawn(async move { create(&store, &actor, &line).await });
        }
        let lines = lines.join_all().await;
        let now: Stored<Order> = of(&store, &actor, sold.id.raw()).await;
        assert_eq!(now.total, Some(Money::new(12 * 33_300, Currency::CNY)));
        // Half of them are put away, the others change.
        let mut changes = JoinSet::new();
        for (at, stored) in lines.into_iter().enumerate() {
            let (store, actor) = (store.clone(), actor.clone());
            changes.spawn(async move {
                let mut tx = store.write(&actor).await.unwrap();
                if at % 2 == 0 {
                    let (id, version) = (stored.id.raw(), stored.version);
                    tx.archive(OrderLine::NAME, id, version).await.unwrap();
                } else {
                    let mut more = stored;
                    more.quantity = 2.into();
                    tx.update(&more).await.unwrap();
                }
                tx.commit().await.unwrap();
            });
        }
        changes.join_all().await;
        let now: Stored<Order> = of(&store, &actor, sold.id.raw()).await;
        assert_eq!(now.total, Some(Money::new(6 * 2 * 33_300, Currency::CNY)));
    }
}

async fn a_change_of_an_order_leaves_its_sum_to_its_lines(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let buyer = create(&store, &actor, &customer("Buyer")).await;
    let sold = create(&store, &actor, &order(&buyer, "2026-03-01")).await;
    create(&store, &actor, &line_of(&sold, 1_000_000, Currency::CNY)).await;
    // Who has read the order does not write what its sum was then.
    let mut changing = store.write(&actor).await.unwrap();
    let mut read = changing.fetch::<Order>(Purpose::Change, sold.id).await.unwrap();
    assert_eq!(read.total, Some(Money::new(1_000_000, Currency::CNY)));
    read.customer_reference = Some("PO 7".to_owned());
    let more = {
        let (store, actor, line) =
            (store.clone(), actor.clone(), line_of(&sold, 500_000, Currency::CNY));
        tokio::spawn(async move { create(&store, &actor, &line).await })
    };
    while !more.is_finished() && !database.somebody_waits().await {
        tokio::task::yield_now().await;
    }
    changing.update(&read).await.unwrap();
    let change = changing.commit().await.unwrap();
    more.await.unwrap();
    let both = Some(Money::new(1_500_000, Currency::CNY));
    let now: Stored<Order> = of(&store, &actor, sold.id.raw()).await;
    assert_eq!((now.total, now.customer_reference.as_deref()), (both, Some("PO 7")));
    // Nor does who read it long ago, nor an undo; and no change of the sum is told.
    let mut long_ago = Stored { version: now.version, ..read };
    long_ago.customer_reference = Some("PO 8".to_owned());
    let mut tx = store.write(&actor).await.unwrap();
    let written = tx.update(&long_ago).await.unwrap();
    assert_eq!(written.total, both);
    let changed_again = tx.commit().await.unwrap();
    store.undo(&actor, changed_again).await.unwrap();
    store.undo(&actor, change).await.unwrap();
    let now: Stored<Order> = of(&store, &actor, sold.id.raw()).await;
    assert_eq!((now.total, now.customer_reference.as_deref()), (both, None));
    let mut view = store.read(&actor).await.unwrap();
    let history = view.history(Order::NAME, sold.id.raw(), 20).await.unwrap();
    let told = history.iter().flat_map(|entry| &entry.changes.0);
    assert!(told.map(|change| &*change.field).all(|field| field == "customer_reference"));
}

async fn an_order_keeps_one_currency_whoever_is_first(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let buyer = create(&store, &actor, &customer("Buyer")).await;
    for _ in 0..6 {
        let sold = create(&store, &actor, &order(&buyer, "2026-03-01")).await;
        let mut lines = JoinSet::new();
        for currency in [Currency::CNY, Currency::USD] {
            let (store, actor) = (store.clone(), actor.clone());
            let line = line_of(&sold, 10_000, currency);
            lines.spawn(async move { tried(&store, &actor, &line).await });
        }
        let outcomes = lines.join_all().await;
        let refused: Vec<String> =
            outcomes.into_iter().filter(Result::is_err).flat_map(refusals).collect();
        assert_eq!(refused, ["mixed-currencies -"]);
    }
}

async fn what_is_being_built_on_a_record_keeps_it(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut tx = store.write(&actor).await.unwrap();
    let made = tx.create(&customer("Made")).await.unwrap();
    let creation = tx.commit().await.unwrap();
    let mut building = store.write(&actor).await.unwrap();
    building.create(&contact(made.id, "Li")).await.unwrap();
    let undo = {
        let (store, actor) = (store.clone(), actor.clone());
        async move { store.undo(&actor, creation).await }
    };
    let (built, undone) = commit_before(&database, building, undo).await;
    built.unwrap();
    assert_eq!(refusals(undone), ["still-linked -"]);
    assert_eq!(total(&store, &actor, Contact::NAME).await, 1);
}

async fn what_is_being_undone_takes_nothing_new(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut tx = store.write(&actor).await.unwrap();
    let made = tx.create(&customer("Made")).await.unwrap();
    let creation = tx.commit().await.unwrap();
    let mut undoing = store.write(&actor).await.unwrap();
    undoing.undo(creation).await.unwrap();
    let build = {
        let (store, actor) = (store.clone(), actor.clone());
        async move { tried(&store, &actor, &contact(made.id, "Li")).await }
    };
    let (undone, built) = commit_before(&database, undoing, build).await;
    undone.unwrap();
    assert_eq!(refusals(built), ["link-to-nothing customer"]);
    assert_eq!(total(&store, &actor, Customer::NAME).await, 0);
}

async fn a_merge_takes_along_what_is_being_hung_on(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let stays = create(&store, &actor, &customer("Stays")).await;
    let goes = create(&store, &actor, &customer("Goes")).await;
    let mut hanging = store.write(&actor).await.unwrap();
    let hung = hanging.create(&contact(goes.id, "Li")).await.unwrap();
    let merging = {
        let (store, actor) = (store.clone(), actor.clone());
        async move { merge(&store, &actor, &merging(stays.id.raw(), goes.id.raw())).await }
    };
    let (done, merged) = commit_before(&database, hanging, merging).await;
    done.unwrap();
    merged.unwrap();
    let hung: Stored<Contact> = of(&store, &actor, hung.id.raw()).await;
    assert_eq!(hung.customer, stays.id);
}

async fn what_is_being_put_away_takes_nothing_new(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let goes = create(&store, &actor, &customer("Goes")).await;
    let mut leaving = store.write(&actor).await.unwrap();
    leaving.archive(Customer::NAME, goes.id.raw(), goes.version).await.unwrap();
    let hang = {
        let (store, actor) = (store.clone(), actor.clone());
        async move { tried(&store, &actor, &contact(goes.id, "Li")).await }
    };
    let (left, hung) = commit_before(&database, leaving, hang).await;
    left.unwrap();
    assert_eq!(refusals(hung), ["link-to-archived customer"]);
}

async fn nothing_stays_behind_at_a_merged_customer(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for _ in 0..3 {
        let stays = create(&store, &actor, &customer("Stays")).await;
        let goes = create(&store, &actor, &customer("Goes")).await;
        let mut hanging = JoinSet::new();
        for at in 0..10 {
            let (store, actor, goes) = (store.clone(), actor.clone(), goes.clone());
            hanging.spawn(async move {
                match at % 2 {
                    0 => tried(&store, &actor, &contact(goes.id, "Li")).await.map(drop),
                    _ => tried(&store, &actor, &order(&goes, "2026-03-01")).await.map(drop),
                }
            });
        }
        merge(&store, &actor, &merging(stays.id.raw(), goes.id.raw())).await.unwrap();
        for refused in hanging.join_all().await.into_iter().filter(Result::is_err) {
            assert_eq!(refusals(refused), ["link-to-merged customer"]);
        }
        let mut view = store.read(&actor).await.unwrap();
        let left = Query::of(Filter::eq("customer", goes.id.to_string()));
        for name in [Contact::NAME, Order::NAME] {
            assert!(view.list(name, &left).await.unwrap().rows.is_empty(), "{name}");
        }
    }
}

async fn imports_at_once_make_no_doubles(database: TestDatabase) {
    const BY_EMAIL: &str = "[[records]]\ntype = \"customer\"\nmatch = [\"email\"]\n\
                            fields = { email = \"email\", name = \"name\" }";
    let (store, actor) = open(&database).await;
    let lines: String =
        (0..600).map(|number| format!("n{number}@x.example,Firm {number}\n")).collect();
    let text = format!("email,name\n{lines}");
    let mut imports = JoinSet::new();
    for _ in 0..3 {
        let (store, actor, text) = (store.clone(), actor.clone(), text.clone());
        imports.spawn(async move { import(&store, &actor, &text, BY_EMAIL).await.map(drop) });
    }
    for outcome in imports.join_all().await {
        outcome.unwrap();
    }
    assert_eq!(total(&store, &actor, Customer::NAME).await, 600);
}

async fn text_field(store: &Store, actor: &Actor, name: &str) -> (RawId, i64) {
    let row = define(store, actor, name, "text", "").await;
    (row.id, row.version)
}

async fn a_field_being_filled_keeps_its_name_and_options(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let one = create(&store, &actor, &customer("One")).await;
    let (named, _) = text_field(&store, &actor, "tone").await;
    let chosen = define(&store, &actor, "size", "choice", "small\nlarge").await.id;
    let text = |text: &str| Value::Text(text.to_owned());
    for (definition, field, value, change, refused) in [
        (named, "x_tone", "warm", ("name", "mood"), "custom-field-in-use name"),
        (named, "x_tone", "cold", ("kind", "integer"), "custom-field-in-use kind"),
        (chosen, "x_size", "large", ("options", "small"), "option-in-use options"),
    ] {
        let described = store.catalog().get(Customer::NAME).unwrap().clone();
        let mut filling = store.write(&actor).await.unwrap();
        let version =
            filling.row(Customer::NAME, one.id.raw(), Purpose::Read).await.unwrap().version;
        let fields = vec![(described.position(field).unwrap(), text(value))];
        filling.update_fields(&described, one.id.raw(), version, fields).await.unwrap();
        let changing = {
            let (store, actor, new) = (store.clone(), actor.clone(), text(change.1));
            let place = (CustomField::NAME, definition);
            async move { set(&store, &actor, place, change.0, new).await }
        };
        let (filled, changed) = commit_before(&database, filling, changing).await;
        filled.unwrap();
        assert_eq!(refusals(changed), [refused]);
        assert_eq!(get(&store, &actor, one.id.raw(), field).await, text(value));
    }
}

async fn a_field_being_changed_takes_no_old_values(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let one = create(&store, &actor, &customer("One")).await;
    let (field, version) = text_field(&store, &actor, "tone").await;
    let described = store.catalog().get(CustomField::NAME).unwrap().clone();
    let place = described.position("name").unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    let mut renaming = store.write(&actor).await.unwrap();
    let fields = vec![(place, text("mood"))];
    renaming.update_fields(&described, field, version, fields).await.unwrap();
    let filling = {
        let (store, actor, id) = (store.clone(), actor.clone(), one.id.raw());
        // Who has seen the field as it was.
        let old = store.catalog().get(Customer::NAME).unwrap().clone();
        async move {
            let mut tx = store.write(&actor).await?;
            let version = tx.row(Customer::NAME, id, Purpose::Read).await?.version;
            let value = Value::Text("warm".to_owned());
            let fields = vec![(old.position("x_tone").unwrap(), value)];
            tx.update_fields(&old, id, version, fields).await?;
            tx.commit().await
        }
    };
    let (renamed, filled) = commit_before(&database, renaming, filling).await;
    renamed.unwrap();
    assert_eq!(refusals(filled), ["try-again -"]);
    let place = (Customer::NAME, one.id.raw());
    set(&store, &actor, place, "x_mood", text("warm")).await.unwrap();
    assert_eq!(get(&store, &actor, one.id.raw(), "x_mood").await, text("warm"));
}

async fn promises_at_once_stay_within_the_credit_limit(database: TestDatabase) {
    let mut house = house(&database).await;
    let seller = house.actor(0).await;
    for _ in 0..4 {
        let limit = Some(yuan(100));
        let buyer = Customer { credit_limit: limit, ..house.buyer.record.clone() };
        let buyer = Customer { code: None, name: "Another".to_owned(), ..buyer };
        house.buyer = create(&house.store, &house.system, &buyer).await;
        let mut drafts = Vec::new();
        for _ in 0..3 {
            drafts.push(house.draft(80).await.id);
        }
        let confirm = |at: usize| house.set(&seller, drafts[at], "confirmed");
        let (one, two, three) = tokio::join!(confirm(0), confirm(1), confirm(2));
        let refused: Vec<String> = [one, two, three].concat();
        assert_eq!(refused, ["credit-limit-exceeded status"; 2]);
    }
}

async fn parents_at_once_close_no_circle(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for _ in 0..6 {
        let mut three = Vec::new();
        for name in ["A", "B", "C"] {
            three.push(create(&store, &actor, &customer(name)).await);
        }
        let mut setting = JoinSet::new();
        for at in 0..3 {
            let (store, actor) = (store.clone(), actor.clone());
            let mut child = three[at].clone();
            child.parent = Some(three[(at + 1) % 3].id);
            setting.spawn(async move {
                let mut tx = store.write(&actor).await?;
                tx.update(&child).await?;
                tx.commit().await
            });
        }
        let outcomes = setting.join_all().await;
        let refused: Vec<String> =
            outcomes.into_iter().filter(Result::is_err).flat_map(refusals).collect();
        assert_eq!(refused, ["cycle parent"]);
    }
}

async fn a_pair_is_decided_once(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for _ in 0..4 {
        let one = create(&store, &actor, &customer("Acme")).await;
        let two = create(&store, &actor, &customer("Acme Ltd")).await;
        let pair = CustomerPair {
            number: None,
            first: one.id,
            second: two.id,
            relation: Relation::Same,
            certainty: guanxi_base::Percent::parse("90").unwrap(),
            state: PairState::Open,
            reasons: None,
            found_by: None,
        };
        let pair = create(&store, &actor, &pair).await.id.raw();
        let merging = {
            let (store, actor, stays) = (store.clone(), actor.clone(), one.id.raw());
            tokio::spawn(async move {
                merge_pair(&store, &actor, pair, (stays, Default::default())).await.map(drop)
            })
        };
        let parting = {
            let (store, actor) = (store.clone(), actor.clone());
            tokio::spawn(async move {
                decide(&store, &actor, pair, PairState::Different).await.map(drop)
            })
        };
        let outcomes = [merging.await.unwrap(), parting.await.unwrap()];
        let is_merged = outcomes[0].is_ok();
        let refused: Vec<String> =
            outcomes.into_iter().filter(Result::is_err).flat_map(refusals).collect();
        assert_eq!(refused, ["not-open -"]);
        let decided: Stored<CustomerPair> = of(&store, &actor, pair).await;
        let expected = if is_merged { PairState::Merged } else { PairState::Different };
        assert_eq!(decided.state, expected);
        let other: Stored<Customer> = of(&store, &actor, two.id.raw()).await;
        assert_eq!(other.archived_at.is_some(), is_merged);
    }
}
