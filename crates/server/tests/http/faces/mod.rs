//! The proof that all faces agree: random records with hard texts, days, times and currencies,
//! random questions, people with different rights. What the store, REST, pages, files, groups,
//! columns of the warehouse and charts show is the same, on SQLite as on PostgreSQL.
//! `GUANXI_FACES_QUESTIONS` asks for more of them, `GUANXI_FACES_SEED` for others.

mod ask;
mod charts;
mod kept;
mod laws;
mod look;
mod mended;
mod sent;
mod texts;
mod world;

use guanxi_base::Rng;
use guanxi_record::{Filter, Op};
use guanxi_testkit::TestDatabase;

use ask::{Asking, Question};
use look::{Look, Seen};
use world::World;

/// So many questions are asked when nobody asks for more; of charts a third as many.
const QUESTIONS_USUAL: usize = 150;

#[tokio::test]
async fn every_face_of_both_databases_shows_the_same() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let wanted: usize = number("GUANXI_FACES_QUESTIONS").unwrap_or(QUESTIONS_USUAL);
    let seed = number("GUANXI_FACES_SEED").unwrap_or(1) as u64;
    let sqlite = World::make(TestDatabase::sqlite(), seed).await;
    let postgres = World::make(TestDatabase::postgres(), seed).await;
    let worlds = [&sqlite, &postgres];
    assert_eq!(sqlite.ids.len(), postgres.ids.len());
    let catalog = sqlite.house.store.catalog();
    let rng = Rng::seeded(seed.wrapping_mul(7_919));
    let mut asking = Asking { rng, catalog: &catalog, places: sqlite.ids.len() };
    let (mut shown, mut refused) = (0, 0);
    for at in 0..wanted {
        let question = asking.question();
        if folds_beyond_ascii(&question.filter) {
            continue;
        }
        let person = asking.rng.below(sqlite.people.len());
        let mut seen = Vec::new();
        for world in worlds {
            let look = Look { world, person: &world.people[person] };
            let one = all_faces(&look, &question, at).await;
            if one.is_ok() {
                laws::hold(&look, &question).await;
            }
            seen.push(one);
        }
        assert_eq!(seen[0], seen[1], "SQLite and PostgreSQL: person {person}, {question:?}");
        match &seen[0] {
            Ok(places) => shown += usize::from(!places.is_empty()),
            Err(_) => refused += 1,
        }
    }
    let mut marks = 0;
    for _ in 0..wanted.div_ceil(3) {
        let chart = asking.chart();
        let person = asking.rng.below(sqlite.people.len());
        let mut drawn = Vec::new();
        for world in worlds {
            let look = Look { world, person: &world.people[person] };
            drawn.push(charts::compared(&look, &chart, &mut asking.rng.clone()).await);
        }
        assert_eq!(drawn[0], drawn[1], "SQLite and PostgreSQL: person {person}, {chart}");
        marks += drawn[0].as_ref().map_or(0, Vec::len);
    }
    println!("{wanted} questions, {shown} with records, {refused} refused; {marks} marks");
    // Questions that find nothing, or are all refused, would prove nothing.
    assert!(shown * 3 > wanted && refused * 3 < wanted && marks > wanted / 2);
}

/// Texts that hold a piece whatever its case, where the databases still fold letters beyond ASCII
/// differently.
fn folds_beyond_ascii(filter: &Filter) -> bool {
    match filter {
        Filter::All(all) | Filter::Any(all) => all.iter().any(folds_beyond_ascii),
        Filter::Not(inner) | Filter::Related { filter: inner, .. } => folds_beyond_ascii(inner),
        Filter::Compare { op: Op::Contains | Op::Starts, value, .. } => {
            value.as_str().is_some_and(|text| !text.is_ascii())
        }
        _ => false,
    }
}

/// What all faces show of a question; they agree.
async fn all_faces(look: &Look<'_>, question: &Question, at: usize) -> Seen {
    let seen = look.by_view(question).await;
    let told = || format!("{question:?} as {:?}", look.person.actor.user);
    assert_eq!(look.by_rest(question).await, seen, "REST: {}", told());
    if let Some(by_params) = look.by_params(question).await {
        assert_eq!(by_params, seen, "parameters: {}", told());
    }
    let pages = look.by_pages(question).await;
    assert_eq!(pages.ok(), seen.clone().ok(), "pages: {}", told());
    let sorted = seen.clone().map(|mut places| {
        places.sort_unstable();
        places
    });
    let is_unordered = question.sort.is_empty() || seen.is_ok();
    if is_unordered {
        assert_eq!(look.by_columns(question).await, sorted, "columns: {}", told());
        let count = sorted.clone().map(|places| places.len());
        assert_eq!(look.by_count(question).await, count, "groups: {}", told());
    }
    // Files cost most.
    let formats: &[&str] = if at.is_multiple_of(4) { &["csv", "xlsx"] } else { &["csv"] };
    for format in formats {
        let file = look.by_file(question, format).await;
        let places = file.map(|rows| rows.into_iter().map(|(place, _)| place).collect::<Vec<_>>());
        let places = places.map(|mut places| {
            places.sort_unstable();
            places
        });
        assert_eq!(places, sorted, "{format}: {}", told());
    }
    seen
}
