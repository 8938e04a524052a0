//! Charts: every mark is the number of the list that it leads to, whoever looks; people are told when
//! a number passes another; personal dashboards are nobody else's.

use std::collections::BTreeSet;

use guanxi_base::{Decimal, Error, SignedDuration};
use guanxi_crm::access::{Role, User, actor_of, conditions};
use guanxi_crm::dashboards::{Chart, ChartKind, Dashboard, Drawn, draw, grouped};
use guanxi_crm::delivery::{self, Alert, Subscription};
use guanxi_crm::demo::{Demo, make_demo};
use guanxi_crm::segments::Choosing;
use guanxi_crm::text::Texts;
use guanxi_crm::work::Rhythm;
use guanxi_record::{Aggregate, Filter, LongText, Measure, Owner, Query, Record, Stored, Value};
use guanxi_store::{Actor, Origin, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;

use crate::house::{create, customer, open, refusals, user};

both_databases!(
    every_mark_is_the_number_of_its_list,
    the_warehouse_groups_as_the_database_does,
    amounts_of_several_currencies_stay_apart,
    charts_say_what_is_wrong_with_them,
    a_chart_that_cannot_be_drawn_is_not_kept,
    people_are_told_when_a_number_passes_another,
    personal_dashboards_are_nobody_elses,
    what_is_due_soon_is_never_cut_away,
);

async fn what_is_due_soon_is_never_cut_away(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let on = create(&store, &actor, &dashboard("All")).await;
    // It is 18 March: three weeks late, a week late, today, and every day of two months.
    let mut days = vec![-21, -20, -7, 0];
    days.extend(1..60);
    for (at, day) in days.into_iter().enumerate() {
        let today: guanxi_base::Date = "2026-03-18".parse().unwrap();
        let due = today.checked_add(jiff::Span::new().days(day)).unwrap();
        create(&store, &actor, &task(&format!("Task {at}"), Some(due))).await;
    }
    create(&store, &actor, &task("Some day", None)).await;
    let by_day = Chart { marks: 19, ..chart(&on, ChartKind::Bar, "task", "due_date:day", "count") };
    let mut view = store.read(&actor).await.unwrap();
    let drawn = draw(&mut view, english(), &by_day, None).await.unwrap();
    let shown = labels(&drawn);
    // What is late in one mark, four days before, today, two weeks, and what has no day.
    assert_eq!((shown.len(), shown[0], shown[1]), (21, "Before 2026-03-14", "2026-03-14"));
    assert_eq!((shown[5], shown[19], shown[20]), ("2026-03-18", "2026-04-01", "Not set"));
    let late = drawn.shapes[0].marks[0].clone().unwrap();
    assert_eq!(
        (late.value, late.address.as_deref()),
        (Value::Integer(3), Some("/task?due_date.lt=2026-03-14"))
    );
    assert_eq!((drawn.unseen.earlier, drawn.unseen.later), (3, 45));
    assert_eq!(drawn.unseen.shown, ("2026-03-14".to_owned(), "2026-04-01".to_owned()));
    // What begins soon begins today; what is all past ends with the last.
    let soon =
        Chart { condition: Some(LongText("due_date.gt=2026-03-20".into())), ..by_day.clone() };
    let drawn = draw(&mut view, english(), &soon, None).await.unwrap();
    assert_eq!(labels(&drawn)[..4], ["2026-03-18", "2026-03-19", "2026-03-20", "2026-03-21"]);
    let past = LongText("due_date.lt=2026-03-01".into());
    let past = Chart { condition: Some(past), marks: 1, ..by_day };
    let drawn = draw(&mut view, english(), &past, None).await.unwrap();
    assert_eq!((labels(&drawn), drawn.unseen.earlier), (vec!["2026-02-26"], 1));
}

fn task(subject: &str, due_date: Option<guanxi_base::Date>) -> guanxi_crm::work::Task {
    guanxi_crm::work::Task {
        subject: subject.to_owned(),
        customer: None,
        contact: None,
        case: None,
        due_date,
        status: guanxi_crm::work::TaskStatus::Open,
        priority: guanxi_crm::service::Priority::Normal,
        owner: None,
        notes: None,
    }
}

fn english() -> &'static Texts {
    Texts::of(guanxi_crm::access::Locale::En)
}

