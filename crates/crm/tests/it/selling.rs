//! To whom nothing is sold without somebody's word, and who is told of it.

use guanxi_base::{Currency, Id, Money, RawId};
use guanxi_crm::access::{
    ApprovalRule, ApprovalStep, ApproverKind, AuthorityLimit, FieldRight, LimitedAccess, Quorum,
    RightPurpose, RightScope, Role, RoleRight, User, actor_of,
};
use guanxi_crm::authority::{Decision, ask, decide, waiting_for};
use guanxi_crm::billing::{Invoice, InvoiceStatus, Payment};
use guanxi_crm::delivery::Notice;
use guanxi_crm::people::{Customer, TermsRule};
use guanxi_crm::sales::{Order, OrderLine, OrderStatus};
use guanxi_crm::trading::held;
use guanxi_record::{Filter, Query, Record, Row, Stored, Value};
use guanxi_store::{Actor, Origin, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::json;

use crate::house::{create, customer, line, open, order, refusals, user};
use crate::importing::{import, reasons};

both_databases!(
    nothing_is_promised_to_a_customer_whose_deliveries_are_stopped,
    a_stop_holds_for_imports,
    a_stop_is_told_only_to_who_sees_the_terms,
    nothing_is_promised_beyond_the_credit_limit,
    who_is_asked_and_who_asked_is_told,
);

pub(crate) fn yuan(whole: i64) -> Money {
    Money::new(whole * Money::ONE, Currency::CNY)
}

fn terms(name: &str, stops: bool, credit_limit: Option<Money>) -> TermsRule {
    TermsRule {
        name: name.into(),
        abc: None,
        class: None,
        payment_record: None,
        discount: None,
        credit_limit,
        payment_days: None,
        stops,
        notes: None,
    }
}

/// Writes what an analysis would find out.
async fn find_out(store: &Store, system: &Actor, of: &Stored<Customer>, rule: Id<TermsRule>) {
    let mut tx = store.write(system).await.unwrap();
    let described = tx.catalog().get("customer").unwrap().clone();
    let fields =
        [described.position("terms").unwrap(), described.position("payment_record").unwrap()];
    let bad = Value::Text("bad".into());
    let found = [(of.id.raw(), vec![Value::Link(rule.raw()), bad])];
    tx.derive(&described, &fields, &found).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) system: Actor,
    pub(crate) role: Id<Role>,
    /// Sells; decides.
    people: [RawId; 2],
    pub(crate) buyer: Stored<Customer>,
}

pub(crate) async fn house(database: &TestDatabase) -> House {
    let (store, system) = open(database).await;
    let role = Role { name: "Seller".into(), description: None, needs_second_factor: false };
    let role = create(&store, &system, &role).await.id;
    let right = RoleRight {
        role,
        record_type: "*".into(),
        purposes: vec![RightPurpose::Read, RightPurpose::Create, RightPurpose::Change],
        scope: RightScope::All,
        condition: None,
    };
    create(&store, &system, &right).await;
    let mut people = Vec::new();
    for email in ["s@x.example", "d@x.example"] {
        let one = User { roles: vec![role], ..user(email) };
        people.push(create(&store, &system, &one).await.id.raw());
    }
    let rule = ApprovalRule {
        name: "Orders".into(),
        record_type: "order".into(),
        position: 1,
        condition: None,
        description: None,
    };
    let approval_rule = create(&store, &system, &rule).await.id;
    let step = ApprovalStep {
        approval_rule,
        position: 1,
        approver: ApproverKind::People,
        levels_up: None,
        role: None,
        people: vec![Id::new(people[1])],
        quorum: Quorum::Any,
    };
    create(&store, &system, &step).await;
    let buyer = create(&store, &system, &customer("Buyer")).await;
    House { store, system, role, people: people.try_into().unwrap(), buyer }
}

impl House {
    pub(crate) async fn actor(&self, person: usize) -> Actor {
        actor_of(&self.store, self.people[person], Origin::Api, None).await.unwrap().0
    }

    pub(crate) async fn draft(&self, price: i64) -> Stored<Order> {
        let draft = Order { status: OrderStatus::Draft, ..order(&self.buyer, "2026-03-01") };
        let draft = create(&self.store, &self.system, &draft).await;
        create(&self.store, &self.system, &line(&draft, 1, price)).await;
        draft
    }

