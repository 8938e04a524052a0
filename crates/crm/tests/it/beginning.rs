//! How a company begins: the first administrator, one address for each user, demo data; whole or
//! not at all. And how its database is copied while it is in use.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use guanxi_base::{Clock, Error, Refusal};
use guanxi_crm::access::{
    FIRST_ADDRESS, Organisation, Passwords, SharedAddress, User, first_administrator,
    keep_one_address, set_account, user_by_address, verify_password,
};
use guanxi_crm::demo::{Demo, DemoData, complete_demo};
use guanxi_record::{Email, Filter, Query};
use guanxi_store::{Actor, Origin, Purpose, Store, put_back};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{NOW, create, customer, open, refusals, user};

both_databases!(
    the_first_administrator_is_there_as_a_whole,
    an_administrator_without_a_password_is_given_one,
    demo_data_that_were_interrupted_are_made_anew,
    an_address_is_one_whatever_its_case,
    users_from_before_are_told_apart,
    a_database_is_copied_while_others_write,
    a_writer_waits_for_its_turn,
);

const PASSWORD: &str = "plough-lantern-71-quay";

async fn count(store: &Store, of: &str) -> i64 {
    let mut view = store.read(&Actor::system(Origin::Cli)).await.unwrap();
    view.total(of, &Query::of(Filter::everything())).await.unwrap().number
}

async fn the_first_administrator_is_there_as_a_whole(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let begin = async |keep: &dyn Fn(&str) -> guanxi_base::Result<()>| {
        let (here, wanted) = (Passwords::Here, DemoData::Wanted);
        first_administrator(&store, &actor, PASSWORD, here, wanted, keep).await
    };
    // The password cannot be kept: there is no administrator, and nothing else, either.
    let full = |_: &str| Err(Refusal::new("disk-full").into());
    assert_eq!(refusals(begin(&full).await), ["disk-full -"]);
    assert_eq!(count(&store, "user").await, 0);
    let small = Demo { customers: 3, ..Demo::default() };
    assert_eq!(complete_demo(&store, &actor, small, |_| {}).await.unwrap(), None);
    let kept = AtomicBool::new(false);
    let keep = |address: &str| {
        assert_eq!(address, FIRST_ADDRESS);
        kept.store(true, Ordering::Release);
        Ok(())
    };
    assert_eq!(begin(&keep).await.unwrap().unwrap().address, FIRST_ADDRESS);
    assert!(kept.load(Ordering::Acquire));
    let organisation = Organisation::of(&store).await.unwrap();
    let first = organisation.user_of_address(FIRST_ADDRESS).unwrap();
    let known = store.credential(first.id.raw()).await.unwrap();
    assert!(verify_password(PASSWORD, known.password.as_deref()));
    assert_eq!(begin(&|_| panic!("there is one")).await.unwrap(), None);
    // What was wanted with it is still wanted.
    assert!(complete_demo(&store, &actor, small, |_| {}).await.unwrap().is_some());
    assert_eq!(count(&store, "customer").await, 3);
    assert_eq!(complete_demo(&store, &actor, small, |_| {}).await.unwrap(), None);
}

async fn an_administrator_without_a_password_is_given_one(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let admin = User { is_administrator: true, ..user("boss@example.com") };
    let boss = create(&store, &actor, &admin).await.id.raw();
    let begin = async |passwords| {
        let not = DemoData::NotWanted;
        first_administrator(&store, &actor, PASSWORD, passwords, not, |_| Ok(())).await.unwrap()
    };
    // A directory may know the password.
    assert_eq!(begin(Passwords::AlsoElsewhere).await, None);
    assert_eq!(begin(Passwords::Here).await.unwrap().address, "boss@example.com");
    let known = store.credential(boss).await.unwrap();
    assert!(verify_password(PASSWORD, known.password.as_deref()));
    assert_eq!(begin(Passwords::Here).await, None);
    assert_eq!(count(&store, "user").await, 1);
}

/// Waits until nobody makes demo data: of what panicked the lock is given back a moment later.
async fn free(store: &Store) {
    loop {
        if let Some(alone) = store.alone("demo").await.unwrap() {
            return alone.give_back().await;
        }
        tokio::task::yield_now().await;
    }
}

