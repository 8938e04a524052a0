//! To whom an invoice for an order may go: to who ordered, or to who owns or controls them. Else what one
//! customer owes would be gone as soon as another is asked for it.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_base::{Id, RawId, Refusal, Result};
use guanxi_record::{Filter, Query, Record, Stored};
use guanxi_store::{Changed, Operation, Tx};

use super::deliveries::CHUNK;
use crate::billing::Invoice;
use crate::people::{Customer, Merges};
use crate::sales::Order;

/// Refuses invoices for an order that go to somebody else. The transaction acts with all rights.
///
/// # Errors
/// `not-who-ordered`; when the database fails.
pub(crate) async fn goes_to_who_ordered(tx: &mut Tx, changed: &[Changed]) -> Result<()> {
    let merges = Merges::among(changed);
    let is_led = |one: &&Changed| match one.operation {
        Operation::Create => true,
        Operation::Update => {
            (one.changes("customer") || one.changes("order"))
                && !merges.only_move(Invoice::TYPE, one)
        }
        _ => false,
    };
    let invoices = changed.iter().filter(|one| one.record_type == Invoice::NAME).filter(is_led);
    let invoices: BTreeSet<RawId> = invoices.map(|one| one.record).collect();
    let invoices = invoices.into_iter().collect::<Vec<_>>();
    for chunk in invoices.chunks(CHUNK) {
        let of_orders = Filter::compare("order.customer", guanxi_record::Op::Empty, false);
        let wanted = Filter::one_of("id", chunk.iter().copied()).and(of_orders);
        let invoices: BTreeMap<RawId, Stored<Invoice>> = found(tx, wanted).await?;
        let orders = invoices.values().filter_map(|invoice| invoice.order).map(Id::raw);
        let orders = Filter::one_of("id", orders.collect::<BTreeSet<_>>());
        let orders: BTreeMap<RawId, Stored<Order>> = found(tx, orders).await?;
        let asked = |invoice: &Stored<Invoice>| {
            let ordered = orders.get(&invoice.order?.raw())?.customer?;
            (ordered != invoice.customer).then_some((ordered.raw(), invoice.customer))
        };
        let others: Vec<(RawId, Id<Customer>)> = invoices.values().filter_map(asked).collect();
        if others.is_empty() {
            continue;
        }
        let who = Filter::one_of("id", others.iter().map(|(ordered, _)| *ordered));
        let who: BTreeMap<RawId, Stored<Customer>> = found(tx, who).await?;
        let pays = |(ordered, asked): &(RawId, Id<Customer>)| {
            who.get(ordered).is_none_or(|customer| customer.parent == Some(*asked))
        };
        if !others.iter().all(pays) {
            return Err(Refusal::field("not-who-ordered", "customer").into());
        }
    }
    Ok(())
}

async fn found<R: Record>(tx: &mut Tx, wanted: Filter) -> Result<BTreeMap<RawId, Stored<R>>> {
    let mut query = Query::of(wanted).limited(CHUNK);
    query.with_archived = true;
    let rows = tx.list(R::NAME, &query).await?.rows;
    rows.into_iter().map(|row| Ok((row.id, row.try_into()?))).collect()
}
