//! What is asked of whoever decides: the record, what changes, whose limit it goes beyond, what it earns.
//! Shown as far as the decider may see it, so that nobody decides blindly and nobody sees more.

use guanxi_base::{Id, RawId, Result};
use guanxi_crm::access::{Organisation, Role, User};
use guanxi_crm::authority::{ApprovalRequest, ApprovalTask, Beyond, open_request, sight_of_asked};
use guanxi_crm::sales::{Order, OrderLine};
use guanxi_crm::trading::margin;
use guanxi_record::{Aggregate, Field, Filter, Measure, Record, RecordType, Row, Stored, Value};
use guanxi_store::{FieldAccess, Purpose, Titles, View};
use maud::{Markup, html};

use super::{cells, deliveries, format};
use crate::app::App;
use crate::signed_in::SignedIn;

/// The fields of a record that tell what a request is about, whatever it changes.
const FACTS: [&str; 7] = ["customer", "total", "amount", "date", "due_date", "kind", "channel"];

/// The record, what is to change, and what speaks for and against it: for who is asked, whichever records
/// they see otherwise.
pub(super) async fn asked(
    view: &mut View,
    signed: &SignedIn,
    request: &Stored<ApprovalRequest>,
) -> Result<Markup> {
    let sight = sight_of_asked(view, request).await?;
    let rights = view.act_with(sight);
    let shown = about(view, signed, request).await;
    view.act_with(rights);
    shown
}

/// The same for who is not asked, as far as they see it.
pub(super) async fn about(
    view: &mut View,
    signed: &SignedIn,
    request: &Stored<ApprovalRequest>,
) -> Result<Markup> {
    let texts = signed.texts;
    let Ok(described) = view.catalog().get(&request.record_type).cloned() else {
        return Ok(html! {});
    };
    let id: RawId = request.record.record.parse().unwrap_or(RawId(0));
    let Ok(row) = view.row(&described.name, id, Purpose::Read).await else {
        return Ok(html! { p class="gx-muted" { (texts.get("approval-not-seen")) } });
    };
    let changes = changes(&described, request);
    let mut titles = view.link_titles(&described, std::slice::from_ref(&row)).await?;
    for (field, value) in &changes {
        if let Some(target) = field.kind.leads_to() {
            titles.extend(view.titles(target, value.links()).await?);
        }
    }
    let facts = FACTS.iter().filter_map(|name| described.fields.iter().find(|f| f.name == *name));
    let facts: Vec<&Field> = facts
        .filter(|field| changes.iter().all(|(changed, _)| changed.name != field.name))
        .filter(|field| {
            let hidden = signed.actor.rights.field(&described.name, &field.name);
            hidden < FieldAccess::Read || !row.value(&described, &field.name).is_null()
        })
        .collect();
    let beyond = beyond(view, signed, &described, &request.beyond()).await?;
    let (held, earned) = match &*described.name {
        Order::NAME => {
            let customer = row.value(&described, "customer").as_link();
            let held = deliveries::banner(view, signed, customer, Some(row.id)).await?;
            (held, earned(view, signed, row.id).await?)
        }
        _ => (html! {}, html! {}),
    };
    Ok(html! {
        (held)
        dl class="gx-fields" {
            @for field in facts {
                div {
                    dt { (texts.field_label(&described, field)) }
                    dd { (cells::field(signed, &described, field, &row, &titles)) }
                }
            }
            @for (field, new) in &changes {
                div {
                    dt { (texts.field_label(&described, field)) }
                    dd { (from_to(signed, (&described, field), (&row, new), &titles)) }
                }
            }
            (beyond)
            (earned)
        }
    })
}

/// The fields that change, with their new values.
fn changes<'a>(described: &'a RecordType, request: &ApprovalRequest) -> Vec<(&'a Field, Value)> {
    let pairs = request.change.0.as_object().into_iter().flatten();
    let changes = pairs.filter_map(|(name, json)| {
        let field = described.fields.iter().find(|field| field.name == *name)?;
        Some((field, Value::from_json(&field.kind, json).ok()?))
    });
    changes.collect()
}

