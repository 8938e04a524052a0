//! Weighs what a transaction changed: nobody goes beyond their authority without approval, and nothing
//! changes while it waits for one.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{Catalog, Changes, Choice as _, Filter, Query, Record};
use guanxi_store::{Changed, Operation, Purpose, Rights, Tx};

use super::allowed::Allowed;
use super::limits::{beyond_authority, limits_about};
use super::request::{ApprovalRequest, RequestState, open_about};
use crate::access::Organisation;
use crate::hand_over::is_belonging;
use crate::people::Merges;
use crate::sales::Order;
use crate::trading::{goes_to_who_ordered, held_orders, makes_no_room};

/// Refuses what goes beyond the Actor's authority; see `guanxi_store::Guard`.
pub fn guard<'a>(
    tx: &'a mut Tx,
    changed: &'a [Changed],
) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
    Box::pin(async move {
        let Some(user) = tx.actor().user else { return Ok(()) };
        let organisation = Organisation::within(tx).await?;
        let is_limited = !matches!(tx.actor().rights, Rights::All);
        let reader = tx.told_to().clone();
        // The rule looks at what the Actor may not see.
        let rights = tx.act_with(Rights::All);
        let limits = is_limited.then_some((&*organisation, user));
        let outcome = async {
            check(tx, changed, limits).await?;
            goes_to_who_ordered(tx, changed).await?;
            if is_limited {
                makes_no_room(tx, changed, &reader).await?;
            }
            may_deliver(tx, changed, &reader).await
        }
        .await;
        tx.act_with(rights);
        outcome
    })
}

/// Nothing is promised to customers who may not be delivered to, unless somebody allowed this order.
async fn may_deliver(tx: &mut Tx, changed: &[Changed], reader: &Rights) -> Result<()> {
    for (order, reasons) in held_orders(tx, changed, reader).await? {
        let row = tx.row(Order::NAME, order.id.raw(), Purpose::Read).await?;
        if !Allowed::of(tx, Order::TYPE, &row).await?.delivers(&order) {
            return Err(Error::Refused(reasons));
        }
    }
    Ok(())
}

async fn check(
    tx: &mut Tx,
    changed: &[Changed],
    limits: Option<(&Organisation, RawId)>,
) -> Result<()> {
    let catalog = tx.catalog().clone();
    let merges = Merges::among(changed);
    let (mut stay, mut weighed) = (BTreeSet::new(), BTreeSet::new());
    for one in changed.iter().filter(|one| one.operation.is_change()) {
        let counted = counted(&catalog, one)?;
        let is_part = counted.part;
        // A new record waits for nothing yet; a new part changes its whole. Who answers for it is not
        // what is decided about: who may do everything gives it to another all the same.
        let is_given = limits.is_none() && only_gives(&catalog, one);
        if (is_part || one.operation != Operation::Create) && !is_given {
            stay.extend(counted.records.iter().copied());
        }
        // Who is put away decides nothing more; a part that goes leaves another whole.
        let goes = matches!(one.operation, Operation::Archive | Operation::Remove);
        let moves = || catalog.get(&one.record_type).is_ok_and(|of| merges.only_move(of, one));
        if (is_part || !goes) && !moves() {
            let of = |record| (counted.record_type.clone(), record);
            weighed.extend(counted.records.into_iter().map(of));
        }
    }
    nothing_waits(tx, &stay).await?;
    if let Some((organisation, user)) = limits {
        for (record_type, record) in weighed {
            within_authority(tx, (organisation, user), &record_type, record).await?;
        }
    }
    Ok(())
}

/// Whether a change says but whose a record is.
fn only_gives(catalog: &Catalog, changed: &Changed) -> bool {
    let (Ok(described), Operation::Update) = (catalog.get(&changed.record_type), changed.operation)
    else {
        return false;
    };
    let Some(diff) = &changed.diff else { return false };
    let changes = Changes::from_json(described, diff);
    // What the description does not know is not looked through.
    let is_whole = diff.as_object().is_some_and(|all| all.len() == changes.0.len());
    let says_whose = |name: &str| described.field(name).is_some_and(is_belonging);
    is_whole && !changes.is_empty() && changes.0.iter().all(|change| says_whose(&change.field))
}

/// The records that a change counts for.
struct Counted {
    record_type: String,
    records: Vec<RawId>,
    part: bool,
}

/// A part counts for its whole: a discount of a line is a discount of the order. One that goes
/// elsewhere counts for the whole that it leaves as well.
fn counted(catalog: &Catalog, changed: &Changed) -> Result<Counted> {
    let described = catalog.get(&changed.record_type)?;
    let (Some((target, link)), Some(whole)) = (described.whole(), changed.whole) else {
        let records = vec![changed.record];
        return Ok(Counted { record_type: changed.record_type.clone(), records, part: false });
    };
    let diff = changed.diff.as_ref().map(|diff| Changes::from_json(described, diff));
    let changes = diff.into_iter().flat_map(|changes| changes.0);
    let ends = changes.filter(|change| change.field == link);
    let ends = ends.flat_map(|change| [change.old.as_link(), change.new.as_link()]).flatten();
    let records: BTreeSet<RawId> = ends.chain([whole]).collect();
    let records = records.into_iter().collect();
    Ok(Counted { record_type: target.to_owned(), records, part: true })
}

/// A record that waits for approval, and its parts, stay as they are.
async fn nothing_waits(tx: &mut Tx, records: &BTreeSet<RawId>) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    // One question for all: an import changes thousands, and mostly nothing waits.
    let open = Query::of(Filter::eq("state", RequestState::Open.code())).limited(1);
    if tx.list(ApprovalRequest::NAME, &open).await?.rows.is_empty() {
        return Ok(());
    }
    for record in records {
        let query = Query::of(open_about(*record)).limited(1);
        if !tx.list(ApprovalRequest::NAME, &query).await?.rows.is_empty() {
            return Err(Refusal::new("waits-for-approval").into());
        }
    }
    Ok(())
}

async fn within_authority(
    tx: &mut Tx,
    (organisation, user): (&Organisation, RawId),
    record_type: &str,
    record: RawId,
) -> Result<()> {
    let catalog = tx.catalog().clone();
    let described = catalog.get(record_type)?;
    if limits_about(organisation, &catalog, user, described).is_empty() {
        return Ok(());
    }
    let Ok(row) = tx.row(record_type, record, Purpose::Read).await else { return Ok(()) };
    let beyond = beyond_authority(tx, organisation, user, (described, &row)).await?;
    if beyond.is_empty() {
        return Ok(());
    }
    let allowed = Allowed::of(tx, described, &row).await?;
    for one in beyond {
        if allowed.covers(tx, described, &one) {
            continue;
        }
        let refusal = match described.position(&one.field) {
            Some(_) => Refusal::field("over-your-limit", &one.field),
            None => Refusal::new("over-your-limit"),
        };
        return Err(refusal
            .with("name", &one.field)
            .with("field_of", one.field_of(described))
            .with("limit", one.at_most)
            .with("value", one.value)
            .into());
    }
    Ok(())
}
