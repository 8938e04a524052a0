//! What every request shares.

use std::num::NonZeroUsize;
use std::sync::Arc;

use guanxi_base::{Refusal, Result};
use guanxi_crm::access::{KEY_BYTES, PasswordPolicy, Vault};
use guanxi_store::{Deed, Store};
use guanxi_warehouse::Warehouse;

use crate::connections::Limits;
use crate::deeds::Deeds;
use crate::gate::Gate;
use crate::identity::{LdapConfig, Oidc, OidcConfig};
use crate::mail::{MailConfig, Mailer};
use crate::rate::Rate;
use crate::throttle::Throttle;

/// How the server is reached, and whom it asks who somebody is.
#[derive(Debug, Clone)]
pub struct AppConfig {
    /// Whether people reach it by HTTPS, through a proxy: cookies are marked as secure then.
    pub behind_https: bool,
    /// Where people reach it, such as `https://crm.example.com`: links in mails begin so.
    pub public_url: String,
    /// The key of the vault.
    pub key: [u8; KEY_BYTES],
    /// Which passwords are good enough.
    pub passwords: PasswordPolicy,
    /// The server that takes our mail.
    pub mail: Option<MailConfig>,
    /// The provider that people may sign in with.
    pub oidc: Option<OidcConfig>,
    /// The directory that knows passwords.
    pub ldap: Option<LdapConfig>,
    /// What analyses and segments read; in memory, and empty, when there is none.
    pub warehouse: Option<Warehouse>,
    /// So many requests a second are answered to one address or one session; all when 0.
    pub requests_per_second: u32,
    /// So many passwords are checked at once: each takes a processor.
    pub passwords_at_once: NonZeroUsize,
    /// What a connection may take.
    pub limits: Limits,
}

impl Default for AppConfig {
    fn default() -> Self {
        Self {
            behind_https: false,
            public_url: "http://127.0.0.1:8080".to_owned(),
            key: [0; KEY_BYTES],
            passwords: PasswordPolicy::default(),
            mail: None,
            oidc: None,
            ldap: None,
            warehouse: None,
            requests_per_second: 0,
            passwords_at_once: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            limits: Limits::default(),
        }
    }
}

/// What every request shares. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The open database.
    pub store: Store,
    pub(crate) warehouse: Warehouse,
    pub(crate) config: Arc<AppConfig>,
    pub(crate) vault: Vault,
    pub(crate) mailer: Option<Arc<Mailer>>,
    pub(crate) oidc: Option<Arc<Oidc>>,
    pub(crate) throttle: Arc<Throttle>,
    /// Where strangers' passwords are checked.
    pub(crate) gate: Arc<Gate>,
    /// Where those of people are checked whom we know where they sit: strangers do not fill it.
    pub(crate) known_gate: Arc<Gate>,
    pub(crate) rate: Arc<Rate>,
    pub(crate) deeds: Arc<Deeds>,
}

impl App {
    /// The shared state of a server on this database.
    ///
    /// # Errors
    /// When the address of the mail server cannot be read; `not-built-in` where the configuration asks
    /// for a part that this program was built without.
    pub fn new(store: Store, config: AppConfig) -> Result<Self> {
        let mailer = config.mail.as_ref().map(Mailer::new).transpose()?.map(Arc::new);
        let back = format!("{}/login/oidc/back", config.public_url.trim_end_matches('/'));
        let oidc = config.oidc.clone().map(|oidc| Oidc::new(oidc, back)).transpose()?;
        let oidc = oidc.map(Arc::new);
        if config.ldap.is_some() && !cfg!(feature = "ldap") {
            return Err(Refusal::new("not-built-in").with("feature", "ldap").into());
        }
        let warehouse = match &config.warehouse {
            Some(warehouse) => warehouse.clone(),
            None => Warehouse::open("memory:///")?,
        };
        Ok(Self {
            warehouse,
            throttle: Arc::new(Throttle::new(store.clock().clone())),
            rate: Arc::new(Rate::new(config.requests_per_second)),
            gate: Arc::new(Gate::new(config.passwords_at_once)?),
            known_gate: Arc::new(Gate::new(config.passwords_at_once)?),
            vault: Vault::new(&config.key),
            deeds: Arc::default(),
            mailer,
            oidc,
            store,
            config: Arc::new(config),
        })
    }

    /// Writes down who looked at what, which else happens a moment later.
    pub async fn write_looks(&self) {
        self.deeds.flush(&self.store).await;
    }

    /// Notes what somebody did, before they are answered.
    pub(crate) async fn note(&self, deed: Deed) -> Result<()> {
        self.store.note_deeds(&[deed]).await
    }
}
