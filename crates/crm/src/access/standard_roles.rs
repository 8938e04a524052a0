//! The roles that a new company starts with: data to be changed, not rules.

use guanxi_base::{Id, Result};
use guanxi_record::LongText;
use guanxi_store::Tx;

use super::RightPurpose::{Archive, Assign, Bulk, Change, Create, Export, Import, Read};
use super::{EVERY_TYPE, FieldRight, LimitedAccess, RightPurpose, RightScope, Role, RoleRight};

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
        ],
        fields: &[],
    },
    StandardRole {
        key: "salesperson",
        rights: &[
            (&[EVERY_TYPE], WORK, RightScope::Own),
            (PEOPLE, &[Read], RightScope::Territory),
            (CATALOG, &[Read], RightScope::All),
        ],
        fields: &[("product", "unit_cost", LimitedAccess::Hidden)],
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
        for (types, purposes, scope) in standard.rights {
            for record_type in *types {
                let record_type = (*record_type).to_owned();
                let (purposes, scope) = (purposes.to_vec(), *scope);
                let condition = None;
                tx.create(&RoleRight { role, record_type, purposes, scope, condition }).await?;
            }
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
