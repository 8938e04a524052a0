//! Imports that are stopped, cut off, taken up again, undone on the way, or in the way of each other:
//! what comes of them is what comes of an import in one piece.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use guanxi_base::{Clock, Error, RawId, Refusal, Result, SignedDuration, Timestamp};
use guanxi_crm::exchange::{
    GoesOn, ImportInput, ImportJob, ImportStatus, Mapping, begin_import, resume_import, run_import,
    stop_import, undo_import,
};
use guanxi_crm::people::Customer;
use guanxi_record::{Filter, Query, Record as _, Sort, Stored, Value};
use guanxi_store::{Actor, Changed, Guard, JobState, Origin, Purpose, Rights, Store, Tx};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::customising::{define, set};
use crate::house::{NOW, create, customer, open, refusals};
use crate::importing::{counts, cut, import, reasons, total};

both_databases!(
    a_cut_import_goes_on_as_in_one_piece,
    links_outlive_a_cut_between_the_passes,
    a_full_disk_is_no_lines_fault,
    a_failed_import_can_go_on,
    nothing_is_left_of_an_import_undone_on_its_way,
    two_workers_do_not_do_one_import,
    a_worker_whose_lease_is_over_commits_nothing,
    an_import_here_is_nobody_elses,
    job_and_record_say_the_same,
    options_changed_meanwhile_end_no_import,
    what_is_not_ones_own_costs_no_transaction,
);

/// Lines that name one record again and again: more than one transaction of them.
const FILLING: usize = 4_100;

fn content(lines: &[&str], more: &[&str]) -> Vec<u8> {
    let filling = "Z,Z,,\n".repeat(FILLING);
    format!("code,name,employees,owner\n{}\n{filling}{}\n", lines.join("\n"), more.join("\n"))
        .into_bytes()
}

fn mapping(keyed: &str, more: &str) -> Mapping {
    let fields = "code = \"code\", name = \"name\", employees = \"employees\", \
                  parent = { column = \"owner\", find_by = \"name\" }";
    let toml = format!(
        "[[records]]\ntype = \"customer\"\nmatch = [{keyed}]\n{more}\nfields = {{ {fields} }}"
    );
    Mapping::parse(&toml).unwrap()
}

async fn begun(store: &Store, actor: &Actor, content: Vec<u8>, mapping: &Mapping) -> RawId {
    let input = ImportInput::Content(content);
    begin_import(store, actor, input, "a.csv", mapping).await.unwrap().id.raw()
}

/// Goes on with an import that was cut off.
async fn go_on(store: &Store, actor: &Actor, id: RawId) -> Stored<ImportJob> {
    stop_import(store, actor, id).await.unwrap();
    resume_import(store, actor, id, GoesOn::Here).await.unwrap();
    run_import(store, actor, id, |_, _| {}).await.unwrap()
}

/// What the customers are: code, name, employees, name of the parent.
async fn customers(store: &Store, actor: &Actor) -> Vec<String> {
    let mut view = store.read(actor).await.unwrap();
    let query = Query::of(Filter::everything()).sorted(vec![Sort::up("id")]).limited(200);
    let rows = view.list(Customer::NAME, &query).await.unwrap().rows;
    let all: Vec<Stored<Customer>> = rows.into_iter().map(|row| row.try_into().unwrap()).collect();
    let name = |id: RawId| all.iter().find(|one| one.id.raw() == id).map(|one| one.name.clone());
    let parent = |one: &Stored<Customer>| one.parent.and_then(|id| name(id.raw()));
    let told = |one: &Stored<Customer>| {
        let code = one.code.clone().unwrap_or_default();
        format!("{code} {} {:?} {:?}", one.name, one.employees, parent(one))
    };
    let mut told: Vec<String> = all.iter().map(told).collect();
    told.sort();
    told
}

/// The lines that an import refused, with their reasons.
async fn refused(store: &Store, id: RawId) -> Vec<String> {
    let rows = store.job_rows(id, -1, 10_000).await.unwrap();
    let code = |row: &serde_json::Value| row["refusals"][0]["code"].as_str().unwrap().to_owned();
    let rows = rows.iter().filter(|(_, row)| row.get("refusals").is_some());
    rows.map(|(number, row)| format!("{} {}", number & 0xff_ffff, code(row))).collect()
}

