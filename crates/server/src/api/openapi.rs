//! The OpenAPI 3.1 document, made from the descriptions: it cannot say anything else than what
//! the server does with them.

use axum::Json as JsonBody;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use guanxi_record::{Catalog, Field, Kind, RecordType, SYSTEM_FIELDS};
use guanxi_store::Purpose;
use serde_json::{Map, Value as Json, json};

use crate::app::App;
use crate::signed_in::SignedIn;

pub(crate) async fn document_answer(State(app): State<App>, signed: SignedIn) -> Response {
    let readable = |name: &str| signed.actor.rights.may(name, Purpose::Read);
    JsonBody(document(&app.store.catalog(), &readable)).into_response()
}

/// The interactive page.
pub(crate) async fn docs() -> Response {
    Html(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Guanxi API</title>\
         <script type=\"module\" src=\"/assets/rapidoc.js\"></script></head><body>\
         <rapi-doc spec-url=\"/api/openapi.json\" render-style=\"focused\" \
         show-header=\"false\" load-fonts=\"false\"></rapi-doc></body></html>",
    )
    .into_response()
}

/// The document for those record types that its reader may see.
#[must_use]
pub fn document(catalog: &Catalog, is_readable: &dyn Fn(&str) -> bool) -> Json {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    schemas.insert("Problem".to_owned(), problem_schema());
    for record_type in catalog.types().filter(|one| is_readable(&one.name)) {
        let name = record_type.name.to_string();
        let fields = fields_schema(record_type);
        let mut patch = fields.clone();
        patch["required"] = json!(["version"]);
        patch["properties"]["version"] = json!({ "type": "integer" });
        schemas.insert(format!("{name}_patch"), patch);
        schemas.insert(format!("{name}_fields"), fields);
        schemas.insert(name.clone(), record_schema(record_type));
        paths.extend(type_paths(&name));
    }
    paths.extend(general_paths());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Guanxi",
            "version": "1",
            "description": "Every record type has the same calls. Exact numbers are strings; \
                money is {amount, currency}; ids are strings of 13 characters; times are UTC. \
                A write states the version that it has read; another version answers 409.",
        },
        "servers": [{ "url": "/api/v1" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn parameter(name: &str, schema: Json, description: &str) -> Json {
    json!({ "name": name, "in": "query", "schema": schema, "description": description })
}

fn id_parameter() -> Json {
    let pattern = "^[0-9a-hjkmnp-tv-z]{13}$";
    json!({ "name": "id", "in": "path", "required": true,
            "schema": { "type": "string", "pattern": pattern } })
}

fn key_parameter() -> Json {
    json!({ "name": "Idempotency-Key", "in": "header",
            "schema": { "type": "string", "minLength": 1, "maxLength": 200 },
            "description": "The same key with the same request is done once; remembered for 90 days." })
}

fn list_parameters() -> Vec<Json> {
    vec![
        parameter(
            "q",
            json!({ "type": "string" }),
            "Words to search for; pinyin and initials too.",
        ),
        parameter("sort", json!({ "type": "string" }), "Fields by commas, `-` for descending."),
        parameter("after", json!({ "type": "string" }), "`next` of the page before."),
        parameter(
            "limit",
            json!({ "type": "integer", "minimum": 1, "maximum": 1000 }),
            "Per page.",
        ),
        parameter("total", json!({ "type": "boolean" }), "Count up to 10,000."),
        parameter("archived", json!({ "type": "boolean" }), "Archived records too."),
        parameter(
            "filter",
            json!({ "type": "string" }),
            "A condition as JSON. Simple ones are parameters: `country=China`, `total.ge=100`, \
             `status.in=new,waiting`; a value with a comma stands in quotation marks. A field of \
             the name of a parameter is asked for with its operation: `total.eq=100`.",
        ),
    ]
}

fn answers(status: &str, schema: Json) -> Json {
    let problem = json!({ "$ref": "#/components/schemas/Problem" });
    let failure = json!({ "description": "Not done",
        "content": { "application/problem+json": { "schema": problem } } });
    json!({
        status: { "description": "Done", "content": { "application/json": { "schema": schema } } },
        "default": failure,
    })
}

fn body(schema: Json) -> Json {
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn type_paths(name: &str) -> Vec<(String, Json)> {
    let one = reference(name);
    let version = json!({ "type": "object", "required": ["version"], "additionalProperties": false,
        "properties": { "version": { "type": "integer" } } });
    let list = json!({ "type": "object", "properties": {
        "items": { "type": "array", "items": one },
        "titles": { "type": "object", "additionalProperties": { "type": "string" } },
        "next": { "type": ["string", "null"] },
        "total": { "type": "object" },
    } });
    let operation = |verb: &str, more: Json| {
        let mut operation = json!({ "operationId": format!("{verb}_{name}"), "tags": [name] });
        if let (Some(operation), Json::Object(more)) = (operation.as_object_mut(), more) {
            operation.extend(more);
        }
        operation
    };
    let patch = reference(&format!("{name}_patch"));
    let put_away = |verb: &str| {
        json!({ "parameters": [id_parameter()], "post": operation(verb, json!({
            "parameters": [key_parameter()], "requestBody": body(version.clone()),
            "responses": answers("200", one.clone()) })) })
    };
    let grouped = parameter("group_by", json!({ "type": "string" }), "`country` or `date:month`.");
    let measured = parameter("measures", json!({ "type": "string" }), "`count`, `sum:total`, …");
    let bulk = json!({ "type": "object", "required": ["action"], "properties": {
        "action": { "enum": ["update", "archive", "restore"] },
        "ids": { "type": "array", "maxItems": 1000, "items": { "type": "string" } },
        "filter": { "type": "object" },
        "set": reference(&format!("{name}_fields")),
    } });
    vec![
        (
            format!("/{name}"),
            json!({
                "get": operation("list", json!({ "parameters": list_parameters(),
                    "responses": answers("200", list) })),
                "post": operation("create", json!({ "parameters": [key_parameter()],
                    "requestBody": body(reference(&format!("{name}_fields"))),
                    "responses": answers("201", one.clone()) })),
            }),
        ),
        (
            format!("/{name}/{{id}}"),
            json!({
                "parameters": [id_parameter()],
                "get": operation("get", json!({ "responses": answers("200", one.clone()) })),
                "patch": operation("update", json!({ "parameters": [key_parameter()],
                    "requestBody": body(patch), "responses": answers("200", one.clone()) })),
            }),
        ),
        (format!("/{name}/{{id}}/archive"), put_away("archive")),
        (format!("/{name}/{{id}}/restore"), put_away("restore")),
        (
            format!("/{name}/{{id}}/history"),
            json!({ "parameters": [id_parameter()],
            "get": operation("history", json!({
                "responses": answers("200", json!({ "type": "object" })) })) }),
        ),
        (
            format!("/{name}/bulk"),
            json!({ "post": operation("bulk", json!({
            "parameters": [key_parameter()], "requestBody": body(bulk),
            "responses": answers("200", json!({ "type": "object" })) })) }),
        ),
        (
            format!("/{name}/aggregate"),
            json!({ "get": operation("aggregate", json!({
            "parameters": [grouped, measured],
            "responses": answers("200", json!({ "type": "object" })) })) }),
        ),
        (
            format!("/{name}/export"),
            json!({ "get": operation("export", json!({
            "parameters": [parameter("format", json!({ "enum": ["csv", "xlsx"] }), "Of the file.")],
            "responses": { "200": { "description": "The file" } } })) }),
        ),
    ]
}

/// What is looked at of a customer to be entered.
const ENTERED: [&str; 10] = [
    "kind",
    "name",
    "phone",
    "email",
    "tax_number",
    "website",
    "address.province",
    "address.city",
    "address.district",
    "address.street",
];

fn general_paths() -> Vec<(String, Json)> {
    let any = || answers("200", json!({ "type": "object" }));
    let undo = json!({ "type": "object", "required": ["change_set"],
        "properties": { "change_set": { "type": "string" } } });
    let text = json!({ "type": "string" });
    let entered =
        ENTERED.map(|name| parameter(name, text.clone(), "Of the customer to be entered."));
    let besides = parameter("besides", text.clone(), "The id of the customer that is changed.");
    let entered: Vec<Json> = entered.into_iter().chain([besides]).collect();
    let mut undo = body(undo);
    undo["required"] = json!(false);
    let undone = parameter("change_set", text, "In the place of a body.");
    let decision = json!({ "type": "object", "required": ["decision"], "properties": {
        "decision": { "enum": ["merge", "join", "different"] },
        "survivor": { "type": "string", "description": "The id of the customer that stays." },
        "take": { "type": "object", "additionalProperties": { "type": "string" },
            "description": "For fields: the id of the customer whose value stays." },
    } });
    let upload = json!({ "required": true, "content": { "multipart/form-data": { "schema": {
        "type": "object", "required": ["file", "mapping"], "properties": {
            "file": { "type": "string", "format": "binary" },
            "mapping": { "type": "string", "description": "TOML; see the guide to imports." },
        } } } } });
    vec![
        (
            "/describe".to_owned(),
            json!({ "get": { "operationId": "describe", "responses": any() } }),
        ),
        (
            "/search".to_owned(),
            json!({ "get": { "operationId": "search", "responses": any(),
            "parameters": [parameter("q", json!({ "type": "string" }), "Words."),
                           parameter("type", json!({ "type": "string" }), "Only this type.")] } }),
        ),
        (
            "/undo".to_owned(),
            json!({ "post": { "operationId": "undo", "requestBody": undo,
            "parameters": [undone, key_parameter()], "responses": any() } }),
        ),
        (
            "/customer/alike".to_owned(),
            json!({ "get": { "operationId": "customers_alike", "parameters": entered,
                "responses": any() } }),
        ),
        (
            "/customer_pair/{id}/decide".to_owned(),
            json!({ "parameters": [id_parameter(), key_parameter()],
            "post": { "operationId": "decide_customer_pair", "requestBody": body(decision),
                "responses": any() } }),
        ),
        (
            "/customer_merge/{id}/undo".to_owned(),
            json!({ "parameters": [id_parameter(), key_parameter()],
            "post": { "operationId": "undo_customer_merge", "responses": any() } }),
        ),
        (
            "/segment/{id}/knowledge/{what}".to_owned(),
            json!({ "parameters": [id_parameter(), { "name": "what", "in": "path",
                "required": true, "schema": { "enum": ["profile", "moves", "alike"] } }],
            "get": { "operationId": "segment_knowledge", "responses": any() } }),
        ),
        (
            "/subscription/{id}/decline".to_owned(),
            json!({ "parameters": [id_parameter()],
            "post": { "operationId": "decline_subscription", "responses": any() } }),
        ),
        (
            "/chart/{id}/numbers".to_owned(),
            json!({ "parameters": [id_parameter()],
            "get": { "operationId": "chart_numbers", "responses": any() } }),
        ),
        (
            "/imports".to_owned(),
            json!({ "post": { "operationId": "import", "parameters": [key_parameter()],
            "requestBody": upload.clone(), "responses": answers("202", json!({ "type": "object" })) } }),
        ),
        (
            "/imports/examine".to_owned(),
            json!({ "post": { "operationId": "examine_import",
            "requestBody": upload, "responses": any() } }),
        ),
        (
            "/imports/{id}/{action}".to_owned(),
            json!({
            "parameters": [id_parameter(), { "name": "action", "in": "path", "required": true,
                "schema": { "enum": ["stop", "resume"] } }],
            "post": { "operationId": "stop_import", "responses": any() } }),
        ),
        (
            "/imports/{id}/undo".to_owned(),
            json!({ "parameters": [id_parameter()],
            "post": { "operationId": "undo_import", "responses": any() } }),
        ),
    ]
}

fn fields_schema(record_type: &RecordType) -> Json {
    let writable = record_type.fields.iter().filter(|field| !field.read_only);
    let properties: Map<String, Json> =
        writable.map(|field| (field.name.to_string(), field_schema(field))).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn record_schema(record_type: &RecordType) -> Json {
    let mut properties = Map::new();
    properties.insert("id".to_owned(), json!({ "type": "string" }));
    for field in SYSTEM_FIELDS.iter().chain(record_type.fields.iter()) {
        properties.insert(field.name.to_string(), field_schema(field));
    }
    json!({ "type": "object", "properties": properties })
}

fn field_schema(field: &Field) -> Json {
    let text = |more: Json| {
        let mut schema = json!({ "type": ["string", "null"] });
        if let (Some(schema), Json::Object(more)) = (schema.as_object_mut(), more) {
            schema.extend(more);
        }
        schema
    };
    match &field.kind {
        Kind::Text | Kind::LongText | Kind::Phone => {
            text(json!({ "maxLength": field.kind.longest() }))
        }
        Kind::Email => text(json!({ "format": "email" })),
        Kind::Url => text(json!({ "format": "uri" })),
        Kind::Integer => json!({ "type": ["integer", "null"] }),
        Kind::Decimal | Kind::Percent => text(json!({ "pattern": "^-?[0-9]*(\\.[0-9]+)?$" })),
        Kind::Money => json!({ "type": ["object", "null"], "required": ["amount", "currency"],
            "properties": { "amount": { "type": "string" },
                            "currency": { "type": "string", "pattern": "^[A-Z]{3}$" } } }),
        Kind::Boolean => json!({ "type": ["boolean", "null"] }),
        Kind::Date => text(json!({ "format": "date" })),
        Kind::Instant => text(json!({ "format": "date-time" })),
        Kind::Choice(options) => {
            let mut codes: Vec<Json> = options.iter().map(|code| json!(code)).collect();
            codes.push(Json::Null);
            json!({ "enum": codes })
        }
        Kind::Choices(options) => json!({ "type": ["array", "null"],
            "items": { "enum": options } }),
        Kind::Link { to, .. } => text(json!({ "description": format!("id of a {to}") })),
        Kind::Owner => text(json!({ "description": "id of a user" })),
        Kind::File => text(json!({ "description": "id of a file" })),
        Kind::Links { to } => json!({ "type": ["array", "null"], "items": { "type": "string" },
            "description": format!("ids of {to}") }),
        Kind::Address => json!({ "type": ["object", "null"], "additionalProperties": false,
            "properties": guanxi_record::Address::PARTS.iter()
                .map(|part| ((*part).to_owned(), json!({ "type": "string" })))
                .collect::<Map<_, _>>() }),
        Kind::Json => json!({}),
    }
}

fn problem_schema() -> Json {
    json!({ "type": "object", "required": ["title", "status", "code"], "properties": {
        "type": { "type": "string" }, "title": { "type": "string" },
        "status": { "type": "integer" }, "code": { "type": "string" },
        "request_id": { "type": "string" }, "current_version": { "type": "integer" },
        "errors": { "type": "array", "items": { "type": "object", "properties": {
            "code": { "type": "string" }, "field": { "type": ["string", "null"] },
            "detail": { "type": "string" } } } },
    } })
}