fn dashboard(name: &str) -> Dashboard {
    Dashboard { name: name.into(), description: None, role: None, is_shared: false, owner: None }
}

fn chart(on: &Stored<Dashboard>, kind: ChartKind, of: &str, group: &str, measure: &str) -> Chart {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Chart {
        dashboard: on.id,
        name: format!("{measure} of {of} by {group}"),
        kind,
        record_type: of.into(),
        condition: None,
        group_by: some(group),
        split_by: None,
        measure: measure.into(),
        target: None,
        marks: 500,
        place: 0,
    }
}

async fn filled(database: &TestDatabase) -> (Store, Actor) {
    let (store, actor) = open(database).await;
    let demo = Demo { customers: 60, orders_per_customer: 3.0, ..Demo::default() };
    make_demo(&store, &actor, demo, |_| {}).await.unwrap();
    (store, actor)
}

async fn people(store: &Store, actor: &Actor) -> Vec<Actor> {
    let mut view = store.read(actor).await.unwrap();
    let query = Query::of(Filter::eq("is_administrator", false));
    let rows = view.list("user", &query).await.unwrap().rows;
    drop(view);
    let mut actors = vec![actor.clone()];
    for row in rows {
        actors.push(actor_of(store, row.id, Origin::Web, None).await.unwrap().0);
    }
    actors
}

/// What the list of an address holds, by the measure of the chart.
async fn of_list(store: &Store, actor: &Actor, address: &str, measure: &str) -> Vec<Value> {
    let (of, condition) = address[1..].split_once('?').unwrap_or((&address[1..], ""));
    let wanted = Aggregate {
        filter: conditions::parse(condition).unwrap(),
        group_by: Vec::new(),
        measures: vec![Measure::parse(measure).unwrap()],
        with_archived: false,
    };
    let mut view = store.read(actor).await.unwrap();
    let groups = view.aggregate(of, &wanted).await.unwrap();
    groups.into_iter().flat_map(|group| group.measures).collect()
}

async fn charts_of_all_sorts(store: &Store, actor: &Actor) -> Vec<Chart> {
    let on = create(store, actor, &dashboard("All")).await;
    let agreed = LongText("status.not_in=draft,void".into());
    let mut charts = vec![
        chart(&on, ChartKind::Bar, "order", "date:month", "sum:total"),
        chart(&on, ChartKind::Line, "order", "date:quarter", "count"),
        chart(&on, ChartKind::Bar, "order", "date:year", "avg:total"),
        chart(&on, ChartKind::Line, "case", "created_at:day", "count"),
        chart(&on, ChartKind::Treemap, "order", "customer.country", "sum:total"),
        chart(&on, ChartKind::Funnel, "order", "status", "count"),
        chart(&on, ChartKind::Table, "task", "owner", "count"),
        chart(&on, ChartKind::Bar, "order_line", "product", "count"),
        chart(&on, ChartKind::Bar, "customer", "address.city", "count"),
        chart(&on, ChartKind::Number, "order", "", "sum:total"),
        chart(&on, ChartKind::Bar, "order", "total.currency", "sum:total"),
        chart(&on, ChartKind::Bar, "order_line", "order.total.currency", "count"),
    ];
    charts[0].condition = Some(agreed.clone());
    charts[4].condition = Some(agreed);
    charts.push(Chart { split_by: Some("priority".into()), ..charts[3].clone() });
    let heat =
        Chart { kind: ChartKind::HeatMap, split_by: Some("kind".into()), ..charts[5].clone() };
    charts.push(heat);
    charts
}