async fn a_cut_import_goes_on_as_in_one_piece(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for (at, (mode, repeat)) in [
        ("upsert", "first"),
        ("upsert", "last"),
        ("upsert", "refuse"),
        ("create", "first"),
        ("create", "last"),
        ("update", "first"),
    ]
    .into_iter()
    .enumerate()
    {
        let mapping = mapping("\"code\"", &format!("mode = \"{mode}\"\non_repeat = \"{repeat}\""));
        let mut outcomes = Vec::new();
        for is_cut in [false, true] {
            let there = format!("There{at}{is_cut}");
            let (k, owner) = (format!("K{at}{is_cut}"), format!("X{at}{is_cut}"));
            let mut one = customer(&there);
            one.code = Some(there.clone());
            create(&store, &actor, &one).await;
            let file = content(
                &[&format!("{k},{k} A,1,{owner}"), &format!("{there},{there},7,")],
                &[
                    &format!("{k},{k} B,2,{there}"),
                    &format!("{k},{k} C,many,"),
                    &format!("{there},{there},7,"),
                    &format!("{owner},{owner},,"),
                    &format!("{owner},{owner},,{k} A"),
                ],
            );
            let id = begun(&store, &actor, file, &mapping).await;
            let record = if is_cut {
                cut(&store, &actor, id, 1).await;
                go_on(&store, &actor, id).await
            } else {
                run_import(&store, &actor, id, |_, _| {}).await.unwrap()
            };
            assert_eq!(record.status, ImportStatus::Done);
            let plain = |text: String| text.replace(&format!("{at}{is_cut}"), "");
            let of_this = customers(&store, &actor).await;
            let of_this = of_this.into_iter().filter(|one| one.contains(&format!("{at}{is_cut}")));
            let of_this: Vec<String> = of_this.map(plain).collect();
            outcomes.push((counts(&record), refused(&store, id).await, of_this));
            undo_import(&store, &actor, id, |_, _| {}).await.unwrap();
        }
        assert_eq!(outcomes[0], outcomes[1], "{mode} {repeat}");
    }
}

async fn links_outlive_a_cut_between_the_passes(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    // Without a key: the second pass knows what each line made.
    let filling: String = (0..FILLING).map(|n| format!(",F{n},,Mother\n")).collect();
    let file = format!("code,name,employees,owner\n{filling},Mother,,\n,Lost,,Nobody\n");
    let id = begun(&store, &actor, file.into_bytes(), &mapping("", "")).await;
    cut(&store, &actor, id, 3).await;
    let record = go_on(&store, &actor, id).await;
    assert_eq!(record.status, ImportStatus::Done);
    let number = FILLING as u64;
    let told = counts(&record)[Customer::NAME];
    assert_eq!((told.created, told.updated, told.without_link), (number + 2, 0, 1));
    let mut view = store.read(&actor).await.unwrap();
    let children = Query::of(Filter::eq("parent.name", "Mother"));
    assert_eq!(view.total(Customer::NAME, &children).await.unwrap().number, FILLING as i64);
    drop(view);
    let last = FILLING + 3;
    assert_eq!(refused(&store, id).await, [format!("{last} link-to-nothing")]);
    // Nothing but the refused line is kept once it is done.
    assert_eq!(store.job_rows(id, -1, 100).await.unwrap().len(), 1);
}

/// A store whose transactions pass this guard.
async fn guarded(database: &TestDatabase, at: Timestamp, guard: Guard) -> Store {
    let mut config = guanxi_crm::store_config(database.url(), Clock::at(at)).unwrap();
    config.guard = Some(guard);
    Store::open(config).await.unwrap()
}

type Guarded<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

fn writes_customers(changed: &[Changed]) -> bool {
    changed.iter().any(|one| one.record_type == Customer::NAME)
}

fn disk_is_full<'a>(_: &'a mut Tx, changed: &'a [Changed]) -> Guarded<'a> {
    Box::pin(async move {
        match writes_customers(changed) {
            true => Err(Refusal::new("disk-full").into()),
            false => Ok(()),
        }
    })
}

fn breaks<'a>(_: &'a mut Tx, changed: &'a [Changed]) -> Guarded<'a> {
    Box::pin(async move {
        match writes_customers(changed) {
            true => Err(Error::internal("it broke")),
            false => Ok(()),
        }
    })
}

