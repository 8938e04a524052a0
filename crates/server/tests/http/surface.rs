//! The API's description, kept as a snapshot: a change of the surface shows in review.

use guanxi_crm::RECORD_TYPES;
use guanxi_record::Catalog;

#[test]
fn the_openapi_document_is_the_one_we_know() {
    let document = guanxi_server::openapi_document(&Catalog::new(RECORD_TYPES, &[]));
    let paths = document["paths"].as_object().unwrap();
    let mut surface: Vec<String> = Vec::new();
    for (path, methods) in paths {
        let methods = methods.as_object().unwrap();
        let named = methods.keys().filter(|key| *key != "parameters");
        surface.extend(named.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    insta::assert_snapshot!("surface", surface.join("\n"));
    // The schemas of one type stand for all: one implementation makes them.
    insta::assert_json_snapshot!("customer", document["components"]["schemas"]["customer_fields"]);
}
