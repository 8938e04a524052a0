//! Processes that are killed at any moment: what they acknowledged is there, what they keep is whole.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod damaged;
mod first_start;
mod import;
mod warehouse;

use std::fs;
use std::path::Path;
use std::process::Command;

use guanxi_testkit::TestDatabase;

fn guanxi(database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guanxi"));
    command.args(arguments).env("LANG", "en_US.UTF-8").env("RUST_LOG", "warn");
    command.env("GUANXI_DATABASE", database.url());
    command
}

fn output(database: &TestDatabase, arguments: &[&str]) -> String {
    let output = guanxi(database, arguments).output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it speaks UTF-8")
}

/// Writes a file with so many customers, and how to read it: the mapping's place and the file's.
fn customers_in(folder: &Path, lines: usize) -> [String; 2] {
    let text: String = (0..lines).map(|n| format!("K{n},Name {n}\n")).collect();
    let (mapping, file) = (folder.join("mapping.toml"), folder.join("big.csv"));
    fs::write(&file, format!("code,name\n{text}")).unwrap();
    let toml = "[[records]]\ntype = \"customer\"\nmatch = [\"code\"]\n\
                fields = { code = \"code\", name = \"name\" }\n";
    fs::write(&mapping, toml).unwrap();
    [mapping, file].map(|path| path.to_str().unwrap().to_owned())
}
