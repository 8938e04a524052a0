//! A believable trading company from a seed: customers that come, buy by season, grow, pay late
//! and leave. The same seed gives the same company, at any scale.

mod accounts;
mod analysed;
mod begun;
mod business;
mod copies;
mod organisation;
mod people;
mod standing;
mod words;
mod work;

pub use accounts::{DEMO_MAIL, DemoAccount, demo_accounts, open_demo_accounts};
pub use analysed::{analyse_demo, finish_wanted_demo};

use guanxi_base::{Clock, Currency, Id, Money, RawId, Result, Rng};
use guanxi_record::Stored;
use guanxi_store::{Actor, Store, Tx};

use crate::access::{Company, Territory};
use crate::catalog::{Product, ProductCategory, ProductKind};
use crate::people::CollectionPoint;
pub use begun::{DemoData, complete_demo, want_demo};
use business::Batch;
use people::Crowd;
use words::{Words, spaced};

/// Customers of one transaction.
const BATCH_CUSTOMERS: usize = 1_000;

/// Where its people are.
const TIME_ZONE: &str = "Asia/Shanghai";

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
    /// Who works through the cases.
    clerk: RawId,
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
    let (mut done, mut crowd) = (0, Crowd::default());
    while done < demo.customers {
        let count = BATCH_CUSTOMERS.min(demo.customers - done);
        let mut tx = store.write(&actor).await?;
        let mut batch = Batch::new(store.clock(), &house, &words, &demo);
        // All who were entered again are among the first.
        let twice = if done == 0 { copies::copies_among(demo.customers) } else { 0 };
        let mut made = Vec::new();
        for _ in 0..count - twice {
            made.push(batch.customer(&mut rng, store, &mut crowd));
        }
        for copy in copies::copies(&mut rng, &words, &house, &made, twice) {
            batch.copy(&mut rng, store, &copy);
            made.push(copy);
        }
        // Where nobody could be entered in another way, others come instead.
        for _ in made.len()..count {
            batch.customer(&mut rng, store, &mut crowd);
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
        let [category, category_en, name, _, price, cost] = line[..] else { continue };
        let known = categories.iter().find(|(known, _)| *known == category).map(|(_, id)| *id);
        let category = match known {
            Some(id) => id,
            None => {
                let name = category.to_owned();
                let id = tx.create(&ProductCategory { name, parent: None }).await?.id;
                categories.push((category, id));
                id
            }
        };
        let yuan = |text: &str| Money::parse(text, Currency::CNY).ok();
        let product = Product {
            name: (*name).to_owned(),
            code: None,
            kind: if category_en == "Services" { ProductKind::Service } else { ProductKind::Goods },
            category: Some(category),
            list_price: yuan(price),
            unit_cost: yuan(cost),
            unit: None,
            is_active: true,
            tax_rate: None,
            description: None,
        };
        let stored: Stored<Product> = tx.create(&product).await?;
        let price = stored.list_price.unwrap_or(Money::zero(Currency::CNY));
        products.push((stored.id, stored.record.name, price));
    }
    Ok(products)
}

/// The fields, by type and name, that words stand in, and the words, Chinese first.
pub(crate) type Worded = (&'static [(&'static str, &'static str)], Vec<(String, String)>);

/// The words of the demo data in both languages, Chinese first, and the fields that they stand in.
pub(crate) fn wording() -> Vec<Worded> {
    let words = Words::load();
    let product = |at: usize| -> Vec<(String, String)> {
        let named = words
            .products()
            .iter()
            .filter_map(|line| Some((line.get(at)?.to_string(), spaced(line.get(at + 1)?))));
        let mut named: Vec<_> = named.collect();
        named.dedup();
        named
    };
    vec![
        (&[("task", "subject")], words.pairs("task")),
        (&[("interaction", "subject")], words.pairs("talk")),
        (&[("case", "subject")], words.pairs("case")),
        (&[("contact", "job_title")], words.pairs("job")),
        (&[("user", "job_title")], words.pairs("post")),
        (&[("team", "name")], words.pairs("team")),
        (&[("customer", "industry")], words.pairs("trade")),
        (&[("terms_rule", "name")], words.pairs("terms")),
        (&[("score_model", "name")], words.pairs("scores")),
        (&[("product_category", "name")], product(0)),
        (
            &[("product", "name"), ("order_line", "description"), ("invoice_line", "description")],
            product(2),
        ),
    ]
}

/// The day that it is where the company is.
fn today(clock: &Clock) -> guanxi_base::Date {
    let zone = guanxi_base::TimeZone::get(TIME_ZONE).unwrap_or(guanxi_base::TimeZone::UTC);
    clock.now().to_zoned(zone).date()
}
