//! What analyses found out about a customer is shown to whoever sees all orders of that customer:
//! a salesperson's own, not those that only lie in their territory.

use std::collections::BTreeSet;

use guanxi_base::{Id, RawId};
use guanxi_crm::access::{
    FieldRight, LimitedAccess, Locale, Role, RoleRight, Territory, User, actor_of, explain,
    make_standard_roles, renew_standard_roles, standard_role,
};
use guanxi_crm::insights::{Analysis, own_figures, reads_what_is_known};
use guanxi_crm::people::Customer;
use guanxi_crm::segments::Choosing;
use guanxi_crm::text::Texts;
use guanxi_record::{
    Aggregate, Filter, GroupKey, Measure, Op, Owner, Query, Record as _, Row, Sort, Stored, Value,
};
use guanxi_store::{Actor, Origin, Purpose, Share, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;
use serde_json::json;

use crate::house::{create, open, user};
use crate::insights::{analyse, follow, shop, warehouse, why_of};

both_databases!(
    a_seller_is_told_of_their_own_customers,
    figures_are_counted_over_what_one_sees,
    roles_of_an_older_database_are_brought_up_to_date_once,
);

struct Shop {
    store: Store,
    system: Actor,
    /// Half of the customers are this seller's; the others lie in their territory.
    seller: RawId,
    colleague: RawId,
    roles: Vec<Id<Role>>,
    own: BTreeSet<RawId>,
    others: BTreeSet<RawId>,
    warehouse: Warehouse,
    _folder: tempfile::TempDir,
}

async fn analysed(database: &TestDatabase) -> Shop {
    let (store, system) = open(database).await;
    let (folder, warehouse) = warehouse();
    let buyers = shop(&store, &system).await;
    let mut tx = store.write(&system).await.unwrap();
    let roles = make_standard_roles(&mut tx, &str::to_owned).await.unwrap();
    let person = |email: &str| User {
        roles: standard_role(&roles, "salesperson").into_iter().collect(),
        ..user(email)
    };
    let seller = tx.create(&person("seller@x.example")).await.unwrap().id;
    let colleague = tx.create(&person("colleague@x.example")).await.unwrap().id.raw();
    let area = Territory {
        name: "Here".to_owned(),
        parent: None,
        members: vec![seller],
        regions: None,
        product_line: None,
        customer_class: None,
    };
    let area = tx.create(&area).await.unwrap().id;
    let (mut own, mut others) = (BTreeSet::new(), BTreeSet::new());
    for (at, buyer) in buyers.iter().enumerate() {
        let mut one = tx.fetch::<Customer>(Purpose::Change, buyer.id).await.unwrap();
        let is_own = at % 2 == 0;
        one.owner = Some(Owner(if is_own { seller.raw() } else { colleague }));
        one.territory = (!is_own).then_some(area);
        if is_own { &mut own } else { &mut others }.insert(one.id.raw());
        tx.update(&one).await.unwrap();
    }
    tx.commit().await.unwrap();
    analyse(&store, &warehouse, &system, Analysis::CustomerValue).await;
    follow(&store, &warehouse).await;
    let (seller, _folder) = (seller.raw(), folder);
    Shop { store, system, seller, colleague, roles, own, others, warehouse, _folder }
}

impl Shop {
    async fn actor(&self) -> Actor {
        actor_of(&self.store, self.seller, Origin::Web, None).await.unwrap().0
    }

    async fn list(&self, actor: &Actor, filter: Filter, sort: &str) -> Vec<Row> {
        let mut view = self.store.read(actor).await.unwrap();
        let sort = if sort.is_empty() { Vec::new() } else { Sort::parse_list(sort) };
        let query = Query::of(filter).sorted(sort).limited(500);
        let rows = view.list("customer", &query).await.unwrap().rows;
        let total = view.total("customer", &query).await.unwrap();
        assert_eq!(total.number, rows.len() as i64);
        rows
    }

    async fn ids(&self, actor: &Actor, filter: Filter, sort: &str) -> BTreeSet<RawId> {
        self.list(actor, filter, sort).await.iter().map(|row| row.id).collect()
    }
}

async fn a_seller_is_told_of_their_own_customers(database: TestDatabase) {
    let shop = analysed(&database).await;
    let seller = shop.actor().await;
    let described = shop.store.catalog().get("customer").unwrap().clone();
    let derived = || described.fields.iter().filter(|field| field.derived);
    // Lists show what is found out about their own, and nothing about the others.
    let all = shop.list(&seller, Filter::everything(), "name").await;
    assert_eq!(all.len(), shop.own.len() + shop.others.len());
    for row in &all {
        let known: Vec<&str> = derived()
            .filter(|field| !row.value(&described, &field.name).is_null())
            .map(|field| field.name.as_ref())
            .collect();
        let is_own = shop.own.contains(&row.id);
        assert_eq!(!known.is_empty(), is_own, "{known:?}");
        let mut view = shop.store.read(&seller).await.unwrap();
        let one = view.row("customer", row.id, Purpose::Read).await.unwrap();
        assert_eq!(one.values, row.values);
        assert_eq!(view.tells("customer", row.id, "life_stage").await.unwrap(), is_own);
        assert!(why_of(&mut view, &one).await.unwrap().is_some());
        let told = explain(&shop.store, shop.seller, "customer", row.id).await.unwrap();
        assert_eq!(told.fields.iter().any(|(name, _)| name == "churn_risk"), !is_own);
    }
    // Whatever is asked for, the answer is the same whatever the others hold.
    let everything = shop.ids(&shop.system, Filter::everything(), "").await;
    let choosing = Choosing::begin(&shop.store, &shop.warehouse, &seller).await.unwrap();
    let places = choosing.column("customer", "id").await.unwrap();
    for (field, op, value) in [
        ("life_stage", Op::Eq, json!("lost")),
        ("life_stage", Op::Ne, json!("lost")),
        ("life_stage", Op::In, json!(["lost", "loyal"])),
        ("life_stage", Op::NotIn, json!(["lost"])),
        ("life_stage", Op::Empty, json!(true)),
        ("life_stage", Op::Empty, json!(false)),
        ("churn_risk", Op::Ge, json!("50")),
        ("purchases", Op::Lt, json!(3)),
        ("last_purchase", Op::Within, json!("last_12_months")),
    ] {
        let asked = Filter::compare(field, op, value);
        let truly = shop.ids(&shop.system, asked.clone(), "").await;
        let expected: BTreeSet<RawId> = truly.intersection(&shop.own).copied().collect();
        assert_eq!(shop.ids(&seller, asked.clone(), "").await, expected, "{asked:?}");
        let turned = Filter::Not(Box::new(asked.clone()));
        let rest: BTreeSet<RawId> = everything.difference(&expected).copied().collect();
        assert_eq!(shop.ids(&seller, turned.clone(), "").await, rest, "{turned:?}");
        for (filter, expected) in [(asked, expected), (turned, rest)] {
            let mask = choosing.mask("customer", &filter).await.unwrap();
            let chosen = places.numbers().iter().zip(&mask).filter(|(_, chosen)| **chosen);
            let chosen: BTreeSet<RawId> = chosen.map(|(id, _)| RawId(*id)).collect();
            assert_eq!(chosen, expected, "{filter:?}");
        }
    }
    // An order tells what stands at its head.
    for sort in ["revenue", "-churn_risk", "-last_purchase", "life_stage,name"] {
        assert_eq!(shop.ids(&seller, Filter::everything(), sort).await, shop.own, "{sort}");
    }
    // Shared with them, its orders are theirs to see, and so is what they tell.
    let shared = *shop.others.first().unwrap();
    let share = Share { with: shop.seller, may_change: false, until: None, by: None };
    let mut tx = shop.store.write(&shop.system).await.unwrap();
    tx.share("customer", shared, &share).await.unwrap();
    tx.commit().await.unwrap();
    let row = shop.list(&shop.actor().await, Filter::eq("id", shared.to_string()), "").await;
    assert!(!row[0].value(&described, "life_stage").is_null());
    // What may not be read of an order is not told by sums of it either.
    let role = standard_role(&shop.roles, "salesperson").unwrap();
    let (record_type, field) = ("order".to_owned(), "total".to_owned());
    let hidden = FieldRight { role, record_type, field, access: LimitedAccess::Hidden };
    create(&shop.store, &shop.system, &hidden).await;
    let seller = shop.actor().await;
    assert!(!seller.rights.asks("customer", "revenue"));
    assert!(seller.rights.asks("customer", "life_stage"));
    assert!(!reads_what_is_known(&seller));
}

async fn figures_are_counted_over_what_one_sees(database: TestDatabase) {
    let shop = analysed(&database).await;
    let seller = shop.actor().await;
    assert!(reads_what_is_known(&seller));
    let described = shop.store.catalog().get("customer").unwrap().clone();
    let own: Vec<Row> = shop
        .list(&shop.system, Filter::everything(), "")
        .await
        .into_iter()
        .filter(|row| shop.own.contains(&row.id))
        .collect();
    let sum = |name: &str| {
        let money = |row: &Row| match row.value(&described, name) {
            Value::Money(money) => money.units,
            _ => 0,
        };
        own.iter().map(money).sum::<i64>()
    };
    let mut view = shop.store.read(&seller).await.unwrap();
    let figures = own_figures(&mut view, 5).await.unwrap();
    assert_eq!(figures.customers, shop.own.len() as i64);
    assert_eq!(figures.revenue.iter().map(|money| money.units).sum::<i64>(), sum("revenue"));
    let worth = figures.lifetime_value.iter().map(|money| money.units).sum::<i64>();
    assert_eq!(worth, sum("lifetime_value"));
    let stages = figures.counts.iter().find(|(name, _)| *name == "life_stage").unwrap();
    assert_eq!(stages.1.iter().map(|(_, count)| count).sum::<i64>(), shop.own.len() as i64);
    assert!(figures.to_call.iter().all(|row| shop.own.contains(&row.id)));
    // Charts by what is told are of the same customers, also from behind a link.
    let mut group = async |of: &str, by: &str, measure: &str| {
        let wanted = Aggregate {
            filter: Filter::everything(),
            group_by: vec![GroupKey::parse(by).unwrap()],
            measures: vec![Measure::parse(measure).unwrap()],
            with_archived: false,
        };
        view.aggregate(of, &wanted).await.unwrap()
    };
    for (by, measure) in [("life_stage", "count"), ("kind", "sum:revenue"), ("abc", "max:revenue")]
    {
        let groups = group("customer", by, measure).await;
        let counted = groups.iter().map(|group| match &group.measures[0] {
            Value::Integer(number) => *number,
            _ => 0,
        });
        let counted: i64 = counted.sum();
        assert!(measure != "count" || counted == shop.own.len() as i64, "{groups:?}");
        let most = own.iter().map(|row| row.value(&described, "revenue"));
        let most = most.filter_map(|value| match value {
            Value::Money(money) => Some(money.units),
            _ => None,
        });
        let most = most.max().unwrap();
        let largest = groups.iter().map(|group| match &group.measures[0] {
            Value::Money(money) => money.units,
            _ => 0,
        });
        let largest = largest.max().unwrap();
        let expected = match measure {
            "count" => 0,
            "sum:revenue" => sum("revenue"),
            _ => most,
        };
        assert_eq!(largest, expected, "{by} {measure}");
    }
    let by_stage = group("order", "customer.life_stage", "count").await;
    assert!(by_stage.iter().all(|group| !group.keys[0].is_null()), "{by_stage:?}");
    // Nothing is told to who sees no orders.
    let colleague = actor_of(&shop.store, shop.colleague, Origin::Web, None).await.unwrap().0;
    let mut view = shop.store.read(&colleague).await.unwrap();
    assert_eq!(own_figures(&mut view, 5).await.unwrap().customers, shop.others.len() as i64);
}

async fn roles_of_an_older_database_are_brought_up_to_date_once(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let mut tx = store.write(&system).await.unwrap();
    let text = |key: &str| Texts::of(Locale::En).get(key);
    let roles = make_standard_roles(&mut tx, &text).await.unwrap();
    let newest = standard_role(&roles, "salesperson").unwrap();
    // The same role as it came before it had a line about terms.
    let mut role = tx.fetch::<Role>(Purpose::Change, newest).await.unwrap();
    let older = role.record.clone();
    role.name = "Another".to_owned();
    tx.update(&role).await.unwrap();
    let older = tx.create(&older).await.unwrap().id;
    let lines = Query::of(Filter::eq("role", newest.to_string())).limited(100);
    for row in tx.list(RoleRight::NAME, &lines).await.unwrap().rows {
        let line: Stored<RoleRight> = row.try_into().unwrap();
        if line.record_type != "terms_rule" {
            tx.create(&RoleRight { role: older, ..line.record }).await.unwrap();
        }
    }
    assert_eq!(renew_standard_roles(&mut tx).await.unwrap(), 1);
    assert_eq!(renew_standard_roles(&mut tx).await.unwrap(), 0);
    // What somebody took away stays away.
    let added = Filter::eq("role", older.to_string()).and(Filter::eq("record_type", "terms_rule"));
    let added = tx.list(RoleRight::NAME, &Query::of(added)).await.unwrap().rows.remove(0);
    tx.archive(RoleRight::NAME, added.id, added.version).await.unwrap();
    assert_eq!(renew_standard_roles(&mut tx).await.unwrap(), 0);
    tx.commit().await.unwrap();
}
