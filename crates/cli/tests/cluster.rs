//! A scheduler and two executors on this machine answer as the process itself does.

#![cfg(feature = "cluster")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Longer than a busy machine takes to start three processes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A role that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn guanxi(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guanxi"));
    command.arg("--data").arg(data).args(arguments).env("RUST_LOG", "error");
    command.env("GUANXI_PASSWORD", "a long password");
    command
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    guanxi(data, arguments).output().unwrap()
}

fn answer(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn start(data: &Path, arguments: &[&str]) -> Running {
    let mut command = guanxi(data, &["cluster"]);
    Running(command.args(arguments).stdout(Stdio::null()).spawn().unwrap())
}

/// A port that is free, and the one after it too.
fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

fn has_files(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| match entry.path() {
        path if path.is_dir() => has_files(&path),
        _ => true,
    })
}

const QUESTIONS: [&str; 4] = [
    // Groups over a join of three tables.
    r#"SELECT c."country", p."code", COUNT(*) AS lines, SUM(l."amount") AS total
       FROM "order_line" l JOIN "order" o ON l."order" = o."id" JOIN "product" p ON l."product" = p."id"
       JOIN "customer" c ON o."customer" = c."id" GROUP BY 1, 2 ORDER BY 1, 2"#,
    r#"SELECT date_trunc('month', "date") AS month, COUNT(DISTINCT "customer") AS customers
       FROM "order" GROUP BY 1 ORDER BY 1"#,
    r#"SELECT "id", ROW_NUMBER() OVER (PARTITION BY "country" ORDER BY "id") AS place
       FROM "customer" ORDER BY "id" LIMIT 20"#,
    // A table that nothing is in.
    r#"SELECT COUNT(*) AS pairs FROM "customer_pair""#,
];

#[test]
fn a_cluster_answers_as_one_process_does() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    answer(data, &["demo", "--customers", "200"]);
    answer(data, &["warehouse", "catch-up"]);
    let port = free_port();
    let cluster = format!("ballista://127.0.0.1:{port}");
    let asked = |question| run(data, &["--analytics", &cluster, "warehouse", "ask", question]);

    let nobody = asked(QUESTIONS[0]);
    assert!(!nobody.status.success(), "nobody is there to answer");

    let _scheduler = start(data, &["scheduler", "--listen", &format!("127.0.0.1:{port}")]);
    let mut executors = Vec::new();
    for name in ["one", "two"] {
        let (listen, kept) = (format!("127.0.0.1:{}", free_port()), data.join(name));
        std::fs::create_dir(&kept).unwrap();
        let (to, folder) = (port.to_string(), kept.to_string_lossy().into_owned());
        let role = ["executor", "--scheduler-port", &to, "--listen", &listen, "--processors", "1"];
        let role = [&role[..], &["--folder", &folder]].concat();
        executors.push((start(data, &role), kept));
    }
    let begun = Instant::now();
    while !asked(QUESTIONS[3]).status.success() {
        assert!(begun.elapsed() < PATIENCE, "the cluster does not start");
    }
    for question in QUESTIONS {
        let output = asked(question);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let here = answer(data, &["warehouse", "ask", question]);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), here, "{question}");
    }
    // Both had their share of it.
    let begun = Instant::now();
    while !executors.iter().all(|(_, kept)| has_files(kept)) {
        assert!(begun.elapsed() < PATIENCE, "one of the executors has nothing to do");
        assert!(asked(QUESTIONS[0]).status.success());
    }
}
