//! `guanxi serve`: the server, and at the first start an administrator and demo data.

use std::net::SocketAddr;
use std::path::Path;

use clap::Args;
use guanxi_base::{Error, Result};
use guanxi_crm::access;
use guanxi_crm::demo::{Demo, make_demo};
use guanxi_record::{Filter, Query, Record};
use guanxi_server::{App, AppConfig, follow_catalog, run_jobs};
use guanxi_store::{Actor, Origin, Store};

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
}

/// The first administrator signs in with this.
const FIRST_EMAIL: &str = "admin@guanxi.local";

pub(crate) async fn run(store: Store, data: &Path, options: &Serve) -> Result<()> {
    let actor = Actor::system(Origin::Cli);
    let first = first_administrator(&store, &actor, data).await?;
    if options.demo && first.is_some() {
        println!("making demo data ...");
        make_demo(&store, &actor, Demo::default(), |_| {}).await?;
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
    let app = App::new(store, AppConfig { behind_https: options.behind_https });
    guanxi_server::serve(listener, app, stop_signal()).await
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
