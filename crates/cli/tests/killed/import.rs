//! A process that is killed in the middle of an import loses nothing that it acknowledged: the
//! import goes on where its last batch ended, or is undone.

use std::process::Stdio;

use guanxi_testkit::{TestDatabase, both_databases};

use super::{customers_in, guanxi, output};

/// So often the import is killed.
const KILLS: u64 = 20;
const LINES: usize = 25_000;

both_databases!(a_killed_import_goes_on_and_can_be_undone);

async fn a_killed_import_goes_on_and_can_be_undone(database: TestDatabase) {
    let folder = tempfile::TempDir::new().unwrap();
    let [mapping, file] = customers_in(folder.path(), LINES);
    let (mapping, file) = (mapping.as_str(), file.as_str());
    output(&database, &["migrate"]);
    let mut job = String::new();
    let mut kills = 0;
    for attempt in 0..200 {
        let first = ["import", "--mapping", mapping, file];
        let again = ["import", "--resume", job.as_str()];
        let arguments: &[&str] = if job.is_empty() { &first } else { &again };
        let mut running = guanxi(&database, arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let mut reader = std::io::BufReader::new(running.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut reader, &mut said).unwrap();
        if job.is_empty() {
            said.trim().rsplit(' ').next().unwrap().clone_into(&mut job);
        }
        if kills >= KILLS {
            assert!(running.wait().unwrap().success());
            break;
        }
        // A different moment each time: at once, in the first batches, or between two.
        let moment = std::time::Duration::from_millis(10 + attempt % 5 * 25);
        let (sender, killed) = std::sync::mpsc::channel::<()>();
        killed.recv_timeout(moment).ok();
        drop(sender);
        running.kill().unwrap();
        running.wait().unwrap();
        kills += 1;
    }
    assert_eq!(kills, KILLS);
    let csv = folder.path().join("out.csv");
    let told = output(&database, &["export", "customer", csv.to_str().unwrap()]);
    assert!(told.starts_with(&format!("{LINES} records")), "{told}");
    let undone = output(&database, &["undo", &job]);
    assert!(undone.contains(&format!("{LINES} changes undone")), "{undone}");
    let told = output(&database, &["export", "customer", csv.to_str().unwrap()]);
    assert!(told.starts_with("0 records"), "{told}");
}
