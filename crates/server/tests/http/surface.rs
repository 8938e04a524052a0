//! The API's description, kept as a snapshot: a change of the surface shows in review.

use guanxi_crm::RECORD_TYPES;
use guanxi_record::Catalog;

#[test]
fn the_openapi_document_is_the_one_we_know() {
    let document = guanxi_server::openapi_document(&Catalog::new(RECORD_TYPES, &[]), &|_| true);
    let paths = document["paths"].as_object().unwrap();
    let mut surface: Vec<String> = Vec::new();
    // The calls of one type stand for all: one implementation makes them.
    let others = RECORD_TYPES.iter().filter(|other| other.name != "customer");
    let others: Vec<String> = others.map(|other| format!("/{}", other.name)).collect();
    let is_other = |path: &str| {
        others.iter().any(|other| path == other || path.starts_with(&format!("{other}/")))
    };
    for (path, methods) in paths.iter().filter(|(path, _)| !is_other(path)) {
        let methods = methods.as_object().unwrap();
        let named = methods.keys().filter(|key| *key != "parameters");
        surface.extend(named.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    insta::assert_snapshot!("surface", surface.join("\n"));
    insta::assert_json_snapshot!("customer", document["components"]["schemas"]["customer_fields"]);
}
