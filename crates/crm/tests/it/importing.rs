//! Imports: every kind of file, upserts, refused lines, going on after a stop, undo.

use std::collections::BTreeMap;
use std::io::Write as _;

use guanxi_base::{RawId, Result};
use guanxi_crm::exchange::{
    Counts, GoesOn, ImportInput, ImportJob, ImportStatus, Mapping, RefusedLine, begin_import,
    resume_import, run_import, stop_import, undo_import, write_error_file,
};
use guanxi_crm::people::{Channel, CollectionPoint, create_collected};
use guanxi_record::{Filter, Json, Owner, Query, Record, Stored};
use guanxi_store::{Actor, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, open, refusals, user};

both_databases!(
    one_file_fills_several_types,
    existing_records_are_changed_and_come_back,
    parents_may_come_later_in_the_file,
    refused_lines_can_be_corrected,
    a_stopped_import_goes_on,
    wrong_mappings_are_refused_whole,
    a_collection_point_asks_for_its_formats,
);

pub(crate) struct Outcome {
    pub(crate) job: Stored<ImportJob>,
    pub(crate) refused: Vec<RefusedLine>,
    /// Read again for the error file.
    _file: tempfile::NamedTempFile,
}

pub(crate) fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

pub(crate) async fn import(
    store: &Store,
    actor: &Actor,
    text: &str,
    toml: &str,
) -> Result<Outcome> {
    let file = file(text);
    let mapping = Mapping::parse(toml)?;
    let input = ImportInput::Path(file.path().to_owned());
    let job = begin_import(store, actor, input, "test.csv", &mapping).await?;
    store.claim_job("import").await?;
    let mut refused = Vec::new();
    let watch = |_: &_, lines: &[RefusedLine]| refused.extend(lines.to_vec());
    let job = run_import(store, actor, job.id.raw(), watch).await?;
    Ok(Outcome { job, refused, _file: file })
}

/// Runs an import until so many of its batches are done; then its program ends.
pub(crate) async fn cut(store: &Store, actor: &Actor, id: RawId, batches: usize) {
    let (store, actor) = (store.clone(), actor.clone());
    let mut done = 0;
    let observe = move |_: &_, _: &_| {
        done += 1;
        assert!(done < batches, "cut");
    };
    let run = tokio::spawn(async move { run_import(&store, &actor, id, observe).await });
    assert!(run.await.is_err());
}

pub(crate) fn counts(job: &ImportJob) -> BTreeMap<String, Counts> {
    serde_json::from_value(job.counts.clone().unwrap().0).unwrap()
}

pub(crate) fn reasons(lines: &[RefusedLine]) -> Vec<String> {
    let reason = |line: &RefusedLine| {
        let codes = line
            .refusals
            .iter()
            .map(|r| format!("{} {}", r.code, r.field.as_deref().unwrap_or("-")));
        format!("{}: {}", line.number, codes.collect::<Vec<_>>().join("; "))
    };
    lines.iter().map(reason).collect()
}

pub(crate) async fn total(store: &Store, actor: &Actor, record_type: &str) -> i64 {
    let mut view = store.read(actor).await.unwrap();
    view.total(record_type, &Query::of(Filter::everything())).await.unwrap().number
}

const SALES: &str = r#"
    [file]
    currency = "GBP"
    [[records]]
    type = "product"
    match = ["code"]
    fields = { code = "Code", name = { column = "What", default = "?" } }
    [[records]]
    type = "customer"
    match = ["code"]
    fields = { code = { column = "Who", whole_number = true }, name = "Who" }
    [[records]]
    type = "order"
    match = ["number"]
    [records.fields]
    number = "No"
    date = "When"
    customer = { record = "customer" }
    kind = { column = "No", when = [{ starts = "C", value = "cancellation" }], otherwise = "sale" }
    [[records]]
    type = "order_line"
    fields = { order = { record = "order" }, product = { record = "product" }, quantity = "Qty", unit_price = "Price" }
"#;

