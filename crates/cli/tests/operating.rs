//! What an operator does at the command line: copying a database that is in use and putting it back,
//! reading only the head of an answer, typing an address as they like.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PASSWORD: &str = "plough-lantern-71-quay";

fn guanxi(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guanxi"));
    command.arg("--data").arg(data).args(arguments).env("LANG", "en_US.UTF-8");
    command.env("RUST_LOG", "error").env("GUANXI_PASSWORD", PASSWORD).env_remove("GUANXI_DATABASE");
    command
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    guanxi(data, arguments).output().unwrap()
}

fn told(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// Writes a file with so many customers, and how to read it: the mapping's place and the file's.
fn customers_in(folder: &Path, lines: usize) -> [String; 2] {
    let text: String = (0..lines).map(|n| format!("K{n},Name {n}\n")).collect();
    let (mapping, file) = (folder.join("mapping.toml"), folder.join("big.csv"));
    std::fs::write(&file, format!("code,name\n{text}")).unwrap();
    let toml = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
                fields = { code = \"code\", name = \"name\" }\n";
    std::fs::write(&mapping, toml).unwrap();
    [mapping, file].map(|path| path.to_str().unwrap().to_owned())
}

#[test]
fn a_backup_is_made_while_an_import_runs_and_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let [mapping, file] = customers_in(folder.path(), 30_000);
    let user = ["user", "one@example.com", "--name", "One", "--administrator"];
    told(&data, &user);
    // Only their owner reads the folder and the database.
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&data.join("guanxi.db"))), (0o700, 0o600));
    let mut import = guanxi(&data, &["import", "--mapping", &mapping, &file])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut copies = Vec::new();
    while import.try_wait().unwrap().is_none() {
        let copy = folder.path().join(format!("copy-{}.db", copies.len()));
        let said = told(&data, &["backup", copy.to_str().unwrap()]);
        assert!(said.contains("The key is not in it"), "{said}");
        copies.push(copy);
    }
    assert!(import.wait().unwrap().success());
    let last = copies.last().unwrap();
    assert_eq!(mode(last), 0o600);
    let last = last.to_str().unwrap();
    assert!(refused(&data, &["backup", last]).contains("is there already"));
    assert!(refused(&data, &["restore", last]).contains("is there already"));
    // Put back somewhere else: whole batches, and the way in.
    let other = folder.path().join("other");
    std::fs::create_dir_all(other.join("warehouse/customer")).unwrap();
    told(&other, &["restore", last]);
    assert!(!other.join("warehouse").exists(), "a copy of another state");
    let out = folder.path().join("out.csv");
    let said = told(&other, &["export", "customer", out.to_str().unwrap()]);
    let records: usize = said.split(' ').next().unwrap().parse().unwrap();
    assert!(records.is_multiple_of(4_000) || records == 30_000, "{said}");
    told(&other, &["token", "one@example.com"]);
    assert!(refused(&other, &["restore", &file]).contains("is not a whole backup"));
    let wrong = ["--database", "postgres://nobody@127.0.0.1:1/none", "restore", last];
    assert!(refused(&other, &wrong).contains("pg_restore"));
}

#[test]
fn an_answer_of_which_only_the_head_is_read_is_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    told(&data, &["migrate"]);
    let [mapping, file] = customers_in(folder.path(), 20);
    for arguments in [
        vec!["import", "--mapping", &mapping, &file],
        vec!["warehouse", "catch-up"],
        vec!["warehouse", "status"],
        vec!["--help"],
        vec!["migrate"],
    ] {
        let mut running = guanxi(&data, &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Whoever reads goes away before a word, and after the first line.
        drop(running.stdout.take());
        let output = running.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
        assert!(output.status.success(), "{arguments:?}: {said}");
        let mut running = guanxi(&data, &arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(running.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(running.wait().unwrap().success(), "{arguments:?}");
    }
    let out = folder.path().join("out.csv");
    let said = told(&data, &["export", "customer", out.to_str().unwrap()]);
    assert!(said.starts_with("20 records"), "the work was done: {said}");
}

#[test]
fn the_limit_of_open_files_is_raised() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -Sn 128 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_guanxi")]);
    command.arg("--data").arg(&data).args(["serve", "--listen", "127.0.0.1:0"]);
    let mut serving = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(serving.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let address = line.strip_prefix("Guanxi is ready: http://").unwrap();
    let idle: Vec<_> = (0..300).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
    let mut asks = std::net::TcpStream::connect(address).unwrap();
    asks.set_read_timeout(Some(std::time::Duration::from_secs(8))).unwrap();
    asks.write_all(b"GET /login HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    let read = asks.read_exact(&mut answer);
    serving.kill().unwrap();
    serving.wait().unwrap();
    drop(idle);
    read.expect("somebody else is answered while three hundred say nothing");
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[test]
fn an_address_is_typed_in_any_case() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let made = told(&data, &["user", "One@Example.COM", "--name", "One"]);
    assert!(made.ends_with(" one@example.com\n"), "{made}");
    assert_eq!(told(&data, &["user", "ONE@example.com"]), made, "the same user");
    told(&data, &["token", "one@EXAMPLE.com"]);
    told(&data, &["user", "Two@example.com", "--name", "Two"]);
    let moved = told(&data, &["hand-over", "ONE@example.com", "TWO@example.com"]);
    assert!(moved.contains("handed over"), "{moved}");
}

#[test]
fn a_damaged_database_is_said_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("guanxi.db"), "this is no database at all, but text\n".repeat(500))
        .unwrap();
    let said = refused(&data, &["migrate"]);
    assert!(said.contains("put a backup back") && !said.contains("PRAGMA"), "{said}");
}
