//! Dashboards: charts over the records of any type, each drawn with the eyes of whoever looks.

mod draw;
mod records;
mod standard;
mod table;

pub(crate) use draw::number;
pub use draw::{Drawn, Mark, Shape, draw};
pub use records::{Chart, ChartKind, Dashboard, charts_of};
pub use standard::{ROLE_DASHBOARDS, make_role_dashboards};