async fn every_mark_is_the_number_of_its_list(database: TestDatabase) {
    let (store, actor) = filled(&database).await;
    let charts = charts_of_all_sorts(&store, &actor).await;
    let mut compared = 0;
    for actor in people(&store, &actor).await {
        for chart in &charts {
            let mut view = store.read(&actor).await.unwrap();
            let drawn = match draw(&mut view, english(), chart, None).await {
                Ok(drawn) => drawn,
                // What they may not ask.
                Err(Error::Refused(_) | Error::Forbidden) => continue,
                Err(error) => panic!("{error}"),
            };
            drop(view);
            let marks = drawn.shapes.iter().flat_map(|shape| &shape.marks).flatten();
            for mark in marks.filter(|mark| mark.number() != 0.0).take(40) {
                let address = mark.address.as_deref().unwrap();
                let found = of_list(&store, &actor, address, &chart.measure).await;
                assert!(found.contains(&mark.value), "{address}: {found:?} {:?}", mark.value);
                compared += 1;
            }
        }
    }
    assert!(compared > 300, "{compared}");
}

async fn the_warehouse_groups_as_the_database_does(database: TestDatabase) {
    let (store, actor) = filled(&database).await;
    let mut charts = charts_of_all_sorts(&store, &actor).await;
    for measure in ["min:total", "max:date", "avg:total"] {
        charts.push(Chart { measure: measure.into(), ..charts[4].clone() });
    }
    let (_folder, warehouse) = crate::insights::warehouse();
    crate::insights::follow(&store, &warehouse).await;
    let told = |drawn: &Drawn| {
        let shapes = drawn.shapes.iter().flat_map(|shape| {
            let marks = shape.marks.iter().zip(&drawn.series);
            marks.map(|(mark, series)| format!("{} {series}: {mark:?}", shape.label))
        });
        shapes.collect::<BTreeSet<String>>()
    };
    let (mut compared, mut left) = (0, BTreeSet::new());
    for actor in people(&store, &actor).await {
        let choosing = Choosing::begin(&store, &warehouse, &actor).await.unwrap();
        for chart in &charts {
            let ahead = match grouped(&choosing, chart).await {
                Ok(Some(ahead)) => ahead,
                Ok(None) => {
                    left.insert(chart.record_type.clone());
                    continue;
                }
                Err(Error::Refused(_) | Error::Forbidden) => continue,
                Err(error) => panic!("{error}"),
            };
            let mut view = store.read(&actor).await.unwrap();
            let slow = draw(&mut view, english(), chart, None).await.unwrap();
            let fast = draw(&mut view, english(), chart, Some(ahead)).await.unwrap();
            assert!(fast.as_of.is_some() && slow.as_of.is_none());
            assert_eq!(told(&fast), told(&slow), "{}", chart.name);
            compared += fast.shapes.len();
        }
    }
    assert!(compared > 300, "{compared}");
    assert_eq!(left, BTreeSet::new());
}

fn labels(drawn: &Drawn) -> Vec<&str> {
    drawn.shapes.iter().map(|shape| shape.label.as_str()).collect()
}

