//! Files as people and programs write them, imported: what is stored is what the file means.
//! What a file does not settle is asked, and what does not fit is refused with its line.

use std::io::Write as _;

use guanxi_base::Result;
use guanxi_crm::exchange::{
    Certainty, ImportInput, ImportJob, Mapping, Matter, Plan, Progress, RefusedLine, Run, Source,
    begin_import, import, run_import, write_error_file,
};
use guanxi_record::{Filter, Query, Sort, Stored};
use guanxi_store::{Actor, Store};
use guanxi_testkit::{TestDatabase, both_databases};

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
    refused_lines_of_another_encoding_keep_their_letters,
    wide_letters_of_telephones_are_read,
    refused_lines_stay_refused_until_somebody_mends_them,
    parts_of_addresses_are_texts_like_others,
);

pub(crate) fn orders(file: &str) -> String {
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

pub(crate) fn customers(fields: &str) -> String {
    format!("[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\nfields = {{ {fields} }}")
}

pub(crate) struct Outcome {
    pub(crate) job: Stored<ImportJob>,
    pub(crate) refused: Vec<String>,
    file: tempfile::NamedTempFile,
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

pub(crate) async fn bring(
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
pub(crate) async fn stored(
    store: &Store,
    actor: &Actor,
    record_type: &str,
    fields: &[&str],
) -> Vec<String> {
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
    // Where nobody says the currency, it is the usual one, and signs must agree with that.
    let text = "number;customer;date;quantity;price\nS-8;S;2026-01-02;1;€ 5.50\n\
        S-9;S;2026-01-02;1;5.50\nS-10;S;2026-01-02;1;EUR 6.50\n";
    let outcome = bring(&store, &actor, text, &orders("")).await.unwrap();
    assert_eq!(outcome.refused, ["2: currency-disagrees"]);
    let prices = stored(&store, &actor, "order_line", &["unit_price"]).await;
    assert_eq!(prices[3..], ["5.50 CNY", "6.50 EUR"]);
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

pub(crate) async fn dry(
    store: &Store,
    actor: &Actor,
    bytes: impl AsRef<[u8]>,
    toml: &str,
) -> Progress {
    let file = file(bytes.as_ref());
    let mapping = Mapping::parse(toml).unwrap();
    let job = store.new_id();
    import(store, actor, job, file.path(), &mapping, Run::Dry, |_, _| {}).await.unwrap()
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

async fn refused_lines_stay_refused_until_somebody_mends_them(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = customers(
        "code = \"code\", name = \"name\", \"address.district\" = \"district\", phone = \"phone\"",
    );
    let bytes = "code,name,district,phone\nC1,One,=West,138****8000\nC2,Short\n合计,,300,\n\
                 code,name,district,phone\n";
    let first = bring(&store, &actor, bytes, &toml).await.unwrap();
    assert_eq!(first.refused.len(), 4, "{:?}", first.refused);
    let mut errors = Vec::new();
    write_error_file(&store, &actor, first.job.id.raw(), &mut errors).await.unwrap();
    let again = bring(&store, &actor, &errors, &toml).await.unwrap();
    let codes = |refused: &[String]| -> Vec<String> {
        refused.iter().filter_map(|one| Some(one.split_once(": ")?.1.to_owned())).collect()
    };
    assert_eq!(codes(&again.refused), codes(&first.refused));
    assert!(stored(&store, &actor, "customer", &["name"]).await.is_empty());
    // Its columns do not pile up.
    let mut twice = Vec::new();
    write_error_file(&store, &actor, again.job.id.raw(), &mut twice).await.unwrap();
    let header = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().next().map(str::to_owned);
    assert_eq!(header(&twice), header(&errors));
    let mended = String::from_utf8(twice).unwrap().replace("138****8000", "13800138000");
    let last = bring(&store, &actor, &mended, &toml).await.unwrap();
    assert_eq!(codes(&last.refused), codes(&first.refused)[1..]);
    let kept = stored(&store, &actor, "customer", &["code", "address", "phone"]).await;
    assert_eq!(kept, ["C1  /  / =West 13800138000"]);
}

async fn parts_of_addresses_are_texts_like_others(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = customers("code = \"code\", name = \"name\", \"address.city\" = \"city\"");
    let plain: String = (0..40).map(|n| format!("P{n},Plain {n},杭州\n")).collect();
    let bytes = format!("code,name,city\n{plain}C1,One,杭\0州\nC2,Two,杭\u{7}州\n");
    let outcome = bring(&store, &actor, bytes, &toml).await.unwrap();
    assert_eq!(outcome.refused.len(), 2, "{:?}", outcome.refused);
    assert_eq!(stored(&store, &actor, "customer", &["code"]).await.len(), 40);
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
    assert_eq!(years.chosen.as_deref(), Some("around"));
    assert_eq!(plan.unsettled()[0].code, "date-order-ambiguous");
    let json = serde_json::to_value(order).unwrap();
    assert_eq!(json["what"], "date_order");
    assert_eq!(json["certainty"], "ambiguous");
    assert_eq!(json["examples"][0]["line"], 2);
    drop(actor);
}
