//! `guanxi demo`: a believable company from a seed, at any scale.

use clap::Args;
use guanxi_base::Result;
use guanxi_crm::demo::{Demo, analyse_demo, make_demo};
use guanxi_store::{Actor, Store};
use guanxi_warehouse::Warehouse;
use indicatif::ProgressBar;

use crate::say::say;

/// How large the company is.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many customers.
    #[arg(long, default_value_t = 2_000)]
    customers: usize,
    /// How many orders a customer places in three years, on average.
    #[arg(long, default_value_t = 8.0)]
    orders_per_customer: f64,
    /// The same seed gives the same company.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Do not analyse it.
    #[arg(long)]
    without_analyses: bool,
}

pub(crate) async fn run(
    store: &Store,
    warehouse: &Warehouse,
    actor: &Actor,
    options: &Options,
) -> Result<()> {
    let bar = ProgressBar::new(options.customers as u64);
    let demo = Demo {
        seed: options.seed,
        customers: options.customers,
        orders_per_customer: options.orders_per_customer,
    };
    let job = make_demo(store, actor, demo, |done| bar.set_position(done as u64)).await?;
    bar.finish_and_clear();
    if !options.without_analyses {
        for problem in analyse_demo(store, warehouse, actor).await? {
            say!("{problem}");
        }
    }
    say!("{} customers (job {job})", options.customers);
    Ok(())
}
