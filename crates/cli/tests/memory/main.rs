//! The memory of the real program under load: a large import, whole lists as files, large pages,
//! bodies that are too large, many sign-ins at once. However much there is, no process holds more than this.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod asking;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use guanxi_testkit::{TestDatabase, both_databases};

use asking::{Server, get, post, sign_ins};

/// What a process may hold of its own at most. The file that is imported, and each that is exported,
/// is a fifth of it; SQLite's page caches may hold 250 MB, of which an import fills half, and a server on
/// PostgreSQL holds the rows of the pages that it makes at once.
const HELD_MAX: usize = 512 << 20;
/// And with what it has mapped of the database's file.
const PEAK_MAX: usize = 600 << 20;
/// So many customers are imported.
const LINES: usize = 12_000;
/// Each with so many letters about it.
const LETTERS: usize = 8_000;

both_databases!(memory_stays_within_its_bound);

fn guanxi(database: &TestDatabase, data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guanxi"));
    command.args(["--data", data.to_str().unwrap()]).args(arguments);
    command.env("LANG", "en_US.UTF-8").env("RUST_LOG", "warn");
    command.env("GUANXI_DATABASE", database.url()).env("GUANXI_PASSWORD", "a long password");
    command
}

/// A process, and the most that it held of its own. Pages of files that are only mapped are the
/// system's, which takes them back when it needs them.
pub(crate) struct Watched {
    pub(crate) child: Child,
    held: usize,
    /// With those pages, as the system counts it.
    peak: usize,
}

impl Watched {
    pub(crate) fn start(mut command: Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        Self { child, held: 0, peak: 0 }
    }

    pub(crate) fn look(&mut self) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
            number.unwrap_or(0_usize) << 10
        };
        self.held = self.held.max(field("RssAnon:"));
        self.peak = self.peak.max(field("VmHWM:"));
    }

    /// Looks at it again and again until it ends well.
    fn wait(mut self) -> [usize; 2] {
        loop {
            self.look();
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success());
                return [self.held, self.peak];
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A file with large customers, and the mapping that reads it.
fn files(folder: &Path) -> [String; 2] {
    let notes = "word ".repeat(LETTERS / 5);
    let mut text = "code,name,notes\n".to_owned();
    for line in 0..LINES {
        writeln!(text, "K{line},Name {line},{line} {notes}").unwrap();
    }
    let (mapping, file) = (folder.join("mapping.toml"), folder.join("large.csv"));
    fs::write(&file, text).unwrap();
    let toml = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
                fields = { code = \"code\", name = \"name\", notes = \"notes\" }\n";
    fs::write(&mapping, toml).unwrap();
    [mapping, file].map(|path| path.to_str().unwrap().to_owned())
}

/// A file with as many columns as a table may have, most of which nobody asks for.
fn wide_file(folder: &Path) -> String {
    const COLUMNS: usize = 500;
    let other = |text: &str| format!(",{text}").repeat(COLUMNS - 3);
    let names: String = (3..COLUMNS).map(|column| format!(",column {column}")).collect();
    let mut text = format!("code,name,notes{names}\n");
    let cells = other(&"cell ".repeat(20));
    for line in 0..1_000 {
        writeln!(text, "W{line},Wide {line},{cells}").unwrap();
    }
    let file = folder.join("wide.csv");
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// What a server holds while so many try passwords at once, each of which takes 19 MB to check: 600 would
/// take 11 GB.
fn many_sign_ins(database: &TestDatabase, data: &Path) -> [usize; 2] {
    let mut server = Server::start(guanxi(database, data, &["serve", "--listen", "127.0.0.1:0"]));
    let address = server.address.clone();
    let statuses = server.watched(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(sign_ins(&address, 600))
    });
    let with = |status: u16| statuses.iter().filter(|one| **one == status).count();
    assert!(with(401) + with(422) > 0 && with(503) > 300, "{statuses:?}");
    server.stop()
}

async fn memory_stays_within_its_bound(database: TestDatabase) {
    let folder = tempfile::TempDir::new().unwrap();
    let data = folder.path().join("data");
    let [mapping, file] = files(folder.path());
    let size = fs::metadata(&file).unwrap().len() as usize;
    let import = guanxi(&database, &data, &["import", "--mapping", &mapping, &file]);
    let mut told = vec![("import", Watched::start(import).wait())];
    let wide = wide_file(folder.path());
    let import = guanxi(&database, &data, &["import", "--mapping", &mapping, &wide]);
    told.push(("import of a wide file", Watched::start(import).wait()));
    let out = folder.path().join("out.csv");
    let export = guanxi(&database, &data, &["export", "customer", out.to_str().unwrap()]);
    told.push(("export", Watched::start(export).wait()));
    let mut server = Server::start(guanxi(&database, &data, &["serve", "--listen", "127.0.0.1:0"]));
    let token = guanxi(&database, &data, &["token", "admin@guanxi.local"]).output().unwrap();
    let token = String::from_utf8(token.stdout).unwrap().trim().to_owned();
    let (address, token) = (server.address.clone(), token.as_str());
    // A whole list as a file, twice at once.
    let path = "/api/v1/customer/export?format=csv";
    let bytes = server.watched(|| {
        std::thread::scope(|scope| {
            let again = scope.spawn(|| get(&address, token, path));
            assert_eq!(get(&address, token, path).0, 200);
            again.join().unwrap().1
        })
    });
    assert!(bytes > size, "{bytes}");
    // The largest pages, one after the other and several at once.
    let page = "/api/v1/customer?limit=1000&total=true";
    server.watched(|| {
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| assert_eq!(get(&address, token, page).0, 200));
            }
        });
    });
    // More than a page, a body or a filter may be.
    server.watched(|| {
        assert_eq!(get(&address, token, "/api/v1/customer?limit=1001").0, 422);
        let body = format!("{{\"name\":\"{}\"}}", "x".repeat(40 << 20));
        assert_eq!(post(&address, token, "/api/v1/customer", &body), 413);
        let nested = format!("{}1{}", "[".repeat(1 << 20), "]".repeat(1 << 20));
        assert!([400, 413, 422].contains(&post(&address, token, "/api/v1/customer", &nested)));
    });
    told.push(("serve", server.stop()));
    told.push(("sign-ins", many_sign_ins(&database, &data)));
    println!("{told:?}");
    for (what, [held, peak]) in told {
        let megabytes = [held >> 20, peak >> 20];
        assert!(held > 5 << 20 && held < HELD_MAX, "{what}: {megabytes:?} MB");
        assert!(peak < PEAK_MAX, "{what}: {megabytes:?} MB");
    }
}
