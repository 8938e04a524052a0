//! `guanxi cluster`: the roles of the machines that answer questions to the warehouse together.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use guanxi_base::Result;
use guanxi_cluster::{Executor, run_executor, run_scheduler};
use guanxi_warehouse::Warehouse;

/// Machines that answer questions to the warehouse together.
#[derive(Debug, Args)]
pub(crate) struct ClusterCommand {
    #[command(subcommand)]
    role: Role,
}

#[derive(Debug, Clone, Subcommand)]
enum Role {
    /// Plans questions and deals them out. One of it.
    Scheduler {
        /// The address to listen on; whoever reaches it may read the warehouse.
        #[arg(long, default_value = "127.0.0.1:50050")]
        listen: SocketAddr,
    },
    /// Computes. As many as are wanted.
    Executor {
        /// The host of the scheduler.
        #[arg(long, default_value = "127.0.0.1")]
        scheduler: String,
        /// The port of the scheduler.
        #[arg(long, default_value_t = 50050)]
        scheduler_port: u16,
        /// The address to listen on; the port after it is taken too.
        #[arg(long, default_value = "127.0.0.1:50051")]
        listen: SocketAddr,
        /// By which name the others reach it, if not by the address that it listens on.
        #[arg(long)]
        host: Option<String>,
        /// On how many processors at once; all if not given.
        #[arg(long)]
        processors: Option<usize>,
        /// Where it keeps what one stage hands to the next; a temporary folder if not given.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
}

pub(crate) async fn run(warehouse: &Warehouse, command: &ClusterCommand) -> Result<()> {
    match command.role.clone() {
        Role::Scheduler { listen } => run_scheduler(warehouse, listen).await,
        Role::Executor { scheduler, scheduler_port, listen, host, processors, folder } => {
            let scheduler = (scheduler, scheduler_port);
            run_executor(warehouse, Executor { scheduler, listen, host, processors, folder }).await
        }
    }
}
