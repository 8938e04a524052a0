//! `guanxi warehouse ask`: a question in SQL, where this program was built with an engine for it.

use guanxi_base::Result;
use guanxi_store::Store;
use guanxi_warehouse::Warehouse;

#[cfg(feature = "sql")]
use crate::say::say;

/// Prints the answer of this process, or of the cluster at an address.
#[cfg(feature = "sql")]
pub(crate) async fn ask(
    store: &Store,
    warehouse: &Warehouse,
    cluster: Option<&str>,
    question: &str,
) -> Result<()> {
    use guanxi_cluster::{Engine, InProcess, Question};
    let engine: Box<dyn Engine> = match cluster {
        #[cfg(feature = "cluster")]
        Some(address) => Box::new(guanxi_cluster::Cluster::at(address)?),
        #[cfg(not(feature = "cluster"))]
        Some(_) => return Err(without("cluster")),
        None => Box::new(InProcess),
    };
    let manifest = warehouse.manifest().await?;
    let tables = guanxi_crm::insights::tables(store);
    let asked = Question::about(&*engine, warehouse, &manifest, &tables).await?;
    say!("{}", asked.show(question).await?);
    Ok(())
}

/// Says how to get an engine.
#[cfg(not(feature = "sql"))]
#[expect(clippy::unused_async, reason = "the same shape as with an engine")]
pub(crate) async fn ask(_: &Store, _: &Warehouse, cluster: Option<&str>, _: &str) -> Result<()> {
    Err(without(if cluster.is_some() { "cluster" } else { "sql" }))
}

#[cfg(not(feature = "cluster"))]
fn without(feature: &str) -> guanxi_base::Error {
    guanxi_base::Refusal::new("not-built-in").with("feature", feature).into()
}