async fn demo_data_that_were_interrupted_are_made_anew(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (here, wanted) = (Passwords::Here, DemoData::Wanted);
    first_administrator(&store, &actor, PASSWORD, here, wanted, |_| Ok(())).await.unwrap();
    let demo = Demo { customers: 1_100, orders_per_customer: 0.1, ..Demo::default() };
    // The process ends after the first thousand, twice.
    for _ in 0..2 {
        free(&store).await;
        let (store, actor) = (store.clone(), actor.clone());
        let ended = tokio::spawn(async move {
            let progress = |done| assert!(done < 1_000, "interrupted");
            complete_demo(&store, &actor, demo, progress).await
        });
        assert!(ended.await.unwrap_err().is_panic());
    }
    free(&store).await;
    assert_eq!(count(&store, "customer").await, 1_000);
    // While another process makes them, nobody takes them back.
    let (other, _) = open(&database).await;
    let alone = other.alone("demo").await.unwrap().unwrap();
    assert_eq!(complete_demo(&store, &actor, demo, |_| {}).await.unwrap(), None);
    assert_eq!(count(&store, "customer").await, 1_000);
    alone.give_back().await;
    let job = complete_demo(&store, &actor, demo, |_| {}).await.unwrap();
    assert_eq!(count(&store, "customer").await, 1_100);
    assert_eq!(count(&store, "company").await, 1);
    assert_eq!(complete_demo(&store, &actor, demo, |_| {}).await.unwrap(), None);
    // All of it still is one job.
    store.undo_job(&actor, job.unwrap(), |_, _| {}).await.unwrap();
    assert_eq!((count(&store, "customer").await, count(&store, "user").await), (0, 1));
}

async fn an_address_is_one_whatever_its_case(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let made = set_account(&store, &actor, " One.Two@Example.COM ", Some("A"), PASSWORD, false);
    let made = made.await.unwrap();
    assert_eq!(made.email.0, "one.two@example.com");
    // Another case is the same user, for every way in.
    let again = set_account(&store, &actor, "ONE.TWO@example.com", None, PASSWORD, false).await;
    assert_eq!(again.unwrap().id, made.id);
    for written in ["one.two@example.com", "ONE.two@EXAMPLE.com", " One.Two@example.com"] {
        let organisation = Organisation::of(&store).await.unwrap();
        assert_eq!(organisation.user_of_address(written).unwrap().id, made.id, "{written}");
        let mut view = store.read(&actor).await.unwrap();
        let found = user_by_address(&mut view, written).await.unwrap();
        assert_eq!(found.unwrap().id, made.id.raw(), "{written}");
    }
    let mut view = store.read(&actor).await.unwrap();
    assert_eq!(user_by_address(&mut view, "nobody").await.unwrap(), None);
    drop(view);
    let mut tx = store.write(&actor).await.unwrap();
    let second = tx.create(&user("One.TWO@example.com")).await;
    assert_eq!(refusals(second), ["already-taken email"]);
    drop(tx);
    // Nor by a change of one that has another.
    let other = create(&store, &actor, &user("other@example.com")).await;
    let mut tx = store.write(&actor).await.unwrap();
    let mut other = tx.fetch(Purpose::Change, other.id).await.unwrap();
    other.email = Email("ONE.TWO@EXAMPLE.COM".into());
    assert_eq!(refusals(tx.update(&other).await), ["already-taken email"]);
    drop(tx);
    assert_eq!(keep_one_address(&store, &actor).await.unwrap(), []);
}

/// The record types of a program that kept addresses as they were typed.
fn of_before() -> &'static [&'static guanxi_record::RecordType] {
    let types = guanxi_crm::RECORD_TYPES.iter().map(|described| {
        let mut described = (*described).clone();
        if described.name == "user" {
            described.settle = None;
        }
        &*Box::leak(Box::new(described))
    });
    Vec::leak(types.collect())
}

async fn users_from_before_are_told_apart(database: TestDatabase) {
    let clock = Clock::at(NOW.parse().unwrap());
    let config = guanxi_crm::store_config(database.url(), clock).unwrap();
    let actor = Actor::system(Origin::Cli);
    let before = guanxi_store::StoreConfig { types: of_before(), ..config.clone() };
    let store = Store::open(before).await.unwrap();
    let mut ids = Vec::new();
    for address in ["Alone@example.com", "Plain@example.com", "PLAIN@example.com"] {
        ids.push(create(&store, &actor, &user(address)).await.id);
    }
    drop(store);
    let store = Store::open(config).await.unwrap();
    let shared = keep_one_address(&store, &actor).await.unwrap();
    let addresses = ["Plain@example.com", "PLAIN@example.com"].map(str::to_owned).to_vec();
    assert_eq!(shared, [SharedAddress { addresses }]);
    let organisation = Organisation::of(&store).await.unwrap();
    let found = |written: &str| organisation.user_of_address(written).unwrap().id;
    assert_eq!([found("alone@example.com"), found("ALONE@example.com")], [ids[0], ids[0]]);
    // The oldest has the address, the other as it is written exactly, until somebody decides.
    assert_eq!(found("plain@example.com"), ids[1]);
    assert_eq!(found("Plain@example.com"), ids[1]);
    assert_eq!(found("PLAIN@example.com"), ids[2]);
    assert_eq!(keep_one_address(&store, &actor).await.unwrap().len(), 1, "told again");
    let mut tx = store.write(&actor).await.unwrap();
    let mut last = tx.fetch(Purpose::Change, ids[2]).await.unwrap();
    last.email = Email("second@example.com".into());
    tx.update(&last).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(keep_one_address(&store, &actor).await.unwrap(), []);
}

