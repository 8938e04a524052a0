//! What we sell.

mod product;
mod product_category;

pub use product::{Product, ProductKind};
pub use product_category::ProductCategory;