fn from_to(
    signed: &SignedIn,
    (described, field): (&RecordType, &Field),
    (row, new): (&Row, &Value),
    titles: &Titles,
) -> Markup {
    if signed.actor.rights.field(&described.name, &field.name) < FieldAccess::Read {
        return cells::lock(signed);
    }
    let old = row.value(described, &field.name);
    html! {
        @if old.is_null() { "\u{2014}" } @else { (cells::value(signed, described, field, &old, titles)) }
        " \u{2192} "
        @if new.is_null() { "\u{2014}" } @else { strong { (cells::value(signed, described, field, new, titles)) } }
    }
}

/// Which limits are exceeded, and whose they are.
async fn beyond(
    view: &mut View,
    signed: &SignedIn,
    described: &RecordType,
    all: &[Beyond],
) -> Result<Markup> {
    let texts = signed.texts;
    let roles: Vec<RawId> = all.iter().filter_map(|one| one.role.parse().ok()).collect();
    let roles = view.titles(Role::NAME, &roles).await?;
    let catalog = view.catalog().clone();
    let mut parts = Vec::new();
    for one in all {
        let of = one.field_of(described);
        let Some((of, name)) = of.split_once('.') else { continue };
        let Ok(of) = catalog.get(of) else { continue };
        let Some(field) = of.field(name) else { continue };
        if !signed.actor.rights.reads_all(&of.name, &[name]) {
            continue;
        }
        let shown = |text: &str| {
            let value = Value::from_text(&field.kind, text).unwrap_or_default();
            cells::value(signed, of, field, &value, &Titles::new())
        };
        let role = one.role.parse().ok().and_then(|id: RawId| roles.get(&id).cloned());
        parts.push(html! {
            div {
                dt { (texts.format("approval-beyond", &[("field", &texts.field_label(of, field))])) }
                dd {
                    strong { (shown(&one.value)) } " "
                    (texts.get("approval-limit")) " " (shown(&one.at_most))
                    @if let Some(role) = role { " (" (role) ")" }
                }
            }
        });
    }
    Ok(html! { @for part in parts { (part) } })
}

/// What an order earns, and how far it is below what its products are listed at.
async fn earned(view: &mut View, signed: &SignedIn, order: RawId) -> Result<Markup> {
    let texts = signed.texts;
    let locale = texts.locale();
    let share =
        |share: guanxi_base::Percent| format!("{}\u{a0}%", format::number(locale, &rounded(share)));
    let margin = margin(view, order).await?;
    let below = below_list(view, order).await?;
    Ok(html! {
        @if let Some(margin) = margin {
            div {
                dt { (texts.get("approval-margin")) }
                dd { (format::money(locale, margin.amount.rounded())) " (" (share(margin.share)) ")" }
            }
        }
        @if let Some(below) = below {
            div {
                dt { (texts.get("order-below-list")) }
                dd { (texts.format("order-below-list-by", &[("share", &share(below))])) }
            }
        }
    })
}

/// To a tenth of a per cent.
pub(super) fn rounded(share: guanxi_base::Percent) -> String {
    let tenth = i128::from(guanxi_base::Percent::ONE / 10);
    let tenths = guanxi_base::divide_half_even(i128::from(share.units()), tenth);
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, rest) = (tenths.abs() / 10, tenths.abs() % 10);
    if rest == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

/// By how much the line of an order is below list that is most; `None` where none is, or nobody may know.
pub(super) async fn below_list(
    view: &mut View,
    order: RawId,
) -> Result<Option<guanxi_base::Percent>> {
    if !view.actor().rights.reads_all(OrderLine::NAME, &["order", "below_list"]) {
        return Ok(None);
    }
    let wanted = Aggregate {
        filter: Filter::eq("order", order.to_string()),
        group_by: Vec::new(),
        measures: vec![Measure::parse("max:below_list")?],
        with_archived: false,
    };
    let groups = view.aggregate(OrderLine::NAME, &wanted).await?;
    Ok(groups.into_iter().flat_map(|group| group.measures).find_map(|value| match value {
        Value::Percent(share) => Some(share),
        _ => None,
    }))
}

