//! Who is told to be one customer, and who is not: what many share is no evidence, companies of one
//! house are two, and nobody is merged because of a record between them.

use guanxi_base::RawId;
use guanxi_crm::people::{Customer, CustomerKind};
use guanxi_crm::resolution::{Relation, likely_there};
use guanxi_record::{Email, Filter, Phone, Query, Stored};
use guanxi_store::{Actor, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{customer, open};
use crate::resolving::{of, pairs, run};

both_databases!(
    what_many_share_makes_nobody_one,
    a_shared_telephone_is_no_hint_at_entry,
    kind_is_no_veto,
    companies_of_one_house_are_not_merged,
);

const FIRST: [&str; 16] = [
    "Bravo", "Quartz", "Mistral", "Ferrum", "Oakley", "Zephyr", "Delphi", "Umber", "Corvus",
    "Tundra", "Jasper", "Lotus", "Marlin", "Novara", "Pelican", "Rowan",
];
const SECOND: [&str; 13] = [
    "Harbour",
    "Valley",
    "Northgate",
    "Riverside",
    "Summit",
    "Meadow",
    "Bridge",
    "Orchard",
    "Quarry",
    "Station",
    "Abbey",
    "Mill",
    "Tower",
];

fn firm(number: usize) -> Customer {
    let (first, second) = (FIRST[number % 16], SECOND[number / 16 % 13]);
    let mut one = customer(&format!("{first} {second} Ltd."));
    one.phone = Some(Phone(format!("139{:08}", number * 15_485_863 % 100_000_000)));
    one.email = Some(Email(format!("post@firm{number}.example")));
    one.tax_number = Some(format!("DE{:09}", 100_000_007 + number * 7_919));
    one
}

async fn insert(store: &Store, actor: &Actor, all: &[Customer]) -> Vec<RawId> {
    let mut tx = store.write(actor).await.unwrap();
    let mut ids = Vec::new();
    for one in all {
        ids.push(tx.create(one).await.unwrap().id.raw());
    }
    tx.commit().await.unwrap();
    ids
}

async fn there(store: &Store, actor: &Actor, ids: &[RawId]) -> usize {
    let mut left = 0;
    for id in ids {
        let one: Stored<Customer> = of(store, actor, *id).await;
        left += usize::from(one.archived_at.is_none());
    }
    left
}

/// Six, and twenty, firms of other names and other tax numbers with one telephone and one mail
/// address, whether those look like placeholders or not; beside them others that stand there twice.
async fn what_many_share_makes_nobody_one(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut all: Vec<Customer> = (0..190).map(firm).collect();
    let mut sharing = Vec::new();
    for (from, count, phone, mail) in [
        (0, 6, "13800001111", "office@mall.example"),
        (20, 20, "021-55556666", "books@accountant.example"),
        (60, 3, "13977778888", "desk@shared.example"),
        (80, 6, "11111111111", "test@test.com"),
    ] {
        for one in all.iter_mut().skip(from).take(count) {
            one.phone = Some(Phone(phone.replace('-', "")));
            one.email = Some(Email(mail.to_owned()));
        }
        sharing.extend(from..from + count);
    }
    let twins: Vec<Customer> = (150..170)
        .map(|number| {
            let mut twin = firm(number);
            twin.name = twin.name.replace("Ltd.", "LIMITED").to_uppercase();
            twin.tax_number = None;
            twin.email = twin.email.filter(|_| number % 2 == 0);
            twin
        })
        .collect();
    all.extend(twins);
    let ids = insert(&store, &actor, &all).await;
    let done = run(&store, &actor, Some("99.5")).await;
    assert_eq!(done.falls_back, Some(false));
    let sharing: Vec<RawId> = sharing.into_iter().map(|at| ids[at]).collect();
    assert_eq!(there(&store, &actor, &sharing).await, sharing.len());
    // Those that stand there twice are merged, or wait for people.
    let merged = 20 - there(&store, &actor, &ids[190..]).await;
    assert!(merged >= 15, "{merged}");
    let open = pairs(&store, &actor, guanxi_crm::resolution::PairState::Open).await;
    let same = open.iter().filter(|pair| pair.relation == Relation::Same);
    for pair in same {
        let (one, other) = (pair.first.raw(), pair.second.raw());
        assert!(!sharing.contains(&one) || !sharing.contains(&other), "{}", pair.certainty);
    }
    let card = &done.card.as_ref().unwrap().0;
    assert_eq!(card["reliability"]["source"], "made_up");
    assert!(card["reliability"]["bins"].as_array().is_some_and(|bins| bins.len() > 4));
}

async fn a_shared_telephone_is_no_hint_at_entry(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut all: Vec<Customer> = (0..8).map(firm).collect();
    all.iter_mut().for_each(|one| one.phone = Some(Phone("02155556666".to_owned())));
    insert(&store, &actor, &all).await;
    let mut view = store.read(&actor).await.unwrap();
    let entered = |name: &str| match name {
        "name" => "Quite Another GmbH".to_owned(),
        "phone" => "021-5555 6666".to_owned(),
        _ => String::new(),
    };
    assert!(likely_there(&mut view, &entered, None).await.unwrap().is_empty());
}

/// One name and one telephone, as an organisation, which is what a form says first, and as a person.
async fn kind_is_no_veto(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let person = |phone: &str, kind| Customer {
        phone: Some(Phone(phone.to_owned())),
        kind,
        ..customer("朱明")
    };
    let mut all = vec![
        person("18218463897", CustomerKind::Organisation),
        person("+8618218463897", CustomerKind::Person),
    ];
    let first = insert(&store, &actor, &all).await;
    let found = async || {
        run(&store, &actor, None).await;
        let open = pairs(&store, &actor, guanxi_crm::resolution::PairState::Open).await;
        let open = open.into_iter().map(|pair| (pair.first.raw(), pair.second.raw()));
        open.collect::<Vec<_>>()
    };
    // By the rules for few, and by what is learned from more.
    assert_eq!(found().await, [(first[0], first[1])]);
    all = (0..150).map(firm).collect();
    insert(&store, &actor, &all).await;
    assert_eq!(found().await, [(first[0], first[1])]);
}

/// Companies of one house in two places, of two trades or two forms share name, telephone and mail;
/// and a record that says too little stands between two of them.
async fn companies_of_one_house_are_not_merged(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut all: Vec<Customer> = (0..150).map(firm).collect();
    let house = |name: &str| {
        let mut one = customer(name);
        one.phone = Some(Phone("02166667777".to_owned()));
        one.email = Some(Email("post@hengda.example".to_owned()));
        one
    };
    all.extend([
        house("上海恒达机械有限公司"),
        house("北京恒达机械有限公司"),
        house("上海恒达投资有限公司"),
        house("上海恒达机械股份有限公司"),
        house("上海恒达机械有限公司苏州分公司"),
        house("恒达"),
    ]);
    let ids = insert(&store, &actor, &all).await;
    run(&store, &actor, Some("99.5")).await;
    assert_eq!(there(&store, &actor, &ids).await, ids.len());
    let mut view = store.read(&actor).await.unwrap();
    let merges = Query::of(Filter::everything());
    assert_eq!(view.total("customer_merge", &merges).await.unwrap().number, 0);
}
