//! `guanxi serve`: the server, and before it whatever a first start was to make.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use guanxi_base::{Error, Result};
use guanxi_crm::access::{self, KEY_BYTES, PasswordPolicy, Passwords, Vault};
use guanxi_crm::demo::{Demo, DemoData, complete_demo, finish_wanted_demo};
use guanxi_server::{
    App, AppConfig, LdapConfig, MailConfig, OidcConfig, follow_catalog, run_analyses,
    run_housekeeping, run_jobs,
};
use guanxi_store::{Actor, Origin, Store};
use guanxi_warehouse::Warehouse;

use crate::say::say;
use crate::{first_start, private};

/// Where to serve.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The address to listen on.
    #[arg(long, env = "GUANXI_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// People reach the server by HTTPS, through a proxy.
    #[arg(long)]
    behind_https: bool,
    /// Fill an empty database with demo data.
    #[arg(long)]
    demo: bool,
    /// So many customers stand in the demo data.
    #[arg(long, default_value_t = Demo::default().customers, value_name = "NUMBER")]
    demo_customers: usize,
    #[command(flatten)]
    identity: Identity,
}

/// Who people are: keys, passwords, mail, and whom else to ask.
#[derive(Debug, Args)]
struct Identity {
    /// Where people reach the server, such as `https://crm.example.com`; links in mails begin so.
    #[arg(long, env = "GUANXI_URL")]
    url: Option<String>,
    /// 64 hexadecimal digits that seal secrets in the database; kept in the data folder if not
    /// given. Every server of one database needs the same.
    #[arg(long, env = "GUANXI_KEY", hide_env_values = true)]
    key: Option<String>,
    /// A sorted file of SHA-1 hashes of passwords that attackers know.
    #[arg(long, env = "GUANXI_BREACHED_PASSWORDS")]
    breached_passwords: Option<PathBuf>,
    /// `smtp://user:password@host:587?tls=required` or `smtps://…`: the server that takes our mail.
    #[arg(long, env = "GUANXI_SMTP", hide_env_values = true)]
    smtp: Option<String>,
    /// Whom mails come from.
    #[arg(long, env = "GUANXI_MAIL_FROM", default_value = "Guanxi <guanxi@localhost>")]
    mail_from: String,
    /// The address of an OpenID Connect provider.
    #[arg(long, env = "GUANXI_OIDC_ISSUER")]
    oidc_issuer: Option<String>,
    /// What the provider calls us.
    #[arg(long, env = "GUANXI_OIDC_CLIENT", default_value = "guanxi")]
    oidc_client: String,
    /// By which the provider knows us.
    #[arg(long, env = "GUANXI_OIDC_SECRET", hide_env_values = true, default_value = "")]
    oidc_secret: String,
    /// What people call the provider.
    #[arg(long, env = "GUANXI_OIDC_NAME", default_value = "OpenID Connect")]
    oidc_name: String,
    /// `ldaps://host` or `ldap://host`: a directory that knows passwords.
    #[arg(long, env = "GUANXI_LDAP")]
    ldap: Option<String>,
    /// Encrypt an `ldap://` connection before anything is said.
    #[arg(long)]
    ldap_start_tls: bool,
    /// Whom we are when we look somebody up; the password is in GUANXI_LDAP_PASSWORD.
    #[arg(long, env = "GUANXI_LDAP_BIND")]
    ldap_bind: Option<String>,
    #[arg(
        long,
        env = "GUANXI_LDAP_PASSWORD",
        hide = true,
        hide_env_values = true,
        default_value = ""
    )]
    ldap_password: String,
    /// Below which entry people are.
    #[arg(long, env = "GUANXI_LDAP_BASE", default_value = "")]
    ldap_base: String,
    /// How to find somebody.
    #[arg(long, env = "GUANXI_LDAP_FILTER", default_value = "(mail={email})")]
    ldap_filter: String,
    /// So many requests a second are answered to one address or session, ten times as many at
    /// once; all of them when 0.
    #[arg(long, env = "GUANXI_REQUESTS_PER_SECOND", default_value_t = 100)]
    requests_per_second: u32,
}

