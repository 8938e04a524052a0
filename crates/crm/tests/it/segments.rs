//! Segments: the warehouse chooses whom the database would choose, whoever asks; who comes and goes
//! is noted with the reason; what chosen customers are like is counted.

use std::collections::BTreeSet;

use guanxi_base::{Money, RawId, Rng, SignedDuration};
use guanxi_crm::access::{RightPurpose, RightScope, Role, RoleRight, User, actor_of};
use guanxi_crm::delivery::{self, Subscription};
use guanxi_crm::demo::{Demo, make_demo};
use guanxi_crm::insights::{Analysis, AnalysisRun, run_next};
use guanxi_crm::people::Customer;
use guanxi_crm::segments::{
    Choosing, Segment, SegmentKind, SegmentMember, alike, expand, moves, profile, refresh_all,
};
use guanxi_crm::work::Rhythm;
use guanxi_record::{Filter, Json as JsonField, Kind, LongText, Op, Query, RecordType, Stored};
use guanxi_store::{Actor, Origin, Purpose, Share, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;
use serde_json::{Value as Json, json};

use crate::house::{case, create, customer, line, open, order, refusals, segment, user};
use crate::insights::follow;

both_databases!(
    the_warehouse_chooses_as_the_database_does,
    who_comes_and_who_goes_is_noted,
    segments_are_made_of_others,
    colleagues_are_told_what_they_may_see,
    who_is_like_them_is_found,
);

/// Filters for each Actor; together a few hundred on each database.
const FILTERS: usize = 120;

async fn ready(database: &TestDatabase) -> (Store, Actor, tempfile::TempDir, Warehouse) {
    let (store, actor) = open(database).await;
    let folder = tempfile::tempdir().unwrap();
    let warehouse = Warehouse::open(folder.path().to_str().unwrap()).unwrap();
    (store, actor, folder, warehouse)
}

async fn analyse(store: &Store, warehouse: &Warehouse, actor: &Actor) {
    create(store, actor, &AnalysisRun::of(Analysis::CustomerValue, None)).await;
    run_next(store, warehouse).await.unwrap();
}

/// Random questions about records of a type, of any shape that people may ask.
struct Asking<'a> {
    store: &'a Store,
    rng: Rng,
    /// Values that there are, by type and field.
    samples: std::collections::HashMap<(String, String), Vec<Json>>,
}

