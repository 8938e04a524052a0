//! The first hour: what each role sees of an analysed company, what it is told to do first, in the
//! language of whoever reads.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_base::RawId;
use guanxi_crm::demo::{Demo, analyse_demo, demo_accounts, make_demo, open_demo_accounts};
use guanxi_record::{Filter, Query, Row, Sort};
use guanxi_store::{Actor, NewSignIn, Origin, Purpose, SignInKind, View};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;

use crate::house::{Answer, House};

both_databases!(
    each_role_sees_what_is_known_of_its_customers,
    first_steps_know_what_is_done_and_are_put_away,
    what_the_product_wrote_is_read_in_the_reader_s_language,
    empty_lists_say_what_fills_them,
);

struct Hour {
    house: House,
}

impl Hour {
    /// A company of the demo, analysed, whose people can sign in.
    async fn begin(database: &TestDatabase) -> Self {
        let house = House::open(database).await;
        let system = Actor::system(Origin::Cli);
        let demo = Demo { customers: 150, ..Demo::default() };
        make_demo(&house.store, &system, demo, |_| {}).await.unwrap();
        let warehouse = Warehouse::open("memory:///").unwrap();
        analyse_demo(&house.store, &warehouse, &system).await.unwrap();
        open_demo_accounts(&house.store, "a long password").await.unwrap();
        Self { house }
    }

    async fn view(&self) -> View {
        self.house.store.read(&Actor::system(Origin::Cli)).await.unwrap()
    }

    async fn user(&self, email: &str) -> RawId {
        self.view().await.find_by("user", "email", email).await.unwrap().unwrap().id
    }

    async fn session(&self, email: &str) -> String {
        let user = self.user(email).await;
        let new = NewSignIn::of(SignInKind::Session);
        self.house.store.create_sign_in(user, new).await.unwrap()
    }

    async fn get(&self, session: &str, more: &str, path: &str) -> Answer {
        let cookie = format!("guanxi_session={session}; {more}");
        let request = Request::get(path).header(header::COOKIE, cookie);
        self.house.send(request.body(Body::empty()).unwrap()).await
    }

    /// The customers of one owner, or of all others, the most valuable first.
    async fn customers(&self, owner: RawId, is_owner: bool) -> Vec<Row> {
        let own = Filter::eq("owner", owner.to_string());
        let of = if is_owner { own } else { Filter::Not(Box::new(own)) };
        let known = of.and(Filter::compare("revenue", guanxi_record::Op::Empty, false));
        let query = Query::of(known).sorted(vec![Sort::down("revenue")]).limited(500);
        self.view().await.list("customer", &query).await.unwrap().rows
    }
}

async fn each_role_sees_what_is_known_of_its_customers(database: TestDatabase) {
    let hour = Hour::begin(&database).await;
    let (en, seller) = ("guanxi_locale=en", "staff2@demo.example");
    let (session, id) = (hour.session(seller).await, hour.user(seller).await);
    // Their own: stage, risk, last purchase, terms and worth, with the reason.
    let own = hour.customers(id, true).await;
    let page = hour.get(&session, en, &format!("/customer/{}", own[0].id)).await.text;
    for said in ["Stage of life", "purchases in", "last purchase", "Terms"] {
        assert!(page.to_lowercase().contains(&said.to_lowercase()), "{said}: {page}");
    }
    // Of others that they see, a lock and why.
    let mut view = hour.view().await;
    let actor = guanxi_crm::access::actor_of(&hour.house.store, id, Origin::Web, None);
    let mut eyes = hour.house.store.read(&actor.await.unwrap().0).await.unwrap();
    let mut locked = 0;
    for other in hour.customers(id, false).await {
        let path = format!("/customer/{}", other.id);
        if eyes.row("customer", other.id, Purpose::Read).await.is_err() {
            assert_eq!(hour.get(&session, en, &path).await.status, StatusCode::NOT_FOUND);
            continue;
        }
        if locked == 0 {
            let page = hour.get(&session, en, &path).await.text;
            assert!(page.contains("sees all orders of this customer"), "{page}");
        }
        locked += 1;
    }
    drop(eyes);
    assert!(locked > 0, "nobody else's customer lies in their territory");
    // Lists ask for it, and are answered by their own alone.
    let list = hour.get(&session, en, "/customer?life_stage=lost&columns=name,life_stage").await;
    let lost = Filter::eq("life_stage", "lost");
    let all = Query::of(lost.clone()).limited(500);
    for row in view.list("customer", &all).await.unwrap().rows {
        let link = format!("/customer/{}\"", row.id);
        let is_own = own.iter().any(|one| one.id == row.id);
        assert_eq!(list.text.contains(&link), is_own);
    }
    // Insights count over their own: the sum of everybody is nowhere.
    let described = hour.house.store.catalog().get("customer").unwrap().clone();
    let insights = hour.get(&session, en, "/insights").await;
    assert_eq!(insights.status, StatusCode::OK);
    assert!(insights.text.contains("Whom to call first"), "{}", insights.text);
    assert!(insights.text.contains("computed over all customers and orders"));
    let best_of_others = hour.customers(id, false).await;
    let name = best_of_others[0].title(&described);
    assert!(!insights.text.contains(&format!(">{name}<")), "{name}");
    assert!(
        insights.text.contains(&format!("over the {} customers", own.len())) || {
            let potential = Filter::eq("owner", id.to_string()).and(Filter::compare(
                "life_stage",
                guanxi_record::Op::Empty,
                false,
            ));
            let number = view.total("customer", &Query::of(potential)).await.unwrap().number;
            insights.text.contains(&format!("over the {number} customers"))
        }
    );
    drop(view);
    // The others: managers and clerks by what they see, nobody by what they do not.
    for (email, path, status) in [
        ("staff1@demo.example", "/insights", StatusCode::OK),
        ("staff5@demo.example", "/insights", StatusCode::OK),
        ("staff5@demo.example", "/customer?life_stage=lost&churn_risk.ge=50", StatusCode::OK),
        ("admin@example.com", "/insights", StatusCode::OK),
    ] {
        let session = hour.session(email).await;
        assert_eq!(hour.get(&session, en, path).await.status, status, "{email} {path}");
    }
    let clerk = hour.session("staff5@demo.example").await;
    let page = hour.get(&clerk, en, &format!("/customer/{}", own[0].id)).await.text;
    assert!(page.contains("Stage of life"), "{page}");
}

