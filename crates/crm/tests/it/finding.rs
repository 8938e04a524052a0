//! Telephones and names are found as people write them: by the search of all, by that of a list, by
//! filters in the database and in the warehouse, and by keys.

use guanxi_base::{RawId, Telephone};
use guanxi_crm::segments::Choosing;
use guanxi_record::{Email, Filter, Op, Phone, Query, Value, condition_from_param};
use guanxi_store::{Store, StoreConfig, View};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;
use serde_json::json;

use crate::house::{NOW, create, customer, open};
use crate::importing::{counts, import, reasons};
use crate::insights::follow;

both_databases!(
    telephones_are_found_however_they_are_written,
    names_are_found_without_their_punctuation,
    contains_takes_no_notice_of_case_and_accents,
    values_are_known_however_they_are_written,
    an_index_of_other_terms_is_made_anew,
    names_in_any_script_are_found_and_imported,
    a_whole_number_finds_no_other,
    one_of_several_telephones_is_what_equals_one,
    the_case_of_a_mail_address_says_nothing,
);

const TELEPHONES: [(&str, &[&str]); 5] = [
    (
        "+8613800138000",
        &[
            "13800138000",
            "+86 138 0013 8000",
            "0086-13800138000",
            "138-0013-8000",
            "0138000",
            "38000",
        ],
    ),
    (
        "13911112222",
        &["+86 139 1111 2222", "008613911112222", "139 1111 2222", "１３９１１１１２２２２"],
    ),
    ("+14155550123", &["4155550123", "(415) 555-0123", "1-415-555-0123", "5550123", "50123"]),
    ("0573-8212345", &["0573-8212345", "+86 573 8212345", "(0573) 8212345", "8212345", "12345"]),
    ("+49 30 901820", &["030 901820", "+49 (0)30 90 18 20", "0049 30 901820", "901820"]),
];

async fn names(view: &mut View, query: &Query) -> Vec<String> {
    let rows = view.list("customer", query).await.unwrap().rows;
    let described = view.catalog().get("customer").unwrap().clone();
    let mut names: Vec<String> = rows.iter().map(|row| row.title(&described)).collect();
    names.sort();
    names
}

async fn telephones_are_found_however_they_are_written(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for (at, (telephone, _)) in TELEPHONES.iter().enumerate() {
        let mut one = customer(&format!("Firm {at}"));
        let kept = guanxi_record::Value::from_text(&guanxi_record::Kind::Phone, telephone);
        one.phone = Some(Phone(kept.unwrap().to_text()));
        create(&store, &actor, &one).await;
    }
    create(&store, &actor, &customer("Silent")).await;
    let mut view = store.read(&actor).await.unwrap();
    for (at, (_, typed)) in TELEPHONES.iter().enumerate() {
        let wanted = [format!("Firm {at}")];
        for words in *typed {
            let mut query = Query::of(Filter::everything());
            query.search = Some((*words).to_owned());
            assert_eq!(names(&mut view, &query).await, wanted, "q={words}");
            let hits = view.search(words, &[], 10).await.unwrap();
            let titles: Vec<String> = hits.into_iter().map(|hit| hit.title).collect();
            assert_eq!(titles, wanted, "search of all: {words}");
            let whole = Telephone::read(words).is_some_and(|one| one.significant().len() >= 7);
            let contains = Query::of(condition_from_param("phone.contains", words));
            if words.is_ascii() {
                assert_eq!(names(&mut view, &contains).await, wanted, "phone.contains={words}");
            }
            if whole {
                let equal = Query::of(condition_from_param("phone", words));
                assert_eq!(names(&mut view, &equal).await, wanted, "phone={words}");
                let other = Query::of(condition_from_param("phone.ne", words));
                assert_eq!(names(&mut view, &other).await.len(), TELEPHONES.len(), "{words}");
            }
        }
    }
    let both = Filter::compare("phone", Op::In, json!(["138 0013 8000", "+1 415 555 0123"]));
    assert_eq!(names(&mut view, &Query::of(both)).await, ["Firm 0", "Firm 2"]);
    for words in ["13800138001", "99999999"] {
        let mut query = Query::of(Filter::everything());
        query.search = Some(words.to_owned());
        assert!(names(&mut view, &query).await.is_empty(), "{words}");
    }
    for words in ["13800138001", "+1 13911112222", "99999999"] {
        let equal = Query::of(condition_from_param("phone", words));
        assert!(names(&mut view, &equal).await.is_empty(), "{words}");
    }
}

