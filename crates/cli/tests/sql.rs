//! Questions in SQL are answered as the database answers, and change nothing; a program without an engine says so.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

fn run(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guanxi"));
    command.arg("--data").arg(data).args(arguments).env("RUST_LOG", "error");
    command.env("GUANXI_PASSWORD", "a long password").output().unwrap()
}

#[cfg(feature = "sql")]
#[test]
fn questions_are_answered_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    for arguments in [&["demo", "--customers", "200"][..], &["warehouse", "catch-up"]] {
        let output = run(data, arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let ask = |question| run(data, &["warehouse", "ask", question]);
    let sql = "SELECT COUNT(*) AS n FROM customer c JOIN \"order\" o ON o.customer = c.id \
               WHERE c.archived_at IS NULL AND o.status <> 'cancelled'";
    let answer = ask(sql);
    let text = String::from_utf8(answer.stdout).unwrap();
    let count: u64 = text.lines().nth(3).unwrap().trim_matches(['|', ' ']).parse().unwrap();
    assert!(count > 500, "{text}");
    let empty = ask("SELECT COUNT(*) FROM knowledge");
    assert!(empty.status.success(), "{}", String::from_utf8_lossy(&empty.stderr));
    for refused in [
        "DROP TABLE customer",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "COPY customer TO '/tmp/x.csv'",
    ] {
        assert!(!ask(refused).status.success(), "{refused}");
    }
}

#[cfg(not(feature = "sql"))]
#[test]
fn a_program_without_an_engine_says_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["warehouse", "ask", "SELECT 1"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("--features sql"), "{told}");
}
