//! Reads: filters, order, pages, groups, search.

use guanxi_base::{Currency, Money};
use guanxi_record::{
    Aggregate, Bucket, Count, Filter, Function, GroupKey, Measure, Op, Query, Sort, Value,
    condition_from_param,
};
use guanxi_store::{Actor, Purpose, Rights, Store, View};
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::json;

use crate::house::{create, customer, line, open, order, refusals, user};

both_databases!(
    filters_find_what_they_say,
    pages_give_every_record_once_in_order,
    groups_add_up,
    each_field_of_money_has_its_own_currency,
    search_finds_names_as_people_type_them,
    search_finds_ones_own_among_many_of_others,
    nonsense_is_refused,
);

/// Five customers; A and B have orders in January and March.
async fn house(store: &Store, actor: &Actor) {
    for (at, (name, country, employees)) in [
        ("A", Some("China"), Some(10)),
        ("B", Some("China"), None),
        ("C%", Some("Japan"), Some(30)),
        ("d", None, Some(30)),
        ("E", None, None),
    ]
    .into_iter()
    .enumerate()
    {
        let mut one = customer(name);
        one.country = country.map(str::to_owned);
        one.employees = employees;
        one.parent = None;
        let one = create(store, actor, &one).await;
        for date in ["2026-01-05", "2026-03-02", "2026-03-17"].iter().take(3 - at.min(3)) {
            let sold = create(store, actor, &order(&one, date)).await;
            create(store, actor, &line(&sold, 2, at as i64 + 1)).await;
        }
    }
}

async fn names(view: &mut View, record_type: &str, filter: Filter) -> String {
    let title = view.catalog().get(record_type).unwrap().clone();
    let query = Query::of(filter).sorted(vec![Sort::up("id")]);
    let rows = view.list(record_type, &query).await.unwrap().rows;
    rows.iter().map(|row| row.title(&title)).collect::<Vec<_>>().join(" ")
}

async fn filters_find_what_they_say(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    house(&store, &actor).await;
    let mut view = store.read(&actor).await.unwrap();
    for (parameter, value, found) in [
        ("country", "China", "A B"),
        ("country.ne", "China", "C% d E"),
        ("country.in", "China,Japan", "A B C%"),
        ("country.not_in", "China,Japan", "d E"),
        ("country.empty", "true", "d E"),
        ("country.empty", "false", "A B C%"),
        ("employees.gt", "10", "C% d"),
        ("employees.ge", "10", "A C% d"),
        ("employees.lt", "30", "A"),
        ("employees.le", "30", "A C% d"),
        ("name.contains", "%", "C%"),
        ("name.starts", "D", "d"),
        ("created_at.within", "today", "A B C% d E"),
        ("created_at.lt", "today", ""),
    ] {
        let filter = condition_from_param(parameter, value);
        assert_eq!(names(&mut view, "customer", filter).await, found, "{parameter}={value}");
    }
    for (parameter, value, found) in [
        ("customer.country", "China", 5),
        ("customer.country.ne", "China", 1),
        ("date.within", "last_30_days", 3),
        ("date.ge", "30_days_ago", 3),
        ("date", "2026-01-05", 3),
        ("total.ge", "4", 3),
        ("total.ge", "4 CNY", 3),
        ("total.ge", "4 USD", 0),
        ("kind.in", "sale,return", 6),
    ] {
        let query = Query::of(condition_from_param(parameter, value));
        let count = view.total("order", &query).await.unwrap().number;
        assert_eq!(count, found, "{parameter}={value}");
    }
    let related = |count, filter| Filter::Related {
        record_type: "order".to_owned(),
        via: "customer".to_owned(),
        count,
        filter: Box::new(filter),
    };
    let march = Filter::compare("date", Op::Within, "this_month");
    let several = Some(Count { op: Op::Ge, number: 2 });
    assert_eq!(names(&mut view, "customer", related(None, march.clone())).await, "A B");
    assert_eq!(names(&mut view, "customer", related(several, march.clone())).await, "A");
    let none = Filter::Not(Box::new(related(None, Filter::everything())));
    assert_eq!(names(&mut view, "customer", none).await, "d E");
    let either = Filter::Any(vec![
        Filter::Not(Box::new(Filter::compare("employees", Op::Gt, 10))),
        Filter::eq("name", "d"),
    ]);
    assert_eq!(names(&mut view, "customer", either).await, "A B d E");
}

