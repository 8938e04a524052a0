//! The one binary. Each command is a file with one function; what they share is here.

#![warn(clippy::print_stdout, reason = "`say!` outlives whoever reads: use it")]

mod accounts;
mod ask;
mod audit;
mod backup;
mod check;
#[cfg(feature = "cluster")]
mod cluster;
mod demo;
mod export;
mod first_start;
mod import;
mod insights;
mod organisation;
mod private;
mod say;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use guanxi_base::{Clock, Error, Result};
use guanxi_crm::access::{self, Locale};
use guanxi_crm::text::Texts;
use guanxi_crm::{migrations, store_config};
use guanxi_store::{Actor, Origin, Store};
use guanxi_warehouse::Warehouse;

use crate::say::say;

/// Many threads ask for memory at once, in small pieces: the system's allocator is slower at that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Guanxi: customer relationship management.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The folder of the database and of everything else that is kept.
    #[arg(long, global = true, env = "GUANXI_DATA", default_value = "data")]
    data: PathBuf,
    /// `sqlite:PATH` or `postgres://…`; the default is a SQLite database in the data folder.
    #[arg(long, global = true, env = "GUANXI_DATABASE")]
    database: Option<String>,
    /// A folder or `s3://bucket/folder` for the warehouse; the default is in the data folder.
    #[arg(long, global = true, env = "GUANXI_WAREHOUSE")]
    warehouse: Option<String>,
    /// `ballista://host:port` of a cluster that answers questions to the warehouse; the default is
    /// this process.
    #[arg(long, global = true, env = "GUANXI_ANALYTICS")]
    analytics: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the web pages and the API.
    Serve(Box<serve::Serve>),
    /// Makes demo data.
    Demo(demo::Options),
    /// Brings the database up to date and says at which schema it is.
    Migrate,
    /// Copies the embedded database to a file while it is in use.
    Backup(backup::Backup),
    /// Puts a copy in the place of a data folder's database.
    Restore(backup::Restore),
    /// Imports a file by a mapping.
    Import(import::Import),
    /// Undoes all that an import did.
    Undo(import::Undo),
    /// Writes a list to a file.
    Export(export::Export),
    /// Compares the descriptions of the record types with the migrations.
    Check(check::Check),
    /// Makes users and sets their passwords.
    User(accounts::User),
    /// Gives all that a leaver answers for to somebody else, and ends their access.
    HandOver(organisation::HandOver),
    /// Gives a territory to every customer that has none and fits one.
    Territories,
    /// Compares the log with its seals, or removes what need not be kept.
    Audit(audit::Audit),
    /// Brings the warehouse up to date or says what is in it.
    Warehouse(insights::WarehouseCommand),
    /// Answers questions to the warehouse for other machines.
    #[cfg(feature = "cluster")]
    Cluster(cluster::ClusterCommand),
    /// Runs an analysis.
    Analyse(insights::Analyse),
    /// Makes API tokens.
    Token(accounts::Token),
}

impl Command {
    /// Whether it looks somebody up by their address, or lets them sign in by it.
    fn knows_people(&self) -> bool {
        matches!(
            self,
            Self::Serve(_) | Self::Migrate | Self::User(_) | Self::Token(_) | Self::HandOver(_)
        )
    }
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("guanxi: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("guanxi: {}", sentence(&error));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    if let Command::Check(check) = &arguments.command {
        return check::run(check);
    }
    if let Command::Restore(options) = &arguments.command {
        return backup::restore(arguments.database.as_deref(), &arguments.data, options);
    }
    #[cfg(feature = "cluster")]
    if let Command::Cluster(role) = &arguments.command {
        return cluster::run(&warehouse(&arguments)?, role).await;
    }
    let store = open(&arguments).await?;
    let actor = Actor::system(Origin::Cli);
    if arguments.command.knows_people() {
        for shared in access::keep_one_address(&store, &actor).await? {
            let addresses = shared.addresses.join(", ");
            let texts = Texts::of(locale());
            eprintln!(
                "guanxi: {}",
                texts.format("cli-shared-address", &[("addresses", &addresses)])
            );
        }
    }
    match &arguments.command {
        Command::Serve(options) => {
            serve::run(store, warehouse(&arguments)?, &arguments.data, options).await
        }
        Command::Warehouse(options) => {
            let engine = arguments.analytics.as_deref();
            insights::warehouse(&store, &warehouse(&arguments)?, engine, options).await
        }
        Command::Analyse(options) => {
            insights::analyse(&store, &warehouse(&arguments)?, &actor, options).await
        }
        Command::Demo(options) => demo::run(&store, &warehouse(&arguments)?, &actor, options).await,
        Command::Migrate => {
            say!("schema {}", migrations()?.len());
            Ok(())
        }
        Command::Backup(options) => backup::backup(&store, &arguments.data, options).await,
        Command::Import(options) => import::run(&store, &actor, options).await,
        Command::Undo(options) => import::undo(&store, &actor, options).await,
        Command::Export(options) => export::run(&store, &actor, options).await,
        Command::HandOver(options) => organisation::hand_over(&store, &actor, options).await,
        Command::Territories => organisation::territories(&store, &actor).await,
        Command::Audit(options) => audit::run(&store, &actor, options).await,
        Command::User(options) => accounts::user(&store, &actor, options).await,
        Command::Token(options) => accounts::token(&store, &actor, options).await,
        Command::Check(_) | Command::Restore(_) => Ok(()),
        #[cfg(feature = "cluster")]
        Command::Cluster(_) => Ok(()),
    }
}

async fn open(arguments: &Arguments) -> Result<Store> {
    let url = match &arguments.database {
        Some(url) => url.clone(),
        None => {
            private::make_folder(&arguments.data)?;
            format!("sqlite:{}", arguments.data.join("guanxi.db").display())
        }
    };
    let clock = Clock::system();
    Store::open(store_config(url, clock)?).await
}

fn warehouse(arguments: &Arguments) -> Result<Warehouse> {
    match &arguments.warehouse {
        Some(address) => Warehouse::open(address),
        None => {
            private::make_folder(&arguments.data)?;
            Warehouse::open(&arguments.data.join("warehouse").to_string_lossy())
        }
    }
}

/// The language of the terminal.
fn locale() -> Locale {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let language =
        variable("LC_ALL").or_else(|| variable("LC_MESSAGES")).or_else(|| variable("LANG"));
    Locale::preferred(&language.unwrap_or_default())
}

/// An error as a person reads it.
fn sentence(error: &Error) -> String {
    let texts = Texts::of(locale());
    match error {
        Error::Refused(refusals) => {
            let line = |refusal: &guanxi_base::Refusal| match &refusal.field {
                Some(field) => format!("{field}: {}", texts.refusal(refusal)),
                None => texts.refusal(refusal),
            };
            refusals.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}