const LINES: &str = "No,Code,What,Qty,When,Price,Who\n\
    1,A,Apple,2,2026-01-05 08:00:00,1.50,7.0\n\
    1,B,,1,2026-01-05 08:00:00,2.00,7.0\n\
    C2,A,Pear,-2,2026-01-06 08:00:00,1.50,7.0\n\
    3,B,Bread,4,2026-01-07 08:00:00,\"1,000.25\",\n";

async fn one_file_fills_several_types(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let outcome = import(&store, &actor, LINES, SALES).await.unwrap();
    assert_eq!(reasons(&outcome.refused), Vec::<String>::new());
    let made = |record_type: &str| counts(&outcome.job)[record_type].created;
    assert_eq!(
        (made("product"), made("customer"), made("order"), made("order_line")),
        (2, 1, 3, 4)
    );
    let mut view = store.read(&actor).await.unwrap();
    let order_type = store.catalog().get("order").unwrap().clone();
    let query = Query::of(Filter::everything()).sorted(guanxi_record::Sort::parse_list("id"));
    let orders = view.list("order", &query).await.unwrap().rows;
    let shown: Vec<String> = orders
        .iter()
        .map(|row| {
            let show = |name: &str| row.value(&order_type, name).to_text();
            format!("{} {} {} {}", show("number"), show("date"), show("kind"), show("total"))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "1 2026-01-05 sale 5.00 GBP",
            "C2 2026-01-06 cancellation -3.00 GBP",
            "3 2026-01-07 sale 4001.00 GBP"
        ]
    );
    drop(view);
    // The same file again finds everything there, except lines, which nothing identifies.
    let again = import(&store, &actor, LINES, SALES).await.unwrap();
    assert_eq!(
        counts(&again.job)["order"],
        Counts { unchanged: 4, repeated: 1, ..Counts::default() }
    );
    undo_import(&store, &actor, again.job.id.raw(), |_, _| {}).await.unwrap();
    undo_import(&store, &actor, outcome.job.id.raw(), |_, _| {}).await.unwrap();
    for record_type in ["product", "customer", "order", "order_line"] {
        assert_eq!(total(&store, &actor, record_type).await, 0, "{record_type}");
    }
}

async fn existing_records_are_changed_and_come_back(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut old = customer("Old name");
    old.code = Some("7".to_owned());
    old.country = Some("China".to_owned());
    let old = create(&store, &actor, &old).await;
    let toml = |mode: &str, repeat: &str| {
        format!(
            "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\nmode = \"{mode}\"\n\
             on_repeat = \"{repeat}\"\n\
             fields = {{ code = \"code\", name = \"name\", country = \"country\" }}"
        )
    };
    let text = "code,name,country\n7,New name,\n8,Other,Japan\n7,Newest name,\n";
    let read = async || {
        let mut view = store.read(&actor).await.unwrap();
        view.fetch(guanxi_store::Purpose::Read, old.id).await.unwrap()
    };
    let outcome = import(&store, &actor, text, &toml("update", "first")).await.unwrap();
    assert_eq!(reasons(&outcome.refused), ["3: not-there -"]);
    assert_eq!(read().await.name, "New name");
    // An empty cell says nothing.
    assert_eq!(read().await.country.as_deref(), Some("China"));
    undo_import(&store, &actor, outcome.job.id.raw(), |_, _| {}).await.unwrap();
    assert_eq!(read().await.name, "Old name");

    let outcome = import(&store, &actor, text, &toml("upsert", "last")).await.unwrap();
    assert_eq!(read().await.name, "Newest name");
    undo_import(&store, &actor, outcome.job.id.raw(), |_, _| {}).await.unwrap();
    assert_eq!(
        (read().await.name.as_str(), total(&store, &actor, "customer").await),
        ("Old name", 1)
    );

    let outcome = import(&store, &actor, text, &toml("create", "refuse")).await.unwrap();
    assert_eq!(reasons(&outcome.refused), ["2: already-there -", "4: already-there -"]);
}

