//! What was decided about a file that could be read in several ways, with examples from it: part of the
//! preview of the import wizard, where a person can decide otherwise.

use guanxi_crm::exchange::{Certainty, Decision, Matter};
use maud::{Markup, html};

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

/// What of that is how the file is read at all: other columns may come of it.
pub(super) const OF_THE_LAYOUT: [&str; 4] = ["encoding", "delimiter", "sheet", "header_row"];

/// All decisions, each with what else could have been: part of the form of the preview.
pub(super) fn decisions(signed: &SignedIn, decisions: &[Decision]) -> Markup {
    html! {
        @if !decisions.is_empty() {
            h2 { (signed.texts.get("import-decisions")) }
            (table(signed, decisions))
            div { button class="btn" type="submit" { (signed.texts.get("import-decide")) } }
        }
    }
}

/// How the file is read at all, above its columns: open where the file does not say it clearly.
pub(super) fn layout_decisions(signed: &SignedIn, decisions: &[Decision]) -> Markup {
    let sure = |one: &Decision| matches!(one.certainty, Certainty::Clear | Certainty::Told);
    html! {
        @if !decisions.is_empty() {
            details open[!decisions.iter().all(sure)] {
                summary class="btn" { (signed.texts.get("import-decisions")) }
                (table(signed, decisions))
                button class="btn" type="submit" name="use" value="read" {
                    (signed.texts.get("import-decide"))
                }
            }
        }
    }
}

fn table(signed: &SignedIn, decisions: &[Decision]) -> Markup {
    html! {
        div class="table-responsive" { table class="table gx-table" {
            thead { tr {
                @for key in ["import-decision", "import-decided", "import-decision-why"] {
                    th { (signed.texts.get(key)) }
                }
            } }
            tbody {
                @for decision in decisions { (row(signed, decision)) }
            }
        } }
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
                    @let key = if example.readings.is_empty() { "import-decision-text" } else { "import-decision-example" };
                    (texts.format(key, &[
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
        Matter::HeaderRow if choice == "0" => signed.texts.get("import-no-header"),
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
