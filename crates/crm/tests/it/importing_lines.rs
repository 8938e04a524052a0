//! What an import writes to: exactly the records that its lines mean, and no line is lost.

use std::collections::BTreeMap;

use guanxi_base::{RawId, Rng};
use guanxi_crm::exchange::{Counts, Mapping, Progress, Run, import as run_dry};
use guanxi_crm::people::Customer;
use guanxi_record::{Filter, Query, Record as _, Stored};
use guanxi_store::{Actor, Purpose, Rights, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, open};
use crate::importing::{counts, file, import, reasons, total};

both_databases!(
    every_line_is_in_one_count,
    an_empty_match_field_is_a_refusal,
    one_of_several_is_not_chosen,
    a_key_is_the_same_however_it_is_written,
    an_archived_record_is_not_written_to_unseen,
    a_merged_key_leads_to_the_survivor,
    a_name_that_is_there_is_asked_about,
    the_last_line_of_a_key_stands,
    what_is_not_ones_own_is_refused_by_line,
    parts_of_an_address_have_columns_of_their_own,
    a_link_may_be_a_part_of_the_key,
    a_record_that_lacks_its_link_is_told_of,
    a_telephone_of_another_country_is_somebody_else,
    a_sale_to_nobody_has_no_customer_where_the_mapping_says_so,
    a_placeholder_for_a_telephone_or_mail_counts_as_empty,
);

fn mapping(match_by: &str, fields: &str, more: &str) -> String {
    format!(
        "[[records]]\ntype = \"customer\"\nmatch = [{match_by}]\n{more}\nfields = {{ {fields} }}"
    )
}

async fn named(store: &Store, actor: &Actor, name: &str, code: &str) -> Stored<Customer> {
    let mut one = customer(name);
    one.code = Some(code.to_owned());
    create(store, actor, &one).await
}

async fn by_code(store: &Store, actor: &Actor, code: &str) -> Stored<Customer> {
    let mut view = store.read(actor).await.unwrap();
    let row = view.find_by(Customer::NAME, "code", code).await.unwrap().unwrap();
    row.try_into().unwrap()
}

async fn archive(store: &Store, actor: &Actor, id: RawId) {
    let mut tx = store.write(actor).await.unwrap();
    let version = tx.row(Customer::NAME, id, Purpose::Read).await.unwrap().version;
    tx.archive(Customer::NAME, id, version).await.unwrap();
    tx.commit().await.unwrap();
}

async fn every_line_is_in_one_count(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut rng = Rng::seeded(7);
    let mut pick = |options: &[&str]| (*rng.pick(options)).to_owned();
    for round in 0..6 {
        let mut text = String::from("no,who,qty,when\n");
        for _ in 0..40 {
            let no = pick(&["", "1", "2", "3", "4", "5", "6", "7", "x"]);
            let who = pick(&["", "a", "b", "c", "A", "B "]);
            let qty = pick(&["1", "2", "many", ""]);
            let when = pick(&["2026-01-05", "2026-01-06", "2026-01-07", "never", ""]);
            text.push_str(&format!("{no},{who},{qty},{when}\n"));
        }
        let repeat = ["first", "last", "refuse"][round % 3];
        let mode = ["upsert", "create", "update"][round % 3];
        let toml = format!(
            "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\non_repeat = \"{repeat}\"\n\
             fields = {{ code = \"who\", name = \"who\" }}\n\
             [[records]]\ntype = \"order\"\nmatch = [\"number\"]\nmode = \"{mode}\"\n\
             on_repeat = \"{repeat}\"\n\
             fields = {{ number = \"no\", date = \"when\", customer = {{ record = \"customer\" }} }}\n\
             [[records]]\ntype = \"order_line\"\n[records.fields]\norder = {{ record = \"order\" }}\n\
             description = {{ default = \"x\" }}\nquantity = \"qty\"\n\
             unit_price = {{ default = \"1\" }}\n"
        );
        let outcome = import(&store, &actor, &text, &toml).await.unwrap();
        let refused = outcome.job.lines_refused.unwrap() as u64;
        assert_eq!(outcome.refused.len() as u64, refused);
        for name in ["customer", "order", "order_line"] {
            let Counts { created, updated, unchanged, absent, .. } =
                counts(&outcome.job).get(name).copied().unwrap_or_default();
            assert_eq!(created + updated + unchanged + absent + refused, 40, "{name}: {text}");
        }
    }
    // Nothing of a refused line is left: every order has its lines.
    let mut view = store.read(&actor).await.unwrap();
    let orders = view.total("order", &Query::of(Filter::everything())).await.unwrap().number;
    assert!(orders > 0);
}

