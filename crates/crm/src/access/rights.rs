//! What a user may do. Administrators may do everything; everybody else works with all records
//! of the business and cannot change the organisation. Roles refine this in the same words.

use std::collections::HashMap;

use guanxi_base::{Error, RawId, Result, TimeZone};
use guanxi_record::{Filter, Record, Stored};
use guanxi_store::{Actor, File, Origin, Purpose, Rights, Store};

use super::{SavedView, User};
use crate::RECORD_TYPES;

/// Named here because imports know people, not the other way round.
const IMPORT_JOB: &str = "import_job";

const ALL: [Purpose; 6] = [
    Purpose::Read,
    Purpose::Create,
    Purpose::Change,
    Purpose::Archive,
    Purpose::Export,
    Purpose::Import,
];

/// The Actor that a user is.
///
/// # Errors
/// `NotFound` when the user does not exist or may not sign in any more.
pub async fn actor_of(
    store: &Store,
    user: RawId,
    origin: Origin,
    address: Option<String>,
) -> Result<(Actor, Stored<User>)> {
    let mut view = store.read(&Actor::system(origin)).await?;
    let user: Stored<User> = view.row(User::NAME, user, Purpose::Read).await?.try_into()?;
    if !user.is_active || user.archived_at.is_some() {
        return Err(Error::NotFound);
    }
    let rights = if user.is_administrator { Rights::All } else { rights_of_staff() };
    let time_zone = TimeZone::get(&user.time_zone).unwrap_or(TimeZone::UTC);
    let id = Some(user.id.raw());
    Ok((Actor { user: id, rights, origin, address, job: None, time_zone }, user))
}

fn rights_of_staff() -> Rights {
    let mut list = HashMap::new();
    for record_type in RECORD_TYPES {
        let shared = matches!(record_type.area, "organisation" | "settings");
        if record_type.name == SavedView::NAME {
            let change = [Purpose::Change, Purpose::Archive];
            let see = [Purpose::Read, Purpose::Export];
            let name = || SavedView::NAME.to_owned();
            list.insert((name(), Purpose::Create), Filter::everything());
            list.extend(see.map(|purpose| ((name(), purpose), SavedView::visible())));
            list.extend(change.map(|purpose| ((name(), purpose), SavedView::changeable())));
            continue;
        }
        // Files of others are seen through the records that carry them; imports hold whole files.
        if [File::NAME, IMPORT_JOB].contains(&&*record_type.name) {
            let name = || record_type.name.to_string();
            list.insert((name(), Purpose::Create), Filter::everything());
            list.insert((name(), Purpose::Read), Filter::eq("owner", "me"));
            continue;
        }
        let purposes: &[Purpose] = if shared { &[Purpose::Read] } else { &ALL };
        list.extend(
            purposes.iter().map(|p| ((record_type.name.to_string(), *p), Filter::everything())),
        );
    }
    Rights::Listed(list)
}
