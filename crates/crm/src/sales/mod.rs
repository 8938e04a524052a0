//! What customers order.

mod deliveries;
mod from_product;
mod margin;
mod order;
mod order_line;

pub use deliveries::held;
pub(crate) use deliveries::{ALLOWED_DELIVERIES, allowed_amount, check_deliveries};
pub use from_product::{TAKEN, is_taken, take_from_product, taken};
pub use margin::{Margin, margin};
pub use order::{Order, OrderKind, OrderStatus, SalesChannel, agreed_orders, agreed_sales};
pub use order_line::{OrderLine, below_list, line_amount};