async fn an_empty_match_field_is_a_refusal(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = mapping("\"name\"", "name = \"name\", phone = \"phone\"", "");
    let text = "name,phone,note\nA,13800138000,\n,13800138001,\nB,,\n,,x\n";
    let outcome = import(&store, &actor, text, &toml).await.unwrap();
    assert_eq!(
        reasons(&outcome.refused),
        ["3: match-empty customer.name", "5: match-empty customer.name"]
    );
    assert_eq!(counts(&outcome.job)["customer"].created, 2);
    assert_eq!((outcome.job.lines_read, outcome.job.lines_refused), (Some(4), Some(2)));
    // A key of two fields of which one is empty names nobody either.
    let toml = mapping("\"name\", \"phone\"", "name = \"name\", phone = \"phone\"", "");
    let outcome = import(&store, &actor, "name,phone\nC,\n", &toml).await.unwrap();
    assert_eq!(reasons(&outcome.refused), ["2: match-empty customer.phone"]);
}

async fn one_of_several_is_not_chosen(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    named(&store, &actor, "Twin Ltd", "T-1").await;
    named(&store, &actor, "Twin Ltd", "T-2").await;
    named(&store, &actor, "twin ltd", "T-3").await;
    let by_name = mapping("\"name\"", "name = \"name\", industry = \"trade\"", "");
    let outcome = import(&store, &actor, "name,trade\nTwin Ltd,Steel\n", &by_name).await.unwrap();
    assert_eq!(reasons(&outcome.refused), ["2: several-there -"]);
    assert!(outcome.refused[0].refusals[0].args.contains(&("count", "3".to_owned())));
    // One that is written just so is meant before others that only sound so.
    let outcome = import(&store, &actor, "name,trade\ntwin ltd,Wood\n", &by_name).await.unwrap();
    assert_eq!(reasons(&outcome.refused), Vec::<String>::new());
    assert_eq!(by_code(&store, &actor, "T-3").await.industry.as_deref(), Some("Wood"));
    assert_eq!(by_code(&store, &actor, "T-1").await.industry, None);
    let contacts = "[[records]]\ntype = \"contact\"\n\
        fields = { name = \"name\", customer = { column = \"firm\", find_by = \"name\" } }";
    let text = "name,firm\nLi,Twin Ltd\n";
    let outcome = import(&store, &actor, text, contacts).await.unwrap();
    assert_eq!(reasons(&outcome.refused), ["2: several-there contact.customer"]);
    // Only what the importer may see is counted.
    let mine = Filter::eq("code", "T-1");
    let purposes = [Purpose::Read, Purpose::Create, Purpose::Change, Purpose::Import];
    let may = |purpose| ((Customer::NAME.to_owned(), purpose), mine.clone());
    let contact = |purpose| (("contact".to_owned(), purpose), Filter::everything());
    let rights = Rights::listed(purposes.map(may).into_iter().chain(purposes.map(contact)));
    let clerk = Actor { rights, ..actor.clone() };
    let job = store.new_id();
    let file = file(text);
    let parsed = Mapping::parse(contacts).unwrap();
    let told = run_dry(&store, &clerk, job, file.path(), &parsed, Run::Dry, |_, _| {}).await;
    assert_eq!(told.unwrap().refused, 0);
}

