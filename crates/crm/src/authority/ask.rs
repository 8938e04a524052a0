//! Asks for approval of a change: finds the chain that fits, and whom its first step asks.

use std::collections::BTreeSet;

use guanxi_base::{Error, Id, RawId, Refusal, Result};
use guanxi_record::{
    Choice as _, Filter, Json, Kind, LongText, Owner, Query, Record, RecordType, Row, Stored, Value,
};
use guanxi_store::{Actor, Hold, Origin, Purpose, Rights, Store, View};
use serde_json::{Map, Value as JsonValue};

use super::limits::beyond_authority;
use super::notify;
use super::request::{ApprovalRequest, ApprovalTask, RequestState, TaskState, open_about};
use crate::access::{ApprovalStep, ApproverKind, Organisation};
use crate::all_records::all;
use crate::kept_condition::kept_condition;

/// Asks for approval of new values of some fields of a record. From then on the record stays as it
/// is until somebody decides.
///
/// # Errors
/// `Forbidden` when the Actor may not change the record; `waits-for-approval` when it does already;
/// `no-approval-rule` when no chain fits; `no-approver` when a step has nobody to ask.
pub async fn ask(
    store: &Store,
    actor: &Actor,
    record_type: &str,
    (id, version): (RawId, i64),
    fields: Vec<(usize, Value)>,
    reason: &str,
) -> Result<(Stored<ApprovalRequest>, Vec<RawId>)> {
    let user = actor.user.ok_or(Error::Forbidden)?;
    let described = store.catalog().get(record_type)?.clone();
    let organisation = Organisation::of(store).await?;
    // As it would be: what the chain's condition looks at. It is rolled back again.
    let mut trial = store.write(actor).await?;
    let old = trial.row(record_type, id, Purpose::Change).await?;
    trial.update_fields(&described, id, version, fields.clone()).await?;
    let asker = trial.act_with(Rights::All);
    let mut rule = None;
    for candidate in organisation.approval_rules(record_type) {
        let fits = match &candidate.condition {
            Some(text) => {
                let condition = kept_condition(&mut trial, record_type, text).await?;
                trial.passes(record_type, id, &condition).await?
            }
            None => true,
        };
        if fits {
            rule = Some(candidate.clone());
            break;
        }
    }
    let beyond = match asker {
        Rights::All => Vec::new(),
        _ => {
            let row = trial.row(record_type, id, Purpose::Read).await?;
            beyond_authority(&mut trial, &organisation, user, (&described, &row)).await?
        }
    };
    drop(trial);
    let rule = rule.ok_or_else(|| Refusal::new("no-approval-rule"))?;
    let mut tx = store.write(&actor.with_all_rights()).await?;
    // Whoever else asks about it, or changes it, is done before or comes after.
    tx.hold(record_type, [id], Hold::Change).await?;
    if !tx.list(ApprovalRequest::NAME, &Query::of(open_about(id)).limited(1)).await?.rows.is_empty()
    {
        return Err(Refusal::new("waits-for-approval").into());
    }
    let request = ApprovalRequest {
        subject: old.title(&described),
        record_type: record_type.to_owned(),
        record: id.to_string(),
        change: Json(changes(&described, &old, &fields)),
        owner: Some(Owner(user)),
        reason: Some(reason.trim()).filter(|r| !r.is_empty()).map(|r| LongText(r.to_owned())),
        approval_rule: Some(rule.id),
        step: 0,
        state: RequestState::Open,
        beyond: Some(Json(serde_json::to_value(&beyond).map_err(Error::internal)?)),
        allowed: None,
    };
    let request = tx.create(&request).await?;
    let asked = ask_step(&mut tx, &organisation, &request, 0).await?;
    let asked = asked.ok_or_else(|| Refusal::new("no-approver"))?;
    tx.commit().await?;
    Ok((request, asked))
}

/// The fields that change, with their new values.
fn changes(described: &RecordType, old: &Row, fields: &[(usize, Value)]) -> JsonValue {
    let changed = fields.iter().filter(|(place, value)| old.values.get(*place) != Some(value));
    let pairs = changed
        .filter_map(|(place, value)| {
            Some((described.fields.get(*place)?.name.to_string(), value.to_json()))
        })
        .collect::<Map<_, _>>();
    JsonValue::Object(pairs)
}

