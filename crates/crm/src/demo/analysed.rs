//! The analyses of the demo company, so that no page of it is empty.

use guanxi_base::Result;
use guanxi_record::Stored;
use guanxi_store::{Actor, Purpose, Store};
use guanxi_warehouse::Warehouse;

use super::{accounts, begun};
use crate::insights::{Analysis, AnalysisRun, RunState, run_next};

/// What is analysed.
const ANALYSES: [Analysis; 3] = [Analysis::CustomerValue, Analysis::Baskets, Analysis::Duplicates];

/// Analyses what is there: what customers are worth, what is bought together, who stands in the
/// base twice. Nobody asked for it, so the product itself does. What could not be analysed, as of a
/// company that is too small, comes back as sentences; the run says so too.
///
/// # Errors
/// When the database or the warehouse fails.
pub async fn analyse_demo(
    store: &Store,
    warehouse: &Warehouse,
    actor: &Actor,
) -> Result<Vec<String>> {
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
    let mut problems = Vec::new();
    for run in asked {
        let run: Stored<AnalysisRun> = view.fetch(Purpose::Read, run).await?;
        if run.state == RunState::Failed {
            problems.extend(run.record.problem.map(|problem| problem.0));
        }
    }
    Ok(problems)
}

/// Gives demo data whose making ended a moment ago, or at a start that was interrupted since, what
/// they lack: people who can sign in, and analyses. What could not be analysed, as sentences.
///
/// # Errors
/// As [`analyse_demo`].
pub async fn finish_wanted_demo(
    store: &Store,
    warehouse: &Warehouse,
    actor: &Actor,
) -> Result<Vec<String>> {
    let mut view = store.read(actor).await?;
    let mark = view.mark(begun::ANALYSES).await?;
    drop(view);
    if mark != begun::WANTED {
        return Ok(Vec::new());
    }
    accounts::open_with_first_password(store).await?;
    analyse_demo(store, warehouse, actor).await
}