/// The controls by which somebody decides; `then` says where they come back to.
pub(super) fn decision_form(signed: &SignedIn, task: Id<ApprovalTask>, then: &str) -> Markup {
    let texts = signed.texts;
    let comment = format!("comment-{task}");
    let forward = format!("to-{task}");
    html! {
        form class="mt-3" method="post" action=(format!("/approvals/{task}")) {
            input type="hidden" name="then" value=(then);
            label class="form-label" for=(comment) { (texts.get("approval-comment")) }
            textarea class="form-control mb-2" id=(comment) name="comment" rows="2" {}
            div class="d-flex gap-2 flex-wrap align-items-end" {
                button class="btn btn-primary" name="decision" value="approve" type="submit" { (texts.get("approval-approve")) }
                button class="btn" name="decision" value="return" type="submit" { (texts.get("approval-return")) }
                div {
                    label class="form-label" for=(forward) { (texts.get("approval-forward")) }
                    input class="form-control" id=(forward) name="to" autocomplete="off";
                }
                button class="btn" name="decision" value="forward" type="submit" { (texts.get("approval-forward-do")) }
            }
        }
    }
}

/// Who asks, and since when.
pub(super) fn asked_since(
    signed: &SignedIn,
    request: &Stored<ApprovalRequest>,
    name: &str,
) -> String {
    let at = format::instant(signed.texts.locale(), request.created_at, &signed.actor.time_zone);
    signed.texts.format("approval-asked-since", &[("name", name), ("at", &at)])
}

/// That a record waits for approval, told on its page.
pub(super) struct Waiting {
    request: Stored<ApprovalRequest>,
    tasks: Vec<Stored<ApprovalTask>>,
    /// Which of the tasks the reader may decide.
    mine: Option<Id<ApprovalTask>>,
}

impl Waiting {
    /// The request about a record that somebody is asked about now. Asks for connections of its own.
    pub(super) async fn read(app: &App, signed: &SignedIn, record: RawId) -> Result<Option<Self>> {
        let mut view = app.store.read(&signed.actor).await?;
        let found = open_request(&mut view, record).await?;
        drop(view);
        let Some((request, tasks)) = found else { return Ok(None) };
        let mut mine = None;
        let user = signed.user.id.raw();
        if !signed.is_limited() && request.owner.map(|owner| owner.0) != Some(user) {
            let organisation = Organisation::of(&app.store).await?;
            let day = organisation.today_of(user, app.store.clock().now());
            let people = organisation.position(user, day).people;
            let is_mine = |task: &&Stored<ApprovalTask>| {
                task.owner.is_some_and(|owner| people.contains(&owner.0))
            };
            mine = tasks.iter().find(is_mine).map(|task| task.id);
        }
        Ok(Some(Self { request, tasks, mine }))
    }

    /// Says so; with the controls to decide for who may, and to take it back for who asked.
    pub(super) async fn card(&self, view: &mut View, signed: &SignedIn) -> Result<Markup> {
        let texts = signed.texts;
        let people: Vec<RawId> = self
            .tasks
            .iter()
            .map(|task| task.owner)
            .chain([self.request.owner])
            .flatten()
            .map(|owner| owner.0)
            .collect();
        let names = view.titles(User::NAME, &people).await?;
        let name = |owner: Option<guanxi_record::Owner>| {
            owner.and_then(|owner| names.get(&owner.0).cloned()).unwrap_or_default()
        };
        let who: Vec<String> = self
            .tasks
            .iter()
            .map(|task| name(task.owner))
            .filter(|name| !name.is_empty())
            .collect();
        let is_asker = self.request.owner.map(|owner| owner.0) == signed.actor.user;
        let asked = match self.mine {
            Some(_) => asked(view, signed, &self.request).await?,
            None => html! {},
        };
        Ok(html! {
            section class="card mb-3" aria-label=(texts.get("approval-in-approval")) {
                div class="card-body" {
                    p class="mb-1" {
                        span class="badge bg-warning-lt" { (texts.get("approval-in-approval")) } " "
                        (asked_since(signed, &self.request, &name(self.request.owner)))
                    }
                    @if !who.is_empty() {
                        p class="gx-muted mb-1" { (texts.format("approval-waits-for", &[("names", &who.join(", "))])) }
                    }
                    @if let Some(task) = self.mine {
                        @if let Some(reason) = &self.request.reason { blockquote { (**reason) } }
                        (asked)
                        (decision_form(signed, task, "record"))
                    }
                    @if is_asker {
                        form method="post" action=(format!("/approvals/{}/withdraw", self.request.id)) {
                            button class="btn btn-sm" type="submit" { (texts.get("approval-withdraw")) }
                        }
                    }
                }
            }
        })
    }
}
