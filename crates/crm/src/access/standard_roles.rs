//! The roles that a new company starts with: data to be changed, not rules.

use guanxi_base::{Id, Result};
use guanxi_record::{Filter, LongText, Query, Record as _, Stored};
use guanxi_store::Tx;

use super::RightPurpose::{Archive, Assign, Bulk, Change, Create, Export, Import, Read};
use super::{
    EVERY_TYPE, FieldRight, LimitedAccess, Locale, RightPurpose, RightScope, Role, RoleRight,
};
use crate::text::Texts;

/// A role to start with.
#[derive(Debug)]
pub struct StandardRole {
    /// Its name and description are the texts `role-<key>` and `role-<key>.description`.
    pub key: &'static str,
    rights: &'static [(&'static [&'static str], &'static [RightPurpose], RightScope)],
    fields: &'static [(&'static str, &'static str, LimitedAccess)],
}

const WORK: &[RightPurpose] = &[Read, Create, Change, Archive];
const EVERYTHING: &[RightPurpose] = &[Read, Create, Change, Archive, Export, Import, Bulk, Assign];
const CATALOG: &[&str] = &["product", "product_category", "collection_point"];
/// On which terms we deal with whom: who sells must know it.
const TERMS: &[&str] = &["terms_rule"];
const PEOPLE: &[&str] = &["customer", "contact"];
const SERVICE: &[&str] = &["case", "interaction", "task"];

/// The roles that a new company starts with.
pub static STANDARD_ROLES: &[StandardRole] = &[
    StandardRole {
        key: "all_business",
        rights: &[(&[EVERY_TYPE], EVERYTHING, RightScope::All)],
        fields: &[],
    },
    StandardRole {
        key: "sales_manager",
        rights: &[
            (&[EVERY_TYPE], EVERYTHING, RightScope::TeamAndBelow),
            (CATALOG, &[Read], RightScope::All),
            (TERMS, &[Read], RightScope::All),
        ],
        fields: &[],
    },
    StandardRole {
        key: "salesperson",
        rights: &[
            (&[EVERY_TYPE], WORK, RightScope::Own),
            (PEOPLE, &[Read], RightScope::Territory),
            (CATALOG, &[Read], RightScope::All),
            (TERMS, &[Read], RightScope::All),
        ],
        fields: &[
            ("product", "unit_cost", LimitedAccess::Hidden),
            // How much may be owed is not for whoever sells it to say.
            ("customer", "credit_limit", LimitedAccess::Read),
        ],
    },
    StandardRole {
        key: "service_clerk",
        rights: &[
            (PEOPLE, &[Read], RightScope::All),
            (&["order", "order_line"], &[Read], RightScope::All),
            (SERVICE, WORK, RightScope::Team),
            (SERVICE, &[Assign], RightScope::Team),
            (CATALOG, &[Read], RightScope::All),
        ],
        fields: &[
            ("customer", "phone", LimitedAccess::Masked),
            ("contact", "phone", LimitedAccess::Masked),
            ("contact", "birthday", LimitedAccess::Hidden),
            ("product", "unit_cost", LimitedAccess::Hidden),
        ],
    },
    StandardRole {
        key: "reader",
        rights: &[(&[EVERY_TYPE], &[Read], RightScope::All)],
        fields: &[
            ("customer", "phone", LimitedAccess::Masked),
            ("customer", "email", LimitedAccess::Masked),
            ("contact", "phone", LimitedAccess::Masked),
            ("contact", "email", LimitedAccess::Masked),
            ("contact", "birthday", LimitedAccess::Hidden),
            ("product", "unit_cost", LimitedAccess::Hidden),
        ],
    },
];

/// The lines that roles did not have when they came with older releases: of which type, in which roles.
const ADDED: [(&str, &[&str]); 1] = [("terms_rule", &["sales_manager", "salesperson"])];

/// Adds to the standard roles of an older database the lines that they come with by now, where nobody
/// has changed them since: a role whose lines are other than those that it came with, or that had
/// such a line once, stays as it is. How many were added.
///
/// # Errors
/// When the database fails.
pub async fn renew_standard_roles(tx: &mut Tx) -> Result<usize> {
    let mut added = 0;
    for (record_type, keys) in ADDED {
        for standard in STANDARD_ROLES.iter().filter(|one| keys.contains(&one.key)) {
            let Some(role) = named(tx, standard).await? else { continue };
            let mut query = Query::of(Filter::eq("role", role.to_string()));
            query.with_archived = true;
            let mut known = Vec::new();
            let mut is_changed = false;
            for row in tx.list(RoleRight::NAME, &query.limited(Query::LIMIT_MAX)).await?.rows {
                is_changed |= row.archived_at.is_some();
                let line: Stored<RoleRight> = row.try_into()?;
                known.push(line.record);
            }
            let wanted = standard.lines(role);
            let (new, before): (Vec<_>, Vec<_>) =
                wanted.into_iter().partition(|line| line.record_type == record_type);
            let is_same = known.len() == before.len() && before.iter().all(|l| known.contains(l));
            if !is_changed && is_same {
                for line in &new {
                    tx.create(line).await?;
                }
                added += new.len();
            }
        }
    }
    Ok(added)
}

/// The standard role as it was named in either language, and not put away.
async fn named(tx: &mut Tx, standard: &StandardRole) -> Result<Option<Id<Role>>> {
    for locale in [Locale::ZhCn, Locale::En] {
        let name = Texts::of(locale).get(&format!("role-{}", standard.key));
        let found = tx.find_by(Role::NAME, "name", name).await?;
        if let Some(row) = found.filter(|row| row.archived_at.is_none()) {
            return Ok(Some(Id::new(row.id)));
        }
    }
    Ok(None)
}

impl StandardRole {
    /// What it comes with, line by line.
    fn lines(&self, role: Id<Role>) -> Vec<RoleRight> {
        let line = |record_type: &str, purposes: &[RightPurpose], scope| RoleRight {
            role,
            record_type: record_type.to_owned(),
            purposes: purposes.to_vec(),
            scope,
            condition: None,
        };
        let lines = self.rights.iter().flat_map(|(types, purposes, scope)| {
            types.iter().map(move |record_type| line(record_type, purposes, *scope))
        });
        lines.collect()
    }
}

/// Makes the roles that a new company starts with, named by the texts of a language; their ids in the order of `STANDARD_ROLES`.
///
/// # Errors
/// `already-taken` when one of that name is there.
pub async fn make_standard_roles(
    tx: &mut Tx,
    text: &(dyn Fn(&str) -> String + Sync),
) -> Result<Vec<Id<Role>>> {
    let mut made = Vec::new();
    for standard in STANDARD_ROLES {
        let key = format!("role-{}", standard.key);
        let description = Some(LongText(text(&format!("{key}.description"))));
        let (name, needs_second_factor) = (text(&key), false);
        let role = tx.create(&Role { name, description, needs_second_factor }).await?.id;
        for line in standard.lines(role) {
            tx.create(&line).await?;
        }
        for (record_type, field, access) in standard.fields {
            let (record_type, field) = ((*record_type).to_owned(), (*field).to_owned());
            tx.create(&FieldRight { role, record_type, field, access: *access }).await?;
        }
        made.push(role);
    }
    Ok(made)
}

/// The id of the standard role of this key among those that `make_standard_roles` made.
#[must_use]
pub fn standard_role(made: &[Id<Role>], key: &str) -> Option<Id<Role>> {
    let at = STANDARD_ROLES.iter().position(|standard| standard.key == key)?;
    made.get(at).copied()
}
