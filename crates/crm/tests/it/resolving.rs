//! Customers that stand in the base more than once: found, merged, parted again.

use std::collections::BTreeMap;

use guanxi_base::RawId;
use guanxi_crm::insights::{Analysis, AnalysisRun, RunState, run_next};
use guanxi_crm::people::{Customer, CustomerKind};
use guanxi_crm::resolution::{
    CustomerMerge, CustomerPair, Merging, PairState, Relation, Survives, SurvivorshipRule, decide,
    likely_there, merge, unmerge,
};
use guanxi_crm::segments::{Segment, SegmentKind, SegmentMember};
use guanxi_record::{Address, Choice as _, Email, Filter, Phone, Query, Record, Sort, Stored};
use guanxi_store::{Actor, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};
use guanxi_warehouse::Warehouse;

use crate::house::{create, customer, line, open, order, refusals};

both_databases!(
    a_merge_moves_everything_and_is_taken_back,
    rules_say_whose_value_stays,
    duplicates_are_found_decided_and_not_proposed_again,
    certain_ones_are_merged_by_the_run,
    who_was_parted_is_not_merged_again,
    who_was_merged_without_a_pair_is_parted_for_good,
    what_is_learned_finds_other_spellings,
    who_is_entered_twice_is_told,
);

pub(crate) async fn of<T: Record>(store: &Store, actor: &Actor, id: RawId) -> Stored<T> {
    let mut view = store.read(actor).await.unwrap();
    view.fetch(Purpose::Read, guanxi_base::Id::new(id)).await.unwrap()
}

pub(crate) fn merging(survivor: RawId, merged: RawId) -> Merging {
    Merging { survivor, merged, chosen: BTreeMap::new(), is_automatic: false }
}

/// The pairs of a state: what they are, who, in the order of certainty.
pub(crate) async fn pairs(
    store: &Store,
    actor: &Actor,
    state: PairState,
) -> Vec<Stored<CustomerPair>> {
    let query = Query::of(Filter::eq("state", state.code()))
        .sorted(vec![Sort::down("certainty"), Sort::up("id")]);
    let mut view = store.read(actor).await.unwrap();
    let rows = view.list(CustomerPair::NAME, &query).await.unwrap().rows;
    rows.into_iter().map(|row| row.try_into().unwrap()).collect()
}

pub(crate) async fn run(store: &Store, actor: &Actor, above: Option<&str>) -> Stored<AnalysisRun> {
    let warehouse = Warehouse::open("memory:///").unwrap();
    let mut wanted = AnalysisRun::of(Analysis::Duplicates, None);
    wanted.merge_above = above.map(|text| guanxi_base::Percent::parse(text).unwrap());
    let wanted = create(store, actor, &wanted).await;
    run_next(store, &warehouse).await.unwrap();
    let done: Stored<AnalysisRun> = of(store, actor, wanted.id.raw()).await;
    assert_eq!(done.state, RunState::Done, "{:?}", done.problem);
    done
}

