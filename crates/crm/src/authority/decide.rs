//! Decides a request: agrees, gives it back, or asks somebody else. The last agreement makes the
//! change that was asked for.

use guanxi_base::{Error, Id, RawId, Refusal, Result};
use guanxi_record::{
    Choice as _, Filter, Json as JsonField, Kind, LongText, Owner, Query, Record, Stored, Value,
};
use guanxi_store::{Actor, Deed, Hold, Operation, Purpose, Store, Tx, is_machine_failure};
use serde_json::{Value as Json, json};

use super::allowed::Allowed;
use super::ask::ask_step;
use super::notify;
use super::request::{ApprovalRequest, ApprovalTask, RequestState, TaskState};
use crate::access::{Organisation, Quorum};
use crate::all_records::all;
use crate::bulk::{Left, Moved};

/// What somebody decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Approve,
    /// Not like this.
    Return,
    /// Somebody else is to decide.
    Forward(RawId),
}

/// What became of the request.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// The request.
    pub request: Stored<ApprovalRequest>,
    /// Who is asked now.
    pub asked: Vec<RawId>,
}

/// Decides a task of one's own, or of somebody for whom one stands in.
///
/// # Errors
/// `NotFound` when it is not theirs; `already-decided`; `comment-missing` for a return without a
/// word; `own-request` when they asked themselves; what the change itself is refused for.
pub async fn decide(
    store: &Store,
    actor: &Actor,
    task: RawId,
    decision: &Decision,
    comment: &str,
) -> Result<Decided> {
    let user = actor.user.ok_or(Error::Forbidden)?;
    let organisation = Organisation::of(store).await?;
    let day = organisation.today_of(user, store.clock().now());
    let mut tx = store.write(actor).await?;
    tx.act_for_them();
    let task: Id<ApprovalTask> = Id::new(task);
    // One decides after the other: the last of all who are asked must see that they are the last.
    let request = tx.fetch(Purpose::Change, task).await?.approval_request;
    tx.hold(ApprovalRequest::NAME, [request.raw()], Hold::Change).await?;
    let mut task = tx.fetch(Purpose::Change, task).await?;
    let asked = task.owner.map(|owner| owner.0).ok_or(Error::NotFound)?;
    if !organisation.position(user, day).people.contains(&asked) {
        return Err(Error::NotFound);
    }
    let mut request = tx.fetch(Purpose::Change, task.approval_request).await?;
    if request.owner == Some(Owner(user)) {
        return Err(Refusal::new("own-request").into());
    }
    if task.state != TaskState::Waiting || request.state != RequestState::Open {
        return Err(Refusal::new("already-decided").into());
    }
    let comment = Some(comment.trim()).filter(|text| !text.is_empty());
    if *decision == Decision::Return && comment.is_none() {
        return Err(Refusal::field("comment-missing", "comment").into());
    }
    task.state = match decision {
        Decision::Approve => TaskState::Approved,
        Decision::Return => TaskState::Returned,
        Decision::Forward(_) => TaskState::Forwarded,
    };
    task.comment = comment.map(|text| LongText(text.to_owned()));
    (task.decided_by, task.decided_at) = (Some(Owner(user)), Some(store.clock().now()));
    let task = tx.update(&task).await?;
    notify::waits_no_more(&mut tx, &request, asked).await?;
    let asked =
        carry_out(&mut tx, &organisation, (&task, &mut request), (decision, comment)).await?;
    tx.commit().await?;
    let detail = json!({ "request": request.id.to_string(), "decision": task.state.code() });
    let deed = Deed {
        actor: actor.clone(),
        operation: Operation::Decide,
        record_type: request.record_type.clone(),
        record: request.record.record.parse().unwrap_or(RawId(0)),
        detail: Some(detail),
    };
    store.note_deeds(&[deed]).await?;
    Ok(Decided { request, asked })
}

