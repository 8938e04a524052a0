//! What a segment's customers are like tells how they look at prices.

use guanxi_crm::people::Customer;
use guanxi_crm::sales::OrderLine;
use guanxi_crm::segments::{Choosing, profile};
use guanxi_record::Filter;
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, line, open, order, product};
use crate::insights::{follow, warehouse};

both_databases!(how_they_look_at_prices_is_told);

/// Half of the periods each of two things costs twice as much. One customer then buys a quarter of
/// them; the other one buys as many as ever.
async fn how_they_look_at_prices_is_told(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let (_folder, warehouse) = warehouse();
    let of = |country: &str| Customer { country: Some(country.into()), ..customer(country) };
    let careful = create(&store, &actor, &of("China")).await;
    let steady = create(&store, &actor, &of("Chile")).await;
    let mut things = Vec::new();
    for name in ["Lamp", "Chair"] {
        things.push(create(&store, &actor, &product(name)).await.id);
    }
    for month in 1..=8 {
        for (customer, much, little) in [(&careful, 40, 10), (&steady, 40, 40)] {
            let day = format!("2025-{month:02}-15");
            let sold = create(&store, &actor, &order(customer, &day)).await;
            for (at, thing) in things.iter().enumerate() {
                let is_dear = (month / (at + 1)) % 2 == 0;
                let (quantity, price) = if is_dear { (little, 20) } else { (much, 10) };
                let one = OrderLine { product: Some(*thing), ..line(&sold, quantity, price) };
                create(&store, &actor, &one).await;
            }
        }
    }
    follow(&store, &warehouse).await;
    let choosing = Choosing::begin(&store, &warehouse, &actor).await.unwrap();
    let told = async |country: &str| {
        let mask = choosing.customers(&Filter::eq("country", country)).await.unwrap();
        let found = profile(&choosing, &mask).await.unwrap();
        let figure = found.figures.iter().find(|one| one.0 == "price-elasticity").unwrap();
        (figure.1, figure.2)
    };
    let (chosen, all) = told("China").await;
    assert!((chosen.unwrap() + 2.0).abs() < 1e-9, "{chosen:?}");
    // Of both together 80 are bought at 10, and 50 at 20.
    let expected = (50.0_f64 / 80.0).log2();
    assert!((all.unwrap() - expected).abs() < 1e-9, "{all:?}");
    let (none, _) = told("Chile").await;
    assert_eq!(none, None);
}
