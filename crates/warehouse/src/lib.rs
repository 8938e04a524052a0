//! Records as columns: what analyses and segments read, beside the database that people work in.
//!
//! A table has the name of its record type and a column for each field that can be counted; see
//! [`schema_of`]. Its rows lie in Parquet files in the order of their ids. A [`Manifest`] says
//! which files there are and how far in the log of the database they reach; it is published whole,
//! by one writer, so a process may be killed at any moment.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use guanxi_warehouse::Warehouse;
//! let folder = tempfile::tempdir().unwrap();
//! let warehouse = Warehouse::open(folder.path().to_str().unwrap()).unwrap();
//! assert_eq!(warehouse.manifest().await.unwrap().rows("customer"), 0);
//! # });
//! ```

mod choose;
mod columns;
mod frame;
mod group;
mod held;
mod manifest;
mod segments;
mod test;
mod trust;
mod warehouse;

pub use arrow_array::RecordBatch as Batch;

pub use choose::{Chooser, Mask, count, is_kept};
pub use columns::{batch_of, currency_column, day_number, day_of, schema_of};
pub use frame::{Column, Frame, NO_CODE, NO_NUMBER};
pub use group::{GroupBy, GroupKeys, Measured, Tally, group, offsets_over};
pub use held::{NO_PLACE, Table};
pub use manifest::{LogPlace, Manifest, Segment};
pub use warehouse::{Update, Warehouse};
