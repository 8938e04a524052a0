//! The models against figures that were published. They need the data sets of the team; where those
//! are missing, the tests say so and pass.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod churn;
mod duplicates;
mod series;
mod trials;
mod value;

use std::path::PathBuf;

pub(crate) fn data(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("GUANXI_TEST_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    eprintln!("SKIPPED: {} is not there; set GUANXI_TEST_DATA", file.display());
    None
}

pub(crate) fn near(found: f64, wanted: f64, within: f64) {
    assert!((found - wanted).abs() <= within, "{found} instead of {wanted}");
}
