//! Workbooks that are imported and exported: numbers stay numbers both ways, and formats count.
//! What a worksheet cannot hold is cut and told.

use std::collections::BTreeMap;

use guanxi_crm::exchange::{
    ExportFormat, LayoutHints, export, read_table, suggest, write_error_file,
};
use guanxi_record::{Filter, Query, Sort};
use guanxi_testkit::{TestDatabase, both_databases};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use crate::file_reading::{bring, customers, orders, stored};
use crate::house::{create, customer, open, refusals};

both_databases!(
    numbers_of_a_workbook_stay_numbers,
    formats_of_cells_count,
    currencies_of_formats_are_those_that_they_name,
    numbers_shown_as_codes_keep_their_zeros_and_letters,
    per_cent_and_plain_numbers_in_one_column_are_asked_about,
    lines_are_named_as_people_count_them,
    exported_numbers_are_numbers_and_come_back,
    long_texts_are_cut_in_workbooks_and_told,
    refused_lines_of_a_workbook_keep_what_it_says_of_their_numbers,
);

fn workbook(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(&mut workbook);
    workbook.save_to_buffer().unwrap()
}

fn sheet(rows: &[&[&str]]) -> Vec<u8> {
    workbook(|workbook| {
        let sheet = workbook.add_worksheet();
        for (at, row) in (0..).zip(rows) {
            for (column, text) in (0..).zip(*row) {
                match text.parse::<f64>() {
                    Ok(number) => sheet.write_number(at, column, number).unwrap(),
                    Err(_) => sheet.write_string(at, column, *text).unwrap(),
                };
            }
        }
    })
}

async fn numbers_of_a_workbook_stay_numbers(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let head: &[&str] = &["number", "customer", "date", "quantity", "price"];
    let bytes = sheet(&[
        head,
        &["N-1", "N", "2026-01-01", "12.5", "0.5"],
        &["N-2", "N", "2026-01-01", "7.000000000000001", "0.30000000000000004"],
        &["N-3", "N", "2026-01-01", "2", "1.234,5 "],
    ]);
    let told = orders("currency = \"EUR\"\ndecimal_mark = \",\"");
    let outcome = bring(&store, &actor, &bytes, &told).await.unwrap();
    assert!(outcome.refused.is_empty(), "{:?}", outcome.refused);
    let expected = ["12.5 0.50 EUR", "7 0.30 EUR", "2 1234.50 EUR"];
    let lines = stored(&store, &actor, "order_line", &["quantity", "unit_price"]).await;
    assert_eq!(lines, expected);
    // Found out from the texts beside them, the mark is for texts as well.
    bring(&store, &actor, &bytes, &orders("currency = \"EUR\"")).await.unwrap();
    let lines = stored(&store, &actor, "order_line", &["quantity", "unit_price"]).await;
    assert_eq!(lines[3..], expected);
    // Digits that the file has lost are refused; the others stay as they are.
    let bytes = workbook(|workbook| {
        let sheet = workbook.add_worksheet();
        let padded = Format::new().set_num_format("00000");
        for (at, name) in (0..).zip(["code", "name", "tax"]) {
            sheet.write_string(0, at, name).unwrap();
        }
        sheet.write_string(1, 0, "L-1").unwrap();
        sheet.write_string(1, 1, "One").unwrap();
        sheet.write_number(1, 2, 91_310_000_123_456_789_f64).unwrap();
        sheet.write_number_with_format(2, 0, 123, &padded).unwrap();
        sheet.write_string(2, 1, "Two").unwrap();
        sheet.write_number(2, 2, 913_100_001_234_567_f64).unwrap();
    });
    let toml = customers("code = \"code\", name = \"name\", tax_number = \"tax\"");
    let outcome = bring(&store, &actor, &bytes, &toml).await.unwrap();
    assert_eq!(outcome.refused, ["2: digits-lost"]);
    let read = stored(&store, &actor, "customer", &["code", "tax_number"]).await;
    assert_eq!(read.last().unwrap(), "00123 913100001234567");
}

