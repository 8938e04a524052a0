//! Checks that the web files are built, and names them after their content.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

fn main() {
    let dist = Path::new("../../web/dist");
    println!("cargo:rerun-if-changed={}", dist.display());
    let mut hasher = DefaultHasher::new();
    for name in ["app.css", "app.js", "theme.js", "icons.svg", "logo.svg", "rapidoc.js"] {
        let Ok(content) = std::fs::read(dist.join(name)) else {
            println!(
                "cargo:error=web/dist/{name} is missing: run `npm ci && npm run build` in web/"
            );
            return;
        };
        content.hash(&mut hasher);
    }
    println!("cargo:rustc-env=GUANXI_ASSETS={:x}", hasher.finish());
}
