//! Questions to the warehouse, in SQL. The same plans run in this process or on a cluster.

use std::fmt::Debug;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::catalog::TableProvider;
use datafusion::common::DFSchema;
use datafusion::datasource::ViewTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::execution::context::SQLOptions;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::logical_expr::{EmptyRelation, LogicalPlan};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures_util::future::BoxFuture;
use guanxi_base::{Error, Result};
use guanxi_record::RecordType;
use guanxi_warehouse::{Manifest, Warehouse, schema_of};

/// Where questions are answered: in this process, or by other machines.
pub trait Engine: Debug + Send + Sync {
    /// A session in which the warehouse's tables are then named.
    ///
    /// # Errors
    /// When the other machines cannot be reached.
    fn context(
        &self,
        config: SessionConfig,
        runtime: Arc<RuntimeEnv>,
    ) -> BoxFuture<'_, Result<SessionContext>>;
}

/// Answers in this process.
#[derive(Debug, Clone, Copy)]
pub struct InProcess;

impl Engine for InProcess {
    fn context(
        &self,
        config: SessionConfig,
        runtime: Arc<RuntimeEnv>,
    ) -> BoxFuture<'_, Result<SessionContext>> {
        Box::pin(async { Ok(SessionContext::new_with_config_rt(config, runtime)) })
    }
}

/// By which DataFusion reads the warehouse's files.
pub(crate) fn runtime(warehouse: &Warehouse) -> Result<Arc<RuntimeEnv>> {
    let runtime = RuntimeEnvBuilder::new().build_arc().map_err(Error::internal)?;
    let (store, address) = warehouse.whole_store();
    runtime.register_object_store(address, store);
    Ok(runtime)
}

/// One moment of the warehouse, to be asked in SQL. Tables have the names of their record types.
pub struct Question {
    context: SessionContext,
}

impl Question {
    /// Begins to ask about the tables of these types, with the columns that they have now.
    ///
    /// # Errors
    /// When a table cannot be opened.
    pub async fn about<'a>(
        engine: &dyn Engine,
        warehouse: &Warehouse,
        manifest: &Manifest,
        types: impl IntoIterator<Item = &'a RecordType>,
    ) -> Result<Self> {
        let mut config = SessionConfig::new().with_information_schema(false);
        config.options_mut().execution.parquet.pushdown_filters = true;
        config.options_mut().execution.parquet.schema_force_view_types = true;
        // The smaller side of a join is held once rather than both dealt out by their keys: dealing
        // costs more than it saves on the few processors of one machine.
        config.options_mut().optimizer.hash_join_single_partition_threshold = 1 << 30;
        config.options_mut().optimizer.hash_join_single_partition_threshold_rows = 20_000_000;
        let context = engine.context(config, runtime(warehouse)?).await?;
        for described in types {
            let (name, schema): (&str, SchemaRef) = (&described.name, schema_of(described));
            let mut files = Vec::new();
            for segment in manifest.segments(name) {
                let file = warehouse.address_of(&segment.file)?;
                files.push(ListingTableUrl::parse(file).map_err(Error::internal)?);
            }
            let table = if files.is_empty() { nothing(schema)? } else { listed(files, schema)? };
            context.register_table(name, table).map_err(Error::internal)?;
        }
        Ok(Self { context })
    }

    /// The answer to a question.
    ///
    /// # Errors
    /// When the question makes no sense, or a file cannot be read.
    pub async fn ask(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        // A question changes nothing: neither tables nor settings nor files.
        let only_reads = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        let frame = self.context.sql_with_options(sql, only_reads).await;
        frame.map_err(Error::internal)?.collect().await.map_err(Error::internal)
    }

    /// The answer as a table of text.
    ///
    /// # Errors
    /// As `ask`.
    pub async fn show(&self, sql: &str) -> Result<String> {
        let answer = pretty_format_batches(&self.ask(sql).await?).map_err(Error::internal)?;
        Ok(answer.to_string())
    }
}

/// The rows of files.
fn listed(files: Vec<ListingTableUrl>, schema: SchemaRef) -> Result<Arc<dyn TableProvider>> {
    let options =
        ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
    let config = ListingTableConfig::new_with_multi_paths(files)
        .with_listing_options(options)
        .with_schema(schema);
    Ok(Arc::new(ListingTable::try_new(config).map_err(Error::internal)?))
}

/// No rows: as a plan and not as a table in memory, which does not travel to other machines.
fn nothing(schema: SchemaRef) -> Result<Arc<dyn TableProvider>> {
    let schema = Arc::new(DFSchema::try_from(schema).map_err(Error::internal)?);
    let plan = LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema });
    Ok(Arc::new(ViewTable::new(plan, None)))
}