async fn a_merge_moves_everything_and_is_taken_back(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let stays = create(&store, &actor, &customer("Acme")).await;
    let mut other = customer("Acme Ltd.");
    other.phone = Some(Phone("13800001111".to_owned()));
    other.parent = Some(stays.id);
    let goes = create(&store, &actor, &other).await;
    let mut daughter = customer("Daughter");
    daughter.parent = Some(goes.id);
    let daughter = create(&store, &actor, &daughter).await;
    let sold = create(&store, &actor, &order(&goes, "2026-03-01")).await;
    create(&store, &actor, &line(&sold, 2, 100)).await;
    let segment = Segment {
        name: "Both".to_owned(),
        kind: SegmentKind::Static,
        condition: None,
        description: None,
        owner: None,
    };
    let segment = create(&store, &actor, &segment).await;
    for customer in [stays.id, goes.id] {
        create(&store, &actor, &SegmentMember { segment: segment.id, customer }).await;
    }
    let (one, two) = (stays.id.raw(), goes.id.raw());
    let itself = merge(&store, &actor, &merging(one, one)).await;
    assert_eq!(refusals(itself), ["merge-with-itself -"]);

    let note = merge(&store, &actor, &merging(one, two)).await.unwrap();
    assert_eq!(note.moved, 3);
    assert_eq!(note.provenance.as_ref().unwrap().0["phone"], "empty");
    let survivor: Stored<Customer> = of(&store, &actor, one).await;
    assert_eq!(survivor.name, "Acme");
    assert_eq!(survivor.phone.as_ref().map(|p| p.0.as_str()), Some("13800001111"));
    assert_eq!(survivor.parent, None);
    let merged: Stored<Customer> = of(&store, &actor, two).await;
    assert!(merged.archived_at.is_some());
    assert_eq!(merged.merged_into, Some(stays.id));
    let moved: Stored<guanxi_crm::sales::Order> = of(&store, &actor, sold.id.raw()).await;
    assert_eq!((moved.customer, moved.total), (Some(stays.id), sold_total()));
    let child: Stored<Customer> = of(&store, &actor, daughter.id.raw()).await;
    assert_eq!(child.parent, Some(stays.id));
    let again = merge(&store, &actor, &merging(one, two)).await;
    assert_eq!(refusals(again), ["already-merged -"]);

    unmerge(&store, &actor, note.id.raw()).await.unwrap();
    let survivor: Stored<Customer> = of(&store, &actor, one).await;
    assert_eq!(survivor.phone, None);
    let parted: Stored<Customer> = of(&store, &actor, two).await;
    assert_eq!((parted.archived_at, parted.merged_into), (None, None));
    assert_eq!(parted.parent, Some(stays.id));
    let back: Stored<guanxi_crm::sales::Order> = of(&store, &actor, sold.id.raw()).await;
    assert_eq!((back.customer, back.total), (Some(goes.id), sold_total()));
    let mut view = store.read(&actor).await.unwrap();
    let members = Query::of(Filter::eq("segment", segment.id.to_string()));
    assert_eq!(view.total(SegmentMember::NAME, &members).await.unwrap().number, 2);
    let notes = Query::of(Filter::everything());
    assert_eq!(view.total(CustomerMerge::NAME, &notes).await.unwrap().number, 0);
}

fn sold_total() -> Option<guanxi_base::Money> {
    Some(guanxi_base::Money::new(200 * guanxi_base::Money::ONE, guanxi_base::Currency::CNY))
}

async fn rules_say_whose_value_stays(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    for (field, survives) in [("name", Survives::Longest), ("employees", Survives::Largest)] {
        let rule = SurvivorshipRule { field: field.to_owned(), survives, notes: None };
        create(&store, &actor, &rule).await;
    }
    let mut one = customer("Acme");
    (one.employees, one.industry) = (Some(20), Some("steel".to_owned()));
    let one = create(&store, &actor, &one).await;
    let mut two = customer("Acme International");
    (two.employees, two.industry) = (Some(7), Some("iron".to_owned()));
    (two.country, two.source) = (Some("China".to_owned()), None);
    let two = create(&store, &actor, &two).await;
    let mut wanted = merging(one.id.raw(), two.id.raw());
    wanted.chosen.insert("industry".to_owned(), two.id.raw());
    let note = merge(&store, &actor, &wanted).await.unwrap();
    let survivor: Stored<Customer> = of(&store, &actor, one.id.raw()).await;
    assert_eq!(survivor.name, "Acme International");
    assert_eq!(survivor.employees, Some(20));
    assert_eq!(survivor.industry.as_deref(), Some("iron"));
    assert_eq!(survivor.code, one.code);
    let provenance = &note.provenance.as_ref().unwrap().0;
    assert_eq!(provenance["name"], "longest");
    assert_eq!(provenance["industry"], "chosen");
    assert_eq!(provenance["country"], "empty");
    assert!(provenance.get("employees").is_none());
}

/// A few customers: a company twice, two of one house, a couple, and others.
async fn house(store: &Store, actor: &Actor) -> Vec<RawId> {
    let company = |name: &str, phone: &str, email: &str| Customer {
        phone: Some(Phone(phone.to_owned())),
        email: Some(Email(email.to_owned())),
        ..customer(name)
    };
    let person = |name: &str| Customer {
        kind: CustomerKind::Person,
        address: Some(Address {
            province: "Kent".to_owned(),
            city: "Dover".to_owned(),
            street: "12 Castle Street".to_owned(),
            ..Address::default()
        }),
        ..customer(name)
    };
    let all = [
        company("Acme Ltd.", "13800001111", "info@acme.example"),
        company("ACME Limited", "+86 138 0000 1111", "office@gmail.com"),
        company("Acme Shipping", "13822223333", "ship@acme.example"),
        person("Ann Miller"),
        person("Tom Miller"),
        company("Zenith", "13855556666", "z@gmail.com"),
    ];
    let mut ids = Vec::new();
    for one in &all {
        ids.push(create(store, actor, one).await.id.raw());
    }
    ids
}