async fn names_are_found_without_their_punctuation(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let found = [
        ("某某汽车（中国）投资有限公司", &["某某汽车中国", "汽车（中国）投资", "mmqczg"][..]),
        ("上海·某某 科技", &["上海某某", "某某科技"]),
        ("O'Brien & Sons", &["obrien", "o brien"]),
        ("AT&T", &["att"]),
        ("E.ON", &["eon"]),
        ("Coca-Cola", &["cocacola", "coca cola"]),
        ("Müllerstraße 12 GmbH", &["mullerstrasse", "MUELLERSTRASSE", "müllerstraße"]),
        ("Işık Łódź", &["isik", "IŞIK", "lodz"]),
    ];
    for (name, _) in &found {
        create(&store, &actor, &customer(name)).await;
    }
    let mut view = store.read(&actor).await.unwrap();
    for (name, typed) in &found {
        for words in *typed {
            let mut query = Query::of(Filter::everything());
            query.search = Some((*words).to_owned());
            assert_eq!(names(&mut view, &query).await, [*name], "{words}");
            let hits = view.search(words, &[], 10).await.unwrap();
            assert_eq!(hits.len(), 1, "{words}");
        }
    }
}

/// How many customers of the warehouse pass.
async fn chosen(choosing: &Choosing, filter: &Filter) -> usize {
    choosing.mask("customer", filter).await.unwrap().iter().filter(|one| **one).count()
}

async fn contains_takes_no_notice_of_case_and_accents(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for name in
        ["MÜLLER", "müller", "Muller", "Mu\u{308}ller", "STRASSE", "Straße", "Łódź", "ΣΟΦΟΣ"]
    {
        create(&store, &actor, &customer(name)).await;
    }
    let mut called = customer("Called");
    called.phone = Some(Phone("+8613800138000".to_owned()));
    create(&store, &actor, &called).await;
    let warehouse = Warehouse::open("memory:///").unwrap();
    follow(&store, &warehouse).await;
    let choosing = Choosing::begin(&store, &warehouse, &actor).await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    for (parameter, value, wanted) in [
        ("name.contains", "müller", 4),
        ("name.contains", "ÜLLER", 4),
        ("name.starts", "mül", 4),
        ("name.contains", "straße", 2),
        ("name.contains", "lodz", 1),
        ("name.contains", "σοφος", 1),
        ("name.contains", "100%", 0),
        ("name", "Müller", 0),
        ("phone.contains", "138-0013", 1),
        ("phone.starts", "138 00", 0),
        ("phone.starts", "86138", 1),
        ("phone", "0086 138 0013 8000", 1),
        ("phone.ne", "138 0013 8000", 8),
    ] {
        let filter = condition_from_param(parameter, value);
        assert_eq!(names(&mut view, &Query::of(filter.clone())).await.len(), wanted, "{value}");
        assert_eq!(chosen(&choosing, &filter).await, wanted, "{value}");
    }
}

async fn values_are_known_however_they_are_written(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut one = customer("Ärger & Söhne GmbH");
    one.phone = Some(Phone("+8613800138000".to_owned()));
    let one = create(&store, &actor, &one).await;
    create(&store, &actor, &customer("Other")).await;
    let mut view = store.read(&actor).await.unwrap();
    let described = store.catalog().get("customer").unwrap().clone();
    let mut known_as = async |field: &str, text: &str| -> Vec<RawId> {
        let place = described.position(field).unwrap();
        let key = vec![Value::Text(text.to_owned())];
        let found = view.rows_of_keys(&described, &[place], &[key]).await.unwrap();
        found.into_values().flatten().map(|row| row.id).collect()
    };
    for (field, text) in [
        ("name", "A\u{308}RGER  &  SÖHNE GMBH"),
        ("name", "ärger & söhne ｇｍｂｈ"),
        ("phone", "138 0013 8000"),
        ("phone", "008613800138000"),
    ] {
        assert_eq!(known_as(field, text).await, [one.id.raw()], "{text}");
    }
    for other in ["Ärger", "Arger & Sohne GmbH"] {
        assert!(known_as("name", other).await.is_empty(), "{other}");
    }
}