impl Asking<'_> {
    async fn sample(&mut self, actor: &Actor, names: &[&str]) {
        let mut view = self.store.read(actor).await.unwrap();
        for name in names {
            let described = view.catalog().get(name).unwrap().clone();
            let query = Query::of(Filter::everything()).limited(60);
            for row in view.list(name, &query).await.unwrap().rows {
                let json = row.to_json(&described);
                for field in described.fields.iter() {
                    let key = ((*name).to_owned(), field.name.to_string());
                    self.samples.entry(key).or_default().push(json[&*field.name].clone());
                }
            }
        }
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.rng.below(of.len())].clone()
    }

    fn filter(&mut self, described: &RecordType, depth: usize) -> Filter {
        match if depth == 0 { 9 } else { self.rng.below(12) } {
            0 => Filter::All((0..2).map(|_| self.filter(described, depth - 1)).collect()),
            1 => Filter::Any((0..3).map(|_| self.filter(described, depth - 1)).collect()),
            2 => Filter::Not(Box::new(self.filter(described, depth - 1))),
            3 | 4 => self.related(described, depth),
            5 => self.linked(described),
            _ => self.compare(described, ""),
        }
    }

    fn related(&mut self, described: &RecordType, depth: usize) -> Filter {
        let (of, via) = match &*described.name {
            "customer" => {
                self.pick(&[("order", "customer"), ("case", "customer"), ("task", "customer")])
            }
            "order" => ("order_line", "order"),
            _ => return self.compare(described, ""),
        };
        let related = self.store.catalog().get(of).unwrap().clone();
        let op = self.pick(&[Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge]);
        let count = guanxi_record::Count { op, number: self.rng.below(4) as i64 };
        Filter::Related {
            record_type: of.to_owned(),
            via: via.to_owned(),
            count: (self.rng.below(2) == 0).then_some(count),
            filter: Box::new(self.filter(&related, depth - 1)),
        }
    }

    fn linked(&mut self, described: &RecordType) -> Filter {
        let (link, to) = match &*described.name {
            "customer" => ("parent", "customer"),
            "order" | "case" | "task" => ("customer", "customer"),
            "order_line" => self.pick(&[("order", "order"), ("product", "product")]),
            _ => return self.compare(described, ""),
        };
        let to = self.store.catalog().get(to).unwrap().clone();
        self.compare(&to, &format!("{link}."))
    }

    fn compare(&mut self, described: &RecordType, path: &str) -> Filter {
        let kept = |kind: &Kind| !matches!(kind, Kind::LongText | Kind::Json | Kind::File);
        let fields: Vec<_> =
            described.fields.iter().filter(|field| kept(&field.kind)).cloned().collect();
        let field = self.pick(&fields);
        let mut name = format!("{path}{}", field.name);
        let key = (described.name.to_string(), field.name.to_string());
        let samples = self.samples.get(&key).cloned().unwrap_or_default();
        let mut values = vec![if samples.is_empty() { Json::Null } else { self.pick(&samples) }];
        if field.kind == Kind::Address {
            name = format!("{name}.province");
            values = vec![values[0].get("province").cloned().unwrap_or(json!("Hunan"))];
        }
        let mut ops = vec![Op::Eq, Op::Ne, Op::Empty];
        let is_list = matches!(field.kind, Kind::Choices(_) | Kind::Links { .. });
        if !is_list {
            ops.extend([Op::In, Op::NotIn]);
        }
        if field.kind.is_ordered() && field.kind != Kind::Boolean {
            ops.extend([Op::Lt, Op::Le, Op::Gt, Op::Ge]);
        }
        if field.kind.is_text() {
            ops.extend([Op::Contains, Op::Starts]);
        }
        if matches!(field.kind, Kind::Date | Kind::Instant) {
            ops.push(Op::Within);
        }
        let op = self.pick(&ops);
        let first = match &values[0] {
            Json::Array(all) => all.first().cloned().unwrap_or(Json::Null),
            Json::Null if op != Op::Eq && op != Op::Ne => json!("5"),
            one => one.clone(),
        };
        let value = match op {
            Op::Empty => Json::Bool(self.rng.below(2) == 0),
            Op::Within => json!(self.pick(&["last_90_days", "this_year", "last_year", "today"])),
            Op::In | Op::NotIn => values.into_iter().filter(|one| !one.is_null()).collect(),
            Op::Contains | Op::Starts => {
                json!(first.as_str().unwrap_or("a").chars().take(2).collect::<String>())
            }
            Op::Lt | Op::Le | Op::Gt | Op::Ge if first.is_null() => json!("5"),
            _ => first,
        };
        Filter::compare(name, op, value)
    }
}