async fn formats_of_cells_count(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let bytes = workbook(|workbook| {
        workbook.add_worksheet().set_name("old").unwrap().set_hidden(true);
        let sheet = workbook.add_worksheet();
        sheet.set_active(true);
        let format = |code: &str| Format::new().set_num_format(code);
        let title = Format::new();
        sheet.merge_range(0, 0, 0, 5, "Orders of the year", &title).unwrap();
        let head = ["number", "customer", "date", "quantity", "price", "discount"];
        for (at, name) in (0..).zip(head) {
            sheet.write_string(2, at, name).unwrap();
        }
        for row in 3..6 {
            sheet.write_string(row, 0, format!("F-{row}")).unwrap();
            let date = ExcelDateTime::from_ymd(2026, 3, 8).unwrap();
            sheet.write_datetime_with_format(row, 2, &date, &format("d.m.yy")).unwrap();
            sheet.write_number(row, 3, 1).unwrap();
        }
        // One firm for two rows.
        sheet.merge_range(3, 1, 4, 1, "Merged", &title).unwrap();
        sheet.write_string(5, 1, "Single").unwrap();
        sheet.write_number_with_format(3, 4, 100, &format("#,##0.00 [$€-407]")).unwrap();
        sheet.write_number_with_format(4, 4, 100, &format("[$$-409]#,##0.00")).unwrap();
        sheet.write_formula(5, 4, Formula::new("=NA()").set_result("#N/A")).unwrap();
        sheet.write_number_with_format(3, 5, 0.15, &format("0%")).unwrap();
        sheet.write_number_with_format(4, 5, 0.07, &format("0.0%")).unwrap();
    });
    let toml = format!("{}\ndiscount = \"discount\"", orders("currency = \"EUR\""));
    let outcome = bring(&store, &actor, &bytes, &toml).await.unwrap();
    // A dollar is no euro, and an error is no amount.
    assert_eq!(outcome.refused.len(), 2, "{:?}", outcome.refused);
    assert_eq!(outcome.refused[0], "5: currency-disagrees");
    assert!(outcome.refused[1].starts_with("6: "), "{:?}", outcome.refused);
    assert_eq!(stored(&store, &actor, "order", &["date", "total"]).await, ["2026-03-08 85.00 EUR"]);
    let usual = toml.replace("currency = \"EUR\"", "");
    let outcome = bring(&store, &actor, &bytes, &usual).await.unwrap();
    assert_eq!(outcome.refused.len(), 1);
    let lines = stored(&store, &actor, "order_line", &["unit_price", "discount"]).await;
    assert_eq!(lines, ["100.00 EUR 15", "100.00 EUR 15", "100.00 USD 7"]);
    assert_eq!(stored(&store, &actor, "customer", &["code"]).await, ["Merged"]);
    // Amounts in a currency format and amounts without one are a question where nobody tells it.
    let bytes = workbook(|workbook| {
        let sheet = workbook.add_worksheet();
        for (at, name) in (0..).zip(["number", "customer", "date", "quantity", "price"]) {
            sheet.write_string(0, at, name).unwrap();
        }
        for (row, code) in [(1, "#,##0.00 [$€-407]"), (2, "0.00")] {
            for (at, text) in (0..).zip(["G", "G", "2026-01-01", "1"]) {
                sheet.write_string(row, at, text).unwrap();
            }
            let format = Format::new().set_num_format(code);
            sheet.write_number_with_format(row, 4, 5, &format).unwrap();
        }
    });
    let asked = bring(&store, &actor, &bytes, &orders("")).await.map(|_| ());
    assert_eq!(refusals(asked), ["currency-ambiguous currency"]);
}

/// Orders of one line each, with their prices in these formats.
fn priced(firm: &str, prices: &[(f64, &str)]) -> Vec<u8> {
    workbook(|workbook| {
        let sheet = workbook.add_worksheet();
        sheet.write_row(0, 0, ["number", "customer", "date", "quantity", "price"]).unwrap();
        for (row, (price, code)) in (1..).zip(prices) {
            sheet.write_row(row, 0, [&format!("{firm}-{row}"), firm, "2026-01-01", "1"]).unwrap();
            let format = Format::new().set_num_format(*code);
            sheet.write_number_with_format(row, 4, *price, &format).unwrap();
        }
    })
}

