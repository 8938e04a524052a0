//! One of our own legal entities: who sells, invoices and is paid.

use guanxi_base::{Currency, Id, Refusal, TimeZone};
use guanxi_record::{Address, Record};

/// One of our own legal entities.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "organisation", icon = "building-skyscraper", settle)]
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
    /// The zone by which its day begins and ends, such as `Asia/Shanghai`: what is dated after its
    /// today has not happened yet.
    #[field(default = "Asia/Shanghai")]
    pub time_zone: String,
    /// Where it is.
    pub address: Option<Address>,
}

impl Company {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        if TimeZone::get(&self.time_zone).is_err() {
            let refusal = Refusal::field("not-a-time-zone", "time_zone");
            refusals.push(refusal.with("value", self.time_zone.clone()));
        }
        if self.currency.parse::<Currency>().is_err() {
            let refusal = Refusal::field("not-a-currency", "currency");
            refusals.push(refusal.with("value", self.currency.clone()));
        }
    }
}
