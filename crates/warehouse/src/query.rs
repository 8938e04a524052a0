//! Questions to the warehouse, in SQL. The same plans run in this process or on a cluster.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::execution::context::SQLOptions;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::prelude::{SessionConfig, SessionContext};
use guanxi_base::{Error, Result};
use guanxi_record::RecordType;

use crate::columns::schema_of;
use crate::manifest::Manifest;
use crate::warehouse::Warehouse;

/// One moment of the warehouse, to be asked in SQL. Tables have the names of their record types.
pub struct Question {
    context: SessionContext,
}

impl Question {
    /// Begins to ask about the tables of these types, with the columns that they have now.
    ///
    /// # Errors
    /// When a table cannot be opened.
    pub fn about<'a>(
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
        let context = SessionContext::new_with_config(config);
        let root = ObjectStoreUrl::parse("warehouse://guanxi").map_err(Error::internal)?;
        context.register_object_store(root.as_ref(), warehouse.in_whole("").0.clone());
        for described in types {
            let (name, schema): (&str, SchemaRef) = (&described.name, schema_of(described));
            let mut files = Vec::new();
            for segment in manifest.segments(name) {
                let (_, place) = warehouse.in_whole(&segment.file);
                let file = format!("warehouse://guanxi/{place}");
                files.push(ListingTableUrl::parse(file).map_err(Error::internal)?);
            }
            if files.is_empty() {
                let empty = datafusion::datasource::MemTable::try_new(schema.clone(), vec![vec![]]);
                let table = Arc::new(empty.map_err(Error::internal)?);
                context.register_table(name, table).map_err(Error::internal)?;
                continue;
            }
            let options = ListingOptions::new(Arc::new(ParquetFormat::default()))
                .with_file_extension(".parquet");
            let config = ListingTableConfig::new_with_multi_paths(files)
                .with_listing_options(options)
                .with_schema(schema.clone());
            let table = ListingTable::try_new(config).map_err(Error::internal)?;
            context.register_table(name, Arc::new(table)).map_err(Error::internal)?;
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