async fn amounts_of_several_currencies_stay_apart(database: TestDatabase) {
    use guanxi_base::{Currency, Money};
    use guanxi_crm::sales::OrderLine;

    let (store, actor) = open(&database).await;
    let on = create(&store, &actor, &dashboard("All")).await;
    let who = create(&store, &actor, &customer("Wang")).await;
    for (date, price, currency) in [
        ("2026-01-05", 10, Currency::CNY),
        ("2026-03-05", 20, Currency::CNY),
        ("2026-03-09", 7, Currency::EUR),
    ] {
        let order = create(&store, &actor, &crate::house::order(&who, date)).await;
        let unit_price = Money::new(price * Money::ONE, currency);
        let line = OrderLine { unit_price, ..crate::house::line(&order, 1, price) };
        create(&store, &actor, &line).await;
    }
    let months = chart(&on, ChartKind::Bar, "order", "date:month", "sum:total");
    let by_currency = chart(&on, ChartKind::Bar, "order", "total.currency", "count");
    let mut view = store.read(&actor).await.unwrap();
    let drawn = draw(&mut view, english(), &by_currency, None).await.unwrap();
    assert_eq!((labels(&drawn), &*drawn.keys), (vec!["CNY", "EUR"], "Total: Currency"));
    let first = drawn.shapes[0].marks[0].clone().unwrap();
    let address = first.address.as_deref();
    assert_eq!((first.value, address), (Value::Integer(2), Some("/order?total.currency=CNY")));
    let mut view = store.read(&actor).await.unwrap();
    let drawn = draw(&mut view, english(), &months, None).await.unwrap();
    assert_eq!(drawn.series, ["CNY", "EUR"]);
    // The month without orders is there, with nothing.
    assert_eq!(labels(&drawn), ["2026-01", "2026-02", "2026-03"]);
    let texts = |shape: usize| {
        let marks = drawn.shapes[shape].marks.iter();
        marks.map(|mark| mark.as_ref().map(|mark| mark.value.to_text())).collect::<Vec<_>>()
    };
    assert_eq!(texts(1), [Some("0.00 CNY".to_owned()), Some("0.00 EUR".to_owned())]);
    assert_eq!(texts(2), [Some("20.00 CNY".to_owned()), Some("7.00 EUR".to_owned())]);
    // The last ones stay when there are too many times, a time of which there is nothing is not missed;
    // of others the largest, and their rest.
    let last = Chart { marks: 1, ..months.clone() };
    let drawn_last = draw(&mut view, english(), &last, None).await.unwrap();
    assert_eq!((labels(&drawn_last), drawn_last.unseen.count()), (vec!["2026-03"], 1));
    let largest = Chart { group_by: Some("number".into()), marks: 1, ..months };
    let drawn = draw(&mut view, english(), &largest, None).await.unwrap();
    assert_eq!((drawn.shapes.len(), drawn.unseen.count()), (2, 2));
    assert_eq!(drawn.shapes[1].label, "All others");
}

async fn charts_say_what_is_wrong_with_them(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let on = create(&store, &actor, &dashboard("All")).await;
    let good = chart(&on, ChartKind::Bar, "order", "status", "count");
    let wrong = [
        (Chart { group_by: None, ..good.clone() }, "required group_by"),
        (Chart { kind: ChartKind::HeatMap, ..good.clone() }, "required split_by"),
        (Chart { marks: 0, ..good.clone() }, "too-many-marks marks"),
        (Chart { group_by: Some("date:week".into()), ..good.clone() }, "unknown-bucket -"),
        (Chart { measure: "median:total".into(), ..good.clone() }, "unknown-measure -"),
        (
            Chart { condition: Some(LongText("status".into())), ..good.clone() },
            "not-a-condition condition",
        ),
    ];
    for (chart, said) in wrong {
        let mut tx = store.write(&actor).await.unwrap();
        assert_eq!(refusals(tx.create(&chart).await), [said]);
    }
    let mut view = store.read(&actor).await.unwrap();
    for (chart, said) in [
        (Chart { group_by: Some("colour".into()), ..good.clone() }, "unknown-field colour"),
        (Chart { measure: "sum:status".into(), ..good.clone() }, "not-a-number-field status"),
        (
            Chart { group_by: Some("status:month".into()), ..good.clone() },
            "not-a-time-field status",
        ),
    ] {
        assert_eq!(refusals(draw(&mut view, english(), &chart, None).await), [said]);
    }
    let nothing = draw(&mut view, english(), &good, None).await.unwrap();
    assert!(nothing.shapes.is_empty());
    let none = Chart { kind: ChartKind::Number, group_by: None, ..good };
    let drawn = draw(&mut view, english(), &none, None).await.unwrap();
    assert_eq!(drawn.shapes[0].marks[0].as_ref().unwrap().value, Value::Integer(0));
}

