//! Fields that tell about other records, as what a customer has bought for tells about their
//! orders: shown only where the reader sees all that they are computed from.

use std::collections::{BTreeSet, HashMap};

use guanxi_record::{Catalog, Filter, RecordType, Stored};
use guanxi_store::{FieldAccess, Purpose, Told, TypeRights};

use super::organisation::{Organisation, Position};
use super::rights::{Reach, joined};
use super::{RightScope, RoleRight, User};

/// Who asks, and by which rules.
pub(super) struct Telling<'a> {
    pub(super) organisation: &'a Organisation,
    pub(super) catalog: &'a Catalog,
    pub(super) user: &'a User,
    pub(super) position: &'a Position,
}

impl Telling<'_> {
    /// The fields of a type that tell more than the reader may see on every record, and on which
    /// records they are shown all the same: a customer's where all of their orders are seen. What a
    /// field right takes away is given back on none.
    pub(super) fn hidden(
        &self,
        described: &RecordType,
        types: &HashMap<String, TypeRights>,
    ) -> (Vec<(String, FieldAccess)>, Vec<Told>) {
        let (mut hidden, mut told): (Vec<_>, Vec<Told>) = Default::default();
        let mut known: HashMap<&str, Option<Filter>> = HashMap::new();
        for field in described.fields.iter() {
            let Some((name, source)) = field.tells.and_then(|tells| tells.split_once('.')) else {
                continue;
            };
            let limited = types.get(name).and_then(|rights| rights.fields.get(source));
            let is_limited = limited.is_some_and(|access| *access <= FieldAccess::Masked);
            let of = self.catalog.get(name).ok();
            if !is_limited && of.is_some_and(|of| self.reaches_as_far(described, of)) {
                continue;
            }
            hidden.push((field.name.to_string(), FieldAccess::Hidden));
            let own = types.get(described.name.as_ref()).and_then(|of| of.fields.get(&*field.name));
            let is_taken = own.is_some_and(|access| *access <= FieldAccess::Masked);
            let Some(of) = of.filter(|_| !is_limited && !is_taken) else { continue };
            let on = known.entry(name).or_insert_with(|| self.seen_whole(described, of));
            let Some(on) = on else { continue };
            match told.iter_mut().find(|one| one.on == *on) {
                Some(one) => drop(one.fields.insert(field.name.to_string())),
                None => {
                    let fields = BTreeSet::from([field.name.to_string()]);
                    told.push(Told { on: on.clone(), fields });
                }
            }
        }
        (hidden, told)
    }

    /// The lines of the user's roles by which they read records of a type.
    fn reading(&self, of: &RecordType) -> Vec<Stored<RoleRight>> {
        let roles = self.organisation.roles_of(self.user);
        let all =
            roles.flat_map(|role| self.organisation.rights_of_role(role, of).collect::<Vec<_>>());
        let reads = |line: &&Stored<RoleRight>| {
            line.purposes.iter().any(|purpose| purpose.purpose() == Purpose::Read)
        };
        all.filter(reads).cloned().collect()
    }

    /// Whether a user who reads a record of one type reads all of another that it tells about:
    /// those that follow the same record, by a right that reaches as far; else all that there are.
    fn reaches_as_far(&self, first: &RecordType, other: &RecordType) -> bool {
        let is_same = anchor(first) == followed(other);
        let others = self.reading(other);
        self.reading(first).iter().all(|line| {
            others.iter().any(|one| {
                let reaches = one.scope == RightScope::All || (is_same && one.scope == line.scope);
                one.condition.is_none() && reaches
            })
        })
    }

    /// The records of one type of which all of another that they tell about are seen: those whose
    /// customer is reached in a scope in which the others are read.
    fn seen_whole(&self, first: &RecordType, other: &RecordType) -> Option<Filter> {
        let name = anchor(first);
        let is_plain =
            first.and_follows.is_none() && other.and_follows.is_none() && other.part_of.is_none();
        if name != followed(other) || !is_plain {
            return None;
        }
        let whole = self.catalog.get(&name?).ok()?;
        let (organisation, catalog) = (self.organisation, self.catalog);
        let position = self.position;
        let reach = Reach { organisation, catalog, position, purpose: Purpose::Read };
        let lines = self.reading(other);
        let plain = lines.iter().filter(|line| line.condition.is_none());
        let seen: Vec<Filter> =
            plain.map(|line| joined(reach.ways(whole, line.scope, 0))).collect();
        if seen.is_empty() {
            return None;
        }
        let seen = Filter::any(seen);
        Some(match first.follows {
            Some(link) => Filter::linked(link, seen),
            None => seen,
        })
    }
}

/// The type that a type's records follow.
fn followed(of: &RecordType) -> Option<String> {
    Some(of.field(of.follows?)?.kind.link_target()?.to_owned())
}

/// That type, or the type itself.
fn anchor(of: &RecordType) -> Option<String> {
    followed(of).or_else(|| Some(of.name.to_string()))
}
