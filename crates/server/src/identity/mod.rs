//! Whom we ask who somebody is, besides ourselves: an OpenID Connect provider, an LDAP directory.
//! Each is a feature; a program without it refuses to start where it is asked for.

#[cfg(feature = "ldap")]
mod ldap;
#[cfg(feature = "oidc")]
mod oidc;
#[cfg(any(not(feature = "ldap"), not(feature = "oidc")))]
mod without;

#[cfg(feature = "ldap")]
pub(crate) use ldap::knows_password;
#[cfg(feature = "oidc")]
pub(crate) use oidc::Oidc;
#[cfg(not(feature = "oidc"))]
pub(crate) use without::Oidc;
#[cfg(not(feature = "ldap"))]
pub(crate) use without::knows_password;

/// The directory.
#[derive(Debug, Clone)]
pub struct LdapConfig {
    /// `ldaps://host`, or `ldap://host` with STARTTLS or within one machine.
    pub url: String,
    /// Whether an `ldap://` connection is encrypted before anything is said.
    pub start_tls: bool,
    /// Whom we are when we look, and the password; nobody when there is none.
    pub bind: Option<(String, String)>,
    /// Below which entry people are.
    pub base: String,
    /// How to find somebody; `{email}` stands for their address.
    pub filter: String,
}

/// The provider.
#[derive(Debug, Clone)]
pub struct OidcConfig {
    /// What people call it, on the button.
    pub name: String,
    /// Its address.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// By which it knows us.
    pub client_secret: String,
}

/// The beginning of a sign-in.
pub(crate) struct Begun {
    /// Where the browser goes.
    pub(crate) url: String,
    /// What it carries meanwhile.
    pub(crate) sealed: String,
}
