//! The form of every record type: what is required first, the rest folded.

use guanxi_base::Refusal;
use guanxi_crm::authority::may_be_allowed;
use guanxi_record::{Changes, Field, Kind, RecordType};
use guanxi_store::Titles;
use maud::{Markup, html};
use serde_json::json;

use super::cells;
use super::controls::{control, is_required};
use super::fields::Entries;
use super::form_parts;
use super::format;
use super::layout::icon;
use super::once::{key_control, key_of};
use crate::signed_in::SignedIn;

/// How a form is sent that carries no file.
pub(super) const URL_ENCODED: &str = "application/x-www-form-urlencoded";

/// What a form shows.
pub(crate) struct Form<'a> {
    pub(crate) described: &'a RecordType,
    pub(crate) entries: &'a Entries,
    pub(crate) refusals: &'a [Refusal],
    /// Where it is sent.
    pub(crate) action: String,
    /// Where "cancel" leads.
    pub(crate) back: String,
    /// The version that it changes; none when it makes a record.
    pub(crate) version: Option<i64>,
    /// What is to be said before anything is filled in.
    pub(crate) notices: &'a Markup,
    /// What somebody else changed meanwhile, and what this person wants instead.
    pub(crate) conflict: Option<&'a Changes>,
}

impl Form<'_> {
    pub(crate) fn markup(&self, signed: &SignedIn, title: &str) -> Markup {
        let texts = signed.texts;
        let rights = &signed.actor.rights;
        let shown =
            |field: &&Field| !field.read_only && rights.writes(&self.described.name, &field.name);
        let has_files = self.described.fields.iter().any(|f| shown(&f) && f.kind == Kind::File);
        let (folded, plain): (Vec<&Field>, Vec<&Field>) = self
            .described
            .fields
            .iter()
            .filter(shown)
            .partition(|field| field.folded && self.refusal(field).is_none());
        let general = self.refusals.iter().filter(|refusal| {
            let field = refusal.field.as_deref().and_then(|name| self.described.position(name));
            field.is_none_or(|place| self.described.fields[place].read_only)
        });
        // What somebody else may allow is no mistake to be corrected.
        let is_mistake = |refusal: &&Refusal| !may_be_allowed(refusal.code);
        let mistakes = self.refusals.iter().filter(is_mistake).count();
        html! {
            div class="gx-head" { h1 { (title) } }
            form class="card" method="post" action=(self.action) data-draft novalidate
                enctype=[has_files.then_some("multipart/form-data")] {
                div class="card-body" {
                    (key_control(&key_of(signed, self.entries)))
                    @if let Some(version) = self.version {
                        input type="hidden" name="version" value=(version);
                    }
                    @if form_parts::changes(self.described) {
                        // What Enter in a field means.
                        button class="visually-hidden" type="submit" tabindex="-1" aria-hidden="true" { (texts.get("ui-save")) }
                    }
                    @if self.version.is_some() && form_parts::changes(self.described) {
                        input type="hidden" name="form_id" value=(self.action.rsplit('/').next().unwrap_or_default());
                    }
                    @if !self.entries.text("then").is_empty() {
                        input type="hidden" name="then" value=(self.entries.text("then"));
                    }
                    @for refusal in general {
                        p class="alert alert-danger" role="alert" {
                            (format::sentence(&texts.refusal_of(self.described, refusal)))
                        }
                    }
                    @if mistakes > 0 {
                        p class="alert alert-danger" role="alert" {
                            (texts.format("ui-mistakes", &[("count", &mistakes.to_string())]))
                        }
                    }
                    @if self.may_be_allowed() && self.version.is_none() {
                        p class="alert alert-warning" { (texts.get("approval-draft-first")) }
                    }
                    (self.notices)
                    (self.conflict(signed))
                    (self.hints())
                    @if plain.iter().any(|field| is_required(self.described, field)) {
                        p class="gx-muted" { (texts.get("ui-required-hint")) }
                    }
                    div class="gx-form" {
                        @for field in &plain { (self.control(signed, field)) }
                    }
                    @if !folded.is_empty() {
                        details class="mt-3" {
                            summary class="btn" { (texts.get("ui-more-fields")) }
                            div class="gx-form mt-3" {
                                @for field in &folded { (self.control(signed, field)) }
                            }
                        }
                    }
                }
                div class="card-footer d-flex gap-2" {
                    button class={ "btn" @if !self.is_beyond_authority() { " btn-primary" } } type="submit" {
                        (icon("device-floppy")) (texts.get("ui-save"))
                    }
                    @if self.version.is_none() && self.described.part_of.is_some() {
                        button class="btn" type="submit" name="then" value="again" { (texts.get("ui-save-and-new")) }
                    }
                    @if self.is_beyond_authority() {
                        input class="form-control" name="approval_reason" maxlength="1000"
                            aria-label=(texts.get("approval-reason")) placeholder=(texts.get("approval-reason"));
                        button class="btn btn-primary" type="submit"
                            formaction=(format!("{}/ask-approval", self.action)) {
                            (texts.get("approval-ask"))
                        }
                    }
                    a class="btn" href=(self.back) data-cancel { (texts.get("ui-cancel")) }
                }
            }
        }
    }

    /// Where it is told, while a form is filled in, what there is to know of what stands in it: that a
    /// customer is there already, that one may not be delivered to. Sent as forms are, since an address
    /// does not hold a long one; without the files.
    fn hints(&self) -> Markup {
        let by = match &*self.described.name {
            "order" => "/order/deliveries",
            "customer" => "/customer/alike",
            _ => return html! {},
        };
        let besides = self.version.and_then(|_| self.action.rsplit('/').next());
        let besides = besides.map(|id| json!({ "besides": id }).to_string());
        html! {
            div hx-post=(by) hx-encoding=(URL_ENCODED) hx-vals=[besides]
                hx-trigger="change from:\"closest form\"" aria-live="polite" {}
        }
    }

    /// Whether somebody else may allow what this person may not decide.
    fn is_beyond_authority(&self) -> bool {
        self.may_be_allowed() && self.version.is_some()
    }

    fn may_be_allowed(&self) -> bool {
        self.refusals.iter().any(|refusal| may_be_allowed(refusal.code))
    }

    fn refusal(&self, field: &Field) -> Option<&Refusal> {
        self.refusals.iter().find(|refusal| refusal.field.as_deref() == Some(&field.name))
    }

    fn control(&self, signed: &SignedIn, field: &Field) -> Markup {
        control(signed, self.described, field, self.entries, self.refusal(field))
    }

    /// Both values of every field that somebody else changed meanwhile: the person decides.
    fn conflict(&self, signed: &SignedIn) -> Markup {
        let Some(Changes(changes)) = self.conflict else { return html! {} };
        let texts = signed.texts;
        let titles = Titles::new();
        html! {
            div class="alert alert-warning" role="alert" {
                p { (texts.get("ui-conflict")) }
                table class="table" {
                    thead { tr {
                        th { (texts.get("ui-field")) }
                        th { (texts.get("ui-stored")) }
                        th { (texts.get("ui-yours")) }
                    } }
                    tbody {
                        @for change in changes {
                            @if let Some(field) = self.described.field(&change.field) {
                                tr {
                                    th { (texts.field_label(self.described, field)) }
                                    td { (cells::value(signed, self.described, field, &change.old, &titles)) }
                                    td { (cells::value(signed, self.described, field, &change.new, &titles)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
