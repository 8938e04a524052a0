//! One PostgreSQL server for all tests of a run: the first test that needs it starts it on a
//! free port, all others share it, and it stops by itself when no test has asked for a while.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};

use tokio_postgres::NoTls;

use crate::template;

/// The server stops when nobody has asked for a database for so long.
const IDLE_SECONDS: u32 = 180;
/// So often a start is tried, each time on another port.
const STARTS_MAX: usize = 5;

/// A database of the server, dropped with this.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) url: String,
    name: String,
    admin: String,
    /// Dropped with it: the server is not in use by it any more.
    _in_use: Sender<()>,
}

impl Database {
    /// A name and an address; `make` makes it.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("t_{}_{number}", std::process::id());
        let (admin, url) = (address("postgres"), address(&name));
        Self { url, name, admin, _in_use: keep_in_use() }
    }

    /// Makes it empty or as a copy of a template.
    pub(crate) fn make(&self, template: Option<&str>) {
        let template = template.map(|name| format!("TEMPLATE {name} ")).unwrap_or_default();
        let sql = format!("CREATE DATABASE {} {template}STRATEGY file_copy", self.name);
        run_apart(self.admin.clone(), sql).expect("the test server makes a database");
    }
}

/// What a client connects to for a database of the test server.
pub(crate) fn address(database: &str) -> String {
    let user = if is_root() { "postgres".to_owned() } else { whoami() };
    format!("postgres://{user}@127.0.0.1:{}/{database}", server_port())
}

/// Runs a statement on a runtime of its own: the caller may have none, or one that is about to end.
fn run_apart(url: String, sql: String) -> std::thread::Result<()> {
    let apart = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be made").block_on(run(&url, &sql));
    });
    apart.join()
}

/// Says again and again that the server is in use, for tests that take longer than it waits.
fn keep_in_use() -> Sender<()> {
    let (sender, receiver) = channel();
    let used = folder().join("used");
    std::thread::spawn(move || {
        let wait = std::time::Duration::from_secs(u64::from(IDLE_SECONDS) / 4);
        while receiver.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            fs::write(&used, "").ok();
        }
    });
    sender
}

/// Where the server and the templates lie.
pub(crate) fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("guanxi-test-postgres-{}", whoami()))
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} (FORCE)", self.name);
        run_apart(self.admin.clone(), sql).ok();
    }
}

pub(crate) async fn run(url: &str, sql: &str) {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.expect("the test server answers");
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("the test server obeys");
    drop(client);
    connection.await.ok();
}

/// Whether anybody in this database waits for a lock.
pub(crate) async fn somebody_waits(url: &str) -> bool {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.expect("the test server answers");
    let connection = tokio::spawn(connection);
    let sql = "SELECT 1 FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waiting = client.query(sql, &[]).await.expect("the test server obeys");
    drop(client);
    connection.await.ok();
    !waiting.is_empty()
}

/// The port of the running server; starts it under a lock when there is none.
fn server_port() -> u16 {
    let folder = folder();
    fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let lock = File::create(folder.join("lock")).expect("a file can be made");
    lock.lock().expect("a file can be locked");
    let used = folder.join("used");
    fs::write(&used, "").expect("a file can be written");
    let port_file = folder.join("port");
    let known = fs::read_to_string(&port_file).ok().and_then(|text| text.trim().parse().ok());
    if let Some(port) = known
        && std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    {
        return port;
    }
    template::forget_postgres();
    let port = start(&folder.join("data"));
    fs::write(&port_file, port.to_string()).expect("a file can be written");
    watch(&folder);
    port
}

fn start(data: &Path) -> u16 {
    let programs = programs();
    fs::remove_dir_all(data).ok();
    fs::create_dir_all(data).expect("a folder can be made");
    if is_root() {
        let owner = Command::new("chown").arg("-R").arg("postgres").arg(data).status();
        assert!(owner.is_ok_and(|s| s.success()), "the user postgres owns the test server");
    }
    let initdb = programs.join("initdb");
    let command = format!(
        "{} --no-sync -A trust -E UTF8 --locale=C.UTF-8 -D {}",
        initdb.display(),
        data.display()
    );
    assert!(as_postgres(&command), "failed: {command}");
    // Another process may take a port that was free a moment ago.
    (0..STARTS_MAX).find_map(|_| start_on(free_port(), data)).unwrap_or_else(|| {
        let log = fs::read_to_string(data.join("server.log")).unwrap_or_default();
        panic!("PostgreSQL does not start: {log}")
    })
}

fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    free.local_addr().expect("it has a number").port()
}

fn start_on(port: u16, data: &Path) -> Option<u16> {
    let options = format!(
        "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
         -c synchronous_commit=off -c full_page_writes=off -c max_connections=400"
    );
    let (pg_ctl, data) = (programs().join("pg_ctl"), data.display());
    let log = format!("{data}/server.log");
    let command = format!("{} -D {data} -l {log} -o '{options}' -t 180 -w start", pg_ctl.display());
    as_postgres(&command).then_some(port)
}

/// Stops the server when its `used` file has not been touched for a while.
fn watch(folder: &Path) {
    let script = format!(
        "while [ -n \"$(find {used} -newermt '-{IDLE_SECONDS} seconds')\" ]; do sleep 10; done; \
         {stop}; rm -f {port}",
        used = folder.join("used").display(),
        port = folder.join("port").display(),
        stop = postgres_command(&format!(
            "{} -D {} -m immediate stop",
            programs().join("pg_ctl").display(),
            folder.join("data").display()
        )),
    );
    // A session of its own: the runner that ends the test must not end or wait for the watcher.
    let mut watcher = Command::new("setsid");
    watcher.args(["sh", "-c", &script]).stdin(Stdio::null());
    watcher.stdout(Stdio::null()).stderr(Stdio::null());
    let watcher = watcher.spawn().expect("a shell can be started");
    // It outlives this test; nobody waits for it.
    std::mem::forget(watcher);
}

fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    folders.sort();
    folders.pop().expect("PostgreSQL is installed (apt-get install postgresql)")
}

fn is_root() -> bool {
    whoami() == "root"
}

fn whoami() -> String {
    let output = Command::new("id").arg("-un").output().expect("`id` is there");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// PostgreSQL refuses to run as root.
fn postgres_command(command: &str) -> String {
    if is_root() { format!("su postgres -c \"{command}\"") } else { command.to_owned() }
}

fn as_postgres(command: &str) -> bool {
    let mut shell = Command::new("sh");
    shell.args(["-c", &postgres_command(command)]).current_dir("/").stdin(Stdio::null());
    // Its output goes nowhere: a server that inherits a test's output would hold the runner.
    let status = shell.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
