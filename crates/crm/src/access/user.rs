//! A person who works with the product.

use guanxi_base::{Id, Refusal, compatible, is_invisible};
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

/// A mail address by which a user is known, whatever its case and width, the form of its accents,
/// and whether its domain is written in its letters or as programs write them. An ß stays: with two s
/// it is the address of somebody else.
#[must_use]
pub fn folded_address(address: &str) -> String {
    let visible: String = address.trim().chars().filter(|c| !is_invisible(*c)).collect();
    let address = compatible(&compatible(&visible).to_lowercase());
    match address.rsplit_once('@') {
        Some((local, domain)) if domain.split('.').any(|part| part.starts_with("xn--")) => {
            match idna::domain_to_unicode(domain) {
                (letters, Ok(())) => format!("{local}@{letters}"),
                _ => address,
            }
        }
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_however_it_is_written() {
        for (one, other) in [
            ("Full@Example.com", " ＦＵＬＬ@example.com"),
            ("zo\u{e9}@x.fr", "ZOE\u{301}@x.fr"),
            ("li@b\u{fc}cher.example", "li@xn--bcher-kva.example"),
            ("li@b\u{fc}cher.example", "LI@XN--BCHER-KVA.Example"),
            ("a@b.example", "a@b.example\u{200b}"),
            ("ﬁne@b.example", "FINE@b.example"),
        ] {
            assert_eq!(folded_address(one), folded_address(other), "{one} {other}");
            assert_eq!(folded_address(&folded_address(one)), folded_address(one));
        }
        assert_ne!(folded_address("gro\u{df}e@x.de"), folded_address("grosse@x.de"));
        assert_eq!(folded_address("a@xn--.example"), "a@xn--.example");
    }
}
