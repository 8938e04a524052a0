//! A process that is killed while it brings the warehouse up to date leaves it as the database was
//! after some commit: never in between, whether rows came or an undo took them away.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use guanxi_testkit::{TestDatabase, both_databases};

/// So often it is killed in each round.
const KILLS: u32 = 10;
const LINES: usize = 20_000;
/// What the import commits at once: all states that there ever were are multiples of it.
const BATCH: usize = 4_000;

both_databases!(a_killed_warehouse_catches_up);

fn guanxi(database: &TestDatabase, data: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guanxi"));
    command.args(["--data", data]).args(arguments);
    command.env("LANG", "en_US.UTF-8").env("GUANXI_DATABASE", &database.url);
    command
}

fn output(database: &TestDatabase, data: &str, arguments: &[&str]) -> String {
    let output = guanxi(database, data, arguments).output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it speaks UTF-8")
}

/// How many customers the warehouse has.
fn customers(status: &str) -> usize {
    let line = status.lines().find(|line| line.starts_with("customer: "));
    line.map_or(0, |line| line.split(' ').nth(1).unwrap().parse().unwrap())
}

/// Kills it at ten moments, looks at it each time, then lets it come to its end.
fn kill(database: &TestDatabase, data: &str, (before, after): (usize, usize)) {
    let begun = Instant::now();
    let copy = tempfile::TempDir::new().unwrap();
    let whole = format!("{}", copy.path().join("warehouse").display());
    output(database, data, &["warehouse", "catch-up", "--warehouse", &whole]);
    let takes = begun.elapsed();
    for at in 0..KILLS {
        let mut running = guanxi(database, data, &["warehouse", "catch-up"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(
            takes.mul_f64(f64::from(at) / f64::from(KILLS)).max(Duration::from_millis(5)),
        );
        running.kill().unwrap();
        running.wait().unwrap();
        let there = customers(&output(database, data, &["warehouse", "status"]));
        let between = before.min(after)..=before.max(after);
        assert!(between.contains(&there) && there.is_multiple_of(BATCH), "{there} after kill {at}");
    }
    // Other tests' transactions on the same server may hold the end of the log back for a while.
    for _ in 0..100 {
        if customers(&output(database, data, &["warehouse", "catch-up"])) == after {
            return;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    panic!("the warehouse does not catch up");
}

async fn a_killed_warehouse_catches_up(database: TestDatabase) {
    let folder = tempfile::TempDir::new().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let lines: String = (0..LINES).map(|n| format!("K{n},Name {n}\n")).collect();
    let file = folder.path().join("big.csv");
    fs::write(&file, format!("code,name\n{lines}")).unwrap();
    let mapping = folder.path().join("mapping.toml");
    let toml = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
                fields = { code = \"code\", name = \"name\" }\n";
    fs::write(&mapping, toml).unwrap();
    output(&database, data, &["warehouse", "catch-up"]);
    let (mapping, file) = (mapping.to_str().unwrap(), file.to_str().unwrap());
    let said = output(&database, data, &["import", "--mapping", mapping, file]);
    let job = said.lines().next().unwrap().trim().rsplit(' ').next().unwrap().to_owned();
    kill(&database, data, (0, LINES));
    output(&database, data, &["undo", &job]);
    kill(&database, data, (LINES, 0));
}