async fn pages_give_every_record_once_in_order(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    house(&store, &actor).await;
    let mut view = store.read(&actor).await.unwrap();
    for sort in
        ["id", "-id", "name", "employees", "-employees", "-country,employees", "country,-id"]
    {
        let query = Query::of(Filter::everything()).sorted(Sort::parse_list(sort));
        let whole = view.list("customer", &query).await.unwrap();
        assert_eq!((whole.rows.len(), whole.next), (5, None));
        for limit in 1..5 {
            let mut query = query.clone().limited(limit);
            let mut paged = Vec::new();
            loop {
                let page = view.list("customer", &query).await.unwrap();
                paged.extend(page.rows);
                match page.next {
                    Some(next) => {
                        let text = next.to_text();
                        query.after = Some(guanxi_record::Cursor::from_text(&text).unwrap());
                    }
                    None => break,
                }
            }
            assert_eq!(paged, whole.rows, "sort={sort} limit={limit}");
        }
    }
    let query = Query::of(Filter::everything()).sorted(Sort::parse_list("employees,name"));
    let rows = view.list("customer", &query).await.unwrap().rows;
    let order: Vec<&Value> = rows.iter().map(|row| &row.values[0]).collect();
    let text = |text: &str| Value::Text(text.to_owned());
    assert_eq!(order, [&text("B"), &text("E"), &text("A"), &text("C%"), &text("d")]);
}

