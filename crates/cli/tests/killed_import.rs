//! A process that is killed in the middle of an import loses nothing that it acknowledged: the
//! import goes on where its last batch ended, or is undone.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::process::{Command, Stdio};

use guanxi_testkit::{TestDatabase, both_databases};

/// So often the import is killed.
const KILLS: u64 = 20;
const LINES: usize = 25_000;

both_databases!(a_killed_import_goes_on_and_can_be_undone);

fn guanxi(database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guanxi"));
    command.args(arguments).env("LANG", "en_US.UTF-8").env("GUANXI_DATABASE", &database.url);
    command
}

fn output(database: &TestDatabase, arguments: &[&str]) -> String {
    let output = guanxi(database, arguments).output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it speaks UTF-8")
}

async fn a_killed_import_goes_on_and_can_be_undone(database: TestDatabase) {
    let folder = tempfile::TempDir::new().unwrap();
    let lines: String = (0..LINES).map(|n| format!("K{n},Name {n}\n")).collect();
    let file = folder.path().join("big.csv");
    fs::write(&file, format!("code,name\n{lines}")).unwrap();
    let mapping = folder.path().join("mapping.toml");
    let toml = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
                fields = { code = \"code\", name = \"name\" }\n";
    fs::write(&mapping, toml).unwrap();
    let (file, mapping) = (file.to_str().unwrap(), mapping.to_str().unwrap());

    output(&database, &["migrate"]);
    let mut job = String::new();
    let mut kills = 0;
    for attempt in 0..200 {
        let first = ["import", "--mapping", mapping, file];
        let again = ["import", "--resume", job.as_str()];
        let arguments: &[&str] = if job.is_empty() { &first } else { &again };
        let mut running = guanxi(&database, arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
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