async fn the_warehouse_chooses_as_the_database_does(database: TestDatabase) {
    let (store, actor, _folder, warehouse) = ready(&database).await;
    let demo = Demo { customers: 120, orders_per_customer: 3.0, ..Demo::default() };
    make_demo(&store, &actor, demo, |_| {}).await.unwrap();
    follow(&store, &warehouse).await;
    analyse(&store, &warehouse, &actor).await;
    follow(&store, &warehouse).await;
    let mut view = store.read(&actor).await.unwrap();
    let customers = view.list("customer", &Query::of(Filter::everything())).await.unwrap().rows;
    let mut users: Vec<Stored<User>> = Vec::new();
    for row in
        view.list("user", &Query::of(Filter::eq("is_administrator", false))).await.unwrap().rows
    {
        users.push(row.try_into().unwrap());
    }
    drop(view);
    // Somebody sees a customer of another because it was shared with them.
    let mut tx = store.write(&actor).await.unwrap();
    let share = Share { with: users[0].id.raw(), may_change: false, until: None, by: None };
    tx.share("customer", customers[3].id, &share).await.unwrap();
    tx.archive("customer", customers[5].id, customers[5].version).await.unwrap();
    tx.commit().await.unwrap();
    follow(&store, &warehouse).await;
    let mut asking = Asking { store: &store, rng: Rng::seeded(11), samples: Default::default() };
    asking.sample(&actor, &["customer", "order", "order_line", "product", "case", "task"]).await;
    let (mut chosen, mut refused) = (0, 0);
    let mut actors = vec![actor.clone()];
    for user in users.iter().take(3) {
        actors.push(actor_of(&store, user.id.raw(), Origin::Web, None).await.unwrap().0);
    }
    let described = store.catalog().get("customer").unwrap().clone();
    for actor in &actors {
        let choosing = Choosing::begin(&store, &warehouse, actor).await.unwrap();
        let ids = choosing.column("customer", "id").await.unwrap();
        for _ in 0..FILTERS {
            let filter = asking.filter(&described, 3);
            let query = Query::of(filter.clone());
            let mut view = store.read(actor).await.unwrap();
            let expected = view.ids("customer", &query, Purpose::Read, 1_000).await;
            drop(view);
            let found = choosing.mask("customer", &filter).await;
            match (expected, found) {
                (Ok(expected), Ok(mask)) => {
                    let found = ids.numbers().iter().zip(&mask).filter(|(_, one)| **one);
                    let found: BTreeSet<RawId> = found.map(|(id, _)| RawId(*id)).collect();
                    let expected: BTreeSet<RawId> = expected.into_iter().collect();
                    assert_eq!(found, expected, "{}", filter.to_json());
                    chosen += found.len();
                }
                (Err(expected), Err(found)) => {
                    assert_eq!(expected.to_string(), found.to_string(), "{}", filter.to_json());
                    refused += 1;
                }
                (expected, found) => {
                    panic!("{expected:?} but {:?}: {}", found.map(|_| ()), filter.to_json())
                }
            }
        }
    }
    assert!(chosen > FILTERS && refused < FILTERS, "{chosen} chosen, {refused} refused");
}

async fn who_comes_and_who_goes_is_noted(database: TestDatabase) {
    let (store, actor, _folder, warehouse) = ready(&database).await;
    let often = Filter::Related {
        record_type: "order".to_owned(),
        via: "customer".to_owned(),
        count: Some(guanxi_record::Count { op: Op::Ge, number: 2 }),
        filter: Box::new(Filter::everything()),
    };
    let condition = Filter::All(vec![Filter::eq("country", "China"), often]);
    let good = create(&store, &actor, &segment("Good", &condition)).await;
    let mut buyers = Vec::new();
    for (name, country, orders) in [("A", "China", 2), ("B", "China", 1), ("C", "Chile", 3)] {
        let one = Customer { country: Some(country.to_owned()), ..customer(name) };
        let one = create(&store, &actor, &one).await;
        for day in 1..=orders {
            let sold = create(&store, &actor, &order(&one, &format!("2026-01-0{day}"))).await;
            create(&store, &actor, &line(&sold, 1, 10)).await;
        }
        buyers.push(one);
    }
    follow(&store, &warehouse).await;
    // Nobody came who was there from the beginning.
    assert_eq!(refresh_all(&store, &warehouse).await.unwrap(), 0);
    assert_eq!(refresh_all(&store, &warehouse).await.unwrap(), 0);
    let second = create(&store, &actor, &order(&buyers[1], "2026-02-01")).await;
    create(&store, &actor, &line(&second, 1, 10)).await;
    // What is paid in another currency is not added to what is not.
    for (at, cost, currency) in [(1, 90, "CNY"), (2, 210, "CNY"), (1, 70, "EUR")] {
        let cost = Money::new(cost * Money::ONE, currency.parse().unwrap());
        create(&store, &actor, &case(&buyers[at], cost)).await;
    }
    let mut moved = buyers[0].clone();
    moved.country = Some("Chad".to_owned());
    let mut tx = store.write(&actor).await.unwrap();
    tx.update(&moved).await.unwrap();
    tx.commit().await.unwrap();
    follow(&store, &warehouse).await;
    assert_eq!(refresh_all(&store, &warehouse).await.unwrap(), 2);
    let choosing = Choosing::begin(&store, &warehouse, &actor).await.unwrap();
    let told = moves(&choosing, &good, 10).await.unwrap();
    let told: BTreeSet<_> =
        told.into_iter().map(|one| (one.customer, one.came, one.parts)).collect();
    let [a, b] = [0, 1].map(|at| buyers[at].id.raw());
    assert_eq!(told, [(a, false, vec![0]), (b, true, vec![1])].into());
    let mask = choosing.customers(&good.filter().unwrap()).await.unwrap();
    let glance = choosing.glance(&mask, 5).await.unwrap();
    assert_eq!((glance.count, glance.best), (1, vec![b]));
    let profile = profile(&choosing, &mask).await.unwrap();
    assert_eq!((profile.customers, profile.all_customers), ((1, 1), (3, 3)));
    let orders = profile.figures.iter().find(|one| one.0 == "orders").unwrap();
    assert_eq!((orders.1, orders.2), (Some(2.0), Some(7.0 / 3.0)));
    let cost = profile.figures.iter().find(|one| one.0 == "service-cost").unwrap();
    assert_eq!((cost.1, cost.2), (Some(90.0), Some(100.0)));
    // Another condition begins anew; the same one goes on where it was.
    let mut other = good.clone();
    other.condition = Some(JsonField(Filter::eq("country", "Chad").to_json()));
    let mut tx = store.write(&actor).await.unwrap();
    tx.update(&other).await.unwrap();
    tx.commit().await.unwrap();
    follow(&store, &warehouse).await;
    assert_eq!(refresh_all(&store, &warehouse).await.unwrap(), 0);
}