fn three_lines() -> Vec<u8> {
    b"code,name,employees,owner\nA,A,1,\nB,B,2,A\nC,C,3,\n".to_vec()
}

async fn status(store: &Store, actor: &Actor, id: RawId) -> (ImportStatus, JobState) {
    let mut view = store.read(actor).await.unwrap();
    let id = guanxi_base::Id::<ImportJob>::new(id);
    let record = view.fetch(Purpose::Read, id).await.unwrap();
    (record.status, store.job(id.raw()).await.unwrap().state)
}

async fn a_full_disk_is_no_lines_fault(database: TestDatabase) {
    let start: Timestamp = NOW.parse().unwrap();
    let actor = Actor::system(Origin::Job);
    let store = guarded(&database, start, disk_is_full).await;
    let id = begun(&store, &actor, three_lines(), &mapping("\"code\"", "")).await;
    // However often it is tried, it is tried again: the disk ended it, not the file.
    for attempt in 0..4 {
        let later = start + SignedDuration::from_mins(2 * attempt);
        let store = guarded(&database, later, disk_is_full).await;
        assert!(store.claim_fragile_job("import").await.unwrap().is_some(), "{attempt}");
        let outcome = run_import(&store, &actor, id, |_, _| {}).await;
        assert_eq!(refusals(outcome), ["disk-full -"]);
        assert_eq!(status(&store, &actor, id).await, (ImportStatus::Running, JobState::Open));
        assert!(store.job(id).await.unwrap().error.unwrap().contains("disk-full"));
        // Not at once.
        assert!(store.claim_fragile_job("import").await.unwrap().is_none());
    }
    assert_eq!(refused(&store, id).await, Vec::<String>::new());
    let (store, _) = open(&database).await;
    resume_import(&store, &actor, id, GoesOn::Here).await.unwrap();
    let record = run_import(&store, &actor, id, |_, _| {}).await.unwrap();
    assert_eq!((record.status, record.lines_refused), (ImportStatus::Done, Some(0)));
    assert_eq!(counts(&record)[Customer::NAME].created, 3);
    assert_eq!(store.job(id).await.unwrap().error, None);
}

async fn a_failed_import_can_go_on(database: TestDatabase) {
    let actor = Actor::system(Origin::Job);
    let store = guarded(&database, NOW.parse().unwrap(), breaks).await;
    let id = begun(&store, &actor, three_lines(), &mapping("\"code\"", "")).await;
    assert!(run_import(&store, &actor, id, |_, _| {}).await.is_err());
    assert_eq!(status(&store, &actor, id).await, (ImportStatus::Failed, JobState::Failed));
    let (store, _) = open(&database).await;
    resume_import(&store, &actor, id, GoesOn::Anyone).await.unwrap();
    assert_eq!(status(&store, &actor, id).await, (ImportStatus::Queued, JobState::Open));
    let record = run_import(&store, &actor, id, |_, _| {}).await.unwrap();
    assert_eq!(record.status, ImportStatus::Done);
    assert_eq!(total(&store, &actor, Customer::NAME).await, 3);
}

async fn nothing_is_left_of_an_import_undone_on_its_way(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let lines: String = (0..9_000).map(|n| format!("C{n},N{n},,\n")).collect();
    let file = format!("code,name,employees,owner\n{lines}").into_bytes();
    let id = begun(&store, &actor, file, &mapping("\"code\"", "")).await;
    let stopped = async {
        while status(&store, &actor, id).await.0 != ImportStatus::Running {
            tokio::task::yield_now().await;
        }
        stop_import(&store, &actor, id).await.unwrap();
        // The batch that is under way has not ended, or has just.
        undo_import(&store, &actor, id, |_, _| {}).await.unwrap();
    };
    let (run, ()) = tokio::join!(run_import(&store, &actor, id, |_, _| {}), stopped);
    run.unwrap();
    assert_eq!(total(&store, &actor, Customer::NAME).await, 0);
    assert_eq!(status(&store, &actor, id).await, (ImportStatus::Undone, JobState::Undone));
}