async fn groups_add_up(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    house(&store, &actor).await;
    let mut view = store.read(&actor).await.unwrap();
    let aggregate = Aggregate {
        filter: Filter::everything(),
        group_by: vec![
            GroupKey::parse("date:month").unwrap(),
            GroupKey::parse("customer.country").unwrap(),
        ],
        measures: vec![
            Measure::count(),
            Measure::of(Function::Sum, "total"),
            Measure::of(Function::Average, "total"),
            Measure::of(Function::Max, "date"),
        ],
        with_archived: false,
    };
    let groups = view.aggregate("order", &aggregate).await.unwrap();
    let shown: Vec<String> = groups
        .iter()
        .map(|group| {
            let all = group.keys.iter().chain(&group.measures);
            all.map(Value::to_text).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(
        shown,
        [
            "2026-01-01 China 2 6.00 CNY 3.00 CNY 2026-01-05",
            "2026-01-01 Japan 1 6.00 CNY 6.00 CNY 2026-01-05",
            "2026-03-01 China 3 8.00 CNY 2.6667 CNY 2026-03-17",
        ]
    );
    for bucket in [Bucket::Day, Bucket::Quarter, Bucket::Year] {
        let key = GroupKey { field: "created_at".to_owned(), bucket: Some(bucket) };
        let wanted = Aggregate { group_by: vec![key], ..aggregate.clone() };
        let groups = view.aggregate("order", &wanted).await.unwrap();
        let total: Vec<&Value> = groups.iter().map(|group| &group.measures[1]).collect();
        let sum = Value::Money(Money::new(20 * Money::ONE, Currency::CNY));
        assert_eq!(total, [&sum], "{bucket:?}");
        let start = if bucket == Bucket::Day { "2026-03-18" } else { "2026-01-01" };
        assert_eq!(groups[0].keys[0].to_text(), start);
    }
}

async fn each_field_of_money_has_its_own_currency(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for (name, limit) in [("A", Some(Money::new(5 * Money::ONE, Currency::EUR))), ("B", None)] {
        let buyer = guanxi_crm::people::Customer { credit_limit: limit, ..customer(name) };
        let buyer = create(&store, &actor, &buyer).await;
        let sold = create(&store, &actor, &order(&buyer, "2026-03-01")).await;
        create(&store, &actor, &line(&sold, 1, 7)).await;
    }
    let wanted = Aggregate {
        filter: Filter::everything(),
        group_by: vec![GroupKey::parse("customer.credit_limit").unwrap()],
        measures: vec![
            Measure::of(Function::Average, "total"),
            Measure::of(Function::Sum, "total"),
        ],
        with_archived: false,
    };
    let mut view = store.read(&actor).await.unwrap();
    let groups = view.aggregate("order", &wanted).await.unwrap();
    let mut shown: Vec<String> = groups
        .iter()
        .map(|group| {
            let all = group.keys.iter().chain(&group.measures);
            all.map(Value::to_text).collect::<Vec<_>>().join("/")
        })
        .collect();
    shown.sort();
    assert_eq!(shown, ["/7.00 CNY/7.00 CNY", "5.00 EUR/7.00 CNY/7.00 CNY"]);
    assert!(groups.iter().all(|group| group.currency == Some(Currency::CNY)));
}

async fn search_finds_names_as_people_type_them(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let huawei = create(&store, &actor, &customer("华为技术有限公司")).await;
    for other in ["中兴通讯股份有限公司", "Acme Corporation", "Acme", "深圳华为配件商行"]
    {
        create(&store, &actor, &customer(other)).await;
    }
    let mut view = store.read(&actor).await.unwrap();
    for words in ["华为", "huawei", "hw", "华为技术", "Hua Wei", "huaweijishuyouxian"] {
        let hits = view.search(words, &[], 10).await.unwrap();
        assert!(hits.iter().any(|hit| hit.id == huawei.id.raw()), "{words}: {hits:?}");
    }
    let titles = async |view: &mut View, words: &str| -> Vec<String> {
        let hits = view.search(words, &["customer"], 10).await.unwrap();
        hits.into_iter().map(|hit| hit.title).collect()
    };
    assert_eq!(titles(&mut view, "华为").await, ["华为技术有限公司", "深圳华为配件商行"]);
    assert_eq!(titles(&mut view, "acme").await, ["Acme", "Acme Corporation"]);
    assert_eq!(titles(&mut view, "CU-000003").await, ["Acme Corporation"]);
    for words in ["\"", "*", "' OR 1=1", "NEAR(a b)", "为华", "a:b"] {
        assert_eq!(titles(&mut view, words).await, Vec::<String>::new(), "{words}");
    }
    let mut query = Query::of(Filter::everything());
    query.search = Some("gongsi".to_owned());
    assert_eq!(view.list("customer", &query).await.unwrap().rows.len(), 2);
    drop(view);

    // What changes is found by its new name only, what is archived not at all.
    let mut renamed = huawei.clone();
    renamed.name = "荣耀终端".to_owned();
    let mut tx = store.write(&actor).await.unwrap();
    let renamed = tx.update(&renamed).await.unwrap();
    tx.commit().await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    assert_eq!(titles(&mut view, "华为").await, ["深圳华为配件商行"]);
    assert_eq!(titles(&mut view, "rongyao").await, ["荣耀终端"]);
    drop(view);
    let mut tx = store.write(&actor).await.unwrap();
    tx.archive("customer", renamed.id.raw(), renamed.version).await.unwrap();
    tx.commit().await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    assert_eq!(titles(&mut view, "rongyao").await, Vec::<String>::new());
}

async fn nonsense_is_refused(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut view = store.read(&actor).await.unwrap();
    for (parameter, value, refusal) in [
        ("nothing", "1", "unknown-field nothing"),
        ("employees", "many", "not-an-integer employees"),
        ("employees.contains", "1", "not-comparable employees"),
        ("address.gt", "1", "not-comparable address"),
        ("address.planet", "1", "unknown-field address.planet"),
        ("name.planet", "1", "unknown-field name.planet"),
        ("created_at.within", "someday", "not-a-period created_at"),
        ("kind", "robot", "not-an-option kind"),
        ("parent", "me'--", "not-an-id parent"),
    ] {
        let query = Query::of(condition_from_param(parameter, value));
        assert_eq!(refusals(view.list("customer", &query).await), [refusal], "{parameter}");
    }
    let wrong = Filter::compare("name", Op::In, json!("not a list"));
    assert_eq!(refusals(view.list("customer", &Query::of(wrong)).await), ["needs-a-list name"]);
    let query = Query::of(Filter::everything()).sorted(vec![Sort::up("address")]);
    assert_eq!(refusals(view.list("customer", &query).await), ["not-sortable address"]);
    let many = Filter::Any(vec![Filter::eq("name", "x"); 500]);
    assert_eq!(refusals(view.list("customer", &Query::of(many)).await), ["filter-too-large -"]);
}

/// Records that one may not see must not take the places of those that one may.
async fn search_finds_ones_own_among_many_of_others(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let [me, other] = [
        create(&store, &actor, &user("me@x.example")).await,
        create(&store, &actor, &user("other@x.example")).await,
    ];
    let customer_type = store.catalog().get("customer").unwrap().clone();
    let mut tx = store.write(&actor).await.unwrap();
    let mut rows = Vec::new();
    for at in 0..260 {
        let mut one = customer(&format!("Huaxing {at}"));
        let owner = if at == 259 { me.id } else { other.id };
        one.owner = Some(guanxi_record::Owner(owner.raw()));
        let mut values = guanxi_record::Record::values(&one);
        values.resize(customer_type.fields.len(), Value::Null);
        rows.push(tx.prepare(&customer_type, values).await.unwrap());
    }
    tx.insert(&customer_type, rows).await.unwrap();
    tx.commit().await.unwrap();
    let scope = (("customer".to_owned(), Purpose::Read), Filter::eq("owner", "me"));
    let mut limited = actor.clone();
    limited.user = Some(me.id.raw());
    limited.rights = Rights::listed([scope]);
    let mut view = store.read(&limited).await.unwrap();
    let hits = view.search("huaxing", &[], 10).await.unwrap();
    let titles: Vec<&str> = hits.iter().map(|hit| hit.title.as_str()).collect();
    assert_eq!(titles, ["Huaxing 259"]);
    assert!(view.search("me@x", &[], 10).await.unwrap().is_empty());
    assert!(view.search("huaxing", &["order"], 10).await.unwrap().is_empty());
}
