//! Who is told to be one customer, and who is not: what many share is no evidence, companies of one
//! house are two, and nobody is merged because of a record between them.

use guanxi_base::RawId;
use guanxi_crm::people::{Customer, CustomerKind};
use guanxi_crm::resolution::{Relation, likely_there};
use guanxi_record::{Address, Email, Filter, Phone, Query, Stored};
use guanxi_store::{Actor, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{customer, open};
use crate::resolving::{of, pairs, run};

both_databases!(
    what_many_share_makes_nobody_one,
    a_shared_telephone_is_no_hint_at_entry,
    kind_is_no_veto,
    companies_of_one_house_are_not_merged,
    what_is_numbered_is_not_merged,
    few_customers_are_compared_as_many_are,
    an_identical_name_is_told_at_entry,
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

/// Firms of one office that are numbered, lettered or named after a side, and siblings of one household:
/// whom of them a run above 99.5 % merges.
async fn what_is_numbered_is_not_merged(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut all: Vec<Customer> = (0..150).map(firm).collect();
    for (at, names) in [
        ["宁波汐榆一号股权投资合伙企业（有限合伙）", "宁波汐榆二号股权投资合伙企业（有限合伙）"],
        ["西安岚骥五期置业有限公司", "西安岚骥六期置业有限公司"],
        ["杭州麓棠第六幼儿园", "杭州麓棠第九幼儿园"],
        ["沐岚鼎A座管理处", "沐岚鼎B座管理处"],
        ["宁波砚溪甲投资中心（有限合伙）", "宁波砚溪乙投资中心（有限合伙）"],
        ["成都珩璟东区物业管理有限公司", "成都珩璟西区物业管理有限公司"],
        ["Larkham Fund II LP", "Larkham Fund III LP"],
        ["Erik Petrov", "Erika Petrov"],
        ["吴浩璇", "吴浩宣"],
    ]
    .into_iter()
    .enumerate()
    {
        all.extend(names.map(|name| shared(name, at)));
    }
    let ids = insert(&store, &actor, &all).await;
    run(&store, &actor, Some("99.5")).await;
    assert_eq!(there(&store, &actor, &ids).await, ids.len());
}

/// A customer with the telephone, the mail and the address that others of this number have.
fn shared(name: &str, number: usize) -> Customer {
    let mut one = customer(name);
    if ["Erik", "吴"].iter().any(|start| name.starts_with(start)) {
        one.kind = CustomerKind::Person;
    }
    one.phone = Some(Phone(format!("0574871234{number:02}")));
    one.email = Some(Email(format!("ir@shared{number}.example")));
    one.address = Some(Address {
        province: "浙江省".to_owned(),
        city: "宁波市".to_owned(),
        street: format!("梅山大道{number}号"),
        ..Address::default()
    });
    one
}

/// Thirty customers and some that stand there twice, or are two: by the scoring that many have.
async fn few_customers_are_compared_as_many_are(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut all: Vec<Customer> = (0..30).map(firm).collect();
    let phone = |name: &str, phone: &str| Customer {
        phone: Some(Phone(phone.to_owned())),
        ..customer(name)
    };
    let two = [
        phone("中铁十一局集团有限公司", "02787651100"),
        phone("中铁十二局集团有限公司", "02787651100"),
        shared("宁波汐榆一号股权投资合伙企业（有限合伙）", 1),
        shared("宁波汐榆二号股权投资合伙企业（有限合伙）", 1),
    ];
    let one = [
        phone("杭州沐岚璟科技有限公司", "13800002222"),
        phone("杭州沐岚璟科技有限公司", "13911113333"),
        customer("Tamarack Optics Ltd"),
        customer("Tamarack Optics Limited"),
    ];
    all.extend(two);
    all.extend(one);
    let ids = insert(&store, &actor, &all).await;
    let done = run(&store, &actor, None).await;
    assert_eq!(done.falls_back, Some(true));
    let open = pairs(&store, &actor, guanxi_crm::resolution::PairState::Open).await;
    let same = open.iter().filter(|pair| pair.relation == Relation::Same);
    let mut found: Vec<_> = same.map(|pair| (pair.first.raw(), pair.second.raw())).collect();
    found.sort_unstable();
    assert_eq!(found, [(ids[34], ids[35]), (ids[36], ids[37])]);
}

/// The same full name with another mail address is told to who enters it.
async fn an_identical_name_is_told_at_entry(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut all: Vec<Customer> = (0..8).map(firm).collect();
    let mut twin = customer("杭州万盛科技有限公司");
    twin.email = Some(Email("sales@wansheng.example".to_owned()));
    all.push(twin);
    all.push(shared("宁波汐榆一号股权投资合伙企业（有限合伙）", 1));
    let ids = insert(&store, &actor, &all).await;
    let mut view = store.read(&actor).await.unwrap();
    let mut told = async |name: &'static str, email: &'static str| -> Vec<RawId> {
        let entered = |field: &str| match field {
            "name" => name.to_owned(),
            "email" => email.to_owned(),
            _ => String::new(),
        };
        let found = likely_there(&mut view, &entered, None).await.unwrap();
        found.into_iter().map(|one| one.row.id).collect()
    };
    assert_eq!(told("杭州万盛科技有限公司", "office@elsewhere.example").await, [ids[8]]);
    // As it sounds, with the mail of the house.
    assert_eq!(told("杭州万胜科技有限公司", "sales@wansheng.example").await, [ids[8]]);
    // The next in number is another.
    let next = "宁波汐榆二号股权投资合伙企业（有限合伙）";
    assert!(told(next, "ir@shared1.example").await.is_empty());
}
