//! What somebody answers for goes to somebody else, all at once: when they leave, nothing is left
//! without an owner and nothing stays open to them.

use guanxi_base::{RawId, Refusal, Result};
use guanxi_record::{Filter, Query, Record, RecordType, Sort, Value};
use guanxi_store::{Actor, Purpose, Store, View};

use super::{Organisation, User};

/// Records of one transaction.
const BATCH: usize = 500;

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

/// The fields by which a record is somebody's. What people did stays theirs: a substitution, a
/// file or an import says who did it.
fn fields(described: &RecordType) -> impl Iterator<Item = &str> {
    let kept = matches!(&*described.name, "substitution" | "file" | "import_job");
    let fields = described.fields.iter();
    let fields = fields.filter(move |field| !kept && field.kind.leads_to() == Some(User::NAME));
    fields.map(|field| field.name.as_ref())
}

/// All that somebody answers for, as a preview of `hand_over`.
///
/// # Errors
/// When the database fails.
pub async fn belongings(view: &mut View, user: RawId) -> Result<Vec<Belonging>> {
    let mut found = Vec::new();
    let catalog = view.catalog().clone();
    for described in catalog.types() {
        for field in fields(described) {
            let mut query = Query::of(Filter::eq(field, user.to_string()));
            query.with_archived = true;
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
    }
    Ok(found)
}

/// What a hand-over did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandedOver {
    /// How many records changed hands.
    pub records: usize,
    /// The job under which all of it can be undone.
    pub job: RawId,
}

/// Gives all that one user answers for to another, and ends the first one's access: they may not
/// sign in any more and their sessions and tokens end. Goes on where it was when it is called
/// again.
///
/// # Errors
/// `Forbidden` unless the Actor may change everything; `own-substitute` when both are the same;
/// `link-to-nothing` when the other does not work here.
pub async fn hand_over(store: &Store, actor: &Actor, from: RawId, to: RawId) -> Result<HandedOver> {
    if from == to {
        return Err(Refusal::field("own-substitute", "to").into());
    }
    if Organisation::of(store).await?.user(to).is_none() {
        let refusal = Refusal::field("link-to-nothing", "to").with("type", User::NAME);
        return Err(refusal.with("value", to).into());
    }
    let job = store.new_id();
    let actor = actor.clone().for_job(job);
    // First the door, then the desk: whoever leaves takes nothing meanwhile.
    let mut tx = store.write(&actor).await?;
    tx.reach_put_away();
    let id = guanxi_base::Id::<User>::new(from);
    let mut leaving = tx.fetch::<User>(Purpose::Change, id).await?;
    leaving.is_active = false;
    tx.update(&leaving).await?;
    tx.commit().await?;
    store.end_sign_ins_of(from).await?;
    let mut records = 0;
    let catalog = store.catalog();
    for described in catalog.types() {
        for field in fields(described) {
            loop {
                let moved = move_some(store, &actor, described, field, from, to).await?;
                records += moved;
                if moved < BATCH {
                    break;
                }
            }
        }
    }
    Ok(HandedOver { records, job })
}

async fn move_some(
    store: &Store,
    actor: &Actor,
    described: &RecordType,
    field: &str,
    from: RawId,
    to: RawId,
) -> Result<usize> {
    let Some(place) = described.position(field) else { return Ok(0) };
    let mut tx = store.write(actor).await?;
    tx.reach_put_away();
    let mut query =
        Query::of(Filter::eq(field, from.to_string())).sorted(vec![Sort::up("id")]).limited(BATCH);
    query.with_archived = true;
    let rows = tx.list(&described.name, &query).await?.rows;
    for row in &rows {
        let value = match &row.values[place] {
            Value::Links(ids) => {
                let mut ids: Vec<RawId> = ids.iter().copied().filter(|id| *id != from).collect();
                if !ids.contains(&to) {
                    ids.push(to);
                }
                Value::Links(ids)
            }
            _ => Value::Link(to),
        };
        tx.update_fields(described, row.id, row.version, vec![(place, value)]).await?;
    }
    if !rows.is_empty() {
        tx.commit().await?;
    }
    Ok(rows.len())
}
