//! The preview of the import wizard: what would come of a file, which lines would be refused and why,
//! and what a person is to decide before anything is written.

use axum::response::Html;
use guanxi_base::{Refusal, Result};
use guanxi_crm::exchange::{
    self, Decision, Mapping, Plan, Progress, RefusedLine, Run, Source, Twins,
};
use maud::{Markup, html};

use super::fields::Entries;
use super::import_decisions::decisions;
use super::imports::{aside, local_copy, wizard};
use super::layout::icon;
use crate::app::App;
use crate::signed_in::SignedIn;

/// So many refused lines are shown.
const REFUSED_SHOWN: usize = 10;
/// The answers to "there is a customer of this name".
pub(super) const TWINS: [(&str, Twins); 4] = [
    ("ask", Twins::Ask),
    ("update", Twins::Update),
    ("make", Twins::Make),
    ("leave_out", Twins::LeaveOut),
];

/// What would come of an import.
pub(super) struct Preview {
    progress: Progress,
    refused: Vec<RefusedLine>,
    decisions: Vec<Decision>,
    /// What a person must decide before anything can be said about the lines.
    unsettled: Vec<Refusal>,
}

impl Preview {
    /// How many lines would make a customer of a name that is there.
    fn twins(&self) -> u64 {
        self.progress.reasons.get("twin-there").copied().unwrap_or(0)
    }

    fn names_of_twins(&self) -> Vec<&str> {
        let refusals = self.refused.iter().flat_map(|line| &line.refusals);
        let twins = refusals.filter(|refusal| refusal.code == "twin-there");
        let values = twins.flat_map(|twin| twin.args.iter().filter(|(name, _)| *name == "value"));
        values.map(|(_, value)| value.as_str()).collect()
    }
}

pub(super) async fn preview(
    app: &App,
    signed: &SignedIn,
    content: Vec<u8>,
    mapping: Mapping,
) -> Result<Preview> {
    let copy = local_copy(&content)?;
    let (catalog, hints, known) = (app.store.catalog(), mapping.hints(), mapping.clone());
    let today = app.store.clock().now().to_zoned(guanxi_base::TimeZone::UTC).date();
    let plan = aside(content, move |path| {
        Plan::new(&catalog, &known, Source::open(path, &hints)?, None, today)
    });
    let plan = plan.await?;
    let (decisions, unsettled) = (plan.decisions.clone(), plan.unsettled());
    if !unsettled.is_empty() {
        let progress = Progress { lines: plan.lines, ..Progress::default() };
        return Ok(Preview { progress, refused: Vec::new(), decisions, unsettled });
    }
    let mut refused = Vec::new();
    let watch = |_: &Progress, lines: &[RefusedLine]| {
        let room = REFUSED_SHOWN - refused.len().min(REFUSED_SHOWN);
        refused.extend(lines.iter().take(room).cloned());
    };
    let job = app.store.new_id();
    let (store, actor) = (&app.store, &signed.actor);
    let progress =
        exchange::import(store, actor, job, copy.path(), &mapping, Run::Dry, watch).await?;
    Ok(Preview { progress, refused, decisions, unsettled })
}

pub(super) fn preview_step(
    app: &App,
    signed: &SignedIn,
    entries: &Entries,
    toml: &str,
    preview: &Preview,
) -> Html<String> {
    let texts = signed.texts;
    let lines = preview.progress.lines.to_string();
    let refused = preview.progress.refused.to_string();
    let content = html! {
        div class="card" {
            div class="card-body" {
                @for question in &preview.unsettled {
                    p class="alert alert-danger" role="alert" { (texts.refusal(question)) }
                }
                @if preview.unsettled.is_empty() {
                    p { (texts.format("import-preview", &[("lines", &lines), ("refused", &refused)])) }
                    (counts_table(signed, &preview.progress))
                }
                (decisions(signed, entries, toml, &preview.decisions))
                (told(signed, &preview.progress))
                (twins_question(signed, entries, toml, preview))
                (refused_lines(app, signed, preview))
                @if preview.unsettled.is_empty() && !preview.progress.writes_anything() {
                    p class="alert alert-warning" role="alert" { (texts.get("import-nothing-to-do")) }
                }
            }
            div class="card-footer d-flex gap-2 flex-wrap" {
                form method="post" action="/import/columns" {
                    (carried(entries, toml))
                    button class="btn" type="submit" { (icon("arrow-left")) (texts.get("import-back")) }
                }
                @if preview.progress.writes_anything() {
                    form class="d-flex gap-2 flex-wrap flex-fill" method="post" action="/import/start" {
                        (carried(entries, toml))
                        input class="form-control w-auto flex-fill" name="save_as" aria-label=(texts.get("import-save-as"))
                            placeholder=(texts.get("import-save-as"));
                        button class="btn btn-primary" type="submit" { (icon("file-import")) (texts.get("import-start")) }
                    }
                }
                a class="btn" href="/import" { (texts.get("ui-cancel")) }
            }
        }
    };
    wizard(app, signed, 2, &content)
}

