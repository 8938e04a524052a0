//! What a person may ask of us: to be told everything, and to be forgotten.

use guanxi_base::RawId;
use guanxi_crm::authority::{ApprovalRequest, ApprovalTask, RequestState, TaskState};
use guanxi_crm::exchange::{ImportInput, Mapping, begin_import, run_import};
use guanxi_crm::people::{Consent, ConsentPurpose, ConsentState, Contact, Customer, CustomerKind};
use guanxi_crm::privacy::{self, PrivacyRequest};
use guanxi_record::{Filter, Json, LongText, Phone, Query, Record, Stored, Value};
use guanxi_store::{Actor, Deed, Look, Operation, Purpose, Remembered, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::json;

use crate::house::{create, customer, line, open, order};

both_databases!(
    a_person_is_told_everything_and_then_forgotten,
    what_came_in_and_went_out_is_forgotten
);

async fn run(store: &Store, actor: &Actor, what: PrivacyRequest, id: RawId) -> serde_json::Value {
    let job = privacy::request(store, actor, what, "customer", id).await.unwrap();
    assert_eq!(store.claim_job(privacy::QUEUE).await.unwrap().unwrap().id, job);
    privacy::run(store, actor, job).await.unwrap()
}

/// A request about a person, and somebody who is asked.
async fn approval_about(
    store: &Store,
    actor: &Actor,
    person: &Stored<Customer>,
) -> [(&'static str, RawId); 2] {
    let request = ApprovalRequest {
        subject: person.name.clone(),
        record_type: "customer".to_owned(),
        record: person.id.to_string(),
        change: Json(json!({ "notes": "Xerxes drinks" })),
        owner: None,
        reason: Some(LongText("Xerxes is good".to_owned())),
        approval_rule: None,
        step: 0,
        state: RequestState::Open,
        beyond: None,
        allowed: None,
    };
    let request = create(store, actor, &request).await;
    let task = ApprovalTask {
        approval_request: request.id,
        subject: person.name.clone(),
        owner: None,
        step: 0,
        state: TaskState::Waiting,
        decided_by: None,
        decided_at: None,
        comment: Some(LongText("Xerxes?".to_owned())),
    };
    let task = create(store, actor, &task).await;
    [(ApprovalRequest::NAME, request.id.raw()), (ApprovalTask::NAME, task.id.raw())]
}

/// A scan of the person in a field of the company's own, and an answer that names them.
async fn scan(store: &Store, actor: &Actor, person: Stored<Customer>) -> (Stored<Customer>, RawId) {
    let catalog = store.catalog();
    let definition = catalog.get("custom_field").unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    let fields =
        [("record_type", "customer"), ("name", "scan"), ("kind", "file"), ("label_en", "Scan")];
    let mut values = vec![Value::Null; definition.fields.len()];
    for (name, value) in fields {
        values[definition.position(name).unwrap()] = text(value);
    }
    let mut tx = store.write(actor).await.unwrap();
    tx.create_row(definition, values).await.unwrap();
    tx.commit().await.unwrap();
    let described = store.catalog().get("customer").unwrap().clone();
    let mut tx = store.write(actor).await.unwrap();
    let file = tx.create_file("Xerxes.pdf", "application/pdf", b"Xerxes".to_vec()).await.unwrap();
    let place = described.position("x_scan").unwrap();
    let fields = vec![(place, Value::Link(file.id.raw()))];
    let row = tx.update_fields(&described, person.id.raw(), person.version, fields).await.unwrap();
    let response = json!({ "id": person.id.to_string(), "name": "Xerxes" }).to_string();
    tx.take_key("key", "request").await.unwrap();
    tx.remember("key", &Remembered { status: 201, response }).await.unwrap();
    tx.commit().await.unwrap();
    (row.try_into().unwrap(), file.id.raw())
}

async fn a_person_is_told_everything_and_then_forgotten(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut person = customer("Xerxes Quibble");
    person.kind = CustomerKind::Person;
    person.phone = Some(Phone("13811112222".to_owned()));
    person.notes = Some(LongText("Xerxes likes tea".to_owned()));
    let person = create(&store, &actor, &person).await;
    let contact = Contact {
        name: "Sister of Xerxes".to_owned(),
        customer: person.id,
        job_title: None,
        roles: Vec::new(),
        influence: None,
        reports_to: None,
        phone: Some(Phone("13811113333".to_owned())),
        email: None,
        birthday: None,
        notes: None,
    };
    let contact = create(&store, &actor, &contact).await;
    let sold = create(&store, &actor, &order(&person, "2026-03-01")).await;
    create(&store, &actor, &line(&sold, 3, 100)).await;
    let consent = Consent {
        customer: person.id,
        contact: Some(contact.id),
        purpose: ConsentPurpose::Email,
        state: ConsentState::Given,
        date: "2026-03-01".parse().unwrap(),
        source: None,
        proof: None,
    };
    create(&store, &actor, &consent).await;
    let asked = approval_about(&store, &actor, &person).await;
    let (mut person, file) = scan(&store, &actor, person).await;
    // The old telephone is in the history.
    person.phone = Some(Phone("13811114444".to_owned()));
    let mut tx = store.write(&actor).await.unwrap();
    let person = tx.update(&person).await.unwrap();
    tx.commit().await.unwrap();
    // On PostgreSQL other tests' transactions hold the seals back for a moment.
    for _ in 0..100_000 {
        store.seal().await.unwrap();
        if store.verify_seals(None).await.unwrap().unsealed == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }

    let report = run(&store, &actor, PrivacyRequest::Export, person.id.raw()).await;
    let counts = &report["records"];
    for (name, number) in
        [("customer", 1), ("contact", 1), ("order", 1), ("order_line", 1), ("consent", 1)]
    {
        assert_eq!(counts[name], number, "{name}: {report}");
    }
    let mut view = store.read(&actor).await.unwrap();
    let told: RawId = report["file"].as_str().unwrap().parse().unwrap();
    let text = String::from_utf8(view.file(told).await.unwrap().1).unwrap();
    for held in ["Xerxes Quibble", "13811112222", "13811114444", "Sister of Xerxes", "300.00"] {
        assert!(text.contains(held), "{held} is not in {text}");
    }
    drop(view);

    let before = store.read(&actor).await.unwrap().fetch(Purpose::Read, sold.id).await.unwrap();
    run(&store, &actor, PrivacyRequest::Erase, person.id.raw()).await;
    let mut view = store.read(&actor).await.unwrap();
    for words in ["Xerxes", "13811114444", "13811113333", "Sister"] {
        assert!(view.search(words, &[], 10).await.unwrap().is_empty(), "{words} is found");
    }
    let mut all = String::new();
    for (name, id) in [("customer", person.id.raw()), ("contact", contact.id.raw())] {
        all += &format!("{:?}", view.row(name, id, Purpose::Read).await.unwrap());
        all += &format!("{:?}", view.history(name, id, 100).await.unwrap());
    }
    for gone in ["Xerxes", "138111", "tea", "Sister"] {
        assert!(!all.contains(gone), "{gone} is still in {all}");
    }
    // Neither what they gave us nor what we gave them is left.
    for file in [file, told] {
        let (described, content) = view.file(file).await.unwrap();
        assert!(content.is_empty() && described.name.starts_with('#'), "{described:?}");
    }
    for (name, id) in asked {
        all = format!("{:?}", view.row(name, id, Purpose::Read).await.unwrap());
        all += &format!("{:?}", view.history(name, id, 100).await.unwrap());
        assert!(!all.contains("Xerxes") && !all.contains("\"open\""), "{name}: {all}");
    }
    let mut answers = store.write(&actor).await.unwrap();
    assert_eq!(answers.take_key("key", "request").await.unwrap(), guanxi_store::Taken::Free);
    drop(answers);
    // The books are as they were.
    let after = view.fetch(Purpose::Read, sold.id).await.unwrap();
    assert_eq!(
        (after.total, after.date, after.customer),
        (before.total, before.date, before.customer)
    );
    drop(view);
    let verified = store.verify_seals(None).await.unwrap();
    assert_eq!(verified.broken, None);
    assert!(verified.purged >= 1);
}

/// The file by which somebody was imported, and the words by which they were exported.
async fn what_came_in_and_went_out_is_forgotten(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut tx = store.write(&actor).await.unwrap();
    let lines = b"name,phone\nXerxes,13811112222\n,13811110000\n".to_vec();
    let file = tx.create_file("people.csv", "text/csv", lines).await.unwrap();
    tx.commit().await.unwrap();
    let mapping = "[[records]]\ntype = \"customer\"\nmatch = [\"name\"]\n[records.fields]\n\
                   name = \"name\"\nphone = \"phone\"\n";
    let mapping = Mapping::parse(mapping).unwrap();
    let input = ImportInput::File(file.id.raw());
    let job = begin_import(&store, &actor, input, "people.csv", &mapping).await.unwrap();
    store.claim_job("import").await.unwrap();
    run_import(&store, &actor, job.id.raw(), |_, _| {}).await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    let page = view.list("customer", &Query::of(Filter::eq("name", "Xerxes"))).await.unwrap();
    let person = page.rows[0].id;
    drop(view);
    let export = |query: &str| Deed {
        actor: actor.clone(),
        operation: Operation::Export,
        record_type: "customer".to_owned(),
        record: RawId(0),
        detail: Some(json!({ "query": query })),
    };
    store.note_deeds(&[export("q=Xerxes"), export("country=China")]).await.unwrap();

    run(&store, &actor, PrivacyRequest::Erase, person).await;
    let mut view = store.read(&actor).await.unwrap();
    assert!(view.file(file.id.raw()).await.unwrap().1.is_empty());
    drop(view);
    let look = Look { operation: Some(Operation::Export), ..Look::default() };
    let said = format!("{:?}", store.trail(&actor, &look).await.unwrap());
    assert!(!said.contains("Xerxes") && said.contains("country=China"), "{said}");
    let refused = store.job_rows(job.id.raw(), 0, 10).await.unwrap();
    assert!(refused.is_empty(), "{refused:?}");
}
