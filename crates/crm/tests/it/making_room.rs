//! Who makes room under a credit limit: nobody by what they write themselves who may not say what it is.

use guanxi_base::{Id, Money, RawId};
use guanxi_crm::access::{User, actor_of, make_standard_roles, standard_role};
use guanxi_crm::billing::{Invoice, InvoiceLine, InvoiceStatus, Payment};
use guanxi_crm::people::Customer;
use guanxi_crm::sales::{Order, OrderKind, OrderStatus};
use guanxi_record::{Choice as _, Owner, Record, Stored, Value};
use guanxi_store::{Actor, Origin, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, line, open, order, refusals, user};
use crate::linking::tried;
use crate::resolving::of;
use crate::selling::{invoice, yuan};

both_databases!(
    no_payment_and_no_credit_of_ones_own_makes_room,
    what_was_sent_is_not_given_up_by_who_sells,
    who_pays_is_not_for_who_sells_to_say,
    who_may_say_the_limit_keeps_the_books,
    without_a_limit_nobody_is_asked,
);

const LOWERS: [&str; 1] = ["lowers-what-is-owed -"];

struct Shop {
    store: Store,
    system: Actor,
    /// By their standard roles.
    seller: Actor,
    manager: Actor,
    buyer: Stored<Customer>,
}

async fn shop(database: &TestDatabase, credit_limit: Option<Money>) -> Shop {
    let (store, system) = open(database).await;
    let mut tx = store.write(&system).await.unwrap();
    let made = make_standard_roles(&mut tx, &|key| key.to_owned()).await.unwrap();
    tx.commit().await.unwrap();
    let mut people = Vec::new();
    for (key, email) in [("salesperson", "s@x.example"), ("all_business", "m@x.example")] {
        let role = standard_role(&made, key).unwrap();
        let one = User { roles: vec![role], ..user(email) };
        let id = create(&store, &system, &one).await.id.raw();
        people.push(actor_of(&store, id, Origin::Api, None).await.unwrap().0);
    }
    let [seller, manager] = <[Actor; 2]>::try_from(people).unwrap();
    let owner = seller.user.map(Owner);
    let buyer = Customer { credit_limit, owner, ..customer("Buyer") };
    let buyer = create(&store, &system, &buyer).await;
    Shop { store, system, seller, manager, buyer }
}

impl Shop {
    async fn order(&self, kind: OrderKind, price: i64, status: OrderStatus) -> Stored<Order> {
        let owner = self.seller.user.map(Owner);
        let draft =
            Order { status: OrderStatus::Draft, kind, owner, ..order(&self.buyer, "2026-03-01") };
        let draft = create(&self.store, &self.system, &draft).await;
        create(&self.store, &self.system, &line(&draft, 1, price)).await;
        if status != OrderStatus::Draft {
            let agreed = ("status", text(status.code()));
            let set = self.set(&self.system, "order", draft.id.raw(), agreed).await;
            assert_eq!(set, [""; 0]);
        }
        draft
    }

    /// An invoice with one line, sent by whoever it is.
    async fn bill(&self, whose: &Actor, of: Invoice, price: i64) -> (RawId, Vec<String>) {
        let draft = create(&self.store, &self.system, &of).await;
        let described = self.store.catalog().get("invoice_line").unwrap().clone();
        let mut values = vec![Value::Null; described.fields.len()];
        for (name, value) in [
            ("invoice", Value::Link(draft.id.raw())),
            ("description", text("Widget")),
            ("unit_price", Value::Money(yuan(price))),
        ] {
            values[described.position(name).unwrap()] = value;
        }
        let mut tx = self.store.write(&self.system).await.unwrap();
        tx.create_row(&described, values).await.unwrap();
        tx.commit().await.unwrap();
        let sent = self.set(whose, "invoice", draft.id.raw(), ("status", text("issued"))).await;
        (draft.id.raw(), sent)
    }

