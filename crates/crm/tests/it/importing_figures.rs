//! Figures that a file twists in silence: units outside brackets, above the table and in cells, signs
//! on both sides, dates with their marks, spans of time. What is certain is read in full and told, what
//! is only likely is asked about, what contradicts is refused.

use guanxi_crm::exchange::{Certainty, Decision, Mapping, Matter, suggest};
use guanxi_testkit::{TestDatabase, both_databases};
use rust_xlsxwriter::{Format, Workbook};

use crate::file_reading::{bring, customers, dry, orders, stored};
use crate::house::{open, refusals};

both_databases!(
    what_names_of_columns_count_in_is_multiplied_and_told,
    what_titles_say_that_amounts_count_in_is_multiplied,
    what_amounts_only_may_count_in_is_asked_about,
    units_in_cells_are_read_in_full,
    units_that_contradict_their_column_are_refused_by_line,
    numbers_that_a_workbook_shows_in_thousands_are_multiplied_once,
    other_numbers_count_in_what_they_count,
    a_sign_in_the_name_of_a_column_counts_as_in_its_cells,
    signs_on_both_sides_agree_or_are_refused,
    per_cent_is_decided_for_each_column,
    what_stands_for_nothing_is_empty,
    months_with_their_marks_are_no_days,
    spans_of_time_are_no_times,
    years_and_equal_lines_are_decided_with_examples,
    halves_of_telephones_are_none,
);

fn limits(column: &str, more: &str) -> String {
    let limit = format!("credit_limit = {{ column = {column:?}{more} }}");
    customers(&format!("code = \"code\", name = \"code\", {limit}"))
}

fn found(decisions: &[Decision], what: Matter) -> Vec<&Decision> {
    decisions.iter().filter(|one| one.what == what).collect()
}

