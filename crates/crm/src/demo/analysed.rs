//! The analyses of the demo company, so that no page of it is empty.

use guanxi_base::{Error, Result};
use guanxi_record::Stored;
use guanxi_store::{Actor, Purpose, Store};
use guanxi_warehouse::Warehouse;

use super::begun;
use crate::insights::{Analysis, AnalysisRun, RunState, run_next};

/// What is analysed.
const ANALYSES: [Analysis; 3] = [Analysis::CustomerValue, Analysis::Baskets, Analysis::Duplicates];

/// Analyses what is there: what customers are worth, what is bought together, who stands in the
/// base twice. Nobody asked for it, so the product itself does.
///
/// # Errors
/// When the database or the warehouse fails, or an analysis does.
pub async fn analyse_demo(store: &Store, warehouse: &Warehouse, actor: &Actor) -> Result<()> {
    let mut tx = store.write(actor).await?;
    let mut asked = Vec::new();
    for analysis in ANALYSES {
        asked.push(tx.create(&AnalysisRun::of(analysis, None)).await?.id);
    }
    tx.set_mark(begun::ANALYSES, 0).await?;
    tx.commit().await?;
    // Those that waited before come first.
    while run_next(store, warehouse).await?.is_some() {}
    let mut view = store.read(actor).await?;
    for run in asked {
        let run: Stored<AnalysisRun> = view.fetch(Purpose::Read, run).await?;
        if run.state == RunState::Failed {
            let problem = run.problem.as_ref().map_or("", |problem| problem.0.as_str());
            return Err(Error::internal(format!("an analysis of the demo data failed: {problem}")));
        }
    }
    Ok(())
}

/// Analyses demo data whose making ended a moment ago, or at a start that was interrupted since.
///
/// # Errors
/// As [`analyse_demo`].
pub async fn analyse_wanted_demo(
    store: &Store,
    warehouse: &Warehouse,
    actor: &Actor,
) -> Result<()> {
    let mut view = store.read(actor).await?;
    let mark = view.mark(begun::ANALYSES).await?;
    drop(view);
    match mark {
        begun::WANTED => analyse_demo(store, warehouse, actor).await,
        _ => Ok(()),
    }
}