    async fn set(&self, whose: &Actor, of: &str, id: RawId, what: (&str, Value)) -> Vec<String> {
        let described = self.store.catalog().get(of).unwrap().clone();
        let mut tx = self.store.write(whose).await.unwrap();
        let outcome = async {
            let version = tx.row(of, id, Purpose::Read).await?.version;
            let fields = vec![(described.position(what.0).unwrap(), what.1)];
            tx.update_fields(&described, id, version, fields).await?;
            tx.commit().await.map(drop)
        };
        match outcome.await {
            Ok(()) => Vec::new(),
            error => refusals(error),
        }
    }

    async fn archive(&self, whose: &Actor, of: &str, id: RawId) -> Vec<String> {
        let mut tx = self.store.write(whose).await.unwrap();
        let outcome = async {
            let version = tx.row(of, id, Purpose::Read).await?.version;
            tx.archive(of, id, version).await?;
            tx.commit().await.map(drop)
        };
        match outcome.await {
            Ok(()) => Vec::new(),
            error => refusals(error),
        }
    }

    fn draft_invoice(&self, order: Option<Id<Order>>) -> Invoice {
        Invoice { order, ..invoice(&self.buyer, InvoiceStatus::Draft) }
    }

    fn payment(&self, whole: i64, invoice: Option<RawId>) -> Payment {
        Payment {
            number: None,
            customer: self.buyer.id,
            invoice: invoice.map(Id::new),
            date: "2026-03-02".parse().unwrap(),
            amount: yuan(whole),
            method: None,
            reference: None,
        }
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

async fn no_payment_and_no_credit_of_ones_own_makes_room(database: TestDatabase) {
    let shop = shop(&database, Some(yuan(1_000))).await;
    let (store, seller) = (&shop.store, &shop.seller);
    let sold = shop.order(OrderKind::Sale, 900, OrderStatus::Completed).await;
    // What asks for it is theirs to send: nothing less is owed by that.
    let (asked, sent) = shop.bill(seller, shop.draft_invoice(Some(sold.id)), 900).await;
    assert_eq!(sent, [""; 0]);
    for (whole, invoice) in [(900, Some(asked)), (100, Some(asked)), (5_000, None), (1, None)] {
        let paid = tried(store, seller, &shop.payment(whole, invoice)).await;
        assert_eq!(refusals(paid.map(drop)), LOWERS, "{whole}");
    }
    // Paid back is owed again.
    tried(store, seller, &shop.payment(-100, None)).await.unwrap();
    for order in [None, Some(sold.id)] {
        let (_, sent) = shop.bill(seller, shop.draft_invoice(order), -5_000).await;
        assert_eq!(sent, LOWERS, "{order:?}");
    }
    // Nor is what was asked for paid, given up or put away by a word, or made less by a line.
    for (status, lowers) in
        [("paid", true), ("written_off", true), ("void", false), ("draft", false)]
    {
        // Taken back, it is not asked for any more, but owed all the same.
        let expected: &[&str] = if lowers { &LOWERS } else { &[] };
        let set = shop.set(seller, "invoice", asked, ("status", text(status))).await;
        assert_eq!(set, expected, "{status}");
        shop.set(&shop.system, "invoice", asked, ("status", text("issued"))).await;
    }
    let free = shop.bill(&shop.system, shop.draft_invoice(None), 300).await.0;
    let of_free = InvoiceLine {
        invoice: Id::new(free),
        product: None,
        description: Some("Off".into()),
        quantity: 1.into(),
        unit: None,
        unit_price: yuan(-200),
        tax_rate: None,
        amount: None,
    };
    assert_eq!(refusals(tried(store, seller, &of_free).await.map(drop)), LOWERS);
    assert_eq!(shop.archive(seller, "invoice", free).await, LOWERS);
    // Nor is it asked of another.
    let other = Customer { owner: seller.user.map(Owner), ..customer("Other") };
    let other = create(store, &shop.system, &other).await;
    let to = ("customer", Value::Link(other.id.raw()));
    assert_eq!(shop.set(seller, "invoice", free, to).await, LOWERS);
    // In one transaction it comes to the same.
    let mut tx = store.write(seller).await.unwrap();
    tx.create(&shop.payment(50, None)).await.unwrap();
    tx.create(&shop.payment(-40, None)).await.unwrap();
    assert_eq!(refusals(tx.commit().await.map(drop)), LOWERS);
}

async fn what_was_sent_is_not_given_up_by_who_sells(database: TestDatabase) {
    let shop = shop(&database, Some(yuan(1_000))).await;
    let seller = &shop.seller;
    // What was only promised may be given up, or made less.
    let promised = shop.order(OrderKind::Sale, 300, OrderStatus::Confirmed).await;
    let status = |code: &str| ("status", text(code));
    assert_eq!(shop.set(seller, "order", promised.id.raw(), status("void")).await, [""; 0]);
    for sent in [OrderStatus::Shipped, OrderStatus::Completed] {
        let sold = shop.order(OrderKind::Sale, 200, sent).await.id.raw();
        for code in ["void", "draft"] {
            assert_eq!(shop.set(seller, "order", sold, status(code)).await, LOWERS, "{sent:?}");
        }
        assert_eq!(shop.archive(seller, "order", sold).await, LOWERS);
    }
    // Nothing comes back because somebody says so who would sell more.
    let back = shop.order(OrderKind::Return, -200, OrderStatus::Draft).await.id.raw();
    assert_eq!(shop.set(seller, "order", back, status("completed")).await, LOWERS);
    assert_eq!(shop.set(&shop.manager, "order", back, status("completed")).await, [""; 0]);
}

async fn who_pays_is_not_for_who_sells_to_say(database: TestDatabase) {
    let shop = shop(&database, Some(yuan(1_000))).await;
    let (store, seller) = (&shop.store, &shop.seller);
    let group = Customer { owner: seller.user.map(Owner), ..customer("Group") };
    let group = create(store, &shop.system, &group).await;
    let parent = |to: Value| ("parent", to);
    let buyer = shop.buyer.id.raw();
    let into = parent(Value::Link(group.id.raw()));
    let refused = shop.set(seller, "customer", buyer, into.clone()).await;
    assert_eq!(refused, ["payer-not-yours parent"]);
    assert_eq!(shop.set(&shop.manager, "customer", buyer, into).await, [""; 0]);
    let refused = shop.set(seller, "customer", buyer, parent(Value::Null)).await;
    assert_eq!(refused, ["payer-not-yours parent"]);
    // Other things about them are theirs to say, and a group is asked to pay for what its own ordered.
    assert_eq!(shop.set(seller, "customer", buyer, ("notes", text("Big"))).await, [""; 0]);
    let sold = shop.order(OrderKind::Sale, 400, OrderStatus::Completed).await;
    let to_group = Invoice { customer: group.id, ..shop.draft_invoice(Some(sold.id)) };
    assert_eq!(shop.bill(seller, to_group, 400).await.1, [""; 0]);
}

async fn who_may_say_the_limit_keeps_the_books(database: TestDatabase) {
    let shop = shop(&database, Some(yuan(1_000))).await;
    let sold = shop.order(OrderKind::Sale, 900, OrderStatus::Completed).await;
    let (asked, _) = shop.bill(&shop.manager, shop.draft_invoice(Some(sold.id)), 900).await;
    tried(&shop.store, &shop.manager, &shop.payment(400, Some(asked))).await.unwrap();
    assert_eq!(shop.bill(&shop.manager, shop.draft_invoice(None), -100).await.1, [""; 0]);
    let paid = ("status", text("paid"));
    assert_eq!(shop.set(&shop.manager, "invoice", asked, paid).await, [""; 0]);
    let kept: Stored<Customer> = of(&shop.store, &shop.system, shop.buyer.id.raw()).await;
    assert_eq!(kept.credit_limit, Some(yuan(1_000)));
}

async fn without_a_limit_nobody_is_asked(database: TestDatabase) {
    let shop = shop(&database, None).await;
    let (store, seller) = (&shop.store, &shop.seller);
    tried(store, seller, &shop.payment(400, None)).await.unwrap();
    assert_eq!(shop.bill(seller, shop.draft_invoice(None), -100).await.1, [""; 0]);
    let group = Customer { owner: seller.user.map(Owner), ..customer("Group") };
    let group = create(store, &shop.system, &group).await;
    let into = ("parent", Value::Link(group.id.raw()));
    assert_eq!(shop.set(seller, Customer::NAME, shop.buyer.id.raw(), into).await, [""; 0]);
}
