//! A saved mapping as a table: which column fills which field, by their labels.

use guanxi_crm::exchange::Mapping;
use guanxi_record::Row;
use maud::{Markup, html};

use super::layout::icon;
use crate::signed_in::SignedIn;

/// What a mapping says; nothing where it cannot be read.
pub(super) fn mapping_table(signed: &SignedIn, row: &Row) -> Markup {
    let texts = signed.texts;
    let Ok(described) = signed.catalog.get("import_mapping") else { return html! {} };
    let text = row.value(described, "mapping");
    let Some(mapping) = text.as_text().and_then(|text| Mapping::parse(text).ok()) else {
        return html! {};
    };
    let title = texts.get("import-mapping");
    html! {
        section class="card mb-3" aria-label=(title) {
            div class="gx-card-head" { (icon("arrows-exchange")) h2 { (title) } }
            div class="table-responsive" tabindex="0" role="region" aria-label=(title) {
                table class="table table-sm mb-0" {
                    thead { tr {
                        @for key in ["import-column", "import-type", "import-field", "import-match"] {
                            th scope="col" { (texts.get(key)) }
                        }
                    } }
                    tbody {
                        @for record in &mapping.records {
                            @for (name, source) in &record.fields {
                                @let rule = source.rule();
                                @let label = signed.catalog.get(&record.record_type).ok()
                                    .and_then(|of| Some(texts.field_label(of, of.field(name)?)));
                                tr {
                                    td { (rule.column.as_deref().unwrap_or("\u{2014}")) }
                                    td { (texts.type_label(&record.record_type)) }
                                    td { (label.as_deref().unwrap_or(name)) }
                                    td { @if record.match_fields.contains(name) { (texts.get("ui-yes")) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
