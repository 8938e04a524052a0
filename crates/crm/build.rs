//! Tells Cargo that migrations and texts are part of the crate: they are embedded by a macro, which
//! Cargo does not see.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=../../locales");
}
