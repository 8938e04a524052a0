//! What somebody answers for goes to somebody else, all at once: when they leave, nothing is left
//! without an owner and nothing stays open to them. What people did stays theirs.

use guanxi_base::{Error, Id, RawId, Refusal, Result};
use guanxi_record::{
    Catalog, Choice as _, Field, Filter, Query, Record, RecordType, Row, Sort, Value,
};
use guanxi_store::{
    Actor, Held, JobState, NewJob, Purpose, Store, View, is_machine_failure, is_met,
};
use serde_json::json;

use crate::access::{Organisation, User};
use crate::authority::{ApprovalTask, TaskState, hand_on};
use crate::bulk::{Moved, STEP, change_each};

/// The queue of hand-overs that are under way.
pub const QUEUE: &str = "hand_over";

/// What would be handed over: the type, the field by which it is theirs, how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belonging {
    /// The type.
    pub record_type: String,
    /// The field.
    pub field: String,
    /// How many records, archived ones too.
    pub records: i64,
    /// Whether there are more than were counted.
    pub more: bool,
}

/// Whether a record is somebody's by this field: it names users, and not for what they did.
pub(crate) fn is_belonging(field: &Field) -> bool {
    field.kind.leads_to() == Some(User::NAME) && !field.read_only && !field.deed
}

/// Which records are somebody's, by type and field: those that they answer for, and what waits for
/// their decision.
fn of(catalog: &Catalog, user: RawId) -> Vec<(&RecordType, &str, Query)> {
    let mut all = Vec::new();
    for described in catalog.types() {
        let described: &RecordType = described;
        for field in described.fields.iter().filter(|field| is_belonging(field)) {
            let mut query = Query::of(Filter::eq(&*field.name, user.to_string()));
            query.with_archived = true;
            all.push((described, field.name.as_ref(), query));
        }
        if described.name == ApprovalTask::NAME {
            let waits = Filter::eq("state", TaskState::Waiting.code());
            let query = Query::of(Filter::eq("owner", user.to_string()).and(waits));
            all.push((described, "owner", query));
        }
    }
    all
}

/// All that somebody answers for, as a preview of `hand_over`.
///
/// # Errors
/// When the database fails.
pub async fn belongings(view: &mut View, user: RawId) -> Result<Vec<Belonging>> {
    let mut found = Vec::new();
    let catalog = view.catalog().clone();
    for (described, field, query) in of(&catalog, user) {
        let total = view.total(&described.name, &query).await?;
        if total.number > 0 {
            found.push(Belonging {
                record_type: described.name.to_string(),
                field: field.to_owned(),
                records: total.number,
                more: total.more,
            });
        }
    }
    Ok(found)
}

/// Gives all that one user answers for to another, and ends the first one's access: they may not
/// sign in any more and their sessions and tokens end. What waits for approval goes along with its
/// request; what waits for their decision waits for the other's. What may not be changed stays and
/// is told. It is a job: where the program ends on the way, whoever takes the job up goes on.
///
/// # Errors
/// `Forbidden` unless the Actor may change everything; `own-substitute` when both are the same;
/// `link-to-nothing` when the other does not work here.
pub async fn hand_over(store: &Store, actor: &Actor, from: RawId, to: RawId) -> Result<Moved> {
    if from == to {
        return Err(Refusal::field("own-substitute", "to").into());
    }
    if Organisation::of(store).await?.user(to).is_none() {
        let refusal = Refusal::field("link-to-nothing", "to").with("type", User::NAME);
        return Err(refusal.with("value", to).into());
    }
    let job = store.new_id();
    // First the door, then the desk: whoever leaves takes nothing meanwhile.
    let mut tx = store.write(&actor.clone().for_job(job)).await?;
    tx.reach_put_away();
    let mut leaving = tx.fetch::<User>(Purpose::Change, Id::new(from)).await?;
    leaving.is_active = false;
    tx.update(&leaving).await?;
    let payload = json!({ "from": from.to_string(), "to": to.to_string() });
    tx.enqueue(job, NewJob { queue: QUEUE, payload, actor: actor.user }).await?;
    tx.claim_job(job).await?;
    tx.commit().await?;
    let held = store.begin_job(job).await?.ok_or_else(|| Refusal::new("try-again"))?;
    give(store, actor, &held, (from, to)).await
}

/// Goes on with a hand-over of which the program ended: with what is still theirs.
///
/// # Errors
/// As [`hand_over`]; where the machine fails it waits to be taken up again.
pub async fn go_on(store: &Store, actor: &Actor, job: RawId) -> Result<()> {
    let Some(held) = store.begin_job(job).await? else { return Ok(()) };
    let payload = store.job(job).await?.payload;
    let user = |name: &str| payload[name].as_str().and_then(|id| id.parse::<RawId>().ok());
    let (Some(from), Some(to)) = (user("from"), user("to")) else { return Err(Error::NotFound) };
    give(store, actor, &held, (from, to)).await.map(drop)
}

/// Gives what one user answers for to another, and notes that it is done.
async fn give(
    store: &Store,
    actor: &Actor,
    held: &Held,
    (from, to): (RawId, RawId),
) -> Result<Moved> {
    let mut moved = Moved { records: 0, left: Vec::new(), job: held.job() };
    match give_all(store, actor, (from, to), &mut moved).await {
        Ok(()) => {
            store.set_job_state(held.job(), JobState::Done, None).await?;
            Ok(moved)
        }
        Err(error) if is_machine_failure(&error) || is_met(&error) => {
            store.put_off_job(held, error.to_string()).await?;
            Err(error)
        }
        Err(error) => {
            store.set_job_state(held.job(), JobState::Failed, Some(error.to_string())).await?;
            Err(error)
        }
    }
}

async fn give_all(
    store: &Store,
    actor: &Actor,
    (from, to): (RawId, RawId),
    moved: &mut Moved,
) -> Result<()> {
    store.end_sign_ins_of(from).await?;
    let of_job = actor.clone().for_job(moved.job);
    let catalog = store.catalog();
    for (described, field, query) in of(&catalog, from) {
        if described.name == ApprovalTask::NAME {
            // Not of the job: to take the rest back takes no decision from whom it waits for.
            hand_on(store, actor, (from, to), moved).await?;
            continue;
        }
        let Some(place) = described.position(field) else { continue };
        let change = |row: &Row| Some(vec![(place, instead(&row.values[place], from, to))]);
        let query = query.sorted(vec![Sort::up("id")]).limited(STEP);
        change_each(store, &of_job, (described, query), &change, moved).await?;
    }
    Ok(())
}

/// The other in the place of the one; of several, once.
fn instead(value: &Value, from: RawId, to: RawId) -> Value {
    match value {
        Value::Links(ids) => {
            let mut ids: Vec<RawId> = ids.iter().copied().filter(|id| *id != from).collect();
            if !ids.contains(&to) {
                ids.push(to);
            }
            Value::Links(ids)
        }
        _ => Value::Link(to),
    }
}
