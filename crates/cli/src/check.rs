//! `guanxi check`: do the migrations lead to what the descriptions say?

use std::path::PathBuf;

use clap::Args;
use guanxi_base::{Error, Result};
use guanxi_crm::missing_migration;

use crate::say::say;

/// What to check.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Write the migration that is missing into this folder.
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, default_missing_value = "crates/crm/migrations")]
    write: Option<PathBuf>,
    /// What the migration is called.
    #[arg(long, default_value = "additions")]
    name: String,
}

pub(crate) fn run(options: &Check) -> Result<()> {
    let Some(mut migration) = missing_migration()? else {
        say!("the migrations lead to what the descriptions say");
        return Ok(());
    };
    let Some(folder) = &options.write else {
        let count = migration.steps.len();
        return Err(Error::internal(format!("{count} steps are missing: guanxi check --write")));
    };
    migration.name.clone_from(&options.name);
    let path = folder.join(format!("{:04}_{}.json", migration.number, options.name));
    std::fs::write(&path, migration.to_json()?).map_err(Error::internal)?;
    say!("{}", path.display());
    Ok(())
}
