//! What was decided about a file that could be read in several ways, with examples from it: part of the
//! preview of the import wizard, where a person can decide otherwise.

use guanxi_crm::exchange::{Decision, Matter};
use maud::{Markup, html};

use super::fields::Entries;
use super::import_preview::carried;
use crate::signed_in::SignedIn;

/// What a person may decide about the whole file.
pub(super) const DECIDED: [&str; 9] = [
    "encoding",
    "delimiter",
    "sheet",
    "header_row",
    "date_order",
    "decimal_mark",
    "currency",
    "time_zone",
    "plain_percent",
];

/// All decisions, each with what else could have been.
pub(super) fn decisions(
    signed: &SignedIn,
    entries: &Entries,
    toml: &str,
    decisions: &[Decision],
) -> Markup {
    let texts = signed.texts;
    html! {
        @if !decisions.is_empty() {
            form class="gx-stack" method="post" action="/import/preview" {
                (carried(entries, toml))
                input type="hidden" name="use" value="decide";
                h2 { (texts.get("import-decisions")) }
                table class="table gx-table" {
                    thead { tr {
                        @for key in ["import-decision", "import-decided", "import-decision-why"] {
                            th { (texts.get(key)) }
                        }
                    } }
                    tbody {
                        @for decision in decisions { (row(signed, decision)) }
                    }
                }
                button class="btn" type="submit" { (texts.get("import-decide")) }
            }
        }
    }
}

fn row(signed: &SignedIn, decision: &Decision) -> Markup {
    let texts = signed.texts;
    let code = decision.what.code();
    let name = texts.get(&format!("import-decision-{}", code.replace('_', "-")));
    let name = match &decision.column {
        Some(column) => format!("{name} ({column})"),
        None => name,
    };
    let sure = serde_json::to_value(decision.certainty).unwrap_or_default();
    let sure = format!("import-certainty-{}", sure.as_str().unwrap_or_default());
    html! {
        tr {
            td data-label=(texts.get("import-decision")) { (name) }
            td data-label=(texts.get("import-decided")) { (choice(signed, decision, &name)) }
            td data-label=(texts.get("import-decision-why")) class="gx-muted" {
                (texts.get(&sure))
                @for example in &decision.examples {
                    br;
                    (texts.format("import-decision-example", &[
                        ("line", &example.line.to_string()),
                        ("text", &example.text),
                        ("meaning", &meanings(example))]))
                }
            }
        }
    }
}

fn meanings(example: &guanxi_crm::exchange::Example) -> String {
    let all = example.readings.iter().map(|reading| reading.meaning.as_str());
    all.collect::<Vec<_>>().join(" / ")
}

/// What was chosen; a control where a person may choose otherwise for the whole file.
fn choice(signed: &SignedIn, decision: &Decision, name: &str) -> Markup {
    let code = decision.what.code();
    let chosen = decision.chosen.as_deref().unwrap_or_default();
    let shown = |choice: &str| match decision.what {
        Matter::DateOrder | Matter::PlainPercent if !choice.is_empty() => {
            signed.texts.get(&format!("import-{}", choice.replace('_', "-")))
        }
        _ => choice.to_owned(),
    };
    if decision.column.is_some() || !DECIDED.contains(&code) {
        return html! { (shown(chosen)) };
    }
    html! {
        input type="hidden" name=(format!("decided.{code}")) value=(chosen);
        @if decision.alternatives.is_empty() {
            input class="form-control" name=(format!("decide.{code}")) value=(chosen) aria-label=(name);
        } @else {
            select class="form-select" name=(format!("decide.{code}")) aria-label=(name) {
                @if decision.chosen.is_none() { option value="" { (signed.texts.get("import-decide-which")) } }
                @for one in decision.chosen.iter().chain(decision.alternatives.iter().filter(|one| **one != chosen)) {
                    option value=(one) selected[*one == chosen] { (shown(one)) }
                }
            }
        }
    }
}