async fn segments_are_made_of_others(database: TestDatabase) {
    let (store, actor, _folder, warehouse) = ready(&database).await;
    let one =
        create(&store, &actor, &Customer { country: Some("China".into()), ..customer("One") })
            .await;
    let two = create(&store, &actor, &customer("Two")).await;
    create(&store, &actor, &customer("Three")).await;
    let by_hand = Segment {
        kind: SegmentKind::Static,
        condition: None,
        ..segment("By hand", &Filter::everything())
    };
    let by_hand = create(&store, &actor, &by_hand).await;
    let member = SegmentMember { segment: by_hand.id, customer: two.id };
    create(&store, &actor, &member).await;
    let chinese =
        create(&store, &actor, &segment("Chinese", &Filter::eq("country", "China"))).await;
    let either =
        Filter::compare("segment", Op::In, vec![by_hand.id.to_string(), chinese.id.to_string()]);
    let both = create(&store, &actor, &segment("Either", &either)).await;
    follow(&store, &warehouse).await;
    let choosing = Choosing::begin(&store, &warehouse, &actor).await.unwrap();
    let ids = choosing.column("customer", "id").await.unwrap();
    for (filter, expected) in [
        (Filter::eq("segment", both.id.to_string()), vec![one.id.raw(), two.id.raw()]),
        (
            Filter::compare("segment", Op::Ne, both.id.to_string())
                .and(Filter::eq("country", "China")),
            vec![],
        ),
        (Filter::eq("segment", chinese.id.to_string()), vec![one.id.raw()]),
    ] {
        let mask = choosing.customers(&filter).await.unwrap();
        let chosen = ids.numbers().iter().zip(&mask).filter(|(_, one)| **one);
        let chosen: Vec<RawId> = chosen.map(|(id, _)| RawId(*id)).collect();
        assert_eq!(chosen, expected);
        let mut view = store.read(&actor).await.unwrap();
        let expanded = expand(&mut view, "customer", filter).await.unwrap();
        let listed = view.ids("customer", &Query::of(expanded), Purpose::Read, 10).await.unwrap();
        assert_eq!(listed, expected);
    }
    // One that leads to itself, or to one that somebody may not see, is refused.
    let mut itself = chinese.clone();
    itself.condition = Some(JsonField(Filter::eq("segment", both.id.to_string()).to_json()));
    let mut tx = store.write(&actor).await.unwrap();
    tx.update(&itself).await.unwrap();
    tx.commit().await.unwrap();
    let asked = choosing.customers(&Filter::eq("segment", both.id.to_string())).await;
    assert_eq!(refusals(asked), ["segment-cycle segment"]);
    let unknown = choosing.customers(&Filter::eq("segment", two.id.to_string())).await;
    assert_eq!(refusals(unknown), ["unknown-segment segment"]);
    // Without a condition that can be read there is no segment.
    let mut tx = store.write(&actor).await.unwrap();
    let nothing = Segment { condition: None, ..segment("Nothing", &Filter::everything()) };
    assert_eq!(refusals(tx.create(&nothing).await), ["required condition"]);
    let wrong = JsonField(json!({ "any": 1 }));
    let wrong = Segment { condition: Some(wrong), ..segment("Wrong", &Filter::everything()) };
    assert_eq!(refusals(tx.create(&wrong).await), ["wrong-filter condition"]);
}