async fn first_steps_know_what_is_done_and_are_put_away(database: TestDatabase) {
    let hour = Hour::begin(&database).await;
    let en = "guanxi_locale=en";
    let steps = |text: &str| -> Vec<String> {
        let steps = text.split("data-step=\"").skip(1).map(|rest| {
            let done = rest.split("data-done=\"").nth(1).unwrap_or_default();
            let done = done.split('"').next().unwrap_or_default();
            format!("{} {done}", rest.split('"').next().unwrap_or_default())
        });
        steps.collect()
    };
    let admin = hour.session("admin@example.com").await;
    let home = hour.get(&admin, en, "/").await.text;
    assert_eq!(
        steps(&home),
        ["import false", "invite true", "analyse true", "look-as-a-seller false"],
        "{home}"
    );
    assert!(home.contains("guanxi --data my-data serve"));
    let seller = hour.session("staff2@demo.example").await;
    let home = hour.get(&admin, en, "/").await.text;
    assert!(steps(&home).contains(&"look-as-a-seller true".to_owned()));
    let home = hour.get(&seller, en, "/").await.text;
    let keys: Vec<_> = steps(&home);
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert_eq!(keys[2], "note-a-call false");
    // A call that is noted is a step that is done.
    let owner = hour.user("staff2@demo.example").await;
    let customer = hour.customers(owner, true).await[0].id.to_string();
    let token = NewSignIn::of(SignInKind::ApiToken);
    let token = hour.house.store.create_sign_in(owner, token).await.unwrap();
    let call = serde_json::json!({
        "subject": "Asked how they are", "kind": "call", "customer": customer,
        "at": "2026-03-18T07:30:00Z",
    });
    let made = hour.house.call_as(&token, "POST", "/interaction", &[], call).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let home = hour.get(&seller, en, "/").await.text;
    assert!(steps(&home).contains(&"note-a-call true".to_owned()), "{:?}", steps(&home));
    let clerk = hour.session("staff5@demo.example").await;
    let home = hour.get(&clerk, en, "/").await.text;
    assert_eq!(steps(&home)[0], "cases false");
    let manager = hour.session("staff1@demo.example").await;
    let home = hour.get(&manager, en, "/").await.text;
    assert_eq!(steps(&home)[0], "approvals true");
    assert!(steps(&home)[1].starts_with("team-figures"));
    // Each puts it away for themselves.
    let hide = Request::post("/first-steps/hide")
        .header(header::COOKIE, format!("guanxi_session={seller}"))
        .header("sec-fetch-site", "same-origin")
        .body(Body::empty())
        .unwrap();
    let hidden = hour.house.send(hide).await;
    let kept = hidden.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
    let kept = kept.to_owned();
    assert_eq!(steps(&hour.get(&seller, &kept, "/").await.text), Vec::<String>::new());
    assert!(!steps(&hour.get(&clerk, &kept, "/").await.text).is_empty());
    // Where one signs in, the accounts of the demo are named with their roles; elsewhere nothing is.
    let login = hour.get("", en, "/login").await.text;
    assert!(login.contains("staff2@demo.example") && login.contains("Salesperson"), "{login}");
    let account = demo_accounts(&hour.house.store).await.unwrap().remove(0);
    assert_eq!(account.email, "staff1@demo.example");
}

