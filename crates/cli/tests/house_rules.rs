//! The rules of the house that a compiler does not know: who may use whom, how long a file may
//! be, that every refusal has its sentence, and that no Chinese hides in the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may use whom: a crate and the crates of ours that it may name.
const MAY_USE: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("analytics", &["base"]),
    ("record-derive", &[]),
    ("record", &["base", "record-derive"]),
    ("store", &["base", "record"]),
    ("warehouse", &["base", "record"]),
    ("cluster", &["base", "record", "warehouse"]),
    ("crm", &["base", "record", "store", "analytics", "warehouse"]),
    ("server", &["base", "record", "store", "crm", "warehouse"]),
    ("cli", &["base", "record", "store", "cluster", "crm", "server", "warehouse"]),
    ("testkit", &[]),
    ("fuzz", &[]),
];

/// Inside `crm`: a module and the modules that it may name.
const MODULES_MAY_USE: &[(&str, &[&str])] = &[
    ("access", &["catalog"]),
    ("authority", &["access", "people", "sales", "trading", "delivery"]),
    ("people", &["access", "catalog"]),
    ("catalog", &[]),
    ("sales", &["access", "people", "catalog"]),
    ("billing", &["access", "people", "catalog", "sales"]),
    ("trading", &["access", "people", "catalog", "sales", "billing"]),
    ("service", &["access", "people", "catalog", "sales", "billing"]),
    ("work", &["access", "people", "catalog", "sales", "billing", "service"]),
    ("exchange", &["access", "people", "text"]),
    (
        "insights",
        &[
            "access",
            "people",
            "catalog",
            "sales",
            "billing",
            "service",
            "work",
            "text",
            "resolution",
        ],
    ),
    ("dashboards", &["access", "insights", "segments", "text"]),
    ("resolution", &["access", "people"]),
    ("segments", &["access", "people", "catalog", "sales", "service", "insights"]),
    ("delivery", &["access", "people", "dashboards", "segments", "text", "work"]),
];

const FILE_LINES_MAX: usize = 500;
const LINE_CHARACTERS_MAX: usize = 100;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[test]
fn crates_use_only_whom_they_may() {
    for (name, allowed) in MAY_USE {
        let manifest = root().join("crates").join(name).join("Cargo.toml");
        let manifest = fs::read_to_string(manifest).unwrap();
        let before_tests = manifest.split("[dev-dependencies]").next().unwrap();
        for (other, _) in MAY_USE {
            let uses = before_tests.contains(&format!("\nguanxi-{other}.workspace"));
            assert!(!uses || allowed.contains(other), "{name} may not use {other}");
        }
    }
    let known: BTreeSet<String> = MAY_USE.iter().map(|(name, _)| (*name).to_owned()).collect();
    let there = fs::read_dir(root().join("crates")).unwrap().flatten();
    let there: BTreeSet<String> =
        there.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(there, known, "say in this test whom a new crate may use");
}

#[test]
fn modules_of_the_product_use_only_whom_they_may() {
    for (module, allowed) in MODULES_MAY_USE {
        for file in rust_files(&root().join("crates/crm/src").join(module)) {
            let text = fs::read_to_string(&file).unwrap();
            for (other, _) in MODULES_MAY_USE.iter().filter(|(other, _)| other != module) {
                let uses = text.contains(&format!("crate::{other}::"));
                assert!(!uses || allowed.contains(other), "{} may not use {other}", shown(&file));
            }
        }
    }
}

#[test]
fn only_the_store_knows_sql() {
    for (name, _) in MAY_USE.iter().filter(|(name, _)| *name != "store") {
        for file in rust_files(&root().join("crates").join(name).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            for word in ["SELECT ", "INSERT INTO", "rusqlite::"] {
                let is_test_server = shown(&file).contains("testkit");
                assert!(is_test_server || !text.contains(word), "{}: {word}", shown(&file));
            }
        }
    }
}

#[test]
fn files_and_lines_are_short() {
    let mut long = Vec::new();
    for file in rust_files(&root().join("crates")) {
        let text = fs::read_to_string(&file).unwrap();
        if text.lines().count() > FILE_LINES_MAX {
            long.push(format!("{}: {} lines", shown(&file), text.lines().count()));
        }
        if !text.starts_with("//!") {
            long.push(format!("{} does not begin by saying what it is", shown(&file)));
        }
        // What a formatter cannot break, such as markup and texts, may stand a little further out.
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        if longest > LINE_CHARACTERS_MAX * 8 / 5 {
            long.push(format!("{} has a line of {longest} characters", shown(&file)));
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_refusal_has_its_sentence() {
    let texts = fs::read_to_string(root().join("locales/en/refusals.ftl")).unwrap();
    let mut lacking = BTreeSet::new();
    let is_code = |f: &&PathBuf| shown(f).contains("/src/") && !f.ends_with("tests.rs");
    for file in rust_files(&root().join("crates")).iter().filter(is_code) {
        let text = fs::read_to_string(file).unwrap();
        for start in ["Refusal::new(\"", "Refusal::field(\"", "refuse(\""] {
            for rest in text.split(start).skip(1) {
                let code = rest.split('"').next().unwrap_or_default();
                if !texts.contains(&format!("\nrefusal-{code} = ")) {
                    lacking.insert(code.to_owned());
                }
            }
        }
    }
    assert!(lacking.is_empty(), "add refusal-… to locales/: {lacking:?}");
}

#[test]
fn chinese_stands_in_locales_and_data_only() {
    let is_chinese = |c: char| matches!(c, '\u{3400}'..='\u{9fff}');
    let is_code = |f: &&PathBuf| shown(f).contains("/src/") && !f.ends_with("tests.rs");
    for file in rust_files(&root().join("crates")).iter().filter(is_code) {
        let text = fs::read_to_string(file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            assert!(is_comment || !line.chars().any(is_chinese), "{}:{}", shown(file), number + 1);
        }
    }
}

#[test]
fn no_library_has_a_licence_that_binds_us() {
    let tree = [
        "tree",
        "--workspace",
        "--all-features",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--locked",
    ];
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = std::process::Command::new(cargo)
        .args(tree)
        .args(["--format", "{p}|{l}"])
        .current_dir(root())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().count() > 100, "{}", String::from_utf8_lossy(&output.stderr));
    let free = [
        "MIT",
        "MIT-0",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "bzip2-1.0.6",
        "0BSD",
        "Unicode-3.0",
        "CC0-1.0",
        "CDLA-Permissive-2.0",
        "Unlicense",
        "BSL-1.0",
        "MPL-2.0",
    ];
    let mut others = BTreeSet::new();
    for line in text.lines() {
        let Some((package, licence)) = line.trim_end_matches(" (*)").split_once('|') else {
            continue;
        };
        // Of several that one may choose from, one is enough; of several at once, all are needed.
        let all_free = |part: &str| {
            let names = part.split(" AND ").map(|name| name.trim_matches(['(', ')', ' ']));
            names
                .into_iter()
                .all(|name| free.contains(&name.split(" WITH ").next().unwrap_or_default()))
        };
        if !licence.replace('/', " OR ").split(" OR ").any(all_free) {
            others.insert(format!("{package}: {licence}"));
        }
    }
    assert!(others.is_empty(), "look at these licences: {others:#?}");
}
