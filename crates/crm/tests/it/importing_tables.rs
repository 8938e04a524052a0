//! Tables as people keep them: in several encodings at once, with sums below, with lines twice,
//! with several records of one type in a line. What is no record makes none; nothing is lost.

use std::collections::BTreeMap;

use guanxi_base::RawId;
use guanxi_crm::exchange::{Certainty, Counts, ExportFormat, Matter, Progress, export};
use guanxi_crm::people::Customer;
use guanxi_record::{Address, Filter, Query, Record as _, Value};
use guanxi_store::{Actor, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::customising::define;
use crate::file_reading::{Outcome, bring, customers, dry, orders, stored};
use crate::house::{create, customer, open, refusals};
use crate::importing::counts;

both_databases!(
    east_asian_files_of_more_than_a_sample_are_read_as_they_are,
    lines_of_another_encoding_are_refused_whatever_is_told,
    years_of_two_digits_in_front_are_asked_about,
    years_of_two_digits_are_told_for_each_column,
    parts_of_one_type_know_each_others_records,
    sums_footers_and_the_header_again_make_no_records,
    lines_that_are_in_the_file_twice_make_nothing_twice,
    rows_within_a_quoted_cell_are_refused,
    what_a_spreadsheet_lost_is_refused,
    a_second_record_that_is_empty_is_absent,
    a_name_that_was_merged_or_put_away_is_asked_about,
    currencies_that_are_only_usual_are_told,
    links_of_the_second_pass_are_counted,
    what_is_exported_comes_back_as_it_was,
);

const CODE_AND_NAME: &str = "code = \"code\", name = \"name\"";

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn count(outcome: &Outcome, name: &str) -> Counts {
    counts(&outcome.job)[name]
}

fn adds_up(outcome: &Outcome, name: &str) {
    let Counts { created, updated, unchanged, absent, .. } = count(outcome, name);
    let refused = outcome.job.lines_refused.unwrap() as u64;
    let read = outcome.job.lines_read.unwrap() as u64;
    assert_eq!(created + updated + unchanged + absent + refused, read, "{name}");
}

async fn east_asian_files_of_more_than_a_sample_are_read_as_they_are(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let name = "样品观察提交有限责任公司华东分公司采购中心".repeat(4);
    let lines: String = (0..7_000).map(|n| format!("{n},{name}\n")).collect();
    let bytes = gbk(&format!("code,name\n{lines}"));
    assert!(bytes.len() > 1 << 20);
    let outcome = bring(&store, &actor, bytes, &customers(CODE_AND_NAME)).await.unwrap();
    assert_eq!(count(&outcome, "customer").created, 7_000);
    assert_eq!(stored(&store, &actor, "customer", &["name"]).await[0], name);
}

async fn lines_of_another_encoding_are_refused_whatever_is_told(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = customers(CODE_AND_NAME);
    let lines: String = (0..300).map(|n| format!("G{n},华为技术有限公司{n}\n")).collect();
    let mut bytes = gbk(&format!("code,name\n{lines}"));
    bytes.extend("U1,你好科技\nU2,Jürgen\n".as_bytes());
    bytes.extend(b"D1,\xb9\n");
    for told in ["", "[file]\nencoding = \"gbk\"\n"] {
        let outcome = bring(&store, &actor, &bytes, &format!("{told}{toml}")).await.unwrap();
        let expected = ["302", "303", "304"].map(|line| format!("{line}: unreadable-characters"));
        assert_eq!(outcome.refused, expected);
        adds_up(&outcome, "customer");
    }
    assert_eq!(stored(&store, &actor, "customer", &["name"]).await.len(), 300);
    // Nothing of it is in the encoding that is told.
    let utf8 = "code,name\nU1,你好科技\nU2,Jürgen Müller\n";
    for (label, text) in [("gbk", utf8), ("latin1", utf8), ("latin1", "code,name\nU3,Zoë\n")] {
        let told = format!("[file]\nencoding = \"{label}\"\n{toml}");
        let refused = bring(&store, &actor, text, &told).await.map(|_| ());
        assert_eq!(refusals(refused), ["encoding-contradicted encoding"]);
    }
    let mut bytes = b"code,name\n".to_vec();
    for n in 0..40 {
        bytes.extend(format!("L{n},").bytes().chain(*b"M\xfcller & S\xf6hne\n"));
    }
    bytes.extend("L98,Jürgen\nL99,Zoë\n".as_bytes());
    let outcome = bring(&store, &actor, &bytes, &toml).await.unwrap();
    assert_eq!(outcome.refused.len(), 2);
    let utf32: Vec<u8> = utf8.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let refused = bring(&store, &actor, utf32, &toml).await.map(|_| ());
    assert_eq!(refusals(refused), ["encoding-not-read -"]);
}

async fn years_of_two_digits_in_front_are_asked_about(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let file = |days: &[&str]| {
        let row = |(n, day): (usize, &&str)| format!("{n},{n},{day},1,1\n");
        let rows: String = days.iter().enumerate().map(row).collect();
        format!("number,customer,date,quantity,price\n{rows}")
    };
    for days in [
        &["14-03-05", "15-08-12", "13-12-30", "14-11-02"][..],
        &["14-03-05", "26-03-05"],
        &["14-03-19", "14-03-20"],
    ] {
        let refused = bring(&store, &actor, file(days), &orders("")).await.map(|_| ());
        assert_eq!(refusals(refused), ["date-order-ambiguous date_order"], "{days:?}");
    }
    let told = orders("date_order = \"year_first\"");
    bring(&store, &actor, file(&["14-03-05", "26-Mar-01"]), &told).await.unwrap();
    let days = stored(&store, &actor, "order", &["date"]).await;
    assert_eq!(days, ["2014-03-05", "2026-03-01"]);
    // The name of a month settles it.
    let named = file(&["5-Mar-26", "06-Mar-26"]);
    let again = named.replace("\n0,", "\n8,").replace("\n1,", "\n9,");
    bring(&store, &actor, again, &orders("")).await.unwrap();
    assert_eq!(stored(&store, &actor, "order", &["date"]).await[2..], ["2026-03-05", "2026-03-06"]);
}

async fn years_of_two_digits_are_told_for_each_column(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = "[file]\ndate_order = \"day_first\"\n[[records]]\ntype = \"contact\"\n\
        fields = { name = \"name\", birthday = \"born\" }\n[[records]]\ntype = \"task\"\n\
        fields = { subject = \"name\", due_date = \"due\" }\n";
    let progress = dry(&store, &actor, "name,born,due\nLi,01/02/40,01/02/40\n", toml).await;
    let years = progress.decisions.iter().filter(|one| one.what == Matter::TwoDigitYears);
    let years: Vec<(&str, &str)> =
        years.map(|one| (one.column.as_deref().unwrap(), one.chosen.as_deref().unwrap())).collect();
    assert_eq!(years, [("born", "past"), ("due", "around")]);
}

async fn parts_of_one_type_know_each_others_records(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let part = |fields: &str| {
        format!("[[records]]\ntype = \"customer\"\nmatch = [\"name\"]\nfields = {{ {fields} }}\n")
    };
    let toml = format!("{}{}", part("name = \"b\""), part("name = \"r\""));
    let outcome = bring(&store, &actor, "b,r\n甲,乙\n乙,甲\n丙,丙\n", &toml).await.unwrap();
    let all = count(&outcome, "customer");
    assert_eq!((all.created, all.repeated, all.updated), (3, 3, 0));
    assert_eq!(stored(&store, &actor, "customer", &["name"]).await, ["甲", "乙", "丙"]);
    let contact = |n: u8| {
        format!(
            "[[records]]\ntype = \"contact\"\nmatch = [\"email\"]\n\
             [records.fields]\nname = \"n{n}\"\nemail = \"e{n}\"\njob_title = \"j{n}\"\n\
             customer = {{ column = \"firm\", find_by = \"name\" }}\n"
        )
    };
    let text = "n1,e1,j1,n2,e2,j2,firm\nLi,li@x.example,Boss,Wu,wu@x.example,,甲\n\
                Wu,wu@x.example,Chair,Li,li@x.example,Clerk,甲\n";
    let outcome = bring(&store, &actor, text, &(contact(1) + &contact(2))).await.unwrap();
    assert_eq!(outcome.refused, Vec::<String>::new());
    let all = count(&outcome, "contact");
    // What the first said stands; what it did not say is filled in.
    assert_eq!((all.created, all.repeated, all.updated), (2, 1, 1));
    let rows = stored(&store, &actor, "contact", &["name", "job_title"]).await;
    assert_eq!(rows, ["Li Boss", "Wu Chair"]);
    // A firm above others that is below one itself.
    let child = "name = \"child\", code = \"no\", parent = { record = \"customer\" }";
    let toml = format!("{}{}", part("name = \"top\""), part(child));
    let text = "top,child,no\n子一,孙一,K3\n总公司,子一,K2\n";
    let outcome = bring(&store, &actor, text, &toml).await.unwrap();
    assert_eq!(outcome.refused, Vec::<String>::new());
    let rows = stored(&store, &actor, "customer", &["name", "code"]).await;
    assert_eq!(rows[3..5], ["子一 K2", "孙一 K3"]);
    assert_eq!(rows.len(), 6);
}

async fn sums_footers_and_the_header_again_make_no_records(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = "[[records]]\ntype = \"product\"\n\
        fields = { name = \"产品\", list_price = \"单价\", code = \"货号\" }\n";
    let text = "产品,货号,单价,金额\n螺丝,A1,6,60\n合计,10,,60\n产品,货号,单价,金额\n\
                审核人：李四,,,\n共计3项,,,\n";
    let outcome = bring(&store, &actor, text, toml).await.unwrap();
    let expected = ["3: total-row", "4: header-again", "5: footer-row", "6: total-row"];
    assert_eq!(outcome.refused, expected);
    adds_up(&outcome, "product");
    let text = "number,customer,date,quantity,price,what\nO1,C1,2026-01-05,2,3,x\nO1,,,2,6.00,\n\
                O1,小计,,2,6.00,\n";
    let outcome = bring(&store, &actor, text, &orders("")).await.unwrap();
    assert_eq!(outcome.refused.last().unwrap(), "4: total-row");
}

async fn lines_that_are_in_the_file_twice_make_nothing_twice(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "number,customer,date,quantity,price\nO1,C1,2026-01-05,2,3\nO1,C1,2026-01-05,1,3\n\
                O1,C1,2026-01-05,2,3\nO1,C1,2026-01-05, 2 ,3\n";
    let outcome = bring(&store, &actor, text, &orders("")).await.unwrap();
    let lines = count(&outcome, "order_line");
    assert_eq!((lines.created, lines.repeated), (2, 2));
    ["customer", "order", "order_line"].iter().for_each(|name| adds_up(&outcome, name));
    let progress: Progress =
        serde_json::from_value(store.job(outcome.job.id.raw()).await.unwrap().progress).unwrap();
    assert_eq!(progress.told["identical"], 2);
    assert_eq!((progress.notices[0].line, progress.notices[0].value.as_str()), (4, "2"));
    let make =
        orders("").replace("type = \"order_line\"", "type = \"order_line\"\nidentical = \"make\"");
    let outcome = bring(&store, &actor, text, &make).await.unwrap();
    assert_eq!(count(&outcome, "order_line").created, 4);
}

async fn rows_within_a_quoted_cell_are_refused(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = customers("code = \"code\", name = \"name\", notes = \"notes\"");
    let text = "code,name,notes\n1,A,\"two\nlines, as usual, here\"\n\
                2,B,\"5 inch pipe\n3,N3,n3\n4,N4,n4\n5,Z,pipe 6\"\n6,C,c\n";
    let outcome = bring(&store, &actor, text, &toml).await.unwrap();
    assert_eq!(outcome.refused, ["4: quote-swallows-rows"]);
    assert_eq!(stored(&store, &actor, "customer", &["code"]).await, ["1", "6"]);
}

async fn what_a_spreadsheet_lost_is_refused(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let whole = "code = { column = \"code\", whole_number = true }, name = \"name\"";
    let text = "code,name\n17850.0,A\n17850.5,B\n\"17,851\",C\n1.785E4,D\n１７８５２．０,E\n\
                17853,#N/A\n17854,########\n17855,1.10101E+17\n,F\n";
    let outcome = bring(&store, &actor, text, &customers(whole)).await.unwrap();
    let expected = [
        "3: not-an-integer",
        "4: not-an-integer",
        "5: not-an-integer",
        "7: cell-error",
        "8: cell-error",
        "9: digits-rounded",
        "10: match-empty",
    ];
    assert_eq!(outcome.refused, expected);
    assert_eq!(stored(&store, &actor, "customer", &["code"]).await, ["17850", "17852"]);
}

async fn a_second_record_that_is_empty_is_absent(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = "[[records]]\ntype = \"customer\"\nmatch = [\"name\"]\nfields = { name = \"firm\" }\n\
        [[records]]\ntype = \"contact\"\nmatch = [\"name\", \"customer\"]\n\
        fields = { name = \"who\", phone = \"tel\", customer = { record = \"customer\" } }\n";
    let text = "firm,who,tel\n甲,张三,\n乙,,\n丙,,13800138000\n";
    let outcome = bring(&store, &actor, text, toml).await.unwrap();
    assert_eq!(outcome.refused, ["4: match-empty"]);
    let contacts = count(&outcome, "contact");
    assert_eq!((contacts.created, contacts.absent), (1, 1));
    ["customer", "contact"].iter().for_each(|name| adds_up(&outcome, name));
}

async fn put_away(store: &Store, actor: &Actor, id: RawId) {
    let mut tx = store.write(actor).await.unwrap();
    let version = tx.row(Customer::NAME, id, Purpose::Read).await.unwrap().version;
    tx.archive(Customer::NAME, id, version).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_name_that_was_merged_or_put_away_is_asked_about(database: TestDatabase) {
    use guanxi_crm::resolution::{Merging, merge};
    let (store, actor) = open(&database).await;
    let kept = create(&store, &actor, &customer("Alpha")).await;
    let gone = create(&store, &actor, &customer("Beta")).await;
    let away = create(&store, &actor, &customer("Gamma")).await;
    let wanted = Merging {
        survivor: kept.id.raw(),
        merged: gone.id.raw(),
        chosen: BTreeMap::new(),
        is_automatic: false,
    };
    merge(&store, &actor, &wanted).await.unwrap();
    put_away(&store, &actor, away.id.raw()).await;
    let text = "code,name\nZ1,beta\nZ2,gamma\nZ3,Delta\n";
    let with = |more: &str| customers(CODE_AND_NAME).replace("fields", &format!("{more}\nfields"));
    let outcome = bring(&store, &actor, text, &with("")).await.unwrap();
    assert_eq!(outcome.refused, ["2: twin-there", "3: twin-there"]);
    let update = with("twins = \"update\"").replace("code = \"code\"", "industry = \"code\"");
    let update = update.replace("match = [\"code\"]", "match = []");
    let outcome = bring(&store, &actor, text, &update).await.unwrap();
    assert_eq!(outcome.refused, ["3: archived-there"]);
    let rows = stored(&store, &actor, "customer", &["name", "industry"]).await;
    assert_eq!(rows, ["Alpha Z1", "Delta Z3"]);
    let progress: Progress =
        serde_json::from_value(store.job(outcome.job.id.raw()).await.unwrap().progress).unwrap();
    assert_eq!(progress.told["to-survivor"], 1);
}

async fn currencies_that_are_only_usual_are_told(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = |fields: &str| {
        format!("[[records]]\ntype = \"product\"\nfields = {{ name = \"name\", {fields} }}\n")
    };
    let price = "list_price = \"price\"";
    let beside = "list_price = { column = \"price\", currency_column = \"cur\" }";
    let currencies = |progress: &Progress| -> Vec<(Option<String>, Option<String>, Certainty)> {
        let all = progress.decisions.iter().filter(|one| one.what == Matter::Currency);
        all.map(|one| (one.column.clone(), one.chosen.clone(), one.certainty)).collect()
    };
    let usual = (None, Some("CNY".to_owned()), Certainty::Assumed);
    for (text, fields, expected) in [
        ("name,price\nA,¥5\nB,¥1000\n", price, vec![usual.clone()]),
        ("name,price,cur\nA,5,EUR\nB,6,\n", beside, vec![usual]),
        ("name,price,cur\nA,5,EUR\n", beside, Vec::new()),
    ] {
        let progress = dry(&store, &actor, text, &toml(fields)).await;
        assert_eq!(currencies(&progress), expected, "{text}");
    }
    let outcome =
        bring(&store, &actor, "name,price,cur\nA,USD 5,EUR\n", &toml(beside)).await.unwrap();
    assert_eq!(outcome.refused, ["2: currency-disagrees"]);
    // The name of the column says it.
    let named = toml("list_price = \"Price (USD)\"");
    let text = "name,Price (USD)\nA,5\n";
    let said = (Some("Price (USD)".to_owned()), Some("USD".to_owned()), Certainty::Clear);
    assert_eq!(currencies(&dry(&store, &actor, text, &named).await), [said]);
    bring(&store, &actor, text, &named).await.unwrap();
    assert_eq!(stored(&store, &actor, "product", &["list_price"]).await, ["5.00 USD"]);
}

async fn links_of_the_second_pass_are_counted(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = customers(
        "code = \"code\", name = \"name\", parent = { column = \"up\", find_by = \"name\" }",
    );
    bring(&store, &actor, "code,name,up\nA,Alpha,\n", &toml).await.unwrap();
    let text = "code,name,up\nA,Alpha,Boss\nB,Boss,\nC,Clerk,Nobody\n";
    let counted = dry(&store, &actor, text, &toml).await;
    assert_eq!((counted.refused, counted.without_link), (0, 1));
    let outcome = bring(&store, &actor, text, &toml).await.unwrap();
    let all = count(&outcome, "customer");
    assert_eq!((all.created, all.updated, all.unchanged, all.without_link), (2, 1, 0, 1));
    assert_eq!(counted.counts["customer"], all);
    assert_eq!(outcome.refused, ["4: link-to-nothing"]);
}

async fn what_is_exported_comes_back_as_it_was(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    define(&store, &actor, "sorts", "choices", "Stahl, hart\nBleche; dünn\n甲、乙\nHolz").await;
    let mut one = customer("plain;=cmd|' /C calc'!A0;");
    one.code = Some("'-tje".to_owned());
    one.address = Some(Address {
        city: "上海 / Shanghai".to_owned(),
        street: "南京路1号".to_owned(),
        ..Address::default()
    });
    let one = create(&store, &actor, &one).await;
    let described = store.catalog().get("customer").unwrap().clone();
    let sorts = described.position("x_sorts").unwrap();
    let options = ["Stahl, hart", "Bleche; dünn", "甲、乙", "Holz"].map(ToOwned::to_owned);
    let mut tx = store.write(&actor).await.unwrap();
    let value = Value::Choices(options.to_vec());
    tx.update_fields(&described, one.id.raw(), one.version, vec![(sorts, value)]).await.unwrap();
    tx.commit().await.unwrap();
    let fields = ["code", "name", "address", "x_sorts"];
    let before = stored(&store, &actor, "customer", &fields).await;
    for format in [ExportFormat::Csv, ExportFormat::Xlsx] {
        let mut bytes = Vec::new();
        let mut view = store.read(&actor).await.unwrap();
        let all = Query::of(Filter::everything());
        export(&mut view, &described, &all, format, &mut bytes).await.unwrap();
        drop(view);
        if format == ExportFormat::Csv {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(text.contains("plain;'=cmd") && text.contains("''-tje"), "{text}");
        }
        let toml = customers(
            "code = \"code\", name = \"name\", address = \"address\", x_sorts = \"x_sorts\"",
        );
        let outcome = bring(&store, &actor, &bytes, &toml).await.unwrap();
        assert_eq!(outcome.refused, Vec::<String>::new());
        assert_eq!(count(&outcome, "customer").unchanged, 1);
        assert_eq!(stored(&store, &actor, "customer", &fields).await, before);
    }
}
