//! Dashboards: charts over the records of any type, each drawn with the eyes of whoever looks.

mod columns;
mod draw;
mod records;
mod standard;
mod table;

pub use columns::{Grouped, group_ahead, grouped};
pub(crate) use draw::number;
pub use draw::{Drawn, Lacking, Mark, Shape, Unseen, draw};
pub use records::{Chart, ChartKind, Dashboard, charts_of};
pub use standard::{ROLE_DASHBOARDS, make_role_dashboards};