/// Until when people are told, in a test that waits for nobody.
fn now(store: &Store) -> guanxi_base::Timestamp {
    store.clock().now()
}

async fn colleagues_are_told_what_they_may_see(database: TestDatabase) {
    let (store, actor, _folder, warehouse) = ready(&database).await;
    let chinese =
        create(&store, &actor, &segment("Chinese", &Filter::eq("country", "China"))).await;
    let role = Role { name: "Reader".into(), description: None, needs_second_factor: false };
    let role = create(&store, &actor, &role).await.id;
    for record_type in ["customer", "segment"] {
        let right = RoleRight {
            role,
            record_type: record_type.into(),
            purposes: vec![RightPurpose::Read],
            scope: RightScope::All,
            condition: None,
        };
        create(&store, &actor, &right).await;
    }
    let reader =
        create(&store, &actor, &User { roles: vec![role], ..user("reader@x.example") }).await;
    let stranger = create(&store, &actor, &user("stranger@x.example")).await;
    let subscription = |subscriber: &Stored<User>, rhythm| Subscription {
        segment: Some(chinese.id),
        subscriber: Some(subscriber.id),
        rhythm,
        proposal: Some(LongText("Call them".into())),
        ..Subscription::named("New Chinese".into())
    };
    let at_once = create(&store, &actor, &subscription(&reader, Rhythm::AtOnce)).await;
    create(&store, &actor, &subscription(&stranger, Rhythm::AtOnce)).await;
    create(&store, &actor, &subscription(&reader, Rhythm::Daily)).await;
    follow(&store, &warehouse).await;
    refresh_all(&store, &warehouse).await.unwrap();
    store.clock().advance(SignedDuration::from_secs(60));
    // Nothing has happened: nobody is told.
    assert_eq!(
        delivery::prepare(&store, &warehouse, &at_once, now(&store)).await.unwrap().told,
        []
    );
    let new = Customer { country: Some("China".into()), ..customer("Newcomer") };
    create(&store, &actor, &new).await;
    follow(&store, &warehouse).await;
    refresh_all(&store, &warehouse).await.unwrap();
    assert_eq!(delivery::told_until(&store), now(&store) - SignedDuration::from_secs(30));
    let due = delivery::due(&store, true).await.unwrap();
    assert_eq!(due.len(), 2, "the daily one waits for its hour");
    let mut told = Vec::new();
    for one in &due {
        let until = now(&store);
        let each = delivery::prepare(&store, &warehouse, one, until).await.unwrap();
        assert!(delivery::done(&store, one, &each, until).await.unwrap());
        assert!(!delivery::done(&store, one, &each, until).await.unwrap());
        told.extend(each.told);
    }
    // The stranger may not see the segment, and is told nothing.
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].email.as_deref(), Some("reader@x.example"));
    let whole = told[0].whole(&store).await.unwrap();
    for part in ["1 customer ", "came in: Newcomer", "Proposed: Call them"] {
        assert!(whole.contains(part), "{whole}");
    }
    // What they may not know is not in it; names stand in no notice, and may be erased.
    assert!(!whole.contains("bought for") && !told[0].text.contains("Newcomer"), "{whole}");
    let mut view = store.read(&actor).await.unwrap();
    let mine = Query::of(Filter::eq("owner", reader.id.to_string()));
    assert_eq!(view.list("notice", &mine).await.unwrap().rows.len(), 1);
    drop(view);
    store.clock().advance(SignedDuration::from_secs(60));
    let again = delivery::due(&store, true).await.unwrap();
    let again = again.iter().find(|one| one.id == at_once.id).unwrap();
    assert_eq!(delivery::prepare(&store, &warehouse, again, now(&store)).await.unwrap().told, []);
    store.clock().advance(SignedDuration::from_hours(24));
    assert_eq!(delivery::due(&store, true).await.unwrap().len(), 3);
    // A list tells what is new in it.
    let list = Subscription {
        segment: None,
        record_type: Some("customer".into()),
        condition: Some(LongText("country=China".into())),
        rhythm: Rhythm::AtOnce,
        ..subscription(&reader, Rhythm::AtOnce)
    };
    let list = create(&store, &actor, &list).await;
    store.clock().advance(SignedDuration::from_secs(1));
    assert_eq!(delivery::prepare(&store, &warehouse, &list, now(&store)).await.unwrap().told, []);
    create(&store, &actor, &Customer { name: "Later".into(), ..new.clone() }).await;
    let told = delivery::prepare(&store, &warehouse, &list, now(&store)).await.unwrap().told;
    let whole = told[0].whole(&store).await.unwrap();
    assert!(whole.contains("1 new: Later\n2 in all."), "{whole}");
    // Nobody, of nothing, at no hour.
    let nobody = Subscription { segment: None, subscriber: None, hour: 24, ..list.record.clone() };
    let nobody = Subscription { record_type: None, ..nobody };
    let mut tx = store.write(&actor).await.unwrap();
    let refused = refusals(tx.create(&nobody).await);
    assert_eq!(refused, ["required segment", "required subscriber", "not-an-hour hour"]);
}

