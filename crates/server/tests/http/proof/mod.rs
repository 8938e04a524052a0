//! The proof that no way to read shows what its reader may not see: random organisations, every
//! person, every record, every way, compared with the reference evaluator. A new way to read is
//! one more line of `WAYS` and one more arm of `seen`.

mod make;
mod pages;
mod reference;
mod searches;
mod told;
mod ways;
mod world;

use guanxi_base::Rng;
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::House;
use world::World;

both_databases!(every_way_shows_what_the_rules_say);

/// So many decisions are compared when nobody asks for more.
const CASES_USUAL: usize = 6_000;

async fn every_way_shows_what_the_rules_say(database: TestDatabase) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let wanted = number("GUANXI_RIGHTS_CASES").unwrap_or(CASES_USUAL);
    let seed = number("GUANXI_RIGHTS_SEED").unwrap_or(1);
    let house = House::open(&database).await;
    let mut compared = 0;
    let mut allowed = 0;
    let mut number = 0;
    while compared < wanted {
        let mut rng = Rng::seeded((seed * 1_000 + number) as u64);
        let world = World::make(&house.store, &mut rng, number).await;
        for person in 0..world.people.len() {
            for way in ways::WAYS {
                for case in way.compare(&house, &world, person).await {
                    compared += 1;
                    allowed += usize::from(case.expected);
                    assert_eq!(
                        case.seen,
                        case.expected,
                        "world {number} of seed {seed}: person {person}, {}, {}\n{:#?}",
                        way.name(),
                        case.what,
                        world
                    );
                }
            }
        }
        number += 1;
    }
    println!("{compared} decisions in {number} worlds, {allowed} of them yes: no difference");
    // A test in which everything is forbidden, or allowed, would prove nothing.
    assert!(allowed * 10 > compared && allowed * 10 < compared * 9, "{allowed} of {compared}");
}
