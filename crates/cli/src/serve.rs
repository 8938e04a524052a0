//! `guanxi serve`: the server, and at the first start an administrator and demo data.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use guanxi_base::{Error, Result};
use guanxi_crm::access::{self, KEY_BYTES, PasswordPolicy, Vault};
use guanxi_crm::dashboards::make_role_dashboards;
use guanxi_crm::demo::{Demo, analyse_demo, make_demo, open_demo_accounts};
use guanxi_crm::text::Texts;
use guanxi_record::{Filter, Query, Record};
use guanxi_server::{
    App, AppConfig, LdapConfig, MailConfig, OidcConfig, follow_catalog, run_analyses,
    run_housekeeping, run_jobs,
};
use guanxi_store::{Actor, Origin, Store};
use guanxi_warehouse::Warehouse;

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
            std::fs::create_dir_all(data).map_err(Error::internal)?;
            write_private(&file, &made)?;
            made
        }
    };
    let bytes = access::unhex(text.trim()).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| Error::internal("the key must be 64 hexadecimal digits"))
}

/// The first administrator signs in with this.
const FIRST_EMAIL: &str = "admin@guanxi.local";

pub(crate) async fn run(
    store: Store,
    warehouse: Warehouse,
    data: &Path,
    options: &Serve,
) -> Result<()> {
    let actor = Actor::system(Origin::Cli);
    standard_roles(&store, &actor).await?;
    let first = first_administrator(&store, &actor, data).await?;
    if let Some(password) = first.as_ref().filter(|_| options.demo) {
        println!("making demo data ...");
        make_demo(&store, &actor, Demo::default(), |_| {}).await?;
        for problem in analyse_demo(&store, &warehouse, &actor).await? {
            println!("{problem}");
        }
        open_demo_accounts(&store, password).await?;
    }
    let listener = tokio::net::TcpListener::bind(options.listen).await.map_err(|error| {
        Error::internal(format!("cannot listen on {}: {error}", options.listen))
    })?;
    let address = listener.local_addr().map_err(Error::internal)?;
    println!("Guanxi is ready: http://{address}");
    if let Some(password) = &first {
        println!("sign in as {FIRST_EMAIL} with the password {password}");
        println!("(also in {})", data.join("first-password.txt").display());
    }
    tokio::spawn(run_jobs(store.clone()));
    tokio::spawn(follow_catalog(store.clone()));
    let config = options.identity.config(options, data, address)?;
    let app = App::new(store, AppConfig { warehouse: Some(warehouse), ..config })?;
    tokio::spawn(run_analyses(app.clone()));
    tokio::spawn(run_housekeeping(app.clone()));
    guanxi_server::serve(listener, app, stop_signal()).await
}

/// A new company starts with roles that fit most; those of an older one are brought up to date.
async fn standard_roles(store: &Store, actor: &Actor) -> Result<()> {
    let mut tx = store.write(actor).await?;
    let mut any = Query::of(Filter::everything()).limited(1);
    any.with_archived = true;
    if tx.list(access::Role::NAME, &any).await?.rows.is_empty() {
        let texts = Texts::of(crate::locale());
        let text = |key: &str| texts.get(key);
        let roles = access::make_standard_roles(&mut tx, &text).await?;
        make_role_dashboards(&mut tx, &roles, &text).await?;
        return tx.commit().await.map(drop);
    }
    match access::renew_standard_roles(&mut tx).await? {
        0 => Ok(()),
        _ => tx.commit().await.map(drop),
    }
}

/// Makes the first administrator if there is none; the password.
async fn first_administrator(store: &Store, actor: &Actor, data: &Path) -> Result<Option<String>> {
    let mut view = store.read(actor).await?;
    let administrators = Query::of(Filter::eq("is_administrator", true)).limited(1);
    if !view.list(access::User::NAME, &administrators).await?.rows.is_empty() {
        return Ok(None);
    }
    drop(view);
    let password = match std::env::var("GUANXI_PASSWORD") {
        Ok(password) => password,
        Err(_) => store.random_password()?,
    };
    access::set_account(store, actor, FIRST_EMAIL, Some("Admin"), &password, true).await?;
    std::fs::create_dir_all(data).map_err(Error::internal)?;
    write_private(&data.join("first-password.txt"), &format!("{FIRST_EMAIL} {password}\n"))?;
    Ok(Some(password))
}

/// A file that only its owner can read.
fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(Error::internal)
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