async fn who_is_like_them_is_found(database: TestDatabase) {
    let (store, actor, _folder, warehouse) = ready(&database).await;
    let mut tx = store.write(&actor).await.unwrap();
    let mut wanted = Vec::new();
    // Those of the mines buy much; nothing tells those who may come apart but their trade.
    for at in 0..240 {
        let industry = ["mining", "farming", "trade"][at % 3];
        let one = Customer {
            industry: Some(industry.into()),
            country: Some(["Chile", "Chad"][at % 2].into()),
            ..customer(&format!("C{at:03}"))
        };
        let one = tx.create(&one).await.unwrap();
        let worth = if industry == "mining" { 1_000 } else { 10 };
        if at < 180 {
            let sold = tx.create(&order(&one, "2026-01-01")).await.unwrap();
            tx.create(&line(&sold, 1, worth)).await.unwrap();
        } else if industry == "mining" {
            wanted.push(one.id.raw());
        }
    }
    tx.commit().await.unwrap();
    follow(&store, &warehouse).await;
    let choosing = Choosing::begin(&store, &warehouse, &actor).await.unwrap();
    let large = Filter::Related {
        record_type: "order".into(),
        via: "customer".into(),
        count: None,
        filter: Box::new(Filter::compare("total", Op::Ge, 500)),
    };
    let found = alike(&choosing, &large, 20).await.unwrap();
    assert_eq!((found.learnt_from, found.among), ((60, 120), 60));
    assert!(found.area.unwrap() > 0.99 && found.is_better_than_guessing);
    let named: BTreeSet<RawId> = found.found.iter().map(|one| one.customer).collect();
    assert_eq!(named, wanted.into_iter().collect());
    assert!(found.found.iter().all(|one| one.reasons.first() == Some(&"industry")));
    // What has nothing to do with what is known is not guessed at.
    let by_chance = Filter::compare("name", Op::Contains, "7");
    let found = alike(&choosing, &by_chance, 20).await.unwrap();
    assert!(!found.is_better_than_guessing && found.found.is_empty(), "{found:?}");
    // Those of a trade are not found by their trade.
    let miners = Filter::eq("industry", "mining");
    assert!(alike(&choosing, &miners, 20).await.unwrap().found.is_empty());
    let few = Filter::eq("name", "C001");
    assert_eq!(alike(&choosing, &few, 20).await.unwrap().area, None);
}
