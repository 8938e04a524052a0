//! Limits of authority and approvals, as they hold for every face.

use std::collections::BTreeSet;

use guanxi_base::{Id, RawId};
use guanxi_crm::access::{
    ApprovalRule, ApprovalStep, ApproverKind, AuthorityLimit, Quorum, RightPurpose, RightScope,
    Role, RoleRight, Substitution, Team, User, actor_of,
};
use guanxi_crm::authority::{
    ApprovalRequest, ApprovalTask, Decision, RequestState, TaskState, ask, awaited_files, decide,
    waiting_for, withdraw,
};
use guanxi_crm::hand_over::hand_over;
use guanxi_crm::sales::{Order, OrderStatus};
use guanxi_record::{Filter, Owner, Query, Record, Sort, Stored, Value};
use guanxi_store::{Actor, Origin, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::customising::define;
use crate::house::{create, customer, line, open, order, refusals, user};

both_databases!(
    nobody_decides_beyond_their_authority,
    a_chain_asks_one_after_another,
    a_request_is_returned_forwarded_or_taken_back,
    who_is_away_is_stood_in_for,
    the_last_of_several_at_one_moment_is_the_last,
    undo_does_not_reach_what_waits,
    what_waits_goes_along_when_somebody_leaves,
    a_request_never_waits_for_whoever_asked,
    a_file_that_is_asked_for_is_kept_until_it_is_decided,
);

struct House {
    store: Store,
    system: Actor,
    /// Sells, leads, leads the leader, keeps the books.
    people: [RawId; 4],
    order: Stored<Order>,
}

/// A seller who decides up to 100 yuan and 10 per cent, their leader, and the leader above.
async fn house(database: &TestDatabase) -> House {
    let (store, system) = open(database).await;
    let role = Role { name: "Seller".into(), description: None, needs_second_factor: false };
    let role = create(&store, &system, &role).await.id;
    let right = RoleRight {
        role,
        record_type: "*".into(),
        purposes: vec![RightPurpose::Read, RightPurpose::Create, RightPurpose::Change],
        scope: RightScope::All,
        condition: None,
    };
    create(&store, &system, &right).await;
    for (field, at_most) in [("total", "100 CNY"), ("order_line.discount", "10")] {
        let limit = AuthorityLimit {
            role,
            record_type: "order".into(),
            field: field.into(),
            at_most: at_most.into(),
            condition: Some("status=confirmed".into()),
        };
        create(&store, &system, &limit).await;
    }
    let team = |name: &str, parent| Team { name: name.into(), parent, company: None, leader: None };
    let top = create(&store, &system, &team("Top", None)).await;
    let low = create(&store, &system, &team("Low", Some(top.id))).await;
    let mut people = Vec::new();
    for (email, team) in [
        ("s@x.example", low.id),
        ("l@x.example", low.id),
        ("t@x.example", top.id),
        ("b@x.example", top.id),
    ] {
        let one = User { team: Some(team), roles: vec![role], ..user(email) };
        people.push(create(&store, &system, &one).await.id.raw());
    }
    for (mut team, leader) in [(low, people[1]), (top, people[2])] {
        team.leader = Some(Owner(leader));
        let mut tx = store.write(&system).await.unwrap();
        tx.update(&team).await.unwrap();
        tx.commit().await.unwrap();
    }
    let buyer = create(&store, &system, &customer("Buyer")).await;
    let draft = Order { status: OrderStatus::Draft, ..order(&buyer, "2026-03-01") };
    let order = create(&store, &system, &draft).await;
    create(&store, &system, &line(&order, 5, 100)).await;
    let people = people.try_into().unwrap();
    House { store, system, people, order }
}

impl House {
    async fn actor(&self, person: usize) -> Actor {
        actor_of(&self.store, self.people[person], Origin::Web, None).await.unwrap().0
    }

    /// Somebody who may do everything.
    async fn system_user(&self) -> Actor {
        self.actor(3).await.with_all_rights()
    }

    async fn stored(&self) -> Stored<Order> {
        let mut view = self.store.read(&self.system).await.unwrap();
        view.fetch(Purpose::Read, self.order.id).await.unwrap()
    }

    /// Sets fields of the order as a person does in a form.
    async fn set(&self, person: usize, fields: &[(&str, Value)]) -> Vec<String> {
        let described = self.store.catalog().get("order").unwrap().clone();
        let fields = fields
            .iter()
            .map(|(name, value)| (described.position(name).unwrap(), value.clone()))
            .collect();
        let order = self.stored().await;
        let mut tx = self.store.write(&self.actor(person).await).await.unwrap();
        match tx.update_fields(&described, order.id.raw(), order.version, fields).await {
            Ok(_) => match tx.commit().await {
                Ok(_) => Vec::new(),
                Err(error) => refusals::<()>(Err(error)),
            },
            Err(error) => refusals::<()>(Err(error)),
        }
    }

    async fn ask(&self, reason: &str) -> Result<Vec<RawId>, Vec<String>> {
        let described = self.store.catalog().get("order").unwrap().clone();
        let order = self.stored().await;
        let fields = vec![(described.position("status").unwrap(), confirmed())];
        let place = (order.id.raw(), order.version);
        let actor = self.actor(0).await;
        let asked = ask(&self.store, &actor, "order", place, fields, reason).await;
        asked.map(|(_, asked)| asked).map_err(|error| refusals::<()>(Err(error)))
    }

    /// Decides what waits for a person.
    async fn decide(&self, person: usize, decision: Decision, comment: &str) -> Vec<String> {
        let waiting = waiting_for(&self.store, self.people[person]).await.unwrap();
        let Some(task) = waiting.first() else { return vec!["nothing waits".into()] };
        let (actor, id) = (self.actor(person).await, task.id.raw());
        match decide(&self.store, &actor, id, &decision, comment).await {
            Ok(_) => Vec::new(),
            Err(error) => refusals::<()>(Err(error)),
        }
    }

    async fn chain(&self, condition: Option<&str>, steps: &[ApprovalStep]) {
        let rule = ApprovalRule {
            name: format!("Chain {condition:?}"),
            record_type: "order".into(),
            position: if condition.is_some() { 1 } else { 2 },
            condition: condition.map(str::to_owned),
            description: None,
        };
        let rule = create(&self.store, &self.system, &rule).await.id;
        for (at, step) in steps.iter().enumerate() {
            let position = at as i64 + 1;
            let step = ApprovalStep { approval_rule: rule, position, ..step.clone() };
            create(&self.store, &self.system, &step).await;
        }
    }

    async fn tasks(&self) -> Vec<Stored<ApprovalTask>> {
        let mut view = self.store.read(&self.system).await.unwrap();
        let query = Query::of(Filter::everything()).sorted(vec![Sort::up("id")]).limited(10);
        let rows = view.list(ApprovalTask::NAME, &query).await.unwrap().rows;
        rows.into_iter().map(|row| row.try_into().unwrap()).collect()
    }

    async fn request(&self) -> Stored<ApprovalRequest> {
        let mut view = self.store.read(&self.system).await.unwrap();
        let query = Query::of(Filter::everything()).limited(1);
        let row = view.list(ApprovalRequest::NAME, &query).await.unwrap().rows.remove(0);
        row.try_into().unwrap()
    }
}

fn confirmed() -> Value {
    Value::Text("confirmed".to_owned())
}

fn step(approver: ApproverKind) -> ApprovalStep {
    ApprovalStep {
        approval_rule: Id::new(RawId(0)),
        position: 1,
        approver,
        levels_up: None,
        role: None,
        people: Vec::new(),
        quorum: Quorum::Any,
    }
}

async fn nobody_decides_beyond_their_authority(database: TestDatabase) {
    let house = house(&database).await;
    // What is only planned needs nobody; confirmed it is beyond 100.
    assert!(house.set(0, &[("notes", Value::Text("a".into()))]).await.is_empty());
    assert_eq!(house.set(0, &[("status", confirmed())]).await, ["over-your-limit total"]);
    assert_eq!(house.stored().await.status, OrderStatus::Draft);
    assert_eq!(house.ask("big").await, Err(vec!["no-approval-rule -".to_owned()]));
    house.chain(None, &[step(ApproverKind::Manager)]).await;
    assert_eq!(house.ask("a good customer").await, Ok(vec![house.people[1]]));
    // While it waits nothing of it changes, whoever wants to; nor do its lines.
    for person in [0, 1, 2] {
        let refused = house.set(person, &[("notes", Value::Text("b".into()))]).await;
        assert_eq!(refused, ["waits-for-approval -"]);
    }
    let order = house.stored().await;
    let mut tx = house.store.write(&house.system_user().await).await.unwrap();
    tx.archive("order", order.id.raw(), order.version).await.unwrap();
    assert_eq!(refusals(tx.commit().await), ["waits-for-approval -"]);
    let mut tx = house.store.write(&house.actor(0).await).await.unwrap();
    tx.create(&line(&house.order, 1, 1)).await.unwrap();
    assert_eq!(refusals(tx.commit().await), ["waits-for-approval -"]);
    assert_eq!(house.ask("again").await, Err(vec!["waits-for-approval -".to_owned()]));
    // Neither the asker nor somebody else decides.
    assert_eq!(house.decide(0, Decision::Approve, "").await, ["nothing waits"]);
    assert_eq!(house.decide(2, Decision::Approve, "").await, ["nothing waits"]);
    assert!(house.decide(1, Decision::Approve, "go").await.is_empty());
    assert_eq!(house.stored().await.status, OrderStatus::Confirmed);
    assert_eq!(house.request().await.state, RequestState::Approved);
    // What was allowed stays allowed for as long as it does not grow.
    assert!(house.set(0, &[("notes", Value::Text("c".into()))]).await.is_empty());
    let mut tx = house.store.write(&house.actor(0).await).await.unwrap();
    tx.create(&line(&house.order, 1, 1)).await.unwrap();
    assert_eq!(refusals(tx.commit().await), ["over-your-limit total"]);
    // A discount of a line is the order's.
    let mut small = line(&house.order, 1, -450);
    small.discount = Some(guanxi_base::Percent::from_units(11 * guanxi_base::Percent::ONE));
    let mut tx = house.store.write(&house.actor(0).await).await.unwrap();
    tx.create(&small).await.unwrap();
    assert_eq!(refusals(tx.commit().await), ["over-your-limit -"]);
    // A limit is data: raised, it lets more through.
    let mut view = house.store.read(&house.system).await.unwrap();
    let filter = Filter::eq("field", "total");
    let row = view.list("authority_limit", &Query::of(filter)).await.unwrap().rows.remove(0);
    drop(view);
    let mut limit: Stored<AuthorityLimit> = row.try_into().unwrap();
    limit.at_most = "1000 CNY".into();
    let mut tx = house.store.write(&house.system).await.unwrap();
    tx.update(&limit).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = house.store.write(&house.actor(0).await).await.unwrap();
    tx.create(&line(&house.order, 1, 1)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_chain_asks_one_after_another(database: TestDatabase) {
    let house = house(&database).await;
    let both = ApprovalStep {
        people: vec![Id::new(house.people[2]), Id::new(house.people[3]), Id::new(house.people[0])],
        quorum: Quorum::All,
        ..step(ApproverKind::People)
    };
    house.chain(Some("total.ge=400"), &[step(ApproverKind::Manager), both]).await;
    house.chain(None, &[step(ApproverKind::Manager)]).await;
    assert_eq!(house.ask("").await, Ok(vec![house.people[1]]));
    assert!(house.decide(1, Decision::Approve, "").await.is_empty());
    assert_eq!(house.stored().await.status, OrderStatus::Draft);
    // Both at once, but never whoever asks.
    assert!(waiting_for(&house.store, house.people[0]).await.unwrap().is_empty());
    assert!(house.decide(3, Decision::Approve, "").await.is_empty());
    assert_eq!(house.stored().await.status, OrderStatus::Draft);
    assert!(house.decide(2, Decision::Approve, "").await.is_empty());
    assert_eq!(house.stored().await.status, OrderStatus::Confirmed);
    assert_eq!(house.decide(2, Decision::Approve, "").await, ["nothing waits"]);
}

async fn the_last_of_several_at_one_moment_is_the_last(database: TestDatabase) {
    let house = house(&database).await;
    let all = ApprovalStep {
        people: house.people[1..].iter().map(|person| Id::new(*person)).collect(),
        quorum: Quorum::All,
        ..step(ApproverKind::People)
    };
    house.chain(None, &[all]).await;
    house.ask("").await.unwrap();
    let go = |person| house.decide(person, Decision::Approve, "");
    let outcomes = tokio::join!(go(1), go(2), go(3));
    assert_eq!(outcomes, Default::default());
    assert_eq!(house.request().await.state, RequestState::Approved);
    assert_eq!(house.stored().await.status, OrderStatus::Confirmed);
}

async fn undo_does_not_reach_what_waits(database: TestDatabase) {
    let house = house(&database).await;
    house.chain(None, &[step(ApproverKind::Manager)]).await;
    let mut tx = house.store.write(&house.system_user().await).await.unwrap();
    tx.create(&line(&house.order, 1, 5)).await.unwrap();
    let change = tx.commit().await.unwrap();
    house.ask("").await.unwrap();
    let by = house.system_user().await;
    assert_eq!(refusals(house.store.undo(&by, change).await), ["waits-for-approval -"]);
    assert!(house.decide(1, Decision::Return, "no").await.is_empty());
    house.store.undo(&by, change).await.unwrap();
}

async fn what_waits_goes_along_when_somebody_leaves(database: TestDatabase) {
    let house = house(&database).await;
    house.chain(None, &[step(ApproverKind::Manager)]).await;
    let [asker, leader, top, books] = house.people;
    let mut order = house.stored().await;
    order.owner = Some(Owner(asker));
    let mut tx = house.store.write(&house.system).await.unwrap();
    tx.update(&order).await.unwrap();
    tx.commit().await.unwrap();
    house.ask("a good customer").await.unwrap();
    // By an administrator: nothing else of it may change while it waits.
    let administrator = house.system_user().await;
    let notes = Value::Text("b".into());
    let order = house.stored().await;
    let described = house.store.catalog().get("order").unwrap().clone();
    let mut tx = house.store.write(&administrator).await.unwrap();
    let both = [("owner", Value::Link(books)), ("notes", notes)];
    let both = both.map(|(name, value)| (described.position(name).unwrap(), value)).into();
    tx.update_fields(&described, order.id.raw(), order.version, both).await.unwrap();
    assert_eq!(refusals(tx.commit().await), ["waits-for-approval -"]);
    let moved = hand_over(&house.store, &administrator, asker, books).await.unwrap();
    assert!(moved.left.is_empty() && moved.records > 0, "{moved:?}");
    assert_eq!(house.stored().await.owner, Some(Owner(books)));
    let request = house.request().await;
    assert_eq!((request.state, request.owner), (RequestState::Open, Some(Owner(asker))));
    // Who is asked leaves too: what they have decided stays theirs, what waits goes on.
    let moved = hand_over(&house.store, &administrator, leader, top).await.unwrap();
    assert!(moved.left.is_empty(), "{moved:?}");
    assert!(waiting_for(&house.store, leader).await.unwrap().is_empty());
    assert_eq!(house.decide(1, Decision::Approve, "").await, ["nothing waits"]);
    assert!(house.decide(2, Decision::Approve, "go").await.is_empty());
    assert_eq!(house.stored().await.status, OrderStatus::Confirmed);
    // Whoever answers for it now is told.
    let mut view = house.store.read(&house.system).await.unwrap();
    let told = view.list("notice", &Query::of(Filter::eq("owner", books.to_string()))).await;
    let words: Vec<String> = told.unwrap().rows.iter().map(|row| row.values[0].to_text()).collect();
    assert!(words.iter().any(|name| name.contains("SO-")), "{words:?}");
    drop(view);
    let request = house.request().await;
    assert_eq!((request.state, request.owner), (RequestState::Approved, Some(Owner(asker))));
    let decided = house.tasks().await;
    let by: Vec<_> = decided.iter().map(|task| (task.owner, task.decided_by, task.state)).collect();
    assert_eq!(
        by,
        [
            (Some(Owner(leader)), Some(Owner(books)), TaskState::Forwarded),
            (Some(Owner(top)), Some(Owner(top)), TaskState::Approved),
        ]
    );
}

async fn a_request_never_waits_for_whoever_asked(database: TestDatabase) {
    let house = house(&database).await;
    house.chain(None, &[step(ApproverKind::Manager)]).await;
    let [asker, leader, top, _] = house.people;
    house.ask("a good customer").await.unwrap();
    let administrator = house.system_user().await;
    let moved = hand_over(&house.store, &administrator, leader, asker).await.unwrap();
    assert!(moved.left.is_empty(), "{moved:?}");
    assert!(waiting_for(&house.store, asker).await.unwrap().is_empty());
    // It goes up the line; where nobody is left there, it is told.
    assert_eq!(waiting_for(&house.store, top).await.unwrap().len(), 1);
    let moved = hand_over(&house.store, &administrator, top, asker).await.unwrap();
    let left: Vec<(&str, &str)> =
        moved.left.iter().map(|one| (one.record_type.as_str(), one.why[0].code)).collect();
    assert_eq!(left, [("approval_task", "own-request")]);
    // The request can still be taken back, and asked for anew.
    let request = house.request().await;
    withdraw(&house.store, &house.actor(0).await, request.id.raw()).await.unwrap();
}

async fn a_file_that_is_asked_for_is_kept_until_it_is_decided(database: TestDatabase) {
    let house = house(&database).await;
    define(&house.store, &house.system, "x_contract", "file", "").await;
    let rule = ApprovalRule {
        name: "Contracts".into(),
        record_type: "customer".into(),
        position: 1,
        condition: None,
        description: None,
    };
    let rule = create(&house.store, &house.system, &rule).await.id;
    let manager = ApprovalStep { approval_rule: rule, ..step(ApproverKind::Manager) };
    create(&house.store, &house.system, &manager).await;
    let buyer = create(&house.store, &house.system, &customer("Other")).await;
    let seller = house.actor(0).await;
    let mut tx = house.store.write(&seller.with_all_rights()).await.unwrap();
    let file = tx.create_file("a.txt", "text/plain", b"signed".to_vec()).await.unwrap().id.raw();
    tx.commit().await.unwrap();
    let described = house.store.catalog().get("customer").unwrap().clone();
    let fields = vec![(described.position("x_contract").unwrap(), Value::Link(file))];
    let place = (buyer.id.raw(), buyer.version);
    ask(&house.store, &seller, "customer", place, fields, "").await.unwrap();
    assert_eq!(awaited_files(&house.store).await.unwrap(), BTreeSet::from([file]));
    assert!(house.decide(1, Decision::Approve, "").await.is_empty());
    assert!(awaited_files(&house.store).await.unwrap().is_empty(), "the record names it now");
}

async fn a_request_is_returned_forwarded_or_taken_back(database: TestDatabase) {
    let house = house(&database).await;
    house.chain(None, &[step(ApproverKind::Manager)]).await;
    house.ask("").await.unwrap();
    assert_eq!(house.decide(1, Decision::Return, " ").await, ["comment-missing comment"]);
    let to_asker = Decision::Forward(house.people[0]);
    assert_eq!(house.decide(1, to_asker, "").await, ["own-request to"]);
    assert!(house.decide(1, Decision::Forward(house.people[3]), "yours").await.is_empty());
    assert_eq!(house.decide(1, Decision::Approve, "").await, ["nothing waits"]);
    assert!(house.decide(3, Decision::Return, "too much").await.is_empty());
    assert_eq!(house.request().await.state, RequestState::Returned);
    assert!(house.set(0, &[("notes", Value::Text("free".into()))]).await.is_empty());
    // Nobody takes back another's.
    house.ask("").await.unwrap();
    let request = house.request().await.id.raw();
    assert!(withdraw(&house.store, &house.actor(1).await, request).await.is_err());
    withdraw(&house.store, &house.actor(0).await, request).await.unwrap();
    assert!(house.set(0, &[("notes", Value::Text("mine".into()))]).await.is_empty());
    assert_eq!(house.decide(1, Decision::Approve, "").await, ["nothing waits"]);
}

async fn who_is_away_is_stood_in_for(database: TestDatabase) {
    let house = house(&database).await;
    house.chain(None, &[step(ApproverKind::Manager)]).await;
    let away = |substitute: usize, first: &str, last: &str| Substitution {
        owner: Some(Owner(house.people[1])),
        substitute: Owner(house.people[substitute]),
        first_day: first.parse().unwrap(),
        last_day: last.parse().unwrap(),
        reason: None,
    };
    create(&house.store, &house.system, &away(2, "2026-01-01", "2026-02-01")).await;
    create(&house.store, &house.system, &away(3, "2026-03-18", "2026-03-20")).await;
    // The asker stands in too, and still decides nothing of their own.
    create(&house.store, &house.system, &away(0, "2026-03-18", "2026-03-20")).await;
    house.ask("").await.unwrap();
    assert_eq!(house.decide(2, Decision::Approve, "").await, ["nothing waits"]);
    assert_eq!(house.decide(0, Decision::Approve, "").await, ["own-request -"]);
    assert!(house.decide(3, Decision::Approve, "").await.is_empty());
    assert_eq!(house.stored().await.status, OrderStatus::Confirmed);
}
