//! A believable trading company from a seed: customers that come, buy by season, grow, pay late
//! and leave. The same seed gives the same company, at any scale.

mod begun;
mod business;
mod organisation;
mod standing;
mod words;

use guanxi_base::{Clock, Currency, Id, Money, RawId, Result, Rng};
use guanxi_record::Stored;
use guanxi_store::{Actor, Store, Tx};

use crate::access::{Company, Territory};
use crate::catalog::{Product, ProductCategory, ProductKind};
use crate::people::CollectionPoint;
pub use begun::{DemoData, complete_demo, want_demo};
use business::Batch;
use words::Words;

/// Customers of one transaction.
const BATCH_CUSTOMERS: usize = 1_000;

/// How large the company is.
#[derive(Debug, Clone, Copy)]
pub struct Demo {
    /// The same seed gives the same company.
    pub seed: u64,
    /// How many customers.
    pub customers: usize,
    /// How many orders a customer places in three years, on average.
    pub orders_per_customer: f64,
}

impl Default for Demo {
    fn default() -> Self {
        Self { seed: 7, customers: 2_000, orders_per_customer: 8.0 }
    }
}

/// What the customers deal with.
struct House {
    company: Id<Company>,
    sellers: Vec<RawId>,
    territories: Vec<(String, Id<Territory>)>,
    points: Vec<Id<CollectionPoint>>,
    products: Vec<(Id<Product>, String, Money)>,
}

impl House {
    /// The territory of a province.
    fn territory(&self, province: &str) -> Option<Id<Territory>> {
        self.territories.iter().find(|(known, _)| known == province).map(|(_, id)| *id)
    }
}

/// Makes the company; `progress` is told how many customers are done. All of it can be undone as
/// one job.
///
/// # Errors
/// When the database fails.
pub async fn make_demo(
    store: &Store,
    actor: &Actor,
    demo: Demo,
    mut progress: impl FnMut(usize) + Send,
) -> Result<RawId> {
    let job = store.new_id();
    let actor = actor.clone().for_job(job);
    let mut rng = Rng::seeded(demo.seed);
    let words = Words::load();
    let mut tx = store.write(&actor).await?;
    begun::begin(&mut tx, job).await?;
    let house = organisation::house(&mut tx, &words).await?;
    standing::standing(&mut tx, &words).await?;
    if demo.customers == 0 {
        begun::end(&mut tx).await?;
    }
    tx.commit().await?;
    let mut done = 0;
    while done < demo.customers {
        let count = BATCH_CUSTOMERS.min(demo.customers - done);
        let mut tx = store.write(&actor).await?;
        let mut batch = Batch::new(store.clock(), &house, &words, &demo);
        for _ in 0..count {
            batch.customer(&mut rng, store);
        }
        batch.write(&mut tx).await?;
        done += count;
        // With the last records, so that all are there or it is known that some are missing.
        if done == demo.customers {
            begun::end(&mut tx).await?;
        }
        tx.commit().await?;
        progress(done);
    }
    store.analyze().await?;
    Ok(job)
}

async fn products(tx: &mut Tx, words: &Words) -> Result<Vec<(Id<Product>, String, Money)>> {
    let mut products = Vec::new();
    let mut categories: Vec<(&str, Id<ProductCategory>)> = Vec::new();
    for line in words.products() {
        let [category, category_en, name, name_en, price, cost] = line[..] else { continue };
        let known = categories.iter().find(|(known, _)| *known == category).map(|(_, id)| *id);
        let category = match known {
            Some(id) => id,
            None => {
                let name = format!("{category} {category_en}");
                let id = tx.create(&ProductCategory { name, parent: None }).await?.id;
                categories.push((category, id));
                id
            }
        };
        let yuan = |text: &str| Money::parse(text, Currency::CNY).ok();
        let product = Product {
            name: format!("{name} {}", name_en.replace('_', " ")),
            code: None,
            kind: if category_en == "Services" { ProductKind::Service } else { ProductKind::Goods },
            category: Some(category),
            list_price: yuan(price),
            unit_cost: yuan(cost),
            unit: None,
            is_active: true,
            description: None,
        };
        let stored: Stored<Product> = tx.create(&product).await?;
        let price = stored.list_price.unwrap_or(Money::zero(Currency::CNY));
        products.push((stored.id, stored.record.name, price));
    }
    Ok(products)
}

fn today(clock: &Clock) -> guanxi_base::Date {
    clock.now().to_zoned(guanxi_base::TimeZone::UTC).date()
}