async fn a_key_is_the_same_however_it_is_written(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let check = async |field: &str, first: &str, again: &[&str]| {
        let toml = mapping(
            &format!("\"{field}\""),
            &format!("name = \"name\", {field} = \"key\""),
            "twins = \"make\"",
        );
        let toml = if field == "name" { mapping("\"name\"", "name = \"key\"", "") } else { toml };
        import(&store, &actor, &format!("name,key\nSomebody,{first}\n"), &toml).await.unwrap();
        let before = total(&store, &actor, "customer").await;
        for text in again {
            let outcome = import(&store, &actor, &format!("name,key\nSomebody,{text}\n"), &toml)
                .await
                .unwrap();
            assert_eq!(reasons(&outcome.refused), Vec::<String>::new());
            assert_eq!(counts(&outcome.job)["customer"].unchanged, 1, "{field}: {text}");
        }
        // In one file, too.
        let all: String = again.iter().map(|text| format!("Somebody,{text}\n")).collect();
        import(&store, &actor, &format!("name,key\n{all}"), &toml).await.unwrap();
        assert_eq!(total(&store, &actor, "customer").await, before, "{field}");
    };
    check("email", "a.b@example.org", &["A.B@example.org", "a.b@EXAMPLE.org"]).await;
    check("name", "Caf\u{e9} NF", &["Cafe\u{301} NF", "CAF\u{c9} NF", "Ｃａｆé NF"]).await;
    check("name", "上海某某（中国）公司", &["上海某某(中国)公司"]).await;
    check("code", "AB-12", &["ＡＢ－１２", "ab-12"]).await;
    check("phone", "+8613800138000", &["13800138000", "0086 138-0013-8000"]).await;
    check("phone", "0573-8212345", &["+86 573 8212345"]).await;
    check("tax_number", "91310000ma1k35xk7n", &["91310000MA1K35XK7N"]).await;
}

async fn a_telephone_of_another_country_is_somebody_else(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = mapping("\"phone\"", "name = \"name\", phone = \"phone\"", "twins = \"make\"");
    let held = "name,phone\nCleveland,+1 216 234 9999\nOhio,(216) 234-8888\nSacramento,+1 916 123 4567\n\
                Berlin,+49 30 12345678\n\
                Potsdam,+49 30 87654321\nShanghai,021-68880000\nHong Kong,+852 2111 2222\n\
                Moscow,8 (495) 123-45-67\nOne,+1 907 555 0123\nOther,+7 907 555 0123\n\
                Bare,345 678 9012\n";
    import(&store, &actor, held, &toml).await.unwrap();
    let count = total(&store, &actor, "customer").await;
    let mut all = count;
    // Others: each is made, and nobody is renamed.
    for telephone in [
        "021-62349999",
        "021-62348888",
        "+7 916 123 4567",
        "+33 30 12345678",
        "+49 21 68880000",
        "+853 2111 2222",
        "+1 345 678 9012\nAlso,+52 345 678 9012",
    ] {
        let outcome =
            import(&store, &actor, &format!("name,phone\nNew,{telephone}\n"), &toml).await.unwrap();
        assert_eq!(reasons(&outcome.refused), Vec::<String>::new());
        let lines = telephone.lines().count();
        assert_eq!(counts(&outcome.job)["customer"].created, lines as u64, "{telephone}");
        all += i64::try_from(lines).unwrap();
        assert_eq!(total(&store, &actor, "customer").await, all, "{telephone}");
    }
    // The same: those are written to.
    for (name, telephone) in [
        ("Cleveland", "+12162349999"),
        ("Ohio", "216 234 8888"),
        ("Potsdam", "030 87654321"),
        ("Shanghai", "+86 21 6888 0000"),
        ("Hong Kong", "852-2111-2222"),
        ("Moscow", "+7 495 1234567"),
    ] {
        let text = format!("name,phone\n{name},{telephone}\n");
        let outcome = import(&store, &actor, &text, &toml).await.unwrap();
        assert_eq!(reasons(&outcome.refused), Vec::<String>::new(), "{telephone}");
        assert_eq!(counts(&outcome.job)["customer"].unchanged, 1, "{telephone}");
    }
    // Without a country it is any of two.
    for telephone in ["907 555 0123", "030 12345678"] {
        let text = format!("name,phone\nWho,{telephone}\n");
        let outcome = import(&store, &actor, &text, &toml).await.unwrap();
        assert_eq!(reasons(&outcome.refused), ["2: several-there -"], "{telephone}");
    }
    assert_eq!(total(&store, &actor, "customer").await, all);
}

