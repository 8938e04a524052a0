//! The demo company is believable, and analysed when it is made.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_crm::demo::{
    DEMO_MAIL, Demo, analyse_demo, demo_accounts, make_demo, open_demo_accounts,
};
use guanxi_crm::insights::{Analysis, last_run};
use guanxi_crm::people::Customer;
use guanxi_record::{Aggregate, Filter, GroupKey, Measure, Op, Query, Record as _, Sort, Value};
use guanxi_store::View;
use guanxi_testkit::{TestDatabase, both_databases};
use serde_json::json;

use crate::house::{NOW, open};
use crate::insights::warehouse;

both_databases!(the_demo_company_is_believable_and_analysed,);

const CUSTOMERS: usize = 400;

async fn counts(view: &mut View, of: &str, by: &str, filter: Filter) -> BTreeMap<String, i64> {
    let wanted = Aggregate {
        filter,
        group_by: vec![GroupKey::parse(by).unwrap()],
        measures: vec![Measure::count()],
        with_archived: false,
    };
    let groups = view.aggregate(of, &wanted).await.unwrap();
    let each = groups.into_iter().map(|group| match group.measures[0] {
        Value::Integer(number) => (group.keys[0].to_text(), number),
        _ => (group.keys[0].to_text(), 0),
    });
    each.collect()
}

async fn the_demo_company_is_believable_and_analysed(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let demo = Demo { customers: CUSTOMERS, ..Demo::default() };
    make_demo(&store, &actor, demo, |_| {}).await.unwrap();
    assert_eq!(demo_accounts(&store).await.unwrap(), []);
    let problems = analyse_demo(&store, &warehouse, &actor).await.unwrap();
    assert_eq!(problems, Vec::<String>::new());
    open_demo_accounts(&store, "a long password").await.unwrap();
    let accounts = demo_accounts(&store).await.unwrap();
    assert_eq!(accounts.len(), 6);
    assert!(accounts.iter().all(|account| account.email.ends_with(DEMO_MAIL)));

    let mut view = store.read(&actor).await.unwrap();
    let described = store.catalog().get(Customer::NAME).unwrap().clone();
    let all = Query::of(Filter::everything()).limited(Query::LIMIT_MAX);
    let rows = view.list(Customer::NAME, &all).await.unwrap().rows;
    assert_eq!(rows.len(), CUSTOMERS);
    // Telephones are those of the country, in whatever form they were typed.
    let codes = [
        ("China", vec!["+86", "0", "1"]),
        ("Germany", vec!["+49", "0049"]),
        ("Japan", vec!["+81", "0081"]),
        ("Singapore", vec!["+65", "0065"]),
        ("Netherlands", vec!["+31", "0031"]),
        ("United Kingdom", vec!["+44", "0044"]),
        ("United States", vec!["+1", "001"]),
        ("Vietnam", vec!["+84", "0084"]),
    ];
    let (mut countries, mut names) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
    for row in &rows {
        let country = row.value(&described, "country").to_text();
        let phone = row.value(&described, "phone").to_text();
        let known = codes.iter().find(|(known, _)| *known == country).unwrap();
        let fits = phone.is_empty() || known.1.iter().any(|code| phone.starts_with(code));
        assert!(fits, "{country} {phone}");
        countries.insert(country);
        *names.entry(row.title(&described)).or_default() += 1;
    }
    assert!(countries.len() >= 6, "{countries:?}");
    let same = names.values().filter(|number| **number > 1).count();
    assert!(same <= CUSTOMERS / 40, "{same} names stand there more than once");

    // The analyses are there, and what they found differs.
    for analysis in [Analysis::CustomerValue, Analysis::Baskets, Analysis::Duplicates] {
        assert!(last_run(&mut view, analysis, true).await.unwrap().is_some(), "{analysis:?}");
    }
    for (field, kinds) in [("life_stage", 4), ("abc", 3), ("payment_record", 3), ("fit", 3)] {
        let found = counts(&mut view, "customer", field, Filter::everything()).await;
        let found: BTreeMap<_, _> =
            found.into_iter().filter(|(code, _)| !code.is_empty()).collect();
        let most = found.values().copied().max().unwrap_or(0);
        assert!(found.len() >= kinds && most < CUSTOMERS as i64 * 8 / 10, "{field}: {found:?}");
    }
    let pairs = counts(&mut view, "customer_pair", "relation", Filter::everything()).await;
    assert!(pairs.values().sum::<i64>() >= CUSTOMERS as i64 / 100, "{pairs:?}");

    // What is to be done is of these days: 16:00 where the company is.
    let (today, yesterday) = (&NOW[..10], "2026-03-17");
    let last = Query::of(Filter::everything()).sorted(vec![Sort::down("date")]).limited(1);
    let orders = store.catalog().get("order").unwrap().clone();
    let last = view.list("order", &last).await.unwrap().rows;
    assert!(last[0].value(&orders, "date").to_text().as_str() <= yesterday);
    let open_cases = Filter::compare("status", Op::In, json!(["new", "in_progress", "waiting"]));
    let owners = counts(&mut view, "case", "owner", open_cases.clone()).await;
    assert_eq!(owners.len(), 1, "the clerk's: {owners:?}");
    assert!(owners.values().sum::<i64>() >= 6, "{owners:?}");
    let late = open_cases.and(Filter::compare("opened_at", Op::Gt, NOW));
    assert_eq!(view.total("case", &Query::of(late)).await.unwrap().number, 0);
    let open_tasks = Filter::eq("status", "open");
    for (op, day) in [(Op::Lt, today), (Op::Eq, today), (Op::Gt, today)] {
        let due = open_tasks.clone().and(Filter::compare("due_date", op, day));
        let number = view.total("task", &Query::of(due)).await.unwrap().number;
        assert!(number >= 4, "{op:?} {day}: {number}");
    }
}
