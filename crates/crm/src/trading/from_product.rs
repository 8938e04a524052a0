//! What a line takes from its product where nobody says: words, unit, price, tax; and what the product
//! was listed at then. By whatever face the line comes, so that nobody sells by heart.

use guanxi_base::{Currency, RawId, Refusal, Result};
use guanxi_record::{Record, RecordType, Row, Value};
use guanxi_store::{Purpose, Tx, View};

use crate::billing::InvoiceLine;
use crate::catalog::Product;
use crate::sales::OrderLine;

/// The fields of a line, and those of the product that they are taken from.
pub const TAKEN: [(&str, &str); 4] = [
    ("description", "name"),
    ("unit", "unit"),
    ("unit_price", "list_price"),
    ("tax_rate", "tax_rate"),
];

/// The link from a line to its product.
const PRODUCT: &str = "product";

/// Completes lines of orders and invoices.
///
/// # Errors
/// When the database fails.
pub(crate) async fn take_from_product(
    tx: &mut Tx,
    record_type: &RecordType,
    values: &mut [Value],
    old: Option<&Row>,
) -> Result<()> {
    match is_line(record_type) {
        true => complete(tx, record_type, values, old).await,
        false => Ok(()),
    }
}

fn is_line(record_type: &RecordType) -> bool {
    record_type.name == OrderLine::NAME || record_type.name == InvoiceLine::NAME
}

async fn complete(
    tx: &mut Tx,
    line: &RecordType,
    values: &mut [Value],
    old: Option<&Row>,
) -> Result<()> {
    let place = |name: &str| line.position(name).filter(|at| *at < values.len());
    let Some(link) = place(PRODUCT) else { return Ok(()) };
    let before = old.and_then(|old| old.values.get(link)).and_then(Value::as_link);
    let now = values[link].as_link();
    let is_new = old.is_none() || before != now;
    let product = match now {
        Some(id) => tx.row_for_rules(Product::NAME, id).await?,
        None => None,
    };
    let described = tx.catalog().get(Product::NAME)?.clone();
    if let Some(at) = line.position("list_price").filter(|_| is_new) {
        let listed = product.as_ref().map(|product| product.value(&described, "list_price"));
        values[at] = listed.unwrap_or_default();
    }
    // A link to nothing is refused with the others.
    let Some(product) = product else { return Ok(()) };
    let former = match before.filter(|_| is_new) {
        Some(id) => tx.row_for_rules(Product::NAME, id).await?,
        None => None,
    };
    let rights = tx.actor().rights.clone();
    for (name, source) in TAKEN {
        let Some(at) = line.position(name) else { continue };
        let offered = product.value(&described, source);
        if offered.is_null() || !rights.reads(Product::NAME, source) {
            continue;
        }
        // What was the former product's own, and nobody wrote, goes with it.
        let was_taken = former.as_ref().zip(old).is_some_and(|(former, old)| {
            old.values.get(at) == Some(&values[at])
                && values[at] == former.value(&described, source)
        });
        if !values[at].is_null() && !was_taken {
            continue;
        }
        if let Value::Money(price) = &offered
            && let Some(currency) = currency_of_whole(tx, line, values).await?
            && currency != price.currency
        {
            if values[at].is_null() {
                let refusal = Refusal::field("list-price-other-currency", name);
                return Err(refusal.with("price", price).with("currency", currency).into());
            }
            continue;
        }
        values[at] = offered;
    }
    Ok(())
}

/// The currency that the other lines are in; `None` while there are none.
async fn currency_of_whole(
    tx: &mut Tx,
    line: &RecordType,
    values: &[Value],
) -> Result<Option<Currency>> {
    let Some((target, link)) = line.whole() else { return Ok(None) };
    let id = line.position(link).and_then(|at| values.get(at)).and_then(Value::as_link);
    let Some(id) = id else { return Ok(None) };
    let Some(whole) = tx.row_for_rules(target, id).await? else { return Ok(None) };
    Ok(match whole.value(tx.catalog().get(target)?, "total") {
        Value::Money(total) if total.units != 0 => Some(total.currency),
        _ => None,
    })
}

/// What a line of this product would take, by its fields, as far as the reader may see it: for forms,
/// before anything is saved. A price only where it is in the currency of the order or invoice.
///
/// # Errors
/// `NotFound` when the product is not theirs to see.
pub async fn taken(
    view: &mut View,
    line: &RecordType,
    (product, whole): (RawId, Option<RawId>),
) -> Result<Vec<(&'static str, Value)>> {
    if !is_line(line) {
        return Ok(Vec::new());
    }
    let described = view.catalog().get(Product::NAME)?.clone();
    let row = view.row(Product::NAME, product, Purpose::Read).await?;
    let currency = match (whole, line.whole()) {
        (Some(whole), Some((target, _))) => {
            let of = view.catalog().get(target)?.clone();
            match view.row(target, whole, Purpose::Read).await?.value(&of, "total") {
                Value::Money(total) if total.units != 0 => Some(total.currency),
                _ => None,
            }
        }
        _ => None,
    };
    let taken = TAKEN.into_iter().map(|(name, source)| (name, row.value(&described, source)));
    let fits = |value: &Value| match (value, currency) {
        (Value::Null, _) => false,
        (Value::Money(price), Some(currency)) => price.currency == currency,
        _ => true,
    };
    Ok(taken.filter(|(_, value)| fits(value)).collect())
}

/// Whether a field of a line may be left empty because its product says what is in it.
#[must_use]
pub fn is_taken(line: &RecordType, field: &str) -> bool {
    is_line(line) && TAKEN.iter().any(|(name, _)| *name == field)
}
