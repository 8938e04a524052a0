//! Where people are known elsewhere, in a program that was built without the part that asks there.

use guanxi_base::{Error, Refusal};

#[cfg(not(feature = "ldap"))]
pub(crate) async fn knows_password(
    _: &super::LdapConfig,
    _: &str,
    _: &str,
) -> guanxi_base::Result<bool> {
    Err(not_built_in("ldap"))
}

/// A provider that cannot be asked: making one is refused.
#[cfg(not(feature = "oidc"))]
#[derive(Debug)]
pub(crate) struct Oidc {
    pub(crate) config: super::OidcConfig,
    never: std::convert::Infallible,
}

#[cfg(not(feature = "oidc"))]
impl Oidc {
    pub(crate) fn new(_: super::OidcConfig, _: String) -> guanxi_base::Result<Self> {
        Err(not_built_in("oidc"))
    }

    pub(crate) async fn begin(
        &self,
        _: &guanxi_crm::access::Vault,
        _: &str,
    ) -> guanxi_base::Result<super::Begun> {
        match self.never {}
    }

    pub(crate) async fn finish(
        &self,
        _: &guanxi_store::Store,
        _: &guanxi_crm::access::Vault,
        _: &str,
        _: (&str, &str),
    ) -> guanxi_base::Result<(guanxi_base::RawId, String)> {
        match self.never {}
    }
}

fn not_built_in(feature: &str) -> Error {
    Refusal::new("not-built-in").with("feature", feature).into()
}