async fn an_archived_record_is_not_written_to_unseen(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let old = named(&store, &actor, "Old", "K-1").await;
    archive(&store, &actor, old.id.raw()).await;
    let fields = "code = \"code\", name = \"name\"";
    let toml = mapping("\"code\"", fields, "");
    let outcome = import(&store, &actor, "code,name\nK-1,New\n", &toml).await.unwrap();
    assert_eq!(reasons(&outcome.refused), ["2: archived-there -"]);
    assert_eq!(by_code(&store, &actor, "K-1").await.name, "Old");
    let orders = "[[records]]\ntype = \"order\"\nfields = { date = \"when\", \
                  customer = { column = \"who\", find_by = \"code\" } }";
    let outcome = import(&store, &actor, "who,when\nK-1,2026-01-05\n", orders).await.unwrap();
    assert_eq!(reasons(&outcome.refused), ["2: link-to-archived order.customer"]);
    let toml = mapping("\"code\"", fields, "archived = \"restore\"");
    let outcome = import(&store, &actor, "code,name\nK-1,New\n", &toml).await.unwrap();
    assert_eq!(reasons(&outcome.refused), Vec::<String>::new());
    let back = by_code(&store, &actor, "K-1").await;
    assert_eq!((back.name.as_str(), back.archived_at), ("New", None));
    let progress: Progress =
        serde_json::from_value(store.job(outcome.job.id.raw()).await.unwrap().progress).unwrap();
    assert_eq!(progress.told, BTreeMap::from([("restored".to_owned(), 1)]));
    assert_eq!((progress.notices[0].line, progress.notices[0].value.as_str()), (2, "K-1"));
    guanxi_crm::exchange::undo_import(&store, &actor, outcome.job.id.raw(), |_, _| {})
        .await
        .unwrap();
    let away = by_code(&store, &actor, "K-1").await;
    assert_eq!((away.name.as_str(), away.archived_at.is_some()), ("Old", true));
}

async fn a_merged_key_leads_to_the_survivor(database: TestDatabase) {
    use guanxi_crm::resolution::{Merging, merge};
    let (store, actor) = open(&database).await;
    let kept = named(&store, &actor, "Kept", "K-1").await;
    let gone = named(&store, &actor, "Gone", "G-1").await;
    let wanted = Merging {
        survivor: kept.id.raw(),
        merged: gone.id.raw(),
        chosen: BTreeMap::new(),
        is_automatic: false,
    };
    merge(&store, &actor, &wanted).await.unwrap();
    let orders = "[[records]]\ntype = \"order\"\nfields = { date = \"when\", \
                  customer = { column = \"who\", find_by = \"code\" } }";
    let outcome = import(&store, &actor, "who,when\nG-1,2026-01-05\n", orders).await.unwrap();
    assert_eq!(reasons(&outcome.refused), Vec::<String>::new());
    let mut view = store.read(&actor).await.unwrap();
    let of_kept = Query::of(Filter::eq("customer", kept.id.raw().to_string()));
    assert_eq!(view.total("order", &of_kept).await.unwrap().number, 1);
    drop(view);
    let toml = mapping("\"code\"", "code = \"code\", industry = \"trade\"", "");
    let outcome = import(&store, &actor, "code,trade\nG-1,Steel\n", &toml).await.unwrap();
    assert_eq!(reasons(&outcome.refused), Vec::<String>::new());
    assert_eq!(by_code(&store, &actor, "K-1").await.industry.as_deref(), Some("Steel"));
    let merged = by_code(&store, &actor, "G-1").await;
    assert_eq!((merged.name.as_str(), merged.industry.as_deref()), ("Gone", None));
}

async fn a_name_that_is_there_is_asked_about(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    named(&store, &actor, "Acme Ltd", "A-1").await;
    let fields = "name = \"name\", phone = \"phone\"";
    let with = |twins: &str| mapping("", fields, twins).replace("match = []\n", "");
    let text = "name,phone\nACME ltd,13800138000\nOther,13800138001\n";
    let outcome = import(&store, &actor, text, &with("")).await.unwrap();
    assert_eq!(reasons(&outcome.refused), ["2: twin-there customer.name"]);
    assert_eq!(total(&store, &actor, "customer").await, 2);
    let text = "name,phone\nACME ltd,13800138000\n";
    let outcome = import(&store, &actor, text, &with("twins = \"leave_out\"")).await.unwrap();
    let left_out = Counts { unchanged: 1, left_out: 1, ..Counts::default() };
    assert_eq!(counts(&outcome.job)["customer"], left_out);
    let outcome = import(&store, &actor, text, &with("twins = \"update\"")).await.unwrap();
    assert_eq!(counts(&outcome.job)["customer"].updated, 1);
    assert_eq!(by_code(&store, &actor, "A-1").await.phone.as_deref(), Some("13800138000"));
    let outcome = import(&store, &actor, text, &with("twins = \"make\"")).await.unwrap();
    assert_eq!(counts(&outcome.job)["customer"].created, 1);
    // Which of two is meant cannot be told.
    let outcome = import(&store, &actor, text, &with("twins = \"update\"")).await.unwrap();
    assert_eq!(reasons(&outcome.refused), ["2: several-there customer.name"]);
    // Two of a name in one file are the file's own affair.
    let text = "name,phone\nNew One,13800138005\nNew One,13800138006\n";
    let outcome = import(&store, &actor, text, &with("")).await.unwrap();
    assert_eq!(counts(&outcome.job)["customer"].created, 2);
}