async fn two_workers_do_not_do_one_import(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (other, _) = open(&database).await;
    for (first, second) in [(&store, &store), (&store, &other)] {
        let id = begun(&store, &actor, three_lines(), &mapping("", "twins = \"make\"")).await;
        let (one, two) = tokio::join!(
            run_import(first, &actor, id, |_, _| {}),
            run_import(second, &actor, id, |_, _| {}),
        );
        let (done, refused) = if one.is_ok() { (one, two) } else { (two, one) };
        assert_eq!(done.unwrap().status, ImportStatus::Done);
        let refused = refusals(refused);
        assert!(
            ["import-running -", "job-not-open -"].contains(&refused[0].as_str()),
            "{refused:?}"
        );
        assert_eq!(total(&store, &actor, Customer::NAME).await, 3);
        undo_import(&store, &actor, id, |_, _| {}).await.unwrap();
    }
}

async fn a_worker_whose_lease_is_over_commits_nothing(database: TestDatabase) {
    let start: Timestamp = NOW.parse().unwrap();
    let (store, actor) = open(&database).await;
    let id = begun(&store, &actor, three_lines(), &mapping("\"code\"", "")).await;
    let held = store.begin_job(id).await.unwrap().unwrap();
    let later = Clock::at(start + SignedDuration::from_mins(2));
    let config = guanxi_crm::store_config(database.url(), later).unwrap();
    let other = Store::open(config).await.unwrap();
    let taken = other.begin_job(id).await.unwrap().unwrap();
    let report = serde_json::json!({ "line": 1 });
    for (store, held, expected) in [(&store, &held, false), (&other, &taken, true)] {
        let mut tx = store.write(&actor).await.unwrap();
        assert_eq!(tx.report_job(held, &report).await.unwrap(), expected);
    }
    // Nor does one whose job was stopped, though nobody else has taken it.
    stop_import(&other, &actor, id).await.unwrap();
    let mut tx = other.write(&actor).await.unwrap();
    assert!(!tx.report_job(&taken, &report).await.unwrap());
}

async fn an_import_here_is_nobody_elses(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (server, _) = open(&database).await;
    let file = crate::importing::file(&String::from_utf8(three_lines()).unwrap());
    let input = ImportInput::Path(file.path().to_owned());
    let mapping = mapping("\"code\"", "");
    let id = begin_import(&store, &actor, input, "a.csv", &mapping).await.unwrap().id.raw();
    assert!(server.claim_fragile_job("import").await.unwrap().is_none());
    stop_import(&store, &actor, id).await.unwrap();
    resume_import(&store, &actor, id, GoesOn::Here).await.unwrap();
    assert!(server.claim_fragile_job("import").await.unwrap().is_none());
    let resumed = resume_import(&server, &actor, id, GoesOn::Anyone).await;
    assert_eq!(refusals(resumed), ["import-running -"]);
    // Who goes on with it elsewhere takes it over: whoever had it does nothing more.
    resume_import(&server, &actor, id, GoesOn::Here).await.unwrap();
    let lost = run_import(&store, &actor, id, |_, _| {}).await;
    assert_eq!(refusals(lost), ["import-running -"]);
    let record = run_import(&server, &actor, id, |_, _| {}).await.unwrap();
    assert_eq!(record.status, ImportStatus::Done);
}

