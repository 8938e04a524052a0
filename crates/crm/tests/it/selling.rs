//! What a sale takes from its product, and to whom nothing is sold without somebody's word.

use guanxi_base::{Currency, Decimal, Id, Money, Percent, RawId};
use guanxi_crm::access::{
    ApprovalRule, ApprovalStep, ApproverKind, AuthorityLimit, FieldRight, LimitedAccess, Quorum,
    RightPurpose, RightScope, Role, RoleRight, User, actor_of,
};
use guanxi_crm::authority::{Decision, ask, decide, waiting_for};
use guanxi_crm::billing::{Invoice, InvoiceStatus, Payment};
use guanxi_crm::catalog::Product;
use guanxi_crm::delivery::Notice;
use guanxi_crm::people::{Customer, TermsRule};
use guanxi_crm::sales::{Order, OrderLine, OrderStatus, held, margin};
use guanxi_record::{Filter, Query, Record, Row, Stored, Value};
use guanxi_store::{Actor, Origin, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::json;

use crate::house::{create, customer, line, open, order, product, refusals, user};

both_databases!(
    a_line_takes_from_its_product_what_nobody_says,
    a_price_below_list_is_told_and_weighed,
    nothing_is_promised_to_a_customer_whose_deliveries_are_stopped,
    a_stop_is_told_only_to_who_sees_the_terms,
    nothing_is_promised_beyond_the_credit_limit,
    who_is_asked_and_who_asked_is_told,
);

fn yuan(whole: i64) -> Money {
    Money::new(whole * Money::ONE, Currency::CNY)
}

fn percent(whole: i64) -> Percent {
    Percent::from_units(whole * Percent::ONE)
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

struct House {
    store: Store,
    system: Actor,
    role: Id<Role>,
    /// Sells; decides.
    people: [RawId; 2],
    buyer: Stored<Customer>,
}

async fn house(database: &TestDatabase) -> House {
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
    async fn actor(&self, person: usize) -> Actor {
        actor_of(&self.store, self.people[person], Origin::Api, None).await.unwrap().0
    }

    async fn draft(&self, price: i64) -> Stored<Order> {
        let draft = Order { status: OrderStatus::Draft, ..order(&self.buyer, "2026-03-01") };
        let draft = create(&self.store, &self.system, &draft).await;
        create(&self.store, &self.system, &line(&draft, 1, price)).await;
        draft
    }

    async fn fetch(&self, order: Id<Order>) -> Stored<Order> {
        let mut view = self.store.read(&self.system).await.unwrap();
        view.fetch(Purpose::Read, order).await.unwrap()
    }

    async fn set(&self, person: &Actor, order: Id<Order>, status: &str) -> Vec<String> {
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

    async fn allow(&self, order: Id<Order>) {
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
async fn make(
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

async fn a_line_takes_from_its_product_what_nobody_says(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let ladder = Product {
        list_price: Some(yuan(380)),
        unit: Some("piece".into()),
        tax_rate: Some(percent(13)),
        ..product("Ladder")
    };
    let ladder = create(store, system, &ladder).await;
    let paint = Product { list_price: Some(yuan(50)), ..product("Paint") };
    let paint = create(store, system, &paint).await;
    let draft = house.draft(1).await;
    let whole = ("order", Value::Link(draft.id.raw()));
    let chosen = ("product", Value::Link(ladder.id.raw()));
    let seller = house.actor(0).await;
    let row = make(&house, &seller, "order_line", &[whole.clone(), chosen.clone()]).await.unwrap();
    let made: Stored<OrderLine> = row.try_into().unwrap();
    assert_eq!(made.description.as_deref(), Some("Ladder"));
    assert_eq!((made.unit_price, made.unit.as_deref()), (yuan(380), Some("piece")));
    assert_eq!((made.tax_rate, made.list_price), (Some(percent(13)), Some(yuan(380))));
    assert_eq!((made.amount, made.below_list), (Some(yuan(380)), None));
    // What is said stays.
    let said = [
        whole.clone(),
        chosen.clone(),
        ("unit_price", Value::Money(yuan(300))),
        ("description", Value::Text("A long one".into())),
    ];
    let row = make(&house, &seller, "order_line", &said).await.unwrap();
    let own: Stored<OrderLine> = row.try_into().unwrap();
    assert_eq!((own.description.as_deref(), own.unit_price), (Some("A long one"), yuan(300)));
    // Another product brings its own where nobody wrote anything.
    let described = store.catalog().get("order_line").unwrap().clone();
    for (known, expected) in [(&made, ("Paint", yuan(50))), (&own, ("A long one", yuan(300)))] {
        let place = described.position("product").unwrap();
        let mut tx = store.write(&seller).await.unwrap();
        let fields = vec![(place, Value::Link(paint.id.raw()))];
        let row =
            tx.update_fields(&described, known.id.raw(), known.version, fields).await.unwrap();
        tx.commit().await.unwrap();
        let line: Stored<OrderLine> = row.try_into().unwrap();
        assert_eq!((line.description.as_deref().unwrap(), line.unit_price), expected);
        assert_eq!(line.list_price, Some(yuan(50)));
    }
    // A price in another currency than the other lines' is no price here.
    let euros = Money::new(5 * Money::ONE, Currency::EUR);
    let foreign = Product { list_price: Some(euros), ..product("Import") };
    let foreign = create(store, system, &foreign).await;
    let line = [whole.clone(), ("product", Value::Link(foreign.id.raw()))];
    let refused = refusals(make(&house, &seller, "order_line", &line).await);
    assert_eq!(refused, ["list-price-other-currency unit_price"]);
    // Without a list price somebody must say one.
    let bare = create(store, system, &product("Bare")).await;
    let line = [whole, ("product", Value::Link(bare.id.raw()))];
    let refused = refusals(make(&house, &seller, "order_line", &line).await);
    assert_eq!(refused, ["required unit_price"]);
    // An invoice's lines the same.
    let invoice = create(store, system, &invoice(&house.buyer, InvoiceStatus::Draft)).await;
    let whole = ("invoice", Value::Link(invoice.id.raw()));
    let row = make(&house, &seller, "invoice_line", &[whole, chosen.clone()]).await.unwrap();
    let described = store.catalog().get("invoice_line").unwrap().clone();
    assert_eq!(row.value(&described, "amount"), Value::Money(yuan(380)));
    assert_eq!(row.title(&described), "Ladder");
    // Whoever may not see prices takes none.
    let hidden = FieldRight {
        role: house.role,
        record_type: "product".into(),
        field: "list_price".into(),
        access: LimitedAccess::Hidden,
    };
    create(store, system, &hidden).await;
    let seller = house.actor(0).await;
    let line = [("order", Value::Link(draft.id.raw())), chosen];
    let refused = refusals(make(&house, &seller, "order_line", &line).await);
    assert_eq!(refused, ["required unit_price"]);
}

fn invoice(of: &Stored<Customer>, status: InvoiceStatus) -> Invoice {
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

async fn a_price_below_list_is_told_and_weighed(database: TestDatabase) {
    let house = house(&database).await;
    let (store, system) = (&house.store, &house.system);
    let ladder =
        Product { list_price: Some(yuan(400)), unit_cost: Some(yuan(90)), ..product("Ladder") };
    let ladder = create(store, system, &ladder).await;
    let limit = AuthorityLimit {
        role: house.role,
        record_type: "order".into(),
        field: "order_line.below_list".into(),
        at_most: "10".into(),
        condition: Some("status=confirmed".into()),
    };
    create(store, system, &limit).await;
    let draft = Order { status: OrderStatus::Draft, ..order(&house.buyer, "2026-03-01") };
    let draft = create(store, system, &draft).await;
    let sold = |price, discount| OrderLine {
        product: Some(ladder.id),
        discount,
        quantity: Decimal::from(2),
        ..line(&draft, 2, price)
    };
    let cheap = create(store, system, &sold(100, None)).await;
    assert_eq!(cheap.below_list, Some(percent(75)));
    let less = create(store, system, &sold(400, Some(percent(5)))).await;
    assert_eq!(less.below_list, Some(percent(5)));
    assert_eq!(create(store, system, &sold(500, None)).await.below_list, None);
    let seller = house.actor(0).await;
    assert_eq!(house.set(&seller, draft.id, "confirmed").await, ["over-your-limit -"]);
    let mut view = store.read(&seller).await.unwrap();
    let found = margin(&mut view, draft.id.raw()).await.unwrap().unwrap();
    // 200 + 760 + 1,000 less 6 × 90.
    assert_eq!(found.amount, yuan(1_420));
    drop(view);
    let mut cheap = cheap;
    cheap.unit_price = yuan(360);
    let mut tx = store.write(system).await.unwrap();
    tx.update(&cheap).await.unwrap();
    tx.commit().await.unwrap();
    assert!(house.set(&seller, draft.id, "confirmed").await.is_empty());
    // What a product is listed at later is another matter.
    let mut ladder = ladder;
    ladder.list_price = Some(yuan(900));
    let mut tx = store.write(system).await.unwrap();
    tx.update(&ladder).await.unwrap();
    let mut cheap: Stored<OrderLine> = tx.fetch(Purpose::Change, cheap.id).await.unwrap();
    cheap.quantity = Decimal::from(1);
    let cheap = tx.update(&cheap).await.unwrap();
    assert_eq!((cheap.list_price, cheap.below_list), (Some(yuan(400)), Some(percent(10))));
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
    let expected =
        json!([{ "field": "total", "value": "500.00 CNY", "at_most": "100 CNY", "role": role }]);
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