async fn the_last_line_of_a_key_stands(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let fields = "code = \"code\", name = \"name\"";
    let toml = mapping("\"code\"", fields, "on_repeat = \"last\"");
    let text = "code,name\nN-1,First\nN-1,Last\nN-2,Only\n";
    let outcome = import(&store, &actor, text, &toml).await.unwrap();
    assert_eq!(by_code(&store, &actor, "N-1").await.name, "Last");
    let count = counts(&outcome.job)["customer"];
    assert_eq!((count.created, count.updated), (2, 1));
    // What is there already, too: the second line goes back to what it was.
    let text = "code,name\nN-2,Changed\nN-2,Only\n";
    import(&store, &actor, text, &toml).await.unwrap();
    assert_eq!(by_code(&store, &actor, "N-2").await.name, "Only");
}

async fn what_is_not_ones_own_is_refused_by_line(database: TestDatabase) {
    let (store, system) = open(&database).await;
    named(&store, &system, "Theirs", "T-1").await;
    named(&store, &system, "Mine", "M-1").await;
    let everything = |purpose| ((Customer::NAME.to_owned(), purpose), Filter::everything());
    let mine = ((Customer::NAME.to_owned(), Purpose::Change), Filter::eq("code", "M-1"));
    let jobs = ["import_job", "import_mapping", "file"].into_iter().flat_map(|name| {
        [Purpose::Read, Purpose::Create, Purpose::Change]
            .map(|purpose| ((name.to_owned(), purpose), Filter::everything()))
    });
    let purposes = [Purpose::Read, Purpose::Create, Purpose::Import].map(everything);
    let rights = Rights::listed(purposes.into_iter().chain([mine]).chain(jobs));
    let clerk = Actor { rights, ..system.clone() };
    let toml = mapping("\"code\"", "code = \"code\", industry = \"trade\"", "mode = \"update\"");
    let outcome = import(&store, &clerk, "code,trade\nT-1,Steel\nM-1,Wood\n", &toml).await.unwrap();
    assert_eq!(reasons(&outcome.refused), ["2: not-yours-to-change -"]);
    assert_eq!(by_code(&store, &system, "M-1").await.industry.as_deref(), Some("Wood"));
    assert_eq!(by_code(&store, &system, "T-1").await.industry, None);
}

async fn parts_of_an_address_have_columns_of_their_own(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let fields = "code = \"code\", name = \"name\", \"address.province\" = \"p\", \
                  \"address.city\" = \"c\", \"address.district\" = \"d\", address = \"street\"";
    let toml = mapping("\"code\"", fields, "");
    let text = "code,name,p,c,d,street\nA,A,浙江省,杭州市,西湖区,文三路 1 号\n";
    import(&store, &actor, text, &toml).await.unwrap();
    let address = async || by_code(&store, &actor, "A").await.record.address.unwrap();
    let parts = |a: &guanxi_record::Address| {
        [&a.province, &a.city, &a.district, &a.street].map(ToString::to_string)
    };
    assert_eq!(parts(&address().await), ["浙江省", "杭州市", "西湖区", "文三路 1 号"]);
    // An empty cell says nothing of its part.
    let text = "code,name,p,c,d,street\nA,A,,绍兴市,,\n";
    import(&store, &actor, text, &toml).await.unwrap();
    assert_eq!(parts(&address().await), ["浙江省", "绍兴市", "西湖区", "文三路 1 号"]);
}