    async fn fetch(&self, order: Id<Order>) -> Stored<Order> {
        let mut view = self.store.read(&self.system).await.unwrap();
        view.fetch(Purpose::Read, order).await.unwrap()
    }

    pub(crate) async fn set(&self, person: &Actor, order: Id<Order>, status: &str) -> Vec<String> {
        let described = self.store.catalog().get("order").unwrap().clone();
        let fields = vec![(described.position("status").unwrap(), Value::Text(status.into()))];
        let version = self.fetch(order).await.version;
        let mut tx = self.store.write(person).await.unwrap();
        tx.update_fields(&described, order.raw(), version, fields).await.unwrap();
        match tx.commit().await {
            Ok(_) => Vec::new(),
            Err(error) => refusals::<()>(Err(error)),
        }
    }

    pub(crate) async fn allow(&self, order: Id<Order>) {
        let described = self.store.catalog().get("order").unwrap().clone();
        let status = (described.position("status").unwrap(), Value::Text("confirmed".into()));
        let place = (order.raw(), self.fetch(order).await.version);
        let actor = self.actor(0).await;
        ask(&self.store, &actor, "order", place, vec![status], "They pay").await.unwrap();
        let task = waiting_for(&self.store, self.people[1]).await.unwrap()[0].id.raw();
        let decider = self.actor(1).await;
        decide(&self.store, &decider, task, &Decision::Approve, "").await.unwrap();
    }

    async fn notices(&self, person: usize) -> Vec<(String, bool)> {
        let mut view = self.store.read(&self.system).await.unwrap();
        let mine = Filter::eq("owner", self.people[person].to_string());
        let rows = view.list(Notice::NAME, &Query::of(mine)).await.unwrap().rows;
        let all = rows.into_iter().map(|row| Stored::<Notice>::try_from(row).unwrap());
        all.map(|one| (one.name.clone(), one.read_at.is_some())).collect()
    }
}

/// Makes a line of the fields that are given, as the API does.
pub(crate) async fn make(
    house: &House,
    actor: &Actor,
    of: &str,
    fields: &[(&str, Value)],
) -> guanxi_base::Result<Row> {
    let mut tx = house.store.write(actor).await.unwrap();
    let described = tx.catalog().get(of).unwrap().clone();
    let mut values = vec![Value::Null; described.fields.len()];
    for (name, value) in fields {
        values[described.position(name).unwrap()] = value.clone();
    }
    let row = tx.create_row(&described, values).await?;
    tx.commit().await?;
    Ok(row)
}

pub(crate) fn invoice(of: &Stored<Customer>, status: InvoiceStatus) -> Invoice {
    Invoice {
        number: None,
        customer: of.id,
        order: None,
        date: "2026-03-01".parse().unwrap(),
        due_date: None,
        status,
        total: None,
        company: None,
        notes: None,
    }
}