/// Does what was decided; who is asked now.
async fn carry_out(
    tx: &mut Tx,
    organisation: &Organisation,
    (task, request): (&Stored<ApprovalTask>, &mut Stored<ApprovalRequest>),
    (decision, comment): (&Decision, Option<&str>),
) -> Result<Vec<RawId>> {
    let asked = match decision {
        Decision::Forward(to) => {
            if Some(Owner(*to)) == request.owner || organisation.user(*to).is_none() {
                return Err(Refusal::field("own-request", "to").into());
            }
            forward(tx, organisation, (&task.record, &*request), *to).await?;
            vec![*to]
        }
        Decision::Return => {
            close_waiting(tx, request).await?;
            request.state = RequestState::Returned;
            *request = tx.update(request).await?;
            Vec::new()
        }
        Decision::Approve => approve(tx, organisation, request, task.step).await?,
    };
    if request.state != RequestState::Open {
        notify::tell_decided(tx, organisation, request, comment).await?;
    }
    Ok(asked)
}

/// Asks somebody else instead.
async fn forward(
    tx: &mut Tx,
    organisation: &Organisation,
    (task, request): (&ApprovalTask, &Stored<ApprovalRequest>),
    to: RawId,
) -> Result<()> {
    let (owner, state) = (Some(Owner(to)), TaskState::Waiting);
    let next = ApprovalTask {
        owner,
        state,
        decided_by: None,
        decided_at: None,
        comment: None,
        ..task.clone()
    };
    tx.create(&next).await?;
    notify::tell_asked(tx, organisation, request, to).await
}