async fn a_link_may_be_a_part_of_the_key(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    named(&store, &actor, "One", "O-1").await;
    named(&store, &actor, "Two", "O-2").await;
    let toml = "[[records]]\ntype = \"contact\"\nmatch = [\"name\", \"customer\"]\n\
        [records.fields]\nname = \"name\"\njob_title = \"job\"\n\
        customer = { column = \"firm\", find_by = \"code\" }\n";
    let text = "name,firm,job\nLi,O-1,Boss\nLi,O-2,Boss\n";
    let outcome = import(&store, &actor, text, toml).await.unwrap();
    assert_eq!(counts(&outcome.job)["contact"].created, 2);
    let text = "name,firm,job\nLi,O-1,Chair\nLi,O-2,Boss\n";
    let outcome = import(&store, &actor, text, toml).await.unwrap();
    let count = counts(&outcome.job)["contact"];
    assert_eq!((count.created, count.updated, count.unchanged), (0, 1, 1));
    // The firm may be made by the same line.
    let toml = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
        fields = { code = \"firm\", name = \"firm\" }\n\
        [[records]]\ntype = \"contact\"\nmatch = [\"name\", \"customer\"]\n\
        fields = { name = \"name\", customer = { record = \"customer\" } }\n";
    let text = "name,firm\nWang,P-1\nWang,P-2\nWang,P-1\n";
    for made in [2, 0] {
        let outcome = import(&store, &actor, text, toml).await.unwrap();
        assert_eq!(reasons(&outcome.refused), Vec::<String>::new());
        assert_eq!(counts(&outcome.job)["contact"].created, made);
    }
}

async fn a_record_that_lacks_its_link_is_told_of(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let fields = "name = \"name\", parent = { column = \"owner\", find_by = \"name\" }";
    let toml = mapping("\"name\"", fields, "");
    let outcome = import(&store, &actor, "name,owner\nA,\nLoop,Loop\n", &toml).await.unwrap();
    assert_eq!(reasons(&outcome.refused), ["3: cycle parent"]);
    let progress: Progress =
        serde_json::from_value(store.job(outcome.job.id.raw()).await.unwrap().progress).unwrap();
    assert_eq!((progress.refused, progress.without_link), (0, 1));
    assert_eq!(counts(&outcome.job)["customer"].created, 2);
    assert!(outcome.job.error_file.is_some());
}

/// What people type where there is no telephone or mail refuses no line, overwrites nothing, and is told.
async fn a_placeholder_for_a_telephone_or_mail_counts_as_empty(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut known = customer("Known");
    known.code = Some("K".to_owned());
    known.phone = Some(guanxi_record::Phone("13800001111".to_owned()));
    create(&store, &actor, &known).await;
    let text =
        "no,phone,mail\nA,-,无\nB,n/a,暂无\nC,13900002222,c@firm.example\nK,--,none\nD,nonsense,\n";
    let fields = "code = \"no\", name = \"no\", phone = \"phone\", email = \"mail\"";
    let done = import(&store, &actor, text, &mapping("\"code\"", fields, "")).await.unwrap();
    let progress: Progress =
        serde_json::from_value(store.job(done.job.id.raw()).await.unwrap().progress).unwrap();
    assert_eq!(progress.told, BTreeMap::from([("placeholder".to_owned(), 6)]));
    let told: Vec<&str> = progress.notices.iter().map(|notice| notice.value.as_str()).collect();
    assert!(["-", "无", "n/a", "暂无", "--", "none"].iter().all(|text| told.contains(text)));
    // What is neither a telephone nor nothing is refused as before.
    assert_eq!(reasons(&done.refused).len(), 1);
    for code in ["A", "B"] {
        let one = by_code(&store, &actor, code).await;
        assert_eq!((one.phone.clone(), one.email.clone()), (None, None), "{code}");
    }
    let stays = by_code(&store, &actor, "K").await;
    assert_eq!(stays.phone.as_ref().map(|phone| phone.0.as_str()), Some("13800001111"));
    assert!(by_code(&store, &actor, "C").await.email.is_some());
}

async fn a_sale_to_nobody_has_no_customer_where_the_mapping_says_so(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    // The example of the README, and lines as in the data set that it is for.
    let example = include_str!("../../../../examples/online-retail.toml");
    let text = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
                536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n\
                536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n\
                536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom\n\
                C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527.0,United Kingdom\n";
    let unsaid = example.replace("without_key = \"absent\"\n", "");
    assert_ne!(unsaid, example);
    let asked = import(&store, &actor, text, &unsaid).await.unwrap();
    assert_eq!(asked.refused.len(), 1, "what is said of nobody is not dropped unasked");
    let told = import(&store, &actor, text, example).await.unwrap();
    assert_eq!(reasons(&told.refused), Vec::<String>::new());
    assert_eq!(counts(&told.job)["customer"].absent, 1);
    assert_eq!(total(&store, &actor, "order").await, 3);
    assert_eq!(total(&store, &actor, "customer").await, 2);
}
