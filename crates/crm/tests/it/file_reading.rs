//! Files as people and programs write them, imported: what is stored is what the file means.
//! What a file does not settle is asked, and what does not fit is refused with its line.

use std::collections::BTreeMap;
use std::io::Write as _;

use guanxi_base::Result;
use guanxi_crm::exchange::{
    Certainty, ExportFormat, ImportInput, ImportJob, LayoutHints, Mapping, Matter, Plan, Progress,
    RefusedLine, Run, Source, begin_import, export, import, read_table, run_import, suggest,
    write_error_file,
};
use guanxi_record::{Filter, Query, Sort, Stored};
use guanxi_store::{Actor, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use crate::house::{create, customer, open, refusals};

both_databases!(
    marks_are_decided_by_all_of_the_file,
    ambiguous_amounts_are_asked_about,
    dates_are_decided_by_all_of_the_file,
    times_of_the_afternoon_and_of_other_zones,
    signs_of_other_currencies_are_refused,
    years_of_two_digits_are_read_by_their_field,
    files_with_quotation_marks_that_stay_open_are_refused,
    columns_of_one_name_are_told,
    numbers_of_a_workbook_stay_numbers,
    formats_of_cells_count,
    lines_are_named_as_people_count_them,
    exported_numbers_are_numbers_and_come_back,
    long_texts_are_cut_in_workbooks_and_told,
    refused_lines_of_another_encoding_keep_their_letters,
    wide_letters_of_telephones_are_read,
);

fn orders(file: &str) -> String {
    format!(
        r#"
        [file]
        {file}
        [[records]]
        type = "customer"
        match = ["code"]
        fields = {{ code = "customer", name = "customer" }}
        [[records]]
        type = "order"
        match = ["number"]
        [records.fields]
        number = "number"
        customer = {{ record = "customer" }}
        date = "date"
        status = {{ default = "completed" }}
        [[records]]
        type = "order_line"
        [records.fields]
        order = {{ record = "order" }}
        description = {{ default = "x" }}
        quantity = "quantity"
        unit_price = "price"
        "#
    )
}

fn customers(fields: &str) -> String {
    format!("[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\nfields = {{ {fields} }}")
}

struct Outcome {
    job: Stored<ImportJob>,
    refused: Vec<String>,
    file: tempfile::NamedTempFile,
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

async fn bring(
    store: &Store,
    actor: &Actor,
    bytes: impl AsRef<[u8]>,
    toml: &str,
) -> Result<Outcome> {
    let file = file(bytes.as_ref());
    let mapping = Mapping::parse(toml)?;
    let input = ImportInput::Path(file.path().to_owned());
    let job = begin_import(store, actor, input, "file", &mapping).await?;
    store.claim_job("import").await?;
    let mut refused = Vec::new();
    let watch = |_: &_, lines: &[RefusedLine]| {
        for line in lines {
            let codes = line.refusals.iter().map(|refusal| refusal.code);
            refused.push(format!("{}: {}", line.number, codes.collect::<Vec<_>>().join(" ")));
        }
    };
    let job = run_import(store, actor, job.id.raw(), watch).await?;
    Ok(Outcome { job, refused, file })
}

/// What the fields of all records of a type are, in the order in which they were made.
async fn stored(store: &Store, actor: &Actor, record_type: &str, fields: &[&str]) -> Vec<String> {
    let mut view = store.read(actor).await.unwrap();
    let described = store.catalog().get(record_type).unwrap().clone();
    let query = Query::of(Filter::everything()).sorted(Sort::parse_list("id")).limited(1_000);
    let rows = view.list(record_type, &query).await.unwrap().rows;
    let shown = |row: &guanxi_record::Row| {
        let texts = fields.iter().map(|field| row.value(&described, field).to_text());
        texts.collect::<Vec<_>>().join(" ")
    };
    rows.iter().map(shown).collect()
}

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

async fn marks_are_decided_by_all_of_the_file(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "number;customer;date;quantity;price\n\
        M-1;M;2026-01-01;1;1,234.50\nM-2;M;2026-01-02;1;10,00\nM-3;M;2026-01-03;1,5;12.00\n\
        M-4;M;2026-01-04;1;1.000,50\nM-5;M;2026-01-05;1;7.25\n";
    // Both ways of writing stand in it: which one holds is asked, and nothing is written.
    let asked = bring(&store, &actor, text, &orders("currency = \"EUR\"")).await.map(|_| ());
    assert_eq!(refusals(asked), ["decimal-mark-contradictory decimal_mark"]);
    assert!(stored(&store, &actor, "order", &["number"]).await.is_empty());
    // Told, what contradicts it is refused by line and never read another way.
    let told = orders("currency = \"EUR\"\ndecimal_mark = \".\"");
    let outcome = bring(&store, &actor, text, &told).await.unwrap();
    assert_eq!(outcome.refused, ["3: marks-disagree", "4: marks-disagree", "5: marks-disagree"]);
    let prices = stored(&store, &actor, "order_line", &["quantity", "unit_price"]).await;
    assert_eq!(prices, ["1 1234.50 EUR", "1 7.25 EUR"]);
    // One of many is a slip: it is refused alone.
    let lines: String =
        (0..50).map(|n| format!("L-{n};L;2026-01-01;1;{n}.50\n")).collect::<Vec<_>>().concat();
    let text = format!("number;customer;date;quantity;price\n{lines}S;L;2026-01-01;1;10,00\n");
    let outcome = bring(&store, &actor, &text, &orders("currency = \"EUR\"")).await.unwrap();
    assert_eq!(outcome.refused, ["52: marks-disagree"]);
    // A column may differ, and says so.
    let text = "number,customer,date,quantity,price\nC-1,C,2026-01-01,\"1,5\",12.00\n";
    let own = orders("currency = \"EUR\"").replace(
        "quantity = \"quantity\"",
        "quantity = { column = \"quantity\", decimal_mark = \",\" }",
    );
    let outcome = bring(&store, &actor, text, &own).await.unwrap();
    assert!(outcome.refused.is_empty());
    let lines = stored(&store, &actor, "order_line", &["quantity", "unit_price"]).await;
    assert_eq!(lines.last().unwrap(), "1.5 12.00 EUR");
}

async fn ambiguous_amounts_are_asked_about(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for price in ["1.000 €", "12.500 EUR", "(2.000)", "1.000", "€1,000", "2.000-", "1\u{a0}000,000"]
    {
        let text = format!("number;customer;date;quantity;price\nA;A;2026-01-01;1;{price}\n");
        let outcome = bring(&store, &actor, &text, &orders("currency = \"EUR\"")).await;
        let ambiguous = !price.contains(",000,") && !price.contains('\u{a0}');
        let expected = if ambiguous { "decimal-mark-ambiguous decimal_mark" } else { "Ok(())" };
        assert_eq!(refusals(outcome.map(|_| ())), [expected], "{price}");
    }
    let text = "number;customer;date;quantity;price\nT-1;T;2026-01-01;1;1.000 €\n\
        T-2;T;2026-01-02;1;12.500 EUR\nT-3;T;2026-01-02;1;(2.000)\nT-4;T;2026-01-02;1;CHF 1'000\n";
    let told = orders("currency = \"EUR\"\ndecimal_mark = \",\"");
    bring(&store, &actor, text, &told).await.unwrap();
    let prices = stored(&store, &actor, "order_line", &["unit_price"]).await;
    let expected = ["1000.00 EUR", "12500.00 EUR", "-2000.00 EUR", "1000.00 CHF"];
    assert_eq!(prices[prices.len() - 4..], expected);
}

async fn dates_are_decided_by_all_of_the_file(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let early: String = (0..600)
        .map(|n| format!("D-{n},D,{:02}/{:02}/2026,1,1\n", n % 12 + 1, n % 11 + 1))
        .collect::<Vec<_>>()
        .concat();
    let head = "number,customer,date,quantity,price\n";
    let usual = orders("currency = \"EUR\"");
    // The line that settles it comes last.
    let text = format!("{head}{early}D-last,D,01/25/2026,1,1\n");
    let outcome = bring(&store, &actor, &text, &usual).await.unwrap();
    assert!(outcome.refused.is_empty());
    let dates = stored(&store, &actor, "order", &["number", "date"]).await;
    assert_eq!(dates[..2], ["D-0 2026-01-01", "D-1 2026-02-02"]);
    assert_eq!(dates[12], "D-12 2026-01-02");
    // Nothing settles it: it is asked.
    let asked = bring(&store, &actor, format!("{head}{early}"), &usual).await;
    assert_eq!(refusals(asked.map(|_| ())), ["date-order-ambiguous date_order"]);
    // Contradicted once for each, it is asked as well.
    let text = format!("{head}{early}E-1,D,01/25/2026,1,1\nE-2,D,25/01/2026,1,1\n");
    let asked = bring(&store, &actor, &text, &usual).await;
    assert_eq!(refusals(asked.map(|_| ())), ["date-order-contradictory date_order"]);
    let told = orders("currency = \"EUR\"\ndate_order = \"month_first\"");
    let outcome = bring(&store, &actor, &text, &told).await.unwrap();
    assert_eq!(outcome.refused, ["603: not-a-date"]);
    // The same day either way is no question.
    let text = format!("{head}F-1,D,05/05/2026,1,1\n");
    bring(&store, &actor, &text, &usual).await.unwrap();
}

async fn times_of_the_afternoon_and_of_other_zones(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = r#"
        [file]
        time_zone = "Asia/Shanghai"
        [[records]]
        type = "customer"
        match = ["code"]
        fields = { code = "customer", name = "customer" }
        [[records]]
        type = "interaction"
        fields = { customer = { record = "customer" }, subject = "subject", at = "at" }
    "#;
    let text = "customer;subject;at\nT;a;2026/3/8 下午10:00\nT;b;2026-03-08 10:00 +00:00\n\
        T;c;2026-03-08 10:00:00 -0500\nT;d;2026-03-08 10:00 PST\nT;e;2026-03-08 上午9时30分\n\
        T;f;2026-03-08 오후 1:00\nT;g;2026-03-08 10:00 or so\n";
    let outcome = bring(&store, &actor, text, toml).await.unwrap();
    assert_eq!(outcome.refused, ["5: not-a-time", "8: not-a-time"]);
    assert_eq!(
        stored(&store, &actor, "interaction", &["subject", "at"]).await,
        [
            "a 2026-03-08T14:00:00Z",
            "b 2026-03-08T10:00:00Z",
            "c 2026-03-08T15:00:00Z",
            "e 2026-03-08T01:30:00Z",
            "f 2026-03-08T05:00:00Z",
        ]
    );
}

async fn signs_of_other_currencies_are_refused(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "number;customer;date;quantity;price\nS-1;S;2026-01-01;1;$100.00\n\
        S-2;S;2026-01-02;1;€ 50.00\nS-3;S;2026-01-02;1;£7.50\nS-4;S;2026-01-02;1;¥8.50\n\
        S-5;S;2026-01-02;1;USD 9.00\nS-6;S;2026-01-02;1;9.00USD\nS-7;S;2026-01-02;1;kr 1.50\n";
    let outcome = bring(&store, &actor, text, &orders("currency = \"CNY\"")).await.unwrap();
    let lines = ["2", "3", "4", "8"];
    assert_eq!(outcome.refused, lines.map(|line| format!("{line}: currency-disagrees")));
    let prices = stored(&store, &actor, "order_line", &["unit_price"]).await;
    assert_eq!(prices, ["8.50 CNY", "9.00 USD", "9.00 USD"]);
    // Where nobody says the currency, amounts with and without another one are a question.
    let text = "number;customer;date;quantity;price\nS-8;S;2026-01-02;1;€ 5.50\n";
    bring(&store, &actor, text, &orders("")).await.unwrap();
    let prices = stored(&store, &actor, "order_line", &["unit_price"]).await;
    assert_eq!(prices.last().unwrap(), "5.50 EUR");
    let text = format!("{text}S-9;S;2026-01-02;1;5.50\n");
    let asked = bring(&store, &actor, &text, &orders("")).await;
    assert_eq!(refusals(asked.map(|_| ())), ["currency-ambiguous currency"]);
}

async fn years_of_two_digits_are_read_by_their_field(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    create(&store, &actor, &customer("Firm")).await;
    let toml = "[[records]]\ntype = \"contact\"\n\
        fields = { name = \"name\", birthday = \"birthday\", \
        customer = { column = \"company\", find_by = \"name\" } }";
    let text = "name,company,birthday\nA,Firm,12/31/65\nB,Firm,12/31/30\nC,Firm,1/31/02\n";
    bring(&store, &actor, text, toml).await.unwrap();
    let born = stored(&store, &actor, "contact", &["name", "birthday"]).await;
    assert_eq!(born, ["A 1965-12-31", "B 1930-12-31", "C 2002-01-31"]);
    // Of another field the same year may lie ahead.
    let text = "number,customer,date,quantity,price\nY-1,Y,12/31/30,1,1\nY-2,Y,12/31/65,1,1\n";
    bring(&store, &actor, text, &orders("currency = \"EUR\"")).await.unwrap();
    let dates = stored(&store, &actor, "order", &["date"]).await;
    assert_eq!(dates, ["2030-12-31", "1965-12-31"]);
}

async fn files_with_quotation_marks_that_stay_open_are_refused(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = customers("code = \"code\", name = \"name\", notes = \"notes\"");
    let lines: String =
        (6..40).map(|n| format!("Q-{n},Firm {n},note {n}\n")).collect::<Vec<_>>().concat();
    let text = format!("code,name,notes\nQ-1,Firm 1,note\nQ-5,Firm 5,\"an open quote\n{lines}");
    let refused = bring(&store, &actor, &text, &toml).await.map(|_| ());
    assert_eq!(refusals(refused), ["quote-not-closed -"]);
    assert!(stored(&store, &actor, "customer", &["code"]).await.is_empty());
    // What spreadsheets write every day is read.
    let text =
        "sep=,\ncode,name,notes,\n=\"00123\", \"Quoted, late\" ,y,\n,,,\n\nK-2,Two,\"a\nb\",\n";
    let outcome = bring(&store, &actor, text, &toml).await.unwrap();
    assert!(outcome.refused.is_empty());
    let read = stored(&store, &actor, "customer", &["code", "name", "notes"]).await;
    assert_eq!(read, ["00123 Quoted, late y", "K-2 Two a\nb"]);
    // A sum below the table is no record.
    let outcome =
        bring(&store, &actor, "code,name,notes\nK-3,Three,\n合计,,\n", &toml).await.unwrap();
    assert_eq!(outcome.refused, ["3: total-row"]);
}

async fn columns_of_one_name_are_told(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "code,name,phone,phone\nH-1,Second one filled,,13900001111\n";
    let fields = "code = \"code\", name = \"name\", phone = \"phone\"";
    let refused = bring(&store, &actor, text, &customers(fields)).await.map(|_| ());
    assert_eq!(refusals(refused), ["column-repeated phone"]);
    let fields = fields.replace("\"phone\"", "{ column = \"phone\", position = 4 }");
    bring(&store, &actor, text, &customers(&fields)).await.unwrap();
    assert_eq!(stored(&store, &actor, "customer", &["phone"]).await, ["13900001111"]);
    let fields = fields.replace("position = 4", "position = 2");
    let refused = bring(&store, &actor, text, &customers(&fields)).await.map(|_| ());
    assert_eq!(refusals(refused), ["unknown-position position"]);
    // One that nobody maps is told among the decisions.
    let progress = dry(&store, &actor, text, &customers("code = \"code\", name = \"name\"")).await;
    let told = progress.decisions.iter().find(|one| one.what == Matter::RepeatedColumn).unwrap();
    assert_eq!((told.column.as_deref(), told.chosen.as_deref()), (Some("phone"), Some("3, 4")));
}

async fn dry(store: &Store, actor: &Actor, bytes: impl AsRef<[u8]>, toml: &str) -> Progress {
    let file = file(bytes.as_ref());
    let mapping = Mapping::parse(toml).unwrap();
    let job = store.new_id();
    import(store, actor, job, file.path(), &mapping, Run::Dry, |_, _| {}).await.unwrap()
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
        X-2,Two,,-99.5 EUR\n";
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
        assert_eq!(cells(1)["credit_limit"].parse::<f64>().unwrap(), -99.5);
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

async fn refused_lines_of_another_encoding_keep_their_letters(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = customers("code = \"code\", name = \"name\"");
    let lines: String = (0..20).map(|n| format!("Z-{n},Zürich {n}\n")).collect::<Vec<_>>().concat();
    let mut bytes = format!("code,name\n{lines}").into_bytes();
    bytes.extend(b"M-1,M\xfcller & S\xf6hne\n");
    let outcome = bring(&store, &actor, &bytes, &toml).await.unwrap();
    assert_eq!(outcome.refused, ["22: unreadable-characters"]);
    let mut errors = Vec::new();
    write_error_file(&store, &actor, outcome.job.id.raw(), &mut errors).await.unwrap();
    let text = String::from_utf8(errors.clone()).unwrap();
    assert!(text.contains("M-1,Müller & Söhne,22,"), "{text}");
    // The file of refused lines is read by the same mapping, whatever that says of its own file.
    let told = format!("[file]\nencoding = \"gbk\"\ndelimiter = \";\"\nheader_row = 1\n{toml}");
    let again = bring(&store, &actor, &errors, &told).await.unwrap();
    assert!(again.refused.is_empty());
    let names = stored(&store, &actor, "customer", &["name"]).await;
    assert_eq!(names.last().unwrap(), "Müller & Söhne");
    drop(outcome.file);
}

async fn wide_letters_of_telephones_are_read(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = customers("code = \"code\", name = \"name\", phone = \"phone\"");
    let text = "code,name,phone\nW-1,Wide,＋８６（１３８）００１３－８０００\n";
    let outcome = bring(&store, &actor, text, &toml).await.unwrap();
    assert!(outcome.refused.is_empty(), "{:?}", outcome.refused);
    assert_eq!(stored(&store, &actor, "customer", &["phone"]).await, ["+8613800138000"]);
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

#[tokio::test]
async fn what_was_decided_is_told_with_both_readings() {
    let (store, actor) = open(&TestDatabase::sqlite()).await;
    let text = "number;customer;date;quantity;price\nA-1;A;01/02/2026;1;1,50\n\
        A-2;A;03/04/26;1;2,50\n";
    let file = file(text.as_bytes());
    let mapping = Mapping::parse(&orders("")).unwrap();
    let source = Source::open(file.path(), &mapping.hints()).unwrap();
    let today = "2026-03-18".parse().unwrap();
    let plan = Plan::new(&store.catalog(), &mapping, source, None, today).unwrap();
    let found = |what| plan.decisions.iter().find(|one| one.what == what).unwrap();
    let order = found(Matter::DateOrder);
    assert_eq!((order.certainty, &order.chosen), (Certainty::Ambiguous, &None));
    let readings = &order.examples[0].readings;
    assert_eq!(readings[0].meaning, "2026-02-01");
    assert_eq!(readings[1].meaning, "2026-01-02");
    let mark = found(Matter::DecimalMark);
    assert_eq!((mark.certainty, mark.chosen.as_deref()), (Certainty::Clear, Some(",")));
    let currency = found(Matter::Currency);
    assert_eq!((currency.certainty, currency.chosen.as_deref()), (Certainty::Assumed, Some("CNY")));
    let years = found(Matter::TwoDigitYears);
    assert_eq!(years.chosen.as_deref(), Some("1947-2046"));
    assert_eq!(plan.unsettled()[0].code, "date-order-ambiguous");
    let json = serde_json::to_value(order).unwrap();
    assert_eq!(json["what"], "date_order");
    assert_eq!(json["certainty"], "ambiguous");
    assert_eq!(json["examples"][0]["line"], 2);
    drop(actor);
}
