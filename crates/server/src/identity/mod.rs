//! Whom we ask who somebody is, besides ourselves: an OpenID Connect provider, an LDAP directory.

mod ldap;
mod oidc;

pub use ldap::LdapConfig;
pub(crate) use ldap::knows_password;
pub(crate) use oidc::Oidc;
pub use oidc::OidcConfig;
