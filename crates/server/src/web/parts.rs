//! The parts of a record on its page, as the lines of an order: a grid whose cells are changed in place, and
//! a form below it that adds the next one and comes back.

use guanxi_base::Result;
use guanxi_crm::trading::is_taken;
use guanxi_record::{Field, Kind, RecordType, Row, Value};
use guanxi_store::{Purpose, Titles, View};
use maud::{Markup, html};

use super::approval_cards::{below_list, rounded};
use super::cell::cell;
use super::cells;
use super::controls::control;
use super::fields::Entries;
use super::layout::icon;
use super::once::{key_control, key_of};
use super::record::Related;
use super::{deliveries, format};
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// So many columns a grid has at most.
const COLUMNS_MAX: usize = 9;

/// What an order's page says above its fields: that nothing may be delivered, and what is below list.
pub(super) async fn order_sections(
    view: &mut View,
    signed: &SignedIn,
    row: &Row,
) -> Result<(Markup, Markup)> {
    let texts = signed.texts;
    let described = view.catalog().get("order")?.clone();
    let status = row.value(&described, "status");
    // What is sent, or given up, is not about to be promised.
    let is_ahead = matches!(status.as_text(), Some("draft" | "confirmed"));
    let is_sale = row.value(&described, "kind").as_text() == Some("sale");
    let customer = row.value(&described, "customer").as_link().filter(|_| is_ahead && is_sale);
    let held = deliveries::banner(view, signed, customer, Some(row.id)).await?;
    let below = below_list(view, row.id).await?;
    let above = html! {
        (held)
        @if let Some(below) = below {
            @let share = format!("{}\u{a0}%", format::number(texts.locale(), &rounded(below)));
            p class="alert alert-warning" data-below-list {
                (icon("tag")) " " (texts.get("order-below-list")) ": "
                (texts.format("order-below-list-by", &[("share", &share)]))
            }
        }
    };
    Ok((above, html! {}))
}

/// The columns of a grid: what is not folded away, and of the rest what any of the rows has.
fn columns<'a>(described: &'a RecordType, link: &str, rows: &[Row]) -> Vec<&'a Field> {
    let filled =
        |field: &Field| rows.iter().any(|row| !row.value(described, &field.name).is_null());
    let shown = |field: &&Field| {
        field.name != link
            && !matches!(field.kind, Kind::LongText | Kind::Json | Kind::Address | Kind::File)
            && field.name != "list_price"
            && (!field.folded || filled(field))
    };
    let title = described.fields.iter().filter(|field| field.name == described.title);
    let others = described.fields.iter().filter(|field| field.name != described.title);
    title.chain(others).filter(shown).take(COLUMNS_MAX).collect()
}

/// The parts as a grid, and the form of the next.
pub(super) fn parts_card(
    signed: &SignedIn,
    list: &Related,
    (whole, row): (&RecordType, &Row),
    titles: &Titles,
    params: &Params,
) -> Markup {
    let texts = signed.texts;
    let (part, link) = (&*list.record_type, list.link.as_str());
    let columns = columns(part, link, &list.rows);
    let label = texts.type_plural(&part.name);
    let may_create = row.archived_at.is_none()
        && signed.actor.rights.scope(&part.name, Purpose::Create).is_some();
    html! {
        section class="card" id="parts" aria-label=(label) {
            div class="gx-card-head" {
                (icon(part.icon)) h2 { (label) }
                @if may_create && !has_form(part) {
                    a class="btn btn-sm" href=(format!("/{}/new?{link}={}", part.name, row.id))
                        aria-label=(texts.format("ui-new", &[("type", &texts.type_label(&part.name))])) { (icon("plus")) }
                }
            }
            @if list.rows.is_empty() { p class="gx-empty m-0" { (texts.get("ui-none-yet")) } }
            @else {
                div class="table-responsive" tabindex="0" role="region" aria-label=(label) {
                    table class="table gx-table mb-0" data-list data-parts aria-label=(label) {
                        thead { tr {
                            @for field in &columns {
                                th scope="col" class=[cells::style(field)] { (texts.field_label(part, field)) }
                            }
                        } }
                        tbody {
                            @for (at, one) in list.rows.iter().enumerate() {
                                tr data-href=(format!("/{}/{}", part.name, one.id)) tabindex=(if at == 0 { "0" } else { "-1" }) {
                                    @for field in &columns { (cell(signed, part, field, one, titles)) }
                                }
                            }
                        }
                    }
                }
                @if list.has_more {
                    div class="card-footer" {
                        a href=(format!("/{}?{link}={}", part.name, row.id)) { (texts.get("ui-show-all")) }
                    }
                }
            }
            @if may_create && has_form(part) { (add_form(signed, (part, link), (whole, row), params)) }
        }
    }
}

/// Lines are added where they stand; parts of other things have forms of their own.
fn has_form(part: &RecordType) -> bool {
    is_taken(part, "unit_price")
}

/// The fields of a line that one fills in as it is added; the others wait in its own form.
fn is_quick(field: &Field) -> bool {
    matches!(&*field.name, "product" | "description" | "quantity" | "unit_price" | "discount")
}

fn add_form(
    signed: &SignedIn,
    (part, link): (&RecordType, &str),
    (whole, row): (&RecordType, &Row),
    params: &Params,
) -> Markup {
    let texts = signed.texts;
    let mut entries = Entries::default();
    entries.set("quantity", "1".to_owned());
    if let Value::Money(total) = row.value(whole, "total") {
        entries.set("unit_price.currency", total.currency.to_string());
    }
    let fields = part.fields.iter().filter(|field| {
        is_quick(field) && !field.read_only && signed.actor.rights.writes(&part.name, &field.name)
    });
    let title = texts.get("line-add");
    let is_again = params::one(params, "add").is_some();
    html! {
        form class="card-body border-top" method="post" action=(format!("/{}", part.name)) novalidate
            aria-label=(title) id="add" data-add=[is_again.then_some("again")] {
            (key_control(&key_of(signed, &entries)))
            input type="hidden" name=(format!("{link}.id")) value=(row.id);
            input type="hidden" name=(link) value=(row.title(whole));
            input type="hidden" name="then" value="add";
            div class="gx-form" {
                @for field in fields { (control(signed, part, field, &entries, None)) }
            }
            div class="d-flex gap-2 mt-3" {
                button class="btn btn-primary" type="submit" { (icon("plus")) (title) }
                a class="btn" href=(format!("/{}/new?{link}={}", part.name, row.id)) { (texts.get("ui-more-fields")) }
            }
        }
    }
}