async fn job_and_record_say_the_same(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let id = begun(&store, &actor, three_lines(), &mapping("\"code\"", "")).await;
    let stands = async || status(&store, &actor, id).await;
    let resume = async || refusals(resume_import(&store, &actor, id, GoesOn::Here).await);
    let stop = async || refusals(stop_import(&store, &actor, id).await);
    assert_eq!(stands().await, (ImportStatus::Queued, JobState::Open));
    stop_import(&store, &actor, id).await.unwrap();
    assert_eq!(stands().await, (ImportStatus::Paused, JobState::Paused));
    assert_eq!(stop().await, ["job-not-open -"]);
    let run = run_import(&store, &actor, id, |_, _| {}).await;
    assert_eq!(refusals(run), ["job-not-open -"]);
    resume_import(&store, &actor, id, GoesOn::Anyone).await.unwrap();
    assert_eq!(stands().await, (ImportStatus::Queued, JobState::Open));
    run_import(&store, &actor, id, |_, _| {}).await.unwrap();
    assert_eq!(stands().await, (ImportStatus::Done, JobState::Done));
    // Who comes too late changes nothing.
    for outcome in [stop().await, resume().await] {
        assert_eq!(outcome, ["job-not-open -"]);
    }
    // What an undo is refused for stands as it stood.
    let mut view = store.read(&actor).await.unwrap();
    let row = view.find_by(Customer::NAME, "code", "C").await.unwrap().unwrap();
    drop(view);
    let place = (Customer::NAME, row.id);
    let changed = set(&store, &actor, place, "industry", Value::Text("Steel".to_owned())).await;
    assert!(undo_import(&store, &actor, id, |_, _| {}).await.is_err());
    assert_eq!(stands().await, (ImportStatus::Done, JobState::Done));
    store.undo(&actor, changed.unwrap()).await.unwrap();
    undo_import(&store, &actor, id, |_, _| {}).await.unwrap();
    assert_eq!(stands().await, (ImportStatus::Undone, JobState::Undone));
    for outcome in [stop().await, resume().await] {
        assert_eq!(outcome, ["job-not-open -"]);
    }
}

async fn options_changed_meanwhile_end_no_import(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let field = define(&store, &actor, "size", "choice", "small\nlarge").await.id;
    // Another process adds an option; this one has not heard of it.
    let (other, _) = open(&database).await;
    store.reload_catalog().await.unwrap();
    let options = Value::Text("small\nlarge\nhuge".to_owned());
    set(&other, &actor, ("custom_field", field), "options", options).await.unwrap();
    let toml = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
                fields = { code = \"code\", name = \"name\", x_size = \"size\" }";
    let text = "code,name,size\nA,A,small\nB,B,large\n";
    let outcome = import(&store, &actor, text, toml).await.unwrap();
    assert_eq!(reasons(&outcome.refused), Vec::<String>::new());
    assert_eq!(counts(&outcome.job)[Customer::NAME].created, 2);
    assert_eq!(total(&store, &actor, Customer::NAME).await, 2);
}

static COMMITS: AtomicUsize = AtomicUsize::new(0);

fn counted<'a>(_: &'a mut Tx, _: &'a [Changed]) -> Guarded<'a> {
    COMMITS.fetch_add(1, Ordering::Relaxed);
    Box::pin(async { Ok(()) })
}

async fn what_is_not_ones_own_costs_no_transaction(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let mut tx = store.write(&system).await.unwrap();
    for number in 0..300 {
        let code = Some(format!("T-{number}"));
        tx.create(&Customer { code, ..customer("Theirs") }).await.unwrap();
    }
    tx.commit().await.unwrap();
    let everything = |purpose| ((Customer::NAME.to_owned(), purpose), Filter::everything());
    let mine = ((Customer::NAME.to_owned(), Purpose::Change), Filter::eq("code", "T-7"));
    let jobs = ["import_job", "import_mapping", "file"].into_iter().flat_map(|name| {
        [Purpose::Read, Purpose::Create, Purpose::Change]
            .map(|purpose| ((name.to_owned(), purpose), Filter::everything()))
    });
    let purposes = [Purpose::Read, Purpose::Create, Purpose::Import].map(everything);
    let rights = Rights::listed(purposes.into_iter().chain([mine]).chain(jobs));
    let clerk = Actor { rights, ..system.clone() };
    let lines: String = (0..300).map(|number| format!("T-{number},Theirs,9,\n")).collect();
    let file = format!("code,name,employees,owner\n{lines}").into_bytes();
    let store = guarded(&database, NOW.parse().unwrap(), counted).await;
    let id = begun(&store, &clerk, file, &mapping("\"code\"", "mode = \"update\"")).await;
    let before = COMMITS.load(Ordering::Relaxed);
    let record = run_import(&store, &clerk, id, |_, _| {}).await.unwrap();
    assert_eq!(record.lines_refused, Some(299));
    assert_eq!(counts(&record)[Customer::NAME].updated, 1);
    let refused = refused(&store, id).await;
    assert!(refused.iter().all(|line| line.ends_with("not-yours-to-change")), "{refused:?}");
    // Two databases may be counted at once.
    let commits = COMMITS.load(Ordering::Relaxed) - before;
    assert!(commits < 40, "{commits}");
}
