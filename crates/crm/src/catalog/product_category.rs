//! A group of products; groups form a tree.

use guanxi_base::Id;
use guanxi_record::Record;

/// A group of products.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "catalog", icon = "category")]
pub struct ProductCategory {
    /// Its name.
    #[field(search, index)]
    pub name: String,
    /// The group above it.
    pub parent: Option<Id<ProductCategory>>,
}