async fn people_are_told_when_a_number_passes_another(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let folder = tempfile::tempdir().unwrap();
    let warehouse = Warehouse::open(folder.path().to_str().unwrap()).unwrap();
    let on = create(&store, &actor, &Dashboard { is_shared: true, ..dashboard("All") }).await;
    let countries = chart(&on, ChartKind::Bar, "customer", "country", "count");
    let countries = create(&store, &actor, &countries).await;
    let boss = User { is_administrator: true, ..user("boss@x.example") };
    let boss = create(&store, &actor, &boss).await;
    let stranger = create(&store, &actor, &user("stranger@x.example")).await;
    let wanted = Subscription {
        chart: Some(countries.id),
        alert: Some(Alert::Above),
        alert_at: Some(Decimal::from(1)),
        subscriber: Some(boss.id),
        rhythm: Rhythm::AtOnce,
        ..Subscription::named("Many".into())
    };
    let alert = create(&store, &actor, &wanted).await;
    let to_stranger = Subscription { subscriber: Some(stranger.id), ..wanted.clone() };
    let to_stranger = create(&store, &actor, &to_stranger).await;
    let french = |name: &str| guanxi_crm::people::Customer {
        country: Some("France".into()),
        ..customer(name)
    };
    let now = |store: &Store| store.clock().now();
    let look = async |alert: &Stored<Subscription>| {
        let mut view = store.read(&actor).await.unwrap();
        let alert: Stored<Subscription> = view.fetch(Purpose::Read, alert.id).await.unwrap();
        drop(view);
        let prepared = delivery::prepare(&store, &warehouse, &alert, now(&store)).await.unwrap();
        if prepared.is_news(&alert) {
            assert!(delivery::done(&store, &alert, &prepared, now(&store)).await.unwrap());
        }
        prepared.told
    };
    let first = create(&store, &actor, &french("One")).await;
    assert_eq!(look(&alert).await, [], "one is not above one");
    create(&store, &actor, &french("Two")).await;
    let told = look(&alert).await;
    assert_eq!(told.len(), 1);
    // The notice outlives who is named in a chart, and others read the subscription: no names.
    assert_eq!(told[0].text, "1 of its numbers is above 1 now.");
    assert_eq!(labels(&told[0].charts[0].1), ["France"]);
    let mut view = store.read(&actor).await.unwrap();
    let noted: Stored<Subscription> = view.fetch(Purpose::Read, alert.id).await.unwrap();
    drop(view);
    assert!(!noted.alerted.as_ref().unwrap().0.to_string().contains("France"));
    assert_eq!(told[0].charts.len(), 1);
    assert_eq!(look(&alert).await, [], "told once");
    // Below again, and above: that is told anew.
    let mut tx = store.write(&actor).await.unwrap();
    let gone = tx.archive("customer", first.id.raw(), first.version).await;
    gone.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(look(&alert).await, []);
    create(&store, &actor, &french("Three")).await;
    assert_eq!(look(&alert).await.len(), 1);
    // Who sees no customers is told of none.
    assert_eq!(look(&to_stranger).await, []);
    // A whole dashboard at its hour, with all of its charts.
    let daily = Subscription {
        dashboard: Some(on.id),
        chart: None,
        alert: None,
        alert_at: None,
        rhythm: Rhythm::Daily,
        ..wanted.clone()
    };
    let daily = create(&store, &actor, &daily).await;
    store.clock().advance(SignedDuration::from_hours(25));
    assert!(delivery::due(&store, false).await.unwrap().iter().any(|one| one.id == daily.id));
    assert!(!delivery::due(&store, false).await.unwrap().iter().any(|one| one.id == alert.id));
    let told = look(&daily).await;
    assert_eq!((told.len(), told[0].charts.len()), (1, 1));
    // Numbers have no moment of their own, and an alert needs a number.
    let mut tx = store.write(&actor).await.unwrap();
    let never = Subscription { rhythm: Rhythm::AtOnce, ..daily.record.clone() };
    assert_eq!(refusals(tx.create(&never).await), ["needs-alert rhythm"]);
    let of_what = Subscription { alert_at: None, ..wanted };
    assert_eq!(refusals(tx.create(&of_what).await), ["required alert_at"]);
}

