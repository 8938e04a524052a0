//! The lines that an import would refuse, those of one reason together: part of the preview.

use guanxi_base::Refusal;
use guanxi_crm::exchange::RefusedLine;
use maud::{Markup, html};

use super::format;
use super::import_columns::field_words;
use crate::app::App;
use crate::signed_in::SignedIn;

/// So many reasons are shown, those of most lines first.
const REASONS_SHOWN: usize = 20;
/// So many different reasons are kept apart.
const REASONS_MAX: usize = 1_000;
/// So many lines of a reason are named.
const LINES_SHOWN: usize = 5;

/// Refused lines by their reasons.
#[derive(Default)]
pub(super) struct Refused {
    reasons: Vec<Reason>,
    /// Lines of further reasons.
    others: usize,
}

struct Reason {
    refusal: Refusal,
    lines: Vec<u64>,
    count: usize,
}

impl Refused {
    pub(super) fn add(&mut self, line: &RefusedLine) {
        for refusal in &line.refusals {
            // What is asked by itself is no list.
            if refusal.code == "twin-there" {
                continue;
            }
            let known = self.reasons.iter().position(|known| known.refusal == *refusal);
            match known {
                Some(at) => {
                    let known = &mut self.reasons[at];
                    known.count += 1;
                    if known.lines.len() < LINES_SHOWN {
                        known.lines.push(line.number);
                    }
                }
                None if self.reasons.len() < REASONS_MAX => {
                    let refusal = refusal.clone();
                    self.reasons.push(Reason { refusal, lines: vec![line.number], count: 1 });
                }
                None => self.others += 1,
            }
        }
    }

    pub(super) fn markup(&self, app: &App, signed: &SignedIn) -> Markup {
        let texts = signed.texts;
        let mut reasons: Vec<&Reason> = self.reasons.iter().collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
        let rest = reasons.iter().skip(REASONS_SHOWN).map(|reason| reason.count).sum::<usize>();
        let more = rest + self.others;
        html! {
            @if !reasons.is_empty() {
                h2 { (texts.get("import-refused-lines")) }
                ul {
                    @for reason in reasons.iter().take(REASONS_SHOWN) {
                        li {
                            strong { (where_it_is(signed, reason)) ": " }
                            @if let Some(field) = &reason.refusal.field { (field_words(app, signed, field)) ": " }
                            (texts.typed_refusal(&app.store.catalog(), &reason.refusal))
                        }
                    }
                }
                @if more > 0 {
                    p class="gx-muted" { (texts.format("import-refused-more", &[("count", &more.to_string())])) }
                }
            }
        }
    }
}

fn where_it_is(signed: &SignedIn, reason: &Reason) -> String {
    let texts = signed.texts;
    let lines: Vec<String> = reason.lines.iter().map(ToString::to_string).collect();
    if reason.count == 1 {
        return format!("{} {}", texts.get("import-error-line"), lines.join(", "));
    }
    let count = format::number(texts.locale(), &reason.count.to_string());
    let mut some = lines.join(", ");
    if reason.count > reason.lines.len() {
        some.push_str(", \u{2026}");
    }
    texts.format("import-refused-count", &[("count", &count), ("lines", &some)])
}