/// What waits for the decision of somebody who leaves waits for that of another. What the other asked
/// for themselves goes to whoever leads them; where nobody does, it is left and told.
///
/// # Errors
/// When the database fails.
pub(crate) async fn hand_on(
    store: &Store,
    actor: &Actor,
    (from, to): (RawId, RawId),
    moved: &mut Moved,
) -> Result<()> {
    let organisation = Organisation::of(store).await?;
    let waits =
        Filter::eq("owner", from.to_string()).and(Filter::eq("state", TaskState::Waiting.code()));
    let mut view = store.read(actor).await?;
    let tasks = all::<ApprovalTask>(&mut view, Query::of(waits)).await?;
    drop(view);
    for task in tasks {
        match hand_one_on(store, actor, &organisation, (task.id, from, to)).await {
            Ok(()) => moved.records += 1,
            Err(error) if is_machine_failure(&error) => return Err(error),
            Err(Error::Refused(why)) => moved.left.push(Left {
                record_type: ApprovalTask::NAME.to_owned(),
                record: task.id.raw(),
                title: task.record.subject,
                why,
            }),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn hand_one_on(
    store: &Store,
    actor: &Actor,
    organisation: &Organisation,
    (task, from, to): (Id<ApprovalTask>, RawId, RawId),
) -> Result<()> {
    let mut tx = store.write(&actor.with_all_rights()).await?;
    let request = tx.fetch(Purpose::Change, task).await?.approval_request;
    tx.hold(ApprovalRequest::NAME, [request.raw()], Hold::Change).await?;
    let mut task = tx.fetch(Purpose::Change, task).await?;
    if task.state != TaskState::Waiting {
        return Ok(());
    }
    let request = tx.fetch(Purpose::Change, request).await?;
    let may = |one: &RawId| {
        request.owner != Some(Owner(*one)) && *one != from && organisation.user(*one).is_some()
    };
    let next = std::iter::once(to).chain(organisation.managers_of(to)).find(may);
    let next = next.ok_or_else(|| Refusal::new("own-request"))?;
    task.state = TaskState::Forwarded;
    (task.decided_by, task.decided_at) = (actor.user.map(Owner), Some(store.clock().now()));
    let task = tx.update(&task).await?;
    notify::waits_no_more(&mut tx, &request, from).await?;
    let asked = waiting(&mut tx, &request).await?;
    if asked.iter().all(|one| one.owner != Some(Owner(next))) {
        forward(&mut tx, organisation, (&task.record, &request), next).await?;
    }
    tx.commit().await.map(drop)
}

/// On to the next step once this one has agreed; the change after the last.
async fn approve(
    tx: &mut Tx,
    organisation: &Organisation,
    request: &mut Stored<ApprovalRequest>,
    step: i64,
) -> Result<Vec<RawId>> {
    let rule = request.approval_rule.map(Id::raw).ok_or(Error::NotFound)?;
    let at = usize::try_from(step).unwrap_or(0);
    let quorum = organisation.approval_steps(rule).get(at).map(|step| step.quorum);
    let waiting = waiting(tx, request).await?;
    if quorum == Some(Quorum::All) && !waiting.is_empty() {
        return Ok(Vec::new());
    }
    close_waiting(tx, request).await?;
    if let Some(asked) = ask_step(tx, organisation, request, at + 1).await? {
        request.step = step + 1;
        *request = tx.update(request).await?;
        return Ok(asked);
    }
    let record = request.record.record.parse().map_err(|_| Error::NotFound)?;
    let described = tx.catalog().get(&request.record_type)?.clone();
    let row = tx.row(&described.name, record, Purpose::Change).await?;
    let mut fields = Vec::new();
    if let Json::Object(changes) = &request.change.0 {
        for (name, json) in changes {
            let Some(place) = described.position(name) else { continue };
            let kind = &described.fields[place].kind;
            let value = Value::from_json(kind, json).map_err(Error::from)?;
            fields.push((place, led_on(tx, kind, value).await?));
        }
    }
    request.state = RequestState::Approved;
    let changed = tx.update_fields(&described, record, row.version, fields).await?;
    let allowed = Allowed::made(tx, &described, (&row, &changed), request.beyond()).await?;
    request.allowed = Some(JsonField(serde_json::to_value(&allowed).map_err(Error::internal)?));
    *request = tx.update(request).await?;
    Ok(Vec::new())
}

/// A link to what was merged since it was asked for leads to what that went into.
async fn led_on(tx: &mut Tx, kind: &Kind, value: Value) -> Result<Value> {
    let (Some(id), Some(target)) = (value.as_link(), kind.link_target()) else { return Ok(value) };
    let target = tx.catalog().get(target)?.clone();
    let successor = tx.successors_of(&target, &[id]).await?.remove(&id);
    Ok(successor.map_or(value, Value::Link))
}

async fn waiting(
    tx: &mut Tx,
    request: &Stored<ApprovalRequest>,
) -> Result<Vec<Stored<ApprovalTask>>> {
    let filter = Filter::eq("approval_request", request.id.to_string())
        .and(Filter::eq("state", TaskState::Waiting.code()));
    let rows = tx.list(ApprovalTask::NAME, &Query::of(filter).limited(1_000)).await?.rows;
    rows.into_iter().map(TryInto::try_into).collect()
}

async fn close_waiting(tx: &mut Tx, request: &Stored<ApprovalRequest>) -> Result<()> {
    for mut task in waiting(tx, request).await? {
        task.state = TaskState::Closed;
        tx.update(&task).await?;
        if let Some(owner) = task.owner {
            notify::waits_no_more(tx, request, owner.0).await?;
        }
    }
    Ok(())
}

/// Takes a request of one's own back; the record can be changed again.
///
/// # Errors
/// `NotFound` when it is not theirs; `already-decided`.
pub async fn withdraw(store: &Store, actor: &Actor, request: RawId) -> Result<()> {
    let mut tx = store.write(&actor.with_all_rights()).await?;
    let mut request: Stored<ApprovalRequest> = tx.fetch(Purpose::Change, Id::new(request)).await?;
    if request.owner.map(|owner| owner.0) != actor.user {
        return Err(Error::NotFound);
    }
    if request.state != RequestState::Open {
        return Err(Refusal::new("already-decided").into());
    }
    close_waiting(&mut tx, &request).await?;
    request.state = RequestState::Withdrawn;
    tx.update(&request).await?;
    tx.commit().await.map(drop)
}