async fn personal_dashboards_are_nobody_elses(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let one = create(&store, &actor, &user("one@x.example")).await;
    let other = create(&store, &actor, &user("other@x.example")).await;
    let one = actor_of(&store, one.id.raw(), Origin::Web, None).await.unwrap().0;
    let other = actor_of(&store, other.id.raw(), Origin::Web, None).await.unwrap().0;
    // Without any role they keep what is theirs.
    let own = |actor: &Actor| actor.user.map(Owner);
    let personal = Dashboard { owner: own(&one), ..dashboard("Mine") };
    let personal = create(&store, &one, &personal).await;
    let shared = Dashboard { owner: own(&one), is_shared: true, ..dashboard("Ours") };
    let shared = create(&store, &one, &shared).await;
    for on in [&personal, &shared] {
        create(&store, &one, &chart(on, ChartKind::Number, "user", "", "count")).await;
    }
    let mut view = store.read(&other).await.unwrap();
    let all = Query::of(Filter::everything());
    let titles = |rows: Vec<guanxi_record::Row>| {
        rows.iter().map(|row| row.title(Dashboard::TYPE)).collect::<Vec<_>>()
    };
    assert_eq!(titles(view.list(Dashboard::NAME, &all).await.unwrap().rows), ["Ours"]);
    let charts = view.list(Chart::NAME, &all).await.unwrap().rows;
    assert_eq!(charts.len(), 1);
    drop(view);
    let mut tx = store.write(&other).await.unwrap();
    let foreign = chart(&shared, ChartKind::Number, "user", "", "count");
    assert!(tx.create(&foreign).await.is_err(), "nobody draws on what is another's");
    let mut stolen: Stored<Dashboard> = tx.fetch(Purpose::Read, shared.id).await.unwrap();
    stolen.owner = own(&other);
    assert!(tx.update(&stolen).await.is_err());
    drop(tx);
    // Nobody but who looks after roles chooses what others start with.
    let role = Role { name: "Sellers".into(), description: None, needs_second_factor: false };
    let role = create(&store, &actor, &role).await;
    let described = store.catalog().get(Dashboard::NAME).unwrap().clone();
    let fields = vec![(described.position("role").unwrap(), Value::Link(role.id.raw()))];
    let (id, version) = (shared.id.raw(), shared.version);
    let mut tx = store.write(&one).await.unwrap();
    let refused = tx.update_fields(&described, id, version, fields.clone()).await;
    assert_eq!(refusals(refused), ["field-not-yours role"]);
    drop(tx);
    let mut tx = store.write(&actor).await.unwrap();
    tx.update_fields(&described, id, version, fields).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_chart_that_cannot_be_drawn_is_not_kept(database: TestDatabase) {
    let (store, system) = open(&database).await;
    let one = User { is_administrator: true, ..user("a@x.example") };
    let one = create(&store, &system, &one).await.id.raw();
    let (actor, _) = actor_of(&store, one, Origin::Api, None).await.unwrap();
    let on = create(&store, &actor, &dashboard("All")).await;
    for (of, group, measure, refused) in [
        ("order", "colour", "count", "unknown-field colour"),
        ("order", "total.colour", "count", "unknown-field total.colour"),
        ("order", "status", "sum:status", "not-a-number-field status"),
        ("nothing", "status", "count", "unknown-type record_type"),
    ] {
        let mut tx = store.write(&actor).await.unwrap();
        tx.create(&chart(&on, ChartKind::Bar, of, group, measure)).await.unwrap();
        assert_eq!(refusals(tx.commit().await), [refused]);
    }
    let by_currency = chart(&on, ChartKind::Bar, "order", "total.currency", "count");
    create(&store, &actor, &by_currency).await;
}