async fn parents_may_come_later_in_the_file(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = "[[records]]\ntype = \"customer\"\nmatch = [\"name\"]\n\
                fields = { name = \"name\", parent = { column = \"owner\", find_by = \"name\" } }";
    let text = "name,owner\nChild,Mother\nMother,\nLost,Nobody\nLoop,Loop\n";
    let outcome = import(&store, &actor, text, toml).await.unwrap();
    assert_eq!(
        reasons(&outcome.refused),
        ["4: link-to-nothing customer.parent", "5: cycle parent"]
    );
    let mut view = store.read(&actor).await.unwrap();
    let child = Query::of(Filter::eq("parent.name", "Mother"));
    assert_eq!(view.total("customer", &child).await.unwrap().number, 1);
}

async fn refused_lines_can_be_corrected(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "No,Code,What,Qty,When,Price,Who\n\
        1,A,Apple,many,2026-01-05,1.50,7\n\
        2,A,Apple,1,yesterday,1.50,7\n\
        3,A,Apple,1,2026-01-05,,7\n\
        4,A,=cmd|x!A1,1,2026-01-05\n\
        5,A,Apple,1,2026-01-05,1.50,7\n";
    let outcome = import(&store, &actor, text, SALES).await.unwrap();
    assert_eq!(
        reasons(&outcome.refused),
        [
            "2: not-a-number order_line.quantity",
            "3: not-a-date order.date",
            "4: required order_line.unit_price",
            "5: wrong-column-count -"
        ]
    );
    assert_eq!(outcome.job.lines_refused, Some(4));
    assert!(outcome.job.error_file.is_some());
    assert_eq!(total(&store, &actor, "order").await, 1);
    // Nothing of a refused line was kept.
    assert_eq!(total(&store, &actor, "order_line").await, 1);
}