async fn nothing_is_promised_to_a_customer_whose_deliveries_are_stopped(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let seller = house.actor(0).await;
    // Agreed before the stop.
    let before = house.draft(100).await;
    assert!(house.set(&seller, before.id, "confirmed").await.is_empty());
    let sent = house.draft(100).await;
    assert!(house.set(&seller, sent.id, "shipped").await.is_empty());
    let rule = create(store, system, &terms("Cash first", true, None)).await;
    find_out(store, system, &house.buyer, rule.id).await;
    let draft = house.draft(500).await;
    let stopped = ["deliveries-stopped status"];
    for status in ["confirmed", "shipped", "completed"] {
        assert_eq!(house.set(&seller, draft.id, status).await, stopped, "{status}");
    }
    // Whoever may do everything is no exception, the product itself is.
    let administrator = house.actor(1).await.with_all_rights();
    assert_eq!(house.set(&administrator, draft.id, "confirmed").await, stopped);
    let agreed = Order { status: OrderStatus::Confirmed, ..order(&house.buyer, "2026-03-02") };
    let mut tx = store.write(&seller).await.unwrap();
    tx.create(&agreed).await.unwrap();
    assert_eq!(refusals(tx.commit().await), stopped);
    // What was agreed before is not sent, does not grow, but may be given up; what is sent is done.
    assert_eq!(house.set(&seller, before.id, "shipped").await, stopped);
    let mut tx = store.write(&seller).await.unwrap();
    tx.create(&line(&before, 1, 5)).await.unwrap();
    assert_eq!(refusals(tx.commit().await), stopped);
    let mut tx = store.write(&seller).await.unwrap();
    tx.create(&line(&before, -1, 5)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(house.set(&seller, before.id, "void").await.is_empty());
    assert!(house.set(&seller, sent.id, "completed").await.is_empty());
    let mut tx = store.write(&seller).await.unwrap();
    let back = Order { kind: guanxi_crm::sales::OrderKind::Return, ..agreed };
    tx.create(&back).await.unwrap();
    tx.commit().await.unwrap();
    // Somebody allows it: this order, for as long as it does not grow.
    house.allow(draft.id).await;
    assert_eq!(house.fetch(draft.id).await.status, OrderStatus::Confirmed);
    assert!(house.set(&seller, draft.id, "shipped").await.is_empty());
    let mut tx = store.write(&seller).await.unwrap();
    tx.create(&line(&draft, 1, 5)).await.unwrap();
    assert_eq!(refusals(tx.commit().await), stopped);
    // A rule that is put away rules no more.
    let mut tx = store.write(system).await.unwrap();
    tx.archive("terms_rule", rule.id.raw(), rule.version).await.unwrap();
    tx.commit().await.unwrap();
    let next = house.draft(500).await;
    assert!(house.set(&seller, next.id, "confirmed").await.is_empty());
}

async fn a_stop_is_told_only_to_who_sees_the_terms(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let rule = create(store, system, &terms("Cash first", true, None)).await;
    find_out(store, system, &house.buyer, rule.id).await;
    let told = async |actor: &Actor| {
        let mut view = store.read(actor).await.unwrap();
        let reasons = held(&mut view, house.buyer.id.raw(), None).await.unwrap();
        reasons.into_iter().map(|one| (one.code, one.args)).collect::<Vec<_>>()
    };
    let words = |told: &str, terms: &str, payment: &str| {
        let args = [("told", told), ("terms", terms), ("payment", payment)];
        vec![("deliveries-stopped", args.map(|(name, text)| (name, text.to_owned())).to_vec())]
    };
    assert_eq!(told(&house.actor(0).await).await, words("yes", "Cash first", "bad"));
    for (of, field) in [("customer", "terms"), ("terms_rule", "stops")] {
        let hidden = FieldRight {
            role: house.role,
            record_type: of.into(),
            field: field.into(),
            access: LimitedAccess::Hidden,
        };
        let hidden = create(store, system, &hidden).await;
        assert_eq!(told(&house.actor(0).await).await, words("no", "", "none"), "{of}");
        let mut tx = store.write(system).await.unwrap();
        tx.archive("field_right", hidden.id.raw(), hidden.version).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn nothing_is_promised_beyond_the_credit_limit(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let seller = house.actor(0).await;
    let rule = create(store, system, &terms("Some", false, Some(yuan(1_000)))).await;
    find_out(store, system, &house.buyer, rule.id).await;
    // 600 asked for, 200 of it paid, 300 promised and not asked for yet: 300 are left.
    let sent = create(store, system, &invoice(&house.buyer, InvoiceStatus::Draft)).await;
    let asked = ("invoice", Value::Link(sent.id.raw()));
    let price = ("unit_price", Value::Money(yuan(600)));
    let words = ("description", Value::Text("Widget".into()));
    make(&house, system, "invoice_line", &[asked, price, words]).await.unwrap();
    let mut tx = store.write(system).await.unwrap();
    let mut issued: Stored<Invoice> = tx.fetch(Purpose::Change, sent.id).await.unwrap();
    issued.status = InvoiceStatus::Issued;
    tx.update(&issued).await.unwrap();
    tx.commit().await.unwrap();
    let payment = Payment {
        number: None,
        customer: house.buyer.id,
        invoice: Some(sent.id),
        date: "2026-03-02".parse().unwrap(),
        amount: yuan(200),
        method: None,
        reference: None,
    };
    create(store, system, &payment).await;
    let promised = house.draft(300).await;
    assert!(house.set(&seller, promised.id, "confirmed").await.is_empty());
    let more = house.draft(301).await;
    let refused = ["credit-limit-exceeded status"];
    assert_eq!(house.set(&seller, more.id, "confirmed").await, refused);
    let mut view = store.read(&seller).await.unwrap();
    let reasons = held(&mut view, house.buyer.id.raw(), Some(more.id.raw())).await.unwrap();
    let args = [("told", "yes"), ("owed", "1001.00 CNY"), ("limit", "1000.00 CNY")];
    assert_eq!(reasons[0].args, args.map(|(name, text)| (name, text.to_owned())));
    assert!(held(&mut view, house.buyer.id.raw(), None).await.unwrap().is_empty());
    drop(view);
    let fits = house.draft(300).await;
    assert!(house.set(&seller, fits.id, "confirmed").await.is_empty());
    // The customer's own limit counts before that of the terms; another currency is beyond any.
    let mut tx = store.write(system).await.unwrap();
    let mut buyer: Stored<Customer> = tx.fetch(Purpose::Change, house.buyer.id).await.unwrap();
    buyer.credit_limit = Some(yuan(5_000));
    tx.update(&buyer).await.unwrap();
    tx.commit().await.unwrap();
    assert!(house.set(&seller, more.id, "confirmed").await.is_empty());
    let foreign = Order { status: OrderStatus::Draft, ..order(&house.buyer, "2026-03-01") };
    let foreign = create(store, system, &foreign).await;
    let unit_price = Money::new(Money::ONE, Currency::USD);
    create(store, system, &OrderLine { unit_price, ..line(&foreign, 1, 1) }).await;
    assert_eq!(house.set(&seller, foreign.id, "confirmed").await, refused);
    house.allow(foreign.id).await;
    assert_eq!(house.fetch(foreign.id).await.status, OrderStatus::Confirmed);
}

async fn who_is_asked_and_who_asked_is_told(database: TestDatabase) {
    let house = house(&database).await;
    let limit = AuthorityLimit {
        role: house.role,
        record_type: "order".into(),
        field: "total".into(),
        at_most: "100 CNY".into(),
        condition: Some("status=confirmed".into()),
    };
    create(&house.store, &house.system, &limit).await;
    let draft = house.draft(500).await;
    let described = house.store.catalog().get("order").unwrap().clone();
    let status = (described.position("status").unwrap(), Value::Text("confirmed".into()));
    let place = (draft.id.raw(), house.fetch(draft.id).await.version);
    let seller = house.actor(0).await;
    let (request, _) = ask(&house.store, &seller, "order", place, vec![status], "").await.unwrap();
    // What goes beyond whose authority is kept with the request.
    let kept = serde_json::to_value(request.beyond()).unwrap();
    let role = house.role.to_string();
    let expected = json!([{ "field": "total", "value": "500.00 CNY", "at_most": "100 CNY", "role": role,
            "condition": "status=confirmed" }]);
    assert_eq!(kept, expected);
    let number = house.fetch(draft.id).await.number.clone().unwrap();
    let waits = format!("“{number}” waits for your decision");
    assert_eq!(house.notices(1).await, [(waits.clone(), false)]);
    assert!(house.notices(0).await.is_empty());
    let task = waiting_for(&house.store, house.people[1]).await.unwrap()[0].id.raw();
    let decider = house.actor(1).await;
    decide(&house.store, &decider, task, &Decision::Return, "Too much").await.unwrap();
    assert_eq!(house.notices(1).await, [(waits, true)], "it waits no more");
    assert_eq!(house.notices(0).await, [(format!("“{number}” was returned"), false)]);
}

const ORDERS: &str = r#"
    [[records]]
    type = "order"
    match = ["number"]
    [records.fields]
    number = "No"
    status = "State"
    customer = { column = "Who", find_by = "name" }
"#;

async fn a_stop_holds_for_imports(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    create(store, system, &customer("Other")).await;
    let rule = create(store, system, &terms("Cash first", true, None)).await;
    find_out(store, system, &house.buyer, rule.id).await;
    let lines = "No,Who,State\n1,Buyer,confirmed\n2,Buyer,draft\n3,Other,confirmed\n";
    let administrator = house.actor(1).await.with_all_rights();
    let outcome = import(store, &administrator, lines, ORDERS).await.unwrap();
    assert_eq!(reasons(&outcome.refused), ["2: deliveries-stopped status"]);
    // What the operator brings in by the command line is what was agreed long ago.
    let outcome = import(store, system, lines, ORDERS).await.unwrap();
    assert!(outcome.refused.is_empty());
}
