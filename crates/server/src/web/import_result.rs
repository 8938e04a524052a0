//! How far an import is and what came of it, with what can still be done about it.

use guanxi_base::RawId;
use guanxi_crm::exchange::{ImportJob, ImportStatus, Progress, why_failed};
use guanxi_record::Stored;
use guanxi_store::{Job, Purpose};
use maud::{Markup, html};

use super::format;
use super::import_preview::told;
use super::layout::icon;
use crate::app::App;
use crate::signed_in::SignedIn;

pub(super) fn result_card(
    app: &App,
    signed: &SignedIn,
    id: RawId,
    record: &Stored<ImportJob>,
    job: &Job,
) -> Markup {
    let texts = signed.texts;
    let progress: Progress = serde_json::from_value(job.progress.clone()).unwrap_or_default();
    let now = app.store.clock().now();
    let runs = matches!(record.status, ImportStatus::Queued | ImportStatus::Running);
    let here = format!("/import/{id}?part=card");
    let status = guanxi_record::Choice::code(record.status);
    let counts =
        [progress.line.to_string(), progress.lines.to_string(), progress.refused.to_string()];
    // Whoever ran it is gone, and nobody has taken it up yet.
    let is_left = record.status == ImportStatus::Running && !job.is_worked_on(now);
    html! {
        div class="card" hx-get=[runs.then_some(&here)] hx-trigger=[runs.then_some("load delay:1s")] hx-swap="outerHTML" {
            div class="card-body gx-stack" {
                p class="m-0" role="status" {
                    strong { (texts.get(&if is_left { "import-left".to_owned() } else { format!("import-job.status-{status}") })) } " "
                    (texts.format("import-progress", &[("done", &counts[0]), ("all", &counts[1]), ("refused", &counts[2])]))
                }
                progress value=(progress.line) max=(progress.lines.max(1)) aria-label=(texts.get("import-title")) {}
                @if let (true, Some(started)) = (runs && !is_left && progress.line > 0, record.started_at) {
                    @let seconds = now.duration_since(started).as_secs().max(1);
                    @let rate = (progress.line as i64 / seconds).max(1);
                    @let left = progress.lines.saturating_sub(progress.line) as i64 / rate;
                    p class="gx-muted m-0" {
                        (texts.format("import-rate", &[("rate", &rate.to_string()), ("seconds", &left.to_string())]))
                    }
                }
                @if let Some(error) = &job.error {
                    p class="alert alert-danger" { (why_failed(texts, &app.store.catalog(), error)) }
                }
                (counts_list(signed, &progress))
                (told(signed, &progress))
                @if progress.without_link > 0 {
                    p class="alert alert-warning" {
                        (texts.format("import-without-link", &[("count", &progress.without_link.to_string())]))
                    }
                }
            }
            @if record.status == ImportStatus::Done { (what_next(signed, &progress)) }
            (actions(signed, id, record, (&progress, runs, is_left)))
        }
    }
}

fn counts_list(signed: &SignedIn, progress: &Progress) -> Markup {
    let texts = signed.texts;
    html! {
        @if !progress.counts.is_empty() {
            ul class="m-0" {
                @for (name, counts) in &progress.counts {
                    li { (texts.type_plural(name)) ": "
                        (texts.format("import-counts", &[
                            ("created", &counts.created.to_string()),
                            ("updated", &counts.updated.to_string()),
                            ("unchanged", &counts.as_they_were().to_string())]))
                        @for (key, count) in [
                            ("import-counts-repeated", counts.repeated),
                            ("import-counts-left-out", counts.left_out),
                            ("import-counts-absent", counts.absent),
                        ] {
                            @if count > 0 { ", " (texts.format(key, &[("count", &count.to_string())])) }
                        }
                    }
                }
            }
        }
    }
}

/// What was made, by type: `202 customers, 725 orders`.
fn made(signed: &SignedIn, progress: &Progress) -> String {
    let texts = signed.texts;
    let done = progress.counts.iter().map(|(of, counts)| (of, counts.created + counts.updated));
    let said = done.filter(|(_, number)| *number > 0).map(|(of, number)| {
        format!(
            "{} \u{d7} {}",
            format::number(texts.locale(), &number.to_string()),
            texts.type_plural(of)
        )
    });
    said.collect::<Vec<_>>().join(", ")
}

/// Where one goes from here: to what came in, and to what comes after it.
fn what_next(signed: &SignedIn, progress: &Progress) -> Markup {
    let texts = signed.texts;
    let came = |of: &str| progress.counts.get(of).is_some_and(|one| one.created + one.updated > 0);
    let may = |of: &str, purpose| signed.actor.rights.may(of, purpose);
    html! {
        div class="card-body d-flex gap-2 flex-wrap" data-next {
            @for of in progress.counts.keys().filter(|of| came(of)) {
                a class="btn" href=(format!("/{of}?sort=-created_at")) {
                    (texts.format("import-next-records", &[("type", &texts.type_plural(of))]))
                }
            }
            @if came("order") || came("order_line") {
                @if may("analysis_run", Purpose::Create) {
                    a class="btn" href="/insights" { (icon("chart-dots")) (texts.get("import-next-analysis")) }
                }
            } @else if came("customer") && may("order", Purpose::Import) {
                a class="btn" href="/import" { (icon("file-import")) (texts.get("import-next-orders")) }
            }
        }
    }
}

fn actions(
    signed: &SignedIn,
    id: RawId,
    record: &Stored<ImportJob>,
    (progress, runs, is_left): (&Progress, bool, bool),
) -> Markup {
    let texts = signed.texts;
    let goes_on = is_left || matches!(record.status, ImportStatus::Paused | ImportStatus::Failed);
    let undo = texts.format("import-undo-confirm", &[("made", &made(signed, progress))]);
    html! {
        div class="card-footer d-flex gap-2" {
            @if runs {
                form method="post" action=(format!("/import/{id}/stop")) { button class="btn" type="submit" { (texts.get("import-stop")) } }
            }
            @if goes_on {
                form method="post" action=(format!("/import/{id}/resume")) { button class="btn" type="submit" { (texts.get("import-resume")) } }
            }
            @if matches!(record.status, ImportStatus::Done | ImportStatus::Paused | ImportStatus::Failed) {
                form method="post" action=(format!("/import/{id}/undo")) data-confirm=(undo) {
                    button class="btn" type="submit" { (icon("arrow-back-up")) (texts.get("import-undo")) }
                }
            }
            @if let Some(file) = &record.error_file {
                a class="btn" href=(format!("/import/{id}/errors")) data-file=(file.0) { (icon("download")) (texts.get("import-errors")) }
            }
            a class="btn" href=(format!("/import_job/{id}")) { (texts.get("ui-details")) }
        }
    }
}