async fn what_names_of_columns_count_in_is_multiplied_and_told(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for (at, (column, unit, expected)) in [
        ("额度万元", "10000", "125000.00 CNY"),
        ("额度 万元", "10000", "125000.00 CNY"),
        ("额度（万元）", "10000", "125000.00 CNY"),
        ("额度/万", "10000", "125000.00 CNY"),
        ("额度亿美元", "100000000", "1250000000.00 USD"),
        ("Limit in k€", "1000", "12500.00 EUR"),
        ("Limit in TEUR", "1000", "12500.00 EUR"),
        ("Limit Tsd. EUR", "1000", "12500.00 EUR"),
        ("Kreditlimit in Mio. €", "1000000", "12500000.00 EUR"),
        ("Limit USD k", "1000", "12500.00 USD"),
        ("Limit RMB'000", "1000", "12500.00 CNY"),
        ("Limit (in thousands)", "1000", "12500.00 CNY"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = format!("code;{column}\nU{at};12.5\nV{at};0\n");
        let progress = dry(&store, &actor, &text, &limits(column, "")).await;
        let decisions = found(&progress.decisions, Matter::Unit);
        assert_eq!(decisions.len(), 1, "{column}");
        let decision = decisions[0];
        assert_eq!((decision.certainty, decision.position), (Certainty::Clear, Some(2)));
        assert_eq!(decision.chosen.as_deref(), Some(unit), "{column}");
        assert_eq!(decision.alternatives, ["1"], "{column}");
        assert_eq!(decision.examples[0].readings[0].meaning, "12.5");
        bring(&store, &actor, &text, &limits(column, "")).await.unwrap();
        let all = stored(&store, &actor, "customer", &["credit_limit"]).await;
        assert_eq!(all[2 * at], expected, "{column}");
    }
    // The mapping has the last word.
    let told = limits("额度万元", ", unit = 1");
    bring(&store, &actor, "code,额度万元\nT,12.5\n", &told).await.unwrap();
    let all = stored(&store, &actor, "customer", &["credit_limit"]).await;
    assert_eq!(all.last().unwrap(), "12.50 CNY");
    let wrong = limits("额度", ", unit = 12");
    let refused = bring(&store, &actor, "code,额度\nT,12.5\n", &wrong).await.map(|_| ());
    assert_eq!(refusals(refused), ["not-a-unit credit_limit"]);
    // The wizard knows the column without its unit.
    let headers = ["客户编码", "信用额度万元"].map(ToOwned::to_owned);
    let described = store.catalog().get("customer").unwrap().clone();
    let fields = &suggest(&described, &headers, &[]).records[0].fields;
    assert_eq!(fields["credit_limit"].rule().column.as_deref(), Some("信用额度万元"));
}

async fn what_titles_say_that_amounts_count_in_is_multiplied(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for (at, (title, expected)) in [
        ("客户额度表;单位：万元", "125000.00 CNY"),
        ("（金额单位：千元）;", "12500.00 CNY"),
        ("币种：美元;单位：万元", "125000.00 USD"),
        ("Unit: RMB'000;", "12500.00 CNY"),
        ("All amounts in thousands of EUR;", "12500.00 EUR"),
        ("Angaben in TEUR;", "12500.00 EUR"),
        ("Kreditlimits (Mio. €);", "12500000.00 EUR"),
        ("Angaben in EUR;", "12.50 EUR"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = format!("{title};\ncode;Limit;staff\nU{at};12.5;7\n");
        let toml =
            limits("Limit", "").replace("credit_limit", "employees = \"staff\", credit_limit");
        let outcome = bring(&store, &actor, &text, &toml).await.unwrap();
        assert_eq!(outcome.refused, Vec::<String>::new(), "{title}");
        let all = stored(&store, &actor, "customer", &["credit_limit", "employees"]).await;
        assert_eq!(all[at], format!("{expected} 7"), "{title}");
    }
}

async fn what_amounts_only_may_count_in_is_asked_about(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for text in [
        "code;Limit (k)\nA;12.5\n",
        "code;Limit K\nA;12.5\n",
        "code;额度万\nA;12.5\n",
        "Figures in thousands;\ncode;Limit\nA;12.5\n",
        "TEUR;\ncode;Limit\nA;12.5\n",
        "单位：元;\ncode;额度（万元）\nA;12.5\n",
        "单位：万元;\ncode;额度（元）\nA;12.5\n",
        // Plain numbers beside some that say their unit.
        "code;Limit\nA;12.5万\nB;80\n",
        "code;Limit\nA;3k\nB;80\n",
        // A row of units below the names.
        "code;Limit\n;TEUR\nA;12.5\n",
    ] {
        let column = text.lines().find_map(|line| line.strip_prefix("code;")).unwrap();
        let refused = bring(&store, &actor, text, &limits(column, "")).await.map(|_| ());
        assert_eq!(refusals(refused), ["unit-ambiguous unit"], "{text}");
        dry(&store, &actor, text, &limits(column, ", unit = 1")).await;
    }
    let toml = limits("Limit", ", unit = 10000");
    bring(&store, &actor, "code,Limit\nA,12.5万\nB,80\n", &toml).await.unwrap();
    let all = stored(&store, &actor, "customer", &["credit_limit"]).await;
    assert_eq!(all, ["125000.00 CNY", "800000.00 CNY"]);
    // Where it makes no difference nobody is asked.
    for text in ["code;Limit (k)\nC;\n", "code;Limit (k)\nC;0\n", "code;Limit (k)\nC;3k\n"] {
        dry(&store, &actor, text, &limits("Limit (k)", "")).await;
    }
}

async fn units_in_cells_are_read_in_full(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let cells = [
        ("12.5万", "125000.00 CNY"),
        ("12.5万元", "125000.00 CNY"),
        ("¥1.25亿", "125000000.00 CNY"),
        ("3k", "3000.00 CNY"),
        ("USD 1.2m", "1200000.00 USD"),
        ("EUR 1.2 Mio.", "1200000.00 EUR"),
        ("20000", "20000.00 CNY"),
    ];
    let lines: String =
        cells.iter().enumerate().map(|(at, (cell, _))| format!("C{at};{cell}\n")).collect();
    let toml = limits("Limit", ", unit = 1");
    let text = format!("code;Limit\n{lines}X;1.2m\nY;100+\nZ;5 t\n");
    let outcome = bring(&store, &actor, &text, &toml).await.unwrap();
    assert_eq!(outcome.refused, ["9: unit-unclear", "10: not-a-number", "11: unit-unclear"]);
    let all = stored(&store, &actor, "customer", &["credit_limit"]).await;
    assert_eq!(all, cells.map(|(_, amount)| amount));
    // Numbers that are too large to be in ten thousands need not be asked about, and it is told.
    let text = "code;Limit\nA;12.5万\nB;80000\n";
    let progress = dry(&store, &actor, text, &limits("Limit", "")).await;
    let decision = found(&progress.decisions, Matter::Unit)[0];
    assert_eq!((decision.certainty, decision.chosen.as_deref()), (Certainty::Clear, Some("1")));
    let meanings: Vec<&str> =
        decision.examples.iter().map(|one| one.readings[0].meaning.as_str()).collect();
    assert_eq!(meanings, ["80000", "125000"]);
}

async fn units_that_contradict_their_column_are_refused_by_line(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "code;Limit (TEUR)\nA;12.5\nB;12.5 T€\nC;5 Mio. €\nD;$5\nE;5万\n";
    let outcome = bring(&store, &actor, text, &limits("Limit (TEUR)", "")).await.unwrap();
    let refused = ["4: unit-disagrees", "5: currency-disagrees", "6: unit-disagrees"];
    assert_eq!(outcome.refused, refused);
    let all = stored(&store, &actor, "customer", &["credit_limit"]).await;
    assert_eq!(all, ["12500.00 EUR", "12500.00 EUR"]);
}

async fn numbers_that_a_workbook_shows_in_thousands_are_multiplied_once(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, ["code", "Limit (TEUR)"]).unwrap();
    for (row, (number, code)) in
        (1..).zip([(12.5, "0.0"), (12_500.0, "#,##0,"), (12_500_000.0, "0.0,,")])
    {
        sheet.write_string(row, 0, format!("W{row}")).unwrap();
        let format = Format::new().set_num_format(code);
        sheet.write_number_with_format(row, 1, number, &format).unwrap();
    }
    let bytes = workbook.save_to_buffer().unwrap();
    let outcome = bring(&store, &actor, &bytes, &limits("Limit (TEUR)", "")).await.unwrap();
    assert_eq!(outcome.refused, ["4: unit-disagrees"]);
    let all = stored(&store, &actor, "customer", &["credit_limit"]).await;
    assert_eq!(all, ["12500.00 EUR", "12500.00 EUR"]);
}

async fn other_numbers_count_in_what_they_count(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for (at, (column, expected)) in [
        ("人数（万人）", "125000"),
        ("Staff (thousands)", "12500"),
        ("Staff in m", "! not-an-integer"),
        ("Staff mm", "! not-an-integer"),
        ("Kilo", "! not-an-integer"),
        ("DM", "! not-an-integer"),
    ]
    .into_iter()
    .enumerate()
    {
        let toml = customers(&format!("code = \"code\", name = \"code\", employees = {column:?}"));
        let text = format!("code;{column}\nS{at};12.5\n");
        let outcome = bring(&store, &actor, &text, &toml).await.unwrap();
        let all = stored(&store, &actor, "customer", &["employees"]).await;
        let read = match outcome.refused.first() {
            Some(refused) => format!("! {}", refused.split_once(": ").unwrap().1),
            None => all.last().unwrap().clone(),
        };
        assert_eq!(read, expected, "{column}");
    }
    for column in ["DM", "Limit DM", "Limit mm", "Kilo", "Kontakt"] {
        let progress =
            dry(&store, &actor, &format!("code;{column}\nA;5\n"), &limits(column, "")).await;
        assert!(found(&progress.decisions, Matter::Unit).is_empty(), "{column}");
    }
    let toml = customers("code = \"code\", name = \"Kontakt in K\"");
    let outcome = bring(&store, &actor, "code;Kontakt in K\nK1;5\n", &toml).await.unwrap();
    assert!(outcome.refused.is_empty());
}

async fn a_sign_in_the_name_of_a_column_counts_as_in_its_cells(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "code;Limit $m\nA;12.5\n";
    let refused = bring(&store, &actor, text, &limits("Limit $m", "")).await.map(|_| ());
    assert_eq!(refusals(refused), ["currency-ambiguous currency"]);
    let told =
        |currency: &str| format!("[file]\ncurrency = {currency:?}\n{}", limits("Limit $m", ""));
    let outcome = bring(&store, &actor, text, &told("CNY")).await.unwrap();
    assert_eq!(outcome.refused, ["2: currency-disagrees"]);
    bring(&store, &actor, text, &told("USD")).await.unwrap();
    // What the name says of the column is before what is told of amounts without a currency.
    let text = "code;Limit EUR\nB;12.5\nC;$5\n";
    let toml = format!("[file]\ncurrency = \"CNY\"\n{}", limits("Limit EUR", ""));
    let outcome = bring(&store, &actor, text, &toml).await.unwrap();
    assert_eq!(outcome.refused, ["3: currency-disagrees"]);
    let all = stored(&store, &actor, "customer", &["credit_limit"]).await;
    assert_eq!(all, ["12500000.00 USD", "12.50 EUR"]);
}

async fn signs_on_both_sides_agree_or_are_refused(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "code;Limit\nA;¥1,234.50元\nB;$100元\nC;人民币¥8元\nD;€5美元\nE;$7\nF;RMB 9元\n";
    let toml = format!("[file]\ncurrency = \"CNY\"\n{}", limits("Limit", ""));
    let outcome = bring(&store, &actor, text, &toml).await.unwrap();
    let refused = ["3: not-a-number", "5: not-a-number", "6: currency-disagrees"];
    assert_eq!(outcome.refused, refused);
    let all = stored(&store, &actor, "customer", &["credit_limit"]).await;
    assert_eq!(all, ["1234.50 CNY", "8.00 CNY", "9.00 CNY"]);
}

async fn per_cent_is_decided_for_each_column(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "number,customer,date,quantity,price,a,b\nD-1,D,2026-01-01,1,5,19%,19\n\
        D-2,D,2026-01-02,1,5,0.07,0.5\n";
    let toml = |a: &str| format!("{}\ndiscount = {a}\ntax_rate = {{ column = \"b\" }}", orders(""));
    let asked = bring(&store, &actor, text, &toml("\"a\"")).await.map(|_| ());
    assert_eq!(refusals(asked), ["percent-ambiguous plain_percent"]);
    let told = toml("{ column = \"a\", plain_percent = \"fraction\" }");
    let progress = dry(&store, &actor, text, &told).await;
    let decisions = found(&progress.decisions, Matter::PlainPercent);
    assert_eq!(decisions.len(), 1);
    assert_eq!((decisions[0].position, decisions[0].certainty), (Some(6), Certainty::Told));
    assert_eq!(decisions[0].alternatives, ["percent"]);
    bring(&store, &actor, text, &told).await.unwrap();
    let read = stored(&store, &actor, "order_line", &["discount", "tax_rate"]).await;
    assert_eq!(read, ["19 19", "7 0.5"]);
    // Nothing but shares, and no word of per cent.
    let text = "number,customer,date,quantity,price,a,b %\nE-1,E,2026-01-01,1,5,0.07,0.5\n";
    let toml = |more: &str| {
        format!(
            "{}\ndiscount = {{ column = \"a\"{more} }}\ntax_rate = {{ column = \"b %\" }}",
            orders("")
        )
    };
    let asked = bring(&store, &actor, text, &toml("")).await.map(|_| ());
    assert_eq!(refusals(asked), ["percent-unsaid plain_percent"]);
    bring(&store, &actor, text, &toml(", plain_percent = \"percent\"")).await.unwrap();
    let read = stored(&store, &actor, "order_line", &["discount", "tax_rate"]).await;
    assert_eq!(read.last().unwrap(), "0.07 0.5");
    let per_mille = toml("").replace("\"b %\"", "\"b ‰\"");
    let refused = bring(&store, &actor, text.replace("b %", "b ‰"), &per_mille).await.map(|_| ());
    assert_eq!(refusals(refused), ["column-per-mille b ‰"]);
}

async fn what_stands_for_nothing_is_empty(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let when = "when = [{ is = \"n/a\", value = \"\" }, { starts = \"?\", value = \"\" }]";
    let toml = customers(&format!(
        "code = \"code\", name = \"code\", industry = {{ column = \"i\", {when} }}, \
         employees = {{ column = \"e\", default = \"3\", {when} }}"
    ));
    let text = "code,i,e,city\nA,n/a,n/a,Ulm\nB,Steel,7,Bonn\nC,?,?,Kiel\nD,,,Celle\n";
    let outcome = bring(&store, &actor, text, &toml).await.unwrap();
    assert_eq!(outcome.refused, Vec::<String>::new());
    let all = stored(&store, &actor, "customer", &["industry", "employees"]).await;
    assert_eq!(all, [" 3", "Steel 7", " 3", " 3"]);
    let otherwise = "when = [{ is = \"x\", value = \"Steel\" }], otherwise = \"\"";
    let toml = customers(&format!(
        "code = \"code\", name = \"code\", industry = {{ column = \"i\", {otherwise} }}"
    ));
    bring(&store, &actor, "code,i\nE,x\nF,y\n", &toml).await.unwrap();
    let all = stored(&store, &actor, "customer", &["industry"]).await;
    assert_eq!(all[4..], ["Steel", ""]);
}

fn calls(more: &str) -> String {
    format!(
        "[file]\n{more}\n[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
         fields = {{ code = \"customer\", name = \"customer\" }}\n[[records]]\n\
         type = \"interaction\"\nfields = {{ customer = {{ record = \"customer\" }}, \
         subject = \"subject\", at = \"at\" }}"
    )
}

async fn months_with_their_marks_are_no_days(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let days = [
        "08-3月-26",
        "3月8日 2026",
        "08-三月-26",
        "26年3月8日",
        "8. März 2026",
        "8-Mar-26",
        "Mär 8, 2026",
        "2026年3月8日",
    ];
    let lines: String =
        days.iter().enumerate().map(|(at, day)| format!("D{at};D;{day};1;5\n")).collect();
    for order in ["day_first", "month_first"] {
        let text = format!(
            "number;customer;date;quantity;price\n{lines}X;D;2026年3月;1;5\nY;D;三月八日;1;5\n\
             Z;D;令和8年3月8日;1;5\n"
        );
        let text = text.replace("\nD", &format!("\n{order}"));
        let toml = orders(&format!("date_order = {order:?}"));
        let outcome = bring(&store, &actor, &text, &toml).await.unwrap();
        assert_eq!(outcome.refused, ["10: not-a-date", "11: not-a-date", "12: not-a-date"]);
    }
    let all = stored(&store, &actor, "order", &["date"]).await;
    assert_eq!(all, vec!["2026-03-08"; 2 * days.len()]);
}

async fn spans_of_time_are_no_times(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let text = "customer;subject;at\nT;a;2026-03-08 09:00-10:00\nT;b;2026-03-08 09:00 - 10:00\n\
        T;c;2026-03-08 9:00–10:00 Uhr\nT;d;2026年3月8日 上午9:00-11:00\nT;e;09:00-10:00\n\
        T;f;2026-03-08T09:00-05:00\nT;g;2026-03-08 09:00:00-05:00\nT;h;2026-03-08 09:00+08:00\n";
    let outcome = bring(&store, &actor, text, &calls("")).await.unwrap();
    assert_eq!(outcome.refused, [2, 3, 4, 5, 6].map(|line| format!("{line}: not-a-time")));
    let all = stored(&store, &actor, "interaction", &["subject", "at"]).await;
    let expected = ["f 2026-03-08T14:00:00Z", "g 2026-03-08T14:00:00Z", "h 2026-03-08T01:00:00Z"];
    assert_eq!(all, expected);
}

async fn years_and_equal_lines_are_decided_with_examples(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = "[file]\ndate_order = \"day_first\"\n[[records]]\ntype = \"task\"\n\
        fields = { subject = \"name\", due_date = \"due\" }\n";
    let text = "name,due\nLi,01/02/26\nWu,01/02/40\nWu,01/02/40\n";
    let progress = dry(&store, &actor, text, toml).await;
    let years = found(&progress.decisions, Matter::TwoDigitYears)[0];
    assert_eq!((years.chosen.as_deref(), years.position), (Some("around"), Some(2)));
    let meanings: Vec<&str> =
        years.examples[0].readings.iter().map(|one| one.meaning.as_str()).collect();
    assert_eq!(meanings, ["1940-02-01", "2040-02-01"]);
    let same = progress.identical().unwrap();
    assert_eq!((same.chosen.as_deref(), same.examples[0].line), (Some("leave_out"), 4));
    let headers = ["name", "due"];
    let told = Mapping::parse(toml).unwrap();
    let told = told.stating_of_column((1, headers[1]), "two_digit_years", "past").unwrap();
    let told = told.stating("identical", "make").unwrap().to_toml().unwrap();
    let progress = dry(&store, &actor, text, &told).await;
    let years = found(&progress.decisions, Matter::TwoDigitYears)[0];
    assert_eq!((years.chosen.as_deref(), years.certainty), (Some("past"), Certainty::Told));
    assert_eq!(years.alternatives, ["around"]);
    let same = progress.identical().unwrap();
    assert_eq!((same.chosen.as_deref(), same.certainty), (Some("make"), Certainty::Told));
    assert_eq!(same.alternatives, ["leave_out"]);
    bring(&store, &actor, text, &told).await.unwrap();
    let due = stored(&store, &actor, "task", &["due_date"]).await;
    assert_eq!(due, ["2026-02-01", "1940-02-01", "1940-02-01"]);
}

async fn halves_of_telephones_are_none(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = customers("code = \"code\", name = \"code\", phone = \"phone\"");
    let text = "code,phone\nA,138--8000\nB,138 - - 8000\nC,0571-88--1122\nD,138——8000\n\
        E,010--62345678\nF,138--0013--8000\n";
    let outcome = bring(&store, &actor, text, &toml).await.unwrap();
    assert_eq!(outcome.refused, [2, 3, 4, 5].map(|line| format!("{line}: not-a-phone")));
    let all = stored(&store, &actor, "customer", &["phone"]).await;
    assert_eq!(all, ["01062345678", "13800138000"]);
}