impl Identity {
    fn config(&self, options: &Serve, data: &Path, address: SocketAddr) -> Result<AppConfig> {
        let name = &self.oidc_name;
        Ok(AppConfig {
            behind_https: options.behind_https,
            public_url: self.url.clone().unwrap_or_else(|| format!("http://{address}")),
            key: key(self.key.as_deref(), data)?,
            passwords: PasswordPolicy { breached: self.breached_passwords.clone() },
            mail: self.smtp.clone().map(|url| MailConfig { url, from: self.mail_from.clone() }),
            oidc: self.oidc_issuer.clone().map(|issuer| OidcConfig {
                name: name.clone(),
                issuer,
                client_id: self.oidc_client.clone(),
                client_secret: self.oidc_secret.clone(),
            }),
            ldap: self.ldap.clone().map(|url| LdapConfig {
                url,
                start_tls: self.ldap_start_tls,
                bind: self.ldap_bind.clone().map(|name| (name, self.ldap_password.clone())),
                base: self.ldap_base.clone(),
                filter: self.ldap_filter.clone(),
            }),
            requests_per_second: self.requests_per_second,
            ..AppConfig::default()
        })
    }
}

/// The key of the vault: given, or kept beside the database.
fn key(given: Option<&str>, data: &Path) -> Result<[u8; KEY_BYTES]> {
    let file = data.join("secret.key");
    let text = match (given, std::fs::read_to_string(&file)) {
        (Some(given), _) => given.to_owned(),
        (None, Ok(kept)) => kept,
        (None, Err(_)) => {
            let made = access::hex(&Vault::random_key()?);
            private::make_folder(data)?;
            private::write(&file, &made)?;
            made
        }
    };
    let bytes = access::unhex(text.trim()).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| Error::internal("the key must be 64 hexadecimal digits"))
}

pub(crate) async fn run(
    store: Store,
    warehouse: Warehouse,
    data: &Path,
    options: &Serve,
) -> Result<()> {
    // Each connection takes a descriptor; the usual soft limit is one for small programs.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
    let first = first_start(&store, &warehouse, data, options).await?;
    let listener = tokio::net::TcpListener::bind(options.listen).await.map_err(|error| {
        Error::internal(format!("cannot listen on {}: {error}", options.listen))
    })?;
    let address = listener.local_addr().map_err(Error::internal)?;
    say!("Guanxi is ready: http://{address}");
    if let Some((email, password)) = &first {
        say!("sign in as {email} with the password {password}");
        say!("(also in {})", first_start::password_file(data).display());
    }
    tokio::spawn(run_jobs(store.clone()));
    tokio::spawn(follow_catalog(store.clone()));
    let config = options.identity.config(options, data, address)?;
    let app = App::new(store, AppConfig { warehouse: Some(warehouse), ..config })?;
    tokio::spawn(run_analyses(app.clone()));
    tokio::spawn(run_housekeeping(app.clone()));
    guanxi_server::serve(listener, app, stop_signal()).await
}

/// What a new company needs before anybody can work; the address and the password of its first
/// administrator when they were made now.
async fn first_start(
    store: &Store,
    warehouse: &Warehouse,
    data: &Path,
    options: &Serve,
) -> Result<Option<(String, String)>> {
    let actor = Actor::system(Origin::Cli);
    first_start::standard_roles(store, &actor).await?;
    let passwords = match (&options.identity.ldap, &options.identity.oidc_issuer) {
        (None, None) => Passwords::Here,
        _ => Passwords::AlsoElsewhere,
    };
    let demo = if options.demo { DemoData::Wanted } else { DemoData::NotWanted };
    let first = first_start::administrator(store, &actor, data, passwords, demo).await?;
    let size = Demo { customers: options.demo_customers, ..Demo::default() };
    // Also what an earlier start was asked for and did not finish.
    let mut told = false;
    let progress = |_| {
        if !std::mem::replace(&mut told, true) {
            say!("making demo data ...");
        }
    };
    complete_demo(store, &actor, size, progress).await?;
    for problem in finish_wanted_demo(store, warehouse, &actor).await? {
        say!("{problem}");
    }
    Ok(first)
}

async fn stop_signal() {
    let mut terminate =
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(signal) => signal,
            Err(_) => return std::future::pending().await,
        };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
