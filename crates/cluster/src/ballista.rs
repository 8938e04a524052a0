//! Questions to the warehouse, answered by many machines: an Apache Ballista cluster of a scheduler
//! and executors, all of them roles of the same program, of the same release.
//!
//! Every role opens the same warehouse, so its files must lie where all of them can read: in an S3
//! bucket, or in a folder that has the same path on every machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use ::ballista::prelude::{SessionConfigExt as _, SessionContextExt as _};
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures_util::future::BoxFuture;
use guanxi_base::{Error, Refusal, Result};
use guanxi_warehouse::Warehouse;
use url::Url;

use crate::sql::{Engine, runtime};

/// Ballista's own port.
const SCHEDULER_PORT: u16 = 50_050;
/// What executors keep for one another of a question is thrown away after so many seconds.
const KEPT_SECONDS: u64 = 3_600;

/// A cluster, by the address of its scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    scheduler: String,
}

impl Cluster {
    /// Reads `ballista://host:port`.
    ///
    /// # Errors
    /// `not-a-cluster-address`.
    pub fn at(address: &str) -> Result<Self> {
        let wrong = || Refusal::new("not-a-cluster-address").with("value", address);
        let url = Url::parse(address).map_err(|_| wrong())?;
        let host = url.host_str().filter(|_| url.scheme() == "ballista").ok_or_else(wrong)?;
        let port = url.port().unwrap_or(SCHEDULER_PORT);
        Ok(Self { scheduler: format!("df://{host}:{port}") })
    }
}

impl Engine for Cluster {
    fn context(
        &self,
        config: SessionConfig,
        runtime: Arc<RuntimeEnv>,
    ) -> BoxFuture<'_, Result<SessionContext>> {
        Box::pin(async move {
            let state = state(config.upgrade_for_ballista(), runtime);
            SessionContext::remote_with_state(&self.scheduler, state).await.map_err(Error::internal)
        })
    }
}

fn state(config: SessionConfig, runtime: Arc<RuntimeEnv>) -> SessionState {
    SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .build()
}

/// Plans questions and deals them out, until the process ends.
///
/// # Errors
/// When the address is taken.
pub async fn run_scheduler(warehouse: &Warehouse, listen: SocketAddr) -> Result<()> {
    let runtime = runtime(warehouse)?;
    let config = SchedulerConfig {
        bind_host: listen.ip().to_string(),
        external_host: listen.ip().to_string(),
        bind_port: listen.port(),
        override_session_builder: Some(Arc::new(move |config| Ok(state(config, runtime.clone())))),
        ..SchedulerConfig::default()
    };
    let cluster = BallistaCluster::new_from_config(&config).await.map_err(Error::internal)?;
    start_server(cluster, listen, Arc::new(config)).await.map_err(Error::internal)
}

/// One that computes.
#[derive(Debug, Clone)]
pub struct Executor {
    /// The host and port of the scheduler.
    pub scheduler: (String, u16),
    /// Where it listens; the port after it is taken too.
    pub listen: SocketAddr,
    /// By which name the others reach it, if not by the address that it listens on.
    pub host: Option<String>,
    /// On how many processors at once; all when not said.
    pub processors: Option<usize>,
    /// Where it keeps what one stage hands to the next; a temporary folder when not said.
    pub folder: Option<PathBuf>,
}

/// Computes what the scheduler deals out, until the process ends.
///
/// # Errors
/// When a port is taken, or the scheduler cannot be reached.
pub async fn run_executor(warehouse: &Warehouse, executor: Executor) -> Result<()> {
    let runtime = runtime(warehouse)?;
    let functions = state(SessionConfig::new_with_ballista(), runtime.clone());
    let usual = ExecutorProcessConfig::default();
    let config = ExecutorProcessConfig {
        bind_host: executor.listen.ip().to_string(),
        external_host: Some(executor.host.unwrap_or_else(|| executor.listen.ip().to_string())),
        port: executor.listen.port(),
        grpc_port: executor.listen.port() + 1,
        scheduler_host: executor.scheduler.0,
        scheduler_port: executor.scheduler.1,
        scheduler_connect_timeout_seconds: 30,
        vcores: executor.processors.unwrap_or(usual.vcores),
        work_dir: executor.folder.map(|folder| folder.to_string_lossy().into_owned()),
        job_data_ttl_seconds: KEPT_SECONDS,
        job_data_clean_up_interval_seconds: KEPT_SECONDS / 4,
        override_function_registry: Some(Arc::new(BallistaFunctionRegistry::from(&functions))),
        override_runtime_producer: Some(Arc::new(move |_| Ok(runtime.clone()))),
        ..usual
    };
    start_executor_process(Arc::new(config)).await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        assert!(Cluster::at("ballista://127.0.0.1:50050").is_ok());
        let usual = Cluster::at("ballista://numbers.example").unwrap();
        assert_eq!(usual.scheduler, "df://numbers.example:50050");
        for wrong in ["", "127.0.0.1:50050", "http://127.0.0.1:50050", "ballista:"] {
            assert!(Cluster::at(wrong).is_err(), "{wrong}");
        }
    }
}