async fn duplicates_are_found_decided_and_not_proposed_again(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let ids = house(&store, &actor).await;
    let done = run(&store, &actor, None).await;
    assert_eq!(done.falls_back, Some(true));
    let found = pairs(&store, &actor, PairState::Open).await;
    let said: Vec<_> = found
        .iter()
        .map(|pair| {
            let place = |id: RawId| ids.iter().position(|one| *one == id).unwrap();
            let both = (place(pair.first.raw()), place(pair.second.raw()));
            (both, pair.relation, pair.certainty >= guanxi_base::Percent::parse("95").unwrap())
        })
        .collect();
    let expected = [
        ((0, 1), Relation::Same, true),
        ((3, 4), Relation::Household, false),
        ((0, 2), Relation::Group, false),
    ];
    assert_eq!(said, expected);

    let household = decide(&store, &actor, found[1].id.raw(), PairState::Joined).await.unwrap();
    assert_eq!(household.state, PairState::Joined);
    let ann: Stored<Customer> = of(&store, &actor, ids[3]).await;
    let tom: Stored<Customer> = of(&store, &actor, ids[4]).await;
    assert!(ann.group.is_some() && ann.group == tom.group);
    decide(&store, &actor, found[2].id.raw(), PairState::Different).await.unwrap();
    let twice = decide(&store, &actor, found[2].id.raw(), PairState::Different).await;
    assert_eq!(refusals(twice), ["not-open -"]);
    let note = merge(&store, &actor, &merging(ids[0], ids[1])).await.unwrap();
    assert_eq!(pairs(&store, &actor, PairState::Merged).await.len(), 1);

    run(&store, &actor, None).await;
    assert!(pairs(&store, &actor, PairState::Open).await.is_empty());
    unmerge(&store, &actor, note.id.raw()).await.unwrap();
    run(&store, &actor, Some("90")).await;
    assert!(pairs(&store, &actor, PairState::Open).await.is_empty());
    let parted: Stored<Customer> = of(&store, &actor, ids[1]).await;
    assert_eq!(parted.archived_at, None, "people know better than the run");
}

async fn certain_ones_are_merged_by_the_run(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let ids = house(&store, &actor).await;
    let done = run(&store, &actor, Some("95")).await;
    assert_eq!(done.card.as_ref().unwrap().0["merged"], 1);
    let merged: Stored<Customer> = of(&store, &actor, ids[1]).await;
    assert_eq!(merged.merged_into.map(guanxi_base::Id::raw), Some(ids[0]));
    let mut view = store.read(&actor).await.unwrap();
    let rows = view.list(CustomerMerge::NAME, &Query::of(Filter::everything())).await.unwrap().rows;
    let note: Stored<CustomerMerge> = rows.into_iter().next().unwrap().try_into().unwrap();
    assert!(note.is_automatic);
    drop(view);
    // All that the run did can be undone as one job.
    store.undo_job(&actor, done.id.raw(), |_, _| {}).await.unwrap();
    let parted: Stored<Customer> = of(&store, &actor, ids[1]).await;
    assert_eq!(parted.archived_at, None);
    // Who took it back decides, and no later run does.
    assert_eq!(run(&store, &actor, Some("95")).await.card.as_ref().unwrap().0["merged"], 0);
    let open = pairs(&store, &actor, PairState::Open).await;
    assert!(open.iter().any(|pair| pair.relation == Relation::Same));
}

async fn who_was_parted_is_not_merged_again(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let ids = house(&store, &actor).await;
    let done = run(&store, &actor, Some("95")).await;
    let card = |run: &Stored<AnalysisRun>| run.card.as_ref().unwrap().0.clone();
    assert_eq!(card(&done)["merged"], 1);
    // What the run merged is a pair that is decided, as certain as it was told.
    let merged = pairs(&store, &actor, PairState::Merged).await;
    assert_eq!(merged.len(), 1);
    assert_eq!((merged[0].first.raw(), merged[0].second.raw()), (ids[0], ids[1]));
    assert!(merged[0].certainty >= guanxi_base::Percent::parse("95").unwrap());
    assert_eq!(card(&run(&store, &actor, None).await)["reliability"]["decided"], 0);
    let mut view = store.read(&actor).await.unwrap();
    let notes = view.list(CustomerMerge::NAME, &Query::of(Filter::everything())).await.unwrap();
    drop(view);
    unmerge(&store, &actor, notes.rows[0].id).await.unwrap();
    assert_eq!(pairs(&store, &actor, PairState::Different).await.len(), 1);
    let again = run(&store, &actor, Some("95")).await;
    assert_eq!(card(&again)["merged"], 0);
    let parted: Stored<Customer> = of(&store, &actor, ids[1]).await;
    assert_eq!(parted.archived_at, None);
    // The run was wrong, which counts.
    assert_eq!(card(&again)["reliability"]["decided"], 1);
}

