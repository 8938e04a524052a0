//! `guanxi warehouse` and `guanxi analyse`: what is known about customers, from the command line.

use std::time::Instant;

use clap::{Args, Subcommand, ValueEnum};
use guanxi_base::{Date, Percent, Refusal, Result};
use guanxi_crm::insights::{Analysis, AnalysisRun, RunState, catch_up, run_next};
use guanxi_crm::segments::Choosing;
use guanxi_record::{Filter, Stored};
use guanxi_store::{Actor, Origin, Purpose, Store};
use guanxi_warehouse::Warehouse;

use crate::ask;
use crate::say::say;

/// The warehouse: records as columns, for analyses.
#[derive(Debug, Args)]
pub(crate) struct WarehouseCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Brings it up to date with the database.
    CatchUp,
    /// Says what is in it, and as of when.
    Status,
    /// Says how many customers pass a filter, and how long it took, five times.
    Count {
        /// Such as `{"field": "revenue", "op": "ge", "value": 1000}`.
        filter: String,
    },
    /// Answers a question in SQL: a table for each record type, and `knowledge` for customers.
    Ask {
        /// Such as `select life_stage, count(*) from knowledge group by 1`.
        question: String,
    },
}

/// Runs an analysis and waits for it.
#[derive(Debug, Args)]
pub(crate) struct Analyse {
    /// Which.
    analysis: Which,
    /// Fit models to the time until this day, and compare them with what came after it.
    #[arg(long)]
    calibration_until: Option<Date>,
    /// Orders that are worth nothing count as purchases.
    #[arg(long)]
    counts_free: bool,
    /// What came back counts as sold all the same: gross, not net.
    #[arg(long)]
    counts_returned: bool,
    /// Customers that are one at least so certainly, in per cent, are merged by the run itself.
    #[arg(long, value_parser = percent)]
    merge_above: Option<Percent>,
}

fn percent(text: &str) -> std::result::Result<Percent, String> {
    Percent::parse(text).map_err(|_| format!("{text} is no number of per cent, such as 99.5"))
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    /// What each customer is worth, and where they are in their life.
    CustomerValue,
    /// What is bought together.
    Baskets,
    /// Which customers stand in the base more than once.
    Duplicates,
}

pub(crate) async fn warehouse(
    store: &Store,
    warehouse: &Warehouse,
    engine: Option<&str>,
    command: &WarehouseCommand,
) -> Result<()> {
    let looks = matches!(command.what, What::Ask { .. } | What::Count { .. });
    if looks && !warehouse.damaged(&*warehouse.manifest().await?).await.is_empty() {
        // No number comes from a file that is not what was written.
        catch_up(store, warehouse).await?;
    }
    if let What::Ask { question: asked } = &command.what {
        return ask::ask(store, warehouse, engine, asked).await;
    }
    if let What::Count { filter } = &command.what {
        let json = filter.parse::<serde_json::Value>();
        let json = json.map_err(|_| Refusal::new("wrong-filter").with("value", filter))?;
        let filter = Filter::from_json(&json)?;
        let actor = Actor::system(Origin::Cli);
        for _ in 0..5 {
            let begun = Instant::now();
            let choosing = Choosing::begin(store, warehouse, &actor).await?;
            let glance = choosing.glance(&choosing.customers(&filter).await?, 10).await?;
            say!("{} customers, {:.1} ms", glance.count, begun.elapsed().as_secs_f64() * 1e3);
        }
        return Ok(());
    }
    if matches!(command.what, What::CatchUp) {
        let begun = Instant::now();
        let done = catch_up(store, warehouse).await?;
        let seconds = begun.elapsed().as_secs_f64();
        say!("{} records written, {} taken out, in {seconds:.1} s", done.facts, done.gone);
    }
    let manifest = warehouse.manifest().await?;
    say!("as of {}, manifest {}", manifest.as_of, manifest.number);
    let damaged = warehouse.damaged(&manifest).await;
    for (table, segments) in &manifest.tables {
        let bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
        let (rows, files) = (manifest.rows(table), segments.len());
        let state = if damaged.contains(table) { ", damaged" } else { "" };
        say!("{table}: {rows} rows, {files} files, {} KiB{state}", bytes.div_ceil(1024));
    }
    if damaged.is_empty() {
        return Ok(());
    }
    let names = damaged.into_iter().collect::<Vec<_>>().join(", ");
    Err(Refusal::new("warehouse-damaged").with("tables", names).into())
}

pub(crate) async fn analyse(
    store: &Store,
    warehouse: &Warehouse,
    actor: &Actor,
    options: &Analyse,
) -> Result<()> {
    let analysis = match options.analysis {
        Which::CustomerValue => Analysis::CustomerValue,
        Which::Baskets => Analysis::Baskets,
        Which::Duplicates => Analysis::Duplicates,
    };
    let mut run = AnalysisRun::of(analysis, options.calibration_until);
    (run.counts_free, run.counts_returned) = (options.counts_free, options.counts_returned);
    run.merge_above = options.merge_above;
    let mut tx = store.write(actor).await?;
    let run = tx.create(&run).await?;
    tx.commit().await?;
    let finished =
        |run: &Stored<AnalysisRun>| matches!(run.state, RunState::Done | RunState::Failed);
    loop {
        let mut view = store.read(actor).await?;
        let now: Stored<AnalysisRun> = view.fetch(Purpose::Read, run.id).await?;
        drop(view);
        if finished(&now) {
            let number = now.number.clone().unwrap_or_default();
            say!("{number}: {}", guanxi_record::Choice::code(now.state));
            if let Some(card) = &now.card {
                say!("{}", format_args!("{:#}", card.0));
            }
            for line in left_aside(&now) {
                say!("{line}");
            }
            say!("{} s", now.seconds.unwrap_or_default());
            if now.state == RunState::Failed {
                let problem = now.problem.as_ref().map_or("", |problem| problem.0.as_str());
                let failed = Refusal::new("analysis-failed").with("run", number);
                return Err(failed.with("problem", problem).into());
            }
            return Ok(());
        }
        // A server may have taken it up already.
        if run_next(store, warehouse).await?.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }
}

/// What was left aside, and what counts otherwise than one might think: a line for each sort of
/// record and reason.
fn left_aside(run: &AnalysisRun) -> Vec<String> {
    let card = run.card.as_ref().map(|card| &card.0);
    let sorts = [("left aside", "left_aside"), ("noted", "noted")];
    let all = sorts.into_iter().flat_map(|(said, key)| {
        let all = card.and_then(|card| card[key].as_array());
        all.into_iter().flatten().map(move |one| (said, one))
    });
    let line = |(said, one): (&str, &serde_json::Value)| {
        let records = one["records"].as_array().map(Vec::as_slice).unwrap_or_default();
        let names = records.iter().filter_map(|record| record[1].as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        let word = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        format!("{said}: {} {} ({}): {names}", one["count"], word("record_type"), word("why"))
    };
    all.map(line).collect()
}