/// Asks whom a step names; `None` when there is no such step.
pub(super) async fn ask_step(
    tx: &mut guanxi_store::Tx,
    organisation: &Organisation,
    request: &Stored<ApprovalRequest>,
    step: usize,
) -> Result<Option<Vec<RawId>>> {
    let rule = request.approval_rule.map(Id::raw).ok_or(Error::NotFound)?;
    let steps = organisation.approval_steps(rule);
    let Some(of) = steps.get(step) else { return Ok(None) };
    let asker = request.owner.map(|owner| owner.0).ok_or(Error::NotFound)?;
    let approvers = approvers(organisation, of, asker);
    if approvers.is_empty() {
        return Err(Refusal::new("no-approver").into());
    }
    for approver in &approvers {
        let task = ApprovalTask {
            approval_request: request.id,
            subject: request.subject.clone(),
            owner: Some(Owner(*approver)),
            step: i64::try_from(step).unwrap_or(i64::MAX),
            state: TaskState::Waiting,
            decided_by: None,
            decided_at: None,
            comment: None,
        };
        tx.create(&task).await?;
        notify::tell_asked(tx, organisation, request, *approver).await?;
    }
    Ok(Some(approvers))
}

/// Whom a step asks: never whoever asks. Where that leaves nobody, their manager.
fn approvers(organisation: &Organisation, step: &ApprovalStep, asker: RawId) -> Vec<RawId> {
    let managers = organisation.managers_of(asker);
    let up = usize::try_from(step.levels_up.unwrap_or(1).max(1) - 1).unwrap_or(0);
    let named: Vec<RawId> = match step.approver {
        // Who has fewer levels above them is approved by the highest.
        ApproverKind::Manager => {
            managers.get(up).or(managers.last()).copied().into_iter().collect()
        }
        ApproverKind::Role => {
            step.role.map(|role| organisation.people_of_role(role.raw())).unwrap_or_default()
        }
        ApproverKind::People => step.people.iter().map(|person| person.raw()).collect(),
    };
    let mut fit: Vec<RawId> = named
        .into_iter()
        .filter(|person| *person != asker && organisation.user(*person).is_some())
        .collect();
    if fit.is_empty() {
        fit.extend(managers.iter().copied().find(|one| organisation.user(*one).is_some()));
    }
    fit
}

/// The waiting tasks that somebody may decide: their own and those of whom they stand in for.
///
/// # Errors
/// When the database fails.
pub async fn waiting_for(store: &Store, user: RawId) -> Result<Vec<Stored<ApprovalTask>>> {
    let organisation = Organisation::of(store).await?;
    let people =
        organisation.position(user, organisation.today_of(user, store.clock().now())).people;
    let filter =
        Filter::one_of("owner", people).and(Filter::eq("state", TaskState::Waiting.code()));
    let mut view = store.read(&Actor::system(Origin::Web)).await?;
    let rows = view.list(ApprovalTask::NAME, &Query::of(filter).limited(100)).await?.rows;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The files that a record will name once somebody agrees: nothing else names them until then.
///
/// # Errors
/// When the database fails.
pub async fn awaited_files(store: &Store) -> Result<BTreeSet<RawId>> {
    let mut view = store.read(&Actor::system(Origin::Job)).await?;
    let open = Filter::eq("state", RequestState::Open.code());
    let mut files = BTreeSet::new();
    for request in all::<ApprovalRequest>(&mut view, Query::of(open)).await? {
        let Ok(described) = view.catalog().get(&request.record_type) else { continue };
        let named = described.fields.iter().filter(|field| field.kind == Kind::File);
        let named = named.filter_map(|field| request.change.0[&*field.name].as_str());
        files.extend(named.filter_map(|id| id.parse::<RawId>().ok()));
    }
    Ok(files)
}

/// The request about a record that waits for a decision, with who is asked now; for whoever sees the
/// record.
///
/// # Errors
/// When the database fails.
pub async fn open_request(
    view: &mut View,
    record: RawId,
) -> Result<Option<(Stored<ApprovalRequest>, Vec<Stored<ApprovalTask>>)>> {
    let rights = view.act_with(Rights::All);
    let outcome = async {
        let query = Query::of(open_about(record)).limited(1);
        let found = view.list(ApprovalRequest::NAME, &query).await?.rows.into_iter().next();
        let Some(request) = found else { return Ok(None) };
        let request: Stored<ApprovalRequest> = request.try_into()?;
        let waiting = Filter::eq("approval_request", request.id.to_string())
            .and(Filter::eq("state", TaskState::Waiting.code()));
        let rows = view.list(ApprovalTask::NAME, &Query::of(waiting).limited(100)).await?.rows;
        let tasks = rows.into_iter().map(TryInto::try_into).collect::<Result<_>>()?;
        Ok(Some((request, tasks)))
    }
    .await;
    view.act_with(rights);
    outcome
}