/// What the next step needs to know.
pub(super) fn carried(entries: &Entries, toml: &str) -> Markup {
    html! {
        @for name in ["file", "name"] {
            input type="hidden" name=(name) value=(entries.text(name));
        }
        input type="hidden" name="mapping" value=(toml);
    }
}

fn counts_table(signed: &SignedIn, progress: &Progress) -> Markup {
    let texts = signed.texts;
    html! {
        table class="table" {
            thead { tr {
                th { (texts.get("import-type")) }
                @for key in ["import-created", "import-updated", "import-unchanged", "import-repeated"] {
                    th class="gx-number" { (texts.get(key)) }
                }
            } }
            tbody {
                @for (name, counts) in &progress.counts {
                    @let left = counts.repeated + counts.left_out;
                    tr {
                        td { (texts.type_plural(name)) }
                        @for number in [counts.created, counts.updated, counts.as_they_were(), left] {
                            td class="gx-number" { (super::format::number(texts.locale(), &number.to_string())) }
                        }
                    }
                }
            }
        }
    }
}

/// What is done otherwise than a line says.
pub(super) fn told(signed: &SignedIn, progress: &Progress) -> Markup {
    let texts = signed.texts;
    html! {
        @for (code, count) in &progress.told {
            @let of_code = progress.notices.iter().filter(|notice| notice.code == *code);
            @let some = of_code.take(5).map(|notice| format!("{} ({})", notice.value, notice.line));
            p class="alert alert-info" {
                (texts.format(&format!("import-told-{code}"), &[
                    ("count", &count.to_string()),
                    ("some", &some.collect::<Vec<_>>().join(", "))]))
            }
        }
    }
}

/// Customers of names that are there: a person says once for all what is to be done.
fn twins_question(signed: &SignedIn, entries: &Entries, toml: &str, preview: &Preview) -> Markup {
    let texts = signed.texts;
    let count = preview.twins();
    let names = preview.names_of_twins().join(", ");
    html! {
        @if count > 0 {
            form class="alert alert-warning" method="post" action="/import/preview" {
                (carried(entries, toml))
                input type="hidden" name="use" value="text";
                p { (texts.format("import-twins", &[("count", &count.to_string()), ("names", &names)])) }
                div class="d-flex gap-2 flex-wrap" {
                    @for (code, twins) in TWINS {
                        @if twins != Twins::Ask {
                            button class="btn" type="submit" name="twins" value=(code) {
                                (texts.get(&format!("import-twins-{code}")))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn refused_lines(app: &App, signed: &SignedIn, preview: &Preview) -> Markup {
    let texts = signed.texts;
    html! {
        @if !preview.refused.is_empty() {
            h2 { (texts.get("import-refused-lines")) }
            ul {
                @for line in &preview.refused {
                    li {
                        strong { (texts.get("import-error-line")) " " (line.number) ": " }
                        @for refusal in &line.refusals {
                            @if let Some(field) = &refusal.field {
                                (texts.typed_field(&app.store.catalog(), field)) ": "
                            }
                            (texts.refusal(refusal)) " "
                        }
                    }
                }
            }
            @let more = preview.progress.refused.saturating_sub(preview.refused.len() as u64);
            @if more > 0 {
                p class="gx-muted" { (texts.format("import-refused-more", &[("count", &more.to_string())])) }
            }
        }
    }
}
