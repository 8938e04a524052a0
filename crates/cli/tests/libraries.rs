//! What a build needs, held against lists that a person has read: the libraries of the default build, and the
//! programs that libraries call while they are built. Both grow unseen otherwise, and with them the time until a
//! new user sees the first page.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A library that calls programs when others are built, and their Debian packages. (pkg-config
/// and prost-build are among our libraries too, but call nothing: SQLite comes with its source, Ballista with what is
/// generated.)
const CALLERS: &[(&str, &[&str])] = &[
    ("cc", &["gcc"]),
    ("cmake", &["cmake", "make", "g++"]),
    ("bindgen", &["libclang-dev"]),
    ("autotools", &["automake", "make"]),
    ("protobuf-src", &["cmake", "make", "g++"]),
    ("openssl-sys", &["libssl-dev"]),
    ("nasm-rs", &["nasm"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The names of all libraries of the program with some features.
fn libraries(features: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let tree = ["tree", "--package", "guanxi-cli", "--edges", "normal,build", "--prefix", "none"];
    let output = Command::new(cargo)
        .args(tree)
        .args(["--locked", "--target", "x86_64-unknown-linux-gnu", "--format", "{p}"])
        .args(features)
        .current_dir(root())
        .output()
        .expect("cargo is there");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names = text.lines().filter_map(|line| line.split(' ').next());
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    assert!(names.len() > 100, "{}", String::from_utf8_lossy(&output.stderr));
    names
}

#[test]
fn the_default_build_has_no_library_that_nobody_looked_at() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libraries.txt");
    let found = libraries(&[]);
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    let known: BTreeSet<String> = known.lines().map(str::to_owned).collect();
    let new: Vec<&String> = found.difference(&known).collect();
    let gone: Vec<&String> = known.difference(&found).collect();
    if std::env::var_os("UPDATE_LIBRARIES").is_some() {
        let list: String = found.iter().map(|name| format!("{name}\n")).collect();
        return std::fs::write(file, list).expect("the list can be written");
    }
    assert!(
        new.is_empty() && gone.is_empty(),
        "libraries of the default build: new {new:?}, gone {gone:?}. Is each worth the time that every first \
         build takes longer? Then run this test with UPDATE_LIBRARIES=1."
    );
}

/// The body of a function of the shell script that installs what is missing.
fn installed_by<'a>(prepare: &'a str, function: &str) -> &'a str {
    let begin = prepare.find(&format!("{function}() {{")).expect("prepare has the function");
    let body = &prepare[begin..];
    &body[..body.find("\n}").expect("the function ends")]
}

#[test]
fn programs_that_a_build_calls_are_installed() {
    let prepare = std::fs::read_to_string(root().join("prepare")).expect("prepare is there");
    let rust = installed_by(&prepare, "need_rust");
    let solver = installed_by(&prepare, "need_solver");
    for (features, installed) in [(&[][..], vec![rust]), (&["--all-features"], vec![rust, solver])]
    {
        let libraries = libraries(features);
        let is_there = |package: &&str| {
            installed.iter().any(|body| body.split_whitespace().any(|word| word == *package))
        };
        for (caller, packages) in CALLERS.iter().filter(|(caller, _)| libraries.contains(*caller)) {
            let missing: Vec<&&str> = packages.iter().filter(|one| !is_there(one)).collect();
            assert!(
                missing.is_empty(),
                "{caller} calls programs of {missing:?}, which prepare does not install ({features:?})"
            );
        }
    }
}