async fn who_was_merged_without_a_pair_is_parted_for_good(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let ids = house(&store, &actor).await;
    let note = merge(&store, &actor, &merging(ids[1], ids[0])).await.unwrap();
    assert!(pairs(&store, &actor, PairState::Merged).await.is_empty());
    unmerge(&store, &actor, note.id.raw()).await.unwrap();
    let apart = pairs(&store, &actor, PairState::Different).await;
    assert_eq!((apart[0].first.raw(), apart[0].second.raw()), (ids[0], ids[1]));
    let done = run(&store, &actor, Some("95")).await;
    assert_eq!(done.card.as_ref().unwrap().0["merged"], 0);
    // Nobody had told that they are one: that says nothing of what is told.
    assert_eq!(done.card.as_ref().unwrap().0["reliability"]["decided"], 0);
    let open = pairs(&store, &actor, PairState::Open).await;
    assert!(open.iter().all(|pair| pair.relation != Relation::Same), "{open:?}");
}

/// Sixty companies, each third one twice in another spelling, with another telephone.
async fn what_is_learned_finds_other_spellings(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let mut tx = store.write(&actor).await.unwrap();
    let mut twins = Vec::new();
    for number in 0..60_u64 {
        let phone = format!("138{:08}", (number + 1) * 15_485_863 % 100_000_000);
        let mail = format!("post@firm{number}.example");
        let name =
            format!("{} {} Trading", SYLLABLES[number as usize % 12], PLACES[number as usize / 12]);
        let twin = number % 3 == 0;
        for spelling in 0..1 + u64::from(twin) {
            let ending = ["Ltd.", "Co., LIMITED"][spelling as usize];
            let mut one = customer(&format!("{name} {ending}"));
            one.phone = (spelling == 0 || number % 2 == 0).then(|| Phone(phone.clone()));
            one.email = (spelling == 0 || number % 2 == 1).then(|| Email(mail.clone()));
            let stored = tx.create(&one).await.unwrap();
            if twin {
                twins.push(stored.id.raw());
            }
        }
    }
    tx.commit().await.unwrap();
    let done = run(&store, &actor, None).await;
    assert_eq!(done.falls_back, Some(false), "{:?}", done.card);
    let mut found: Vec<(RawId, RawId)> = pairs(&store, &actor, PairState::Open)
        .await
        .iter()
        .filter(|pair| pair.relation == Relation::Same)
        .map(|pair| (pair.first.raw(), pair.second.raw()))
        .collect();
    found.sort_unstable();
    let expected: Vec<(RawId, RawId)> = twins.chunks(2).map(|two| (two[0], two[1])).collect();
    assert_eq!(found, expected);
}

const SYLLABLES: [&str; 12] = [
    "Bravo", "Quartz", "Mistral", "Ferrum", "Oakley", "Zephyr", "Delphi", "Umber", "Corvus",
    "Tundra", "Jasper", "Lotus",
];
const PLACES: [&str; 5] = ["Harbour", "Valley", "Northgate", "Riverside", "Summit"];

async fn who_is_entered_twice_is_told(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let ids = house(&store, &actor).await;
    let mut view = store.read(&actor).await.unwrap();
    let text = |name: &str| match name {
        "name" => "Acme Co., Ltd.".to_owned(),
        "phone" => "138 0000 1111".to_owned(),
        _ => String::new(),
    };
    let there = likely_there(&mut view, &text, None).await.unwrap();
    let found: Vec<RawId> = there.iter().map(|one| one.row.id).collect();
    // Of the same house, but in another trade, is no other of it.
    assert_eq!(found, [ids[0], ids[1]]);
    assert!(there[0].certainty > 0.9 && there[0].reasons.contains(&("phone", "equal")));
    let there = likely_there(&mut view, &text, Some(ids[0])).await.unwrap();
    assert_eq!(there.len(), 1);
    let nobody =
        |name: &str| if name == "name" { "Quite Another".to_owned() } else { String::new() };
    assert!(likely_there(&mut view, &nobody, None).await.unwrap().is_empty());
}
