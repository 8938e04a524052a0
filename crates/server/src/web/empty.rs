//! What a list without records says: what fills it, with the one button that does.

use guanxi_record::RecordType;
use guanxi_store::Purpose;
use maud::{Markup, html};

use super::layout::icon;
use crate::signed_in::SignedIn;

/// Lists that fill by themselves: what fills them is the text `empty-<type>`, and happens here.
const BY_THEMSELVES: [(&str, &str); 8] = [
    ("customer_pair", "/insights"),
    ("customer_merge", "/customer_pair"),
    ("stage_change", "/insights"),
    ("analysis_run", "/insights"),
    ("approval_request", "/approval_rule"),
    ("approval_task", "/approvals"),
    ("notice", "/subscription"),
    ("import_job", "/import"),
];

/// Whether people make records of a type: one that has nothing to fill in is made by the product.
pub(super) fn is_made_by_hand(described: &RecordType) -> bool {
    described.fields.iter().any(|field| !field.read_only && !field.derived)
        && !matches!(&*described.name, "import_job" | "file")
}

/// What stands in the place of the rows.
pub(super) fn empty_list(signed: &SignedIn, described: &RecordType) -> Markup {
    let (texts, rights) = (signed.texts, &signed.actor.rights);
    let name = described.name.as_ref();
    let by_itself = BY_THEMSELVES.iter().find(|(known, _)| *known == name);
    if let Some((_, address)) = by_itself {
        let of = address.trim_start_matches('/');
        let is_theirs = match of {
            "insights" => guanxi_crm::insights::reads_what_is_known(&signed.actor),
            "import" | "approvals" => true,
            of => rights.may(of, Purpose::Read),
        };
        let key = format!("empty-{}", name.replace('_', "-"));
        let label = match of {
            "insights" => texts.get("insights-title"),
            "import" => texts.get("import-title"),
            "approvals" => texts.get("approval-title"),
            of => texts.type_plural(of),
        };
        return html! {
            div class="card gx-empty" {
                p { (texts.get(&key)) }
                @if is_theirs { div { a class="btn btn-primary" href=(address) { (label) } } }
            }
        };
    }
    let creates = is_made_by_hand(described) && rights.may(name, Purpose::Create);
    let imports = creates && rights.may(name, Purpose::Import);
    let key = match (creates, imports) {
        (true, true) => "ui-empty",
        (true, false) => "ui-empty-create",
        (false, _) => "ui-empty-read",
    };
    html! {
        div class="card gx-empty" {
            p { (texts.get(key)) }
            @if creates {
                div {
                    a class="btn btn-primary" href=(format!("/{name}/new")) {
                        (icon("plus")) (texts.format("ui-new", &[("type", &texts.type_label(name))]))
                    }
                    @if imports {
                        " " a class="btn" href="/import" { (icon("file-import")) (texts.get("ui-import")) }
                    }
                }
            }
        }
    }
}
