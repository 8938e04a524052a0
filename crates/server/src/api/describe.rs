//! What there is: record types and fields in the caller's language, and the search over all.

use axum::extract::{Query as Parameters, State};
use axum::response::Response;
use guanxi_base::Result;
use guanxi_crm::text::Texts;
use guanxi_record::{Field, RecordType};
use guanxi_store::Purpose;
use serde_json::{Value as Json, json};

use super::records::respond;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

pub(crate) async fn describe(State(app): State<App>, signed: SignedIn) -> Response {
    let catalog = app.store.catalog();
    let readable = catalog
        .types()
        .filter(|described| signed.actor.rights.scope(&described.name, Purpose::Read).is_some());
    let types: Vec<Json> = readable.map(|described| type_json(signed.texts, described)).collect();
    let commands = ["create", "update", "archive", "restore", "undo", "bulk", "import", "export"];
    let label = |name: &&str| json!({ "name": name, "label": signed.texts.get(&format!("command-{name}")) });
    let answer = json!({
        "language": signed.texts.locale().tag(),
        "record_types": types,
        "commands": commands.iter().map(label).collect::<Vec<_>>(),
    });
    respond(&signed, Ok(answer))
}

fn type_json(texts: &Texts, described: &RecordType) -> Json {
    let fields = described.fields.iter().map(|field| field_json(texts, described, field));
    json!({
        "name": described.name,
        "label": texts.type_label(&described.name),
        "plural": texts.type_plural(&described.name),
        "title": described.title,
        "area": described.area,
        "part_of": described.part_of,
        "fields": fields.collect::<Vec<_>>(),
    })
}

fn field_json(texts: &Texts, described: &RecordType, field: &Field) -> Json {
    let option = |code: &std::borrow::Cow<'static, str>| json!({ "code": code, "label": texts.option_label(described, field, code) });
    let links_to = field.kind.leads_to();
    json!({
        "name": field.name,
        "label": texts.field_label(described, field),
        "kind": field.kind.name(),
        "required": field.required,
        "unique": field.unique,
        "searchable": field.searchable,
        "indexed": field.indexed,
        "personal": field.personal,
        "read_only": field.read_only,
        "custom": field.is_custom(),
        "links_to": links_to,
        "options": field.kind.options().iter().map(option).collect::<Vec<_>>(),
    })
}

/// The records that words find, best first.
pub(crate) async fn search(
    State(app): State<App>,
    signed: SignedIn,
    Parameters(params): Parameters<Params>,
) -> Response {
    const HITS_MAX: usize = 20;
    let outcome: Result<Json> = async {
        let words = params::one(&params, "q").unwrap_or_default();
        let types: Vec<&str> = params::one(&params, "type").into_iter().collect();
        let mut view = app.store.read(&signed.actor).await?;
        let hits = view.search(words, &types, HITS_MAX).await?;
        for described in view.catalog().types() {
            let of_type = hits.iter().filter(|hit| hit.record_type == described.name);
            signed.looked_at_some(&app, described, of_type.map(|hit| hit.id));
        }
        let hit = |hit: &guanxi_store::Hit| {
            json!({ "type": hit.record_type, "id": hit.id.to_string(), "title": hit.title })
        };
        Ok(json!({ "items": hits.iter().map(hit).collect::<Vec<_>>() }))
    }
    .await;
    respond(&signed, outcome)
}
