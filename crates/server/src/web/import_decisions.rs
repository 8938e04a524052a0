//! What was decided about a file that could be read in several ways, with examples from it: part of the
//! preview of the import wizard, where a person can decide otherwise.

use guanxi_crm::exchange::{Certainty, Decision, Matter};
use maud::{Markup, html};

use super::format;
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
    "identical",
];

/// What they may decide about one column, which the place of the column is added to.
pub(super) const DECIDED_OF_COLUMNS: [&str; 3] = ["plain_percent", "two_digit_years", "unit"];

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
    let name = match (&decision.column, decision.position) {
        (Some(column), _) => format!("{name} ({column})"),
        (None, Some(position)) => format!("{name} ({position})"),
        (None, None) => name,
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
                    @let key = match decision.what {
                        Matter::Identical => "import-decision-same",
                        _ if example.readings.is_empty() => "import-decision-text",
                        _ => "import-decision-example",
                    };
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

/// What a choice is called.
fn shown(signed: &SignedIn, what: Matter, choice: &str) -> String {
    let texts = signed.texts;
    match what {
        _ if choice.is_empty() => String::new(),
        Matter::DateOrder | Matter::PlainPercent => {
            texts.get(&format!("import-{}", choice.replace('_', "-")))
        }
        Matter::HeaderRow if choice == "0" => texts.get("import-no-header"),
        Matter::TwoDigitYears => texts.get(&format!("import-years-{choice}")),
        Matter::Identical => texts.get(&format!("import-identical-{choice}")),
        Matter::Unit if choice == "1" => texts.get("import-unit-one"),
        Matter::Unit => {
            let number = format::number(texts.locale(), choice);
            texts.format("import-unit", &[("number", &number)])
        }
        _ => choice.to_owned(),
    }
}

/// What was chosen; a control where a person may choose otherwise, for the whole file or a column.
fn choice(signed: &SignedIn, decision: &Decision, name: &str) -> Markup {
    let code = decision.what.code();
    let chosen = decision.chosen.as_deref().unwrap_or_default();
    let shown = |choice: &str| shown(signed, decision.what, choice);
    let key = match decision.position {
        Some(position) if DECIDED_OF_COLUMNS.contains(&code) => format!("{code}.{position}"),
        None if decision.column.is_none() && DECIDED.contains(&code) => code.to_owned(),
        _ => return html! { (shown(chosen)) },
    };
    html! {
        input type="hidden" name=(format!("decided.{key}")) value=(chosen);
        @if decision.alternatives.is_empty() {
            input class="form-control" name=(format!("decide.{key}")) value=(chosen) aria-label=(name);
        } @else {
            select class="form-select" name=(format!("decide.{key}")) aria-label=(name) {
                @if decision.chosen.is_none() { option value="" { (signed.texts.get("import-decide-which")) } }
                @for one in decision.chosen.iter().chain(decision.alternatives.iter().filter(|one| **one != chosen)) {
                    option value=(one) selected[*one == chosen] { (shown(one)) }
                }
            }
        }
    }
}
