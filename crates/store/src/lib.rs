//! The one place that knows SQL and which database it is. Everything else asks a [`View`] and
//! writes through a [`Tx`]; both carry an [`Actor`], and neither can leave out its rights.

mod actor;
mod aggregate;
mod audit;
mod columns;
mod condition;
mod constraint;
mod custom_field;
mod dialect;
mod file;
mod idempotency;
mod insert;
mod job;
mod migration;
mod order;
mod postgres;
mod rollup;
mod schema;
mod search;
mod session;
mod sign_in;
mod sql;
mod sqlite;
mod store;
mod terms;
mod tx;
mod undo;
mod validate;
mod view;

pub use actor::{Actor, Origin, Purpose, Rights};
pub use aggregate::Group;
pub use audit::{Entry, Event, Operation};
pub use custom_field::CustomField;
pub use file::{File, MAX_FILE_BYTES};
pub use idempotency::Remembered;
pub use job::{Job, JobState, NewJob};
pub use migration::{Migration, Step, schema_after, steps_between};
pub use schema::{Column, ColumnType, Index, Schema, Table};
pub use search::Hit;
pub use sign_in::{SignIn, SignInKind};
pub use store::{Store, StoreConfig};
pub use tx::Tx;
pub use undo::UndoReport;
pub use view::{Page, TOTAL_MAX, Titles, Total, View};
