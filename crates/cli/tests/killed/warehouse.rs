//! A process that is killed while it brings the warehouse up to date leaves it as the database was
//! after some commit: never in between, whether rows came or an undo took them away.

use std::process::Stdio;
use std::time::{Duration, Instant};

use guanxi_testkit::{TestDatabase, both_databases};

use super::{customers_in, guanxi, output};

/// So often it is killed in each round.
const KILLS: u32 = 10;
const LINES: usize = 20_000;
/// What the import commits at once: all states that there ever were are multiples of it.
const BATCH: usize = 4_000;

both_databases!(a_killed_warehouse_catches_up);

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
    output(database, &["--data", data, "warehouse", "catch-up", "--warehouse", &whole]);
    let takes = begun.elapsed();
    for at in 0..KILLS {
        let mut running = guanxi(database, &["--data", data, "warehouse", "catch-up"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(
            takes.mul_f64(f64::from(at) / f64::from(KILLS)).max(Duration::from_millis(5)),
        );
        running.kill().unwrap();
        running.wait().unwrap();
        let there = customers(&output(database, &["--data", data, "warehouse", "status"]));
        let between = before.min(after)..=before.max(after);
        assert!(between.contains(&there) && there.is_multiple_of(BATCH), "{there} after kill {at}");
    }
    // Other tests' transactions on the same server may hold the end of the log back for a while.
    for _ in 0..100 {
        if customers(&output(database, &["--data", data, "warehouse", "catch-up"])) == after {
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
    let [mapping, file] = customers_in(folder.path(), LINES);
    output(&database, &["--data", data, "warehouse", "catch-up"]);
    let said = output(&database, &["--data", data, "import", "--mapping", &mapping, &file]);
    let job = said.lines().next().unwrap().trim().rsplit(' ').next().unwrap().to_owned();
    kill(&database, data, (0, LINES));
    output(&database, &["--data", data, "undo", &job]);
    kill(&database, data, (LINES, 0));
}
