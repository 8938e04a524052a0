//! The merges of a transaction, and those that it takes back. They move what there is from one customer to
//! the other: nothing is sold by that, and nobody is told anything new.

use guanxi_base::RawId;
use guanxi_record::{Changes, FieldChange, Record as _, RecordType, Value};
use guanxi_store::{Changed, Operation};

use super::Customer;

/// Customers that a transaction merges or parts: the merged one and the survivor.
#[derive(Debug, Clone, Default)]
pub(crate) struct Merges(Vec<(RawId, RawId)>);

impl Merges {
    /// The merges among some changes: only a merge and its way back write what a customer went into.
    pub(crate) fn among(changed: &[Changed]) -> Self {
        let customers = changed
            .iter()
            .filter(|one| one.record_type == Customer::NAME && one.operation == Operation::Update);
        let pairs = customers.filter_map(|one| {
            let changes = Changes::from_json(Customer::TYPE, one.diff.as_ref()?);
            let into = changes.0.into_iter().find(|change| change.field == "merged_into")?;
            Some((one.record, into.new.as_link().or(into.old.as_link())?))
        });
        Self(pairs.collect())
    }

    /// Whether a change does nothing but move a record from one of two to the other, or name the other
    /// where the one was named.
    pub(crate) fn only_move(&self, described: &RecordType, changed: &Changed) -> bool {
        if self.0.is_empty() || changed.operation != Operation::Update {
            return false;
        }
        let Some(diff) = &changed.diff else { return false };
        let changes = Changes::from_json(described, diff);
        // What the description does not know is not looked through.
        let is_whole = diff.as_object().is_some_and(|all| all.len() == changes.0.len());
        is_whole && !changes.is_empty() && changes.0.iter().all(|change| self.moves(change))
    }

    /// Whether a change of a field moves it from one of two to the other.
    pub(crate) fn moves(&self, change: &FieldChange) -> bool {
        self.0.iter().any(|(merged, survivor)| {
            let (merged, survivor) = (*merged, *survivor);
            is_move(change, merged, survivor) || is_move(change, survivor, merged)
        })
    }
}

fn is_move(change: &FieldChange, from: RawId, to: RawId) -> bool {
    match (&change.old, &change.new) {
        (Value::Link(old), Value::Link(new)) => (*old, *new) == (from, to),
        (Value::Text(old), Value::Text(new)) => renames(old, new, from, to),
        (Value::Json(old), Value::Json(new)) => {
            renames(&old.to_string(), &new.to_string(), from, to)
        }
        _ => false,
    }
}

/// Whether a text says the same as another, but of another record.
fn renames(old: &str, new: &str, from: RawId, to: RawId) -> bool {
    let (from, to) = (from.to_string(), to.to_string());
    let (old, new) = (old.to_ascii_lowercase(), new.to_ascii_lowercase());
    old.contains(&from) && old.replace(&from, &to) == new.replace(&from, &to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_name_for_the_same_is_a_move() {
        let (one, two) = (RawId(7), RawId(8));
        let told = |old: &str, new: &str| renames(old, new, one, two);
        assert!(told(&format!("customer={one}&a=b"), &format!("customer={two}&a=b")));
        assert!(!told(&format!("customer={one}&a=b"), &format!("customer={two}&a=c")));
        assert!(!told("a=b", "a=c"));
    }
}