async fn a_stopped_import_goes_on(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let lines: String = (0..9_000).map(|n| format!("{},N{n}\n", 100 + n / 2)).collect();
    let file = file(&format!("code,name\n{lines}"));
    let toml = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
                fields = { code = \"code\", name = \"name\" }";
    let mapping = Mapping::parse(toml).unwrap();
    let input = ImportInput::Path(file.path().to_owned());
    let job = begin_import(&store, &actor, input, "big.csv", &mapping).await.unwrap();
    let id = job.id.raw();
    cut(&store, &actor, id, 1).await;
    stop_import(&store, &actor, id).await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    let stopped = view.fetch(guanxi_store::Purpose::Read, job.id).await.unwrap();
    drop(view);
    assert_eq!((stopped.status, stopped.lines_read), (ImportStatus::Paused, Some(9_000)));
    assert_eq!(total(&store, &actor, "customer").await, 2_000);
    resume_import(&store, &actor, id, GoesOn::Here).await.unwrap();
    let mut seen = Vec::new();
    let watch = |p: &guanxi_crm::exchange::Progress, _: &_| seen.push(p.line);
    let job = run_import(&store, &actor, id, watch).await.unwrap();
    assert_eq!((job.status, seen), (ImportStatus::Done, vec![8_000, 9_000]));
    assert_eq!(counts(&job)["customer"].created, 4_500);
    let report = undo_import(&store, &actor, id, |_, _| {}).await.unwrap();
    assert_eq!(report.changes, 4_500);
    assert_eq!(total(&store, &actor, "customer").await, 0);
}

async fn wrong_mappings_are_refused_whole(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let with = |fields: &str| format!("[[records]]\ntype = \"customer\"\nfields = {{ {fields} }}");
    for (toml, expected) in [
        (with("name = \"nome\""), "unknown-column nome"),
        (with("nickname = \"name\""), "unknown-field nickname"),
        (with("parent = { record = \"team\" }"), "not-made-before parent"),
        ("records = []".to_owned(), "mapping-empty -"),
        ("[[records]]\ntype = \"robot\"\nfields = {}".to_owned(), "unknown-type -"),
        (
            with("name = \"name\"").replace("fields", "match = [\"code\"]\nfields"),
            "match-not-mapped code",
        ),
        ("records = 1".to_owned(), "wrong-mapping -"),
    ] {
        let outcome = import(&store, &actor, "name\nx\n", &toml).await.map(|o| o.job.status);
        assert_eq!(refusals(outcome), [expected], "{toml}");
    }
    assert_eq!(total(&store, &actor, "customer").await, 0);
}

#[tokio::test]
async fn the_error_file_names_line_and_reason() {
    let (store, actor) = open(&TestDatabase::sqlite()).await;
    let text = "name,employees\n=1+1,many\n";
    let toml = "[[records]]\ntype = \"customer\"\n\
                fields = { name = \"name\", employees = \"employees\" }";
    let file = file(text);
    let mapping = Mapping::parse(toml).unwrap();
    let input = ImportInput::Path(file.path().to_owned());
    let job = begin_import(&store, &actor, input, "x.csv", &mapping).await.unwrap();
    run_import(&store, &actor, job.id.raw(), |_, _| {}).await.unwrap();
    let mut bytes = Vec::new();
    write_error_file(&store, &actor, job.id.raw(), &mut bytes).await.unwrap();
    let written = String::from_utf8(bytes).unwrap();
    assert_eq!(
        written,
        "\u{feff}name,employees,Line,Reason\n\
         '=1+1,many,2,Customer › Employees: “many” is not a number.\n"
    );
}

async fn a_collection_point_asks_for_its_formats(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let user = create(&store, &actor, &user("li@x.example")).await;
    let mut point = CollectionPoint {
        name: "Hotline".to_owned(),
        channel: Channel::Hotline,
        responsible: Owner(user.id.raw()),
        collectors: Vec::new(),
        record_type: "customer".to_owned(),
        fields: Some(Json(serde_json::json!({
            "phone": { "required": true, "pattern": r"\+86\d{11}" },
            "industry": { "choices": ["Foods", "Trading"], "help": "ask" },
        }))),
        is_active: true,
        instructions: None,
    };
    let stored = create(&store, &actor, &point).await;
    let mapping = r#"
        source = "Hotline"
        [[records]]
        type = "customer"
        fields = { name = "Name", phone = "Phone", industry = "Trade" }
    "#;
    let text = "Name,Phone,Trade\nA,+8613800138000,Foods\nB,,Foods\nC,+4930123456,Foods\n\
                D,+8613800138001,Arms\nE,+8613800138002,\n";
    let outcome = import(&store, &actor, text, mapping).await.unwrap();
    assert_eq!(
        reasons(&outcome.refused),
        [
            "3: required customer.phone",
            "4: not-as-collected customer.phone",
            "5: not-as-collected customer.industry",
        ]
    );
    let mut bytes = Vec::new();
    write_error_file(&store, &actor, outcome.job.id.raw(), &mut bytes).await.unwrap();
    let file = String::from_utf8(bytes).unwrap();
    assert!(file.contains("Customer › Industry: “Arms” is not what"), "{file}");

    // The same rules where somebody types: the point is named by the record.
    let described = store.catalog().get("customer").unwrap().clone();
    let mut tx = store.write(&actor).await.unwrap();
    let mut typed = customer("F");
    typed.source = Some(stored.id);
    let made = create_collected(&mut tx, &described, typed.values()).await;
    assert_eq!(refusals(made), ["required phone"]);
    drop(tx);
    point.fields = Some(Json(serde_json::json!({ "phone": { "pattern": "(" } })));
    point.name = "Web".to_owned();
    let mut tx = store.write(&actor).await.unwrap();
    assert_eq!(refusals(tx.create(&point).await), ["not-a-collection-format fields"]);
    drop(tx);
    // One that is not in use takes nothing.
    let mut tx = store.write(&actor).await.unwrap();
    let closed =
        Stored { record: CollectionPoint { is_active: false, ..stored.record.clone() }, ..stored };
    tx.update(&closed).await.unwrap();
    tx.commit().await.unwrap();
    let refused = import(&store, &actor, text, mapping).await.map(drop);
    assert_eq!(refusals(refused), ["collection-point-closed source"]);
}
