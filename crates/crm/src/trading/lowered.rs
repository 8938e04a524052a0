//! Who makes room under a credit limit: whoever may say how much a customer may owe. Nobody else lowers what
//! is owed by what they write themselves, as a payment, a credit or a return, or says who else pays.

use std::collections::BTreeSet;

use guanxi_base::{Currency, Error, Id, RawId, Refusal, Result};
use guanxi_record::{Changes, Filter, Query, Record, RecordType, Row, Stored};
use guanxi_store::{Actor, Changed, Operation, Origin, Purpose, Rights, Tx, View};

use super::deliveries::{CHUNK, limit_of};
use super::ordered::Promise;
use super::owed::owed;
use crate::billing::{Invoice, InvoiceLine, Payment};
use crate::people::{Customer, Merges};
use crate::sales::{Order, OrderKind, OrderLine, OrderStatus};

/// Refuses that somebody makes room under a credit limit who may not say what it is. The transaction acts
/// with all rights; `theirs` are those of whoever acts.
///
/// # Errors
/// `lowers-what-is-owed`, `payer-not-yours`; when the database fails.
pub(crate) async fn makes_no_room(tx: &mut Tx, changed: &[Changed], theirs: &Rights) -> Result<()> {
    let may_say = theirs.may(Customer::NAME, Purpose::Change)
        && theirs.writes(Customer::NAME, "credit_limit");
    let changed: Vec<&Changed> = match may_say {
        true => return Ok(()),
        false => weighed(tx, changed),
    };
    if changed.is_empty() {
        return Ok(());
    }
    // What stands in the database is what was before this transaction.
    let mut before = tx.store().read(&Actor::system(Origin::Job)).await?;
    says_not_who_pays(&mut before, &changed).await?;
    let touched = Touched::by(&changed);
    let mut customers = touched.customers(&mut before).await?;
    customers.extend(touched.customers(tx).await?);
    for customer in customers {
        let Some(known) = customer_of(&mut before, customer).await? else { continue };
        let Some(limit) = limit_of(&mut before, &known).await? else { continue };
        let was = with_parent(&mut before, known, limit.currency).await?;
        let Some(known) = customer_of(tx, customer).await? else { continue };
        if with_parent(tx, known, limit.currency).await? < was {
            return Err(Refusal::new("lowers-what-is-owed").into());
        }
    }
    Ok(())
}

/// The changes that may make room. A merge sells and pays nothing.
fn weighed<'a>(tx: &Tx, changed: &'a [Changed]) -> Vec<&'a Changed> {
    const TYPES: [&str; 6] = [
        Customer::NAME,
        Invoice::NAME,
        InvoiceLine::NAME,
        Payment::NAME,
        Order::NAME,
        OrderLine::NAME,
    ];
    let merges = Merges::among(changed);
    let catalog = tx.catalog();
    let moves =
        |one: &&Changed| catalog.get(&one.record_type).is_ok_and(|of| merges.only_move(of, one));
    let counts = changed.iter().filter(|one| {
        TYPES.contains(&one.record_type.as_str())
            && one.operation.is_change()
            && (one.record_type != Customer::NAME || says_who_pays(one))
    });
    counts.filter(|one| !moves(one)).collect()
}

fn says_who_pays(changed: &Changed) -> bool {
    changed.operation == Operation::Update && changed.changes("parent")
}

/// Whoever owns or controls a customer may be asked to pay for what that ordered.
async fn says_not_who_pays(before: &mut View, changed: &[&Changed]) -> Result<()> {
    for one in changed.iter().filter(|one| one.record_type == Customer::NAME) {
        if let Some(known) = customer_of(before, one.record).await?
            && limit_of(before, &known).await?.is_some()
        {
            return Err(Refusal::field("payer-not-yours", "parent").into());
        }
    }
    Ok(())
}

async fn customer_of(view: &mut View, id: RawId) -> Result<Option<Stored<Customer>>> {
    match view.fetch(Purpose::Read, Id::new(id)).await {
        Ok(customer) => Ok(Some(customer)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a customer owes together with who may be asked to pay for them: asked of the one instead of the
/// other it is owed all the same.
async fn with_parent(
    view: &mut View,
    customer: Stored<Customer>,
    currency: Currency,
) -> Result<i128> {
    let mut all = i128::from(owed(view, &customer, Promise::default(), currency).await?.units);
    if let Some(parent) = customer.parent
        && let Some(parent) = customer_of(view, parent.raw()).await?
    {
        all += i128::from(owed(view, &parent, Promise::default(), currency).await?.units);
    }
    Ok(all)
}

/// What a transaction changed of which something is owed, by type.
#[derive(Debug, Default)]
struct Touched {
    invoices: BTreeSet<RawId>,
    payments: BTreeSet<RawId>,
    orders: BTreeSet<RawId>,
}

impl Touched {
    fn by(changed: &[&Changed]) -> Self {
        let mut touched = Self::default();
        for one in changed {
            match one.record_type.as_str() {
                Invoice::NAME => drop(touched.invoices.insert(one.record)),
                Payment::NAME => drop(touched.payments.insert(one.record)),
                Order::NAME => drop(touched.orders.insert(one.record)),
                InvoiceLine::NAME => touched.invoices.extend(wholes(one, InvoiceLine::TYPE)),
                OrderLine::NAME => touched.orders.extend(wholes(one, OrderLine::TYPE)),
                _ => {}
            }
        }
        touched
    }

    /// Of whom something is owed by these, as a view sees them. What of a sale was not sent yet may be
    /// given up or made less by whoever sells.
    async fn customers(&self, view: &mut View) -> Result<BTreeSet<RawId>> {
        let mut customers = BTreeSet::new();
        let mut ordered = BTreeSet::new();
        for row in rows(view, Invoice::NAME, &self.invoices).await? {
            let invoice: Stored<Invoice> = row.try_into()?;
            customers.insert(invoice.customer.raw());
            ordered.extend(invoice.order.map(Id::raw));
        }
        for row in rows(view, Payment::NAME, &self.payments).await? {
            let payment: Stored<Payment> = row.try_into()?;
            customers.insert(payment.customer.raw());
        }
        for row in rows(view, Order::NAME, &ordered).await? {
            let order: Stored<Order> = row.try_into()?;
            customers.extend(order.customer.map(Id::raw));
        }
        for row in rows(view, Order::NAME, &self.orders).await? {
            let order: Stored<Order> = row.try_into()?;
            let is_sent = matches!(order.status, OrderStatus::Shipped | OrderStatus::Completed);
            if is_sent || order.kind != OrderKind::Sale {
                customers.extend(order.customer.map(Id::raw));
            }
        }
        Ok(customers)
    }
}

async fn rows(view: &mut View, of: &str, ids: &BTreeSet<RawId>) -> Result<Vec<Row>> {
    let ids: Vec<RawId> = ids.iter().copied().collect();
    let mut found = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        let mut query = Query::of(Filter::one_of("id", chunk.iter().copied())).limited(CHUNK);
        query.with_archived = true;
        found.extend(view.list(of, &query).await?.rows);
    }
    Ok(found)
}

/// The whole of a part that changed, and those that it left or came to.
fn wholes(changed: &Changed, of: &RecordType) -> BTreeSet<RawId> {
    let diff = changed.diff.as_ref().map(|diff| Changes::from_json(of, diff));
    let changes = diff.into_iter().flat_map(|changes| changes.0);
    let moved = changes.filter(|change| Some(change.field.as_str()) == of.part_of);
    let ends = moved.flat_map(|change| [change.old.as_link(), change.new.as_link()]);
    ends.flatten().chain(changed.whole).collect()
}
