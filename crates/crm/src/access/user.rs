//! A person who works with the product.

use guanxi_base::{Id, Refusal};
use guanxi_record::{Choice, Email, Phone, Record};

use super::{Role, Team};

/// A language that the product speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Locale {
    /// English.
    En,
    /// Chinese as written in China.
    ZhCn,
}

/// A person who works with the product. The password is kept elsewhere.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "organisation", icon = "user-circle", settle)]
pub struct User {
    /// What people call them.
    #[field(search)]
    pub name: String,
    /// What they sign in with.
    #[field(search, unique, personal)]
    pub email: Email,
    /// Where they can be reached.
    #[field(personal)]
    pub phone: Option<Phone>,
    /// Their job title.
    pub job_title: Option<String>,
    /// Their team.
    pub team: Option<Id<Team>>,
    /// What they may do: what any of these roles may.
    pub roles: Vec<Id<Role>>,
    /// Whether they may do everything.
    #[field(default = "false")]
    pub is_administrator: bool,
    /// Whether they may sign in.
    #[field(default = "true")]
    pub is_active: bool,
    /// The language that they read.
    #[field(default = "zh_cn")]
    pub locale: Locale,
    /// The zone that they live in, such as `Asia/Shanghai`.
    #[field(default = "Asia/Shanghai")]
    pub time_zone: String,
}

impl User {
    /// People type the same address in capitals or not: it is one, so it is kept in one way.
    fn settle(&mut self, _: &mut Vec<Refusal>) {
        self.email.0 = folded_address(&self.email);
    }
}

/// A mail address by which a user is known, whatever its case.
#[must_use]
pub fn folded_address(address: &str) -> String {
    address.trim().to_lowercase()
}
