//! What customers order.

mod order;
mod order_line;

pub use order::{
    Order, OrderKind, OrderStatus, SalesChannel, agreed_orders, agreed_sales, uncounted,
};
pub use order_line::{OrderLine, below_list};
