//! One of our own legal entities: who sells, invoices and is paid.

use guanxi_base::Id;
use guanxi_record::{Address, Record};

/// One of our own legal entities.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "organisation", icon = "building-skyscraper")]
pub struct Company {
    /// Its registered name.
    #[field(search, unique)]
    pub name: String,
    /// The company of the group that owns it.
    pub parent: Option<Id<Company>>,
    /// What it is called in short.
    #[field(search)]
    pub short_name: Option<String>,
    /// Unified social credit code, or another tax number.
    #[field(search)]
    pub tax_number: Option<String>,
    /// The ISO 4217 code of the currency that it keeps its books in.
    #[field(default = "CNY")]
    pub currency: String,
    /// Where it is.
    pub address: Option<Address>,
}