async fn currencies_of_formats_are_those_that_they_name(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let bytes = priced(
        "P",
        &[
            (1200.0, "[$€-x-euro2]\\ #,##0.00"),
            (1200.0, "#,##0.00\\ [$EUR-x-euro3]"),
            (1200.0, "[$$-en-CA]#,##0.00"),
            (1200.0, "[$¥-ja-JP]#,##0"),
            (1200.0, "#,##0,\"k€\""),
            (1200.0, "#,##0\"万元\""),
            (1200.0, "#,##0\"万美元\""),
            (1200.0, "#,##0\"k€\""),
            (1200.0, "[$₿-x]#,##0"),
        ],
    );
    let outcome = bring(&store, &actor, &bytes, &orders("")).await.unwrap();
    let refused = [7, 8, 9, 10].map(|line| format!("{line}: format-unclear"));
    assert_eq!(outcome.refused, refused);
    let prices = stored(&store, &actor, "order_line", &["unit_price"]).await;
    let euro = "1200.00 EUR";
    assert_eq!(prices, [euro, euro, "1200.00 CAD", "1200 JPY", euro]);
    // A blank as wide as a sign is no sign; what is told holds for it.
    let bytes = priced("Q", &[(5.0, "#,##0.00_€"), (6.0, "_-* #,##0.00_-")]);
    let outcome = bring(&store, &actor, &bytes, &orders("currency = \"CNY\"")).await.unwrap();
    assert!(outcome.refused.is_empty(), "{:?}", outcome.refused);
}

async fn numbers_shown_as_codes_keep_their_zeros_and_letters(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let codes = ["00000\\-0000", "[$-804]00000", "\"SO-\"0000", "000 000", "0\" pcs\""];
    let bytes = workbook(|workbook| {
        let sheet = workbook.add_worksheet();
        sheet.write_row(0, 0, ["code", "name", "staff"]).unwrap();
        for (row, code) in (1..).zip(codes) {
            let format = Format::new().set_num_format(code);
            sheet.write_number_with_format(row, 0, 4_042, &format).unwrap();
            sheet.write_string(row, 1, code).unwrap();
            sheet.write_number_with_format(row, 2, 42, &format).unwrap();
        }
    });
    let toml = customers("code = \"code\", name = \"name\", employees = \"staff\"");
    let outcome = bring(&store, &actor, &bytes, &toml).await.unwrap();
    assert!(outcome.refused.is_empty(), "{:?}", outcome.refused);
    let read = stored(&store, &actor, "customer", &["code", "employees"]).await;
    let expected = ["00000-4042 42", "04042 42", "SO-4042 42", "004 042 42", "4042 42"];
    assert_eq!(read, expected);
}

async fn per_cent_and_plain_numbers_in_one_column_are_asked_about(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let file = |discounts: &[(&str, Option<&str>)]| {
        workbook(|workbook| {
            let sheet = workbook.add_worksheet();
            let head = ["number", "customer", "date", "quantity", "price", "discount"];
            sheet.write_row(0, 0, head).unwrap();
            for (row, (discount, code)) in (1..).zip(discounts) {
                let cells = [&format!("D-{row}"), "D", "2026-01-01", "1", "5", discount];
                sheet.write_row(row, 0, cells).unwrap();
                if let Some(code) = code {
                    let format = Format::new().set_num_format(*code);
                    let number: f64 = discount.parse().unwrap();
                    sheet.write_number_with_format(row, 5, number, &format).unwrap();
                }
            }
        })
    };
    let toml = |told: &str| format!("{}\ndiscount = \"discount\"", orders(told));
    let mixed = file(&[("0.19", Some("0%")), ("0.07", Some("General"))]);
    let texts = file(&[("19%", None), ("0.07", Some("General"))]);
    for bytes in [&mixed, &texts] {
        let asked = bring(&store, &actor, bytes, &toml("")).await.map(|_| ());
        assert_eq!(refusals(asked), ["percent-ambiguous plain_percent"]);
    }
    for (told, expected) in [("fraction", ["19", "7"]), ("percent", ["19", "0.07"])] {
        let toml = toml(&format!("plain_percent = \"{told}\""));
        bring(&store, &actor, &mixed, &toml).await.unwrap();
        let read = stored(&store, &actor, "order_line", &["discount"]).await;
        assert_eq!(read[read.len() - 2..], expected);
    }
    // All of one kind, or a number that is no fraction, say it themselves.
    for discounts in [
        [("0.19", Some("0%")), ("0.07", Some("0.0%"))],
        [("19", Some("General")), ("0.07", Some("General"))],
        [("0.19", Some("0%")), ("7", Some("General"))],
    ] {
        bring(&store, &actor, &file(&discounts), &toml("")).await.unwrap();
    }
}

