//! A first start that is killed at any moment is made good by the next: somebody can sign in, and the
//! demo data that were asked for are there, once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use guanxi_testkit::{TestDatabase, both_databases};

use super::{guanxi, output};

/// At so many moments it is killed.
const KILLS: u32 = 8;
const CUSTOMERS: usize = 60;
/// Longer than a start takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

both_databases!(a_killed_first_start_is_made_good);

struct Starting(Child);

impl Drop for Starting {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn start(database: &TestDatabase, data: &Path) -> Starting {
    let customers = CUSTOMERS.to_string();
    let mut command = guanxi(database, &["serve", "--listen", "127.0.0.1:0", "--demo"]);
    command.args(["--demo-customers", &customers]).arg("--data").arg(data);
    command.env_remove("GUANXI_PASSWORD").stdout(Stdio::piped()).stderr(Stdio::null());
    Starting(command.spawn().unwrap())
}

/// Where it serves, once it does.
fn ready(starting: &mut Starting) -> String {
    let out = BufReader::new(starting.0.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    loop {
        let line = lines.recv_timeout(PATIENCE).expect("the server starts");
        if let Some(address) = line.strip_prefix("Guanxi is ready: http://") {
            return address.to_owned();
        }
    }
}

/// The first line of the answer to a sign-in with what the operator finds in the folder.
fn sign_in(address: &str, data: &Path) -> String {
    let kept = std::fs::read_to_string(data.join("first-password.txt")).unwrap();
    let (email, password) = kept.trim().split_once(' ').unwrap();
    let form = format!("email={}&password={password}", email.replace('@', "%40"));
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /login HTTP/1.1\r\nhost: {address}\r\nsec-fetch-site: same-origin\r\n\
         connection: close\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

fn check(database: &TestDatabase, data: &Path, moment: Duration) {
    let mut starting = start(database, data);
    let address = ready(&mut starting);
    let answer = sign_in(&address, data);
    assert!(answer.contains("303"), "killed after {moment:?}: {answer}");
    let out = data.join("out.csv");
    let out = out.to_str().unwrap();
    let data = data.to_str().unwrap();
    for (of, number) in [("customer", CUSTOMERS), ("company", 1), ("user", 7)] {
        let told = output(database, &["export", of, out, "--data", data]);
        assert!(told.starts_with(&format!("{number} records")), "after {moment:?}: {of} {told}");
    }
}

async fn another(database: &TestDatabase) -> TestDatabase {
    match database.url().starts_with("sqlite:") {
        true => TestDatabase::sqlite(),
        false => TestDatabase::postgres(),
    }
}

async fn a_killed_first_start_is_made_good(database: TestDatabase) {
    let folder = tempfile::TempDir::new().unwrap();
    let whole = folder.path().join("whole");
    let begun = Instant::now();
    ready(&mut start(&database, &whole));
    let takes = begun.elapsed();
    check(&database, &whole, takes);
    for at in 0..KILLS {
        let database = another(&database).await;
        let data = folder.path().join(at.to_string());
        // Once, and once more a little later each time.
        for part in [f64::from(at) + 0.5, f64::from(at) * 0.7] {
            let moment = takes.mul_f64(part / f64::from(KILLS));
            let mut starting = start(&database, &data);
            std::thread::sleep(moment);
            starting.0.kill().unwrap();
            starting.0.wait().unwrap();
        }
        check(&database, &data, takes.mul_f64((f64::from(at) + 0.5) / f64::from(KILLS)));
    }
    // Only their owner reads what is kept there.
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&whole), 0o700);
    for file in ["first-password.txt", "secret.key"] {
        assert_eq!(mode(&whole.join(file)), 0o600, "{file}");
    }
}