async fn names_in_any_script_are_found_and_imported(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let scripts = [
        "ไทยพาณิชย์",
        "हिन्दी ट्रेडर्स",
        "தமிழ் நிறுவனம்",
        "বাংলা কোম্পানি",
        "ភ្នំពេញ ពាណិជ្ជ",
        "မြန်မာကုမ္ပဏီ",
        "ລາວ ການຄ້າ",
        "മലയാളം കമ്പനി",
        "සිංහල සමාගම",
        "한국전자",
        "カタカナ・ハウス",
        "ᲓᲔᲛᲝ ბანკი",
        "አማርኛ ንግድ",
        "𞤀𞤁𞤂 𞤃𞤄",
        "ᏣᎳᎩ ꭰꭱ",
        "ꆈꌠꁱꂷ",
        "𬬭𬀩𰻞面馆",
        "شركة النُّور",
        "שָׁלוֹם",
        "\u{5ea}\u{5bc}\u{5d5}\u{5b9}\u{5d3}\u{5b8}\u{5d4}",
        "广东深圳华为技术有限公司",
    ];
    create(&store, &actor, &customer("Acme")).await;
    let file: String = scripts.iter().map(|name| format!("{name}\n")).collect();
    let toml = "[[records]]\ntype = \"customer\"\nmatch = [\"name\"]\nfields = { name = \"n\" }";
    for created in [scripts.len() as u64, 0] {
        let outcome = import(&store, &actor, &format!("n\n{file}"), toml).await.unwrap();
        assert_eq!(reasons(&outcome.refused), Vec::<String>::new());
        assert_eq!(counts(&outcome.job)["customer"].created, created);
    }
    let mut view = store.read(&actor).await.unwrap();
    for name in scripts {
        let starts = [name.to_owned(), name.chars().take(2).collect()];
        for words in starts {
            let mut query = Query::of(Filter::everything());
            query.search = Some(words.clone());
            assert_eq!(names(&mut view, &query).await, [name], "{words}");
        }
        for hits in [view.search(name, &[], 10).await, view.search_some(name, &[], 10).await] {
            let titles: Vec<String> = hits.unwrap().into_iter().map(|hit| hit.title).collect();
            assert_eq!(titles, [name]);
        }
    }
    for (words, name) in [("שלום", "שָׁלוֹם"), ("gdszhwjsyx", "广东深圳华为技术有限公司")]
    {
        let mut query = Query::of(Filter::everything());
        query.search = Some(words.to_owned());
        assert_eq!(names(&mut view, &query).await, [name], "{words}");
    }
    let mut query = Query::of(Filter::everything());
    query.search = Some("\u{93f}".to_owned());
    assert!(names(&mut view, &query).await.is_empty(), "a vowel sign alone");
}

async fn a_whole_number_finds_no_other(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for (name, telephone, tax_number) in [
        ("A", "+8613911110001", "91310000MA1FL0001X"),
        ("B", "+8613911110002", "91310000MA1FL0002X"),
        ("C", "008613911110004", "DE 811907980 0001"),
        ("D", "+498912345678901", "DE8119079800002"),
        ("E", "+498912345678902", "DONAUDAMPFSCHIFF"),
    ] {
        let mut one = customer(name);
        one.phone = Some(Phone(telephone.to_owned()));
        one.tax_number = Some(tax_number.to_owned());
        create(&store, &actor, &one).await;
    }
    let mut view = store.read(&actor).await.unwrap();
    for (words, wanted) in [
        ("+8613911110001", &["A"][..]),
        ("8613911110002", &["B"]),
        ("0086 139 1111 0004", &["C"]),
        ("13911110002", &["B"]),
        ("139111100", &["A", "B", "C"]),
        ("+498912345678901", &["D"]),
        ("498912345678902", &["E"]),
        ("49891234567890", &["D", "E"]),
        ("91310000MA1FL9999X", &[]),
        ("91310000ma1fl0002x", &["B"]),
        ("91310000MA1FL", &["A", "B"]),
        ("DE8119079800001", &["C"]),
        ("DE 8119 0798 0000 2", &["D"]),
        ("donaudampfschleuse", &[]),
    ] {
        let mut query = Query::of(Filter::everything());
        query.search = Some(words.to_owned());
        assert_eq!(names(&mut view, &query).await, wanted, "{words}");
        let hits = view.search(words, &[], 10).await.unwrap();
        assert_eq!(hits.len(), wanted.len(), "{words}");
    }
}