async fn lines_are_named_as_people_count_them(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = customers("code = \"code\", name = \"name\", employees = \"staff\"");
    let text = "code,name,staff\nA,\"two\nlines\",many\n\n\nB,b,few\n";
    let outcome = bring(&store, &actor, text, &toml).await.unwrap();
    assert_eq!(outcome.refused, ["2: not-a-number", "6: not-a-number"]);
    let bytes = workbook(|workbook| {
        let sheet = workbook.add_worksheet();
        for (row, cells) in [(1, ["code", "name", "staff"]), (5, ["C", "c", "some"])] {
            for (at, text) in (0..).zip(cells) {
                sheet.write_string(row, at, text).unwrap();
            }
        }
    });
    let outcome = bring(&store, &actor, &bytes, &toml).await.unwrap();
    assert_eq!(outcome.refused, ["6: not-a-number"]);
}

async fn exported_numbers_are_numbers_and_come_back(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "code,name,street,limit\nX-1,One,\"/  /  / Main Street 5\",1234.50 EUR\n\
        X-2,Two,,99.5 EUR\n";
    let toml = customers(
        "code = \"code\", name = \"name\", address = \"street\", credit_limit = \"limit\"",
    );
    bring(&store, &actor, text, &toml).await.unwrap();
    let fields = ["code", "address", "credit_limit", "created_at"];
    let before = stored(&store, &actor, "customer", &fields).await;
    let described = store.catalog().get("customer").unwrap().clone();
    let query = Query::of(Filter::everything()).sorted(Sort::parse_list("id"));
    for format in [ExportFormat::Csv, ExportFormat::Xlsx] {
        let mut bytes = Vec::new();
        let mut view = store.read(&actor).await.unwrap();
        let exported = export(&mut view, &described, &query, format, &mut bytes).await.unwrap();
        assert_eq!((exported.records, exported.cut.len()), (2, 0));
        drop(view);
        let (headers, rows) = read_table(&bytes, &LayoutHints::default()).unwrap();
        let cells = |row: usize| -> BTreeMap<&str, &str> {
            headers.iter().map(String::as_str).zip(rows[row].iter()).collect()
        };
        assert_eq!(cells(0)["credit_limit"].parse::<f64>().unwrap(), 1234.5);
        assert_eq!(cells(1)["credit_limit"].parse::<f64>().unwrap(), 99.5);
        assert_eq!(cells(1)["credit_limit_currency"], "EUR");
        assert!(cells(0)["created_at"].starts_with("2026-03-18"));
        // The mapping that is proposed for it finds everything as it is.
        let mut mapping = suggest(&described, &headers, &[]);
        mapping.records[0].fields.retain(|name, _| fields.contains(&name.as_str()));
        let outcome = bring(&store, &actor, &bytes, &mapping.to_toml().unwrap()).await.unwrap();
        assert!(outcome.refused.is_empty(), "{:?}", outcome.refused);
        let counts = outcome.job.counts.clone().unwrap().0;
        assert_eq!(counts["customer"]["unchanged"], 2, "{format:?}: {counts}");
        assert_eq!(stored(&store, &actor, "customer", &fields).await, before);
    }
}