async fn what_the_product_wrote_is_read_in_the_reader_s_language(database: TestDatabase) {
    let hour = Hour::begin(&database).await;
    let admin = hour.session("admin@example.com").await;
    let (en, zh) = ("guanxi_locale=en", "guanxi_locale=zh_cn");
    // The roles were made in English, the rest of the demo in Chinese.
    for (path, english, chinese) in [
        ("/role", "Salesperson", "销售员"),
        ("/terms_rule", "Payment in advance", "先款后货"),
        ("/score_model", "Capability to serve", "服务能力"),
        ("/collection_point", "Web form", "网页表单"),
        ("/task", "Send samples", "寄送样品"),
        ("/product", "Laser printer", "激光打印机"),
        ("/territory", "Germany", "德国"),
    ] {
        let [one, other] = [en, zh].map(|locale| hour.get(&admin, locale, path));
        let (one, other) = (one.await.text, other.await.text);
        assert!(one.contains(&format!(">{english}<")), "{path} {english}");
        assert!(other.contains(&format!(">{chinese}<")), "{path} {chinese}");
        assert!(!one.contains(&format!(">{chinese}<")), "{path} {chinese}");
        assert!(!other.contains(&format!(">{english}<")), "{path} {english}");
    }
    // A part of what is read finds what is kept.
    let list = hour.get(&admin, zh, "/customer?country.contains=德国&columns=country").await.text;
    assert!(list.contains("德国"), "{list}");
    // Saved as it was read, it has not been changed; renamed, everybody reads the new name.
    let role = hour.view().await.find_by("role", "name", "Salesperson").await.unwrap().unwrap();
    let save = async |name: &str, version: i64| {
        let body = format!("version={version}&name={name}");
        let request = Request::post(format!("/role/{}", role.id))
            .header(header::COOKIE, format!("guanxi_session={admin}; {zh}"))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = hour.house.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let mut view = hour.view().await;
        view.row("role", role.id, Purpose::Read).await.unwrap()
    };
    let described = hour.house.store.catalog().get("role").unwrap().clone();
    let same = save("%E9%94%80%E5%94%AE%E5%91%98", role.version).await;
    assert_eq!(same.title(&described), "Salesperson");
    let renamed = save("Hunters", same.version).await;
    assert_eq!(renamed.title(&described), "Hunters");
    assert!(hour.get(&admin, zh, "/role").await.text.contains(">Hunters<"));
    // Programs are given what is kept.
    let rules = hour.house.call("GET", "/terms_rule", serde_json::Value::Null).await.text;
    assert!(rules.contains("先款后货"), "{rules}");
}

async fn empty_lists_say_what_fills_them(database: TestDatabase) {
    let house = House::open(&database).await;
    let hour = Hour { house };
    let admin = hour.session("admin@example.com").await;
    let en = "guanxi_locale=en";
    for (path, said, button) in [
        ("/customer_pair", "Find duplicates", "href=\"/insights\""),
        ("/stage_change", "who has moved", "href=\"/insights\""),
        ("/customer_merge", "become one", "href=\"/customer_pair\""),
        ("/approval_request", "authority limit", "href=\"/approval_rule\""),
        ("/customer", "import a file", "href=\"/customer/new\""),
    ] {
        let page = hour.get(&admin, en, path).await.text;
        let main = page.split("gx-empty").nth(1).unwrap_or_default();
        assert!(main.contains(said) && main.contains(button), "{path}: {main}");
    }
    // What nobody makes by hand is not offered to be made.
    for path in
        ["/customer_pair", "/stage_change", "/customer_merge", "/approval_request", "/notice"]
    {
        let page = hour.get(&admin, en, path).await.text;
        assert!(!page.contains(&format!("href=\"{path}/new\"")), "{path}");
    }
    // No demo, no accounts of it.
    let login = hour.get("", en, "/login").await.text;
    assert!(!login.contains("data-demo"), "{login}");
    let home = hour.get(&admin, en, "/").await.text;
    assert!(home.contains("data-step=\"import\"") && !home.contains("look-as-a-seller"));
}
