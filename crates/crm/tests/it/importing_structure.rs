//! What stands in a file beside its records: headings, sums and footers, titles, sheets that are no
//! table. None of it makes a record, and no record is lost for looking like it.

use guanxi_crm::exchange::{Certainty, Counts, Matter, write_error_file};
use guanxi_store::{Actor, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use rust_xlsxwriter::{Format, Workbook};

use crate::file_reading::{Outcome, bring, customers, dry, stored};
use crate::house::{open, refusals};
use crate::importing::counts;

both_databases!(
    merged_headings_sums_and_footers_make_no_customers,
    headings_and_sums_of_a_text_file_make_no_customers,
    firms_that_are_called_like_sums_and_footers_come_in,
    what_is_no_record_stays_so_in_the_file_of_refused_lines,
    short_lines_come_back_as_no_other_record,
    a_first_row_that_may_be_a_record_is_asked_about,
    names_of_columns_in_two_rows_are_read_together,
    an_encoding_that_is_told_wrongly_is_asked_about,
    refused_lines_in_chinese_are_shown_as_they_were_meant,
    addresses_with_strokes_come_back_as_they_were_written,
);

const NAMES: &str = "name = \"name\", industry = \"trade\"";

/// Customers that nothing but their line tells apart.
fn named(fields: &str) -> String {
    format!("[[records]]\ntype = \"customer\"\nfields = {{ {fields} }}")
}

fn adds_up(outcome: &Outcome) {
    let Counts { created, updated, unchanged, absent, .. } = counts(&outcome.job)["customer"];
    let refused = outcome.job.lines_refused.unwrap() as u64;
    let read = outcome.job.lines_read.unwrap() as u64;
    assert_eq!(created + updated + unchanged + absent + refused, read);
}

async fn names(store: &Store, actor: &Actor) -> Vec<String> {
    stored(store, actor, "customer", &["name"]).await
}

async fn errors(store: &Store, actor: &Actor, outcome: &Outcome) -> String {
    let mut bytes = Vec::new();
    write_error_file(store, actor, outcome.job.id.raw(), &mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

async fn merged_headings_sums_and_footers_make_no_customers(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("说明").unwrap();
    let sheet = workbook.add_worksheet();
    let wide = Format::new();
    sheet.merge_range(0, 0, 0, 3, "客户名单", &wide).unwrap();
    sheet.write_row(1, 0, ["name", "trade", "city", "staff"]).unwrap();
    sheet.merge_range(2, 0, 2, 3, "华东区", &wide).unwrap();
    for (row, name) in [(3, "华为"), (4, "中兴"), (6, "腾讯")] {
        sheet.write_row(row, 0, [name, "通信", "深圳"]).unwrap();
        sheet.write_number(row, 3, row).unwrap();
    }
    sheet.merge_range(5, 0, 5, 2, "华东小计", &wide).unwrap();
    sheet.write_number(5, 3, 7).unwrap();
    sheet.merge_range(7, 0, 7, 3, "制表人：张三  审核：李四", &wide).unwrap();
    sheet.merge_range(8, 0, 8, 1, "第1页/共2页", &wide).unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let toml = named("name = \"name\", industry = \"trade\", employees = \"staff\"");
    let outcome = bring(&store, &actor, &bytes, &toml).await.unwrap();
    let expected = ["3: section-row", "6: total-row", "8: footer-row", "9: footer-row"];
    assert_eq!(outcome.refused, expected);
    assert_eq!(names(&store, &actor).await, ["华为", "中兴", "腾讯"]);
    adds_up(&outcome);
    let again = bring(&store, &actor, errors(&store, &actor, &outcome).await, &toml).await.unwrap();
    assert_eq!(again.refused.len(), 4);
    assert_eq!(names(&store, &actor).await.len(), 3);
}

async fn headings_and_sums_of_a_text_file_make_no_customers(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "name,trade,city,staff\nEast,,,\nA,x,P,1\nB,y,Q,2\nEast Total,,,3\nWest,,,\nC,x,R,4\n\
                D,y,S,5\nWest sub,,,9\n汇总,,,12\nErgebnis,,,12\nPage 1 of 2,,,\n打印日期,2026-03-01,,\n";
    let toml = named("name = \"name\", industry = \"trade\", employees = \"staff\"");
    let outcome = bring(&store, &actor, text, &toml).await.unwrap();
    let refused = [
        "2: section-row",
        "5: total-row",
        "6: section-row",
        "9: total-row",
        "10: total-row",
        "11: total-row",
        "12: footer-row",
        "13: footer-row",
    ];
    assert_eq!(outcome.refused, refused);
    assert_eq!(names(&store, &actor).await, ["A", "B", "C", "D"]);
    adds_up(&outcome);
}

async fn firms_that_are_called_like_sums_and_footers_come_in(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let firms = [
        "Total Energies",
        "合计科技有限公司",
        "Summe GmbH",
        "会计师事务所",
        "会计",
        "Note: wrong invoice",
        "总和贸易",
        "Page",
    ];
    let row = |name: &&str| format!("{name},energy,Paris,\nAcme of {name},x,Berlin,7\n");
    let text: String = std::iter::once("name,trade,city,staff\n".to_owned())
        .chain(firms.iter().map(row))
        .collect();
    let toml = named(NAMES);
    let outcome = bring(&store, &actor, text, &toml).await.unwrap();
    assert_eq!(outcome.refused, Vec::<String>::new());
    assert_eq!(names(&store, &actor).await.len(), 2 * firms.len());
    adds_up(&outcome);
}

async fn what_is_no_record_stays_so_in_the_file_of_refused_lines(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "name,trade,city,staff\nNorth,,,\nA,x,P,1\nB,y,Q,2\nC,z,R,4\nAll of them,,,7\nSouth,,,\n\
                备注：已核对,,,\n";
    let toml = named(NAMES);
    let first = bring(&store, &actor, text, &toml).await.unwrap();
    let expected = ["2: section-row", "6: total-row", "7: section-row", "8: footer-row"];
    assert_eq!(first.refused, expected);
    let file = errors(&store, &actor, &first).await;
    let again = bring(&store, &actor, &file, &toml).await.unwrap();
    let codes = |outcome: &Outcome| -> Vec<String> {
        let codes = outcome.refused.iter().filter_map(|one| one.split_once(": "));
        codes.map(|(_, code)| code.to_owned()).collect()
    };
    assert_eq!(codes(&again), codes(&first));
    // Who says that one of them is a record takes the mark out.
    let mended = file.replacen("North,#SECTION-ROW", "North,", 1);
    let last = bring(&store, &actor, &mended, &toml).await.unwrap();
    assert_eq!(codes(&last), codes(&first)[1..]);
    assert_eq!(names(&store, &actor).await, ["A", "B", "C", "North"]);
}

async fn short_lines_come_back_as_no_other_record(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "name,trade,city\nA,x,P\nShort\nB,y\n";
    let toml = named(NAMES);
    let outcome = bring(&store, &actor, text, &toml).await.unwrap();
    assert_eq!(outcome.refused, ["3: wrong-column-count", "4: wrong-column-count"]);
    let file = errors(&store, &actor, &outcome).await;
    // All lines are as long: a spreadsheet has nothing to fill up.
    let mut read = csv::Reader::from_reader(file.as_bytes());
    assert_eq!(read.records().filter_map(Result::ok).count(), 2, "{file}");
    let again = bring(&store, &actor, &file, &toml).await.unwrap();
    let codes = ["2: wrong-column-count", "3: wrong-column-count"];
    assert_eq!(again.refused, codes);
    assert_eq!(names(&store, &actor).await, ["A"]);
    let mended = file.replace("Short,#MISSING!,#MISSING!", "Short,z,").replace(",#MISSING!", ",Q");
    let last = bring(&store, &actor, &mended, &toml).await.unwrap();
    assert_eq!(last.refused, Vec::<String>::new());
    assert_eq!(names(&store, &actor).await, ["A", "Short", "B"]);
}

async fn a_first_row_that_may_be_a_record_is_asked_about(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "华为技术有限公司,通信,上海\n中兴通讯,通信,深圳\n";
    let by_place = "name = { position = 1 }, industry = { position = 2 }";
    let asked = bring(&store, &actor, text, &named(by_place)).await.map(|_| ());
    assert_eq!(refusals(asked), ["header-unclear header_row"]);
    assert!(names(&store, &actor).await.is_empty());
    let none = format!("[file]\nheader_row = 0\n{}", named("name = \"A\", industry = \"B\""));
    let outcome = bring(&store, &actor, text, &none).await.unwrap();
    assert_eq!(counts(&outcome.job)["customer"].created, 2);
    assert_eq!(names(&store, &actor).await, ["华为技术有限公司", "中兴通讯"]);
    let first = format!("[file]\nheader_row = 1\n{}", named(by_place));
    let progress = dry(&store, &actor, "甲有限公司,x\n乙,y\n", &first).await;
    assert_eq!(progress.lines, 1);
    let told = progress.decisions.iter().find(|one| one.what == Matter::HeaderRow).unwrap();
    assert_eq!(told.certainty, Certainty::Told);
}

async fn names_of_columns_in_two_rows_are_read_together(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let format = Format::new();
    sheet.merge_range(0, 0, 1, 0, "name", &format).unwrap();
    sheet.merge_range(0, 1, 0, 2, "Sitz", &format).unwrap();
    sheet.merge_range(0, 3, 0, 4, "Rechnung", &format).unwrap();
    sheet.write_row(1, 1, ["Ort", "Land", "Ort", "Land"]).unwrap();
    sheet.write_row(2, 0, ["Acme", "Berlin", "Germany", "Bonn", "Germany"]).unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let toml = named("name = \"name\", industry = \"Sitz Ort\", notes = \"Rechnung Ort\"");
    let outcome = bring(&store, &actor, &bytes, &toml).await.unwrap();
    assert_eq!(outcome.refused, Vec::<String>::new());
    let read = stored(&store, &actor, "customer", &["name", "industry", "notes"]).await;
    assert_eq!(read, ["Acme Berlin Bonn"]);
}

async fn an_encoding_that_is_told_wrongly_is_asked_about(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "name,trade\n华为技术有限公司,通信\n中兴通讯,通信\n";
    let gbk = encoding_rs::GB18030.encode(text).0;
    let told = format!("[file]\nencoding = \"utf-8\"\n{}", named(NAMES));
    let asked = bring(&store, &actor, &gbk, &told).await.map(|_| ());
    assert_eq!(refusals(asked), ["encoding-contradicted encoding"]);
    bring(&store, &actor, &gbk, &named(NAMES)).await.unwrap();
    assert_eq!(names(&store, &actor).await, ["华为技术有限公司", "中兴通讯"]);
}

async fn refused_lines_in_chinese_are_shown_as_they_were_meant(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut bytes = "name,trade\n华为,通信\n中兴,通信\n腾讯,软件\n".to_owned().into_bytes();
    bytes.extend(encoding_rs::GB18030.encode("张三科技,贸易\n").0.iter());
    bytes.extend(b"Zero\0,x\n");
    let outcome = bring(&store, &actor, &bytes, &named(NAMES)).await.unwrap();
    let expected = ["5: unreadable-characters", "6: unreadable-characters"];
    assert_eq!(outcome.refused, expected);
    let file = errors(&store, &actor, &outcome).await;
    assert!(file.contains("张三科技,贸易,5,") && file.contains("Zero\\x00,x,6,"), "{file}");
}

async fn addresses_with_strokes_come_back_as_they_were_written(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let lines = ["Hauptstr. 5 / 2. OG", "c/o X / Y", "广东省深圳市阳光小区3栋", "24/7 Road"];
    let rows: String =
        lines.iter().zip(1..).map(|(line, n)| format!("C{n},F{n},{line}\n")).collect();
    let toml = customers("code = \"code\", name = \"name\", address = \"street\"");
    bring(&store, &actor, format!("code,name,street\n{rows}"), &toml).await.unwrap();
    let mut view = store.read(&actor).await.unwrap();
    let query = guanxi_record::Query::of(guanxi_record::Filter::everything())
        .sorted(guanxi_record::Sort::parse_list("id"));
    let described = store.catalog().get("customer").unwrap().clone();
    let rows = view.list("customer", &query).await.unwrap().rows;
    let streets: Vec<String> = rows
        .iter()
        .map(|row| match row.value(&described, "address") {
            guanxi_record::Value::Address(address) => address.street.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(streets, ["Hauptstr. 5 / 2. OG", "c/o X / Y", "阳光小区3栋", "24/7 Road"]);
}
