//! What was known about every customer after the last run, as a table of the warehouse; and what
//! follows where somebody has moved since: the history of stages, and the tasks of playbooks.

use std::collections::{HashMap, HashSet};

use guanxi_base::{Date, Error, Id, RawId, Result};
use guanxi_record::{
    Choice as _, Filter, Json as JsonField, Op, Owner, Query, Record, Row, Sort, Stored, Value,
};
use guanxi_store::{Actor, Origin, Store, Tx};
use guanxi_warehouse::{Batch, Manifest, Update, Warehouse, batch_of, is_kept};
use serde_json::Value as Json;

use super::customer_value::FIELDS;
use super::records::{AnalysisRun, Playbook, PlaybookStep, Stage, StageChange};
use crate::access::Organisation;
use crate::all_records::all;
use crate::people::{Customer, TermsRule};
use crate::service::Priority;
use crate::work::{Task, TaskStatus};

/// Publishing is tried again so often when somebody else was first.
const TRIES: usize = 5;
/// Changes of stage in one transaction.
const MOVED_AT_ONCE: usize = 2_000;

/// Customers whose knowledge is read back at once.
const REFILLED_AT_ONCE: usize = 32_768;
/// What the table is called.
pub(super) const TABLE: &str = Knowledge::NAME;

/// One customer's row of the table, whose id is theirs.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "life_stage", area = "insights")]
struct Knowledge {
    life_stage: Option<String>,
    relationship: Option<String>,
    relation_level: Option<String>,
    purchases: Option<i64>,
    revenue: Option<guanxi_base::Money>,
    first_purchase: Option<Date>,
    last_purchase: Option<Date>,
    abc: Option<String>,
    rfm: Option<String>,
    churn_risk: Option<guanxi_base::Percent>,
    expected_purchases: Option<guanxi_base::Decimal>,
    lifetime_value: Option<guanxi_base::Money>,
    cluster: Option<String>,
    chance_of_return: Option<guanxi_base::Percent>,
    value_lost: Option<guanxi_base::Money>,
    buys_soon: Option<guanxi_base::Percent>,
    payment_record: Option<String>,
    days_late: Option<guanxi_base::Decimal>,
    terms: Option<Id<TermsRule>>,
    value_score: Option<guanxi_base::Decimal>,
    fit_score: Option<guanxi_base::Decimal>,
    fit: Option<String>,
}

/// The table that stands beside that of a type: what was found out about its records.
#[must_use]
pub fn knowledge_of(record_type: &str) -> Option<&'static guanxi_record::RecordType> {
    (record_type == Customer::NAME).then_some(Knowledge::TYPE)
}

/// The tables of the warehouse: one for each record type, and `knowledge`.
#[must_use]
pub fn tables(store: &Store) -> Vec<guanxi_record::RecordType> {
    let catalog = store.catalog();
    let types = catalog.types().map(|one| &**one).filter(|one| is_kept(one));
    types.chain([Knowledge::TYPE]).cloned().collect()
}

