//! `guanxi export`: a list as a file.

use std::path::PathBuf;

use clap::Args;
use guanxi_base::{Error, Refusal, Result};
use guanxi_crm::exchange::{CutCell, ExportFormat, export};
use guanxi_record::{Filter, Query, Sort, condition_from_param};
use guanxi_store::{Actor, Store};

use crate::say::say;

/// What to export.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The record type.
    record_type: String,
    /// The file to write; `.csv` or `.xlsx`.
    file: PathBuf,
    /// A condition such as `country=China` or `total.ge=100`; may be given several times.
    #[arg(long = "filter", value_name = "CONDITION")]
    filters: Vec<String>,
}

pub(crate) async fn run(store: &Store, actor: &Actor, options: &Export) -> Result<()> {
    let extension = options.file.extension().unwrap_or_default().to_string_lossy().into_owned();
    let format = ExportFormat::from_name(&extension)
        .ok_or_else(|| Refusal::new("unknown-format").with("name", &extension))?;
    let conditions = options.filters.iter().map(|filter| {
        let (name, value) = filter.split_once('=').unwrap_or((filter, ""));
        condition_from_param(name, value)
    });
    let query = Query::of(Filter::All(conditions.collect())).sorted(vec![Sort::up("id")]);
    let record_type = store.catalog().named(&options.record_type)?.clone();
    let mut view = store.read(actor).await?;
    let mut file = std::fs::File::create(&options.file).map_err(Error::internal)?;
    let exported = export(&mut view, &record_type, &query, format, &mut file).await?;
    say!("{} records in {}", exported.records, options.file.display());
    for cell in &exported.cut {
        let CutCell { id, column, characters } = cell;
        say!("{column} of record {id} is cut: {characters} characters do not fit a cell");
    }
    Ok(())
}
