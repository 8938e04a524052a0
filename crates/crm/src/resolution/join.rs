//! Two customers of one household or group get one record for that.

use guanxi_base::{Error, Id, Result};
use guanxi_record::{Record as _, Stored, Value};
use guanxi_store::{Purpose, Tx};

use super::known::{self, Known};
use super::records::{CustomerPair, Relation};
use crate::people::{Customer, CustomerGroup, GroupKind};

/// Puts both into the group of one of them, or into a new one. Of two who are in different ones the second
/// moves, alone: those beside it stay where people put them.
pub(super) async fn join(tx: &mut Tx, pair: &Stored<CustomerPair>) -> Result<()> {
    let described = tx.catalog().get(Customer::NAME)?.clone();
    let place = described.position("group").ok_or_else(|| Error::internal("no field"))?;
    let first = tx.row(Customer::NAME, pair.first.raw(), Purpose::Change).await?;
    let second = tx.row(Customer::NAME, pair.second.raw(), Purpose::Change).await?;
    let known = [first.values[place].as_link(), second.values[place].as_link()];
    let group = match known.into_iter().flatten().next() {
        Some(group) => group,
        None => {
            let of = Known::of(&described, &first);
            let (kind, name) = match pair.relation {
                Relation::Household => (GroupKind::Household, of.family_name().map(known::capital)),
                _ => (GroupKind::Companies, None),
            };
            let name = name.unwrap_or_else(|| first.title(&described));
            let owner = tx.actor().user.map(guanxi_record::Owner);
            let made = tx.create(&CustomerGroup { name, kind, owner, notes: None }).await?;
            Id::<CustomerGroup>::raw(made.id)
        }
    };
    for row in [first, second] {
        if row.values[place].as_link() != Some(group) {
            let fields = vec![(place, Value::Link(group))];
            tx.update_fields(&described, row.id, row.version, fields).await?;
        }
    }
    Ok(())
}