/// The stages of all customers after the last run.
#[derive(Debug)]
pub(super) struct Before {
    places: HashMap<i64, usize>,
    stages: [(Vec<u32>, Vec<Option<&'static str>>); 3],
}

/// Reads the stages of the last run.
pub(super) async fn read(warehouse: &Warehouse, manifest: &Manifest) -> Result<Before> {
    const NAMES: [&str; 3] = ["life_stage", "relationship", "relation_level"];
    let names = ["id", NAMES[0], NAMES[1], NAMES[2]];
    let frame = warehouse.frame(manifest, Knowledge::TYPE, &names).await?;
    let places = frame.numbers("id").iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let stages = NAMES.map(|name| {
        let (codes, words) = frame.codes(name);
        let known = words.iter().map(|word| Stage::from_code(word).map(|stage| stage.code()));
        (codes.to_vec(), known.collect())
    });
    Ok(Before { places, stages })
}

impl Before {
    /// From where to where a customer has moved. Who is seen for the first time has not moved.
    pub(super) fn moves(
        &self,
        customer: RawId,
        now: [&'static str; 3],
    ) -> Vec<(&'static str, &'static str)> {
        let Some(place) = self.places.get(&customer.0) else { return Vec::new() };
        let pairs = self.stages.iter().zip(now).filter_map(|((codes, words), now)| {
            let before = words.get(*codes.get(*place)? as usize).copied().flatten()?;
            (before != now && !now.is_empty()).then_some((before, now))
        });
        pairs.collect()
    }
}

/// Rows of the table.
pub(super) fn batch(rows: &[(RawId, Vec<Value>)]) -> Result<Batch> {
    let now = guanxi_base::Timestamp::UNIX_EPOCH;
    let row = |(id, values): &(RawId, Vec<Value>)| Row {
        id: *id,
        version: 1,
        created_at: now,
        updated_at: now,
        archived_at: None,
        values: values.clone(),
    };
    let rows: Vec<Row> = rows.iter().map(row).collect();
    batch_of(Knowledge::TYPE, &rows)
}

/// Puts the table in place of the one of the last run.
pub(super) async fn publish(warehouse: &Warehouse, batches: &[Batch]) -> Result<()> {
    for _ in 0..TRIES {
        let manifest = warehouse.manifest().await?;
        let mut update = warehouse.update(&manifest);
        update.clear(Knowledge::NAME);
        update.append_batches(Knowledge::NAME, batches.to_vec()).await?;
        if update.publish(manifest.log, manifest.as_of).await?.is_some() {
            return Ok(());
        }
    }
    Err(Error::internal("other processes keep changing the warehouse"))
}

/// Puts the table together again from what the customers keep of it.
pub(super) async fn refill(store: &Store, update: &mut Update) -> Result<()> {
    update.remove(Knowledge::NAME);
    let described = store.catalog().get(Customer::NAME)?.clone();
    let (mut last, mut batches, mut held) = (RawId(i64::MIN), Vec::new(), 0);
    loop {
        let rows = store.rows_after(&described, last, REFILLED_AT_ONCE).await?;
        let Some(end) = rows.last().map(|row| row.id) else { break };
        last = end;
        let known = rows.iter().filter(|row| row.archived_at.is_none());
        let known = known.filter(|row| !row.value(&described, FIELDS[0]).is_null());
        let known: Vec<(RawId, Vec<Value>)> = known
            .map(|row| (row.id, FIELDS.map(|field| row.value(&described, field)).to_vec()))
            .collect();
        held += known.len();
        if !known.is_empty() {
            batches.push(batch(&known)?);
        }
        if held >= Update::rows_at_once() {
            update.append_batches(Knowledge::NAME, std::mem::take(&mut batches)).await?;
            held = 0;
        }
    }
    update.append_batches(Knowledge::NAME, batches).await
}

/// A customer who has moved.
pub(super) struct Moved {
    pub(super) customer: RawId,
    pub(super) stages: Vec<(&'static str, &'static str)>,
    pub(super) reason: Json,
}

/// What runs noted that died before what they found was known: they found from where to where
/// customers moved by what was known before, and so does the run after them.
async fn noted(
    store: &Store,
    last: Option<&Stored<AnalysisRun>>,
) -> Result<HashSet<(RawId, Stage, Stage)>> {
    let mut filter = Filter::everything();
    if let Some(as_of) = last.and_then(|run| run.as_of) {
        filter = Filter::compare("created_at", Op::Gt, as_of.to_string());
    }
    let mut view = store.read(&Actor::system(Origin::Job)).await?;
    let changes = all::<StageChange>(&mut view, Query::of(filter)).await?;
    let known = last.map(|run| run.id);
    let left = changes.iter().filter(|one| known.is_none() || one.analysis_run != known);
    Ok(left.map(|one| (one.customer.raw(), one.from_stage, one.to_stage)).collect())
}

/// Notes who has moved, and gives the tasks of the playbooks to whom they concern. What a run noted
/// that died after it is not noted twice; `last` is the last run that is done.
pub(super) async fn follow(
    store: &Store,
    (run, last): (Id<AnalysisRun>, Option<&Stored<AnalysisRun>>),
    date: Date,
    moved: Vec<Moved>,
) -> Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    let noted = noted(store, last).await?;
    let actor = Actor::system(Origin::Job);
    let organisation = Organisation::of(store).await?;
    let described = store.catalog().get(Customer::NAME)?.clone();
    for chunk in moved.chunks(MOVED_AT_ONCE) {
        let mut tx = store.write(&actor).await?;
        let plays = plays(&mut tx).await?;
        let ids: Vec<RawId> = chunk.iter().map(|one| one.customer).collect();
        let mut owners = HashMap::new();
        for ids in ids.chunks(500) {
            for row in tx.rows_by_ids(&described, ids, guanxi_store::Purpose::Read).await? {
                owners.insert(row.id, row.value(&described, "owner").as_link());
            }
        }
        for one in chunk {
            // Gone meanwhile.
            let Some(owner) = owners.get(&one.customer) else { continue };
            for (from, to) in &one.stages {
                let (Some(from), Some(to)) = (Stage::from_code(from), Stage::from_code(to)) else {
                    continue;
                };
                if noted.contains(&(one.customer, from, to)) {
                    continue;
                }
                let change = StageChange {
                    customer: Id::new(one.customer),
                    from_stage: from,
                    to_stage: to,
                    date,
                    reason: Some(JsonField(one.reason.clone())),
                    analysis_run: Some(run),
                };
                tx.create(&change).await?;
                for step in plays.get(&to).into_iter().flatten() {
                    let role = step.role.map(Id::raw);
                    let people = role.map(|role| organisation.people_of_role(role));
                    let of_role = people.and_then(|people| people.first().copied());
                    tx.create(&task(step, one.customer, of_role.or(*owner), date)).await?;
                }
            }
        }
        tx.commit().await?;
    }
    Ok(())
}

/// The steps of the playbooks that are followed, by stage.
async fn plays(tx: &mut Tx) -> Result<HashMap<Stage, Vec<PlaybookStep>>> {
    let active = Query::of(Filter::eq("is_active", true));
    let mut plays: HashMap<Stage, Vec<PlaybookStep>> = HashMap::new();
    for play in all::<Playbook>(tx, active).await? {
        let steps = Query::of(Filter::eq("playbook", play.id.to_string()));
        let steps = steps.sorted(vec![Sort::up("position")]);
        for step in all::<PlaybookStep>(tx, steps).await? {
            plays.entry(play.stage).or_default().push(step.record);
        }
    }
    Ok(plays)
}

fn task(step: &PlaybookStep, customer: RawId, owner: Option<RawId>, date: Date) -> Task {
    let days = guanxi_base::Span::new().try_days(step.due_days.clamp(0, 3_650)).unwrap_or_default();
    Task {
        subject: step.subject.clone(),
        customer: Some(Id::new(customer)),
        contact: None,
        case: None,
        due_date: Some(date.saturating_add(days)),
        priority: Priority::Normal,
        status: TaskStatus::Open,
        owner: owner.map(Owner),
        notes: step.notes.clone(),
    }
}
