//! A directory that knows passwords: somebody's entry is looked up by their e-mail address, and the
//! password is right when the directory lets them in with it.

use guanxi_base::{Error, Result};
use ldap3::{LdapConnAsync, LdapConnSettings, Scope, SearchEntry, ldap_escape};

use super::LdapConfig;

/// Seconds that the directory may take.
const SECONDS_MAX: u64 = 10;

/// Whether the directory lets somebody in with a password.
pub(crate) async fn knows_password(
    config: &LdapConfig,
    email: &str,
    password: &str,
) -> Result<bool> {
    // Without a password a directory lets everybody in, as nobody.
    if password.is_empty() {
        return Ok(false);
    }
    let wrong = |error: ldap3::LdapError| Error::internal(format!("the directory: {error}"));
    let settings = LdapConnSettings::new()
        .set_conn_timeout(std::time::Duration::from_secs(SECONDS_MAX))
        .set_starttls(config.start_tls);
    let (connection, mut ldap) =
        LdapConnAsync::with_settings(settings, &config.url).await.map_err(wrong)?;
    ldap3::drive!(connection);
    if let Some((name, secret)) = &config.bind {
        ldap.simple_bind(name, secret).await.and_then(|r| r.success()).map_err(wrong)?;
    }
    let filter = config.filter.replace("{email}", &ldap_escape(email));
    let found = ldap.search(&config.base, Scope::Subtree, &filter, vec!["1.1"]).await;
    let (entries, _) = found.and_then(|found| found.success()).map_err(wrong)?;
    // Two that fit are none: it would be chance whose password counts.
    let Ok([entry]) = <[_; 1]>::try_from(entries) else { return Ok(false) };
    let name = SearchEntry::construct(entry).dn;
    let bound = ldap.simple_bind(&name, password).await.map_err(wrong)?;
    ldap.unbind().await.ok();
    Ok(bound.rc == 0)
}