async fn one_of_several_telephones_is_what_equals_one(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for (name, telephone) in [
        ("Extension", "075526001234x801"),
        ("Local", "62345678"),
        ("Shanghai", "02162345678"),
        ("Hong Kong", "85223456780"),
        ("Moscow", "84951234567"),
        ("Cleveland", "+12162349999"),
    ] {
        let mut one = customer(name);
        one.phone = Some(Phone(telephone.to_owned()));
        create(&store, &actor, &one).await;
    }
    create(&store, &actor, &customer("Silent")).await;
    let warehouse = Warehouse::open("memory:///").unwrap();
    follow(&store, &warehouse).await;
    let choosing = Choosing::begin(&store, &warehouse, &actor).await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    let mut found = async |op: Op, value: serde_json::Value| -> Vec<String> {
        let filter = Filter::compare("phone", op, value.clone());
        let rows = names(&mut view, &Query::of(filter.clone())).await;
        assert_eq!(chosen(&choosing, &filter).await, rows.len(), "{op:?} {value}");
        rows
    };
    let all = 7;
    for (typed, wanted) in [
        ("0755-26001234", &["Extension"][..]),
        ("0755-26001234 转 801", &["Extension"]),
        ("0755-26001234 转 802", &[]),
        ("075526009999x801", &[]),
        ("62345678", &["Local", "Shanghai"]),
        ("021-62345678", &["Shanghai"]),
        ("85223456780", &["Hong Kong"]),
        ("+852 2345 6780", &["Hong Kong"]),
        ("84951234567", &["Moscow"]),
        ("+7 495 123-45-67", &["Moscow"]),
        ("021-62349999", &[]),
        ("+1 216 234 9999", &["Cleveland"]),
    ] {
        assert_eq!(found(Op::Eq, json!(typed)).await, wanted, "{typed}");
        assert_eq!(found(Op::In, json!([typed])).await, wanted, "{typed}");
        assert_eq!(found(Op::Ne, json!(typed)).await.len(), all - wanted.len(), "{typed}");
        assert_eq!(found(Op::NotIn, json!([typed])).await.len(), all - wanted.len(), "{typed}");
    }
    let several = json!(["62345678", "0755-26001234 转 801", "+7 495 1234567", null]);
    let wanted = ["Extension", "Local", "Moscow", "Shanghai", "Silent"];
    assert_eq!(found(Op::In, several.clone()).await, wanted);
    assert_eq!(found(Op::NotIn, several).await.len(), all - wanted.len());
    let many: Vec<String> = (0..1000).map(|at| format!("0755-2600{at:04} x{at}")).collect();
    assert_eq!(found(Op::In, json!(many)).await.len(), 0);
}

async fn the_case_of_a_mail_address_says_nothing(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for (name, address) in
        [("A", "A.B@firma.example"), ("B", "\u{e4}.b@firma.example"), ("C", "c@firma.example")]
    {
        let mut one = customer(name);
        one.email = Some(Email(address.to_owned()));
        create(&store, &actor, &one).await;
    }
    create(&store, &actor, &customer("None")).await;
    let warehouse = Warehouse::open("memory:///").unwrap();
    follow(&store, &warehouse).await;
    let choosing = Choosing::begin(&store, &warehouse, &actor).await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    for (op, value, wanted) in [
        (Op::Eq, json!("a.b@firma.example"), &["A"][..]),
        (Op::Eq, json!("A.B@FIRMA.example"), &["A"]),
        (Op::Eq, json!("\u{c4}.B@firma.example"), &["B"]),
        (Op::Ne, json!("a.b@firma.example"), &["B", "C", "None"]),
        (Op::In, json!(["a.b@firma.example", "C@firma.example"]), &["A", "C"]),
        (Op::In, json!(["a.b@firma.example", null]), &["A", "None"]),
        (Op::NotIn, json!(["a.b@firma.example", "C@firma.example"]), &["B", "None"]),
        (Op::Contains, json!("A.b@"), &["A", "B"]),
    ] {
        let filter = Filter::compare("email", op, value.clone());
        assert_eq!(names(&mut view, &Query::of(filter.clone())).await, wanted, "{op:?} {value}");
        assert_eq!(chosen(&choosing, &filter).await, wanted.len(), "{op:?} {value}");
    }
}

async fn an_index_of_other_terms_is_made_anew(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for at in 0..30 {
        create(&store, &actor, &customer(&format!("Coca-Cola {at}"))).await;
    }
    let found = async |store: &Store| {
        let mut view = store.read(&actor).await.unwrap();
        view.search("cocacola", &[], 50).await.unwrap().len()
    };
    assert_eq!(found(&store).await, 30);
    drop(store);
    let older = "UPDATE counter SET value = 1 WHERE name = '#search_terms';";
    database
        .execute(
            &format!("{older} INSERT INTO search_index (search_index) VALUES ('delete-all');"),
            &format!("{older} UPDATE search_document SET terms = NULL;"),
        )
        .await;
    let config = || -> StoreConfig {
        let clock = guanxi_base::Clock::at(NOW.parse().unwrap());
        guanxi_crm::store_config(database.url(), clock).unwrap()
    };
    let store = Store::open(config()).await.unwrap();
    assert_eq!(found(&store).await, 30);
    drop(store);
    // Once is enough.
    let store = Store::open(config()).await.unwrap();
    assert_eq!(found(&store).await, 30);
}