async fn long_texts_are_cut_in_workbooks_and_told(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut firm = customer("Long");
    firm.notes = Some(guanxi_record::LongText("x".repeat(40_000)));
    let firm = create(&store, &actor, &firm).await;
    let described = store.catalog().get("customer").unwrap().clone();
    let query = Query::of(Filter::everything());
    let mut view = store.read(&actor).await.unwrap();
    let mut bytes = Vec::new();
    let xlsx = ExportFormat::Xlsx;
    let exported = export(&mut view, &described, &query, xlsx, &mut bytes).await.unwrap();
    let cut = &exported.cut[0];
    let told = (cut.id.clone(), cut.column.as_str(), cut.characters);
    assert_eq!(told, (firm.id.raw().to_string(), "notes", 40_000));
    let hints = LayoutHints { sheet: Some("cut".to_owned()), ..LayoutHints::default() };
    let (_, rows) = read_table(&bytes, &hints).unwrap();
    assert_eq!(rows[0].get(1), Some("notes"));
    let mut bytes = Vec::new();
    let csv = ExportFormat::Csv;
    let exported = export(&mut view, &described, &query, csv, &mut bytes).await.unwrap();
    assert!(exported.cut.is_empty() && bytes.len() > 40_000);
}

#[tokio::test]
async fn a_workbook_with_cells_in_far_corners_is_no_rectangle() {
    let (store, actor) = open(&TestDatabase::sqlite()).await;
    let toml = customers("code = \"code\", name = \"name\"");
    let far = |row: u32, column: u16| {
        workbook(|workbook| {
            let sheet = workbook.add_worksheet();
            for (at, text) in (0..).zip(["code", "name"]) {
                sheet.write_string(0, at, text).unwrap();
            }
            sheet.write_string(row, 0, "F-1").unwrap();
            sheet.write_string(row, column, "far").unwrap();
        })
    };
    let refused = bring(&store, &actor, far(1_048_575, 16_383), &toml).await.map(|_| ());
    assert_eq!(refusals(refused), ["too-many-columns -"]);
    let outcome = bring(&store, &actor, far(1_048_575, 1), &toml).await.unwrap();
    assert_eq!(outcome.job.lines_read, Some(1));
    assert_eq!(stored(&store, &actor, "customer", &["name"]).await, ["far"]);
}

async fn refused_lines_of_a_workbook_keep_what_it_says_of_their_numbers(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let bytes = workbook(|workbook| {
        let sheet = workbook.add_worksheet();
        for (at, name) in (0..).zip(["code", "name", "mail", "limit", "tax"]) {
            sheet.write_string(0, at, name).unwrap();
        }
        for row in 1..5 {
            sheet.write_number(row, 0, 10.5 + f64::from(row)).unwrap();
            sheet.write_string(row, 1, format!("Firm {row}")).unwrap();
        }
        let dollars = Format::new().set_num_format("[$USD] #,##0.00");
        sheet.write_string(1, 2, "wrong").unwrap();
        sheet.write_number_with_format(1, 3, 1_234.5, &dollars).unwrap();
        let wan = Format::new().set_num_format("0.0\"万元\"");
        sheet.write_number_with_format(2, 3, 12.5, &wan).unwrap();
        sheet.write_number(3, 4, 9_131_000_012_345_680_f64).unwrap();
        sheet.write_formula(4, 3, Formula::new("=A2*2").set_result("#BUSY!")).unwrap();
    });
    let fields = "code = \"code\", name = \"name\", email = \"mail\", \
                  credit_limit = \"limit\", tax_number = \"tax\"";
    let toml = format!("[file]\ndecimal_mark = \",\"\n{}", customers(fields));
    let first = bring(&store, &actor, &bytes, &toml).await.unwrap();
    assert_eq!(first.refused.len(), 4, "{:?}", first.refused);
    let mut errors = Vec::new();
    write_error_file(&store, &actor, first.job.id.raw(), &mut errors).await.unwrap();
    let text = String::from_utf8(errors.clone()).unwrap();
    assert!(text.contains("11.5,Firm 1,wrong,\"1234,5 USD\","), "{text}");
    // What nobody mended is refused again; what somebody mended is what the workbook said.
    let again = bring(&store, &actor, &errors, &toml).await.unwrap();
    assert_eq!(again.refused.len(), 4, "{:?}", again.refused);
    let mended = text.replace("wrong", "a@b.example");
    let again = bring(&store, &actor, &mended, &toml).await.unwrap();
    assert_eq!(again.refused.len(), 3, "{:?}", again.refused);
    let kept = stored(&store, &actor, "customer", &["code", "credit_limit"]).await;
    assert_eq!(kept, ["11.5 1234.50 USD"]);
}
