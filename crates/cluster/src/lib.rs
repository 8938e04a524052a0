//! Questions to the warehouse in SQL: over the files that the warehouse consists of, by DataFusion, in this process
//! (feature `sql`) or by a cluster of many (feature `cluster`). What the product itself needs does
//! without either; see [`guanxi_warehouse`].

#[cfg(feature = "cluster")]
mod ballista;
#[cfg(feature = "sql")]
mod sql;

#[cfg(feature = "cluster")]
pub use ballista::{Cluster, Executor, run_executor, run_scheduler};
#[cfg(feature = "sql")]
pub use sql::{Engine, InProcess, Question};
