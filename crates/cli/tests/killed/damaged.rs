//! What a disk lost or changed is told by how commands end: with 1, until it is made anew.

use std::fs;

use guanxi_testkit::{TestDatabase, both_databases};

use super::{customers_in, guanxi, output};

both_databases!(commands_over_a_damaged_warehouse_end_with_one, a_failed_analysis_ends_with_one);

/// A database with a few customers, and where its warehouse is.
fn filled(database: &TestDatabase) -> (tempfile::TempDir, String) {
    let folder = tempfile::TempDir::new().unwrap();
    let [mapping, file] = customers_in(folder.path(), 200);
    output(database, &["migrate"]);
    output(database, &["import", "--mapping", &mapping, &file]);
    let warehouse = folder.path().join("warehouse").to_str().unwrap().to_owned();
    (folder, warehouse)
}

async fn commands_over_a_damaged_warehouse_end_with_one(database: TestDatabase) {
    let (_folder, warehouse) = filled(&database);
    let command = |what: &str| ["warehouse", what, "--warehouse", &warehouse].map(str::to_owned);
    let run = |what: &str| {
        let arguments = command(what);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        guanxi(&database, &arguments).output().unwrap()
    };
    assert!(run("catch-up").status.success());
    assert!(run("status").status.success());
    let table = fs::read_dir(format!("{warehouse}/table/customer")).unwrap();
    for file in table.flatten() {
        let mut bytes = fs::read(file.path()).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(file.path(), bytes).unwrap();
    }
    let status = run("status");
    assert_eq!(status.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&status.stdout).contains("damaged"));
    assert!(String::from_utf8_lossy(&status.stderr).contains("catch-up"));
    assert!(run("catch-up").status.success());
    let status = run("status");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
}

async fn a_failed_analysis_ends_with_one(database: TestDatabase) {
    let (_folder, warehouse) = filled(&database);
    let analyse = || {
        let arguments = ["analyse", "customer-value", "--warehouse", &warehouse];
        guanxi(&database, &arguments).output().unwrap()
    };
    let good = analyse();
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    // Where its files are to go there is a file.
    fs::remove_dir_all(format!("{warehouse}/table")).unwrap();
    fs::write(format!("{warehouse}/table"), "no folder").unwrap();
    let failed = analyse();
    assert_eq!(failed.status.code(), Some(1));
    let said = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(said.contains("could not be done"), "{said}");
}