async fn a_database_is_copied_while_others_write(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    if !store.is_embedded() {
        // PostgreSQL has a way of its own, which the sentence names.
        assert_eq!(refusals(store.back_up(&copy).await), ["backup-not-embedded -"]);
        return;
    }
    let (written, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let write = async {
        while !stop.load(Ordering::Acquire) {
            create(&store, &actor, &customer("Written meanwhile")).await;
            written.fetch_add(1, Ordering::AcqRel);
            tokio::task::yield_now().await;
        }
    };
    let mut acknowledged = Vec::new();
    let take = async {
        for at in 0..5 {
            while written.load(Ordering::Acquire) < 20 * (at + 1) {
                tokio::task::yield_now().await;
            }
            let file = folder.path().join(format!("copy-{at}.db"));
            acknowledged.push((written.load(Ordering::Acquire), file.clone()));
            store.back_up(&file).await.unwrap();
        }
        stop.store(true, Ordering::Release);
    };
    tokio::join!(write, take);
    for (least, file) in acknowledged {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_eq!(refusals(store.back_up(&file).await), ["file-exists -"]);
        let place = folder.path().join(format!("put-back-{least}.db"));
        put_back(&file, &place).unwrap();
        assert_eq!(refusals(put_back(&file, &place)), ["file-exists -"]);
        let url = format!("sqlite:{}", place.display());
        let clock = Clock::at(NOW.parse().unwrap());
        let config = guanxi_crm::store_config(url, clock).unwrap();
        let back = Store::open(config).await.unwrap();
        assert!(count(&back, "customer").await >= i64::try_from(least).unwrap());
        drop(store.verify_seals(None).await.unwrap());
    }
    // What is damaged, or none of ours, is not put back.
    let whole = std::fs::read(folder.path().join("copy-0.db")).unwrap();
    let (half, other) = (folder.path().join("half.db"), folder.path().join("other.db"));
    std::fs::write(&half, &whole[..whole.len() / 2]).unwrap();
    std::fs::write(&other, "name,code\n").unwrap();
    for wrong in [&half, &other, &folder.path().join("nowhere.db")] {
        let put = put_back(wrong, &folder.path().join("new.db"));
        assert!(
            matches!(&put, Err(Error::Refused(why)) if why[0].code == "not-a-backup"),
            "{put:?}"
        );
        assert!(!folder.path().join("new.db").exists());
    }
}

async fn a_writer_waits_for_its_turn(database: TestDatabase) {
    // Two processes on one database, as far as it can tell.
    let (first, actor) = open(&database).await;
    let (second, _) = open(&database).await;
    let mut writes = first.write(&actor).await.unwrap();
    writes.create(&customer("First")).await.unwrap();
    let waiting = {
        let (second, actor) = (second.clone(), actor.clone());
        tokio::spawn(async move { create(&second, &actor, &customer("Second")).await })
    };
    // Whoever waits holds up no thread: this test has one only, and goes on.
    let begun = std::time::Instant::now();
    while begun.elapsed() < std::time::Duration::from_millis(100) {
        tokio::task::yield_now().await;
        assert_eq!(count(&second, "customer").await - count(&first, "customer").await, 0);
    }
    // PostgreSQL lets both write, but for what both number.
    assert!(!first.is_embedded() || !waiting.is_finished());
    writes.commit().await.unwrap();
    waiting.await.unwrap();
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(count(&first, "customer").await, 2);
    // A database that is not there is said to be away, not to be broken.
    let clock = Clock::at(NOW.parse().unwrap());
    let nowhere = guanxi_crm::store_config("postgres://a@127.0.0.1:1/none".into(), clock).unwrap();
    assert_eq!(refusals(Store::open(nowhere).await), ["database-away -"]);
}
